//! Abstract blocks: what sub-classes have in common, and nothing that could run.
//!
//! `abstract rfb Cache { … }` has ports, parameters and promises. It is the parent of blocks that keep the promises, and
//! can be neither a part nor deployed.

use crate::bodies::body_item;
use crate::cx::Cx;
use crate::instance::members;
use crate::lineage::{lineage, name_place};
use crate::source::db::Db;
use crate::source::item::{Item, rfb_tree};
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::ast::Member;

/// Whether an RFB is abstract.
pub fn is_abstract(db: &dyn Db, item: Item<'_>) -> bool {
    rfb_tree(db, item).is_some_and(|rfb| rfb.is_abstract)
}

/// Complains when an abstract block is to be something that runs, such as a part.
pub(crate) fn must_be_concrete<'db>(cx: &mut Cx<'db>, target: Item<'db>, at: NodeId, what: &str) -> bool {
    let concrete = !is_abstract(cx.db, target);
    if !concrete {
        cx.report(used_abstract(cx, target, at, what));
    }
    concrete
}

/// What is wrong with a block as an abstract one, or as a sub-class of one.
pub(crate) fn abstract_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    if is_abstract(db, item) {
        let cx = Cx::new(db, item);
        return members(db, item).iter().filter_map(|member| in_abstract(&cx, member)).collect();
    }
    let parent = lineage(db, item).ancestors.iter().copied().find(|ancestor| is_abstract(db, *ancestor));
    let missing = parent.filter(|_| !lineage(db, item).broken && !has_body(db, item));
    missing.map(|parent| without_body(db, item, parent)).into_iter().collect()
}

/// Whether something is known of how a block works: a behaviour, parts, or an implementation.
fn has_body<'db>(db: &'db dyn Db, item: Item<'db>) -> bool {
    let implemented = |item: Item<'db>| members(db, item).iter().any(|m| matches!(m, Member::Impl(_) | Member::Bad(_)));
    body_item(db, item).is_some()
        || std::iter::once(item).chain(lineage(db, item).ancestors.iter().copied()).any(implemented)
}

fn in_abstract(cx: &Cx<'_>, member: &Member) -> Option<Problem> {
    let (node, what) = match member {
        Member::Part(part) => (part.name.node, "a part"),
        Member::Wire(wire) => (wire.node, "a wire"),
        Member::Behaviour(behaviour) => (behaviour.language.node, "a behaviour"),
        Member::Impl(implementation) => (implementation.name.node, "an implementation"),
        Member::Intent(intent) => (intent.language.node, "an intent"),
        Member::If(conditional) => (conditional.condition.node, "parts"),
        Member::Policy(policy) => (policy.name.node, "a policy"),
        Member::Port(_) | Member::Ensures(_) | Member::Sla(_) | Member::Lifecycle(_) | Member::Bad(_) => return None,
    };
    let message = format!("`{}` is abstract and cannot have {what}", cx.item.name(cx.db));
    Some(
        Diagnostic::new(Code::E0319, cx.at(node), message)
            .with_note("an abstract block has parameters, ports and promises")
            .with_help("move it to a sub-class, or leave out `abstract`"),
    )
}

fn used_abstract(cx: &Cx<'_>, target: Item<'_>, at: NodeId, what: &str) -> Problem {
    let name = target.name(cx.db);
    Diagnostic::new(Code::E0214, cx.at(at), format!("`{name}` is abstract and cannot be {what}"))
        .with_label(name_place(cx.db, target), "declared `abstract` here")
        .with_help(format!("name a sub-class of it, `rfb … : {name} {{ … }}`"))
}

fn without_body(db: &dyn Db, item: Item<'_>, parent: Item<'_>) -> Problem {
    let (name, parent_name) = (item.name(db), parent.name(db));
    let message = format!("`{name}` is a `{parent_name}`, but nothing says how it works");
    Diagnostic::new(Code::E0320, name_place(db, item), message)
        .with_label(name_place(db, parent), "this parent is abstract")
        .with_help("give it a behaviour, parts or an implementation, or make it abstract, too")
}
