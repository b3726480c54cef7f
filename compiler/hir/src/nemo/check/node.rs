//! Nodes: their types, their properties, what they contain.

use super::reference::{Target, resolve};
use super::{Frame, Written, faults};
use crate::cx::Cx;
use crate::nemo::kind::Kind;
use crate::nemo::library::Model;
use crate::nemo::scope::{Lookup, Space, Thing};
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, NodeId, nearest};
use rdcl_syntax::nemo::{ClauseKind, EntityKind, Entry, Name, Value, Verb, pairs};
use std::collections::BTreeMap;

/// Checks a node as it is written.
pub(super) fn check<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, written: Written<'db>) {
    let entity = written.entity;
    let thing = entity.name.as_ref().and_then(|name| match frame.scope.find(Space::Node, &name.text, written.number) {
        Lookup::Here(thing) => Some(thing),
        _ => None,
    });
    if let Some(name) = entity.type_name() {
        check_type(cx, frame, name, written.number);
        changed_type(cx, written, thing, name);
    }
    let ty = entity.type_name().or_else(|| thing.and_then(Thing::type_name));
    let model = ty.and_then(|ty| frame.library.node(&ty.text));
    let model = model.filter(|model| !(written.is_early(frame) && model.is_std(cx.db)));
    for clause in &entity.clauses {
        match &clause.kind {
            ClauseKind::Property(entries) => {
                if let Some(model) = model {
                    properties(cx, frame, model, &model.thing.name.text, entries);
                }
            }
            ClauseKind::Contain(all) => {
                if let Some(model) = model.filter(|model| model.is_composite()) {
                    cx.report(contains(cx, clause.node, model));
                }
                for reference in all {
                    if let Some(Target::Own(point)) = resolve(cx, frame, reference, written.number) {
                        cx.report(no_node(cx, reference.node, &point.name.text));
                    }
                }
            }
            ClauseKind::Parent(reference) => _ = resolve(cx, frame, reference, written.number),
            _ => {}
        }
    }
    if let (Some(model), Some(name), false) = (model, &entity.name, written.broken || written.is_update()) {
        missing(cx, entity, model, name);
    }
}

/// Complains of a type that no model defines.
fn check_type<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, name: &Name, number: usize) {
    // Of a body the models are those of the text around it, whenever they were created.
    if let (Lookup::Gone(at), None) = (frame.scope.find(Space::NodeModel, &name.text, number), frame.model) {
        return cx.report(faults::gone(cx, name.node, &name.text, at));
    }
    let known = frame.library.node(&name.text).is_some() || frame.is_parameter(&name.text);
    if !known && !frame.may_exist(&name.text) {
        let names = frame.library.names(Space::NodeModel);
        cx.report(faults::unknown_type(cx, name.node, "model of nodes", &name.text, names));
    }
}

/// A node, or a connection, keeps its type.
pub(super) fn changed_type<'db>(cx: &mut Cx<'db>, written: Written<'db>, thing: Option<&Thing<'db>>, name: &Name) {
    let first = thing.filter(|_| written.is_update()).and_then(|thing| {
        thing
            .clauses
            .iter()
            .find_map(|clause| if let ClauseKind::Type(name) = &clause.kind { Some(name) } else { None })
    });
    if let Some(first) = first.filter(|first| first.text != name.text) {
        let noun = if thing.is_some_and(|thing| thing.kind == EntityKind::Node) { "node" } else { "connection" };
        let message = format!("a {noun} keeps its type, which is `{}`", first.text);
        let problem = Diagnostic::new(Code::E0442, cx.at(name.node), message);
        cx.report(problem.with_label(cx.at(first.node), "given here").with_help("delete the node and create another"));
    }
}

/// Checks properties against a model.
pub(super) fn properties<'db>(
    cx: &mut Cx<'db>,
    frame: &Frame<'_, 'db>,
    model: &Model<'db>,
    called: &str,
    entries: &[Entry],
) {
    let mut seen: BTreeMap<String, NodeId> = BTreeMap::new();
    for (name, value) in pairs(entries) {
        if let Some(first) = seen.insert(name.text.clone(), name.node) {
            cx.report(faults::twice(cx, name.node, first, "property", &name.text));
        }
        let Some(property) = model.find(&name.text) else {
            if !model.thing.broken {
                let known: Vec<&str> = model.properties.iter().map(|property| property.name).collect();
                cx.report(faults::unknown_property(cx, name.node, called, &name.text, &known));
            }
            continue;
        };
        if let (Some(kind), Some(value)) = (property.kind, &value) {
            check_value(cx, frame, &name.text, kind, value);
        }
    }
}

fn check_value<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, name: &str, kind: Kind, value: &Value) {
    let is_parameter = value.as_word().is_some_and(|word| frame.is_parameter(word));
    if let (Err(unfit), false) = (kind.check(value), is_parameter) {
        cx.report(faults::unfit(cx, name, kind.noun(), unfit));
    }
}

