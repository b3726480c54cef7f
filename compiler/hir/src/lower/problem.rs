//! What can be wrong with a behaviour or a condition: one helper for each fault.

use super::Setting;
use rdcl_base::{Code, Diagnostic, Fix, NodeId};
use rdcl_core::{Derivation, Field, HeaderKind, Role, Shape};
use std::collections::BTreeSet;
use std::fmt::Display;

/// A fault at a node.
pub(super) type Problem = Diagnostic<NodeId>;

/// `1 argument`, `2 arguments`.
pub(super) fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

pub(super) fn unknown_instruction<'a>(name: &str, at: NodeId, known: impl IntoIterator<Item = &'a str>) -> Problem {
    let problem = Problem::new(Code::E0501, at, format!("no instruction is called `{name}`"));
    match name {
        "Drop" => problem.with_help("a packet is dropped with `Fail(\"why\")`"),
        _ => problem.misspelt(name, known),
    }
}

pub(super) fn unknown_function(name: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0501, at, format!("no function is called `{name}`"))
        .with_help("an expression can call `old(…)` alone, and only in a promise")
}

pub(super) fn wrong_arguments(name: &str, wants: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0502, at, format!("`{name}` is written `{wants}`"))
}

pub(super) fn unknown_header<'a>(name: &str, at: NodeId, declared: impl Iterator<Item = &'a str>) -> Problem {
    let problem = Problem::new(Code::E0503, at, format!("no header is called `{name}`"));
    match name {
        "l4" => problem.with_help("write `has tcp or has udp`"),
        _ => {
            problem.misspelt(name, HeaderKind::ALL.map(HeaderKind::name).into_iter().chain(["tunnel"]).chain(declared))
        }
    }
}

pub(super) fn unknown_field<'a>(
    header: &str,
    name: &str,
    at: NodeId,
    known: impl IntoIterator<Item = &'a str>,
) -> Problem {
    Problem::new(Code::E0503, at, format!("`{header}` has no field `{name}`")).misspelt(name, known)
}

/// An exception for a field that no packet has.
pub(super) fn never_there(what: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0504, at, format!("no packet that enters here has `{what}`")).with_help("leave it out")
}

pub(super) fn header_may_be_absent(
    what: &str,
    proofs: &str,
    shapes: &BTreeSet<Shape>,
    setting: Setting,
    at: NodeId,
) -> Problem {
    let whole = proofs.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(proofs);
    let help = match setting {
        Setting::Behaviour => format!("test for it first: `{proofs} and …`, or `Constrain({whole});` before"),
        Setting::Promise => format!("test for it first: `{proofs} and …`"),
        Setting::Old => format!("test for it first: `old({whole}) and …`, or promise it only `when {whole}`"),
    };
    let lacking: Vec<String> = shapes.iter().take(3).map(|s| format!("`{s:?}`")).collect();
    Problem::new(Code::E0504, at, format!("`{what}` is used where the packet may not have it"))
        .with_note(format!("here a packet may be {}", lacking.join(" or ")))
        .with_help(help)
}

pub(super) fn unreadable(field: Field, at: NodeId) -> Problem {
    Problem::new(Code::E0505, at, format!("`{field}` cannot be read")).with_note(reason(field))
}

pub(super) fn unwritable(field: Field, at: NodeId) -> Problem {
    Problem::new(Code::E0505, at, format!("`{field}` cannot be written")).with_note(reason(field))
}

pub(super) fn not_a_place(at: NodeId) -> Problem {
    Problem::new(Code::E0505, at, "this cannot be written").with_help("a header field or an allocated name can be")
}

pub(super) fn constant_name(name: &str, what: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0505, at, format!("`{name}` cannot be written")).with_note(format!("it is {what}"))
}

fn reason(field: Field) -> String {
    match field.decl().role {
        Role::Plain | Role::HopLimit => "it is carried as it is".to_owned(),
        Role::Derived(Derivation::Checksum) => "a checksum is kept right by construction and is no value".to_owned(),
        Role::Derived(Derivation::Length) => "a length follows from the rest of the packet".to_owned(),
        Role::Derived(Derivation::NextProtocol) => "it follows from the header that comes next".to_owned(),
        Role::Derived(Derivation::Fixed(v)) => format!("the parser lets nothing but {v} through"),
    }
}

