//! Exact sets of assignments to variables: a product of interval sets, and a residue of conditions that no product
//! expresses.
//!
//! The product answers by itself what concerns one variable; only a residue needs the solver. [`Context::split`] cuts a
//! guard in two along a condition, exactly: each assignment is in one of the pieces of one side.

use crate::solver::{Answer, Solver};
use crate::sym::{Sym, SymCond, SymNode, Var};
use crate::verdict::{Options, Stats};
use rdcl_base::IntervalSet;
use rdcl_core::mask;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a question counts at least, in the solver's units of work: asking it is work, too.
const LEAST_WORK: u64 = 20_000;

/// A set of assignments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Guard {
    /// For each variable that is not free, the values it may have; never empty, never full.
    pub product: BTreeMap<Var, Arc<IntervalSet>>,
    /// Conditions that hold besides, in the order they were met.
    pub residue: Vec<SymCond>,
    /// The solver gave up on the residue: the set may be empty.
    pub unknown: bool,
}

impl Guard {
    /// The values a variable may have as far as the product knows.
    pub fn values(&self, var: Var) -> IntervalSet {
        self.product.get(&var).map_or_else(|| IntervalSet::full(var.width), |s| (**s).clone())
    }

    /// The guard with a variable restricted; none if nothing is left.
    fn meet(&self, var: Var, set: &Arc<IntervalSet>) -> Option<Guard> {
        let set = match self.product.get(&var) {
            Some(old) if old.is_subset(set) => return Some(self.clone()),
            Some(old) => Arc::new(old.intersect(set)),
            None => Arc::clone(set),
        };
        if set.is_empty() {
            return None;
        }
        let mut guard = self.clone();
        guard.product.insert(var, set);
        Some(guard)
    }

    /// The guard with a variable set to one of its values, and the residue simplified by it.
    pub fn fix(&self, context: &mut Context, var: Var, value: u128) -> Vec<Guard> {
        let constant = Sym::constant(var.width, value);
        let mut product = self.product.clone();
        product.insert(var, Arc::new(IntervalSet::single(value)));
        let (bound, free): (Vec<&SymCond>, Vec<&SymCond>) = self.residue.iter().partition(|c| c.mentions(var));
        let mut by = |v: Var| if v == var { constant.clone() } else { Sym::Var(v) };
        let simplified: Vec<SymCond> = bound.iter().map(|c| c.substitute(&mut by)).collect();
        let residue = free.into_iter().cloned().collect();
        let mut guards = vec![Guard { product, residue, unknown: self.unknown }];
        for cond in &simplified {
            guards = guards.iter().flat_map(|g| context.assume(g, cond)).collect();
        }
        guards
    }

    /// Whether an assignment is in the set.
    pub fn admits(&self, model: &dyn Fn(Var) -> u128) -> bool {
        self.product.iter().all(|(v, set)| set.contains(model(*v))) && self.residue.iter().all(|c| c.eval(model))
    }

    /// The union, when it is again a guard: equal residues, and products that differ in one variable at most.
    pub fn union_exact(&self, other: &Guard) -> Option<Guard> {
        if self.residue != other.residue || self.unknown != other.unknown {
            return None;
        }
        let mut differing = None;
        for var in self.product.keys().chain(other.product.keys()) {
            if differing != Some(*var) && self.product.get(var) != other.product.get(var) {
                if differing.is_some() {
                    return None;
                }
                differing = Some(*var);
            }
        }
        let Some(var) = differing else { return Some(self.clone()) };
        let mut guard = self.clone();
        let union = self.values(var).union(&other.values(var));
        if union.is_full(var.width) {
            guard.product.remove(&var);
        } else {
            guard.product.insert(var, Arc::new(union));
        }
        Some(guard)
    }
}

/// What an atomic condition comes to.
enum Literal {
    Constant(bool),
    OneVariable(Var, Arc<IntervalSet>),
    Split(SymCond),
    Opaque,
}

/// What splitting needs: options, the solver, and the counters of work.
pub struct Context {
    /// How to verify.
    pub options: Options,
    /// Work done.
    pub stats: Stats,
    solver: Solver,
    /// How much work the solver may still do in a search; none while nothing is searched for.
    left: Option<u64>,
}

impl Context {
    /// A context; no solver is made before the first question that needs one.
    pub fn new(options: Options) -> Context {
        Context { options, stats: Stats::default(), solver: Solver::new(options.budget.solver), left: None }
    }

    /// From here on all questions together may cost the solver no more than the budget of one property allows.
    pub fn meter(&mut self) {
        // What is answered must not depend on what was asked for another property.
        self.solver = Solver::new(self.options.budget.solver);
        self.left = Some(self.options.budget.search());
    }

    /// Whether that work has been done. Then no question is asked any more: every answer is that it is not known.
    pub fn is_spent(&self) -> bool {
        self.left == Some(0)
    }

