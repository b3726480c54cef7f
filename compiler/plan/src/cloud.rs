//! One cloud: its servers, the networks between them, and what cannot be said there.

use crate::addresses::Addresses;
use crate::describe::{Names, because, shared};
use crate::forwards::forwards;
use crate::group::{Filter, group};
use crate::loss::Loss;
use crate::plan::{Attachment, Cloud, Given, LeadsTo, Network, Port, Said, Server};
use crate::ways::{Way, ways};
use rdcl_base::{Code, Diagnostic};
use rdcl_core::{Endpoint, PartId, PortDecl, PortId};
use rdcl_hir::{Attribute, Deployment, Implementation, LeafKind, Loc, Problem, Substrate, Value, Wiring};
use rdcl_hir::{attribute, implementations, leaf_ports, params, value_text};
use rdcl_place::Placement;
use std::collections::{BTreeMap, BTreeSet};

mod lengths;
mod losses;

/// What planning carries along.
pub struct Planner<'a, 'db> {
    /// Names of parts and ends.
    pub names: &'a Names<'db>,
    /// What is planned.
    pub deployment: &'a Deployment<'db>,
    /// Where everything runs.
    pub placement: &'a Placement,
    /// What there is to run on.
    pub substrate: &'db Substrate,
    /// Where the structure comes from.
    pub wiring: &'db Wiring,
    /// The parts that are generated filters.
    pub filters: &'a BTreeSet<PartId>,
    /// An operation that no group takes into account.
    pub ignored: Option<Loc>,
    /// Subnets not yet given out.
    pub addresses: Addresses,
    /// What cannot be built.
    pub problems: Vec<Problem>,
}

/// The plan of an execution environment; none if no server is in it.
pub fn plan_cloud(planner: &mut Planner<'_, '_>, ree: usize) -> Option<Cloud> {
    let ways = planner.ways(ree);
    let ends = ways.iter().enumerate().flat_map(|(i, way)| way.ends.map(|end| (end, i))).collect();
    let mut site = Site {
        planner,
        ree,
        ways: &ways,
        ends,
        given: Vec::new(),
        networks: Vec::new(),
        losses: Vec::new(),
        shaping: Vec::new(),
    };
    site.lay_networks();
    let servers: Vec<Server> = site.parts().into_iter().filter_map(|part| site.server(part)).collect();
    site.lose(&servers);
    site.give_reasons(&servers);
    let Site { given, networks, losses, shaping, .. } = site;
    if servers.is_empty() {
        planner.problems.extend(losses.iter().map(Loss::problem));
        return None;
    }
    let networks: Vec<Network> = networks.into_iter().map(|(_, network)| network).collect();
    planner.problems.extend(lengths::too_long(&networks, &servers, planner.deployment.place));
    let ree_declared = &planner.substrate.rees[ree];
    let common = shared(servers.iter().map(|server| server.because.as_slice()));
    Some(Cloud {
        name: ree_declared.name.clone(),
        ree,
        region: said(attribute_named(&ree_declared.attributes, "region")),
        because: because([planner.deployment.place, ree_declared.place].into_iter().chain(common)),
        given: given.into_iter().map(|(_, given)| given).collect(),
        networks,
        assumed: assumed(&servers),
        servers,
        losses,
        shaping: because(shaping),
    })
}

impl<'db> Planner<'_, 'db> {
    /// The ways of the service as this execution environment sees them: its own filters are gone.
    fn ways(&self, ree: usize) -> Vec<Way<'db>> {
        let here = |part: &PartId| self.placement.parts[part.0 as usize].ree == ree;
        ways(&self.wiring.links, &self.filters.iter().copied().filter(here).collect())
    }
}

/// One execution environment while it is planned.
struct Site<'a, 'p, 'db> {
    planner: &'a mut Planner<'p, 'db>,
    ree: usize,
    ways: &'a [Way<'db>],
    /// The way at each end.
    ends: BTreeMap<Endpoint, usize>,
    /// By way.
    given: Vec<(usize, Given)>,
    networks: Vec<(usize, Network)>,
    losses: Vec<Loss>,
    /// Operations that rules of groups follow from.
    shaping: Vec<Loc>,
}

impl<'db> Site<'_, '_, 'db> {
    /// The parts of which servers are made.
    fn parts(&self) -> Vec<PartId> {
        let all = (0u32..).zip(&self.planner.placement.parts).map(|(part, placed)| (PartId(part), placed.ree));
        all.filter(|(part, ree)| *ree == self.ree && !self.planner.filters.contains(part))
            .map(|(part, _)| part)
            .collect()
    }

