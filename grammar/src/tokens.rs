//! The tokens of RDCL and SEFL, by longest match.
//!
//! A literal is converted where it is read; one that cannot be converted is a [`Flaw`], which the adapter reports
//! and replaces by [`Token::Bad`]. Nothing here knows brackets or context.

use crate::foreign::{self, Scan};
use logos::{Lexer, Logos};
use rdcl_base::{Quantity, UnitError};

/// A lexical fault.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Flaw {
    /// A character that begins no token.
    #[default]
    Stray,
    /// A string without its second quote.
    OpenString,
    /// A foreign block without its `}}`.
    OpenForeign,
    /// A number or quantity that fits no integer.
    TooLarge,
    /// A quantity with an unknown unit.
    Unit,
    /// A fraction without a unit.
    NoUnit,
    /// An address, prefix or MAC that is not one.
    Address,
}

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Logos)]
#[logos(extras = Scan, error = Flaw, skip r"[ \t\r\n\x0c\u{feff}]+")]
#[rustfmt::skip]
pub(crate) enum Token<'s> {
    // Words that begin an item.
    #[token("use")] Use,
    #[token("stack")] Stack,
    #[token("rfb")] Rfb,
    #[token("substrate")] Substrate,
    #[token("deploy")] Deploy,
    #[token("environment")] Environment,
    #[token("header")] Header,
    // Words that begin a member.
    #[token("port")] Port,
    #[token("part")] Part,
    #[token("wire")] Wire,
    #[token("behaviour")] Behaviour,
    #[token("ensures")] Ensures,
    #[token("impl")] Impl,
    #[token("sla")] Sla,
    #[token("lifecycle")] Lifecycle,
    #[token("intent")] Intent,
    #[token("policy")] Policy,
    // Words inside clauses.
    #[token("as")] As,
    #[token("at")] At,
    #[token("by")] By,
    #[token("except")] Except,
    #[token("given")] Given,
    #[token("in")] In,
    #[token("inout")] InOut,
    #[token("minimize")] Minimize,
    #[token("on")] On,
    #[token("out")] Out,
    #[token("post")] Post,
    #[token("pre")] Pre,
    #[token("undo")] Undo,
    #[token("when")] When,
    #[token("within")] Within,
    // Words of expressions.
    #[token("and")] And,
    #[token("has")] Has,
    #[token("not")] Not,
    #[token("or")] Or,
    // Words that begin a SEFL statement or an arm.
    #[token("choose")] Choose,
    #[token("clash")] Clash,
    #[token("else")] Else,
    #[token("full")] Full,
    #[token("if")] If,
    #[token("insert")] Insert,
    #[token("lookup")] Lookup,
    #[token("match")] Match,
    #[token("remove")] Remove,
    // Words that stay usable as names.
    #[token("abstract")] Abstract,
    #[token("after")] After,
    #[token("balance")] Balance,
    #[token("can")] Can,
    #[token("capacity")] Capacity,
    #[token("free")] Free,
    #[token("idle")] Idle,
    #[token("invariant")] Invariant,
    #[token("isolated")] Isolated,
    #[token("key")] Key,
    #[token("link")] Link,
    #[token("no")] No,
    #[token("offer")] Offer,
    #[token("reach")] Reach,
    #[token("ree")] Ree,
    #[token("require")] Require,
    #[token("row")] Row,
    #[token("state")] State,
    #[token("unchanged")] Unchanged,
    #[token("unique")] Unique,
    #[token("value")] Value,
    #[token("via")] Via,
    #[token("where")] Where,
    #[token("with")] With,
    // Punctuation.
    #[token("{")] OpenBrace,
    #[token("}")] CloseBrace,
    #[token("(")] OpenParen,
    #[token(")")] CloseParen,
    #[token("[")] OpenBracket,
    #[token("]")] CloseBracket,
    #[token(";")] Semicolon,
    #[token(",")] Comma,
    #[token(":")] Colon,
    #[token("::")] Colons,
    #[token(".")] Dot,
    #[token("..")] Dots,
    #[token("=")] Equals,
    #[token("->")] To,
    #[token("<->")] Both,
    #[token("=>")] Distribute,
    #[token("==")] Eq,
    #[token("!=")] Ne,
    #[token("<")] Lt,
    #[token("<=")] Le,
    #[token(">")] Gt,
    #[token(">=")] Ge,
    #[token("+")] Plus,
    #[token("-")] Minus,
    #[token("*")] Star,
    #[token("/")] Slash,
    #[token("&")] Ampersand,
    #[token("|")] Bar,
    #[token("^")] Caret,
    #[token("<<")] Shl,
    #[token(">>")] Shr,

    /// A word that is none of the above.
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*")]
    Word(&'s str),
    /// `22`, `0xff`
    #[regex(r"[0-9]+", decimal)]
    #[regex(r"0x[0-9a-fA-F]+", hexadecimal, priority = 20)]
    Int(u128),
    /// `200Mbps`, `0.5core`, `50%`
    #[regex(r"[0-9]+(\.[0-9]+)?([A-Za-z_][A-Za-z0-9_]*|%)", quantity)]
    Quantity(Quantity),
    /// `10.1.0.1`
    #[regex(r"[0-9]+(\.[0-9]+)+", address)]
    Ipv4(u32),
    /// `10.1.0.0/16`
    #[regex(r"[0-9]+(\.[0-9]+){2,}/[0-9]+", prefix)]
    Prefix((u32, u8)),
    /// `2001:db8::1`, `ip6"fe80::1"` (RFC 4291)
    #[regex(r"[0-9][0-9a-fA-F]{0,3}(:[0-9a-fA-F]{1,4})*::([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?", address6, priority = 30)]
    #[regex(r"[0-9][0-9a-fA-F]{0,3}(:[0-9a-fA-F]{1,4}){7}", address6, priority = 30)]
    #[regex(r#"ip6"[^"/\n]*""#, address6, priority = 30)]
    Ipv6(u128),
    /// `2001:db8::/32`, `ip6"fe80::/10"`
    #[regex(r"[0-9][0-9a-fA-F]{0,3}(:[0-9a-fA-F]{1,4})*::([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?/[0-9]+", prefix6, priority = 30)]
    #[regex(r"[0-9][0-9a-fA-F]{0,3}(:[0-9a-fA-F]{1,4}){7}/[0-9]+", prefix6, priority = 30)]
    #[regex(r#"ip6"[^"/\n]*/[^"\n]*""#, prefix6, priority = 30)]
    Prefix6((u128, u8)),
    /// `02:00:00:00:00:01`
    #[regex(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){2,}", mac)]
    Mac(u64),
    /// The text between quotes, escapes untouched.
    #[token("\"", string)]
    Str(&'s str),
    /// The text between `{{` and `}}`.
    #[token("{{", foreign_block)]
    Foreign(&'s str),
    /// A constraint or operator of published SEFL: `:==:`, `:&:`, `:@`, `<|>`
    #[regex(r":(==|<|<=|>|>=|&|&&|\||\|\||\^|~|!|\+|-|<<):|:@|<&>|<\|>|<\^>")]
    Sign(&'s str),
    /// `// …`
    #[regex(r"//[^\n]*", allow_greedy = true)]
    Comment,
    /// What the adapter makes of an `if` among members. It is another word than that in a behaviour, which is never meant
    /// to begin a member.
    MemberIf,
    /// What the adapter puts where a flaw was.
    Bad,
}

impl Token<'_> {
    /// True for what may stand behind a member, but not behind an item: a `}` before it came too early.
    pub(crate) fn goes_on_with_members(self) -> bool {
        use Token::*;
        let member =
            matches!(self, Port | Part | Wire | Behaviour | Ensures | Impl | Sla | Lifecycle | Intent | Policy);
        member || matches!(self, If | On | State | Ree | Link | CloseBrace)
    }
}

fn decimal<'s>(lexer: &Lexer<'s, Token<'s>>) -> Result<u128, Flaw> {
    lexer.slice().parse().map_err(|_| Flaw::TooLarge)
}

fn hexadecimal<'s>(lexer: &Lexer<'s, Token<'s>>) -> Result<u128, Flaw> {
    u128::from_str_radix(&lexer.slice()[2..], 16).map_err(|_| Flaw::TooLarge)
}

