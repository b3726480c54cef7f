//! The problem as numbers: what is to be placed, where it may go, what must hold, what is to be least.
//!
//! Plain data with no names and no source behind it, so that a solver needs nothing else; positions refer to the
//! substrate and to the flattened structure. Amounts are in the smallest unit of what they measure.

use rdcl_hir::Comparison;

/// A resource of which every execution environment has so much for all it hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Thousandths of a core.
    Cpu,
    /// Bytes.
    Memory,
    /// Bytes.
    Disk,
}

impl Resource {
    /// All of them; a resource's place in here is its index in [`Candidate::needs`] and [`Ree::offers`].
    pub const ALL: [Resource; 3] = [Resource::Cpu, Resource::Memory, Resource::Disk];

    /// The name of the attribute.
    pub fn name(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu",
            Resource::Memory => "memory",
            Resource::Disk => "disk",
        }
    }
}

/// A placement problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// What is to be least.
    pub objective: Objective,
    /// Execution environments.
    pub rees: Vec<Ree>,
    /// Links between them.
    pub links: Vec<Link>,
    /// What is to be placed.
    pub leaves: Vec<Leaf>,
    /// For each boundary port the execution environment where its outside is, if that is said.
    pub outsides: Vec<Option<usize>>,
    /// What joins leaves and boundary ports.
    pub wires: Vec<Wire>,
    /// What bounds and objective speak of.
    pub flows: Vec<Flow>,
    /// What must hold.
    pub bounds: Vec<Bound>,
    /// What is asked of where leaves are.
    pub rules: Vec<Rule>,
    /// Whether a wire may lead between execution environments that no links join: false, but to find out why nothing fits.
    pub joined: bool,
}

/// What is to be least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The need of all chosen implementations together.
    Need(Resource),
    /// Over all wires and the links that each goes over, the wire's demand.
    Bandwidth,
    /// The delays of these flows, added up.
    Delay(Vec<usize>),
    /// The cost of each execution environment that hosts a leaf, by itself or by what runs in it, and of each link that a
    /// wire goes over, once each.
    Cost,
    /// What one execution environment has to give of a resource.
    Load(usize, Resource),
    /// What one link has to carry.
    Carried(usize),
}

impl Default for Objective {
    fn default() -> Objective {
        Objective::Need(Resource::Cpu)
    }
}

/// What something does to the packets that pass it, besides delaying them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// How many packets get through in a second; none is without limit.
    pub packet_rate: Option<u64>,
    /// The share of packets that get lost, of [`WHOLE`].
    pub loss: u64,
}

/// An execution environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ree {
    /// What it has of each [`Resource`] for all it hosts and all that runs in it hosts; none is without limit.
    pub offers: [Option<u64>; 3],
    /// The share of time in which it works, of [`WHOLE`].
    pub availability: u64,
    /// What using it costs.
    pub cost: u64,
    /// How many packets in a second get through what it hosts; none is without limit.
    pub packet_rate: Option<u64>,
    /// What it runs in: that has to have what this one hosts needs, too, and works and costs with it. Following hosts
    /// comes to an end.
    pub host: Option<usize>,
}

/// All there is, or all of the time, in hundredths of a per cent.
pub const WHOLE: u64 = 10_000;

/// A link; it carries its bandwidth in each direction at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// One end.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// What it carries; none is without limit.
    pub bandwidth: Option<u64>,
    /// What it adds to the delay of what goes over it.
    pub delay: u64,
    /// The share of time in which it works, of [`WHOLE`].
    pub availability: u64,
    /// What using it costs.
    pub cost: u64,
    /// What it does to the packets that go over it.
    pub passage: Passage,
}

/// Something to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Where and how it can run, in the order in which equals are preferred.
    pub candidates: Vec<Candidate>,
    /// The execution environment it has to be in, if that is said.
    pub pin: Option<usize>,
}

impl Leaf {
    /// The candidates that the pin admits, with their positions.
    pub fn admitted(&self) -> impl Iterator<Item = (usize, &Candidate)> {
        self.candidates.iter().enumerate().filter(|(_, c)| self.pin.is_none_or(|ree| ree == c.ree))
    }
}

