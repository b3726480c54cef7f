//! Graphs as JSON, as `docs/json-format.md` describes. Blocks that occur often are written as often; nothing of that size
//! is held besides the text.

use crate::graph::{Block, End, Flat, FlatLeaf, Graph, Link, Part, Port, within};
use rdcl_core::Endpoint;
use rdcl_hir::{Attribute, Loc, Value, value_text};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// The object of a graph, in one line. `place` turns a place into `file:line:column`; it is asked for each part and each
/// wire.
pub fn json(graph: &Graph, place: &dyn Fn(Loc) -> String) -> String {
    let root = At { name: "", path: String::new(), place: graph.place, block: &graph.service };
    let object = GraphObject {
        r#type: "graph",
        rfb: graph.service.rfb.as_deref(),
        root: node(root, place),
        flat: flat(&graph.flat),
    };
    serde_json::to_string(&object).expect("every key is a text")
}

#[derive(Serialize)]
struct GraphObject<'a> {
    r#type: &'static str,
    rfb: Option<&'a str>,
    root: Node<'a>,
    flat: FlatObject<'a>,
}

#[derive(Serialize)]
struct Node<'a> {
    name: &'a str,
    path: String,
    rfb: Option<&'a str>,
    kind: &'static str,
    at: String,
    ports: Vec<PortObject<'a>>,
    rules: &'a [String],
    parts: Parts<'a>,
    links: Vec<LinkObject<'a>>,
}

#[derive(Serialize)]
struct PortObject<'a> {
    name: &'a str,
    stack: String,
    direction: &'static str,
}

#[derive(Serialize)]
struct LinkObject<'a> {
    a: EndObject<'a>,
    b: EndObject<'a>,
    attributes: BTreeMap<&'a str, Amount>,
    at: Option<String>,
}

#[derive(Serialize)]
struct EndObject<'a> {
    part: Option<&'a str>,
    port: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Amount {
    /// In the smallest unit of what is measured: bits per second, nanoseconds.
    Number(u64),
    Text(String),
}

#[derive(Serialize)]
struct FlatObject<'a> {
    leaves: Vec<LeafObject<'a>>,
    links: Vec<FlatLink<'a>>,
    boundary: Vec<PortObject<'a>>,
}

#[derive(Serialize)]
struct LeafObject<'a> {
    path: &'a str,
    rfb: Option<&'a str>,
    kind: &'static str,
}

#[derive(Serialize)]
struct FlatLink<'a> {
    a: FlatEnd<'a>,
    b: FlatEnd<'a>,
}

#[derive(Serialize)]
struct FlatEnd<'a> {
    leaf: Option<&'a str>,
    port: &'a str,
}

/// A part where it stands.
struct At<'a> {
    name: &'a str,
    path: String,
    place: Loc,
    block: &'a Block,
}

/// The parts of a block, each made when it is written.
struct Parts<'a> {
    of: &'a Block,
    path: String,
    place: &'a dyn Fn(Loc) -> String,
}

impl<'a> Serialize for Parts<'a> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = |part: &'a Part| {
            let path = within(&self.path, &part.name);
            node(At { name: &part.name, path, place: part.place, block: &part.block }, self.place)
        };
        serializer.collect_seq(self.of.parts.iter().map(at))
    }
}

fn node<'a>(at: At<'a>, place: &'a dyn Fn(Loc) -> String) -> Node<'a> {
    let block = at.block;
    Node {
        name: at.name,
        path: at.path.clone(),
        rfb: block.rfb.as_deref(),
        kind: block.kind.word(),
        at: place(at.place),
        ports: block.ports.iter().map(port).collect(),
        rules: &block.rules,
        parts: Parts { of: block, path: at.path, place },
        links: block.links.iter().map(|l| link(block, l, place)).collect(),
    }
}

fn port(port: &Port) -> PortObject<'_> {
    PortObject { name: &port.name, stack: port.stack.to_string(), direction: port.direction.word() }
}

fn link<'a>(block: &'a Block, link: &'a Link, place: &dyn Fn(Loc) -> String) -> LinkObject<'a> {
    let amount = |attribute: &'a Attribute| (attribute.name.as_str(), amount(&attribute.value));
    LinkObject {
        a: end(block, link.a),
        b: end(block, link.b),
        attributes: link.attributes.iter().map(amount).collect(),
        at: link.place.map(place),
    }
}

fn end(block: &Block, end: End) -> EndObject<'_> {
    let part = end.part.map(|part| &block.parts[part]);
    let ports = part.map_or(&block.ports, |part| &part.block.ports);
    EndObject { part: part.map(|part| part.name.as_str()), port: &ports[end.port].name }
}

fn amount(value: &Value) -> Amount {
    match value {
        Value::Quantity(quantity) => Amount::Number(quantity.amount),
        Value::Int(_)
        | Value::Bool(_)
        | Value::Str(_)
        | Value::Ipv4(_)
        | Value::Ipv6(_)
        | Value::Prefix6(..)
        | Value::Mac(_)
        | Value::Prefix(..)
        | Value::Range(..)
        | Value::Table(_)
        | Value::Stack(_) => Amount::Text(value_text(value)),
    }
}

fn flat(flat: &Flat) -> FlatObject<'_> {
    let link = |(a, b): &(Endpoint, Endpoint)| FlatLink { a: flat_end(flat, *a), b: flat_end(flat, *b) };
    FlatObject {
        leaves: flat.leaves.iter().map(leaf).collect(),
        links: flat.links.iter().map(link).collect(),
        boundary: flat.boundary.iter().map(port).collect(),
    }
}

fn leaf(leaf: &FlatLeaf) -> LeafObject<'_> {
    LeafObject { path: &leaf.path, rfb: leaf.block.rfb.as_deref(), kind: leaf.block.kind.word() }
}

fn flat_end(flat: &Flat, end: Endpoint) -> FlatEnd<'_> {
    match end {
        Endpoint::Boundary(port) => FlatEnd { leaf: None, port: &flat.boundary[port.0 as usize].name },
        Endpoint::Part(part, port) => {
            let leaf = &flat.leaves[part.0 as usize];
            FlatEnd { leaf: Some(&leaf.path), port: &leaf.block.ports[port.index()].name }
        }
    }
}
