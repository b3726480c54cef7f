//! Conditions of events: truths about what an event happens to and where it runs, with every name and unit checked.

use crate::cx::{Cx, Params};
use crate::eval::{constant, noun};
use crate::source::loc::Problem;
use crate::value::Value;
use rdcl_base::{Code, Diagnostic, Dimension, NodeId, Quantity, nearest};
use rdcl_syntax::ast::{BinaryOp, Expr, ExprKind};

/// What a condition may speak of. What an event happens to is the part that it names, or the whole block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// It runs and answers.
    Alive,
    /// What it runs in runs and answers.
    HostAlive,
    /// Free cpu of what it runs in.
    HostCpu,
    /// Free memory of what it runs in.
    HostMemory,
    /// Free disk of what it runs in.
    HostDisk,
    /// The cpu that its implementation needs.
    NeedCpu,
    /// The memory that its implementation needs.
    NeedMemory,
    /// The disk that its implementation needs.
    NeedDisk,
    /// How many of it there are.
    Count,
    /// How many wires are connected to it.
    Wires,
    /// The share of its cpu that is in use.
    Load,
    /// The packets that pass it in a second.
    PacketRate,
}

/// What a fact or a term is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TermKind {
    /// True or false.
    Truth,
    /// A whole number.
    Number,
    /// An amount.
    Amount(Dimension),
}

impl TermKind {
    fn noun(self) -> String {
        match self {
            TermKind::Truth => "a truth".into(),
            TermKind::Number => "a whole number".into(),
            TermKind::Amount(dimension) => format!("an amount of {}", dimension.name()),
        }
    }
}

/// Every fact: how it is written and what it is.
pub static FACTS: [(&str, Fact, TermKind); 12] = [
    ("alive", Fact::Alive, TermKind::Truth),
    ("count", Fact::Count, TermKind::Number),
    ("host.alive", Fact::HostAlive, TermKind::Truth),
    ("host.cpu", Fact::HostCpu, TermKind::Amount(Dimension::Cpu)),
    ("host.disk", Fact::HostDisk, TermKind::Amount(Dimension::Memory)),
    ("host.memory", Fact::HostMemory, TermKind::Amount(Dimension::Memory)),
    ("load", Fact::Load, TermKind::Amount(Dimension::Ratio)),
    ("need.cpu", Fact::NeedCpu, TermKind::Amount(Dimension::Cpu)),
    ("need.disk", Fact::NeedDisk, TermKind::Amount(Dimension::Memory)),
    ("need.memory", Fact::NeedMemory, TermKind::Amount(Dimension::Memory)),
    ("packet_rate", Fact::PacketRate, TermKind::Amount(Dimension::PacketRate)),
    ("wires", Fact::Wires, TermKind::Number),
];

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Known from the parameters.
    Known(bool),
    /// A fact that is a truth.
    Holds(Fact),
    /// Two terms of one kind compared.
    Compare(Term, Relation, Term),
    /// The opposite.
    Not(Box<Condition>),
    /// All of them.
    All(Vec<Condition>),
    /// At least one of them.
    Any(Vec<Condition>),
}

/// How two terms compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

impl Relation {
    fn of(op: BinaryOp) -> Option<Relation> {
        match op {
            BinaryOp::Lt => Some(Relation::Less),
            BinaryOp::Le => Some(Relation::AtMost),
            BinaryOp::Eq => Some(Relation::Equal),
            BinaryOp::Ne => Some(Relation::Unequal),
            BinaryOp::Ge => Some(Relation::AtLeast),
            BinaryOp::Gt => Some(Relation::More),
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Xor
            | BinaryOp::Shl
            | BinaryOp::Shr => None,
        }
    }

    /// That which holds where this does not.
    pub fn opposite(self) -> Relation {
        match self {
            Relation::Less => Relation::AtLeast,
            Relation::AtMost => Relation::More,
            Relation::Equal => Relation::Unequal,
            Relation::Unequal => Relation::Equal,
            Relation::AtLeast => Relation::Less,
            Relation::More => Relation::AtMost,
        }
    }

