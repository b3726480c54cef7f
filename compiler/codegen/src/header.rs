//! The headers of the packet under way: every kind has a place of its own, so that every field has a fixed address.
//!
//! The bytes are those of the wire, and they are kept true at all times: a next-protocol field says what follows, or
//! the free value when nothing we know does; `ip.len` is the length. So reading a field is a load and sending a header
//! is a copy. Only checksums, `udp.len` and the place of what lies under a removed header wait for the end.

use crate::asm::{Asm, Code, Is, Memory, Value};
use crate::guest::Guest;
use crate::shapes::{ShapeSet, bit};
use rdcl_core::{Derivation, Field, HeaderKind, Role, mask};

/// The size of all places.
pub(crate) const BYTES: u64 = 128;

/// Where a header is among the places.
pub(crate) fn place(header: HeaderKind) -> u32 {
    match header {
        HeaderKind::Eth => 0,
        HeaderKind::Vlan => 16,
        HeaderKind::Ip4 => 32,
        HeaderKind::Tcp => 64,
        HeaderKind::Udp => 96,
        HeaderKind::Icmp => 112,
    }
}

/// The bytes of a new header of which all that programs may write is zero.
pub(crate) fn blank(header: HeaderKind) -> Vec<u8> {
    let mut bytes = vec![0; header.length()];
    match header {
        HeaderKind::Ip4 => bytes[0] = 0x45,
        HeaderKind::Tcp => bytes[12] = 0x50,
        HeaderKind::Eth | HeaderKind::Vlan | HeaderKind::Udp | HeaderKind::Icmp => {}
    }
    bytes
}

/// The byte at which a header's field begins.
pub(crate) fn byte_of(header: HeaderKind, name: &str) -> u32 {
    u32::from(header.field(name).expect("the header has the field").offset()) / 8
}

pub(crate) fn length(header: HeaderKind) -> u32 {
    header.length() as u32
}

/// Where a field's bits are in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) first: u32,
    /// How many bytes.
    pub(crate) bytes: u32,
    /// How many bits of the last byte are not the field's.
    pub(crate) spare: u16,
    width: u16,
}

impl Span {
    pub(crate) fn of(field: Field) -> Span {
        let (start, end) = (field.offset(), field.offset() + field.width());
        let first = start / 8;
        let past = end.div_ceil(8);
        Span { first: first.into(), bytes: (past - first).into(), spare: past * 8 - end, width: field.width() }
    }

    fn is_whole(self) -> bool {
        u32::from(self.width) == 8 * self.bytes
    }

    /// The pieces in which the bytes are moved: position and size, a power of two.
    pub(crate) fn pieces(self) -> Vec<(u32, u32)> {
        let (mut pieces, mut at, past) = (Vec::new(), self.first, self.first + self.bytes);
        while at < past {
            let size = [8, 4, 2, 1].into_iter().find(|size| at + size <= past).unwrap_or(1);
            pieces.push((at, size));
            at += size;
        }
        pieces
    }
}

/// The bytes of a span as a big-endian number.
fn load_bytes(asm: &mut Asm<'_>, base: Value, span: Span, at: u32) -> Value {
    let mut whole = None;
    for (from, size) in span.pieces() {
        let piece = asm.load_big(Memory::Headers, size, base, at + from);
        whole = Some(match whole {
            None => piece,
            Some(high) => {
                let high = asm.shl(high, 8 * size as u16);
                asm.or(high, piece)
            }
        });
    }
    whole.unwrap_or_else(|| asm.int(0))
}

fn store_bytes(asm: &mut Asm<'_>, value: Value, base: Value, span: Span, at: u32) {
    let mut below = 8 * span.bytes as u16;
    for (from, size) in span.pieces() {
        below -= 8 * size as u16;
        let piece = if below == 0 { value } else { asm.shr(value, below) };
        asm.store_big(Memory::Headers, size, piece, base, at + from);
    }
}

impl Guest<'_, '_> {
    /// Where a header is in the data.
    pub(crate) fn at(&self, header: HeaderKind) -> u32 {
        self.plan.headers + place(header)
    }

