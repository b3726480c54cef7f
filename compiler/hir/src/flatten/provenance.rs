//! Where a structure comes from: the declarations behind each leaf, and the wires behind each link.
//!
//! It stands beside [`structure`], which has no places, so that moving a wire in the text changes no structure.

use crate::attrs::Attribute;
use crate::bodies::{BodyKind, body};
use crate::flatten::{boundary_of, part_end, structure};
use crate::instance::Instance;
use crate::nemo::{filter_name, filter_rules, operation_places};
use crate::part::parts;
use crate::port::ports;
use crate::source::db::Db;
use crate::source::loc::Loc;
use crate::wire::ends::EndRef;
use crate::wire::{Join, enters_leaves, wires};
use rdcl_core::Endpoint;
use std::collections::BTreeMap;

/// A wire of a structure, with the wires of the source that it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// One end; the boundary if either end is, else the earlier part.
    pub a: Endpoint,
    /// The other.
    pub b: Endpoint,
    /// The wires in the source, from `a` to `b`; none between a generated filter and what it stands before.
    pub wires: Vec<WireOrigin>,
}

/// A wire of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireOrigin {
    /// What it promises.
    pub attributes: Vec<Attribute>,
    /// Where it is written.
    pub place: Loc,
}

/// Where a structure comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wiring {
    /// For each leaf the declarations that lead to it, outermost first: parts, then for a generated filter its
    /// operations, for a balancer its distribution.
    pub parts: Vec<Vec<Loc>>,
    /// Every wire of the structure once.
    pub links: Vec<Link>,
}

/// Where the structure of an instance comes from.
#[salsa::tracked(returns(ref))]
pub fn wiring<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Wiring {
    let structure = structure(db, instance);
    let mut tracer = Tracer { db, ends: BTreeMap::new(), places: BTreeMap::new() };
    tracer.enter(instance, "", &[]);
    let places = |(path, _): &(String, _)| tracer.places.get(path).cloned().unwrap_or_default();
    let parts = structure.parts.iter().map(places).collect();
    let numbers = (0u32..).zip(&structure.parts).map(|(i, (path, _))| (path.clone(), i)).collect();
    Wiring { parts, links: tracer.links(&numbers) }
}

/// A port of a leaf (`Inside`), or the outer face of the port of a composite or of the whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Outer(String, u32),
    Inside(String, u32),
}

struct Tracer<'db> {
    db: &'db dyn Db,
    /// What each node is joined to, and by which wire.
    ends: BTreeMap<Node, Vec<(Node, Option<WireOrigin>)>>,
    places: BTreeMap<String, Vec<Loc>>,
}

impl<'db> Tracer<'db> {
    fn enter(&mut self, instance: Instance<'db>, path: &str, chain: &[Loc]) {
        let body = body(self.db, instance);
        let filtered = self.filters(instance, path, chain);
        let inner = |port: u32| match filtered.get(&port) {
            Some(filter) => Node::Inside(filter.clone(), 1),
            None => Node::Outer(path.to_owned(), port),
        };
        match (body.kind, body.owner()) {
            (BodyKind::Composite, Some(owner)) => {
                let groups = &parts(self.db, owner).groups;
                let wires = wires(self.db, instance);
                let names: Vec<String> = groups.iter().flat_map(|group| group.names()).collect();
                let balancers: Vec<String> = wires.balancers.iter().map(|b| within(path, &b.name)).collect();
                for (balancer, at) in wires.balancers.iter().zip(&balancers) {
                    self.places.insert(at.clone(), [chain, &[balancer.place]].concat());
                }
                for join in &wires.joins {
                    self.join(join, path, (&names, &balancers), &inner);
                }
                for group in groups {
                    for name in group.names() {
                        self.enter(group.instance, &within(path, &name), &[chain, &[group.place]].concat());
                    }
                }
            }
            (BodyKind::Leaf | BodyKind::Opaque | BodyKind::Composite, _) => {
                self.places.insert(path.to_owned(), chain.to_vec());
                for port in 0..ports(self.db, instance).count() {
                    self.link(inner(port), Node::Inside(path.to_owned(), port), None);
                }
            }
        }
    }

