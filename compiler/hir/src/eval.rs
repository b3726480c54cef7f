//! Constant expressions: what an argument, a default, a bound or an attribute comes to.

pub(crate) mod quantity;

use crate::cx::{Cx, Params};
use crate::headers::layouts::declared_header;
use crate::source::loc::Problem;
use crate::source::names::{Kind, imported_or_misspelt, in_sight, names_in_sight};
use crate::types::{checked_stack, declared_stack, type_name, usual_unit};
use crate::value::{Type, Value};
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_core::{HeaderKind, mask};
use rdcl_syntax::Keyword;
use rdcl_syntax::ast::{BinaryOp, Expr, ExprKind, Name};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The value of an expression of a given type; complains when it has none.
pub(crate) fn evaluate(cx: &mut Cx<'_>, expr: &Expr, ty: &Type, params: &Params) -> Option<Value> {
    let value = constant(cx, expr, params)?;
    if let Some(own) = other_table(expr, ty, params) {
        cx.report(other_columns(cx, expr.node, own, ty));
        return None;
    }
    let literal = !matches!(expr.kind, ExprKind::Name(_) | ExprKind::Binary(..));
    let coerced = coerce(cx, expr.node, value, ty);
    if let (None, false, Some(problem)) = (&coerced, literal, cx.problems.last_mut()) {
        // What is computed is mended where it comes from.
        problem.fix = None;
    }
    coerced
}

/// The type of a table parameter that is to be passed on as a table of other columns.
fn other_table<'a>(expr: &Expr, ty: &Type, params: &'a Params) -> Option<&'a Type> {
    let ExprKind::Name(name) = &expr.kind else { return None };
    let (own, _) = params.get(&name.text)?;
    (matches!((own, ty), (Type::Table(_), Type::Table(_))) && own != ty).then_some(own)
}

/// A small number, such as an array bound.
pub(crate) fn evaluate_u64(cx: &mut Cx<'_>, expr: &Expr, params: &Params) -> Option<u64> {
    match evaluate(cx, expr, &Type::Uint(64), params)? {
        Value::Int(value) => u64::try_from(value).ok(),
        _ => None,
    }
}

/// The value of an expression, of whatever type it has.
pub(crate) fn constant(cx: &mut Cx<'_>, expr: &Expr, params: &Params) -> Option<Value> {
    match &expr.kind {
        ExprKind::Int(value) => Some(Value::Int(*value)),
        ExprKind::Quantity(quantity) => Some(Value::Quantity(*quantity)),
        ExprKind::Str(text) => Some(Value::Str(text.clone())),
        ExprKind::Ipv4(address) => Some(Value::Ipv4(*address)),
        ExprKind::Ipv6(address) => Some(Value::Ipv6(*address)),
        ExprKind::Mac(address) => Some(Value::Mac(*address)),
        ExprKind::Prefix(address, length) => prefix(cx, expr.node, *address, *length),
        ExprKind::Prefix6(address, length) => prefix6(cx, expr.node, *address, *length),
        ExprKind::Name(name) => named(cx, name, params),
        ExprKind::Not(of) => truth(cx, of, params).map(|value| Value::Bool(!value)),
        ExprKind::All(all) => truths(cx, all, params).map(|v| Value::Bool(v.iter().all(|b| *b))),
        ExprKind::Any(any) => truths(cx, any, params).map(|v| Value::Bool(v.iter().any(|b| *b))),
        ExprKind::Binary(op, a, b) => binary(cx, expr.node, *op, (a, b), params),
        ExprKind::Range(lo, hi) => range(cx, expr.node, (lo, hi), params),
        ExprKind::In(of, set) => within(cx, (of, set), params),
        ExprKind::Has(_) | ExprKind::Member(..) | ExprKind::Index(..) | ExprKind::Call(_) | ExprKind::Address(..) => {
            cx.report(not_constant(cx, expr.node));
            None
        }
        ExprKind::Bad => None,
    }
}

/// A prefix without host bits.
pub(crate) fn prefix(cx: &mut Cx<'_>, at: NodeId, address: u32, length: u8) -> Option<Value> {
    let kept = address & (mask(32) & !mask(32 - u16::from(length.min(32)))) as u32;
    if kept == address {
        return Some(Value::Prefix(address, length));
    }
    let texts = [address, kept].map(|a| format!("{}/{length}", Ipv4Addr::from(a)));
    cx.report(host_bits(cx, at, texts, length));
    None
}

