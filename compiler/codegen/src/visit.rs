//! Blocks: each becomes one piece of code, and edges are jumps.

use crate::asm::{Code, Is, Label, Memory, Value};
use crate::choose::Legal;
use crate::counter::Counter;
use crate::guest::Guest;
use crate::link::Routine;
use crate::map::{CLASH, FULL, entry};
use crate::shapes::ShapeSet;
use rdcl_core::{Block, BlockId, CellId, CheckKind, End, Expr, MapId, Op, Place, Reason, RowId, TableId};

impl Guest<'_, '_> {
    /// Where a block is.
    pub(crate) fn block(&self, block: BlockId) -> Label {
        self.blocks[block.index()]
    }

    /// Writes the code of all blocks that are reached.
    pub(crate) fn visit_blocks(&mut self) {
        let plan = self.plan;
        for (id, block) in (0..).map(BlockId).zip(&plan.program.blocks).filter(|(id, _)| plan.reachable[id.index()]) {
            self.asm.bind(self.block(id));
            self.visit_block(id, block);
        }
    }

    fn visit_block(&mut self, id: BlockId, block: &Block) {
        let mut shapes = self.plan.shapes[id.index()].clone();
        for op in &block.ops {
            self.op(op, &shapes);
            shapes = shapes.after(op);
        }
        self.end(id, &block.end, &shapes);
    }

    fn op(&mut self, op: &Op, shapes: &ShapeSet) {
        match op {
            Op::Set(place, value) => {
                let (value, _) = self.expr(value, shapes);
                match place {
                    Place::Field(field) => self.write_field(*field, value),
                    Place::Slot(slot) => self.asm.set(self.vars.slots[slot.index()], value),
                }
            }
            Op::Push(header) => self.push(*header, shapes),
            Op::Pop(header) => self.pop(*header, shapes),
            Op::Nest => self.nest(shapes),
            Op::Unnest => self.unnest(shapes),
            Op::Touch(cell) => self.touch(*cell),
            Op::Remove(cell) => self.remove(*cell),
            Op::Update(cell, column, value) => {
                let (value, _) = self.expr(value, shapes);
                self.update(*cell, *column, value);
            }
        }
    }

    fn end(&mut self, id: BlockId, end: &End, shapes: &ShapeSet) {
        match end {
            End::Goto(next) => self.asm.jump(self.block(*next)),
            End::If(cond, yes, no) => self.cond(cond, shapes, self.block(*yes), self.block(*no)),
            End::Switch { on, arms, default } => {
                let (value, width) = self.expr(on, shapes);
                let arms: Vec<(u128, Label)> = arms.iter().map(|arm| (arm.0, self.block(arm.1))).collect();
                self.switch(value, width, &arms, self.block(*default));
            }
            End::Match { table, keys, row, hit, miss } => self.match_row(*table, keys, (*row, *hit, *miss), shapes),
            End::Lookup { map, index, keys, cell, hit, miss } => {
                let keys = self.key_words(keys, shapes);
                let found = self.call_with_data(Routine::Find(*map, *index), &[], &keys);
                let (on_hit, on_miss) = (self.asm.label(), self.block(*miss));
                self.asm.branch(found, on_hit, on_miss);
                self.asm.bind(on_hit);
                self.bind(*cell, *map, found);
                self.asm.jump(self.block(*hit));
            }
            End::Insert { map, values, cell, ok, full, clash, clash_handled: _ } => {
                self.insert(id, (*map, *cell), values, (*ok, *full, *clash), shapes);
            }
            End::Choose { slot, lo, hi, free, resolver, ok, none, choice: _ } => {
                let width = self.plan.program.slots[slot.index()].width;
                let legal = Legal { lo: *lo, hi: *hi, width, free: free.as_ref() };
                let on_none = self.asm.label();
                if let Some(value) = self.choose(legal, resolver.as_ref(), on_none, shapes) {
                    self.asm.set(self.vars.slots[slot.index()], value);
                    self.asm.jump(self.block(*ok));
                }
                self.asm.bind(on_none);
                if let Some(free) = free {
                    self.count(&Counter::Full { block: id, map: free.map });
                }
                self.asm.jump(self.block(*none));
            }
            End::Fork(arms) => self.fork(id, arms),
            End::Forward(port) => self.forward(*port, shapes),
            End::Drop(reason) => self.drop_copy(id, reason),
            End::Check { cond, ok, kind: CheckKind::Assert | CheckKind::Assume } => {
                let failed = self.asm.cold_label();
                self.cond(cond, shapes, self.block(*ok), failed);
                self.asm.bind(failed);
                self.drop_copy(id, &Reason::Assertion);
            }
        }
    }

    fn drop_copy(&mut self, block: BlockId, reason: &Reason) {
        self.count(&Counter::Dropped { block, reason: reason.clone() });
        self.asm.jump(self.finish);
    }

    /// Goes to the arm with a value, found by bisection.
    fn switch(&mut self, value: Value, width: u16, arms: &[(u128, Label)], default: Label) {
        match arms {
            [] => self.asm.jump(default),
            [(only, label)] => {
                let only = self.asm.constant(width, *only);
                let is = self.asm.is(Is::Equal, value, only);
                self.asm.branch(is, *label, default);
            }
            _ => {
                let (low, high) = arms.split_at(arms.len() / 2);
                let (left, right) = (self.asm.label(), self.asm.label());
                let middle = self.asm.constant(width, high[0].0);
                let is_below = self.asm.is(Is::Less, value, middle);
                self.asm.branch(is_below, left, right);
                self.asm.bind(left);
                self.switch(value, width, low, default);
                self.asm.bind(right);
                self.switch(value, width, high, default);
            }
        }
    }

