//! What is intended, as promises `intent.NAME`: that packets pass certain parts is decided, what nothing enforces is not.

use super::waypoint::{Ways, leaves_within};
use crate::cx::Cx;
use crate::flatten::boundary_of;
use crate::headers::knowing_ports;
use crate::instance::{Instance, params};
use crate::nemo::{Block, Way, unenforced, ways};
use crate::port::FlatPort;
use crate::property::{Claim, Property};
use crate::source::db::Db;
use crate::source::item::Item;
use crate::source::loc::{Loc, Problem};
use crate::wire::enters_leaves;
use rdcl_base::NodeId;
use rdcl_core::{BoundaryId, Cond, PartId};
use rdcl_syntax::ast::{End, EndSegment, Name};
use std::collections::BTreeSet;

/// A promise that is made of an operation.
pub(super) struct Intended {
    pub property: Property,
    /// Where the operation is written.
    pub place: Loc,
    pub problems: Vec<Problem>,
}

/// The promises that an instance's intents are.
pub(super) fn intended<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Intended> {
    let mut found: Vec<Intended> = Vec::new();
    for (what, place) in unenforced(db, instance) {
        let claim = Claim::Intended(what.reason.clone());
        let property = Property { name: name(&what.name), claim, when: Cond::True, flows: Vec::new() };
        found.push(Intended { property, place, problems: Vec::new() });
    }
    for (way, item) in ways(db, instance) {
        let mut passing = passing(db, instance, way, item);
        if found.iter().any(|other| other.property.name == passing.property.name) {
            passing.property.name.push_str(".go-through");
        }
        found.push(passing);
    }
    found
}

fn name(operation: &str) -> String {
    format!("intent.{operation}")
}

/// That what enters passes certain parts before it leaves.
fn passing<'db>(db: &'db dyn Db, instance: Instance<'db>, way: &Way, item: Item<'db>) -> Intended {
    let mut cx = Cx::new(db, item);
    let ends: Vec<End> = way.through.iter().map(|(path, node)| end(path, *node)).collect();
    let found = Ways { instance, ancestor: instance, env: params(db, instance) }.waypoints(&mut cx, &ends);
    let flows = flows(&knowing_ports(db, instance).flat(), way);
    let between = way.ends.as_ref().map(|ends| between(&cx, instance, ends)).unwrap_or_default();
    let (claim, flows) = match found {
        Some(through) if !flows.is_empty() => (Claim::Via { through, between: Vec::new() }, flows),
        Some(through) if !between.is_empty() => (Claim::Via { through, between }, flows),
        Some(_) => (Claim::Intended(no_ends(way)), flows),
        None => (Claim::Intended(no_part(way)), Vec::new()),
    };
    let property = Property { name: name(&way.name), claim, when: way.class(), flows };
    // Of what is no part at all the intent itself is complained of.
    let block = Block::of(db, item);
    let firsts = ends.iter().filter_map(|end| end.segments.first());
    if !firsts.map(|first| &first.name.text).all(|name| block.parts.contains(name)) {
        cx.problems.clear();
    }
    Intended { property, place: Loc::of(db, item, way.node), problems: cx.problems }
}

/// From every port by which packets of the flow may enter to every other by which packets leave.
fn flows(ports: &[FlatPort], way: &Way) -> Vec<(BoundaryId, BoundaryId)> {
    let numbered = || (0u32..).zip(ports);
    let entries = numbered().filter(|(_, port)| enters_leaves(port).0 && way.is_about(port));
    let exits = |from: u32| numbered().filter(move |(to, port)| enters_leaves(port).1 && *to != from);
    entries.flat_map(|(from, _)| exits(from).map(move |(to, _)| (boundary_of(from), boundary_of(to)))).collect()
}

/// From every node that may send to every other that may receive.
fn between<'db>(
    cx: &Cx<'db>,
    instance: Instance<'db>,
    (from, to): &(Vec<String>, Vec<String>),
) -> Vec<(BTreeSet<PartId>, BTreeSet<PartId>)> {
    let leaves = |name: &String| leaves_within(cx, instance, std::slice::from_ref(name)).filter(|set| !set.is_empty());
    let mut found = Vec::new();
    for sender in from {
        // One walk from each sender looks for all who receive.
        let others = to.iter().filter(|receiver| *receiver != sender).filter_map(leaves);
        let receivers: BTreeSet<PartId> = others.flatten().collect();
        found.extend(leaves(sender).filter(|_| !receivers.is_empty()).map(|sender| (sender, receivers)));
    }
    found
}

/// `site.fw` or `site:fw` as a path.
fn end(path: &str, node: NodeId) -> End {
    let segment = |text: &str| EndSegment { name: Name { text: text.to_owned(), node }, index: None };
    End { segments: path.split([':', '.']).map(segment).collect(), node }
}

fn listed(way: &Way) -> String {
    let parts: Vec<&str> = way.through.iter().map(|(part, _)| part.as_str()).collect();
    format!("`{}`", parts.join("`, `"))
}

fn no_ends(way: &Way) -> String {
    format!("it is not known where its packets come from and where they go; they should pass {}", listed(way))
}

fn no_part(way: &Way) -> String {
    format!("{} cannot be found among the parts", listed(way))
}