pub(super) fn unknown_name<'a>(name: &str, at: NodeId, known: impl IntoIterator<Item = &'a str>) -> Problem {
    Problem::new(Code::E0506, at, format!("nothing here is called `{name}`")).misspelt(name, known)
}

pub(super) fn not_allocated(name: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0506, at, format!("nothing is allocated under the name `{name}`"))
        .with_help(format!("write `Allocate({name}, width);` first"))
}

pub(super) fn wrong_kind(wanted: &str, found: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0507, at, format!("expected {wanted}, found {found}"))
}

/// One bit where a condition belongs, as it is written.
pub(super) fn bit_for_condition(written: Option<String>, at: NodeId) -> Problem {
    let problem = wrong_kind("a condition", "a value", at);
    match written.map(|bit| format!("{bit} == 1")) {
        Some(compared) => problem.with_help(format!("compare it, as in `{compared}`")).with_fix(compared),
        None => problem.with_help("compare it, as in `… == 1`"),
    }
}

/// A prefix where one address belongs.
pub(super) fn prefix_for_address(address: &str, at: NodeId) -> Problem {
    wrong_kind("a value", "a set of values", at)
        .with_help(format!("write one address, as in `{address}`; a prefix stands behind `in`"))
        .with_fix(address)
}

pub(super) fn widths_differ(left: u16, right: u16, at: NodeId) -> Problem {
    Problem::new(Code::E0508, at, format!("one side is {left} bits wide, the other {right}"))
        .with_note("values are never extended or cut by themselves")
}

pub(super) fn does_not_fit(value: u128, width: u16, at: NodeId) -> Problem {
    Problem::new(Code::E0509, at, format!("{value} does not fit {}", counted(usize::from(width), "bit")))
}

pub(super) fn bad_width(width: u128, at: NodeId) -> Problem {
    Problem::new(Code::E0509, at, format!("{width} is no width: values have 1 to 128 bits"))
}

pub(super) fn no_value(at: NodeId) -> Problem {
    Problem::new(Code::E0509, at, "the value of this constant is negative or has more than 128 bits")
}

pub(super) fn unsupported(what: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0510, at, format!("{what} is not supported"))
        .with_help("add, subtract, mask, multiply with a constant, or shift by one")
}

pub(super) fn mixed_units(left: &str, right: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0507, at, format!("{left} does not go with {right} here"))
        .with_note("two times differ by a duration, a time and a duration make a time")
        .with_help("a duration divided by `1ns` is a number of 64 bits, and a number times `1ns` a duration")
}

pub(super) fn divided_by_zero(at: NodeId) -> Problem {
    Problem::new(Code::E0509, at, "a division by zero has no value")
}

pub(super) fn host_bits([written, corrected]: [String; 2], length: u8, at: NodeId) -> Problem {
    let mut problem = Problem::new(Code::E0303, at, format!("`{written}` has bits set after its first {length}"));
    problem.fix = Some(Fix { at, replacement: corrected.clone() });
    problem.with_help(format!("write `{corrected}`"))
}

pub(super) fn not_constant(what: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0511, at, format!("{what} must be a constant")).with_help("a literal or a parameter is one")
}

pub(super) fn empty_range(lo: &str, hi: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0512, at, format!("no value is in `{lo}..{hi}`"))
        .with_help(format!("write the smaller one first: `{hi}..{lo}`"))
}

pub(super) fn name_in_use(name: &str, as_what: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0513, at, format!("`{name}` is already {as_what}")).with_help("take another name")
}

pub(super) fn port_misused(message: impl Into<String>, help: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0514, at, message).with_help(help)
}

pub(super) fn unknown_port<'a>(name: &str, at: NodeId, known: impl IntoIterator<Item = &'a str>) -> Problem {
    Problem::new(Code::E0515, at, format!("no port is called `{name}`")).misspelt(name, known)
}