    /// The value of a field of a header that is there.
    pub(crate) fn read_field(&mut self, field: Field) -> Value {
        if let Role::Derived(Derivation::Fixed(value)) = field.decl().role {
            return self.asm.constant(field.width(), value);
        }
        let (span, at, data) = (Span::of(field), self.at(field.header), self.data);
        let bytes = load_bytes(self.asm, data, span, at);
        let value = if span.spare == 0 { bytes } else { self.asm.shr(bytes, span.spare) };
        if span.is_whole() { value } else { self.asm.and_int(value, mask(field.width()) as u64) }
    }

    /// Writes a field of a header that is there; the value fits.
    pub(crate) fn write_field(&mut self, field: Field, value: Value) {
        let (span, at, data) = (Span::of(field), self.at(field.header), self.data);
        let mut value = value;
        if !span.is_whole() {
            let old = load_bytes(self.asm, data, span, at);
            let others = self.asm.and_int(old, !((mask(field.width()) as u64) << span.spare));
            let own = if span.spare == 0 { value } else { self.asm.shl(value, span.spare) };
            value = self.asm.or(others, own);
        }
        store_bytes(self.asm, value, data, span, at);
    }

    /// Adds a header that is not there to a packet of one of these shapes.
    pub(crate) fn push(&mut self, header: HeaderKind, shapes: ShapeSet) {
        let (at, data) = (self.at(header), self.data);
        for (i, chunk) in (0..).zip(blank(header).chunks(2)) {
            let value = self.asm.int(u16::from_le_bytes([chunk[0], chunk[1]]).into());
            self.asm.store(Memory::Headers, 2, value, data, at + 2 * i);
        }
        if header == HeaderKind::Vlan && shapes.has(HeaderKind::Eth) != Some(false) {
            self.when_has(HeaderKind::Eth, shapes, |guest| guest.move_free_type(HeaderKind::Eth, HeaderKind::Vlan));
        }
        if header.next_protocol().is_some() {
            self.announce_nearest(header, HeaderKind::ALL.into_iter().filter(|h| *h > header).collect(), shapes);
        }
        self.announce_below(header, header.protocol_number().unwrap_or(0), shapes);
        let shape = self.asm.get(self.vars.shape);
        let shape = self.asm.or_int(shape, bit(header));
        self.asm.set(self.vars.shape, shape);
        self.renew_length(header, shapes.with(header));
    }

    /// Removes a header that is there from a packet of one of these shapes.
    pub(crate) fn pop(&mut self, header: HeaderKind, shapes: ShapeSet) {
        if header == HeaderKind::Tcp {
            self.drop_options();
        }
        self.announce_removal(header, shapes);
        let shape = self.asm.get(self.vars.shape);
        let shape = self.asm.and_int(shape, !bit(header));
        self.asm.set(self.vars.shape, shape);
        if header > HeaderKind::Ip4 {
            let none = self.asm.int(0);
            self.asm.set(self.vars.error, none);
        }
        self.renew_length(header, shapes.without(header));
    }

    /// Does something if the packet, of one of these shapes, has a header.
    pub(crate) fn when_has(&mut self, header: HeaderKind, shapes: ShapeSet, then: impl FnOnce(&mut Self)) {
        match shapes.has(header) {
            Some(true) => then(self),
            Some(false) => {}
            None => {
                let has = self.has(header);
                self.when(has, then);
            }
        }
    }

    /// Whether the packet has a header; its shape alone does not tell.
    pub(crate) fn has(&mut self, header: HeaderKind) -> Value {
        let shape = self.asm.get(self.vars.shape);
        let own = self.asm.and_int(shape, bit(header));
        self.asm.is_int(Is::NotEqual, own, 0)
    }

    fn move_free_type(&mut self, from: HeaderKind, to: HeaderKind) {
        let (from, to, data) = (self.at(from) + byte_of(from, "type"), self.at(to) + byte_of(to, "type"), self.data);
        let free = self.asm.load(Memory::Headers, 2, data, from);
        self.asm.store(Memory::Headers, 2, free, data, to);
    }

    fn put_next(&mut self, header: HeaderKind, number: u128) {
        if let Some(field) = header.next_protocol() {
            let number = self.asm.constant(field.width(), number);
            self.write_field(field, number);
        }
    }

