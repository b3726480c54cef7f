//! The syntax tree of Click: the configurations of the Click modular router, in blocks `behaviour click {{ … }}`.
//!
//! A configuration declares elements and joins their ports. The tree holds what is written; [`flatten`] opens compound
//! elements and tells which elements and connections there are. Node ids index the table of spans of the item.
//!
//! ```
//! let parsed = rdcl_syntax::click::parse("a :: Counter; Idle -> a -> Discard;");
//! assert!(parsed.errors.is_empty());
//! let flat = rdcl_syntax::click::flatten(&parsed.configuration);
//! assert_eq!((flat.elements.len(), flat.connections.len()), (3, 2));
//! ```

mod arguments;
mod ends;
mod expand;
mod flat;
mod formals;
mod lex;
pub(crate) mod parse;
mod scope;
mod statements;
#[cfg(test)]
mod tests;

pub use expand::flatten;
pub use flat::{Connection, Element, End, Flat, Mistake, MistakeKind};
pub use parse::{ParsedConfiguration, parse};

use crate::ast::Name;
use rdcl_base::NodeId;

/// A whole configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Configuration {
    /// In the order of the text.
    pub statements: Vec<Statement>,
    /// The whole text.
    pub node: NodeId,
}

/// A statement without its `;`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Statement {
    /// `a, b :: Queue(10)`, `a[1] -> [0]b`: declarations and connections, which may be mixed
    Chain(Chain),
    /// `elementclass Gate { … }`
    Class {
        /// What it is called.
        name: Name,
        /// What it stands for.
        class: Class,
    },
    /// `define($rate 1000)`: variables and what they stand for
    Define(Vec<(Name, Argument)>),
    /// `require(package)`: what a configuration needs of the program that runs it; it says nothing of packets
    Require(NodeId),
    /// Nothing could be made of it.
    Bad(NodeId),
}

/// Elements in a row; a single one is a declaration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chain {
    /// The elements of each step; none where the arrow begins or ends the chain.
    pub steps: Vec<Vec<Reference>>,
    /// What is between them.
    pub arrows: Vec<(Arrow, NodeId)>,
}

/// What joins two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arrow {
    /// `->`
    One,
    /// `=>`: the ports of one side to those of the other, in turn
    Spread,
}

/// An element as a chain names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// `[1]` before it.
    pub inputs: Option<Ports>,
    /// Which it is.
    pub target: Target,
    /// `[1]` behind it.
    pub outputs: Option<Ports>,
    /// All of it.
    pub node: NodeId,
}

/// What a reference refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// `name`: a declared element, or else an element without a name of the class of this name
    Name(Name),
    /// `name :: Class(…)`
    Declared {
        /// The new element.
        name: Name,
        /// Its class.
        class: Class,
        /// Its configuration.
        configuration: Vec<Argument>,
    },
    /// `Class(…)`, `{ … }`: an element without a name
    Anonymous {
        /// Its class.
        class: Class,
        /// Its configuration.
        configuration: Vec<Argument>,
    },
    /// `( … )`: statements with an `input` and an `output`
    Group(Vec<Statement>),
    /// Ports without an element: `input` at the beginning of a compound's chain, `output` at its end
    Outside,
}

/// The numbers between brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ports {
    /// `0, 2`; `0-3` stands for each of them.
    pub numbers: Vec<u32>,
    /// With the brackets.
    pub node: NodeId,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// By its name.
    Named(Name),
    /// By what it is made of.
    Compound(Compound),
}

/// `{ $a, $b | statements || … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Compound {
    /// The first that fits is taken.
    pub variants: Vec<Variant>,
    /// `...`: the class had this name before, and its variants count, too.
    pub extends: bool,
    /// With the braces.
    pub node: NodeId,
}

/// One way to make a compound element.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// The parameters.
    pub formals: Vec<Formal>,
    /// What it is made of.
    pub statements: Vec<Statement>,
    /// All of it.
    pub node: NodeId,
}

/// A parameter of a compound class.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Formal {
    /// `RATE` in `RATE $rate`: given by that word; `__REST__` takes all that is left.
    pub keyword: Option<String>,
    /// The variable with its `$`.
    pub variable: Name,
}

/// An argument of a configuration: what stands between commas.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Argument {
    /// Its words, without comments. A quoted text is one word or a piece of one.
    pub words: Vec<Name>,
    /// All of it.
    pub node: NodeId,
}

impl Argument {
    /// Its words with single spaces between them.
    pub fn text(&self) -> String {
        self.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}
