//! From syntax to Core: behaviours become [`Program`]s, conditions of contracts become [`Cond`](rdcl_core::Cond)s.
//!
//! One pass checks and translates. It carries a [`Flow`], what is known at the point it has reached, and appends to a
//! [`Draft`], the graph of blocks being built. A fault is reported where it is found, and the pass goes on; a program
//! with faults is well-formed, but means nothing.

mod address;
mod amount;
mod balancer;
mod body;
mod cond;
mod contract;
mod draft;
mod entry;
mod expr;
mod field;
mod filter;
mod flow;
mod fold;
mod instruction;
mod local;
mod meta;
mod problem;
mod send;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod tunnel;

pub use balancer::{Balance, balancer_ports, lower_balancer};
pub use contract::{lower_condition, lower_fields, lower_predicate};
pub use filter::{FilterRule, lower_filter};

use crate::headers::layouts::{HeaderNames, named_header};
use crate::headers::metadata::META;
use crate::value::{Type, Value};
use amount::Kind;
use draft::Draft;
use flow::Flow;
use indexmap::IndexMap;
use rdcl_base::{Diagnostic, NodeId};
use rdcl_core::{
    BlockId, End, Expr, HeaderKind, MapId, Origins, PortDecl, PortId, Program, Reason, Shape, SlotDecl, SlotId, Stack,
};
use rdcl_syntax::ast;
use std::collections::BTreeMap;

/// Ports that a block may have although nothing is known of them, and parameters of unknown types. Who names one is not
/// complained of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LostPorts {
    /// Their names, as far as they are known.
    pub names: Vec<String>,
    /// Whether there may be ports of any name: a parent is not there, or something could not be read.
    pub any: bool,
}

impl LostPorts {
    /// Whether this may be one.
    pub fn may_be(&self, name: &str) -> bool {
        self.any || self.names.iter().any(|lost| lost == name)
    }
}

/// A declared port, or array of ports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortGroup {
    /// Its name.
    pub name: String,
    /// The first, or only, port.
    pub first: PortId,
    /// Inclusive bounds of an array.
    pub array: Option<(u64, u64)>,
    /// What travels over it.
    pub stack: Stack,
    /// Which way, seen from inside.
    pub direction: ast::Direction,
}

impl PortGroup {
    /// Its ports, with their index in an array.
    fn members(&self) -> impl Iterator<Item = (u64, PortId)> {
        let (lo, hi) = self.array.unwrap_or((0, 0));
        (lo..=hi).map(move |i| (i, PortId(self.first.0 + (i - lo) as u32)))
    }

    /// The name of a member.
    fn member_name(&self, index: u64) -> String {
        if self.array.is_some() { format!("{}[{index}]", self.name) } else { self.name.clone() }
    }
}

/// What a behaviour may speak of.
#[derive(Clone, Copy, Debug)]
pub struct Env<'a> {
    /// Ports, in the order of their ids.
    pub ports: &'a [PortGroup],
    /// Ports of which nothing is known.
    pub lost: &'a LostPorts,
    /// Parameters and what they stand for.
    pub params: &'a IndexMap<String, (Type, Value)>,
    /// Declared headers.
    pub headers: &'a HeaderNames,
}

/// A lowered behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowered {
    /// What it does; meaningless if a problem is an error.
    pub program: Program,
    /// Where its instructions came from.
    pub origins: Origins<NodeId>,
    /// Errors and warnings, in the order in which they were found.
    pub problems: Vec<Diagnostic<NodeId>>,
}

/// Checks a behaviour and translates it. `at` is the place for what belongs to no member.
pub fn lower_behaviour(env: &Env<'_>, members: &[ast::SeflMember], at: NodeId) -> Lowered {
    let mut lower = Lower::new(env);
    lower.declare_ports();
    for member in members {
        match member {
            ast::SeflMember::State(state) => lower.state(state),
            ast::SeflMember::On(_) => {}
            ast::SeflMember::Bad(_) => lower.broken = true,
        }
    }
    lower.clock = true;
    lower.behaviours(members, at);
    lower.finish()
}

/// How deep behaviours and expressions may nest: the stack of a thread is the limit.
const DEPTH: u32 = 150;

/// How many statements may be lowered, copies made by `For` and `Flood` included.
const STEPS: u32 = 100_000;

