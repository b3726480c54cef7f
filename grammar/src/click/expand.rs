//! Opens compound elements.
//!
//! First every scope is walked: elements get numbers, connections join *nodes*. A compound element is two nodes, its
//! inputs and its outputs, which its inside joins, too. In the end connections are followed through such nodes, and what
//! is left joins elements.

use super::ends::{Ends, chains, one, ports_of};
use super::flat::{Connection, Element, End, Flat, Mistake, MistakeKind};
use super::scope::{Definition, Meaning, Variables, bound, substituted};
use super::{Argument, Arrow, Chain, Class, Compound, Configuration, Ports, Reference, Statement, Target, Variant};
use crate::ast::Name;
use rdcl_base::NodeId;
use std::collections::{BTreeMap, BTreeSet};

/// The most elements and the most connections.
const MOST: usize = 20_000;

/// The deepest that compounds may nest.
const DEEPEST: usize = 40;

/// The elements and connections of a configuration, its compound elements opened.
pub fn flatten(configuration: &Configuration) -> Flat {
    let mut all = Expansion::default();
    let outside = all.inside_of(Node::Outside, Node::Outside);
    let scope = Scope { prefix: String::new(), variables: Variables::new(), seen: 0, depth: 0 };
    all.expand(&configuration.statements, scope, outside);
    all.finish()
}

/// What joins connections while compounds are not opened yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Element(u32),
    Outside,
    /// The inputs or outputs of a compound.
    Passage,
}

/// A connection between ports of nodes.
#[derive(Clone, Copy)]
struct Edge {
    from: (usize, u32),
    to: (usize, u32),
    node: NodeId,
}

/// `input` and `output` of a scope, by the numbers of their nodes.
#[derive(Clone, Copy)]
struct Inside {
    input: usize,
    output: usize,
}

/// An element of a scope: the nodes at which connections come in and go out.
#[derive(Clone, Copy)]
struct Known {
    inputs: usize,
    outputs: usize,
}

/// A compound element that is to be opened.
struct Pending<'a> {
    name: String,
    class: String,
    /// In the order in which they are tried, each with what it sees.
    variants: Vec<Choice<'a>>,
    arguments: Vec<Argument>,
    inside: Inside,
    node: NodeId,
}

/// What names mean in the statements between two braces.
struct Scope {
    prefix: String,
    variables: Variables,
    /// The definitions that are seen: the number of the last, counted from 1.
    seen: usize,
    depth: usize,
}

/// The ports written before an element and behind it.
type Written<'a> = (Option<&'a Ports>, Option<&'a Ports>);

/// A variant of a compound class, with the definitions and the variables that it sees.
type Choice<'a> = (&'a Variant, usize, Variables);

/// A declaration somewhere in a scope.
type Declared<'a> = (&'a Name, &'a Class, &'a [Argument]);

#[derive(Default)]
struct Expansion<'a> {
    flat: Flat,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    definitions: Vec<Definition<'a>>,
    /// For each passage its element, and whether it is the inputs.
    passages: BTreeMap<usize, (String, bool)>,
    full: bool,
}

/// A scope that is being walked.
struct Walk<'a, 's> {
    scope: Scope,
    declared: BTreeMap<&'a str, Declared<'a>>,
    known: BTreeMap<String, Known>,
    pending: Vec<Pending<'a>>,
    /// How many elements there are so far.
    count: usize,
    all: &'s mut Expansion<'a>,
}

impl<'a> Expansion<'a> {
    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn inside_of(&mut self, input: Node, output: Node) -> Inside {
        Inside { input: self.add(input), output: self.add(output) }
    }

    fn mistake(&mut self, kind: MistakeKind, node: NodeId) {
        self.flat.mistakes.push(Mistake { kind, node });
    }

    fn too_large(&mut self, node: NodeId) {
        if !std::mem::replace(&mut self.full, true) {
            self.mistake(MistakeKind::TooLarge, node);
        }
    }

    fn expand(&mut self, statements: &'a [Statement], scope: Scope, inside: Inside) {
        let mut walk =
            Walk { scope, declared: BTreeMap::new(), known: BTreeMap::new(), pending: Vec::new(), count: 0, all: self };
        walk.defines(statements);
        walk.collect(statements);
        walk.statements(statements, inside);
        let (depth, pending) = (walk.scope.depth + 1, std::mem::take(&mut walk.pending));
        for compound in pending {
            self.open(compound, depth);
        }
    }