/// The same for IPv6.
fn prefix6(cx: &mut Cx<'_>, at: NodeId, address: u128, length: u8) -> Option<Value> {
    let kept = address & !mask(128 - u16::from(length.min(128)));
    if kept == address {
        return Some(Value::Prefix6(address, length));
    }
    let texts = [address, kept].map(|a| prefix6_text(a, length));
    cx.report(host_bits(cx, at, texts, length));
    None
}

/// A prefix of IPv6 as it is written.
pub(crate) fn prefix6_text(address: u128, length: u8) -> String {
    format!("ip6\"{}/{length}\"", Ipv6Addr::from(address))
}

fn named(cx: &mut Cx<'_>, name: &Name, params: &Params) -> Option<Value> {
    if let Some((_, value)) = params.get(&name.text) {
        return Some(value.clone());
    }
    match name.text.as_str() {
        "true" => return Some(Value::Bool(true)),
        "false" => return Some(Value::Bool(false)),
        _ => {}
    }
    let item = in_sight(cx.db, cx.item, &name.text)
        .filter(|item| matches!(item.keyword(cx.db), Keyword::Stack | Keyword::Header));
    let Some(item) = item else {
        cx.report(unknown_constant(cx, name, params));
        return None;
    };
    let headers = match item.keyword(cx.db) {
        Keyword::Header => declared_header(cx.db, item).header.into_iter().collect(),
        _ => declared_stack(cx.db, item).headers.clone(),
    };
    checked_stack(cx, &headers, name.node).map(Value::Stack)
}

fn truth(cx: &mut Cx<'_>, expr: &Expr, params: &Params) -> Option<bool> {
    match evaluate(cx, expr, &Type::Bool, params)? {
        Value::Bool(value) => Some(value),
        _ => None,
    }
}

fn truths(cx: &mut Cx<'_>, exprs: &[Expr], params: &Params) -> Option<Vec<bool>> {
    exprs.iter().map(|e| truth(cx, e, params)).collect()
}

fn range(cx: &mut Cx<'_>, at: NodeId, (lo, hi): (&Expr, &Expr), params: &Params) -> Option<Value> {
    let (lo, hi) = (integer(cx, lo, params)?, integer(cx, hi, params)?);
    if lo <= hi {
        return Some(Value::Range(lo, hi));
    }
    cx.report(empty_range(cx, at, lo, hi));
    None
}

fn integer(cx: &mut Cx<'_>, expr: &Expr, params: &Params) -> Option<u128> {
    match constant(cx, expr, params)? {
        Value::Int(value) => Some(value),
        other => {
            cx.report(mismatch(cx, expr.node, "a whole number", &other));
            None
        }
    }
}

fn binary(cx: &mut Cx<'_>, at: NodeId, op: BinaryOp, (a, b): (&Expr, &Expr), params: &Params) -> Option<Value> {
    let (left, right) = (constant(cx, a, params)?, constant(cx, b, params)?);
    match (left, right) {
        (Value::Stack(outer), Value::Stack(inner)) if op == BinaryOp::Div => {
            let headers: Vec<HeaderKind> = outer.required.headers().chain(inner.required.headers()).collect();
            checked_stack(cx, &headers, at).map(Value::Stack)
        }
        (Value::Int(x), Value::Int(y)) => arithmetic(cx, at, op, x, y),
        (x @ Value::Quantity(_), y) | (x, y @ Value::Quantity(_)) => quantity::with_amount(cx, at, op, (a, b), (x, y)),
        (x, y) if op == BinaryOp::Eq => Some(Value::Bool(x == y)),
        (x, y) if op == BinaryOp::Ne => Some(Value::Bool(x != y)),
        (Value::Int(_), other) => {
            cx.report(mismatch(cx, b.node, "a whole number", &other));
            None
        }
        (other, _) => {
            cx.report(mismatch(cx, a.node, "a whole number", &other));
            None
        }
    }
}

