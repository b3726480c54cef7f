//! The headers of the packet under way, each in its place.
//!
//! The bytes are those of the wire, and they are kept true at all times: a next-protocol field says what follows, or
//! the free value when nothing we know does; the lengths of IP and GTP-U are true. So reading a field is a load and
//! sending a header is a copy. Only checksums, `udp.len` and the place of what lies under a removed header wait for the
//! end.

use crate::asm::{Asm, Code, Is, Memory, Value};
use crate::guest::Guest;
use crate::shapes::ShapeSet;
use rdcl_core::{Derivation, Field, HeaderKind, Layout, Role, Shape, mask};

/// The bytes of a new header of which all that programs may write is zero.
pub(crate) fn blank(header: HeaderKind) -> Vec<u8> {
    let mut bits = vec![0u8; header.length() * 8];
    for field in Shape::of(&[header]).fields() {
        let value = match field.decl().role {
            Role::Derived(Derivation::Fixed(value)) => value,
            // The least length of TCP, in words.
            Role::Derived(Derivation::Length) if header.layout() == Layout::Tcp => 5,
            Role::Plain | Role::HopLimit | Role::Derived(_) => 0,
        };
        let own = &mut bits[usize::from(field.offset())..usize::from(field.offset() + field.width())];
        own.iter_mut().rev().enumerate().for_each(|(i, bit)| *bit = (value >> i & 1) as u8);
    }
    bits.chunks(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
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
        pieces(self.first, self.first + self.bytes)
    }

    /// Whether the field has no more than 64 bits, which lie in nine bytes.
    fn is_straddling(self) -> bool {
        self.bytes == 9
    }
}

/// The pieces in which so many bytes are moved: position and size, a power of two.
pub(crate) fn pieces(first: u32, past: u32) -> Vec<(u32, u32)> {
    let (mut pieces, mut at) = (Vec::new(), first);
    while at < past {
        let size = [8, 4, 2, 1].into_iter().find(|size| at + size <= past).unwrap_or(1);
        pieces.push((at, size));
        at += size;
    }
    pieces
}

