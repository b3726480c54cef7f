//! From a deployment to its placement.

use crate::case::Case;
use crate::exhaustive::Exhaustive;
use crate::explain::{impossible, too_large};
use crate::placement::{PlacedPart, Placement, Route};
use crate::solver::{Answer, Solution, Solver};
use rdcl_hir::{Db, Deployment, Problem};

/// The best placement of a deployment.
///
/// # Errors
/// Why there is none: what cannot run anywhere, or the constraints that cannot hold together, each at its line.
pub fn place<'db>(db: &'db dyn Db, deployment: &'db Deployment<'db>) -> Result<Placement, Vec<Problem>> {
    place_with(db, deployment, &Exhaustive::default())
}

/// The best placement that a solver finds.
///
/// # Errors
/// As [`place`].
pub fn place_with<'db>(
    db: &'db dyn Db,
    deployment: &'db Deployment<'db>,
    solver: &dyn Solver,
) -> Result<Placement, Vec<Problem>> {
    let case = Case::read(db, deployment)?;
    match solver.solve(&case.model) {
        Answer::Best(solution) => Ok(placement(&case, solution)),
        Answer::Infeasible(conflict) => Err(impossible(&case, &conflict, solver)),
        Answer::TooLarge(limit) => Err(vec![too_large(&case, limit)]),
    }
}

fn placement(case: &Case<'_>, solution: Solution) -> Placement {
    let part = |(leaf, choice): (&crate::model::Leaf, &usize)| {
        let candidate = &leaf.candidates[*choice];
        PlacedPart { ree: candidate.ree, implementation: candidate.implementation }
    };
    let parts = case.model.leaves.iter().zip(&solution.choice).map(part).collect();
    let links = case.wiring.links.iter().zip(solution.routes);
    let routes =
        links.filter(|(_, links)| !links.is_empty()).map(|(wire, links)| Route { a: wire.a, b: wire.b, links });
    Placement {
        deploy: case.deployment.name.clone(),
        objective: case.deployment.objective.clone(),
        value: solution.value,
        bound: solution.bound,
        parts,
        boundary: case.model.outsides.clone(),
        routes: routes.collect(),
    }
}

/// The names of a deployment's leaves: their paths; that of the block where a leaf is the whole service.
pub fn names<'db>(db: &'db dyn Db, deployment: &Deployment<'db>) -> Vec<String> {
    let whole = || rdcl_hir::short_name(db, deployment.instance);
    let parts = &rdcl_hir::structure(db, deployment.instance).parts;
    parts.iter().map(|(path, _)| if path.is_empty() { whole() } else { path.clone() }).collect()
}
