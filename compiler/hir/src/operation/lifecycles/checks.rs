//! What is wrong with a life cycle as a whole.

use super::logic::{exclude_each_other, implies};
use super::{Condition, Event, LifeState, Lifecycle};
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, Dimension, Quantity, Severity};

/// Everything that is wrong with the machine that states and events make.
///
/// What is missing is complained of only if every state and event could be read.
pub(super) fn problems(lifecycle: &Lifecycle) -> Vec<Problem> {
    let whole = lifecycle.problems.iter().all(|problem| problem.severity != Severity::Error);
    let mut found = if whole { beginnings(lifecycle) } else { Vec::new() };
    if whole && found.is_empty() {
        found.extend(lost_states(lifecycle));
    }
    for (i, event) in lifecycle.events.iter().enumerate() {
        found.extend(after_the_end(lifecycle, event));
        found.extend(no_way_back(lifecycle, event));
        let before = &lifecycle.events[..i];
        found.extend(before.iter().find_map(|first| both_apply(lifecycle, event, first)));
    }
    found
}

/// Exactly one state is the first.
fn beginnings(lifecycle: &Lifecycle) -> Vec<Problem> {
    let initial: Vec<&LifeState> = lifecycle.states.iter().filter(|state| state.is_initial).collect();
    match (lifecycle.states.first(), initial.as_slice()) {
        (None, _) | (_, [_]) => Vec::new(),
        (Some(first), []) => {
            let message = "no state of this life cycle is `initial`";
            let help = format!("say in which one a life begins, as in `state {} initial;`", first.name);
            vec![Diagnostic::new(Code::E0350, first.place, message).with_help(help)]
        }
        (_, [first, others @ ..]) => {
            let problem = |other: &&LifeState| {
                let message = format!("`{}` and `{}` are both `initial`", first.name, other.name);
                Diagnostic::new(Code::E0350, other.place, message)
                    .with_label(first.place, "a life begins here already")
                    .with_help("leave out one `initial`")
            };
            others.iter().map(problem).collect()
        }
    }
}

/// The states that can be come to from some, following events or going against them.
fn reached(lifecycle: &Lifecycle, start: impl Iterator<Item = usize>, backwards: bool) -> Vec<bool> {
    let mut reached = vec![false; lifecycle.states.len()];
    let mut open: Vec<usize> = start.collect();
    while let Some(state) = open.pop() {
        if std::mem::replace(&mut reached[state], true) {
            continue;
        }
        for step in lifecycle.events.iter().filter_map(|event| event.step.as_ref()) {
            match backwards {
                true if step.to == state => open.extend(&step.from),
                false if step.from.contains(&state) => open.push(step.to),
                true | false => {}
            }
        }
    }
    reached
}

/// States that no life comes to, and states from which none comes to its end.
fn lost_states(lifecycle: &Lifecycle) -> Vec<Problem> {
    let marked = |is: fn(&LifeState) -> bool| {
        lifecycle.states.iter().enumerate().filter(move |(_, state)| is(state)).map(|(i, _)| i)
    };
    let from_start = reached(lifecycle, marked(|s| s.is_initial), false);
    let to_end = reached(lifecycle, marked(|s| s.is_final), true);
    let ends = lifecycle.states.iter().any(|state| state.is_final);
    let mut found = Vec::new();
    for (i, state) in lifecycle.states.iter().enumerate() {
        if !from_start[i] {
            let message = format!("no event leads to the state `{}`", state.name);
            let help = "let an event lead there from a state that is reached, or leave it out";
            found.push(Diagnostic::new(Code::W0311, state.place, message).with_help(help));
        } else if ends && !to_end[i] {
            let message = format!("no way leads from the state `{}` to a final one", state.name);
            let help = "let an event lead on from there, or say that it is `final`";
            found.push(Diagnostic::new(Code::W0312, state.place, message).with_help(help));
        }
    }
    found
}

/// An event that happens in a final state.
fn after_the_end(lifecycle: &Lifecycle, event: &Event) -> Option<Problem> {
    let from = event.step.iter().flat_map(|step| &step.from);
    let state = from.map(|state| &lifecycle.states[*state]).find(|state| state.is_final)?;
    let message = format!("`on {}` leads on from `{}`, where a life ends", event.verb, state.name);
    Some(Diagnostic::new(Code::E0354, event.place, message).with_label(state.place, "declared `final` here"))
}

