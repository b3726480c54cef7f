//! What a random program may say at some point, and random expressions and conditions that say it.

use crate::declared::every;
use crate::rng::Rng;
use rdcl_base::IntervalSet;
use rdcl_core::*;
use std::collections::BTreeSet;

/// What holds at some point of a program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The shapes a packet may have there.
    pub shapes: BTreeSet<Shape>,
    /// Entries that are bound.
    pub cells: BTreeSet<CellId>,
    /// Rows that are bound.
    pub rows: BTreeSet<RowId>,
    /// On some path a fork came before.
    pub forked: bool,
}

impl Scope {
    /// The scope of a packet that has just entered by a port of this stack.
    pub fn of(stack: Stack) -> Scope {
        Scope { shapes: Shape::of_stack(stack).into_iter().collect(), ..Scope::default() }
    }

    /// Whether what is right in `other` is right here.
    pub fn within(&self, other: &Scope) -> bool {
        self.shapes.is_subset(&other.shapes)
            && other.cells.is_subset(&self.cells)
            && other.rows.is_subset(&self.rows)
            && (other.forked || !self.forked)
    }

    /// The scope where the condition holds, or where it does not, as far as shapes tell.
    pub fn assuming(&self, cond: &Cond, holds: bool) -> Scope {
        let possible = |s: &&Shape| told_by_shape(cond, **s).is_none_or(|told| told == holds);
        Scope { shapes: self.shapes.iter().filter(possible).copied().collect(), ..self.clone() }
    }

    /// The fields that every packet has here.
    pub fn fields(&self) -> Vec<Field> {
        let mut all = every();
        all.retain(|h| self.shapes.iter().all(|s| s.has(*h)));
        Shape::of(&all).fields().collect()
    }
}

/// The answer of a condition, if the shape alone tells it.
fn told_by_shape(cond: &Cond, shape: Shape) -> Option<bool> {
    let until = |stop: bool, conds: &[Cond]| {
        let mut told = Some(!stop);
        for cond in conds {
            match told_by_shape(cond, shape) {
                Some(answer) if answer == stop => return Some(stop),
                Some(_) => {}
                None => told = None,
            }
        }
        told
    };
    match cond {
        Cond::True => Some(true),
        Cond::False => Some(false),
        Cond::Cmp(..) | Cond::In(..) => None,
        Cond::Has(header) => Some(shape.has(*header)),
        Cond::All(conds) => until(false, conds),
        Cond::Any(conds) => until(true, conds),
        Cond::Not(cond) => told_by_shape(cond, shape).map(|told| !told),
    }
}

/// Makes expressions over a program's names.
pub struct Words<'a> {
    pub rng: &'a mut Rng,
    pub program: &'a Program,
    pub scope: &'a Scope,
}

