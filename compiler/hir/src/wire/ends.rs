//! Ends: what `lan`, `fw.lan`, `r.p[3]` and `p[*]` stand for inside a composite.

use crate::cx::{Cx, Params};
use crate::eval::evaluate_u64;
use crate::lower::PortGroup;
use crate::part::{PartGroup, Parts};
use crate::port::{Ports, ports};
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::ast::{End, EndSegment, Index, Name};

/// A port inside a composite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndRef {
    /// A port of the composite itself.
    Outer(u32),
    /// A port of a part: the part (arrays counted out; the balancers come after all parts), the port.
    Inner(u32, u32),
}

/// What ends may speak of.
pub(crate) struct Surroundings<'a, 'db> {
    pub ports: &'a Ports,
    pub parts: Option<&'a Parts<'db>>,
    pub env: &'a Params,
}

/// A resolved end: the group of ports it is from, and which.
pub(crate) struct Resolved {
    pub group: PortGroup,
    pub ports: Vec<EndRef>,
}

impl<'db> Surroundings<'_, 'db> {
    /// What an end stands for; complains when it is nothing.
    pub fn resolve(&self, cx: &mut Cx<'db>, end: &End) -> Option<Resolved> {
        self.resolve_beside(cx, end, &[])
    }

    /// The same, of one of several ends that are to be joined: it hardly means what another one names.
    pub fn resolve_beside(&self, cx: &mut Cx<'db>, end: &End, all: &[End]) -> Option<Resolved> {
        match end.segments.as_slice() {
            [port] => self.outer(cx, port, all),
            [part, port] => self.inner(cx, part, port),
            _ => {
                cx.report(too_far(cx, end));
                None
            }
        }
    }

    fn outer(&self, cx: &mut Cx<'db>, segment: &EndSegment, all: &[End]) -> Option<Resolved> {
        let Some(group) = self.ports.groups.iter().find(|g| g.name == segment.name.text) else {
            if !self.ports.lost.may_be(&segment.name.text) {
                cx.report(self.unknown_port(cx, &segment.name, all));
            }
            return None;
        };
        let offsets = offsets(cx, segment, group.array, self.env)?;
        let ports = offsets.into_iter().map(|o| EndRef::Outer(group.first.0 + o)).collect();
        Some(Resolved { group: group.clone(), ports })
    }

    fn inner(&self, cx: &mut Cx<'db>, part: &EndSegment, port: &EndSegment) -> Option<Resolved> {
        let (first, part_group) = self.find_part(cx, &part.name, port)?;
        let inner = ports(cx.db, part_group.instance);
        let Some(group) = inner.groups.iter().find(|g| g.name == port.name.text) else {
            if !inner.lost.may_be(&port.name.text) {
                cx.report(unknown_part_port(cx, &port.name, part_group, inner));
            }
            return None;
        };
        let part_offsets = offsets(cx, part, part_group.array, self.env)?;
        let port_offsets = offsets(cx, port, group.array, self.env)?;
        let of_part = |p: u32| port_offsets.iter().map(move |o| EndRef::Inner(first + p, group.first.0 + o));
        Some(Resolved { group: group.clone(), ports: part_offsets.into_iter().flat_map(of_part).collect() })
    }

    /// The index of the first part of a group, and the group.
    fn find_part(&self, cx: &mut Cx<'db>, name: &Name, port: &EndSegment) -> Option<(u32, &PartGroup<'db>)> {
        let mut first = 0;
        for group in self.groups() {
            if group.name == name.text {
                return Some((first, group));
            }
            first += group.size() as u32;
        }
        if self.parts.is_none() {
            cx.report(inside(cx, name, port));
        } else if self.ports.groups.iter().any(|group| group.name == name.text) {
            let problem = unknown_part(cx, name, []);
            cx.report(problem.with_help(format!("`{0}` is a port of the block itself: write `{0}`", name.text)));
        } else {
            report_unknown_part(cx, name, self.parts);
        }
        None
    }

    /// The parts, in order.
    pub fn groups(&self) -> &[PartGroup<'db>] {
        self.parts.map_or(&[], |parts| &parts.groups)
    }

    fn unknown_port(&self, cx: &Cx<'_>, name: &Name, all: &[End]) -> Problem {
        let message = format!("there is no port `{}` here", name.text);
        let is_named = |port: &str| all.iter().any(|end| matches!(&end.segments[..], [only] if only.name.text == port));
        let free = self.ports.groups.iter().filter(|g| g.array.is_some() || !is_named(&g.name));
        let names = free.map(|g| g.name.as_str());
        let is_part = self.groups().iter().any(|p| p.name == name.text);
        let problem = Diagnostic::new(Code::E0206, cx.at(name.node), message);
        if is_part {
            return problem.with_help(format!("`{0}` is a part; name one of its ports, as in `{0}.port`", name.text));
        }
        problem.misspelt(&name.text, names)
    }
}

