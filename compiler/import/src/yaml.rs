//! YAML (and JSON, which is nearly a part of it) as a tree that knows where everything stands.
//!
//! Nodes lie in one table and refer to each other by number: an alias is the number of what it stands for, so a text full
//! of aliases is no larger than it looks. No walk here recurses.

use rdcl_base::Span;
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::BTreeMap;

/// A parsed document.
#[derive(Debug, Default)]
pub(crate) struct Document {
    nodes: Vec<Node>,
    root: Option<usize>,
}

#[derive(Debug)]
struct Node {
    span: Span,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Scalar(String),
    List(Vec<usize>),
    Map(Vec<(usize, usize)>),
}

/// A text that is no YAML.
#[derive(Debug)]
pub(crate) struct Malformed {
    /// Where the reader gave up.
    pub at: Span,
    /// Why.
    pub reason: String,
}

/// How many merge keys (`<<`) are followed.
const MOST_MERGES: usize = 8;

impl Document {
    /// Reads the first document of a text.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(text: &str) -> Result<Document, Malformed> {
        let text = text.strip_prefix('\u{feff}').map_or((0, text), |rest| (3, rest));
        let (offset, text) = text;
        let bytes = Bytes::new(text, offset);
        let mut builder = Builder::default();
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, at) = event.map_err(|error| {
                let at = bytes.at(error.marker().index());
                Malformed { at: Span::new(at, at), reason: error.info().to_owned() }
            })?;
            builder.event(event, Span::new(bytes.at(at.start.index()), bytes.at(at.end.index())));
        }
        Ok(builder.document)
    }

    /// Its outermost value.
    pub fn root(&self) -> Option<Value<'_>> {
        self.root.map(|index| Value { document: self, index })
    }
}

/// Byte offsets of characters; empty where every character is a byte.
struct Bytes {
    offsets: Vec<u32>,
    first: u32,
}

impl Bytes {
    fn new(text: &str, first: u32) -> Bytes {
        let all = || text.char_indices().map(|(at, _)| at as u32).chain([text.len() as u32]);
        let offsets = if text.is_ascii() { Vec::new() } else { all().collect() };
        Bytes { offsets, first }
    }

    fn at(&self, index: usize) -> u32 {
        let inside = if self.offsets.is_empty() {
            index as u32
        } else {
            *self.offsets.get(index).or(self.offsets.last()).unwrap_or(&0)
        };
        self.first + inside
    }
}

#[derive(Default)]
struct Builder {
    document: Document,
    /// Lists and maps that are not closed yet, with the key that waits for its value.
    open: Vec<(usize, Option<usize>)>,
    anchors: BTreeMap<usize, usize>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain_null = style == ScalarStyle::Plain && matches!(&*text, "~" | "null");
                let text = if plain_null { String::new() } else { text.into_owned() };
                let node = self.node(span, Kind::Scalar(text), anchor);
                self.put(node);
            }
            Event::SequenceStart(anchor, _) => self.begin(span, Kind::List(Vec::new()), anchor),
            Event::MappingStart(anchor, _) => self.begin(span, Kind::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => _ = self.open.pop(),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).copied();
                let node = node.unwrap_or_else(|| self.node(span, Kind::Scalar(String::new()), 0));
                self.put(node);
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
    }

    fn node(&mut self, span: Span, kind: Kind, anchor: usize) -> usize {
        self.document.nodes.push(Node { span, kind });
        let index = self.document.nodes.len() - 1;
        if anchor != 0 {
            self.anchors.insert(anchor, index);
        }
        index
    }

    fn begin(&mut self, span: Span, kind: Kind, anchor: usize) {
        let node = self.node(span, kind, anchor);
        self.put(node);
        self.open.push((node, None));
    }

    /// Hangs a node into what is open.
    fn put(&mut self, node: usize) {
        let Some((parent, key)) = self.open.last_mut() else {
            self.document.root.get_or_insert(node);
            return;
        };
        match &mut self.document.nodes[*parent].kind {
            Kind::List(items) => items.push(node),
            Kind::Map(entries) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(node),
            },
            Kind::Scalar(_) => {}
        }
    }
}

/// A value of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'d> {
    document: &'d Document,
    index: usize,
}

