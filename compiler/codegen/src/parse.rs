//! The parser: the same checks in the same order as the one every port shares, once for each stack that ports have.
//!
//! It is a tree: at each point the headers before it are known, and where they begin. Headers are copied to their
//! places; what follows them stays in its slot.

use crate::asm::{Is, Label, Memory, Value};
use crate::checksum::fold;
use crate::guest::Guest;
use crate::header::{byte_of, length};
use crate::shapes::{ShapeSet, mask_of};
use rdcl_core::{HeaderKind, ParseError, Shape, Stack};

/// A place in the tree.
#[derive(Clone, Copy)]
struct Here {
    stack: Stack,
    /// The headers so far.
    shape: Shape,
    /// Where the next header begins, and how many bytes are left.
    at: Value,
    left: Value,
    /// Where to go in the end.
    parsed: Label,
}

impl Guest<'_, '_> {
    /// Parses the frame of so many bytes at an address.
    pub(crate) fn parse(&mut self, stack: Stack, at: Value, left: Value, parsed: Label) {
        self.parse_header(stack.outermost, Here { stack, shape: Shape::EMPTY, at, left, parsed });
    }

    fn parse_header(&mut self, header: HeaderKind, here: Here) {
        let is_whole = {
            let length = self.asm.int(length(header).into());
            self.asm.is(Is::LessOrEqual, length, here.left)
        };
        self.demand(is_whole, ParseError::Truncated);
        match header {
            HeaderKind::Eth | HeaderKind::Vlan => self.parse_link(header, here),
            HeaderKind::Ip4 => self.parse_ip(here),
            HeaderKind::Tcp => self.parse_tcp(here),
            HeaderKind::Udp => self.parse_udp(here),
            HeaderKind::Icmp => {
                self.keep(header, here.at, &[(0, 8)]);
                self.message(header, here);
            }
        }
    }

    /// Goes on if a condition holds, else counts the frame as faulty.
    fn demand(&mut self, cond: Value, error: ParseError) {
        let (good, bad) = (self.asm.label(), self.fault(error));
        self.asm.branch(cond, good, bad);
        self.asm.bind(good);
    }

    fn fault(&mut self, error: ParseError) -> Label {
        match self.faults.get(&error) {
            Some(label) => *label,
            None => {
                let label = self.asm.cold_label();
                self.faults.insert(error, label);
                label
            }
        }
    }

    /// Copies pieces of a header to its place; gives their values.
    fn keep(&mut self, header: HeaderKind, from: Value, pieces: &[(u32, u32)]) -> Vec<Value> {
        let (to, data) = (self.at(header), self.data);
        let mut values = Vec::new();
        for (at, size) in pieces {
            let value = self.asm.load(Memory::Fabric, *size, from, *at);
            self.asm.store(Memory::Headers, *size, value, data, to + at);
            values.push(value);
        }
        values
    }

    /// A byte of a little-endian word.
    fn byte(&mut self, word: Value, at: u16) -> Value {
        let shifted = self.asm.shr(word, 8 * at);
        self.asm.and_int(shifted, 0xff)
    }

    fn parse_link(&mut self, header: HeaderKind, here: Here) {
        if header == HeaderKind::Eth {
            let place = self.at(header);
            self.asm.copy16((Memory::Fabric, here.at, 0), (Memory::Headers, self.data, place));
        } else {
            self.keep(header, here.at, &[(0, 4)]);
        }
        let next = self.asm.load_big(Memory::Fabric, 2, here.at, byte_of(header, "type"));
        self.follow(header, next, here);
    }

    /// Goes on with the header that a number announces, or with the body.
    fn follow(&mut self, header: HeaderKind, number: Value, here: Here) {
        let size = u64::from(length(header));
        let (at, bytes) = (self.asm.add_int(here.at, size), self.asm.int(size));
        let left = self.asm.sub(here.left, bytes);
        let here = Here { shape: here.shape.with(header), at, left, ..here };
        for next in header.followers() {
            let (own, other) = (self.asm.label(), self.asm.label());
            let is_next = self.asm.is_int(Is::Equal, number, next.protocol_number().unwrap_or(0) as u64);
            self.asm.branch(is_next, own, other);
            self.asm.bind(own);
            self.parse_header(*next, here);
            self.asm.bind(other);
        }
        self.body(here);
    }

