//! What one begins with: packages made by `rdclc new`, completions of shells, pages of the manual.

use crate::binary::{self, Run, expect};
use crate::command_line::objects;
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A check of what one run, or a few, do.
type Check = (&'static str, fn() -> Result<(), String>);

const CHECKS: &[Check] = &[
    ("block-by-default", by_default),
    ("a-path", path),
    ("an-empty-directory", empty),
    ("json", json),
    ("deployed-service", service),
    ("spare-ports-of-the-router", router),
    ("names-that-are-none", names),
    ("what-is-there-is-kept", kept),
    ("places-that-cannot-be-written", unwritable),
    ("completions", completions),
    ("manual", manual),
];

/// Every template.
const TEMPLATES: [&str; 4] = ["block", "service", "router", "library"];

/// One trial for each template and check.
pub fn trials() -> Vec<Trial> {
    let template = |name: &'static str| {
        Trial::test(format!("starters/template-{name}"), move || sound(name).map_err(Failed::from))
    };
    let check = |(name, check): &Check| {
        let check = *check;
        Trial::test(format!("starters/{name}"), move || check().map_err(Failed::from))
    };
    TEMPLATES.into_iter().map(template).chain(CHECKS.iter().map(check)).collect()
}

fn run(folder: &Path, line: &str) -> Run {
    binary::run(folder, &line.split_whitespace().map(AsRef::as_ref).collect::<Vec<_>>())
}

fn names_in(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|e| e.to_string())?;
    let mut names: Vec<String> =
        entries.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names)
}

/// A package made of a template; it is called `mine`.
fn made(template: &str, scratch: &str) -> Result<PathBuf, String> {
    let folder = binary::scratch(&format!("starters-{scratch}"));
    let ran = run(&folder, &format!("new mine --template {template}"));
    expect(ran.code == Some(0), &ran, "it is made")?;
    expect(names_in(&folder)? == ["mine"], &ran, "and nothing beside it")?;
    Ok(folder.join("mine"))
}

/// It has no findings, is formatted, every promise is proved, and every test passes.
fn sound(template: &str) -> Result<(), String> {
    let package = made(template, template)?;
    for line in ["check .", "lint .", "fmt --check ."] {
        let ran = run(&package, line);
        let silent = ran.stdout.is_empty() && ran.stderr.is_empty();
        expect(ran.code == Some(0) && silent, &ran, &format!("`rdclc {line}` has nothing to say"))?;
    }
    let ran = run(&package, "verify .");
    let last = ran.stdout.lines().last().unwrap_or_default();
    let proved = last.ends_with(" proved, 0 violated, 0 undecided") && !last.starts_with("0 ");
    expect(ran.code == Some(0) && proved, &ran, "every promise is proved")?;
    let ran = run(&package, "test .");
    let last = ran.stdout.lines().last().unwrap_or_default();
    let passed = last.ends_with(" passed, 0 failed") && !last.starts_with("0 ");
    expect(ran.code == Some(0) && passed && ran.stderr.is_empty(), &ran, "every test passes")?;
    let line = if template == "service" { "build . --deploy cloud -o ../out" } else { "build . -o ../out" };
    let ran = run(&package, line);
    let built = package.join("../out/heat.yaml").exists();
    expect(ran.code == Some(0) && built, &ran, "it is built")?;
    for name in names_in(&package)?.iter().filter(|name| package.join(name).is_file()) {
        let text = fs::read_to_string(package.join(name)).map_err(|e| e.to_string())?;
        expect(!text.contains("NAME") && text.contains("mine"), &ran, &format!("{name} names the package"))?;
    }
    Ok(())
}

fn by_default() -> Result<(), String> {
    let folder = binary::scratch("starters-default");
    let ran = run(&folder, "new my-gate");
    expect(ran.stdout == "my-gate/rdcl.toml\nmy-gate/main.rdcl\nmy-gate/tests/gate.toml\n", &ran, "what was made")?;
    expect(
        ran.stderr == "next:\n  cd my-gate\n  rdclc verify .\n  rdclc test .\n  rdclc build . -o out\n",
        &ran,
        "what to type next",
    )?;
    let other = made("block", "default-named")?;
    let text = |package: &Path| fs::read_to_string(package.join("main.rdcl")).map_err(|e| e.to_string());
    let same = text(&folder.join("my-gate"))? == text(&other)?.replace("mine", "my-gate");
    expect(same, &ran, "a block is the default")
}

fn path() -> Result<(), String> {
    let folder = binary::scratch("starters-path");
    let arguments = ["new", "some where/deep/lib/", "--template", "library"];
    let ran = binary::run(&folder, &arguments.map(AsRef::as_ref));
    expect(ran.code == Some(0) && ran.stderr.contains("  cd 'some where/deep/lib/'\n"), &ran, "the path is quoted")?;
    let package = folder.join("some where/deep/lib");
    let manifest = fs::read_to_string(package.join("rdcl.toml")).map_err(|e| e.to_string())?;
    expect(manifest.starts_with("name = \"lib\"\n"), &ran, "the last part is the name")?;
    expect(
        names_in(&package)? == ["filters", "main.rdcl", "marks.rdcl", "rdcl.toml", "tests"],
        &ran,
        "all files are there",
    )
}

fn empty() -> Result<(), String> {
    let folder = binary::scratch("starters-empty");
    fs::create_dir(folder.join("mine")).map_err(|e| e.to_string())?;
    let ran = run(&folder, "new mine --template router");
    let names = names_in(&folder.join("mine"))?;
    expect(ran.code == Some(0) && names == ["main.rdcl", "rdcl.toml", "routes.txt", "tests"], &ran, "it is filled")
}

