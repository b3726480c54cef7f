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

/// Forks within forks, with a table of `ip.dst` and a map from `ip.src` to a number; every arm changes something else.
fn forker() -> Program {
    let x = || Expr::Slot(SlotId(0));
    let (row, column) = (|| Expr::Row(RowId(0), 0), || Expr::Cell(CellId(0), 1));
    let more = Expr::Bin(BinOp::Add, Box::new(x()), Box::new(bits(16, 1)));
    let lookup =
        End::Lookup { map: MapId(0), index: 0, keys: vec![get("ip.src")], cell: CellId(0), hit: to(3), miss: to(2) };
    let insert = End::Insert {
        map: MapId(0),
        values: vec![get("ip.src"), get("tcp.seq")],
        cell: CellId(0),
        ok: to(3),
        full: to(9),
        clash: to(9),
        clash_handled: true,
    };
    let other = End::Match { table: TableId(0), keys: vec![get("ip.src")], row: RowId(0), hit: to(10), miss: to(10) };
    let matched = End::Match { table: TableId(0), keys: vec![get("ip.dst")], row: RowId(0), hit: to(1), miss: to(9) };
    let blocks = vec![
        block(vec![], matched),
        block(vec![], lookup),
        block(vec![], insert),
        block(vec![Op::Set(Place::Slot(SlotId(0)), get("ip.id"))], End::Fork(vec![to(4), to(5), to(6)])),
        block(vec![Op::Pop(TCP), set("ip.dst", row())], End::Forward(PortId(1))),
        block(vec![Op::Push(ETH), set("tcp.ackno", column())], other),
        block(vec![set("tcp.window", bits(16, 9))], End::Fork(vec![to(7), to(8)])),
        block(
            vec![Op::Set(Place::Slot(SlotId(0)), more), Op::Push(ETH), Op::Push(VLAN), set("ip.id", x())],
            End::Forward(PortId(3)),
        ),
        block(vec![set("tcp.urgptr", x()), set("ip.src", row()), set("tcp.seq", column())], End::Forward(PortId(0))),
        block(vec![], fail("no row")),
        block(vec![], End::Forward(PortId(2))),
    ];
    let stacks = [stack(&[IP, TCP]), stack(&[IP]), stack(&[ETH, IP, TCP]), stack(&[ETH, VLAN, IP, TCP])];
    Program {
        ports: stacks.iter().zip(["a", "b", "c", "d"]).flat_map(|(stack, name)| ports(&[name], *stack)).collect(),
        slots: vec![slot("x", 16)],
        cells: vec![CellDecl { name: "c".into(), map: MapId(0) }],
        rows: vec![RowDecl { name: "r".into(), table: TableId(0) }],
        tables: vec![TableDecl {
            name: "t".into(),
            keys: vec![("k".into(), 32, MatchKind::Lpm)],
            data: vec![("v".into(), 32)],
        }],
        maps: vec![numbers(10)],
        blocks,
        entry: vec![Some(to(0)), None, None, None],
        ..Program::default()
    }
}

/// A map from an address to a number.
fn numbers(capacity: u64) -> MapDecl {
    MapDecl {
        name: "m".into(),
        key: vec![("address".into(), 32)],
        value: vec![("number".into(), 32)],
        unique: vec![],
        capacity,
        idle: 1000,
        invariant: Cond::True,
    }
}

