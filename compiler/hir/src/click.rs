//! Behaviours in Click: the elements of a configuration are parts of the block, its connections are wires.
//!
//! An element is an instance of a block of `std::click`, or of one that is made for it and its configuration; such a block
//! is an item nested in the block, whose nodes are all that of the element. One of a class without a model is a block of
//! which only the ports are known.

mod builder;
mod bytes;

mod classes;
mod element;
mod faults;
mod graph;
mod pattern;
#[cfg(test)]
mod tests;
mod tree;
mod values;

use crate::instance::param::signature;
use crate::instance::{default_instance, members};
use crate::port::ports;
use crate::source::db::Db;
use crate::source::item::Item;
use crate::types::type_name;
use builder::Builder;
use classes::Model;
use graph::OuterPort;
use rdcl_base::{Diagnostic, NodeId};
use rdcl_syntax::ast::{self, Member};
use rdcl_syntax::click::{Configuration, Element, Flat, flatten};
use std::collections::BTreeMap;

/// The parameters of a block, each with its type.
type Params = BTreeMap<String, String>;

/// What a configuration comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Circuit {
    /// Parts and wires; none if anything is wrong.
    pub members: Vec<Member>,
    /// The texts of the blocks that are made for elements, by their names.
    pub blocks: BTreeMap<String, String>,
    /// What is wrong.
    pub problems: Vec<Diagnostic<NodeId>>,
}

/// The configuration of a behaviour in Click.
pub(crate) fn configuration(behaviour: &ast::Behaviour) -> Option<&Configuration> {
    match &behaviour.body {
        ast::BehaviourBody::Click(configuration) => Some(configuration),
        ast::BehaviourBody::Sefl(_) | ast::BehaviourBody::Foreign(_) => None,
    }
}

/// The elements and connections of the first behaviour in Click that an RFB declares.
#[salsa::tracked(returns(ref))]
pub(crate) fn flat<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Flat> {
    let click = |member: &'db Member| if let Member::Behaviour(b) = member { configuration(b) } else { None };
    members(db, item).iter().find_map(click).map(flatten)
}

/// The names of the blocks that are made for elements, each with the node of its element.
pub(crate) fn block_names<'db>(db: &'db dyn Db, item: Item<'db>) -> impl Iterator<Item = (String, NodeId)> {
    let elements = flat(db, item).iter().flat_map(|flat| &flat.elements);
    elements.filter(|element| needs_block(element)).map(|element| (block_name(element), element.node))
}

fn needs_block(element: &Element) -> bool {
    graph::model(element).is_none_or(|class| matches!(class.model, Model::Made(_)))
}

/// `IPFilter@fw`, and also `IPFilter@3` of an element without a name.
fn block_name(element: &Element) -> String {
    let name = part_name(element);
    if name.contains('@') { name } else { format!("{}@{name}", element.class.text) }
}

/// An element inside a compound is called `outer.inner`.
fn part_name(element: &Element) -> String {
    element.name.replace('/', ".")
}

/// The parts and wires that the behaviour of an RFB in Click comes to.
#[salsa::tracked(returns(ref))]
pub(crate) fn circuit<'db>(db: &'db dyn Db, item: Item<'db>) -> Circuit {
    let Some(flat) = flat(db, item) else { return Circuit::default() };
    let mistakes: Vec<_> = flat.mistakes.iter().map(faults::mistaken).collect();
    if !mistakes.is_empty() {
        return Circuit { problems: mistakes, ..Circuit::default() };
    }
    let ports = OuterPort::all(&ports(db, default_instance(db, item)).groups);
    let declared = signature(db, item).params.iter().filter(|param| !param.is_type);
    let params: Params = declared.map(|param| (param.name.clone(), type_name(&param.ty))).collect();
    Builder::new(flat, &ports, &params).build()
}
