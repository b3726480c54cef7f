//! Where every line comes from, as a file beside the others.

use crate::artifact::{Artifact, Place, Places, sha256};
use rdcl_hir::Loc;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// Its name.
pub const PROVENANCE: &str = "provenance.json";

/// The text of a file that statements are in, by the name that places give it.
pub type Texts<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

/// `provenance.json`: the way from it to the directory that files are named from, the SHA-256 of each file that statements
/// are in, the statements, then for each artifact those that all of it, and those that each line is there because of, by
/// their positions.
pub fn provenance(artifacts: &[Artifact], root: &str, places: Places<'_>, texts: Texts<'_>) -> Artifact {
    let mut table = Table { places, seen: HashMap::new(), rows: Vec::new() };
    let about: Vec<Value> = artifacts.iter().filter(|a| !a.lines.is_empty()).map(|a| table.artifact(a)).collect();
    let rows: Vec<Value> = table.rows.iter().map(row).collect();
    let files: BTreeSet<&str> = table.rows.iter().map(|place| place.file.as_str()).collect();
    let source = |file: &&str| Some(json!({"file": file, "sha256": sha256(texts(file)?.as_bytes())}));
    let sources: Vec<Value> = files.iter().filter_map(source).collect();
    let object = json!({
        "format_version": "1.0",
        "root": root,
        "sources": sources,
        "statements": rows,
        "artifacts": about,
    });
    let bytes = format!("{object}\n").into_bytes();
    Artifact { path: PROVENANCE.to_owned(), bytes, common: Vec::new(), lines: Vec::new() }
}

fn row(place: &Place) -> Value {
    json!({"at": place.at(), "end": format!("{}:{}", place.end.0, place.end.1)})
}

struct Table<'a> {
    places: Places<'a>,
    seen: HashMap<Loc, usize>,
    rows: Vec<Place>,
}

impl Table<'_> {
    fn artifact(&mut self, artifact: &Artifact) -> Value {
        let common = self.numbers(&artifact.common);
        let lines: Vec<Vec<usize>> = artifact.lines.iter().map(|because| self.numbers(because)).collect();
        json!({"path": artifact.path, "sha256": artifact.sha256(), "common": common, "lines": lines})
    }

    fn numbers(&mut self, places: &[Loc]) -> Vec<usize> {
        places.iter().map(|at| self.number(*at)).collect()
    }

    fn number(&mut self, at: Loc) -> usize {
        if let Some(number) = self.seen.get(&at) {
            return *number;
        }
        self.rows.push((self.places)(at));
        self.seen.insert(at, self.rows.len() - 1);
        self.rows.len() - 1
    }
}
