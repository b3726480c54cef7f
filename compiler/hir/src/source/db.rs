//! The database: what is handed in, and nothing else. The driver (or an editor) does all input and output.
//!
//! ```
//! use rdcl_hir::{Database, Package, SourceFile, add_std};
//! use rdcl_base::FileId;
//! let mut db = Database::default();
//! let std = add_std(&mut db, FileId(0));
//! let main = SourceFile::new(&db, "main".into(), "main.rdcl".into(), "rfb Empty {}".into(), FileId(9));
//! let package = Package::new(&db, vec![main], std, vec![]);
//! assert!(rdcl_hir::diagnostics(&db, package).is_empty());
//! ```

#![allow(missing_docs, reason = "what salsa's macros generate has no documentation")]

use crate::source::home::Home;
use rdcl_base::FileId;
use salsa::{Durability, EventKind, Storage};
use std::sync::{Arc, Mutex, PoisonError};

/// What every query needs.
#[salsa::db]
pub trait Db: salsa::Database {}

/// A source text.
#[salsa::input(debug)]
pub struct SourceFile {
    /// Its module path in its package: `main`, `sub::file`, `std::net`.
    #[returns(ref)]
    pub path: String,
    /// The name shown to people.
    #[returns(ref)]
    pub name: String,
    /// The text.
    #[returns(deref)]
    pub text: String,
    /// What diagnostics call it.
    #[returns(copy)]
    pub file_id: FileId,
    /// The package it belongs to.
    #[default]
    #[returns(ref)]
    pub home: Arc<Home>,
}

/// A table's text.
#[salsa::input(debug)]
pub struct TableFile {
    /// Its path, relative to the package; [`Home::table_path`] says how that of a dependency is written.
    #[returns(ref)]
    pub path: String,
    /// The text.
    #[returns(deref)]
    pub text: String,
    /// What diagnostics call it.
    #[returns(copy)]
    pub file_id: FileId,
}

/// The one package of a database.
#[salsa::input(singleton, debug)]
pub struct Package {
    /// Its own sources, in order.
    #[returns(deref)]
    pub files: Vec<SourceFile>,
    /// What it is built on: the standard library, then the sources of its dependencies.
    #[returns(deref)]
    pub std: Vec<SourceFile>,
    /// The table files that could be read.
    #[returns(deref)]
    pub tables: Vec<TableFile>,
}

/// The database.
#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: Storage<Self>,
    log: Arc<Mutex<Vec<String>>>,
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {}

impl Database {
    /// A database that records which queries it runs.
    pub fn with_log() -> Database {
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = Arc::clone(&log);
        let record = move |event: salsa::Event| {
            if let EventKind::WillExecute { database_key } = event.kind {
                sink.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{database_key:?}"));
            }
        };
        Database { storage: Storage::new(Some(Box::new(record))), log }
    }

    /// The queries run since the last call, in order: `parsed(Id(7))`.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Hands in the standard library; its files are numbered from `first` on.
pub fn add_std(db: &mut Database, first: FileId) -> Vec<SourceFile> {
    let add = |(i, source): (u32, &rdcl_stdlib::Source)| {
        SourceFile::builder(source.module.into(), source.name.into(), source.text.into(), FileId(first.0 + i))
            .durability(Durability::HIGH)
            .new(db)
    };
    (0u32..).zip(rdcl_stdlib::SOURCES).map(add).collect()
}
