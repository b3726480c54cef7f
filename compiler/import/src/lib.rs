//! Foreign text, turned into what the compiler understands. So far: tables.
//!
//! Nothing here does I/O and nothing fails: a reader returns what it could make of the text, and the complaints.

mod table;

pub use table::{ColumnType, Schema, read_table};
