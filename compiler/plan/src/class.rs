//! Classes of packets as unions of products: for each field that matters, the values it may have.
//!
//! A condition is total: a field is read only where its header is there. So whoever reads a field, or negates what was
//! read, has the header, and absence shows in the protocol number alone.

use rdcl_base::IntervalSet;
use rdcl_core::{CmpOp, Cond, Derivation, Expr, Field, HeaderKind, Role, Stack};
use std::collections::BTreeMap;

/// The most products of a class; a class with more is not read.
const MOST_PRODUCTS: usize = 512;

/// What a product speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The protocol above IPv4.
    Protocol,
    /// Whether a header is there: 0 or 1.
    Has(HeaderKind),
    /// A field.
    Field(&'static str, &'static str),
}

/// A product: all of these hold. What is not there may be anything.
pub type Product = BTreeMap<Key, IntervalSet>;

/// The class of a condition on packets at a port of this stack; none if it is no union of products, or of too many.
pub fn products(stack: Stack, cond: &Cond) -> Option<Vec<Product>> {
    Reader { stack }.read(cond, true).map(largest)
}

/// The products that are part of no other; of equal ones the first.
fn largest(products: Vec<Product>) -> Vec<Product> {
    let mut found: Vec<Product> = Vec::new();
    for product in products {
        if !found.iter().any(|known| is_part(&product, known)) {
            found.retain(|known| !is_part(known, &product));
            found.push(product);
        }
    }
    found
}

/// Whether all packets of one product are in another.
fn is_part(small: &Product, large: &Product) -> bool {
    large.iter().all(|(key, set)| small.get(key).is_some_and(|own| own.is_subset(set)))
}

/// The set of values of a field that is not restricted.
pub fn is_free(key: Key, set: &IntervalSet) -> bool {
    set.is_full(width(key))
}

fn width(key: Key) -> u16 {
    match key {
        Key::Protocol => 8,
        Key::Has(_) => 1,
        Key::Field(header, name) => HeaderKind::from_name(header).and_then(|h| h.field(name)).map_or(128, Field::width),
    }
}

struct Reader {
    stack: Stack,
}

impl Reader {
    /// The packets for which the condition is as wanted.
    fn read(&self, cond: &Cond, wanted: bool) -> Option<Vec<Product>> {
        match cond {
            Cond::True => Some(constant(wanted)),
            Cond::False => Some(constant(!wanted)),
            Cond::Not(inner) => self.read(inner, !wanted),
            Cond::All(all) if wanted => self.all(all, wanted),
            Cond::All(all) => self.any(all, wanted),
            Cond::Any(any) if wanted => self.any(any, wanted),
            Cond::Any(any) => self.all(any, wanted),
            Cond::Has(header) => Some(self.has(*header, wanted)),
            Cond::In(expr, set) => self.member(expr, set, wanted),
            Cond::Cmp(op, a, b) => self.compared(*op, a, b, wanted),
        }
    }

    fn all(&self, conditions: &[Cond], wanted: bool) -> Option<Vec<Product>> {
        conditions.iter().try_fold(constant(true), |sofar, cond| both(&sofar, &self.read(cond, wanted)?))
    }

    fn any(&self, conditions: &[Cond], wanted: bool) -> Option<Vec<Product>> {
        let mut found = Vec::new();
        for cond in conditions {
            for product in self.read(cond, wanted)? {
                if !found.contains(&product) {
                    found.push(product);
                }
            }
        }
        (found.len() <= MOST_PRODUCTS).then_some(found)
    }

    fn has(&self, header: HeaderKind, wanted: bool) -> Vec<Product> {
        if self.stack.required.has(header) {
            return constant(wanted);
        }
        let above = HeaderKind::Ip4.number_of(header).filter(|_| !header.is_inner());
        let (key, set) = match above {
            Some(number) => (Key::Protocol, IntervalSet::single(number)),
            // Outside of what the stack begins with.
            None if header < self.stack.outermost => return constant(!wanted),
            None => (Key::Has(header), IntervalSet::single(1)),
        };
        restricted(key, if wanted { set } else { set.complement(width(key)) })
    }

    fn member(&self, expr: &Expr, set: &IntervalSet, wanted: bool) -> Option<Vec<Product>> {
        match expr {
            Expr::Field(field) => {
                let set = set.intersect(&IntervalSet::full(field.width()));
                Some(self.field(*field, if wanted { set } else { set.complement(field.width()) }))
            }
            Expr::Const(value) => Some(constant(set.contains(value.value) == wanted)),
            Expr::Ite(cond, then, otherwise) => {
                let mut found = both(&self.read(cond, true)?, &self.member(then, set, wanted)?)?;
                found.extend(both(&self.read(cond, false)?, &self.member(otherwise, set, wanted)?)?);
                Some(found)
            }
            // Computed values: which packets have them is not worked out.
            Expr::Slot(_)
            | Expr::Cell(..)
            | Expr::Row(..)
            | Expr::Now
            | Expr::Column(..)
            | Expr::Not(_)
            | Expr::Bin(..)
            | Expr::Shl(..)
            | Expr::Lshr(..)
            | Expr::Extract { .. }
            | Expr::Concat(..)
            | Expr::Zext(..)
            | Expr::Hash(..) => None,
        }
    }