#[test]
fn an_arm_leaves_nothing_to_the_next() {
    let table = TableData { rows: vec![route(0, 1, 0x0101_0101), route(1 << 31, 1, 0x0202_0202)] };
    let network = build::alone(forker(), vec![table]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    for i in 0..20u32 {
        let mut packet = flow(TCP, i % 3, 5, i << 29, 6);
        packet.set(field("ip.id"), (i * 1000).into());
        packet.set(field("tcp.seq"), (i + 77).into());
        packet.options = vec![1; 4 * (i as usize % 11)];
        packet.payload = vec![i as u8; i as usize];
        let effects = lab.one(0, i.into(), &deparse(&packet));
        assert_eq!(effects.sent.iter().map(|sent| sent.port).collect::<Vec<_>>(), [1, 2, 3, 0]);
    }
}

#[test]
fn what_is_gone_is_not_touched_or_removed_again() {
    let lookup =
        End::Lookup { map: MapId(0), index: 0, keys: vec![get("ip.src")], cell: CellId(0), hit: to(1), miss: to(2) };
    let insert = |address, ok, none| End::Insert {
        map: MapId(0),
        values: vec![address, bits(32, 1)],
        cell: CellId(1),
        ok: to(ok),
        full: to(none),
        clash: to(none),
        clash_handled: true,
    };
    let blocks = vec![
        block(vec![], lookup),
        block(vec![Op::Remove(CellId(0))], insert(get("ip.dst"), 3, 4)),
        block(vec![], insert(get("ip.src"), 4, 5)),
        block(vec![Op::Touch(CellId(0)), Op::Remove(CellId(0)), set("ip.id", bits(16, 7))], End::Forward(PortId(0))),
        block(vec![], End::Forward(PortId(0))),
        block(vec![], fail("full")),
    ];
    let program = Program {
        ports: ports(&["a"], stack(&[IP])),
        cells: ["c", "d"].map(|name| CellDecl { name: name.into(), map: MapId(0) }).to_vec(),
        maps: vec![numbers(2)],
        blocks,
        entry: vec![Some(to(0))],
        ..Program::default()
    };
    let network = build::alone(program, vec![]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    for (now, (src, dst)) in (0..).zip([(1, 0), (1, 2), (2, 3), (3, 3), (3, 4), (5, 0), (4, 5), (4, 9), (9, 1), (6, 7)])
    {
        lab.one(0, now * 100, &udp(src, 1, dst, 2));
    }
}

#[test]
fn both_zeros_of_a_checksum_are_taken_and_one_is_sent() {
    let programs = [hub(&["a", "b"], stack(&[IP])), router(2), forwarder_of_moved_headers()];
    for program in programs {
        let tables = program.tables.iter().map(|_| TableData { rows: vec![route(0, 0, 1)] }).collect();
        let network = build::alone(program, tables);
        let mut lab = Lab::new(&network, rings()).unwrap();
        for l4 in [TCP, UDP, ICMP] {
            let mut packet = packet(&[IP, l4], &[("ip.src", 1), ("ip.dst", 2)]);
            let number = if l4 == ICMP { "icmp.id".to_string() } else { format!("{}.sport", l4.name()) };
            for (header, name) in [(l4, number.as_str()), (IP, "ip.id")] {
                let missing = checksum_of(&packet, header);
                packet.set(field(name), missing.into());
                assert!([0, 0xffff].contains(&checksum_of(&packet, header)), "{header:?}");
            }
            let bytes = deparse(&packet);
            for (header, zero) in [(IP, 0), (IP, 0xffff), (l4, 0), (l4, 0xffff)] {
                let mut bytes = bytes.clone();
                let at = usize::from(header.field("csum").unwrap().offset() / 8) + if header == IP { 0 } else { 20 };
                bytes[at..at + 2].copy_from_slice(&u16::to_be_bytes(zero));
                assert_eq!(lab.one(0, 0, &bytes).sent.len(), 1);
            }
        }
        let zeros = [&deparse(&packet(&[IP], &[("ip.proto", 0)]))[..], &[0; 16]].concat();
        lab.one(0, 0, &icmp_of(&zeros, &[0; 16]));
        lab.one(0, 0, &icmp_of(&zeros, &[0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0]));
        lab.one(0, 0, &icmp_of(&zeros, &[0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]));
        lab.one(0, 0, &icmp_of(&zeros, &[0, 0, 0x12, 0x34, 0, 0, 0, 0]));
    }
}

/// What enters by `a` leaves by `b` as it was, in a program that adds and removes headers elsewhere.
fn forwarder_of_moved_headers() -> Program {
    let blocks = vec![
        block(vec![], End::If(eq(get("ip.ttl"), bits(8, 0)), to(1), to(2))),
        block(vec![Op::Pop(IP), Op::Push(IP)], End::Forward(PortId(1))),
        block(vec![], End::Forward(PortId(1))),
    ];
    Program { ports: ports(&["a", "b"], stack(&[IP])), blocks, entry: vec![Some(to(0)), None], ..Program::default() }
}

/// The checksum that a packet's header is sent with.
fn checksum_of(packet: &Packet, header: HeaderKind) -> u16 {
    let at = usize::from(header.field("csum").unwrap().offset() / 8) + if header == IP { 0 } else { 20 };
    u16::from_be_bytes(deparse(packet)[at..at + 2].try_into().unwrap())
}

/// An IPv4 packet that carries a message as ICMP.
fn icmp_of(like: &[u8], message: &[u8]) -> Vec<u8> {
    let mut carrier = parse(&like[..20], stack(&[IP])).unwrap();
    carrier.set(field("ip.proto"), 1);
    carrier.set(field("ip.len"), 20 + message.len() as u128);
    let mut bytes = deparse(&carrier);
    bytes[20..].copy_from_slice(message);
    bytes
}

#[test]
fn a_frame_waits_until_all_its_copies_fit() {
    let hub = hub(&["a", "b", "c", "d"], stack(&[ETH]));
    let shape = RingShape::new(2, 10).unwrap();
    let mut machine = guest(&hub, shape);
    machine.offer(&[(0, 1, vec![1; 60]), (1, 2, vec![2; 60]), (2, 3, vec![3; 60]), (3, 4, vec![4; 60])]);
    for frame in 1..=4u64 {
        let (sent, times) = machine.enter();
        assert_eq!((sent.len(), machine.rings.waiting()), (3, 4 - frame as usize));
        assert_eq!((sent[0].bytes[0], times), (frame as u8, vec![frame; 3]));
    }
    assert_eq!(machine.enter(), (vec![], vec![]));
    let copies = NotBootable::TooManyCopies { copies: 3, slots: 2 };
    assert_eq!(compile(&hub, &[], RingShape::new(1, 10).unwrap()).map(|_| ()), Err(vec![copies]));
}

#[test]
fn rings_wrap_and_may_be_full() {
    let wire = hub(&["a", "b"], stack(&[ETH]));
    let shape = RingShape::new(3, 10).unwrap();
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
    let mut machine = guest(&hub(&["a", "b"], stack(&[ETH])), RingShape::new(3, 10).unwrap());
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

/// The message that enters is all payload of what leaves, under every header there is.
#[test]
fn the_longest_frames_grow_by_all_headers() {
    let pushes = [Op::Pop(ICMP), Op::Push(TCP), Op::Push(IP), Op::Push(VLAN), Op::Push(ETH)].to_vec();
    let [a, b] = [stack(&[ICMP]), stack(&[ETH, VLAN, IP, TCP])];
    let program = Program {
        ports: [ports(&["a"], a), ports(&["b"], b)].concat(),
        blocks: vec![block(pushes, End::Forward(PortId(1)))],
        entry: vec![Some(to(0)), None],
        ..Program::default()
    };
    let network = build::alone(program, vec![]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    for shorter in 0..20 {
        let length = rings().longest_received() - shorter;
        let frames: Vec<_> = (0..16u8).map(|i| (0, 0, vec![0x10 + i; length])).collect();
        let effects = lab.send(&frames);
        assert!(effects.sent.iter().all(|sent| sent.bytes.len() == length + 50));
    }
}

/// A program that adds a header of 128 bytes behind UDP, and one of so many behind that.
fn adding(bytes: usize) -> Program {
    let declare = |name: &str, after, fields: Vec<u16>, next| {
        let fields = fields.into_iter().enumerate().map(|(i, width)| (format!("f{i}"), width)).collect();
        HeaderKind::User(UserHeader::new(Format { name: name.into(), after: vec![after], fields, next }).unwrap())
    };
    let wide = [vec![16, 48], vec![64; 15]].concat();
    let first = declare("first", (UDP, 5555), wide, Next::Told(Some(0), Vec::new()));
    let second = declare("second", (first, 7), vec![8; bytes], Next::Told(None, Vec::new()));
    let [a, b] = [stack(&[IP, UDP]), stack(&[IP, UDP, first, second])];
    Program {
        ports: [ports(&["a"], a), ports(&["b"], b)].concat(),
        blocks: vec![block(vec![Op::Push(first), Op::Push(second)], End::Forward(PortId(1)))],
        entry: vec![Some(to(0)), None],
        ..Program::default()
    }
}

#[test]
fn frames_grow_by_declared_headers_as_far_as_there_is_room() {
    let network = build::alone(adding(33), vec![]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    let frame = udp(1, 2, 3, 4);
    let effects = lab.send(&[(0, 0, frame.clone())]);
    assert_eq!(effects.sent[0].bytes.len(), frame.len() + 161);
    let refused = refusals(&adding(34), &[]);
    assert!(matches!(refused[..], [NotBootable::TooMuchGrowth { bytes: 162, most: 161 }]), "{refused:?}");
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
    assert!(compiled.image().data.is_empty() && compiled.image().data_bytes > 1 << 27);
    assert_eq!(compiled.image().data_bytes % 8, 0);
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
