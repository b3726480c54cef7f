//! What a sub-class takes: of a parameter that it passes on to its parent at least all that the parent takes.
//!
//! A constraint on one number is decided at finitely many points: between the numbers that it mentions it does not
//! change. Constraints that relate parameters are not compared.

use super::constraint::conjuncts;
use super::param::{Param, signature};
use crate::cx::{Cx, Params};
use crate::eval::{evaluate, value_text};
use crate::source::db::Db;
use crate::source::item::{Item, rfb_tree};
use crate::source::loc::{Loc, Problem};
use crate::value::{Type, Value};
use rdcl_base::{Code, Diagnostic, Quantity};
use rdcl_syntax::ast::{Expr, ExprKind};
use std::collections::BTreeSet;

/// What is wrong with the constraints of a block on what it passes on to a parent.
pub(crate) fn narrowing_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let constrained = |item: Item<'db>| !conjuncts(db, item).is_empty();
    let Some(rfb) = rfb_tree(db, item).filter(|_| constrained(item)) else { return Vec::new() };
    let cx = Cx::new(db, item);
    let mut found = Vec::new();
    for (parent, target) in crate::lineage::named_parents(db, item, rfb) {
        for theirs in crate::lineage::unwritten(&cx, parent, target) {
            let own = signature(db, item).params.iter().find(|own| own.name == theirs.name && own.ty == theirs.ty);
            found.extend(own.and_then(|own| narrowed(&cx, own, theirs, target)));
        }
    }
    found
}

/// Complains of the least value that a parent takes for a parameter and its child does not.
fn narrowed<'db>(cx: &Cx<'db>, own: &Param, theirs: &Param, parent: Item<'db>) -> Option<Problem> {
    let (ours, of_parent) = (about(cx.db, cx.item, own), about(cx.db, parent, theirs));
    let mut points = points(cx.db, cx.item, own, &ours);
    points.extend(self::points(cx.db, parent, theirs, &of_parent));
    let refused = |value: &u128| {
        let value = of_number(own, *value)?;
        of_parent.iter().all(|expr| holds(cx.db, parent, theirs, expr, &value)).then_some(())?;
        let expr = ours.iter().find(|expr| !holds(cx.db, cx.item, own, expr, &value))?;
        Some((value, *expr))
    };
    let (value, expr) = points.iter().find_map(refused)?;
    let (name, parent_name) = (cx.item.name(cx.db), parent.name(cx.db));
    let message = format!("`{}` may be {} for `{parent_name}`, and not for `{name}`", own.name, value_text(&value));
    Some(
        Diagnostic::new(Code::E0310, cx.at(expr.node), message)
            .with_label(Loc::of(cx.db, parent, theirs.node), "declared by the parent")
            .with_help(
                "a sub-class takes all that its parent takes: leave this out, or give the parent another argument",
            ),
    )
}

/// The constraints of a block that speak of one parameter, which is a number, and of no other.
fn about<'db>(db: &'db dyn Db, item: Item<'db>, param: &Param) -> Vec<&'db Expr> {
    let params = &signature(db, item).params;
    let others = |name: &str| params.iter().any(|p| p.name == name && p.name != param.name);
    let speaks = |expr: &&Expr| {
        let names = mentioned(expr);
        names.contains(param.name.as_str()) && !names.iter().any(|name| others(name))
    };
    conjuncts(db, item).into_iter().filter(speaks).collect()
}

fn mentioned(expr: &Expr) -> BTreeSet<&str> {
    let (mut found, mut open) = (BTreeSet::new(), vec![expr]);
    while let Some(expr) = open.pop() {
        if let ExprKind::Name(name) = &expr.kind {
            found.insert(name.text.as_str());
        }
        open.extend(inside(expr));
    }
    found
}

/// The expressions that one is made of.
fn inside(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Not(e) => vec![e],
        ExprKind::All(all) | ExprKind::Any(all) => all.iter().collect(),
        ExprKind::Binary(_, a, b) | ExprKind::In(a, b) | ExprKind::Range(a, b) => vec![a, b],
        _ => Vec::new(),
    }
}

/// The numbers that constraints mention and their neighbours, and the ends of the type.
fn points<'db>(db: &'db dyn Db, item: Item<'db>, param: &Param, constraints: &[&Expr]) -> BTreeSet<u128> {
    let (mut quiet, mut found) = (Cx::new(db, item), BTreeSet::from([0]));
    if let Type::Uint(width) = param.ty {
        found.insert(u128::MAX >> (128 - u32::from(width)));
    }
    let mut open = constraints.to_vec();
    while let Some(expr) = open.pop() {
        let number = match evaluate(&mut quiet, expr, &param.ty, &Params::new()) {
            Some(Value::Int(number)) => Some(number),
            Some(Value::Quantity(quantity)) => Some(quantity.amount.into()),
            _ => None,
        };
        found.extend(number.into_iter().flat_map(|n| [n.saturating_sub(1), n, n.saturating_add(1)]));
        open.extend(inside(expr));
    }
    found
}

fn of_number(param: &Param, number: u128) -> Option<Value> {
    match param.ty {
        Type::Uint(width) => (number <= u128::MAX >> (128 - u32::from(width))).then_some(Value::Int(number)),
        Type::Quantity(dimension) => Some(Value::Quantity(Quantity { amount: number.try_into().ok()?, dimension })),
        _ => None,
    }
}

/// Whether a constraint holds of a value; what cannot be said counts as if it did.
fn holds<'db>(db: &'db dyn Db, item: Item<'db>, param: &Param, expr: &Expr, value: &Value) -> bool {
    let mut quiet = Cx::new(db, item);
    let values = Params::from([(param.name.clone(), (param.ty.clone(), value.clone()))]);
    !matches!(evaluate(&mut quiet, expr, &Type::Bool, &values), Some(Value::Bool(false)))
}
