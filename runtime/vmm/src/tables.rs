//! Page tables (Intel SDM volume 3, 4.5; AMD APM volume 2, 5.3): four levels, 4 KiB and 2 MiB pages, built as plain
//! words. Accessed and dirty are set from the start, so that no walk ever needs to write to a table.

use crate::layout::{LARGE_PAGE, PAGE, Region};

const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
const LARGE: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

const WORDS: usize = 512;

/// What may be done with a page; never both written and executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read and execute.
    Execute,
    /// Read.
    Read,
    /// Read and write.
    Write,
}

/// Who may use a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// Only the fault stubs and the processor itself.
    Supervisor,
    /// The guest.
    Guest,
}

/// Page tables in the making; the first page is the root.
pub struct Tables {
    base: u64,
    pages: Vec<[u64; WORDS]>,
}

impl Tables {
    /// Tables that map nothing, to be placed at this address.
    pub fn at(base: u64) -> Tables {
        Tables { base, pages: vec![[0; WORDS]] }
    }

    /// Maps the pages of a region to themselves, with large pages wherever one fits whole.
    pub fn map(&mut self, region: Region, ring: Ring, access: Access) {
        let flags = leaf_flags(ring, access);
        let (mut at, end) = (region.start, region.end_of_pages());
        while at < end {
            let large = at % LARGE_PAGE == 0 && end - at >= LARGE_PAGE;
            if large {
                *self.entry(at, 2) = at | flags | LARGE;
            } else {
                *self.entry(at, 1) = at | flags;
            }
            at += if large { LARGE_PAGE } else { PAGE };
        }
    }

    /// Where the root is.
    pub fn root(&self) -> u64 {
        self.base
    }

    /// The first byte after the tables.
    pub fn end(&self) -> u64 {
        self.base + self.pages.len() as u64 * PAGE
    }

    /// The tables as they are in memory.
    pub fn bytes(&self) -> Vec<u8> {
        self.pages.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The entry for an address in the table of this level; level 1 holds 4 KiB pages, level 4 is the root.
    fn entry(&mut self, address: u64, level: u32) -> &mut u64 {
        let table = (level + 1..=4).rev().fold(0, |table, above| self.child(table, index(address, above)));
        &mut self.pages[table][index(address, level)]
    }

    fn child(&mut self, table: usize, index: usize) -> usize {
        let entry = self.pages[table][index];
        if entry != 0 {
            return ((entry & ADDRESS) - self.base) as usize / PAGE as usize;
        }
        self.pages[table][index] = self.end() | PRESENT | WRITABLE | USER | ACCESSED;
        self.pages.push([0; WORDS]);
        self.pages.len() - 1
    }
}

fn index(address: u64, level: u32) -> usize {
    (address >> (3 + 9 * level)) as usize % WORDS
}

fn leaf_flags(ring: Ring, access: Access) -> u64 {
    let ring = match ring {
        Ring::Supervisor => 0,
        Ring::Guest => USER,
    };
    let access = match access {
        Access::Execute => 0,
        Access::Read => NO_EXECUTE,
        Access::Write => NO_EXECUTE | WRITABLE | DIRTY,
    };
    PRESENT | ACCESSED | ring | access
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a processor would find: the leaf and the size of its page.
    fn walk(tables: &Tables, address: u64) -> Option<(u64, u64)> {
        let mut table = tables.root();
        for level in (1..=4).rev() {
            let entry = tables.pages[((table - tables.base) / PAGE) as usize][index(address, level)];
            if entry & PRESENT == 0 {
                return None;
            }
            if level == 1 || entry & LARGE != 0 {
                return Some((entry, if level == 1 { PAGE } else { LARGE_PAGE }));
            }
            table = entry & ADDRESS;
        }
        None
    }

    #[test]
    fn exactly_the_region_is_mapped_to_itself() {
        let mut tables = Tables::at(0x4000_0000);
        tables.map(Region { start: 0x5000, bytes: 0x1001 }, Ring::Guest, Access::Write);
        for at in [0x5000, 0x6000] {
            assert_eq!(walk(&tables, at), Some((at | 0x8000_0000_0000_0067, PAGE)));
        }
        assert_eq!([0, 0x4000, 0x7000, 0x20_5000, 1 << 30, 1 << 39].map(|at| walk(&tables, at)), [None; 6]);
    }

    #[test]
    fn large_pages_are_used_where_they_fit() {
        let mut tables = Tables::at(1 << 30);
        tables.map(Region { start: 0x20_0000, bytes: 0x40_1000 }, Ring::Guest, Access::Read);
        assert_eq!(walk(&tables, 0x20_0000), Some((0x8000_0000_0020_00a5, LARGE_PAGE)));
        assert_eq!(walk(&tables, 0x5f_f000), Some((0x8000_0000_0040_00a5, LARGE_PAGE)));
        assert_eq!(walk(&tables, 0x60_0000), Some((0x8000_0000_0060_0025, PAGE)));
        assert_eq!(walk(&tables, 0x60_1000), None);
        assert_eq!(tables.bytes().len() as u64, tables.end() - tables.root());
    }

    #[test]
    fn nothing_is_both_written_and_executed() {
        for ring in [Ring::Supervisor, Ring::Guest] {
            for access in [Access::Execute, Access::Read, Access::Write] {
                let flags = leaf_flags(ring, access);
                assert!(flags & WRITABLE == 0 || flags & NO_EXECUTE != 0);
                assert_eq!(flags & USER != 0, ring == Ring::Guest);
                assert_eq!(flags & NO_EXECUTE == 0, access == Access::Execute);
            }
        }
    }

    #[test]
    fn a_region_across_a_gigabyte_has_no_seam() {
        let mut tables = Tables::at(4 << 30);
        tables.map(Region { start: (1 << 30) - LARGE_PAGE, bytes: 2 * LARGE_PAGE }, Ring::Guest, Access::Write);
        assert_eq!(walk(&tables, (1 << 30) - 1).map(|(_, size)| size), Some(LARGE_PAGE));
        assert_eq!(walk(&tables, 1 << 30).map(|(entry, _)| entry & ADDRESS), Some(1 << 30));
    }
}
