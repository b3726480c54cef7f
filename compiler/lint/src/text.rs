//! Texts as words and signs: enough to see what stands before and behind something, and which names are mentioned.

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'t> {
    /// Where it begins.
    pub start: usize,
    /// A word, a string with its quotes, or one other character.
    pub text: &'t str,
}

impl Piece<'_> {
    /// Whether it is a word or a number.
    pub fn is_word(&self) -> bool {
        self.text.starts_with(is_word_character)
    }
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The pieces of a text, without white space and comments.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '"' => string_length(rest),
            c if is_word_character(c) => rest.find(|c| !is_word_character(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        if !first.is_whitespace() && !rest.starts_with("//") {
            found.push(Piece { start: at, text: &rest[..length] });
        }
        at += length;
    }
    found
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\n' => return at,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// A text without white space and comments, words kept apart.
pub fn squeezed(text: &str) -> String {
    pieces(text).iter().map(|piece| piece.text).collect::<Vec<_>>().join(" ")
}

/// How often a name is mentioned, other than behind a dot, or before the `=` of an argument.
pub fn mentions(text: &str, name: &str) -> usize {
    let pieces = pieces(text);
    let is = |i: usize, sign: &str| pieces.get(i).is_some_and(|piece| piece.text == sign);
    let is_argument = |i: usize| is(i + 1, "=") && !is(i + 2, "=") && i > 0 && (is(i - 1, "(") || is(i - 1, ","));
    let is_member = |i: usize| i > 0 && is(i - 1, ".") && !(i > 1 && is(i - 2, "."));
    let counts = |i: &usize| is(*i, name) && !is_member(*i) && !is_argument(*i);
    (0..pieces.len()).filter(counts).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_members_and_arguments() {
        assert_eq!(mentions("f(mark = mark, x == mark); a.mark; 1..mark // mark\n \"mark\" marks", "mark"), 3);
        assert_eq!(squeezed("a +  b // c\n. \"x  y\""), "a + b . \"x  y\"");
    }
}
