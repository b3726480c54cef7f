//! Everything that is wrong with a package.

use crate::blame::{Blamed, blame};
use crate::bodies::{BodyKind, body, body_problems};
use crate::conditional::{conditional_problems, every_member, every_part};
use crate::contracts::contract_problems;
use crate::cx::Cx;
use crate::flatten::{MOST_LEAVES, leaf_count, structure};
use crate::headers::known_headers;
use crate::headers::layouts::{confused, confusion, declared_header};
use crate::headers::metadata::metadata_problems;
use crate::instance::constraint::constraint_problems;
use crate::instance::narrowing::narrowing_problems;
use crate::instance::param::{default_problems, signature};
use crate::instance::{Instance, members};
use crate::leaf::{Leaf, LeafKind, leaf_item, leaf_problems, table, table_file, tables_read};
use crate::lineage::abstraction::abstract_problems;
use crate::lineage::ancestry::inheritance_problems;
use crate::lineage::{instance_lineage, name_place, parents};
use crate::nemo::{filter_name, filter_rules, idle_operations, intent, text_problems};
use crate::nested::definition_problems;
use crate::operation::deploy::{deployed, deployed_twice};
use crate::operation::environments::environment;
use crate::operation::hosting::unhosted;
use crate::operation::impls::implementations;
use crate::operation::lifecycles::lifecycle;
use crate::operation::policy::policies;
use crate::operation::sla::service_levels;
use crate::operation::substrates::substrate;
use crate::part::{Nesting, PartGroup, nesting, nesting_problems, parts};
use crate::port::ports;
use crate::shadow::hidden_names;
use crate::source::db::{Db, Package, SourceFile};
use crate::source::home::table_place;
use crate::source::item::{Item, is_nemo, items, parsed, rfb_tree};
use crate::source::loc::{Loc, Problem, place};
use crate::source::mentions::unused_imports;
use crate::source::names::{lookup, scope};
use crate::subject::{checked, file_subjects};
use crate::types::declared_stack;
use crate::value::Type;
use crate::wire::{enters_leaves, wires};
use indexmap::IndexSet;
use rdcl_base::{Code, Diagnostic, NodeId, Severity};
use rdcl_core::{HeaderKind, Shape};
use rdcl_syntax::Keyword;
use rdcl_syntax::ast::{self, Arg, Expr, ExprKind, Member};
use std::collections::{BTreeMap, HashSet};

/// Everything that is wrong with a package, by place. Of an item that cannot be read only that is said; of the standard
/// library and of dependencies only errors are.
pub fn diagnostics(db: &dyn Db, package: Package) -> Vec<Problem> {
    let files = package.std(db).iter().chain(package.files(db));
    let mut found: Vec<Problem> = files.flat_map(|file| unread(db, *file)).cloned().collect();
    let meant = problems(db, package).iter().filter(|p| concerns(db, package, p));
    found.extend(meant.cloned());
    found.sort_by_cached_key(|p| (place(db, p.primary), p.code, p.message.clone()));
    found
}

/// What could not be read of a file.
#[salsa::tracked(returns(deref))]
fn unread(db: &dyn Db, file: SourceFile) -> Vec<Problem> {
    let errors = |item: &Item<'_>| {
        let at = |span| Loc::Text(item.file(db), item.id(db), span);
        let parsed = parsed(db, *item);
        parsed.errors(db).iter().chain(parsed.warnings(db)).map(|e| e.clone().map(at)).collect::<Vec<_>>()
    };
    items(db, file).iter().flat_map(errors).collect()
}

fn concerns(db: &dyn Db, package: Package, problem: &Problem) -> bool {
    let item = match problem.primary {
        Loc::Node(file, id, _) | Loc::Text(file, id, _) => crate::source::item::item_with_id(db, file, id),
        Loc::Table(..) => return true,
    };
    // Of NEMO, the statements that could be read are looked at.
    let read = item.is_none_or(|item| item.keyword(db) == Keyword::Nemo || is_read(db, item));
    let of_std = problem.primary.file().is_some_and(|f| package.std(db).contains(&f));
    read && (problem.severity == Severity::Error || !of_std)
}

/// Whether an item could be read, but for statements of its intents.
fn is_read<'db>(db: &'db dyn Db, item: Item<'db>) -> bool {
    let (parsed, mut errors) = (parsed(db, item), parsed(db, item).errors(db).iter());
    let intents =
        members(db, item).iter().filter_map(|m| if let Member::Intent(i) = m { Some(i.body.node) } else { None });
    let spans: Vec<_> = intents.filter_map(|node| parsed.spans(db).get(node.0 as usize)).collect();
    errors
        .all(|error| spans.iter().any(|intent| intent.start <= error.primary.start && error.primary.end <= intent.end))
}

