//! From leaves to candidates: the circumstances, if any, in which a property fails.
//!
//! A property is proved when there is no candidate. `reach` is the emptiness of the losing leaves, combined over forks
//! (a packet is lost when *every* copy is), never the complement of a union of delivered ones: a sibling copy's private
//! variables would change quantifier.

use crate::carried::Carried;
use crate::entry::{boundary_guard, entry_value};
use crate::execute::{Leaf as Read, eval, eval_cond};
use crate::explore::{CopyArm, Leaf, LeafEnd};
use crate::guard::{Context, Guard};
use crate::sym::{Sym, SymCond};
use crate::view::View;
use rdcl_core::{BlockId, BoundaryId, Cond, Derivation, Field, MapId, PartId, Role, Shape, TIME_WIDTH};
use rdcl_hir::{Claim, Predicate, Property};
use std::collections::{BTreeMap, BTreeSet};

/// The most candidates that are looked at for one property.
const MOST: usize = 4096;

/// Circumstances in which a property may fail.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The leaves that show it: one, or for `reach` over forks one for each copy.
    pub leaves: Vec<usize>,
    /// When.
    pub guard: Guard,
    /// Why it is no more than a possibility, if so.
    pub doubt: Option<Doubt>,
}

/// Why a candidate may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// Exploration gave up.
    Exhausted,
    /// The solver gave up.
    Solver,
    /// Something of which nothing is known is involved.
    Opaque(PartId),
    /// The packet leaves what is modelled.
    Unmodelled,
    /// It comes out of another tunnel than it came in; the checksum of the first may have been wrong.
    Checksum,
    /// It comes back to a port with another hop limit or to another state, and may go on in another way.
    Loop,
    /// It could not be told which packets have a history that takes them there.
    History,
}

/// What came of a property.
#[derive(Debug, Default)]
pub struct Findings {
    /// Circumstances in which it may fail.
    pub candidates: Vec<Candidate>,
    /// The premise holds of no packet that the parser accepts and that has a run.
    pub vacuous: bool,
    /// No packet of the premise is delivered where the property looks.
    pub idle: bool,
}

/// The part of an entry guard in which the premise holds.
pub fn premise(when: &Cond, view: &View) -> SymCond {
    at_entry(when, view.entry_shape)
}

fn at_entry(cond: &Cond, shape: Shape) -> SymCond {
    eval_cond(cond, &|read| read_entry(read, shape), shape)
}

fn read_entry(read: Read, shape: Shape) -> Sym {
    match read {
        Read::Field(f) if shape.has(f.header) => entry_value(shape, f),
        Read::Field(f) => Sym::constant(f.width(), 0),
        Read::Column(_, width) => Sym::constant(width, 0),
        Read::Now => Sym::constant(TIME_WIDTH, 0),
        Read::Slot(_) | Read::Cell(..) | Read::Row(..) => Sym::constant(1, 0),
    }
}

/// The predicate, of a packet that entered and left as the view says.
pub fn predicate(p: &Predicate, view: &View) -> SymCond {
    let shape = view.entry_shape;
    let old: Vec<Sym> = p.old.iter().map(|e| eval(e, &|read| read_entry(read, shape), shape)).collect();
    let read = |read| match read {
        Read::Field(f) => view.field(f),
        Read::Slot(slot) => old[slot.index()].clone(),
        Read::Column(_, width) => Sym::constant(width, 0),
        Read::Now => Sym::constant(TIME_WIDTH, 0),
        Read::Cell(..) | Read::Row(..) => Sym::constant(1, 0),
    };
    eval_cond(&p.cond, &read, view.shape)
}

/// Whether something that should be as it was is not.
fn changed(view: &View, except: &[Field]) -> SymCond {
    if view.shape != view.entry_shape {
        return SymCond::True;
    }
    let counts = |f: &Field| match f.decl().role {
        Role::Plain | Role::HopLimit | Role::Derived(Derivation::NextProtocol) => !except.contains(f),
        Role::Derived(_) => false,
    };
    let differs = |f: Field| SymCond::eq(view.field(f), entry_value(view.entry_shape, f)).negate();
    SymCond::any(view.shape.fields().filter(counts).map(differs).collect::<Vec<_>>())
}

