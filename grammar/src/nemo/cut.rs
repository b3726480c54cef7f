//! Cuts the tokens of a NEMO text into statements.
//!
//! A `;` ends a statement, and so does a word that can only begin one: most dialects leave the `;` out. Hence a mistake
//! stays in its statement. Labels, `...` and the braces around statements are pieces of their own.

use crate::context::Context;
use crate::nemo::brackets::never_closed;
use crate::nemo::messages::near;
use crate::nemo::tokens::Token;
use crate::nemo::words::{Keyword, spellings};
use rdcl_base::Span;
use std::ops::Range;

/// A token and where it stands.
pub(crate) type Spanned<'s> = (Token<'s>, Span);

/// A piece of a text, by the indices of its tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    /// The tokens of a statement, and whether a `;` follows.
    Statement(Range<usize>, bool),
    /// `P1:`
    Label(usize),
    /// `...`
    Ellipsis(usize),
    /// `{` around statements
    Open(usize),
    /// `}`
    Close(usize),
}

/// Cuts the tokens of a text.
pub(crate) fn cut<'s>(ctx: &mut Context<'s>, tokens: &mut [Spanned<'s>]) -> Vec<Piece> {
    let text = ctx.text;
    let mut cutter = Cutter { text, pieces: Vec::new(), start: None, braces: 0, blocks: Vec::new(), lost: 0 };
    let mut at = 0;
    while at < tokens.len() {
        at = cutter.step(tokens, at);
    }
    cutter.finish(tokens.len(), false);
    cutter.blocks.iter().for_each(|at| ctx.error(never_closed(text, *at, "the end of the text")));
    cutter.pieces
}

struct Cutter<'s> {
    text: &'s str,
    pieces: Vec<Piece>,
    /// The first token of the statement at hand.
    start: Option<usize>,
    /// Its open braces.
    braces: usize,
    /// The open braces around statements.
    blocks: Vec<Span>,
    /// Braces that statements left open.
    lost: usize,
}