/// Whether a value is in a range, or an address or a prefix in a prefix.
fn within(cx: &mut Cx<'_>, (of, set): (&Expr, &Expr), params: &Params) -> Option<Value> {
    let inside = |address: u32, prefix: u32, length: u8| {
        (address ^ prefix).checked_shr(32 - u32::from(length.min(32))).unwrap_or(0) == 0
    };
    match (constant(cx, of, params)?, constant(cx, set, params)?) {
        (Value::Int(x), Value::Range(lo, hi)) => Some(Value::Bool((lo..=hi).contains(&x))),
        (Value::Range(a, b), Value::Range(lo, hi)) => Some(Value::Bool(lo <= a && b <= hi)),
        (Value::Ipv4(x), Value::Prefix(p, length)) => Some(Value::Bool(inside(x, p, length))),
        (Value::Prefix(x, own), Value::Prefix(p, length)) => Some(Value::Bool(own >= length && inside(x, p, length))),
        (_, Value::Range(..)) => {
            let value = constant(cx, of, params)?;
            cx.report(mismatch(cx, of.node, "a whole number or a range", &value));
            None
        }
        (_, Value::Prefix(..)) => {
            let value = constant(cx, of, params)?;
            cx.report(mismatch(cx, of.node, "an address or a prefix", &value));
            None
        }
        (_, other) => {
            cx.report(mismatch(cx, set.node, "a range or a prefix", &other));
            None
        }
    }
}

fn arithmetic(cx: &mut Cx<'_>, at: NodeId, op: BinaryOp, x: u128, y: u128) -> Option<Value> {
    let number = match op {
        BinaryOp::Add => x.checked_add(y),
        BinaryOp::Sub => x.checked_sub(y),
        BinaryOp::Mul => x.checked_mul(y),
        BinaryOp::Div => x.checked_div(y),
        BinaryOp::And => Some(x & y),
        BinaryOp::Or => Some(x | y),
        BinaryOp::Xor => Some(x ^ y),
        BinaryOp::Shl => {
            u32::try_from(y).ok().filter(|y| x.leading_zeros() >= *y).map(|y| x.checked_shl(y).unwrap_or(0))
        }
        BinaryOp::Shr => Some(u32::try_from(y).ok().and_then(|y| x.checked_shr(y)).unwrap_or(0)),
        BinaryOp::Eq => return Some(Value::Bool(x == y)),
        BinaryOp::Ne => return Some(Value::Bool(x != y)),
        BinaryOp::Lt => return Some(Value::Bool(x < y)),
        BinaryOp::Le => return Some(Value::Bool(x <= y)),
        BinaryOp::Gt => return Some(Value::Bool(x > y)),
        BinaryOp::Ge => return Some(Value::Bool(x >= y)),
    };
    if number.is_none() {
        cx.report(no_number(cx, at, "the result is not a whole number of at most 128 bits"));
    }
    number.map(Value::Int)
}

/// The value as one of the type, or a complaint.
pub(crate) fn coerce(cx: &mut Cx<'_>, at: NodeId, value: Value, ty: &Type) -> Option<Value> {
    match (value, ty) {
        (Value::Int(value), Type::Uint(width)) if value <= mask(*width) => Some(Value::Int(value)),
        (Value::Int(value), Type::Uint(_)) => {
            cx.report(out_of_range(cx, at, value, ty));
            None
        }
        (Value::Str(path), Type::Table(_)) => Some(Value::Table(cx.file().home(cx.db).table_path(&path))),
        (value, ty) if has_type(&value, ty) => Some(value),
        (value, ty) => {
            cx.report(wrong_type(cx, at, &value, ty));
            None
        }
    }
}

fn has_type(value: &Value, ty: &Type) -> bool {
    match value {
        Value::Int(_) => matches!(ty, Type::Uint(_)),
        Value::Bool(_) => *ty == Type::Bool,
        Value::Str(_) => *ty == Type::String,
        Value::Ipv4(_) => *ty == Type::Ipv4,
        Value::Ipv6(_) => *ty == Type::Ipv6,
        Value::Mac(_) => *ty == Type::Mac,
        Value::Prefix(..) => *ty == Type::Prefix,
        Value::Prefix6(..) => *ty == Type::Prefix6,
        Value::Range(..) => *ty == Type::Range,
        Value::Quantity(q) => *ty == Type::Quantity(q.dimension),
        Value::Table(_) => matches!(ty, Type::Table(_)),
        Value::Stack(_) => *ty == Type::Stack,
    }
}

/// What a value is, with an article.
pub(crate) fn noun(value: &Value) -> String {
    match value {
        Value::Int(_) => "a whole number".into(),
        Value::Bool(_) => "a truth value".into(),
        Value::Str(_) => "a text".into(),
        Value::Ipv4(_) => "an IPv4 address".into(),
        Value::Ipv6(_) => "an IPv6 address".into(),
        Value::Mac(_) => "a MAC address".into(),
        Value::Prefix(..) => "a prefix".into(),
        Value::Prefix6(..) => "a prefix of IPv6".into(),
        Value::Range(..) => "a range".into(),
        Value::Quantity(q) => format!("an amount of {}", q.dimension.name()),
        Value::Table(_) => "a table".into(),
        Value::Stack(_) => "a header stack".into(),
    }
}

