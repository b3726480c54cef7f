//! Core: typed, span-free packet programs, and the concrete interpreter that is their meaning.
//!
//! Lowering produces a [`Program`] per leaf; a flattened service is a [`Network`] of them. Everything downstream
//! (verifier, code generator, exporters) reads these and nothing else.

mod check;
mod checksum;
mod choose;
mod clock;
mod edges;
mod eval;
mod field;
mod free;
mod header;
mod layout;
mod lookup;
mod network;
mod origin;
mod packet;
mod program;
mod run;
mod shape;
mod store;
mod table;
mod tape;
mod user;
mod visit;
mod wire;

pub use check::{Fault, Problem};
pub use eval::{Env, hash};
pub use field::{Derivation, Field, FieldDecl, Role};
pub use header::{Cue, HeaderKind};
pub use layout::Layout;
pub use lookup::{Segment, TableIndex, lpm_segments};
pub use network::{BoundaryId, BoundaryPort, Endpoint, Network, Part, PartId};
pub use origin::{InstrId, Origins};
pub use packet::{L4Error, Packet, Time};
pub use program::*;
pub use run::{Hop, Injection, Interpreter, Outcome, PacketCopy, Run, RunError, run};
pub use shape::{Shape, Stack};
pub use store::{Entry, EntryId, Inserted, MapStore, Store, Stores};
pub use table::{Row, RowKey, TableData};
pub use tape::{Decision, Expired, Expiry, Tape, TapeError};
pub use user::{Format, MOST_BYTES, MOST_FIELDS, Next, UserHeader, WIDEST_FIELD, follower};
pub use visit::{Branch, ModelError, Step, Took, VisitEnd};
pub use wire::{LONGEST_WITH_TUNNELS, deparse, length_range, parse};
