//! NEMO as blocks: a model is a block, a node a part, a connection a wire or, with more ends, a hub, a connection point a
//! port. The nodes of a text that are in no model make up a service with the name of its file.
//!
//! The trees are those of RDCL and their nodes those of the NEMO text, so that whatever is said about a block is said at
//! the statement it comes from. What a text gets wrong is left out here and complained of by `check`.

mod body;
mod tree;
mod values;

use crate::nemo::library::{Library, Model, program};
use crate::nemo::scope::{Scope, Space, Thing};
use crate::source::db::Db;
use crate::source::item::Item;
use body::{Body, Values};
use rdcl_syntax::ast::{self, Name};
use rdcl_syntax::nemo::EntityKind;
use std::collections::BTreeMap;

/// The most blocks that one text comes to.
const MOST_BLOCKS: usize = 10_000;

/// The blocks of a text, in order, each with its name.
#[salsa::tracked(returns(ref))]
pub(crate) fn blocks<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<(String, ast::Item)> {
    let Some(program) = program(db, item) else { return Vec::new() };
    let (library, scope) = (Library::around(db, item), Scope::of_text(&program.statements));
    let mut maker = Maker { db, item, library: &library, wanted: Vec::new(), made: BTreeMap::new() };
    let mut found = Vec::new();
    for thing in scope.of_kind(EntityKind::NodeModel) {
        if let Some(model) = library.node(&thing.name.text).filter(|model| model.item == item) {
            maker.made.insert(thing.name.text.clone(), found.len());
            found.push((thing.name.text.clone(), maker.model(model, &thing.name.text, &Values::new())));
        }
    }
    let is_service = |kind| matches!(kind, EntityKind::Node | EntityKind::ConnectionPoint);
    if scope.things().any(|thing| is_service(thing.kind)) {
        let name = service_name(db, item, &maker.made);
        let block = maker.service(&scope, &name, program.node);
        maker.made.insert(name.clone(), found.len());
        found.push((name, block));
    }
    // Blocks with other values than their parameters' own bring further ones along.
    while let Some(Wanted { name, model, values, intent }) = maker.wanted.pop() {
        if found.len() >= MOST_BLOCKS || maker.made.contains_key(&name) {
            continue;
        }
        maker.made.insert(name.clone(), found.len());
        let Some(model) = library.node(&model) else { continue };
        let block = match intent {
            Some(intent) => tree::filtered(&name, body::path_of(db, item, model), model, &values, *intent),
            None => maker.model(model, &name, &values),
        };
        found.push((name, block));
    }
    found
}

/// The service of a text is called as its file is.
fn service_name(db: &dyn Db, item: Item<'_>, taken: &BTreeMap<String, usize>) -> String {
    let module = item.file(db).path(db);
    let stem = module.rsplit("::").next().unwrap_or(module).to_owned();
    if taken.contains_key(&stem) { format!("{stem}_service") } else { stem }
}

/// A block that another one needs.
pub(super) struct Wanted {
    name: String,
    model: String,
    values: Values,
    /// What is intended for the packets that enter it.
    intent: Option<Box<ast::Intent>>,
}

/// Makes blocks of models.
pub(super) struct Maker<'m, 'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    library: &'m Library<'db>,
    wanted: Vec<Wanted>,
    made: BTreeMap<String, usize>,
}

impl<'m, 'db> Maker<'m, 'db> {
    fn model(&mut self, model: &Model<'db>, name: &str, values: &Values) -> ast::Item {
        let at = model.thing.name.node;
        let mut body = Body::new(self, &model.scope, values, Some(model));
        let mut members = body.ports();
        members.extend(body.members());
        members.extend(tree::implementation(self.db, model));
        let params = model.properties.iter().filter(|property| !values.contains_key(property.name));
        let mut params: Vec<ast::Param> = params.map(|p| tree::text_param(p.name, p.node)).collect();
        if model.points().next().is_none() {
            params.push(tree::links_param(at));
        }
        let name = Name { text: name.to_owned(), node: at };
        tree::block(name, params, Vec::new(), members)
    }

    fn service(&mut self, scope: &Scope<'db>, name: &str, at: rdcl_base::NodeId) -> ast::Item {
        let at = scope.things().find(|t| t.kind == EntityKind::Node).map_or(at, |node| node.name.node);
        let values = Values::new();
        let mut body = Body::new(self, scope, &values, None);
        let mut members = body.ports();
        members.extend(body.members());
        let name = Name { text: name.to_owned(), node: at };
        tree::block(name, Vec::new(), Vec::new(), members)
    }

    /// The model of a node.
    fn model_of(&self, node: &Thing<'db>, values: &Values) -> Option<&'m Model<'db>> {
        let ty = &node.type_name()?.text;
        self.library.get(Space::NodeModel, values.get(ty).unwrap_or(ty))
    }
}
