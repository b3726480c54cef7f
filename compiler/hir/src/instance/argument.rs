//! Arguments: from what is written at a part, a parent or a deployment to an instance.

use super::constraint::violated;
use super::param::{Param, default_value, sample, signature};
use super::{Instance, params};
use crate::cx::{Cx, Params};
use crate::eval::{evaluate, value_text};
use crate::lineage::{instance_lineage, lineage};
use crate::port::includes;
use crate::source::db::Db;
use crate::source::item::{Item, is_read, rfb_tree};
use crate::source::loc::{Loc, Problem};
use crate::types::{port_stack, usual_value};
use crate::value::Value;
use indexmap::IndexMap;
use rdcl_base::{Code, Diagnostic, Fix, NodeId};
use rdcl_syntax::ast;

/// What is written where an instance is named.
pub(crate) struct Written<'a> {
    /// The block.
    pub path: &'a ast::Path,
    /// In angle brackets.
    pub type_args: &'a [ast::TypeArg],
    /// In parentheses.
    pub args: &'a [ast::Arg],
    /// What passes by itself from a block to its parent.
    pub passed: Params,
    /// The whole.
    pub at: NodeId,
}

/// An argument: its value, unless that is wrong, and where it is written.
type Given = IndexMap<String, (Option<Value>, NodeId)>;

/// The instance of `target` with these arguments; a wrong argument is complained about and left out, and the instance
/// is then an error.
pub(crate) fn instantiate<'db>(
    cx: &mut Cx<'db>,
    target: Item<'db>,
    written: &Written<'_>,
    env: &Params,
) -> Result<Instance<'db>, Instance<'db>> {
    let mut given = Given::new();
    type_arguments(cx, target, written, env, &mut given);
    arguments(cx, target, written, env, &mut given);
    for (name, (_, value)) in &written.passed {
        given.entry(name.clone()).or_insert_with(|| (Some(value.clone()), written.at));
    }
    let signature = signature(cx.db, target);
    let missing = signature.params.iter().filter(|p| p.mandatory && !given.contains_key(&p.name));
    report_missing(cx, target, written, &missing.collect::<Vec<_>>());
    let wrong = given.values().any(|(value, _)| value.is_none());
    let typed = |param: &Param| {
        let value = given.get(&param.name)?.0.clone()?;
        Some((param.name.clone(), (param.ty.clone(), value)))
    };
    let values = fill(cx, target, &signature.params.iter().filter_map(typed).collect());
    let instance = Instance::new(cx.db, target, values.into_values().map(|(_, value)| value).collect::<Vec<_>>());
    if !wrong && !given.is_empty() && is_constrained(cx.db, target) {
        for ancestor in instance_lineage(cx.db, instance) {
            let otherwise = (*ancestor != instance).then_some(written.at);
            report_violated(cx, *ancestor, &given, otherwise);
        }
    }
    if wrong { Err(instance) } else { Ok(instance) }
}

/// Whether there are constraints anywhere among a block and its ancestors.
fn is_constrained<'db>(db: &'db dyn Db, item: Item<'db>) -> bool {
    let mut all = std::iter::once(&item).chain(&lineage(db, item).ancestors);
    all.any(|item| rfb_tree(db, *item).is_some_and(|rfb| !rfb.constraints.is_empty()))
}

/// Values for all parameters: those given, then defaults, then samples.
pub(super) fn fill<'db>(cx: &Cx<'db>, item: Item<'db>, given: &Params) -> Params {
    let mut quiet = Cx::new(cx.db, item);
    let mut env = Params::new();
    for param in &signature(cx.db, item).params {
        let value = given.get(&param.name).map(|(_, value)| value.clone());
        let value = value.or_else(|| default_value(&mut quiet, param, &env));
        let value = value.unwrap_or_else(|| sample(cx.db, item, param, &env));
        env.insert(param.name.clone(), (param.ty.clone(), value));
    }
    env
}

