//! Guests in turn: frames wait in queues, go into a guest's ring, and come out to where its wires lead.

use crate::service::{Service, Unsent, Unsettled};
use rdcl_abi::{Death, Guest, HostRings, Refused, RingShape};
use rdcl_codegen::{Compiled, Counter};
use std::collections::VecDeque;
use std::time::Duration;

/// How much processor time a guest may have for one ring of frames. Most take microseconds; one that looks at each of a
/// million rows for every frame takes half a second.
const BUDGET: Duration = Duration::from_secs(10);

/// Frames that may wait for one guest. Beyond, an edge is busy, and what another guest sends is lost and counted.
const QUEUE: usize = 4096;

/// Where a port leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// To a port of a guest.
    Guest(usize, u32),
    /// Out of the service.
    Edge(usize),
    /// To a part that does not run here; only for edges, since a wire between parts is cut at an edge of its own.
    Elsewhere,
    /// Nowhere.
    Nowhere,
}

/// A guest under way.
pub(crate) struct Running {
    pub path: String,
    /// The names of its ports.
    pub ports: Vec<String>,
    pub counters: Vec<Counter>,
    /// For each port where it leads.
    pub routes: Vec<To>,
    pub death: Option<Death>,
    /// Frames that came while the queue was full, or after its death.
    pub lost: u64,
    guest: Box<dyn Guest>,
    rings: HostRings,
    shape: RingShape,
    queue: VecDeque<Waiting>,
}

/// A frame in a queue.
struct Waiting {
    port: u32,
    time: u64,
    bytes: Vec<u8>,
}

/// A frame that a guest has sent.
pub(crate) struct Sent {
    port: u32,
    time: u64,
    bytes: Vec<u8>,
}

impl Running {
    pub fn new(path: String, ports: Vec<String>, guest: Box<dyn Guest>, compiled: &Compiled) -> Running {
        let (image, counters) = (compiled.image(), compiled.counters().to_vec());
        let (shape, rings) = (image.rings, HostRings::new(image.rings, image.ports));
        let (routes, queue) = (Vec::with_capacity(ports.len()), VecDeque::new());
        Running { path, ports, counters, routes, death: None, lost: 0, guest, rings, shape, queue }
    }

    /// Puts a frame into its queue.
    pub fn accept(&mut self, port: u32, time: u64, bytes: &[u8]) -> Result<(), Unsent> {
        if self.death.is_some() {
            return Err(Unsent::Dead);
        }
        if bytes.len() > self.shape.longest_received() {
            return Err(Unsent::TooLong);
        }
        if self.queue.len() >= QUEUE {
            return Err(Unsent::Busy);
        }
        self.queue.push_back(Waiting { port, time, bytes: bytes.to_vec() });
        Ok(())
    }

    /// The value of each counter.
    pub fn counts(&self) -> impl Iterator<Item = u64> + '_ {
        self.guest.data().iter().map(|word| word.load(std::sync::atomic::Ordering::Relaxed)).take(self.counters.len())
    }

    /// How many frames it has not taken yet and will not lose.
    pub fn waiting(&self) -> u64 {
        if self.death.is_some() { 0 } else { (self.queue.len() + self.rings.waiting()) as u64 }
    }

    fn has_work(&self) -> bool {
        self.waiting() > 0
    }

    /// Lets it work on what waits; gives what it sent, and says how many frames it took. A guest that misbehaves dies,
    /// and what waited is lost, with what it had sent behind the nonsense.
    fn work(&mut self, sent: &mut Vec<Sent>) -> u64 {
        self.turn(sent).unwrap_or_else(|death| {
            self.lost += (self.queue.len() + self.rings.waiting() + self.rings.offered()) as u64;
            self.queue.clear();
            self.death = Some(death);
            0
        })
    }

    /// One call of the guest. Its send ring is empty by then and holds the copies of any frame, so a guest takes at
    /// least one of the frames that wait; one that only sends would never end.
    fn turn(&mut self, sent: &mut Vec<Sent>) -> Result<u64, Death> {
        self.fill();
        let waiting = self.rings.waiting();
        self.rings.publish(self.guest.fabric());
        self.guest.enter(BUDGET)?;
        self.rings.observe(self.guest.fabric()).map_err(Death::Rings)?;
        let mut bytes = Vec::new();
        while let Some(frame) = self.rings.take(self.guest.fabric(), &mut bytes).map_err(Death::Rings)? {
            sent.push(Sent { port: frame.port, time: frame.time, bytes: std::mem::take(&mut bytes) });
        }
        match waiting - self.rings.waiting() {
            0 => Err(Death::Exit("it has frames to take and room to send, but takes none".to_owned())),
            taken => Ok(taken as u64),
        }
    }

    /// Moves frames from the queue to the ring.
    fn fill(&mut self) {
        while let Some(Waiting { port, time, bytes }) = self.queue.front() {
            match self.rings.send(self.guest.fabric(), *port, *time, bytes) {
                Err(Refused::Full) => return,
                // Queued frames fit; should one not, it is lost rather than in the way of the rest.
                Err(Refused::TooLong) => self.lost += 1,
                Ok(()) => {}
            }
            self.queue.pop_front();
        }
    }
}

impl Service {
    /// Runs guests until no frame is under way; gives every frame that leaves, with its edge and time.
    ///
    /// # Errors
    /// When frames are still under way after guests have taken so many.
    pub fn settle(&mut self, visits: u64, deliver: &mut dyn FnMut(usize, u64, &[u8])) -> Result<(), Unsettled> {
        let mut sent = Vec::new();
        let mut left = visits;
        for frame in std::mem::take(&mut self.through) {
            self.leave(frame.edge, frame.time, &frame.bytes, deliver);
        }
        while self.guests.iter().any(Running::has_work) {
            for guest in 0..self.guests.len() {
                if !self.guests[guest].has_work() {
                    continue;
                }
                if left == 0 {
                    return Err(Unsettled);
                }
                left = left.saturating_sub(self.guests[guest].work(&mut sent));
                sent.drain(..).for_each(|frame| self.pass(guest, &frame, deliver));
            }
        }
        Ok(())
    }

    /// Passes a frame on to where the port it left by leads.
    fn pass(&mut self, from: usize, frame: &Sent, deliver: &mut dyn FnMut(usize, u64, &[u8])) {
        match self.guests[from].routes.get(frame.port as usize) {
            Some(&To::Guest(guest, port)) => {
                let next = &mut self.guests[guest];
                if next.accept(port, frame.time, &frame.bytes).is_err() {
                    next.lost += 1;
                }
            }
            Some(&To::Edge(edge)) => self.leave(edge, frame.time, &frame.bytes, deliver),
            Some(To::Elsewhere | To::Nowhere) | None => self.unwired += 1,
        }
    }

    /// Lets a frame leave by an edge.
    fn leave(&mut self, edge: usize, time: u64, bytes: &[u8], deliver: &mut dyn FnMut(usize, u64, &[u8])) {
        let gate = &mut self.edges[edge];
        if gate.edge.leaves {
            gate.delivered += 1;
            deliver(edge, time, bytes);
        } else {
            self.unwired += 1;
        }
    }
}
