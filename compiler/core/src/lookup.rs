//! Looking keys up in tables quickly, with the same answers as [`TableData::lookup_linear`].
//!
//! A table with a single key column becomes disjoint segments of the key space, found by bisection; a table of exact
//! columns becomes a hash map; anything else is searched row by row.

use crate::program::{MatchKind, TableDecl, mask};
use crate::table::{Row, TableData};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

/// A stretch of the key space, both ends included, and the row that wins there.
pub type Segment = (u128, u128, Option<usize>);

/// How good a row is: the least wins.
type Rank = (Reverse<u16>, usize);

/// Cuts the key space of a table with one key column into segments with one winner each.
///
/// They are ascending, cover every key, and neighbours have different winners. Sweeps the rows' ends with the set of
/// rows open at each, so it takes `O(n log n)`. Rows of a table with more columns are judged by the first.
///
/// ```
/// use rdcl_core::{MatchKind, Row, RowKey, TableData, TableDecl, lpm_segments};
/// let decl = TableDecl { name: "fib".into(), keys: vec![("dst".into(), 8, MatchKind::Lpm)], data: vec![] };
/// let row = |value, length| Row { keys: vec![RowKey::Prefix { value, length }], data: vec![] };
/// let data = TableData { rows: vec![row(0, 1), row(64, 2)] };
/// assert_eq!(lpm_segments(&decl, &data), [(0, 63, Some(0)), (64, 127, Some(1)), (128, 255, None)]);
/// ```
pub fn lpm_segments(decl: &TableDecl, data: &TableData) -> Vec<Segment> {
    let Some((_, width, _)) = decl.keys.first() else { return Vec::new() };
    let mut events = events(*width, data);
    events.sort_unstable();
    let mut open: BTreeSet<Rank> = BTreeSet::new();
    let mut segments: Vec<Segment> = Vec::new();
    let mut start = 0;
    for (at, rank, opens) in events {
        if at > start {
            extend(&mut segments, start, at - 1, winner(&open));
            start = at;
        }
        if opens {
            open.insert(rank)
        } else {
            open.remove(&rank)
        };
    }
    extend(&mut segments, start, mask(*width), winner(&open));
    segments
}

/// Where rows begin, and where they have ended (unless that is past the last key).
fn events(width: u16, data: &TableData) -> Vec<(u128, Rank, bool)> {
    let mut events = Vec::with_capacity(2 * data.rows.len());
    for (i, row) in data.rows.iter().enumerate() {
        let Some(key) = row.keys.first() else { continue };
        let (lo, hi) = key.interval(width);
        let hi = hi.min(mask(width));
        if lo > hi {
            continue;
        }
        let rank = (Reverse(row.prefix_length()), i);
        events.push((lo, rank, true));
        if hi < mask(width) {
            events.push((hi + 1, rank, false));
        }
    }
    events
}

fn winner(open: &BTreeSet<Rank>) -> Option<usize> {
    open.first().map(|rank| rank.1)
}

fn extend(segments: &mut Vec<Segment>, lo: u128, hi: u128, row: Option<usize>) {
    match segments.last_mut() {
        Some(last) if last.2 == row => last.1 = hi,
        _ => segments.push((lo, hi, row)),
    }
}

/// An index over a table's rows.
#[derive(Clone, Debug)]
pub enum TableIndex {
    /// One key column: disjoint segments, ascending.
    Segments(Vec<Segment>),
    /// Exact columns only: the first row with these keys.
    Exact(HashMap<Vec<u128>, usize>),
    /// Row by row, in the order in which they win; each row is its keys' intervals and its number.
    Linear(Vec<(Vec<(u128, u128)>, usize)>),
}

impl TableIndex {
    /// Builds the index that suits the table.
    pub fn new(decl: &TableDecl, data: &TableData) -> TableIndex {
        match decl.keys.as_slice() {
            [_] => TableIndex::Segments(lpm_segments(decl, data)),
            keys if keys.iter().all(|k| k.2 == MatchKind::Exact) => exact(decl, data),
            _ => linear(decl, data),
        }
    }

    /// The row that matches, exactly as [`TableData::lookup_linear`] says.
    pub fn lookup(&self, keys: &[u128]) -> Option<usize> {
        match self {
            TableIndex::Segments(segments) => {
                let after = segments.partition_point(|s| s.0 <= keys[0]);
                segments[..after].last().filter(|s| keys[0] <= s.1).and_then(|s| s.2)
            }
            TableIndex::Exact(rows) => rows.get(keys).copied(),
            TableIndex::Linear(rows) => {
                let matches = |own: &[(u128, u128)]| own.iter().zip(keys).all(|((lo, hi), key)| lo <= key && key <= hi);
                rows.iter().find(|(own, _)| matches(own)).map(|(_, row)| *row)
            }
        }
    }
}

