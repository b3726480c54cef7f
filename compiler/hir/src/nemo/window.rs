//! When a condition holds: exactly, as long as it compares names with values.
//!
//! A condition is a formula over comparisons, each of which is a set of values of one name. The values of a name fall
//! into finitely many cells between which no comparison tells apart; one value of each is tried.

use crate::nemo::clock::{DAY, Moment};
use rdcl_base::IntervalSet;
use std::collections::BTreeMap;

/// What a comparison is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Axis {
    /// The time of day, in seconds.
    OfDay,
    /// The time, in seconds since the beginning of the calendar.
    Instant,
    /// A name whose values are numbers; see [`number`].
    Number(String),
    /// A name whose values are words; the words met are numbered, [`OTHER`] is any other.
    Word(String),
    /// Something that holds or not, nothing else being known of it.
    Fact(String),
}

impl Axis {
    /// All values.
    fn all(&self) -> IntervalSet {
        match self {
            Axis::OfDay => IntervalSet::range(0, u128::from(DAY) - 1),
            Axis::Instant | Axis::Number(_) => IntervalSet::full(64),
            Axis::Word(_) => IntervalSet::full(64),
            Axis::Fact(_) => IntervalSet::range(0, 1),
        }
    }
}

/// A whole number as a value of an axis: order is kept.
pub(crate) fn number(value: i64) -> u128 {
    u128::from((value as u64) ^ (1 << 63))
}

/// When something holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum When {
    /// A name has one of these values.
    Is(Axis, IntervalSet),
    /// Not so.
    Not(Box<When>),
    /// All of these; with none of them always.
    All(Vec<When>),
    /// Any of these.
    Any(Vec<When>),
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Compare {
    /// The comparison with its sides exchanged.
    pub fn turned(self) -> Compare {
        match self {
            Compare::Lt => Compare::Gt,
            Compare::Le => Compare::Ge,
            Compare::Gt => Compare::Lt,
            Compare::Ge => Compare::Le,
            same => same,
        }
    }
}

/// How many combinations of values are tried before nothing is said.
const MOST_TRIED: usize = 20_000;

impl When {
    /// What holds always.
    pub fn always() -> When {
        When::All(Vec::new())
    }

    /// A comparison with values from `lo` to `hi`, both included.
    pub fn compared(axis: Axis, how: Compare, lo: u128, hi: u128) -> When {
        let all = axis.all();
        let (least, most) = (all.least().unwrap_or(0), all.greatest().unwrap_or(0));
        let below = |end: u128| end.checked_sub(1).map_or(IntervalSet::empty(), |end| IntervalSet::range(least, end));
        let set = match how {
            Compare::Eq => IntervalSet::range(lo, hi),
            Compare::Ne => below(lo).union(&IntervalSet::range(hi.saturating_add(1), most)),
            Compare::Lt => below(lo),
            Compare::Le => IntervalSet::range(least, hi),
            Compare::Gt => IntervalSet::range(hi.saturating_add(1), most),
            Compare::Ge => IntervalSet::range(lo, most),
        };
        When::Is(axis, set.intersect(&all))
    }

    /// A comparison of the time.
    pub fn time(how: Compare, moment: Moment) -> When {
        match moment {
            Moment::OfDay(second) => When::compared(Axis::OfDay, how, u128::from(second), u128::from(second)),
            Moment::Instant(second) => When::compared(Axis::Instant, how, u128::from(second), u128::from(second)),
            Moment::Day(first) => When::compared(Axis::Instant, how, u128::from(first), u128::from(first + DAY - 1)),
        }
    }

    /// From one moment on until another; a time of day goes on past midnight. Nothing if the moments are not of a kind
    /// or, dates, in the wrong order. `whole` includes the end.
    pub fn between(from: Moment, to: Moment, whole: bool) -> Option<When> {
        let end = if whole { Compare::Le } else { Compare::Lt };
        let (begins, ends) = (When::time(Compare::Ge, from), When::time(end, to));
        match (from, to) {
            (Moment::OfDay(a), Moment::OfDay(b)) if a > b => Some(When::Any(vec![begins, ends])),
            (Moment::OfDay(_), Moment::OfDay(_)) => Some(When::All(vec![begins, ends])),
            (Moment::OfDay(_), _) | (_, Moment::OfDay(_)) => None,
            (Moment::Day(a) | Moment::Instant(a), Moment::Day(b) | Moment::Instant(b)) if a > b => None,
            _ => Some(When::All(vec![begins, ends])),
        }
    }

    /// Whether it can hold: `None` where too much would have to be tried.
    pub fn can_hold(&self) -> Option<bool> {
        self.try_all(true)
    }

    /// Whether it always holds.
    pub fn always_holds(&self) -> Option<bool> {
        self.try_all(false).map(|fails| !fails)
    }

    /// Whether both can hold at once. Where that is too much to find out, they are taken to.
    pub fn overlaps(&self, other: &When) -> bool {
        When::All(vec![self.clone(), other.clone()]).can_hold().unwrap_or(true)
    }

