//! What random cases have touched: without it, a test that passes says little.

use rdcl_core::*;
use rdcl_verify::{Row as WayThrough, RowEnd};
use std::collections::BTreeMap;

/// Counts.
#[derive(Default)]
pub struct Coverage {
    counts: BTreeMap<String, u64>,
}

impl Coverage {
    /// Counts one.
    pub fn add(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }

    /// How often it was counted.
    pub fn count(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// All that happened in a visit of a part.
    pub fn copy(&mut self, network: &Network, copy: &PacketCopy) {
        self.add(format!("copy {}", outcome(&copy.outcome)));
        for hop in &copy.trail {
            for step in &hop.steps {
                self.step(network.part(hop.part), step);
            }
        }
    }

    fn step(&mut self, part: &Part, step: &Step) {
        let block = &part.program.blocks[step.at.block.index()];
        for op in &block.ops {
            self.add(format!("op {}", operation(op)));
        }
        let way = match step.took {
            Took::Arm(arm) => if arm.is_some() { "arm" } else { "default" }.to_owned(),
            Took::Row(row) => if row.is_some() { "hit" } else { "miss" }.to_owned(),
            Took::Chose(..) => "chose".to_owned(),
            Took::Copy(_) => "copy".to_owned(),
            Took::Full(_) => "full".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        self.add(format!("end {} {way}", end(&part.program, &block.end)));
        if let (End::Match { table, .. }, Took::Row(Some(row))) = (&block.end, step.took) {
            let first = if row == 0 { "first row" } else { "later row" };
            self.add(format!("{} {first}", table_kind(&part.program.tables[table.index()])));
        }
    }

    /// A row that a run took.
    pub fn row(&mut self, row: &WayThrough) {
        let end = match &row.end {
            RowEnd::Egress(_) => "egress",
            RowEnd::Dropped(Reason::Clash(_), _) => "clash",
            RowEnd::Dropped(..) => "dropped",
            RowEnd::Assumption => "assumption",
            RowEnd::Breaks(_) => "breaks",
            RowEnd::Unmodelled => "unmodelled",
        };
        self.add(format!("row {end}"));
        for (what, there) in [
            ("residue", !row.guard.residue.is_empty()),
            ("found", !row.facts.found.is_empty()),
            ("found two", row.facts.found.len() > 1),
            ("missed", !row.facts.missed.is_empty()),
            ("added", !row.facts.added.is_empty()),
            ("full", !row.facts.full.is_empty()),
            ("forked", !row.copy.is_empty()),
        ] {
            if there {
                self.add(format!("row with {what}"));
            }
        }
    }

    /// What was counted, one a line.
    pub fn report(&self) -> String {
        self.counts.iter().map(|(what, n)| format!("{n:>9} {what}\n")).collect()
    }

    /// What of these was never counted.
    pub fn missing<'w>(&self, wanted: &[&'w str]) -> Vec<&'w str> {
        wanted.iter().copied().filter(|what| self.count(what) == 0).collect()
    }
}

/// The kind of an outcome.
pub fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered { .. } => "delivered",
        Outcome::Dropped { .. } => "dropped",
        Outcome::ModelError { .. } => "model error",
        Outcome::Loop { .. } => "loop",
        Outcome::Exhausted => "exhausted",
    }
}

fn operation(op: &Op) -> &'static str {
    match op {
        Op::Set(Place::Field(_), _) => "set field",
        Op::Set(Place::Slot(_), _) => "set slot",
        Op::Push(_) => "push",
        Op::Pop(_) => "pop",
        Op::Nest => "nest",
        Op::Unnest => "unnest",
        Op::Touch(_) => "touch",
        Op::Remove(_) => "remove",
        Op::Update(..) => "update",
    }
}

fn end(program: &Program, end: &End) -> String {
    match end {
        End::Goto(_) => "goto".into(),
        End::If(..) => "if".into(),
        End::Switch { .. } => "switch".into(),
        End::Match { table, .. } => table_kind(&program.tables[table.index()]),
        End::Lookup { index, .. } => format!("lookup by {}", if *index == 0 { "key" } else { "unique" }),
        End::Insert { clash_handled, .. } => if *clash_handled { "insert" } else { "insert, clash unhandled" }.into(),
        End::Choose { free, .. } => if free.is_some() { "choose free" } else { "choose" }.into(),
        End::Fork(_) => "fork".into(),
        End::Forward(_) => "forward".into(),
        End::Drop(_) => "drop".into(),
        End::Check { kind, .. } => format!("{kind:?}").to_lowercase(),
    }
}

fn table_kind(table: &TableDecl) -> String {
    let kinds: Vec<String> = table.keys.iter().map(|k| format!("{:?}", k.2).to_lowercase()).collect();
    format!("match {}", kinds.join("+"))
}
