//! Coverage: which statements, ways on, rows of tables and rules of intents some packet has taken.
//!
//! Counted is what stands in the package's own sources and tables, in the blocks that can be run by themselves and their parts. A
//! statement that is carried out in several instances counts once.

use crate::check::Checked;
use rdcl_base::{FileSpan, Span};
use rdcl_core::{BlockId, End, InstrId, PartId, Program, Reason, Run, Took};
use rdcl_hir::{
    Instance, Leaf, LeafKind, Loc, leaf_origins, leaf_program, leaf_table_files, place, structure, subjects,
    table_place, table_rows, wiring,
};
use std::collections::{BTreeMap, BTreeSet};

/// What packets have taken so far.
#[derive(Default)]
pub struct Coverage {
    taken: BTreeSet<Unit>,
}

/// Something that a packet takes, or does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Unit {
    at: FileSpan,
    kind: Kind,
    /// `holds`, `row 3`, `deny o1`; nothing for a statement.
    which: String,
}

/// The kinds of what can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A statement.
    Statement,
    /// A way on from a statement.
    Arm,
    /// A row of a table, at its line.
    Row,
    /// A rule that an intent makes.
    Rule,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 4] = [Kind::Statement, Kind::Arm, Kind::Row, Kind::Rule];

    /// Its name, for one of it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Statement => "statement",
            Kind::Arm => "arm",
            Kind::Row => "row",
            Kind::Rule => "rule",
        }
    }
}

/// What was taken of all there is.
pub struct Report {
    /// For each kind how many were taken, and how many there are.
    pub counts: BTreeMap<Kind, (usize, usize)>,
    /// What no packet took, in the order of the sources.
    pub never: Vec<Never>,
}

/// Something that no packet took.
pub struct Never {
    /// Of which kind.
    pub kind: Kind,
    /// Where it stands.
    pub at: FileSpan,
    /// Which of several; empty for a statement.
    pub which: String,
}

impl Coverage {
    /// Adds what a run through an instance took.
    pub fn add(&mut self, checked: &Checked, instance: Instance<'_>, run: &Run) {
        let hops = run.copies.iter().flat_map(|copy| &copy.trail);
        for hop in hops {
            let Some(part) = Place::new(checked, instance, hop.part) else { continue };
            for step in &hop.steps {
                self.taken.extend(part.statements(step.at.block));
                self.taken.extend(part.arm(step.at.block, step.took));
            }
        }
    }

    /// What was taken of all that can be.
    pub fn report(&self, checked: &Checked) -> Report {
        let mut all: BTreeSet<Unit> = BTreeSet::new();
        for subject in subjects(&checked.db, checked.package) {
            for part in (0..structure(&checked.db, *subject).parts.len() as u32).map(PartId) {
                let Some(part) = Place::new(checked, *subject, part) else { continue };
                for block in (0..part.program.blocks.len() as u32).map(BlockId) {
                    all.extend(part.statements(block));
                    all.extend(part.arms(block));
                    all.extend(part.rows(block));
                }
            }
        }
        let mut counts: BTreeMap<Kind, (usize, usize)> = Kind::ALL.into_iter().map(|kind| (kind, (0, 0))).collect();
        let mut never = Vec::new();
        for unit in all {
            let (taken, of) = counts.entry(unit.kind).or_default();
            *of += 1;
            if self.taken.contains(&unit) {
                *taken += 1;
            } else {
                never.push(Never { kind: unit.kind, at: unit.at, which: unit.which });
            }
        }
        Report { counts, never }
    }
}

/// A part of an instance whose text belongs to the package.
struct Place<'a> {
    checked: &'a Checked,
    leaf: Leaf<'a>,
    program: &'a Program,
    /// For a filter the operations it was made from, in the order of its rules.
    rules: Vec<(String, Loc)>,
}

