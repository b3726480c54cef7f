//! Programs of network functions, written by hand, do what networks do.

#[path = "support/build.rs"]
mod build;

use build::*;
use rdcl_core::*;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

const INSIDE: u32 = 0;
const OUTSIDE: u32 = 1;
const PUBLIC: u32 = 0xcb00_7107;

#[test]
fn a_router_takes_the_longest_match() {
    let rows = vec![
        route(0, 0, 0),
        route(0x0a00_0000, 8, 1),
        route(0x0a01_0000, 16, 2),
        route(0x0a01_0200, 24, 9),
        route(0x0a01_0000, 16, 3),
    ];
    let network = alone(router(4), vec![TableData { rows }]);
    let mut lab = Lab::new(&network);
    let mut goes = |dst: u32| lab.through(3, &packet(&[IP, UDP], &[("ip.dst", dst.into())])).0;
    assert_eq!([goes(0x0102_0304), goes(0x0a02_0000), goes(0x0a01_ff00)], [0, 1, 2]);
    assert_eq!(lab.dropped(0, &packet(&[IP], &[("ip.dst", 0x0a01_0203)])), Reason::NoPort);
    assert_eq!(lab.dropped(0, &packet(&[IP], &[("ip.ttl", 1)])), Reason::Constrain);
    let (_, sent) = lab.through(0, &packet(&[IP], &[("ip.ttl", 2)]));
    assert_eq!(sent.get(field("ip.ttl")), 1);
}

#[test]
fn a_hop_limit_of_zero_wraps_as_eight_bits_do() {
    let network = alone(router(1), vec![TableData { rows: vec![route(0, 0, 0)] }]);
    let (_, sent) = Lab::new(&network).through(0, &packet(&[IP], &[("ip.ttl", 0)]));
    assert_eq!(sent.get(field("ip.ttl")), 255);
}

#[test]
fn steps_name_what_was_done() {
    let network = alone(router(2), vec![TableData { rows: vec![route(0, 0, 1)] }]);
    let copies = Lab::new(&network).send(0, &packet(&[IP], &[]));
    let at = |block, index| InstrId { block: to(block), index };
    let steps: Vec<(InstrId, Took)> = copies[0].trail[0].steps.iter().map(|s| (s.at, s.took)).collect();
    let expected = [
        (at(0, 1), Took::Held(false)),
        (at(2, 0), Took::Row(Some(0))),
        (at(3, 0), Took::Arm(Some(1))),
        (at(6, 0), Took::Ended),
    ];
    assert_eq!(steps, expected);
}

#[test]
fn ten_thousand_flows_come_back_to_their_hosts() {
    let network = alone(nat(Nat::default()), vec![]);
    let mut lab = Lab::new(&network);
    let mut taken = HashMap::new();
    for i in 0..10_000u32 {
        let l4 = if i % 3 == 0 { TCP } else { UDP };
        let (src, sport) = (0x0a00_0000 + i / 50, 1000 + (i % 50) as u16);
        let (at, out) = lab.through(INSIDE, &flow(l4, src, sport, 0x0808_0808, 53));
        let ext = out.get(field(&format!("{}.sport", l4.name()))) as u16;
        assert_eq!((at, out.get(field("ip.src")), ext >= 1024), (OUTSIDE, PUBLIC.into(), true));
        assert_eq!(taken.insert((l4, ext), (src, sport)), None);
    }
    assert_eq!(lab.stores.part(PartId(0)).map(MapId(0)).len(), 10_000);
    for ((l4, ext), (src, sport)) in taken {
        let (at, back) = lab.through(OUTSIDE, &flow(l4, 0x0808_0808, 53, PUBLIC, ext));
        assert_eq!((at, back), (INSIDE, flow(l4, 0x0808_0808, 53, src, sport)));
    }
    assert_eq!(lab.dropped(OUTSIDE, &flow(TCP, 1, 1, PUBLIC, 1)), Reason::Fail("no mapping".into()));
    assert_eq!(lab.dropped(INSIDE, &packet(&[IP, ICMP], &[])), Reason::Constrain);
}

