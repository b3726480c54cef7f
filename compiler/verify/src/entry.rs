//! What the parser lets in: the symbolic packet of each shape. And what follows from shapes alone: lengths, and what
//! headers announce.

use crate::guard::Guard;
use crate::sym::{Sym, SymCond, Var, VarKind};
use rdcl_base::IntervalSet;
use rdcl_core::{Cue, Derivation, Field, HeaderKind, LONGEST_WITH_TUNNELS, Layout, Role, Shape, Stack, length_range};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The value of a field of a packet of this shape as it enters: a constant where the shape decides it.
pub fn entry_value(shape: Shape, field: Field) -> Sym {
    match field.decl().role {
        Role::Derived(Derivation::Fixed(value)) => Sym::constant(field.width(), value),
        Role::Plain | Role::HopLimit | Role::Derived(_) => match told(shape, field) {
            Some(number) => Sym::constant(field.width(), number),
            None => Sym::Var(Var::field(field)),
        },
    }
}

/// The value by which a field tells the header that follows its own, if one does.
pub fn told(shape: Shape, field: Field) -> Option<u128> {
    let header = field.header;
    let next = shape.follower(header).filter(|_| header.selector() == Some(field))?;
    let number = header.number_of(next);
    // What programs write tells nothing of a header that it could not announce.
    if field.is_writable() { number } else { Some(number.unwrap_or(0)) }
}

/// The bytes after the last header of a packet that entered in this shape, TCP options included. No program changes
/// them.
pub fn body(entry_shape: Shape) -> Sym {
    let len = entry_shape.ip().and_then(|ip| ip.field("len"));
    match len {
        Some(len) => Sym::offset(Sym::Var(Var::field(len)), headers_in(entry_shape, len.header).wrapping_neg()),
        // What follows ARP is link padding.
        None if entry_shape.last().is_some_and(|last| last.layout() == Layout::Arp) => Sym::constant(16, 0),
        None => Sym::Var(Var::local(VarKind::Body, 16)),
    }
}

/// What a length of the outer IP header is, given the bytes after the last header.
pub fn length_over(body: Sym, shape: Shape, field: Field) -> Sym {
    Sym::offset(body, headers_in(shape, field.header))
}

/// How many bytes of headers the length of an IP header counts.
fn headers_in(shape: Shape, ip: HeaderKind) -> u128 {
    let own = if ip == HeaderKind::Ip6 { ip.length() } else { 0 };
    (shape.starting(ip).length() - own) as u128
}

/// The numbers by which a header would announce one that a parser looks for, whatever comes after it.
fn known_numbers(header: HeaderKind, known: Shape) -> IntervalSet {
    let numbers = known.links(header).filter_map(|(_, cue)| match cue {
        Cue::Number(number) => Some((number, number)),
        Cue::Nibble(..) | Cue::Always => None,
    });
    IntervalSet::from_intervals(numbers)
}

/// The numbers by which a header may announce one that a parser looks for, depending on what comes after it.
fn suspect_numbers(header: HeaderKind, known: Shape) -> IntervalSet {
    let numbers = known.links(header).filter_map(|(_, cue)| match cue {
        Cue::Nibble(number, _) => Some((number, number)),
        Cue::Number(_) | Cue::Always => None,
    });
    IntervalSet::from_intervals(numbers)
}

/// Whether a parser that knows some headers would find others in a packet, or may: what the packet's selectors say is
/// not what its shape is.
pub fn misread(entry_shape: Shape, shape: Shape, known: Shape, value: &dyn Fn(Field) -> Sym) -> SymCond {
    let mut wrong = Vec::new();
    for header in shape.headers() {
        let Some(selector) = header.selector() else { continue };
        let is = |set: IntervalSet| SymCond::is_in(value(selector), set);
        match shape.follower(header) {
            Some(_) if !selector.is_writable() => {}
            Some(_) => match told(shape, selector) {
                Some(number) => wrong.push(is(IntervalSet::single(number)).negate()),
                None => wrong.push(SymCond::True),
            },
            None => {
                wrong.push(is(known_numbers(header, known)));
                let as_entered =
                    entry_shape.last() == Some(header) && value(selector) == entry_value(entry_shape, selector);
                if !as_entered {
                    wrong.push(is(suspect_numbers(header, known)));
                }
            }
        }
    }
    SymCond::any(wrong)
}

/// What is true of every parsed packet of this shape, where the parser knows these headers.
pub fn entry_guard(shape: Shape, known: Shape) -> Guard {
    let mut guard = Guard::default();
    if let (Some((lo, hi)), Some(length)) = (length_range(shape), shape.ip().and_then(|ip| ip.field("len"))) {
        guard.product.insert(Var::field(length), Arc::new(IntervalSet::range(lo, hi)));
    }
    if let Some(last) = shape.last()
        && let Some(field) = last.selector()
    {
        let free = known_numbers(last, known).complement(field.width());
        if !free.is_full(field.width()) {
            guard.product.insert(Var::field(field), Arc::new(free));
        }
    }
    guard
}

/// What is true of every packet of this shape that a network takes in at a port of this stack.
pub fn boundary_guard(shape: Shape, stack: Stack) -> Guard {
    let mut guard = entry_guard(shape, stack.known);
    if stack.known.has_inner() {
        let most = |taken: usize| LONGEST_WITH_TUNNELS.saturating_sub(taken) as u128;
        let (var, range) = match (shape.ip().and_then(|ip| ip.field("len")), length_range(shape)) {
            (Some(len), Some((lo, _))) => {
                let headers = shape.length() - headers_in(shape, len.header) as usize;
                (Var::field(len), IntervalSet::range(lo, most(headers)))
            }
            _ => (Var::local(VarKind::Body, 16), IntervalSet::range(0, most(shape.length()))),
        };
        guard.product.insert(var, Arc::new(range));
    }
    guard
}

/// The value of a field of a packet on its way, given the fields whose value is not the entry's; zero when its header is
/// not there.
pub(crate) fn field_now(entry: Shape, now: Shape, theta: &BTreeMap<Field, Sym>, field: Field) -> Sym {
    if !now.has(field.header) {
        return Sym::constant(field.width(), 0);
    }
    match field.decl().role {
        Role::Derived(Derivation::Fixed(value)) => Sym::constant(field.width(), value),
        Role::Derived(Derivation::Length) if field.is_ip_length() => length_over(body(entry), now, field),
        Role::Plain | Role::HopLimit | Role::Derived(_) => {
            theta.get(&field).cloned().unwrap_or_else(|| entry_value(entry, field))
        }
    }
}
