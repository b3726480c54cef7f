//! From the lexer to the parser: a stream of tokens whose brackets always balance.
//!
//! The adapter sets comments aside, reports what is no token, closes what the text leaves open, drops what closes
//! nothing, and cuts nesting that is too deep. The grammar can therefore rely on balance when it recovers.

use crate::context::{MAX_DEPTH, MAX_ERRORS, Shared};
use crate::flaws;
use crate::tokens::{Flaw, Token};
use crate::{Comment, CommentKind};
use logos::{Logos, Span as Range};
use rdcl_base::{Diagnostic, Span};
use std::collections::VecDeque;
use std::convert::Infallible;

/// The most brackets that may be open at once.
const MAX_BRACKETS: usize = 200;

/// A token and where it stands.
type Lexeme<'s> = (u32, Token<'s>, u32);

/// An open bracket.
#[derive(Clone, Copy, Debug)]
struct Open {
    bracket: Bracket,
    span: Span,
    /// How many `not` were pending around it.
    nots: u16,
    /// Whether it is a brace that holds members of an RFB.
    members: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bracket {
    Brace,
    Paren,
    Square,
}

impl Bracket {
    fn opened_by(token: Token<'_>) -> Option<Bracket> {
        match token {
            Token::OpenBrace => Some(Bracket::Brace),
            Token::OpenParen => Some(Bracket::Paren),
            Token::OpenBracket => Some(Bracket::Square),
            _ => None,
        }
    }

    fn closed_by(token: Token<'_>) -> Option<Bracket> {
        match token {
            Token::CloseBrace => Some(Bracket::Brace),
            Token::CloseParen => Some(Bracket::Paren),
            Token::CloseBracket => Some(Bracket::Square),
            _ => None,
        }
    }

    fn closer<'s>(self) -> Token<'s> {
        match self {
            Bracket::Brace => Token::CloseBrace,
            Bracket::Paren => Token::CloseParen,
            Bracket::Square => Token::CloseBracket,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Bracket::Brace => "{",
            Bracket::Paren => "(",
            Bracket::Square => "[",
        }
    }
}

/// The token stream of one item.
pub(crate) struct Tokens<'s> {
    text: &'s str,
    lexer: logos::Lexer<'s, Token<'s>>,
    shared: &'s Shared,
    /// One token of lookahead.
    peeked: Option<Lexeme<'s>>,
    /// What is to be delivered before the lexer goes on.
    ready: VecDeque<Lexeme<'s>>,
    open: Vec<Open>,
    /// Pending `not`s directly before this place, and around the open brackets.
    nots: u16,
    outer_nots: u16,
    /// The item is an RFB.
    in_rfb: bool,
    /// The item is an RFB, a substrate or a header.
    braced_item: bool,
    /// The item's first `{` has been seen.
    has_body: bool,
    /// The next `{` holds members, as it follows `if` or `else` among members.
    conditional: bool,
    previous: Option<Token<'s>>,
    /// The end of the last dot, to know `ip.in` from `ip. in`.
    dot_end: usize,
    ended: bool,
    pub(crate) errors: Vec<Diagnostic<Span>>,
    pub(crate) comments: Vec<Comment>,
}

