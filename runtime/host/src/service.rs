//! A running service: its guests, and the edges by which frames come and go.

use crate::backend::Backend;
use crate::dispatch::{Running, To};
use rdcl_abi::{Refused, RingShape};
use rdcl_codegen::{NotBootable, compile};
use rdcl_core::{Endpoint, Network, PartId, PortId, Stack, deparse, parse};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

/// A place where frames enter and leave: a port of the service, or a port of a guest whose far end is not running here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// `lan`, or `fw.wan` for a port of a guest.
    pub name: String,
    /// What travels over it.
    pub stack: Stack,
    /// Whether frames may enter here.
    pub enters: bool,
    /// Whether frames may leave here.
    pub leaves: bool,
}

/// A running service. Dropping it ends its guests.
pub struct Service {
    pub(crate) guests: Vec<Running>,
    pub(crate) edges: Vec<Gate>,
    /// Frames on wires that lead straight through the service.
    pub(crate) through: Vec<Through>,
    /// Frames that left by a port that leads nowhere.
    pub(crate) unwired: u64,
}

/// A frame on its way from edge to edge. No guest has parsed it, so the host has: it is what any block would pass on.
pub(crate) struct Through {
    pub edge: usize,
    pub time: u64,
    pub bytes: Vec<u8>,
}

/// An edge, where it leads, and what passed it.
pub(crate) struct Gate {
    pub edge: Edge,
    pub to: To,
    pub sent: u64,
    pub refused: BTreeMap<Unsent, u64>,
    pub delivered: u64,
}