fn intervals(decl: &TableDecl, row: &Row) -> Vec<(u128, u128)> {
    row.keys.iter().zip(&decl.keys).map(|(key, (_, width, _))| key.interval(*width)).collect()
}

fn exact(decl: &TableDecl, data: &TableData) -> TableIndex {
    let mut rows = HashMap::with_capacity(data.rows.len());
    for (i, row) in data.rows.iter().enumerate() {
        let keys = intervals(decl, row);
        if keys.iter().any(|(lo, hi)| lo != hi) {
            return linear(decl, data);
        }
        rows.entry(keys.into_iter().map(|k| k.0).collect()).or_insert(i);
    }
    TableIndex::Exact(rows)
}

fn linear(decl: &TableDecl, data: &TableData) -> TableIndex {
    let mut order: Vec<usize> = (0..data.rows.len()).collect();
    order.sort_by_key(|i| (Reverse(data.rows[*i].prefix_length()), *i));
    TableIndex::Linear(order.into_iter().map(|i| (intervals(decl, &data.rows[i]), i)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::RowKey;
    use proptest::prelude::*;

    fn decl(kinds: &[MatchKind]) -> TableDecl {
        let keys = kinds.iter().map(|k| ("k".to_string(), 8, *k)).collect();
        TableDecl { name: "t".into(), keys, data: vec![] }
    }

    fn key(kind: MatchKind) -> BoxedStrategy<RowKey> {
        match kind {
            MatchKind::Exact => (0u128..256).prop_map(RowKey::Exact).boxed(),
            MatchKind::Range => (0u128..256, 0u128..256).prop_map(|(a, b)| RowKey::Range(a.min(b), a.max(b))).boxed(),
            MatchKind::Lpm => (0u128..256, 0u16..=8)
                .prop_map(|(v, length)| RowKey::Prefix { value: v & !(0xff >> length), length })
                .boxed(),
        }
    }

    fn kind() -> impl Strategy<Value = MatchKind> {
        prop_oneof![Just(MatchKind::Exact), Just(MatchKind::Lpm), Just(MatchKind::Range)]
    }

    fn table() -> impl Strategy<Value = (TableDecl, TableData)> {
        prop::collection::vec(kind(), 1..4).prop_flat_map(|mut kinds| {
            let first = kinds.iter().position(|k| *k == MatchKind::Lpm);
            for (i, kind) in kinds.iter_mut().enumerate() {
                if *kind == MatchKind::Lpm && Some(i) != first {
                    *kind = MatchKind::Exact;
                }
            }
            let row = kinds.iter().map(|k| key(*k)).collect::<Vec<_>>().prop_map(|keys| Row { keys, data: vec![] });
            (Just(decl(&kinds)), prop::collection::vec(row, 0..24).prop_map(|rows| TableData { rows }))
        })
    }

    proptest! {
        #[test]
        fn an_index_answers_as_the_definition((decl, data) in table(), others in prop::collection::vec(0u128..256, 2)) {
            let index = TableIndex::new(&decl, &data);
            for first in 0..256 {
                let keys = [first, others[0], others[1]];
                let keys = &keys[..decl.keys.len()];
                prop_assert_eq!(index.lookup(keys), data.lookup_linear(&decl, keys));
            }
        }

        #[test]
        fn segments_cover_every_key_once((decl, data) in table()) {
            let segments = lpm_segments(&decl, &data);
            prop_assert_eq!((segments[0].0, segments[segments.len() - 1].1), (0, 255));
            for pair in segments.windows(2) {
                prop_assert!(pair[0].1 + 1 == pair[1].0 && pair[0].2 != pair[1].2);
            }
        }
    }

    #[test]
    fn the_default_route_covers_128_bits() {
        let mut decl = decl(&[MatchKind::Lpm]);
        decl.keys[0].1 = 128;
        let data = TableData { rows: vec![Row { keys: vec![RowKey::Prefix { value: 0, length: 0 }], data: vec![] }] };
        assert_eq!(lpm_segments(&decl, &data), [(0, u128::MAX, Some(0))]);
    }
}
