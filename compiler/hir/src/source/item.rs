//! Items: the pieces a file is cut into, each parsed by itself.
//!
//! An item is known by its keyword and name, so an edit elsewhere leaves it alone. Its tree, its spans and its errors
//! are separate fields: an edit of white space changes the spans and nothing that is computed from the tree.

#![allow(missing_docs, reason = "what salsa's macros generate has no documentation")]

use crate::click::{block_names, circuit};
use crate::nemo::blocks;
use crate::source::db::{Db, SourceFile};
use rdcl_base::{Diagnostic, NodeId, Span};
use rdcl_syntax::{Chunk, Keyword, ast};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What an item is called inside its file: a hash of keyword, name and rank among equals, stable over edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, salsa::SalsaValue)]
pub struct ItemId(u64);

/// An item of a file, top-level or nested.
#[salsa::tracked(debug)]
pub struct Item<'db> {
    /// Its file.
    #[returns(copy)]
    pub file: SourceFile,
    /// Its identity in the file.
    #[returns(copy)]
    pub id: ItemId,
    /// The word it begins with.
    #[returns(copy)]
    pub keyword: Keyword,
    /// Its name, or nothing; that of a nested item with those around it, `Outer::Inner`.
    #[returns(deref)]
    pub name: String,
    /// For a nested item how many braces of the item around it are open there.
    #[tracked]
    #[returns(copy)]
    pub braces: u32,
    /// Where its text begins.
    #[tracked]
    #[returns(copy)]
    pub start: u32,
    /// Its text, with white space for the items nested in it.
    #[tracked]
    #[returns(deref)]
    pub text: String,
    /// For a block that is made for an element of a behaviour in Click the block around it, and where the element stands
    /// there: all of the item's nodes are there.
    #[tracked]
    #[returns(copy)]
    pub origin: Option<(ItemId, NodeId)>,
}

/// A parsed item.
#[salsa::tracked(debug)]
pub struct Parsed<'db> {
    /// The tree, free of spans.
    #[tracked]
    #[returns(ref)]
    pub tree: ast::Item,
    /// For each node where it stands, relative to the item.
    #[tracked]
    #[returns(deref)]
    pub spans: Vec<Span>,
    /// What could not be read.
    #[tracked]
    #[returns(deref)]
    pub errors: Vec<Diagnostic<Span>>,
    /// What can be read, but should be written otherwise.
    #[tracked]
    #[returns(deref)]
    pub warnings: Vec<Diagnostic<Span>>,
}

/// The items of a file, in order. A `.nemo` file is one item without a name, of [`Keyword::Nemo`], and
/// the blocks that it comes to, whose nodes are those of the text.
#[salsa::tracked(returns(deref))]
pub fn items<'db>(db: &'db dyn Db, file: SourceFile) -> Vec<Item<'db>> {
    let mut ids = Ids::default();
    if let Some(whole) = nemo_text(db, file) {
        let blocks = blocks(db, whole).iter();
        let block = |(name, _): &(String, ast::Item)| {
            let id = ids.fresh(Keyword::Rfb, name);
            Item::new(db, file, id, Keyword::Rfb, name.clone(), 0, 0, String::new(), None)
        };
        return std::iter::once(whole).chain(blocks.map(block)).collect();
    }
    let text = file.text(db);
    let item = |chunk: Chunk| {
        let text = chunk.text(text).into_owned();
        let name = chunk.name.unwrap_or_default();
        let id = ids.fresh(chunk.keyword, &name);
        Item::new(db, file, id, chunk.keyword, name, chunk.braces, chunk.start, text, None)
    };
    let mut found: Vec<Item<'db>> = rdcl_syntax::split(text).into_iter().map(item).collect();
    for outer in found.clone() {
        if outer.keyword(db) == Keyword::Rfb && outer.text(db).contains("click") {
            found.extend(element_blocks(db, outer, &mut ids));
        }
    }
    found
}

/// The blocks that are made for the elements of a behaviour in Click, as items nested in its block.
fn element_blocks<'db>(db: &'db dyn Db, outer: Item<'db>, ids: &mut Ids) -> Vec<Item<'db>> {
    let block = |(name, node): (String, NodeId)| {
        let full = format!("{}::{name}", outer.name(db));
        let (id, origin) = (ids.fresh(Keyword::Rfb, &full), Some((outer.id(db), node)));
        let (file, start) = (outer.file(db), outer.start(db));
        Item::new(db, file, id, Keyword::Rfb, full, 0, start, String::new(), origin)
    };
    block_names(db, outer).map(block).collect()
}

/// The block around one that is made for an element of a behaviour in Click.
pub(crate) fn made_in<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Item<'db>> {
    item_with_id(db, item.file(db), item.origin(db)?.0)
}

