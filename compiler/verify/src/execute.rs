//! Symbolic execution of one program, for an arbitrary packet, arbitrary choices and arbitrary stores that satisfy the
//! invariants. The result is its [`Summary`].
//!
//! Blocks are taken in topological order, so that states meet where paths join and equal ones are merged.

mod machine;
mod state;
mod store;

use crate::entry::entry_guard;
use crate::guard::Context;
use crate::row::{Row, RowEnd, Summary};
use crate::verdict::{Options, Stats};
use machine::Machine;
pub use machine::world;
use rdcl_core::{MapId, PortId, Program, Shape, TableData};
pub use state::{Leaf, eval, eval_cond};
use std::collections::BTreeSet;
use std::sync::Arc;
pub use store::{has_key, key_of};

/// The rows of a program. Invariants that its inserts do not keep are not assumed, nor those whose proof rests on them.
pub fn summarise(program: &Program, tables: &[Arc<TableData>], options: Options) -> Summary {
    let mut stats = Stats::default();
    let mut weak = BTreeSet::new();
    loop {
        let summary = execute(program, tables, options, &weak);
        stats += summary.stats;
        let broken: BTreeSet<MapId> = summary.breaks.values().flatten().filter_map(broken_map).collect();
        if broken.is_subset(&weak) {
            return Summary { weak, stats, ..summary };
        }
        weak.extend(broken);
    }
}

fn broken_map(row: &Row) -> Option<MapId> {
    if let RowEnd::Breaks(map) = row.end { Some(map) } else { None }
}

fn execute(program: &Program, tables: &[Arc<TableData>], options: Options, weak: &BTreeSet<MapId>) -> Summary {
    let mut machine = Machine::new(program, tables, Context::new(options), weak);
    let mut summary = Summary::default();
    for (port, entry) in (0u32..).map(PortId).zip(&program.entry) {
        let Some(block) = entry else { continue };
        let stack = program.ports[port.index()].stack;
        for shape in Shape::of_stack(stack) {
            let (rows, breaks) = machine.run(*block, shape, entry_guard(shape, stack.known));
            summary.ingress.insert((port, shape), rows);
            if !breaks.is_empty() {
                summary.breaks.insert((port, shape), breaks);
            }
        }
    }
    summary.exhausted = machine.exhausted;
    summary.stats = machine.context.stats;
    summary
}
