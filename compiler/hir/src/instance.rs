//! Instances: an RFB with a value for each parameter. Equal instances are one instance, whatever path leads to them.

#![allow(missing_docs, reason = "what salsa's macros generate has no documentation")]

pub(crate) mod param;

use crate::cx::{Cx, Params, did_you_mean};
use crate::eval::{evaluate, value_text};
use crate::source::db::Db;
use crate::source::item::{Item, rfb_tree};
use crate::source::loc::Problem;
use crate::value::Value;
use param::{default_value, sample};
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::ast;

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
    Instance::new(db, item, fill(db, item, &Params::new()))
}

/// Whether no parameter is mandatory.
pub fn has_all_defaults(db: &dyn Db, item: Item<'_>) -> bool {
    signature(db, item).params.iter().all(|p| !p.mandatory)
}

/// Values for all parameters: those given, then defaults, then samples.
fn fill<'db>(db: &'db dyn Db, item: Item<'db>, given: &Params) -> Vec<Value> {
    let mut quiet = Cx::new(db, item);
    let mut env = Params::new();
    for param in &signature(db, item).params {
        let value = given.get(&param.name).map(|(_, value)| value.clone());
        let value = value.or_else(|| default_value(&mut quiet, param, &env)).unwrap_or_else(|| sample(&param.ty));
        env.insert(param.name.clone(), (param.ty.clone(), value));
    }
    env.into_values().map(|(_, value)| value).collect()
}

/// The instance of `target` with these arguments; a wrong argument is complained about and left out.
pub(crate) fn instantiate<'db>(
    cx: &mut Cx<'db>,
    target: Item<'db>,
    args: &[ast::Arg],
    env: &Params,
    at: NodeId,
) -> Instance<'db> {
    let mut given = arguments(cx, target, args, env);
    for param in &signature(cx.db, target).params {
        if param.mandatory && given.get(&param.name).is_none() {
            cx.report(missing_argument(cx, at, target, param));
        }
    }
    given.retain(|_, value| value.is_some());
    let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let types = &signature(cx.db, target).params;
    let typed = |(name, value): (String, Value)| {
        let ty = types.iter().find(|p| p.name == name)?.ty.clone();
        Some((name, (ty, value)))
    };
    Instance::new(cx.db, target, fill(cx.db, target, &given.filter_map(typed).collect()))
}

type Given = indexmap::IndexMap<String, Option<Value>>;

/// The arguments by parameter; none for one whose value is wrong.
fn arguments<'db>(cx: &mut Cx<'db>, target: Item<'db>, args: &[ast::Arg], env: &Params) -> Given {
    let mut given = Given::new();
    for (i, arg) in args.iter().enumerate() {
        let Some(param) = parameter_of(cx, target, i, arg) else { continue };
        if given.contains_key(&param.name) {
            cx.report(argument_twice(cx, arg, param));
            continue;
        }
        let value = if param.broken { None } else { evaluate(cx, &arg.value, &param.ty, env) };
        given.insert(param.name.clone(), value);
    }
    given
}

fn parameter_of<'db>(cx: &mut Cx<'db>, target: Item<'db>, i: usize, arg: &ast::Arg) -> Option<&'db Param> {
    let params = &signature(cx.db, target).params;
    let found = match &arg.name {
        Some(name) => params.iter().find(|p| p.name == name.text),
        None => params.get(i),
    };
    if found.is_none() {
        cx.report(unknown_argument(cx, arg, target));
    }
    found
}

/// `Nat44`
pub fn short_name<'db>(db: &'db dyn Db, instance: Instance<'db>) -> String {
    instance.rfb(db).name(db).to_owned()
}

/// `Nat44(public = 203.0.113.7)`: with every argument that is not the default.
pub fn full_name<'db>(db: &'db dyn Db, instance: Instance<'db>) -> String {
    let rfb = instance.rfb(db);
    let declared = &signature(db, rfb).params;
    let (mut quiet, mut env, mut shown) = (Cx::new(db, rfb), Params::new(), Vec::new());
    for (param, value) in declared.iter().zip(instance.args(db)) {
        if default_value(&mut quiet, param, &env).as_ref() != Some(value) {
            shown.push(format!("{} = {}", param.name, value_text(value)));
        }
        env.insert(param.name.clone(), (param.ty.clone(), value.clone()));
    }
    if shown.is_empty() { rfb.name(db).to_owned() } else { format!("{}({})", rfb.name(db), shown.join(", ")) }
}

/// The members an RFB declares itself.
pub(crate) fn members<'db>(db: &'db dyn Db, item: Item<'db>) -> &'db [ast::Member] {
    rfb_tree(db, item).map_or(&[], |rfb| &rfb.members)
}

fn missing_argument(cx: &Cx<'_>, at: NodeId, target: Item<'_>, param: &Param) -> Problem {
    let message = format!("`{}` needs an argument for `{}`", target.name(cx.db), param.name);
    Diagnostic::new(Code::E0304, cx.at(at), message)
        .with_label(crate::source::loc::Loc::of(cx.db, target, param.node), "this parameter has no default")
}

fn unknown_argument(cx: &Cx<'_>, arg: &ast::Arg, target: Item<'_>) -> Problem {
    let (params, rfb) = (&signature(cx.db, target).params, target.name(cx.db));
    let names = params.iter().map(|p| p.name.as_str());
    match &arg.name {
        Some(name) => {
            Diagnostic::new(Code::E0305, cx.at(name.node), format!("`{rfb}` has no parameter `{}`", name.text))
                .with_optional_help(did_you_mean(&name.text, names))
        }
        None => {
            let message = format!("`{rfb}` takes {} arguments, not more", params.len());
            Diagnostic::new(Code::E0305, cx.at(arg.node), message)
        }
    }
}

fn argument_twice(cx: &Cx<'_>, arg: &ast::Arg, param: &Param) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(arg.node), format!("the argument `{}` is given twice", param.name))
}
