//! The ports of an instance: its parents' first, then its own.
//!
//! A child may repeat a parent's port. What may enter may grow (`in`), what leaves may shrink (`out`); an `inout` port
//! stays as it is.

use crate::cx::Cx;
use crate::eval::evaluate_u64;
use crate::headers::metadata::{disagreement, with_metadata};
use crate::instance::{Instance, members, params};
use crate::lineage::{name_place, parents};
use crate::lower::{LostPorts, PortGroup};
use crate::source::db::Db;
use crate::source::item::{is_read, rfb_tree};
use crate::source::loc::{Loc, Problem};
use crate::types::port_stack;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_core::{PortId, Stack};
use rdcl_syntax::ast::{self, Direction, Expr};

/// The most ports of one block, and the most parts of one array.
pub(crate) const MOST_ELEMENTS: u64 = 4096;

/// The ports of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Ports and arrays of ports, in order.
    pub groups: Vec<PortGroup>,
    /// Where each group is declared.
    pub places: Vec<Loc>,
    /// Those of which nothing is known.
    pub lost: LostPorts,
    /// What is wrong with the declarations of the block itself.
    pub problems: Vec<Problem>,
}

/// One port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatPort {
    /// `lan`, `p[3]`
    pub name: String,
    /// What travels over it.
    pub stack: Stack,
    /// Which way.
    pub direction: Direction,
}

impl Ports {
    /// Every port by itself; a [`PortId`] indexes them.
    pub fn flat(&self) -> Vec<FlatPort> {
        self.groups.iter().flat_map(group_ports).collect()
    }

    /// The number of ports.
    pub fn count(&self) -> u32 {
        self.groups.last().map_or(0, |g| g.first.0 + group_size(g) as u32)
    }
}

/// The ports of a group.
fn group_ports(group: &PortGroup) -> impl Iterator<Item = FlatPort> + '_ {
    group_names(&group.name, group.array).map(|name| FlatPort { name, stack: group.stack, direction: group.direction })
}

/// `name`, or `name[lo]` … `name[hi]`.
pub(crate) fn group_names(name: &str, array: Option<(u64, u64)>) -> impl Iterator<Item = String> + use<'_> {
    let (lo, hi) = array.unwrap_or((0, 0));
    (lo..=hi).map(move |i| if array.is_some() { format!("{name}[{i}]") } else { name.to_owned() })
}

pub(crate) fn group_size(group: &PortGroup) -> u64 {
    group.array.map_or(1, |(lo, hi)| hi - lo + 1)
}

/// The ports of an instance.
#[salsa::tracked(returns(ref))]
pub fn ports<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Ports {
    let item = instance.rfb(db);
    let (mut cx, mut ports) = (Cx::new(db, item), Ports::default());
    for parent in &parents(db, instance).list {
        inherit(&mut cx, &mut ports, crate::port::ports(db, *parent));
    }
    let unfound = rfb_tree(db, item).is_some_and(|rfb| parents(db, instance).list.len() < rfb.parents.len());
    ports.lost.any |= unfound || !is_read(db, item);
    let inherited = ports.groups.len();
    let env = params(db, instance);
    for member in members(db, item) {
        let ast::Member::Port(port) = member else { continue };
        let (name, direction) = (port.name.text.clone(), port.direction);
        let stack = port_stack(&mut cx, &port.ty, env);
        let stack = stack.and_then(|stack| with_metadata(&mut cx, stack, port));
        let array = array_bounds(&mut cx, port.array.as_ref(), env);
        let (Some(stack), Ok(array)) = (stack, array) else {
            ports.lost.names.push(name);
            continue;
        };
        let group = PortGroup { name, first: PortId(0), array, stack, direction };
        declare(&mut cx, &mut ports, inherited, group, port);
    }
    number(&mut cx, &mut ports);
    cx.problems.extend(disagreement(&cx, &ports));
    ports.problems = cx.problems;
    ports
}

fn inherit(cx: &mut Cx<'_>, ports: &mut Ports, parent: &Ports) {
    ports.lost.names.extend(parent.lost.names.iter().cloned());
    ports.lost.any |= parent.lost.any;
    for (group, place) in parent.groups.iter().zip(&parent.places) {
        match ports.groups.iter().position(|g| g.name == group.name) {
            None => {
                ports.groups.push(group.clone());
                ports.places.push(*place);
            }
            Some(known) if same_port(&ports.groups[known], group) => {}
            Some(known) => cx.report(parents_disagree(cx, &ports.groups[known], [ports.places[known], *place])),
        }
    }
}

