//! Internet checksums (RFC 1071), and the error a packet's checksum carries along (RFC 1624).
//!
//! Sums are of little-endian words: they are those of big-endian words with their bytes swapped, zeros included. A
//! folded sum is zero only if every word is; `canonical` gives the residue in 0..=0xFFFE.
//!
//! A program that adds and removes no header from IPv4 up changes the checksum above it through fields alone. Then the
//! one to send is `received + Σ old − Σ new` over the words that the program writes anywhere, in the canonical form;
//! that is what the definition (correct sum plus error) gives, but for one case: the correct checksum of an ICMP
//! message of nothing but zeros is FFFF. Any other program sums payloads when it takes them and when it sends them.

use crate::asm::{Asm, Code, Is, Memory, Value};
use crate::guest::Guest;
use crate::header::{Span, byte_of, length};
use crate::link::Routine;
use crate::shapes::ShapeSet;
use rdcl_core::{HeaderKind, Layout};

/// The error of a UDP packet without a checksum, which stays without.
const ABSENT: u64 = 0x1_0000;

/// Folds a sum of words of up to 32 bits into 16 bits.
pub(crate) fn fold(asm: &mut Asm<'_>, sum: Value) -> Value {
    let half = asm.add_halves(sum, 64);
    asm.add_halves(half, 32)
}

/// A folded sum as a residue: FFFF is 0.
fn canonical(asm: &mut Asm<'_>, folded: Value) -> Value {
    let (zero, is_ones) = (asm.int(0), asm.is_int(Is::Equal, folded, 0xffff));
    asm.select(is_ones, zero, folded)
}

/// The routine that sums `length` bytes at an address.
pub(crate) fn write_sum(asm: &mut Asm<'_>) {
    let (start, bytes) = (asm.param(0), asm.param(1));
    let whole = asm.and_int(bytes, !7);
    let end = asm.add(start, whole);
    let zero = asm.int(0);
    let (at, sum) = (asm.variable_of(start), asm.variable_of(zero));
    asm.repeat(
        |asm| {
            let at = asm.get(at);
            asm.is(Is::NotEqual, at, end)
        },
        |asm| {
            let here = asm.get(at);
            let word = asm.load(Memory::Fabric, 8, here, 0);
            let (low, high) = (asm.and_int(word, 0xffff_ffff), asm.shr(word, 32));
            add_to(asm, sum, low);
            add_to(asm, sum, high);
            let next = asm.add_int(here, 8);
            asm.set(at, next);
        },
    );
    for size in [4, 2, 1] {
        let left = asm.and_int(bytes, size.into());
        asm.when(left, |asm| {
            let here = asm.get(at);
            let word = asm.load(Memory::Fabric, size, here, 0);
            add_to(asm, sum, word);
            let next = asm.add_int(here, size.into());
            asm.set(at, next);
        });
    }
    let sum = asm.get(sum);
    asm.ret(&[sum]);
}

fn add_to(asm: &mut Asm<'_>, sum: crate::asm::Variable, more: Value) {
    let so_far = asm.get(sum);
    let total = asm.add(so_far, more);
    asm.set(sum, total);
}

/// By how many bits a header's checksum is shifted in the 32-bit word that it is part of.
fn shift_of(header: HeaderKind) -> u16 {
    (byte_of(header, "csum") % 4 * 8) as u16
}

impl Guest<'_, '_> {
    fn load_header(&mut self, header: HeaderKind, size: u32, at: u32) -> Value {
        let (base, data) = (self.at(header), self.data);
        self.asm.load(Memory::Headers, size, data, base + at)
    }

    /// The sum of the pseudo header of a packet of one of these shapes.
    fn pseudo_sum(&mut self, l4: HeaderKind, protocol: u8, bytes: Value, shapes: &ShapeSet) -> Value {
        let swapped = self.asm.swap16(bytes);
        let sum = self.asm.add_int(swapped, u64::from(protocol) << 8);
        let sum = self.asm.variable_of(sum);
        let [ip6, ip4] = if l4.is_inner() {
            [HeaderKind::InnerIp6, HeaderKind::InnerIp4]
        } else {
            [HeaderKind::Ip6, HeaderKind::Ip4]
        };
        match shapes.has(ip6) {
            Some(true) => self.add_addresses(sum, ip6),
            Some(false) => self.when_has(ip4, shapes, |guest| guest.add_addresses(sum, ip4)),
            None => {
                let has = self.has(ip6);
                let without = shapes.having(ip6, false);
                self.either(
                    has,
                    |guest| guest.add_addresses(sum, ip6),
                    |guest| guest.when_has(ip4, &without, |guest| guest.add_addresses(sum, ip4)),
                );
            }
        }
        self.asm.get(sum)
    }

