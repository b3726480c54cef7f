//! Random traffic: well-formed packets around interesting values, damaged ones, and answers to what came out.

use super::Random;
use rdcl_core::{Field, HeaderKind, L4Error, Packet, Shape, Stack, deparse, parse};

/// A source of frames for one network.
pub struct Traffic {
    pub random: Random,
    /// Frames that left lately, with the port by which they did.
    seen: Vec<(usize, Vec<u8>)>,
}

const ADDRESSES: [u32; 8] =
    [0x0a01_0005, 0x0a01_0006, 0x0a01_0907, 0x0a01_ffff, 0xcb00_7107, 0x0808_0808, 0xc000_0209, 0xffff_ffff];
const PORTS: [u16; 8] = [22, 53, 80, 1023, 1024, 40000, 65535, 0];

impl Traffic {
    pub fn new(seed: u64) -> Traffic {
        Traffic { random: Random(seed), seen: Vec::new() }
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.random.below(from.len() as u64) as usize]
    }

    /// Remembers what left, to answer it.
    pub fn note(&mut self, port: usize, frame: &[u8]) {
        if self.seen.len() < 64 {
            self.seen.push((port, frame.to_vec()));
        } else {
            let at = self.random.below(64) as usize;
            self.seen[at] = (port, frame.to_vec());
        }
    }

    /// A burst of frames that enter by one port.
    pub fn burst(&mut self, stacks: &[Stack], most: u64) -> (usize, Vec<Vec<u8>>) {
        let port = self.random.below(stacks.len() as u64) as usize;
        let count = 1 + self.random.below(most);
        (port, (0..count).map(|_| self.frame(port, stacks[port])).collect())
    }

    fn frame(&mut self, port: usize, stack: Stack) -> Vec<u8> {
        let answers: Vec<usize> = (0..self.seen.len()).filter(|i| self.seen[*i].0 == port).collect();
        let mut frame = if !answers.is_empty() && self.chance(35) {
            let at = self.pick(&answers);
            answer(&self.seen[at].1, stack).unwrap_or_default()
        } else {
            deparse(&self.packet(stack))
        };
        if self.chance(8) {
            self.damage(&mut frame);
        }
        if self.chance(5) {
            frame.extend(std::iter::repeat_n(0x55, 9));
        }
        frame
    }

    fn packet(&mut self, stack: Stack) -> Packet {
        let shapes = Shape::of_stack(stack);
        let at = self.random.below(shapes.len() as u64) as usize;
        let mut packet = Packet::new(shapes[at]);
        for field in shapes[at].fields() {
            if field.is_writable() || self.chance(50) {
                let value = self.value(field);
                packet.set(field, value);
            }
        }
        if self.chance(90) {
            HeaderKind::Ip4.field("ttl").into_iter().for_each(|ttl| packet.set(ttl, 64));
        }
        let most = if self.chance(10) { 1400 } else { 40 };
        let length = self.random.below(most) as usize;
        packet.payload = (0..length).map(|_| self.random.next() as u8).collect();
        self.transport(&mut packet);
        packet
    }

    fn transport(&mut self, packet: &mut Packet) {
        if packet.has(HeaderKind::Tcp) && self.chance(20) {
            let words = self.random.below(11) as usize;
            packet.options = (0..4 * words).map(|_| self.random.next() as u8).collect();
        }
        let carries = [HeaderKind::Tcp, HeaderKind::Udp, HeaderKind::Icmp].into_iter().any(|h| packet.has(h));
        if carries && self.chance(15) {
            packet.l4_error = L4Error::Off(self.random.below(0xffff) as u16);
        } else if packet.has(HeaderKind::Udp) && self.chance(10) {
            packet.l4_error = L4Error::Absent;
        }
    }

    fn value(&mut self, field: Field) -> u128 {
        match field.decl().name {
            "src" | "dst" if field.header == HeaderKind::Ip4 && self.chance(80) => self.pick(&ADDRESSES).into(),
            "sport" | "dport" if self.chance(70) => self.pick(&PORTS).into(),
            "type" if field.header == HeaderKind::Eth => 0x88cc,
            "type" if field.header == HeaderKind::Vlan => 0x88cc,
            "proto" => self.pick(&[0u8, 47, 50, 255]).into(),
            "len" => 0,
            _ if self.chance(20) => 0,
            _ => u128::from(self.random.next()),
        }
    }

    fn damage(&mut self, frame: &mut Vec<u8>) {
        match self.random.below(3) {
            0 => frame.truncate(self.random.below(frame.len() as u64 + 1) as usize),
            1 if !frame.is_empty() => {
                let at = self.random.below(frame.len() as u64) as usize;
                frame[at] ^= 1 << self.random.below(8);
            }
            _ => frame.extend((0..self.random.below(8)).map(|_| self.random.next() as u8).collect::<Vec<_>>()),
        }
    }
}

/// What a host would answer: source and destination exchanged.
fn answer(frame: &[u8], stack: Stack) -> Option<Vec<u8>> {
    let mut packet = parse(frame, stack).ok()?;
    for (header, a, b) in [
        (HeaderKind::Eth, "src", "dst"),
        (HeaderKind::Ip4, "src", "dst"),
        (HeaderKind::Tcp, "sport", "dport"),
        (HeaderKind::Udp, "sport", "dport"),
    ] {
        let (Some(a), Some(b)) = (header.field(a), header.field(b)) else { continue };
        let (x, y) = (packet.get(a), packet.get(b));
        packet.set(a, y);
        packet.set(b, x);
    }
    Some(deparse(&packet))
}
