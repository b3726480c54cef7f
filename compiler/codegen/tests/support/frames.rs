//! Frames: valid ones of every shape, damaged ones, and noise.

use crate::support::rng::Rng;
use rdcl_core::*;

/// Every stack a port can have.
pub fn stacks() -> Vec<Stack> {
    let open = |h: HeaderKind| Shape::of_stack(Stack::new(&[h]).unwrap());
    let shapes = HeaderKind::ALL.into_iter().flat_map(open).collect::<Vec<_>>();
    shapes.into_iter().map(|s| Stack::new(&s.headers().collect::<Vec<_>>()).unwrap()).collect()
}

/// A packet that some port of the stack takes in.
pub fn packet(rng: &mut Rng, stack: Stack) -> Packet {
    let shape = rng.pick(&Shape::of_stack(stack));
    let mut packet = Packet::new(shape);
    for field in shape.fields().filter(|f| f.is_writable()) {
        packet.set(field, rng.value(field.width()));
    }
    let Some(last) = shape.headers().last() else { return packet };
    if let Some(next) = last.next_protocol() {
        let known = |v: u128| last.followers().iter().any(|h| h.protocol_number() == Some(v));
        let free = rng.value(next.width());
        packet.set(next, if known(free) { 0 } else { free });
    }
    if shape.has(HeaderKind::Tcp) && rng.chance(30) {
        let words = 1 + rng.below(10);
        packet.options = rng.bytes(4 * words);
    }
    let length = rng.pick(&[0, 0, 1, 2, 3, 7, 8, 15, 16, 17, 33, 60, 297, 298]);
    packet.payload = if rng.chance(30) { vec![rng.pick(&[0, 0, 0xff]); length] } else { rng.bytes(length) };
    packet.l4_error = match last {
        HeaderKind::Udp if rng.chance(20) => L4Error::Absent,
        HeaderKind::Tcp | HeaderKind::Udp | HeaderKind::Icmp if rng.chance(25) => {
            L4Error::Off(rng.below(0xffff) as u16)
        }
        _ => L4Error::default(),
    };
    packet
}

/// A frame for a port of this stack.
pub fn frame(rng: &mut Rng, stack: Stack) -> Vec<u8> {
    let mut bytes = deparse(&packet(rng, stack));
    match rng.weighted(&[62, 8, 8, 6, 6, 4, 6]) {
        0 => {}
        1 => {
            let padding = rng.below(20);
            bytes.extend(rng.bytes(padding));
        }
        2 => bytes.truncate(rng.below(bytes.len() + 1)),
        3 => {
            let at = rng.below(bytes.len().max(1));
            bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << (at % 8));
        }
        4 => alias_checksums(&mut bytes, stack),
        5 => spoil_ip(rng, &mut bytes, stack),
        _ => {
            let length = rng.below(90);
            bytes = rng.bytes(length);
        }
    }
    bytes
}

/// Writes FFFF over a checksum that is 0: the other zero.
fn alias_checksums(bytes: &mut [u8], stack: Stack) {
    let Ok(packet) = parse(bytes, stack) else { return };
    let mut at = 0;
    for header in packet.shape().headers() {
        if let Some(field) = header.field("csum") {
            let start = at + usize::from(field.offset() / 8);
            if bytes[start..start + 2] == [0, 0] {
                bytes[start..start + 2].fill(0xff);
            }
        }
        at += header.length();
    }
}

/// Breaks an IPv4 header.
fn spoil_ip(rng: &mut Rng, bytes: &mut [u8], stack: Stack) {
    let Ok(packet) = parse(bytes, stack) else { return };
    if !packet.has(HeaderKind::Ip4) {
        return;
    }
    let at: usize = packet.shape().headers().take_while(|h| *h != HeaderKind::Ip4).map(HeaderKind::length).sum();
    match rng.below(6) {
        0 => bytes[at] = 0x65,
        1 => bytes[at] = 0x46,
        2 => bytes[at + 6] |= rng.pick(&[0x80, 0x20, 0x01]),
        3 => bytes[at + 2..at + 4].copy_from_slice(&[0, 19]),
        4 => bytes[at + 2..at + 4].fill(0xff),
        _ => bytes[at + 11] ^= 0x10,
    }
}
