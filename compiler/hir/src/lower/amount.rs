//! Times, durations and other amounts with units, products and quotients.
//!
//! A time and a duration are nanoseconds in 64 bits, and are told apart from each other and from plain values: a
//! duration becomes a number by division by `1ns`, a number a duration by multiplication with `1ns`. Core has no
//! product: one with a constant is a sum of shifted values, modular as any other. Quotients are of constants.

use super::expr::Operand;
use super::flow::Flow;
use super::{Lower, fold, problem};
use rdcl_base::{NodeId, Quantity};
use rdcl_core::{BinOp, CmpOp, Cond, Expr as Core, TIME_WIDTH};
use rdcl_syntax::ast::Expr;

/// What a value stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// A plain bit-vector.
    #[default]
    Bits,
    /// A time.
    Time,
    /// A duration.
    Span,
}

impl Kind {
    /// The operand that such a value is.
    pub fn operand(self, value: Core, width: u16) -> Operand {
        match self {
            Kind::Bits => Operand::Bits(value, width),
            Kind::Time => Operand::Time(value),
            Kind::Span => Operand::Span(value),
        }
    }
}

/// The most terms that products are written out to.
const MOST_TERMS: usize = 1024;

impl Lower<'_> {
    /// A value of this kind and width.
    pub(super) fn typed(&mut self, flow: &Flow, e: &Expr, kind: Kind, width: u16) -> Option<Core> {
        if kind == Kind::Bits {
            return self.bits(flow, e, width);
        }
        match (kind, self.operand(flow, e)?) {
            (Kind::Time, Operand::Time(value)) | (Kind::Span, Operand::Span(value)) => Some(value),
            (Kind::Time, other) => self.fault(problem::wrong_kind("a time", other.kind(), e.node)),
            (_, other) => self.fault(problem::wrong_kind("a duration", other.kind(), e.node)),
        }
    }

    /// `a + b` or `a - b`.
    pub(super) fn sum(&mut self, flow: &Flow, op: BinOp, [a, b]: [&Expr; 2], node: NodeId) -> Option<Operand> {
        let (left, right) = (self.operand(flow, a), self.operand(flow, b));
        let bin = |x, y| fold::bin(op, x, y, TIME_WIDTH);
        match (op, left?, right?) {
            (BinOp::Sub, Operand::Time(x), Operand::Time(y)) => Some(Operand::Span(bin(x, y))),
            (_, Operand::Time(x), Operand::Span(y)) => Some(Operand::Time(bin(x, y))),
            (BinOp::Add, Operand::Span(x), Operand::Time(y)) => Some(Operand::Time(bin(x, y))),
            (_, Operand::Span(Core::Const(x)), Operand::Span(Core::Const(y))) => {
                let exact = whole(op, x.value as u64, y.value as u64);
                self.exact(exact.map(|n| Operand::Span(fold::constant(n.into(), TIME_WIDTH))), node)
            }
            (_, Operand::Span(x), Operand::Span(y)) => Some(Operand::Span(bin(x, y))),
            (_, Operand::Amount(x), Operand::Amount(y)) if x.dimension == y.dimension => {
                let sum = whole(op, x.amount, y.amount).map(|amount| Quantity { amount, ..x });
                self.exact(sum.map(Operand::Amount), node)
            }
            (_, x, y) if x.has_unit() || y.has_unit() => self.fault(problem::mixed_units(x.kind(), y.kind(), node)),
            (_, x, y) => self.arithmetic(op, (x, y), [a, b], node),
        }
    }

    /// `a * b`.
    pub(super) fn product(&mut self, flow: &Flow, [a, b]: [&Expr; 2], node: NodeId) -> Option<Operand> {
        let (left, right) = (self.operand(flow, a), self.operand(flow, b));
        match (left?, right?) {
            (Operand::Int(x), Operand::Int(y)) => self.exact(x.checked_mul(y).map(Operand::Int), node),
            (Operand::Int(n), Operand::Amount(q)) | (Operand::Amount(q), Operand::Int(n)) => {
                let amount = u64::try_from(n).ok().and_then(|n| n.checked_mul(q.amount));
                self.exact(amount.map(|amount| Operand::Amount(Quantity { amount, ..q })), node)
            }
            (Operand::Int(n), Operand::Span(Core::Const(x))) | (Operand::Span(Core::Const(x)), Operand::Int(n)) => {
                let exact = u64::try_from(n).ok().and_then(|n| n.checked_mul(x.value as u64));
                self.exact(exact.map(|n| Operand::Span(fold::constant(n.into(), TIME_WIDTH))), node)
            }
            (Operand::Int(n), Operand::Span(x)) | (Operand::Span(x), Operand::Int(n)) => {
                self.fit(n, TIME_WIDTH, node)?;
                self.times(&x, n, TIME_WIDTH, node).map(Operand::Span)
            }
            (Operand::Bits(x, TIME_WIDTH), Operand::Span(Core::Const(n)))
            | (Operand::Span(Core::Const(n)), Operand::Bits(x, TIME_WIDTH)) => {
                self.times(&x, n.value, TIME_WIDTH, node).map(Operand::Span)
            }
            (Operand::Bits(x, width), Operand::Int(n)) | (Operand::Int(n), Operand::Bits(x, width)) => {
                self.fit(n, width, node)?;
                self.times(&x, n, width, node).map(|product| Operand::Bits(product, width))
            }
            (Operand::Bits(_, width), Operand::Bits(_, other)) if width != other => {
                self.fault(problem::widths_differ(width, other, node))
            }
            (Operand::Bits(x, width), Operand::Bits(Core::Const(n), _))
            | (Operand::Bits(Core::Const(n), _), Operand::Bits(x, width)) => {
                self.times(&x, n.value, width, node).map(|product| Operand::Bits(product, width))
            }
            (Operand::Bits(..), Operand::Bits(..)) => self.fault(problem::unsupported("a product of two values", node)),
            (x, y) => self.fault(problem::mixed_units(x.kind(), y.kind(), node)),
        }
    }

    /// `a / b`, rounded down.
    pub(super) fn quotient(&mut self, flow: &Flow, [a, b]: [&Expr; 2], node: NodeId) -> Option<Operand> {
        let (left, right) = (self.operand(flow, a), self.operand(flow, b));
        match (left?, right?) {
            (Operand::Int(x), Operand::Int(y)) => self.divided(x, y, node),
            (Operand::Amount(x), Operand::Amount(y)) if x.dimension == y.dimension => {
                self.divided(x.amount.into(), y.amount.into(), node)
            }
            (Operand::Span(Core::Const(x)), Operand::Span(Core::Const(y))) => self.divided(x.value, y.value, node),
            (Operand::Span(x), Operand::Span(Core::Const(y))) if y.value == 1 => Some(Operand::Bits(x, TIME_WIDTH)),
            (Operand::Span(_), Operand::Span(_)) => {
                self.fault(problem::unsupported("the quotient of a duration by another than `1ns`", node))
            }
            (Operand::Bits(..), _) | (_, Operand::Bits(..)) => self.fault(problem::unsupported("division", node)),
            (x, y) => self.fault(problem::mixed_units(x.kind(), y.kind(), node)),
        }
    }

    fn divided(&mut self, x: u128, y: u128, node: NodeId) -> Option<Operand> {
        match x.checked_div(y) {
            Some(quotient) => Some(Operand::Int(quotient)),
            None => self.fault(problem::divided_by_zero(node)),
        }
    }

    /// A comparison of amounts; none if neither is one.
    pub(super) fn amounts_compared(
        &mut self,
        op: CmpOp,
        (left, right): (&Operand, &Operand),
        node: NodeId,
    ) -> Option<Option<Cond>> {
        let values = match (left, right) {
            (Operand::Time(x), Operand::Time(y)) | (Operand::Span(x), Operand::Span(y)) => (x.clone(), y.clone()),
            (Operand::Amount(x), Operand::Amount(y)) if x.dimension == y.dimension => {
                let constant = |q: &Quantity| fold::constant(q.amount.into(), TIME_WIDTH);
                (constant(x), constant(y))
            }
            (x, y) if x.has_unit() || y.has_unit() => {
                return Some(self.fault(problem::mixed_units(x.kind(), y.kind(), node)));
            }
            _ => return None,
        };
        Some(Some(fold::cmp(op, values.0, values.1, self.known())))
    }

    /// A value times a constant: the sum of what the bits of the constant stand for.
    fn times(&mut self, of: &Core, by: u128, width: u16, node: NodeId) -> Option<Core> {
        if terms(of).saturating_mul(by.count_ones() as usize) > MOST_TERMS {
            return self.fault(problem::too_large(node));
        }
        let shifted = (0..128).filter(|bit| by >> bit & 1 == 1).map(|bit| fold::shift(true, of.clone(), bit, width));
        Some(shifted.fold(fold::constant(0, width), |sum, term| fold::bin(BinOp::Add, sum, term, width)))
    }

    fn exact(&mut self, found: Option<Operand>, node: NodeId) -> Option<Operand> {
        found.or_else(|| self.fault(problem::no_value(node)))
    }

    /// `widen(x, width)`: the value with zeros before it.
    pub(super) fn widen(&mut self, flow: &Flow, of: &Expr, width: &Expr, node: NodeId) -> Option<Operand> {
        let (value, width) = (self.value(flow, of), self.width(flow, width));
        match (value?, width?) {
            (Operand::Int(n), width) => self.fit(n, width, of.node).map(|value| Operand::Bits(value, width)),
            (Operand::Bits(value, own), width) if own == width => Some(Operand::Bits(value, width)),
            (Operand::Bits(Core::Const(c), own), width) if own < width => {
                Some(Operand::Bits(fold::constant(c.value, width), width))
            }
            (Operand::Bits(value, own), width) if own < width => {
                Some(Operand::Bits(Core::Zext(width, Box::new(value)), width))
            }
            (Operand::Bits(_, own), width) => self.fault(problem::widths_differ(own, width, node)),
            _ => None,
        }
    }
}

fn whole(op: BinOp, x: u64, y: u64) -> Option<u64> {
    if op == BinOp::Sub { x.checked_sub(y) } else { x.checked_add(y) }
}

/// How many values an expression is made of.
fn terms(of: &Core) -> usize {
    match of {
        Core::Const(_) | Core::Field(_) | Core::Slot(_) | Core::Now => 1,
        Core::Cell(..) | Core::Row(..) | Core::Column(..) => 1,
        Core::Not(a) | Core::Shl(a, _) | Core::Lshr(a, _) | Core::Zext(_, a) | Core::Extract { of: a, .. } => terms(a),
        Core::Bin(_, a, b) | Core::Concat(a, b) => terms(a).saturating_add(terms(b)),
        // Conditions are not counted: they are small, or hold what is counted elsewhere.
        Core::Ite(_, a, b) => terms(a).saturating_add(terms(b)).saturating_add(1),
        Core::Hash(of, _) => of.iter().map(terms).fold(1, usize::saturating_add),
    }
}
