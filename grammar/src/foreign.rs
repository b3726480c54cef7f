//! Where a foreign block `{{ … }}` ends.
//!
//! Braces inside must balance; those in strings and comments do not count. A block that is never closed ends with the
//! first `}` without partner, or before the next line that begins with the keyword of an item, so that one slip does
//! not swallow the file.

/// What is remembered from one block to the next, to keep the work linear.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scan {
    /// Some block was never closed: from now on, none goes beyond the beginning of an item.
    cautious: bool,
}

/// How far a block goes, counted from behind its `{{`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extent {
    /// The length of its text.
    pub(crate) inner: usize,
    /// The same with the closing braces.
    pub(crate) whole: usize,
    /// Whether it ends with `}}`.
    pub(crate) closed: bool,
}

/// Finds the end of the block, given the text behind `{{`.
pub(crate) fn scan(rest: &str, state: &mut Scan) -> Extent {
    let mut lone = None;
    if !state.cautious {
        if let Some(end) = balanced(rest.as_bytes(), &mut lone) {
            return Extent { inner: end, whole: end + 2, closed: true };
        }
        state.cautious = true;
    }
    let limit = next_item(rest);
    lone = None;
    if let Some(end) = balanced(&rest.as_bytes()[..limit], &mut lone) {
        return Extent { inner: end, whole: end + 2, closed: true };
    }
    match lone {
        Some(at) => Extent { inner: at, whole: at + 1, closed: false },
        None => {
            let end = rest[..limit].trim_end().len();
            Extent { inner: end, whole: end, closed: false }
        }
    }
}

/// The offset of the `}}` that ends the block, and that of the first `}` without partner before it.
fn balanced(text: &[u8], lone: &mut Option<usize>) -> Option<usize> {
    let (mut at, mut depth) = (0, 0usize);
    let mut quotes_from = 0;
    while at < text.len() {
        match text[at] {
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'}' if text.get(at + 1) == Some(&b'}') => return Some(at),
            b'}' => *lone = lone.or(Some(at)),
            b'"' if at >= quotes_from => match string_end(text, at) {
                Ok(end) => at = end,
                Err(line_end) => quotes_from = line_end,
            },
            b'/' if text.get(at + 1) == Some(&b'/') && (at == 0 || text[at - 1] != b':') => {
                at = line_end(text, at);
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The closing quote of the string that begins at `at`, or the end of its line.
fn string_end(text: &[u8], at: usize) -> Result<usize, usize> {
    let mut end = at + 1;
    while end < text.len() {
        match text[end] {
            b'"' => return Ok(end),
            b'\n' => break,
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    Err(end)
}

fn line_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| at + n)
}

/// The offset of the next line that begins with the keyword of an item.
fn next_item(text: &str) -> usize {
    let begins = |line: &str| {
        let word = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
        matches!(word, Some("use" | "stack" | "rfb" | "substrate" | "deploy" | "environment" | "header"))
    };
    text.match_indices('\n').map(|(at, _)| at + 1).find(|at| begins(&text[*at..])).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(text: &str) -> (&str, bool) {
        let extent = scan(text, &mut Scan::default());
        (&text[..extent.inner], extent.closed)
    }

    #[test]
    fn braces_balance_outside_strings_and_comments() {
        assert_eq!(inside("a { b }}} c"), ("a { b }", true));
        assert_eq!(inside("\"}}\" // }}\n }}"), ("\"}}\" // }}\n ", true));
        assert_eq!(inside("VNFD http://x }}"), ("VNFD http://x ", true));
    }

    #[test]
    fn an_open_block_ends_before_the_next_item() {
        assert_eq!(inside("a { b\nrfb B { }"), ("a { b", false));
        assert_eq!(inside("a { b"), ("a { b", false));
        assert_eq!(inside("a; }\n port"), ("a; ", false));
    }
}
