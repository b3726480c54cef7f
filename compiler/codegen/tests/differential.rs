//! Random programs: interpreter and guest do the same with the same frames.

#[path = "support/support.rs"]
mod support;

use std::collections::BTreeMap;
use support::frames::frame;
use support::lab::{Lab, alone, rings};
use support::random::{Style, program};
use support::rng::{Rng, seeds};

/// Sends random frames through a random program, in batches of a few.
fn round(seed: u64, style: impl FnOnce(&mut Rng) -> Style, frames: usize, seen: &mut BTreeMap<String, u64>) -> bool {
    let mut rng = Rng::new(seed);
    eprintln!("seed {seed}");
    let style = style(&mut rng);
    let (program, tables) = program(&mut rng, &style);
    let network = alone(program.clone(), tables);
    let Ok(mut lab) = Lab::new(&network, rings()) else { return false };
    let mut now = 0;
    for _ in 0..frames {
        let batch = if rng.chance(20) { 3 } else { 1 };
        let mut sent = Vec::new();
        for _ in 0..batch {
            now += if rng.chance(4) { 500 } else { rng.pick(&[0, 0, 1, 1, 3, 10]) };
            let port = rng.below(program.ports.len());
            sent.push((port as u32, now, frame(&mut rng, program.ports[port].stack)));
        }
        lab.send(&sent);
    }
    lab.seen.iter().for_each(|(what, count)| *seen.entry(what.clone()).or_default() += count);
    true
}

#[test]
fn random_programs_do_what_the_interpreter_does() {
    let mut seen = BTreeMap::new();
    let seeds = seeds(60);
    let all = seeds.end - seeds.start;
    let ran = seeds.filter(|seed| round(*seed, Style::any, 40, &mut seen)).count() as u64;
    assert!(2 * ran > all, "only {ran} of {all} programs can become guests");
    eprintln!("{seen:#?}");
}

#[test]
fn random_stateful_programs_do_what_the_interpreter_does() {
    let mut seen = BTreeMap::new();
    let seeds = seeds(40);
    let all = seeds.end - seeds.start;
    let ran = seeds.filter(|seed| round(*seed, Style::stateful, 400, &mut seen)).count() as u64;
    assert!(2 * ran > all, "only {ran} of {all} programs can become guests");
    eprintln!("{seen:#?}");
}
