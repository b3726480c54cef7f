//! Instances: an RFB with a value for each parameter. Equal instances are one instance, whatever path leads to them.

#![allow(missing_docs, reason = "what salsa's macros generate has no documentation")]

pub(crate) mod argument;
pub(crate) mod constraint;
pub(crate) mod narrowing;
pub(crate) mod param;

use crate::cx::{Cx, Params};
use crate::eval::value_text;
use crate::source::db::Db;
use crate::source::item::{Item, rfb_tree};
use crate::source::names::plain_name;
use crate::value::Value;
use param::default_value;
use rdcl_syntax::ast;

pub(crate) use argument::{Written, instantiate};
pub use param::{Param, Signature, signature};

/// An RFB with arguments, in the order of its parameters.
#[salsa::interned(debug)]
pub struct Instance<'db> {
    /// The RFB.
    #[returns(copy)]
    pub rfb: Item<'db>,
    /// One value for each parameter.
    #[returns(deref)]
    pub args: Vec<Value>,
}

/// The parameters of an instance, with their values.
#[salsa::tracked(returns(ref))]
pub fn params<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Params {
    let declared = &signature(db, instance.rfb(db)).params;
    declared.iter().zip(instance.args(db)).map(|(p, value)| (p.name.clone(), (p.ty.clone(), value.clone()))).collect()
}

/// The instance with every parameter at its default; mandatory ones take a sample value.
pub fn default_instance<'db>(db: &'db dyn Db, item: Item<'db>) -> Instance<'db> {
    let values = argument::fill(&Cx::new(db, item), item, &Params::new());
    Instance::new(db, item, values.into_values().map(|(_, value)| value).collect::<Vec<_>>())
}

/// Whether no parameter is mandatory.
pub fn has_all_defaults(db: &dyn Db, item: Item<'_>) -> bool {
    signature(db, item).params.iter().all(|p| !p.mandatory)
}

/// `Nat44`, and also for `Outer::Nat44`: what the one leaf of such a service is called.
pub fn lone_leaf_name<'db>(db: &'db dyn Db, instance: Instance<'db>) -> &'db str {
    plain_name(db, instance.rfb(db))
}

/// `Nat44`
pub fn short_name<'db>(db: &'db dyn Db, instance: Instance<'db>) -> String {
    instance.rfb(db).name(db).to_owned()
}

/// `Nat44(public = 203.0.113.7)`, `Tap<Eth>(ports = 2)`: with every argument that is not the default.
pub fn full_name<'db>(db: &'db dyn Db, instance: Instance<'db>) -> String {
    let rfb = instance.rfb(db);
    let declared = &signature(db, rfb).params;
    let (mut quiet, mut env) = (Cx::new(db, rfb), Params::new());
    let (mut types, mut shown) = (Vec::new(), Vec::new());
    for (param, value) in declared.iter().zip(instance.args(db)) {
        if default_value(&mut quiet, param, &env).as_ref() != Some(value) {
            let list = if param.is_type { &mut types } else { &mut shown };
            list.push(format!("{} = {}", param.name, value_text(value)));
        }
        env.insert(param.name.clone(), (param.ty.clone(), value.clone()));
    }
    let types = if types.is_empty() { String::new() } else { format!("<{}>", types.join(", ")) };
    let shown = if shown.is_empty() { String::new() } else { format!("({})", shown.join(", ")) };
    format!("{}{types}{shown}", rfb.name(db))
}

/// The members an RFB declares itself.
pub(crate) fn members<'db>(db: &'db dyn Db, item: Item<'db>) -> &'db [ast::Member] {
    rfb_tree(db, item).map_or(&[], |rfb| &rfb.members)
}
