//! The crate table of ARCHITECTURE.md says which crates there are, where, and who uses whom.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// For each crate its folder and the crates of the workspace it uses, sorted.
type Crates = BTreeMap<String, (String, Vec<String>)>;

/// Where the table and the workspace disagree.
pub fn complaints(root: &Path) -> io::Result<Vec<String>> {
    let (written, real) = (written(root)?, real(root)?);
    let names = written.keys().chain(real.keys()).collect::<std::collections::BTreeSet<_>>();
    let differing = names.into_iter().filter(|name| written.get(*name) != real.get(*name));
    let complaint = |name: &String| {
        let (written, real) = (written.get(name), real.get(name));
        format!("ARCHITECTURE.md: crate `{name}`: the table says {written:?}, the workspace {real:?}")
    };
    Ok(differing.map(complaint).collect())
}

/// Reads rows `| compiler/base | rdcl-base | what | who |`.
fn written(root: &Path) -> io::Result<Crates> {
    let text = fs::read_to_string(root.join("ARCHITECTURE.md"))?;
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.split('|').map(str::trim).collect();
        let [folder, name, _, uses, _] = cells[..] else { return None };
        let plain = |cell: &str| cell.replace('`', "");
        let mut uses: Vec<String> = plain(uses).split_whitespace().filter(|w| *w != "–").map(str::to_owned).collect();
        uses.sort();
        Some((plain(name), (plain(folder), uses)))
    };
    Ok(text.lines().filter_map(row).collect())
}

/// Asks cargo; normal dependencies only.
fn real(root: &Path) -> io::Result<Crates> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(io::Error::other)?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    Ok(packages.iter().filter_map(|package| read_package(root, package)).collect())
}

fn read_package(root: &Path, package: &Value) -> Option<(String, (String, Vec<String>))> {
    let root = root.canonicalize().ok()?;
    let folder = Path::new(package["manifest_path"].as_str()?).parent()?.strip_prefix(&root).ok()?;
    let dependencies = package["dependencies"].as_array()?.iter();
    let normal = dependencies.filter(|d| d["kind"].is_null() && !d["path"].is_null());
    let mut uses: Vec<String> = normal.filter_map(|d| Some(d["name"].as_str()?.to_owned())).collect();
    uses.sort();
    Some((package["name"].as_str()?.to_owned(), (folder.display().to_string(), uses)))
}
