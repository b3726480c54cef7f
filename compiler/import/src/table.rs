//! Table text to table data: one row a line, columns separated by white space or commas, `#` starts a comment.
//!
//! ```
//! use rdcl_core::{MatchKind, RowKey};
//! use rdcl_import::{ColumnType, Schema, read_table};
//! let schema = Schema {
//!     keys: vec![("prefix".into(), ColumnType::Ipv4, MatchKind::Lpm)],
//!     data: vec![("port".into(), ColumnType::Uint(16))],
//! };
//! let (table, problems) = read_table("10.0.0.0/8 1  # the branch\n0.0.0.0/0, 0\n", &schema);
//! assert!(problems.is_empty());
//! assert_eq!(table.rows[0].keys, [RowKey::Prefix { value: 0x0a00_0000, length: 8 }]);
//! ```

use rdcl_base::{Code, Diagnostic, Span};
use rdcl_core::{MatchKind, Row, RowKey, TableData, mask};
use std::net::{Ipv4Addr, Ipv6Addr};

/// How the values of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// `22` or `0x16`, unsigned, of this width.
    Uint(u16),
    /// `10.1.0.1`
    Ipv4,
    /// `2001:db8::1`
    Ipv6,
    /// `02:00:00:00:00:01`
    Mac,
}

impl ColumnType {
    /// Width in bits.
    pub fn width(self) -> u16 {
        match self {
            ColumnType::Uint(width) => width,
            ColumnType::Ipv4 => 32,
            ColumnType::Ipv6 => 128,
            ColumnType::Mac => 48,
        }
    }

    /// The words used in messages.
    fn noun(self) -> String {
        match self {
            ColumnType::Uint(width) => format!("a whole number of {width} bits"),
            ColumnType::Ipv4 => "an IPv4 address".into(),
            ColumnType::Ipv6 => "an IPv6 address".into(),
            ColumnType::Mac => "a MAC address".into(),
        }
    }
}

/// The columns of a table, keys first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schema {
    /// Key columns: name, type, how they match.
    pub keys: Vec<(String, ColumnType, MatchKind)>,
    /// Data columns: name and type.
    pub data: Vec<(String, ColumnType)>,
}

impl Schema {
    fn columns(&self) -> usize {
        self.keys.len() + self.data.len()
    }
}

/// The most complaints made about one table; a file of the wrong kind has one on every line.
const MOST_PROBLEMS: usize = 20;

/// Reads a table. A line that cannot be understood is left out and complained about.
pub fn read_table(text: &str, schema: &Schema) -> (TableData, Vec<Diagnostic<Span>>) {
    let mut reader = Reader { text, schema, problems: Vec::new() };
    let mut rows = Vec::with_capacity(text.len() / 16);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        rows.extend(reader.row(start, line));
        start += line.len();
        if reader.problems.len() >= MOST_PROBLEMS {
            break;
        }
    }
    (TableData { rows }, reader.problems)
}

/// A word of a line and where it starts in the file.
type Word<'a> = (usize, &'a str);

struct Reader<'a> {
    text: &'a str,
    schema: &'a Schema,
    problems: Vec<Diagnostic<Span>>,
}

impl<'a> Reader<'a> {
    fn row(&mut self, start: usize, line: &'a str) -> Option<Row> {
        let content = line.split('#').next().unwrap_or("");
        let mut words = self.words(start, content);
        let first = words.next()?;
        let schema = self.schema;
        let mut row = Row { keys: Vec::with_capacity(schema.keys.len()), data: Vec::with_capacity(schema.data.len()) };
        let mut words = std::iter::once(first).chain(words);
        for (name, ty, kind) in &schema.keys {
            let Some(word) = words.next() else { return self.wrong_count(start, content) };
            let key = read_key(word.1, *ty, *kind);
            row.keys.push(self.accept(word, name, key)?);
        }
        for (name, ty) in &schema.data {
            let Some(word) = words.next() else { return self.wrong_count(start, content) };
            let value = read_value(word.1, *ty);
            row.data.push(self.accept(word, name, value)?);
        }
        if words.next().is_some() { self.wrong_count(start, content) } else { Some(row) }
    }

    fn words(&self, start: usize, content: &'a str) -> impl Iterator<Item = Word<'a>> + use<'a> {
        let base = self.text.as_ptr() as usize;
        debug_assert_eq!(content.as_ptr() as usize - base, start);
        content
            .split(|c: char| c == ',' || c.is_ascii_whitespace())
            .filter(|word| !word.is_empty())
            .map(move |word| (word.as_ptr() as usize - base, word))
    }

