//! Graphs as JSON, as `docs/json-format.md` describes. Blocks that occur often are written as often.

use crate::graph::{Block, End, Flat, FlatLeaf, Graph, Link, Part, Port, within};
use rdcl_core::Endpoint;
use rdcl_hir::{Attribute, Loc, Value as Constant, value_text};
use serde_json::{Map, Value, json};

/// The object of a graph. `place` turns a place into `file:line:column`; it is asked for each part and each wire.
pub fn json(graph: &Graph, place: &dyn Fn(Loc) -> String) -> Value {
    let root = Node { name: "", path: "", place: graph.place, block: &graph.service };
    json!({
        "type": "graph",
        "rfb": graph.service.rfb,
        "root": node(&root, place),
        "flat": flat(&graph.flat),
    })
}

/// A part where it stands.
struct Node<'a> {
    name: &'a str,
    path: &'a str,
    place: Loc,
    block: &'a Block,
}

fn node(at: &Node<'_>, place: &dyn Fn(Loc) -> String) -> Value {
    let block = at.block;
    let inner = |part: &Part| {
        let path = within(at.path, &part.name);
        node(&Node { name: &part.name, path: &path, place: part.place, block: &part.block }, place)
    };
    json!({
        "name": at.name,
        "path": at.path,
        "rfb": block.rfb,
        "kind": block.kind.word(),
        "at": place(at.place),
        "ports": block.ports.iter().map(port).collect::<Value>(),
        "rules": block.rules,
        "parts": block.parts.iter().map(inner).collect::<Value>(),
        "links": block.links.iter().map(|l| link(block, l, place)).collect::<Value>(),
    })
}

fn port(port: &Port) -> Value {
    json!({"name": port.name, "stack": port.stack.to_string(), "direction": port.direction.word()})
}

fn link(block: &Block, link: &Link, place: &dyn Fn(Loc) -> String) -> Value {
    json!({
        "a": end(block, link.a),
        "b": end(block, link.b),
        "attributes": attributes(&link.attributes),
        "at": link.place.map(place),
    })
}

fn end(block: &Block, end: End) -> Value {
    let part = end.part.and_then(|i| block.parts.get(i));
    let ports = part.map_or(&block.ports, |part| &part.block.ports);
    json!({"part": part.map(|part| &part.name), "port": port_name(ports, end.port)})
}

fn port_name(ports: &[Port], port: usize) -> Option<&str> {
    ports.get(port).map(|port| port.name.as_str())
}

/// Amounts in the smallest unit of what they measure: bits per second, nanoseconds.
fn attributes(attributes: &[Attribute]) -> Value {
    let member = |attribute: &Attribute| (attribute.name.clone(), amount(&attribute.value));
    Value::Object(attributes.iter().map(member).collect::<Map<String, Value>>())
}

fn amount(value: &Constant) -> Value {
    match value {
        Constant::Quantity(quantity) => json!(quantity.amount),
        Constant::Int(_)
        | Constant::Bool(_)
        | Constant::Str(_)
        | Constant::Ipv4(_)
        | Constant::Mac(_)
        | Constant::Prefix(..)
        | Constant::Range(..)
        | Constant::Table(_)
        | Constant::Stack(_) => json!(value_text(value)),
    }
}

fn flat(flat: &Flat) -> Value {
    let links = flat.links.iter().map(|(a, b)| json!({"a": flat_end(flat, *a), "b": flat_end(flat, *b)}));
    json!({
        "leaves": flat.leaves.iter().map(leaf).collect::<Value>(),
        "links": links.collect::<Value>(),
        "boundary": flat.boundary.iter().map(port).collect::<Value>(),
    })
}

fn leaf(leaf: &FlatLeaf) -> Value {
    json!({"path": leaf.path, "rfb": leaf.block.rfb, "kind": leaf.block.kind.word()})
}

fn flat_end(flat: &Flat, end: Endpoint) -> Value {
    match end {
        Endpoint::Boundary(port) => json!({"leaf": null, "port": port_name(&flat.boundary, port.0 as usize)}),
        Endpoint::Part(part, port) => {
            let leaf = flat.leaves.get(part.0 as usize);
            let port = leaf.and_then(|leaf| port_name(&leaf.block.ports, port.index()));
            json!({"leaf": leaf.map(|leaf| &leaf.path), "port": port})
        }
    }
}
