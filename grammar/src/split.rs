//! Cuts a file into items.
//!
//! The words that begin an item are legal nowhere else, so each begins a new item, whatever brackets are open: a
//! mistake never reaches into the next item. Only braces, strings, comments and foreign blocks are looked at.

use crate::foreign::{self, Scan};
use crate::tokens::{Token, scan_string};
use logos::Logos;

/// The text of one item, documentation comments and comments on the lines before it included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chunk {
    /// Its first byte.
    pub start: u32,
    /// One past its last byte; white space behind the item is not part of it.
    pub end: u32,
    /// What it begins with.
    pub keyword: Keyword,
    /// The word behind the keyword, if there is one.
    pub name: Option<String>,
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
    /// Anything else: no item.
    Unknown,
}

impl Keyword {
    fn of(word: &[u8]) -> Option<Keyword> {
        if !matches!(word.first(), Some(b'u' | b'r' | b's' | b'd' | b'e')) {
            return None;
        }
        match word {
            b"use" => Some(Keyword::Use),
            b"rfb" => Some(Keyword::Rfb),
            b"stack" => Some(Keyword::Stack),
            b"deploy" => Some(Keyword::Deploy),
            b"substrate" => Some(Keyword::Substrate),
            b"environment" => Some(Keyword::Environment),
            _ => None,
        }
    }

    fn ends_with_brace(self) -> bool {
        matches!(self, Keyword::Rfb | Keyword::Substrate | Keyword::Environment)
    }

    fn ends_with_semicolon(self) -> bool {
        matches!(self, Keyword::Use | Keyword::Stack | Keyword::Deploy | Keyword::Environment)
    }
}

/// Cuts a file into items. Text that belongs to no item makes a chunk of [`Keyword::Unknown`].
pub fn split(text: &str) -> Vec<Chunk> {
    let mut cutter = Cutter {
        text,
        chunks: Vec::new(),
        comments_from: None,
        solid_end: 0,
        depth: 0,
        complete: true,
        is_abstract: false,
    };
    cutter.run();
    cutter.chunks
}

/// A `.nemo` file as the one item that it is.
pub fn whole(text: &str) -> Vec<Chunk> {
    vec![Chunk { start: 0, end: text.len() as u32, keyword: Keyword::Nemo, name: None }]
}

struct Cutter<'s> {
    text: &'s str,
    chunks: Vec<Chunk>,
    /// The first comment, on a line of its own, since the last token.
    comments_from: Option<usize>,
    /// The end of the last token, or of a comment behind it.
    solid_end: usize,
    depth: u32,
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
                    self.token(start, at);
                    fresh_line = false;
                }
            }
        }
        self.finish_chunk(self.comments_from.map_or(self.solid_end, |_| self.text.trim_end().len()));
    }

    fn comment(&mut self, start: usize, end: usize, own_line: bool) {
        if own_line {
            self.comments_from.get_or_insert(start);
        } else {
            self.solid_end = end;
        }
    }

    fn token(&mut self, start: usize, end: usize) {
        let bytes = &self.text.as_bytes()[..end];
        let keyword = self.keyword(start, end);
        if keyword.is_none() && self.complete && self.goes_on(&self.text[start..end]) {
            (self.complete, self.depth) = (false, 1);
        } else if keyword.is_some() || self.complete {
            self.begin(keyword.unwrap_or(Keyword::Unknown), start, end);
        }
        self.comments_from = None;
        self.solid_end = end;
        self.track_end(bytes[start], end - start);
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

    /// True when the brace that seemed to end the item came too early.
    fn goes_on(&self, token: &str) -> bool {
        let braced = self.chunks.last().is_some_and(|chunk| chunk.keyword.ends_with_brace());
        braced && matches!(Token::lexer(token).next(), Some(Ok(token)) if token.goes_on_with_members())
    }

    fn begin(&mut self, keyword: Keyword, start: usize, end: usize) {
        self.finish_chunk(self.solid_end);
        let rest = &self.text[end..];
        let rest = if self.is_abstract { rest.trim_start().trim_start_matches("rfb") } else { rest };
        let name = if keyword == Keyword::Unknown { None } else { next_word(rest) };
        let start = self.comments_from.unwrap_or(start) as u32;
        self.chunks.push(Chunk { start, end: start, keyword, name });
        self.depth = 0;
        self.complete = false;
    }

    fn finish_chunk(&mut self, end: usize) {
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.end = chunk.end.max(end as u32);
        }
    }

    /// Notices the brace or semicolon that ends the current item.
    fn track_end(&mut self, byte: u8, length: usize) {
        let Some(keyword) = self.chunks.last().map(|c| c.keyword) else { return };
        match byte {
            b'{' if length == 1 => self.depth += 1,
            b'}' if self.depth > 0 => {
                self.depth -= 1;
                self.complete = self.depth == 0 && keyword.ends_with_brace();
            }
            b';' if self.depth == 0 => self.complete = keyword.ends_with_semicolon(),
            _ => {}
        }
    }
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
