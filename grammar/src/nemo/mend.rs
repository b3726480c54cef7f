//! Mends a statement that the grammar does not take: one complaint for each mistake, and tokens that are worth another
//! attempt.

use crate::context::Context;
use crate::nemo::cut::Spanned;
use crate::nemo::messages::{self, Expected, Meant};
use crate::nemo::settle::Subject;
use crate::nemo::tokens::Token;
use crate::nemo::words::Keyword;
use lalrpop_util::ParseError;
use logos::Logos;
use rdcl_base::{Diagnostic, Span};
use std::convert::Infallible;

/// How often a statement is mended, which keeps the work linear.
const MOST_REPAIRS: usize = 12;

type Fault = Diagnostic<Span>;

/// What has been done to a statement so far.
pub(crate) struct Mender {
    /// The token behind the statement.
    after: Span,
    repairs: usize,
    /// Where the last complaint is.
    reported: Option<u32>,
    /// Something was left out.
    pub(crate) broken: bool,
}

/// What to do about an error.
enum Repair<'s> {
    /// Put other tokens in the place of some.
    Splice(usize, usize, Vec<Spanned<'s>>),
    /// Leave out the clause that this token is in.
    Drop,
}

impl Mender {
    /// A mender of the statement before this token.
    pub(crate) fn new(after: Span) -> Mender {
        Mender { after, repairs: 0, reported: None, broken: false }
    }

    /// Complains of an error and mends the tokens. False if nothing can be made of them.
    pub(crate) fn mend<'s>(
        &mut self,
        ctx: &mut Context<'s>,
        tokens: &mut Vec<Spanned<'s>>,
        error: &ParseError<u32, Token<'s>, Infallible>,
    ) -> bool {
        self.repairs += 1;
        let (at, expected) = place(tokens, error);
        let expected = Expected::new(expected, Subject::of(tokens));
        let (repair, fault) = self.diagnose(ctx, tokens, at, &expected);
        let fault = fault.filter(|fault| self.reported.is_none_or(|before| fault.primary.start > before));
        let news = fault.is_some();
        if let Some(fault) = fault {
            self.reported = Some(fault.primary.start);
            ctx.error(fault);
        }
        if self.repairs > MOST_REPAIRS {
            return false;
        }
        match repair {
            Repair::Splice(start, end, new) => {
                tokens.splice(start..end, new);
                true
            }
            Repair::Drop => {
                self.broken = true;
                (news || tokens.get(at).is_some_and(|(token, _)| *token == Token::Bad)) && drop_clause(tokens, at)
            }
        }
    }

    fn diagnose<'s>(
        &self,
        ctx: &Context<'s>,
        tokens: &[Spanned<'s>],
        at: usize,
        expected: &Expected<'_>,
    ) -> (Repair<'s>, Option<Fault>) {
        let Some((token, span)) = tokens.get(at).copied() else {
            return (Repair::Drop, Some(messages::ends_early(ctx.text, tokens, self.after, expected)));
        };
        if token == Token::Bad {
            return (Repair::Drop, None);
        }
        if token == Token::Less {
            if let Some(end) = placeholder(ctx.text, tokens, at) {
                return replaced_placeholder(ctx.text, tokens, at, end, expected);
            }
        }
        if let Token::Word(word) = token {
            if let Some((repair, fault)) = mended_word(ctx, tokens, at, word, expected) {
                return (repair, Some(fault));
            }
        }
        if let Some(sign) = expected.missing_sign(tokens, at) {
            let place = Span::new(span.start, span.start);
            let fault = messages::missing_sign(ctx.text, tokens, at, sign);
            let token = if sign == ":" { Token::Colon } else { Token::Comma };
            return (Repair::Splice(at, at, vec![(token, place)]), Some(fault));
        }
        (Repair::Drop, Some(messages::unexpected(ctx.text, span, token, expected)))
    }
}

/// Which token is wrong, and what could have stood there.
fn place<'e>(tokens: &[Spanned<'_>], error: &'e ParseError<u32, Token<'_>, Infallible>) -> (usize, &'e [String]) {
    match error {
        ParseError::UnrecognizedToken { token: (l, _, r), expected } => (index(tokens, *l, *r), expected),
        ParseError::UnrecognizedEof { expected, .. } => (tokens.len(), expected),
        ParseError::ExtraToken { token: (l, _, r) } => (index(tokens, *l, *r), &[]),
        ParseError::InvalidToken { .. } => (tokens.len(), &[]),
        ParseError::User { error } => match *error {},
    }
}

