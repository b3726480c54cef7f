//! What is said about unexpected text: the parser's list of terminals in human words, and what was probably meant.

use crate::context::Context;
use crate::flaws::brief;
use crate::tokens::{RESERVED, Token};
use lalrpop_util::{ErrorRecovery, ParseError};
use rdcl_base::{Code, Diagnostic, Fix, Quantity, Span, nearest};
use std::convert::Infallible;
use std::net::Ipv6Addr;

/// An error the grammar recovered from.
pub(crate) type Recovery<'s> = ErrorRecovery<u32, Token<'s>, Infallible>;

/// Why the parse ended early.
pub(crate) type Failure<'s> = ParseError<u32, Token<'s>, Infallible>;

/// The most things said to be expected.
const MOST_EXPECTED: usize = 5;

const ITEM_WORDS: &[&str] = &["use", "stack", "rfb", "substrate", "deploy", "environment", "header"];
const MEMBER_WORDS: &[&str] =
    &["port", "part", "wire", "behaviour", "ensures", "impl", "sla", "lifecycle", "intent", "policy"];
const MODE_WORDS: &[&str] = &["reach", "isolated", "unchanged"];
const STATEMENT_WORDS: &[&str] = &["lookup", "choose", "insert", "match", "remove"];
/// Words that begin a clause, and are therefore hardly meant as a name where an expression is expected.
const LEADING: &[&[&str]] = &[ITEM_WORDS, MEMBER_WORDS, STATEMENT_WORDS, &["else", "full", "clash", "minimize", "if"]];

/// The complaint, unless the text was complained of already.
pub(crate) fn diagnose(ctx: &mut Context<'_>, recovery: &Recovery<'_>) -> Option<Diagnostic<Span>> {
    let (span, expected) = place(ctx, &recovery.error)?;
    let found = &ctx.text[span.start as usize..span.end as usize];
    let before = ctx.text[..span.start as usize].trim_end();
    let expected = Expected::new(expected);
    if before.ends_with(':') && matches!(found, "pre" | "post" | "within" | "undo") {
        return Some(colon_too_many(before.len() as u32, found, span));
    }
    if RESERVED.contains(&found) && expected.wants_name(found) {
        let first = ctx.first_use_of_reserved(found);
        return first.then(|| reserved_word(found, span));
    }
    if found == "if" {
        let among_members = before.ends_with("else") && !expected.statement();
        return Some(if among_members { else_if(span) } else { lower_case_if(span) });
    }
    if ctx.text[span.start as usize..].starts_with("/*") {
        return Some(block_comment(span));
    }
    let (hint, fix) = expected.hint(ctx.text, span).map_or((None, None), |hint| (Some(hint.0), hint.1));
    if expected.at_start() && hint.is_none() && ctx.is_lost() {
        return None;
    }
    let what = if found.is_empty() {
        format!("the end of the {}", if ctx.program { "program" } else { "item" })
    } else {
        format!("`{}`", brief(found))
    };
    let misplaced = (found == "when").then(|| misplaced_when(before)).flatten();
    let hint = hint.or(misplaced.map(str::to_owned));
    if let Some(end) = forgotten_semicolon(ctx.text, span).filter(|_| expected.has(";") && hint.is_none()) {
        ctx.sure = MEMBER_WORDS.contains(&found);
        return Some(missing_semicolon(end, &what));
    }
    let words = one_of(&expected.words());
    let message =
        if words.is_empty() { format!("unexpected {what}") } else { format!("expected {words}, found {what}") };
    let mut diagnostic = Diagnostic::new(Code::E0101, span, message).with_optional_help(hint);
    diagnostic.fix = fix;
    Some(diagnostic)
}

/// Where the error is and what was expected there; nothing, if the place is known to be bad.
fn place<'e>(ctx: &Context<'_>, error: &'e Failure<'_>) -> Option<(Span, &'e [String])> {
    let (span, expected) = match error {
        ParseError::UnrecognizedToken { token: (_, Token::Bad, _), .. } => return None,
        ParseError::UnrecognizedToken { token: (l, _, r), .. } if l == r => return None,
        ParseError::UnrecognizedToken { token: (l, _, r), expected } => (Span::new(*l, *r), expected.as_slice()),
        ParseError::UnrecognizedEof { expected, .. } => {
            let end = ctx.text.trim_end().len() as u32;
            (Span::new(end, end), expected.as_slice())
        }
        ParseError::ExtraToken { token: (l, _, r) } => (Span::new(*l, *r), [].as_slice()),
        ParseError::InvalidToken { location } => (Span::new(*location, *location), [].as_slice()),
        ParseError::User { error } => match *error {},
    };
    let at_end =
        span.start == span.end && (ctx.shared.unclosed.get() || ctx.shared.stop.get() || ctx.shared.deep.get());
    let known = at_end || ctx.shared.flawed.borrow().contains(&span.start);
    (!known).then_some((span, expected))
}

