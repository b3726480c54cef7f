//! What was counted, in plain data.

use crate::dispatch::Running;
use crate::service::{Gate, Service, Unsent};
use rdcl_abi::Death;
use rdcl_codegen::Counter;
use std::collections::BTreeMap;

/// What a service counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its edges.
    pub edges: Vec<EdgeReport>,
    /// Its guests.
    pub parts: Vec<PartReport>,
    /// Frames that left by a port that leads nowhere.
    pub unwired: u64,
}

/// What passed an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeReport {
    /// Its name.
    pub name: String,
    /// Frames that entered.
    pub sent: u64,
    /// Frames that were not taken, by why.
    pub refused: BTreeMap<Unsent, u64>,
    /// Frames that left.
    pub delivered: u64,
}

/// What a guest counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartReport {
    /// Its path in the service.
    pub path: String,
    /// The names of its ports.
    pub ports: Vec<String>,
    /// Its counters.
    pub counts: Vec<(Counter, u64)>,
    /// Frames for it that were lost: its queue was full, or it was dead.
    pub lost: u64,
    /// Frames that wait for it: none, once the service has settled.
    pub waiting: u64,
    /// How it died, if it did.
    pub death: Option<Death>,
}

impl Service {
    /// What has been counted so far.
    pub fn report(&self) -> Report {
        Report {
            edges: self.edges.iter().map(edge).collect(),
            parts: self.guests.iter().map(part).collect(),
            unwired: self.unwired,
        }
    }
}

fn edge(gate: &Gate) -> EdgeReport {
    let (sent, refused, delivered) = (gate.sent, gate.refused.clone(), gate.delivered);
    EdgeReport { name: gate.edge.name.clone(), sent, refused, delivered }
}

fn part(running: &Running) -> PartReport {
    let counts = running.counters.iter().cloned().zip(running.counts()).collect();
    let (path, ports) = (running.path.clone(), running.ports.clone());
    let (lost, waiting) = (running.lost, running.waiting());
    PartReport { path, ports, counts, lost, waiting, death: running.death.clone() }
}
