//! Documentation: every `rdcl` block of `docs/*.md` and of the README compiles as its fence says.
//!
//! `rdcl` is clean, `rdcl,error=E0201` shows that code and no other, `rdcl,fragment` is a piece that does not stand
//! alone. A `sefl` block is a program that runs without errors. `rdcl,verify` is verified too, and its `//~ VERDICT` lines hold; `rdcl,place` is placed. A `console` block is a transcript: its commands,
//! run in the root of the repository, write what stands below them. `BLESS=1` rewrites transcripts.

use crate::binary;
use crate::expect::Expectations;
use crate::markdown::{self, Block};
use crate::program::{self, Depth};
use libtest_mimic::{Failed, Trial};
use rdclc::Input;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One trial for each file that has blocks.
pub fn trials() -> Vec<Trial> {
    let trial = |path: PathBuf| {
        let name = format!("document/{}", path.file_name().unwrap_or_default().to_string_lossy());
        Trial::test(name, move || run(&path).map_err(Failed::from))
    };
    files().into_iter().map(trial).collect()
}

fn files() -> Vec<PathBuf> {
    let root = binary::root();
    let entries = fs::read_dir(root.join("docs")).into_iter().flatten();
    let documents = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension().is_some_and(|e| e == "md"));
    let mut files: Vec<PathBuf> = documents.chain([root.join("README.md")]).filter(|p| p.exists()).collect();
    files.sort();
    files
}

fn run(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let blocks = markdown::blocks(&text);
    let complaints: Vec<String> = blocks
        .iter()
        .filter(|b| b.is("rdcl") && !b.has("fragment"))
        .filter_map(|b| compile(b).err().map(|e| format!("line {}: {e}", b.line)))
        .collect();
    let programs = blocks
        .iter()
        .filter(|b| b.is("sefl"))
        .filter_map(|b| run_sefl(b).err().map(|e| format!("line {}: {e}", b.line)));
    let complaints: Vec<String> = complaints.into_iter().chain(programs).collect();
    if !complaints.is_empty() {
        return Err(complaints.join("\n"));
    }
    let mut blessed = text.clone();
    for block in blocks.iter().filter(|b| b.is("console")) {
        blessed = blessed.replacen(&block.text, &transcript(block)?, 1);
    }
    match (blessed == text, std::env::var_os("BLESS")) {
        (true, _) => Ok(()),
        (false, Some(_)) => fs::write(path, blessed).map_err(|e| e.to_string()),
        (false, None) => Err(format!("a transcript differs; BLESS=1 rewrites it\n{blessed}")),
    }
}

/// The commands of a block, each with what it writes.
fn transcript(block: &Block) -> Result<String, String> {
    let mut text = String::new();
    for line in block.text.lines().filter(|l| l.starts_with("$ ")) {
        let binary = Path::new(env!("CARGO_BIN_EXE_rdclc")).parent().unwrap_or(Path::new(""));
        let command = format!("PATH={}:$PATH; exec 2>&1; {}", binary.display(), &line[2..]);
        let output = Command::new("sh").args(["-c", &command]).current_dir(binary::root()).output();
        let written = output.map_err(|e| e.to_string())?.stdout;
        text += &format!("{line}\n{}", String::from_utf8_lossy(&written));
    }
    Ok(text)
}

/// A program of SEFL has no errors, before it runs and on its paths.
fn run_sefl(block: &Block) -> Result<(), String> {
    let packet = rdcl_sefl::Packet::empty();
    let checked = rdcl_sefl::check(&block.text, &packet);
    let paths = rdcl_sefl::run(&checked.program, &packet, &rdcl_sefl::Options::default());
    let found: Vec<String> = checked.problems.iter().map(|p| p.message.clone()).collect();
    let met: Vec<String> = paths.iter().filter(|p| p.code.is_some()).filter_map(|p| p.message.clone()).collect();
    if found.is_empty() && met.is_empty() { Ok(()) } else { Err(format!("shows {found:?} {met:?}")) }
}

fn compile(block: &Block) -> Result<(), String> {
    let depth = match (block.has("verify"), block.has("place")) {
        (true, _) => Depth::Verify,
        (false, true) => Depth::Place,
        (false, false) => Depth::Check,
    };
    let outcome = program::run(Input::from_text("block", &block.text), depth);
    let Some(code) = block.tag("error") else {
        let mut expectations = Expectations::default();
        expectations.read("block", &block.text)?;
        return expectations.compare(&outcome);
    };
    let found: Vec<&str> = outcome.diagnostics.iter().map(|d| d.code.as_str()).collect();
    let only = !found.is_empty() && found.iter().all(|c| *c == code);
    if only { Ok(()) } else { Err(format!("shows {found:?}, expected {code}")) }
}
