//! Sub-classing: parents and ancestors of RFBs, and of instances.
//!
//! A parameter of a child with the name of a parent's parameter is passed to the parent by itself; other arguments of
//! the parent are written.

pub(crate) mod abstraction;
pub(crate) mod ancestry;

use crate::cx::{Cx, Params};
use crate::eval::coerce;
use crate::instance::param::{Param, signature};
use crate::instance::{Instance, Written, instantiate, params};
use crate::source::db::Db;
use crate::source::item::{Item, rfb_tree, stands_before};
use crate::source::loc::{Loc, Problem};
use crate::source::names::{Kind, lookup, name_node, resolve};
use crate::types::type_name;
use crate::value::Type;
use indexmap::IndexSet;
use rdcl_base::{Code, Diagnostic};
use rdcl_syntax::Keyword;
use rdcl_syntax::ast;

pub use abstraction::is_abstract;

/// The most ancestors a block may have; it bounds every walk over parents.
const MOST_ANCESTORS: usize = 64;

/// The most different instances that the ancestors of a block may be; two parents at each level double their number.
const MOST_ANCESTOR_INSTANCES: usize = 1024;

/// The RFBs an RFB names as parents, without complaint.
#[salsa::tracked(returns(deref))]
pub fn parent_items<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Item<'db>> {
    let Some(rfb) = rfb_tree(db, item) else { return Vec::new() };
    let found = rfb.parents.iter().filter_map(|p| lookup(db, item, &p.path));
    found.filter(|parent| parent.keyword(db) == Keyword::Rfb).collect()
}

/// The ancestors of an RFB, nearest first.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Lineage<'db> {
    /// Each ancestor once; the block itself too, when it is its own ancestor.
    pub ancestors: Vec<Item<'db>>,
    /// Whether the walk was given up: the block is its own ancestor, or there are too many.
    pub broken: bool,
}

/// All ancestors of an RFB.
#[salsa::tracked(returns(ref))]
pub fn lineage<'db>(db: &'db dyn Db, item: Item<'db>) -> Lineage<'db> {
    let mut ancestors: IndexSet<Item<'db>> = parent_items(db, item).iter().copied().collect();
    let mut next = 0;
    while let Some(current) = ancestors.get_index(next).copied().filter(|_| ancestors.len() <= MOST_ANCESTORS) {
        ancestors.extend(parent_items(db, current));
        next += 1;
    }
    let broken = ancestors.contains(&item) || ancestors.len() > MOST_ANCESTORS;
    Lineage { ancestors: ancestors.into_iter().collect(), broken }
}

/// The parents of an instance.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Parents<'db> {
    /// The parents, with their arguments, in order.
    pub list: Vec<Instance<'db>>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

/// The parents of an instance, with their arguments evaluated; none when there are too many ancestors.
#[salsa::tracked(returns(ref))]
pub fn parents<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Parents<'db> {
    let declared = declared_parents(db, instance);
    match rfb_tree(db, instance.rfb(db)) {
        Some(rfb) if has_too_many_ancestors(db, instance) => {
            let problem = too_many_instances(&Cx::new(db, instance.rfb(db)), rfb);
            Parents { list: Vec::new(), problems: vec![problem] }
        }
        _ => declared.clone(),
    }
}

/// Walks no further than it takes to tell.
fn has_too_many_ancestors<'db>(db: &'db dyn Db, instance: Instance<'db>) -> bool {
    let mut found = IndexSet::from([instance]);
    let mut next = 0;
    while let Some(current) = found.get_index(next).copied().filter(|_| found.len() <= MOST_ANCESTOR_INSTANCES) {
        found.extend(&declared_parents(db, current).list);
        next += 1;
    }
    found.len() > MOST_ANCESTOR_INSTANCES
}

/// The parents that are written, each with its arguments.
#[salsa::tracked(returns(ref))]
fn declared_parents<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Parents<'db> {
    let item = instance.rfb(db);
    let mut cx = Cx::new(db, item);
    let Some(rfb) = rfb_tree(db, item) else { return Parents { list: Vec::new(), problems: Vec::new() } };
    if lineage(db, item).broken {
        cx.problems.extend(broken_lineage(&cx, rfb));
        return Parents { list: Vec::new(), problems: cx.problems };
    }
    let env = params(db, instance);
    let mut list = Vec::new();
    for parent in &rfb.parents {
        let Some(target) = resolve(&mut cx, &parent.path, Kind::Block) else { continue };
        let parent_instance = instantiate_parent(&mut cx, parent, target, env);
        if list.contains(&parent_instance) {
            cx.report(parent_twice(&cx, parent, target));
        } else {
            list.push(parent_instance);
        }
    }
    Parents { list, problems: cx.problems }
}

fn instantiate_parent<'db>(cx: &mut Cx<'db>, parent: &ast::Parent, target: Item<'db>, env: &Params) -> Instance<'db> {
    let mut passed = Params::new();
    for param in unwritten(cx, parent, target) {
        let Some((own, value)) = env.get(&param.name) else { continue };
        if !passes(own, &param.ty) {
            cx.report(parameter_differs(cx, parent, target, param, env));
        } else if let Some(value) = coerce(cx, parent.node, value.clone(), &param.ty) {
            passed.insert(param.name.clone(), (param.ty.clone(), value));
        }
    }
    let written =
        Written { type_args: &parent.type_args, args: &parent.args, passed, path: &parent.path, at: parent.node };
    instantiate(cx, target, &written, env).unwrap_or_else(|with_defaults| with_defaults)
}

