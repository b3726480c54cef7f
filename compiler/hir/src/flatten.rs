//! Structures: an instance with all composites dissolved into leaves and the wires between them.
//!
//! A structure holds neither programs nor tables, so neither an edit inside a behaviour nor a new table changes it.

mod assembly;
mod provenance;

use crate::bodies::{BodyKind, body};
use crate::flatten::assembly::Assembly;
use crate::headers::known_headers;
use crate::instance::Instance;
use crate::leaf::{Leaf, LeafKind, leaf_ports, leaf_program, leaf_tables};
use crate::nemo::{filter_name, filter_rules};
use crate::part::{Nesting, nesting, parts};
use crate::port::ports;
use crate::source::db::Db;
use crate::wire::ends::EndRef;
use crate::wire::{enters_leaves, wires};
use rdcl_core::{BoundaryId, BoundaryPort, Endpoint, Network, Part, PartId, PortId, Shape};
use std::sync::Arc;

pub use provenance::{Link as FlatLink, WireOrigin, Wiring, wiring};

/// The most leaves a service may have.
pub(crate) const MOST_LEAVES: u64 = 100_000;

/// A flattened instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub struct Structure<'db> {
    /// Leaves with their paths (`fw`, `site.nat`; empty for the instance itself). Generated filters come first, then
    /// parts in the order of the source, depth first, each composite's generated balancers after its parts.
    pub parts: Vec<(String, Leaf<'db>)>,
    /// For each part and port what it is wired to.
    pub wires: Vec<Vec<Option<Endpoint>>>,
    /// The ports of the instance.
    pub boundary: Vec<BoundaryPort>,
}

/// The number of leaves of an instance, exact up to the most there may be; what is generated is not counted, and what has no
/// leaf counts as one.
#[salsa::tracked(returns(copy))]
pub fn leaf_count<'db>(db: &'db dyn Db, instance: Instance<'db>) -> u64 {
    let body = body(db, instance);
    let (BodyKind::Composite, Some(owner)) = (body.kind, body.owner()) else { return 1 };
    if *nesting(db, instance.rfb(db)) != Nesting::Fine {
        return 1;
    }
    let mut count = 0u64;
    for group in &parts(db, owner).groups {
        // Whoever is too large already need not be explored: the number of different instances may be exponential.
        if count <= MOST_LEAVES {
            count = count.saturating_add(leaf_count(db, group.instance).saturating_mul(group.size()));
        }
    }
    // Many different blocks without a leaf are many, too.
    count.max(1)
}

/// An instance, flattened.
pub fn structure<'db>(db: &'db dyn Db, instance: Instance<'db>) -> &'db Structure<'db> {
    if known_headers(db, instance) == Shape::EMPTY { skeleton(db, instance) } else { widened(db, instance) }
}

/// A structure whose parsers know more headers than those that all know.
#[salsa::tracked(returns(ref))]
fn widened<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Structure<'db> {
    let known = known_headers(db, instance);
    let mut structure = skeleton(db, instance).clone();
    for (_, leaf) in &mut structure.parts {
        *leaf = Leaf::new(db, leaf.kind(db).clone(), known);
    }
    for port in &mut structure.boundary {
        port.stack = port.stack.knowing(known);
    }
    structure
}

/// An instance, flattened, as if parsers knew no more headers than those that all know.
#[salsa::tracked(returns(ref))]
fn skeleton<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Structure<'db> {
    let body = body(db, instance);
    let well = *nesting(db, instance.rfb(db)) == Nesting::Fine && leaf_count(db, instance) <= MOST_LEAVES;
    let mut assembly = Assembly::new(ports(db, instance).flat());
    match (body.kind, body.owner()) {
        (BodyKind::Composite, Some(owner)) if well => add_parts(db, &mut assembly, instance, owner),
        (BodyKind::Leaf, _) => add_leaf(db, &mut assembly, LeafKind::Behaviour(instance)),
        (BodyKind::Composite | BodyKind::Opaque, _) => add_leaf(db, &mut assembly, LeafKind::Opaque(instance)),
    }
    add_filters(db, &mut assembly, instance);
    assembly.finish()
}

fn add_parts<'db>(db: &'db dyn Db, assembly: &mut Assembly<'db>, instance: Instance<'db>, owner: Instance<'db>) {
    for group in &parts(db, owner).groups {
        for name in group.names() {
            assembly.add_child(name, skeleton(db, group.instance));
        }
    }
    let wires = wires(db, instance);
    for balancer in &wires.balancers {
        let leaf = Leaf::new(db, LeafKind::Balancer(balancer.stack, balancer.by, balancer.size), Shape::EMPTY);
        assembly.add_leaf(balancer.name.clone(), leaf, leaf_ports(db, leaf));
    }
    for join in &wires.joins {
        assembly.join(join.a, join.b);
    }
}

fn add_leaf<'db>(db: &'db dyn Db, assembly: &mut Assembly<'db>, kind: LeafKind<'db>) {
    let leaf = Leaf::new(db, kind, Shape::EMPTY);
    assembly.add_leaf(String::new(), leaf, leaf_ports(db, leaf));
    for port in 0..assembly.boundary.len() as u32 {
        assembly.join(EndRef::Outer(port), EndRef::Inner(0, port));
    }
}

/// Puts the generated filters before every boundary port at which packets may enter.
fn add_filters<'db>(db: &'db dyn Db, assembly: &mut Assembly<'db>, instance: Instance<'db>) {
    for (i, port) in (0u32..).zip(assembly.boundary.clone()) {
        let (enters, _) = enters_leaves(&port);
        let rules = filter_rules(db, instance, &port.name, port.stack);
        if enters && !rules.is_empty() {
            let leaf = Leaf::new(db, LeafKind::Filter(port.stack, rules), Shape::EMPTY);
            assembly.put_before(i, filter_name(&port.name), leaf, leaf_ports(db, leaf));
        }
    }
}

/// A structure with programs and tables: what the interpreter runs.
#[salsa::tracked(returns(ref))]
pub fn network<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Arc<Network> {
    let structure = structure(db, instance);
    let part = |(path, leaf): &(String, Leaf<'db>)| Part {
        path: path.clone(),
        program: Arc::clone(leaf_program(db, *leaf)),
        tables: leaf_tables(db, *leaf).clone(),
    };
    let parts = structure.parts.iter().map(part).collect();
    Arc::new(Network { parts, wires: structure.wires.clone(), boundary: structure.boundary.clone() })
}

/// The boundary ids of an instance's ports are their port ids.
pub(crate) fn boundary_of(port: u32) -> BoundaryId {
    BoundaryId(port)
}

pub(crate) fn part_end(part: u32, port: u32) -> Endpoint {
    Endpoint::Part(PartId(part), PortId(port))
}