    fn is_server(&self, end: Endpoint) -> bool {
        match end {
            Endpoint::Part(part, _) => {
                self.planner.placement.parts[part.0 as usize].ree == self.ree && !self.planner.filters.contains(&part)
            }
            Endpoint::Boundary(_) => false,
        }
    }

    /// A network for each way between servers, a parameter for each way that leaves.
    fn lay_networks(&mut self) {
        for (i, way) in self.ways.iter().enumerate() {
            match way.ends.map(|end| self.is_server(end)) {
                [true, true] => self.lay_network(i, way),
                [true, false] => self.lead_away(i, way, way.ends[0], way.ends[1]),
                [false, true] => self.lead_away(i, way, way.ends[1], way.ends[0]),
                [false, false] => {}
            }
        }
    }

    fn lay_network(&mut self, i: usize, way: &Way<'_>) {
        let (name, _) = self.planner.names.link(way.ends);
        match self.planner.addresses.subnet(&name) {
            Some(subnet) => self.networks.push((i, Network { name, subnet, wires: wires(way), because: wires(way) })),
            None => {
                let at = wires(way).first().copied().unwrap_or(self.planner.deployment.place);
                self.planner.problems.push(no_addresses(at, &name));
            }
        }
    }

    fn lead_away(&mut self, i: usize, way: &Way<'_>, here: Endpoint, there: Endpoint) {
        let names = self.planner.names;
        let (name, leads_to) = match there {
            Endpoint::Boundary(_) => (names.end(there), LeadsTo::Boundary(names.end(there))),
            Endpoint::Part(part, _) => {
                let ree = self.planner.placement.parts[part.0 as usize].ree;
                let ree = self.planner.substrate.rees[ree].name.clone();
                (names.end(here), LeadsTo::Elsewhere(names.end(there), ree))
            }
        };
        self.given.push((i, Given { name, leads_to, wires: wires(way), because: wires(way) }));
    }

    /// The server of a part; none if no wire leads to it.
    fn server(&mut self, part: PartId) -> Option<Server> {
        let (db, names) = (self.planner.names.db, self.planner.names);
        let leaf = names.leaf(part);
        let instance = leaf.instance(db)?;
        let crossed = forwards(db, leaf);
        let declared = leaf_ports(db, leaf);
        let ports = (0u32..).map(PortId).zip(&declared).zip(crossed);
        let ports: Vec<Port> = ports.filter_map(|((id, port), f)| self.port(part, (id, port), f)).collect();
        let chain = &self.planner.wiring.parts[part.0 as usize];
        if ports.is_empty() {
            self.losses.push(losses::unwired(&names.part(part), chain, self.planner.deployment));
            return None;
        }
        let placed = self.planner.placement.parts[part.0 as usize].implementation;
        let implementation = placed.and_then(|i| implementations(db, instance).list.get(i));
        let wired = shared(ports.iter().map(|port| port.because.as_slice()));
        let declared = because(chain.iter().copied().chain(implementation.map(|i| i.place)));
        let attributes = implementation.map_or(&[][..], |i| &i.attributes);
        let requires = implementation.map_or(&[][..], |i| &i.requires);
        self.losses.extend(requires.iter().map(|feature| losses::untold(&names.part(part), feature, &declared)));
        Some(Server {
            name: names.part(part),
            implementation: implementation.map_or_else(String::new, implementation_name),
            image: said(attribute_named(attributes, "image")),
            flavor: said(attribute_named(attributes, "flavor")),
            needs: ["cpu", "memory", "disk"].iter().filter_map(|name| need(attributes, name)).collect(),
            arguments: params(db, instance)
                .iter()
                .map(|(name, (_, value))| (name.clone(), value_text(value)))
                .collect(),
            ports,
            because: because(declared.iter().copied().chain(wired)),
            declared,
        })
    }

    /// A port, if it is wired.
    fn port(&mut self, part: PartId, (id, port): (PortId, &PortDecl), forwards: bool) -> Option<Port> {
        let end = Endpoint::Part(part, id);
        let way = *self.ends.get(&end)?;
        let attachment = self.attachment(way, end)?;
        let group = if forwards { None } else { self.group(part, (id, port), &self.ways[way]) };
        let because = wires(&self.ways[way]);
        Some(Port { name: port.name.clone(), attachment, forwards, group, because })
    }

