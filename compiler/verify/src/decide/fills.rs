//! Candidates that need a full map, or one in which no value is free.

use super::reasons::Short;
use super::{Claimed, Prover, field_order};
use crate::claims::Candidate;
use crate::explore::Leaf;
use crate::fill::{Chooser, Filling, Goal, Template, choosing, fill};
use crate::guard::Guard;
use crate::replay::{FUEL, Replay, Shot, replay_into, shows, times, witness};
use crate::sym::VarKind;
use crate::verdict::Witness;
use rdcl_core::{BoundaryId, Interpreter, Stores};
use rdcl_hir::Property;

/// The most candidates for which a map is filled.
const MOST_FILLS: usize = 8;

impl Prover<'_> {
    /// The first candidate that needs a full map and is shown once the map is full.
    pub(super) fn first_filled(&mut self, property: &Property, certain: &[Claimed]) -> Option<Witness> {
        let mut tried = 0;
        for (from, to, candidate) in certain {
            let Some(goal) = self.goal(*from, candidate) else { continue };
            tried += 1;
            if tried > MOST_FILLS || self.packets == 0 {
                self.short.insert(Short::Spent);
                return None;
            }
            let shown = self.filled(property, (*from, *to), candidate, goal);
            if shown.is_some() {
                return shown;
            }
        }
        None
    }

    /// The map that must be filled, if there is just one.
    fn goal(&mut self, from: BoundaryId, candidate: &Candidate) -> Option<Goal> {
        let leaves = self.leaves_from(from);
        let [leaf] = candidate.leaves.as_slice() else { return None };
        let facts = &leaves[*leaf].facts;
        let (part, map) = *facts.full.first().filter(|_| facts.full.len() == 1 && facts.found.is_empty())?;
        Some(Goal { part, map, to_capacity: !needs_no_free(&candidate.guard) })
    }

    fn filled(
        &mut self,
        property: &Property,
        (from, to): (BoundaryId, Option<BoundaryId>),
        candidate: &Candidate,
        goal: Goal,
    ) -> Option<Witness> {
        let leaves = self.leaves_from(from);
        let leaf = &leaves[*candidate.leaves.first()?];
        let shape = leaf.view.entry_shape;
        let order = field_order(shape);
        let (_, model) = self.least(std::slice::from_ref(&candidate.guard), &order)?;
        let target = Shot::new(from, shape, &leaf.facts, 0, &model).addressed(&self.explorer);
        let network = (self.network)();
        let interpreter = Interpreter::new(&network);
        let room = self.net.map(goal.part, goal.map).capacity;
        let fits = |l: &&Leaf| l.view.entry_shape == shape && l.facts.found.is_empty() && l.facts.full.is_empty();
        let pool = self.pool();
        for template in pool.iter().filter(fits).filter(|l| adds(l, goal)) {
            let Some((_, model)) = self.least(std::slice::from_ref(&template.guard), &order) else { continue };
            let made = Template { leaf: template, model: &model, explorer: &self.explorer };
            for chooser in [Chooser::Own, Chooser::Resolver] {
                let (stores, left) = (Stores::new(&network), &mut self.packets);
                let Some(filling) = fill(&interpreter, stores, (goal, room), (&made, chooser), &target, left) else {
                    continue;
                };
                let earliest = times(&filling.shots).last().copied().unwrap_or(0);
                for shot in self.last_shots(&target, candidate, leaf, &filling) {
                    let now = shot.now.unwrap_or(0).max(earliest);
                    let mut stores = filling.stores.clone();
                    let Some(run) = replay_into(&interpreter, &mut stores, (&shot, now), FUEL) else { continue };
                    if let Some(telling) = shows(property, to, &shot.packet, &run) {
                        let shots: Vec<Shot> = filling.shots.into_iter().chain([shot]).collect();
                        let replay = Replay { runs: vec![run], stores };
                        return Some(witness(&network, &shots, &replay, telling, false));
                    }
                }
            }
        }
        if self.packets == 0 {
            self.short.insert(Short::Spent);
        }
        None
    }

    /// The packet in question: as planned, with values that the history did not take, and with the resolver's.
    fn last_shots(&self, target: &Shot, candidate: &Candidate, leaf: &Leaf, filling: &Filling) -> Vec<Shot> {
        let mut shots = vec![target.clone()];
        if !leaf.facts.choices.is_empty() {
            let other = choosing(target.clone(), &candidate.guard, filling.shots.len());
            shots.extend(other.map(|shot| shot.addressed(&self.explorer)));
            shots.push(Shot { choices: Vec::new(), decisions: Vec::new(), ..target.clone() });
        }
        shots
    }
}

/// Whether some choice must find no legal value.
fn needs_no_free(guard: &Guard) -> bool {
    guard.product.iter().any(|(var, set)| matches!(var.kind, VarKind::NoFree(_)) && set.as_single() == Some(1))
}

fn adds(leaf: &Leaf, goal: Goal) -> bool {
    leaf.facts.added.iter().any(|(part, stored)| *part == goal.part && stored.map == goal.map)
}
