//! Verdicts and witnesses for people: a line for each property, and below a violated one the run that shows it.

use crate::console::Paint;
use crate::outcome::{Answer, Conclusion, Copy, Crossing, Entry, Hop, PropertyResult, Trace};
use crate::packet;
use indexmap::IndexMap;
use rdcl_base::{Dimension, Quantity};
use std::collections::BTreeSet;

/// How verdicts are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// With a line for each verdict and no witnesses, as [`Format::Short`](crate::args::Format) asks; otherwise
    /// the proved promises of library blocks and of parents share a line.
    pub short: bool,
}

/// A line of the list of verdicts.
struct Line<'a> {
    word: &'static str,
    paint: Paint,
    name: String,
    remark: String,
    trace: Option<&'a Trace>,
}

/// The verdicts, one a line, with their witnesses.
pub fn verdicts(results: &[PropertyResult], style: Style) -> String {
    let lines = if style.short { results.iter().map(line).collect() } else { grouped(results) };
    let width = lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        let word = line.paint.on(&format!("{:<9}", line.word), style.color);
        text += format!("{word}  {:<width$}  {}", line.name, line.remark).trim_end();
        text += "\n";
        if let Some(trace) = line.trace.filter(|_| !style.short) {
            text += &indented(&self::trace(trace, Detail::Telling, style.color), "    ");
        }
    }
    text
}

/// A line for each verdict, and one for the proved ones of each group.
fn grouped(results: &[PropertyResult]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut seen = BTreeSet::new();
    for result in results {
        match result.group.as_ref().filter(|_| is_grouped(result)) {
            None => lines.push(line(result)),
            Some(group) if seen.insert(group) => lines.push(group_line(group, results)),
            Some(_) => {}
        }
    }
    lines
}

/// Whether it shares a line with others of its group.
fn is_grouped(result: &PropertyResult) -> bool {
    matches!(result.result, Conclusion::Proved) && !result.refused
}

fn line(result: &PropertyResult) -> Line<'_> {
    let paint = match result.result {
        Conclusion::Proved | Conclusion::Assumed if result.refused => Paint::Red,
        Conclusion::Proved => Paint::Green,
        Conclusion::Violated(_) => Paint::Red,
        Conclusion::Undecided(_) | Conclusion::Assumed => Paint::Yellow,
    };
    let (remark, trace) = match &result.result {
        Conclusion::Undecided(reason) => (format!("({reason})"), None),
        Conclusion::Violated(trace) => (format!("({})", trace.outcome), Some(&**trace)),
        Conclusion::Proved | Conclusion::Assumed if result.refused => (refused(&result.assumes), None),
        Conclusion::Proved | Conclusion::Assumed => (assumes(&result.assumes), None),
    };
    Line { word: result.result.word(), paint, name: result.property.clone(), remark, trace }
}

/// The line of a group's proved members; one of them alone has its own.
fn group_line<'a>(group: &str, results: &'a [PropertyResult]) -> Line<'a> {
    let proved = |r: &&PropertyResult| is_grouped(r) && r.group.as_deref() == Some(group);
    let members: Vec<&PropertyResult> = results.iter().filter(proved).collect();
    if let [only] = members[..] {
        return line(only);
    }
    let names: BTreeSet<&String> = members.iter().flat_map(|r| &r.assumes).collect();
    let remark = format!("{} promises {}", members.len(), assumes(names));
    Line { word: "proved", paint: Paint::Green, name: group.to_owned(), remark, trace: None }
}

fn assumes<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    if names.is_empty() { String::new() } else { format!("(assumes {})", names.join(", ")) }
}

/// The remark on what `--strict` refuses.
fn refused(names: &[String]) -> String {
    if names.is_empty() {
        return "(only assumed, which --strict refuses)".to_owned();
    }
    format!("(assumes {}, which --strict refuses)", names.join(", "))
}

/// How much of a run is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The copies that show the fault, without the generated filters that let them pass, and not too many hops.
    Telling,
    /// Everything.
    Full,
}

/// The most hops of a copy that are shown on a terminal.
const MOST_HOPS: usize = 8;
/// The most packets of a history that are shown on a terminal.
const MOST_HISTORY: usize = 4;
/// The most copies that are shown on a terminal.
const MOST_COPIES: usize = 3;

/// A run, the packets before it first.
pub fn trace(trace: &Trace, detail: Detail, color: bool) -> String {
    let mut text = String::new();
    let shown = if detail == Detail::Full { trace.history.len() } else { trace.history.len().min(MOST_HISTORY) };
    for entry in &trace.history[..shown] {
        text += &self::entry("before", entry);
        if detail == Detail::Full {
            text += &hex(entry, color);
            text += &copies(entry.copies.iter(), detail);
        }
    }
    if shown < trace.history.len() {
        text += &format!("before  {} more packets like these\n", trace.history.len() - shown);
    }
    text += &entry("packet", &trace.packet);
    text += &hex(&trace.packet, color);
    text += &match detail {
        Detail::Full => copies(trace.packet.copies.iter(), detail),
        Detail::Telling => copies(trace.telling_copies().take(MOST_COPIES), detail),
    };
    if !trace.minimal {
        text += "  note  there may be a smaller such run\n";
    }
    text
}

