//! The one renderer for people: a [`Diagnostic`] with its source lines, drawn by ariadne.

use crate::{Diagnostic, FileId, FileSpan, Severity};
use ariadne::{Cache, Color, Config, IndexType, Label, Report, ReportKind, Source};
use std::collections::HashMap;
use std::fmt;

/// The texts that diagnostics point into, by file.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// For each file, in [`FileId`] order: the name shown and the text.
    pub files: &'a [(String, String)],
}

impl<'a> Sources<'a> {
    fn get(&self, file: FileId) -> (&'a str, &'a str) {
        self.files.get(file.0 as usize).map_or(("?", ""), |(name, text)| (name, text))
    }

    /// `name:line:column` of the start of a span; lines and columns count from 1, columns in UTF-8 bytes.
    pub fn place(&self, at: FileSpan) -> String {
        let (name, _) = self.get(at.file);
        let (line, column) = self.line_column(at.file, at.span.start);
        format!("{name}:{line}:{column}")
    }

    /// `name:line:column` of the end of a span.
    pub fn end_place(&self, at: FileSpan) -> String {
        let (name, _) = self.get(at.file);
        let (line, column) = self.line_column(at.file, at.span.end);
        format!("{name}:{line}:{column}")
    }

    /// The line and column (from 1, in UTF-8 bytes) of an offset.
    pub fn line_column(&self, file: FileId, offset: u32) -> (usize, usize) {
        let text = self.get(file).1.as_bytes();
        let before = &text[..(offset as usize).min(text.len())];
        let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1);
        (before.iter().filter(|b| **b == b'\n').count() + 1, before.len() - line_start + 1)
    }
}

struct SourceCache<'a> {
    sources: Sources<'a>,
    loaded: HashMap<FileId, Source<&'a str>>,
}

impl<'a> Cache<FileId> for SourceCache<'a> {
    type Storage = &'a str;

    fn fetch(&mut self, id: &FileId) -> Result<&Source<&'a str>, impl fmt::Debug> {
        let text = self.sources.get(*id).1;
        Ok::<_, String>(self.loaded.entry(*id).or_insert_with(|| Source::from(text)))
    }

    fn display<'b>(&self, id: &'b FileId) -> Option<impl fmt::Display + 'b> {
        Some(self.sources.get(*id).0.to_owned())
    }
}

type AriadneSpan = (FileId, std::ops::Range<usize>);

fn ariadne_span(at: FileSpan) -> AriadneSpan {
    (at.file, at.span.start as usize..at.span.end as usize)
}

/// Draws one diagnostic, with a final line break.
pub fn human(diagnostic: &Diagnostic<FileSpan>, sources: Sources<'_>, color: bool) -> String {
    let (kind, shade) = match diagnostic.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
        Severity::Note => (ReportKind::Advice, Color::Blue),
    };
    let config = Config::default().with_color(color).with_index_type(IndexType::Byte);
    let mut report = Report::build(kind, ariadne_span(diagnostic.primary))
        .with_config(config)
        .with_code(diagnostic.code.as_str())
        .with_message(&diagnostic.message)
        .with_label(Label::new(ariadne_span(diagnostic.primary)).with_message("here").with_color(shade));
    for label in &diagnostic.secondary {
        report = report.with_label(Label::new(ariadne_span(label.at)).with_message(&label.message).with_color(Color::Cyan));
    }
    for note in &diagnostic.notes {
        report = report.with_note(note);
    }
    if let Some(help) = &diagnostic.help {
        report = report.with_help(help);
    }
    let mut out = Vec::new();
    let cache = SourceCache { sources, loaded: HashMap::new() };
    if report.finish().write(cache, &mut out).is_err() {
        return format!("{}[{}] {}\n", diagnostic.severity.word(), diagnostic.code, diagnostic.message);
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, Span};

    #[test]
    fn places_count_from_one_in_bytes() {
        let files = vec![("a.rdcl".to_owned(), "use x;\nrfb é {}\n".to_owned())];
        let sources = Sources { files: &files };
        let at = FileSpan { file: FileId(0), span: Span::new(11, 13) };
        assert_eq!(sources.place(at), "a.rdcl:2:5");
        let drawn = human(&Diagnostic::new(Code::E0101, at, "unexpected `é`").with_help("remove it"), sources, false);
        assert!(drawn.contains("E0101") && drawn.contains("a.rdcl:2:5") && drawn.contains("remove it"), "{drawn}");
    }
}