/// Whether any packet the parser accepts at a stack satisfies the premise.
pub fn is_satisfiable(context: &mut Context, when: &Cond, stack: rdcl_core::Stack) -> bool {
    Shape::of_stack(stack).into_iter().any(|shape| {
        let cond = at_entry(when, shape);
        !context.assume(&boundary_guard(shape, stack), &cond).is_empty()
    })
}

/// The candidates of a property for one flow, given the leaves of the flow's source.
pub fn candidates(
    context: &mut Context,
    property: &Property,
    (_, to): (BoundaryId, BoundaryId),
    leaves: &[Leaf],
) -> Findings {
    let within = restrict(context, &property.when, leaves);
    let arriving = |(leaf, _): &&(usize, Guard)| leaves[*leaf].end == LeafEnd::Delivered(to);
    let mut found = match &property.claim {
        Claim::Isolated => gather(within.iter().filter(arriving).map(|(l, g)| (*l, g.clone()))),
        Claim::Holds(p) => failing(context, leaves, within.iter().filter(arriving), &|v| predicate(p, v).negate()),
        Claim::Unchanged { except } => {
            failing(context, leaves, within.iter().filter(arriving), &|v| changed(v, except))
        }
        Claim::Reach { room } => {
            let room: BTreeSet<(PartId, MapId)> = room.iter().copied().collect();
            lost(context, leaves, &within, property, to, &room)
        }
        Claim::NoLoop => {
            let looping = |(leaf, _): &&(usize, Guard)| matches!(leaves[*leaf].end, LeafEnd::Loop { .. });
            gather(within.iter().filter(looping).map(|(l, g)| (*l, g.clone())))
        }
        Claim::Via { through, .. } => {
            let bypassing = |(leaf, _): &&(usize, Guard)| leaves[*leaf].passed < through.len();
            gather(within.iter().filter(arriving).filter(bypassing).map(|(l, g)| (*l, g.clone())))
        }
        Claim::CanReach | Claim::Intended(_) => Vec::new(),
    };
    found.extend(doubtful(property, leaves, &within));
    if matches!(property.claim, Claim::Unchanged { .. }) {
        found.extend(within.iter().filter(arriving).filter_map(|(leaf, guard)| renewed(leaves, *leaf, guard)));
    }
    let idle = match property.claim {
        Claim::Holds(_) | Claim::Unchanged { .. } | Claim::Via { .. } => {
            !within.iter().any(|(l, _)| may_arrive(&leaves[*l], to))
        }
        Claim::Isolated | Claim::Reach { .. } | Claim::CanReach | Claim::NoLoop | Claim::Intended(_) => false,
    };
    // Every packet has some end. If there is none, each packet of the premise breaks an assumption.
    let vacuous = within.is_empty() || room_is_impossible(&property.claim, leaves, &within);
    Findings { candidates: found, vacuous, idle }
}

/// Whether a packet is delivered there, or what becomes of it is not known.
fn may_arrive(leaf: &Leaf, to: BoundaryId) -> bool {
    match leaf.end {
        LeafEnd::Delivered(at) => at == to,
        LeafEnd::Exhausted | LeafEnd::Opaque(_) | LeafEnd::Unmodelled | LeafEnd::Loop { exact: false, .. } => true,
        LeafEnd::Dropped | LeafEnd::Loop { exact: true, .. } | LeafEnd::Assumption => false,
        LeafEnd::Clash(..) | LeafEnd::Assertion(..) | LeafEnd::Breaks(..) => false,
    }
}

/// Whether every packet of the premise meets a full map that the premise says has room.
fn room_is_impossible(claim: &Claim, leaves: &[Leaf], within: &[(usize, Guard)]) -> bool {
    let Claim::Reach { room } = claim else { return false };
    let refused = |(leaf, _): &(usize, Guard)| room.iter().any(|full| leaves[*leaf].facts.full.contains(full));
    !within.is_empty() && within.iter().all(refused)
}

/// The leaves, as far as the premise holds.
pub fn restrict(context: &mut Context, when: &Cond, leaves: &[Leaf]) -> Vec<(usize, Guard)> {
    let mut within = Vec::new();
    for (at, leaf) in leaves.iter().enumerate() {
        if matches!(leaf.end, LeafEnd::Breaks(..) | LeafEnd::Assumption) {
            continue;
        }
        let cond = premise(when, &leaf.view);
        within.extend(context.assume(&leaf.guard, &cond).into_iter().map(|guard| (at, guard)));
    }
    within
}

