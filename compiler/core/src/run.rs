//! A run: one packet's lineage through a network, from bytes to what becomes of every copy.
//!
//! The work list is first in, first out, so a run is a function of the network, the stores, the bytes, the time, the
//! tape and the fuel. Between parts a packet is what its bytes would be parsed into.

use crate::network::{BoundaryId, Endpoint, Network, PartId};
use crate::origin::InstrId;
use crate::packet::{Packet, Time};
use crate::program::{ChoiceId, MapId, ParseError, PortId, Reason};
use crate::shape::Stack;
use crate::store::Stores;
use crate::tape::{Expiry, Tape, TapeError};
use crate::visit::{Branch, Machine, ModelError, Shared, Step, Took, VisitEnd, visit};
use crate::wire::{LONGEST_WITH_TUNNELS, deparse, parse};
use std::collections::VecDeque;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Injection<'i> {
    /// The boundary port by which the packet enters.
    pub at: BoundaryId,
    /// The packet.
    pub bytes: &'i [u8],
    /// The time at which all of it happens; no earlier than that of the packet before.
    pub now: Time,
    /// Decisions; without a tape, choices go to their resolvers and entries expire as early as they may.
    pub tape: Option<&'i Tape>,
    /// The most visits.
    pub fuel: u64,
}

/// What became of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its copies, in the order in which they ended.
    pub copies: Vec<PacketCopy>,
    /// The value of every choice made, in order: as a tape it repeats the run.
    pub chosen: Vec<u128>,
    /// For each of them, which choice it was.
    pub chosen_by: Vec<(PartId, ChoiceId)>,
}

/// What became of one copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketCopy {
    /// Which copy: the arm taken at each fork since the packet entered.
    pub path: Vec<u32>,
    /// How it ended.
    pub outcome: Outcome,
    /// The visits that led there.
    pub trail: Vec<Hop>,
}

/// A visit on a copy's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The part.
    pub part: PartId,
    /// The port by which it entered.
    pub port: PortId,
    /// The packet as it entered.
    pub packet: Packet,
    /// The block ends it went through.
    pub steps: Vec<Step>,
    /// Whether the part looks at the clock.
    pub clock: bool,
}

/// How a copy ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It left the network.
    Delivered {
        /// Where.
        at: BoundaryId,
        /// As bytes.
        bytes: Vec<u8>,
        /// As a packet.
        packet: Packet,
    },
    /// It was dropped. See [`PacketCopy::full`] for drops for want of room.
    Dropped {
        /// Why.
        reason: Reason,
        /// By which instruction; none when the parser or a missing wire did it.
        by: Option<(PartId, InstrId)>,
    },
    /// The run says nothing about the real network.
    ModelError {
        /// Why.
        error: ModelError,
        /// By which instruction.
        by: (PartId, InstrId),
    },
    /// It entered a part by the same port with the same forwarding header as before.
    Loop {
        /// The part.
        part: PartId,
        /// The port.
        port: PortId,
        /// Whether the packet is the same in every bit, hop limits included.
        exact: bool,
    },
    /// The fuel was used up.
    Exhausted,
}

impl PacketCopy {
    /// Where the copy found a map full, or no value free in it.
    pub fn full(&self) -> impl Iterator<Item = (PartId, MapId)> {
        self.trail.iter().flat_map(|hop| hop.steps.iter().map(move |step| (hop.part, step.took))).filter_map(
            |(part, took)| match took {
                Took::Full(map) => Some((part, map)),
                Took::Went
                | Took::Held(_)
                | Took::Arm(_)
                | Took::Row(_)
                | Took::Found(_)
                | Took::Added
                | Took::Clashed
                | Took::Chose(_, _)
                | Took::NoValue
                | Took::Copy(_)
                | Took::Ended => None,
            },
        )
    }
}

/// Why there is no run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The tape decides something impossible.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// Time went backwards.
    #[error("the packet is from {} ns, but the one before it from {} ns", .now.0, .before.0)]
    Time {
        /// The packet's time.
        now: Time,
        /// The time of the packet before.
        before: Time,
    },
}

