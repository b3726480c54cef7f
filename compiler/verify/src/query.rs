//! The queries: a summary per leaf, the verdicts per instance or on one of its properties.
//!
//! A summary is keyed by what the leaf is (definition, arguments) and reads its tables; verdicts read summaries alone,
//! so a table that changes without changing the summary re-runs nothing above it. Programs with tables are read only
//! when a candidate is to be replayed.

use crate::decide::Prover;
use crate::execute::summarise;
use crate::net::{Net, NetPart};
use crate::row::Summary;
use crate::verdict::{Options, Outcome, Reachability, Stats, Verdict};
use rdcl_core::{BlockId, CheckKind, End, InstrId, MapId, Network, PartId, Program};
use rdcl_hir::{
    Db, Instance, Leaf, LeafKind, Property, assumptions, leaf_program, leaf_tables, network, properties, short_name,
    structure,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a leaf does; none when nothing is known of it.
#[salsa::tracked(returns(ref))]
pub fn summary<'db>(db: &'db dyn Db, leaf: Leaf<'db>, options: Options) -> Option<Arc<Summary>> {
    match leaf.kind(db) {
        LeafKind::Behaviour(_) | LeafKind::Filter(..) | LeafKind::Balancer(..) => {
            Some(Arc::new(summarise(leaf_program(db, leaf), leaf_tables(db, leaf), options)))
        }
        LeafKind::Opaque(_) => None,
    }
}

/// The state maps of a leaf.
#[salsa::tracked(returns(ref))]
fn maps<'db>(db: &'db dyn Db, leaf: Leaf<'db>) -> Arc<Vec<rdcl_core::MapDecl>> {
    Arc::new(leaf_program(db, leaf).maps.clone())
}

/// The verdicts on all properties of an instance, in the order of the source; those on its assertions and
/// state maps come first.
#[salsa::tracked(returns(ref))]
pub fn verdicts<'db>(db: &'db dyn Db, instance: Instance<'db>, options: Options) -> Vec<Verdict> {
    judge(db, instance, options, &|_| true)
}

/// The verdict on the property of this name, if there is one. No work is done for others.
#[salsa::tracked(returns(ref))]
pub fn verdicts_on<'db>(db: &'db dyn Db, instance: Instance<'db>, options: Options, name: String) -> Vec<Verdict> {
    judge(db, instance, options, &|property| property == name)
}

fn judge(db: &dyn Db, instance: Instance<'_>, options: Options, is_wanted: Wanted<'_>) -> Vec<Verdict> {
    let properties = properties(db, instance).iter().enumerate().filter(|(_, p)| is_wanted(&p.name));
    let assumed = [assumptions(db, instance), &premises(db, instance)].concat();
    if is_opaque(db, instance) {
        return properties.map(|(i, p)| taken_as_true(i, p, assumed.clone())).collect();
    }
    let net = net(db, instance, options);
    let replayed = || -> Arc<Network> { Arc::clone(network(db, instance)) };
    let mut prover = Prover::new(&net, &replayed, options);
    let mut verdicts = own_verdicts(db, instance, &mut prover, is_wanted);
    verdicts.extend(properties.map(|(i, p)| prover.verdict(i, p)));
    for verdict in &mut verdicts {
        verdict.assumes.extend(assumed.iter().cloned());
        verdict.assumes.sort();
    }
    verdicts
}

/// Whether there is to be a verdict on the property of a name.
type Wanted<'a> = &'a dyn Fn(&str) -> bool;

/// For each ordered pair of boundary ports whether some packet crosses.
#[salsa::tracked(returns(ref))]
pub fn reachability<'db>(db: &'db dyn Db, instance: Instance<'db>, options: Options) -> Vec<Reachability> {
    let net = net(db, instance, options);
    let replayed = || -> Arc<Network> { Arc::clone(network(db, instance)) };
    let mut prover = Prover::new(&net, &replayed, options);
    let ports: Vec<rdcl_core::BoundaryId> = (0..net.boundary.len() as u32).map(rdcl_core::BoundaryId).collect();
    let pairs = net.entries().flat_map(|from| ports.iter().map(move |to| (from, *to)));
    let pairs = pairs.filter(|(from, to)| from != to && net.boundary_port(*to).leaves);
    pairs.map(|(from, to)| prover.reachability(from, to)).collect()
}

