//! A running guest: the owner of a virtual machine, its only virtual CPU and its memory.

use crate::layout::{Layout, YIELD_PORT};
use crate::memory::Memory;
use crate::stubs;
use crate::watchdog::{self, Armed};
use kvm_ioctls::{VcpuExit, VcpuFd, VmFd};
use rdcl_abi::{Death, Guest};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// An image on KVM. Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct KvmGuest {
    /// Dropped first: it keeps the machine alive.
    vcpu: VcpuFd,
    /// Dropped before the memory that it maps.
    _vm: VmFd,
    memory: Memory,
    layout: Layout,
    death: Option<Death>,
}

/// The state of a virtual CPU could not be completed or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuiesceError {
    /// The virtual CPU ran although it was told not to.
    #[error("the virtual CPU ran although it was told not to")]
    Ran,
    /// The kernel refused a call.
    #[error("{call}: {error}")]
    System {
        /// The call.
        call: &'static str,
        /// Its error.
        error: kvm_ioctls::Error,
    },
}

/// Why `KVM_RUN` returned.
enum Exit {
    /// The guest has nothing to do.
    Yield,
    /// A signal came: ours, or anyone's.
    Interrupted,
    /// Anything else.
    Fatal(Death),
}

impl KvmGuest {
    pub(crate) fn new(vm: VmFd, vcpu: VcpuFd, memory: Memory, layout: Layout) -> KvmGuest {
        KvmGuest { vcpu, _vm: vm, memory, layout, death: None }
    }

    /// Where the parts of the image are, in the guest's addresses; a fault's addresses are to be held against it.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How it died, if it did.
    pub fn death(&self) -> Option<&Death> {
        self.death.as_ref()
    }

    /// Brings the registers up to date without running the guest, and gives the address of its next instruction.
    ///
    /// KVM completes the instruction of an exit only when it is next entered (KVM API, 5., `KVM_EXIT_IO`): after a
    /// write to the yield port the instruction pointer may still be on it. Whoever copies a guest, memory and
    /// registers, must quiesce it first, or the copy yields twice.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn quiesce(&mut self) -> Result<u64, QuiesceError> {
        self.vcpu.set_kvm_immediate_exit(1);
        let ran = self.vcpu.run().map(drop);
        self.vcpu.set_kvm_immediate_exit(0);
        match ran {
            Ok(()) => return Err(QuiesceError::Ran),
            Err(error) if error.errno() == libc::EINTR => {}
            Err(error) => return Err(QuiesceError::System { call: "KVM_RUN", error }),
        }
        let registers = self.vcpu.get_regs();
        registers.map(|registers| registers.rip).map_err(|error| QuiesceError::System { call: "KVM_GET_REGS", error })
    }

    /// Runs until the guest yields, dies, or the time is up. Signals that are not the watchdog's change nothing, nor
    /// does it count how long the process was stopped or had no processor.
    fn run(&mut self, budget: Duration) -> Result<(), Death> {
        let start = watchdog::thread_time();
        let spent = || watchdog::thread_time().saturating_sub(start);
        loop {
            match self.run_once(budget.saturating_sub(spent()))? {
                Exit::Yield => return Ok(()),
                Exit::Fatal(death) => return Err(death),
                Exit::Interrupted if spent() >= budget => return Err(Death::Runaway),
                Exit::Interrupted => {}
            }
        }
    }

    fn run_once(&mut self, budget: Duration) -> Result<Exit, Death> {
        self.vcpu.set_kvm_immediate_exit(0);
        let immediate_exit = NonNull::from(&mut self.vcpu.get_kvm_run().immediate_exit);
        // SAFETY: the byte is in the mapping that the virtual CPU keeps until it is dropped, which is after this call.
        let armed = unsafe { Armed::new(immediate_exit, budget) };
        let armed = armed.map_err(|error| Death::Exit(format!("its time cannot be kept, {error}")))?;
        let exit = match self.vcpu.run() {
            Ok(VcpuExit::IoOut(YIELD_PORT, [_])) => Exit::Yield,
            Ok(VcpuExit::IoOut(stubs::FAULT_PORT, _)) => Exit::Fatal(self.fault()),
            Ok(VcpuExit::IoOut(port, _)) => Exit::Fatal(Death::Port { port, write: true }),
            Ok(VcpuExit::IoIn(port, _)) => Exit::Fatal(Death::Port { port, write: false }),
            Ok(VcpuExit::InternalError) => Exit::Fatal(Death::Exit(self.internal_error())),
            Ok(other) => Exit::Fatal(Death::Exit(format!("{other:?}"))),
            Err(error) if error.errno() == libc::EINTR => Exit::Interrupted,
            Err(error) => Exit::Fatal(Death::Exit(format!("KVM_RUN: {error}"))),
        };
        drop(armed);
        Ok(exit)
    }

    /// What the fault stubs wrote down. Without a record it was the guest itself that wrote to their port.
    fn fault(&self) -> Death {
        let mut words = self.memory.words(stubs::RECORD).iter().map(|word| word.load(Ordering::Relaxed));
        let record = std::array::from_fn(|_| words.next().unwrap_or_default());
        stubs::read(record).unwrap_or(Death::Port { port: stubs::FAULT_PORT, write: true })
    }

    fn internal_error(&mut self) -> String {
        // SAFETY: the exit was KVM_EXIT_INTERNAL_ERROR, for which the kernel fills this member; any bits are a number.
        let suberror = unsafe { self.vcpu.get_kvm_run().__bindgen_anon_1.internal.suberror };
        format!("internal error {suberror} of KVM")
    }
}

impl Guest for KvmGuest {
    fn fabric(&self) -> &[AtomicU64] {
        self.memory.words(self.layout.fabric)
    }

    fn data(&self) -> &[AtomicU64] {
        self.memory.words(self.layout.data)
    }

    fn enter(&mut self, budget: Duration) -> Result<(), Death> {
        if let Some(death) = &self.death {
            return Err(death.clone());
        }
        let outcome = self.run(budget);
        self.death = outcome.clone().err();
        outcome
    }
}
