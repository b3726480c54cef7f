//! Pieces of RDCL trees, at nodes of a NEMO text.

use super::body::Values;
use crate::nemo::descriptor::descriptor_of;
use crate::nemo::library::Model;
use crate::source::db::Db;
use rdcl_base::NodeId;
use rdcl_syntax::ast::{
    Arg, Arrow, Attr, BinaryOp, Direction, End, EndSegment, Expr, ExprKind, Impl, Index, Intent, Item, Member, Name,
    Param, Parent, Part, Path, Port, Rfb, TypeExpr, Wire,
};

/// The name of the ports by which a node without connection points is connected.
pub(super) const LINK: &str = "link";

/// The parameter that says how many of them there are.
pub(super) const LINKS: &str = "links";

pub(super) fn name(text: &str, node: NodeId) -> Name {
    Name { text: text.to_owned(), node }
}

pub(super) fn path(segments: &[&str], node: NodeId) -> Path {
    Path { segments: segments.iter().map(|text| name(text, node)).collect(), node }
}

fn ty(segments: &[&str], node: NodeId) -> TypeExpr {
    TypeExpr { parts: vec![path(segments, node)], columns: None, node }
}

pub(super) fn text(value: &str, node: NodeId) -> Expr {
    Expr { kind: ExprKind::Str(value.to_owned()), node }
}

pub(super) fn number(value: usize, node: NodeId) -> Expr {
    Expr { kind: ExprKind::Int(value as u128), node }
}

/// `location: String = "location"`: without a value the name of the parameter stays.
pub(super) fn text_param(called: &str, node: NodeId) -> Param {
    Param { name: name(called, node), ty: ty(&["String"], node), default: Some(text(called, node)), node }
}

/// `links: u16 = 1`
pub(super) fn links_param(node: NodeId) -> Param {
    Param { name: name(LINKS, node), ty: ty(&["u16"], node), default: Some(number(1, node)), node }
}

/// `port inout lan: Eth;`
pub(super) fn port(called: &str, node: NodeId) -> Member {
    let (direction, ty) = (Direction::InOut, ty(&["std", "net", "Eth"], node));
    Member::Port(Port { direction, name: name(called, node), array: None, ty, metadata: Vec::new(), node })
}

/// `port inout link[0..links-1]: Eth;`
pub(super) fn links(node: NodeId) -> Member {
    let links = Expr { kind: ExprKind::Name(name(LINKS, node)), node };
    let last = ExprKind::Binary(BinaryOp::Sub, Box::new(links), Box::new(number(1, node)));
    let array = Some((number(0, node), Expr { kind: last, node }));
    let (direction, ty) = (Direction::InOut, ty(&["std", "net", "Eth"], node));
    Member::Port(Port { direction, name: name(LINK, node), array, ty, metadata: Vec::new(), node })
}

pub(super) fn argument(called: &str, value: Expr, node: NodeId) -> Arg {
    Arg { name: Some(name(called, node)), value, node }
}

pub(super) fn part(called: &str, rfb: Path, args: Vec<Arg>, node: NodeId) -> Member {
    Member::Part(Part { name: name(called, node), array: None, rfb, type_args: Vec::new(), args, node })
}

/// `fw.lan`, `a.link[2]`
pub(super) fn end(segments: &[(&str, Option<usize>)], node: NodeId) -> End {
    let segment = |(text, index): &(&str, Option<usize>)| EndSegment {
        name: name(text, node),
        index: index.map(|index| Index::At(number(index, node))),
    };
    End { segments: segments.iter().map(segment).collect(), node }
}

pub(super) fn wire(a: End, b: End, attrs: Vec<Attr>, node: NodeId) -> Member {
    Member::Wire(Wire { ends: vec![a, b], arrows: vec![Arrow::Both], balance: None, attrs, node })
}

/// `impl vm on openstack { image = "…"; }`, for a descriptor with one machine.
pub(super) fn implementation<'db>(db: &'db dyn Db, model: &Model<'db>) -> Option<Member> {
    let node = model.thing.descriptor()?.node;
    let [unit] = descriptor_of(db, model)?.units.as_slice() else { return None };
    let image = Attr { name: name("image", node), value: text(unit.image.as_ref()?, node), node };
    Some(Member::Impl(Impl {
        name: name("vm", node),
        ree: path(&["openstack"], node),
        features: Vec::new(),
        attrs: vec![image],
        node,
    }))
}

/// A block.
pub(super) fn block(name: Name, params: Vec<Param>, parents: Vec<Parent>, members: Vec<Member>) -> Item {
    let node = name.node;
    let (type_params, constraints) = (Vec::new(), Vec::new());
    Item::Rfb(Rfb { name, is_abstract: false, type_params, params, parents, constraints, members, node })
}

/// A model with something intended for what enters it: a sub-class with an intent.
pub(super) fn filtered(called: &str, parent: Path, model: &Model<'_>, values: &Values, intent: Intent) -> Item {
    let node = parent.node;
    let mut args: Vec<Arg> = values.iter().map(|(key, value)| argument(key, text(value, node), node)).collect();
    let mut params = Vec::new();
    if model.points().next().is_none() {
        params.push(links_param(node));
        args.push(argument(LINKS, Expr { kind: ExprKind::Name(name(LINKS, node)), node }, node));
    }
    let parents = vec![Parent { path: parent, type_args: Vec::new(), args, node }];
    block(name(called, node), params, parents, vec![Member::Intent(intent)])
}
