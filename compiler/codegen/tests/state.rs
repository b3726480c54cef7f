//! Tables, maps and free values on their own: guests that do little else, against models and the interpreter.

#[path = "../../core/tests/support/build.rs"]
mod build;
#[path = "support/support.rs"]
mod support;

use build::*;
use rdcl_core::*;
use std::collections::BTreeSet;
use support::lab::{Lab, rings};
use support::random::table;
use support::rng::{Rng, seeds};

/// A slot of any width from the 96 bits of both addresses, repeated.
fn from_addresses(width: u16) -> Expr {
    let both = Expr::Concat(Box::new(get("eth.dst")), Box::new(get("eth.src")));
    let wide = Expr::Concat(Box::new(Expr::Extract { hi: 31, lo: 0, of: Box::new(both.clone()) }), Box::new(both));
    Expr::Extract { hi: width - 1, lo: 0, of: Box::new(wide) }
}

/// The bytes of an Ethernet frame whose addresses, read by [`from_addresses`], give a value.
fn addressed(value: u128) -> Vec<u8> {
    let mut bytes = (value & mask(96)).to_be_bytes()[4..].to_vec();
    bytes.extend([0xff, 0xff]);
    bytes
}

/// Looks up what the body of the frame says in a table; the number of the row comes back in `eth.src`.
///
/// Keys come one column a frame, into a map of one entry, since a frame has few fields.
fn matcher(decl: TableDecl) -> Program {
    let slots: Vec<SlotDecl> = decl.keys.iter().map(|key| slot("k", key.1)).collect();
    let keys: Vec<Expr> = decl.keys.iter().map(|key| from_addresses(key.1)).collect();
    let number = |value| set("eth.src", value);
    let wide = Expr::Zext(48, Box::new(Expr::Row(RowId(0), 0)));
    let blocks = vec![
        block(vec![], End::Match { table: TableId(0), keys, row: RowId(0), hit: to(1), miss: to(2) }),
        block(vec![number(wide)], End::Forward(PortId(0))),
        block(vec![number(bits(48, 0))], End::Forward(PortId(0))),
    ];
    Program {
        ports: ports(&["a"], stack(&[ETH])),
        slots,
        rows: vec![RowDecl { name: "r".into(), table: TableId(0) }],
        tables: vec![decl],
        blocks,
        entry: vec![Some(to(0))],
        ..Program::default()
    }
}

#[test]
fn tables_answer_as_they_are_defined() {
    let (mut hits, mut misses) = (0, 0);
    for seed in seeds(150) {
        let mut rng = Rng::new(seed);
        let (mut decl, mut data) = table(&mut rng);
        decl.data = vec![("number".into(), 32)];
        (1..).zip(&mut data.rows).for_each(|(number, row)| row.data = vec![number]);
        let network = build::alone(matcher(decl.clone()), vec![data.clone()]);
        let mut lab = Lab::new(&network, rings()).unwrap();
        for _ in 0..60 {
            let edges =
                data.rows.iter().zip(&decl.keys).flat_map(|(row, key)| row.keys.first().map(|k| k.interval(key.1)));
            let mut near: Vec<u128> =
                edges.flat_map(|(lo, hi)| [lo, hi, lo.wrapping_sub(1), hi.wrapping_add(1)]).collect();
            near.push(rng.value(96));
            let value = rng.pick(&near) & mask(96);
            let repeated = value | value << 96;
            let keys: Vec<u128> = decl.keys.iter().map(|key| repeated & mask(key.1)).collect();
            let expected = data.lookup_linear(&decl, &keys).map_or(0, |row| row as u128 + 1);
            let sent = lab.one(0, 0, &addressed(value)).sent.remove(0);
            let got = parse(&sent.bytes, stack(&[ETH])).unwrap().get(field("eth.src"));
            assert_eq!(got, expected, "seed {seed}: {keys:x?} in {data:?} of {decl:?}");
            if expected == 0 { misses += 1 } else { hits += 1 }
        }
    }
    assert!(hits > 500 && misses > 500, "{hits} hits, {misses} misses");
}

