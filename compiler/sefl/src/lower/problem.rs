//! What is said about a program that is not written as it should be.

use rdcl_base::{Code, Diagnostic, Fix, NodeId, nearest};

/// An instruction or function that is not known.
pub(super) fn unknown_call<'a>(
    what: &str,
    name: &str,
    node: NodeId,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic<NodeId> {
    let near = nearest(name, known);
    let mut problem = Diagnostic::new(Code::E0501, node, format!("there is no {what} `{name}`"))
        .with_optional_help(near.map(|near| format!("did you mean `{near}`?")));
    problem.fix = near.map(|near| Fix { at: node, replacement: near.to_owned() });
    problem
}

/// A call whose arguments are not those it has.
pub(super) fn wrong_arguments(name: &str, written: &str, node: NodeId) -> Diagnostic<NodeId> {
    Diagnostic::new(Code::E0502, node, format!("`{name}` is not written so")).with_help(format!("write `{written}`"))
}

/// A field that a header does not have.
pub(super) fn unknown_field<'a>(
    header: &str,
    name: &str,
    node: NodeId,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic<NodeId> {
    let help = nearest(name, known).map(|near| format!("did you mean `{header}.{near}`?"));
    Diagnostic::new(Code::E0503, node, format!("there is no field `{header}.{name}`")).with_optional_help(help)
}

/// A name of a block that no `Let` gives.
pub(super) fn unknown_code<'a>(
    name: &str,
    node: NodeId,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic<NodeId> {
    let help = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
    Diagnostic::new(Code::E0506, node, format!("no `Let` names `{name}`")).with_optional_help(help)
}

/// Something that is not what its place asks for.
pub(super) fn wrong_kind(wanted: &str, found: &str, node: NodeId) -> Diagnostic<NodeId> {
    Diagnostic::new(Code::E0507, node, format!("expected {wanted}, found {found}"))
}

/// An operator that values do not have.
pub(super) fn unsupported(what: &str, node: NodeId) -> Diagnostic<NodeId> {
    Diagnostic::new(Code::E0510, node, format!("{what} is not supported"))
}

/// Something that must be known before the program runs.
pub(super) fn not_constant(what: &str, node: NodeId) -> Diagnostic<NodeId> {
    Diagnostic::new(Code::E0511, node, format!("{what} must be a constant"))
}

/// A range that holds nothing.
pub(super) fn empty_range(node: NodeId) -> Diagnostic<NodeId> {
    Diagnostic::new(Code::E0512, node, "this range holds no value").with_help("write the smaller end first")
}

/// A number beyond what is computed with.
pub(super) fn out_of_range(node: NodeId) -> Diagnostic<NodeId> {
    Diagnostic::new(Code::E0509, node, "this number does not fit in 128 bits")
}

/// A bitwise operation on a number below zero that has no width yet.
pub(super) fn no_bits(node: NodeId) -> Diagnostic<NodeId> {
    Diagnostic::new(Code::E0509, node, "a number below zero has no bits of its own")
        .with_help("values are unsigned; give it a width first: `x = 0; x = x - 1;`")
}

/// A width that no value has.
pub(super) fn no_width(node: NodeId) -> Diagnostic<NodeId> {
    Diagnostic::new(Code::E0569, node, "a value is 1 to 128 bits wide")
}

/// An instruction that wants a block of a service.
pub(super) fn needs_block(what: &str, node: NodeId) -> Diagnostic<NodeId> {
    Diagnostic::new(Code::E0568, node, format!("a program by itself has no {what}"))
        .with_help("state, tables and choices belong to the `behaviour` of an `rfb`")
}
