//! A run of a command over some paths: where results go, what was found, how it will exit.

use crate::args::{Access, Format, Style};
use crate::check::Checked;
use crate::console::Console;
use crate::exit::Exit;
use crate::input;
use crate::progress::Progress;
use rdcl_base::{Code, Diagnostic, FileSpan, Severity, Sources};
use std::path::Path;
use std::time::Instant;

/// A run over some paths: where results go, and how it will exit.
pub struct Session {
    /// Where results go.
    pub console: Console,
    /// The progress line; hidden before anything is printed.
    pub progress: Progress,
    /// How the run will exit, as far as is known.
    pub exit: Exit,
    /// Codes of warnings that are not reported.
    pub allowed: Vec<Code>,
    /// How dependencies are come by.
    pub access: Access,
    timings: bool,
    errors: usize,
    warnings: usize,
}

impl Session {
    /// Begins a run.
    pub fn start(style: Style) -> Session {
        let (console, progress) = (Console::open(style), Progress::start());
        Session {
            console,
            progress,
            access: style.access,
            timings: style.timings,
            errors: 0,
            warnings: 0,
            exit: Exit::Fine,
            allowed: Vec::new(),
        }
    }

    /// Ends it; the exit is the worst of what was found and what befell the output.
    pub fn end(mut self) -> Exit {
        drop(self.progress);
        if self.console.format == Format::Human && self.errors + self.warnings > 0 {
            let summary = format!("{}, {}", counted(self.errors, "error"), counted(self.warnings, "warning"));
            self.console.note(&summary);
        }
        self.console.close().and(self.exit)
    }

    /// Does a stage, and says how long it took if that is asked for.
    pub fn timed<T>(&mut self, stage: &str, path: &Path, work: impl FnOnce(&Progress) -> T) -> T {
        let start = Instant::now();
        self.progress.say(format!("{stage} {}", path.display()));
        let result = work(&self.progress);
        if self.timings {
            let took = start.elapsed().as_secs_f64() * 1e3;
            self.console.note(&format!("{stage} {}: {took:.1} ms", path.display()));
        }
        result
    }

    /// Reads and checks what a path names, and reports what is wrong with it.
    pub fn checked(&mut self, path: &Path) -> Checked {
        let access = self.access;
        let input = self.timed("reading", path, |_| input::load_with(path, access));
        let checked = self.timed("checking", path, |_| crate::check(input));
        self.found(&checked);
        checked
    }

    /// Reports what is wrong with a package, and with the machine.
    pub fn found(&mut self, checked: &Checked) {
        self.faults(checked);
        self.report(&checked.findings, checked);
    }

    /// Says what is wrong with the machine.
    pub fn faults(&mut self, checked: &Checked) {
        self.progress.hide();
        for fault in &checked.faults {
            self.console.note(&format!("error: {fault}"));
            self.exit = self.exit.and(Exit::Environment);
        }
    }

    /// Reports findings; errors decide the exit.
    pub fn report(&mut self, findings: &[Diagnostic<FileSpan>], checked: &Checked) {
        self.report_in(&checked.levels.apply(findings.iter().cloned()), &checked.sources);
    }

    /// The same, of texts that have not been checked.
    pub fn report_in(&mut self, findings: &[Diagnostic<FileSpan>], sources: &Sources) {
        self.progress.hide();
        let is_silent = |d: &&Diagnostic<FileSpan>| d.severity == Severity::Warning && self.allowed.contains(&d.code);
        let findings: Vec<_> = findings.iter().filter(|d| !is_silent(d)).cloned().collect();
        self.console.diagnostics(&findings, sources);
        let count = |severity| findings.iter().filter(|d| d.severity == severity).count();
        self.errors += count(Severity::Error);
        self.warnings += count(Severity::Warning);
        if self.errors > 0 {
            self.exit = self.exit.and(Exit::Findings);
        }
    }
}

/// `1 error`, `2 errors`
fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
