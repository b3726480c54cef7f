//! Random promises of every kind, and what a run says of them: a judge that shares nothing with the verifier.

use crate::rng::Rng;
use crate::scope::{Scope, Words};
use rdcl_base::IntervalSet;
use rdcl_core::*;
use rdcl_hir::{Claim, Predicate, Property};
use std::collections::BTreeSet;

/// The number of kinds of claims.
pub const KINDS: usize = 7;

/// A promise of this kind about a network.
pub fn property(rng: &mut Rng, network: &Network, kind: usize) -> Option<Property> {
    let ports = || (0u32..).map(BoundaryId).zip(&network.boundary);
    let entries: Vec<BoundaryId> = ports().filter(|(_, p)| p.enters).map(|p| p.0).collect();
    let exits: Vec<BoundaryId> = ports().filter(|(_, p)| p.leaves).map(|p| p.0).collect();
    if entries.is_empty() || exits.is_empty() {
        return None;
    }
    let (from, to) = (rng.pick(&entries), rng.pick(&exits));
    let like = |id: &BoundaryId, one: BoundaryId| network.boundary_port(*id).stack == network.boundary_port(one).stack;
    let mut flows = vec![(from, to)];
    if rng.chance(25) {
        let entries: Vec<BoundaryId> = entries.into_iter().filter(|id| like(id, from)).collect();
        let exits: Vec<BoundaryId> = exits.into_iter().filter(|id| like(id, to)).collect();
        flows.push((rng.pick(&entries), rng.pick(&exits)));
    }
    let entry = Scope::of(network.boundary_port(from).stack);
    let claim = claim(rng, network, kind, &entry, &Scope::of(network.boundary_port(to).stack));
    // Without flows every entry is meant, whatever its stack: the premise may speak of no header.
    let when = match claim {
        Claim::NoLoop => premise(rng, &Scope { shapes: all_shapes(network), ..Scope::default() }),
        _ => premise(rng, &entry),
    };
    flows.truncate(if matches!(claim, Claim::NoLoop) { 0 } else { 2 });
    Some(Property { name: format!("{kind}"), claim, when, flows })
}

fn all_shapes(network: &Network) -> std::collections::BTreeSet<Shape> {
    network.boundary.iter().flat_map(|p| Shape::of_stack(p.stack)).collect()
}

fn premise(rng: &mut Rng, scope: &Scope) -> Cond {
    if rng.chance(50) {
        return Cond::True;
    }
    Words { rng, program: &Program::default(), scope }.cond(2)
}

fn claim(rng: &mut Rng, network: &Network, kind: usize, entry: &Scope, exit: &Scope) -> Claim {
    match kind {
        0 => Claim::Holds(predicate(rng, entry, exit)),
        1 => {
            let maps = (0u32..).zip(&network.parts);
            let maps =
                maps.flat_map(|(p, part)| (0..part.program.maps.len() as u32).map(move |m| (PartId(p), MapId(m))));
            Claim::Reach { room: maps.filter(|_| rng.chance(60)).collect() }
        }
        2 => Claim::CanReach,
        3 => Claim::Isolated,
        4 => {
            let fields = entry.fields().into_iter().filter(|f| f.is_writable());
            Claim::Unchanged { except: fields.filter(|_| rng.chance(50)).collect() }
        }
        5 => Claim::NoLoop,
        _ => Claim::Via { through: waypoints(rng, network), between: Vec::new() },
    }
}

/// One or two sets of parts, often of one part each.
pub fn waypoints(rng: &mut Rng, network: &Network) -> Vec<BTreeSet<PartId>> {
    let all: Vec<PartId> = (0..network.parts.len() as u32).map(PartId).collect();
    let mut through = vec![BTreeSet::from([rng.pick(&all)])];
    if rng.chance(40) {
        through.push(BTreeSet::from([rng.pick(&all)]));
    }
    for part in all {
        let at = rng.below(through.len());
        if rng.chance(25) {
            through[at].insert(part);
        }
    }
    // No two have a part in common.
    if through.len() == 2 && !through[0].is_disjoint(&through[1]) {
        through.truncate(1);
    }
    through
}

/// Whether some visits, in order, are visits of the waypoints.
pub fn are_passed(trail: &[Hop], through: &[BTreeSet<PartId>]) -> bool {
    let [first, rest @ ..] = through else { return true };
    (0..trail.len()).any(|at| first.contains(&trail[at].part) && are_passed(&trail[at + 1..], rest))
}