/// The bytes of a span as a big-endian number.
fn load_bytes(asm: &mut Asm<'_>, base: Value, span: Span, at: u32) -> Value {
    if span.bytes == 16 {
        let words = [span.first + 8, span.first].map(|word| asm.load_big(Memory::Headers, 8, base, at + word));
        return asm.of_words(&words);
    }
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
    if span.bytes == 16 {
        let words = asm.words(value);
        for (word, from) in words.into_iter().zip([span.first + 8, span.first]) {
            asm.store_big(Memory::Headers, 8, word, base, at + from);
        }
        return;
    }
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
        self.plan.headers + self.plan.places.of_header(header)
    }

    /// The value of a field of a header that is there.
    pub(crate) fn read_field(&mut self, field: Field) -> Value {
        if let Role::Derived(Derivation::Fixed(value)) = field.decl().role {
            return self.asm.constant(field.width(), value);
        }
        let (span, at, data) = (Span::of(field), self.at(field.header), self.data);
        if span.is_straddling() {
            let (high, low) = self.load_straddling(span, at);
            let (high, low) = (self.asm.shl(high, 8 - span.spare), self.asm.shr(low, span.spare));
            let value = self.asm.or(high, low);
            return self.asm.and_int(value, mask(field.width()) as u64);
        }
        let bytes = load_bytes(self.asm, data, span, at);
        let value = if span.spare == 0 { bytes } else { self.asm.shr(bytes, span.spare) };
        if span.is_whole() { value } else { self.asm.and_int(value, mask(field.width()) as u64) }
    }

    /// Writes a field of a header that is there; the value fits.
    pub(crate) fn write_field(&mut self, field: Field, value: Value) {
        let (span, at, data) = (Span::of(field), self.at(field.header), self.data);
        if span.is_straddling() {
            return self.store_straddling(value, span, at);
        }
        let mut value = value;
        if !span.is_whole() {
            let old = load_bytes(self.asm, data, span, at);
            let others = self.asm.and_int(old, !((mask(field.width()) as u64) << span.spare));
            let own = if span.spare == 0 { value } else { self.asm.shl(value, span.spare) };
            value = self.asm.or(others, own);
        }
        store_bytes(self.asm, value, data, span, at);
    }

    /// The first eight bytes of nine, and the last.
    fn load_straddling(&mut self, span: Span, at: u32) -> (Value, Value) {
        let first = at + span.first;
        let high = self.asm.load_big(Memory::Headers, 8, self.data, first);
        (high, self.asm.load_big(Memory::Headers, 1, self.data, first + 8))
    }

    fn store_straddling(&mut self, value: Value, span: Span, at: u32) {
        let ((high, low), first, data) = (self.load_straddling(span, at), at + span.first, self.data);
        let own = mask(span.width) as u64;
        let high = self.asm.and_int(high, !(own >> (8 - span.spare)));
        let low = self.asm.and_int(low, (1 << span.spare) - 1);
        let (above, below) = (self.asm.shr(value, 8 - span.spare), self.asm.shl(value, span.spare));
        let below = self.asm.and_int(below, 0xff);
        let (high, low) = (self.asm.or(high, above), self.asm.or(low, below));
        self.asm.store_big(Memory::Headers, 8, high, data, first);
        self.asm.store_big(Memory::Headers, 1, low, data, first + 8);
    }

    /// Adds a header that is not there to a packet of one of these shapes.
    pub(crate) fn push(&mut self, header: HeaderKind, shapes: &ShapeSet) {
        let (at, data) = (self.at(header), self.data);
        for (i, chunk) in (0..).zip(blank(header).chunks(2)) {
            let value = chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            let value = self.asm.int(value);
            self.asm.store(Memory::Headers, chunk.len() as u32, value, data, at + 2 * i);
        }
        if header.next_protocol().is_some() {
            self.take_free(header, headers_below(header, shapes), shapes);
        }
        self.announce_nearest(header, headers_above(header, shapes), shapes);
        self.announce_below(header, Some(header), shapes);
        let shape = self.asm.get(self.vars.shape);
        let shape = self.asm.or_int(shape, self.plan.places.bit(header));
        self.asm.set(self.vars.shape, shape);
        self.renew_lengths(header, &shapes.with(header));
    }

    /// Removes a header that is there from a packet of one of these shapes.
    pub(crate) fn pop(&mut self, header: HeaderKind, shapes: &ShapeSet) {
        if header.layout() == Layout::Tcp {
            self.drop_options(header);
        }
        self.announce_removal(header, shapes);
        let shape = self.asm.get(self.vars.shape);
        let shape = self.asm.and_int(shape, !self.plan.places.bit(header));
        self.asm.set(self.vars.shape, shape);
        if header.is_transport() {
            let none = self.asm.int(0);
            self.asm.set(self.vars.error, none);
        }
        self.renew_lengths(header, &shapes.without(header));
    }

    /// Makes the packet, of one of these shapes, the one in a tunnel.
    pub(crate) fn nest(&mut self, shapes: &ShapeSet) {
        self.change_level(shapes, HeaderKind::inner);
        let (error, none) = (self.asm.get(self.vars.error), self.asm.int(0));
        self.asm.set(self.vars.inner_error, error);
        self.asm.set(self.vars.error, none);
    }

    /// Takes the packet, of one of these shapes, out of a tunnel.
    pub(crate) fn unnest(&mut self, shapes: &ShapeSet) {
        self.change_level(shapes, HeaderKind::outer);
        let (error, none) = (self.asm.get(self.vars.inner_error), self.asm.int(0));
        self.asm.set(self.vars.error, error);
        self.asm.set(self.vars.inner_error, none);
    }

    /// Moves headers to the places that they have at the other level; those places are empty.
    fn change_level(&mut self, shapes: &ShapeSet, to: impl Fn(HeaderKind) -> Option<HeaderKind>) {
        let none = self.asm.int(0);
        let mask = self.asm.variable_of(none);
        for (header, other) in shapes.headers().into_iter().filter_map(|h| Some((h, to(h)?))) {
            let (from, into, data) = (self.at(header), self.at(other), self.data);
            self.when_has(header, shapes, |guest| {
                for at in (0..length(header)).step_by(16) {
                    guest.asm.copy16((Memory::Headers, data, from + at), (Memory::Headers, data, into + at));
                }
                let so_far = guest.asm.get(mask);
                let more = guest.asm.or_int(so_far, guest.plan.places.bit(other));
                guest.asm.set(mask, more);
            });
        }
        let mask = self.asm.get(mask);
        self.asm.set(self.vars.shape, mask);
    }

    /// Does something if the packet, of one of these shapes, has a header.
    pub(crate) fn when_has(&mut self, header: HeaderKind, shapes: &ShapeSet, then: impl FnOnce(&mut Self)) {
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
        let own = self.asm.and_int(shape, self.plan.places.bit(header));
        self.asm.is_int(Is::NotEqual, own, 0)
    }

    /// Copies what one header announces to another that announces the same sort of number.
    fn move_free(&mut self, from: HeaderKind, to: HeaderKind) {
        let Some((from, to)) = from.next_protocol().zip(to.next_protocol()).filter(|(a, b)| a.width() == b.width())
        else {
            return;
        };
        let free = self.read_field(from);
        self.write_field(to, free);
    }

    /// Lets a header take over what the nearest of these announces, of which the nearest comes first.
    fn take_free(&mut self, header: HeaderKind, below: Vec<HeaderKind>, shapes: &ShapeSet) {
        let Some((next, further)) = below.split_first() else { return };
        match shapes.has(*next) {
            Some(true) => self.move_free(*next, header),
            Some(false) => self.take_free(header, further.to_vec(), shapes),
            None => {
                let has = self.has(*next);
                let without = shapes.having(*next, false);
                self.either(
                    has,
                    |guest| guest.move_free(*next, header),
                    |guest| guest.take_free(header, further.to_vec(), &without),
                );
            }
        }
    }

    /// Lets a header announce another one, as far as it can.
    fn put_next(&mut self, header: HeaderKind, next: HeaderKind) {
        let number = header.number_of(next);
        let Some(field) = header.selector() else { return };
        if field.is_writable() && number.is_none() {
            return;
        }
        let number = self.asm.constant(field.width(), number.unwrap_or(0));
        self.write_field(field, number);
    }

    /// Lets a header announce the first of these that is there; if none is, leaves it as it is.
    fn announce_nearest(&mut self, header: HeaderKind, above: Vec<HeaderKind>, shapes: &ShapeSet) {
        let Some((next, further)) = above.split_first() else { return };
        match shapes.has(*next) {
            Some(true) => self.put_next(header, *next),
            Some(false) => self.announce_nearest(header, further.to_vec(), shapes),
            None => {
                let has = self.has(*next);
                let without = shapes.having(*next, false);
                self.either(
                    has,
                    |guest| guest.put_next(header, *next),
                    |guest| guest.announce_nearest(header, further.to_vec(), &without),
                );
            }
        }
    }

    /// Lets the header directly below a place announce another one, or take over what the header at the place announced.
    fn announce_below(&mut self, place: HeaderKind, next: Option<HeaderKind>, shapes: &ShapeSet) {
        let Some(below) = headers_below(place, shapes).into_iter().find(|h| shapes.has(*h) != Some(false)) else {
            return;
        };
        let told = |guest: &mut Self| match next {
            Some(next) => guest.put_removed(below, place, next),
            None => guest.give_back(below, place),
        };
        if shapes.has(below) == Some(true) {
            return told(self);
        }
        let has = self.has(below);
        let without = shapes.having(below, false);
        self.either(has, told, |guest| guest.announce_below(place, next, &without));
    }

    /// A header that comes is announced in full; one that is removed leaves alone what programs write.
    fn put_removed(&mut self, below: HeaderKind, place: HeaderKind, next: HeaderKind) {
        let is_written = below.selector().is_some_and(|field| field.is_writable());
        if next == place || !is_written {
            self.put_next(below, next);
        }
    }

    /// A removed header that was last gives back what it announced, if the one below announces the same sort of number.
    fn give_back(&mut self, below: HeaderKind, removed: HeaderKind) {
        let Some(field) = below.next_protocol() else { return };
        let none = self.asm.constant(field.width(), 0);
        self.write_field(field, none);
        self.move_free(removed, below);
    }

    /// Lets the header below one that is removed announce what is above it, or what it announced itself.
    fn announce_removal(&mut self, header: HeaderKind, shapes: &ShapeSet) {
        let Some(above) = headers_above(header, shapes).first().copied() else {
            return self.announce_below(header, None, shapes);
        };
        if shapes.has(above) == Some(true) {
            return self.announce_below(header, Some(above), shapes);
        }
        let has = self.has(above);
        let (with, without) = (shapes.having(above, true), shapes.having(above, false));
        self.either(
            has,
            |guest| guest.announce_below(header, Some(above), &with),
            |guest| guest.announce_removal(header, &without),
        );
    }

    /// TCP options are the first bytes of what follows the headers.
    fn drop_options(&mut self, tcp: HeaderKind) {
        let (at, data) = (self.at(tcp) + byte_of(tcp, "offset"), self.data);
        let offset = self.asm.load(Memory::Headers, 1, data, at);
        let words = self.asm.shr(offset, 4);
        let bytes = self.asm.shl(words, 2);
        let header = self.asm.int(length(tcp).into());
        let options = self.asm.sub(bytes, header);
        let (body, length) = (self.asm.get(self.vars.body), self.asm.get(self.vars.length));
        let (body, length) = (self.asm.add(body, options), self.asm.sub(length, options));
        self.asm.set(self.vars.body, body);
        self.asm.set(self.vars.length, length);
    }

    /// Puts lengths outside the tunnel right after a header came or went.
    fn renew_lengths(&mut self, changed: HeaderKind, shapes: &ShapeSet) {
        if changed >= HeaderKind::Ip4 {
            self.put_lengths(shapes);
        }
    }

    /// Puts the lengths of headers outside the tunnel right.
    pub(crate) fn put_lengths(&mut self, shapes: &ShapeSet) {
        for header in [HeaderKind::Ip4, HeaderKind::Ip6, HeaderKind::Gtpu] {
            self.when_has(header, shapes, |guest| guest.put_length(header, &shapes.having(header, true)));
        }
    }

    fn put_length(&mut self, header: HeaderKind, shapes: &ShapeSet) {
        let own = if header == HeaderKind::Ip4 { length(header) } else { 0 };
        let body = self.asm.get(self.vars.length);
        let total = self.asm.add_int(body, own.into());
        let total = self.asm.variable_of(total);
        for above in headers_above(header, shapes) {
            self.when_has(above, shapes, |guest| {
                let so_far = guest.asm.get(total);
                let more = guest.asm.add_int(so_far, length(above).into());
                guest.asm.set(total, more);
            });
        }
        let total = self.asm.get(total);
        let (at, data) = (self.at(header) + byte_of(header, "len"), self.data);
        self.asm.store_big(Memory::Headers, 2, total, data, at);
    }
}

/// Headers after one that some shape has, the nearest first.
fn headers_above(header: HeaderKind, shapes: &ShapeSet) -> Vec<HeaderKind> {
    shapes.headers().into_iter().filter(|h| *h > header).collect()
}

/// Headers before one that some shape has, the nearest first.
fn headers_below(header: HeaderKind, shapes: &ShapeSet) -> Vec<HeaderKind> {
    shapes.headers().into_iter().rev().filter(|h| *h < header).collect()
}
