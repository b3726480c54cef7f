//! Places that survive edits: a node of an item's tree, not a range of bytes.
//!
//! [`place`] is the one function that reads spans; it belongs to the edge.

use crate::source::db::{Db, SourceFile, TableFile};
use crate::source::item::{Item, ItemId, item_with_id, made_in, nemo_text, parsed};
use rdcl_base::{Diagnostic, FileSpan, NodeId, Span};

/// A place in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub enum Loc {
    /// A node of an item.
    Node(SourceFile, ItemId, NodeId),
    /// A range of an item's text, for what has no node.
    Text(SourceFile, ItemId, Span),
    /// A range of a table.
    Table(TableFile, Span),
}

/// What is wrong, and where.
pub type Problem = Diagnostic<Loc>;

impl Loc {
    /// The place of a node.
    pub fn of(db: &dyn Db, item: Item<'_>, node: NodeId) -> Loc {
        Loc::Node(item.file(db), item.id(db), node)
    }

    /// Whether it is in the text of an item.
    pub(crate) fn is_in(self, db: &dyn Db, item: Item<'_>) -> bool {
        match self {
            Loc::Node(file, id, _) | Loc::Text(file, id, _) => (file, id) == (item.file(db), item.id(db)),
            Loc::Table(..) => false,
        }
    }

    /// The source file it is in, unless it is in a table.
    pub fn file(self) -> Option<SourceFile> {
        match self {
            Loc::Node(file, _, _) | Loc::Text(file, _, _) => Some(file),
            Loc::Table(_, _) => None,
        }
    }
}

/// Where a place is in the text as it is now.
pub fn place(db: &dyn Db, loc: Loc) -> FileSpan {
    match loc {
        Loc::Table(table, span) => FileSpan { file: table.file_id(db), span },
        Loc::Text(file, id, span) => in_file(db, file, id, |_| span),
        Loc::Node(file, id, node) => in_file(db, file, id, |item| node_span(db, item, node)),
    }
}

fn in_file<'db>(db: &'db dyn Db, file: SourceFile, id: ItemId, span: impl Fn(Item<'db>) -> Span) -> FileSpan {
    let found = item_with_id(db, file, id);
    let span = found.map_or(Span::default(), |item| span(item).shifted(item.start(db)));
    FileSpan { file: file.file_id(db), span }
}

fn node_span<'db>(db: &'db dyn Db, item: Item<'db>, node: NodeId) -> Span {
    // The blocks of a NEMO text have the nodes of the text, those made for an element of Click its one node.
    let (item, node) = match (made_in(db, item), item.origin(db)) {
        (Some(outer), Some((_, element))) => (outer, element),
        _ => (nemo_text(db, item.file(db)).unwrap_or(item), node),
    };
    parsed(db, item).spans(db).get(node.0 as usize).copied().unwrap_or_default()
}
