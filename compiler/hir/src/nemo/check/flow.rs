//! Flows: their matches, and whether any packet satisfies them.

use super::{Frame, Written};
use crate::cx::Cx;
use crate::nemo::class::{Class, class_of};
use crate::nemo::scope::Thing;
use rdcl_base::{Code, Diagnostic};
use rdcl_syntax::nemo::{ClauseKind, EntityKind};
use std::collections::BTreeSet;

/// A flow with the packets that belong to it.
pub(crate) struct FlowClass<'db> {
    pub name: &'db str,
    pub class: Class,
}

/// Checks a flow as it is written.
pub(super) fn check<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, written: Written<'db>) {
    for clause in &written.entity.clauses {
        let ClauseKind::Match(entries) = &clause.kind else { continue };
        let class = class_of(cx, entries, frame.library, &|name| frame.is_parameter(name));
        if let (true, Some(name)) = (class.is_empty(), &written.entity.name) {
            let message = format!("no packet belongs to the flow `{}`", name.text);
            let problem = Diagnostic::new(Code::E0416, cx.at(name.node), message);
            let problem = problem.with_note("all its matches must hold, and they contradict each other");
            cx.report(problem.with_help("make a flow of each of them"));
        }
    }
}

/// The packets of each flow, without complaint.
pub(crate) fn classes<'db>(cx: &Cx<'db>, frame: &Frame<'_, 'db>) -> Vec<FlowClass<'db>> {
    let mut quiet = Cx::new(cx.db, cx.item);
    let class = |flow: &Thing<'db>| FlowClass {
        name: &flow.name.text,
        class: class_of(&mut quiet, flow.matches(), frame.library, &|name| frame.is_parameter(name)),
    };
    frame.scope.of_kind(EntityKind::Flow).map(class).collect()
}

/// Warns of flows that no operation and no query speaks of, where there are operations at all.
pub(super) fn unused<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, asked: &BTreeSet<String>) {
    let targets: BTreeSet<String> =
        frame.scope.of_kind(EntityKind::Operation).filter_map(|o| Some(o.target()?.text())).collect();
    // An operation without a target, or whose target could not be read, may be meant to be about any of them.
    let open = frame.scope.of_kind(EntityKind::Operation).any(|o| o.target().is_none());
    let expected = (frame.block.is_some() || !targets.is_empty()) && !open;
    let unused = |flow: &&Thing<'db>| {
        !targets.contains(&flow.name.text) && !asked.contains(&flow.name.text) && !frame.may_exist(&flow.name.text)
    };
    for flow in frame.scope.of_kind(EntityKind::Flow).filter(|_| expected).filter(unused) {
        let message = format!("no operation uses the flow `{}`", flow.name.text);
        cx.report(Diagnostic::new(Code::W0402, cx.at(flow.name.node), message));
    }
}
