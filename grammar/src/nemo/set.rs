//! Sets NEMO: white space in, white space out, as `docs/fmt.md` has it.
//!
//! A statement stands on a line of its own, in the body of a `NodeModel` or in braces two columns further in. It stays
//! on one line if it fits and no clause begins a line, else each clause has one; breaks behind commas stay. Comments
//! and empty lines stay where they are.

use crate::context::{Context, Shared};
use crate::nemo::cut::{Piece, Spanned, cut};
use crate::nemo::lex::tokens_and_comments;
use crate::nemo::parse::parsed;
use crate::nemo::tokens::Token;
use crate::nemo::words::Keyword;
use crate::nemo::{Clause, ClauseKind, Entry, Part, Statement, StatementKind, Value, models};
use rdcl_base::{NodeId, Span};
use std::collections::BTreeSet;

/// The longest line that is set by choice.
const WIDTH: usize = 120;
/// Columns of a level.
const INDENT: usize = 2;

/// Sets a text that has no errors, every line indented by so much at least. One that holds no line break, with room
/// for it, stays on one line if it is `short`.
pub(crate) fn set(text: &str, indent: usize, short: Option<usize>) -> Option<String> {
    let shared = Shared::default();
    let mut ctx = Context::new(text, &shared);
    let (mut tokens, comments) = tokens_and_comments(&mut ctx, Span::new(0, text.len() as u32));
    let pieces = cut(&mut ctx, &mut tokens);
    let statements: Vec<Statement> =
        pieces.iter().map(|piece| parsed(&mut ctx, &tokens, piece.clone(), text.len() as u32)).collect();
    if !ctx.errors.is_empty() {
        return None;
    }
    let levels = levels(&statements);
    let keys = keys(&ctx.spans, &statements);
    let mut setter = Setter { text, tokens: &tokens, comments: &comments, next: 0, keys, lines: Vec::new(), end: 0 };
    for (piece, level) in pieces.iter().zip(&levels) {
        setter.piece(piece, indent + level * INDENT);
    }
    setter.remaining(indent);
    let lines = setter.lines;
    let whole: String = lines.iter().enumerate().map(|(number, line)| line.whole(number == 0)).collect();
    // A semicolon that ends nothing belongs to no statement; a text that has one is left alone.
    if !solid(text).eq(solid(&whole)) {
        return None;
    }
    let room = short.filter(|_| comments.is_empty() && !text.trim().contains('\n'));
    let flat: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let flat = flat.join(" ");
    let fits = room.is_some_and(|room| flat.chars().count() <= room) && lines.iter().skip(1).all(|line| !line.blank);
    Some(if fits { flat } else { whole })
}

/// What is no white space; a backslash continues a line and is some.
fn solid(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\\')
}

/// How deep each statement stands.
fn levels(statements: &[Statement]) -> Vec<usize> {
    let members: BTreeSet<NodeId> = models(statements)
        .into_iter()
        .flat_map(|part| match part {
            Part::Model(model) => model.body.into_iter().map(|member| member.node).collect(),
            Part::Statement(_) => Vec::new(),
        })
        .collect();
    let mut braces = 0usize;
    let mut in_braced_body = 0usize;
    let mut levels = Vec::with_capacity(statements.len());
    for statement in statements {
        if statement.kind == StatementKind::Close {
            braces = braces.saturating_sub(1);
            in_braced_body = in_braced_body.min(braces);
        }
        let member = members.contains(&statement.node) && in_braced_body == 0;
        levels.push(braces + usize::from(member));
        if statement.kind == StatementKind::Open {
            braces += 1;
            in_braced_body = braces;
        }
    }
    levels
}

/// Where the keys of pairs end: the colon behind one stands before a space.
fn keys(spans: &[Span], statements: &[Statement]) -> BTreeSet<u32> {
    let mut keys = BTreeSet::new();
    for statement in statements {
        if let StatementKind::Entity(entity) = &statement.kind {
            entity.clauses.iter().for_each(|clause| keys_in(spans, clause, &mut keys));
        }
    }
    keys
}

fn keys_in(spans: &[Span], clause: &Clause, keys: &mut BTreeSet<u32>) {
    if let ClauseKind::Property(entries)
    | ClauseKind::Sla(entries)
    | ClauseKind::Match(entries)
    | ClauseKind::UnMatch(entries)
    | ClauseKind::Action(entries) = &clause.kind
    {
        keys_of(spans, entries, keys);
    }
}

