//! Everything decided before code is written: where each thing is in memory, and what is known of packets where.

use crate::bootable::{most_copies, reachable, reachable_from};
use crate::counter::{Counter, counters};
use crate::error::NotBootable;
use crate::fork::ForkPlan;
use crate::map::MapPlan;
use crate::places::{MOST_HEADERS, Places};
use crate::shapes::{ShapeSet, reaching};
use crate::table::{Rodata, TablePlan};
use crate::uses::Uses;
use crate::values::SitePlan;
use rdcl_abi::RingShape;
use rdcl_core::{Block, BlockId, End, HeaderKind, MapId, Program, Shape, TableData};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most read-write data, and the most read-only data, a guest has.
pub(crate) const MOST_BYTES: u64 = 1 << 30;

/// By how many bytes the copy of a body may be too long.
const COPIED_TOGETHER: usize = 15;

/// A stretch of memory under division. It counts on where it has ended already, so that too much is noticed.
pub(crate) struct Space {
    end: u64,
}

impl Space {
    pub(crate) fn new(end: u64) -> Space {
        Space { end }
    }

    /// Sets some bytes aside; what does not fit gets an address that is not used, for the plan is refused.
    pub(crate) fn place(&mut self, bytes: u64, align: u64) -> u32 {
        let at = self.end.min(MOST_BYTES).next_multiple_of(align);
        self.end = self.end.next_multiple_of(align).saturating_add(bytes);
        at as u32
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }
}

/// Everything decided before code is written.
pub(crate) struct Plan<'p> {
    pub(crate) program: &'p Program,
    pub(crate) rings: RingShape,
    pub(crate) counters: Vec<Counter>,
    numbers: BTreeMap<Counter, u32>,
    /// Where the headers of the packet under way are.
    pub(crate) headers: u32,
    /// Where each is among them.
    pub(crate) places: Places,
    /// Whether checksums are made from whole messages, not from what the program changed of them.
    pub(crate) sums_messages: bool,
    /// Where the time of the latest packet is.
    pub(crate) now: u32,
    /// Where routines leave a value they found.
    pub(crate) found: u32,
    pub(crate) forks: BTreeMap<BlockId, ForkPlan>,
    pub(crate) maps: Vec<MapPlan>,
    pub(crate) sites: Vec<SitePlan>,
    pub(crate) tables: Vec<TablePlan>,
    pub(crate) rodata: Vec<u8>,
    pub(crate) data_bytes: u64,
    /// The shapes that reach each block.
    pub(crate) shapes: Vec<ShapeSet>,
    pub(crate) reachable: Vec<bool>,
    /// What the program uses.
    pub(crate) uses: Uses,
    pub(crate) most_copies: u64,
}

impl<'p> Plan<'p> {
    /// Plans the guest of a program that may be one as far as [`check`](crate::bootable::check) can tell.
    pub(crate) fn new(
        program: &'p Program,
        tables: &[Arc<TableData>],
        rings: RingShape,
    ) -> Result<Plan<'p>, Vec<NotBootable>> {
        let (counters, reachable) = (counters(program), reachable(program));
        let numbers = counters.iter().cloned().zip(0..).collect();
        let uses = Uses::of(blocks(program, &reachable)).with_names(program);
        let mut space = Space::new(8 * counters.len() as u64);
        let (now, found) = (space.place(8, 8), space.place(16, 8));
        let places = Places::of(program, &uses);
        if places.count() > MOST_HEADERS {
            return Err(vec![NotBootable::TooManyHeaders { headers: places.count(), most: MOST_HEADERS }]);
        }
        let room = RingShape::GROWTH - COPIED_TOGETHER;
        if uses.growth() > room {
            return Err(vec![NotBootable::TooMuchGrowth { bytes: uses.growth(), most: room }]);
        }
        let headers = space.place(places.bytes.into(), 64);
        let forks = forks(program, &reachable, places.bytes, &mut space);
        let sums_messages = uses.moves_transport() || program.ports.iter().any(|port| is_deep(port.stack.known));
        let (sites, problems) = SitePlan::of_program(program, &reachable, &mut space);
        let maps = MapPlan::of_program(program, &sites, &mut space);
        if !problems.is_empty() {
            return Err(problems);
        }
        let (data_bytes, most) = (space.end().next_multiple_of(64), MOST_BYTES);
        if data_bytes > most {
            let map = maps.iter().max_by_key(|m| m.bytes).map(|m| m.id);
            return Err(vec![NotBootable::TooMuchState { map, bytes: data_bytes, most }]);
        }
        let mut rodata = Rodata::default();
        let tables = program.tables.iter().zip(tables).map(|(decl, data)| TablePlan::new(decl, data, &mut rodata));
        let tables: Vec<TablePlan> = tables.collect();
        let rodata = rodata.bytes(most).map_err(|bytes| vec![NotBootable::TooManyRows { bytes, most }])?;
        Ok(Plan {
            program,
            rings,
            counters,
            numbers,
            headers,
            places,
            sums_messages,
            now,
            found,
            forks,
            maps,
            sites,
            tables,
            rodata,
            data_bytes,
            shapes: reaching(program),
            reachable,
            uses,
            most_copies: most_copies(program),
        })
    }

    /// Where a counter is.
    pub(crate) fn counter(&self, counter: &Counter) -> u32 {
        8 * self.numbers.get(counter).expect("every reachable reason to count has its counter")
    }

    pub(crate) fn map(&self, map: MapId) -> &MapPlan {
        &self.maps[map.index()]
    }
}

/// Whether something other than the body may come after TCP, UDP or ICMP, or between these and IP.
fn is_deep(known: Shape) -> bool {
    known.has_inner() || known.declared_headers().iter().any(|header| HeaderKind::User(*header) > HeaderKind::Ip4)
}

/// The blocks that are reached.
pub(crate) fn blocks<'p>(program: &'p Program, reached: &'p [bool]) -> impl Iterator<Item = &'p Block> {
    program.blocks.iter().zip(reached).filter(|(_, reached)| **reached).map(|(block, _)| block)
}

fn forks(program: &Program, reached: &[bool], headers: u32, space: &mut Space) -> BTreeMap<BlockId, ForkPlan> {
    let mut forks = BTreeMap::new();
    for (id, block) in (0..).map(BlockId).zip(&program.blocks).filter(|(id, _)| reached[id.index()]) {
        if let End::Fork(arms) = &block.end
            && arms.len() > 1
        {
            let behind = Uses::of(blocks(program, &reachable_from(program, arms)));
            let number = forks.len() as u64 + 1;
            forks.insert(id, ForkPlan::new(program, number, arms.clone(), behind, (headers, space)));
        }
    }
    forks
}
