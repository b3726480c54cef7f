//! Ports at the ends of arrows: those of a step, and those that a compound uses.

use super::{Chain, Ports, Statement, Target};

/// How many inputs and outputs the statements of a compound use.
pub(super) fn ports_of(statements: &[Statement]) -> (u32, u32) {
    let (mut inputs, mut outputs) = (0, 0);
    for chain in chains(statements) {
        let last = chain.steps.len() - 1;
        for (i, step) in chain.steps.iter().enumerate() {
            if step.is_empty() && i == 0 {
                inputs = inputs.max(1);
            } else if step.is_empty() {
                outputs = outputs.max(1);
            }
            for reference in step {
                let count = |ports: &Option<Ports>| {
                    ports.as_ref().map_or(1, |ports| ports.numbers.iter().max().map_or(0, |max| max + 1))
                };
                match &reference.target {
                    Target::Name(name) if name.text == "input" => inputs = inputs.max(count(&reference.outputs)),
                    Target::Name(name) if name.text == "output" => outputs = outputs.max(count(&reference.inputs)),
                    Target::Outside if i == 0 => inputs = inputs.max(count(&reference.inputs)),
                    Target::Outside if i == last => outputs = outputs.max(count(&reference.inputs)),
                    _ => {}
                }
            }
        }
    }
    (inputs, outputs)
}

pub(super) fn chains(statements: &[Statement]) -> impl Iterator<Item = &Chain> {
    statements.iter().filter_map(|statement| if let Statement::Chain(chain) = statement { Some(chain) } else { None })
}

/// Ports of nodes, in order.
#[derive(Default)]
pub(super) struct Ends {
    pub ports: Vec<(usize, u32)>,
    /// How many nodes they are of, and whether any has its ports written.
    nodes: usize,
    written: bool,
}

impl Ends {
    pub fn add(&mut self, node: usize, ports: Option<&Ports>) {
        self.nodes += 1;
        self.written |= ports.is_some();
        match ports {
            Some(ports) => self.ports.extend(ports.numbers.iter().map(|port| (node, *port))),
            None => self.ports.push((node, 0)),
        }
    }

    /// Its ports; of one node without written ports as many as there are on the other side.
    pub fn spread_over(&self, other: &Ends) -> Vec<(usize, u32)> {
        match self.ports.as_slice() {
            [(node, _)] if !self.written && self.nodes == 1 => {
                (0..other.ports.len() as u32).map(|port| (*node, port)).collect()
            }
            ports => ports.to_vec(),
        }
    }
}

/// Port 0 of a node.
pub(super) fn one(node: usize) -> Ends {
    Ends { ports: vec![(node, 0)], nodes: 1, written: false }
}
