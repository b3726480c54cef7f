//! The formatter: white space in, white space out.
//!
//! An item is cut into tokens and comments, and all of them are set again in order; no literal is touched, and nothing
//! is added or left out but white space. Hence the tree stays as it is. An item with errors is left alone. What is
//! between the braces of `{{ … }}` belongs to another language and stays as it is too.
//!
//! The writer of a program decides about breaks and the formatter follows: braces that hold a line break are set one
//! entry a line, others on one line if they fit. `docs/fmt.md` has the rules.

mod columns;
mod doc;
mod entry;
mod layout;
mod nemo;
mod pieces;
mod spacing;

use crate::parse::{parse_file, parse_item, parse_program};
use crate::split::{Chunk, split};
use crate::tokens::Token;
use columns::{Line, assemble};
use layout::{Run, Runs};
use logos::Logos;
use nemo::with_blocks;
pub use nemo::{canonical_nemo, format_nemo};
use std::ops::Range;

/// Formats a file.
///
/// Formatting what is formatted changes nothing. The trees and the comments of the result are those of the text.
///
/// ```
/// let text = "stack  Tagged=eth / vlan ;// 802.1Q";
/// assert_eq!(rdcl_syntax::format(text), "stack Tagged = eth / vlan; // 802.1Q\n");
/// ```
pub fn format(text: &str) -> String {
    finished(text, false)
}

/// Formats a file, and makes its blocks of NEMO canonical, as far as they have a canonical form.
pub fn canonical(text: &str) -> String {
    finished(text, true)
}

/// Blocks are set where their braces have come to stand; what is lined up is lined up once more if that changes a line
/// with others' tokens on it.
fn finished(text: &str, make_canonical: bool) -> String {
    let (around, sound) = formatted(text);
    let blocks = with_blocks(&around, &sound, make_canonical);
    if blocks.moves_others {
        return formatted(&blocks.text).0;
    }
    debug_assert!(set(&blocks.text).0 == blocks.text, "blocks moved what stands around them in\n{}", blocks.text);
    blocks.text
}

/// A file formatted, blocks in other languages apart; and which of its outermost items have no errors.
fn formatted(text: &str) -> (String, Vec<bool>) {
    let (formatted, sound) = set(text);
    let same = reads_the_same(text, &formatted);
    debug_assert!(same && is_same(text, &formatted), "formatting changed the meaning of\n{text}\nas\n{formatted}");
    // A formatter that is wrong must not do harm.
    if same { (formatted, sound) } else { (text.to_owned(), sound) }
}

/// Formats a `.sefl` file, as [`format`] does a file of items; one with errors stays as it is.
///
/// ```
/// let text = "Allocate( x,8 );x=1 ;";
/// assert_eq!(rdcl_syntax::format_program(text), "Allocate(x, 8);\nx = 1;\n");
/// ```
pub fn format_program(text: &str) -> String {
    let parsed = parse_program(text);
    if !parsed.errors.is_empty() {
        return text.to_owned();
    }
    let docs = layout::program(text, &mut Runs::default());
    let formatted = if docs.is_empty() { String::new() } else { assemble(doc::lines(&docs, false)) };
    let again = parse_program(&formatted);
    let same =
        again.body == parsed.body && again.comments.iter().map(|c| &c.text).eq(parsed.comments.iter().map(|c| &c.text));
    debug_assert!(same, "formatting changed the meaning of\n{text}\nas\n{formatted}");
    if same { formatted } else { text.to_owned() }
}

fn set(text: &str) -> (String, Vec<bool>) {
    let chunks = split(text);
    let items = chunks.chunk_by(|_, next| next.is_nested());
    let (mut lines, mut run, mut runs) = (Vec::new(), Run::default(), Runs::default());
    let mut sound = Vec::new();
    if chunks.is_empty() {
        lines.extend(item_lines(text, false, &mut run, &mut runs));
    }
    let mut end = 0;
    for with_nested in items {
        let chunk = &with_nested[0];
        let (start, gap) = (chunk.start as usize, &text[end..chunk.start as usize]);
        let blank = end > 0 && gap.matches('\n').count() > 1;
        end = chunk.end as usize;
        let item = &text[start..end];
        sound.push(with_nested.iter().all(|chunk| can_be_set(text, chunk)));
        if sound.last() == Some(&true) {
            lines.extend(item_lines(item, blank, &mut run, &mut runs));
        } else {
            run = Run::default();
            let begins_line = start == gap.len() || gap.contains('\n');
            let indent = if begins_line { &gap[gap.trim_end_matches([' ', '\t']).len()..] } else { "" };
            lines.push(Line::verbatim(indent, item, blank));
        }
    }
    (assemble(lines), sound)
}

fn can_be_set(text: &str, chunk: &Chunk) -> bool {
    chunk.braces <= 1 && parse_item(&chunk.text(text)).errors.is_empty()
}

fn item_lines<'s>(text: &'s str, blank: bool, run: &mut Run<'s>, runs: &mut Runs) -> Vec<Line<'s>> {
    let docs = layout::item(text, blank, run, runs);
    if docs.is_empty() { Vec::new() } else { doc::lines(&docs, blank) }
}

/// Whether two texts have the same items, tokens and comments, white space apart. That is quick to tell, and all that a
/// tree depends on.
fn reads_the_same(a: &str, b: &str) -> bool {
    let (chunks_a, chunks_b) = (split(a), split(b));
    let lexemes = |text: &str, from: usize, to: usize| {
        let words = Token::lexer(&text[from..to]).spanned().map(move |(_, span)| span.start + from..span.end + from);
        words.collect::<Vec<_>>()
    };
    let same = |(of_a, of_b): (&Chunk, &Chunk)| {
        let words_a = lexemes(a, of_a.start as usize, of_a.end as usize);
        let words_b = lexemes(b, of_b.start as usize, of_b.end as usize);
        let equal = |(x, y): (Range<usize>, Range<usize>)| a[x].trim_end() == b[y].trim_end();
        of_a.keyword == of_b.keyword && words_a.len() == words_b.len() && words_a.into_iter().zip(words_b).all(equal)
    };
    chunks_a.len() == chunks_b.len() && chunks_a.iter().zip(&chunks_b).all(same)
}

/// Whether two texts have the same trees and comments: what [`reads_the_same`] is to ensure.
fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (parse_file(a), parse_file(b));
    let same = a.items.iter().zip(&b.items).all(|((_, a), (_, b))| {
        let texts = a.comments.iter().map(|c| &c.text).eq(b.comments.iter().map(|c| &c.text));
        texts && a.item == b.item && a.errors.len() == b.errors.len()
    });
    same && a.items.len() == b.items.len()
}
