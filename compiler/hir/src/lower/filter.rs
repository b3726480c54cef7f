//! Filters that nobody wrote: what denies and allows of an intent become at a boundary port.

use super::draft::Draft;
use rdcl_base::NodeId;
use rdcl_core::{Cond, End, PortDecl, PortId, Program, Reason, Stack};

/// One operation on a class of packets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FilterRule {
    /// The operation's name.
    pub name: String,
    /// Which packets.
    pub class: Cond,
    /// Whether they are dropped; otherwise they pass.
    pub deny: bool,
}

const OUTER: PortId = PortId(0);
const INNER: PortId = PortId(1);

/// The filter: what enters at port 0 (`outer`) meets the rules, of which the first that fits decides; what none fits
/// passes. What enters at port 1 (`inner`) passes.
pub fn lower_filter(stack: Stack, rules: &[FilterRule]) -> Program {
    let (mut draft, node) = (Draft::default(), NodeId::default());
    let mut outer = draft.ended(End::Forward(INNER), node);
    for rule in rules.iter().rev() {
        let decided = match rule.deny {
            true => End::Drop(Reason::Fail(format!("nemo {}", rule.name))),
            false => End::Forward(INNER),
        };
        let decided = draft.ended(decided, node);
        outer = match &rule.class {
            Cond::True => decided,
            Cond::False => outer,
            class => draft.ended(End::If(class.clone(), decided, outer), node),
        };
    }
    let inner = draft.ended(End::Forward(OUTER), node);
    let mut entry = vec![Some(outer), Some(inner)];
    let (blocks, _) = draft.finish(&mut entry);
    let ports = ["outer", "inner"].map(|name| PortDecl { name: name.into(), stack }).to_vec();
    Program { ports, blocks, entry, ..Program::default() }
}
