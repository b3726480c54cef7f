//! Random tables with their data, random maps, and random stores.

use crate::rng::Rng;
use rdcl_base::IntervalSet;
use rdcl_core::*;
use std::collections::BTreeSet;

/// A table and its data.
pub fn table(rng: &mut Rng) -> (TableDecl, TableData) {
    use MatchKind::{Exact, Lpm, Range};
    let kinds: [&[(u16, MatchKind)]; 7] = [
        &[(32, Lpm)],
        &[(16, Exact)],
        &[(8, Exact)],
        &[(16, Range)],
        &[(32, Lpm), (8, Exact), (16, Range)],
        &[(8, Exact), (16, Exact)],
        &[(16, Range), (16, Lpm)],
    ];
    let columns = rng.pick(&kinds);
    let keys: Vec<(String, u16, MatchKind)> =
        columns.iter().enumerate().map(|(i, (width, kind))| (format!("k{i}"), *width, *kind)).collect();
    let data = vec![("v".to_owned(), 16), ("w".to_owned(), 8)];
    let rows = (0..rng.below(7)).map(|_| Row {
        keys: keys.iter().map(|(_, width, kind)| key(rng, *width, *kind)).collect(),
        data: vec![rng.value(16), rng.value(8)],
    });
    let data_rows = rows.collect();
    (TableDecl { name: "t".into(), keys, data }, TableData { rows: data_rows })
}

fn key(rng: &mut Rng, width: u16, kind: MatchKind) -> RowKey {
    match kind {
        MatchKind::Exact if rng.chance(50) => RowKey::Exact(rng.below(2) as u128),
        MatchKind::Exact => RowKey::Exact(rng.value(width)),
        MatchKind::Range => {
            let (lo, hi) = rng.interval(width);
            RowKey::Range(if rng.chance(40) { 0 } else { lo }, hi)
        }
        MatchKind::Lpm => {
            let length =
                if rng.chance(40) { rng.pick(&[0, 1, width - 1, width]) } else { rng.below(width.into()) as u16 };
            let host = width - length;
            let kept = if host == 0 { u128::MAX } else { !mask(host) };
            RowKey::Prefix { value: rng.value(width) & kept, length }
        }
    }
}

/// A map. Its invariant admits something.
pub fn map(rng: &mut Rng, number: usize) -> MapDecl {
    let columns = |rng: &mut Rng, name: &str| -> Vec<(String, u16)> {
        (0..1 + rng.below(2)).map(|i| (format!("{name}{i}"), rng.pick(&[8, 8, 16]))).collect()
    };
    let (key, value) = (columns(rng, "k"), columns(rng, "v"));
    let count = (key.len() + value.len()) as u16;
    let mut unique: Vec<Vec<u16>> = (0..rng.below(3)).map(|_| index(rng, count)).collect();
    unique.dedup();
    let mut decl = MapDecl {
        name: format!("m{number}"),
        key,
        value,
        unique,
        capacity: rng.pick(&[1, 2, 2, 3, 4, 8, 300]),
        idle: rng.pick(&[0, 5, 1000]),
        invariant: Cond::True,
    };
    for _ in 0..20 {
        let invariant = if rng.chance(25) { Cond::True } else { invariant(rng, &decl, 2) };
        let candidate = MapDecl { invariant, ..decl.clone() };
        if (0..40).any(|_| candidate.admits(&entry(rng, &decl))) {
            return candidate;
        }
    }
    decl.invariant = Cond::True;
    decl
}

fn index(rng: &mut Rng, columns: u16) -> Vec<u16> {
    let chosen: BTreeSet<u16> = (0..1 + rng.below(2)).map(|_| rng.below(columns.into()) as u16).collect();
    chosen.into_iter().collect()
}

fn invariant(rng: &mut Rng, decl: &MapDecl, depth: u32) -> Cond {
    let column = |rng: &mut Rng| {
        let column = rng.below(decl.columns().into()) as u16;
        let width = decl.column(column).1;
        (Expr::Column(column, width), width)
    };
    let inner = if depth == 0 { 0 } else { 1 };
    match rng.weighted(&[40, 20, 15, 15 * inner, 15 * inner, 8 * inner]) {
        0 => {
            let (of, width) = column(rng);
            let (lo, hi) = rng.interval(width);
            let few = IntervalSet::range(0, rng.below(4) as u128);
            Cond::In(of, if rng.chance(50) { few } else { IntervalSet::range(lo, hi) })
        }
        1 => {
            let (of, width) = column(rng);
            Cond::Cmp(rng.pick(&[CmpOp::Ult, CmpOp::Ule]), of, Expr::Const(Bv::new(width, rng.value(width))))
        }
        2 => {
            let (a, width) = column(rng);
            let (b, other) = column(rng);
            let b = if width == other { b } else { Expr::Const(Bv::new(width, rng.value(width))) };
            Cond::Cmp(rng.pick(&[CmpOp::Eq, CmpOp::Ult, CmpOp::Ule]), a, b)
        }
        3 => Cond::All((0..2).map(|_| invariant(rng, decl, depth - 1)).collect()),
        4 => Cond::Any((0..2).map(|_| invariant(rng, decl, depth - 1)).collect()),
        _ => Cond::Not(Box::new(invariant(rng, decl, depth - 1))),
    }
}

fn entry(rng: &mut Rng, decl: &MapDecl) -> Vec<u128> {
    (0..decl.columns())
        .map(|c| if rng.chance(60) { rng.below(4) as u128 } else { rng.value(decl.column(c).1) })
        .collect()
}

/// A store for a program; the invariants of the maps in `assumed` hold in it.
pub fn store(rng: &mut Rng, program: &Program, assumed: &BTreeSet<MapId>) -> Store {
    let mut store = Store::new(program);
    for (map, decl) in (0u32..).map(MapId).zip(&program.maps) {
        for _ in 0..rng.below(8) {
            let columns = entry(rng, decl);
            if !assumed.contains(&map) || decl.admits(&columns) {
                store.map_mut(map).insert(columns, Time(0));
            }
        }
    }
    store
}
