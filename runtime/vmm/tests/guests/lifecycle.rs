//! From image to guest, what lies in its memory, and what is refused.

use crate::assembler::{Code, Register};
use crate::images;
use crate::probe::{hypervisor, say};
use rdcl_abi::{Death, Guest, Image, RingShape};
use rdcl_vmm::BootError;
use std::sync::atomic::Ordering;
use std::time::Duration;

const BUDGET: Duration = Duration::from_secs(10);

fn returns() -> Code {
    Code::default().op(&[0xc3])
}

#[test]
fn the_host_says_what_it_does() {
    let Some(hypervisor) = hypervisor() else { return };
    let caps = hypervisor.caps();
    say(&format!("this host: {caps}"));
    assert!(!caps.exit.is_zero());
    assert_eq!(caps.to_string().contains("by map"), caps.io_bitmap);
    assert!(libc::SIGRTMIN() <= hypervisor.signal() && hypervisor.signal() <= libc::SIGRTMAX());
}

#[test]
fn memory_is_as_the_image_says() {
    let Some(hypervisor) = hypervisor() else { return };
    let data: Vec<u8> = (0..100).collect();
    let guest = hypervisor.boot(&Image { data: data.clone(), data_bytes: 5000, ..returns().image() }).unwrap();
    assert_eq!(guest.data().len(), 625);
    let bytes: Vec<u8> = guest.data().iter().flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes()).collect();
    assert_eq!(&bytes[..100], &data[..]);
    assert!(bytes[100..].iter().all(|byte| *byte == 0));
    assert_eq!(guest.fabric().len() * 8, RingShape::new(3, 8).unwrap().fabric_bytes());
    assert!(guest.fabric().iter().all(|word| word.load(Ordering::Relaxed) == 0));
}

/// Arguments are in place and aligned on every call, the stack as the calling convention wants it.
#[test]
fn every_call_begins_the_same() {
    let Some(hypervisor) = hypervisor() else { return };
    // mov [rsi], rdi; mov [rsi + 8], rsi; mov [rsi + 16], rdx; mov [rsi + 24], rsp
    let stores = Code::default().op(&[0x48, 0x89, 0x3e, 0x48, 0x89, 0x76, 0x08, 0x48, 0x89, 0x56, 0x10]);
    let stores = stores.op(&[0x48, 0x89, 0x66, 0x18]);
    // pushf; pop [rsi + 32]; stmxcsr [rsi + 40]; then everything is spoilt: std; xor edi, edi; xor esi, esi; …
    let flags = stores.op(&[0x9c, 0x8f, 0x46, 0x20, 0x0f, 0xae, 0x5e, 0x28]);
    let spoilt = flags.op(&[0xfd, 0x31, 0xff, 0x31, 0xf6, 0x31, 0xd2, 0xc3]);
    let mut guest = hypervisor.boot(&spoilt.image()).unwrap();
    let layout = *guest.layout();
    for _ in 0..3 {
        guest.enter(BUDGET).unwrap();
        let word = |at: usize| guest.data()[at].swap(0, Ordering::Relaxed);
        assert_eq!([word(0), word(1), word(2)], [layout.rodata.start, layout.data.start, layout.fabric.start]);
        assert_eq!(word(3), layout.stack.end() - 8);
        assert_eq!(word(4) & 0x400, 0, "the direction flag is clear");
        assert_eq!(word(5), 0x1f80, "floating-point exceptions are masked");
    }
}

/// Data that large pages map, from its first byte to its last, and not a byte more.
#[test]
fn large_data_is_all_there() {
    let Some(hypervisor) = hypervisor() else { return };
    let bytes = (4 << 20) + 8192;
    // mov eax, [rcx]; inc eax; mov [rcx], eax
    let touch = |code: Code, at: u64| code.set(Register::Rcx, at).op(&[0x8b, 0x01, 0xff, 0xc0, 0x89, 0x01]);
    let image = |code: Code| Image { data_bytes: bytes, ..code.image() };
    let mut guest = hypervisor.boot(&image(returns())).unwrap();
    let data = guest.layout().data;
    guest.enter(BUDGET).unwrap();
    let places = [0, 4092, 2 << 20, (4 << 20) - 4, 4 << 20, bytes as u64 - 4];
    let code = places.iter().fold(Code::default(), |code, at| touch(code, data.start + at)).op(&[0xc3]);
    let mut guest = hypervisor.boot(&image(code)).unwrap();
    guest.enter(BUDGET).unwrap();
    guest.enter(BUDGET).unwrap();
    let words: Vec<u64> = guest.data().iter().map(|word| word.load(Ordering::Relaxed)).collect();
    for at in places {
        assert_eq!(words[at as usize / 8] >> (at % 8 * 8), 2, "byte {at}");
    }
    assert_eq!(words.iter().filter(|word| **word != 0).count(), places.len());
    let mut guest = hypervisor.boot(&image(touch(Code::default(), data.end()).op(&[0xc3]))).unwrap();
    let died = guest.enter(BUDGET);
    assert!(matches!(died, Err(Death::Fault { vector: 14, address, .. }) if address == data.end()), "{died:?}");
}

