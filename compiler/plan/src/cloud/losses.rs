//! What a cloud cannot be told, beyond what single ports lose.

use super::{Site, wires};
use crate::describe::{because, shared};
use crate::loss::{Loss, LossKind};
use crate::make::declared_at;
use crate::plan::Server;
use crate::ways::Way;
use rdcl_base::{Dimension, Quantity};
use rdcl_core::{Endpoint, HeaderKind, PartId};
use rdcl_hir::{Attribute, Bound, Deployment, Event, FEATURES, Feature, Instance, Lifecycle, Loc, Value};
use rdcl_hir::{body, leaf_ports, lifecycle, metadata, params, parts, policies, service_levels};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// Why an operation is not enforced before a port that has no group, and what to do about it.
const FORWARDS: (&str, &str) = (
    "which forwards packets of others",
    "run the part behind it on a `kvm`, where the filter is a guest, or filter in the block itself",
);
/// Why an operation is not enforced in a cloud that the filter's own end is not in.
const ELSEWHERE: (&str, &str) = (
    "which is no port of a server of the cloud that its filter is in",
    "make room for the filter where the part behind it runs, or filter in the block itself",
);

impl<'db> Site<'_, '_, 'db> {
    /// Collects everything that is lost, each statement once. Without a server nothing is built, so that nobody expects
    /// anything of it but that the filters in it hold, and that its parts are there.
    pub(super) fn lose(&mut self, servers: &[Server]) {
        for way in self.ways {
            self.lose_operations(way);
            if way.ends.iter().any(|end| self.is_server(*end)) {
                self.lose_promises(way);
                self.lose_tags(way);
                self.lose_metadata(way);
            } else if !servers.is_empty() && self.is_straight(way) {
                self.losses.push(self.straight(way));
            }
        }
        if !servers.is_empty() {
            self.lose_tables();
            let servers = servers.iter().map(|server| (server.name.as_str(), server.because.as_slice())).collect();
            let whole = Whole { servers: &servers, path: String::new(), chain: Vec::new() };
            self.lose_below(self.planner.names.instance, &whole);
        }
        self.losses = merged(std::mem::take(&mut self.losses));
    }

    /// Whether a way joins two ports of the service, one of which is here as far as is known.
    fn is_straight(&self, way: &Way<'_>) -> bool {
        let outside = |end: &Endpoint| match end {
            Endpoint::Boundary(_) => Some(self.planner.placement.ree_of(*end)),
            Endpoint::Part(..) => None,
        };
        let outsides: Vec<Option<usize>> = way.ends.iter().filter_map(outside).collect();
        outsides.len() == 2 && outsides.iter().any(|ree| ree.is_none_or(|ree| ree == self.ree))
    }

    fn straight(&self, way: &Way<'_>) -> Loss {
        let wire = way.ends.map(|end| self.planner.names.end(end)).join(" <-> ");
        Loss {
            kind: LossKind::Straight,
            message: format!("nothing is made of `{wire}`, which joins two ports of the service"),
            help: "join the two networks by hand, or put a part between them",
            port: None,
            at: wires(way).first().copied().unwrap_or(self.planner.deployment.place),
            because: wires(way),
        }
    }

    /// The operations of filters that no group takes over.
    fn lose_operations(&mut self, way: &Way<'_>) {
        for (filter, facing) in &way.filters {
            if self.has_group(*facing) {
                continue;
            }
            let chain = self.declared(*filter);
            let (why, help) = if self.is_server(*facing) { FORWARDS } else { ELSEWHERE };
            for (operation, at) in self.operations(*filter) {
                let end = self.planner.names.end(*facing);
                let reasons = because([at].into_iter().chain(chain.iter().copied()).chain(wires(way)));
                self.losses.push(Loss {
                    kind: LossKind::Operation,
                    message: format!("`{}` is not enforced before `{end}`, {why}", operation.name),
                    help,
                    port: Some(end),
                    at,
                    because: reasons,
                });
            }
        }
    }

    /// Whether an end is a port with a security group.
    fn has_group(&self, end: Endpoint) -> bool {
        match end {
            Endpoint::Part(part, port) if self.is_server(end) => {
                let names = self.planner.names;
                !crate::forwards::forwards(names.db, names.leaf(part))[port.index()]
            }
            Endpoint::Part(..) | Endpoint::Boundary(_) => false,
        }
    }

    /// The parts that lead to a filter, without its operations.
    fn declared(&self, filter: PartId) -> Vec<Loc> {
        let places = &self.planner.wiring.parts[filter.0 as usize];
        places[..places.len().saturating_sub(self.operations(filter).len())].to_vec()
    }

