//! The ways between leaves: the wires of a structure, with the generated filters that no cloud can run left out.
//!
//! A filter on a host is a guest, and an end like any other. In a cloud it dissolves: the wires on its two sides become
//! one way, which remembers that it stood there.

use rdcl_core::{Endpoint, PartId, PortId};
use rdcl_hir::{FlatLink, WireOrigin};
use std::collections::{BTreeMap, BTreeSet};

/// A way from one end to another.
#[derive(Clone, Debug)]
pub struct Way<'a> {
    /// The ends; a boundary port comes first.
    pub ends: [Endpoint; 2],
    /// The wires of the source that it is made of.
    pub wires: Vec<&'a WireOrigin>,
    /// The filters it crosses: which, and the end that their inner side faces.
    pub filters: Vec<(PartId, Endpoint)>,
}

/// Every way once, in the order of the links.
pub fn ways<'a>(links: &'a [FlatLink], dissolved: &BTreeSet<PartId>) -> Vec<Way<'a>> {
    let mut at: BTreeMap<Endpoint, &FlatLink> = BTreeMap::new();
    for link in links {
        at.insert(link.a, link);
        at.insert(link.b, link);
    }
    let is_end = |end: &Endpoint| inner(*end, dissolved).is_none();
    let starts = links.iter().flat_map(|link| [link.a, link.b]).filter(is_end);
    let found = starts.filter_map(|start| follow(start, &at, dissolved));
    found.filter(|way| rank(way.ends[0]) < rank(way.ends[1])).collect()
}

/// The filter that an end belongs to, if it is one that dissolves.
fn inner(end: Endpoint, dissolved: &BTreeSet<PartId>) -> Option<(PartId, PortId)> {
    match end {
        Endpoint::Part(part, port) if dissolved.contains(&part) => Some((part, port)),
        Endpoint::Part(..) | Endpoint::Boundary(_) => None,
    }
}

fn follow<'a>(start: Endpoint, at: &BTreeMap<Endpoint, &'a FlatLink>, dissolved: &BTreeSet<PartId>) -> Option<Way<'a>> {
    let (mut here, mut wires, mut crossed) = (start, Vec::new(), Vec::new());
    loop {
        let link = at.get(&here)?;
        wires.extend(&link.wires);
        let next = if link.a == here { link.b } else { link.a };
        let Some((filter, port)) = inner(next, dissolved) else {
            let facing = |(filter, entered): (PartId, PortId)| (filter, if entered.0 == 0 { next } else { start });
            return Some(Way { ends: [start, next], wires, filters: crossed.into_iter().map(facing).collect() });
        };
        crossed.push((filter, port));
        here = Endpoint::Part(filter, PortId(1 - port.0));
    }
}

/// The boundary comes first, then parts in their order.
fn rank(end: Endpoint) -> (u8, u32, u32) {
    match end {
        Endpoint::Boundary(port) => (0, port.0, 0),
        Endpoint::Part(part, port) => (1, part.0, port.0),
    }
}
