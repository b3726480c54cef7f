//! Guests written by hand: what they do, what rings may look like, what is refused.

#[path = "../../core/tests/support/build.rs"]
mod build;
#[path = "support/firewall.rs"]
mod firewall;
#[path = "support/support.rs"]
mod support;

use build::*;
use rdcl_abi::{Guest, RingShape, SLOT_HEADER, offset};
use rdcl_codegen::{Counter, NotBootable, compile};
use rdcl_core::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use support::lab::{Effects, Lab, Machine, rings};
use support::rng::Rng;

fn guest(program: &Program, rings: RingShape) -> Machine {
    Machine::new(compile(program, &[], rings).unwrap())
}

fn refusals(program: &Program, tables: &[Arc<TableData>]) -> Vec<NotBootable> {
    compile(program, tables, rings()).map(|_| ()).unwrap_err()
}

fn counted(effects: &Effects, counter: Counter) -> u64 {
    effects.counted.get(&counter).copied().unwrap_or(0)
}

/// A UDP packet as bytes.
fn udp(src: u32, sport: u16, dst: u32, dport: u16) -> Vec<u8> {
    deparse(&flow(UDP, src, sport, dst, dport))
}

#[test]
fn a_nat_translates_there_and_back() {
    let network = build::alone(nat(Nat { lo: 5000, hi: 5001, idle: 100, ..Nat::default() }), vec![]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    let out = lab.one(0, 10, &udp(1, 2, 3, 4));
    let sent = parse(&out.sent[0].bytes, stack(&[IP])).unwrap();
    let external = sent.get(field("udp.sport")) as u16;
    assert!((5000..=5001).contains(&external));
    assert_eq!((out.sent[0].port, sent.get(field("ip.src"))), (1, 0xcb00_7107));
    let back = lab.one(1, 20, &udp(3, 4, 0xcb00_7107, external));
    let received = parse(&back.sent[0].bytes, stack(&[IP])).unwrap();
    assert_eq!((received.get(field("ip.dst")), received.get(field("udp.dport"))), (1, 2));
    let other = lab.one(0, 21, &udp(1, 3, 3, 4));
    assert_eq!(other.sent.len(), 1);
    let third = lab.one(0, 22, &udp(1, 4, 3, 4));
    assert_eq!(counted(&third, Counter::Full { block: BlockId(2), map: MapId(0) }), 1);
    assert_eq!(lab.one(0, 120, &udp(1, 4, 3, 4)).sent.len(), 1, "the first flow was last used at 20");
}

#[test]
fn nats_and_firewalls_do_what_the_interpreter_does() {
    let oldest = Some(Resolver::LeastRecentlyFreed);
    let programs = [
        nat(Nat { lo: 1024, hi: 1100, capacity: 60, idle: 90, ..Nat::default() }),
        nat(Nat { lo: 1024, hi: 1100, capacity: 200, idle: 90, resolver: oldest, ..Nat::default() }),
        nat(Nat { lo: 65_000, hi: 65_535, idle: 200, resolver: Some(Resolver::First), ..Nat::default() }),
        firewall::firewall(40, 60),
        firewall::rules(),
    ];
    for (seed, program) in (0..).zip(programs) {
        let network = build::alone(program, vec![]);
        let on_link = network.boundary[0].stack.outermost == ETH;
        let mut lab = Lab::new(&network, rings()).unwrap();
        let mut rng = Rng::new(seed);
        let mut now = 0;
        for _ in 0..3000 {
            now += rng.pick(&[0, 1, 1, 2, 4]);
            let port = rng.below(network.boundary.iter().filter(|p| p.enters).count()) as u32;
            let l4 = rng.pick(&[TCP, UDP]);
            let dst = if port == 1 { 0xcb00_7107 } else { rng.below(4) as u32 };
            let dport = if rng.chance(90) { 1024 + rng.below(80) as u16 } else { rng.pick(&[22, 80, 65_000]) };
            let mut packet = flow(l4, rng.below(60) as u32, rng.below(3) as u16, dst, dport);
            packet.payload = vec![7; rng.below(40)];
            if on_link {
                packet.push(ETH);
            }
            lab.send(&[(port, now, deparse(&packet))]);
        }
    }
}

#[test]
fn a_router_finds_the_longest_prefix() {
    let mut rng = Rng::new(7);
    let rows = (0..2000).map(|i| route((rng.word() as u32) & 0xff3f_ff00, 8 + (i % 20), (i % 5).into()));
    let table = TableData { rows: rows.collect() };
    let network = build::alone(router(4), vec![table]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    let mut used = [0; 4];
    for now in 0..2000 {
        let effects = lab.one(0, now, &udp(1, 2, (rng.word() as u32) & 0xff3f_ffff, 3));
        effects.sent.iter().for_each(|sent| used[sent.port as usize] += 1);
    }
    assert!(used.iter().all(|count| *count > 50), "{used:?}");
}

#[test]
fn every_copy_is_that_of_its_arm() {
    let network = build::alone(hub(&["a", "b", "c", "d"], stack(&[ETH])), vec![]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    for port in 0..4 {
        let effects = lab.one(port, 0, &[0xab; 60]);
        let ports: Vec<u32> = effects.sent.iter().map(|sent| sent.port).collect();
        assert_eq!(ports, (0..4).filter(|p| *p != port).collect::<Vec<_>>());
    }
    let network = build::alone(tagger(7), vec![]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    let tagged = lab.one(0, 0, &[0xab; 60]).sent.remove(0);
    assert_eq!(lab.one(1, 0, &tagged.bytes).sent[0].bytes, [0xab; 60]);
}

#[test]
fn a_frame_waits_until_all_its_copies_fit() {
    let hub = hub(&["a", "b", "c", "d"], stack(&[ETH]));
    let shape = RingShape::new(2, 9).unwrap();
    let mut machine = guest(&hub, shape);
    machine.offer(&[(0, 1, vec![1; 60]), (1, 2, vec![2; 60]), (2, 3, vec![3; 60]), (3, 4, vec![4; 60])]);
    for frame in 1..=4u64 {
        let (sent, times) = machine.enter();
        assert_eq!((sent.len(), machine.rings.waiting()), (3, 4 - frame as usize));
        assert_eq!((sent[0].bytes[0], times), (frame as u8, vec![frame; 3]));
    }
    assert_eq!(machine.enter(), (vec![], vec![]));
    let copies = NotBootable::TooManyCopies { copies: 3, slots: 2 };
    assert_eq!(compile(&hub, &[], RingShape::new(1, 9).unwrap()).map(|_| ()), Err(vec![copies]));
}

#[test]
fn rings_wrap_and_may_be_full() {
    let wire = hub(&["a", "b"], stack(&[ETH]));
    let shape = RingShape::new(3, 9).unwrap();
    let mut machine = guest(&wire, shape);
    for round in 0..50u8 {
        let count = if round % 3 == 0 { 8 } else { round % 8 };
        let frames: Vec<_> = (0..count).map(|i| (0, u64::from(round), vec![round ^ i; 60])).collect();
        machine.offer(&frames);
        let (sent, _) = machine.enter();
        let bytes: Vec<Vec<u8>> = sent.into_iter().map(|sent| sent.bytes).collect();
        assert_eq!(bytes, frames.into_iter().map(|frame| frame.2).collect::<Vec<_>>());
    }
}

#[test]
fn an_impossible_index_is_taken_for_a_full_ring() {
    let mut machine = guest(&hub(&["a", "b"], stack(&[ETH])), RingShape::new(3, 9).unwrap());
    machine.native.fabric()[offset::RECEIVE_TAIL / 8].store(u64::MAX / 2, Ordering::Relaxed);
    machine.native.enter(std::time::Duration::MAX).unwrap();
    assert_eq!(machine.native.fabric()[offset::RECEIVE_HEAD / 8].load(Ordering::Relaxed), 8);
    machine.native.fabric()[offset::SEND_HEAD / 8].store(1 << 40, Ordering::Relaxed);
    machine.native.fabric()[offset::RECEIVE_TAIL / 8].store(16, Ordering::Relaxed);
    machine.native.enter(std::time::Duration::MAX).unwrap();
    assert_eq!(
        machine.native.fabric()[offset::RECEIVE_HEAD / 8].load(Ordering::Relaxed),
        8,
        "the send ring has no room"
    );
}

#[test]
fn a_slot_is_not_believed() {
    let mut machine = guest(&hub(&["a", "b"], stack(&[ETH])), rings());
    let longest = rings().longest_received();
    machine.offer(&[(0, 5, vec![9; 60]), (0, 5, vec![9; longest]), (0, 5, vec![9; 60]), (1, 5, vec![8; 60])]);
    let slot = |number: usize| (offset::SLOTS + number * rings().slot_bytes() as usize) / 8;
    machine.native.fabric()[slot(0)].store(longest as u64 + 1, Ordering::Relaxed);
    machine.native.fabric()[slot(2)].store(60 | 2 << 32, Ordering::Relaxed);
    let (effects, _) = machine.run();
    assert_eq!(
        effects.sent.iter().map(|sent| (sent.port, sent.bytes.len())).collect::<Vec<_>>(),
        [(1, longest), (0, 60)]
    );
    assert_eq!((counted(&effects, Counter::BadLength), counted(&effects, Counter::BadPort)), (1, 1));
    assert_eq!(SLOT_HEADER + longest + RingShape::GROWTH, rings().slot_bytes() as usize);
}

#[test]
fn the_longest_frames_grow_within_their_slots() {
    let network = build::alone(tagger(9), vec![]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    let longest = rings().longest_received();
    let frames: Vec<_> = (0..16u8).map(|i| (0, 0, vec![0x10 + i; longest - usize::from(i)])).collect();
    let effects = lab.send(&frames);
    assert!(effects.sent.iter().zip(&frames).all(|(sent, frame)| sent.bytes.len() == frame.2.len() + 4));
}

#[test]
fn time_does_not_go_back() {
    let mut lab_program = nat(Nat { idle: 10, ..Nat::default() });
    lab_program.ports[0].name = "in".into();
    let network = build::alone(lab_program, vec![]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    lab.one(0, 100, &udp(1, 2, 3, 4));
    lab.one(0, 50, &udp(1, 2, 3, 4));
    assert_eq!(lab.stores.now(), Time(100));
    lab.one(0, 60, &udp(9, 9, 9, 9));
    lab.one(0, 109, &udp(1, 2, 3, 4));
}

#[test]
fn large_maps_cost_nothing_at_the_start() {
    let compiled = compile(&nat(Nat { capacity: 1 << 22, ..Nat::default() }), &[], rings()).unwrap();
    assert!(compiled.image.data.is_empty() && compiled.image.data_bytes > 1 << 27);
    assert_eq!(compiled.image.data_bytes % 8, 0);
}

#[test]
fn a_map_has_no_more_room_than_keys() {
    let mut program = nat(Nat { capacity: u64::MAX, ..Nat::default() });
    let refused = refusals(&program, &[]);
    assert!(matches!(refused[..], [NotBootable::TooMuchState { map: Some(MapId(0)), .. }]), "{refused:?}");
    program.maps[0].capacity = 1 << 24;
    assert!(compile(&program, &[], rings()).is_err(), "a key of 56 bits may have that many values");
    program.maps[0].unique = vec![vec![3]];
    program.blocks[2].end = End::Goto(to(3));
    program.blocks[9].end = End::Goto(to(19));
    assert!(compile(&program, &[], rings()).is_ok(), "no two entries have the same external port");
}

#[test]
fn what_is_left_open_is_refused() {
    let at = InstrId { block: BlockId(2), index: 0 };
    let open = NotBootable::OpenChoice { choice: ChoiceId(0), at };
    assert_eq!(refusals(&nat(Nat { resolver: None, ..Nat::default() }), &[]), [open]);
    let mut wide = nat(Nat { resolver: Some(Resolver::LeastRecentlyFreed), ..Nat::default() });
    wide.maps[0].unique[0] = vec![1, 3];
    let End::Choose { free: Some(free), .. } = &mut wide.blocks[2].end else { unreachable!() };
    free.keys = vec![Some(get("ip.src")), None];
    wide.blocks[9].end = End::Goto(to(19));
    let order = NotBootable::Resolver { choice: ChoiceId(0), at, bits: 48, most: 24 };
    assert_eq!(refusals(&wide, &[]), [order]);
    let mut wire = hub(&["a", "b"], stack(&[ETH]));
    wire.blocks[0].end = End::Check { cond: Cond::True, kind: CheckKind::Assume, ok: to(2) };
    assert_eq!(refusals(&wire, &[]), [NotBootable::Assume { at: InstrId { block: BlockId(0), index: 0 } }]);
    wire.blocks[0].end = End::Goto(to(0));
    assert!(matches!(refusals(&wire, &[])[..], [NotBootable::Fault(_)]));
}

#[test]
fn tables_must_be_there_and_have_their_columns() {
    assert_eq!(refusals(&router(2), &[]), [NotBootable::MissingTable { table: TableId(0) }]);
    let mut row = route(0, 1, 1);
    row.data.clear();
    let data = Arc::new(TableData { rows: vec![route(0, 0, 0), row] });
    assert_eq!(refusals(&router(2), &[data]), [NotBootable::Row { table: TableId(0), row: 1 }]);
}

#[test]
fn programs_of_nothing_are_guests() {
    let mut machine = guest(&Program::default(), rings());
    machine.offer(&[(0, 0, vec![1; 20])]);
    assert_eq!(counted(&machine.run().0, Counter::BadPort), 1);
    let closed = Program { ports: ports(&["a"], stack(&[ETH])), entry: vec![None], ..Program::default() };
    let network = build::alone(closed, vec![]);
    let effects = Lab::new(&network, rings()).unwrap().one(0, 0, &[1; 20]);
    assert_eq!(counted(&effects, Counter::NotEntered { port: PortId(0) }), 1);
}
