//! The parser: the same checks in the same order as the one every port shares, once for each stack that ports have.
//!
//! It is a tree: at each point the headers before it are known, and where they begin. Headers are copied to their
//! places; what follows them stays in its slot.

use crate::asm::{Is, Label, Memory, Value};
use crate::checksum::fold;
use crate::guest::Guest;
use crate::header::{byte_of, length, pieces};
use crate::shapes::ShapeSet;
use rdcl_core::{Cue, HeaderKind, Layout, ParseError, Shape, Stack, mask};

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
        let none = self.asm.int(0);
        self.asm.set(self.vars.error, none);
        self.asm.set(self.vars.inner_error, none);
        self.parse_header(stack.outermost, Here { stack, shape: Shape::EMPTY, at, left, parsed });
    }

    fn parse_header(&mut self, header: HeaderKind, here: Here) {
        let is_whole = {
            let length = self.asm.int(length(header).into());
            self.asm.is(Is::LessOrEqual, length, here.left)
        };
        self.demand(is_whole, ParseError::Truncated);
        match header.layout() {
            Layout::Eth | Layout::Vlan => self.parse_link(header, here),
            Layout::Arp => self.parse_arp(header, here),
            Layout::Ip4 => self.parse_ip(header, here),
            Layout::Ip6 => self.parse_ip6(header, here),
            Layout::Tcp => self.parse_tcp(header, here),
            Layout::Udp => self.parse_udp(header, here),
            Layout::Icmp | Layout::Icmp6 => {
                self.keep(header, here.at, &[(0, 8)]);
                self.note(header, here);
                self.follow(header, None, here);
            }
            Layout::Mpls => {
                self.keep(header, here.at, &[(0, 4)]);
                self.follow(header, None, here);
            }
            Layout::Frag | Layout::Esp => {
                self.keep(header, here.at, &[(0, 8)]);
                self.follow(header, None, here);
            }
            Layout::Gre => self.parse_gre(header, here),
            Layout::Vxlan => self.parse_vxlan(header, here),
            Layout::Gtpu => self.parse_gtpu(header, here),
            Layout::User(_) => {
                self.keep(header, here.at, &pieces(0, length(header)));
                self.check_padding(header);
                let told = header.selector().map(|selector| self.read_field(selector));
                self.follow(header, told, here);
            }
        }
    }

    /// Goes on if a condition holds, else counts the frame as faulty.
    fn demand(&mut self, cond: Value, error: ParseError) {
        let (good, bad) = (self.asm.label(), self.fault(error));
        self.asm.branch(cond, good, bad);
        self.asm.bind(good);
    }

    /// Goes on if the bits under a mask are these, else counts the frame as faulty.
    fn demand_bits(&mut self, word: Value, mask: u64, bits: u64, error: ParseError) {
        let found = self.asm.and_int(word, mask);
        let is_right = self.asm.is_int(Is::Equal, found, bits);
        self.demand(is_right, error);
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

    /// A big-endian number of two bytes in a little-endian word.
    fn number(&mut self, word: Value, at: u16) -> Value {
        let shifted = self.asm.shr(word, 8 * at);
        self.asm.swap16(shifted)
    }

    fn parse_link(&mut self, header: HeaderKind, here: Here) {
        if header.layout() == Layout::Eth {
            let place = self.at(header);
            self.asm.copy16((Memory::Fabric, here.at, 0), (Memory::Headers, self.data, place));
        } else {
            self.keep(header, here.at, &[(0, 4)]);
        }
        let next = self.asm.load_big(Memory::Fabric, 2, here.at, byte_of(header, "type"));
        self.follow(header, Some(next), here);
    }

    /// Padding, the last bits of the header's last byte, is zero.
    fn check_padding(&mut self, header: HeaderKind) {
        let Some(padding) = header.fields().last().filter(|field| field.name.is_empty()) else { return };
        let (at, data) = (self.at(header) + length(header) - 1, self.data);
        let byte = self.asm.load(Memory::Headers, 1, data, at);
        self.demand_bits(byte, mask(padding.width) as u64, 0, ParseError::Options);
    }

    /// Goes on with the header that a number announces, or with the body.
    fn follow(&mut self, header: HeaderKind, number: Option<Value>, here: Here) {
        let size = u64::from(length(header));
        let (at, bytes) = (self.asm.add_int(here.at, size), self.asm.int(size));
        let left = self.asm.sub(here.left, bytes);
        let here = Here { shape: here.shape.with(header), at, left, ..here };
        for (next, cue) in here.stack.links(header) {
            let other = self.asm.label();
            match (cue, number) {
                (Cue::Always, _) => return self.parse_header(next, here),
                (Cue::Number(told), Some(number)) => self.go_on_if(number, told, other),
                (Cue::Nibble(told, nibble), Some(number)) => {
                    self.go_on_if(number, told, other);
                    let (some, none) = (self.asm.label(), other);
                    self.asm.branch(here.left, some, none);
                    self.asm.bind(some);
                    let first = self.asm.load(Memory::Fabric, 1, here.at, 0);
                    let high = self.asm.shr(first, 4);
                    self.go_on_if(high, nibble.into(), other);
                }
                (Cue::Number(_) | Cue::Nibble(..), None) => continue,
            }
            self.parse_header(next, here);
            self.asm.bind(other);
        }
        self.end_parse(here);
    }

    /// Goes on if a number is the one told, else elsewhere.
    fn go_on_if(&mut self, number: Value, told: u128, other: Label) {
        let (own, is_told) = (self.asm.label(), self.asm.is_int(Is::Equal, number, told as u64));
        self.asm.branch(is_told, own, other);
        self.asm.bind(own);
    }

    /// Hardware, protocol and the lengths of their addresses are fixed; what follows is padding.
    fn parse_arp(&mut self, arp: HeaderKind, here: Here) {
        let words = self.keep(arp, here.at, &[(0, 8), (8, 8), (16, 8), (24, 4)]);
        self.demand_bits(words[0], 0xffff_ffff_ffff, 0x0406_0008_0100, ParseError::Options);
        let left = self.asm.int(length(arp).into());
        self.follow(arp, None, Here { left, ..here });
    }

    fn parse_ip(&mut self, ip: HeaderKind, here: Here) {
        let words = self.keep(ip, here.at, &[(0, 8), (8, 8), (16, 4)]);
        self.check_ip(words[0]);
        let total = self.number(words[0], 2);
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
        self.follow(ip, Some(protocol), Here { left: total, ..here });
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
            self.demand_bits(word, mask, 0x45 & mask, error);
        }
        let fragment = self.fault(ParseError::Fragment);
        self.asm.jump(fragment);
        self.asm.bind(good);
    }

    fn parse_ip6(&mut self, ip: HeaderKind, here: Here) {
        let words = self.keep(ip, here.at, &[(0, 8), (8, 8), (16, 8), (24, 8), (32, 8)]);
        self.demand_bits(words[0], 0xf0, 0x60, ParseError::Version);
        let payload = self.number(words[0], 4);
        let total = self.asm.add_int(payload, length(ip).into());
        let is_there = self.asm.is(Is::LessOrEqual, total, here.left);
        self.demand(is_there, ParseError::Truncated);
        let next = self.byte(words[0], 6);
        self.follow(ip, Some(next), Here { left: total, ..here });
    }

    fn parse_tcp(&mut self, tcp: HeaderKind, here: Here) {
        let words = self.keep(tcp, here.at, &[(0, 8), (8, 8), (16, 4)]);
        let offset = self.byte(words[1], 4);
        let offset = self.asm.shr(offset, 4);
        let bytes = self.asm.shl(offset, 2);
        let least = self.asm.int(length(tcp).into());
        let is_long = self.asm.is(Is::LessOrEqual, least, bytes);
        self.demand(is_long, ParseError::Length);
        let is_there = self.asm.is(Is::LessOrEqual, bytes, here.left);
        self.demand(is_there, ParseError::Length);
        self.note(tcp, here);
        self.follow(tcp, None, here);
    }

    fn parse_udp(&mut self, udp: HeaderKind, here: Here) {
        let words = self.keep(udp, here.at, &[(0, 8)]);
        let said = self.number(words[0], 4);
        let is_right = self.asm.is(Is::Equal, said, here.left);
        self.demand(is_right, ParseError::Length);
        self.note(udp, here);
        let port = self.number(words[0], 2);
        self.follow(udp, Some(port), here);
    }

    fn parse_gre(&mut self, gre: HeaderKind, here: Here) {
        let words = self.keep(gre, here.at, &[(0, 4)]);
        self.demand_bits(words[0], 0x0700, 0, ParseError::Version);
        self.demand_bits(words[0], 0xffff, 0, ParseError::Options);
        let protocol = self.number(words[0], 2);
        self.follow(gre, Some(protocol), here);
    }

    fn parse_vxlan(&mut self, vxlan: HeaderKind, here: Here) {
        let words = self.keep(vxlan, here.at, &[(0, 8)]);
        self.demand_bits(words[0], 0xff, 0x08, ParseError::Options);
        self.follow(vxlan, None, here);
    }

    fn parse_gtpu(&mut self, gtpu: HeaderKind, here: Here) {
        let words = self.keep(gtpu, here.at, &[(0, 8)]);
        self.demand_bits(words[0], 0xe0, 0x20, ParseError::Version);
        self.demand_bits(words[0], 0x1f, 0x10, ParseError::Options);
        let said = self.number(words[0], 2);
        let all = self.asm.add_int(said, length(gtpu).into());
        let is_right = self.asm.is(Is::Equal, all, here.left);
        self.demand(is_right, ParseError::Length);
        let kind = self.byte(words[0], 1);
        self.follow(gtpu, Some(kind), here);
    }

    /// Notes the checksum error of a message, where it will be needed.
    fn note(&mut self, header: HeaderKind, here: Here) {
        if self.plan.sums_messages {
            self.note_error(header, here.at, here.left, &ShapeSet::of([here.shape.with(header)]));
        }
    }

    fn end_parse(&mut self, here: Here) {
        if let Some(missing) = here.stack.required.headers().find(|h| !here.shape.has(*h)) {
            let fault = self.fault(ParseError::Missing(missing));
            return self.asm.jump(fault);
        }
        let shape = self.asm.int(self.plan.places.mask_of(here.shape));
        self.asm.set(self.vars.shape, shape);
        self.asm.set(self.vars.body, here.at);
        self.asm.set(self.vars.length, here.left);
        if here.shape.has_inner() {
            // Padding inside the tunnel is gone.
            self.put_lengths(&ShapeSet::of([here.shape]));
        }
        self.asm.jump(here.parsed);
    }
}
