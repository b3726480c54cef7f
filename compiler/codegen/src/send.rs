//! Sending copies: headers from their places, the body from its slot, lengths and checksums made right.
//!
//! Copies of packets that may have the same shapes share one piece of code, which takes the port.

use crate::asm::{Code, Is, Label, Memory, Value};
use crate::counter::Counter;
use crate::guest::Guest;
use crate::header::{Span, byte_of, length};
use crate::shapes::ShapeSet;
use rdcl_abi::SLOT_HEADER;
use rdcl_core::{HeaderKind, Layout, PortId};

impl Guest<'_, '_> {
    /// Sends the packet, of one of these shapes, out by a port; the copy ends there.
    pub(crate) fn forward(&mut self, port: PortId, shapes: &ShapeSet) {
        if shapes.is_empty() {
            return self.asm.jump(self.finish);
        }
        let label = self.sending(shapes);
        let port = self.asm.int(port.0.into());
        self.asm.jump_with(label, port);
    }

    fn sending(&mut self, shapes: &ShapeSet) -> Label {
        if let Some((label, _)) = self.sends.get(shapes) {
            return *label;
        }
        let label = self.asm.label();
        let port = self.asm.taken(label, 64);
        self.sends.insert(shapes.clone(), (label, port));
        label
    }

    /// Writes the code for all copies sent.
    pub(crate) fn send_copies(&mut self) {
        for (shapes, (label, port)) in std::mem::take(&mut self.sends) {
            self.asm.bind(label);
            self.send(port, &shapes);
            self.asm.jump(self.finish);
        }
    }

    fn send(&mut self, port: Value, shapes: &ShapeSet) {
        let first_forwarded = self.plan.counter(&Counter::Forwarded { port: PortId(0) });
        self.count_port(first_forwarded, port);
        let sent = self.asm.get(self.vars.sent);
        let slot = self.slot(self.plan.rings.send_slots() as u64, sent);
        let frame = self.asm.add_int(slot, SLOT_HEADER as u64);
        let end = self.put_frame(frame, shapes);
        let bytes = self.asm.sub(end, frame);
        let port = self.asm.shl(port, 32);
        let first = self.asm.or(bytes, port);
        self.asm.store(Memory::Fabric, 8, first, slot, 0);
        let now = self.asm.get(self.vars.now);
        self.asm.store(Memory::Fabric, 8, now, slot, 8);
        let next = self.asm.add_int(sent, 1);
        self.asm.set(self.vars.sent, next);
    }

    /// Writes a frame at an address; gives where it ends.
    fn put_frame(&mut self, frame: Value, shapes: &ShapeSet) -> Value {
        let out = self.asm.variable_of(frame);
        let messages = [false, true].map(|_| self.asm.variable_of(frame));
        for header in shapes.headers() {
            self.when_has(header, shapes, |guest| {
                let at = guest.asm.get(out);
                guest.put_header(header, at, shapes);
                if header.is_transport() {
                    guest.asm.set(messages[usize::from(header.is_inner())], at);
                }
                let past = guest.asm.add_int(at, length(header).into());
                guest.asm.set(out, past);
            });
        }
        let body = self.asm.get(out);
        let bytes = self.asm.get(self.vars.length);
        let end = self.asm.add(body, bytes);
        self.put_body(body, end);
        if self.plan.sums_messages {
            // The checksum of a tunnel covers that of the packet in it.
            for l4 in shapes.headers().into_iter().rev().filter(|h| h.is_transport()) {
                self.when_has(l4, shapes, |guest| {
                    let at = guest.asm.get(messages[usize::from(l4.is_inner())]);
                    let bytes = guest.asm.sub(end, at);
                    guest.seal_message(l4, at, bytes, &shapes.having(l4, true));
                });
            }
        }
        end
    }

    fn put_header(&mut self, header: HeaderKind, to: Value, shapes: &ShapeSet) {
        let (from, data) = (self.at(header), self.data);
        for (at, size) in self.chunks(header) {
            let value = self.asm.load(Memory::Headers, size, data, from + at);
            self.asm.store(Memory::Fabric, size, value, to, at);
        }
        let checksum = match header.layout() {
            Layout::Ip4 => self.ip_checksum(header),
            layout if !layout.is_transport() || self.plan.sums_messages => return,
            _ => self.carried_checksum(header, shapes),
        };
        self.asm.store(Memory::Fabric, 2, checksum, to, byte_of(header, "csum"));
    }

    /// The pieces in which a header is copied: as the program writes them, so that no load waits for a store that it
    /// only overlaps.
    fn chunks(&self, header: HeaderKind) -> Vec<(u32, u32)> {
        let written = self.plan.uses.written.iter().filter(|f| f.header == header);
        let written: Vec<(u32, u32)> = written.flat_map(|f| Span::of(*f).pieces()).collect();
        let (mut chunks, mut at) = (Vec::new(), 0);
        while at < length(header) {
            let own = written.iter().filter(|piece| piece.0 == at).map(|piece| piece.1).max();
            let limit = written.iter().map(|piece| piece.0).filter(|start| *start > at).min();
            let limit = limit.unwrap_or(u32::MAX).min(length(header));
            let widest = [8, 4, 2, 1].into_iter().find(|size| at + size <= limit).unwrap_or(1);
            let size = own.unwrap_or(widest);
            chunks.push((at, size));
            at += size;
        }
        chunks
    }

    /// Copies the body, 16 bytes at a time. The last may be too many; they stay within the slots, since these have room
    /// for 15 bytes more than a frame [grows](crate::uses::Uses::growth).
    fn put_body(&mut self, to: Value, end: Value) {
        let from = self.asm.get(self.vars.body);
        let distance = self.asm.sub(from, to);
        let out = self.asm.variable_of(to);
        self.repeat(
            |guest| {
                let at = guest.asm.get(out);
                guest.asm.is(Is::Less, at, end)
            },
            |guest| {
                let at = guest.asm.get(out);
                let source = guest.asm.add(at, distance);
                guest.asm.copy16((Memory::Fabric, source, 0), (Memory::Fabric, at, 0));
                let next = guest.asm.add_int(at, 16);
                guest.asm.set(out, next);
            },
        );
    }
}
