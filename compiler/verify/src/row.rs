//! What a block does, as rows: for each way a packet can take through it, the packets and circumstances that take it
//! and what comes out.
//!
//! Rows of one ingress and shape partition all circumstances (copies of one fork excepted). Variables are those of the
//! visit under way: a row is applied to a state of the network by replacing entry fields with the state's values and
//! giving all other variables the name of the visit.

use crate::carried::Carried;
use crate::guard::Guard;
use crate::sym::{Sym, Var};
use crate::verdict::Stats;
use rdcl_core::{BlockId, Field, InstrId, MapId, PortId, Reason, Shape};
use std::collections::{BTreeMap, BTreeSet};

/// All rows of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// By ingress port, then by entry shape.
    pub ingress: BTreeMap<(PortId, Shape), Vec<Row>>,
    /// Inserts that may break an invariant: rows that end with [`RowEnd::Breaks`], beside the partition.
    pub breaks: BTreeMap<(PortId, Shape), Vec<Row>>,
    /// Maps whose invariant is not proved; the rows do not rest on it.
    pub weak: BTreeSet<MapId>,
    /// Limits were met: some rows are missing.
    pub exhausted: bool,
    /// The work it took.
    pub stats: Stats,
}

/// One way through a block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// When it is taken.
    pub guard: Guard,
    /// Fields whose value at exit is not the entry's.
    pub theta: BTreeMap<Field, Sym>,
    /// The headers at exit.
    pub shape: Shape,
    /// Whose checksum errors it carries at exit.
    pub carried: Carried,
    /// How it ends.
    pub end: RowEnd,
    /// Forks on the way, and the arm taken at each.
    pub copy: Vec<Arm>,
    /// What it asked of the state, and what it chose.
    pub facts: VisitFacts,
}

/// An arm of a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arm {
    /// The block that ends with the fork.
    pub fork: BlockId,
    /// How many arms it has.
    pub of: u32,
    /// Which one.
    pub arm: u32,
    /// Tells forks apart that were reached with different facts: their copies are never siblings.
    pub world: u64,
}

/// How a row ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowEnd {
    /// Leaves through a port.
    Egress(PortId),
    /// Dropped.
    Dropped(Reason, InstrId),
    /// An assumption of the program is broken: no run of the real network.
    Assumption,
    /// An insert breaks the map's invariant.
    Breaks(MapId),
    /// The packet would be parsed anew into other headers: not modelled.
    Unmodelled,
}

/// What a visit asked of the state, and what it chose. Part of a row's identity.
///
/// What was found and missed is what the store held when the visit began, whatever the visit did to it since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisitFacts {
    /// Choices made, in order.
    pub choices: Vec<Var>,
    /// Entries of the store, with all their columns.
    pub found: Vec<Stored>,
    /// Index keys for which the store had no entry.
    pub missed: Vec<Missed>,
    /// Entries added, in order, as they are at the end.
    pub added: Vec<Stored>,
    /// Entries of the store that were removed.
    pub removed: Vec<Stored>,
    /// Which of the entries found were written to, and what they are then.
    pub changed: BTreeMap<usize, Vec<Sym>>,
    /// Which of the entries added were removed again.
    pub lost: BTreeSet<usize>,
    /// Maps that had no room.
    pub full: BTreeSet<MapId>,
    /// The program looks at the clock.
    pub clock: bool,
}

impl VisitFacts {
    /// Whether an entry was removed.
    pub fn removes(&self) -> bool {
        !(self.removed.is_empty() && self.lost.is_empty())
    }

    /// Entries of the store that were written to, as they are then.
    pub fn rewritten(&self) -> impl Iterator<Item = Stored> {
        self.changed.iter().map(|(at, columns)| Stored { map: self.found[*at].map, columns: columns.clone() })
    }

    /// Whether the state was asked or changed at all.
    pub fn is_stateful(&self) -> bool {
        let lists = [self.found.is_empty(), self.missed.is_empty(), self.added.is_empty(), self.full.is_empty()];
        self.removes() || lists.contains(&false)
    }
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stored {
    /// The map.
    pub map: MapId,
    /// Its columns, key first.
    pub columns: Vec<Sym>,
}

/// An index key without an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Missed {
    /// The map.
    pub map: MapId,
    /// The index.
    pub index: u16,
    /// The key.
    pub keys: Vec<Sym>,
}
