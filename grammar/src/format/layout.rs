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
    let mut writer = Writer { pieces: pieces(text), at: 0, runs };
    let mut docs = Vec::new();
    for comment in &writer.gap().comments {
        docs.extend([Doc::Hard { blank: comment.space.blank() }, Doc::Text(comment.text)]);
    }
    if writer.token().is_some() {
        docs.push(Doc::Hard { blank: writer.gap().space.blank() });
        writer.step(run, Body::Items, apart || writer.gap().blank());
        docs.extend(writer.entry(Body::Items, run));
        docs.extend(remarks(writer.gap(), false));
    }
    // The first break is that before the item.
    if !docs.is_empty() {
        docs.remove(0);
    }
    docs
}

/// The layout of the text of a `.sefl` program: statements, each on a line of its own.
pub(super) fn program<'s>(text: &'s str, runs: &mut Runs) -> Docs<'s> {
    let mut writer = Writer { pieces: pieces(text), at: 0, runs };
    let (mut docs, mut run, mut first) = (Vec::new(), Run::default(), true);
    for comment in &writer.gap().comments {
        docs.extend([Doc::Hard { blank: comment.space.blank() }, Doc::Text(comment.text)]);
    }
    while writer.token().is_some() {
        if !first {
            docs.extend(remarks(writer.gap(), false));
        }
        docs.push(Doc::Hard { blank: writer.gap().space.blank() });
        writer.step(&mut run, Body::Statements, first || writer.gap().blank());
        docs.extend(writer.entry(Body::Statements, &run));
        first = false;
    }
    if !first {
        docs.extend(remarks(writer.gap(), false));
    }
    // The first break is that before the program.
    if !docs.is_empty() {
        docs.remove(0);
    }
    docs
}

/// The comments of a gap, each on a line of its own or behind what comes before.
fn remarks<'s>(gap: &Gap<'s>, first: bool) -> Docs<'s> {
    let mut docs = Vec::new();
    let mut behind: Option<&Remark<'_>> = None;
    for (number, comment) in gap.comments.iter().enumerate() {
        if comment.space.newlines == 0 {
            docs.push(Doc::Remark { text: comment.text, padded: comment.space.padded() });
            behind = Some(comment);
        } else if behind.is_some_and(|above| comment.goes_on(above)) {
            docs.extend([Doc::Hard { blank: false }, Doc::Remark { text: comment.text, padded: false }]);
        } else {
            let blank = comment.space.blank() && !(first && number == 0);
            docs.extend([Doc::Hard { blank }, Doc::Text(comment.text)]);
            behind = None;
        }
    }
    docs
}

struct Writer<'s, 'r> {
    pieces: Vec<Piece<'s>>,
    at: usize,
    runs: &'r mut Runs,
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

