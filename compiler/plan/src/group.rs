//! What may come in at a port that does not forward: the rules of its security group, from the promises that start
//! there and the filters that stand before it.

use crate::class::{Key, Product, is_free, products};
use crate::describe::because;
use crate::loss::{Loss, LossKind};
use crate::plan::{Group, Protocol, Rule, Said};
use crate::prefixes::{everyone, prefixes};
use rdcl_base::{IntervalSet, Ipv4Net};
use rdcl_core::{Cond, HeaderKind, PortId, Stack};
use rdcl_hir::{Claim, Db, Instance, Loc, Rule as Operation, properties, property_places};

/// The most rules that one promise becomes; a cloud allows a project about a hundred, unless it is asked.
const MOST_RULES: usize = 64;

/// A filter before a port: its operations, and where each is written.
pub type Filter<'a> = Vec<(&'a Operation, Loc)>;

/// The group of a port of an instance, behind filters; and what is lost.
pub fn group<'db>(
    db: &'db dyn Db,
    instance: Instance<'db>,
    (port, name, stack): (PortId, &str, Stack),
    filters: &[Filter<'_>],
) -> (Group, Vec<Loss>) {
    let (mut group, mut losses) = (Group::default(), Vec::new());
    let starts = |flows: &[(rdcl_core::BoundaryId, rdcl_core::BoundaryId)]| flows.iter().any(|f| f.0.0 == port.0);
    for (property, at) in properties(db, instance).iter().zip(property_places(db, instance)) {
        let arrives = matches!(property.claim, Claim::Reach { .. } | Claim::CanReach);
        if !arrives || !starts(&property.flows) {
            continue;
        }
        let promise = Promise { name: &property.name, port: name, stack, when: &property.when, at: *at, filters };
        let (rules, lost) = promise.rules();
        rules.into_iter().for_each(|rule| add(&mut group, rule));
        losses.extend(lost);
    }
    // Not in the order of the promises: one that goes must not move what another asks for, too.
    group.rules.sort_by_key(|rule| rule.value.clone());
    (group, losses)
}

/// A rule that several promises ask for is there because of none of them alone.
fn add(group: &mut Group, rule: Said<Rule>) {
    match group.rules.iter_mut().find(|known| known.value == rule.value) {
        Some(known) => known.because.retain(|at| rule.because.contains(at)),
        None => group.rules.push(rule),
    }
}

/// A promise that what enters at a port arrives.
struct Promise<'a> {
    name: &'a str,
    port: &'a str,
    stack: Stack,
    when: &'a Cond,
    at: Loc,
    filters: &'a [Filter<'a>],
}

impl Promise<'_> {
    /// The rules, and what they do not say.
    fn rules(&self) -> (Vec<Said<Rule>>, Vec<Loss>) {
        if self.rules_for(&[]).is_none() {
            return (Vec::new(), vec![self.lost_class()]);
        }
        let Some(rules) = self.rules_for(self.filters) else {
            return (Vec::new(), self.operations().map(|(o, at)| self.lost_operation(o, at)).collect());
        };
        let nameable = without_port_zero(&rules);
        let lost = (nameable != rules).then(|| self.lost_port_zero());
        (nameable.into_iter().map(|value| Said { value, because: vec![self.at] }).collect(), Vec::from_iter(lost))
    }

    fn operations(&self) -> impl Iterator<Item = (&Operation, Loc)> {
        self.filters.iter().flatten().copied()
    }

    /// The rules for what the promise speaks of and these filters let pass.
    fn rules_for(&self, filters: &[Filter<'_>]) -> Option<Vec<Rule>> {
        let passes = filters.iter().map(|filter| pass(filter.iter().map(|(operation, _)| *operation)));
        let class = Cond::All(std::iter::once(self.when.clone()).chain(passes).collect());
        let products = products(self.stack, &class)?;
        let mut rules = Vec::new();
        for product in &products {
            for rule in product_rules(self.stack, product)? {
                if !rules.contains(&rule) {
                    rules.push(rule);
                }
            }
        }
        (rules.len() <= MOST_RULES).then_some(rules)
    }

    fn lost_class(&self) -> Loss {
        Loss {
            kind: LossKind::Class,
            message: format!(
                "rules cannot say what `{}` lets in at `{}`: nothing is let in for it",
                self.name, self.port
            ),
            help: "say it by protocol, destination port and source prefix",
            port: Some(self.port.to_owned()),
            at: self.at,
            because: vec![self.at],
        }
    }

    fn lost_port_zero(&self) -> Loss {
        Loss {
            message: format!(
                "rules cannot name port 0: of what `{}` lets in at `{}` it is left out",
                self.name, self.port
            ),
            help: "begin at port 1, or take every port",
            ..self.lost_class()
        }
    }

    fn lost_operation(&self, operation: &Operation, at: Loc) -> Loss {
        Loss {
            kind: LossKind::Operation,
            message: format!(
                "rules cannot say what `{}` leaves of `{}` at `{}`: nothing is let in for it",
                operation.name, self.name, self.port
            ),
            help: "match the flow by protocol, destination port and source prefix",
            port: Some(self.port.to_owned()),
            at,
            because: because([at, self.at]),
        }
    }
}

