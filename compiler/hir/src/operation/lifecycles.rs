//! Life cycles: what is done to which part, and how long it may take.

use crate::bodies::body;
use crate::cx::{Cx, did_you_mean};
use crate::eval::evaluate;
use crate::instance::{Instance, members, params};
use crate::part::parts;
use crate::source::db::Db;
use crate::source::loc::{Loc, Problem};
use crate::value::{Type, Value};
use crate::wire::ends::{offsets, report_unknown_part};
use rdcl_base::{Code, Diagnostic, Dimension};
use rdcl_syntax::ast::{Expr, ExprKind, Member, Name, Transition};

/// What can happen to a part, or to the whole.
pub const EVENTS: [&str; 8] = ["heal", "migrate", "restart", "scale", "start", "stop", "terminate", "update"];

/// A transition of a life cycle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// One of [`EVENTS`].
    pub verb: String,
    /// The parts it is about; none for the whole.
    pub targets: Vec<String>,
    /// Time allowed, in nanoseconds.
    pub within: Option<u64>,
    /// Where it is written.
    pub place: Loc,
}

/// The life cycle of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// In order.
    pub events: Vec<Event>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

/// The life cycle that an instance's RFB declares.
#[salsa::tracked(returns(ref))]
pub fn lifecycle<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Lifecycle {
    let (mut cx, mut events) = (Cx::new(db, instance.rfb(db)), Vec::new());
    for member in members(db, instance.rfb(db)) {
        let Member::Lifecycle(lifecycle) = member else { continue };
        events.extend(lifecycle.transitions.iter().filter_map(|t| event(&mut cx, instance, t)));
    }
    Lifecycle { events, problems: cx.problems }
}

fn event<'db>(cx: &mut Cx<'db>, instance: Instance<'db>, transition: &Transition) -> Option<Event> {
    let verb = &transition.verb;
    if !EVENTS.contains(&verb.text.as_str()) {
        cx.report(unknown_event(cx, verb));
    }
    if let Some(pre) = transition.pre.as_ref().filter(|pre| pre.kind != ExprKind::Bad) {
        cx.report(condition_unsupported(cx, pre));
    }
    let env = params(cx.db, instance);
    let within = match &transition.within {
        Some(within) => match evaluate(cx, within, &Type::Quantity(Dimension::Time), env)? {
            Value::Quantity(quantity) => Some(quantity.amount),
            _ => None,
        },
        None => None,
    };
    let targets = targets(cx, instance, transition)?;
    Some(Event { verb: verb.text.clone(), targets, within, place: cx.at(transition.node) })
}

fn targets<'db>(cx: &mut Cx<'db>, instance: Instance<'db>, transition: &Transition) -> Option<Vec<String>> {
    let Some(target) = &transition.target else { return Some(Vec::new()) };
    let owner = body(cx.db, instance).owner()?;
    let parts = parts(cx.db, owner);
    let groups = &parts.groups;
    let [segment] = target.segments.as_slice() else {
        cx.report(not_a_part(cx, transition));
        return None;
    };
    let Some(group) = groups.iter().find(|g| g.name == segment.name.text) else {
        report_unknown_part(cx, &segment.name, Some(parts));
        return None;
    };
    let env = params(cx.db, instance);
    let which = if segment.index.is_none() { all(group.array) } else { offsets(cx, segment, group.array, env)? };
    let names: Vec<String> = group.names().collect();
    Some(which.into_iter().filter_map(|i| names.get(i as usize).cloned()).collect())
}

fn all(array: Option<(u64, u64)>) -> Vec<u32> {
    array.map_or(vec![0], |(lo, hi)| (0..=(hi - lo) as u32).collect())
}

fn unknown_event(cx: &Cx<'_>, verb: &Name) -> Problem {
    Diagnostic::new(Code::E0314, cx.at(verb.node), format!("`{}` is not an event of a life cycle", verb.text))
        .with_help(did_you_mean(&verb.text, EVENTS).unwrap_or_else(|| format!("the events are {}", EVENTS.join(", "))))
}

fn not_a_part(cx: &Cx<'_>, transition: &Transition) -> Problem {
    let at = transition.target.as_ref().map_or(transition.node, |t| t.node);
    Diagnostic::new(Code::E0207, cx.at(at), "an event happens to a part of this block, not deeper")
}

fn condition_unsupported(cx: &Cx<'_>, pre: &Expr) -> Problem {
    Diagnostic::new(Code::E0318, cx.at(pre.node), "a condition of an event is not supported yet")
        .with_help("leave out `pre` and what follows it")
}
