//! Intents in NEMO: flows and what is to be done with them, compiled to ordered filter rules.
//!
//! A lower priority number wins. `deny` and `allow` apply to what enters at a boundary port; what leaves passes.

use crate::bodies::{body, unknown_language};
use crate::cx::{Cx, did_you_mean};
use crate::instance::{Instance, members};
use crate::nemo::class::{Class, class_of};
use crate::port::ports;
use crate::source::db::Db;
use crate::source::item::Item;
use crate::source::loc::{Loc, Problem};
use crate::wire::enters_leaves;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_core::{Cond, Stack};
use rdcl_syntax::ast::{Member, Name};
use rdcl_syntax::nemo::{Action, Statement};

mod class;

/// A filter rule; the first that matches decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The operation's name.
    pub name: String,
    /// Which packets.
    pub class: Cond,
    /// Whether they are dropped.
    pub deny: bool,
}

/// What an RFB intends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// In order of priority, then of the source.
    operations: Vec<Operation>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Operation {
    name: String,
    priority: u64,
    deny: bool,
    flow: String,
    class: Class,
    node: NodeId,
}

/// The intents that an RFB declares itself.
#[salsa::tracked(returns(ref))]
pub fn intent<'db>(db: &'db dyn Db, item: Item<'db>) -> Intent {
    let mut cx = Cx::new(db, item);
    let mut statements = Vec::new();
    for member in members(db, item) {
        let Member::Intent(intent) = member else { continue };
        if intent.language.text == "nemo" {
            statements.extend(&intent.nemo);
        } else {
            cx.report(unknown_language(&cx, &intent.language, "intent", "nemo"));
        }
    }
    let flows = flows(&mut cx, &statements);
    let mut operations = operations(&mut cx, &statements, &flows);
    operations.sort_by_key(|o| o.priority);
    contradictions(&mut cx, &operations);
    Intent { operations, problems: cx.problems }
}

/// The rules for what enters an instance at a port of this stack: its own, then those inherited with its body.
pub fn filter_rules<'db>(db: &'db dyn Db, instance: Instance<'db>, stack: Stack) -> Vec<Rule> {
    let chain = body(db, instance).chain.iter();
    let operations = chain.flat_map(|ancestor| &intent(db, ancestor.rfb(db)).operations);
    let rule = |o: &Operation| Rule { name: o.name.clone(), class: o.class.condition(stack), deny: o.deny };
    operations.map(rule).collect()
}

/// The name of the filter before a port.
pub(crate) fn filter_name(port: &str) -> String {
    format!("nemo_{port}")
}

/// Where the operations are written that [`filter_rules`] come from.
pub(crate) fn operation_places<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Loc> {
    let chain = body(db, instance).chain.iter().map(|ancestor| ancestor.rfb(db));
    chain.flat_map(|item| intent(db, item).operations.iter().map(move |o| Loc::of(db, item, o.node))).collect()
}

/// Complains of operations on packets that cannot enter an instance by any port.
pub(crate) fn idle_operations<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Problem> {
    let cx = Cx::new(db, instance.rfb(db));
    let stacks: Vec<Stack> =
        ports(db, instance).flat().iter().filter(|p| enters_leaves(p).0).map(|p| p.stack).collect();
    let idle = |o: &&Operation| stacks.iter().all(|stack| o.class.condition(*stack) == Cond::False);
    let operations = intent(db, instance.rfb(db)).operations.iter().filter(|_| !stacks.is_empty());
    operations.filter(idle).map(|o| idle_operation(&cx, o)).collect()
}

/// A declared flow.
struct Flow<'a> {
    name: &'a Name,
    class: Class,
}

fn flows<'a>(cx: &mut Cx<'_>, statements: &[&'a Statement]) -> Vec<Flow<'a>> {
    let mut flows: Vec<Flow<'a>> = Vec::new();
    for statement in statements {
        let Statement::Flow { name, matches, .. } = statement else { continue };
        if let Some(first) = flows.iter().find(|f| f.name.text == name.text) {
            cx.report(declared_twice(cx, "flow", name, first.name.node));
            continue;
        }
        let class = class_of(cx, matches);
        if class.is_empty() {
            cx.report(contradictory_flow(cx, name));
        }
        flows.push(Flow { name, class });
    }
    for flow in &flows {
        if !statements.iter().any(|s| matches!(s, Statement::Operation { target, .. } if target.text == flow.name.text))
        {
            cx.report(unused_flow(cx, flow.name));
        }
    }
    flows
}

fn operations(cx: &mut Cx<'_>, statements: &[&Statement], flows: &[Flow<'_>]) -> Vec<Operation> {
    let mut found: Vec<Operation> = Vec::new();
    for statement in statements {
        let Statement::Operation { name, target, priority, actions, .. } = statement else { continue };
        if let Some(first) = found.iter().find(|o| o.name == name.text) {
            cx.report(declared_twice(cx, "operation", name, first.node));
            continue;
        }
        let Some(flow) = flows.iter().find(|f| f.name.text == target.text) else {
            cx.report(unknown_flow(cx, target, flows));
            continue;
        };
        let Some(deny) = decision(cx, name, actions) else { continue };
        let (name, node) = (name.text.clone(), name.node);
        let priority = priority.map_or(u64::MAX, |(priority, _)| priority);
        found.push(Operation { name, priority, deny, flow: target.text.clone(), class: flow.class.clone(), node });
    }
    found
}