/// Code that runs past its end finds neither zeroes to run nor a neighbour.
#[test]
fn code_that_runs_on_dies() {
    let Some(hypervisor) = hypervisor() else { return };
    let mut guest = hypervisor.boot(&Code::default().op(&[0x90]).image()).unwrap();
    let vectors = [3, 13];
    let died = guest.enter(BUDGET);
    assert!(matches!(died, Err(Death::Fault { vector, .. }) if vectors.contains(&vector)), "{died:?}");
    let mut guest = hypervisor.boot(&Code::default().op(&[0x90; 4096]).image()).unwrap();
    let end = guest.layout().code.end();
    assert_eq!(guest.enter(BUDGET), Err(Death::Fault { vector: 14, error: 0x14, rip: end, address: end }));
}

#[test]
fn an_entry_need_not_come_first() {
    let Some(hypervisor) = hypervisor() else { return };
    let image = Code::default().op(&[0x0f, 0x0b, 0x48, 0xff, 0x06, 0xc3]).image(); // ud2; inc qword [rsi]; ret
    let mut guest = hypervisor.boot(&Image { entry: 2, ..image }).unwrap();
    guest.enter(BUDGET).unwrap();
    assert_eq!(guest.data()[0].load(Ordering::Relaxed), 1);
}

/// After a yield the next instruction is the one after the write to the port, whether or not KVM had completed it; and
/// asking changes nothing.
#[test]
fn a_quiesced_guest_is_past_its_yield() {
    let Some(hypervisor) = hypervisor() else { return };
    let mut guest = hypervisor.boot(&Code::default().op(&[0x48, 0xff, 0x06, 0xc3]).image()).unwrap();
    let start = guest.layout().trampoline.start;
    assert_eq!(guest.quiesce(), Ok(start), "it has not run");
    for calls in 1..=3 {
        guest.enter(BUDGET).unwrap();
        let next = guest.quiesce().unwrap();
        assert_eq!(guest.quiesce(), Ok(next));
        let trampoline = [0x48, 0xbc].len() * 5 + 5 * 8 + 5;
        assert_eq!(next, start + trampoline as u64 + 2, "after two bytes of `out`");
        assert_eq!(guest.data()[0].load(Ordering::Relaxed), calls);
    }
}

#[test]
fn images_that_contradict_themselves_do_not_boot() {
    let Some(hypervisor) = hypervisor() else { return };
    let image = || returns().image();
    let refused = |image: Image| hypervisor.boot(&image).map(drop).unwrap_err();
    let entry = refused(Image { entry: 1, ..image() });
    assert!(matches!(entry, BootError::Entry { entry: 1, code: 1 }), "{entry}");
    assert!(matches!(refused(Image { code: Vec::new(), ..image() }), BootError::Entry { .. }));
    let data = refused(Image { data: vec![0; 9], data_bytes: 8, ..image() });
    assert!(matches!(data, BootError::Data { initial: 9, data: 8 }), "{data}");
    let counters = refused(Image { counters: 3, data: Vec::new(), data_bytes: 23, ..image() });
    assert!(matches!(counters, BootError::Counters { counters: 3, data: 23 }), "{counters}");
    assert!(matches!(refused(Image { data_bytes: usize::MAX, ..image() }), BootError::TooLarge(_)));
}

#[test]
fn one_guest_sees_nothing_of_another() {
    let Some(hypervisor) = hypervisor() else { return };
    let shape = RingShape::default();
    let mut guests: Vec<_> = (0..8).map(|_| hypervisor.boot(&images::echo(shape, 0)).unwrap()).collect();
    for guest in &guests {
        guest.fabric().iter().for_each(|word| assert_eq!(word.load(Ordering::Relaxed), 0));
        guest.fabric().iter().skip(512).for_each(|word| word.store(!0, Ordering::Relaxed));
    }
    let last = hypervisor.boot(&images::echo(shape, 0)).unwrap();
    assert!(last.fabric().iter().all(|word| word.load(Ordering::Relaxed) == 0));
    guests.iter_mut().for_each(|guest| guest.enter(BUDGET).unwrap());
}
