//! `rdclc build`: what is refused, what is written, and where.

use crate::binary::{self, Run, expect};
use crate::command_line::objects;
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

type Check = (&'static str, fn() -> Result<(), String>);

const CHECKS: [Check; 8] = [
    ("usage", usage),
    ("one-deployment", one_deployment),
    ("several-deployments", several_deployments),
    ("nothing-for-heat", nothing_for_heat),
    ("violated-writes-nothing", violated),
    ("undecided-writes-nothing-unless-allowed", undecided),
    ("whole-or-not-at-all", whole_or_not_at_all),
    ("allowed-codes-are-silent", allowed_codes),
];

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |(name, check): &Check| {
        let check = *check;
        Trial::test(format!("command-line/build/{name}"), move || check().map_err(Failed::from))
    };
    CHECKS.iter().map(trial).collect()
}

/// Builds into a fresh folder, which need not be there afterwards.
fn build(name: &str, line: &str, code: i32) -> Result<(Run, BTreeSet<String>), String> {
    let folder = binary::scratch(name).join("out");
    let ran = binary::run_here(&format!("build {line} -o {}", folder.display()));
    expect(ran.code == Some(code), &ran, &format!("`{line}` should exit with {code}"))?;
    let mut files = BTreeSet::new();
    collect(&folder, "", &mut files);
    Ok((ran, files))
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name);
        }
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const THREE: [&str; 3] = ["expected.json", "heat.yaml", "provenance.json"];

fn usage() -> Result<(), String> {
    for line in [
        "examples/branch --deploy clod",
        "examples/branch --target hat",
        "examples/branch --allow W9999",
        "examples/branch --allow E0901",
        "nowhere",
        // One name for both.
        "tests/emit/site.rdcl tests/emit/site.rdcl",
    ] {
        let (ran, files) = build("build-usage", line, 2)?;
        expect(ran.stdout.is_empty() && files.is_empty(), &ran, "nothing is written")?;
    }
    let (ran, files) = build("build-usage", "examples/router", 1)?;
    expect(files.is_empty() && ran.stderr.contains("no service is deployed"), &ran, "a package without a deployment")
}

fn one_deployment() -> Result<(), String> {
    let (ran, files) = build("build-one", "examples/branch --deploy cloud --target heat --format json", 0)?;
    expect(files == set(&THREE), &ran, &format!("the three files, not {files:?}"))?;
    let artifacts: Vec<_> = objects(&ran)?.into_iter().filter(|o| o["type"] == "artifact").collect();
    expect(artifacts.len() == 3 && artifacts.iter().all(|a| a["target"] == "heat"), &ran, "an object each")?;
    for artifact in artifacts {
        let path = artifact["path"].as_str().unwrap_or_default();
        let output = Command::new("sha256sum").arg(path).output().map_err(|e| e.to_string())?;
        let sum = String::from_utf8_lossy(&output.stdout);
        expect(sum.split_whitespace().next() == artifact["sha256"].as_str(), &ran, &sum)?;
    }
    expect(ran.stdout.contains("\"W0901\"") && ran.stdout.contains("\"verdict\""), &ran, "losses and verdicts")
}

fn several_deployments() -> Result<(), String> {
    let (ran, files) = build("build-several", "examples/branch", 0)?;
    let below = |folder: &str| THREE.map(|name| format!("{folder}/{name}"));
    expect(files == below("cloud").into_iter().collect(), &ran, &format!("a folder for `cloud`, not {files:?}"))?;
    expect(ran.stderr.contains("assumed: image branch-fw of BranchFirewall.vm, "), &ran, "what it rests on")?;
    let (ran, files) = build("build-packages", "tests/emit/site.rdcl tests/emit/clouds.rdcl", 0)?;
    let all = below("site").into_iter().chain(
        ["expected.json", "heat-north.yaml", "heat-south.yaml", "provenance.json"].map(|n| format!("clouds/{n}")),
    );
    expect(files == all.collect(), &ran, &format!("a folder for each package, not {files:?}"))?;
    // Directories are called by all of their name, the working directory too.
    let folder = binary::scratch("build-dots");
    for name in ["box.1", "box.2"] {
        let package = folder.join(name);
        fs::create_dir(&package).map_err(|e| e.to_string())?;
        fs::write(package.join("rdcl.toml"), "name = \"box\"\nversion = \"0.1.0\"\nedition = \"2026\"\n")
            .map_err(|e| e.to_string())?;
        fs::copy(binary::root().join("tests/emit/alone.rdcl"), package.join("main.rdcl")).map_err(|e| e.to_string())?;
    }
    let ran = binary::run(&folder.join("box.1"), &["build", ".", "../box.2", "-o", "../out"].map(AsRef::as_ref));
    let mut files = BTreeSet::new();
    collect(&folder.join("out"), "", &mut files);
    let all = below("box.1").into_iter().chain(below("box.2")).collect();
    expect(ran.code == Some(0) && files == all, &ran, &format!("two folders, not {files:?}"))
}

