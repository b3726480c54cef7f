//! The fast paths against the slow ones: interval domains against the solver alone, and merging against none.

use crate::coverage::Coverage;
use crate::networks::{entries, net};
use crate::rng::Rng;
use rdcl_core::*;
use rdcl_hir::Claim;
use rdcl_verify::{
    Context, Explorer, Guard, Leaf, LeafEnd, Options, Outcome as Verdict, Row as WayThrough, Summary, Var, summarise,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The options and their slower kin, by name.
pub fn kin(options: Options) -> [(&'static str, Options); 3] {
    [
        ("solver alone", Options { domains: false, ..options }),
        ("unmerged", Options { merge: false, ..options }),
        ("solver alone, unmerged", Options { domains: false, merge: false, ..options }),
    ]
}

/// Whether the summaries of a program are the same sets of circumstances.
pub fn summaries_agree(
    rng: &mut Rng,
    program: &Program,
    tables: &[Arc<TableData>],
    coverage: &mut Coverage,
) -> Result<(), String> {
    let fast = summarise(program, tables, Options::default());
    for (name, options) in kin(Options::default()) {
        let slow = summarise(program, tables, options);
        same_summary(rng, &fast, &slow, coverage).map_err(|why| format!("{name}: {why}"))?;
        coverage.add(format!("summary, {name}"));
    }
    Ok(())
}

fn same_summary(rng: &mut Rng, fast: &Summary, slow: &Summary, coverage: &mut Coverage) -> Result<(), String> {
    if (&fast.weak, fast.exhausted) != (&slow.weak, slow.exhausted) {
        return Err(format!("weak {:?} and {:?}", fast.weak, slow.weak));
    }
    for (fast, slow) in [(&fast.ingress, &slow.ingress), (&fast.breaks, &slow.breaks)] {
        let keys: BTreeSet<_> = fast.keys().chain(slow.keys()).collect();
        for key in keys {
            let rows = |of: &BTreeMap<_, Vec<WayThrough>>| of.get(key).cloned().unwrap_or_default();
            same_rows(rng, &by_what_comes_out(rows(fast)), &by_what_comes_out(rows(slow)), coverage)?;
        }
    }
    Ok(())
}

/// Rows without their guards, and the guards.
fn by_what_comes_out(rows: Vec<WayThrough>) -> HashMap<WayThrough, Vec<Guard>> {
    let mut out: HashMap<WayThrough, Vec<Guard>> = HashMap::new();
    for mut row in rows {
        let guard = std::mem::take(&mut row.guard);
        out.entry(row).or_default().push(guard);
    }
    out
}

fn same_rows(
    rng: &mut Rng,
    fast: &HashMap<WayThrough, Vec<Guard>>,
    slow: &HashMap<WayThrough, Vec<Guard>>,
    coverage: &mut Coverage,
) -> Result<(), String> {
    for (row, guards) in fast.iter().chain(slow) {
        let (Some(a), Some(b)) = (fast.get(row), slow.get(row)) else {
            return Err(format!("only one has {row:?} when {guards:?}"));
        };
        for _ in 0..8 {
            let point = point(rng, a.iter().chain(b));
            let model = |var: Var| point.get(&var).copied().unwrap_or(0);
            let [in_a, in_b] = [a, b].map(|guards| guards.iter().filter(|g| g.admits(&model)).count());
            if in_a != in_b || in_a > 1 {
                return Err(format!("{in_a} and {in_b} guards hold at {point:?} of {row:?}: {a:?}\n{b:?}"));
            }
            coverage.add(if in_a == 1 { "point within" } else { "point outside" });
        }
    }
    Ok(())
}

/// A point near the guards: for each variable a value at the edge of some interval, or any.
fn point<'g>(rng: &mut Rng, guards: impl Iterator<Item = &'g Guard>) -> BTreeMap<Var, u128> {
    let mut edges: BTreeMap<Var, Vec<u128>> = BTreeMap::new();
    for guard in guards {
        for (var, set) in &guard.product {
            let bounds = set.intervals().iter().flat_map(|(lo, hi)| [*lo, *hi, lo.wrapping_sub(1), hi.wrapping_add(1)]);
            edges.entry(*var).or_default().extend(bounds.map(|v| v & mask(var.width)));
        }
        guard.residue.iter().for_each(|cond| cond.variables(&mut |var| _ = edges.entry(var).or_default()));
    }
    let mut value = |(var, edges): (Var, Vec<u128>)| {
        let value = if edges.is_empty() || rng.chance(30) { rng.value(var.width) } else { rng.pick(&edges) };
        (var, value)
    };
    edges.into_iter().map(&mut value).collect()
}

/// What a leaf is, but for when and for the names of visits.
type Kind = (BoundaryId, Shape, LeafEnd, Vec<(BlockId, u32)>, Shape, usize);

/// Whether networks have the same kinds of leaves, unless someone gave up.
pub fn explorations_agree(network: &Network, options: Options, coverage: &mut Coverage) -> Result<(), String> {
    let kinds = |options: Options| {
        let net = net(network, options);
        let mut explorer = Explorer::new(&net, Context::new(options));
        entries(network).into_iter().flat_map(|from| explorer.explore(from)).map(|leaf| kind(&leaf)).collect()
    };
    let fast: BTreeSet<Kind> = kinds(options);
    for (name, options) in kin(options) {
        let slow: BTreeSet<Kind> = kinds(options);
        if fast.iter().chain(&slow).any(|kind| kind.2 == LeafEnd::Exhausted) {
            coverage.add("exploration given up");
        } else if fast != slow {
            return Err(format!("{name}: {:?}", fast.symmetric_difference(&slow).collect::<Vec<_>>()));
        } else {
            coverage.add(format!("exploration, {name}"));
        }
    }
    Ok(())
}

fn kind(leaf: &Leaf) -> Kind {
    let copy = leaf.copy.iter().map(|arm| (arm.fork, arm.arm)).collect();
    (leaf.from, leaf.view.entry_shape, leaf.end.clone(), copy, leaf.view.shape, leaf.facts.found.len())
}

/// Whether two verdicts on a promise may stand side by side. `can reach` asks what a guard says of the packet alone,
/// which is read off intervals; and anything may be given up for want of budget.
pub fn compatible(claim: &Claim, a: &Verdict, b: &Verdict) -> bool {
    let given_up = |v: &Verdict| match v {
        Verdict::Undecided(why) => *claim == Claim::CanReach || why.contains("budget"),
        _ => false,
    };
    a.word() == b.word() || given_up(a) || given_up(b)
}
