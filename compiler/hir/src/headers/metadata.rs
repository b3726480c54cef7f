//! Metadata of ports: `port out b: Ip4 with { colour: u8 };`.
//!
//! What goes with a packet over a wire is a header of its own, `meta`, in front of all others, in the model as in the bytes.
//! A behaviour never sees that header: what came with the packet is put into local names `meta.colour` as it enters, and
//! from there into the header as it leaves by a port that declares it.

use crate::conditional::every_member;
use crate::cx::Cx;
use crate::lower::PortGroup;
use crate::port::Ports;
use crate::source::db::Db;
use crate::source::item::Item;
use crate::source::loc::{Loc, Problem};
use crate::types::{type_name, value_type};
use crate::value::Type;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_core::{Format, HeaderKind, MOST_BYTES, MOST_FIELDS, Next, Stack, UserHeader};
use rdcl_syntax::ast::{Member, Name, Port, StateColumn};
use std::collections::BTreeMap;

/// The name of the header.
pub const META: &str = "meta";

/// The header in front of the packets at a port of this stack, if they carry metadata.
pub fn metadata(stack: Stack) -> Option<HeaderKind> {
    let is_meta = |header: UserHeader| header.is_front() && header.name() == META;
    Some(stack.outermost).filter(|outermost| matches!(outermost, HeaderKind::User(header) if is_meta(*header)))
}

/// The fields of metadata, padding apart.
pub fn metadata_fields(meta: HeaderKind) -> impl Iterator<Item = rdcl_core::Field> {
    meta.fields().iter().filter(|field| !field.name.is_empty()).filter_map(move |field| meta.field(field.name))
}

/// The stack with these headers and metadata; the stack itself where there is none.
pub(crate) fn with_metadata(cx: &mut Cx<'_>, stack: Stack, port: &Port) -> Option<Stack> {
    if port.metadata.is_empty() {
        return Some(stack);
    }
    let widths: Option<Vec<u16>> = port.metadata.iter().map(|field| width_of(cx, field)).collect();
    let names = port.metadata.iter().map(|field| field.name.text.clone());
    let mut fields: Vec<(String, u16)> = names.zip(widths?).collect();
    let bits: usize = fields.iter().map(|(_, width)| usize::from(*width)).sum();
    if !bits.is_multiple_of(8) {
        fields.push((String::new(), (8 - bits % 8) as u16));
    }
    let format = Format { name: META.to_owned(), after: Vec::new(), fields, next: Next::Always(stack.outermost) };
    let Some(meta) = UserHeader::new(format).map(HeaderKind::User) else {
        cx.report(too_much(cx, port));
        return None;
    };
    let headers: Vec<HeaderKind> = std::iter::once(meta).chain(stack.required.headers()).collect();
    Stack::new(&headers)
}

fn width_of(cx: &mut Cx<'_>, field: &StateColumn) -> Option<u16> {
    match value_type(cx, &field.ty)? {
        Type::Uint(width) => Some(width),
        Type::Bool => Some(1),
        Type::Ipv4 => Some(32),
        Type::Mac => Some(48),
        other => {
            cx.report(not_carried(cx, field.ty.node, &other));
            None
        }
    }
}

/// Metadata that is declared twice at one port.
pub(crate) fn metadata_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let mut cx = Cx::new(db, item);
    for (member, _) in every_member(db, item) {
        let Member::Port(port) = member else { continue };
        let mut seen: BTreeMap<&str, NodeId> = BTreeMap::new();
        for field in &port.metadata {
            if let Some(first) = seen.insert(&field.name.text, field.name.node) {
                cx.report(twice(&cx, &field.name, first));
            }
        }
    }
    cx.problems
}

/// Metadata that has one name and different types at two ports of a block, which has one value of that name.
pub(crate) fn disagreement(cx: &Cx<'_>, ports: &Ports) -> Vec<Problem> {
    let mut widths: BTreeMap<&str, (u16, Loc)> = BTreeMap::new();
    let mut found = Vec::new();
    for (group, place) in ports.groups.iter().zip(&ports.places) {
        for field in fields_of(group) {
            let (width, first) = *widths.entry(field.decl().name).or_insert((field.width(), *place));
            if width != field.width() {
                found.push(disagrees(cx, field, *place, first));
            }
        }
    }
    found
}

fn fields_of(group: &PortGroup) -> impl Iterator<Item = rdcl_core::Field> {
    metadata(group.stack).into_iter().flat_map(metadata_fields)
}

/// `{ colour: u8 }`, or `none`.
pub(crate) fn described(stack: Stack) -> String {
    let Some(meta) = metadata(stack) else { return "none".to_owned() };
    let fields: Vec<String> = metadata_fields(meta).map(|f| format!("{}: u{}", f.decl().name, f.width())).collect();
    format!("`{{ {} }}`", fields.join(", "))
}

/// The stack without metadata.
pub(crate) fn bare(stack: Stack) -> Option<Stack> {
    let meta = metadata(stack)?;
    Stack::new(&stack.required.without(meta).headers().collect::<Vec<_>>())
}

fn not_carried(cx: &Cx<'_>, at: NodeId, ty: &Type) -> Problem {
    Diagnostic::new(Code::E0202, cx.at(at), format!("metadata cannot be of type `{}`", type_name(ty)))
        .with_help("it is `u8`, `u16`, `u32`, `u64`, `bool`, `Ipv4` or `Mac`")
}

fn too_much(cx: &Cx<'_>, port: &Port) -> Problem {
    let message = format!("`{}` carries too much metadata", port.name.text);
    Diagnostic::new(Code::E0370, cx.at(port.node), message)
        .with_help(format!("a port carries at most {MOST_FIELDS} values, {MOST_BYTES} bytes together"))
}

fn twice(cx: &Cx<'_>, name: &Name, first: NodeId) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the metadata `{}` is declared twice", name.text))
        .with_label(cx.at(first), "first declared here")
}

fn disagrees(cx: &Cx<'_>, field: rdcl_core::Field, at: Loc, first: Loc) -> Problem {
    let message = format!("`{field}` has another type at another port of `{}`", cx.item.name(cx.db));
    Diagnostic::new(Code::E0375, at, message)
        .with_label(first, "declared here, too")
        .with_help("a block has one value of a name; give both the same type, or one another name")
}