    /// Counts no work until it is resumed: for what is bounded otherwise, and serves several properties.
    pub fn pause(&mut self) -> Option<u64> {
        self.left.take()
    }

    /// Counts on from where it was.
    pub fn resume(&mut self, left: Option<u64>) {
        self.left = left;
    }

    /// The pieces of a guard where a condition holds.
    pub fn assume(&mut self, guard: &Guard, cond: &SymCond) -> Vec<Guard> {
        self.split(guard, cond).0
    }

    /// The pieces of a guard where a condition holds, and those where it does not.
    pub fn split(&mut self, guard: &Guard, cond: &SymCond) -> (Vec<Guard>, Vec<Guard>) {
        match cond {
            SymCond::True => (vec![guard.clone()], Vec::new()),
            SymCond::False => (Vec::new(), vec![guard.clone()]),
            SymCond::Not(inner) => {
                let (yes, no) = self.split(guard, inner);
                (no, yes)
            }
            SymCond::All(conds) => match self.one_variable(cond) {
                Some((var, set)) => self.split_literal(guard, var, &set),
                None => self.split_all(guard, conds),
            },
            SymCond::Any(conds) => match self.one_variable(cond) {
                Some((var, set)) => self.split_literal(guard, var, &set),
                None => self.split_any(guard, conds),
            },
            SymCond::Eq(..) | SymCond::Ult(..) | SymCond::Ule(..) | SymCond::In(..) => self.split_atom(guard, cond),
        }
    }

    fn split_all(&mut self, guard: &Guard, conds: &[SymCond]) -> (Vec<Guard>, Vec<Guard>) {
        let (mut holding, mut failing) = (vec![guard.clone()], Vec::new());
        for cond in conds {
            let mut next = Vec::new();
            for guard in &holding {
                let (yes, no) = self.split(guard, cond);
                next.extend(yes);
                failing.extend(no);
            }
            holding = next;
        }
        (self.merge(holding), self.merge(failing))
    }

    fn split_any(&mut self, guard: &Guard, conds: &[SymCond]) -> (Vec<Guard>, Vec<Guard>) {
        let (mut holding, mut failing) = (Vec::new(), vec![guard.clone()]);
        for cond in conds {
            let mut next = Vec::new();
            for guard in &failing {
                let (yes, no) = self.split(guard, cond);
                holding.extend(yes);
                next.extend(no);
            }
            failing = next;
        }
        (self.merge(holding), self.merge(failing))
    }

    fn split_literal(&mut self, guard: &Guard, var: Var, set: &Arc<IntervalSet>) -> (Vec<Guard>, Vec<Guard>) {
        let outside = Arc::new(set.complement(var.width));
        let bound = guard.residue.iter().any(|c| c.mentions(var));
        let side = |me: &mut Context, met: Option<Guard>| match met {
            Some(met) if !bound || met.product == guard.product => vec![met],
            Some(met) => me.if_possible(met),
            None => Vec::new(),
        };
        let (yes, no) = (guard.meet(var, set), guard.meet(var, &outside));
        (side(self, yes), side(self, no))
    }

    fn split_atom(&mut self, guard: &Guard, cond: &SymCond) -> (Vec<Guard>, Vec<Guard>) {
        match self.literal(cond) {
            Literal::Constant(true) => (vec![guard.clone()], Vec::new()),
            Literal::Constant(false) => (Vec::new(), vec![guard.clone()]),
            Literal::OneVariable(var, set) => self.split_literal(guard, var, &set),
            Literal::Split(cond) => self.split(guard, &cond),
            Literal::Opaque => {
                let with = |c: SymCond| {
                    let mut guard = guard.clone();
                    guard.residue.push(c);
                    guard
                };
                let (yes, no) = (with(cond.clone()), with(SymCond::Not(Box::new(cond.clone()))));
                (self.if_possible(yes), self.if_possible(no))
            }
        }
    }

    /// The guard, unless the solver shows it empty.
    fn if_possible(&mut self, mut guard: Guard) -> Vec<Guard> {
        match self.is_empty(&guard) {
            Some(true) => Vec::new(),
            Some(false) => vec![guard],
            None => {
                guard.unknown = true;
                vec![guard]
            }
        }
    }

    /// Whether no assignment is in the set; none when the solver gave up.
    pub fn is_empty(&mut self, guard: &Guard) -> Option<bool> {
        if guard.residue.is_empty() {
            return Some(false);
        }
        if self.is_spent() {
            return None;
        }
        self.stats.solver_calls += 1;
        let (answer, work) = self.solver.check(guard);
        self.left = self.left.map(|left| left.saturating_sub(u64::from(work).max(LEAST_WORK)));
        match answer {
            Answer::Sat => Some(false),
            Answer::Unsat => Some(true),
            Answer::Unknown => None,
        }
    }