    fn accept<T>(&mut self, word: Word<'_>, column: &str, result: Result<T, Fault>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => {
                self.problems.push(bad_value(word, column, fault));
                None
            }
        }
    }

    fn wrong_count(&mut self, start: usize, content: &str) -> Option<Row> {
        let found = self.words_in(content);
        self.problems.push(wrong_number_of_columns(start, content, found, self.schema));
        None
    }

    fn words_in(&self, content: &str) -> usize {
        content.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|word| !word.is_empty()).count()
    }
}

/// What is wrong with a word.
enum Fault {
    Malformed(String),
    TooLarge(u16),
    HostBits(String),
    Backwards,
}

fn read_key(word: &str, ty: ColumnType, kind: MatchKind) -> Result<RowKey, Fault> {
    match kind {
        MatchKind::Exact => read_value(word, ty).map(RowKey::Exact),
        MatchKind::Lpm => read_prefix(word, ty),
        MatchKind::Range => read_range(word, ty),
    }
}

fn read_prefix(word: &str, ty: ColumnType) -> Result<RowKey, Fault> {
    let width = ty.width();
    let Some((value, length)) = word.split_once('/') else {
        return read_value(word, ty).map(|value| RowKey::Prefix { value, length: width });
    };
    let value = read_value(value, ty)?;
    let length: u16 = length.parse().map_err(|_| Fault::Malformed("a prefix length after `/`".into()))?;
    if length > width {
        return Err(Fault::Malformed(format!("a prefix length of at most {width}")));
    }
    let kept = value & !mask(width - length);
    if kept != value {
        Err(Fault::HostBits(write_prefix(kept, length, ty)))
    } else {
        Ok(RowKey::Prefix { value, length })
    }
}

fn write_prefix(value: u128, length: u16, ty: ColumnType) -> String {
    match ty {
        ColumnType::Ipv4 => format!("{}/{length}", Ipv4Addr::from(value as u32)),
        ColumnType::Ipv6 => format!("{}/{length}", Ipv6Addr::from(value)),
        ColumnType::Uint(_) | ColumnType::Mac => format!("{value:#x}/{length}"),
    }
}

fn read_range(word: &str, ty: ColumnType) -> Result<RowKey, Fault> {
    let bounds = word.split_once("..").or_else(|| word.split_once('-'));
    let Some((lo, hi)) = bounds else { return read_value(word, ty).map(|value| RowKey::Range(value, value)) };
    let (lo, hi) = (read_value(lo, ty)?, read_value(hi, ty)?);
    if lo <= hi { Ok(RowKey::Range(lo, hi)) } else { Err(Fault::Backwards) }
}

fn read_value(word: &str, ty: ColumnType) -> Result<u128, Fault> {
    let malformed = || Fault::Malformed(ty.noun());
    match ty {
        ColumnType::Uint(width) => {
            let value = read_number(word).ok_or_else(malformed)?;
            if value <= mask(width) { Ok(value) } else { Err(Fault::TooLarge(width)) }
        }
        ColumnType::Ipv4 => word.parse::<Ipv4Addr>().map(|a| u128::from(u32::from(a))).map_err(|_| malformed()),
        ColumnType::Ipv6 => word.parse::<Ipv6Addr>().map(u128::from).map_err(|_| malformed()),
        ColumnType::Mac => read_mac(word).ok_or_else(malformed),
    }
}

fn read_number(word: &str) -> Option<u128> {
    let digits_only = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_hexdigit());
    match word.strip_prefix("0x") {
        Some(hex) if digits_only(hex) => u128::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None if word.bytes().all(|b| b.is_ascii_digit()) => word.parse().ok(),
        None => None,
    }
}

fn read_mac(word: &str) -> Option<u128> {
    let mut value = 0u128;
    let mut octets = 0;
    for octet in word.split(':') {
        let two_digits = octet.len() == 2 && octet.bytes().all(|b| b.is_ascii_hexdigit());
        value = value << 8 | if two_digits { u128::from_str_radix(octet, 16).ok()? } else { return None };
        octets += 1;
        if octets > 6 {
            return None;
        }
    }
    (octets == 6).then_some(value)
}

fn span(start: usize, length: usize) -> Span {
    Span::new(start as u32, (start + length) as u32)
}

fn wrong_number_of_columns(start: usize, content: &str, found: usize, schema: &Schema) -> Diagnostic<Span> {
    let names = schema.keys.iter().map(|k| &k.0).chain(schema.data.iter().map(|d| &d.0));
    let names: Vec<&str> = names.map(String::as_str).collect();
    let message = format!("found {found} columns in this row, expected {}", schema.columns());
    Diagnostic::new(Code::E0802, span(start, content.trim_end().len()), message)
        .with_note(format!("the columns are {}", names.join(", ")))
}

