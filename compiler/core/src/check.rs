//! Well-formedness of programs: what makes the interpreter total and the meaning sharp.
//!
//! `typing` looks at one instruction at a time (names, widths, edges that only go forward); `flow` then follows every
//! path over every shape a packet can have (headers there before they are read, entries and rows bound before use,
//! packets fit for the port they leave by). Lowering asserts that its programs have no fault.

mod flow;
mod typing;

use crate::field::Field;
use crate::header::HeaderKind;
use crate::origin::InstrId;
use crate::program::{BlockId, Bv, CellId, PortId, Program, RowId};
use crate::shape::Shape;

/// Something a well-formed program does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where; none for what belongs to no instruction.
    pub at: Option<InstrId>,
    /// What.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Problem {
    /// A reference to something that is not there.
    #[error("there is no {0} {1}")]
    Dangling(&'static str, u64),
    /// A list of the wrong length.
    #[error("{found} {what} where {expected} are wanted")]
    Arity {
        /// Of what.
        what: &'static str,
        /// Wanted.
        expected: usize,
        /// Found.
        found: usize,
    },
    /// An edge to the same or an earlier block.
    #[error("an edge leads back to block {n}", n = .0.0)]
    Backwards(BlockId),
    /// Bit-vectors of different widths.
    #[error("{found} bits where {expected} are wanted")]
    Width {
        /// Wanted.
        expected: u16,
        /// Found.
        found: u16,
    },
    /// A width outside 1..=128.
    #[error("a width of {0} bits")]
    NoWidth(u32),
    /// A constant wider than it says.
    #[error("{v} does not fit into {w} bits", v = .0.value, w = .0.width)]
    Constant(Bv),
    /// A derived field is written.
    #[error("{0} follows from the rest of the packet")]
    Derived(Field),
    /// A column of a key or of another index is written.
    #[error("column {0} is in an index")]
    Immutable(u16),
    /// A field that cannot be read.
    #[error("{0} cannot be read")]
    Unreadable(Field),
    /// A column of an entry outside an invariant.
    #[error("only an invariant speaks of an entry's columns")]
    OutsideInvariant,
    /// Something else than a column in an invariant.
    #[error("an invariant speaks of nothing but an entry's columns")]
    InsideInvariant,
    /// A cell of one map used for another, or a row of one table for another.
    #[error("the name belongs to another {0}")]
    Foreign(&'static str),
    /// Arms of a switch that do not ascend.
    #[error("the arms of a switch do not ascend")]
    Unordered,
    /// A fork without arms.
    #[error("a fork without arms")]
    NoArms,
    /// A restriction that does not leave exactly one column open.
    #[error("a choice fills {0} columns of an index")]
    Open(usize),
    /// More than one longest-prefix column.
    #[error("a table with {0} longest-prefix columns")]
    Prefixes(usize),
    /// A header is needed that some packet does not have.
    #[error("a packet {shape:?} has no {name}", name = .header.name())]
    Absent {
        /// The header.
        header: HeaderKind,
        /// The packet.
        shape: Shape,
    },
    /// A header is added that some packet has already.
    #[error("a packet {shape:?} has {name} already", name = .header.name())]
    Present {
        /// The header.
        header: HeaderKind,
        /// The packet.
        shape: Shape,
    },
    /// A header of a packet in a tunnel is added or removed by itself.
    #[error("{name} comes and goes with its packet only", name = .0.name())]
    Inner(HeaderKind),
    /// A packet goes into a tunnel, or comes out of one, that some headers do not let it.
    #[error("a packet {0:?} cannot change its level")]
    Level(Shape),
    /// An entry is used on a path that did not find it.
    #[error("entry {n} is not bound on every path", n = .0.0)]
    UnboundCell(CellId),
    /// A row is used on a path that did not match it.
    #[error("row {n} is not bound on every path", n = .0.0)]
    UnboundRow(RowId),
    /// A packet may not leave by this port.
    #[error("a packet {shape:?} may not leave by port {n}", n = .port.0)]
    Leaves {
        /// The port.
        port: PortId,
        /// The packet.
        shape: Shape,
    },
    /// State is written after a fork.
    #[error("state is written after a fork")]
    WriteAfterFork,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            Some(at) => write!(f, "block {}, instruction {}: {}", at.block.0, at.index, self.problem),
            None => write!(f, "{}", self.problem),
        }
    }
}

impl Program {
    /// Everything that keeps the program from being well-formed; each fault once.
    ///
    /// Paths are followed only where single instructions are right.
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = typing::check(self);
        if faults.is_empty() {
            faults = flow::check(self);
        }
        faults.sort();
        faults.dedup();
        faults
    }
}
