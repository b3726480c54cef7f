//! Verdicts against runs: what is proved survives random histories, what is violated has a witness that shows it.

use crate::coverage::Coverage;
use crate::networks::{entries, net};
use crate::packets;
use crate::promises::{KINDS, arrives, is_broken, property, speaks_of};
use crate::rng::Rng;
use crate::tapes::run_legally;
use rdcl_core::*;
use rdcl_hir::{Claim, Property};
use rdcl_verify::{Options, Outcome as Verdict, Prover, Step, Witness};
use std::sync::Arc;

/// The verdicts on some promises.
pub fn verdicts(network: &Network, properties: &[Property], options: Options) -> Vec<Verdict> {
    verdicts_without(network, None, properties, options)
}

/// The verdicts on some promises when nothing is known of what one part does.
pub fn verdicts_without(
    network: &Network,
    hidden: Option<usize>,
    properties: &[Property],
    options: Options,
) -> Vec<Verdict> {
    let shared = Arc::new(network.clone());
    let replayed = || Arc::clone(&shared);
    let mut net = net(network, options);
    hidden.into_iter().for_each(|part| net.parts[part].summary = None);
    let mut prover = Prover::new(&net, &replayed, options);
    properties.iter().enumerate().map(|(i, p)| prover.verdict(i, p).result).collect()
}

/// Promises of every kind.
pub fn properties(rng: &mut Rng, network: &Network) -> Vec<Property> {
    (0..KINDS).filter_map(|kind| property(rng, network, kind)).collect()
}

/// Holds verdicts against histories of random packets from empty stores, and witnesses against a run of their own.
pub fn check(
    rng: &mut Rng,
    network: &Network,
    (properties, verdicts): (&[Property], &[Verdict]),
    histories: u64,
    coverage: &mut Coverage,
) -> Result<(), String> {
    let judged: Vec<(&Property, &Verdict)> = properties.iter().zip(verdicts).collect();
    for (property, verdict) in &judged {
        coverage.add(format!("{} {}", kind(&property.claim), verdict.word()));
        if let Verdict::Violated(witness) = verdict {
            shows(network, property, witness).map_err(|why| format!("{property:?}: {why}\n{witness:#?}"))?;
        }
    }
    for _ in 0..histories {
        history(rng, network, &judged, coverage)?;
    }
    Ok(())
}

fn history(
    rng: &mut Rng,
    network: &Network,
    judged: &[(&Property, &Verdict)],
    coverage: &mut Coverage,
) -> Result<(), String> {
    let mut stores = Stores::new(network);
    let mut now = 0;
    for _ in 0..6 {
        let from = rng.pick(&entries(network));
        let packet = packets::packet(rng, network.boundary_port(from).stack);
        now += rng.pick(&[0, 0, 1, 7]);
        let expiry = if rng.chance(50) { Expiry::Eager } else { Expiry::Named(Vec::new()) };
        let ran = run_legally(rng, network, &mut stores, (from, &packet), Time(now), expiry);
        let Some((run, tape)) = ran else { continue };
        run.copies.iter().for_each(|copy| coverage.copy(network, copy));
        for (property, verdict) in judged {
            refute(network, property, verdict, (from, &packet, &run))
                .map_err(|why| format!("{why}: {property:?}\n{from:?} {packet:?} {tape:?}\n{run:#?}"))?;
        }
    }
    Ok(())
}

fn refute(
    network: &Network,
    property: &Property,
    verdict: &Verdict,
    (from, packet, run): (BoundaryId, &Packet, &Run),
) -> Result<(), String> {
    let about = property.flows.is_empty() || property.flows.iter().any(|flow| flow.0 == from);
    match verdict {
        Verdict::Proved if is_broken(property, from, packet, run) => Err("proved, and broken".into()),
        Verdict::Vacuous if about && speaks_of(property, packet) => Err("vacuous, and met".into()),
        Verdict::Proved if property.claim == Claim::CanReach && is_determined(network) => {
            let lost = about && speaks_of(property, packet) && !arrives(property, from, run);
            if lost { Err("said to be able to reach, and lost".into()) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

/// Whether a packet has but one run: nothing is chosen, and nothing is remembered.
fn is_determined(network: &Network) -> bool {
    network.parts.iter().all(|p| p.program.maps.is_empty() && p.program.choices.is_empty())
}

/// Runs a witness again, from its bytes and choices alone.
fn shows(network: &Network, property: &Property, witness: &Witness) -> Result<(), String> {
    let mut stores = Stores::new(network);
    let mut last = None;
    for step in witness.history.iter().chain([&witness.packet]) {
        last = Some(repeat(network, &mut stores, step)?);
    }
    let (from, packet, run) = last.ok_or("a witness without a packet")?;
    let shown = match property.claim {
        Claim::CanReach => speaks_of(property, &packet) && !arrives(property, from, &run),
        _ => is_broken(property, from, &packet, &run),
    };
    if shown { Ok(()) } else { Err(format!("the witness does not show it: {run:#?}")) }
}

fn repeat(network: &Network, stores: &mut Stores, step: &Step) -> Result<(BoundaryId, Packet, Run), String> {
    let at = network.find_boundary(&step.port).ok_or("no such port")?;
    let packet = parse(&step.bytes, network.boundary_port(at).stack).map_err(|e| format!("{e:?}"))?;
    let tape = Tape::choosing(step.choices.iter().map(|c| c.1).collect::<Vec<_>>());
    let injection = Injection { at, bytes: &step.bytes, now: Time(step.now), tape: Some(&tape), fuel: 1 << 16 };
    let run = Interpreter::new(network).run(stores, injection).map_err(|e| e.to_string())?;
    let delivered = |c: &PacketCopy| match &c.outcome {
        Outcome::Delivered { at, bytes, .. } => Some((network.boundary_port(*at).name.clone(), bytes.clone())),
        _ => None,
    };
    let told: Vec<_> = step.copies.iter().map(|c| c.delivered.clone()).collect();
    // It is not told what became of packets that fill a map, nor of copies that multiply for ever.
    let untold = told.is_empty() || step.copies.iter().any(|c| c.outcome.starts_with("still under way"));
    if !untold && told != run.copies.iter().map(delivered).collect::<Vec<_>>() {
        return Err(format!("the copies are told otherwise: {run:#?}"));
    }
    Ok((at, packet, run))
}

/// The kind of a claim.
pub fn kind(claim: &Claim) -> &'static str {
    match claim {
        Claim::Holds(_) => "ensures",
        Claim::Reach { .. } => "reach",
        Claim::CanReach => "can reach",
        Claim::Isolated => "isolated",
        Claim::Unchanged { .. } => "unchanged",
        Claim::NoLoop => "no loop",
        Claim::Via { .. } => "via",
        Claim::Intended(_) => "intended",
    }
}
