//! A flattened service as packets see it: programs, the wires between their ports, and the boundary.
//!
//! Composites are gone; a part is a leaf. This is what the interpreter runs and the verifier proves things about.

use crate::program::{PortId, Program};
use crate::shape::Stack;
use crate::table::TableData;
use std::sync::Arc;

/// A part of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartId(pub u32);

/// A port of the network itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BoundaryId(pub u32);

/// A leaf with its tables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Instance path from the root: `fw`, `site.nat`; empty when the network is one leaf.
    pub path: String,
    /// What it does.
    pub program: Arc<Program>,
    /// The data of its tables, in the order of [`Program::tables`].
    pub tables: Vec<Arc<TableData>>,
}

/// A port of the network itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BoundaryPort {
    /// `lan`, `p[3]`.
    pub name: String,
    /// What travels over it.
    pub stack: Stack,
    /// Whether packets may enter here.
    pub enters: bool,
    /// Whether packets may leave here.
    pub leaves: bool,
    /// What it is wired to inside, if anything.
    pub to: Option<Endpoint>,
}

/// One end of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// A port of a part.
    Part(PartId, PortId),
    /// A boundary port.
    Boundary(BoundaryId),
}

/// A flattened service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Network {
    /// Its parts; a [`PartId`] indexes them.
    pub parts: Vec<Part>,
    /// For each part and port, what the port is wired to.
    pub wires: Vec<Vec<Option<Endpoint>>>,
    /// Its boundary ports; a [`BoundaryId`] indexes them.
    pub boundary: Vec<BoundaryPort>,
}

impl Network {
    /// A part.
    pub fn part(&self, id: PartId) -> &Part {
        &self.parts[id.0 as usize]
    }

    /// A boundary port.
    pub fn boundary_port(&self, id: BoundaryId) -> &BoundaryPort {
        &self.boundary[id.0 as usize]
    }

    /// What a part's port is wired to.
    pub fn wired_to(&self, part: PartId, port: PortId) -> Option<Endpoint> {
        self.wires[part.0 as usize][port.index()]
    }

    /// The boundary port with this name.
    pub fn find_boundary(&self, name: &str) -> Option<BoundaryId> {
        self.boundary.iter().position(|p| p.name == name).map(|i| BoundaryId(i as u32))
    }

    /// `fw.lan`, or `lan` when the network is one leaf.
    pub fn port_name(&self, part: PartId, port: PortId) -> String {
        let part = self.part(part);
        let port = &part.program.ports[port.index()].name;
        if part.path.is_empty() { port.clone() } else { format!("{}.{port}", part.path) }
    }

    /// The network of a single leaf: every port is a boundary port.
    pub fn of_leaf(program: Arc<Program>, tables: Vec<Arc<TableData>>) -> Network {
        let part = PartId(0);
        let boundary = (0u32..).zip(&program.ports).map(|(i, port)| BoundaryPort {
            name: port.name.clone(),
            stack: port.stack,
            enters: program.entry[i as usize].is_some(),
            leaves: true,
            to: Some(Endpoint::Part(part, PortId(i))),
        });
        let boundary: Vec<BoundaryPort> = boundary.collect();
        let wires = vec![(0..program.ports.len() as u32).map(|i| Some(Endpoint::Boundary(BoundaryId(i)))).collect()];
        Network { parts: vec![Part { path: String::new(), program, tables }], wires, boundary }
    }
}
