//! From the tokens of an item to its layout.
//!
//! Every token is set, in order, so that nothing can get lost; what is decided is only what stands between two tokens.

use super::columns::Column;
use super::doc::Doc;
use super::entry::{self, Body};
use super::pieces::{Gap, Piece, Remark, pieces};
use super::spacing::{Among, follows_dot, spaced};
use crate::tokens::Token;

/// How far each level is indented.
const INDENT: usize = 2;

type Docs<'s> = Vec<Doc<'s>>;

/// Numbers the runs of entries that can be lined up.
#[derive(Debug, Default)]
pub(super) struct Runs {
    last: u32,
}

impl Runs {
    fn fresh(&mut self) -> u32 {
        self.last += 1;
        self.last
    }
}

/// The run of the entries of one body, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Run<'s> {
    number: u32,
    kind: Option<&'s str>,
}

impl<'s> Run<'s> {
    /// Goes on to an entry.
    fn step(&mut self, kind: Option<&'s str>, apart: bool, runs: &mut Runs) {
        if kind.is_none() || self.kind != kind || apart {
            *self = Run { number: runs.fresh(), kind };
        }
    }
}

/// The layout of an item's text, or of a text that holds only comments; `apart` when an empty line is before it.
pub(super) fn item<'s>(text: &'s str, apart: bool, run: &mut Run<'s>, runs: &mut Runs) -> Docs<'s> {
    let mut writer = Writer { pieces: pieces(text), at: 0, runs, docs: Vec::new() };
    writer.comments_above();
    if writer.token().is_some() {
        writer.hard(writer.gap().space.blank());
        writer.step(run, Body::Items, apart || writer.gap().blank());
        writer.entry(Body::Items, run);
        writer.remarks(false);
    }
    writer.without_first_break()
}

/// The layout of the text of a `.sefl` program: statements, each on a line of its own.
pub(super) fn program<'s>(text: &'s str, runs: &mut Runs) -> Docs<'s> {
    let mut writer = Writer { pieces: pieces(text), at: 0, runs, docs: Vec::new() };
    let (mut run, mut first) = (Run::default(), true);
    writer.comments_above();
    while writer.token().is_some() {
        if !first {
            writer.remarks(false);
        }
        writer.hard(writer.gap().space.blank());
        writer.step(&mut run, Body::Statements, first || writer.gap().blank());
        writer.entry(Body::Statements, &run);
        first = false;
    }
    if !first {
        writer.remarks(false);
    }
    writer.without_first_break()
}

struct Writer<'s, 'r> {
    pieces: Vec<Piece<'s>>,
    at: usize,
    runs: &'r mut Runs,
    /// What is set of the innermost layout that is not finished.
    docs: Docs<'s>,
}

