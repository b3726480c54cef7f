//! Attributes in braces: `bandwidth = 200Mbps;`.

use crate::cx::{Cx, Params};
use crate::eval::{constant, mismatch, value_text};
use crate::source::loc::{Loc, Problem};
use crate::value::Value;
use rdcl_base::{Code, Diagnostic, Dimension, Quantity};
use rdcl_syntax::ast::{Attr, Name};

/// What an attribute's value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// An amount of this.
    Amount(Dimension),
    /// A text.
    Text,
    /// A whole number.
    Number,
}

impl Want {
    fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (Want::Amount(dimension), Value::Quantity(q)) => q.dimension == dimension,
            (Want::Text, Value::Str(_)) | (Want::Number, Value::Int(_)) => true,
            _ => false,
        }
    }

    fn noun(self) -> String {
        match self {
            Want::Amount(dimension) => format!("an amount of {}", dimension.name()),
            Want::Text => "a text".into(),
            Want::Number => "a whole number".into(),
        }
    }
}

/// An attribute with its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Where it is written.
    pub place: Loc,
}

impl std::fmt::Display for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} = {}", self.name, value_text(&self.value))
    }
}

/// The value of an attribute.
pub fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|a| a.name == name).map(|a| &a.value)
}

/// Evaluates attributes; complains of those that are unknown, given twice or of the wrong type.
pub(crate) fn attributes(cx: &mut Cx<'_>, attrs: &[Attr], known: &[(&str, Want)], env: &Params) -> Vec<Attribute> {
    let mut found: Vec<Attribute> = Vec::new();
    for attr in attrs {
        let Some((name, want)) = known.iter().find(|(name, _)| *name == attr.name.text) else {
            cx.report(unknown_attribute(cx, &attr.name, known));
            continue;
        };
        if attribute(&found, name).is_some() {
            cx.report(attribute_twice(cx, &attr.name));
            continue;
        }
        let Some(value) = constant(cx, &attr.value, env) else { continue };
        if let Some(problem) = beyond_all(cx, attr, &value) {
            cx.report(problem);
        } else if want.accepts(&value) {
            found.push(Attribute { name: (*name).to_owned(), value, place: cx.at(attr.node) });
        } else {
            cx.report(mismatch(cx, attr.value.node, &want.noun(), &value));
        }
    }
    found
}

/// A share of more than the whole.
fn beyond_all(cx: &Cx<'_>, attr: &Attr, value: &Value) -> Option<Problem> {
    let Value::Quantity(Quantity { amount: 10_001.., dimension: Dimension::Ratio }) = value else { return None };
    let whole = if attr.name.text == "availability" { "all of the time" } else { "all there is" };
    let message = format!("{} is more than {whole}", value_text(value));
    Some(Diagnostic::new(Code::E0302, cx.at(attr.value.node), message).with_help("the greatest share is 100%"))
}

fn unknown_attribute(cx: &Cx<'_>, name: &Name, known: &[(&str, Want)]) -> Problem {
    let names: Vec<&str> = known.iter().map(|k| k.0).collect();
    Diagnostic::new(Code::E0312, cx.at(name.node), format!("there is no attribute `{}` here", name.text))
        .with_help(format!("known here are {}", names.join(", ")))
        .misspelt(&name.text, names.iter().copied())
}

fn attribute_twice(cx: &Cx<'_>, name: &Name) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the attribute `{}` is given twice", name.text))
}