    /// A network is there because of the servers at its ends, too.
    fn give_reasons(&mut self, servers: &[Server]) {
        for server in servers {
            for port in &server.ports {
                let reasons = match port.attachment {
                    Attachment::Made(i, _) => &mut self.networks[i].1.because,
                    Attachment::Given(i) => &mut self.given[i].1.because,
                };
                *reasons = because(reasons.iter().chain(&server.because).copied());
            }
        }
    }

    fn attachment(&self, way: usize, end: Endpoint) -> Option<Attachment> {
        if let Ok(i) = self.given.binary_search_by_key(&way, |(at, _)| *at) {
            return Some(Attachment::Given(i));
        }
        let i = self.networks.binary_search_by_key(&way, |(at, _)| *at).ok()?;
        let (_, [first, _]) = self.planner.names.link(self.ways[way].ends);
        let ends = self.networks[i].1.subnet.ends;
        Some(Attachment::Made(i, if first == end { ends.0 } else { ends.1 }))
    }

    fn group(&mut self, part: PartId, (id, port): (PortId, &PortDecl), way: &Way<'_>) -> Option<crate::plan::Group> {
        let names = self.planner.names;
        let end = Endpoint::Part(part, id);
        let facing = way.filters.iter().filter(|(_, facing)| *facing == end);
        let mut filters: Vec<Filter<'db>> = facing.map(|(filter, _)| self.operations(*filter)).collect();
        filters.iter_mut().for_each(|filter| filter.retain(|(_, at)| self.planner.ignored != Some(*at)));
        self.shaping.extend(filters.iter().flatten().map(|(_, at)| *at));
        let instance = names.leaf(part).instance(names.db)?;
        let (group, lost) = group(names.db, instance, (id, &names.end(end), port.stack), &filters);
        let wired = wires(way);
        let lost = lost
            .into_iter()
            .map(|loss| Loss { because: because(loss.because.into_iter().chain(wired.iter().copied())), ..loss });
        self.losses.extend(lost);
        Some(group)
    }

    /// The operations of a filter, and where each is written.
    fn operations(&self, filter: PartId) -> Filter<'db> {
        let names = self.planner.names;
        let places = &self.planner.wiring.parts[filter.0 as usize];
        match names.leaf(filter).kind(names.db) {
            LeafKind::Filter(_, rules) => {
                let first = places.len().saturating_sub(rules.len());
                rules.iter().zip(places[first..].iter().copied()).collect()
            }
            LeafKind::Behaviour(_) | LeafKind::Opaque(_) | LeafKind::Balancer(..) => Vec::new(),
        }
    }
}

/// The places of a way's wires.
fn wires(way: &Way<'_>) -> Vec<Loc> {
    because(way.wires.iter().map(|wire| wire.place))
}

fn implementation_name(implementation: &Implementation) -> String {
    format!("{}.{}", implementation.declared_by, implementation.name)
}

fn attribute_named<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|a| a.name == name)
}

/// A text that an attribute gives; an empty one is none.
fn said(attribute: Option<&Attribute>) -> Option<Said<String>> {
    match attribute {
        Some(Attribute { value: Value::Str(text), place, .. }) if !text.is_empty() => {
            Some(Said { value: text.clone(), because: vec![*place] })
        }
        Some(_) | None => None,
    }
}

/// `cpu 1core`
fn need(attributes: &[Attribute], name: &str) -> Option<Said<String>> {
    let value = value_text(attribute(attributes, name)?);
    let place = attribute_named(attributes, name)?.place;
    Some(Said { value: format!("{name} {value}"), because: vec![place] })
}

/// For each implementation that runs, that its image does what the block promises.
fn assumed(servers: &[Server]) -> Vec<Said<String>> {
    let names: BTreeSet<&String> = servers.iter().map(|server| &server.implementation).collect();
    let of = |name: &&String| {
        let alike = servers.iter().filter(|server| server.implementation == ***name);
        let block = name.split('.').next().unwrap_or_default();
        let value = format!("what runs as {name} does what {block} promises");
        Said { value, because: shared(alike.map(|server| server.because.as_slice())) }
    };
    names.iter().map(of).collect()
}

fn no_addresses(at: Loc, network: &str) -> Problem {
    Diagnostic::new(Code::E0901, at, format!("no addresses are left for the network `{network}`"))
        .with_note("networks between servers have addresses of 100.64.0.0/10 that no parameter of the service names")
        .with_help("use other addresses in the parameters of the service")
}