/// What passes a filter: the first operation that a packet fits decides, and what fits none passes.
fn pass<'a>(operations: impl DoubleEndedIterator<Item = &'a Operation>) -> Cond {
    operations.rev().fold(Cond::True, |rest, operation| match operation.deny {
        true => Cond::All(vec![Cond::Not(Box::new(operation.class.clone())), rest]),
        false => Cond::Any(vec![operation.class.clone(), rest]),
    })
}

/// A cloud takes 0 for no port at all, but takes a protocol without ports, which is every port.
fn without_port_zero(rules: &[Rule]) -> Vec<Rule> {
    let mut found = Vec::new();
    for rule in rules {
        let protocol = match rule.protocol {
            Some(Protocol::Tcp(0, 0) | Protocol::Udp(0, 0)) => continue,
            Some(Protocol::Tcp(0, hi)) if hi < u16::MAX => Some(Protocol::Tcp(1, hi)),
            Some(Protocol::Udp(0, hi)) if hi < u16::MAX => Some(Protocol::Udp(1, hi)),
            other => other,
        };
        let rule = Rule { protocol, remote: rule.remote };
        if !found.contains(&rule) {
            found.push(rule);
        }
    }
    found
}

/// Protocols that no rule for IPv4 can name: 0 would let in every protocol, the others belong to IPv6 for a cloud.
const UNNAMEABLE: [u128; 7] = [0, 41, 43, 44, 58, 59, 60];

/// The rules of a product; none if rules cannot say it.
fn product_rules(stack: Stack, product: &Product) -> Option<Vec<Rule>> {
    let mut left = product.clone();
    left.retain(|key, set| !is_free(*key, set));
    let ip =
        stack.required.has(HeaderKind::Ip4) || left.remove(&Key::Has(HeaderKind::Ip4)) == Some(IntervalSet::single(1));
    let untagged =
        stack.outermost == HeaderKind::Ip4 || left.remove(&Key::Has(HeaderKind::Vlan)) == Some(IntervalSet::single(0));
    if !ip || !untagged {
        return None;
    }
    let remotes = left.remove(&Key::Field("ip", "src")).map_or_else(|| vec![everyone()], |set| prefixes(&set));
    let protocols = protocols(&mut left)?;
    // Whatever else is restricted, a rule cannot say.
    left.is_empty().then(|| rules(&protocols, &remotes))
}

fn rules(protocols: &[Option<Protocol>], remotes: &[Ipv4Net]) -> Vec<Rule> {
    let rule = |protocol: &Option<Protocol>, remote: &Ipv4Net| Rule { protocol: *protocol, remote: *remote };
    protocols.iter().flat_map(|p| remotes.iter().map(move |r| rule(p, r))).collect()
}

/// Takes what a product says of protocols and ports; none if rules cannot say it.
fn protocols(left: &mut Product) -> Option<Vec<Option<Protocol>>> {
    let Some(numbers) = left.remove(&Key::Protocol) else { return Some(vec![None]) };
    if numbers.count() > MOST_RULES as u128 {
        return None;
    }
    let mut found = Vec::new();
    for number in numbers.intervals().iter().flat_map(|(lo, hi)| *lo..=*hi) {
        match number {
            1 => found.extend(icmp(left)?),
            6 => found.extend(ports(left, "tcp").into_iter().map(|(lo, hi)| Protocol::Tcp(lo, hi))),
            17 => found.extend(ports(left, "udp").into_iter().map(|(lo, hi)| Protocol::Udp(lo, hi))),
            other if UNNAMEABLE.contains(&other) => return None,
            other => found.push(Protocol::Other(other as u8)),
        }
    }
    Some(found.into_iter().map(Some).collect())
}

fn ports(left: &mut Product, header: &'static str) -> Vec<(u16, u16)> {
    let ports = left.remove(&Key::Field(header, "dport")).unwrap_or_else(|| IntervalSet::full(16));
    ports.intervals().iter().map(|(lo, hi)| (*lo as u16, *hi as u16)).collect()
}

