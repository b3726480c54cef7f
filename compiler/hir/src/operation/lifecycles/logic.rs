//! Whether conditions exclude each other: a test that is right when it says so, and may miss it.

use super::condition::{Condition, Fact, Relation, Term};
use std::collections::BTreeMap;

/// The most conjunctions that conditions are taken apart into.
const MOST_CLAUSES: usize = 256;

/// Whether no facts at all make two conditions true together, as far as that can be seen from each comparison by itself.
pub(super) fn exclude_each_other(a: &Condition, b: &Condition) -> bool {
    let Some(clauses) = clauses(&Condition::All(vec![a.clone(), b.clone()]), true) else { return false };
    clauses.iter().all(|clause| is_contradiction(clause))
}

/// Whether whatever makes one condition true makes another true.
pub(super) fn implies(a: &Condition, b: &Condition) -> bool {
    a == b || exclude_each_other(a, &Condition::Not(Box::new(b.clone())))
}

/// What cannot be taken apart.
#[derive(Clone, Debug)]
enum Literal {
    Known(bool),
    Holds(Fact, bool),
    Compare(Term, Relation, Term),
}

/// The conjunctions of which at least one is true where the condition is, or is not; none if they are too many.
fn clauses(condition: &Condition, wanted: bool) -> Option<Vec<Vec<Literal>>> {
    match (condition, wanted) {
        (Condition::Known(value), _) => Some(vec![vec![Literal::Known(*value == wanted)]]),
        (Condition::Holds(fact), _) => Some(vec![vec![Literal::Holds(*fact, wanted)]]),
        (Condition::Compare(a, relation, b), _) => {
            let relation = if wanted { *relation } else { relation.opposite() };
            Some(vec![vec![Literal::Compare(a.clone(), relation, b.clone())]])
        }
        (Condition::Not(of), _) => clauses(of, !wanted),
        (Condition::All(all), true) | (Condition::Any(all), false) => {
            all.iter().try_fold(vec![Vec::new()], |found, next| {
                let next = clauses(next, wanted)?;
                if found.len() * next.len() > MOST_CLAUSES {
                    return None;
                }
                let joined = |a: &Vec<Literal>| next.iter().map(|b| [&a[..], &b[..]].concat()).collect::<Vec<_>>();
                Some(found.iter().flat_map(joined).collect())
            })
        }
        (Condition::Any(any), true) | (Condition::All(any), false) => {
            let each: Option<Vec<_>> = any.iter().map(|next| clauses(next, wanted)).collect();
            Some(each?.concat()).filter(|all| all.len() <= MOST_CLAUSES)
        }
    }
}

/// What comparisons leave of a term.
struct Left {
    least: u128,
    most: u128,
    not: Vec<u128>,
    never: bool,
}

impl Left {
    fn all() -> Left {
        Left { least: 0, most: u128::MAX, not: Vec::new(), never: false }
    }

    fn narrow(&mut self, relation: Relation, value: u128) {
        match relation {
            Relation::Less => match value.checked_sub(1) {
                Some(most) => self.most = self.most.min(most),
                None => self.never = true,
            },
            Relation::AtMost => self.most = self.most.min(value),
            Relation::Equal => (self.least, self.most) = (self.least.max(value), self.most.min(value)),
            Relation::Unequal => self.not.push(value),
            Relation::AtLeast => self.least = self.least.max(value),
            Relation::More => match value.checked_add(1) {
                Some(least) => self.least = self.least.max(least),
                None => self.never = true,
            },
        }
    }

    fn is_empty(&self) -> bool {
        self.never || self.least > self.most || (self.least == self.most && self.not.contains(&self.least))
    }
}

/// The orders of two terms that a relation admits: less, equal, more.
fn orders(relation: Relation) -> u8 {
    match relation {
        Relation::Less => 0b100,
        Relation::AtMost => 0b110,
        Relation::Equal => 0b010,
        Relation::Unequal => 0b101,
        Relation::AtLeast => 0b011,
        Relation::More => 0b001,
    }
}