fn gather(found: impl Iterator<Item = (usize, Guard)>) -> Vec<Candidate> {
    found.map(|(leaf, guard)| candidate(vec![leaf], guard)).collect()
}

fn candidate(leaves: Vec<usize>, guard: Guard) -> Candidate {
    let doubt = guard.unknown.then_some(Doubt::Solver);
    Candidate { leaves, guard, doubt }
}

fn failing<'l>(
    context: &mut Context,
    leaves: &[Leaf],
    within: impl Iterator<Item = &'l (usize, Guard)>,
    fails: &dyn Fn(&View) -> SymCond,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (leaf, guard) in within {
        let cond = fails(&leaves[*leaf].view);
        found.extend(context.assume(guard, &cond).into_iter().map(|g| candidate(vec![*leaf], g)));
    }
    found
}

/// A packet that looks unchanged, but has lost the checksum error that it may have had.
fn renewed(leaves: &[Leaf], leaf: usize, guard: &Guard) -> Option<Candidate> {
    let view = &leaves[leaf].view;
    let is_own = view.carried == Carried::entry(view.entry_shape);
    (!is_own).then(|| Candidate { leaves: vec![leaf], guard: guard.clone(), doubt: Some(Doubt::Checksum) })
}

/// Leaves of which it is not known how they go on. For `reach` they are among the lost ones already.
fn doubtful(property: &Property, leaves: &[Leaf], within: &[(usize, Guard)]) -> Vec<Candidate> {
    if matches!(property.claim, Claim::Reach { .. }) {
        return Vec::new();
    }
    let doubt = |(leaf, guard): &(usize, Guard)| {
        let doubt = doubt_of(&leaves[*leaf], &property.claim)?;
        Some(Candidate { leaves: vec![*leaf], guard: guard.clone(), doubt: Some(doubt) })
    };
    within.iter().filter_map(doubt).collect()
}

/// Why it is not known how a leaf goes on, as far as a claim asks, if so.
///
/// A packet that comes back bit for bit has been explored from there on for every store, which is all that promises
/// about what is delivered need. It is lost for good only where no store is involved. Whatever becomes of a packet that
/// has passed all waypoints, it has passed them.
pub fn doubt_of(leaf: &Leaf, claim: &Claim) -> Option<Doubt> {
    match leaf.end {
        _ if matches!(claim, Claim::Via { through, .. } if leaf.passed >= through.len()) => None,
        LeafEnd::Exhausted => Some(Doubt::Exhausted),
        LeafEnd::Opaque(part) => Some(Doubt::Opaque(part)),
        LeafEnd::Unmodelled => Some(Doubt::Unmodelled),
        LeafEnd::Loop { exact, .. } => match claim {
            Claim::NoLoop | Claim::Intended(_) => None,
            Claim::Isolated | Claim::Holds(_) | Claim::Unchanged { .. } | Claim::Via { .. } => {
                (!exact).then_some(Doubt::Loop)
            }
            Claim::Reach { .. } | Claim::CanReach => (!exact || !leaf.facts.stateful.is_empty()).then_some(Doubt::Loop),
        },
        LeafEnd::Delivered(_) | LeafEnd::Dropped => None,
        LeafEnd::Assumption | LeafEnd::Assertion(..) | LeafEnd::Breaks(..) | LeafEnd::Clash(..) => None,
    }
}

/// The ways to lose a packet on its way to `to`, all copies counted.
fn lost(
    context: &mut Context,
    leaves: &[Leaf],
    within: &[(usize, Guard)],
    property: &Property,
    to: BoundaryId,
    room: &BTreeSet<(PartId, MapId)>,
) -> Vec<Candidate> {
    // Copies of one packet entered with the same headers; nothing in a guard says so.
    let mut by_shape: BTreeMap<Shape, Vec<Losing>> = BTreeMap::new();
    for (leaf, guard) in within {
        let lost = leaves[*leaf].end != LeafEnd::Delivered(to) && leaves[*leaf].facts.full.is_disjoint(room);
        let losing = (*leaf, lost.then(|| guard.clone()));
        by_shape.entry(leaves[*leaf].view.entry_shape).or_default().push(losing);
    }
    let mut search = Search { context, leaves, claim: &property.claim, cut: None };
    let mut found: Vec<Candidate> = by_shape.values().flat_map(|among| search.lost_below(among, 0)).collect();
    found.extend(search.cut);
    found
}