    fn parse_ip(&mut self, here: Here) {
        let ip = HeaderKind::Ip4;
        let words = self.keep(ip, here.at, &[(0, 8), (8, 8), (16, 4)]);
        self.check_ip(words[0]);
        let total = {
            let shifted = self.asm.shr(words[0], 16);
            self.asm.swap16(shifted)
        };
        let is_long = {
            let least = self.asm.int(length(ip).into());
            self.asm.is(Is::LessOrEqual, least, total)
        };
        self.demand(is_long, ParseError::Length);
        let is_there = self.asm.is(Is::LessOrEqual, total, here.left);
        self.demand(is_there, ParseError::Truncated);
        let mut sum = words[2];
        for word in &words[..2] {
            let (low, high) = (self.asm.and_int(*word, 0xffff_ffff), self.asm.shr(*word, 32));
            sum = self.asm.add(sum, low);
            sum = self.asm.add(sum, high);
        }
        let sum = fold(self.asm, sum);
        let is_right = self.asm.is_int(Is::Equal, sum, 0xffff);
        self.demand(is_right, ParseError::Checksum);
        let protocol = self.byte(words[1], 1);
        self.follow(ip, protocol, Here { left: total, ..here });
    }

    /// Version, options, fragment: one comparison, and others to find out what is wrong.
    fn check_ip(&mut self, word: Value) {
        const ALL: u64 = 0xffbf_0000_0000_00ff;
        let (good, bad) = (self.asm.label(), self.asm.cold_label());
        let bits = self.asm.and_int(word, ALL);
        let is_plain = self.asm.is_int(Is::Equal, bits, 0x45);
        self.asm.branch(is_plain, good, bad);
        self.asm.bind(bad);
        for (mask, error) in [(0xf0, ParseError::Version), (0x0f, ParseError::Options)] {
            let bits = self.asm.and_int(word, mask);
            let is_right = self.asm.is_int(Is::Equal, bits, 0x45 & mask);
            self.demand(is_right, error);
        }
        let fragment = self.fault(ParseError::Fragment);
        self.asm.jump(fragment);
        self.asm.bind(good);
    }

    fn parse_tcp(&mut self, here: Here) {
        let tcp = HeaderKind::Tcp;
        let words = self.keep(tcp, here.at, &[(0, 8), (8, 8), (16, 4)]);
        let offset = self.byte(words[1], 4);
        let offset = self.asm.shr(offset, 4);
        let bytes = self.asm.shl(offset, 2);
        let least = self.asm.int(length(tcp).into());
        let is_long = self.asm.is(Is::LessOrEqual, least, bytes);
        self.demand(is_long, ParseError::Length);
        let is_there = self.asm.is(Is::LessOrEqual, bytes, here.left);
        self.demand(is_there, ParseError::Length);
        self.message(tcp, here);
    }

    fn parse_udp(&mut self, here: Here) {
        let udp = HeaderKind::Udp;
        let words = self.keep(udp, here.at, &[(0, 8)]);
        let said = self.asm.shr(words[0], 32);
        let said = self.asm.swap16(said);
        let is_right = self.asm.is(Is::Equal, said, here.left);
        self.demand(is_right, ParseError::Length);
        self.message(udp, here);
    }

    /// The end of the headers, at a message with a checksum.
    fn message(&mut self, header: HeaderKind, here: Here) {
        let shape = here.shape.with(header);
        let size = u64::from(length(header));
        let (at, bytes) = (self.asm.add_int(here.at, size), self.asm.int(size));
        let left = self.asm.sub(here.left, bytes);
        if self.plan.uses.moves_transport() {
            self.note_error(header, here.at, here.left, ShapeSet::of([shape]));
            return self.end_parse(Here { shape, at, left, ..here });
        }
        self.body(Here { shape, at, left, ..here });
    }

    /// The end of the headers; without a message there is no error.
    fn body(&mut self, here: Here) {
        let none = self.asm.int(0);
        self.asm.set(self.vars.error, none);
        self.end_parse(here);
    }

    fn end_parse(&mut self, here: Here) {
        if let Some(missing) = here.stack.required.headers().find(|h| !here.shape.has(*h)) {
            let fault = self.fault(ParseError::Missing(missing));
            return self.asm.jump(fault);
        }
        let shape = self.asm.int(mask_of(here.shape));
        self.asm.set(self.vars.shape, shape);
        self.asm.set(self.vars.body, here.at);
        self.asm.set(self.vars.length, here.left);
        self.asm.jump(here.parsed);
    }
}
