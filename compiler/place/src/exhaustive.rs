//! Branch and bound over every assignment and every route: exact, and only for small services.
//!
//! Leaves are placed in order, each on its candidates in order; then the wires that cross are routed in order, each over
//! its routes in order. What cannot become better than the best so far is left; so of equals the first one stays.

use crate::conflict::smallest;
use crate::model::{End, Model};
use crate::partial::{Partial, Stretch};
use crate::routes::{Atlas, MOST_ROUTES, Path};
use crate::solver::{Answer, Limit, Solution, Solver};

/// The most leaves that are placed.
pub const MOST_LEAVES: usize = 8;

/// The most steps that are taken to tell whether a relaxed model is feasible; there are many of them.
const MOST_PROBED: u64 = 100_000;

/// The exact solver for small services.
#[derive(Clone, Copy, Debug)]
pub struct Exhaustive {
    /// Give up after this many tries of a candidate or route.
    pub steps: u64,
}

impl Default for Exhaustive {
    fn default() -> Exhaustive {
        Exhaustive { steps: 1_000_000 }
    }
}

impl Solver for Exhaustive {
    fn solve(&self, model: &Model) -> Answer {
        if model.leaves.len() > MOST_LEAVES {
            return Answer::TooLarge(Limit::Leaves(MOST_LEAVES));
        }
        match self.search(model, false) {
            Found::Best(solution) => Answer::Best(solution),
            Found::Nothing => Answer::Infeasible(smallest(model, |relaxed| self.is_feasible(relaxed))),
            Found::Unknown(limit) => Answer::TooLarge(limit),
        }
    }
}

impl Exhaustive {
    /// Whether there is a solution at all, if that can be told.
    fn is_feasible(&self, model: &Model) -> Option<bool> {
        let probe = Exhaustive { steps: self.steps.min(MOST_PROBED) };
        match probe.search(model, true) {
            Found::Best(_) => Some(true),
            Found::Nothing => Some(false),
            Found::Unknown(_) => None,
        }
    }

    fn search(&self, model: &Model, any: bool) -> Found {
        let (now, atlas) = (Partial::new(model), Atlas::new(model));
        let mut search = Search { now, atlas, left: self.steps, any, best: None, gave_up: None };
        if !search.close(|_| true) {
            return Found::Nothing;
        }
        let floor = search.now.value();
        if search.now.is_hopeful() {
            search.leaf(0);
        }
        let limit = search.gave_up.map(|reason| reason.limit(self.steps));
        match (search.best, limit) {
            (Some((_, solution)), Some(_)) => Found::Best(Solution { bound: floor, ..solution }),
            (Some((_, solution)), None) => Found::Best(solution),
            (None, Some(limit)) => Found::Unknown(limit),
            (None, None) => Found::Nothing,
        }
    }
}

enum Found {
    Best(Solution),
    Nothing,
    Unknown(Limit),
}

/// Why not everything was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GaveUp {
    Steps,
    Routes,
}

impl GaveUp {
    fn limit(self, steps: u64) -> Limit {
        match self {
            GaveUp::Steps => Limit::Steps(steps),
            GaveUp::Routes => Limit::Routes(MOST_ROUTES),
        }
    }
}

/// What is compared: the value, the wishes not met, the execution environments used, the wires that cross.
type Rank = (u64, usize, usize, usize);

struct Search<'m> {
    now: Partial<'m>,
    atlas: Atlas<'m>,
    left: u64,
    /// Whether any solution will do.
    any: bool,
    best: Option<(Rank, Solution)>,
    gave_up: Option<GaveUp>,
}

