//! The formatter: `tests/fmt/NAME.rdcl` is set as `NAME.out` says, and `rdclc fmt` does with files what it is asked to.

use crate::binary::{self, Run, expect};
use crate::command_line::objects;
use crate::fixtures;
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A check of what one run, or a few, do.
type Check = (&'static str, fn() -> Result<(), String>);

const CHECKS: &[Check] = &[
    ("in-place", in_place),
    ("check-writes-nothing", check),
    ("diff-can-be-applied", diff),
    ("standard-input", standard_input),
    ("errors-keep-the-file", errors),
    ("a-package", package),
    ("json", json),
    ("links", links),
];

/// A file that is not formatted, and as it is formatted.
const MESSY: &str = "stack  A=eth;\nstack B = ip;\n";
const TIDY: &str = "stack A = eth;\nstack B = ip;\n";

/// One trial for each fixture and check.
pub fn trials() -> Vec<Trial> {
    let fixture = |path: PathBuf| {
        let name = format!("fmt/{}", path.file_stem().unwrap_or_default().to_string_lossy());
        Trial::test(name, move || whole(&path).map_err(Failed::from))
    };
    let check = |(name, check): &Check| {
        let check = *check;
        Trial::test(format!("fmt/command-{name}"), move || check().map_err(Failed::from))
    };
    fixtures::in_folder("fmt").into_iter().map(fixture).chain(CHECKS.iter().map(check)).collect()
}

fn whole(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let out = path.with_extension("out");
    if !out.exists() {
        return Err(format!("{} is not there; make it, and BLESS=1 fills it", out.display()));
    }
    fixtures::compare_output(&out, &rdcl_syntax::format(&text))
}

/// A folder with a messy file and a tidy one.
fn folder(name: &str) -> Result<PathBuf, String> {
    let folder = binary::scratch(&format!("fmt-{name}"));
    write(&folder, "a.rdcl", MESSY)?;
    write(&folder, "b.rdcl", TIDY)?;
    Ok(folder)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    fs::write(folder.join(name), text).map_err(|e| e.to_string())
}

fn read(folder: &Path, name: &str) -> Result<String, String> {
    fs::read_to_string(folder.join(name)).map_err(|e| e.to_string())
}

fn run(folder: &Path, line: &str) -> Run {
    binary::run(folder, &line.split_whitespace().map(AsRef::as_ref).collect::<Vec<_>>())
}

fn in_place() -> Result<(), String> {
    let folder = folder("in-place")?;
    let ran = run(&folder, "fmt a.rdcl b.rdcl");
    expect(ran.code == Some(0) && ran.stdout == "a.rdcl\n" && ran.stderr.is_empty(), &ran, "what changed is named")?;
    expect(read(&folder, "a.rdcl")? == TIDY, &ran, "the file is formatted")?;
    let again = run(&folder, "fmt a.rdcl b.rdcl");
    expect(again.code == Some(0) && again.stdout.is_empty(), &again, "nothing is left to do")
}

fn check() -> Result<(), String> {
    let folder = folder("check")?;
    let ran = run(&folder, "fmt --check b.rdcl a.rdcl");
    expect(ran.code == Some(1) && ran.stdout == "a.rdcl\n", &ran, "what would change is listed")?;
    expect(read(&folder, "a.rdcl")? == MESSY, &ran, "nothing is written")?;
    let ran = run(&folder, "fmt --check b.rdcl");
    expect(ran.code == Some(0) && ran.stdout.is_empty(), &ran, "nothing would change")
}

fn diff() -> Result<(), String> {
    let folder = folder("diff")?;
    let ran = run(&folder, "fmt --diff a.rdcl b.rdcl");
    let wanted = "--- a.rdcl\n+++ a.rdcl\n@@ -1,2 +1,2 @@\n-stack  A=eth;\n+stack A = eth;\n stack B = ip;\n";
    expect(ran.code == Some(0) && ran.stdout == wanted, &ran, "what would change is shown")?;
    expect(read(&folder, "a.rdcl")? == MESSY, &ran, "nothing is written")?;
    let both = run(&folder, "fmt --check --diff a.rdcl");
    expect(both.code == Some(1) && both.stdout == wanted, &both, "and is a finding if asked")
}

fn standard_input() -> Result<(), String> {
    let filtered = |line: &str, text: &str| filter(line, text).map_err(|e| e.to_string());
    let ran = filtered("fmt -", MESSY)?;
    expect(ran.code == Some(0) && ran.stdout == TIDY && ran.stderr.is_empty(), &ran, "it is a filter")?;
    let ran = filtered("fmt -", TIDY)?;
    expect(ran.code == Some(0) && ran.stdout == TIDY, &ran, "also for what is formatted")?;
    let ran = filtered("fmt --check -", MESSY)?;
    expect(ran.code == Some(1) && ran.stdout == "<stdin>\n", &ran, "which can be checked")?;
    let ran = filtered("fmt -", "stack A eth;")?;
    expect(ran.code == Some(1) && ran.stdout.is_empty(), &ran, "nothing comes of errors")?;
    for line in ["fmt - a.rdcl", "fmt --format json -", "check -"] {
        let ran = filtered(line, MESSY)?;
        expect(ran.code == Some(2) && ran.stdout.is_empty(), &ran, line)?;
    }
    Ok(())
}

fn filter(line: &str, text: &str) -> std::io::Result<Run> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rdclc"));
    command.args(line.split_whitespace()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A run that refuses its command line does not read.
        let _ = input.write_all(text.as_bytes());
    }
    let output = child.wait_with_output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Run {
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
        code: output.status.code(),
        took: Default::default(),
    })
}