/// What is wrong with what could be read, each thing once, in the order in which it is found.
#[salsa::tracked(returns(deref))]
fn problems(db: &dyn Db, package: Package) -> Vec<Problem> {
    let mut found: IndexSet<Problem> = IndexSet::new();
    for file in package.std(db).iter().chain(package.files(db)) {
        found.extend(file_problems(db, *file).iter().cloned());
    }
    for file in package.files(db) {
        found.extend(unused_imports(db, *file));
    }
    let mut known: HashSet<&Problem> = HashSet::new();
    for (bare, told) in package.files(db).iter().flat_map(|file| meaning_problems(db, *file)) {
        if known.insert(bare) && !found.contains(bare) {
            found.insert(told.clone());
        }
    }
    let met: HashSet<_> = package.files(db).iter().flat_map(|file| file_subjects(db, *file)).collect();
    let samples = checked(db, package).iter().filter(|instance| !met.contains(instance));
    let mut unfound: Vec<Problem> = Vec::new();
    for instance in samples {
        let new = instance_problems(db, *instance).iter().filter(|problem| !known.contains(*problem));
        found.extend(new.cloned());
        unfound.extend(unfound_tables(db, *instance));
    }
    let files = package.files(db).iter();
    for missing in files.flat_map(|file| file_unfound_tables(db, *file).iter().cloned()).chain(unfound) {
        let said = found.iter().any(|p| (p.code, &p.message) == (missing.code, &missing.message));
        _ = said || found.insert(missing);
    }
    found.extend(unhosted(db, package));
    found.into_iter().collect()
}

/// What is wrong with the subjects of a file, bare and with a mention of those who gave the arguments.
#[salsa::tracked(returns(deref))]
fn meaning_problems(db: &dyn Db, file: SourceFile) -> Vec<(Problem, Problem)> {
    let mut found = Blamed::new();
    for instance in file_subjects(db, file) {
        blame(db, file, *instance, |instance| instance_problems(db, instance), &mut found);
    }
    found.into_iter().collect()
}

/// Table files that the subjects of a file read and that are missing.
#[salsa::tracked(returns(deref))]
fn file_unfound_tables(db: &dyn Db, file: SourceFile) -> Vec<Problem> {
    file_subjects(db, file).iter().flat_map(|instance| unfound_tables(db, *instance)).collect()
}

/// Table files that a leaf reads and that are missing, each at the parameter that is to hold it.
fn unfound_tables<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Problem> {
    if body(db, instance).kind != BodyKind::Leaf {
        return Vec::new();
    }
    let leaf = Leaf::new(db, LeafKind::Behaviour(instance), known_headers(db, instance));
    let Some(item) = leaf_item(db, leaf) else { return Vec::new() };
    let (cx, params) = (Cx::new(db, item), &signature(db, item).params);
    let unfound = tables_read(db, leaf).filter(|(_, _, path)| !path.is_empty() && table_file(db, path).is_none());
    let at = |name: &str| params.iter().find(|p| p.name == name).map(|p| p.node);
    unfound.filter_map(|(name, _, path)| Some(missing_table(&cx, at(name)?, path))).collect()
}

/// What is wrong with the items of a file, whatever the arguments.
#[salsa::tracked(returns(deref))]
fn file_problems(db: &dyn Db, file: SourceFile) -> Vec<Problem> {
    let mut found = scope(db, file).problems.clone();
    for item in items(db, file) {
        found.extend(item_problems(db, *item).iter().cloned());
    }
    found.extend(deployment_names(db, file));
    found
}

fn deployment_names(db: &dyn Db, file: SourceFile) -> Vec<Problem> {
    let mut seen = indexmap::IndexMap::new();
    let mut found = Vec::new();
    for item in items(db, file) {
        let Some(deployment) = &deployed(db, *item).deployment else { continue };
        match seen.get(&deployment.name) {
            Some(first) => found.push(deployed_twice(db, *item, *first, &deployment.name)),
            None => _ = seen.insert(deployment.name.clone(), *item),
        }
    }
    found
}

