//! A parsed packet: its headers' fields, and what the headers carry.
//!
//! Fields that follow from the rest are not stored: lengths and checksums are made anew by [`deparse`](crate::deparse),
//! and a next-protocol field of a header whose follower is known reads as that follower's number. What is stored for
//! such fields is the *free* value, for payloads no header of ours describes. There is one, since only the last header
//! can have it: pushing a tag onto `eth` with type 0x88cc moves 0x88cc into `vlan.type`, and popping it moves the value
//! back. A header that loses the follower it knew announces 0, and so does one that has a follower it cannot announce.

use crate::field::{Derivation, Field, Role};
use crate::header::{Cue, HeaderKind};
use crate::layout::Layout;
use crate::shape::Shape;

/// Nanoseconds since some start; it only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(pub u64);

/// How a packet's TCP, UDP, ICMP or ICMPv6 checksum relates to the correct one, which no rewrite changes.
///
/// A router neither verifies nor repairs that checksum; it carries the error along (RFC 1624).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum L4Error {
    /// Received minus correct in one's complement, 0..=0xFFFE; 0 for a correct checksum, and without such a header.
    Off(u16),
    /// UDP without a checksum: zero on the wire, and it stays zero (RFC 768, RFC 6936).
    Absent,
}

impl Default for L4Error {
    fn default() -> Self {
        L4Error::Off(0)
    }
}

/// A parsed packet.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Packet {
    shape: Shape,
    /// Values of all fields of all headers, in wire order; zero for what follows from the rest.
    fields: Vec<u128>,
    /// What the last header announces; zero when it announces nothing.
    free: u128,
    /// What is wrong with the checksum of TCP, UDP, ICMP or ICMPv6.
    pub l4_error: L4Error,
    /// The same of the packet in a tunnel.
    pub inner_error: L4Error,
    /// Options of the last TCP header, a multiple of four bytes, at most 40; empty without TCP.
    pub options: Vec<u8>,
    /// What follows the last header.
    pub payload: Vec<u8>,
}

