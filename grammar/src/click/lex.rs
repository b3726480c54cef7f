//! The tokens of Click. What stands in parentheses behind a class is one token, since other rules hold in there.

use logos::{Lexer, Logos};

/// A token with where it stands in the text.
pub(super) type Spanned<'s> = (Token<'s>, std::ops::Range<usize>);

/// A token.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(skip r"[ \t\r\n\f]+")]
#[logos(skip(r"(//|#)[^\n]*", allow_greedy = true))]
#[logos(skip r"/\*([^*]|\*+[^*/])*\*+/")]
#[rustfmt::skip]
pub(super) enum Token<'s> {
    /// A name, a class, a keyword or a number.
    #[regex(r"[A-Za-z0-9_@]+(/[A-Za-z0-9_@]+)*")] Word(&'s str),
    #[regex(r"\$[A-Za-z0-9_]+")]
    #[regex(r"\$\{[A-Za-z0-9_]+\}")] Variable(&'s str),
    #[token("::")] Colons,
    #[token("->")] Arrow,
    #[token("=>")] Spread,
    #[token(",")] Comma,
    #[token(";")] Semicolon,
    #[token("[")] Bracket,
    #[token("]")] BracketEnd,
    #[token("{")] Brace,
    #[token("}")] BraceEnd,
    /// Of a group; a configuration is a token of its own.
    #[token("(")] Paren,
    #[token(")")] ParenEnd,
    #[token("|")] Bar,
    #[token("||")] Bars,
    #[token("...")] Dots,
    #[token("-")] Dash,
    /// `(…)` behind a class: the text between the parentheses.
    Configuration(&'s str),
    /// The same without its `)`; the text is that of the line.
    OpenConfiguration(&'s str),
    /// What is nothing else.
    Stray,
}

/// All tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Spanned<'_>> {
    let mut lexer: Lexer<'_, Token<'_>> = Token::lexer(text);
    let mut found: Vec<Spanned<'_>> = Vec::new();
    while let Some(token) = lexer.next() {
        let (mut token, start) = (token.unwrap_or(Token::Stray), lexer.span().start);
        let is_behind_class = matches!(found.last(), Some((Token::Word(_) | Token::BraceEnd, _)));
        if token == Token::Paren && is_behind_class {
            let rest = lexer.remainder();
            token = match configuration_length(rest) {
                Some(length) => {
                    lexer.bump(length + 1);
                    Token::Configuration(&rest[..length])
                }
                None => {
                    let length = rest.find('\n').unwrap_or(rest.len());
                    lexer.bump(length);
                    Token::OpenConfiguration(&rest[..length])
                }
            };
        }
        found.push((token, start..lexer.span().end));
    }
    found
}

/// The length of a configuration, given the text behind its `(`: up to its `)`, where quotes, comments and further
/// parentheses may stand inside. None if it has no end.
fn configuration_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            b'(' => depth += 1,
            b')' if depth == 0 => return Some(at),
            b')' => depth -= 1,
            b'"' | b'\'' | b'/' | b'\\' => at += opaque_length(&bytes[at..]).saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The length of the quoted text or comment that a text begins with, or 0.
pub(super) fn opaque_length(text: &[u8]) -> usize {
    match text {
        [b'"', ..] => quoted_length(text),
        [b'\'', rest @ ..] => position(rest, b"'").map_or(0, |end| end + 2),
        [b'\\', b'<', ..] => position(text, b">").map_or(0, |end| end + 1),
        _ => comment_length(text),
    }
}

/// The length of the comment that a text begins with, or 0.
pub(super) fn comment_length(text: &[u8]) -> usize {
    match text {
        [b'/', b'/', ..] => position(text, b"\n").unwrap_or(text.len()),
        [b'/', b'*', rest @ ..] => position(rest, b"*/").map_or(text.len(), |end| end + 4),
        _ => 0,
    }
}

fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn quoted_length(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    0
}