/// Types and codes of ICMP; none if rules cannot say them.
fn icmp(left: &mut Product) -> Option<Vec<Protocol>> {
    let (types, codes) = (left.remove(&Key::Field("icmp", "type")), left.remove(&Key::Field("icmp", "code")));
    let values = |set: &IntervalSet| -> Vec<u8> {
        set.intervals().iter().flat_map(|(lo, hi)| *lo..=*hi).map(|value| value as u8).collect()
    };
    match (types, codes) {
        (None, None) => Some(vec![Protocol::Icmp(None)]),
        (None, Some(_)) => None,
        (Some(types), None) => Some(values(&types).into_iter().map(|t| Protocol::Icmp(Some((t, None)))).collect()),
        (Some(types), Some(codes)) => {
            let codes = values(&codes);
            let pairs = values(&types).into_iter().flat_map(|t| codes.iter().map(move |c| (t, Some(*c))));
            Some(pairs.map(|pair| Protocol::Icmp(Some(pair))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    //! Rules let in exactly what is promised and not denied, or are not made.

    use super::*;
    use proptest::prelude::*;
    use rdcl_base::FileId;
    use rdcl_core::{Expr, Field};
    use rdcl_hir::{Database, SourceFile};

    /// A packet, as far as it matters here.
    #[derive(Clone, Copy, Debug)]
    struct Packet {
        protocol: u8,
        source: u32,
        target: u32,
        /// The destination port, or type and code.
        upper: u16,
    }

    fn field(header: HeaderKind, name: &str) -> Field {
        header.field(name).unwrap()
    }

    fn holds(cond: &Cond, packet: &Packet) -> bool {
        match cond {
            Cond::True => true,
            Cond::False => false,
            Cond::Has(header) => HeaderKind::Ip4.number_of(*header) == Some(packet.protocol.into()),
            Cond::All(all) => all.iter().all(|c| holds(c, packet)),
            Cond::Any(any) => any.iter().any(|c| holds(c, packet)),
            Cond::Not(inner) => !holds(inner, packet),
            Cond::In(Expr::Field(field), set) => set.contains(value(*field, packet)),
            Cond::In(..) | Cond::Cmp(..) => panic!("not made here"),
        }
    }

    fn value(field: Field, packet: &Packet) -> u128 {
        match field.decl().name {
            "src" => packet.source.into(),
            "dst" => packet.target.into(),
            "proto" => packet.protocol.into(),
            "dport" => packet.upper.into(),
            "type" => u128::from(packet.upper >> 8),
            "code" => u128::from(packet.upper & 0xff),
            other => panic!("{other} is not made here"),
        }
    }

    fn lets_in(rule: &Rule, packet: &Packet) -> bool {
        let upper = match rule.protocol {
            None => true,
            Some(Protocol::Tcp(lo, hi)) => packet.protocol == 6 && (lo..=hi).contains(&packet.upper),
            Some(Protocol::Udp(lo, hi)) => packet.protocol == 17 && (lo..=hi).contains(&packet.upper),
            Some(Protocol::Icmp(of)) => {
                let [kind, code] = packet.upper.to_be_bytes();
                packet.protocol == 1 && of.is_none_or(|(t, c)| t == kind && c.is_none_or(|c| c == code))
            }
            Some(Protocol::Other(number)) => packet.protocol == number,
        };
        upper && rule.remote.contains(&std::net::Ipv4Addr::from(packet.source))
    }

    /// Whether a cloud takes the rule for what it says.
    fn is_nameable(rule: &Rule) -> bool {
        match rule.protocol {
            Some(Protocol::Tcp(lo, hi) | Protocol::Udp(lo, hi)) => lo > 0 || hi == u16::MAX,
            Some(Protocol::Other(number)) => !UNNAMEABLE.contains(&number.into()),
            Some(Protocol::Icmp(_)) | None => true,
        }
    }

    fn sets(width: u16) -> impl Strategy<Value = IntervalSet> {
        let top = rdcl_core::mask(width);
        let points: [u128; 7] = [0, 1, 6, 17, top / 2, top - 1, top];
        let interval = (prop::sample::select(points.to_vec()), prop::sample::select(points.to_vec()));
        prop::collection::vec(interval, 1..3).prop_map(IntervalSet::from_intervals)
    }

    fn of(header: HeaderKind, name: &'static str) -> impl Strategy<Value = Cond> {
        let field = field(header, name);
        sets(field.width()).prop_map(move |set| {
            let member = Cond::In(Expr::Field(field), set);
            if header == HeaderKind::Ip4 { member } else { Cond::All(vec![Cond::Has(header), member]) }
        })
    }

    fn conditions() -> impl Strategy<Value = Cond> {
        let leaf = prop_oneof![
            4 => of(HeaderKind::Tcp, "dport"),
            2 => of(HeaderKind::Udp, "dport"),
            1 => of(HeaderKind::Icmp, "type"),
            1 => of(HeaderKind::Icmp, "code"),
            3 => of(HeaderKind::Ip4, "src"),
            1 => of(HeaderKind::Ip4, "dst"),
            1 => of(HeaderKind::Ip4, "proto"),
            1 => Just(Cond::Has(HeaderKind::Tcp)),
        ];
        leaf.prop_recursive(3, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..3).prop_map(Cond::All),
                prop::collection::vec(inner.clone(), 1..3).prop_map(Cond::Any),
                inner.prop_map(|c| Cond::Not(Box::new(c))),
            ]
        })
    }

    fn packets() -> Vec<Packet> {
        let addresses = [0, 1, 5, 17, u32::MAX / 2, u32::MAX / 2 + 1, u32::MAX - 1, u32::MAX];
        let uppers = [0, 1, 6, 7, 17, 0x0100, 0x0111, 0x7f06, 0x7fff, 0x8000, 0xfffe, 0xffff];
        let mut all = Vec::new();
        for protocol in [0, 1, 6, 17, 127, 255] {
            for source in addresses {
                for upper in uppers {
                    all.push(Packet { protocol, source, target: source.rotate_left(1), upper });
                }
            }
        }
        all
    }

    fn check(when: &Cond, operations: &[Operation]) -> Option<usize> {
        let db = Database::default();
        let file = SourceFile::new(&db, "main".into(), "main".into(), "rfb A {}".into(), FileId(0));
        let at = Loc::of(&db, rdcl_hir::items(&db, file)[0], rdcl_base::NodeId::default());
        let filters = [operations.iter().map(|operation| (operation, at)).collect()];
        let stack = Stack::new(&[HeaderKind::Ip4]).unwrap();
        let promise = Promise { name: "p", port: "a", stack, when, at, filters: &filters };
        promise.rules_for(&[])?;
        let exact = promise.rules_for(&filters)?;
        let (rules, lost) = promise.rules();
        assert!(rules.iter().all(|rule| is_nameable(&rule.value)), "{rules:?}");
        assert_eq!(lost.len(), usize::from(!exact.iter().all(is_nameable)));
        for packet in packets() {
            let decision = operations.iter().find(|o| holds(&o.class, &packet)).is_some_and(|o| o.deny);
            let wanted = holds(when, &packet) && !decision;
            let found = rules.iter().any(|rule| lets_in(&rule.value, &packet));
            let unnameable = matches!(packet.protocol, 6 | 17) && packet.upper == 0 && !lost.is_empty();
            assert!(found == wanted || unnameable && !found, "{packet:?} {when:?} {operations:?} {rules:?}");
        }
        Some(rules.len())
    }

    proptest! {
        #[test]
        fn rules_let_in_what_is_promised_and_not_denied(
            when in conditions(),
            filter in prop::collection::vec((conditions(), any::<bool>()), 0..3),
        ) {
            let operation = |(class, deny): (Cond, bool)| Operation { name: "o".into(), class, deny };
            check(&when, &filter.into_iter().map(operation).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_rules_can_say_becomes_rules() {
        let tcp = |ports| Cond::In(Expr::Field(field(HeaderKind::Tcp, "dport")), ports);
        let web = Cond::All(vec![Cond::Has(HeaderKind::Tcp), tcp(IntervalSet::from_intervals([(80, 81), (443, 443)]))]);
        let low = Cond::In(Expr::Field(field(HeaderKind::Ip4, "src")), IntervalSet::range(0, 0x7fff_ffff));
        let deny = Operation { name: "o".into(), class: low, deny: true };
        assert_eq!(check(&web, &[]), Some(2));
        assert_eq!(check(&web, std::slice::from_ref(&deny)), Some(2));
        let allow = Operation { name: "a".into(), class: web.clone(), deny: false };
        assert_eq!(check(&Cond::True, &[allow, deny]), Some(3));
        let here = Cond::In(Expr::Field(field(HeaderKind::Ip4, "dst")), IntervalSet::single(1));
        assert_eq!(check(&here, &[]), None);
        let protocol = |number| Cond::In(Expr::Field(field(HeaderKind::Ip4, "proto")), IntervalSet::single(number));
        assert_eq!([0, 41, 47, 58].map(|number| check(&protocol(number), &[])), [None, None, Some(1), None]);
    }
}
