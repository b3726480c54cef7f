//! Expressions and conditions.
//!
//! A value of up to 64 bits is a 64-bit word, a wider one two; the bits above its width are zero. Conditions are
//! branches, so they stop early.

use crate::asm::{Is, Label, Memory, Value, words_of};
use crate::guest::Guest;
use crate::shapes::ShapeSet;
use rdcl_base::IntervalSet;
use rdcl_core::{BinOp, CellId, CmpOp, Cond, Expr, HASH_WIDTH, RowId, TIME_WIDTH, mask};

impl Guest<'_, '_> {
    /// The values of expressions.
    pub(crate) fn exprs(&mut self, exprs: &[Expr], shapes: &ShapeSet) -> Vec<Value> {
        exprs.iter().map(|expr| self.expr(expr, shapes).0).collect()
    }

    /// The words of the values of expressions, as routines take them.
    pub(crate) fn key_words(&mut self, exprs: &[Expr], shapes: &ShapeSet) -> Vec<Value> {
        let values = self.exprs(exprs, shapes);
        values.into_iter().flat_map(|value| self.asm.words(value)).collect()
    }

    /// The value and the width of an expression, for a packet of one of these shapes.
    pub(crate) fn expr(&mut self, expr: &Expr, shapes: &ShapeSet) -> (Value, u16) {
        match expr {
            Expr::Const(bv) => (self.asm.constant(bv.width, bv.value), bv.width),
            Expr::Field(field) => (self.read_field(*field), field.width()),
            Expr::Slot(slot) => {
                (self.asm.get(self.vars.slots[slot.index()]), self.plan.program.slots[slot.index()].width)
            }
            Expr::Cell(cell, column) => self.cell_column(*cell, *column),
            Expr::Row(row, column) => self.row_column(*row, *column),
            Expr::Now => (self.asm.get(self.vars.now), TIME_WIDTH),
            Expr::Column(_, width) => (self.asm.constant(*width, 0), *width),
            Expr::Not(of) => {
                let (value, width) = self.expr(of, shapes);
                let ones = self.asm.constant(width, mask(width));
                (self.asm.xor(value, ones), width)
            }
            Expr::Bin(op, a, b) => self.binary(*op, a, b, shapes),
            Expr::Shl(of, by) => {
                let (value, width) = self.expr(of, shapes);
                if *by >= width {
                    return (self.asm.constant(width, 0), width);
                }
                let shifted = self.asm.shl(value, *by);
                (self.masked(shifted, width), width)
            }
            Expr::Lshr(of, by) => {
                let (value, width) = self.expr(of, shapes);
                let shifted = if *by >= width { self.asm.constant(width, 0) } else { self.asm.shr(value, *by) };
                (shifted, width)
            }
            Expr::Extract { hi, lo, of } => {
                let (value, _) = self.expr(of, shapes);
                let (shifted, width) = (self.asm.shr(value, *lo), hi + 1 - lo);
                let narrow = self.asm.sized(shifted, width);
                (self.masked(narrow, width), width)
            }
            Expr::Concat(a, b) => {
                let ((a, high), (b, low)) = (self.expr(a, shapes), self.expr(b, shapes));
                let width = high + low;
                let (a, b) = (self.asm.sized(a, width), self.asm.sized(b, width));
                let a = self.asm.shl(a, low);
                (self.asm.or(a, b), width)
            }
            Expr::Zext(width, of) => {
                let (value, _) = self.expr(of, shapes);
                (self.asm.sized(value, *width), *width)
            }
            Expr::Ite(cond, a, b) => self.either_value(cond, a, b, shapes),
            Expr::Hash(of, size) => {
                let below = self.hashed_below(of, u64::from(size.get()), shapes);
                (self.asm.sized(below, HASH_WIDTH), HASH_WIDTH)
            }
        }
    }

    /// A value without the bits above a width.
    fn masked(&mut self, value: Value, width: u16) -> Value {
        if width == 64 || width == 128 {
            return value;
        }
        let bits = self.asm.constant(width, mask(width));
        self.asm.and(value, bits)
    }

    fn binary(&mut self, op: BinOp, a: &Expr, b: &Expr, shapes: &ShapeSet) -> (Value, u16) {
        let ((a, width), (b, _)) = (self.expr(a, shapes), self.expr(b, shapes));
        let value = match op {
            BinOp::And => self.asm.and(a, b),
            BinOp::Or => self.asm.or(a, b),
            BinOp::Xor => self.asm.xor(a, b),
            BinOp::Add => {
                let sum = self.asm.add(a, b);
                self.masked(sum, width)
            }
            BinOp::Sub => {
                let difference = self.asm.sub(a, b);
                self.masked(difference, width)
            }
        };
        (value, width)
    }

    fn cell_column(&mut self, cell: CellId, column: u16) -> (Value, u16) {
        let program = self.plan.program;
        let width = program.maps[program.cells[cell.index()].map.index()].column(column).1;
        let variable = self.vars.cells[cell.index()].columns[&column];
        (self.asm.get(variable), width)
    }

    fn row_column(&mut self, row: RowId, column: u16) -> (Value, u16) {
        let table = self.plan.program.rows[row.index()].table.index();
        let data = &self.plan.program.tables[table].data;
        let before: u32 = data[..usize::from(column)].iter().map(|d| 8 * words_of(d.1)).sum();
        let at = self.asm.get(self.vars.rows[row.index()]);
        let width = data[usize::from(column)].1;
        (self.asm.load_value(Memory::Tables, width, at, before), width)
    }

