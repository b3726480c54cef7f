//! Cuts a file into items.
//!
//! The words that begin an item are legal nowhere else, so each begins a new item, whatever brackets are open: a
//! mistake never reaches into the next item. Only braces, strings, comments and foreign blocks are looked at.
//!
//! A `rfb` or `stack` in an open brace of an RFB begins a nested item, if it is indented and first on its line or in its
//! statement. It is cut out of the item around it, whose text has white space in its place.

use crate::foreign::{self, Scan};
use crate::tokens::{Token, scan_string};
use logos::Logos;
use std::borrow::Cow;

/// How many items may stand around one; what is deeper is not cut out, and no member either.
const MOST_AROUND: usize = 16;

/// The text of one item, documentation comments and comments on the lines before it included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chunk {
    /// Its first byte.
    pub start: u32,
    /// One past its last byte; white space behind the item is not part of it.
    pub end: u32,
    /// What it begins with.
    pub keyword: Keyword,
    /// The word behind the keyword, if there is one; of a nested item behind the names around it, `Outer::Inner`.
    pub name: Option<String>,
    /// How many braces of the item around it are open where a nested item stands: one, if it stands among the members.
    /// None around others.
    pub braces: u32,
    /// The ranges of the items nested in it, those in these apart, in order.
    pub nested: Vec<(u32, u32)>,
    /// How many of its braces a nested item leaves open that is not closed itself. They count as closed at its end, for
    /// one complaint is enough.
    pub left_open: u32,
}

impl Chunk {
    /// The item's text, with white space for the items nested in it, so that every offset is that of `file`, less
    /// [`Chunk::start`].
    pub fn text<'t>(&self, file: &'t str) -> Cow<'t, str> {
        let whole = file.get(self.start as usize..self.end as usize).unwrap_or("");
        if self.nested.is_empty() {
            return Cow::Borrowed(whole);
        }
        let (mut text, mut at, mut blank) = (String::with_capacity(whole.len()), 0, 0);
        for (start, end) in &self.nested {
            let (start, end) = ((start - self.start) as usize, (end - self.start) as usize);
            text.push_str(&whole[at..start]);
            text.extend(whole[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
            (at, blank) = (end, end - start);
        }
        let closed = blank.min(self.left_open as usize);
        text.truncate(text.len() - closed);
        text.extend(std::iter::repeat_n('}', closed));
        text.push_str(&whole[at..]);
        Cow::Owned(text)
    }

    /// Whether it is nested in another item.
    pub fn is_nested(&self) -> bool {
        self.braces > 0
    }
}

/// The words that begin an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keyword {
    /// `use`
    Use,
    /// `stack`
    Stack,
    /// `rfb`
    Rfb,
    /// `substrate`
    Substrate,
    /// `deploy`
    Deploy,
    /// None: a `.nemo` file is one item.
    Nemo,
    /// `environment`
    Environment,
    /// `header`
    Header,
    /// Anything else: no item.
    Unknown,
}

impl Keyword {
    fn of(word: &[u8]) -> Option<Keyword> {
        if !matches!(word.first(), Some(b'u' | b'r' | b's' | b'd' | b'e' | b'h')) {
            return None;
        }
        match word {
            b"use" => Some(Keyword::Use),
            b"rfb" => Some(Keyword::Rfb),
            b"stack" => Some(Keyword::Stack),
            b"deploy" => Some(Keyword::Deploy),
            b"substrate" => Some(Keyword::Substrate),
            b"environment" => Some(Keyword::Environment),
            b"header" => Some(Keyword::Header),
            _ => None,
        }
    }

    fn ends_with_brace(self) -> bool {
        matches!(self, Keyword::Rfb | Keyword::Substrate | Keyword::Environment | Keyword::Header)
    }

    fn ends_with_semicolon(self) -> bool {
        matches!(self, Keyword::Use | Keyword::Stack | Keyword::Deploy | Keyword::Environment)
    }
}

/// Cuts a file into items. Text that belongs to no item makes a chunk of [`Keyword::Unknown`]. Nested items follow the
/// one they are nested in.
pub fn split(text: &str) -> Vec<Chunk> {
    let mut cutter = Cutter {
        text,
        chunks: Vec::new(),
        open: Vec::new(),
        closed: None,
        comments_from: None,
        solid_end: 0,
        previous: b';',
        complete: true,
        is_abstract: false,
    };
    cutter.run();
    with_nested(cutter.chunks)
}

/// Notes in each item where others are nested in it.
fn with_nested(mut chunks: Vec<Chunk>) -> Vec<Chunk> {
    let mut around: Vec<usize> = Vec::new();
    for at in 0..chunks.len() {
        let (start, end) = (chunks[at].start, chunks[at].end);
        while around.last().is_some_and(|outer| chunks[*outer].end <= start) {
            around.pop();
        }
        if let Some(outer) = around.last().filter(|_| chunks[at].is_nested()) {
            chunks[*outer].nested.push((start, end));
        }
        around.push(at);
    }
    chunks
}