/// A value as it is written.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::Int(value) => value.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Str(text) | Value::Table(text) => format!("{text:?}"),
        Value::Ipv4(address) => Ipv4Addr::from(*address).to_string(),
        Value::Ipv6(address) => format!("ip6\"{}\"", Ipv6Addr::from(*address)),
        Value::Mac(address) => mac_text(*address),
        Value::Prefix(address, length) => format!("{}/{length}", Ipv4Addr::from(*address)),
        Value::Prefix6(address, length) => prefix6_text(*address, *length),
        Value::Range(lo, hi) => format!("{lo}..{hi}"),
        Value::Quantity(quantity) => quantity.to_string(),
        Value::Stack(stack) => stack.to_string(),
    }
}

fn mac_text(address: u64) -> String {
    let octets = address.to_be_bytes();
    octets[2..].iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
}

pub(crate) fn mismatch(cx: &Cx<'_>, at: NodeId, expected: &str, found: &Value) -> Problem {
    Diagnostic::new(Code::E0301, cx.at(at), format!("expected {expected}, found {}", noun(found)))
}

fn wrong_type(cx: &Cx<'_>, at: NodeId, value: &Value, ty: &Type) -> Problem {
    let problem = mismatch(cx, at, &format!("a `{}`", type_name(ty)), value);
    match (value, ty) {
        (Value::Ipv4(_), Type::Prefix) => rewritten(problem, format!("{}/32", value_text(value))),
        (Value::Ipv6(address), Type::Prefix6) => rewritten(problem, prefix6_text(*address, 128)),
        (Value::Int(amount), Type::Quantity(of)) => {
            problem.with_help(format!("write the unit, as in `{amount}{}`", usual_unit(*of)))
        }
        (Value::Int(only), Type::Range) => rewritten(problem, format!("{only}..{only}")),
        _ => problem,
    }
}

/// Proposes another text for a value.
fn rewritten(problem: Problem, text: String) -> Problem {
    problem.with_help(format!("write `{text}`")).with_fix(text)
}

fn other_columns(cx: &Cx<'_>, at: NodeId, own: &Type, ty: &Type) -> Problem {
    let message = format!("expected a `{}`, found a `{}`", type_name(ty), type_name(own));
    Diagnostic::new(Code::E0301, cx.at(at), message).with_note("a table is passed on with the columns it is read with")
}

fn out_of_range(cx: &Cx<'_>, at: NodeId, value: u128, ty: &Type) -> Problem {
    let max = if let Type::Uint(width) = ty { mask(*width) } else { u128::MAX };
    Diagnostic::new(Code::E0302, cx.at(at), format!("{value} does not fit `{}`", type_name(ty)))
        .with_help(format!("the greatest value is {max}"))
}

fn host_bits(cx: &Cx<'_>, at: NodeId, [written, corrected]: [String; 2], length: u8) -> Problem {
    let mut problem =
        Diagnostic::new(Code::E0303, cx.at(at), format!("`{written}` has bits set after its first {length}"));
    problem.fix = Some(rdcl_base::Fix { at: cx.at(at), replacement: corrected.clone() });
    problem.with_help(format!("write `{corrected}`"))
}

fn unknown_constant(cx: &Cx<'_>, name: &Name, params: &Params) -> Problem {
    let stacks = names_in_sight(cx.db, cx.item, Keyword::Stack);
    let candidates = params.keys().map(String::as_str).chain(stacks);
    let problem = Diagnostic::new(Code::E0211, cx.at(name.node), format!("there is no parameter `{}` here", name.text));
    imported_or_misspelt(cx, problem, &name.text, Kind::Stack, candidates)
}

fn not_constant(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0306, cx.at(at), "this is not a constant")
        .with_help("use literals, parameters and arithmetic on whole numbers")
}

fn no_number(cx: &Cx<'_>, at: NodeId, message: &str) -> Problem {
    Diagnostic::new(Code::E0302, cx.at(at), message)
}

pub(crate) fn empty_range(cx: &Cx<'_>, at: NodeId, lo: u128, hi: u128) -> Problem {
    Diagnostic::new(Code::E0307, cx.at(at), format!("the range {lo}..{hi} is empty"))
        .with_help(format!("write `{hi}..{lo}`; both bounds belong to a range"))
}
