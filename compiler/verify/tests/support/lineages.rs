//! A packet's way through a network, twice: what the interpreter did against the leaves of the exploration.
//!
//! Without state each copy must be in exactly one leaf, and that leaf must tell how it ended. With state a leaf speaks
//! of an arbitrary store at each visit: some leaf whose entries were there, and whose missing keys were not, at some
//! moment of the run must tell how the copy ended.

use crate::coverage::Coverage;
use crate::promises::are_passed;
use rdcl_core::*;
use rdcl_verify::{Leaf, LeafEnd, Stored, Sym, Var, VarKind};
use std::collections::{BTreeMap, BTreeSet};

/// A run of the interpreter.
pub struct Lineage<'l> {
    /// The packet that entered.
    pub packet: &'l Packet,
    /// What became of it.
    pub run: &'l Run,
    /// The time, in ns.
    pub now: u64,
    /// The stores at every moment; none for networks without state.
    pub moments: &'l [Stores],
    /// The waypoints that the leaves tell about.
    pub through: &'l [BTreeSet<PartId>],
}

/// The values of variables, of those known so far.
type Values = BTreeMap<Var, u128>;

impl Lineage<'_> {
    /// Compares; says what differs.
    pub fn compare(&self, leaves: &[Leaf], coverage: &mut Coverage) -> Result<(), String> {
        'copies: for copy in self.run.copies.iter().filter(|c| c.outcome != Outcome::Exhausted) {
            let told = leaves.iter().filter(|leaf| self.may_be(leaf, copy));
            let mut exact = Vec::new();
            for leaf in told {
                coverage.add(format!("leaf {}", end(&leaf.end)));
                match leaf.end {
                    LeafEnd::Exhausted | LeafEnd::Unmodelled => continue 'copies,
                    _ => exact.push(leaf),
                }
            }
            let right = exact.iter().filter(|leaf| self.tells(leaf, copy)).count();
            let agree = if self.moments.is_empty() { right == 1 && exact.len() == 1 } else { right > 0 };
            if !agree {
                return Err(format!("{right} of {} leaves tell {copy:?}\n{exact:#?}", exact.len()));
            }
        }
        Ok(())
    }

    /// Whether the copy may have gone where the leaf ends, or through where it gave up.
    fn may_be(&self, leaf: &Leaf, copy: &PacketCopy) -> bool {
        let gave_up = matches!(leaf.end, LeafEnd::Exhausted | LeafEnd::Unmodelled);
        let path: Vec<u32> = leaf.copy.iter().map(|arm| arm.arm).collect();
        let on_the_way = if gave_up { copy.path.starts_with(&path) } else { copy.path == path };
        leaf.view.entry_shape == self.packet.shape()
            && !matches!(leaf.end, LeafEnd::Breaks(..))
            && on_the_way
            && self.values(leaf, copy).is_some()
    }

    /// Values for the leaf's variables with which the copy is in the leaf.
    fn values(&self, leaf: &Leaf, copy: &PacketCopy) -> Option<Values> {
        let values = leaf.facts.choices.iter().map(|(_, var)| *var).zip(choices(copy)).collect();
        self.entries(leaf, &leaf.facts.found, values)
    }

    /// Looks for the entries that the leaf finds among those there were.
    fn entries(&self, leaf: &Leaf, found: &[(PartId, Stored)], values: Values) -> Option<Values> {
        let Some(((part, stored), rest)) = found.split_first() else {
            return self.holds(leaf, &values).then_some(values);
        };
        let entries: BTreeSet<Vec<u128>> = self
            .moments
            .iter()
            .flat_map(|stores| stores.part(*part).map(stored.map).entries())
            .map(|(_, entry)| entry.columns.clone())
            .collect();
        entries.into_iter().find_map(|entry| self.entries(leaf, rest, self.bind(stored, &entry, &values)?))
    }

    /// The values with those of an entry's columns, if it can be this entry.
    fn bind(&self, stored: &Stored, entry: &[u128], values: &Values) -> Option<Values> {
        let mut values = values.clone();
        for (sym, value) in stored.columns.iter().zip(entry) {
            match sym {
                Sym::Var(var) if matches!(var.kind, VarKind::Cell { .. }) && !values.contains_key(var) => {
                    values.insert(*var, *value);
                }
                known if self.eval(known, &values) == *value => {}
                _ => return None,
            }
        }
        Some(values)
    }

    fn eval(&self, sym: &Sym, values: &Values) -> u128 {
        sym.eval(&|var| self.value(var, values))
    }

    fn value(&self, var: Var, values: &Values) -> u128 {
        match var.kind {
            VarKind::Field(field) => self.packet.get(field),
            VarKind::Body => (self.packet.options.len() + self.packet.payload.len()) as u128,
            VarKind::Choice(_) | VarKind::Cell { .. } => values.get(&var).copied().unwrap_or(0),
            VarKind::Now => self.now.into(),
            VarKind::Full { .. } | VarKind::NoFree(_) | VarKind::Unknown(_) => 0,
        }
    }

    fn holds(&self, leaf: &Leaf, values: &Values) -> bool {
        let of_room = |var: &Var| matches!(var.kind, VarKind::Full { .. } | VarKind::NoFree(_));
        let product = leaf.guard.product.iter().filter(|(var, _)| !of_room(var));
        let missing = |(part, missed): &(PartId, rdcl_verify::Missed)| {
            let keys: Vec<u128> = missed.keys.iter().map(|k| self.eval(k, values)).collect();
            self.moments.iter().any(|s| s.part(*part).map(missed.map).lookup(missed.index, &keys).is_none())
        };
        product.into_iter().all(|(var, set)| set.contains(self.value(*var, values)))
            && leaf.guard.residue.iter().all(|cond| cond.eval(&|var| self.value(var, values)))
            && leaf.facts.missed.iter().all(missing)
    }

    /// Whether the leaf tells how the copy ended.
    fn tells(&self, leaf: &Leaf, copy: &PacketCopy) -> bool {
        let full: BTreeSet<(PartId, MapId)> = copy.full().collect();
        let ends = match (&leaf.end, &copy.outcome) {
            (LeafEnd::Delivered(to), Outcome::Delivered { at, packet, .. }) => {
                to == at && self.leaves_as(leaf, copy, packet) && leaf.passed == self.passed(copy)
            }
            (LeafEnd::Clash(p, m), Outcome::Dropped { reason: Reason::Clash(map), by }) => {
                m == map && by.is_some_and(|(part, _)| part == *p)
            }
            (LeafEnd::Assertion(part, at), Outcome::Dropped { reason: Reason::Assertion, by }) => {
                *by == Some((*part, *at))
            }
            (LeafEnd::Dropped, Outcome::Dropped { reason, .. }) => {
                !matches!(reason, Reason::Clash(_) | Reason::Assertion)
            }
            (LeafEnd::Loop { part: p, port: q, exact: e }, Outcome::Loop { part, port, exact }) => {
                (p, q, e) == (part, port, exact)
            }
            _ => false,
        };
        ends && leaf.facts.full == full && leaf.facts.choices.len() == choices(copy).count()
    }

    fn passed(&self, copy: &PacketCopy) -> usize {
        (0..=self.through.len()).rfind(|n| are_passed(&copy.trail, &self.through[..*n])).unwrap_or(0)
    }

    fn leaves_as(&self, leaf: &Leaf, copy: &PacketCopy, packet: &Packet) -> bool {
        let Some(values) = self.values(leaf, copy) else { return false };
        let field = |field: Field| self.eval(&leaf.view.field(field), &values) == packet.get(field);
        leaf.view.shape == packet.shape() && packet.shape().fields().all(field)
    }
}