fn keys_of(spans: &[Span], entries: &[Entry], keys: &mut BTreeSet<u32>) {
    for entry in entries {
        match entry {
            Entry::Pair(pair) => _ = keys.insert(spans[pair.key.node.0 as usize].end),
            Entry::Group(inner, _) => keys_of(spans, inner, keys),
            Entry::Word(_) | Entry::Value(Value::Int(..)) | Entry::Value(_) => {}
        }
    }
}

#[derive(Debug)]
struct Line {
    indent: usize,
    text: String,
    /// Whether an empty line goes before it.
    blank: bool,
}

impl Line {
    fn whole(&self, first: bool) -> String {
        let blank = if self.blank && !first { "\n" } else { "" };
        format!("{blank}{}{}\n", " ".repeat(self.indent), self.text)
    }
}

struct Setter<'t, 's> {
    text: &'s str,
    tokens: &'t [Spanned<'s>],
    comments: &'t [Span],
    /// The next comment.
    next: usize,
    keys: BTreeSet<u32>,
    lines: Vec<Line>,
    /// The end of what has been set.
    end: u32,
}

impl Setter<'_, '_> {
    fn piece(&mut self, piece: &Piece, indent: usize) {
        match piece {
            Piece::Statement(range, terminated) => {
                let broken = self.has_broken_clauses(range.start, range.end);
                let first = self.lines_so_far(range.start, indent);
                self.statement(range.start, range.end, *terminated, indent, broken);
                let fits = self.lines[first..].iter().all(|line| line.indent + line.text.chars().count() <= WIDTH);
                if !broken && !fits {
                    self.again(first, range.start);
                    self.statement(range.start, range.end, *terminated, indent, true);
                }
            }
            Piece::Label(at) => {
                self.lines_so_far(*at, indent);
                self.begin(*at, indent, true);
                self.push(*at, false);
                self.push(*at + 1, false);
            }
            Piece::Ellipsis(at) | Piece::Open(at) | Piece::Close(at) => {
                self.lines_so_far(*at, indent);
                self.begin(*at, indent, true);
                self.push(*at, false);
            }
        }
    }

    /// Sets the comments before a piece, and says which line it will begin.
    fn lines_so_far(&mut self, at: usize, indent: usize) -> usize {
        self.comments_before(self.tokens[at].1.start, indent, true);
        self.lines.len()
    }

    /// Forgets the lines from this one on, of a statement that begins with this token. Comments in it are set again.
    fn again(&mut self, line: usize, at: usize) {
        self.lines.truncate(line);
        let start = self.tokens[at].1.start;
        self.next = self.comments.partition_point(|comment| comment.start < start);
        let before = at.checked_sub(1).map_or(0, |before| self.tokens[before].1.end);
        self.end = self.next.checked_sub(1).map_or(before, |last| self.comments[last].end.max(before));
    }

    fn has_broken_clauses(&self, start: usize, end: usize) -> bool {
        let breaks = |from: u32, to: u32| self.breaks(from, to) || self.has_comment(from, to);
        (start + 1..end).any(|at| self.begins_clause(at) && breaks(self.tokens[at - 1].1.end, self.tokens[at].1.start))
    }

    fn begins_clause(&self, at: usize) -> bool {
        let keyword = self.tokens[at].0.keyword();
        let after_bracket = at > 0 && matches!(self.tokens[at - 1].0, Token::OpenParen | Token::Comma);
        let from_descriptor = at > 0
            && matches!(
                self.tokens[at - 1].0.keyword(),
                Some(Keyword::At | Keyword::As | Keyword::From | Keyword::Import | Keyword::Vnfd)
            );
        let in_query = self.tokens[..at].iter().rev().take(12).find_map(|(token, _)| match token {
            Token::Keyword((_, Keyword::Query)) => Some(true),
            Token::CloseParen | Token::Semicolon => Some(false),
            _ => None,
        });
        let at_descriptor = !matches!(keyword, Some(Keyword::At | Keyword::As))
            || self.tokens.get(at + 1).is_some_and(|(token, _)| token.keyword() == Some(Keyword::Vnfd));
        at_descriptor
            && keyword.is_some_and(Keyword::begins_clause)
            && !after_bracket
            && !from_descriptor
            && in_query != Some(true)
            && self.tokens.get(at + 1).is_none_or(|(token, _)| *token != Token::Colon)
    }

    fn has_comment(&self, from: u32, to: u32) -> bool {
        let first = self.comments.partition_point(|comment| comment.start < from);
        self.comments.get(first).is_some_and(|comment| comment.start < to)
    }

    fn breaks(&self, from: u32, to: u32) -> bool {
        self.text[from as usize..to as usize].contains('\n')
    }

