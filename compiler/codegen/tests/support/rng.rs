//! A seeded source of random numbers (SplitMix64) that favours few values, so that fields, keys and entries meet.

use rdcl_core::mask;

pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x1234_5678_9abc_def1)
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.word() % n as u64) as usize
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.word() % 100 < percent
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// An index, as often as its weight says.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut at = self.word() % weights.iter().sum::<u64>();
        weights.iter().position(|weight| at.checked_sub(*weight).map(|left| at = left).is_none()).unwrap()
    }

    /// A value of this width: small, at an edge, or any.
    pub fn value(&mut self, width: u16) -> u128 {
        let middle = mask(width) >> 1;
        let words = [0xffff, 0x8100, 0x0800, 1 << 63, (1 << 64) - 1, 1 << 64];
        let edges = [&[mask(width), mask(width) - 1, middle, middle + 1], &words[..]].concat();
        let value = match self.weighted(&[50, 20, 30]) {
            0 => self.below(4) as u128,
            1 => self.pick(&edges),
            _ => u128::from(self.word()) << 64 | u128::from(self.word()),
        };
        value & mask(width)
    }

    pub fn interval(&mut self, width: u16) -> (u128, u128) {
        let (a, b) = (self.value(width), self.value(width));
        (a.min(b), a.max(b))
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.word() as u8).collect()
    }
}

/// The seeds of this many cases: `RDCL_ROUNDS` in the environment multiplies them, `RDCL_SEED` is the first.
pub fn seeds(cases: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let first = number("RDCL_SEED").unwrap_or(0);
    first..first + cases * number("RDCL_ROUNDS").unwrap_or(1)
}
