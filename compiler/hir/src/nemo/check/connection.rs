//! Connections: their types, how many ends they have, and connection points that are bound twice.

use super::reference::{Target, resolve};
use super::{Frame, Written, faults, node};
use crate::cx::Cx;
use crate::nemo::descriptor::{Typed, interface_types};
use crate::nemo::library::Model;
use crate::nemo::scope::{Lookup, Space, Thing};
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::nemo::{ClauseKind, End, EntityKind, Name, Ref};
use std::collections::BTreeMap;

/// Checks a connection as it is written.
pub(super) fn check<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, written: Written<'db>) {
    let entity = written.entity;
    let thing =
        entity.name.as_ref().and_then(|name| match frame.scope.find(Space::Connection, &name.text, written.number) {
            Lookup::Here(thing) => Some(thing),
            _ => None,
        });
    if let Some(name) = entity.type_name() {
        check_type(cx, frame, name);
        node::changed_type(cx, written, thing, name);
    }
    let ty = entity.type_name().or_else(|| thing.and_then(Thing::type_name));
    let model = ty.and_then(|ty| frame.library.get(Space::ConnectionModel, &ty.text));
    let is_early = written.is_early(frame);
    let model = model.filter(|model| !(is_early && model.is_std(cx.db)));
    let default = frame.library.get(Space::ConnectionModel, "p2p").filter(|_| !is_early);
    let (mut ends, mut at): (Vec<&Ref>, Option<NodeId>) = (Vec::new(), None);
    for clause in &entity.clauses {
        match &clause.kind {
            ClauseKind::EndNodes(all) => {
                ends.extend(all.iter().flat_map(|end| match end {
                    End::One(reference) => std::slice::from_ref(reference),
                    End::Set(all, _) => all,
                }));
                at = Some(clause.node);
            }
            ClauseKind::From(end) | ClauseKind::To(end) => {
                ends.push(end);
                at = Some(clause.node);
            }
            ClauseKind::Property(entries) => {
                if let Some(model) = model.or(default.filter(|_| ty.is_none())) {
                    node::properties(cx, frame, model, &model.thing.name.text, entries);
                }
            }
            _ => {}
        }
    }
    for end in &ends {
        if let Some(Target::Node(node, Some(model))) = resolve(cx, frame, end, written.number) {
            which_point(cx, end, node, model);
        }
    }
    let Some(name) = &entity.name else { return };
    if !written.broken && (at.is_some() || !written.is_update()) {
        count(cx, name, ty, &ends, at);
    }
    let needs_type = entity.verb.is_some() || frame.model.is_some();
    if ty.is_none() && needs_type && !written.broken {
        cx.report(untyped(cx, name, ends.len()));
    }
}

fn check_type<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, name: &Name) {
    let known = frame.library.get(Space::ConnectionModel, &name.text).is_some();
    if !known && !frame.is_parameter(&name.text) && !frame.may_exist(&name.text) {
        let names = frame.library.names(Space::ConnectionModel);
        cx.report(faults::unknown_type(cx, name.node, "model of connections", &name.text, names));
    }
}

fn count(cx: &mut Cx<'_>, name: &Name, ty: Option<&Name>, ends: &[&Ref], at: Option<NodeId>) {
    let is_p2p = ty.is_some_and(|ty| ty.text == "p2p");
    match ends {
        [_, _] => {}
        [_, _, third, ..] if is_p2p => {
            let message = format!("a `p2p` connection has two ends, `{}` has {}", name.text, ends.len());
            let problem = Diagnostic::new(Code::E0430, cx.at(third.node), message);
            cx.report(problem.with_help("one with more is of the type `Lan`"));
        }
        [_, _, ..] => {}
        few => {
            let message = match few.len() {
                0 => format!("the connection `{}` has no ends", name.text),
                _ => format!("the connection `{}` has one end only", name.text),
            };
            cx.report(Diagnostic::new(Code::E0430, cx.at(at.unwrap_or(name.node)), message));
        }
    }
}

/// Complains of a node that is an end where it could be connected in several places.
fn which_point(cx: &mut Cx<'_>, end: &Ref, node: &Thing<'_>, model: &Model<'_>) {
    let points: Vec<&str> = model.points().map(|point| point.name.text.as_str()).collect();
    if points.len() > 1 {
        let message = format!("the node `{}` has several connection points", end.text());
        let first = format!("{}.{}", node.name.text, points[0]);
        let problem = faults::no_such(cx, end.node, message);
        cx.report(problem.with_help(format!("say which, as in `{first}`; they are {}", points.join(", "))));
    }
}

/// Complains of connection points that several connections use, and of interfaces of different types that one joins.
pub(super) fn bound_twice<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>) {
    let mut bound: BTreeMap<String, NodeId> = BTreeMap::new();
    let mut quiet = Cx::new(cx.db, cx.item);
    for connection in frame.scope.of_kind(EntityKind::Connection) {
        let mut types: Vec<(Typed, NodeId)> = Vec::new();
        for end in connection.ends() {
            let found = resolve(&mut quiet, frame, end, usize::MAX);
            let (model, point): (Option<&Model<'db>>, &Thing<'db>) = match found {
                Some(Target::Own(point)) => (None, point),
                Some(Target::Point(model, point)) => (Some(model), point),
                _ => continue,
            };
            let name = end.text().replace(':', ".");
            if let Some(first) = bound.get(&name) {
                cx.report(twice(cx, end.node, *first, &name));
            } else {
                bound.insert(name, end.node);
            }
            if let Some(model) = model {
                types.extend(interface_types(cx.db, frame.library, model, point).into_iter().map(|ty| (ty, end.node)));
            }
        }
        if let Some((first, other)) = clash(&types) {
            cx.report(different(cx, first, other));
        }
    }
}

type Place<'t> = (&'t Typed, NodeId);

/// The first two types of one kind of descriptor that differ.
fn clash(types: &[(Typed, NodeId)]) -> Option<(Place<'_>, Place<'_>)> {
    types.iter().enumerate().find_map(|(i, (ty, at))| {
        let differs = |(other, _): &&(Typed, NodeId)| other.format == ty.format && other.kind != ty.kind;
        let (other, first) = types[..i].iter().find(differs)?;
        Some(((other, *first), (ty, *at)))
    })
}

fn untyped(cx: &Cx<'_>, name: &Name, ends: usize) -> Problem {
    let ty = if ends > 2 { "mesh" } else { "p2p" };
    Diagnostic::new(Code::W0408, cx.at(name.node), format!("the connection `{}` has no `Type`", name.text))
        .with_note(format!("it counts as `{ty}`"))
        .with_help(format!("write `Type {ty}`"))
}

fn twice(cx: &Cx<'_>, at: NodeId, first: NodeId, name: &str) -> Problem {
    Diagnostic::new(Code::E0431, cx.at(at), format!("the connection point `{name}` is connected twice"))
        .with_label(cx.at(first), "connected here already")
        .with_help("to join more than two, use one connection of the type `Lan`")
}

fn different(cx: &Cx<'_>, first: Place<'_>, other: Place<'_>) -> Problem {
    let message = format!("an interface of type `{}` is connected to one of type `{}`", other.0.kind, first.0.kind);
    Diagnostic::new(Code::E0440, cx.at(other.1), message)
        .with_label(cx.at(first.1), format!("this one is of type `{}`", first.0.kind))
}
