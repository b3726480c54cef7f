//! Operations: what they are about, what they do, when, and which of them contradict each other.

use super::flow::{FlowClass, classes};
use super::reference::{Target, resolve};
use super::{Block, Frame, Written, faults};
use crate::cx::Cx;
use crate::nemo::Unenforced;
use crate::nemo::class::Class;
use crate::nemo::cond::{Names, meaning};
use crate::nemo::kind::{amount, shown};
use crate::nemo::scope::{Lookup, Space, Thing};
use crate::nemo::window::When;
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, NodeId, nearest};
use rdcl_syntax::nemo::{ClauseKind, EntityKind, Entry, Name, Ref, Value};

/// What an operation says in the end.
#[derive(Clone, Debug)]
pub(crate) struct Decision<'db> {
    pub name: &'db Name,
    /// Lower wins.
    pub priority: u64,
    pub about: About,
    /// Whether it drops packets, or lets them pass; it may do neither.
    pub deny: Option<bool>,
    /// Where packets must pass, in order, as it is written.
    pub through: Vec<(String, NodeId)>,
    /// Bits per second, in thousandths; as it is written.
    pub bandwidth: Option<(i64, String)>,
    pub when: When,
    /// Whether it has a condition.
    pub conditional: bool,
    /// Actions of which nothing is known here.
    pub others: Vec<String>,
}

/// What an operation is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum About {
    Flow(String, Class),
    /// A node or a connection point.
    Node(String),
    Connection(String),
    /// Of a block: neither a flow nor a port.
    Other(String),
}

/// Checks an operation as it is written.
pub(super) fn check<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, written: Written<'db>) {
    let entity = written.entity;
    let mut has_priority = written.is_update() || written.broken;
    for clause in &entity.clauses {
        match &clause.kind {
            ClauseKind::Target(target) => {
                has_priority |= clause.word.text == "Appliesto";
                check_target(cx, frame, target, written.number);
            }
            ClauseKind::Priority(priority, at) => {
                has_priority = true;
                if *priority < 0 {
                    cx.report(negative(cx, *at, *priority));
                }
            }
            ClauseKind::Condition(condition) | ClauseKind::Constraint(condition) => {
                let names = condition_names(frame, false);
                meaning(cx, condition, &names);
            }
            ClauseKind::Action(entries) => actions(cx, frame, written, entries),
            _ => {}
        }
    }
    if let (false, Some(name)) = (has_priority, &entity.name) {
        cx.report(no_priority(cx, name));
    }
}

/// The parameters that conditions may speak of.
pub(super) fn condition_names<'f>(frame: &'f Frame<'_, '_>, open: bool) -> Names<'f> {
    let models = frame.library.all(Space::ConditionModel);
    let mut known: Vec<(&str, Option<crate::nemo::kind::Kind>)> = Vec::new();
    for model in models {
        if model.properties.is_empty() {
            known.push((&model.thing.name.text, None));
        }
        known.extend(model.properties.iter().map(|property| (property.name, property.kind)));
    }
    known.extend(
        frame.model.into_iter().flat_map(|model| model.properties.iter().map(|property| (property.name, None))),
    );
    Names { known, open }
}

fn check_target<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, target: &Ref, number: usize) {
    if let Some(block) = frame.block {
        return check_target_in(cx, frame, block, target);
    }
    if !target.rest.is_empty() {
        _ = resolve(cx, frame, target, number);
        return;
    }
    let name = &target.first.text;
    let mut gone = None;
    for space in [Space::Flow, Space::Connection, Space::Node] {
        match frame.scope.find(space, name, number) {
            Lookup::Here(_) => return,
            Lookup::Gone(at) => gone = Some(at),
            Lookup::Nowhere => {}
        }
    }
    if let Some(at) = gone {
        cx.report(faults::gone(cx, target.node, name, at));
    } else if !frame.is_parameter(name) && !frame.may_exist(name) {
        let spaces = [Space::Flow, Space::Connection, Space::Node];
        let known = frame.scope.things().filter(|thing| spaces.contains(&Space::of(thing.kind)));
        let known: Vec<&str> = known.map(|thing| thing.name.text.as_str()).collect();
        cx.report(faults::unknown(cx, target.node, "flow, connection or node", name, known));
    }
}

