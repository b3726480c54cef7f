//! Long histories: filling a map until it has no room.
//!
//! A candidate that needs a full map is brought about by sending one packet after another, each of which adds an entry,
//! until an insert is refused. The packets differ in the fields that make up the key; choices are left to the resolver.

use crate::explore::{Facts, Leaf};
use crate::guard::Guard;
use crate::minimise::Model;
use crate::replay::{FUEL, Replay, Shot, replay_from};
use crate::sym::{Sym, Var, VarKind};
use rdcl_base::IntervalSet;
use rdcl_core::{Field, Injection, Interpreter, MapId, Network, PartId, Stores, Time, deparse};

/// The most packets that are sent to fill a map.
const MOST_PACKETS: usize = 200_000;

/// A history that leaves a map full, and what the packet in question does then.
pub struct Filled {
    /// The packets sent, and last the one in question.
    pub shots: Vec<Shot>,
    /// What came of the last.
    pub replay: Replay,
}

/// Fills the map with packets that take `template`, then sends `target`.
pub fn fill(network: &Network, full: (PartId, MapId), template: &Leaf, model: &Model, target: &Shot) -> Option<Filled> {
    let interpreter = Interpreter::new(network);
    let mut stores = Stores::new(network);
    let mut shots = Vec::new();
    let varied = key_fields(template, full);
    let mut counter = Counter::new(&template.guard, &varied)?;
    while shots.len() < MOST_PACKETS {
        let values = counter.next()?;
        let mut shot = Shot::new(template.from, template.view.entry_shape, &Facts::default(), 0, model);
        values.iter().for_each(|(field, value)| shot.packet.set(*field, *value));
        if varied.iter().all(|f| shot.packet.get(*f) == target.packet.get(*f)) {
            continue;
        }
        let bytes = deparse(&shot.packet);
        let now = shot.now.unwrap_or(0);
        let injection = Injection { at: shot.from, bytes: &bytes, now: Time(now), tape: None, fuel: FUEL };
        let run = interpreter.run(&mut stores, injection).ok()?;
        if run.copies.iter().any(|copy| copy.full().any(|f| f == full)) {
            let replay = replay_from(&interpreter, stores, target, now)?;
            shots.push(target.clone());
            return Some(Filled { shots, replay });
        }
        shot.choices = chosen(template, &run.chosen);
        shots.push(shot);
    }
    None
}

/// The choices of a packet that took the template, with the values that the resolver gave them.
fn chosen(template: &Leaf, values: &[u128]) -> Vec<(PartId, Var, u128)> {
    template.facts.choices.iter().zip(values).map(|((part, var), value)| (*part, *var, *value)).collect()
}

/// The entry fields that the key of the added entry is made of.
fn key_fields(template: &Leaf, (part, map): (PartId, MapId)) -> Vec<Field> {
    let added = template.facts.added.iter().filter(|(p, s)| *p == part && s.map == map);
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
