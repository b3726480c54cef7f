//! Paths for people.

use super::{Shown, compat_counts};
use crate::console::Paint;
use rdcl_sefl::{HeaderField, Metadata, Options, Outcome, Path};

/// How paths are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// A line for each.
    pub short: bool,
}

/// A path: what became of it, and below that what it carried and which packets take it.
pub fn path(number: usize, path: &Path, shown: &Shown<'_>, style: Style) -> String {
    let paint = match path.outcome {
        Outcome::Delivered => Paint::Green,
        Outcome::Dropped | Outcome::Undecided => Paint::Yellow,
        Outcome::Infeasible => Paint::Dim,
        Outcome::MemoryError | Outcome::ModelError => Paint::Red,
    };
    let word = path.outcome.word().replace('_', " ");
    let mut text = format!("path {number}: {}", paint.on(&word, style.color));
    if !path.ports.is_empty() {
        text += &format!(" at {}", path.ports.join(", "));
    }
    if let Some(message) = &path.message {
        text += &format!(": {message}");
    }
    if let Some(code) = path.code {
        text += &format!(" [{code}]");
    }
    if let Some(place) = shown.place(path) {
        text += &format!(" ({place})");
    }
    text += "\n";
    if style.short || path.outcome == Outcome::Infeasible {
        return text;
    }
    for line in details(path, shown) {
        text += &format!("    {line}\n");
    }
    text
}

fn details(path: &Path, shown: &Shown<'_>) -> Vec<String> {
    let mut lines: Vec<String> = path.help.iter().map(|help| format!("help: {help}")).collect();
    for (node, did) in &path.trace {
        let (line, text) = shown.line(*node);
        lines.push(format!("line {line}: {text}: {did}"));
    }
    lines.extend(path.condition.iter().map(|condition| format!("if {condition}")));
    if !path.model.is_empty() && !path.condition.is_empty() {
        let model: Vec<String> = path.model.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        lines.push(format!("for example {}", model.join(", ")));
    }
    if !path.tags.is_empty() {
        let tags: Vec<String> = path.tags.iter().map(|(tag, at)| format!("{tag} at {at}")).collect();
        lines.push(format!("tags: {}", tags.join(", ")));
    }
    lines.extend(path.metadata.iter().map(metadata));
    lines.extend(path.fields.iter().map(field));
    lines
}

fn metadata(m: &Metadata) -> String {
    let value = m.value.as_deref().unwrap_or("(no value)");
    match m.width {
        Some(width) => format!("{} = {value}  ({width} bits)", m.name),
        None => format!("{} = {value}", m.name),
    }
}

fn field(f: &HeaderField) -> String {
    format!("[{} : {}] {} = {}", f.at, f.width, f.name, f.value.as_deref().unwrap_or("(no value)"))
}

/// `2 delivered, 1 dropped`, and what SymNet would count.
pub fn summary(summary: &[(Outcome, usize)], options: &Options) -> String {
    let parts = summary.iter().filter(|(outcome, count)| *count > 0 || *outcome == Outcome::Delivered);
    let parts: Vec<String> = parts.map(|(outcome, count)| format!("{count} {}", words(*outcome, *count))).collect();
    let mut text = format!("{}\n", parts.join(", "));
    if options.compat {
        let (ok, failed) = compat_counts(summary);
        text += &format!("as SymNet counts: {ok} ok, {failed} failed\n");
    }
    text
}

fn words(outcome: Outcome, count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    match outcome {
        Outcome::MemoryError | Outcome::ModelError => format!("{}{plural}", outcome.word().replace('_', " ")),
        Outcome::Delivered | Outcome::Dropped | Outcome::Infeasible | Outcome::Undecided => outcome.word().to_owned(),
    }
}
