//! A guest's memory as the host holds it: one private mapping, of which only what is touched costs anything.

use crate::layout::Region;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

/// The mapping. While a guest may run, only [`Memory::words`] looks at it.
#[derive(Debug)]
pub struct Memory {
    base: NonNull<c_void>,
    bytes: usize,
}

// SAFETY: the mapping belongs to this value alone; nothing in it depends on the thread.
unsafe impl Send for Memory {}
// SAFETY: a shared `Memory` only gives out atomic words.
unsafe impl Sync for Memory {}

impl Memory {
    /// Reserves zeroed memory; a multiple of the page size.
    pub fn reserve(bytes: usize) -> rustix::io::Result<Memory> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: an anonymous mapping at an address that the kernel chooses touches no other memory.
        let base = unsafe { mmap_anonymous(std::ptr::null_mut(), bytes, ProtFlags::READ | ProtFlags::WRITE, flags)? };
        let memory = Memory { base: NonNull::new(base).ok_or(rustix::io::Errno::NOMEM)?, bytes };
        // SAFETY: the mapping is ours. A child process must not keep the guest's memory, nor make it copy-on-write.
        unsafe { madvise(base, bytes, Advice::LinuxDontFork)? };
        Ok(memory)
    }

    /// The size in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where the host maps it.
    pub fn host_address(&self) -> u64 {
        self.base.as_ptr() as u64
    }

    /// Writes bytes before the guest exists.
    ///
    /// # Panics
    /// When they do not fit.
    pub fn write(&mut self, at: u64, bytes: &[u8]) {
        let start = self.check(at, bytes.len() as u64);
        // SAFETY: `start..start + bytes.len()` is in the mapping, which nobody else can see while we are borrowed
        // mutably: the words given out borrow us too, and guests are only run by an owner that no longer writes.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.as_ptr().cast::<u8>().add(start), bytes.len())
        }
    }

    /// A region as words, up to the end of its last word.
    ///
    /// # Panics
    /// When it is not in the memory, or not aligned to a word.
    pub fn words(&self, region: Region) -> &[AtomicU64] {
        let words = region.bytes.div_ceil(8);
        let start = self.check(region.start, words * 8);
        assert!(region.start.is_multiple_of(8), "words are aligned");
        // SAFETY: the words are in the mapping, which is page-aligned and lives as long as `self`; every bit pattern is
        // a number; and that a guest writes to them meanwhile is what atomic words are for.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr().cast::<u8>().add(start).cast(), words as usize) }
    }

    fn check(&self, at: u64, bytes: u64) -> usize {
        let end = at.checked_add(bytes).expect("regions end within the address space");
        assert!(end <= self.bytes as u64, "{at:#x}..{end:#x} is in a memory of {:#x} bytes", self.bytes);
        at as usize
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and all that was given out of it borrowed `self`. The virtual machine over it is
        // gone: its owner drops it first.
        let unmapped = unsafe { munmap(self.base.as_ptr(), self.bytes) };
        debug_assert!(unmapped.is_ok(), "a mapping that exists can be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn bytes_written_are_words_read() {
        let mut memory = Memory::reserve(8192).unwrap();
        memory.write(4096 + 8, &7u64.to_le_bytes());
        let words = memory.words(Region { start: 4096, bytes: 17 });
        assert_eq!(words.iter().map(|word| word.load(Ordering::Relaxed)).collect::<Vec<_>>(), [0, 7, 0]);
    }

    #[test]
    #[should_panic(expected = "is in a memory of 0x1000 bytes")]
    fn nothing_is_written_outside() {
        Memory::reserve(4096).unwrap().write(4090, &[0; 7]);
    }

    #[test]
    #[should_panic(expected = "is in a memory of 0x1000 bytes")]
    fn nothing_is_read_outside() {
        let _ = Memory::reserve(4096).unwrap().words(Region { start: 4088, bytes: 9 });
    }
}