impl<'d> Value<'d> {
    fn node(self) -> &'d Node {
        &self.document.nodes[self.index]
    }

    fn other(self, index: usize) -> Value<'d> {
        Value { document: self.document, index }
    }

    /// Where it stands; of a list or a map where it begins.
    pub fn span(self) -> Span {
        self.node().span
    }

    /// Its text, if it is neither list nor map.
    pub fn text(self) -> Option<&'d str> {
        if let Kind::Scalar(text) = &self.node().kind { Some(text) } else { None }
    }

    /// Its items, if it is a list; of anything else itself, so that one thing may stand for a list of one.
    pub fn items(self) -> impl Iterator<Item = Value<'d>> {
        let items = match &self.node().kind {
            Kind::List(items) => items.clone(),
            Kind::Map(_) => vec![self.index],
            Kind::Scalar(text) if text.is_empty() => Vec::new(),
            Kind::Scalar(_) => vec![self.index],
        };
        items.into_iter().map(move |index| self.other(index))
    }

    /// Its entries, if it is a map; keys that are no texts are passed over.
    pub fn entries(self) -> impl Iterator<Item = (&'d str, Value<'d>, Value<'d>)> {
        let entries = if let Kind::Map(entries) = &self.node().kind { entries.as_slice() } else { &[] };
        entries.iter().filter_map(move |(key, value)| {
            let key = self.other(*key);
            Some((key.text()?, key, self.other(*value)))
        })
    }

    /// Whether it is a map.
    pub fn is_map(self) -> bool {
        matches!(self.node().kind, Kind::Map(_))
    }

    /// The value under a key, also through merge keys.
    pub fn get(self, key: &str) -> Option<Value<'d>> {
        let mut open = vec![self];
        for _ in 0..MOST_MERGES {
            let map = open.pop()?;
            if let Some((_, _, value)) = map.entries().find(|(name, _, _)| *name == key) {
                return Some(value);
            }
            open.extend(map.entries().filter(|(name, _, _)| *name == "<<").flat_map(|(_, _, value)| value.items()));
        }
        None
    }

    /// The text under a key.
    pub fn text_of(self, key: &str) -> Option<&'d str> {
        self.get(key)?.text().filter(|text| !text.is_empty())
    }

    /// The items under a key.
    pub fn list(self, key: &str) -> impl Iterator<Item = Value<'d>> {
        self.get(key).into_iter().flat_map(Value::items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Document {
        Document::read(text).expect("it is YAML")
    }

    fn found(text: &str, keys: &[&str]) -> (String, String) {
        let document = read(text);
        let value = keys.iter().fold(document.root().unwrap(), |value, key| value.get(key).unwrap());
        let span = value.span();
        (value.text().unwrap().to_owned(), text[span.start as usize..span.end as usize].to_owned())
    }

    #[test]
    fn values_know_where_they_stand_in_bytes() {
        for text in
            ["é: à\r\nnext:\r\n  in: ge0\r\n", "\u{feff}é: à\nnext: {in: ge0}\n", "{\n\t\"next\": {\"in\": ge0}}"]
        {
            assert_eq!(found(text, &["next", "in"]), ("ge0".to_owned(), "ge0".to_owned()), "{text:?}");
        }
    }

    #[test]
    fn aliases_and_merge_keys_are_followed_and_end() {
        let text = "base: &b {type: data}\nx:\n  <<: *b\n  name: xe0\ny: &l\n  <<: *l\n";
        assert_eq!(found(text, &["x", "type"]).0, "data");
        assert!(read(text).root().unwrap().get("y").unwrap().get("nothing").is_none());
        let mut bomb = "a0: &a0 [x]\n".to_owned();
        for i in 1..60 {
            bomb += &format!("a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1);
        }
        assert_eq!(read(&bomb).root().unwrap().list("a59").count(), 2);
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        let malformed = Document::read("vnf:\n  name: [a, b\nother: c\n").unwrap_err();
        assert!(malformed.at.start > 4, "{malformed:?}");
        assert!(Document::read("").unwrap().root().is_none());
    }

    #[test]
    fn deep_nesting_is_not_a_matter_of_the_stack() {
        let _ = Document::read(&"[".repeat(100_000));
        let _ = Document::read(&"- ".repeat(20_000));
        let _ = Document::read(&"{a: ".repeat(20_000));
    }
}
