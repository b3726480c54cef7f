//! Names: what a file declares, what it imports, and what a path stands for.
//!
//! The files of a package are its modules, and everything in them can be imported. The prelude holds the value types
//! and the kinds of execution environment; header stacks and blocks are imported. What is nested in a block is seen in
//! it by its plain name, before what is around the block.

use crate::cx::Cx;
use crate::source::db::{Db, Package, SourceFile};
use crate::source::item::{Item, is_read, items, parsed};
use crate::source::loc::{Loc, Problem};
use rdcl_base::{Code, Diagnostic, Fix, NodeId, Span, nearest};
use rdcl_syntax::{Keyword, ast};
use std::collections::{BTreeMap, BTreeSet};

/// What a path is expected to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Block,
    Stack,
    Header,
    Substrate,
    Environment,
}

impl Kind {
    fn keyword(self) -> Keyword {
        match self {
            Kind::Block => Keyword::Rfb,
            Kind::Stack => Keyword::Stack,
            Kind::Header => Keyword::Header,
            Kind::Substrate => Keyword::Substrate,
            Kind::Environment => Keyword::Environment,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Kind::Block => "block",
            Kind::Stack => "type",
            Kind::Header => "header",
            Kind::Substrate => "substrate",
            Kind::Environment => "kind of execution environment",
        }
    }

    fn unknown(self) -> Code {
        match self {
            Kind::Block => Code::E0201,
            Kind::Stack | Kind::Header => Code::E0202,
            Kind::Substrate => Code::E0702,
            Kind::Environment => Code::E0208,
        }
    }
}

/// The names of a file.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Scope<'db> {
    /// What each name stands for; those of nested items are full, `Outer::Inner`.
    pub names: BTreeMap<String, Item<'db>>,
    /// The imported names, and where each is imported.
    pub imports: Vec<(String, Loc)>,
    /// The names of imports of nothing. They are complained of where they are imported, and nowhere else.
    lost: BTreeSet<String>,
    /// Whether something could not be read that may import or declare any name.
    unread: bool,
    /// Names given twice, and imports of nothing.
    pub problems: Vec<Problem>,
}

impl Scope<'_> {
    /// Whether a name that stands for nothing is complained of where it should have got its meaning.
    fn may_have(&self, name: &str) -> bool {
        self.unread || self.lost.contains(name)
    }
}

/// All modules, each by the name of its package and its path there.
#[salsa::tracked(returns(ref))]
fn modules(db: &dyn Db, package: Package) -> BTreeMap<(String, String), SourceFile> {
    let files = package.std(db).iter().chain(package.files(db));
    files.map(|file| ((file.home(db).package.clone(), file.path(db).clone()), *file)).collect()
}

/// What a file declares by name; the first of equal names counts.
#[salsa::tracked(returns(ref))]
pub fn declarations<'db>(db: &'db dyn Db, file: SourceFile) -> BTreeMap<String, Item<'db>> {
    let named = items(db, file).iter().copied().filter(|item| is_named(db, *item));
    let mut names = BTreeMap::new();
    for item in named {
        names.entry(item.name(db).to_owned()).or_insert(item);
    }
    names
}

fn is_named(db: &dyn Db, item: Item<'_>) -> bool {
    let named = matches!(
        item.keyword(db),
        Keyword::Rfb | Keyword::Stack | Keyword::Header | Keyword::Substrate | Keyword::Environment
    );
    named && !item.name(db).is_empty()
}

/// What a file can name, and what is wrong with that.
#[salsa::tracked(returns(ref))]
pub fn scope<'db>(db: &'db dyn Db, file: SourceFile) -> Scope<'db> {
    let names = declarations(db, file).clone();
    let mut scope = Scope { names, imports: Vec::new(), lost: BTreeSet::new(), unread: false, problems: Vec::new() };
    for item in items(db, file) {
        // What is made for a behaviour in Click stands twice only if the block around it does.
        let is_made = item.origin(db).is_some();
        if is_named(db, *item) && !is_made && scope.names.get(item.name(db)) != Some(item) {
            scope.problems.push(duplicate_item(db, *item, scope.names.get(item.name(db)).copied()));
        }
    }
    let unread = |item: &Item<'_>| matches!(item.keyword(db), Keyword::Use | Keyword::Unknown) && !is_read(db, *item);
    scope.unread = items(db, file).iter().any(unread);
    for item in items(db, file).iter().filter(|item| item.keyword(db) == Keyword::Use) {
        if let ast::Item::Use(imports) = parsed(db, *item).tree(db) {
            imports.iter().for_each(|import| add_import(db, &mut scope, *item, import));
        }
    }
    scope
}

