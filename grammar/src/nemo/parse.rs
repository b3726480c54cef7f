//! Parses a NEMO text: tokens, pieces, and each statement by itself.
//!
//! A statement that cannot be parsed is mended and parsed again: a misspelt word is taken for the one that was meant, a
//! forgotten sign is put in, a clause that makes no sense is left out. Each mistake is complained of once, and what is
//! not concerned by it stays in the tree.

use crate::ast::Item;
use crate::context::{Context, MAX_ERRORS, Shared};
use crate::nemo::brackets::balanced;
use crate::nemo::cut::{Piece, Spanned, cut};
use crate::nemo::lex::tokens;
use crate::nemo::mend::Mender;
use crate::nemo::settle::settled;
use crate::nemo::{Name, Program, Statement, StatementKind, rules};
use crate::nemo_grammar::StatementParser;
use crate::parse::ParsedItem;
use rdcl_base::Span;
use std::convert::Infallible;

/// How many times the errors of an item there may be in a file, which is one item.
const ITEMS: usize = 20;

/// Parses the text of a file.
pub(crate) fn program(text: &str) -> ParsedItem {
    let shared = Shared::default();
    let mut ctx = Context::for_errors(text, &shared, ITEMS * MAX_ERRORS);
    let statements = statements(&mut ctx, Span::new(0, text.len() as u32));
    let program = Program { statements, node: ctx.node(0, text.len() as u32) };
    let (spans, errors) = ctx.finish(Vec::new());
    ParsedItem { item: Item::Nemo(program), spans, errors, warnings: Vec::new(), comments: Vec::new() }
}

/// Parses the statements in a range of the context's text.
pub(crate) fn statements(ctx: &mut Context<'_>, within: Span) -> Vec<Statement> {
    let mut tokens = tokens(ctx, within);
    let pieces = cut(ctx, &mut tokens);
    pieces.into_iter().map(|piece| parsed(ctx, &tokens, piece, within.end)).collect()
}

fn parsed<'s>(ctx: &mut Context<'s>, tokens: &[Spanned<'s>], piece: Piece, end: u32) -> Statement {
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
    let mut broken = false;
    let mut kind = StatementKind::Bad;
    if balanced(ctx, &mut tokens, &mut broken) {
        let mut mender = Mender::new(after);
        loop {
            let mark = ctx.mark();
            let own = tokens.iter().map(|(token, at)| Ok::<_, Infallible>((at.start, *token, at.end)));
            match StatementParser::new().parse(ctx, own) {
                Ok(parsed) => {
                    kind = parsed;
                    break;
                }
                Err(error) => {
                    ctx.rewind(mark);
                    if !mender.mend(ctx, &mut tokens, &error) {
                        break;
                    }
                }
            }
        }
        broken |= mender.broken;
    }
    if let StatementKind::Entity(entity) = &mut kind {
        rules::check(ctx, entity, broken);
    }
    Statement { broken: broken || kind == StatementKind::Bad, kind, terminated, node: ctx.node(start, end) }
}
