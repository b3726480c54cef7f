//! Random packets as the parser gives them.

use crate::rng::Rng;
use rdcl_core::*;

/// A packet that some port of the stack takes in.
pub fn packet(rng: &mut Rng, stack: Stack) -> Packet {
    let shape = rng.pick(&Shape::of_stack(stack));
    of_shape(rng, shape)
}

/// A packet of a shape.
pub fn of_shape(rng: &mut Rng, shape: Shape) -> Packet {
    let mut packet = Packet::new(shape);
    for field in shape.fields().filter(|f| f.is_writable()) {
        packet.set(field, rng.value(field.width()));
    }
    if let Some(last) = shape.headers().last() {
        carry(rng, &mut packet, last);
    }
    if shape.has(HeaderKind::Tcp) && rng.chance(30) {
        packet.options = vec![1; 4 * (1 + rng.below(10))];
    }
    packet.payload = vec![0xa5; rng.below(9)];
    if let Some(length) = HeaderKind::Ip4.field("len").filter(|f| shape.has(f.header) && rng.chance(25)) {
        let wanted = rng.value(16).max(packet.get(length));
        packet.set(length, wanted);
    }
    packet
}

/// What the last header announces, and the checksum it has.
fn carry(rng: &mut Rng, packet: &mut Packet, last: HeaderKind) {
    if let Some(next) = last.next_protocol() {
        let known = |v: u128| last.followers().iter().any(|h| h.protocol_number() == Some(v));
        let tag = rng.chance(10).then_some(0x8100).filter(|v| !known(*v));
        let free = tag.unwrap_or_else(|| rng.value(next.width()));
        packet.set(next, if known(free) { 0 } else { free });
    }
    packet.l4_error = match last {
        HeaderKind::Udp if rng.chance(20) => L4Error::Absent,
        HeaderKind::Tcp | HeaderKind::Udp | HeaderKind::Icmp if rng.chance(20) => L4Error::Off(1 + rng.below(9) as u16),
        _ => L4Error::default(),
    };
}
