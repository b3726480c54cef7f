//! Choices: the legal values are an interval, perhaps without those in use; the resolver picks one.

use crate::asm::{Label, Memory, Value};
use crate::guest::Guest;
use crate::link::Routine;
use crate::shapes::ShapeSet;
use crate::values::number_of;
use rdcl_core::{Expr, Free, Resolver};

/// FNV-1a, 64 bits.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The bytes of a value that are hashed.
const HASHED_BYTES: u16 = 16;

/// The values a choice is between.
#[derive(Clone, Copy)]
pub(crate) struct Legal<'p> {
    pub(crate) lo: u128,
    pub(crate) hi: u128,
    pub(crate) width: u16,
    pub(crate) free: Option<&'p Free>,
}

/// What routines about one site are called with: its number, the data and the words of the rest.
struct Site {
    number: u32,
    args: Vec<Value>,
}

impl Guest<'_, '_> {
    /// The value picked, for a packet of one of these shapes; goes to `on_none` where no value is legal, and gives
    /// nothing where that is always so.
    pub(crate) fn choose(
        &mut self,
        legal: Legal<'_>,
        resolver: Option<&Resolver>,
        on_none: Label,
        shapes: &ShapeSet,
    ) -> Option<Value> {
        if legal.lo > legal.hi {
            self.asm.jump(on_none);
            return None;
        }
        Some(match legal.free {
            Some(free) => self.choose_free(legal, free, resolver, on_none, shapes),
            None => match resolver {
                Some(Resolver::Hash(exprs)) => self.hashed(exprs, legal, shapes),
                Some(Resolver::First | Resolver::LeastRecentlyFreed) | None => self.asm.constant(legal.width, legal.lo),
            },
        })
    }

    fn choose_free(
        &mut self,
        legal: Legal<'_>,
        free: &Free,
        resolver: Option<&Resolver>,
        on_none: Label,
        shapes: &ShapeSet,
    ) -> Value {
        let rest: Vec<Expr> = free.keys.iter().flatten().cloned().collect();
        let args = [vec![self.data], self.key_words(&rest, shapes)].concat();
        let site = Site { number: number_of(self.plan, free), args };
        let (lo, hi) = (self.asm.constant(legal.width, legal.lo), self.asm.constant(legal.width, legal.hi));
        let picked = self.asm.label();
        let routine = match resolver {
            Some(Resolver::Hash(exprs)) => {
                let start = self.hashed(exprs, legal, shapes);
                let found = self.search(&site, Routine::NextFree(site.number), start, hi);
                let again = self.asm.label();
                self.asm.branch(found, picked, again);
                self.asm.bind(again);
                Routine::NextFree(site.number)
            }
            Some(Resolver::LeastRecentlyFreed) => Routine::LongestFree(site.number),
            Some(Resolver::First) | None => Routine::NextFree(site.number),
        };
        let found = self.search(&site, routine, lo, hi);
        self.asm.branch(found, picked, on_none);
        self.asm.bind(picked);
        self.asm.load_value(Memory::State, legal.width, self.data, self.plan.found)
    }

    /// Whether there is a free value between two.
    fn search(&mut self, site: &Site, routine: Routine, from: Value, to: Value) -> Value {
        let (from, to) = (self.asm.words(from), self.asm.words(to));
        self.asm.call(routine, &[site.args.clone(), from, to].concat(), 1)[0]
    }

    /// `lo + h mod (hi - lo + 1)`, where `h` is FNV-1a (64 bits) over the values as 16-byte big-endian words.
    fn hashed(&mut self, exprs: &[Expr], legal: Legal<'_>, shapes: &ShapeSet) -> Value {
        let size = (legal.hi - legal.lo).checked_add(1).and_then(|count| u64::try_from(count).ok());
        let from = match size {
            None => self.hash(exprs, shapes),
            Some(count) => self.hashed_below(exprs, count, shapes),
        };
        let from = self.asm.sized(from, legal.width);
        let lo = self.asm.constant(legal.width, legal.lo);
        self.asm.add(from, lo)
    }

    /// The hash of values, modulo a size that is not 0.
    pub(crate) fn hashed_below(&mut self, exprs: &[Expr], size: u64, shapes: &ShapeSet) -> Value {
        let hash = self.hash(exprs, shapes);
        if size.is_power_of_two() {
            return self.asm.and_int(hash, size - 1);
        }
        let size = self.asm.int(size);
        self.asm.remainder(hash, size)
    }

    fn hash(&mut self, exprs: &[Expr], shapes: &ShapeSet) -> Value {
        let mut hash = self.asm.int(BASIS);
        for expr in exprs {
            let (value, width) = self.expr(expr, shapes);
            hash = self.hash_value(hash, value, width);
        }
        hash
    }

    /// Hashes the bytes of a value; those above its width are zero, so each only multiplies.
    fn hash_value(&mut self, hash: Value, value: Value, width: u16) -> Value {
        let bytes = width.div_ceil(8);
        let zeros = u32::from(HASHED_BYTES - bytes);
        let mut hash = self.asm.mul_int(hash, PRIME.wrapping_pow(zeros));
        let words = self.asm.words(value);
        for at in (0..bytes).rev() {
            let shifted = self.asm.shr(words[usize::from(at / 8)], 8 * (at % 8));
            let byte = self.asm.and_int(shifted, 0xff);
            let mixed = self.asm.xor(hash, byte);
            hash = self.asm.mul_int(mixed, PRIME);
        }
        hash
    }
}
