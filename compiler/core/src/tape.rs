//! What a run is told besides bytes, state and time: the values of its choices, and what expires.

use crate::program::{ChoiceId, MapId};

/// Decisions for one run, in the order in which they fall due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tape {
    /// The value of each choice that has a legal one.
    pub choices: Vec<u128>,
    /// What expires.
    pub expiry: Expiry,
    /// If given, decides choices by where they are made instead of by when, and leaves all others to their resolvers;
    /// `choices` is then not read.
    pub decisions: Option<Vec<Decision>>,
}

/// The value of a choice, by where it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which copy makes the choice: the arm taken at each fork before it.
    pub path: Vec<u32>,
    /// How many visits that copy had made before.
    pub hop: usize,
    /// The choice.
    pub choice: ChoiceId,
    /// Its value.
    pub value: u128,
}

impl Tape {
    /// Decides these choices, and lets everything expire as early as it may.
    pub fn choosing(choices: impl Into<Vec<u128>>) -> Tape {
        Tape { choices: choices.into(), ..Tape::default() }
    }

    /// Makes these decisions, leaves other choices to their resolvers, and lets everything expire as early as it may.
    pub fn deciding(decisions: Vec<Decision>) -> Tape {
        Tape { decisions: Some(decisions), ..Tape::default() }
    }
}

/// Which entries expire at the start of a visit, of those that may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// All of the visited part's.
    #[default]
    Eager,
    /// These and no others.
    Named(Vec<Expired>),
}

/// An entry that expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// At the start of which visit of the run, counted from 0 over all parts.
    pub visit: u64,
    /// The map, of the part visited.
    pub map: MapId,
    /// The entry's key.
    pub key: Vec<u128>,
}

/// A tape that decides something impossible: there is no such run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TapeError {
    /// No value is left for a choice.
    #[error("the tape has no value for choice {n}", n = .0.0)]
    Short(ChoiceId),
    /// A value out of range, or not free.
    #[error("{1} is not a legal value of choice {n}", n = .0.0)]
    Illegal(ChoiceId, u128),
    /// The entry is not there or has not been idle for long enough.
    #[error("entry {1:?} of map {n} cannot expire", n = .0.0)]
    Fresh(MapId, Vec<u128>),
}
