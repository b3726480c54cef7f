//! A look at one item: its text, where its nodes stand in it, and what has been found.

use crate::text::squeezed;
use rdcl_base::{Code, Diagnostic, Fix, NodeId, Span};
use rdcl_hir::{Db, Item, Loc, Problem, parsed};
use rdcl_syntax::ast::Expr;

/// A look at one item.
pub struct Look<'db> {
    pub db: &'db dyn Db,
    pub item: Item<'db>,
    pub text: &'db str,
    spans: &'db [Span],
    pub found: Vec<Problem>,
}

impl<'db> Look<'db> {
    pub fn new(db: &'db dyn Db, item: Item<'db>) -> Look<'db> {
        Look { db, item, text: item.text(db), spans: parsed(db, item).spans(db), found: Vec::new() }
    }

    /// Where a node stands in the item's text.
    pub fn span(&self, node: NodeId) -> Span {
        self.spans.get(node.0 as usize).copied().unwrap_or_default()
    }

    /// The text of a range; nothing for one that is none.
    pub fn slice(&self, span: Span) -> &'db str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Whether two expressions are written alike, white space and comments aside.
    pub fn are_alike(&self, a: &Expr, b: &Expr) -> bool {
        squeezed(self.slice(self.span(a.node))) == squeezed(self.slice(self.span(b.node)))
    }

    /// A range of the item's text as a place.
    pub fn loc(&self, span: Span) -> Loc {
        Loc::Text(self.item.file(self.db), self.item.id(self.db), span)
    }

    /// Reports something about a node.
    pub fn report(&mut self, code: Code, node: NodeId, message: String, help: &str) {
        let finding = Diagnostic::new(code, Loc::of(self.db, self.item, node), message).with_help(help);
        self.found.push(finding);
    }

    /// Adds a replacement to what was reported last.
    pub fn offer(&mut self, at: Span, replacement: &str) {
        let fix = Fix { at: self.loc(at), replacement: replacement.to_owned() };
        if let Some(last) = self.found.last_mut() {
            last.fix = Some(fix);
        }
    }
}
