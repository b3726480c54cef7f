//! From text to tokens, whatever the text: what is no token is complained of, and something that serves stands for it.

use crate::context::Context;
use crate::flaws::brief;
use crate::nemo::cut::Spanned;
use crate::nemo::tokens::Token;
use crate::nemo::words::{Keyword, keyword};
use logos::Logos;
use rdcl_base::{Code, Diagnostic, Fix, Span};

type Fault = Diagnostic<Span>;

/// The tokens in a range of the context's text, without the comments.
pub(crate) fn tokens<'s>(ctx: &mut Context<'s>, within: Span) -> Vec<Spanned<'s>> {
    tokens_and_comments(ctx, within).0
}

/// The tokens in a range of the context's text, and where the comments stand.
pub(crate) fn tokens_and_comments<'s>(ctx: &mut Context<'s>, within: Span) -> (Vec<Spanned<'s>>, Vec<Span>) {
    let whole = ctx.text;
    let (mut from, mut lexer) = (within.start, Token::lexer(&whole[within.start as usize..within.end as usize]));
    let mut tokens: Vec<Spanned<'s>> = Vec::new();
    let mut comments = Vec::new();
    while let Some(token) = lexer.next() {
        let range = lexer.span();
        let at = Span::new(range.start as u32, range.end as u32).shifted(from);
        match token {
            Ok(Token::Comment) => comments.push(at),
            Ok(token) => tokens.push((token.classified(), at)),
            Err(()) => {
                let wrong = Wrong { text: ctx.text, at, end: within.end, before: tokens.last().copied() };
                let Some((token, fault)) = wrong.token(&tokens) else { continue };
                if fault.primary.start < at.start {
                    tokens.pop();
                }
                if let (Token::Str(_), true) = (&token.0, token.1.end < at.end) {
                    // The lexer has looked for the end of the string as far as the line goes.
                    from = token.1.end;
                    lexer = Token::lexer(&whole[from as usize..within.end as usize]);
                } else {
                    lexer.bump((token.1.end.max(at.end) - at.end) as usize);
                }
                tokens.push(token);
                ctx.error(fault);
            }
        }
    }
    (tokens, comments)
}

/// Text that is no token.
struct Wrong<'s> {
    text: &'s str,
    at: Span,
    /// Where the program ends.
    end: u32,
    before: Option<Spanned<'s>>,
}

impl<'s> Wrong<'s> {
    /// What stands for it, over all that is wrong, and the complaint; nothing for a byte order mark.
    fn token(&self, tokens: &[Spanned<'s>]) -> Option<(Spanned<'s>, Fault)> {
        let found = self.slice(self.at);
        let first = found.chars().next()?;
        Some(match first {
            '\u{feff}' => return None,
            '0'..='9' | '-' if found.len() > 1 => self.literal(found),
            '"' => self.open_string(),
            '-' => self.dash(),
            '/' if self.rest().starts_with("/*") => self.open_comment(),
            '=' => self.sign("=", if in_condition(tokens) { Token::Equal } else { Token::Colon }),
            '&' => self.sign("&", Token::AndSign),
            '|' => self.sign("|", Token::OrSign),
            _ if quote(self.rest()).is_some() => self.strange_quotes(),
            _ if first.is_alphabetic() => self.foreign_name(),
            _ if found.contains(':') => self.literal(found),
            _ => self.stray(),
        })
    }

    fn slice(&self, at: Span) -> &'s str {
        &self.text[at.start as usize..at.end as usize]
    }

