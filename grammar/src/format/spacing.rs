//! Whether a space stands between two tokens of a line.

use super::pieces::Piece;
use crate::tokens::Token;

/// What tokens are among.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Among {
    /// The tokens of an entry, in no brackets; the entry begins with the piece of this index.
    Entry(usize),
    /// The items of a list in parentheses, or in the braces of a `use`.
    List,
    /// Square brackets.
    Square,
}

/// Whether a space stands before the piece of this index, which is not the first.
pub(super) fn spaced(pieces: &[Piece<'_>], at: usize, among: Among) -> bool {
    use Token::*;
    let (before, piece) = (&pieces[at - 1], &pieces[at]);
    let (Some(left), Some(right)) = (before.token, piece.token) else { return false };
    match (left, right) {
        (OpenParen | OpenBracket | Dot | Colons | Dots, _) => false,
        (_, Semicolon | Comma | CloseParen | CloseBracket | Dot | Colons | Dots) => false,
        (Sign(_), OpenParen) => false,
        (Minus, _) if is_sign(pieces, at - 1) => false,
        (_, Minus) if is_sign(pieces, at) => true,
        (Lt, _) if is_angle(pieces, at - 1, among) => false,
        (_, Lt | Gt) if is_angle(pieces, at, among) => false,
        (Gt, OpenParen) if is_angle(pieces, at - 1, among) => false,
        (_, Colon) => colon_stands_apart(pieces, at, among),
        (_, OpenParen) => !is_name(pieces, at - 1) || is_tuple(pieces, at, among),
        (_, OpenBracket) => !is_name(pieces, at - 1) && !matches!(left, CloseBracket | CloseParen),
        (_, operator) if is_arithmetic(operator) => stands_apart(pieces, at),
        (operator, _) if is_arithmetic(operator) => stands_apart(pieces, at - 1),
        _ => true,
    }
}

/// Whether a `-` belongs to the number behind it: nothing that it could be taken from stands before it.
fn is_sign(pieces: &[Piece<'_>], at: usize) -> bool {
    use Token::*;
    let Some(before) = at.checked_sub(1).and_then(|before| pieces[before].token) else { return true };
    let opens = matches!(before, OpenParen | OpenBracket | Comma | Equals | Dots | Colon | In | And | Or | Not);
    opens || is_arithmetic(before) || matches!(before, Eq | Ne | Lt | Le | Gt | Ge)
}

/// `rfb A : B`, `environment A : B` and `[L3+96 : 32]`, but `port inout lan: Ip4`.
fn colon_stands_apart(pieces: &[Piece<'_>], at: usize, among: Among) -> bool {
    match among {
        Among::Entry(first) => is_header(&pieces[first]) && !is_in_angles(&pieces[first..at]),
        Among::List => false,
        Among::Square => true,
    }
}

/// The first word of an item that has parents.
fn is_header(piece: &Piece<'_>) -> bool {
    piece.is(Token::Rfb) || piece.is(Token::Abstract) || piece.is(Token::Environment)
}

/// Whether a `<` is still open.
fn is_in_angles(pieces: &[Piece<'_>]) -> bool {
    let last = pieces.iter().rev().find(|piece| piece.is(Token::Lt) || piece.is(Token::Gt));
    last.is_some_and(|piece| piece.is(Token::Lt))
}

/// `F<Eth, Ip4>`, where a comparison cannot stand.
fn is_angle(pieces: &[Piece<'_>], at: usize, among: Among) -> bool {
    let Among::Entry(first) = among else { return false };
    let entry = &pieces[first];
    (is_header(entry) || entry.is(Token::Part) || entry.is(Token::Deploy))
        && !pieces[first..at].iter().any(|piece| piece.is(Token::Where))
}

/// A name, which a reserved word is behind a dot.
fn is_name(pieces: &[Piece<'_>], at: usize) -> bool {
    pieces[at].is_name() || pieces[at].is_word() && follows_dot(pieces, at)
}

/// Whether the piece of this index follows a dot.
pub(super) fn follows_dot(pieces: &[Piece<'_>], at: usize) -> bool {
    at > 0 && pieces[at - 1].is(Token::Dot)
}

/// `insert f in flows (…)` and `by unique (…)`: no calls.
fn is_tuple(pieces: &[Piece<'_>], at: usize, among: Among) -> bool {
    let insert = matches!(among, Among::Entry(first) if pieces[first].is(Token::Insert) && at == first + 4);
    insert || (at >= 2 && pieces[at - 1].is(Token::Unique) && pieces[at - 2].is(Token::By))
}

fn is_arithmetic(token: Token<'_>) -> bool {
    use Token::*;
    matches!(token, Plus | Minus | Star | Slash | Ampersand | Bar | Caret | Shl | Shr)
}

/// Whether an operator has a space on either side.
fn stands_apart(pieces: &[Piece<'_>], at: usize) -> bool {
    !pieces[at].gap.is_empty() || pieces.get(at + 1).is_some_and(|next| !next.gap.is_empty())
}
