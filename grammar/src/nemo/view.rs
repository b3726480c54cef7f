//! The structured view of a list of statements: which belong to the body of a `NodeModel`, and what the comma lists of
//! the first draft say.

use crate::nemo::{Entity, EntityKind, Entry, Name, Ref, Statement, StatementKind, Value, Verb};

/// A model with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model<'a> {
    /// `CREATE NodeModel m …`
    pub header: &'a Statement,
    /// Its nodes, connections, flows, operations, connection points and `IMPORT VNFD`.
    pub body: Vec<&'a Statement>,
}

/// A part of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A `NodeModel` with a verb, and its body.
    Model(Model<'a>),
    /// Any other statement.
    Statement(&'a Statement),
}

/// Attaches statements to models: those without a verb, `DEFINE …` and `IMPORT VNFD …` that follow a `CREATE NodeModel`
/// are its body, up to the next statement with a verb, or to the `}` around them. Braces right behind the header hold
/// the body, and nothing behind them belongs to it.
pub fn models(statements: &[Statement]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut open, mut last) = (Body::None, 0);
    for statement in statements {
        match &statement.kind {
            StatementKind::Entity(entity) if is_header(entity) => {
                last = parts.len();
                parts.push(Part::Model(Model { header: statement, body: Vec::new() }));
                open = Body::Begun;
                continue;
            }
            StatementKind::Open => {
                open = if open == Body::Begun { Body::Braces } else { Body::None };
                parts.push(Part::Statement(statement));
                continue;
            }
            StatementKind::Close => open = Body::None,
            kind if open != Body::None && is_member(kind) => {
                if let Some(Part::Model(model)) = parts.get_mut(last) {
                    model.body.push(statement);
                }
                open = if open == Body::Begun { Body::Flat } else { open };
                continue;
            }
            StatementKind::Label(_) | StatementKind::Ellipsis | StatementKind::Bad => {}
            _ if open == Body::Braces => {}
            _ => open = Body::None,
        }
        parts.push(Part::Statement(statement));
    }
    parts
}

/// The body that statements are added to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Body {
    None,
    /// The header was the last statement.
    Begun,
    Flat,
    Braces,
}

fn is_header(entity: &Entity) -> bool {
    entity.kind == EntityKind::NodeModel && entity.verb.is_some()
}

fn is_member(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::ImportVnfd { .. } => true,
        StatementKind::Entity(entity) => match entity.verb {
            Some((Verb::Define, _)) => true,
            Some(_) => false,
            None => matches!(
                entity.kind,
                EntityKind::Node
                    | EntityKind::Connection
                    | EntityKind::Flow
                    | EntityKind::Operation
                    | EntityKind::ConnectionPoint
            ),
        },
        _ => false,
    }
}

/// The pairs of a list behind `Property`, `Match` or `SLA`: those with a colon as they are, and those of a list without
/// any colon as `key, value, key, value` (draft-xia-sdnrg-nemo-language-00). A key without a value has none.
pub fn pairs(entries: &[Entry]) -> Vec<(Name, Option<Value>)> {
    let mut pairs = Pairs { by_commas: !has_colon(entries), found: Vec::new(), open: false };
    pairs.read(entries);
    pairs.found
}

struct Pairs {
    by_commas: bool,
    found: Vec<(Name, Option<Value>)>,
    /// The last pair waits for its value.
    open: bool,
}

impl Pairs {
    fn read(&mut self, entries: &[Entry]) {
        for entry in entries {
            match entry {
                Entry::Pair(pair) => self.found.push((pair.key.clone(), Some(pair.value.clone()))),
                Entry::Word(_) | Entry::Value(_) | Entry::Group(..) if self.open => self.close(value_of(entry)),
                Entry::Word(name) => {
                    self.found.push((name.clone(), None));
                    self.open = self.by_commas;
                }
                Entry::Group(inner, _) => self.read(inner),
                Entry::Value(_) => {}
            }
        }
    }

    fn close(&mut self, value: Value) {
        self.open = false;
        if let Some(last) = self.found.last_mut() {
            last.1 = Some(value);
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

/// What an entry is where a value belongs.
fn value_of(entry: &Entry) -> Value {
    match entry {
        Entry::Pair(pair) => pair.value.clone(),
        Entry::Word(name) if name.quoted => Value::Str(name.clone()),
        Entry::Word(name) => Value::Ref(Ref { first: name.clone(), rest: Vec::new(), node: name.node }),
        Entry::Value(value) => value.clone(),
        Entry::Group(inner, node) => Value::List(inner.iter().map(value_of).collect(), *node),
    }
}
