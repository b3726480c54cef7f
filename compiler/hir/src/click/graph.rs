//! The elements of a configuration between the ports of its block, and what is known of what travels between them.

use super::classes::{ElementClass, Maker, Model, find};
use super::element::finds_gateways;
use super::faults::{Fault, entered_twice, no_port_of_block, no_such_port, two_views, wrong_view, wrong_way};
use crate::lower::PortGroup;
use rdcl_base::NodeId;
use rdcl_core::{HeaderKind, Stack};
use rdcl_syntax::ast::Direction;
use rdcl_syntax::click::{Element, End, Flat};
use std::collections::{BTreeMap, BTreeSet};

/// A port of the block.
pub(super) struct OuterPort {
    /// `lan`, `p[3]`
    pub name: String,
    pub group: String,
    pub index: Option<u64>,
    pub direction: Direction,
    pub stack: Stack,
}

impl OuterPort {
    pub fn all(groups: &[PortGroup]) -> Vec<OuterPort> {
        let one = |group: &PortGroup, index: Option<u64>| OuterPort {
            name: index.map_or(group.name.clone(), |index| format!("{}[{index}]", group.name)),
            group: group.name.clone(),
            index,
            direction: group.direction,
            stack: group.stack,
        };
        let members = |group: &PortGroup| match group.array {
            None => vec![one(group, None)],
            Some((first, last)) => (first..=last).map(|index| one(group, Some(index))).collect(),
        };
        groups.iter().flat_map(members).collect()
    }

    pub fn has_ethernet(&self) -> bool {
        self.stack.outermost == HeaderKind::Eth
    }
}

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spot {
    /// A port of the block.
    Port(usize),
    /// A port of an element: an output where packets come from, an input where they go.
    Element(usize, u32),
}

/// A connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connected {
    pub from: Spot,
    pub to: Spot,
    pub node: NodeId,
}

/// A configuration between the ports of its block.
pub(super) struct Graph<'a> {
    pub flat: &'a Flat,
    pub ports: &'a [OuterPort],
    pub connections: Vec<Connected>,
    /// The ports of elements whose connection has a wrong other end: outputs, then inputs.
    pub loose: [BTreeSet<(usize, u32)>; 2],
    pub faults: Vec<Fault>,
}

/// What an element is.
pub(super) fn model(element: &Element) -> Option<&'static ElementClass> {
    find(&element.class.text)
}

