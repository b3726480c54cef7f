//! The longer actions of the NEMO grammar.

use crate::context::Context;
use crate::nemo::{Clause, ClauseKind, Cond, EntityKind, Ref, Value, Word};
use rdcl_base::{Code, Diagnostic, Span};

/// A keyword where it stands.
pub(crate) fn word(ctx: &mut Context<'_>, text: &'static str, l: u32, r: u32) -> Word {
    Word { text, node: ctx.node(l, r) }
}

/// A clause that begins with this word.
pub(crate) fn clause(ctx: &mut Context<'_>, text: &'static str, kind: ClauseKind, l: u32, r: u32) -> Clause {
    let rest = &ctx.text[l as usize..r as usize];
    let written = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let word = word(ctx, text, l, l + if text.is_empty() { 0 } else { written as u32 });
    Clause { kind, word, node: ctx.node(l, r) }
}

/// What `UnNode` and the like delete.
pub(crate) fn undone(word: &str) -> EntityKind {
    match word {
        "UnLink" | "UnConnection" => EntityKind::Connection,
        "UnFlow" => EntityKind::Flow,
        "UnPolicy" => EntityKind::Operation,
        "UnNotification" => EntityKind::Notification,
        _ => EntityKind::Node,
    }
}

/// A URI put together from its pieces.
pub(crate) fn joined(uri: &str, paths: &[&str]) -> String {
    paths.iter().fold(uri.to_owned(), |text, path| format!("{}{path}", text.trim_end_matches('/')))
}

/// A single string is a string, and no reference to something of that name.
pub(crate) fn string_or_ref(reference: Ref) -> Value {
    if reference.rest.is_empty() && reference.first.quoted {
        return Value::Str(reference.first);
    }
    Value::Ref(reference)
}

/// A time that no clock shows.
pub(crate) fn bad_time(ctx: &mut Context<'_>, l: u32, r: u32) -> Value {
    let message = format!("`{}` is not a time of day", &ctx.text[l as usize..r as usize]);
    let help = "hours go from 0 to 23, minutes and seconds from 0 to 59";
    ctx.error(Diagnostic::new(Code::E0109, Span::new(l, r), message).with_help(help));
    Value::Bad(ctx.node(l, r))
}

/// One condition as it is, several as alternatives.
pub(crate) fn any(ctx: &mut Context<'_>, mut all: Vec<Cond>, l: u32, r: u32) -> Cond {
    match all.pop() {
        Some(only) if all.is_empty() => only,
        last => Cond::Any(all.into_iter().chain(last).collect(), ctx.node(l, r)),
    }
}

/// One condition as it is, several as all of them.
pub(crate) fn all(ctx: &mut Context<'_>, mut all: Vec<Cond>, l: u32, r: u32) -> Cond {
    match all.pop() {
        Some(only) if all.is_empty() => only,
        last => Cond::All(all.into_iter().chain(last).collect(), ctx.node(l, r)),
    }
}
