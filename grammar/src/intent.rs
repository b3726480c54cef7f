//! NEMO inside RDCL: the tokens of an `intent nemo` block, its longer actions, and its complaints.

use crate::ast::{Foreign, Name};
use crate::context::Context;
use crate::flaws::brief;
use crate::nemo::{Action, MatchItem, Statement};
use crate::nemo_grammar::StatementsParser;
use crate::recover::near_miss;
use crate::tokens::{parse_address, parse_mac, parse_prefix};
use lalrpop_util::{ErrorRecovery, ParseError};
use logos::{Lexer, Logos};
use rdcl_base::{Code, Diagnostic, NodeId, Span};
use std::convert::Infallible;

/// A NEMO token.
#[derive(Clone, Copy, Debug, PartialEq, Logos)]
#[logos(skip r"[ \t\r\n\x0c]+", skip(r"//[^\n]*", allow_greedy = true))]
#[rustfmt::skip]
pub(crate) enum Token<'s> {
    #[token("CREATE")] Create,
    #[token("UPDATE")] Update,
    #[token("IMPORT")] Import,
    #[token("Flow")] Flow,
    #[token("Operation")] Operation,
    #[token("Match")] Match,
    #[token("Target")] Target,
    #[token("Priority")] Priority,
    #[token("Action")] Action,
    #[token("Range")] Range,
    #[token(";")] Semicolon,
    #[token(",")] Comma,
    #[token(":")] Colon,
    #[token("(")] OpenParen,
    #[token(")")] CloseParen,
    #[token("{")] OpenBrace,
    #[token("}")] CloseBrace,
    /// Characters that other kinds of statement use.
    #[regex(r"[\[\].<>=!&|*+/-]")] Other,
    /// A word; dashes may stand inside.
    #[regex(r"[A-Za-z_]([A-Za-z0-9_-]*[A-Za-z0-9_])?")] Word(&'s str),
    #[regex(r"[0-9]+", |lexer| lexer.slice().parse().ok())] Int(u64),
    #[regex(r"[0-9]+(\.[0-9]+)+", |lexer| parse_address(lexer.slice()))] Ipv4(u32),
    #[regex(r"[0-9]+(\.[0-9]+)+/[0-9]+", |lexer| parse_prefix(lexer.slice()))] Prefix((u32, u8)),
    #[regex(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){2,}", |lexer| parse_mac(lexer.slice()))] Mac(u64),
    #[regex(r#""[^"\n]*""#, |lexer| between_quotes(lexer))] Str(&'s str),
    /// What stands where a literal was wrong.
    Bad,
}

fn between_quotes<'s>(lexer: &Lexer<'s, Token<'s>>) -> &'s str {
    let text = lexer.slice();
    &text[1..text.len() - 1]
}

/// The kinds of statement that NEMO has and we do not, and the words that begin a statement.
const OTHER_KINDS: &[&str] = &[
    "ActionModel",
    "CFN",
    "CFNModel",
    "ConditionModel",
    "Connection",
    "ConnectionModel",
    "ConnectionPoint",
    "DELETE",
    "FlowModel",
    "Link",
    "LinkModel",
    "Node",
    "NodeModel",
    "Nodemodel",
    "Notification",
    "Policy",
    "Query",
    "ServiceFlow",
    "Transaction",
];

/// A clause of a statement.
#[derive(Debug)]
pub(crate) enum Clause {
    /// `Match src-ip: 10.1.9.0/24`
    Match(Vec<MatchItem>),
    /// `Target guests`
    Target(Name, (u32, u32)),
    /// `Priority 1`
    Priority(u64, NodeId),
    /// `Action deny`
    Action(Vec<Action>),
}

/// A recovered error.
type Recovery<'s> = ErrorRecovery<u32, Token<'s>, Infallible>;

/// The statements in a block.
pub(crate) fn parse_nemo(ctx: &mut Context<'_>, body: &Foreign) -> Vec<Statement> {
    let span = ctx.spans[body.node.0 as usize];
    let text = &ctx.text[span.start as usize..span.end as usize];
    let mut wrong = Vec::new();
    let tokens: Vec<_> = Token::lexer(text)
        .spanned()
        .filter_map(|(token, at)| {
            let at = Span::new(at.start as u32, at.end as u32).shifted(span.start);
            let bad = token.or_else(|()| {
                wrong.push(at);
                let literal = ctx.text.as_bytes()[at.start as usize].is_ascii_alphanumeric();
                if literal { Ok(Token::Bad) } else { Err(()) }
            });
            bad.ok().map(|token| Ok::<_, Infallible>((at.start, token, at.end)))
        })
        .collect();
    wrong.into_iter().for_each(|at| wrong_token(ctx, at));
    ctx.calm();
    StatementsParser::new().parse(ctx, tokens).unwrap_or_else(|error| {
        recovered(ctx, &ErrorRecovery { error, dropped_tokens: Vec::new() });
        Vec::new()
    })
}

fn wrong_token(ctx: &mut Context<'_>, at: Span) {
    let text = brief(&ctx.text[at.start as usize..at.end as usize]);
    let (code, message) = match text.as_bytes().first() {
        Some(b'0'..=b'9') if text.contains(['.', ':']) => {
            (Code::E0109, format!("`{text}` is not an address or prefix"))
        }
        Some(b'0'..=b'9') => (Code::E0105, format!("`{text}` does not fit 64 bits")),
        Some(b'"') => (Code::E0108, "a string is never closed".to_owned()),
        _ => (Code::E0108, format!("`{text}` is not part of NEMO")),
    };
    ctx.error(Diagnostic::new(code, at, message));
}

