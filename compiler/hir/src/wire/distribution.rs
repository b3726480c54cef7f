//! Distributions: `wire lan => cache[*].lan balance by flow;` puts a generated balancer between a port and the elements
//! of an array.

use super::{Join, Wiring, different_stacks, gives, takes};
use crate::attrs::Attribute;
use crate::cx::Cx;
use crate::lower::Balance;
use crate::source::loc::{Loc, Problem};
use crate::wire::ends::{EndRef, Resolved};
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_core::Stack;
use rdcl_syntax::ast::{Arrow, End, Index, Name, Wire};
use std::num::NonZeroU32;

/// A generated part that distributes packets over the elements of an array.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Balancer {
    /// Its name, after the port whose packets it distributes: `balance_lan`.
    pub name: String,
    /// What travels through it.
    pub stack: Stack,
    /// What decides where a packet goes.
    pub by: Balance,
    /// How many elements there are.
    pub size: NonZeroU32,
    /// Where the distribution is written.
    pub place: Loc,
}

impl Wiring<'_, '_> {
    /// A wire with `=>` or with `balance by`.
    pub(super) fn distribution(&mut self, wire: &Wire, attributes: &[Attribute]) {
        let ends = match (wire.ends.as_slice(), wire.arrows.as_slice()) {
            ([left, right], [Arrow::Distribute]) => [left, right],
            ([_, _], [Arrow::Both]) => return self.cx.report(not_distributed(&self.cx, wire)),
            _ => return self.cx.report(a_chain(&self.cx, wire.node)),
        };
        let by = self.named(wire);
        let from = self.around.resolve(&mut self.cx, ends[0]);
        let to = self.around.resolve(&mut self.cx, ends[1]);
        if let (Some(by), Some(from), Some(to)) = (by, from, to) {
            self.distribute(by, (&from, &to), ends, attributes, wire.node);
        }
    }

    fn named(&mut self, wire: &Wire) -> Option<Balance> {
        let Some(name) = &wire.balance else {
            self.cx.report(by_what(&self.cx, wire.node));
            return None;
        };
        let found = Balance::ALL.into_iter().find(|by| by.name() == name.text);
        if found.is_none() {
            self.cx.report(unknown_distribution(&self.cx, name));
        }
        found
    }

    fn distribute(
        &mut self,
        by: Balance,
        (from, to): (&Resolved, &Resolved),
        ends: [&End; 2],
        attributes: &[Attribute],
        wire: NodeId,
    ) {
        let [one] = from.ports.as_slice() else { return self.cx.report(from_many(&self.cx, ends[0])) };
        let size = u32::try_from(to.ports.len()).ok().filter(|size| *size > 1).and_then(NonZeroU32::new);
        let Some(size) = size else { return self.cx.report(over_one(&self.cx, ends[1])) };
        if from.group.stack != to.group.stack {
            let pair = [ends[0].clone(), ends[1].clone()];
            return self.cx.report(different_stacks(&self.cx, &pair, from.group.stack, to.group.stack));
        }
        if gives(from) != takes(to) || takes(from) != gives(to) {
            return self.facing(wire, from, to);
        }
        if !gives(from) {
            return self.cx.report(backwards(&self.cx, ends[0], from));
        }
        if !self.take(*one, ends[0].node) || !to.ports.iter().all(|port| self.take(*port, ends[1].node)) {
            return;
        }
        let name = format!("balance_{}", self.name(*one).replace('.', "_"));
        let of_part = self.around.groups().iter().any(|group| group.names().any(|part| part == name));
        if of_part || self.balancers.iter().any(|other| other.name == name) {
            return self.cx.report(name_taken(&self.cx, wire, &name));
        }
        let parts: u32 = self.around.groups().iter().map(|group| group.size() as u32).sum();
        let (number, place) = (parts + self.balancers.len() as u32, self.cx.at(wire));
        let join = |a, b, attributes: &[Attribute]| Join { a, b, attributes: attributes.to_vec(), place };
        self.joins.push(join(*one, EndRef::Inner(number, 0), &[]));
        let backs = (1..).zip(&to.ports);
        self.joins.extend(backs.map(|(port, to)| join(EndRef::Inner(number, port), *to, attributes)));
        self.balancers.push(Balancer { name, stack: from.group.stack, by, size, place });
    }
}

fn names() -> String {
    let names: Vec<String> = Balance::ALL.iter().map(|by| format!("`{}`", by.name())).collect();
    names.join(", ")
}

fn not_distributed(cx: &Cx<'_>, wire: &Wire) -> Problem {
    let at = wire.balance.as_ref().map_or(wire.node, |name| name.node);
    Diagnostic::new(Code::E0405, cx.at(at), "a wire `<->` joins ports one to one and distributes nothing")
        .with_help("write `=>` to distribute over an array, or leave out `balance by`")
}

fn a_chain(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0405, cx.at(at), "a distribution is no part of a chain")
        .with_help("make it a wire of its own: one port, `=>`, the ports of an array")
}

fn by_what(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0405, cx.at(at), "it is not said what decides where a packet goes")
        .with_help(format!("end the wire with `balance by` and one of {}", names()))
}

fn unknown_distribution(cx: &Cx<'_>, name: &Name) -> Problem {
    Diagnostic::new(Code::E0405, cx.at(name.node), format!("there is no distribution `{}`", name.text))
        .with_help(format!("the distributions are {}", names()))
        .misspelt(&name.text, Balance::ALL.map(Balance::name))
}

fn from_many(cx: &Cx<'_>, end: &End) -> Problem {
    Diagnostic::new(Code::E0405, cx.at(end.node), "only what comes from one port can be distributed")
        .with_help("name one element, or join arrays of the same length with `<->`")
}

fn over_one(cx: &Cx<'_>, end: &End) -> Problem {
    let element = end.segments.iter().find(|segment| matches!(segment.index, Some(Index::At(_))));
    let help = match element {
        Some(segment) => format!("write `{}[*]` for all elements, or `<->` for this one", segment.name.text),
        None => "join it with `<->`, or make the part an array and write `[*]` for all its elements".to_owned(),
    };
    Diagnostic::new(Code::E0405, cx.at(end.node), "this is one port, there is nothing to distribute over")
        .with_help(help)
}

fn backwards(cx: &Cx<'_>, end: &End, from: &Resolved) -> Problem {
    let message = format!("no packet comes out of `{}`, so there is nothing to distribute", from.group.name);
    Diagnostic::new(Code::E0405, cx.at(end.node), message)
        .with_help("`=>` leads from where packets come out to the array that they are distributed over")
}

fn name_taken(cx: &Cx<'_>, at: NodeId, name: &str) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(at), format!("the balancer of this distribution would be a second `{name}`"))
        .with_help("give the part of this name, or the port, another name")
}
