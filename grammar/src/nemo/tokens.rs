//! The tokens of NEMO, by maximal munch.
//!
//! Names keep their dashes; `openflow:4:2`, `a.b` and `VNFD:ge0` are never one token, since `key:value` may be written
//! without a space.

use crate::nemo::words::{Keyword, keyword};
use crate::nemo::{Date, Time};
use crate::tokens::{parse_address, parse_mac};
use logos::{Lexer, Logos};
use std::net::Ipv6Addr;

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Logos)]
#[logos(skip r"[ \t\r\n\x0c]+", skip(r"\\[ \t]*\r?\n"))]
#[rustfmt::skip]
pub(crate) enum Token<'s> {
    /// A comment; no parser sees one.
    #[regex(r"//[^\n]*", allow_greedy = true)]
    #[regex(r"#[^\n]*", allow_greedy = true)]
    #[regex(r"/\*([^*]|\*+[^*/])*\*+/")] Comment,
    #[regex(r#"[a-z][a-z0-9+.-]*://[^\s;,"\\]+"#)] Uri(&'s str),
    /// The rest of a URI that is wrapped over two lines.
    #[regex(r"/[A-Za-z0-9._~-][A-Za-z0-9._~/%-]*")] Path(&'s str),
    /// A word; dashes may stand inside.
    #[regex(r"[A-Za-z_]([A-Za-z0-9_-]*[A-Za-z0-9_])?", |lexer| lexer.slice())] Word(&'s str),
    #[regex(r#""[^"\n]*""#, between_quotes)] Str(&'s str),
    #[regex(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", uuid)] Uuid(u128),
    #[regex(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}", |lexer| parse_mac(lexer.slice()), priority = 60)] Mac(u64),
    #[regex(r"[0-9]+(\.[0-9]+){3}(/[0-9]+)?", ipv4)] Ipv4((u32, Option<u8>)),
    #[regex(r"([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?::([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?(/[0-9]+)?", ipv6)]
    #[regex(r"[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){7}(/[0-9]+)?", ipv6)] Ipv6((u128, Option<u8>)),
    #[regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( +|,)[0-9]{1,2}:[0-9]{2}:[0-9]{2}", date_time)] DateTime((Date, Time)),
    #[regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", |lexer| date(lexer.slice()))] Date(Date),
    /// None for one that no clock shows: it may still be part of `openflow:30:77`.
    #[regex(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?", |lexer| time(lexer.slice()))] Time(Option<Time>),
    #[regex(r"[0-9]+(\.[0-9]+)?([A-Za-z]+|%)", quantity)] Quantity((&'s str, &'s str)),
    #[regex(r"0[xX][0-9a-fA-F]+", |lexer| i64::from_str_radix(&lexer.slice()[2..], 16).ok(), priority = 60)]
    #[regex(r"-?[0-9]+", |lexer| lexer.slice().parse().ok())] Int(i64),
    #[token("==")] Equal,
    #[token("!=")] Unequal,
    #[token("<=")] AtMost,
    #[token(">=")] AtLeast,
    #[token("<")] Less,
    #[token(">")] Greater,
    #[token("...")] Ellipsis,
    #[token("&&")] AndSign,
    #[token("||")] OrSign,
    #[token("!")] NotSign,
    #[token("*")] Star,
    #[token(".")] Dot,
    #[token(":")] Colon,
    #[token(",")] Comma,
    #[token(";")] Semicolon,
    #[token("(")] OpenParen,
    #[token(")")] CloseParen,
    #[token("[")] OpenBracket,
    #[token("]")] CloseBracket,
    #[token("{")] OpenBrace,
    #[token("}")] CloseBrace,
    /// What stands where a literal was wrong, and complained of.
    Bad,
    /// A word of the closed list, as it is spelled.
    Keyword((&'static str, Keyword)),
}

impl<'s> Token<'s> {
    /// The keyword it is.
    pub(crate) fn keyword(&self) -> Option<Keyword> {
        match self {
            Token::Keyword((_, keyword)) => Some(*keyword),
            _ => None,
        }
    }

    /// A word as the keyword that it spells, or as it is.
    pub(crate) fn classified(self) -> Token<'s> {
        match self {
            Token::Word(text) => keyword(text).map_or(self, Token::Keyword),
            _ => self,
        }
    }
}

fn between_quotes<'s>(lexer: &Lexer<'s, Token<'s>>) -> &'s str {
    let text = lexer.slice();
    &text[1..text.len() - 1]
}

