//! Memory that is not the guest's, or not for what it does with it.

use super::{Outcome, Trial, code, fault, page_fault, protection, run};
use crate::assembler::{Code, Register};
use rdcl_abi::Death;
use rdcl_vmm::Layout;

const READ: u64 = 4;
const PRESENT: u64 = 1;
const WRITE: u64 = 2;
const FETCH: u64 = 16;

/// `mov rcx, address; mov rax, [rcx]`
fn read(name: &'static str, layout: &Layout, address: u64, error: u64) -> Trial {
    let code = Code::default().set(Register::Rcx, address).op(&[0x48, 0x8b, 0x01]);
    (name, code, vec![page_fault(error, layout.code.start + 10, address)])
}

/// `mov rcx, address; mov [rcx], rax`
fn write(name: &'static str, layout: &Layout, address: u64, error: u64) -> Trial {
    let code = Code::default().set(Register::Rcx, address).op(&[0x48, 0x89, 0x01]);
    (name, code, vec![page_fault(error, layout.code.start + 10, address)])
}

/// `mov rcx, address; jmp rcx`
fn jump(name: &'static str, address: u64, error: u64) -> Trial {
    let code = Code::default().set(Register::Rcx, address).op(&[0xff, 0xe1]);
    (name, code, vec![page_fault(error, address, address)])
}

#[test]
fn nothing_is_where_nothing_was_put() {
    run(|layout, _| {
        let end = layout.fabric.end().next_multiple_of(4096);
        vec![
            read("null read", layout, 0, READ),
            write("null write", layout, 0, READ | WRITE),
            jump("null call", 0, READ | FETCH),
            read("below the code", layout, layout.code.start - 8, READ),
            read("gap after the code", layout, layout.code.start + 4096, READ),
            write("gap before the data", layout, layout.data.start - 8, READ | WRITE),
            write("gap after the data", layout, layout.data.start + 4096, READ | WRITE),
            read("gap after the fabric", layout, end, READ),
            read("a terabyte up", layout, 1 << 40, READ),
            jump("a terabyte up, to run it", 1 << 40, READ | FETCH),
        ]
    });
}

#[test]
fn what_is_read_only_stays() {
    run(|layout, _| {
        let forbidden = PRESENT | READ | WRITE;
        vec![
            write("code", layout, layout.code.start, forbidden),
            write("trampoline", layout, layout.trampoline.start, forbidden),
            write("tables", layout, layout.rodata.start, forbidden),
        ]
    });
}

#[test]
fn only_code_runs() {
    run(|layout, _| {
        let forbidden = PRESENT | READ | FETCH;
        vec![
            jump("tables", layout.rodata.start, forbidden),
            jump("stack", layout.stack.start, forbidden),
            jump("data", layout.data.start, forbidden),
            jump("fabric", layout.fabric.start, forbidden),
        ]
    });
}

#[test]
fn the_supervisors_pages_are_closed() {
    run(|layout, _| {
        let pages = [("descriptors", 0x1000), ("fault stubs", 0x2000), ("ring-0 stack", 0x3ff8)];
        let tables = layout.fabric.end().next_multiple_of(4096) + 4096;
        let closed = pages.into_iter().flat_map(|(name, page)| {
            [
                read(name, layout, page, PRESENT | READ),
                write(name, layout, page, PRESENT | READ | WRITE),
                jump(name, page, PRESENT | READ | FETCH),
            ]
        });
        let mapped_nowhere =
            [read("page tables", layout, tables, READ), write("page tables", layout, tables, READ | WRITE)];
        closed.chain(mapped_nowhere).collect()
    });
}

/// An endless `push rax`, from the top of the stack.
#[test]
fn the_stack_ends_at_its_guards() {
    run(|layout, _| {
        let below = layout.stack.start - 8;
        vec![
            ("overflow", code(&[0x50, 0xeb, 0xfd]), vec![page_fault(READ | WRITE, layout.code.start, below)]),
            write("below", layout, below, READ | WRITE),
            read("above", layout, layout.stack.end(), READ),
            ("underflow", code(&[0x58, 0xeb, 0xfd]), vec![page_fault(READ, layout.code.start, layout.stack.end())]),
        ]
    });
}

#[test]
fn addresses_that_cannot_be_fault() {
    run(|_, _| {
        let odd = 0x8000_0000_0000;
        let through = |register, bytes: &[u8]| Code::default().set(register, odd).op(bytes);
        // The stack has an exception of its own, which QEMU's emulated processor does not know.
        let stack = vec![fault(12, 0, 10), protection(0, 10)];
        // A jump is at fault where it is, or where it leads: processors differ.
        let led: Outcome = Err(Death::Fault { vector: 13, error: 0, rip: odd, address: 0 });
        vec![
            ("not canonical", through(Register::Rcx, &[0x48, 0x8b, 0x01]), vec![protection(0, 10)]),
            ("not canonical, stack", through(Register::Rbp, &[0x48, 0x8b, 0x45, 0x00]), stack),
            ("not canonical, jump", through(Register::Rcx, &[0xff, 0xe1]), vec![protection(0, 10), led]),
        ]
    });
}

/// The first address of the upper half. Software virtualisation puts something of its own there that no program can
/// use: where it did, the error code says so.
const UPPER_HALF: u64 = 0xffff_8000_0000_0000;
const RESERVED: u64 = 8;

/// Every 512 GiB of the address space, since software virtualisation runs guests in an address space of the host.
#[test]
fn nothing_of_the_host_is_mapped() {
    run(|layout, caps| {
        let sign_extended = |slot: u64| ((slot << 39) as i64) << 16 >> 16;
        let addresses = (1..512).map(|slot| sign_extended(slot) as u64);
        let mut trials: Vec<Trial> = addresses.map(|address| read("far away, read", layout, address, READ)).collect();
        trials.push(write("upper half, written", layout, UPPER_HALF, READ | WRITE));
        trials.push(jump("upper half, run", UPPER_HALF, READ | FETCH));
        for (_, _, allowed) in trials.iter_mut().filter(|_| caps.syscall_leak) {
            if let [Err(Death::Fault { vector, error, rip, address: UPPER_HALF })] = allowed[..] {
                allowed.push(Err(Death::Fault { vector, error: error | PRESENT | RESERVED, rip, address: UPPER_HALF }));
            }
        }
        trials
    });
}
