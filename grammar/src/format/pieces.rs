//! The tokens of an item with what stands between them: white space, counted, and comments.

use crate::tokens::{RESERVED, Token};
use logos::Logos;

/// A token, and the gap before it.
#[derive(Clone, Debug)]
pub(super) struct Piece<'s> {
    /// The token; none at the end of the text.
    pub(super) token: Option<Token<'s>>,
    /// As written.
    pub(super) text: &'s str,
    /// What stands before it.
    pub(super) gap: Gap<'s>,
}

/// What stands between two tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Gap<'s> {
    /// Its comments, in order.
    pub(super) comments: Vec<Remark<'s>>,
    /// How the token stands to what is before it.
    pub(super) space: Space,
    /// Whether there is a line break anywhere.
    pub(super) newline: bool,
}

/// A comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remark<'s> {
    /// With its slashes, without white space behind it.
    pub(super) text: &'s str,
    /// The white space before it.
    pub(super) space: Space,
    /// How many characters stand before it on its line.
    column: usize,
}

/// White space.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Space {
    /// How many lines it ends.
    pub(super) newlines: usize,
    /// How many characters there are.
    width: usize,
}

impl Space {
    fn of(text: &str) -> Space {
        let (newlines, width) = (text.matches('\n').count(), text.chars().count());
        Space { newlines, width }
    }

    /// Whether it holds an empty line.
    pub(super) fn blank(self) -> bool {
        self.newlines > 1
    }

    /// Whether it is wider than it needs to be, as where things are lined up.
    pub(super) fn padded(self) -> bool {
        self.newlines == 0 && self.width > 1
    }
}

impl Remark<'_> {
    /// Whether it stands right below another one, as its continuation.
    pub(super) fn goes_on(&self, above: &Remark<'_>) -> bool {
        self.space.newlines == 1 && self.column == above.column
    }
}

impl Gap<'_> {
    /// Whether there is an empty line anywhere.
    pub(super) fn blank(&self) -> bool {
        self.space.blank() || self.comments.iter().any(|c| c.space.blank())
    }

    /// Whether nothing stands between the two tokens.
    pub(super) fn is_empty(&self) -> bool {
        self.space.width == 0 && self.comments.is_empty()
    }
}

impl Piece<'_> {
    /// Whether it is this token.
    pub(super) fn is(&self, token: Token<'_>) -> bool {
        self.token == Some(token)
    }

    /// A word that can be a name wherever it stands.
    pub(super) fn is_name(&self) -> bool {
        self.is_word() && RESERVED.binary_search(&self.text).is_err()
    }

    /// A word, reserved or not.
    pub(super) fn is_word(&self) -> bool {
        let begins = self.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        begins && !matches!(self.token, Some(Token::Mac(_) | Token::Ipv6(_) | Token::Prefix6(_)))
    }
}

/// The tokens of an item without errors; the last piece is its end.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut gap, mut end) = (Vec::new(), Gap::default(), 0);
    for (token, span) in Token::lexer(text).spanned() {
        let space = Space::of(&text[end..span.start]);
        gap.newline |= space.newlines > 0;
        end = span.end;
        match token {
            Ok(Token::Comment) => {
                let column = text[..span.start].chars().rev().take_while(|c| *c != '\n').count();
                gap.comments.push(Remark { text: text[span].trim_end(), space, column });
            }
            Ok(token) => {
                let gap = Gap { space, ..std::mem::take(&mut gap) };
                pieces.push(Piece { token: Some(token), text: &text[span], gap });
            }
            Err(_) => pieces.push(Piece { token: Some(Token::Bad), text: &text[span], gap: std::mem::take(&mut gap) }),
        }
    }
    gap.space = Space::of(&text[end..]);
    pieces.push(Piece { token: None, text: "", gap });
    pieces
}
