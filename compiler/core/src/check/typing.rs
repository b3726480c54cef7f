//! One instruction at a time: every name names something, widths agree, edges go forward.

use super::{Fault, Problem};
use crate::field::Field;
use crate::origin::InstrId;
use crate::program::{
    BlockId, Bv, CellId, ChoiceId, Cond, End, Expr, Free, HASH_WIDTH, MapDecl, MapId, MatchKind, Op, Place, Program,
    Resolver, RowId, SlotId, TIME_WIDTH, TableDecl, TableId, mask,
};

pub(super) fn check(program: &Program) -> Vec<Fault> {
    let mut typing = Typing { program, at: None, map: None, faults: Vec::new() };
    typing.declarations();
    if typing.faults.is_empty() {
        typing.blocks();
    }
    typing.faults
}

struct Typing<'p> {
    program: &'p Program,
    at: Option<InstrId>,
    /// The map whose invariant is being looked at.
    map: Option<&'p MapDecl>,
    faults: Vec<Fault>,
}

impl<'p> Typing<'p> {
    fn fault(&mut self, problem: Problem) {
        self.faults.push(Fault { at: self.at, problem });
    }

    fn declarations(&mut self) {
        let program = self.program;
        self.arity("entries", program.ports.len(), program.entry.len());
        for entry in program.entry.iter().flatten() {
            self.known("block", entry.0.into(), program.blocks.len());
        }
        program.slots.iter().for_each(|slot| self.is_width(slot.width));
        program.choices.iter().for_each(|choice| self.is_width(choice.width));
        program.cells.iter().for_each(|cell| self.known("map", cell.map.0.into(), program.maps.len()));
        program.rows.iter().for_each(|row| self.known("table", row.table.0.into(), program.tables.len()));
        program.tables.iter().for_each(|table| self.table(table));
        program.maps.iter().for_each(|map| self.map(map));
    }

    fn table(&mut self, table: &TableDecl) {
        table.keys.iter().for_each(|key| self.is_width(key.1));
        table.data.iter().for_each(|data| self.is_width(data.1));
        let prefixes = table.keys.iter().filter(|k| k.2 == MatchKind::Lpm).count();
        if prefixes > 1 {
            self.fault(Problem::Prefixes(prefixes));
        }
    }

    fn map(&mut self, map: &'p MapDecl) {
        map.key.iter().chain(&map.value).for_each(|column| self.is_width(column.1));
        for column in map.unique.iter().flatten() {
            self.known("column", (*column).into(), map.columns().into());
        }
        self.map = Some(map);
        self.cond(&map.invariant);
        self.map = None;
    }

    fn blocks(&mut self) {
        let program = self.program;
        for (block, body) in (0..).map(BlockId).zip(&program.blocks) {
            for (index, op) in (0..).zip(&body.ops) {
                self.at = Some(InstrId { block, index });
                self.op(op);
            }
            self.at = Some(InstrId { block, index: body.ops.len() as u32 });
            self.end(&body.end);
            body.end.targets().into_iter().for_each(|to| self.edge(block, to));
        }
    }

