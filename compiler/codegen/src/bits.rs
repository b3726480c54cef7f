//! Sets of values as levels of bitmaps, so that the least value outside is found in a few steps however full they are.
//!
//! A bit of the lowest level stands for a value, a bit of the next for a word of the level below that is full, and so
//! on. There is a set for each combination of other columns, the *rest*. Where rest and value are narrow the words are
//! an array; else they are records of a hash table, of which there are no more than values in the set, and the highest
//! level is walked: a step of it passes over at least 4096 values that are all in use.

use crate::asm::{Asm, Code, Is, Label, Memory, Value, words_of};
use crate::chain::{Chain, Pool};
use crate::plan::Space;

/// The bits of rest and value up to which words are an array.
const MOST_DIRECT: u32 = 26;
/// The values up to which two levels of records are enough.
const FEW_VALUES: u64 = 1 << 18;

/// Where a record's bitmap is, and where its key begins.
const BITMAP: u32 = 8;
const KEY: u32 = 16;

/// A family of sets.
#[derive(Clone, Debug)]
pub(crate) struct Bits {
    /// The width of a value.
    width: u16,
    /// The widths of the rest.
    rest: Vec<u16>,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// Where the words of each level are.
    Direct(Vec<u32>),
    Records {
        levels: u16,
        chain: Chain,
        pool: Pool,
    },
}

/// Which set, and a value: words as routines take them.
pub(crate) struct Args {
    pub(crate) data: Value,
    pub(crate) rest: Vec<Value>,
}

impl Bits {
    /// Sets of values beside a rest, which hold at most so many values together.
    pub(crate) fn new(width: u16, rest: Vec<u16>, most: u64, space: &mut Space) -> Bits {
        let bits = u32::from(width) + rest.iter().map(|w| u32::from(*w)).sum::<u32>();
        let form = if bits <= MOST_DIRECT {
            let rest = bits - u32::from(width);
            let words = |level: u16| 1u64 << (rest + u32::from(word_bits(width, level)));
            Form::Direct((0..levels(width)).map(|level| space.place(8 * words(level), 64)).collect())
        } else {
            Form::records(width, &rest, most, space)
        };
        Bits { width, rest, form }
    }

    fn levels(&self) -> u16 {
        match &self.form {
            Form::Direct(levels) => levels.len() as u16,
            Form::Records { levels, .. } => *levels,
        }
    }

    /// The number of rest and value, if those are narrow.
    pub(crate) fn number(&self, asm: &mut Asm<'_>, args: &Args, value: Value, width: u16) -> Value {
        let mut number = asm.int(0);
        for (word, width) in args.rest.iter().zip(&self.rest) {
            let high = asm.shl(number, *width);
            number = asm.or(high, *word);
        }
        let high = asm.shl(number, width);
        asm.or(high, value)
    }

    /// The words of a record's key.
    fn key(&self, asm: &mut Asm<'_>, args: &Args, level: u16, word: Value) -> Vec<Value> {
        let level = asm.int(level.into());
        [vec![level], args.rest.clone(), asm.words(word)].concat()
    }

    /// The bitmap of a word of a level.
    fn load(&self, asm: &mut Asm<'_>, args: &Args, level: u16, word: Value) -> Value {
        match &self.form {
            Form::Direct(levels) => {
                let at = self.address(asm, args, level, word);
                asm.load(Memory::State, 8, at, levels[usize::from(level)])
            }
            Form::Records { chain, .. } => {
                let key = self.key(asm, args, level, word);
                let record = chain.find(asm, args.data, &key);
                let none = asm.int(0);
                let bits = asm.variable_of(none);
                asm.when(record, |asm| {
                    let at = asm.add(args.data, record);
                    let found = asm.load(Memory::State, 8, at, BITMAP);
                    asm.set(bits, found);
                });
                asm.get(bits)
            }
        }
    }

    fn address(&self, asm: &mut Asm<'_>, args: &Args, level: u16, word: Value) -> Value {
        let number = self.number(asm, args, word, word_bits(self.width, level));
        let bytes = asm.shl(number, 3);
        asm.add(args.data, bytes)
    }