/// One way to run a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where.
    pub ree: usize,
    /// The position of the implementation; none for a generated filter.
    pub implementation: Option<usize>,
    /// What it needs of each [`Resource`].
    pub needs: [u64; 3],
    /// What it adds to the delay of what goes through it.
    pub delay: u64,
    /// What it does to the packets that go through it.
    pub passage: Passage,
}

/// One end of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A leaf.
    Leaf(usize),
    /// The outside of a boundary port.
    Outside(usize),
}

/// A wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// One end.
    pub a: End,
    /// The other.
    pub b: End,
    /// What it reserves by itself; service levels may ask for more.
    pub reserved: u64,
    /// What it adds to the delay of what goes over it.
    pub delay: u64,
    /// What the wires that it is made of do to the packets that go over it, links apart.
    pub passages: Vec<Passage>,
}

/// All that goes from one boundary port to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Where it enters.
    pub from: usize,
    /// Where it leaves.
    pub to: usize,
    /// The ways it may take through the service.
    pub ways: Vec<Way>,
}

/// A way through the service: what is on it as often as it is passed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// Leaves, sorted.
    pub leaves: Vec<usize>,
    /// Wires, sorted.
    pub wires: Vec<usize>,
}

/// What a bound is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// The delay of a flow: of its slowest way the delays of leaves, wires, and links that the wires go over.
    Delay(usize),
    /// The bandwidth of a flow: the least demand of the wires on its ways, all of which is reserved.
    Bandwidth(usize),
    /// The availability of a flow: of its worst way the product over execution environments, what they run in, and links,
    /// each once. Of the whole service without a flow.
    Availability(Option<usize>),
    /// The packet rate of a flow: the least of that of leaves, their execution environments, wires and links on its ways.
    PacketRate(usize),
    /// The loss of a flow: of its worst way what does not get through its leaves, wires and links, one behind the other.
    Loss(usize),
}

/// Something that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What is measured.
    pub measured: Measured,
    /// How it compares.
    pub op: Comparison,
    /// With what.
    pub limit: u64,
}

/// What is asked of where some leaves are. A leaf whose execution environment is in no area is in none that could be
/// the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What is asked.
    pub ask: Ask,
    /// For each execution environment the area that it is in.
    pub areas: Vec<Option<usize>>,
    /// Whether it is only wished for.
    pub is_wish: bool,
}

/// What a rule asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// No leaf of one group is in the area of a leaf of another.
    Apart(Vec<Vec<usize>>),
    /// All leaves are in one area.
    Together(Vec<usize>),
    /// Each leaf is in some area.
    Somewhere(Vec<usize>),
}

/// Something that can be asked for, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Constraint {
    /// What an execution environment has of a resource.
    Capacity(usize, Resource),
    /// What a link carries.
    Bandwidth(usize),
    /// Where a leaf has to be.
    Pin(usize),
    /// Where the outside of a boundary port is.
    Outside(usize),
    /// That wires lead over links.
    Joined,
    /// A bound, by position.
    Bound(usize),
    /// A rule that is no wish, by position.
    Rule(usize),
}