impl Words<'_> {
    fn within(&mut self, scope: &Scope, say: impl FnOnce(&mut Words) -> Expr) -> Expr {
        say(&mut Words { rng: self.rng, program: self.program, scope })
    }

    /// An expression of this width.
    pub fn expr(&mut self, width: u16, depth: u32) -> Expr {
        if depth == 0 || self.rng.chance(45) {
            return self.leaf(width);
        }
        let next = depth - 1;
        let boxed = |e: Expr| Box::new(e);
        match self.rng.weighted(&[30, 8, 6, 6, 12, 12, 8, 12]) {
            0 => {
                let op = self.rng.pick(&[BinOp::Add, BinOp::Sub, BinOp::And, BinOp::Or, BinOp::Xor]);
                let a = self.expr(width, next);
                let b = if self.rng.chance(60) { self.constant(width) } else { self.expr(width, next) };
                let (a, b) = if self.rng.chance(20) { (b, a) } else { (a, b) };
                Expr::Bin(op, boxed(a), boxed(b))
            }
            1 => Expr::Not(boxed(self.expr(width, next))),
            2 => Expr::Shl(boxed(self.expr(width, next)), self.shift(width)),
            3 => Expr::Lshr(boxed(self.expr(width, next)), self.shift(width)),
            4 => self.extract(width, next),
            5 if width > 1 => {
                let narrow = self.other_width(|w| w < width).unwrap_or(width);
                Expr::Zext(width, boxed(self.expr(narrow, next)))
            }
            6 if width > 1 => {
                let low = 1 + self.rng.below(usize::from(width) - 1) as u16;
                Expr::Concat(boxed(self.expr(width - low, next)), boxed(self.expr(low, next)))
            }
            5..=7 => {
                let cond = self.cond(next);
                let (yes, no) = (self.scope.assuming(&cond, true), self.scope.assuming(&cond, false));
                let a = self.within(&yes, |words| words.expr(width, next));
                let b = self.within(&no, |words| words.expr(width, next));
                Expr::Ite(Box::new(cond), boxed(a), boxed(b))
            }
            other => unreachable!("{other}"),
        }
    }

    fn shift(&mut self, width: u16) -> u16 {
        if self.rng.chance(15) { self.rng.pick(&[width, 127, 128, 256]) } else { self.rng.below(width.into()) as u16 }
    }

    fn extract(&mut self, width: u16, depth: u32) -> Expr {
        let wide = self.other_width(|w| w >= width).unwrap_or(width);
        let lo = match self.rng.below(3) {
            0 => 0,
            1 => wide - width,
            _ => self.rng.below(usize::from(wide - width) + 1) as u16,
        };
        Expr::Extract { hi: lo + width - 1, lo, of: Box::new(self.expr(wide, depth)) }
    }

    fn other_width(&mut self, fits: impl Fn(u16) -> bool) -> Option<u16> {
        let widths: Vec<u16> = [1, 4, 8, 12, 16, 32, 48, 64, 128].into_iter().filter(|w| fits(*w)).collect();
        (!widths.is_empty()).then(|| self.rng.pick(&widths))
    }

    /// A constant of this width.
    pub fn constant(&mut self, width: u16) -> Expr {
        Expr::Const(Bv::new(width, self.rng.value(width)))
    }

    /// The time, or a part of it.
    fn time(&mut self, width: u16) -> Option<Expr> {
        let lo = self.rng.below(usize::from(TIME_WIDTH.checked_sub(width)?) + 1) as u16;
        let part = |lo| Expr::Extract { hi: lo + width - 1, lo, of: Box::new(Expr::Now) };
        Some(if width == TIME_WIDTH { Expr::Now } else { part(lo) })
    }

    fn leaf(&mut self, width: u16) -> Expr {
        if self.rng.chance(3)
            && let Some(time) = self.time(width)
        {
            return time;
        }
        let names = self.names(width);
        if names.is_empty() || self.rng.chance(20) { self.constant(width) } else { self.rng.pick(&names) }
    }

    /// Everything of this width that may be read.
    fn names(&self, width: u16) -> Vec<Expr> {
        let Program { slots, cells, rows, tables, maps, .. } = self.program;
        let fields = self.scope.fields().into_iter().filter(|f| f.is_readable() && f.width() == width).map(Expr::Field);
        let slots = (0u32..).zip(slots).filter(|(_, s)| s.width == width).map(|(i, _)| Expr::Slot(SlotId(i)));
        let cells = self.scope.cells.iter().flat_map(|cell| {
            let map = &maps[cells[cell.index()].map.index()];
            let fitting = (0..map.columns()).filter(|c| map.column(*c).1 == width);
            fitting.map(|c| Expr::Cell(*cell, c)).collect::<Vec<_>>()
        });
        let rows = self.scope.rows.iter().flat_map(|row| {
            let data = &tables[rows[row.index()].table.index()].data;
            let fitting = (0u16..).zip(data).filter(|(_, d)| d.1 == width);
            fitting.map(|(c, _)| Expr::Row(*row, c)).collect::<Vec<_>>()
        });
        // What is local is rare among so many fields.
        let local: Vec<Expr> = slots.chain(cells).chain(rows).collect();
        fields.chain(local.iter().cloned()).chain(local.iter().cloned()).chain(local.iter().cloned()).collect()
    }

    /// A condition.
    pub fn cond(&mut self, depth: u32) -> Cond {
        let simple = if depth == 0 { 0 } else { 1 };
        match self.rng.weighted(&[25, 25, 25, 8 * simple, 8 * simple, 8 * simple, 1, 1]) {
            0 => Cond::Has(self.rng.pick(&every())),
            1 => {
                let (op, width) = (self.rng.pick(&[CmpOp::Eq, CmpOp::Ult, CmpOp::Ule]), self.common_width());
                let a = self.expr(width, depth);
                let b = if self.rng.chance(60) { self.constant(width) } else { self.expr(width, depth) };
                if self.rng.chance(80) { Cond::Cmp(op, a, b) } else { Cond::Cmp(op, b, a) }
            }
            2 => {
                let width = self.common_width();
                let intervals: Vec<(u128, u128)> = (0..self.rng.below(4)).map(|_| self.rng.interval(width)).collect();
                Cond::In(self.expr(width, depth), IntervalSet::from_intervals(intervals))
            }
            3 => Cond::All(self.conds(depth - 1, true)),
            4 => Cond::Any(self.conds(depth - 1, false)),
            5 => Cond::Not(Box::new(self.cond(depth - 1))),
            6 => Cond::True,
            _ => Cond::False,
        }
    }

    /// Conditions of which each may rest on the answer of those before it.
    fn conds(&mut self, depth: u32, holding: bool) -> Vec<Cond> {
        let mut scope = self.scope.clone();
        let mut conds = Vec::new();
        for _ in 0..self.rng.below(4) {
            let cond = Words { rng: self.rng, program: self.program, scope: &scope }.cond(depth);
            scope = scope.assuming(&cond, holding);
            conds.push(cond);
        }
        conds
    }

    /// A width that something has here, most of the time.
    fn common_width(&mut self) -> u16 {
        let widths: Vec<u16> = [1, 8, 12, 16, 32, 48].into_iter().filter(|w| !self.names(*w).is_empty()).collect();
        if widths.is_empty() { 8 } else { self.rng.pick(&widths) }
    }
}