    /// Adds a value that is not in the set.
    pub(crate) fn insert(&self, asm: &mut Asm<'_>, args: &Args, value: Value) {
        let (done, mut place) = (asm.label(), value);
        for level in 0..self.levels() {
            let (word, bit) = word_and_bit(asm, place);
            let before = self.load(asm, args, level, word);
            let after = asm.or(before, bit);
            self.store(asm, args, (level, word), before, after);
            let (full, is_full) = (asm.label(), asm.is_int(Is::Equal, after, u64::MAX));
            asm.branch(is_full, full, done);
            asm.bind(full);
            place = word;
        }
        asm.jump(done);
        asm.bind(done);
    }

    /// Removes a value that is in the set.
    pub(crate) fn remove(&self, asm: &mut Asm<'_>, args: &Args, value: Value) {
        let (done, mut place) = (asm.label(), value);
        for level in 0..self.levels() {
            let (word, bit) = word_and_bit(asm, place);
            let before = self.load(asm, args, level, word);
            let after = asm.xor(before, bit);
            self.store(asm, args, (level, word), before, after);
            let (full, was_full) = (asm.label(), asm.is_int(Is::Equal, before, u64::MAX));
            asm.branch(was_full, full, done);
            asm.bind(full);
            place = word;
        }
        asm.jump(done);
        asm.bind(done);
    }

    /// Nonzero if a value is in the set.
    pub(crate) fn has(&self, asm: &mut Asm<'_>, args: &Args, value: Value) -> Value {
        let (word, bit) = word_and_bit(asm, value);
        let bits = self.load(asm, args, 0, word);
        asm.and(bits, bit)
    }

    fn store(&self, asm: &mut Asm<'_>, args: &Args, (level, word): (u16, Value), before: Value, after: Value) {
        match &self.form {
            Form::Direct(levels) => {
                let at = self.address(asm, args, level, word);
                asm.store(Memory::State, 8, after, at, levels[usize::from(level)]);
            }
            Form::Records { chain, pool, .. } => {
                let key = self.key(asm, args, level, word);
                let data = args.data;
                asm.either(
                    before,
                    |asm| {
                        let record = chain.find(asm, data, &key);
                        let at = asm.add(data, record);
                        asm.store(Memory::State, 8, after, at, BITMAP);
                        let is_empty = asm.is_int(Is::Equal, after, 0);
                        asm.when(is_empty, |asm| {
                            chain.remove(asm, data, record, &key);
                            pool.give_back(asm, data, record);
                        });
                    },
                    |asm| {
                        let record = pool.take(asm, data);
                        let at = asm.add(data, record);
                        asm.store(Memory::State, 8, after, at, BITMAP);
                        for (word, offset) in key.iter().zip((KEY..).step_by(8)) {
                            asm.store(Memory::State, 8, *word, at, offset);
                        }
                        chain.add(asm, data, record, &key);
                    },
                );
            }
        }
    }

    /// Goes on at `found`, which takes the value, with the least value of `from..=to` outside the set, or at `none`.
    pub(crate) fn search(
        &self,
        asm: &mut Asm<'_>,
        args: &Args,
        (from, to): (Value, Value),
        (found, none): (Label, Label),
    ) {
        let levels = self.levels();
        let downs: Vec<(Label, Value)> = (0..levels)
            .map(|_| {
                let label = asm.label();
                (label, asm.taken(label, self.width))
            })
            .collect();
        let mut place = from;
        for level in 0..levels {
            let (word, free) = self.free_bits(asm, args, level, place);
            let (here, up) = (asm.label(), asm.label());
            asm.branch(free, here, up);
            asm.bind(here);
            let first = self.first_of(asm, word, free);
            asm.jump_with(downs[usize::from(level)].0, first);
            asm.bind(up);
            let next = asm.add_int(word, 1);
            self.demand(asm, next, (to, level + 1), none);
            place = next;
        }
        match &self.form {
            Form::Direct(_) => asm.jump(none),
            Form::Records { .. } => self.walk(asm, args, place, to, (downs[usize::from(levels) - 1].0, none)),
        }
        for level in (0..levels).rev() {
            let (label, place) = downs[usize::from(level)];
            asm.bind(label);
            self.demand(asm, place, (to, level), none);
            let Some(below) = level.checked_sub(1) else {
                asm.jump_with(found, place);
                continue;
            };
            let bits = self.load(asm, args, below, place);
            let free = asm.not(bits);
            let first = self.first_of(asm, place, free);
            asm.jump_with(downs[usize::from(below)].0, first);
        }
    }

