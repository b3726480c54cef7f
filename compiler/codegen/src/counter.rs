//! What a guest counts: every frame it takes, every copy it sends, every reason it does not.

use crate::bootable::reachable;
use rdcl_core::{BlockId, CheckKind, End, Free, HeaderKind, MapId, ParseError, PortId, Program, Reason, Shape, Stack};
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
    let headers: BTreeSet<HeaderKind> = Shape::of_stack(stack).into_iter().flat_map(headers_of).collect();
    let mut errors = vec![ParseError::Truncated];
    if headers.contains(&HeaderKind::Ip4) {
        errors.extend([ParseError::Version, ParseError::Options, ParseError::Fragment, ParseError::Checksum]);
    }
    let with_length = [HeaderKind::Ip4, HeaderKind::Tcp, HeaderKind::Udp];
    errors.extend(with_length.iter().any(|h| headers.contains(h)).then_some(ParseError::Length));
    let missing = stack.required.headers().filter(|h| *h != stack.outermost);
    errors.extend(missing.map(ParseError::Missing));
    errors
}

fn headers_of(shape: Shape) -> Vec<HeaderKind> {
    shape.headers().collect()
}