    /// Unites guards where the union is exact.
    pub fn merge(&self, guards: Vec<Guard>) -> Vec<Guard> {
        if !self.options.merge || guards.len() < 2 || guards.len() > 256 {
            return guards;
        }
        let mut out: Vec<Guard> = Vec::new();
        'next: for mut guard in guards {
            let mut at = 0;
            while at < out.len() {
                if let Some(union) = out[at].union_exact(&guard) {
                    guard = union;
                    out.swap_remove(at);
                    at = 0;
                } else {
                    at += 1;
                }
                if guard.product.is_empty() && guard.residue.is_empty() {
                    out = vec![guard];
                    continue 'next;
                }
            }
            out.push(guard);
        }
        out
    }

    /// The condition as membership of one variable, if it is that.
    fn one_variable(&self, cond: &SymCond) -> Option<(Var, Arc<IntervalSet>)> {
        match cond {
            SymCond::All(conds) => self.fold_literals(conds, |a, b| a.intersect(b)),
            SymCond::Any(conds) => self.fold_literals(conds, |a, b| a.union(b)),
            SymCond::Not(inner) => {
                let (var, set) = self.one_variable(inner)?;
                Some((var, Arc::new(set.complement(var.width))))
            }
            SymCond::True | SymCond::False => None,
            SymCond::Eq(..) | SymCond::Ult(..) | SymCond::Ule(..) | SymCond::In(..) => match self.literal(cond) {
                Literal::OneVariable(var, set) => Some((var, set)),
                Literal::Constant(_) | Literal::Split(_) | Literal::Opaque => None,
            },
        }
    }

    fn fold_literals(
        &self,
        conds: &[SymCond],
        join: impl Fn(&IntervalSet, &IntervalSet) -> IntervalSet,
    ) -> Option<(Var, Arc<IntervalSet>)> {
        let mut literals = conds.iter().map(|c| self.one_variable(c));
        let (var, mut set) = literals.next()??;
        for literal in literals {
            let (other, more) = literal?;
            if other != var {
                return None;
            }
            set = Arc::new(join(&set, &more));
        }
        Some((var, set))
    }

    fn literal(&self, cond: &SymCond) -> Literal {
        match cond {
            SymCond::In(sym, set) if self.options.domains => preimage(sym, set),
            _ => Literal::Opaque,
        }
    }
}

/// The values of the one variable in `sym` for which `sym` is in `set`.
fn preimage(sym: &Sym, set: &Arc<IntervalSet>) -> Literal {
    match sym {
        Sym::Const(c) => Literal::Constant(set.contains(c.value)),
        Sym::Var(var) => Literal::OneVariable(*var, Arc::clone(set)),
        Sym::Node(node) => preimage_node(node, set),
    }
}

fn preimage_node(node: &SymNode, set: &Arc<IntervalSet>) -> Literal {
    let step = |of: &Sym, set: IntervalSet| {
        let width = of.width();
        if set.is_empty() {
            Literal::Constant(false)
        } else if set.is_full(width) {
            Literal::Constant(true)
        } else {
            preimage(of, &Arc::new(set))
        }
    };
    match node {
        SymNode::Add(a, Sym::Const(c)) => step(a, set.shift(c.value.wrapping_neg(), c.width)),
        SymNode::Sub(Sym::Const(c), a) => step(a, mirrored(set, c.width).shift(c.value, c.width)),
        SymNode::Not(a) => step(a, mirrored(set, a.width()).shift(mask(a.width()), a.width())),
        SymNode::Zext(_, a) => step(a, set.intersect(&IntervalSet::full(a.width()))),
        SymNode::Lshr(a, by) => step(a, widened(set, *by, a.width())),
        SymNode::Extract(a, hi, lo) if hi + 1 == a.width() => step(a, widened(set, *lo, a.width())),
        SymNode::Ite(c, a, b) => Literal::Split(SymCond::any([
            SymCond::all([c.clone(), SymCond::is_in_shared(a.clone(), set)]),
            SymCond::all([c.clone().negate(), SymCond::is_in_shared(b.clone(), set)]),
        ])),
        SymNode::Sub(..) | SymNode::Add(..) | SymNode::And(..) | SymNode::Or(..) | SymNode::Xor(..) => Literal::Opaque,
        SymNode::Shl(..) | SymNode::Concat(..) | SymNode::Extract(..) | SymNode::Hash(..) => Literal::Opaque,
    }
}

/// `{ -x mod 2^width }`
fn mirrored(set: &IntervalSet, width: u16) -> IntervalSet {
    let top = mask(width);
    let negated = set.intervals().iter().map(|&(lo, hi)| (top - hi, top - lo));
    IntervalSet::from_intervals(negated).shift(1, width)
}

/// `{ x | (x >> by) in set }`
fn widened(set: &IntervalSet, by: u16, width: u16) -> IntervalSet {
    let top = mask(width) >> by;
    let low = if by == 0 { 0 } else { mask(by) };
    let clipped = set.intersect(&IntervalSet::range(0, top));
    IntervalSet::from_intervals(clipped.intervals().iter().map(|&(lo, hi)| (lo << by, (hi << by) | low)))
}
