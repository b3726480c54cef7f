//! The wires of a composite: which port is joined to which, each at most once.

mod distribution;
pub(crate) mod ends;

use crate::attrs::{Attribute, Want, attributes};
use crate::bodies::body;
use crate::conditional::chosen_members;
use crate::cx::Cx;
use crate::headers::metadata::{bare, described};
use crate::instance::{Instance, params};
use crate::lineage::name_place;
use crate::part::{PartGroup, parts};
use crate::port::{FlatPort, Ports, ports};
use crate::source::db::Db;
use crate::source::item::Item;
use crate::source::loc::{Loc, Problem};
use ends::{Resolved, Surroundings};
use rdcl_base::{Code, Diagnostic, Dimension, NodeId};
use rdcl_core::Stack;
use rdcl_syntax::ast::{Arrow, Direction, End, Member, Wire};
use std::collections::BTreeMap;

pub use distribution::Balancer;
pub use ends::EndRef;

/// What a wire may promise.
const WIRE_ATTRIBUTES: &[(&str, Want)] = &[
    ("bandwidth", Want::Amount(Dimension::Bandwidth)),
    ("delay", Want::Amount(Dimension::Time)),
    ("packet_rate", Want::Amount(Dimension::PacketRate)),
    ("loss", Want::Amount(Dimension::Ratio)),
];

/// Two ports joined.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Join {
    /// One end.
    pub a: EndRef,
    /// The other.
    pub b: EndRef,
    /// What the wire promises.
    pub attributes: Vec<Attribute>,
    /// Where the wire is written.
    pub place: Loc,
}

/// The wires of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wires {
    /// In order.
    pub joins: Vec<Join>,
    /// What the distributions among them become, in order; each is joined like a part after the last.
    pub balancers: Vec<Balancer>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

/// The wires of an instance, between its own ports and those of its parts.
#[salsa::tracked(returns(ref))]
pub fn wires<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Wires {
    let Some(owner) = body(db, instance).owner() else { return Wires::default() };
    let (ports, parts, env) = (ports(db, instance), Some(parts(db, owner)), params(db, owner));
    let around = Surroundings { ports, parts, env };
    let cx = Cx::new(db, owner.rfb(db));
    let block = instance.rfb(db);
    let mut wiring = Wiring { cx, block, around, taken: BTreeMap::new(), joins: Vec::new(), balancers: Vec::new() };
    let mut any = false;
    for member in chosen_members(&mut wiring.cx, env) {
        if let Member::Wire(wire) = member {
            wiring.wire(wire);
        }
        any |= matches!(member, Member::Wire(_) | Member::Part(_));
    }
    let well = wiring.cx.problems.is_empty() && parts.is_some_and(|p| p.problems.is_empty());
    if any && well {
        wiring.unwired();
    }
    Wires { joins: wiring.joins, balancers: wiring.balancers, problems: wiring.cx.problems }
}

struct Wiring<'a, 'db> {
    cx: Cx<'db>,
    /// Whose wires they are; the text is that of the block, or of the ancestor that it has them from.
    block: Item<'db>,
    around: Surroundings<'a, 'db>,
    taken: BTreeMap<EndRef, NodeId>,
    joins: Vec<Join>,
    balancers: Vec<Balancer>,
}

