//! The entry point: the loop over the frames of the receive ring.
//!
//! Indices are read once and published at the end, the send ring's first; x86 keeps stores in order, so the host never
//! sees a slot that is not whole. What a slot says of its length and port is checked, though the host wrote it.

use crate::asm::{Asm, Code, Is, Label, Memory, Value, Variable};
use crate::counter::Counter;
use crate::plan::Plan;
use crate::shapes::ShapeSet;
use rdcl_abi::{SLOT_HEADER, offset};
use rdcl_core::{BlockId, ParseError, PortId, Stack};
use std::collections::BTreeMap;

/// What holds while a frame is under way.
pub(crate) struct Vars {
    /// The index of the next receive slot.
    head: Variable,
    /// The index of the next send slot.
    pub(crate) sent: Variable,
    pub(crate) port: Variable,
    pub(crate) now: Variable,
    /// Which headers the packet has.
    pub(crate) shape: Variable,
    /// Where what follows the headers begins, and how long it is.
    pub(crate) body: Variable,
    pub(crate) length: Variable,
    /// How the checksum of the message differs from the correct one; used if headers come or go.
    pub(crate) error: Variable,
    /// The same of the message in a tunnel.
    pub(crate) inner_error: Variable,
    /// The number of the innermost fork with arms left; 0 without one.
    pub(crate) pending: Variable,
    pub(crate) slots: Vec<Variable>,
    pub(crate) cells: Vec<CellVars>,
    /// Where bound rows are.
    pub(crate) rows: Vec<Variable>,
}

/// A bound entry: where it is, which it is, and the columns that are read.
pub(crate) struct CellVars {
    pub(crate) entry: Variable,
    pub(crate) id: Variable,
    pub(crate) columns: BTreeMap<u16, Variable>,
}

/// The entry point being written.
pub(crate) struct Guest<'a, 'f> {
    pub(crate) asm: &'a mut Asm<'f>,
    pub(crate) plan: &'a Plan<'a>,
    pub(crate) rodata: Value,
    pub(crate) data: Value,
    pub(crate) fabric: Value,
    pub(crate) vars: Vars,
    /// Where each block is.
    pub(crate) blocks: Vec<Label>,
    /// Where copies of packets are sent, by the shapes they may have; each takes the port.
    pub(crate) sends: BTreeMap<ShapeSet, (Label, Value)>,
    /// Where the parser's faults are counted.
    pub(crate) faults: BTreeMap<ParseError, Label>,
    /// Where the next frame is taken.
    pub(crate) next: Label,
    /// Where every copy ends.
    pub(crate) finish: Label,
}

impl<'f> Code<'f> for Guest<'_, 'f> {
    fn asm(&mut self) -> &mut Asm<'f> {
        self.asm
    }
}

/// Writes the entry point.
pub(crate) fn write(plan: &Plan<'_>, asm: &mut Asm<'_>) {
    let (rodata, data, fabric) = (asm.param(0), asm.param(1), asm.param(2));
    let vars = variables(plan, asm);
    let blocks = plan.program.blocks.iter().map(|_| asm.label()).collect();
    let (next, finish) = (asm.label(), asm.label());
    let (sends, faults) = (BTreeMap::new(), BTreeMap::new());
    let mut guest = Guest { asm, plan, rodata, data, fabric, vars, blocks, sends, faults, next, finish };
    let slot = guest.take_frames();
    guest.parse_frames(slot);
    guest.visit_blocks();
    guest.send_copies();
    guest.count_faults();
    guest.finish_copies();
}

fn variables(plan: &Plan<'_>, asm: &mut Asm<'_>) -> Vars {
    let program = plan.program;
    let cells = (0u32..).zip(&program.cells).map(|(id, cell)| {
        let columns = plan.uses.columns.iter().filter(|(of, _)| of.0 == id);
        let width = |column: u16| program.maps[cell.map.index()].column(column).1;
        let columns = columns.map(|(_, column)| (*column, asm.variable(width(*column)))).collect();
        CellVars { entry: asm.variable(64), id: asm.variable(64), columns }
    });
    let cells = cells.collect();
    Vars {
        head: asm.variable(64),
        sent: asm.variable(64),
        port: asm.variable(64),
        now: asm.variable(64),
        shape: asm.variable(64),
        body: asm.variable(64),
        length: asm.variable(64),
        error: asm.variable(64),
        inner_error: asm.variable(64),
        pending: asm.variable(64),
        slots: program.slots.iter().map(|slot| asm.variable(slot.width)).collect(),
        cells,
        rows: program.rows.iter().map(|_| asm.variable(64)).collect(),
    }
}

