//! Core: typed, span-free packet programs, and the concrete interpreter that is their meaning.
//!
//! Lowering produces a [`Program`] per leaf; a flattened service is a [`Network`] of them. Everything downstream
//! (verifier, code generator, exporters) reads these and nothing else.

mod header;
mod network;
mod program;
mod table;

pub use header::{Derivation, Field, FieldDecl, HeaderKind, Role, Shape, Stack};
pub use network::{BoundaryId, BoundaryPort, Endpoint, Network, Part, PartId};
pub use program::*;
pub use table::{Row, RowKey, TableData};