/// An event that another one is to undo, which does not lead back.
fn no_way_back(lifecycle: &Lifecycle, event: &Event) -> Option<Problem> {
    let undo = event.undo.as_ref()?;
    let Some(step) = &event.step else {
        let message = format!("`on {}` changes no state, so there is nothing that `{undo}` leads back to", event.verb);
        return Some(
            Diagnostic::new(Code::E0353, event.place, message)
                .with_help("say from which state to which it leads, or leave out `undo`"),
        );
    };
    let back = |to: usize| {
        let steps = lifecycle.events.iter().filter(|e| e.verb == *undo).filter_map(|e| e.step.as_ref());
        steps.clone().any(|back| back.to == to && back.from.contains(&step.to))
    };
    let lost = step.from.iter().copied().find(|from| !back(*from))?;
    let (from, to) = (&lifecycle.states[lost].name, &lifecycle.states[step.to].name);
    let message = format!("`{undo}` does not lead back from `{to}` to `{from}`");
    let problem = Diagnostic::new(Code::E0353, event.place, message)
        .with_help(format!("add `on {undo}: {to} -> {from};`, or let another event undo it"));
    let others = lifecycle.events.iter().filter(|e| e.verb == *undo && e.step.is_some());
    Some(others.fold(problem, |problem, other| problem.with_label(other.place, "this is where it leads")))
}

/// Two events of the same name that may happen in the same state, so that it is not said which one does. One that
/// changes no state may happen in any.
fn both_apply(lifecycle: &Lifecycle, event: &Event, first: &Event) -> Option<Problem> {
    let together = event.targets == first.targets || event.targets.iter().any(|t| first.targets.contains(t));
    let in_state = |state: &usize| format!("in `{}`", lifecycle.states[*state].name);
    let at_once = match (&event.step, &first.step) {
        (Some(step), Some(other)) => in_state(step.from.iter().find(|state| other.from.contains(state))?),
        (Some(step), None) | (None, Some(step)) => in_state(step.from.first()?),
        (None, None) => "at any time".to_owned(),
    };
    if event.verb != first.verb || !together {
        return None;
    }
    let always = Condition::Known(true);
    let (a, b) = (event.pre.as_ref().unwrap_or(&always), first.pre.as_ref().unwrap_or(&always));
    if exclude_each_other(a, b) {
        return None;
    }
    let message = format!("two `on {}` may happen {at_once}", event.verb);
    Some(
        Diagnostic::new(Code::E0352, event.place, message)
            .with_label(first.place, "the other one")
            .with_help("give them conditions `pre` that exclude each other, such as `alive` and `not alive`"),
    )
}

/// Whether an event of a child is that of a parent, stated again: they are no two events that exclude each other.
pub(super) fn is_same(own: &Event, parents: &Event) -> bool {
    let excluded = own.pre.as_ref().zip(parents.pre.as_ref()).is_some_and(|(a, b)| exclude_each_other(a, b));
    (&own.verb, &own.targets) == (&parents.verb, &parents.targets) && !excluded
}

/// What an event of a child does not keep of the same event of a parent.
pub(super) fn unkept(states: &[LifeState], own: &Event, parents: &Event) -> Option<Problem> {
    let name = |state: usize| states[state].name.as_str();
    let always = Condition::Known(true);
    let (pre, post) = (own.pre.as_ref().unwrap_or(&always), own.post.as_ref().unwrap_or(&always));
    let (their_pre, their_post) = (parents.pre.as_ref().unwrap_or(&always), parents.post.as_ref().unwrap_or(&always));
    let leads = own.step.as_ref().zip(parents.step.as_ref()).filter(|(own, step)| own.to != step.to);
    let what = if let Some((own, step)) = leads {
        format!("leads to `{}`, where the parent's leads to `{}`", name(own.to), name(step.to))
    } else if !implies(their_pre, pre) {
        "may ask more before than the parent's".into()
    } else if !implies(post, their_post) {
        "may promise less after than the parent's".into()
    } else {
        let theirs = parents.within?;
        if own.within.is_some_and(|own| own <= theirs) {
            return None;
        }
        let time = Quantity { amount: theirs, dimension: Dimension::Time };
        format!("may take longer than the parent's, which takes {time} at most")
    };
    Some(
        Diagnostic::new(Code::E0355, own.place, format!("`on {}` {what}", own.verb))
            .with_label(parents.place, "the parent says so here")
            .with_help("a child keeps what its parent's life cycle says; it may add states and events"),
    )
}

/// A state of the parent that is declared again, and differently.
pub(super) fn other_mark(state: &LifeState, parents: &LifeState) -> Problem {
    let message = format!("the parent declares the state `{}` differently", state.name);
    Diagnostic::new(Code::E0355, state.place, message)
        .with_label(parents.place, "the parent says so here")
        .with_help("leave it out: a child has the states of its parent")
}
