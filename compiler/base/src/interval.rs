//! Exact sets of unsigned integers of up to 128 bits: sorted, disjoint, non-adjacent closed intervals.
//!
//! The canonical form makes equality of sets equality of values. Widths are given where a complement or a
//! wrap-around needs one; closed bounds keep `2^128 - 1` representable.

/// A set of unsigned integers.
///
/// ```
/// use rdcl_base::IntervalSet;
/// let ports = IntervalSet::range(1024, 65535);
/// assert!(!ports.contains(22));
/// assert_eq!(ports.complement(16), IntervalSet::range(0, 1023));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntervalSet {
    intervals: Vec<(u128, u128)>,
}

/// The largest value of `width` bits (1..=128).
fn max_of(width: u16) -> u128 {
    if width >= 128 { u128::MAX } else { (1u128 << width) - 1 }
}

impl IntervalSet {
    /// The empty set.
    pub fn empty() -> IntervalSet {
        IntervalSet::default()
    }

    /// Every value of `width` bits.
    pub fn full(width: u16) -> IntervalSet {
        IntervalSet::range(0, max_of(width))
    }

    /// `{value}`.
    pub fn single(value: u128) -> IntervalSet {
        IntervalSet::range(value, value)
    }

    /// `lo..=hi`; empty when `lo > hi`.
    pub fn range(lo: u128, hi: u128) -> IntervalSet {
        IntervalSet { intervals: if lo <= hi { vec![(lo, hi)] } else { Vec::new() } }
    }

    /// The `width`-bit values whose first `length` bits are those of `address`.
    pub fn prefix(address: u128, length: u16, width: u16) -> IntervalSet {
        let host = width - length.min(width);
        let mask = if host == 0 { 0 } else { max_of(host) };
        IntervalSet::range(address & !mask & max_of(width), (address | mask) & max_of(width))
    }

    /// The union of arbitrary closed intervals.
    pub fn from_intervals(intervals: impl IntoIterator<Item = (u128, u128)>) -> IntervalSet {
        let mut sorted: Vec<(u128, u128)> = intervals.into_iter().filter(|(lo, hi)| lo <= hi).collect();
        sorted.sort_unstable();
        let mut out: Vec<(u128, u128)> = Vec::with_capacity(sorted.len());
        for (lo, hi) in sorted {
            match out.last_mut() {
                Some(last) if lo <= last.1 || lo - last.1 == 1 => last.1 = last.1.max(hi),
                _ => out.push((lo, hi)),
            }
        }
        IntervalSet { intervals: out }
    }

    /// The intervals, ascending.
    pub fn intervals(&self) -> &[(u128, u128)] {
        &self.intervals
    }

    /// True for the empty set.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// True when the set holds every value of `width` bits.
    pub fn is_full(&self, width: u16) -> bool {
        self.intervals.first() == Some(&(0, max_of(width)))
    }

    /// The only member, if there is exactly one.
    pub fn as_single(&self) -> Option<u128> {
        match self.intervals.as_slice() {
            [(lo, hi)] if lo == hi => Some(*lo),
            _ => None,
        }
    }

    /// The least member.
    pub fn least(&self) -> Option<u128> {
        self.intervals.first().map(|i| i.0)
    }

    /// The greatest member.
    pub fn greatest(&self) -> Option<u128> {
        self.intervals.last().map(|i| i.1)
    }

    /// Membership, in logarithmic time.
    pub fn contains(&self, value: u128) -> bool {
        let after = self.intervals.partition_point(|i| i.0 <= value);
        after > 0 && value <= self.intervals[after - 1].1
    }

    /// The number of members, saturating.
    pub fn count(&self) -> u128 {
        self.intervals.iter().fold(0u128, |n, (lo, hi)| n.saturating_add((hi - lo).saturating_add(1)))
    }