fn net<'db>(db: &'db dyn Db, instance: Instance<'db>, options: Options) -> Net {
    let structure = structure(db, instance);
    let part = |(path, leaf): &(String, Leaf<'db>)| NetPart {
        path: path.clone(),
        summary: summary(db, *leaf, options).clone(),
        maps: Arc::clone(maps(db, *leaf)),
    };
    let parts = structure.parts.iter().map(part).collect();
    Net { parts, wires: structure.wires.clone(), boundary: structure.boundary.clone() }
}

/// Whether nothing is known of the instance but its contract.
fn is_opaque(db: &dyn Db, instance: Instance<'_>) -> bool {
    let own = |(path, leaf): &(String, Leaf<'_>)| path.is_empty() && matches!(leaf.kind(db), LeafKind::Opaque(_));
    structure(db, instance).parts.iter().any(own)
}

fn taken_as_true(index: usize, property: &Property, assumes: Vec<String>) -> Verdict {
    Verdict {
        property: property.name.clone(),
        index: Some(index),
        result: Outcome::Assumed,
        assumes,
        remarks: Vec::new(),
        stats: Stats::default(),
    }
}

/// The assertions of a program, in order.
fn assertions(program: &Program) -> Vec<InstrId> {
    let checks = (0u32..).map(BlockId).zip(&program.blocks);
    let asserts = checks.filter(|(_, b)| matches!(b.end, End::Check { kind: CheckKind::Assert, .. }));
    asserts.map(|(block, b)| InstrId { block, index: b.ops.len() as u32 }).collect()
}

/// Blocks of the instance that are specifications: what is proved of them rests on their `Assume`s.
fn premises(db: &dyn Db, instance: Instance<'_>) -> Vec<String> {
    let assumes =
        |program: &Program| program.blocks.iter().any(|b| matches!(b.end, End::Check { kind: CheckKind::Assume, .. }));
    let parts = structure(db, instance).parts.iter().filter(|(_, leaf)| assumes(leaf_program(db, *leaf)));
    let names = parts.filter_map(|(_, leaf)| leaf.instance(db)).map(|i| format!("what {} assumes", short_name(db, i)));
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The verdicts on the instance's own assertions and state maps. Those of its parts are the parts' own.
fn own_verdicts(db: &dyn Db, instance: Instance<'_>, prover: &mut Prover<'_>, is_wanted: Wanted<'_>) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let parts = (0u32..).map(PartId).zip(&structure(db, instance).parts);
    for (part, (_, leaf)) in parts.filter(|(_, (path, _))| path.is_empty()) {
        let program = leaf_program(db, *leaf);
        for (n, at) in (1..).zip(assertions(program)) {
            let name = format!("assert.{n}");
            if is_wanted(&name) {
                verdicts.push(prover.assertion_verdict(name, part, at));
            }
        }
        for (map, decl) in (0u32..).map(MapId).zip(&program.maps) {
            if is_wanted(&format!("{}.invariant", decl.name)) {
                verdicts.push(prover.invariant_verdict(part, map));
            }
            if may_clash(program, map) && is_wanted(&format!("{}.unique", decl.name)) {
                verdicts.push(prover.unique_verdict(part, map));
            }
        }
    }
    verdicts
}

/// Whether some insert leaves it to be proved that it never clashes.
fn may_clash(program: &Program, of: MapId) -> bool {
    let unhandled = |end: &End| matches!(end, End::Insert { map, clash_handled: false, .. } if *map == of);
    program.blocks.iter().any(|block| unhandled(&block.end))
}
