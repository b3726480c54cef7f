//! Conditions over symbolic values.

use super::{Hashes, Sym, SymNode, Var};
use rdcl_base::IntervalSet;
use rdcl_core::{CmpOp, mask};
use std::num::NonZeroU32;
use std::sync::Arc;

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SymCond {
    /// Holds.
    True,
    /// Does not.
    False,
    /// `a == b`
    Eq(Sym, Sym),
    /// `a < b`, unsigned
    Ult(Sym, Sym),
    /// `a <= b`, unsigned
    Ule(Sym, Sym),
    /// Membership.
    In(Sym, Arc<IntervalSet>),
    /// All hold.
    All(Vec<SymCond>),
    /// One holds.
    Any(Vec<SymCond>),
    /// It does not hold.
    Not(Box<SymCond>),
}

impl SymCond {
    /// A comparison.
    pub fn cmp(op: CmpOp, a: Sym, b: Sym) -> SymCond {
        if a == b {
            return SymCond::from(op != CmpOp::Ult);
        }
        let width = a.width();
        if op == CmpOp::Eq
            && let Some(apart) = distance(&a, &b)
        {
            return SymCond::from(apart == 0);
        }
        match (op, a.as_const(), b.as_const()) {
            (CmpOp::Eq, _, Some(c)) => SymCond::is_in(a, IntervalSet::single(c)),
            (CmpOp::Eq, Some(c), _) => SymCond::is_in(b, IntervalSet::single(c)),
            (CmpOp::Ult, _, Some(0)) => SymCond::False,
            (CmpOp::Ult, _, Some(c)) => SymCond::is_in(a, IntervalSet::range(0, c - 1)),
            (CmpOp::Ule, _, Some(c)) => SymCond::is_in(a, IntervalSet::range(0, c)),
            (CmpOp::Ult, Some(c), _) if c == mask(width) => SymCond::False,
            (CmpOp::Ult, Some(c), _) => SymCond::is_in(b, IntervalSet::range(c + 1, mask(width))),
            (CmpOp::Ule, Some(c), _) => SymCond::is_in(b, IntervalSet::range(c, mask(width))),
            (CmpOp::Eq, None, None) => {
                if a <= b {
                    SymCond::Eq(a, b)
                } else {
                    SymCond::Eq(b, a)
                }
            }
            (CmpOp::Ult, None, None) => SymCond::Ult(a, b),
            (CmpOp::Ule, None, None) => SymCond::Ule(a, b),
        }
    }

    /// `a == b`
    pub fn eq(a: Sym, b: Sym) -> SymCond {
        SymCond::cmp(CmpOp::Eq, a, b)
    }

    /// Membership.
    pub fn is_in(a: Sym, set: IntervalSet) -> SymCond {
        let width = a.width();
        if let Some(c) = a.as_const() {
            return SymCond::from(set.contains(c));
        }
        if set.is_empty() {
            SymCond::False
        } else if set.is_full(width) {
            SymCond::True
        } else {
            SymCond::In(a, Arc::new(set))
        }
    }

    /// Membership in a set that is shared.
    pub fn is_in_shared(a: Sym, set: &Arc<IntervalSet>) -> SymCond {
        match a.as_const() {
            Some(c) => SymCond::from(set.contains(c)),
            None => SymCond::In(a, Arc::clone(set)),
        }
    }

    /// All hold.
    pub fn all(conds: impl IntoIterator<Item = SymCond>) -> SymCond {
        let mut out = Vec::new();
        for c in conds {
            match c {
                SymCond::True => {}
                SymCond::False => return SymCond::False,
                SymCond::All(inner) => out.extend(inner),
                other => out.push(other),
            }
        }
        match out.len() {
            0 => SymCond::True,
            1 => out.swap_remove(0),
            _ => SymCond::All(out),
        }
    }

    /// One holds.
    pub fn any(conds: impl IntoIterator<Item = SymCond>) -> SymCond {
        let mut out = Vec::new();
        for c in conds {
            match c {
                SymCond::False => {}
                SymCond::True => return SymCond::True,
                SymCond::Any(inner) => out.extend(inner),
                other => out.push(other),
            }
        }
        match out.len() {
            0 => SymCond::False,
            1 => out.swap_remove(0),
            _ => SymCond::Any(out),
        }
    }

