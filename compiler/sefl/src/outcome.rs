//! What becomes of a path.

use crate::state::State;
use rdcl_base::{Code, NodeId};

/// The kinds of end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The packet left by a port, or the program came to its end.
    Delivered,
    /// A `Fail`, or a `Constrain` that does not hold.
    Dropped,
    /// A branch that no packet takes. Not an end of any packet.
    Infeasible,
    /// An access to header memory that is not allocated so.
    MemoryError,
    /// A fault of the program: no value, no test, a broken assertion.
    ModelError,
    /// The budget did not suffice to tell.
    Undecided,
}

impl Outcome {
    /// All of them, in the order of a summary.
    pub const ALL: [Outcome; 6] = [
        Outcome::Delivered,
        Outcome::Dropped,
        Outcome::Infeasible,
        Outcome::MemoryError,
        Outcome::ModelError,
        Outcome::Undecided,
    ];

    /// The word used in every format.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Delivered => "delivered",
            Outcome::Dropped => "dropped",
            Outcome::Infeasible => "infeasible",
            Outcome::MemoryError => "memory_error",
            Outcome::ModelError => "model_error",
            Outcome::Undecided => "undecided",
        }
    }
}

/// Why a path cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What becomes of the path.
    pub outcome: Outcome,
    /// The code that explains it.
    pub code: Code,
    /// In words.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where.
    pub node: NodeId,
    /// It follows from widths alone, whatever the packet: an error in the program.
    pub before_run: bool,
}

impl Fault {
    /// A fault that a run meets.
    pub fn new(outcome: Outcome, code: Code, message: String, node: NodeId) -> Fault {
        Fault { outcome, code, message, help: None, node, before_run: false }
    }

    /// A fault that is known without a packet.
    pub fn known_before(self) -> Fault {
        Fault { before_run: true, ..self }
    }

    /// Says what to do, when there is something to say.
    pub fn with_help(self, help: Option<String>) -> Fault {
        Fault { help, ..self }
    }
}

/// The end of a path.
#[derive(Clone, Debug)]
pub struct End {
    /// What became of it.
    pub outcome: Outcome,
    /// The instruction that decided; none at the end of the program.
    pub node: Option<NodeId>,
    /// Why, in words; the port a packet left by is in the state.
    pub message: Option<String>,
    /// The code that explains an error.
    pub code: Option<Code>,
    /// What to do about it.
    pub help: Option<String>,
    /// What it carried.
    pub state: State,
}

impl End {
    /// An end that needs no explanation by a code.
    pub fn plain(outcome: Outcome, node: Option<NodeId>, message: Option<&str>, state: State) -> End {
        End { outcome, node, message: message.map(str::to_owned), code: None, help: None, state }
    }

    /// An end by a fault.
    pub fn faulty(fault: Fault, state: State) -> End {
        let Fault { outcome, code, message, help, node, .. } = fault;
        End { outcome, node: Some(node), message: Some(message), code: Some(code), help, state }
    }
}
