//! Mends a statement that the grammar does not take: one complaint for each mistake, and tokens that are worth another
//! attempt.

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
    /// What is wrong with the brackets.
    brackets: Vec<Fault>,
    /// What else is wrong.
    found: Vec<Fault>,
    /// Something was left out, or is not certain.
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
    pub(crate) fn new(after: Span, brackets: Vec<Fault>) -> Mender {
        Mender { after, repairs: 0, broken: !brackets.is_empty(), brackets, found: Vec::new() }
    }

    /// What is wrong with the statement. Brackets and other mistakes have one cause, which shows first.
    pub(crate) fn faults(self) -> Vec<Fault> {
        let mut faults = self.found;
        if !self.brackets.is_empty() {
            faults.extend(self.brackets);
            faults.sort_by_key(|fault| fault.primary);
            faults.truncate(1);
        }
        faults
    }

    /// Complains of an error and mends the tokens. False if nothing can be made of them.
    pub(crate) fn mend<'s>(
        &mut self,
        text: &'s str,
        tokens: &mut Vec<Spanned<'s>>,
        error: &ParseError<u32, Token<'s>, Infallible>,
    ) -> bool {
        self.repairs += 1;
        let (at, expected) = place(tokens, error);
        let expected = Expected::new(expected, Subject::of(tokens));
        let (repair, fault) = self.diagnose(text, tokens, at, &expected);
        let fault = fault.filter(|fault| self.found.last().is_none_or(|last| fault.primary.start > last.primary.start));
        let news = fault.is_some();
        // Behind what was left out, only what is certain is said.
        self.found.extend(fault.filter(|fault| !self.broken || fault.fix.is_some() || !self.brackets.is_empty()));
        if self.repairs > MOST_REPAIRS {
            return false;
        }
        match repair {
            Repair::Splice(start, end, new) => {
                // A sign that is put in may be the wrong one.
                self.broken |= start == end;
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
        text: &'s str,
        tokens: &[Spanned<'s>],
        at: usize,
        expected: &Expected<'_>,
    ) -> (Repair<'s>, Option<Fault>) {
        let Some((token, span)) = tokens.get(at).copied() else {
            return (Repair::Drop, Some(messages::ends_early(text, tokens, self.after, expected)));
        };
        if token == Token::Bad {
            return (Repair::Drop, None);
        }
        if token == Token::Less
            && let Some(end) = placeholder(text, tokens, at)
        {
            return replaced_placeholder(text, tokens, at, end, expected);
        }
        if let Token::Word(word) = token
            && let Some((repair, fault)) = mended_word(text, tokens, at, word, expected)
        {
            return (repair, Some(fault));
        }
        if let Some(sign) = expected.missing_sign(tokens, at) {
            let place = Span::new(span.start, span.start);
            let fault = messages::missing_sign(text, tokens, at, sign);
            let token = if sign == ":" { Token::Colon } else { Token::Comma };
            return (Repair::Splice(at, at, vec![(token, place)]), Some(fault));
        }
        (Repair::Drop, Some(messages::unexpected(text, span, token, expected)))
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
    if let Some(query) = query_around(tokens, at) {
        tokens.drain(query);
        return true;
    }
    let head = Subject::of(tokens).head_length();
    let start = tokens[..at].iter().rposition(begins).filter(|start| *start >= head);
    let of_interface = |start: &usize| tokens[*start].0.keyword() == Some(Keyword::Vnfd) && *start > head;
    let start = start.map(|start| if of_interface(&start) && begins(&tokens[start - 1]) { start - 1 } else { start });
    let next = |from: usize| tokens[from..].iter().position(begins).map_or(tokens.len(), |n| from + n);
    let (start, end) = match (start, head) {
        (Some(start), _) => (start, next(at.max(start + 1))),
        (None, 1..) if (head..tokens.len()).contains(&at) => (at, next(at + 1)),
        (None, _) => return false,
    };
    tokens.drain(start..end.max(start));
    true
}

/// The query in parentheses, behind the name of a notification, that a token is in.
fn query_around(tokens: &[Spanned<'_>], at: usize) -> Option<std::ops::Range<usize>> {
    let start =
        tokens.iter().position(|(token, _)| token.keyword() == Some(Keyword::Query)).filter(|start| *start > 0)?;
    let end = tokens[start..].iter().position(|(token, _)| *token == Token::CloseParen)? + start;
    (start..=end).contains(&at).then_some(start - 1..end + 1)
}

/// A word that was meant as a keyword, or that holds one.
fn mended_word<'s>(
    text: &'s str,
    tokens: &[Spanned<'s>],
    at: usize,
    word: &'s str,
    expected: &Expected<'_>,
) -> Option<(Repair<'s>, Fault)> {
    let span = tokens[at].1;
    let before_name = matches!(tokens.get(at + 1), Some((Token::Word(_) | Token::Str(_), _)));
    let glued = |suffix: bool| {
        if suffix { glued_before(text, tokens, at, expected) } else { glued_here(word, span, at, expected) }
    };
    if !before_name && let Some(found) = glued(false) {
        return Some(found);
    }
    if let Some(Meant { word: meant, keyword, .. }) = expected.meant(word) {
        let new = vec![(Token::Keyword((meant, keyword)), span)];
        return Some((Repair::Splice(at, at + 1, new), messages::misspelt(word, span, meant, expected)));
    }
    let no_verb = || {
        let before_entity = tokens.get(1).and_then(|(token, _)| token.keyword()).is_some_and(|k| k.entity().is_some());
        let new = vec![(Token::Keyword(("CREATE", Keyword::Create)), span)];
        (at == 0 && before_entity).then(|| (Repair::Splice(0, 1, new), messages::no_verb(word, span)))
    };
    glued(false).or_else(|| glued(true)).or_else(no_verb)
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
    text: &'s str,
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
    let shown = &text[span.start as usize..span.end as usize];
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
