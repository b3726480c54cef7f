//! The graph of blocks while it is being built, and its last form: no unreachable block, none that only jumps, equal
//! ones shared, ids in topological order.

use indexmap::IndexMap;
use rdcl_base::NodeId;
use rdcl_core::{Block, BlockId, End, Op, Origins, Reason};

/// Blocks in the order they were opened.
#[derive(Default)]
pub(super) struct Draft {
    blocks: Vec<Open>,
}

#[derive(Clone, Default)]
struct Open {
    ops: Vec<(Op, NodeId)>,
    end: Option<(End, NodeId)>,
}

/// A block with its origins; equal ones become one.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Closed {
    ops: Vec<(Op, NodeId)>,
    end: (End, NodeId),
}

impl Draft {
    /// A new, empty block.
    pub fn open(&mut self) -> BlockId {
        self.blocks.push(Open::default());
        BlockId(self.blocks.len() as u32 - 1)
    }

    /// A new block with nothing but an end.
    pub fn ended(&mut self, end: End, node: NodeId) -> BlockId {
        let block = self.open();
        self.close(block, end, node);
        block
    }

    /// Appends an operation.
    pub fn push(&mut self, block: BlockId, op: Op, node: NodeId) {
        self.blocks[block.index()].ops.push((op, node));
    }

    /// Ends a block.
    pub fn close(&mut self, block: BlockId, end: End, node: NodeId) {
        self.blocks[block.index()].end = Some((end, node));
    }

    /// The final blocks. `entries` are rewritten to their new ids.
    pub fn finish(mut self, entries: &mut [Option<BlockId>]) -> (Vec<Block>, Origins<NodeId>) {
        self.thread_jumps(entries);
        let order = self.post_order(entries);
        let single = self.inlinable(&order, entries);
        let mut shared = Shared { ids: vec![BlockId(0); self.blocks.len()], done: IndexMap::new() };
        for id in order.iter().filter(|id| !single[id.index()]) {
            let closed = self.closed(*id, &single);
            shared.add(*id, closed);
        }
        shared.number(entries)
    }

    fn end(&self, id: BlockId) -> &End {
        static OPEN: End = End::Drop(Reason::Constrain);
        self.blocks[id.index()].end.as_ref().map_or(&OPEN, |(end, _)| end)
    }

    /// Every edge to a block that only jumps becomes an edge to where it jumps.
    fn thread_jumps(&mut self, entries: &mut [Option<BlockId>]) {
        let mut to: Vec<BlockId> = (0..self.blocks.len() as u32).map(BlockId).collect();
        for (i, start) in to.iter_mut().enumerate() {
            let mut at = BlockId(i as u32);
            while let (End::Goto(next), true) = (self.end(at), self.blocks[at.index()].ops.is_empty()) {
                at = *next;
            }
            *start = at;
        }
        for block in &mut self.blocks {
            if let Some((end, _)) = &mut block.end {
                successors_mut(end).into_iter().for_each(|b| *b = to[b.index()]);
            }
        }
        entries.iter_mut().flatten().for_each(|b| *b = to[b.index()]);
    }

    /// Reachable blocks, each after all it leads to; first successors last, so that the reverse reads like the source.
    fn post_order(&self, entries: &[Option<BlockId>]) -> Vec<BlockId> {
        let mut seen = vec![false; self.blocks.len()];
        let mut order = Vec::new();
        let mut stack: Vec<(BlockId, bool)> = entries.iter().flatten().map(|b| (*b, false)).collect();
        while let Some((id, expanded)) = stack.pop() {
            if expanded {
                order.push(id);
            } else if !std::mem::replace(&mut seen[id.index()], true) {
                stack.push((id, true));
                stack.extend(self.end(id).targets().into_iter().map(|b| (b, false)));
            }
        }
        order
    }

    /// Blocks that are reached by one jump and in no other way.
    fn inlinable(&self, order: &[BlockId], entries: &[Option<BlockId>]) -> Vec<bool> {
        let mut edges = vec![0u32; self.blocks.len()];
        let mut jumped = vec![false; self.blocks.len()];
        entries.iter().flatten().for_each(|b| edges[b.index()] += 1);
        for id in order {
            self.end(*id).targets().into_iter().for_each(|b| edges[b.index()] += 1);
            if let End::Goto(next) = self.end(*id) {
                jumped[next.index()] = true;
            }
        }
        edges.into_iter().zip(jumped).map(|(n, jumped)| n == 1 && jumped).collect()
    }

    /// The block, with blocks that only it jumps to appended.
    fn closed(&self, id: BlockId, single: &[bool]) -> Closed {
        let mut ops = Vec::new();
        let mut at = id;
        loop {
            let open = &self.blocks[at.index()];
            ops.extend(open.ops.iter().cloned());
            match &open.end {
                Some((End::Goto(next), _)) if single[next.index()] => at = *next,
                Some(end) => return Closed { ops, end: end.clone() },
                None => return Closed { ops, end: (End::Drop(Reason::Constrain), NodeId::default()) },
            }
        }
    }
}

/// Finished blocks, in post-order.
struct Shared {
    /// From draft ids to positions in `done`.
    ids: Vec<BlockId>,
    done: IndexMap<Closed, ()>,
}

impl Shared {
    fn add(&mut self, id: BlockId, mut closed: Closed) {
        successors_mut(&mut closed.end.0).into_iter().for_each(|b| *b = self.ids[b.index()]);
        self.ids[id.index()] = match closed {
            Closed { ops, end: (End::If(_, a, b), _) } if a == b && ops.is_empty() => a,
            closed => BlockId(self.done.insert_full(closed, ()).0 as u32),
        };
    }

    /// Turns post-order round.
    fn number(self, entries: &mut [Option<BlockId>]) -> (Vec<Block>, Origins<NodeId>) {
        let last = (self.done.len() as u32).saturating_sub(1);
        let flip = |b: BlockId| BlockId(last - b.0);
        entries.iter_mut().flatten().for_each(|b| *b = flip(self.ids[b.index()]));
        let blocks = self.done.into_keys().rev().map(|Closed { ops, end: (mut end, node) }| {
            successors_mut(&mut end).into_iter().for_each(|b| *b = flip(*b));
            let (ops, mut origins): (Vec<Op>, Vec<NodeId>) = ops.into_iter().unzip();
            origins.push(node);
            (Block { ops, end }, origins)
        });
        let (blocks, origins) = blocks.unzip();
        (blocks, Origins { blocks: origins })
    }
}

/// The blocks an end leads to, in the order of [`End::targets`], to change them.
fn successors_mut(end: &mut End) -> Vec<&mut BlockId> {
    match end {
        End::Goto(b) => vec![b],
        End::If(_, a, b) => vec![a, b],
        End::Switch { arms, default, .. } => arms.iter_mut().map(|a| &mut a.1).chain([default]).collect(),
        End::Match { hit, miss, .. } | End::Lookup { hit, miss, .. } => vec![hit, miss],
        End::Insert { ok, full, clash, .. } => vec![ok, full, clash],
        End::Choose { ok, none, .. } => vec![ok, none],
        End::Fork(arms) => arms.iter_mut().collect(),
        End::Forward(_) | End::Drop(_) => Vec::new(),
        End::Check { ok, .. } => vec![ok],
    }
}
