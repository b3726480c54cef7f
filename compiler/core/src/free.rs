//! Which values of one column of a unique index are free, given the index's other columns.
//!
//! Values in use are kept as disjoint runs, so that the next free value is found in logarithmic time however full the
//! range is.

use std::collections::{BTreeMap, HashMap};

/// Disjoint, non-adjacent closed runs of values: first to last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Runs(BTreeMap<u128, u128>);

impl Runs {
    /// The run a value lies in.
    fn run_of(&self, value: u128) -> Option<(u128, u128)> {
        self.0.range(..=value).next_back().map(|(lo, hi)| (*lo, *hi)).filter(|(_, hi)| value <= *hi)
    }

    fn insert(&mut self, value: u128) {
        if self.run_of(value).is_some() {
            return;
        }
        let below = value.checked_sub(1).and_then(|v| self.run_of(v));
        let above = value.checked_add(1).and_then(|v| self.run_of(v));
        let lo = below.map_or(value, |run| run.0);
        if let Some((start, _)) = above {
            self.0.remove(&start);
        }
        self.0.insert(lo, above.map_or(value, |run| run.1));
    }

    fn remove(&mut self, value: u128) {
        let Some((lo, hi)) = self.run_of(value) else { return };
        self.0.remove(&lo);
        if lo < value {
            self.0.insert(lo, value - 1);
        }
        if value < hi {
            self.0.insert(value + 1, hi);
        }
    }

    /// The least value in `from..=to` in no run.
    fn gap(&self, from: u128, to: u128) -> Option<u128> {
        let next = self.run_of(from).map_or(Some(from), |(_, hi)| hi.checked_add(1))?;
        (next <= to).then_some(next)
    }
}

/// The values of one column in use beside fixed values of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    used: Runs,
    /// Used now or before.
    touched: Runs,
    /// Free values that were used before, by the moment they were freed.
    freed: BTreeMap<u64, u128>,
    freed_at: HashMap<u128, u64>,
    frees: u64,
}

impl Values {
    /// Takes a value into use.
    pub(crate) fn take(&mut self, value: u128) {
        self.used.insert(value);
        self.touched.insert(value);
        if let Some(at) = self.freed_at.remove(&value) {
            self.freed.remove(&at);
        }
    }

    /// Frees a value.
    pub(crate) fn release(&mut self, value: u128) {
        self.used.remove(value);
        self.frees += 1;
        self.freed.insert(self.frees, value);
        self.freed_at.insert(value, self.frees);
    }

    /// The least free value in `from..=to`.
    pub(crate) fn next_free(&self, from: u128, to: u128) -> Option<u128> {
        self.used.gap(from, to)
    }

    /// The value in `lo..=hi` that has been free for longest: the least never used, else the one freed first.
    pub(crate) fn longest_free(&self, lo: u128, hi: u128) -> Option<u128> {
        self.touched.gap(lo, hi).or_else(|| self.freed.values().copied().find(|v| lo <= *v && *v <= hi))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn runs_are_a_set(changes in prop::collection::vec((any::<bool>(), 0u128..40), 0..80), from in 0u128..40) {
            let (mut values, mut model) = (Values::default(), BTreeSet::new());
            for (take, v) in changes {
                if take && model.insert(v) {
                    values.take(v);
                } else if !take && model.remove(&v) {
                    values.release(v);
                }
                let free = (from..40).find(|v| !model.contains(v));
                prop_assert_eq!(values.next_free(from, 39), free);
                prop_assert_eq!(values.longest_free(from, 39).is_some(), free.is_some());
                prop_assert!(values.longest_free(from, 39).is_none_or(|v| !model.contains(&v)));
            }
        }
    }

    #[test]
    fn values_come_back_in_the_order_they_were_freed() {
        let mut values = Values::default();
        (1..=3).for_each(|v| values.take(v));
        [2, 3, 1].into_iter().for_each(|v| values.release(v));
        assert_eq!(values.longest_free(1, 4), Some(4));
        assert_eq!(values.longest_free(1, 3), Some(2));
        values.take(2);
        assert_eq!(values.longest_free(1, 3), Some(3));
    }

    #[test]
    fn the_largest_value_is_a_value() {
        let mut values = Values::default();
        values.take(u128::MAX);
        assert_eq!(values.next_free(u128::MAX, u128::MAX), None);
        assert_eq!(values.next_free(0, u128::MAX), Some(0));
    }
}