fn add_import<'db>(db: &'db dyn Db, scope: &mut Scope<'db>, item: Item<'db>, import: &ast::Import) {
    let at = Loc::of(db, item, import.path.node);
    let Some(name) = import.alias.as_ref().or(import.path.segments.last()) else { return };
    let target = match find(db, item.file(db), &import.path) {
        Ok(target) => target,
        Err(missing) => {
            scope.lost.insert(name.text.clone());
            return scope.problems.push(nothing_to_import(db, item, missing));
        }
    };
    if let Some(first) = scope.names.get(&name.text) {
        let imported = scope.imports.iter().find(|(known, _)| *known == name.text).map(|(_, at)| *at);
        let first = imported.unwrap_or_else(|| Loc::of(db, *first, name_node(db, *first)));
        return scope.problems.push(duplicate_import(Loc::of(db, item, name.node), &name.text, first));
    }
    scope.names.insert(name.text.clone(), target);
    scope.imports.push((name.text.clone(), at));
}

/// Why a path leads nowhere.
struct Missing {
    at: NodeId,
    what: String,
    help: Option<String>,
    /// The name that was probably meant.
    near: Option<String>,
}

impl Missing {
    fn module(at: NodeId, name: &str, help: Option<String>) -> Missing {
        Missing { at, what: format!("module `{name}`"), help, near: None }
    }

    fn nested(name: &ast::Name, outer: &str, near: Option<&str>) -> Missing {
        let missing = Missing::item(name, near);
        Missing { what: format!("{} in `{outer}`", missing.what), ..missing }
    }

    fn item(name: &ast::Name, near: Option<&str>) -> Missing {
        let help = near.map(|near| format!("did you mean `{near}`?"));
        Missing { at: name.node, what: format!("item `{}`", name.text), help, near: near.map(str::to_owned) }
    }
}

/// What a full path (`std::net::Ip4`, or `Outer::Inner` in the same file) leads to.
fn find<'db>(db: &'db dyn Db, from: SourceFile, path: &ast::Path) -> Result<Item<'db>, Missing> {
    let Some((name, module)) = path.segments.split_last() else {
        return Err(Missing::module(path.node, "", None));
    };
    if let Some(missing) = only_a_module(db, from, path) {
        return Err(missing);
    }
    let Some(module_end) = module.last() else {
        let help = format!("write the module before the name, as in `std::nf::{}`", name.text);
        return Err(Missing::module(name.node, &name.text, Some(help)));
    };
    let Some(package) = Package::try_get(db) else { return Err(Missing::item(name, None)) };
    let (module, modules) = (joined(module), modules(db, package));
    let direct = modules.get(&from.home(db).module(&module)).and_then(|file| declarations(db, *file).get(&name.text));
    if let Some(found) = direct.map(|item| Ok(*item)).or_else(|| nested_in_module(db, package, from, path)) {
        return found;
    }
    let Some(file) = modules.get(&from.home(db).module(&module)) else {
        let names: Vec<String> = visible_modules(db, package, from).map(|(name, _)| name).collect();
        let near = nearest(&module, names.iter().map(String::as_str));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        // The fix is for the last word; where another one differs there is none.
        let behind = near.and_then(|near| near.rsplit_once("::").map_or(Some(("", near)), Some));
        let before = module.rsplit_once("::").map_or("", |(before, _)| before);
        let near = behind.filter(|(root, _)| *root == before).map(|(_, last)| last.to_owned());
        return Err(Missing { near, ..Missing::module(module_end.node, &module, help) });
    };
    let names = declarations(db, *file);
    Err(Missing::item(name, nearest(&name.text, names.keys().map(String::as_str))))
}