/// A `.nemo` file as the one item that it is.
pub fn whole(text: &str) -> Vec<Chunk> {
    let end = text.len() as u32;
    vec![Chunk { start: 0, end, keyword: Keyword::Nemo, name: None, braces: 0, nested: Vec::new(), left_open: 0 }]
}

/// An item whose end is not reached.
struct Open {
    /// Its index.
    chunk: usize,
    /// Its open braces.
    depth: u32,
}

struct Cutter<'s> {
    text: &'s str,
    chunks: Vec<Chunk>,
    /// The current item, and the items nested in it that are open, the innermost last.
    open: Vec<Open>,
    /// The nested item that ended with the last token.
    closed: Option<usize>,
    /// The first comment, on a line of its own, since the last token.
    comments_from: Option<usize>,
    /// The end of the last token, or of a comment behind it.
    solid_end: usize,
    /// The first byte of the last token.
    previous: u8,
    /// The current item is at its end, or there is none.
    complete: bool,
    /// The last token was the `abstract` of `abstract rfb`.
    is_abstract: bool,
}

impl Cutter<'_> {
    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        let mut scan = Scan::default();
        let (mut at, mut fresh_line) = (0, true);
        while at < bytes.len() {
            let start = at;
            match bytes[at] {
                b'\n' => (at, fresh_line) = (at + 1, true),
                b' ' | b'\t' | b'\r' | b'\x0c' => at += 1,
                0xef if self.text[at..].starts_with('\u{feff}') => at += 3,
                b'/' if bytes.get(at + 1) == Some(&b'/') => {
                    at = comment_end(bytes, at);
                    self.comment(start, at, fresh_line);
                }
                byte => {
                    at = token_end(self.text, at, byte, &mut scan);
                    self.token(start, at, fresh_line);
                    fresh_line = false;
                }
            }
        }
        self.finish_from(0, self.comments_from.map_or(self.solid_end, |_| self.text.trim_end().len()));
    }

    fn comment(&mut self, start: usize, end: usize, own_line: bool) {
        if own_line {
            self.comments_from.get_or_insert(start);
            return;
        }
        self.solid_end = end;
        if let Some(closed) = self.closed {
            self.chunks[closed].end = end as u32;
        }
    }

    fn token(&mut self, start: usize, end: usize, fresh_line: bool) {
        let (byte, token) = (self.text.as_bytes()[start], &self.text[start..end]);
        let keyword = self.keyword(start, end);
        self.closed = None;
        match keyword.and_then(|keyword| self.holder(keyword, start, fresh_line)) {
            Some(holder) if holder >= MOST_AROUND => {}
            Some(holder) => {
                self.finish_from(holder + 1, self.solid_end);
                self.begin(keyword.unwrap_or(Keyword::Unknown), start, end);
            }
            None if keyword.is_none() && self.complete && self.goes_on(token) => {
                self.complete = false;
                self.open.iter_mut().for_each(|open| open.depth = 1);
            }
            None if keyword.is_some() || self.complete => {
                self.finish_from(0, self.solid_end);
                self.begin(keyword.unwrap_or(Keyword::Unknown), start, end);
            }
            None => self.leave(byte, token),
        }
        self.comments_from = None;
        self.solid_end = end;
        self.previous = byte;
        self.track_end(byte, end - start);
    }

    /// The keyword that the token is, unless it is a member or belongs to `abstract rfb`, which is one keyword.
    fn keyword(&mut self, start: usize, end: usize) -> Option<Keyword> {
        let bytes = &self.text.as_bytes()[..end];
        let follows_abstract = std::mem::take(&mut self.is_abstract);
        if &bytes[start..] == b"abstract" && follows_rfb(&self.text[end..]) {
            self.is_abstract = true;
            return Some(Keyword::Rfb).filter(|_| !follows_dot(&bytes[..start]));
        }
        Keyword::of(&bytes[start..]).filter(|_| !follows_abstract && !follows_dot(&bytes[..start]))
    }

    /// The open item that one which begins here is nested in, by its place among the open ones.
    fn holder(&self, keyword: Keyword, start: usize, fresh_line: bool) -> Option<usize> {
        let first_column = start == 0 || self.text.as_bytes()[start - 1] == b'\n';
        let begins_statement = fresh_line || matches!(self.previous, b'{' | b'}' | b';');
        if self.complete || first_column || !begins_statement || !matches!(keyword, Keyword::Rfb | Keyword::Stack) {
            return None;
        }
        self.open.iter().rposition(|open| open.depth > 0 && self.chunks[open.chunk].keyword == Keyword::Rfb)
    }

    /// True when the brace that seemed to end the item came too early.
    fn goes_on(&self, token: &str) -> bool {
        let braced = self.open.first().is_some_and(|open| self.chunks[open.chunk].keyword.ends_with_brace());
        braced && begins_member(token)
    }

    /// Begins an item, in the innermost one that is open.
    fn begin(&mut self, keyword: Keyword, start: usize, end: usize) {
        let rest = &self.text[end..];
        let rest = if self.is_abstract { rest.trim_start().trim_start_matches("rfb") } else { rest };
        let name = if keyword == Keyword::Unknown { None } else { next_word(rest) };
        let around = self.open.last().map(|open| (open.depth, &self.chunks[open.chunk].name));
        let (braces, name) = match (around, name) {
            (Some((depth, Some(around))), Some(name)) => (depth, Some(format!("{around}::{name}"))),
            (around, name) => (around.map_or(0, |(depth, _)| depth), name),
        };
        let start = self.comments_from.unwrap_or(start) as u32;
        self.open.push(Open { chunk: self.chunks.len(), depth: 0 });
        self.chunks.push(Chunk { start, end: start, keyword, name, braces, nested: Vec::new(), left_open: 0 });
        self.complete = false;
    }

    /// Ends the open items from this one on, all but the innermost for want of its end.
    fn finish_from(&mut self, first: usize, end: usize) {
        let innermost = self.open.last().map(|open| open.chunk);
        while self.open.len() > first
            && let Some(open) = self.open.pop()
        {
            let chunk = &mut self.chunks[open.chunk];
            chunk.end = chunk.end.max(end as u32);
            chunk.left_open = if innermost == Some(open.chunk) { 0 } else { open.depth };
        }
    }

    /// Ends nested items that cannot hold the token.
    fn leave(&mut self, byte: u8, token: &str) {
        while self.open.len() > 1
            && let Some(open) = self.open.last()
            && open.depth == 0
        {
            let ends = byte == b'}' || self.chunks[open.chunk].keyword == Keyword::Stack && begins_member(token);
            if !ends {
                break;
            }
            self.finish_from(self.open.len() - 1, self.solid_end);
        }
    }

    /// Notices the brace or semicolon that ends the innermost item.
    fn track_end(&mut self, byte: u8, length: usize) {
        let is_nested = self.open.len() > 1;
        let Some(open) = self.open.last_mut() else { return };
        let keyword = self.chunks[open.chunk].keyword;
        let ends = match byte {
            b'{' if length == 1 => {
                open.depth += 1;
                return;
            }
            b'}' if open.depth > 0 => {
                open.depth -= 1;
                open.depth == 0 && keyword.ends_with_brace()
            }
            b';' if open.depth == 0 => is_nested || keyword.ends_with_semicolon(),
            _ => return,
        };
        if ends && is_nested {
            self.closed = Some(open.chunk);
            self.finish_from(self.open.len() - 1, self.solid_end);
        } else {
            self.complete = ends;
        }
    }
}