    /// Members of both.
    pub fn intersect(&self, other: &IntervalSet) -> IntervalSet {
        let (mut i, mut j, mut out) = (0, 0, Vec::new());
        while i < self.intervals.len() && j < other.intervals.len() {
            let (a, b) = (self.intervals[i], other.intervals[j]);
            let (lo, hi) = (a.0.max(b.0), a.1.min(b.1));
            if lo <= hi {
                out.push((lo, hi));
            }
            if a.1 < b.1 { i += 1 } else { j += 1 }
        }
        IntervalSet { intervals: out }
    }

    /// Members of either.
    pub fn union(&self, other: &IntervalSet) -> IntervalSet {
        IntervalSet::from_intervals(self.intervals.iter().chain(&other.intervals).copied())
    }

    /// The `width`-bit values that are not members.
    pub fn complement(&self, width: u16) -> IntervalSet {
        let (mut next, mut out) = (0u128, Vec::with_capacity(self.intervals.len() + 1));
        for &(lo, hi) in &self.intervals {
            if lo > next {
                out.push((next, lo - 1));
            }
            if hi >= max_of(width) {
                return IntervalSet { intervals: out };
            }
            next = hi + 1;
        }
        out.push((next, max_of(width)));
        IntervalSet { intervals: out }
    }

    /// Members of `self` that are not members of `other`.
    pub fn minus(&self, other: &IntervalSet) -> IntervalSet {
        self.intersect(&other.complement(128))
    }

    /// True when every member is a member of `other`.
    pub fn is_subset(&self, other: &IntervalSet) -> bool {
        self.intersect(other) == *self
    }

    /// True when no member is shared.
    pub fn is_disjoint(&self, other: &IntervalSet) -> bool {
        self.intersect(other).is_empty()
    }

    /// `{ (x + by) mod 2^width | x in self }`, for a set of `width`-bit values.
    pub fn shift(&self, by: u128, width: u16) -> IntervalSet {
        let max = max_of(width);
        let by = by & max;
        IntervalSet::from_intervals(self.intervals.iter().flat_map(|&(lo, hi)| {
            let (lo, hi) = (lo.wrapping_add(by) & max, hi.wrapping_add(by) & max);
            if lo <= hi { vec![(lo, hi)] } else { vec![(lo, max), (0, hi)] }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sets() -> impl Strategy<Value = IntervalSet> {
        prop::collection::vec((0u128..=255, 0u128..=255), 0..6).prop_map(IntervalSet::from_intervals)
    }

    fn members(set: &IntervalSet) -> Vec<bool> {
        (0..=255).map(|v| set.contains(v)).collect()
    }

    proptest! {
        #[test]
        fn operations_agree_with_membership(a in sets(), b in sets(), by in 0u128..=255) {
            let (ma, mb) = (members(&a), members(&b));
            for v in 0usize..256 {
                prop_assert_eq!(a.intersect(&b).contains(v as u128), ma[v] && mb[v]);
                prop_assert_eq!(a.union(&b).contains(v as u128), ma[v] || mb[v]);
                prop_assert_eq!(a.minus(&b).contains(v as u128), ma[v] && !mb[v]);
                prop_assert_eq!(a.complement(8).contains(v as u128), !ma[v]);
                prop_assert_eq!(a.shift(by, 8).contains((v as u128 + by) & 255), ma[v]);
            }
            prop_assert_eq!(a.count(), ma.iter().filter(|m| **m).count() as u128);
            prop_assert_eq!(a.is_subset(&b), (0..256).all(|v| !ma[v] || mb[v]));
        }
    }

    #[test]
    fn the_widest_values_do_not_overflow() {
        let full = IntervalSet::full(128);
        assert!(full.complement(128).is_empty());
        assert_eq!(full.shift(1, 128), full);
        assert_eq!(full.count(), u128::MAX);
        assert_eq!(IntervalSet::prefix(0x0a01_0000, 16, 32), IntervalSet::range(0x0a01_0000, 0x0a01_ffff));
        assert_eq!(IntervalSet::prefix(0, 0, 32), IntervalSet::full(32));
    }
}