    /// The token at hand as it is; goes on to the next. The end stays where it is.
    fn take(&mut self) -> Doc<'s> {
        let text = self.pieces[self.at].text;
        self.at = (self.at + 1).min(self.pieces.len() - 1);
        Doc::Text(text)
    }

    /// What stands before the token at hand: its comments, and then the break or space that is wanted.
    fn between(&self, wanted: Option<Doc<'s>>) -> Docs<'s> {
        let gap = self.gap();
        let mut docs = remarks(gap, false);
        match wanted {
            Some(Doc::Line { space, .. }) => docs.push(Doc::Line { space, blank: gap.space.blank() }),
            wanted if docs.is_empty() => docs.extend(wanted),
            _ => docs.push(Doc::Hard { blank: false }),
        }
        docs
    }

    fn step(&mut self, run: &mut Run<'s>, body: Body, apart: bool) {
        let kind = entry::kind(body, &self.pieces[self.at..]);
        run.step(kind, apart, self.runs);
    }

    // ---------------------------------------------------------------------------------------------- blocks

    /// `{ … }`
    fn block(&mut self, body: Body) -> Doc<'s> {
        let open = self.take();
        let (mut inner, mut broken, mut run, mut first) = (Vec::new(), false, Run::default(), true);
        while !self.is(Token::CloseBrace) && self.token().is_some() {
            broken |= self.gap().newline;
            inner.extend(self.before_entry(first));
            self.step(&mut run, body, self.gap().blank());
            inner.extend(self.entry(body, &run));
            first = false;
        }
        broken |= self.gap().newline && !inner.is_empty();
        inner.extend(remarks(self.gap(), first));
        if inner.is_empty() {
            return Doc::group(vec![open, self.take()], false);
        }
        let line = Doc::Line { space: true, blank: false };
        Doc::block(vec![open, Doc::Nest(INDENT, inner), line, self.take()], broken)
    }

    /// What stands before an entry in a block.
    fn before_entry(&self, first: bool) -> Docs<'s> {
        let gap = self.gap();
        let mut docs = remarks(gap, first);
        let blank = gap.space.blank() && !(first && gap.comments.is_empty());
        docs.push(Doc::Line { space: true, blank });
        docs
    }

    /// `else …`, `row r: …`, `full …`, `clash …`: the statements hang behind the word.
    fn arm(&mut self) -> Docs<'s> {
        let (start, mut docs) = (self.at, Vec::new());
        let words = if self.is(Token::Row) { 3 } else { 1 };
        for _ in 0..words {
            docs.extend(self.between_words(start, None));
            docs.push(self.take());
        }
        if self.is(Token::OpenBrace) {
            docs.extend(self.between(Some(Doc::Space)));
            docs.push(self.block(Body::Statements));
            return docs;
        }
        let width = self.pieces[start..self.at].iter().map(|p| p.text.len()).sum::<usize>() + words.min(2);
        let (hanging, broken) = self.hanging();
        docs.push(Doc::block(vec![Doc::Nest(width, hanging)], broken));
        docs
    }

    /// The statements of an arm, and whether there is a break between two of them.
    fn hanging(&mut self) -> (Docs<'s>, bool) {
        let (mut docs, mut broken, mut run) = (Vec::new(), false, Run::default());
        while self.token().is_some() && !self.is(Token::CloseBrace) && !entry::begins_arm(&self.pieces, self.at) {
            if docs.is_empty() {
                docs.extend(self.between(Some(Doc::Space)));
            } else {
                broken |= self.gap().newline;
                docs.extend(self.between(Some(Doc::Line { space: true, blank: false })));
            }
            self.step(&mut run, Body::Statements, self.gap().blank());
            docs.extend(self.entry(Body::Statements, &run));
        }
        (docs, broken)
    }

    // --------------------------------------------------------------------------------------------- entries

    /// A member, clause, statement or arm, up to its end.
    fn entry(&mut self, body: Body, run: &Run<'s>) -> Docs<'s> {
        if body == Body::Statements && entry::begins_arm(&self.pieces, self.at) {
            return self.arm();
        }
        let entry = Entry { start: self.at, body, run: run.number };
        let mut docs = self.clauses(&entry);
        let closed = self.at > entry.start && self.pieces[self.at - 1].is(Token::CloseBrace);
        let mut ends = closed && !self.uses() && !self.goes_on(&entry);
        while let Some(token) = self.token().filter(|_| !ends) {
            match token {
                Token::CloseBrace => break,
                Token::Semicolon => {
                    docs.extend(self.between(None));
                    docs.push(self.take());
                    ends = true;
                }
                _ => {
                    docs.extend(self.between_words(entry.start, Some(&entry)));
                    docs.extend(self.part(&entry));
                    ends = match token {
                        Token::OpenBrace => !self.goes_on(&entry),
                        _ => matches!(token, Token::Foreign(_)),
                    };
                }
            }
        }
        docs
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
    fn clauses(&mut self, entry: &Entry) -> Docs<'s> {
        let head = self.sequence(Among::Entry(entry.start), Some(entry));
        let (mut rest, mut broken) = (Vec::new(), false);
        while self.token().is_some() && entry::begins_clause(&self.pieces, self.at) {
            broken |= self.gap().newline;
            rest.extend(self.between(Some(Doc::Line { space: true, blank: false })));
            rest.extend(self.sequence(Among::Entry(entry.start), None));
        }
        if rest.is_empty() {
            return head;
        }
        let mut docs = head;
        docs.push(Doc::Nest(INDENT, rest));
        if self.is(Token::OpenBrace) {
            docs.extend(self.between(Some(Doc::Line { space: true, blank: false })));
            docs.extend(self.part(entry));
        }
        vec![Doc::group(docs, broken)]
    }

    /// A run of tokens up to the end of what it is in, or to the next clause: on one line, or broken before each `and`
    /// and `or` and, in an entry, behind each comma.
    fn sequence(&mut self, among: Among, entry: Option<&Entry>) -> Docs<'s> {
        let (start, mut head, mut rest, mut broken) = (self.at, Vec::new(), None::<Docs<'s>>, false);
        while !self.ends(among, start) {
            let breaks = self.at > start && self.may_break(among);
            let mut docs = match (breaks, self.at > start) {
                (true, _) => self.between(Some(Doc::Line { space: true, blank: false })),
                (false, true) => self.between_words_among(among, entry),
                (false, false) => Vec::new(),
            };
            broken |= breaks && self.gap().newline;
            broken |= rest.is_some() && self.follows_logic() && self.gap().newline;
            docs.extend(self.operand());
            match &mut rest {
                Some(rest) => rest.extend(docs),
                None if breaks => rest = Some(docs),
                None => head.extend(docs),
            }
        }
        match rest {
            None => head,
            Some(rest) => {
                head.push(Doc::Nest(INDENT, rest));
                vec![Doc::group(head, broken)]
            }
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
    fn between_words(&self, start: usize, entry: Option<&Entry>) -> Docs<'s> {
        if self.at == start {
            return Vec::new();
        }
        self.between_words_among(Among::Entry(start), entry)
    }

    fn between_words_among(&self, among: Among, entry: Option<&Entry>) -> Docs<'s> {
        let slot = entry.and_then(|e| entry::slot(e.body, &self.pieces[e.start..], self.at - e.start));
        let column = |slot, run| Doc::Column(Column { slot, run, padded: self.gap().space.padded() });
        self.between(match (slot, entry) {
            (Some(slot), Some(entry)) => Some(column(slot, entry.run)),
            _ => spaced(&self.pieces, self.at, among).then_some(Doc::Space),
        })
    }

    /// A part of an entry behind its head.
    fn part(&mut self, entry: &Entry) -> Docs<'s> {
        if !self.is(Token::OpenBrace) {
            return self.operand();
        }
        let body = entry.body.of_entry(self.pieces[entry.start].token);
        vec![self.block(body)]
    }

    /// A token, or brackets with all they hold.
    fn operand(&mut self) -> Docs<'s> {
        match self.token() {
            Some(Token::OpenParen) => vec![self.list()],
            Some(Token::OpenBrace) if self.uses() => vec![self.list()],
            Some(Token::OpenBrace) => vec![self.block(Body::Statements)],
            Some(Token::OpenBracket) => self.square(),
            _ => vec![self.take()],
        }
    }

    /// `( … )`, or the braces of a `use`: on one line, or each item on its own.
    fn list(&mut self) -> Doc<'s> {
        let open = self.take();
        let (broken, mut inner) = (self.gap().newline, Vec::new());
        while self.token().is_some() && !matches!(self.token(), Some(Token::CloseParen | Token::CloseBrace)) {
            let space = !inner.is_empty();
            inner.extend(self.between(Some(Doc::Line { space, blank: false })));
            inner.extend(self.sequence(Among::List, None));
            if self.is(Token::Comma) {
                inner.extend(self.between(None));
                inner.push(self.take());
            }
        }
        inner.extend(remarks(self.gap(), false));
        if inner.is_empty() {
            return Doc::group(vec![open, self.take()], false);
        }
        let line = Doc::Line { space: false, blank: false };
        Doc::group(vec![open, Doc::Nest(INDENT, inner), line, self.take()], broken)
    }

    /// `[ … ]`, on one line.
    fn square(&mut self) -> Docs<'s> {
        let mut docs = vec![self.take()];
        docs.extend(self.between(None));
        docs.extend(self.sequence(Among::Square, None));
        docs.extend(self.between(None));
        docs.push(self.take());
        docs
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
