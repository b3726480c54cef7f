//! One visit, twice: what the interpreter did against the rows of the summary.
//!
//! A row's variables get the values they have in the run: entry fields from the packet, choices from the run, columns
//! of entries found from the store as the visit met it. Then each copy must be in exactly one row, and that row must
//! tell what happened to it.

use crate::coverage::Coverage;
use rdcl_core::*;
use rdcl_verify::{Row as WayThrough, RowEnd, Stored, Summary, Sym, Var, VarKind, View};
use std::collections::BTreeMap;

/// A visit that the interpreter made.
pub struct Visit<'v> {
    pub program: &'v Program,
    /// The port by which the packet entered.
    pub port: PortId,
    /// The time, in ns.
    pub now: u64,
    /// The packet then.
    pub packet: &'v Packet,
    /// The store before.
    pub before: &'v Store,
    /// The store after.
    pub after: &'v Store,
    /// What became of the copies.
    pub run: &'v Run,
}

/// What an insert came to, in the order of the inserts that did not clash.
#[derive(Clone, Copy, PartialEq)]
struct Insert {
    map: MapId,
    full: bool,
}

/// What one copy decided and met.
#[derive(Default)]
struct Deeds {
    /// By choice and the forks before it: the value, or none if none was free.
    choices: BTreeMap<(ChoiceId, u32), Option<u128>>,
    /// Choices that took a value, in order.
    chosen: Vec<ChoiceId>,
    inserts: Vec<Insert>,
}

/// The values of a row's variables in a run.
struct Model<'v> {
    visit: &'v Visit<'v>,
    deeds: &'v Deeds,
    cells: BTreeMap<Var, u128>,
}