/// Properties that every node of the model must have, and parameters without a value.
fn missing<'db>(cx: &mut Cx<'db>, entity: &rdcl_syntax::nemo::Entity, model: &Model<'db>, name: &Name) {
    let given = |wanted: &str| {
        entity.clauses.iter().any(|clause| {
            let ClauseKind::Property(entries) = &clause.kind else { return false };
            pairs(entries).iter().any(|(name, _)| name.text == wanted)
        })
    };
    let imported = matches!(entity.verb, Some((Verb::Import, _)));
    let slips: Vec<String> = entity
        .clauses
        .iter()
        .filter_map(|clause| if let ClauseKind::Property(entries) = &clause.kind { Some(pairs(entries)) } else { None })
        .flatten()
        .filter_map(|(name, _)| model.find(&name.text).is_none().then_some(name.text))
        .collect();
    // What is there under almost this name is complained of where it stands.
    let slipped = |wanted: &str| slips.iter().any(|slip| nearest(slip, [wanted]).is_some());
    let required: Vec<&str> = model.required.iter().map(|required| required.text.as_str()).collect();
    let lacks: Vec<&str> = required.iter().copied().filter(|key| !imported && !given(key) && !slipped(key)).collect();
    if !lacks.is_empty() {
        cx.report(lacking(cx, name, model, &lacks));
    }
    let open: Vec<&str> = model.properties.iter().map(|p| p.name).filter(|key| !given(key)).collect();
    let open: Vec<&str> = open.into_iter().filter(|key| !required.contains(key)).collect();
    if !model.thing.body.is_empty() && slips.is_empty() && !open.is_empty() {
        cx.report(no_argument(cx, name, model, &open));
    }
}

fn lacking(cx: &Cx<'_>, name: &Name, model: &Model<'_>, keys: &[&str]) -> Problem {
    let properties: Vec<String> = keys.iter().map(|key| format!("{key}: …")).collect();
    let must = if keys.len() == 1 { "one" } else { "them" };
    let message = format!("the node `{}` has no `{}`", name.text, keys.join("` and no `"));
    Diagnostic::new(Code::E0423, cx.at(name.node), message)
        .with_note(format!("every `{}` must have {must}", model.thing.name.text))
        .with_help(format!("add `Property {}`", properties.join(", ")))
}

/// Complains of nodes that contain themselves.
pub(super) fn containment<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>) {
    let nodes: Vec<&Thing<'db>> = frame.scope.of_kind(rdcl_syntax::nemo::EntityKind::Node).collect();
    let inside: BTreeMap<&str, Vec<&rdcl_syntax::nemo::Ref>> =
        nodes.iter().map(|node| (node.name.text.as_str(), node.contained().iter().collect())).collect();
    // Each node is entered once; what is still open when it is met again contains itself.
    let mut state: BTreeMap<&str, bool> = BTreeMap::new();
    for node in &nodes {
        let mut open: Vec<(&str, usize)> = Vec::new();
        if !state.contains_key(node.name.text.as_str()) {
            state.insert(&node.name.text, true);
            open.push((&node.name.text, 0));
        }
        while let Some((name, next)) = open.pop() {
            let Some(reference) = inside.get(name).and_then(|all| all.get(next)) else {
                state.insert(name, false);
                continue;
            };
            open.push((name, next + 1));
            let member = reference.first.text.as_str();
            match state.get(member) {
                Some(true) if reference.rest.is_empty() => cx.report(inside_itself(cx, reference.node, member)),
                Some(_) => {}
                None if inside.contains_key(member) => {
                    state.insert(member, true);
                    open.push((member, 0));
                }
                None => {}
            }
        }
    }
}

fn contains(cx: &Cx<'_>, at: NodeId, model: &Model<'_>) -> Problem {
    let message = format!("what is in an instance of `{}` is said by its model", model.thing.name.text);
    Diagnostic::new(Code::E0438, cx.at(at), message).with_help("leave out `Contain`, or put the nodes into the model")
}

fn no_node(cx: &Cx<'_>, at: NodeId, name: &str) -> Problem {
    faults::no_such(cx, at, format!("`{name}` is a connection point, and a node contains nodes"))
}

fn no_argument(cx: &Cx<'_>, name: &Name, model: &Model<'_>, parameters: &[&str]) -> Problem {
    let (node, model) = (&name.text, &model.thing.name.text);
    let message = format!("the node `{node}` gives no value for `{}` of `{model}`", parameters.join("` and `"));
    Diagnostic::new(Code::W0407, cx.at(name.node), message)
        .with_note("the name of a parameter stays where its value would stand")
}

fn inside_itself(cx: &Cx<'_>, at: NodeId, name: &str) -> Problem {
    Diagnostic::new(Code::E0433, cx.at(at), format!("the node `{name}` contains itself"))
}
