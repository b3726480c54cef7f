//! One visit: a packet, from the port of a part by which it enters to where its copies leave or end.

use crate::choose::{Choice, Legal, choose};
use crate::eval::Env;
use crate::field::Field;
use crate::header::HeaderKind;
use crate::lookup::TableIndex;
use crate::network::{Part, PartId};
use crate::origin::InstrId;
use crate::packet::{Packet, Time};
use crate::program::{
    BlockId, Bv, CellId, CheckKind, ChoiceId, Cond, End, Expr, MapId, Op, Place, PortId, Program, Reason, RowId,
    SlotId, TableId,
};
use crate::store::{EntryId, Inserted, Store};
use crate::tape::{Decision, TapeError};

/// What one copy of a packet did in a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Which copy: the arm taken at each fork.
    pub copy: Vec<u32>,
    /// The packet at the end.
    pub packet: Packet,
    /// How the visit ended.
    pub end: VisitEnd,
    /// The ends of the blocks it went through, in order.
    pub steps: Vec<Step>,
}

/// How a visit ends for one copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitEnd {
    /// It leaves through a port.
    Forward(PortId),
    /// It is dropped.
    Dropped(Reason),
    /// The program was asked something only a specification may leave open.
    ModelError(ModelError),
}

/// Why a run says nothing about the real network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum ModelError {
    /// An assumption of the program does not hold.
    #[error("an assumption does not hold")]
    Assumption,
    /// Nothing says how to decide a choice.
    #[error("choice without resolver")]
    Resolver,
    /// The part was given no data for a table.
    #[error("a table without data")]
    Table,
}

/// A block's end that was carried out. The block's operations were, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The end.
    pub at: InstrId,
    /// What came of it.
    pub took: Took,
}

/// What came of a block's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// `Goto`.
    Went,
    /// `If`, or a check: whether the condition held.
    Held(bool),
    /// `Switch`: which arm; none is the default.
    Arm(Option<usize>),
    /// `Match`: which row, if any.
    Row(Option<usize>),
    /// `Lookup`: whether there was an entry.
    Found(bool),
    /// `Insert`: added.
    Added,
    /// `Insert`: clashed.
    Clashed,
    /// `Insert`: the map was full; or `Choose`: no value was free in it.
    Full(MapId),
    /// `Choose`: this value.
    Chose(ChoiceId, u128),
    /// `Choose` among no values at all.
    NoValue,
    /// `Fork`: which arm this copy is.
    Copy(u32),
    /// `Forward` or `Drop`, or an end that could not be carried out.
    Ended,
}

/// A part made ready to run: its program, and its tables with their indexes.
pub(crate) struct Machine<'n> {
    pub(crate) part: &'n Part,
    indexes: Vec<TableIndex>,
    /// Whether the program looks at the clock.
    pub(crate) reads_clock: bool,
}

impl<'n> Machine<'n> {
    pub(crate) fn new(part: &'n Part) -> Machine<'n> {
        let indexes = part.program.tables.iter().zip(&part.tables).map(|(decl, data)| TableIndex::new(decl, data));
        Machine { part, indexes: indexes.collect(), reads_clock: part.program.reads_clock() }
    }

    fn program(&self) -> &'n Program {
        &self.part.program
    }
}

/// What all copies in a run share.
pub(crate) struct Shared<'r> {
    pub(crate) now: Time,
    /// Values for choices still to come; none to ask the resolvers.
    pub(crate) tape: Option<std::slice::Iter<'r, u128>>,
    /// Values for choices by where they are made; takes the place of the tape.
    pub(crate) decisions: Option<&'r [Decision]>,
    /// Which copy makes the visit under way.
    pub(crate) path: Vec<u32>,
    /// How many visits it has made before.
    pub(crate) hop: usize,
    /// Which part is visited.
    pub(crate) part: PartId,
    /// Values chosen so far.
    pub(crate) chosen: Vec<u128>,
    /// By which choices.
    pub(crate) chosen_by: Vec<(PartId, ChoiceId)>,
}

/// One copy under way.
#[derive(Clone)]
struct Copy<'v> {
    machine: &'v Machine<'v>,
    now: Time,
    packet: Packet,
    slots: Vec<u128>,
    cells: Vec<Option<(EntryId, Vec<u128>)>>,
    rows: Vec<Option<usize>>,
    copy: Vec<u32>,
    steps: Vec<Step>,
}

/// Where a block's end leads.
enum Next {
    Block(BlockId, Took),
    Fork(Vec<BlockId>),
    Stop(VisitEnd),
}