/// Whether a token begins a member, or ends the list of members.
fn begins_member(token: &str) -> bool {
    matches!(Token::lexer(token).next(), Some(Ok(token)) if token.goes_on_with_members())
}

/// The end of the token at `at`, where nothing but words, strings and foreign blocks is longer than a character.
fn token_end(text: &str, at: usize, byte: u8, scan: &mut Scan) -> usize {
    let bytes = text.as_bytes();
    match byte {
        b'"' => {
            let (length, closed) = scan_string(&text[at + 1..]);
            at + 1 + length + usize::from(closed)
        }
        b'{' if bytes.get(at + 1) == Some(&b'{') => at + 2 + foreign::scan(&text[at + 2..], scan).whole,
        _ if is_word_byte(byte) => bytes[at..].iter().position(|b| !is_word_byte(*b)).map_or(bytes.len(), |n| at + n),
        _ if byte < 0x80 => at + 1,
        _ => text[at..].chars().next().map_or(bytes.len(), |c| at + c.len_utf8()),
    }
}

fn comment_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n)
}

/// Whether a byte belongs to a word.
static WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

fn is_word_byte(byte: u8) -> bool {
    WORD[usize::from(byte)]
}

/// `ip.use` is a member, `1..use` and `ip. use` are not.
fn follows_dot(before: &[u8]) -> bool {
    before.iter().rev().take_while(|b| **b == b'.').count() % 2 == 1
}

/// Whether `rfb` is the next word.
fn follows_rfb(rest: &str) -> bool {
    let word = rest.trim_start().strip_prefix("rfb");
    word.is_some_and(|behind| !behind.bytes().next().is_some_and(is_word_byte))
}

fn next_word(rest: &str) -> Option<String> {
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let word = &rest[..end];
    (!word.is_empty() && Keyword::of(word.as_bytes()).is_none()).then(|| word.to_owned())
}
