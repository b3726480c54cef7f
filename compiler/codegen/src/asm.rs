//! A small vocabulary over Cranelift's function builder: arithmetic on 64 and 128 bits, typed memory, structured
//! control flow.
//!
//! Everything is unsigned and 64 bits wide unless it says otherwise. Memory is divided into classes that never
//! overlap, so that a store to one does not make the compiler forget what it knows of another.

use crate::link::{Calls, Routine};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Imm64;
use cranelift_codegen::ir::types::{I8, I8X16, I16, I32, I64, I128};
use cranelift_codegen::ir::{
    AliasRegion, AliasRegionData, BlockArg, ExtFuncData, ExternalName, FuncRef, InstBuilder, MemFlagsData, Type,
    UserExternalName,
};
use cranelift_frontend::FunctionBuilder;
use std::collections::BTreeMap;

pub(crate) use cranelift_codegen::ir::{Block as Label, Value};
pub(crate) use cranelift_frontend::Variable;

/// A class of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// The counters.
    Counters,
    /// The headers of the packet under way.
    Headers,
    /// The rings.
    Fabric,
    /// Maps, what forks save, and whatever else is in the read-write data.
    State,
    /// The read-only data.
    Tables,
}

const CLASSES: [&str; 4] = ["counters", "headers", "fabric", "state"];

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
}

impl Is {
    fn code(self) -> IntCC {
        match self {
            Is::Equal => IntCC::Equal,
            Is::NotEqual => IntCC::NotEqual,
            Is::Less => IntCC::UnsignedLessThan,
            Is::LessOrEqual => IntCC::UnsignedLessThanOrEqual,
        }
    }
}

/// A function being written.
pub(crate) struct Asm<'f> {
    builder: FunctionBuilder<'f>,
    regions: Vec<AliasRegion>,
    calls: &'f mut Calls,
    imported: BTreeMap<u32, FuncRef>,
    params: Vec<Value>,
}

impl<'f> Asm<'f> {
    /// Begins the function in its entry block.
    pub(crate) fn new(mut builder: FunctionBuilder<'f>, calls: &'f mut Calls) -> Asm<'f> {
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let params = builder.block_params(entry).to_vec();
        let class = |(id, name): (u32, &&'static str)| AliasRegionData { user_id: id, description: (*name).into() };
        let regions: Vec<AliasRegionData> = (0..).zip(&CLASSES).map(class).collect();
        let regions = regions.into_iter().map(|data| builder.func.dfg.alias_regions.insert(data)).collect();
        Asm { builder, regions, calls, imported: BTreeMap::new(), params }
    }

    /// Ends the function.
    pub(crate) fn finish(mut self, config: cranelift_codegen::isa::TargetFrontendConfig) {
        self.builder.seal_all_blocks();
        self.builder.finalize(config);
    }

    /// A parameter of the function.
    pub(crate) fn param(&self, index: usize) -> Value {
        self.params[index]
    }

    /// The parameters from one on.
    pub(crate) fn params_from(&self, first: usize) -> Vec<Value> {
        self.params[first..].to_vec()
    }

    /// Calls a routine, which has so many results.
    pub(crate) fn call(&mut self, routine: Routine, args: &[Value], results: usize) -> Vec<Value> {
        let (id, signature) = self.calls.call(routine, args.len(), results);
        let function = match self.imported.get(&id) {
            Some(function) => *function,
            None => {
                let name = UserExternalName { namespace: 0, index: id };
                let name = ExternalName::user(self.builder.func.declare_imported_user_function(name));
                let signature = self.builder.import_signature(signature);
                let data = ExtFuncData { name, signature, colocated: true, patchable: false };
                let function = self.builder.import_function(data);
                self.imported.insert(id, function);
                function
            }
        };
        let call = self.builder.ins().call(function, args);
        self.builder.inst_results(call).to_vec()
    }

    /// Returns from the function.
    pub(crate) fn ret(&mut self, values: &[Value]) {
        self.builder.ins().return_(values);
    }
}

