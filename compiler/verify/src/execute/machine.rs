//! Taking states through blocks: every end of Core, symbolically.

use super::state::{Cell, Origin, State};
use super::store::{absent, invariant, is_full, key_of, never_full, present, update};
use crate::entry::misread;
use crate::guard::{Context, Guard};
use crate::row::{Arm, Row, RowEnd, Stored};
use crate::sym::{Sym, SymCond, Var, VarKind};
use crate::tables::{Classes, classes};
use rdcl_base::IntervalSet;
use rdcl_core::{
    BlockId, CellId, CheckKind, ChoiceId, Cond, End, Expr, Free, InstrId, Layout, MapDecl, MapId, Op, Place, PortId,
    Program, Reason, RowId, Shape, SlotId, TableData, TableId,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Executes one program.
pub struct Machine<'p> {
    program: &'p Program,
    tables: &'p [Arc<TableData>],
    /// The maps, without the invariants that must not be assumed.
    maps: Vec<MapDecl>,
    classes: HashMap<TableId, Arc<Classes>>,
    pub context: Context,
    pub exhausted: bool,
    waiting: BTreeMap<BlockId, Vec<State>>,
    rows: Vec<Row>,
    breaks: Vec<Row>,
}

impl<'p> Machine<'p> {
    pub fn new(
        program: &'p Program,
        tables: &'p [Arc<TableData>],
        context: Context,
        weak: &BTreeSet<MapId>,
    ) -> Machine<'p> {
        let assumed = |(id, decl): (u32, &MapDecl)| match weak.contains(&MapId(id)) {
            true => MapDecl { invariant: Cond::True, ..decl.clone() },
            false => decl.clone(),
        };
        Machine {
            program,
            tables,
            maps: (0u32..).zip(&program.maps).map(assumed).collect(),
            classes: HashMap::new(),
            context,
            exhausted: false,
            waiting: BTreeMap::new(),
            rows: Vec::new(),
            breaks: Vec::new(),
        }
    }

    /// The rows from one block for packets of one shape, and the inserts that break invariants.
    pub fn run(&mut self, block: BlockId, shape: Shape, guard: Guard) -> (Vec<Row>, Vec<Row>) {
        self.go(block, State::new(self.program, shape, guard));
        while let Some((block, states)) = self.waiting.pop_first() {
            for state in self.merge(states) {
                self.step(block, state);
            }
        }
        let rows = std::mem::take(&mut self.rows);
        (self.merge_rows(rows), std::mem::take(&mut self.breaks))
    }

    fn go(&mut self, block: BlockId, state: State) {
        self.context.stats.states += 1;
        if self.context.stats.states > self.context.options.budget.states {
            self.exhausted = true;
            return;
        }
        self.waiting.entry(block).or_default().push(state);
    }

    fn go_all(&mut self, block: BlockId, state: &State, guards: Vec<Guard>) {
        for guard in guards {
            self.go(block, state.with_guard(guard));
        }
    }

    /// Unites states that differ in their guards alone.
    fn merge(&self, states: Vec<State>) -> Vec<State> {
        if !self.context.options.merge || states.len() < 2 {
            return states;
        }
        let mut groups: Vec<(State, Vec<Guard>)> = Vec::new();
        for state in states {
            match groups.iter_mut().find(|(first, _)| first.same_but_guard(&state)) {
                Some((_, guards)) => guards.push(state.guard),
                None => {
                    let guard = state.guard.clone();
                    groups.push((state, vec![guard]));
                }
            }
        }
        let unite = |(state, guards): (State, Vec<Guard>)| {
            let guards = self.context.merge(guards);
            guards.into_iter().map(move |guard| state.with_guard(guard)).collect::<Vec<_>>()
        };
        groups.into_iter().flat_map(unite).collect()
    }

    fn merge_rows(&self, rows: Vec<Row>) -> Vec<Row> {
        if !self.context.options.merge {
            return rows;
        }
        let mut groups: Vec<(Row, Vec<Guard>)> = Vec::new();
        let mut at: HashMap<Row, usize> = HashMap::new();
        for row in rows {
            let guard = row.guard.clone();
            let key = Row { guard: Guard::default(), ..row };
            let group = *at.entry(key.clone()).or_insert_with(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
            groups[group].1.push(guard);
        }
        let unite = |(row, guards): (Row, Vec<Guard>)| {
            let guards = self.context.merge(guards);
            guards.into_iter().map(move |guard| Row { guard, ..row.clone() }).collect::<Vec<_>>()
        };
        groups.into_iter().flat_map(unite).collect()
    }

    fn step(&mut self, id: BlockId, mut state: State) {
        let program = self.program;
        let block = &program.blocks[id.index()];
        for op in &block.ops {
            let hides = hides_lengths(op);
            if !hides {
                self.op(&mut state, op);
            }
            if hides || is_overgrown(&state, op) {
                self.exhausted = true;
                return self.finish(state, RowEnd::Unmodelled);
            }
        }
        let at = InstrId { block: id, index: block.ops.len() as u32 };
        match &block.end {
            End::Goto(next) => self.go(*next, state),
            End::If(cond, yes, no) => self.branch(&state, cond, *yes, *no),
            End::Switch { on, arms, default } => self.switch(&state, on, arms, *default),
            End::Match { table, keys, row, hit, miss } => self.look_in_table(state, *table, keys, *row, *hit, *miss),
            End::Lookup { map, index, keys, cell, hit, miss } => {
                self.look_up(state, (*map, *index), keys, *cell, (*hit, *miss))
            }
            End::Insert { map, values, cell, ok, full, clash, clash_handled: _ } => {
                self.insert(state, *map, values, *cell, [*ok, *full, *clash])
            }
            End::Choose { choice, slot, lo, hi, free, resolver: _, ok, none } => {
                self.choose(state, (*choice, *slot), (*lo, *hi), free.as_ref(), (*ok, *none))
            }
            End::Fork(arms) => self.fork(&state, id, arms),
            End::Forward(port) => self.forward(state, *port),
            End::Drop(reason) => self.finish(state, RowEnd::Dropped(reason.clone(), at)),
            End::Check { cond, kind, ok } => self.check(&state, cond, *kind, *ok, at),
        }
    }

    fn op(&mut self, state: &mut State, op: &Op) {
        match op {
            Op::Set(Place::Field(field), expr) => {
                let value = state.eval(self.program, expr);
                state.set_field(*field, value);
            }
            Op::Set(Place::Slot(slot), expr) => state.slots[slot.index()] = state.eval(self.program, expr),
            Op::Push(header) => state.push(*header),
            Op::Pop(header) => state.pop(*header),
            Op::Nest => state.nest(),
            Op::Unnest => state.unnest(),
            Op::Touch(_) => {}
            Op::Remove(cell) => self.remove(state, *cell),
            Op::Update(cell, column, value) => self.update(state, *cell, *column, value),
        }
    }

    /// A column of an entry is written: the entry keeps the invariant, or else that is to be reported.
    fn update(&mut self, state: &mut State, cell: CellId, column: u16, value: &Expr) {
        let map = self.program.cells[cell.index()].map;
        let decl = &self.program.maps[map.index()];
        let value = state.eval(self.program, value);
        if state.cell(cell, column) == value {
            return;
        }
        let columns = update(state, decl, cell, column, &value);
        let keeps = invariant(decl, &columns);
        for guard in self.context.split(&state.guard, &keeps).1 {
            let row = row_of(state.with_guard(guard), RowEnd::Breaks(map));
            self.breaks.push(row);
        }
    }

    /// From here on the entry is gone. One that is gone already stays so.
    fn remove(&self, state: &mut State, cell: CellId) {
        let map = self.program.cells[cell.index()].map;
        let Cell { columns, from, .. } = state.cells[cell.index()].clone();
        let removed = Stored { map, columns };
        match from {
            Some(Origin::Added(at)) => drop(state.facts.lost.insert(at)),
            Some(Origin::Found(_)) | None if state.facts.removed.contains(&removed) => {}
            Some(Origin::Found(_)) | None => state.facts.removed.push(removed),
        }
    }

    fn branch(&mut self, state: &State, cond: &Cond, yes: BlockId, no: BlockId) {
        let cond = state.cond(self.program, cond);
        let (holding, failing) = self.context.split(&state.guard, &cond);
        self.go_all(yes, state, holding);
        self.go_all(no, state, failing);
    }

    fn switch(&mut self, state: &State, on: &Expr, arms: &[(u128, BlockId)], default: BlockId) {
        let on = state.eval(self.program, on);
        let mut rest = vec![state.guard.clone()];
        for (value, block) in arms {
            let cond = SymCond::is_in(on.clone(), IntervalSet::single(*value));
            let mut next = Vec::new();
            for guard in rest {
                let (yes, no) = self.context.split(&guard, &cond);
                self.go_all(*block, state, yes);
                next.extend(no);
            }
            rest = next;
        }
        self.go_all(default, state, rest);
    }

    fn look_in_table(
        &mut self,
        mut state: State,
        table: TableId,
        keys: &[Expr],
        row: RowId,
        hit: BlockId,
        miss: BlockId,
    ) {
        let keys: Vec<Sym> = keys.iter().map(|k| state.eval(self.program, k)).collect();
        let Some(data) = self.tables.get(table.index()) else {
            return self.finish(state, RowEnd::Assumption);
        };
        let (program, data) = (self.program, Arc::clone(data));
        let found = self.classes.entry(table).or_insert_with(|| Arc::new(classes(program, table, &data)));
        let mut rest = vec![state.guard.clone()];
        for class in Arc::clone(found).iter() {
            let cond = class.condition(&keys);
            let mut next = Vec::new();
            for guard in rest {
                let (yes, no) = self.context.split(&guard, &cond);
                next.extend(no);
                let Some(data) = &class.data else {
                    self.go_all(miss, &state, yes);
                    continue;
                };
                state.rows[row.index()].clone_from(data);
                self.go_all(hit, &state, yes);
            }
            rest = next;
        }
        state.rows[row.index()].clear();
        self.go_all(miss, &state, rest);
    }

    fn look_up(
        &mut self,
        state: State,
        (map, index): (MapId, u16),
        keys: &[Expr],
        cell: CellId,
        (hit, miss): (BlockId, BlockId),
    ) {
        let keys: Vec<Sym> = keys.iter().map(|k| state.eval(self.program, k)).collect();
        let decl = self.maps[map.index()].clone();
        for (mut found, entry) in present(&mut self.context, &state, (map, &decl), index, &keys) {
            found.cells[cell.index()] = entry;
            self.go(hit, found);
        }
        for missing in absent(&mut self.context, state, (map, &decl), index, &keys) {
            self.go(miss, missing);
        }
    }

    /// The first index whose key is taken makes it clash.
    fn insert(&mut self, state: State, map: MapId, values: &[Expr], cell: CellId, [ok, full, clash]: [BlockId; 3]) {
        let columns: Vec<Sym> = values.iter().map(|v| state.eval(self.program, v)).collect();
        let decl = self.maps[map.index()].clone();
        let mut free = vec![state];
        for index in 0..decl.indexes() {
            let keys = key_of(&decl, index, &columns);
            for state in std::mem::take(&mut free) {
                for (taken, _) in present(&mut self.context, &state, (map, &decl), index, &keys) {
                    self.go(clash, taken);
                }
                free.extend(absent(&mut self.context, state, (map, &decl), index, &keys));
            }
        }
        for state in free {
            self.make_room(state, (map, &decl), &columns, cell, [ok, full]);
        }
    }

    fn make_room(
        &mut self,
        mut state: State,
        (map, decl): (MapId, &MapDecl),
        columns: &[Sym],
        cell: CellId,
        [ok, full]: [BlockId; 2],
    ) {
        let room = state.variable(VarKind::Full { map, ordinal: state.inserts }, 1);
        let full_now = SymCond::is_in(Sym::Var(room), IntervalSet::single(1));
        let guard = state.guard.clone();
        let (no_room, guards) = match (never_full(decl), is_full(&state, map, decl)) {
            (true, _) => (Vec::new(), vec![guard]),
            (false, true) => (vec![guard], Vec::new()),
            (false, false) => self.context.split(&guard, &full_now),
        };
        state.inserts += 1;
        let mut refused = state.clone();
        refused.facts.full.insert(map);
        self.go_all(full, &refused, no_room);
        for guard in guards {
            self.added(state.with_guard(guard), map, columns, cell, ok);
        }
    }

    /// The entry is added: it keeps the invariant, or else that is to be reported.
    fn added(&mut self, mut state: State, map: MapId, columns: &[Sym], cell: CellId, ok: BlockId) {
        let keeps = invariant(&self.program.maps[map.index()], columns);
        let from = Some(Origin::Added(state.facts.added.len()));
        state.cells[cell.index()] = Cell { map, columns: columns.to_vec(), from };
        state.facts.added.push(Stored { map, columns: columns.to_vec() });
        let (keeping, breaking) = self.context.split(&state.guard, &keeps);
        for guard in &breaking {
            let row = row_of(state.with_guard(guard.clone()), RowEnd::Breaks(map));
            self.breaks.push(row);
        }
        self.go_all(ok, &state, keeping);
        self.go_all(ok, &state, breaking);
    }

    fn choose(
        &mut self,
        state: State,
        (choice, slot): (ChoiceId, SlotId),
        (lo, hi): (u128, u128),
        free: Option<&Free>,
        (ok, none): (BlockId, BlockId),
    ) {
        let width = self.program.slots[slot.index()].width;
        let var = state.variable(VarKind::Choice(choice), width);
        let legal = SymCond::is_in(Sym::Var(var), IntervalSet::range(lo, hi));
        let Some(free) = free else {
            if lo > hi {
                return self.go(none, state);
            }
            let guards = self.context.assume(&state.guard, &legal);
            return guards.into_iter().for_each(|guard| self.chosen(state.with_guard(guard), var, slot, ok));
        };
        let decl = self.maps[free.map.index()].clone();
        self.none_free(&state, choice, (free.map, decl.capacity), (lo, hi), none);
        let some_free = SymCond::is_in(none_free(&state, choice), IntervalSet::single(0));
        let keys = free.keys.iter().map(|k| k.as_ref().map_or(Sym::Var(var), |k| state.eval(self.program, k)));
        let keys: Vec<Sym> = keys.collect();
        for guard in self.context.assume(&state.guard, &SymCond::all([some_free, legal])) {
            for state in absent(&mut self.context, state.with_guard(guard), (free.map, &decl), free.index, &keys) {
                self.chosen(state, var, slot, ok);
            }
        }
    }

    /// No value is free. By the pigeonhole principle, a map with fewer places than there are values leaves one free.
    fn none_free(
        &mut self,
        state: &State,
        choice: ChoiceId,
        (map, capacity): (MapId, u64),
        (lo, hi): (u128, u128),
        none: BlockId,
    ) {
        if lo <= hi && u128::from(capacity) <= hi - lo {
            return;
        }
        let is_none = SymCond::is_in(none_free(state, choice), IntervalSet::single(1));
        let mut refused = state.clone();
        refused.facts.full.insert(map);
        let guards = self.context.assume(&state.guard, &is_none);
        self.go_all(none, &refused, guards);
    }

    fn chosen(&mut self, mut state: State, var: Var, slot: SlotId, ok: BlockId) {
        state.slots[slot.index()] = Sym::Var(var);
        state.facts.choices.push(var);
        self.go(ok, state);
    }

    fn fork(&mut self, state: &State, id: BlockId, arms: &[BlockId]) {
        let world = world(&state.facts);
        for (arm, block) in (0u32..).zip(arms) {
            let mut copy = state.clone();
            copy.copy.push(Arm { fork: id, of: arms.len() as u32, arm, world });
            self.go(*block, copy);
        }
    }

    /// Leaves, unless the next parser would see headers that the state does not know of.
    fn forward(&mut self, state: State, port: PortId) {
        let known = self.program.ports[port.index()].stack.known;
        let hides = misread(state.entry_shape, state.shape, known, &|field| state.field(field));
        let (hidden, plain) = self.context.split(&state.guard, &hides);
        for guard in plain {
            self.finish(state.with_guard(guard), RowEnd::Egress(port));
        }
        for guard in hidden {
            self.finish(state.with_guard(guard), RowEnd::Unmodelled);
        }
    }

    fn check(&mut self, state: &State, cond: &Cond, kind: CheckKind, ok: BlockId, at: InstrId) {
        let cond = state.cond(self.program, cond);
        let (holding, failing) = self.context.split(&state.guard, &cond);
        self.go_all(ok, state, holding);
        for guard in failing {
            let end = match kind {
                CheckKind::Assert => RowEnd::Dropped(Reason::Assertion, at),
                CheckKind::Assume => RowEnd::Assumption,
            };
            self.finish(state.with_guard(guard), end);
        }
    }

    fn finish(&mut self, state: State, end: RowEnd) {
        self.rows.push(row_of(state, end));
    }
}

