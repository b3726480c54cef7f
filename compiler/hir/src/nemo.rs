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
use rdcl_syntax::ast::Member;
use rdcl_syntax::nemo::{ClauseKind, Entity, EntityKind, Entry, Name, Statement, StatementKind, Verb, pairs};

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
    let entities: Vec<&Entity> = statements.iter().filter_map(|statement| entity(&mut cx, statement)).collect();
    let flows = flows(&mut cx, &entities);
    let mut operations = operations(&mut cx, &entities, &flows);
    operations.sort_by_key(|o| o.priority);
    contradictions(&mut cx, &operations);
    Intent { operations, problems: cx.problems }
}

/// A flow or an operation; other statements are complained of.
fn entity<'a>(cx: &mut Cx<'_>, statement: &&'a Statement) -> Option<&'a Entity> {
    match &statement.kind {
        StatementKind::Entity(entity)
            if matches!(entity.kind, EntityKind::Flow | EntityKind::Operation)
                && matches!(entity.verb, Some((Verb::Create | Verb::Update | Verb::Import, _)) | None) =>
        {
            Some(entity)
        }
        StatementKind::Bad => None,
        _ => {
            cx.report(unsupported(cx, statement.node));
            None
        }
    }
}

fn unsupported(cx: &Cx<'_>, node: NodeId) -> Problem {
    Diagnostic::new(Code::E0108, cx.at(node), "this statement is not supported yet")
        .with_help("the kinds of statement understood so far are `Flow` and `Operation`")
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

fn flows<'a>(cx: &mut Cx<'_>, entities: &[&'a Entity]) -> Vec<Flow<'a>> {
    let mut flows: Vec<Flow<'a>> = Vec::new();
    for entity in entities.iter().filter(|entity| entity.kind == EntityKind::Flow) {
        let Some(name) = &entity.name else { continue };
        if let Some(first) = flows.iter().find(|f| f.name.text == name.text) {
            cx.report(declared_twice(cx, "flow", name, first.name.node));
            continue;
        }
        let matches = entity.clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::Match(entries) => Some(pairs(entries)),
            _ => None,
        });
        let class = class_of(cx, &matches.unwrap_or_default());
        if class.is_empty() {
            cx.report(contradictory_flow(cx, name));
        }
        flows.push(Flow { name, class });
    }
    let used = |name: &str| entities.iter().any(|entity| target(entity).is_some_and(|(target, _)| target == name));
    for flow in flows.iter().filter(|flow| !used(&flow.name.text)) {
        cx.report(unused_flow(cx, flow.name));
    }
    flows
}

/// What an operation acts on.
fn target(entity: &Entity) -> Option<(String, NodeId)> {
    entity.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Target(target) => Some((target.text(), target.node)),
        _ => None,
    })
}

fn operations(cx: &mut Cx<'_>, entities: &[&Entity], flows: &[Flow<'_>]) -> Vec<Operation> {
    let mut found: Vec<Operation> = Vec::new();
    for entity in entities.iter().filter(|entity| entity.kind == EntityKind::Operation) {
        let (Some(name), Some((target, target_node))) = (&entity.name, target(entity)) else { continue };
        if let Some(first) = found.iter().find(|o| o.name == name.text) {
            cx.report(declared_twice(cx, "operation", name, first.node));
            continue;
        }
        let Some(flow) = flows.iter().find(|f| f.name.text == target) else {
            cx.report(unknown_flow(cx, &target, target_node, flows));
            continue;
        };
        let mut priority = u64::MAX;
        let mut actions: &[Entry] = &[];
        for clause in &entity.clauses {
            match &clause.kind {
                ClauseKind::Priority(number, _) => priority = u64::try_from(*number).unwrap_or(u64::MAX),
                ClauseKind::Action(entries) => actions = entries,
                ClauseKind::Condition(_) | ClauseKind::Constraint(_) => cx.report(unsupported(cx, clause.node)),
                _ => {}
            }
        }
        let Some(deny) = decision(cx, name, actions) else { continue };
        let (name, node) = (name.text.clone(), name.node);
        found.push(Operation { name, priority, deny, flow: target, class: flow.class.clone(), node });
    }
    found
}

/// Whether the actions of an operation deny, or allow.
fn decision(cx: &mut Cx<'_>, operation: &Name, actions: &[Entry]) -> Option<bool> {
    let mut decided: Option<bool> = None;
    for (action, _) in pairs_of_actions(actions) {
        let deny = match action.text.as_str() {
            "deny" => true,
            "allow" => false,
            _ => {
                cx.report(unknown_action(cx, action));
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

/// Actions with their arguments.
fn pairs_of_actions(entries: &[Entry]) -> impl Iterator<Item = (&Name, Option<&rdcl_syntax::nemo::Value>)> {
    entries.iter().filter_map(|entry| match entry {
        Entry::Word(name) => Some((name, None)),
        Entry::Pair(pair) => Some((&pair.key, Some(&pair.value))),
        Entry::Value(_) | Entry::Group(..) => None,
    })
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

fn unknown_flow(cx: &Cx<'_>, name: &str, node: NodeId, flows: &[Flow<'_>]) -> Problem {
    Diagnostic::new(Code::E0412, cx.at(node), format!("there is no flow `{name}`"))
        .with_optional_help(did_you_mean(name, flows.iter().map(|f| f.name.text.as_str())))
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
