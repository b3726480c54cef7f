//! What a solver is asked, and what it answers.

use crate::model::{Constraint, Model};

/// Something that solves placement problems.
pub trait Solver {
    /// The best solution, or why there is none. Equal models have equal answers.
    ///
    /// Of solutions of equal value that one is meant which leaves the fewest wishes unmet, then the one that uses the fewest
    /// execution environments, then the one with the fewest wires between different ones, then the first by the positions of the candidates, leaf by leaf.
    fn solve(&self, model: &Model) -> Answer;
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A solution, and how good any could be.
    Best(Solution),
    /// There is none.
    Infeasible(Conflict),
    /// The solver cannot tell.
    TooLarge(Limit),
}

/// A solution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// For each leaf the position of its candidate.
    pub choice: Vec<usize>,
    /// For each wire the links it goes over, from its end `a` on; empty within one execution environment.
    pub routes: Vec<Vec<usize>>,
    /// What the objective comes to.
    pub value: u64,
    /// It comes to no less in any solution.
    pub bound: u64,
}

/// Constraints that cannot hold together, while any of them could be done without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// In order; empty if the candidates alone make it impossible.
    pub constraints: Vec<Constraint>,
}

/// What was too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// There are more leaves than the solver takes, which is so many.
    Leaves(usize),
    /// It took more than so many steps.
    Steps(u64),
    /// There are more routes between two execution environments than the solver looks at, which is so many.
    Routes(usize),
}