fn quantity<'s>(lexer: &Lexer<'s, Token<'s>>) -> Result<Quantity, Flaw> {
    let (number, unit) = split_quantity(lexer.slice());
    Quantity::parse(number, unit).map_err(|error| match error {
        UnitError::Unknown(_) => Flaw::Unit,
        UnitError::OutOfRange => Flaw::TooLarge,
    })
}

/// `5msec` is `5` and `msec`.
pub(crate) fn split_quantity(text: &str) -> (&str, &str) {
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(unit)
}

fn address<'s>(lexer: &Lexer<'s, Token<'s>>) -> Result<u32, Flaw> {
    if lexer.slice().matches('.').count() == 1 {
        return Err(Flaw::NoUnit);
    }
    parse_address(lexer.slice()).ok_or(Flaw::Address)
}

fn prefix<'s>(lexer: &Lexer<'s, Token<'s>>) -> Result<(u32, u8), Flaw> {
    parse_prefix(lexer.slice()).ok_or(Flaw::Address)
}

/// Four numbers below 256.
pub(crate) fn parse_address(text: &str) -> Option<u32> {
    let mut parts = text.split('.');
    let mut address = 0;
    for _ in 0..4 {
        address = address << 8 | u32::from(parts.next()?.parse::<u8>().ok()?);
    }
    parts.next().is_none().then_some(address)
}

