//! Random programs: interpreter and guest do the same with the same frames.

#[path = "support/support.rs"]
mod support;

use rdcl_core::*;
use std::collections::BTreeMap;
use support::frames::{frame, packet};
use support::lab::{Lab, alone, rings};
use support::random::{Style, program};
use support::rng::{Rng, seeds};
use support::scope::{Scope, Words};

/// How often what happened.
type Seen = BTreeMap<String, u64>;

/// Sends random frames through a random program, in batches of a few; tells whether it can be a guest.
fn round(seed: u64, style: fn(&mut Rng) -> Style, batches: usize, seen: &mut Seen) -> bool {
    eprintln!("seed {seed}");
    let mut rng = Rng::new(seed);
    let style = style(&mut rng);
    let (program, tables) = program(&mut rng, &style);
    let network = alone(program.clone(), tables);
    let Ok(mut lab) = Lab::new(&network, rings()) else { return false };
    let mut now = rng.pick(&[0, 0, 0, (1 << 63) - 300, u64::MAX - 3000]);
    for _ in 0..batches {
        let mut frames = Vec::new();
        for _ in 0..rng.pick(&[1, 1, 1, 1, 3]) {
            now = now.saturating_add(if rng.chance(4) { 500 } else { rng.pick(&[0, 0, 1, 1, 3, 10]) });
            let said = if rng.chance(3) { now.saturating_sub(rng.pick(&[1, 7, u64::MAX])) } else { now };
            let port = rng.below(program.ports.len());
            frames.push((port as u32, said, frame(&mut rng, program.ports[port].stack)));
        }
        lab.send(&frames);
    }
    lab.seen.iter().for_each(|(what, count)| *seen.entry(what.clone()).or_default() += count);
    true
}

/// Runs a number of programs, most of which must boot, and demands that all of this happens.
fn rounds(programs: u64, style: fn(&mut Rng) -> Style, batches: usize, happens: &[&str]) {
    let mut seen = Seen::new();
    let seeds = seeds(programs);
    let all = seeds.end - seeds.start;
    let ran = seeds.filter(|seed| round(*seed, style, batches, &mut seen)).count() as u64;
    assert!(2 * ran > all, "only {ran} of {all} programs can become guests");
    let never: Vec<&&str> = happens.iter().filter(|what| !seen.contains_key(**what)).collect();
    assert!(never.is_empty(), "{never:?} never happen, only {seen:#?}");
}

/// One block that folds the values of many expressions into the addresses of an Ethernet frame.
fn calculator(rng: &mut Rng) -> Program {
    let widths = [1, 4, 16, 33, 48, 63, 64, 65, 96, 127, 128];
    let stack = Stack::new(&[HeaderKind::Eth, HeaderKind::Ip4, HeaderKind::Udp]).unwrap();
    let total = SlotId(widths.len() as u32);
    let mut program = Program {
        ports: vec![PortDecl { name: "a".into(), stack }],
        slots: widths.iter().chain(&[96]).map(|width| SlotDecl { name: "s".into(), width: *width }).collect(),
        entry: vec![Some(BlockId(0))],
        ..Program::default()
    };
    let scope = Scope::of(stack);
    let part = |hi, lo, of: Expr| Expr::Extract { hi, lo, of: Box::new(of) };
    let xor = |a: Expr, b: Expr| Expr::Bin(BinOp::Xor, Box::new(a), Box::new(b));
    let mut ops = Vec::new();
    for _ in 0..24 {
        let slot = rng.below(widths.len());
        let expr = Words { rng, program: &program, scope: &scope }.expr(widths[slot], 4);
        ops.push(Op::Set(Place::Slot(SlotId(slot as u32)), expr));
        let value = Expr::Slot(SlotId(slot as u32));
        let value = if widths[slot] > 96 { part(95, 0, value) } else { Expr::Zext(96, Box::new(value)) };
        let turned = Expr::Concat(Box::new(part(88, 0, Expr::Slot(total))), Box::new(part(95, 89, Expr::Slot(total))));
        ops.push(Op::Set(Place::Slot(total), xor(turned, value)));
    }
    for (name, hi) in [("dst", 95), ("src", 47)] {
        let field = HeaderKind::Eth.field(name).unwrap();
        ops.push(Op::Set(Place::Field(field), part(hi, hi - 47, Expr::Slot(total))));
    }
    program.blocks = vec![Block { ops, end: End::Forward(PortId(0)) }];
    program
}

#[test]
fn random_expressions_have_the_values_that_the_interpreter_gives_them() {
    for seed in seeds(60) {
        let mut rng = Rng::new(seed);
        let network = alone(calculator(&mut rng), vec![]);
        let mut lab = Lab::new(&network, rings()).unwrap();
        let stack = network.boundary[0].stack;
        (0..20).for_each(|now| drop(lab.one(0, now, &deparse(&packet(&mut rng, stack)))));
    }
}

#[test]
fn random_programs_do_what_the_interpreter_does() {
    let moves = ["Push eth", "Push vlan", "Push ip", "Push tcp", "Push udp", "Push icmp", "Push ip6", "Nest", "Unnest"];
    let removals = ["Pop eth", "Pop vlan", "Pop ip", "Pop tcp", "Pop udp", "Pop icmp"];
    let parsing = ["Parse(Truncated)", "Parse(Version)", "Parse(Options)", "Parse(Fragment)", "Parse(Length)"];
    let faults = ["Parse(Checksum)", "Parse(Missing(Ip4))", "Parse(Missing(Vlan))", "Assertion", "Unwired", "Fail"];
    let ways = ["Went", "Arm true", "Arm false", "Row true", "Row false", "Held(true)", "Held(false)", "Copy(2)"];
    let happens = [&moves[..], &removals, &parsing, &faults, &ways, &["Delivered", "Set field", "Set slot"]].concat();
    rounds(240, Style::any, 40, &happens);
}

#[test]
fn random_stateful_programs_do_what_the_interpreter_does() {
    let entries = ["Added", "Clashed", "Full", "Found(true)", "Found(false)", "Touch", "Remove", "Update"];
    let choices = ["First, free: true", "First, free: false", "Hash, free: true", "Hash, free: false"];
    let oldest = ["LeastRecentlyFreed, free: true", "LeastRecentlyFreed, free: false", "no value free"];
    rounds(60, Style::stateful, 300, &[&entries[..], &choices, &oldest].concat());
}
