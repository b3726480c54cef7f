//! References: `a`, `fw:lan`, `site.fw.lan`, and what they lead to.

use super::{Frame, faults};
use crate::cx::{Cx, did_you_mean};
use crate::nemo::library::Model;
use crate::nemo::scope::{Lookup, Space, Thing};
use rdcl_base::NodeId;
use rdcl_syntax::nemo::{EntityKind, Ref};

/// What a reference leads to.
pub(crate) enum Target<'s, 'db> {
    /// A node, itself or through others; with its model, if that is known.
    Node(&'s Thing<'db>, Option<&'s Model<'db>>),
    /// A connection point of the text or the model itself.
    Own(&'s Thing<'db>),
    /// A connection point of a node.
    Point(&'s Model<'db>, &'s Thing<'db>),
    /// Something of which nothing more can be said here.
    Unknown,
}

/// What a reference to a node or a connection point leads to; complains where it is nothing.
pub(crate) fn resolve<'f, 'db>(
    cx: &mut Cx<'db>,
    frame: &Frame<'f, 'db>,
    reference: &Ref,
    number: usize,
) -> Option<Target<'f, 'db>> {
    let first = &reference.first;
    let thing = match frame.scope.find(Space::Node, &first.text, number) {
        Lookup::Here(thing) => thing,
        Lookup::Gone(at) => {
            cx.report(faults::gone(cx, first.node, &first.text, at));
            return None;
        }
        Lookup::Nowhere if frame.is_parameter(&first.text) || frame.may_exist(&first.text) => {
            return Some(Target::Unknown);
        }
        Lookup::Nowhere => {
            let names = frame.scope.ever().filter(|t| Space::of(t.kind) == Space::Node).map(|t| t.name.text.as_str());
            cx.report(faults::unknown(cx, first.node, "node or connection point", &first.text, names));
            return None;
        }
    };
    inner(cx, frame, thing, reference)
}

/// Goes on into the models of nodes.
fn inner<'f, 'db>(
    cx: &mut Cx<'db>,
    frame: &Frame<'f, 'db>,
    thing: &'f Thing<'db>,
    reference: &Ref,
) -> Option<Target<'f, 'db>> {
    let mut at = thing;
    let mut path = thing.name.text.clone();
    for (rest, segment) in (1..=reference.rest.len()).rev().zip(&reference.rest) {
        if at.kind == EntityKind::ConnectionPoint {
            cx.report(faults::no_parts(cx, segment.name.node, &path));
            return None;
        }
        let Some(model) = model_of(frame, at) else { return Some(Target::Unknown) };
        let name = &segment.name;
        if let Some(point) = model.point(&name.text) {
            if rest == 1 {
                return Some(Target::Point(model, point));
            }
            at = point;
        } else if let Some(member) = model.member(&name.text) {
            at = member;
        } else if model.find(&name.text).is_some() || model.thing.broken {
            return Some(Target::Unknown);
        } else {
            cx.report(unknown_point(cx, name.node, &path, &name.text, model));
            return None;
        }
        path = format!("{path}.{}", name.text);
    }
    Some(match at.kind {
        EntityKind::ConnectionPoint => Target::Own(at),
        _ => Target::Node(at, model_of(frame, at)),
    })
}

/// The model of a node.
pub(crate) fn model_of<'f, 'db>(frame: &Frame<'f, 'db>, node: &Thing<'db>) -> Option<&'f Model<'db>> {
    frame.library.node(&node.type_name()?.text)
}

fn unknown_point(cx: &Cx<'_>, at: NodeId, node: &str, name: &str, model: &Model<'_>) -> crate::source::loc::Problem {
    let names: Vec<&str> = model.points().chain(model.members()).map(|thing| thing.name.text.as_str()).collect();
    let listed = match names.as_slice() {
        [] => format!("its model `{}` has none", model.thing.name.text),
        names => format!("its model `{}` has {}", model.thing.name.text, names.join(", ")),
    };
    let message = format!("the node `{node}` has no connection point `{name}`");
    faults::no_such(cx, at, message).with_help(did_you_mean(name, names.iter().copied()).unwrap_or(listed))
}