impl Search<'_> {
    /// Places this leaf and those behind it in every way.
    fn leaf(&mut self, leaf: usize) {
        let model = self.now.model;
        let Some(this) = model.leaves.get(leaf) else { return self.settle() };
        for (position, candidate) in this.admitted() {
            if self.is_over() || !self.step() {
                return;
            }
            if self.now.has_room(candidate) {
                self.now.place(leaf, position);
                if self.close(|end| end == End::Leaf(leaf)) && self.is_promising() {
                    self.leaf(leaf + 1);
                }
                self.now.unplace(leaf);
                self.open(leaf);
            }
        }
    }

    /// Says of the wires at an end what they add at least; false if one leads nowhere.
    fn close(&mut self, at: impl Fn(End) -> bool) -> bool {
        let wires = &self.now.model.wires;
        (0..wires.len()).filter(|i| at(wires[*i].a) || at(wires[*i].b)).all(|wire| match self.now.passage(wire) {
            None => true,
            Some((a, b)) => self.least_stretch(a, b).map(|stretch| self.now.stretch(wire, stretch)).is_some(),
        })
    }

    fn open(&mut self, leaf: usize) {
        for (i, wire) in self.now.model.wires.iter().enumerate() {
            if wire.a == End::Leaf(leaf) || wire.b == End::Leaf(leaf) {
                self.now.stretch(i, Stretch::default());
            }
        }
    }

    /// The least delay and the least number of links, perhaps not of the same route.
    fn least_stretch(&mut self, a: usize, b: usize) -> Option<Stretch> {
        let routes = self.atlas.routes(a, b);
        routes.paths.first().map(|path| Stretch { delay: path.delay, links: routes.fewest })
    }

    /// Routes what crosses, when all leaves are placed.
    fn settle(&mut self) {
        let crossing = |wire: usize| self.now.passage(wire).map(|(a, b)| (wire, a, b));
        let wires: Vec<(usize, usize, usize)> = (0..self.now.model.wires.len()).filter_map(crossing).collect();
        let routes = wires.iter().map(|(wire, a, b)| {
            let routes = self.atlas.routes(*a, *b);
            let least = routes.paths.first().map_or(0, |path| path.delay);
            let stretch = Stretch { delay: least, links: routes.fewest };
            Crossing { wire: *wire, paths: routes.paths.clone(), complete: routes.complete, stretch }
        });
        let crossings: Vec<Crossing> = routes.collect();
        let least = self.now.value();
        self.wire(&crossings, least);
    }

    /// Leads the first of these wires and those behind it in every way; true once the least value is reached, which no
    /// other routes can better.
    fn wire(&mut self, crossings: &[Crossing], least: u64) -> bool {
        let Some((this, behind)) = crossings.split_first() else { return self.record(least) };
        for path in &this.paths {
            if self.is_over() || !self.step() {
                return true;
            }
            if !self.now.can_carry(this.wire, &path.links) {
                continue;
            }
            self.now.route(this.wire, &path.links, path.delay);
            let done = self.is_promising() && self.wire(behind, least);
            self.now.unroute(this.wire, this.stretch);
            if done {
                return true;
            }
        }
        if !this.complete {
            self.gave_up = self.gave_up.or(Some(GaveUp::Routes));
        }
        false
    }

    /// Keeps what is settled, if it holds and is better; true if it has the least value.
    fn record(&mut self, least: u64) -> bool {
        let now = &self.now;
        if !self.is_promising() || !now.model.bounds.iter().all(|bound| now.holds(bound)) {
            return false;
        }
        let (rank, choice) = (self.rank(), now.choice.iter().map(|c| c.unwrap_or(0)).collect());
        let solution = Solution { choice, routes: now.routes.clone(), value: rank.0, bound: rank.0 };
        self.best = Some((rank, solution));
        rank.0 <= least
    }

    fn rank(&self) -> Rank {
        (self.now.value(), self.now.broken_wishes(), self.now.rees_used(), self.now.crossings())
    }

    fn is_promising(&self) -> bool {
        let better = self.best.as_ref().is_none_or(|(rank, _)| self.rank() < *rank);
        better && self.now.is_hopeful()
    }

    fn is_over(&self) -> bool {
        self.gave_up == Some(GaveUp::Steps) || (self.any && self.best.is_some())
    }

    fn step(&mut self) -> bool {
        if self.left == 0 {
            self.gave_up = Some(GaveUp::Steps);
            return false;
        }
        self.left -= 1;
        true
    }
}

/// A wire between two execution environments, and the routes it may take.
struct Crossing {
    wire: usize,
    paths: Vec<Path>,
    complete: bool,
    /// What the wire adds at least.
    stretch: Stretch,
}
