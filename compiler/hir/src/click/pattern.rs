//! The patterns of `IPClassifier` and `IPFilter` as conditions of SEFL: `src net 10.0.0.0/8 and (tcp port 80 or icmp)`.
//!
//! A primitive has a direction, a protocol, a type and a value; what it leaves out is taken from the one before it.
//! A packet has one protocol at most, and a test of a field of another one fails.

use super::Params;
use super::faults::{Fault, bad_argument};
use super::values::{address, icmp_type, masked, number, port, prefix, protocol};
use rdcl_base::NodeId;
use rdcl_syntax::ast::Name;
use std::collections::BTreeSet;

/// The deepest nesting of a pattern; behaviours nest 150 levels deep.
const DEEPEST: usize = 60;

/// The words that a pattern may have besides values.
const WORDS: &[&str] = &[
    "all", "and", "any", "ce", "dscp", "dst", "ect", "false", "frag", "hl", "host", "icmp", "id", "ip", "len", "mask",
    "net", "none", "not", "opt", "or", "port", "proto", "src", "tcp", "tos", "true", "ttl", "type", "udp", "unfrag",
    "vers",
];

/// A condition in SEFL, and the parameters of the block that it mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub text: String,
    pub params: BTreeSet<String>,
}

/// The condition that the words of a pattern say. `at` is the place of the whole.
pub(super) fn condition(words: &[Name], at: NodeId, params: &Params) -> Result<Condition, Fault> {
    let tokens: Vec<Name> = words.iter().flat_map(pieces).collect();
    let mut reader = Reader {
        tokens: &tokens,
        next: 0,
        depth: 0,
        end: at,
        before: Primitive::default(),
        known: params,
        params: BTreeSet::new(),
    };
    let text = reader.either()?;
    if let Some(left) = reader.tokens.get(reader.next) {
        return Err(reader.unknown(left));
    }
    Ok(Condition { text, params: reader.params })
}