/// Takes and frees values: with `eth.type` 1 the entry of the value in `eth.src` beside the rest in `eth.dst` is
/// removed, else a value is chosen beside the rest, inserted, and sent in `eth.src`.
fn keeper(rest: u16, width: u16, (lo, hi): (u128, u128), capacity: u64, resolver: Resolver) -> Program {
    let rest_of = || Expr::Extract { hi: rest - 1, lo: 0, of: Box::new(Expr::Zext(128, Box::new(get("eth.dst")))) };
    let value_of = || {
        let offset = Expr::Zext(width.max(48), Box::new(get("eth.src")));
        let offset = Expr::Extract { hi: width - 1, lo: 0, of: Box::new(offset) };
        Expr::Bin(BinOp::Add, Box::new(offset), Box::new(bits(width, lo)))
    };
    let offset = Expr::Bin(BinOp::Sub, Box::new(Expr::Slot(SlotId(0))), Box::new(bits(width, lo)));
    let offset = Expr::Extract { hi: 47, lo: 0, of: Box::new(Expr::Zext(128, Box::new(offset))) };
    let free = Free { map: MapId(0), index: 0, keys: vec![Some(rest_of()), None] };
    let values = vec![rest_of(), Expr::Slot(SlotId(0))];
    let found = End::Lookup {
        map: MapId(0),
        index: 0,
        keys: vec![rest_of(), value_of()],
        cell: CellId(0),
        hit: to(4),
        miss: to(6),
    };
    let choose = End::Choose {
        choice: ChoiceId(0),
        slot: SlotId(0),
        lo,
        hi,
        free: Some(free),
        resolver: Some(resolver),
        ok: to(3),
        none: to(6),
    };
    let insert = End::Insert {
        map: MapId(0),
        values,
        cell: CellId(0),
        ok: to(5),
        full: to(6),
        clash: to(7),
        clash_handled: false,
    };
    let blocks = vec![
        block(vec![], End::If(eq(get("eth.type"), bits(16, 1)), to(1), to(2))),
        block(vec![], found),
        block(vec![], choose),
        block(vec![], insert),
        block(vec![Op::Remove(CellId(0))], End::Goto(to(6))),
        block(vec![set("eth.src", offset)], End::Forward(PortId(0))),
        block(vec![], fail("none")),
        block(vec![], End::Drop(Reason::Clash(MapId(0)))),
    ];
    let map = MapDecl {
        name: "m".into(),
        key: vec![("rest".into(), rest), ("value".into(), width)],
        value: vec![],
        unique: vec![],
        capacity,
        idle: u64::MAX,
        invariant: Cond::True,
    };
    Program {
        ports: ports(&["a"], stack(&[ETH])),
        slots: vec![slot("x", width)],
        cells: vec![CellDecl { name: "c".into(), map: MapId(0) }],
        choices: vec![ChoiceDecl { name: "x".into(), width }],
        maps: vec![map],
        blocks,
        entry: vec![Some(to(0))],
        ..Program::default()
    }
}

fn command(what: u16, rest: u64, offset: u128) -> Vec<u8> {
    let mut bytes = rest.to_be_bytes()[2..].to_vec();
    bytes.extend(&offset.to_be_bytes()[10..]);
    bytes.extend(what.to_be_bytes());
    bytes
}

/// Fills, empties and fills again; the interpreter is the model, and no value is ever in use twice.
fn churn(program: Program, steps: usize, rests: usize, seed: u64) {
    let network = build::alone(program, vec![]);
    let mut lab = Lab::new(&network, rings()).unwrap();
    let mut rng = Rng::new(seed);
    let mut used: Vec<(u64, u128)> = Vec::new();
    let mut known = BTreeSet::new();
    for step in 0..steps {
        let grows = !(steps * 6 / 10..steps * 8 / 10).contains(&step);
        let rest = rng.below(rests) as u64;
        if rng.chance(if grows { 90 } else { 20 }) || used.is_empty() {
            if let Some(sent) = lab.one(0, 0, &command(2, rest, 0)).sent.first() {
                let offset = parse(&sent.bytes, stack(&[ETH])).unwrap().get(field("eth.src"));
                assert!(known.insert((rest, offset)), "{offset} is in use beside {rest}");
                used.push((rest, offset));
            }
        } else {
            let (rest, offset) = used.swap_remove(rng.below(used.len()));
            known.remove(&(rest, offset));
            lab.one(0, 0, &command(1, rest, offset));
        }
    }
}

#[test]
fn free_values_are_found_under_churn() {
    let hash = || Resolver::Hash(vec![get("eth.dst")]);
    let first = || Resolver::First;
    let oldest = || Resolver::LeastRecentlyFreed;
    churn(keeper(8, 16, (100, 2500), 3000, first()), 9000, 2, 1);
    churn(keeper(8, 16, (60_000, 65_535), 9000, hash()), 6000, 1, 2);
    churn(keeper(4, 3, (1, 6), 9000, first()), 2000, 3, 3);
    churn(keeper(8, 16, (0, 300), 400, oldest()), 6000, 3, 4);
    churn(keeper(1, 1, (0, 1), 9, oldest()), 500, 2, 5);
    churn(keeper(33, 32, (5, 2100), 2000, first()), 6000, 2, 6);
    churn(keeper(8, 64, (u128::from(u64::MAX) - 700, u64::MAX.into()), 2000, first()), 4000, 2, 7);
    churn(keeper(48, 128, (u128::MAX - 4500, u128::MAX), 9000, first()), 10_000, 1, 8);
    churn(keeper(20, 65, ((1 << 64) - 300, (1 << 64) + 300), 9000, hash()), 3000, 2, 9);
    churn(keeper(9, 20, (0, 5000), 300_000, first()), 10_000, 1, 10);
}
