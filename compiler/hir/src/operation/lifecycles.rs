//! Life cycles: the states of a block, what happens to it or to its parts, and how long that may take.
//!
//! A block has the states and events of its parents; what it says itself of the same event in the same state counts, as
//! far as that keeps what the parent says.

mod checks;
mod condition;
mod logic;

use crate::bodies::body;
use crate::cx::Cx;
use crate::eval::evaluate;
use crate::instance::{Instance, members, params};
use crate::lineage::instance_lineage;
use crate::part::parts;
use crate::source::db::Db;
use crate::source::loc::{Loc, Problem};
use crate::value::{Type, Value};
use crate::wire::ends::{offsets, report_unknown_part};
use rdcl_base::{Code, Diagnostic, Dimension, Fix, nearest};
use rdcl_syntax::ast::{self, Expr, ExprKind, Member, Name, Transition};

pub use condition::{Condition, FACTS, Fact, Relation, Term, TermKind};

/// What can happen to a part, or to the whole.
pub const EVENTS: [&str; 11] =
    ["create", "delete", "heal", "instantiate", "migrate", "restart", "scale", "start", "stop", "terminate", "update"];

/// A state of a life cycle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LifeState {
    /// Its name.
    pub name: String,
    /// Whether a life begins in it.
    pub is_initial: bool,
    /// Whether a life ends in it.
    pub is_final: bool,
    /// Where it is declared.
    pub place: Loc,
}

/// From where to where an event leads, by the positions of states.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The states in which it may happen.
    pub from: Vec<usize>,
    /// The state that follows.
    pub to: usize,
}

/// An event of a life cycle: a transition where states are named, and what may happen in any state where not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// One of [`EVENTS`].
    pub verb: String,
    /// The parts it is about; none for the whole.
    pub targets: Vec<String>,
    /// From where to where it leads; none where it changes no state.
    pub step: Option<Step>,
    /// What has to hold before.
    pub pre: Option<Condition>,
    /// What has to hold after.
    pub post: Option<Condition>,
    /// Time allowed, in nanoseconds.
    pub within: Option<u64>,
    /// The event that leads back where this one fails, one of [`EVENTS`].
    pub undo: Option<String>,
    /// Where it is written.
    pub place: Loc,
}

/// The life cycle of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// Its parents' states, then its own.
    pub states: Vec<LifeState>,
    /// Its own events in order, then those of its parents that it does not state itself.
    pub events: Vec<Event>,
    /// What is wrong with its own.
    pub problems: Vec<Problem>,
}

/// The life cycle of an instance.
#[salsa::tracked(returns(ref))]
pub fn lifecycle<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Lifecycle {
    let (lineage, mut found) = (instance_lineage(db, instance), Lifecycle::default());
    for ancestor in lineage.iter().rev() {
        let mut cx = Cx::new(db, ancestor.rfb(db));
        let before = found.states.len();
        declared(db, *ancestor).for_each(|tree| add_states(&mut cx, &mut found.states, before, tree));
        if *ancestor == instance {
            found.problems.append(&mut cx.problems);
        }
    }
    for ancestor in lineage {
        let mut cx = Cx::new(db, ancestor.rfb(db));
        let trees = declared(db, *ancestor).flat_map(|tree| &tree.transitions);
        let events: Vec<Event> = trees.filter_map(|t| event(&mut cx, *ancestor, &found.states, t)).collect();
        if *ancestor == instance {
            found.problems.append(&mut cx.problems);
            found.events = events;
        } else {
            let nearer = found.events.clone();
            events.into_iter().for_each(|event| inherit(&mut found, &nearer, event));
        }
    }
    if declared(db, instance).next().is_some() {
        let problems = checks::problems(&found);
        found.problems.extend(problems);
    }
    found
}

/// The life cycles that the RFB of an instance declares itself.
fn declared<'db>(db: &'db dyn Db, instance: Instance<'db>) -> impl Iterator<Item = &'db ast::Lifecycle> {
    let lifecycle = |member: &'db Member| if let Member::Lifecycle(tree) = member { Some(tree) } else { None };
    members(db, instance.rfb(db)).iter().filter_map(lifecycle)
}

/// Adds the states that a life cycle declares; one that a parent declares already, which are the first so many, may be
/// declared again as it is.
fn add_states(cx: &mut Cx<'_>, states: &mut Vec<LifeState>, parents: usize, tree: &ast::Lifecycle) {
    for clause in &tree.states {
        let mark = clause.mark.as_ref().map(|mark| mark.text.as_str());
        if let Some(unknown) = clause.mark.as_ref().filter(|mark| !["initial", "final"].contains(&mark.text.as_str())) {
            cx.report(unknown_mark(cx, unknown));
        }
        for name in &clause.names {
            let state = LifeState {
                name: name.text.clone(),
                is_initial: mark == Some("initial"),
                is_final: mark == Some("final"),
                place: cx.at(name.node),
            };
            match states.iter().enumerate().find(|(_, known)| known.name == state.name) {
                None => states.push(state),
                Some((i, known)) if i >= parents => cx.report(state_twice(&state, known)),
                Some((_, known)) if (known.is_initial, known.is_final) != (state.is_initial, state.is_final) => {
                    cx.report(checks::other_mark(&state, known));
                }
                Some(_) => {}
            }
        }
    }
}

