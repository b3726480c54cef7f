//! Ways round waypoints, as far as wires and what is known of blocks allow them.
//!
//! A block of which nothing is known may send a packet on by any of its ports. Where no way round exists even so, every
//! packet passes the waypoints, whatever the unknown blocks do. That there is one says nothing: no packet may take it.

use crate::net::{Ingress, Net};
use crate::row::RowEnd;
use rdcl_core::{BoundaryId, Endpoint, PartId, PortId};
use rdcl_hir::passed;
use std::collections::{BTreeMap, BTreeSet};

/// Where a packet is, and how many waypoints it has passed.
type Position = (Ingress, usize);

/// Whether a packet might get from one boundary port to another without passing all waypoints in order.
pub fn has_bypass(net: &Net, through: &[BTreeSet<PartId>], (from, to): (BoundaryId, BoundaryId)) -> bool {
    let start = net.boundary_port(from).to;
    let is_end = |at: Endpoint| at == Endpoint::Boundary(to);
    Search { net, through, came_from: BTreeMap::new() }.run(start.into_iter().collect(), &is_end).is_some()
}

/// The parts on a way, if there is one, from a part that sends packets to one that receives them on which not all waypoints are
/// passed in order; both ends included.
pub fn way_round(
    net: &Net,
    through: &[BTreeSet<PartId>],
    (from, to): &(BTreeSet<PartId>, BTreeSet<PartId>),
) -> Option<Vec<PartId>> {
    let exits = |part: &PartId| net.wires[part.0 as usize].iter().flatten().copied().collect::<Vec<_>>();
    let is_end = |at: Endpoint| matches!(at, Endpoint::Part(part, _) if to.contains(&part));
    let mut search = Search { net, through, came_from: BTreeMap::new() };
    let (last, mut at) = search.run(from.iter().flat_map(exits).collect(), &is_end)?;
    let mut way = match last {
        Endpoint::Part(part, _) => vec![part],
        Endpoint::Boundary(_) => Vec::new(),
    };
    while let Some(position) = at {
        way.push(position.0.0);
        at = *search.came_from.get(&position)?;
    }
    way.extend(from.last().filter(|sender| way.last() != Some(*sender)));
    way.reverse();
    Some(way)
}

struct Search<'a> {
    net: &'a Net,
    through: &'a [BTreeSet<PartId>],
    /// For each position the one before it.
    came_from: BTreeMap<Position, Option<Position>>,
}

impl Search<'_> {
    /// An end that is reached without passing all waypoints, and the position before it.
    fn run(&mut self, start: Vec<Endpoint>, is_end: &dyn Fn(Endpoint) -> bool) -> Option<(Endpoint, Option<Position>)> {
        let mut open: Vec<(Endpoint, Option<Position>)> = start.into_iter().map(|at| (at, None)).collect();
        let mut next = 0;
        while let Some((at, before)) = open.get(next).copied() {
            next += 1;
            let count = before.map_or(0, |position| position.1);
            if is_end(at) && count < self.through.len() {
                return Some((at, before));
            }
            let Endpoint::Part(part, port) = at else { continue };
            let position = ((part, port), passed(self.through, count, part));
            if self.came_from.contains_key(&position) {
                continue;
            }
            self.came_from.insert(position, before);
            let onward = exits(self.net, (part, port)).into_iter().filter_map(|exit| self.net.wired_to(part, exit));
            open.extend(onward.map(|to| (to, Some(position))));
        }
        None
    }
}

/// The ports by which a packet that enters may leave.
fn exits(net: &Net, (part, port): Ingress) -> BTreeSet<PortId> {
    let all = || (0..net.wires[part.0 as usize].len() as u32).map(PortId).collect();
    let Some(summary) = &net.part(part).summary else { return all() };
    let mut found = BTreeSet::new();
    for row in summary.ingress.iter().filter(|((ingress, _), _)| *ingress == port).flat_map(|(_, rows)| rows) {
        match row.end {
            RowEnd::Egress(exit) => _ = found.insert(exit),
            RowEnd::Unmodelled => return all(),
            RowEnd::Dropped(..) | RowEnd::Assumption | RowEnd::Breaks(_) => {}
        }
    }
    if summary.exhausted { all() } else { found }
}
