//! Kinds of execution environment: those there are from the start, and those that `environment` declares.
//!
//! A declared kind may be one of another kind, which is its parent: what can run there can run here. It may say which
//! kinds host it, what each of its kind has, and what it offers.

use crate::attrs::{Attribute, attribute, attributes};
use crate::cx::{Cx, Params};
use crate::operation::features::{Feature, features};
use crate::operation::substrates::REE_ATTRIBUTES;
use crate::source::db::Db;
use crate::source::item::{Item, parsed};
use crate::source::loc::Problem;
use crate::source::names::{Kind, lookup, name_node, resolve, scope};
use crate::types::REE_KINDS;
use rdcl_base::{Code, Diagnostic, nearest};
use rdcl_syntax::Keyword;
use rdcl_syntax::ast::{self, Path};

/// A kind of execution environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReeKind {
    /// Its name.
    pub name: String,
    /// The kinds that it is: itself, then its parent and so on. Declared ones are named with their module: `main::Xen`.
    pub lineage: Vec<String>,
}

impl ReeKind {
    fn built_in(name: &str) -> ReeKind {
        ReeKind { name: name.to_owned(), lineage: vec![name.to_owned()] }
    }

    /// Whether it is of another kind, or of a kind that descends from that.
    pub fn is(&self, other: &ReeKind) -> bool {
        other.lineage.first().is_some_and(|other| self.lineage.contains(other))
    }

    /// The most general kind that it is, one of [`REE_KINDS`] unless it was declared without a parent.
    pub fn base(&self) -> String {
        let base = self.lineage.last().map_or("", String::as_str);
        base.rsplit("::").next().unwrap_or(base).to_owned()
    }

    /// Whether a program declares it.
    pub fn is_declared(&self) -> bool {
        self.lineage.first().is_some_and(|own| own.contains("::"))
    }
}

/// What an item of this kind declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The kinds that may host it; any, if there are none.
    pub hosts: Vec<ReeKind>,
    /// What each of its kind has, unless it says otherwise.
    pub attributes: Vec<Attribute>,
    /// What each of its kind offers.
    pub offers: Vec<Feature>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// What an item declares by itself, without its parents.
#[salsa::tracked(returns(ref))]
pub fn environment<'db>(db: &'db dyn Db, item: Item<'db>) -> Environment {
    let Some(tree) = tree(db, item) else { return Environment::default() };
    let mut cx = Cx::new(db, item);
    if REE_KINDS.contains(&tree.name.text.as_str()) {
        cx.report(kind_twice(&cx, tree));
    }
    if let Some(parent) = &tree.parent {
        _ = ree_kind(&mut cx, parent);
        if lineage(db, item).is_none() {
            cx.report(own_ancestor(&cx, tree, parent));
        }
    }
    let hosts = tree.hosts.iter().filter_map(|host| ree_kind(&mut cx, host)).collect();
    let attributes = attributes(&mut cx, &tree.attrs, REE_ATTRIBUTES, &Params::new());
    let offers = features(&mut cx, &tree.features, "offer", &Params::new());
    Environment { hosts, attributes, offers, problems: cx.problems }
}

/// What a kind says about each of its kind: of several ancestors that say something, the nearest counts.
pub(crate) fn inherited<'db>(cx: &Cx<'db>, path: &Path) -> Environment {
    let mut found = Environment::default();
    let Some(item) = declared(cx, path) else { return found };
    for ancestor in lineage(cx.db, item).unwrap_or_default() {
        let own = environment(cx.db, ancestor);
        if found.hosts.is_empty() {
            found.hosts.clone_from(&own.hosts);
        }
        let new = own.attributes.iter().filter(|a| attribute(&found.attributes, &a.name).is_none());
        let new: Vec<Attribute> = new.cloned().collect();
        found.attributes.extend(new);
        found.offers.extend(own.offers.iter().cloned());
    }
    found
}

