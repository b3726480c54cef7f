//! The patterns of `Classifier` as conditions of SEFL: `12/0800 23/11` compares bytes with those at an offset.
//!
//! Bytes are looked for in the fields of headers. What stands behind a header is known where the same pattern says so
//! before: `12/0800` that an IPv4 header follows that of Ethernet, and the protocol there what follows that.

use super::faults::{Fault, bad_argument, not_modelled};
use rdcl_syntax::ast::Name;
use rdcl_syntax::click::Argument;

/// A field of a header, or a gap.
enum Place {
    /// `ip.src`
    Field(&'static str, u32),
    /// Bits that have one value in all packets that come so far.
    Fixed(u128, u32),
    /// Bits that no program reads.
    Unread(u32),
}

use Place::{Field, Fixed, Unread};

static ETHERNET: &[Place] = &[Field("eth.dst", 48), Field("eth.src", 48), Field("eth.type", 16)];
static IP4: &[Place] = &[
    Fixed(0x45, 8),
    Field("ip.dscp", 6),
    Field("ip.ecn", 2),
    Field("ip.len", 16),
    Field("ip.id", 16),
    Fixed(0, 1),
    Field("ip.df", 1),
    Fixed(0, 14),
    Field("ip.ttl", 8),
    Field("ip.proto", 8),
    Unread(16),
    Field("ip.src", 32),
    Field("ip.dst", 32),
];
static ARP: &[Place] = &[
    Fixed(0x0001_0800_0604, 48),
    Field("arp.op", 16),
    Field("arp.sha", 48),
    Field("arp.spa", 32),
    Field("arp.tha", 48),
    Field("arp.tpa", 32),
];
static TCP: &[Place] = &[Field("tcp.sport", 16), Field("tcp.dport", 16), Field("tcp.seq", 32), Field("tcp.ackno", 32)];
static UDP: &[Place] = &[Field("udp.sport", 16), Field("udp.dport", 16)];
static ICMP: &[Place] = &[Field("icmp.type", 8), Field("icmp.code", 8)];

/// `12/08??%fff0`: bits that are compared.
struct Term<'a> {
    word: &'a Name,
    negated: bool,
    /// Where the first bit is.
    start: u32,
    /// For each bit what it has to be, if it is compared.
    bits: Vec<Option<bool>>,
}

/// The condition of a pattern; `frames` tells whether it begins at an Ethernet header, or else at that of IPv4.
pub(super) fn condition(pattern: &Argument, frames: bool) -> Result<String, Fault> {
    if let [word] = pattern.words.as_slice()
        && word.text == "-"
    {
        return Ok("1 == 1".to_owned());
    }
    let mut terms = pattern.words.iter().map(term).collect::<Result<Vec<_>, _>>()?;
    if terms.is_empty() {
        return Err(bad_argument(pattern.node, "a pattern is missing here; `-` stands for all that is left"));
    }
    // What follows a header is known once its number has been compared.
    terms.sort_by_key(|term| (term.negated, term.start));
    let headers = headers(&terms, frames);
    let mut tests = Vec::new();
    for term in &terms {
        let Some(found) = test(term, &headers) else {
            let why = format!("no field of a header is known at `{}`", term.word.text);
            return Err(not_modelled(term.word.node, "Classifier", &why));
        };
        tests.push(if term.negated { format!("not ({found})") } else { found });
    }
    Ok(tests.join(" and "))
}

fn term(word: &Name) -> Result<Term<'_>, Fault> {
    let wrong = || {
        let fault = bad_argument(word.node, format!("`{}` is no pattern", word.text));
        let help = "write an offset and bytes in hexadecimal digits, as in `12/0800`, or `-` for all that is left";
        Box::new(fault.with_help(help))
    };
    let (negated, text) = match word.text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, word.text.as_str()),
    };
    let (offset, compared) = text.split_once('/').ok_or_else(wrong)?;
    let offset: u32 = offset.parse().ok().filter(|offset| *offset < 10_000).ok_or_else(wrong)?;
    let (value, mask) = match compared.split_once('%') {
        Some((value, mask)) => (value, Some(mask)),
        None => (compared, None),
    };
    let well = !value.is_empty() && value.len() % 2 == 0 && mask.is_none_or(|mask| mask.len() == value.len());
    if !well {
        return Err(wrong());
    }
    let mut bits = Vec::new();
    for (i, digit) in value.chars().enumerate() {
        let counts = match mask {
            Some(mask) => mask.chars().nth(i).and_then(|digit| digit.to_digit(16)).ok_or_else(wrong)?,
            None => 15,
        };
        let nibble = match digit {
            '?' => None,
            digit => Some(digit.to_digit(16).ok_or_else(wrong)?),
        };
        bits.extend((0..4).rev().map(|bit| nibble.filter(|_| counts >> bit & 1 == 1).map(|n| n >> bit & 1 == 1)));
    }
    Ok(Term { word, negated, start: offset * 8, bits })
}