/// A network made ready to run packets.
pub struct Interpreter<'n> {
    network: &'n Network,
    machines: Vec<Machine<'n>>,
}

impl<'n> Interpreter<'n> {
    /// Indexes the tables of a network.
    pub fn new(network: &'n Network) -> Interpreter<'n> {
        Interpreter { network, machines: network.parts.iter().map(Machine::new).collect() }
    }

    /// Runs one packet. Where there is no such run, the stores are left as they were.
    pub fn run(&self, stores: &mut Stores, injection: Injection<'_>) -> Result<Run, RunError> {
        let before = stores.now;
        if injection.now < before {
            return Err(RunError::Time { now: injection.now, before });
        }
        let backup = injection.tape.map(|_| stores.clone());
        stores.now = injection.now;
        let result = Lineage::new(self, stores, injection).run();
        if let (Err(_), Some(backup)) = (&result, backup) {
            *stores = backup;
        }
        result.map_err(RunError::Tape)
    }
}

/// Runs one packet through a network; to run many, make one [`Interpreter`].
pub fn run(network: &Network, stores: &mut Stores, injection: Injection<'_>) -> Result<Run, RunError> {
    Interpreter::new(network).run(stores, injection)
}

/// A copy on its way to a port of a part.
struct Flight {
    part: PartId,
    port: PortId,
    packet: Packet,
    path: Vec<u32>,
    trail: Vec<Hop>,
}

/// A run under way.
struct Lineage<'r> {
    interpreter: &'r Interpreter<'r>,
    stores: &'r mut Stores,
    injection: Injection<'r>,
    shared: Shared<'r>,
    visits: u64,
    flights: VecDeque<Flight>,
    copies: Vec<PacketCopy>,
}

