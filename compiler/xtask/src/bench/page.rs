//! Figures as tables: for the terminal, and as `docs/benchmarks.md`.

use crate::bench::figure::{Figure, rounded};
use std::fs;
use std::process::Command;

/// What we hold ourselves to: name, what it is, must, aim.
const TARGETS: &[(&str, &str, f64, f64)] = &[
    ("core/parse", "parse RDCL text", 20.0, 60.0),
    ("core/check-10k", "cold `rdclc check` of 10,000 lines in ten files", 300.0, 100.0),
    ("core/verify-branch", "cold `rdclc verify examples/branch`", 500.0, 150.0),
    ("deploy/guest-first-packet", "create a guest until its first checked frame, the least of 200", 2.3, 0.8),
    (
        "deploy/guest-native-ratio",
        "time per frame in a guest over time in this process, 100,000 frames an entry",
        1.1,
        1.03,
    ),
    ("language/check-100k", "cold `rdclc check` of 100 files of 1,000 lines", 2.0, 0.8),
    ("language/recheck-100k", "check these again after an edit of one character", 20.0, 5.0),
    ("language/format-10k", "format 10,000 lines that another hand has set", 60.0, 20.0),
];

fn row(figure: &Figure) -> [String; 8] {
    let target = TARGETS.iter().find(|t| t.0 == figure.name);
    let goal = |pick: fn(&(&str, &str, f64, f64)) -> f64| target.map_or(String::new(), |t| pick(t).to_string());
    let counters: Vec<String> = figure.counters.iter().map(|(k, v)| format!("{k} {v}")).collect();
    [
        figure.name.clone(),
        rounded(figure.value).to_string(),
        figure.unit.clone(),
        format!("{:.2}–{:.2} of {}", figure.min, figure.max, figure.n),
        goal(|t| t.2),
        goal(|t| t.3),
        counters.join(", "),
        figure.peer.as_ref().map_or_else(String::new, |peer| format!("{} ({})", peer.value, peer.name)),
    ]
}

const HEAD: [&str; 8] = ["name", "value", "unit", "range", "must", "aim", "counters", "peer"];

/// An aligned table.
pub fn table(figures: &[Figure]) -> String {
    let rows: Vec<[String; 8]> = std::iter::once(HEAD.map(str::to_owned)).chain(figures.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|r| r[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let line = |row: &[String; 8]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// The page.
pub fn page(figures: &[Figure]) -> String {
    let mut text = format!(
        "# Benchmarks\n\n\
         Written by `make bench` on {}\non {}.\n\n\
         Times are of a shared machine and say where we are; counters are what we defend. \"must\" and \"aim\" are what we\n\
         hold ourselves to; smaller is better unless the unit says \"more\". A value is a median unless said otherwise below.\n\n",
        said(&["date", "-u", "+%Y-%m-%d"]),
        machine(),
    );
    text += &format!("| {} |\n|{}\n", HEAD.join(" | "), " --- |".repeat(HEAD.len()));
    for figure in figures {
        text += &format!("| {} |\n", row(figure).join(" | "));
    }
    text += "\n";
    for (name, what, _, _) in TARGETS {
        text += &format!("- `{name}`: {what}\n");
    }
    text
}

fn machine() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|l| l.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |m| m.1);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores of {model}, {}, {}", said(&["uname", "-sr"]), said(&["rustc", "--version"]))
}

/// What a command prints, or nothing if it cannot be run.
fn said(command: &[&str]) -> String {
    let output = Command::new(command[0]).args(&command[1..]).output();
    output.map_or_else(|_| String::new(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
}
