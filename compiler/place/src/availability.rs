//! Shares of time as exact products: the availability of things that all have to work.

use crate::model::WHOLE;
use std::cmp::Ordering;

/// A product of shares, each in hundredths of a per cent.
#[derive(Clone, Debug, Default)]
pub struct Ratio {
    factors: Vec<u64>,
}

impl Ratio {
    /// One share.
    pub fn of(share: u64) -> Ratio {
        Ratio { factors: vec![share] }
    }

    /// The product of shares; all of the time without any.
    pub fn product(shares: impl Iterator<Item = u64>) -> Ratio {
        Ratio { factors: shares.filter(|share| *share != WHOLE).collect() }
    }

    /// In hundredths of a per cent, rounded down.
    pub fn floor(&self) -> u64 {
        let (mut lo, mut hi) = (0, u64::MAX);
        while lo < hi {
            let middle = lo + (hi - lo).div_ceil(2);
            if *self >= Ratio::of(middle) { lo = middle } else { hi = middle - 1 }
        }
        lo
    }

    /// The numerator over the number of factors, with as many more factors of one as are missing.
    fn over(&self, factors: usize) -> Vec<u64> {
        let ones = factors.saturating_sub(self.factors.len());
        let all = self.factors.iter().copied().chain(std::iter::repeat_n(WHOLE, ones));
        all.fold(vec![1], times)
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Ratio) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ratio {}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Ratio) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Ratio) -> Ordering {
        let factors = self.factors.len().max(other.factors.len());
        let (own, others) = (self.over(factors), other.over(factors));
        own.len().cmp(&others.len()).then_with(|| own.iter().rev().cmp(others.iter().rev()))
    }
}

/// A number in limbs of 64 bits, the least first and the last not zero, times another.
fn times(number: Vec<u64>, by: u64) -> Vec<u64> {
    let mut carry = 0u128;
    let mut product: Vec<u64> = Vec::with_capacity(number.len() + 1);
    for limb in number {
        carry += u128::from(limb) * u128::from(by);
        product.push(carry as u64);
        carry >>= 64;
    }
    product.push(carry as u64);
    while product.last() == Some(&0) {
        product.pop();
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_exact() {
        let two = Ratio::product([9_990, 9_990].into_iter());
        assert!(two > Ratio::of(9_980) && two < Ratio::of(9_981), "99.8001 %");
        assert_eq!(two.floor(), 9_980);
        assert_eq!(Ratio::product([WHOLE; 3].into_iter()), Ratio::of(WHOLE));
        assert_eq!(Ratio::product([5_000, 5_000].into_iter()), Ratio::of(2_500));
        assert_eq!(Ratio::product([0, 9_999].into_iter()).floor(), 0);
    }

    #[test]
    fn many_factors_do_not_overflow() {
        let many = |n| Ratio::product(std::iter::repeat_n(9_999, n));
        assert!(many(1_000) > many(1_001));
        assert_eq!(many(1_000).floor(), 9_048);
    }
}
