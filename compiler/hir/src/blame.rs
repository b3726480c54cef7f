//! Whose arguments are to blame: what is wrong with a block for some arguments only is said where these were given, be it
//! by a part, a parent or a deployment.

use crate::bodies::body;
use crate::cx::Params;
use crate::instance::{Instance, default_instance, full_name, params, signature};
use crate::lineage::{instance_lineage, parents};
use crate::operation::deploy::deployed;
use crate::part::parts;
use crate::source::db::{Db, SourceFile};
use crate::source::item::{Item, ItemId, items, parsed, rfb_tree};
use crate::source::loc::{Loc, Problem};
use crate::source::names::lookup;
use crate::subject::file_subjects;
use indexmap::IndexMap;
use rdcl_base::{Code, Label, NodeId};
use rdcl_syntax::ast;

/// The most places named for one fault.
const MOST_PLACES: usize = 4;

/// A clause that gives arguments.
struct Clause<'db> {
    /// The item it stands in.
    item: Item<'db>,
    /// The whole clause.
    node: NodeId,
    /// What it writes in parentheses.
    args: &'db [ast::Arg],
    /// The block with the arguments.
    instance: Instance<'db>,
}

/// Faults by what they are with no mention of who gave the arguments, each with that mention.
pub(crate) type Blamed = IndexMap<Problem, Problem>;

/// Adds what is wrong with an instance that is a subject of the file. `problems` tells what is wrong with any other
/// instance: a fault that the defaults have too is nobody's arguments' fault.
pub(crate) fn blame<'db>(
    db: &'db dyn Db,
    file: SourceFile,
    instance: Instance<'db>,
    problems: impl Fn(Instance<'db>) -> &'db [Problem],
    found: &mut Blamed,
) {
    for problem in problems(instance) {
        if !found.contains_key(problem) {
            found.insert(problem.clone(), blamed(db, file, instance, &problems, problem));
        }
    }
}

fn blamed<'db>(
    db: &'db dyn Db,
    file: SourceFile,
    instance: Instance<'db>,
    problems: &impl Fn(Instance<'db>) -> &'db [Problem],
    problem: &Problem,
) -> Problem {
    let culprit = match problem.primary {
        Loc::Node(file, id, _) | Loc::Text(file, id, _) => culprit(db, instance, file, id),
        // A row of a table is wrong in itself.
        Loc::Table(..) => return problem.clone(),
    };
    let default = default_instance(db, culprit.rfb(db));
    if culprit == default || problems(default).contains(problem) {
        return problem.clone();
    }
    let clauses = clauses(db, file, instance, culprit);
    let label = |clause: &Clause<'db>| Label {
        at: Loc::of(db, clause.item, clause.node),
        message: format!("with these arguments: `{}`", full_name(db, clause.instance)),
    };
    let mut told = problem.clone();
    match clauses.first().and_then(|first| wrong_argument(db, first, problems, problem)) {
        Some(place) => {
            told.secondary.push(Label { at: problem.primary, message: "this is wrong with it".into() });
            told.primary = place;
            told.secondary.extend(clauses.iter().skip(1).map(label));
        }
        None => told.secondary.extend(clauses.iter().map(label)),
    }
    told
}

/// The instance whose text the fault is in: the block itself, or an ancestor.
fn culprit<'db>(db: &'db dyn Db, instance: Instance<'db>, file: SourceFile, id: ItemId) -> Instance<'db> {
    let is_there = |i: &Instance<'db>| (i.rfb(db).file(db), i.rfb(db).id(db)) == (file, id);
    instance_lineage(db, instance).iter().copied().find(is_there).unwrap_or(instance)
}

/// The clauses that gave an instance its arguments, from the innermost out, as far as they are not the defaults.
fn clauses<'db>(
    db: &'db dyn Db,
    file: SourceFile,
    instance: Instance<'db>,
    culprit: Instance<'db>,
) -> Vec<Clause<'db>> {
    let (mut found, mut subject, mut at) = (Vec::new(), instance, culprit);
    while found.len() < MOST_PLACES && at != default_instance(db, at.rfb(db)) {
        let next = match at == subject {
            false => parent_clause(db, subject, at),
            true => {
                part_clause(db, file, at).or_else(|| deployment_clause(db, file, at).map(|clause| (clause, at, at)))
            }
        };
        let Some((clause, user, whole)) = next else { break };
        let is_last = user == at;
        found.push(clause);
        (subject, at) = (whole, user);
        if is_last {
            break;
        }
    }
    found
}

