//! Selectors that guests have no right to, by every way of loading one.

use super::{Outcome, Trial, code, either, invalid_opcode, protection, run};
use crate::assembler::{Code, Register};
use rdcl_vmm::HostCaps;

const KERNEL_CODE: u32 = 0x10;
const KERNEL_DATA: u32 = 0x18;
const GUEST_DATA: u32 = 0x2b;
const GUEST_CODE: u32 = 0x33;
const TASK: u32 = 0x40;

/// What a far jump or call may not name, and the error code.
const SELECTORS: [(&str, u32, u32); 9] = [
    ("far, ring-0 code", KERNEL_CODE, KERNEL_CODE),
    ("far, ring-0 code as ring 3", KERNEL_CODE | 3, KERNEL_CODE),
    ("far, ring-0 data", KERNEL_DATA, KERNEL_DATA),
    ("far, data", GUEST_DATA, GUEST_DATA & !3),
    ("far, task state", TASK, TASK),
    ("far, null", 0, 0),
    ("far, hole", 0x23, 0x20),
    ("far, beyond the table", 0xfff3, 0xfff0),
    ("far, local table", 0x0f, 0x0c),
];

/// Pushes selector and offset, then `jmp far [rsp]` or `call far [rsp]`. Software virtualisation cannot emulate those
/// through system segments and holes.
fn far(caps: &HostCaps, (name, selector, error): (&'static str, u32, u32), opcode: u8) -> Trial {
    let code = Code::default().push(selector).push(0x2000).op(&[0x48, 0xff, opcode, 0x24]);
    let refused: Outcome = protection(error.into(), 10);
    let allowed = match selector {
        TASK | 0x23 => either(caps, invalid_opcode(10), refused),
        _ => vec![refused],
    };
    (name, code, allowed)
}

#[test]
fn no_far_jump_or_call_leads_to_ring_0() {
    run(|_, caps| {
        let both = [0x2c, 0x1c].into_iter();
        both.flat_map(|opcode| SELECTORS.map(|selector| far(caps, selector, opcode))).collect()
    });
}

/// `retf` and `iretq` to ring 0. There is more on the stack than they take, since an emulated one looks further.
#[test]
fn no_return_leads_to_ring_0() {
    run(|layout, _| {
        let stack = layout.stack.start as u32 + 4096;
        let below = || Code::default().push(0).push(0).push(0).push(0);
        let far = below().push(KERNEL_CODE).push(0x2000).op(&[0x48, 0xcb]);
        let interrupt =
            |selector| below().push(KERNEL_DATA).push(stack).push(2).push(selector).push(0x2000).op(&[0x48, 0xcf]);
        vec![
            ("retf", far, vec![protection(KERNEL_CODE.into(), 30)]),
            ("iretq to ring 0", interrupt(KERNEL_CODE), vec![protection(KERNEL_CODE.into(), 45)]),
            ("iretq to its stack", interrupt(GUEST_CODE), vec![protection(KERNEL_DATA.into(), 45)]),
        ]
    });
}

#[test]
fn no_data_segment_of_ring_0_can_be_loaded() {
    run(|_, _| {
        let load = |modrm: u8| Code::default().set(Register::Rax, KERNEL_DATA.into()).op(&[0x8e, modrm]);
        let refused = || vec![protection(KERNEL_DATA.into(), 10)];
        vec![
            ("mov es", load(0xc0), refused()),
            ("mov ss", load(0xd0), refused()),
            ("mov ds", load(0xd8), refused()),
            ("mov fs", load(0xe0), refused()),
            ("mov gs", load(0xe8), refused()),
            ("mov cs", code(&[0x8e, 0xc8]), vec![invalid_opcode(0)]),
        ]
    });
}
