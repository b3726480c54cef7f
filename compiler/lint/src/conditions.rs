//! Conditions that come to the same for every packet, or that have failed before.

use crate::look::Look;
use crate::walk::walk;
use rdcl_base::{Code, NodeId};
use rdcl_core::mask;
use rdcl_hir::{headers_in_sight, named_header};
use rdcl_syntax::ast::{BinaryOp, Block, Call, CallArg, Expr, ExprKind, Rfb, Stmt};
use std::collections::BTreeSet;

/// The instructions whose first argument is a condition.
const CONDITIONAL: [&str; 4] = ["If", "Constrain", "Assert", "Assume"];

pub fn of_block(look: &mut Look<'_>, rfb: &Rfb) {
    let walk = walk(rfb);
    for call in &walk.calls {
        if let Some(condition) = condition(call)
            && let Some(value) = truth(look, condition)
        {
            let message = format!("this condition is always {value}");
            look.report(Code::W1206, condition.node, message, "say only what is done then");
        }
    }
    let mut inner: BTreeSet<NodeId> = BTreeSet::new();
    for call in walk.calls.iter().filter(|call| call.name.text == "If") {
        if !inner.contains(&call.node) {
            chain(look, call, &mut inner);
        }
    }
    walk.exprs.iter().for_each(|expr| by_width(look, expr));
}

fn condition(call: &Call) -> Option<&Expr> {
    let first = call.args.first().filter(|_| CONDITIONAL.contains(&call.name.text.as_str()))?;
    if let CallArg::Expr(condition) = first { Some(condition) } else { None }
}

/// What a condition comes to whatever the packet and the arguments are, if that is plain to see.
fn truth(look: &Look<'_>, expr: &Expr) -> Option<bool> {
    match &expr.kind {
        ExprKind::Name(name) if name.text == "true" => Some(true),
        ExprKind::Name(name) if name.text == "false" => Some(false),
        ExprKind::Not(of) => truth(look, of).map(|value| !value),
        ExprKind::All(all) => fold(look, all, false),
        ExprKind::Any(any) => fold(look, any, true),
        ExprKind::Binary(op, a, b) => match (&a.kind, &b.kind) {
            (ExprKind::Int(x), ExprKind::Int(y)) => compare(*op, x.cmp(y)),
            _ if look.are_alike(a, b) => compare(*op, std::cmp::Ordering::Equal),
            _ => None,
        },
        ExprKind::In(of, set) => match (&of.kind, &set.kind) {
            (ExprKind::Int(x), ExprKind::Range(lo, hi)) => match (&lo.kind, &hi.kind) {
                (ExprKind::Int(lo), ExprKind::Int(hi)) => Some(lo <= x && x <= hi),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// One of the values decides; otherwise all have to be known.
fn fold(look: &Look<'_>, exprs: &[Expr], decides: bool) -> Option<bool> {
    let values: Vec<Option<bool>> = exprs.iter().map(|e| truth(look, e)).collect();
    if values.contains(&Some(decides)) {
        return Some(decides);
    }
    values.iter().all(|v| v.is_some()).then_some(!decides)
}

fn compare(op: BinaryOp, order: std::cmp::Ordering) -> Option<bool> {
    match op {
        BinaryOp::Eq => Some(order.is_eq()),
        BinaryOp::Ne => Some(order.is_ne()),
        BinaryOp::Lt => Some(order.is_lt()),
        BinaryOp::Le => Some(order.is_le()),
        BinaryOp::Gt => Some(order.is_gt()),
        BinaryOp::Ge => Some(order.is_ge()),
        _ => None,
    }
}

/// Follows `If(a, …, If(b, …, …))`, where nothing happens between one condition and the next.
fn chain(look: &mut Look<'_>, first: &Call, inner: &mut BTreeSet<NodeId>) {
    let (mut seen, mut call): (Vec<&Expr>, &Call) = (Vec::new(), first);
    loop {
        let Some(condition) = condition(call) else { return };
        if let Some(before) = seen.iter().find(|before| look.are_alike(before, condition)) {
            let at = look.loc(look.span(before.node));
            let message = "this condition has failed before, so its arm is never taken".to_owned();
            look.report(Code::W1207, condition.node, message, "leave this `If` out, or correct its condition");
            if let Some(last) = look.found.last_mut() {
                last.secondary.push(rdcl_base::Label { at, message: "it is asked here first".to_owned() });
            }
        }
        seen.push(condition);
        let Some(next) = call.args.get(2).and_then(lone_if) else { return };
        inner.insert(next.node);
        call = next;
    }
}

/// An argument that is one `If` and nothing else.
fn lone_if(argument: &CallArg) -> Option<&Call> {
    let call = match argument {
        CallArg::Expr(Expr { kind: ExprKind::Call(call), .. }) => &**call,
        CallArg::Block(Block { stmts, .. }) => match stmts.as_slice() {
            [Stmt::Call(call)] => call,
            _ => return None,
        },
        CallArg::Expr(_) | CallArg::Named(..) | CallArg::Flow(_) => return None,
    };
    (call.name.text == "If").then_some(call)
}

/// A field against the least or greatest number of its width.
fn by_width(look: &mut Look<'_>, expr: &Expr) {
    let found = match &expr.kind {
        ExprKind::Binary(op, a, b) => match (field_width(look, a), &b.kind, field_width(look, b), &a.kind) {
            (Some(width), ExprKind::Int(n), _, _) => decided(*op, *n, width).map(|value| (value, width)),
            (_, _, Some(width), ExprKind::Int(n)) => {
                mirrored(*op).and_then(|op| decided(op, *n, width)).map(|value| (value, width))
            }
            _ => None,
        },
        ExprKind::In(of, set) => match (field_width(look, of), &set.kind) {
            (Some(width), ExprKind::Range(lo, hi)) => match (&lo.kind, &hi.kind) {
                (ExprKind::Int(0), ExprKind::Int(hi)) if *hi >= mask(width) => Some((true, width)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    if let Some((value, width)) = found {
        let message = format!("this is {value} of every number of {width} bits");
        let help = if value { "leave the comparison out" } else { "correct the comparison: nothing satisfies it" };
        look.report(Code::W1208, expr.node, message, help);
    }
}

/// The width of `ip.ttl`, of `l4.sport`.
fn field_width(look: &Look<'_>, expr: &Expr) -> Option<u16> {
    let ExprKind::Member(of, field) = &expr.kind else { return None };
    let ExprKind::Name(header) = &of.kind else { return None };
    match header.text.as_str() {
        "l4" if matches!(field.text.as_str(), "sport" | "dport") => Some(16),
        name => {
            let header = named_header(headers_in_sight(look.db, look.item.file(look.db)), name)?;
            Some(header.field(&field.text)?.width())
        }
    }
}

/// What `field op n` comes to for every value of the field.
fn decided(op: BinaryOp, n: u128, width: u16) -> Option<bool> {
    match op {
        BinaryOp::Ge if n == 0 => Some(true),
        BinaryOp::Lt if n == 0 => Some(false),
        BinaryOp::Le if n >= mask(width) => Some(true),
        BinaryOp::Gt if n >= mask(width) => Some(false),
        _ => None,
    }
}

fn mirrored(op: BinaryOp) -> Option<BinaryOp> {
    match op {
        BinaryOp::Lt => Some(BinaryOp::Gt),
        BinaryOp::Le => Some(BinaryOp::Ge),
        BinaryOp::Gt => Some(BinaryOp::Lt),
        BinaryOp::Ge => Some(BinaryOp::Le),
        _ => None,
    }
}
