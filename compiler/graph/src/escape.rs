//! Text that Graphviz takes as it is meant, whatever it holds.

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
            // Graphviz replaces `\N` and its like in such labels, too.
            '\\' => out.push_str(r"\\"),
            c => push(&mut out, c),
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
            c => push(&mut out, c),
        }
    }
    out.push('"');
    out
}

/// A character; one that may not stand in XML, a line break or a tab as `\u{a}`.
fn push(out: &mut String, character: char) {
    if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') {
        *out += &format!(r"\\u{{{:x}}}", u32::from(character));
    } else {
        out.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(html("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
        assert_eq!(html("\\N\u{0}\u{ffff}é"), r"\\N\\u{0}\\u{ffff}é");
        assert_eq!(quoted("a\"\\\n}"), r#""a\"\\\\u{a}}""#);
    }

    #[test]
    fn long_texts_are_broken_after_commas() {
        let text = "Nat44(public = 203.0.113.7, image = \"nat44\")";
        assert_eq!(html_lines(text), "Nat44(public = 203.0.113.7,<br/>image = &quot;nat44&quot;)");
        assert_eq!(html_lines("Hub(link = ip, ports = 4)"), "Hub(link = ip, ports = 4)");
        assert_eq!(html_lines(""), "");
    }
}
