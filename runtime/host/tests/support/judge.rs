//! The interpreter as the judge of a running service: same frames in, same frames out, same drops for the same reasons.

use rdcl_abi::RingShape;
use rdcl_codegen::Counter;
use rdcl_core::{
    BlockId, BoundaryId, Endpoint, Injection, Interpreter, Network, Outcome, PartId, Reason, Stack, Stores, Time,
};
use rdcl_host::{Backend, PartReport, Service};
use std::collections::BTreeMap;

/// Frames that left, by edge, in order.
pub type Delivered = BTreeMap<usize, Vec<Vec<u8>>>;

/// How many visits of which part ended in which drop: at a block, or before any.
type Drops = BTreeMap<(u32, Where), u64>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    Block(BlockId),
    Parser(rdcl_core::ParseError),
    NoEntry,
}

/// A network that the interpreter runs.
pub struct Judge<'n> {
    network: &'n Network,
    interpreter: Interpreter<'n>,
    stores: Stores,
    drops: Drops,
}

impl<'n> Judge<'n> {
    pub fn new(network: &'n Network) -> Judge<'n> {
        let (interpreter, stores) = (Interpreter::new(network), Stores::new(network));
        Judge { network, interpreter, stores, drops: Drops::new() }
    }

    /// What a burst becomes.
    pub fn burst(&mut self, port: usize, start: u64, frames: &[Vec<u8>]) -> Delivered {
        let mut delivered = Delivered::new();
        for (now, bytes) in (start..).zip(frames) {
            let injection = Injection { at: BoundaryId(port as u32), bytes, now: Time(now), tape: None, fuel: 1000 };
            let run = self.interpreter.run(&mut self.stores, injection).expect("time only grows");
            for copy in run.copies {
                match copy.outcome {
                    Outcome::Delivered { at, bytes, .. } => delivered.entry(at.0 as usize).or_default().push(bytes),
                    Outcome::Dropped { reason, by } => {
                        self.dropped(port, &reason, by.map(|(p, i)| (p, i.block)), &copy.trail)
                    }
                    Outcome::ModelError { .. } | Outcome::Loop { .. } | Outcome::Exhausted => {
                        panic!("the networks here do not loop and leave nothing open: {:?}", copy.outcome)
                    }
                }
            }
        }
        delivered
    }

    fn dropped(&mut self, port: usize, reason: &Reason, by: Option<(PartId, BlockId)>, trail: &[rdcl_core::Hop]) {
        let (part, place) = match (by, reason) {
            (Some((part, block)), _) => (part, Where::Block(block)),
            (None, Reason::Parse(error)) if trail.is_empty() => (self.first(port), Where::Parser(*error)),
            (None, _) if trail.is_empty() => (self.first(port), Where::NoEntry),
            // A wire or a parser behind a part: none of the networks here has one.
            (None, _) => panic!("dropped between parts: {reason:?}"),
        };
        *self.drops.entry((part.0, place)).or_default() += 1;
    }

    fn first(&self, port: usize) -> PartId {
        match self.network.boundary[port].to {
            Some(Endpoint::Part(part, _)) => part,
            Some(Endpoint::Boundary(_)) | None => panic!("every port here leads to a part"),
        }
    }

    /// The guests must have counted the same drops.
    pub fn compare(&self, parts: &[PartReport]) {
        let mut counted = Drops::new();
        for (part, report) in (0u32..).zip(parts) {
            assert_eq!((report.lost, &report.death), (0, &None), "{}", report.path);
            for (counter, count) in report.counts.iter().filter(|(_, count)| *count > 0) {
                if let Some(place) = place(counter) {
                    *counted.entry((part, place)).or_default() += count;
                }
            }
        }
        assert_eq!(counted, self.drops);
    }
}

fn place(counter: &Counter) -> Option<Where> {
    match counter {
        Counter::Dropped { block, .. } => Some(Where::Block(*block)),
        Counter::Parse(error) => Some(Where::Parser(*error)),
        Counter::NotEntered { .. } => Some(Where::NoEntry),
        _ => None,
    }
}

/// A service of all parts of a network.
pub fn boot(network: &Network, backend: &dyn Backend) -> Service {
    let parts: Vec<PartId> = (0..network.parts.len() as u32).map(PartId).collect();
    match Service::boot(network, &parts, backend, RingShape::default()) {
        Ok(service) => service,
        Err(error) => panic!("{error}: {error:?}"),
    }
}

/// What a service makes of a burst.
pub fn run(service: &mut Service, port: usize, start: u64, frames: &[Vec<u8>]) -> Delivered {
    let mut delivered = Delivered::new();
    for (now, frame) in (start..).zip(frames) {
        service.send(port, now, frame).expect("bursts fit the queue");
    }
    let settled =
        service.settle(100_000, &mut |edge, _, bytes| delivered.entry(edge).or_default().push(bytes.to_vec()));
    settled.expect("no network here goes round in circles");
    delivered
}

/// The stacks of the ports by which frames may enter.
pub fn stacks(network: &Network) -> Vec<Stack> {
    network.boundary.iter().map(|port| port.stack).collect()
}
