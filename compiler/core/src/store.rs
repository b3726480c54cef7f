//! State: the contents of a program's maps, and of all the programs of a network.
//!
//! Entries iterate in the order they were added, so that equal histories give equal stores.

use crate::free::Values;
use crate::network::{Network, PartId};
use crate::packet::Time;
use crate::program::{End, Free, MapDecl, MapId, Program};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An entry of a map; never used again once the entry is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(u64);

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its columns: the key, then the values.
    pub columns: Vec<u128>,
    /// When it was added or last touched.
    pub last: Time,
}

/// What became of an insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// Added.
    Ok(EntryId),
    /// The map holds as many entries as it may.
    Full,
    /// An entry with the same key, or equal in a unique index, is there already.
    Clash,
}

impl Inserted {
    /// The entry, if it was added.
    pub fn id(self) -> Option<EntryId> {
        match self {
            Inserted::Ok(id) => Some(id),
            Inserted::Full | Inserted::Clash => None,
        }
    }
}

/// The contents of one map.
#[derive(Clone, Debug)]
pub struct MapStore {
    capacity: u64,
    idle: u64,
    /// Columns of each index; the key first.
    columns: Vec<Vec<u16>>,
    entries: BTreeMap<EntryId, Entry>,
    indexes: Vec<HashMap<Vec<u128>, EntryId>>,
    by_last: BTreeSet<(Time, EntryId)>,
    /// For each index and position in it that some choice leaves open: the values taken beside each rest.
    open: BTreeMap<(u16, usize), HashMap<Vec<u128>, Values>>,
    added: u64,
}

impl MapStore {
    /// The empty map, ready to answer [`MapStore::values`] for the choices among `open`.
    fn new(decl: &MapDecl, open: impl IntoIterator<Item = (u16, usize)>) -> MapStore {
        let columns: Vec<Vec<u16>> = (0..decl.indexes()).map(|i| decl.index_columns(i)).collect();
        MapStore {
            capacity: decl.capacity,
            idle: decl.idle,
            entries: BTreeMap::new(),
            indexes: vec![HashMap::new(); columns.len()],
            columns,
            by_last: BTreeSet::new(),
            open: open.into_iter().map(|site| (site, HashMap::new())).collect(),
            added: 0,
        }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries, in the order they were added.
    pub fn entries(&self) -> impl Iterator<Item = (EntryId, &Entry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    /// An entry, unless it is gone.
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// The entry whose columns of an index (0 is the key) are these.
    pub fn lookup(&self, index: u16, keys: &[u128]) -> Option<EntryId> {
        self.indexes.get(usize::from(index))?.get(keys).copied()
    }

    /// Adds an entry, last used now: a clash comes before a full map.
    pub fn insert(&mut self, columns: Vec<u128>, now: Time) -> Inserted {
        let keys = self.keys(&columns);
        if keys.iter().zip(&self.indexes).any(|(key, index)| index.contains_key(key)) {
            return Inserted::Clash;
        }
        if self.entries.len() as u64 >= self.capacity {
            return Inserted::Full;
        }
        let id = EntryId(self.added);
        self.added += 1;
        for (site, rest, value) in self.open_values(&keys) {
            self.open.entry(site).or_default().entry(rest).or_default().take(value);
        }
        for (key, index) in keys.into_iter().zip(&mut self.indexes) {
            index.insert(key, id);
        }
        self.by_last.insert((now, id));
        self.entries.insert(id, Entry { columns, last: now });
        Inserted::Ok(id)
    }

    /// Deletes an entry; nothing happens when it is gone.
    pub fn remove(&mut self, id: EntryId) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.by_last.remove(&(entry.last, id));
        let keys = self.keys(&entry.columns);
        for (site, rest, value) in self.open_values(&keys) {
            self.open.entry(site).or_default().entry(rest).or_default().release(value);
        }
        for (key, index) in keys.iter().zip(&mut self.indexes) {
            index.remove(key);
        }
    }

    /// Marks an entry as used now; nothing happens when it is gone.
    pub fn touch(&mut self, id: EntryId, now: Time) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        self.by_last.remove(&(entry.last, id));
        entry.last = now;
        self.by_last.insert((now, id));
    }

    /// Writes a column that is in no index; nothing happens when the entry is gone.
    pub fn update(&mut self, id: EntryId, column: u16, value: u128) {
        if let Some(entry) = self.entries.get_mut(&id)
            && !self.columns.iter().flatten().any(|c| *c == column)
        {
            entry.columns[usize::from(column)] = value;
        }
    }

    /// Whether an entry has been idle for long enough to expire.
    pub fn may_expire(&self, id: EntryId, now: Time) -> bool {
        self.entry(id).is_some_and(|e| now.0.saturating_sub(e.last.0) >= self.idle)
    }

    /// Deletes every entry that may expire.
    pub fn expire(&mut self, now: Time) {
        while let Some((_, id)) = self.by_last.first().copied().filter(|(_, id)| self.may_expire(*id, now)) {
            self.remove(id);
        }
    }

    /// The values in use at one position of an index, beside these values of its other columns.
    ///
    /// `None` when none is, or when no choice of the program leaves that position open.
    pub(crate) fn values(&self, index: u16, position: usize, rest: &[u128]) -> Option<&Values> {
        self.open.get(&(index, position))?.get(rest)
    }

    fn keys(&self, columns: &[u128]) -> Vec<Vec<u128>> {
        self.columns.iter().map(|ix| ix.iter().map(|c| columns[usize::from(*c)]).collect()).collect()
    }

