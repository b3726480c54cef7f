//! `can reach`: for every packet of the class there is a history and there are choices by which a copy arrives.
//!
//! Every packet of the class must be in the projection, to its own fields, of some delivered leaf that a run from
//! empty stores realises. What is left over is a counter-example only if no other leaf may deliver it either. A packet
//! that breaks an assumption whatever it meets has no run, so it is not of the class.

use crate::claims::{Candidate, Doubt, Findings, conjoin, doubt_of, premise};
use crate::entry::boundary_guard;
use crate::explore::{Leaf, LeafEnd};
use crate::guard::{Context, Guard};
use crate::history::is_tangled;
use crate::project::project;
use crate::sym::{Sym, SymCond, Var, VarKind};
use crate::view::View;
use rdcl_core::{BoundaryId, Shape, Stack};
use rdcl_hir::{Claim, Property};

/// What is known of the way of a leaf that finds entries: for each plan everything that must hold.
pub type Histories<'a> = &'a mut dyn FnMut(&mut Context, &Leaf) -> Vec<Guard>;

/// The packets of the class that may have no way to arrive.
pub fn findings(
    context: &mut Context,
    property: &Property,
    to: Option<BoundaryId>,
    stack: Stack,
    leaves: &[Leaf],
    histories: Histories<'_>,
) -> Findings {
    let mut found = Findings { vacuous: true, ..Findings::default() };
    for shape in Shape::of_stack(stack) {
        let view = View::entry(shape);
        let class = context.assume(&boundary_guard(shape, stack), &premise(&property.when, &view));
        let ours: Vec<(usize, &Leaf)> =
            leaves.iter().enumerate().filter(|(_, leaf)| leaf.view.entry_shape == shape).collect();
        let Some((first, _)) = ours.first() else { continue };
        let mut left = with_runs(context, class, &ours);
        found.vacuous &= left.is_empty();
        for (_, leaf) in ours.iter().filter(|(_, l)| arrives(l, to)) {
            let sure = if left.is_empty() { Vec::new() } else { realised(context, leaf, histories) };
            left = subtract(context, left, &sure);
        }
        let maybe: Vec<SymCond> = ours.iter().filter(|(_, l)| may_arrive(l, to)).map(|(_, l)| bounds(l)).collect();
        let lost = subtract(context, left.clone(), &maybe);
        let (doubt, guards) = if lost.is_empty() { (Some(Doubt::History), left) } else { (None, lost) };
        for guard in guards {
            let shown = losing_leaf(context, &ours, to, &guard);
            // Without a way to lose them, no more is known than that none was found to deliver them.
            let doubt = doubt.or(shown.is_none().then_some(Doubt::History));
            let (leaf, guard) = shown.unwrap_or((*first, guard));
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
    arrives(leaf, to) || doubt_of(leaf, &Claim::CanReach).is_some()
}

fn is_entry(var: Var) -> bool {
    var.packet == 0 && var.visit == 0 && matches!(var.kind, VarKind::Field(_) | VarKind::Body)
}

/// The packets that a run from empty stores takes there, as far as they can be told.
fn realised(context: &mut Context, leaf: &Leaf, histories: Histories<'_>) -> Vec<SymCond> {
    if !leaf.facts.full.is_empty() || is_tangled(leaf) {
        return Vec::new();
    }
    let guards = if leaf.facts.found.is_empty() { vec![leaf.guard.clone()] } else { histories(context, leaf) };
    guards.iter().filter_map(|guard| project(guard, &is_entry)).collect()
}

/// All packets that may go there: exactly, if that can be told, and otherwise perhaps more.
fn bounds(leaf: &Leaf) -> SymCond {
    let exact = project(&leaf.guard, &is_entry);
    exact.unwrap_or_else(|| {
        let own = leaf.guard.product.iter().filter(|(var, _)| is_entry(**var));
        SymCond::all(own.map(|(var, set)| SymCond::is_in_shared(Sym::Var(*var), set)).collect::<Vec<_>>())
    })
}

/// The packets of a class that may have a run in which no assumption is broken.
fn with_runs(context: &mut Context, class: Vec<Guard>, ours: &[(usize, &Leaf)]) -> Vec<Guard> {
    if !ours.iter().any(|(_, leaf)| leaf.end == LeafEnd::Assumption) {
        return class;
    }
    let runs = ours.iter().filter(|(_, leaf)| !matches!(leaf.end, LeafEnd::Breaks(..) | LeafEnd::Assumption));
    let conds: Vec<SymCond> = runs.map(|(_, leaf)| bounds(leaf)).collect();
    let without = subtract(context, class.clone(), &conds);
    if without.is_empty() {
        return class;
    }
    let with = SymCond::any(conds);
    let with: Vec<Guard> = class.iter().flat_map(|guard| context.assume(guard, &with)).collect();
    context.merge(with)
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