impl<'s> Cutter<'s> {
    /// Looks at a token, and says which one is next.
    fn step(&mut self, tokens: &mut [Spanned<'s>], at: usize) -> usize {
        let (token, span) = tokens[at];
        match token {
            Token::Semicolon => self.finish(at, true),
            Token::Ellipsis => self.apart(at, Piece::Ellipsis(at)),
            Token::OpenBrace if self.start.is_some() && takes_brace(tokens[at - 1].0) => self.braces += 1,
            Token::OpenBrace => {
                self.apart(at, Piece::Open(at));
                self.blocks.push(span);
            }
            Token::CloseBrace if self.start.is_some() && self.braces > 0 => self.braces -= 1,
            Token::CloseBrace => self.close(at),
            Token::Word(word) if self.is_verb(tokens, at, word) => {
                self.finish(at, false);
                self.start = Some(at);
            }
            Token::Word(_) if self.is_label(tokens, at) => {
                self.apart(at, Piece::Label(at));
                return at + 2;
            }
            Token::Keyword((_, keyword)) if keyword.begins_statement() => match self.within(tokens, at, keyword) {
                Within::Action => tokens[at].0 = Token::Word(&self.text[span.start as usize..span.end as usize]),
                Within::Statement => {}
                Within::None => {
                    self.finish(at, false);
                    self.start = Some(at);
                }
            },
            _ => self.start = self.start.or(Some(at)),
        }
        at + 1
    }

    /// The statement at hand ends before this token.
    fn finish(&mut self, end: usize, terminated: bool) {
        if let Some(start) = self.start.take() {
            self.pieces.push(Piece::Statement(start..end, terminated));
        }
        self.lost += std::mem::take(&mut self.braces);
    }

    /// Something that belongs to no statement.
    fn apart(&mut self, at: usize, piece: Piece) {
        self.finish(at, false);
        self.pieces.push(piece);
    }

    fn close(&mut self, at: usize) {
        if self.blocks.pop().is_some() {
            self.apart(at, Piece::Close(at));
        } else if self.lost > 0 {
            self.lost -= 1;
            self.finish(at, false);
        } else {
            // It belongs to the statement, and is complained of there.
            self.start = self.start.or(Some(at));
        }
    }

    /// What a word that may begin a statement is part of.
    fn within(&self, tokens: &[Spanned<'_>], at: usize, keyword: Keyword) -> Within {
        let Some(start) = self.start else { return Within::None };
        let before = |n: usize| (at >= start + n).then(|| tokens[at - n].0);
        let verb = before(1).and_then(|token| token.keyword()).filter(|verb| at == start + 1 && verb.is_verb());
        let in_braces = before(1) == Some(Token::OpenBrace);
        let acts = |token: Option<Token<'_>>| token.and_then(|token| token.keyword()) == Some(Keyword::Action);
        let meant_as_verb = at == start + 1 && matches!(before(1), Some(Token::Word(_)));
        let in_query = keyword == Keyword::Query && before(1) == Some(Token::OpenParen);
        if in_query || (verb.is_some() || meant_as_verb) && keyword.entity().is_some() {
            Within::Statement
        } else if (keyword.entity().is_some() || keyword == Keyword::Un)
            && (acts(before(1)) || in_braces && acts(before(2)))
        {
            Within::Action
        } else {
            Within::None
        }
    }

    /// A word before a kind of entity, where a verb belongs: a statement begins, or a line, and then it looks like one.
    fn is_verb(&self, tokens: &[Spanned<'_>], at: usize, word: &str) -> bool {
        let before_entity =
            tokens.get(at + 1).and_then(|(token, _)| token.keyword()).is_some_and(|k| k.entity().is_some());
        let Some(before) = at.checked_sub(1).map(|n| tokens[n].1.end) else { return before_entity };
        let begins_line = || self.breaks(before, tokens[at].1.start) && ends_value(tokens[at - 1].0);
        before_entity && (self.start.is_none() || begins_line() && looks_like_verb(word))
    }

    /// `P1:` at the end of a line, where no key is expected.
    fn is_label(&self, tokens: &[Spanned<'_>], at: usize) -> bool {
        let word = tokens[at].1;
        let Some((Token::Colon, colon)) = tokens.get(at + 1).copied() else { return false };
        let ends_line = match tokens.get(at + 2) {
            Some((_, next)) => self.breaks(colon.end, next.start),
            None => true,
        };
        let free =
            self.start.is_none() || ends_value(tokens[at - 1].0) && self.breaks(tokens[at - 1].1.end, word.start);
        word.end == colon.start && ends_line && free
    }

    /// Whether a line ends between two places.
    fn breaks(&self, from: u32, to: u32) -> bool {
        self.text[from as usize..to as usize].contains('\n')
    }
}

/// What a word that may begin a statement is part of.
enum Within {
    /// An action of draft-xia-sdnrg-nemo-language-00, such as `Action Node`.
    Action,
    /// The statement that its verb began.
    Statement,
    /// Nothing: it begins a statement.
    None,
}

fn looks_like_verb(word: &str) -> bool {
    let verbs = || spellings().filter(|(_, keyword)| keyword.is_verb());
    let same = verbs().any(|(verb, _)| verb.eq_ignore_ascii_case(word));
    same || near(&word.to_ascii_lowercase(), verbs()).is_some()
}

/// Whether braces behind a token belong to the statement.
fn takes_brace(before: Token<'_>) -> bool {
    use Keyword::*;
    match before {
        Token::Keyword((_, keyword)) => matches!(
            keyword,
            Property
                | Match
                | UnMatch
                | Sla
                | Action
                | EndNodes
                | Contain
                | Condition
                | Constraint
                | Value
                | Every
                | Address
        ),
        Token::Comma | Token::Colon | Token::OpenParen | Token::OpenBracket | Token::OpenBrace => true,
        _ => false,
    }
}

/// Whether a statement may end with a token.
fn ends_value(token: Token<'_>) -> bool {
    use Keyword::*;
    match token.keyword() {
        Some(At | As | True | False | Transaction | Begin | End | Commit | Withdraw | On | Every | Port | Value) => {
            true
        }
        Some(User | Name | Address | Mask) => true,
        Some(_) => false,
        None => ends_clause(token),
    }
}

fn ends_clause(token: Token<'_>) -> bool {
    !matches!(
        token,
        Token::Comma | Token::Colon | Token::Dot | Token::OpenParen | Token::OpenBracket | Token::OpenBrace
    )
}