/// The fields that are known, each with its first bit.
fn headers(terms: &[Term<'_>], frames: bool) -> Vec<(u32, &'static Place)> {
    let mut found = Vec::new();
    let mut at = 0;
    if frames {
        at = add(&mut found, ETHERNET, 0);
        match said(terms, 96, 16) {
            Some(0x0800) => {}
            Some(0x0806) => {
                add(&mut found, ARP, at);
                return found;
            }
            _ => return found,
        }
    }
    let inner = add(&mut found, IP4, at);
    match said(terms, at + 72, 8) {
        Some(1) => _ = add(&mut found, ICMP, inner),
        Some(6) => _ = add(&mut found, TCP, inner),
        Some(17) => _ = add(&mut found, UDP, inner),
        _ => {}
    }
    found
}

fn add(found: &mut Vec<(u32, &'static Place)>, header: &'static [Place], start: u32) -> u32 {
    header.iter().fold(start, |at, place| {
        found.push((at, place));
        at + width(place)
    })
}

fn width(place: &Place) -> u32 {
    match place {
        Field(_, width) | Fixed(_, width) | Unread(width) => *width,
    }
}

/// The value that a pattern says these bits have, if it compares all of them.
fn said(terms: &[Term<'_>], start: u32, width: u32) -> Option<u128> {
    terms.iter().filter(|term| !term.negated).find_map(|term| {
        let (mask, value) = compared(term, start, width);
        (mask == ones(width)).then_some(value)
    })
}

fn ones(width: u32) -> u128 {
    (1 << width) - 1
}

/// Which bits of these a term compares, and with what.
fn compared(term: &Term<'_>, start: u32, width: u32) -> (u128, u128) {
    (0..width).fold((0, 0), |(mask, value), i| {
        let at = (start + i).checked_sub(term.start).and_then(|at| term.bits.get(at as usize).copied().flatten());
        (mask << 1 | u128::from(at.is_some()), value << 1 | u128::from(at == Some(true)))
    })
}

/// The condition of a term; none if it compares what is in no field.
fn test(term: &Term<'_>, headers: &[(u32, &'static Place)]) -> Option<String> {
    let wanted = term.bits.iter().filter(|bit| bit.is_some()).count();
    let (mut tests, mut met) = (Vec::new(), 0);
    for (start, place) in headers {
        let (mask, value) = compared(term, *start, width(place));
        met += mask.count_ones() as usize;
        match place {
            _ if mask == 0 => {}
            Field(name, width) if mask == ones(*width) => tests.push(format!("{name} == {value:#x}")),
            Field(name, _) => tests.push(format!("({name} & {mask:#x}) == {value:#x}")),
            Fixed(fixed, _) if fixed & mask == value => {}
            Fixed(..) => tests.push("1 == 0".to_owned()),
            Unread(_) => return None,
        }
    }
    let all = if tests.is_empty() { "1 == 1".to_owned() } else { tests.join(" and ") };
    (met == wanted).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdcl_base::NodeId;

    fn said(text: &str, frames: bool) -> Option<String> {
        let word = |text: &str| Name { text: text.to_owned(), node: NodeId(0) };
        let words = text.split(' ').map(word).collect();
        condition(&Argument { words, node: NodeId(0) }, frames).ok()
    }

    #[test]
    fn bytes_are_fields() {
        let is = |text, frames, expected: &str| assert_eq!(said(text, frames).as_deref(), Some(expected), "{text}");
        is("12/0800", true, "eth.type == 0x800");
        is("23/11 12/0800 36/0035", true, "eth.type == 0x800 and ip.proto == 0x11 and udp.dport == 0x35");
        is("12/0806 20/0001", true, "eth.type == 0x806 and arp.op == 0x1");
        is("9/06 !8/01", false, "ip.proto == 0x6 and not (ip.ttl == 0x1)");
        is("12/0a01????", false, "(ip.src & 0xffff0000) == 0xa010000");
        is("16/01010101%ff00ff00", false, "(ip.dst & 0xff00ff00) == 0x1000100");
        is("0/40%f0", false, "1 == 1");
        is("0/60%f0", false, "1 == 0");
        is("-", true, "1 == 1");
        for text in ["12/08", "x/00", "12", "10/0000", "20/0035", "40/00"] {
            assert_eq!(said(text, false).filter(|_| text != "12/08"), None, "{text}");
        }
        assert_eq!(said("30/01000001", true), None);
    }
}
