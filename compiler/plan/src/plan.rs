//! The plan itself: plain data, in a fixed order.
//!
//! `because` lists the statements without which a thing would not be there, given where everything runs; whatever
//! holds of a whole (the deployment, the execution environment) is said once, at the whole.

use crate::loss::Loss;
use rdcl_base::Ipv4Net;
use rdcl_core::PartId;
use rdcl_hir::Loc;
use std::net::Ipv4Addr;

/// A deployment, planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The deployment's name.
    pub deploy: String,
    /// The RFB that is deployed.
    pub service: String,
    /// Leaves that somebody wrote: generated filters do not count.
    pub parts: usize,
    /// Wires between leaves and boundary ports, each once; generated filters are no ends.
    pub links: usize,
    /// What runs on hosts.
    pub guests: Vec<GuestPlan>,
    /// What runs in clouds; a cloud without servers is left out.
    pub clouds: Vec<Cloud>,
    /// How many clouds the substrate has, used or not.
    pub offered: usize,
    /// The names of all execution environments that have a part, in the order of the substrate.
    pub used: Vec<(String, String)>,
}

/// A leaf that runs as a guest of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestPlan {
    /// Its path.
    pub path: String,
    /// The part of the structure.
    pub part: PartId,
    /// The execution environment, by its position in the substrate.
    pub ree: usize,
}

/// Something that is said, and by which statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// What.
    pub value: T,
    /// The statements without which it would not be said.
    pub because: Vec<Loc>,
}

/// What exists in a cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// The name of the execution environment.
    pub name: String,
    /// Its position in the substrate.
    pub ree: usize,
    /// The region it is in.
    pub region: Option<Said<String>>,
    /// The deployment and the execution environment.
    pub because: Vec<Loc>,
    /// Networks that are there before, by parameter.
    pub given: Vec<Given>,
    /// Networks to be made.
    pub networks: Vec<Network>,
    /// Servers to be made.
    pub servers: Vec<Server>,
    /// What the artifact rests on besides what is proved.
    pub assumed: Vec<Said<String>>,
    /// What cannot be said.
    pub losses: Vec<Loss>,
    /// The operations that rules of groups follow from. They take away, so that no rule says of itself that it is there
    /// because of them; [`plan_without`](crate::plan_without) shows it.
    pub shaping: Vec<Loc>,
}

/// A network that exists before, which a parameter names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// `lan`; the parameter is `lan_network`.
    pub name: String,
    /// What is behind it.
    pub leads_to: LeadsTo,
    /// The wires that lead there.
    pub wires: Vec<Loc>,
    /// The wires, and the server at their end.
    pub because: Vec<Loc>,
}

/// What is behind a network that exists before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeadsTo {
    /// A port of the service.
    Boundary(String),
    /// A part in another execution environment: its port, and where it runs.
    Elsewhere(String, String),
}

/// A network for one wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// `fw.wan--nat.inside`: the ends, in alphabetical order.
    pub name: String,
    /// Its addresses.
    pub subnet: Subnet,
    /// The wires that it is made of.
    pub wires: Vec<Loc>,
    /// The wires, and the servers at their ends.
    pub because: Vec<Loc>,
}

/// The addresses of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// All of them.
    pub cidr: Ipv4Net,
    /// Those of the two ends, in the order of the network's name.
    pub ends: (Ipv4Addr, Ipv4Addr),
    /// Those that the cloud may give to its own ports, from and to.
    pub pool: (Ipv4Addr, Ipv4Addr),
}

/// A server: the implementation of one leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The leaf's path; the name of the RFB when the service is one leaf.
    pub name: String,
    /// `BranchFirewall.vm`
    pub implementation: String,
    /// The image it boots, if the implementation names one.
    pub image: Option<Said<String>>,
    /// Its flavor, if the implementation names one.
    pub flavor: Option<Said<String>>,
    /// What it needs at least: `cpu 1core`, `memory 2GiB`.
    pub needs: Vec<Said<String>>,
    /// The arguments of its RFB, as the language writes them.
    pub arguments: Vec<(String, String)>,
    /// Its ports that are wired, in order; at least one.
    pub ports: Vec<Port>,
    /// The parts that lead to it, and its implementation.
    pub declared: Vec<Loc>,
    /// These, and the wires without which none would lead to it.
    pub because: Vec<Loc>,
}

/// A port of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// `lan`, `p[3]`
    pub name: String,
    /// What it is attached to.
    pub attachment: Attachment,
    /// Whether packets of others cross it; otherwise it has a [`Group`].
    pub forwards: bool,
    /// What may come in; none for a port that forwards.
    pub group: Option<Group>,
    /// The wires it is attached by.
    pub because: Vec<Loc>,
}

/// What a port is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// A network of the plan, with this address.
    Made(usize, Ipv4Addr),
    /// A network that is there before.
    Given(usize),
}

/// What may come in at a port; all else is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The rules, each once, in a fixed order.
    pub rules: Vec<Said<Rule>>,
}

/// Lets packets in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rule {
    /// Of which protocol; none for any.
    pub protocol: Option<Protocol>,
    /// From whom.
    pub remote: Ipv4Net,
}

/// A protocol above IPv4, and which of its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP, to ports from and to.
    Tcp(u16, u16),
    /// UDP, to ports from and to.
    Udp(u16, u16),
    /// ICMP: every message, those of a type, or those of a type and a code.
    Icmp(Option<(u8, Option<u8>)>),
    /// Any other, by its number.
    Other(u8),
}

impl Plan {
    /// The losses of all clouds.
    pub fn losses(&self) -> impl Iterator<Item = &Loss> {
        self.clouds.iter().flat_map(|cloud| &cloud.losses)
    }
}
