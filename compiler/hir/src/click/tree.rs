//! Pieces of RDCL trees, at nodes of a configuration.

use super::graph::OuterPort;
use rdcl_base::NodeId;
use rdcl_core::Stack;
use rdcl_syntax::ast::{
    Arg, Arrow, End, EndSegment, Expr, ExprKind, Index, Member, Name, Part, Path, TypeArg, TypeExpr, Wire,
};

fn name(text: &str, node: NodeId) -> Name {
    Name { text: text.to_owned(), node }
}

fn path(segments: &[&str], node: NodeId) -> Path {
    Path { segments: segments.iter().map(|text| name(text, node)).collect(), node }
}

fn number(value: u64, node: NodeId) -> Expr {
    Expr { kind: ExprKind::Int(value.into()), node }
}

/// `fan = 2`
pub(super) fn count_argument(called: &str, count: usize, node: NodeId) -> Arg {
    Arg { name: Some(name(called, node)), value: number(count as u64, node), node }
}

/// `inside = inside`: a parameter of the block, handed on.
pub(super) fn parameter_argument(called: &str, node: NodeId) -> Arg {
    let value = Expr { kind: ExprKind::Name(name(called, node)), node };
    Arg { name: Some(name(called, node)), value, node }
}

/// The items of `std::net` that make up a stack.
fn stack_items(stack: Stack) -> Vec<String> {
    let item = |header: rdcl_core::HeaderKind| match header.name() {
        "ip" => "Ip4".to_owned(),
        other => other[..1].to_uppercase() + &other[1..],
    };
    stack.required.headers().map(item).collect()
}

/// `std::net::Eth/std::net::Vlan`
pub(super) fn stack_text(stack: Stack) -> String {
    stack_items(stack).iter().map(|item| format!("std::net::{item}")).collect::<Vec<_>>().join("/")
}

pub(super) fn stack_argument(stack: Stack, node: NodeId) -> TypeArg {
    let parts = stack_items(stack).iter().map(|item| path(&["std", "net", item], node)).collect();
    TypeArg { name: None, ty: TypeExpr { parts, columns: None, node }, node }
}

pub(super) fn part(called: &str, block: &[&str], type_args: Vec<TypeArg>, args: Vec<Arg>, node: NodeId) -> Member {
    Member::Part(Part { name: name(called, node), array: None, rfb: path(block, node), type_args, args, node })
}

fn segment(called: &str, index: Option<u64>, node: NodeId) -> EndSegment {
    EndSegment { name: name(called, node), index: index.map(|index| Index::At(number(index, node))) }
}

/// `a.input[0]`
pub(super) fn end(part: &str, (port, index): (&str, Option<usize>), node: NodeId) -> End {
    let segments = vec![segment(part, None, node), segment(port, index.map(|index| index as u64), node)];
    End { segments, node }
}

/// `lan`, `p[3]`
pub(super) fn outer_end(port: &OuterPort, node: NodeId) -> End {
    End { segments: vec![segment(&port.group, port.index, node)], node }
}

pub(super) fn wire(a: End, b: End, node: NodeId) -> Member {
    Member::Wire(Wire { ends: vec![a, b], arrows: vec![Arrow::Both], balance: None, attrs: Vec::new(), node })
}
