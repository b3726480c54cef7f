//! Queries, notifications and transactions.

use super::operation::condition_names;
use super::reference::{Target, resolve};
use super::{Frame, Written, faults, flow};
use crate::cx::{Cx, did_you_mean};
use crate::nemo::cond::meaning;
use crate::nemo::scope::{Lookup, Scope, Space, Thing};
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::nemo::{ClauseKind, EntityKind, Name, Program, Query, Ref, Statement, StatementKind, Step};
use std::collections::BTreeSet;

/// What can be asked of everything, besides its properties.
pub(crate) const ITEMS: [&str; 17] = [
    "Type",
    "Contain",
    "Property",
    "EndNodes",
    "Endnodes",
    "Match",
    "Priority",
    "Target",
    "Condition",
    "Action",
    "ID",
    "Name",
    "ConnectionPoint",
    "VNFD",
    "Query",
    "Listener",
    "Constraint",
];

/// What can be asked without saying of whom.
pub(crate) const LISTS: [&str; 8] =
    ["nodes", "connections", "flows", "operations", "notifications", "models", "intents", "all"];

/// Checks what stands between the entities, and what the text as a whole comes to.
pub(super) fn all<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, program: &'db Program) {
    let mut asked = BTreeSet::new();
    for (number, statement) in &frame.scope.others {
        match &statement.kind {
            StatementKind::Query(asking) => {
                query(cx, frame, asking, *number);
                asked.extend(asking.from.iter().map(Ref::text));
            }
            StatementKind::Description(name) => description(cx, frame, name),
            StatementKind::Delete(delete)
                // A connection point of a node.
                if resolve(cx, frame, &delete.target, *number).is_some_and(|target| matches!(target, Target::Node(..)))
                => {
                    let message = format!("`{}` is no connection point", delete.target.text());
                    cx.report(faults::no_such(cx, delete.target.node, message));
                }
            _ => {}
        }
    }
    flow::unused(cx, frame, &asked);
    transactions(cx, &program.statements);
}

/// Checks a notification as it is written.
pub(super) fn notification<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, written: Written<'db>) {
    let mut names = condition_names(frame, true);
    if let Some(asking) = &written.entity.query {
        let from = cx.problems.len();
        query(cx, frame, asking, written.number);
        // What is asked for and is nothing has been complained of; the condition may well mean the right word.
        names.open = cx.problems.len() > from;
        if !names.open {
            names.known.extend(asking.items.iter().map(|item| (item.text.as_str(), None)));
        }
    }
    for clause in &written.entity.clauses {
        if let ClauseKind::Condition(condition) = &clause.kind {
            meaning(cx, condition, &names);
        }
    }
}

/// Checks a query: whom it asks, and for what.
pub(super) fn query<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, asking: &'db Query, number: usize) {
    let entities: Vec<&Thing<'db>> = asking.from.iter().filter_map(|from| entity(cx, frame, from, number)).collect();
    for item in &asking.items {
        let is_list = LISTS.contains(&item.text.as_str());
        if asking.from.is_empty() && !is_list {
            cx.report(of_whom(cx, item));
        } else if !asking.from.is_empty() && entities.len() == asking.from.len() && !is_list {
            item_of(cx, frame, item, &entities);
        }
    }
}

/// What a query asks; complains where it is nothing.
pub(crate) fn entity<'f, 'db>(
    cx: &mut Cx<'db>,
    frame: &Frame<'f, 'db>,
    from: &Ref,
    number: usize,
) -> Option<&'f Thing<'db>> {
    if !from.rest.is_empty() {
        return match resolve(cx, frame, from, number)? {
            Target::Node(thing, _) | Target::Own(thing) | Target::Point(_, thing) => Some(thing),
            Target::Unknown => None,
        };
    }
    let spaces = [Space::Node, Space::Connection, Space::Flow, Space::Operation, Space::Notification, Space::NodeModel];
    let name = &from.first.text;
    let mut gone = None;
    for space in spaces {
        match frame.scope.find(space, name, number) {
            Lookup::Here(thing) => return Some(thing),
            Lookup::Gone(at) => gone = Some(at),
            Lookup::Nowhere => {}
        }
    }
    let elsewhere = || frame.library.others.iter().flat_map(Scope::things);
    if let Some(at) = gone {
        cx.report(faults::gone(cx, from.node, name, at));
    } else if let Some(thing) = elsewhere().find(|thing| thing.name.text == *name) {
        return Some(thing);
    } else if !frame.may_exist(name) {
        let known: Vec<&str> = frame.scope.ever().chain(elsewhere()).map(|thing| thing.name.text.as_str()).collect();
        let problem =
            Diagnostic::new(Code::E0443, cx.at(from.node), format!("there is nothing called `{name}` to ask"));
        cx.report(faults::meant(cx, problem, from.node, rdcl_base::nearest(name, known)));
    }
    None
}