    fn field(&self, field: Field, set: IntervalSet) -> Vec<Product> {
        if field.decl().role == Role::Derived(Derivation::NextProtocol) && field.header == HeaderKind::Ip4 {
            return restricted(Key::Protocol, set);
        }
        let there = self.has(field.header, true);
        let values = restricted(Key::Field(field.header.name(), field.decl().name), set);
        both(&there, &values).unwrap_or_default()
    }

    fn compared(&self, op: CmpOp, a: &Expr, b: &Expr, wanted: bool) -> Option<Vec<Product>> {
        match (a, b) {
            (expr, Expr::Const(value)) => {
                let (max, value) = (rdcl_core::mask(value.width), value.value);
                let set = match op {
                    CmpOp::Eq => IntervalSet::single(value),
                    CmpOp::Ult => value.checked_sub(1).map_or(IntervalSet::empty(), |hi| IntervalSet::range(0, hi)),
                    CmpOp::Ule => IntervalSet::range(0, value),
                };
                self.member(expr, &set.intersect(&IntervalSet::range(0, max)), wanted)
            }
            (Expr::Const(value), expr) => {
                let (max, value) = (rdcl_core::mask(value.width), value.value);
                let set = match op {
                    CmpOp::Eq => IntervalSet::single(value),
                    CmpOp::Ult => value.checked_add(1).map_or(IntervalSet::empty(), |lo| IntervalSet::range(lo, max)),
                    CmpOp::Ule => IntervalSet::range(value, max),
                };
                self.member(expr, &set, wanted)
            }
            _ => None,
        }
    }
}

/// All packets, or none.
fn constant(holds: bool) -> Vec<Product> {
    if holds { vec![Product::new()] } else { Vec::new() }
}

fn restricted(key: Key, set: IntervalSet) -> Vec<Product> {
    match (set.is_empty(), is_free(key, &set)) {
        (true, _) => Vec::new(),
        (false, true) => vec![Product::new()],
        (false, false) => vec![Product::from([(key, set)])],
    }
}

/// Packets of both classes; none if they are too many products.
fn both(a: &[Product], b: &[Product]) -> Option<Vec<Product>> {
    let mut found = Vec::new();
    for (a, b) in a.iter().flat_map(|a| b.iter().map(move |b| (a, b))) {
        found.extend(meet(a, b).filter(|product| !found.contains(product)));
        if found.len() > MOST_PRODUCTS {
            return None;
        }
    }
    Some(found)
}

fn meet(a: &Product, b: &Product) -> Option<Product> {
    let mut met = a.clone();
    for (key, set) in b {
        let set = met.get(key).map_or_else(|| set.clone(), |own| own.intersect(set));
        if set.is_empty() {
            return None;
        }
        met.insert(*key, set);
    }
    Some(met)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip() -> Stack {
        Stack::new(&[HeaderKind::Ip4]).unwrap()
    }

    fn dport(ports: IntervalSet) -> Cond {
        let port = HeaderKind::Tcp.field("dport").unwrap();
        Cond::All(vec![Cond::Has(HeaderKind::Tcp), Cond::In(Expr::Field(port), ports)])
    }

    #[test]
    fn a_port_implies_its_protocol_and_its_denial_splits() {
        let web = products(ip(), &dport(IntervalSet::single(80))).unwrap();
        let port = Key::Field("tcp", "dport");
        let tcp = (Key::Protocol, IntervalSet::single(6));
        assert_eq!(web, [Product::from([tcp.clone(), (port, IntervalSet::single(80))])]);
        let other = products(ip(), &Cond::Not(Box::new(dport(IntervalSet::single(80))))).unwrap();
        let not_tcp = Product::from([(Key::Protocol, IntervalSet::single(6).complement(8))]);
        assert_eq!(other, [not_tcp, Product::from([tcp, (port, IntervalSet::single(80).complement(16))])]);
    }

    #[test]
    fn what_is_part_of_another_product_is_left_out() {
        let web = dport(IntervalSet::range(80, 81));
        let class = Cond::Any(vec![dport(IntervalSet::single(80)), web.clone(), dport(IntervalSet::single(81))]);
        assert_eq!(products(ip(), &class), products(ip(), &web));
    }

    #[test]
    fn contradictions_vanish_and_tautologies_are_free() {
        let both = Cond::All(vec![dport(IntervalSet::single(80)), dport(IntervalSet::single(81))]);
        assert_eq!(products(ip(), &both), Some(Vec::new()));
        let either = Cond::In(Expr::Field(HeaderKind::Ip4.field("src").unwrap()), IntervalSet::full(32));
        assert_eq!(products(ip(), &either), Some(vec![Product::new()]));
    }
}