/// An address and a length of at most 32.
pub(crate) fn parse_prefix(text: &str) -> Option<(u32, u8)> {
    let (address, length) = text.split_once('/')?;
    let length = length.parse().ok().filter(|l| *l <= 32)?;
    Some((parse_address(address)?, length))
}

fn address6<'s>(lexer: &Lexer<'s, Token<'s>>) -> Result<u128, Flaw> {
    parse_address6(unquoted(lexer.slice())).ok_or(Flaw::Address)
}

fn prefix6<'s>(lexer: &Lexer<'s, Token<'s>>) -> Result<(u128, u8), Flaw> {
    let (address, length) = unquoted(lexer.slice()).split_once('/').ok_or(Flaw::Address)?;
    let length = length.parse().ok().filter(|l| *l <= 128).ok_or(Flaw::Address)?;
    Ok((parse_address6(address).ok_or(Flaw::Address)?, length))
}

/// What stands in `ip6"…"`, or all of it.
fn unquoted(text: &str) -> &str {
    text.strip_prefix("ip6\"").and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

fn parse_address6(text: &str) -> Option<u128> {
    text.parse::<std::net::Ipv6Addr>().ok().map(u128::from)
}

fn mac<'s>(lexer: &Lexer<'s, Token<'s>>) -> Result<u64, Flaw> {
    parse_mac(lexer.slice()).ok_or(Flaw::Address)
}

/// Six octets in hexadecimal.
pub(crate) fn parse_mac(text: &str) -> Option<u64> {
    let mut octets = text.split(':');
    let mut mac = 0;
    for _ in 0..6 {
        mac = mac << 8 | u64::from(u8::from_str_radix(octets.next()?, 16).ok()?);
    }
    octets.next().is_none().then_some(mac)
}

fn string<'s>(lexer: &mut Lexer<'s, Token<'s>>) -> Result<&'s str, Flaw> {
    let (length, closed) = scan_string(lexer.remainder());
    let text = &lexer.remainder()[..length];
    lexer.bump(length + usize::from(closed));
    if closed { Ok(text) } else { Err(Flaw::OpenString) }
}