pub(super) fn shape_refused(port: &str, stack: impl Display, shape: Shape, at: NodeId) -> Problem {
    Problem::new(Code::E0516, at, format!("`{port}` carries `{stack}`, and this packet may be `{shape:?}`"))
        .with_help("test for the headers first, or add or remove them")
}

pub(super) fn metadata_unset(field: Field, port: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0326, at, format!("`{field}` may have no value here, and `{port}` carries it"))
        .with_note("it has one on paths where it is written, or where packets enter by a port that declares it")
        .with_help(format!("write `{field} = …;` on every path to here"))
}

pub(super) fn unknown_metadata(name: &str, at: NodeId, known: Vec<&str>) -> Problem {
    let problem = Problem::new(Code::E0503, at, format!("no metadata is called `{name}` here"));
    match known.is_empty() {
        true => problem.with_help(format!("a port declares it: `port inout a: Ip4 with {{ {name}: u8 }};`")),
        false => problem.with_help(format!("there is `{}`", known.join("`, `"))).misspelt(name, known),
    }
}

pub(super) fn field_unset(field: Field, at: NodeId) -> Problem {
    Problem::new(Code::E0517, at, format!("`{field}` of the added header has no value yet"))
        .with_help(format!("write `{field} = …;` first"))
}

/// Fields of added headers without a value where the packet leaves: all of them at once.
pub(super) fn fields_unset(first: Field, all: &BTreeSet<Field>, at: NodeId) -> Problem {
    let rest: Vec<String> = all.iter().filter(|f| **f != first).map(|field| format!("`{field} = …;`")).collect();
    let problem = field_unset(first, at);
    match rest.is_empty() {
        true => problem,
        false => problem.with_help(format!("write `{first} = …;` first, and {}", rest.join(", "))),
    }
}

pub(super) fn cannot_add(header: HeaderKind, at: NodeId) -> Problem {
    let message =
        format!("`{}` cannot be added: the packet may have it, or have nothing to put it after", header.name());
    Problem::new(Code::E0518, at, message)
}

pub(super) fn cannot_remove(header: HeaderKind, at: NodeId) -> Problem {
    Problem::new(Code::E0518, at, format!("`{}` cannot be removed: the packet may not have it", header.name()))
        .with_help(format!("test `has {}` first", header.name()))
}

pub(super) fn not_movable(header: HeaderKind, at: NodeId) -> Problem {
    Problem::new(Code::E0518, at, format!("`{}` can be neither added nor removed", header.name()))
        .with_note("tags (`vlan`, `svlan`) and declared headers can")
        .with_help("a whole tunnel comes and goes with `Encapsulate(eth, ip, …)` and `Decapsulate()`")
}

pub(super) fn no_outer_header(name: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0502, at, format!("`{name}` cannot be put around a packet here"))
        .with_note("the headers of a tunnel are named from the outermost in, each at most once")
        .with_help("write, for example, `Encapsulate(ip, gre)` or `Encapsulate(eth, ip, udp, vxlan)`")
}

pub(super) fn cannot_encapsulate(shape: Shape, around: Shape, at: NodeId) -> Problem {
    let problem =
        Problem::new(Code::E0534, at, format!("a packet that is `{shape:?}` cannot be carried in `{around:?}`"));
    match shape.has_tunnel() {
        true => problem
            .with_note("a packet has one tunnel; what is nested deeper is payload")
            .with_help("write `Constrain(not has tunnel);` before"),
        false => problem.with_note("the last header of the tunnel must be able to announce the first of the packet"),
    }
}

pub(super) fn cannot_decapsulate(shape: Shape, at: NodeId) -> Problem {
    Problem::new(Code::E0535, at, format!("a packet that is `{shape:?}` carries no packet that could be taken out"))
        .with_help("test for one first, as in `Constrain(has inner.ip);`")
}

pub(super) fn read_before_write(name: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0519, at, format!("`{name}` is read before it is written on every path"))
}

pub(super) fn entry_unbound(name: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0519, at, format!("`{name}` names no entry on some path"))
        .with_help(format!("let the `else` arm end every path, or bind it with `insert {name} in …`"))
}

pub(super) fn entry_removed(name: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0519, at, format!("the entry `{name}` was removed"))
}