/// The text of an item; that of one that is made for an element is nowhere in the file.
fn text_of<'db>(db: &'db dyn Db, item: Item<'db>) -> &'db str {
    let Some(outer) = made_in(db, item) else { return item.text(db) };
    let name = item.name(db).rsplit("::").next().unwrap_or_default();
    circuit(db, outer).blocks.get(name).map_or("", String::as_str)
}

/// The text of a `.nemo` file as the one item that it is.
pub(crate) fn nemo_text(db: &dyn Db, file: SourceFile) -> Option<Item<'_>> {
    is_nemo(db, file).then(|| whole_text(db, file))
}

#[salsa::tracked(returns(copy))]
fn whole_text<'db>(db: &'db dyn Db, file: SourceFile) -> Item<'db> {
    let id = Ids::default().fresh(Keyword::Nemo, "");
    Item::new(db, file, id, Keyword::Nemo, String::new(), 0, 0, file.text(db).to_owned(), None)
}

/// Whether a file holds NEMO: its name ends in `.nemo`.
pub fn is_nemo(db: &dyn Db, file: SourceFile) -> bool {
    file.name(db).ends_with(".nemo")
}

/// The identities given in a file.
#[derive(Default)]
struct Ids {
    taken: BTreeSet<ItemId>,
    /// The rank that the next item of this keyword and name gets.
    ranks: HashMap<(Keyword, String), u64>,
}

impl Ids {
    fn fresh(&mut self, keyword: Keyword, name: &str) -> ItemId {
        let rank = self.ranks.entry((keyword, name.to_owned())).or_default();
        loop {
            let mut hasher = DefaultHasher::new();
            (keyword, name, *rank).hash(&mut hasher);
            *rank += 1;
            let id = ItemId(hasher.finish());
            if self.taken.insert(id) {
                return id;
            }
        }
    }
}

#[salsa::tracked(returns(ref))]
fn items_by_id<'db>(db: &'db dyn Db, file: SourceFile) -> BTreeMap<ItemId, Item<'db>> {
    items(db, file).iter().map(|item| (item.id(db), *item)).collect()
}

/// The item with this identity, if the file still has it.
pub fn item_with_id(db: &dyn Db, file: SourceFile, id: ItemId) -> Option<Item<'_>> {
    items_by_id(db, file).get(&id).copied()
}

/// An item's tree, spans and errors.
#[salsa::tracked(returns(copy))]
pub fn parsed<'db>(db: &'db dyn Db, item: Item<'db>) -> Parsed<'db> {
    if let (Keyword::Rfb, Some(whole)) = (item.keyword(db), nemo_text(db, item.file(db))) {
        let block = blocks(db, whole).iter().find(|(name, _)| name == item.name(db));
        let tree = block.map_or(ast::Item::Bad(NodeId(0)), |(_, tree)| tree.clone());
        return Parsed::new(db, tree, Vec::new(), Vec::new(), Vec::new());
    }
    if item.origin(db).is_some() && text_of(db, item).is_empty() {
        // Nothing is made of an element with mistakes.
        return Parsed::new(db, ast::Item::Bad(NodeId(0)), Vec::new(), Vec::new(), Vec::new());
    }
    let parse = if item.keyword(db) == Keyword::Nemo { rdcl_syntax::parse_nemo } else { rdcl_syntax::parse_item };
    let parsed = parse(text_of(db, item));
    Parsed::new(db, parsed.item, parsed.spans, parsed.errors, parsed.warnings)
}

/// Whether an item stands before another one: in its file, or its file before the other's by their names.
pub(crate) fn stands_before<'db>(db: &'db dyn Db, item: Item<'db>, other: Item<'db>) -> bool {
    let key = |item: Item<'db>| {
        let number = items(db, item.file(db)).iter().position(|known| *known == item);
        (item.file(db).path(db), number)
    };
    key(item) < key(other)
}

/// Whether all of an item could be read.
pub(crate) fn is_read<'db>(db: &'db dyn Db, item: Item<'db>) -> bool {
    parsed(db, item).errors(db).is_empty()
}

/// The tree of an item that is an RFB.
pub fn rfb_tree<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<&'db ast::Rfb> {
    match parsed(db, item).tree(db) {
        ast::Item::Rfb(rfb) => Some(rfb),
        ast::Item::Use(_)
        | ast::Item::Stack(_)
        | ast::Item::Header(_)
        | ast::Item::Substrate(_)
        | ast::Item::Deploy(_)
        | ast::Item::Nemo(_)
        | ast::Item::Environment(_)
        | ast::Item::Bad(_) => None,
    }
}