/// The values that a copy chose, in order.
fn choices(copy: &PacketCopy) -> impl Iterator<Item = u128> {
    let steps = copy.trail.iter().flat_map(|hop| &hop.steps);
    steps.filter_map(|step| if let Took::Chose(_, value) = step.took { Some(value) } else { None })
}

/// The kind of a leaf's end.
pub fn end(end: &LeafEnd) -> &'static str {
    match end {
        LeafEnd::Delivered(_) => "delivered",
        LeafEnd::Dropped => "dropped",
        LeafEnd::Loop { .. } => "loop",
        LeafEnd::Exhausted => "exhausted",
        LeafEnd::Assumption => "assumption",
        LeafEnd::Assertion(..) => "assertion",
        LeafEnd::Clash(..) => "clash",
        LeafEnd::Breaks(..) => "breaks",
        LeafEnd::Opaque(_) => "opaque",
        LeafEnd::Unmodelled => "unmodelled",
    }
}

/// The stores before a run and after each of its visits; none if there are too many.
pub fn moments(network: &Network, before: &Stores, injection: Injection<'_>) -> Option<Vec<Stores>> {
    let interpreter = Interpreter::new(network);
    let mut moments = vec![before.clone()];
    for fuel in 1..40 {
        let mut stores = before.clone();
        let run = interpreter.run(&mut stores, Injection { fuel, ..injection }).ok()?;
        moments.push(stores);
        if run.copies.iter().all(|copy| copy.outcome != Outcome::Exhausted) {
            return Some(moments);
        }
    }
    None
}
