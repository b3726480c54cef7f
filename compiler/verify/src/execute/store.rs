//! An arbitrary store, as far as one visit sees it: what look-ups, inserts and choices may assume about entries.
//!
//! A finite set of entries and missing keys that satisfies these conditions extends to a whole store that satisfies
//! the invariant (all else absent), so nothing more need be said, and no quantifier appears.

use super::state::{Leaf, State, eval_cond};
use crate::sym::{Sym, SymCond, Var, VarKind};
use rdcl_base::IntervalSet;
use rdcl_core::{MapDecl, MapId, Shape};

/// The invariant of a map, of one entry.
pub fn invariant(decl: &MapDecl, columns: &[Sym]) -> SymCond {
    eval_cond(
        &decl.invariant,
        &|leaf| match leaf {
            Leaf::Column(column, _) => columns[usize::from(column)].clone(),
            Leaf::Field(f) => Sym::constant(f.width(), 0),
            Leaf::Slot(_) | Leaf::Cell(..) | Leaf::Row(..) => Sym::constant(1, 0),
        },
        Shape::EMPTY,
    )
}

/// Whether the entry has this key in the index.
pub fn has_key(decl: &MapDecl, index: u16, columns: &[Sym], keys: &[Sym]) -> SymCond {
    let of_index = decl.index_columns(index).into_iter().map(|c| columns[usize::from(c)].clone());
    SymCond::all(of_index.zip(keys).map(|(c, k)| SymCond::eq(c, k.clone())).collect::<Vec<_>>())
}

/// The entry's key in the index.
pub fn key_of(decl: &MapDecl, index: u16, columns: &[Sym]) -> Vec<Sym> {
    decl.index_columns(index).into_iter().map(|c| columns[usize::from(c)].clone()).collect()
}

/// A fresh entry whose key in the index is given: its other columns are new variables.
pub fn fresh_entry(decl: &MapDecl, map: MapId, ordinal: u8, index: u16, keys: &[Sym]) -> Vec<Sym> {
    let of_index = decl.index_columns(index);
    (0..decl.columns())
        .map(|column| match of_index.iter().position(|c| *c == column) {
            Some(at) => keys[at].clone(),
            None => Sym::Var(Var::local(VarKind::Cell { map, ordinal, column }, decl.column(column).1)),
        })
        .collect()
}

/// What must hold for an entry to be in the store next to what the visit knows of it.
pub fn may_be_stored(state: &State, decl: &MapDecl, map: MapId, columns: &[Sym]) -> SymCond {
    let missed = state.facts.missed.iter().filter(|m| m.map == map);
    let not_missed = missed.map(|m| has_key(decl, m.index, columns, &m.keys).negate());
    let known = state.present.iter().filter(|(m, _)| *m == map);
    let agrees = known.map(|(_, other)| same_or_apart(decl, columns, other));
    SymCond::all(not_missed.chain(agrees).collect::<Vec<_>>())
}

/// Two entries are one, or differ in every index.
fn same_or_apart(decl: &MapDecl, a: &[Sym], b: &[Sym]) -> SymCond {
    let apart = (0..decl.indexes()).map(|i| has_key(decl, i, a, &key_of(decl, i, b)).negate());
    let same = a.iter().zip(b).map(|(x, y)| SymCond::eq(x.clone(), y.clone()));
    SymCond::any([SymCond::all(same.collect::<Vec<_>>()), SymCond::all(apart.collect::<Vec<_>>())])
}

/// No entry that the visit knows of has this key in the index.
pub fn absent_among_known(state: &State, decl: &MapDecl, map: MapId, index: u16, keys: &[Sym]) -> SymCond {
    let known = state.present.iter().filter(|(m, _)| *m == map);
    SymCond::all(known.map(|(_, other)| has_key(decl, index, other, keys).negate()).collect::<Vec<_>>())
}

/// Whether the visit has already found that no entry has this key in the index, word for word.
pub fn known_missing(state: &State, map: MapId, index: u16, keys: &[Sym]) -> bool {
    state.facts.missed.iter().any(|m| m.map == map && m.index == index && m.keys == keys)
}

/// The values the invariant leaves a column, when it says so about the column alone; otherwise all.
pub fn column_values(decl: &MapDecl, column: u16) -> IntervalSet {
    let width = decl.column(column).1;
    let mut set = IntervalSet::full(width);
    let columns: Vec<Sym> = (0..decl.columns())
        .map(|c| Sym::Var(Var::local(VarKind::Cell { map: MapId(0), ordinal: 0, column: c }, decl.column(c).1)))
        .collect();
    let conjuncts = match invariant(decl, &columns) {
        SymCond::All(conds) => conds,
        other => vec![other],
    };
    for cond in conjuncts {
        if let Some(values) = values_of(&cond, &columns[usize::from(column)]) {
            set = set.intersect(&values);
        }
    }
    set
}

/// The condition as a set of values of this one symbol.
fn values_of(cond: &SymCond, of: &Sym) -> Option<IntervalSet> {
    match cond {
        SymCond::In(sym, set) if sym == of => Some((**set).clone()),
        SymCond::Any(conds) => {
            conds.iter().map(|c| values_of(c, of)).try_fold(IntervalSet::empty(), |all, set| Some(all.union(&set?)))
        }
        SymCond::Not(inner) => Some(values_of(inner, of)?.complement(of.width())),
        SymCond::True | SymCond::False | SymCond::In(..) | SymCond::All(_) => None,
        SymCond::Eq(..) | SymCond::Ult(..) | SymCond::Ule(..) => None,
    }
}

/// By the pigeonhole principle, an insert that does not clash always finds room: an index has no more keys than the map
/// has places.
pub fn never_full(decl: &MapDecl) -> bool {
    (0..decl.indexes()).any(|index| {
        let keys = decl.index_columns(index).into_iter().map(|c| column_values(decl, c).count());
        keys.fold(1u128, u128::saturating_mul) <= u128::from(decl.capacity)
    })
}
