//! The types of NEMO's properties, and which values are of them.

use crate::nemo::clock::{looks_like_moment, moment};
use rdcl_base::NodeId;
use rdcl_syntax::nemo::Value;

/// The type of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Boolean,
    Integer,
    Text,
    Date,
    Uuid,
    Mac,
    Prefix,
    Range,
}

/// The words for types: those of the drafts, and those of OpenDaylight.
pub(crate) const TYPE_WORDS: [(&str, Kind); 13] = [
    ("Boolean", Kind::Boolean),
    ("Integer", Kind::Integer),
    ("String", Kind::Text),
    ("Date", Kind::Date),
    ("UUID", Kind::Uuid),
    ("EthAddr", Kind::Mac),
    ("IPPrefix", Kind::Prefix),
    ("Range", Kind::Range),
    ("string", Kind::Text),
    ("integer", Kind::Integer),
    ("range", Kind::Range),
    ("boolean", Kind::Boolean),
    ("date", Kind::Date),
];

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It is of another type.
    Kind(NodeId),
    /// It is meant to be of the type, and cannot be.
    Malformed(NodeId, String),
    /// The ends of a range are the wrong way round.
    Empty(NodeId, String, String),
}

impl Kind {
    /// The type that a word stands for.
    pub fn of(word: &str) -> Option<Kind> {
        TYPE_WORDS.iter().find(|(text, _)| text.eq_ignore_ascii_case(word)).map(|(_, kind)| *kind)
    }

    /// What is wanted, in words.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Boolean => "`true` or `false`",
            Kind::Integer => "a number",
            Kind::Text => "a text",
            Kind::Date => "a date or a time",
            Kind::Uuid => "a UUID",
            Kind::Mac => "a MAC address",
            Kind::Prefix => "an IP address or prefix",
            Kind::Range => "a range, as `(1, 5)` is",
        }
    }

    /// Whether a value is of the type. Of a list, every element must be.
    pub fn check(self, value: &Value) -> Result<(), Unfit> {
        let unfit = Err(Unfit::Kind(value.node()));
        match (self, value) {
            (_, Value::Bad(_)) => Ok(()),
            (_, Value::List(all, _)) => all.iter().try_for_each(|value| self.check(value)),
            (Kind::Range, Value::Range(lo, hi, at)) | (Kind::Integer, Value::Range(lo, hi, at)) => ordered(lo, hi, *at),
            (Kind::Text, Value::Int(..) | Value::Range(..) | Value::Mask(..)) => unfit,
            (Kind::Text, _) => Ok(()),
            (Kind::Boolean, Value::Bool(..)) => Ok(()),
            (Kind::Integer, Value::Int(..) | Value::Quantity(..)) => Ok(()),
            (Kind::Date, Value::Date(..) | Value::Time(..) | Value::DateTime(..)) => Ok(()),
            (Kind::Uuid, Value::Uuid(..)) | (Kind::Mac, Value::Mac(..)) => Ok(()),
            (Kind::Prefix, Value::Ipv4(..) | Value::Ipv6(..)) => Ok(()),
            (_, Value::Str(text)) => self.check_text(&text.text, text.node),
            (Kind::Boolean, Value::Ref(word)) => self.check_text(&word.text(), word.node),
            _ => unfit,
        }
    }

    /// Whether a text in quotes stands for a value of the type.
    fn check_text(self, text: &str, at: NodeId) -> Result<(), Unfit> {
        let (text, unfit) = (text.trim(), Err(Unfit::Kind(at)));
        let malformed = |what: &str| Err(Unfit::Malformed(at, format!("`{text}` is not {what}")));
        let starts_as_number = text.starts_with(|c: char| c.is_ascii_digit());
        match self {
            Kind::Text => Ok(()),
            Kind::Boolean if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => Ok(()),
            Kind::Integer if amount_of_text(text).is_some() => Ok(()),
            Kind::Date if looks_like_moment(text) => moment(text).map(|_| ()).map_err(|why| Unfit::Malformed(at, why)),
            Kind::Uuid if is_uuid(text) => Ok(()),
            Kind::Mac if mac(text).is_some() => Ok(()),
            Kind::Mac if text.matches(':').count() == 5 => malformed("a MAC address"),
            Kind::Prefix if prefix(text).is_some() => Ok(()),
            Kind::Prefix if starts_as_number && text.contains(['.', ':']) => malformed("an IP address or prefix"),
            _ => unfit,
        }
    }
}

/// Complains of the ends of a range that are the wrong way round.
pub(crate) fn ordered(lo: &Value, hi: &Value, at: NodeId) -> Result<(), Unfit> {
    match (amount(lo), amount(hi)) {
        (Some(a), Some(b)) if a > b => Err(Unfit::Empty(at, shown(lo), shown(hi))),
        _ => Ok(()),
    }
}

/// A number, in thousandths of its base unit.
pub(crate) fn amount(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number, _) => number.checked_mul(1000),
        Value::Quantity(number, unit, _) => scaled(number, unit),
        Value::Str(text) => amount_of_text(&text.text),
        _ => None,
    }
}

fn amount_of_text(text: &str) -> Option<i64> {
    let text = text.trim();
    let sign = usize::from(text.starts_with('-'));
    let digits = text[sign..].find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len() - sign);
    scaled(&text[..sign + digits], text[sign + digits..].trim())
}

