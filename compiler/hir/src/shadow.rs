//! Names that hide other names: legal, and probably not what was meant.

use crate::conditional::every_member;
use crate::cx::Cx;
use crate::source::db::Db;
use crate::source::item::{Item, rfb_tree};
use crate::source::loc::Problem;
use crate::source::names::{in_sight, name_node};
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::Keyword;
use rdcl_syntax::ast::{Member, Name};
use std::collections::BTreeMap;

/// Complains of parameters that hide a header stack, and of ports and parts that hide a parameter. A behaviour cannot
/// bind a name that is taken.
pub(crate) fn hidden_names<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let Some(rfb) = rfb_tree(db, item) else { return Vec::new() };
    let mut cx = Cx::new(db, item);
    let declared = rfb.type_params.iter().map(|p| &p.name).chain(rfb.params.iter().map(|p| &p.name));
    let params: BTreeMap<&str, NodeId> = declared.clone().map(|name| (name.text.as_str(), name.node)).collect();
    for name in declared {
        hides_stack(&mut cx, name);
    }
    if !params.is_empty() {
        let mut names = Vec::new();
        every_member(db, item).into_iter().for_each(|(member, _)| bound_by(member, &mut names));
        for (what, name) in names {
            if let Some(first) = params.get(name.text.as_str()) {
                cx.report(hides(&cx, what, name, *first));
            }
        }
    }
    cx.problems
}

fn hides_stack(cx: &mut Cx<'_>, name: &Name) {
    let hidden = in_sight(cx.db, cx.item, &name.text);
    let Some(hidden) = hidden.filter(|hidden| matches!(hidden.keyword(cx.db), Keyword::Stack | Keyword::Header)) else {
        return;
    };
    let message = format!("the parameter `{0}` hides the header stack `{0}`", name.text);
    let at = crate::source::loc::Loc::of(cx.db, hidden, name_node(cx.db, hidden));
    cx.report(
        Diagnostic::new(Code::W0202, cx.at(name.node), message)
            .with_label(at, "the header stack")
            .with_help("give the parameter another name"),
    );
}

/// The names that a member binds, with what each stands for.
fn bound_by<'t>(member: &'t Member, names: &mut Vec<(&'static str, &'t Name)>) {
    match member {
        Member::Port(port) => names.push(("port", &port.name)),
        Member::Part(part) => names.push(("part", &part.name)),
        Member::Wire(_)
        | Member::If(_)
        | Member::Behaviour(_)
        | Member::Ensures(_)
        | Member::Impl(_)
        | Member::Sla(_)
        | Member::Lifecycle(_)
        | Member::Intent(_)
        | Member::Policy(_)
        | Member::Bad(_) => {}
    }
}

fn hides(cx: &Cx<'_>, what: &str, name: &Name, first: NodeId) -> Problem {
    let message = format!("the {what} `{0}` hides the parameter `{0}`", name.text);
    Diagnostic::new(Code::W0202, cx.at(name.node), message)
        .with_label(cx.at(first), "the parameter")
        .with_help("give one of them another name")
}
