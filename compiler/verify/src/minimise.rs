//! The least assignment, by our own order: variables in a given order, for each its preferred value if it may have it,
//! otherwise its least. Independent of the solver's version, since the solver is only asked what is possible.

use crate::guard::{Context, Guard};
use crate::sym::{Sym, SymCond, Var, VarKind};
use rdcl_base::IntervalSet;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

/// An assignment.
#[derive(Clone, Debug, Default)]
pub struct Model {
    values: BTreeMap<Var, u128>,
    /// Whether every value is the least.
    pub minimal: bool,
}

impl Model {
    /// The time at which a packet is under way, if anything depends on it.
    pub fn time(&self, packet: u16) -> Option<u64> {
        let is_its = |(var, _): &(&Var, &u128)| var.packet == packet && var.kind == VarKind::Now;
        self.values.iter().find(is_its).map(|(_, value)| *value as u64)
    }

    /// The value of a variable; one that matters nowhere has its preferred value, or 0.
    pub fn value(&self, var: Var) -> u128 {
        self.values.get(&var).copied().or_else(|| preferred(var)).unwrap_or(0)
    }
}

fn preferred(var: Var) -> Option<u128> {
    match var.kind {
        VarKind::Field(field) => field.decl().preferred,
        VarKind::Body | VarKind::Choice(_) | VarKind::Cell { .. } | VarKind::Full { .. } => None,
        VarKind::NoFree(_) | VarKind::Now | VarKind::Unknown(_) => None,
    }
}

/// The most times that a function is looked at for one assignment.
const MOST_LEARNT: usize = 256;

/// Why there is no assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfound {
    /// None is possible, whatever hashes are.
    Empty,
    /// Some function allows one, but the real hash does not as far as it was looked at.
    Hash,
    /// The work was used up before.
    Spent,
}

/// The least assignment in any of the guards, and the index of a guard that has it. `order` comes first; what other
/// variables the guard has follow in their own order.
///
/// The solver takes a hash for any function. Where an assignment rests on another than the real one, what the real one
/// gives there is added, and the search begins again.
pub fn least(context: &mut Context, guards: &[Guard], order: &[Var]) -> Option<(usize, Model)> {
    least_or_why(context, guards, order).ok()
}

/// The same, or why there is none.
pub fn least_or_why(context: &mut Context, guards: &[Guard], order: &[Var]) -> Result<(usize, Model), Unfound> {
    let mut guards = guards.to_vec();
    for learnt in 0..MOST_LEARNT {
        let found = least_of_any(context, &guards, order);
        if context.is_spent() {
            return Err(Unfound::Spent);
        }
        let (at, model) = found.ok_or(if learnt == 0 { Unfound::Empty } else { Unfound::Hash })?;
        let value = |var: Var| model.value(var);
        if !has_hash(&guards[at]) || guards[at].admits(&value) {
            return Ok((at, model));
        }
        let facts = real_hashes(&guards[at], &value);
        guards.iter_mut().for_each(|guard| guard.residue.extend(facts.iter().cloned()));
    }
    Err(Unfound::Hash)
}

fn has_hash(guard: &Guard) -> bool {
    let mut found = false;
    guard.residue.iter().for_each(|cond| cond.hashes(&mut |_, _| found = true));
    found
}

/// For each hash of a guard what it is at one point: that its arguments are others, or it is this.
fn real_hashes(guard: &Guard, value: &dyn Fn(Var) -> u128) -> BTreeSet<SymCond> {
    let mut facts = BTreeSet::new();
    let mut learn = |of: &[Sym], size: NonZeroU32| {
        let hash = Sym::hash(of.to_vec(), size);
        let other = of.iter().map(|a| SymCond::is_in(a.clone(), IntervalSet::single(a.eval(value))).negate());
        let this = SymCond::is_in(hash.clone(), IntervalSet::single(hash.eval(value)));
        facts.insert(SymCond::any(other.chain([this])));
    };
    guard.residue.iter().for_each(|cond| cond.hashes(&mut learn));
    facts
}

fn least_of_any(context: &mut Context, guards: &[Guard], order: &[Var]) -> Option<(usize, Model)> {
    let mut model = Model { values: BTreeMap::new(), minimal: true };
    let mut open: Vec<(usize, Guard)> = guards.iter().cloned().enumerate().collect();
    for var in order {
        settle(context, &mut model, &mut open, *var)?;
    }
    open.truncate(1);
    let rest = open.first().map(|(_, guard)| variables(guard))?;
    for var in rest {
        if !model.values.contains_key(&var) {
            settle(context, &mut model, &mut open, var)?;
        }
    }
    open.first().map(|(at, _)| (*at, model))
}

fn variables(guard: &Guard) -> Vec<Var> {
    let mut found: Vec<Var> = guard.product.keys().copied().collect();
    for cond in &guard.residue {
        cond.variables(&mut |v| found.push(v));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Gives one variable its value, and keeps the guards that allow it.
fn settle(context: &mut Context, model: &mut Model, open: &mut Vec<(usize, Guard)>, var: Var) -> Option<()> {
    let mut best: Option<(bool, u128)> = None;
    for (_, guard) in open.iter() {
        let Some(value) = least_value(context, guard, var, &mut model.minimal) else { continue };
        let rank = (Some(value) != preferred(var), value);
        best = Some(best.map_or(rank, |b| b.min(rank)));
    }
    let (_, value) = best?;
    model.values.insert(var, value);
    let mut kept = Vec::new();
    for (at, guard) in open.iter().filter(|(_, guard)| guard.values(var).contains(value)) {
        kept.extend(guard.fix(context, var, value).into_iter().map(|g| (*at, g)));
    }
    *open = kept;
    (!open.is_empty()).then_some(())
}

/// The preferred value if possible, else the least possible one.
fn least_value(context: &mut Context, guard: &Guard, var: Var, minimal: &mut bool) -> Option<u128> {
    let values = guard.values(var);
    if !guard.residue.iter().any(|c| c.mentions(var)) {
        return preferred(var).filter(|p| values.contains(*p)).or_else(|| values.least());
    }
    let mut possible = |set: IntervalSet| match values.intersect(&set) {
        set if set.is_empty() => false,
        set => is_possible(context, guard, var, set, minimal),
    };
    if let Some(p) = preferred(var)
        && possible(IntervalSet::single(p))
    {
        return Some(p);
    }
    if let Some(least) = values.least()
        && possible(IntervalSet::single(least))
    {
        return Some(least);
    }
    bit_by_bit(var, &mut possible)
}

fn is_possible(context: &mut Context, guard: &Guard, var: Var, set: IntervalSet, minimal: &mut bool) -> bool {
    let pieces = context.assume(guard, &SymCond::is_in(Sym::Var(var), set));
    if !pieces.is_empty() && pieces.iter().all(|p| p.unknown) {
        *minimal = false;
    }
    !pieces.is_empty()
}

/// The least possible value, from the most significant bit down.
fn bit_by_bit(var: Var, possible: &mut dyn FnMut(IntervalSet) -> bool) -> Option<u128> {
    let mut value = 0u128;
    for bit in (0..var.width).rev() {
        let below = (1u128 << bit) - 1;
        if !possible(IntervalSet::range(value, value | below)) {
            value |= 1 << bit;
        }
    }
    possible(IntervalSet::single(value)).then_some(value)
}
