//! Random packets of every shape a port can take in.
#![allow(dead_code)]

use crate::declared::{declared, every};
use proptest::prelude::*;
use rdcl_core::*;

/// Every stack a port can have whose parser knows no more than it must, and every one whose parser knows all.
pub fn stacks() -> Vec<Stack> {
    let open = |h: HeaderKind| Shape::of_stack(Stack::new(&[h]).unwrap());
    let shapes = every().into_iter().flat_map(open).collect::<Vec<_>>();
    let narrow = shapes.into_iter().map(|s| Stack::new(&s.headers().collect::<Vec<_>>()).unwrap());
    let all = Shape::of(&every());
    let wide = every()
        .into_iter()
        .map(move |h| Stack::new(&[h]).unwrap().knowing(if declared().contains(&h) { all } else { Shape::ALL }));
    narrow.chain(wide).collect()
}

/// A packet that some port of the stack takes in, as the parser would give it.
pub fn packet(stack: Stack) -> impl Strategy<Value = Packet> {
    let shapes = Shape::of_stack(stack);
    let shape = (0..shapes.len()).prop_map(move |i| shapes[i]);
    let payload = prop::collection::vec(any::<u8>(), 0..40);
    let options = (0usize..=10).prop_flat_map(|words| prop::collection::vec(any::<u8>(), words * 4));
    let errors = (l4_error(), l4_error());
    (shape, prop::collection::vec(any::<u128>(), 49), payload, options, errors).prop_map(
        move |(shape, values, payload, options, errors)| fill(stack, shape, &values, (payload, options), errors),
    )
}

fn l4_error() -> impl Strategy<Value = L4Error> {
    prop_oneof![Just(L4Error::Off(0)), (0u16..0xffff).prop_map(L4Error::Off), Just(L4Error::Absent)]
}

fn fill(
    stack: Stack,
    shape: Shape,
    values: &[u128],
    (payload, options): (Vec<u8>, Vec<u8>),
    (outer, inner): (L4Error, L4Error),
) -> Packet {
    let mut packet = Packet::new(shape);
    let last = shape.last().unwrap();
    // What follows ARP is link padding.
    packet.payload = if last.layout() == Layout::Arp { Vec::new() } else { payload };
    let told = |field: &Field| shape.follower(field.header).is_some() && field.header.selector() == Some(*field);
    for (field, value) in shape.fields().zip(values.iter().cycle()).filter(|(f, _)| f.is_writable() && !told(f)) {
        packet.set(field, *value);
    }
    if let Some(next) = last.selector() {
        let known = |v: u128| stack.links(last).any(|(h, _)| last.number_of(h) == Some(v));
        let free = values.iter().map(|v| v & ((1 << next.width()) - 1)).find(|v| !known(*v));
        packet.set(next, free.unwrap_or(1));
    }
    if shape.has(HeaderKind::Tcp) || shape.has(HeaderKind::InnerTcp) {
        packet.options = options;
    }
    let fits = |header: HeaderKind, error| match (header.layout(), error) {
        (Layout::Udp, _) | (Layout::Tcp | Layout::Icmp | Layout::Icmp6, L4Error::Off(_)) => error,
        _ => L4Error::default(),
    };
    let of = |is_inner, error| {
        let header = shape.headers().find(|h| h.is_transport() && h.is_inner() == is_inner);
        header.map_or(L4Error::default(), |header| fits(header, error))
    };
    (packet.l4_error, packet.inner_error) = (of(false, outer), of(true, inner));
    packet
}
