//! What is wrong with a NEMO text: names, types, properties, connections, and what is intended.

mod ask;
mod connection;
mod faults;
mod flow;
mod model;
mod node;
mod operation;
mod reference;

use crate::conditional::every_member;
use crate::cx::Cx;
use crate::lineage::lineage;
use crate::nemo::library::{Library, Model, program};
use crate::nemo::scope::{Scope, Space};
use crate::source::db::Db;
use crate::source::item::{Item, parsed};
use crate::source::loc::{Loc, Problem};
use rdcl_base::{Severity, Span};
use rdcl_syntax::ast::Member;
use rdcl_syntax::nemo::{EntityKind, StatementKind};
use std::collections::BTreeSet;

pub(crate) use ask::{LISTS, entity};
pub(crate) use faults::meant;
pub(crate) use operation::{About, decisions, precedence};

/// What a check looks at: a text, or the body of a model.
pub(crate) struct Frame<'f, 'db> {
    pub library: &'f Library<'db>,
    pub scope: &'f Scope<'db>,
    /// The model whose body it is.
    pub model: Option<&'f Model<'db>>,
    /// The block of RDCL whose intent it is.
    pub block: Option<&'f Block>,
    /// The text of statements that could not be read: what it names may well exist.
    pub unread: &'f str,
}

/// What an intent of a block can speak of besides its own flows.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub ports: Vec<String>,
    pub parts: Vec<String>,
}

impl Block {
    /// The ports and parts of a block, inherited ones too.
    pub fn of<'db>(db: &'db dyn Db, item: Item<'db>) -> Block {
        let mut block = Block::default();
        let lineage = std::iter::once(item).chain(lineage(db, item).ancestors.iter().copied());
        for (member, _) in lineage.flat_map(|item| every_member(db, item)) {
            match member {
                Member::Port(port) => block.ports.push(port.name.text.clone()),
                Member::Part(part) => block.parts.push(part.name.text.clone()),
                _ => {}
            }
        }
        block
    }
}

impl Frame<'_, '_> {
    /// Whether a name is a parameter of the model, for which anything may stand in an instance.
    pub fn is_parameter(&self, name: &str) -> bool {
        self.model.is_some_and(|model| model.find(name).is_some())
    }

    /// Whether the text declares nothing that such an entity could name: it is a request to a network that is there
    /// already, as each request to an engine is.
    fn is_request(&self, kind: EntityKind) -> bool {
        let named: &[Space] = match kind {
            EntityKind::Operation => &[Space::Flow, Space::Connection, Space::Node],
            _ => &[Space::Node],
        };
        let is_text = self.model.is_none() && self.block.is_none();
        is_text && !self.scope.ever().any(|thing| named.contains(&Space::of(thing.kind)))
    }

    /// Whether a name may be declared in a statement that could not be read.
    pub fn may_exist(&self, name: &str) -> bool {
        self.unread.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-')).any(|word| word == name)
    }
}

/// What is wrong with a NEMO text.
#[salsa::tracked(returns(deref))]
pub(crate) fn text_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let Some(program) = program(db, item) else { return Vec::new() };
    let (library, scope) = (Library::around(db, item), Scope::of_text(&program.statements));
    let unread = unread(db, item, &program.statements.iter().collect::<Vec<_>>());
    let mut cx = Cx::new(db, item);
    let frame = Frame { library: &library, scope: &scope, model: None, block: None, unread: &unread };
    check(&mut cx, &frame);
    model::all(&mut cx, &frame);
    let from = cx.problems.len();
    ask::all(&mut cx, &frame, program);
    if scope.ever().next().is_none() {
        cx.problems[from..].iter_mut().for_each(faults::taken_to_exist);
    }
    let mut found = cx.problems;
    retain_new(db, item, &mut found);
    found
}

/// Drops complaints about names that could not be read as they are written: those are complained of already.
pub(crate) fn retain_new<'db>(db: &'db dyn Db, item: Item<'db>, problems: &mut Vec<Problem>) {
    let parsed = parsed(db, item);
    let errors: Vec<Span> =
        parsed.errors(db).iter().filter(|e| e.severity == Severity::Error).map(|e| e.primary).collect();
    if errors.is_empty() {
        return;
    }
    let spans = parsed.spans(db);
    problems.retain(|problem| {
        let Loc::Node(_, _, node) = problem.primary else { return true };
        let span = spans.get(node.0 as usize).copied().unwrap_or_default();
        !errors.iter().any(|error| error.start < span.end && span.start < error.end)
    });
}

/// Checks the intents of a block.
pub(crate) fn block_problems<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>) {
    check(cx, frame);
    flow::unused(cx, frame, &BTreeSet::new());
    for (_, statement) in &frame.scope.others {
        if !matches!(statement.kind, StatementKind::Bad) {
            cx.report(faults::not_in_a_block(cx, statement.node));
        }
    }
}

/// The text of the statements that could not be read.
pub(crate) fn unread<'db>(db: &'db dyn Db, item: Item<'db>, statements: &[&rdcl_syntax::nemo::Statement]) -> String {
    let bad = statements.iter().filter(|statement| matches!(statement.kind, StatementKind::Bad));
    let nodes: Vec<_> = bad.map(|statement| statement.node).collect();
    if nodes.is_empty() {
        return String::new();
    }
    let (spans, text) = (parsed(db, item).spans(db), item.text(db));
    let of = |node: &rdcl_base::NodeId| {
        let span = spans.get(node.0 as usize)?;
        text.get(span.start as usize..span.end as usize)
    };
    nodes.iter().filter_map(of).collect::<Vec<_>>().join("\n")
}

/// Checks the entities of a frame.
fn check<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>) {
    faults::clashes(cx, frame);
    for (number, statement, entity) in &frame.scope.written {
        let written = Written { number: *number, entity, broken: statement.broken };
        if frame.block.is_some() && !matches!(entity.kind, EntityKind::Flow | EntityKind::Operation) {
            cx.report(faults::not_in_a_block(cx, statement.node));
            continue;
        }
        let from = cx.problems.len();
        match entity.kind {
            EntityKind::Node => node::check(cx, frame, written),
            EntityKind::Connection => connection::check(cx, frame, written),
            EntityKind::Flow => flow::check(cx, frame, written),
            EntityKind::Operation => operation::check(cx, frame, written),
            EntityKind::Notification => ask::notification(cx, frame, written),
            _ => {}
        }
        let found = cx.problems[from..].iter_mut();
        if written.is_early(frame) {
            found.for_each(faults::of_a_draft);
        } else if frame.is_request(entity.kind) {
            found.for_each(faults::taken_to_exist);
        }
    }
    connection::bound_twice(cx, frame);
    node::containment(cx, frame);
    operation::conflicts(cx, frame);
}

/// An entity as one statement writes it.
#[derive(Clone, Copy)]
pub(crate) struct Written<'db> {
    pub number: usize,
    pub entity: &'db rdcl_syntax::nemo::Entity,
    /// Something of it could not be read.
    pub broken: bool,
}

impl Written<'_> {
    /// Whether it is of the first drafts, in which statements have no verbs and models no properties.
    pub fn is_early(&self, frame: &Frame<'_, '_>) -> bool {
        self.entity.verb.is_none() && frame.model.is_none()
    }

    /// Whether it changes what is there already.
    pub fn is_update(&self) -> bool {
        matches!(self.entity.verb, Some((rdcl_syntax::nemo::Verb::Update, _)))
    }
}