/// A leaf, and when it loses its packet, if it does.
type Losing = (usize, Option<Guard>);

/// A search for ways to lose every copy of a packet.
struct Search<'a> {
    context: &'a mut Context,
    leaves: &'a [Leaf],
    claim: &'a Claim,
    /// A way that stands for those that were too many to look at.
    cut: Option<Candidate>,
}

impl Search<'_> {
    /// Lost among the leaves that share their first `depth` arms: in one that forks no more, or at some fork in every
    /// arm.
    fn lost_below(&mut self, among: &[Losing], depth: usize) -> Vec<Candidate> {
        let mut found = Vec::new();
        let mut forks: BTreeMap<(u32, BlockId, u32, u64), Vec<Losing>> = BTreeMap::new();
        for (leaf, guard) in among {
            match self.leaves[*leaf].copy.get(depth) {
                None => found.extend(guard.clone().map(|g| self.lost_leaf(*leaf, g))),
                Some(CopyArm { visit, fork, of, arm: _, world }) => {
                    forks.entry((*visit, *fork, *of, *world)).or_default().push((*leaf, guard.clone()));
                }
            }
        }
        for ((_, _, of, _), among) in forks {
            found.extend(self.lost_at_fork(&among, depth, of));
        }
        found
    }

    fn lost_leaf(&self, leaf: usize, guard: Guard) -> Candidate {
        let doubt = doubt_of(&self.leaves[leaf], self.claim);
        let found = candidate(vec![leaf], guard);
        Candidate { doubt: doubt.or(found.doubt), ..found }
    }

    fn lost_at_fork(&mut self, among: &[Losing], depth: usize, of: u32) -> Vec<Candidate> {
        let mut joint: Option<Vec<Candidate>> = None;
        for arm in 0..of {
            let in_arm = |(leaf, _): &&Losing| self.leaves[*leaf].copy[depth].arm == arm;
            let in_arm: Vec<Losing> = among.iter().filter(in_arm).cloned().collect();
            let lost = self.lost_below(&in_arm, depth + 1);
            joint = Some(match joint {
                None => lost,
                Some(before) => self.conjoin_all(&before, &lost),
            });
            if joint.as_ref().is_some_and(Vec::is_empty) {
                return Vec::new();
            }
        }
        joint.unwrap_or_default()
    }

    /// What loses both. Past a limit the rest is cut off, and remembered as a doubt.
    fn conjoin_all(&mut self, before: &[Candidate], after: &[Candidate]) -> Vec<Candidate> {
        let mut out = Vec::new();
        for a in before {
            for b in after {
                if out.len() > MOST {
                    self.cut = Some(Candidate { doubt: Some(Doubt::Exhausted), ..a.clone() });
                    return out;
                }
                for guard in conjoin(self.context, &a.guard, &b.guard) {
                    let leaves = a.leaves.iter().chain(&b.leaves).copied().collect();
                    let doubt = a.doubt.or(b.doubt).or(guard.unknown.then_some(Doubt::Solver));
                    out.push(Candidate { leaves, guard, doubt });
                }
            }
        }
        out
    }
}

/// What is in both.
pub fn conjoin(context: &mut Context, a: &Guard, b: &Guard) -> Vec<Guard> {
    let product = b.product.iter().map(|(var, set)| SymCond::is_in_shared(Sym::Var(*var), set));
    let residue = b.residue.iter().filter(|c| !a.residue.contains(c)).cloned();
    let conds: Vec<SymCond> = product.chain(residue).collect();
    let mut guards = vec![a.clone()];
    for cond in &conds {
        guards = guards.iter().flat_map(|g| context.assume(g, cond)).collect();
    }
    if b.unknown {
        guards.iter_mut().for_each(|g| g.unknown = true);
    }
    guards
}
