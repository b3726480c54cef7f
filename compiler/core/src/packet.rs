//! A parsed packet: its headers' fields, and what the headers carry.
//!
//! Fields that follow from the rest are not stored: lengths and checksums are made anew by [`deparse`](crate::deparse),
//! and a next-protocol field of a header whose follower is known reads as that follower's number. What is stored for
//! such fields is the *free* value, for payloads no header of ours describes. Ethernet and VLAN share one free value,
//! since only the inner of the two can be last: pushing a tag onto `eth` with type 0x88cc moves 0x88cc into `vlan.type`,
//! and popping it moves the value back. A header that loses the follower it knew announces 0.

use crate::header::{Derivation, Field, HeaderKind, Role, Shape};

/// Nanoseconds since some start; it only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(pub u64);

/// How a packet's TCP, UDP or ICMP checksum relates to the correct one, which no rewrite changes.
///
/// A router neither verifies nor repairs that checksum; it carries the error along (RFC 1624).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum L4Error {
    /// Received minus correct in one's complement, 0..=0xFFFE; 0 for a correct checksum, and without such a header.
    Off(u16),
    /// UDP without a checksum: zero on the wire, and it stays zero (RFC 768).
    Absent,
}

impl Default for L4Error {
    fn default() -> Self {
        L4Error::Off(0)
    }
}

/// The number of fields of all headers together.
const FIELDS: usize = 49;

/// The position of a header's first field among all fields.
fn first_field(header: HeaderKind) -> usize {
    match header {
        HeaderKind::Eth => 0,
        HeaderKind::Vlan => 3,
        HeaderKind::Ip4 => 7,
        HeaderKind::Tcp => 22,
        HeaderKind::Udp => 40,
        HeaderKind::Icmp => 44,
    }
}

/// A parsed packet.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Packet {
    shape: Shape,
    /// Values of plain and hop-limit fields; zero for absent headers and for what follows from the rest.
    fields: Box<[u64; FIELDS]>,
    /// The EtherType of a payload that is none of our headers; zero when there is a known one.
    ether_type: u16,
    /// The IP protocol of a payload that is none of our headers; zero when there is a known one.
    ip_protocol: u8,
    /// What is wrong with the TCP, UDP or ICMP checksum.
    pub l4_error: L4Error,
    /// TCP options, a multiple of four bytes, at most 40; empty without TCP.
    pub options: Vec<u8>,
    /// What follows the last header.
    pub payload: Vec<u8>,
}

impl Packet {
    /// The packet of this shape whose fields are all zero, without payload.
    pub fn new(shape: Shape) -> Packet {
        Packet {
            shape,
            fields: Box::new([0; FIELDS]),
            ether_type: 0,
            ip_protocol: 0,
            l4_error: L4Error::default(),
            options: Vec::new(),
            payload: Vec::new(),
        }
    }

    /// Its headers.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether it has this header.
    pub fn has(&self, header: HeaderKind) -> bool {
        self.shape.has(header)
    }

    /// The value of a field; 0 for a header that is not there, and for checksums.
    pub fn get(&self, field: Field) -> u128 {
        if !self.has(field.header) {
            return 0;
        }
        match field.decl().role {
            Role::Plain | Role::HopLimit => u128::from(self.fields[slot(field)]),
            Role::Derived(Derivation::Fixed(value)) => value,
            Role::Derived(Derivation::Length) => self.length(field.header),
            Role::Derived(Derivation::Checksum) => 0,
            Role::Derived(Derivation::NextProtocol) => self.next_protocol(field.header),
        }
    }

    /// Writes a field, modulo its width.
    ///
    /// A next-protocol field takes the value only while no known header follows; `ip.len` resizes the payload, adding
    /// zero bytes. Writes to checksums, other lengths, fixed fields and absent headers do nothing.
    pub fn set(&mut self, field: Field, value: u128) {
        let value = value & crate::program::mask(field.width());
        if !self.has(field.header) {
            return;
        }
        match field.decl().role {
            Role::Plain | Role::HopLimit => self.fields[slot(field)] = value as u64,
            Role::Derived(Derivation::NextProtocol) => self.set_next_protocol(field.header, value),
            Role::Derived(Derivation::Length) if field.header == HeaderKind::Ip4 => self.set_ip_length(value as usize),
            Role::Derived(Derivation::Length | Derivation::Checksum | Derivation::Fixed(_)) => {}
        }
    }

    /// The header directly after this one.
    pub fn follower(&self, header: HeaderKind) -> Option<HeaderKind> {
        self.shape.headers().find(|h| *h > header)
    }

    fn next_protocol(&self, header: HeaderKind) -> u128 {
        match self.follower(header).and_then(HeaderKind::protocol_number) {
            Some(number) => number,
            None if header == HeaderKind::Ip4 => u128::from(self.ip_protocol),
            None => u128::from(self.ether_type),
        }
    }

    fn set_next_protocol(&mut self, header: HeaderKind, value: u128) {
        if self.follower(header).is_some() {
            return;
        }
        match header {
            HeaderKind::Eth | HeaderKind::Vlan => self.ether_type = value as u16,
            HeaderKind::Ip4 => self.ip_protocol = value as u8,
            HeaderKind::Tcp | HeaderKind::Udp | HeaderKind::Icmp => {}
        }
    }

