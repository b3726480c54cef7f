//! What a check carries along: the database, the item it reads, and the complaints so far.

use crate::source::db::{Db, SourceFile};
use crate::source::item::Item;
use crate::source::loc::{Loc, Problem};
use crate::value::{Type, Value};
use indexmap::IndexMap;
use rdcl_base::{Diagnostic, NodeId};

/// Parameters in scope, with their values.
pub type Params = IndexMap<String, (Type, Value)>;

/// The context of a check of one item.
pub(crate) struct Cx<'db> {
    pub db: &'db dyn Db,
    pub item: Item<'db>,
    pub problems: Vec<Problem>,
}

impl<'db> Cx<'db> {
    pub fn new(db: &'db dyn Db, item: Item<'db>) -> Cx<'db> {
        Cx { db, item, problems: Vec::new() }
    }

    pub fn file(&self) -> SourceFile {
        self.item.file(self.db)
    }

    /// The place of a node of the item.
    pub fn at(&self, node: NodeId) -> Loc {
        Loc::of(self.db, self.item, node)
    }

    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Takes over complaints about nodes of the item.
    pub fn report_all(&mut self, problems: impl IntoIterator<Item = Diagnostic<NodeId>>) {
        let (db, item) = (self.db, self.item);
        self.problems.extend(problems.into_iter().map(|p| p.map(|node| Loc::of(db, item, node))));
    }
}

/// `did you mean …`, when there is a near name.
pub(crate) fn did_you_mean<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    rdcl_base::nearest(wanted, candidates).map(|near| format!("did you mean `{near}`?"))
}