/// Whether what is asked for is something that each of these has.
fn item_of<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, item: &Name, entities: &[&Thing<'db>]) {
    if ITEMS.iter().any(|known| known.eq_ignore_ascii_case(&item.text)) {
        return;
    }
    for entity in entities {
        let mut known: Vec<String> = entity.properties().into_iter().map(|(name, _)| name.text).collect();
        let ty =
            entity.type_name().map(|ty| ty.text.as_str()).or((entity.kind == EntityKind::Connection).then_some("p2p"));
        let space = if entity.kind == EntityKind::Connection { Space::ConnectionModel } else { Space::NodeModel };
        let model = ty.and_then(|ty| frame.library.get(space, ty));
        known.extend(model.into_iter().flat_map(|model| model.properties.iter().map(|p| p.name.to_owned())));
        if entity.kind == EntityKind::Flow {
            let keys = frame.library.all(Space::FlowModel).flat_map(|model| model.properties.iter());
            known.extend(keys.map(|property| property.name.to_owned()));
        }
        if known.contains(&item.text) || frame.is_parameter(&item.text) {
            continue;
        }
        match rdcl_base::nearest(&item.text, known.iter().map(String::as_str).chain(ITEMS)) {
            Some(near) => {
                let message = format!("`{}` has no property `{}`", entity.name.text, item.text);
                let problem = Diagnostic::new(Code::E0443, cx.at(item.node), message);
                cx.report(faults::meant(cx, problem, item.node, Some(near)));
            }
            None => cx.report(not_known(cx, item, &entity.name.text)),
        }
        return;
    }
}

fn description<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, name: &Name) {
    let spaces =
        [Space::NodeModel, Space::ConnectionModel, Space::FlowModel, Space::ActionModel, Space::ConditionModel];
    if spaces.iter().all(|space| frame.library.get(*space, &name.text).is_none()) && !frame.may_exist(&name.text) {
        let known = spaces.iter().flat_map(|space| frame.library.names(*space));
        let message = format!("there is no model `{}` to describe", name.text);
        let help = did_you_mean(&name.text, known);
        cx.report(Diagnostic::new(Code::E0443, cx.at(name.node), message).with_optional_help(help));
    }
}

/// Complains of transactions that are begun and not ended, or ended and not begun.
fn transactions(cx: &mut Cx<'_>, statements: &[Statement]) {
    let mut open: Option<NodeId> = None;
    for statement in statements {
        let StatementKind::Transaction(step) = statement.kind else { continue };
        match (step, open) {
            (Step::Transaction | Step::Begin, Some(first)) => cx.report(begun_twice(cx, statement.node, first)),
            (Step::Transaction | Step::Begin, None) => open = Some(statement.node),
            (Step::Commit | Step::End | Step::Withdraw, None) => cx.report(not_begun(cx, statement.node, step)),
            (Step::Commit | Step::End | Step::Withdraw, Some(_)) => open = None,
        }
    }
    if let Some(at) = open {
        let problem = Diagnostic::new(Code::E0429, cx.at(at), "this transaction is never committed");
        cx.report(problem.with_help("end it with `Commit;`"));
    }
}

fn begun_twice(cx: &Cx<'_>, at: NodeId, first: NodeId) -> Problem {
    Diagnostic::new(Code::E0429, cx.at(at), "a transaction begins within a transaction")
        .with_label(cx.at(first), "this one is not committed yet")
        .with_help("end the first with `Commit;`")
}

fn not_begun(cx: &Cx<'_>, at: NodeId, step: Step) -> Problem {
    let word = if step == Step::Withdraw { "Withdraw" } else { "Commit" };
    Diagnostic::new(Code::E0429, cx.at(at), format!("there is no transaction to end with `{word}`"))
        .with_help("begin it with `Transaction;`")
}

fn of_whom(cx: &Cx<'_>, item: &Name) -> Problem {
    Diagnostic::new(Code::E0443, cx.at(item.node), format!("it is not said whose `{}` is asked for", item.text))
        .with_help(format!(
            "write `Query {} From …`; without it only {} can be asked for",
            item.text,
            LISTS[..4].join(", ")
        ))
}

fn not_known(cx: &Cx<'_>, item: &Name, entity: &str) -> Problem {
    Diagnostic::new(
        Code::W0410,
        cx.at(item.node),
        format!("nothing is known of a property `{}` of `{entity}`", item.text),
    )
}
