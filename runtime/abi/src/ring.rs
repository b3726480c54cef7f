//! The fabric: two rings of slots, and the host's side of them.
//!
//! ```text
//! offset     word                        written by
//! 0          receive tail                host       next slot to fill
//! 64         receive head                guest      next slot to take
//! 128        send tail                   guest      next slot to fill
//! 192        send head                   host       next slot to take
//! 4096       receive slots
//! …          send slots
//! ```
//! Indices count up for ever; a slot's number is its index modulo the number of slots. A slot is the frame's length (4
//! bytes), its port (4), its time in nanoseconds (8), then its bytes. All numbers are little-endian.
//!
//! The host keeps its indices to itself and only publishes them, checks what the guest says against them, and copies
//! every frame once; so what a guest changes later has no effect.

use crate::guest::Violation;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a slot before the frame.
pub const SLOT_HEADER: usize = 16;

/// Where things are in a fabric, in bytes.
pub mod offset {
    /// The host's next receive slot to fill.
    pub const RECEIVE_TAIL: usize = 0;
    /// The guest's next receive slot to take.
    pub const RECEIVE_HEAD: usize = 64;
    /// The guest's next send slot to fill.
    pub const SEND_TAIL: usize = 128;
    /// The host's next send slot to take.
    pub const SEND_HEAD: usize = 192;
    /// The first receive slot.
    pub const SLOTS: usize = 4096;
}

/// How many slots each of the two rings has, and how large they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RingShape {
    slots: u32,
    slot_bytes: u32,
}

impl Default for RingShape {
    /// 256 slots of 2 KiB: a full batch of Ethernet frames.
    fn default() -> RingShape {
        RingShape { slots: 256, slot_bytes: 2048 }
    }
}

impl RingShape {
    /// What a frame may grow by in a guest: every header a block could add.
    pub const GROWTH: usize = 176;

    /// Rings of `2^log_slots` slots of `2^log_bytes` bytes; none unless a slot holds at least a minimal frame and its
    /// growth, and both rings fit 4 GiB.
    pub fn new(log_slots: u32, log_bytes: u32) -> Option<RingShape> {
        ((1..=24).contains(&log_slots) && (8..=16).contains(&log_bytes) && log_slots + log_bytes < 31)
            .then(|| RingShape { slots: 1 << log_slots, slot_bytes: 1 << log_bytes })
    }

    /// The slots of each ring, a power of two.
    pub fn slots(self) -> u32 {
        self.slots
    }

    /// The bytes of a slot, header included, a power of two.
    pub fn slot_bytes(self) -> u32 {
        self.slot_bytes
    }

    /// The longest frame that a guest takes.
    pub fn longest_received(self) -> usize {
        self.longest_sent() - RingShape::GROWTH
    }

    /// The longest frame that a guest sends.
    pub fn longest_sent(self) -> usize {
        self.slot_bytes as usize - SLOT_HEADER
    }

    /// Where the first send slot is, in bytes.
    pub fn send_slots(self) -> usize {
        offset::SLOTS + self.slots as usize * self.slot_bytes as usize
    }

    /// The size of the fabric in bytes.
    pub fn fabric_bytes(self) -> usize {
        offset::SLOTS + 2 * self.slots as usize * self.slot_bytes as usize
    }
}

/// A frame on its way: by which port, since when (nanoseconds; it only grows), and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The port of the guest.
    pub port: u32,
    /// The time, in nanoseconds.
    pub time: u64,
    /// Its length in bytes.
    pub length: usize,
}

/// Why the host could not send a frame to a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The receive ring is full.
    Full,
    /// The frame is longer than [`RingShape::longest_received`].
    TooLong,
}

/// The host's side of a guest's rings.
#[derive(Debug)]
pub struct HostRings {
    shape: RingShape,
    ports: u32,
    receive_tail: u64,
    receive_head: u64,
    send_tail: u64,
    send_head: u64,
}

impl HostRings {
    /// The host's side of fresh rings of a guest with so many ports.
    pub fn new(shape: RingShape, ports: u32) -> HostRings {
        HostRings { shape, ports, receive_tail: 0, receive_head: 0, send_tail: 0, send_head: 0 }
    }