/// Of a block an operation is about a flow, or about all that enters at a port.
fn check_target_in<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, block: &Block, target: &Ref) {
    let name = target.text();
    let flows = || frame.scope.of_kind(EntityKind::Flow).map(|flow| flow.name.text.as_str());
    if !flows().any(|flow| flow == name) && !block.ports.contains(&name) && !frame.may_exist(&name) {
        let known = flows().chain(block.ports.iter().map(String::as_str));
        let problem = Diagnostic::new(Code::E0412, cx.at(target.node), format!("there is no flow `{name}`"));
        cx.report(faults::meant(cx, problem, target.node, nearest(&name, known)));
    }
}

fn actions<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, written: Written<'db>, entries: &[Entry]) {
    let mut decided: Option<bool> = None;
    for (name, value) in acts(entries) {
        let Some(model) = frame.library.get(Space::ActionModel, &name.text) else {
            if !frame.is_parameter(&name.text) && !frame.may_exist(&name.text) {
                cx.report(unknown_action(cx, &name, frame.library.names(Space::ActionModel)));
            }
            continue;
        };
        match (model.properties.first(), &value) {
            (None, Some(value)) => cx.report(no_argument_taken(cx, &name.text, value.node())),
            (Some(property), None) => cx.report(argument_missing(cx, &name, property.name)),
            (Some(property), Some(value)) => {
                let free = value.as_word().is_some_and(|word| frame.is_parameter(word));
                let checked = property.kind.map_or(Ok(()), |kind| kind.check(value));
                if let (Err(unfit), Some(kind), false) = (checked, property.kind, free) {
                    cx.report(faults::unfit(cx, &name.text, kind.noun(), unfit));
                } else if property.name == "node" && !free {
                    nodes_named(cx, frame, value, written.number);
                }
            }
            (None, None) => {}
        }
        if let Some(deny) = denies(&name.text) {
            if let (Some(_), Some(operation)) = (decided.filter(|before| *before != deny), &written.entity.name) {
                let message = format!("the operation `{}` both denies and allows", operation.text);
                cx.report(Diagnostic::new(Code::E0411, cx.at(operation.node), message));
            }
            decided = Some(deny);
        }
    }
}

/// The actions of a list, with their values: a comma begins the next action, unless one in quotes still waits for its
/// value, as in the first draft.
fn acts(entries: &[Entry]) -> Vec<(Name, Option<Value>)> {
    let mut found: Vec<(Name, Option<Value>)> = Vec::new();
    for entry in entries {
        match entry {
            Entry::Pair(pair) => found.push((pair.key.clone(), Some(pair.value.clone()))),
            Entry::Word(name) => match found.last_mut() {
                Some((action, value @ None)) if (name.quoted || action.quoted) && denies(&action.text).is_none() => {
                    *value = Some(Value::Str(name.clone()));
                }
                _ => found.push((name.clone(), None)),
            },
            Entry::Value(given) => {
                if let Some((_, value @ None)) = found.last_mut() {
                    *value = Some(given.clone());
                }
            }
            Entry::Group(inner, _) => found.extend(acts(inner)),
        }
    }
    found
}

/// Checks the nodes that an action names.
fn nodes_named<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, value: &Value, number: usize) {
    match value {
        Value::List(all, _) => all.iter().for_each(|value| nodes_named(cx, frame, value, number)),
        Value::Ref(Ref { first: name, .. }) | Value::Str(name) if frame.block.is_some() => {
            let parts = frame.block.map_or(&[][..], |block| block.parts.as_slice());
            if !parts.contains(&name.text) {
                let parts = parts.iter().map(String::as_str);
                cx.report(faults::unknown(cx, name.node, "part", &name.text, parts));
            }
        }
        Value::Ref(reference) => _ = resolve(cx, frame, reference, number),
        Value::Str(name) => {
            let reference = Ref { first: name.clone(), rest: Vec::new(), node: name.node };
            _ = resolve(cx, frame, &reference, number);
        }
        _ => {}
    }
}

/// Whether an action drops packets (`true`) or lets them pass.
fn denies(action: &str) -> Option<bool> {
    match action {
        "deny" | "drop" => Some(true),
        "allow" | "forwardto" => Some(false),
        _ => None,
    }
}

/// What the operations of a frame say in the end, without complaint. Those whose target is nothing are left out.
pub(crate) fn decisions<'db>(cx: &Cx<'db>, frame: &Frame<'_, 'db>) -> Vec<Decision<'db>> {
    let flows = classes(cx, frame);
    let of = |thing: &Thing<'db>| decision(cx, frame, &flows, thing);
    frame.scope.of_kind(EntityKind::Operation).filter_map(of).collect()
}