/// A flow; one that is `whole` must match something.
pub(crate) fn flow(
    ctx: &mut Context<'_>,
    name: Name,
    clauses: Vec<Clause>,
    whole: bool,
    (l, r): (u32, u32),
) -> Statement {
    let mut matches = Vec::new();
    for clause in clauses {
        if let Clause::Match(items) = clause {
            matches.extend(items);
        }
    }
    if whole && matches.is_empty() {
        let help = format!("write what it matches, such as `CREATE Flow {} Match src-ip: 10.1.9.0/24;`", name.text);
        missing(ctx, "flow", &name, "Match", help);
    }
    Statement::Flow { name, matches, node: ctx.node(l, r) }
}

/// An operation; one that is `whole` must have a target and an action.
pub(crate) fn operation(
    ctx: &mut Context<'_>,
    name: Name,
    clauses: Vec<Clause>,
    whole: bool,
    (l, r): (u32, u32),
) -> Statement {
    let (mut target, mut priority, mut actions) = (None, None, Vec::new());
    for clause in clauses {
        match clause {
            Clause::Match(_) => {}
            Clause::Target(flow, at) => {
                if target.replace(flow).is_some() {
                    twice(ctx, "Target", Span::new(at.0, at.1));
                }
            }
            Clause::Priority(number, node) => {
                if priority.replace((number, node)).is_some() {
                    twice(ctx, "Priority", ctx.spans[node.0 as usize]);
                }
            }
            Clause::Action(more) => actions.extend(more),
        }
    }
    if whole && target.is_none() {
        missing(ctx, "operation", &name, "Target", "name the flow it acts on, such as `Target guests`".to_owned());
    } else if whole && actions.is_empty() {
        missing(ctx, "operation", &name, "Action", "say what is done, such as `Action deny`".to_owned());
    }
    let node = ctx.node(l, r);
    match target {
        Some(target) => Statement::Operation { name, target, priority, actions, node },
        None => Statement::Bad(node),
    }
}

fn missing(ctx: &mut Context<'_>, kind: &str, name: &Name, clause: &str, help: String) {
    let at = ctx.spans[name.node.0 as usize];
    let message = format!("the {kind} `{}` has no `{clause}`", name.text);
    ctx.nemo_error(Diagnostic::new(Code::E0108, at, message).with_help(help));
}

fn twice(ctx: &mut Context<'_>, clause: &str, at: Span) {
    ctx.nemo_error(Diagnostic::new(Code::E0108, at, format!("an operation has one `{clause}`")));
}

/// The parser dropped the rest of a statement.
pub(crate) fn recovered(ctx: &mut Context<'_>, error: &Recovery<'_>) {
    recovered_unsurely(ctx, error);
    ctx.calm();
}

/// The parser goes on where it might be wrong.
pub(crate) fn recovered_unsurely(ctx: &mut Context<'_>, error: &Recovery<'_>) {
    if let Some(diagnostic) = diagnose(ctx, &error.error) {
        ctx.nemo_error(diagnostic);
    }
    ctx.mute();
}

fn diagnose(ctx: &Context<'_>, error: &ParseError<u32, Token<'_>, Infallible>) -> Option<Diagnostic<Span>> {
    let (span, expected) = match error {
        ParseError::UnrecognizedToken { token: (_, Token::Bad, _), .. } => return None,
        ParseError::UnrecognizedToken { token: (l, _, r), expected } => (Span::new(*l, *r), expected.as_slice()),
        ParseError::UnrecognizedEof { location, expected } => (Span::new(*location, *location), expected.as_slice()),
        ParseError::ExtraToken { token: (l, _, r) } => (Span::new(*l, *r), [].as_slice()),
        ParseError::InvalidToken { location } => (Span::new(*location, *location), [].as_slice()),
        ParseError::User { error } => match *error {},
    };
    let found = &ctx.text[span.start as usize..span.end as usize];
    if OTHER_KINDS.contains(&found) {
        let what = if found == "DELETE" { "`DELETE`".to_owned() } else { format!("a `{found}` statement") };
        return Some(
            Diagnostic::new(Code::E0108, span, format!("{what} is not supported yet"))
                .with_help("the kinds of statement understood so far are `Flow` and `Operation`"),
        );
    }
    let what = if found.is_empty() { "the end of the block".to_owned() } else { format!("`{}`", brief(found)) };
    let message = format!("expected {}, found {what}", crate::recover::one_of(&nemo_words(expected)));
    let keywords =
        expected.iter().map(|e| e.trim_matches('"')).filter(|e| e.starts_with(|c: char| c.is_ascii_uppercase()));
    let help = near_miss(found, keywords).map(|meant| format!("did you mean `{meant}`?"));
    Some(Diagnostic::new(Code::E0108, span, message).with_optional_help(help))
}

/// What was expected, in words.
fn nemo_words(expected: &[String]) -> Vec<String> {
    let has = |name: &str| expected.iter().any(|e| e.trim_matches('"') == name);
    let value = has("number") && has("prefix");
    let mut words: Vec<String> = Vec::new();
    for terminal in expected {
        let word = match terminal.trim_matches('"') {
            "address" | "prefix" | "mac" | "string" | "number" | "name" | "(" | "Range" if value => {
                "a value".to_owned()
            }
            "name" => "a name".to_owned(),
            "number" => "a number".to_owned(),
            "bad" | "{" | "}" | "other" => continue,
            word => format!("`{word}`"),
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}