    /// Puts a frame into the receive ring; [`HostRings::publish`] shows it to the guest.
    ///
    /// # Errors
    /// When the ring is full or the frame too long; then nothing has happened.
    pub fn send(&mut self, fabric: &[AtomicU64], port: u32, time: u64, bytes: &[u8]) -> Result<(), Refused> {
        if bytes.len() > self.shape.longest_received() {
            return Err(Refused::TooLong);
        }
        if self.receive_tail - self.receive_head >= u64::from(self.shape.slots) {
            return Err(Refused::Full);
        }
        let slot = self.slot(fabric, offset::SLOTS, self.receive_tail);
        slot[0].store(bytes.len() as u64 | u64::from(port) << 32, Ordering::Relaxed);
        slot[1].store(time, Ordering::Relaxed);
        for (word, chunk) in slot[2..].iter().zip(bytes.chunks(8)) {
            let mut padded = [0; 8];
            padded[..chunk.len()].copy_from_slice(chunk);
            word.store(u64::from_le_bytes(padded), Ordering::Relaxed);
        }
        self.receive_tail += 1;
        Ok(())
    }

    /// Shows the guest all that was sent, and gives back the send slots that were taken.
    pub fn publish(&self, fabric: &[AtomicU64]) {
        fabric[offset::RECEIVE_TAIL / 8].store(self.receive_tail, Ordering::Release);
        fabric[offset::SEND_HEAD / 8].store(self.send_head, Ordering::Release);
    }

    /// Reads what the guest says it has taken and sent.
    ///
    /// # Errors
    /// When that is impossible.
    pub fn observe(&mut self, fabric: &[AtomicU64]) -> Result<(), Violation> {
        let taken = fabric[offset::RECEIVE_HEAD / 8].load(Ordering::Acquire);
        if taken < self.receive_head || taken > self.receive_tail {
            return Err(Violation::ReceiveIndex(taken));
        }
        let sent = fabric[offset::SEND_TAIL / 8].load(Ordering::Acquire);
        if sent < self.send_tail || sent - self.send_head > u64::from(self.shape.slots) {
            return Err(Violation::SendIndex(sent));
        }
        (self.receive_head, self.send_tail) = (taken, sent);
        Ok(())
    }