/// Arithmetic; both operands have the same type.
impl Asm<'_> {
    /// A 64-bit constant.
    pub(crate) fn int(&mut self, value: u64) -> Value {
        self.builder.ins().iconst(I64, Imm64::new(value as i64))
    }

    /// A constant of the type of values of this width.
    pub(crate) fn constant(&mut self, width: u16, value: u128) -> Value {
        let low = self.int(value as u64);
        if width <= 64 {
            return low;
        }
        let high = self.int((value >> 64) as u64);
        self.builder.ins().iconcat(low, high)
    }

    /// A value as one of this width's type, without its upper bits if that is narrower.
    pub(crate) fn sized(&mut self, value: Value, width: u16) -> Value {
        match (self.is_wide(value), width > 64) {
            (false, true) => self.builder.ins().uextend(I128, value),
            (true, false) => self.builder.ins().ireduce(I64, value),
            (false, false) | (true, true) => value,
        }
    }

    pub(crate) fn is_wide(&self, value: Value) -> bool {
        self.builder.func.dfg.value_type(value) == I128
    }

    /// The 64-bit words of a value, the lowest first.
    pub(crate) fn words(&mut self, value: Value) -> Vec<Value> {
        if !self.is_wide(value) {
            return vec![value];
        }
        let (low, high) = self.builder.ins().isplit(value);
        vec![low, high]
    }

    /// The value with these 64-bit words.
    pub(crate) fn of_words(&mut self, words: &[Value]) -> Value {
        match words {
            [low, high] => self.builder.ins().iconcat(*low, *high),
            _ => words[0],
        }
    }

    pub(crate) fn add(&mut self, a: Value, b: Value) -> Value {
        self.builder.ins().iadd(a, b)
    }

    pub(crate) fn sub(&mut self, a: Value, b: Value) -> Value {
        self.builder.ins().isub(a, b)
    }

    pub(crate) fn mul(&mut self, a: Value, b: Value) -> Value {
        self.builder.ins().imul(a, b)
    }

    pub(crate) fn remainder(&mut self, a: Value, b: Value) -> Value {
        self.builder.ins().urem(a, b)
    }

    pub(crate) fn and(&mut self, a: Value, b: Value) -> Value {
        self.builder.ins().band(a, b)
    }

    pub(crate) fn or(&mut self, a: Value, b: Value) -> Value {
        self.builder.ins().bor(a, b)
    }

    pub(crate) fn xor(&mut self, a: Value, b: Value) -> Value {
        self.builder.ins().bxor(a, b)
    }

    pub(crate) fn not(&mut self, a: Value) -> Value {
        self.builder.ins().bnot(a)
    }

    pub(crate) fn add_int(&mut self, a: Value, by: u64) -> Value {
        self.builder.ins().iadd_imm_u(a, by as i64)
    }

    pub(crate) fn mul_int(&mut self, a: Value, by: u64) -> Value {
        let by = self.int(by);
        self.mul(a, by)
    }

    pub(crate) fn and_int(&mut self, a: Value, mask: u64) -> Value {
        self.builder.ins().band_imm_u(a, mask as i64)
    }

    pub(crate) fn or_int(&mut self, a: Value, bits: u64) -> Value {
        self.builder.ins().bor_imm_u(a, bits as i64)
    }

    /// Shifts left by less than the type's width.
    pub(crate) fn shl(&mut self, a: Value, by: u16) -> Value {
        let by = self.int(by.into());
        self.builder.ins().ishl(a, by)
    }

    /// Shifts right by less than the type's width.
    pub(crate) fn shr(&mut self, a: Value, by: u16) -> Value {
        let by = self.int(by.into());
        self.builder.ins().ushr(a, by)
    }

    /// Shifts left by the low six bits of a number.
    pub(crate) fn shl_by(&mut self, a: Value, by: Value) -> Value {
        self.builder.ins().ishl(a, by)
    }

    /// The sum of both halves of a number of 32 or 64 bits, the carry out of it added again.
    pub(crate) fn add_halves(&mut self, a: Value, bits: u16) -> Value {
        let half = i64::from(bits / 2);
        let a = if bits == 32 { self.builder.ins().ireduce(I32, a) } else { a };
        let swapped = self.builder.ins().rotl_imm_u(a, half);
        let both = self.builder.ins().iadd(a, swapped);
        let sum = self.builder.ins().ushr_imm_u(both, half);
        if bits == 32 { self.builder.ins().uextend(I64, sum) } else { sum }
    }

    /// The number of zero bits below the lowest one.
    pub(crate) fn trailing_zeros(&mut self, a: Value) -> Value {
        self.builder.ins().ctz(a)
    }

    /// The low 16 bits with their bytes swapped.
    pub(crate) fn swap16(&mut self, a: Value) -> Value {
        let half = self.builder.ins().ireduce(I16, a);
        let swapped = self.builder.ins().bswap(half);
        self.builder.ins().uextend(I64, swapped)
    }

    pub(crate) fn is(&mut self, is: Is, a: Value, b: Value) -> Value {
        self.builder.ins().icmp(is.code(), a, b)
    }

    pub(crate) fn is_int(&mut self, is: Is, a: Value, b: u64) -> Value {
        let b = self.int(b);
        self.builder.ins().icmp(is.code(), a, b)
    }

    /// One of two values that are both there.
    pub(crate) fn select(&mut self, cond: Value, a: Value, b: Value) -> Value {
        self.builder.ins().select(cond, a, b)
    }
}

