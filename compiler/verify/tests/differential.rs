//! The symbolic verifier against the concrete interpreter, which is the meaning of the language.
//!
//! Random programs and networks, well-formed by construction, run on random packets, stores and choices. Every seed is
//! fixed, so a run repeats; `RDCL_ROUNDS=20` in the environment tries twenty times as much. What has been touched is
//! counted and printed, and a test that does not touch everything fails.

#[path = "../../core/tests/support/build.rs"]
mod build;
#[path = "support/coverage.rs"]
mod coverage;
#[path = "../../core/tests/support/declared.rs"]
mod declared;
#[path = "support/lineages.rs"]
mod lineages;
#[path = "support/networks.rs"]
mod networks;
#[path = "support/obligations.rs"]
mod obligations;
#[path = "support/packets.rs"]
mod packets;
#[path = "support/programs.rs"]
mod programs;
#[path = "support/promises.rs"]
mod promises;
#[path = "support/regressions.rs"]
mod regressions;
#[path = "support/rng.rs"]
mod rng;
#[path = "support/scope.rs"]
mod scope;
#[path = "support/shrink.rs"]
mod shrink;
#[path = "support/sketch.rs"]
mod sketch;
#[path = "support/slow_paths.rs"]
mod slow_paths;
#[path = "support/state.rs"]
mod state;
#[path = "support/tapes.rs"]
mod tapes;
#[path = "support/traps.rs"]
mod traps;
#[path = "support/verdicts.rs"]
mod verdicts;
#[path = "support/visits.rs"]
mod visits;

use coverage::Coverage;
use lineages::Lineage;
use networks::{Plan, net, network};
use programs::Style;
use rdcl_core::*;
use rdcl_verify::{Budget, Context, Explorer, Leaf, Net, Options, Summary, summarise};
use rng::{Rng, seeds};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use visits::Visit;

/// Compares random visits of a program with its summary.
fn check_visits(program: &Program, tables: &[TableData], visits: u32) -> Result<(), String> {
    visits_agree(program, tables, (0, visits), &mut Coverage::default())
}

fn visits_agree(
    program: &Program,
    tables: &[TableData],
    (seed, visits): (u64, u32),
    coverage: &mut Coverage,
) -> Result<(), String> {
    let tables: Vec<Arc<TableData>> = tables.iter().cloned().map(Arc::new).collect();
    let mut rng = Rng::new(seed);
    let Budget { states, history, .. } = Budget::default();
    let solver = if rng.chance(5) { rng.pick(&[1, 10, 100, 1000]) } else { Budget::default().solver };
    let options = Options { budget: Budget { states, solver, history }, ..Options::default() };
    let summary = summarise(program, &tables, options);
    let network = Network::of_leaf(Arc::new(program.clone()), tables);
    for round in 0..visits {
        visit_agrees(&mut rng, &network, &summary, round, coverage)?;
    }
    Ok(())
}

fn visit_agrees(
    rng: &mut Rng,
    network: &Network,
    summary: &Summary,
    round: u32,
    coverage: &mut Coverage,
) -> Result<(), String> {
    let program = &*network.parts[0].program;
    let entries: Vec<u32> = (0..program.ports.len() as u32).filter(|p| program.entry[*p as usize].is_some()).collect();
    let port = PortId(rng.pick(&entries));
    let packet = packets::packet(rng, program.ports[port.index()].stack);
    let assumed =
        (0..program.maps.len() as u32).map(MapId).filter(|m| !summary.weak.contains(m)).collect::<BTreeSet<_>>();
    let mut stores = Stores::new(network);
    if !round.is_multiple_of(4) {
        *stores.part_mut(PartId(0)) = state::store(rng, program, &assumed);
    }
    let before = stores.part(PartId(0)).clone();
    let from = (BoundaryId(port.0), &packet);
    let unexpired = Expiry::Named(Vec::new());
    let now = rng.value(64) as u64;
    let ran = tapes::run_legally(rng, network, &mut stores, from, Time(now), unexpired);
    let Some((run, _)) = ran else { return Ok(()) };
    run.copies.iter().for_each(|copy| coverage.copy(network, copy));
    let after = stores.part(PartId(0)).clone();
    let visit = Visit { program, port, now, packet: &packet, before: &before, after: &after, run: &run };
    visit.compare(summary, coverage).map_err(|why| format!("{why}\npacket {packet:?}\nstore {before:?}"))
}

/// The outcome of a check, a panic included.
fn caught(check: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(format!("panicked: {}", text.or(panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()))
    })
}