    fn open(&mut self, compound: Pending<'a>, depth: usize) {
        if depth > DEEPEST || self.full {
            return self.too_large(compound.node);
        }
        let inputs = self.used(|edge| (edge.to.0 == compound.inside.input).then_some(edge.to.1));
        let outputs = self.used(|edge| (edge.from.0 == compound.inside.output).then_some(edge.from.1));
        let fits = |(variant, seen, variables): &Choice<'a>| {
            let values = bound(&variant.formals, &compound.arguments)?;
            let ports = ports_of(&variant.statements);
            let mut variables = variables.clone();
            variables.extend(values);
            (ports == (inputs, outputs)).then_some((*variant, *seen, variables))
        };
        let fitting = compound.variants.iter().find_map(fits).or_else(|| only(&compound));
        let Some((variant, seen, variables)) = fitting else {
            // Nothing is known of its ports.
            self.passages.remove(&compound.inside.input);
            self.passages.remove(&compound.inside.output);
            let (class, arguments) = (compound.class, compound.arguments.len());
            return self.mistake(MistakeKind::NoVariant { class, arguments, inputs, outputs }, compound.node);
        };
        let scope = Scope { prefix: format!("{}/", compound.name), variables, seen, depth };
        self.expand(&variant.statements, scope, compound.inside);
    }

    /// One more than the greatest number of a port that is used.
    fn used(&self, port: impl Fn(&Edge) -> Option<u32>) -> u32 {
        self.edges.iter().filter_map(port).max().map_or(0, |port| port + 1)
    }

    fn finish(mut self) -> Flat {
        let mut out: BTreeMap<(usize, u32), Vec<Edge>> = BTreeMap::new();
        for edge in &self.edges {
            out.entry(edge.from).or_default().push(*edge);
        }
        let entered: BTreeSet<(usize, u32)> = self.edges.iter().map(|edge| edge.to).collect();
        for edge in std::mem::take(&mut self.edges) {
            let Some(from) = end(self.nodes[edge.from.0]) else {
                if !entered.contains(&edge.from) {
                    self.no_port(edge.from, edge.node);
                }
                continue;
            };
            self.follow((from, edge.from.1), edge, &out);
        }
        self.flat
    }

    /// Adds what a connection that leaves an element comes to.
    fn follow(&mut self, from: (End, u32), first: Edge, out: &BTreeMap<(usize, u32), Vec<Edge>>) {
        let (mut open, mut met) = (vec![first.to], BTreeSet::new());
        while let Some(at) = open.pop() {
            if self.flat.connections.len() >= MOST {
                return self.too_large(first.node);
            }
            if let Some(to) = end(self.nodes[at.0]) {
                self.flat.connections.push(Connection { from, to: (to, at.1), node: first.node });
                continue;
            }
            if !met.insert(at) {
                continue;
            }
            match out.get(&at) {
                Some(edges) => open.extend(edges.iter().rev().map(|edge| edge.to)),
                None => self.no_port(at, first.node),
            }
        }
    }

    fn no_port(&mut self, (passage, port): (usize, u32), node: NodeId) {
        let Some((element, input)) = self.passages.get(&passage).cloned() else { return };
        let mistake = Mistake { kind: MistakeKind::NoPort { element, port, input }, node };
        if !self.flat.mistakes.contains(&mistake) {
            self.flat.mistakes.push(mistake);
        }
    }
}

fn end(node: Node) -> Option<End> {
    match node {
        Node::Element(number) => Some(End::Element(number)),
        Node::Outside => Some(End::Outside),
        Node::Passage => None,
    }
}

/// A class with one variant is opened whatever is connected, so that each wrong port is told of by itself.
fn only<'a>(compound: &Pending<'a>) -> Option<Choice<'a>> {
    let [(variant, seen, variables)] = compound.variants.as_slice() else { return None };
    let mut variables = variables.clone();
    variables.extend(bound(&variant.formals, &compound.arguments)?);
    Some((variant, *seen, variables))
}

