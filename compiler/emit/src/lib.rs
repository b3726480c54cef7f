//! Plans as files: bytes, and for each line the statements it is there because of. No file system.
//!
//! [`heat`] makes a template for each cloud of a plan, and says in `expected.json` what a reader of the templates must
//! find; [`provenance`] says of every line where it comes from.

mod artifact;
mod expected;
mod heat;
mod names;
mod provenance;
mod yaml;

pub use artifact::{Artifact, Place, Places};
pub use heat::heat;
pub use provenance::{PROVENANCE, provenance};
