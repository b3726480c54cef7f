//! The monitor's own machine code in a guest: the trampoline in ring 3, and the fault stubs in ring 0 with the record
//! that they leave for the host.

use crate::layout::{KERNEL_STACK, Layout, OPEN_PORTS, Region, STUBS, YIELD_PORT};
use rdcl_abi::Death;

/// The exceptions that have a gate (Intel SDM volume 3, 6.2).
pub const VECTORS: usize = 32;

/// The port by which the stubs say that there was a fault; it is closed to guests.
pub const FAULT_PORT: u16 = *OPEN_PORTS.end() + 1;

const STUB_BYTES: usize = 16;
const PAGE_FAULT: u64 = 14;

/// Where the stub of a vector is.
pub fn address(vector: usize) -> u64 {
    STUBS.start + (vector * STUB_BYTES) as u64
}

/// The fault stubs. Each completes what the processor pushed to the same eight words, of which [`RECORD`] is the
/// address: CR2, vector, error code, RIP, CS, RFLAGS, RSP, SS.
pub fn faults() -> Vec<u8> {
    let mut code = Vec::new();
    for vector in 0..VECTORS {
        if !has_error_code(vector) {
            code.extend([0x6a, 0x00]); // push 0
        }
        code.extend([0x6a, vector as u8, 0xe9]); // push vector; jmp common
        let distance = VECTORS * STUB_BYTES - (code.len() + 4);
        code.extend((distance as u32).to_le_bytes());
        code.resize((vector + 1) * STUB_BYTES, 0xcc);
    }
    code.extend([0x0f, 0x20, 0xd0, 0x50]); // mov rax, cr2; push rax
    code.extend([0xe6, FAULT_PORT as u8]); // out FAULT_PORT, al
    code.extend([0xf4, 0xeb, 0xfd]); // hlt; jmp to it
    code
}

/// Exceptions with an error code (Intel SDM volume 3, table 6-1; AMD APM volume 2, table 8-1).
fn has_error_code(vector: usize) -> bool {
    matches!(vector, 8 | 10..=14 | 17 | 21 | 29 | 30)
}

/// Where the first fault's record is, at the top of the ring-0 stack.
pub const RECORD: Region = Region { start: KERNEL_STACK.start + KERNEL_STACK.bytes - 64, bytes: 64 };

/// Reads the record of the first fault; none if there was none, since the code segment in it is never zero.
pub fn read(record: [u64; 8]) -> Option<Death> {
    let [address, vector, error, rip, segment, ..] = record;
    (segment != 0).then_some(Death::Fault {
        vector: vector as u8,
        error,
        rip,
        address: if vector == PAGE_FAULT { address } else { 0 },
    })
}

/// The guest's first instructions: call the image with its three arguments, yield, again.
pub fn trampoline(layout: &Layout, entry: usize) -> Vec<u8> {
    let mut code = Vec::new();
    let arguments = [
        ([0x48, 0xbc], layout.stack.end()),               // mov rsp
        ([0x48, 0xbf], layout.rodata.start),              // mov rdi
        ([0x48, 0xbe], layout.data.start),                // mov rsi
        ([0x48, 0xba], layout.fabric.start),              // mov rdx
        ([0x48, 0xb8], layout.code.start + entry as u64), // mov rax
    ];
    for (opcode, value) in arguments {
        code.extend(opcode);
        code.extend(value.to_le_bytes());
    }
    code.extend([0xfc, 0x31, 0xed, 0xff, 0xd0]); // cld; xor ebp, ebp; call rax
    code.extend([0xe6, YIELD_PORT as u8]); // out YIELD_PORT, al
    let back = -(code.len() as i8 + 2);
    code.extend([0xeb, back as u8]); // jmp to the start
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stub_pushes_its_vector_and_reaches_the_common_end() {
        let code = faults();
        for vector in 0..VECTORS {
            let stub = &code[vector * STUB_BYTES..][..STUB_BYTES];
            let stub = if has_error_code(vector) { stub } else { &stub[2..] };
            assert_eq!(&stub[..3], [0x6a, vector as u8, 0xe9]);
            let jump = (stub.as_ptr() as usize - code.as_ptr() as usize) + 7;
            let distance = u32::from_le_bytes(stub[3..7].try_into().unwrap()) as usize;
            assert_eq!(jump + distance, VECTORS * STUB_BYTES);
        }
        assert!(code.len() as u64 <= STUBS.bytes);
    }

    #[test]
    fn a_record_is_read_once_it_was_written() {
        assert_eq!(read([0; 8]), None);
        let fault = |vector, address| Some(Death::Fault { vector, error: 2, rip: 3, address });
        assert_eq!(read([9, 14, 2, 3, 0x33, 0, 0, 0]), fault(14, 9));
        assert_eq!(read([9, 13, 2, 3, 0x33, 0, 0, 0]), fault(13, 0));
    }
}
