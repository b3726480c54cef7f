//! State maps: entries in an array, a chained hash table for each index, a list by last use.
//!
//! The list is oldest first. Time never goes back, so a touched entry moves to its end, and what may expire is at its
//! beginning. Where the order in which values come free can be seen, entries of one moment are in the order in which
//! they were added.

use crate::asm::{Asm, Code, Is, Memory, Value, words_of};
use crate::bootable::reachable;
use crate::chain::{Chain, Pool};
use crate::link::Routine;
use crate::plan::{Plan, Space};
use crate::values::SitePlan;
use rdcl_core::{End, MapDecl, MapId, Program};

/// What the insertion of an entry gives instead of it.
pub(crate) const FULL: u64 = 1;
/// See [`FULL`]; no entry is at an offset this small.
pub(crate) const CLASH: u64 = 2;

/// Where things are in an entry.
pub(crate) mod entry {
    /// Which entry it is, counted from 1 as they were added; 0 when it is gone.
    pub(crate) const ID: u32 = 0;
    /// When it was last used.
    pub(crate) const LAST: u32 = 8;
    /// Its neighbours in the list by last use.
    pub(crate) const OLDER: u32 = 16;
    pub(crate) const NEWER: u32 = 20;
    /// The links of its indexes.
    pub(crate) const LINKS: u32 = 24;
}

/// An index of a map.
#[derive(Clone, Debug)]
struct IndexPlan {
    columns: Vec<u16>,
    chain: Chain,
}

/// Where a map is.
#[derive(Clone, Debug)]
pub(crate) struct MapPlan {
    pub(crate) id: MapId,
    /// The entries there is room for: fewer than the capacity if there are not as many keys.
    pub(crate) slots: u64,
    /// All it takes, in bytes.
    pub(crate) bytes: u64,
    /// Where each column is in an entry, and its width.
    pub(crate) columns: Vec<(u32, u16)>,
    capacity: u64,
    idle: u64,
    /// Where the number of entries is, the number ever added, and both ends of the list.
    head: u32,
    pool: Pool,
    indexes: Vec<IndexPlan>,
    /// The numbers of the sites that choose among its free values.
    sites: Vec<u32>,
    /// Whether the order of entries of one moment matters.
    is_ordered: bool,
}

/// The entries a map needs room for.
pub(crate) fn slots(program: &Program, reached: &[bool], map: MapId) -> u64 {
    let inserts = program.blocks.iter().zip(reached).filter(|(_, reached)| **reached);
    if !inserts.into_iter().any(|(block, _)| matches!(&block.end, End::Insert { map: of, .. } if *of == map)) {
        return 0;
    }
    let decl = &program.maps[map.index()];
    (0..decl.indexes()).map(|index| distinct_keys(decl, index)).fold(decl.capacity, u64::min)
}

/// How many keys an index can tell apart.
fn distinct_keys(decl: &MapDecl, index: u16) -> u64 {
    let mut columns = decl.index_columns(index);
    columns.sort_unstable();
    columns.dedup();
    let bits: u32 = columns.iter().map(|column| u32::from(decl.column(*column).1)).sum();
    1u64.checked_shl(bits).unwrap_or(u64::MAX)
}

impl MapPlan {
    /// Plans all maps of a program.
    pub(crate) fn of_program(program: &Program, sites: &[SitePlan], space: &mut Space) -> Vec<MapPlan> {
        let reached = reachable(program);
        let maps = (0..).map(MapId).zip(&program.maps);
        maps.map(|(id, decl)| MapPlan::new(id, decl, slots(program, &reached, id), sites, space)).collect()
    }

    fn new(id: MapId, decl: &MapDecl, slots: u64, sites: &[SitePlan], space: &mut Space) -> MapPlan {
        let start = space.end();
        let mut at = (entry::LINKS + 4 * u32::from(decl.indexes())).next_multiple_of(8);
        let mut columns = Vec::new();
        for column in 0..decl.columns() {
            let width = decl.column(column).1;
            columns.push((at, width));
            at += 8 * words_of(width);
        }
        let head = space.place(32, 64);
        let pool = Pool::new(slots, at, entry::NEWER, space);
        let indexes = (0..decl.indexes()).map(|index| {
            let own = decl.index_columns(index);
            let keys = own.iter().flat_map(|column| words(columns[usize::from(*column)])).collect();
            let chain = Chain::new(slots, entry::LINKS + 4 * u32::from(index), keys, space);
            IndexPlan { columns: own, chain }
        });
        let indexes = indexes.collect();
        let own = || (0u32..).zip(sites).filter(|(_, site)| site.map == id);
        MapPlan {
            id,
            slots,
            bytes: space.end() - start,
            columns,
            capacity: decl.capacity,
            idle: decl.idle,
            head,
            pool,
            indexes,
            sites: own().map(|(number, _)| number).collect(),
            is_ordered: own().any(|(_, site)| site.keeps_order()),
        }
    }

    fn count(&self) -> u32 {
        self.head
    }

    fn added(&self) -> u32 {
        self.head + 8
    }

    /// Where the entry is that was not used for longest.
    pub(crate) fn oldest(&self) -> u32 {
        self.head + 16
    }