fn json() -> Result<(), String> {
    let folder = binary::scratch("starters-json");
    let ran = run(&folder, "new mine --format json");
    let found = objects(&ran)?;
    let artifact = |o: &serde_json::Value| o["type"] == "artifact" && o["target"] == "package";
    let well = found.len() == 4 && found[1..].iter().all(artifact) && found[2]["path"] == "mine/main.rdcl";
    expect(ran.code == Some(0) && well && ran.stderr.is_empty(), &ran, "an object for each file")
}

fn service() -> Result<(), String> {
    let package = made("service", "deployed")?;
    let ran = run(&package, "place .");
    let both = ran.stdout.contains("edge: Service on lab") && ran.stdout.contains("cloud: Service on lab");
    expect(ran.code == Some(0) && both, &ran, "both deployments have a place")?;
    let ran = run(&package, "run . --backend native");
    expect(ran.code == Some(0) && ran.stdout.starts_with("booted edge on native"), &ran, "one is booted")?;
    let ran = run(&package, "build . --deploy cloud -o out");
    expect(ran.code == Some(0) && package.join("out/heat.yaml").exists(), &ran, "the other is a template")
}

fn router() -> Result<(), String> {
    let ran = run(&made("router", "reachability")?, "verify --reachability .");
    expect(ran.code == Some(0) && ran.stdout.contains("nothing reaches EdgeRouter: p[5], "), &ran, "as its text says")
}

fn names() -> Result<(), String> {
    let folder = binary::scratch("starters-names");
    for name in ["9lives", ".", "..", "deep/..", "a.b", "-", "ü", "/", "rfb", "use", "substrate", "std"] {
        let ran = run(&folder, &format!("new {name}"));
        let said = ran.stderr.contains(&format!("`{name}` is not a package name"));
        expect(ran.code == Some(2) && said && ran.stdout.is_empty(), &ran, "a name that is none")?;
    }
    let ran = run(&folder, "new mine --template firewall");
    expect(ran.code == Some(2) && ran.stderr.contains("block, service, router, library"), &ran, "they are listed")?;
    expect(names_in(&folder)?.is_empty(), &ran, "nothing is made")
}

fn kept() -> Result<(), String> {
    let package = made("block", "kept")?;
    fs::write(package.join("main.rdcl"), "stack A = ip;\n").map_err(|e| e.to_string())?;
    let folder = package.parent().ok_or("a folder")?;
    let ran = run(folder, "new mine --template library");
    expect(ran.code == Some(2) && ran.stderr.contains("`mine` is not empty"), &ran, "it says so")?;
    let text = fs::read_to_string(package.join("main.rdcl")).map_err(|e| e.to_string())?;
    expect(text == "stack A = ip;\n" && names_in(&package)?.len() == 3, &ran, "nothing has changed")?;
    fs::write(folder.join("file"), "").map_err(|e| e.to_string())?;
    let ran = run(folder, "new file");
    expect(ran.code == Some(2) && ran.stderr.contains("is no directory"), &ran, "a file is in its place")
}

fn unwritable() -> Result<(), String> {
    let folder = binary::scratch("starters-unwritable");
    std::os::unix::fs::symlink("nowhere", folder.join("link")).map_err(|e| e.to_string())?;
    for name in ["/dev/null/mine", "/proc/mine", "link"] {
        let ran = run(&folder, &format!("new {name}"));
        let said = ran.stderr.starts_with("error: cannot write `") && ran.stdout.is_empty();
        expect(ran.code == Some(4) && said, &ran, "it cannot be written")?;
        expect(names_in(&folder)? == ["link"], &ran, "nothing is left")?;
    }
    Ok(())
}

fn completions() -> Result<(), String> {
    let folder = binary::scratch("starters-completions");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&folder, &format!("completions {shell}"));
        let whole = ["verify", "completions", "reachability", "pcap-in"].iter().all(|word| ran.stdout.contains(word));
        expect(ran.code == Some(0) && whole && ran.stderr.is_empty(), &ran, "every command and option")?;
    }
    let ran = run(&folder, "completions tcsh");
    expect(ran.code == Some(2) && ran.stderr.contains("powershell"), &ran, "the shells are listed")?;
    // Sourced, and asked as bash asks.
    let script = run(&folder, "completions bash").stdout
        + "\nCOMP_WORDS=(rdclc new --template s); COMP_CWORD=3; _rdclc rdclc s --template; echo \"${COMPREPLY[*]}\"\n";
    let (checked, _) = bash(&["-n"], &script)?;
    let (ran, said) = bash(&[], &script)?;
    if checked && ran && said.trim() == "service" { Ok(()) } else { Err(format!("bash does not take it: {said}")) }
}

/// Whether bash is content with a script, and what it writes.
fn bash(arguments: &[&str], script: &str) -> Result<(bool, String), String> {
    let mut command = Command::new("bash");
    command.args(["--norc"]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    child.stdin.take().ok_or("standard input")?.write_all(script.as_bytes()).map_err(|e| e.to_string())?;
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let clean = output.status.success() && output.stderr.is_empty();
    Ok((clean, String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()))
}

fn manual() -> Result<(), String> {
    let folder = binary::scratch("starters-manual");
    let ran = run(&folder, "man");
    let whole = ran.stdout.contains(".TH rdclc 1") && ran.stdout.contains("rdclc\\-verify(1)");
    expect(ran.code == Some(0) && whole, &ran, "the page about all")?;
    let ran = run(&folder, "man verify");
    let whole = ran.stdout.contains(".TH rdclc-verify 1") && ran.stdout.contains("reachability");
    expect(ran.code == Some(0) && whole, &ran, "the page of a command")?;
    let ran = run(&folder, "man verfy");
    expect(ran.code == Some(2) && ran.stderr.contains("did you mean `verify`?"), &ran, "the nearest command")
}
