//! Makes a failing program small: fewer operations, simpler ends, as long as it fails.

use rdcl_core::*;

/// A program that fails too, no larger.
pub fn shrink(program: Program, fails: &dyn Fn(&Program) -> bool) -> Program {
    let mut smallest = program;
    loop {
        let next = simpler(&smallest).into_iter().find(|p| p.check().is_empty() && fails(p));
        match next {
            Some(next) => smallest = next,
            None => return smallest,
        }
    }
}

/// The program, one block a line, without blocks that nothing leads to.
pub fn listing(program: &Program) -> String {
    let mut reached: Vec<bool> = vec![false; program.blocks.len()];
    program.entry.iter().flatten().for_each(|b| reached[b.index()] = true);
    let mut text = format!("ports {:?}\nentry {:?}\n", program.ports, program.entry);
    for (map, decl) in program.maps.iter().enumerate() {
        text.push_str(&format!("map {map} {decl:?}\n"));
    }
    for (id, block) in program.blocks.iter().enumerate() {
        if !reached[id] {
            continue;
        }
        text.push_str(&format!("{id}: {:?} {:?}\n", block.ops, block.end));
        block.end.targets().iter().for_each(|b| reached[b.index()] = true);
    }
    text
}

/// The network's programs and wires.
pub fn network_listing(network: &Network) -> String {
    let parts = network.parts.iter().zip(&network.wires);
    let part = |(part, wires): (&Part, &Vec<Option<Endpoint>>)| {
        format!("-- {} wired to {wires:?}\ntables {:?}\n{}", part.path, part.tables, listing(&part.program))
    };
    let boundary: Vec<String> = network.boundary.iter().map(|b| format!("{b:?}\n")).collect();
    parts.map(part).chain(boundary).collect()
}

fn simpler(program: &Program) -> Vec<Program> {
    let mut out = Vec::new();
    let mut with = |change: &dyn Fn(&mut Program)| {
        let mut changed = program.clone();
        change(&mut changed);
        out.push(changed);
    };
    let entries = program.entry.iter().flatten().count();
    for port in (0..program.entry.len()).filter(|p| entries > 1 && program.entry[*p].is_some()) {
        with(&|p| p.entry[port] = None);
    }
    for (id, block) in program.blocks.iter().enumerate() {
        if !matches!(block.end, End::Drop(_)) {
            with(&|p| p.blocks[id].end = End::Drop(Reason::Constrain));
        }
        for target in block.end.targets().into_iter().filter(|_| !matches!(block.end, End::Goto(_))) {
            with(&|p| p.blocks[id].end = End::Goto(target));
        }
        for op in 0..block.ops.len() {
            with(&|p| drop(p.blocks[id].ops.remove(op)));
        }
        if let End::If(cond, ..) = &block.end {
            for simple in simpler_conds(cond) {
                with(&|p| {
                    if let End::If(c, ..) = &mut p.blocks[id].end {
                        c.clone_from(&simple);
                    }
                });
            }
        }
    }
    out
}

fn simpler_conds(cond: &Cond) -> Vec<Cond> {
    match cond {
        Cond::All(conds) | Cond::Any(conds) => conds.clone(),
        Cond::Not(cond) => vec![(**cond).clone()],
        _ => Vec::new(),
    }
}
