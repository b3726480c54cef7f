//! What a block owes by its own code, against random histories: that inserts keep invariants and do not clash, and that
//! assertions hold.

use crate::coverage::Coverage;
use crate::networks::{entries, net};
use crate::packets;
use crate::rng::Rng;
use crate::tapes::run_legally;
use rdcl_core::*;
use rdcl_verify::{Options, Outcome as Verdict, Prover};
use std::sync::Arc;

/// An obligation of the only part of a network.
#[derive(Clone, Copy, Debug)]
enum Owed {
    Invariant(MapId),
    Unique(MapId),
    Assertion(InstrId),
}

const PART: PartId = PartId(0);

/// Holds the verdicts on all obligations of a leaf against histories of random packets.
pub fn check(
    rng: &mut Rng,
    network: &Network,
    options: Options,
    histories: u64,
    coverage: &mut Coverage,
) -> Result<(), String> {
    let judged = verdicts(network, options);
    for (owed, verdict) in &judged {
        let word = format!("{owed:?}").split('(').next().unwrap_or_default().to_lowercase();
        coverage.add(format!("{word} {}", verdict.word()));
    }
    for _ in 0..histories {
        let mut stores = Stores::new(network);
        for packet in 0..8 {
            let from = rng.pick(&entries(network));
            let sent = packets::packet(rng, network.boundary_port(from).stack);
            let expiry = if rng.chance(50) { Expiry::Eager } else { Expiry::Named(Vec::new()) };
            let now = Time(packet * 3);
            let Some((run, _)) = run_legally(rng, network, &mut stores, (from, &sent), now, expiry) else { continue };
            for (owed, _) in judged.iter().filter(|(_, verdict)| *verdict == Verdict::Proved) {
                if is_broken(network, *owed, &run, &stores) {
                    return Err(format!("proved, and broken: {owed:?} by {sent:?}: {run:#?}"));
                }
            }
        }
    }
    Ok(())
}

fn verdicts(network: &Network, options: Options) -> Vec<(Owed, Verdict)> {
    let shared = Arc::new(network.clone());
    let replayed = || Arc::clone(&shared);
    let net = net(network, options);
    let mut prover = Prover::new(&net, &replayed, options);
    let verdict = |owed| {
        let verdict = match owed {
            Owed::Invariant(map) => prover.invariant_verdict(PART, map),
            Owed::Unique(map) => prover.unique_verdict(PART, map),
            Owed::Assertion(at) => prover.assertion_verdict("assertion".into(), PART, at),
        };
        (owed, verdict.result)
    };
    owed(&network.part(PART).program).into_iter().map(verdict).collect()
}

fn owed(program: &Program) -> Vec<Owed> {
    let maps = (0..program.maps.len() as u32).map(MapId);
    let of_maps = maps.flat_map(|map| [Owed::Invariant(map), Owed::Unique(map)]);
    let assertions = (0u32..).zip(&program.blocks).filter_map(|(id, block)| {
        let at = InstrId { block: BlockId(id), index: block.ops.len() as u32 };
        matches!(block.end, End::Check { kind: CheckKind::Assert, .. }).then_some(Owed::Assertion(at))
    });
    of_maps.chain(assertions).collect()
}

fn is_broken(network: &Network, owed: Owed, run: &Run, stores: &Stores) -> bool {
    let dropped = |wanted: &dyn Fn(&Reason, Option<InstrId>) -> bool| {
        run.copies.iter().any(|copy| match &copy.outcome {
            Outcome::Dropped { reason, by } => wanted(reason, by.map(|b| b.1)),
            _ => false,
        })
    };
    match owed {
        Owed::Invariant(map) => {
            let decl = &network.part(PART).program.maps[map.index()];
            stores.part(PART).map(map).entries().any(|(_, entry)| !decl.admits(&entry.columns))
        }
        Owed::Unique(map) => dropped(&|reason, _| *reason == Reason::Clash(map)),
        Owed::Assertion(at) => dropped(&|reason, by| *reason == Reason::Assertion && by == Some(at)),
    }
}