    /// Lets a header announce the first of these that is there; if none is, leaves it as it is.
    fn announce_nearest(&mut self, header: HeaderKind, above: Vec<HeaderKind>, shapes: ShapeSet) {
        let Some((next, further)) = above.split_first() else { return };
        let number = next.protocol_number().unwrap_or(0);
        match shapes.has(*next) {
            Some(true) => self.put_next(header, number),
            Some(false) => self.announce_nearest(header, further.to_vec(), shapes),
            None => {
                let has = self.has(*next);
                let without = shapes.having(*next, false);
                self.either(
                    has,
                    |guest| guest.put_next(header, number),
                    |guest| guest.announce_nearest(header, further.to_vec(), without),
                );
            }
        }
    }

    /// Lets the header directly below a place announce a number.
    fn announce_below(&mut self, header: HeaderKind, number: u128, shapes: ShapeSet) {
        let Some(below) = HeaderKind::ALL.into_iter().rfind(|h| *h < header && shapes.has(*h) != Some(false)) else {
            return;
        };
        if shapes.has(below) == Some(true) {
            return self.put_next(below, number);
        }
        let has = self.has(below);
        let without = shapes.having(below, false);
        self.either(has, |guest| guest.put_next(below, number), |guest| guest.announce_below(header, number, without));
    }

    /// Lets the header below one that is removed announce what is above it, or nothing; a removed tag that was last
    /// gives its free value back.
    fn announce_removal(&mut self, header: HeaderKind, shapes: ShapeSet) {
        let above = HeaderKind::ALL.into_iter().find(|h| *h > header && shapes.has(*h) != Some(false));
        let Some(above) = above else {
            if header == HeaderKind::Vlan {
                let to = |guest: &mut Self| guest.move_free_type(HeaderKind::Vlan, HeaderKind::Eth);
                return self.when_has(HeaderKind::Eth, shapes, to);
            }
            return self.announce_below(header, 0, shapes);
        };
        let number = above.protocol_number().unwrap_or(0);
        if shapes.has(above) == Some(true) {
            return self.announce_below(header, number, shapes);
        }
        let has = self.has(above);
        let (with, without) = (shapes.having(above, true), shapes.having(above, false));
        self.either(
            has,
            |guest| guest.announce_below(header, number, with),
            |guest| guest.announce_removal(header, without),
        );
    }

    /// TCP options are the first bytes of what follows the headers.
    fn drop_options(&mut self) {
        let (at, data) = (self.at(HeaderKind::Tcp) + byte_of(HeaderKind::Tcp, "offset"), self.data);
        let offset = self.asm.load(Memory::Headers, 1, data, at);
        let words = self.asm.shr(offset, 4);
        let bytes = self.asm.shl(words, 2);
        let header = self.asm.int(HeaderKind::Tcp.length() as u64);
        let options = self.asm.sub(bytes, header);
        let (body, length) = (self.asm.get(self.vars.body), self.asm.get(self.vars.length));
        let (body, length) = (self.asm.add(body, options), self.asm.sub(length, options));
        self.asm.set(self.vars.body, body);
        self.asm.set(self.vars.length, length);
    }

    /// Puts `ip.len` right after a header came or went.
    fn renew_length(&mut self, changed: HeaderKind, shapes: ShapeSet) {
        if changed < HeaderKind::Ip4 {
            return;
        }
        self.when_has(HeaderKind::Ip4, shapes, |guest| {
            let body = guest.asm.get(guest.vars.length);
            let total = guest.asm.add_int(body, HeaderKind::Ip4.length() as u64);
            let total = guest.asm.variable_of(total);
            for above in [HeaderKind::Tcp, HeaderKind::Udp, HeaderKind::Icmp] {
                guest.when_has(above, shapes.having(HeaderKind::Ip4, true), |guest| {
                    let so_far = guest.asm.get(total);
                    let more = guest.asm.add_int(so_far, above.length() as u64);
                    guest.asm.set(total, more);
                });
            }
            let total = guest.asm.get(total);
            let (at, data) = (guest.at(HeaderKind::Ip4) + byte_of(HeaderKind::Ip4, "len"), guest.data);
            guest.asm.store_big(Memory::Headers, 2, total, data, at);
        });
    }
}