/// A path that ends with a module, or at the root of some, and names nothing in it.
fn only_a_module(db: &dyn Db, from: SourceFile, path: &ast::Path) -> Option<Missing> {
    let (package, whole) = (Package::try_get(db)?, joined(&path.segments));
    let root = format!("{whole}::");
    let mut visible = visible_modules(db, package, from);
    let (module, file) = visible.find(|(module, _)| *module == whole || module.starts_with(&root))?;
    let is_item = path.segments.split_last().is_some_and(|(name, module)| {
        let outer = modules(db, package).get(&from.home(db).module(&joined(module)));
        outer.is_some_and(|file| declarations(db, *file).contains_key(&name.text))
    });
    let example = declarations(db, file).keys().next().filter(|_| !is_item)?;
    let help = format!("name something in it, as in `use {module}::{example};`");
    Some(Missing { at: path.node, what: format!("item `{whole}`: it is a module"), help: Some(help), near: None })
}

/// What a path leads to that goes on behind the name of a block: `module::Outer::Inner`, or `Outer::Inner`.
fn nested_in_module<'db>(
    db: &'db dyn Db,
    package: Package,
    from: SourceFile,
    path: &ast::Path,
) -> Option<Result<Item<'db>, Missing>> {
    (0..path.segments.len() - 1).rev().find_map(|at| {
        let (module, names) = path.segments.split_at(at);
        let (outer, inner) = names.split_first()?;
        let file = match module {
            [] => from,
            _ => *modules(db, package).get(&from.home(db).module(&joined(module)))?,
        };
        let outer = declarations(db, file).get(&outer.text).filter(|outer| outer.keyword(db) == Keyword::Rfb)?;
        Some(nested(db, *outer, inner))
    })
}

fn joined(names: &[ast::Name]) -> String {
    names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("::")
}

/// What names lead to, one after the other, from a block inwards.
fn nested<'db>(db: &'db dyn Db, outer: Item<'db>, names: &[ast::Name]) -> Result<Item<'db>, Missing> {
    names.iter().try_fold(outer, |outer, name| {
        let inner = declarations(db, outer.file(db)).get(&format!("{}::{}", outer.name(db), name.text)).copied();
        inner.ok_or_else(|| {
            let near = nearest(&name.text, nested_names(db, outer).map(|(name, _)| name));
            Missing::nested(name, outer.name(db), near)
        })
    })
}

/// What is nested in a block, by its plain name.
fn nested_names<'db>(db: &'db dyn Db, outer: Item<'db>) -> impl Iterator<Item = (&'db str, Item<'db>)> {
    let plain =
        move |name: &'db str| name.strip_prefix(outer.name(db))?.strip_prefix("::").filter(|n| !n.contains("::"));
    let is_block = outer.keyword(db) == Keyword::Rfb;
    let names = declarations(db, outer.file(db)).iter().filter(move |_| is_block);
    names.filter_map(move |(name, item)| Some((plain(name)?, *item)))
}

/// The items around a nested one, the innermost first.
pub(crate) fn around<'db>(db: &'db dyn Db, item: Item<'db>) -> impl Iterator<Item = Item<'db>> {
    let names = declarations(db, item.file(db));
    let outer = move |item: &Item<'db>| names.get(item.name(db).rsplit_once("::")?.0).copied();
    std::iter::successors(Some(item), outer).skip(1)
}

/// What a name stands for in an item: what is nested in it, then in what is around it, then what its file knows.
pub(crate) fn in_sight<'db>(db: &'db dyn Db, item: Item<'db>, name: &str) -> Option<Item<'db>> {
    let file = item.file(db);
    let inner = |outer: Item<'db>| declarations(db, file).get(&format!("{}::{name}", outer.name(db))).copied();
    let inner = std::iter::once(item).chain(around(db, item)).filter(|i| i.keyword(db) == Keyword::Rfb).find_map(inner);
    inner.or_else(|| scope(db, file).names.get(name).copied())
}

/// All names that an item can use, nested ones first.
pub(crate) fn names_in_sight<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    keyword: Keyword,
) -> impl Iterator<Item = &'db str> {
    let inner = std::iter::once(item).chain(around(db, item)).flat_map(|outer| nested_names(db, outer));
    let outer = scope(db, item.file(db)).names.iter().map(|(name, item)| (name.as_str(), *item));
    inner.chain(outer).filter(move |(_, item)| item.keyword(db) == keyword).map(|(name, _)| name)
}