/// A comment of another language.
fn block_comment(span: Span) -> Diagnostic<Span> {
    Diagnostic::new(Code::E0101, span, "there are no comments between `/*` and `*/`")
        .with_help("a comment begins with `//` and ends with its line")
}

/// A reserved word where a name belongs.
pub(crate) fn reserved_word(word: &str, span: Span) -> Diagnostic<Span> {
    Diagnostic::new(Code::E0107, span, format!("`{word}` is a reserved word and cannot be a name"))
        .with_help(format!("choose another name, such as `{word}0`"))
        .with_fix(format!("{word}0"))
}

/// Nesting beyond what later stages could follow.
pub(crate) fn too_deep(span: Span) -> Diagnostic<Span> {
    Diagnostic::new(Code::E0104, span, "this is nested too deeply")
        .with_note("brackets may be nested 200 deep, and an expression 500 deep")
        .with_help("give a part of it a name of its own, or write it flat")
}

fn lower_case_if(span: Span) -> Diagnostic<Span> {
    Diagnostic::new(Code::E0101, span, "there is no `if` statement")
        .with_help("write `If(condition, then, otherwise);`, where `{ … }` may hold several instructions")
}

/// `else if` among members.
fn else_if(span: Span) -> Diagnostic<Span> {
    Diagnostic::new(Code::E0101, span, "there is no `else if`, expected `{`").with_help("write `else { if … { … } }`")
}

/// `on heal: within 2s`, where the states that an event leads to are left out and their colon is not.
fn colon_too_many(end: u32, found: &str, span: Span) -> Diagnostic<Span> {
    let mut problem = Diagnostic::new(Code::E0101, span, format!("expected a state behind `:`, found `{found}`"))
        .with_help("leave out the `:`, or write the states: `on heal: a -> b …`");
    problem.fix = Some(Fix { at: Span::new(end - 1, end), replacement: String::new() });
    problem
}

/// Where a `when` belongs that stands too late in a promise.
fn misplaced_when(before: &str) -> Option<&'static str> {
    if before.ends_with('}') {
        return Some("`when` stands before the braces: `ensures a -> b when … { … }`");
    }
    let clause = before.rsplit(['{', '}', ';']).next()?;
    let mut words = clause.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let word = words.find(|word| matches!(*word, "except" | "given"))?;
    Some(if word == "except" { "`when` stands before `except`" } else { "`when` stands before `given`" })
}

/// The end of the text before, if what was found is the end, or begins a line of its own or a member.
fn forgotten_semicolon(text: &str, found: Span) -> Option<u32> {
    let before = &text[..found.start as usize];
    let end = before.trim_end().len();
    let line = before[..end].rsplit('\n').next()?;
    let word = &text[found.start as usize..found.end as usize];
    let apart = before[end..].contains('\n') || word.is_empty() || MEMBER_WORDS.contains(&word);
    (apart && !line.contains("//")).then_some(end as u32)
}

fn missing_semicolon(end: u32, what: &str) -> Diagnostic<Span> {
    let place = Span::new(end, end);
    let mut diagnostic = Diagnostic::new(Code::E0101, place, format!("expected `;` before {what}"));
    diagnostic.fix = Some(Fix { at: place, replacement: ";".to_owned() });
    diagnostic
}

/// The terminals that could have followed.
struct Expected<'e> {
    terminals: Vec<&'e str>,
}

