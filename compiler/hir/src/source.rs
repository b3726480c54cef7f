//! Sources: what is handed in, how it is cut into items, what its places are called, and which names it knows.

pub(crate) mod db;
pub(crate) mod home;
pub(crate) mod item;
pub(crate) mod loc;
pub(crate) mod mentions;
pub(crate) mod names;

pub use db::{Database, Db, Package, SourceFile, TableFile, add_std};
pub use home::{Home, STD, table_place};
pub use item::{Item, ItemId, Parsed, is_nemo, item_with_id, items, parsed};
pub use loc::{Loc, Problem, place};
pub use names::{Scope, scope};