#[test]
fn flows_whose_hashes_collide_get_the_next_port() {
    let same = Some(Resolver::Hash(vec![bits(1, 0)]));
    let network = alone(nat(Nat { lo: 10, hi: 14, resolver: same, ..Nat::default() }), vec![]);
    let mut lab = Lab::new(&network);
    let mut ext = |i: u16| lab.through(INSIDE, &flow(UDP, 1, i, 2, 2)).1.get(field("udp.sport"));
    let first = ext(0);
    for i in 1..5 {
        assert_eq!(ext(i), 10 + (first - 10 + u128::from(i)) % 5);
    }
    assert_eq!(ext(3), 10 + (first - 10 + 3) % 5);
}

#[test]
fn every_port_is_used_before_one_is_missed() {
    for (lo, hi) in [(7, 10), (1024, 65535)] {
        let network = alone(nat(Nat { lo, hi, ..Nat::default() }), vec![]);
        let mut lab = Lab::new(&network);
        let count = (hi - lo + 1) as u32;
        let used: BTreeSet<u128> = (0..count)
            .map(|i| lab.through(INSIDE, &flow(UDP, i / 256, (i % 256) as u16, 2, 2)).1.get(field("udp.sport")))
            .collect();
        assert_eq!((used.len(), used.first(), used.last()), (count as usize, Some(&lo), Some(&hi)));
        let copies = lab.send(INSIDE, &flow(UDP, 0xffff_0000, 1, 2, 2));
        let reason = Reason::Fail("no free port".into());
        assert!(matches!(&copies[0].outcome, Outcome::Dropped { reason: r, .. } if *r == reason));
        assert_eq!(copies[0].full().collect::<Vec<_>>(), [(PartId(0), MapId(0))]);
        assert_eq!(lab.through(INSIDE, &flow(TCP, 0xffff_0000, 1, 2, 2)).0, OUTSIDE);
    }
}

#[test]
fn a_full_table_refuses_new_flows_and_keeps_the_old() {
    let network = alone(nat(Nat { capacity: 2, ..Nat::default() }), vec![]);
    let mut lab = Lab::new(&network);
    (0..2).for_each(|i| assert_eq!(lab.through(INSIDE, &flow(UDP, 1, i, 2, 2)).0, OUTSIDE));
    let copies = lab.send(INSIDE, &flow(UDP, 1, 9, 2, 2));
    assert!(matches!(&copies[0].outcome, Outcome::Dropped { reason: Reason::Fail(m), .. } if m == "table full"));
    assert_eq!(copies[0].full().count(), 1);
    assert_eq!(lab.through(INSIDE, &flow(UDP, 1, 1, 2, 2)).0, OUTSIDE);
}

#[test]
fn idle_flows_expire_and_used_ones_do_not() {
    let network = alone(nat(Nat { idle: 100, lo: 5, hi: 6, ..Nat::default() }), vec![]);
    let mut lab = Lab::new(&network);
    let (quiet, busy, fresh) = (flow(UDP, 1, 1, 9, 9), flow(UDP, 1, 2, 9, 9), flow(UDP, 1, 3, 9, 9));
    lab.through(INSIDE, &quiet);
    let ext = lab.through(INSIDE, &busy).1.get(field("udp.sport")) as u16;
    lab.now = 99;
    lab.through(OUTSIDE, &flow(UDP, 9, 9, PUBLIC, ext));
    assert_eq!(lab.dropped(INSIDE, &fresh), Reason::Fail("no free port".into()));
    lab.now = 100;
    lab.through(INSIDE, &fresh);
    assert_eq!(lab.stores.part(PartId(0)).map(MapId(0)).len(), 2);
    assert_eq!(lab.through(OUTSIDE, &flow(UDP, 9, 9, PUBLIC, ext)).1.get(field("udp.dport")), 2);
    lab.now = 99;
    let error = lab.try_send(INSIDE, &fresh, None);
    assert_eq!(error, Err(RunError::Time { now: Time(99), before: Time(100) }));
}

