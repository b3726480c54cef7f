//! What a configuration comes to once its compound elements are opened.

use super::Argument;
use crate::ast::Name;
use rdcl_base::NodeId;

/// Elements of simple classes, and the connections between their ports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flat {
    /// In the order in which the text speaks of them; those of a compound behind those around it.
    pub elements: Vec<Element>,
    /// Connections, those with one element of a compound behind those around it.
    pub connections: Vec<Connection>,
    /// What is wrong, and left out.
    pub mistakes: Vec<Mistake>,
}

/// An element.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Element {
    /// Its name; inside a compound `outer/inner`, without one `Class@3`.
    pub name: String,
    /// Its class.
    pub class: Name,
    /// Its configuration, with variables replaced.
    pub arguments: Vec<Argument>,
    /// Where it is declared.
    pub node: NodeId,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// An element, by its number.
    Element(u32),
    /// `input` or `output` of the whole configuration.
    Outside,
}

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    /// Where packets come from, and the number of the output.
    pub from: (End, u32),
    /// Where they go, and the number of the input.
    pub to: (End, u32),
    /// Where it is written; for one that leads into compounds, outside them.
    pub node: NodeId,
}

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mistake {
    /// What.
    pub kind: MistakeKind,
    /// Where.
    pub node: NodeId,
}

/// What can be wrong with a configuration that could be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MistakeKind {
    /// There is no element and no class of this name; those that there are.
    Undeclared(String, Vec<String>),
    /// An element of this name is declared already.
    Redeclared(String, NodeId),
    /// A compound class has no variant for so many arguments, inputs and outputs.
    NoVariant {
        /// The class, empty for one without a name.
        class: String,
        /// How many arguments there are.
        arguments: usize,
        /// How many inputs are connected.
        inputs: u32,
        /// How many outputs are connected.
        outputs: u32,
    },
    /// A compound element has no port of this number.
    NoPort {
        /// The element.
        element: String,
        /// The number.
        port: u32,
        /// Whether an input was meant.
        input: bool,
    },
    /// `=>` between so many ports and so many.
    Unequal(usize, usize),
    /// There are too many elements or connections, or compounds nest too deep.
    TooLarge,
}
