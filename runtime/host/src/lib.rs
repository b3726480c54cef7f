//! The host side of running services: guests compiled from the leaves of a network, the wires between them, and what
//! they counted.
//!
//! Every guest is a trust domain of its own: the host copies each frame from one guest's memory to the next, checks what
//! guests write into their rings, and kills a guest that writes nonsense, faults or does not stop. One thread runs them
//! in turn, each until it has nothing to do, so a run is a function of what is sent.

mod backend;
mod dispatch;
mod report;
mod service;

pub use backend::{Backend, InProcess};
pub use report::{EdgeReport, PartReport, Report};
pub use service::{BootError, Edge, Service, Unsent, Unsettled};