/// Adds an event of a parent, in the states in which none that is nearer says what it does.
fn inherit(found: &mut Lifecycle, nearer: &[Event], mut event: Event) {
    let mut problems = Vec::new();
    let same: Vec<&Event> = nearer.iter().filter(|own| checks::is_same(own, &event)).collect();
    for other in same {
        let (from, kept) = match (&other.step, &event.step) {
            (Some(own), Some(step)) => {
                let both: Vec<usize> = step.from.iter().copied().filter(|s| own.from.contains(s)).collect();
                let kept = !both.is_empty();
                (both, kept)
            }
            (None, None) => (Vec::new(), true),
            (Some(_), None) | (None, Some(_)) => (Vec::new(), false),
        };
        if !kept {
            continue;
        }
        problems.extend(checks::unkept(&found.states, other, &event));
        match &mut event.step {
            Some(step) => step.from.retain(|state| !from.contains(state)),
            None => {
                found.problems.extend(problems);
                return;
            }
        }
    }
    found.problems.extend(problems);
    if event.step.as_ref().is_none_or(|step| !step.from.is_empty()) {
        found.events.push(event);
    }
}

fn event<'db>(
    cx: &mut Cx<'db>,
    instance: Instance<'db>,
    states: &[LifeState],
    transition: &Transition,
) -> Option<Event> {
    let verb = &transition.verb;
    known_event(cx, verb);
    if let Some(undo) = &transition.undo {
        known_event(cx, undo);
    }
    let env = params(cx.db, instance);
    let read = |cx: &mut Cx<'db>, expr: &Option<Expr>| match expr {
        Some(expr) if expr.kind != ExprKind::Bad => condition::condition(cx, expr, env),
        Some(_) | None => None,
    };
    let (pre, post) = (read(cx, &transition.pre), read(cx, &transition.post));
    // What cannot be read is said; that it may hold together with others would only be a second complaint.
    let pre = pre.or_else(|| transition.pre.as_ref().map(|_| Condition::Known(false)));
    let step = transition.step.as_ref().map(|(from, to)| step(cx, states, from, to));
    let within = match &transition.within {
        Some(within) => match evaluate(cx, within, &Type::Quantity(Dimension::Time), env)? {
            Value::Quantity(quantity) => Some(quantity.amount),
            _ => None,
        },
        None => None,
    };
    let targets = targets(cx, instance, transition)?;
    let step = match step {
        Some(step) => Some(step?),
        None => None,
    };
    let (verb, undo) = (verb.text.clone(), transition.undo.as_ref().map(|undo| undo.text.clone()));
    Some(Event { verb, targets, step, pre, post, within, undo, place: cx.at(transition.node) })
}

fn step(cx: &mut Cx<'_>, states: &[LifeState], from: &[Name], to: &Name) -> Option<Step> {
    let mut find = |name: &Name| {
        let found = states.iter().position(|state| state.name == name.text);
        if found.is_none() {
            cx.report(unknown_state(cx, states, name));
        }
        found
    };
    let from: Vec<Option<usize>> = from.iter().map(&mut find).collect();
    let to = find(to);
    Some(Step { from: from.into_iter().collect::<Option<_>>()?, to: to? })
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

/// Complains of a word that is no event.
fn known_event(cx: &mut Cx<'_>, verb: &Name) {
    if EVENTS.contains(&verb.text.as_str()) {
        return;
    }
    let near = nearest(&verb.text, EVENTS);
    let help = match (verb.text.as_str(), near) {
        ("operate", _) => "an operation is to `start` or to `stop`".into(),
        (_, Some(near)) => format!("did you mean `{near}`?"),
        (_, None) => format!("the events are {}", EVENTS.join(", ")),
    };
    let message = format!("`{}` is not an event of a life cycle", verb.text);
    let mut problem = Diagnostic::new(Code::E0314, cx.at(verb.node), message).with_help(help);
    problem.fix = near.map(|near| Fix { at: cx.at(verb.node), replacement: near.to_owned() });
    cx.report(problem);
}

fn unknown_state(cx: &Cx<'_>, states: &[LifeState], name: &Name) -> Problem {
    Diagnostic::new(Code::E0351, cx.at(name.node), format!("there is no state `{}` in this life cycle", name.text))
        .with_help(format!("declare it, as in `state {};`", name.text))
        .misspelt(&name.text, states.iter().map(|state| state.name.as_str()))
}

fn unknown_mark(cx: &Cx<'_>, mark: &Name) -> Problem {
    let message = format!("a state is `initial` or `final`, not `{}`", mark.text);
    let near = nearest(&mark.text, ["initial", "final"]);
    let mut problem = Diagnostic::new(Code::E0356, cx.at(mark.node), message)
        .with_optional_help(near.map(|near| format!("did you mean `{near}`?")));
    problem.fix = near.map(|near| Fix { at: cx.at(mark.node), replacement: near.to_owned() });
    problem
}

fn state_twice(state: &LifeState, first: &LifeState) -> Problem {
    Diagnostic::new(Code::E0203, state.place, format!("the state `{}` is declared twice", state.name))
        .with_label(first.place, "first declared here")
}

fn not_a_part(cx: &Cx<'_>, transition: &Transition) -> Problem {
    let at = transition.target.as_ref().map_or(transition.node, |t| t.node);
    Diagnostic::new(Code::E0207, cx.at(at), "an event happens to a part of this block, not deeper")
}
