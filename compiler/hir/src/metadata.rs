//! Metadata of ports: `port out b: Ip4 with { colour: u8 };`.
//!
//! It is read and typed. What goes with a packet besides its bytes is not carried from part to part yet, so whoever declares
//! it is told so; nothing is dropped in silence.

use crate::cx::Cx;
use crate::instance::members;
use crate::source::db::Db;
use crate::source::item::Item;
use crate::source::loc::Problem;
use crate::types::{type_name, value_type};
use crate::value::Type;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::ast::{Member, Name, Port};
use std::collections::BTreeMap;

/// What is wrong with the metadata that a block declares at its ports.
pub(crate) fn metadata_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let mut cx = Cx::new(db, item);
    for member in members(db, item) {
        if let Member::Port(port) = member {
            metadata_of(&mut cx, port);
        }
    }
    cx.problems
}

fn metadata_of(cx: &mut Cx<'_>, port: &Port) {
    let mut seen: BTreeMap<&str, NodeId> = BTreeMap::new();
    let before = cx.problems.len();
    for field in &port.metadata {
        match value_type(cx, &field.ty) {
            None | Some(Type::Uint(_) | Type::Bool | Type::Ipv4 | Type::Mac) => {}
            Some(other) => cx.report(not_carried(cx, field.ty.node, &other)),
        }
        if let Some(first) = seen.insert(&field.name.text, field.name.node) {
            cx.report(twice(cx, &field.name, first));
        }
    }
    if let Some(first) = port.metadata.first().filter(|_| cx.problems.len() == before) {
        cx.report(not_yet(cx, port, &first.name));
    }
}

fn not_carried(cx: &Cx<'_>, at: NodeId, ty: &Type) -> Problem {
    Diagnostic::new(Code::E0202, cx.at(at), format!("metadata cannot be of type `{}`", type_name(ty)))
        .with_help("it is `u8`, `u16`, `u32`, `u64`, `bool`, `Ipv4` or `Mac`")
}

fn twice(cx: &Cx<'_>, name: &Name, first: NodeId) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the metadata `{}` is declared twice", name.text))
        .with_label(cx.at(first), "first declared here")
}

fn not_yet(cx: &Cx<'_>, port: &Port, name: &Name) -> Problem {
    let message = format!("`{}` would not leave or enter with a packet at `{}`", name.text, port.name.text);
    Diagnostic::new(Code::E0326, cx.at(name.node), message)
        .with_note(
            "only the bytes of a packet go over a wire, in the model as between guests; metadata is not carried yet",
        )
        .with_help("leave it out, and carry the value in a header field such as `ip.dscp` or `vlan.vid`")
}
