//! Instructions that are not for ring 3.

use super::{LIVES, Outcome, Trial, code, either, invalid_opcode, page_fault, protection, run};

fn each(instructions: &[(&'static str, &[u8])], allowed: &[Outcome]) -> Vec<Trial> {
    instructions.iter().map(|(name, bytes)| (*name, code(bytes), allowed.to_vec())).collect()
}

#[test]
fn the_processors_state_is_out_of_reach() {
    run(|_, _| {
        each(
            &[
                ("hlt", &[0xf4]),
                ("mov rax, cr0", &[0x0f, 0x20, 0xc0]),
                ("mov rax, cr3", &[0x0f, 0x20, 0xd8]),
                ("mov cr0, rax", &[0x0f, 0x22, 0xc0]),
                ("mov cr3, rax", &[0x0f, 0x22, 0xd8]),
                ("mov cr4, rax", &[0x0f, 0x22, 0xe0]),
                ("mov cr8, rax", &[0x44, 0x0f, 0x22, 0xc0]),
                ("mov rax, dr7", &[0x0f, 0x21, 0xf8]),
                ("mov dr7, rax", &[0x0f, 0x23, 0xf8]),
                ("wrmsr", &[0x0f, 0x30]),
                ("rdmsr", &[0x0f, 0x32]),
                ("rdpmc", &[0x0f, 0x33]),
                ("clts", &[0x0f, 0x06]),
                ("invd", &[0x0f, 0x08]),
                ("wbinvd", &[0x0f, 0x09]),
                ("lgdt", &[0x0f, 0x01, 0x14, 0x24]),
                ("lidt", &[0x0f, 0x01, 0x1c, 0x24]),
                ("lmsw ax", &[0x0f, 0x01, 0xf0]),
                ("lldt ax", &[0x0f, 0x00, 0xd0]),
                ("ltr ax", &[0x0f, 0x00, 0xd8]),
                ("invlpg", &[0x0f, 0x01, 0x3c, 0x24]),
                ("swapgs", &[0x0f, 0x01, 0xf8]),
            ],
            &[protection(0, 0)],
        )
    });
}

#[test]
fn nobody_says_where_descriptor_tables_are() {
    run(|_, _| {
        each(
            &[
                ("sgdt", &[0x0f, 0x01, 0x44, 0x24, 0xf0]),
                ("sidt", &[0x0f, 0x01, 0x4c, 0x24, 0xf0]),
                ("sldt", &[0x0f, 0x00, 0xc0]),
                ("str", &[0x0f, 0x00, 0xc8]),
                ("smsw", &[0x0f, 0x01, 0xe0]),
            ],
            &[protection(0, 0)],
        )
    });
}

/// A program of the host has the host's control registers: what they allow to programs is allowed.
#[test]
fn extended_state_is_off() {
    run(|_, caps| {
        let avx = vec![if caps.avx_leak { LIVES } else { invalid_opcode(0) }];
        // Unknown while extended state is off, and privileged: which of the two is checked first differs.
        let xsetbv = vec![protection(0, 0), invalid_opcode(0)];
        vec![
            ("vpxor ymm0, ymm0, ymm0", code(&[0xc5, 0xfd, 0xef, 0xc0]), avx),
            ("xgetbv", code(&[0x31, 0xc9, 0x0f, 0x01, 0xd0]), either(caps, LIVES, invalid_opcode(2))),
            ("xsetbv", code(&[0x0f, 0x01, 0xd1]), xsetbv),
            ("rdpkru", code(&[0x31, 0xc9, 0x0f, 0x01, 0xee]), vec![invalid_opcode(2)]),
            ("rdfsbase rax", code(&[0xf3, 0x48, 0x0f, 0xae, 0xc0]), either(caps, LIVES, invalid_opcode(0))),
        ]
    });
}

#[test]
fn there_are_no_system_calls() {
    run(|_, caps| {
        // The address that a kernel in the guest would have set: zero, not mapped.
        let syscall = either(caps, page_fault(0x14, 0, 0), invalid_opcode(0));
        // Without a target on Intel, never in long mode on AMD.
        let sysenter = vec![protection(0, 0), invalid_opcode(0)];
        vec![
            ("syscall", code(&[0x0f, 0x05]), syscall),
            ("sysenter", code(&[0x0f, 0x34]), sysenter),
            ("sysret", code(&[0x0f, 0x07]), either(caps, protection(0, 0), invalid_opcode(0))),
            ("sysexit", code(&[0x0f, 0x35]), vec![protection(0, 0), invalid_opcode(0)]),
        ]
    });
}

/// Unknown to one maker's processors, or privileged.
#[test]
fn there_is_nothing_to_virtualise() {
    run(|_, _| {
        each(
            &[
                ("vmlaunch", &[0x0f, 0x01, 0xc2]),
                ("vmxoff", &[0x0f, 0x01, 0xc4]),
                ("vmrun", &[0x0f, 0x01, 0xd8]),
                ("monitor", &[0x0f, 0x01, 0xc8]),
                ("mwait", &[0x0f, 0x01, 0xc9]),
                ("encls", &[0x0f, 0x01, 0xcf]),
                ("enclu", &[0x0f, 0x01, 0xd7]),
            ],
            &[invalid_opcode(0), protection(0, 0)],
        )
    });
}

/// KVM answers a hypercall from ring 3 with -1, "not permitted"; another maker's hypercall it tries to rewrite, which
/// fails since code is not written. Each guest asks with `xor eax, eax`, and dies of `ud2` after any other answer.
#[test]
fn there_is_nobody_to_call_above() {
    run(|layout, _| {
        let call = |last| {
            let asked = code(&[0x31, 0xc0, 0x0f, 0x01, last]);
            asked.op(&[0x48, 0x83, 0xf8, 0xff]).over(0x74, |code| code.op(&[0x0f, 0x0b]))
        };
        let at = layout.code.start + 2;
        let allowed = vec![LIVES, protection(0, 2), invalid_opcode(2), page_fault(7, at, at)];
        vec![("vmcall", call(0xc1), allowed.clone()), ("vmmcall", call(0xd9), allowed)]
    });
}
