//! The names of a text, or of the body of a model: what each stands for, from which statement on and until which.
//!
//! Models, nodes with connection points, connections, flows, operations and notifications have names of their own: a
//! connection may be called as a node is. A name may be used before it is created, but not after it is deleted.

use rdcl_base::NodeId;
use rdcl_syntax::nemo::{
    Clause, ClauseKind, Cond, Delete, End, Entity, EntityKind, Entry, Name, Part, Query, Ref, Statement, StatementKind,
    Uri, Value, Verb, models, pairs,
};
use std::collections::BTreeMap;

/// Names that must differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Space {
    NodeModel,
    ConnectionModel,
    FlowModel,
    ActionModel,
    ConditionModel,
    /// Nodes and connection points.
    Node,
    Connection,
    Flow,
    Operation,
    Notification,
    User,
}

impl Space {
    pub fn of(kind: EntityKind) -> Space {
        match kind {
            EntityKind::Node | EntityKind::ConnectionPoint | EntityKind::TemplateInstance => Space::Node,
            EntityKind::Connection => Space::Connection,
            EntityKind::Flow => Space::Flow,
            EntityKind::Operation => Space::Operation,
            EntityKind::Notification => Space::Notification,
            EntityKind::NodeModel | EntityKind::TemplateDefinition => Space::NodeModel,
            EntityKind::ConnectionModel => Space::ConnectionModel,
            EntityKind::FlowModel => Space::FlowModel,
            EntityKind::ActionModel => Space::ActionModel,
            EntityKind::ConditionModel => Space::ConditionModel,
            EntityKind::User => Space::User,
        }
    }
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) struct Thing<'a> {
    pub kind: EntityKind,
    pub name: &'a Name,
    /// How it came to be; nothing where no verb is written.
    pub verb: Option<Verb>,
    /// Its clauses; those of an update stand behind those they replace.
    pub clauses: Vec<&'a Clause>,
    /// What a notification asks.
    pub query: Option<&'a Query>,
    /// The statements of a model's body.
    pub body: Vec<&'a Statement>,
    /// Something of it could not be read, so that nothing is known to be missing.
    pub broken: bool,
    /// The statement that deletes it, counted, and where it stands.
    until: Option<(usize, NodeId)>,
}

