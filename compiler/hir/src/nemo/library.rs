//! The models in sight of a NEMO text: its own, those of the other texts of the package, those of the library.

use crate::nemo::kind::Kind;
use crate::nemo::scope::{Scope, Space, Thing};
use crate::source::db::{Db, Package, SourceFile};
use crate::source::item::{Item, nemo_text, parsed};
use rdcl_base::NodeId;
use rdcl_syntax::ast;
use rdcl_syntax::nemo::{ClauseKind, EntityKind, Entry, Name, Program, Value};
use std::collections::BTreeMap;

/// The program of an item that is a NEMO text.
pub(crate) fn program<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<&'db Program> {
    if let ast::Item::Nemo(program) = parsed(db, item).tree(db) { Some(program) } else { None }
}

/// The NEMO text of a file, if that is what it holds.
pub(crate) fn text_of<'db>(db: &'db dyn Db, file: SourceFile) -> Option<Item<'db>> {
    nemo_text(db, file)
}

/// A property that a model declares.
#[derive(Clone, Debug)]
pub(crate) struct Property<'a> {
    pub name: &'a str,
    pub node: NodeId,
    /// The word for its type, where there is one.
    pub word: Option<&'a Name>,
    /// Its type; nothing if the word is none for a type.
    pub kind: Option<Kind>,
}

/// A model with where it is.
pub(crate) struct Model<'db> {
    /// The text it is in.
    pub item: Item<'db>,
    pub thing: Thing<'db>,
    pub properties: Vec<Property<'db>>,
    /// The properties that every instance must have.
    pub required: Vec<&'db Name>,
    /// What its body declares.
    pub scope: Scope<'db>,
}

impl<'db> Model<'db> {
    fn new(item: Item<'db>, thing: &Thing<'db>) -> Model<'db> {
        let mut model = Model {
            item,
            scope: Scope::of_body(&thing.body),
            thing: thing.clone(),
            properties: Vec::new(),
            required: Vec::new(),
        };
        for clause in &thing.clauses {
            if let ClauseKind::Property(entries) = &clause.kind {
                entries.iter().for_each(|entry| model.property(entry));
            }
        }
        model
    }

    fn property(&mut self, entry: &'db Entry) {
        match entry {
            Entry::Pair(pair) if pair.key.text == "required" => self.required.extend(names_in(&pair.value)),
            Entry::Pair(pair) => {
                for name in names_in(&pair.value) {
                    let (word, kind) = (Some(&pair.key), Kind::of(&pair.key.text));
                    self.properties.push(Property { name: &name.text, node: name.node, word, kind });
                }
            }
            Entry::Word(name) => {
                self.properties.push(Property { name: &name.text, node: name.node, word: None, kind: None });
            }
            Entry::Group(inner, _) => inner.iter().for_each(|entry| self.property(entry)),
            Entry::Value(_) => {}
        }
    }

    /// Whether it is of the vocabulary.
    pub fn is_std(&self, db: &'db dyn Db) -> bool {
        self.item.file(db).path(db).starts_with("std::")
    }

    /// The property of this name.
    pub fn find(&self, name: &str) -> Option<&Property<'db>> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// Its connection points, in order.
    pub fn points(&self) -> impl Iterator<Item = &Thing<'db>> {
        self.scope.of_kind(EntityKind::ConnectionPoint)
    }

    /// Its nodes, in order.
    pub fn members(&self) -> impl Iterator<Item = &Thing<'db>> {
        self.scope.of_kind(EntityKind::Node)
    }

    /// The connection point of this name.
    pub fn point(&self, name: &str) -> Option<&Thing<'db>> {
        self.points().find(|point| point.name.text == name)
    }

    /// The node of this name.
    pub fn member(&self, name: &str) -> Option<&Thing<'db>> {
        self.members().find(|member| member.name.text == name)
    }

    /// Whether it is made of nodes.
    pub fn is_composite(&self) -> bool {
        self.members().next().is_some()
    }
}

/// The names that a value lists.
fn names_in(value: &Value) -> Vec<&Name> {
    match value {
        Value::Ref(reference) if reference.rest.is_empty() => vec![&reference.first],
        Value::Str(name) => vec![name],
        Value::List(all, _) => all.iter().flat_map(names_in).collect(),
        _ => Vec::new(),
    }
}

/// The models in sight of a text.
#[derive(Default)]
pub(crate) struct Library<'db> {
    /// What the other texts of the package declare.
    pub others: Vec<Scope<'db>>,
    models: BTreeMap<Space, BTreeMap<String, Model<'db>>>,
}

impl<'db> Library<'db> {
    /// What a text sees; the nearest of equal names counts.
    pub fn around(db: &'db dyn Db, own: Item<'db>) -> Library<'db> {
        let package = Package::try_get(db);
        let files = package.into_iter().flat_map(|package| package.std(db).iter().chain(package.files(db)));
        let home = own.file(db).home(db);
        let is_visible = |file: &&SourceFile| home.path(&file.home(db).package, file.path(db)).is_some();
        let texts = files.filter(is_visible).filter_map(|file| text_of(db, *file)).filter(|item| *item != own);
        let mut library = Library::default();
        for item in texts.chain([own]) {
            let Some(program) = program(db, item) else { continue };
            let scope = Scope::of_text(&program.statements);
            library.add(item, &scope);
            library.others.extend(Some(scope).filter(|_| item != own));
        }
        library
    }

    fn add(&mut self, item: Item<'db>, scope: &Scope<'db>) {
        for thing in scope.ever().filter(|thing| thing.kind.is_model()) {
            let models = self.models.entry(Space::of(thing.kind)).or_default();
            models.insert(thing.name.text.clone(), Model::new(item, thing));
        }
    }

    pub fn get(&self, space: Space, name: &str) -> Option<&Model<'db>> {
        self.models.get(&space)?.get(name)
    }

    pub fn node(&self, name: &str) -> Option<&Model<'db>> {
        self.get(Space::NodeModel, name)
    }

    /// Every model of a sort.
    pub fn all(&self, space: Space) -> impl Iterator<Item = &Model<'db>> {
        self.models.get(&space).into_iter().flat_map(BTreeMap::values)
    }

    /// The names of all models of a sort.
    pub fn names(&self, space: Space) -> impl Iterator<Item = &str> {
        self.models.get(&space).into_iter().flat_map(|models| models.keys().map(String::as_str))
    }
}
