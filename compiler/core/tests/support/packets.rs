//! Random packets of every shape a port can take in.
#![allow(dead_code)]

use proptest::prelude::*;
use rdcl_core::*;

/// Every stack a port can have.
pub fn stacks() -> Vec<Stack> {
    let open = |h: HeaderKind| Shape::of_stack(Stack::new(&[h]).unwrap());
    let shapes = HeaderKind::ALL.into_iter().flat_map(open).collect::<Vec<_>>();
    shapes.into_iter().map(|s| Stack::new(&s.headers().collect::<Vec<_>>()).unwrap()).collect()
}

/// A packet that some port of the stack takes in, as the parser would give it.
pub fn packet(stack: Stack) -> impl Strategy<Value = Packet> {
    let shapes = Shape::of_stack(stack);
    let shape = (0..shapes.len()).prop_map(move |i| shapes[i]);
    let payload = prop::collection::vec(any::<u8>(), 0..40);
    let options = (0usize..=10).prop_flat_map(|words| prop::collection::vec(any::<u8>(), words * 4));
    (shape, prop::collection::vec(any::<u128>(), 49), payload, options, l4_error())
        .prop_map(|(shape, values, payload, options, l4_error)| fill(shape, &values, payload, options, l4_error))
}

fn l4_error() -> impl Strategy<Value = L4Error> {
    prop_oneof![Just(L4Error::Off(0)), (0u16..0xffff).prop_map(L4Error::Off), Just(L4Error::Absent)]
}

fn fill(shape: Shape, values: &[u128], payload: Vec<u8>, options: Vec<u8>, error: L4Error) -> Packet {
    let mut packet = Packet::new(shape);
    packet.payload = payload;
    for (field, value) in shape.fields().zip(values).filter(|(f, _)| f.is_writable()) {
        packet.set(field, *value);
    }
    let last = shape.headers().last().unwrap();
    if let Some(next) = last.next_protocol() {
        let known = |v: u128| last.followers().iter().any(|h| h.protocol_number() == Some(v));
        let free = values.iter().map(|v| v & ((1 << next.width()) - 1)).find(|v| !known(*v));
        packet.set(next, free.unwrap_or(0));
    }
    if shape.has(HeaderKind::Tcp) {
        packet.options = options;
    }
    packet.l4_error = match (last, error) {
        (HeaderKind::Udp, _) | (HeaderKind::Tcp | HeaderKind::Icmp, L4Error::Off(_)) => error,
        _ => L4Error::default(),
    };
    packet
}