/// A word, cut at its signs.
fn pieces(word: &Name) -> Vec<Name> {
    let (mut found, mut rest) = (Vec::new(), word.text.as_str());
    while !rest.is_empty() {
        let sign = ["&&", "||", "==", "!=", "<=", ">=", "(", ")", "!", "<", ">", "=", "?", ":"];
        let length = match sign.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => sign.len(),
            None => rest.find(['&', '|', '=', '!', '<', '>', '(', ')']).unwrap_or(rest.len()).max(1),
        };
        let length = (length..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        found.push(Name { text: rest[..length].to_owned(), node: word.node });
        rest = &rest[length..];
    }
    found
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Source,
    Destination,
    Either,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Host,
    Net,
    Port,
    Protocol,
    /// A field of the IP header.
    Field(&'static str),
    TypeOfService,
    IcmpType,
    TcpOption,
    Version,
    HeaderLength,
}

#[derive(Clone, Copy, Debug, Default)]
struct Primitive {
    direction: Option<Direction>,
    /// `tcp`, `udp` or `icmp`.
    protocol: Option<&'static str>,
    kind: Option<Kind>,
}

struct Reader<'a> {
    tokens: &'a [Name],
    next: usize,
    depth: usize,
    end: NodeId,
    before: Primitive,
    known: &'a Params,
    params: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.next).map(|token| token.text.as_str())
    }

    fn peek_second(&self) -> Option<&'a str> {
        self.tokens.get(self.next + 1).map(|token| token.text.as_str())
    }

    fn eat(&mut self, words: &[&str]) -> bool {
        let found = self.peek().is_some_and(|token| words.contains(&token));
        self.next += usize::from(found);
        found
    }

    fn place(&self) -> NodeId {
        self.tokens.get(self.next).map_or(self.end, |token| token.node)
    }

    fn unknown(&self, token: &Name) -> Fault {
        let fault = bad_argument(token.node, format!("`{}` is not understood in a pattern", token.text));
        Box::new(fault.misspelt(&token.text, WORDS.iter().copied()))
    }

    fn either(&mut self) -> Result<String, Fault> {
        if self.depth >= DEEPEST {
            return Err(bad_argument(self.place(), "this pattern nests too deep"));
        }
        self.depth += 1;
        let mut all = vec![self.each()?];
        while self.eat(&["or", "||"]) {
            all.push(self.each()?);
        }
        self.depth -= 1;
        Ok(joined(all, "or"))
    }

    fn each(&mut self) -> Result<String, Fault> {
        let mut all = vec![self.one()?];
        loop {
            // Patterns side by side are both meant.
            let written = self.eat(&["and", "&&"]);
            let ends = matches!(self.peek(), None | Some(")" | "or" | "||"));
            if !written && ends {
                return Ok(joined(all, "and"));
            }
            all.push(self.one()?);
        }
    }

    fn one(&mut self) -> Result<String, Fault> {
        let mut negated = false;
        while self.eat(&["not", "!"]) {
            negated = !negated;
        }
        let text = if self.eat(&["("]) {
            let inner = self.either()?;
            if !self.eat(&[")"]) {
                return Err(bad_argument(self.place(), "a `(` of this pattern is never closed"));
            }
            inner
        } else {
            self.primitive()?
        };
        Ok(if negated { format!("not ({text})") } else { text })
    }

    fn primitive(&mut self) -> Result<String, Fault> {
        if self.eat(&["-", "true", "any", "all"]) {
            return Ok("1 == 1".to_owned());
        }
        if self.eat(&["false", "none"]) {
            return Ok("1 == 0".to_owned());
        }
        let begin = self.next;
        let mut found = self.qualifiers();
        match (self.peek(), found.kind) {
            // Fragments never come so far.
            (Some("frag"), None) if self.eat(&["frag"]) => return Ok("1 == 0".to_owned()),
            (Some("unfrag"), None) if self.eat(&["unfrag"]) => return Ok("1 == 1".to_owned()),
            (Some("ect"), None) if self.eat(&["ect"]) => return Ok("ip.ecn in 1..2".to_owned()),
            (Some("ce"), None) if self.eat(&["ce"]) => return Ok("ip.ecn == 3".to_owned()),
            _ => {}
        }
        let ends = matches!(self.peek(), None | Some(")" | "and" | "&&" | "or" | "||"));
        if ends && self.next == begin {
            return Err(bad_argument(self.place(), "a pattern is missing here"));
        }
        if ends || self.begins_another(found) {
            return self.bare(found, begin);
        }
        if self.next == begin {
            found = self.before;
        }
        let negated = self.eat(&["not", "!"]);
        let relation = ["==", "=", "!=", "<=", ">=", "<", ">"].into_iter().find(|sign| self.peek() == Some(sign));
        self.next += usize::from(relation.is_some());
        let Some(value) = self.tokens.get(self.next) else {
            return Err(bad_argument(self.end, "a value is missing at the end of this pattern"));
        };
        self.next += 1;
        if found.kind.is_none() {
            found.kind = self.kind_of(value, found);
        }
        let Some(kind) = found.kind else { return Err(self.unknown(value)) };
        self.before = found;
        let relation = match relation {
            None | Some("=") => "==",
            Some(other) => other,
        };
        let text = self.test(found, kind, relation, value)?;
        Ok(if negated { format!("not ({text})") } else { text })
    }

    /// Whether `tcp` is all of a primitive and another one follows.
    fn begins_another(&self, found: Primitive) -> bool {
        let next = self.peek().unwrap_or_default();
        let alone = found.kind.is_none() && found.direction.is_none() && found.protocol.is_some();
        let is_word = matches!(next, "-" | "!" | "(" | "any" | "all" | "true" | "false" | "none" | "not" | "ip");
        alone && (is_word || matches!(next, "tcp" | "udp" | "icmp"))
    }

    fn qualifiers(&mut self) -> Primitive {
        let mut found = Primitive::default();
        while let Some(word) = self.peek() {
            let direction = match (word, self.peek_second(), self.tokens.get(self.next + 2).map(|t| t.text.as_str())) {
                ("src", Some("or"), Some("dst")) | ("dst", Some("or"), Some("src")) => Some((Direction::Either, 3)),
                ("src", Some("and"), Some("dst")) | ("dst", Some("and"), Some("src")) => Some((Direction::Both, 3)),
                ("src", ..) => Some((Direction::Source, 1)),
                ("dst", ..) => Some((Direction::Destination, 1)),
                _ => None,
            };
            if let Some((direction, length)) = direction.filter(|_| found.direction.is_none()) {
                found.direction = Some(direction);
                self.next += length;
                continue;
            }
            let protocol = ["tcp", "udp", "icmp"].into_iter().find(|known| *known == word);
            if protocol.is_some() && found.protocol.is_none() && found.kind.is_none() {
                found.protocol = protocol;
            } else if word == "ip" && found.kind.is_none() && found.protocol.is_none() {
                // It says nothing that is not so.
            } else if let Some(kind) = kind_named(word).filter(|_| found.kind.is_none()) {
                found.kind = Some(kind);
            } else {
                break;
            }
            self.next += 1;
        }
        found
    }

    /// A primitive without a value: `tcp`.
    fn bare(&mut self, found: Primitive, begin: usize) -> Result<String, Fault> {
        let node = self.tokens.get(begin).map_or(self.end, |token| token.node);
        match (found.protocol, found.kind, found.direction) {
            (Some(protocol), None, None) => Ok(format!("has {protocol}")),
            (None, None, None) => Ok("1 == 1".to_owned()),
            _ => Err(bad_argument(node, "a value is missing behind this")),
        }
    }

    /// What a value without a type is.
    fn kind_of(&self, value: &Name, found: Primitive) -> Option<Kind> {
        if let Some((ty, _)) = self.param(value) {
            return match ty {
                "Ipv4" => Some(Kind::Host),
                "Prefix" => Some(Kind::Net),
                "u16" | "Range" => Some(Kind::Port),
                _ => None,
            };
        }
        if address(&value.text).is_some() {
            return Some(Kind::Host);
        }
        if prefix(&value.text).is_some() {
            return Some(Kind::Net);
        }
        match found.protocol {
            Some("icmp") => icmp_type(&value.text).map(|_| Kind::IcmpType),
            Some(_) => port(&value.text).map(|_| Kind::Port),
            None if found.direction.is_some() => port(&value.text).map(|_| Kind::Port),
            None => protocol(&value.text).map(|_| Kind::Protocol),
        }
    }

    /// The parameter of the block that a value names, with its type.
    fn param(&self, value: &Name) -> Option<(&'a str, &'a str)> {
        let (name, ty) = self.known.get_key_value(value.text.strip_prefix('$')?)?;
        Some((ty.as_str(), name.as_str()))
    }

    fn test(&mut self, found: Primitive, kind: Kind, relation: &str, value: &Name) -> Result<String, Fault> {
        let wrong = |what: &str| bad_argument(value.node, format!("`{}` is no {what}", value.text));
        let exact = || match relation {
            "==" | "!=" => Ok(()),
            _ => Err(bad_argument(value.node, "addresses and protocols are equal or not, there is no order of them")),
        };
        match kind {
            Kind::Host | Kind::Net => {
                exact()?;
                let set = self.addresses(kind, value)?;
                let test = |field: &str| format!("ip.{field} {set}");
                let text = directed(found.direction, "src", "dst", test);
                Ok(if relation == "!=" { format!("not ({text})") } else { text })
            }
            Kind::Port => {
                let set = self.values(relation, value, port, "port")?;
                let protocols = match found.protocol {
                    Some("icmp") => return Err(bad_argument(value.node, "ICMP has no ports")),
                    Some(protocol) => vec![protocol],
                    None => vec!["tcp", "udp"],
                };
                let of = |protocol: &str| {
                    let test = |field: &str| format!("{protocol}.{field} {set}");
                    format!("has {protocol} and ({})", directed(found.direction, "sport", "dport", test))
                };
                Ok(joined(protocols.into_iter().map(of).collect(), "or"))
            }
            Kind::Protocol => {
                exact()?;
                let number = protocol(&value.text).ok_or_else(|| wrong("protocol"))?;
                Ok(format!("ip.proto {relation} {number}"))
            }
            Kind::Field(field) => {
                let most = match field {
                    "dscp" => 63,
                    "ttl" => 255,
                    _ => 65535,
                };
                let read = move |text: &str| number(text).filter(|number| *number <= most);
                Ok(format!("ip.{field} {}", self.values(relation, value, read, "number that fits")?))
            }
            Kind::TypeOfService => {
                exact()?;
                let octet = number(&value.text).filter(|n| *n <= 255).ok_or_else(|| wrong("octet"))?;
                let text = format!("ip.dscp == {} and ip.ecn == {}", octet >> 2, octet & 3);
                Ok(if relation == "!=" { format!("not ({text})") } else { text })
            }
            Kind::IcmpType => {
                let set = self.values(relation, value, icmp_type, "type of ICMP messages")?;
                Ok(format!("has icmp and icmp.type {set}"))
            }
            Kind::TcpOption => {
                exact()?;
                let flags = ["syn", "fin", "ack", "rst", "psh", "urg"];
                let flag = flags.into_iter().find(|flag| *flag == value.text).ok_or_else(|| wrong("flag of TCP"))?;
                Ok(format!("has tcp and tcp.{flag} == {}", if relation == "!=" { 0 } else { 1 }))
            }
            Kind::Version | Kind::HeaderLength => {
                exact()?;
                let number = number(&value.text).ok_or_else(|| wrong("number"))?;
                // All others never come so far.
                let only = if kind == Kind::Version { number == 4 } else { number == 5 || number == 20 };
                Ok(format!("1 == {}", u8::from(only == (relation == "=="))))
            }
        }
    }

    /// `== 10.0.0.1`, `in 10.0.0.0/8`
    fn addresses(&mut self, kind: Kind, value: &Name) -> Result<String, Fault> {
        if let Some((ty, name)) = self.param(value) {
            let operator = match ty {
                "Ipv4" => "==",
                "Prefix" => "in",
                _ => {
                    return Err(bad_argument(
                        value.node,
                        format!("the parameter `{name}` is no address and no prefix"),
                    ));
                }
            };
            self.params.insert(name.to_owned());
            return Ok(format!("{operator} {name}"));
        }
        if self.eat(&["mask"]) {
            let Some(mask) = self.tokens.get(self.next) else {
                return Err(bad_argument(self.end, "a mask is missing at the end of this pattern"));
            };
            self.next += 1;
            let Some(prefix) = masked(&value.text, &mask.text) else {
                return Err(bad_argument(mask.node, format!("`{}` is no mask of ones, then zeros", mask.text)));
            };
            return Ok(format!("in {}", prefix.text()));
        }
        if let (Kind::Host, Some(address)) = (kind, address(&value.text)) {
            return Ok(format!("== {address}"));
        }
        match prefix(&value.text).filter(|_| kind == Kind::Net) {
            Some(prefix) => Ok(format!("in {}", prefix.text())),
            None if kind == Kind::Net => {
                Err(bad_argument(value.node, format!("`{}` is no network, such as `10.0.0.0/8`", value.text)))
            }
            None => Err(bad_argument(value.node, format!("`{}` is no IPv4 address", value.text))),
        }
    }

    /// `== 80`, `in 1024..65535`
    fn values(
        &mut self,
        relation: &str,
        value: &Name,
        read: impl Fn(&str) -> Option<u64>,
        what: &str,
    ) -> Result<String, Fault> {
        if let Some((ty, name)) = self.param(value) {
            let name = name.to_owned();
            self.params.insert(name.clone());
            return Ok(if ty == "Range" { format!("in {name}") } else { format!("{relation} {name}") });
        }
        let range = value.text.split_once('-').and_then(|(first, last)| Some((number(first)?, number(last)?)));
        if let Some((first, last)) = range.filter(|(first, last)| first <= last && relation == "==")
            && read(&first.to_string()).is_some()
            && read(&last.to_string()).is_some()
        {
            return Ok(format!("in {first}..{last}"));
        }
        match read(&value.text) {
            Some(number) => Ok(format!("{relation} {number}")),
            None => Err(bad_argument(value.node, format!("`{}` is no {what}", value.text))),
        }
    }
}

fn kind_named(word: &str) -> Option<Kind> {
    Some(match word {
        "host" => Kind::Host,
        "net" => Kind::Net,
        "port" => Kind::Port,
        "proto" => Kind::Protocol,
        "ttl" => Kind::Field("ttl"),
        "id" => Kind::Field("id"),
        "len" => Kind::Field("len"),
        "dscp" => Kind::Field("dscp"),
        "tos" => Kind::TypeOfService,
        "type" => Kind::IcmpType,
        "opt" => Kind::TcpOption,
        "vers" => Kind::Version,
        "hl" => Kind::HeaderLength,
        _ => return None,
    })
}

fn directed(direction: Option<Direction>, source: &str, destination: &str, test: impl Fn(&str) -> String) -> String {
    match direction {
        Some(Direction::Source) => test(source),
        Some(Direction::Destination) => test(destination),
        None | Some(Direction::Either) => format!("({} or {})", test(source), test(destination)),
        Some(Direction::Both) => format!("({} and {})", test(source), test(destination)),
    }
}

fn joined(mut all: Vec<String>, operator: &str) -> String {
    match all.len() {
        1 => all.remove(0),
        _ => all.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(&format!(" {operator} ")),
    }
}
