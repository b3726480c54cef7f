//! What is said about a NEMO statement that cannot be parsed: what was found, what could have stood there, and what was
//! probably meant.

use crate::flaws::brief;
use crate::nemo::cut::Spanned;
use crate::nemo::rules::allowed;
use crate::nemo::settle::Subject;
use crate::nemo::tokens::Token;
use crate::nemo::words::{Keyword, keyword, spellings};
use crate::recover::{near_miss, one_of};
use rdcl_base::{Code, Diagnostic, Fix, Span};

type Fault = Diagnostic<Span>;

/// Words that other notations use.
const FOREIGN: &[(&str, &str)] = &[
    ("add", "CREATE"),
    ("alter", "UPDATE"),
    ("change", "UPDATE"),
    ("drop", "DELETE"),
    ("edge", "Connection"),
    ("endpoint", "EndNodes"),
    ("endpoints", "EndNodes"),
    ("if", "Condition"),
    ("insert", "CREATE"),
    ("make", "CREATE"),
    ("modify", "UPDATE"),
    ("new", "CREATE"),
    ("remove", "DELETE"),
    ("rule", "Operation"),
    ("set", "UPDATE"),
    ("when", "Condition"),
];

/// A keyword that was meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meant {
    /// Its canonical spelling.
    pub(crate) word: &'static str,
    /// The keyword.
    pub(crate) keyword: Keyword,
}

/// What could have stood where an error is.
pub(crate) struct Expected<'e> {
    terminals: Vec<&'e str>,
    subject: Subject,
}