fn is_contradiction(clause: &[Literal]) -> bool {
    let mut truths: BTreeMap<Fact, bool> = BTreeMap::new();
    let mut values: Vec<(&Term, Left)> = Vec::new();
    let mut pairs: Vec<(&Term, &Term, u8)> = Vec::new();
    for literal in clause {
        match literal {
            Literal::Known(value) => {
                if !value {
                    return true;
                }
            }
            Literal::Holds(fact, value) => {
                if truths.insert(*fact, *value).is_some_and(|known| known != *value) {
                    return true;
                }
            }
            Literal::Compare(Term::Known(a), relation, Term::Known(b)) => {
                let order = if a < b { 0b100 } else { 0b010 >> u8::from(a > b) };
                if orders(*relation) & order == 0 {
                    return true;
                }
            }
            Literal::Compare(Term::Known(value), relation, term) => {
                narrow(&mut values, term, relation.mirrored(), *value);
            }
            Literal::Compare(term, relation, Term::Known(value)) => narrow(&mut values, term, *relation, *value),
            Literal::Compare(a, relation, b) => {
                if a == b {
                    pairs.push((a, b, 0b010 & orders(*relation)));
                    continue;
                }
                let same = pairs.iter_mut().find(|(x, y, _)| (*x, *y) == (a, b));
                if let Some((_, _, left)) = same {
                    *left &= orders(*relation);
                } else if let Some((_, _, left)) = pairs.iter_mut().find(|(x, y, _)| (*x, *y) == (b, a)) {
                    *left &= orders(relation.mirrored());
                } else {
                    pairs.push((a, b, orders(*relation)));
                }
            }
        }
    }
    values.iter().any(|(_, left)| left.is_empty()) || pairs.iter().any(|(_, _, left)| *left == 0)
}

fn narrow<'t>(values: &mut Vec<(&'t Term, Left)>, term: &'t Term, relation: Relation, value: u128) {
    match values.iter_mut().find(|(known, _)| *known == term) {
        Some((_, left)) => left.narrow(relation, value),
        None => {
            let mut left = Left::all();
            left.narrow(relation, value);
            values.push((term, left));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(relation: Relation, n: u128) -> Condition {
        Condition::Compare(Term::Fact(Fact::Count), relation, Term::Known(n))
    }

    #[test]
    fn what_excludes_each_other_is_seen() {
        let alive = Condition::Holds(Fact::Alive);
        let dead = Condition::Not(Box::new(alive.clone()));
        assert!(exclude_each_other(&alive, &dead));
        assert!(!exclude_each_other(&alive, &alive));
        assert!(exclude_each_other(&count(Relation::Less, 3), &count(Relation::AtLeast, 3)));
        assert!(!exclude_each_other(&count(Relation::AtMost, 3), &count(Relation::AtLeast, 3)));
        let three = Condition::All(vec![count(Relation::AtMost, 3), count(Relation::Unequal, 3)]);
        assert!(exclude_each_other(&three, &count(Relation::AtLeast, 3)));
        let room = |relation| Condition::Compare(Term::Fact(Fact::HostMemory), relation, Term::Fact(Fact::NeedMemory));
        let asked = |relation| Condition::Compare(Term::Fact(Fact::NeedMemory), relation, Term::Fact(Fact::HostMemory));
        assert!(exclude_each_other(&room(Relation::AtLeast), &room(Relation::Less)));
        assert!(exclude_each_other(&room(Relation::AtLeast), &asked(Relation::More)));
        assert!(!exclude_each_other(&room(Relation::AtLeast), &asked(Relation::AtMost)));
        let either = Condition::Any(vec![dead.clone(), count(Relation::Equal, 0)]);
        assert!(exclude_each_other(&either, &Condition::All(vec![alive.clone(), count(Relation::More, 0)])));
        assert!(!exclude_each_other(&either, &alive));
        assert!(exclude_each_other(&count(Relation::Less, 0), &alive));
        assert!(exclude_each_other(&Condition::Known(false), &Condition::Known(true)));
    }

    #[test]
    fn what_follows_is_seen() {
        assert!(implies(&count(Relation::AtLeast, 3), &count(Relation::AtLeast, 2)));
        assert!(!implies(&count(Relation::AtLeast, 2), &count(Relation::AtLeast, 3)));
        let both = Condition::All(vec![Condition::Holds(Fact::Alive), count(Relation::Equal, 1)]);
        assert!(implies(&both, &Condition::Holds(Fact::Alive)));
        assert!(implies(&both, &Condition::Known(true)));
    }

    #[test]
    fn agreement_with_trying_all_small_counts() {
        let all =
            [Relation::Less, Relation::AtMost, Relation::Equal, Relation::Unequal, Relation::AtLeast, Relation::More];
        let holds = |n: u128, relation, limit: u128| match relation {
            Relation::Less => n < limit,
            Relation::AtMost => n <= limit,
            Relation::Equal => n == limit,
            Relation::Unequal => n != limit,
            Relation::AtLeast => n >= limit,
            Relation::More => n > limit,
        };
        for (a, b) in all.into_iter().flat_map(|a| all.into_iter().map(move |b| (a, b))) {
            for (x, y) in (0..4).flat_map(|x| (0..4).map(move |y| (x, y))) {
                let together = (0..9).any(|n| holds(n, a, x) && holds(n, b, y));
                assert_eq!(exclude_each_other(&count(a, x), &count(b, y)), !together, "{a:?} {x} {b:?} {y}");
            }
        }
    }
}
