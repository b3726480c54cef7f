//! The command line: streams, exit codes, formats, files written.

use crate::binary::{self, Run, expect, expect_code};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A check of what one run, or a few, do.
type Check = (&'static str, fn() -> Result<(), String>);

const CHECKS: &[Check] = &[
    ("usage-is-2", usage),
    ("version", version),
    ("explain", explain),
    ("clean-check", clean_check),
    ("findings-are-1", findings),
    ("our-bug-is-101", our_bug),
    ("several-packages", several_packages),
    ("one-property", one_property),
    ("undecided-is-3", undecided),
    ("environment-is-4", environment),
    ("a-reader-that-leaves", closed_output),
    ("json-begins-with-its-version", json_version),
    ("colours", colours),
    ("same-bytes", deterministic),
    ("witness-files", witness_files),
    ("reachability", reachability),
    ("placements", placements),
    ("nothing-to-place", nothing_to_place),
    ("timings", timings),
];

/// One trial for each check.
pub fn trials() -> Vec<Trial> {
    let trial = |(name, check): &Check| {
        let check = *check;
        Trial::test(format!("command-line/{name}"), move || check().map_err(Failed::from))
    };
    CHECKS.iter().map(trial).collect()
}

fn usage() -> Result<(), String> {
    let lines = [
        "",
        "check",
        "verify",
        "check nowhere.rdcl",
        "verify nowhere",
        "check --format xml examples/branch",
        "verify --budget 0 examples/branch",
        "verify --property Branch.nothing examples/branch",
        "explain E9999",
        "explain",
        "build examples/branch",
    ];
    for line in lines {
        let ran = expect_code(line, 2)?;
        expect(ran.stdout.is_empty() && !ran.stderr.is_empty(), &ran, "usage goes to standard error")?;
    }
    Ok(())
}

fn version() -> Result<(), String> {
    let ran = expect_code("--version", 0)?;
    expect(ran.stdout == format!("rdclc {}\n", env!("CARGO_PKG_VERSION")), &ran, "the version")
}

fn explain() -> Result<(), String> {
    let ran = expect_code("explain e0201", 0)?;
    expect(ran.stdout.starts_with("# E0201: ") && ran.stderr.is_empty(), &ran, "the page")?;
    let ran = expect_code("explain --list", 0)?;
    expect(ran.stdout.lines().count() == rdcl_base::CODES.len(), &ran, "a line for each code")
}

fn clean_check() -> Result<(), String> {
    let ran = expect_code("check examples/branch examples/branch-broken examples/router", 0)?;
    expect(ran.stdout.is_empty(), &ran, "nothing on standard output")
}

fn findings() -> Result<(), String> {
    let folder = binary::scratch("findings");
    fs::write(folder.join("a.rdcl"), "rfb A { part b: B; }\n").map_err(|e| e.to_string())?;
    let ran = binary::run(&folder, &["check", "a.rdcl"].map(AsRef::as_ref));
    expect(ran.code == Some(1), &ran, "errors are findings")?;
    expect(ran.stdout.is_empty() && ran.stderr.contains("E0201"), &ran, "diagnostics go to standard error")?;
    let ran = binary::run(&folder, &["check", "--format", "short", "a.rdcl"].map(AsRef::as_ref));
    expect(ran.stderr.starts_with("a.rdcl:1:17: error[E0201]: "), &ran, "one line, with its place")
}

/// With this argument the test binary panics as the compiler would.
pub const PANIC: &str = "--panic-as-rdclc";

/// A panic leaves a message, a report and exit code 101.
fn our_bug() -> Result<(), String> {
    let folder = binary::scratch("our-bug");
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let output = Command::new(program).arg(PANIC).current_dir(&folder).output().map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    let reports = names_in(&folder)?;
    let [report] = &reports[..] else { return Err(format!("{reports:?}")) };
    let text = fs::read_to_string(folder.join(report)).map_err(|e| e.to_string())?;
    let is_report = report.starts_with("rdclc-report-") && report.ends_with(".txt");
    let well = output.status.code() == Some(101) && is_report && said.contains(report) && text.contains("on purpose");
    if well { Ok(()) } else { Err(format!("{:?}\n{said}\n{report}\n{text}", output.status)) }
}

fn several_packages() -> Result<(), String> {
    let ran = expect_code("verify examples/branch-broken examples/branch", 1)?;
    expect(ran.stdout.contains("violated") && ran.stdout.contains("proved"), &ran, "both are reported")
}

fn one_property() -> Result<(), String> {
    let ran = expect_code("verify --property Branch.low --format json examples/branch", 0)?;
    let verdicts = objects(&ran)?.into_iter().filter(|o| o["type"] == "verdict").collect::<Vec<_>>();
    expect(verdicts.len() == 1 && verdicts[0]["property"] == "Branch.low", &ran, "one verdict")
}

fn undecided() -> Result<(), String> {
    expect_code("verify --budget 1 examples/branch", 3).map(drop)
}

fn environment() -> Result<(), String> {
    let ran = expect_code("verify --witness /dev/null/no examples/branch-broken", 4)?;
    expect(ran.stderr.contains("/dev/null/no"), &ran, "the place that cannot be written is named")
}

fn closed_output() -> Result<(), String> {
    let command = format!("{} explain --list | true", env!("CARGO_BIN_EXE_rdclc"));
    let output = Command::new("sh").args(["-c", &command]).output().map_err(|e| e.to_string())?;
    if output.stderr.is_empty() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn json_version() -> Result<(), String> {
    for line in ["check examples/branch", "verify examples/branch-broken", "verify --reachability examples/router"] {
        let ran = binary::run_here(&format!("{line} --format json"));
        let objects = objects(&ran)?;
        let first = objects.first().map(Value::to_string);
        expect(first.as_deref() == Some(r#"{"type":"version","format_version":"1.0"}"#), &ran, "the first line")?;
    }
    Ok(())
}

/// Standard output as JSON objects.
pub fn objects(ran: &Run) -> Result<Vec<Value>, String> {
    ran.stdout.lines().map(|l| serde_json::from_str(l).map_err(|e| format!("{e}: {l}"))).collect()
}

fn colours() -> Result<(), String> {
    let plain = binary::run_here("verify examples/branch-broken");
    expect(!plain.stdout.contains('\x1b') && !plain.stderr.contains('\x1b'), &plain, "no colours into a pipe")?;
    let coloured = binary::run_here("verify --color always examples/branch-broken");
    expect(coloured.stdout.contains('\x1b'), &coloured, "colours when asked for")
}

fn deterministic() -> Result<(), String> {
    for line in ["verify examples/branch-broken", "verify --format json examples/branch-broken"] {
        let (first, second) = (binary::run_here(line), binary::run_here(line));
        let same = first.stdout == second.stdout && first.stderr == second.stderr;
        expect(same, &second, "the same input gives the same bytes")?;
    }
    Ok(())
}

fn witness_files() -> Result<(), String> {
    let folder = binary::scratch("witness-files");
    let ran = expect_code(&format!("verify --witness {} examples/branch-broken", folder.display()), 1)?;
    let names = names_in(&folder)?;
    for property in ["Branch.ssh", "Branch.low", "Branch.loops", "BranchFirewall.ssh"] {
        let both = ["pcap", "txt"].map(|e| format!("{property}.{e}")).iter().all(|n| names.contains(n));
        expect(both, &ran, &format!("files for {property} among {names:?}"))?;
    }
    let text = fs::read_to_string(folder.join("Branch.ssh.txt")).map_err(|e| e.to_string())?;
    expect(text.contains("before") && text.contains("examples/branch-broken/main.rdcl:"), &ran, &text)
}

fn names_in(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|e| e.to_string())?;
    Ok(entries.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned())).collect())
}

fn reachability() -> Result<(), String> {
    let ran = expect_code("verify --reachability --format json examples/router", 0)?;
    let crossings: Vec<Value> = objects(&ran)?.into_iter().filter(|o| o["type"] == "reachability").collect();
    let unreachable: Vec<&Value> = crossings.iter().filter(|c| c["result"] == "unreachable").collect();
    let to_spare = |c: &Value| c["to"] == "p[14]" || c["to"] == "p[15]";
    expect(crossings.len() >= 240, &ran, "every ordered pair")?;
    expect(unreachable.iter().all(|c| to_spare(c)), &ran, "only the ports without routes are unreachable")?;
    expect(crossings.iter().filter(|c| to_spare(c)).count() == unreachable.len(), &ran, "and those are")?;
    let ran = expect_code("verify --reachability examples/router", 0)?;
    expect(ran.stdout.contains("p[14]") && ran.stdout.contains("p[15]"), &ran, "they are named")
}

fn placements() -> Result<(), String> {
    let ran = expect_code("place --format json examples/branch", 0)?;
    let placed: Vec<Value> = objects(&ran)?.into_iter().filter(|o| o["type"] == "placement").collect();
    let names: Vec<&Value> = placed.iter().map(|p| &p["deploy"]).collect();
    expect(names == ["edge", "cloud"], &ran, "both deployments")?;
    for (placement, ree) in placed.iter().zip(["edge1", "dc"]) {
        let instances = placement["instances"].as_object().ok_or("instances")?;
        let here = instances.len() == 4 && instances.values().all(|i| i["ree"] == ree);
        expect(
            here && placement["objective"] == placement["bound"],
            &ran,
            "everything runs together, at the least cpu",
        )?;
    }
    let ran = expect_code("place --deploy cloud examples/branch", 0)?;
    expect(ran.stdout.starts_with("cloud: ") && !ran.stdout.contains("edge1"), &ran, "only one")
}

fn nothing_to_place() -> Result<(), String> {
    let ran = expect_code("place --deploy clod examples/branch", 2)?;
    expect(ran.stdout.is_empty() && ran.stderr.contains("did you mean `cloud`?"), &ran, "the nearest name")?;
    let ran = expect_code("place examples/router", 1)?;
    expect(ran.stdout.is_empty() && ran.stderr.contains("no service is deployed"), &ran, "a sentence")
}

fn timings() -> Result<(), String> {
    let ran = expect_code("check --timings examples/branch", 0)?;
    expect(ran.stdout.is_empty() && ran.stderr.contains(" ms"), &ran, "times go to standard error")
}