pub(super) fn depth_differs(name: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0520, at, format!("`{name}` is allocated on one path and not on the other where they meet"))
        .with_help("allocate before the branch, or deallocate on both sides")
}

pub(super) fn bad_state(message: impl Into<String>, at: NodeId) -> Problem {
    Problem::new(Code::E0521, at, message)
}

pub(super) fn column_twice(name: &str, at: NodeId) -> Problem {
    bad_state(format!("the column `{name}` stands twice in this index"), at).with_help("leave one of them out")
}

pub(super) fn unknown_thing<'a>(
    what: &str,
    name: &str,
    at: NodeId,
    known: impl IntoIterator<Item = &'a str>,
) -> Problem {
    Problem::new(Code::E0522, at, format!("no {what} is called `{name}`")).misspelt(name, known)
}

pub(super) fn wrong_count(wanted: usize, found: usize, what: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0523, at, format!("{what} takes {}, found {found}", counted(wanted, "value")))
}

pub(super) fn arm_missing(message: &str, help: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0524, at, message).with_help(help)
}

pub(super) fn arm_falls_through(what: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0525, at, format!("{what} must end every path"))
        .with_help("end it with `Forward(…)` or `Fail(\"…\")`")
}

pub(super) fn no_index(message: impl Into<String>, help: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0526, at, message).with_help(help)
}

pub(super) fn bad_resolver(message: impl Into<String>, help: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0527, at, message).with_help(help)
}

pub(super) fn written_after_fork(what: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0528, at, format!("{what} after a fork"))
        .with_note("copies of one packet share the state, so it is written before they part")
}

pub(super) fn no_such_address(message: impl Into<String>, help: Option<String>, at: NodeId) -> Problem {
    Problem::new(Code::E0529, at, message).with_optional_help(help)
}

pub(super) fn tag_undefined(name: &str, shape: Shape, at: NodeId) -> Problem {
    Problem::new(Code::E0530, at, format!("the tag `{name}` is not defined in a packet that is `{shape:?}`"))
        .with_help("`START`, `L2`, `L3` and `L4` are, where their header is there; others are made by `CreateTag`")
}

pub(super) fn tag_differs(name: &str, at: NodeId) -> Problem {
    Problem::new(Code::E0530, at, format!("the tag `{name}` points to different places, depending on the path"))
}

pub(super) fn second_behaviour(port: &str, first: NodeId, at: NodeId) -> Problem {
    Problem::new(Code::E0531, at, format!("`{port}` has two behaviours")).with_label(first, "the first one is here")
}

pub(super) fn misplaced_old(at: NodeId) -> Problem {
    Problem::new(Code::E0532, at, "`old` has a meaning only in what is promised of a packet as it leaves")
}

pub(super) fn too_large(at: NodeId) -> Problem {
    Problem::new(Code::E0533, at, "the behaviour is too large")
}

pub(super) fn unreachable(at: NodeId) -> Problem {
    Problem::new(Code::W0501, at, "no packet gets here").with_note("every path before has forwarded or dropped it")
}

pub(super) fn falls_off(at: NodeId) -> Problem {
    Problem::new(Code::W0502, at, "a packet can reach the end of this block without being forwarded or dropped")
        .with_note("it is dropped: \"end of block\"")
        .with_help("say so with `Fail(\"…\")`, or forward it")
}

pub(super) fn no_behaviour(port: &str, at: NodeId) -> Problem {
    Problem::new(Code::W0503, at, format!("packets that enter `{port}` have no behaviour"))
        .with_note("they are dropped: \"no behaviour for this port\"")
        .with_help(format!("write `on {port} {{ … }}`, or declare the port `out`"))
}

pub(super) fn cannot_be_booted(why: &str, help: &str, at: NodeId) -> Problem {
    Problem::new(Code::W0504, at, format!("{why} makes the block a specification, which cannot be booted"))
        .with_help(help)
}

pub(super) fn matches_nothing(pattern: &str, at: NodeId) -> Problem {
    Problem::new(Code::W0505, at, format!("no allocated name matches `{pattern}`"))
}
