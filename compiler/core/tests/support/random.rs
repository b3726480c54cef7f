//! Random programs: most have faults, and those without run.

use crate::build::*;
use proptest::prelude::*;
use rdcl_base::IntervalSet;
use rdcl_core::*;

/// The number of blocks; the last two only end.
const BLOCKS: u32 = 8;

/// A program with one of everything, whose blocks are random.
pub fn program() -> impl Strategy<Value = Program> {
    let blocks: Vec<_> = (0..BLOCKS).map(any_block).collect();
    (blocks, 0usize..4, 0usize..4).prop_map(|(blocks, a, b)| {
        let stacks = [stack(&[IP]), stack(&[ETH]), stack(&[ETH, VLAN]), stack(&[ETH, IP, TCP])];
        Program {
            ports: [ports(&["a"], stacks[a]), ports(&["b"], stacks[b])].concat(),
            slots: vec![slot("x", 16), slot("y", 32)],
            cells: vec![CellDecl { name: "c".into(), map: MapId(0) }, CellDecl { name: "d".into(), map: MapId(0) }],
            rows: vec![RowDecl { name: "r".into(), table: TableId(0) }],
            tables: vec![TableDecl {
                name: "t".into(),
                keys: vec![("k".into(), 32, MatchKind::Lpm)],
                data: vec![("v".into(), 16)],
            }],
            maps: vec![MapDecl {
                name: "m".into(),
                key: vec![("k".into(), 32)],
                value: vec![("v".into(), 16)],
                unique: vec![vec![1]],
                capacity: 1,
                idle: 5,
                invariant: Cond::True,
            }],
            choices: vec![ChoiceDecl { name: "x".into(), width: 16 }],
            blocks,
            entry: vec![Some(to(0)), Some(to(1))],
        }
    })
}

/// Data for its table.
pub fn table() -> TableData {
    TableData { rows: vec![route(0, 1, 4), route(0, 0, 5)] }
}

fn any_block(id: u32) -> BoxedStrategy<Block> {
    (prop::collection::vec(op(), 0..3), end(id)).prop_map(|(ops, end)| block(ops, end)).boxed()
}

fn header() -> impl Strategy<Value = HeaderKind> {
    prop::sample::select(HeaderKind::ALL.to_vec())
}

/// An expression of 16 or 32 bits.
fn expr(width: u16) -> BoxedStrategy<Expr> {
    let fields: &[&str] = if width == 16 {
        &["ip.id", "ip.len", "tcp.sport", "udp.dport", "eth.type", "vlan.type", "icmp.seq"]
    } else {
        &["ip.src", "ip.dst", "tcp.seq"]
    };
    let leaf = prop_oneof![
        (0u128..8).prop_map(move |v| bits(width, v)),
        prop::sample::select(fields).prop_map(get),
        Just(Expr::Slot(SlotId(u32::from(width == 32)))),
        (0u32..2).prop_map(move |c| Expr::Cell(CellId(c), u16::from(width == 16))),
        Just(Expr::Extract { hi: width - 1, lo: 0, of: Box::new(Expr::Now) }),
        Just(if width == 16 { Expr::Row(RowId(0), 0) } else { bits(32, 1) }),
    ];
    leaf.prop_recursive(2, 6, 2, move |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Expr::Bin(BinOp::Sub, Box::new(a), Box::new(b))),
            (inner.clone(), 0u16..40).prop_map(|(a, by)| Expr::Shl(Box::new(a), by)),
            inner.clone().prop_map(|a| Expr::Not(Box::new(a))),
            (header(), inner.clone(), inner.clone()).prop_map(|(h, a, b)| Expr::Ite(
                Box::new(Cond::Has(h)),
                Box::new(a),
                Box::new(b)
            )),
            inner.prop_map(move |a| {
                let high = Expr::Extract { hi: width - 1, lo: 8, of: Box::new(a) };
                Expr::Zext(width, Box::new(high))
            }),
        ]
    })
    .boxed()
}

