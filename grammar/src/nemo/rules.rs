//! Which clauses an entity may have, which it must have, and that each is there once.

use crate::context::Context;
use crate::nemo::words::{Keyword, keyword};
use crate::nemo::{Clause, ClauseKind, Cond, Entity, EntityKind, Entry, Name, Verb};
use rdcl_base::{Code, Diagnostic, Span};

type Fault = Diagnostic<Span>;

/// Whether a clause may stand in an entity.
pub(crate) fn allowed(kind: EntityKind, clause: Keyword) -> bool {
    use Keyword::*;
    match kind {
        EntityKind::Node => matches!(clause, Type | Contain | Parent | Property),
        EntityKind::Connection => matches!(clause, Type | EndNodes | From | To | Property | Sla),
        EntityKind::Flow => matches!(clause, Match | UnMatch | Property | Type),
        EntityKind::Operation => matches!(clause, Target | Priority | Condition | Action | Constraint),
        EntityKind::Notification => matches!(clause, Condition | Listener | On | Every),
        EntityKind::NodeModel => matches!(clause, Property | Vnfd),
        EntityKind::ConnectionModel | EntityKind::FlowModel | EntityKind::ActionModel | EntityKind::ConditionModel => {
            matches!(clause, Property)
        }
        EntityKind::ConnectionPoint => matches!(clause, At | As),
        EntityKind::User | EntityKind::TemplateDefinition | EntityKind::TemplateInstance => false,
    }
}

/// Leaves the clauses that belong to an entity, each once, and complains of the others. What is missing is not said of
/// an entity from which something was left out.
pub(crate) fn check(ctx: &mut Context<'_>, entity: &mut Entity, broken: bool) {
    let clauses = std::mem::take(&mut entity.clauses);
    let mut seen: Vec<(Keyword, Span)> = Vec::new();
    for clause in clauses {
        let at = ctx.spans[clause.word.node.0 as usize];
        let kind = keyword_of(&clause);
        let same = |(other, _): &&(Keyword, Span)| *other == kind;
        if !allowed(entity.kind, kind) && broken {
            continue;
        } else if !allowed(entity.kind, kind) {
            ctx.error(misplaced(ctx.text, &clause, at, entity.kind));
        } else if let Some((_, first)) = seen.iter().find(same) {
            ctx.error(twice(clause.word.text, at, *first, entity.kind));
        } else {
            seen.push((kind, at));
            entity.clauses.push(clause);
        }
    }
    entries(ctx, entity);
    ends_twice(ctx, entity);
    for clause in &entity.clauses {
        if let ClauseKind::Condition(cond) | ClauseKind::Constraint(cond) = &clause.kind {
            first_side(ctx, cond);
        }
    }
    if !broken {
        missing(ctx, entity);
    }
}

/// The keyword that a clause begins with.
fn keyword_of(clause: &Clause) -> Keyword {
    match &clause.kind {
        ClauseKind::At(_) => Keyword::At,
        ClauseKind::EndNodes(_) => Keyword::EndNodes,
        ClauseKind::Type(_)
        | ClauseKind::Contain(_)
        | ClauseKind::Parent(_)
        | ClauseKind::Property(_)
        | ClauseKind::From(_)
        | ClauseKind::To(_)
        | ClauseKind::Sla(_)
        | ClauseKind::Match(_)
        | ClauseKind::UnMatch(_)
        | ClauseKind::Target(_)
        | ClauseKind::Priority(..)
        | ClauseKind::Condition(_)
        | ClauseKind::Constraint(_)
        | ClauseKind::Action(_)
        | ClauseKind::Listener(_)
        | ClauseKind::On(_)
        | ClauseKind::Every(_)
        | ClauseKind::Vnfd(_) => keyword(clause.word.text).map_or(Keyword::Type, |(_, keyword)| keyword),
    }
}

/// What an entity is called in a sentence.
pub(crate) fn noun(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Node => "node",
        EntityKind::Connection => "connection",
        EntityKind::Flow => "flow",
        EntityKind::Operation => "operation",
        EntityKind::Notification => "notification",
        EntityKind::NodeModel => "node model",
        EntityKind::ConnectionModel => "connection model",
        EntityKind::FlowModel => "flow model",
        EntityKind::ActionModel => "action model",
        EntityKind::ConditionModel => "condition model",
        EntityKind::ConnectionPoint => "connection point",
        EntityKind::User => "user",
        EntityKind::TemplateDefinition => "template",
        EntityKind::TemplateInstance => "instance of a template",
    }
}

/// `a` or `an`
pub(crate) fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

fn misplaced(text: &str, clause: &Clause, at: Span, kind: EntityKind) -> Fault {
    let word = if clause.word.text.is_empty() { &text[at.start as usize..at.end as usize] } else { clause.word.text };
    let keyword = keyword_of(clause);
    let noun = noun(kind);
    let all = [
        EntityKind::Node,
        EntityKind::Connection,
        EntityKind::Flow,
        EntityKind::Operation,
        EntityKind::Notification,
        EntityKind::NodeModel,
        EntityKind::ConnectionPoint,
    ];
    let owners: Vec<String> =
        all.iter().filter(|kind| allowed(**kind, keyword)).map(|kind| format!("`{}`", kind.word())).collect();
    let fault = Diagnostic::new(Code::E0113, at, format!("{} {noun} has no `{word}`", article(noun)));
    match crate::recover::one_of(&owners) {
        owners if owners.is_empty() => fault,
        owners => fault.with_help(format!("`{word}` is a clause of {owners}")),
    }
}

