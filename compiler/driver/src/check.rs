//! From files to a checked package: the database is filled, tables are read, complaints get their places.

use crate::input::{Input, read_text};
use crate::levels::Levels;
use rdcl_base::{Code, Diagnostic, FileId, FileSpan, Severity, Sources};
use rdcl_hir::{Database, Db, Home, Package, SourceFile, TableFile};
use rdcl_hir::{add_std, descriptor_paths, diagnostics, place, table_paths, table_place};
use salsa::Setter;
use std::path::PathBuf;
use std::sync::Arc;

/// A package that has been looked at.
pub struct Checked {
    /// The database that knows it.
    pub db: Database,
    /// The package.
    pub package: Package,
    /// The directory of its files.
    pub root: PathBuf,
    /// Every text that a place can be in.
    pub sources: Sources,
    /// What is done about warnings in it.
    pub levels: Levels,
    /// Everything that is wrong with it, in the order of the files.
    pub findings: Vec<Diagnostic<FileSpan>>,
    /// What is wrong with this machine rather than with the package.
    pub faults: Vec<String>,
    /// Whether something that it is built on is missing.
    incomplete: bool,
}

impl Checked {
    /// Whether something that it is built on is missing, so that names cannot be told.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// Whether it has no meaning that could be verified.
    pub fn has_errors(&self) -> bool {
        self.incomplete || self.findings.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Parses, resolves and type-checks.
pub fn check(input: Input) -> Checked {
    let mut db = Database::default();
    let mut input = input;
    let std = add_std(&mut db, FileId(input.files.len() as u32));
    input.files.extend(std.iter().map(|file| (file.name(&db).clone(), file.text(&db).to_owned())));
    let own = source(&db, &input, &input.home);
    let files = input.sources.iter().map(own).collect();
    let below = input.dependencies.iter().flat_map(|d| d.sources.iter().map(source(&db, &input, &d.home)));
    let package = Package::new(&db, files, std.into_iter().chain(below).collect(), Vec::new());
    let mut tables = read_tables(&db, package, &mut input);
    tables.extend(read_descriptors(&db, package, &mut input, &tables));
    package.set_tables(&mut db).to(tables);
    let mut found = diagnostics(&db, package);
    found.iter_mut().for_each(|problem| rdcl_lint::mend(&db, problem));
    if input.incomplete {
        found.retain(|problem| problem.code < Code::E0201);
    }
    let found = found.into_iter().map(|problem| problem.map(|loc| place(&db, loc)));
    let (levels, misread) = Levels::of(&input);
    let mut findings = levels.apply(input.findings.into_iter().chain(misread).chain(found));
    findings.sort_by_key(|d| d.primary);
    let Input { root, files, faults, incomplete, .. } = input;
    Checked { db, package, root, sources: Sources::new(files), levels, findings, faults, incomplete }
}

/// Hands in the sources of a package.
fn source(db: &dyn Db, input: &Input, home: &Arc<Home>) -> impl Fn(&(FileId, String)) -> SourceFile {
    move |(file, module)| {
        let (name, text) = &input.files[file.0 as usize];
        SourceFile::builder(module.clone(), name.clone(), text.clone(), *file).home(Arc::clone(home)).new(db)
    }
}

/// Reads the descriptors that NEMO texts name and that are files. Of one that cannot be read, the checker says where it
/// is named.
fn read_descriptors(db: &dyn Db, package: Package, input: &mut Input, tables: &[TableFile]) -> Vec<TableFile> {
    let mut descriptors = Vec::new();
    for path in descriptor_paths(db, package).iter().filter(|path| !tables.iter().any(|t| t.path(db) == *path)) {
        let Some(on_disk) = table_file(input, path) else { continue };
        if let Ok(text) = read_text(&on_disk) {
            let file = FileId(input.files.len() as u32);
            input.files.push((on_disk.to_string_lossy().into_owned(), text.clone()));
            descriptors.push(TableFile::new(db, path.clone(), text, file));
        }
    }
    descriptors
}

/// Reads the tables that the program names. A missing one is left to the checker, which knows where it is named.
fn read_tables(db: &dyn Db, package: Package, input: &mut Input) -> Vec<TableFile> {
    let mut tables = Vec::new();
    for path in table_paths(db, package) {
        let Some(on_disk) = table_file(input, path) else { continue };
        let file = FileId(input.files.len() as u32);
        let (text, shown) = match read_text(&on_disk) {
            Ok(text) => (text.clone(), text),
            Err(fault) => {
                input.findings.push(fault.finding(file));
                (String::new(), fault.shown())
            }
        };
        input.files.push((on_disk.to_string_lossy().into_owned(), shown));
        tables.push(TableFile::new(db, path.clone(), text, file));
    }
    tables
}

/// Where the table of this name is; none if it is missing.
fn table_file(input: &Input, path: &str) -> Option<PathBuf> {
    let (package, path) = table_place(path);
    let root = match input.dependencies.iter().find(|d| d.home.package == package) {
        Some(dependency) => &dependency.root,
        None => &input.root,
    };
    Some(root.join(path)).filter(|path| path.exists())
}