impl Visit<'_> {
    /// Compares; says what differs.
    pub fn compare(&self, summary: &Summary, coverage: &mut Coverage) -> Result<(), String> {
        let rows = summary.ingress.get(&(self.port, self.packet.shape())).ok_or("the shape has no rows")?;
        for copy in &self.run.copies {
            let row = self.only_row(rows, copy)?;
            coverage.row(row);
            if summary.exhausted && row.end == RowEnd::Unmodelled {
                continue;
            }
            self.agree(row, copy).map_err(|why| format!("{why}\ncopy {copy:?}\nrow {row:?}"))?;
        }
        if summary.exhausted {
            return Ok(());
        }
        self.no_other_copies(rows)?;
        let breaks = summary.breaks.get(&(self.port, self.packet.shape())).map_or(&[][..], Vec::as_slice);
        self.breaks_agree(breaks, coverage)
    }

    fn deeds(&self, copy: &PacketCopy) -> Deeds {
        let mut deeds = Deeds::default();
        let mut forks = 0;
        for step in copy.trail.iter().flat_map(|hop| &hop.steps) {
            match (step.took, &self.program.blocks[step.at.block.index()].end) {
                (Took::Copy(_), _) => forks += 1,
                (Took::Chose(choice, value), _) => {
                    deeds.choices.insert((choice, forks), Some(value));
                    deeds.chosen.push(choice);
                }
                (Took::Full(_) | Took::NoValue, End::Choose { choice, .. }) => {
                    deeds.choices.insert((*choice, forks), None);
                }
                (Took::Full(map), _) => deeds.inserts.push(Insert { map, full: true }),
                (Took::Added, End::Insert { map, .. }) => deeds.inserts.push(Insert { map: *map, full: false }),
                _ => {}
            }
        }
        deeds
    }

    /// The one row that the copy took.
    fn only_row<'r>(&self, rows: &'r [WayThrough], copy: &PacketCopy) -> Result<&'r WayThrough, String> {
        let deeds = self.deeds(copy);
        let own = rows.iter().filter(|row| {
            let path: Vec<u32> = row.copy.iter().map(|arm| arm.arm).collect();
            // What is not modelled may fork later.
            copy.path == path || row.end == RowEnd::Unmodelled && copy.path.starts_with(&path)
        });
        let taken: Vec<&WayThrough> = own.filter(|row| self.model(&deeds, row).is_some()).collect();
        match taken.as_slice() {
            [row] => Ok(row),
            [] => Err(format!("no row for {copy:?}")),
            more => Err(format!("{} rows for {copy:?}:\n{more:#?}", more.len())),
        }
    }

    /// No row tells of a copy that there was not.
    fn no_other_copies(&self, rows: &[WayThrough]) -> Result<(), String> {
        for row in rows {
            let path: Vec<u32> = row.copy.iter().map(|arm| arm.arm).collect();
            if self.run.copies.iter().any(|copy| copy.path == path) {
                continue;
            }
            let shared = |copy: &&PacketCopy| copy.path.iter().zip(&path).take_while(|(a, b)| a == b).count();
            let Some(nearest) = self.run.copies.iter().max_by_key(shared) else { continue };
            if self.model(&self.deeds(nearest), row).is_some() {
                return Err(format!("a row for a copy {path:?} that there was not: {row:?}"));
            }
        }
        Ok(())
    }

    /// The values of the row's variables, if the run is in the row.
    fn model<'m>(&'m self, deeds: &'m Deeds, row: &WayThrough) -> Option<Model<'m>> {
        let mut model = Model { visit: self, deeds, cells: BTreeMap::new() };
        for stored in &row.facts.found {
            model.find(stored)?;
        }
        let there = |m: &rdcl_verify::Missed| {
            let keys: Vec<u128> = m.keys.iter().map(|k| model.eval(k)).collect();
            self.before.map(m.map).lookup(m.index, &keys).is_some()
        };
        let taken = !row.facts.missed.iter().any(there) && row.guard.admits(&|var| model.value(var));
        taken.then_some(model)
    }

    /// Whether the row tells what happened.
    fn agree(&self, row: &WayThrough, copy: &PacketCopy) -> Result<(), String> {
        let deeds = self.deeds(copy);
        let model = self.model(&deeds, row).ok_or("the row does not hold")?;
        match (&row.end, &copy.outcome) {
            (RowEnd::Egress(port), Outcome::Delivered { at, packet, .. }) if port.0 == at.0 => model.is(row, packet)?,
            (RowEnd::Dropped(reason, at), Outcome::Dropped { reason: r, by: Some((_, b)) })
                if (reason, at) == (r, b) => {}
            (RowEnd::Assumption, Outcome::ModelError { .. }) => {}
            (RowEnd::Unmodelled, Outcome::Delivered { .. }) if self.may_be_misread() => {}
            _ => return Err("the ends differ".into()),
        }
        let chosen: Vec<ChoiceId> = row.facts.choices.iter().map(choice_of).collect();
        let full = copy.full().map(|f| f.1).collect();
        if (&chosen, &row.facts.full) != (&deeds.chosen, &full) {
            return Err(format!("chosen {:?}, full {full:?}", deeds.chosen));
        }
        self.added_agree(&model, row)?;
        self.changed_agree(&model, row)
    }

    /// Whether the packet may have left with an announcement of a header that it does not have, or without one of a
    /// header that it has.
    fn may_be_misread(&self) -> bool {
        let told = |op: &Op| match op {
            Op::Pop(_) | Op::Unnest => true,
            Op::Set(Place::Field(field), _) => field.header.selector() == Some(*field),
            Op::Set(Place::Slot(_), _) | Op::Push(_) | Op::Nest => false,
            Op::Touch(_) | Op::Remove(_) | Op::Update(..) => false,
        };
        self.program.blocks.iter().flat_map(|b| &b.ops).any(told)
    }

    fn added_agree(&self, model: &Model, row: &WayThrough) -> Result<(), String> {
        let told: Vec<(MapId, Vec<u128>)> =
            row.facts.added.iter().map(|s| (s.map, s.columns.iter().map(|c| model.eval(c)).collect())).collect();
        let count = model.deeds.inserts.iter().filter(|i| !i.full).count();
        if told.len() != count {
            return Err(format!("{count} entries were added"));
        }
        for map in (0..self.program.maps.len() as u32).map(MapId) {
            let (before, after) = (self.before.map(map), self.after.map(map));
            let new = after.entries().filter(|(id, _)| before.entry(*id).is_none());
            let mut rest = told.iter().filter(|(m, _)| *m == map);
            for (_, entry) in new {
                if !rest.any(|(_, columns)| *columns == entry.columns) {
                    return Err(format!("{entry:?} was added"));
                }
            }
        }
        Ok(())
    }

    /// The row tells what every entry that is still there has become.
    fn changed_agree(&self, model: &Model, row: &WayThrough) -> Result<(), String> {
        let told = self.changed(model, row);
        for map in (0..self.program.maps.len() as u32).map(MapId) {
            for (id, now) in self.after.map(map).entries() {
                let Some(was) = self.before.map(map).entry(id) else { continue };
                let own = told.iter().filter(|(m, before, _)| (*m, before) == (map, &was.columns));
                let own: Vec<&Vec<u128>> = own.map(|(_, _, after)| after).collect();
                let changed = if own.is_empty() { vec![&was.columns] } else { own };
                if changed.iter().any(|columns| **columns != now.columns) {
                    return Err(format!("{was:?} became {now:?}, not {changed:?}"));
                }
            }
        }
        Ok(())
    }

    /// What the row tells of entries that were written to: what they were, and what they are.
    fn changed(&self, model: &Model, row: &WayThrough) -> Vec<(MapId, Vec<u128>, Vec<u128>)> {
        let values = |columns: &[Sym]| columns.iter().map(|c| model.eval(c)).collect();
        let one = |(at, columns): (&usize, &Vec<Sym>)| {
            let found = &row.facts.found[*at];
            (found.map, values(&found.columns), values(columns))
        };
        row.facts.changed.iter().map(one).collect()
    }

    /// Rows of broken invariants are there exactly for the entries added that break one.
    fn breaks_agree(&self, rows: &[WayThrough], coverage: &mut Coverage) -> Result<(), String> {
        let Some(copy) = self.run.copies.first() else { return Ok(()) };
        let deeds = self.deeds(copy);
        let mut broken: Vec<(MapId, Vec<u128>)> = Vec::new();
        for row in rows {
            let (RowEnd::Breaks(map), Some(model)) = (&row.end, self.model(&deeds, row)) else { continue };
            let added = row.facts.added.iter().map(|s| (s.map, s.columns.iter().map(|c| model.eval(c)).collect()));
            let changed = self.changed(&model, row).into_iter().map(|(map, _, now)| (map, now));
            let breaks =
                |(m, columns): &(MapId, Vec<u128>)| m == map && !self.program.maps[map.index()].admits(columns);
            let before = broken.len();
            broken.extend(added.chain(changed).filter(breaks));
            if broken.len() == before {
                return Err(format!("the invariant of {map:?} is kept: {row:?}"));
            }
            coverage.row(row);
        }
        for (map, decl) in (0u32..).map(MapId).zip(&self.program.maps) {
            let (before, after) = (self.before.map(map), self.after.map(map));
            for (_, entry) in after.entries().filter(|(id, e)| {
                before.entry(*id).map(|old| &old.columns) != Some(&e.columns) && !decl.admits(&e.columns)
            }) {
                if !broken.contains(&(map, entry.columns.clone())) {
                    return Err(format!("{entry:?} breaks the invariant of {map:?}, and no row tells"));
                }
            }
        }
        Ok(())
    }
}

