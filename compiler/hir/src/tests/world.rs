//! A small world: files in one string, each begun by `//- path`; `.txt` and `.yaml` paths are tables and descriptors.

use crate::{Database, Package, SourceFile, TableFile, add_std, diagnostics, place};
use rdcl_base::FileId;

pub struct World {
    pub db: Database,
    pub package: Package,
}

impl World {
    pub fn new(text: &str) -> World {
        World::with(Database::default(), text)
    }

    pub fn logged(text: &str) -> World {
        World::with(Database::with_log(), text)
    }

    fn with(mut db: Database, text: &str) -> World {
        let std = add_std(&mut db, FileId(1000));
        let (mut files, mut tables) = (Vec::new(), Vec::new());
        for (i, (path, text)) in (0u32..).zip(split(text)) {
            if path.ends_with(".txt") || path.ends_with(".yaml") {
                tables.push(TableFile::new(&db, path, text, FileId(i)));
            } else {
                let module = path.strip_suffix(".nemo").unwrap_or(&path).to_owned();
                files.push(SourceFile::new(&db, module, path, text, FileId(i)));
            }
        }
        let package = Package::new(&db, files, std, tables);
        World { db, package }
    }

    pub fn file(&self, i: usize) -> SourceFile {
        self.package.files(&self.db)[i]
    }

    /// `E0201 at 'Firewal': there is no … (did you mean …)`
    pub fn complaints(&self) -> Vec<String> {
        let render = |p: &crate::Problem| {
            let help = p.help.as_ref().map_or(String::new(), |h| format!(" ({h})"));
            format!("{} at '{}': {}{help}", p.code, self.text_at(p.primary), p.message)
        };
        diagnostics(&self.db, self.package).iter().map(render).collect()
    }

    pub fn codes(&self) -> Vec<&'static str> {
        diagnostics(&self.db, self.package).iter().map(|p| p.code.as_str()).collect()
    }

    pub fn text_at(&self, loc: crate::Loc) -> String {
        let at = place(&self.db, loc);
        let sources = self.package.files(&self.db).iter().chain(self.package.std(&self.db));
        let text = sources.filter(|f| f.file_id(&self.db) == at.file).map(|f| f.text(&self.db)).next();
        let tables = self.package.tables(&self.db).iter();
        let text = text.or_else(|| tables.filter(|t| t.file_id(&self.db) == at.file).map(|t| t.text(&self.db)).next());
        text.and_then(|t| t.get(at.span.start as usize..at.span.end as usize)).unwrap_or("?").to_owned()
    }
}

fn split(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("//- ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None => {
                if files.is_empty() {
                    files.push(("main".to_owned(), String::new()));
                }
                if let Some(file) = files.last_mut() {
                    file.1.push_str(line);
                }
            }
        }
    }
    files
}
