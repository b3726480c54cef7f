//! The syntax tree of NEMO statements inside an `intent nemo` block (draft-xia-sdnrg-nemo-language-03 words).
//!
//! Node ids index the table of spans of the item that holds the block.

use crate::ast::Name;
use rdcl_base::NodeId;

/// One statement, `CREATE Flow …;`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Statement {
    /// `CREATE Flow guests Match src-ip: 10.1.9.0/24;`
    Flow {
        /// Its name.
        name: Name,
        /// What it matches; all must hold.
        matches: Vec<MatchItem>,
        /// The whole statement.
        node: NodeId,
    },
    /// `CREATE Operation o1 Target guests Priority 1 Action deny;`
    Operation {
        /// Its name.
        name: Name,
        /// The flow it acts on.
        target: Name,
        /// Lower wins; 0 is the highest.
        priority: Option<(u64, NodeId)>,
        /// What is done.
        actions: Vec<Action>,
        /// The whole statement.
        node: NodeId,
    },
    /// Recovered from an error.
    Bad(NodeId),
}

/// `src-ip: 10.1.9.0/24`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MatchItem {
    /// The match key.
    pub key: Name,
    /// Its value.
    pub value: Value,
    /// The whole pair.
    pub node: NodeId,
}

/// `deny`, `go-through: x`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Action {
    /// The action.
    pub name: Name,
    /// Its argument.
    pub value: Option<Value>,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// `22`
    Int(u64, NodeId),
    /// `Range(1, 5)` or `(1, 5)`, inclusive
    Range(u64, u64, NodeId),
    /// `10.1.0.1`
    Ipv4(u32, NodeId),
    /// `10.1.9.0/24`
    Prefix(u32, u8, NodeId),
    /// `02:00:00:00:00:01`
    Mac(u64, NodeId),
    /// `tcp`, or a string in quotes
    Word(Name),
}