    /// Whether some values make it so.
    fn try_all(&self, so: bool) -> Option<bool> {
        let mut sets = BTreeMap::new();
        self.sets(&mut sets);
        let cells: Vec<(&Axis, Vec<u128>)> = sets.iter().map(|(axis, sets)| (*axis, cells(axis, sets))).collect();
        let combinations = cells.iter().try_fold(1usize, |n, (_, values)| n.checked_mul(values.len()));
        combinations.filter(|n| *n <= MOST_TRIED)?;
        let mut values: BTreeMap<&Axis, u128> = BTreeMap::new();
        let mut at = vec![0; cells.len()];
        loop {
            for ((axis, cell), index) in cells.iter().zip(&at) {
                values.insert(axis, cell[*index]);
            }
            if self.holds(&values) == so {
                return Some(true);
            }
            let turn = at.iter().zip(&cells).position(|(index, (_, cell))| index + 1 < cell.len());
            let Some(turn) = turn else { return Some(false) };
            at[..turn].fill(0);
            at[turn] += 1;
        }
    }

    fn sets<'a>(&'a self, found: &mut BTreeMap<&'a Axis, Vec<&'a IntervalSet>>) {
        match self {
            When::Is(axis, set) => found.entry(axis).or_default().push(set),
            When::Not(inner) => inner.sets(found),
            When::All(all) | When::Any(all) => all.iter().for_each(|inner| inner.sets(found)),
        }
    }

    fn holds(&self, values: &BTreeMap<&Axis, u128>) -> bool {
        match self {
            When::Is(axis, set) => values.get(axis).is_some_and(|value| set.contains(*value)),
            When::Not(inner) => !inner.holds(values),
            When::All(all) => all.iter().all(|inner| inner.holds(values)),
            When::Any(all) => all.iter().any(|inner| inner.holds(values)),
        }
    }
}

/// One value of each cell into which the sets cut the axis.
fn cells(axis: &Axis, sets: &[&IntervalSet]) -> Vec<u128> {
    let all = axis.all();
    let mut firsts: Vec<u128> = all.least().into_iter().collect();
    for (lo, hi) in sets.iter().flat_map(|set| set.intervals()) {
        firsts.extend([*lo, hi.saturating_add(1)]);
    }
    firsts.retain(|value| all.contains(*value));
    firsts.sort_unstable();
    firsts.dedup();
    firsts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nemo::clock::moment;

    fn time(how: Compare, text: &str) -> When {
        When::time(how, moment(text).unwrap())
    }

    fn between(from: &str, to: &str) -> When {
        When::between(moment(from).unwrap(), moment(to).unwrap(), false).unwrap()
    }

    #[test]
    fn an_or_of_overlapping_halves_is_always_true_and_a_night_is_not() {
        let either = |a, b| When::Any(vec![time(Compare::Gt, a), time(Compare::Lt, b)]);
        assert_eq!(either("19:00", "23:00").always_holds(), Some(true));
        assert_eq!(either("22:00", "06:00").always_holds(), Some(false));
        assert_eq!(either("12:00", "12:00").always_holds(), Some(false));
        assert_eq!(either("22:00", "06:00").can_hold(), Some(true));
    }

    #[test]
    fn an_and_of_disjoint_halves_is_never_true() {
        let both = |a, b| When::All(vec![time(Compare::Gt, a), time(Compare::Lt, b)]);
        assert_eq!(both("19:00", "23:00").can_hold(), Some(true));
        assert_eq!(both("23:00", "19:00").can_hold(), Some(false));
        assert_eq!(both("19:00:00", "19:00:01").can_hold(), Some(false));
        let dates = When::All(vec![time(Compare::Gt, "2026-03-01"), time(Compare::Lt, "2026-03-02")]);
        assert_eq!(dates.can_hold(), Some(false));
        let dates = When::All(vec![time(Compare::Ge, "2026-03-01"), time(Compare::Lt, "2026-03-02")]);
        assert_eq!(dates.can_hold(), Some(true));
    }

    #[test]
    fn windows_go_past_midnight_and_end_before_their_end() {
        assert!(between("22:00", "06:00").overlaps(&between("05:00", "07:00")));
        assert!(!between("22:00", "06:00").overlaps(&between("06:00", "22:00")));
        assert_eq!(between("06:00", "06:00").can_hold(), Some(false));
        assert!(When::between(moment("2026-03-02").unwrap(), moment("2026-03-01").unwrap(), false).is_none());
        let days = between("2026-03-01", "2026-03-05");
        assert!(days.overlaps(&time(Compare::Eq, "2026-03-04")) && !days.overlaps(&time(Compare::Eq, "2026-03-05")));
    }

    #[test]
    fn names_are_independent_and_negation_is_exact() {
        let load = |how, n| When::compared(Axis::Number("load".into()), how, number(n), number(n));
        assert_eq!(When::All(vec![load(Compare::Gt, 80), load(Compare::Lt, -5)]).can_hold(), Some(false));
        assert_eq!(When::Any(vec![load(Compare::Ne, 3), load(Compare::Eq, 3)]).always_holds(), Some(true));
        let fact = When::Is(Axis::Fact("a == b".into()), IntervalSet::single(1));
        let not = When::Not(Box::new(fact.clone()));
        assert_eq!(When::All(vec![fact.clone(), not.clone()]).can_hold(), Some(false));
        assert_eq!(When::Any(vec![fact, not]).always_holds(), Some(true));
        assert_eq!(When::always().always_holds(), Some(true));
    }

    #[test]
    fn too_much_is_left_alone() {
        let many = (0..40).map(|i| When::Is(Axis::Fact(i.to_string()), IntervalSet::single(1)));
        let many = When::All(many.collect());
        assert_eq!((many.can_hold(), many.always_holds()), (None, None));
        assert!(many.overlaps(&many));
    }
}
