//! Every path over every shape: headers are there, names are bound, packets fit their port.
//!
//! Blocks are visited once, in order, since every edge goes forward. Per shape a block remembers what is bound on all
//! paths that reach it with that shape; under a known shape `has` has a known answer, so no path is followed that a
//! packet of the shape cannot take for that reason.

use super::{Fault, Problem};
use crate::header::HeaderKind;
use crate::origin::InstrId;
use crate::program::{BlockId, CellId, Cond, End, Expr, Free, Op, Place, PortId, Program, Resolver, RowId};
use crate::shape::Shape;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(program: &Program) -> Vec<Fault> {
    let mut reached: Vec<BTreeMap<Shape, Bound>> = vec![BTreeMap::new(); program.blocks.len()];
    for (port, entry) in program.ports.iter().zip(&program.entry) {
        for shape in entry.iter().flat_map(|_| Shape::of_stack(port.stack)) {
            entry.iter().for_each(|block| join(&mut reached, *block, shape, Bound::default()));
        }
    }
    let mut faults = Vec::new();
    for block in (0..program.blocks.len() as u32).map(BlockId) {
        for (shape, bound) in std::mem::take(&mut reached[block.index()]) {
            let mut path = Path { program, at: InstrId { block, index: 0 }, shape, bound, faults: &mut faults };
            for (to, bound) in path.follow() {
                let shape = path.shape;
                join(&mut reached, to, shape, bound);
            }
        }
    }
    faults
}

/// What holds on all paths so far.
#[derive(Clone, Default)]
struct Bound {
    cells: BTreeSet<CellId>,
    rows: BTreeSet<RowId>,
    /// On some path a fork came before.
    forked: bool,
}

fn join(reached: &mut [BTreeMap<Shape, Bound>], block: BlockId, shape: Shape, bound: Bound) {
    match reached[block.index()].get_mut(&shape) {
        None => {
            reached[block.index()].insert(shape, bound);
        }
        Some(known) => {
            known.cells.retain(|cell| bound.cells.contains(cell));
            known.rows.retain(|row| bound.rows.contains(row));
            known.forked |= bound.forked;
        }
    }
}

/// One block under one shape.
struct Path<'p> {
    program: &'p Program,
    at: InstrId,
    shape: Shape,
    bound: Bound,
    faults: &'p mut Vec<Fault>,
}

impl<'p> Path<'p> {
    fn fault(&mut self, problem: Problem) {
        self.faults.push(Fault { at: Some(self.at), problem });
    }