impl Packet {
    /// The packet of this shape whose fields are all zero, but for those that tell the next header; without payload.
    pub fn new(shape: Shape) -> Packet {
        let mut packet = Packet {
            shape,
            fields: vec![0; shape.headers().map(|h| h.fields().len()).sum()],
            free: 0,
            l4_error: L4Error::default(),
            inner_error: L4Error::default(),
            options: Vec::new(),
            payload: Vec::new(),
        };
        shape.headers().for_each(|header| packet.announce(header));
        packet
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
            Role::Plain | Role::HopLimit => self.fields[self.slot(field)],
            Role::Derived(Derivation::Fixed(value)) => value,
            Role::Derived(Derivation::Length) => self.length(field.header),
            Role::Derived(Derivation::Checksum) => 0,
            Role::Derived(Derivation::NextProtocol) => self.next_protocol(field.header),
        }
    }

    /// Writes a field, modulo its width.
    ///
    /// A next-protocol field takes the value only while no header follows; `ip.len` and `ip6.len` resize the payload,
    /// adding zero bytes. Writes to checksums, other lengths, fixed fields and absent headers do nothing.
    pub fn set(&mut self, field: Field, value: u128) {
        let value = value & crate::program::mask(field.width());
        if !self.has(field.header) {
            return;
        }
        match field.decl().role {
            Role::Plain | Role::HopLimit => {
                let slot = self.slot(field);
                self.fields[slot] = value;
            }
            Role::Derived(Derivation::NextProtocol) if self.shape.last() == Some(field.header) => {
                self.free = value;
            }
            Role::Derived(Derivation::Length) if field.is_ip_length() => self.set_ip_length(field.header, value),
            Role::Derived(_) => {}
        }
    }

    /// Where a field of a header that is there is among all fields.
    fn slot(&self, field: Field) -> usize {
        self.first_slot(field.header) + usize::from(field.index)
    }

    fn first_slot(&self, header: HeaderKind) -> usize {
        self.shape.below(header).headers().map(|h| h.fields().len()).sum()
    }

    /// The header directly after this one.
    pub fn follower(&self, header: HeaderKind) -> Option<HeaderKind> {
        self.shape.follower(header)
    }

    fn next_protocol(&self, header: HeaderKind) -> u128 {
        match self.follower(header) {
            Some(next) => header.number_of(next).unwrap_or(0),
            None => self.free,
        }
    }

    /// The value of the header's length field, modulo its width.
    fn length(&self, header: HeaderKind) -> u128 {
        let rest = self.options.len() + self.payload.len();
        let whole = self.shape.starting(header).length() + rest;
        let length = match header.layout() {
            Layout::Ip4 | Layout::Udp => whole & 0xffff,
            Layout::Ip6 | Layout::Gtpu => (whole - header.length()) & 0xffff,
            Layout::Tcp if self.has_tcp_above(header) => 5,
            Layout::Tcp => 5 + self.options.len() / 4,
            Layout::Eth | Layout::Vlan | Layout::Mpls | Layout::Arp | Layout::Frag | Layout::Icmp => 0,
            Layout::Icmp6 | Layout::Gre | Layout::Esp | Layout::Vxlan | Layout::User(_) => 0,
        };
        length as u128
    }

    /// Options belong to the last of two TCP headers.
    fn has_tcp_above(&self, header: HeaderKind) -> bool {
        self.shape.headers().any(|h| h > header && h.layout() == Layout::Tcp)
    }

    fn set_ip_length(&mut self, header: HeaderKind, length: u128) {
        let headers = self.length(header) as usize - self.payload.len();
        self.payload.resize((length as usize).saturating_sub(headers), 0);
    }

    /// Adds a header that is not of a packet in a tunnel, its plain fields zero. Nothing happens when it is there
    /// already.
    pub fn push(&mut self, header: HeaderKind) {
        if self.has(header) {
            return;
        }
        let before = self.free_kind();
        self.shape = self.shape.with(header);
        let at = self.first_slot(header);
        self.fields.splice(at..at, std::iter::repeat_n(0, header.fields().len()));
        self.announce(header);
        self.shape.below(header).last().into_iter().for_each(|below| self.announce(below));
        self.keep_free(before);
    }

    /// Adds a header as the last one; what tells it is left as it is.
    pub(crate) fn append(&mut self, header: HeaderKind) {
        self.shape = self.shape.with(header);
        self.fields.resize(self.fields.len() + header.fields().len(), 0);
        self.free = 0;
    }

    /// Removes a header, with the options and the checksum error that belong to it.
    pub fn pop(&mut self, header: HeaderKind) {
        if !self.has(header) {
            return;
        }
        let before = self.free_kind();
        let at = self.first_slot(header);
        self.fields.drain(at..at + header.fields().len());
        if header.layout() == Layout::Tcp && !self.has_tcp_above(header) {
            self.options.clear();
        }
        self.shape = self.shape.without(header);
        if header.is_transport() {
            *self.error_of(header) = L4Error::default();
        }
        self.keep_free(before);
    }

    /// What is wrong with the checksum of a header.
    pub(crate) fn error_of(&mut self, header: HeaderKind) -> &mut L4Error {
        if header.is_inner() { &mut self.inner_error } else { &mut self.l4_error }
    }

    /// Makes it the packet in a tunnel that is still to be put around it. Nothing happens if one of its headers has no
    /// place there.
    pub fn nest(&mut self) {
        let Some(shape) = self.shape.nested() else { return };
        self.shape = shape;
        self.inner_error = std::mem::take(&mut self.l4_error);
    }

    /// Takes it out of a tunnel of which no header is left. Nothing happens if there is one.
    pub fn unnest(&mut self) {
        let Some(shape) = self.shape.unnested() else { return };
        self.shape = shape;
        self.l4_error = std::mem::take(&mut self.inner_error);
    }

    /// Lets a header whose selector is a plain field tell what follows it.
    fn announce(&mut self, header: HeaderKind) {
        let selector = header.selector().filter(|f| f.is_writable());
        let number = self.follower(header).and_then(|next| header.number_of(next));
        if let Some((selector, number)) = selector.zip(number) {
            self.set(selector, number);
        }
    }

    /// What sort of number the last header announces: its width.
    fn free_kind(&self) -> Option<u16> {
        self.shape.last().and_then(HeaderKind::next_protocol).map(Field::width)
    }

    /// A free value stays with the packet as long as its last header announces the same sort of number.
    fn keep_free(&mut self, before: Option<u16>) {
        if before != self.free_kind() {
            self.free = 0;
        }
    }

    /// Whether a parser that knows these headers would find others than the packet has.
    ///
    /// That takes a pop of the outer of two VLAN tags, say, or a write to a port that announces a tunnel. Whoever
    /// receives the packet parses it anew.
    pub fn hides_a_header(&self, known: Shape) -> bool {
        let Some(last) = self.shape.last() else { return false };
        !self.shape.is_within(known)
            || self.shape.headers().any(|header| !self.tells_its_follower(header))
            || known.links(last).any(|(_, cue)| self.is_told(last, cue))
    }

    /// Whether the selector of a header says what follows, if something does.
    fn tells_its_follower(&self, header: HeaderKind) -> bool {
        let Some(next) = self.follower(header) else { return true };
        match (header.cue_of(next), header.selector()) {
            (None, _) => false,
            (Some(Cue::Number(number) | Cue::Nibble(number, _)), Some(selector)) => self.get(selector) == number,
            (Some(Cue::Number(_) | Cue::Nibble(..) | Cue::Always), _) => true,
        }
    }

    /// Whether the last header says that another one follows.
    fn is_told(&self, last: HeaderKind, cue: Cue) -> bool {
        let selected = last.selector().map(|selector| self.get(selector));
        match cue {
            Cue::Number(number) => selected == Some(number),
            Cue::Nibble(number, nibble) => {
                selected == Some(number) && self.payload.first().is_some_and(|byte| byte >> 4 == nibble)
            }
            Cue::Always => true,
        }
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

impl std::fmt::Debug for Packet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("Packet");
        for field in self.shape.fields().filter(|field| field.is_writable()) {
            out.field(&field.to_string(), &self.get(field));
        }
        if let Some(next) = self.shape.last().and_then(HeaderKind::next_protocol) {
            out.field(&next.to_string(), &self.get(next));
        }
        if self.shape.has_inner() {
            out.field("inner_error", &self.inner_error);
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
        let mut packet = Packet::new(Shape::ALL);
        let plain: Vec<Field> = Shape::ALL.fields().filter(|f| f.is_writable()).collect();
        for (field, value) in plain.iter().zip(1u128..) {
            packet.set(*field, value & crate::program::mask(field.width()));
        }
        for (field, value) in plain.iter().zip(1u128..) {
            assert_eq!(packet.get(*field), value & crate::program::mask(field.width()), "{field:?}");
        }
    }

    #[test]
    fn a_packet_goes_into_a_tunnel_and_comes_out() {
        let mut packet = Packet::new(Shape::of(&[HeaderKind::Eth, HeaderKind::Ip4, HeaderKind::Tcp]));
        packet.set(field(HeaderKind::Tcp, "seq"), 7);
        packet.l4_error = L4Error::Off(3);
        let before = packet.clone();
        packet.nest();
        let tunnel = [HeaderKind::Vxlan, HeaderKind::Udp, HeaderKind::Ip6, HeaderKind::Eth];
        tunnel.iter().for_each(|h| packet.push(*h));
        assert_eq!(packet.get(field(HeaderKind::Udp, "dport")), 4789);
        assert_eq!(packet.get(field(HeaderKind::Ip6, "len")), 8 + 8 + 14 + 20 + 20);
        assert_eq!(packet.get(field(HeaderKind::InnerTcp, "seq")), 7);
        assert!(!packet.hides_a_header(Shape::ALL));
        packet.set(field(HeaderKind::Udp, "dport"), 53);
        assert!(packet.hides_a_header(Shape::ALL));
        tunnel.iter().for_each(|h| packet.pop(*h));
        packet.unnest();
        assert_eq!(packet, before);
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
