//! An RFB's parameters.

use super::constraint::may_satisfy;
use crate::cx::{Cx, Params};
use crate::eval::evaluate;
use crate::port::includes;
use crate::source::db::Db;
use crate::source::item::{Item, rfb_tree};
use crate::source::loc::Problem;
use crate::types::{port_stack, value_type};
use crate::value::{Type, Value};
use rdcl_base::{Code, Diagnostic, Dimension, NodeId, Quantity};
use rdcl_core::{HeaderKind, Stack};
use rdcl_syntax::ast;

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether it stands in angle brackets and is given there; such a one is of type `Stack`.
    pub is_type: bool,
    /// What a header stack given for it begins with.
    pub bound: Option<Stack>,
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
    for param in &rfb.type_params {
        let bound = param.bound.as_ref().and_then(|ty| port_stack(&mut cx, ty, &Params::new()));
        if let Some(first) = params.iter().find(|p| p.name == param.name.text) {
            cx.report(duplicate_param(&cx, &param.name, first));
            continue;
        }
        params.push(Param {
            name: param.name.text.clone(),
            ty: Type::Stack,
            is_type: true,
            bound,
            broken: bound.is_none() && param.bound.is_some(),
            mandatory: param.default.is_none(),
            node: param.node,
        });
    }
    for param in &rfb.params {
        let ty = value_type(&mut cx, &param.ty);
        if let Some(first) = params.iter().find(|p| p.name == param.name.text) {
            cx.report(duplicate_param(&cx, &param.name, first));
            continue;
        }
        let name = param.name.text.clone();
        let (broken, mandatory) = (ty.is_none(), param.default.is_none());
        let ty = ty.unwrap_or(Type::Uint(64));
        params.push(Param { name, ty, is_type: false, bound: None, broken, mandatory, node: param.node });
    }
    Signature { params, problems: cx.problems }
}

/// What is wrong with the defaults, each evaluated with the defaults (or samples) of those before it.
#[salsa::tracked(returns(deref))]
pub fn default_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let mut cx = Cx::new(db, item);
    let mut env = Params::new();
    for param in &signature(db, item).params {
        let value = default_value(&mut cx, param, &env);
        if let (Some(Value::Stack(stack)), Some(bound)) = (&value, param.bound)
            && !includes(bound, *stack)
        {
            cx.report(default_outside_bound(&cx, param, *stack, bound));
        }
        let value = value.unwrap_or_else(|| sample(db, item, param, &env));
        env.insert(param.name.clone(), (param.ty.clone(), value));
    }
    cx.problems
}

/// A parameter's default, in a context of the RFB that declares it.
pub(crate) fn default_value(cx: &mut Cx<'_>, param: &Param, env: &Params) -> Option<Value> {
    let rfb: &ast::Rfb = rfb_tree(cx.db, cx.item).filter(|_| !param.broken)?;
    if param.is_type {
        let default = rfb.type_params.iter().find(|p| p.node == param.node)?.default.as_ref()?;
        return port_stack(cx, default, env).map(Value::Stack);
    }
    let default = rfb.params.iter().find(|p| p.node == param.node)?.default.as_ref()?;
    evaluate(cx, default, &param.ty, env)
}

/// A value to check a block with when nobody gives one: of numbers one that the block's constraints allow, if it is
/// among the usual ones.
pub(crate) fn sample<'db>(db: &'db dyn Db, item: Item<'db>, param: &Param, env: &Params) -> Value {
    if let Some(bound) = param.bound {
        return Value::Stack(bound);
    }
    let first = example(&param.ty);
    let Type::Uint(width) = param.ty else { return first };
    let constrained = rfb_tree(db, item).is_some_and(|rfb| !rfb.constraints.is_empty());
    let usual = (0..width).map(|bit| 1u128 << bit).chain([0, 3]).filter(|_| constrained).map(Value::Int);
    let mut allowed = usual.filter(|value| {
        let mut values = env.clone();
        values.insert(param.name.clone(), (param.ty.clone(), value.clone()));
        may_satisfy(db, item, &values)
    });
    allowed.next().unwrap_or(first)
}

/// Some value of a type.
pub(crate) fn example(ty: &Type) -> Value {
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
        Type::Quantity(Dimension::Time) => {
            Value::Quantity(Quantity { amount: 1_000_000_000, dimension: Dimension::Time })
        }
        Type::Quantity(dimension) => Value::Quantity(Quantity { amount: 1_000, dimension: *dimension }),
        Type::Table(_) => Value::Table(String::new()),
        Type::Stack => {
            let ethernet = rdcl_core::Shape::of(&[HeaderKind::Eth]);
            Value::Stack(Stack { outermost: HeaderKind::Eth, required: ethernet, known: ethernet.closed() })
        }
    }
}

fn default_outside_bound(cx: &Cx<'_>, param: &Param, stack: Stack, bound: Stack) -> Problem {
    let message = format!("the default of `{}`, `{stack}`, does not begin with `{bound}`", param.name);
    Diagnostic::new(Code::E0321, cx.at(param.node), message)
}

fn duplicate_param(cx: &Cx<'_>, name: &ast::Name, first: &Param) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the parameter `{}` is declared twice", name.text))
        .with_label(cx.at(first.node), "first declared here")
}
