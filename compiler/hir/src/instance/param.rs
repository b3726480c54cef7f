//! An RFB's parameters.

use crate::cx::{Cx, Params};
use crate::eval::evaluate;
use crate::source::db::Db;
use crate::source::item::{Item, rfb_tree};
use crate::source::loc::Problem;
use crate::types::value_type;
use crate::value::{Type, Value};
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_core::{HeaderKind, Stack};
use rdcl_syntax::ast;

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether the type is wrong as written, and `u64` stands for it.
    pub broken: bool,
    /// Whether it has no default.
    pub mandatory: bool,
    /// The whole parameter.
    pub node: NodeId,
}

/// The parameters of an RFB, in order, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// The parameters.
    pub params: Vec<Param>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

/// The signature of an RFB; empty for another item.
#[salsa::tracked(returns(ref))]
pub fn signature<'db>(db: &'db dyn Db, item: Item<'db>) -> Signature {
    let Some(rfb) = rfb_tree(db, item) else { return Signature::default() };
    let mut cx = Cx::new(db, item);
    let mut params: Vec<Param> = Vec::new();
    for param in &rfb.params {
        let ty = value_type(&mut cx, &param.ty);
        if params.iter().any(|p| p.name == param.name.text) {
            cx.report(duplicate_param(&cx, &param.name));
            continue;
        }
        let name = param.name.text.clone();
        let (broken, mandatory) = (ty.is_none(), param.default.is_none());
        params.push(Param { name, ty: ty.unwrap_or(Type::Uint(64)), broken, mandatory, node: param.node });
    }
    Signature { params, problems: cx.problems }
}

/// What is wrong with the defaults, each evaluated with the defaults (or samples) of those before it.
#[salsa::tracked(returns(deref))]
pub fn default_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let mut cx = Cx::new(db, item);
    let mut env = Params::new();
    for param in &signature(db, item).params {
        let value = default_value(&mut cx, param, &env).unwrap_or_else(|| sample(&param.ty));
        env.insert(param.name.clone(), (param.ty.clone(), value));
    }
    cx.problems
}

/// A parameter's default, in a context of the RFB that declares it.
pub(crate) fn default_value(cx: &mut Cx<'_>, param: &Param, env: &Params) -> Option<Value> {
    let rfb: &ast::Rfb = rfb_tree(cx.db, cx.item).filter(|_| !param.broken)?;
    let default = rfb.params.iter().find(|p| p.node == param.node)?.default.as_ref()?;
    evaluate(cx, default, &param.ty, env)
}

/// A value to check a block with when nobody gives one.
pub(crate) fn sample(ty: &Type) -> Value {
    match ty {
        Type::Uint(_) => Value::Int(1),
        Type::Bool => Value::Bool(false),
        Type::String => Value::Str(String::new()),
        Type::Ipv4 => Value::Ipv4(0),
        Type::Ipv6 => Value::Ipv6(0),
        Type::Mac => Value::Mac(0),
        Type::Prefix => Value::Prefix(0, 0),
        Type::Prefix6 => Value::Prefix6(0, 0),
        Type::Range => Value::Range(0, 0),
        Type::Duration => {
            Value::Quantity(rdcl_base::Quantity { amount: 1_000_000_000, dimension: rdcl_base::Dimension::Time })
        }
        Type::Table(_) => Value::Table(String::new()),
        Type::Stack => {
            let ethernet = rdcl_core::Shape::of(&[HeaderKind::Eth]);
            Value::Stack(Stack { outermost: HeaderKind::Eth, required: ethernet, known: ethernet.closed() })
        }
    }
}

fn duplicate_param(cx: &Cx<'_>, name: &ast::Name) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the parameter `{}` is declared twice", name.text))
}
