//! Instructions by name, and where each came from.
//!
//! Origins stand beside a program, never in it, so that programs that differ only in white space are equal.

use crate::program::BlockId;

/// An instruction of a program: an operation, or (index = number of operations) a block's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstrId {
    /// The block.
    pub block: BlockId,
    /// The position in it.
    pub index: u32,
}

/// For each instruction of a program, where it came from. `O` is a place in some source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origins<O> {
    /// By block, then by position; one more than there are operations.
    pub blocks: Vec<Vec<O>>,
}

impl<O> Default for Origins<O> {
    fn default() -> Self {
        Origins { blocks: Vec::new() }
    }
}

impl<O: Copy> Origins<O> {
    /// Where an instruction came from.
    pub fn get(&self, id: InstrId) -> Option<O> {
        self.blocks.get(id.block.index())?.get(id.index as usize).copied()
    }
}
