//! What a random program may say at some point, and expressions and conditions that say it.

use crate::support::declared::every;
use crate::support::rng::Rng;
use rdcl_base::IntervalSet;
use rdcl_core::*;
use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// What holds at some point of a program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    pub shapes: BTreeSet<Shape>,
    pub cells: BTreeSet<CellId>,
    pub rows: BTreeSet<RowId>,
    /// On some path a fork came before.
    pub forked: bool,
    /// Operations that made packets fit a port.
    pub mended: Vec<Op>,
}

impl Scope {
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

    /// Adds a header, if no packet has it.
    pub fn push(&mut self, header: HeaderKind) -> Option<Op> {
        (!header.is_inner() && !self.shapes.iter().any(|s| s.has(header))).then(|| {
            self.shapes = self.shapes.iter().map(|s| s.with(header)).collect();
            Op::Push(header)
        })
    }

    /// Removes a header, if every packet has it.
    pub fn pop(&mut self, header: HeaderKind) -> Option<Op> {
        (!header.is_inner() && self.shapes.iter().all(|s| s.has(header))).then(|| {
            self.shapes = self.shapes.iter().map(|s| s.without(header)).collect();
            Op::Pop(header)
        })
    }

    /// Puts every packet into a tunnel, or takes it out, if that can be done.
    pub fn change_level(&mut self, into: bool) -> Option<Op> {
        let change = |s: &Shape| if into { s.nested() } else { s.unnested() };
        let shapes: Option<BTreeSet<Shape>> = self.shapes.iter().map(change).collect();
        self.shapes = shapes?;
        Some(if into { Op::Nest } else { Op::Unnest })
    }

    /// Whether every packet may leave by a port of this stack.
    pub fn may_leave(&self, stack: Stack) -> bool {
        self.shapes.iter().all(|shape| shape.is_linked() && stack.admits(*shape) && shape.is_within(stack.known))
    }

    /// Adds what a port demands and removes what may not be there, as far as all packets agree.
    pub fn mend(&mut self, stack: Stack) {
        if self.shapes.iter().all(|s| s.has_inner()) {
            for header in every().into_iter().rev() {
                let op = self.pop(header);
                self.mended.extend(op);
            }
            let op = self.change_level(false);
            self.mended.extend(op);
        }
        for header in every() {
            let wanted = stack.required.has(header);
            let op = if wanted { self.push(header) } else { self.pop(header) };
            self.mended.extend(op);
        }
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
        if depth == 0 || self.rng.chance(40) {
            return self.leaf(width);
        }
        let next = depth - 1;
        if width == HASH_WIDTH && self.rng.chance(15) {
            let widths = [self.other_width(|_| true), self.other_width(|_| true)];
            let of = widths.map(|width| self.expr(width, next)).to_vec();
            return Expr::Hash(of, NonZeroU32::MIN.saturating_add(self.rng.below(9) as u32));
        }
        match self.rng.weighted(&[30, 8, 8, 8, 14, 14, 14, 14]) {
            0 => {
                let op = self.rng.pick(&[BinOp::Add, BinOp::Sub, BinOp::And, BinOp::Or, BinOp::Xor]);
                Expr::Bin(op, Box::new(self.expr(width, next)), Box::new(self.expr(width, next)))
            }
            1 => Expr::Not(Box::new(self.expr(width, next))),
            2 => Expr::Shl(Box::new(self.expr(width, next)), self.shift(width)),
            3 => Expr::Lshr(Box::new(self.expr(width, next)), self.shift(width)),
            4 => self.extract(width, next),
            5 if width > 1 => {
                let narrow = self.other_width(|w| w <= width);
                Expr::Zext(width, Box::new(self.expr(narrow, next)))
            }
            6 if width > 1 => {
                let low = 1 + self.rng.below(usize::from(width) - 1) as u16;
                Expr::Concat(Box::new(self.expr(width - low, next)), Box::new(self.expr(low, next)))
            }
            _ => {
                let cond = self.cond(next);
                let (yes, no) = (self.scope.assuming(&cond, true), self.scope.assuming(&cond, false));
                let a = self.within(&yes, |words| words.expr(width, next));
                let b = self.within(&no, |words| words.expr(width, next));
                Expr::Ite(Box::new(cond), Box::new(a), Box::new(b))
            }
        }
    }