fn twice(word: &str, at: Span, first: Span, kind: EntityKind) -> Fault {
    let noun = noun(kind);
    Diagnostic::new(Code::E0114, at, format!("{} {noun} has one `{word}`", article(noun)))
        .with_label(first, "the first one")
        .with_help("put what both say into one clause, with commas")
}

/// Complains of keys without a value.
fn entries(ctx: &mut Context<'_>, entity: &Entity) {
    for clause in &entity.clauses {
        if let ClauseKind::Property(entries) | ClauseKind::Match(entries) | ClauseKind::Sla(entries) = &clause.kind {
            lonely(ctx, entries, entity.kind.is_model());
        }
    }
}

/// A word among pairs, or all alone, is a key that has no value.
fn lonely(ctx: &mut Context<'_>, entries: &[Entry], model: bool) {
    if let [Entry::Group(inner, _)] = entries {
        return lonely(ctx, inner, model);
    }
    let pairs = entries.iter().any(|entry| matches!(entry, Entry::Pair(_)));
    for entry in entries {
        if let (Entry::Word(name), true) = (entry, pairs || entries.len() == 1) {
            let at = ctx.spans[name.node.0 as usize];
            ctx.error(no_value(name, at, model));
        }
    }
}

/// Complains of a connection that says its ends with `EndNodes` and with `FROM` and `TO`.
fn ends_twice(ctx: &mut Context<'_>, entity: &Entity) {
    let of = |wanted: &[Keyword]| entity.clauses.iter().find(|clause| wanted.contains(&keyword_of(clause)));
    if let (Some(ends), Some(other)) = (of(&[Keyword::EndNodes]), of(&[Keyword::From, Keyword::To])) {
        let (ends, other) = (ctx.spans[ends.word.node.0 as usize], ctx.spans[other.word.node.0 as usize]);
        let fault = Diagnostic::new(Code::E0114, ends.max(other), "the ends of a connection are given twice");
        ctx.error(fault.with_label(ends.min(other), "here, too").with_help("write `EndNodes` and all of them"));
    }
}

/// Complains of a first comparison without a left side: there is none before it that could be meant.
fn first_side(ctx: &mut Context<'_>, cond: &Cond) {
    match cond {
        Cond::Any(all, _) | Cond::All(all, _) => all.iter().take(1).for_each(|first| first_side(ctx, first)),
        Cond::Not(inner, _) => first_side(ctx, inner),
        Cond::Compare(None, _, _, node) | Cond::Between(None, _, node) => {
            let fault =
                Diagnostic::new(Code::E0115, ctx.spans[node.0 as usize], "a comparison has nothing on its left side");
            ctx.error(fault.with_help("write what is compared, as in `time > 18:00:00`"));
        }
        Cond::Compare(Some(_), ..) | Cond::Between(Some(_), ..) | Cond::Value(_) | Cond::Bad(_) => {}
    }
}

fn no_value(key: &Name, at: Span, model: bool) -> Fault {
    let help = if model {
        format!("write its type before it, as in `String: {}`", key.text)
    } else {
        format!("write `{}: ` and its value", key.text)
    };
    let what = if model { "type" } else { "value" };
    Diagnostic::new(Code::E0115, at, format!("`{}` has no {what}", key.text)).with_help(help)
}

/// Complains of what an entity must have in every dialect, and does not.
fn missing(ctx: &mut Context<'_>, entity: &Entity) {
    let noun = noun(entity.kind);
    let word = ctx.spans[entity.word.node.0 as usize];
    let Some(name) = &entity.name else {
        let at = Span::new(word.end, word.end);
        let fault = Diagnostic::new(Code::E0115, at, format!("{} {noun} has a name, and none is given", article(noun)));
        return ctx.error(fault.with_help(format!("write it behind `{}`", entity.word.text)));
    };
    let at = ctx.spans[name.node.0 as usize];
    let has = |wanted: &[Keyword]| entity.clauses.iter().any(|clause| wanted.contains(&keyword_of(clause)));
    let creates = matches!(entity.verb, Some((Verb::Create | Verb::Import | Verb::Define, _)));
    let updates = matches!(entity.verb, Some((Verb::Update, _)));
    let wanted: &[(&[Keyword], &str)] = match entity.kind {
        EntityKind::Node if creates => &[(&[Keyword::Type], "say what it is, as in `Type host`")],
        EntityKind::Flow => {
            &[(&[Keyword::Match, Keyword::UnMatch], "say what belongs to it, as in `Match src-ip: 10.1.9.0/24`")]
        }
        EntityKind::Operation if !updates => &[(&[Keyword::Target], "name what it acts on, as in `Target guests`")],
        EntityKind::Notification if !updates => &[
            (&[Keyword::Condition, Keyword::On], "say when it is sent, as in `Condition load > 80%`"),
            (&[Keyword::Listener], "say who gets it, as in `Listener operator`"),
        ],
        _ => &[],
    };
    for (keywords, help) in wanted {
        if !has(keywords) {
            let message = format!("the {noun} `{}` has no `{}`", name.text, keywords[0].canonical());
            ctx.error(Diagnostic::new(Code::E0115, at, message).with_help(*help));
        }
    }
}