/// Whether the actions of an operation deny, or allow.
fn decision(cx: &mut Cx<'_>, operation: &Name, actions: &[Action]) -> Option<bool> {
    let mut decided: Option<bool> = None;
    for action in actions {
        let deny = match action.name.text.as_str() {
            "deny" => true,
            "allow" => false,
            _ => {
                cx.report(unknown_action(cx, &action.name));
                continue;
            }
        };
        if decided.is_some_and(|before| before != deny) {
            cx.report(denies_and_allows(cx, operation));
            return None;
        }
        decided = Some(deny);
    }
    decided
}

fn contradictions(cx: &mut Cx<'_>, operations: &[Operation]) {
    for (i, b) in operations.iter().enumerate() {
        let opposite = |a: &&Operation| a.priority == b.priority && a.deny != b.deny && a.class.overlaps(&b.class);
        if let Some(a) = operations[..i].iter().find(opposite) {
            cx.report(contradiction(cx, a, b));
        }
    }
}

fn declared_twice(cx: &Cx<'_>, what: &str, name: &Name, first: NodeId) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the {what} `{}` is declared twice", name.text))
        .with_label(cx.at(first), "first declared here")
}

fn contradictory_flow(cx: &Cx<'_>, name: &Name) -> Problem {
    Diagnostic::new(Code::E0416, cx.at(name.node), format!("no packet belongs to the flow `{}`", name.text))
        .with_note("all its matches must hold, and they contradict each other")
        .with_help("make a flow of each of them")
}

fn idle_operation(cx: &Cx<'_>, operation: &Operation) -> Problem {
    let message = format!("no packet of the flow `{}` can enter `{}`", operation.flow, cx.item.name(cx.db));
    Diagnostic::new(Code::E0416, cx.at(operation.node), message)
        .with_note("no port of the block carries the headers that the flow speaks of")
}

fn unused_flow(cx: &Cx<'_>, name: &Name) -> Problem {
    Diagnostic::new(Code::W0402, cx.at(name.node), format!("no operation uses the flow `{}`", name.text))
}

fn unknown_flow(cx: &Cx<'_>, name: &Name, flows: &[Flow<'_>]) -> Problem {
    Diagnostic::new(Code::E0412, cx.at(name.node), format!("there is no flow `{}`", name.text))
        .with_optional_help(did_you_mean(&name.text, flows.iter().map(|f| f.name.text.as_str())))
}

fn unknown_action(cx: &Cx<'_>, name: &Name) -> Problem {
    let (message, help) = match name.text.as_str() {
        "go-through" | "qos-bandwidth" => (format!("the action `{}` is not supported yet", name.text), None),
        _ => (format!("`{}` is not an action", name.text), did_you_mean(&name.text, ["deny", "allow"])),
    };
    Diagnostic::new(Code::E0415, cx.at(name.node), message)
        .with_help(help.unwrap_or_else(|| "actions are `deny` and `allow`".into()))
}

fn denies_and_allows(cx: &Cx<'_>, name: &Name) -> Problem {
    Diagnostic::new(Code::E0411, cx.at(name.node), format!("the operation `{}` both denies and allows", name.text))
}

fn contradiction(cx: &Cx<'_>, a: &Operation, b: &Operation) -> Problem {
    let word = |o: &Operation| if o.deny { "denies" } else { "allows" };
    let both =
        if a.flow == b.flow { format!("`{}`", a.flow) } else { format!("packets of `{}` and `{}`", a.flow, b.flow) };
    let message = format!("`{}` {} and `{}` {} {both}, with equal priority", a.name, word(a), b.name, word(b));
    Diagnostic::new(Code::E0411, cx.at(b.node), message)
        .with_label(cx.at(a.node), "the other operation")
        .with_help("give them different priorities; the lower number wins")
}
