//! The image of a guest: code, tables, initial state.

use crate::ring::RingShape;

/// The stack that an image may use, in bytes.
pub const STACK_BYTES: usize = 64 << 10;

/// The entry point of an image, in the System V calling convention: the read-only data, the read-write data, the
/// fabric; all three aligned to 64 bytes.
///
/// A call takes frames from the receive ring, as many as were there when it began, as long as the send ring has room
/// for every copy one frame may become; it returns how many it took. It never waits.
pub type Entry = unsafe extern "sysv64" fn(rodata: *const u8, data: *mut u8, fabric: *mut u8) -> u64;

/// A guest, ready to be loaded. The code is position-independent and reaches everything through [`Entry`]'s arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Machine code (x86-64, no AVX, no system instruction).
    pub code: Vec<u8>,
    /// Where the entry point is in the code.
    pub entry: usize,
    /// Tables; never written.
    pub rodata: Vec<u8>,
    /// The first bytes of the read-write data; the rest is zero. It begins with the counters, eight bytes each.
    pub data: Vec<u8>,
    /// The size of the read-write data in bytes, at least that of `data`.
    pub data_bytes: usize,
    /// The number of counters.
    pub counters: usize,
    /// The number of ports.
    pub ports: u32,
    /// The rings that the code was compiled for.
    pub rings: RingShape,
}
