//! Tables as read-only data, in the form that is quick to look up.
//!
//! One key column: the key space is cut into stretches with one winning row each, and the stretch of a key is found by
//! bisection, among those that its upper bits leave where there are many. Several columns of single values: a hash table. Anything else: rows in
//! the order in which they win. Where a row is found is the offset of its data columns, 0 for none.

use crate::asm::{Asm, Code, Is, Label, Memory, Value, words_of};
use crate::chain::{hash, hash_of};
use rdcl_core::{MatchKind, RowKey, TableData, TableDecl, mask};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The read-only data under construction.
#[derive(Default)]
pub(crate) struct Rodata {
    bytes: Vec<u8>,
}

impl Rodata {
    /// The bytes, or how many there are if that is too much.
    pub(crate) fn bytes(self, most: u64) -> Result<Vec<u8>, u64> {
        let bytes = self.bytes.len() as u64;
        if bytes > most { Err(bytes) } else { Ok(self.bytes) }
    }

    /// Where the next thing begins; never 0.
    fn begin(&mut self) -> u32 {
        let at = (self.bytes.len() + 1).next_multiple_of(64);
        self.bytes.resize(at, 0);
        at as u32
    }

    /// Where the next record begins, after something that began.
    fn here(&mut self) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.bytes.len() as u32
    }

    fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn words(&mut self, width: u16, value: u128) {
        let words = value.to_le_bytes();
        self.bytes.extend_from_slice(&words[..8 * words_of(width) as usize]);
    }
}

/// A table in read-only data.
#[derive(Clone, Debug)]
pub(crate) struct TablePlan {
    /// The widths of its key columns.
    widths: Vec<u16>,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Stretches(Stretches),
    /// Two to the power of this many places, each the offset of a record (its row, then its key) or 0.
    Hash {
        bits: u16,
        places: u32,
    },
    /// So many records: its row, then the least and the greatest value of each key column.
    Ranked {
        count: u64,
        records: u32,
        stride: u32,
    },
}

/// The key space, cut.
#[derive(Clone, Debug)]
struct Stretches {
    count: u64,
    /// Where it is said where each begins, as numbers of this many bytes.
    starts: u32,
    bytes: u32,
    /// Where it is said where the row of each is.
    rows: u32,
    /// By how many bits a key is shifted to give a number, and where the first stretch for each number is said.
    index: Option<(u16, u32)>,
}

/// How many stretches there must be for an index, and the most bits of a key that it looks at.
const INDEXED_STRETCHES: usize = 32;
const MOST_INDEX_BITS: u32 = 16;

/// A row that may win: the intervals of its keys, and where its data are.
struct Ranked {
    keys: Vec<(u128, u128)>,
    row: u32,
}

impl TablePlan {
    pub(crate) fn new(decl: &TableDecl, data: &TableData, rodata: &mut Rodata) -> TablePlan {
        let widths: Vec<u16> = decl.keys.iter().map(|key| key.1).collect();
        let rows = ranked(decl, data, rodata);
        let is_exact = decl.keys.iter().all(|key| key.2 == MatchKind::Exact);
        let is_exact = is_exact && rows.iter().all(|row| row.keys.iter().all(|(lo, hi)| lo == hi));
        let form = match widths.as_slice() {
            [width] => stretches(*width, &rows, rodata),
            _ if is_exact => places(&widths, &rows, rodata),
            _ => records(&widths, &rows, rodata),
        };
        TablePlan { widths, form }
    }
}

