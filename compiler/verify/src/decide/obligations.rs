//! Obligations that come from a block's own code: assertions hold, inserts keep invariants and do not clash.

use super::{Prover, Shows, Trial};
use crate::claims::{Candidate, Doubt, doubt_of};
use crate::explore::LeafEnd;
use crate::replay::{Replay, Shot, copies};
use crate::verdict::{Outcome, Verdict};
use rdcl_core::{BoundaryId, InstrId, MapId, Outcome as RunOutcome, PacketCopy, PartId, Reason};
use rdcl_hir::Claim;

impl Prover<'_> {
    /// Whether every insert into a map keeps its invariant.
    pub fn invariant_verdict(&mut self, part: PartId, map: MapId) -> Verdict {
        let decl = self.net.map(part, map).clone();
        let breaks = |_: &Trial, _: &[Shot], replay: &Replay| {
            let mut entries = replay.stores.part(part).map(map).entries();
            let broken = entries.any(|(_, entry)| !decl.admits(&entry.columns));
            broken.then(|| (0..replay.runs.last().map_or(0, |run| run.copies.len())).collect())
        };
        self.obligation(format!("{}.invariant", decl.name), &LeafEnd::Breaks(part, map), &breaks)
    }

    /// Whether no insert into a map finds its key or unique index taken.
    pub fn unique_verdict(&mut self, part: PartId, map: MapId) -> Verdict {
        let clashes =
            |_: &Trial, _: &[Shot], replay: &Replay| copies(replay.runs.last()?, |copy| has_clashed(copy, part, map));
        let name = format!("{}.unique", self.net.map(part, map).name);
        self.obligation(name, &LeafEnd::Clash(part, map), &clashes)
    }

    /// Whether an assertion always holds.
    pub fn assertion_verdict(&mut self, name: String, part: PartId, at: InstrId) -> Verdict {
        let fails = |_: &Trial, _: &[Shot], replay: &Replay| {
            copies(replay.runs.last()?, |copy| fails_assertion(copy, part, at))
        };
        self.obligation(name, &LeafEnd::Assertion(part, at), &fails)
    }

    /// That no packet ends in a certain way.
    fn obligation(&mut self, property: String, end: &LeafEnd, shows: Shows<'_>) -> Verdict {
        let before = self.context().stats;
        self.begin();
        let entries: Vec<BoundaryId> = self.net.entries().collect();
        let (mut trials, mut doubts, mut any, mut runs) = (Vec::new(), Vec::new(), false, false);
        for from in entries {
            let leaves = self.leaves_from(from);
            runs |= leaves.iter().any(|leaf| leaf.end != LeafEnd::Assumption);
            // What is not modelled lies behind the visit, where the instance's own code is done.
            doubts.extend(leaves.iter().filter_map(|l| doubt_of(l, &Claim::NoLoop)).filter(|d| *d == Doubt::Exhausted));
            for (at, leaf) in leaves.iter().enumerate().filter(|(_, leaf)| leaf.end == *end) {
                any = true;
                if leaf.guard.unknown {
                    doubts.push(Doubt::Solver);
                    continue;
                }
                let found = Candidate { leaves: vec![at], guard: leaf.guard.clone(), doubt: None };
                // An entry may be removed again before the visit ends.
                trials.extend(self.trials(from, None, &found).into_iter().map(|t| Trial { plain: false, ..t }));
            }
        }
        let result = match self.first_shown(trials, shows) {
            Some(witness) => Outcome::Violated(Box::new(witness)),
            None if !doubts.is_empty() => Outcome::Undecided(self.why_undecided(&doubts)),
            None if self.is_cut_short() => Outcome::Undecided(self.why_not_shown()),
            None if any => Outcome::Undecided("no run from empty state was found that shows it to fail".to_owned()),
            None if !runs => Outcome::Vacuous,
            None => Outcome::Proved,
        };
        let stats = self.context().stats - before;
        Verdict { property, index: None, result, assumes: Vec::new(), remarks: Vec::new(), stats }
    }
}

fn fails_assertion(copy: &PacketCopy, part: PartId, at: InstrId) -> bool {
    matches!(copy.outcome, RunOutcome::Dropped { reason: Reason::Assertion, by: Some(by) } if by == (part, at))
}

fn has_clashed(copy: &PacketCopy, part: PartId, map: MapId) -> bool {
    matches!(&copy.outcome, RunOutcome::Dropped { reason: Reason::Clash(m), by: Some((p, _)) } if (*p, *m) == (part, map))
}