/// The last of an item's names: `Inner` of `Outer::Inner`.
pub(crate) fn plain_name<'db>(db: &'db dyn Db, item: Item<'db>) -> &'db str {
    item.name(db).rsplit("::").next().unwrap_or_default()
}

/// What a path of several names leads to: inwards from a block in sight, or by its module.
fn follow<'db>(db: &'db dyn Db, item: Item<'db>, path: &ast::Path) -> Result<Item<'db>, Missing> {
    let first = path.segments.split_first().and_then(|(first, rest)| Some((in_sight(db, item, &first.text)?, rest)));
    let by_module = || find(db, item.file(db), path);
    match first.filter(|(outer, _)| outer.keyword(db) == Keyword::Rfb) {
        Some((outer, rest)) => nested(db, outer, rest).or_else(|missing| by_module().map_err(|_| missing)),
        None => by_module(),
    }
}

/// The modules that a file can name, and how it writes them.
fn visible_modules(db: &dyn Db, package: Package, from: SourceFile) -> impl Iterator<Item = (String, SourceFile)> {
    let home = from.home(db);
    modules(db, package).iter().filter_map(move |((package, name), file)| Some((home.path(package, name)?, *file)))
}

/// What a path stands for in an item, without complaint.
pub(crate) fn lookup<'db>(db: &'db dyn Db, item: Item<'db>, path: &ast::Path) -> Option<Item<'db>> {
    match path.segments.as_slice() {
        [name] => in_sight(db, item, &name.text),
        _ => follow(db, item, path).ok(),
    }
}

/// What a path stands for, if that is of the wanted kind; complains otherwise.
pub(crate) fn resolve<'db>(cx: &mut Cx<'db>, path: &ast::Path, wanted: Kind) -> Option<Item<'db>> {
    let found = match path.segments.as_slice() {
        [name] => match in_sight(cx.db, cx.item, &name.text) {
            Some(item) => item,
            None if scope(cx.db, cx.file()).may_have(&name.text) => return None,
            None => {
                cx.report(unknown_name(cx, name, wanted));
                return None;
            }
        },
        _ => match follow(cx.db, cx.item, path) {
            Ok(item) => item,
            Err(missing) => {
                cx.report(nothing_to_import(cx.db, cx.item, missing));
                return None;
            }
        },
    };
    if found.keyword(cx.db) == wanted.keyword() {
        return Some(found);
    }
    cx.report(wrong_kind(cx.at(path.node), found.name(cx.db), found.keyword(cx.db), wanted));
    None
}

/// The node of an item's name, for pointing at it.
pub(crate) fn name_node(db: &dyn Db, item: Item<'_>) -> NodeId {
    match parsed(db, item).tree(db) {
        ast::Item::Use(imports) => imports.first().map_or(NodeId(0), |i| i.path.node),
        ast::Item::Stack(stack) => stack.name.node,
        ast::Item::Header(header) => header.name.node,
        ast::Item::Rfb(rfb) => rfb.name.node,
        ast::Item::Substrate(substrate) => substrate.name.node,
        ast::Item::Environment(environment) => environment.name.node,
        ast::Item::Deploy(deploy) => deploy.alias.as_ref().map_or(deploy.rfb.node, |a| a.node),
        ast::Item::Nemo(program) => program.node,
        ast::Item::Bad(node) => *node,
    }
}

fn duplicate_item<'db>(db: &'db dyn Db, item: Item<'db>, first: Option<Item<'db>>) -> Problem {
    let name = item.name(db);
    let problem =
        Diagnostic::new(Code::E0203, Loc::of(db, item, name_node(db, item)), format!("`{name}` is declared twice"));
    match first {
        Some(first) => problem.with_label(Loc::of(db, first, name_node(db, first)), "first declared here"),
        None => problem,
    }
}

