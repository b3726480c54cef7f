//! `rdclc fmt`: files as the formatter sets them.
//!
//! A file with errors of syntax is reported as `check` would report it, and left alone; the others are still formatted.

use crate::args::{self, Format, Style};
use crate::console::Console;
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::session::Session;
use crate::{diff, files, json, sefl};
use rdcl_base::{Diagnostic, FileId, FileSpan, Sources, Span};
use rdcl_syntax::{
    canonical, canonical_nemo, format, format_nemo, format_program, parse_file, parse_nemo, parse_program,
};
use std::path::Path;

/// `rdclc fmt`.
pub fn command(arguments: &args::Fmt, style: Style) -> Exit {
    let filters = arguments.paths.iter().any(|p| args::is_standard_input(p)) && !arguments.check && !arguments.diff;
    if filters && (arguments.paths.len() > 1 || style.format == Format::Json) {
        eprintln!("error: what comes from standard input goes to standard output, and nothing else can");
        return Exit::Usage;
    }
    let mut session = Session::start(style);
    for path in &arguments.paths {
        if args::is_standard_input(path) {
            let name = arguments.stdin_filename.as_deref().unwrap_or("<stdin>");
            session.formatted(path, input::standard_input(name), arguments);
        } else {
            let input = session.timed("reading", path, |_| input::load_alone(path).0);
            session.formatted(path, input, arguments);
        }
    }
    session.end()
}

/// A file, and what becomes of it.
struct Change<'t> {
    /// Where it is; none for standard input.
    path: Option<&'t Path>,
    /// How it is called.
    name: &'t str,
    old: &'t str,
    new: String,
}

impl Session {
    fn formatted(&mut self, path: &Path, input: Input, arguments: &args::Fmt) {
        let Input { files, sources, places, mut findings, .. } = input;
        let texts = Sources::new(files);
        let mut sound = Vec::new();
        for (index, (file, _)) in sources.iter().enumerate() {
            let errors = errors(*file, texts.name(*file), texts.text(*file));
            if errors.is_empty() {
                sound.push((*file, places.get(index)));
            }
            findings.extend(errors);
        }
        findings.sort_by_key(|d| d.primary);
        self.report_in(&findings, &texts);
        for (file, place) in sound {
            let old = texts.text(file);
            let new = self.timed("formatting", path, |_| formatter(texts.name(file), arguments.canonical)(old));
            let change = Change { path: place.map(|p| p.as_path()), name: texts.name(file), old, new };
            self.deliver(&change, arguments);
        }
    }

    /// Says, shows or makes a change, as asked.
    fn deliver(&mut self, change: &Change<'_>, arguments: &args::Fmt) {
        self.progress.hide();
        let changed = change.old != change.new;
        match change.path {
            None if !arguments.check && !arguments.diff => return self.console.print(&change.new),
            _ if !changed => return,
            Some(path) if !arguments.check && !arguments.diff => {
                if let Err(error) = files::write(path, change.new.as_bytes()) {
                    self.console.note(&format!("error: {error}"));
                    self.exit = self.exit.and(Exit::Environment);
                    return;
                }
            }
            _ => {}
        }
        if arguments.check {
            self.exit = self.exit.and(Exit::Findings);
        }
        say(&mut self.console, change, arguments);
    }
}

fn say(console: &mut Console, change: &Change<'_>, arguments: &args::Fmt) {
    let diff = arguments.diff.then(|| diff::unified(change.name, change.old, &change.new));
    match (console.format, diff) {
        (Format::Json, diff) => {
            let written = !arguments.check && !arguments.diff;
            console.object(&json::formatted(change.name, written, diff.as_deref()));
        }
        (Format::Human | Format::Short, Some(diff)) => console.print(&diff),
        (Format::Human | Format::Short, None) => console.print(&format!("{}\n", change.name)),
    }
}

/// The errors of syntax in a file.
fn errors(file: FileId, name: &str, text: &str) -> Vec<Diagnostic<FileSpan>> {
    if sefl::is_program(Path::new(name)) {
        return parse_program(text).errors.into_iter().map(|e| e.map(|span| FileSpan { file, span })).collect();
    }
    let items = if is_nemo(name) { vec![(0, parse_nemo(text))] } else { parse_file(text).items };
    let items = items.into_iter();
    let placed = |start: u32| move |span: Span| FileSpan { file, span: span.shifted(start) };
    items.flat_map(|(start, item)| item.errors.into_iter().map(move |error| error.map(placed(start)))).collect()
}

/// What formats a file of this name.
fn formatter(name: &str, make_canonical: bool) -> fn(&str) -> String {
    match (is_nemo(name), make_canonical) {
        (true, true) => canonical_nemo,
        (true, false) => format_nemo,
        (false, _) if sefl::is_program(Path::new(name)) => format_program,
        (false, true) => canonical,
        (false, false) => format,
    }
}

/// Whether a file of this name holds NEMO.
fn is_nemo(name: &str) -> bool {
    name.ends_with(".nemo")
}
