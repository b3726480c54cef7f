//! Core programs written by hand, and packets to send through them.
#![allow(dead_code)]

use rdcl_base::IntervalSet;
use rdcl_core::*;
use std::sync::Arc;

pub const ETH: HeaderKind = HeaderKind::Eth;
pub const VLAN: HeaderKind = HeaderKind::Vlan;
pub const IP: HeaderKind = HeaderKind::Ip4;
pub const TCP: HeaderKind = HeaderKind::Tcp;
pub const UDP: HeaderKind = HeaderKind::Udp;
pub const ICMP: HeaderKind = HeaderKind::Icmp;

/// `ip.src` and the like.
pub fn field(name: &str) -> Field {
    let (header, field) = name.rsplit_once('.').unwrap();
    HeaderKind::from_name(header).unwrap().field(field).unwrap()
}

pub fn get(name: &str) -> Expr {
    Expr::Field(field(name))
}

pub fn set(name: &str, value: Expr) -> Op {
    Op::Set(Place::Field(field(name)), value)
}

pub fn bits(width: u16, value: u128) -> Expr {
    Expr::Const(Bv::new(width, value))
}

pub fn to(block: u32) -> BlockId {
    BlockId(block)
}

pub fn block(ops: Vec<Op>, end: End) -> Block {
    Block { ops, end }
}

pub fn eq(a: Expr, b: Expr) -> Cond {
    Cond::Cmp(CmpOp::Eq, a, b)
}

pub fn stack(headers: &[HeaderKind]) -> Stack {
    Stack::new(headers).unwrap()
}

pub fn ports(names: &[&str], on: Stack) -> Vec<PortDecl> {
    names.iter().map(|n| PortDecl { name: n.to_string(), stack: on }).collect()
}

pub fn slot(name: &str, width: u16) -> SlotDecl {
    SlotDecl { name: name.into(), width }
}

pub fn fail(message: &str) -> End {
    End::Drop(Reason::Fail(message.into()))
}

/// The program, which has no fault.
pub fn sound(program: Program) -> Arc<Program> {
    let faults: Vec<String> = program.check().iter().map(Fault::to_string).collect();
    assert_eq!(faults, Vec::<String>::new());
    Arc::new(program)
}

/// One leaf as a network.
pub fn alone(program: Program, tables: Vec<TableData>) -> Network {
    Network::of_leaf(sound(program), tables.into_iter().map(Arc::new).collect())
}

