//! Random packets as the parser gives them.

use crate::rng::Rng;
use rdcl_core::*;

/// A packet that some port of the stack takes in.
pub fn packet(rng: &mut Rng, stack: Stack) -> Packet {
    let shape = rng.pick(&Shape::of_stack(stack));
    of_shape(rng, shape, stack.known)
}

/// A packet of a shape, where parsers know these headers.
pub fn of_shape(rng: &mut Rng, shape: Shape, known: Shape) -> Packet {
    let mut packet = Packet::new(shape);
    let told = |field: &Field| shape.follower(field.header).is_some() && field.header.selector() == Some(*field);
    for field in shape.fields().filter(|f| f.is_writable() && !told(f)) {
        packet.set(field, rng.value(field.width()));
    }
    if let Some(last) = shape.last() {
        carry(rng, &mut packet, last, known);
    }
    for header in shape.headers().filter(|h| h.is_transport()) {
        let error = match header.layout() {
            Layout::Udp if rng.chance(20) => L4Error::Absent,
            _ if rng.chance(20) => L4Error::Off(1 + rng.below(9) as u16),
            _ => L4Error::default(),
        };
        if header.is_inner() { packet.inner_error = error } else { packet.l4_error = error }
    }
    if shape.headers().any(|h| h.layout() == Layout::Tcp) && rng.chance(30) {
        packet.options = vec![1; 4 * (1 + rng.below(10))];
    }
    packet.payload = vec![0xa5; rng.below(9)];
    let length = shape.ip().and_then(|ip| ip.field("len"));
    if let Some(length) = length.filter(|_| rng.chance(25)) {
        // Into a service that knows tunnels no longer frames come.
        let most = if known.has_inner() { 9000 } else { 0xffff };
        let wanted = rng.value(16).min(most).max(packet.get(length));
        packet.set(length, wanted);
    }
    if shape.last().is_some_and(|last| last.layout() == Layout::Arp) {
        packet.payload.clear();
    }
    packet
}

/// What the last header announces.
fn carry(rng: &mut Rng, packet: &mut Packet, last: HeaderKind, known: Shape) {
    if let Some(next) = last.selector() {
        let known = |v: u128| known.links(last).any(|(h, _)| last.number_of(h) == Some(v));
        let tag = rng.chance(10).then_some(0x8100).filter(|v| !known(*v));
        let free = tag.unwrap_or_else(|| rng.value(next.width()));
        packet.set(next, if known(free) { 0 } else { free });
    }
}
