//! The one renderer for people: a [`Diagnostic`] with its source lines, drawn by ariadne.
//!
//! Ariadne draws whole lines; a diagnostic about a line too long for that, or about a file without text, is drawn here.

use crate::{Diagnostic, FileId, FileSpan, Severity, Sources};
use ariadne::{Cache, Color, Config, IndexType, Label, Report, ReportKind, Source};
use std::collections::HashMap;
use std::fmt;

/// The longest line that is drawn whole, in bytes.
const LONGEST_LINE: usize = 300;
/// How much of a longer one is shown on each side of the fault.
const EXCERPT: usize = 40;

/// Draws diagnostics about some sources.
pub struct Renderer<'a> {
    sources: &'a Sources,
    color: bool,
    loaded: HashMap<FileId, Source<&'a str>>,
}

impl<'a> Cache<FileId> for Renderer<'a> {
    type Storage = &'a str;

    fn fetch(&mut self, id: &FileId) -> Result<&Source<&'a str>, impl fmt::Debug> {
        let sources = self.sources;
        Ok::<_, String>(self.loaded.entry(*id).or_insert_with(|| Source::from(sources.text(*id))))
    }

    fn display<'b>(&self, id: &'b FileId) -> Option<impl fmt::Display + 'b> {
        Some(self.sources.name(*id).to_owned())
    }
}

type AriadneSpan = (FileId, std::ops::Range<usize>);

fn ariadne_span(at: FileSpan) -> AriadneSpan {
    (at.file, at.span.start as usize..at.span.end as usize)
}

impl<'a> Renderer<'a> {
    /// A renderer for these sources.
    pub fn new(sources: &'a Sources, color: bool) -> Renderer<'a> {
        Renderer { sources, color, loaded: HashMap::new() }
    }

    /// Draws one diagnostic, with a final line break.
    pub fn draw(&mut self, diagnostic: &Diagnostic<FileSpan>) -> String {
        let mut places = std::iter::once(diagnostic.primary).chain(diagnostic.secondary.iter().map(|l| l.at));
        if places.all(|at| self.is_drawable(at)) { self.whole(diagnostic) } else { self.excerpt(diagnostic) }
    }

    fn is_drawable(&self, at: FileSpan) -> bool {
        let fits = |offset| self.sources.line(at.file, offset).len() <= LONGEST_LINE;
        !self.sources.text(at.file).is_empty() && fits(at.span.start) && fits(at.span.end)
    }

    fn whole(&mut self, diagnostic: &Diagnostic<FileSpan>) -> String {
        let (kind, shade) = kind(diagnostic.severity);
        let config = Config::default().with_color(self.color).with_index_type(IndexType::Byte);
        let mut report = Report::build(kind, ariadne_span(diagnostic.primary))
            .with_config(config)
            .with_code(diagnostic.code.as_str())
            .with_message(&diagnostic.message)
            .with_label(Label::new(ariadne_span(diagnostic.primary)).with_message("here").with_color(shade));
        for label in &diagnostic.secondary {
            let drawn = Label::new(ariadne_span(label.at)).with_message(&label.message).with_color(Color::Cyan);
            report = report.with_label(drawn);
        }
        for note in &diagnostic.notes {
            report = report.with_note(note);
        }
        if let Some(help) = &diagnostic.help {
            report = report.with_help(help);
        }
        let mut out = Vec::new();
        if report.finish().write(&mut *self, &mut out).is_err() {
            return self.excerpt(diagnostic);
        }
        let text = String::from_utf8_lossy(&out);
        // Ariadne pads lines to the width of its margin.
        text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    fn excerpt(&self, diagnostic: &Diagnostic<FileSpan>) -> String {
        let mut text = format!("[{}] {}: {}\n", diagnostic.code, kind(diagnostic.severity).0, diagnostic.message);
        text += &self.place(diagnostic.primary, "");
        for label in &diagnostic.secondary {
            text += &self.place(label.at, &label.message);
        }
        for note in &diagnostic.notes {
            text += &format!("   │ Note: {note}\n");
        }
        if let Some(help) = &diagnostic.help {
            text += &format!("   │ Help: {help}\n");
        }
        text + "───╯\n"
    }

    fn place(&self, at: FileSpan, message: &str) -> String {
        let mut text = format!("   ╭─[ {} ]\n", self.sources.place(at));
        let (line, (_, column)) =
            (self.sources.line(at.file, at.span.start), self.sources.line_column(at.file, at.span.start));
        let window = window(line, column - 1);
        if !window.is_empty() {
            text += &format!("   │ {window}\n");
        }
        if !message.is_empty() {
            text += &format!("   │ {message}\n");
        }
        text
    }
}

fn kind(severity: Severity) -> (ReportKind<'static>, Color) {
    match severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
        Severity::Note => (ReportKind::Advice, Color::Blue),
    }
}

/// The part of a line around an offset, with `…` where something is left out.
fn window(line: &str, at: usize) -> String {
    let start = line.floor_char_boundary(at.saturating_sub(EXCERPT));
    let end = line.ceil_char_boundary((at + EXCERPT).min(line.len()));
    let (before, after) = (if start > 0 { "…" } else { "" }, if end < line.len() { "…" } else { "" });
    format!("{before}{}{after}", &line[start.min(end)..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, Span};

    fn draw(text: &str, span: Span) -> String {
        let sources = Sources::new([("a.rdcl".to_owned(), text.to_owned())]);
        let at = FileSpan { file: FileId(0), span };
        let diagnostic = Diagnostic::new(Code::E0101, at, "unexpected `é`").with_help("remove it");
        Renderer::new(&sources, false).draw(&diagnostic)
    }

    #[test]
    fn a_diagnostic_shows_its_line() {
        let drawn = draw("use x;\nrfb é {}\n", Span::new(11, 13));
        for part in ["E0101", "a.rdcl:2:5", "rfb é {}", "remove it"] {
            assert!(drawn.contains(part), "{drawn}");
        }
    }

    #[test]
    fn a_long_line_is_shown_in_part_and_no_line_not_at_all() {
        let drawn = draw(&"é".repeat(1_000_000), Span::new(1_000_000, 1_000_002));
        assert!(drawn.len() < 400 && drawn.contains("…éé") && drawn.contains("a.rdcl:1:1000001"), "{drawn}");
        assert!(draw("", Span::default()).contains("remove it"));
    }
}
