//! What the parser lets in: the symbolic packet of each shape.

use crate::guard::Guard;
use crate::sym::{Sym, Var};
use rdcl_base::IntervalSet;
use rdcl_core::{Derivation, Field, HeaderKind, Role, Shape, length_range};
use std::sync::Arc;

/// The value of a field of a packet of this shape as it enters: a constant where the shape decides it.
pub fn entry_value(shape: Shape, field: Field) -> Sym {
    match field.decl().role {
        Role::Derived(Derivation::Fixed(value)) => Sym::constant(field.width(), value),
        Role::Derived(Derivation::NextProtocol) => match follower_number(shape, field.header) {
            Some(number) => Sym::constant(field.width(), number),
            None => Sym::Var(Var::field(field)),
        },
        Role::Plain | Role::HopLimit | Role::Derived(Derivation::Length | Derivation::Checksum) => {
            Sym::Var(Var::field(field))
        }
    }
}

/// The number by which the header after `header` is announced, if it is one we know.
pub fn follower_number(shape: Shape, header: HeaderKind) -> Option<u128> {
    shape.headers().find(|h| *h > header).and_then(HeaderKind::protocol_number)
}

/// The numbers by which a header would announce one the parser looks for.
pub fn known_numbers(header: HeaderKind) -> IntervalSet {
    let numbers = header.followers().iter().filter_map(|h| h.protocol_number());
    IntervalSet::from_intervals(numbers.map(|n| (n, n)))
}

/// What is true of every parsed packet of this shape.
pub fn entry_guard(shape: Shape) -> Guard {
    let mut guard = Guard::default();
    let mut restrict = |field: Field, set: IntervalSet| {
        guard.product.insert(Var::field(field), Arc::new(set));
    };
    if let (Some((lo, hi)), Some(length)) = (length_range(shape), HeaderKind::Ip4.field("len")) {
        restrict(length, IntervalSet::range(lo, hi));
    }
    if let Some(last) = shape.headers().last()
        && let Some(field) = last.next_protocol()
    {
        restrict(field, known_numbers(last).complement(field.width()));
    }
    guard
}
