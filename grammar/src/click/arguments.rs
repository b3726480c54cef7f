//! Configurations: the text in parentheses, cut at its commas into arguments and these into words.

use super::Argument;
use super::lex::{comment_length, opaque_length};
use crate::ast::Name;
use crate::context::Context;

/// The arguments of a configuration that begins at this offset; none if it is blank.
pub(super) fn arguments(ctx: &mut Context<'_>, text: &str, start: u32) -> Vec<Argument> {
    let mut found = Vec::new();
    for (piece, at) in pieces(text) {
        let from = start + at as u32;
        let words: Vec<Name> = words(piece).map(|(word, at)| name(ctx, word, from + at as u32)).collect();
        let trimmed = piece.trim();
        let begin = from + (piece.len() - piece.trim_start().len()) as u32;
        let node = ctx.node(begin, begin + trimmed.len() as u32);
        found.push(Argument { words, node });
    }
    // What is written between parentheses with nothing in them, or behind a last comma, is no argument.
    if found.last().is_some_and(|last| last.words.is_empty()) {
        found.pop();
    }
    found
}

fn name(ctx: &mut Context<'_>, text: &str, start: u32) -> Name {
    ctx.name(text, start, start + text.len() as u32)
}

/// The text between commas, with its offset.
fn pieces(text: &str) -> Vec<(&str, usize)> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut from) = (0, 0usize, 0);
    let mut found = Vec::new();
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.push((&text[from..at], from));
                from = at + 1;
            }
            b'"' | b'\'' | b'/' | b'\\' => at += opaque_length(&bytes[at..]).saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    found.push((&text[from..], from));
    found
}

/// The words of an argument, with their offsets.
fn words(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let bytes = text.as_bytes();
    let (mut at, mut from) = (0, None);
    let mut found = Vec::new();
    while at < bytes.len() {
        let comment = comment_length(&bytes[at..]);
        if comment > 0 || bytes[at].is_ascii_whitespace() {
            found.extend(from.take().map(|from| (&text[from..at], from)));
            at += comment.max(1);
            continue;
        }
        from = from.or(Some(at));
        at += opaque_length(&bytes[at..]).max(1);
    }
    found.extend(from.map(|from| (&text[from..], from)));
    found.into_iter()
}
