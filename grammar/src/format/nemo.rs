//! NEMO in the formatter: whole files, and the blocks of `intent nemo {{ … }}`.

use crate::nemo::canonical::canonical;
use crate::nemo::set::set;
use crate::parse::parse_nemo;
use crate::split::split;
use crate::tokens::Token;
use logos::Logos;
use std::ops::Range;

/// The longest line that is set by choice.
const WIDTH: usize = 120;

/// Formats a `.nemo` file; one with errors is left alone.
///
/// ```
/// let text = "CREATE  Node a Type host ;CREATE Node b Type host;";
/// assert_eq!(rdcl_syntax::format_nemo(text), "CREATE Node a Type host;\nCREATE Node b Type host;\n");
/// ```
pub fn format_nemo(text: &str) -> String {
    let Some(formatted) = set(text, 0, None) else { return text.to_owned() };
    let same = parse_nemo(text).item == parse_nemo(&formatted).item;
    debug_assert!(same, "formatting changed the meaning of\n{text}\nas\n{formatted}");
    // A formatter that is wrong must not do harm.
    if same { formatted } else { text.to_owned() }
}

/// A `.nemo` file in canonical form, as far as it has one, and formatted; one with errors is left alone.
///
/// ```
/// assert_eq!(rdcl_syntax::canonical_nemo("Link c Endnodes (a, b)"), "CREATE Connection c EndNodes a, b;\n");
/// ```
pub fn canonical_nemo(text: &str) -> String {
    canonical(text).map_or_else(|| text.to_owned(), |text| format_nemo(&text))
}

/// A file of RDCL with its NEMO blocks set.
pub(super) struct Blocks {
    /// The file.
    pub(super) text: String,
    /// Whether something else may have to be set anew: the line changed on which a block begins, or something stands
    /// behind the braces of one.
    pub(super) moves_others: bool,
}

/// Sets the NEMO blocks of a file of RDCL, or makes them canonical and sets them; all else stays as it is. `sound` tells
/// of each outermost item whether it is without errors.
pub(super) fn with_blocks(text: &str, sound: &[bool], make_canonical: bool) -> Blocks {
    let mut result = String::with_capacity(text.len());
    let (mut end, mut moves_others) = (0, false);
    for Range { start: from, end: to } in bodies(text, sound) {
        let inner = &text[from..to];
        let prepared = if make_canonical { canonical(inner) } else { Some(inner.to_owned()) };
        let line = &text[text[..from].rfind('\n').map_or(0, |at| at + 1)..from];
        let Some(set) = prepared.and_then(|inner| block(&inner, line)) else { continue };
        // A formatter that is wrong must not do harm.
        if set == inner || !make_canonical && parse_nemo(inner).item != parse_nemo(&set).item {
            continue;
        }
        let behind = text[to..].strip_prefix("}}").and_then(|rest| rest.lines().next());
        moves_others |= !begins_like(&set, inner) || behind.is_some_and(|rest| !rest.trim().is_empty());
        result.push_str(&text[end..from]);
        result.push_str(&set);
        end = to;
    }
    result.push_str(&text[end..]);
    Blocks { text: result, moves_others }
}

/// Whether two blocks have the same first line, and others.
fn begins_like(a: &str, b: &str) -> bool {
    let first = |text: &str| text.find('\n').map(|end| text[..end].to_owned());
    first(a).is_some_and(|first_of_a| first(b) == Some(first_of_a))
}

/// The text between the braces, for a block that begins on this line.
fn block(inner: &str, line: &str) -> Option<String> {
    let indent = line.len() - line.trim_start().len();
    if inner.trim().is_empty() {
        return Some(String::new());
    }
    let begins_line = inner.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
    if !begins_line && inner.trim().contains('\n') {
        return hanging(inner, line);
    }
    let room = (!begins_line).then(|| WIDTH.saturating_sub(line.chars().count() + 4));
    let set = set(inner, indent + 2, room)?;
    if set.ends_with('\n') {
        return Some(format!("\n{set}{}", " ".repeat(indent)));
    }
    Some(format!(" {set} "))
}

/// The text of a block whose first statement stands behind the braces: the others stand below it.
fn hanging(inner: &str, line: &str) -> Option<String> {
    let column = line.chars().count() + 1;
    let set = set(inner, column, None)?;
    let set = set.trim();
    let last = inner.trim_end_matches([' ', '\t', '\r']);
    let remark = set.lines().next_back().is_some_and(|line| line.contains("//") || line.contains('#'));
    let indent = line.len() - line.trim_start().len();
    let end = if last.ends_with('\n') || remark { format!("\n{}", " ".repeat(indent)) } else { " ".to_owned() };
    Some(format!(" {set}{end}"))
}

/// Where the bodies of NEMO blocks stand, of items without errors.
fn bodies(text: &str, sound: &[bool]) -> Vec<Range<usize>> {
    let chunks = split(text);
    let items = chunks.chunk_by(|_, next| next.is_nested()).zip(sound);
    let mut bodies = Vec::new();
    for (chunk, _) in items.filter(|(_, sound)| **sound).filter_map(|(item, sound)| Some((item.first()?, sound))) {
        let start = chunk.start as usize;
        let item = &text[start..chunk.end as usize];
        if !item.contains("nemo") {
            continue;
        }
        let tokens = Token::lexer(item).spanned().filter_map(|(token, span)| Some((token.ok()?, span)));
        let tokens: Vec<(Token<'_>, Range<usize>)> = tokens.filter(|(token, _)| *token != Token::Comment).collect();
        for words in tokens.windows(3) {
            let [(Token::Intent, _), (Token::Word("nemo"), _), (Token::Foreign(body), span)] = words else { continue };
            // The braces are not part of the body.
            let from = start + span.start + 2;
            bodies.push(from..from + body.len());
        }
    }
    bodies
}
