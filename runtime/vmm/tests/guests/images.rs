//! Guests that work with frames.

use crate::assembler::Code;
use rdcl_abi::{Image, RingShape, offset};

const JAE: u8 = 0x73;
const JMP: u8 = 0xeb;

/// Sends every frame back by the port that is `flip` away, and counts them in the first word of its data. What it adds
/// to the count is the first byte of its tables, so that all three arguments matter.
pub fn echo(shape: RingShape, flip: u32) -> Image {
    let log = shape.slot_bytes().ilog2() as u8;
    let code = Code::default()
        .op(&[0x49, 0x89, 0xf3]) // mov r11, rsi
        .op(&[0x44, 0x0f, 0xb6, 0x37]) // movzx r14d, byte [rdi]
        .op(&[0x4c, 0x8b, 0x42, offset::RECEIVE_HEAD as u8]) // mov r8, [rdx + head]
        .op(&[0x4c, 0x8b, 0x4a, offset::RECEIVE_TAIL as u8]) // mov r9, [rdx + tail]
        .op32(&[0x4c, 0x8b, 0x92], offset::SEND_TAIL as u32); // mov r10, [rdx + tail]
    let again = code.here();
    let code = code
        .op(&[0x4d, 0x39, 0xc8]) // cmp r8, r9
        .over(JAE, |code| {
            code.op(&[0x4c, 0x89, 0xc6]) // mov rsi, r8
                .op32(&[0x81, 0xe6], shape.slots() - 1) // and esi, slots - 1
                .op(&[0x48, 0xc1, 0xe6, log]) // shl rsi, log
                .op32(&[0x48, 0x8d, 0xb4, 0x16], offset::SLOTS as u32) // lea rsi, [rsi + rdx + slots]
                .op(&[0x4c, 0x89, 0xd7]) // mov rdi, r10
                .op32(&[0x81, 0xe7], shape.slots() - 1) // and edi, slots - 1
                .op(&[0x48, 0xc1, 0xe7, log]) // shl rdi, log
                .op32(&[0x48, 0x8d, 0xbc, 0x17], shape.send_slots() as u32) // lea rdi, [rdi + rdx + slots]
                .op32(&[0x81, 0x76, 0x04], flip) // xor dword [rsi + 4], flip
                .op32(&[0xb9], shape.slot_bytes() / 8) // mov ecx, words
                .op(&[0xf3, 0x48, 0xa5]) // rep movsq
                .op(&[0x49, 0xff, 0xc0, 0x49, 0xff, 0xc2]) // inc r8; inc r10
                .op(&[0x4d, 0x01, 0x33]) // add [r11], r14
                .back(JMP, again)
        })
        .op32(&[0x4c, 0x89, 0x92], offset::SEND_TAIL as u32) // mov [rdx + tail], r10
        .op(&[0x4c, 0x89, 0x42, offset::RECEIVE_HEAD as u8]) // mov [rdx + head], r8
        .op(&[0xc3]); // ret
    Image { rodata: vec![1], rings: shape, ..code.image() }
}