impl<'e> Expected<'e> {
    fn new(quoted: &'e [String]) -> Expected<'e> {
        Expected { terminals: quoted.iter().map(|t| t.trim_matches('"')).collect() }
    }

    fn has(&self, terminal: &str) -> bool {
        self.terminals.contains(&terminal)
    }

    /// An expression could follow.
    fn expression(&self) -> bool {
        self.has("name") && self.has("number")
    }

    /// A statement could follow.
    fn statement(&self) -> bool {
        self.has("lookup") && !self.has("and")
    }

    /// Any word could follow, if only to be told that it is reserved.
    fn new_name(&self) -> bool {
        self.has("name") && self.has("inout") && self.has("lookup")
    }

    /// A clause could begin here, or the list of clauses end.
    fn at_start(&self) -> bool {
        self.has("}") && !self.has(";")
    }

    /// `word` was probably meant as a name.
    fn wants_name(&self, word: &str) -> bool {
        if !self.has("name") || self.statement() {
            return false;
        }
        !self.expression() || !LEADING.iter().any(|words| words.contains(&word))
    }

    /// What was expected, the most telling first.
    fn words(&self) -> Vec<String> {
        let mut words: Vec<(u8, String)> = self.terminals.iter().filter_map(|t| self.word(t)).collect();
        words.sort();
        words.dedup();
        if words.iter().any(|w| w.0 < OPERATOR) {
            words.retain(|w| w.0 < OPERATOR);
        }
        words.truncate(MOST_EXPECTED);
        words.into_iter().map(|w| w.1).collect()
    }

    /// The human word for a terminal, with its rank.
    fn word(&self, terminal: &str) -> Option<(u8, String)> {
        let class = |rank, text: &str| Some((rank, text.to_owned()));
        let quoted = |rank| Some((rank, format!("`{terminal}`")));
        if MEMBER_WORDS.contains(&terminal) && self.has("lifecycle") && self.has("port") {
            return class(1, "a member such as `port` or `wire`");
        }
        if self.statement() && (begins_expression(terminal) || STATEMENT_WORDS.contains(&terminal)) {
            return class(1, "an instruction");
        }
        if begins_expression(terminal) && self.expression() {
            return class(2, "an expression");
        }
        match terminal {
            "bad" => None,
            _ if self.new_name() && RESERVED.contains(&terminal) => None,
            "name" => class(2, "a name"),
            "number" => class(2, "a number"),
            "string" => class(2, "a string"),
            "foreign" => class(2, "`{{`"),
            "abstract" if self.has("rfb") => None,
            "member if" => None,
            _ if ITEM_WORDS.contains(&terminal) => class(1, "an item such as `use` or `rfb`"),
            ";" | "}" | ")" | "]" | "{" => quoted(0),
            "(" if self.has("=") => quoted(1),
            _ if is_soft(terminal) && self.has("name") => None,
            "in" if self.has("inout") => quoted(3),
            _ if is_operator(terminal) => class(OPERATOR, "an operator"),
            _ => quoted(3),
        }
    }

    /// What was probably meant, and the replacement that says so.
    fn hint(&self, text: &str, span: Span) -> Option<(String, Option<Fix<Span>>)> {
        let found = &text[span.start as usize..span.end as usize];
        let instead = |at: Span, replacement: &str| Some(Fix { at, replacement: replacement.to_owned() });
        if found == "=" && self.has("==") {
            return Some(("a comparison is written `==`".to_owned(), instead(span, "==")));
        }
        if matches!(found, "&" | "|") && self.expression() {
            let word = if found == "&" { "and" } else { "or" };
            return Some((format!("write `{word}` between conditions"), Some(between_words(text, span, word))));
        }
        if found == "-" && self.has("<->") {
            return Some(("write `<->` (both ways) or `=>` (a distribution)".to_owned(), None));
        }
        if matches!(found, "=>" | "<->") && self.has("->") {
            return Some(("a flow is written `->`".to_owned(), instead(span, "->")));
        }
        if self.has("inout") && !self.new_name() && is_word(found) && is_before_word(text, span) {
            let help = "say which way packets pass: `in`, `out` or `inout`".to_owned();
            return Some((help, direction(found).and_then(|word| instead(span, word))));
        }
        if self.has("inout") && !self.new_name() && is_word(found) {
            let before = Span::new(span.start, span.start);
            let help = format!("say which way packets pass, such as `port inout {found}`");
            return Some((help, instead(before, "inout ")));
        }
        let before = text[..span.start as usize].trim_end();
        let number = before.rsplit(|c: char| !c.is_ascii_digit() && c != '.').next().filter(|n| !n.is_empty());
        if let Some(number) = number.filter(|_| Quantity::units().any(|unit| unit == found)) {
            let between = Span::new(before.len() as u32, span.start);
            return Some((format!("write the unit without a space: `{number}{found}`"), instead(between, "")));
        }
        if let Some((at, address)) = address6_around(text, span) {
            let written = format!("ip6\"{address}\"");
            return Some((format!("write the address as `{written}`"), instead(at, &written)));
        }
        let says = |meant: &str, at: Span| (format!("did you mean `{meant}`?"), instead(at, meant));
        let here = self.meant(found).map(|meant| says(meant, span));
        let words: &[&[&str]] = if self.has("->") { &[MODE_WORDS] } else { &[MEMBER_WORDS, STATEMENT_WORDS] };
        here.or_else(|| misspelt_before(before, words).map(|(meant, at)| says(meant, at)))
    }

    /// The expected keyword nearest to what was found.
    fn meant(&self, found: &str) -> Option<&'e str> {
        let keywords = self.terminals.iter().copied().filter(|t| is_keyword(t));
        near_miss(found, keywords)
    }
}

