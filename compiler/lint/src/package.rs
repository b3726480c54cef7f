//! All lints over all items of a package.

use crate::look::Look;
use crate::{conditions, elements, names, parentheses, promises, unused};
use rdcl_hir::{Db, Package, Problem, is_nemo, items, parsed};
use rdcl_syntax::ast;

/// Everything that lints find in a package, in the order of its files and their items.
pub fn lints(db: &dyn Db, package: Package) -> Vec<Problem> {
    let mut found = Vec::new();
    for item in package.files(db).iter().flat_map(|file| items(db, *file)) {
        if is_nemo(db, item.file(db)) || !parsed(db, *item).errors(db).is_empty() {
            continue;
        }
        let mut look = Look::new(db, *item);
        match parsed(db, *item).tree(db) {
            ast::Item::Rfb(rfb) => {
                unused::of_block(&mut look, rfb);
                elements::of_block(&mut look, rfb);
                conditions::of_block(&mut look, rfb);
                promises::of_block(&mut look);
                names::of_block(&mut look, rfb);
                parentheses::of_block(&mut look, rfb);
            }
            ast::Item::Stack(stack) => {
                unused::stack(&mut look, package, stack);
                names::of_stack(&mut look, stack);
            }
            ast::Item::Use(_)
            | ast::Item::Header(_)
            | ast::Item::Substrate(_)
            | ast::Item::Environment(_)
            | ast::Item::Deploy(_)
            | ast::Item::Nemo(_)
            | ast::Item::Bad(_) => {}
        }
        found.append(&mut look.found);
    }
    found
}
