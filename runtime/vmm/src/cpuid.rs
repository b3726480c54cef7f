//! What a guest may know of its processor: enough for the features that compiled code uses, nothing of the host.

use kvm_bindings::{CpuId, kvm_cpuid_entry2};

/// A kept leaf: function, then the bits that stay of EAX, EBX, ECX and EDX.
type Leaf = (u32, [u32; 4]);

/// Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E.
const LEAVES: [Leaf; 6] = [
    // Highest leaf, and the vendor.
    (0, [!0, !0, !0, !0]),
    // Model. SSE3, SSSE3, SSE4.1, SSE4.2, POPCNT; FPU, PAE, CX8, CMOV, FXSR, SSE, SSE2.
    (1, [!0, 0, 1 | 1 << 9 | 1 << 19 | 1 << 20 | 1 << 23, 1 | 1 << 6 | 1 << 8 | 1 << 15 | 7 << 24]),
    // BMI1, BMI2; UMIP.
    (7, [0, 1 << 3 | 1 << 8, 1 << 2, 0]),
    // Highest extended leaf.
    (0x8000_0000, [!0, 0, 0, 0]),
    // LAHF, LZCNT; NX, long mode.
    (0x8000_0001, [0, 0, 1 | 1 << 5, 1 << 20 | 1 << 29]),
    // The size of addresses.
    (0x8000_0008, [0xffff, 0, 0, 0]),
];

/// Keeps of what the host supports only what a guest may know.
pub fn minimal(supported: &CpuId) -> Vec<kvm_cpuid_entry2> {
    let entries = supported.as_slice().iter();
    entries.filter_map(|entry| LEAVES.iter().find_map(|leaf| keep(*entry, leaf))).collect()
}

fn keep(entry: kvm_cpuid_entry2, (function, [eax, ebx, ecx, edx]): &Leaf) -> Option<kvm_cpuid_entry2> {
    (entry.function == *function && entry.index == 0).then(|| kvm_cpuid_entry2 {
        eax: highest(*function).unwrap_or(entry.eax & eax),
        ebx: entry.ebx & ebx,
        ecx: entry.ecx & ecx,
        edx: entry.edx & edx,
        ..entry
    })
}

/// What the leaves that say which leaf is the highest say here.
fn highest(function: u32) -> Option<u32> {
    (function & 0x7fff_ffff == 0).then(|| {
        let same_range = LEAVES.iter().map(|leaf| leaf.0).filter(|other| other >> 31 == function >> 31);
        same_range.max().unwrap_or(function)
    })
}

/// Whether the processor can hide descriptor tables (UMIP).
pub fn hides_tables(entries: &[kvm_cpuid_entry2]) -> bool {
    entries.iter().any(|entry| entry.function == 7 && entry.ecx >> 2 & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_ones(function: u32, index: u32) -> kvm_cpuid_entry2 {
        kvm_cpuid_entry2 { function, index, eax: !0, ebx: !0, ecx: !0, edx: !0, ..Default::default() }
    }

    #[test]
    fn avx_xsave_and_unknown_leaves_are_hidden() {
        let supported = [all_ones(0, 0), all_ones(1, 0), all_ones(7, 0), all_ones(7, 1), all_ones(0xd, 0)];
        let kept = minimal(&CpuId::from_entries(&supported).unwrap());
        assert_eq!(kept.iter().map(|entry| entry.function).collect::<Vec<_>>(), [0, 1, 7]);
        assert_eq!(kept[0].eax, 7);
        assert_eq!(kept[1].ecx & (1 << 26 | 1 << 27 | 1 << 28 | 1 << 12), 0, "XSAVE, OSXSAVE, AVX, FMA");
        assert_eq!(kept[2].ebx & (1 << 5 | 1 << 16 | 1 << 0), 0, "AVX2, AVX-512, FSGSBASE");
        assert!(hides_tables(&kept) && !hides_tables(&kept[..2]));
    }
}
