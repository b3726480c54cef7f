//! Service levels that cannot be met.

use super::Told;
use crate::amount::amount;
use crate::case::{Case, number};
use crate::model::{Bound, Constraint, Measured, Model, Objective, WHOLE};
use crate::solver::Answer;
use rdcl_base::{Code, Diagnostic};
use rdcl_hir::{Comparison, Loc, Problem};
use std::collections::BTreeSet;

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
            (Measured::PacketRate(_), Comparison::AtLeast | Comparison::More | Comparison::Exactly) => {
                self.most_packets(i)
            }
            (Measured::PacketRate(_), Comparison::Less | Comparison::AtMost) => None,
            (Measured::Loss(_), Comparison::Less | Comparison::AtMost | Comparison::Exactly) => self.least_loss(i),
            (Measured::Loss(_), Comparison::AtLeast | Comparison::More) => None,
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
        let relaxed = self.relaxed();
        let (mut lo, mut hi) = (0, WHOLE);
        while lo < hi {
            let middle = (lo + hi).div_ceil(2);
            if self.reachable(&relaxed, i, Comparison::AtLeast, middle) { lo = middle } else { hi = middle - 1 }
        }
        let best = if self.reachable(&relaxed, i, Comparison::More, lo) { ("below", lo + 1) } else { ("at most", lo) };
        (lo <= self.case.model.bounds[i].limit).then_some(best)
    }

    /// The least loss that can be had under the rest of the conflict, to the hundredth of a per cent.
    fn least_loss(&self, i: usize) -> Option<(&'static str, u64)> {
        let relaxed = self.relaxed();
        let (mut lo, mut hi) = (0, WHOLE);
        while lo < hi {
            let middle = (lo + hi) / 2;
            if self.reachable(&relaxed, i, Comparison::AtMost, middle) { hi = middle } else { lo = middle + 1 }
        }
        let best = if self.reachable(&relaxed, i, Comparison::Less, lo) { ("above", lo - 1) } else { ("at least", lo) };
        (lo >= self.case.model.bounds[i].limit).then_some(best)
    }

    /// The greatest packet rate that can be had under the rest of the conflict: it is one of those that are stated.
    fn most_packets(&self, i: usize) -> Option<(&'static str, u64)> {
        let relaxed = self.relaxed();
        let candidates = relaxed.leaves.iter().flat_map(|leaf| &leaf.candidates).map(|c| c.passage);
        let wires = relaxed.wires.iter().flat_map(|wire| wire.passages.iter().copied());
        let passages = candidates.chain(wires).chain(relaxed.links.iter().map(|link| link.passage));
        let rees = relaxed.rees.iter().filter_map(|ree| ree.packet_rate);
        let stated: BTreeSet<u64> = passages.filter_map(|p| p.packet_rate).chain(rees).collect();
        let stated: Vec<u64> = stated.into_iter().collect();
        let met = stated.partition_point(|rate| self.reachable(&relaxed, i, Comparison::AtLeast, *rate));
        let most = *stated.get(met.checked_sub(1)?)?;
        (most <= relaxed.bounds[i].limit).then_some(("at most", most))
    }

    /// The model with nothing but the conflict.
    fn relaxed(&self) -> Model {
        let model = &self.case.model;
        let others = model.constraints().into_iter().filter(|c| !self.conflict.constraints.contains(c));
        model.without(&others.collect::<Vec<_>>())
    }

    /// Whether a bound could be this one.
    fn reachable(&self, relaxed: &Model, i: usize, op: Comparison, limit: u64) -> bool {
        let mut asked = relaxed.clone();
        asked.bounds[i] = Bound { op, limit, ..asked.bounds[i] };
        matches!(self.solver.solve(&asked), Answer::Best(_))
    }
}

/// Bounds that no placement can meet because of how the service itself is written.
pub fn contradictions(case: &Case<'_>) -> Vec<Problem> {
    let bounds = case.model.bounds.iter().enumerate();
    bounds.filter_map(|(i, bound)| no_way(case, i, bound).or_else(|| narrow_wire(case, i, bound))).collect()
}

/// Nothing leads along the flow.
fn no_way(case: &Case<'_>, i: usize, bound: &Bound) -> Option<Problem> {
    let flow = match bound.measured {
        Measured::Delay(flow) | Measured::Bandwidth(flow) | Measured::PacketRate(flow) | Measured::Loss(flow) => flow,
        Measured::Availability(flow) => flow?,
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
