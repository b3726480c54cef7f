//! Smart constructors of Core: constants are folded and trivial structure is dropped, nothing else changes.

use rdcl_base::IntervalSet;
use rdcl_core::{BinOp, Bv, CmpOp, Cond, Derivation, Expr, Field, HeaderKind, Role, Shape};

/// A constant of a width; the value must fit.
pub(super) fn constant(value: u128, width: u16) -> Expr {
    Expr::Const(Bv::new(width, value))
}

/// A binary operator on two expressions of this width.
pub(super) fn bin(op: BinOp, a: Expr, b: Expr, width: u16) -> Expr {
    match (&a, &b) {
        (Expr::Const(x), Expr::Const(y)) => constant(apply(op, x.value, y.value), width),
        (_, Expr::Const(y)) if y.value == 0 && op != BinOp::And => a,
        (Expr::Const(x), _) if x.value == 0 && !matches!(op, BinOp::And | BinOp::Sub) => b,
        _ => Expr::Bin(op, Box::new(a), Box::new(b)),
    }
}

fn apply(op: BinOp, a: u128, b: u128) -> u128 {
    match op {
        BinOp::And => a & b,
        BinOp::Or => a | b,
        BinOp::Xor => a ^ b,
        BinOp::Add => a.wrapping_add(b),
        BinOp::Sub => a.wrapping_sub(b),
    }
}

/// A shift by a constant; by the width or more gives 0.
pub(super) fn shift(left: bool, of: Expr, by: u128, width: u16) -> Expr {
    if by >= u128::from(width) {
        return constant(0, width);
    }
    match of {
        of if by == 0 => of,
        Expr::Const(c) if left => constant(c.value << by, width),
        Expr::Const(c) => constant(c.value >> by, width),
        of if left => Expr::Shl(Box::new(of), by as u16),
        of => Expr::Lshr(Box::new(of), by as u16),
    }
}

/// `if c then a else b`.
pub(super) fn ite(c: Cond, a: Expr, b: Expr) -> Expr {
    match c {
        Cond::True => a,
        Cond::False => b,
        c if a != b => Expr::Ite(Box::new(c), Box::new(a), Box::new(b)),
        _ => a,
    }
}

/// A comparison.
pub(super) fn cmp(op: CmpOp, a: Expr, b: Expr, known: Shape) -> Cond {
    if let (Expr::Const(x), Expr::Const(y)) = (&a, &b) {
        return truth(match op {
            CmpOp::Eq => x.value == y.value,
            CmpOp::Ult => x.value < y.value,
            CmpOp::Ule => x.value <= y.value,
        });
    }
    match (op, &a, &b) {
        (CmpOp::Eq, Expr::Field(f), Expr::Const(c)) | (CmpOp::Eq, Expr::Const(c), Expr::Field(f)) => {
            announces(*f, c.value, known).unwrap_or(Cond::Cmp(op, a, b))
        }
        (CmpOp::Ult, _, Expr::Const(c)) if c.value == 0 => Cond::False,
        (CmpOp::Ule, Expr::Const(c), _) if c.value == 0 => Cond::True,
        _ => Cond::Cmp(op, a, b),
    }
}

/// `ip.proto == 6` says that the next header is TCP: the parser sees to it. Said as a presence test, it also proves
/// that the fields of that header may be used.
fn announces(field: Field, value: u128, known: Shape) -> Option<Cond> {
    if field.decl().role != Role::Derived(Derivation::NextProtocol) {
        return None;
    }
    let followers: Vec<HeaderKind> = known.links(field.header).map(|(next, _)| next).collect();
    let next = followers.iter().find(|h| field.header.number_of(**h) == Some(value))?;
    // Other followers, behind which the same header may come.
    let between = followers.iter().filter(|h| *h < next && leads_to(**h, *next, known)).map(|h| not(Cond::Has(*h)));
    Some(all(std::iter::once(Cond::Has(*next)).chain(between).collect()))
}

/// Whether a header may come after another, directly or not.
fn leads_to(from: HeaderKind, to: HeaderKind, known: Shape) -> bool {
    let mut after = known.links(from).map(|(next, _)| next).filter(|h| *h <= to);
    after.any(|next| next == to || leads_to(next, to, known))
}

/// Membership of a value of this width.
pub(super) fn member(of: Expr, set: IntervalSet, width: u16, known: Shape) -> Cond {
    if let Expr::Const(c) = &of {
        return truth(set.contains(c.value));
    }
    match set.as_single() {
        _ if set.is_empty() => Cond::False,
        _ if set.is_full(width) => Cond::True,
        Some(value) => cmp(CmpOp::Eq, of, constant(value, width), known),
        None => Cond::In(of, set),
    }
}

/// `True` or `False`.
pub(super) fn truth(holds: bool) -> Cond {
    if holds { Cond::True } else { Cond::False }
}

/// The negation.
pub(super) fn not(c: Cond) -> Cond {
    match c {
        Cond::True => Cond::False,
        Cond::False => Cond::True,
        Cond::Not(inner) => *inner,
        c @ (Cond::Cmp(..) | Cond::In(..) | Cond::Has(_) | Cond::All(_) | Cond::Any(_)) => Cond::Not(Box::new(c)),
    }
}

/// The conjunction, in order. A `False` ends it, so that nothing after it is evaluated.
pub(super) fn all(parts: Vec<Cond>) -> Cond {
    let mut out = Vec::new();
    for part in parts {
        match part {
            Cond::True => {}
            Cond::False if out.is_empty() => return Cond::False,
            Cond::All(inner) => out.extend(inner),
            part => out.push(part),
        }
    }
    single(out, Cond::True, Cond::False, Cond::All)
}

/// The disjunction, in order.
pub(super) fn any(parts: Vec<Cond>) -> Cond {
    let mut out = Vec::new();
    for part in parts {
        match part {
            Cond::False => {}
            Cond::True if out.is_empty() => return Cond::True,
            Cond::Any(inner) => out.extend(inner),
            part => out.push(part),
        }
    }
    single(out, Cond::False, Cond::True, Cond::Any)
}

/// Conditions have no effects, so one part that decides the whole is enough.
fn single(mut parts: Vec<Cond>, unit: Cond, zero: Cond, make: fn(Vec<Cond>) -> Cond) -> Cond {
    if parts.contains(&zero) {
        return zero;
    }
    match parts.len() {
        0 => unit,
        1 => parts.remove(0),
        _ => make(parts),
    }
}
