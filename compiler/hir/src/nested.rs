//! Items nested in blocks: where they may stand, and which names they hide.

use crate::source::db::Db;
use crate::source::item::{Item, parsed};
use crate::source::loc::{Loc, Problem};
use crate::source::names::{around, in_sight, name_node, plain_name, scope};
use rdcl_base::{Code, Diagnostic};
use rdcl_syntax::Keyword;

/// Complains of a nested item that stands in another clause of the block, or hides what is seen around the block.
pub(crate) fn definition_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let Some(outer) = around(db, item).next() else { return Vec::new() };
    let mut found = Vec::new();
    // Braces that do not match are told of by the parser.
    if item.braces(db) > 1 && parsed(db, outer).errors(db).is_empty() {
        found.push(misplaced(db, item, outer));
    }
    let hidden = match around(db, outer).next() {
        Some(beyond) => in_sight(db, beyond, plain_name(db, item)),
        None => scope(db, item.file(db)).names.get(plain_name(db, item)).copied(),
    };
    found.extend(hidden.map(|hidden| hides(db, item, hidden)));
    found
}

fn misplaced<'db>(db: &'db dyn Db, item: Item<'db>, outer: Item<'db>) -> Problem {
    let message = format!("`{}` is defined inside another clause of `{}`", plain_name(db, item), outer.name(db));
    Diagnostic::new(Code::E0224, place(db, item), message)
        .with_note("a nested definition is always there, and seen in the whole block")
        .with_help("move it out of these braces, among the members")
}

fn hides<'db>(db: &'db dyn Db, item: Item<'db>, hidden: Item<'db>) -> Problem {
    let what = if item.keyword(db) == Keyword::Stack { "stack" } else { "block" };
    let message = format!("the nested {what} `{0}` hides another `{0}`", plain_name(db, item));
    Diagnostic::new(Code::W0202, place(db, item), message)
        .with_label(place(db, hidden), "this one")
        .with_help("give the nested one another name")
}

fn place(db: &dyn Db, item: Item<'_>) -> Loc {
    Loc::of(db, item, name_node(db, item))
}
