//! Packet classes of NEMO flows: a set of values for each match key, all of which must hold.

use crate::cx::{Cx, did_you_mean};
use crate::eval::{empty_range, prefix};
use crate::source::loc::Problem;
use crate::value;
use rdcl_base::{Code, Diagnostic, IntervalSet, NodeId};
use rdcl_core::{Cond, Expr, HeaderKind, Shape, Stack};
use rdcl_syntax::nemo::{Name, Value};

/// What a flow can be matched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    SrcIp,
    DstIp,
    Proto,
    SrcPort,
    DstPort,
    SrcMac,
    DstMac,
    EthType,
}

const KEYS: [(&str, Key); 8] = [
    ("src-ip", Key::SrcIp),
    ("dst-ip", Key::DstIp),
    ("proto", Key::Proto),
    ("src-port", Key::SrcPort),
    ("dst-port", Key::DstPort),
    ("src-mac", Key::SrcMac),
    ("dst-mac", Key::DstMac),
    ("eth-type", Key::EthType),
];

impl Key {
    /// The fields it may stand for, one of which is there.
    fn fields(self) -> &'static [(HeaderKind, &'static str)] {
        match self {
            Key::SrcIp => &[(HeaderKind::Ip4, "src")],
            Key::DstIp => &[(HeaderKind::Ip4, "dst")],
            Key::Proto => &[(HeaderKind::Ip4, "proto")],
            Key::SrcPort => &[(HeaderKind::Tcp, "sport"), (HeaderKind::Udp, "sport")],
            Key::DstPort => &[(HeaderKind::Tcp, "dport"), (HeaderKind::Udp, "dport")],
            Key::SrcMac => &[(HeaderKind::Eth, "src")],
            Key::DstMac => &[(HeaderKind::Eth, "dst")],
            Key::EthType => &[(HeaderKind::Eth, "type")],
        }
    }

    fn expects(self) -> &'static str {
        match self {
            Key::SrcIp | Key::DstIp => "an IPv4 address or a prefix",
            Key::Proto => "`tcp`, `udp`, `icmp` or a number up to 255",
            Key::SrcPort | Key::DstPort => "a port, or a range of ports as in `Range(1, 1023)`",
            Key::SrcMac | Key::DstMac => "a MAC address",
            Key::EthType => "an EtherType, a number up to 65535",
        }
    }
}

/// The packets of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Class {
    parts: Vec<(Key, IntervalSet)>,
}

impl Class {
    /// Whether some packet may belong to both.
    pub fn overlaps(&self, other: &Class) -> bool {
        KEYS.iter().all(|(_, key)| !self.values(*key).intersect(&other.values(*key)).is_empty())
    }

    /// Whether the matches contradict each other.
    pub fn is_empty(&self) -> bool {
        KEYS.iter().any(|(_, key)| self.values(*key).is_empty())
    }

    /// The values a key may have; those of `proto` follow from ports, too, and those of `eth-type` from what is in IP.
    fn values(&self, key: Key) -> IntervalSet {
        let is_in = |header: HeaderKind| self.parts.iter().any(|(k, _)| k.fields().iter().any(|f| f.0 == header));
        let implied = match key {
            Key::Proto if is_in(HeaderKind::Tcp) => IntervalSet::from_intervals([(6, 6), (17, 17)]),
            Key::EthType if is_in(HeaderKind::Ip4) || is_in(HeaderKind::Tcp) => {
                let numbers = [HeaderKind::Ip4, HeaderKind::Vlan].map(|next| HeaderKind::Eth.number_of(next));
                IntervalSet::from_intervals(numbers.into_iter().flatten().map(|n| (n, n)))
            }
            _ => IntervalSet::full(128),
        };
        let own = self.parts.iter().filter(|(k, _)| *k == key);
        own.fold(implied, |all, (_, set)| all.intersect(set))
    }

    /// The class as a condition on packets at a port of this stack.
    pub fn condition(&self, stack: Stack) -> Cond {
        let mut all = Vec::new();
        for (key, set) in &self.parts {
            let mut any: Vec<Cond> = key.fields().iter().filter_map(|f| field_in(stack, *f, set)).collect();
            match any.len() {
                0 => return Cond::False,
                1 => all.append(&mut any),
                _ => all.push(Cond::Any(any)),
            }
        }
        if all.is_empty() { Cond::True } else { Cond::All(all) }
    }
}

