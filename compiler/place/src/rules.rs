//! The policies of a service and of all that is in it, as rules about leaves.

use crate::model::{Ask, Resource, Rule, WHOLE};
use rdcl_hir::{Db, Instance, Loc, PlaceScope, PolicyRule, RuleKind, Spare, Structure, Substrate, Value};
use rdcl_hir::{attribute, body, parts, policies};
use std::collections::BTreeMap;

/// What a rule of the model says in the source.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The policy's name.
    pub policy: String,
    /// `apart fw, nat by zone`
    pub text: String,
    /// Whether it is about zones.
    pub by_zone: bool,
    /// Where it is written.
    pub place: Loc,
}

/// For each resource the share that stays free, and the rule that says so.
pub type Spared = [Option<(u64, Loc)>; 3];

/// All rules about the leaves of a structure, each with what it says in the source.
pub fn rules<'db>(
    db: &'db dyn Db,
    instance: Instance<'db>,
    structure: &Structure<'db>,
    substrate: &Substrate,
) -> (Vec<(Rule, Asked)>, Spared) {
    let (mut found, mut spared) = (Vec::new(), [None; 3]);
    for (path, inner) in instances(db, instance) {
        let policies = policies(db, inner);
        for rule in &policies.rules {
            found.push((read(rule, &path, structure, substrate), asked(rule)));
        }
        policies.spares.iter().for_each(|spare| keep_most(&mut spared, spare));
    }
    (found, spared)
}

/// What is left of an offer when a share of it stays free.
pub fn left(offer: u64, share: u64) -> u64 {
    (u128::from(offer) * u128::from(WHOLE.saturating_sub(share)) / u128::from(WHOLE)) as u64
}

/// An instance and all instances in it, with their paths, in order.
fn instances<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<(String, Instance<'db>)> {
    let (mut found, mut open) = (Vec::new(), vec![(String::new(), instance)]);
    while let Some((path, at)) = open.pop() {
        let groups = body(db, at).owner().into_iter().flat_map(|owner| &parts(db, owner).groups);
        let dot = if path.is_empty() { "" } else { "." };
        let inner = groups.flat_map(|group| group.names().map(move |name| (name, group.instance)));
        let mut inner: Vec<_> = inner.map(|(name, instance)| (format!("{path}{dot}{name}"), instance)).collect();
        inner.reverse();
        open.append(&mut inner);
        found.push((path, at));
    }
    found
}

fn keep_most(spared: &mut Spared, spare: &Spare) {
    let resource = Resource::ALL.into_iter().find(|r| r.name() == spare.resource);
    let Some(kept) = resource.map(|r| &mut spared[r as usize]) else { return };
    if kept.is_none_or(|(share, _)| share < spare.share) {
        *kept = Some((spare.share, spare.place));
    }
}

fn read(rule: &PolicyRule, path: &str, structure: &Structure<'_>, substrate: &Substrate) -> Rule {
    let dot = if path.is_empty() { "" } else { "." };
    let leaves = |part: &String| {
        let part = format!("{path}{dot}{part}");
        let all = structure.parts.iter().enumerate();
        all.filter(|(_, (leaf, _))| is_within(leaf, &part)).map(|(i, _)| i).collect::<Vec<usize>>()
    };
    let groups: Vec<Vec<usize>> = rule.parts.iter().map(leaves).collect();
    let is_wish = rule.is_wish;
    match &rule.kind {
        RuleKind::Apart(scope) => Rule { ask: Ask::Apart(groups), areas: areas(substrate, *scope), is_wish },
        RuleKind::Together(scope) => {
            Rule { ask: Ask::Together(groups.concat()), areas: areas(substrate, *scope), is_wish }
        }
        RuleKind::Keep(zones) => {
            let within = |ree| zone(substrate, ree).filter(|zone| zones.iter().any(|z| z == zone)).map(|_| 0);
            let areas = (0..substrate.rees.len()).map(within).collect();
            Rule { ask: Ask::Somewhere(groups.concat()), areas, is_wish }
        }
    }
}

fn asked(rule: &PolicyRule) -> Asked {
    let by_zone = match rule.kind {
        RuleKind::Apart(scope) | RuleKind::Together(scope) => scope == PlaceScope::Zone,
        RuleKind::Keep(_) => true,
    };
    Asked { policy: rule.policy.clone(), text: rule.to_string(), by_zone, place: rule.place }
}

/// Whether a leaf is the part of this path, or in it.
pub fn is_within(leaf: &str, part: &str) -> bool {
    leaf.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// For each execution environment what counts as one place with it.
fn areas(substrate: &Substrate, scope: PlaceScope) -> Vec<Option<usize>> {
    let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
    let area = |ree: usize| match scope {
        PlaceScope::Ree => Some(ree),
        PlaceScope::Host => Some(substrate.site(ree)),
        PlaceScope::Zone => {
            let (next, zone) = (zones.len(), zone(substrate, ree)?);
            Some(*zones.entry(zone).or_insert(next))
        }
    };
    (0..substrate.rees.len()).map(area).collect()
}

/// The zone of an execution environment, or of the nearest that it runs in and that has one.
fn zone(substrate: &Substrate, ree: usize) -> Option<&str> {
    let said = |at: usize| match attribute(&substrate.rees[at].attributes, "zone") {
        Some(Value::Str(zone)) => Some(zone.as_str()),
        Some(_) | None => None,
    };
    std::iter::once(ree).chain(substrate.around(ree)).find_map(said)
}
