//! A symbolic state within a visit, and the evaluation of Core expressions in it.

use crate::carried::Carried;
use crate::entry::{entry_value, field_now, told};
use crate::guard::Guard;
use crate::row::{Arm, VisitFacts};
use crate::sym::{Sym, SymCond, Var, VarKind};
use rdcl_core::{CellId, Cond, Derivation, Expr, Field, HeaderKind, MapId, Program, Role, RowId, Shape, SlotId};
use std::collections::BTreeMap;

/// A set of circumstances that have taken the same way so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub guard: Guard,
    pub entry_shape: Shape,
    pub shape: Shape,
    /// Whose checksum errors it carries.
    pub carried: Carried,
    /// Fields whose value is not the entry's.
    pub theta: BTreeMap<Field, Sym>,
    pub slots: Vec<Sym>,
    pub cells: Vec<Cell>,
    pub rows: Vec<BTreeMap<u16, u128>>,
    pub copy: Vec<Arm>,
    pub facts: VisitFacts,
    /// How many inserts did not clash.
    pub inserts: u16,
}

/// A bound entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cell {
    pub map: MapId,
    /// Its columns when it got the name.
    pub columns: Vec<Sym>,
    /// Which entry it is; none while nothing is bound.
    pub from: Option<Origin>,
}

/// Where an entry is among the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Position in [`VisitFacts::added`].
    Added(usize),
    /// Position in [`VisitFacts::found`].
    Found(usize),
}

impl State {
    pub fn new(program: &Program, shape: Shape, guard: Guard) -> State {
        State {
            guard,
            entry_shape: shape,
            shape,
            carried: Carried::entry(shape),
            theta: BTreeMap::new(),
            slots: program.slots.iter().map(|s| Sym::constant(s.width, 0)).collect(),
            cells: vec![Cell::default(); program.cells.len()],
            rows: vec![BTreeMap::new(); program.rows.len()],
            copy: Vec::new(),
            facts: VisitFacts { clock: program.reads_clock(), ..VisitFacts::default() },
            inserts: 0,
        }
    }

    /// The same state with another guard.
    pub fn with_guard(&self, guard: Guard) -> State {
        State { guard, ..self.clone() }
    }

    /// Whether two states differ in their guards alone, and no copy of one is a sibling of the other.
    pub fn same_but_guard(&self, other: &State) -> bool {
        self.shape == other.shape
            && self.carried == other.carried
            && self.theta == other.theta
            && self.slots == other.slots
            && self.cells == other.cells
            && self.rows == other.rows
            && self.copy == other.copy
            && self.facts == other.facts
            && self.inserts == other.inserts
    }

    /// A variable of the visit. Each copy has its own for what it does after a fork.
    pub fn variable(&self, kind: VarKind, width: u16) -> Var {
        Var { packet: 0, visit: self.copy.len() as u32, kind, width }
    }

    pub fn field(&self, field: Field) -> Sym {
        field_now(self.entry_shape, self.shape, &self.theta, field)
    }

    pub fn set_field(&mut self, field: Field, value: Sym) {
        if self.entry_shape.has(field.header) && entry_value(self.entry_shape, field) == value {
            self.theta.remove(&field);
        } else {
            self.theta.insert(field, value);
        }
    }

    /// Adds a header with zero fields; a free next-protocol value moves to the new last header.
    pub fn push(&mut self, header: HeaderKind) {
        let announced = self.announced();
        self.shape = self.shape.with(header);
        for field in carried_fields(Shape::of(&[header])) {
            self.set_field(field, Sym::constant(field.width(), 0));
        }
        self.settle_next_protocols(announced);
        for header in [Some(header), self.shape.below(header).last()].into_iter().flatten() {
            let selector = header.selector().filter(|f| f.is_writable());
            if let Some((field, number)) = selector.and_then(|f| Some((f, told(self.shape, f)?))) {
                self.set_field(field, Sym::constant(field.width(), number));
            }
        }
    }

    /// Removes a header; a free next-protocol value of the last header stays with the packet.
    pub fn pop(&mut self, header: HeaderKind) {
        let announced = self.announced();
        self.shape = self.shape.without(header);
        self.carried = self.carried.without(header);
        self.theta.retain(|field, _| field.header != header);
        self.settle_next_protocols(announced);
    }

    /// Makes the packet the one in a tunnel.
    pub fn nest(&mut self) {
        self.change_level(self.shape.nested(), HeaderKind::inner);
        self.carried = self.carried.nested();
    }

    /// Takes the packet out of its tunnel.
    pub fn unnest(&mut self) {
        self.change_level(self.shape.unnested(), HeaderKind::outer);
        self.carried = self.carried.unnested();
    }

    fn change_level(&mut self, shape: Option<Shape>, to: impl Fn(HeaderKind) -> Option<HeaderKind>) {
        let Some(shape) = shape else { return };
        let values: Vec<(Field, Sym)> = carried_fields(self.shape).map(|field| (field, self.field(field))).collect();
        self.shape = shape;
        self.theta.clear();
        for (field, value) in values {
            if let Some(header) = to(field.header) {
                self.set_field(Field { header, ..field }, value);
            }
        }
    }

    /// What the last header announces, if it can announce anything.
    fn announced(&self) -> Option<Sym> {
        let field = self.shape.last()?.next_protocol()?;
        Some(self.field(field))
    }

    /// What the last header announced stays with the packet as long as the last header announces the same sort of
    /// number.
    fn settle_next_protocols(&mut self, announced: Option<Sym>) {
        for header in self.shape.headers() {
            let Some(field) = header.next_protocol() else { continue };
            let value = match told(self.shape, field) {
                Some(number) => Sym::constant(field.width(), number),
                None => {
                    let kept = announced.clone().filter(|value| value.width() == field.width());
                    kept.unwrap_or_else(|| Sym::constant(field.width(), 0))
                }
            };
            self.set_field(field, value);
        }
    }