/// Runs one visit that begins at a block; the copies come out depth first, first arms first.
pub(crate) fn visit(
    machine: &Machine<'_>,
    entry: BlockId,
    packet: Packet,
    store: &mut Store,
    shared: &mut Shared<'_>,
) -> Result<Vec<Branch>, TapeError> {
    let program = machine.program();
    let first = Copy {
        machine,
        now: shared.now,
        packet,
        slots: vec![0; program.slots.len()],
        cells: vec![None; program.cells.len()],
        rows: vec![None; program.rows.len()],
        copy: Vec::new(),
        steps: Vec::new(),
    };
    let mut open = vec![(first, entry)];
    let mut done = Vec::new();
    while let Some((copy, block)) = open.pop() {
        follow(copy, block, store, shared, &mut open, &mut done)?;
    }
    Ok(done)
}

/// Follows one copy to its end, or to a fork, whose arms it opens.
fn follow<'v>(
    mut copy: Copy<'v>,
    mut block: BlockId,
    store: &mut Store,
    shared: &mut Shared<'_>,
    open: &mut Vec<(Copy<'v>, BlockId)>,
    done: &mut Vec<Branch>,
) -> Result<(), TapeError> {
    let program = copy.machine.program();
    loop {
        let ops = &program.blocks[block.index()].ops;
        ops.iter().for_each(|op| copy.carry_out(op, store));
        let at = InstrId { block, index: ops.len() as u32 };
        match copy.finish(&program.blocks[block.index()].end, store, shared)? {
            Next::Block(next, took) => {
                copy.steps.push(Step { at, took });
                block = next;
            }
            Next::Fork(arms) => {
                open.extend(
                    (0..).zip(arms).map(|(arm, next)| (copy.arm(at, arm), next)).collect::<Vec<_>>().into_iter().rev(),
                );
                return Ok(());
            }
            Next::Stop(end) => {
                copy.steps.push(Step { at, took: Took::Ended });
                done.push(Branch { copy: copy.copy, packet: copy.packet, end, steps: copy.steps });
                return Ok(());
            }
        }
    }
}

