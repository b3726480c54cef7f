//! What the tests of whole services share: a package from text.
#![allow(dead_code)]

use rdcl_base::{FileId, Severity};
use rdcl_hir::{Database, Instance, Package, SourceFile, TableFile, add_std, diagnostics, short_name, subjects};

/// A package of one file and some tables; panics with its complaints when it is not clean.
pub fn package(text: &str, tables: &[(&str, &str)]) -> (Database, Package) {
    let mut db = Database::default();
    let std = add_std(&mut db, FileId(0));
    let main = SourceFile::new(&db, "main".into(), "main.rdcl".into(), text.into(), FileId(50));
    let tables = tables.iter().map(|(p, t)| TableFile::new(&db, (*p).into(), (*t).into(), FileId(60))).collect();
    let package = Package::new(&db, vec![main], std, tables);
    let errors: Vec<String> = diagnostics(&db, package)
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| format!("{} {}", d.code, d.message))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    (db, package)
}

/// The subject with this name.
pub fn subject<'db>(db: &'db Database, package: Package, name: &str) -> Instance<'db> {
    let found = subjects(db, package).iter().copied().find(|i| short_name(db, *i) == name);
    found.expect("the package has this block")
}

/// SplitMix64: a few lines of deterministic numbers, the same on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}
