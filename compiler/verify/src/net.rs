//! The network to be verified: summaries of its parts, the wires between them, the boundary.

use crate::row::{RowEnd, Summary};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rdcl_core::{BoundaryId, BoundaryPort, Endpoint, MapDecl, MapId, PartId, PortId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A port of a part by which packets enter.
pub type Ingress = (PartId, PortId);

/// A part, as far as proofs are concerned.
#[derive(Clone, Debug)]
pub struct NetPart {
    /// Its path.
    pub path: String,
    /// What it does; none when nothing is known of it.
    pub summary: Option<Arc<Summary>>,
    /// Its state maps.
    pub maps: Arc<Vec<MapDecl>>,
}

/// A flattened service.
#[derive(Clone, Debug)]
pub struct Net {
    /// Its parts.
    pub parts: Vec<NetPart>,
    /// For each part and port, what it is wired to.
    pub wires: Vec<Vec<Option<Endpoint>>>,
    /// Its boundary ports.
    pub boundary: Vec<BoundaryPort>,
}

impl Net {
    /// A part.
    pub fn part(&self, id: PartId) -> &NetPart {
        &self.parts[id.0 as usize]
    }

    /// A boundary port.
    pub fn boundary_port(&self, id: BoundaryId) -> &BoundaryPort {
        &self.boundary[id.0 as usize]
    }

    /// What a part's port is wired to.
    pub fn wired_to(&self, part: PartId, port: PortId) -> Option<Endpoint> {
        *self.wires.get(part.0 as usize)?.get(port.index())?
    }

    /// A map of a part.
    pub fn map(&self, part: PartId, map: MapId) -> &MapDecl {
        &self.part(part).maps[map.index()]
    }

    /// Boundary ports by which packets may enter.
    pub fn entries(&self) -> impl Iterator<Item = BoundaryId> + '_ {
        (0u32..).map(BoundaryId).zip(&self.boundary).filter(|(_, p)| p.enters).map(|(id, _)| id)
    }
}

/// The order in which ingress ports are explored, and which of them lie on a cycle.
///
/// There is an edge from one ingress to another only where some row leads there, so a block that passes traffic both
/// ways is no cycle.
#[derive(Debug)]
pub struct Order {
    ranks: BTreeMap<Ingress, (usize, bool)>,
}

impl Order {
    /// The order for a network.
    pub fn new(net: &Net) -> Order {
        let (graph, nodes) = ingress_graph(net);
        let components = tarjan_scc(&graph);
        let last = components.len();
        let mut ranks = BTreeMap::new();
        for (at, component) in components.into_iter().enumerate() {
            let cyclic = component.len() > 1 || component.iter().any(|n| graph.contains_edge(*n, *n));
            for node in component {
                ranks.insert(nodes[node.index()], (last - at, cyclic));
            }
        }
        Order { ranks }
    }

    /// Where an ingress stands: those before it cannot be reached from it.
    pub fn rank(&self, ingress: Ingress) -> usize {
        self.ranks.get(&ingress).map_or(0, |r| r.0)
    }

    /// Whether a packet may come back to it.
    pub fn is_cyclic(&self, ingress: Ingress) -> bool {
        self.ranks.get(&ingress).is_some_and(|r| r.1)
    }
}

fn ingress_graph(net: &Net) -> (DiGraph<(), ()>, Vec<Ingress>) {
    let mut graph = DiGraph::new();
    let mut nodes: Vec<Ingress> = Vec::new();
    let mut index: BTreeMap<Ingress, NodeIndex> = BTreeMap::new();
    for (part, wires) in (0u32..).map(PartId).zip(&net.wires) {
        for port in (0..wires.len() as u32).map(PortId) {
            index.insert((part, port), graph.add_node(()));
            nodes.push((part, port));
        }
    }
    for (part, decl) in (0u32..).map(PartId).zip(&net.parts) {
        let Some(summary) = &decl.summary else { continue };
        for ((ingress, _), rows) in &summary.ingress {
            for row in rows {
                let RowEnd::Egress(egress) = row.end else { continue };
                let Some(Endpoint::Part(next, port)) = net.wired_to(part, egress) else { continue };
                if let (Some(from), Some(to)) = (index.get(&(part, *ingress)), index.get(&(next, port))) {
                    graph.update_edge(*from, *to, ());
                }
            }
        }
    }
    (graph, nodes)
}