#[test]
fn the_value_freed_first_is_taken_first() {
    let lru = Some(Resolver::LeastRecentlyFreed);
    let network = alone(nat(Nat { idle: 10, lo: 1, hi: 3, resolver: lru, ..Nat::default() }), vec![]);
    let mut lab = Lab::new(&network);
    let mut ext = |now: u64, sport: u16| {
        lab.now = now;
        lab.through(INSIDE, &flow(UDP, 1, sport, 9, 9)).1.get(field("udp.sport"))
    };
    assert_eq!([ext(0, 1), ext(1, 2), ext(2, 3)], [1, 2, 3]);
    assert_eq!(ext(9, 1), 1);
    assert_eq!([ext(15, 4), ext(15, 5)], [2, 3]);
}

#[test]
fn a_tape_decides_and_must_be_legal() {
    let network = alone(nat(Nat { resolver: None, idle: 10, ..Nat::default() }), vec![]);
    let mut lab = Lab::new(&network);
    let (one, two) = (flow(UDP, 1, 1, 9, 9), flow(UDP, 1, 2, 9, 9));
    assert!(matches!(lab.one(INSIDE, &one), Outcome::ModelError { error: ModelError::Resolver, .. }));
    let run = lab.try_send(INSIDE, &one, Some(&Tape::choosing([2000]))).unwrap();
    assert_eq!(run.chosen, [2000]);
    let before = lab.stores.clone();
    for (choices, error) in [
        (vec![2000], TapeError::Illegal(ChoiceId(0), 2000)),
        (vec![1023], TapeError::Illegal(ChoiceId(0), 1023)),
        (vec![65536], TapeError::Illegal(ChoiceId(0), 65536)),
        (vec![], TapeError::Short(ChoiceId(0))),
    ] {
        assert_eq!(lab.try_send(INSIDE, &two, Some(&Tape::choosing(choices))), Err(RunError::Tape(error)));
        assert_eq!(lab.stores, before);
    }
    lab.try_send(INSIDE, &two, Some(&Tape::choosing([2001]))).unwrap();
}

#[test]
fn an_empty_legal_set_takes_nothing_from_the_tape() {
    let network = alone(nat(Nat { lo: 5, hi: 5, ..Nat::default() }), vec![]);
    let mut lab = Lab::new(&network);
    lab.through(INSIDE, &flow(UDP, 1, 1, 9, 9));
    let run = lab.try_send(INSIDE, &flow(UDP, 1, 2, 9, 9), Some(&Tape::default())).unwrap();
    assert_eq!((run.chosen.len(), run.copies[0].full().count()), (0, 1));
}

#[test]
fn a_tape_says_what_expires() {
    let network = alone(nat(Nat { idle: 10, ..Nat::default() }), vec![]);
    let mut lab = Lab::new(&network);
    lab.through(INSIDE, &flow(UDP, 1, 1, 9, 9));
    let len = |lab: &Lab<'_>| lab.stores.part(PartId(0)).map(MapId(0)).len();
    let nothing = Tape { choices: vec![5000], expiry: Expiry::Named(vec![]), ..Tape::default() };
    let expired = |visit, port| Expired { visit, map: MapId(0), key: vec![17, 1, port] };
    lab.now = 10;
    lab.try_send(INSIDE, &flow(UDP, 1, 2, 9, 9), Some(&nothing)).unwrap();
    assert_eq!(len(&lab), 2);
    let named = |ports: &[u128]| Tape {
        choices: vec![],
        expiry: Expiry::Named(ports.iter().map(|p| expired(0, *p)).collect()),
        ..Tape::default()
    };
    let fresh = TapeError::Fresh(MapId(0), vec![17, 1, 2]);
    assert_eq!(lab.try_send(INSIDE, &packet(&[IP], &[]), Some(&named(&[1, 2]))), Err(RunError::Tape(fresh)));
    assert_eq!(len(&lab), 2);
    lab.try_send(INSIDE, &packet(&[IP], &[]), Some(&named(&[1]))).unwrap();
    assert_eq!(len(&lab), 1);
}

