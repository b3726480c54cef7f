//! The ways that packets may take through a service, from one boundary port to another.
//!
//! At a leaf a packet may leave by every port that the behaviour forwards to from where it entered; of an opaque leaf, by
//! every port that packets leave by. It never leaves by the port it entered, and enters none twice. Whether a condition
//! lets it through is not asked, so there are at least those ways that there really are.

use crate::model::Way;
use rdcl_core::End as BlockEnd;
use rdcl_core::{BoundaryId, Endpoint, PartId, PortId, Program};
use rdcl_hir::{Db, LeafKind, Structure, Wiring, leaf_program, structure};
use std::collections::{BTreeMap, BTreeSet};

/// The most ways of one flow.
const MOST_WAYS: usize = 1_000;
/// The most steps that are taken to find them: a corridor of a maze may end nowhere, since none is entered twice.
const MOST_STEPS: usize = 200_000;

/// A flow with too many ways to look at.
pub struct TooManyWays {
    pub from: usize,
    pub to: usize,
    /// How many are looked at; none if it takes too long to find as many.
    pub most: Option<usize>,
}

/// What is needed to follow packets through a structure.
pub struct Tracer {
    /// For each end the number of its wire and the other end.
    ends: BTreeMap<Endpoint, (usize, Endpoint)>,
    /// For each leaf and port of entry the ports that packets may leave by.
    onward: Vec<Vec<Vec<u32>>>,
}

impl Tracer {
    /// For a structure and its wires.
    pub fn new<'db>(db: &'db dyn Db, structure: &Structure<'db>, wiring: &Wiring) -> Tracer {
        let both = |(i, link): (usize, &rdcl_hir::FlatLink)| [(link.a, (i, link.b)), (link.b, (i, link.a))];
        let ends = wiring.links.iter().enumerate().flat_map(both).collect();
        let onward = structure.parts.iter().map(|(_, leaf)| onward(db, *leaf)).collect();
        Tracer { ends, onward }
    }

    /// The ways of a flow, each once.
    pub fn ways(&self, from: usize, to: usize) -> Result<Vec<Way>, TooManyWays> {
        let mut walk = Walk {
            tracer: self,
            to,
            way: Way::default(),
            entered: BTreeSet::new(),
            found: BTreeSet::new(),
            left: MOST_STEPS,
            leading: self.leading(to),
        };
        match walk.leave(Endpoint::Boundary(BoundaryId(from as u32))) {
            Some(()) => Ok(walk.found.into_iter().collect()),
            None => Err(TooManyWays { from, to, most: (walk.found.len() > MOST_WAYS).then_some(MOST_WAYS) }),
        }
    }

    /// The ports of parts from which some way, perhaps one that enters a port twice, leads out at a boundary port.
    fn leading(&self, to: usize) -> BTreeSet<(PartId, PortId)> {
        let (mut leading, mut open) = (BTreeSet::new(), vec![Endpoint::Boundary(BoundaryId(to as u32))]);
        while let Some(end) = open.pop() {
            let Some((_, Endpoint::Part(part, out))) = self.ends.get(&end) else { continue };
            for (port, onward) in (0u32..).zip(&self.onward[part.0 as usize]) {
                if onward.contains(&out.0) && leading.insert((*part, PortId(port))) {
                    open.push(Endpoint::Part(*part, PortId(port)));
                }
            }
        }
        leading
    }
}

struct Walk<'t> {
    tracer: &'t Tracer,
    to: usize,
    way: Way,
    entered: BTreeSet<(PartId, PortId)>,
    found: BTreeSet<Way>,
    left: usize,
    /// Where it is worth while to enter.
    leading: BTreeSet<(PartId, PortId)>,
}

impl Walk<'_> {
    /// Follows the wire at an end; none once it is too much.
    fn leave(&mut self, end: Endpoint) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        let Some((wire, other)) = self.tracer.ends.get(&end) else { return Some(()) };
        self.way.wires.push(*wire);
        let walked = match other {
            Endpoint::Boundary(port) if port.0 as usize == self.to => self.arrive(),
            Endpoint::Boundary(_) => Some(()),
            Endpoint::Part(part, port) => self.enter(*part, *port),
        };
        self.way.wires.pop();
        walked
    }

    fn enter(&mut self, part: PartId, port: PortId) -> Option<()> {
        if !self.leading.contains(&(part, port)) || !self.entered.insert((part, port)) {
            return Some(());
        }
        self.way.leaves.push(part.0 as usize);
        let onward = self.tracer.onward[part.0 as usize].get(port.index());
        let walked = onward.into_iter().flatten().try_for_each(|out| self.leave(Endpoint::Part(part, PortId(*out))));
        self.way.leaves.pop();
        self.entered.remove(&(part, port));
        walked
    }

    fn arrive(&mut self) -> Option<()> {
        let mut way = self.way.clone();
        way.leaves.sort_unstable();
        way.wires.sort_unstable();
        self.found.insert(way);
        (self.found.len() <= MOST_WAYS).then_some(())
    }
}

/// For each port of a leaf the other ports that what enters there may leave by.
fn onward<'db>(db: &'db dyn Db, leaf: rdcl_hir::Leaf<'db>) -> Vec<Vec<u32>> {
    match leaf.kind(db) {
        LeafKind::Behaviour(_) | LeafKind::Filter(..) | LeafKind::Balancer(..) => forwards(leaf_program(db, leaf)),
        LeafKind::Opaque(instance) => {
            let ports = &structure(db, *instance).boundary;
            let out =
                |i: usize| (0..).zip(ports).filter(move |(o, port)| *o as usize != i && port.leaves).map(|(o, _)| o);
            ports.iter().enumerate().map(|(i, port)| out(i).filter(|_| port.enters).collect()).collect()
        }
    }
}

/// For each port the other ports that a program forwards to what enters there, whatever its conditions.
fn forwards(program: &Program) -> Vec<Vec<u32>> {
    let from = |(port, entry): (u32, &Option<rdcl_core::BlockId>)| {
        let (mut seen, mut open, mut out) = (BTreeSet::new(), Vec::from_iter(*entry), BTreeSet::new());
        while let Some(block) = open.pop() {
            if !seen.insert(block) {
                continue;
            }
            let end = &program.blocks[block.index()].end;
            if let BlockEnd::Forward(to) = end {
                out.extend((to.0 != port).then_some(to.0));
            }
            open.extend(end.targets());
        }
        out.into_iter().collect()
    };
    (0u32..).zip(&program.entry).map(from).collect()
}