/// `ip.ttl - 1`, which must not be zero, then the longest match of `ip.dst` says which of `n` ports.
pub fn router(n: u32) -> Program {
    let names: Vec<String> = (0..n).map(|i| format!("p[{i}]")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let one_less = Expr::Bin(BinOp::Sub, Box::new(get("ip.ttl")), Box::new(bits(8, 1)));
    let dropped = End::Drop(Reason::Constrain);
    let port_of = |i: u32| (u128::from(i), to(5 + i));
    let mut blocks = vec![
        block(vec![set("ip.ttl", one_less)], End::If(eq(get("ip.ttl"), bits(8, 0)), to(1), to(2))),
        block(vec![], dropped),
        block(
            vec![],
            End::Match { table: TableId(0), keys: vec![get("ip.dst")], row: RowId(0), hit: to(3), miss: to(4) },
        ),
        block(
            vec![],
            End::Switch { on: Expr::Row(RowId(0), 0), arms: (0..n).map(port_of).collect(), default: to(5 + n) },
        ),
        block(vec![], fail("no route")),
    ];
    blocks.extend((0..n).map(|i| block(vec![], End::Forward(PortId(i)))));
    blocks.push(block(vec![], End::Drop(Reason::NoPort)));
    Program {
        ports: ports(&names, stack(&[IP])),
        rows: vec![RowDecl { name: "r".into(), table: TableId(0) }],
        tables: vec![TableDecl {
            name: "fib".into(),
            keys: vec![("dst".into(), 32, MatchKind::Lpm)],
            data: vec![("port".into(), 8)],
        }],
        blocks,
        entry: vec![Some(to(0)); n as usize],
        ..Program::default()
    }
}

/// A row of the router's table.
pub fn route(value: u32, length: u16, port: u128) -> Row {
    let kept = if length == 0 { 0 } else { value & (u32::MAX << (32 - length)) };
    Row { keys: vec![RowKey::Prefix { value: kept.into(), length }], data: vec![port] }
}

/// The settings of a [`nat`].
#[derive(Clone)]
pub struct Nat {
    pub public: u32,
    pub lo: u128,
    pub hi: u128,
    pub capacity: u64,
    pub idle: u64,
    pub resolver: Option<Resolver>,
}

impl Default for Nat {
    fn default() -> Self {
        let hash = Resolver::Hash(vec![get("ip.proto"), get("ip.src"), l4("sport")]);
        Nat { public: 0xcb00_7107, lo: 1024, hi: 65535, capacity: 65536, idle: 300, resolver: Some(hash) }
    }
}

/// A port of TCP or, without TCP, of UDP.
pub fn l4(name: &str) -> Expr {
    let (tcp, udp) = (get(&format!("tcp.{name}")), get(&format!("udp.{name}")));
    Expr::Ite(Box::new(Cond::Has(TCP)), Box::new(tcp), Box::new(udp))
}

/// `Nat44` of the library: port 0 is inside, port 1 outside.
pub fn nat(nat: Nat) -> Program {
    let cell = |column| Expr::Cell(CellId(0), column);
    let carried = Cond::Any(vec![Cond::Has(TCP), Cond::Has(UDP)]);
    let key = || vec![get("ip.proto"), get("ip.src"), l4("sport")];
    let x = || Expr::Slot(SlotId(0));
    let free = Free { map: MapId(0), index: 1, keys: vec![Some(get("ip.proto")), None] };
    let public = || bits(32, nat.public.into());
    let blocks = vec![
        block(vec![], End::If(carried.clone(), to(1), to(15))),
        block(vec![], End::Lookup { map: MapId(0), index: 0, keys: key(), cell: CellId(0), hit: to(4), miss: to(2) }),
        block(
            vec![],
            End::Choose {
                choice: ChoiceId(0),
                slot: SlotId(0),
                lo: nat.lo,
                hi: nat.hi,
                free: Some(free),
                resolver: nat.resolver.clone(),
                ok: to(3),
                none: to(16),
            },
        ),
        block(
            vec![],
            End::Insert {
                map: MapId(0),
                values: [key(), vec![x()]].concat(),
                cell: CellId(0),
                ok: to(5),
                full: to(17),
                clash: to(18),
                clash_handled: false,
            },
        ),
        block(vec![Op::Touch(CellId(0))], End::Goto(to(5))),
        block(vec![set("ip.src", public())], End::If(Cond::Has(TCP), to(6), to(7))),
        block(vec![set("tcp.sport", cell(3))], End::Forward(PortId(1))),
        block(vec![set("udp.sport", cell(3))], End::Forward(PortId(1))),
        // From outside.
        block(vec![], End::If(Cond::All(vec![carried, eq(get("ip.dst"), public())]), to(9), to(15))),
        block(
            vec![],
            End::Lookup {
                map: MapId(0),
                index: 1,
                keys: vec![get("ip.proto"), l4("dport")],
                cell: CellId(0),
                hit: to(10),
                miss: to(19),
            },
        ),
        block(vec![Op::Touch(CellId(0)), set("ip.dst", cell(1))], End::If(Cond::Has(TCP), to(11), to(12))),
        block(vec![set("tcp.dport", cell(2))], End::Goto(to(13))),
        block(vec![set("udp.dport", cell(2))], End::Goto(to(13))),
        block(vec![], End::Goto(to(14))),
        block(vec![], End::Forward(PortId(0))),
        block(vec![], End::Drop(Reason::Constrain)),
        block(vec![], fail("no free port")),
        block(vec![], fail("table full")),
        block(vec![], End::Drop(Reason::Clash(MapId(0)))),
        block(vec![], fail("no mapping")),
    ];
    Program {
        ports: ports(&["inside", "outside"], stack(&[IP])),
        slots: vec![slot("x", 16)],
        cells: vec![CellDecl { name: "f".into(), map: MapId(0) }],
        choices: vec![ChoiceDecl { name: "x".into(), width: 16 }],
        maps: vec![flows(&nat)],
        blocks,
        entry: vec![Some(to(0)), Some(to(8))],
        ..Program::default()
    }
}

fn flows(nat: &Nat) -> MapDecl {
    MapDecl {
        name: "flows".into(),
        key: vec![("proto".into(), 8), ("ip".into(), 32), ("port".into(), 16)],
        value: vec![("ext".into(), 16)],
        unique: vec![vec![0, 3]],
        capacity: nat.capacity,
        idle: nat.idle,
        invariant: Cond::In(Expr::Column(3, 16), IntervalSet::range(nat.lo, nat.hi)),
    }
}

/// What enters by one port leaves by all others, lowest first.
pub fn hub(names: &[&str], on: Stack) -> Program {
    let n = names.len() as u32;
    let arms = |from: u32| (0..n).filter(|p| *p != from).map(|p| to(n + p)).collect();
    let mut blocks: Vec<Block> = (0..n).map(|from| block(vec![], End::Fork(arms(from)))).collect();
    blocks.extend((0..n).map(|p| block(vec![], End::Forward(PortId(p)))));
    Program { ports: ports(names, on), blocks, entry: (0..n).map(|p| Some(to(p))).collect(), ..Program::default() }
}

/// Tags what comes from `plain` with `id`, untags what comes from `tagged`.
pub fn tagger(id: u128) -> Program {
    let tag = vec![Op::Push(VLAN), set("vlan.id", bits(12, id)), set("vlan.pcp", bits(3, 5))];
    Program {
        ports: [ports(&["plain"], stack(&[ETH])), ports(&["tagged"], stack(&[ETH, VLAN]))].concat(),
        blocks: vec![
            block(vec![], End::If(Cond::Has(VLAN), to(2), to(1))),
            block(tag, End::Forward(PortId(1))),
            block(vec![], fail("tagged already")),
            block(vec![Op::Pop(VLAN)], End::Forward(PortId(0))),
        ],
        entry: vec![Some(to(0)), Some(to(3))],
        ..Program::default()
    }
}

/// A packet with these fields, every other one zero but `ip.ttl`, which is 64.
pub fn packet(headers: &[HeaderKind], fields: &[(&str, u128)]) -> Packet {
    let mut packet = Packet::new(Shape::of(headers));
    packet.set(field("ip.ttl"), 64);
    fields.iter().for_each(|(name, value)| packet.set(field(name), *value));
    packet
}

/// A UDP or TCP packet.
pub fn flow(l4: HeaderKind, src: u32, sport: u16, dst: u32, dport: u16) -> Packet {
    let (from, to) = (format!("{}.sport", l4.name()), format!("{}.dport", l4.name()));
    let fields: [(&str, u128); 4] =
        [("ip.src", src.into()), ("ip.dst", dst.into()), (&from, sport.into()), (&to, dport.into())];
    packet(&[IP, l4], &fields)
}

/// A network and its state.
pub struct Lab<'n> {
    pub network: &'n Network,
    pub interpreter: Interpreter<'n>,
    pub stores: Stores,
    pub now: u64,
}