#[test]
fn a_hub_copies_to_every_other_port_in_order() {
    let network = alone(hub(&["a", "b", "c", "d"], stack(&[ETH])), vec![]);
    let copies = Lab::new(&network).send(1, &packet(&[ETH, IP], &[]));
    let went: Vec<(Vec<u32>, u32)> = copies
        .into_iter()
        .map(|c| match c.outcome {
            Outcome::Delivered { at, .. } => (c.path, at.0),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(went, [(vec![0], 0), (vec![1], 2), (vec![2], 3)]);
}

#[test]
fn copies_choose_depth_first() {
    let choose = |ok| End::Choose {
        choice: ChoiceId(0),
        slot: SlotId(0),
        lo: 0,
        hi: 9,
        free: None,
        resolver: Some(Resolver::First),
        ok: to(ok),
        none: to(6),
    };
    let fork = |arms: [u32; 2]| End::Fork(arms.map(to).into());
    let program = Program {
        ports: ports(&["p"], stack(&[IP])),
        slots: vec![slot("x", 16)],
        choices: vec![ChoiceDecl { name: "x".into(), width: 16 }],
        blocks: vec![
            block(vec![], fork([1, 4])),
            block(vec![], choose(2)),
            block(vec![set("ip.id", Expr::Slot(SlotId(0)))], fork([3, 4])),
            block(vec![set("ip.src", bits(32, 1))], End::Goto(to(4))),
            block(vec![], choose(5)),
            block(vec![set("ip.dst", Expr::Zext(32, Box::new(Expr::Slot(SlotId(0)))))], End::Forward(PortId(0))),
            block(vec![], End::Drop(Reason::Constrain)),
        ],
        entry: vec![Some(to(0))],
        ..Program::default()
    };
    let network = alone(program, vec![]);
    let tape = Tape::choosing([7, 1, 2, 3]);
    let run = Lab::new(&network).try_send(0, &packet(&[IP], &[]), Some(&tape)).unwrap();
    let seen = run.copies.into_iter().map(|c| match c.outcome {
        Outcome::Delivered { packet: p, .. } => (c.path, ["ip.id", "ip.src", "ip.dst"].map(|f| p.get(field(f)))),
        other => panic!("{other:?}"),
    });
    let expected = [(vec![0, 0], [7, 1, 1]), (vec![0, 1], [7, 0, 2]), (vec![1], [0, 0, 3])];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    assert_eq!(run.chosen, [7, 1, 2, 3]);
}

#[test]
fn a_tagger_tags_and_untags() {
    let network = alone(tagger(42), vec![]);
    let mut lab = Lab::new(&network);
    let mut plain = packet(&[ETH, IP, UDP], &[("eth.src", 5)]);
    plain.payload = b"hello".to_vec();
    let (at, tagged) = lab.through(0, &plain);
    assert_eq!((at, tagged.get(field("vlan.id")), tagged.get(field("vlan.type"))), (1, 42, 0x0800));
    assert_eq!(lab.through(1, &tagged), (0, plain));
    let mut lldp = Packet::new(Shape::of(&[ETH]));
    lldp.set(field("eth.type"), 0x88cc);
    let (_, tagged) = lab.through(0, &lldp);
    assert_eq!(lab.through(1, &tagged), (0, lldp));
    assert_eq!(lab.dropped(0, &tagged), Reason::Fail("tagged already".into()));
    assert_eq!(lab.dropped(1, &packet(&[ETH], &[])), Reason::Parse(ParseError::Missing(VLAN)));
}

/// A part and a port of it.
type Socket = (u32, u32);

/// Parts, the wires between their ports, and the ports that are the boundary's.
fn wired(programs: Vec<Program>, wires: &[(Socket, Socket)], boundary: &[Socket]) -> Network {
    let parts: Vec<Part> = programs
        .into_iter()
        .enumerate()
        .map(|(i, p)| Part { path: format!("part{i}"), program: sound(p), tables: vec![] })
        .collect();
    let mut network =
        Network { wires: parts.iter().map(|p| vec![None; p.program.ports.len()]).collect(), parts, boundary: vec![] };
    let end = |(part, port): Socket| Endpoint::Part(PartId(part), PortId(port));
    for (a, b) in wires {
        network.wires[a.0 as usize][a.1 as usize] = Some(end(*b));
        network.wires[b.0 as usize][b.1 as usize] = Some(end(*a));
    }
    for (i, at) in (0..).zip(boundary) {
        network.wires[at.0 as usize][at.1 as usize] = Some(Endpoint::Boundary(BoundaryId(i)));
        let port = network.parts[at.0 as usize].program.ports[at.1 as usize].clone();
        let to = Some(end(*at));
        network.boundary.push(BoundaryPort { name: port.name, stack: port.stack, enters: true, leaves: true, to });
    }
    network
}

#[test]
fn two_hubs_joined_twice_loop() {
    let names = ["a", "b", "c"];
    let eth = stack(&[ETH]);
    let network =
        wired(vec![hub(&names, eth), hub(&names, eth)], &[((0, 1), (1, 1)), ((0, 2), (1, 2))], &[(0, 0), (1, 0)]);
    let copies = Lab::new(&network).send(0, &packet(&[ETH], &[("eth.src", 1)]));
    let loops = copies.iter().filter(|c| matches!(c.outcome, Outcome::Loop { .. })).count();
    let delivered = copies.iter().filter(|c| matches!(c.outcome, Outcome::Delivered { .. })).count();
    assert_eq!((loops, delivered, copies.len()), (2, 4, 6));
    let looped = copies.iter().find(|c| matches!(c.outcome, Outcome::Loop { .. })).unwrap();
    assert!(looped.trail.len() >= 3);
}

/// Sends everything on, its hop limit or its identification one less.
fn counter(name: &str) -> Program {
    let value = get(name);
    let width = field(name).width();
    let less = Expr::Bin(BinOp::Sub, Box::new(value), Box::new(bits(width, 1)));
    Program {
        ports: ports(&["in0", "out0"], stack(&[IP])),
        blocks: vec![block(vec![set(name, less)], End::Forward(PortId(1)))],
        entry: vec![Some(to(0)), None],
        ..Program::default()
    }
}

#[test]
fn a_loop_is_told_by_the_header_without_its_hop_limit() {
    for (name, looped) in [("ip.ttl", true), ("ip.id", false)] {
        let join = hub(&["a", "b", "c"], stack(&[IP]));
        let network = wired(vec![join, counter(name)], &[((0, 1), (1, 0)), ((0, 2), (1, 1))], &[(0, 0)]);
        let copies = Lab::new(&network).send(0, &packet(&[IP], &[]));
        assert_eq!(copies.iter().any(|c| matches!(c.outcome, Outcome::Loop { .. })), looped);
        assert_eq!(copies.iter().any(|c| c.outcome == Outcome::Exhausted), !looped);
    }
}

#[test]
fn wires_that_are_not_there_drop() {
    let network = wired(vec![hub(&["a", "b", "c"], stack(&[IP])), counter("ip.ttl")], &[((0, 1), (1, 1))], &[(0, 0)]);
    let copies = Lab::new(&network).send(0, &packet(&[IP], &[]));
    let unwired = Outcome::Dropped { reason: Reason::Unwired, by: None };
    assert_eq!(copies.iter().map(|c| &c.outcome).collect::<Vec<_>>(), [&unwired, &unwired]);
}

#[test]
fn the_boundary_may_be_wired_to_itself() {
    let port = |name: &str, enters, leaves, to: Option<u32>| BoundaryPort {
        name: name.into(),
        stack: stack(&[IP]),
        enters,
        leaves,
        to: to.map(|i| Endpoint::Boundary(BoundaryId(i))),
    };
    let boundary = vec![
        port("a", true, true, Some(1)),
        port("b", true, true, Some(2)),
        port("c", true, false, None),
        port("d", false, true, Some(0)),
    ];
    let network = Network { boundary, ..Network::default() };
    let mut lab = Lab::new(&network);
    let one = packet(&[IP], &[]);
    assert_eq!(lab.through(0, &one), (1, one.clone()));
    (1..4).for_each(|at| assert_eq!(lab.dropped(at, &one), Reason::Unwired));
}

#[test]
fn a_header_uncovered_by_a_pop_is_parsed_by_the_next_part() {
    let tags = |name: &str| PortDecl { name: name.into(), stack: stack(&[ETH]) };
    let reader = Program {
        ports: vec![tags("in0"), tags("out0")],
        blocks: vec![
            block(vec![], End::If(Cond::Has(VLAN), to(1), to(2))),
            block(vec![set("vlan.id", bits(12, 9))], End::Forward(PortId(1))),
            block(vec![], fail("no tag")),
        ],
        entry: vec![Some(to(0)), None],
        ..Program::default()
    };
    let network = wired(vec![tagger(1), reader], &[((0, 0), (1, 0))], &[(0, 1), (1, 1)]);
    let inner = packet(&[ETH, VLAN, IP], &[("vlan.id", 7)]);
    let mut bytes = deparse(&inner);
    bytes.splice(12..12, [0x81, 0x00, 0x20, 0x05]);
    let outer = parse(&bytes, stack(&[ETH, VLAN])).unwrap();
    let mut lab = Lab::new(&network);
    assert_eq!(lab.through(0, &outer), (1, packet(&[ETH, VLAN, IP], &[("vlan.id", 9)])));
    bytes.truncate(19);
    let cut = parse(&bytes, stack(&[ETH, VLAN])).unwrap();
    assert_eq!(lab.dropped(0, &cut), Reason::Parse(ParseError::Truncated));
}

#[test]
fn checks_end_a_run_by_their_kind() {
    let checked = |kind| Program {
        ports: ports(&["p"], stack(&[IP])),
        blocks: vec![
            block(vec![], End::Check { cond: eq(get("ip.id"), bits(16, 0)), kind, ok: to(1) }),
            block(vec![], End::Forward(PortId(0))),
        ],
        entry: vec![Some(to(0))],
        ..Program::default()
    };
    let bad = packet(&[IP], &[("ip.id", 1)]);
    let network = alone(checked(CheckKind::Assert), vec![]);
    assert_eq!(Lab::new(&network).dropped(0, &bad), Reason::Assertion);
    assert_eq!(Lab::new(&network).through(0, &packet(&[IP], &[])).0, 0);
    let network = alone(checked(CheckKind::Assume), vec![]);
    assert!(matches!(Lab::new(&network).one(0, &bad), Outcome::ModelError { error: ModelError::Assumption, .. }));
}

#[test]
fn a_run_repeats_from_what_it_chose() {
    let network = alone(nat(Nat::default()), vec![]);
    let (mut one, mut two) = (Lab::new(&network), Lab::new(&network));
    for i in 0..50 {
        let sent = flow(UDP, 1, i, 2, 2);
        let run = one.try_send(INSIDE, &sent, None).unwrap();
        assert_eq!(two.try_send(INSIDE, &sent, Some(&Tape::choosing(run.chosen.clone()))), Ok(run));
    }
    assert_eq!(one.stores, two.stores);
}

#[test]
fn a_missing_table_is_a_model_error() {
    let network = Network::of_leaf(Arc::new(router(1)), vec![]);
    let one = packet(&[IP], &[]);
    assert!(matches!(Lab::new(&network).one(0, &one), Outcome::ModelError { error: ModelError::Table, .. }));
}
