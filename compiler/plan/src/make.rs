//! From a placement to a plan: guests for hosts, then each cloud by itself.

use crate::addresses::Addresses;
use crate::cloud::{Planner, plan_cloud};
use crate::describe::{Names, because};
use crate::plan::{GuestPlan, Plan};
use crate::prefixes::prefix;
use crate::ways::ways;
use rdcl_base::Ipv4Net;
use rdcl_core::PartId;
use rdcl_hir::{Db, Deployment, Instance, LeafKind, Loc, Problem, Structure, Substrate, Value};
use rdcl_hir::{body, params, parts, short_name, structure, substrate, wiring};
use rdcl_place::Placement;
use std::collections::{BTreeSet, HashSet};

/// What will exist where, and what is lost or cannot be: losses are warnings.
pub fn plan<'db>(db: &'db dyn Db, deployment: &Deployment<'db>, placement: &Placement) -> (Plan, Vec<Problem>) {
    make(db, deployment, placement, None)
}

/// What would exist where if no security group took an operation of an intent into account.
pub fn plan_without<'db>(db: &'db dyn Db, deployment: &Deployment<'db>, placement: &Placement, operation: Loc) -> Plan {
    make(db, deployment, placement, Some(operation)).0
}

fn make<'db>(
    db: &'db dyn Db,
    deployment: &Deployment<'db>,
    placement: &Placement,
    ignored: Option<Loc>,
) -> (Plan, Vec<Problem>) {
    let instance = deployment.instance;
    let (structure, substrate) = (structure(db, instance), substrate(db, deployment.substrate));
    let filters = filters(db, structure);
    let names = Names { db, instance, structure };
    let mut planner = Planner {
        names: &names,
        deployment,
        placement,
        substrate,
        wiring: wiring(db, instance),
        filters: &filters,
        ignored,
        addresses: Addresses::new(claimed(db, instance)),
        problems: Vec::new(),
    };
    let is_cloud = |ree: &usize| substrate.rees[*ree].kind == "openstack";
    let clouds = (0..substrate.rees.len()).filter(is_cloud).filter_map(|ree| plan_cloud(&mut planner, ree)).collect();
    let mut problems = planner.problems;
    let plan = Plan {
        deploy: deployment.name.clone(),
        service: short_name(db, instance),
        parts: structure.parts.len() - filters.len(),
        links: ways(&wiring(db, instance).links, &filters).len(),
        guests: guests(structure, substrate, placement),
        clouds,
        offered: (0..substrate.rees.len()).filter(is_cloud).count(),
        used: used(substrate, placement),
    };
    problems.extend(warnings(&plan));
    (plan, problems)
}

fn filters(db: &dyn Db, structure: &Structure<'_>) -> BTreeSet<PartId> {
    let is_filter = |leaf: &rdcl_hir::Leaf<'_>| matches!(leaf.kind(db), LeafKind::Filter(..));
    let all = (0u32..).zip(&structure.parts);
    all.filter(|(_, (_, leaf))| is_filter(leaf)).map(|(part, _)| PartId(part)).collect()
}

fn guests(structure: &Structure<'_>, substrate: &Substrate, placement: &Placement) -> Vec<GuestPlan> {
    let parts = (0u32..).zip(&structure.parts).zip(&placement.parts);
    let on_hosts = parts.filter(|(_, placed)| substrate.rees[placed.ree].kind == "kvm");
    on_hosts
        .map(|((part, (path, _)), placed)| GuestPlan { path: path.clone(), part: PartId(part), ree: placed.ree })
        .collect()
}

/// Name and kind of every execution environment that has a part.
fn used(substrate: &Substrate, placement: &Placement) -> Vec<(String, String)> {
    let has_part = |ree: &usize| placement.parts.iter().any(|placed| placed.ree == *ree);
    let rees = (0..substrate.rees.len()).filter(has_part).map(|ree| &substrate.rees[ree]);
    rees.map(|ree| (ree.name.clone(), ree.kind.clone())).collect()
}

/// The addresses that parameters of the service and of all its parts name.
fn claimed<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Ipv4Net> {
    let (mut open, mut seen, mut found) = (vec![instance], HashSet::from([instance]), Vec::new());
    while let Some(instance) = open.pop() {
        found.extend(params(db, instance).values().filter_map(|(_, value)| addresses_of(value)));
        let inner = body(db, instance).owner().into_iter().flat_map(|owner| &parts(db, owner).groups);
        open.extend(inner.map(|group| group.instance).filter(|instance| seen.insert(*instance)));
    }
    found
}

fn addresses_of(value: &Value) -> Option<Ipv4Net> {
    match value {
        Value::Ipv4(address) => Some(prefix(*address, 32)),
        Value::Prefix(address, length) => Some(prefix(*address, *length)),
        Value::Int(_)
        | Value::Bool(_)
        | Value::Str(_)
        | Value::Ipv6(_)
        | Value::Prefix6(..)
        | Value::Mac(_)
        | Value::Range(..)
        | Value::Quantity(_)
        | Value::Table(_)
        | Value::Stack(_) => None,
    }
}

/// The warnings about what is lost; what two clouds lose alike is said once.
fn warnings(plan: &Plan) -> Vec<Problem> {
    let mut seen: HashSet<(Loc, &str)> = HashSet::new();
    let losses = plan.losses().filter(|loss| seen.insert((loss.at, &loss.message)));
    losses.map(crate::loss::Loss::problem).collect()
}

/// The last of the declarations that lead to a part, or where the deployment is.
pub(crate) fn declared_at(chain: &[Loc], deployment: &Deployment<'_>) -> Loc {
    because(chain.iter().copied()).last().copied().unwrap_or(deployment.place)
}