    fn either_value(&mut self, cond: &Cond, a: &Expr, b: &Expr, shapes: &ShapeSet) -> (Value, u16) {
        let (with, without) = (shapes.assuming(cond, true), shapes.assuming(cond, false));
        match (cond, is_leaf(a) && is_leaf(b)) {
            (Cond::Has(header), true) if shapes.has(*header).is_none() => {
                let has = self.has(*header);
                let ((a, width), (b, _)) = (self.expr(a, &with), self.expr(b, &without));
                return (self.asm.select(has, a, b), width);
            }
            _ if with.is_empty() => return self.expr(b, &without),
            _ if without.is_empty() => return self.expr(a, &with),
            _ => {}
        }
        let (yes, no, after) = (self.asm.label(), self.asm.label(), self.asm.label());
        self.cond(cond, shapes, yes, no);
        self.asm.bind(yes);
        let (value, width) = self.expr(a, &with);
        self.asm.jump_with(after, value);
        self.asm.bind(no);
        let (value, _) = self.expr(b, &without);
        self.asm.jump_with(after, value);
        let taken = self.asm.taken(after, width);
        self.asm.bind(after);
        (taken, width)
    }

    /// Goes to one of two labels, as a condition holds or not for a packet of one of these shapes.
    pub(crate) fn cond(&mut self, cond: &Cond, shapes: &ShapeSet, yes: Label, no: Label) {
        match cond {
            Cond::True => self.asm.jump(yes),
            Cond::False => self.asm.jump(no),
            Cond::Cmp(op, a, b) => {
                let ((a, _), (b, _)) = (self.expr(a, shapes), self.expr(b, shapes));
                let is = match op {
                    CmpOp::Eq => Is::Equal,
                    CmpOp::Ult => Is::Less,
                    CmpOp::Ule => Is::LessOrEqual,
                };
                let holds = self.asm.is(is, a, b);
                self.asm.branch(holds, yes, no);
            }
            Cond::In(of, set) => {
                let (value, width) = self.expr(of, shapes);
                self.within(value, width, &clipped(set, width), yes, no);
            }
            Cond::Has(header) => match shapes.has(*header) {
                Some(true) => self.asm.jump(yes),
                Some(false) => self.asm.jump(no),
                None => {
                    let has = self.has(*header);
                    self.asm.branch(has, yes, no);
                }
            },
            Cond::All(conds) => self.sequence(conds, true, shapes, yes, no),
            Cond::Any(conds) => self.sequence(conds, false, shapes, no, yes),
            Cond::Not(cond) => self.cond(cond, shapes, no, yes),
        }
    }

    /// Conditions in order: to `end` if every one is `on`, to `stop` at the first that is not.
    fn sequence(&mut self, conds: &[Cond], on: bool, shapes: &ShapeSet, end: Label, stop: Label) {
        let mut shapes = shapes.clone();
        for cond in conds {
            let next = self.asm.label();
            let (yes, no) = if on { (next, stop) } else { (stop, next) };
            self.cond(cond, &shapes, yes, no);
            self.asm.bind(next);
            shapes = shapes.assuming(cond, on);
        }
        self.asm.jump(end);
    }

    /// Whether a value is in one of some ascending intervals, found by bisection.
    fn within(&mut self, value: Value, width: u16, intervals: &[(u128, u128)], yes: Label, no: Label) {
        match intervals {
            [] => self.asm.jump(no),
            [(lo, hi)] if lo == hi => {
                let only = self.asm.constant(width, *lo);
                let is = self.asm.is(Is::Equal, value, only);
                self.asm.branch(is, yes, no);
            }
            [(lo, hi)] => {
                let (least, size) = (self.asm.constant(width, *lo), self.asm.constant(width, hi - lo));
                let from = self.asm.sub(value, least);
                let is = self.asm.is(Is::LessOrEqual, from, size);
                self.asm.branch(is, yes, no);
            }
            _ => {
                let (low, high) = intervals.split_at(intervals.len() / 2);
                let (left, right) = (self.asm.label(), self.asm.label());
                let middle = self.asm.constant(width, high[0].0);
                let is_below = self.asm.is(Is::Less, value, middle);
                self.asm.branch(is_below, left, right);
                self.asm.bind(left);
                self.within(value, width, low, yes, no);
                self.asm.bind(right);
                self.within(value, width, high, yes, no);
            }
        }
    }
}

/// Whether an expression may be evaluated where it need not be, for nothing.
fn is_leaf(expr: &Expr) -> bool {
    match expr {
        Expr::Const(_) | Expr::Field(_) | Expr::Slot(_) | Expr::Cell(..) | Expr::Now => true,
        Expr::Row(..) | Expr::Column(..) | Expr::Not(_) | Expr::Bin(..) | Expr::Shl(..) | Expr::Lshr(..) => false,
        Expr::Extract { .. } | Expr::Concat(..) | Expr::Zext(..) | Expr::Ite(..) | Expr::Hash(..) => false,
    }
}

/// The intervals of a set, as far as values of this width go.
fn clipped(set: &IntervalSet, width: u16) -> Vec<(u128, u128)> {
    let most = mask(width);
    set.intervals().iter().filter(|i| i.0 <= most).map(|i| (i.0, i.1.min(most))).collect()
}