/// Whether no value is free for a choice.
fn none_free(state: &State, choice: ChoiceId) -> Sym {
    Sym::Var(state.variable(VarKind::NoFree(choice), 1))
}

/// Whether an operation has made a value so large that going on would take for ever.
fn is_overgrown(state: &State, op: &Op) -> bool {
    match op {
        Op::Set(Place::Field(field), _) => state.field(*field).is_overgrown(),
        Op::Set(Place::Slot(slot), _) => state.slots[slot.index()].is_overgrown(),
        Op::Update(cell, column, _) => state.cell(*cell, *column).is_overgrown(),
        Op::Push(_) | Op::Pop(_) | Op::Nest | Op::Unnest | Op::Touch(_) | Op::Remove(_) => false,
    }
}

/// A name for what has been met so far; equal for equal facts, in every run.
pub fn world(facts: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    facts.hash(&mut hasher);
    hasher.finish()
}

/// Whether something the state does not know of goes with a header: the options of TCP.
fn hides_lengths(op: &Op) -> bool {
    matches!(op, Op::Pop(header) if header.layout() == Layout::Tcp)
}

fn row_of(state: State, end: RowEnd) -> Row {
    let State { guard, shape, carried, theta, copy, facts, .. } = state;
    Row { guard, theta, shape, carried, end, copy, facts }
}