/// What is wrong with names themselves.
#[derive(Clone, Debug)]
pub(crate) enum Clash<'a> {
    /// Created again.
    Again { kind: EntityKind, name: &'a Name, first: NodeId },
    /// Updated or deleted, and not there; it was deleted there, if it was ever there.
    Missing { kind: EntityKind, verb: &'static str, name: String, at: NodeId, gone: Option<NodeId> },
}

/// What a name leads to.
pub(crate) enum Lookup<'s, 'a> {
    Here(&'s Thing<'a>),
    /// It has been deleted, there.
    Gone(NodeId),
    Nowhere,
}

/// The names of a text or of a body.
#[derive(Default)]
pub(crate) struct Scope<'a> {
    things: Vec<Thing<'a>>,
    by_name: BTreeMap<(Space, &'a str), Vec<usize>>,
    is_body: bool,
    /// Statements that are neither entities nor deletions, with their number.
    pub others: Vec<(usize, &'a Statement)>,
    /// Every entity as it is written, with its number.
    pub written: Vec<(usize, &'a Statement, &'a Entity)>,
    /// What is wrong.
    pub clashes: Vec<Clash<'a>>,
}

impl<'a> Scope<'a> {
    /// The names of a whole text.
    pub fn of_text(statements: &'a [Statement]) -> Scope<'a> {
        let mut scope = Scope::default();
        for (number, part) in models(statements).into_iter().enumerate() {
            match part {
                Part::Model(model) => scope.statement(number, model.header, model.body),
                Part::Statement(statement) => scope.statement(number, statement, Vec::new()),
            }
        }
        scope
    }

    /// The names of a body.
    pub fn of_body(body: &[&'a Statement]) -> Scope<'a> {
        let mut scope = Scope { is_body: true, ..Scope::default() };
        for (number, statement) in body.iter().enumerate() {
            scope.statement(number, statement, Vec::new());
        }
        scope
    }

    /// What is there in the end, in order.
    pub fn things(&self) -> impl Iterator<Item = &Thing<'a>> {
        self.things.iter().filter(|thing| thing.until.is_none())
    }

    /// What is there in the end, of these kinds.
    pub fn of_kind(&self, kind: EntityKind) -> impl Iterator<Item = &Thing<'a>> {
        self.things().filter(move |thing| thing.kind == kind)
    }

    /// What was ever there.
    pub fn ever(&self) -> impl Iterator<Item = &Thing<'a>> {
        self.things.iter()
    }

    /// What a name stands for in a statement.
    pub fn find(&self, space: Space, name: &str, number: usize) -> Lookup<'_, 'a> {
        let all = || self.by_name.get(&(space, name)).into_iter().flatten().map(|index| &self.things[*index]);
        let lives = |thing: &&Thing<'a>| thing.until.is_none_or(|(until, _)| number < until);
        match (all().find(lives), all().filter_map(|thing| thing.until).next_back()) {
            (Some(thing), _) => Lookup::Here(thing),
            (None, Some((_, at))) => Lookup::Gone(at),
            (None, None) => Lookup::Nowhere,
        }
    }

    /// What a name stands for in the end.
    pub fn get(&self, space: Space, name: &str) -> Option<&Thing<'a>> {
        match self.find(space, name, usize::MAX) {
            Lookup::Here(thing) => Some(thing),
            Lookup::Gone(_) | Lookup::Nowhere => None,
        }
    }

    fn statement(&mut self, number: usize, statement: &'a Statement, body: Vec<&'a Statement>) {
        match &statement.kind {
            StatementKind::Entity(entity) => {
                self.written.push((number, statement, entity));
                if let Some(name) = &entity.name {
                    self.entity(statement, entity, name, body);
                }
            }
            StatementKind::Delete(delete) => self.delete(number, statement, delete),
            _ => self.others.push((number, statement)),
        }
    }

    fn entity(&mut self, statement: &'a Statement, entity: &'a Entity, name: &'a Name, body: Vec<&'a Statement>) {
        let space = Space::of(entity.kind);
        let verb = entity.verb.map(|(verb, _)| verb);
        match (verb, self.alive(space, &name.text)) {
            (Some(Verb::Update), None) => {
                let gone = self.gone(space, &name.text);
                let (kind, name, at) = (entity.kind, name.text.clone(), name.node);
                self.clashes.push(Clash::Missing { kind, verb: "updated", name, at, gone });
            }
            (Some(Verb::Update), Some(index)) => self.update(index, entity),
            (None, Some(index)) if self.is_updated_by(index, entity) => self.update(index, entity),
            (_, Some(index)) => {
                let first = self.things[index].name.node;
                self.clashes.push(Clash::Again { kind: entity.kind, name, first });
            }
            (_, None) => {
                let clauses = entity.clauses.iter().collect();
                let (kind, query, broken) = (entity.kind, entity.query.as_ref(), statement.broken);
                self.by_name.entry((space, &name.text)).or_default().push(self.things.len());
                self.things.push(Thing { kind, name, verb, clauses, query, body, broken, until: None });
            }
        }
    }

    /// Without a verb, drafts -01 and -02 create what is not there and update what is.
    fn is_updated_by(&self, index: usize, entity: &Entity) -> bool {
        let thing = &self.things[index];
        !self.is_body && thing.verb.is_none() && thing.kind == entity.kind && !entity.kind.is_model()
    }

    fn update(&mut self, index: usize, entity: &'a Entity) {
        self.things[index].clauses.extend(&entity.clauses);
        if entity.query.is_some() {
            self.things[index].query = entity.query.as_ref();
        }
    }

    fn delete(&mut self, number: usize, statement: &'a Statement, delete: &'a Delete) {
        let (space, name) = (Space::of(delete.kind), delete.target.text());
        // Users are the engine's, not the text's.
        if delete.kind == EntityKind::User {
            return;
        }
        // Of `node.cp` the node goes on without it; that is looked up with the models.
        if !delete.target.rest.is_empty() && delete.kind == EntityKind::ConnectionPoint {
            return self.others.push((number, statement));
        }
        match self.alive(space, &name) {
            Some(index) => self.things[index].until = Some((number, statement.node)),
            None => {
                let gone = self.gone(space, &name);
                let (kind, at) = (delete.kind, delete.target.node);
                self.clashes.push(Clash::Missing { kind, verb: "deleted", name, at, gone });
            }
        }
    }

    fn alive(&self, space: Space, name: &str) -> Option<usize> {
        let index = *self.by_name.get(&(space, name))?.last()?;
        self.things[index].until.is_none().then_some(index)
    }

    fn gone(&self, space: Space, name: &str) -> Option<NodeId> {
        self.things[*self.by_name.get(&(space, name))?.last()?].until.map(|(_, at)| at)
    }
}

impl<'a> Thing<'a> {
    /// The last clause that says something of a sort.
    pub fn last<T>(&self, of: impl Fn(&'a ClauseKind) -> Option<T>) -> Option<T> {
        self.clauses.iter().rev().find_map(|clause| of(&clause.kind))
    }

    pub fn type_name(&self) -> Option<&'a Name> {
        self.last(|kind| if let ClauseKind::Type(name) = kind { Some(name) } else { None })
    }

    pub fn target(&self) -> Option<&'a Ref> {
        self.last(|kind| if let ClauseKind::Target(target) = kind { Some(target) } else { None })
    }

    pub fn priority(&self) -> Option<(i64, NodeId)> {
        self.last(|kind| if let ClauseKind::Priority(number, at) = kind { Some((*number, *at)) } else { None })
    }

    pub fn condition(&self) -> Option<&'a Cond> {
        self.last(|kind| if let ClauseKind::Condition(condition) = kind { Some(condition) } else { None })
    }

    pub fn actions(&self) -> &'a [Entry] {
        self.last(|kind| if let ClauseKind::Action(entries) = kind { Some(entries.as_slice()) } else { None })
            .unwrap_or(&[])
    }

    pub fn matches(&self) -> &'a [Entry] {
        self.last(|kind| if let ClauseKind::Match(entries) = kind { Some(entries.as_slice()) } else { None })
            .unwrap_or(&[])
    }

    pub fn contained(&self) -> &'a [Ref] {
        self.last(|kind| if let ClauseKind::Contain(all) = kind { Some(all.as_slice()) } else { None }).unwrap_or(&[])
    }

    /// The interface of the descriptor that a connection point stands for.
    pub fn interface(&self) -> Option<&'a Ref> {
        self.last(|kind| if let ClauseKind::At(interface) = kind { Some(interface) } else { None })
    }

    /// The descriptor of a model.
    pub fn descriptor(&self) -> Option<&'a Uri> {
        let imported = self.body.iter().find_map(|statement| match &statement.kind {
            StatementKind::ImportVnfd { uri, .. } => Some(uri),
            _ => None,
        });
        self.last(|kind| if let ClauseKind::Vnfd(uri) = kind { Some(uri) } else { None }).or(imported)
    }

    /// All properties, the last value of each.
    pub fn properties(&self) -> Vec<(Name, Option<Value>)> {
        let mut found: Vec<(Name, Option<Value>)> = Vec::new();
        for clause in &self.clauses {
            let (ClauseKind::Property(entries) | ClauseKind::Sla(entries)) = &clause.kind else { continue };
            for (name, value) in pairs(entries) {
                match found.iter_mut().find(|(known, _)| known.text == name.text) {
                    Some(known) => *known = (name, value),
                    None => found.push((name, value)),
                }
            }
        }
        found
    }

    /// The ends of a connection.
    pub fn ends(&self) -> Vec<&'a Ref> {
        let mut ends = Vec::new();
        for clause in &self.clauses {
            match &clause.kind {
                ClauseKind::EndNodes(all) => {
                    ends.clear();
                    ends.extend(all.iter().flat_map(refs_of));
                }
                ClauseKind::From(end) | ClauseKind::To(end) => ends.push(end),
                _ => {}
            }
        }
        ends
    }
}

/// What a side of a connection names.
fn refs_of(end: &End) -> &[Ref] {
    match end {
        End::One(reference) => std::slice::from_ref(reference),
        End::Set(all, _) => all,
    }
}
