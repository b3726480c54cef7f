//! Symbolic execution of Core, properties, witnesses.

mod verdict;

pub use verdict::{Budget, CopyTrail, Hop, Options, Outcome, Reachability, Stats, Step, Verdict, Witness};
