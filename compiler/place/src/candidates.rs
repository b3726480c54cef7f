//! Where a leaf can run: implementations held against the kinds of execution environments.

use crate::case::{number, passage};
use crate::model::{Candidate, Leaf, Passage, Resource};
use rdcl_base::{Code, Diagnostic};
use rdcl_hir::{Db, Deployment, Feature, Implementation, LeafKind, Loc, Pinned, Problem, ReeKind, Substrate};
use rdcl_hir::{attribute, implementations, lacking};
use std::collections::BTreeSet;

/// What a generated filter needs: the smallest guest there is. Its rules are compiled into the guest, so it keeps nothing
/// but packet buffers; it waits for packets and takes no core of its own, and what it adds to the delay is lost in that
/// of the parts it stands before. On `openstack`, where it becomes a rule and no machine, the same is counted, lest a
/// wish for little memory send packets there and back.
const FILTER: [u64; 3] = [0, 2 << 20, 0];

/// The kinds of execution environment that a generated filter runs on.
const FILTER_KINDS: [&str; 2] = ["kvm", "openstack"];

/// What is around a leaf.
pub struct Whereabouts<'a, 'db> {
    pub db: &'db dyn Db,
    pub deployment: &'a Deployment<'db>,
    pub substrate: &'a Substrate,
    /// Where the leaf has to be.
    pub pin: Option<&'a Pinned>,
}

/// A leaf with its candidates: by the positions of execution environments, then of implementations.
pub fn candidates<'db>(
    around: &Whereabouts<'_, 'db>,
    name: &str,
    leaf: rdcl_hir::Leaf<'db>,
    declared: &[Loc],
) -> Result<Leaf, Box<Problem>> {
    let offers = offers(around.db, leaf);
    let rees = around.substrate.rees.iter().enumerate();
    let fitting = rees.flat_map(|(i, ree)| {
        let fits = offers.iter().filter(move |offer| offer.is_for(ree) && offer.lacking(ree).is_empty());
        fits.map(move |offer| Candidate { ree: i, ..offer.candidate.clone() })
    });
    let candidates: Vec<Candidate> = fitting.collect();
    let pin = around.pin.map(|pin| pin.ree);
    let leaf = Leaf { candidates, pin };
    if leaf.admitted().next().is_some() {
        return Ok(leaf);
    }
    let place = declared.last().copied().unwrap_or(around.deployment.place);
    Err(Box::new(nowhere(around, name, place, &offers)))
}

/// A way to run a leaf on a kind of execution environment, or why it is none.
struct Offer<'db> {
    name: String,
    kind: ReeKind,
    candidate: Candidate,
    requires: &'db [Feature],
    why_not: Option<&'static str>,
}

impl<'db> Offer<'db> {
    /// Whether it is for the kind of an execution environment, and of use.
    fn is_for(&self, ree: &rdcl_hir::Ree) -> bool {
        ree.named.is(&self.kind) && self.why_not.is_none()
    }

    /// What an execution environment would have to offer besides.
    fn lacking(&self, ree: &rdcl_hir::Ree) -> Vec<&'db Feature> {
        lacking(self.requires, &ree.offers)
    }
}

fn offers<'db>(db: &'db dyn Db, leaf: rdcl_hir::Leaf<'db>) -> Vec<Offer<'db>> {
    let (instance, opaque) = match leaf.kind(db) {
        LeafKind::Filter(..) => return FILTER_KINDS.map(|kind| generated("filter", kind)).into(),
        LeafKind::Balancer(..) => return vec![generated("balancer", "kvm")],
        LeafKind::Behaviour(instance) => (*instance, false),
        LeafKind::Opaque(instance) => (*instance, true),
    };
    let list = implementations(db, instance).list.iter().enumerate();
    list.map(|(i, implementation)| Offer {
        name: implementation.name.clone(),
        kind: implementation.kind.clone(),
        requires: &implementation.requires,
        candidate: Candidate {
            ree: 0,
            implementation: Some(i),
            needs: Resource::ALL.map(|r| number(&implementation.attributes, r.name()).unwrap_or(0)),
            delay: number(&implementation.attributes, "delay").unwrap_or(0),
            passage: passage(&implementation.attributes),
        },
        why_not: why_not(implementation, opaque),
    })
    .collect()
}

/// What a generated part is on an execution environment of this kind. A balancer is a guest everywhere: no rule of a
/// security group distributes packets.
fn generated<'db>(name: &str, kind: &str) -> Offer<'db> {
    Offer {
        name: name.into(),
        kind: ReeKind { name: kind.into(), lineage: vec![kind.into()] },
        requires: &[],
        candidate: Candidate { ree: 0, implementation: None, needs: FILTER, delay: 0, passage: Passage::default() },
        why_not: None,
    }
}

