//! Values, references and conditions.

use crate::nemo::Name;
use rdcl_base::NodeId;

/// An element of a list behind `Property`, `Match`, `SLA` or `Action`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// `location: lab`
    Pair(Pair),
    /// `deny`, or the `"location"` of `"location","lab"`
    Word(Name),
    /// A value without a key.
    Value(Value),
    /// `{ … }` around entries.
    Group(Vec<Entry>, NodeId),
}

/// `location: lab`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The key; in a model, the type of the property.
    pub key: Name,
    /// The value; in a model, the name of the property.
    pub value: Value,
    /// The whole pair.
    pub node: NodeId,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// `22`, `-1`
    Int(i64, NodeId),
    /// `40G`, `400ms`, `1.5s`, `80%`, `128(kbps)`: a number as written, and its unit
    Quantity(String, String, NodeId),
    /// `10.1.9.0/24`; without a length for an address
    Ipv4(u32, Option<u8>, NodeId),
    /// `2001:db8::/32`; without a length for an address
    Ipv6(u128, Option<u8>, NodeId),
    /// `02:00:00:00:00:01`
    Mac(u64, NodeId),
    /// `6ba7b814-9dad-11d1-80b4-00c04fd430c8`
    Uuid(u128, NodeId),
    /// `2016-03-21`
    Date(Date, NodeId),
    /// `18:00`, `18:00:00`
    Time(Time, NodeId),
    /// `2016-03-21 18:00:00`, `2016-03-21,18:00:00`
    DateTime(Date, Time, NodeId),
    /// `true`
    Bool(bool, NodeId),
    /// `"in quotes"`
    Str(Name),
    /// `lab`, `openflow:4:2`, `node.cp`
    Ref(Ref),
    /// `https://…`
    Uri(String, NodeId),
    /// `[a, b]`, `List(a, b)`, `{a, b}`
    List(Vec<Value>, NodeId),
    /// `(1, 5)`, `Range(1, 5)`; both ends as written
    Range(Box<Value>, Box<Value>, NodeId),
    /// `Mask(a, b)`
    Mask(Box<Value>, Box<Value>, NodeId),
    /// A literal that is wrong and complained of.
    Bad(NodeId),
}

impl Value {
    /// Where it stands.
    pub fn node(&self) -> NodeId {
        match self {
            Value::Int(_, node)
            | Value::Quantity(_, _, node)
            | Value::Ipv4(_, _, node)
            | Value::Ipv6(_, _, node)
            | Value::Mac(_, node)
            | Value::Uuid(_, node)
            | Value::Date(_, node)
            | Value::Time(_, node)
            | Value::DateTime(_, _, node)
            | Value::Bool(_, node)
            | Value::Uri(_, node)
            | Value::List(_, node)
            | Value::Range(_, _, node)
            | Value::Mask(_, _, node)
            | Value::Bad(node) => *node,
            Value::Str(name) => name.node,
            Value::Ref(reference) => reference.node,
        }
    }

    /// The text of a string or of a reference with one segment.
    pub fn as_word(&self) -> Option<&str> {
        match self {
            Value::Str(name) => Some(&name.text),
            Value::Ref(reference) if reference.rest.is_empty() => Some(&reference.first.text),
            _ => None,
        }
    }
}

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    /// Four digits.
    pub year: u16,
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time {
    /// Up to 23.
    pub hour: u8,
    /// Up to 59.
    pub minute: u8,
    /// Up to 59.
    pub second: u8,
}

/// `a`, `openflow:4:2`, `node.cp`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ref {
    /// What comes first.
    pub first: Name,
    /// The segments behind it.
    pub rest: Vec<Segment>,
    /// All of it.
    pub node: NodeId,
}

impl Ref {
    /// Its segments put together as they are written, without quotes: `openflow:4:2`.
    pub fn text(&self) -> String {
        let mut text = self.first.text.clone();
        for segment in &self.rest {
            text.push(segment.separator.sign());
            text.push_str(&segment.name.text);
        }
        text
    }
}

/// `:4`, `.cp`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// What stands before it.
    pub separator: Separator,
    /// A name, or a number or time as written.
    pub name: Name,
}

/// What stands between the segments of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Separator {
    /// `:`
    Colon,
    /// `.`
    Dot,
}

impl Separator {
    /// The character.
    pub fn sign(self) -> char {
        match self {
            Separator::Colon => ':',
            Separator::Dot => '.',
        }
    }
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cond {
    /// `a || b || c`, also with `or`
    Any(Vec<Cond>, NodeId),
    /// `a && b && c`, also with `and`
    All(Vec<Cond>, NodeId),
    /// `!a`, also with `not`
    Not(Box<Cond>, NodeId),
    /// `time > 18:00:00`; without a left side, the one of the comparison before it is meant (OpenDaylight)
    Compare(Option<Box<Cond>>, Compare, Box<Cond>, NodeId),
    /// `time * (18:00:00, 20:00:00)`: from the first, up to but not the second
    Between(Option<Box<Cond>>, Box<Cond>, NodeId),
    /// A name, a literal or a range.
    Value(Value),
    /// Something that could not be read, or is nested too deeply.
    Bad(NodeId),
}

impl Cond {
    /// Where it stands.
    pub fn node(&self) -> NodeId {
        match self {
            Cond::Any(_, node)
            | Cond::All(_, node)
            | Cond::Not(_, node)
            | Cond::Compare(_, _, _, node)
            | Cond::Between(_, _, node)
            | Cond::Bad(node) => *node,
            Cond::Value(value) => value.node(),
        }
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compare {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}
