//! Programs of SEFL by themselves: `.sefl` files, run symbolically or on a concrete packet.
//!
//! Such a program is no block of a service. It begins from empty memory or from a packet, and its header memory is the
//! published one: objects at bit addresses relative to tags, stacks of values, exact starts and sizes. Values,
//! conditions and the solver are those of the verifier.
//!
//! ```
//! use rdcl_sefl::{Options, Outcome, Packet, check, run};
//!
//! let checked = check("x = SymbolicValue(8); If(x < 10, Forward(a), Fail(\"large\"));", &Packet::empty());
//! assert!(checked.problems.is_empty());
//! let paths = run(&checked.program, &Packet::empty(), &Options::default());
//! let outcomes: Vec<Outcome> = paths.iter().map(|path| path.outcome).collect();
//! assert_eq!(outcomes, [Outcome::Delivered, Outcome::Dropped]);
//! ```

mod check;
#[cfg(test)]
mod differential;
mod eval;
mod layout;
mod lower;
mod machine;
mod outcome;
mod packet;
mod program;
mod report;
mod state;

pub use check::{Checked, check, run, summary};
pub use machine::Options;
pub use outcome::Outcome;
pub use packet::{Packet, PacketError};
pub use program::Program;
pub use report::{HeaderField, Metadata, Path};
