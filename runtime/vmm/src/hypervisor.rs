//! From `/dev/kvm` to a guest that is ready to run.

use crate::capabilities::{self, HostCaps};
use crate::guest::KvmGuest;
use crate::layout::{DESCRIPTORS, KERNEL_STACK, Layout, PAGE, Region, STUBS, TRAMPOLINE, TooLarge};
use crate::memory::Memory;
use crate::registers::{self, Ports};
use crate::tables::{Access, Ring, Tables};
use crate::watchdog::{self, WatchdogError};
use crate::{cpuid, descriptors, stubs};
use kvm_bindings::{CpuId, KVM_API_VERSION, KVM_MAX_CPUID_ENTRIES, kvm_userspace_memory_region};
use kvm_ioctls::{Cap, Kvm, VmFd};
use rdcl_abi::{Death, Image, offset};
use std::io;
use std::sync::atomic::Ordering;

/// KVM, and what it was found to be capable of.
#[derive(Debug)]
pub struct Hypervisor {
    kvm: Kvm,
    cpuid: CpuId,
    hide_tables: bool,
    caps: HostCaps,
    signal: i32,
}

/// Why no guest can run here.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The device cannot be opened.
    #[error("/dev/kvm cannot be opened: {0}")]
    Device(io::Error),
    /// Another interface than the one that everyone has.
    #[error("KVM's interface has version {0}, not {KVM_API_VERSION}")]
    Version(i32),
    /// A capability is missing.
    #[error("this KVM lacks {0}")]
    Capability(&'static str),
    /// It does not say what the processor can do.
    #[error("KVM does not say what the processor can do: {0}")]
    Processor(io::Error),
    /// Guests could not be stopped.
    #[error("guests could not be stopped in time: {0}")]
    Watchdog(#[from] WatchdogError),
    /// The first guest did not boot.
    #[error("the first guest does not boot: {0}")]
    Boot(#[from] BootError),
    /// The first guest died.
    #[error("the first guest dies: {0}")]
    Death(#[from] Death),
}

/// Why an image does not boot.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// It is too large.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// Its entry point is not in its code.
    #[error("the entry point {entry} is outside the code of {code} bytes")]
    Entry {
        /// The entry point.
        entry: usize,
        /// The size of the code.
        code: usize,
    },
    /// It begins with more data than it has.
    #[error("{initial} bytes of initial data do not fit {data} bytes")]
    Data {
        /// The size of the initial data.
        initial: usize,
        /// The size of the data.
        data: usize,
    },
    /// Its counters are not all in its data.
    #[error("{counters} counters do not fit {data} bytes of data")]
    Counters {
        /// The number of counters.
        counters: usize,
        /// The size of the data.
        data: usize,
    },
    /// There is no memory for it.
    #[error("no memory: {0}")]
    Memory(io::Error),
    /// The kernel refused a call.
    #[error("{call}: {error}")]
    System {
        /// The call.
        call: &'static str,
        /// Its error.
        error: kvm_ioctls::Error,
    },
}

impl Hypervisor {
    /// Opens `/dev/kvm` and lets a few short-lived guests try out what it does.
    ///
    /// # Errors
    /// When guests cannot run here, in a sentence.
    pub fn open() -> Result<Hypervisor, Unavailable> {
        let kvm = Kvm::new().map_err(|error| Unavailable::Device(error.into()))?;
        check(&kvm)?;
        let supported = kvm.get_supported_cpuid(KVM_MAX_CPUID_ENTRIES);
        let supported = supported.map_err(|error| Unavailable::Processor(error.into()))?;
        let entries = cpuid::minimal(&supported);
        let cpuid = CpuId::from_entries(&entries).map_err(|_| Unavailable::Capability("a short list of features"))?;
        let hide_tables = cpuid::hides_tables(&entries);
        let mut hypervisor =
            Hypervisor { kvm, cpuid, hide_tables, caps: HostCaps::default(), signal: watchdog::signal()? };
        hypervisor.caps = capabilities::probe(&hypervisor)?;
        Ok(hypervisor)
    }

    /// What the host was found to do.
    pub fn caps(&self) -> &HostCaps {
        &self.caps
    }

    /// The signal that ends a guest's time. It is sent only to threads that enter guests, unblocked there by every entry,
    /// and nobody else may give it another handler.
    pub fn signal(&self) -> i32 {
        self.signal
    }

    /// Makes a guest of an image; its first [`rdcl_abi::Guest::enter`] starts it.
    ///
    /// # Errors
    /// When the image contradicts itself, or the system has no room for it.
    pub fn boot(&self, image: &Image) -> Result<KvmGuest, BootError> {
        self.boot_with(image, if self.caps.io_bitmap { Ports::Map } else { Ports::Level })
    }

    pub(crate) fn boot_with(&self, image: &Image, ports: Ports) -> Result<KvmGuest, BootError> {
        let layout = checked_layout(image)?;
        let tables = page_tables(&layout);
        let memory = load(image, &layout, &tables).map_err(BootError::Memory)?;
        let vm = create_vm(&self.kvm)?;
        add_memory(&vm, &memory)?;
        let vcpu = vm.create_vcpu(0).map_err(failed("KVM_CREATE_VCPU"))?;
        vcpu.set_cpuid2(&self.cpuid).map_err(failed("KVM_SET_CPUID2"))?;
        let special = registers::special(tables.root(), self.hide_tables);
        vcpu.set_sregs(&special).map_err(failed("KVM_SET_SREGS"))?;
        vcpu.set_regs(&registers::general(ports)).map_err(failed("KVM_SET_REGS"))?;
        vcpu.set_fpu(&registers::floating()).map_err(failed("KVM_SET_FPU"))?;
        Ok(KvmGuest::new(vm, vcpu, memory, layout))
    }
}

fn check(kvm: &Kvm) -> Result<(), Unavailable> {
    let version = kvm.get_api_version();
    if version != KVM_API_VERSION as i32 {
        return Err(Unavailable::Version(version));
    }
    let needed = [
        (Cap::UserMemory, "memory of user space"),
        (Cap::ExtCpuid, "a choice of processor features"),
        (Cap::ImmediateExit, "immediate exits"),
    ];
    match needed.iter().find(|(cap, _)| !kvm.check_extension(*cap)) {
        Some((_, name)) => Err(Unavailable::Capability(name)),
        None => Ok(()),
    }
}

fn checked_layout(image: &Image) -> Result<Layout, BootError> {
    if image.entry >= image.code.len() {
        return Err(BootError::Entry { entry: image.entry, code: image.code.len() });
    }
    if image.data.len() > image.data_bytes {
        return Err(BootError::Data { initial: image.data.len(), data: image.data_bytes });
    }
    if image.counters.saturating_mul(8) > image.data_bytes {
        return Err(BootError::Counters { counters: image.counters, data: image.data_bytes });
    }
    Ok(Layout::of(image)?)
}

fn page_tables(layout: &Layout) -> Tables {
    let mut tables = Tables::at(layout.tables);
    tables.map(DESCRIPTORS, Ring::Supervisor, Access::Read);
    tables.map(STUBS, Ring::Supervisor, Access::Execute);
    tables.map(KERNEL_STACK, Ring::Supervisor, Access::Write);
    tables.map(layout.trampoline, Ring::Guest, Access::Execute);
    tables.map(layout.code, Ring::Guest, Access::Execute);
    tables.map(layout.rodata, Ring::Guest, Access::Read);
    tables.map(layout.stack, Ring::Guest, Access::Write);
    tables.map(layout.data, Ring::Guest, Access::Write);
    tables.map(layout.fabric, Ring::Guest, Access::Write);
    tables
}

/// Fills a guest's memory, and touches the pages that a first frame needs: a page that the host touched is six times
/// as cheap for the guest.
fn load(image: &Image, layout: &Layout, tables: &Tables) -> io::Result<Memory> {
    let mut memory = Memory::reserve(tables.end() as usize)?;
    memory.write(DESCRIPTORS.start, &descriptors::page());
    write_code(&mut memory, STUBS.start, &stubs::faults());
    write_code(&mut memory, TRAMPOLINE.start, &stubs::trampoline(layout, image.entry));
    write_code(&mut memory, layout.code.start, &image.code);
    memory.write(layout.rodata.start, &image.rodata);
    memory.write(layout.data.start, &image.data);
    memory.write(tables.root(), &tables.bytes());
    let fabric = layout.fabric.start;
    let soon =
        [layout.stack.end() - 8, fabric, fabric + offset::SLOTS as u64, fabric + image.rings.send_slots() as u64];
    for start in soon {
        memory.words(Region { start, bytes: 8 })[0].store(0, Ordering::Relaxed);
    }
    Ok(memory)
}

/// Writes code, and breakpoints up to the end of its last page, so that code which runs on dies at once.
fn write_code(memory: &mut Memory, at: u64, code: &[u8]) {
    const BREAKPOINT: u8 = 0xcc;
    let end = at + code.len() as u64;
    memory.write(at, code);
    memory.write(end, &vec![BREAKPOINT; (end.next_multiple_of(PAGE) - end) as usize]);
}

/// Creation is interrupted by any signal, and then to be tried again.
fn create_vm(kvm: &Kvm) -> Result<VmFd, BootError> {
    loop {
        match kvm.create_vm() {
            Err(error) if error.errno() == libc::EINTR => {}
            other => return other.map_err(failed("KVM_CREATE_VM")),
        }
    }
}

fn add_memory(vm: &VmFd, memory: &Memory) -> Result<(), BootError> {
    let region = kvm_userspace_memory_region {
        slot: 0,
        flags: 0,
        guest_phys_addr: 0,
        memory_size: memory.bytes() as u64,
        userspace_addr: memory.host_address(),
    };
    // SAFETY: the mapping is only ever seen as atomic words from here on, and outlives the machine (`KvmGuest`).
    unsafe { vm.set_user_memory_region(region) }.map_err(failed("KVM_SET_USER_MEMORY_REGION"))
}

fn failed(call: &'static str) -> impl FnOnce(kvm_ioctls::Error) -> BootError {
    move |error| BootError::System { call, error }
}