    /// The text from here on.
    fn rest(&self) -> &'s str {
        self.slice(Span::new(self.at.start, self.end))
    }

    fn fault(&self, code: Code, at: Span, message: impl Into<String>) -> Fault {
        Diagnostic::new(code, at, message)
    }

    fn literal(&self, found: &str) -> (Spanned<'s>, Fault) {
        let text = brief(found);
        let fault = match found {
            _ if found.contains(['.', '/']) || found.matches(':').count() > 2 => {
                self.fault(Code::E0109, self.at, format!("`{text}` is not an address or prefix"))
            }
            _ if found.contains(':') || found[1..].contains('-') => {
                self.fault(Code::E0109, self.at, format!("`{text}` is not a date or time of the calendar"))
            }
            _ => self.fault(Code::E0105, self.at, format!("`{text}` does not fit 64 bits")),
        };
        ((Token::Bad, self.at), fault)
    }

    /// A string that is not closed on its line: it is taken to end before what usually follows a string.
    fn open_string(&self) -> (Spanned<'s>, Fault) {
        let rest = &self.rest()[1..];
        let end = rest.find(['\n', ',', ';', ')', '}', ']']).unwrap_or(rest.len());
        let end = before_clause(&rest[..end]);
        let inner = rest[..end].trim_end();
        let at = Span::new(self.at.start, self.at.start + 1 + inner.len() as u32);
        let fault =
            self.fault(Code::E0110, self.at, "a string is never closed").with_help("end it with `\"` on the same line");
        ((Token::Str(inner), at), fault)
    }

    fn open_comment(&self) -> (Spanned<'s>, Fault) {
        let at = Span::new(self.at.start, self.at.start + 2);
        let fault = self.fault(Code::E0110, at, "a comment is never closed").with_help("end it with `*/`");
        ((Token::Semicolon, Span::new(self.at.start, self.end)), fault)
    }

    /// A dash that is not inside a name.
    fn dash(&self) -> (Spanned<'s>, Fault) {
        match self.before {
            Some((Token::Word(_), before)) if before.end == self.at.start => {
                let at = Span::new(before.start, self.at.end);
                let name = self.slice(before);
                let mut fault = self.fault(Code::E0110, at, format!("the name `{name}-` ends with a dash"));
                fault.fix = Some(Fix { at, replacement: name.to_owned() });
                ((Token::Word(name).classified(), at), fault.with_help("a name ends with a letter, a digit or `_`"))
            }
            _ => self.stray(),
        }
    }

    fn sign(&self, found: &str, meant: Token<'s>) -> (Spanned<'s>, Fault) {
        let write = match meant {
            Token::Equal => "==",
            Token::Colon => ":",
            Token::AndSign => "&&",
            _ => "||",
        };
        let mut fault = self.fault(Code::E0110, self.at, format!("`{found}` is not part of NEMO"));
        fault.fix = Some(Fix { at: self.at, replacement: write.to_owned() });
        ((meant, self.at), fault.with_help(format!("write `{write}`")))
    }

    /// Quotation marks of typography, or of a text that was decoded wrongly.
    fn strange_quotes(&self) -> (Spanned<'s>, Fault) {
        let rest = self.rest();
        let open = quote(rest).unwrap_or(0);
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let closing = line[open..].char_indices().map(|(at, _)| at + open).find(|at| quote(&line[*at..]).is_some());
        let closing = closing.map(|at| (at, at + quote(&line[at..]).unwrap_or(0)));
        let (inner_end, end) = closing.unwrap_or_else(|| {
            let end = line[open..].find(['"', ',', ';', ')', '}', ']']).map_or(line.len(), |n| open + n);
            (end, end)
        });
        let at = Span::new(self.at.start, self.at.start + end as u32);
        let inner = line[open..inner_end].trim_matches('"');
        let mut fault = self
            .fault(Code::E0110, at, format!("`{}` is no quotation mark of NEMO", &rest[..open]))
            .with_help("a string stands between two `\"`");
        fault.fix = Some(Fix { at, replacement: format!("\"{inner}\"") });
        ((Token::Str(inner), at), fault)
    }

    /// A name with letters that are not ASCII.
    fn foreign_name(&self) -> (Spanned<'s>, Fault) {
        let start = match self.before {
            Some((Token::Word(_) | Token::Keyword(..), before)) if before.end == self.at.start => before.start,
            _ => self.at.start,
        };
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
        let at = Span::new(start, self.at.start + length as u32);
        let name = self.slice(at);
        let mut fault = self
            .fault(Code::E0110, at, format!("`{}` is not a name: letters are those of ASCII", brief(name)))
            .with_help("put it in quotes");
        fault.fix = Some(Fix { at, replacement: format!("\"{name}\"") });
        ((Token::Str(name), at), fault)
    }

    fn stray(&self) -> (Spanned<'s>, Fault) {
        let rest = self.rest();
        let first = rest.chars().next().unwrap_or_default();
        let length: usize = rest.chars().take_while(|c| *c == first).map(char::len_utf8).sum();
        let at = Span::new(self.at.start, self.at.start + length as u32);
        let help = match first {
            '\u{a0}' => Some("this is a space that does not break; write an ordinary one"),
            '\\' => Some("a backslash stands at the end of a line that goes on in the next one"),
            '–' | '—' | '−' | '‐' | '‑' => Some("a dash in a name is written `-`"),
            _ => None,
        };
        let shown = if first.is_control() || first == '\u{a0}' {
            format!("U+{:04X}", u32::from(first))
        } else {
            brief(self.slice(at))
        };
        let fault = self.fault(Code::E0110, at, format!("`{shown}` is not part of NEMO"));
        ((Token::Bad, at), fault.with_optional_help(help.map(str::to_owned)))
    }
}

/// The length of a quotation mark that is none of NEMO: a typographic one, or one of UTF-8 that was taken for Latin-1 or
/// Windows-1252.
fn quote(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if matches!(first, '“' | '”' | '„' | '‟' | '«' | '»' | '‹' | '›' | '‘' | '’' | '‚' | '‛' | '\'' | '`' | '´' | '＂')
    {
        return Some(first.len_utf8());
    }
    let second = chars.next().filter(|c| first == 'â' && matches!(c, '€' | '\u{80}'))?;
    let third = chars.next().filter(|c| !c.is_ascii() && *c != 'â').map_or(0, char::len_utf8);
    Some(first.len_utf8() + second.len_utf8() + third)
}

/// Whether the last clause is a condition.
fn in_condition(tokens: &[Spanned<'_>]) -> bool {
    let clauses = tokens.iter().rev().take(64).filter_map(|(token, _)| token.keyword());
    let last = clauses.into_iter().find(|keyword| keyword.begins_clause());
    matches!(last, Some(Keyword::Condition | Keyword::Constraint))
}

/// Where a word that begins a clause stands in a text, behind white space; else its end.
fn before_clause(text: &str) -> usize {
    let words = text.match_indices(char::is_whitespace).map(|(at, space)| (at, &text[at + space.len()..]));
    let begins = |rest: &str| {
        let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        keyword(word).is_some_and(|(_, keyword)| keyword.begins_clause())
    };
    words.into_iter().find(|(_, rest)| begins(rest)).map_or(text.len(), |(at, _)| at)
}
