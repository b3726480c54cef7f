//! Histories: packets sent before, from empty stores, that leave the entries a candidate needs.
//!
//! Stores are threaded here, not arbitrary: an entry that a packet finds must have been added by a packet before it,
//! and a key that it misses must not have been. An entry that a packet writes to is another one for those after it; that
//! none between has written to it again is not said here, but seen when the history is replayed.

use crate::claims::conjoin;
use crate::execute::{has_key, key_of};
use crate::explore::{Facts, Leaf};
use crate::guard::{Context, Guard};
use crate::net::Net;
use crate::row::{Missed, Stored};
use crate::sym::{Sym, SymCond, Var};
use rdcl_core::{MapId, PartId};
use std::cell::Cell;
use std::collections::BTreeMap;

/// The most plans that are made for one candidate.
const MOST_PLANS: usize = 64;

/// The most packets that are tried in plans for one property.
pub const MOST_TRIED: u32 = 2_000;

/// For how many of them one counts that writes to an entry: it needs that entry, and so a packet before.
const COST_OF_CHANGE: u32 = 20;

/// A way to bring a candidate about.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Leaves of the pool that the packets of the history take. The first was needed last and is sent first.
    /// The packet at position *i* has number `packets.len() - i`.
    pub packets: Vec<usize>,
    /// Everything that must hold, of all packets together.
    pub guard: Guard,
}

/// An entry that some packet must find.
#[derive(Clone)]
struct Need {
    /// Who finds it: 0 is the packet in question.
    by: u16,
    part: PartId,
    entry: Stored,
}

#[derive(Clone)]
struct Draft {
    guard: Guard,
    /// Leaves taken, in the order in which they were needed; the packet's number is the position plus 1.
    packets: Vec<usize>,
    /// For each packet, 0 first, what it meets.
    facts: Vec<Facts>,
    needs: Vec<Need>,
}

/// Looks for plans with as few packets as possible.
pub struct Planner<'a> {
    /// The network.
    pub net: &'a Net,
    /// Leaves from every boundary port.
    pub pool: &'a [Leaf],
    /// The longest history.
    pub longest: u32,
    /// Whether a plan is taken as a proof that there is a run, rather than replayed.
    pub exact: bool,
    /// How many more packets may be tried.
    pub left: Cell<u32>,
}

impl Planner<'_> {
    /// Plans for a candidate that holds when `guard` does and meets `facts`; all have equally many packets.
    pub fn plans(&self, context: &mut Context, guard: &Guard, facts: &Facts) -> Vec<Plan> {
        let needs = needs_of(facts, 0);
        let first = Draft { guard: guard.clone(), packets: Vec::new(), facts: vec![facts.clone()], needs };
        for length in 0..=self.longest {
            let mut plans = Vec::new();
            self.extend(context, first.clone(), length as usize, &mut plans);
            if !plans.is_empty() {
                return plans;
            }
        }
        Vec::new()
    }

    /// Meets the next need, with packets already planned or with one more.
    fn extend(&self, context: &mut Context, mut draft: Draft, length: usize, plans: &mut Vec<Plan>) {
        if plans.len() >= MOST_PLANS || context.is_spent() {
            return;
        }
        let Some(need) = draft.needs.pop() else {
            return self.complete(context, draft, length, plans);
        };
        for before in (usize::from(need.by) + 1)..draft.facts.len() {
            for left in left_by(&draft.facts[before]).cloned().collect::<Vec<_>>() {
                for guard in same_entry(context, &draft.guard, &need, &left) {
                    self.extend(context, Draft { guard, ..draft.clone() }, length, plans);
                }
            }
        }
        if draft.packets.len() < length {
            self.send_one_more(context, &draft, &need, length, plans);
        }
    }

    fn send_one_more(&self, context: &mut Context, draft: &Draft, need: &Need, length: usize, plans: &mut Vec<Plan>) {
        let number = draft.packets.len() as u16 + 1;
        for (at, leaf) in self.pool.iter().enumerate() {
            let adds = left_by(&leaf.facts).any(|(part, s)| *part == need.part && s.map == need.entry.map);
            let tangled = self.exact && is_tangled(leaf);
            if !adds || !leaf.facts.full.is_empty() || leaf.guard.unknown || tangled {
                continue;
            }
            let cost = if leaf.facts.changed.is_empty() { 1 } else { COST_OF_CHANGE };
            let Some(left) = self.left.get().checked_sub(cost) else { return };
            self.left.set(left);
            let facts = rename_facts(&leaf.facts, number);
            let theirs = rename_guard(&leaf.guard, number);
            for both in conjoin(context, &draft.guard, &theirs) {
                for left in left_by(&facts) {
                    for guard in same_entry(context, &both, need, left) {
                        let mut next = Draft { guard, ..draft.clone() };
                        next.packets.push(at);
                        next.facts.push(facts.clone());
                        next.needs.extend(needs_of(&facts, number));
                        self.extend(context, next, length, plans);
                    }
                }
            }
        }
    }

    /// Keys that were missed must not have been added before.
    fn complete(&self, context: &mut Context, draft: Draft, length: usize, plans: &mut Vec<Plan>) {
        if draft.packets.len() != length || !self.has_room(&draft) {
            return;
        }
        let mut absent = Vec::new();
        for (number, facts) in draft.facts.iter().enumerate() {
            for later in &draft.facts[number + 1..] {
                absent.extend(self.absent(facts, later));
            }
        }
        for guard in context.assume(&draft.guard, &SymCond::all(absent)) {
            plans.push(Plan { packets: draft.packets.iter().rev().copied().collect(), guard });
        }
    }

    /// No map is made to hold more entries than it can.
    fn has_room(&self, draft: &Draft) -> bool {
        let mut counts: BTreeMap<(PartId, MapId), u64> = BTreeMap::new();
        for (part, stored) in draft.facts.iter().flat_map(|f| &f.added) {
            *counts.entry((*part, stored.map)).or_default() += 1;
        }
        counts.into_iter().all(|((part, map), n)| n <= self.net.map(part, map).capacity)
    }

    /// What a packet misses or adds was not added by one before it.
    fn absent(&self, of: &Facts, before: &Facts) -> Vec<SymCond> {
        let mut conds = Vec::new();
        for (part, added) in &before.added {
            let decl = self.net.map(*part, added.map);
            let missed = of.missed.iter().filter(|(p, m)| p == part && m.map == added.map);
            conds.extend(missed.map(|(_, m)| has_key(decl, m.index, &added.columns, &m.keys).negate()));
            for (_, other) in of.added.iter().filter(|(p, s)| p == part && s.map == added.map) {
                let clash = |i| has_key(decl, i, &added.columns, &key_of(decl, i, &other.columns)).negate();
                conds.extend((0..decl.indexes()).map(clash));
            }
        }
        conds
    }
}

