//! Why a program cannot become a guest.

use rdcl_core::{ChoiceId, Fault, InstrId, MapId, TableId};

/// Why a program cannot become a guest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBootable {
    /// The program is not well-formed.
    #[error("the program has a fault: {0}")]
    Fault(Fault),
    /// A choice that nobody decides.
    #[error("choice {n} has no resolver", n = .choice.0)]
    OpenChoice {
        /// The choice.
        choice: ChoiceId,
        /// Where it is made.
        at: InstrId,
    },
    /// An assumption that was not proved and erased.
    #[error("an assumption is left")]
    Assume {
        /// Where.
        at: InstrId,
    },
    /// The order in which values were freed cannot be kept: there are too many that could be.
    #[error("choice {n}: the order in which values of {bits} bits were freed cannot be kept, only of {most}", n = .choice.0)]
    Resolver {
        /// The choice.
        choice: ChoiceId,
        /// Where it is made.
        at: InstrId,
        /// The bits of the value and of what must be equal beside it.
        bits: u32,
        /// The most there may be.
        most: u32,
    },
    /// One frame may become more copies than the send ring holds.
    #[error("a frame may become {copies} copies, but the send ring has {slots} slots")]
    TooManyCopies {
        /// Copies; `u64::MAX` if there are more.
        copies: u64,
        /// Slots.
        slots: u32,
    },
    /// The maps need too much memory.
    #[error("the state takes {bytes} bytes, but a guest has at most {most}")]
    TooMuchState {
        /// The map that takes most, if maps do.
        map: Option<MapId>,
        /// What all state takes.
        bytes: u64,
        /// The most there may be.
        most: u64,
    },
    /// So much holds at once in some place of the program that the stack is too small for it.
    #[error("the code takes {bytes} bytes of stack, but a guest has {most}")]
    TooMuchStack {
        /// What it takes.
        bytes: u64,
        /// What there is.
        most: u64,
    },
    /// The tables need too much memory.
    #[error("the tables take {bytes} bytes, but a guest has at most {most}")]
    TooManyRows {
        /// What all tables take.
        bytes: u64,
        /// The most there may be.
        most: u64,
    },
    /// The packets may have too many different headers.
    #[error("packets may have {headers} different headers, but a guest tells {most} apart")]
    TooManyHeaders {
        /// How many.
        headers: usize,
        /// The most there may be.
        most: usize,
    },
    /// Frames grow too much.
    #[error("a frame may grow by {bytes} bytes, but a guest has room for {most}")]
    TooMuchGrowth {
        /// By how much.
        bytes: usize,
        /// The most there may be.
        most: usize,
    },
    /// A table without data.
    #[error("table {n} has no data", n = .table.0)]
    MissingTable {
        /// The table.
        table: TableId,
    },
    /// A row that does not have the table's columns.
    #[error("row {row} of table {n} does not have the table's columns", n = .table.0)]
    Row {
        /// The table.
        table: TableId,
        /// The row.
        row: usize,
    },
    /// The compiler gave up, as it does on programs of extreme size.
    #[error("the compiler gave up: {0}")]
    Compiler(String),
}