fn type_arguments<'db>(cx: &mut Cx<'db>, target: Item<'db>, written: &Written<'_>, env: &Params, given: &mut Given) {
    let params: Vec<&Param> = signature(cx.db, target).params.iter().filter(|p| p.is_type).collect();
    for (i, arg) in written.type_args.iter().enumerate() {
        let found = match &arg.name {
            Some(name) => params.iter().find(|p| p.name == name.text),
            None => params.get(i),
        };
        let Some(param) = found else {
            cx.report(unknown_type_argument(cx, arg, target, &params));
            continue;
        };
        if given.contains_key(&param.name) {
            cx.report(argument_twice(cx, arg.node, param));
            continue;
        }
        let stack = port_stack(cx, &arg.ty, env);
        if let (Some(stack), Some(bound)) = (stack, param.bound)
            && !includes(bound, stack)
        {
            cx.report(outside_bound(cx, arg, target, param, stack, bound));
            given.insert(param.name.clone(), (None, arg.node));
            continue;
        }
        given.insert(param.name.clone(), (stack.map(Value::Stack), arg.node));
    }
}

fn arguments<'db>(cx: &mut Cx<'db>, target: Item<'db>, written: &Written<'_>, env: &Params, given: &mut Given) {
    for (i, arg) in written.args.iter().enumerate() {
        let Some(param) = parameter_of(cx, target, i, arg) else { continue };
        if given.contains_key(&param.name) {
            cx.report(argument_twice(cx, arg.node, param));
            continue;
        }
        let value = if param.broken { None } else { evaluate(cx, &arg.value, &param.ty, env) };
        given.insert(param.name.clone(), (value, arg.value.node));
    }
}

fn parameter_of<'db>(cx: &mut Cx<'db>, target: Item<'db>, i: usize, arg: &ast::Arg) -> Option<&'db Param> {
    let mut params = signature(cx.db, target).params.iter().filter(|p| !p.is_type);
    let found = match &arg.name {
        Some(name) => params.find(|p| p.name == name.text),
        None => params.nth(i),
    };
    if found.is_none() && is_read(cx.db, target) {
        cx.report(unknown_argument(cx, arg, target));
    }
    found
}

/// Complains of each constraint of a block, or of an ancestor of it, that the arguments do not satisfy, at the argument
/// that is to blame.
fn report_violated<'db>(cx: &mut Cx<'db>, block: Instance<'db>, given: &Given, otherwise: Option<NodeId>) {
    let (target, values) = (block.rfb(cx.db), params(cx.db, block));
    for constraint in violated(cx.db, target, values) {
        let blamed = constraint.names.iter().find_map(|name| given.get(name));
        // Where nothing is given the defaults are to blame, and the block itself is complained of.
        let Some(place) = blamed.map(|(_, place)| *place).or(otherwise) else { continue };
        let shown = constraint.names.iter().filter_map(|name| {
            let (_, value) = values.get(name)?;
            Some(format!("`{name}` is {}", value_text(value)))
        });
        let message =
            format!("{}, which `{}` does not allow", shown.collect::<Vec<_>>().join(" and "), target.name(cx.db));
        cx.report(
            Diagnostic::new(Code::E0322, cx.at(place), message)
                .with_label(Loc::of(cx.db, target, constraint.node), "this must hold"),
        );
    }
}

/// Complains of arguments that are missing; the first complaint mends all, where no argument is written.
fn report_missing<'db>(cx: &mut Cx<'db>, target: Item<'db>, written: &Written<'_>, missing: &[&Param]) {
    let lone = written.args.is_empty() && written.type_args.is_empty();
    let example = |p: &&Param| Some(format!("{} = {}", p.name, usual_value(&p.ty).filter(|_| !p.is_type)?));
    let examples: Option<Vec<String>> = missing.iter().map(example).collect();
    let mut fix = examples.filter(|_| lone).map(|examples| {
        let path: Vec<&str> = written.path.segments.iter().map(|s| s.text.as_str()).collect();
        let replacement = format!("{}({})", path.join("::"), examples.join(", "));
        Fix { at: cx.at(written.path.node), replacement }
    });
    for param in missing {
        let mut problem = missing_argument(cx, written.at, target, param);
        problem.fix = fix.take();
        cx.report(problem);
    }
}