impl Model {
    /// An execution environment and all that it runs in, outwards.
    pub fn hosts(&self, ree: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(ree), |at| self.rees[*at].host)
    }

    /// The outermost of what an execution environment runs in. Whatever runs in one goes over links from there, and needs
    /// none to reach what else does.
    pub fn site(&self, ree: usize) -> usize {
        self.hosts(ree).last().unwrap_or(ree)
    }

    /// Every constraint, those first that are best done without when one of several can be blamed.
    pub fn constraints(&self) -> Vec<Constraint> {
        let offered = |i: usize| Resource::ALL.into_iter().filter(move |r| self.rees[i].offers[*r as usize].is_some());
        let capacities = (0..self.rees.len()).flat_map(|i| offered(i).map(move |r| Constraint::Capacity(i, r)));
        let links = self.links.iter().enumerate().filter(|(_, link)| link.bandwidth.is_some());
        let pins = self.leaves.iter().enumerate().filter(|(_, leaf)| leaf.pin.is_some());
        let outsides = self.outsides.iter().enumerate().filter(|(_, ree)| ree.is_some());
        capacities
            .chain(links.map(|(i, _)| Constraint::Bandwidth(i)))
            .chain(pins.map(|(i, _)| Constraint::Pin(i)))
            .chain(outsides.map(|(i, _)| Constraint::Outside(i)))
            .chain((!self.joined).then_some(Constraint::Joined))
            .chain((0..self.bounds.len()).map(Constraint::Bound))
            .chain((0..self.rules.len()).filter(|i| !self.rules[*i].is_wish).map(Constraint::Rule))
            .collect()
    }

    /// The model without these constraints. Positions stay as they are.
    pub fn without(&self, constraints: &[Constraint]) -> Model {
        let mut model = self.clone();
        for constraint in constraints {
            match *constraint {
                Constraint::Capacity(ree, resource) => model.rees[ree].offers[resource as usize] = None,
                Constraint::Bandwidth(link) => model.links[link].bandwidth = None,
                Constraint::Pin(leaf) => model.leaves[leaf].pin = None,
                Constraint::Outside(port) => model.outsides[port] = None,
                Constraint::Joined => model.joined = true,
                // Every measure is at least nothing.
                Constraint::Bound(i) => (model.bounds[i].op, model.bounds[i].limit) = (Comparison::AtLeast, 0),
                Constraint::Rule(i) => model.rules[i].ask = Ask::Somewhere(Vec::new()),
            }
        }
        model
    }

    /// Whether no sum of amounts can come to more than 64 bits hold, whatever is chosen: then saturating sums are exact.
    pub fn sums_fit(&self) -> bool {
        let most = |of: &dyn Fn(&Candidate) -> u64| -> Vec<u128> {
            let greatest = |leaf: &Leaf| u128::from(leaf.candidates.iter().map(of).max().unwrap_or(0));
            self.leaves.iter().map(greatest).collect()
        };
        let needs = Resource::ALL.map(|r| most(&|c| c.needs[r as usize]).into_iter().sum::<u128>());
        let demands = self.demands().into_iter().map(u128::from).sum::<u128>() * (self.links.len() as u128).max(1);
        let (leaf_delays, link_delays) =
            (most(&|c| c.delay), self.links.iter().map(|l| u128::from(l.delay)).sum::<u128>());
        let way = |way: &Way| {
            let wires = way.wires.iter().map(|wire| u128::from(self.wires[*wire].delay) + link_delays);
            way.leaves.iter().map(|leaf| leaf_delays[*leaf]).chain(wires).sum::<u128>()
        };
        let delays = self.flows.iter().map(|flow| flow.ways.iter().map(way).max().unwrap_or(0)).sum::<u128>();
        let costs = self.rees.iter().map(|ree| ree.cost).chain(self.links.iter().map(|link| link.cost));
        let costs = costs.map(u128::from).sum::<u128>();
        needs.into_iter().chain([demands, delays, costs]).all(|sum| sum <= u128::from(u64::MAX))
    }

    /// What each wire has to carry: what it reserves, or what a service level asks of a flow over it.
    pub fn demands(&self) -> Vec<u64> {
        let mut demands: Vec<u64> = self.wires.iter().map(|w| w.reserved).collect();
        for (flow, least) in self.bounds.iter().filter_map(Bound::least_bandwidth) {
            for wire in self.flows[flow].ways.iter().flat_map(|way| &way.wires) {
                demands[*wire] = demands[*wire].max(least);
            }
        }
        demands
    }
}

impl Bound {
    /// The flow and the bandwidth that it has to have, if that is what the bound says.
    pub fn least_bandwidth(&self) -> Option<(usize, u64)> {
        let Measured::Bandwidth(flow) = self.measured else { return None };
        match self.op {
            Comparison::AtLeast | Comparison::Exactly => Some((flow, self.limit)),
            Comparison::More => Some((flow, self.limit.saturating_add(1))),
            Comparison::Less | Comparison::AtMost => None,
        }
    }
}
