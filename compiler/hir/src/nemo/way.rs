//! `go-through`: what packets are to pass, in order, and between which ends.
//!
//! Packets of a block enter and leave by its ports. A text of nodes has none: the ends of a flow are then those nodes that may send
//! or receive its packets, by their addresses.

use super::Subject;
use super::check::Frame;
use super::class::Class;
use super::kind::{prefix, shown};
use super::scope::Thing;
use crate::port::FlatPort;
use rdcl_base::{IntervalSet, NodeId};
use rdcl_core::Cond;
use rdcl_syntax::nemo::EntityKind;

/// That packets are to pass certain parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// The operation's name.
    pub name: String,
    pub(super) about: Subject,
    /// The parts, as they are written, in order.
    pub through: Vec<(String, NodeId)>,
    /// In a text of nodes those that may send packets of it, and those that may receive them.
    pub ends: Option<(Vec<String>, Vec<String>)>,
    /// Where it is written.
    pub node: NodeId,
}

impl Way {
    /// Which packets it is about, whatever the port.
    pub fn class(&self) -> Cond {
        match &self.about {
            Subject::Flow(_, class) => class.anywhere(),
            Subject::Port(_) => Cond::True,
        }
    }

    /// Whether it is about what enters at a port.
    pub fn is_about(&self, port: &FlatPort) -> bool {
        match &self.about {
            Subject::Flow(_, class) => class.condition(port.stack) != Cond::False,
            Subject::Port(name) => *name == port.name,
        }
    }
}

/// The nodes between which a flow goes; none if the block has no nodes of a text.
pub(super) fn ends(
    frame: &Frame<'_, '_>,
    about: &Subject,
    through: &[(String, NodeId)],
) -> Option<(Vec<String>, Vec<String>)> {
    let Subject::Flow(_, class) = about else { return None };
    let nodes = || frame.scope.of_kind(EntityKind::Node);
    nodes().next()?;
    let passed =
        |node: &Thing<'_>| through.iter().any(|(path, _)| path.split([':', '.']).next() == Some(&node.name.text));
    let among = |is_end: &dyn Fn(&Class, &IntervalSet, u8) -> bool| {
        let fits = |node: &&Thing<'_>| address(node).is_none_or(|(set, width)| is_end(class, &set, width));
        nodes()
            .filter(|node| is_terminal(frame, node) && !passed(node))
            .filter(fits)
            .map(|n| n.name.text.clone())
            .collect()
    };
    Some((among(&Class::may_come_from), among(&Class::may_go_to)))
}

/// Whether a node sends and receives packets of its own: hosts and groups of them, and what has no connection points, but no
/// function that others' packets pass.
fn is_terminal(frame: &Frame<'_, '_>, node: &Thing<'_>) -> bool {
    let Some(model) = node.type_name().and_then(|name| frame.library.node(&name.text)) else { return true };
    let is_function = matches!(model.thing.name.text.as_str(), "fw" | "lb" | "cache" | "chain-group");
    !is_function && model.points().next().is_none() && model.thing.descriptor().is_none()
}

/// The addresses of a node, with their width.
fn address(node: &Thing<'_>) -> Option<(IntervalSet, u8)> {
    let (_, value) =
        node.properties().into_iter().find(|(name, _)| matches!(name.text.as_str(), "ip-address" | "ip-prefix"))?;
    let (bits, length, width) = prefix(&shown(&value?))?;
    Some((IntervalSet::prefix(bits, u16::from(length.unwrap_or(width)), u16::from(width)), width))
}