impl<'a> Graph<'a> {
    pub fn new(flat: &'a Flat, ports: &'a [OuterPort]) -> Graph<'a> {
        let loose = [BTreeSet::new(), BTreeSet::new()];
        let mut graph = Graph { flat, ports, connections: Vec::new(), loose, faults: Vec::new() };
        let bound: Vec<Option<usize>> = flat.elements.iter().map(|element| graph.bound(element)).collect();
        for connection in &flat.connections {
            let (from, to) = (graph.spot(connection.from, true, &bound, connection.node), connection.to);
            let to = graph.spot(to, false, &bound, connection.node);
            match (from, to) {
                (Some(from), Some(to)) => graph.connections.push(Connected { from, to, node: connection.node }),
                (Some(Spot::Element(at, port)), None) => _ = graph.loose[0].insert((at, port)),
                (None, Some(Spot::Element(at, port))) => _ = graph.loose[1].insert((at, port)),
                (Some(Spot::Port(_)) | None, None) | (None, Some(Spot::Port(_))) => {}
            }
        }
        graph.taken_twice(&bound);
        graph
    }

    /// The port of the block that an element stands for.
    fn bound(&mut self, element: &Element) -> Option<usize> {
        let enters = match model(element)?.model {
            Model::Entry => true,
            Model::Exit => false,
            Model::Block(_) | Model::BlockOver(_) | Model::Made(_) | Model::Information => return None,
        };
        let word = element.arguments.first().and_then(|argument| argument.words.first());
        let (text, at) = word.map_or(("", element.class.node), |word| (word.text.as_str(), word.node));
        let Some(found) = self.ports.iter().position(|port| port.name == text) else {
            self.faults.push(no_port_of_block(at, text, self.ports.iter().map(|port| port.name.as_str())));
            return None;
        };
        if faces(self.ports[found].direction, enters) {
            return Some(found);
        }
        self.faults.push(wrong_way(at, text, enters));
        None
    }

    fn spot(&mut self, (end, number): (End, u32), from: bool, bound: &[Option<usize>], node: NodeId) -> Option<Spot> {
        let End::Element(at) = end else { return self.outside(number, from, node) };
        let element = &self.flat.elements[at as usize];
        let is_port = model(element).map(|class| class.model);
        if !matches!(is_port, Some(Model::Entry | Model::Exit)) {
            return Some(Spot::Element(at as usize, number));
        }
        if (is_port == Some(Model::Entry)) != from || number > 0 {
            let (side, most) = if from { ("output", 1) } else { ("input", 1) };
            let most = if (is_port == Some(Model::Entry)) == from { most } else { 0 };
            self.faults.push(no_such_port(node, &element.name, &element.class.text, side, number, most));
            return None;
        }
        bound[at as usize].map(Spot::Port)
    }

    /// `input[1]` is the second port by which packets enter the block, in the order of its declarations.
    fn outside(&mut self, number: u32, from: bool, node: NodeId) -> Option<Spot> {
        let facing = self.ports.iter().enumerate().filter(|(_, port)| faces(port.direction, from)).map(|(i, _)| i);
        let found = facing.clone().nth(number as usize).map(Spot::Port);
        if found.is_none() {
            let names = facing.map(|i| self.ports[i].name.as_str());
            let name = format!("{}[{number}]", if from { "input" } else { "output" });
            self.faults.push(no_port_of_block(node, &name, names));
        }
        found
    }

    fn taken_twice(&mut self, bound: &[Option<usize>]) {
        let mut first: BTreeMap<usize, NodeId> = BTreeMap::new();
        for (element, port) in self.flat.elements.iter().zip(bound) {
            let is_entry = model(element).is_some_and(|class| class.model == Model::Entry);
            let Some(port) = port.filter(|_| is_entry) else { continue };
            match first.get(&port) {
                Some(first) => self.faults.push(entered_twice(element.node, *first, &self.ports[port].name)),
                None => _ = first.insert(port, element.node),
            }
        }
    }

    /// The stack of what travels through each element, behind it for one without a model.
    pub fn stacks(&self) -> (Vec<Stack>, Vec<Stack>) {
        let count = self.flat.elements.len();
        let mut groups = Groups((0..2 * count + self.ports.len()).collect());
        for (i, element) in self.flat.elements.iter().enumerate() {
            if model(element).is_some() {
                groups.unite(2 * i, 2 * i + 1);
            }
        }
        let place = |spot: Spot, out: usize| match spot {
            Spot::Element(i, _) => 2 * i + out,
            Spot::Port(i) => 2 * count + i,
        };
        for connected in &self.connections {
            groups.unite(place(connected.from, 1), place(connected.to, 0));
        }
        let mut known: BTreeMap<usize, Stack> = BTreeMap::new();
        for (i, port) in self.ports.iter().enumerate() {
            known.entry(groups.root(2 * count + i)).or_insert(port.stack);
        }
        let first = self.ports.first().map(|port| port.stack).or_else(|| Stack::new(&[HeaderKind::Eth]));
        let mut of = |at: usize| known.get(&groups.root(at)).copied().or(first);
        let inputs = (0..count).filter_map(|i| of(2 * i)).collect();
        (inputs, (0..count).filter_map(|i| of(2 * i + 1)).collect())
    }

    /// For each element whether packets begin with their Ethernet header there.
    pub fn views(&mut self, stacks: &[Stack]) -> Vec<bool> {
        let mut views: Vec<Option<bool>> = vec![None; self.flat.elements.len()];
        let mut told = vec![false; self.flat.elements.len()];
        let mut open: Vec<(Spot, bool)> =
            self.ports.iter().enumerate().map(|(i, port)| (Spot::Port(i), port.has_ethernet())).collect();
        while let Some((from, view)) = open.pop() {
            let behind = |c: &&Connected| match (c.from, from) {
                (Spot::Element(a, _), Spot::Element(b, _)) => a == b,
                (a, b) => a == b,
            };
            let next: Vec<Connected> = self.connections.iter().filter(behind).copied().collect();
            for connected in next {
                let Spot::Element(to, _) = connected.to else { continue };
                match views[to] {
                    None => {
                        views[to] = Some(view);
                        if let Some(view) = self.view_behind(to, view) {
                            open.push((Spot::Element(to, 0), view));
                        }
                    }
                    Some(known) if known != view && !told[to] => {
                        told[to] = true;
                        self.faults.push(two_views(connected.node, &self.flat.elements[to].name));
                    }
                    Some(_) => {}
                }
            }
        }
        let usual = |stack: &Stack| stack.outermost == HeaderKind::Eth;
        views.iter().zip(stacks).map(|(view, stack)| view.unwrap_or(usual(stack))).collect()
    }

    /// Whether packets begin with their Ethernet header behind an element; unknown behind one without a model.
    fn view_behind(&self, element: usize, view: bool) -> Option<bool> {
        let element = &self.flat.elements[element];
        match model(element)?.model {
            Model::Made(Maker::Strip | Maker::StripToNetwork) => Some(false),
            Model::Made(Maker::Unstrip | Maker::Encap) => Some(true),
            _ => Some(view),
        }
    }

    /// The elements to which packets come with the address of a gateway beside them.
    pub fn behind_gateways(&self) -> BTreeSet<usize> {
        let maker = |at: usize| model(&self.flat.elements[at]).map(|class| class.model);
        let finds =
            |at: &usize| maker(*at) == Some(Model::Made(Maker::Lookup)) && finds_gateways(&self.flat.elements[*at]);
        let mut open: Vec<usize> = (0..self.flat.elements.len()).filter(finds).collect();
        let mut found = BTreeSet::new();
        while let Some(at) = open.pop() {
            for connected in &self.connections {
                let (Spot::Element(from, _), Spot::Element(to, _)) = (connected.from, connected.to) else { continue };
                if from != at || !found.insert(to) {
                    continue;
                }
                // These put the packet's own destination there.
                let resets = matches!(maker(to), Some(Model::Made(Maker::CheckIpHeader | Maker::GetAddress)));
                open.extend((!resets).then_some(to));
            }
        }
        found
    }

    /// Complains of packets that leave the block without the Ethernet header that its port asks for.
    pub fn leaving(&mut self, views: &[bool]) {
        for connected in self.connections.clone() {
            let (Spot::Element(from, _), Spot::Port(to)) = (connected.from, connected.to) else { continue };
            let behind = self.view_behind(from, views[from]);
            let port = &self.ports[to];
            if port.has_ethernet() && behind == Some(false) {
                self.faults.push(wrong_view(connected.node, &port.name, true));
            }
        }
    }
}

/// Whether packets enter the block by such a port, or leave it.
fn faces(direction: Direction, enters: bool) -> bool {
    match direction {
        Direction::InOut => true,
        Direction::In => enters,
        Direction::Out => !enters,
    }
}

/// Sets of what carries the same.
struct Groups(Vec<usize>);

impl Groups {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a] = b;
    }
}