    /// What wires promise.
    fn lose_promises(&mut self, way: &Way<'_>) {
        for attribute in way.wires.iter().flat_map(|wire| &wire.attributes) {
            let wire = way.ends.map(|end| self.planner.names.end(end)).join(" <-> ");
            self.losses.push(lost_promise(attribute, &wire, wires(way)));
        }
    }

    fn lose_tags(&mut self, way: &Way<'_>) {
        let (db, names) = (self.planner.names.db, self.planner.names);
        let tagged = |end: &Endpoint| match end {
            Endpoint::Part(part, port) => {
                leaf_ports(db, names.leaf(*part))[port.index()].stack.required.has(HeaderKind::Vlan)
            }
            Endpoint::Boundary(_) => false,
        };
        if way.ends.iter().any(tagged) {
            let wire = way.ends.map(|end| names.end(end)).join(" <-> ");
            let at = wires(way).first().copied().unwrap_or(self.planner.deployment.place);
            self.losses.push(Loss {
                kind: LossKind::Tags,
                message: format!("`{wire}` carries VLAN tags, which the network may not"),
                help: "use a network that is transparent for tags",
                port: None,
                at,
                because: wires(way),
            });
        }
    }

    fn lose_metadata(&mut self, way: &Way<'_>) {
        let (db, names) = (self.planner.names.db, self.planner.names);
        let carries = |end: &Endpoint| match end {
            Endpoint::Part(part, port) => metadata(leaf_ports(db, names.leaf(*part))[port.index()].stack).is_some(),
            Endpoint::Boundary(_) => false,
        };
        if way.ends.iter().any(carries) {
            let wire = way.ends.map(|end| names.end(end)).join(" <-> ");
            let at = wires(way).first().copied().unwrap_or(self.planner.deployment.place);
            self.losses.push(Loss {
                kind: LossKind::Metadata,
                message: format!("`{wire}` carries metadata, which the network does not"),
                help: "run the parts at both ends on `kvm`, or carry the value in a header",
                port: None,
                at,
                because: wires(way),
            });
        }
    }

    fn lose_tables(&mut self) {
        let (db, names) = (self.planner.names.db, self.planner.names);
        for part in self.parts() {
            let Some(instance) = names.leaf(part).instance(db) else { continue };
            let chain = &self.planner.wiring.parts[part.0 as usize];
            for (_, value) in params(db, instance).values() {
                if let Value::Table(path) = value {
                    self.losses.push(Loss {
                        kind: LossKind::Table,
                        message: format!("the table `{path}` is not handed to `{}`", names.part(part)),
                        help: "bring it into the image",
                        port: None,
                        at: declared_at(chain, self.planner.deployment),
                        because: chain.clone(),
                    });
                }
            }
        }
    }

    /// Service levels and life cycles of an instance and all its parts.
    fn lose_below(&mut self, instance: Instance<'db>, whole: &Whole<'_>) {
        if whole.reasons("").is_none() {
            return;
        }
        let db = self.planner.names.db;
        self.losses.extend(service_levels(db, instance).bounds.iter().map(|bound| whole.lost_bound(bound)));
        self.losses.extend(lifecycle(db, instance).events.iter().filter_map(|event| whole.lost_event(event)));
        self.losses.extend(whole.lost_states(lifecycle(db, instance)));
        let kept = policies(db, instance);
        let rules = kept.rules.iter().map(|rule| (&rule.policy, rule.to_string(), rule.place));
        let spares = kept.spares.iter().map(|spare| {
            let share = Quantity { amount: spare.share, dimension: Dimension::Ratio };
            (&spare.policy, format!("spare {} = {share}", spare.resource), spare.place)
        });
        self.losses.extend(rules.chain(spares).filter_map(|(name, text, at)| whole.lost_rule(name, &text, at)));
        let groups = body(db, instance).owner().into_iter().flat_map(|owner| &parts(db, owner).groups);
        for group in groups {
            for name in group.names() {
                let chain = because(whole.chain.iter().copied().chain([group.place]));
                self.lose_below(group.instance, &Whole { servers: whole.servers, path: whole.below(&name), chain });
            }
        }
    }
}

/// An instance somewhere in the service.
struct Whole<'a> {
    /// By name what each server is there because of.
    servers: &'a BTreeMap<&'a str, &'a [Loc]>,
    path: String,
    chain: Vec<Loc>,
}

