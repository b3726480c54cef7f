//! Where the headers of the packet under way are: every header that the program may meet has a place of its own, so that
//! every field has a fixed address, and a bit in the guest's mask of headers.

use crate::uses::Uses;
use rdcl_core::{HeaderKind, Program, Shape};

/// The places of a program's headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    /// The headers in wire order, each with its place.
    headers: Vec<(HeaderKind, u32)>,
    /// The size of all of them.
    pub(crate) bytes: u32,
}

/// The most headers that a program may meet: the bits of a mask.
pub(crate) const MOST_HEADERS: usize = 64;

impl Places {
    pub(crate) fn of(program: &Program, uses: &Uses) -> Places {
        let known = program.ports.iter().fold(Shape::BASE, |known, port| known.union(port.stack.known));
        let mut met = uses.moved.iter().fold(known, |met, header| met.with(*header));
        if uses.changes_level {
            met = met.headers().filter_map(HeaderKind::inner).fold(met, Shape::with);
            met = met.headers().filter_map(HeaderKind::outer).fold(met, Shape::with);
        }
        let (mut headers, mut bytes) = (Vec::new(), 0);
        for header in met.headers() {
            headers.push((header, bytes));
            bytes += (header.length() as u32).next_multiple_of(16);
        }
        Places { headers, bytes }
    }

    /// How many headers the program may meet.
    pub(crate) fn count(&self) -> usize {
        self.headers.len()
    }

    fn position(&self, header: HeaderKind) -> Option<usize> {
        self.headers.binary_search_by_key(&header, |(header, _)| *header).ok()
    }

    /// Where a header is among them.
    pub(crate) fn of_header(&self, header: HeaderKind) -> u32 {
        self.position(header).map_or(0, |at| self.headers[at].1)
    }

    /// The bit of a header in the guest's mask of headers; none of what the program never meets.
    pub(crate) fn bit(&self, header: HeaderKind) -> u64 {
        self.position(header).map_or(0, |at| 1 << at)
    }

    /// The mask of a shape.
    pub(crate) fn mask_of(&self, shape: Shape) -> u64 {
        shape.headers().map(|header| self.bit(header)).sum()
    }
}
