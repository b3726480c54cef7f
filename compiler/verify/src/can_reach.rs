//! `can reach`: for every packet of the class there is a history and there are choices by which a copy arrives.
//!
//! Every packet of the class must be in the projection, to its own fields, of some delivered leaf that a run from
//! empty stores realises. What is left over is a counter-example only if no other leaf may deliver it either.

use crate::claims::{Candidate, Doubt, Findings, conjoin, premise};
use crate::entry::entry_guard;
use crate::explore::{Leaf, LeafEnd, View};
use crate::guard::{Context, Guard};
use crate::sym::{Sym, SymCond, Var, VarKind};
use rdcl_core::{BoundaryId, Shape, Stack};
use rdcl_hir::Property;

/// The packets of the class that may have no way to arrive.
pub fn findings(
    context: &mut Context,
    property: &Property,
    to: Option<BoundaryId>,
    stack: Stack,
    leaves: &[Leaf],
) -> Findings {
    let mut found = Findings::default();
    for shape in Shape::of_stack(stack) {
        let view = View::entry(shape);
        let class = context.assume(&entry_guard(shape), &premise(&property.when, &view));
        let ours: Vec<(usize, &Leaf)> =
            leaves.iter().enumerate().filter(|(_, leaf)| leaf.view.entry_shape == shape).collect();
        let sure: Vec<SymCond> = ours.iter().filter(|(_, l)| arrives(l, to)).filter_map(|(_, l)| realised(l)).collect();
        let maybe: Vec<SymCond> = ours.iter().filter(|(_, l)| may_arrive(l, to)).map(|(_, l)| bounds(l)).collect();
        let left = subtract(context, class, &sure);
        let lost = subtract(context, left.clone(), &maybe);
        let Some((leaf, _)) = ours.first() else { continue };
        let (doubt, guards) = if lost.is_empty() { (Some(Doubt::Exhausted), left) } else { (None, lost) };
        for guard in guards {
            let (leaf, guard) = losing_leaf(context, &ours, to, &guard).unwrap_or((*leaf, guard));
            found.candidates.push(Candidate { leaves: vec![leaf], guard, doubt });
        }
    }
    found
}

fn arrives(leaf: &Leaf, to: Option<BoundaryId>) -> bool {
    matches!(leaf.end, LeafEnd::Delivered(at) if Some(at) == to)
}

/// Whether the leaf delivers, or may turn out to.
fn may_arrive(leaf: &Leaf, to: Option<BoundaryId>) -> bool {
    arrives(leaf, to) || matches!(leaf.end, LeafEnd::Exhausted | LeafEnd::Opaque(_) | LeafEnd::Unmodelled)
}

fn is_entry(var: Var) -> bool {
    var.visit == 0 && matches!(var.kind, VarKind::Field(_))
}

/// The packets that a run from empty stores takes there, if they can be told.
fn realised(leaf: &Leaf) -> Option<SymCond> {
    let mut own = true;
    leaf.guard.residue.iter().for_each(|c| c.variables(&mut |v| own &= is_entry(v)));
    let plain = leaf.facts.found.is_empty() && leaf.facts.full.is_empty() && !leaf.guard.unknown;
    (own && plain).then(|| SymCond::all([bounds(leaf)].into_iter().chain(leaf.guard.residue.iter().cloned())))
}

/// All packets that may go there, and perhaps more.
fn bounds(leaf: &Leaf) -> SymCond {
    let own = leaf.guard.product.iter().filter(|(var, _)| is_entry(**var));
    SymCond::all(own.map(|(var, set)| SymCond::is_in_shared(Sym::Var(*var), set)).collect::<Vec<_>>())
}

fn subtract(context: &mut Context, mut guards: Vec<Guard>, conds: &[SymCond]) -> Vec<Guard> {
    for cond in conds {
        guards = guards.iter().flat_map(|g| context.split(g, cond).1).collect();
        guards = context.merge(guards);
    }
    guards
}

/// A leaf by which such a packet is lost from empty stores.
fn losing_leaf(
    context: &mut Context,
    ours: &[(usize, &Leaf)],
    to: Option<BoundaryId>,
    guard: &Guard,
) -> Option<(usize, Guard)> {
    let lost = |(_, leaf): &&(usize, &Leaf)| {
        !arrives(leaf, to)
            && leaf.facts.found.is_empty()
            && leaf.facts.full.is_empty()
            && !matches!(leaf.end, LeafEnd::Breaks(..) | LeafEnd::Assumption)
    };
    ours.iter().filter(lost).find_map(|(at, leaf)| {
        let both = conjoin(context, guard, &leaf.guard).into_iter().next()?;
        Some((*at, both))
    })
}
