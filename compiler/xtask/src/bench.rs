//! Benchmarks that belong to no one crate. Each asserts that its answer is right: a wrong answer is not a figure.
//!
//! `target/bench.jsonl` holds the latest figure of every name, `docs/benchmarks.md` is written from it.

mod cold;
mod core;
mod deploy;
mod figure;
mod language;
mod page;
mod program;

use clap::Args;
use figure::Figure;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// What to measure.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A group, such as `core`; all groups without one
    group: Option<String>,
    /// How often each is measured, at least 5
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(5..))]
    runs: u32,
}

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refuses.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// An answer is wrong.
    #[error("{0}")]
    Wrong(String),
}

/// A group: its name and what measures it.
type Group = (&'static str, fn(&Place) -> Result<Vec<Figure>, Error>);

const GROUPS: &[Group] = &[("core", core::measure), ("deploy", deploy::measure), ("language", language::measure)];

/// Where the repository is, and how often to measure.
#[derive(Debug)]
pub struct Place {
    root: PathBuf,
    runs: u32,
}

/// Measures, prints a table, and records the figures.
///
/// # Errors
/// [`Error`]; figures measured before it are not recorded.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let place = Place { root: crate::root(), runs: arguments.runs };
    let wanted = |group: &&Group| arguments.group.as_ref().is_none_or(|name| name == group.0);
    let groups: Vec<&Group> = GROUPS.iter().filter(wanted).collect();
    if groups.is_empty() {
        let names: Vec<&str> = GROUPS.iter().map(|g| g.0).collect();
        return Err(Error::Wrong(format!("there is no such group; there are: {}", names.join(", "))));
    }
    let mut figures = Vec::new();
    for (_, measure) in groups {
        figures.extend(measure(&place)?);
    }
    print!("{}", page::table(&figures));
    record(&place.root, figures)
}

fn record(root: &Path, figures: Vec<Figure>) -> Result<(), Error> {
    let path = root.join("target/bench.jsonl");
    let before = fs::read_to_string(&path).unwrap_or_default();
    let known = before.lines().filter_map(Figure::from_json).chain(figures);
    let latest: BTreeMap<String, Figure> = known.map(|f| (f.name.clone(), f)).collect();
    let latest: Vec<Figure> = latest.into_values().collect();
    let lines: String = latest.iter().map(|f| format!("{}\n", f.to_json())).collect();
    write(&path, &lines)?;
    write(&root.join("docs/benchmarks.md"), &page::page(&latest))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|e| Error::Io(path.display().to_string(), e))
}