impl<'a> Walk<'a, '_> {
    fn defines(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            if let Statement::Define(pairs) = statement {
                for (name, argument) in pairs {
                    self.scope.variables.insert(name.text.clone(), vec![argument.clone()]);
                }
            }
        }
    }

    /// Notes which elements are declared, in groups, too.
    fn collect(&mut self, statements: &'a [Statement]) {
        let mut open: Vec<&'a Chain> = chains(statements).collect();
        open.reverse();
        while let Some(chain) = open.pop() {
            for reference in chain.steps.iter().flatten() {
                match &reference.target {
                    Target::Declared { name, class, configuration } => {
                        let declared = (name, class, configuration.as_slice());
                        match self.declared.get(name.text.as_str()).map(|first| first.0.node) {
                            Some(first) => {
                                self.all.mistake(MistakeKind::Redeclared(name.text.clone(), first), name.node);
                            }
                            None => _ = self.declared.insert(&name.text, declared),
                        }
                    }
                    Target::Group(inner) => open.extend(chains(inner)),
                    Target::Name(_) | Target::Anonymous { .. } | Target::Outside => {}
                }
            }
        }
    }

    fn statements(&mut self, statements: &'a [Statement], inside: Inside) {
        for statement in statements {
            match statement {
                Statement::Chain(chain) => self.chain(chain, inside),
                Statement::Class { name, class } => self.define_class(name, class),
                Statement::Define(_) | Statement::Require(_) | Statement::Bad(_) => {}
            }
        }
    }

    fn define_class(&mut self, name: &'a Name, class: &'a Class) {
        let meaning = match class {
            Class::Named(other) => Meaning::Alias(other),
            Class::Compound(compound) => Meaning::Compound(compound),
        };
        let (seen, variables) = (self.scope.seen, self.scope.variables.clone());
        self.all.definitions.push(Definition { name: &name.text, meaning, seen, variables });
        self.scope.seen = self.all.definitions.len();
    }

    fn chain(&mut self, chain: &'a Chain, inside: Inside) {
        let last = chain.steps.len() - 1;
        let ends: Vec<_> = chain.steps.iter().enumerate().map(|(i, step)| self.step(step, (i, last), inside)).collect();
        for (pair, (arrow, node)) in ends.windows(2).zip(&chain.arrows) {
            let ([left, right], false) = (pair, self.all.full) else { continue };
            self.join(&left.1, &right.0, *arrow, *node);
        }
    }

    /// The ports of a step: those that what is before it leads to, and those that lead to what is behind it.
    fn step(&mut self, step: &'a [Reference], (i, last): (usize, usize), inside: Inside) -> (Ends, Ends) {
        let mut ends = (Ends::default(), Ends::default());
        if step.is_empty() && last > 0 {
            let (input, output) = (one(inside.input), one(inside.output));
            return (output, input);
        }
        for reference in step {
            let Some((known, ports)) = self.reference(reference, (i, last), inside) else { continue };
            ends.0.add(known.inputs, ports.0);
            ends.1.add(known.outputs, ports.1);
        }
        ends
    }

    fn reference(
        &mut self,
        reference: &'a Reference,
        (i, last): (usize, usize),
        inside: Inside,
    ) -> Option<(Known, Written<'a>)> {
        let ports = (reference.inputs.as_ref(), reference.outputs.as_ref());
        let known = match &reference.target {
            Target::Name(name) if name.text == "input" || name.text == "output" => {
                Known { inputs: inside.output, outputs: inside.input }
            }
            Target::Name(name) => self.named(name)?,
            Target::Declared { name, .. } => self.named(name)?,
            Target::Anonymous { class, configuration } => {
                let prefix = if let Class::Named(name) = class { name.text.as_str() } else { "" };
                let name = format!("{}{prefix}@{}", self.scope.prefix, self.count + 1);
                self.element(name, class, configuration, reference.node)
            }
            Target::Group(statements) => {
                let group = self.all.inside_of(Node::Passage, Node::Passage);
                self.statements(statements, group);
                Known { inputs: group.input, outputs: group.output }
            }
            Target::Outside => {
                let known = Known { inputs: inside.output, outputs: inside.input };
                let first = i == 0 && last > 0;
                return Some((known, if first { (None, ports.0) } else { (ports.0, None) }));
            }
        };
        Some((known, ports))
    }

    /// A declared element, or else one without a name of the class of this name.
    fn named(&mut self, name: &'a Name) -> Option<Known> {
        if let Some(known) = self.known.get(&name.text) {
            return Some(*known);
        }
        if let Some((first, class, configuration)) = self.declared.get(name.text.as_str()).copied() {
            let full = format!("{}{}", self.scope.prefix, name.text);
            let known = self.element(full, class, configuration, first.node);
            self.known.insert(name.text.clone(), known);
            return Some(known);
        }
        let is_class = name.text.starts_with(|c: char| c.is_ascii_uppercase()) || self.lookup(&name.text).is_some();
        if !is_class {
            let names = self.declared.keys().map(|name| (*name).to_owned()).collect();
            self.all.mistake(MistakeKind::Undeclared(name.text.clone(), names), name.node);
            return None;
        }
        let full = format!("{}{}@{}", self.scope.prefix, name.text, self.count + 1);
        Some(self.element_of(full, name, &[], name.node))
    }

    fn element(&mut self, name: String, class: &'a Class, configuration: &'a [Argument], node: NodeId) -> Known {
        match class {
            Class::Named(class) => self.element_of(name, class, configuration, node),
            Class::Compound(compound) => {
                let seen = (self.scope.seen, self.scope.variables.clone());
                let variants = variants(compound, seen);
                self.compound(name, String::new(), variants, configuration, node)
            }
        }
    }

    /// An element of a class that has a name: one that is defined, or a simple one.
    fn element_of(&mut self, name: String, class: &'a Name, configuration: &'a [Argument], node: NodeId) -> Known {
        let (mut class, mut seen, mut variants) = (class, self.scope.seen, Vec::new());
        while let Some(at) = self.lookup_from(&class.text, seen) {
            let definition = &self.all.definitions[at - 1];
            seen = definition.seen;
            match definition.meaning {
                Meaning::Alias(other) => class = other,
                Meaning::Compound(compound) => {
                    variants.extend(self::variants(compound, (seen, definition.variables.clone())));
                    if !compound.extends {
                        break;
                    }
                }
            }
        }
        if !variants.is_empty() {
            return self.compound(name, class.text.clone(), variants, configuration, node);
        }
        self.count += 1;
        if self.all.flat.elements.len() >= MOST {
            self.all.too_large(node);
        }
        let arguments = substituted(configuration, &self.scope.variables);
        let number = self.all.flat.elements.len() as u32;
        self.all.flat.elements.push(Element { name, class: class.clone(), arguments, node });
        let both = self.all.add(Node::Element(number));
        Known { inputs: both, outputs: both }
    }

    fn compound(
        &mut self,
        name: String,
        class: String,
        variants: Vec<Choice<'a>>,
        configuration: &'a [Argument],
        node: NodeId,
    ) -> Known {
        self.count += 1;
        let inside = self.all.inside_of(Node::Passage, Node::Passage);
        self.all.passages.insert(inside.input, (name.clone(), true));
        self.all.passages.insert(inside.output, (name.clone(), false));
        let arguments = substituted(configuration, &self.scope.variables);
        self.pending.push(Pending { name, class, variants, arguments, inside, node });
        Known { inputs: inside.input, outputs: inside.output }
    }

    fn lookup(&self, class: &str) -> Option<usize> {
        self.lookup_from(class, self.scope.seen)
    }

    /// The last definition of a class among those up to this number that see each other.
    fn lookup_from(&self, class: &str, seen: usize) -> Option<usize> {
        let mut at = seen;
        while at > 0 {
            let definition = &self.all.definitions[at - 1];
            if definition.name == class {
                return Some(at);
            }
            at = definition.seen;
        }
        None
    }

    fn join(&mut self, left: &Ends, right: &Ends, arrow: Arrow, node: NodeId) {
        let (left, right) = match arrow {
            Arrow::One => (left.ports.clone(), right.ports.clone()),
            Arrow::Spread => (left.spread_over(right), right.spread_over(left)),
        };
        let in_turn = arrow == Arrow::Spread && left.len() > 1 && right.len() > 1;
        if in_turn && left.len() != right.len() {
            return self.all.mistake(MistakeKind::Unequal(left.len(), right.len()), node);
        }
        if self.all.edges.len() + left.len() * right.len() > MOST {
            return self.all.too_large(node);
        }
        if in_turn {
            self.all.edges.extend(left.into_iter().zip(right).map(|(from, to)| Edge { from, to, node }));
            return;
        }
        for from in left {
            self.all.edges.extend(right.iter().map(|to| Edge { from, to: *to, node }));
        }
    }
}

fn variants(compound: &Compound, seen: (usize, Variables)) -> Vec<Choice<'_>> {
    compound.variants.iter().map(|variant| (variant, seen.0, seen.1.clone())).collect()
}
