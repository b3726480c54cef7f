//! What is wrong with a behaviour in Click.

use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::click::{Mistake, MistakeKind};

/// A complaint about a node of the configuration.
pub(super) type Fault = Box<Diagnostic<NodeId>>;

/// A thing, or several: `1 input`, `2 inputs`.
fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

pub(super) fn bad_argument(at: NodeId, message: impl Into<String>) -> Fault {
    Box::new(Diagnostic::new(Code::E0464, at, message))
}

/// What a configuration gets wrong before it means anything.
pub(super) fn mistaken(mistake: &Mistake) -> Diagnostic<NodeId> {
    let at = mistake.node;
    match &mistake.kind {
        MistakeKind::Undeclared(name, known) => {
            Diagnostic::new(Code::E0460, at, format!("there is no element `{name}`"))
                .with_help(format!(
                    "declare it, `{name} :: Class(…);`; the names of classes begin with a capital letter"
                ))
                .misspelt(name, known.iter().map(String::as_str))
        }
        MistakeKind::Redeclared(name, first) => {
            Diagnostic::new(Code::E0203, at, format!("the element `{name}` is declared twice"))
                .with_label(*first, "first declared here")
        }
        MistakeKind::NoVariant { class, arguments, inputs, outputs } => {
            let class = if class.is_empty() { "this compound".to_owned() } else { format!("`{class}`") };
            let given = counted(*arguments as u64, "argument");
            let ports = format!("{} and {}", counted((*inputs).into(), "input"), counted((*outputs).into(), "output"));
            Diagnostic::new(Code::E0465, at, format!("{class} cannot be made with {given}, {ports}"))
                .with_note("a variant of a compound class takes a certain number of arguments, inputs and outputs")
        }
        MistakeKind::NoPort { element, port, input } => {
            let side = if *input { "input" } else { "output" };
            Diagnostic::new(Code::E0461, at, format!("`{element}` has no {side} {port}"))
                .with_note(format!("in the compound that it is, nothing is connected to `{side}[{port}]`"))
        }
        MistakeKind::Unequal(left, right) => {
            let message = format!("`=>` has {} on the left and {} on the right", counted(*left as u64, "port"), right);
            Diagnostic::new(Code::E0465, at, message)
                .with_help("give both sides as many ports, or one of them a single port")
        }
        MistakeKind::TooLarge => {
            Diagnostic::new(Code::E0408, at, "this configuration comes to too many elements, or nests too deep")
        }
    }
}

pub(super) fn no_such_port(at: NodeId, element: &str, class: &str, side: &str, port: u32, most: u32) -> Fault {
    let message = format!("`{element}` has no {side} {port}");
    let note = match most {
        0 => format!("a `{class}` has no {side}s"),
        1 => format!("a `{class}` has one {side}, number 0"),
        _ => format!("the {side}s of this `{class}` are numbered from 0 to {}", most - 1),
    };
    Box::new(Diagnostic::new(Code::E0461, at, message).with_note(note))
}

pub(super) fn unconnected(at: NodeId, element: &str, side: &str, port: u32) -> Fault {
    let help = match side {
        "output" => "connect it; what is not wanted goes to `Discard`",
        _ => "connect it; to what nothing shall come, `Idle` is connected",
    };
    Box::new(
        Diagnostic::new(Code::E0462, at, format!("the {side} {port} of `{element}` is not connected")).with_help(help),
    )
}

pub(super) fn connected_twice(at: NodeId, first: NodeId, element: &str, port: u32) -> Fault {
    Box::new(
        Diagnostic::new(Code::E0463, at, format!("the output {port} of `{element}` is connected twice"))
            .with_label(first, "connected here already")
            .with_help("put a `Tee` behind it for copies, or a `RoundRobinSwitch` to share packets out"),
    )
}

pub(super) fn no_model<'a>(at: NodeId, class: &str, known: impl IntoIterator<Item = &'a str>) -> Fault {
    let message = format!("the class `{class}` has no model: what its elements do is assumed");
    Box::new(
        Diagnostic::new(Code::W0460, at, message)
            .with_note("what is proved or refuted about packets that pass such an element says so")
            .misspelt(class, known),
    )
}

/// A class that has a model, but not for this configuration.
pub(super) fn not_modelled(at: NodeId, class: &str, why: &str) -> Fault {
    let message = format!("this `{class}` has no model: {why}");
    Box::new(
        Diagnostic::new(Code::W0460, at, message)
            .with_note("what is proved or refuted about packets that pass it says that what it does is assumed"),
    )
}

pub(super) fn no_port_of_block<'a>(at: NodeId, name: &str, ports: impl IntoIterator<Item = &'a str>) -> Fault {
    let names: Vec<&str> = ports.into_iter().collect();
    let help = match names.as_slice() {
        [] => "the block has none".to_owned(),
        names => format!("its ports are {}", names.join(", ")),
    };
    let message = format!("the block has no port `{name}`");
    Box::new(Diagnostic::new(Code::E0466, at, message).with_help(help).misspelt(name, names))
}

pub(super) fn wrong_way(at: NodeId, name: &str, enters: bool) -> Fault {
    let message = match enters {
        true => format!("no packet enters by `{name}`, which is an `out` port"),
        false => format!("no packet leaves by `{name}`, which is an `in` port"),
    };
    Box::new(Diagnostic::new(Code::E0466, at, message).with_help("declare it `inout`, or name another port"))
}

pub(super) fn entered_twice(at: NodeId, first: NodeId, name: &str) -> Fault {
    Box::new(
        Diagnostic::new(Code::E0463, at, format!("what enters by `{name}` is taken twice"))
            .with_label(first, "taken here already")
            .with_help("put a `Tee` behind the first for copies"),
    )
}

pub(super) fn two_views(at: NodeId, element: &str) -> Fault {
    let message = format!("`{element}` gets packets with their Ethernet header and others without");
    Box::new(
        Diagnostic::new(Code::E0467, at, message)
            .with_help("put a `Strip(14)` or an `EtherEncap` before one of the connections"),
    )
}

pub(super) fn wrong_view(at: NodeId, element: &str, frames: bool) -> Fault {
    let message = match frames {
        true => format!("`{element}` works on Ethernet headers, but what gets here has none"),
        false => format!("`{element}` works behind the Ethernet header, which is still there"),
    };
    Box::new(Diagnostic::new(Code::E0467, at, message))
}
