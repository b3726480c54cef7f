//! Placement: where the leaves of a service run, at least cost, within capacities and service levels.

mod placement;

pub use placement::{PlacedPart, Placement, Route};
