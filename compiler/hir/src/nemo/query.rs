//! Answers to `Query` statements, from what the texts say.

use crate::cx::Cx;
use crate::nemo::check::{Frame, LISTS, entity};
use crate::nemo::kind::shown;
use crate::nemo::library::{Library, program};
use crate::nemo::scope::{Scope, Space, Thing};
use crate::source::db::{Db, Package, SourceFile};
use crate::source::item::{Item, nemo_text, parsed};
use crate::source::loc::Loc;
use rdcl_base::NodeId;
use rdcl_syntax::nemo::{ClauseKind, EntityKind, Query, StatementKind, pairs};

/// What one item of a query comes to for one of those who are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The query, as it is written.
    pub query: String,
    /// Who is asked; nothing where everybody is.
    pub from: Option<String>,
    /// What is asked for.
    pub item: String,
    /// The answer; nothing where the text does not say.
    pub values: Option<Vec<String>>,
    /// Where the query is written.
    pub place: Loc,
    /// The file it is written in.
    pub file: SourceFile,
}

/// The answers to all queries of a package, in order.
#[salsa::tracked(returns(deref))]
pub fn answers(db: &dyn Db, package: Package) -> Vec<Answer> {
    package.files(db).iter().filter_map(|file| nemo_text(db, *file)).flat_map(|item| answers_of(db, item)).collect()
}

fn answers_of<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Answer> {
    let Some(program) = program(db, item) else { return Vec::new() };
    let (library, scope) = (Library::around(db, item), Scope::of_text(&program.statements));
    let frame = Frame { library: &library, scope: &scope, model: None, block: None, unread: "" };
    let mut asker = Asker { quiet: Cx::new(db, item), db, item, frame: &frame, found: Vec::new() };
    for (number, statement) in &scope.others {
        if let StatementKind::Query(query) = &statement.kind {
            asker.query(query, *number);
        }
    }
    asker.found
}

struct Asker<'f, 'db> {
    quiet: Cx<'db>,
    db: &'db dyn Db,
    item: Item<'db>,
    frame: &'f Frame<'f, 'db>,
    found: Vec<Answer>,
}

impl<'f, 'db> Asker<'f, 'db> {
    fn query(&mut self, query: &'db Query, number: usize) {
        for item in &query.items {
            let is_list = LISTS.contains(&item.text.as_str());
            if query.from.is_empty() && is_list {
                let values = self.listed(&item.text);
                self.answer(query, None, &item.text, Some(values));
            }
            for from in &query.from {
                let Some(thing) = entity(&mut self.quiet, self.frame, from, number) else { continue };
                let values = if is_list { self.inside(thing, &item.text) } else { self.of(thing, &item.text) };
                self.answer(query, Some(from.text()), &item.text, values);
            }
        }
    }

    fn answer(&mut self, query: &Query, from: Option<String>, item: &str, values: Option<Vec<String>>) {
        let place = Loc::of(self.db, self.item, query.node);
        let (query, item, file) = (self.written(query.node), item.to_owned(), self.item.file(self.db));
        self.found.push(Answer { query, from, item, values, place, file });
    }

