//! What each flow through a placed service comes to: key performance indicators of the whole, from those of its pieces.
//!
//! Along a way delays add up, losses and availabilities multiply, and the narrowest piece decides the bandwidth and the
//! packet rate; of several ways the worst counts.

use crate::case::Case;
use crate::levels::{lost, passed, settled};
use crate::model::{Flow, Model};
use crate::placement::Placement;
use crate::ways::Tracer;
use rdcl_hir::{Db, Deployment};

/// What a flow from one boundary port to another comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kpi {
    /// `lan -> wan`
    pub flow: String,
    /// Of its slowest way, in nanoseconds.
    pub delay: u64,
    /// What is reserved for it on all of its ways, in bits per second.
    pub bandwidth: u64,
    /// How many packets get through in a second; none where nothing limits it.
    pub packet_rate: Option<u64>,
    /// The share of packets that get lost, in hundredths of a per cent, rounded up.
    pub loss: u64,
    /// The share of time in which it works, in hundredths of a per cent, rounded down.
    pub availability: u64,
}

/// What the flows of a placed service come to, each from one boundary port to another; those with too many ways to look
/// at, and those without a way, are left out.
pub fn kpis<'db>(db: &'db dyn Db, deployment: &'db Deployment<'db>, placement: &Placement) -> Vec<Kpi> {
    let Ok(case) = Case::read(db, deployment) else { return Vec::new() };
    let tracer = Tracer::new(db, case.structure, case.wiring);
    let mut model: Model = case.model.clone();
    let ports = || 0..case.structure.boundary.len();
    for (from, to) in ports().flat_map(|a| ports().map(move |b| (a, b))).filter(|(a, b)| a != b) {
        if model.flows.iter().any(|flow| (flow.from, flow.to) == (from, to)) {
            continue;
        }
        let ways = tracer.ways(from, to).unwrap_or_default();
        model.flows.push(Flow { from, to, ways });
    }
    let Some(settled) = settled(&case, &model, placement) else { return Vec::new() };
    let mut flows: Vec<(usize, &Flow)> = model.flows.iter().enumerate().filter(|(_, f)| !f.ways.is_empty()).collect();
    flows.sort_by_key(|(_, flow)| (flow.from, flow.to));
    let kpi = |(i, flow): (usize, &Flow)| Kpi {
        flow: case.flow_name(flow.from, flow.to),
        delay: settled.delay(i),
        bandwidth: settled.bandwidth(i),
        packet_rate: passed(&settled, i),
        loss: lost(&settled, i),
        availability: settled.availability(Some(i)).floor(),
    };
    flows.into_iter().map(kpi).collect()
}