    /// The filters before an instance's ports, by port.
    fn filters(&mut self, instance: Instance<'db>, path: &str, chain: &[Loc]) -> BTreeMap<u32, String> {
        let mut found = BTreeMap::new();
        for (i, port) in (0u32..).zip(ports(self.db, instance).flat()) {
            if enters_leaves(&port).0 && !filter_rules(self.db, instance, &port.name, port.stack).is_empty() {
                let filter = within(path, &filter_name(&port.name));
                self.places.insert(filter.clone(), [chain, &operation_places(self.db, instance)].concat());
                self.link(Node::Outer(path.to_owned(), i), Node::Inside(filter.clone(), 0), None);
                found.insert(i, filter);
            }
        }
        found
    }

    fn join(
        &mut self,
        join: &Join,
        path: &str,
        (parts, balancers): (&[String], &[String]),
        inner: &impl Fn(u32) -> Node,
    ) {
        let node = |end: EndRef| match end {
            EndRef::Outer(port) => Some(inner(port)),
            EndRef::Inner(part, port) => match parts.get(part as usize) {
                Some(name) => Some(Node::Outer(within(path, name), port)),
                None => balancers.get(part as usize - parts.len()).map(|at| Node::Inside(at.clone(), port)),
            },
        };
        let origin = WireOrigin { attributes: join.attributes.clone(), place: join.place };
        if let (Some(a), Some(b)) = (node(join.a), node(join.b)) {
            self.link(a, b, Some(origin));
        }
    }

    fn link(&mut self, a: Node, b: Node, origin: Option<WireOrigin>) {
        self.ends.entry(a.clone()).or_default().push((b.clone(), origin.clone()));
        self.ends.entry(b).or_default().push((a, origin));
    }

    /// Every way from one end to another, each once.
    fn links(&self, numbers: &BTreeMap<String, u32>) -> Vec<Link> {
        let ends = self.ends.keys().filter_map(|node| Some((node.clone(), terminal(node, numbers)?)));
        let mut starts: Vec<(Node, Endpoint)> = ends.collect();
        starts.sort_by_key(|(_, end)| order(*end));
        let mut links: Vec<Link> = Vec::new();
        for (node, a) in starts {
            for (b, wires) in self.from(&node, numbers) {
                if order(a) < order(b) {
                    links.push(Link { a, b, wires });
                }
            }
        }
        links
    }

    /// The ways from a node to the next ends.
    fn from(&self, start: &Node, numbers: &BTreeMap<String, u32>) -> Vec<(Endpoint, Vec<WireOrigin>)> {
        let first = self.ends.get(start).into_iter().flatten();
        first.filter_map(|(next, origin)| self.follow(start, next, origin, numbers)).collect()
    }

    fn follow(
        &self,
        start: &Node,
        next: &Node,
        origin: &Option<WireOrigin>,
        numbers: &BTreeMap<String, u32>,
    ) -> Option<(Endpoint, Vec<WireOrigin>)> {
        let (mut before, mut at) = (start.clone(), next.clone());
        let mut wires: Vec<WireOrigin> = origin.iter().cloned().collect();
        for _ in 0..=self.ends.len() {
            if let Some(end) = terminal(&at, numbers) {
                return Some((end, wires));
            }
            let (onward, origin) = self.ends.get(&at)?.iter().find(|(node, _)| *node != before)?;
            wires.extend(origin.iter().cloned());
            before = std::mem::replace(&mut at, onward.clone());
        }
        None
    }
}

/// What a node is, if it is an end.
fn terminal(node: &Node, numbers: &BTreeMap<String, u32>) -> Option<Endpoint> {
    match node {
        Node::Inside(path, port) => numbers.get(path).map(|part| part_end(*part, *port)),
        Node::Outer(path, port) if path.is_empty() => Some(Endpoint::Boundary(boundary_of(*port))),
        Node::Outer(..) => None,
    }
}

/// The boundary comes first.
fn order(end: Endpoint) -> (u8, u32, u32) {
    match end {
        Endpoint::Boundary(port) => (0, port.0, 0),
        Endpoint::Part(part, port) => (1, part.0, port.0),
    }
}

fn within(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