impl<'r> Lineage<'r> {
    fn new(interpreter: &'r Interpreter<'r>, stores: &'r mut Stores, injection: Injection<'r>) -> Lineage<'r> {
        let tape = injection.tape.map(|t| t.choices.iter());
        let decisions = injection.tape.and_then(|t| t.decisions.as_deref());
        let shared = Shared {
            now: injection.now,
            tape,
            decisions,
            path: Vec::new(),
            hop: 0,
            part: PartId(0),
            chosen: Vec::new(),
            chosen_by: Vec::new(),
        };
        Lineage { interpreter, stores, injection, shared, visits: 0, flights: VecDeque::new(), copies: Vec::new() }
    }

    fn run(mut self) -> Result<Run, TapeError> {
        self.enter();
        while let Some(flight) = self.flights.pop_front() {
            self.land(flight)?;
        }
        Ok(Run { copies: self.copies, chosen: self.shared.chosen, chosen_by: self.shared.chosen_by })
    }

    fn enter(&mut self) {
        let port = self.interpreter.network.boundary_port(self.injection.at);
        let to = port.to.filter(|_| port.enters);
        match received(self.injection.bytes, port.stack) {
            Ok(packet) => self.send(to, packet, Vec::new(), Vec::new()),
            Err(error) => self.drop(Reason::Parse(error), None, Vec::new(), Vec::new()),
        }
    }

    /// Sends a packet over a wire.
    fn send(&mut self, to: Option<Endpoint>, packet: Packet, path: Vec<u32>, trail: Vec<Hop>) {
        match to {
            None => self.drop(Reason::Unwired, None, path, trail),
            Some(Endpoint::Boundary(at)) if !self.interpreter.network.boundary_port(at).leaves => {
                self.drop(Reason::Unwired, None, path, trail);
            }
            Some(Endpoint::Boundary(at)) => {
                let stack = self.interpreter.network.boundary_port(at).stack;
                let bytes = deparse(&packet);
                let packet = as_received(packet.clone(), stack).unwrap_or(packet);
                self.end(Outcome::Delivered { at, bytes, packet }, path, trail);
            }
            Some(Endpoint::Part(part, port)) => {
                let stack = self.interpreter.network.part(part).program.ports[port.index()].stack;
                match as_received(packet, stack) {
                    Ok(packet) => self.flights.push_back(Flight { part, port, packet, path, trail }),
                    Err(error) => self.drop(Reason::Parse(error), None, path, trail),
                }
            }
        }
    }

    /// Lets a packet enter a part.
    fn land(&mut self, flight: Flight) -> Result<(), TapeError> {
        let Flight { part, port, packet, path, trail } = flight;
        let here = |hop: &&Hop| (hop.part, hop.port) == (part, port);
        let repeats = trail.iter().filter(here).any(|hop| hop.packet.forwards_like(&packet));
        let exact = repeats && trail.iter().filter(here).any(|hop| hop.packet == packet);
        let machine = &self.interpreter.machines[part.0 as usize];
        if repeats {
            self.end(Outcome::Loop { part, port, exact }, path, trail);
        } else if self.visits == self.injection.fuel {
            self.end(Outcome::Exhausted, path, trail);
        } else if let Some(entry) = machine.part.program.entry.get(port.index()).copied().flatten() {
            self.expire(part)?;
            self.visits += 1;
            self.shared.path.clone_from(&path);
            self.shared.hop = trail.len();
            self.shared.part = part;
            let store = self.stores.part_mut(part);
            for branch in visit(machine, entry, packet.clone(), store, &mut self.shared)? {
                let mut trail = trail.clone();
                let (packet, steps, clock) = (packet.clone(), branch.steps.clone(), machine.reads_clock);
                trail.push(Hop { part, port, packet, steps, clock });
                self.leave(part, branch, &path, trail);
            }
        } else {
            self.drop(Reason::Unwired, None, path, trail);
        }
        Ok(())
    }

    fn expire(&mut self, part: PartId) -> Result<(), TapeError> {
        let store = self.stores.part_mut(part);
        let now = self.shared.now;
        let named = match self.injection.tape.map(|t| &t.expiry) {
            None | Some(Expiry::Eager) => {
                store.expire(now);
                return Ok(());
            }
            Some(Expiry::Named(named)) => named,
        };
        for expired in named.iter().filter(|e| e.visit == self.visits) {
            let map = store.map_mut(expired.map);
            let id = map.lookup(0, &expired.key).filter(|id| map.may_expire(*id, now));
            map.remove(id.ok_or_else(|| TapeError::Fresh(expired.map, expired.key.clone()))?);
        }
        Ok(())
    }

    /// Goes on with what came out of a visit.
    fn leave(&mut self, part: PartId, branch: Branch, path: &[u32], trail: Vec<Hop>) {
        let path = [path, &branch.copy].concat();
        let by = branch.steps.last().map(|s| (part, s.at));
        match branch.end {
            VisitEnd::Forward(port) => {
                let to = self.interpreter.network.wired_to(part, port);
                self.send(to, branch.packet, path, trail);
            }
            VisitEnd::Dropped(reason) => self.drop(reason, by, path, trail),
            VisitEnd::ModelError(error) => {
                let by = by.unwrap_or((part, InstrId { block: Default::default(), index: 0 }));
                self.end(Outcome::ModelError { error, by }, path, trail);
            }
        }
    }

    fn drop(&mut self, reason: Reason, by: Option<(PartId, InstrId)>, path: Vec<u32>, trail: Vec<Hop>) {
        self.end(Outcome::Dropped { reason, by }, path, trail);
    }

    fn end(&mut self, outcome: Outcome, path: Vec<u32>, trail: Vec<Hop>) {
        self.copies.push(PacketCopy { path, outcome, trail });
    }
}

/// The packet as a network takes it in. One that knows tunnels takes none that would not fit into them.
fn received(bytes: &[u8], stack: Stack) -> Result<Packet, ParseError> {
    let fits = !stack.known.has_inner() || bytes.len() <= LONGEST_WITH_TUNNELS;
    if fits { parse(bytes, stack) } else { Err(ParseError::Length) }
}

/// The packet as the far end of a wire parses it.
fn as_received(packet: Packet, stack: Stack) -> Result<Packet, ParseError> {
    if packet.hides_a_header(stack.known) { parse(&deparse(&packet), stack) } else { Ok(packet) }
}
