//! `rdclc lint`: all that `check` says, and what is better said otherwise; on demand with the fixes made.

use crate::args::{self, Format, Style};
use crate::check::{Checked, check};
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::session::Session;
use crate::{files, json};
use rdcl_base::{Diagnostic, FileId, FileSpan, Severity, edit};
use rdcl_hir::place;
use std::collections::BTreeMap;
use std::path::Path;

/// How often fixes are made and the result looked at again; a fix may uncover another one.
const MOST_ROUNDS: usize = 16;

/// `rdclc lint`.
pub fn command(arguments: &args::Lint, style: Style) -> Exit {
    let mut session = Session::start(style);
    for path in &arguments.paths {
        session.linted(path, arguments.fix);
    }
    session.end()
}

/// What `check` and lints say about a package, by place. Lints look at sound packages only.
pub fn lint_findings(checked: &Checked) -> Vec<Diagnostic<FileSpan>> {
    let mut findings = checked.findings.clone();
    if !checked.is_incomplete() && !findings.iter().any(is_hard) {
        let lints = rdcl_lint::lints(&checked.db, checked.package);
        let placed = lints.into_iter().map(|problem| problem.map(|loc| place(&checked.db, loc)));
        findings.extend(checked.levels.apply(placed));
        findings.sort_by_key(|finding| finding.primary);
    }
    findings
}

/// An error that is no denied warning.
fn is_hard(finding: &Diagnostic<FileSpan>) -> bool {
    finding.severity == Severity::Error && finding.code.severity() == Severity::Error
}

/// A package after its fixes.
pub struct Fixed {
    /// The package with its new texts.
    pub input: Input,
    /// How many fixes each changed file got.
    pub files: BTreeMap<FileId, usize>,
    /// The package as it is now, looked at.
    pub checked: Checked,
    /// What is left to be said.
    pub findings: Vec<Diagnostic<FileSpan>>,
}

/// Makes the fixes that warnings offer, over and over until none is left. Fixes that would bring errors are not made.
pub fn fixed(input: Input) -> Fixed {
    let checked = check(input.clone());
    let findings = lint_findings(&checked);
    let mut now = Fixed { input, files: BTreeMap::new(), checked, findings };
    for _ in 0..MOST_ROUNDS {
        if !now.round() {
            break;
        }
    }
    now
}

impl Fixed {
    /// Makes what fixes there are, all together or, if that brings errors, one by one. Says whether there was one.
    fn round(&mut self) -> bool {
        let offered: Vec<Diagnostic<FileSpan>> = self.findings.iter().filter(|f| self.is_ours(f)).cloned().collect();
        if offered.is_empty() {
            return false;
        }
        let mut tried = vec![offered.as_slice()];
        tried.extend(offered.chunks(1).filter(|_| offered.len() > 1));
        tried.into_iter().any(|some| self.attempt(some))
    }

    /// Fixes of warnings in the package's own sources; what an error offers is for its user to judge.
    fn is_ours(&self, finding: &Diagnostic<FileSpan>) -> bool {
        let own = |file: FileId| self.input.sources.iter().any(|(own, _)| *own == file);
        finding.code.severity() == Severity::Warning && finding.fix.as_ref().is_some_and(|fix| own(fix.at.file))
    }

    fn attempt(&mut self, findings: &[Diagnostic<FileSpan>]) -> bool {
        let edited = edit::fixed(&self.checked.sources, findings);
        let mut input = self.input.clone();
        let mut counts = self.files.clone();
        for (file, edited) in edited {
            *counts.entry(file).or_default() += edited.applied;
            input.files[file.0 as usize].1 = edited.text;
        }
        let checked = check(input.clone());
        let findings = lint_findings(&checked);
        let hard = |findings: &[Diagnostic<FileSpan>]| findings.iter().filter(|f| is_hard(f)).count();
        let helps = hard(&findings) <= hard(&self.findings) && counts != self.files;
        if helps {
            *self = Fixed { input, files: counts, checked, findings };
        }
        helps
    }
}

impl Session {
    fn linted(&mut self, path: &Path, fix: bool) {
        let access = self.access;
        let input = self.timed("reading", path, |_| input::load_with(path, access));
        if !fix {
            let checked = self.timed("checking", path, |_| check(input));
            let findings = self.timed("linting", path, |_| lint_findings(&checked));
            self.faults(&checked);
            return self.report(&findings, &checked);
        }
        let fixed = self.timed("fixing", path, |_| fixed(input));
        self.faults(&fixed.checked);
        for (file, count) in &fixed.files {
            self.write_fixed(&fixed.input, *file, *count);
        }
        self.report(&fixed.findings, &fixed.checked);
    }

    fn write_fixed(&mut self, input: &Input, file: FileId, count: usize) {
        let (name, text) = &input.files[file.0 as usize];
        let place = input.sources.iter().zip(&input.places).find(|((own, _), _)| *own == file);
        let Some((_, place)) = place else { return };
        self.progress.hide();
        if let Err(error) = files::write(place, text.as_bytes()) {
            self.console.note(&format!("error: {error}"));
            self.exit = self.exit.and(Exit::Environment);
            return;
        }
        match self.console.format {
            Format::Json => self.console.object(&json::fixed(name, count)),
            Format::Human | Format::Short => {
                let plural = if count == 1 { "" } else { "es" };
                self.console.print(&format!("{name}: {count} fix{plural}\n"));
            }
        }
    }
}