/// `has tcp and tcp.sport in set`; nothing if no packet of the stack has the header.
fn field_in(stack: Stack, (header, name): (HeaderKind, &str), set: &IntervalSet) -> Option<Cond> {
    let field = header.field(name)?;
    let member = Cond::In(Expr::Field(field), set.clone());
    if stack.required.has(header) {
        return Some(member);
    }
    let possible = Shape::of_stack(stack).into_iter().any(|shape| shape.has(header));
    possible.then(|| Cond::All(vec![Cond::Has(header), member]))
}

/// The class of a flow's matches; complains of those it cannot read.
pub(super) fn class_of(cx: &mut Cx<'_>, matches: &[(Name, Option<Value>)]) -> Class {
    let mut class = Class::default();
    for (name, value) in matches {
        let Some((_, key)) = KEYS.iter().find(|(key, _)| *key == name.text) else {
            cx.report(unknown_key(cx, name));
            continue;
        };
        class.parts.extend(value.iter().filter_map(|value| values(cx, *key, value)).map(|set| (*key, set)));
    }
    class
}

/// The values of a match; complains when they are none of the key's.
fn values(cx: &mut Cx<'_>, key: Key, value: &Value) -> Option<IntervalSet> {
    let found = match (key, value) {
        (Key::SrcIp | Key::DstIp, Value::Ipv4(address, None, _)) => Some(IntervalSet::single(u128::from(*address))),
        (Key::SrcIp | Key::DstIp, Value::Ipv4(address, Some(length), at)) => {
            return addresses(cx, *at, *address, *length);
        }
        (Key::Proto, Value::Int(number, _)) => up_to(0xff, natural(*number), natural(*number)),
        (Key::Proto, word) => word.as_word().and_then(protocol),
        (Key::SrcPort | Key::DstPort | Key::EthType, Value::Int(number, _)) => {
            up_to(0xffff, natural(*number), natural(*number))
        }
        (Key::SrcPort | Key::DstPort, Value::Range(lo, hi, at)) => match (&**lo, &**hi) {
            (Value::Int(lo, _), Value::Int(hi, _)) if lo > hi && *hi >= 0 => {
                cx.report(empty_range(cx, *at, u128::from(natural(*lo)), u128::from(natural(*hi))));
                return None;
            }
            (Value::Int(lo, _), Value::Int(hi, _)) => up_to(0xffff, natural(*lo), natural(*hi)),
            _ => None,
        },
        (Key::SrcMac | Key::DstMac, Value::Mac(address, _)) => Some(IntervalSet::single(u128::from(*address))),
        _ => None,
    };
    if found.is_none() {
        cx.report(wrong_value(cx, key, value.node()));
    }
    found
}

fn addresses(cx: &mut Cx<'_>, at: NodeId, address: u32, length: u8) -> Option<IntervalSet> {
    match prefix(cx, at, address, length)? {
        value::Value::Prefix(address, length) => Some(IntervalSet::prefix(u128::from(address), u16::from(length), 32)),
        _ => None,
    }
}

fn protocol(name: &str) -> Option<IntervalSet> {
    let header = HeaderKind::Ip4.followers().find(|h| h.name() == name && !h.is_inner())?;
    HeaderKind::Ip4.number_of(header).map(IntervalSet::single)
}

/// A number as it is; a negative one as more than any field holds.
fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// `lo..hi`, unless that is more than `max`.
fn up_to(max: u64, lo: u64, hi: u64) -> Option<IntervalSet> {
    (hi <= max).then(|| IntervalSet::range(u128::from(lo), u128::from(hi)))
}

fn unknown_key(cx: &Cx<'_>, key: &Name) -> Problem {
    let names: Vec<&str> = KEYS.iter().map(|k| k.0).collect();
    let help = did_you_mean(&key.text, names.iter().copied());
    Diagnostic::new(Code::E0413, cx.at(key.node), format!("a flow cannot be matched on `{}`", key.text))
        .with_help(help.unwrap_or_else(|| format!("match keys are {}", names.join(", "))))
}

fn wrong_value(cx: &Cx<'_>, key: Key, at: NodeId) -> Problem {
    let name = KEYS.iter().find(|k| k.1 == key).map_or("", |k| k.0);
    Diagnostic::new(Code::E0414, cx.at(at), format!("this is no value of `{name}`"))
        .with_help(format!("expected {}", key.expects()))
}