    /// Goes on along the words of the highest level, the one with this number first.
    fn walk(&self, asm: &mut Asm<'_>, args: &Args, word: Value, to: Value, (down, none): (Label, Label)) {
        let top = self.levels() - 1;
        let at = asm.variable_of(word);
        let (again, here, up) = (asm.label(), asm.label(), asm.label());
        asm.jump(again);
        asm.bind(again);
        let word = asm.get(at);
        let bits = self.load(asm, args, top, word);
        let free = asm.not(bits);
        asm.branch(free, here, up);
        asm.bind(here);
        let first = self.first_of(asm, word, free);
        asm.jump_with(down, first);
        asm.bind(up);
        let next = asm.add_int(word, 1);
        self.demand(asm, next, (to, top + 1), none);
        asm.set(at, next);
        asm.jump(again);
    }

    /// Goes to `none` if a place of a level lies above the value `to`.
    fn demand(&self, asm: &mut Asm<'_>, place: Value, (to, level): (Value, u16), none: Label) {
        let last = shifted(asm, to, 6 * level, self.width);
        let (inside, is_inside) = (asm.label(), asm.is(Is::LessOrEqual, place, last));
        asm.branch(is_inside, inside, none);
        asm.bind(inside);
    }

    /// The word of a place, and the bits of those free from the place on.
    fn free_bits(&self, asm: &mut Asm<'_>, args: &Args, level: u16, place: Value) -> (Value, Value) {
        let word = shifted(asm, place, 6, self.width);
        let bits = self.load(asm, args, level, word);
        let free = asm.not(bits);
        let low = asm.sized(place, 64);
        let position = asm.and_int(low, 63);
        let ones = asm.int(u64::MAX);
        let from = asm.shl_by(ones, position);
        (word, asm.and(free, from))
    }

    /// The place of the lowest bit of a word.
    fn first_of(&self, asm: &mut Asm<'_>, word: Value, bits: Value) -> Value {
        let high = asm.shl(word, 6);
        let position = asm.trailing_zeros(bits);
        let position = asm.sized(position, self.width);
        asm.or(high, position)
    }
}

impl Form {
    fn records(width: u16, rest: &[u16], most: u64, space: &mut Space) -> Form {
        let enough = if most <= FEW_VALUES { 2 } else { 3 };
        let levels = levels(width).min(enough);
        let records = (0..levels).map(|level| most >> (6 * level)).fold(0, u64::saturating_add);
        let words = 1 + rest.iter().chain([&width]).map(|w| words_of(*w)).sum::<u32>();
        let keys: Vec<u32> = (0..words).map(|word| KEY + 8 * word).collect();
        let pool = Pool::new(records, KEY + 8 * words, 0, space);
        Form::Records { levels, chain: Chain::new(records, 0, keys, space), pool }
    }
}

/// How many levels there are until one word is enough.
fn levels(width: u16) -> u16 {
    width.div_ceil(6)
}

/// The width of the number of a word.
fn word_bits(width: u16, level: u16) -> u16 {
    width.saturating_sub(6 * (level + 1))
}

/// A value shifted right by any number of bits.
fn shifted(asm: &mut Asm<'_>, value: Value, by: u16, width: u16) -> Value {
    let size = if width > 64 { 128 } else { 64 };
    if by >= size { asm.constant(width, 0) } else { asm.shr(value, by) }
}

/// The word a place is in, and its bit there.
fn word_and_bit(asm: &mut Asm<'_>, place: Value) -> (Value, Value) {
    let word = asm.shr(place, 6);
    let low = asm.sized(place, 64);
    let position = asm.and_int(low, 63);
    let one = asm.int(1);
    (word, asm.shl_by(one, position))
}
