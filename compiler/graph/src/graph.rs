//! A service as it is nested. Equal blocks are one block, however often they occur, so a graph is as large as its
//! source is, not as its service; paths are made by whoever walks it.

use rdcl_core::{Endpoint, Stack};
use rdcl_hir::{Attribute, Loc};
use std::sync::Arc;

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The whole.
    pub service: Arc<Block>,
    /// Where its RFB is written.
    pub place: Loc,
    /// The same with all composites dissolved.
    pub flat: Flat,
}

/// A block: what a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `Nat44(public = 203.0.113.7)`; none for a generated filter.
    pub rfb: Option<String>,
    /// What kind.
    pub kind: Kind,
    /// Its ports, arrays counted out.
    pub ports: Vec<Port>,
    /// What a filter does, the first match first: `deny guests`.
    pub rules: Vec<String>,
    /// Its parts, arrays counted out: generated filters first, then in the order of the source.
    pub parts: Vec<Part>,
    /// What is joined inside it.
    pub links: Vec<Link>,
}

/// A kind of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Made of parts: those it declares, and the filters that its intent puts before its ports. A block with a behaviour
    /// and an intent is one too: its behaviour is the part without a name.
    Composite,
    /// A behaviour.
    Behaviour,
    /// Only its contract is known.
    Opaque,
    /// Generated from an intent. Its first port faces outwards, its second inwards.
    Filter,
    /// Generated from a distribution. Its first port faces what is distributed, the others the elements.
    Balancer,
}

impl Kind {
    /// The word used in every format.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Composite => "composite",
            Kind::Behaviour => "behaviour",
            Kind::Opaque => "opaque",
            Kind::Filter => "filter",
            Kind::Balancer => "balancer",
        }
    }
}

/// A port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// `lan`, `p[3]`
    pub name: String,
    /// What travels over it.
    pub stack: Stack,
    /// Which way, seen from the block.
    pub direction: Direction,
}

/// Which way packets pass a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Into the block.
    In,
    /// Out of it.
    Out,
    /// Both.
    InOut,
}

impl Direction {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Direction::In => "in",
            Direction::Out => "out",
            Direction::InOut => "inout",
        }
    }
}

/// A part of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name inside the block: `fw`, `pipe[2]`, `nemo_lan`. Empty for the behaviour of the block itself, which has the
    /// path of the block.
    pub name: String,
    /// Where it is declared; a filter, where its first operation is.
    pub place: Loc,
    /// What it is.
    pub block: Arc<Block>,
}

/// Two ports joined inside a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// One end, in the order of the source.
    pub a: End,
    /// The other.
    pub b: End,
    /// What the wire promises.
    pub attributes: Vec<Attribute>,
    /// The wire in the source; none for what joins a filter to its port, or a behaviour to the block it is of.
    pub place: Option<Loc>,
}

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct End {
    /// Which part; none for a port of the block itself, seen from inside.
    pub part: Option<usize>,
    /// Which of its ports.
    pub port: usize,
}

/// A service without its composites: what is placed and run. In the order of
/// [`structure`](rdcl_hir::structure), so that its numbers mean the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flat {
    /// What stands at the end of every path.
    pub leaves: Vec<FlatLeaf>,
    /// Every wire once, the boundary or the earlier leaf first.
    pub links: Vec<(Endpoint, Endpoint)>,
    /// The ports of the whole.
    pub boundary: Vec<Port>,
}

/// A leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatLeaf {
    /// `site.nat`; empty for the service itself.
    pub path: String,
    /// What it is; never a composite.
    pub block: Arc<Block>,
}

/// The path of a part of a block.
pub(crate) fn within(path: &str, name: &str) -> String {
    match (path, name) {
        (path, "") => path.to_owned(),
        ("", name) => name.to_owned(),
        (path, name) => format!("{path}.{name}"),
    }
}
