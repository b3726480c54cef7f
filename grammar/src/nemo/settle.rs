//! Settles what the tokens of a statement are where that depends on their surroundings.
//!
//! Words that are keywords in one place only are names elsewhere: `ConnectionPoint as;`, `Property Port: 80`. The ends
//! behind `Type p2p`, which some drafts write without `EndNodes`, get that word, spelled as nothing.

use crate::nemo::cut::Spanned;
use crate::nemo::tokens::Token;
use crate::nemo::words::Keyword;
use rdcl_base::Span;

/// The tokens as the grammar takes them.
pub(crate) fn settled<'s>(tokens: &[Spanned<'s>]) -> Vec<Spanned<'s>> {
    let subject = Subject::of(tokens);
    let mut settled = Vec::with_capacity(tokens.len() + 1);
    for (at, (token, span)) in tokens.iter().enumerate() {
        if subject.kind == Some(Keyword::Connection) && has_bare_ends(tokens, at) {
            settled.push((Token::Keyword(("", Keyword::EndNodes)), Span::new(span.start, span.start)));
        }
        let keyword = token.keyword().filter(|keyword| is_soft(*keyword) && !subject.needs(tokens, at, *keyword));
        settled.push((if keyword.is_some() { plain(*token) } else { *token }, *span));
    }
    settled
}

/// What a statement is about.
#[derive(Debug)]
pub(crate) struct Subject {
    /// Its first keyword.
    pub(crate) head: Option<Keyword>,
    /// The kind of entity, and where it stands.
    pub(crate) kind: Option<Keyword>,
    at: usize,
    has_query: bool,
}

impl Subject {
    pub(crate) fn of(tokens: &[Spanned<'_>]) -> Subject {
        let keyword = |at: usize| tokens.get(at).and_then(|(token, _)| token.keyword());
        let at = usize::from(keyword(0).is_some_and(Keyword::is_verb));
        let kind = keyword(at).filter(|keyword| keyword.entity().is_some());
        let has_query = tokens.iter().any(|(token, _)| token.keyword() == Some(Keyword::Query));
        Subject { head: keyword(0), kind, at, has_query }
    }

    /// How many tokens the head of an entity has: verb, kind, name. None for other statements.
    pub(crate) fn head_length(&self) -> usize {
        if self.kind.is_some() { self.at + 1 } else { 0 }
    }

    /// Whether a soft keyword is one here.
    fn needs(&self, tokens: &[Spanned<'_>], at: usize, keyword: Keyword) -> bool {
        let is = |at: usize, wanted: Token<'_>| tokens.get(at).is_some_and(|(token, _)| *token == wanted);
        let next_is_vnfd = tokens.get(at + 1).is_some_and(|(token, _)| token.keyword() == Some(Keyword::Vnfd));
        let after_name = || at > self.at + 1 && !is(at - 1, Token::Colon) && !is(at - 1, Token::Dot);
        match keyword {
            Keyword::User => at == 1 && self.head.is_some_and(Keyword::is_verb),
            Keyword::TemplateDefinition | Keyword::TemplateInstance => at == 1,
            Keyword::Name => self.kind.is_some() && at == self.at + 1,
            Keyword::Begin | Keyword::End => at == 1 && self.head == Some(Keyword::Transaction),
            Keyword::Address | Keyword::Port => self.head == Some(Keyword::Connect) && at > 1,
            Keyword::Value => self.has_query,
            Keyword::On | Keyword::Every => self.kind == Some(Keyword::Notification) && at > self.at + 1,
            Keyword::Mask => is(at + 1, Token::OpenParen),
            Keyword::At | Keyword::As => {
                next_is_vnfd && is(at + 2, Token::Colon) || self.kind == Some(Keyword::ConnectionPoint) && after_name()
            }
            _ => true,
        }
    }
}

fn is_soft(keyword: Keyword) -> bool {
    use Keyword::*;
    matches!(
        keyword,
        User | TemplateDefinition
            | TemplateInstance
            | Name
            | Begin
            | End
            | Address
            | Port
            | Value
            | On
            | Every
            | Mask
            | At
            | As
    )
}

fn plain<'s>(token: Token<'s>) -> Token<'s> {
    match token {
        Token::Keyword((text, _)) => Token::Word(text),
        other => other,
    }
}

/// Whether the token begins ends that stand behind a type without `EndNodes`.
fn has_bare_ends(tokens: &[Spanned<'_>], at: usize) -> bool {
    let is_name = |at: usize| matches!(tokens.get(at), Some((Token::Word(_) | Token::Str(_), _)));
    let follows_type = at >= 2 && tokens[at - 2].0.keyword() == Some(Keyword::Type) && is_name(at - 1);
    let goes_on = matches!(tokens.get(at + 1), Some((Token::Comma | Token::Colon | Token::Dot, _)));
    follows_type && is_name(at) && goes_on
}
