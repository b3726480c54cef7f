//! What a compiled guest and whoever runs it agree upon: the image, the rings, and how a guest ends.
//!
//! The code generator makes an [`Image`]; the virtual machine monitor and the in-process runner each make a [`Guest`]
//! of it. Both sides see the same fabric: a receive ring that the host fills and a send ring that the guest fills,
//! each slot with a buffer of its own. There is no pointer in it that the other side could forge.
//!
//! This crate depends on nothing, so that the code generator knows no hypervisor and the monitor no compiler.

mod guest;
mod image;
mod ring;

pub use guest::{Death, Guest, Violation};
pub use image::{Entry, Image, STACK_BYTES};
pub use ring::{Frame, HostRings, Refused, RingShape, SLOT_HEADER, offset};
