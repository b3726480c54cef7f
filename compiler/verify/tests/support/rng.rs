//! A seeded source of random numbers, which favours few values so that fields, constants and entries meet.
//!
//! It is our own (SplitMix64) since the generators look at what they have made so far (which headers are there, which
//! entries are bound) and each case must depend on its seed alone. What fails is made small by `shrink`.

use rdcl_core::mask;

/// A source of random numbers.
pub struct Rng {
    state: u64,
    favourites: Vec<u128>,
}

impl Rng {
    /// The source with this seed.
    pub fn new(seed: u64) -> Rng {
        let mut rng = Rng { state: seed.wrapping_mul(0x2545_f491_4f6c_dd1d), favourites: Vec::new() };
        let edges = [0, 1, 2, 3, 6, 17, 22, u128::MAX, u128::MAX - 1, 1 << 127 | 1 << 31 | 1 << 15 | 1 << 7];
        rng.favourites = (0..5).map(|_| if rng.chance(75) { rng.pick(&edges) } else { rng.wide() }).collect();
        rng
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn wide(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }

    /// A number less than `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// True that often.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// An index, as often as its weight says.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut at = self.next() % weights.iter().sum::<u64>();
        for (i, weight) in weights.iter().enumerate() {
            if at < *weight {
                return i;
            }
            at -= weight;
        }
        unreachable!("the number is less than the sum of the weights")
    }

    /// A value of this width: one of the favourites, next to one, or any.
    pub fn value(&mut self, width: u16) -> u128 {
        let at = self.below(self.favourites.len());
        let favourite = self.favourites[at];
        let value = match self.weighted(&[70, 10, 10, 10]) {
            0 => favourite,
            1 => favourite.wrapping_add(1),
            2 => favourite.wrapping_sub(1),
            _ => self.wide(),
        };
        value & mask(width)
    }

    /// An interval of values of this width.
    pub fn interval(&mut self, width: u16) -> (u128, u128) {
        let (a, b) = (self.value(width), self.value(width));
        (a.min(b), a.max(b))
    }
}

/// The seeds of this many cases: `RDCL_ROUNDS` in the environment multiplies them, `RDCL_SEED` is the first.
pub fn seeds(cases: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let first = number("RDCL_SEED").unwrap_or(0);
    first..first + cases * number("RDCL_ROUNDS").unwrap_or(1)
}
