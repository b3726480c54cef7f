//! Symbolic execution of Core, properties, witnesses.
//!
//! [`verdicts`] is the query the driver asks. Below it: each leaf is executed once for an arbitrary packet and store and
//! gives a [`Summary`]; an [`Explorer`] applies summaries along the wires; claims become candidates, and a candidate
//! becomes a violation only when the interpreter has replayed it from empty stores.

mod bypass;
mod can_reach;
mod carried;
mod claims;
mod decide;
mod entry;
mod execute;
mod explore;
mod facts;
mod fill;
mod guard;
mod history;
mod minimise;
mod net;
mod project;
mod query;
mod replay;
mod row;
mod solver;
mod sym;
mod tables;
mod times;
mod verdict;
mod view;

pub use carried::{Carried, Whose};
pub use decide::Prover;
pub use entry::{entry_guard, entry_value};
pub use execute::summarise;
pub use explore::{CopyArm, Explorer, Facts, Leaf, LeafEnd};
pub use guard::{Context, Guard};
pub use minimise::{Model, least};
pub use net::{Net, NetPart};
pub use query::{reachability, summary, verdicts, verdicts_on};
pub use replay::reason_words;
pub use row::{Arm, Missed, Row, RowEnd, Stored, Summary, VisitFacts};
pub use sym::{Sym, SymCond, SymNode, Var, VarKind};
pub use verdict::{Budget, CopyTrail, Hop, Options, Outcome, Reachability, Stats, Step, Verdict, Witness};
pub use view::View;
