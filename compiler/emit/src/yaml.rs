//! A small writer of YAML: block style, one line for each thing, and for each line what it is there because of.
//!
//! Readers of Heat templates follow YAML 1.1, where `no`, `0123` and `12:30` are not texts: whatever is not plainly a
//! word is quoted. A map, list or text without content is left out with its key, so the line of the key is there
//! because of whatever all of its content is there because of.

use rdcl_hir::Loc;

/// A value.
#[derive(Clone, Debug)]
pub enum Node {
    /// On the line of its key, as it is.
    Plain(String),
    /// A map.
    Map(Vec<Entry>),
    /// A list.
    List(Vec<Item>),
    /// A text, line by line.
    Text(Vec<(String, Vec<Loc>)>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The lines of comment before it.
    pub comments: Vec<(String, Vec<Loc>)>,
    /// The key.
    pub key: String,
    /// The value.
    pub node: Node,
    /// What it is there because of.
    pub because: Vec<Loc>,
}

/// An element of a list.
#[derive(Clone, Debug)]
pub struct Item {
    /// The value; no list.
    pub node: Node,
    /// What it is there because of.
    pub because: Vec<Loc>,
}

/// A text.
pub fn text(value: &str) -> Node {
    Node::Plain(quoted(value))
}

/// A number.
pub fn number(value: u64) -> Node {
    Node::Plain(value.to_string())
}

/// `{get_resource: fw_server}`
pub fn call(function: &str, argument: &str) -> Node {
    Node::Plain(format!("{{{function}: {}}}", quoted(argument)))
}

/// A key and its value, there because of what surrounds it.
pub fn entry(key: &str, node: Node) -> Entry {
    Entry { comments: Vec::new(), key: key.to_owned(), node, because: Vec::new() }
}

impl Entry {
    /// There because of these.
    pub fn because(mut self, because: &[Loc]) -> Entry {
        self.because = because.to_vec();
        self
    }
}

/// A document, line by line.
#[derive(Debug, Default)]
pub struct Lines {
    /// Each line without its line break, and what it is there because of.
    pub lines: Vec<(String, Vec<Loc>)>,
}

impl Lines {
    /// A line of comment.
    pub fn comment(&mut self, depth: usize, text: &str, because: &[Loc]) {
        self.line(depth, &format!("# {}", printable(text)), because);
    }

    /// A map.
    pub fn map(&mut self, depth: usize, entries: &[Entry], around: &[Loc]) {
        for entry in entries.iter().filter(|entry| !is_empty(&entry.node)) {
            let because = joined(around, &entry.because);
            for (comment, reasons) in &entry.comments {
                self.comment(depth, comment, &joined(&because, reasons));
            }
            self.entry(depth, entry, &because);
        }
    }

    fn entry(&mut self, depth: usize, entry: &Entry, because: &[Loc]) {
        let key = quoted(&entry.key);
        if let Node::Plain(value) = &entry.node {
            return self.line(depth, &format!("{key}: {value}"), because);
        }
        let mark = if matches!(entry.node, Node::Text(_)) { " |" } else { "" };
        self.line(depth, &format!("{key}:{mark}"), &joined(because, &common(&entry.node)));
        self.node(depth + 1, &entry.node, because);
    }

    fn node(&mut self, depth: usize, node: &Node, because: &[Loc]) {
        match node {
            Node::Plain(value) => self.line(depth, value, because),
            Node::Map(entries) => self.map(depth, entries, because),
            // An element stands below its key, and needs no further space.
            Node::List(items) => items.iter().for_each(|item| self.item(depth, item, because)),
            Node::Text(lines) => {
                for (text, reasons) in lines {
                    self.line(depth, &printable(text), &joined(because, reasons));
                }
            }
        }
    }

    fn item(&mut self, depth: usize, item: &Item, around: &[Loc]) {
        let first = self.lines.len();
        self.node(depth + 1, &item.node, &joined(around, &item.because));
        if let Some((line, _)) = self.lines.get_mut(first) {
            let dash = depth * 2;
            line.replace_range(dash..dash + 1, "-");
        }
    }