#[salsa::tracked(returns(deref))]
fn item_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    match item.keyword(db) {
        // Of the blocks of a NEMO text nothing is said that the text itself is not checked for.
        Keyword::Nemo => text_problems(db, item).to_vec(),
        // Nor of one that is made for an element of a behaviour in Click.
        _ if is_nemo(db, item.file(db)) || item.origin(db).is_some() => Vec::new(),
        Keyword::Stack => [declared_stack(db, item).problems.clone(), definition_problems(db, item)].concat(),
        Keyword::Header => declared_header(db, item).problems.clone(),
        Keyword::Substrate => substrate(db, item).problems.clone(),
        Keyword::Deploy => [deployed(db, item).problems.clone(), deployed_tables(db, item)].concat(),
        Keyword::Environment => environment(db, item).problems.clone(),
        Keyword::Rfb => [
            signature(db, item).problems.clone(),
            default_problems(db, item).to_vec(),
            constraint_problems(db, item),
            narrowing_problems(db, item),
            abstract_problems(db, item),
            body_problems(db, item),
            nesting_problems(db, item),
            intent(db, item).problems.clone(),
            table_problems(db, item),
            name_clashes(db, item),
            hidden_names(db, item),
            definition_problems(db, item),
            conditional_problems(db, item),
            metadata_problems(db, item),
        ]
        .concat(),
        Keyword::Use | Keyword::Unknown => Vec::new(),
    }
}

/// What is wrong with an instance, for its arguments.
#[salsa::tracked(returns(deref))]
fn instance_problems<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Problem> {
    if is_nemo(db, instance.rfb(db).file(db)) {
        return too_many_leaves(db, instance).into_iter().collect();
    }
    let mut found = parents(db, instance).problems.clone();
    // What an ancestor's constraints do not allow is said where the argument is given.
    let ancestors = instance_lineage(db, instance).iter().skip(1);
    let inherited = ancestors.flat_map(|ancestor| &parents(db, *ancestor).problems);
    found.extend(inherited.filter(|problem| problem.code != Code::E0322).cloned());
    if instance.rfb(db).origin(db).is_some() {
        found.extend(ports(db, instance).problems.iter().cloned());
        found.extend(body_of(db, instance));
        found.retain(|problem| problem.severity == Severity::Error);
        return found;
    }
    found.extend(inheritance_problems(db, instance));
    for ancestor in instance_lineage(db, instance) {
        found.extend(ports(db, *ancestor).problems.iter().cloned());
    }
    found.extend(body_of(db, instance));
    found.extend(confused_headers(db, instance));
    found.extend(idle_operations(db, instance));
    found.extend(parts_named_as_filters(db, instance));
    found.extend(implementations(db, instance).problems.iter().cloned());
    found.extend(service_levels(db, instance).problems.iter().cloned());
    found.extend(lifecycle(db, instance).problems.iter().cloned());
    found.extend(policies(db, instance).problems.iter().cloned());
    found.extend(contract_problems(db, instance).iter().cloned());
    found
}

fn body_of<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Problem> {
    let body = body(db, instance);
    match (body.kind, body.owner()) {
        (BodyKind::Leaf, _) => {
            let leaf = Leaf::new(db, LeafKind::Behaviour(instance), known_headers(db, instance));
            [leaf_problems(db, leaf), crate::leaf::table_problems(db, leaf)].concat()
        }
        (BodyKind::Composite, Some(owner)) => {
            let mut found = parts(db, owner).problems.clone();
            found.extend(wires(db, instance).problems.iter().cloned());
            found.extend(too_many_leaves(db, instance));
            found.extend(widened_problems(db, instance));
            found
        }
        (BodyKind::Composite | BodyKind::Opaque, _) => Vec::new(),
    }
}

/// What is wrong with leaves because their parsers know more headers here than they do by themselves.
fn widened_problems<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Problem> {
    let known = known_headers(db, instance);
    if known == Shape::EMPTY {
        return Vec::new();
    }
    let widened = |leaf: &Leaf<'db>| leaf.instance(db).is_some_and(|own| known_headers(db, own) != known);
    let leaves: IndexSet<Leaf<'db>> = structure(db, instance).parts.iter().map(|(_, leaf)| *leaf).collect();
    let errors = leaves.into_iter().filter(widened).flat_map(|leaf| leaf_problems(db, leaf));
    errors.filter(|problem| problem.severity == Severity::Error).collect()
}

/// Two declared headers that cannot be told apart, unless they meet in a part already.
fn confused_headers<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Option<Problem> {
    let (one, two) = confused(known_headers(db, instance))?;
    let body = body(db, instance);
    let parts = body.owner().filter(|_| body.kind == BodyKind::Composite).map(|owner| &parts(db, owner).groups);
    let both = |group: &PartGroup<'db>| {
        let known = known_headers(db, group.instance);
        known.has(HeaderKind::User(one)) && known.has(HeaderKind::User(two))
    };
    let inside = parts.is_some_and(|groups| groups.iter().any(both));
    (!inside).then(|| confusion(db, instance.rfb(db), one, two))
}

