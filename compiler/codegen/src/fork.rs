//! Forks: the arms one after the other, each with the state at the fork.
//!
//! At a fork the state that its arms need is saved in a place of the fork's own, together with the number of the next
//! arm and that of the fork around it. Wherever a copy ends, the innermost fork with arms left goes on. Blocks form no
//! cycle, so a fork is never open twice. Maps are not saved: nothing writes them after a fork.

use crate::asm::{Is, Label, Memory, Value, Variable, words_of};
use crate::guest::Guest;
use crate::plan::Space;
use crate::uses::Uses;
use rdcl_core::{BlockId, Program};

/// The fork around this one, and the number of the next arm.
const AROUND: u32 = 0;
const ARM: u32 = 8;
const SAVED: u32 = 16;

/// How many variables are saved besides what the program named.
const FIXED: usize = 5;

/// A fork with several arms.
pub(crate) struct ForkPlan {
    /// Counted from 1.
    number: u64,
    arms: Vec<BlockId>,
    /// What is used behind it.
    behind: Uses,
    /// Where its state is saved.
    at: u32,
    /// The size of all headers.
    header_bytes: u32,
}

impl ForkPlan {
    pub(crate) fn new(
        program: &Program,
        number: u64,
        arms: Vec<BlockId>,
        behind: Uses,
        (header_bytes, space): (u32, &mut Space),
    ) -> ForkPlan {
        let widths = saved_widths(program, &behind);
        let words: u64 = widths.iter().map(|width| u64::from(words_of(*width))).sum();
        let at = space.place(u64::from(SAVED + header_bytes) + 8 * words, 64);
        ForkPlan { number, arms, behind, at, header_bytes }
    }

    /// Whether headers change behind it.
    fn changes_headers(&self) -> bool {
        !self.behind.written.is_empty() || self.moves_headers()
    }

    fn moves_headers(&self) -> bool {
        self.behind.moves_headers()
    }

    fn headers(&self) -> u32 {
        self.at + SAVED
    }

    fn variables(&self) -> u32 {
        self.headers() + self.header_bytes
    }
}

/// The widths of what is saved besides headers: shape, body and errors, then what the program named.
fn saved_widths(program: &Program, behind: &Uses) -> Vec<u16> {
    let mut widths = vec![64; FIXED];
    widths.extend(behind.slots.iter().map(|slot| program.slots[slot.index()].width));
    let map = |cell: rdcl_core::CellId| &program.maps[program.cells[cell.index()].map.index()];
    widths.extend(behind.columns.iter().map(|(cell, column)| map(*cell).column(*column).1));
    widths.extend(behind.rows.iter().map(|_| 64));
    widths
}

impl Guest<'_, '_> {
    pub(crate) fn fork(&mut self, id: BlockId, arms: &[BlockId]) {
        let plan = self.plan;
        if let Some(fork) = plan.forks.get(&id) {
            self.save(fork);
            let around = self.asm.get(self.vars.pending);
            self.store_state(around, fork.at + AROUND);
            let next = self.asm.int(1);
            self.store_state(next, fork.at + ARM);
            let own = self.asm.int(fork.number);
            self.asm.set(self.vars.pending, own);
        }
        self.asm.jump(self.block(arms[0]));
    }

    fn store_state(&mut self, value: Value, at: u32) {
        self.asm.store(Memory::State, 8, value, self.data, at);
    }

    /// What is saved besides headers, and its width.
    fn saved(&self, fork: &ForkPlan) -> Vec<(Variable, u16)> {
        let program = self.plan.program;
        let vars = &self.vars;
        let mut saved = vec![vars.shape, vars.body, vars.length, vars.error, vars.inner_error];
        saved.extend(fork.behind.slots.iter().map(|slot| vars.slots[slot.index()]));
        saved.extend(fork.behind.columns.iter().map(|(cell, column)| vars.cells[cell.index()].columns[column]));
        saved.extend(fork.behind.rows.iter().map(|row| vars.rows[row.index()]));
        let saved = saved.into_iter().zip(saved_widths(program, &fork.behind)).enumerate();
        let is_changed = |number: usize| number >= FIXED || fork.moves_headers();
        saved.filter(|(number, _)| is_changed(*number)).map(|(_, saved)| saved).collect()
    }

    fn save(&mut self, fork: &ForkPlan) {
        if fork.changes_headers() {
            self.copy_headers((Memory::Headers, self.plan.headers), (Memory::State, fork.headers()));
        }
        let mut at = fork.variables();
        for (variable, width) in self.saved(fork) {
            let value = self.asm.get(variable);
            self.asm.store_value(Memory::State, value, self.data, at);
            at += 8 * words_of(width);
        }
    }

    fn restore(&mut self, fork: &ForkPlan) {
        if fork.changes_headers() {
            self.copy_headers((Memory::State, fork.headers()), (Memory::Headers, self.plan.headers));
        }
        let mut at = fork.variables();
        for (variable, width) in self.saved(fork) {
            let value = self.asm.load_value(Memory::State, width, self.data, at);
            self.asm.set(variable, value);
            at += 8 * words_of(width);
        }
    }

    fn copy_headers(&mut self, from: (Memory, u32), to: (Memory, u32)) {
        for at in (0..self.plan.places.bytes).step_by(16) {
            self.asm.copy16((from.0, self.data, from.1 + at), (to.0, self.data, to.1 + at));
        }
    }

    /// Writes where every copy ends: the innermost open fork goes on, or the next frame is taken.
    pub(crate) fn finish_copies(&mut self) {
        self.asm.bind(self.finish);
        let forks: Vec<&ForkPlan> = self.plan.forks.values().collect();
        if forks.is_empty() {
            return self.asm.jump(self.next);
        }
        let mut arms = vec![(0, self.next)];
        arms.extend(forks.iter().map(|fork| (fork.number, self.asm.label())));
        let pending = self.asm.get(self.vars.pending);
        self.asm.search(pending, &arms);
        for (fork, (_, label)) in forks.into_iter().zip(arms.into_iter().skip(1)) {
            self.asm.bind(label);
            self.resume(fork);
        }
    }

    fn resume(&mut self, fork: &ForkPlan) {
        self.restore(fork);
        let arm = self.asm.load(Memory::State, 8, self.data, fork.at + ARM);
        let (more, last) = (self.asm.label(), self.asm.label());
        let is_last = self.asm.is_int(Is::Equal, arm, fork.arms.len() as u64 - 1);
        self.asm.branch(is_last, last, more);
        self.asm.bind(last);
        let around = self.asm.load(Memory::State, 8, self.data, fork.at + AROUND);
        self.asm.set(self.vars.pending, around);
        self.asm.jump(self.block(fork.arms[fork.arms.len() - 1]));
        self.asm.bind(more);
        let next = self.asm.add_int(arm, 1);
        self.store_state(next, fork.at + ARM);
        let own = self.asm.int(fork.number);
        self.asm.set(self.vars.pending, own);
        let between: Vec<(u64, Label)> =
            (0..).zip(&fork.arms).skip(1).map(|(number, block)| (number, self.block(*block))).collect();
        self.asm.search(arm, &between);
    }
}
