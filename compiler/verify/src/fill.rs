//! Long histories: filling a map until it has no room, or until no value is free in it.
//!
//! A candidate that needs a full map is brought about by sending one packet after another, each of which adds an entry.
//! The packets differ in the fields that make up the key. A history chooses for itself: the packet at position *n*
//! takes the *n*-th value of each choice, whatever a resolver would take. Only where that is not legal is the resolver
//! asked.

use crate::explore::{Explorer, Facts, Leaf};
use crate::guard::Guard;
use crate::minimise::Model;
use crate::replay::{FUEL, Shot, replay_into};
use crate::sym::{Sym, Var, VarKind};
use rdcl_base::IntervalSet;
use rdcl_core::{Field, Interpreter, MapId, PartId, Stores};

/// The most packets in a row that may add nothing.
const MOST_IDLE: u32 = 64;

/// A map that is to be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Goal {
    /// Whose map.
    pub part: PartId,
    /// Which.
    pub map: MapId,
    /// Whether it must have no room; otherwise it is enough that no packet more can add an entry.
    pub to_capacity: bool,
}

/// Who makes the choices of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chooser {
    /// The history.
    Own,
    /// The resolvers of the programs.
    Resolver,
}

/// A history that leaves a map as it is wanted.
pub struct Filling {
    /// The packets sent.
    pub shots: Vec<Shot>,
    /// What they leave.
    pub stores: Stores,
}

/// Packets that take `leaf`, with a way to make others like it.
pub struct Template<'a> {
    /// The way they take.
    pub leaf: &'a Leaf,
    /// What they have in common.
    pub model: &'a Model,
    /// Where choices are made.
    pub explorer: &'a Explorer<'a>,
}

/// Fills a map of so much room, with no packet that looks up what `target` does. Each packet counts against `left`.
pub fn fill(
    interpreter: &Interpreter<'_>,
    mut stores: Stores,
    (goal, room): (Goal, u64),
    (template, chooser): (&Template<'_>, Chooser),
    target: &Shot,
    left: &mut u64,
) -> Option<Filling> {
    let leaf = template.leaf;
    let varied = key_fields(leaf, goal);
    let mut counter = Counter::new(&leaf.guard, &varied)?;
    let (mut shots, mut idle, mut held) = (Vec::new(), 0, 0);
    while held < room && idle < MOST_IDLE {
        let Some(values) = counter.next() else { break };
        let Some(mut shot) = nth(template, chooser, shots.len()) else { break };
        values.iter().for_each(|(field, value)| shot.packet.set(*field, *value));
        if varied.iter().all(|f| shot.packet.get(*f) == target.packet.get(*f)) {
            continue;
        }
        *left = left.checked_sub(1)?;
        let run = replay_into(interpreter, &mut stores, (&shot, shot.now.unwrap_or(0)), FUEL)?;
        let holds = stores.part(goal.part).map(goal.map).len() as u64;
        idle = if holds > held { 0 } else { idle + 1 };
        held = holds;
        if chooser == Chooser::Resolver {
            shot.choices = chosen(leaf, &run.chosen);
        }
        shots.push(shot);
    }
    (held >= room || !goal.to_capacity).then_some(Filling { shots, stores })
}

/// The packet at a position of the history; none if there are no values left to choose.
fn nth(template: &Template<'_>, chooser: Chooser, at: usize) -> Option<Shot> {
    let leaf = template.leaf;
    let (from, shape) = (leaf.from, leaf.view.entry_shape);
    match chooser {
        Chooser::Resolver => Some(Shot::new(from, shape, &Facts::default(), 0, template.model)),
        Chooser::Own => {
            let shot = Shot::new(from, shape, &leaf.facts, 0, template.model);
            choosing(shot, &leaf.guard, at).map(|shot| shot.addressed(template.explorer))
        }
    }
}

/// The shot with the value at this position taken in each of its choices; none if there are not so many.
pub fn choosing(mut shot: Shot, guard: &Guard, at: usize) -> Option<Shot> {
    for (_, var, value) in &mut shot.choices {
        *value = value_at(&guard.values(*var), at as u128)?;
    }
    Some(shot)
}

/// The value of a set before which so many others are.
fn value_at(set: &IntervalSet, mut at: u128) -> Option<u128> {
    for &(lo, hi) in set.intervals() {
        if at <= hi - lo {
            return Some(lo + at);
        }
        at -= hi - lo + 1;
    }
    None
}

/// The choices of a packet that took the template, with the values that the resolver gave them.
fn chosen(template: &Leaf, values: &[u128]) -> Vec<(PartId, Var, u128)> {
    template.facts.choices.iter().zip(values).map(|((part, var), value)| (*part, *var, *value)).collect()
}

/// The entry fields that the key of the added entry is made of.
fn key_fields(template: &Leaf, goal: Goal) -> Vec<Field> {
    let added = template.facts.added.iter().filter(|(p, s)| *p == goal.part && s.map == goal.map);
    let mut fields = Vec::new();
    for column in added.flat_map(|(_, s)| &s.columns) {
        if let Sym::Var(Var { packet: 0, visit: 0, kind: VarKind::Field(field), .. }) = column
            && field.is_writable()
        {
            fields.push(*field);
        }
    }
    fields
}

/// Counts through the values that a guard leaves some fields, the last field fastest.
struct Counter {
    digits: Vec<(Field, IntervalSet, u128)>,
    spent: bool,
}

impl Counter {
    fn new(guard: &Guard, fields: &[Field]) -> Option<Counter> {
        let digit = |field: &Field| {
            let values = guard.values(Var::field(*field));
            let least = values.least()?;
            Some((*field, values, least))
        };
        let digits = fields.iter().map(digit).collect::<Option<Vec<_>>>()?;
        Some(Counter { spent: digits.is_empty(), digits })
    }

    fn next(&mut self) -> Option<Vec<(Field, u128)>> {
        if self.spent {
            return None;
        }
        let values = self.digits.iter().map(|(field, _, value)| (*field, *value)).collect();
        self.advance();
        Some(values)
    }

    fn advance(&mut self) {
        for (_, values, value) in self.digits.iter_mut().rev() {
            let above = values.intersect(&IntervalSet::range(value.saturating_add(1), u128::MAX));
            match above.least() {
                Some(next) => {
                    *value = next;
                    return;
                }
                None => *value = values.least().unwrap_or(0),
            }
        }
        self.spent = true;
    }
}
