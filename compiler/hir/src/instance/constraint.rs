//! Constraints of parameters: `where n >= 1 and n <= 16`.
//!
//! A conjunction is taken apart, so that what is said names only the parameters concerned.

use super::param::{default_value, sample, signature};
use crate::cx::{Cx, Params};
use crate::eval::{evaluate, value_text};
use crate::source::db::Db;
use crate::source::item::{Item, rfb_tree};
use crate::source::loc::Problem;
use crate::value::{Type, Value};
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::ast::{Expr, ExprKind};

/// One thing that must hold of the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constraint {
    /// The expression.
    pub node: NodeId,
    /// The parameters it speaks of, in order of mention.
    pub names: Vec<String>,
}

/// The constraints of a block that these values do not satisfy.
pub(crate) fn violated<'db>(db: &'db dyn Db, item: Item<'db>, values: &Params) -> Vec<Constraint> {
    let mut quiet = Cx::new(db, item);
    let wrong = conjuncts(db, item).into_iter().filter(|expr| holds(&mut quiet, expr, values) == Some(false));
    wrong.map(|expr| Constraint { node: expr.node, names: names(expr, values) }).collect()
}

/// Whether these values may satisfy every constraint that speaks of them and of no other parameter.
pub(super) fn may_satisfy<'db>(db: &'db dyn Db, item: Item<'db>, values: &Params) -> bool {
    let mut quiet = Cx::new(db, item);
    conjuncts(db, item).into_iter().all(|expr| holds(&mut quiet, expr, values) != Some(false))
}

/// What is wrong with a block's constraints, whatever the arguments; and defaults that do not satisfy them.
pub(crate) fn constraint_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let (mut cx, mut quiet, mut values) = (Cx::new(db, item), Cx::new(db, item), Params::new());
    let params = &signature(db, item).params;
    for param in params {
        let value = default_value(&mut quiet, param, &values);
        let value = value.unwrap_or_else(|| sample(db, item, param, &values));
        values.insert(param.name.clone(), (param.ty.clone(), value));
    }
    let mandatory = |name: &String| params.iter().any(|p| p.name == *name && (p.mandatory || p.broken));
    for expr in conjuncts(db, item) {
        let names = names(expr, &values);
        if holds(&mut cx, expr, &values) == Some(false) && !names.iter().any(mandatory) {
            cx.report(defaults_violate(&cx, expr.node, &names, &values));
        }
    }
    cx.problems
}

fn holds(cx: &mut Cx<'_>, expr: &Expr, values: &Params) -> Option<bool> {
    match evaluate(cx, expr, &Type::Bool, values)? {
        Value::Bool(value) => Some(value),
        _ => None,
    }
}

pub(super) fn conjuncts<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<&'db Expr> {
    let (mut found, mut open) = (Vec::new(), Vec::new());
    open.extend(rfb_tree(db, item).into_iter().flat_map(|rfb| rfb.constraints.iter().rev()));
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::All(all) => open.extend(all.iter().rev()),
            _ => found.push(expr),
        }
    }
    found
}

/// The parameters that an expression speaks of.
fn names(expr: &Expr, values: &Params) -> Vec<String> {
    let mut found = indexmap::IndexSet::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Name(name) if values.contains_key(&name.text) => _ = found.insert(name.text.clone()),
            ExprKind::Not(e) => open.push(e),
            ExprKind::All(all) | ExprKind::Any(all) => open.extend(all.iter().rev()),
            ExprKind::Binary(_, a, b) | ExprKind::In(a, b) | ExprKind::Range(a, b) => open.extend([&**b, &**a]),
            _ => {}
        }
    }
    found.into_iter().collect()
}

fn defaults_violate(cx: &Cx<'_>, at: NodeId, names: &[String], values: &Params) -> Problem {
    let shown = names.iter().filter_map(|name| Some(format!("`{name}` is {}", value_text(&values.get(name)?.1))));
    let message = format!("the defaults do not satisfy this: {}", shown.collect::<Vec<_>>().join(" and "));
    Diagnostic::new(Code::E0322, cx.at(at), message).with_help("give the parameter a default that is allowed, or none")
}
