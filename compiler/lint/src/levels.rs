//! What comments say about lints: `// rdcl: allow(unused_import)`, and the same with `warn` and `deny`.
//!
//! A comment on a line of its own speaks of what follows it: a whole item, or a member or statement in it. One behind
//! something speaks of its line.

use rdcl_base::lints::{LINTS, Level, Lint};
use rdcl_base::{Code, Diagnostic, Fix, Span, nearest};
use rdcl_syntax::{Chunk, ParsedItem, parse_item, split};

/// The beginning of a comment that speaks of lints.
const MARK: &str = "rdcl:";

/// A range of a text in which a lint has a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The range.
    pub span: Span,
    /// The code of the lint.
    pub code: Code,
    /// Its level there.
    pub level: Level,
}

/// What the comments of a text say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// In the order of the text.
    pub scopes: Vec<Scope>,
    /// What could not be understood.
    pub problems: Vec<Diagnostic<Span>>,
}

impl Levels {
    /// The level of a lint at an offset: that of the smallest range, of equal ones the later.
    pub fn level(&self, code: Code, at: u32) -> Option<Level> {
        let here = self.scopes.iter().rev().filter(|s| s.code == code && s.span.start <= at && at < s.span.end);
        here.min_by_key(|s| s.span.end - s.span.start).map(|s| s.level)
    }
}

/// Reads the comments of a text.
pub fn levels(text: &str) -> Levels {
    let mut levels = Levels::default();
    if !text.contains(MARK) {
        return levels;
    }
    for chunk in split(text) {
        let own = chunk.text(text);
        if own.contains(MARK) {
            read_item(&mut levels, &chunk, &own, &parse_item(&own));
        }
    }
    levels
}

fn read_item(levels: &mut Levels, chunk: &Chunk, text: &str, item: &ParsedItem) {
    for comment in &item.comments {
        let Some(said) = comment.text.trim_start_matches('/').trim_start().strip_prefix(MARK) else { continue };
        let offset = comment.span.start + (comment.text.len() - said.len()) as u32;
        let said = said.split("//").next().unwrap_or_default();
        let scope = scope(text, item, comment.span).shifted(chunk.start);
        read_comment(levels, said, offset + chunk.start, scope);
    }
}

/// The range that a comment speaks of.
fn scope(text: &str, item: &ParsedItem, comment: Span) -> Span {
    let (start, end) = (comment.start as usize, comment.end as usize);
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    if !text[line..start].trim().is_empty() {
        return Span::new(line as u32, comment.end);
    }
    let next = next_piece(text, end);
    let is_first = next_piece(text, 0) == next;
    let node = item.spans.iter().filter(|span| span.start as usize == next).max_by_key(|span| span.end);
    match node {
        _ if is_first => Span::new(0, text.len() as u32),
        Some(node) => *node,
        None => Span::new(next as u32, text[next..].find('\n').map_or(text.len(), |at| next + at) as u32),
    }
}

/// Where the next thing begins that is neither white space nor a comment.
fn next_piece(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    let blank = rest.len() - rest.trim_start().len();
    let rest = &rest[blank..];
    match rest.starts_with("//") {
        true => next_piece(text, from + blank + rest.find('\n').unwrap_or(rest.len())),
        false => from + blank,
    }
}

/// ` allow(a, b) deny(c)`
fn read_comment(levels: &mut Levels, said: &str, offset: u32, scope: Span) {
    let whole = Span::new(offset, offset + said.trim_end().len() as u32);
    let mut rest = said.trim();
    if rest.is_empty() {
        levels.problems.push(not_understood(whole));
    }
    while !rest.is_empty() {
        let parts = rest.split_once('(').and_then(|(word, rest)| Some((word, rest.split_once(')')?)));
        let Some((level, (names, after))) = parts.and_then(|(word, rest)| Some((Level::find(word.trim())?, rest)))
        else {
            levels.problems.push(not_understood(whole));
            return;
        };
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match Lint::find(name) {
                Some(lint) => levels.scopes.push(Scope { span: scope, code: lint.code, level }),
                None => {
                    let at = offset + said.find(name).unwrap_or(0) as u32;
                    levels.problems.push(unknown(name, Span::new(at, at + name.len() as u32)));
                }
            }
        }
        rest = after.trim();
    }
}

fn not_understood(at: Span) -> Diagnostic<Span> {
    Diagnostic::new(Code::W0002, at, "this says nothing about a lint")
        .with_help("write `// rdcl: allow(name)`, or the same with `warn` or `deny`")
}

fn unknown(name: &str, at: Span) -> Diagnostic<Span> {
    let near = nearest(name, LINTS.iter().map(|lint| lint.name));
    let mut problem = Diagnostic::new(Code::W0002, at, format!("there is no lint `{name}`"))
        .with_optional_help(near.map(|near| format!("did you mean `{near}`?")));
    problem.fix = near.map(|near| Fix { at, replacement: near.to_owned() });
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_at(text: &str, what: &str) -> Option<Level> {
        let levels = levels(text);
        assert_eq!(levels.problems, []);
        levels.level(Code::W0201, text.find(what).unwrap() as u32)
    }

    #[test]
    fn a_comment_speaks_of_what_follows() {
        let text = "// rdcl: allow(unused_import)\n/// Text.\nrfb A {\n  port in a: Ip4;\n  // rdcl: deny(unused_import)\n  \
                    behaviour sefl { on a { Forward(b); } }\n  port in c: Ip4; // rdcl: warn(unused_import)\n}\nrfb B {}\n";
        assert_eq!(level_at(text, "rfb A"), Some(Level::Allow));
        assert_eq!(level_at(text, "port in a"), Some(Level::Allow));
        assert_eq!(level_at(text, "Forward"), Some(Level::Deny));
        assert_eq!(level_at(text, "port in c"), Some(Level::Warn));
        assert_eq!(level_at(text, "rfb B"), None);
    }

    #[test]
    fn what_is_no_lint_is_said() {
        let problems = |text| levels(text).problems.into_iter().map(|p| p.message).collect::<Vec<_>>();
        assert_eq!(problems("// rdcl: allow(unused_imports)\nrfb A {}"), ["there is no lint `unused_imports`"]);
        assert_eq!(problems("// rdcl: permit(unused_import)\nrfb A {}").len(), 1);
        assert_eq!(problems("// rdcl:\nrfb A {}").len(), 1);
        assert_eq!(problems("// rdcl: allow(unused_import, unused_state) deny(block_name)\nrfb A {}"), [""; 0]);
        assert_eq!(problems("rfb A { impl x on kvm { image = \"// rdcl: x\"; } }"), [""; 0]);
    }
}