impl<'s> Writer<'s, '_> {
    fn token(&self) -> Option<Token<'s>> {
        self.pieces[self.at].token
    }

    fn gap(&self) -> &Gap<'s> {
        &self.pieces[self.at].gap
    }

    fn is(&self, token: Token<'_>) -> bool {
        self.pieces[self.at].is(token)
    }

    /// Takes what was set since there were so many layouts, as the inside of another one.
    fn since(&mut self, from: usize) -> Docs<'s> {
        self.docs.split_off(from)
    }

    /// Sets the token at hand as it is; goes on to the next. The end stays where it is.
    fn take(&mut self) {
        self.docs.push(Doc::Text(self.pieces[self.at].text));
        self.at = (self.at + 1).min(self.pieces.len() - 1);
    }

    fn line(&mut self, space: bool, blank: bool) {
        self.docs.push(Doc::Line { space, blank });
    }

    fn hard(&mut self, blank: bool) {
        self.docs.push(Doc::Hard { blank });
    }

    /// The comments before the first token, each on a line of its own.
    fn comments_above(&mut self) {
        for comment in &self.pieces[self.at].gap.comments {
            self.docs.extend([Doc::Hard { blank: comment.space.blank() }, Doc::Text(comment.text)]);
        }
    }

    /// All that was set; the first break is that before it.
    fn without_first_break(mut self) -> Docs<'s> {
        if !self.docs.is_empty() {
            self.docs.remove(0);
        }
        self.docs
    }

    /// The comments of the gap, each on a line of its own or behind what comes before.
    fn remarks(&mut self, first: bool) {
        let mut behind: Option<&Remark<'_>> = None;
        for (number, comment) in self.pieces[self.at].gap.comments.iter().enumerate() {
            if comment.space.newlines == 0 {
                self.docs.push(Doc::Remark { text: comment.text, padded: comment.space.padded() });
                behind = Some(comment);
            } else if behind.is_some_and(|above| comment.goes_on(above)) {
                self.docs.extend([Doc::Hard { blank: false }, Doc::Remark { text: comment.text, padded: false }]);
            } else {
                let blank = comment.space.blank() && !(first && number == 0);
                self.docs.extend([Doc::Hard { blank }, Doc::Text(comment.text)]);
                behind = None;
            }
        }
    }

    /// What stands before the token at hand: its comments, and then the break or space that is wanted.
    fn between(&mut self, wanted: Option<Doc<'s>>) {
        self.remarks(false);
        match wanted {
            Some(Doc::Line { space, .. }) => self.line(space, self.gap().space.blank()),
            wanted if self.gap().comments.is_empty() => self.docs.extend(wanted),
            _ => self.hard(false),
        }
    }

    fn step(&mut self, run: &mut Run<'s>, body: Body, apart: bool) {
        let kind = entry::kind(body, &self.pieces[self.at..]);
        run.step(kind, apart, self.runs);
    }

    // ---------------------------------------------------------------------------------------------- blocks

    /// `{ … }`
    fn block(&mut self, body: Body) {
        let from = self.docs.len();
        self.take();
        let inside = self.docs.len();
        let (mut broken, mut run, mut first) = (false, Run::default(), true);
        while !self.is(Token::CloseBrace) && self.token().is_some() {
            broken |= self.gap().newline;
            self.before_entry(first);
            self.step(&mut run, body, self.gap().blank());
            self.entry(body, &run);
            first = false;
        }
        broken |= self.gap().newline && self.docs.len() > inside;
        self.remarks(first);
        let is_empty = self.docs.len() == inside;
        let docs = self.closed(from, inside, true);
        self.docs.push(if is_empty { Doc::group(docs, false) } else { Doc::block(docs, broken) });
    }

    /// Sets the closing bracket at hand: what stands from the opening one on, indented between them if it is anything.
    fn closed(&mut self, from: usize, inside: usize, space: bool) -> Docs<'s> {
        if self.docs.len() > inside {
            let inner = self.since(inside);
            self.docs.push(Doc::Nest(INDENT, inner));
            self.line(space, false);
        }
        self.take();
        self.since(from)
    }

    /// What stands before an entry in a block.
    fn before_entry(&mut self, first: bool) {
        self.remarks(first);
        let gap = self.gap();
        let blank = gap.space.blank() && !(first && gap.comments.is_empty());
        self.line(true, blank);
    }

    /// `else …`, `row r: …`, `full …`, `clash …`: the statements hang behind the word.
    fn arm(&mut self) {
        let start = self.at;
        let words = if self.is(Token::Row) { 3 } else { 1 };
        for _ in 0..words {
            self.between_words(start, None);
            self.take();
        }
        if self.is(Token::OpenBrace) {
            self.between(Some(Doc::Space));
            return self.block(Body::Statements);
        }
        let width = self.pieces[start..self.at].iter().map(|p| p.text.len()).sum::<usize>() + words.min(2);
        let from = self.docs.len();
        let broken = self.hanging();
        let hanging = self.since(from);
        self.docs.push(Doc::block(vec![Doc::Nest(width, hanging)], broken));
    }

    /// The statements of an arm; whether there is a break between two of them.
    fn hanging(&mut self) -> bool {
        let (from, mut broken, mut run) = (self.docs.len(), false, Run::default());
        while self.token().is_some() && !self.is(Token::CloseBrace) && !entry::begins_arm(&self.pieces, self.at) {
            if self.docs.len() == from {
                self.between(Some(Doc::Space));
            } else {
                broken |= self.gap().newline;
                self.between(Some(Doc::Line { space: true, blank: false }));
            }
            self.step(&mut run, Body::Statements, self.gap().blank());
            self.entry(Body::Statements, &run);
        }
        broken
    }

    // --------------------------------------------------------------------------------------------- entries

    /// A member, clause, statement or arm, up to its end.
    fn entry(&mut self, body: Body, run: &Run<'s>) {
        if body == Body::Statements && entry::begins_arm(&self.pieces, self.at) {
            return self.arm();
        }
        let entry = Entry { start: self.at, body, run: run.number };
        self.clauses(&entry);
        let closed = self.at > entry.start && self.pieces[self.at - 1].is(Token::CloseBrace);
        let mut ends = closed && !self.uses() && !self.goes_on(&entry);
        while let Some(token) = self.token().filter(|_| !ends) {
            match token {
                Token::CloseBrace => break,
                Token::Semicolon => {
                    self.between(None);
                    self.take();
                    ends = true;
                }
                _ => {
                    self.between_words(entry.start, Some(&entry));
                    self.part(&entry);
                    ends = match token {
                        Token::OpenBrace => !self.goes_on(&entry),
                        _ => matches!(token, Token::Foreign(_)),
                    };
                }
            }
        }
    }

    /// Whether an entry goes on behind its braces.
    fn goes_on(&self, entry: &Entry) -> bool {
        match self.pieces[entry.start].token {
            Some(Token::Deploy | Token::Port) => true,
            Some(Token::If) => entry.body == Body::Rfb && self.is(Token::Else),
            _ => false,
        }
    }

    /// The entry up to its braces or end: on one line, or each clause on its own.
    fn clauses(&mut self, entry: &Entry) {
        let from = self.docs.len();
        self.sequence(Among::Entry(entry.start), Some(entry));
        let (behind, mut broken) = (self.docs.len(), false);
        while self.token().is_some() && entry::begins_clause(&self.pieces, self.at) {
            broken |= self.gap().newline;
            self.between(Some(Doc::Line { space: true, blank: false }));
            self.sequence(Among::Entry(entry.start), None);
        }
        if self.docs.len() == behind {
            return;
        }
        let rest = self.since(behind);
        self.docs.push(Doc::Nest(INDENT, rest));
        if self.is(Token::OpenBrace) {
            self.between(Some(Doc::Line { space: true, blank: false }));
            self.part(entry);
        }
        let docs = self.since(from);
        self.docs.push(Doc::group(docs, broken));
    }

    /// A run of tokens up to the end of what it is in, or to the next clause: on one line, or broken before each `and`
    /// and `or` and, in an entry, behind each comma.
    fn sequence(&mut self, among: Among, entry: Option<&Entry>) {
        let (start, from, mut rest, mut broken) = (self.at, self.docs.len(), None, false);
        while !self.ends(among, start) {
            let breaks = self.at > start && self.may_break(among);
            broken |= breaks && self.gap().newline;
            broken |= rest.is_some() && self.follows_logic() && self.gap().newline;
            if breaks {
                rest = rest.or(Some(self.docs.len()));
                self.between(Some(Doc::Line { space: true, blank: false }));
            } else if self.at > start {
                self.between_words_among(among, entry);
            }
            self.operand();
        }
        if let Some(behind) = rest {
            let rest = self.since(behind);
            self.docs.push(Doc::Nest(INDENT, rest));
            let docs = self.since(from);
            self.docs.push(Doc::group(docs, broken));
        }
    }

    fn ends(&self, among: Among, start: usize) -> bool {
        use Token::*;
        match (among, self.token()) {
            (_, None | Some(CloseParen | CloseBracket | CloseBrace)) => true,
            (Among::Entry(_), Some(OpenBrace)) => !self.uses(),
            (Among::Entry(_), Some(Semicolon | Foreign(_))) => true,
            (Among::Entry(_), _) => self.at > start && entry::begins_clause(&self.pieces, self.at),
            (Among::List, Some(Comma)) => true,
            (Among::List | Among::Square, Some(_)) => false,
        }
    }

    /// Whether the item is a `use`.
    fn uses(&self) -> bool {
        self.pieces[0].is(Token::Use)
    }

    fn may_break(&self, among: Among) -> bool {
        let logic = matches!(self.token(), Some(Token::And | Token::Or)) && !follows_dot(&self.pieces, self.at);
        match among {
            Among::Entry(_) => logic || self.pieces[self.at - 1].is(Token::Comma),
            Among::List => logic,
            Among::Square => false,
        }
    }

    fn follows_logic(&self) -> bool {
        self.at > 0 && matches!(self.pieces[self.at - 1].token, Some(Token::And | Token::Or))
    }

    /// What stands before the token at hand, in an entry or in its clauses.
    fn between_words(&mut self, start: usize, entry: Option<&Entry>) {
        if self.at > start {
            self.between_words_among(Among::Entry(start), entry);
        }
    }

    fn between_words_among(&mut self, among: Among, entry: Option<&Entry>) {
        let slot = entry.and_then(|e| Some((e, entry::slot(e.body, &self.pieces[e.start..], self.at - e.start)?)));
        self.between(match slot {
            Some((entry, slot)) => {
                Some(Doc::Column(Column { slot, run: entry.run, padded: self.gap().space.padded() }))
            }
            None => spaced(&self.pieces, self.at, among).then_some(Doc::Space),
        });
    }

    /// A part of an entry behind its head.
    fn part(&mut self, entry: &Entry) {
        if !self.is(Token::OpenBrace) {
            return self.operand();
        }
        let body = entry.body.of_entry(self.pieces[entry.start].token);
        self.block(body);
    }

    /// A token, or brackets with all they hold.
    fn operand(&mut self) {
        match self.token() {
            Some(Token::OpenParen) => self.list(),
            Some(Token::OpenBrace) if self.uses() => self.list(),
            Some(Token::OpenBrace) => self.block(Body::Statements),
            Some(Token::OpenBracket) => self.square(),
            _ => self.take(),
        }
    }

    /// `( … )`, or the braces of a `use`: on one line, or each item on its own.
    fn list(&mut self) {
        let from = self.docs.len();
        self.take();
        let (broken, inside) = (self.gap().newline, self.docs.len());
        while self.token().is_some() && !matches!(self.token(), Some(Token::CloseParen | Token::CloseBrace)) {
            let space = self.docs.len() > inside;
            self.between(Some(Doc::Line { space, blank: false }));
            self.sequence(Among::List, None);
            if self.is(Token::Comma) {
                self.between(None);
                self.take();
            }
        }
        self.remarks(false);
        let is_empty = self.docs.len() == inside;
        let docs = self.closed(from, inside, false);
        self.docs.push(Doc::group(docs, broken && !is_empty));
    }

    /// `[ … ]`, on one line.
    fn square(&mut self) {
        self.take();
        self.between(None);
        self.sequence(Among::Square, None);
        self.between(None);
        self.take();
    }
}

/// The entry that is being set.
#[derive(Debug)]
struct Entry {
    /// Its first piece.
    start: usize,
    /// What it stands in.
    body: Body,
    /// Its run.
    run: u32,
}
