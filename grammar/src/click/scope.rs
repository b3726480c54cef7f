//! What names and variables mean at a place: classes that are defined there, and values of variables.

use super::{Argument, Compound, Formal};
use crate::ast::Name;
use std::collections::BTreeMap;

/// What each variable stands for: arguments, most often one.
pub(super) type Variables = BTreeMap<String, Vec<Argument>>;

/// A class that a configuration defines.
pub(super) struct Definition<'a> {
    pub name: &'a str,
    pub meaning: Meaning<'a>,
    /// The definitions that can be seen in it: the number of the last one, counted from 1.
    pub seen: usize,
    /// What variables stand for where it is written.
    pub variables: Variables,
}

/// What a defined class is.
#[derive(Clone, Copy)]
pub(super) enum Meaning<'a> {
    /// Another name for a class.
    Alias(&'a Name),
    /// A compound.
    Compound(&'a Compound),
}

/// The arguments with variables replaced by what they stand for.
pub(super) fn substituted(arguments: &[Argument], variables: &Variables) -> Vec<Argument> {
    arguments.iter().flat_map(|argument| substituted_one(argument, variables)).collect()
}

fn substituted_one(argument: &Argument, variables: &Variables) -> Vec<Argument> {
    if !argument.words.iter().any(|word| word.text.contains('$')) {
        return vec![argument.clone()];
    }
    if let [word] = argument.words.as_slice()
        && let Some(values) = variables.get(&without_braces(&word.text))
    {
        let at = |value: &Argument| Argument { words: moved(&value.words, word), node: argument.node };
        return values.iter().map(at).collect();
    }
    let words = argument.words.iter().flat_map(|word| substituted_word(word, variables)).collect();
    vec![Argument { words, node: argument.node }]
}

/// The same words, at the place of another.
fn moved(words: &[Name], to: &Name) -> Vec<Name> {
    words.iter().map(|word| Name { text: word.text.clone(), node: to.node }).collect()
}

fn without_braces(variable: &str) -> String {
    match variable.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => format!("${name}"),
        None => variable.to_owned(),
    }
}

fn substituted_word(word: &Name, variables: &Variables) -> Vec<Name> {
    if let Some([value]) = variables.get(&without_braces(&word.text)).map(Vec::as_slice) {
        return moved(&value.words, word);
    }
    let (mut text, mut rest) = (String::new(), word.text.as_str());
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        let (name, length) = variable_at(&rest[at..]);
        match variables.get(&name) {
            Some(values) => text.push_str(&values.iter().map(Argument::text).collect::<Vec<_>>().join(", ")),
            None => text.push_str(&rest[at..at + length]),
        }
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    vec![Name { text, node: word.node }]
}

/// The variable that a text begins with, and its length there.
fn variable_at(text: &str) -> (String, usize) {
    let inner = text[1..].strip_prefix('{').and_then(|inner| inner.split_once('}'));
    if let Some((name, _)) = inner {
        return (format!("${name}"), name.len() + 3);
    }
    let length = text[1..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    (text[..=length].to_owned(), length + 1)
}

/// What the parameters of a compound stand for, given these arguments; none if they do not fit.
pub(super) fn bound(formals: &[Formal], arguments: &[Argument]) -> Option<Variables> {
    let mut left: Vec<&Argument> = arguments.iter().collect();
    let mut values = Variables::new();
    for formal in formals.iter().filter(|formal| formal.keyword.as_deref().is_some_and(|word| word != "__REST__")) {
        let is_given = |argument: &&Argument| {
            let first = argument.words.first().map(|word| word.text.as_str());
            first == formal.keyword.as_deref()
        };
        let found = left.iter().position(is_given).map(|at| left.remove(at));
        let words = found.map_or(Vec::new(), |argument| argument.words[1..].to_vec());
        let node = found.map_or(formal.variable.node, |argument| argument.node);
        values.insert(formal.variable.text.clone(), vec![Argument { words, node }]);
    }
    let mut left = left.into_iter();
    for formal in formals {
        match formal.keyword.as_deref() {
            None => _ = values.insert(formal.variable.text.clone(), vec![left.next()?.clone()]),
            Some("__REST__") => {
                let rest = left.by_ref().cloned().collect();
                values.insert(formal.variable.text.clone(), rest);
            }
            Some(_) => {}
        }
    }
    left.next().is_none().then_some(values)
}