/// Which elements of a group a segment means, counted from its first.
pub(crate) fn offsets(
    cx: &mut Cx<'_>,
    segment: &EndSegment,
    array: Option<(u64, u64)>,
    env: &Params,
) -> Option<Vec<u32>> {
    match (array, &segment.index) {
        (None, None) => Some(vec![0]),
        (Some((lo, hi)), Some(Index::All)) => Some((0..=(hi - lo) as u32).collect()),
        (Some((lo, hi)), Some(Index::At(expr))) => {
            let index = evaluate_u64(cx, expr, env)?;
            if (lo..=hi).contains(&index) {
                return Some(vec![(index - lo) as u32]);
            }
            cx.report(outside(cx, expr.node, &segment.name.text, index, (lo, hi)));
            None
        }
        (Some(bounds), None) => {
            cx.report(which_element(cx, &segment.name, bounds));
            None
        }
        (None, Some(_)) => {
            cx.report(no_array(cx, &segment.name));
            None
        }
    }
}

/// Complains of a part that does not exist; not of one whose declaration is wrong.
pub(crate) fn report_unknown_part(cx: &mut Cx<'_>, name: &Name, parts: Option<&Parts<'_>>) {
    let broken = parts.is_some_and(|parts| parts.broken.contains(&name.text));
    if !broken {
        let known = parts.into_iter().flat_map(|parts| parts.groups.iter().map(|g| g.name.as_str()));
        cx.report(unknown_part(cx, name, known));
    }
}

fn inside(cx: &Cx<'_>, name: &Name, port: &EndSegment) -> Problem {
    let message =
        format!("`{}.{}` is inside the block, and what is said here is about its own ports", name.text, port.name.text);
    Diagnostic::new(Code::E0207, cx.at(name.node), message)
}

fn too_far(cx: &Cx<'_>, end: &End) -> Problem {
    Diagnostic::new(Code::E0206, cx.at(end.node), "a port of a part of a part cannot be named from here")
        .with_help("give the part a port of its own, and wire that")
}

pub(crate) fn unknown_part<'a>(cx: &Cx<'_>, name: &Name, parts: impl IntoIterator<Item = &'a str>) -> Problem {
    Diagnostic::new(Code::E0207, cx.at(name.node), format!("there is no part `{}` here", name.text))
        .misspelt(&name.text, parts)
}

fn unknown_part_port(cx: &Cx<'_>, name: &Name, part: &PartGroup<'_>, inner: &Ports) -> Problem {
    let message = format!("the part `{}` has no port `{}`", part.name, name.text);
    let names: Vec<&str> = inner.groups.iter().map(|g| g.name.as_str()).collect();
    let help = (!names.is_empty()).then(|| format!("its ports are {}", names.join(", ")));
    Diagnostic::new(Code::E0206, cx.at(name.node), message)
        .with_optional_help(help)
        .misspelt(&name.text, names.iter().copied())
}

fn outside(cx: &Cx<'_>, at: NodeId, name: &str, index: u64, (lo, hi): (u64, u64)) -> Problem {
    Diagnostic::new(Code::E0407, cx.at(at), format!("`{name}[{index}]` is outside the array `{name}[{lo}..{hi}]`"))
}

fn which_element(cx: &Cx<'_>, name: &Name, (lo, hi): (u64, u64)) -> Problem {
    let message = format!("`{0}` is an array, `{0}[{lo}..{hi}]`", name.text);
    Diagnostic::new(Code::E0407, cx.at(name.node), message)
        .with_help(format!("say which: `{0}[{lo}]`, or `{0}[*]` for all of them", name.text))
        .with_fix(format!("{}[*]", name.text))
}

fn no_array(cx: &Cx<'_>, name: &Name) -> Problem {
    Diagnostic::new(Code::E0407, cx.at(name.node), format!("`{}` is not an array", name.text))
        .with_help("leave out the index")
}