    fn statement(&mut self, start: usize, end: usize, terminated: bool, indent: usize, broken: bool) {
        self.begin(start, indent, true);
        self.push(start, false);
        for at in start + 1..end {
            let (from, to) = (self.tokens[at - 1].1.end, self.tokens[at].1.start);
            let commented = self.comments_inside(to, indent + 2 * INDENT);
            let clause = broken && self.begins_clause(at);
            let after_comma = self.tokens[at - 1].0 == Token::Comma && self.breaks(from, to);
            if clause {
                self.begin(at, indent + INDENT, false);
                self.push(at, false);
            } else if after_comma || commented {
                self.begin(at, indent + 2 * INDENT, false);
                self.push(at, false);
            } else {
                let spaced = self.spaced(at);
                self.push(at, spaced);
            }
        }
        if terminated {
            let to = self.tokens[end].1.start;
            if self.comments_inside(to, indent + INDENT) {
                self.begin(end, indent + INDENT, false);
            }
            self.push(end, false);
        }
    }

    /// Begins a line with a token, after an empty one if there is one before a statement.
    fn begin(&mut self, at: usize, indent: usize, statement: bool) {
        let start = self.tokens[at].1.start;
        let gap = &self.text[self.end as usize..start.max(self.end) as usize];
        let blank = statement && gap.matches('\n').count() > 1;
        self.lines.push(Line { indent, text: String::new(), blank });
    }

    fn push(&mut self, at: usize, space: bool) {
        let span = self.tokens[at].1;
        let word = &self.text[span.start as usize..span.end as usize];
        if let Some(line) = self.lines.last_mut() {
            if space {
                line.text.push(' ');
            }
            line.text.push_str(word);
        }
        self.end = span.end;
    }

    /// Whether a space stands before a token that does not begin a line.
    fn spaced(&self, at: usize) -> bool {
        use Token::{
            CloseBrace, CloseBracket, CloseParen, Colon, Comma, Dot, Int, NotSign, OpenBrace, OpenBracket, OpenParen,
            Semicolon,
        };
        let (before, token) = (self.tokens[at - 1].0, self.tokens[at].0);
        let gap = self.tokens[at - 1].1.end < self.tokens[at].1.start;
        let number = |n: usize| at >= n && is_number(self.tokens[at - n].0);
        match (before, token) {
            // `18:00 : 42` is not `18:00:42`.
            (_, Colon | Dot) if number(1) => gap,
            (Colon | Dot, _) if number(2) && is_number(token) => gap,
            (OpenParen | OpenBracket | OpenBrace | Dot | NotSign, _) => false,
            (_, Comma | Semicolon | CloseParen | CloseBracket | CloseBrace | Dot | Colon) => false,
            (Colon, _) => at >= 2 && self.is_key(at - 2),
            (Int(_) | Token::Keyword((_, Keyword::List | Keyword::Range | Keyword::Mask)), OpenParen) => false,
            _ => true,
        }
    }

    /// Whether a space stands behind the colon behind a token.
    fn is_key(&self, at: usize) -> bool {
        let (token, span) = self.tokens[at];
        self.keys.contains(&span.end) || token.keyword() == Some(Keyword::Engines)
    }

    /// Sets the comments before a place, each on a line of its own unless it stands behind something.
    fn comments_before(&mut self, place: u32, indent: usize, own: bool) {
        while let Some(comment) = self.comments.get(self.next).filter(|comment| comment.start < place).copied() {
            self.next += 1;
            let gap = &self.text[self.end as usize..comment.start as usize];
            let newlines = gap.matches('\n').count();
            let text = self.text[comment.start as usize..comment.end as usize].trim_end();
            match self.lines.last_mut() {
                Some(line) if newlines == 0 => {
                    line.text.push(' ');
                    line.text.push_str(text);
                }
                _ => self.lines.push(Line { indent, text: text.to_owned(), blank: newlines > 1 && own }),
            }
            self.end = comment.end;
        }
    }

    /// Sets the comments inside a statement before a place. True if the next token must begin a line.
    fn comments_inside(&mut self, place: u32, indent: usize) -> bool {
        let first = self.next;
        self.comments_before(place, indent, false);
        self.next > first
    }

    fn remaining(&mut self, indent: usize) {
        self.comments_before(u32::MAX, indent, true);
    }
}

/// Whether a token may grow with what stands behind it.
fn is_number(token: Token<'_>) -> bool {
    matches!(
        token,
        Token::Int(_) | Token::Time(_) | Token::Quantity(_) | Token::Date(_) | Token::Mac(_) | Token::Ipv6(_)
    )
}
