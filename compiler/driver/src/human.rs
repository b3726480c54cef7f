//! Verdicts and witnesses for people: a line for each property, and below a violated one the run that shows it.

use crate::args::Format;
use crate::console::Paint;
use crate::outcome::{Answer, Conclusion, Copy, Crossing, Entry, PropertyResult, Trace};
use crate::packet;

/// How much of a copy's way is shown; the text file of a witness holds all of it.
const MOST_HOPS: usize = 8;

/// How to write.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// [`Format::Short`] leaves the runs out.
    pub format: Format,
    /// The width of the column of names.
    pub width: usize,
}

/// `proved     Branch.outbound  (assumes room(nat.flows))`, and the witness of a violated property.
pub fn verdict(result: &PropertyResult, style: Style) -> String {
    let paint = match result.result {
        Conclusion::Proved => Paint::Green,
        Conclusion::Violated(_) => Paint::Red,
        Conclusion::Undecided(_) | Conclusion::Assumed => Paint::Yellow,
    };
    let word = paint.on(&format!("{:<9}", result.result.word()), style.color);
    let remark = remark(result);
    let gap = style.width.saturating_sub(result.property.chars().count());
    let line = format!("{word}  {}{}  {remark}", result.property, " ".repeat(gap));
    let mut text = format!("{}\n", line.trim_end());
    if let (Conclusion::Violated(trace), Format::Human) = (&result.result, style.format) {
        text += &indented(&self::trace(trace, MOST_HOPS, style.color), "    ");
    }
    text
}

fn remark(result: &PropertyResult) -> String {
    let assumes = result.assumes.join(", ");
    match &result.result {
        Conclusion::Undecided(reason) => format!("({reason})"),
        Conclusion::Violated(trace) => format!("({})", trace.outcome),
        Conclusion::Proved | Conclusion::Assumed if !assumes.is_empty() => format!("(assumes {assumes})"),
        Conclusion::Proved | Conclusion::Assumed => String::new(),
    }
}

/// A run, the packets before it first, with at most so many hops of each copy.
pub fn trace(trace: &Trace, most_hops: usize, color: bool) -> String {
    let mut text: String = trace.history.iter().map(|entry| self::entry("before", entry)).collect();
    text += &entry("packet", &trace.packet);
    text += &format!("   hex  {}\n", Paint::Dim.on(&packet::hex(&trace.packet.bytes), color));
    let several = trace.packet.copies.len() > 1;
    for copy in &trace.packet.copies {
        text += &hops(copy, most_hops);
        if several {
            text += &format!("        {}\n", copy.outcome);
        }
    }
    if !trace.minimal {
        text += "  note  not shown to be the smallest such run\n";
    }
    text
}

fn entry(label: &str, entry: &Entry) -> String {
    let choices: String = entry.choices.iter().map(|(name, value)| format!(", {name} = {value}")).collect();
    format!("{label}  {}: {}{choices}\n", entry.port, packet::summary(&entry.fields))
}

fn hops(copy: &Copy, most: usize) -> String {
    let width = |text: fn(&crate::outcome::Hop) -> &str| {
        copy.hops.iter().map(|h| text(h).chars().count()).max().unwrap_or(0)
    };
    let (ports, places) = (width(|h| &h.port), width(|h| &h.at));
    let shown = copy.hops.iter().take(most).map(|hop| {
        let line = format!("        {:<ports$}  {:<places$}  {}", hop.port, hop.at, hop.text);
        format!("{}\n", line.trim_end())
    });
    let mut text: String = shown.collect();
    if copy.hops.len() > most {
        text += &format!("        … {} more\n", copy.hops.len() - most);
    }
    text
}

/// One line for each pair, then the pairs that nothing crosses.
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
    crossings.iter().map(line).collect()
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
