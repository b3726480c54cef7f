//! The solver behind one trait: satisfiability of a guard, under a work budget.
//!
//! Z3 (QF_BV) is the only implementation. Hashes are variables of which equal arguments make equal values (Ackermann):
//! bits alone decide sooner than uninterpreted functions of them. It keeps the conditions of the last guard asserted, level by level, and
//! pops to what the next guard shares with it. It is made at the first question, so that runs without one never pay.

use crate::guard::Guard;
use crate::sym::{Sym, SymCond, SymNode, Var};
use rdcl_base::IntervalSet;
use rdcl_core::HASH_WIDTH;
use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;
use z3::StatisticsValue;
use z3::ast::{BV, Bool};

/// What a solver answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Some assignment is in the set.
    Sat,
    /// None is.
    Unsat,
    /// The budget did not suffice.
    Unknown,
}

/// A decision procedure for guards.
pub trait Decide {
    /// Whether the guard's product and residue hold together somewhere.
    fn check(&mut self, guard: &Guard) -> Answer;

    /// The work done so far, in the solver's units; counts on past the greatest number from 0.
    fn work(&self) -> u32;
}

/// The solver of one verification: Z3, made when first asked.
pub struct Solver {
    limit: u32,
    decide: Option<Box<dyn Decide>>,
}

impl Solver {
    /// With a resource limit for each question.
    pub fn new(limit: u32) -> Solver {
        Solver { limit, decide: None }
    }

    /// Asks, and says how much work it was. A solver that gave up is not asked again: Z3 calls later questions impossible
    /// that are not.
    pub fn check(&mut self, guard: &Guard) -> (Answer, u32) {
        let limit = self.limit;
        let decide = self.decide.get_or_insert_with(|| Box::new(Z3::new(limit)));
        let before = decide.work();
        let answer = decide.check(guard);
        let work = decide.work().wrapping_sub(before);
        if answer == Answer::Unknown {
            self.decide = None;
        }
        (answer, work)
    }
}

/// Z3 through its incremental SMT solver.
struct Z3 {
    solver: z3::Solver,
    /// The residue conditions asserted so far, one level each.
    asserted: Vec<SymCond>,
    variables: HashMap<Var, BV>,
    hashes: HashMap<Application, BV>,
}

/// A hash: below what size, of what.
type Application = (NonZeroU32, Vec<Sym>);

impl Z3 {
    fn new(limit: u32) -> Z3 {
        let solver = z3::Solver::new();
        let mut params = z3::Params::new();
        params.set_u32("rlimit", limit);
        solver.set_params(&params);
        Z3 { solver, asserted: Vec::new(), variables: HashMap::new(), hashes: HashMap::new() }
    }

    /// Leaves exactly `residue` asserted, sharing the common prefix.
    fn align(&mut self, residue: &[SymCond]) {
        let shared = self.asserted.iter().zip(residue).take_while(|(a, b)| a == b).count();
        self.solver.pop((self.asserted.len() - shared) as u32);
        self.asserted.truncate(shared);
        for cond in &residue[shared..] {
            self.solver.push();
            let term = self.cond(cond);
            self.solver.assert(term);
            self.asserted.push(cond.clone());
        }
    }

    fn variable(&mut self, var: Var) -> BV {
        let name = || format!("{}_{}_{:?}", var.packet, var.visit, var.kind);
        self.variables.entry(var).or_insert_with(|| BV::new_const(name(), var.width.into())).clone()
    }

    fn sym(&mut self, sym: &Sym) -> BV {
        match sym {
            Sym::Const(c) => constant(c.value, c.width),
            Sym::Var(v) => self.variable(*v),
            Sym::Node(node) => self.node(node),
        }
    }

    fn node(&mut self, node: &SymNode) -> BV {
        match node {
            SymNode::Not(a) => self.sym(a).bvnot(),
            SymNode::And(a, b) => self.sym(a).bvand(self.sym(b)),
            SymNode::Or(a, b) => self.sym(a).bvor(self.sym(b)),
            SymNode::Xor(a, b) => self.sym(a).bvxor(self.sym(b)),
            SymNode::Add(a, b) => self.sym(a).bvadd(self.sym(b)),
            SymNode::Sub(a, b) => self.sym(a).bvsub(self.sym(b)),
            SymNode::Shl(a, by) => self.sym(a).bvshl(constant((*by).into(), a.width())),
            SymNode::Lshr(a, by) => self.sym(a).bvlshr(constant((*by).into(), a.width())),
            SymNode::Extract(a, hi, lo) => self.sym(a).extract((*hi).into(), (*lo).into()),
            SymNode::Concat(a, b) => self.sym(a).concat(self.sym(b)),
            SymNode::Zext(width, a) => self.sym(a).zero_ext(u32::from(*width - a.width())),
            SymNode::Hash(of, size) => self.hash(&(*size, of.clone()), node.width()),
            SymNode::Ite(c, a, b) => {
                let c = self.cond(c);
                c.ite(&self.sym(a), &self.sym(b))
            }
        }
    }

