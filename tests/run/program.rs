//! Programs run through the compiler in process, and what came of them, in the words that expectations use.

use rdcl_base::{Diagnostic, FileSpan};
use rdclc::{Input, Options};
use std::fmt;

/// What came of a program.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Every diagnostic.
    pub diagnostics: Vec<Found>,
    /// Every verdict: property and result.
    pub verdicts: Vec<(String, String)>,
    /// Shown name and text of every file.
    pub files: Vec<(String, String)>,
}

/// A diagnostic, by line.
#[derive(Debug)]
pub struct Found {
    /// The file it is in.
    pub file: String,
    /// The line it begins on.
    pub line: usize,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// Its code.
    pub code: String,
    /// Its message.
    pub message: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} {} {}", self.file, self.line, self.severity, self.code, self.message)
    }
}

/// How far a program is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// As `rdclc check`.
    Check,
    /// As `rdclc lint`.
    Lint,
    /// As `rdclc verify`.
    Verify,
    /// As `rdclc place`.
    Place,
    /// As `rdclc build`, without the proofs.
    Build,
    /// As `rdclc run`, without the proofs and the packets.
    Run,
}

/// Runs a program on a stack like that of the binary.
pub fn run(input: Input, depth: Depth) -> Outcome {
    let run = move || run_here(input, depth);
    rdclc::with_deep_stack(run).expect("a thread can be started").expect("the compiler does not panic")
}

fn run_here(input: Input, depth: Depth) -> Outcome {
    let checked = rdclc::check(input);
    let mut diagnostics = if depth == Depth::Lint { rdclc::lint_findings(&checked) } else { checked.findings.clone() };
    let mut verdicts = Vec::new();
    if depth == Depth::Verify && !checked.has_errors() {
        let verified = rdclc::verify(&checked, &Options::default(), None, &mut |_| ());
        diagnostics.extend(verified.findings);
        verdicts.extend(verified.results.iter().map(|r| (r.property.clone(), r.result.word().to_owned())));
    }
    if depth == Depth::Place && !checked.has_errors() {
        let placements = rdclc::placed(&checked, None).expect("the program has a deployment");
        diagnostics.extend(placements.findings);
    }
    if depth == Depth::Build && !checked.has_errors() {
        let placements = rdclc::placed(&checked, None).expect("the program has a deployment");
        diagnostics.extend(placements.findings);
        diagnostics.extend(placements.placed.iter().flat_map(|placed| rdclc::built(&checked, placed, "").findings));
    }
    if depth == Depth::Run && !checked.has_errors() {
        let placements = rdclc::placed(&checked, None).expect("the program has a deployment");
        diagnostics.extend(placements.findings);
        diagnostics.extend(placements.placed.iter().flat_map(|placed| rdclc::boot_findings(&checked, placed)));
    }
    let sources = &checked.sources;
    let found = |d: &Diagnostic<FileSpan>| Found {
        file: sources.name(d.primary.file).to_owned(),
        line: sources.line_column(d.primary.file, d.primary.span.start).0,
        severity: d.severity.word().to_owned(),
        code: d.code.to_string(),
        message: d.message.clone(),
    };
    let files = sources.files().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    Outcome { diagnostics: diagnostics.iter().map(found).collect(), verdicts, files }
}