fn nothing_for_heat() -> Result<(), String> {
    let (ran, files) = build("build-nothing", "examples/branch --deploy edge", 0)?;
    let sentence = "nothing for heat: every part of `edge` runs on kvm\n";
    expect(files.is_empty() && ran.stdout.is_empty() && ran.stderr.contains(sentence), &ran, "a sentence")
}

fn violated() -> Result<(), String> {
    let (ran, files) = build("build-violated", "examples/branch-broken", 1)?;
    expect(files.is_empty() && ran.stdout.is_empty(), &ran, "nothing is written")?;
    expect(ran.stderr.contains("violated") && ran.stderr.contains("Branch.ssh"), &ran, "the violated promises")
}

fn undecided() -> Result<(), String> {
    let folder = binary::scratch("build-undecided-source");
    let path = folder.join("main.rdcl");
    let root = binary::root();
    let read = |path: &str| fs::read_to_string(root.join(path)).map_err(|e| e.to_string());
    let open = read("tests/verify/weak-invariant.rdcl")?;
    let site = read("tests/emit/site.rdcl")?;
    let site: String = site.lines().filter(|l| !l.starts_with("use ")).map(|l| format!("{l}\n")).collect();
    fs::write(&path, format!("{open}\n{site}")).map_err(|e| e.to_string())?;
    let (ran, files) = build("build-undecided", &path.display().to_string(), 3)?;
    expect(files.is_empty() && ran.stderr.contains("undecided"), &ran, "nothing is written")?;
    let (ran, files) = build("build-undecided", &format!("{} --allow undecided", path.display()), 0)?;
    expect(files == set(&THREE), &ran, "it is allowed")
}

fn whole_or_not_at_all() -> Result<(), String> {
    let folder = binary::scratch("build-whole");
    // A file stands where a folder has to be.
    fs::write(folder.join("cloud"), "in the way").map_err(|e| e.to_string())?;
    let ran = binary::run_here(&format!("build examples/branch -o {}", folder.display()));
    expect(ran.code == Some(4), &ran, "the environment is at fault")?;
    let mut files = BTreeSet::new();
    collect(&folder, "", &mut files);
    expect(files == set(&["cloud"]) && ran.stdout.is_empty(), &ran, &format!("nothing is left behind: {files:?}"))?;
    // A folder stands where a file has to be: the others stay as they were.
    let folder = binary::scratch("build-part");
    fs::create_dir(folder.join("provenance.json")).map_err(|e| e.to_string())?;
    fs::write(folder.join("heat.yaml"), "before").map_err(|e| e.to_string())?;
    let ran = binary::run_here(&format!("build examples/branch --deploy cloud -o {}", folder.display()));
    let stayed = fs::read(folder.join("heat.yaml")).is_ok_and(|bytes| bytes == b"before");
    expect(ran.code == Some(4) && stayed && !folder.join("expected.json").exists(), &ran, "nothing has changed")
}

fn allowed_codes() -> Result<(), String> {
    let line = "examples/branch --deploy cloud --allow W0901,W0903 --allow w0904 --allow W0905";
    let (ran, _) = build("build-allowed", line, 0)?;
    expect(!ran.stderr.contains("W09") && !ran.stderr.contains("warning"), &ran, "silence")?;
    let (ran, _) = build("build-allowed", "examples/branch --deploy cloud --allow W0901", 0)?;
    expect(!ran.stderr.contains("W0901") && ran.stderr.contains("W0903"), &ran, "only that code")
}
