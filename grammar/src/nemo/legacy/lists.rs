//! Lists, values and conditions in the forms of old drafts: pairs by commas, braces, words for operators.

use super::{Code, End, Entry, Finder, Span, Value, edit};
use crate::nemo::tokens::Token;
use crate::nemo::words::Keyword;

impl Finder<'_> {
    /// The ends of a connection: several in the brackets of a set are written in braces, all of them in none.
    pub(super) fn ends(&mut self, ends: &[End]) {
        for end in ends {
            match end {
                End::One(one) => self.quotes_of(one),
                End::Set(refs, node) => {
                    refs.iter().for_each(|one| self.quotes_of(one));
                    let at = self.at(*node);
                    let written = self.text.as_bytes()[at.start as usize];
                    let (open, close) = (Span::new(at.start, at.start + 1), Span::new(at.end - 1, at.end));
                    if ends.len() == 1 {
                        let edits = vec![edit(open, ""), edit(close, "")];
                        self.find(
                            Code::W0105,
                            open,
                            "the ends of a connection need no brackets",
                            "leave them out",
                            edits,
                        );
                    } else if written != b'{' {
                        let edits = vec![edit(open, "{"), edit(close, "}")];
                        self.find(Code::W0105, open, "a set of ends stands in braces", "write `{` and `}`", edits);
                    }
                }
            }
        }
    }

    /// Properties or matches, which are pairs with colons. In a model the second is a name.
    pub(super) fn pairs(&mut self, entries: &[Entry], end: u32, model: bool) {
        if !has_colon(entries) {
            return self.comma_pairs(entries, end);
        }
        for entry in entries {
            match entry {
                Entry::Pair(pair) => {
                    self.quotes(&pair.key);
                    match &pair.value {
                        Value::Str(name) if model => self.quotes(name),
                        value => self.value(value),
                    }
                }
                Entry::Group(inner, node) => {
                    self.unbraced(*node);
                    self.pairs(inner, end, model);
                }
                Entry::Word(name) => self.quotes(name),
                Entry::Value(value) => self.value(value),
            }
        }
    }

    /// `"location","lab"`: every second comma becomes a colon.
    fn comma_pairs(&mut self, entries: &[Entry], end: u32) {
        if let [Entry::Group(inner, node)] = entries {
            self.unbraced(*node);
            return self.comma_pairs(inner, end);
        }
        let mut rest = entries;
        while let [key, value, more @ ..] = rest {
            if let Entry::Word(name) = key {
                self.quotes(name);
                let at = self.at(name.node);
                if let Some(comma) = self.token_within(at.end, end, Token::Comma) {
                    let message = format!("`{}` and its value stand apart", name.text);
                    self.find(Code::W0105, comma, message, "write `:` between them", vec![edit(comma, ": ")]);
                }
            }
            match value {
                Entry::Value(value) => self.value(value),
                Entry::Group(_, node) => self.bracketed(self.at(*node)),
                Entry::Word(_) | Entry::Pair(_) => {}
            }
            rest = more;
        }
    }

    /// Actions: words, with values behind colons.
    pub(super) fn actions(&mut self, entries: &[Entry]) {
        for entry in entries {
            match entry {
                Entry::Word(name) => self.quotes(name),
                Entry::Pair(pair) => {
                    self.quotes(&pair.key);
                    self.value(&pair.value);
                }
                Entry::Group(inner, node) => {
                    self.unbraced(*node);
                    self.actions(inner);
                }
                Entry::Value(value) => self.value(value),
            }
        }
    }

    /// Braces around entries.
    fn unbraced(&mut self, node: rdcl_base::NodeId) {
        let at = self.at(node);
        let (open, close) = (Span::new(at.start, at.start + 1), Span::new(at.end - 1, at.end));
        let edits = vec![edit(open, ""), edit(close, "")];
        self.find(Code::W0105, open, "braces around a list are of an old draft", "leave them out", edits);
    }

    /// Braces around the values of one list.
    fn bracketed(&mut self, at: Span) {
        let (open, close) = (Span::new(at.start, at.start + 1), Span::new(at.end - 1, at.end));
        let edits = vec![edit(open, "["), edit(close, "]")];
        self.find(Code::W0105, open, "a list of values stands in brackets", "write `[` and `]`", edits);
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::List(values, node) => {
                let at = self.at(*node);
                if self.text.as_bytes()[at.start as usize] == b'{' {
                    self.bracketed(at);
                }
                values.iter().for_each(|value| self.value(value));
            }
            Value::Range(a, b, _) => {
                self.value(a);
                self.value(b);
            }
            Value::Mask(a, b, node) => {
                self.odd(super::first_word(self.text, self.at(*node)), "`Mask`");
                self.value(a);
                self.value(b);
            }
            Value::Int(..)
            | Value::Quantity(..)
            | Value::Ipv4(..)
            | Value::Ipv6(..)
            | Value::Mac(..)
            | Value::Uuid(..)
            | Value::Date(..)
            | Value::Time(..)
            | Value::DateTime(..)
            | Value::Bool(..)
            | Value::Str(_)
            | Value::Ref(_)
            | Value::Uri(..)
            | Value::Bad(_) => {}
        }
    }

    /// A clause with a condition: braces around it, and words for operators.
    pub(super) fn condition(&mut self, whole: Span) {
        let first = self.index(whole.start);
        let last = self.index(whole.end);
        let tokens = &self.tokens[first..last];
        if let ([_, (Token::OpenBrace, open), ..], Some((Token::CloseBrace, close))) = (tokens, tokens.last()) {
            let (open, close) = (*open, *close);
            let edits = vec![edit(open, ""), edit(close, "")];
            self.find(Code::W0105, open, "braces around a condition are of an old draft", "leave them out", edits);
        }
        for at in first..last {
            let (Token::Keyword((word, found)), at) = self.tokens[at] else { continue };
            let sign = match found {
                Keyword::And => "&&",
                Keyword::Or => "||",
                Keyword::Not => "!",
                _ => continue,
            };
            let message = format!("`{word}` is an old word for `{sign}`");
            self.find(Code::W0101, at, message, &format!("write `{sign}`"), vec![edit(at, sign)]);
        }
    }
}

/// Whether some entry is a pair, braces or not.
fn has_colon(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| match entry {
        Entry::Pair(_) => true,
        Entry::Group(inner, _) => has_colon(inner),
        Entry::Word(_) | Entry::Value(_) => false,
    })
}
