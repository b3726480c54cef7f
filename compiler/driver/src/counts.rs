//! What a running service counted, with every drop at the line that decided it.

use crate::check::Checked;
use crate::console::Paint;
use rdcl_codegen::Counter;
use rdcl_core::{BlockId, InstrId, ParseError, Program, Reason};
use rdcl_hir::{Instance, Leaf, leaf_origins, leaf_program, lone_leaf_name, place, structure, wiring};
use rdcl_host::{PartReport, Report, Unsent};
use rdcl_verify::reason_words;
use serde_json::{Value, json};

/// A count of a guest, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// `received`, `forwarded`, `dropped` or `full`.
    pub what: &'static str,
    /// The port, for what was received or forwarded.
    pub port: Option<String>,
    /// Why, for what was dropped or found full.
    pub reason: Option<String>,
    /// The line that decided, if a line did.
    pub at: Option<String>,
    /// How often.
    pub count: u64,
}

/// The counts of a guest that are not zero, and those of its ports.
pub fn counts(checked: &Checked, instance: Instance<'_>, report: &PartReport) -> Vec<Count> {
    let parts = &structure(&checked.db, instance).parts;
    let leaf = parts.iter().position(|(path, _)| *path == report.path).map(|at| (at, parts[at].1));
    let shown = report.counts.iter().filter(|(counter, count)| *count > 0 || is_port(counter));
    shown.map(|(counter, count)| Words { checked, instance, leaf, report }.count(counter, *count)).collect()
}

fn is_port(counter: &Counter) -> bool {
    matches!(counter, Counter::Received { .. } | Counter::Forwarded { .. })
}

struct Words<'a> {
    checked: &'a Checked,
    instance: Instance<'a>,
    /// Its position among the parts, and what it is.
    leaf: Option<(usize, Leaf<'a>)>,
    report: &'a PartReport,
}

impl Words<'_> {
    fn count(&self, counter: &Counter, count: u64) -> Count {
        let port = |port: rdcl_core::PortId| self.report.ports.get(port.index()).cloned();
        let (what, port, reason, at) = match counter {
            Counter::Received { port: at } => ("received", port(*at), None, None),
            Counter::Forwarded { port: at } => ("forwarded", port(*at), None, None),
            Counter::NotEntered { port: at } => ("dropped", port(*at), Some("nothing enters there".to_owned()), None),
            Counter::Parse(error) => ("dropped", None, Some(malformed(*error)), None),
            Counter::Dropped { block, reason } => ("dropped", None, Some(words(reason)), self.at(*block)),
            Counter::Full { block, map } => ("full", None, self.map_name(map.index()), self.at(*block)),
            Counter::BadLength => ("dropped", None, Some("a slot that claims too much".to_owned()), None),
            Counter::BadPort => ("dropped", None, Some("a slot for no port".to_owned()), None),
        };
        Count { what, port, reason, at, count }
    }

    fn program(&self) -> Option<&Program> {
        self.leaf.map(|(_, leaf)| &**leaf_program(&self.checked.db, leaf))
    }

    fn map_name(&self, map: usize) -> Option<String> {
        self.program().and_then(|program| program.maps.get(map)).map(|map| map.name.clone())
    }

    /// Where a block's end is written.
    fn at(&self, block: BlockId) -> Option<String> {
        let (db, (part, leaf)) = (&self.checked.db, self.leaf?);
        let index = leaf_program(db, leaf).blocks.get(block.index())?.ops.len() as u32;
        // A generated filter has the operations that it was generated from.
        let operations = || wiring(db, self.instance).parts.get(part)?.last().copied();
        let written = leaf_origins(db, leaf).get(InstrId { block, index });
        let loc = if leaf.instance(db).is_some() { written } else { operations() };
        Some(self.checked.sources.place(place(db, loc?)))
    }
}

fn words(reason: &Reason) -> String {
    if let Reason::Parse(error) = reason { malformed(*error) } else { reason_words(reason) }
}

fn malformed(error: ParseError) -> String {
    let what = match error {
        ParseError::Truncated => "too short".to_owned(),
        ParseError::Missing(header) => format!("no {} header", header.name()),
        ParseError::Version => "not IP version 4".to_owned(),
        ParseError::Options => "IP options".to_owned(),
        ParseError::Fragment => "a fragment".to_owned(),
        ParseError::Length => "a wrong length".to_owned(),
        ParseError::Checksum => "a wrong IP checksum".to_owned(),
    };
    format!("malformed: {what}")
}

