//! A gateway with an access list, routes and tags: once as a Core program with tables, once as OpenFlow rules made from
//! the same tables.

use crate::build::*;
use rdcl_core::*;
use std::net::Ipv4Addr;

/// The address the gateway sends from.
pub const OWN: u128 = 0x0200_0000_00fe;

/// Ports 1..=4 are outputs; packets enter by port 0.
const OUTPUTS: u32 = 4;

/// A gateway's tables.
pub struct Gateway {
    /// Source prefix, protocol, range of destination ports; whether it may pass.
    pub acl: TableData,
    /// Destination prefix; output, VLAN (0 for none), next hop's address.
    pub fib: TableData,
}

fn tables() -> Vec<TableDecl> {
    let named = |name: &str, width, kind| (name.to_string(), width, kind);
    let data = |name: &str, width| (name.to_string(), width);
    vec![
        TableDecl {
            name: "acl".into(),
            keys: vec![
                named("src", 32, MatchKind::Lpm),
                named("proto", 8, MatchKind::Exact),
                named("dport", 16, MatchKind::Range),
            ],
            data: vec![data("permit", 1)],
        },
        TableDecl {
            name: "fib".into(),
            keys: vec![named("dst", 32, MatchKind::Lpm)],
            data: vec![data("port", 8), data("vlan", 12), data("mac", 48)],
        },
    ]
}

fn dport() -> Expr {
    let udp = Expr::Ite(Box::new(Cond::Has(UDP)), Box::new(get("udp.dport")), Box::new(bits(16, 0)));
    Expr::Ite(Box::new(Cond::Has(TCP)), Box::new(get("tcp.dport")), Box::new(udp))
}

fn lookup(table: u32, keys: Vec<Expr>, hit: u32, miss: u32) -> End {
    End::Match { table: TableId(table), keys, row: RowId(table), hit: to(hit), miss: to(miss) }
}

/// The Core program.
pub fn program() -> Program {
    let (acl, fib) = (|column| Expr::Row(RowId(0), column), |column| Expr::Row(RowId(1), column));
    let old = Cond::Cmp(CmpOp::Ule, get("ip.ttl"), bits(8, 1));
    let older = set("ip.ttl", Expr::Bin(BinOp::Sub, Box::new(get("ip.ttl")), Box::new(bits(8, 1))));
    let addressed = vec![set("eth.dst", fib(2)), set("eth.src", bits(48, OWN))];
    let tagged = vec![Op::Push(VLAN), set("vlan.id", fib(1))];
    let output = |i: u32| (u128::from(i), to(11 + i));
    let mut blocks = vec![
        block(vec![], lookup(0, vec![get("ip.src"), get("ip.proto"), dport()], 1, 3)),
        block(vec![], End::If(eq(acl(0), bits(1, 1)), to(3), to(2))),
        block(vec![], fail("denied")),
        block(vec![], End::If(Cond::Has(VLAN), to(4), to(5))),
        block(vec![Op::Pop(VLAN)], End::Goto(to(5))),
        block(vec![], End::If(old, to(6), to(7))),
        block(vec![], fail("hop limit")),
        block(vec![older], lookup(1, vec![get("ip.dst")], 8, 9)),
        block(addressed, End::If(eq(fib(1), bits(12, 0)), to(11), to(10))),
        block(vec![], fail("no route")),
        block(tagged, End::Goto(to(11))),
        block(vec![], End::Switch { on: fib(0), arms: (1..=OUTPUTS).map(output).collect(), default: to(12 + OUTPUTS) }),
    ];
    blocks.extend((1..=OUTPUTS).map(|i| block(vec![], End::Forward(PortId(i)))));
    blocks.push(block(vec![], End::Drop(Reason::NoPort)));
    Program {
        ports: ports(&["in0", "out[1]", "out[2]", "out[3]", "out[4]"], stack(&[ETH, IP])),
        rows: (0..2).map(|t| RowDecl { name: format!("row{t}"), table: TableId(t) }).collect(),
        tables: tables(),
        blocks,
        entry: vec![Some(to(0)), None, None, None, None],
        ..Program::default()
    }
}

impl Gateway {
    /// The OpenFlow rules of the same gateway.
    pub fn rules(&self) -> String {
        let acl = self.acl.rows.iter().enumerate().flat_map(|(i, row)| acl_rules(i, row));
        let fib = self.fib.rows.iter().enumerate().map(|(i, row)| fib_rule(i, row));
        let fixed = [
            "table=0,priority=0,actions=goto_table:1",
            "table=1,priority=1,vlan_tci=0x1000/0x1000,actions=pop_vlan,goto_table:2",
            "table=1,priority=0,actions=goto_table:2",
            "table=2,priority=0,ip,actions=dec_ttl,goto_table:3",
        ];
        let fixed = fixed.into_iter().map(str::to_string);
        fixed.chain(acl).chain(fib).collect::<Vec<_>>().join("\n")
    }
}

/// A longer prefix before a shorter, an earlier row before a later.
pub fn priority(index: usize, row: &Row) -> usize {
    usize::from(row.prefix_length()) * 1000 + 1000 - index
}

pub fn prefix(key: RowKey) -> String {
    let RowKey::Prefix { value, length } = key else { panic!("not a prefix") };
    format!("{}/{length}", Ipv4Addr::from(value as u32))
}

fn acl_rules(index: usize, row: &Row) -> Vec<String> {
    let [src, RowKey::Exact(proto), RowKey::Range(lo, hi)] = row.keys[..] else {
        panic!("not a row of an access list")
    };
    let proto = if proto == 6 { "tcp" } else { "udp" };
    let action = if row.data[0] == 1 { "goto_table:1" } else { "drop" };
    let (priority, src) = (priority(index, row), prefix(src));
    let rule = |(value, mask)| {
        format!("table=0,priority={priority},{proto},nw_src={src},tp_dst={value:#x}/{mask:#x},actions={action}")
    };
    masks(lo as u32, hi as u32).into_iter().map(rule).collect()
}

/// The range as values and masks of 16 bits.
fn masks(mut lo: u32, hi: u32) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    while lo <= hi {
        let fits = |bits: &u32| lo.is_multiple_of(1 << bits) && lo + (1 << bits) - 1 <= hi;
        let bits = (0..=16).rev().find(fits).unwrap_or(0);
        out.push((lo, 0xffff & !((1 << bits) - 1)));
        lo += 1 << bits;
    }
    out
}

fn fib_rule(index: usize, row: &Row) -> String {
    let [port, vlan, mac] = row.data[..] else { panic!("not a row of a routing table") };
    let tag = if vlan == 0 { String::new() } else { format!("push_vlan:0x8100,set_field:{}->vlan_vid,", 4096 + vlan) };
    let (priority, dst) = (priority(index, row), prefix(row.keys[0]));
    let (mac, own) = (mac_text(mac), mac_text(OWN));
    format!("table=3,priority={priority},ip,nw_dst={dst},actions=mod_dl_dst:{mac},mod_dl_src:{own},{tag}output:{port}")
}

pub fn mac_text(mac: u128) -> String {
    mac.to_be_bytes()[10..].iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
}
