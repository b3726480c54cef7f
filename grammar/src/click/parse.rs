//! Parses Click: by descent, since a list of names is known for a declaration or for a step of a chain only behind it.
//!
//! A statement that cannot be read is left out up to its `;`, or to the end of its line where none comes first; what
//! surrounds it stays.

use super::arguments::arguments;
use super::formals::formals;
use super::lex::{Spanned, Token, tokens};
use super::{Argument, Class, Compound, Configuration, Statement, Variant};
use crate::ast::{Foreign, Name};
use crate::context::{Context, MAX_ERRORS, Shared};
use crate::recover::too_deep;
use rdcl_base::{Code, Diagnostic, NodeId, Span};

/// The deepest nesting of compounds and groups.
const DEEPEST: u32 = 60;

/// How many times the errors of an item there may be in a file.
const ITEMS: usize = 20;

/// What became of the text of a `.click` file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ParsedConfiguration {
    /// The tree.
    pub configuration: Configuration,
    /// By [`NodeId`]: where the node stands in the text.
    pub spans: Vec<Span>,
    /// What is wrong with it, in the order of the text.
    pub errors: Vec<Diagnostic<Span>>,
}

/// Parses the text of a `.click` file.
pub fn parse(text: &str) -> ParsedConfiguration {
    let shared = Shared::default();
    let mut ctx = Context::for_errors(text, &shared, ITEMS * MAX_ERRORS);
    let configuration = configuration(&mut ctx, Span::new(0, text.len() as u32));
    let (spans, errors) = ctx.finish(Vec::new());
    ParsedConfiguration { configuration, spans, errors }
}

/// Parses the text of a block. What is wrong with one that is never closed is not said, since its text is not to be
/// trusted.
pub(crate) fn inside(ctx: &mut Context<'_>, body: &Foreign) -> Configuration {
    let span = ctx.spans[body.node.0 as usize];
    let errors = ctx.errors.len();
    let configuration = configuration(ctx, span);
    if ctx.shared.open_foreign.get() {
        ctx.errors.truncate(errors);
    }
    ctx.calm();
    configuration
}

/// Parses a range of the context's text.
fn configuration(ctx: &mut Context<'_>, within: Span) -> Configuration {
    let text = &ctx.text[within.start as usize..within.end as usize];
    let tokens = tokens(text);
    let mut parser = Parser { ctx, text, offset: within.start, tokens: &tokens, at: 0, depth: 0 };
    let mut statements = Vec::new();
    loop {
        statements.extend(parser.statements());
        let Some(token) = parser.peek() else { break };
        let problem = Diagnostic::new(Code::E0101, parser.span(parser.at), format!("{} closes nothing", shown(token)));
        parser.ctx.error(problem);
        parser.at += 1;
    }
    let node = ctx.node(within.start, within.end);
    Configuration { statements, node }
}

/// Why there is no tree: a complaint has been made, or is not needed.
pub(super) struct Lost;

/// A piece of the tree.
pub(super) type Read<T> = Result<T, Lost>;

/// Reads the tokens of a configuration.
pub(super) struct Parser<'p, 'c, 's> {
    pub ctx: &'p mut Context<'c>,
    text: &'s str,
    /// Where the text begins in the context's.
    offset: u32,
    tokens: &'p [Spanned<'s>],
    pub at: usize,
    depth: u32,
}