fn choice_of(var: &Var) -> ChoiceId {
    if let VarKind::Choice(choice) = var.kind { choice } else { unreachable!("{var:?} is no choice") }
}

impl Model<'_> {
    fn eval(&self, sym: &Sym) -> u128 {
        sym.eval(&|var| self.value(var))
    }

    fn value(&self, var: Var) -> u128 {
        let taken = |choice| self.deeds.choices.get(&(choice, var.visit)).copied();
        match var.kind {
            VarKind::Field(field) => self.visit.packet.get(field),
            VarKind::Body => (self.visit.packet.options.len() + self.visit.packet.payload.len()) as u128,
            VarKind::Choice(choice) => taken(choice).flatten().unwrap_or(0),
            VarKind::Now => self.visit.now.into(),
            VarKind::Unknown(_) => 0,
            VarKind::NoFree(choice) => u128::from(taken(choice) == Some(None)),
            VarKind::Cell { .. } => self.cells.get(&var).copied().unwrap_or(0),
            VarKind::Full { map, ordinal } => {
                let insert = self.deeds.inserts.get(usize::from(ordinal));
                u128::from(insert == Some(&Insert { map, full: true }))
            }
        }
    }

    /// Gives the columns of an entry that the row finds their values; none if the store has no such entry.
    fn find(&mut self, stored: &Stored) -> Option<()> {
        let unknown = |c: &Sym, cells: &BTreeMap<Var, u128>| match c {
            Sym::Var(var) if matches!(var.kind, VarKind::Cell { .. }) && !cells.contains_key(var) => Some(*var),
            _ => None,
        };
        let known: Vec<Option<u128>> =
            stored.columns.iter().map(|c| unknown(c, &self.cells).is_none().then(|| self.eval(c))).collect();
        let fits = |e: &&Entry| e.columns.iter().zip(&known).all(|(c, k)| k.is_none_or(|k| k == *c));
        let map = self.visit.before.map(stored.map);
        let fitting: Vec<&Entry> = map.entries().map(|(_, e)| e).filter(fits).collect();
        assert!(fitting.len() < 2, "an entry is found by an index");
        let entry = fitting.first()?;
        for (column, value) in stored.columns.iter().zip(&entry.columns) {
            if let Some(var) = unknown(column, &self.cells) {
                self.cells.insert(var, *value);
            }
        }
        Some(())
    }

    /// Whether the packet is what the row says at its end.
    fn is(&self, row: &WayThrough, packet: &Packet) -> Result<(), String> {
        if row.shape != packet.shape() {
            return Err(format!("left as {:?}", packet.shape()));
        }
        let (entry_shape, shape, carried) = (self.visit.packet.shape(), row.shape, row.carried);
        let errors = carried.errors(self.visit.packet.l4_error, self.visit.packet.inner_error);
        if errors != [packet.l4_error, packet.inner_error] {
            return Err(format!("left with the checksum errors {:?}", [packet.l4_error, packet.inner_error]));
        }
        let view = View { entry_shape, shape, carried, theta: row.theta.clone() };
        for field in packet.shape().fields().filter(|f| f.is_readable()) {
            let sym = view.field(field);
            if self.eval(&sym) != packet.get(field) {
                return Err(format!("{field} is {} and not {}", packet.get(field), self.eval(&sym)));
            }
        }
        Ok(())
    }
}
