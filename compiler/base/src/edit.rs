//! Texts with the fixes of diagnostics applied.
//!
//! Fixes of one text are applied together where they do not touch each other. Where two overlap, the one that begins
//! first counts and the other waits for the next look at the text: it was made for a text that is no more.

use crate::diagnostic::{Diagnostic, Fix};
use crate::sources::Sources;
use crate::span::{FileId, FileSpan, Span};
use std::collections::BTreeMap;

/// A text after its fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The new text.
    pub text: String,
    /// How many fixes are in it.
    pub applied: usize,
}

/// The fixes of diagnostics, by file, each once, in the order of the text.
pub fn fixes<'d>(
    diagnostics: impl IntoIterator<Item = &'d Diagnostic<FileSpan>>,
) -> BTreeMap<FileId, Vec<&'d Fix<FileSpan>>> {
    let mut by_file: BTreeMap<FileId, Vec<&Fix<FileSpan>>> = BTreeMap::new();
    for fix in diagnostics.into_iter().filter_map(|d| d.fix.as_ref()) {
        by_file.entry(fix.at.file).or_default().push(fix);
    }
    for fixes in by_file.values_mut() {
        fixes.sort_by(|a, b| (a.at, &a.replacement).cmp(&(b.at, &b.replacement)));
        fixes.dedup();
    }
    by_file
}

/// Every text that the fixes of these diagnostics change, after them.
pub fn fixed<'d>(
    sources: &Sources,
    diagnostics: impl IntoIterator<Item = &'d Diagnostic<FileSpan>>,
) -> BTreeMap<FileId, Edited> {
    let edited = fixes(diagnostics).into_iter().map(|(file, fixes)| {
        let edits = fixes.into_iter().map(|fix| (fix.at.span, fix.replacement.as_str()));
        (file, apply(sources.text(file), edits))
    });
    edited.filter(|(_, edited)| edited.applied > 0).collect()
}

/// A text with some of its ranges replaced. Of ranges that overlap, or begin where another one does, the first counts;
/// one that is not in the text, or cuts a character, counts for nothing.
///
/// ```
/// use rdcl_base::{Span, edit::apply};
/// let edited = apply("a + b", [(Span::new(4, 5), "c"), (Span::new(0, 1), "x"), (Span::new(0, 5), "")]);
/// assert_eq!((edited.text.as_str(), edited.applied), ("x + c", 2));
/// ```
pub fn apply<'r>(text: &str, edits: impl IntoIterator<Item = (Span, &'r str)>) -> Edited {
    let mut edits: Vec<(Span, &str)> = edits.into_iter().collect();
    edits.sort_by_key(|(span, _)| *span);
    let (mut out, mut at, mut applied) = (String::with_capacity(text.len()), 0, 0);
    for (span, replacement) in edits {
        let (start, end) = (span.start as usize, span.end as usize);
        let comes_first = start > at || applied == 0;
        if let Some(kept) = text.get(at..start).filter(|_| comes_first && text.get(start..end).is_some()) {
            out += kept;
            out += replacement;
            (at, applied) = (end, applied + 1);
        }
    }
    out += &text[at..];
    Edited { text: out, applied }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Code;

    fn edited(text: &str, edits: &[(u32, u32, &str)]) -> (String, usize) {
        let edited = apply(text, edits.iter().map(|(start, end, new)| (Span::new(*start, *end), *new)));
        (edited.text, edited.applied)
    }

    #[test]
    fn ranges_are_replaced_and_inserted() {
        assert_eq!(edited("abc", &[(1, 2, "")]), ("ac".into(), 1));
        assert_eq!(edited("abc", &[(3, 3, "d"), (0, 0, "_")]), ("_abcd".into(), 2));
        assert_eq!(edited("abc", &[]), ("abc".into(), 0));
    }

    #[test]
    fn of_overlapping_ranges_the_first_counts() {
        assert_eq!(edited("abcdef", &[(0, 3, "x"), (2, 5, "y"), (4, 6, "z")]), ("xdz".into(), 2));
        assert_eq!(edited("abcdef", &[(0, 3, "x"), (3, 6, "y")]), ("xdef".into(), 1));
    }

    #[test]
    fn ranges_that_are_none_are_passed_over() {
        assert_eq!(edited("aüb", &[(2, 3, "x"), (1, 9, "y")]), ("aüb".into(), 0));
    }

    #[test]
    fn fixes_are_collected_by_file() {
        let sources = Sources::new([("a".to_owned(), "one".to_owned()), ("b".to_owned(), "two".to_owned())]);
        let fix = |file, start, end, new: &str| {
            let at = FileSpan { file: FileId(file), span: Span::new(start, end) };
            let mut diagnostic = Diagnostic::new(Code::W0201, at, "");
            diagnostic.fix = Some(Fix { at, replacement: new.into() });
            diagnostic
        };
        let found = fixed(&sources, &[fix(1, 0, 3, "2"), fix(1, 0, 3, "2"), fix(0, 0, 1, "0")]);
        let texts: Vec<(u32, &str, usize)> = found.iter().map(|(f, e)| (f.0, e.text.as_str(), e.applied)).collect();
        assert_eq!(texts, [(0, "0ne", 1), (1, "2", 1)]);
    }
}
