//! Frames: valid ones of every shape, damaged ones, and noise.

use crate::support::declared::{auth, front, probe, shim, trail};
use crate::support::rng::Rng;
use rdcl_core::*;

/// Every stack a port can have without tunnels and without more headers than all parsers know; and as many whose parsers
/// know some more.
pub fn stacks() -> Vec<Stack> {
    use HeaderKind::*;
    let open = |h: HeaderKind| Shape::of_stack(Stack::new(&[h]).unwrap());
    let shapes = Shape::BASE.headers().flat_map(open).collect::<Vec<_>>();
    let narrow: Vec<Stack> =
        shapes.into_iter().map(|s| Stack::new(&s.headers().collect::<Vec<_>>()).unwrap()).collect();
    let headers: [(&[HeaderKind], &[HeaderKind]); 16] = [
        (&[Ip6], &[]),
        (&[Ip6], &[Icmp6, Frag, Esp]),
        (&[Eth], &[Ip6, Icmp6]),
        (&[Eth], &[Svlan, Mpls, Arp]),
        (&[Eth, Svlan], &[]),
        (&[Eth, Arp], &[]),
        (&[Eth, Mpls], &[Svlan]),
        (&[Ip6, Tcp], &[]),
        (&[Ip6, Icmp6], &[]),
        (&[Ip4], &[Gre, Esp]),
        (&[Ip4, Gre], &[Ip6]),
        (&[Ip4, Udp], &[Vxlan, Gtpu]),
        (&[Ip4, Udp, Gtpu], &[]),
        (&[Ip6, Udp, Vxlan], &[Icmp6, Arp]),
        (&[Eth], &[Vxlan]),
        (&[Udp], &[Vxlan, Gtpu, Ip6]),
    ];
    let wide = headers.map(|(stack, known)| Stack::new(stack).unwrap().knowing(Shape::of(known)));
    let declared: [(&[HeaderKind], &[HeaderKind]); 8] = [
        (&[Ip4], &[probe(), trail()]),
        (&[Ip4, Udp, probe()], &[]),
        (&[Eth], &[shim(), Ip6]),
        (&[Eth, shim()], &[probe()]),
        (&[Ip4, auth()], &[]),
        (&[Ip6], &[auth(), trail()]),
        (&[front()], &[auth(), Gre]),
        (&[Eth, Vlan], &[shim(), trail(), auth(), Vxlan]),
    ];
    let declared = declared.map(|(stack, known)| Stack::new(stack).unwrap().knowing(Shape::of(known)));
    let count = narrow.len();
    let wide = wide.into_iter().chain(declared);
    narrow.into_iter().chain(wide.cycle().take(2 * count)).collect()
}

/// A packet that some port of the stack takes in.
pub fn packet(rng: &mut Rng, stack: Stack) -> Packet {
    let shape = rng.pick(&Shape::of_stack(stack));
    let mut packet = Packet::new(shape);
    let told = |field: &Field| shape.follower(field.header).is_some() && field.header.selector() == Some(*field);
    for field in shape.fields().filter(|f| f.is_writable() && !told(f)) {
        packet.set(field, rng.value(field.width()));
    }
    let Some(last) = shape.last() else { return packet };
    if let Some(next) = last.selector() {
        let known = |v: u128| stack.links(last).any(|(h, _)| last.number_of(h) == Some(v));
        let free = rng.value(next.width());
        packet.set(next, if known(free) { 0 } else { free });
    }
    if shape.headers().any(|h| h.layout() == Layout::Tcp) && rng.chance(30) {
        let words = 1 + rng.below(10);
        packet.options = rng.bytes(4 * words);
    }
    let length = rng.pick(&[0, 0, 1, 2, 3, 7, 8, 15, 16, 17, 33, 60, 297, 298]);
    packet.payload = if rng.chance(30) { vec![rng.pick(&[0, 0, 0xff]); length] } else { rng.bytes(length) };
    if last.layout() == Layout::Arp {
        packet.payload.clear();
    }
    for header in shape.headers().filter(|h| h.is_transport()) {
        let error = match header.layout() {
            Layout::Udp if rng.chance(20) => L4Error::Absent,
            _ if rng.chance(25) => L4Error::Off(rng.below(0xffff) as u16),
            _ => L4Error::default(),
        };
        if header.is_inner() { packet.inner_error = error } else { packet.l4_error = error }
    }
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

/// Breaks an IPv4 header, or else some bit of the headers.
fn spoil_ip(rng: &mut Rng, bytes: &mut [u8], stack: Stack) {
    let Ok(packet) = parse(bytes, stack) else { return };
    if !packet.has(HeaderKind::Ip4) || rng.chance(30) {
        let headers = packet.shape().length().min(bytes.len());
        if headers > 0 {
            bytes[rng.below(headers)] ^= 1 << rng.below(8);
        }
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
