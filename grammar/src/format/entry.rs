//! What the entries of a body are: the members, clauses and statements that stand in braces, and the items of a file.
//!
//! Only items without errors come here, so that the first words tell all.

use super::columns::Slot;
use super::pieces::Piece;
use super::spacing::follows_dot;
use crate::tokens::Token;

/// What stands in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// A file.
    Items,
    /// `rfb A { … }`
    Rfb,
    /// `substrate lab { … }`
    Substrate,
    /// `behaviour sefl { … }`
    Sefl,
    /// `state flows { … }`
    State,
    /// `lifecycle { … }`
    Lifecycle,
    /// `ensures a -> b { … }`
    Claims,
    /// `impl guest on kvm { … }` and the like; the places of a deployment.
    Attributes,
    /// SEFL statements and arms.
    Statements,
}

impl Body {
    /// What the braces of an entry hold that begins with this token.
    pub(super) fn of_entry(self, first: Option<Token<'_>>) -> Body {
        use Token::*;
        match (self, first) {
            (Body::Items, Some(Rfb | Abstract)) => Body::Rfb,
            (Body::Items, Some(Token::Substrate)) => Body::Substrate,
            (Body::Items, _) => Body::Attributes,
            (Body::Rfb, Some(If | Rfb | Abstract)) => Body::Rfb,
            (Body::Rfb, Some(Behaviour)) => Body::Sefl,
            (Body::Rfb, Some(Token::Lifecycle)) => Body::Lifecycle,
            (Body::Rfb, Some(Ensures)) => Body::Claims,
            (Body::Rfb, _) => Body::Attributes,
            (Body::Sefl, Some(Token::State)) => Body::State,
            (Body::Sefl, _) => Body::Statements,
            (Body::Substrate, _) => Body::Attributes,
            (Body::State | Body::Lifecycle | Body::Claims | Body::Attributes | Body::Statements, _) => Body::Statements,
        }
    }
}

/// What makes entries neighbours that can be lined up: the word they begin with, or the sign that makes them one.
pub(super) fn kind<'s>(body: Body, entry: &[Piece<'s>]) -> Option<&'s str> {
    let text = |at: usize| entry.get(at).map_or("", |piece| piece.text);
    match body {
        Body::Items | Body::Rfb | Body::Sefl | Body::Lifecycle => Some(text(0)),
        Body::Substrate | Body::State => Some("clause"),
        Body::Claims => None,
        Body::Attributes | Body::Statements => sign(entry).map(text),
    }
}

/// The `=` or `at` of an attribute, an assignment or a pin, in no brackets.
fn sign(entry: &[Piece<'_>]) -> Option<usize> {
    let mut depth = 0usize;
    for (at, piece) in entry.iter().enumerate() {
        match piece.token? {
            Token::OpenParen | Token::OpenBracket => depth += 1,
            Token::CloseParen | Token::CloseBracket => depth = depth.saturating_sub(1),
            Token::Equals if depth == 0 => return Some(at),
            Token::At if depth == 0 && !follows_dot(entry, at) => return Some(at),
            Token::Semicolon | Token::OpenBrace | Token::CloseBrace => return None,
            _ => {}
        }
    }
    None
}

/// The column, if any, before the piece with this index in an entry, which is in no brackets.
pub(super) fn slot(body: Body, entry: &[Piece<'_>], at: usize) -> Option<Slot> {
    use Token::*;
    let token = |at: usize| entry.get(at).and_then(|piece| piece.token);
    let (first, before, here) = (token(0)?, token(at.checked_sub(1)?)?, token(at)?);
    match (body, first) {
        (Body::Items, Deploy) => match here {
            On => Some(Slot::Word),
            As => Some(Slot::Inside),
            OpenBrace => Some(Slot::Brace),
            _ => None,
        },
        (Body::Items | Body::Rfb, Stack) => (here == Equals).then_some(Slot::Inside),
        (Body::Rfb, Impl) => match here {
            On => Some(Slot::Inside),
            OpenBrace => Some(Slot::Brace),
            _ => None,
        },
        (Body::Rfb, Wire) => match here {
            Both | Distribute => (!entry[..at].iter().any(|p| p.is(Both) || p.is(Distribute))).then_some(Slot::Inside),
            OpenBrace => Some(Slot::Brace),
            _ => None,
        },
        (Body::Rfb, Port) if at == 2 => Some(Slot::Word),
        (Body::Rfb, Port | Part | Ensures | Sla) => (before == Colon).then_some(Slot::Colon),
        (Body::Sefl, On) => (here == OpenBrace).then_some(Slot::Brace),
        (Body::State, _) => (at == 1).then_some(Slot::Word),
        (Body::Lifecycle, On) => (at == 2 && !matches!(here, Semicolon | Colon)).then_some(Slot::Word),
        (Body::Substrate, _) => match (before, here) {
            (Colon, _) => Some(Slot::Colon),
            (_, OpenBrace) => Some(Slot::Brace),
            _ => None,
        },
        (Body::Attributes | Body::Statements, _) => (sign(entry) == Some(at)).then_some(Slot::Inside),
        (Body::Items | Body::Rfb | Body::Sefl | Body::Lifecycle | Body::Claims, _) => None,
    }
}

/// Whether a clause begins here that may have a line of its own.
pub(super) fn begins_clause(pieces: &[Piece<'_>], at: usize) -> bool {
    use Token::*;
    let word = match pieces[at].token {
        Some(When | Given | Except | Pre | Post | Within | Undo) => true,
        Some(Where) => in_header(pieces, at),
        _ => false,
    };
    word && !follows_dot(pieces, at)
}

/// Whether this stands before the braces of an RFB.
fn in_header(pieces: &[Piece<'_>], at: usize) -> bool {
    let header = pieces[..at].iter().rposition(|piece| piece.is(Token::Rfb));
    header.is_some_and(|rfb| at > rfb + 1 && !pieces[rfb..at].iter().any(|piece| piece.is(Token::OpenBrace)))
}

/// Whether an arm begins here.
pub(super) fn begins_arm(pieces: &[Piece<'_>], at: usize) -> bool {
    let is = |at: usize, token| pieces.get(at).is_some_and(|piece| piece.is(token));
    match pieces[at].token {
        Some(Token::Else | Token::Full | Token::Clash) => true,
        Some(Token::Row) => is(at + 2, Token::Colon),
        _ => false,
    }
}
