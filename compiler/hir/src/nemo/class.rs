//! Packet classes of NEMO flows: a set of values for each match key, all of which must hold.

use crate::cx::{Cx, did_you_mean};
use crate::nemo::cond::empty_range;
use crate::nemo::kind::{Unfit, mac, ordered, prefix, shown};
use crate::nemo::library::Library;
use crate::nemo::scope::Space;
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, IntervalSet, NodeId};
use rdcl_core::{Cond, Expr, HeaderKind, Shape, Stack};
use rdcl_syntax::nemo::{Entry, Name, Value, pairs};

/// What a flow can be matched on and packets carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    SrcIp,
    DstIp,
    /// An IPv6 address.
    SrcIp6,
    DstIp6,
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

const ALL: [Key; 10] = [
    Key::SrcIp,
    Key::DstIp,
    Key::SrcIp6,
    Key::DstIp6,
    Key::Proto,
    Key::SrcPort,
    Key::DstPort,
    Key::SrcMac,
    Key::DstMac,
    Key::EthType,
];

/// Protocols by name, with their number (IANA).
const PROTOCOLS: [(&str, u64); 10] = [
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmpv6", 58),
    ("ospf", 89),
    ("sctp", 132),
];

/// EtherTypes by name, with their number (IEEE).
const ETHER_TYPES: [(&str, u64); 7] = [
    ("ip", 0x0800),
    ("ipv4", 0x0800),
    ("arp", 0x0806),
    ("vlan", 0x8100),
    ("ipv6", 0x86dd),
    ("mpls", 0x8847),
    ("lldp", 0x88cc),
];

impl Key {
    /// The key of this name; the drafts spell it in many ways: `src-ip`, `src_ip`, `srcip`, `SrcIP`.
    fn of(name: &str) -> Option<Key> {
        let plain = |name: &str| name.replace(['-', '_'], "").to_ascii_lowercase();
        let name = plain(name);
        KEYS.iter().find(|(key, _)| plain(key) == name || (*key == "proto" && name == "protocol")).map(|(_, key)| *key)
    }

    /// The fields it may stand for, one of which is there.
    fn fields(self) -> &'static [(HeaderKind, &'static str)] {
        match self {
            Key::SrcIp => &[(HeaderKind::Ip4, "src")],
            Key::DstIp => &[(HeaderKind::Ip4, "dst")],
            Key::SrcIp6 => &[(HeaderKind::Ip6, "src")],
            Key::DstIp6 => &[(HeaderKind::Ip6, "dst")],
            Key::Proto => &[(HeaderKind::Ip4, "proto"), (HeaderKind::Ip6, "next")],
            Key::SrcPort => &[(HeaderKind::Tcp, "sport"), (HeaderKind::Udp, "sport")],
            Key::DstPort => &[(HeaderKind::Tcp, "dport"), (HeaderKind::Udp, "dport")],
            Key::SrcMac => &[(HeaderKind::Eth, "src")],
            Key::DstMac => &[(HeaderKind::Eth, "dst")],
            Key::EthType => &[(HeaderKind::Eth, "type")],
        }
    }

    fn expects(self) -> &'static str {
        match self {
            Key::SrcIp | Key::DstIp | Key::SrcIp6 | Key::DstIp6 => "an IP address or a prefix",
            Key::Proto => "`tcp`, `udp`, `icmp` or a number up to 255",
            Key::SrcPort | Key::DstPort => "a port, or a range of ports as in `Range(1, 1023)`",
            Key::SrcMac | Key::DstMac => "a MAC address",
            Key::EthType => "an EtherType, a number up to 65535",
        }
    }

    /// The key for addresses of this width.
    fn of_width(self, width: u8) -> Key {
        match self {
            Key::SrcIp if width == 128 => Key::SrcIp6,
            Key::DstIp if width == 128 => Key::DstIp6,
            key => key,
        }
    }
}

/// The packets of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Class {
    parts: Vec<(Key, IntervalSet)>,
    /// Matches on what no packet is known to carry, with their values as written.
    others: Vec<(String, String)>,
    /// Some match could not be read, so that fewer packets belong to it than are known.
    partial: bool,
}

impl Class {
    /// Whether some packet belongs to both, as far as is known.
    pub fn overlaps(&self, other: &Class) -> bool {
        let apart = |(name, value): &(String, String)| other.others.iter().any(|(n, v)| n == name && v != value);
        let known = !self.partial && !other.partial;
        known
            && ALL.iter().all(|key| !self.values(*key).intersect(&other.values(*key)).is_empty())
            && !self.others.iter().any(apart)
            && !(self.mixes_with(other) || other.mixes_with(self))
    }

