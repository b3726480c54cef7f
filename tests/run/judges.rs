//! Strangers that judge our output: a JSON Schema validator and a packet library, run from `target/venv`.
//!
//! `make setup` installs them. Without them the trials are shown as ignored, and counted.

use crate::binary;
use crate::command_line::objects;
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The judged outputs.
pub fn trials() -> Vec<Trial> {
    let missing = !python().exists();
    if missing {
        println!("skipped: judges: there is no target/venv; `make setup` makes it");
    }
    vec![
        Trial::test("judge/json-schema", || schema().map_err(Failed::from)).with_ignored_flag(missing),
        Trial::test("judge/captures", || captures().map_err(Failed::from)).with_ignored_flag(missing),
    ]
}

fn python() -> PathBuf {
    binary::root().join("target/venv/bin/python")
}

fn judge(script: &str, arguments: &[&str]) -> Result<String, String> {
    let script = binary::root().join("tests/judges").join(script);
    let output = Command::new(python()).arg(script).args(arguments).output().map_err(|e| e.to_string())?;
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(said.into_owned()) } else { Err(format!("{said}{complained}")) }
}

/// Every object that the binary writes fits the published schema; an object that does not is refused.
fn schema() -> Result<(), String> {
    let folder = binary::scratch("judge-schema");
    let schema = binary::root().join("docs/schema/rdclc-1.0.json").display().to_string();
    let broken = folder.join("broken.rdcl");
    fs::write(&broken, "use std::net::Ip4;\nrfb A { part b: B; }\nrfb A {}\n").map_err(|e| e.to_string())?;
    let lines = [
        format!("check --format json {}", broken.display()),
        "verify --format json examples/branch-broken".to_owned(),
        "verify --format json --budget 1 examples/branch".to_owned(),
        "verify --format json --reachability examples/router".to_owned(),
    ];
    let mut written = String::new();
    for line in &lines {
        written += &binary::run_here(line).stdout;
    }
    let output = folder.join("output.jsonl").display().to_string();
    fs::write(&output, &written).map_err(|e| e.to_string())?;
    judge("schema.py", &[&schema, &output])?;
    let mutated = written.replacen("\"severity\":\"error\"", "\"severity\":\"fatal\"", 1);
    fs::write(&output, mutated).map_err(|e| e.to_string())?;
    match judge("schema.py", &[&schema, &output]) {
        Ok(_) => Err("the judge accepts a severity that does not exist".into()),
        Err(_) => Ok(()),
    }
}

/// A packet library reads every capture and sees the packets of the JSON output, with right checksums.
fn captures() -> Result<(), String> {
    let folder = binary::scratch("judge-captures");
    let line = format!("verify --format json --witness {} examples/branch-broken", folder.display());
    let ran = binary::run_here(&line);
    let violated: Vec<_> = objects(&ran)?.into_iter().filter(|o| o["result"] == "violated").collect();
    if violated.len() < 6 {
        return Err(format!("only {} violations", violated.len()));
    }
    for verdict in violated {
        let capture = folder.join(format!("{}.pcap", verdict["property"].as_str().unwrap_or_default()));
        let witness = verdict["witness"].to_string();
        judge("capture.py", &[&capture.display().to_string(), &witness])?;
    }
    Ok(())
}
