//! Service levels that cannot be met.

use super::Told;
use crate::amount::amount;
use crate::case::{Case, number};
use crate::model::{Bound, Constraint, Measured, Objective, WHOLE};
use crate::solver::Answer;
use rdcl_base::{Code, Diagnostic};
use rdcl_hir::{Comparison, Loc, Problem};

impl Told<'_, '_> {
    /// A bound that cannot be met, with the best that can.
    pub(super) fn bound(&self, i: usize) -> Problem {
        let (case, bound) = (self.case, &self.case.model.bounds[i]);
        let written = &case.levels.bounds[i];
        let best = match (bound.measured, bound.op) {
            (Measured::Delay(flow), Comparison::Less | Comparison::AtMost | Comparison::Exactly) => {
                let best = self.least(Constraint::Bound(i), Objective::Delay(vec![flow]));
                best.map(|best| ("at least", best.value)).filter(|(_, value)| *value >= bound.limit)
            }
            (Measured::Delay(_), Comparison::AtLeast | Comparison::More) => None,
            (Measured::Bandwidth(flow), _) => Some(("", self.bandwidth_without(i, flow))),
            (Measured::Availability(_), Comparison::AtLeast | Comparison::More | Comparison::Exactly) => {
                self.most_available(i)
            }
            (Measured::Availability(_), Comparison::Less | Comparison::AtMost) => None,
        };
        let (measure, limit) = (case.measure_name(i), case.limit_text(i));
        let alone = if self.conflict.constraints.len() == 1 { " wherever the parts run" } else { "" };
        let message = match best {
            Some((word, value)) => {
                let value = format!("{word} {}", amount(value, written.limit.dimension));
                format!("{measure} is {}{alone}, the bound is {limit}", value.trim_start())
            }
            None => format!("{measure} {limit} cannot be met{alone}"),
        };
        Diagnostic::new(Code::E0708, written.place, message)
            .with_help("ask for less, or change what else stands in the way")
    }

    /// The bandwidth of a flow as the others would have it.
    fn bandwidth_without(&self, i: usize, flow: usize) -> u64 {
        let model = self.case.model.without(&[Constraint::Bound(i)]);
        crate::partial::Partial::new(&model).bandwidth(flow)
    }

    /// The greatest availability that can be had under the rest of the conflict, to the hundredth of a per cent.
    fn most_available(&self, i: usize) -> Option<(&'static str, u64)> {
        let model = &self.case.model;
        let relaxed = model.constraints().into_iter().filter(|c| !self.conflict.constraints.contains(c));
        let relaxed = model.without(&relaxed.collect::<Vec<_>>());
        let reachable = |op: Comparison, limit: u64| {
            let mut asked = relaxed.clone();
            asked.bounds[i] = Bound { op, limit, ..asked.bounds[i] };
            matches!(self.solver.solve(&asked), Answer::Best(_))
        };
        let (mut lo, mut hi) = (0, WHOLE);
        while lo < hi {
            let middle = (lo + hi).div_ceil(2);
            if reachable(Comparison::AtLeast, middle) { lo = middle } else { hi = middle - 1 }
        }
        let best = if reachable(Comparison::More, lo) { ("below", lo + 1) } else { ("at most", lo) };
        (lo <= model.bounds[i].limit).then_some(best)
    }
}

/// Bounds that no placement can meet because of how the service itself is written.
pub fn contradictions(case: &Case<'_>) -> Vec<Problem> {
    let bounds = case.model.bounds.iter().enumerate();
    bounds.filter_map(|(i, bound)| no_way(case, i, bound).or_else(|| narrow_wire(case, i, bound))).collect()
}

/// Nothing leads along the flow.
fn no_way(case: &Case<'_>, i: usize, bound: &Bound) -> Option<Problem> {
    let (Measured::Delay(flow) | Measured::Bandwidth(flow) | Measured::Availability(Some(flow))) = bound.measured
    else {
        return None;
    };
    if !case.model.flows[flow].ways.is_empty() {
        return None;
    }
    let (written, flow) = (&case.levels.bounds[i], &case.model.flows[flow]);
    let message = format!(
        "no packet gets from `{}`, so {} is not there",
        case.flow_name(flow.from, flow.to).replace(" -> ", "` to `"),
        case.measure_name(i)
    );
    Some(
        Diagnostic::new(Code::E0708, written.place, message)
            .with_help("wire the ports through parts that forward from one to the other, or leave out the bound"),
    )
}

/// A wire on the way states less bandwidth than the bound asks of it.
fn narrow_wire(case: &Case<'_>, i: usize, bound: &Bound) -> Option<Problem> {
    let (flow, least) = bound.least_bandwidth()?;
    let wires = case.model.flows[flow].ways.iter().flat_map(|way| &way.wires);
    let origins = wires.flat_map(|wire| &case.wiring.links[*wire].wires);
    let stated = origins.filter_map(|origin| Some((origin.place, number(&origin.attributes, "bandwidth")?)));
    let mut narrow: Vec<(Loc, u64)> = Vec::new();
    for (place, bandwidth) in stated.filter(|(_, bandwidth)| *bandwidth < least) {
        if !narrow.iter().any(|known| known.0 == place) {
            narrow.push((place, bandwidth));
        }
    }
    let written = &case.levels.bounds[i];
    let carries = |bandwidth: u64| amount(bandwidth, written.limit.dimension);
    let narrowest = narrow.iter().map(|n| n.1).min()?;
    let message =
        format!("{} is at most {}, the bound is {}", case.measure_name(i), carries(narrowest), case.limit_text(i));
    let problem =
        Diagnostic::new(Code::E0708, written.place, message).with_help("let the wire carry more, or ask for less");
    Some(narrow.into_iter().fold(problem, |p, (at, b)| p.with_label(at, format!("this wire carries {}", carries(b)))))
}