    /// With its sides exchanged.
    pub fn mirrored(self) -> Relation {
        match self {
            Relation::Less => Relation::More,
            Relation::AtMost => Relation::AtLeast,
            Relation::Equal | Relation::Unequal => self,
            Relation::AtLeast => Relation::AtMost,
            Relation::More => Relation::Less,
        }
    }
}

/// A number or an amount; amounts are in the smallest unit of what they measure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// Known.
    Known(u128),
    /// A fact.
    Fact(Fact),
    /// The sum.
    Sum(Box<Term>, Box<Term>),
    /// The difference, or nothing where it would be less than that.
    Difference(Box<Term>, Box<Term>),
    /// So many times.
    Times(Box<Term>, u128),
}

/// Reads a condition; complains of names and kinds that do not fit.
pub(super) fn condition(cx: &mut Cx<'_>, expr: &Expr, env: &Params) -> Option<Condition> {
    match &expr.kind {
        ExprKind::All(all) => conditions(cx, all, env).map(Condition::All),
        ExprKind::Any(any) => conditions(cx, any, env).map(Condition::Any),
        ExprKind::Not(of) => condition(cx, of, env).map(|of| Condition::Not(Box::new(of))),
        ExprKind::Binary(op, a, b) => match Relation::of(*op) {
            Some(relation) => compared(cx, expr.node, relation, (a, b), env),
            None => no_truth(cx, expr.node, None),
        },
        ExprKind::In(a, set) => match &set.kind {
            ExprKind::Range(lo, hi) => {
                let least = compared(cx, expr.node, Relation::AtLeast, (a, lo), env);
                let most = compared(cx, expr.node, Relation::AtMost, (a, hi), env);
                Some(Condition::All(vec![least?, most?]))
            }
            _ => no_truth(cx, expr.node, None),
        },
        ExprKind::Name(_) | ExprKind::Member(..) => truth(cx, expr, env),
        ExprKind::Bad => None,
        _ => no_truth(cx, expr.node, None),
    }
}

fn conditions(cx: &mut Cx<'_>, exprs: &[Expr], env: &Params) -> Option<Vec<Condition>> {
    let all: Vec<Option<Condition>> = exprs.iter().map(|e| condition(cx, e, env)).collect();
    all.into_iter().collect()
}

/// A name that is a truth by itself.
fn truth(cx: &mut Cx<'_>, expr: &Expr, env: &Params) -> Option<Condition> {
    if let Some((_, fact, kind)) = fact_of(expr) {
        return match kind {
            TermKind::Truth => Some(Condition::Holds(*fact)),
            TermKind::Number | TermKind::Amount(_) => no_truth(cx, expr.node, Some(kind.noun())),
        };
    }
    match known(cx, expr, env)? {
        Value::Bool(value) => Some(Condition::Known(value)),
        other => no_truth(cx, expr.node, Some(noun(&other))),
    }
}

fn compared(
    cx: &mut Cx<'_>,
    at: NodeId,
    relation: Relation,
    (a, b): (&Expr, &Expr),
    env: &Params,
) -> Option<Condition> {
    let (left, right) = (term(cx, a, env), term(cx, b, env));
    let ((left, one), (right, other)) = (left?, right?);
    if one != other {
        cx.report(kinds_differ(cx, at, one, other));
        return None;
    }
    Some(Condition::Compare(left, relation, right))
}

