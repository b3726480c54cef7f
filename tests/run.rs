//! The tests that see the compiler whole: fixtures, explanation pages, documentation, examples, bad input, the
//! command line, and strangers that judge our output. One trial for each file, so that a failure names it.
//!
//! `cargo test -p rdclc --test fixtures -- parse` runs those whose name holds `parse`. `BLESS=1` rewrites the whole
//! outputs that stand beside fixtures.

#[path = "run/bad_input.rs"]
mod bad_input;
#[path = "run/binary.rs"]
mod binary;
#[path = "run/builds.rs"]
mod builds;
#[path = "run/command_line.rs"]
mod command_line;
#[path = "run/documents.rs"]
mod documents;
#[path = "run/examples.rs"]
mod examples;
#[path = "run/expect.rs"]
mod expect;
#[path = "run/fixtures.rs"]
mod fixtures;
#[path = "run/fmt.rs"]
mod fmt;
#[path = "run/fuzz.rs"]
mod fuzz;
#[path = "run/gallery.rs"]
mod gallery;
#[path = "run/graphs.rs"]
mod graphs;
#[path = "run/guests.rs"]
mod guests;
#[path = "run/heat.rs"]
mod heat;
#[path = "run/judges.rs"]
mod judges;
#[path = "run/lint.rs"]
mod lint;
#[path = "run/manners.rs"]
mod manners;
#[path = "run/markdown.rs"]
mod markdown;
#[path = "run/mutants.rs"]
mod mutants;
#[path = "run/packages.rs"]
mod packages;
#[path = "run/pages.rs"]
mod pages;
#[path = "run/program.rs"]
mod program;
#[path = "run/reports.rs"]
mod reports;
#[path = "run/sefl.rs"]
mod sefl;
#[path = "run/starters.rs"]
mod starters;
#[path = "run/tests.rs"]
mod tests;
#[path = "run/traffic.rs"]
mod traffic;
#[path = "run/whence.rs"]
mod whence;

use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(command_line::PANIC) {
        return rdclc::guarded(|| panic!("on purpose"));
    }
    let arguments = Arguments::from_args();
    let suites: &[fn() -> Vec<Trial>] = &[
        fixtures::trials,
        pages::trials,
        documents::trials,
        examples::trials,
        bad_input::trials,
        mutants::trials,
        fuzz::trials,
        gallery::trials,
        command_line::trials,
        judges::trials,
        traffic::trials,
        graphs::trials,
        guests::trials,
        builds::trials,
        heat::trials,
        whence::trials,
        fmt::trials,
        starters::trials,
        sefl::trials,
        packages::trials,
        manners::trials,
        lint::trials,
        tests::trials,
        reports::trials,
    ];
    let trials = suites.iter().flat_map(|suite| suite()).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
