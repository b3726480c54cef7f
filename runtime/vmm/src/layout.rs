//! Where everything is in a guest's memory. Addresses are the same for the guest, for its page tables and as offsets
//! into the host's mapping.
//!
//! ```text
//! 0x1000  descriptor tables     ring 0   read
//! 0x2000  fault stubs           ring 0   execute
//! 0x3000  ring-0 stack          ring 0   write
//! 0x5000  trampoline            ring 3   execute
//! 0x7000  code                  ring 3   execute
//!         tables of the image   ring 3   read
//!         stack                 ring 3   write
//!         data                  ring 3   write
//!         fabric                ring 3   write
//!         page tables           mapped nowhere
//! ```
//! Between any two of the ring-3 regions, and below the first, there is at least one page that is not mapped.

use rdcl_abi::{Image, STACK_BYTES};

/// The port that a guest writes to when it has nothing to do.
pub const YIELD_PORT: u16 = 0x10;

/// The ports that guests may touch at all: the yield port, and seven that mean nothing yet.
pub(crate) const OPEN_PORTS: std::ops::RangeInclusive<u16> = YIELD_PORT..=YIELD_PORT + 7;

/// The bytes of a page.
pub(crate) const PAGE: u64 = 4096;

/// The bytes of a large page.
pub(crate) const LARGE_PAGE: u64 = 2 << 20;

/// More than any guest may have, so that guest addresses fit every processor's and sums fit their type.
const MOST_BYTES: u64 = 8 << 30;

pub(crate) const DESCRIPTORS: Region = Region { start: 0x1000, bytes: PAGE };
pub(crate) const STUBS: Region = Region { start: 0x2000, bytes: PAGE };
pub(crate) const KERNEL_STACK: Region = Region { start: 0x3000, bytes: PAGE };
pub(crate) const TRAMPOLINE: Region = Region { start: 0x5000, bytes: PAGE };
const FIRST_FREE: u64 = 0x7000;

/// A piece of a guest's memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its first byte.
    pub start: u64,
    /// Its size, not rounded to pages.
    pub bytes: u64,
}

impl Region {
    /// The first byte after it.
    pub fn end(self) -> u64 {
        self.start + self.bytes
    }

    /// The first byte after its last page.
    pub(crate) fn end_of_pages(self) -> u64 {
        self.end().next_multiple_of(PAGE)
    }

    /// Whether it holds this address.
    pub fn contains(self, address: u64) -> bool {
        (self.start..self.end()).contains(&address)
    }
}

/// Where the parts of an image are in a guest's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The code that calls the image and yields.
    pub trampoline: Region,
    /// The image's code.
    pub code: Region,
    /// The image's read-only tables.
    pub rodata: Region,
    /// The stack.
    pub stack: Region,
    /// The read-write data.
    pub data: Region,
    /// The rings.
    pub fabric: Region,
    /// The first page that may hold page tables.
    pub(crate) tables: u64,
}

/// The image needs more memory than any guest may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the image needs {0} bytes, more than the {MOST_BYTES} that a guest may have")]
pub struct TooLarge(u64);

impl Layout {
    /// Places an image.
    ///
    /// # Errors
    /// When it is larger than any guest may be.
    pub fn of(image: &Image) -> Result<Layout, TooLarge> {
        let sizes = [image.code.len(), image.rodata.len(), STACK_BYTES, image.data_bytes, image.rings.fabric_bytes()]
            .map(|bytes| bytes as u64);
        let total = sizes.iter().fold(0, |sum: u64, &bytes| sum.saturating_add(bytes));
        if total > MOST_BYTES {
            return Err(TooLarge(total));
        }
        let mut next = FIRST_FREE;
        let [code, rodata, stack, data, fabric] = sizes.map(|bytes| place(&mut next, bytes));
        Ok(Layout { trampoline: TRAMPOLINE, code, rodata, stack, data, fabric, tables: next })
    }
}

/// Takes the next region, and leaves a page after it. A large region starts where large pages can map it.
fn place(next: &mut u64, bytes: u64) -> Region {
    let alignment = if bytes >= LARGE_PAGE { LARGE_PAGE } else { PAGE };
    let region = Region { start: next.next_multiple_of(alignment), bytes };
    *next = region.end_of_pages() + PAGE;
    region
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdcl_abi::RingShape;

    fn image(code: usize, rodata: usize, data_bytes: usize) -> Image {
        Image {
            code: vec![0xc3; code],
            entry: 0,
            rodata: vec![0; rodata],
            data: Vec::new(),
            data_bytes,
            counters: 0,
            ports: 1,
            rings: RingShape::default(),
        }
    }

    #[test]
    fn regions_never_touch() {
        for (code, rodata, data) in [(1, 0, 0), (1, 1, 8), (4096, 4097, 4095), (70_000, 3 << 20, 5 << 20)] {
            let layout = Layout::of(&image(code, rodata, data)).unwrap();
            let all = [DESCRIPTORS, STUBS, KERNEL_STACK, layout.trampoline, layout.code, layout.rodata];
            let all = all.into_iter().chain([layout.stack, layout.data, layout.fabric]).collect::<Vec<_>>();
            assert!(all[0].start >= PAGE);
            for pair in all[2..].windows(2) {
                assert!(pair[0].end_of_pages() + PAGE <= pair[1].start, "{pair:?}");
            }
            assert!(layout.fabric.end() <= layout.tables && layout.tables.is_multiple_of(PAGE));
            assert!(all.iter().all(|region| region.start % 64 == 0));
        }
    }

    #[test]
    fn a_large_region_can_have_large_pages() {
        let layout = Layout::of(&image(1, 1, 3 << 20)).unwrap();
        assert_eq!(layout.data.start % LARGE_PAGE, 0);
        assert_ne!(layout.code.start % LARGE_PAGE, 0);
    }

    #[test]
    fn what_is_too_large_is_refused() {
        assert_eq!(Layout::of(&image(1, 1, usize::MAX)), Err(TooLarge(u64::MAX)));
        assert!(Layout::of(&image(1, 1, 9 << 30)).is_err());
    }
}
