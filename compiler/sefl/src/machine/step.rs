//! What each instruction does to a path.

use super::{Judged, Machine, Next};
use crate::eval::{self, Value};
use crate::outcome::{End, Fault, Outcome};
use crate::program::{Address, Cond, Expr, Instr, NameRef, Op, Place};
use crate::report;
use crate::state::{self, Object, Slot, State, Task};
use rdcl_base::{Code, NodeId, matches_glob};
use rdcl_verify::{Guard, Sym};

impl Machine<'_> {
    /// Executes an instruction: its successors are added to the stack, in order.
    pub(super) fn step(&mut self, mut state: State, instr: &Instr) -> Result<(), Fault> {
        let node = instr.node;
        match &instr.op {
            Op::AllocateName(name, width) => {
                let name = state.name(name);
                self.note(&mut state, instr, |_| format!("`{name}` has a new, empty value"));
                state.names.entry(name).or_default().push(Slot { declared: *width, value: None });
            }
            Op::AllocateAt(address, size) => self.allocate(&mut state, instr, address, *size)?,
            Op::DeallocateName(name, width) => {
                deallocate_name(&mut state, name, *width, node)?;
                self.note(&mut state, instr, |state| format!("`{}` has lost its value", state.name(name)));
            }
            Op::DeallocateAt(address, size) => {
                let at = state.object(address, Some(*size))?;
                self.note(&mut state, instr, |state| format!("{} has lost its value", state.memory.place(at)));
                pop_object(&mut state, at);
            }
            Op::Assign(place, value) => return self.assign(state, instr, place, value),
            Op::Constrain(cond) => return self.constrain(state, instr, cond),
            Op::Assert(cond) => return self.assert(state, instr, cond),
            Op::Assume(cond) => return self.assume(state, instr, cond),
            Op::CreateTag(tag, address) => {
                let at = state.address(address)?;
                state.memory.tags.insert(tag.clone(), at);
                self.note(&mut state, instr, |_| format!("{tag} = {at}"));
            }
            Op::DestroyTag(tag) => {
                state.memory.tags.remove(tag);
                self.note(&mut state, instr, |_| format!("{tag} points nowhere"));
            }
            Op::If(cond, yes, no) => return self.branch(state, instr, cond, (*yes, *no)),
            Op::Fork(arms) => {
                for (number, arm) in (1..).zip(arms) {
                    let mut copy = state.clone();
                    self.note(&mut copy, instr, |_| format!("copy {number} of {}", arms.len()));
                    copy.push(Task::Block(*arm, 0));
                    self.stack.push(Next::Go(Box::new(copy)));
                }
                return Ok(());
            }
            Op::Run(block) => state.push(Task::Block(*block, 0)),
            Op::For(name, glob, body) => {
                let matching = state.names.keys().filter(|name| matches_glob(glob, name));
                let left: Vec<String> = matching.rev().cloned().collect();
                let before = state.bound.get(name).cloned();
                state.push(Task::Unbind(name.clone(), before));
                state.push(Task::Names(name.clone(), left, *body));
            }
            Op::Fail(why) => {
                self.note(&mut state, instr, |_| "dropped".to_owned());
                self.leave(End::plain(Outcome::Dropped, Some(node), Some(why), state));
                return Ok(());
            }
            Op::Forward(port) => {
                self.note(&mut state, instr, |_| format!("to {port}"));
                state.ports.push(port.clone());
                if !self.options.compat {
                    self.leave(End::plain(Outcome::Delivered, Some(node), None, state));
                    return Ok(());
                }
            }
            Op::Save(name) => {
                let memory = state.memory.clone();
                state.saved.insert(name.clone(), memory);
            }
            Op::Load(name) => match state.saved.get(name) {
                Some(memory) => state.memory = memory.clone(),
                None => return Err(not_there(format!("no packet was saved as `{name}`"), node)),
            },
            Op::DestroyPacket => state.memory = state::Memory::default(),
            Op::Let(name, block) => _ = state.code.insert(name.clone(), *block),
            Op::Call(name) => match state.code.get(name) {
                Some(block) => state.push(Task::Block(*block, 0)),
                None => return Err(not_there(format!("`{name}` is called before a `Let` names it"), node)),
            },
        }
        self.stack.push(Next::Go(Box::new(state)));
        Ok(())
    }

    fn leave(&mut self, end: End) {
        self.stack.push(Next::End(Box::new(end)));
    }

    fn allocate(&self, state: &mut State, instr: &Instr, address: &Address, size: u32) -> Result<(), Fault> {
        let at = state.address(address)?;
        match state.memory.objects.get_mut(&at) {
            Some(object) if object.size == size => object.values.push(None),
            _ => match state.memory.overlapping(at, size) {
                Some((start, other)) => {
                    let message = format!(
                        "{size} bits at {} overlap the header object of {other} bits at {}",
                        place_of(state, at, start),
                        state.memory.place(start)
                    );
                    return Err(Fault::new(Outcome::MemoryError, Code::E0560, message, address.node));
                }
                None => _ = state.memory.objects.insert(at, Object { size, values: vec![None], name: None }),
            },
        }
        self.note(state, instr, |state| format!("{} has a new, empty value", state.memory.place(at)));
        Ok(())
    }

    // ------------------------------------------------------------------------------------------- assignment

    fn assign(&mut self, mut state: State, instr: &Instr, place: &Place, value: &Expr) -> Result<(), Fault> {
        let label = if self.is_shape() { String::new() } else { eval::label(&state, place) };
        let sym = match place {
            Place::Name(name, _) => self.assign_name(&mut state, name, value, &label)?,
            Place::At(_, Some(width)) if self.is_shape() => self.of_width(&mut state, value, *width, &label)?,
            Place::At(address, width) => {
                let at = state.object(address, width.map(u32::from))?;
                let size = state.memory.objects[&at].size;
                let width = u16::try_from(size).ok().filter(|width| (1..=128).contains(width));
                let width = width.ok_or_else(|| state::unwieldy(size, address.node))?;
                let sym = self.opaque(self.of_width(&mut state, value, width, &label)?);
                if let Some(top) = state.memory.objects.get_mut(&at).and_then(|object| object.values.last_mut()) {
                    *top = Some(sym.clone());
                }
                sym
            }
        };
        self.note(&mut state, instr, |state| format!("{label} = {}", report::value(state, &sym)));
        if sym.is_overgrown() {
            let why = "a value has grown too large to reason about";
            self.leave(End::plain(Outcome::Undecided, Some(instr.node), Some(why), state));
        } else {
            self.stack.push(Next::Go(Box::new(state)));
        }
        Ok(())
    }

    /// A name that was never allocated comes to be. A number takes the declared width, else that of the value it
    /// replaces if it fits there, else its own.
    fn assign_name(&self, state: &mut State, name: &NameRef, value: &Expr, label: &str) -> Result<Sym, Fault> {
        let name = state.name(name);
        let slot = state.names.get(&name).and_then(|stack| stack.last()).cloned().unwrap_or_default();
        let sym = match slot.declared {
            Some(width) => self.of_width(state, value, width, label)?,
            None => match self.value(state, value, slot.width(), label)? {
                Value::Bits(sym) => sym,
                Value::Int(n) => match slot.width().map(|width| eval::fit(n, width, value.node)) {
                    Some(Ok(sym)) => sym,
                    Some(Err(_)) | None => eval::fit(n, eval::alone(n), value.node)?,
                },
            },
        };
        let sym = self.opaque(sym);
        let stack = state.names.entry(name).or_default();
        stack.pop();
        stack.push(Slot { declared: slot.declared, value: Some(sym.clone()) });
        Ok(sym)
    }

    // ------------------------------------------------------------------------------------------- conditions

    fn constrain(&mut self, mut state: State, instr: &Instr, cond: &Cond) -> Result<(), Fault> {
        let Judged { yes, no, faults } = self.judge(&mut state, cond);
        let why = Some("the constraint does not hold");
        let only = yes.is_empty() && faults.is_empty();
        let listed = only || (self.options.drops && !no.is_empty());
        // The path as it came here, if nothing of it goes on.
        let no = if only { state.guards.clone() } else { no };
        let mut dropped = with(&state, no);
        self.go_on(&state, instr, yes, "holds");
        if listed {
            self.note(&mut dropped, instr, |_| "dropped".to_owned());
            self.leave(End::plain(Outcome::Dropped, Some(instr.node), why, dropped));
        }
        self.unreadable(&state, faults)
    }

    fn assert(&mut self, mut state: State, instr: &Instr, cond: &Cond) -> Result<(), Fault> {
        let Judged { yes, no, mut faults } = self.judge(&mut state, cond);
        if !no.is_empty() {
            let message = "the assertion does not hold".to_owned();
            faults.push((no, Fault::new(Outcome::ModelError, Code::E0565, message, instr.node)));
        }
        self.go_on(&state, instr, yes, "holds");
        self.unreadable(&state, faults)
    }

    fn assume(&mut self, mut state: State, instr: &Instr, cond: &Cond) -> Result<(), Fault> {
        let Judged { yes, faults, .. } = self.judge(&mut state, cond);
        if yes.is_empty() && faults.is_empty() {
            let message = "nothing that gets here meets the assumption".to_owned();
            return Err(Fault::new(Outcome::ModelError, Code::E0566, message, instr.node));
        }
        self.go_on(&state, instr, yes, "assumed");
        self.unreadable(&state, faults)
    }

    /// Ends a path where its condition cannot be read, or is broken.
    fn unreadable(&mut self, state: &State, faults: Vec<(Vec<Guard>, Fault)>) -> Result<(), Fault> {
        if self.is_shape() {
            for (_, fault) in faults {
                self.stop(fault, state.clone());
            }
            return Ok(());
        }
        for (guards, fault) in faults {
            self.leave(End::faulty(fault, with(state, guards)));
        }
        Ok(())
    }

    fn go_on(&mut self, state: &State, instr: &Instr, guards: Vec<Guard>, word: &str) {
        if !guards.is_empty() {
            let mut state = with(state, guards);
            self.note(&mut state, instr, |_| word.to_owned());
            self.stack.push(Next::Go(Box::new(state)));
        }
    }

    fn branch(
        &mut self,
        mut state: State,
        instr: &Instr,
        cond: &Cond,
        (then, other): (crate::program::BlockId, crate::program::BlockId),
    ) -> Result<(), Fault> {
        if self.options.compat && self.is_skipped(&state, cond) {
            state.push(Task::Block(other, 0));
            self.stack.push(Next::Go(Box::new(state)));
            return Ok(());
        }
        let Judged { yes, no, faults } = self.judge(&mut state, cond);
        for (guards, block, word) in [(yes, then, "then"), (no, other, "else")] {
            let mut side = with(&state, guards);
            if side.guards.is_empty() {
                // The end of no packet: it keeps the condition of the path that came here.
                side.guards = state.guards.clone();
                let message = format!("the {word}-branch is never taken");
                if !self.options.concrete && faults.is_empty() {
                    self.leave(End::plain(Outcome::Infeasible, Some(instr.node), Some(&message), side));
                }
                continue;
            }
            self.note(&mut side, instr, |_| word.to_owned());
            side.push(Task::Block(block, 0));
            self.stack.push(Next::Go(Box::new(side)));
        }
        self.unreadable(&state, faults)
    }

    /// Whether SymNet takes the else-branch because it cannot read the test.
    fn is_skipped(&self, state: &State, cond: &Cond) -> bool {
        let unread = self.cond(&mut state.clone(), cond).err();
        unread.is_some_and(|fault| fault.code != Code::E0564 && !fault.before_run)
    }
}

