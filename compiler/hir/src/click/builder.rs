//! From elements and connections to parts and wires.

use super::classes::{ANY, CLASSES, Model};
use super::element::{Made, Surroundings};
use super::faults::{Fault, connected_twice, no_model, no_such_port, unconnected};
use super::graph::{Connected, Graph, OuterPort, Spot, model};
use super::tree::{count_argument, end, outer_end, parameter_argument, part, stack_argument, stack_text, wire};
use super::{Circuit, Params, block_name, part_name};
use rdcl_base::{NodeId, Severity};
use rdcl_core::{HeaderKind, Stack};
use rdcl_syntax::ast::Direction;
use rdcl_syntax::click::Flat;
use std::collections::{BTreeMap, BTreeSet};

/// Builds the parts and wires of a block.
pub(super) struct Builder<'a> {
    graph: Graph<'a>,
    params: &'a Params,
    inputs: Vec<Stack>,
    outputs: Vec<Stack>,
    views: Vec<bool>,
    /// The elements to which packets come with the address of a gateway.
    gateways: BTreeSet<usize>,
    /// The connections that lead to each element, and to each port of the block.
    to_element: BTreeMap<usize, Vec<usize>>,
    to_port: BTreeMap<usize, Vec<usize>>,
    circuit: Circuit,
}