    /// Goes through the block; gives where it leads, with what is bound there.
    fn follow(&mut self) -> Vec<(BlockId, Bound)> {
        let block = &self.program.blocks[self.at.block.index()];
        for op in &block.ops {
            self.op(op);
            self.at.index += 1;
        }
        self.end(&block.end)
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Set(place, value) => {
                self.expr(value);
                if let Place::Field(field) = place {
                    self.needs(field.header);
                }
            }
            Op::Push(header) => {
                self.is_outer(*header);
                if self.shape.has(*header) {
                    self.fault(Problem::Present { header: *header, shape: self.shape });
                }
                self.shape = self.shape.with(*header);
            }
            Op::Pop(header) => {
                self.is_outer(*header);
                self.needs(*header);
                self.shape = self.shape.without(*header);
            }
            Op::Nest => self.change_level(self.shape.nested()),
            Op::Unnest => self.change_level(self.shape.unnested()),
            Op::Update(cell, _, value) => {
                self.expr(value);
                self.cell(*cell);
                self.writes_state();
            }
            Op::Touch(cell) | Op::Remove(cell) => {
                self.cell(*cell);
                self.writes_state();
            }
        }
    }

    fn end(&mut self, end: &End) -> Vec<(BlockId, Bound)> {
        match end {
            End::Goto(next) => self.to([*next]),
            End::If(cond, yes, no) => match self.cond(cond) {
                Some(true) => self.to([*yes]),
                Some(false) => self.to([*no]),
                None => self.to([*yes, *no]),
            },
            End::Switch { on, arms, default } => {
                self.expr(on);
                self.to(arms.iter().map(|arm| arm.1).chain([*default]))
            }
            End::Match { keys, row, hit, miss, table: _ } => {
                self.exprs(keys);
                let mut bound = self.bound.clone();
                bound.rows.insert(*row);
                self.bound.rows.remove(row);
                vec![(*hit, bound), (*miss, self.bound.clone())]
            }
            End::Lookup { keys, cell, hit, miss, map: _, index: _ } => {
                self.exprs(keys);
                let hit = (*hit, self.with_cell(*cell));
                vec![hit, (*miss, self.bound.clone())]
            }
            End::Insert { values, cell, ok, full, clash, map: _, clash_handled: _ } => {
                self.exprs(values);
                self.writes_state();
                let ok = (*ok, self.with_cell(*cell));
                vec![ok, (*full, self.bound.clone()), (*clash, self.bound.clone())]
            }
            End::Choose { free, resolver, ok, none, choice: _, slot: _, lo: _, hi: _ } => {
                free.iter().for_each(|free| self.free(free));
                resolver.iter().for_each(|resolver| self.resolver(resolver));
                self.to([*ok, *none])
            }
            End::Fork(arms) => {
                self.bound.forked = true;
                self.to(arms.iter().copied())
            }
            End::Forward(port) => self.leaves(*port),
            End::Drop(_) => Vec::new(),
            End::Check { cond, ok, kind: _ } => match self.cond(cond) {
                Some(false) => Vec::new(),
                Some(true) | None => self.to([*ok]),
            },
        }
    }

    fn to(&self, blocks: impl IntoIterator<Item = BlockId>) -> Vec<(BlockId, Bound)> {
        blocks.into_iter().map(|block| (block, self.bound.clone())).collect()
    }

    /// What is bound where the cell was found; where it was not, the name is bound no longer.
    fn with_cell(&mut self, cell: CellId) -> Bound {
        let mut bound = self.bound.clone();
        bound.cells.insert(cell);
        self.bound.cells.remove(&cell);
        bound
    }

    fn leaves(&mut self, port: PortId) -> Vec<(BlockId, Bound)> {
        let stack = self.program.ports[port.index()].stack;
        if !self.shape.is_linked() || !stack.admits(self.shape) || !self.shape.is_within(stack.known) {
            self.fault(Problem::Leaves { port, shape: self.shape });
        }
        Vec::new()
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
        exprs.iter().for_each(|e| self.expr(e));
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Const(_) | Expr::Slot(_) | Expr::Column(..) | Expr::Now => {}
            Expr::Field(field) => self.needs(field.header),
            Expr::Cell(cell, _) => self.cell(*cell),
            Expr::Row(row, _) if self.bound.rows.contains(row) => {}
            Expr::Row(row, _) => self.fault(Problem::UnboundRow(*row)),
            Expr::Not(of) | Expr::Shl(of, _) | Expr::Lshr(of, _) | Expr::Zext(_, of) => self.expr(of),
            Expr::Extract { of, hi: _, lo: _ } => self.expr(of),
            Expr::Hash(of, _) => self.exprs(of),
            Expr::Bin(_, a, b) | Expr::Concat(a, b) => {
                self.expr(a);
                self.expr(b);
            }
            Expr::Ite(cond, a, b) => match self.cond(cond) {
                Some(true) => self.expr(a),
                Some(false) => self.expr(b),
                None => {
                    self.expr(a);
                    self.expr(b);
                }
            },
        }
    }

    /// Looks at what is evaluated; gives the answer if the shape alone tells it.
    fn cond(&mut self, cond: &Cond) -> Option<bool> {
        match cond {
            Cond::True => Some(true),
            Cond::False => Some(false),
            Cond::Cmp(_, a, b) => {
                self.expr(a);
                self.expr(b);
                None
            }
            Cond::In(of, _) => {
                self.expr(of);
                None
            }
            Cond::Has(header) => Some(self.shape.has(*header)),
            Cond::All(conds) => self.until(false, conds),
            Cond::Any(conds) => self.until(true, conds),
            Cond::Not(cond) => self.cond(cond).map(|held| !held),
        }
    }

    /// Conditions in order, up to the first that certainly has the answer that stops.
    fn until(&mut self, stop: bool, conds: &[Cond]) -> Option<bool> {
        let mut answer = Some(!stop);
        for cond in conds {
            match self.cond(cond) {
                Some(held) if held == stop => return Some(stop),
                Some(_) => {}
                None => answer = None,
            }
        }
        answer
    }

    fn is_outer(&mut self, header: HeaderKind) {
        if header.is_inner() {
            self.fault(Problem::Inner(header));
        }
    }

    fn change_level(&mut self, shape: Option<Shape>) {
        match shape {
            Some(shape) => self.shape = shape,
            None => self.fault(Problem::Level(self.shape)),
        }
    }

    fn needs(&mut self, header: HeaderKind) {
        if !self.shape.has(header) {
            self.fault(Problem::Absent { header, shape: self.shape });
        }
    }

    fn cell(&mut self, cell: CellId) {
        if !self.bound.cells.contains(&cell) {
            self.fault(Problem::UnboundCell(cell));
        }
    }

    fn writes_state(&mut self) {
        if self.bound.forked {
            self.fault(Problem::WriteAfterFork);
        }
    }
}
