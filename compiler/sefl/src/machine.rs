//! The machine: one path after another, each instruction a step.
//!
//! A path's condition is a union of guards of the verifier; what an instruction asks of it is answered by interval
//! sets or the solver. Paths are never merged. Then-branches come before else-branches, forks in their order, so that
//! the list of ends has one order.

mod step;

use crate::outcome::{End, Fault, Outcome};
use crate::program::{BlockId, Cond, Instr, Program};
use crate::state::{Event, Memory, State, Task, Unknown, Work};
use rdcl_verify::{Budget, Context, Guard, Options as Solving, Sym, SymCond, Var};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// How a program is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The satisfiable complement of a `Constrain` is a dropped path too.
    pub drops: bool,
    /// As SymNet does where it differs on purpose: `Forward` does not end a path, and an `If` whose test cannot be read
    /// takes its else-branch.
    pub compat: bool,
    /// Every symbolic value has a value: the one given, else 0.
    pub concrete: bool,
    /// What was done is kept.
    pub trace: bool,
    /// Values for symbolic values, by label.
    pub given: BTreeMap<String, u128>,
    /// The most instructions executed, over all paths.
    pub steps: u64,
    /// The solver's resource limit for one question.
    pub solver: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            drops: false,
            compat: false,
            concrete: false,
            trace: false,
            given: BTreeMap::new(),
            steps: 200_000,
            solver: Budget::default().solver,
        }
    }
}

/// The most frames of what is left to do; only a block that calls itself has so many.
const MOST_FRAMES: u32 = 1_000;
/// The most steps of a run that looks at widths.
const SHAPE_STEPS: u64 = 20_000;

/// What a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Paths.
    Paths,
    /// Widths alone: every value is nothing but its width, every condition on values may hold or not, and equal states
    /// are gone through once.
    Shape,
}

/// A run of a program.
pub struct Machine<'p> {
    program: &'p Program,
    options: &'p Options,
    mode: Mode,
    context: Context,
    /// What is still to be done, the next last.
    stack: Vec<Next>,
    ends: Vec<End>,
    faults: Vec<Fault>,
    seen: HashSet<Key>,
    steps: u64,
}

/// A path that goes on, or the end of one, in its place among others.
enum Next {
    Go(Box<State>),
    End(Box<End>),
}

/// The guards of a path, told apart by a condition.
#[derive(Default)]
struct Judged {
    yes: Vec<Guard>,
    no: Vec<Guard>,
    faults: Vec<(Vec<Guard>, Fault)>,
}

/// What tells states apart when only widths matter.
type Key = (Memory, BTreeMap<String, Vec<crate::state::Slot>>, BTreeMap<String, Memory>, Names, Work);
/// What names of blocks and of `For`s stand for.
type Names = (BTreeMap<String, BlockId>, BTreeMap<String, String>);

/// Runs a program from a packet: the ends of its paths, in order.
pub fn run(program: &Program, start: State, options: &Options) -> (Vec<End>, Context) {
    let mut machine = Machine::new(program, options, Mode::Paths, options.steps);
    machine.go(start);
    (machine.ends, machine.context)
}

/// Faults that follow from widths alone, in the order they are met, each once. A program with more ways through it than
/// are gone through may have others.
pub fn shape(program: &Program, start: State) -> Vec<Fault> {
    let options = Options::default();
    let mut machine = Machine::new(program, &options, Mode::Shape, SHAPE_STEPS);
    machine.go(start);
    let mut known = BTreeSet::new();
    machine.faults.into_iter().filter(|fault| known.insert((fault.node, fault.message.clone()))).collect()
}

