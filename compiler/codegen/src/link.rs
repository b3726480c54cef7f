//! Routines and how they become one piece of code.
//!
//! A routine is written when the first call to it is: [`build`] begins with the entry point and goes on until every
//! routine that was called is there. The only relocations are calls, relative to the program counter, and they are
//! resolved here; so the code runs wherever it is put. Constants that fit no instruction lie between routines and are
//! read relative to the program counter, so code must be readable. There is no indirect jump: switches are bisections.

use crate::asm::Asm;
use crate::error::NotBootable;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, ExternalName, Function, Signature, UserFuncName};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa, lookup_by_name};
use cranelift_codegen::settings::{Configurable, Flags, builder};
use cranelift_codegen::{Context, FinalizedMachReloc, FinalizedRelocTarget};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use rdcl_abi::STACK_BYTES;
use rdcl_core::{MapId, TableId};
use std::collections::BTreeMap;

/// A function of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Routine {
    /// The entry point: read-only data, data, fabric → frames taken.
    Entry,
    /// Address, length → unfolded sum of 32-bit words.
    Sum,
    /// Tables, key words → where the row is, 0 without one.
    Match(TableId),
    /// Data, words of an index's columns → where the entry is, 0 without one.
    Find(MapId, u16),
    /// Data, time, words of all columns → where the entry is, or [`FULL`](crate::map::FULL), or
    /// [`CLASH`](crate::map::CLASH).
    Insert(MapId),
    /// Data, entry.
    Remove(MapId),
    /// Data, entry, time.
    Touch(MapId),
    /// Data, time.
    Expire(MapId),
    /// Data, words of the rest, words of the least and of the greatest value → whether one is free; it is then in the
    /// scratch.
    NextFree(u32),
    /// As [`Routine::NextFree`], for the value that has been free for longest.
    LongestFree(u32),
    /// Data, words of the rest, words of the value: it is in use now.
    Take(u32),
    /// Data, words of the rest, words of the value: it is free now.
    Release(u32),
}

/// The routines called so far.
#[derive(Default)]
pub(crate) struct Calls {
    known: BTreeMap<Routine, u32>,
    /// With the number of their parameters and results.
    order: Vec<(Routine, usize, usize)>,
}

impl Calls {
    /// The number and the signature of a routine.
    pub(crate) fn call(&mut self, routine: Routine, params: usize, results: usize) -> (u32, Signature) {
        let next = self.order.len() as u32;
        let id = *self.known.entry(routine).or_insert(next);
        if id == next {
            self.order.push((routine, params, results));
        }
        debug_assert_eq!(self.order[id as usize], (routine, params, results), "every call has the same form");
        (id, signature(params, results))
    }
}

fn signature(params: usize, results: usize) -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params = vec![AbiParam::new(I64); params];
    signature.returns = vec![AbiParam::new(I64); results];
    signature
}