    fn hash(&mut self, of: &Application, width: u16) -> BV {
        let name = format!("hash_{}", self.hashes.len());
        self.hashes.entry(of.clone()).or_insert_with(|| BV::new_const(name, width.into())).clone()
    }

    /// That the hashes in a residue are those of one function for each size: equal arguments have equal ones.
    fn congruence(&mut self, residue: &[SymCond]) -> Vec<Bool> {
        let mut applied: BTreeSet<Application> = BTreeSet::new();
        residue.iter().for_each(|cond| {
            cond.hashes(&mut |of, size| {
                applied.insert((size, of.to_vec()));
            });
        });
        let applied: Vec<Application> = applied.into_iter().collect();
        let mut congruent = Vec::new();
        for (at, one) in applied.iter().enumerate() {
            for other in applied[at + 1..].iter().filter(|other| are_alike(one, other)) {
                let arguments: Vec<Bool> =
                    one.1.iter().zip(&other.1).map(|(a, b)| self.sym(a).eq(self.sym(b))).collect();
                let (a, b) = (self.hash(one, HASH_WIDTH), self.hash(other, HASH_WIDTH));
                congruent.push(Bool::and(&arguments).implies(a.eq(b)));
            }
        }
        congruent
    }

    fn cond(&mut self, cond: &SymCond) -> Bool {
        match cond {
            SymCond::True => Bool::from_bool(true),
            SymCond::False => Bool::from_bool(false),
            SymCond::Eq(a, b) => self.sym(a).eq(self.sym(b)),
            SymCond::Ult(a, b) => self.sym(a).bvult(self.sym(b)),
            SymCond::Ule(a, b) => self.sym(a).bvule(self.sym(b)),
            SymCond::In(a, set) => {
                let term = self.sym(a);
                membership(&term, set, a.width())
            }
            SymCond::All(conds) => Bool::and(&conds.iter().map(|c| self.cond(c)).collect::<Vec<_>>()),
            SymCond::Any(conds) => Bool::or(&conds.iter().map(|c| self.cond(c)).collect::<Vec<_>>()),
            SymCond::Not(c) => self.cond(c).not(),
        }
    }
}

impl Decide for Z3 {
    fn check(&mut self, guard: &Guard) -> Answer {
        self.align(&guard.residue);
        self.solver.push();
        for (var, set) in &guard.product {
            let term = self.variable(*var);
            self.solver.assert(membership(&term, set, var.width));
        }
        for congruent in self.congruence(&guard.residue) {
            self.solver.assert(congruent);
        }
        let answer = match self.solver.check() {
            z3::SatResult::Sat => Answer::Sat,
            z3::SatResult::Unsat => Answer::Unsat,
            z3::SatResult::Unknown => Answer::Unknown,
        };
        self.solver.pop(1);
        answer
    }

    fn work(&self) -> u32 {
        match self.solver.get_statistics().value("rlimit count") {
            Some(StatisticsValue::UInt(count)) => count,
            Some(StatisticsValue::Double(_)) | None => 0,
        }
    }
}

/// Whether two hashes may be of the same values by the same function.
fn are_alike(one: &Application, other: &Application) -> bool {
    let widths = |of: &Application| of.1.iter().map(Sym::width).collect::<Vec<_>>();
    one.0 == other.0 && widths(one) == widths(other)
}

fn constant(value: u128, width: u16) -> BV {
    match u64::try_from(value) {
        Ok(small) => BV::from_u64(small, width.into()),
        Err(_) => BV::from_str(width.into(), &value.to_string()).expect("a decimal number is a numeral"),
    }
}

fn membership(term: &BV, set: &IntervalSet, width: u16) -> Bool {
    let bound = |v| constant(v, width);
    let within = |&(lo, hi): &(u128, u128)| {
        if lo == hi { term.eq(bound(lo)) } else { Bool::and(&[bound(lo).bvule(term), term.bvule(bound(hi))]) }
    };
    Bool::or(&set.intervals().iter().map(within).collect::<Vec<_>>())
}
