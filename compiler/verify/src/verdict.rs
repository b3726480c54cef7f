//! What the verifier says: a [`Verdict`] per property, with a [`Witness`] that the interpreter has replayed.

use rdcl_core::{InstrId, PartId, PortId};

/// What is known about one property of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The property's name within its instance: `outbound`, `Firewall.outbound`, `flows.invariant`.
    pub property: String,
    /// Its position in the instance's list of properties; none for obligations that come from state maps.
    pub index: Option<usize>,
    /// The result.
    pub result: Outcome,
    /// What the result rests on, by name: opaque images, opaque blocks, `room(nat.flows)`. Sorted.
    pub assumes: Vec<String>,
    /// Things worth knowing, such as a premise that no delivered packet meets.
    pub remarks: Vec<String>,
    /// The work it took.
    pub stats: Stats,
}

/// The result for a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// True of every packet, history, choice and time it speaks of.
    Proved,
    /// False, and here is a run that shows it.
    Violated(Box<Witness>),
    /// Neither could be shown.
    Undecided(String),
    /// Taken as true because the block is opaque.
    Assumed,
    /// The premise holds of no packet that the parser accepts and that breaks no assumption: an error in the contract.
    Vacuous,
}

impl Outcome {
    /// The word used in machine formats; a vacuous premise is reported as a diagnostic and reads `undecided` here.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Proved => "proved",
            Outcome::Violated(_) => "violated",
            Outcome::Undecided(_) | Outcome::Vacuous => "undecided",
            Outcome::Assumed => "assumed",
        }
    }
}

/// Work counters; they do not depend on the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Symbolic states made.
    pub states: u64,
    /// Queries answered by the solver.
    pub solver_calls: u64,
}

impl std::ops::AddAssign for Stats {
    fn add_assign(&mut self, other: Stats) {
        self.states += other.states;
        self.solver_calls += other.solver_calls;
    }
}

impl std::ops::Sub for Stats {
    type Output = Stats;

    fn sub(self, earlier: Stats) -> Stats {
        Stats { states: self.states - earlier.states, solver_calls: self.solver_calls - earlier.solver_calls }
    }
}

/// A run that shows something, from empty state: packets in order, the last of which is the one that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Packets sent before, oldest first.
    pub history: Vec<Step>,
    /// The packet.
    pub packet: Step,
    /// What became of it, in words: `delivered at lan`, `dropped: ssh from outside`.
    pub outcome: String,
    /// The copies of it that show what is claimed, by their place in the packet's list.
    pub telling: Vec<usize>,
    /// Whether every number in it is the least by the fixed order.
    pub minimal: bool,
}

/// One packet of a witness and what the interpreter did with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The boundary port it enters by.
    pub port: String,
    /// Its bytes on that port's wire.
    pub bytes: Vec<u8>,
    /// Its header fields, in wire order, by name.
    pub fields: Vec<(String, u128)>,
    /// The time it enters, in ns.
    pub now: u64,
    /// The values chosen on its way, in order, by `part.choice`.
    pub choices: Vec<(String, u128)>,
    /// For each copy, what became of it.
    pub copies: Vec<CopyTrail>,
}

/// One copy's way through the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyTrail {
    /// `delivered at wan`, `dropped: no mapping`…
    pub outcome: String,
    /// If delivered: boundary port and bytes.
    pub delivered: Option<(String, Vec<u8>)>,
    /// Part ports it entered, in order.
    pub hops: Vec<Hop>,
}

/// A visit of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// `fw.lan`
    pub port: String,
    /// The part.
    pub part: PartId,
    /// Its port.
    pub ingress: PortId,
    /// The instructions that decided, in order; their origins are the source lines to show.
    pub steps: Vec<InstrId>,
}

/// Limits on work, in units that do not depend on the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// The most symbolic states for one instance. The searches for one property are bounded in proportion.
    pub states: u64,
    /// The solver's resource limit for one query (`rlimit`).
    pub solver: u32,
    /// The longest history a witness may have.
    pub history: u32,
}

impl Budget {
    /// The work the solver may do in all searches for one property, once it is known which ways packets take.
    pub fn search(&self) -> u64 {
        self.states.saturating_mul(SEARCH_PER_STATE)
    }

    /// The most packets that are sent to fill maps for one property.
    pub fn packets(&self) -> u64 {
        self.states.saturating_mul(PACKETS_PER_STATE)
    }
}

/// Units of the solver's work for each symbolic state of the budget.
const SEARCH_PER_STATE: u64 = 4_000;

/// Packets for each symbolic state of the budget.
const PACKETS_PER_STATE: u64 = 4;

impl Default for Budget {
    fn default() -> Self {
        Budget { states: 50_000, solver: 20_000_000, history: 3 }
    }
}

/// How to verify. The last two exist to test the fast paths against the slow ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Limits.
    pub budget: Budget,
    /// Whether interval domains decide what they can; without, every question goes to the solver.
    pub domains: bool,
    /// Whether equal states are merged.
    pub merge: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { budget: Budget::default(), domains: true, merge: true }
    }
}

/// Whether some packet that enters at one boundary port can leave at another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reachability {
    /// Where it enters.
    pub from: String,
    /// Where it leaves.
    pub to: String,
    /// A run that does it; none if there is none.
    pub witness: Option<Box<Witness>>,
    /// Why it is not known, if it is not.
    pub undecided: Option<String>,
}
