//! From files to a checked package: the database is filled, tables are read, complaints get their places.

use crate::input::{Input, read_text};
use rdcl_base::{Diagnostic, FileId, FileSpan, Severity, Sources};
use rdcl_hir::{
    Database, Db, Package, SourceFile, TableFile, add_std, descriptor_paths, diagnostics, place, table_paths,
};
use salsa::Setter;
use std::path::PathBuf;

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
    /// Everything that is wrong with it, in the order of the files.
    pub findings: Vec<Diagnostic<FileSpan>>,
}

impl Checked {
    /// Whether it has no meaning that could be verified.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Parses, resolves and type-checks.
pub fn check(input: Input) -> Checked {
    let mut db = Database::default();
    let mut input = input;
    let std = add_std(&mut db, FileId(input.files.len() as u32));
    input.files.extend(std.iter().map(|file| (file.name(&db).clone(), file.text(&db).to_owned())));
    let files = input.sources.iter().map(|(file, module)| source(&db, &input, *file, module)).collect();
    let package = Package::new(&db, files, std, Vec::new());
    let mut tables = read_tables(&db, package, &mut input);
    tables.extend(read_descriptors(&db, package, &mut input, &tables));
    package.set_tables(&mut db).to(tables);
    let found = diagnostics(&db, package).into_iter().map(|problem| problem.map(|loc| place(&db, loc)));
    let mut findings: Vec<Diagnostic<FileSpan>> = input.findings.into_iter().chain(found).collect();
    findings.sort_by_key(|d| d.primary);
    Checked { db, package, root: input.root, sources: Sources::new(input.files), findings }
}

fn source(db: &dyn Db, input: &Input, file: FileId, module: &str) -> SourceFile {
    let (name, text) = &input.files[file.0 as usize];
    SourceFile::new(db, module.to_owned(), name.clone(), text.clone(), file)
}

/// Reads the descriptors that NEMO texts name and that are files. Of one that cannot be read, the checker says where it
/// is named.
fn read_descriptors(db: &dyn Db, package: Package, input: &mut Input, tables: &[TableFile]) -> Vec<TableFile> {
    let mut descriptors = Vec::new();
    for path in descriptor_paths(db, package).iter().filter(|path| !tables.iter().any(|t| t.path(db) == *path)) {
        let on_disk = input.root.join(path);
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
        let on_disk = input.root.join(path);
        if !on_disk.exists() {
            continue;
        }
        let file = FileId(input.files.len() as u32);
        let text = read_text(&on_disk).unwrap_or_else(|fault| {
            input.findings.push(fault.finding(file));
            String::new()
        });
        input.files.push((on_disk.to_string_lossy().into_owned(), text.clone()));
        tables.push(TableFile::new(db, path.clone(), text, file));
    }
    tables
}