fn errors() -> Result<(), String> {
    let folder = folder("errors")?;
    let broken = "stack  A=eth;\nstack B eth;\n";
    write(&folder, "c.rdcl", broken)?;
    let ran = run(&folder, "fmt --format short c.rdcl a.rdcl");
    let said = ran.stderr.starts_with("c.rdcl:2:9: error[E0101]: ");
    expect(ran.code == Some(1) && said && ran.stdout == "a.rdcl\n", &ran, "errors are reported, the rest is done")?;
    let kept = read(&folder, "c.rdcl")? == broken && read(&folder, "a.rdcl")? == TIDY;
    expect(kept, &ran, "only a file without errors is written")?;
    write(&folder, "d.rdcl", "rfb A { part  b: Nowhere; }\n")?;
    let ran = run(&folder, "fmt d.rdcl");
    expect(ran.code == Some(0) && ran.stderr.is_empty(), &ran, "names are no business of the formatter")
}

fn package() -> Result<(), String> {
    let folder = folder("package")?;
    let ran = run(&folder, "fmt .");
    expect(ran.code == Some(1) && ran.stderr.contains("E0003"), &ran, "it is no package yet")?;
    write(&folder, "rdcl.toml", "name = \"service\"\nversion = \"0.1.0\"\nedition = \"2026\"\n")?;
    fs::create_dir(folder.join("sub")).map_err(|e| e.to_string())?;
    write(&folder, "sub/c.rdcl", MESSY)?;
    let ran = run(&folder, "fmt .");
    let names: Vec<&str> = ran.stdout.lines().collect();
    expect(ran.code == Some(0) && names == ["./a.rdcl", "./sub/c.rdcl"], &ran, "all its files, and no others")?;
    expect(read(&folder, "sub/c.rdcl")? == TIDY, &ran, "they are formatted")
}

fn json() -> Result<(), String> {
    let folder = folder("json")?;
    let ran = run(&folder, "fmt --format json --diff a.rdcl b.rdcl");
    let found = objects(&ran)?;
    let shown = found.len() == 2 && found[1]["type"] == "formatted" && found[1]["path"] == "a.rdcl";
    let diff = found.get(1).and_then(|o| o["diff"].as_str()).is_some_and(|d| d.starts_with("--- a.rdcl\n"));
    expect(shown && diff && found[1]["written"] == false, &ran, "an object for what would change")?;
    let ran = run(&folder, "fmt --format json a.rdcl");
    let found = objects(&ran)?;
    expect(found.len() == 2 && found[1]["written"] == true && found[1]["diff"].is_null(), &ran, "and for what did")
}

/// Of a link, the file it leads to is written.
fn links() -> Result<(), String> {
    let folder = folder("links")?;
    let link = folder.join("link.rdcl");
    std::os::unix::fs::symlink("a.rdcl", &link).map_err(|e| e.to_string())?;
    let ran = run(&folder, "fmt link.rdcl");
    let files = fs::read_dir(&folder).map_err(|e| e.to_string())?.count();
    let kept = link.is_symlink() && read(&folder, "a.rdcl")? == TIDY && files == 3;
    expect(ran.code == Some(0) && kept, &ran, "a link stays one, and nothing is left beside it")
}