impl<'n> Lab<'n> {
    pub fn new(network: &'n Network) -> Lab<'n> {
        Lab { network, interpreter: Interpreter::new(network), stores: Stores::new(network), now: 0 }
    }

    pub fn try_send(&mut self, at: u32, packet: &Packet, tape: Option<&Tape>) -> Result<Run, RunError> {
        let bytes = deparse(packet);
        let injection = Injection { at: BoundaryId(at), bytes: &bytes, now: Time(self.now), tape, fuel: 64 };
        self.interpreter.run(&mut self.stores, injection)
    }

    pub fn send(&mut self, at: u32, packet: &Packet) -> Vec<PacketCopy> {
        self.try_send(at, packet, None).unwrap().copies
    }

    /// The only copy's outcome.
    pub fn one(&mut self, at: u32, packet: &Packet) -> Outcome {
        let copies = self.send(at, packet);
        assert_eq!(copies.len(), 1);
        copies.into_iter().next().unwrap().outcome
    }

    /// Where the only copy was delivered, and what it was then.
    pub fn through(&mut self, at: u32, packet: &Packet) -> (u32, Packet) {
        match self.one(at, packet) {
            Outcome::Delivered { at, packet, bytes } => {
                assert_eq!(bytes, deparse(&packet));
                (at.0, packet)
            }
            other => panic!("not delivered: {other:?}"),
        }
    }

    /// Why the only copy was dropped.
    pub fn dropped(&mut self, at: u32, packet: &Packet) -> Reason {
        match self.one(at, packet) {
            Outcome::Dropped { reason, .. } => reason,
            other => panic!("not dropped: {other:?}"),
        }
    }
}
