//! Running a guest in this process: the same image, mapped and called.
//!
//! It is the yardstick for isolated guests and the other half of differential tests. Code is mapped readable and
//! executable, never writable; tables readable; data and fabric readable and writable. There is no isolation beyond
//! that: an image runs with the rights of the process, so only what [`compile`](crate::compile) made is taken.
//!
//! This is the only module with unsafe code.

use crate::Compiled;
use rdcl_abi::{Death, Entry, Guest};
use rustix::io::Result;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// A guest in this process.
#[derive(Debug)]
pub struct Native {
    code: Mapping,
    entry: usize,
    rodata: Mapping,
    data: Mapping,
    fabric: Mapping,
}

impl Native {
    /// Loads an image, with fresh state and empty rings.
    ///
    /// # Errors
    /// When memory cannot be mapped.
    pub fn new(compiled: &Compiled) -> Result<Native> {
        let image = compiled.image();
        let code = Mapping::holding(&image.code, image.code.len())?;
        code.protect(MprotectFlags::READ | MprotectFlags::EXEC)?;
        let rodata = Mapping::holding(&image.rodata, image.rodata.len())?;
        rodata.protect(MprotectFlags::READ)?;
        let data = Mapping::holding(&image.data, image.data_bytes)?;
        let fabric = Mapping::holding(&[], image.rings.fabric_bytes())?;
        Ok(Native { code, entry: image.entry, rodata, data, fabric })
    }
}

impl Guest for Native {
    fn fabric(&self) -> &[AtomicU64] {
        self.fabric.words()
    }

    fn data(&self) -> &[AtomicU64] {
        self.data.words()
    }

    /// Lets the guest run. The budget is not needed: compiled programs have no loop but over frames and entries.
    fn enter(&mut self, _budget: Duration) -> std::result::Result<(), Death> {
        let entry = self.code.start.as_ptr().wrapping_byte_add(self.entry);
        // SAFETY: the code came from the compiler, with its entry point at this offset, and follows the convention of
        // `Entry`; it is mapped executable and stays mapped and unchanged as long as `self`.
        let entry: Entry = unsafe { std::mem::transmute(entry) };
        // SAFETY: the three areas are mapped with the sizes the image asks for and aligned to pages; compiled code stays
        // within them. Data and fabric are otherwise seen as atomic words only, and `&mut self` keeps this call alone.
        unsafe {
            entry(self.rodata.start.as_ptr().cast(), self.data.start.as_ptr().cast(), self.fabric.start.as_ptr().cast())
        };
        Ok(())
    }
}

/// Memory of our own, a whole number of words, at least one.
#[derive(Debug)]
struct Mapping {
    start: NonNull<c_void>,
    bytes: usize,
}

// SAFETY: a mapping belongs to its owner alone and to no thread; what it shares are atomic words.
unsafe impl Send for Mapping {}
// SAFETY: as above; a shared mapping is only ever read as atomic words.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Readable and writable memory: these bytes, then zeros.
    fn holding(bytes: &[u8], size: usize) -> Result<Mapping> {
        let size = size.max(bytes.len()).max(8).next_multiple_of(8);
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new anonymous mapping where the kernel likes takes the place of nothing.
        let start = unsafe { mmap_anonymous(null_mut(), size, access, MapFlags::PRIVATE)? };
        let start = NonNull::new(start).expect("the kernel maps nothing at address zero");
        // SAFETY: the mapping is new, writable and at least as long as `bytes`.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), start.as_ptr().cast(), bytes.len()) };
        Ok(Mapping { start, bytes: size })
    }

    fn protect(&self, access: MprotectFlags) -> Result<()> {
        // SAFETY: the range is this mapping; no reference into it is alive, for it is under construction.
        unsafe { mprotect(self.start.as_ptr(), self.bytes, access) }
    }

    fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is readable and writable where this is called (data and fabric), aligned to a page, as
        // long as it says, initialised by the kernel, and alive as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.bytes / 8) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is this mapping, which nothing uses any more. Failing would only keep memory.
        let _ = unsafe { munmap(self.start.as_ptr(), self.bytes) };
    }
}