    fn line(&mut self, depth: usize, text: &str, because: &[Loc]) {
        self.lines.push((format!("{:1$}{text}", "", depth * 2), because.to_vec()));
    }
}

fn joined(a: &[Loc], b: &[Loc]) -> Vec<Loc> {
    let mut all = a.to_vec();
    all.extend(b.iter().filter(|at| !a.contains(at)));
    all
}

/// Whether it would be written as nothing.
fn is_empty(node: &Node) -> bool {
    match node {
        Node::Plain(_) => false,
        Node::Map(entries) => entries.iter().all(|entry| is_empty(&entry.node)),
        Node::List(items) => items.iter().all(|item| is_empty(&item.node)),
        Node::Text(lines) => lines.is_empty(),
    }
}

/// What everything within is there because of.
fn common(node: &Node) -> Vec<Loc> {
    let within: Vec<Vec<Loc>> = match node {
        Node::Plain(_) => Vec::new(),
        Node::Map(entries) => entries
            .iter()
            .filter(|entry| !is_empty(&entry.node))
            .map(|entry| joined(&entry.because, &common(&entry.node)))
            .collect(),
        Node::List(items) => items
            .iter()
            .filter(|item| !is_empty(&item.node))
            .map(|item| joined(&item.because, &common(&item.node)))
            .collect(),
        Node::Text(lines) => lines.iter().map(|(_, because)| because.clone()).collect(),
    };
    let mut within = within.into_iter();
    let first = within.next().unwrap_or_default();
    within.fold(first, |all, next| all.into_iter().filter(|at| next.contains(at)).collect())
}

/// Words that YAML 1.1 does not take for texts.
const WORDS: [&str; 11] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"];

/// A text, quoted unless it is plainly a word.
pub fn quoted(text: &str) -> String {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    if starts && text.chars().all(plain) && !is_word {
        text.to_owned()
    } else if text.chars().all(is_printable) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{}\"", text.chars().map(escaped).collect::<String>())
    }
}

/// What a quoted text or a comment may hold as it is.
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn escaped(c: char) -> String {
    match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if is_printable(c) => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    }
}

/// A line of text or comment; what would break it is replaced.
fn printable(text: &str) -> String {
    text.chars().map(|c| if is_printable(c) { c } else { '\u{fffd}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_are_not_quoted() {
        for word in ["fw", "m1.small", "OS", "10x", "branch-fw", "_a"] {
            let wanted = if word.starts_with('1') { format!("'{word}'") } else { word.to_owned() };
            assert_eq!(quoted(word), wanted);
        }
        for word in
            ["no", "On", "NULL", "y", "0123", "12:30", "1e3", "", "~", "a b", "a: b", "#a", "-a", "é", ".5", "a#"]
        {
            assert_eq!(quoted(word), format!("'{word}'"));
        }
        assert_eq!(quoted("it's"), "'it''s'");
        assert_eq!(quoted("a\n\"b\""), "\"a\\U0000000a\\\"b\\\"\"");
    }

    #[test]
    fn lists_of_maps_and_texts_are_in_block_style() {
        let rule = Item { node: Node::Map(vec![entry("port", number(80)), entry("to", text("no"))]), because: vec![] };
        let entries = [
            entry("rules", Node::List(vec![rule.clone(), rule])),
            entry("none", Node::Map(vec![entry("inner", Node::List(vec![]))])),
            entry("about", Node::Text(vec![("one: two".into(), vec![]), ("three".into(), vec![])])),
        ];
        let mut lines = Lines::default();
        lines.map(0, &entries, &[]);
        let text: Vec<&str> = lines.lines.iter().map(|l| l.0.as_str()).collect();
        let wanted = [
            "rules:",
            "  - port: 80",
            "    to: 'no'",
            "  - port: 80",
            "    to: 'no'",
            "about: |",
            "  one: two",
            "  three",
        ];
        assert_eq!(text, wanted);
    }
}
