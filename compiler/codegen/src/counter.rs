//! What a guest counts: every frame it takes, every copy it sends, every reason it does not.

use crate::bootable::reachable;
use rdcl_core::{
    BlockId, CheckKind, End, Free, HeaderKind, Layout, MapId, ParseError, PortId, Program, Reason, Shape, Stack,
};
use std::collections::BTreeSet;

/// What one of a guest's counters counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Counter {
    /// Frames taken for a port.
    Received {
        /// The port.
        port: PortId,
    },
    /// Copies sent by a port.
    Forwarded {
        /// The port.
        port: PortId,
    },
    /// Frames dropped because nothing enters by the port.
    NotEntered {
        /// The port.
        port: PortId,
    },
    /// Frames dropped by the parser.
    Parse(ParseError),
    /// Copies dropped by a block.
    Dropped {
        /// The block.
        block: BlockId,
        /// Why.
        reason: Reason,
    },
    /// Visits that found a map full, or no value free in it; what became of them is counted elsewhere.
    Full {
        /// The block.
        block: BlockId,
        /// The map.
        map: MapId,
    },
    /// Slots skipped because they claim to hold more than a slot can.
    BadLength,
    /// Slots skipped because they name a port that is not there.
    BadPort,
}

/// The counters of a program, in order: those of ports come first.
pub(crate) fn counters(program: &Program) -> Vec<Counter> {
    let ports = || (0..program.ports.len() as u32).map(PortId);
    let mut counters: Vec<Counter> = ports().map(|port| Counter::Received { port }).collect();
    counters.extend(ports().map(|port| Counter::Forwarded { port }));
    counters.extend(ports().filter(|p| program.entry[p.index()].is_none()).map(|port| Counter::NotEntered { port }));
    let errors: BTreeSet<ParseError> = program.ports.iter().flat_map(|port| parse_errors(port.stack)).collect();
    counters.extend(errors.into_iter().map(Counter::Parse));
    let reached = reachable(program);
    let blocks = (0..).map(BlockId).zip(&program.blocks).filter(|(id, _)| reached[id.index()]);
    counters.extend(blocks.flat_map(|(id, block)| of_block(id, &block.end)));
    counters.extend([Counter::BadLength, Counter::BadPort]);
    counters
}

fn of_block(block: BlockId, end: &End) -> Option<Counter> {
    match end {
        End::Drop(reason) => Some(Counter::Dropped { block, reason: reason.clone() }),
        End::Check { kind: CheckKind::Assert, .. } => Some(Counter::Dropped { block, reason: Reason::Assertion }),
        End::Insert { map, .. } => Some(Counter::Full { block, map: *map }),
        End::Choose { free: Some(Free { map, .. }), .. } => Some(Counter::Full { block, map: *map }),
        End::Check { kind: CheckKind::Assume, .. } | End::Choose { free: None, .. } => None,
        End::Goto(_) | End::If(..) | End::Switch { .. } | End::Match { .. } => None,
        End::Lookup { .. } | End::Fork(_) | End::Forward(_) => None,
    }
}

/// The faults that the parser may find at a port of this stack.
fn parse_errors(stack: Stack) -> Vec<ParseError> {
    // A header that is missing is found missing in the end.
    let all = Stack { required: Shape::of(&[stack.outermost]), ..stack };
    let headers: BTreeSet<HeaderKind> = Shape::of_stack(all).into_iter().flat_map(headers_of).collect();
    let mut errors = vec![ParseError::Truncated];
    errors.extend(headers.iter().flat_map(|header| errors_of(header.layout())));
    let missing = stack.required.headers().filter(|h| *h != stack.outermost);
    errors.extend(missing.map(ParseError::Missing));
    errors
}

/// The faults that a header may have, besides being too short.
fn errors_of(layout: Layout) -> &'static [ParseError] {
    use ParseError::{Checksum, Fragment, Length, Options, Version};
    match layout {
        Layout::Ip4 => &[Version, Options, Fragment, Length, Checksum],
        Layout::Ip6 => &[Version],
        Layout::Tcp | Layout::Udp => &[Length],
        Layout::Arp | Layout::Vxlan => &[Options],
        Layout::Gre => &[Version, Options],
        Layout::Gtpu => &[Version, Options, Length],
        Layout::Eth | Layout::Vlan | Layout::Mpls | Layout::Frag | Layout::Icmp | Layout::Icmp6 | Layout::Esp => &[],
        Layout::User(header) if header.fields().iter().any(|field| field.name.is_empty()) => &[Options],
        Layout::User(_) => &[],
    }
}

fn headers_of(shape: Shape) -> Vec<HeaderKind> {
    shape.headers().collect()
}