/// The pass.
struct Lower<'a> {
    env: Env<'a>,
    /// Declarations so far; blocks are in the draft.
    program: Program,
    draft: Draft,
    problems: Vec<Diagnostic<NodeId>>,
    /// In a predicate, the expressions over the entry.
    olds: Vec<Expr>,
    /// The port whose behaviour is being lowered.
    ingress: PortId,
    depth: u32,
    steps: u32,
    /// Columns that hold times and durations.
    kinds: BTreeMap<(MapId, u16), Kind>,
    /// Whether there is a time: in a behaviour, not in what is always true or promised.
    clock: bool,
    /// Whether the tree has holes, about which the parser has complained.
    broken: bool,
    /// What is being read.
    setting: Setting,
}

/// What is being read, for it decides how the presence of a header is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    /// A behaviour.
    Behaviour,
    /// A condition of a promise, on the packet as it enters or as it leaves.
    Promise,
    /// What a promise says with `old` of the packet as it entered.
    Old,
}

/// A point of the program under construction: the end of an open block, and what is known there.
struct Here {
    block: BlockId,
    flow: Flow,
}

impl<'a> Lower<'a> {
    fn new(env: &Env<'a>) -> Lower<'a> {
        Lower {
            env: *env,
            program: Program::default(),
            draft: Draft::default(),
            problems: Vec::new(),
            olds: Vec::new(),
            ingress: PortId(0),
            depth: 0,
            steps: 0,
            kinds: BTreeMap::new(),
            clock: false,
            broken: false,
            setting: Setting::Behaviour,
        }
    }

    /// Reports a fault, once.
    fn report(&mut self, problem: Diagnostic<NodeId>) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Reports a fault in place of a value.
    fn fault<T>(&mut self, problem: Diagnostic<NodeId>) -> Option<T> {
        self.report(problem);
        None
    }

    /// Notes a hole in the tree in place of a value.
    fn broken<T>(&mut self) -> Option<T> {
        self.broken = true;
        None
    }

    /// Goes one level deeper into the tree, if that is not too deep.
    fn nested<T>(&mut self, node: NodeId, f: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= DEPTH {
            return self.fault(problem::too_large(node));
        }
        self.depth += 1;
        let found = f(self);
        self.depth -= 1;
        found
    }

    /// Goes on with a statement, if there have not been too many and it is not too deep.
    fn step(&mut self, here: Here, node: NodeId, f: impl FnOnce(&mut Self, Here) -> Option<Here>) -> Option<Here> {
        self.steps += 1;
        if self.depth >= DEPTH || self.steps == STEPS {
            self.report(problem::too_large(node));
        }
        if self.depth >= DEPTH || self.steps >= STEPS {
            return Some(here);
        }
        self.depth += 1;
        let next = f(self, here);
        self.depth -= 1;
        next
    }

    /// What a column holds.
    fn column_kind(&self, map: MapId, column: u16) -> Kind {
        self.kinds.get(&(map, column)).copied().unwrap_or_default()
    }

    /// The header with this name: a built-in one, one that is declared in sight, or one that a port demands.
    fn header_named(&self, name: &str) -> Option<HeaderKind> {
        let demanded =
            || self.env.ports.iter().find_map(|group| group.stack.required.named(name)).filter(|_| name != META);
        named_header(self.env.headers, name).or_else(demanded)
    }

    /// A header that is not known by its name.
    fn unknown_header(&self, name: &ast::Name) -> Diagnostic<NodeId> {
        problem::unknown_header(&name.text, name.node, self.env.headers.keys().map(String::as_str))
    }

    fn declare_ports(&mut self) {
        for group in self.env.ports {
            let ports = group.members().map(|(i, _)| PortDecl { name: group.member_name(i), stack: group.stack });
            self.program.ports.extend(ports);
        }
        self.program.entry = vec![None; self.program.ports.len()];
    }

    /// The headers that the parsers at all ports look for.
    fn known(&self) -> Shape {
        self.env.ports.iter().fold(Shape::BASE, |known, group| known.union(group.stack.known))
    }

    /// A port, or array of ports.
    fn group(&self, name: &str) -> Option<&'a PortGroup> {
        self.env.ports.iter().find(|g| g.name == name)
    }

    fn new_slot(&mut self, name: &str, width: u16) -> SlotId {
        self.program.slots.push(SlotDecl { name: name.to_owned(), width });
        SlotId(self.program.slots.len() as u32 - 1)
    }

