//! The texts of a run, and lines and columns in them.

use crate::{FileId, FileSpan};
use std::ops::Range;
use std::sync::OnceLock;

/// The texts that diagnostics point into, by [`FileId`].
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    name: String,
    text: String,
    /// Where each line begins; made when first asked for.
    starts: OnceLock<Vec<usize>>,
}

impl Sources {
    /// The sources of a run: for each file, in [`FileId`] order, the name shown and the text.
    pub fn new(files: impl IntoIterator<Item = (String, String)>) -> Sources {
        let file = |(name, text)| File { name, text, starts: OnceLock::new() };
        Sources { files: files.into_iter().map(file).collect() }
    }

    /// Every file's name and text, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|f| (f.name.as_str(), f.text.as_str()))
    }

    /// The name shown for a file; `?` for one that is not there.
    pub fn name(&self, file: FileId) -> &str {
        self.file(file).map_or("?", |f| &f.name)
    }

    /// A file's text; nothing for one that is not there.
    pub fn text(&self, file: FileId) -> &str {
        self.file(file).map_or("", |f| &f.text)
    }

    fn file(&self, file: FileId) -> Option<&File> {
        self.files.get(file.0 as usize)
    }

    /// `name:line:column` of the start of a span; lines and columns count from 1, columns in UTF-8 bytes.
    pub fn place(&self, at: FileSpan) -> String {
        self.name_place(at.file, at.span.start)
    }

    /// `name:line:column` of the end of a span.
    pub fn end_place(&self, at: FileSpan) -> String {
        self.name_place(at.file, at.span.end)
    }

    fn name_place(&self, file: FileId, offset: u32) -> String {
        let (line, column) = self.line_column(file, offset);
        format!("{}:{line}:{column}", self.name(file))
    }

    /// The line and column (from 1, in UTF-8 bytes) of an offset.
    pub fn line_column(&self, file: FileId, offset: u32) -> (usize, usize) {
        let Some(file) = self.file(file) else { return (1, 1) };
        let offset = (offset as usize).min(file.text.len());
        let starts = file.starts();
        let line = starts.partition_point(|start| *start <= offset);
        (line, offset - starts[line - 1] + 1)
    }

    /// The line that holds an offset, without its line break.
    pub fn line(&self, file: FileId, offset: u32) -> &str {
        let (line, _) = self.line_column(file, offset);
        self.text(file).get(self.line_range(file, line)).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// The bytes of a line (from 1), its line break included.
    fn line_range(&self, file: FileId, line: usize) -> Range<usize> {
        let Some(file) = self.file(file) else { return 0..0 };
        let starts = file.starts();
        let end = starts.get(line).copied().unwrap_or(file.text.len());
        starts[line - 1]..end
    }
}

impl File {
    fn starts(&self) -> &[usize] {
        self.starts.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;

    #[test]
    fn places_count_from_one_in_bytes() {
        let sources = Sources::new([("a.rdcl".to_owned(), "use x;\nrfb é {}\n".to_owned())]);
        let at = FileSpan { file: FileId(0), span: Span::new(11, 13) };
        assert_eq!(sources.place(at), "a.rdcl:2:5");
        assert_eq!(sources.end_place(at), "a.rdcl:2:7");
        assert_eq!(sources.line(FileId(0), 11), "rfb é {}");
        assert_eq!(sources.line_column(FileId(0), 0), (1, 1));
        assert_eq!(sources.line_column(FileId(0), 99), (3, 1));
        assert_eq!(sources.place(FileSpan { file: FileId(7), span: Span::default() }), "?:1:1");
    }
}
