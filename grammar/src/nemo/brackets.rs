//! Brackets in a statement: those without a partner get one, and nesting has a limit.

use crate::nemo::cut::Spanned;
use crate::nemo::tokens::Token;
use crate::nemo::words::Keyword;
use rdcl_base::{Code, Diagnostic, Fix, Span};

/// The deepest nesting of brackets and negations.
const MAX_DEPTH: usize = 100;

/// Balances the brackets; the complaints are of those that have no partner.
pub(crate) fn balanced<'s>(text: &str, tokens: &mut Vec<Spanned<'s>>) -> Vec<Diagnostic<Span>> {
    let mut faults = Vec::new();
    if is_balanced(tokens) {
        return faults;
    }
    let (mut open, mut result): (Vec<Spanned<'s>>, Vec<Spanned<'s>>) = (Vec::new(), Vec::with_capacity(tokens.len()));
    let all = std::mem::take(tokens);
    for (at, (token, span)) in all.iter().copied().enumerate() {
        let keyword = token.keyword();
        let in_query = all[..at].iter().rev().take(16).any(|(token, _)| token.keyword() == Some(Keyword::Query));
        if keyword.is_some_and(|keyword| keyword.begins_clause()) && !in_query {
            close_all(text, &mut faults, &mut open, &mut result, span.start);
        }
        match (partner(token), token) {
            (Some(_), _) => open.push((token, span)),
            (None, Token::CloseParen | Token::CloseBracket | Token::CloseBrace) => match open.pop() {
                Some((opener, _)) if partner(opener) == Some(token) => {}
                Some((opener, at)) => {
                    faults.push(wrong_partner(text, at, span, opener));
                    result.push((partner(opener).unwrap_or(token), span));
                    continue;
                }
                None => {
                    faults.push(closes_nothing(text, span));
                    continue;
                }
            },
            _ => {}
        }
        result.push((token, span));
    }
    let end = result.last().map_or(0, |(_, span)| span.end);
    close_all(text, &mut faults, &mut open, &mut result, end);
    *tokens = result;
    faults
}

fn close_all<'s>(
    text: &str,
    faults: &mut Vec<Diagnostic<Span>>,
    open: &mut Vec<Spanned<'s>>,
    tokens: &mut Vec<Spanned<'s>>,
    at: u32,
) {
    while let Some((opener, span)) = open.pop() {
        faults.push(never_closed(text, span, "the end of the clause"));
        tokens.extend(partner(opener).map(|closer| (closer, Span::new(at, at))));
    }
}

fn is_balanced(tokens: &[Spanned<'_>]) -> bool {
    let mut open = Vec::new();
    tokens.iter().all(|(token, _)| match (partner(*token), token) {
        (Some(closer), _) => {
            open.push(closer);
            true
        }
        (None, Token::CloseParen | Token::CloseBracket | Token::CloseBrace) => open.pop() == Some(*token),
        _ => true,
    }) && open.is_empty()
}

/// Where brackets and negations are nested too deeply.
pub(crate) fn excess(tokens: &[Spanned<'_>]) -> Option<Span> {
    let (mut depth, mut nots) = (0usize, 0);
    for (token, span) in tokens {
        match token {
            Token::OpenParen | Token::OpenBracket | Token::OpenBrace => depth += 1 + std::mem::take(&mut nots),
            Token::CloseParen | Token::CloseBracket | Token::CloseBrace => depth = depth.saturating_sub(1),
            Token::NotSign | Token::Keyword((_, Keyword::Not)) => nots += 1,
            _ => nots = 0,
        }
        if depth + nots > MAX_DEPTH {
            return Some(*span);
        }
    }
    None
}

fn partner<'s>(token: Token<'_>) -> Option<Token<'s>> {
    match token {
        Token::OpenParen => Some(Token::CloseParen),
        Token::OpenBracket => Some(Token::CloseBracket),
        Token::OpenBrace => Some(Token::CloseBrace),
        _ => None,
    }
}

/// An opening bracket whose partner is missed somewhere before `end`.
pub(crate) fn never_closed(text: &str, at: Span, end: &str) -> Diagnostic<Span> {
    let bracket = &text[at.start as usize..at.end as usize];
    Diagnostic::new(Code::E0103, at, format!("`{bracket}` is never closed"))
        .with_help(format!("its partner is missed before {end}"))
}

/// A closing bracket without its partner.
pub(crate) fn closes_nothing(text: &str, at: Span) -> Diagnostic<Span> {
    let bracket = &text[at.start as usize..at.end as usize];
    let mut fault = Diagnostic::new(Code::E0103, at, format!("`{bracket}` closes nothing")).with_help("remove it");
    fault.fix = Some(Fix { at, replacement: String::new() });
    fault
}

fn wrong_partner(text: &str, open: Span, at: Span, opener: Token<'_>) -> Diagnostic<Span> {
    let bracket = |at: Span| &text[at.start as usize..at.end as usize];
    let closer = match opener {
        Token::OpenParen => ")",
        Token::OpenBracket => "]",
        _ => "}",
    };
    let message = format!("`{}` does not close `{}`", bracket(at), bracket(open));
    let mut fault = Diagnostic::new(Code::E0103, at, message).with_label(open, "opened here");
    fault.fix = Some(Fix { at, replacement: closer.to_owned() });
    fault.with_help(format!("write `{closer}`"))
}
