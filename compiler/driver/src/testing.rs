//! `rdclc test`: the packet fixtures of a package, played by the interpreter, and what they cover.

mod coverage;
mod fixture;
mod play;
mod read;
mod report;

pub use coverage::Report;
pub use play::Failure;

use crate::args::{self, Format, Style};
use crate::check::{Checked, check};
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::json;
use crate::session::Session;
use coverage::Coverage;
use fixture::Test;
use rdcl_base::FileId;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The folder of a package that holds its fixtures.
const FOLDER: &str = "tests";

/// `rdclc test`.
pub fn command(arguments: &args::Test, style: Style) -> Exit {
    let mut session = Session::start(style);
    let mut tally = Tally::default();
    for path in &arguments.paths {
        session.tested(path, arguments, &mut tally);
    }
    session.progress.hide();
    if session.console.format == Format::Json {
        session.console.object(&json::test_summary(tally.passed, tally.failed, tally.left_out));
    } else {
        session.console.print(&format!("{tally}\n"));
    }
    if tally.failed > 0 {
        session.exit = session.exit.and(Exit::Findings);
    }
    session.end()
}

/// How many tests came out how.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    left_out: usize,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.left_out > 0 { write!(f, ", {} left out", self.left_out) } else { Ok(()) }
    }
}

impl Session {
    fn tested(&mut self, path: &Path, arguments: &args::Test, tally: &mut Tally) {
        let access = self.access;
        let (input, fixtures) = self.timed("reading", path, |_| {
            let mut input = input::load_with(path, access);
            let fixtures = add_fixtures(&mut input, path);
            (input, fixtures)
        });
        let checked = self.timed("checking", path, |_| check(input));
        self.found(&checked);
        if checked.has_errors() {
            return;
        }
        let mut coverage = Coverage::default();
        for (file, place) in &fixtures {
            let (tests, findings) = read::read(&checked, *file, place);
            self.report(&findings, &checked);
            for test in &tests {
                let wanted = arguments.filter.as_ref().is_none_or(|filter| test.name.contains(filter.as_str()));
                if !wanted {
                    tally.left_out += 1;
                    continue;
                }
                let played = self.timed(&format!("testing {} in", test.name), place, |_| play::play(&checked, test));
                played.runs.iter().for_each(|run| coverage.add(&checked, test.block, run));
                self.say_test(&checked, test, &played.failures);
                *if played.failures.is_empty() { &mut tally.passed } else { &mut tally.failed } += 1;
            }
        }
        if arguments.coverage {
            let of = Some(path).filter(|_| arguments.paths.len() > 1);
            self.say_coverage((path, of), &checked, &coverage.report(&checked));
        }
    }

    fn say_test(&mut self, checked: &Checked, test: &Test<'_>, failures: &[Failure]) {
        self.progress.hide();
        let block = rdcl_hir::short_name(&checked.db, test.block);
        let at = checked.sources.place(test.at);
        match self.console.format {
            Format::Json => {
                let object = json::test((&test.name, &block, &at), failures, &checked.sources);
                self.console.object(&object);
            }
            Format::Human | Format::Short => {
                let short = self.console.format == Format::Short;
                let text = report::test((&test.name, &at), failures, checked, (short, self.console.out_color));
                self.console.print(&text);
            }
        }
    }

    fn say_coverage(&mut self, (path, of): (&Path, Option<&Path>), checked: &Checked, report: &Report) {
        self.progress.hide();
        match self.console.format {
            Format::Json => self.console.object(&json::coverage(path, report, &checked.sources)),
            Format::Human | Format::Short => self.console.print(&report::coverage(of, report, &checked.sources)),
        }
    }
}

/// Adds the texts of the fixtures that belong to a path, in the order of their names: `tests/**/*.toml` of a package,
/// `fw.test.toml` beside a lone file `fw.rdcl`.
fn add_fixtures(input: &mut Input, path: &Path) -> Vec<(FileId, PathBuf)> {
    let mut found = Vec::new();
    if path.is_dir() {
        // A folder that is not there has no fixtures.
        let _ = collect(&path.join(FOLDER), &mut found);
    } else {
        found.extend(Some(path.with_extension("test.toml")).filter(|path| path.exists()));
    }
    found.sort();
    let add = |path: PathBuf| {
        let text = input::read_text(&path).unwrap_or_else(input::Fault::shown);
        (input.add(path.to_string_lossy().into_owned(), text), path)
    };
    found.into_iter().map(add).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if kind.is_dir() && !hidden {
            collect(&path, found)?;
        } else if kind.is_file() && !hidden && path.extension().is_some_and(|e| e == "toml") {
            found.push(path);
        }
    }
    Ok(())
}
