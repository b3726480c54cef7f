//! Documentation: every `rdcl` block of `docs/*.md` and of the README compiles as its fence says.
//!
//! `rdcl` is clean, `rdcl,error=E0201` shows that code and no other, `rdcl,fragment` is a piece that does not stand
//! alone. `rdcl,verify` is verified too, and its `//~ VERDICT` lines hold.

use crate::binary;
use crate::expect::Expectations;
use crate::markdown::{self, Block};
use crate::program::{self, Depth};
use libtest_mimic::{Failed, Trial};
use rdclc::Input;
use std::fs;
use std::path::PathBuf;

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

fn run(path: &PathBuf) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let blocks = markdown::blocks(&text);
    let complaints: Vec<String> = blocks
        .iter()
        .filter(|b| b.is("rdcl") && !b.has("fragment"))
        .filter_map(|b| compile(b).err().map(|e| format!("line {}: {e}", b.line)))
        .collect();
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

fn compile(block: &Block) -> Result<(), String> {
    let depth = if block.has("verify") { Depth::Verify } else { Depth::Check };
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