impl<'p> Machine<'p> {
    fn new(program: &'p Program, options: &'p Options, mode: Mode, steps: u64) -> Machine<'p> {
        let solving = Solving { budget: Budget { solver: options.solver, ..Budget::default() }, ..Solving::default() };
        Machine {
            program,
            options,
            mode,
            context: Context::new(solving),
            stack: Vec::new(),
            ends: Vec::new(),
            faults: Vec::new(),
            seen: HashSet::new(),
            steps,
        }
    }

    /// Whether only widths matter.
    pub fn is_shape(&self) -> bool {
        self.mode == Mode::Shape
    }

    /// What is given for a symbolic value; none if it stays symbolic.
    pub fn given(&self, label: &str) -> Option<u128> {
        self.options.given.get(label).copied().or(self.options.concrete.then_some(0))
    }

    fn go(&mut self, mut start: State) {
        if start.guards.is_empty() {
            start.guards.push(Guard::default());
        }
        if self.is_shape() {
            self.forget_values(&mut start);
        }
        start.push(Task::Block(BlockId(0), 0));
        self.stack.push(Next::Go(Box::new(start)));
        while let Some(next) = self.stack.pop() {
            match next {
                Next::End(end) => self.end(*end),
                Next::Go(state) => self.advance(*state),
            }
        }
    }

    fn forget_values(&self, state: &mut State) {
        state.unknowns.clear();
        for value in state.memory.objects.values_mut().flat_map(|object| &mut object.values).flatten() {
            *value = self.opaque(value.clone());
        }
    }

    /// Takes the next instruction of a path.
    fn advance(&mut self, mut state: State) {
        let Some(frame) = state.work.take() else {
            let end = End::plain(Outcome::Delivered, None, None, state);
            return self.end(end);
        };
        if self.is_shape() {
            state.work = Some(Arc::clone(&frame));
            if self.steps == 0 || !self.seen.insert(key(&state)) {
                return;
            }
        }
        state.work = frame.next.clone();
        match &frame.task {
            Task::Unbind(name, before) => {
                match before {
                    Some(before) => _ = state.bound.insert(name.clone(), before.clone()),
                    None => _ = state.bound.remove(name),
                }
                self.stack.push(Next::Go(Box::new(state)));
            }
            Task::Names(name, left, body) => {
                let mut left = left.clone();
                if let Some(next) = left.pop() {
                    state.push(Task::Names(name.clone(), left, *body));
                    state.bound.insert(name.clone(), next);
                    state.push(Task::Block(*body, 0));
                }
                self.stack.push(Next::Go(Box::new(state)));
            }
            Task::Block(block, at) => self.advance_block(state, *block, *at),
        }
    }

    fn advance_block(&mut self, mut state: State, block: BlockId, at: usize) {
        let program = self.program;
        let instrs: &'p [Instr] = &program.blocks[block.0 as usize];
        let Some(instr) = instrs.get(at) else {
            self.stack.push(Next::Go(Box::new(state)));
            return;
        };
        if at + 1 < instrs.len() {
            state.push(Task::Block(block, at + 1));
        }
        let cost = state.guards.len() as u64;
        if self.steps < cost {
            return self.give_up(state, instr, "the program takes more steps than the budget allows");
        }
        if state.work.as_ref().is_some_and(|frame| frame.depth > MOST_FRAMES) {
            return self.give_up(state, instr, "blocks call each other too deeply");
        }
        self.steps -= cost;
        let before = self.stack.len();
        if let Err(fault) = self.step(state.clone(), instr) {
            self.stack.truncate(before);
            return self.stop(fault, state);
        }
        self.stack[before..].reverse();
    }

    fn give_up(&mut self, state: State, instr: &Instr, why: &str) {
        self.end(End::plain(Outcome::Undecided, Some(instr.node), Some(why), state));
    }

    fn stop(&mut self, fault: Fault, state: State) {
        if !self.is_shape() {
            return self.end(End::faulty(fault, state));
        }
        if fault.before_run {
            self.faults.push(fault);
        }
        // What a run would stop at may hide what is wrong behind it.
        self.stack.push(Next::Go(Box::new(state)));
    }

    /// Ends a path. One whose condition the solver could not decide is no path for sure.
    fn end(&mut self, mut end: End) {
        if self.is_shape() {
            return;
        }
        let unsure = !end.state.guards.is_empty() && end.state.guards.iter().all(|guard| guard.unknown);
        if unsure && end.outcome != Outcome::Infeasible {
            let would = format!("the solver gave up on the path's condition; it ends as {}", end.outcome.word());
            end = End { outcome: Outcome::Undecided, message: Some(would), code: None, help: None, ..end };
        }
        self.ends.push(end);
    }

    /// The guards of a path where a condition holds, and those where it does not.
    fn decide(&mut self, state: &State, cond: &SymCond) -> (Vec<Guard>, Vec<Guard>) {
        if self.is_shape() {
            return match cond {
                SymCond::True => (state.guards.clone(), Vec::new()),
                SymCond::False => (Vec::new(), state.guards.clone()),
                _ => (state.guards.clone(), state.guards.clone()),
            };
        }
        let (mut holding, mut failing) = (Vec::new(), Vec::new());
        for guard in &state.guards {
            let (yes, no) = self.context.split(guard, cond);
            holding.extend(yes);
            failing.extend(no);
        }
        (self.context.merge(holding), self.context.merge(failing))
    }

    /// The guards of a path where a condition holds, where it does not, and where it cannot be read.
    fn judge(&mut self, state: &mut State, cond: &Cond) -> Judged {
        let mut tried = state.clone();
        if let Ok(found) = self.cond(&mut tried, cond) {
            let (yes, no) = self.decide(&tried, &found);
            *state = tried;
            return Judged { yes, no, faults: Vec::new() };
        }
        let guards = std::mem::take(&mut state.guards);
        let judged = self.judge_in(state, &guards, cond);
        state.guards = guards;
        judged
    }

    /// The same part by part: what stands behind an `and` is read where what is before it holds, and nowhere else.
    fn judge_in(&mut self, state: &mut State, guards: &[Guard], cond: &Cond) -> Judged {
        let mut judged = Judged::default();
        if guards.is_empty() {
            return judged;
        }
        match cond {
            Cond::Not(inner) => {
                let Judged { yes, no, faults } = self.judge_in(state, guards, inner);
                return Judged { yes: no, no: yes, faults };
            }
            Cond::All(all) => {
                judged.yes = guards.to_vec();
                for c in all {
                    let part = self.judge_in(state, &judged.yes, c);
                    judged.no.extend(part.no);
                    judged.faults.extend(part.faults);
                    judged.yes = part.yes;
                }
            }
            Cond::Any(any) => {
                judged.no = guards.to_vec();
                for c in any {
                    let part = self.judge_in(state, &judged.no, c);
                    judged.yes.extend(part.yes);
                    judged.faults.extend(part.faults);
                    judged.no = part.no;
                }
            }
            Cond::Constant(_) | Cond::Cmp(..) | Cond::In(..) | Cond::Exists(_) | Cond::Free(..) | Cond::NoTest(_) => {
                match self.cond(state, cond) {
                    Ok(found) => {
                        state.guards = guards.to_vec();
                        (judged.yes, judged.no) = self.decide(state, &found);
                    }
                    Err(fault) => judged.faults.push((guards.to_vec(), fault)),
                }
            }
        }
        judged
    }

    fn note(&self, state: &mut State, instr: &Instr, text: impl FnOnce(&State) -> String) {
        if self.options.trace && !self.is_shape() {
            let text = text(state);
            state.trace = Some(Arc::new(Event { node: instr.node, text, before: state.trace.take() }));
        }
    }
}

fn key(state: &State) -> Key {
    let names = (state.code.clone(), state.bound.clone());
    (state.memory.clone(), state.names.clone(), state.saved.clone(), names, state.work.clone())
}

/// The state a packet begins in: fields that are constants, and fields that are symbolic.
pub fn start(memory: Vec<(i64, u32, String, Option<u128>)>, tags: &[(&str, i64)], options: &Options) -> State {
    let mut state = State::default();
    state.memory.tags = tags.iter().map(|(tag, at)| ((*tag).to_owned(), *at)).collect();
    for (at, size, label, value) in memory {
        let width = size as u16;
        let name = Some(label.clone());
        let given = options.given.get(&label).copied().or(value).or(options.concrete.then_some(0));
        let sym = match given {
            Some(value) => Sym::constant(width, value),
            None => Sym::Var(Var::unknown(state.unknowns.len() as u32, width)),
        };
        if given.is_none() {
            state.unknowns.push(Unknown { label, width });
        }
        state.memory.objects.insert(at, crate::state::Object { size, values: vec![Some(sym)], name });
    }
    state
}