/// Why an implementation can run nowhere: `openstack` boots images; elsewhere what has no image is made from the behaviour.
fn why_not(implementation: &Implementation, opaque: bool) -> Option<&'static str> {
    let stated = attribute(&implementation.attributes, "image").is_some();
    match (implementation.ree.as_str(), implementation.image()) {
        ("openstack", None) if stated => Some("its `image` is empty, so there is nothing to boot"),
        ("openstack", None) => Some("it has no `image`, so there is nothing to boot"),
        ("kvm", _) if opaque => Some("a guest is compiled from a behaviour, and there is none"),
        (_, None) if opaque => Some("it has neither an `image` nor a behaviour"),
        _ => None,
    }
}

fn nowhere(around: &Whereabouts<'_, '_>, name: &str, place: Loc, offers: &[Offer<'_>]) -> Problem {
    let (rees, on) = (&around.substrate.rees, around.deployment.substrate.name(around.db));
    if let Some(problem) = without_features(around, name, place, offers) {
        return problem;
    }
    let problem = match around.pin {
        Some(pin) => pinned_nowhere(name, place, pin, &rees[pin.ree]),
        None => {
            let kinds: BTreeSet<&str> = rees.iter().map(|ree| ree.named.name.as_str()).collect();
            Diagnostic::new(Code::E0706, place, format!("`{name}` can run nowhere on `{on}`"))
                .with_label(around.deployment.place, "deployed here")
                .with_note(format!("`{on}` has {}", list(&kinds)))
                .with_help(if offers.iter().any(|offer| offer.candidate.implementation.is_none()) {
                    format!("`{name}` is generated; give `{on}` what it can run on")
                } else {
                    format!("give `{name}` an implementation for one of these, or `{on}` what it can run on")
                })
        }
    };
    let usable: BTreeSet<&str> = offers.iter().filter(|o| o.why_not.is_none()).map(|o| o.kind.name.as_str()).collect();
    let problem = match (usable.len(), offers) {
        (_, []) => problem.with_note(format!("`{name}` has no implementation")),
        (0, _) => problem,
        _ => problem.with_note(format!("`{name}` can run on {}", list(&usable))),
    };
    let unusable = offers.iter().filter_map(|offer| Some((offer, offer.why_not?)));
    unusable.fold(problem, |problem, (offer, why)| {
        problem.with_note(format!("the implementation `{}` on `{}` is of no use: {why}", offer.name, offer.kind.name))
    })
}

fn pinned_nowhere(name: &str, place: Loc, pin: &Pinned, ree: &rdcl_hir::Ree) -> Problem {
    let message = format!("`{name}` cannot run on `{}`, which is of kind `{}`", ree.name, ree.named.name);
    Diagnostic::new(Code::E0706, pin.place, message)
        .with_label(place, format!("`{name}` is declared here"))
        .with_help(format!("pin it elsewhere, or give it an implementation for `{}`", ree.named.name))
}

/// Some implementation is for a kind of execution environment that is there, and none of these offers what it requires.
fn without_features(around: &Whereabouts<'_, '_>, name: &str, place: Loc, offers: &[Offer<'_>]) -> Option<Problem> {
    let rees = around.substrate.rees.iter().enumerate();
    let here = rees.filter(|(i, _)| around.pin.is_none_or(|pin| pin.ree == *i)).map(|(_, ree)| ree);
    let pairs = here.flat_map(|ree| offers.iter().filter(|offer| offer.is_for(ree)).map(move |offer| (ree, offer)));
    let lacks: Vec<_> = pairs.map(|(ree, offer)| (ree, offer, offer.lacking(ree))).collect();
    let (_, _, fewest) = lacks.iter().min_by_key(|(_, _, lacks)| lacks.len())?;
    let missing = quoted(fewest);
    let (at, message) = match around.pin {
        Some(pin) => {
            let message = format!(
                "`{name}` cannot run on `{}`, which does not offer {missing}",
                around.substrate.rees[pin.ree].name
            );
            (pin.place, message)
        }
        None => {
            let on = around.deployment.substrate.name(around.db);
            (place, format!("`{name}` can run nowhere on `{on}`, which lacks {missing}"))
        }
    };
    let problem = Diagnostic::new(Code::E0710, at, message).with_help(format!(
        "let an execution environment `offer {}`, or give `{name}` an implementation that does without",
        missing.replace('`', "")
    ));
    let problem = if at == place { problem } else { problem.with_label(place, format!("`{name}` is declared here")) };
    Some(lacks.iter().fold(problem, |problem, (ree, offer, lacks)| {
        let note = format!(
            "the implementation `{}` requires {}, which `{}` does not offer",
            offer.name,
            quoted(lacks),
            ree.name
        );
        problem.with_label(ree.place, note)
    }))
}

fn quoted(features: &[&Feature]) -> String {
    features.iter().map(|feature| format!("`{feature}`")).collect::<Vec<_>>().join(", ")
}

/// `kvm` and `openstack`
fn list(names: &BTreeSet<&str>) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "nothing".into(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