/// Often that a field is what it was, or in some interval; sometimes anything.
fn predicate(rng: &mut Rng, entry: &Scope, exit: &Scope) -> Predicate {
    let shared: Vec<Field> =
        entry.fields().into_iter().filter(|f| f.is_readable() && exit.fields().contains(f)).collect();
    let field = if shared.is_empty() { None } else { Some(rng.pick(&shared)) };
    match (field, rng.below(3)) {
        (Some(field), 0) => {
            let (now, then) = (Expr::Field(field), Expr::Slot(SlotId(0)));
            Predicate { old: vec![Expr::Field(field)], cond: Cond::Cmp(CmpOp::Eq, now, then) }
        }
        (Some(field), 1) => {
            let (lo, hi) = rng.interval(field.width());
            Predicate {
                old: vec![],
                cond: Cond::Not(Box::new(Cond::In(Expr::Field(field), IntervalSet::range(lo, hi)))),
            }
        }
        _ => {
            let widths = [8, 16, 32];
            let empty = Program::default();
            let old = widths.map(|w| Words { rng, program: &empty, scope: entry }.expr(w, 1)).to_vec();
            let slots = widths.map(|width| SlotDecl { name: "old".into(), width }).to_vec();
            let program = Program { slots, ..Program::default() };
            Predicate { old, cond: Words { rng, program: &program, scope: exit }.cond(2) }
        }
    }
}

/// A packet, and the values that stand for the packet as it entered.
struct Spoken<'p> {
    packet: &'p Packet,
    old: Vec<Bv>,
}

impl Env for Spoken<'_> {
    fn field(&self, field: Field) -> Bv {
        assert!(self.packet.has(field.header), "promises are made where {field} is there");
        Bv::new(field.width(), self.packet.get(field))
    }

    fn slot(&self, slot: SlotId) -> Bv {
        self.old[slot.index()]
    }

    fn has(&self, header: HeaderKind) -> bool {
        self.packet.has(header)
    }
}

/// Whether the promise speaks of a packet that enters at a port.
pub fn speaks_of(property: &Property, packet: &Packet) -> bool {
    property.when.holds(&Spoken { packet, old: Vec::new() })
}

/// Whether a run of a packet that entered at `from` breaks the promise. `CanReach` speaks of more than one run.
pub fn is_broken(property: &Property, from: BoundaryId, packet: &Packet, run: &Run) -> bool {
    if !speaks_of(property, packet) {
        return false;
    }
    let looping = |c: &PacketCopy| matches!(c.outcome, Outcome::Loop { .. });
    if property.claim == Claim::NoLoop {
        return run.copies.iter().any(looping);
    }
    property.flows.iter().filter(|flow| flow.0 == from).any(|flow| is_broken_for(&property.claim, flow.1, packet, run))
}

fn is_broken_for(claim: &Claim, to: BoundaryId, packet: &Packet, run: &Run) -> bool {
    let mut arrived = run.copies.iter().filter_map(|c| match &c.outcome {
        Outcome::Delivered { at, packet, .. } if *at == to => Some(packet),
        _ => None,
    });
    let unclear = run.copies.iter().any(|c| matches!(c.outcome, Outcome::Exhausted | Outcome::ModelError { .. }));
    match claim {
        Claim::Holds(predicate) => arrived.any(|left| {
            let old = predicate.old.iter().map(|e| e.eval(&Spoken { packet, old: Vec::new() })).collect();
            !predicate.cond.holds(&Spoken { packet: left, old })
        }),
        Claim::Reach { room } => {
            let refused = run.copies.iter().flat_map(PacketCopy::full).any(|full| room.contains(&full));
            arrived.next().is_none() && !refused && !unclear
        }
        Claim::Isolated => arrived.next().is_some(),
        Claim::Unchanged { except } => arrived.any(|left| {
            let mut masked = left.clone();
            except.iter().for_each(|f| masked.set(*f, packet.get(*f)));
            masked != *packet
        }),
        Claim::Via { through, .. } => run.copies.iter().any(|c| {
            matches!(&c.outcome, Outcome::Delivered { at, .. } if *at == to) && !are_passed(&c.trail, through)
        }),
        Claim::CanReach | Claim::NoLoop | Claim::Intended(_) => false,
    }
}

/// Whether some copy arrives where the promise says, for every flow of the port.
pub fn arrives(property: &Property, from: BoundaryId, run: &Run) -> bool {
    let at =
        |to: BoundaryId| run.copies.iter().any(|c| matches!(&c.outcome, Outcome::Delivered { at, .. } if *at == to));
    property.flows.iter().filter(|flow| flow.0 == from).all(|flow| at(flow.1))
}
