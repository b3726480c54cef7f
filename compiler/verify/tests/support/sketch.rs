//! Small programs and networks, to be written by hand.

use crate::build::*;
use rdcl_core::*;

/// The first map.
pub const MAP: MapId = MapId(0);

/// A part and a port of it.
type PortAt = (u32, u32);

/// Programs joined by wires; what has none is the boundary's, in order of parts and ports.
pub fn wired(programs: Vec<Program>, wires: &[(PortAt, PortAt)]) -> Network {
    let end = |(part, port): PortAt| Endpoint::Part(PartId(part), PortId(port));
    let part = |(i, program): (usize, Program)| Part { path: format!("p{i}"), program: sound(program), tables: vec![] };
    let parts: Vec<Part> = programs.into_iter().enumerate().map(part).collect();
    let mut network = Network { wires: vec![], boundary: vec![], parts };
    for (id, part) in (0u32..).zip(&network.parts) {
        let peer = |port| {
            let here = (id, port);
            wires.iter().find_map(|(a, b)| if *a == here { Some(end(*b)) } else { (*b == here).then(|| end(*a)) })
        };
        let mut row = Vec::new();
        for (port, decl) in (0u32..).zip(&part.program.ports) {
            row.push(Some(peer(port).unwrap_or_else(|| {
                let name = format!("b{}", network.boundary.len());
                let (stack, to) = (decl.stack, Some(end((id, port))));
                network.boundary.push(BoundaryPort { name, stack, enters: true, leaves: true, to });
                Endpoint::Boundary(BoundaryId(network.boundary.len() as u32 - 1))
            })));
        }
        network.wires.push(row);
    }
    network
}

/// A program with these ports on IPv4; packets enter by the first.
pub fn leaf(names: &[&str], maps: Vec<MapDecl>, blocks: Vec<Block>) -> Program {
    let cells = if maps.is_empty() { 0 } else { 3 };
    let mut entry = vec![None; names.len()];
    entry[0] = Some(to(0));
    Program {
        ports: ports(names, stack(&[IP])),
        slots: vec![slot("x", 8), slot("y", 8)],
        cells: (0..cells).map(|_| CellDecl { name: "c".into(), map: MAP }).collect(),
        choices: (0..2).map(|i| ChoiceDecl { name: format!("x{i}"), width: 8 }).collect(),
        maps,
        blocks,
        entry,
        ..Program::default()
    }
}

/// A map from a key to a value, which is unique.
pub fn pairs(capacity: u64, invariant: Cond) -> MapDecl {
    let column = |name: &str| (name.to_string(), 8);
    let (key, value) = (vec![column("k")], vec![column("v")]);
    MapDecl { name: "m".into(), key, value, unique: vec![vec![1]], capacity, idle: 9, invariant }
}

/// Looks a key up in an index of the first map.
pub fn lookup(index: u16, key: Expr, cell: u32, hit: u32, miss: u32) -> End {
    End::Lookup { map: MAP, index, keys: vec![key], cell: CellId(cell), hit: to(hit), miss: to(miss) }
}

/// Adds an entry to the first map; says where that leads when added, full and clashing.
pub fn insert(k: Expr, v: Expr, cell: u32, [ok, full, clash]: [u32; 3]) -> End {
    let (ok, full, clash) = (to(ok), to(full), to(clash));
    End::Insert { map: MAP, values: vec![k, v], cell: CellId(cell), ok, full, clash, clash_handled: true }
}

/// Chooses a value for the slot of the same number.
pub fn choose(choice: u32, (lo, hi): (u128, u128), free: Option<Free>, ok: u32, none: u32) -> End {
    let (choice, slot) = (ChoiceId(choice), SlotId(choice));
    End::Choose { choice, slot, lo, hi, free, resolver: None, ok: to(ok), none: to(none) }
}

/// Leaves by a port.
pub fn out(port: u32) -> Block {
    block(vec![], End::Forward(PortId(port)))
}

/// Is dropped.
pub fn lost() -> Block {
    block(vec![], fail("lost"))
}

/// Goes on in one of two ways.
pub fn branch(cond: Cond, yes: u32, no: u32) -> Block {
    block(vec![], End::If(cond, to(yes), to(no)))
}