fn bad_value((start, word): Word<'_>, column: &str, fault: Fault) -> Diagnostic<Span> {
    let at = span(start, word.len());
    match fault {
        Fault::Malformed(expected) => {
            Diagnostic::new(Code::E0803, at, format!("`{word}` in column `{column}` is not {expected}"))
        }
        Fault::TooLarge(width) => {
            Diagnostic::new(Code::E0804, at, format!("`{word}` does not fit the {width} bits of column `{column}`"))
        }
        Fault::HostBits(corrected) => {
            Diagnostic::new(Code::E0804, at, format!("`{word}` in column `{column}` has bits set after its prefix"))
                .with_help(format!("write `{corrected}`"))
        }
        Fault::Backwards => {
            Diagnostic::new(Code::E0804, at, format!("the range `{word}` in column `{column}` is empty"))
                .with_help("put the smaller bound first")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fib() -> Schema {
        Schema {
            keys: vec![("prefix".into(), ColumnType::Ipv4, MatchKind::Lpm)],
            data: vec![("port".into(), ColumnType::Uint(16))],
        }
    }

    fn acl() -> Schema {
        Schema {
            keys: vec![
                ("mac".into(), ColumnType::Mac, MatchKind::Exact),
                ("ports".into(), ColumnType::Uint(16), MatchKind::Range),
                ("mark".into(), ColumnType::Uint(8), MatchKind::Lpm),
            ],
            data: vec![],
        }
    }

    fn complaints(text: &str, schema: &Schema) -> Vec<String> {
        let (_, problems) = read_table(text, schema);
        let place = |d: &Diagnostic<Span>| text[d.primary.start as usize..d.primary.end as usize].to_owned();
        problems.iter().map(|d| format!("{} {} [{}]", d.code, d.message, place(d))).collect()
    }

    #[test]
    fn every_kind_of_key_is_read() {
        let (table, problems) = read_table("02:00:00:00:00:01, 1..5 0xf0/4\n\n# none\n02:00:00:00:00:02 7-9 3", &acl());
        assert!(problems.is_empty(), "{problems:?}");
        let keys = &table.rows[0].keys;
        assert_eq!(
            keys[..],
            [RowKey::Exact(0x0200_0000_0001), RowKey::Range(1, 5), RowKey::Prefix { value: 0xf0, length: 4 }]
        );
        assert_eq!(table.rows[1].keys[1..], [RowKey::Range(7, 9), RowKey::Prefix { value: 3, length: 8 }]);
    }

    #[test]
    fn the_default_route_is_the_whole_space() {
        let (table, problems) = read_table("0.0.0.0/0 3", &fib());
        assert!(problems.is_empty());
        assert_eq!(table.rows[0].keys, [RowKey::Prefix { value: 0, length: 0 }]);
    }

    #[test]
    fn faults_are_placed_on_the_word() {
        let text = "10.0.0.0/8\n10.0.0.1/8 1\n10.0.0.0/33 1\n10.0.0.0/8 65536\n10.0.0/8 x\n1.1.1.1/32 1 2\n";
        let expected = [
            "E0802 found 1 columns in this row, expected 2 [10.0.0.0/8]",
            "E0804 `10.0.0.1/8` in column `prefix` has bits set after its prefix [10.0.0.1/8]",
            "E0803 `10.0.0.0/33` in column `prefix` is not a prefix length of at most 32 [10.0.0.0/33]",
            "E0804 `65536` does not fit the 16 bits of column `port` [65536]",
            "E0803 `10.0.0/8` in column `prefix` is not an IPv4 address [10.0.0/8]",
            "E0802 found 3 columns in this row, expected 2 [1.1.1.1/32 1 2]",
        ];
        assert_eq!(complaints(text, &fib()), expected);
    }

    #[test]
    fn a_wrong_file_does_not_flood() {
        assert_eq!(complaints(&"what\n".repeat(1000), &fib()).len(), MOST_PROBLEMS);
    }

    #[test]
    fn a_hundred_thousand_rows_are_read() {
        let line = |i: u32| format!("{}/24 {}\n", Ipv4Addr::from(i << 8), i % 16);
        let text: String = (0..100_000).map(line).collect();
        let (table, problems) = read_table(&text, &fib());
        assert_eq!((table.rows.len(), problems.len()), (100_000, 0));
    }
}
