//! Premises of `reach`: `given room(nat.flows) and room(log)`.

use crate::cx::Cx;
use crate::eval::value_text;
use crate::flatten::structure;
use crate::instance::Instance;
use crate::leaf::{Leaf, leaf_program};
use crate::source::loc::Problem;
use crate::value::Value;
use crate::wire::ends::unknown_part;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_core::{MapId, PartId};
use rdcl_syntax::ast::{CallArg, Expr, ExprKind, Name};

/// The maps whose room is a premise.
pub(super) fn room<'db>(cx: &mut Cx<'db>, instance: Instance<'db>, given: &Expr) -> Vec<(PartId, MapId)> {
    let each: &[Expr] = if let ExprKind::All(all) = &given.kind { all } else { std::slice::from_ref(given) };
    each.iter().filter_map(|premise| one(cx, instance, premise)).collect()
}

fn one<'db>(cx: &mut Cx<'db>, instance: Instance<'db>, premise: &Expr) -> Option<(PartId, MapId)> {
    if let ExprKind::Call(call) = &premise.kind
        && call.name.text == "room"
        && let [CallArg::Expr(map)] = call.args.as_slice()
        && let Some((part, name)) = split_path(map)
    {
        return find(cx, instance, part, name);
    }
    cx.report(unreadable_premise(cx, premise.node));
    None
}

/// `site.nat.flows` as the path `site.nat` and the name `flows`.
fn split_path(expr: &Expr) -> Option<(Vec<(String, NodeId)>, &Name)> {
    match &expr.kind {
        ExprKind::Name(name) => Some((Vec::new(), name)),
        ExprKind::Member(part, name) => Some((path(part)?, name)),
        _ => None,
    }
}

/// The segments of `site.cache[0]`.
fn path(expr: &Expr) -> Option<Vec<(String, NodeId)>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(vec![(name.text.clone(), name.node)]),
        ExprKind::Member(inner, name) => {
            let mut segments = path(inner)?;
            segments.push((name.text.clone(), name.node));
            Some(segments)
        }
        ExprKind::Index(inner, index) => {
            let mut segments = path(inner)?;
            let ExprKind::Int(index) = index.kind else { return None };
            segments.last_mut()?.0.push_str(&format!("[{}]", value_text(&Value::Int(index))));
            Some(segments)
        }
        _ => None,
    }
}

fn find<'db>(
    cx: &mut Cx<'db>,
    instance: Instance<'db>,
    part: Vec<(String, NodeId)>,
    map: &Name,
) -> Option<(PartId, MapId)> {
    let path = part.iter().map(|s| s.0.as_str()).collect::<Vec<_>>().join(".");
    let parts = &structure(cx.db, instance).parts;
    let Some(index) = parts.iter().position(|(p, _)| *p == path) else {
        let node = part.last().map_or(map.node, |s| s.1);
        cx.report(no_such_leaf(cx, Name { text: path, node }, map, parts));
        return None;
    };
    let maps = &leaf_program(cx.db, parts[index].1).maps;
    let Some(found) = maps.iter().position(|m| m.name == map.text) else {
        cx.report(unknown_map(cx, map, maps.iter().map(|m| m.name.as_str())));
        return None;
    };
    Some((PartId(index as u32), MapId(found as u32)))
}

fn no_such_leaf(cx: &Cx<'_>, part: Name, map: &Name, parts: &[(String, Leaf<'_>)]) -> Problem {
    if part.text.is_empty() {
        return unknown_map(cx, map, []).with_help("name the part that has the map, as in `room(nat.flows)`");
    }
    unknown_part(cx, &part, parts.iter().map(|(path, _)| path.as_str()))
}

fn unknown_map<'a>(cx: &Cx<'_>, map: &Name, maps: impl IntoIterator<Item = &'a str>) -> Problem {
    Diagnostic::new(Code::E0213, cx.at(map.node), format!("there is no state map `{}`", map.text))
        .misspelt(&map.text, maps)
}

fn unreadable_premise(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0315, cx.at(at), "this is not a premise about the state")
        .with_help("write `room(map)` or `room(part.map)`, joined by `and`")
}
