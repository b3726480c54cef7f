//! A placement: which execution environment and implementation each leaf got, and over which links its wires go.

use rdcl_core::Endpoint;

/// Where everything of a deployment runs. Positions refer to the deployment's substrate and structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The deployment's name.
    pub deploy: String,
    /// What was minimised, one of `rdcl_hir::OBJECTIVES`.
    pub objective: String,
    /// Its value, in the smallest unit of what is measured.
    pub value: u64,
    /// No placement has a lower value; equal to `value` when this one is proved the best.
    pub bound: u64,
    /// For each part of the structure where it runs.
    pub parts: Vec<PlacedPart>,
    /// For each boundary port the execution environment where its outside is, if the deployment says so.
    pub boundary: Vec<Option<usize>>,
    /// The links that each wire goes over; wires within one execution environment are not listed.
    pub routes: Vec<Route>,
}

impl Placement {
    /// The execution environment that an end is in, if that is known.
    pub fn ree_of(&self, end: Endpoint) -> Option<usize> {
        match end {
            Endpoint::Part(part, _) => self.parts.get(part.0 as usize).map(|part| part.ree),
            Endpoint::Boundary(port) => self.boundary.get(port.0 as usize).copied().flatten(),
        }
    }
}

/// Where a part runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedPart {
    /// The execution environment, in [`Substrate::rees`](rdcl_hir::Substrate::rees).
    pub ree: usize,
    /// The implementation, in [`Implementations::list`](rdcl_hir::Implementations::list) of the leaf's instance; none
    /// for a generated filter, which has none to choose from.
    pub implementation: Option<usize>,
}

/// The way of one wire through the substrate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// One end, as in [`FlatLink::a`](rdcl_hir::FlatLink::a).
    pub a: Endpoint,
    /// The other.
    pub b: Endpoint,
    /// The links, in [`Substrate::links`](rdcl_hir::Substrate::links), from `a` to `b`; never empty.
    pub links: Vec<usize>,
}