/// What the usual number of random visits must have touched: every end of Core and each way out of it, every kind of
/// table and of row.
const TOUCHED: &[&str] = &[
    "end assert ended",
    "end assert held(true)",
    "end assume ended",
    "end assume held(true)",
    "end choose chose",
    "end choose free chose",
    "end choose free full",
    "end drop ended",
    "end fork copy",
    "end forward ended",
    "end goto went",
    "end if held(false)",
    "end if held(true)",
    "end insert added",
    "end insert clashed",
    "end insert full",
    "end insert, clash unhandled added",
    "end insert, clash unhandled clashed",
    "end insert, clash unhandled full",
    "end lookup by key found(false)",
    "end lookup by key found(true)",
    "end lookup by unique found(false)",
    "end lookup by unique found(true)",
    "end match exact hit",
    "end match exact miss",
    "end match exact+exact hit",
    "end match exact+exact miss",
    "end match lpm hit",
    "end match lpm miss",
    "end match lpm+exact+range hit",
    "end match lpm+exact+range miss",
    "end match range hit",
    "end match range miss",
    "end match range+lpm hit",
    "end match range+lpm miss",
    "end switch arm",
    "end switch default",
    "match exact first row",
    "match exact later row",
    "match lpm first row",
    "match lpm later row",
    "match range first row",
    "match range later row",
    "match range+lpm first row",
    "match range+lpm later row",
    "op pop",
    "op push",
    "op remove",
    "op set field",
    "op set slot",
    "op touch",
    "op update",
    "row assumption",
    "row breaks",
    "row clash",
    "row dropped",
    "row egress",
    "row with added",
    "row with forked",
    "row with found",
    "row with found two",
    "row with full",
    "row with missed",
    "row with residue",
];

#[test]
fn a_summary_has_exactly_what_the_interpreter_does() {
    let mut coverage = Coverage::default();
    for seed in seeds(1000) {
        let mut rng = Rng::new(seed);
        let style = Style::any(&mut rng);
        let (program, tables) = programs::program(&mut rng, &style);
        assert_eq!(program.check(), [], "seed {seed}");
        let Err(why) = caught(|| visits_agree(&program, &tables, (seed, 12), &mut coverage)) else { continue };
        let fails = |p: &Program| caught(|| visits_agree(p, &tables, (seed, 12), &mut Coverage::default())).is_err();
        let small = shrink::shrink(program, &fails);
        let again = caught(|| visits_agree(&small, &tables, (seed, 12), &mut Coverage::default()));
        panic!("seed {seed}: {why}\n--- small: {}\ntables {tables:?}\n{}", again.unwrap_err(), shrink::listing(&small));
    }
    println!("{}", coverage.report());
    assert_eq!(coverage.missing(TOUCHED), [""; 0], "never touched");
    let [delivered, dropped] = ["copy delivered", "copy dropped"].map(|what| coverage.count(what));
    assert!(delivered * 10 >= (delivered + dropped) * 3, "{delivered} delivered, {dropped} dropped");
}

/// Work limits under which a hopeless network gives up soon.
fn small_budget() -> Options {
    Options { budget: Budget { states: 800, history: 2, ..Budget::default() }, ..Options::default() }
}

/// Sometimes so little that the solver, or exploration, gives up at once: that must prove nothing.
fn any_budget(rng: &mut Rng) -> Options {
    let Options { budget, .. } = small_budget();
    let budget = match rng.below(10) {
        0 => Budget { solver: rng.pick(&[1, 10, 100, 1000]), ..budget },
        1 => Budget { states: rng.below(60) as u64, ..budget },
        _ => budget,
    };
    Options { budget, ..Options::default() }
}

fn lineages_agree(network: &Network, stateful: bool, seed: u64, coverage: &mut Coverage) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    let options = any_budget(&mut rng);
    let net = net(network, options);
    for from in networks::entries(network) {
        let mut explorer = Explorer::new(&net, Context::new(options));
        let through = if rng.chance(50) { promises::waypoints(&mut rng, network) } else { Vec::new() };
        let leaves = explorer.explore_via(from, &through);
        for _ in 0..8 {
            lineage_agrees(&mut rng, network, (&net, stateful), (from, &leaves, &through), coverage)?;
        }
    }
    Ok(())
}

fn lineage_agrees(
    rng: &mut Rng,
    network: &Network,
    (net, stateful): (&Net, bool),
    (from, leaves, through): (BoundaryId, &[Leaf], &[BTreeSet<PartId>]),
    coverage: &mut Coverage,
) -> Result<(), String> {
    let packet = packets::packet(rng, network.boundary_port(from).stack);
    let mut stores = Stores::new(network);
    for (id, part) in (0u32..).map(PartId).zip(&network.parts) {
        let maps = (0..part.program.maps.len() as u32).map(MapId);
        let weak = &net.part(id).summary.as_ref().expect("every part has a program").weak;
        let assumed = maps.filter(|map| !weak.contains(map)).collect();
        *stores.part_mut(id) = state::store(rng, &part.program, &assumed);
    }
    let before = stores.clone();
    let unexpired = Expiry::Named(Vec::new());
    let now = rng.value(64) as u64;
    let ran = tapes::run_legally(rng, network, &mut stores, (from, &packet), Time(now), unexpired);
    let Some((run, tape)) = ran else { return Ok(()) };
    run.copies.iter().for_each(|copy| coverage.copy(network, copy));
    let injection =
        Injection { at: from, bytes: &deparse(&packet), now: Time(now), tape: Some(&tape), fuel: tapes::FUEL };
    let moments = if stateful { lineages::moments(network, &before, injection) } else { Some(Vec::new()) };
    let Some(moments) = moments else { return Ok(()) };
    let lineage = Lineage { packet: &packet, run: &run, now, moments: &moments, through };
    lineage.compare(leaves, coverage).map_err(|why| format!("from {from:?} {packet:?}: {why}"))
}

