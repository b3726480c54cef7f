//! Ports. Where the host honours the map of open ports, the others fault; else they reach the host, which kills.

use super::{LIVES, Outcome, Trial, code, protection, run};
use crate::assembler::{Code, Register};
use rdcl_abi::Death;
use rdcl_vmm::HostCaps;

fn port(port: u16, write: bool) -> Outcome {
    Err(Death::Port { port, write })
}

/// `mov edx, port; in al, dx` or `out dx, al`
fn through_dx(number: u16, write: bool) -> Code {
    Code::default().set(Register::Rdx, number.into()).op(&[if write { 0xee } else { 0xec }])
}

fn closed(caps: &HostCaps, number: u16, write: bool) -> Trial {
    let outcome = if caps.io_bitmap { protection(0, 10) } else { port(number, write) };
    ("closed port", through_dx(number, write), vec![outcome])
}

#[test]
fn closed_ports_are_closed() {
    run(|_, caps| {
        let numbers = [0, 0x0f, 0x18, 0x19, 0x1f, 0x20, 0x60, 0x80, 0x3f8, 0xcf8, 0xfff8, 0xffff];
        numbers.into_iter().flat_map(|number| [closed(caps, number, true), closed(caps, number, false)]).collect()
    });
}

#[test]
fn open_ports_that_mean_nothing_kill() {
    run(|_, _| {
        let meaningless = (0x11..=0x17).map(|number| ("write", through_dx(number, true), vec![port(number, true)]));
        let reads = (0x10..=0x17).map(|number| ("read", through_dx(number, false), vec![port(number, false)]));
        meaningless.chain(reads).collect()
    });
}

#[test]
fn only_one_byte_is_a_yield() {
    run(|_, caps| {
        let astride = if caps.io_bitmap { protection(0, 0) } else { port(0x17, true) };
        vec![
            ("out 0x10, al", code(&[0xe6, 0x10]), vec![LIVES]),
            ("out 0x10, ax", code(&[0x66, 0xe7, 0x10]), vec![port(0x10, true)]),
            ("out 0x10, eax", code(&[0xe7, 0x10]), vec![port(0x10, true)]),
            ("out 0x17, ax", code(&[0x66, 0xe7, 0x17]), vec![astride]),
            (
                "out 0x18, al, the port of faults",
                code(&[0xe6, 0x18]),
                vec![{ if caps.io_bitmap { protection(0, 0) } else { port(0x18, true) } }],
            ),
        ]
    });
}

/// A guest without interrupts has nothing to mask: where privilege level gives it its ports, the flag is its own.
#[test]
fn the_interrupt_flag_is_nobodys_power() {
    run(|_, caps| {
        let allowed = vec![if caps.io_bitmap { protection(0, 0) } else { LIVES }];
        vec![("cli", code(&[0xfa]), allowed.clone()), ("sti", code(&[0xfb]), allowed)]
    });
}

/// `pushf; or dword [rsp], 0x3000; popf; out 0x80, al`
#[test]
fn the_privilege_level_cannot_be_raised() {
    run(|_, caps| {
        let raise = code(&[0x9c]).op32(&[0x81, 0x0c, 0x24], 0x3000).op(&[0x9d, 0xe6, 0x80]);
        vec![("popf", raise, vec![if caps.io_bitmap { protection(0, 9) } else { port(0x80, true) }])]
    });
}