fn duplicate_import(at: Loc, name: &str, first: Loc) -> Problem {
    Diagnostic::new(Code::E0203, at, format!("`{name}` is already the name of something in this file"))
        .with_label(first, "first declared here")
        .with_help(format!("give the import another name with `as`, or leave out one of the two `{name}`"))
}

fn nothing_to_import(db: &dyn Db, item: Item<'_>, missing: Missing) -> Problem {
    let message = format!("there is no {}", missing.what);
    let mut problem =
        Diagnostic::new(Code::E0204, Loc::of(db, item, missing.at), message).with_optional_help(missing.help);
    problem.fix = missing.near.map(|replacement| Fix { at: Loc::of(db, item, missing.at), replacement });
    problem
}

fn unknown_name(cx: &Cx<'_>, name: &ast::Name, wanted: Kind) -> Problem {
    let message = format!("there is no {} `{}` here", wanted.noun(), name.text);
    let problem = Diagnostic::new(wanted.unknown(), cx.at(name.node), message);
    let keyword = wanted.keyword();
    if let Some(import) = importable(cx.db, cx.file(), &name.text, wanted) {
        return with_import(cx, problem, &import);
    }
    let is_it = |full: &&str| full.rsplit_once("::").is_some_and(|(_, last)| last == name.text);
    match names_in_sight(cx.db, cx.item, keyword).find(is_it) {
        Some(full) => with_full_name(problem, full),
        None => problem.misspelt(&name.text, others_in_sight(cx.db, cx.item, keyword)),
    }
}

/// The names that an item can mean: not its own, nor those of the items around it, which would be parts or parents of
/// themselves.
fn others_in_sight<'db>(db: &'db dyn Db, item: Item<'db>, keyword: Keyword) -> impl Iterator<Item = &'db str> {
    let is_other = move |name: &&str| {
        let meant = in_sight(db, item, name);
        meant.is_none_or(|meant| meant != item && around(db, item).all(|outer| outer != meant))
    };
    names_in_sight(db, item, keyword).filter(is_other)
}

/// Proposes an import for an unknown name, or else what it was probably meant to be.
pub(crate) fn imported_or_misspelt<'a>(
    cx: &Cx<'_>,
    problem: Problem,
    name: &str,
    wanted: Kind,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Problem {
    match importable(cx.db, cx.file(), name, wanted) {
        Some(import) => with_import(cx, problem, &import),
        None => problem.misspelt(name, candidates),
    }
}

/// Proposes the name of a nested item with those around it.
fn with_full_name(problem: Problem, full: &str) -> Problem {
    let fix = Fix { at: problem.primary, replacement: full.to_owned() };
    let mut problem = problem.with_help(format!("write `{full}`: it is nested in that block"));
    problem.fix = Some(fix);
    problem
}

/// Proposes an import before the first item of the file.
fn with_import(cx: &Cx<'_>, problem: Problem, import: &str) -> Problem {
    let mut problem = problem.with_help(format!("`{import}` brings it in"));
    problem.fix = items(cx.db, cx.file()).first().map(|first| {
        let at = Loc::Text(cx.file(), first.id(cx.db), Span::default());
        Fix { at, replacement: format!("{import}\n") }
    });
    problem
}

/// The import of an item of this very name, when some module has one.
fn importable(db: &dyn Db, from: SourceFile, name: &str, wanted: Kind) -> Option<String> {
    let mut modules = visible_modules(db, Package::try_get(db)?, from);
    let has = |file: SourceFile| declarations(db, file).get(name).is_some_and(|i| i.keyword(db) == wanted.keyword());
    let (module, _) = modules.find(|(_, file)| has(*file))?;
    Some(format!("use {module}::{name};"))
}

fn wrong_kind(at: Loc, name: &str, found: Keyword, wanted: Kind) -> Problem {
    let found = match found {
        Keyword::Rfb => "a block",
        Keyword::Stack => "a header stack",
        Keyword::Header => "a header",
        Keyword::Substrate => "a substrate",
        Keyword::Environment => "a kind of execution environment",
        Keyword::Use | Keyword::Deploy | Keyword::Nemo | Keyword::Unknown => "something else",
    };
    let message = format!("`{name}` is {found}, but a {} is expected here", wanted.noun());
    Diagnostic::new(Code::E0205, at, message)
}
