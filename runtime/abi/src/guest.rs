//! A guest as its host sees it, whatever runs it.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// A loaded image. Its memory is shared with code that is not trusted, so it is only ever seen as atomic words.
pub trait Guest {
    /// The fabric, as words.
    fn fabric(&self) -> &[AtomicU64];

    /// The read-write data, as words; it begins with the counters.
    fn data(&self) -> &[AtomicU64];

    /// Lets the guest run until it has nothing to do, at most for so much processor time.
    ///
    /// # Errors
    /// How the guest died. A dead guest is not entered again.
    fn enter(&mut self, budget: Duration) -> Result<(), Death>;
}

/// How a guest died. Numbers are in the guest's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Death {
    /// It raised an exception.
    Fault {
        /// The exception's vector (Intel SDM volume 3, table 6-1).
        vector: u8,
        /// The error code, zero where the exception has none.
        error: u64,
        /// The instruction.
        rip: u64,
        /// CR2: the address, after a page fault.
        address: u64,
    },
    /// It used a port that means nothing.
    Port {
        /// The port.
        port: u16,
        /// Whether it wrote.
        write: bool,
    },
    /// It left for a reason that no guest has.
    Exit(String),
    /// It ran for longer than it may.
    Runaway,
    /// What it wrote into its rings makes no sense.
    Rings(Violation),
}

/// What a guest must not write into its rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// It claims to have taken what was never sent, or gives back what it took.
    ReceiveIndex(u64),
    /// It claims to have sent more than the ring holds, or takes back what it sent.
    SendIndex(u64),
    /// A frame is longer than its buffer.
    Length(u32),
    /// A frame leaves by a port that is not there.
    Port(u32),
}

impl std::fmt::Display for Death {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Death::Fault { vector, error, rip, address } => {
                write!(f, "exception {vector} (error {error:#x}) at {rip:#x}, address {address:#x}")
            }
            Death::Port { port, write: true } => write!(f, "wrote to port {port:#x}"),
            Death::Port { port, write: false } => write!(f, "read from port {port:#x}"),
            Death::Exit(reason) => write!(f, "left unexpectedly: {reason}"),
            Death::Runaway => f.write_str("ran for longer than it may"),
            Death::Rings(violation) => write!(f, "{violation}"),
        }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Violation::ReceiveIndex(index) => write!(f, "impossible receive index {index}"),
            Violation::SendIndex(index) => write!(f, "impossible send index {index}"),
            Violation::Length(length) => write!(f, "a frame of {length} bytes, more than its buffer"),
            Violation::Port(port) => write!(f, "a frame for port {port}, which is not there"),
        }
    }
}

impl std::error::Error for Death {}
