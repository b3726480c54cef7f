//! The service without its composites: leaves, and the wires between them.

use crate::blocks::{Blocks, boundary_port};
use crate::graph::{Flat, FlatLeaf};
use rdcl_core::{BoundaryId, Endpoint, PartId, PortId};
use rdcl_hir::{Leaf, Structure};

/// A structure, as plain data.
pub(crate) fn flat<'db>(blocks: &mut Blocks<'db>, structure: &Structure<'db>) -> Flat {
    let leaf = |(path, leaf): &(String, Leaf<'db>)| FlatLeaf { path: path.clone(), block: blocks.of_leaf(*leaf) };
    let leaves = structure.parts.iter().map(leaf).collect();
    Flat { leaves, links: links(structure), boundary: structure.boundary.iter().map(boundary_port).collect() }
}

/// Every wire once: seen from its first end.
fn links(structure: &Structure<'_>) -> Vec<(Endpoint, Endpoint)> {
    let boundary = (0u32..).zip(&structure.boundary).map(|(i, port)| (Endpoint::Boundary(BoundaryId(i)), port.to));
    let leaves = (0u32..).zip(&structure.wires).flat_map(|(part, ports)| {
        let end = move |(port, to): (u32, &Option<Endpoint>)| (Endpoint::Part(PartId(part), PortId(port)), *to);
        (0u32..).zip(ports).map(end)
    });
    let both = boundary.chain(leaves).filter_map(|(a, b)| Some((a, b?)));
    both.filter(|(a, b)| order(*a) < order(*b)).collect()
}

/// The boundary comes first.
fn order(end: Endpoint) -> (u8, u32, u32) {
    match end {
        Endpoint::Boundary(port) => (0, port.0, 0),
        Endpoint::Part(part, port) => (1, part.0, port.0),
    }
}