    /// Whether the matches contradict each other.
    pub fn is_empty(&self) -> bool {
        ALL.iter().any(|key| self.values(*key).is_empty()) || (self.is_ip4() && self.is_ip6())
    }

    /// Whether something with one of these addresses may send such packets.
    pub fn may_come_from(&self, addresses: &IntervalSet, width: u8) -> bool {
        self.allows(Key::SrcIp, addresses, width)
    }

    /// Whether something with one of these addresses may receive such packets.
    pub fn may_go_to(&self, addresses: &IntervalSet, width: u8) -> bool {
        self.allows(Key::DstIp, addresses, width)
    }

    fn allows(&self, key: Key, addresses: &IntervalSet, width: u8) -> bool {
        let other_version = if width == 32 { self.is_ip6() } else { self.is_ip4() };
        !other_version && !self.values(key.of_width(width)).intersect(addresses).is_empty()
    }

    /// The names of matches on what no packet is known to carry.
    pub fn unknown_keys(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(|(name, _)| name.as_str())
    }

    /// Whether it speaks of IPv6 addresses.
    pub fn is_about_ip6(&self) -> bool {
        self.is_ip6()
    }

    /// Whether one is of IPv6 and the other of IPv4.
    fn mixes_with(&self, other: &Class) -> bool {
        self.is_ip6() && other.is_ip4()
    }

    fn is_ip6(&self) -> bool {
        self.parts.iter().any(|(key, _)| matches!(key, Key::SrcIp6 | Key::DstIp6))
    }

    fn is_ip4(&self) -> bool {
        self.parts.iter().any(|(key, _)| matches!(key, Key::SrcIp | Key::DstIp))
    }

    /// The values a key may have; those of `proto` follow from ports, too, and those of `eth-type` from what is in IP.
    fn values(&self, key: Key) -> IntervalSet {
        let is_in = |header: HeaderKind| self.parts.iter().any(|(k, _)| k.fields().iter().any(|f| f.0 == header));
        let implied = match key {
            Key::Proto if is_in(HeaderKind::Tcp) => IntervalSet::from_intervals([(6, 6), (17, 17)]),
            Key::EthType if self.is_ip4() => {
                let numbers = [HeaderKind::Ip4, HeaderKind::Vlan].map(|next| HeaderKind::Eth.number_of(next));
                IntervalSet::from_intervals(numbers.into_iter().flatten().map(|n| (n, n)))
            }
            Key::EthType if self.is_ip6() || is_in(HeaderKind::Ip4) || is_in(HeaderKind::Tcp) => {
                IntervalSet::from_intervals([0x0800, 0x8100, 0x86dd].map(|n| (n, n)))
            }
            _ => IntervalSet::full(128),
        };
        let own = self.parts.iter().filter(|(k, _)| *k == key);
        own.fold(implied, |all, (_, set)| all.intersect(set))
    }