impl<'s> Tokens<'s> {
    pub(crate) fn new(text: &'s str, shared: &'s Shared) -> Tokens<'s> {
        Tokens {
            text,
            lexer: Token::lexer(text),
            shared,
            peeked: None,
            ready: VecDeque::new(),
            open: Vec::new(),
            nots: 0,
            outer_nots: 0,
            in_rfb: false,
            braced_item: false,
            has_body: false,
            conditional: false,
            previous: None,
            dot_end: usize::MAX,
            ended: false,
            errors: Vec::new(),
            comments: Vec::new(),
        }
    }

    fn error(&mut self, diagnostic: Diagnostic<Span>) {
        self.errors.push(diagnostic);
        if self.errors.len() >= MAX_ERRORS {
            self.shared.stop.set(true);
        }
    }

    /// The next token as written: comments set aside, flaws reported and replaced, stray characters dropped.
    fn lex(&mut self) -> Option<Lexeme<'s>> {
        if let Some(lexeme) = self.peeked.take() {
            return Some(lexeme);
        }
        match self.lexer.next() {
            Some(Ok(token)) if token != Token::Comment => Some(self.lexeme(Ok(token))),
            other => self.lex_past(other),
        }
    }

    /// The same, where a comment or a flaw was found.
    #[cold]
    fn lex_past(&mut self, mut found: Option<Result<Token<'s>, Flaw>>) -> Option<Lexeme<'s>> {
        let mut stray: Option<Range> = None;
        loop {
            let span = self.lexer.span();
            match found {
                Some(Ok(Token::Comment)) => self.comment(span),
                Some(Err(Flaw::Stray)) => stray = Some(stray.map_or(span.clone(), |s| s.start..span.end)),
                _ => {
                    self.report_stray(stray, span.start);
                    return found.map(|token| self.lexeme(token));
                }
            }
            found = self.lexer.next();
        }
    }

    fn report_stray(&mut self, stray: Option<Range>, next: usize) {
        let Some(stray) = stray else { return };
        let text = &self.text[stray.clone()];
        self.error(flaws::stray(text, narrow(stray)));
        self.shared.flawed.borrow_mut().push(next as u32);
    }

    /// The token at hand; a reserved word directly behind a dot is a name.
    fn lexeme(&mut self, token: Result<Token<'s>, Flaw>) -> Lexeme<'s> {
        let span = self.lexer.span();
        let token = match token {
            Ok(Token::Dot) => {
                self.dot_end = span.end;
                Token::Dot
            }
            Ok(token) if self.dot_end == span.start && is_word(token, self.text, span.start) => {
                Token::Word(&self.text[span.clone()])
            }
            Ok(token) => token,
            Err(flaw) => self.flaw(flaw, span.clone()),
        };
        (span.start as u32, token, span.end as u32)
    }

    fn flaw(&mut self, flaw: Flaw, span: Range) -> Token<'s> {
        let text = &self.text[span.clone()];
        self.error(flaws::literal(flaw, text, narrow(span.clone())));
        match flaw {
            Flaw::OpenForeign => {
                self.shared.open_foreign.set(true);
                Token::Foreign(text[2..].strip_suffix('}').unwrap_or(&text[2..]))
            }
            Flaw::OpenString => {
                self.shared.flawed.borrow_mut().push(self.next_start(span.end));
                Token::Bad
            }
            Flaw::Stray | Flaw::TooLarge | Flaw::Unit | Flaw::NoUnit | Flaw::Address => Token::Bad,
        }
    }

    /// Where the next token after `end` will start, comments aside.
    fn next_start(&self, end: usize) -> u32 {
        let rest = &self.text[end..];
        (end + rest.len() - rest.trim_start().len()) as u32
    }

    fn comment(&mut self, span: Range) {
        let text = self.text[span.clone()].trim_end();
        let doc = text.starts_with("///") && !text.starts_with("////");
        self.comments.push(Comment {
            span: Span::new(span.start as u32, (span.start + text.len()) as u32),
            kind: if doc { CommentKind::Doc } else { CommentKind::Line },
            text: text.to_owned(),
        });
    }

    fn peek(&mut self) -> Option<Token<'s>> {
        self.peeked = self.lex();
        self.peeked.map(|(_, token, _)| token)
    }

    /// True when a word follows, reserved or not.
    fn peek_is_word(&mut self) -> bool {
        self.peeked = self.lex();
        self.peeked.is_some_and(|(start, token, _)| is_word(token, self.text, start as usize))
    }

    /// Delivers a token, after whatever its place demands.
    fn admit(&mut self, lexeme: Lexeme<'s>) {
        let (start, token, end) = lexeme;
        let span = Span::new(start, end);
        if token == Token::Not {
            return self.admit_not(lexeme);
        }
        if let Some(bracket) = Bracket::opened_by(token) {
            return self.admit_opener(bracket, lexeme);
        }
        self.nots = 0;
        if let Some(bracket) = Bracket::closed_by(token) {
            return self.admit_closer(bracket, lexeme);
        }
        match token {
            Token::Rfb | Token::Substrate | Token::Header if matches!(self.previous, None | Some(Token::Abstract)) => {
                self.in_rfb = token == Token::Rfb;
                self.braced_item = true;
            }
            Token::Semicolon => {
                self.conditional = false;
                self.close_while(span, |open| open.bracket != Bracket::Brace);
            }
            Token::If if self.among_members() => {
                self.conditional = true;
                return self.deliver((start, Token::MemberIf, end));
            }
            Token::Else if self.among_members() => self.conditional = true,
            Token::Port => {
                let token = self.port_or_name(span);
                return self.deliver((start, token, end));
            }
            _ if self.begins_member(token) => self.close_down_to(self.member_depth(), span),
            Token::On if self.after_clause() => self.close_down_to(self.member_depth() + 1, span),
            _ => {}
        }
        self.deliver(lexeme);
    }

    fn deliver(&mut self, lexeme: Lexeme<'s>) {
        self.previous = Some(lexeme.1);
        self.ready.push_back(lexeme);
    }

    fn admit_not(&mut self, lexeme: Lexeme<'s>) {
        if self.outer_nots + self.nots >= MAX_DEPTH {
            self.too_deep(Span::new(lexeme.0, lexeme.2));
        } else {
            self.nots += 1;
            self.deliver(lexeme);
        }
    }

    fn admit_opener(&mut self, bracket: Bracket, lexeme: Lexeme<'s>) {
        let span = Span::new(lexeme.0, lexeme.2);
        if bracket == Bracket::Brace && self.braced_item && !self.has_body {
            self.has_body = true;
            self.close_down_to(0, span);
        }
        if self.open.len() >= MAX_BRACKETS {
            return self.skip_deep(span);
        }
        let inner = bracket == Bracket::Brace && self.open.len() == self.member_depth();
        let members = self.in_rfb && inner && (self.open.is_empty() || std::mem::take(&mut self.conditional));
        self.open.push(Open { bracket, span, nots: self.nots, members });
        self.outer_nots += std::mem::take(&mut self.nots);
        self.deliver(lexeme);
    }

    fn admit_closer(&mut self, bracket: Bracket, lexeme: Lexeme<'s>) {
        let span = Span::new(lexeme.0, lexeme.2);
        let Some(depth) = self.open.iter().rposition(|open| open.bracket == bracket) else {
            let text = &self.text[span.start as usize..span.end as usize];
            self.error(flaws::closes_nothing(text, span));
            let next = self.next_start(span.end as usize);
            self.shared.flawed.borrow_mut().push(next);
            return;
        };
        self.close_down_to(depth + 1, span);
        if depth == 0 && self.has_body && self.peek().is_some_and(Token::goes_on_with_members) {
            return self.too_early(span);
        }
        self.pop();
        self.deliver(lexeme);
    }

    /// The `}` would end the item, but there is more: it is dropped, and reported unless something before explains it.
    fn too_early(&mut self, span: Span) {
        if !self.shared.troubled.get() && self.errors.is_empty() {
            self.error(flaws::closes_nothing("}", span));
        }
    }

    fn pop(&mut self) -> Option<Open> {
        let open = self.open.pop()?;
        self.outer_nots -= open.nots;
        Some(open)
    }

    /// Closes brackets until `depth` are left open; the innermost is reported.
    fn close_down_to(&mut self, depth: usize, before: Span) {
        if self.open.len() <= depth {
            return;
        }
        if let Some(inner) = self.open.last() {
            let error = flaws::never_closed(inner.bracket.text(), inner.span, Some(before));
            self.error(error);
            self.shared.flawed.borrow_mut().push(before.start);
        }
        while self.open.len() > depth
            && let Some(open) = self.pop()
        {
            self.deliver((before.start, open.bracket.closer(), before.start));
        }
    }

    fn close_while(&mut self, before: Span, inner: impl Fn(&Open) -> bool) {
        let kept = self.open.iter().rposition(|open| !inner(open)).map_or(0, |at| at + 1);
        self.close_down_to(kept, before);
    }

    /// True for a word that certainly begins a member here.
    fn begins_member(&mut self, token: Token<'s>) -> bool {
        use Token::*;
        if !self.in_rfb || self.open.len() <= self.member_depth() || self.open[0].bracket != Bracket::Brace {
            return false;
        }
        match token {
            Part | Wire | Behaviour | Ensures | Impl | Sla | Intent => self.peek_is_word(),
            Lifecycle => self.peek() == Some(OpenBrace),
            _ => false,
        }
    }

    /// How many brackets are open around members.
    fn member_depth(&self) -> usize {
        self.open.iter().rposition(|open| open.members).map_or(0, |at| at + 1).max(usize::from(!self.open.is_empty()))
    }

    /// True where a member may begin, or behind one.
    fn among_members(&self) -> bool {
        let behind = matches!(self.previous, Some(Token::Semicolon | Token::OpenBrace | Token::CloseBrace));
        self.in_rfb && behind && self.open.last().is_some_and(|open| open.members)
    }

    /// True behind the end of a clause or block: no expression goes on here.
    fn after_clause(&self) -> bool {
        self.in_rfb && matches!(self.previous, Some(Token::Semicolon | Token::CloseBrace))
    }

    /// `port` is a fine name for a column; it begins a member where a direction follows, or a name in a place for
    /// members.
    fn port_or_name(&mut self, span: Span) -> Token<'s> {
        let fresh = matches!(self.previous, None | Some(Token::Semicolon | Token::OpenBrace | Token::CloseBrace));
        let declares = match self.peek() {
            Some(Token::InOut | Token::Out) => true,
            Some(Token::In) => fresh,
            Some(_) => fresh && self.peek_is_word(),
            None => fresh && self.open.len() == self.member_depth(),
        };
        if !declares {
            return Token::Word("port");
        }
        if self.in_rfb && self.open.first().is_some_and(|open| open.bracket == Bracket::Brace) {
            self.close_down_to(self.member_depth(), span);
        }
        Token::Port
    }

    fn too_deep(&mut self, at: Span) {
        if !self.shared.deep.replace(true) {
            self.error(crate::recover::too_deep(at));
        }
    }

    /// Skips the bracket that was just read, with all it holds.
    fn skip_deep(&mut self, opener: Span) {
        self.too_deep(opener);
        let (mut depth, mut end) = (1usize, opener.end);
        while depth > 0
            && let Some((_, token, token_end)) = self.lex()
        {
            end = token_end;
            if Bracket::opened_by(token).is_some() {
                depth += 1;
            } else if Bracket::closed_by(token).is_some() {
                depth -= 1;
            }
        }
        self.deliver((opener.start, Token::Bad, end));
    }

    /// Closes what is open at the end of the text.
    fn end(&mut self) {
        self.ended = true;
        let at = self.text.trim_end().len() as u32;
        if let Some(inner) = self.open.last()
            && !self.shared.stop.get()
            && !self.shared.deep.get()
            && !self.shared.open_foreign.get()
        {
            let error = flaws::never_closed(inner.bracket.text(), inner.span, None);
            self.error(error);
            self.shared.unclosed.set(true);
        }
        while let Some(open) = self.pop() {
            self.deliver((at, open.bracket.closer(), at));
        }
    }
}

