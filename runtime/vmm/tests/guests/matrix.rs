//! What guests may not do, one instruction at a time: each dies, and of exactly what it should. Where hosts differ, the
//! probe of the host says which of the two outcomes is right here.

mod memory;
mod ports;
mod privileged;
mod segments;
mod traps;

use crate::assembler::Code;
use crate::probe::hypervisor;
use rdcl_abi::{Death, Guest};
use rdcl_vmm::{HostCaps, Layout};
use std::time::Duration;

/// What may come of a trial.
type Outcome = Result<(), Death>;

/// A name, what the guest does (it returns afterwards, if it still can), and every outcome that is allowed.
type Trial = (&'static str, Code, Vec<Outcome>);

const BUDGET: Duration = Duration::from_secs(10);
const LIVES: Outcome = Ok(());
const RETURN: u8 = 0xc3;

/// Runs trials, each in a guest of its own, and reports all that went wrong at once.
fn run(trials: impl FnOnce(&Layout, &HostCaps) -> Vec<Trial>) {
    let Some(hypervisor) = hypervisor() else { return };
    let trials = trials(&layout(), hypervisor.caps());
    assert!(!trials.is_empty());
    let mut wrong = Vec::new();
    for (name, code, allowed) in trials {
        let mut guest = hypervisor.boot(&code.op(&[RETURN]).image()).unwrap();
        assert_eq!(guest.layout().data, layout().data, "{name} does not move anything");
        let outcome = guest.enter(BUDGET);
        if !allowed.contains(&outcome) {
            wrong.push(format!(
                "{name}: {}\n    allowed: {}",
                told(&outcome),
                allowed.iter().map(told).collect::<Vec<_>>().join(", or ")
            ));
        }
        if let Err(death) = outcome {
            assert_eq!(guest.enter(BUDGET), Err(death.clone()), "{name}: a dead guest stays dead");
            assert_eq!(guest.death(), Some(&death));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn told(outcome: &Outcome) -> String {
    outcome.as_ref().map_or_else(Death::to_string, |()| "lives".to_owned())
}

/// Where things are in a guest of a trial.
fn layout() -> Layout {
    Layout::of(&Code::default().op(&[RETURN]).image()).unwrap()
}

/// What software virtualisation makes of it, where the guest's code runs as a program of the host and what faults there
/// is emulated; or what the processor does.
fn either(caps: &HostCaps, software: Outcome, hardware: Outcome) -> Vec<Outcome> {
    vec![if caps.syscall_leak { software } else { hardware }]
}

/// An exception of the instruction that is so many bytes into the code.
fn fault(vector: u8, error: u64, at: u64) -> Outcome {
    Err(Death::Fault { vector, error, rip: layout().code.start + at, address: 0 })
}

fn divide_error(at: u64) -> Outcome {
    fault(0, 0, at)
}

fn invalid_opcode(at: u64) -> Outcome {
    fault(6, 0, at)
}

fn protection(error: u64, at: u64) -> Outcome {
    fault(13, error, at)
}

/// A page fault of the instruction at this address.
fn page_fault(error: u64, rip: u64, address: u64) -> Outcome {
    Err(Death::Fault { vector: 14, error, rip, address })
}

fn code(bytes: &[u8]) -> Code {
    Code::default().op(bytes)
}
