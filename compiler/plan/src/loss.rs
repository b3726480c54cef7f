//! What a Heat template cannot say, or what this version does not say in one: a closed table.
//!
//! Nothing is lost in silence: each loss is a warning at the statement that is lost, and a line of the template's
//! description.

use rdcl_base::{Code, Diagnostic};
use rdcl_hir::{Loc, Problem};

/// What is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LossKind {
    /// An operation of an intent.
    Operation,
    /// A class of packets that is promised to arrive.
    Class,
    /// What a wire promises.
    Wire,
    /// A bound of a service level.
    ServiceLevel,
    /// An event of a life cycle.
    Event,
    /// A part that no wire leads to.
    Unwired,
    /// A table that a block reads.
    Table,
    /// VLAN tags.
    Tags,
    /// A wire between two ports of the service.
    Straight,
    /// A feature that an implementation requires.
    Feature,
    /// The states of a life cycle.
    States,
    /// A rule of a policy.
    Policy,
    /// Metadata on a wire.
    Metadata,
}

/// A row of the table of losses.
#[derive(Debug)]
pub struct LossRow {
    /// What is lost.
    pub kind: LossKind,
    /// The code of its warning.
    pub code: Code,
    /// What is lost, in words.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
}

/// Everything that a Heat template made by this version may lack.
static HEAT: [LossRow; 13] = [
    row(
        LossKind::Operation,
        Code::W0901,
        "an operation of an intent that stands before a port that forwards, or that rules cannot say",
        "a security group belongs to a port, and sees only packets that the port's owner sends or receives",
    ),
    row(
        LossKind::Class,
        Code::W0902,
        "the class of a `reach` or `can reach` that is no union of protocol, destination port and source prefix",
        "a rule of a security group says no more, and a wider rule would let in what nobody promised to take",
    ),
    row(
        LossKind::Wire,
        Code::W0903,
        "`bandwidth`, `delay`, `packet_rate` and `loss` of a wire",
        "no policy of quality of service is emitted yet",
    ),
    row(
        LossKind::ServiceLevel,
        Code::W0904,
        "a bound of a service level",
        "a template says what exists, not how well it works",
    ),
    row(LossKind::Event, Code::W0905, "an event of a life cycle", "neither alarms nor workflows are emitted yet"),
    row(LossKind::Unwired, Code::W0906, "a part without a wired port", "no packet reaches it: no server is made of it"),
    row(
        LossKind::Table,
        Code::W0907,
        "a table that a block reads",
        "a server gets the arguments of its block, not the files that they name",
    ),
    row(LossKind::Tags, Code::W0908, "VLAN tags on a wire", "a network of a cloud need not carry tagged frames"),
    row(
        LossKind::Straight,
        Code::W0909,
        "a wire between two ports of the service",
        "a template makes networks between servers; those behind ports of the service are there before, and stay apart",
    ),
    row(
        LossKind::Feature,
        Code::W0910,
        "a feature that an implementation requires",
        "features are extra specs of a flavour or properties of a port; neither is made yet",
    ),
    row(LossKind::Policy, Code::W0911, "a rule of a policy", "no server group is emitted yet"),
    row(LossKind::States, Code::W0912, "the states of a life cycle", "no workflow is emitted yet"),
    row(
        LossKind::Metadata,
        Code::W0913,
        "metadata on a wire",
        "it is bytes in front of a packet, and a network of a cloud carries frames of Ethernet alone",
    ),
];

const fn row(kind: LossKind, code: Code, what: &'static str, why: &'static str) -> LossRow {
    LossRow { kind, code, what, why }
}

/// The table of losses.
pub fn heat_losses() -> &'static [LossRow] {
    &HEAT
}

impl LossKind {
    /// Its row in the table.
    pub fn row(self) -> &'static LossRow {
        let index = match self {
            LossKind::Operation => 0,
            LossKind::Class => 1,
            LossKind::Wire => 2,
            LossKind::ServiceLevel => 3,
            LossKind::Event => 4,
            LossKind::Unwired => 5,
            LossKind::Table => 6,
            LossKind::Tags => 7,
            LossKind::Straight => 8,
            LossKind::Feature => 9,
            LossKind::Policy => 10,
            LossKind::States => 11,
            LossKind::Metadata => 12,
        };
        &HEAT[index]
    }
}

/// Something that is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What kind of thing.
    pub kind: LossKind,
    /// Which, in a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: &'static str,
    /// The port of a server that it is about, if it is about one: `fw.lan`.
    pub port: Option<String>,
    /// The statement that is lost.
    pub at: Loc,
    /// All statements without which nothing would be lost; `at` among them.
    pub because: Vec<Loc>,
}

impl Loss {
    /// The warning about it.
    pub fn problem(&self) -> Problem {
        let row = self.kind.row();
        Diagnostic::new(row.code, self.at, self.message.clone()).with_note(row.why).with_help(self.help)
    }
}