    fn add_addresses(&mut self, sum: crate::asm::Variable, ip: HeaderKind) {
        for at in (byte_of(ip, "src")..length(ip)).step_by(4) {
            let word = self.load_header(ip, 4, at);
            add_to(self.asm, sum, word);
        }
    }

    /// The folded sum of the message of so many bytes at an address, as if its checksum were zero.
    fn message_sum(&mut self, l4: HeaderKind, at: Value, bytes: Value, shapes: &ShapeSet) -> Value {
        let mut sum = self.asm.call(Routine::Sum, &[at, bytes], 1)[0];
        if let Some(protocol) = l4.layout().pseudo_protocol() {
            let pseudo = self.pseudo_sum(l4, protocol, bytes, shapes);
            sum = self.asm.add(sum, pseudo);
        }
        let written = self.asm.load(Memory::Fabric, 2, at, byte_of(l4, "csum"));
        let written = self.asm.shl(written, shift_of(l4));
        let sum = self.asm.sub(sum, written);
        fold(self.asm, sum)
    }

    /// Where the error of a message is kept.
    fn error_of(&self, l4: HeaderKind) -> crate::asm::Variable {
        if l4.is_inner() { self.vars.inner_error } else { self.vars.error }
    }

    /// Notes the error of a received message.
    pub(crate) fn note_error(&mut self, l4: HeaderKind, at: Value, bytes: Value, shapes: &ShapeSet) {
        let sum = self.message_sum(l4, at, bytes, shapes);
        let received = self.load_header(l4, 2, byte_of(l4, "csum"));
        let off = self.asm.add(received, sum);
        let off = fold(self.asm, off);
        let mut error = canonical(self.asm, off);
        if l4.layout() == Layout::Udp {
            let (absent, none) = (self.asm.int(ABSENT), self.asm.is_int(Is::Equal, received, 0));
            error = self.asm.select(none, absent, error);
        }
        let kept = self.error_of(l4);
        self.asm.set(kept, error);
    }

    /// Puts the length and the checksum into a message that is otherwise ready to be sent.
    pub(crate) fn seal_message(&mut self, l4: HeaderKind, at: Value, bytes: Value, shapes: &ShapeSet) {
        if l4.layout() == Layout::Udp {
            self.asm.store_big(Memory::Fabric, 2, bytes, at, byte_of(l4, "len"));
        }
        let sum = self.message_sum(l4, at, bytes, shapes);
        let ones = self.asm.int(0xffff);
        let correct = self.asm.sub(ones, sum);
        let error = self.asm.get(self.error_of(l4));
        let off = self.asm.add(correct, error);
        let off = fold(self.asm, off);
        let off = canonical(self.asm, off);
        let mut value = self.asm.select(error, off, correct);
        if l4.layout() == Layout::Udp {
            value = self.never_zero(value);
            let (none, absent) = (self.asm.int(0), self.asm.is_int(Is::Equal, error, ABSENT));
            value = self.asm.select(absent, none, value);
        }
        self.asm.store(Memory::Fabric, 2, value, at, byte_of(l4, "csum"));
    }

    fn never_zero(&mut self, value: Value) -> Value {
        let ones = self.asm.int(0xffff);
        self.asm.select(value, value, ones)
    }

    /// The checksum of a message whose headers are those it came with, its fields perhaps written.
    pub(crate) fn carried_checksum(&mut self, l4: HeaderKind, shapes: &ShapeSet) -> Value {
        let received = self.load_header(l4, 2, byte_of(l4, "csum"));
        let sum = self.asm.variable_of(received);
        let has_pseudo = l4.layout().pseudo_protocol().is_some();
        let written = |guest: &Self, ip| has_pseudo && !guest.written_words(ip).is_empty();
        let ips: Vec<HeaderKind> =
            [HeaderKind::Ip4, HeaderKind::Ip6].into_iter().filter(|ip| written(self, *ip)).collect();
        self.add_differences(sum, l4, 0);
        for ip in &ips {
            self.when_has(*ip, shapes, |guest| guest.add_differences(sum, *ip, length(l4)));
        }
        let is_written = !ips.is_empty() || !self.written_words(l4).is_empty();
        let sum = self.asm.get(sum);
        let folded = if is_written { fold(self.asm, sum) } else { sum };
        let value = canonical(self.asm, folded);
        match l4.layout() {
            Layout::Udp => {
                let value = self.never_zero(value);
                let (none, absent) = (self.asm.int(0), self.asm.is_int(Is::Equal, received, 0));
                self.asm.select(absent, none, value)
            }
            Layout::Icmp => self.ones_for_zeros(value),
            _ => value,
        }
    }

