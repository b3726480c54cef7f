//! Whether packets of others cross a port.
//!
//! A cloud drops what a port sends with an address that is not its own, unless it is told that the port forwards. So
//! the answer may be yes too often, never no: conditions are not looked at.

use rdcl_core::{End, PortId, Program};
use rdcl_hir::{Db, Leaf, LeafKind, leaf_ports, leaf_program};

/// For each port of a leaf whether packets that enter there leave by another, or the other way round.
pub fn forwards(db: &dyn Db, leaf: Leaf<'_>) -> Vec<bool> {
    match leaf.kind(db) {
        LeafKind::Behaviour(_) | LeafKind::Filter(..) | LeafKind::Balancer(..) => crossed(leaf_program(db, leaf)),
        // Nothing is known: with several ports, packets may go from any to any.
        LeafKind::Opaque(_) => {
            let ports = leaf_ports(db, leaf).len();
            vec![ports > 1; ports]
        }
    }
}

fn crossed(program: &Program) -> Vec<bool> {
    let mut crossed = vec![false; program.ports.len()];
    for from in 0..program.ports.len() {
        for to in exits(program, from).into_iter().filter(|to| to.index() != from) {
            crossed[from] = true;
            crossed[to.index()] = true;
        }
    }
    crossed
}

/// The ports that packets entering at a port may leave by.
fn exits(program: &Program, from: usize) -> Vec<PortId> {
    let mut seen = vec![false; program.blocks.len()];
    let mut open: Vec<_> = program.entry.get(from).copied().flatten().into_iter().collect();
    let mut exits = Vec::new();
    while let Some(block) = open.pop() {
        if std::mem::replace(&mut seen[block.index()], true) {
            continue;
        }
        let end = &program.blocks[block.index()].end;
        if let End::Forward(port) = end {
            exits.push(*port);
        }
        open.extend(end.targets());
    }
    exits
}