    /// The class as a condition on packets of any stack.
    pub fn anywhere(&self) -> Cond {
        let field = |set: &IntervalSet, (header, name): (HeaderKind, &str)| {
            let member = Cond::In(Expr::Field(header.field(name)?), set.clone());
            Some(Cond::All(vec![Cond::Has(header), member]))
        };
        let one =
            |(key, set): &(Key, IntervalSet)| Cond::Any(key.fields().iter().filter_map(|f| field(set, *f)).collect());
        Cond::All(self.parts.iter().map(one).collect())
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
    // Whether the service's parser knows IPv6 is decided by all of its blocks.
    let stack = stack.knowing(Shape::of(&[HeaderKind::Ip6]));
    let possible = Shape::of_stack(stack).into_iter().any(|shape| shape.has(header));
    possible.then(|| Cond::All(vec![Cond::Has(header), member]))
}

/// The class of a flow's matches; complains of those it cannot read.
pub(crate) fn class_of(
    cx: &mut Cx<'_>,
    entries: &[Entry],
    library: &Library<'_>,
    is_free: &dyn Fn(&str) -> bool,
) -> Class {
    let mut class = Class::default();
    for (name, value) in pairs(entries) {
        let key = Key::of(&name.text);
        let declared =
            library.all(Space::FlowModel).find_map(|model| model.find(&name.text)).map(|property| property.kind);
        let Some(value) = value else {
            cx.report(no_value(cx, &name));
            class.partial = true;
            continue;
        };
        if value.as_word().is_some_and(is_free) {
            class.others.push((name.text.clone(), shown(&value)));
            continue;
        }
        match (key, declared) {
            (Some(key), _) => match values(cx, key, &name.text, &value) {
                Some((found, partial)) => {
                    class.parts.push(found);
                    class.partial |= partial;
                }
                None => class.partial = true,
            },
            (None, Some(kind)) => {
                if let Some(Err(unfit)) = kind.map(|kind| kind.check(&value)) {
                    cx.report(unfit_value(cx, &name.text, kind.map_or("another value", |kind| kind.noun()), unfit));
                }
                class.others.push((name.text.clone(), shown(&value)));
            }
            (None, None) => {
                cx.report(unknown_key(cx, &name, library));
                class.partial = true;
            }
        }
    }
    class
}

/// What a single value of a key is.
enum Read {
    Set(Key, IntervalSet),
    /// It has been complained of, or nothing is known of it.
    Nothing,
    Wrong,
}

/// The values of a match, and whether some of them could not be read; complains of those that are none of the key's.
fn values(cx: &mut Cx<'_>, key: Key, name: &str, value: &Value) -> Option<((Key, IntervalSet), bool)> {
    if let Value::List(all, _) = value {
        return listed(cx, key, name, all);
    }
    match read(cx, key, value) {
        Read::Set(key, set) => Some(((key, set), false)),
        Read::Nothing => None,
        Read::Wrong => {
            cx.report(wrong_value(cx, key, name, value.node()));
            None
        }
    }
}

fn listed(cx: &mut Cx<'_>, key: Key, name: &str, all: &[Value]) -> Option<((Key, IntervalSet), bool)> {
    let mut found: Option<(Key, IntervalSet)> = None;
    let mut partial = false;
    for value in all {
        let Some(((key, set), some)) = values(cx, key, name, value) else {
            partial = true;
            continue;
        };
        partial |= some;
        match &mut found {
            None => found = Some((key, set)),
            Some((first, union)) if *first == key => *union = union.union(&set),
            Some(_) => {
                cx.report(two_versions(cx, name, value.node()));
                partial = true;
            }
        }
    }
    Some((found?, partial))
}

fn read(cx: &mut Cx<'_>, key: Key, value: &Value) -> Read {
    let is_address = matches!(key, Key::SrcIp | Key::DstIp);
    let set = |set: Option<IntervalSet>| set.map_or(Read::Wrong, |set| Read::Set(key, set));
    match value {
        Value::Bad(_) => Read::Nothing,
        Value::Ipv4(address, length, at) if is_address => {
            addresses(cx, key, (u128::from(*address), *length, 32), Some(*at))
        }
        Value::Ipv6(address, length, _) if is_address => addresses(cx, key, (*address, *length, 128), None),
        Value::Mac(address, _) if matches!(key, Key::SrcMac | Key::DstMac) => {
            set(Some(IntervalSet::single(u128::from(*address))))
        }
        Value::Range(lo, hi, at) => match ordered(lo, hi, *at) {
            Err(Unfit::Empty(at, lo, hi)) => {
                cx.report(empty_range(cx, at, &lo, &hi));
                Read::Nothing
            }
            _ => range(cx, key, (lo, hi, *at)),
        },
        Value::Int(number, _) => set(u64::try_from(*number).ok().and_then(|number| up_to(key, number))),
        Value::Str(name) => set_of_text(cx, key, name),
        Value::Ref(reference) if reference.rest.is_empty() => set(named(key, &reference.first.text)),
        // A quantity or the like may be what the lexer made of a hexadecimal number.
        Value::Quantity(number, unit, _) => set(number_of(&format!("{number}{unit}")).and_then(|n| up_to(key, n))),
        Value::Mask(value, mask, _) if is_address => masked(key, value, mask),
        _ => Read::Wrong,
    }
}

fn addresses(cx: &mut Cx<'_>, key: Key, (bits, length, width): (u128, Option<u8>, u8), strict: Option<NodeId>) -> Read {
    let length = length.unwrap_or(width);
    if let (Some(at), 32) = (strict, width) {
        // Host bits are complained of where the language around has no way of writing them either.
        if cx.item.keyword(cx.db) == rdcl_syntax::Keyword::Rfb
            && crate::eval::prefix(cx, at, bits as u32, length).is_none()
        {
            return Read::Nothing;
        }
    }
    Read::Set(key.of_width(width), IntervalSet::prefix(bits, u16::from(length), u16::from(width)))
}

fn masked(key: Key, value: &Value, mask: &Value) -> Read {
    let bits = |value: &Value| match value {
        Value::Ipv4(address, None, _) => Some(*address),
        Value::Str(text) => prefix(&text.text)
            .filter(|(_, length, width)| length.is_none() && *width == 32)
            .map(|(bits, _, _)| bits as u32),
        _ => None,
    };
    let (Some(address), Some(mask)) = (bits(value), bits(mask)) else { return Read::Wrong };
    if mask.leading_ones() + mask.trailing_zeros() != 32 {
        return Read::Wrong;
    }
    Read::Set(key, IntervalSet::prefix(u128::from(address), mask.leading_ones() as u16, 32))
}

/// A range of ports or addresses.
fn range(cx: &mut Cx<'_>, key: Key, (lo, hi, at): (&Value, &Value, NodeId)) -> Read {
    let (Read::Set(first, a), Read::Set(last, b)) = (read(cx, key, lo), read(cx, key, hi)) else { return Read::Wrong };
    let is_port = matches!(key, Key::SrcPort | Key::DstPort | Key::SrcIp | Key::DstIp);
    match (a.least(), b.greatest()) {
        (Some(a), Some(b)) if first == last && is_port && a > b => {
            cx.report(empty_range(cx, at, &shown(lo), &shown(hi)));
            Read::Nothing
        }
        (Some(a), Some(b)) if first == last && is_port => Read::Set(first, IntervalSet::range(a, b)),
        _ => Read::Wrong,
    }
}

fn set_of_text(cx: &mut Cx<'_>, key: Key, name: &Name) -> Read {
    let text = name.text.trim();
    let set = |set: Option<IntervalSet>| set.map_or(Read::Wrong, |set| Read::Set(key, set));
    match key {
        Key::SrcIp | Key::DstIp => match prefix(text) {
            Some(found) => addresses(cx, key, found, None),
            None => match crate::nemo::kind::Kind::Prefix.check(&Value::Str(name.clone())) {
                Err(Unfit::Malformed(at, why)) => {
                    cx.report(Diagnostic::new(Code::E0435, cx.at(at), why));
                    Read::Nothing
                }
                _ => Read::Wrong,
            },
        },
        Key::SrcMac | Key::DstMac => set(mac(text).map(|address| IntervalSet::single(u128::from(address)))),
        _ => set(named(key, text)),
    }
}

/// The values that a word or a number in a text stands for.
fn named(key: Key, text: &str) -> Option<IntervalSet> {
    let find = |names: &[(&str, u64)]| names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, n)| *n);
    let number = match key {
        Key::Proto => find(&PROTOCOLS),
        Key::EthType => find(&ETHER_TYPES),
        _ => None,
    };
    up_to(key, number.or_else(|| number_of(text))?)
}

