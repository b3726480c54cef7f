//! What blocks read and write: what a fork must save, what a bound entry must remember, what checksums depend on.

use rdcl_core::{
    Block, CellId, Cond, End, Expr, Field, Free, HeaderKind, MapId, Op, Place, Program, Resolver, RowId, SlotId,
};
use std::collections::BTreeSet;

/// By how much built-in headers make a frame longer at most: two tags and an IPv6 and a TCP header, and around them an
/// Ethernet header with two tags, IPv6, UDP and VXLAN.
const MOST_BUILT_IN: usize = 146;

/// What some blocks use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// Variables read.
    pub(crate) slots: BTreeSet<SlotId>,
    /// Columns of entries read.
    pub(crate) columns: BTreeSet<(CellId, u16)>,
    /// Entries touched, removed or written.
    pub(crate) entries: BTreeSet<CellId>,
    /// Entries written.
    pub(crate) updated: BTreeSet<CellId>,
    /// Rows read.
    pub(crate) rows: BTreeSet<RowId>,
    /// Fields written.
    pub(crate) written: BTreeSet<Field>,
    /// Headers added or removed.
    pub(crate) moved: BTreeSet<HeaderKind>,
    /// Headers added.
    pub(crate) pushed: BTreeSet<HeaderKind>,
    /// Packets go into a tunnel or come out of one.
    pub(crate) changes_level: bool,
}

impl Uses {
    pub(crate) fn of<'b>(blocks: impl IntoIterator<Item = &'b Block>) -> Uses {
        let mut uses = Uses::default();
        for block in blocks {
            block.ops.iter().for_each(|op| uses.op(op));
            uses.end(&block.end);
        }
        uses
    }

    /// The same, with every name that an entry which is written may have.
    pub(crate) fn with_names(mut self, program: &Program) -> Uses {
        let map = |cell: CellId| program.cells[cell.index()].map;
        let maps: BTreeSet<MapId> = self.updated.iter().map(|cell| map(*cell)).collect();
        let cells = (0..program.cells.len() as u32).map(CellId);
        self.entries.extend(cells.filter(|cell| maps.contains(&map(*cell))));
        self
    }

    /// Whether lengths and checksums above Ethernet change otherwise than through fields.
    pub(crate) fn moves_transport(&self) -> bool {
        self.changes_level || self.moved.iter().any(|h| *h >= HeaderKind::Ip4)
    }

    /// The most bytes by which a frame grows.
    pub(crate) fn growth(&self) -> usize {
        let times = if self.changes_level { 2 } else { 1 };
        let is_declared = |header: &&HeaderKind| matches!(header, HeaderKind::User(_));
        let bytes = |headers: Vec<&HeaderKind>| times * headers.into_iter().map(|h| h.length()).sum::<usize>();
        let (declared, built_in) = self.pushed.iter().partition(is_declared);
        bytes(built_in).min(MOST_BUILT_IN) + bytes(declared)
    }

    /// Whether headers come or go.
    pub(crate) fn moves_headers(&self) -> bool {
        self.changes_level || !self.moved.is_empty()
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Set(place, value) => {
                self.expr(value);
                if let Place::Field(field) = place {
                    self.written.insert(*field);
                }
            }
            Op::Push(header) => {
                self.pushed.insert(*header);
                self.moved.insert(*header);
            }
            Op::Pop(header) => {
                self.moved.insert(*header);
            }
            Op::Nest | Op::Unnest => self.changes_level = true,
            Op::Touch(cell) | Op::Remove(cell) => {
                self.entries.insert(*cell);
            }
            Op::Update(cell, _, value) => {
                self.expr(value);
                self.entries.insert(*cell);
                self.updated.insert(*cell);
            }
        }
    }

    fn end(&mut self, end: &End) {
        match end {
            End::Goto(_) | End::Fork(_) | End::Forward(_) | End::Drop(_) => {}
            End::If(cond, _, _) | End::Check { cond, .. } => self.cond(cond),
            End::Switch { on, .. } => self.expr(on),
            End::Match { keys, .. } | End::Lookup { keys, .. } => self.exprs(keys),
            End::Insert { values, .. } => self.exprs(values),
            End::Choose { free, resolver, .. } => {
                free.iter().for_each(|free| self.free(free));
                resolver.iter().for_each(|resolver| self.resolver(resolver));
            }
        }
    }

    fn free(&mut self, free: &Free) {
        free.keys.iter().flatten().for_each(|key| self.expr(key));
    }

    fn resolver(&mut self, resolver: &Resolver) {
        match resolver {
            Resolver::First | Resolver::LeastRecentlyFreed => {}
            Resolver::Hash(exprs) => self.exprs(exprs),
        }
    }

    fn exprs(&mut self, exprs: &[Expr]) {
        exprs.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Const(_) | Expr::Field(_) | Expr::Column(..) | Expr::Now => {}
            Expr::Slot(slot) => {
                self.slots.insert(*slot);
            }
            Expr::Cell(cell, column) => {
                self.columns.insert((*cell, *column));
            }
            Expr::Row(row, _) => {
                self.rows.insert(*row);
            }
            Expr::Not(of) | Expr::Shl(of, _) | Expr::Lshr(of, _) | Expr::Zext(_, of) => self.expr(of),
            Expr::Extract { of, .. } => self.expr(of),
            Expr::Hash(of, _) => self.exprs(of),
            Expr::Bin(_, a, b) | Expr::Concat(a, b) => {
                self.expr(a);
                self.expr(b);
            }
            Expr::Ite(cond, a, b) => {
                self.cond(cond);
                self.expr(a);
                self.expr(b);
            }
        }
    }

    fn cond(&mut self, cond: &Cond) {
        match cond {
            Cond::True | Cond::False | Cond::Has(_) => {}
            Cond::Cmp(_, a, b) => {
                self.expr(a);
                self.expr(b);
            }
            Cond::In(of, _) => self.expr(of),
            Cond::All(conds) | Cond::Any(conds) => conds.iter().for_each(|cond| self.cond(cond)),
            Cond::Not(cond) => self.cond(cond),
        }
    }
}
