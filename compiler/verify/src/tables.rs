//! The action classes of a table: keys that lead to the same data, as far as the program reads it.
//!
//! For a table with one key column the classes are disjoint interval sets that cover the key space, found by one sweep;
//! a match then costs one meet per class and no solver call, however many rows there are.

use crate::sym::{Sym, SymCond};
use rdcl_base::IntervalSet;
use rdcl_core::{BlockId, Cond, End, Expr, Op, Program, Row, RowId, TableData, TableDecl, TableId, lpm_segments};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The data columns that a program reads, with their values.
pub type Data = BTreeMap<u16, u128>;

/// The classes of a table, to be tried in order: a key is in the first whose condition holds.
pub type Classes = Vec<Class>;

/// Keys that lead to the same data.
#[derive(Clone, Debug)]
pub struct Class {
    /// For each key column the values it may have.
    keys: Vec<Arc<IntervalSet>>,
    /// The data columns that the program reads; none when no row matches.
    pub data: Option<Data>,
}

impl Class {
    /// Whether these keys are in the class.
    pub fn condition(&self, keys: &[Sym]) -> SymCond {
        let of = |(key, set): (&Sym, &Arc<IntervalSet>)| match set.is_full(key.width()) {
            true => SymCond::True,
            false => SymCond::is_in_shared(key.clone(), set),
        };
        SymCond::all(keys.iter().zip(&self.keys).map(of).collect::<Vec<_>>())
    }
}

/// The classes of a program's table.
pub fn classes(program: &Program, table: TableId, data: &TableData) -> Classes {
    let decl = &program.tables[table.index()];
    let used = used_columns(program, table);
    match decl.keys.as_slice() {
        [_] => single_key(decl, data, &used),
        _ => first_match(decl, data, &used),
    }
}

fn project(row: &Row, used: &BTreeSet<u16>) -> Data {
    used.iter().map(|c| (*c, row.data[usize::from(*c)])).collect()
}

fn single_key(decl: &TableDecl, data: &TableData, used: &BTreeSet<u16>) -> Classes {
    let mut by_data: BTreeMap<Option<Data>, Vec<(u128, u128)>> = BTreeMap::new();
    for (lo, hi, row) in lpm_segments(decl, data) {
        let data = row.map(|r| project(&data.rows[r], used));
        by_data.entry(data).or_default().push((lo, hi));
    }
    let class = |(data, intervals)| Class { keys: vec![Arc::new(IntervalSet::from_intervals(intervals))], data };
    by_data.into_iter().map(class).collect()
}

fn first_match(decl: &TableDecl, data: &TableData, used: &BTreeSet<u16>) -> Classes {
    let mut rows: Vec<(usize, &Row)> = data.rows.iter().enumerate().collect();
    rows.sort_by_key(|(i, row)| (Reverse(row.prefix_length()), *i));
    let keys = |row: &Row| {
        let interval = |(key, (_, width, _)): (&rdcl_core::RowKey, &(String, u16, _))| {
            let (lo, hi) = key.interval(*width);
            Arc::new(IntervalSet::range(lo, hi))
        };
        row.keys.iter().zip(&decl.keys).map(interval).collect()
    };
    rows.into_iter().map(|(_, row)| Class { keys: keys(row), data: Some(project(row, used)) }).collect()
}

/// The data columns of a table that a program reads.
fn used_columns(program: &Program, table: TableId) -> BTreeSet<u16> {
    let mut used = BTreeSet::new();
    let mut note = |row: RowId, column: u16| {
        if program.rows[row.index()].table == table {
            used.insert(column);
        }
    };
    for block in &program.blocks {
        block.ops.iter().for_each(|op| row_reads_of_op(op, &mut note));
        row_reads_of_end(&block.end, &mut note);
    }
    used
}

fn row_reads_of_op(op: &Op, note: &mut dyn FnMut(RowId, u16)) {
    match op {
        Op::Set(_, expr) | Op::Update(_, _, expr) => row_reads(expr, note),
        Op::Push(_) | Op::Pop(_) | Op::Nest | Op::Unnest | Op::Touch(_) | Op::Remove(_) => {}
    }
}

fn row_reads_of_end(end: &End, note: &mut dyn FnMut(RowId, u16)) {
    let mut all = |exprs: &[Expr]| exprs.iter().for_each(|e| row_reads(e, note));
    match end {
        End::If(cond, ..) | End::Check { cond, .. } => row_reads_of_cond(cond, note),
        End::Switch { on, .. } => row_reads(on, note),
        End::Match { keys, .. } | End::Lookup { keys, .. } => all(keys),
        End::Insert { values, .. } => all(values),
        End::Choose { free, .. } => {
            let keys = free.iter().flat_map(|f| f.keys.iter().flatten());
            keys.for_each(|e| row_reads(e, note));
        }
        End::Goto(BlockId(_)) | End::Fork(_) | End::Forward(_) | End::Drop(_) => {}
    }
}

fn row_reads(expr: &Expr, note: &mut dyn FnMut(RowId, u16)) {
    match expr {
        Expr::Row(row, column) => note(*row, *column),
        Expr::Const(_) | Expr::Field(_) | Expr::Slot(_) | Expr::Cell(..) | Expr::Column(..) | Expr::Now => {}
        Expr::Not(a) | Expr::Shl(a, _) | Expr::Lshr(a, _) | Expr::Zext(_, a) | Expr::Extract { of: a, .. } => {
            row_reads(a, note);
        }
        Expr::Hash(of, _) => of.iter().for_each(|e| row_reads(e, note)),
        Expr::Bin(_, a, b) | Expr::Concat(a, b) => {
            row_reads(a, note);
            row_reads(b, note);
        }
        Expr::Ite(c, a, b) => {
            row_reads_of_cond(c, note);
            row_reads(a, note);
            row_reads(b, note);
        }
    }
}

fn row_reads_of_cond(cond: &Cond, note: &mut dyn FnMut(RowId, u16)) {
    match cond {
        Cond::True | Cond::False | Cond::Has(_) => {}
        Cond::Cmp(_, a, b) => {
            row_reads(a, note);
            row_reads(b, note);
        }
        Cond::In(a, _) => row_reads(a, note),
        Cond::All(conds) | Cond::Any(conds) => conds.iter().for_each(|c| row_reads_of_cond(c, note)),
        Cond::Not(c) => row_reads_of_cond(c, note),
    }
}