    /// Lowers each `on`, and gives ports without one a block that drops.
    fn behaviours(&mut self, members: &[ast::SeflMember], at: NodeId) {
        let mut seen: IndexMap<&str, NodeId> = IndexMap::new();
        for on in members.iter().filter_map(|m| if let ast::SeflMember::On(on) = m { Some(on) } else { None }) {
            let Some(group) = self.on_group(&on.port) else { continue };
            match seen.insert(&group.name, on.port.node) {
                Some(first) => self.report(problem::second_behaviour(&group.name, first, on.port.node)),
                None => self.on(group, on),
            }
        }
        for group in self.env.ports {
            if !seen.contains_key(group.name.as_str()) && group.direction != ast::Direction::Out {
                self.silent(group, at);
            }
        }
    }

    fn on_group(&mut self, port: &ast::Name) -> Option<&'a PortGroup> {
        match self.group(&port.text) {
            Some(group) if group.direction == ast::Direction::Out => {
                let message = format!("packets never enter `{}`, which is an `out` port", port.text);
                self.fault(problem::port_misused(message, "declare it `inout`, or drop the behaviour", port.node))
            }
            Some(group) => Some(group),
            None if self.env.lost.may_be(&port.text) => self.broken(),
            None => {
                let entries = self.env.ports.iter().filter(|g| g.direction != ast::Direction::Out);
                let known = entries.map(|g| g.name.as_str());
                self.fault(problem::unknown_port(&port.text, port.node, known))
            }
        }
    }

    /// All members of an array share their blocks, unless a `Flood` makes them differ.
    fn on(&mut self, group: &PortGroup, on: &ast::On) {
        let shared = !body::floods(&on.body);
        let declared = self.declared();
        let mut first = None;
        for (_, port) in group.members() {
            let block = match first {
                Some(block) if shared => block,
                _ => {
                    self.forget_since(declared);
                    self.ingress = port;
                    self.entry_block(group.stack, &on.body)
                }
            };
            first = Some(block);
            self.program.entry[port.index()] = Some(block);
        }
    }

    fn entry_block(&mut self, stack: Stack, body: &ast::Block) -> BlockId {
        let block = self.draft.open();
        let here = Here { block, flow: Flow::of_shapes(Shape::of_stack(stack)) };
        let here = self.take_metadata(here, stack, body.node);
        if let Some(end) = self.block(here, body) {
            self.fall_off(end, body.node);
        }
        block
    }

    fn fall_off(&mut self, here: Here, node: NodeId) {
        if !here.flow.is_dead() && self.steps < STEPS {
            self.report(problem::falls_off(node));
        }
        self.draft.close(here.block, End::Drop(Reason::Fail("end of block".into())), node);
    }

    fn silent(&mut self, group: &PortGroup, at: NodeId) {
        self.report(problem::no_behaviour(&group.name, at));
        let reason = Reason::Fail("no behaviour for this port".into());
        let block = self.draft.ended(End::Drop(reason), at);
        group.members().for_each(|(_, port)| self.program.entry[port.index()] = Some(block));
    }

    /// How many names of each kind are declared.
    fn declared(&self) -> [usize; 4] {
        let p = &self.program;
        [p.slots.len(), p.cells.len(), p.rows.len(), p.choices.len()]
    }

    /// Lowering the same body again declares the same names again.
    fn forget_since(&mut self, [slots, cells, rows, choices]: [usize; 4]) {
        self.program.slots.truncate(slots);
        self.program.cells.truncate(cells);
        self.program.rows.truncate(rows);
        self.program.choices.truncate(choices);
    }

    fn finish(mut self) -> Lowered {
        let (blocks, origins) = std::mem::take(&mut self.draft).finish(&mut self.program.entry);
        self.program.blocks = blocks;
        let good = !self.broken && self.problems.iter().all(|p| p.severity != rdcl_base::Severity::Error);
        if good {
            assert_well_formed(&self.program);
        }
        Lowered { program: self.program, origins, problems: self.problems }
    }
}

/// No text may lead to a program that is accepted and has a fault: that is an error of the compiler, and goes no further.
fn assert_well_formed(program: &Program) {
    let faults = program.check();
    assert!(faults.is_empty(), "a lowered behaviour is not well-formed: {}", faults[0]);
}