/// A state with another path condition.
fn with(state: &State, guards: Vec<Guard>) -> State {
    State { guards, ..state.clone() }
}

fn not_there(message: String, node: NodeId) -> Fault {
    Fault::new(Outcome::ModelError, Code::E0567, message, node)
}

/// Where an allocation was tried: not by the name of the object that is in its way.
fn place_of(state: &State, at: i64, start: i64) -> String {
    if at == start { at.to_string() } else { state.memory.place(at) }
}

fn deallocate_name(state: &mut State, name: &NameRef, width: Option<u16>, node: NodeId) -> Result<(), Fault> {
    let name = state.name(name);
    let Some(slot) = state.names.get(&name).and_then(|stack| stack.last()) else {
        let message = format!("`{name}` is not allocated");
        return Err(Fault::new(Outcome::MemoryError, Code::E0561, message, node));
    };
    if let (Some(wanted), Some(found)) = (width, slot.width())
        && wanted != found
    {
        let message = format!("`{name}` has {found} bits, not {wanted}");
        return Err(Fault::new(Outcome::MemoryError, Code::E0561, message, node));
    }
    if let Some(stack) = state.names.get_mut(&name) {
        stack.pop();
        if stack.is_empty() {
            state.names.remove(&name);
        }
    }
    Ok(())
}

fn pop_object(state: &mut State, at: i64) {
    let emptied = state.memory.objects.get_mut(&at).is_some_and(|object| {
        object.values.pop();
        object.values.is_empty()
    });
    if emptied {
        state.memory.objects.remove(&at);
    }
}