fn missing_argument(cx: &Cx<'_>, at: NodeId, target: Item<'_>, param: &Param) -> Problem {
    let (rfb, name) = (target.name(cx.db), &param.name);
    let message = if param.is_type {
        format!("`{rfb}` needs a header stack for `{name}`")
    } else {
        format!("`{rfb}` needs an argument for `{name}`")
    };
    let example = match usual_value(&param.ty) {
        _ if param.is_type => format!("write `{rfb}<{name} = …>`"),
        Some(value) => format!("write `{rfb}({name} = …)`, such as {value}"),
        None => format!("write `{rfb}({name} = …)`"),
    };
    Diagnostic::new(Code::E0304, cx.at(at), message)
        .with_label(Loc::of(cx.db, target, param.node), "this parameter has no default")
        .with_help(example)
}

fn unknown_argument<'db>(cx: &Cx<'db>, arg: &ast::Arg, target: Item<'db>) -> Problem {
    let (params, rfb) = (&signature(cx.db, target).params, target.name(cx.db));
    let names = params.iter().filter(|p| !p.is_type).map(|p| p.name.as_str());
    match &arg.name {
        Some(name) => {
            let message = format!("`{rfb}` has no parameter `{}`", name.text);
            let problem = Diagnostic::new(Code::E0305, cx.at(name.node), message);
            if params.iter().any(|p| p.is_type && p.name == name.text) {
                return problem.with_help(format!("`{0}` is a header stack: write `{rfb}<{0} = …>`", name.text));
            }
            match inherited(cx.db, target, &name.text) {
                Some(ancestor) => problem.with_help(format!(
                    "it is a parameter of `{}`: declare it for `{rfb}`, too, and it passes on",
                    ancestor.name(cx.db)
                )),
                None => problem.misspelt(&name.text, names),
            }
        }
        None => {
            let message = format!("`{rfb}` takes {} arguments, not more", names.count());
            Diagnostic::new(Code::E0305, cx.at(arg.node), message)
        }
    }
}

/// The ancestor that has a parameter of this name, if any has.
fn inherited<'db>(db: &'db dyn Db, item: Item<'db>, name: &str) -> Option<Item<'db>> {
    let has = |ancestor: &&Item<'db>| signature(db, **ancestor).params.iter().any(|p| p.name == name && !p.is_type);
    lineage(db, item).ancestors.iter().find(has).copied()
}

fn unknown_type_argument(cx: &Cx<'_>, arg: &ast::TypeArg, target: Item<'_>, params: &[&Param]) -> Problem {
    let rfb = target.name(cx.db);
    match &arg.name {
        Some(name) => {
            let message = format!("`{rfb}` has no type parameter `{}`", name.text);
            let problem = Diagnostic::new(Code::E0305, cx.at(name.node), message);
            problem.misspelt(&name.text, params.iter().map(|p| p.name.as_str()))
        }
        None if params.is_empty() => {
            let message = format!("`{rfb}` has no type parameters");
            Diagnostic::new(Code::E0305, cx.at(arg.node), message).with_help("leave out what is in the angle brackets")
        }
        None => {
            let message = format!("`{rfb}` takes {} header stacks, not more", params.len());
            Diagnostic::new(Code::E0305, cx.at(arg.node), message)
        }
    }
}

fn outside_bound(
    cx: &Cx<'_>,
    arg: &ast::TypeArg,
    target: Item<'_>,
    param: &Param,
    stack: rdcl_core::Stack,
    bound: rdcl_core::Stack,
) -> Problem {
    let message = format!("`{stack}` does not begin with `{bound}`, as `{}` must", param.name);
    Diagnostic::new(Code::E0321, cx.at(arg.node), message)
        .with_label(Loc::of(cx.db, target, param.node), "declared here")
}

fn argument_twice(cx: &Cx<'_>, at: NodeId, param: &Param) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(at), format!("the argument `{}` is given twice", param.name))
}