fn same_port(a: &PortGroup, b: &PortGroup) -> bool {
    (a.array, a.stack, a.direction) == (b.array, b.stack, b.direction)
}

fn declare(cx: &mut Cx<'_>, ports: &mut Ports, inherited: usize, group: PortGroup, port: &ast::Port) {
    match ports.groups.iter().position(|g| g.name == group.name) {
        None => {
            ports.groups.push(group);
            ports.places.push(cx.at(port.node));
        }
        Some(i) if i < inherited => match may_replace(&ports.groups[i], &group) {
            Ok(()) => (ports.groups[i], ports.places[i]) = (group, cx.at(port.node)),
            Err(why) => cx.report(parent_differs(cx, port, ports.places[i], why)),
        },
        Some(i) => cx.report(duplicate_port(cx, port, ports.places[i])),
    }
}

/// Whether a child's port may stand for its parent's.
fn may_replace(parent: &PortGroup, child: &PortGroup) -> Result<(), String> {
    if parent.direction != child.direction {
        return Err("it faces another way in the parent".into());
    }
    if parent.array != child.array {
        return Err("it has other bounds in the parent".into());
    }
    let (p, c) = (parent.stack, child.stack);
    let fits = match child.direction {
        Direction::In => includes(c, p),
        Direction::Out => includes(p, c),
        Direction::InOut => p == c,
    };
    if fits { Ok(()) } else { Err(format!("it carries {p} in the parent")) }
}

/// Whether `wide` admits all that `narrow` admits.
pub(crate) fn includes(wide: Stack, narrow: Stack) -> bool {
    wide.outermost == narrow.outermost && wide.required.headers().all(|h| narrow.required.has(h))
}

fn number(cx: &mut Cx<'_>, ports: &mut Ports) {
    let mut next = 0u64;
    for group in &mut ports.groups {
        group.first = PortId(next as u32);
        next += group_size(group);
    }
    if next > MOST_ELEMENTS {
        cx.report(too_many_ports(cx, next));
        ports.lost.any = true;
        ports.groups.clear();
        ports.places.clear();
    }
}

/// The bounds of an array, or nothing when there is none; complains when they are wrong.
pub(crate) fn array_bounds(
    cx: &mut Cx<'_>,
    array: Option<&(Expr, Expr)>,
    env: &crate::cx::Params,
) -> Result<Option<(u64, u64)>, ()> {
    let Some((lo, hi)) = array else { return Ok(None) };
    let (Some(first), Some(last)) = (evaluate_u64(cx, lo, env), evaluate_u64(cx, hi, env)) else { return Err(()) };
    if first > last {
        cx.report(empty_array(cx, hi.node, first, last));
        return Err(());
    }
    if last - first >= MOST_ELEMENTS {
        cx.report(long_array(cx, hi.node));
        return Err(());
    }
    Ok(Some((first, last)))
}

fn duplicate_port(cx: &Cx<'_>, port: &ast::Port, first: Loc) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(port.name.node), format!("the port `{}` is declared twice", port.name.text))
        .with_label(first, "first declared here")
}

fn parents_disagree(cx: &Cx<'_>, known: &PortGroup, [first, second]: [Loc; 2]) -> Problem {
    let message = format!("the parents of `{}` declare the port `{}` differently", cx.item.name(cx.db), known.name);
    Diagnostic::new(Code::E0309, name_place(cx.db, cx.item), message)
        .with_label(first, "one declares it so")
        .with_label(second, "another declares it so")
}

fn parent_differs(cx: &Cx<'_>, port: &ast::Port, parent: Loc, why: String) -> Problem {
    let message = format!("the port `{}` cannot stand for the parent's: {why}", port.name.text);
    Diagnostic::new(Code::E0309, cx.at(port.node), message).with_label(parent, "declared by the parent")
}

fn too_many_ports(cx: &Cx<'_>, count: u64) -> Problem {
    let message = format!("`{}` has {count} ports, the most is {MOST_ELEMENTS}", cx.item.name(cx.db));
    Diagnostic::new(Code::E0408, name_place(cx.db, cx.item), message)
}

fn empty_array(cx: &Cx<'_>, at: NodeId, lo: u64, hi: u64) -> Problem {
    Diagnostic::new(Code::E0307, cx.at(at), format!("the array {lo}..{hi} has no element"))
}

fn long_array(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0408, cx.at(at), format!("an array has at most {MOST_ELEMENTS} elements"))
}