fn networks_agree(stateful: bool, cases: u64) {
    let mut coverage = Coverage::default();
    for seed in seeds(cases) {
        let mut rng = Rng::new(seed);
        let network = network(&mut rng, &Plan { stateful, parts: 4 });
        network.parts.iter().for_each(|part| assert_eq!(part.program.check(), [], "seed {seed}"));
        let checked = caught(|| lineages_agree(&network, stateful, seed, &mut coverage));
        checked.unwrap_or_else(|why| panic!("seed {seed}: {why}\n{}", shrink::network_listing(&network)));
    }
    println!("{}", coverage.report());
}

#[test]
fn networks_without_state_have_exactly_the_leaves_there_are() {
    networks_agree(false, 100);
}

#[test]
fn every_run_of_a_network_with_state_is_in_some_leaf() {
    networks_agree(true, 100);
}

fn verdicts_hold(network: &Network, seed: u64, coverage: &mut Coverage) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    let properties = verdicts::properties(&mut rng, network);
    let options = any_budget(&mut rng);
    let hidden = rng.chance(10).then(|| rng.below(network.parts.len()));
    let verdicts = verdicts::verdicts_without(network, hidden, &properties, options);
    verdicts::check(&mut rng, network, (&properties, &verdicts), 10, coverage)
}

#[test]
fn verdicts_survive_random_histories() {
    let mut coverage = Coverage::default();
    for seed in seeds(60) {
        let mut rng = Rng::new(seed);
        let stateful = rng.chance(60);
        let network = network(&mut rng, &Plan { stateful, parts: 3 });
        let checked = caught(|| verdicts_hold(&network, seed, &mut coverage));
        checked.unwrap_or_else(|why| panic!("seed {seed}: {why}\n{}", shrink::network_listing(&network)));
    }
    println!("{}", coverage.report());
}

#[test]
fn obligations_proved_survive_random_histories() {
    let mut coverage = Coverage::default();
    for seed in seeds(60) {
        let mut rng = Rng::new(seed);
        let style = Style { maps: 1 + rng.below(2), mostly_state: true, ..Style::any(&mut rng) };
        let (program, tables) = programs::program(&mut rng, &style);
        let network = Network::of_leaf(Arc::new(program), tables.into_iter().map(Arc::new).collect());
        let checked = caught(|| obligations::check(&mut rng, &network, small_budget(), 30, &mut coverage));
        checked.unwrap_or_else(|why| panic!("seed {seed}: {why}\n{}", shrink::network_listing(&network)));
    }
    println!("{}", coverage.report());
    // These programs are mostly about state; few of them assert anything.
    let wanted = ["invariant proved", "invariant violated", "unique proved", "unique violated", "assertion proved"];
    assert_eq!(coverage.missing(&wanted), [""; 0], "never touched");
}

#[test]
fn summaries_do_not_depend_on_the_path_to_them() {
    let mut coverage = Coverage::default();
    for seed in seeds(60) {
        let mut rng = Rng::new(seed);
        let style = Style { blocks: 10, ..Style::any(&mut rng) };
        let (program, tables) = programs::program(&mut rng, &style);
        let tables: Vec<Arc<TableData>> = tables.into_iter().map(Arc::new).collect();
        let checked = caught(|| slow_paths::summaries_agree(&mut rng, &program, &tables, &mut coverage));
        checked.unwrap_or_else(|why| panic!("seed {seed}: {why}\n{}", shrink::listing(&program)));
    }
    println!("{}", coverage.report());
}

#[test]
fn verdicts_do_not_depend_on_the_path_to_them() {
    let mut coverage = Coverage::default();
    for seed in seeds(30) {
        let mut rng = Rng::new(seed);
        let stateful = rng.chance(50);
        let network = network(&mut rng, &Plan { stateful, parts: 2 });
        let checked = caught(|| verdicts_agree(&mut rng, &network, &mut coverage));
        checked.unwrap_or_else(|why| panic!("seed {seed}: {why}\n{}", shrink::network_listing(&network)));
    }
    println!("{}", coverage.report());
}

fn verdicts_agree(rng: &mut Rng, network: &Network, coverage: &mut Coverage) -> Result<(), String> {
    slow_paths::explorations_agree(network, small_budget(), coverage)?;
    let properties = verdicts::properties(rng, network);
    let fast = verdicts::verdicts(network, &properties, small_budget());
    for (name, options) in slow_paths::kin(small_budget()) {
        let slow = verdicts::verdicts(network, &properties, options);
        for ((property, a), b) in properties.iter().zip(&fast).zip(&slow) {
            coverage.add(format!("{} {}, {name} {}", verdicts::kind(&property.claim), a.word(), b.word()));
            if !slow_paths::compatible(&property.claim, a, b) {
                return Err(format!("{name}: {a:?}\n{b:?}\n{property:?}"));
            }
        }
    }
    Ok(())
}