/// The rows that some key matches, in the order in which they win.
fn ranked(decl: &TableDecl, data: &TableData, rodata: &mut Rodata) -> Vec<Ranked> {
    let start = rodata.begin();
    for row in &data.rows {
        for ((_, width), value) in decl.data.iter().zip(&row.data) {
            rodata.words(*width, value & mask(*width));
        }
    }
    let stride: u32 = decl.data.iter().map(|(_, width)| 8 * words_of(*width)).sum();
    let mut order: Vec<usize> = (0..data.rows.len()).collect();
    order.sort_by_key(|row| (Reverse(data.rows[*row].prefix_length()), *row));
    let of = |row: usize| {
        let keys = data.rows[row].keys.iter().zip(&decl.keys).map(|(key, (_, width, _))| interval(*key, *width));
        Ranked { keys: keys.collect(), row: start.wrapping_add(stride.wrapping_mul(row as u32)) }
    };
    order.into_iter().map(of).filter(|row| row.keys.iter().all(|(lo, hi)| lo <= hi)).collect()
}

/// The values of this width that a key matches.
fn interval(key: RowKey, width: u16) -> (u128, u128) {
    let (lo, hi) = match key {
        RowKey::Exact(value) => (value, value),
        RowKey::Range(lo, hi) => (lo, hi),
        RowKey::Prefix { value, length } => {
            let free = width - length.min(width);
            (value, value | if free == 0 { 0 } else { mask(free) })
        }
    };
    (lo, hi.min(mask(width)))
}

/// Cuts the key space: where each stretch begins, and the row that wins there, or 0.
fn cut(rows: &[Ranked]) -> Vec<(u128, u32)> {
    let mut changes: BTreeMap<u128, Vec<(usize, bool)>> = BTreeMap::from([(0, Vec::new())]);
    for (rank, row) in rows.iter().enumerate() {
        let (lo, hi) = row.keys[0];
        changes.entry(lo).or_default().push((rank, true));
        if let Some(after) = hi.checked_add(1) {
            changes.entry(after).or_default().push((rank, false));
        }
    }
    let mut open = std::collections::BTreeSet::new();
    let mut stretches: Vec<(u128, u32)> = Vec::new();
    for (at, changed) in changes {
        for (rank, opens) in changed {
            if opens {
                open.insert(rank)
            } else {
                open.remove(&rank)
            };
        }
        let winner = open.first().map_or(0, |rank| rows[*rank].row);
        if stretches.last().is_none_or(|last| last.1 != winner) {
            stretches.push((at, winner));
        }
    }
    stretches
}

fn stretches(width: u16, rows: &[Ranked], rodata: &mut Rodata) -> Form {
    let mut stretches = cut(rows);
    stretches.retain(|(at, _)| *at <= mask(width));
    let bytes = match width {
        0..=32 => 4,
        33..=64 => 8,
        _ => 16,
    };
    let starts = rodata.begin();
    for (at, _) in &stretches {
        rodata.bytes.extend_from_slice(&at.to_le_bytes()[..bytes as usize]);
    }
    let rows = rodata.begin();
    stretches.iter().for_each(|(_, row)| rodata.u32(*row));
    let is_indexed = stretches.len() >= INDEXED_STRETCHES && width <= 64;
    let index = is_indexed.then(|| index(width, &stretches, rodata));
    Form::Stretches(Stretches { count: stretches.len() as u64, starts, bytes, rows, index })
}

/// For each value of a key's upper bits, the stretch that the least such key is in; then the last stretch of all.
fn index(width: u16, stretches: &[(u128, u32)], rodata: &mut Rodata) -> (u16, u32) {
    let bits = stretches.len().ilog2().min(MOST_INDEX_BITS).min(width.into()) as u16;
    let (shift, at) = (width - bits, rodata.begin());
    for number in 0..1u128 << bits {
        let stretch = stretches.partition_point(|(start, _)| *start <= number << shift) - 1;
        rodata.u32(stretch as u32);
    }
    rodata.u32(stretches.len() as u32 - 1);
    (shift, at)
}

