//! Placement: where the leaves of a service run, at least cost, within capacities and service levels.
//!
//! [`place`] reads a deployment into a [`model`], asks a [`Solver`], and says what the answer means: a [`Placement`], or
//! the constraints that cannot hold together, at their lines. [`check`] holds any solution against its model.

mod amount;
mod availability;
mod candidates;
mod case;
mod check;
mod conflict;
mod exhaustive;
mod explain;
mod kpis;
mod levels;
mod partial;
mod place;
mod placement;
mod routes;
mod rules;
mod solver;
mod unasked;
mod ways;

pub mod model;

#[cfg(test)]
mod tests;

pub use amount::amount;
pub use check::check;
pub use exhaustive::{Exhaustive, MOST_LEAVES};
pub use kpis::{Kpi, kpis};
pub use levels::{Level, levels};
pub use place::{end_name, leaf_name, place, place_with};
pub use placement::{PlacedPart, Placement, Route};
pub use solver::{Answer, Conflict, Limit, Solution, Solver};
pub use unasked::unasked;
