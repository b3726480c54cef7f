//! What the well-formedness check finds, and that programs without faults run.

#[path = "support/build.rs"]
mod build;
#[path = "support/declared.rs"]
mod declared;
#[path = "support/packets.rs"]
mod packets;
#[path = "support/random.rs"]
mod random;

use build::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rdcl_core::*;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The problems of a program over one `ip` port and one `eth/vlan` port, entered at the first.
fn problems(blocks: Vec<Block>) -> Vec<Problem> {
    let base = nat(Nat::default());
    let program = Program {
        ports: [ports(&["ip"], stack(&[IP])), ports(&["tagged"], stack(&[ETH, VLAN]))].concat(),
        entry: vec![Some(to(0)), None],
        rows: vec![RowDecl { name: "r".into(), table: TableId(0) }],
        tables: router(1).tables,
        blocks,
        ..base
    };
    let mut problems: Vec<Problem> = program.check().into_iter().map(|f| f.problem).collect();
    problems.dedup();
    problems
}

/// The problems of one operation before a packet leaves as it came.
fn problems_of(op: Op) -> Vec<Problem> {
    problems(vec![block(vec![op], End::Forward(PortId(0)))])
}

fn shape(headers: &[HeaderKind]) -> Shape {
    Shape::of(headers)
}

#[test]
fn programs_by_hand_have_no_fault() {
    for program in [nat(Nat::default()), router(3), hub(&["a", "b"], stack(&[ETH])), tagger(1)] {
        assert_eq!(program.check(), []);
    }
    assert_eq!(problems(vec![block(vec![], End::Forward(PortId(0)))]), []);
}

#[test]
fn single_instructions_are_typed() {
    assert_eq!(problems_of(set("ip.id", bits(8, 1))), [Problem::Width { expected: 16, found: 8 }]);
    assert_eq!(problems_of(set("ip.len", bits(16, 1))), [Problem::Derived(field("ip.len"))]);
    assert_eq!(problems_of(set("ip.id", get("ip.csum"))), [Problem::Unreadable(field("ip.csum"))]);
    assert_eq!(problems_of(set("ip.id", Expr::Slot(SlotId(7)))), [Problem::Dangling("slot", 7)]);
    assert_eq!(problems_of(set("ip.id", Expr::Column(3, 16))), [Problem::OutsideInvariant]);
    let wide = Bv { width: 16, value: 1 << 16 };
    assert_eq!(problems_of(set("ip.id", Expr::Const(wide))), [Problem::Constant(wide)]);
    let extract = Expr::Extract { hi: 16, lo: 1, of: Box::new(get("ip.id")) };
    assert_eq!(problems_of(set("ip.id", extract)), [Problem::Width { expected: 17, found: 16 }]);
}

#[test]
fn edges_go_forward_and_arms_ascend() {
    assert_eq!(problems(vec![block(vec![], End::Goto(to(0)))]), [Problem::Backwards(to(0))]);
    assert_eq!(problems(vec![block(vec![], End::Goto(to(4)))]), [Problem::Dangling("block", 4)]);
    assert_eq!(problems(vec![block(vec![], End::Fork(vec![]))]), [Problem::NoArms]);
    let arms = vec![(2, to(1)), (1, to(1))];
    let switch = End::Switch { on: get("ip.id"), arms, default: to(1) };
    assert_eq!(problems(vec![block(vec![], switch), block(vec![], fail("x"))]), [Problem::Unordered]);
}

#[test]
fn headers_are_there_before_they_are_read() {
    let ip_only = [[IP].as_slice(), &[IP, UDP], &[IP, ICMP]].map(shape);
    let absent: Vec<Problem> = ip_only.map(|shape| Problem::Absent { header: TCP, shape }).into();
    let mut found = problems_of(set("ip.id", get("tcp.sport")));
    found.sort();
    let mut expected = absent;
    expected.sort();
    assert_eq!(found, expected);
    let guarded = Expr::Ite(Box::new(Cond::Has(TCP)), Box::new(get("tcp.sport")), Box::new(bits(16, 0)));
    assert_eq!(problems_of(set("ip.id", guarded)), []);
    let either = Cond::Any(vec![Cond::Not(Box::new(Cond::Has(TCP))), eq(get("tcp.dport"), bits(16, 22))]);
    let branch = End::If(either, to(1), to(2));
    let tcp = block(vec![set("tcp.dport", bits(16, 1))], End::Forward(PortId(0)));
    assert_eq!(problems(vec![block(vec![], branch), block(vec![], fail("x")), tcp]), []);
}

#[test]
fn packets_fit_the_port_they_leave_by() {
    let leaves = |blocks: Vec<Op>, port| problems(vec![block(blocks, End::Forward(PortId(port)))]);
    assert_eq!(leaves(vec![], 1).len(), 4);
    assert_eq!(leaves(vec![Op::Push(VLAN), Op::Push(ETH)], 1), []);
    assert_eq!(leaves(vec![Op::Pop(IP), Op::Push(VLAN), Op::Push(ETH)], 1).len(), 3);
    let present = |s: &[HeaderKind]| Problem::Present { header: IP, shape: shape(s) };
    assert!(leaves(vec![Op::Push(IP)], 0).contains(&present(&[IP, TCP])));
    assert!(leaves(vec![Op::Pop(ETH)], 0).contains(&Problem::Absent { header: ETH, shape: shape(&[IP]) }));
}