/// The report for people.
pub fn human(checked: &Checked, instance: Instance<'_>, report: &Report, color: bool) -> String {
    let parts = report.parts.iter().map(|part| guest_name(checked, instance, &part.path).len());
    let names = report.edges.iter().map(|e| e.name.len()).chain(parts);
    let width = names.max().unwrap_or(0);
    let mut text = String::new();
    for edge in &report.edges {
        text += &format!("port   {:<width$}  {} in, {} out\n", edge.name, edge.sent, edge.delivered);
        for (why, count) in &edge.refused {
            text += &format!("       {:<width$}  {count} refused: {why}\n", "");
        }
    }
    for part in &report.parts {
        let name = guest_name(checked, instance, &part.path);
        text += &self::part(&counts(checked, instance, part), part, &name, (width, color));
    }
    if report.unwired > 0 {
        text += &format!("lost   {} frames left by ports that lead nowhere\n", report.unwired);
    }
    text
}

/// The path of a guest; the name of the block where that is the whole service.
pub fn guest_name(checked: &Checked, instance: Instance<'_>, path: &str) -> String {
    if path.is_empty() { lone_leaf_name(&checked.db, instance).to_owned() } else { path.to_owned() }
}

/// A guest: what went through, then a line for each reason to drop.
fn part(counts: &[Count], part: &PartReport, name: &str, (width, color): (usize, bool)) -> String {
    // A guest may have written anything where it counts.
    let sum = |what: &str| counts.iter().filter(|c| c.what == what).fold(0u64, |sum, c| sum.saturating_add(c.count));
    let through = format!("{} in, {} out", sum("received"), sum("forwarded"));
    let mut text = format!("guest  {name:<width$}  {through}\n");
    for count in counts.iter().filter(|c| c.what == "dropped" || c.what == "full") {
        let (reason, at) = (count.reason.as_deref().unwrap_or_default(), count.at.as_deref().unwrap_or_default());
        let word = if count.what == "full" { "found full" } else { "dropped" };
        let line = format!("       {:<width$}  {} {word}: {reason}", "", count.count);
        let line = format!("{line}  {}", Paint::Dim.on(at, color));
        text += &format!("{}\n", line.trim_end());
    }
    if part.lost > 0 {
        text += &format!("       {:<width$}  {} lost on the way to it\n", "", part.lost);
    }
    if part.waiting > 0 {
        text += &format!("       {:<width$}  {} still on the way to it\n", "", part.waiting);
    }
    if let Some(death) = &part.death {
        text += &format!("       {:<width$}  {}: {death}\n", "", Paint::Red.on("died", color));
    }
    text
}

/// The report as objects.
pub fn objects(checked: &Checked, instance: Instance<'_>, report: &Report) -> Vec<Value> {
    let edges = report.edges.iter().map(|edge| {
        let refused: u64 = edge.refused.values().sum();
        let reason = |(why, count): (&Unsent, &u64)| json!({"reason": why.to_string(), "count": count});
        let reasons: Vec<Value> = edge.refused.iter().map(reason).collect();
        let (sent, left) = (edge.sent, edge.delivered);
        json!({"type": "edge", "port": edge.name, "entered": sent, "refused": refused, "reasons": reasons, "left": left})
    });
    let parts = report.parts.iter().map(|part| {
        let count =
            |c: &Count| json!({"what": c.what, "port": c.port, "reason": c.reason, "at": c.at, "count": c.count});
        let counts: Vec<Value> = counts(checked, instance, part).iter().map(count).collect();
        let died = part.death.as_ref().map(ToString::to_string);
        let (lost, waiting) = (part.lost, part.waiting);
        json!({"type": "guest", "part": guest_name(checked, instance, &part.path), "counts": counts, "lost": lost, "waiting": waiting, "died": died})
    });
    let unwired = (report.unwired > 0).then(|| json!({"type": "unwired", "count": report.unwired}));
    edges.chain(parts).chain(unwired).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counters stand in a guest's memory, where it may write anything.
    #[test]
    fn no_count_is_too_large_to_be_shown() {
        let count = |what| Count { what, port: None, reason: None, at: None, count: u64::MAX };
        let counts = ["received", "received", "forwarded", "dropped"].map(count);
        let (path, ports) = ("a".to_owned(), Vec::new());
        let report = PartReport { path, ports, counts: Vec::new(), lost: u64::MAX, waiting: 1, death: None };
        let shown = part(&counts, &report, &report.path, (1, false));
        assert!(shown.starts_with(&format!("guest  a  {0} in, {0} out\n", u64::MAX)), "{shown}");
        assert!(shown.ends_with("1 still on the way to it\n"), "{shown}");
    }
}
