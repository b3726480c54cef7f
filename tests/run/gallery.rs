//! The gallery of wrong programs: `docs/gallery.md` is what the compiler says of `tests/gallery/`, each file by itself.
//!
//! The first line of a program says what its writer did. Where every error carries a fix, the fixes are made, and what
//! comes of it has no errors. `BLESS=1` rewrites the page.

use crate::binary;
use libtest_mimic::{Failed, Trial};
use rdcl_base::{Diagnostic, FileId, FileSpan, Severity, Sources, edit};
use rdclc::Input;
use std::fs;
use std::path::{Path, PathBuf};

const HEAD: &str = "# Wrong programs

What the compiler says of small programs with one mistake each. This page is written by the tests, from `tests/gallery/`;
`rdclc explain CODE` says more about a code. Where a fix is offered, an editor can make it, from the JSON form of the
diagnostic; the tests make it, and what comes of it compiles.
";

/// How often fixes are made: one may uncover another.
const ROUNDS: usize = 4;

/// One trial for the page, and one for the fixes of each program.
pub fn trials() -> Vec<Trial> {
    let page = Trial::test("gallery/page", || page().map_err(Failed::from));
    let fixes = programs().into_iter().map(|path| {
        let name = format!("gallery/fixes-{}", path.file_stem().unwrap_or_default().to_string_lossy());
        Trial::test(name, move || mended(&path).map_err(Failed::from))
    });
    std::iter::once(page).chain(fixes).collect()
}

fn programs() -> Vec<PathBuf> {
    let entries = fs::read_dir(binary::root().join("tests/gallery")).into_iter().flatten();
    let mut programs: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    programs.sort();
    programs
}

fn page() -> Result<(), String> {
    let programs = programs();
    if programs.len() < 30 {
        return Err(format!("there are only {} programs", programs.len()));
    }
    let sections: Vec<String> = programs.iter().map(|path| section(path)).collect::<Result<_, _>>()?;
    let page = format!("{HEAD}{}", sections.concat());
    let place = binary::root().join("docs/gallery.md");
    if std::env::var_os("BLESS").is_some() {
        return fs::write(place, page).map_err(|e| e.to_string());
    }
    let written = fs::read_to_string(place).unwrap_or_default();
    if written == page {
        Ok(())
    } else {
        Err("docs/gallery.md is not what is said now; BLESS=1 rewrites it".to_owned())
    }
}

fn section(path: &Path) -> Result<String, String> {
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let title = text.lines().next().and_then(|line| line.strip_prefix("// ")).unwrap_or_default().trim_end_matches('.');
    let folder = path.parent().unwrap_or(Path::new(""));
    let said = binary::run(folder, &["check".as_ref(), path.file_name().unwrap_or_default()]).stderr;
    let findings = findings(path, &text);
    if findings.is_empty() || title.is_empty() {
        return Err(format!("{}: nothing is wrong, or no line says what", path.display()));
    }
    let fix = if is_mendable(&findings) { "\nA fix is offered.\n" } else { "" };
    Ok(format!("\n## {title}\n\n```text\n{}\n```\n{fix}", said.trim_end()))
}

fn findings(path: &Path, text: &str) -> Vec<Diagnostic<FileSpan>> {
    if path.extension().is_some_and(|e| e == "sefl") {
        let problems = rdcl_sefl::check(text, &rdcl_sefl::Packet::empty()).problems;
        return problems.into_iter().map(|p| p.map(|span| FileSpan { file: FileId(0), span })).collect();
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    rdclc::check(Input::from_text(&name, text)).findings
}

/// Whether every error, and at least one finding, carries a fix.
fn is_mendable(findings: &[Diagnostic<FileSpan>]) -> bool {
    let mut errors = findings.iter().filter(|f| f.severity == Severity::Error);
    errors.all(|error| error.fix.is_some()) && findings.iter().any(|f| f.fix.is_some())
}

fn mended(path: &Path) -> Result<(), String> {
    let mut text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    if !is_mendable(&findings(path, &text)) {
        return Ok(());
    }
    for _ in 0..ROUNDS {
        let found = findings(path, &text);
        let sources = Sources::new(vec![(String::new(), text.clone())]);
        let Some(edited) = edit::fixed(&sources, &found).into_values().next() else { break };
        text = edited.text;
    }
    let errors = findings(path, &text).into_iter().filter(|f| f.severity == Severity::Error);
    let errors: Vec<String> = errors.map(|f| f.message).collect();
    if errors.is_empty() { Ok(()) } else { Err(format!("after its fixes: {errors:?}\n{text}")) }
}