    /// For each open position: the other columns of its index, and the value there.
    fn open_values(&self, keys: &[Vec<u128>]) -> Vec<((u16, usize), Vec<u128>, u128)> {
        let split = |site: &(u16, usize)| {
            let mut rest = keys[usize::from(site.0)].clone();
            let value = rest.remove(site.1);
            (*site, rest, value)
        };
        self.open.keys().map(split).collect()
    }
}

/// Equal when the maps hold equal entries, whatever the order they were added in.
impl PartialEq for MapStore {
    fn eq(&self, other: &MapStore) -> bool {
        let same = |e: &Entry| other.lookup(0, &self.keys(&e.columns)[0]).and_then(|id| other.entry(id)) == Some(e);
        self.len() == other.len() && self.entries.values().all(same)
    }
}

impl Eq for MapStore {}

/// The contents of a program's maps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    maps: Vec<MapStore>,
}

impl Store {
    /// The empty store of a program.
    pub fn new(program: &Program) -> Store {
        let open = |map: usize| free_sites(program).filter(move |f| f.map.index() == map).filter_map(open_position);
        Store { maps: program.maps.iter().enumerate().map(|(i, decl)| MapStore::new(decl, open(i))).collect() }
    }

    /// A map.
    pub fn map(&self, map: MapId) -> &MapStore {
        &self.maps[map.index()]
    }

    /// A map, to change.
    pub fn map_mut(&mut self, map: MapId) -> &mut MapStore {
        &mut self.maps[map.index()]
    }

    /// Deletes every entry that may expire.
    pub fn expire(&mut self, now: Time) {
        self.maps.iter_mut().for_each(|map| map.expire(now));
    }
}

/// The restrictions of all choices of a program.
fn free_sites(program: &Program) -> impl Iterator<Item = &Free> {
    program
        .blocks
        .iter()
        .filter_map(|b| if let End::Choose { free: Some(free), .. } = &b.end { Some(free) } else { None })
}

/// The index and the position in it that a restriction leaves to the choice.
pub(crate) fn open_position(free: &Free) -> Option<(u16, usize)> {
    Some((free.index, free.keys.iter().position(Option::is_none)?))
}

/// One store for each part of a network, and the time of the latest packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stores {
    pub(crate) parts: Vec<Store>,
    pub(crate) now: Time,
}

impl Stores {
    /// The empty stores of a network.
    pub fn new(network: &Network) -> Stores {
        Stores { parts: network.parts.iter().map(|p| Store::new(&p.program)).collect(), now: Time::default() }
    }

    /// A part's store.
    pub fn part(&self, part: PartId) -> &Store {
        &self.parts[part.0 as usize]
    }

    /// A part's store, to change.
    pub fn part_mut(&mut self, part: PartId) -> &mut Store {
        &mut self.parts[part.0 as usize]
    }

    /// The time of the latest packet.
    pub fn now(&self) -> Time {
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Cond;
    use proptest::prelude::*;

    /// Key column 0, values 1 and 2; columns (0, 2) and column 1 are unique.
    fn map(capacity: u64) -> MapStore {
        let column = |name: &str| (name.to_string(), 8);
        let decl = MapDecl {
            name: "m".into(),
            key: vec![column("k")],
            value: vec![column("v"), column("w")],
            unique: vec![vec![0, 2], vec![1]],
            capacity,
            idle: 10,
            invariant: Cond::True,
        };
        MapStore::new(&decl, [(2, 0), (1, 1)])
    }

    proptest! {
        #[test]
        fn a_map_is_a_list_of_entries(steps in prop::collection::vec((0u8..4, 0u128..6, 0u128..6, 0u64..6), 0..60)) {
            let (mut map, mut model, mut now) = (map(4), Vec::<Entry>::new(), 0);
            for (what, k, v, later) in steps {
                now += later;
                let at = model.iter().position(|e| e.columns[0] == k);
                let id = map.lookup(0, &[k]);
                prop_assert_eq!(id.and_then(|id| map.entry(id)), at.map(|at| &model[at]));
                match (what, id, at) {
                    (0, _, _) => {
                        let clash = at.is_some() || model.iter().any(|e| e.columns[1] == v);
                        let inserted = map.insert(vec![k, v, 0], Time(now));
                        prop_assert_eq!(inserted == Inserted::Clash, clash);
                        prop_assert_eq!(inserted == Inserted::Full, !clash && model.len() == 4);
                        let entry = Entry { columns: vec![k, v, 0], last: Time(now) };
                        model.extend(inserted.id().map(|_| entry));
                    }
                    (1, Some(id), Some(at)) => {
                        map.remove(id);
                        model.remove(at);
                    }
                    (2, Some(id), Some(at)) => {
                        map.touch(id, Time(now));
                        model[at].last = Time(now);
                    }
                    (3, _, _) => {
                        map.expire(Time(now));
                        model.retain(|e| now - e.last.0 < 10);
                    }
                    _ => {}
                }
                prop_assert_eq!(map.entries().map(|(_, e)| e).collect::<Vec<_>>(), model.iter().collect::<Vec<_>>());
                let used = map.values(2, 0, &[]);
                let free = (0..6).find(|v| model.iter().all(|e| e.columns[1] != *v));
                prop_assert_eq!(used.map_or(Some(0), |u| u.next_free(0, 5)), free);
            }
        }
    }

    #[test]
    fn equality_is_of_contents() {
        let (mut one, mut two) = (map(9), map(9));
        let add = |map: &mut MapStore, k| assert!(map.insert(vec![k, k, 0], Time(0)).id().is_some());
        [1, 2].into_iter().for_each(|k| add(&mut one, k));
        [2, 3, 1].into_iter().for_each(|k| add(&mut two, k));
        assert_ne!(one, two);
        two.remove(two.lookup(2, &[3]).unwrap());
        assert_eq!(one, two);
    }
}
