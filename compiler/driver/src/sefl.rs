//! `rdclc sefl`: one program of SEFL, symbolically or on a concrete packet; and what `check` and `verify` do with one.

mod human;
mod json;
mod spec;

use crate::args::{self, Format, Style};
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::session::Session;
use rdcl_base::{Diagnostic, FileId, FileSpan, Sources, nearest};
use rdcl_sefl::{Checked, Options, Outcome, Packet, Path as Way};
use std::path::Path;

/// Whether a path names a program of SEFL.
pub fn is_program(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "sefl")
}

/// `rdclc sefl`.
pub fn command(arguments: &args::Sefl, style: Style) -> Exit {
    let (packet, given) = match spec::read(&arguments.packet) {
        Ok(read) => read,
        Err(fault) => {
            eprintln!("error: --packet: {}", fault.message);
            return fault.exit;
        }
    };
    let default = Options::default();
    let options = Options {
        drops: arguments.drops,
        compat: arguments.symnet_compat,
        concrete: arguments.concrete,
        trace: arguments.concrete,
        steps: arguments.budget.unwrap_or(default.steps),
        given,
        ..default
    };
    let mut session = Session::start(style);
    if let Some((checked, sources)) = session.sefl_checked(&arguments.path, &packet) {
        let paths = session.timed("running", &arguments.path, |_| rdcl_sefl::run(&checked.program, &packet, &options));
        for name in options.given.keys().filter(|name| !paths.iter().any(|path| path.unknowns.contains(name))) {
            eprintln!("warning: --packet: {}", unmet(name, &packet, &paths));
        }
        session.paths(&paths, &Shown { checked: &checked, sources: &sources, options: &options });
    }
    session.end()
}

/// A value is given for what is neither a field of the packet nor a symbolic value of any path.
fn unmet(name: &str, packet: &Packet, paths: &[Way]) -> String {
    let known = packet.names().chain(paths.iter().flat_map(|path| path.unknowns.iter().map(String::as_str)));
    let near = nearest(name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    format!("`{name}` is no field of the packet and no symbolic value that the program makes{near}")
}

/// What paths are shown with.
struct Shown<'a> {
    checked: &'a Checked,
    sources: &'a Sources,
    options: &'a Options,
}

impl Shown<'_> {
    /// `file:line:column` of the instruction that decided.
    fn place(&self, path: &Way) -> Option<String> {
        path.node.map(|node| self.sources.place(self.at(node)))
    }

    fn at(&self, node: rdcl_base::NodeId) -> FileSpan {
        FileSpan { file: FileId(0), span: self.checked.span(node) }
    }

    /// The line of a node, and its text.
    fn line(&self, node: rdcl_base::NodeId) -> (usize, String) {
        let span = self.checked.span(node);
        let (line, _) = self.sources.line_column(FileId(0), span.start);
        let text = &self.sources.text(FileId(0))[span.start as usize..span.end as usize];
        (line, text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl Session {
    /// Reads and checks a program, and reports what is wrong with it; none if it cannot be run.
    pub fn sefl_checked(&mut self, path: &Path, packet: &Packet) -> Option<(Checked, Sources)> {
        let input = self.timed("reading", path, |_| input::load(path));
        let Input { files, sources, findings, .. } = input;
        let texts = Sources::new(files);
        let Some((file, _)) = sources.first() else {
            self.report_in(&findings, &texts);
            return None;
        };
        let checked = self.timed("checking", path, |_| rdcl_sefl::check(texts.text(*file), packet));
        let found: Vec<Diagnostic<FileSpan>> =
            checked.problems.iter().map(|problem| problem.clone().map(|span| FileSpan { file: *file, span })).collect();
        self.report_in(&found, &texts);
        found.is_empty().then_some((checked, texts))
    }

    fn paths(&mut self, paths: &[Way], shown: &Shown<'_>) {
        self.progress.hide();
        let summary = rdcl_sefl::summary(paths);
        if self.console.format == Format::Json {
            (1..).zip(paths).for_each(|(number, path)| self.console.object(&json::path(number, path, shown)));
            self.console.object(&json::summary(&summary, shown.options));
        } else {
            let style = human::Style { color: self.console.out_color, short: self.console.format == Format::Short };
            (1..).zip(paths).for_each(|(number, path)| self.console.print(&human::path(number, path, shown, style)));
            self.console.print(&human::summary(&summary, shown.options));
        }
        for (outcome, count) in summary {
            let exit = match outcome {
                Outcome::MemoryError | Outcome::ModelError => Exit::Findings,
                Outcome::Undecided => Exit::Undecided,
                Outcome::Delivered | Outcome::Dropped | Outcome::Infeasible => Exit::Fine,
            };
            if count > 0 {
                self.exit = self.exit.and(exit);
            }
        }
    }
}

/// How many paths SymNet would call successful, and how many failed.
fn compat_counts(summary: &[(Outcome, usize)]) -> (usize, usize) {
    let all: usize = summary.iter().map(|(_, count)| count).sum();
    let delivered: usize = summary.iter().filter(|s| s.0 == Outcome::Delivered).map(|s| s.1).sum();
    (delivered, all - delivered)
}