const OPERATOR: u8 = 9;

/// A sign, doubled perhaps as in C, and the word that stands for it.
fn between_words(text: &str, sign: Span, word: &str) -> Fix<Span> {
    let found = &text[sign.start as usize..sign.end as usize];
    let doubled = text[sign.end as usize..].starts_with(found);
    let end = if doubled { sign.end + (sign.end - sign.start) } else { sign.end };
    let space = |at: Option<char>| if at.is_some_and(|c| !c.is_whitespace()) { " " } else { "" };
    let before = space(text[..sign.start as usize].chars().next_back());
    let after = space(text[end as usize..].chars().next());
    Fix { at: Span::new(sign.start, end), replacement: format!("{before}{word}{after}") }
}

/// Whether another word follows on the same line.
fn is_before_word(text: &str, span: Span) -> bool {
    let rest = text[span.end as usize..].trim_start_matches([' ', '\t']);
    rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The direction of a port that a word stands for.
fn direction(found: &str) -> Option<&'static str> {
    match found.to_ascii_lowercase().as_str() {
        "in" | "input" | "ingress" => Some("in"),
        "out" | "output" | "egress" => Some("out"),
        "inout" | "both" | "bidirectional" | "bidir" => Some("inout"),
        _ => near_miss(found, ["inout"]),
    }
}

/// An IPv6 address that begins like a name, such as `fe80::1`, around or directly before a place.
fn address6_around(text: &str, at: Span) -> Option<(Span, &str)> {
    let belongs = |c: char| c.is_ascii_hexdigit() || c == ':';
    let start = text[..at.start as usize].trim_end_matches(belongs).len();
    let length = text[start..].find(|c| !belongs(c)).unwrap_or(text.len() - start);
    let address = text[start..start + length].trim_end_matches(':');
    let end = start + address.len();
    let covers = address.contains("::") && start < at.end as usize && at.start as usize <= end;
    (covers && address.parse::<Ipv6Addr>().is_ok()).then_some((Span::new(start as u32, end as u32), address))
}

/// The keyword that the word directly before was probably meant to be, and where that word is.
fn misspelt_before(before: &str, words: &[&[&'static str]]) -> Option<(&'static str, Span)> {
    let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    let word = before.get(start..).filter(|w| w.len() <= 32)?;
    let keywords = || words.iter().copied().flatten().copied();
    if keywords().any(|k| k == word) || RESERVED.contains(&word) {
        return None;
    }
    let at = Span::new(start as u32, before.len() as u32);
    near_miss(word, keywords()).map(|meant| (meant, at))
}

/// The word that this one was probably meant to be; long text is not looked at.
pub(crate) fn near_miss<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let comparable = is_word(word) && (3..=32).contains(&word.len());
    comparable.then(|| nearest(word, candidates)).flatten()
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_keyword(terminal: &str) -> bool {
    is_word(terminal)
        && !matches!(
            terminal,
            "name"
                | "number"
                | "quantity"
                | "string"
                | "address"
                | "prefix"
                | "address6"
                | "prefix6"
                | "mac"
                | "foreign"
                | "sign"
                | "bad"
        )
}

/// Keywords that may also be names.
fn is_soft(terminal: &str) -> bool {
    is_keyword(terminal) && !RESERVED.contains(&terminal) && terminal != "port"
}

fn begins_expression(terminal: &str) -> bool {
    let address = matches!(terminal, "address" | "prefix" | "address6" | "prefix6" | "mac");
    let literal = address || matches!(terminal, "number" | "quantity" | "string" | "sign" | "bad" | "name");
    literal || matches!(terminal, "(" | "[" | "not" | "has") || is_soft(terminal)
}

fn is_operator(terminal: &str) -> bool {
    let word = matches!(terminal, "and" | "or" | "in");
    word || matches!(terminal, "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "&" | "|" | "^" | "<<")
        || matches!(terminal, ">>" | "." | ".." | "[" | "(" | "::")
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn one_of(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [word] => word.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
