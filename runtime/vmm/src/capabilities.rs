//! What a host's KVM does where hosts differ, found out by guests that each try one thing.

use crate::guest::KvmGuest;
use crate::hypervisor::{Hypervisor, Unavailable};
use crate::registers::Ports;
use rdcl_abi::{Death, Guest, Image, RingShape};
use std::time::{Duration, Instant};

/// What the host was found to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostCaps {
    /// Guests have their ports by the map in the task state; else by privilege level, and the host sorts them out.
    pub io_bitmap: bool,
    /// Guests can use AVX although it is off: its registers may hold what others left there.
    pub avx_leak: bool,
    /// A system call, although it is off, goes to an address instead of faulting. Software virtualisation does that.
    pub syscall_leak: bool,
    /// The cheapest way out of a guest and back in.
    pub exit: Duration,
}

impl std::fmt::Display for HostCaps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ports = if self.io_bitmap { "by map" } else { "by privilege level" };
        let enforced = |leak| if leak { "not enforced" } else { "enforced" };
        let (avx, syscall) = (enforced(self.avx_leak), enforced(self.syscall_leak));
        write!(f, "ports {ports}, no AVX {avx}, no SYSCALL {syscall}, exit {:?}", self.exit)
    }
}

const RETURN: u8 = 0xc3;
/// `vpxor ymm0, ymm0, ymm0`
const AVX: [u8; 4] = [0xc5, 0xfd, 0xef, 0xc0];
const SYSCALL: [u8; 2] = [0x0f, 0x05];
const INVALID_OPCODE: u8 = 6;

/// A guest dies of a probe at once, or yields at once; hosts may be slow, though.
const BUDGET: Duration = Duration::from_secs(10);

/// Enough exits that one of them is undisturbed.
const EXITS: u32 = 8;

/// Tries all of it.
pub fn probe(hypervisor: &Hypervisor) -> Result<HostCaps, Unavailable> {
    let (io_bitmap, mut guest) = probe_ports(hypervisor)?;
    let exit = cheapest_exit(&mut guest)?;
    let ports = if io_bitmap { Ports::Map } else { Ports::Level };
    let enforced = |code: &[u8]| {
        let outcome = hypervisor.boot_with(&trial(code), ports)?.enter(BUDGET);
        Ok::<bool, Unavailable>(matches!(outcome, Err(Death::Fault { vector: INVALID_OPCODE, .. })))
    };
    Ok(HostCaps { io_bitmap, avx_leak: !enforced(&AVX)?, syscall_leak: !enforced(&SYSCALL)?, exit })
}

/// One write to the yield port, by map or else by level.
fn probe_ports(hypervisor: &Hypervisor) -> Result<(bool, KvmGuest), Unavailable> {
    let mut guest = hypervisor.boot_with(&trial(&[]), Ports::Map)?;
    if guest.enter(BUDGET).is_ok() {
        return Ok((true, guest));
    }
    let mut guest = hypervisor.boot_with(&trial(&[]), Ports::Level)?;
    guest.enter(BUDGET)?;
    Ok((false, guest))
}

fn cheapest_exit(guest: &mut KvmGuest) -> Result<Duration, Death> {
    (0..EXITS).try_fold(Duration::MAX, |best, _| {
        let start = Instant::now();
        guest.enter(BUDGET)?;
        Ok(best.min(start.elapsed()))
    })
}

/// An image that does this and returns.
fn trial(code: &[u8]) -> Image {
    Image {
        code: [code, &[RETURN]].concat(),
        entry: 0,
        rodata: Vec::new(),
        data: Vec::new(),
        data_bytes: 0,
        counters: 0,
        ports: 0,
        rings: RingShape::new(1, 8).unwrap_or_default(),
    }
}