/// Memory. Addresses need no alignment.
impl Asm<'_> {
    fn flags(&self, memory: Memory) -> MemFlagsData {
        let flags = MemFlagsData::new().with_notrap();
        match memory {
            Memory::Tables => flags.with_readonly(),
            Memory::Counters => flags.with_alias_region(Some(self.regions[0])),
            Memory::Headers => flags.with_alias_region(Some(self.regions[1])),
            Memory::Fabric => flags.with_alias_region(Some(self.regions[2])),
            Memory::State => flags.with_alias_region(Some(self.regions[3])),
        }
    }

    /// A little-endian number of 1, 2, 4 or 8 bytes, zero-extended.
    pub(crate) fn load(&mut self, memory: Memory, bytes: u32, base: Value, at: u32) -> Value {
        let (flags, at) = (self.flags(memory), at as i32);
        let narrow = self.builder.ins().load(integer(bytes), flags, base, at);
        if bytes == 8 { narrow } else { self.builder.ins().uextend(I64, narrow) }
    }

    /// Stores the low 1, 2, 4 or 8 bytes, little-endian.
    pub(crate) fn store(&mut self, memory: Memory, bytes: u32, value: Value, base: Value, at: u32) {
        let flags = self.flags(memory);
        let narrow = if bytes == 8 { value } else { self.builder.ins().ireduce(integer(bytes), value) };
        self.builder.ins().store(flags, narrow, base, at as i32);
    }

    /// A big-endian number of 1, 2, 4 or 8 bytes, zero-extended.
    pub(crate) fn load_big(&mut self, memory: Memory, bytes: u32, base: Value, at: u32) -> Value {
        if bytes == 1 {
            return self.load(memory, bytes, base, at);
        }
        let flags = self.flags(memory);
        let narrow = self.builder.ins().load(integer(bytes), flags, base, at as i32);
        let swapped = self.builder.ins().bswap(narrow);
        if bytes == 8 { swapped } else { self.builder.ins().uextend(I64, swapped) }
    }

    /// Stores the low 1, 2, 4 or 8 bytes, big-endian.
    pub(crate) fn store_big(&mut self, memory: Memory, bytes: u32, value: Value, base: Value, at: u32) {
        if bytes == 1 {
            return self.store(memory, bytes, value, base, at);
        }
        let flags = self.flags(memory);
        let narrow = if bytes == 8 { value } else { self.builder.ins().ireduce(integer(bytes), value) };
        let swapped = self.builder.ins().bswap(narrow);
        self.builder.ins().store(flags, swapped, base, at as i32);
    }

    /// A value of this width, stored as one or two little-endian words.
    pub(crate) fn load_value(&mut self, memory: Memory, width: u16, base: Value, at: u32) -> Value {
        let words: Vec<Value> = (0..words_of(width)).map(|i| self.load(memory, 8, base, at + 8 * i)).collect();
        self.of_words(&words)
    }

    /// Stores a value as one or two little-endian words.
    pub(crate) fn store_value(&mut self, memory: Memory, value: Value, base: Value, at: u32) {
        for (i, word) in (0..).zip(self.words(value)) {
            self.store(memory, 8, word, base, at + 8 * i);
        }
    }

    /// Copies 16 bytes.
    pub(crate) fn copy16(&mut self, from: (Memory, Value, u32), to: (Memory, Value, u32)) {
        let (from_flags, to_flags) = (self.flags(from.0), self.flags(to.0));
        let bytes = self.builder.ins().load(I8X16, from_flags, from.1, from.2 as i32);
        self.builder.ins().store(to_flags, bytes, to.1, to.2 as i32);
    }
}

