//! From instances to blocks: each different instance and each different leaf is looked at once.

use crate::flat::flat;
use crate::graph::{Block, Direction, End, Graph, Kind, Link, Part, Port};
use indexmap::IndexMap;
use rdcl_base::Span;
use rdcl_core::{BoundaryPort, Endpoint, PartId, PortId, Stack};
use rdcl_hir::{Db, EndRef, Instance, Leaf, LeafKind, Loc, Rule, Structure};
use rdcl_hir::{body, full_name, known_headers, leaf_ports, parts, structure, wires, wiring};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The graph of an instance.
pub fn graph<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Graph {
    let mut blocks = Blocks { db, of_instances: IndexMap::new(), of_leaves: IndexMap::new() };
    let service = blocks.of_instance(instance);
    let flat = flat(&mut blocks, structure(db, instance));
    Graph { service, place: start_of(db, instance), flat }
}

/// The blocks met so far.
pub(crate) struct Blocks<'db> {
    db: &'db dyn Db,
    of_instances: IndexMap<Instance<'db>, Arc<Block>>,
    of_leaves: IndexMap<Leaf<'db>, Arc<Block>>,
}

impl<'db> Blocks<'db> {
    fn of_instance(&mut self, instance: Instance<'db>) -> Arc<Block> {
        if let Some(known) = self.of_instances.get(&instance) {
            return Arc::clone(known);
        }
        let inside = Inside::of(self.db, structure(self.db, instance));
        let block = match inside.own_leaf {
            Some(leaf) if inside.filters.is_empty() => self.of_leaf(leaf),
            own_leaf => Arc::new(self.composite(instance, &inside, own_leaf)),
        };
        self.of_instances.insert(instance, Arc::clone(&block));
        block
    }

    /// The block that a leaf is.
    pub fn of_leaf(&mut self, leaf: Leaf<'db>) -> Arc<Block> {
        let db = self.db;
        let block = self.of_leaves.entry(leaf).or_insert_with(|| Arc::new(leaf_block(db, leaf)));
        Arc::clone(block)
    }

    fn composite(&mut self, instance: Instance<'db>, inside: &Inside<'db>, own_leaf: Option<Leaf<'db>>) -> Block {
        let mut parts = self.filters(instance, inside);
        let links = match own_leaf {
            Some(leaf) => {
                let place = start_of(self.db, instance);
                parts.push(Part { name: String::new(), place, block: self.of_leaf(leaf) });
                own_links(inside)
            }
            None => {
                parts.extend(self.declared(instance));
                wire_links(self.db, instance, inside)
            }
        };
        let ports = inside.boundary.iter().map(boundary_port).collect();
        let rfb = Some(full_name(self.db, instance));
        Block { rfb, kind: Kind::Composite, ports, rules: Vec::new(), parts, links }
    }

    fn filters(&mut self, instance: Instance<'db>, inside: &Inside<'db>) -> Vec<Part> {
        if inside.filters.is_empty() {
            return Vec::new();
        }
        let places = &wiring(self.db, instance).parts;
        let part = |(i, (name, leaf)): (usize, &(String, Leaf<'db>))| {
            let operation = places.get(i).and_then(|places| places.first()).copied();
            let place = operation.unwrap_or_else(|| start_of(self.db, instance));
            Part { name: name.clone(), place, block: self.of_leaf(*leaf) }
        };
        inside.filters.iter().enumerate().map(part).collect()
    }

    /// The parts that an instance declares, and then its balancers.
    fn declared(&mut self, instance: Instance<'db>) -> Vec<Part> {
        let Some(owner) = body(self.db, instance).owner() else { return Vec::new() };
        let mut found = Vec::new();
        for group in &parts(self.db, owner).groups {
            let block = self.of_instance(group.instance);
            let part = |name| Part { name, place: group.place, block: Arc::clone(&block) };
            found.extend(group.names().map(part));
        }
        for balancer in &wires(self.db, instance).balancers {
            let (name, place) = (balancer.name.clone(), balancer.place);
            let kind = LeafKind::Balancer(balancer.stack, balancer.by, balancer.size);
            let block = self.of_leaf(Leaf::new(self.db, kind, known_headers(self.db, instance)));
            found.push(Part { name, place, block });
        }
        found
    }
}

/// What the structure of an instance says about its uppermost level.
struct Inside<'db> {
    boundary: &'db [BoundaryPort],
    /// The filters before its own ports.
    filters: &'db [(String, Leaf<'db>)],
    /// For each port the number of the filter before it.
    filter_of: Vec<Option<usize>>,
    /// The leaf that the instance is itself, unless it is made of parts.
    own_leaf: Option<Leaf<'db>>,
}

