//! One program, run by the interpreter and as a guest, frame by frame; what they do is compared.

use rdcl_abi::{Guest, HostRings, RingShape};
use rdcl_codegen::{Compiled, Counter, Native, NotBootable, compile};
use rdcl_core::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A frame for a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub port: u32,
    pub bytes: Vec<u8>,
}

/// What came of frames: what was sent, in order, and what was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    pub sent: Vec<Sent>,
    pub counted: BTreeMap<Counter, u64>,
}

impl Effects {
    fn count(&mut self, counter: Counter) {
        *self.counted.entry(counter).or_default() += 1;
    }
}

/// A guest in this process, and its host.
pub struct Machine {
    pub compiled: Compiled,
    pub native: Native,
    pub rings: HostRings,
    before: Vec<u64>,
}

impl Machine {
    pub fn new(compiled: Compiled) -> Machine {
        let native = Native::new(&compiled).unwrap();
        let rings = HostRings::new(compiled.image().rings, compiled.image().ports);
        let before = vec![0; compiled.counters().len()];
        Machine { compiled, native, rings, before }
    }

    /// Puts frames into the ring.
    pub fn offer(&mut self, frames: &[(u32, u64, Vec<u8>)]) {
        for (port, time, bytes) in frames {
            self.rings.send(self.native.fabric(), *port, *time, bytes).unwrap();
        }
    }

    /// Lets the guest run once, and takes what it sent; gives the times of that, too.
    pub fn enter(&mut self) -> (Vec<Sent>, Vec<u64>) {
        self.rings.publish(self.native.fabric());
        self.native.enter(Duration::from_secs(1)).unwrap();
        self.rings.observe(self.native.fabric()).unwrap();
        let (mut sent, mut times, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(frame) = self.rings.take(self.native.fabric(), &mut bytes).unwrap() {
            sent.push(Sent { port: frame.port, bytes: bytes.clone() });
            times.push(frame.time);
        }
        (sent, times)
    }

    /// Lets the guest run until it has taken every frame.
    pub fn run(&mut self) -> (Effects, Vec<u64>) {
        let (mut effects, mut times) = (Effects::default(), Vec::new());
        loop {
            let before = self.rings.waiting();
            let (sent, sent_at) = self.enter();
            effects.sent.extend(sent);
            times.extend(sent_at);
            if self.rings.waiting() == 0 {
                effects.counted = self.counted();
                return (effects, times);
            }
            assert!(self.rings.waiting() < before, "a ring that was emptied has room for the copies of one frame");
        }
    }

    /// What was counted since the last time.
    pub fn counted(&mut self) -> BTreeMap<Counter, u64> {
        let mut counted = BTreeMap::new();
        for (at, counter) in self.compiled.counters().iter().enumerate() {
            let now = self.native.data()[at].load(Ordering::Relaxed);
            let more = now - std::mem::replace(&mut self.before[at], now);
            if more > 0 {
                counted.insert(counter.clone(), more);
            }
        }
        counted
    }
}

/// The interpreter and the guest side by side.
pub struct Lab<'n> {
    network: &'n Network,
    interpreter: Interpreter<'n>,
    pub stores: Stores,
    pub machine: Machine,
    /// How often what happened.
    pub seen: BTreeMap<String, u64>,
}

/// The network of one program.
pub fn alone(program: Program, tables: Vec<TableData>) -> Network {
    assert_eq!(program.check(), []);
    Network::of_leaf(Arc::new(program), tables.into_iter().map(Arc::new).collect())
}

/// Small rings, whose slots hold the frames of tests.
pub fn rings() -> RingShape {
    RingShape::new(4, 10).unwrap()
}