impl<'e> Expected<'e> {
    /// The parser's list, for a statement about something.
    pub(crate) fn new(quoted: &'e [String], subject: Subject) -> Expected<'e> {
        Expected { terminals: quoted.iter().map(|t| t.trim_matches('"')).collect(), subject }
    }

    /// Whether a terminal is expected.
    pub(crate) fn has(&self, terminal: &str) -> bool {
        self.terminals.contains(&terminal)
    }

    /// The spellings of what is expected and belongs to the entity at hand.
    fn keywords(&self) -> impl Iterator<Item = (&'static str, Keyword)> + '_ {
        spellings().filter(|(_, keyword)| self.has(terminal(*keyword)) && self.belongs(*keyword))
    }

    fn belongs(&self, keyword: Keyword) -> bool {
        let in_point = keyword == Keyword::Vnfd && self.subject.kind == Some(Keyword::ConnectionPoint);
        !keyword.begins_clause()
            || in_point
            || self.subject.kind.and_then(Keyword::entity).is_none_or(|kind| allowed(kind, keyword))
    }

    /// The keyword that a word was meant to be.
    pub(crate) fn meant(&self, word: &str) -> Option<Meant> {
        if keyword(word).is_some() {
            return None;
        }
        let lower = word.to_ascii_lowercase();
        let foreign = FOREIGN.iter().find(|(other, _)| *other == lower).map(|(_, meant)| *meant);
        let same =
            self.keywords().find(|(spelling, _)| foreign == Some(*spelling) || spelling.eq_ignore_ascii_case(word));
        let (_, keyword) = same.or_else(|| near(&lower, self.keywords()))?;
        Some(Meant { word: keyword.canonical(), keyword })
    }

    /// The longest spelling of an expected keyword that fits.
    pub(crate) fn longest(&self, fits: impl Fn(&str) -> bool) -> Option<(&'static str, Keyword)> {
        let long = |spelling: &str| spelling.len() > 2;
        self.keywords()
            .filter(|(spelling, _)| long(spelling) && fits(spelling))
            .max_by_key(|(spelling, _)| spelling.len())
    }

    /// The sign that is missed before a token, in a list.
    pub(crate) fn missing_sign(&self, tokens: &[Spanned<'_>], at: usize) -> Option<&'static str> {
        let begins = matches!(
            tokens[at].0,
            Token::Word(_)
                | Token::Str(_)
                | Token::Int(_)
                | Token::Quantity(_)
                | Token::Ipv4(_)
                | Token::Ipv6(_)
                | Token::Mac(_)
                | Token::Uuid(_)
                | Token::Date(_)
                | Token::Time(_)
                | Token::DateTime(_)
        );
        let before_colon = matches!(tokens.get(at + 1), Some((Token::Colon, _)));
        let after_name = at > 0 && matches!(tokens[at - 1].0, Token::Word(_));
        let after_vnfd = at > 0 && tokens[at - 1].0.keyword() == Some(Keyword::Vnfd);
        match () {
            () if !begins => None,
            () if self.has(":") && after_vnfd => Some(":"),
            () if self.has(":") && after_name && !before_colon && self.has("{") => None,
            () if self.has(":") && after_name && !before_colon && in_pairs(tokens, at) => Some(":"),
            () if self.has(",") => Some(","),
            () => None,
        }
    }

    /// In words, the most telling first.
    fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut add = |word: &str| {
            if !words.iter().any(|other| other == word) {
                words.push(word.to_owned());
            }
        };
        let value = self.has("ipv4") && self.has("int");
        if self.has("DELETE") && self.has("Node") {
            add("a statement such as `CREATE Node a Type host`");
        } else if self.has("Node") {
            add("a kind of entity such as `Node`");
        }
        if value {
            add("a value");
        } else if self.has("word") && !self.has("Node") {
            add("a name");
        }
        if self.has("uri") && !value {
            add("an address such as `https://…`");
        }
        if self.has("int") && !value && !self.has("time") {
            add("a number");
        }
        for sign in [":", ",", ")", "]", "}"] {
            if self.has(sign) {
                add(&format!("`{sign}`"));
            }
        }
        let clause = self.has("Match") && self.has("Target") && self.has("Contain") && !self.has("Node");
        if clause && self.subject.kind.is_some() {
            let clauses =
                self.keywords().filter(|(word, keyword)| keyword.begins_clause() && keyword.canonical() == *word);
            clauses.map(|(word, _)| format!("`{word}`")).take(3).for_each(|word| add(&word));
            add("`;`");
        }
        for word in ["VNFD", "Address", "Port", "From"] {
            if self.has(word) && !self.has("Match") {
                add(&format!("`{word}`"));
            }
        }
        if words.is_empty() && self.has("==") {
            words.push("a comparison".to_owned());
        }
        words
    }

    fn phrase(&self, found: &str) -> String {
        match one_of(&self.words()) {
            words if words.is_empty() => format!("unexpected {found}"),
            words => format!("expected {words}, found {found}"),
        }
    }
}

/// The keyword nearest to a word in lower case.
pub(crate) fn near(
    word: &str,
    keywords: impl Iterator<Item = (&'static str, Keyword)>,
) -> Option<(&'static str, Keyword)> {
    let keywords: Vec<(String, _)> = keywords.map(|keyword| (keyword.0.to_ascii_lowercase(), keyword)).collect();
    let found = near_miss(word, keywords.iter().map(|(lower, _)| lower.as_str()))?;
    keywords.iter().find(|(lower, _)| lower == found).map(|(_, keyword)| *keyword)
}

/// What the grammar calls a keyword.
fn terminal(keyword: Keyword) -> &'static str {
    match keyword {
        Keyword::Un => "Un",
        Keyword::To => "To",
        _ => keyword.canonical(),
    }
}

/// Whether a token is in a list of properties or matches.
fn in_pairs(tokens: &[Spanned<'_>], at: usize) -> bool {
    let last =
        tokens[..at].iter().rev().filter_map(|(token, _)| token.keyword()).find(|keyword| keyword.begins_clause());
    matches!(last, Some(Keyword::Property | Keyword::Match | Keyword::UnMatch | Keyword::Sla))
}

fn slice(text: &str, at: Span) -> &str {
    &text[at.start as usize..at.end as usize]
}

/// A token that does not belong there.
pub(crate) fn unexpected(text: &str, at: Span, token: Token<'_>, expected: &Expected<'_>) -> Fault {
    let found = slice(text, at);
    let message = expected.phrase(&format!("`{}`", brief(found)));
    let help = match token {
        Token::Keyword((word, _)) if expected.has("word") => {
            Some(format!("`{word}` is a keyword; a name that is spelled so stands in quotes"))
        }
        Token::Quantity(_) | Token::Int(_) if expected.has("word") => {
            Some("a name begins with a letter; others stand in quotes".to_owned())
        }
        Token::Keyword((word, keyword)) if keyword.begins_clause() => {
            Some(format!("`{word}` begins a clause of an entity"))
        }
        _ => None,
    };
    Diagnostic::new(Code::E0108, at, message).with_optional_help(help)
}

/// A statement that ends too soon. The place is the next token if that is on the same line, else the end of the last.
pub(crate) fn ends_early(text: &str, tokens: &[Spanned<'_>], after: Span, expected: &Expected<'_>) -> Fault {
    let end = tokens.last().map_or(after.start, |(_, span)| span.end);
    let same_line = !slice(text, Span::new(end, after.start.max(end))).contains('\n');
    let (at, found) = match slice(text, after) {
        found if same_line && !found.is_empty() => (after, format!("`{}`", brief(found))),
        _ => (Span::new(end, end), "the end of the statement".to_owned()),
    };
    Diagnostic::new(Code::E0108, at, expected.phrase(&found))
}

/// A word that is nearly a keyword.
pub(crate) fn misspelt(word: &str, at: Span, meant: &str, expected: &Expected<'_>) -> Fault {
    let mut fault = Diagnostic::new(Code::E0108, at, expected.phrase(&format!("`{}`", brief(word))));
    fault.fix = Some(Fix { at, replacement: meant.to_owned() });
    if word.eq_ignore_ascii_case(meant) {
        fault = fault.with_note("keywords are case-sensitive");
    }
    fault.with_help(format!("did you mean `{meant}`?"))
}

/// A word where a verb belongs.
pub(crate) fn no_verb(word: &str, at: Span) -> Fault {
    let message = format!("expected a verb, found `{}`", brief(word));
    Diagnostic::new(Code::E0108, at, message).with_help("verbs are `CREATE`, `UPDATE`, `IMPORT` and `DELETE`")
}

/// Two words without a space between them.
pub(crate) fn glued(word: &str, at: Span, first: &str, second: &str) -> Fault {
    let mut fault = Diagnostic::new(Code::E0112, at, format!("`{}` is two words without a space", brief(word)));
    fault.fix = Some(Fix { at, replacement: format!("{first} {second}") });
    fault.with_help(format!("write `{first} {second}`"))
}

/// `<name>`
pub(crate) fn placeholder(shown: &str, at: Span, expected: &Expected<'_>) -> Fault {
    let what = match () {
        () if expected.has("word") => "a name",
        () if expected.has("uri") => "an address",
        () => "something",
    };
    Diagnostic::new(Code::E0111, at, format!("`{}` stands for {what} that is not filled in", brief(shown)))
        .with_help(format!("write {what} in its place"))
}

/// A sign that is missed before a token.
pub(crate) fn missing_sign(text: &str, tokens: &[Spanned<'_>], at: usize, sign: &str) -> Fault {
    let span = tokens[at].1;
    let found = brief(slice(text, span));
    let end = tokens[at - 1].1.end;
    let mut fault = Diagnostic::new(Code::E0108, span, format!("expected `{sign}` before `{found}`"));
    fault.fix = Some(Fix { at: Span::new(end, end), replacement: sign.to_owned() });
    fault.with_help(format!("put `{sign}` between them"))
}