fn decision<'db>(
    cx: &Cx<'db>,
    frame: &Frame<'_, 'db>,
    flows: &[FlowClass<'db>],
    thing: &Thing<'db>,
) -> Option<Decision<'db>> {
    let mut quiet = Cx::new(cx.db, cx.item);
    let target = thing.target()?;
    let text = target.text();
    let about = if let Some(flow) = flows.iter().find(|flow| flow.name == text) {
        About::Flow(text, flow.class.clone())
    } else if frame.block.is_some_and(|block| block.ports.contains(&text)) {
        About::Node(text)
    } else if frame.block.is_some() {
        About::Other(text)
    } else if frame.scope.get(Space::Connection, &text).is_some() {
        About::Connection(text)
    } else {
        match resolve(&mut quiet, frame, target, usize::MAX)? {
            Target::Unknown => return None,
            _ => About::Node(text.replace(':', ".")),
        }
    };
    let priority = thing.priority().map_or(0, |(priority, _)| u64::try_from(priority).unwrap_or(0));
    let condition = thing.condition();
    let names = condition_names(frame, false);
    let when = condition.map_or(Some(When::always()), |condition| meaning(&mut quiet, condition, &names));
    let mut decision = Decision {
        name: thing.name,
        priority,
        about,
        deny: None,
        through: Vec::new(),
        bandwidth: None,
        // Of what could not be read it is not known that it ever holds.
        when: when.unwrap_or(When::Any(Vec::new())),
        conditional: condition.is_some(),
        others: Vec::new(),
    };
    for (name, value) in acts(thing.actions()) {
        decision.act(&name.text, value.as_ref());
    }
    Some(decision)
}

impl Decision<'_> {
    /// What of it nothing enforces, if there is something.
    pub fn unenforced(&self) -> Option<Unenforced> {
        let (mut reasons, mut stops) = (Vec::new(), false);
        let mut say = |reason: String, filters: bool| {
            reasons.push(reason);
            stops |= filters;
        };
        let about_packets = self.deny.is_some() || !self.through.is_empty();
        if self.deny.is_some() && self.conditional {
            say("it depends on a condition, which no packet carries".to_owned(), true);
        }
        match &self.about {
            About::Flow(name, class) if about_packets => {
                if let Some(key) = class.unknown_keys().next() {
                    let reason = format!("the flow `{name}` is matched on `{key}`, which no packet carries");
                    say(reason, self.deny.is_some());
                }
            }
            About::Connection(name) | About::Other(name) if about_packets => {
                say(format!("it is about `{name}`, which is no flow"), self.deny.is_some());
            }
            About::Flow(..) | About::Node(_) | About::Connection(_) | About::Other(_) => {}
        }
        match (&self.bandwidth, &self.about) {
            (Some((_, text)), About::Flow(..) | About::Node(_)) => {
                say(format!("a bandwidth of {text} is reserved for connections only"), false);
            }
            (Some((_, text)), About::Other(name)) => {
                say(format!("a bandwidth of {text} is not reserved for `{name}`"), false);
            }
            (_, About::Connection(_)) | (None, _) => {}
        }
        for other in &self.others {
            say(format!("nothing is known of the action `{other}`"), false);
        }
        let (name, node, reason) = (self.name.text.clone(), self.name.node, reasons.join("; "));
        (!reasons.is_empty()).then_some(Unenforced { name, reason, filters: stops, node })
    }

    fn act(&mut self, action: &str, value: Option<&Value>) {
        self.deny = denies(action).or(self.deny);
        match (action, value) {
            ("go-through" | "gothrough", Some(Value::List(all, _))) => {
                self.through.extend(all.iter().map(|value| (shown(value), value.node())));
            }
            ("go-through" | "gothrough", Some(value)) => self.through.push((shown(value), value.node())),
            ("qos-bandwidth" | "bandwidth", Some(value)) => {
                // A bare number is one of megabits.
                let factor = if matches!(value, Value::Quantity(..)) { 1 } else { 1_000_000 };
                self.bandwidth = amount(value).and_then(|n| n.checked_mul(factor)).map(|n| (n, shown(value)));
            }
            (other, _) if denies(other).is_none() => self.others.push(other.to_owned()),
            _ => {}
        }
    }

    /// What two operations cannot both do, in words.
    fn contradicts(&self, other: &Decision<'_>) -> Option<(String, String)> {
        let word = |deny: bool| if deny { "denies" } else { "allows" };
        let sends = |d: &Decision<'_>| {
            let nodes: Vec<&str> = d.through.iter().map(|(node, _)| node.as_str()).collect();
            format!("sends through `{}`", nodes.join("`, `"))
        };
        match (self.deny, other.deny) {
            (Some(a), Some(b)) if a != b => return Some((word(a).to_owned(), word(b).to_owned())),
            (Some(true), None) if !other.through.is_empty() => return Some((word(true).to_owned(), sends(other))),
            (None, Some(true)) if !self.through.is_empty() => return Some((sends(self), word(true).to_owned())),
            _ => {}
        }
        match (&self.bandwidth, &other.bandwidth) {
            (Some((a, a_text)), Some((b, b_text))) if a != b => {
                Some((format!("gives a bandwidth of {a_text} to"), format!("gives one of {b_text} to")))
            }
            _ => None,
        }
    }

    /// Whether two operations may be about the same.
    fn meets(&self, other: &Decision<'_>) -> bool {
        match (&self.about, &other.about) {
            (About::Flow(a, one), About::Flow(b, two)) => a == b || one.overlaps(two),
            (a, b) => a == b,
        }
    }
}

