//! Reports for other tools, read by what knows their formats.

use crate::binary::{self, Run, expect};
use crate::tests::{FAILING, PIPE};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::fs;

/// A check of what a few runs write.
type Check = (&'static str, fn() -> Result<(), String>);

const CHECKS: &[Check] = &[("sarif", sarif), ("junit", junit), ("github", github), ("only-where-there-is-one", usage)];

/// One trial for each check.
pub fn trials() -> Vec<Trial> {
    let trial = |(name, check): &Check| {
        let check = *check;
        Trial::test(format!("reports/{name}"), move || check().map_err(Failed::from))
    };
    CHECKS.iter().map(trial).collect()
}

/// Runs with findings of every kind in a format.
fn runs(format: &str) -> Result<Vec<Run>, String> {
    let folder = binary::scratch(&format!("reports-{format}"));
    fs::write(folder.join("tested.rdcl"), PIPE).map_err(|e| e.to_string())?;
    fs::write(folder.join("tested.test.toml"), FAILING).map_err(|e| e.to_string())?;
    let tested = folder.join("tested.rdcl");
    let lines = [
        "check tests/resolve/names.rdcl".to_owned(),
        "check examples/branch".to_owned(),
        "lint stdlib/net.rdcl".to_owned(),
        "verify examples/branch-broken".to_owned(),
        "place examples/branch".to_owned(),
        format!("test {}", tested.display()),
    ];
    Ok(lines.iter().map(|line| binary::run_here(&format!("{line} --format {format}"))).collect())
}

/// Types that are made from the published schema take every log, and leave out no member of it.
fn sarif() -> Result<(), String> {
    let (mut results, mut flows, mut fixes) = (0, 0, 0);
    for ran in runs("sarif")? {
        let log: Value = serde_json::from_str(&ran.stdout).map_err(|e| format!("{e}\n{ran:#?}"))?;
        let read: serde_sarif::sarif::Sarif =
            serde_json::from_str(&ran.stdout).map_err(|e| format!("{e}\n{ran:#?}"))?;
        let again = serde_json::to_value(&read).map_err(|e| e.to_string())?;
        expect(again == log, &ran, &format!("a reader understands all of it, not only\n{again:#}"))?;
        let found = log["runs"][0]["results"].as_array().ok_or("no results")?;
        results += found.len();
        flows += found.iter().filter(|result| result.get("codeFlows").is_some()).count();
        fixes += found.iter().filter(|result| result.get("fixes").is_some()).count();
        let failed = found.iter().any(|result| result["level"] == "error");
        expect(failed == (ran.code == Some(1)), &ran, "errors decide the exit")?;
    }
    if results > 30 && flows > 3 && fixes > 0 {
        Ok(())
    } else {
        Err(format!("{results} results, {flows} flows, {fixes} fixes"))
    }
}

fn junit() -> Result<(), String> {
    for ran in runs("junit")? {
        let read = roxmltree::Document::parse(&ran.stdout).map_err(|e| format!("{e}\n{ran:#?}"))?;
        let count = |tag: &str| read.descendants().filter(|node| node.has_tag_name(tag)).count().to_string();
        let said = |name: &str| read.root_element().attribute(name).unwrap_or_default().to_owned();
        expect(said("tests") == count("testcase") && said("tests") != "0", &ran, "every case is counted")?;
        expect(said("failures") == count("failure") && said("errors") == count("error"), &ran, "and every fault")?;
        let faults = count("failure") != "0" || count("error") != "0";
        expect(faults == (ran.code == Some(1)), &ran, "faults decide the exit")?;
    }
    Ok(())
}

fn github() -> Result<(), String> {
    for ran in runs("github")? {
        let known = |line: &str| ["::error ", "::warning ", "::notice "].iter().any(|word| line.starts_with(word));
        expect(ran.stdout.lines().all(known), &ran, "nothing but annotations")?;
        let errors = ran.stdout.lines().any(|line| line.starts_with("::error "));
        expect(errors == (ran.code == Some(1)), &ran, "errors decide the exit")?;
    }
    Ok(())
}

fn usage() -> Result<(), String> {
    for line in ["graph examples/branch --draw dot", "fmt --check examples/branch", "explain E0201"] {
        let ran = binary::expect_code(&format!("{line} --format sarif"), 2)?;
        expect(ran.stdout.is_empty() && ran.stderr.starts_with("error: reports are made of"), &ran, "it says of what")?;
    }
    Ok(())
}