    fn slot(&self, slot: SlotId) -> Sym {
        self.slots[slot.index()].clone()
    }

    pub fn cell(&self, cell: CellId, column: u16) -> Sym {
        let cell = &self.cells[cell.index()];
        let columns = match cell.from {
            Some(Origin::Added(at)) => &self.facts.added[at].columns,
            Some(Origin::Found(at)) => self.facts.changed.get(&at).unwrap_or(&cell.columns),
            None => &cell.columns,
        };
        columns.get(usize::from(column)).cloned().unwrap_or_else(|| Sym::constant(1, 0))
    }

    fn row(&self, program: &Program, row: RowId, column: u16) -> Sym {
        let table = program.rows[row.index()].table;
        let width = program.tables[table.index()].data[usize::from(column)].1;
        Sym::constant(width, self.rows[row.index()].get(&column).copied().unwrap_or(0))
    }

    /// The value of an expression.
    pub fn eval(&self, program: &Program, expr: &Expr) -> Sym {
        eval(
            expr,
            &|leaf| match leaf {
                Leaf::Field(field) => self.field(field),
                Leaf::Slot(slot) => self.slot(slot),
                Leaf::Cell(cell, column) => self.cell(cell, column),
                Leaf::Row(row, column) => self.row(program, row, column),
                Leaf::Column(_, width) => Sym::constant(width, 0),
                Leaf::Now => Sym::Var(Var::now()),
            },
            self.shape,
        )
    }

    /// A condition.
    pub fn cond(&self, program: &Program, cond: &Cond) -> SymCond {
        eval_cond(
            cond,
            &|leaf| match leaf {
                Leaf::Field(field) => self.field(field),
                Leaf::Slot(slot) => self.slot(slot),
                Leaf::Cell(cell, column) => self.cell(cell, column),
                Leaf::Row(row, column) => self.row(program, row, column),
                Leaf::Column(_, width) => Sym::constant(width, 0),
                Leaf::Now => Sym::Var(Var::now()),
            },
            self.shape,
        )
    }
}

/// Fields that have a value of their own, and those that announce what follows.
fn carried_fields(shape: Shape) -> impl Iterator<Item = Field> {
    shape.fields().filter(|field| match field.decl().role {
        Role::Plain | Role::HopLimit | Role::Derived(Derivation::NextProtocol) => true,
        Role::Derived(Derivation::Length | Derivation::Checksum | Derivation::Fixed(_)) => false,
    })
}

/// What an expression reads.
#[derive(Clone, Copy)]
pub enum Leaf {
    Field(Field),
    Slot(SlotId),
    Cell(CellId, u16),
    Row(RowId, u16),
    Column(u16, u16),
    Now,
}

/// The value of a Core expression, for any meaning of what it reads. A header that is not there reads as zero.
pub fn eval(expr: &Expr, read: &dyn Fn(Leaf) -> Sym, shape: Shape) -> Sym {
    let go = |e: &Expr| eval(e, read, shape);
    match expr {
        Expr::Const(c) => Sym::Const(*c),
        Expr::Field(f) => read(Leaf::Field(*f)),
        Expr::Slot(s) => read(Leaf::Slot(*s)),
        Expr::Cell(c, column) => read(Leaf::Cell(*c, *column)),
        Expr::Row(r, column) => read(Leaf::Row(*r, *column)),
        Expr::Column(column, width) => read(Leaf::Column(*column, *width)),
        Expr::Now => read(Leaf::Now),
        Expr::Not(a) => Sym::complement(go(a)),
        Expr::Bin(op, a, b) => Sym::bin(*op, go(a), go(b)),
        Expr::Shl(a, by) => Sym::shift_left(go(a), *by),
        Expr::Lshr(a, by) => Sym::shift_right(go(a), *by),
        Expr::Extract { hi, lo, of } => Sym::extract(go(of), *hi, *lo),
        Expr::Concat(a, b) => Sym::concat(go(a), go(b)),
        Expr::Zext(width, a) => Sym::zext(*width, go(a)),
        Expr::Hash(of, size) => Sym::hash(of.iter().map(go).collect(), *size),
        Expr::Ite(c, a, b) => match eval_cond(c, read, shape) {
            SymCond::True => go(a),
            SymCond::False => go(b),
            c => Sym::ite(c, go(a), go(b)),
        },
    }
}

/// A Core condition, for any meaning of what it reads; `All` and `Any` stop early where they can.
pub fn eval_cond(cond: &Cond, read: &dyn Fn(Leaf) -> Sym, shape: Shape) -> SymCond {
    match cond {
        Cond::True => SymCond::True,
        Cond::False => SymCond::False,
        Cond::Cmp(op, a, b) => SymCond::cmp(*op, eval(a, read, shape), eval(b, read, shape)),
        Cond::In(a, set) => SymCond::is_in(eval(a, read, shape), set.clone()),
        Cond::Has(header) => SymCond::from(shape.has(*header)),
        Cond::Not(c) => eval_cond(c, read, shape).negate(),
        Cond::All(conds) => {
            let mut met = Vec::new();
            for c in conds {
                match eval_cond(c, read, shape) {
                    SymCond::False => return SymCond::False,
                    c => met.push(c),
                }
            }
            SymCond::all(met)
        }
        Cond::Any(conds) => {
            let mut met = Vec::new();
            for c in conds {
                match eval_cond(c, read, shape) {
                    SymCond::True => return SymCond::True,
                    c => met.push(c),
                }
            }
            SymCond::any(met)
        }
    }
}