    fn match_row(&mut self, table: TableId, keys: &[Expr], ways: (RowId, BlockId, BlockId), shapes: &ShapeSet) {
        let (row, hit, miss) = ways;
        let args = [vec![self.rodata], self.key_words(keys, shapes)].concat();
        let found = self.asm.call(Routine::Match(table), &args, 1)[0];
        let (on_hit, on_miss) = (self.asm.label(), self.block(miss));
        self.asm.branch(found, on_hit, on_miss);
        self.asm.bind(on_hit);
        let at = self.asm.add(self.rodata, found);
        self.asm.set(self.vars.rows[row.index()], at);
        self.asm.jump(self.block(hit));
    }

    fn call_with_data(&mut self, routine: Routine, own: &[Value], words: &[Value]) -> Value {
        let args = [&[self.data], own, words].concat();
        self.asm.call(routine, &args, 1)[0]
    }

    /// Gives a name to an entry of a map: remembers which it is, and its columns.
    fn bind(&mut self, cell: CellId, map: MapId, at: Value) {
        let (plan, program) = (self.plan, self.plan.program);
        let address = self.asm.add(self.data, at);
        let vars = &self.vars.cells[cell.index()];
        for (column, variable) in &vars.columns {
            let (offset, width) = plan.map(map).columns[usize::from(*column)];
            debug_assert_eq!(program.maps[map.index()].column(*column).1, width);
            let value = self.asm.load_value(Memory::State, width, address, offset);
            self.asm.set(*variable, value);
        }
        if plan.uses.entries.contains(&cell) {
            let id = self.asm.load(Memory::State, 8, address, entry::ID);
            self.asm.set(vars.id, id);
            self.asm.set(vars.entry, at);
        }
    }

    fn insert(
        &mut self,
        id: BlockId,
        (map, cell): (MapId, CellId),
        values: &[Expr],
        (ok, full, clash): (BlockId, BlockId, BlockId),
        shapes: &ShapeSet,
    ) {
        let words = self.key_words(values, shapes);
        let now = self.asm.get(self.vars.now);
        let at = self.call_with_data(Routine::Insert(map), &[now], &words);
        let (added, refused) = (self.asm.label(), self.asm.label());
        let is_refused = self.asm.is_int(Is::LessOrEqual, at, FULL.max(CLASH));
        self.asm.branch(is_refused, refused, added);
        self.asm.bind(added);
        self.bind(cell, map, at);
        self.asm.jump(self.block(ok));
        self.asm.bind(refused);
        let (on_full, is_full) = (self.asm.label(), self.asm.is_int(Is::Equal, at, FULL));
        self.asm.branch(is_full, on_full, self.block(clash));
        self.asm.bind(on_full);
        self.count(&Counter::Full { block: id, map });
        self.asm.jump(self.block(full));
    }

    fn touch(&mut self, cell: CellId) {
        self.with_entry(cell, |guest, map, at| {
            let now = guest.asm.get(guest.vars.now);
            guest.asm.call(Routine::Touch(map), &[guest.data, at, now], 0);
        });
    }

    fn remove(&mut self, cell: CellId) {
        self.with_entry(cell, |guest, map, at| {
            guest.asm.call(Routine::Remove(map), &[guest.data, at], 0);
        });
    }

    /// Writes a column of an entry, and lets all its names see it.
    fn update(&mut self, cell: CellId, column: u16, value: Value) {
        let (plan, map) = (self.plan, self.plan.program.cells[cell.index()].map);
        self.with_entry(cell, |guest, map, at| {
            let address = guest.asm.add(guest.data, at);
            let (offset, _) = plan.map(map).columns[usize::from(column)];
            guest.asm.store_value(Memory::State, value, address, offset);
        });
        let id = self.asm.get(self.vars.cells[cell.index()].id);
        let named = plan.program.cells.iter().enumerate().filter(|(_, other)| other.map == map);
        for other in named.map(|(at, _)| at) {
            let Some(variable) = self.vars.cells[other].columns.get(&column).copied() else { continue };
            let own = self.asm.get(self.vars.cells[other].id);
            let is_same = self.asm.is(Is::Equal, own, id);
            self.when(is_same, |guest| guest.asm.set(variable, value));
        }
    }

    /// Does something with a bound entry, unless it is gone.
    fn with_entry(&mut self, cell: CellId, then: impl FnOnce(&mut Self, MapId, Value)) {
        let map = self.plan.program.cells[cell.index()].map;
        let vars = &self.vars.cells[cell.index()];
        let (at, id) = (self.asm.get(vars.entry), self.asm.get(vars.id));
        let address = self.asm.add(self.data, at);
        let here = self.asm.load(Memory::State, 8, address, entry::ID);
        let is_there = self.asm.is(Is::Equal, here, id);
        self.when(is_there, |guest| then(guest, map, at));
    }

    /// Lets entries of all maps expire.
    pub(crate) fn expire_all(&mut self) {
        for map in self.plan.maps.iter().filter(|map| map.slots > 0) {
            let now = self.asm.get(self.vars.now);
            let oldest = self.asm.load(Memory::State, 8, self.data, map.oldest());
            self.when(oldest, |guest| {
                let is_due = map.is_due(guest.asm, (guest.data, oldest), now);
                guest.when(is_due, |guest| {
                    guest.asm.call(Routine::Expire(map.id), &[guest.data, now], 0);
                });
            });
        }
    }
}
