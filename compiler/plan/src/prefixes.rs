//! Sets of IPv4 addresses as prefixes.

use rdcl_base::{IntervalSet, Ipv4Net};
use std::net::Ipv4Addr;

/// Every address.
pub fn everyone() -> Ipv4Net {
    Ipv4Net::default()
}

/// A prefix; host bits are dropped, and a length above 32 is one address.
pub fn prefix(address: u32, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::from(address), length.min(32)).trunc()
}

/// The fewest prefixes that make up a set of 32-bit values, ascending.
pub fn prefixes(set: &IntervalSet) -> Vec<Ipv4Net> {
    let mut found = Vec::new();
    for (lo, hi) in set.intervals() {
        let (mut lo, hi) = (*lo as u64, *hi as u64);
        while lo <= hi {
            let aligned = lo.trailing_zeros().min(32);
            let fits = (hi - lo + 1).ilog2();
            let host = aligned.min(fits);
            found.push(prefix(lo as u32, (32 - host) as u8));
            lo += 1 << host;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_make_up_the_set() {
        let set = IntervalSet::prefix(0x0a01_0000, 16, 32).minus(&IntervalSet::prefix(0x0a01_0900, 24, 32));
        let found = prefixes(&set);
        assert_eq!(found.len(), 8);
        let sizes: u128 = found.iter().map(|p| 1u128 << (32 - p.prefix_len())).sum();
        assert_eq!(sizes, set.count());
        assert!(found.iter().all(|p| set.contains(u128::from(u32::from(p.network())))));
        assert_eq!(prefixes(&IntervalSet::full(32)), [everyone()]);
        assert_eq!(prefixes(&IntervalSet::range(1, 2)).len(), 2);
    }
}
