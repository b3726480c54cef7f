//! A block to put behaviours and promises into.

use crate::lower::{Env, LostPorts, Lowered, PortGroup, lower_behaviour};
use crate::value::{TableType, Type, Value};
use indexmap::IndexMap;
use rdcl_base::{Diagnostic, Dimension, NodeId, Quantity, Span};
use rdcl_core::{HeaderKind, MatchKind, PortId, Stack};
use rdcl_syntax::ast::{BehaviourBody, Clause, Direction, Ensures, Item, Member, Rfb, SeflMember};
use rdcl_syntax::parse_item;

/// Ports `lan wan: Ip4`, `ether: Eth`, `tag: Eth/Vlan`, `p[0..3]: Ip4`, `q[0..1]: Eth`, `one[0..0]: Ip4`, `from` (in),
/// `to` (out).
pub fn ports() -> Vec<PortGroup> {
    use HeaderKind::{Eth, Ip4, Vlan};
    let mut first = 0;
    let mut port = |name: &str, array: Option<(u64, u64)>, headers: &[HeaderKind], direction| {
        let id = PortId(first);
        first += array.map_or(1, |(lo, hi)| (hi - lo + 1) as u32);
        PortGroup { name: name.into(), first: id, array, stack: Stack::new(headers).unwrap(), direction }
    };
    let both = Direction::InOut;
    vec![
        port("lan", None, &[Ip4], both),
        port("wan", None, &[Ip4], both),
        port("ether", None, &[Eth], both),
        port("tag", None, &[Eth, Vlan], both),
        port("p", Some((0, 3)), &[Ip4], both),
        port("q", Some((0, 1)), &[Eth], both),
        port("one", Some((0, 0)), &[Ip4], both),
        port("from", None, &[Ip4], Direction::In),
        port("to", None, &[Ip4], Direction::Out),
    ]
}

/// Parameters of every type.
pub fn params() -> IndexMap<String, (Type, Value)> {
    let ranges = TableType {
        keys: vec![
            ("ports".into(), Type::Uint(16), MatchKind::Range),
            ("proto".into(), Type::Uint(8), MatchKind::Exact),
        ],
        data: vec![("class".into(), Type::Uint(8)), ("next".into(), Type::Ipv4)],
    };
    let fib = TableType {
        keys: vec![("prefix".into(), Type::Ipv4, MatchKind::Lpm)],
        data: vec![("port".into(), Type::Uint(16))],
    };
    let all = [
        ("public", Type::Ipv4, Value::Ipv4(0xcb00_7107)),
        ("router", Type::Mac, Value::Mac(0x0200_0000_0001)),
        ("range", Type::Range, Value::Range(1024, 65535)),
        ("inside", Type::Prefix, Value::Prefix(0x0a00_0000, 8)),
        ("web", Type::Uint(16), Value::Int(80)),
        ("strict", Type::Bool, Value::Bool(true)),
        ("who", Type::String, Value::Str("nobody".into())),
        ("fib", Type::Table(fib), Value::Table("fib.txt".into())),
        ("acl", Type::Table(ranges), Value::Table("acl.txt".into())),
        ("pause", Type::Quantity(Dimension::Time), Value::Quantity(Quantity::parse("300", "s").unwrap())),
        ("speed", Type::Quantity(Dimension::Bandwidth), Value::Quantity(Quantity::parse("1", "Gbps").unwrap())),
    ];
    all.into_iter().map(|(name, ty, value)| (name.to_owned(), (ty, value))).collect()
}

/// A parsed block.
pub struct Parsed {
    pub text: String,
    pub rfb: Rfb,
    pub spans: Vec<Span>,
}

impl Parsed {
    pub fn new(members: &str) -> Parsed {
        let text = format!("rfb T {{\n{members}\n}}");
        let parsed = parse_item(&text);
        assert!(parsed.errors.is_empty(), "{text}\n{:?}", parsed.errors);
        let Item::Rfb(rfb) = parsed.item else { panic!("not a block: {text}") };
        Parsed { text, rfb, spans: parsed.spans }
    }

    /// Codes, each with the text it points at.
    pub fn shown(&self, problems: &[Diagnostic<NodeId>]) -> Vec<(String, String)> {
        let text = |node: NodeId| {
            let span = self.spans[node.0 as usize];
            self.text[span.start as usize..span.end as usize].to_owned()
        };
        problems.iter().map(|p| (p.code.to_string(), text(p.primary))).collect()
    }

    pub fn sefl(&self) -> &[SeflMember] {
        match &self.rfb.members[0] {
            Member::Behaviour(b) => match &b.body {
                BehaviourBody::Sefl(members) => members,
                BehaviourBody::Click(_) | BehaviourBody::Foreign(_) => panic!("not SEFL"),
            },
            _ => panic!("not a behaviour"),
        }
    }

    pub fn clause(&self) -> &Clause {
        match &self.rfb.members[0] {
            Member::Ensures(Ensures { clause, .. }) => clause,
            _ => panic!("not a promise"),
        }
    }
}

/// Lowers the members of a behaviour. Ports without a behaviour are not complained about here.
pub fn lower(members: &str) -> (Parsed, Lowered) {
    let parsed = Parsed::new(&format!("behaviour sefl {{\n{members}\n}}"));
    let (ports, params) = (ports(), params());
    let mut lowered = lower_behaviour(
        &Env {
            ports: &ports,
            lost: &LostPorts::default(),
            params: &params,
            headers: &crate::headers::layouts::NO_HEADERS,
        },
        parsed.sefl(),
        parsed.rfb.node,
    );
    lowered.problems.retain(|p| p.code.as_str() != "W0503");
    (parsed, lowered)
}

/// The Core of a behaviour without fault, without the ports that have none.
pub fn core(members: &str) -> String {
    let (parsed, lowered) = lower(members);
    assert_eq!(parsed.shown(&lowered.problems), [], "{members}\n{:?}", lowered.problems);
    assert_eq!(lowered.program.check(), [], "{members}\n{}", super::dump::dump(&lowered));
    pruned(lowered)
}

/// The Core of what `on lan` does.
pub fn on_lan(body: &str) -> String {
    core(&format!("on lan {{\n{body}\n}}"))
}

fn pruned(lowered: Lowered) -> String {
    let text = super::dump::dump(&lowered);
    let silent = text.lines().find(|l| l.contains("no behaviour for this port")).and_then(|l| l.split(':').next());
    let Some(silent) = silent else { return text };
    let shown = text.lines().filter(|l| !l.ends_with(&format!("-> {silent}")) && !l.starts_with(&format!("{silent}:")));
    shown.map(|l| format!("{l}\n")).collect()
}

/// What is wrong with a behaviour: codes and the text they point at.
pub fn problems(members: &str) -> Vec<(String, String)> {
    let (parsed, lowered) = lower(members);
    assert_eq!(lowered.program.blocks.len(), lowered.origins.blocks.len());
    parsed.shown(&lowered.problems)
}