/// One of four values, so that entries meet again.
fn narrow(width: u16) -> impl Strategy<Value = Expr> {
    expr(width).prop_map(move |e| Expr::Bin(BinOp::And, Box::new(e), Box::new(bits(width, 3))))
}

fn cond() -> impl Strategy<Value = Cond> {
    let leaf = prop_oneof![
        2 => header().prop_map(Cond::Has),
        1 => (expr(16), expr(16)).prop_map(|(a, b)| Cond::Cmp(CmpOp::Ult, a, b)),
        1 => expr(32).prop_map(|e| Cond::In(e, IntervalSet::range(3, 1 << 30))),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Cond::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Cond::Any),
            inner.prop_map(|c| Cond::Not(Box::new(c))),
        ]
    })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (prop::sample::select(vec!["ip.id", "udp.sport", "tcp.dport"]), expr(16)).prop_map(|(f, e)| set(f, e)),
        2 => expr(32).prop_map(|e| set("ip.src", e)),
        2 => expr(16).prop_map(|e| Op::Set(Place::Slot(SlotId(0)), e)),
        1 => header().prop_map(Op::Push),
        1 => header().prop_map(Op::Pop),
        1 => (0u32..2).prop_map(|c| Op::Touch(CellId(c))),
        1 => (0u32..2).prop_map(|c| Op::Remove(CellId(c))),
        1 => (0u32..2, 0u16..2, expr(16)).prop_map(|(c, column, e)| Op::Update(CellId(c), column, e)),
    ]
}

fn end(id: u32) -> BoxedStrategy<End> {
    let stop = prop_oneof![
        3 => (0u32..2).prop_map(|p| End::Forward(PortId(p))),
        1 => Just(End::Drop(Reason::Constrain)),
    ];
    if id + 2 >= BLOCKS {
        return stop.boxed();
    }
    let next = move || (id + 1..BLOCKS).prop_map(to);
    let cell = || (0u32..2).prop_map(CellId);
    prop_oneof![
        2 => stop,
        1 => next().prop_map(End::Goto),
        4 => (cond(), next(), next()).prop_map(|(c, a, b)| End::If(c, a, b)),
        1 => (expr(16), next(), next()).prop_map(|(on, a, b)| End::Switch { on, arms: vec![(4, a)], default: b }),
        2 => (expr(32), next(), next()).prop_map(|(k, hit, miss)| {
            End::Match { table: TableId(0), keys: vec![k], row: RowId(0), hit, miss }
        }),
        6 => (any::<bool>(), narrow(16), narrow(32), cell(), next(), next()).prop_map(|(key, v, k, cell, hit, miss)| {
            let (index, keys) = if key { (0, vec![k]) } else { (1, vec![v]) };
            End::Lookup { map: MapId(0), index, keys, cell, hit, miss }
        }),
        6 => (narrow(32), narrow(16), cell(), next(), next(), next()).prop_map(|(k, v, cell, ok, full, clash)| {
            End::Insert { map: MapId(0), values: vec![k, v], cell, ok, full, clash, clash_handled: true }
        }),
        2 => (any::<bool>(), next(), next()).prop_map(|(free, ok, none)| End::Choose {
            choice: ChoiceId(0),
            slot: SlotId(0),
            lo: 0,
            hi: 1,
            free: free.then(|| Free { map: MapId(0), index: 1, keys: vec![None] }),
            resolver: Some(Resolver::First),
            ok,
            none,
        }),
        1 => prop::collection::vec(next(), 1..3).prop_map(End::Fork),
        1 => (cond(), next()).prop_map(|(cond, ok)| End::Check { cond, kind: CheckKind::Assert, ok }),
    ]
    .boxed()
}

/// The program without the instructions that have faults.
pub fn mend(mut program: Program) -> Program {
    loop {
        let faulty: Vec<InstrId> = program.check().iter().map(|f| f.at.unwrap()).collect();
        let Some(at) = faulty.last() else { return program };
        let block = &mut program.blocks[at.block.index()];
        if (at.index as usize) < block.ops.len() {
            block.ops.remove(at.index as usize);
        } else {
            block.end = End::Drop(Reason::Constrain);
        }
    }
}