impl<'db> Inside<'db> {
    fn of(db: &'db dyn Db, structure: &'db Structure<'db>) -> Inside<'db> {
        let is_own_filter =
            |(path, leaf): &&(String, Leaf<'db>)| matches!(leaf.kind(db), LeafKind::Filter(..)) && !path.contains('.');
        let count = structure.parts.iter().take_while(is_own_filter).count();
        let (filters, rest) = structure.parts.split_at(count);
        let boundary = &structure.boundary;
        let filter_of = boundary.iter().map(|port| filter_at(port.to).filter(|i| *i < count)).collect();
        let own_leaf = rest.first().filter(|(path, _)| path.is_empty()).map(|(_, leaf)| *leaf);
        Inside { boundary, filters, filter_of, own_leaf }
    }

    /// A port of the block as what is inside sees it: the inner port of the filter before it, if there is one.
    fn inner(&self, port: usize) -> End {
        let filter = self.filter_of.get(port).copied().flatten();
        filter.map_or(End { part: None, port }, |filter| End { part: Some(filter), port: 1 })
    }

    /// The links from ports to the filters before them. One that a wire leads to is the second end, as in the source.
    fn filter_links(&self, ends_at: &BTreeSet<usize>) -> Vec<Link> {
        let link = |(port, filter): (usize, &Option<usize>)| {
            let (own, outer) = (End { part: None, port }, End { part: Some((*filter)?), port: 0 });
            Some(if ends_at.contains(&port) { generated(outer, own) } else { generated(own, outer) })
        };
        self.filter_of.iter().enumerate().filter_map(link).collect()
    }
}

/// Which leaf a boundary port leads to, if to its first port.
fn filter_at(to: Option<Endpoint>) -> Option<usize> {
    match to? {
        Endpoint::Part(PartId(part), PortId(0)) => Some(part as usize),
        Endpoint::Part(..) | Endpoint::Boundary(_) => None,
    }
}

/// The links of a behaviour behind filters. The first half of its ports is taken to be where packets come from.
fn own_links(inside: &Inside<'_>) -> Vec<Link> {
    let (count, body) = (inside.boundary.len(), inside.filters.len());
    let right = count.div_ceil(2)..count;
    let mut links = inside.filter_links(&right.clone().collect());
    links.extend((0..count).map(|port| {
        let (outer, inner) = (inside.inner(port), End { part: Some(body), port });
        if right.contains(&port) { generated(inner, outer) } else { generated(outer, inner) }
    }));
    links
}

fn wire_links<'db>(db: &'db dyn Db, instance: Instance<'db>, inside: &Inside<'_>) -> Vec<Link> {
    let joins = &wires(db, instance).joins;
    let ends_at = joins.iter().filter_map(|join| outer(join.b)).collect();
    let mut links = inside.filter_links(&ends_at);
    let end = |end: EndRef| match end {
        EndRef::Outer(port) => inside.inner(port as usize),
        EndRef::Inner(part, port) => End { part: Some(inside.filters.len() + part as usize), port: port as usize },
    };
    links.extend(joins.iter().map(|join| Link {
        a: end(join.a),
        b: end(join.b),
        attributes: join.attributes.clone(),
        place: Some(join.place),
    }));
    links
}

fn outer(end: EndRef) -> Option<usize> {
    match end {
        EndRef::Outer(port) => Some(port as usize),
        EndRef::Inner(..) => None,
    }
}

fn generated(a: End, b: End) -> Link {
    Link { a, b, attributes: Vec::new(), place: None }
}

fn leaf_block<'db>(db: &'db dyn Db, leaf: Leaf<'db>) -> Block {
    let (kind, rules) = match leaf.kind(db) {
        LeafKind::Behaviour(_) => (Kind::Behaviour, Vec::new()),
        LeafKind::Opaque(_) => (Kind::Opaque, Vec::new()),
        LeafKind::Filter(_, rules) => (Kind::Filter, rules.iter().map(rule).collect()),
        LeafKind::Balancer(_, by, _) => (Kind::Balancer, vec![format!("by {}", by.name())]),
    };
    let ports = match leaf.instance(db) {
        Some(instance) => structure(db, instance).boundary.iter().map(boundary_port).collect(),
        None => leaf_ports(db, leaf).into_iter().map(|p| port(p.name, p.stack, Direction::InOut)).collect(),
    };
    let rfb = leaf.instance(db).map(|instance| full_name(db, instance));
    Block { rfb, kind, ports, rules, parts: Vec::new(), links: Vec::new() }
}

fn rule(rule: &Rule) -> String {
    format!("{} {}", if rule.deny { "deny" } else { "allow" }, rule.name)
}

/// A port of an instance.
pub(crate) fn boundary_port(from: &BoundaryPort) -> Port {
    let direction = match (from.enters, from.leaves) {
        (true, false) => Direction::In,
        (false, true) => Direction::Out,
        (true, true) | (false, false) => Direction::InOut,
    };
    port(from.name.clone(), from.stack, direction)
}

fn port(name: String, stack: Stack, direction: Direction) -> Port {
    Port { name, stack, direction }
}

/// Where the RFB of an instance is written.
fn start_of<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Loc {
    let item = instance.rfb(db);
    Loc::Text(item.file(db), item.id(db), Span::default())
}
