//! A stateful firewall, written by hand on the builders of `rdcl-core`'s tests.
#![allow(dead_code)]

use crate::build::*;
use rdcl_base::IntervalSet;
use rdcl_core::*;

/// Port 0 is inside, port 1 outside: what comes from inside opens its flow, what comes from outside needs one or goes
/// to an open port.
pub fn firewall(capacity: u64, idle: u64) -> Program {
    let l4_ports = |a: &str, b: &str| vec![l4(a), l4(b)];
    let carried = Cond::Any(vec![Cond::Has(TCP), Cond::Has(UDP)]);
    let key =
        |from: &str, to: &str, a: &str, b: &str| [vec![get("ip.proto"), get(from), get(to)], l4_ports(a, b)].concat();
    let lookup = |keys, hit, miss| End::Lookup { map: MapId(0), index: 0, keys, cell: CellId(0), hit, miss };
    let open = IntervalSet::from_intervals([(22, 22), (80, 80), (443, 443), (8000, 8099)]);
    let blocks = vec![
        block(vec![], End::If(carried.clone(), to(1), to(8))),
        block(vec![], lookup(key("ip.src", "ip.dst", "sport", "dport"), to(3), to(2))),
        block(
            vec![],
            End::Insert {
                map: MapId(0),
                values: key("ip.src", "ip.dst", "sport", "dport"),
                cell: CellId(0),
                ok: to(4),
                full: to(9),
                clash: to(10),
                clash_handled: false,
            },
        ),
        block(vec![Op::Touch(CellId(0))], End::Goto(to(4))),
        block(vec![less_ttl()], End::If(eq(get("ip.ttl"), bits(8, 0)), to(8), to(11))),
        block(vec![], End::If(carried, to(6), to(8))),
        block(vec![], End::If(Cond::In(l4("dport"), open), to(12), to(7))),
        block(vec![], lookup(key("ip.dst", "ip.src", "dport", "sport"), to(13), to(8))),
        block(vec![], End::Drop(Reason::Constrain)),
        block(vec![], fail("full")),
        block(vec![], End::Drop(Reason::Clash(MapId(0)))),
        block(vec![], End::Forward(PortId(1))),
        block(vec![less_ttl()], End::Forward(PortId(0))),
        block(vec![Op::Touch(CellId(0)), less_ttl()], End::Forward(PortId(0))),
    ];
    Program {
        ports: ports(&["inside", "outside"], stack(&[ETH, IP])),
        cells: vec![CellDecl { name: "f".into(), map: MapId(0) }],
        maps: vec![flows(capacity, idle)],
        blocks,
        entry: vec![Some(to(0)), Some(to(5))],
        ..Program::default()
    }
}

fn less_ttl() -> Op {
    set("ip.ttl", Expr::Bin(BinOp::Sub, Box::new(get("ip.ttl")), Box::new(bits(8, 1))))
}

fn flows(capacity: u64, idle: u64) -> MapDecl {
    let columns = [("proto", 8), ("from", 32), ("to", 32), ("sport", 16), ("dport", 16)];
    MapDecl {
        name: "flows".into(),
        key: columns.map(|(name, width)| (name.to_string(), width)).to_vec(),
        value: vec![],
        unique: vec![],
        capacity,
        idle,
        invariant: Cond::True,
    }
}

/// Sixteen rules of addresses and ports without state, which most packets pass.
pub fn rules() -> Program {
    const RULES: u32 = 16;
    let (pass, forward, drop) = (to(RULES + 1), to(RULES + 2), to(RULES + 3));
    let rule = |i: u32| {
        let net = IntervalSet::range(u128::from(0x0a00_0000 + (i << 16)), u128::from(0x0a00_ffff + (i << 16)));
        let port = eq(l4("dport"), bits(16, i.into()));
        Cond::All(vec![Cond::In(get("ip.src"), net), eq(get("ip.proto"), bits(8, 17)), port])
    };
    let carried = Cond::Any(vec![Cond::Has(TCP), Cond::Has(UDP)]);
    let mut blocks = vec![block(vec![], End::If(carried, to(1), pass))];
    blocks.extend((1..=RULES).map(|i| block(vec![], End::If(rule(i), drop, to(i + 1)))));
    blocks.push(block(vec![less_ttl()], End::If(eq(get("ip.ttl"), bits(8, 0)), drop, forward)));
    blocks.push(block(vec![], End::Forward(PortId(1))));
    blocks.push(block(vec![], End::Drop(Reason::Constrain)));
    Program {
        ports: ports(&["a", "b"], stack(&[ETH, IP])),
        blocks,
        entry: vec![Some(to(0)), None],
        ..Program::default()
    }
}