fn places(widths: &[u16], rows: &[Ranked], rodata: &mut Rodata) -> Form {
    let size = (2 * rows.len().max(1)).next_power_of_two();
    let bits = size.trailing_zeros() as u16;
    let mut places = vec![0u32; size];
    let mut known: BTreeMap<Vec<u64>, u32> = BTreeMap::new();
    for row in rows {
        let words: Vec<u64> =
            row.keys.iter().zip(widths).flat_map(|((value, _), width)| split(*value, *width)).collect();
        if known.contains_key(&words) {
            continue;
        }
        let record = rodata.here();
        rodata.words(64, row.row.into());
        words.iter().for_each(|word| rodata.words(64, (*word).into()));
        let mut at = (hash_of(&words) >> (64 - bits)) as usize;
        while places[at] != 0 {
            at = (at + 1) % size;
        }
        places[at] = record;
        known.insert(words, record);
    }
    let at = rodata.begin();
    places.iter().for_each(|record| rodata.u32(*record));
    Form::Hash { bits, places: at }
}

/// The 64-bit words of a value, the lowest first.
fn split(value: u128, width: u16) -> Vec<u64> {
    if width > 64 { vec![value as u64, (value >> 64) as u64] } else { vec![value as u64] }
}

fn records(widths: &[u16], rows: &[Ranked], rodata: &mut Rodata) -> Form {
    let records = rodata.begin();
    for row in rows {
        rodata.words(64, row.row.into());
        for ((lo, hi), width) in row.keys.iter().zip(widths) {
            rodata.words(*width, *lo);
            rodata.words(*width, *hi);
        }
    }
    let stride = 8 + widths.iter().map(|width| 16 * words_of(*width)).sum::<u32>();
    Form::Ranked { count: rows.len() as u64, records, stride }
}

/// Writes the routine that finds a row.
pub(crate) fn write_match(table: &TablePlan, asm: &mut Asm<'_>) {
    let (rodata, words) = (asm.param(0), asm.params_from(1));
    match &table.form {
        Form::Stretches(stretches) => {
            let key = asm.of_words(&words);
            let number = match stretches.index {
                None => stretches.among_all(asm, rodata, key),
                Some(index) => stretches.among_indexed(asm, rodata, key, index),
            };
            let offset = asm.shl(number, 2);
            let at = asm.add(rodata, offset);
            let row = asm.load(Memory::Tables, 4, at, stretches.rows);
            asm.ret(&[row]);
        }
        Form::Hash { bits, places } => find_record(asm, rodata, &words, (*bits, *places)),
        Form::Ranked { count, records, stride } => {
            let mut words = words.as_slice();
            let mut keys = Vec::new();
            for width in &table.widths {
                let (own, others) = words.split_at(words_of(*width) as usize);
                keys.push((asm.of_words(own), *width));
                words = others;
            }
            first_match(asm, rodata, &keys, (*count, *records, *stride));
        }
    }
}

impl Stretches {
    /// The number of the stretch of a key: the last that does not begin above it.
    fn among_all(&self, asm: &mut Asm<'_>, rodata: Value, key: Value) -> Value {
        let (mut base, mut left) = (asm.int(0), self.count);
        while left > 1 {
            let half = asm.int(left / 2);
            base = self.step(asm, rodata, key, (base, half));
            left -= left / 2;
        }
        base
    }

    /// As [`Stretches::among_all`], among those that the index leaves.
    fn among_indexed(&self, asm: &mut Asm<'_>, rodata: Value, key: Value, (shift, index): (u16, u32)) -> Value {
        let number = asm.shr(key, shift);
        let offset = asm.shl(number, 2);
        let at = asm.add(rodata, offset);
        let first = asm.load(Memory::Tables, 4, at, index);
        let last = asm.load(Memory::Tables, 4, at, index + 4);
        let more = asm.sub(last, first);
        let more = asm.add_int(more, 1);
        let (base, left) = (asm.variable_of(first), asm.variable_of(more));
        asm.repeat(
            |asm| {
                let left = asm.get(left);
                let one = asm.int(1);
                asm.is(Is::Less, one, left)
            },
            |asm| {
                let (from, count) = (asm.get(base), asm.get(left));
                let half = asm.shr(count, 1);
                let next = self.step(asm, rodata, key, (from, half));
                let rest = asm.sub(count, half);
                asm.set(base, next);
                asm.set(left, rest);
            },
        );
        asm.get(base)
    }