fn uuid<'s>(lexer: &Lexer<'s, Token<'s>>) -> Option<u128> {
    u128::from_str_radix(&lexer.slice().replace('-', ""), 16).ok()
}

fn ipv4<'s>(lexer: &Lexer<'s, Token<'s>>) -> Option<(u32, Option<u8>)> {
    let (address, length) = length(lexer.slice(), 32)?;
    Some((parse_address(address)?, length))
}

fn ipv6<'s>(lexer: &Lexer<'s, Token<'s>>) -> Option<(u128, Option<u8>)> {
    let (address, length) = length(lexer.slice(), 128)?;
    Some((address.parse::<Ipv6Addr>().ok()?.to_bits(), length))
}

/// The length of a prefix apart from the address.
fn length(text: &str, most: u8) -> Option<(&str, Option<u8>)> {
    match text.split_once('/') {
        None => Some((text, None)),
        Some((address, length)) => Some((address, Some(length.parse().ok().filter(|n| *n <= most)?))),
    }
}

fn date_time<'s>(lexer: &Lexer<'s, Token<'s>>) -> Option<(Date, Time)> {
    let (day, hour) = lexer.slice().split_once([' ', ','])?;
    Some((date(day)?, time(hour.trim_start_matches([' ', ',']))?))
}

fn date(text: &str) -> Option<Date> {
    let mut numbers = text.split('-').map(|number| number.parse::<u16>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(Date { year, month: month as u8, day: day as u8 })
}

fn time(text: &str) -> Option<Time> {
    let mut numbers = text.split(':').map(|number| number.parse::<u8>().ok());
    let (hour, minute, second) = (numbers.next()??, numbers.next()??, numbers.next().unwrap_or(Some(0))?);
    (hour < 24 && minute < 60 && second < 60).then_some(Time { hour, minute, second })
}

fn quantity<'s>(lexer: &Lexer<'s, Token<'s>>) -> (&'s str, &'s str) {
    let text = lexer.slice();
    text.split_at(text.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Result<Token<'_>, ()>> {
        Token::lexer(text).collect()
    }

    #[test]
    fn the_longest_token_wins() {
        use Token::*;
        assert_eq!(
            tokens("192.0.2.1 192.0.2.0/24"),
            [Ok(Ipv4((0xc000_0201, None))), Ok(Ipv4((0xc000_0200, Some(24))))]
        );
        assert_eq!(tokens("6ba7b814-9dad-11d1-80b4-00c04fd430c8").len(), 1);
        assert_eq!(tokens("00:00:00:00:00:01 aa:bb:cc:dd:ee:ff"), [Ok(Mac(1)), Ok(Mac(0xaabb_ccdd_eeff))]);
        assert_eq!(
            tokens("40G 1.5s 80%"),
            [Ok(Quantity(("40", "G"))), Ok(Quantity(("1.5", "s"))), Ok(Quantity(("80", "%")))]
        );
        let six = crate::nemo::Time { hour: 18, minute: 0, second: 0 };
        assert_eq!(tokens("18:00 18:00:00"), [Ok(Time(Some(six))), Ok(Time(Some(six)))]);
        assert_eq!(
            tokens("openflow:10:22"),
            [Ok(Word("openflow")), Ok(Colon), Ok(Time(Some(crate::nemo::Time { hour: 10, minute: 22, second: 0 })))]
        );
        assert_eq!(tokens("src-ip:192.168.12.0/24").len(), 3);
        assert_eq!(tokens("2016-03-21 2016-03-21,18:00:00 2016-03-21 18:00:00").len(), 3);
        assert_eq!(
            tokens("2001:db8::/32 fe80::1 ::1"),
            [Ok(Ipv6((0x2001_0db8 << 96, Some(32)))), Ok(Ipv6(((0xfe80 << 112) + 1, None))), Ok(Ipv6((1, None)))]
        );
        assert_eq!(
            tokens("https://a/b#c // x\n/d /* * / */ # y"),
            [Ok(Uri("https://a/b#c")), Ok(Comment), Ok(Path("/d")), Ok(Comment), Ok(Comment)]
        );
        assert_eq!(tokens("a \\  \n b-c d-"), [Ok(Word("a")), Ok(Word("b-c")), Ok(Word("d")), Err(())]);
        assert_eq!(tokens("-5 7"), [Ok(Int(-5)), Ok(Int(7))]);
    }

    #[test]
    fn literals_that_cannot_be_are_errors() {
        for text in ["300.1.1.1", "10.0.0.0/33", "2016-02-30", "99999999999999999999", "2001:db8::/129"] {
            assert_eq!(tokens(text), [Err(())], "{text}");
        }
    }
}
