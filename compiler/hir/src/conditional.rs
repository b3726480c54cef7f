//! Members under a condition, and blocks that hold smaller instances of themselves.
//!
//! `if n > 0 { part next: Chain(n - 1); … }` is there for some arguments and not for others. A part of the same block under
//! such a condition is allowed when an argument shrinks: then the nest ends, whatever the condition.

use crate::click::circuit;
use crate::cx::{Cx, Params};
use crate::eval::evaluate;
use crate::instance::members;
use crate::instance::param::signature;
use crate::source::db::Db;
use crate::source::item::Item;
use crate::source::loc::Problem;
use crate::source::names::{Kind, lookup, resolve};
use crate::value::{Type, Value};
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::ast::{BinaryOp, ExprKind, Member, Part};

/// The deepest that a block may hold itself.
pub(crate) const DEEPEST_RECURSION: u128 = 32;

/// The members of a block, those under conditions and those that a behaviour in Click comes to included, each with whether
/// it is under a condition.
pub(crate) fn every_member<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<(&'db Member, bool)> {
    let mut found = Vec::new();
    let all = members(db, item).iter().chain(&circuit(db, item).members);
    let mut open: Vec<(&Member, bool)> = all.rev().map(|m| (m, false)).collect();
    while let Some((member, under)) = open.pop() {
        match member {
            Member::If(c) => open.extend(c.then.iter().chain(&c.otherwise).rev().map(|m| (m, true))),
            _ => found.push((member, under)),
        }
    }
    found
}

/// The members that are there for these arguments.
pub(crate) fn chosen_members<'db>(cx: &mut Cx<'db>, env: &Params) -> Vec<&'db Member> {
    let mut found = Vec::new();
    let mut open: Vec<&'db Member> =
        members(cx.db, cx.item).iter().chain(&circuit(cx.db, cx.item).members).rev().collect();
    while let Some(member) = open.pop() {
        let Member::If(c) = member else {
            found.push(member);
            continue;
        };
        match evaluate(cx, &c.condition, &Type::Bool, env) {
            Some(Value::Bool(true)) => open.extend(c.then.iter().rev()),
            Some(_) => open.extend(c.otherwise.iter().rev()),
            None => {}
        }
    }
    found
}

/// The parts of a block, those under conditions included, each with whether it is under one.
pub(crate) fn every_part<'db>(db: &'db dyn Db, item: Item<'db>) -> impl Iterator<Item = (&'db Part, bool)> {
    let parts = every_member(db, item).into_iter();
    parts.filter_map(|(member, under)| if let Member::Part(part) = member { Some((part, under)) } else { None })
}

/// For a part that is a smaller instance of the block itself the parameter that shrinks.
pub(crate) fn shrinking<'db>(db: &'db dyn Db, item: Item<'db>, part: &Part) -> Option<String> {
    if lookup(db, item, &part.rfb) != Some(item) {
        return None;
    }
    let params: Vec<_> = signature(db, item).params.iter().filter(|p| !p.is_type).collect();
    part.args.iter().enumerate().find_map(|(i, arg)| {
        let param = match &arg.name {
            Some(name) => params.iter().find(|p| p.name == name.text)?,
            None => params.get(i)?,
        };
        let ExprKind::Binary(BinaryOp::Sub, from, by) = &arg.value.kind else { return None };
        let (ExprKind::Name(from), ExprKind::Int(1..)) = (&from.kind, &by.kind) else { return None };
        (from.text == param.name && matches!(param.ty, Type::Uint(_))).then(|| param.name.clone())
    })
}

/// Whether a block holds smaller instances of itself.
pub(crate) fn is_recursive<'db>(db: &'db dyn Db, item: Item<'db>) -> bool {
    every_part(db, item).any(|(part, under)| under && shrinking(db, item, part).is_some())
}

/// Complains of members that cannot depend on a condition, and of parts that are nothing whatever the condition.
pub(crate) fn conditional_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let mut cx = Cx::new(db, item);
    for (member, _) in every_member(db, item).into_iter().filter(|(_, under)| *under) {
        if let Member::Part(part) = member {
            _ = resolve(&mut cx, &part.rfb, Kind::Block);
        }
        if let Some((node, what)) = fixed_member(member) {
            cx.report(not_under_condition(&cx, node, what));
        }
    }
    cx.problems
}

fn fixed_member(member: &Member) -> Option<(NodeId, &'static str)> {
    match member {
        Member::Port(port) => Some((port.name.node, "a port")),
        Member::Behaviour(behaviour) => Some((behaviour.language.node, "a behaviour")),
        Member::Ensures(ensures) => Some((ensures.node, "a promise")),
        Member::Impl(implementation) => Some((implementation.name.node, "an implementation")),
        Member::Sla(sla) => Some((sla.name.node, "a service level")),
        Member::Lifecycle(lifecycle) => Some((lifecycle.node, "a life cycle")),
        Member::Intent(intent) => Some((intent.language.node, "an intent")),
        Member::Policy(policy) => Some((policy.name.node, "a policy")),
        Member::Part(_) | Member::Wire(_) | Member::If(_) | Member::Bad(_) => None,
    }
}

fn not_under_condition(cx: &Cx<'_>, at: NodeId, what: &str) -> Problem {
    Diagnostic::new(Code::E0325, cx.at(at), format!("{what} cannot depend on a condition"))
        .with_note("parts and wires can: what a block looks like from outside does not change with its arguments")
        .with_help("move it out of the `if`")
}
