//! Waypoints: `via fw, site.nat` as the leaves that packets enter there.

use crate::bodies::{BodyKind, body};
use crate::cx::{Cx, Params};
use crate::flatten::{MOST_LEAVES, leaf_count, structure};
use crate::instance::Instance;
use crate::lineage::name_place;
use crate::part::{Nesting, PartGroup, nesting, parts};
use crate::source::loc::Problem;
use crate::wire::ends::{offsets, report_unknown_part};
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_core::PartId;
use rdcl_syntax::ast::{End, EndSegment, Index};
use std::collections::BTreeSet;

/// Where the waypoints of a promise are looked for.
#[derive(Clone, Copy)]
pub(super) struct Ways<'a, 'db> {
    /// The one whose parts they are.
    pub instance: Instance<'db>,
    /// The one that makes the promise.
    pub ancestor: Instance<'db>,
    pub env: &'a Params,
}

impl<'db> Ways<'_, 'db> {
    /// The leaves of each waypoint, no two of which have one in common.
    pub fn waypoints(&self, cx: &mut Cx<'db>, through: &[End]) -> Option<Vec<BTreeSet<PartId>>> {
        let found: Vec<Option<BTreeSet<PartId>>> = through.iter().map(|end| self.waypoint(cx, end)).collect();
        let found: Vec<BTreeSet<PartId>> = found.into_iter().collect::<Option<_>>()?;
        for (at, later) in found.iter().enumerate() {
            if let Some(first) = found[..at].iter().position(|earlier| !earlier.is_disjoint(later)) {
                cx.report(twice(cx, &through[first], &through[at]));
                return None;
            }
        }
        Some(found)
    }

    fn waypoint(&self, cx: &mut Cx<'db>, end: &End) -> Option<BTreeSet<PartId>> {
        let paths = self.paths(cx, end)?;
        let found = leaves_within(cx, self.instance, &paths)?;
        if found.is_empty() {
            cx.report(nothing_inside(cx, end));
            return None;
        }
        Some(found)
    }

    /// The paths of the parts that an end names.
    fn paths(&self, cx: &mut Cx<'db>, end: &End) -> Option<Vec<String>> {
        let (mut paths, mut holder) = (vec![String::new()], self.instance);
        for segment in &end.segments {
            let group = self.part(cx, holder, end, segment)?;
            let names: Vec<String> = group.names().collect();
            // Of an array any element is meant, unless one is named.
            let any = group.array.is_some() && matches!(segment.index, None | Some(Index::All));
            let chosen = match any {
                true => names,
                false => {
                    let chosen = offsets(cx, segment, group.array, self.env)?;
                    chosen.into_iter().filter_map(|at| names.get(at as usize).cloned()).collect()
                }
            };
            let below = |path: &String| {
                let dot = if path.is_empty() { "" } else { "." };
                chosen.iter().map(|name| format!("{path}{dot}{name}")).collect::<Vec<_>>()
            };
            paths = paths.iter().flat_map(below).collect();
            holder = group.instance;
        }
        Some(paths)
    }

    fn part(
        &self,
        cx: &mut Cx<'db>,
        holder: Instance<'db>,
        end: &End,
        segment: &EndSegment,
    ) -> Option<&'db PartGroup<'db>> {
        let body = body(cx.db, holder);
        let parts = body.owner().filter(|_| body.kind == BodyKind::Composite).map(|owner| parts(cx.db, owner));
        let found = parts.and_then(|parts| parts.groups.iter().find(|group| group.name == segment.name.text));
        if found.is_some() {
            return found;
        }
        if self.ancestor == self.instance {
            report_unknown_part(cx, &segment.name, parts);
        } else if self.is_known_to_parent(cx, end) && !parts.is_some_and(|p| p.broken.contains(&segment.name.text)) {
            cx.report(lost_part(cx, self.instance, &segment.name.text, end.node));
        }
        None
    }

    /// Whether who makes the promise has the part.
    fn is_known_to_parent(&self, cx: &Cx<'db>, end: &End) -> bool {
        let mut quiet = Cx::new(cx.db, cx.item);
        Ways { instance: self.ancestor, ..*self }.paths(&mut quiet, end).is_some()
    }
}

/// The leaves at these paths and below; none if the instance cannot be flattened, which is complained of elsewhere.
pub(crate) fn leaves_within<'db>(cx: &Cx<'db>, instance: Instance<'db>, paths: &[String]) -> Option<BTreeSet<PartId>> {
    if *nesting(cx.db, instance.rfb(cx.db)) != Nesting::Fine || leaf_count(cx.db, instance) > MOST_LEAVES {
        return None;
    }
    let is_within = |leaf: &str| {
        paths.iter().any(|path| leaf.strip_prefix(path.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('.')))
    };
    let leaves = (0u32..).map(PartId).zip(&structure(cx.db, instance).parts);
    Some(leaves.filter(|(_, (leaf, _))| is_within(leaf)).map(|(id, _)| id).collect())
}

/// A path as it is written, without indices.
fn written(end: &End) -> String {
    end.segments.iter().map(|segment| segment.name.text.as_str()).collect::<Vec<_>>().join(".")
}

fn twice(cx: &Cx<'_>, first: &End, second: &End) -> Problem {
    let message = format!("the waypoints `{}` and `{}` have a block in common", written(first), written(second));
    Diagnostic::new(Code::E0315, cx.at(second.node), message)
        .with_label(cx.at(first.node), "the other waypoint")
        .with_help("name parts none of which is within another, each once")
}

fn nothing_inside(cx: &Cx<'_>, end: &End) -> Problem {
    let message = format!("`{}` has nothing in it that a packet could enter", written(end));
    Diagnostic::new(Code::E0315, cx.at(end.node), message)
        .with_help("a waypoint is a block with a behaviour or an implementation, or one with such parts")
}

fn lost_part(cx: &Cx<'_>, instance: Instance<'_>, part: &str, promise: NodeId) -> Problem {
    let block = instance.rfb(cx.db);
    let message = format!("`{}` inherits a promise via `{part}`, but has no such part", block.name(cx.db));
    Diagnostic::new(Code::E0207, name_place(cx.db, block), message)
        .with_label(cx.at(promise), "packets are to pass it")
        .with_help(format!("give it a part `{part}`"))
}