    /// The value of the header's length field, modulo its width.
    fn length(&self, header: HeaderKind) -> u128 {
        let rest = self.options.len() + self.payload.len();
        let from =
            |first: HeaderKind| self.shape.headers().filter(|h| *h >= first).map(HeaderKind::length).sum::<usize>();
        let length = match header {
            HeaderKind::Ip4 | HeaderKind::Udp => (from(header) + rest) & 0xffff,
            HeaderKind::Tcp => 5 + self.options.len() / 4,
            HeaderKind::Eth | HeaderKind::Vlan | HeaderKind::Icmp => 0,
        };
        length as u128
    }

    fn set_ip_length(&mut self, length: usize) {
        let headers = self.length(HeaderKind::Ip4) as usize - self.payload.len();
        self.payload.resize(length.saturating_sub(headers), 0);
    }

    /// Adds a header, its plain fields zero. Nothing happens when it is there already.
    pub fn push(&mut self, header: HeaderKind) {
        if self.has(header) {
            return;
        }
        self.shape = self.shape.with(header);
        self.forget_hidden();
    }

    /// Removes a header, with the options and the checksum error that belong to it.
    pub fn pop(&mut self, header: HeaderKind) {
        self.shape = self.shape.without(header);
        let start = first_field(header);
        self.fields[start..start + header.fields().len()].fill(0);
        match header {
            HeaderKind::Eth | HeaderKind::Vlan => {}
            HeaderKind::Ip4 => self.ip_protocol = 0,
            HeaderKind::Tcp => {
                self.options.clear();
                self.l4_error = L4Error::default();
            }
            HeaderKind::Udp | HeaderKind::Icmp => self.l4_error = L4Error::default(),
        }
        self.forget_hidden();
    }

    /// Free values that no last header shows are zero, so that equal packets are equal values.
    fn forget_hidden(&mut self) {
        let last = self.shape.headers().last();
        if last != Some(HeaderKind::Ip4) {
            self.ip_protocol = 0;
        }
        if !matches!(last, Some(HeaderKind::Eth | HeaderKind::Vlan)) {
            self.ether_type = 0;
        }
    }

    /// Whether the bytes would be parsed into more headers than the packet has: its free value announces one we know.
    ///
    /// That takes a pop of the outer of two VLAN tags. Whoever receives the packet parses it anew.
    pub fn hides_a_header(&self) -> bool {
        let Some(last) = self.shape.headers().last() else { return false };
        let Some(announced) = last.next_protocol().map(|f| self.get(f)) else { return false };
        last.followers().iter().any(|h| h.protocol_number() == Some(announced))
    }

    /// Equality of what tells a loop: everything but hop limits, lengths and checksums that follow from the rest.
    pub fn forwards_like(&self, other: &Packet) -> bool {
        let mut levelled = other.clone();
        for field in self.shape.fields().filter(|f| f.decl().role == Role::HopLimit) {
            levelled.set(field, self.get(field));
        }
        *self == levelled
    }
}

fn slot(field: Field) -> usize {
    first_field(field.header) + usize::from(field.index)
}

impl std::fmt::Debug for Packet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("Packet");
        for field in self.shape.fields().filter(|field| field.is_writable()) {
            out.field(&field.to_string(), &self.get(field));
        }
        if let Some(next) = self.shape.headers().last().and_then(HeaderKind::next_protocol) {
            out.field(&next.to_string(), &self.get(next));
        }
        out.field("l4_error", &self.l4_error).field("options", &self.options).field("payload", &self.payload).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(header: HeaderKind, name: &str) -> Field {
        header.field(name).unwrap()
    }

    #[test]
    fn every_field_has_a_place_of_its_own() {
        let all = Shape::of(&HeaderKind::ALL);
        let slots: Vec<usize> = all.fields().map(slot).collect();
        assert_eq!(slots, (0..FIELDS).collect::<Vec<_>>());
    }

    #[test]
    fn a_tag_takes_over_the_free_type_and_gives_it_back() {
        let mut packet = Packet::new(Shape::of(&[HeaderKind::Eth]));
        let (outer, inner) = (field(HeaderKind::Eth, "type"), field(HeaderKind::Vlan, "type"));
        packet.set(outer, 0x88cc);
        let before = packet.clone();
        packet.push(HeaderKind::Vlan);
        assert_eq!((packet.get(outer), packet.get(inner)), (0x8100, 0x88cc));
        packet.pop(HeaderKind::Vlan);
        assert_eq!(packet, before);
    }

    #[test]
    fn a_header_that_loses_its_follower_announces_zero() {
        let mut packet = Packet::new(Shape::of(&[HeaderKind::Ip4, HeaderKind::Tcp]));
        let proto = field(HeaderKind::Ip4, "proto");
        assert_eq!(packet.get(proto), 6);
        packet.options = vec![1; 4];
        packet.pop(HeaderKind::Tcp);
        assert_eq!((packet.get(proto), packet.get(field(HeaderKind::Ip4, "len"))), (0, 20));
    }

    #[test]
    fn a_length_makes_a_payload() {
        let mut packet = Packet::new(Shape::of(&[HeaderKind::Ip4, HeaderKind::Udp]));
        packet.set(field(HeaderKind::Ip4, "len"), 100);
        assert_eq!((packet.payload.len(), packet.get(field(HeaderKind::Udp, "len"))), (72, 80));
    }

    #[test]
    fn only_the_hop_limit_is_no_part_of_the_forwarding_header() {
        let one = Packet::new(Shape::of(&[HeaderKind::Ip4]));
        let mut two = one.clone();
        two.set(field(HeaderKind::Ip4, "ttl"), 9);
        assert!(one.forwards_like(&two) && one != two);
        two.set(field(HeaderKind::Ip4, "id"), 1);
        assert!(!one.forwards_like(&two));
    }
}
