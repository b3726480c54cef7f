//! The service levels that a placement reaches.

use crate::case::Case;
use crate::model::{Bound, Measured, Model, WHOLE};
use crate::partial::Partial;
use crate::placement::{PlacedPart, Placement};
use rdcl_hir::{Db, Deployment};

/// A bound of a service level and what is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// The service level's name.
    pub sla: String,
    /// `delay(lan -> wan)`
    pub measure: String,
    /// `<=`
    pub op: &'static str,
    /// The bound, in the smallest unit.
    pub limit: u64,
    /// What is reached; of an availability, rounded down to hundredths of a per cent, of a loss rounded up; none for a
    /// packet rate without limit.
    pub reached: Option<u64>,
    /// What is measured.
    pub dimension: rdcl_base::Dimension,
}

/// What a placement of a deployment reaches of each bound; empty if it is not one of this deployment.
pub fn levels<'db>(db: &'db dyn Db, deployment: &'db Deployment<'db>, placement: &Placement) -> Vec<Level> {
    let Ok(case) = Case::read(db, deployment) else { return Vec::new() };
    let Some(settled) = settled(&case, &case.model, placement) else { return Vec::new() };
    let bounds = case.model.bounds.iter().zip(&case.levels.bounds);
    let level = |(i, (bound, written)): (usize, (&Bound, &rdcl_hir::Bound))| Level {
        sla: written.sla.clone(),
        measure: case.measure_name(i),
        op: bound.op.symbol(),
        limit: bound.limit,
        reached: reached(&settled, bound),
        dimension: written.limit.dimension,
    };
    bounds.enumerate().map(level).collect()
}

/// What is measured.
fn reached(settled: &Partial<'_>, bound: &Bound) -> Option<u64> {
    match bound.measured {
        Measured::Delay(flow) => Some(settled.delay(flow)),
        Measured::Bandwidth(flow) => Some(settled.bandwidth(flow)),
        Measured::Availability(flow) => Some(settled.availability(flow).floor()),
        Measured::PacketRate(flow) => passed(settled, flow),
        Measured::Loss(flow) => Some(lost(settled, flow)),
    }
}

/// The packet rate of a flow; none where nothing limits it.
pub fn passed(settled: &Partial<'_>, flow: usize) -> Option<u64> {
    Some(settled.packet_rate(flow)).filter(|rate| *rate < u64::MAX)
}

/// The loss of a flow, rounded up.
pub fn lost(settled: &Partial<'_>, flow: usize) -> u64 {
    WHOLE - settled.delivered(flow).floor().min(WHOLE)
}

/// The model with everything placed and routed as the placement says.
pub fn settled<'m>(case: &Case<'_>, model: &'m Model, placement: &Placement) -> Option<Partial<'m>> {
    let mut settled = Partial::new(model);
    for (i, part) in placement.parts.iter().enumerate() {
        let is_it = |c: &crate::model::Candidate| PlacedPart { ree: c.ree, implementation: c.implementation } == *part;
        let position = model.leaves.get(i)?.candidates.iter().position(is_it)?;
        settled.place(i, position);
    }
    for route in &placement.routes {
        let wire = case.wiring.links.iter().position(|link| (link.a, link.b) == (route.a, route.b))?;
        let delay = |link: &usize| model.links.get(*link).map(|link| link.delay);
        let delays: Option<Vec<u64>> = route.links.iter().map(delay).collect();
        settled.route(wire, &route.links, delays?.into_iter().fold(0, u64::saturating_add));
    }
    Some(settled)
}
