//! Guests that write what they like into their rings.

use crate::assembler::Code;
use crate::probe::hypervisor;
use rdcl_abi::{Guest, HostRings, Image, RingShape, Violation, offset};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

const JNZ: u8 = 0x75;
const BUDGET: Duration = Duration::from_secs(10);

/// Writes one word at an offset of the fabric, then returns.
fn writes(at: usize, value: u64) -> Code {
    // mov rax, value; mov [rdx + at], rax; ret
    let code = Code::default().op(&[0x48, 0xb8]).op(&value.to_le_bytes());
    code.op32(&[0x48, 0x89, 0x82], at as u32).op(&[0xc3])
}

#[test]
fn a_lie_is_found_out() {
    let Some(hypervisor) = hypervisor() else { return };
    let told = |at, value| {
        let image = writes(at, value).image();
        let mut guest = hypervisor.boot(&image).unwrap();
        let mut rings = HostRings::new(image.rings, image.ports);
        rings.send(guest.fabric(), 0, 0, b"frame").unwrap();
        rings.publish(guest.fabric());
        guest.enter(BUDGET).unwrap();
        rings.observe(guest.fabric())
    };
    assert_eq!(told(offset::RECEIVE_HEAD, 1), Ok(()));
    assert_eq!(told(offset::RECEIVE_HEAD, 2), Err(Violation::ReceiveIndex(2)));
    assert_eq!(told(offset::SEND_TAIL, 8), Ok(()));
    assert_eq!(told(offset::SEND_TAIL, 9), Err(Violation::SendIndex(9)));
    assert_eq!(told(offset::SEND_TAIL, u64::MAX), Err(Violation::SendIndex(u64::MAX)));
}

/// What a vandal writes to: every index, the header of every send slot twice, some of the rest.
fn targets(shape: RingShape) -> Vec<u8> {
    let indices = [offset::RECEIVE_TAIL, offset::RECEIVE_HEAD, offset::SEND_TAIL, offset::SEND_HEAD];
    let slot = |number: usize| shape.send_slots() + number % 4 * shape.slot_bytes() as usize;
    let rest = [offset::SLOTS, offset::SLOTS + 8, 512, shape.fabric_bytes() - 8];
    let all = indices.into_iter().chain((0..8).map(slot)).chain(rest);
    all.flat_map(|at| (at as u32).to_le_bytes()).collect()
}

/// A guest with a generator of pseudo-random numbers (xorshift64, its state in its data), which writes one to one of its
/// targets on each call: 32 bits of it or only 3, in the lower or the upper half.
fn vandal(shape: RingShape, seed: u64) -> Image {
    let code = Code::default()
        .op(&[0x48, 0x8b, 0x06]) // mov rax, [rsi]
        .op(&[0x48, 0x89, 0xc1, 0x48, 0xc1, 0xe1, 0x0d, 0x48, 0x31, 0xc8]) // x ^= x << 13
        .op(&[0x48, 0x89, 0xc1, 0x48, 0xc1, 0xe9, 0x07, 0x48, 0x31, 0xc8]) // x ^= x >> 7
        .op(&[0x48, 0x89, 0xc1, 0x48, 0xc1, 0xe1, 0x11, 0x48, 0x31, 0xc8]) // x ^= x << 17
        .op(&[0x48, 0x89, 0x06]) // mov [rsi], rax
        .op(&[0x49, 0x89, 0xc1, 0x49, 0xc1, 0xe9, 0x20]) // mov r9, rax; shr r9, 32
        .op(&[0xa8, 0x01]) // test al, 1
        .over(JNZ, |code| code.op(&[0x49, 0x83, 0xe1, 0x07])) // and r9, 7
        .op(&[0xa8, 0x02]) // test al, 2
        .over(JNZ, |code| code.op(&[0x49, 0xc1, 0xc1, 0x20])) // rol r9, 32
        .op(&[0xc1, 0xe8, 0x08, 0x83, 0xe0, 0x0f]) // shr eax, 8; and eax, 15
        .op(&[0x8b, 0x04, 0x87]) // mov eax, [rdi + rax * 4]
        .op(&[0x4c, 0x89, 0x0c, 0x02, 0xc3]); // mov [rdx + rax], r9; ret
    Image { rodata: targets(shape), data: seed.to_le_bytes().to_vec(), rings: shape, ..code.image() }
}

/// The host looks after every write: it takes what makes sense, reports what does not, and never panics. Every kind of
/// violation has to turn up, or the vandal does not bite.
#[test]
fn vandals_do_not_stop_the_host() {
    let Some(hypervisor) = hypervisor() else { return };
    let shape = RingShape::new(2, 8).unwrap();
    let (mut seen, mut taken) = (BTreeSet::new(), 0);
    for seed in 1..=8u64 {
        let mut guest = hypervisor.boot(&vandal(shape, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))).unwrap();
        let mut rings = HostRings::new(shape, 2);
        let mut frame = Vec::new();
        for round in 0..100u64 {
            let _full = rings.send(guest.fabric(), 0, round, &[round as u8; 60]);
            rings.publish(guest.fabric());
            guest.enter(BUDGET).unwrap();
            let outcome = rings.observe(guest.fabric()).and_then(|()| drain(&mut rings, &guest, &mut frame));
            match outcome {
                Ok(frames) => taken += frames,
                Err(violation) => {
                    seen.insert(kind(violation));
                    rings = HostRings::new(shape, 2);
                    guest.fabric().iter().for_each(|word| word.store(0, Ordering::Relaxed));
                }
            }
        }
    }
    assert_eq!(seen, BTreeSet::from(["receive index", "send index", "length", "port"]));
    assert!(taken > 0, "some frames make sense");
}

fn drain(rings: &mut HostRings, guest: &dyn Guest, frame: &mut Vec<u8>) -> Result<usize, Violation> {
    let mut frames = 0;
    while let Some(taken) = rings.take(guest.fabric(), frame)? {
        assert_eq!(taken.length, frame.len());
        frames += 1;
    }
    Ok(frames)
}

fn kind(violation: Violation) -> &'static str {
    match violation {
        Violation::ReceiveIndex(_) => "receive index",
        Violation::SendIndex(_) => "send index",
        Violation::Length(_) => "length",
        Violation::Port(_) => "port",
    }
}
