//! Lints: what means something, and is better said otherwise or not at all.
//!
//! [`lints`] looks at the sources of a package itself, once they have no errors. [`levels`] reads what comments in a source
//! say about lints. Nothing here changes a text: a fix is a replacement that a diagnostic offers.

mod conditions;
mod elements;
mod imports;
mod levels;
mod look;
mod names;
mod package;
mod parentheses;
mod promises;
mod text;
mod unused;
mod walk;

#[cfg(test)]
mod tests;

pub use imports::mend;
pub use levels::{Levels, Scope, levels};
pub use package::lints;