    fn shift(&mut self, width: u16) -> u16 {
        if self.rng.chance(20) {
            self.rng.pick(&[width, 63, 64, 65, 127, 128, 256, u16::MAX])
        } else {
            self.rng.below(width.into()) as u16
        }
    }

    fn extract(&mut self, width: u16, depth: u32) -> Expr {
        let wide = self.other_width(|w| w >= width);
        let any = self.rng.below(usize::from(wide - width) + 1) as u16;
        let lo = self.rng.pick(&[0, wide - width, any]);
        Expr::Extract { hi: lo + width - 1, lo, of: Box::new(self.expr(wide, depth)) }
    }

    fn other_width(&mut self, fits: impl Fn(u16) -> bool) -> u16 {
        let all = [1, 4, 8, 12, 16, 32, 33, 48, 63, 64, 65, 96, 127, 128];
        let widths: Vec<u16> = all.into_iter().filter(|w| fits(*w)).collect();
        self.rng.pick(&widths)
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
        if names.is_empty() || self.rng.chance(20) {
            return Expr::Const(Bv::new(width, self.rng.value(width)));
        }
        self.rng.pick(&names)
    }

    /// Everything of this width that may be read; what is local three times, as it is rare among so many fields.
    fn names(&self, width: u16) -> Vec<Expr> {
        let Program { slots, rows, tables, .. } = self.program;
        let fields = self.scope.fields().into_iter().filter(|f| f.is_readable() && f.width() == width).map(Expr::Field);
        let slots = (0u32..).zip(slots).filter(|(_, s)| s.width == width).map(|(i, _)| Expr::Slot(SlotId(i)));
        let rows = self.scope.rows.iter().flat_map(|row| {
            let data = (0u16..).zip(&tables[rows[row.index()].table.index()].data);
            data.filter(|(_, d)| d.1 == width).map(|(c, _)| Expr::Row(*row, c)).collect::<Vec<_>>()
        });
        let local: Vec<Expr> = slots.chain(self.columns(width)).chain(rows).collect();
        fields.chain([&local, &local, &local].into_iter().flatten().cloned()).collect()
    }

    /// Columns of this width of bound entries.
    pub fn columns(&self, width: u16) -> Vec<Expr> {
        let of = |cell: &CellId| {
            let map = &self.program.maps[self.program.cells[cell.index()].map.index()];
            let fitting = (0..map.columns()).filter(|c| map.column(*c).1 == width);
            fitting.map(|c| Expr::Cell(*cell, c)).collect::<Vec<_>>()
        };
        self.scope.cells.iter().flat_map(of).collect()
    }

    /// A condition.
    pub fn cond(&mut self, depth: u32) -> Cond {
        let deep = u64::from(depth > 0);
        match self.rng.weighted(&[25, 25, 25, 8 * deep, 8 * deep, 8 * deep, 1, 1]) {
            0 => Cond::Has(self.rng.pick(&every())),
            1 => {
                let (op, width) = (self.rng.pick(&[CmpOp::Eq, CmpOp::Ult, CmpOp::Ule]), self.other_width(|_| true));
                Cond::Cmp(op, self.expr(width, depth), self.expr(width, depth))
            }
            2 => {
                let width = self.other_width(|_| true);
                let intervals: Vec<(u128, u128)> = (0..self.rng.below(9)).map(|_| self.rng.interval(width)).collect();
                let singles: Vec<(u128, u128)> =
                    (0..self.rng.below(12)).map(|_| self.rng.value(width)).map(|v| (v, v)).collect();
                Cond::In(self.expr(width, depth), IntervalSet::from_intervals([intervals, singles].concat()))
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
}