impl Guest<'_, '_> {
    /// The loop; goes on with the slot of a frame, to be parsed.
    fn take_frames(&mut self) -> Value {
        let slots = u64::from(self.plan.rings.slots());
        let first = self.load_index(offset::RECEIVE_HEAD);
        let tail = self.load_index(offset::RECEIVE_TAIL);
        let waiting = self.asm.sub(tail, first);
        let waiting = self.at_most(waiting, slots);
        let end = self.asm.add(first, waiting);
        let limit = self.send_limit(slots);
        self.asm.set(self.vars.head, first);
        let (frame, done) = (self.asm.label(), self.asm.label());
        self.asm.jump(self.next);
        self.asm.bind(self.next);
        let (room, head) = (self.asm.label(), self.asm.get(self.vars.head));
        let is_end = self.asm.is(Is::Equal, head, end);
        self.asm.branch(is_end, done, room);
        self.asm.bind(room);
        let sent = self.asm.get(self.vars.sent);
        let left = self.asm.sub(limit, sent);
        let too_few = self.asm.is_int(Is::Less, left, self.plan.most_copies);
        self.asm.branch(too_few, done, frame);
        self.asm.bind(done);
        self.publish(first);
        self.asm.bind(frame);
        let slot = self.slot(offset::SLOTS as u64, head);
        let next = self.asm.add_int(head, 1);
        self.asm.set(self.vars.head, next);
        slot
    }

    fn at_most(&mut self, value: Value, most: u64) -> Value {
        let (most, over) = (self.asm.int(most), self.asm.is_int(Is::Less, value, most));
        self.asm.select(over, value, most)
    }

    fn load_index(&mut self, at: usize) -> Value {
        self.asm.load(Memory::Fabric, 8, self.fabric, at as u32)
    }

    /// The index of the first send slot that is not free.
    fn send_limit(&mut self, slots: u64) -> Value {
        let sent = self.load_index(offset::SEND_TAIL);
        let taken = self.load_index(offset::SEND_HEAD);
        self.asm.set(self.vars.sent, sent);
        let used = self.asm.sub(sent, taken);
        let used = self.at_most(used, slots);
        let all = self.asm.int(slots);
        let free = self.asm.sub(all, used);
        self.asm.add(sent, free)
    }

    fn publish(&mut self, first: Value) {
        let (sent, head) = (self.asm.get(self.vars.sent), self.asm.get(self.vars.head));
        self.asm.store(Memory::Fabric, 8, sent, self.fabric, offset::SEND_TAIL as u32);
        self.asm.store(Memory::Fabric, 8, head, self.fabric, offset::RECEIVE_HEAD as u32);
        let taken = self.asm.sub(head, first);
        self.asm.ret(&[taken]);
    }

    /// Where the slot with an index is, in the ring that begins at an offset.
    pub(crate) fn slot(&mut self, ring: u64, index: Value) -> Value {
        let rings = self.plan.rings;
        let number = self.asm.and_int(index, u64::from(rings.slots()) - 1);
        let bytes = self.asm.shl(number, rings.slot_bytes().trailing_zeros() as u16);
        let at = self.asm.add(self.fabric, bytes);
        self.asm.add_int(at, ring)
    }

    /// Checks a slot, notes its port and time, and parses its frame as its port demands.
    fn parse_frames(&mut self, slot: Value) {
        let (good_length, good_port) = (self.asm.label(), self.asm.label());
        let (bad_length, bad_port) = (self.asm.cold_label(), self.asm.cold_label());
        let length = self.asm.load(Memory::Fabric, 4, slot, 0);
        let port = self.asm.load(Memory::Fabric, 4, slot, 4);
        let longest = self.plan.rings.longest_received() as u64;
        let fits = self.asm.is_int(Is::LessOrEqual, length, longest);
        self.asm.branch(fits, good_length, bad_length);
        self.asm.bind(good_length);
        let exists = self.asm.is_int(Is::Less, port, self.plan.program.ports.len() as u64);
        self.asm.branch(exists, good_port, bad_port);
        self.asm.bind(good_port);
        self.asm.set(self.vars.port, port);
        self.count_port(0, port);
        self.advance_time(slot);
        self.dispatch_stacks(slot, length);
        for (label, counter) in [(bad_length, Counter::BadLength), (bad_port, Counter::BadPort)] {
            self.asm.bind(label);
            self.count(&counter);
            self.asm.jump(self.next);
        }
    }

