//! Where the headers of the packet under way are: every header that the program may meet has a place of its own, so that
//! every field has a fixed address.

use crate::uses::Uses;
use rdcl_core::{HeaderKind, Program, Shape};

/// The places of a program's headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    at: [u32; HeaderKind::ALL.len()],
    /// The size of all of them.
    pub(crate) bytes: u32,
}

impl Places {
    pub(crate) fn of(program: &Program, uses: &Uses) -> Places {
        let known = program.ports.iter().fold(Shape::BASE, |known, port| known.union(port.stack.known));
        let mut met = uses.moved.iter().fold(known, |met, header| met.with(*header));
        if uses.changes_level {
            met = met.headers().filter_map(HeaderKind::inner).fold(met, Shape::with);
            met = met.headers().filter_map(HeaderKind::outer).fold(met, Shape::with);
        }
        let (mut at, mut bytes) = ([0; HeaderKind::ALL.len()], 0);
        for header in met.headers() {
            at[header as usize] = bytes;
            bytes += (header.length() as u32).next_multiple_of(16);
        }
        Places { at, bytes }
    }

    /// Where a header is among them.
    pub(crate) fn of_header(&self, header: HeaderKind) -> u32 {
        self.at[header as usize]
    }
}