/// The parents that a block names and that are there, each with its block.
pub(crate) fn named_parents<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    rfb: &'db ast::Rfb,
) -> impl Iterator<Item = (&'db ast::Parent, Item<'db>)> {
    let target = move |parent: &ast::Parent| lookup(db, item, &parent.path);
    let found = rfb.parents.iter().filter_map(move |parent| Some((parent, target(parent)?)));
    found.filter(move |(_, target)| target.keyword(db) == Keyword::Rfb)
}

/// The parameters of a parent for which the clause has no argument.
pub(crate) fn unwritten<'db>(cx: &Cx<'db>, parent: &ast::Parent, target: Item<'db>) -> Vec<&'db Param> {
    let names = parent.args.iter().filter_map(|a| a.name.as_ref());
    let names = names.chain(parent.type_args.iter().filter_map(|a| a.name.as_ref()));
    let named: Vec<&str> = names.map(|n| n.text.as_str()).collect();
    let mut values = parent.args.iter().filter(|a| a.name.is_none()).count();
    let mut types = parent.type_args.iter().filter(|a| a.name.is_none()).count();
    let mut open = Vec::new();
    for param in &signature(cx.db, target).params {
        let positional = if param.is_type { &mut types } else { &mut values };
        if *positional > 0 {
            *positional -= 1;
        } else if !named.contains(&param.name.as_str()) {
            open.push(param);
        }
    }
    open
}

/// Whether a child's parameter may stand for its parent's: what it takes may only be more.
fn passes(own: &Type, parents: &Type) -> bool {
    match (own, parents) {
        (Type::Uint(own), Type::Uint(parents)) => own >= parents,
        _ => own == parents,
    }
}

/// An instance and all its ancestors, itself first, then depth first in order of declaration, each once.
#[salsa::tracked(returns(deref))]
pub fn instance_lineage<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Instance<'db>> {
    let mut found = IndexSet::new();
    let mut open = vec![instance];
    while let Some(current) = open.pop() {
        if found.insert(current) {
            open.extend(parents(db, current).list.iter().rev());
        }
    }
    found.into_iter().collect()
}

/// Of a way round the block that stands first is complained of, of a long way the one that makes it too long.
fn broken_lineage<'db>(cx: &Cx<'db>, rfb: &ast::Rfb) -> Option<Problem> {
    let at = rfb.parents.first().map_or(rfb.name.node, |p| p.node);
    let above = |item: Item<'db>| &lineage(cx.db, item).ancestors;
    if above(cx.item).contains(&cx.item) {
        let mut round = above(cx.item).iter().filter(|other| above(**other).contains(&cx.item));
        if round.any(|other| stands_before(cx.db, *other, cx.item)) {
            return None;
        }
        let message = format!("`{}` is its own ancestor", rfb.name.text);
        let problem = Diagnostic::new(Code::E0209, cx.at(at), message);
        return Some(problem.with_help("leave out one of the `:` on the way round"));
    }
    if parent_items(cx.db, cx.item).iter().any(|parent| lineage(cx.db, *parent).broken) {
        return None;
    }
    let message = format!("`{}` has more than {MOST_ANCESTORS} ancestors", rfb.name.text);
    Some(Diagnostic::new(Code::E0408, cx.at(at), message))
}

fn too_many_instances(cx: &Cx<'_>, rfb: &ast::Rfb) -> Problem {
    let at = rfb.parents.first().map_or(rfb.name.node, |p| p.node);
    let message =
        format!("`{}` has more than {MOST_ANCESTOR_INSTANCES} ancestors, arguments considered", rfb.name.text);
    Diagnostic::new(Code::E0408, cx.at(at), message)
        .with_help("pass the same arguments to a parent that is inherited more than once")
}

fn parent_twice(cx: &Cx<'_>, parent: &ast::Parent, target: Item<'_>) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(parent.node), format!("the parent `{}` is given twice", target.name(cx.db)))
}

fn parameter_differs(cx: &Cx<'_>, parent: &ast::Parent, target: Item<'_>, param: &Param, env: &Params) -> Problem {
    let own = env.get(&param.name).map_or(String::new(), |(ty, _)| type_name(ty));
    let message =
        format!("`{}` is a `{own}` here, but a `{}` in `{}`", param.name, type_name(&param.ty), target.name(cx.db));
    Diagnostic::new(Code::E0310, cx.at(parent.node), message)
        .with_label(Loc::of(cx.db, target, param.node), "declared by the parent")
        .with_help(format!("give the parameter another name, or write `{}({} = …)`", target.name(cx.db), param.name))
}

/// Where an RFB's name stands.
pub(crate) fn name_place(db: &dyn Db, item: Item<'_>) -> Loc {
    Loc::of(db, item, name_node(db, item))
}