/// How many words hold a value of this width.
pub(crate) fn words_of(width: u16) -> u32 {
    if width > 64 { 2 } else { 1 }
}

fn integer(bytes: u32) -> Type {
    match bytes {
        1 => I8,
        2 => I16,
        4 => I32,
        _ => I64,
    }
}

/// Control flow.
impl Asm<'_> {
    pub(crate) fn label(&mut self) -> Label {
        self.builder.create_block()
    }

    /// A place that is rarely reached.
    pub(crate) fn cold_label(&mut self) -> Label {
        let label = self.builder.create_block();
        self.builder.set_cold_block(label);
        label
    }

    /// What follows is at this label.
    pub(crate) fn bind(&mut self, label: Label) {
        self.builder.switch_to_block(label);
    }

    pub(crate) fn jump(&mut self, to: Label) {
        self.builder.ins().jump(to, []);
    }

    pub(crate) fn branch(&mut self, cond: Value, yes: Label, no: Label) {
        self.builder.ins().brif(cond, yes, [], no, []);
    }

    /// A variable for values of this width.
    pub(crate) fn variable(&mut self, width: u16) -> Variable {
        self.builder.declare_var(if width > 64 { I128 } else { I64 })
    }

    /// A variable that begins as this.
    pub(crate) fn variable_of(&mut self, value: Value) -> Variable {
        let ty = self.builder.func.dfg.value_type(value);
        let variable = self.builder.declare_var(ty);
        self.builder.def_var(variable, value);
        variable
    }

    pub(crate) fn get(&mut self, variable: Variable) -> Value {
        self.builder.use_var(variable)
    }

    pub(crate) fn set(&mut self, variable: Variable, value: Value) {
        self.builder.def_var(variable, value);
    }

    /// Jumps to a label that takes a value.
    pub(crate) fn jump_with(&mut self, to: Label, value: Value) {
        self.builder.ins().jump(to, &[BlockArg::Value(value)]);
    }

    /// The value that a label takes, of this width.
    pub(crate) fn taken(&mut self, label: Label, width: u16) -> Value {
        self.builder.append_block_param(label, if width > 64 { I128 } else { I64 })
    }

    /// Goes on at the label of the greatest number that is not above a value; the numbers ascend, the first is least.
    pub(crate) fn search(&mut self, value: Value, arms: &[(u64, Label)]) {
        match arms {
            [] => unreachable!("a search has at least one place to go"),
            [(_, only)] => self.jump(*only),
            _ => {
                let (low, high) = arms.split_at(arms.len() / 2);
                let (left, right) = (self.label(), self.label());
                let below = self.is_int(Is::Less, value, high[0].0);
                self.branch(below, left, right);
                self.bind(left);
                self.search(value, low);
                self.bind(right);
                self.search(value, high);
            }
        }
    }
}

/// Structured control flow, for whatever writes code.
pub(crate) trait Code<'f> {
    fn asm(&mut self) -> &mut Asm<'f>;

    /// Does something if a condition holds.
    fn when(&mut self, cond: Value, then: impl FnOnce(&mut Self)) {
        self.either(cond, then, |_| {});
    }

    /// Does one of two things.
    fn either(&mut self, cond: Value, yes: impl FnOnce(&mut Self), no: impl FnOnce(&mut Self)) {
        let (on_yes, on_no, after) = (self.asm().label(), self.asm().label(), self.asm().label());
        self.asm().branch(cond, on_yes, on_no);
        self.asm().bind(on_yes);
        yes(self);
        self.asm().jump(after);
        self.asm().bind(on_no);
        no(self);
        self.asm().jump(after);
        self.asm().bind(after);
    }

    /// Does something as long as a condition holds; the condition may also leave for good.
    fn repeat(&mut self, cond: impl FnOnce(&mut Self) -> Value, body: impl FnOnce(&mut Self)) {
        let (again, inside, after) = (self.asm().label(), self.asm().label(), self.asm().label());
        self.asm().jump(again);
        self.asm().bind(again);
        let cond = cond(self);
        self.asm().branch(cond, inside, after);
        self.asm().bind(inside);
        body(self);
        self.asm().jump(again);
        self.asm().bind(after);
    }
}

impl<'f> Code<'f> for Asm<'f> {
    fn asm(&mut self) -> &mut Asm<'f> {
        self
    }
}
