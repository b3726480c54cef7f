//! Parses a NEMO text: tokens, pieces, and each statement by itself.
//!
//! A statement that cannot be parsed is mended and parsed again: a misspelt word is taken for the one that was meant, a
//! forgotten sign is put in, a clause that makes no sense is left out. Each mistake is complained of once, and what is
//! not concerned by it stays in the tree.

use crate::ast::Item;
use crate::context::{Context, MAX_ERRORS, Shared};
use crate::nemo::brackets::{balanced, excess};
use crate::nemo::cut::{Piece, Spanned, cut};
use crate::nemo::legacy::{Finding, findings};
use crate::nemo::lex::tokens;
use crate::nemo::mend::Mender;
use crate::nemo::settle::settled;
use crate::nemo::tokens::Token;
use crate::nemo::words::Keyword;
use crate::nemo::{Name, Program, Statement, StatementKind, rules};
use crate::nemo_grammar::StatementParser;
use crate::parse::ParsedItem;
use crate::recover::too_deep;
use rdcl_base::Span;
use std::collections::BTreeSet;
use std::convert::Infallible;

/// How many times the errors of an item there may be in a file, which is one item.
const ITEMS: usize = 20;

/// Parses the text of a file.
pub(crate) fn program(text: &str) -> ParsedItem {
    let shared = Shared::default();
    let mut ctx = Context::for_errors(text, &shared, ITEMS * MAX_ERRORS);
    let (statements, findings) = statements(&mut ctx, Span::new(0, text.len() as u32));
    let program = Program { statements, node: ctx.node(0, text.len() as u32) };
    let (spans, errors) = ctx.finish(Vec::new());
    let warnings = findings.into_iter().map(|finding| finding.warning).collect();
    ParsedItem { item: Item::Nemo(program), spans, errors, warnings, comments: Vec::new() }
}

/// Parses the statements in a range of the context's text, and finds what is not canonical in them.
pub(crate) fn statements(ctx: &mut Context<'_>, within: Span) -> (Vec<Statement>, Vec<Finding>) {
    let mut tokens = tokens(ctx, within);
    let pieces = cut(ctx, &mut tokens);
    let (mut statements, mut lost) = (Vec::with_capacity(pieces.len()), false);
    for piece in pieces {
        let headless = matches!(&piece, Piece::Statement(range, _) if !begins_statement(tokens[range.start].0));
        let errors = ctx.errors.len();
        let statement = parsed(ctx, &tokens, piece, within.end);
        if lost && headless {
            // What is left of a statement that could not be read.
            ctx.errors.truncate(errors);
        }
        let apart = matches!(statement.kind, StatementKind::Open | StatementKind::Close);
        lost = apart && (lost || headless) || statement.broken && !statement.terminated;
        statements.push(statement);
    }
    let mut findings = findings(ctx.text, &ctx.spans, &tokens, &statements);
    // Where something is wrong, nothing is said about its form.
    let wrong: BTreeSet<Span> = ctx.errors.iter().map(|error| error.primary).collect();
    findings.retain(|finding| !wrong.contains(&finding.warning.primary));
    (statements, findings)
}

fn begins_statement(token: Token<'_>) -> bool {
    token.keyword().is_some_and(Keyword::begins_statement)
}

pub(crate) fn parsed<'s>(ctx: &mut Context<'s>, tokens: &[Spanned<'s>], piece: Piece, end: u32) -> Statement {
    let (kind, at) = match piece {
        Piece::Statement(range, terminated) => {
            let after = tokens.get(range.end).map_or(Span::new(end, end), |(_, span)| *span);
            return statement(ctx, &tokens[range], after, terminated);
        }
        Piece::Label(at) => {
            let Span { start, end } = tokens[at].1;
            let text = ctx.text[start as usize..end as usize].to_owned();
            (StatementKind::Label(Name { text, quoted: false, node: ctx.node(start, end) }), at)
        }
        Piece::Ellipsis(at) => (StatementKind::Ellipsis, at),
        Piece::Open(at) => (StatementKind::Open, at),
        Piece::Close(at) => (StatementKind::Close, at),
    };
    let node = ctx.node(tokens[at].1.start, tokens[at].1.end);
    Statement { kind, terminated: false, broken: false, node }
}

/// Parses the tokens of a statement; `after` is the token behind it.
fn statement<'s>(ctx: &mut Context<'s>, tokens: &[Spanned<'s>], after: Span, terminated: bool) -> Statement {
    let (start, end) = (tokens[0].1.start, tokens[tokens.len() - 1].1.end);
    let mut tokens = settled(tokens);
    if let Some(at) = excess(&tokens) {
        ctx.error(too_deep(at));
        return Statement { kind: StatementKind::Bad, terminated, broken: true, node: ctx.node(start, end) };
    }
    let faults = balanced(ctx.text, &mut tokens);
    let mut mender = Mender::new(after, faults);
    let mut kind = mended(ctx, tokens, &mut mender);
    let broken = mender.broken || kind == StatementKind::Bad;
    mender.faults().into_iter().for_each(|fault| ctx.error(fault));
    if let StatementKind::Entity(entity) = &mut kind {
        rules::check(ctx, entity, broken);
    }
    Statement { kind, terminated, broken, node: ctx.node(start, end) }
}

/// The statement that the tokens are, mended as far as necessary.
fn mended<'s>(ctx: &mut Context<'s>, mut tokens: Vec<Spanned<'s>>, mender: &mut Mender) -> StatementKind {
    while !tokens.is_empty() {
        let mark = ctx.mark();
        let own = tokens.iter().map(|(token, at)| Ok::<_, Infallible>((at.start, *token, at.end)));
        match StatementParser::new().parse(ctx, own) {
            Ok(kind) => return kind,
            Err(error) => {
                ctx.rewind(mark);
                if !mender.mend(ctx.text, &mut tokens, &error) {
                    break;
                }
            }
        }
    }
    StatementKind::Bad
}