fn index(tokens: &[Spanned<'_>], l: u32, r: u32) -> usize {
    tokens.iter().position(|(_, at)| (at.start, at.end) == (l, r)).unwrap_or(tokens.len())
}

/// Leaves out the clause that a token is in, or what follows the head of the statement, up to the next clause.
fn drop_clause(tokens: &mut Vec<Spanned<'_>>, at: usize) -> bool {
    let begins = |(token, _): &Spanned<'_>| token.keyword().is_some_and(Keyword::begins_clause);
    let head = Subject::of(tokens).head_length();
    let start = tokens[..at].iter().rposition(begins).filter(|start| *start >= head);
    let next = |from: usize| tokens[from..].iter().position(begins).map_or(tokens.len(), |n| from + n);
    let (start, end) = match (start, head) {
        (Some(start), _) => (start, next(at.max(start + 1))),
        (None, 1..) if (head..tokens.len()).contains(&at) => (at, next(at + 1)),
        (None, _) => return false,
    };
    tokens.drain(start..end.max(start));
    true
}

/// A word that was meant as a keyword, or that holds one.
fn mended_word<'s>(
    ctx: &Context<'s>,
    tokens: &[Spanned<'s>],
    at: usize,
    word: &'s str,
    expected: &Expected<'_>,
) -> Option<(Repair<'s>, Fault)> {
    let span = tokens[at].1;
    let before_name = matches!(tokens.get(at + 1), Some((Token::Word(_) | Token::Str(_), _)));
    let glued = |suffix: bool| {
        if suffix { glued_before(ctx, tokens, at, expected) } else { glued_here(word, span, at, expected) }
    };
    if !before_name {
        if let Some(found) = glued(false) {
            return Some(found);
        }
    }
    if let Some(Meant { word: meant, keyword, .. }) = expected.meant(word) {
        let new = vec![(Token::Keyword((meant, keyword)), span)];
        return Some((Repair::Splice(at, at + 1, new), messages::misspelt(word, span, meant, expected)));
    }
    glued(false).or_else(|| glued(true))
}

/// `Connectiondmz1`: a keyword and a name.
fn glued_here<'s>(word: &'s str, span: Span, at: usize, expected: &Expected<'_>) -> Option<(Repair<'s>, Fault)> {
    let (spelling, keyword) = expected.longest(|spelling| word.starts_with(spelling) && word.len() > spelling.len())?;
    let rest = &word[spelling.len()..];
    let middle = span.start + spelling.len() as u32;
    let mut lexer = Token::lexer(rest);
    let (Some(Ok(token)), None) = (lexer.next(), lexer.next()) else { return None };
    let new = vec![
        (Token::Keyword((spelling, keyword)), Span::new(span.start, middle)),
        (token.classified(), Span::new(middle, span.end)),
    ];
    Some((Repair::Splice(at, at + 1, new), messages::glued(word, span, spelling, rest)))
}

/// `aType fw`, where the second word is not expected: a name and a keyword.
fn glued_before<'s>(
    ctx: &Context<'s>,
    tokens: &[Spanned<'s>],
    at: usize,
    expected: &Expected<'_>,
) -> Option<(Repair<'s>, Fault)> {
    let (Token::Word(word), span) = *tokens.get(at.checked_sub(1)?)? else { return None };
    let (spelling, keyword) = expected.longest(|spelling| word.ends_with(spelling) && word.len() > spelling.len())?;
    let name = &word[..word.len() - spelling.len()];
    let middle = span.end - spelling.len() as u32;
    let name_span = Span::new(span.start, middle);
    let name = name.trim_end_matches('-');
    let shown = &ctx.text[span.start as usize..span.end as usize];
    let new = vec![(Token::Word(name), name_span), (Token::Keyword((spelling, keyword)), Span::new(middle, span.end))];
    Some((Repair::Splice(at - 1, at, new), messages::glued(shown, span, name, spelling)))
}

/// The end of `<name>`, which begins at a token.
fn placeholder(text: &str, tokens: &[Spanned<'_>], at: usize) -> Option<usize> {
    let close = tokens[at + 1..].iter().take(8).position(|(token, _)| *token == Token::Greater)? + at + 1;
    let span = Span::new(tokens[at].1.start, tokens[close].1.end);
    (close > at + 1 && !text[span.start as usize..span.end as usize].contains('\n')).then_some(close + 1)
}

fn replaced_placeholder<'s>(
    text: &'s str,
    tokens: &[Spanned<'s>],
    at: usize,
    end: usize,
    expected: &Expected<'_>,
) -> (Repair<'s>, Option<Fault>) {
    let span = Span::new(tokens[at].1.start, tokens[end - 1].1.end);
    let shown = &text[span.start as usize..span.end as usize];
    let inner = &shown[1..shown.len() - 1];
    let fault = Some(messages::placeholder(shown, span, expected));
    let token = match () {
        () if expected.has("word") => Token::Word(inner),
        () if expected.has("int") => Token::Int(0),
        () if expected.has("uri") => Token::Uri(inner),
        () => return (Repair::Drop, fault),
    };
    (Repair::Splice(at, end, vec![(token, span)]), fault)
}
