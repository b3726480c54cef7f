//! Symbolic execution of Core, properties, witnesses.

mod can_reach;
mod claims;
mod decide;
mod entry;
mod explore;
mod execute;
mod guard;
mod history;
mod minimise;
mod net;
mod replay;
mod solver;
mod summary;
mod sym;
mod tables;
mod verdict;

pub use execute::summarise;
pub use summary::{Arm, Missed, Row, RowEnd, Stored, Summary, VisitFacts};
pub use verdict::{Budget, CopyTrail, Hop, Options, Outcome, Reachability, Stats, Step, Verdict, Witness};
