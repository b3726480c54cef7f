//! The virtual machine monitor: compiled guests on KVM, each in a virtual machine of its own without a kernel.
//!
//! A guest is one virtual CPU in ring 3 of long mode. Page tables, descriptor tables and fault stubs are written by the
//! host before the first instruction, out of the guest's reach; no interrupt controller, no device, eight open ports.
//! It leaves in two ways only: it writes to port 0x10 when it has nothing to do, or its time is up. Whatever else it
//! does kills it, and [`rdcl_abi::Death`] says how.
//!
//! ```no_run
//! # fn run(image: &rdcl_abi::Image) -> Result<(), Box<dyn std::error::Error>> {
//! use rdcl_abi::Guest;
//! let hypervisor = rdcl_vmm::Hypervisor::open()?;
//! let mut guest = hypervisor.boot(image)?;
//! guest.enter(std::time::Duration::from_millis(10))?;
//! # Ok(())
//! # }
//! ```
//!
//! Threads and signals: a guest runs in whichever thread enters it, and in no other; nothing outlives its owner. Time
//! is kept by a timer per thread that signals only that thread, with the highest real-time signal that nobody handled
//! when the first [`Hypervisor`] was opened; see [`Hypervisor::signal`].
//!
//! What is absent, on purpose: interrupts, several virtual CPUs, devices, snapshots.

mod capabilities;
mod cpuid;
mod descriptors;
mod guest;
mod hypervisor;
mod layout;
mod memory;
mod registers;
mod stubs;
mod tables;
mod watchdog;

pub use capabilities::HostCaps;
pub use guest::{KvmGuest, QuiesceError};
pub use hypervisor::{BootError, Hypervisor, Unavailable};
pub use layout::{Layout, Region, TooLarge, YIELD_PORT};
pub use watchdog::WatchdogError;
