//! Amounts as people write them: `6.3ms`, `2core`, `8MiB`.

use rdcl_base::{Dimension, Quantity};

/// Units whose steps are powers of ten, from the greatest down, each with its size in the smallest.
fn decimal_units(dimension: Dimension) -> &'static [(&'static str, u64)] {
    match dimension {
        Dimension::Time => &[("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)],
        Dimension::Bandwidth => {
            &[("Tbps", 1_000_000_000_000), ("Gbps", 1_000_000_000), ("Mbps", 1_000_000), ("kbps", 1_000), ("bps", 1)]
        }
        Dimension::PacketRate => &[("Mpps", 1_000_000), ("kpps", 1_000), ("pps", 1)],
        Dimension::Cpu => &[("core", 1_000)],
        Dimension::Ratio => &[("%", 100)],
        Dimension::Memory => &[],
    }
}

/// An amount, exactly, in the greatest unit that it reaches.
pub fn amount(amount: u64, dimension: Dimension) -> String {
    let units = decimal_units(dimension);
    match units.iter().find(|(_, size)| amount >= *size).or(units.last()) {
        Some((unit, size)) => format!("{}{unit}", decimal(amount, *size)),
        None => Quantity { amount, dimension }.to_string(),
    }
}

/// `amount / size` for a power of ten, without zeros at the end.
fn decimal(amount: u64, size: u64) -> String {
    let (whole, rest) = (amount / size, amount % size);
    if rest == 0 {
        return whole.to_string();
    }
    let digits = size.ilog10() as usize;
    format!("{whole}.{}", format!("{rest:0digits$}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        assert_eq!(amount(6_300_000, Dimension::Time), "6.3ms");
        assert_eq!(amount(0, Dimension::Time), "0ns");
        assert_eq!(amount(50_000, Dimension::Time), "50us");
        assert_eq!(amount(500, Dimension::Cpu), "0.5core");
        assert_eq!(amount(9_989, Dimension::Ratio), "99.89%");
        assert_eq!(amount(1_200_000_000, Dimension::Bandwidth), "1.2Gbps");
        assert_eq!(amount(8 << 20, Dimension::Memory), "8MiB");
        assert_eq!(amount(u64::MAX, Dimension::Bandwidth), "18446744.073709551615Tbps");
    }
}