    /// Adds what the words of a header that the program writes were, and takes away what they are. The header as it was
    /// received ends `above` bytes below the message's own header's end, which is where the body begins.
    fn add_differences(&mut self, sum: crate::asm::Variable, header: HeaderKind, above: u32) {
        let (body, back) = (self.asm.get(self.vars.body), self.asm.int(u64::from(length(header) + above)));
        let received = self.asm.sub(body, back);
        for (at, size) in self.written_words(header) {
            let old = self.asm.load(Memory::Fabric, size, received, at);
            let new = self.load_header(header, size, at);
            let ones = self.asm.int(if size == 4 { 0xffff_ffff } else { 0xffff });
            let minus = self.asm.sub(ones, new);
            add_to(self.asm, sum, old);
            add_to(self.asm, sum, minus);
        }
    }

    /// The words of a header that count for the message's checksum and that the program writes: position and size.
    fn written_words(&self, header: HeaderKind) -> Vec<(u32, u32)> {
        let spans = self.plan.uses.written.iter().filter(|f| f.header == header).map(|f| Span::of(*f));
        let is_ip = header.layout().is_ip();
        let spans: Vec<Span> = spans.filter(|s| !is_ip || s.first >= byte_of(header, "src")).collect();
        let touched = |at: u32, size: u32| spans.iter().any(|s| s.first < at + size && at < s.first + s.bytes);
        let mut words = Vec::new();
        for at in (0..length(header)).step_by(4).filter(|at| touched(*at, 4)) {
            match [touched(at, 2), touched(at + 2, 2)] {
                [true, true] => words.push((at, 4)),
                [first, _] => words.push((if first { at } else { at + 2 }, 2)),
            }
        }
        words
    }

    /// The checksum of an ICMP message, given its residue: FFFF for a message of zeros, whose checksum was right.
    fn ones_for_zeros(&mut self, value: Value) -> Value {
        let result = self.asm.variable_of(value);
        let first = self.load_header(HeaderKind::Icmp, 2, 0);
        let rest = self.load_header(HeaderKind::Icmp, 4, 4);
        let bits = self.asm.or(first, rest);
        let bits = self.asm.or(bits, value);
        let zeros = self.asm.is_int(Is::Equal, bits, 0);
        self.when(zeros, |guest| {
            let (body, bytes) = (guest.asm.get(guest.vars.body), guest.asm.get(guest.vars.length));
            let sum = guest.asm.call(Routine::Sum, &[body, bytes], 1)[0];
            let (ones, none) = (guest.asm.int(0xffff), guest.asm.int(0));
            let checksum = guest.asm.select(sum, none, ones);
            guest.asm.set(result, checksum);
        });
        self.asm.get(result)
    }

    /// The checksum of an IPv4 header under way.
    pub(crate) fn ip_checksum(&mut self, ip: HeaderKind) -> Value {
        if !self.plan.sums_messages && !self.plan.uses.written.iter().any(|f| f.header == ip) {
            let received = self.load_header(ip, 2, byte_of(ip, "csum"));
            return canonical(self.asm, received);
        }
        let (ttl, protocol) =
            (self.load_header(ip, 1, byte_of(ip, "ttl")), self.load_header(ip, 1, byte_of(ip, "proto")));
        let protocol = self.asm.shl(protocol, 8);
        let mut sum = self.asm.or(ttl, protocol);
        for at in [0, 4, 12, 16] {
            let word = self.load_header(ip, 4, at);
            sum = self.asm.add(sum, word);
        }
        let folded = fold(self.asm, sum);
        let ones = self.asm.int(0xffff);
        self.asm.sub(ones, folded)
    }
}
