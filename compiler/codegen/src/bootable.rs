//! What keeps a program from becoming a guest, as far as the program itself tells.

use crate::error::NotBootable;
use rdcl_abi::RingShape;
use rdcl_core::{BlockId, CheckKind, End, InstrId, Program, TableData, TableId};
use std::sync::Arc;

/// Everything that is wrong with a program and its tables.
pub(crate) fn check(program: &Program, tables: &[Arc<TableData>], rings: RingShape) -> Vec<NotBootable> {
    let faults: Vec<NotBootable> = program.check().into_iter().map(NotBootable::Fault).collect();
    if !faults.is_empty() {
        return faults;
    }
    let mut problems = Vec::new();
    let reached = reachable(program);
    for (id, block) in (0..).map(BlockId).zip(&program.blocks).filter(|(id, _)| reached[id.index()]) {
        let at = InstrId { block: id, index: block.ops.len() as u32 };
        problems.extend(open_end(&block.end, at));
    }
    let copies = most_copies(program);
    if copies > rings.slots().into() {
        problems.push(NotBootable::TooManyCopies { copies, slots: rings.slots() });
    }
    problems.extend((0..).map(TableId).take(program.tables.len()).flat_map(|table| bad_rows(program, table, tables)));
    problems
}

/// What an end leaves open.
fn open_end(end: &End, at: InstrId) -> Option<NotBootable> {
    match end {
        End::Check { kind: CheckKind::Assume, .. } => Some(NotBootable::Assume { at }),
        End::Choose { choice, resolver: None, .. } => Some(NotBootable::OpenChoice { choice: *choice, at }),
        End::Check { kind: CheckKind::Assert, .. } | End::Choose { resolver: Some(_), .. } => None,
        End::Goto(_) | End::If(..) | End::Switch { .. } | End::Match { .. } | End::Lookup { .. } => None,
        End::Insert { .. } | End::Fork(_) | End::Forward(_) | End::Drop(_) => None,
    }
}

fn bad_rows(program: &Program, table: TableId, tables: &[Arc<TableData>]) -> Vec<NotBootable> {
    let decl = &program.tables[table.index()];
    let Some(data) = tables.get(table.index()) else { return vec![NotBootable::MissingTable { table }] };
    let wrong = data.rows.iter().position(|r| r.keys.len() != decl.keys.len() || r.data.len() != decl.data.len());
    wrong.map(|row| NotBootable::Row { table, row }).into_iter().collect()
}

/// Which blocks some path from an entry leads to.
pub(crate) fn reachable(program: &Program) -> Vec<bool> {
    let entries: Vec<BlockId> = program.entry.iter().flatten().copied().collect();
    reachable_from(program, &entries)
}

/// Which blocks some path from these leads to.
pub(crate) fn reachable_from(program: &Program, from: &[BlockId]) -> Vec<bool> {
    let mut reached = vec![false; program.blocks.len()];
    from.iter().for_each(|block| reached[block.index()] = true);
    for (at, block) in program.blocks.iter().enumerate() {
        if reached[at] {
            block.end.targets().iter().for_each(|to| reached[to.index()] = true);
        }
    }
    reached
}

/// The most copies that leave for one packet that enters.
pub(crate) fn most_copies(program: &Program) -> u64 {
    let mut copies = vec![0u64; program.blocks.len()];
    for (at, block) in program.blocks.iter().enumerate().rev() {
        let ahead = block.end.targets().into_iter().map(|to| copies[to.index()]);
        copies[at] = match block.end {
            End::Forward(_) => 1,
            End::Fork(_) => ahead.fold(0, u64::saturating_add),
            End::Drop(_) => 0,
            End::Goto(_)
            | End::If(..)
            | End::Switch { .. }
            | End::Match { .. }
            | End::Lookup { .. }
            | End::Insert { .. }
            | End::Choose { .. }
            | End::Check { .. } => ahead.max().unwrap_or(0),
        };
    }
    program.entry.iter().flatten().map(|entry| copies[entry.index()]).max().unwrap_or(0)
}
