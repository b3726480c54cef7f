//! Subjects: the instances that are to be verified, and those that are only checked.

use crate::bodies::body;
use crate::flatten::{MOST_LEAVES, leaf_count, structure};
use crate::instance::{Instance, default_instance, has_all_defaults};
use crate::leaf::LeafKind;
use crate::lineage::abstraction::is_abstract;
use crate::lineage::instance_lineage;
use crate::nemo::unenforced;
use crate::operation::deploy::deployed;
use crate::operation::impls::implementations;
use crate::part::{Nesting, nesting, parts};
use crate::source::db::{Db, Package, SourceFile};
use crate::source::item::{Item, items};
use crate::value::Value;
use indexmap::IndexSet;
use rdcl_syntax::Keyword;
use std::collections::BTreeSet;

/// The RFBs of the package's own files, in order.
pub(crate) fn own_blocks<'db>(db: &'db dyn Db, package: Package) -> impl Iterator<Item = Item<'db>> {
    blocks(db, package.files(db))
}

/// The RFBs of its dependencies, in order; those of the standard library are known to be sound.
fn blocks_below<'db>(db: &'db dyn Db, package: Package) -> impl Iterator<Item = Item<'db>> {
    blocks(db, package.std(db)).filter(|item| !item.file(db).home(db).package.is_empty())
}

fn blocks<'db>(db: &'db dyn Db, files: &'db [SourceFile]) -> impl Iterator<Item = Item<'db>> {
    let all = files.iter().flat_map(move |file| items(db, *file).iter().copied());
    all.filter(move |item| item.keyword(db) == Keyword::Rfb && item.origin(db).is_none())
}

/// What is to be verified: every RFB of the package whose parameters all have defaults, then every instance that is a
/// part of one, each once. Parents are no subjects by themselves.
#[salsa::tracked(returns(deref))]
pub fn subjects<'db>(db: &'db dyn Db, package: Package) -> Vec<Instance<'db>> {
    let found: IndexSet<Instance<'db>> = package.files(db).iter().flat_map(|f| file_roots(db, *f)).copied().collect();
    let parts = package.files(db).iter().flat_map(|file| file_subjects(db, *file)).copied();
    found.into_iter().chain(parts).collect::<IndexSet<_>>().into_iter().collect()
}

/// The RFBs of a file whose parameters all have defaults, as instances; and what is deployed, with its arguments.
#[salsa::tracked(returns(deref))]
fn file_roots<'db>(db: &'db dyn Db, file: SourceFile) -> Vec<Instance<'db>> {
    let blocks = items(db, file).iter().filter(|item| item.keyword(db) == Keyword::Rfb && item.origin(db).is_none());
    let complete = blocks.filter(|item| has_all_defaults(db, **item) && !is_abstract(db, **item));
    let deployed = items(db, file).iter().filter_map(|item| Some(deployed(db, *item).deployment.as_ref()?.instance));
    complete.map(|item| default_instance(db, *item)).chain(deployed).collect()
}

/// The [`file_roots`] of a file, and all their parts.
#[salsa::tracked(returns(deref))]
pub(crate) fn file_subjects<'db>(db: &'db dyn Db, file: SourceFile) -> Vec<Instance<'db>> {
    with_parts(db, file_roots(db, file).to_vec()).into_iter().collect()
}

/// Instances and all their parts, in order of first mention.
fn with_parts<'db>(db: &'db dyn Db, roots: Vec<Instance<'db>>) -> IndexSet<Instance<'db>> {
    let mut found: IndexSet<Instance<'db>> = roots.iter().copied().collect();
    let mut open: Vec<Instance<'db>> = roots.into_iter().rev().collect();
    while let Some(instance) = open.pop() {
        let new: Vec<_> = direct_parts(db, instance).filter(|part| found.insert(*part)).collect();
        open.extend(new.into_iter().rev());
    }
    found
}

/// The instances of an instance's parts; none where parts nest badly or are too many.
pub(crate) fn direct_parts<'db>(db: &'db dyn Db, instance: Instance<'db>) -> impl Iterator<Item = Instance<'db>> {
    let well = *nesting(db, instance.rfb(db)) == Nesting::Fine && leaf_count(db, instance) <= MOST_LEAVES;
    let owner = body(db, instance).owner().filter(|_| well);
    owner.into_iter().flat_map(|owner| parts(db, owner).groups.iter().map(|g| g.instance))
}

/// The subjects, and a sample of every RFB of the package and its dependencies that none of them is an instance of.
#[salsa::tracked(returns(deref))]
pub fn checked<'db>(db: &'db dyn Db, package: Package) -> Vec<Instance<'db>> {
    let subjects = subjects(db, package);
    let met: BTreeSet<_> =
        subjects.iter().map(|s| (s.rfb(db).file(db), s.rfb(db).id(db))).map(|(f, i)| (f.file_id(db), i)).collect();
    let unmet = own_blocks(db, package)
        .chain(blocks_below(db, package))
        .filter(|item| !met.contains(&(item.file(db).file_id(db), item.id(db))));
    subjects.iter().copied().chain(unmet.map(|item| default_instance(db, item))).collect()
}

/// The paths of all tables that the package uses, sorted: arguments of instances, and those given to their parents.
#[salsa::tracked(returns(deref))]
pub fn table_paths(db: &dyn Db, package: Package) -> Vec<String> {
    let instances = with_parts(db, checked(db, package).to_vec());
    let args = instances.iter().flat_map(|i| instance_lineage(db, *i)).flat_map(|i| i.args(db));
    let paths = args.filter_map(|v| if let Value::Table(path) = v { Some(path.clone()) } else { None });
    paths.filter(|path| !path.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What verdicts about an instance rest on besides its behaviours: images, and blocks of which only the contract is
/// known. Sorted.
#[salsa::tracked(returns(deref))]
pub fn assumptions<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<String> {
    let mut found = BTreeSet::new();
    for part in with_parts(db, vec![instance]) {
        for implementation in &implementations(db, part).list {
            if let Some(image) = implementation.image() {
                found.insert(format!("image {image} of {}.{}", implementation.declared_by, implementation.name));
            }
        }
        for (intended, _) in unenforced(db, part).into_iter().filter(|(intended, _)| intended.filters) {
            found.insert(format!("that {}.intent.{} changes nothing", part.rfb(db).name(db), intended.name));
        }
    }
    for (_, leaf) in &structure(db, instance).parts {
        if let LeafKind::Opaque(opaque) = leaf.kind(db) {
            found.insert(format!("the contract of {}", opaque.rfb(db).name(db)));
        }
    }
    found.into_iter().collect()
}
