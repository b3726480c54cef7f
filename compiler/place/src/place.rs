//! From a deployment to its placement.

use crate::case::Case;
use crate::exhaustive::Exhaustive;
use crate::explain::{impossible, too_large};
use crate::placement::{PlacedPart, Placement, Route};
use crate::solver::{Answer, Solution, Solver};
use rdcl_core::Endpoint;
use rdcl_hir::{Db, Deployment, Problem, leaf_ports, lone_leaf_name, structure};

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

/// The name of a leaf: its path; that of the block where it is the whole service.
pub fn leaf_name<'db>(db: &'db dyn Db, deployment: &Deployment<'db>, leaf: usize) -> String {
    let parts = &structure(db, deployment.instance).parts;
    match parts.get(leaf).map_or("", |part| part.0.as_str()) {
        "" => lone_leaf_name(db, deployment.instance).to_owned(),
        path => path.to_owned(),
    }
}

/// The name of an end of a wire: `lan`, `fw.wan`.
pub fn end_name<'db>(db: &'db dyn Db, deployment: &Deployment<'db>, end: Endpoint) -> String {
    let structure = structure(db, deployment.instance);
    match end {
        Endpoint::Boundary(port) => structure.boundary[port.0 as usize].name.clone(),
        Endpoint::Part(part, port) => {
            let leaf = part.0 as usize;
            let ports = leaf_ports(db, structure.parts[leaf].1);
            format!("{}.{}", leaf_name(db, deployment, leaf), ports[port.index()].name)
        }
    }
}