fn too_many_leaves<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Option<Problem> {
    let rfb = instance.rfb(db);
    let many = *nesting(db, rfb) == Nesting::Fine && leaf_count(db, instance) > MOST_LEAVES;
    many.then(|| {
        let message = format!("`{}` comes to more than {MOST_LEAVES} blocks", rfb.name(db));
        Diagnostic::new(Code::E0408, name_place(db, rfb), message)
    })
}

/// Complains of parts with the name of a filter that an intent of the block puts before its ports.
fn parts_named_as_filters<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Problem> {
    let Some(owner) = body(db, instance).owner() else { return Vec::new() };
    let filtered = ports(db, instance).flat().into_iter();
    let filtered = filtered.filter(|p| enters_leaves(p).0 && !filter_rules(db, instance, &p.name, p.stack).is_empty());
    let filters: BTreeMap<String, String> = filtered.map(|p| (filter_name(&p.name), p.name)).collect();
    let groups = if filters.is_empty() { &[][..] } else { parts(db, owner).groups.as_slice() };
    let clash = |group: &PartGroup<'db>| {
        let (name, port) = group.names().find_map(|name| filters.get_key_value(&name))?;
        let message = format!("the part `{name}` has the name of the filter that an intent puts before `{port}`");
        Some(Diagnostic::new(Code::E0203, group.place, message).with_help("give the part another name"))
    };
    groups.iter().filter_map(clash).collect()
}

/// Ports and parts share their names.
fn name_clashes<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let cx = Cx::new(db, item);
    let ports: Vec<_> =
        members(db, item).iter().filter_map(|m| if let Member::Port(p) = m { Some(&p.name) } else { None }).collect();
    let clash = |(member, _): (&Member, bool)| {
        let Member::Part(part) = member else { return None };
        let port = ports.iter().find(|port| port.text == part.name.text)?;
        let message = format!("`{}` is both a port and a part", part.name.text);
        Some(Diagnostic::new(Code::E0203, cx.at(part.name.node), message).with_label(cx.at(port.node), "the port"))
    };
    every_member(db, item).into_iter().filter_map(clash).collect()
}

/// Tables that are missing, and what is wrong in those that are not.
fn table_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let Some(rfb) = rfb_tree(db, item) else { return Vec::new() };
    let mut cx = Cx::new(db, item);
    for (param, declared) in rfb.params.iter().zip(&signature(db, item).params) {
        if let Some(default) = &param.default {
            check_table(&mut cx, default, &declared.ty);
        }
    }
    let parent_args = rfb.parents.iter().map(|p| (&p.path, &p.args));
    let part_args = every_part(db, item).map(|(part, _)| (&part.rfb, &part.args));
    for (path, args) in parent_args.chain(part_args) {
        if let Some(target) = lookup(db, item, path) {
            args.iter().enumerate().for_each(|(i, arg)| check_argument(&mut cx, target, i, arg));
        }
    }
    cx.problems
}

/// The same of the arguments of a deployment.
fn deployed_tables<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let ast::Item::Deploy(tree) = parsed(db, item).tree(db) else { return Vec::new() };
    let mut cx = Cx::new(db, item);
    if let Some(target) = lookup(db, item, &tree.rfb) {
        tree.args.iter().enumerate().for_each(|(i, arg)| check_argument(&mut cx, target, i, arg));
    }
    cx.problems
}

fn check_argument<'db>(cx: &mut Cx<'db>, target: Item<'db>, i: usize, arg: &Arg) {
    let params = &signature(cx.db, target).params;
    let param = match &arg.name {
        Some(name) => params.iter().find(|p| p.name == name.text),
        None => params.get(i),
    };
    if let Some(param) = param {
        check_table(cx, &arg.value, &param.ty);
    }
}

fn check_table(cx: &mut Cx<'_>, value: &Expr, ty: &Type) {
    let (ExprKind::Str(path), Type::Table(columns)) = (&value.kind, ty) else { return };
    match table_file(cx.db, &cx.file().home(cx.db).table_path(path)) {
        Some(file) => cx.problems.extend(table(cx.db, file, columns.clone()).1.iter().cloned()),
        None if path.is_empty() => {}
        None => cx.report(missing_table(cx, value.node, path)),
    }
}

fn missing_table(cx: &Cx<'_>, at: NodeId, path: &str) -> Problem {
    let (_, path) = table_place(path);
    Diagnostic::new(Code::E0801, cx.at(at), format!("there is no table file `{path}`"))
        .with_help("the path is relative to the directory of the package")
}
