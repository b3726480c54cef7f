//! What every stage shares: places in text, diagnostics and their codes, units, and sets of unsigned integers.
//!
//! Nothing here knows the language. A stage builds a [`Diagnostic`] where it finds a fault; the binary renders it.

mod codes;
mod diagnostic;
mod glob;
mod interval;
mod sources;
mod span;
mod units;

pub mod edit;
pub mod lints;
pub mod render;

pub use codes::{CODES, Code, CodeInfo};
pub use diagnostic::{Diagnostic, Fix, Label, Severity, nearest};
pub use glob::matches_glob;
pub use interval::IntervalSet;
pub use ipnet::Ipv4Net;
pub use sources::Sources;
pub use span::{FileId, FileSpan, NodeId, Span};
pub use units::{Dimension, Quantity, UnitError};