/// Whether what a leaf finds may depend on more than the packets before it: on the order of its own visits, or on its
/// sibling copies.
pub fn is_tangled(leaf: &Leaf) -> bool {
    leaf.facts.ordered || !(leaf.copy.is_empty() || leaf.facts.stateful.is_empty())
}

/// The entries that a packet leaves: those it added, and those it wrote to.
pub fn left_by(facts: &Facts) -> impl Iterator<Item = &(PartId, Stored)> {
    facts.added.iter().chain(&facts.changed)
}

fn needs_of(facts: &Facts, by: u16) -> Vec<Need> {
    facts.found.iter().map(|(part, entry)| Need { by, part: *part, entry: entry.clone() }).collect()
}

fn same_entry(context: &mut Context, guard: &Guard, need: &Need, (part, left): &(PartId, Stored)) -> Vec<Guard> {
    if *part != need.part || left.map != need.entry.map {
        return Vec::new();
    }
    let columns = left.columns.iter().zip(&need.entry.columns);
    let equal = SymCond::all(columns.map(|(a, b)| SymCond::eq(a.clone(), b.clone())).collect::<Vec<_>>());
    context.assume(guard, &equal)
}

fn rename(var: Var, number: u16) -> Sym {
    Sym::Var(Var { packet: number, ..var })
}

fn rename_guard(guard: &Guard, number: u16) -> Guard {
    Guard {
        product: guard.product.iter().map(|(v, s)| (Var { packet: number, ..*v }, s.clone())).collect(),
        residue: guard.residue.iter().map(|c| c.substitute(&mut |v| rename(v, number))).collect(),
        unknown: guard.unknown,
    }
}

fn rename_facts(facts: &Facts, number: u16) -> Facts {
    let syms = |syms: &[Sym]| syms.iter().map(|s| s.substitute(&mut |v| rename(v, number))).collect::<Vec<_>>();
    let stored = |(part, s): &(PartId, Stored)| (*part, Stored { map: s.map, columns: syms(&s.columns) });
    let missed = |(part, m): &(PartId, Missed)| (*part, Missed { map: m.map, index: m.index, keys: syms(&m.keys) });
    Facts {
        choices: facts.choices.iter().map(|(part, v)| (*part, Var { packet: number, ..*v })).collect(),
        found: facts.found.iter().map(stored).collect(),
        missed: facts.missed.iter().map(missed).collect(),
        added: facts.added.iter().map(stored).collect(),
        changed: facts.changed.iter().map(stored).collect(),
        times: facts.times.iter().map(|v| Var { packet: number, ..*v }).collect(),
        full: facts.full.clone(),
        stateful: facts.stateful.clone(),
        ordered: facts.ordered,
    }
}
