//! Random networks: small programs, some random and some from practice, with random wires between ports of one stack.

use crate::build::{hub, router, tagger};
use crate::programs::{Style, program};
use crate::rng::Rng;
use rdcl_core::*;
use rdcl_verify::{Net, NetPart, Options, summarise};
use std::sync::Arc;

/// What networks are to be like.
pub struct Plan {
    /// Whether parts have maps.
    pub stateful: bool,
    /// The most parts.
    pub parts: usize,
}

/// A network.
pub fn network(rng: &mut Rng, plan: &Plan) -> Network {
    let stacks = [&[HeaderKind::Ip4][..], &[HeaderKind::Eth], &[HeaderKind::Ip4, HeaderKind::Udp]];
    let stack = Stack::new(stacks[rng.weighted(&[60, 25, 15])]).expect("the headers follow each other");
    let count = 1 + rng.below(plan.parts);
    let parts: Vec<Part> = (0..count).map(|i| part(rng, plan, stack, i)).collect();
    wire(rng, parts)
}

fn part(rng: &mut Rng, plan: &Plan, stack: Stack, number: usize) -> Part {
    let (program, tables) = match rng.weighted(&[60, 15, 15, 10]) {
        1 => (hub(&["a", "b", "c"][..2 + rng.below(2)], stack), Vec::new()),
        2 if stack.required.has(HeaderKind::Ip4) => routed(rng, stack),
        3 if stack.outermost == HeaderKind::Eth => (tagger(rng.value(12)), Vec::new()),
        _ => random(rng, plan, stack),
    };
    let tables = tables.into_iter().map(Arc::new).collect();
    Part { path: format!("part{number}"), program: Arc::new(program), tables }
}

fn routed(rng: &mut Rng, stack: Stack) -> (Program, Vec<TableData>) {
    let mut program = router(3);
    program.ports.iter_mut().for_each(|p| p.stack = stack);
    let row = |rng: &mut Rng| {
        let length = rng.pick(&[0, 1, 8, 31, 32]);
        let kept = if length == 0 { 0 } else { mask(32) & !((1u128 << (32 - length)) - 1) };
        Row { keys: vec![RowKey::Prefix { value: rng.value(32) & kept, length }], data: vec![rng.below(4) as u128] }
    };
    let rows = (0..1 + rng.below(5)).map(|_| row(rng)).collect();
    (program, vec![TableData { rows }])
}

fn random(rng: &mut Rng, plan: &Plan, stack: Stack) -> (Program, Vec<TableData>) {
    let style = Style {
        stacks: vec![stack],
        blocks: 6,
        maps: usize::from(plan.stateful && rng.chance(60)),
        choices: rng.chance(40),
        forks: rng.pick(&[0, 8]),
        other_headers: false,
        assumes: false,
        mostly_state: rng.chance(60),
    };
    program(rng, &style)
}

/// Wires ports of one stack in pairs; what is left is the boundary's.
fn wire(rng: &mut Rng, parts: Vec<Part>) -> Network {
    let mut network = Network { wires: Vec::new(), boundary: Vec::new(), parts };
    let mut open: Vec<(PartId, PortId, Stack)> = Vec::new();
    for (id, part) in (0u32..).map(PartId).zip(&network.parts) {
        let ports = (0u32..).map(PortId).zip(&part.program.ports);
        open.extend(ports.map(|(port, decl)| (id, port, decl.stack)));
        network.wires.push(vec![None; part.program.ports.len()]);
    }
    while !open.is_empty() {
        let (part, port, stack) = open.swap_remove(rng.below(open.len()));
        let peers: Vec<usize> = (0..open.len()).filter(|i| open[*i].2 == stack).collect();
        let enough = network.boundary.len() >= 2;
        let pairs = if enough { 75 } else { 30 };
        if !peers.is_empty() && !network.boundary.is_empty() && rng.chance(pairs) {
            let (other, other_port, _) = open.swap_remove(rng.pick(&peers));
            network.wires[part.0 as usize][port.index()] = Some(Endpoint::Part(other, other_port));
            network.wires[other.0 as usize][other_port.index()] = Some(Endpoint::Part(part, port));
        } else if !enough || rng.chance(85) {
            let id = BoundaryId(network.boundary.len() as u32);
            network.wires[part.0 as usize][port.index()] = Some(Endpoint::Boundary(id));
            let (enters, leaves) = (id.0 == 0 || rng.chance(90), rng.chance(90));
            let to = Some(Endpoint::Part(part, port));
            network.boundary.push(BoundaryPort { name: format!("b{}", id.0), stack, enters, leaves, to });
        }
    }
    network
}

/// The network as the verifier sees it.
pub fn net(network: &Network, options: Options) -> Net {
    let part = |part: &Part| NetPart {
        path: part.path.clone(),
        summary: Some(Arc::new(summarise(&part.program, &part.tables, options))),
        maps: Arc::new(part.program.maps.clone()),
    };
    let parts = network.parts.iter().map(part).collect();
    Net { parts, wires: network.wires.clone(), boundary: network.boundary.clone() }
}

/// The boundary ports by which packets may enter.
pub fn entries(network: &Network) -> Vec<BoundaryId> {
    let ports = (0u32..).map(BoundaryId).zip(&network.boundary);
    ports.filter(|(_, port)| port.enters).map(|(id, _)| id).collect()
}