    fn advance_time(&mut self, slot: Value) {
        let (said, before) =
            (self.asm.load(Memory::Fabric, 8, slot, 8), self.asm.load(Memory::State, 8, self.data, self.plan.now));
        let is_early = self.asm.is(Is::Less, said, before);
        let now = self.asm.select(is_early, before, said);
        self.asm.store(Memory::State, 8, now, self.data, self.plan.now);
        self.asm.set(self.vars.now, now);
    }

    /// For each stack that ports have: the parser, then the blocks that packets enter.
    fn dispatch_stacks(&mut self, slot: Value, bytes: Value) {
        let ports = &self.plan.program.ports;
        let mut stacks: Vec<(Stack, Label)> = Vec::new();
        let mut by_port: Vec<(u64, Label)> = Vec::new();
        for (number, port) in (0..).zip(ports) {
            let known = stacks.iter().find(|(stack, _)| *stack == port.stack).map(|(_, label)| *label);
            let label = known.unwrap_or_else(|| {
                let label = self.asm.label();
                stacks.push((port.stack, label));
                label
            });
            by_port.push((number, label));
        }
        by_port.dedup_by_key(|(_, label)| *label);
        let port = self.asm.get(self.vars.port);
        if by_port.is_empty() {
            self.asm.jump(self.next);
        } else {
            self.asm.search(port, &by_port);
        }
        for (stack, label) in stacks {
            self.asm.bind(label);
            let frame = self.asm.add_int(slot, SLOT_HEADER as u64);
            let parsed = self.asm.label();
            self.parse(stack, frame, bytes, parsed);
            self.asm.bind(parsed);
            self.enter(stack);
        }
    }

    /// Starts the visit of a packet that came in by some port of this stack.
    fn enter(&mut self, stack: Stack) {
        let program = self.plan.program;
        let ports = (0u32..).zip(&program.ports).filter(|(_, port)| port.stack == stack).map(|(n, _)| PortId(n));
        let entries: Vec<(PortId, Option<BlockId>)> = ports.map(|p| (p, program.entry[p.index()])).collect();
        let arms: Vec<(u64, Label)> = entries.iter().map(|(port, _)| (port.0.into(), self.asm.label())).collect();
        let port = self.asm.get(self.vars.port);
        self.asm.search(port, &arms);
        for ((port, entry), (_, label)) in entries.into_iter().zip(arms) {
            self.asm.bind(label);
            match entry {
                Some(block) => self.begin_visit(block),
                None => {
                    self.count(&Counter::NotEntered { port });
                    self.asm.jump(self.next);
                }
            }
        }
    }

    fn begin_visit(&mut self, block: BlockId) {
        self.expire_all();
        for (slot, decl) in self.vars.slots.iter().zip(&self.plan.program.slots) {
            let zero = self.asm.constant(decl.width, 0);
            self.asm.set(*slot, zero);
        }
        let none = self.asm.int(0);
        self.asm.set(self.vars.pending, none);
        self.asm.jump(self.blocks[block.index()]);
    }

    /// Adds one to a counter.
    pub(crate) fn count(&mut self, counter: &Counter) {
        let at = self.plan.counter(counter);
        self.add_one(self.data, at);
    }

    /// Adds one to the counter of a port, among those that begin at an offset.
    pub(crate) fn count_port(&mut self, at: u32, port: Value) {
        let offset = self.asm.shl(port, 3);
        let base = self.asm.add(self.data, offset);
        self.add_one(base, at);
    }

    fn add_one(&mut self, base: Value, at: u32) {
        let count = self.asm.load(Memory::Counters, 8, base, at);
        let more = self.asm.add_int(count, 1);
        self.asm.store(Memory::Counters, 8, more, base, at);
    }

    fn count_faults(&mut self) {
        for (error, label) in std::mem::take(&mut self.faults) {
            self.asm.bind(label);
            self.count(&Counter::Parse(error));
            self.asm.jump(self.next);
        }
    }
}
