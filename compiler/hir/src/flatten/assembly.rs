//! Putting a structure together from children: ports of composites vanish, and wires that meet in them become one.

use super::{Structure, boundary_of, part_end};
use crate::leaf::Leaf;
use crate::port::FlatPort;
use crate::wire::ends::EndRef;
use crate::wire::enters_leaves;
use rdcl_core::{BoundaryPort, Endpoint, PortDecl};
use std::collections::BTreeMap;

/// A structure being put together.
pub(super) struct Assembly<'db> {
    /// The ports of the whole.
    pub boundary: Vec<FlatPort>,
    children: Vec<Child<'db>>,
    filters: Vec<Child<'db>>,
    /// Both directions of every join; a filter's number is counted from the end of `u32`.
    joins: BTreeMap<EndRef, EndRef>,
}

struct Child<'db> {
    path: String,
    structure: std::borrow::Cow<'db, Structure<'db>>,
}

impl<'db> Assembly<'db> {
    pub fn new(boundary: Vec<FlatPort>) -> Assembly<'db> {
        Assembly { boundary, children: Vec::new(), filters: Vec::new(), joins: BTreeMap::new() }
    }

    pub fn add_child(&mut self, path: String, structure: &'db Structure<'db>) {
        self.children.push(Child { path, structure: std::borrow::Cow::Borrowed(structure) });
    }

    pub fn add_leaf(&mut self, path: String, leaf: Leaf<'db>, ports: Vec<PortDecl>) {
        self.children.push(single(path, leaf, ports));
    }

    pub fn join(&mut self, a: EndRef, b: EndRef) {
        self.joins.insert(a, b);
        self.joins.insert(b, a);
    }

    /// Puts a leaf with an outer and an inner port between a boundary port and what it is joined to.
    pub fn put_before(&mut self, port: u32, path: String, leaf: Leaf<'db>, ports: Vec<PortDecl>) {
        let number = u32::MAX - self.filters.len() as u32;
        self.filters.push(single(path, leaf, ports));
        if let Some(inside) = self.joins.remove(&EndRef::Outer(port)) {
            self.join(EndRef::Inner(number, 1), inside);
        }
        self.join(EndRef::Outer(port), EndRef::Inner(number, 0));
    }

    /// The structure: filters first, then children, in the order they were added.
    pub fn finish(self) -> Structure<'db> {
        let all: Vec<(u32, &Child<'db>)> = self.numbered().collect();
        let mut offsets = BTreeMap::new();
        let mut next = 0;
        for (number, child) in &all {
            offsets.insert(*number, next);
            next += child.structure.parts.len() as u32;
        }
        let splice = Splice { assembly: &self, offsets };
        let parts =
            all.iter().flat_map(|(_, child)| child.structure.parts.iter().map(|p| (child.full_path(&p.0), p.1)));
        let parts = parts.collect();
        let wires = all.iter().flat_map(|(number, child)| splice.wires_of(*number, child)).collect();
        let boundary = (0u32..).zip(&self.boundary).map(|(i, port)| splice.boundary_port(i, port)).collect();
        Structure { parts, wires, boundary }
    }

    fn numbered(&self) -> impl Iterator<Item = (u32, &Child<'db>)> {
        let filters = (0u32..).zip(&self.filters).map(|(i, child)| (u32::MAX - i, child));
        filters.chain((0u32..).zip(&self.children))
    }

    fn child(&self, number: u32) -> Option<&Child<'db>> {
        let from_end = (u32::MAX - number) as usize;
        self.filters.get(from_end).or_else(|| self.children.get(number as usize))
    }
}

impl Child<'_> {
    fn full_path(&self, inner: &str) -> String {
        match (self.path.as_str(), inner) {
            (own, "") => own.to_owned(),
            ("", inner) => inner.to_owned(),
            (own, inner) => format!("{own}.{inner}"),
        }
    }
}

/// The structure of one leaf.
fn single<'db>(path: String, leaf: Leaf<'db>, ports: Vec<PortDecl>) -> Child<'db> {
    let wires = vec![(0..ports.len() as u32).map(|i| Some(Endpoint::Boundary(boundary_of(i)))).collect()];
    let port = |(i, port): (u32, PortDecl)| BoundaryPort {
        name: port.name,
        stack: port.stack,
        enters: true,
        leaves: true,
        to: Some(part_end(0, i)),
    };
    let boundary = (0u32..).zip(ports).map(port).collect();
    let structure = Structure { parts: vec![(String::new(), leaf)], wires, boundary };
    Child { path, structure: std::borrow::Cow::Owned(structure) }
}

struct Splice<'a, 'db> {
    assembly: &'a Assembly<'db>,
    /// For each child the number of its first leaf.
    offsets: BTreeMap<u32, u32>,
}

impl<'db> Splice<'_, 'db> {
    fn wires_of(&self, number: u32, child: &Child<'db>) -> Vec<Vec<Option<Endpoint>>> {
        let wire = |to: &Option<Endpoint>| self.seen_outside(number, (*to)?);
        child.structure.wires.iter().map(|ports| ports.iter().map(wire).collect()).collect()
    }

    fn boundary_port(&self, i: u32, port: &FlatPort) -> BoundaryPort {
        let (enters, leaves) = enters_leaves(port);
        let to = self.across(EndRef::Outer(i));
        BoundaryPort { name: port.name.clone(), stack: port.stack, enters, leaves, to }
    }

    /// What an endpoint inside a child is, seen from the whole.
    fn seen_outside(&self, number: u32, to: Endpoint) -> Option<Endpoint> {
        match to {
            Endpoint::Part(part, port) => Some(part_end(self.offsets.get(&number)? + part.0, port.0)),
            Endpoint::Boundary(boundary) => self.across(EndRef::Inner(number, boundary.0)),
        }
    }

    /// What the wire at a port leads to, through children that only pass it on.
    fn across(&self, from: EndRef) -> Option<Endpoint> {
        let mut at = from;
        for _ in 0..=self.assembly.joins.len() {
            let (number, port) = match *self.assembly.joins.get(&at)? {
                EndRef::Outer(port) => return Some(Endpoint::Boundary(boundary_of(port))),
                EndRef::Inner(number, port) => (number, port),
            };
            match self.assembly.child(number)?.structure.boundary.get(port as usize)?.to? {
                Endpoint::Part(part, port) => return Some(part_end(self.offsets.get(&number)? + part.0, port.0)),
                Endpoint::Boundary(through) => at = EndRef::Inner(number, through.0),
            }
        }
        None
    }
}