impl<'s> Parser<'_, '_, 's> {
    pub fn peek(&self) -> Option<Token<'s>> {
        self.tokens.get(self.at).map(|(token, _)| *token)
    }

    pub fn peek_second(&self) -> Option<Token<'s>> {
        self.tokens.get(self.at + 1).map(|(token, _)| *token)
    }

    /// Goes on if this token comes next.
    pub fn eat(&mut self, token: Token<'_>) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    /// Where a token stands; behind the last one the end of the text.
    pub fn span(&self, at: usize) -> Span {
        let end = self.text.trim_end().len();
        let range = self.tokens.get(at).map_or(end..end, |(_, range)| range.clone());
        Span::new(range.start as u32, range.end as u32).shifted(self.offset)
    }

    /// Where the next token begins.
    pub fn start(&self) -> u32 {
        self.span(self.at).start
    }

    /// A node from here up to the last token that was read.
    pub fn node_from(&mut self, start: u32) -> NodeId {
        let end = if self.at == 0 { start } else { self.span(self.at - 1).end };
        self.ctx.node(start, end)
    }

    /// A name that is the next token.
    pub fn name(&mut self, text: &str) -> Name {
        let at = self.span(self.at);
        self.at += 1;
        self.ctx.name(text, at.start, at.end)
    }

    /// Complains of the next token.
    pub fn unexpected<T>(&mut self, message: &str) -> Read<T> {
        let at = self.span(self.at);
        self.ctx.error(Diagnostic::new(Code::E0101, at, message));
        Err(Lost)
    }

    /// Complains that the next token is not what belongs there.
    pub fn expected<T>(&mut self, what: &str) -> Read<T> {
        let found = self.peek().map_or("the end of the configuration".to_owned(), shown);
        self.unexpected(&format!("expected {what}, found {found}"))
    }

    /// Statements up to a token that closes something around them.
    pub fn statements(&mut self) -> Vec<Statement> {
        let mut found = Vec::new();
        while let Some(token) = self.peek() {
            match token {
                Token::Semicolon => self.at += 1,
                Token::BraceEnd | Token::ParenEnd | Token::Bars => break,
                _ => found.push(self.statement()),
            }
        }
        found
    }

    fn statement(&mut self) -> Statement {
        let (start, first) = (self.start(), self.at);
        let read = match (self.peek(), self.peek_second()) {
            (Some(Token::Word("elementclass")), Some(Token::Word(_))) => self.element_class(),
            (Some(Token::Word("define")), Some(Token::Configuration(_))) => self.define(),
            (Some(Token::Word("require" | "provide")), Some(Token::Configuration(_))) => {
                self.at += 2;
                Ok(Statement::Require(self.node_from(start)))
            }
            _ => self.chain().map(Statement::Chain),
        };
        read.unwrap_or_else(|Lost| {
            self.skip(first);
            Statement::Bad(self.node_from(start))
        })
    }

    /// Goes on behind the next `;` of this statement, or before the next line at which one may begin.
    fn skip(&mut self, first: usize) {
        let mut depth = 0usize;
        self.at = self.at.max(first + 1);
        while let Some(token) = self.peek() {
            match token {
                Token::Brace | Token::Paren => depth += 1,
                Token::BraceEnd | Token::ParenEnd if depth > 0 => depth -= 1,
                Token::BraceEnd | Token::ParenEnd | Token::Bars if depth == 0 => return,
                Token::Semicolon if depth == 0 => return,
                Token::Word(_) if depth == 0 && self.begins_line() => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Whether the next token begins a line, and the token before does not ask for more.
    fn begins_line(&self) -> bool {
        let (Some((_, range)), Some((before, earlier))) = (self.tokens.get(self.at), self.tokens.get(self.at - 1))
        else {
            return false;
        };
        let asks = matches!(before, Token::Arrow | Token::Spread | Token::Comma | Token::Colons);
        !asks && self.text[earlier.end..range.start].contains('\n')
    }

    fn element_class(&mut self) -> Read<Statement> {
        self.at += 1;
        let Some(Token::Word(text)) = self.peek() else { return self.expected("the name of a class") };
        let name = self.name(text);
        let class = self.class()?;
        Ok(Statement::Class { name, class })
    }

    /// `Class`, or `{ … }`.
    pub fn class(&mut self) -> Read<Class> {
        match self.peek() {
            Some(Token::Word(text)) => Ok(Class::Named(self.name(text))),
            Some(Token::Brace) => Ok(Class::Compound(self.compound()?)),
            _ => self.expected("a class, or what it is made of in braces"),
        }
    }

    fn compound(&mut self) -> Read<Compound> {
        let (start, open) = (self.start(), self.at);
        self.deeper()?;
        self.at += 1;
        let (mut variants, mut extends) = (Vec::new(), false);
        loop {
            if self.eat(Token::Dots) {
                extends = true;
            } else {
                variants.push(self.variant());
            }
            if !self.eat(Token::Bars) {
                break;
            }
        }
        self.depth -= 1;
        if !self.eat(Token::BraceEnd) {
            let at = self.span(open);
            self.ctx.error(Diagnostic::new(Code::E0101, at, "this `{` is never closed").with_help("add `}`"));
            return Err(Lost);
        }
        Ok(Compound { variants, extends, node: self.node_from(start) })
    }

    fn variant(&mut self) -> Variant {
        let start = self.start();
        let formals = formals(self);
        let statements = self.statements();
        Variant { formals, statements, node: self.node_from(start) }
    }

    /// Notes that what follows is inside another compound or group.
    pub fn deeper(&mut self) -> Read<()> {
        if self.depth >= DEEPEST {
            let at = self.span(self.at);
            self.ctx.error(too_deep(at));
            self.at = self.tokens.len();
            return Err(Lost);
        }
        self.depth += 1;
        Ok(())
    }

    /// Notes that it is not any more.
    pub fn shallower(&mut self) {
        self.depth -= 1;
    }

    fn define(&mut self) -> Read<Statement> {
        self.at += 1;
        let pairs = self.arguments()?.into_iter();
        let mut found = Vec::new();
        for mut argument in pairs {
            let name = argument.words.remove(0);
            if name.text.starts_with('$') {
                found.push((name, argument));
                continue;
            }
            let at = self.ctx.spans[name.node.0 as usize];
            let problem = Diagnostic::new(Code::E0101, at, format!("expected a variable, found `{}`", name.text));
            self.ctx.error(problem.with_help("write `define($name value)`"));
        }
        Ok(Statement::Define(found))
    }

    /// The arguments in parentheses that come next; none if there are no parentheses.
    pub fn arguments(&mut self) -> Read<Vec<Argument>> {
        let (at, open) = (self.start(), self.span(self.at));
        let text = match self.peek() {
            Some(Token::Configuration(text)) => text,
            Some(Token::OpenConfiguration(_)) => {
                let at = Span::new(at, at + 1);
                self.ctx.error(Diagnostic::new(Code::E0101, at, "this `(` is never closed").with_help("add `)`"));
                self.at += 1;
                return Err(Lost);
            }
            _ => return Ok(Vec::new()),
        };
        self.at += 1;
        let found = arguments(self.ctx, text, open.start + 1);
        Ok(found.into_iter().map(|argument| self.kept(argument)).collect())
    }

    /// An argument without words keeps its place among the others.
    fn kept(&mut self, mut argument: Argument) -> Argument {
        if argument.words.is_empty() {
            argument.words.push(Name { text: String::new(), node: argument.node });
        }
        argument
    }
}

/// A token as it is written.
pub(super) fn shown(token: Token<'_>) -> String {
    let text = match token {
        Token::Word(text) | Token::Variable(text) => text,
        Token::Colons => "::",
        Token::Arrow => "->",
        Token::Spread => "=>",
        Token::Comma => ",",
        Token::Semicolon => ";",
        Token::Bracket => "[",
        Token::BracketEnd => "]",
        Token::Brace => "{",
        Token::BraceEnd => "}",
        Token::Paren => "(",
        Token::ParenEnd => ")",
        Token::Bar => "|",
        Token::Bars => "||",
        Token::Dots => "...",
        Token::Dash => "-",
        Token::Configuration(_) | Token::OpenConfiguration(_) => return "a configuration".to_owned(),
        Token::Stray => return "a sign that means nothing here".to_owned(),
    };
    format!("`{text}`")
}