    /// Goes half of the way on, if the stretch there does not begin above the key.
    fn step(&self, asm: &mut Asm<'_>, rodata: Value, key: Value, (base, half): (Value, Value)) -> Value {
        let middle = asm.add(base, half);
        let offset = asm.shl(middle, self.bytes.trailing_zeros() as u16);
        let at = asm.add(rodata, offset);
        let start = if self.bytes == 16 {
            asm.load_value(Memory::Tables, 128, at, self.starts)
        } else {
            asm.load(Memory::Tables, self.bytes, at, self.starts)
        };
        let is_there = asm.is(Is::LessOrEqual, start, key);
        asm.select(is_there, middle, base)
    }
}

/// Looks for a record with these words, from the place their hash says on.
fn find_record(asm: &mut Asm<'_>, rodata: Value, words: &[Value], (bits, places): (u16, u32)) {
    let h = hash(asm, words);
    let first = asm.shr(h, 64 - bits);
    let place = asm.variable_of(first);
    let (again, there, other, found, none) = (asm.label(), asm.label(), asm.label(), asm.label(), asm.label());
    asm.jump(again);
    asm.bind(again);
    let number = asm.get(place);
    let offset = asm.shl(number, 2);
    let at = asm.add(rodata, offset);
    let record = asm.load(Memory::Tables, 4, at, places);
    asm.branch(record, there, none);
    asm.bind(there);
    let at = asm.add(rodata, record);
    let mut difference = asm.int(0);
    for (word, offset) in words.iter().zip((8..).step_by(8)) {
        let own = asm.load(Memory::Tables, 8, at, offset);
        let bits = asm.xor(own, *word);
        difference = asm.or(difference, bits);
    }
    asm.branch(difference, other, found);
    asm.bind(other);
    let next = asm.add_int(number, 1);
    let next = asm.and_int(next, (1 << bits) - 1);
    asm.set(place, next);
    asm.jump(again);
    asm.bind(found);
    let row = asm.load(Memory::Tables, 8, at, 0);
    asm.ret(&[row]);
    return_none(asm, none);
}

fn return_none(asm: &mut Asm<'_>, none: Label) {
    asm.bind(none);
    let zero = asm.int(0);
    asm.ret(&[zero]);
}

/// Looks at records in turn, up to the first that all keys match.
fn first_match(asm: &mut Asm<'_>, rodata: Value, keys: &[(Value, u16)], (count, records, stride): (u64, u32, u32)) {
    let first = asm.add_int(rodata, records.into());
    let end = asm.add_int(first, count.saturating_mul(stride.into()));
    let at = asm.variable_of(first);
    let (again, there, other, none) = (asm.label(), asm.label(), asm.label(), asm.label());
    asm.jump(again);
    asm.bind(again);
    let record = asm.get(at);
    let is_end = asm.is(Is::Equal, record, end);
    asm.branch(is_end, none, there);
    asm.bind(there);
    let mut offset = 8;
    for (key, width) in keys {
        let lo = asm.load_value(Memory::Tables, *width, record, offset);
        let hi = asm.load_value(Memory::Tables, *width, record, offset + 8 * words_of(*width));
        offset += 16 * words_of(*width);
        for (least, most) in [(lo, *key), (*key, hi)] {
            let (inside, is_inside) = (asm.label(), asm.is(Is::LessOrEqual, least, most));
            asm.branch(is_inside, inside, other);
            asm.bind(inside);
        }
    }
    let row = asm.load(Memory::Tables, 8, record, 0);
    asm.ret(&[row]);
    asm.bind(other);
    let next = asm.add_int(record, stride.into());
    asm.set(at, next);
    asm.jump(again);
    return_none(asm, none);
}
