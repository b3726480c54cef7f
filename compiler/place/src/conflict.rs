//! Why nothing fits: a smallest set of constraints that cannot hold together.
//!
//! Found by leaving out: halves of what may be to blame, then halves of halves. What stays is not the smallest set there
//! is, but nothing in it can be left out.

use crate::model::{Constraint, Model};
use crate::solver::Conflict;

/// A set of constraints of an infeasible model that is infeasible by itself and none of which can be left out. What
/// cannot be told of a relaxed model counts as feasible; then the set may hold more than it must.
pub fn smallest(model: &Model, is_feasible: impl Fn(&Model) -> Option<bool>) -> Conflict {
    let mut sieve = Sieve { model, is_feasible, dropped: Vec::new(), kept: Vec::new() };
    let mut suspects = model.constraints();
    loop {
        sieve.shake(&suspects);
        let kept = std::mem::take(&mut sieve.kept);
        // Where a port is not said to be, nothing adds to its delay, so a delay that has to be long enough may need what
        // was needless before: once more, until nothing changes.
        if kept.len() == suspects.len() {
            return Conflict { constraints: kept };
        }
        suspects = kept;
    }
}

struct Sieve<'m, F> {
    model: &'m Model,
    is_feasible: F,
    dropped: Vec<Constraint>,
    kept: Vec<Constraint>,
}

impl<F: Fn(&Model) -> Option<bool>> Sieve<'_, F> {
    fn shake(&mut self, some: &[Constraint]) {
        let before = self.dropped.len();
        self.dropped.extend(some);
        if (self.is_feasible)(&self.model.without(&self.dropped)) == Some(false) {
            return;
        }
        self.dropped.truncate(before);
        match some {
            [] => {}
            [only] => self.kept.push(*only),
            _ => {
                let (first, second) = some.split_at(some.len() / 2);
                self.shake(first);
                self.shake(second);
            }
        }
    }
}