impl<'v> Copy<'v> {
    /// The copy that goes on in an arm of a fork.
    fn arm(&self, at: InstrId, arm: u32) -> Copy<'v> {
        let mut copy = self.clone();
        copy.copy.push(arm);
        copy.steps.push(Step { at, took: Took::Copy(arm) });
        copy
    }

    fn carry_out(&mut self, op: &Op, store: &mut Store) {
        match op {
            Op::Set(Place::Field(field), value) => {
                let value = value.eval(self).value;
                if field.is_writable() {
                    self.packet.set(*field, value);
                }
            }
            Op::Set(Place::Slot(slot), value) => self.slots[slot.index()] = value.eval(self).value,
            Op::Push(header) => self.packet.push(*header),
            Op::Pop(header) => self.packet.pop(*header),
            Op::Nest => self.packet.nest(),
            Op::Unnest => self.packet.unnest(),
            Op::Touch(cell) => self.with_entry(*cell, |map, id| store.map_mut(map).touch(id, self.now)),
            Op::Remove(cell) => self.with_entry(*cell, |map, id| store.map_mut(map).remove(id)),
            Op::Update(cell, column, value) => {
                let value = value.eval(self).value;
                self.with_entry(*cell, |map, id| store.map_mut(map).update(id, *column, value));
                self.tell(*cell, *column, value);
            }
        }
    }

    /// Lets all names of an entry see what was written to it.
    fn tell(&mut self, cell: CellId, column: u16, value: u128) {
        let program = self.machine.program();
        let map = program.cells[cell.index()].map;
        let Some(id) = self.cells[cell.index()].as_ref().map(|(id, _)| *id) else { return };
        for (_, bound) in program.cells.iter().zip(&mut self.cells).filter(|(decl, _)| decl.map == map) {
            if let Some((own, columns)) = bound
                && *own == id
            {
                columns[usize::from(column)] = value;
            }
        }
    }

    fn with_entry(&self, cell: CellId, then: impl FnOnce(MapId, EntryId)) {
        if let Some((id, _)) = &self.cells[cell.index()] {
            then(self.machine.program().cells[cell.index()].map, *id);
        }
    }

    fn finish(&mut self, end: &End, store: &mut Store, shared: &mut Shared<'_>) -> Result<Next, TapeError> {
        Ok(match end {
            End::Goto(next) => Next::Block(*next, Took::Went),
            End::If(cond, yes, no) => {
                let held = cond.holds(self);
                Next::Block(if held { *yes } else { *no }, Took::Held(held))
            }
            End::Switch { on, arms, default } => switch(on.eval(self).value, arms, *default),
            End::Match { table, keys, row, hit, miss } => self.match_row(*table, keys, *row, *hit, *miss),
            End::Lookup { map, index, keys, cell, hit, miss } => {
                let found = store.map(*map).lookup(*index, &self.values(keys));
                self.bind(*cell, *map, found, store);
                Next::Block(if found.is_some() { *hit } else { *miss }, Took::Found(found.is_some()))
            }
            End::Insert { map, values, cell, ok, full, clash, clash_handled: _ } => {
                let inserted = store.map_mut(*map).insert(self.values(values), shared.now);
                self.bind(*cell, *map, inserted.id(), store);
                match inserted {
                    Inserted::Ok(_) => Next::Block(*ok, Took::Added),
                    Inserted::Full => Next::Block(*full, Took::Full(*map)),
                    Inserted::Clash => Next::Block(*clash, Took::Clashed),
                }
            }
            End::Choose { choice, slot, lo, hi, free, resolver, ok, none } => {
                let legal = Legal::new(*lo, *hi, free.as_ref(), store, self);
                match choose(*choice, &legal, resolver.as_ref(), (&*self, &self.copy), shared)? {
                    Choice::Value(value) => {
                        self.slots[slot.index()] = value;
                        Next::Block(*ok, Took::Chose(*choice, value))
                    }
                    Choice::NoValue => Next::Block(*none, free.as_ref().map_or(Took::NoValue, |f| Took::Full(f.map))),
                    Choice::Undecided => Next::Stop(VisitEnd::ModelError(ModelError::Resolver)),
                }
            }
            End::Fork(arms) => Next::Fork(arms.clone()),
            End::Forward(port) => Next::Stop(VisitEnd::Forward(*port)),
            End::Drop(reason) => Next::Stop(VisitEnd::Dropped(reason.clone())),
            End::Check { cond, kind, ok } => self.check(cond, *kind, *ok),
        })
    }

    fn match_row(&mut self, table: TableId, keys: &[Expr], row: RowId, hit: BlockId, miss: BlockId) -> Next {
        let Some(index) = self.machine.indexes.get(table.index()) else {
            return Next::Stop(VisitEnd::ModelError(ModelError::Table));
        };
        let found = index.lookup(&self.values(keys));
        self.rows[row.index()] = found;
        Next::Block(if found.is_some() { hit } else { miss }, Took::Row(found))
    }

    fn check(&self, cond: &Cond, kind: CheckKind, ok: BlockId) -> Next {
        match kind {
            _ if cond.holds(self) => Next::Block(ok, Took::Held(true)),
            CheckKind::Assert => Next::Stop(VisitEnd::Dropped(Reason::Assertion)),
            CheckKind::Assume => Next::Stop(VisitEnd::ModelError(ModelError::Assumption)),
        }
    }

    fn bind(&mut self, cell: CellId, map: MapId, found: Option<EntryId>, store: &Store) {
        let entry = |id| store.map(map).entry(id).map(|e| (id, e.columns.clone()));
        self.cells[cell.index()] = found.and_then(entry);
    }

    fn values(&self, exprs: &[Expr]) -> Vec<u128> {
        exprs.iter().map(|e| e.eval(self).value).collect()
    }
}

fn switch(value: u128, arms: &[(u128, BlockId)], default: BlockId) -> Next {
    match arms.iter().position(|arm| arm.0 == value) {
        Some(arm) => Next::Block(arms[arm].1, Took::Arm(Some(arm))),
        None => Next::Block(default, Took::Arm(None)),
    }
}

impl Env for Copy<'_> {
    fn field(&self, field: Field) -> Bv {
        debug_assert!(self.packet.has(field.header), "a well-formed program reads {field} only where it is");
        Bv::new(field.width(), self.packet.get(field))
    }

    fn slot(&self, slot: SlotId) -> Bv {
        Bv::new(self.machine.program().slots[slot.index()].width, self.slots[slot.index()])
    }

    fn cell(&self, cell: CellId, column: u16) -> Bv {
        let program = self.machine.program();
        let width = program.maps[program.cells[cell.index()].map.index()].column(column).1;
        debug_assert!(
            self.cells[cell.index()].is_some(),
            "a well-formed program reads an entry only where it is bound"
        );
        let value = self.cells[cell.index()].as_ref().map_or(0, |(_, columns)| columns[usize::from(column)]);
        Bv::new(width, value)
    }

    fn row(&self, row: RowId, column: u16) -> Bv {
        debug_assert!(self.rows[row.index()].is_some(), "a well-formed program reads a row only where it is bound");
        let table = self.machine.program().rows[row.index()].table.index();
        let width = self.machine.program().tables[table].data[usize::from(column)].1;
        let value =
            self.rows[row.index()].map_or(0, |r| self.machine.part.tables[table].rows[r].data[usize::from(column)]);
        Bv::new(width, value)
    }

    fn now(&self) -> u64 {
        self.now.0
    }

    fn has(&self, header: HeaderKind) -> bool {
        self.packet.has(header)
    }
}
