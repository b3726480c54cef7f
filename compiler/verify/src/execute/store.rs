//! An arbitrary store, as far as one visit sees it: what look-ups, inserts and choices may assume about entries.
//!
//! A finite set of entries and missing keys that satisfies these conditions extends to a whole store that satisfies
//! the invariant (all else absent), so nothing more need be said, and no quantifier appears. What is found and missed
//! is always the store that the visit met; what the visit has added and removed since lies over it.

use super::state::{Cell, Leaf, Origin, State, eval_cond};
use crate::guard::Context;
use crate::row::{Missed, Stored};
use crate::sym::{Sym, SymCond, Var, VarKind};
use rdcl_base::IntervalSet;
use rdcl_core::{CellId, MapDecl, MapId, Shape, TIME_WIDTH};

/// The invariant of a map, of one entry.
pub fn invariant(decl: &MapDecl, columns: &[Sym]) -> SymCond {
    eval_cond(
        &decl.invariant,
        &|leaf| match leaf {
            Leaf::Column(column, _) => columns[usize::from(column)].clone(),
            Leaf::Field(f) => Sym::constant(f.width(), 0),
            Leaf::Now => Sym::constant(TIME_WIDTH, 0),
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

/// The ways in which an entry with this key in the index is there now, and that entry.
///
/// It was added by this visit, or it was in the store and has not been removed.
pub fn present(
    context: &mut Context,
    state: &State,
    (map, decl): (MapId, &MapDecl),
    index: u16,
    keys: &[Sym],
) -> Vec<(State, Cell)> {
    let mut ways = Vec::new();
    for (at, columns) in added(state, map) {
        let guards = context.assume(&state.guard, &has_key(decl, index, columns, keys));
        let cell = Cell { map, columns: columns.clone(), from: Some(Origin::Added(at)) };
        ways.extend(guards.into_iter().map(|guard| (state.with_guard(guard), cell.clone())));
    }
    if known_missing(state, map, index, keys) {
        return ways;
    }
    let (found, at, fresh) = stored(state, (map, decl), index, keys);
    let columns = found.facts.found[at].columns.clone();
    let removed = of_map(&state.facts.removed, map).map(|r| has_key(decl, 0, r, &key_of(decl, 0, &columns)).negate());
    let others = added(state, map).map(|(_, other)| has_key(decl, index, other, keys).negate());
    let conds = SymCond::all([fresh].into_iter().chain(others).chain(removed).collect::<Vec<_>>());
    let cell = Cell { map, columns, from: Some(Origin::Found(at)) };
    let guards = context.assume(&state.guard, &conds);
    ways.extend(guards.into_iter().map(|guard| (found.with_guard(guard), cell.clone())));
    ways
}

/// The ways in which no entry with this key in the index is there now.
///
/// This visit has removed it, or the store never had it.
pub fn absent(
    context: &mut Context,
    state: State,
    (map, decl): (MapId, &MapDecl),
    index: u16,
    keys: &[Sym],
) -> Vec<State> {
    let not_added = added(&state, map).map(|(_, columns)| has_key(decl, index, columns, keys).negate());
    let mut open = context.assume(&state.guard, &SymCond::all(not_added.collect::<Vec<_>>()));
    let mut ways = Vec::new();
    for columns in of_map(&state.facts.removed, map) {
        let was_this = has_key(decl, index, columns, keys);
        let mut rest = Vec::new();
        for guard in open {
            let (gone, other) = context.split(&guard, &was_this);
            ways.extend(gone.into_iter().map(|guard| state.with_guard(guard)));
            rest.extend(other);
        }
        open = rest;
    }
    let not_found = of_map(&state.facts.found, map).map(|columns| has_key(decl, index, columns, keys).negate());
    let not_found = SymCond::all(not_found.collect::<Vec<_>>());
    let mut missing = state.clone();
    if !known_missing(&state, map, index, keys) {
        missing.facts.missed.push(Missed { map, index, keys: keys.to_vec() });
    }
    let guards = open.iter().flat_map(|guard| context.assume(guard, &not_found)).collect::<Vec<_>>();
    ways.extend(guards.into_iter().map(|guard| missing.with_guard(guard)));
    ways
}

/// The state in which the store has an entry with this key in the index, where it is among those found, and what must
/// hold.
///
/// An entry found before by the same key, word for word, is that entry; any other has new variables besides the key.
fn stored(state: &State, (map, decl): (MapId, &MapDecl), index: u16, keys: &[Sym]) -> (State, usize, SymCond) {
    let is_known = |found: &Stored| found.map == map && key_of(decl, index, &found.columns) == keys;
    if let Some(at) = state.facts.found.iter().position(is_known) {
        return (state.clone(), at, SymCond::True);
    }
    let ordinal = state.facts.found.len() as u16;
    let of_index = decl.index_columns(index);
    let column = |column| match of_index.iter().position(|c| *c == column) {
        Some(at) => keys[at].clone(),
        None => Sym::Var(state.variable(VarKind::Cell { map, ordinal, column }, decl.column(column).1)),
    };
    let columns: Vec<Sym> = (0..decl.columns()).map(column).collect();
    let conds = SymCond::all([invariant(decl, &columns), may_be_stored(state, decl, map, &columns)]);
    let mut found = state.clone();
    found.facts.found.push(Stored { map, columns: columns.clone() });
    let at = found.facts.found.len() - 1;
    if let Some(changed) = as_changed(state, decl, map, &columns) {
        found.facts.changed.insert(at, changed);
    }
    (found, at, conds)
}

/// What an entry of the store is now, if the visit has written to entries that may be this one.
fn as_changed(state: &State, decl: &MapDecl, map: MapId, columns: &[Sym]) -> Option<Vec<Sym>> {
    let mut now = columns.to_vec();
    let changed = state.facts.changed.iter().map(|(at, changed)| (&state.facts.found[*at], changed));
    let mut any = false;
    for (other, changed) in changed.filter(|(other, _)| other.map == map) {
        any = true;
        let is_other = has_key(decl, 0, columns, &key_of(decl, 0, &other.columns));
        for column in (0..now.len()).filter(|c| changed[*c] != other.columns[*c]) {
            now[column] = Sym::ite(is_other.clone(), changed[column].clone(), now[column].clone());
        }
    }
    any.then_some(now)
}

/// Writes a column of a bound entry: the same entry under other names changes, too. Gives what the entry is then.
pub fn update(state: &mut State, decl: &MapDecl, cell: CellId, column: u16, value: &Sym) -> Vec<Sym> {
    let (map, at) = (state.cells[cell.index()].map, usize::from(column));
    match state.cells[cell.index()].from {
        Some(Origin::Added(own)) => {
            state.facts.added[own].columns[at] = value.clone();
            state.facts.added[own].columns.clone()
        }
        Some(Origin::Found(own)) => {
            let key = key_of(decl, 0, &state.facts.found[own].columns);
            for (other, found) in state.facts.found.iter().enumerate().filter(|(_, found)| found.map == map) {
                let is_own = match other == own {
                    true => SymCond::True,
                    false => has_key(decl, 0, &found.columns, &key),
                };
                let before = state.facts.changed.get(&other).unwrap_or(&found.columns);
                let written = Sym::ite(is_own.clone(), value.clone(), before[at].clone());
                if written != before[at] {
                    let mut columns = before.clone();
                    columns[at] = written;
                    state.facts.changed.insert(other, columns);
                }
            }
            state.facts.changed.get(&own).unwrap_or(&state.facts.found[own].columns).clone()
        }
        None => Vec::new(),
    }
}

/// The entries of a map among these.
fn of_map(entries: &[Stored], map: MapId) -> impl Iterator<Item = &Vec<Sym>> {
    entries.iter().filter(move |s| s.map == map).map(|s| &s.columns)
}

/// The entries that this visit has added to a map and not removed.
fn added(state: &State, map: MapId) -> impl Iterator<Item = (usize, &Vec<Sym>)> {
    let there =
        state.facts.added.iter().enumerate().filter(move |(at, s)| s.map == map && !state.facts.lost.contains(at));
    there.map(|(at, s)| (at, &s.columns))
}

/// What must hold for an entry to be in the store that the visit met, next to what it knows of it.
fn may_be_stored(state: &State, decl: &MapDecl, map: MapId, columns: &[Sym]) -> SymCond {
    let missed = state.facts.missed.iter().filter(|m| m.map == map);
    let not_missed = missed.map(|m| has_key(decl, m.index, columns, &m.keys).negate());
    let agrees = of_map(&state.facts.found, map).map(|other| same_or_apart(decl, columns, other));
    SymCond::all(not_missed.chain(agrees).collect::<Vec<_>>())
}

/// Two entries are one, or differ in every index.
fn same_or_apart(decl: &MapDecl, a: &[Sym], b: &[Sym]) -> SymCond {
    let apart = (0..decl.indexes()).map(|i| has_key(decl, i, a, &key_of(decl, i, b)).negate());
    let same = a.iter().zip(b).map(|(x, y)| SymCond::eq(x.clone(), y.clone()));
    SymCond::any([SymCond::all(same.collect::<Vec<_>>()), SymCond::all(apart.collect::<Vec<_>>())])
}

/// Whether the visit has already found that the store has no entry with this key in the index, word for word.
fn known_missing(state: &State, map: MapId, index: u16, keys: &[Sym]) -> bool {
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

/// Whether what the visit has added itself leaves no room.
pub fn is_full(state: &State, map: MapId, decl: &MapDecl) -> bool {
    added(state, map).count() as u64 >= decl.capacity
}