/// Why a service did not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// A block cannot be a guest.
    #[error("`{path}` cannot be booted")]
    NotBootable {
        /// The part.
        part: PartId,
        /// Its path.
        path: String,
        /// Why; at least one reason.
        reasons: Vec<NotBootable>,
    },
    /// The backend could not load an image.
    #[error("`{path}` does not start: {source}")]
    Backend {
        /// The part's path.
        path: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsent {
    /// Nothing may enter there.
    Closed,
    /// The part behind the edge does not run here.
    Elsewhere,
    /// The wire leads straight to another edge, and the frame is not a packet of what travels over it.
    Malformed,
    /// It is longer than a guest takes.
    TooLong,
    /// The guest behind the edge is dead.
    Dead,
    /// Too many frames wait already: settle first.
    Busy,
}

/// Frames were still under way after guests had taken the given number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("frames are still under way; they may go round in a circle")]
pub struct Unsettled;

impl Service {
    /// Compiles and boots these parts of a network. Wires to other parts end at edges named for the port on this side.
    ///
    /// # Errors
    /// When a part cannot be compiled or loaded; guests that were started are ended.
    pub fn boot(
        network: &Network,
        parts: &[PartId],
        backend: &dyn Backend,
        rings: RingShape,
    ) -> Result<Service, BootError> {
        let mut guests = Vec::with_capacity(parts.len());
        for part in parts {
            guests.push(boot_part(network, *part, backend, rings)?);
        }
        let mut service = Service { guests, edges: boundary_gates(network), through: Vec::new(), unwired: 0 };
        service.wire(network, parts);
        Ok(service)
    }

    /// The edges; other functions speak of their positions. Ports of the service come first.
    pub fn edges(&self) -> impl ExactSizeIterator<Item = &Edge> {
        self.edges.iter().map(|gate| &gate.edge)
    }

    /// The position of the edge with this name.
    pub fn find_edge(&self, name: &str) -> Option<usize> {
        self.edges().position(|edge| edge.name == name)
    }

    fn wire(&mut self, network: &Network, parts: &[PartId]) {
        let slot = |part: PartId| parts.iter().position(|p| *p == part);
        for (guest, part) in parts.iter().enumerate() {
            for port in 0..network.part(*part).program.ports.len() as u32 {
                let to = match network.wired_to(*part, PortId(port)) {
                    None => To::Nowhere,
                    Some(Endpoint::Boundary(at)) => To::Edge(at.0 as usize),
                    Some(Endpoint::Part(other, there)) => match slot(other) {
                        Some(other) => To::Guest(other, there.0),
                        None => self.cut(network, *part, PortId(port), guest),
                    },
                };
                self.guests[guest].routes.push(to);
            }
        }
        for (gate, port) in self.edges.iter_mut().zip(&network.boundary) {
            gate.to = match port.to {
                Some(Endpoint::Part(part, port)) => slot(part).map_or(To::Elsewhere, |guest| To::Guest(guest, port.0)),
                Some(Endpoint::Boundary(at)) => To::Edge(at.0 as usize),
                None => To::Nowhere,
            };
        }
    }

    /// A new edge where a wire leads out of this host.
    fn cut(&mut self, network: &Network, part: PartId, port: PortId, guest: usize) -> To {
        let stack = network.part(part).program.ports[port.index()].stack;
        let edge = Edge { name: network.port_name(part, port), stack, enters: true, leaves: true };
        self.edges.push(Gate::new(edge, To::Guest(guest, port.0)));
        To::Edge(self.edges.len() - 1)
    }

    /// Sends a frame in at an edge; [`Service::settle`] carries it on.
    ///
    /// # Errors
    /// Why it was not taken; it is counted at the edge.
    pub fn send(&mut self, edge: usize, time: u64, bytes: &[u8]) -> Result<(), Unsent> {
        let Some(gate) = self.edges.get_mut(edge) else { return Err(Unsent::Closed) };
        let sent = match gate.to {
            _ if !gate.edge.enters => Err(Unsent::Closed),
            To::Guest(guest, port) => self.guests[guest].accept(port, time, bytes),
            To::Edge(other) => match parse(bytes, gate.edge.stack) {
                Ok(packet) => {
                    self.through.push(Through { edge: other, time, bytes: deparse(&packet) });
                    Ok(())
                }
                Err(_) => Err(Unsent::Malformed),
            },
            To::Elsewhere => Err(Unsent::Elsewhere),
            To::Nowhere => Err(Unsent::Closed),
        };
        match sent {
            Ok(()) => gate.sent += 1,
            Err(Unsent::Busy) => {}
            Err(why) => *gate.refused.entry(why).or_default() += 1,
        }
        sent
    }
}

impl Gate {
    fn new(edge: Edge, to: To) -> Gate {
        Gate { edge, to, sent: 0, refused: BTreeMap::new(), delivered: 0 }
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unsent::Closed => "nothing may enter there",
            Unsent::Elsewhere => "the part there does not run here",
            Unsent::Malformed => "malformed",
            Unsent::TooLong => "longer than a guest takes",
            Unsent::Dead => "the guest there is dead",
            Unsent::Busy => "too many frames are waiting",
        })
    }
}

impl From<Refused> for Unsent {
    fn from(refused: Refused) -> Unsent {
        match refused {
            Refused::Full => Unsent::Busy,
            Refused::TooLong => Unsent::TooLong,
        }
    }
}

fn boundary_gates(network: &Network) -> Vec<Gate> {
    let edge = |port: &rdcl_core::BoundaryPort| Edge {
        name: port.name.clone(),
        stack: port.stack,
        enters: port.enters,
        leaves: port.leaves,
    };
    network.boundary.iter().map(|port| Gate::new(edge(port), To::Nowhere)).collect()
}

fn boot_part(network: &Network, part: PartId, backend: &dyn Backend, rings: RingShape) -> Result<Running, BootError> {
    let leaf = network.part(part);
    let compiled = compile(&leaf.program, &leaf.tables, rings);
    let compiled = compiled.map_err(|reasons| BootError::NotBootable { part, path: leaf.path.clone(), reasons })?;
    let guest = backend.boot(&compiled).map_err(|source| BootError::Backend { path: leaf.path.clone(), source })?;
    let ports = leaf.program.ports.iter().map(|port| port.name.clone()).collect();
    Ok(Running::new(leaf.path.clone(), ports, guest, &compiled))
}
