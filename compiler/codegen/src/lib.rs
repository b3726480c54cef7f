//! From Core programs to guests: position-independent machine code for x86-64, and a way to run it in this process.
//!
//! [`compile`] turns a program and its tables into an [`Image`]; [`Native`] runs one. The meaning is that of the
//! interpreter in `rdcl-core`, bit for bit, but nothing that evaluates is shared with it: the two check each other.
//!
//! ```text
//! entry point   loop over frames → check → parse → blocks → send copies        guest parse visit send fork
//! routines      maps, free values, tables, sums; written when they are called   map values bits table checksum
//! memory        counters · headers · what forks save · maps                     plan counter header chain
//! ```
//! A program that leaves a question open, or takes more memory than a guest has, is refused: [`NotBootable`].

#![warn(missing_docs)]

mod asm;
mod bits;
mod bootable;
mod chain;
mod checksum;
mod choose;
mod compile;
mod counter;
mod error;
mod expr;
mod fork;
mod guest;
mod header;
mod link;
mod map;
mod native;
mod parse;
mod places;
mod plan;
mod send;
mod shapes;
mod table;
mod uses;
mod values;
mod visit;

pub use compile::{Compiled, compile};
pub use counter::Counter;
pub use error::NotBootable;
pub use native::Native;