impl<'a> Place<'a> {
    fn new(checked: &'a Checked, instance: Instance<'a>, part: PartId) -> Option<Place<'a>> {
        let db = &checked.db;
        let (_, leaf) = structure(db, instance).parts.get(part.0 as usize)?;
        let rules = match leaf.kind(db) {
            LeafKind::Filter(_, rules) => {
                let places = wiring(db, instance).parts.get(part.0 as usize)?;
                let names = rules.iter().filter(|rule| rule.deny).map(|rule| rule.name.clone());
                let at = places.last().copied()?;
                names.map(|name| (name, at)).collect()
            }
            LeafKind::Behaviour(_) | LeafKind::Opaque(_) | LeafKind::Balancer(..) => Vec::new(),
        };
        Some(Place { checked, leaf: *leaf, program: leaf_program(db, *leaf), rules })
    }

    fn own(&self, loc: Loc) -> Option<FileSpan> {
        let db = &self.checked.db;
        let file = loc.file()?;
        self.checked.package.files(db).contains(&file).then(|| place(db, loc))
    }

    /// The statements of a block.
    fn statements(&self, block: BlockId) -> Vec<Unit> {
        let origins = leaf_origins(&self.checked.db, self.leaf).blocks.get(block.index());
        let places = origins.into_iter().flatten().filter_map(|loc| self.own(*loc));
        let mut units: Vec<Unit> = places.map(|at| Unit { at, kind: Kind::Statement, which: String::new() }).collect();
        units.extend(self.rule(block));
        units
    }

    /// The rule of an intent that a block carries out: it drops what the rule denies.
    fn rule(&self, block: BlockId) -> Option<Unit> {
        let End::Drop(Reason::Fail(message)) = &self.program.blocks.get(block.index())?.end else { return None };
        let (name, loc) = self.rules.iter().find(|(name, _)| *message == format!("nemo {name}"))?;
        Some(Unit { at: self.own(*loc)?, kind: Kind::Rule, which: format!("deny {name}") })
    }

    fn end(&self, block: BlockId) -> Option<(&'a End, FileSpan)> {
        let found = self.program.blocks.get(block.index())?;
        let at = InstrId { block, index: found.ops.len() as u32 };
        Some((&found.end, self.own(leaf_origins(&self.checked.db, self.leaf).get(at)?)?))
    }

    /// The ways on from the end of a block.
    fn arms(&self, block: BlockId) -> Vec<Unit> {
        let Some((end, at)) = self.end(block) else { return Vec::new() };
        let arm = |which: &str| Unit { at, kind: Kind::Arm, which: which.to_owned() };
        match end {
            End::If(..) | End::Check { .. } => vec![arm(HOLDS), arm(FAILS)],
            End::Switch { arms, .. } => {
                arms.iter().map(|(value, _)| arm(&case(Some(*value)))).chain([arm(&case(None))]).collect()
            }
            End::Lookup { .. } => vec![arm(FOUND), arm(MISSED)],
            End::Insert { clash_handled, .. } => {
                let clash = clash_handled.then(|| arm(CLASH));
                [arm(ADDED), arm(FULL)].into_iter().chain(clash).collect()
            }
            End::Choose { .. } => vec![arm(CHOSEN), arm(NONE)],
            End::Match { .. } => vec![arm(MISSED)],
            End::Goto(_) | End::Fork(_) | End::Forward(_) | End::Drop(_) => Vec::new(),
        }
    }

    /// The rows of a table of the package that the end of a block matches with, whoever wrote that statement.
    fn rows(&self, block: BlockId) -> Vec<Unit> {
        let db = &self.checked.db;
        let Some(End::Match { table, .. }) = self.program.blocks.get(block.index()).map(|found| &found.end) else {
            return Vec::new();
        };
        let file = leaf_table_files(db, self.leaf).get(table.index()).copied().flatten();
        let Some(file) = file.filter(|file| table_place(file.path(db)).0.is_empty()) else { return Vec::new() };
        let unit = |(row, span): (usize, &Span)| Unit {
            at: place(db, Loc::Table(file, *span)),
            kind: Kind::Row,
            which: format!("row {}", row + 1),
        };
        table_rows(db, file).iter().enumerate().map(unit).collect()
    }

    /// The way on that a packet took.
    fn arm(&self, block: BlockId, took: Took) -> Option<Unit> {
        if let Took::Row(Some(row)) = took {
            return self.rows(block).into_iter().nth(row);
        }
        let (end, at) = self.end(block)?;
        let which = match took {
            Took::Held(holds) => if holds { HOLDS } else { FAILS }.to_owned(),
            Took::Arm(arm) => {
                let End::Switch { arms, .. } = end else { return None };
                case(arm.and_then(|arm| arms.get(arm)).map(|(value, _)| *value))
            }
            Took::Row(_) | Took::Found(false) => MISSED.to_owned(),
            Took::Found(true) => FOUND.to_owned(),
            Took::Added => ADDED.to_owned(),
            Took::Clashed => CLASH.to_owned(),
            Took::Full(_) => if matches!(end, End::Choose { .. }) { NONE } else { FULL }.to_owned(),
            Took::Chose(..) => CHOSEN.to_owned(),
            Took::NoValue => NONE.to_owned(),
            Took::Went | Took::Copy(_) | Took::Ended => return None,
        };
        Some(Unit { at, kind: Kind::Arm, which })
    }
}

const HOLDS: &str = "the condition holds";
const FAILS: &str = "the condition does not hold";
const FOUND: &str = "there is an entry";
const MISSED: &str = "nothing is found";
const ADDED: &str = "the entry is added";
const FULL: &str = "the map is full";
const CLASH: &str = "the entry is there already";
const CHOSEN: &str = "a value is chosen";
const NONE: &str = "no value is free";

fn case(value: Option<u128>) -> String {
    value.map_or_else(|| "any other value".to_owned(), |value| format!("the value is {value}"))
}
