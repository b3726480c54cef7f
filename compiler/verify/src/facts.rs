//! What a lineage met on its way: choices, entries, times.

use crate::row::{Missed, Row, Stored};
use crate::sym::{Sym, Var};
use rdcl_core::{MapId, PartId};
use std::collections::BTreeSet;

/// What a lineage met on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Choices made, in order.
    pub choices: Vec<(PartId, Var)>,
    /// Entries found.
    pub found: Vec<(PartId, Stored)>,
    /// Index keys for which there was no entry.
    pub missed: Vec<(PartId, Missed)>,
    /// Entries added.
    pub added: Vec<(PartId, Stored)>,
    /// Entries that were there and were written to, as they are then.
    pub changed: Vec<(PartId, Stored)>,
    /// The times of visits by blocks that look at the clock, in order.
    pub times: Vec<Var>,
    /// Maps that had no room.
    pub full: BTreeSet<(PartId, MapId)>,
    /// Parts that may treat an equal packet otherwise at another time: their state was asked or changed, or they look at
    /// the clock.
    pub stateful: BTreeSet<PartId>,
    /// An entry was removed or written to, or a part's state was met at two visits: what is found depends on the order of events.
    pub ordered: bool,
}

impl Facts {
    /// What is known after a visit that took this row.
    pub fn after(&self, part: PartId, row: &Row, rename: &mut dyn FnMut(Var) -> Sym) -> Facts {
        let mut facts = self.clone();
        let mut renamed = |syms: &[Sym]| syms.iter().map(|s| s.substitute(rename)).collect::<Vec<_>>();
        let visit = &row.facts;
        for stored in &visit.found {
            facts.found.push((part, Stored { map: stored.map, columns: renamed(&stored.columns) }));
        }
        for stored in &visit.added {
            facts.added.push((part, Stored { map: stored.map, columns: renamed(&stored.columns) }));
        }
        for stored in visit.rewritten() {
            facts.changed.push((part, Stored { map: stored.map, columns: renamed(&stored.columns) }));
        }
        for missed in &visit.missed {
            let keys = renamed(&missed.keys);
            facts.missed.push((part, Missed { map: missed.map, index: missed.index, keys }));
        }
        for choice in &visit.choices {
            if let Sym::Var(var) = rename(*choice) {
                facts.choices.push((part, var));
            }
        }
        if visit.clock
            && let Sym::Var(var) = rename(Var::now())
        {
            facts.times.push(var);
        }
        if visit.is_stateful() || visit.clock {
            facts.ordered |= visit.removes() || !visit.changed.is_empty() || !facts.stateful.insert(part);
        }
        facts.full.extend(visit.full.iter().map(|map| (part, *map)));
        facts
    }
}