    /// It does not hold.
    pub fn negate(self) -> SymCond {
        match self {
            SymCond::True => SymCond::False,
            SymCond::False => SymCond::True,
            SymCond::Not(inner) => *inner,
            SymCond::In(a, set) => {
                let width = a.width();
                SymCond::is_in(a, set.complement(width))
            }
            other => SymCond::Not(Box::new(other)),
        }
    }

    /// The condition with each variable replaced.
    pub fn substitute(&self, by: &mut dyn FnMut(Var) -> Sym) -> SymCond {
        self.rewrite(by, Hashes::Any)
    }

    pub(super) fn rewrite(&self, by: &mut dyn FnMut(Var) -> Sym, hashes: Hashes) -> SymCond {
        let cmp = |op, a: &Sym, b: &Sym, by: &mut dyn FnMut(Var) -> Sym| {
            let a = a.rewrite(by, hashes);
            SymCond::cmp(op, a, b.rewrite(by, hashes))
        };
        match self {
            SymCond::True => SymCond::True,
            SymCond::False => SymCond::False,
            SymCond::Eq(a, b) => cmp(CmpOp::Eq, a, b, by),
            SymCond::Ult(a, b) => cmp(CmpOp::Ult, a, b, by),
            SymCond::Ule(a, b) => cmp(CmpOp::Ule, a, b, by),
            SymCond::In(a, set) => SymCond::is_in_shared(a.rewrite(by, hashes), set),
            SymCond::All(conds) => SymCond::all(conds.iter().map(|c| c.rewrite(by, hashes)).collect::<Vec<_>>()),
            SymCond::Any(conds) => SymCond::any(conds.iter().map(|c| c.rewrite(by, hashes)).collect::<Vec<_>>()),
            SymCond::Not(c) => c.rewrite(by, hashes).negate(),
        }
    }

    /// Calls `visit` for every hash in it: its arguments and its size.
    pub fn hashes(&self, visit: &mut dyn FnMut(&[Sym], NonZeroU32)) {
        match self {
            SymCond::True | SymCond::False => {}
            SymCond::Eq(a, b) | SymCond::Ult(a, b) | SymCond::Ule(a, b) => {
                a.hashes(visit);
                b.hashes(visit);
            }
            SymCond::In(a, _) => a.hashes(visit),
            SymCond::All(conds) | SymCond::Any(conds) => conds.iter().for_each(|c| c.hashes(visit)),
            SymCond::Not(c) => c.hashes(visit),
        }
    }

    /// Calls `visit` for every variable in it.
    pub fn variables(&self, visit: &mut dyn FnMut(Var)) {
        self.substitute(&mut |v| {
            visit(v);
            Sym::Var(v)
        });
    }

    /// Whether the variable is in it.
    pub fn mentions(&self, var: Var) -> bool {
        let mut found = false;
        self.variables(&mut |v| found |= v == var);
        found
    }

    /// Whether it holds, given every variable's value; hashes are the real ones.
    pub fn eval(&self, model: &dyn Fn(Var) -> u128) -> bool {
        match self.rewrite(&mut |v| Sym::constant(v.width, model(v)), Hashes::Real) {
            SymCond::True => true,
            SymCond::False => false,
            other => unreachable!("a condition without variables is constant: {other:?}"),
        }
    }
}

/// How far apart two values are, modulo their width, when they are the same but for a constant added.
fn distance(a: &Sym, b: &Sym) -> Option<u128> {
    let ((x, c), (y, d)) = (base(a), base(b));
    (x == y).then(|| c.wrapping_sub(d) & mask(a.width()))
}

/// A value as something plus a constant.
fn base(sym: &Sym) -> (&Sym, u128) {
    match sym {
        Sym::Node(node) => match &**node {
            SymNode::Add(a, Sym::Const(c)) => (a, c.value),
            _ => (sym, 0),
        },
        Sym::Const(_) | Sym::Var(_) => (sym, 0),
    }
}

impl From<bool> for SymCond {
    fn from(holds: bool) -> SymCond {
        if holds { SymCond::True } else { SymCond::False }
    }
}