    fn edge(&mut self, from: BlockId, to: BlockId) {
        if to <= from {
            self.fault(Problem::Backwards(to));
        }
        self.known("block", to.0.into(), self.program.blocks.len());
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Set(place, value) => {
                let found = self.expr(value);
                let expected = self.place(*place);
                self.equal(expected, found);
            }
            Op::Push(_) | Op::Pop(_) | Op::Nest | Op::Unnest => {}
            Op::Touch(cell) | Op::Remove(cell) => {
                self.cell(*cell);
            }
            Op::Update(cell, column, value) => {
                let found = self.expr(value);
                let expected = self.cell_column(*cell, *column);
                self.equal(expected, found);
                let map = self.cell(*cell).map(|map| &self.program.maps[map.index()]);
                if expected.is_some() && map.is_some_and(|map| !map.is_mutable(*column)) {
                    self.fault(Problem::Immutable(*column));
                }
            }
        }
    }

    fn place(&mut self, place: Place) -> Option<u16> {
        match place {
            Place::Slot(slot) => self.slot(slot),
            Place::Field(field) => {
                if !field.is_writable() {
                    self.fault(Problem::Derived(field));
                }
                Some(field.width())
            }
        }
    }

    fn end(&mut self, end: &End) {
        match end {
            End::Goto(_) | End::Drop(_) => {}
            End::If(cond, _, _) | End::Check { cond, .. } => self.cond(cond),
            End::Switch { on, arms, .. } => self.switch(on, arms),
            End::Match { table, keys, row, .. } => self.match_row(*table, keys, *row),
            End::Lookup { map, index, keys, cell, .. } => {
                let widths = self.index(*map, *index);
                self.keys(widths, keys);
                self.own_cell(*cell, *map);
            }
            End::Insert { map, values, cell, .. } => {
                let widths = self.map_decl(*map).map(|m| (0..m.columns()).map(|c| m.column(c).1).collect());
                self.keys(widths, values);
                self.own_cell(*cell, *map);
            }
            End::Choose { choice, slot, lo, hi, free, resolver, .. } => {
                let width = self.choice(*choice, *slot);
                width
                    .into_iter()
                    .for_each(|width| [*lo, *hi].iter().for_each(|v| self.constant(Bv { width, value: *v })));
                free.iter().for_each(|free| self.free(free, width));
                resolver.iter().for_each(|resolver| self.resolver(resolver));
            }
            End::Fork(arms) if arms.is_empty() => self.fault(Problem::NoArms),
            End::Fork(_) => {}
            End::Forward(port) => self.known("port", port.0.into(), self.program.ports.len()),
        }
    }

    fn match_row(&mut self, table: TableId, keys: &[Expr], row: RowId) {
        self.known("table", table.0.into(), self.program.tables.len());
        let widths = self.program.tables.get(table.index()).map(|t| t.keys.iter().map(|k| k.1).collect());
        self.keys(widths, keys);
        if self.row(row).is_some_and(|r| self.program.rows[r].table != table) {
            self.fault(Problem::Foreign("table"));
        }
    }

    /// The width of a choice, and of the variable that takes it.
    fn choice(&mut self, choice: ChoiceId, slot: SlotId) -> Option<u16> {
        self.known("choice", choice.0.into(), self.program.choices.len());
        let width = self.program.choices.get(choice.index()).map(|c| c.width);
        let slot = self.slot(slot);
        self.equal(width, slot);
        width
    }

    fn switch(&mut self, on: &Expr, arms: &[(u128, BlockId)]) {
        if let Some(width) = self.expr(on) {
            arms.iter().for_each(|arm| self.constant(Bv { width, value: arm.0 }));
        }
        if !arms.is_sorted_by(|a, b| a.0 < b.0) {
            self.fault(Problem::Unordered);
        }
    }

    fn free(&mut self, free: &Free, choice: Option<u16>) {
        let open = free.keys.iter().filter(|k| k.is_none()).count();
        if open != 1 {
            self.fault(Problem::Open(open));
        }
        let Some(widths) = self.index(free.map, free.index) else { return };
        self.arity("keys", widths.len(), free.keys.len());
        for (width, key) in widths.into_iter().zip(&free.keys) {
            let found = key.as_ref().map_or(choice, |k| self.expr(k));
            self.equal(Some(width), found);
        }
    }

    fn resolver(&mut self, resolver: &Resolver) {
        match resolver {
            Resolver::First | Resolver::LeastRecentlyFreed => {}
            Resolver::Hash(exprs) => exprs.iter().for_each(|e| {
                self.expr(e);
            }),
        }
    }

    fn keys(&mut self, widths: Option<Vec<u16>>, keys: &[Expr]) {
        let found: Vec<Option<u16>> = keys.iter().map(|k| self.expr(k)).collect();
        let Some(widths) = widths else { return };
        self.arity("keys", widths.len(), keys.len());
        widths.into_iter().zip(found).for_each(|(width, found)| self.equal(Some(width), found));
    }

    /// The widths of an index's columns.
    fn index(&mut self, map: MapId, index: u16) -> Option<Vec<u16>> {
        let decl = self.map_decl(map)?;
        self.known("index", index.into(), decl.indexes().into());
        (index < decl.indexes()).then(|| decl.index_columns(index).into_iter().map(|c| decl.column(c).1).collect())
    }

    fn map_decl(&mut self, map: MapId) -> Option<&'p MapDecl> {
        self.known("map", map.0.into(), self.program.maps.len());
        self.program.maps.get(map.index())
    }

    fn own_cell(&mut self, cell: CellId, map: MapId) {
        if self.cell(cell).is_some_and(|own| own != map) {
            self.fault(Problem::Foreign("map"));
        }
    }

    /// The map of a cell.
    fn cell(&mut self, cell: CellId) -> Option<MapId> {
        self.known("cell", cell.0.into(), self.program.cells.len());
        self.program.cells.get(cell.index()).map(|c| c.map)
    }

    fn row(&mut self, row: RowId) -> Option<usize> {
        self.known("row", row.0.into(), self.program.rows.len());
        (row.index() < self.program.rows.len()).then_some(row.index())
    }

    fn slot(&mut self, slot: SlotId) -> Option<u16> {
        self.known("slot", slot.0.into(), self.program.slots.len());
        self.program.slots.get(slot.index()).map(|s| s.width)
    }

    fn cond(&mut self, cond: &Cond) {
        match cond {
            Cond::True | Cond::False => {}
            Cond::Cmp(_, a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                self.equal(a, b);
            }
            Cond::In(of, _) => {
                self.expr(of);
            }
            Cond::Has(_) => self.outside(),
            Cond::All(conds) | Cond::Any(conds) => conds.iter().for_each(|c| self.cond(c)),
            Cond::Not(cond) => self.cond(cond),
        }
    }

    /// The width of an expression, unless a fault hides it.
    fn expr(&mut self, expr: &Expr) -> Option<u16> {
        match expr {
            Expr::Const(bv) => {
                self.constant(*bv);
                Some(bv.width)
            }
            Expr::Field(field) => self.field(*field),
            Expr::Slot(slot) => {
                self.outside();
                self.slot(*slot)
            }
            Expr::Cell(cell, column) => self.cell_column(*cell, *column),
            Expr::Row(row, column) => self.row_column(*row, *column),
            Expr::Column(column, width) => self.column(*column, *width),
            Expr::Now => {
                self.outside();
                Some(TIME_WIDTH)
            }
            Expr::Not(of) | Expr::Shl(of, _) | Expr::Lshr(of, _) => self.expr(of),
            Expr::Bin(_, a, b) => self.both(a, b),
            Expr::Extract { hi, lo, of } => self.extract(*hi, *lo, of),
            Expr::Concat(a, b) => {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                self.width(u32::from(a) + u32::from(b))
            }
            Expr::Zext(width, of) => {
                let of = self.expr(of)?;
                if of > *width {
                    self.fault(Problem::Width { expected: *width, found: of });
                }
                self.width((*width).into())
            }
            Expr::Hash(of, _) => {
                of.iter().for_each(|e| {
                    self.expr(e);
                });
                Some(HASH_WIDTH)
            }
            Expr::Ite(cond, a, b) => {
                self.cond(cond);
                self.both(a, b)
            }
        }
    }

    fn cell_column(&mut self, cell: CellId, column: u16) -> Option<u16> {
        self.outside();
        let map = &self.program.maps[self.cell(cell)?.index()];
        self.known("column", column.into(), map.columns().into());
        (column < map.columns()).then(|| map.column(column).1)
    }

    fn row_column(&mut self, row: RowId, column: u16) -> Option<u16> {
        self.outside();
        let row = self.row(row)?;
        let table = &self.program.tables[self.program.rows[row].table.index()];
        self.known("column", column.into(), table.data.len());
        table.data.get(usize::from(column)).map(|d| d.1)
    }

    fn field(&mut self, field: Field) -> Option<u16> {
        self.outside();
        if !field.is_readable() {
            self.fault(Problem::Unreadable(field));
        }
        Some(field.width())
    }

    fn column(&mut self, column: u16, width: u16) -> Option<u16> {
        let Some(map) = self.map else {
            self.fault(Problem::OutsideInvariant);
            return None;
        };
        self.known("column", column.into(), map.columns().into());
        if column < map.columns() {
            self.equal(Some(map.column(column).1), Some(width));
        }
        Some(width)
    }

    fn extract(&mut self, hi: u16, lo: u16, of: &Expr) -> Option<u16> {
        let of = self.expr(of)?;
        if hi >= of {
            self.fault(Problem::Width { expected: hi.saturating_add(1), found: of });
        }
        self.width((u32::from(hi) + 1).saturating_sub(lo.into()))
    }

    fn both(&mut self, a: &Expr, b: &Expr) -> Option<u16> {
        let (a, b) = (self.expr(a), self.expr(b));
        self.equal(a, b);
        a.or(b)
    }

    fn outside(&mut self) {
        if self.map.is_some() {
            self.fault(Problem::InsideInvariant);
        }
    }

    fn constant(&mut self, bv: Bv) {
        self.is_width(bv.width);
        if bv.value > mask(bv.width) {
            self.fault(Problem::Constant(bv));
        }
    }

    fn is_width(&mut self, width: u16) {
        self.width(width.into());
    }

    fn width(&mut self, width: u32) -> Option<u16> {
        if !(1..=128).contains(&width) {
            self.fault(Problem::NoWidth(width));
            return None;
        }
        Some(width as u16)
    }

    fn equal(&mut self, expected: Option<u16>, found: Option<u16>) {
        if let (Some(expected), Some(found)) = (expected, found)
            && expected != found
        {
            self.fault(Problem::Width { expected, found });
        }
    }

    fn arity(&mut self, what: &'static str, expected: usize, found: usize) {
        if expected != found {
            self.fault(Problem::Arity { what, expected, found });
        }
    }

    fn known(&mut self, what: &'static str, index: u64, count: usize) {
        if index >= count as u64 {
            self.fault(Problem::Dangling(what, index));
        }
    }
}
