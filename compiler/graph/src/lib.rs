//! The nested service graph: blocks within blocks to any depth, their ports, the wires at each level, and what is left
//! of them once composites dissolve.
//!
//! Pure: [`graph`] reads the database, [`dot`] and [`json`] write text and values, and nothing here touches a file.
//! It lays nothing out; Graphviz does.

mod blocks;
mod dot;
mod escape;
mod flat;
mod graph;
mod json;

#[cfg(test)]
mod tests;

pub use blocks::graph;
pub use dot::dot;
pub use graph::{Block, Direction, End, Flat, FlatLeaf, Graph, Kind, Link, Part, Port};
pub use json::json;