fn entry(label: &str, entry: &Entry) -> String {
    let choices: String = entry.choices.iter().map(|(name, value)| format!(", {name} = {value}")).collect();
    let time = Quantity { amount: entry.now, dimension: Dimension::Time };
    let at = if entry.now > 0 { format!(", at {time}") } else { String::new() };
    format!("{label}  {}: {}{at}{choices}\n", entry.port, packet::summary(&entry.fields))
}

fn hex(entry: &Entry, color: bool) -> String {
    format!("   hex  {}\n", Paint::Dim.on(&packet::hex(&entry.bytes), color))
}

fn copies<'a>(copies: impl Iterator<Item = &'a Copy>, detail: Detail) -> String {
    let copies: Vec<&Copy> = copies.collect();
    let say_outcome = copies.len() > 1 || detail == Detail::Full;
    let text = |copy: &&Copy| {
        let outcome = if say_outcome { format!("        {}\n", copy.outcome) } else { String::new() };
        hops(copy, detail) + &outcome
    };
    copies.iter().map(text).collect()
}

fn hops(copy: &Copy, detail: Detail) -> String {
    // A generated filter has no source line; it is worth a line where the copy ends in it.
    let last = copy.hops.len().saturating_sub(1);
    let ends = |i: usize| i == last && !copy.outcome.starts_with("delivered");
    let is_shown = |(i, hop): &(usize, &Hop)| detail == Detail::Full || !hop.at.is_empty() || ends(*i);
    let hops: Vec<&Hop> = copy.hops.iter().enumerate().filter(is_shown).map(|(_, hop)| hop).collect();
    let most = if detail == Detail::Full { hops.len() } else { MOST_HOPS };
    let width = |text: fn(&Hop) -> &str| hops.iter().map(|h| text(h).chars().count()).max().unwrap_or(0);
    let (ports, places) = (width(|h| &h.port), width(|h| &h.at));
    let line = |hop: &&Hop| {
        let line = format!("        {:<ports$}  {:<places$}  {}", hop.port, hop.at, excerpt(&hop.text));
        format!("{}\n", line.trim_end())
    };
    let mut text: String = hops.iter().take(most).map(line).collect();
    if hops.len() > most {
        text += &format!("        … {} more\n", hops.len() - most);
    }
    text
}

/// The longest source line that is shown whole.
const LONGEST_LINE: usize = 80;

/// A line of source without its comment, cut where it is too long.
fn excerpt(line: &str) -> String {
    let code = line.split(" // ").next().unwrap_or_default().trim_end();
    let cut: String = code.chars().take(LONGEST_LINE).collect();
    if cut.len() < code.len() { format!("{cut}…") } else { cut }
}

/// One line for each pair, then the ports that nothing reaches.
pub fn crossings(crossings: &[Crossing], color: bool) -> String {
    let width = |text: fn(&Crossing) -> &str| crossings.iter().map(|c| text(c).chars().count()).max().unwrap_or(0);
    let (from, to) = (width(|c| &c.from), width(|c| &c.to));
    let line = |c: &Crossing| {
        let (paint, word, rest) = match &c.answer {
            Answer::Reachable(trace) => (Paint::Green, "reachable  ", run(trace)),
            Answer::Unreachable => (Paint::Red, "unreachable", String::new()),
            Answer::Undecided(reason) => (Paint::Yellow, "undecided  ", format!("({reason})")),
        };
        let line = format!("{}  {}: {:<from$} -> {:<to$}  {rest}", paint.on(word, color), c.rfb, c.from, c.to);
        format!("{}\n", line.trim_end())
    };
    crossings.iter().map(line).collect::<String>() + &unreached(crossings)
}

/// `nothing reaches EdgeRouter: p[14], p[15]`
fn unreached(crossings: &[Crossing]) -> String {
    let mut ports: IndexMap<&str, IndexMap<&str, bool>> = IndexMap::new();
    for crossing in crossings {
        let alone = ports.entry(&crossing.rfb).or_default().entry(&crossing.to).or_insert(true);
        *alone &= matches!(crossing.answer, Answer::Unreachable);
    }
    let mut text = String::new();
    for (rfb, ports) in ports {
        let names: Vec<&str> = ports.into_iter().filter(|(_, alone)| *alone).map(|(port, _)| port).collect();
        if !names.is_empty() {
            text += &format!("nothing reaches {rfb}: {}\n", names.join(", "));
        }
    }
    text
}

fn run(trace: &Trace) -> String {
    let history = match trace.history.len() {
        0 => String::new(),
        1 => " after 1 packet".to_owned(),
        n => format!(" after {n} packets"),
    };
    format!("{}{history}", packet::summary(&trace.packet.fields))
}

/// The text with each line indented.
fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}