/// How far a string goes, given the text behind its first quote, and whether its second quote follows there.
///
/// A string ends with its line. One that is never closed leaves out the punctuation at the end of the line, which
/// was hardly meant to be in it.
pub(crate) fn scan_string(rest: &str) -> (usize, bool) {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return (at, true),
            b'\n' => break,
            b'\\' if bytes.get(at + 1).is_some_and(|b| *b != b'\n') => at += 2,
            _ => at += 1,
        }
    }
    let line = rest.get(..at.min(rest.len())).unwrap_or(rest);
    (line.trim_end_matches(|c: char| c.is_ascii_whitespace() || ";,(){}[]".contains(c)).len(), false)
}

fn foreign_block<'s>(lexer: &mut Lexer<'s, Token<'s>>) -> Result<&'s str, Flaw> {
    let rest = lexer.remainder();
    let extent = foreign::scan(rest, &mut lexer.extras);
    lexer.bump(extent.whole);
    if extent.closed { Ok(&rest[..extent.inner]) } else { Err(Flaw::OpenForeign) }
}

/// The words that name nothing, in alphabetical order.
#[rustfmt::skip]
pub(crate) const RESERVED: &[&str] = &[
    "and", "as", "at", "behaviour", "by", "choose", "clash", "deploy", "else", "ensures", "environment", "except", "full", "given",
    "has", "header", "if", "impl", "in", "inout", "insert", "intent", "lifecycle", "lookup", "match", "minimize", "not", "on",
    "or", "out", "part", "policy", "post", "pre", "remove", "rfb", "sla", "stack", "substrate", "undo", "use", "when", "wire",
    "within",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Result<Token<'_>, Flaw>> {
        Token::lexer(text).collect()
    }

    #[test]
    fn the_longest_match_wins() {
        use Token::*;
        assert_eq!(all("1..8"), [Ok(Int(1)), Ok(Dots), Ok(Int(8))]);
        assert_eq!(all("0xff 0x16"), [Ok(Int(255)), Ok(Int(22))]);
        assert_eq!(all("10.1.0.0/16"), [Ok(Prefix((0x0a01_0000, 16)))]);
        assert_eq!(all("a<->b"), [Ok(Word("a")), Ok(Both), Ok(Word("b"))]);
        assert_eq!(all("02:00:00:00:00:01"), [Ok(Mac(0x0200_0000_0001))]);
        assert_eq!(all("2001:db8::1"), [Ok(Ipv6(0x2001_0db8_0000_0000_0000_0000_0000_0001))]);
        assert_eq!(all("1::"), [Ok(Ipv6(1 << 112))]);
        assert_eq!(all("1:2:3:4:5:6:7:8"), [Ok(Ipv6(0x0001_0002_0003_0004_0005_0006_0007_0008))]);
        assert_eq!(all("2001:db8::/32"), [Ok(Prefix6((0x2001_0db8 << 96, 32)))]);
        assert_eq!(all("ip6\"fe80::/10\""), [Ok(Prefix6((0xfe80 << 112, 10)))]);
        assert_eq!(all("ip6\"::1\""), [Ok(Ipv6(1))]);
        assert_eq!(all("2001:db8::/129"), [Err(Flaw::Address)]);
        assert_eq!(all("ends"), [Ok(Word("ends"))]);
    }

    #[test]
    fn a_wrong_literal_is_one_flaw() {
        assert_eq!(all("5msec"), [Err(Flaw::Unit)]);
        assert_eq!(all("300.1.1.1"), [Err(Flaw::Address)]);
        assert_eq!(all("10.0.0.0/40"), [Err(Flaw::Address)]);
        assert_eq!(all("1.5"), [Err(Flaw::NoUnit)]);
        assert_eq!(all("\"abc;\nx"), [Err(Flaw::OpenString), Ok(Token::Semicolon), Ok(Token::Word("x"))]);
    }

    #[test]
    fn reserved_words_are_tokens_of_their_own() {
        assert!(RESERVED.is_sorted());
        for word in RESERVED {
            assert!(!matches!(all(word)[..], [Ok(Token::Word(_))]), "{word}");
        }
    }
}