impl Whole<'_> {
    fn below(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// What all servers that are the instance, or in it, are there because of; with a name, in its part of that name.
    /// None if there is no such server.
    fn reasons(&self, name: &str) -> Option<Vec<Loc>> {
        let path = if name.is_empty() { self.path.clone() } else { self.below(name) };
        if path.is_empty() {
            // The whole service: what all of it is there because of is said once for all.
            return Some(Vec::new());
        }
        let inside = format!("{path}.");
        let below = self.servers.range(inside.as_str()..).take_while(|(server, _)| server.starts_with(&inside));
        let found: Vec<&[Loc]> =
            self.servers.get_key_value(path.as_str()).into_iter().chain(below).map(|s| *s.1).collect();
        (!found.is_empty()).then(|| shared(found.into_iter()))
    }

    fn lost_bound(&self, bound: &Bound) -> Loss {
        let measure = bound.measure.name().replace('_', " ");
        Loss {
            kind: LossKind::ServiceLevel,
            message: format!("the service level `{}` bounds {measure}, which is not told to the cloud", bound.sla),
            help: if self.path.is_empty() {
                "the placement keeps it with the figures of the substrate; watch the service itself"
            } else {
                "it is that of a part, which the placement does not keep; ask it of the whole service, and watch that"
            },
            port: None,
            at: bound.place,
            because: self.because(bound.place, &self.reasons("").unwrap_or_default()),
        }
    }

    fn because(&self, at: Loc, reasons: &[Loc]) -> Vec<Loc> {
        because(self.chain.iter().copied().chain([at]).chain(reasons.iter().copied()))
    }

    fn lost_rule(&self, policy: &str, text: &str, at: Loc) -> Option<Loss> {
        Some(Loss {
            kind: LossKind::Policy,
            message: format!("`{text}` of the policy `{policy}` is not told to the cloud"),
            help: "the placement keeps it between execution environments; add a server group by hand",
            port: None,
            at,
            because: self.because(at, &self.reasons("")?),
        })
    }

    fn lost_states(&self, lifecycle: &Lifecycle) -> Option<Loss> {
        let (first, reasons) = (lifecycle.states.first()?, self.reasons("")?);
        let names = lifecycle.states.iter().map(|state| format!("`{}`", state.name)).collect::<Vec<_>>().join(", ");
        Some(Loss {
            kind: LossKind::States,
            message: format!("the states {names} are not told to the cloud"),
            help: "let the cloud's own tools keep them",
            port: None,
            at: first.place,
            because: self.because(first.place, &reasons),
        })
    }

    fn lost_event(&self, event: &Event) -> Option<Loss> {
        let targets = event.targets.iter().filter_map(|name| self.reasons(name)).collect::<Vec<_>>();
        let reasons = match (event.targets.is_empty(), targets.is_empty()) {
            (true, _) => self.reasons("")?,
            (false, true) => return None,
            (false, false) => shared(targets.iter().map(Vec::as_slice)),
        };
        Some(Loss {
            kind: LossKind::Event,
            message: format!("`on {}` is not told to the cloud", event.verb),
            help: "let the cloud's own tools do it",
            port: None,
            at: event.place,
            because: self.because(event.place, &reasons),
        })
    }
}

fn lost_promise(attribute: &Attribute, wire: &str, wires: Vec<Loc>) -> Loss {
    Loss {
        kind: LossKind::Wire,
        message: format!("`{attribute}` of `{wire}` is not told to the cloud"),
        help: "the placement keeps it with the figures of the substrate; limit the network by hand",
        port: None,
        at: attribute.place,
        because: because(wires.into_iter().chain([attribute.place])),
    }
}

pub(super) fn unwired(name: &str, chain: &[Loc], deployment: &Deployment<'_>) -> Loss {
    Loss {
        kind: LossKind::Unwired,
        message: format!("no server is made of `{name}`: none of its ports is wired"),
        help: "wire it, or leave it out",
        port: None,
        at: declared_at(chain, deployment),
        because: chain.to_vec(),
    }
}

/// A feature that the cloud is not told of.
pub(super) fn untold(name: &str, feature: &Feature, declared: &[Loc]) -> Loss {
    let how = FEATURES.iter().find(|row| row.name == feature.name).map_or("", |row| row.openstack);
    Loss {
        kind: LossKind::Feature,
        message: format!("that `{name}` requires `{feature}` is not told to the cloud, where it is {how}"),
        help: "name a flavour that has it, or set it on the port by hand",
        port: None,
        at: feature.place,
        because: because(declared.iter().copied().chain([feature.place])),
    }
}

/// Each loss once, there for the reasons that all its like have.
fn merged(losses: Vec<Loss>) -> Vec<Loss> {
    let (mut found, mut known): (Vec<Loss>, HashMap<(Loc, String), usize>) = (Vec::new(), HashMap::new());
    for loss in losses {
        match known.entry((loss.at, loss.message.clone())) {
            Entry::Occupied(entry) => found[*entry.get()].because.retain(|at| loss.because.contains(at)),
            Entry::Vacant(entry) => {
                entry.insert(found.len());
                found.push(loss);
            }
        }
    }
    found
}
