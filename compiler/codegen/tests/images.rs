//! Images as bytes: only plain instructions, only jumps within, and the same every time.

#[path = "support/support.rs"]
mod support;

use iced_x86::{Decoder, DecoderOptions, EncodingKind, FlowControl, Instruction, Mnemonic};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::lab::rings;
use support::random::{Style, program};
use support::rng::{Rng, seeds};

/// What a guest must not execute besides what is privileged.
const FORBIDDEN: [Mnemonic; 15] = [
    Mnemonic::Syscall,
    Mnemonic::Sysenter,
    Mnemonic::Cpuid,
    Mnemonic::Rdtsc,
    Mnemonic::Rdtscp,
    Mnemonic::Rdpmc,
    Mnemonic::Int,
    Mnemonic::Int1,
    Mnemonic::Int3,
    Mnemonic::In,
    Mnemonic::Out,
    Mnemonic::Vmcall,
    Mnemonic::Xgetbv,
    Mnemonic::Rdrand,
    Mnemonic::Rdseed,
];

/// Every instruction that execution from the start may reach, by its address. There is no indirect jump, so that is all.
fn instructions(code: &[u8]) -> BTreeMap<u64, Instruction> {
    let mut known = BTreeMap::new();
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        assert!(at < code.len() as u64, "something leads to {at:#x}, out of the code");
        let mut decoder = Decoder::with_ip(64, &code[at as usize..], at, DecoderOptions::NONE);
        let instruction = decoder.decode();
        if known.insert(at, instruction).is_some() {
            continue;
        }
        match instruction.flow_control() {
            FlowControl::Next => open.push(instruction.next_ip()),
            FlowControl::Return => {}
            FlowControl::UnconditionalBranch => open.push(instruction.near_branch_target()),
            FlowControl::ConditionalBranch | FlowControl::Call => {
                open.extend([instruction.next_ip(), instruction.near_branch_target()]);
            }
            FlowControl::IndirectBranch | FlowControl::IndirectCall => panic!("{at:#x} leads anywhere"),
            FlowControl::Interrupt | FlowControl::XbeginXabortXend | FlowControl::Exception => {
                panic!("{at:#x} ends it")
            }
        }
    }
    known
}

/// Demands that code is harmless, does not overlap itself, and reads no code but constants beside it.
fn judge(code: &[u8]) {
    let all = instructions(code);
    let mut end = 0;
    for (at, instruction) in &all {
        let name = format!("{:?} at {at:#x}", instruction.code());
        assert!(!instruction.is_invalid(), "{name} is no instruction");
        assert_eq!(instruction.encoding(), EncodingKind::Legacy, "{name}");
        assert!(!instruction.is_privileged() && !FORBIDDEN.contains(&instruction.mnemonic()), "{name}");
        assert!(*at >= end, "{name} lies within another instruction");
        end = instruction.next_ip();
        if instruction.is_ip_rel_memory_operand() {
            let read = instruction.ip_rel_memory_address();
            let before = all.range(..=read).next_back().map_or(0, |(_, i)| i.next_ip());
            assert!(before <= read && read < code.len() as u64, "{name} reads {read:#x}, which is code or none");
        }
    }
}

#[test]
fn images_hold_nothing_but_plain_instructions_and_are_the_same_every_time() {
    let mut judged = 0;
    for seed in seeds(50) {
        for style in [Style::any, Style::stateful] {
            let mut rng = Rng::new(seed ^ 0x5eed);
            let style = style(&mut rng);
            let (program, tables) = program(&mut rng, &style);
            let tables: Vec<_> = tables.into_iter().map(Arc::new).collect();
            let Ok(compiled) = rdcl_codegen::compile(&program, &tables, rings()) else { continue };
            judge(&compiled.image().code);
            assert_eq!(rdcl_codegen::compile(&program, &tables, rings()), Ok(compiled), "seed {seed}");
            judged += 1;
        }
    }
    assert!(judged >= 50, "only {judged} programs can become guests");
}

#[test]
fn the_judge_sees_what_is_forbidden() {
    let forbidden: [&[u8]; 6] = [
        &[0x0f, 0x05],                   // syscall
        &[0x0f, 0xa2],                   // cpuid
        &[0xcc],                         // int3
        &[0xf4],                         // hlt
        &[0xc5, 0xf8, 0x77],             // vzeroupper
        &[0xe9, 0xff, 0x00, 0x00, 0x00], // jmp out of the code
    ];
    for code in forbidden {
        assert!(std::panic::catch_unwind(|| judge(code)).is_err(), "{code:02x?}");
    }
    judge(&[0x90, 0xc3]);
}