    fn newest(&self) -> u32 {
        self.head + 24
    }

    /// Whether an entry may expire.
    pub(crate) fn is_due(&self, asm: &mut Asm<'_>, (data, at): (Value, Value), now: Value) -> Value {
        let address = asm.add(data, at);
        let last = asm.load(Memory::State, 8, address, entry::LAST);
        let (unused, idle) = (asm.sub(now, last), asm.int(self.idle));
        asm.is(Is::LessOrEqual, idle, unused)
    }

    /// The words of some columns, out of those of all.
    fn pick(&self, all: &[Value], columns: &[u16]) -> Vec<Value> {
        let mut starts = vec![0];
        starts.extend(self.columns.iter().scan(0, |at, (_, width)| {
            *at += words_of(*width) as usize;
            Some(*at)
        }));
        let own = columns.iter().map(|column| usize::from(*column));
        own.flat_map(|column| all[starts[column]..starts[column + 1]].to_vec()).collect()
    }

    /// The words of some columns of an entry.
    fn load(&self, asm: &mut Asm<'_>, address: Value, columns: &[u16]) -> Vec<Value> {
        let offsets: Vec<u32> = columns.iter().flat_map(|column| words(self.columns[usize::from(*column)])).collect();
        offsets.into_iter().map(|at| asm.load(Memory::State, 8, address, at)).collect()
    }
}

/// Where the words of a column are.
fn words((at, width): (u32, u16)) -> Vec<u32> {
    (0..words_of(width)).map(|word| at + 8 * word).collect()
}

/// Writes the routine that finds an entry by an index.
pub(crate) fn write_find(map: &MapPlan, index: u16, asm: &mut Asm<'_>) {
    let (data, keys) = (asm.param(0), asm.params_from(1));
    let found = map.indexes[usize::from(index)].chain.find(asm, data, &keys);
    asm.ret(&[found]);
}

/// Writes the routine that adds an entry: a clash comes before a full map.
pub(crate) fn write_insert(plan: &Plan<'_>, map: &MapPlan, asm: &mut Asm<'_>) {
    let (data, now, all) = (asm.param(0), asm.param(1), asm.params_from(2));
    let (clash, full) = (asm.cold_label(), asm.cold_label());
    for index in &map.indexes {
        let there = index.chain.find(asm, data, &map.pick(&all, &index.columns));
        let free = asm.label();
        asm.branch(there, clash, free);
        asm.bind(free);
    }
    let (count, room) = (asm.load(Memory::State, 8, data, map.count()), asm.label());
    let has_room = asm.is_int(Is::Less, count, map.capacity);
    asm.branch(has_room, room, full);
    asm.bind(room);
    let more = asm.add_int(count, 1);
    asm.store(Memory::State, 8, more, data, map.count());
    let at = map.pool.take(asm, data);
    fill(map, asm, (data, at), now, &all);
    for index in &map.indexes {
        index.chain.add(asm, data, at, &map.pick(&all, &index.columns));
    }
    for number in &map.sites {
        let site = &plan.sites[*number as usize];
        let words = [map.pick(&all, &site.rest_columns), map.pick(&all, &[site.column])].concat();
        asm.call(Routine::Take(*number), &[vec![data], words].concat(), 0);
    }
    asm.ret(&[at]);
    for (label, result) in [(clash, CLASH), (full, FULL)] {
        asm.bind(label);
        let result = asm.int(result);
        asm.ret(&[result]);
    }
}

/// Fills a new entry, and puts it at the end of the list.
fn fill(map: &MapPlan, asm: &mut Asm<'_>, (data, at): (Value, Value), now: Value, all: &[Value]) {
    let address = asm.add(data, at);
    let added = asm.load(Memory::State, 8, data, map.added());
    let id = asm.add_int(added, 1);
    asm.store(Memory::State, 8, id, data, map.added());
    asm.store(Memory::State, 8, id, address, entry::ID);
    asm.store(Memory::State, 8, now, address, entry::LAST);
    let offsets: Vec<u32> = map.columns.iter().flat_map(|column| words(*column)).collect();
    for (offset, word) in offsets.into_iter().zip(all) {
        asm.store(Memory::State, 8, *word, address, offset);
    }
    let newest = asm.load(Memory::State, 8, data, map.newest());
    link_after(map, asm, data, newest, at);
}

/// Puts an entry into the list, after another or first.
fn link_after(map: &MapPlan, asm: &mut Asm<'_>, data: Value, older: Value, at: Value) {
    let first = asm.load(Memory::State, 8, data, map.oldest());
    let newer = asm.variable_of(first);
    asm.either(
        older,
        |asm| {
            let address = asm.add(data, older);
            let next = asm.load(Memory::State, 4, address, entry::NEWER);
            asm.set(newer, next);
            asm.store(Memory::State, 4, at, address, entry::NEWER);
        },
        |asm| asm.store(Memory::State, 8, at, data, map.oldest()),
    );
    let newer = asm.get(newer);
    let address = asm.add(data, at);
    asm.store(Memory::State, 4, older, address, entry::OLDER);
    asm.store(Memory::State, 4, newer, address, entry::NEWER);
    put_older(map, asm, data, newer, at);
}

