//! Quantities with units: every literal carries its unit, and the unit says what kind of thing it measures.
//!
//! A quantity is an integer in the smallest unit of its dimension, so that equal amounts are equal values:
//! `0.5core` is 500 millicores, `1Gbps` is `1000Mbps`.

use std::fmt;

/// What a quantity measures, and the smallest unit it is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Memory,
    /// Bits per second.
    Bandwidth,
    /// Packets per second.
    PacketRate,
    /// Thousandths of a core.
    Cpu,
    /// Hundredths of a per cent.
    Ratio,
}

impl Dimension {
    /// The name used in messages.
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Time => "time",
            Dimension::Memory => "memory",
            Dimension::Bandwidth => "bandwidth",
            Dimension::PacketRate => "packet rate",
            Dimension::Cpu => "cpu",
            Dimension::Ratio => "ratio",
        }
    }
}

/// An amount in the smallest unit of its dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quantity {
    /// The amount.
    pub amount: u64,
    /// What is measured.
    pub dimension: Dimension,
}

/// Why a literal is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// The unit is not one of [`Quantity::units`].
    Unknown(String),
    /// The amount is not a whole number of the smallest unit, or does not fit 64 bits.
    OutOfRange,
}

const UNITS: &[(&str, Dimension, u64)] = &[
    ("ns", Dimension::Time, 1),
    ("us", Dimension::Time, 1_000),
    ("ms", Dimension::Time, 1_000_000),
    ("s", Dimension::Time, 1_000_000_000),
    ("min", Dimension::Time, 60_000_000_000),
    ("h", Dimension::Time, 3_600_000_000_000),
    ("B", Dimension::Memory, 1),
    ("KiB", Dimension::Memory, 1 << 10),
    ("MiB", Dimension::Memory, 1 << 20),
    ("GiB", Dimension::Memory, 1 << 30),
    ("TiB", Dimension::Memory, 1 << 40),
    ("bps", Dimension::Bandwidth, 1),
    ("kbps", Dimension::Bandwidth, 1_000),
    ("Mbps", Dimension::Bandwidth, 1_000_000),
    ("Gbps", Dimension::Bandwidth, 1_000_000_000),
    ("Tbps", Dimension::Bandwidth, 1_000_000_000_000),
    ("pps", Dimension::PacketRate, 1),
    ("kpps", Dimension::PacketRate, 1_000),
    ("Mpps", Dimension::PacketRate, 1_000_000),
    ("core", Dimension::Cpu, 1_000),
    ("mcore", Dimension::Cpu, 1),
    ("%", Dimension::Ratio, 100),
];

impl Quantity {
    /// Reads a number (`200`, `0.5`) and a unit (`Mbps`).
    ///
    /// # Errors
    /// [`UnitError`], when the unit is unknown or the amount is not a whole number of the smallest unit.
    pub fn parse(number: &str, unit: &str) -> Result<Quantity, UnitError> {
        let &(_, dimension, scale) =
            UNITS.iter().find(|u| u.0 == unit).ok_or_else(|| UnitError::Unknown(unit.to_owned()))?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| UnitError::OutOfRange)?;
        let denominator = 10u128.checked_pow(fraction.len() as u32).ok_or(UnitError::OutOfRange)?;
        let scaled = digits.checked_mul(u128::from(scale)).ok_or(UnitError::OutOfRange)?;
        if !scaled.is_multiple_of(denominator) {
            return Err(UnitError::OutOfRange);
        }
        let amount = u64::try_from(scaled / denominator).map_err(|_| UnitError::OutOfRange)?;
        Ok(Quantity { amount, dimension })
    }

    /// The names of all units, for hints.
    pub fn units() -> impl Iterator<Item = &'static str> {
        UNITS.iter().map(|u| u.0)
    }
}

impl fmt::Display for Quantity {
    /// In the largest unit that divides the amount; a part of a per cent as a fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let best =
            UNITS.iter().filter(|u| u.1 == self.dimension && self.amount.is_multiple_of(u.2)).max_by_key(|u| u.2);
        match best {
            Some((name, _, scale)) if self.amount > 0 => write!(f, "{}{name}", self.amount / scale),
            _ if self.dimension == Dimension::Ratio => {
                let fraction = format!("{}.{:02}", self.amount / 100, self.amount % 100);
                write!(f, "{}%", fraction.trim_end_matches('0').trim_end_matches('.'))
            }
            _ => match UNITS.iter().filter(|u| u.1 == self.dimension).min_by_key(|u| u.2) {
                Some((name, _, _)) => write!(f, "{}{name}", self.amount),
                None => write!(f, "{}", self.amount),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_as_they_are_read() {
        for text in ["99.95%", "0.01%", "0%", "100%", "99.9%", "7MiB", "1500us", "500mcore", "0ns"] {
            let at = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap();
            assert_eq!(Quantity::parse(&text[..at], &text[at..]).unwrap().to_string(), text);
        }
    }

    #[test]
    fn equal_amounts_are_equal_values() {
        assert_eq!(Quantity::parse("1", "Gbps"), Quantity::parse("1000", "Mbps"));
        assert_eq!(Quantity::parse("0.5", "core").map(|q| q.amount), Ok(500));
        assert_eq!(Quantity::parse("5", "msec"), Err(UnitError::Unknown("msec".into())));
        assert_eq!(Quantity::parse("0.0001", "ns"), Err(UnitError::OutOfRange));
        assert_eq!(Quantity::parse("300", "s").map(|q| q.to_string()), Ok("5min".into()));
    }
}
