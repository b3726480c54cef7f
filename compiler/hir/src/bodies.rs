//! Bodies: what makes an RFB do something, its own or inherited.
//!
//! A block with a behaviour, parts or wires has a body of its own; another inherits the body of the first parent that
//! has one. A block without any is opaque: only its contract is known.

use crate::click::{circuit, configuration};
use crate::conditional::{every_member, every_part, shrinking};
use crate::cx::Cx;
use crate::instance::{Instance, members};
use crate::lineage::{instance_lineage, lineage, parent_items, parents};
use crate::source::db::Db;
use crate::source::item::Item;
use crate::source::loc::Problem;
use crate::source::names::{lookup, name_node};
use rdcl_base::{Code, Diagnostic};
use rdcl_syntax::{Keyword, ast};

/// What kind of body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// A behaviour.
    Leaf,
    /// Parts and wires.
    Composite,
    /// Nothing is known.
    Opaque,
}

/// The body of an instance.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Body<'db> {
    /// Which kind.
    pub kind: BodyKind,
    /// The instance and its ancestors down to the one whose members are the body, which is the last.
    pub chain: Vec<Instance<'db>>,
}

impl<'db> Body<'db> {
    /// The ancestor (or the instance itself) whose members are the body.
    pub fn owner(&self) -> Option<Instance<'db>> {
        self.chain.last().copied()
    }
}

/// What the RFB itself declares.
fn own_kind(db: &dyn Db, item: Item<'_>) -> BodyKind {
    let (mut kind, mut behaviour) = (BodyKind::Opaque, false);
    for (member, _) in every_member(db, item) {
        match member {
            // Its elements are parts, even where they come to nothing.
            ast::Member::Behaviour(b) if configuration(b).is_some() => kind = BodyKind::Composite,
            ast::Member::Behaviour(b) => behaviour |= sefl(b).is_some(),
            ast::Member::Part(_) | ast::Member::Wire(_) => kind = BodyKind::Composite,
            ast::Member::Port(_)
            | ast::Member::Ensures(_)
            | ast::Member::Impl(_)
            | ast::Member::Sla(_)
            | ast::Member::Lifecycle(_)
            | ast::Member::Intent(_)
            | ast::Member::If(_)
            | ast::Member::Policy(_)
            | ast::Member::Bad(_) => {}
        }
    }
    if kind == BodyKind::Opaque && behaviour { BodyKind::Leaf } else { kind }
}

/// The statements of a behaviour in SEFL.
pub(crate) fn sefl(behaviour: &ast::Behaviour) -> Option<&[ast::SeflMember]> {
    match &behaviour.body {
        ast::BehaviourBody::Sefl(members) if behaviour.language.text == "sefl" => Some(members),
        ast::BehaviourBody::Sefl(_) | ast::BehaviourBody::Click(_) | ast::BehaviourBody::Foreign(_) => None,
    }
}

/// The body of an instance.
#[salsa::tracked(returns(ref))]
pub fn body<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Body<'db> {
    let kind = own_kind(db, instance.rfb(db));
    if kind != BodyKind::Opaque {
        return Body { kind, chain: vec![instance] };
    }
    let inherited = parents(db, instance).list.iter().map(|parent| body(db, *parent));
    match inherited.into_iter().find(|b| b.kind != BodyKind::Opaque) {
        Some(found) => {
            Body { kind: found.kind, chain: std::iter::once(instance).chain(found.chain.iter().copied()).collect() }
        }
        None => Body { kind: BodyKind::Opaque, chain: instance_lineage(db, instance).to_vec() },
    }
}

/// The RFB whose members are the body of an RFB.
#[salsa::tracked(returns(copy))]
pub(crate) fn body_item<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Item<'db>> {
    if own_kind(db, item) != BodyKind::Opaque {
        return Some(item);
    }
    if lineage(db, item).broken {
        return None;
    }
    parent_items(db, item).iter().find_map(|parent| body_item(db, *parent))
}

/// The RFBs of the parts of an RFB, inherited ones too, each once.
#[salsa::tracked(returns(deref))]
pub fn part_items<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Item<'db>> {
    let Some(owner) = body_item(db, item) else { return Vec::new() };
    // Smaller instances of the block itself come to an end.
    let parts = every_part(db, owner).filter(|(part, under)| !under || shrinking(db, owner, part).is_none());
    let found = parts.filter_map(|(part, _)| lookup(db, owner, &part.rfb));
    let blocks: indexmap::IndexSet<_> = found.filter(|i| i.keyword(db) == Keyword::Rfb).collect();
    blocks.into_iter().collect()
}

/// What is wrong with an RFB's choice of body.
pub(crate) fn body_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let mut cx = Cx::new(db, item);
    let mut first = None;
    for member in members(db, item) {
        let ast::Member::Behaviour(behaviour) = member else { continue };
        if sefl(behaviour).is_none() && configuration(behaviour).is_none() {
            cx.report(unknown_language(&cx, &behaviour.language, "behaviour", &["sefl", "click"]));
        }
        match first {
            Some(first) => cx.report(second_behaviour(&cx, behaviour, first)),
            None => first = Some(behaviour),
        }
    }
    if let Some(behaviour) = first.filter(|_| has_written_parts(db, item)) {
        cx.report(two_bodies(&cx, behaviour));
    }
    cx.report_all(circuit(db, item).problems.iter().cloned());
    if first.is_some_and(|behaviour| configuration(behaviour).is_some()) {
        let unused = members(db, item).iter().filter_map(|member| match member {
            ast::Member::Impl(implementation) => Some(unused_implementation(&cx, implementation)),
            _ => None,
        });
        let unused: Vec<Problem> = unused.collect();
        cx.problems.extend(unused);
    }
    cx.problems
}

fn unused_implementation(cx: &Cx<'_>, implementation: &ast::Impl) -> Problem {
    let message = format!("the implementation `{}` is not used", implementation.name.text);
    Diagnostic::new(Code::W0461, cx.at(implementation.name.node), message)
        .with_note("the elements of a behaviour in Click are placed one by one, each as a small guest on `kvm`")
        .with_help("leave it out")
}

/// Whether parts or wires are written, be it under a condition.
fn has_written_parts(db: &dyn Db, item: Item<'_>) -> bool {
    let mut open: Vec<&ast::Member> = members(db, item).iter().collect();
    while let Some(member) = open.pop() {
        match member {
            ast::Member::Part(_) | ast::Member::Wire(_) => return true,
            ast::Member::If(c) => open.extend(c.then.iter().chain(&c.otherwise)),
            _ => {}
        }
    }
    false
}

pub(crate) fn unknown_language(cx: &Cx<'_>, language: &ast::Name, what: &str, known: &[&str]) -> Problem {
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    Diagnostic::new(Code::E0212, cx.at(language.node), format!("a {what} in `{}` is not understood", language.text))
        .with_help(format!("write it in {}", names.join(" or ")))
        .misspelt(&language.text, known.iter().copied())
}

fn second_behaviour(cx: &Cx<'_>, behaviour: &ast::Behaviour, first: &ast::Behaviour) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(behaviour.language.node), "a block has one behaviour, this is its second")
        .with_label(cx.at(first.language.node), "the first")
}

fn two_bodies(cx: &Cx<'_>, behaviour: &ast::Behaviour) -> Problem {
    let message = format!("`{}` has both a behaviour and parts", cx.item.name(cx.db));
    Diagnostic::new(Code::E0311, cx.at(behaviour.language.node), message)
        .with_label(cx.at(name_node(cx.db, cx.item)), "this block")
        .with_help("make a part of the behaviour, in a block of its own")
}
