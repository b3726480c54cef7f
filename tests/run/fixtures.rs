//! Fixtures: programs in folders named for the stage they are about, with their expectations inside.
//!
//! A fixture is a file `tests/STAGE/NAME.rdcl` (or `.nemo`), or a package `tests/STAGE/NAME/` whose `main.rdcl` counts. Its first line
//! is `// stages: check`: the stage of its folder, and `verify` besides where verdicts are expected; the last one decides
//! how far it is taken. A file
//! `NAME.stdout` or `NAME.stderr` beside it holds what the binary writes about it.

use crate::binary;
use crate::expect::Expectations;
use crate::program::{self, Depth};
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};

const STAGES: [&str; 11] =
    ["parse", "resolve", "check", "expand", "lower", "verify", "place", "plan", "emit", "lint", "nemo"];

/// One trial for each fixture.
pub fn trials() -> Vec<Trial> {
    let trial = |stage: &'static str, path: PathBuf| {
        let name = format!("{stage}/{}", path.file_stem().unwrap_or_default().to_string_lossy());
        Trial::test(name, move || run(stage, &path).map_err(Failed::from))
    };
    STAGES.into_iter().flat_map(|stage| in_folder(stage).into_iter().map(move |path| trial(stage, path))).collect()
}

/// The fixtures of a stage, sorted.
pub fn in_folder(stage: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(stage);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_fixture =
        |p: &PathBuf| p.extension().is_some_and(|e| e == "rdcl" || e == "nemo") || p.join("rdcl.toml").exists();
    let mut found: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(is_fixture).collect();
    found.sort();
    found
}

fn run(stage: &str, path: &Path) -> Result<(), String> {
    let main = if path.is_dir() { path.join("main.rdcl") } else { path.to_owned() };
    let text = fs::read_to_string(&main).map_err(|e| e.to_string())?;
    let depth = read_header(stage, &text)?;
    let outcome = program::run(rdclc::load(path), depth);
    let mut expectations = Expectations::default();
    for (file, text) in outcome.files.iter().filter(|f| !f.0.starts_with("std/")) {
        expectations.read(file, text)?;
    }
    if expectations.has_verdicts() && depth != Depth::Verify {
        return Err("verdicts are expected, but the stages in the first line do not end with `verify`".into());
    }
    expectations.compare(&outcome)?;
    compare_outputs(path, depth)
}

/// Reads `// stages: check verify`.
fn read_header(stage: &str, text: &str) -> Result<Depth, String> {
    let first = text.lines().next().unwrap_or("");
    let Some(list) = first.strip_prefix("// stages:") else {
        return Err(format!("the first line is `{first}`, expected `// stages: {stage}`"));
    };
    let stages: Vec<&str> = list.split_whitespace().collect();
    if let Some(unknown) = stages.iter().find(|s| !STAGES.contains(s)) {
        return Err(format!("`{unknown}` is not a stage"));
    }
    if !stages.contains(&stage) {
        return Err(format!("the fixture is in `{stage}`, which its first line does not name"));
    }
    Ok(match stages.last() {
        Some(&"verify") => Depth::Verify,
        Some(&"place") => Depth::Place,
        Some(&"plan" | &"emit") => Depth::Build,
        Some(&"lint") => Depth::Lint,
        _ => Depth::Check,
    })
}

fn compare_outputs(path: &Path, depth: Depth) -> Result<(), String> {
    let (out, err) = (path.with_extension("stdout"), path.with_extension("stderr"));
    if !out.exists() && !err.exists() {
        return Ok(());
    }
    let verb = match depth {
        Depth::Check => "check",
        Depth::Lint => "lint",
        Depth::Verify => "verify",
        Depth::Place => "place",
        Depth::Build | Depth::Run => return Err("builds and runs write files; tests of their own look at them".into()),
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let ran = binary::run(folder, &[verb.as_ref(), path.file_name().unwrap_or_default()]);
    compare_output(&out, &ran.stdout)?;
    compare_output(&err, &ran.stderr)
}

/// Compares a file with what was found, or rewrites it if `BLESS` is set; a file that is not there expects nothing.
///
/// # Errors
/// They differ.
pub fn compare_output(path: &Path, found: &str) -> Result<(), String> {
    if !path.exists() {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some() {
        return fs::write(path, found).map_err(|e| e.to_string());
    }
    let wanted = fs::read_to_string(path).map_err(|e| e.to_string())?;
    if wanted == found {
        return Ok(());
    }
    Err(format!("{} differs; BLESS=1 rewrites it\n--- expected\n{wanted}--- found\n{found}", path.display()))
}
