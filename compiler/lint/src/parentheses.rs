//! Parentheses that change nothing: around what is one piece anyway, or around all of an argument.
//!
//! The tree has no parentheses, so the text is looked at: what stands before and behind an expression.

use crate::look::Look;
use crate::text::{Piece, pieces};
use crate::walk::walk;
use rdcl_base::{Code, Span};
use rdcl_syntax::ast::{Expr, ExprKind, Rfb};
use std::collections::BTreeSet;

/// Words that parentheses for grouping may stand behind; behind others they hold a list.
const GROUPING: [&str; 6] = ["and", "or", "not", "in", "when", "given"];

pub fn of_block(look: &mut Look<'_>, rfb: &Rfb) {
    let pieces = pieces(look.text);
    let mut seen = BTreeSet::new();
    for expr in &walk(rfb).exprs {
        let span = look.span(expr.node);
        let Some((open, close)) = around(&pieces, span).filter(|around| seen.insert(*around)) else { continue };
        if !is_needless(&pieces, open, close, expr) {
            continue;
        }
        let whole = Span::new(pieces[open].start as u32, pieces[close].start as u32 + 1);
        let inside = look.slice(Span::new(whole.start + 1, whole.end - 1));
        look.report(Code::W1213, expr.node, "the parentheses change nothing".to_owned(), "leave them out");
        if !inside.contains("//") {
            look.offer(whole, inside.trim());
        }
    }
}

/// The indices of the parentheses right around a range.
fn around(pieces: &[Piece<'_>], span: Span) -> Option<(usize, usize)> {
    let first = pieces.binary_search_by_key(&(span.start as usize), |piece| piece.start).ok()?;
    let close = pieces.partition_point(|piece| piece.start < span.end as usize);
    let open = first.checked_sub(1).filter(|open| pieces[*open].text == "(")?;
    (pieces.get(close)?.text == ")").then_some((open, close))
}

fn is_needless(pieces: &[Piece<'_>], open: usize, close: usize, expr: &Expr) -> bool {
    let Some(before) = open.checked_sub(1).map(|i| pieces[i]) else { return false };
    let is_group = if before.is_word() { GROUPING.contains(&before.text) } else { !matches!(before.text, ")" | "]") };
    let after = pieces.get(close + 1).map_or("", |piece| piece.text);
    is_group && (is_one_piece(expr) || stands_alone(pieces, open, after))
}

fn is_one_piece(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Int(_)
            | ExprKind::Quantity(_)
            | ExprKind::Ipv4(_)
            | ExprKind::Prefix(..)
            | ExprKind::Mac(_)
            | ExprKind::Name(_)
            | ExprKind::Member(..)
            | ExprKind::Index(..)
            | ExprKind::Call(_)
    )
}

/// Whether the parentheses hold all of an argument, a condition or a value.
fn stands_alone(pieces: &[Piece<'_>], open: usize, after: &str) -> bool {
    let before = pieces[open - 1].text;
    let is_sign = |i: Option<usize>| i.is_some_and(|i| matches!(pieces[i].text, "=" | "!" | "<" | ">"));
    let begins = match before {
        "(" | "," | "when" => true,
        "=" => !is_sign(open.checked_sub(2)),
        _ => false,
    };
    begins && matches!(after, ")" | "," | ";")
}