impl<'s> Iterator for Tokens<'s> {
    type Item = Result<Lexeme<'s>, Infallible>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(lexeme) = self.ready.pop_front() {
                return Some(Ok(lexeme));
            }
            if self.ended {
                return None;
            }
            match self.lex().filter(|_| !self.shared.stop.get()) {
                Some(lexeme) if is_plain(lexeme.1) => {
                    self.nots = 0;
                    self.previous = Some(lexeme.1);
                    return Some(Ok(lexeme));
                }
                Some(lexeme) => self.admit(lexeme),
                None => self.end(),
            }
        }
    }
}

fn narrow(span: Range) -> Span {
    Span::new(span.start as u32, span.end as u32)
}

/// True for the tokens whose place does not matter.
fn is_plain(token: Token<'_>) -> bool {
    use Token::*;
    matches!(
        token,
        Word(_)
            | Int(_)
            | Quantity(_)
            | Str(_)
            | Comma
            | Colon
            | Colons
            | Dot
            | Dots
            | Equals
            | Both
            | To
            | And
            | Has
            | In
            | Eq
    )
}

/// True for a word, reserved or not.
fn is_word(token: Token<'_>, text: &str, start: usize) -> bool {
    let begins = text.as_bytes().get(start).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    begins && !matches!(token, Token::Mac(_) | Token::Ipv6(_) | Token::Prefix6(_) | Token::Bad)
}
