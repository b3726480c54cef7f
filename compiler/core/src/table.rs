//! Table contents: rows apart from programs, in a form that is quick to look up.

use crate::program::{MatchKind, TableDecl};

/// One key of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowKey {
    /// Equal to this.
    Exact(u128),
    /// The first `length` bits equal those of `value` (whose other bits are zero).
    Prefix {
        /// The value.
        value: u128,
        /// How many bits count.
        length: u16,
    },
    /// Between these, inclusive.
    Range(u128, u128),
}

impl RowKey {
    /// The values it matches, as a closed interval.
    pub fn interval(self, width: u16) -> (u128, u128) {
        match self {
            RowKey::Exact(v) => (v, v),
            RowKey::Range(lo, hi) => (lo, hi),
            RowKey::Prefix { value, length } => {
                let host = width - length.min(width);
                (value, value | if host == 0 { 0 } else { crate::program::mask(host) })
            }
        }
    }

    /// Whether it matches.
    pub fn matches(self, width: u16, value: u128) -> bool {
        let (lo, hi) = self.interval(width);
        lo <= value && value <= hi
    }
}

/// A row: one key for each key column, one value for each data column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// Keys.
    pub keys: Vec<RowKey>,
    /// Data.
    pub data: Vec<u128>,
}

/// The contents of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TableData {
    /// In the order of the source.
    pub rows: Vec<Row>,
}

impl TableData {
    /// The index of the row that matches, by definition: among all matching rows the longest prefix, then the earliest.
    ///
    /// This is the specification; it looks at every row.
    pub fn lookup_linear(&self, decl: &TableDecl, keys: &[u128]) -> Option<usize> {
        let matching = self.rows.iter().enumerate().filter(|(_, row)| {
            row.keys.iter().zip(&decl.keys).zip(keys).all(|((key, (_, width, _)), value)| key.matches(*width, *value))
        });
        matching.min_by_key(|(i, row)| (std::cmp::Reverse(row.prefix_length()), *i)).map(|(i, _)| i)
    }
}

impl Row {
    /// The length of the row's prefix key; 0 without one.
    pub fn prefix_length(&self) -> u16 {
        self.keys
            .iter()
            .find_map(|k| if let RowKey::Prefix { length, .. } = k { Some(*length) } else { None })
            .unwrap_or(0)
    }
}

impl TableDecl {
    /// The position of the longest-prefix column, if there is one.
    pub fn lpm_column(&self) -> Option<usize> {
        self.keys.iter().position(|k| k.2 == MatchKind::Lpm)
    }
}