fn term(cx: &mut Cx<'_>, expr: &Expr, env: &Params) -> Option<(Term, TermKind)> {
    if let Some((_, fact, kind)) = fact_of(expr) {
        if *kind == TermKind::Truth {
            cx.report(no_amount(cx, expr.node, &kind.noun()));
            return None;
        }
        return Some((Term::Fact(*fact), *kind));
    }
    match &expr.kind {
        ExprKind::Binary(op @ (BinaryOp::Add | BinaryOp::Sub), a, b) => {
            let (left, right) = (term(cx, a, env), term(cx, b, env));
            let ((left, one), (right, other)) = (left?, right?);
            if one != other {
                cx.report(kinds_differ(cx, expr.node, one, other));
                return None;
            }
            let (left, right) = (Box::new(left), Box::new(right));
            let sum = if *op == BinaryOp::Add { Term::Sum(left, right) } else { Term::Difference(left, right) };
            Some((sum, one))
        }
        ExprKind::Binary(BinaryOp::Mul, a, b) => {
            let (left, right) = (term(cx, a, env), term(cx, b, env));
            match (left?, right?) {
                ((Term::Known(n), TermKind::Number), (of, kind)) | ((of, kind), (Term::Known(n), TermKind::Number)) => {
                    Some((Term::Times(Box::new(of), n), kind))
                }
                _ => {
                    cx.report(not_linear(cx, expr.node));
                    None
                }
            }
        }
        _ => match known(cx, expr, env)? {
            Value::Int(value) => Some((Term::Known(value), TermKind::Number)),
            Value::Quantity(Quantity { amount, dimension }) => {
                Some((Term::Known(amount.into()), TermKind::Amount(dimension)))
            }
            other => {
                cx.report(no_amount(cx, expr.node, &noun(&other)));
                None
            }
        },
    }
}

/// A constant; an unknown name is said to be no fact either.
fn known(cx: &mut Cx<'_>, expr: &Expr, env: &Params) -> Option<Value> {
    let written = path(expr);
    match &written {
        Some(name) if !env.contains_key(name) && name != "true" && name != "false" => {
            cx.report(unknown_fact(cx, expr.node, name, env));
            None
        }
        _ => constant(cx, expr, env),
    }
}

fn fact_of(expr: &Expr) -> Option<&'static (&'static str, Fact, TermKind)> {
    let written = path(expr)?;
    FACTS.iter().find(|(name, ..)| *name == written)
}

/// `host.cpu`
fn path(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Member(of, name) => match &of.kind {
            ExprKind::Name(first) => Some(format!("{}.{}", first.text, name.text)),
            _ => None,
        },
        _ => None,
    }
}

fn no_truth(cx: &mut Cx<'_>, at: NodeId, found: Option<String>) -> Option<Condition> {
    let message = match found {
        Some(found) => format!("a condition is a truth, this is {found}"),
        None => "this is not a condition of an event".into(),
    };
    cx.report(
        Diagnostic::new(Code::E0318, cx.at(at), message)
            .with_help("compare facts with amounts and numbers, as in `host.memory >= need.memory and alive`"),
    );
    None
}

fn no_amount(cx: &Cx<'_>, at: NodeId, found: &str) -> Problem {
    Diagnostic::new(Code::E0318, cx.at(at), format!("numbers and amounts are compared, this is {found}"))
        .with_help("write a truth by itself, as in `alive` or `not alive`")
}

fn not_linear(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0318, cx.at(at), "a fact is multiplied by a whole number, not by another fact")
}

fn kinds_differ(cx: &Cx<'_>, at: NodeId, one: TermKind, other: TermKind) -> Problem {
    let message = format!("this compares or adds {} and {}", one.noun(), other.noun());
    Diagnostic::new(Code::E0340, cx.at(at), message).with_help("add, subtract and compare only what measures the same")
}

fn unknown_fact(cx: &Cx<'_>, at: NodeId, name: &str, env: &Params) -> Problem {
    let facts = || FACTS.iter().map(|(name, ..)| *name);
    let near = nearest(name, facts().chain(env.keys().map(String::as_str)));
    let mut problem =
        Diagnostic::new(Code::E0318, cx.at(at), format!("`{name}` is nothing that a condition of an event knows"));
    problem.fix = near.map(|near| rdcl_base::Fix { at: cx.at(at), replacement: near.to_owned() });
    problem.with_help(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}, and the parameters of the block", facts().collect::<Vec<_>>().join(", ")),
    })
}