/// A decimal number with a unit, in thousandths of the base unit. What is no unit is as good as none.
fn scaled(number: &str, unit: &str) -> Option<i64> {
    if !unit.chars().all(|c| c.is_ascii_alphabetic() || c == '%' || c == '/') {
        return None;
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    let negative = whole.starts_with('-');
    let thousandths = whole.parse::<i64>().ok()?.checked_mul(1000)?;
    let fraction = fraction.parse::<i64>().ok()?;
    let number = if negative { thousandths.checked_sub(fraction)? } else { thousandths.checked_add(fraction)? };
    let factor = match unit.chars().next() {
        Some('G' | 'g') => 1_000_000_000,
        Some('M') if unit != "ms" => 1_000_000,
        Some('K' | 'k') => 1000,
        Some('T') => 1_000_000_000_000,
        Some('m') if unit == "ms" => return Some(number / 1000),
        _ => 1,
    };
    number.checked_mul(factor)
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// A MAC address in a text.
pub(crate) fn mac(text: &str) -> Option<u64> {
    let bytes: Vec<u64> =
        text.split(':').map_while(|b| u64::from_str_radix(b, 16).ok().filter(|_| b.len() == 2)).collect();
    let whole = bytes.len() == 6 && text.len() == 17;
    whole.then(|| bytes.iter().fold(0, |address, byte| address << 8 | byte))
}

/// An IPv4 or IPv6 address or prefix in a text: its bits, its length if it has one, and its width.
pub(crate) fn prefix(text: &str) -> Option<(u128, Option<u8>, u8)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let (bits, width) = match address.parse::<std::net::IpAddr>().ok()? {
        std::net::IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        std::net::IpAddr::V6(address) => (address.to_bits(), 128),
    };
    length.is_none_or(|length| length <= width).then_some((bits, length, width))
}

/// A value as it is written, without quotes.
pub(crate) fn shown(value: &Value) -> String {
    let list = |all: &[Value]| all.iter().map(shown).collect::<Vec<_>>().join(", ");
    match value {
        Value::Int(number, _) => number.to_string(),
        Value::Quantity(number, unit, _) => format!("{number}{unit}"),
        Value::Ipv4(address, length, _) => with_length(&std::net::Ipv4Addr::from_bits(*address).to_string(), *length),
        Value::Ipv6(address, length, _) => with_length(&std::net::Ipv6Addr::from_bits(*address).to_string(), *length),
        Value::Mac(address, _) => {
            let bytes = address.to_be_bytes();
            bytes[2..].iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
        }
        Value::Uuid(bits, _) => {
            let hex = format!("{bits:032x}");
            format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
        }
        Value::Date(date, _) => format!("{:04}-{:02}-{:02}", date.year, date.month, date.day),
        Value::Time(time, _) => format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second),
        Value::DateTime(d, t, _) => {
            format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", d.year, d.month, d.day, t.hour, t.minute, t.second)
        }
        Value::Bool(value, _) => value.to_string(),
        Value::Str(text) => text.text.clone(),
        Value::Ref(reference) => reference.text(),
        Value::Uri(text, _) => text.clone(),
        Value::List(all, _) => format!("[{}]", list(all)),
        Value::Range(lo, hi, _) => format!("({}, {})", shown(lo), shown(hi)),
        Value::Mask(value, mask, _) => format!("Mask({}, {})", shown(value), shown(mask)),
        Value::Bad(_) => "?".to_owned(),
    }
}

fn with_length(address: &str, length: Option<u8>) -> String {
    length.map_or_else(|| address.to_owned(), |length| format!("{address}/{length}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Str(rdcl_syntax::nemo::Name { text: text.to_owned(), quoted: true, node: NodeId(1) })
    }

    #[test]
    fn texts_in_quotes_are_read_as_what_is_wanted() {
        for (kind, fits) in [
            (Kind::Prefix, "192.0.2.0/24"),
            (Kind::Prefix, "2001:db8::/32"),
            (Kind::Mac, "02:00:00:00:00:01"),
            (Kind::Integer, "40G"),
            (Kind::Boolean, "TRUE"),
            (Kind::Date, "2024-02-29 10:00"),
            (Kind::Uuid, "6ba7b814-9dad-11d1-80b4-00c04fd430c8"),
            (Kind::Text, ""),
        ] {
            assert_eq!(kind.check(&text(fits)), Ok(()), "{fits}");
        }
        for (kind, wrong) in [
            (Kind::Prefix, "192.0.2.0/33"),
            (Kind::Prefix, "192.0.2.256"),
            (Kind::Mac, "02:00:00:00:00:0g"),
            (Kind::Date, "2026-02-30"),
        ] {
            assert!(matches!(kind.check(&text(wrong)), Err(Unfit::Malformed(..))), "{wrong}");
        }
        for (kind, wrong) in
            [(Kind::Prefix, "lab"), (Kind::Integer, "four"), (Kind::Boolean, "yes"), (Kind::Date, "noon")]
        {
            assert!(matches!(kind.check(&text(wrong)), Err(Unfit::Kind(_))), "{wrong}");
        }
        assert!(Kind::Text.check(&Value::Int(5, NodeId(0))).is_err());
    }

    #[test]
    fn amounts_are_compared_by_what_they_measure() {
        let quantity = |number: &str, unit: &str| amount(&Value::Quantity(number.into(), unit.into(), NodeId(0)));
        assert_eq!(quantity("1", "G"), quantity("1000", "M"));
        assert_eq!(quantity("1.5", "s"), quantity("1500", "ms"));
        assert_eq!(amount(&text("-3")), Some(-3000));
        assert_eq!(amount(&text("nine")), None);
    }
}