/// Writes the entry point and all it calls; gives the code, which begins with the entry point.
pub(crate) fn build(mut write: impl FnMut(Routine, &mut Asm<'_>)) -> Result<Vec<u8>, NotBootable> {
    let isa = isa();
    let mut calls = Calls::default();
    calls.call(Routine::Entry, 3, 1);
    let (mut context, mut frontend) = (Context::new(), FunctionBuilderContext::new());
    let mut pieces = Vec::new();
    while let Some((routine, params, results)) = calls.order.get(pieces.len()).copied() {
        let name = UserFuncName::user(0, pieces.len() as u32);
        context.func = Function::with_name_signature(name, signature(params, results));
        let mut asm = Asm::new(FunctionBuilder::new(&mut context.func, &mut frontend), &mut calls);
        write(routine, &mut asm);
        asm.finish(isa.frontend_config());
        pieces.push(compile(&mut context, &isa)?);
        context.clear();
    }
    match too_much_stack(&pieces) {
        Some(problem) => Err(problem),
        None => Ok(link(&pieces)),
    }
}

/// The machine: what every x86-64 processor has (no AVX, which some monitors cannot keep from leaking).
fn isa() -> OwnedTargetIsa {
    let mut flags = builder();
    let verifier = if cfg!(debug_assertions) { "true" } else { "false" };
    let settings = [
        ("opt_level", "speed"),
        ("is_pic", "true"),
        ("enable_verifier", verifier),
        ("enable_probestack", "false"),
        ("unwind_info", "false"),
    ];
    settings.iter().for_each(|(name, value)| flags.set(name, value).expect("the setting has this value"));
    lookup_by_name("x86_64-unknown-none")
        .expect("the x86 back end is compiled in")
        .finish(Flags::new(flags))
        .expect("the settings agree")
}

/// A compiled routine: its code, the stack it takes, and where it calls which other.
struct Piece {
    code: Vec<u8>,
    stack: u64,
    calls: Vec<(u32, i64, u32)>,
}

fn compile(context: &mut Context, isa: &OwnedTargetIsa) -> Result<Piece, NotBootable> {
    let compiled = context
        .compile(isa.as_ref(), &mut ControlPlane::default())
        .map_err(|e| NotBootable::Compiler(format!("{e:?}")))?;
    let code = compiled.code_buffer().to_vec();
    let relocs = compiled.buffer.relocs().to_vec();
    let frame = compiled.buffer.frame_layout().map_or(0, |layout| layout.frame_to_fp_offset);
    let calls = relocs.iter().map(|reloc| call_of(reloc, &context.func)).collect();
    Ok(Piece { code, stack: u64::from(frame) + CALL_BYTES, calls })
}

/// What a call takes besides the frame: the return address and the saved frame pointer.
const CALL_BYTES: u64 = 16;

/// How deep routines are nested below the entry point at most: expiry, removal, release.
const DEPTH: u64 = 3;

/// The stack that the entry point takes with all it calls, if that is too much.
fn too_much_stack(pieces: &[Piece]) -> Option<NotBootable> {
    let (entry, others) = pieces.split_first()?;
    let bytes = entry.stack + DEPTH * others.iter().map(|piece| piece.stack).max().unwrap_or(0);
    let most = STACK_BYTES as u64;
    (bytes > most).then_some(NotBootable::TooMuchStack { bytes, most })
}

fn call_of(reloc: &FinalizedMachReloc, function: &Function) -> (u32, i64, u32) {
    assert_eq!(reloc.kind, Reloc::X86CallPCRel4, "nothing but calls is relocated");
    match &reloc.target {
        FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
            (reloc.offset, reloc.addend, function.params.user_named_funcs()[*name].index)
        }
        other => unreachable!("a call of {other:?}, which is no routine"),
    }
}

const ALIGN: usize = 16;
const NOP: u8 = 0x90;

fn link(pieces: &[Piece]) -> Vec<u8> {
    let mut code = Vec::new();
    let mut starts = Vec::new();
    for piece in pieces {
        code.resize(code.len().next_multiple_of(ALIGN), NOP);
        starts.push(code.len());
        code.extend_from_slice(&piece.code);
    }
    for (piece, start) in pieces.iter().zip(&starts) {
        for (offset, addend, target) in &piece.calls {
            let at = start + *offset as usize;
            let distance = starts[*target as usize] as i64 + addend - at as i64;
            let distance = i32::try_from(distance).expect("code is much smaller than 2 GiB");
            code[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(stack: u64, calls: Vec<(u32, i64, u32)>) -> Piece {
        Piece { code: vec![0xe8, 0, 0, 0, 0, 0xc3], stack, calls }
    }

    #[test]
    fn the_deepest_calls_must_fit_the_stack() {
        let deep = |stack| too_much_stack(&[piece(1000, vec![]), piece(100, vec![]), piece(stack, vec![])]);
        assert_eq!(deep(21_000), None);
        let refused = NotBootable::TooMuchStack { bytes: 67_000, most: 65_536 };
        assert_eq!(deep(22_000), Some(refused));
    }

    #[test]
    fn calls_lead_to_the_start_of_what_they_call() {
        let code = link(&[piece(0, vec![(1, -4, 1)]), piece(0, vec![(1, -4, 0)])]);
        assert_eq!(code[1..5], 11i32.to_le_bytes());
        assert_eq!(code[17..21], (-21i32).to_le_bytes());
    }
}
