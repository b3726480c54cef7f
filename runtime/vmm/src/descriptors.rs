//! Descriptor tables (Intel SDM volume 3, 3.4.5, 6.14, 7.7; AMD APM volume 2, 4.8, 8.9, 12.2.5): segments, the gates of
//! the 32 exceptions, and the task state with its map of open ports. One page, the same for every guest.
//!
//! Segments are marked as accessed from the start, since the page is read-only. Selectors are those that Linux uses,
//! so that a host which lends guests its own segment table, as software virtualisation does, lends the same ones.

use crate::layout::{DESCRIPTORS, KERNEL_STACK, OPEN_PORTS, PAGE};
use crate::stubs;

/// The ring-0 code segment.
pub const KERNEL_CODE: u16 = 0x10;
/// The ring-0 data segment.
pub const KERNEL_DATA: u16 = 0x18;
/// The guest's data segment.
pub const GUEST_DATA: u16 = 0x2b;
/// The guest's code segment.
pub const GUEST_CODE: u16 = 0x33;
/// The task state segment.
pub const TASK: u16 = 0x40;

/// Where the segment table is.
pub const SEGMENTS: u64 = DESCRIPTORS.start;
/// The segment table's last byte.
pub const SEGMENTS_LIMIT: u16 = 0x4f;
/// Where the gates are.
pub const GATES: u64 = DESCRIPTORS.start + 0x100;
/// The last byte of the gates.
pub const GATES_LIMIT: u16 = stubs::VECTORS as u16 * 16 - 1;
/// Where the task state is.
pub const TASK_STATE: u64 = DESCRIPTORS.start + 0x400;
/// The task state's last byte.
pub const TASK_LIMIT: u32 = (TASK_BYTES + PORT_BYTES) as u32 - 1;

const TASK_BYTES: usize = 0x68;
/// Up to the last open port, and the byte of ones that must follow.
const PORT_BYTES: usize = *OPEN_PORTS.end() as usize / 8 + 2;

/// The descriptor page.
pub fn page() -> Vec<u8> {
    let mut page = vec![0; PAGE as usize];
    let mut put = |at: u64, bytes: &[u8]| {
        let at = (at - DESCRIPTORS.start) as usize;
        page[at..at + bytes.len()].copy_from_slice(bytes);
    };
    put(SEGMENTS, &segments());
    put(GATES, &gates());
    put(TASK_STATE, &task_state());
    page
}

fn segments() -> Vec<u8> {
    let mut table = [0u64; (SEGMENTS_LIMIT as usize + 1) / 8];
    table[KERNEL_CODE as usize / 8] = 0x00af_9b00_0000_ffff;
    table[KERNEL_DATA as usize / 8] = 0x00cf_9300_0000_ffff;
    table[GUEST_DATA as usize / 8] = 0x00cf_f300_0000_ffff;
    table[GUEST_CODE as usize / 8] = 0x00af_fb00_0000_ffff;
    let [low, high] = task_descriptor();
    table[TASK as usize / 8] = low;
    table[TASK as usize / 8 + 1] = high;
    table.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A busy 64-bit task state segment (type 11), present.
fn task_descriptor() -> [u64; 2] {
    let (base, limit) = (TASK_STATE, u64::from(TASK_LIMIT));
    let low = limit & 0xffff | (base & 0xff_ffff) << 16 | 0x8b << 40 | (limit >> 16 & 0xf) << 48 | (base >> 24) << 56;
    [low, base >> 32]
}

/// Interrupt gates to the stubs that no guest may call (their privilege level is 0).
fn gates() -> Vec<u8> {
    (0..stubs::VECTORS).flat_map(|vector| gate(stubs::address(vector)).to_le_bytes()).collect()
}

fn gate(target: u64) -> u128 {
    let target = u128::from(target);
    target & 0xffff | u128::from(KERNEL_CODE) << 16 | 0x8e << 40 | (target >> 16) << 48
}

fn task_state() -> Vec<u8> {
    let mut bytes = vec![0; TASK_BYTES + PORT_BYTES];
    bytes[4..12].copy_from_slice(&KERNEL_STACK.end().to_le_bytes());
    bytes[0x66..TASK_BYTES].copy_from_slice(&(TASK_BYTES as u16).to_le_bytes());
    bytes[TASK_BYTES..].fill(0xff);
    for port in OPEN_PORTS {
        bytes[TASK_BYTES + usize::from(port) / 8] &= !(1 << (port % 8));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_open_ports_are_open() {
        let state = task_state();
        assert_eq!(state.len(), TASK_LIMIT as usize + 1);
        let map = usize::from(u16::from_le_bytes([state[0x66], state[0x67]]));
        for port in 0..8 * PORT_BYTES as u16 {
            let closed = state[map + usize::from(port) / 8] >> (port % 8) & 1 == 1;
            assert_eq!(closed, !OPEN_PORTS.contains(&port), "port {port:#x}");
        }
        assert_eq!(state.last(), Some(&0xff));
    }

    #[test]
    fn tables_do_not_overlap() {
        assert!(SEGMENTS + u64::from(SEGMENTS_LIMIT) < GATES);
        assert!(GATES + u64::from(GATES_LIMIT) < TASK_STATE);
        assert!(TASK_STATE + u64::from(TASK_LIMIT) < DESCRIPTORS.end());
    }

    #[test]
    fn a_gate_leads_to_its_stub() {
        let page = page();
        let at = (GATES - DESCRIPTORS.start) as usize + 14 * 16;
        let gate = u128::from_le_bytes(page[at..at + 16].try_into().unwrap());
        let target = (gate & 0xffff | (gate >> 48 & 0xffff_ffff_ffff) << 16) as u64;
        assert_eq!((target, gate >> 16 & 0xffff, gate >> 40 & 0xff), (stubs::address(14), 0x10, 0x8e));
    }

    #[test]
    fn the_task_descriptor_names_the_task_state() {
        let [low, high] = task_descriptor();
        assert_eq!((low >> 16 & 0xff_ffff | (low >> 56) << 24 | high << 32, low & 0xffff), (TASK_STATE, 0x6b));
    }
}