    /// A node as it is written, its white space made single spaces.
    fn written(&self, node: NodeId) -> String {
        let span = parsed(self.db, self.item).spans(self.db).get(node.0 as usize).copied().unwrap_or_default();
        let text = self.item.text(self.db).get(span.start as usize..span.end as usize).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The names of everything of a kind, in all texts of the package.
    fn listed(&self, list: &str) -> Vec<String> {
        let all = self.frame.scope.things().chain(self.frame.library.others.iter().flat_map(Scope::things));
        let is_of = |thing: &&Thing<'db>| match kind_of(list) {
            Some(kind) => thing.kind == kind,
            None => list == "all" || (list == "models" && thing.kind.is_model()),
        };
        let library = self.frame.library;
        let own = |thing: &&Thing<'db>| {
            let model = library.get(Space::of(thing.kind), &thing.name.text).filter(|_| thing.kind.is_model());
            model.is_none_or(|model| Package::get(self.db).files(self.db).contains(&model.item.file(self.db)))
        };
        all.filter(is_of).filter(own).map(|thing| thing.name.text.clone()).collect()
    }

    /// The names of everything of a kind in a node.
    fn inside(&self, thing: &Thing<'db>, list: &str) -> Option<Vec<String>> {
        let kind = kind_of(list)?;
        let model = if thing.kind == EntityKind::NodeModel { &thing.name.text } else { &thing.type_name()?.text };
        let model = self.frame.library.node(model)?;
        let mut names: Vec<String> = model.scope.of_kind(kind).map(|thing| thing.name.text.clone()).collect();
        if kind == EntityKind::Node {
            names.extend(thing.contained().iter().map(|member| member.text()));
        }
        Some(names)
    }

    fn of(&self, thing: &'f Thing<'db>, item: &str) -> Option<Vec<String>> {
        let one = |text: String| Some(vec![text]);
        let some = |texts: Vec<String>| (!texts.is_empty()).then_some(texts);
        match item.to_ascii_lowercase().as_str() {
            "id" => one(thing.name.text.clone()),
            "type" => match (thing.kind, thing.type_name()) {
                (_, Some(ty)) => one(ty.text.clone()),
                (EntityKind::Connection, None) => one(if thing.ends().len() > 2 { "mesh" } else { "p2p" }.to_owned()),
                _ => None,
            },
            "contain" => some(thing.contained().iter().map(|member| member.text()).collect()),
            "endnodes" => some(thing.ends().iter().map(|end| end.text()).collect()),
            "property" => some(thing.properties().into_iter().map(|(name, value)| pair(&name.text, value)).collect()),
            "match" => some(pairs(thing.matches()).into_iter().map(|(name, value)| pair(&name.text, value)).collect()),
            "action" => some(pairs(thing.actions()).into_iter().map(|(name, value)| pair(&name.text, value)).collect()),
            "target" => one(thing.target()?.text()),
            "priority" if thing.kind == EntityKind::Operation => {
                one(thing.priority().map_or(0, |(p, _)| p).to_string())
            }
            "condition" => one(self.written(thing.condition()?.node())),
            "constraint" => one(self.written(thing.last(constraint)?)),
            "listener" => one(self.written(thing.last(listener)?)),
            "vnfd" => one(self.descriptor(thing)?),
            "connectionpoint" => self.inside(thing, "connectionpoints"),
            _ => {
                let properties = thing.properties().into_iter().chain(pairs(thing.matches()));
                let (_, value) = properties.into_iter().find(|(name, _)| name.text == item)?;
                one(shown(&value?))
            }
        }
    }

    fn descriptor(&self, thing: &Thing<'db>) -> Option<String> {
        let model = || self.frame.library.node(&thing.type_name()?.text)?.thing.descriptor();
        thing.descriptor().or_else(model).map(|uri| uri.text.clone())
    }
}

fn kind_of(list: &str) -> Option<EntityKind> {
    Some(match list {
        "nodes" => EntityKind::Node,
        "connections" => EntityKind::Connection,
        "flows" => EntityKind::Flow,
        "operations" | "intents" => EntityKind::Operation,
        "notifications" => EntityKind::Notification,
        "connectionpoints" => EntityKind::ConnectionPoint,
        _ => return None,
    })
}

fn pair(name: &str, value: Option<rdcl_syntax::nemo::Value>) -> String {
    value.map_or_else(|| name.to_owned(), |value| format!("{name}: {}", shown(&value)))
}

fn constraint(kind: &ClauseKind) -> Option<NodeId> {
    if let ClauseKind::Constraint(condition) = kind { Some(condition.node()) } else { None }
}

fn listener(kind: &ClauseKind) -> Option<NodeId> {
    if let ClauseKind::Listener(listener) = kind { Some(listener.node) } else { None }
}
