//! Arithmetic on amounts: `5ms + 300us`, `3 * 10Mbps`, `1s > 20ms`. What measures different things does not go together.

use super::{mismatch, no_number};
use crate::cx::Cx;
use crate::source::loc::Problem;
use crate::value::Value;
use rdcl_base::{Code, Diagnostic, NodeId, Quantity};
use rdcl_syntax::ast::{BinaryOp, Expr};

/// Two values, at least one of which is an amount.
pub(super) fn with_amount(
    cx: &mut Cx<'_>,
    at: NodeId,
    op: BinaryOp,
    (a, b): (&Expr, &Expr),
    (left, right): (Value, Value),
) -> Option<Value> {
    match (left, right) {
        (Value::Quantity(x), Value::Quantity(y)) => amounts(cx, at, op, x, y),
        (Value::Quantity(x), Value::Int(n)) if matches!(op, BinaryOp::Mul | BinaryOp::Div) => {
            let amount = if op == BinaryOp::Mul { times(x, n) } else { shared(x, n) };
            counted(cx, at, amount.map(|amount| Quantity { amount, ..x }))
        }
        (Value::Int(n), Value::Quantity(x)) if op == BinaryOp::Mul => {
            counted(cx, at, times(x, n).map(|amount| Quantity { amount, ..x }))
        }
        (Value::Quantity(x), other) => {
            cx.report(mismatch(cx, b.node, &amount_of(x), &other));
            None
        }
        (other, Value::Quantity(y)) => {
            cx.report(mismatch(cx, a.node, &amount_of(y), &other));
            None
        }
        _ => None,
    }
}

/// Two amounts: they are added, subtracted and compared when they measure the same; divided, they make a number.
fn amounts(cx: &mut Cx<'_>, at: NodeId, op: BinaryOp, x: Quantity, y: Quantity) -> Option<Value> {
    if x.dimension != y.dimension {
        cx.report(apart(cx, at, x, y));
        return None;
    }
    let sum = |amount: Option<u64>| amount.map(|amount| Quantity { amount, ..x });
    match op {
        BinaryOp::Add => counted(cx, at, sum(x.amount.checked_add(y.amount))),
        BinaryOp::Sub => counted(cx, at, sum(x.amount.checked_sub(y.amount))),
        BinaryOp::Div if y.amount > 0 => Some(Value::Int(u128::from(x.amount / y.amount))),
        BinaryOp::Lt => Some(Value::Bool(x.amount < y.amount)),
        BinaryOp::Le => Some(Value::Bool(x.amount <= y.amount)),
        BinaryOp::Gt => Some(Value::Bool(x.amount > y.amount)),
        BinaryOp::Ge => Some(Value::Bool(x.amount >= y.amount)),
        BinaryOp::Eq => Some(Value::Bool(x == y)),
        BinaryOp::Ne => Some(Value::Bool(x != y)),
        BinaryOp::Div => counted(cx, at, None),
        BinaryOp::Mul | BinaryOp::And | BinaryOp::Or | BinaryOp::Xor | BinaryOp::Shl | BinaryOp::Shr => {
            cx.report(no_operation(cx, at, x));
            None
        }
    }
}

fn times(x: Quantity, n: u128) -> Option<u64> {
    x.amount.checked_mul(u64::try_from(n).ok()?)
}

/// An equal share, if it is a whole number of the smallest unit.
fn shared(x: Quantity, n: u128) -> Option<u64> {
    let n = u64::try_from(n).ok()?;
    (n > 0 && x.amount.is_multiple_of(n)).then(|| x.amount / n)
}

fn counted(cx: &mut Cx<'_>, at: NodeId, amount: Option<Quantity>) -> Option<Value> {
    if amount.is_none() {
        cx.report(no_number(cx, at, "the result is not a whole number of the smallest unit, of at most 64 bits"));
    }
    amount.map(Value::Quantity)
}

fn amount_of(x: Quantity) -> String {
    format!("an amount of {}", x.dimension.name())
}

/// What measures different things.
pub(crate) fn apart(cx: &Cx<'_>, at: NodeId, x: Quantity, y: Quantity) -> Problem {
    let message = format!("{x} is an amount of {}, but {y} is one of {}", x.dimension.name(), y.dimension.name());
    Diagnostic::new(Code::E0340, cx.at(at), message).with_help("add, subtract and compare only what measures the same")
}

fn no_operation(cx: &Cx<'_>, at: NodeId, x: Quantity) -> Problem {
    let message = format!("amounts of {} are not computed with in this way", x.dimension.name());
    Diagnostic::new(Code::E0340, cx.at(at), message)
        .with_help("amounts are added, subtracted and compared, and multiplied and divided by whole numbers")
}
