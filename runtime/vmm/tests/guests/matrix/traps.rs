//! Exceptions that a guest raises by itself, and interrupts that it calls.

use super::{Outcome, code, divide_error, fault, invalid_opcode, protection, run};

/// The error code of a gate that may not be called.
fn gate(vector: u64) -> u64 {
    vector << 3 | 2
}

#[test]
fn arithmetic_and_undefined_instructions() {
    run(|_, _| {
        vec![
            ("ud2", code(&[0x0f, 0x0b]), vec![invalid_opcode(0)]),
            ("xor ecx, ecx; div ecx", code(&[0x31, 0xc9, 0xf7, 0xf1]), vec![divide_error(2)]),
            ("into, which is gone", code(&[0xce]), vec![invalid_opcode(0)]),
            ("lock nop", code(&[0xf0, 0x90]), vec![invalid_opcode(0)]),
        ]
    });
}

/// A call of a gate by an instruction of so many bytes, refused: as the manuals have it, or as QEMU's emulated processor
/// has it, which counts sixteen to the gate and may blame the next instruction.
fn refused(vector: u64, bytes: u64) -> Vec<Outcome> {
    vec![protection(gate(vector), 0), protection(vector << 4 | 2, 0), protection(vector << 4 | 2, bytes)]
}

/// Software virtualisation delivers breakpoints without asking for the gate's level, and knows no other calls.
#[test]
fn gates_cannot_be_called() {
    run(|_, caps| {
        let allowed = |software, vector, bytes| {
            if caps.syscall_leak { vec![software] } else { refused(vector, bytes) }
        };
        let call = |vector: u8| ("int", code(&[0xcd, vector]), allowed(invalid_opcode(0), vector.into(), 2));
        let mut trials: Vec<_> = [0, 1, 2, 8, 13, 14, 31, 32, 0x80, 0xff].map(call).into();
        trials.push(("int3", code(&[0xcc]), allowed(fault(3, 0, 1), 3, 1)));
        trials
    });
}

#[test]
fn debug_exceptions() {
    run(|_, caps| {
        // pushf; or dword [rsp], 0x100; popf; nop
        let step = code(&[0x9c]).op32(&[0x81, 0x0c, 0x24], 0x100).op(&[0x9d, 0x90]);
        // It comes after the instruction; QEMU's emulated processor does not know it.
        let int1 = if caps.syscall_leak { vec![fault(1, 0, 0)] } else { vec![fault(1, 0, 1), invalid_opcode(0)] };
        vec![("int1", code(&[0xf1]), int1), ("single step", step, vec![fault(1, 0, 10)])]
    });
}