    /// Takes the next frame that the guest has sent and [`HostRings::observe`] has seen; its bytes replace `into`'s.
    ///
    /// # Errors
    /// When the frame is impossible.
    pub fn take(&mut self, fabric: &[AtomicU64], into: &mut Vec<u8>) -> Result<Option<Frame>, Violation> {
        if self.send_head == self.send_tail {
            return Ok(None);
        }
        let slot = self.slot(fabric, self.shape.send_slots(), self.send_head);
        let (first, time) = (slot[0].load(Ordering::Relaxed), slot[1].load(Ordering::Relaxed));
        let (length, port) = (first as u32, (first >> 32) as u32);
        if length as usize > self.shape.longest_sent() {
            return Err(Violation::Length(length));
        }
        if port >= self.ports {
            return Err(Violation::Port(port));
        }
        let length = length as usize;
        into.clear();
        into.extend(slot[2..2 + length.div_ceil(8)].iter().flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes()));
        into.truncate(length);
        self.send_head += 1;
        Ok(Some(Frame { port, time, length }))
    }

    /// How many more frames the receive ring takes, as far as was observed.
    pub fn room(&self) -> usize {
        self.shape.slots as usize - (self.receive_tail - self.receive_head) as usize
    }

    /// How many frames the guest has not taken yet, as far as was observed.
    pub fn waiting(&self) -> usize {
        (self.receive_tail - self.receive_head) as usize
    }

    /// How many frames the guest has sent that were not taken yet, as far as was observed.
    pub fn offered(&self) -> usize {
        (self.send_tail - self.send_head) as usize
    }

    fn slot<'f>(&self, fabric: &'f [AtomicU64], base: usize, index: u64) -> &'f [AtomicU64] {
        let words = self.shape.slot_bytes as usize / 8;
        let start = base / 8 + (index % u64::from(self.shape.slots)) as usize * words;
        &fabric[start..start + words]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fabric(shape: RingShape) -> Vec<AtomicU64> {
        (0..shape.fabric_bytes() / 8).map(|_| AtomicU64::new(0)).collect()
    }

    /// A guest that sends back what it gets, through the words alone.
    fn echo(shape: RingShape, fabric: &[AtomicU64]) {
        let word = |at: usize| &fabric[at / 8];
        let (mut head, tail) =
            (word(offset::RECEIVE_HEAD).load(Ordering::Relaxed), word(offset::RECEIVE_TAIL).load(Ordering::Relaxed));
        let words = shape.slot_bytes() as usize / 8;
        let mut sent = word(offset::SEND_TAIL).load(Ordering::Relaxed);
        while head < tail {
            let from = offset::SLOTS / 8 + (head % u64::from(shape.slots())) as usize * words;
            let to = shape.send_slots() / 8 + (sent % u64::from(shape.slots())) as usize * words;
            (0..words).for_each(|i| fabric[to + i].store(fabric[from + i].load(Ordering::Relaxed), Ordering::Relaxed));
            (head, sent) = (head + 1, sent + 1);
        }
        word(offset::RECEIVE_HEAD).store(head, Ordering::Relaxed);
        word(offset::SEND_TAIL).store(sent, Ordering::Relaxed);
    }

    #[test]
    fn frames_come_back_whole_and_in_order() {
        let shape = RingShape::new(2, 8).unwrap();
        let (fabric, mut rings) = (fabric(shape), HostRings::new(shape, 2));
        let mut got = Vec::new();
        for round in 0u8..50 {
            let frames: Vec<Vec<u8>> = (0..=round % 4).map(|i| vec![round + i; usize::from(round + i)]).collect();
            for frame in &frames {
                assert_eq!(rings.send(&fabric, 1, u64::from(round), frame), Ok(()));
            }
            rings.publish(&fabric);
            echo(shape, &fabric);
            rings.observe(&fabric).unwrap();
            for frame in &frames {
                let taken = rings.take(&fabric, &mut got).unwrap();
                assert_eq!(taken, Some(Frame { port: 1, time: u64::from(round), length: frame.len() }));
                assert_eq!(&got, frame);
            }
            assert_eq!(rings.take(&fabric, &mut got), Ok(None));
        }
    }

    #[test]
    fn a_full_ring_and_a_long_frame_are_refused() {
        let shape = RingShape::new(1, 8).unwrap();
        let (fabric, mut rings) = (fabric(shape), HostRings::new(shape, 1));
        assert_eq!(rings.send(&fabric, 0, 0, &vec![0; shape.longest_received() + 1]), Err(Refused::TooLong));
        assert_eq!([(); 3].map(|()| rings.send(&fabric, 0, 0, b"x").is_ok()), [true, true, false]);
        assert_eq!((rings.room(), rings.waiting()), (0, 2));
    }

    #[test]
    fn a_lying_guest_is_found_out() {
        let shape = RingShape::new(2, 8).unwrap();
        let lie = |at: usize, value: u64| {
            let (fabric, mut rings) = (fabric(shape), HostRings::new(shape, 2));
            rings.send(&fabric, 0, 0, b"x").unwrap();
            fabric[at / 8].store(value, Ordering::Relaxed);
            rings.observe(&fabric)
        };
        assert_eq!(lie(offset::RECEIVE_HEAD, 2), Err(Violation::ReceiveIndex(2)));
        assert_eq!(lie(offset::SEND_TAIL, 5), Err(Violation::SendIndex(5)));
        assert_eq!(lie(offset::SEND_TAIL, u64::MAX), Err(Violation::SendIndex(u64::MAX)));
        let frame = |first: u64| {
            let (fabric, mut rings) = (fabric(shape), HostRings::new(shape, 2));
            fabric[shape.send_slots() / 8].store(first, Ordering::Relaxed);
            fabric[offset::SEND_TAIL / 8].store(1, Ordering::Relaxed);
            rings.observe(&fabric).unwrap();
            rings.take(&fabric, &mut Vec::new())
        };
        assert_eq!(frame(241), Err(Violation::Length(241)));
        assert_eq!(frame(240).map(|f| f.is_some()), Ok(true));
        assert_eq!(frame(2 << 32), Err(Violation::Port(2)));
    }
}
