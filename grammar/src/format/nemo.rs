//! NEMO in the formatter: whole files, and the blocks of `intent nemo {{ … }}`.

use crate::ast::{Item, Member};
use crate::nemo::canonical::canonical;
use crate::nemo::set::set;
use crate::parse::{parse_item, parse_nemo};
use crate::split::split;
use rdcl_base::Span;

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

/// A file of RDCL with its NEMO blocks set, or made canonical and set; all else stays as it is.
pub(super) fn with_blocks(text: &str, make_canonical: bool) -> String {
    let mut result = String::with_capacity(text.len());
    let mut end = 0;
    for body in bodies(text) {
        let (from, to) = (body.start as usize, body.end as usize);
        let inner = &text[from..to];
        let prepared = if make_canonical { canonical(inner) } else { Some(inner.to_owned()) };
        let line = &text[text[..from].rfind('\n').map_or(0, |at| at + 1)..from];
        let Some(set) = prepared.and_then(|inner| block(&inner, line)) else { continue };
        // A formatter that is wrong must not do harm.
        if !make_canonical && parse_nemo(inner).item != parse_nemo(&set).item {
            continue;
        }
        result.push_str(&text[end..from]);
        result.push_str(&set);
        end = to;
    }
    result.push_str(&text[end..]);
    result
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
fn bodies(text: &str) -> Vec<Span> {
    let mut bodies = Vec::new();
    for chunk in split(text) {
        let item = &text[chunk.start as usize..chunk.end as usize];
        if !item.contains("nemo") {
            continue;
        }
        let parsed = parse_item(item);
        let Item::Rfb(rfb) = &parsed.item else { continue };
        if !parsed.errors.is_empty() {
            continue;
        }
        for member in &rfb.members {
            if let Member::Intent(intent) = member {
                let is_nemo = intent.language.text == "nemo";
                bodies.extend(is_nemo.then(|| parsed.spans[intent.body.node.0 as usize].shifted(chunk.start)));
            }
        }
    }
    bodies
}