impl<'db> Wiring<'_, 'db> {
    fn wire(&mut self, wire: &Wire) {
        let attributes = attributes(&mut self.cx, &wire.attrs, WIRE_ATTRIBUTES, self.around.env);
        if wire.balance.is_some() || wire.arrows.contains(&Arrow::Distribute) {
            return self.distribution(wire, &attributes);
        }
        let ends: Vec<Option<Resolved>> =
            wire.ends.iter().map(|e| self.around.resolve_beside(&mut self.cx, e, &wire.ends)).collect();
        for (pair, written) in ends.windows(2).zip(wire.ends.windows(2)) {
            if let [Some(a), Some(b)] = pair {
                self.join(a, b, written, &attributes, wire.node);
            }
        }
    }

    fn join(&mut self, a: &Resolved, b: &Resolved, ends: &[End], attributes: &[Attribute], wire: NodeId) {
        let (at_a, at_b) = (ends[0].node, ends[1].node);
        if a.ports.len() != b.ports.len() {
            return self.cx.report(unequal_lengths(&self.cx, wire, a.ports.len(), b.ports.len()));
        }
        if a.ports.iter().zip(&b.ports).any(|(x, y)| x == y) {
            return self.cx.report(to_itself(&self.cx, at_b));
        }
        if a.group.stack != b.group.stack {
            return self.cx.report(different_stacks(&self.cx, ends, a.group.stack, b.group.stack));
        }
        if gives(a) != takes(b) || takes(a) != gives(b) {
            return self.facing(wire, a, b);
        }
        for (x, y) in a.ports.iter().zip(&b.ports) {
            if self.take(*x, at_a) & self.take(*y, at_b) {
                let (a, b, attributes, place) = (*x, *y, attributes.to_vec(), self.cx.at(wire));
                self.joins.push(Join { a, b, attributes, place });
            }
        }
    }

    fn take(&mut self, end: EndRef, at: NodeId) -> bool {
        match self.taken.get(&end) {
            Some(first) => {
                let (first, place) = (*first, self.cx.at(at));
                // Of an array, its first element stands for all.
                if !self.cx.problems.iter().any(|p| p.code == Code::E0401 && p.primary == place) {
                    let problem = wired_twice(&self.cx, &self.name(end), at, first);
                    self.cx.report(problem);
                }
                false
            }
            None => self.taken.insert(end, at).is_none(),
        }
    }

    fn name(&self, end: EndRef) -> String {
        let nth = |ports: &Ports, i: u32| ports.flat().get(i as usize).map_or(String::new(), |p| p.name.clone());
        match end {
            EndRef::Outer(port) => nth(self.around.ports, port),
            EndRef::Inner(part, port) => match part_at(self.around.groups(), part) {
                Some((name, group)) => format!("{name}.{}", nth(ports(self.cx.db, group.instance), port)),
                None => String::new(),
            },
        }
    }

    /// Complains of ends that do not face each other.
    pub(super) fn facing(&mut self, at: NodeId, a: &Resolved, b: &Resolved) {
        let at_end = |end: &Resolved| {
            let name = end.ports.first().map_or(String::new(), |port| self.name(*port));
            let does = match (gives(end), takes(end)) {
                (true, true) => "packets pass both ways",
                (true, false) => "packets come out",
                (false, _) => "packets go in",
            };
            format!("at `{name}` {does}")
        };
        let message = format!("{}, and {}", at_end(a), at_end(b));
        self.cx.report(
            Diagnostic::new(Code::E0403, self.cx.at(at), message).with_note(
                "a wire leads from where packets come out to where they go in; `inout` ports join each other",
            ),
        );
    }

    /// Warns of ports that no wire touches; of an array of ports only when none of it is wired, and of the parts of an
    /// array once. What is inherited is not wired here.
    fn unwired(&mut self) {
        let (db, own) = (self.cx.db, self.around.ports);
        for (group, place) in own.groups.iter().zip(&own.places) {
            let (first, last) = (group.first.0, group.first.0 + crate::port::group_size(group) as u32 - 1);
            if self.taken.range(EndRef::Outer(first)..=EndRef::Outer(last)).next().is_none() {
                let is_here = [self.cx.item, self.block].iter().any(|item| place.is_in(db, *item));
                let place = if is_here { *place } else { name_place(db, self.block) };
                self.cx.report(not_wired(place, &group.name));
            }
        }
        let mut next = 0;
        for part in self.around.groups().to_vec() {
            self.unwired_of(&part, next);
            next += part.size() as u32;
        }
    }

    /// Of the parts of a group, the first of which is this one.
    fn unwired_of(&mut self, part: &PartGroup<'db>, index: u32) {
        for group in &ports(self.cx.db, part.instance).groups {
            let (first, last) = (group.first.0, group.first.0 + crate::port::group_size(group) as u32 - 1);
            let numbered = (index..).zip(part.names());
            let is_open = |number: u32| {
                let range = EndRef::Inner(number, first)..=EndRef::Inner(number, last);
                self.taken.range(range).next().is_none()
            };
            let open: Vec<String> = numbered.filter(|(number, _)| is_open(*number)).map(|(_, name)| name).collect();
            let problem = match open.as_slice() {
                [] => continue,
                [name] => not_wired(part.place, &format!("{name}.{}", group.name)),
                [name, others @ ..] => {
                    let problem = not_wired(part.place, &format!("{name}.{}", group.name));
                    problem.with_note(format!("nor are those of {} others of `{}`", others.len(), part.name))
                }
            };
            self.cx.report(problem);
        }
    }
}

/// The name and group of a part, arrays counted out.
pub(crate) fn part_at<'a, 'db>(parts: &'a [PartGroup<'db>], index: u32) -> Option<(String, &'a PartGroup<'db>)> {
    parts.iter().flat_map(|group| group.names().map(move |name| (name, group))).nth(index as usize)
}

/// Whether packets come out of an end, seen from the wire.
fn gives(end: &Resolved) -> bool {
    let outer = matches!(end.ports.first(), Some(EndRef::Outer(_)));
    match end.group.direction {
        Direction::InOut => true,
        Direction::In => outer,
        Direction::Out => !outer,
    }
}

/// Whether packets go into an end, seen from the wire.
fn takes(end: &Resolved) -> bool {
    end.group.direction == Direction::InOut || !gives(end)
}

/// Whether packets may enter at a port, and whether they may leave.
pub(crate) fn enters_leaves(port: &FlatPort) -> (bool, bool) {
    (port.direction != Direction::Out, port.direction != Direction::In)
}

fn unequal_lengths(cx: &Cx<'_>, at: NodeId, a: usize, b: usize) -> Problem {
    Diagnostic::new(Code::E0406, cx.at(at), format!("this joins {a} ports to {b}"))
        .with_help("an array is joined element by element to one of the same length")
}

fn to_itself(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0404, cx.at(at), "a wire joins two different ports, these are the same")
}

fn different_stacks(cx: &Cx<'_>, ends: &[End], a: Stack, b: Stack) -> Problem {
    if bare(a).unwrap_or(a) == bare(b).unwrap_or(b) {
        let message = format!("this port carries the metadata {}, the other end {}", described(b), described(a));
        return Diagnostic::new(Code::E0376, cx.at(ends[1].node), message)
            .with_label(cx.at(ends[0].node), "the other end")
            .with_help(
                "declare the same at both, in the same order, or put a part between them that sets or drops it",
            );
    }
    Diagnostic::new(Code::E0402, cx.at(ends[1].node), format!("this port carries `{b}`, the other end `{a}`"))
        .with_label(cx.at(ends[0].node), "the other end")
        .with_help("put a part between them that adds or removes the headers")
}

fn wired_twice(cx: &Cx<'_>, name: &str, at: NodeId, first: NodeId) -> Problem {
    Diagnostic::new(Code::E0401, cx.at(at), format!("`{name}` is wired twice"))
        .with_label(cx.at(first), "wired here already")
        .with_help("a wire joins two ports; to join more, put a part such as `std::nf::Hub` between them")
}

fn not_wired(at: Loc, name: &str) -> Problem {
    Diagnostic::new(Code::W0401, at, format!("`{name}` is not wired")).with_note("what is sent there is lost")
}