#[test]
fn names_are_bound_before_they_are_used() {
    assert_eq!(problems_of(Op::Touch(CellId(0))), [Problem::UnboundCell(CellId(0))]);
    assert_eq!(problems_of(set("ip.id", Expr::Cell(CellId(0), 3))), [Problem::UnboundCell(CellId(0))]);
    let row = Expr::Zext(16, Box::new(Expr::Row(RowId(0), 0)));
    assert_eq!(problems_of(set("ip.id", row.clone())), [Problem::UnboundRow(RowId(0))]);
    let found = |miss| {
        let end = End::Match { table: TableId(0), keys: vec![get("ip.dst")], row: RowId(0), hit: to(1), miss };
        problems(vec![
            block(vec![], end),
            block(vec![set("ip.id", row.clone())], End::Forward(PortId(0))),
            block(vec![], fail("miss")),
        ])
    };
    assert_eq!(found(to(2)), []);
    assert_eq!(found(to(1)), [Problem::UnboundRow(RowId(0))]);
}

#[test]
fn nothing_is_written_after_a_fork() {
    let mut hub = nat(Nat::default());
    hub.blocks.insert(0, block(vec![], End::Fork(vec![to(1), to(1)])));
    hub.blocks.iter_mut().skip(1).for_each(|b| shift(&mut b.end));
    hub.entry = vec![Some(to(0)), Some(to(9))];
    let faults = hub.check();
    assert!(!faults.is_empty() && faults.iter().all(|f| f.problem == Problem::WriteAfterFork), "{faults:?}");
}

/// Makes room for one block in front.
fn shift(end: &mut End) {
    let up = |b: &mut BlockId| b.0 += 1;
    match end {
        End::Goto(a) | End::Check { ok: a, .. } => up(a),
        End::If(_, a, b)
        | End::Match { hit: a, miss: b, .. }
        | End::Lookup { hit: a, miss: b, .. }
        | End::Choose { ok: a, none: b, .. } => [a, b].into_iter().for_each(up),
        End::Insert { ok, full, clash, .. } => [ok, full, clash].into_iter().for_each(up),
        End::Switch { arms, default, .. } => arms.iter_mut().map(|a| &mut a.1).chain([default]).for_each(up),
        End::Fork(arms) => arms.iter_mut().for_each(up),
        End::Forward(_) | End::Drop(_) => {}
    }
}

#[test]
fn declarations_are_looked_at() {
    let problem = |change: fn(&mut Program)| {
        let mut program = nat(Nat::default());
        change(&mut program);
        program.check().first().map(|f| f.problem)
    };
    assert_eq!(problem(|p| p.maps[0].unique = vec![vec![9]]), Some(Problem::Dangling("column", 9)));
    assert_eq!(problem(|p| p.maps[0].invariant = Cond::Has(TCP)), Some(Problem::InsideInvariant));
    assert_eq!(problem(|p| p.slots[0].width = 0), Some(Problem::NoWidth(0)));
    assert_eq!(problem(|p| p.cells[0].map = MapId(3)), Some(Problem::Dangling("map", 3)));
    assert!(matches!(
        problem(|p| p.entry.truncate(1)),
        Some(Problem::Arity { what: "entries", expected: 2, found: 1 })
    ));
}

/// Runs a sound program: every read is of a header that is there (the interpreter asserts it), every copy ends, and
/// what is delivered is bytes that its receiver parses to the same packet.
fn runs(program: Program, seed: &[Packet], ends: &mut BTreeSet<&'static str>) -> Result<(), TestCaseError> {
    let network = Network::of_leaf(Arc::new(program), vec![Arc::new(random::table())]);
    let mut lab = Lab::new(&network);
    for (i, packet) in seed.iter().enumerate() {
        lab.now = i as u64;
        for copy in lab.try_send(i as u32 % 2, packet, None).unwrap().copies {
            ends.extend(copy.trail.iter().flat_map(|hop| &hop.steps).map(|step| name(step.took)));
            if let Outcome::Delivered { at, bytes, packet } = copy.outcome {
                ends.insert("delivered");
                prop_assert_eq!(parse(&bytes, network.boundary_port(at).stack), Ok(packet));
            }
        }
        prop_assert!(lab.stores.part(PartId(0)).map(MapId(0)).len() <= 1);
    }
    Ok(())
}

#[test]
fn programs_without_faults_run() {
    let stacks = [stack(&[IP]), stack(&[ETH]), stack(&[ETH, VLAN]), stack(&[ETH, IP, TCP])];
    let seeds = stacks.map(|s| prop::collection::vec(packets::packet(s), 6));
    let config = Config { cases: 600, failure_persistence: None, ..Config::default() };
    let ends = RefCell::new(BTreeSet::new());
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
        .run(&(random::program(), seeds), |(program, seeds)| {
            let at = |port: usize| stacks.iter().position(|s| *s == program.ports[port].stack).unwrap();
            let (a, b) = (&seeds[at(0)], &seeds[at(1)]);
            let mixed: Vec<Packet> = a.iter().zip(b).flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
            runs(random::mend(program), &mixed, &mut ends.borrow_mut())
        })
        .unwrap();
    let ends = ends.into_inner();
    let all = ["added", "clashed", "found", "full", "copy", "row", "chose", "delivered"];
    assert_eq!(all.into_iter().filter(|e| !ends.contains(e)).collect::<Vec<_>>(), Vec::<&str>::new());
}

/// What is worth meeting in some run.
fn name(took: Took) -> &'static str {
    match took {
        Took::Added => "added",
        Took::Clashed => "clashed",
        Took::Found(true) => "found",
        Took::Full(_) => "full",
        Took::Copy(_) => "copy",
        Took::Row(Some(_)) => "row",
        Took::Chose(..) => "chose",
        Took::Went
        | Took::Held(_)
        | Took::Arm(_)
        | Took::Row(None)
        | Took::Found(false)
        | Took::NoValue
        | Took::Ended => "other",
    }
}
