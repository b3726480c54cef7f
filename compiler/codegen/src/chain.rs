//! Hash tables with chains: an array of heads, and a link in every record.
//!
//! A link is the offset of a record in the data, 0 for none; so memory of zeros is an empty table, and nothing of it is
//! touched before it is used. The hash is fixed: equal histories give equal memory.

use crate::asm::{Asm, Code, Is, Memory, Value};
use crate::plan::Space;

const SEED: u64 = 0x243f_6a88_85a3_08d3;
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
const LAST: u64 = 0xd6e8_feb8_6659_fd93;

/// The hash of some words; its upper bits are the best.
pub(crate) fn hash_of(words: &[u64]) -> u64 {
    let mix = |h: u64, word: &u64| {
        let h = (h ^ word).wrapping_mul(STEP);
        h ^ h >> 32
    };
    words.iter().fold(SEED, mix).wrapping_mul(LAST)
}

/// [`hash_of`] as code.
pub(crate) fn hash(asm: &mut Asm<'_>, words: &[Value]) -> Value {
    let mut h = asm.int(SEED);
    for word in words {
        let mixed = asm.xor(h, *word);
        let product = asm.mul_int(mixed, STEP);
        let high = asm.shr(product, 32);
        h = asm.xor(product, high);
    }
    asm.mul_int(h, LAST)
}

/// A hash table.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// Where the heads are.
    heads: u32,
    /// There are two to the power of this many.
    bits: u16,
    /// Where the link is in a record.
    link: u32,
    /// Where the words of the key are in a record.
    keys: Vec<u32>,
}

impl Chain {
    /// A table for so many records.
    pub(crate) fn new(records: u64, link: u32, keys: Vec<u32>, space: &mut Space) -> Chain {
        let heads = records.max(2).checked_next_power_of_two().unwrap_or(1 << 63);
        Chain { heads: space.place(heads.saturating_mul(4), 64), bits: heads.trailing_zeros() as u16, link, keys }
    }

    /// The address of the head for a hash.
    fn head(&self, asm: &mut Asm<'_>, data: Value, hash: Value) -> Value {
        let number = asm.shr(hash, 64 - self.bits);
        let bytes = asm.shl(number, 2);
        asm.add(data, bytes)
    }

    /// The record with these words, 0 without one.
    pub(crate) fn find(&self, asm: &mut Asm<'_>, data: Value, words: &[Value]) -> Value {
        let hash = hash(asm, words);
        let head = self.head(asm, data, hash);
        let first = asm.load(Memory::State, 4, head, self.heads);
        let at = asm.variable_of(first);
        let (again, compare, other, done) = (asm.label(), asm.label(), asm.label(), asm.label());
        asm.jump(again);
        asm.bind(again);
        let here = asm.get(at);
        asm.branch(here, compare, done);
        asm.bind(compare);
        let record = asm.add(data, here);
        let is_other = self.difference(asm, record, words);
        asm.branch(is_other, other, done);
        asm.bind(other);
        let next = asm.load(Memory::State, 4, record, self.link);
        asm.set(at, next);
        asm.jump(again);
        asm.bind(done);
        asm.get(at)
    }

    /// Zero if the record has these words.
    fn difference(&self, asm: &mut Asm<'_>, record: Value, words: &[Value]) -> Value {
        let mut difference = None;
        for (at, word) in self.keys.iter().zip(words) {
            let own = asm.load(Memory::State, 8, record, *at);
            let bits = asm.xor(own, *word);
            difference = Some(match difference {
                None => bits,
                Some(others) => asm.or(others, bits),
            });
        }
        difference.unwrap_or_else(|| asm.int(0))
    }

    /// Adds a record with these words.
    pub(crate) fn add(&self, asm: &mut Asm<'_>, data: Value, record: Value, words: &[Value]) {
        let hash = hash(asm, words);
        let head = self.head(asm, data, hash);
        let first = asm.load(Memory::State, 4, head, self.heads);
        let address = asm.add(data, record);
        asm.store(Memory::State, 4, first, address, self.link);
        asm.store(Memory::State, 4, record, head, self.heads);
    }

    /// Takes a record with these words out; it is there.
    pub(crate) fn remove(&self, asm: &mut Asm<'_>, data: Value, record: Value, words: &[Value]) {
        let hash = hash(asm, words);
        let head = self.head(asm, data, hash);
        let first = asm.add_int(head, self.heads.into());
        let holder = asm.variable_of(first);
        asm.repeat(
            |asm| {
                let holder = asm.get(holder);
                let held = asm.load(Memory::State, 4, holder, 0);
                asm.is(Is::NotEqual, held, record)
            },
            |asm| {
                let held = asm.get(holder);
                let held = asm.load(Memory::State, 4, held, 0);
                let address = asm.add(data, held);
                let next = asm.add_int(address, self.link.into());
                asm.set(holder, next);
            },
        );
        let address = asm.add(data, record);
        let next = asm.load(Memory::State, 4, address, self.link);
        let holder = asm.get(holder);
        asm.store(Memory::State, 4, next, holder, 0);
    }
}

/// Records of one size, taken into use in order and used again once they are free.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    /// Where the number of bytes taken into use is, and the first free record after it.
    head: u32,
    records: u32,
    stride: u32,
    /// Where a free record's link to the next is.
    link: u32,
}

impl Pool {
    /// Room for so many records.
    pub(crate) fn new(records: u64, stride: u32, link: u32, space: &mut Space) -> Pool {
        let head = space.place(16, 8);
        Pool { head, records: space.place(records.saturating_mul(stride.into()), 64), stride, link }
    }

    /// A record; there is room for one.
    pub(crate) fn take(&self, asm: &mut Asm<'_>, data: Value) -> Value {
        let free = asm.load(Memory::State, 8, data, self.head + 8);
        let taken = asm.variable_of(free);
        asm.either(
            free,
            |asm| {
                let address = asm.add(data, free);
                let next = asm.load(Memory::State, 4, address, self.link);
                asm.store(Memory::State, 8, next, data, self.head + 8);
            },
            |asm| {
                let used = asm.load(Memory::State, 8, data, self.head);
                let fresh = asm.add_int(used, self.records.into());
                asm.set(taken, fresh);
                let more = asm.add_int(used, self.stride.into());
                asm.store(Memory::State, 8, more, data, self.head);
            },
        );
        asm.get(taken)
    }

    /// Gives a record back.
    pub(crate) fn give_back(&self, asm: &mut Asm<'_>, data: Value, record: Value) {
        let first = asm.load(Memory::State, 8, data, self.head + 8);
        let address = asm.add(data, record);
        asm.store(Memory::State, 4, first, address, self.link);
        asm.store(Memory::State, 8, record, data, self.head + 8);
    }
}