fn number_of(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// One number, unless it is more than the key can be.
fn up_to(key: Key, number: u64) -> Option<IntervalSet> {
    let most = match key {
        Key::Proto => 0xff,
        Key::SrcPort | Key::DstPort | Key::EthType => 0xffff,
        _ => return None,
    };
    (number <= most).then(|| IntervalSet::single(u128::from(number)))
}

fn no_value(cx: &Cx<'_>, name: &Name) -> Problem {
    Diagnostic::new(Code::E0414, cx.at(name.node), format!("the match on `{}` has no value", name.text))
}

fn unknown_key(cx: &Cx<'_>, name: &Name, library: &Library<'_>) -> Problem {
    let declared =
        library.all(Space::FlowModel).flat_map(|model| model.properties.iter().map(|property| property.name));
    let mut names: Vec<&str> = KEYS.iter().map(|k| k.0).collect();
    names.extend(declared.filter(|name| Key::of(name).is_none()));
    let problem =
        Diagnostic::new(Code::E0413, cx.at(name.node), format!("a flow cannot be matched on `{}`", name.text));
    match did_you_mean(&name.text, names.iter().copied()) {
        Some(_) => super::check::meant(cx, problem, name.node, rdcl_base::nearest(&name.text, names)),
        None => problem.with_help(format!("match keys are {}", names.join(", "))),
    }
}

fn unfit_value(cx: &Cx<'_>, name: &str, wanted: &str, unfit: Unfit) -> Problem {
    match unfit {
        Unfit::Kind(at) => Diagnostic::new(Code::E0414, cx.at(at), format!("this is no value of `{name}`"))
            .with_help(format!("expected {wanted}")),
        Unfit::Malformed(at, why) => Diagnostic::new(Code::E0435, cx.at(at), why),
        Unfit::Empty(at, lo, hi) => empty_range(cx, at, &lo, &hi),
    }
}

fn two_versions(cx: &Cx<'_>, name: &str, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0414, cx.at(at), format!("`{name}` lists addresses of IPv4 and of IPv6"))
        .with_note("a packet has addresses of one version")
        .with_help("make a flow of each")
}

fn wrong_value(cx: &Cx<'_>, key: Key, name: &str, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0414, cx.at(at), format!("this is no value of `{name}`"))
        .with_help(format!("expected {}", key.expects()))
}
