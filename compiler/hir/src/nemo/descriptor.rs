//! Descriptors behind models: where they are, and what type of interface a connection point stands for.
//!
//! Nothing here reads files: the driver asks [`descriptor_paths`] which descriptors to hand in.

use crate::leaf::table_file;
use crate::nemo::library::{Library, Model, text_of};
use crate::nemo::scope::{Scope, Thing};
use crate::source::db::{Db, Package, TableFile};
use crate::source::item::Item;
use crate::source::loc::{Loc, Problem};
use rdcl_import::{Descriptor, Found, read_vnfd};
use rdcl_syntax::nemo::{EntityKind, Ref, Uri};
use std::collections::BTreeSet;

/// Where a descriptor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file; a relative path is relative to the package.
    File(String),
    /// Elsewhere: its interfaces are not known.
    Remote,
}

/// Where a URI leads: `file:` and what has no scheme to files, all else elsewhere.
pub(crate) fn place_of(uri: &Uri) -> Place {
    let text = uri.text.trim();
    let path = match text.split_once("://") {
        Some(("file", rest)) => {
            rest.strip_prefix("localhost/").map_or_else(|| rest.to_owned(), |rest| format!("/{rest}"))
        }
        Some(_) => return Place::Remote,
        None => text.strip_prefix("file:").unwrap_or(text).to_owned(),
    };
    if path.contains(['<', '>']) { Place::Remote } else { Place::File(path) }
}

/// A descriptor and what is wrong with it.
#[salsa::tracked(returns(ref))]
pub(crate) fn descriptor(db: &dyn Db, file: TableFile) -> (Option<Descriptor>, Vec<Problem>) {
    let (descriptor, faults) = read_vnfd(file.text(db));
    (descriptor, faults.into_iter().map(|fault| fault.map(|span| Loc::Table(file, span))).collect())
}

/// The file of a descriptor that a text names.
pub(crate) fn file_of(db: &dyn Db, item: Item<'_>, path: &str) -> Option<TableFile> {
    table_file(db, &item.file(db).home(db).table_path(path))
}

/// The descriptor of a model, if it has one that could be read.
pub(crate) fn descriptor_of<'db>(db: &'db dyn Db, model: &Model<'db>) -> Option<&'db Descriptor> {
    match place_of(model.thing.descriptor()?) {
        Place::File(path) => descriptor(db, file_of(db, model.item, &path)?).0.as_ref(),
        Place::Remote => None,
    }
}

/// The paths of all descriptors that the package speaks of, sorted.
#[salsa::tracked(returns(deref))]
pub fn descriptor_paths(db: &dyn Db, package: Package) -> Vec<String> {
    let mut paths = BTreeSet::new();
    for item in package.std(db).iter().chain(package.files(db)).filter_map(|file| text_of(db, *file)) {
        let Some(program) = crate::nemo::library::program(db, item) else { continue };
        for model in Scope::of_text(&program.statements).ever() {
            if let Some(Place::File(path)) = model.descriptor().map(place_of) {
                paths.extend(
                    Some(path).filter(|path| !path.is_empty()).map(|path| item.file(db).home(db).table_path(&path)),
                );
            }
        }
    }
    paths.into_iter().collect()
}

/// The type of an interface, and in which kind of descriptor it is called so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    pub kind: String,
    pub format: &'static str,
}

/// How deep models are gone into.
const DEEPEST: usize = 64;

/// The types of the interfaces that a connection point of a model leads to.
pub(crate) fn interface_types<'db>(
    db: &'db dyn Db,
    library: &Library<'db>,
    model: &Model<'db>,
    point: &Thing<'db>,
) -> Vec<Typed> {
    let mut found = Vec::new();
    let mut open: Vec<(&Model<'db>, String)> = vec![(model, point.name.text.clone())];
    let mut seen: BTreeSet<(&str, String)> = BTreeSet::new();
    while let Some((model, point)) = open.pop() {
        if seen.len() > DEEPEST * DEEPEST || !seen.insert((model.thing.name.text.as_str(), point.clone())) {
            continue;
        }
        found.extend(own_type(db, model, &point).filter(|ty| !found.contains(ty)));
        for end in inner_ends(model, &point) {
            let (Some(member), [segment]) = (model.member(&end.first.text), end.rest.as_slice()) else { continue };
            if let Some(inner) = member.type_name().and_then(|ty| library.node(&ty.text)) {
                open.push((inner, segment.name.text.clone()));
            }
        }
    }
    found
}

/// The type of the interface that a connection point stands for by itself.
fn own_type<'db>(db: &'db dyn Db, model: &Model<'db>, point: &str) -> Option<Typed> {
    let interface = model.point(point)?.interface()?;
    let descriptor = descriptor_of(db, model)?;
    match descriptor.find(&interface.text()) {
        Found::One(found) => Some(Typed { kind: found.kind.clone()?, format: descriptor.format }),
        Found::Internal(_) | Found::Several(_) | Found::None => None,
    }
}

/// What a connection point of a model is connected to inside.
fn inner_ends<'db>(model: &Model<'db>, point: &str) -> Vec<&'db Ref> {
    let is_point = |end: &&Ref| end.rest.is_empty() && end.first.text == point;
    let connections = model.scope.of_kind(EntityKind::Connection).map(Thing::ends);
    connections.filter(|ends| ends.iter().any(&is_point)).flatten().collect()
}