/// Takes an entry out of the list.
fn unlink(map: &MapPlan, asm: &mut Asm<'_>, data: Value, at: Value) {
    let address = asm.add(data, at);
    let older = asm.load(Memory::State, 4, address, entry::OLDER);
    let newer = asm.load(Memory::State, 4, address, entry::NEWER);
    asm.either(
        older,
        |asm| {
            let address = asm.add(data, older);
            asm.store(Memory::State, 4, newer, address, entry::NEWER);
        },
        |asm| asm.store(Memory::State, 8, newer, data, map.oldest()),
    );
    put_older(map, asm, data, newer, older);
}

/// Says what is before an entry, or what is last in the list.
fn put_older(map: &MapPlan, asm: &mut Asm<'_>, data: Value, at: Value, older: Value) {
    asm.either(
        at,
        |asm| {
            let address = asm.add(data, at);
            asm.store(Memory::State, 4, older, address, entry::OLDER);
        },
        |asm| asm.store(Memory::State, 8, older, data, map.newest()),
    );
}

/// Writes the routine that deletes an entry that is there.
pub(crate) fn write_remove(plan: &Plan<'_>, map: &MapPlan, asm: &mut Asm<'_>) {
    let (data, at) = (asm.param(0), asm.param(1));
    let address = asm.add(data, at);
    for number in &map.sites {
        let site = &plan.sites[*number as usize];
        let rest = map.load(asm, address, &site.rest_columns);
        let value = map.load(asm, address, &[site.column]);
        asm.call(Routine::Release(*number), &[vec![data], rest, value].concat(), 0);
    }
    for index in &map.indexes {
        let keys = map.load(asm, address, &index.columns);
        index.chain.remove(asm, data, at, &keys);
    }
    unlink(map, asm, data, at);
    let gone = asm.int(0);
    asm.store(Memory::State, 8, gone, address, entry::ID);
    map.pool.give_back(asm, data, at);
    let count = asm.load(Memory::State, 8, data, map.count());
    let less = asm.add_int(count, u64::MAX);
    asm.store(Memory::State, 8, less, data, map.count());
    asm.ret(&[]);
}

/// Writes the routine that marks an entry as used now.
pub(crate) fn write_touch(map: &MapPlan, asm: &mut Asm<'_>) {
    let (data, at, now) = (asm.param(0), asm.param(1), asm.param(2));
    let address = asm.add(data, at);
    let last = asm.load(Memory::State, 8, address, entry::LAST);
    let (is_older, is_new) = (asm.is(Is::NotEqual, last, now), asm.label());
    let touch = asm.label();
    asm.branch(is_older, touch, is_new);
    asm.bind(touch);
    unlink(map, asm, data, at);
    asm.store(Memory::State, 8, now, address, entry::LAST);
    let newest = asm.load(Memory::State, 8, data, map.newest());
    let older = if map.is_ordered { last_before(asm, data, newest, (address, now)) } else { newest };
    link_after(map, asm, data, older, at);
    asm.jump(is_new);
    asm.bind(is_new);
    asm.ret(&[]);
}

/// The last entry of the list that is older than one used now, or was added before it.
fn last_before(asm: &mut Asm<'_>, data: Value, newest: Value, (address, now): (Value, Value)) -> Value {
    let own = asm.load(Memory::State, 8, address, entry::ID);
    let older = asm.variable_of(newest);
    let (again, there, same, back, done) = (asm.label(), asm.label(), asm.label(), asm.label(), asm.label());
    asm.jump(again);
    asm.bind(again);
    let here = asm.get(older);
    asm.branch(here, there, done);
    asm.bind(there);
    let address = asm.add(data, here);
    let last = asm.load(Memory::State, 8, address, entry::LAST);
    let is_now = asm.is(Is::Equal, last, now);
    asm.branch(is_now, same, done);
    asm.bind(same);
    let id = asm.load(Memory::State, 8, address, entry::ID);
    let is_before = asm.is(Is::Less, id, own);
    asm.branch(is_before, done, back);
    asm.bind(back);
    let before = asm.load(Memory::State, 4, address, entry::OLDER);
    asm.set(older, before);
    asm.jump(again);
    asm.bind(done);
    asm.get(older)
}

/// Writes the routine that deletes every entry that may expire.
pub(crate) fn write_expire(map: &MapPlan, asm: &mut Asm<'_>) {
    let (data, now) = (asm.param(0), asm.param(1));
    let (again, there, due, done) = (asm.label(), asm.label(), asm.label(), asm.label());
    asm.jump(again);
    asm.bind(again);
    let oldest = asm.load(Memory::State, 8, data, map.oldest());
    asm.branch(oldest, there, done);
    asm.bind(there);
    let is_due = map.is_due(asm, (data, oldest), now);
    asm.branch(is_due, due, done);
    asm.bind(due);
    asm.call(Routine::Remove(map.id), &[data, oldest], 0);
    asm.jump(again);
    asm.bind(done);
    asm.ret(&[]);
}
