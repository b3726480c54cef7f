//! Foreign text, turned into what the compiler understands. Tables, and descriptors of network functions.
//!
//! Nothing here does I/O and nothing fails: a reader returns what it could make of the text, and the complaints.

mod table;
mod vnfd;
mod yaml;

pub use table::{ColumnType, Schema, read_table};
pub use vnfd::{Descriptor, Found, Interface, Unit, read_vnfd};
