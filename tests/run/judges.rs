//! Strangers that judge our output: a JSON Schema validator and a packet library, run from `target/venv`.
//!
//! `make setup` installs them. Without them the trials are shown as ignored, and counted.

use crate::command_line::objects;
use crate::{binary, guests};
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
        Trial::test("judge/captures-read", || captures_read().map_err(Failed::from)).with_ignored_flag(missing),
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
    let unused = folder.join("unused.rdcl");
    fs::write(&unused, "use std::net::Ip4;\nrfb A {}\n").map_err(|e| e.to_string())?;
    let tested = folder.join("tested.rdcl");
    fs::write(&tested, crate::tests::PIPE).map_err(|e| e.to_string())?;
    fs::write(folder.join("tested.test.toml"), crate::tests::FAILING).map_err(|e| e.to_string())?;
    let circle = folder.join("circle.rdcl");
    fs::write(&circle, guests::CIRCLE).map_err(|e| e.to_string())?;
    let lines = [
        format!("check --format json {}", broken.display()),
        "fmt --format json --check --diff tests/fmt/spacing.rdcl tests/fmt/broken.rdcl".to_owned(),
        format!("test --format json --coverage {}", tested.display()),
        format!("lint --format json --fix {}", unused.display()),
        "verify --format json examples/branch-broken".to_owned(),
        "verify --format json --budget 1 examples/branch".to_owned(),
        "verify --format json --reachability examples/router".to_owned(),
        "place --format json examples/branch tests/place/routes.rdcl".to_owned(),
        "run --format json --backend native examples/branch --pcap-in examples/branch/lan.pcap@lan".to_owned(),
        format!("run --format json --backend native {} --pcap-in examples/branch/lan.pcap@x", circle.display()),
        "graph --draw json examples/branch tests/expand/arrays.rdcl".to_owned(),
        "sefl --format json tests/sefl/F8.sefl --packet pkt --symnet-compat".to_owned(),
        "sefl --format json tests/sefl/D3-inside.sefl".to_owned(),
        "sefl --format json tests/sefl/tcp.sefl --packet eth/ip/tcp --concrete".to_owned(),
        format!("new --format json {}", folder.join("mine").display()),
        format!("build --format json examples/branch -o {}", folder.join("out").display()),
        format!("where --format json {}", folder.join("out/cloud/heat.yaml:47").display()),
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

/// Captures that a packet library writes, of every byte order and precision, are read as it means them.
fn captures_read() -> Result<(), String> {
    let folder = binary::scratch("judge-captures-read");
    let written = judge("write_captures.py", &[&folder.display().to_string()])?;
    for line in written.lines() {
        let wanted: serde_json::Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let file = wanted["file"].as_str().unwrap_or_default();
        let bytes = fs::read(file).map_err(|e| e.to_string())?;
        let read = rdclc::read_capture(&bytes).map_err(|e| format!("{file}: {e}"))?;
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let packets: Vec<_> = read.packets.iter().map(|(time, bytes)| serde_json::json!([time, hex(bytes)])).collect();
        let link = if read.link == rdclc::LinkType::Ethernet { "ethernet" } else { "raw" };
        if wanted["packets"] != serde_json::json!(packets) || wanted["link"] != link {
            return Err(format!("{file}: {read:?} is not {line}"));
        }
    }
    if written.lines().count() == 16 { Ok(()) } else { Err(format!("not every kind was written: {written}")) }
}