impl<'n> Lab<'n> {
    pub fn new(network: &'n Network, rings: RingShape) -> Result<Lab<'n>, Vec<NotBootable>> {
        let part = network.part(PartId(0));
        let machine = Machine::new(compile(&part.program, &part.tables, rings)?);
        Ok(Lab {
            network,
            interpreter: Interpreter::new(network),
            stores: Stores::new(network),
            machine,
            seen: BTreeMap::new(),
        })
    }

    /// Sends frames through both, and demands that they do the same.
    pub fn send(&mut self, frames: &[(u32, u64, Vec<u8>)]) -> Effects {
        let mut expected = Effects::default();
        let mut expected_times = Vec::new();
        for (port, time, bytes) in frames {
            let now = self.stores.now().max(Time(*time));
            let injection = Injection { at: BoundaryId(*port), bytes, now, tape: None, fuel: 8 };
            let run = self.interpreter.run(&mut self.stores, injection).unwrap();
            run.copies.iter().for_each(|copy| self.see(copy));
            note(&mut expected, PortId(*port), run);
            expected_times.resize(expected.sent.len(), now.0);
        }
        self.machine.offer(frames);
        let (got, times) = self.machine.run();
        let program = &self.network.part(PartId(0)).program;
        assert!(got == expected, "got {got:02x?}\nnot {expected:02x?}\nfor {frames:02x?}\nin {program:?}");
        assert_eq!(times, expected_times);
        got
    }

    /// Notes what a copy went through.
    fn see(&mut self, copy: &PacketCopy) {
        let program = &self.network.part(PartId(0)).program;
        for step in copy.trail.iter().flat_map(|hop| &hop.steps) {
            let block = &program.blocks[step.at.block.index()];
            let ops = block.ops.iter().map(|op| match op {
                Op::Set(Place::Field(_), _) => "Set field".to_string(),
                Op::Set(Place::Slot(_), _) => "Set slot".to_string(),
                Op::Push(header) => format!("Push {}", header.name()),
                Op::Pop(header) => format!("Pop {}", header.name()),
                Op::Nest => "Nest".to_string(),
                Op::Unnest => "Unnest".to_string(),
                Op::Touch(_) => "Touch".to_string(),
                Op::Remove(_) => "Remove".to_string(),
                Op::Update(..) => "Update".to_string(),
            });
            let took = match (step.took, &block.end) {
                (Took::Chose(..), End::Choose { free, resolver: Some(resolver), .. }) => {
                    let name = match resolver {
                        Resolver::First => "First",
                        Resolver::Hash(_) => "Hash",
                        Resolver::LeastRecentlyFreed => "LeastRecentlyFreed",
                    };
                    format!("{name}, free: {}", free.is_some())
                }
                (Took::Full(_), End::Choose { .. }) => "no value free".to_string(),
                (Took::Row(row), _) => format!("Row {}", row.is_some()),
                (Took::Arm(arm), _) => format!("Arm {}", arm.is_some()),
                (took, _) => {
                    format!("{took:?}").split_once("(MapId").map_or(format!("{took:?}"), |(name, _)| name.into())
                }
            };
            ops.chain([took]).for_each(|what| *self.seen.entry(what).or_default() += 1);
        }
        let outcome = match &copy.outcome {
            Outcome::Delivered { .. } => "Delivered".to_string(),
            Outcome::Dropped { reason: Reason::Fail(_), .. } => "Fail".to_string(),
            Outcome::Dropped { reason, .. } => format!("{reason:?}"),
            other => format!("{other:?}"),
        };
        *self.seen.entry(outcome).or_default() += 1;
    }

    /// Sends one frame.
    pub fn one(&mut self, port: u32, time: u64, bytes: &[u8]) -> Effects {
        self.send(&[(port, time, bytes.to_vec())])
    }
}

/// What a guest is to do where the interpreter does this.
fn note(effects: &mut Effects, port: PortId, run: Run) {
    effects.count(Counter::Received { port });
    let mut full = BTreeSet::new();
    for copy in run.copies {
        full.extend(copy.trail.iter().flat_map(|hop| full_steps(&hop.steps)));
        match copy.outcome {
            Outcome::Delivered { at, bytes, packet: _ } => {
                effects.count(Counter::Forwarded { port: PortId(at.0) });
                effects.sent.push(Sent { port: at.0, bytes });
            }
            Outcome::Dropped { reason: Reason::Parse(error), by: None } => effects.count(Counter::Parse(error)),
            Outcome::Dropped { reason: Reason::Unwired, by: None } => effects.count(Counter::NotEntered { port }),
            Outcome::Dropped { reason, by } => {
                effects.count(Counter::Dropped { block: by.expect("a block dropped it").1.block, reason });
            }
            other => panic!("not possible in one leaf that boots: {other:?}"),
        }
    }
    full.into_iter().for_each(|(_, block, map)| effects.count(Counter::Full { block, map }));
}

/// Where a copy found a map full: which copy it was then, the block, the map.
fn full_steps(steps: &[Step]) -> Vec<(Vec<u32>, BlockId, MapId)> {
    let (mut path, mut full) = (Vec::new(), Vec::new());
    for step in steps {
        match step.took {
            Took::Copy(arm) => path.push(arm),
            Took::Full(map) => full.push((path.clone(), step.at.block, map)),
            _ => {}
        }
    }
    full
}
