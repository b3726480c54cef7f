//! Text that Graphviz takes as it is meant, whatever it holds.

use std::fmt::Write;

/// The longest line of a label, in characters, where there is a place to break it.
const LINE: usize = 30;

/// Text for an HTML-like label. What XML does not allow is written as Rust would.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Graphviz replaces `\\N` and its like inside such labels, too.
            '\\' => out.push_str("\\\\"),
            c if is_xml(c) => out.push(c),
            c => out.extend(c.escape_default().flat_map(|c| if c == '\\' { vec!['\\', '\\'] } else { vec![c] })),
        }
    }
    out
}

/// A text in lines, broken after commas, for an HTML-like label.
pub(crate) fn html_lines(text: &str) -> String {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for piece in text.split_inclusive(", ") {
        if !line.is_empty() && line.chars().count() + piece.trim_end().chars().count() > LINE {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(piece);
    }
    lines.push(line);
    lines.iter().map(|line| html(line.trim_end())).collect::<Vec<_>>().join("<br/>")
}

/// A quoted string, in which Graphviz sees the text.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            c if is_xml(c) => out.push(c),
            c => write!(out, "\\\\u{{{:x}}}", u32::from(c)).expect("a string takes all"),
        }
    }
    out.push('"');
    out
}

/// Whether a character may stand in the text of an XML document; line breaks and tabs are left out, too.
fn is_xml(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{fffe}' | '\u{ffff}')
}