/// A kind of execution environment; complains when it is none.
pub(crate) fn ree_kind(cx: &mut Cx<'_>, path: &Path) -> Option<ReeKind> {
    if let Some(name) = built_in(path) {
        return Some(ReeKind::built_in(name));
    }
    let item = match path.segments.as_slice() {
        [name] if !scope(cx.db, cx.file()).names.contains_key(&name.text) => {
            cx.report(unknown_kind(cx, name));
            return None;
        }
        _ => resolve(cx, path, Kind::Environment)?,
    };
    Some(kind_of(cx.db, item))
}

/// The kind that an item declares; by itself where it is its own ancestor.
fn kind_of<'db>(db: &'db dyn Db, item: Item<'db>) -> ReeKind {
    let id = |item: Item<'db>| format!("{}::{}", item.file(db).path(db), item.name(db));
    let items = lineage(db, item).unwrap_or_else(|| vec![item]);
    let root = items.last().and_then(|last| tree(db, *last)?.parent.as_ref()).and_then(built_in);
    let lineage = items.iter().map(|item| id(*item)).chain(root.map(str::to_owned)).collect();
    ReeKind { name: item.name(db).to_owned(), lineage }
}

/// A declared kind and its declared ancestors; none where it is its own.
fn lineage<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Vec<Item<'db>>> {
    let mut found = vec![item];
    let mut at = item;
    while let Some(parent) = tree(db, at).and_then(|tree| tree.parent.as_ref()).filter(|p| built_in(p).is_none()) {
        let next = lookup(db, at, parent).filter(|next| next.keyword(db) == Keyword::Environment);
        let Some(next) = next else { break };
        if found.contains(&next) {
            return None;
        }
        found.push(next);
        at = next;
    }
    Some(found)
}

fn tree<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<&'db ast::Environment> {
    match parsed(db, item).tree(db) {
        ast::Item::Environment(tree) => Some(tree),
        ast::Item::Use(_)
        | ast::Item::Stack(_)
        | ast::Item::Header(_)
        | ast::Item::Rfb(_)
        | ast::Item::Substrate(_)
        | ast::Item::Deploy(_)
        | ast::Item::Nemo(_)
        | ast::Item::Bad(_) => None,
    }
}

fn declared<'db>(cx: &Cx<'db>, path: &Path) -> Option<Item<'db>> {
    let found = lookup(cx.db, cx.item, path).filter(|item| item.keyword(cx.db) == Keyword::Environment);
    found.filter(|_| built_in(path).is_none())
}

fn built_in(path: &Path) -> Option<&'static str> {
    let [name] = path.segments.as_slice() else { return None };
    REE_KINDS.into_iter().find(|kind| *kind == name.text)
}

fn unknown_kind(cx: &Cx<'_>, name: &ast::Name) -> Problem {
    let scope = &scope(cx.db, cx.file()).names;
    let declared = scope.iter().filter(|(_, i)| i.keyword(cx.db) == Keyword::Environment).map(|(n, _)| n.as_str());
    let kinds: Vec<&str> = REE_KINDS.into_iter().chain(declared).collect();
    let message = format!("`{}` is not a kind of execution environment", name.text);
    let mut problem = Diagnostic::new(Code::E0208, cx.at(name.node), message);
    let near = nearest(&name.text, kinds.iter().copied());
    problem.fix = near.map(|near| rdcl_base::Fix { at: cx.at(name.node), replacement: near.to_owned() });
    problem.with_help(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the kinds are {}; `environment` declares others", kinds.join(", ")),
    })
}

fn own_ancestor(cx: &Cx<'_>, tree: &ast::Environment, parent: &Path) -> Problem {
    Diagnostic::new(Code::E0343, cx.at(parent.node), format!("`{}` is a kind of itself", tree.name.text))
        .with_help("leave out one of the `:` on the way round")
}

fn kind_twice(cx: &Cx<'_>, tree: &ast::Environment) -> Problem {
    let message = format!("`{}` is a kind of execution environment already", tree.name.text);
    Diagnostic::new(Code::E0203, cx.at(name_node(cx.db, cx.item)), message).with_help("give this one another name")
}
