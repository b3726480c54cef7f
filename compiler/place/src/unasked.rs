//! Service levels that a placement does not keep: those of the parts of a service, whose ports are no ends of it.

use rdcl_base::{Code, Diagnostic};
use rdcl_hir::{Bound, Db, Deployment, Instance, Problem, body, parts, service_levels};
use std::collections::HashSet;

/// A warning for each service level of a part of what is deployed, at any depth.
pub fn unasked<'db>(db: &'db dyn Db, deployment: &Deployment<'db>) -> Vec<Problem> {
    let mut found = Vec::new();
    let (mut open, mut told) = (within(db, deployment.instance, ""), HashSet::new());
    while let Some((path, instance)) = open.pop() {
        for bound in &service_levels(db, instance).bounds {
            if told.insert((bound.sla.clone(), bound.place)) {
                found.push(not_kept(deployment, &path, bound));
            }
        }
        open.extend(within(db, instance, &path));
    }
    found
}

/// The parts of an instance, the last first, with their paths; those of an array have one.
fn within<'db>(db: &'db dyn Db, instance: Instance<'db>, path: &str) -> Vec<(String, Instance<'db>)> {
    let groups = body(db, instance).owner().into_iter().flat_map(|owner| &parts(db, owner).groups);
    let dot = if path.is_empty() { "" } else { "." };
    let mut found: Vec<_> = groups.map(|group| (format!("{path}{dot}{}", group.name), group.instance)).collect();
    found.reverse();
    found
}

fn not_kept(deployment: &Deployment<'_>, path: &str, bound: &Bound) -> Problem {
    let message =
        format!("placing `{}` does not keep the service level `{}` of its part `{path}`", deployment.name, bound.sla);
    Diagnostic::new(Code::W0701, bound.place, message)
        .with_label(deployment.place, "deployed here")
        .with_note("what is placed is a whole service, and its own service levels are what is asked of that")
        .with_help("ask the same of a flow through the whole service, or deploy the part by itself")
}