/// The clause of a child by which a block inherits an ancestor, with the child and the block.
fn parent_clause<'db>(
    db: &'db dyn Db,
    subject: Instance<'db>,
    ancestor: Instance<'db>,
) -> Option<(Clause<'db>, Instance<'db>, Instance<'db>)> {
    let lineage = instance_lineage(db, subject).iter().copied();
    let child = lineage.into_iter().find(|child| parents(db, *child).list.contains(&ancestor))?;
    let item = child.rfb(db);
    let mut clauses = rfb_tree(db, item)?.parents.iter();
    let clause = clauses.find(|clause| lookup(db, item, &clause.path) == Some(ancestor.rfb(db)))?;
    Some((Clause { item, node: clause.node, args: &clause.args, instance: ancestor }, child, subject))
}

/// The first part of the file's subjects that is this instance, with whose member it is, and in which subject.
fn part_clause<'db>(
    db: &'db dyn Db,
    file: SourceFile,
    instance: Instance<'db>,
) -> Option<(Clause<'db>, Instance<'db>, Instance<'db>)> {
    file_subjects(db, file).iter().find_map(|subject| {
        let owner = body(db, *subject).owner()?;
        let group = parts(db, owner).groups.iter().find(|group| group.instance == instance)?;
        let Loc::Node(_, _, node) = group.place else { return None };
        let item = owner.rfb(db);
        let args = written_part(db, item, node).map_or(&[][..], |part| &part.args);
        Some((Clause { item, node, args, instance }, owner, *subject))
    })
}

fn written_part<'db>(db: &'db dyn Db, item: Item<'db>, node: NodeId) -> Option<&'db ast::Part> {
    crate::conditional::every_part(db, item).map(|(part, _)| part).find(|part| part.node == node)
}

fn deployment_clause<'db>(db: &'db dyn Db, file: SourceFile, instance: Instance<'db>) -> Option<Clause<'db>> {
    items(db, file).iter().find_map(|item| {
        let deployment = deployed(db, *item).deployment.as_ref()?;
        let ast::Item::Deploy(tree) = parsed(db, *item).tree(db) else { return None };
        let here = deployment.instance == instance;
        here.then_some(Clause { item: *item, node: tree.rfb.node, args: &tree.args, instance })
    })
}

/// The one argument without which a range, a bound or a size would not be wrong.
fn wrong_argument<'db>(
    db: &'db dyn Db,
    clause: &Clause<'db>,
    problems: &impl Fn(Instance<'db>) -> &'db [Problem],
    problem: &Problem,
) -> Option<Loc> {
    if !matches!(problem.code, Code::E0302 | Code::E0307 | Code::E0408 | Code::E0521) {
        return None;
    }
    let (rfb, values) = (clause.instance.rfb(db), params(db, clause.instance));
    let usual = params(db, default_instance(db, rfb));
    let is_cured = |name: &str| {
        let without = with_usual(db, rfb, values, usual, name);
        without != clause.instance
            && !problems(without).iter().any(|p| (p.code, p.primary) == (problem.code, problem.primary))
    };
    let declared = &signature(db, rfb).params;
    let written = clause.args.iter().enumerate().filter_map(|(i, arg)| {
        let name = match &arg.name {
            Some(name) => name.text.as_str(),
            None => declared.iter().filter(|p| !p.is_type).nth(i)?.name.as_str(),
        };
        Some((name, arg.value.node))
    });
    let mut curing = written.filter(|(name, _)| is_cured(name));
    let (_, node) = curing.next()?;
    curing.next().is_none().then(|| Loc::of(db, clause.item, node))
}

/// The instance with the default for one parameter.
fn with_usual<'db>(db: &'db dyn Db, rfb: Item<'db>, values: &Params, usual: &Params, name: &str) -> Instance<'db> {
    let values = values.iter().map(|(own, (_, value))| match usual.get(own).filter(|_| own == name) {
        Some((_, usual)) => usual.clone(),
        None => value.clone(),
    });
    Instance::new(db, rfb, values.collect::<Vec<_>>())
}
