//! What verification found, with every place resolved: plain data for the writers of the output formats.

use crate::pcap::LinkType;
use rdcl_core::Field;
use rdcl_verify::Stats;

/// What was found about one property.
#[derive(Clone, Debug)]
pub struct PropertyResult {
    /// `Branch.outbound`
    pub property: String,
    /// What it is listed under when it is proved and nobody asked for it by name: `Nat44.*` for the promises of a
    /// library block, `BranchFirewall.Firewall.*` for inherited ones.
    pub group: Option<String>,
    /// Where it is promised: `file:line:column`.
    pub at: String,
    /// Proved or not.
    pub result: Conclusion,
    /// What the result rests on.
    pub assumes: Vec<String>,
    /// Whether `--strict` makes it a finding although it is neither violated nor undecided.
    pub refused: bool,
    /// Work counters.
    pub stats: Stats,
}

impl PropertyResult {
    /// Whether it is assumed, or rests on something that is. That a map has room is a premise, not an assumption.
    pub fn is_assumed(&self) -> bool {
        let opaque = self.assumes.iter().any(|name| !name.starts_with("room("));
        match &self.result {
            Conclusion::Proved => opaque,
            Conclusion::Assumed => true,
            Conclusion::Violated(_) | Conclusion::Undecided(_) => false,
        }
    }
}

/// Proved or not.
#[derive(Clone, Debug)]
pub enum Conclusion {
    /// It holds.
    Proved,
    /// It does not, as this run shows.
    Violated(Box<Trace>),
    /// Neither could be shown, for this reason.
    Undecided(String),
    /// Taken as true.
    Assumed,
}

impl Conclusion {
    /// The word used in every format.
    pub fn word(&self) -> &'static str {
        match self {
            Conclusion::Proved => "proved",
            Conclusion::Violated(_) => "violated",
            Conclusion::Undecided(_) => "undecided",
            Conclusion::Assumed => "assumed",
        }
    }
}

/// A run from empty state.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Packets sent before, oldest first.
    pub history: Vec<Entry>,
    /// The packet that matters.
    pub packet: Entry,
    /// What became of it.
    pub outcome: String,
    /// Which of its copies show the fault, least hops first.
    pub telling: Vec<usize>,
    /// Whether every number is the least by the fixed order.
    pub minimal: bool,
}

/// A packet of a run.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The boundary port it enters by.
    pub port: String,
    /// What it begins with.
    pub link: LinkType,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its header fields, in wire order.
    pub fields: Vec<(Field, u128)>,
    /// When it enters, in nanoseconds.
    pub now: u64,
    /// The values chosen on its way, by name.
    pub choices: Vec<(String, u128)>,
    /// What became of each copy.
    pub copies: Vec<Copy>,
}

impl Trace {
    /// The copies that show the fault; the first one without such.
    pub fn telling_copies(&self) -> impl Iterator<Item = &Copy> {
        let all = &self.packet.copies;
        let first = all.first().filter(|_| self.telling.is_empty());
        self.telling.iter().filter_map(|i| all.get(*i)).chain(first)
    }
}

/// One copy's way.
#[derive(Clone, Debug)]
pub struct Copy {
    /// What became of it.
    pub outcome: String,
    /// The part ports it entered, in order.
    pub hops: Vec<Hop>,
}

/// A visit of a part.
#[derive(Clone, Debug)]
pub struct Hop {
    /// `fw.wan`
    pub port: String,
    /// Where the instruction that decided stands: `file:line:column`; empty where no source does.
    pub at: String,
    /// That instruction's line of source.
    pub text: String,
}

/// Whether some packet crosses from one boundary port to another.
#[derive(Clone, Debug)]
pub struct Crossing {
    /// The RFB.
    pub rfb: String,
    /// Where it would enter.
    pub from: String,
    /// Where it would leave.
    pub to: String,
    /// What was found.
    pub answer: Answer,
}

/// Whether some packet crosses.
#[derive(Clone, Debug)]
pub enum Answer {
    /// This one does.
    Reachable(Box<Trace>),
    /// None does.
    Unreachable,
    /// Not known, for this reason.
    Undecided(String),
}
