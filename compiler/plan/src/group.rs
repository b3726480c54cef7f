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
        match promise.rules() {
            Ok(rules) => rules.into_iter().for_each(|rule| add(&mut group, rule)),
            Err(lost) => losses.extend(lost),
        }
    }
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
    fn rules(&self) -> Result<Vec<Said<Rule>>, Vec<Loss>> {
        let plain = self.behind(|_| false).ok_or_else(|| vec![self.lost_class()])?;
        let Some(filtered) = self.behind(|_| true) else {
            return Err(self.operations().map(|(operation, at)| self.lost_operation(operation, at)).collect());
        };
        let without: Vec<(Loc, Option<Vec<Rule>>)> =
            self.operations().map(|(_, at)| (at, self.behind(|other| other != at))).collect();
        let reasons = |rule: &Rule| {
            let needs = without.iter().filter(|(_, rules)| !rules.as_ref().is_some_and(|r| r.contains(rule)));
            let needs = needs.map(|(at, _)| *at).filter(|_| !plain.contains(rule));
            because([self.at].into_iter().chain(needs))
        };
        Ok(filtered.into_iter().map(|rule| Said { because: reasons(&rule), value: rule }).collect())
    }

    fn operations(&self) -> impl Iterator<Item = (&Operation, Loc)> {
        self.filters.iter().flatten().copied()
    }

    /// The rules for what the promise speaks of and these operations let pass.
    fn behind(&self, counts: impl Fn(Loc) -> bool) -> Option<Vec<Rule>> {
        let passes = self.filters.iter().map(|filter| pass(filter.iter().filter(|(_, at)| counts(*at)).map(|f| f.0)));
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