/// The order in which operations count: lower numbers first, then those written first.
pub(crate) fn precedence(decisions: &mut [Decision<'_>]) {
    decisions.sort_by_key(|decision| decision.priority);
}

/// Complains of operations of equal priority that contradict each other about the same, at the same time.
pub(super) fn conflicts<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>) {
    let decisions = decisions(cx, frame);
    for (i, b) in decisions.iter().enumerate() {
        let rival = decisions[..i].iter().filter(|a| a.priority == b.priority && a.meets(b));
        let mut rival = rival.filter(|a| a.when.overlaps(&b.when)).filter_map(|a| Some((a, a.contradicts(b)?)));
        if let Some((a, words)) = rival.next() {
            cx.report(conflict(cx, a, b, words));
        }
    }
}

fn conflict(cx: &Cx<'_>, a: &Decision<'_>, b: &Decision<'_>, (one, two): (String, String)) -> Problem {
    let name = |about: &About| match about {
        About::Flow(name, _) | About::Node(name) | About::Connection(name) | About::Other(name) => name.clone(),
    };
    let (x, y) = (name(&a.about), name(&b.about));
    let both = if x == y { format!("`{x}`") } else { format!("packets of `{x}` and `{y}`") };
    let message = format!("`{}` {one} and `{}` {two} {both}, with equal priority", a.name.text, b.name.text);
    let problem = Diagnostic::new(Code::E0411, cx.at(b.name.node), message)
        .with_label(cx.at(a.name.node), "the other operation")
        .with_help("give them different priorities; the lower number wins");
    if a.conditional || b.conditional { problem.with_note("there are times at which both apply") } else { problem }
}

fn negative(cx: &Cx<'_>, at: NodeId, priority: i64) -> Problem {
    Diagnostic::new(Code::E0437, cx.at(at), format!("a priority is not negative, as {priority} is"))
        .with_help("0 is the highest priority; the lower number wins")
}

fn no_priority(cx: &Cx<'_>, name: &Name) -> Problem {
    Diagnostic::new(Code::W0403, cx.at(name.node), format!("the operation `{}` has no `Priority`", name.text))
        .with_note("it counts as 0, the highest")
        .with_help("say how it ranks, as in `Priority 1`; the lower number wins")
}

fn unknown_action<'a>(cx: &Cx<'_>, name: &Name, known: impl Iterator<Item = &'a str>) -> Problem {
    let known: Vec<&str> = known.collect();
    let problem = Diagnostic::new(Code::E0415, cx.at(name.node), format!("`{}` is not an action", name.text));
    match nearest(&name.text, known.iter().copied()) {
        Some(near) => faults::meant(cx, problem, name.node, Some(near)),
        None => problem.with_help(format!("actions are {}", known.join(", "))),
    }
}

fn no_argument_taken(cx: &Cx<'_>, action: &str, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0434, cx.at(at), format!("the action `{action}` takes no value"))
}

fn argument_missing(cx: &Cx<'_>, name: &Name, what: &str) -> Problem {
    Diagnostic::new(Code::E0434, cx.at(name.node), format!("the action `{}` needs a value", name.text))
        .with_help(format!("write `{}: {what}`", name.text))
}
