//! Several parents: what they bring must go together.
//!
//! Promises of all parents are kept, equal ports are one, and at most one parent brings a body.

use crate::bodies::{BodyKind, body};
use crate::cx::{Cx, Params};
use crate::eval::value_text;
use crate::instance::param::{default_value, signature};
use crate::instance::{Instance, full_name, params};
use crate::lineage::{name_place, parents};
use crate::source::db::Db;
use crate::source::loc::{Loc, Problem};
use rdcl_base::{Code, Diagnostic};

/// What is wrong with the parents of an instance, taken together.
pub(crate) fn inheritance_problems<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Problem> {
    let list = &parents(db, instance).list;
    if list.len() < 2 {
        return Vec::new();
    }
    let mut found = Vec::new();
    found.extend(two_bodies(db, instance, list));
    found.extend(different_values(db, instance, list));
    found
}

/// The first two parents that bring different bodies, unless the block has its own.
fn two_bodies<'db>(db: &'db dyn Db, instance: Instance<'db>, list: &[Instance<'db>]) -> Option<Problem> {
    if body(db, instance).owner() == Some(instance) && body(db, instance).kind != BodyKind::Opaque {
        return None;
    }
    let bodies = list.iter().filter(|parent| body(db, **parent).kind != BodyKind::Opaque);
    let owners: indexmap::IndexSet<Instance<'db>> = bodies.filter_map(|parent| body(db, *parent).owner()).collect();
    let [first, second, ..] = owners.iter().copied().collect::<Vec<_>>()[..] else { return None };
    let name = instance.rfb(db).name(db);
    let message =
        format!("`{name}` inherits two bodies, of `{}` and `{}`", full_name(db, first), full_name(db, second));
    Some(
        Diagnostic::new(Code::E0324, name_place(db, instance.rfb(db)), message)
            .with_label(name_place(db, first.rfb(db)), "one")
            .with_label(name_place(db, second.rfb(db)), "the other")
            .with_help("give the block a body of its own, or leave out one of the parents"),
    )
}

/// Parameters of one name whose different defaults two parents take.
fn different_values<'db>(db: &'db dyn Db, instance: Instance<'db>, list: &[Instance<'db>]) -> Vec<Problem> {
    let cx = Cx::new(db, instance.rfb(db));
    let (mut seen, mut found) = (indexmap::IndexMap::new(), Vec::new());
    for parent in list {
        let (mut quiet, mut env) = (Cx::new(db, parent.rfb(db)), Params::new());
        for (param, (ty, value)) in signature(db, parent.rfb(db)).params.iter().zip(params(db, *parent).values()) {
            let default = default_value(&mut quiet, param, &env);
            env.insert(param.name.clone(), (ty.clone(), value.clone()));
            // What somebody chose is meant.
            if default.as_ref() != Some(value) {
                continue;
            }
            let place = Loc::of(db, parent.rfb(db), param.node);
            match seen.get(param.name.as_str()) {
                None => _ = seen.insert(param.name.as_str(), (value, place)),
                Some((first, at)) if *first != value => {
                    let values = [value_text(first), value_text(value)];
                    found.push(values_differ(&cx, &param.name, values, [*at, place]));
                }
                Some(_) => {}
            }
        }
    }
    found
}

fn values_differ(cx: &Cx<'_>, param: &str, [a, b]: [String; 2], [first, second]: [Loc; 2]) -> Problem {
    let name = cx.item.name(cx.db);
    let message = format!("the parents of `{name}` take different values for `{param}`: {a} and {b}");
    Diagnostic::new(Code::W0301, name_place(cx.db, cx.item), message)
        .with_label(first, "one parameter")
        .with_label(second, "the other")
        .with_help(format!("give `{name}` a parameter `{param}`, which both get, or say what each gets"))
}
