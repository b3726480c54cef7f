//! The state in which a virtual CPU starts: long mode, ring 3, at the trampoline; without boot code, since the host
//! writes every register (KVM API, `KVM_SET_SREGS`).

use crate::descriptors as table;
use crate::layout::TRAMPOLINE;
use kvm_bindings::{kvm_dtable, kvm_fpu, kvm_regs, kvm_segment, kvm_sregs};

const CR0_PROTECTION: u64 = 1;
const CR0_MONITOR: u64 = 1 << 1;
const CR0_EXTENSION: u64 = 1 << 4;
const CR0_NUMERIC_ERROR: u64 = 1 << 5;
const CR0_WRITE_PROTECT: u64 = 1 << 16;
const CR0_PAGING: u64 = 1 << 31;
const CR4_PHYSICAL_EXTENSION: u64 = 1 << 5;
const CR4_FXSAVE: u64 = 1 << 9;
const CR4_SIMD_EXCEPTIONS: u64 = 1 << 10;
const CR4_NO_TABLE_ADDRESSES: u64 = 1 << 11;
const EFER_LONG_ENABLE: u64 = 1 << 8;
const EFER_LONG_ACTIVE: u64 = 1 << 10;
const EFER_NO_EXECUTE: u64 = 1 << 11;
const FLAGS_ALWAYS: u64 = 1 << 1;
const FLAGS_PORTS: u64 = 3 << 12;

/// How a guest is given its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// By the map in the task state: eight ports, the rest fault.
    Map,
    /// By its I/O privilege level: all ports; those that mean nothing reach the host, which kills the guest.
    Level,
}

/// Segments, control registers and tables. System calls are off (EFER.SCE), extended states too (CR4.OSXSAVE). With
/// `hide_tables`, which the processor must know (CR4.UMIP), the guest cannot ask where descriptor tables are.
pub fn special(root: u64, hide_tables: bool) -> kvm_sregs {
    let data = segment(table::GUEST_DATA, 3, 0);
    let unusable = kvm_segment { unusable: 1, ..Default::default() };
    kvm_sregs {
        cs: segment(table::GUEST_CODE, 0xb, 1),
        ds: data,
        es: data,
        ss: data,
        fs: unusable,
        gs: unusable,
        ldt: unusable,
        tr: task(),
        gdt: kvm_dtable { base: table::SEGMENTS, limit: table::SEGMENTS_LIMIT, ..Default::default() },
        idt: kvm_dtable { base: table::GATES, limit: table::GATES_LIMIT, ..Default::default() },
        cr0: CR0_PROTECTION | CR0_MONITOR | CR0_EXTENSION | CR0_NUMERIC_ERROR | CR0_WRITE_PROTECT | CR0_PAGING,
        cr3: root,
        cr4: CR4_PHYSICAL_EXTENSION
            | CR4_FXSAVE
            | CR4_SIMD_EXCEPTIONS
            | if hide_tables { CR4_NO_TABLE_ADDRESSES } else { 0 },
        efer: EFER_LONG_ENABLE | EFER_LONG_ACTIVE | EFER_NO_EXECUTE,
        ..Default::default()
    }
}

/// A flat segment of ring 3, with these type bits; `long` for 64-bit code.
fn segment(selector: u16, type_: u8, long: u8) -> kvm_segment {
    kvm_segment {
        base: 0,
        limit: u32::MAX,
        selector,
        type_,
        present: 1,
        dpl: 3,
        db: 1 - long,
        s: 1,
        l: long,
        g: 1,
        ..Default::default()
    }
}

fn task() -> kvm_segment {
    const BUSY: u8 = 11;
    kvm_segment {
        base: table::TASK_STATE,
        limit: table::TASK_LIMIT,
        selector: table::TASK,
        type_: BUSY,
        present: 1,
        ..Default::default()
    }
}

/// The general registers: nothing but the instruction pointer, the trampoline sets the rest.
pub fn general(ports: Ports) -> kvm_regs {
    let flags = match ports {
        Ports::Map => FLAGS_ALWAYS,
        Ports::Level => FLAGS_ALWAYS | FLAGS_PORTS,
    };
    kvm_regs { rip: TRAMPOLINE.start, rflags: flags, ..Default::default() }
}

/// The floating-point state after `FINIT` and reset: every exception masked, round to nearest.
pub fn floating() -> kvm_fpu {
    kvm_fpu { fcw: 0x37f, mxcsr: 0x1f80, ..Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_start_without_power() {
        let special = special(0x1000, true);
        assert_eq!((special.cs.dpl, special.ss.dpl, special.cs.selector & 3), (3, 3, 3));
        assert_eq!((special.efer & 1, special.cr4 >> 18 & 1), (0, 0), "no SYSCALL, no OSXSAVE");
        assert_eq!(special.cr0 >> 16 & 1, 1, "read-only is read-only in ring 0 too");
        assert_eq!(general(Ports::Map).rflags >> 12 & 3, 0);
        assert_eq!(general(Ports::Level).rflags >> 12 & 3, 3);
    }
}