impl<'a> Builder<'a> {
    pub fn new(flat: &'a Flat, ports: &'a [OuterPort], params: &'a Params) -> Builder<'a> {
        let mut graph = Graph::new(flat, ports);
        let (inputs, outputs) = graph.stacks();
        let views = graph.views(&inputs);
        graph.leaving(&views);
        let (mut to_element, mut to_port) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (i, connected) in graph.connections.iter().enumerate() {
            match connected.to {
                Spot::Element(to, _) => to_element.entry(to).or_default().push(i),
                Spot::Port(to) => to_port.entry(to).or_default().push(i),
            }
        }
        let (circuit, gateways) = (Circuit::default(), graph.behind_gateways());
        Builder { graph, params, inputs, outputs, views, gateways, to_element, to_port, circuit }
    }

    pub fn build(mut self) -> Circuit {
        self.fan_out();
        for at in 0..self.graph.flat.elements.len() {
            self.element(at);
        }
        for at in 0..self.graph.ports.len() {
            self.port(at);
        }
        for at in 0..self.graph.connections.len() {
            self.connection(at);
        }
        self.circuit.problems.extend(self.graph.faults.iter().map(|fault| (**fault).clone()));
        if self.circuit.problems.iter().any(|problem| problem.severity == Severity::Error) {
            self.circuit.members.clear();
        }
        self.circuit
    }

    fn fault(&mut self, fault: impl Into<Fault>) {
        self.circuit.problems.push(*fault.into());
    }

    /// An output is connected once: nothing copies packets by itself.
    fn fan_out(&mut self) {
        let mut first: BTreeMap<Spot, NodeId> = BTreeMap::new();
        for Connected { from, node, .. } in self.graph.connections.clone() {
            let Some(before) = first.insert(from, node) else { continue };
            let (name, port) = match from {
                Spot::Element(at, port) => (self.graph.flat.elements[at].name.clone(), port),
                Spot::Port(at) => (self.graph.ports[at].name.clone(), 0),
            };
            self.fault(connected_twice(node, before, &name, port));
        }
    }

    fn element(&mut self, at: usize) {
        let element = &self.graph.flat.elements[at];
        let fan = self.to_element.get(&at).map_or(0, Vec::len);
        let used = self.used_outputs(at);
        let Some(class) = model(element) else {
            if fan == 0 && used.is_empty() {
                return;
            }
            let known = CLASSES.iter().map(|class| class.name);
            self.fault(no_model(element.class.node, &element.class.text, known));
            return self.assumed(at, fan);
        };
        let (parent, arguments) = match class.model {
            Model::Entry | Model::Exit => return self.end(at, class.model == Model::Entry),
            Model::Information => return self.check_ports(at, (0, 0), (0, 0)),
            Model::Block(parent) => (parent, Vec::new()),
            Model::BlockOver(parent) => {
                let outputs = used.last().map_or(1, |last| last + 1).max(class.outputs.1.min(2));
                let outputs = if class.outputs.1 == ANY { used.last().map_or(1, |last| last + 1) } else { outputs };
                (parent, vec![count_argument("outs", outputs as usize, element.node)])
            }
            Model::Made(maker) => {
                let around = Surroundings {
                    element,
                    frames: self.views[at],
                    ethernet: self.inputs[at].outermost == HeaderKind::Eth,
                    params: self.params,
                    gateway: self.gateways.contains(&at),
                };
                return match around.make(maker) {
                    Ok(made) => self.made(at, made, fan, class.outputs.1 == 2),
                    Err(fault) => self.fault(fault),
                };
            }
        };
        self.check_ports(at, class.inputs, class.outputs);
        let mut arguments = arguments;
        arguments.push(count_argument("fan", fan.max(1), element.node));
        self.library_part(&part_name(element), parent, self.inputs[at], arguments, element.node);
    }

    fn library_part(
        &mut self,
        name: &str,
        parent: &str,
        stack: Stack,
        arguments: Vec<rdcl_syntax::ast::Arg>,
        node: NodeId,
    ) {
        let types = vec![stack_argument(stack, node)];
        self.circuit.members.push(part(name, &["std", "click", parent], types, arguments, node));
    }

    /// The outputs that are connected, in order.
    fn used_outputs(&self, at: usize) -> Vec<u32> {
        let of = |connected: &Connected| match connected.from {
            Spot::Element(from, port) if from == at => Some(port),
            Spot::Element(..) | Spot::Port(_) => None,
        };
        let used: BTreeSet<u32> = self.graph.connections.iter().filter_map(of).collect();
        used.into_iter().collect()
    }

    /// An element that stands for a port of the block and is not connected.
    fn end(&mut self, at: usize, enters: bool) {
        let element = &self.graph.flat.elements[at];
        let is_it = |end: rdcl_syntax::click::End| end == rdcl_syntax::click::End::Element(at as u32);
        let used = self.graph.flat.connections.iter().any(|c| is_it(if enters { c.from.0 } else { c.to.0 }));
        if !used {
            let side = if enters { "output" } else { "input" };
            self.fault(unconnected(element.node, &element.name, side, 0));
        }
    }

    fn check_ports(&mut self, at: usize, inputs: (u32, u32), outputs: (u32, u32)) {
        let from =
            |c: &Connected| if let Spot::Element(from, port) = c.from { (from == at).then_some(port) } else { None };
        let to = |c: &Connected| if let Spot::Element(to, port) = c.to { (to == at).then_some(port) } else { None };
        let before = self.circuit.problems.len();
        self.check_side(at, "input", inputs, to);
        // Of an element that is not connected at all, that is said once.
        if self.circuit.problems.len() == before || !self.used_outputs(at).is_empty() {
            self.check_side(at, "output", outputs, from);
        }
    }

    fn check_side(
        &mut self,
        at: usize,
        side: &str,
        (least, most): (u32, u32),
        port: impl Fn(&Connected) -> Option<u32>,
    ) {
        let element = &self.graph.flat.elements[at];
        let mut used: BTreeMap<u32, NodeId> = BTreeMap::new();
        for connected in &self.graph.connections {
            if let Some(port) = port(connected) {
                used.entry(port).or_insert(connected.node);
            }
        }
        let loose = &self.graph.loose[usize::from(side == "input")];
        used.extend(loose.iter().filter(|(of, _)| *of == at).map(|(_, port)| (*port, element.node)));
        let beyond = used.iter().find(|(port, _)| **port >= most).map(|(port, node)| (*port, *node));
        if let Some((port, node)) = beyond {
            return self.fault(no_such_port(node, &element.name, &element.class.text, side, port, most));
        }
        let needed = used.keys().next_back().map_or(0, |last| last + 1).max(least);
        if let Some(missing) = (0..needed).find(|port| !used.contains_key(port)) {
            self.fault(unconnected(element.node, &element.name, side, missing));
        }
    }

    fn made(&mut self, at: usize, made: Made, fan: usize, spare: bool) {
        let element = &self.graph.flat.elements[at];
        let (name, stack) = (block_name(element), stack_text(self.inputs[at]));
        let (text, outputs, used) = match made {
            Made::Assumed(fault) => {
                self.fault(fault);
                return self.assumed(at, fan);
            }
            Made::Child { parent, arguments, outputs } => {
                let text =
                    format!("rfb Element : std::click::{parent}<{stack}>({arguments}fan = {}) {{ }}", fan.max(1));
                (text, outputs, BTreeSet::new())
            }
            Made::Statements { text, outputs, params } => {
                let declared: Vec<String> =
                    params.iter().map(|name| format!("{name}: {}", self.params[name])).collect();
                let text = format!(
                    "rfb Element({}) {{ port in input[0..{}]: {stack}; port out output[0..{}]: {stack}; \
                     behaviour sefl {{ on input {{ {text} }} }} impl guest on kvm {{ memory = 2MiB; }} }}",
                    declared.join(", "),
                    fan.max(1) - 1,
                    outputs - 1,
                );
                (text, outputs, params)
            }
        };
        self.check_ports(at, (1, 1), (if spare { 1 } else { outputs }, outputs));
        self.circuit.blocks.insert(name.clone(), text);
        let arguments = used.iter().map(|name| parameter_argument(name, element.node)).collect();
        self.circuit.members.push(part(&part_name(element), &[&name], Vec::new(), arguments, element.node));
    }

    /// A block of which nothing is known but its ports.
    fn assumed(&mut self, at: usize, fan: usize) {
        let element = &self.graph.flat.elements[at];
        let name = block_name(element);
        let mut text = "rfb Element { ".to_owned();
        if fan > 0 {
            text.push_str(&format!("port in input[0..{}]: {}; ", fan - 1, stack_text(self.inputs[at])));
        }
        if let Some(last) = self.used_outputs(at).last() {
            text.push_str(&format!("port out output[0..{last}]: {}; ", stack_text(self.outputs[at])));
        }
        text.push('}');
        self.circuit.blocks.insert(name.clone(), text);
        self.circuit.members.push(part(&part_name(element), &[&name], Vec::new(), Vec::new(), element.node));
    }

    /// What stands between a port of the block and the elements.
    fn port(&mut self, at: usize) {
        let Some(node) = self.uses(at) else { return };
        let (entered, fan) = (self.is_entered(at), self.to_port.get(&at).map_or(0, Vec::len));
        let port = &self.graph.ports[at];
        let (parent, outside) = match (port.direction, entered, fan) {
            (Direction::In, ..) | (Direction::Out, _, 1) => return,
            (Direction::Out, ..) => ("Merge", ("output", Some(0))),
            (Direction::InOut, true, 0) => ("FromPort", ("outside", None)),
            (Direction::InOut, true, _) => ("Port", ("outside", None)),
            (Direction::InOut, false, _) => ("ToPort", ("outside", None)),
        };
        let name = adapter_name(port);
        let fan = (fan > 0).then(|| count_argument("fan", fan, node));
        let joined = wire(outer_end(port, node), end(&name, outside, node), node);
        self.library_part(&name, parent, port.stack, fan.into_iter().collect(), node);
        self.circuit.members.push(joined);
    }

    /// The first connection of a port of the block.
    fn uses(&self, at: usize) -> Option<NodeId> {
        let is_it = |c: &&Connected| c.from == Spot::Port(at) || c.to == Spot::Port(at);
        self.graph.connections.iter().find(is_it).map(|c| c.node)
    }

    fn is_entered(&self, at: usize) -> bool {
        self.graph.connections.iter().any(|c| c.from == Spot::Port(at))
    }

    fn connection(&mut self, at: usize) {
        let Connected { from, to, node } = self.graph.connections[at];
        let rank = |all: &BTreeMap<usize, Vec<usize>>, of: usize| {
            all.get(&of).and_then(|all| all.iter().position(|other| *other == at)).unwrap_or(0)
        };
        let a = match from {
            Spot::Element(of, port) => {
                end(&part_name(&self.graph.flat.elements[of]), ("output", Some(port as usize)), node)
            }
            Spot::Port(of) if self.graph.ports[of].direction == Direction::In => outer_end(&self.graph.ports[of], node),
            Spot::Port(of) => end(&adapter_name(&self.graph.ports[of]), ("from", None), node),
        };
        let b = match to {
            Spot::Element(of, _) => {
                let rank = rank(&self.to_element, of);
                end(&part_name(&self.graph.flat.elements[of]), ("input", Some(rank)), node)
            }
            Spot::Port(of) => {
                let port = &self.graph.ports[of];
                let alone = self.to_port.get(&of).is_some_and(|all| all.len() == 1);
                if port.direction == Direction::Out && alone {
                    outer_end(port, node)
                } else {
                    end(&adapter_name(port), ("input", Some(rank(&self.to_port, of))), node)
                }
            }
        };
        self.circuit.members.push(wire(a, b, node));
    }
}

/// The name of the part between a port of the block and the elements.
fn adapter_name(port: &OuterPort) -> String {
    format!("{}@port", port.name)
}
