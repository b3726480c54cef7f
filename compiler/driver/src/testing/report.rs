//! Tests and coverage for people.

use super::coverage::{Never, Report};
use super::play::Failure;
use crate::check::Checked;
use crate::console::Paint;
use rdcl_base::Sources;
use std::path::Path;

/// A line for a test, and below one that failed what is other than expected.
pub fn test(test: (&str, &str), failures: &[Failure], checked: &Checked, style: (bool, bool)) -> String {
    let ((name, at), (short, color)) = (test, style);
    if failures.is_empty() {
        return format!("{}  {name}\n", Paint::Green.on("ok    ", color));
    }
    let word = Paint::Red.on("failed", color);
    if short {
        return failures.iter().map(|f| format!("{word}  {name}  {}\n", checked.sources.place(f.at))).collect();
    }
    let mut text = format!("{word}  {name}  ({at})\n");
    for failure in failures {
        text += &format!("        at        {}\n", checked.sources.place(failure.at));
        text += &format!("        sent      {}\n", failure.sent);
        text += &format!("        expected  {}\n", failure.expected);
        let mut label = "found";
        for line in &failure.found {
            text += &format!("        {label:<8}  {line}\n");
            label = "";
        }
    }
    text
}

/// The most lines of what was never taken.
const MOST: usize = 200;

/// How much was taken, and what never was; of which package, where there are several.
pub fn coverage(of: Option<&Path>, report: &Report, sources: &Sources) -> String {
    let mut text = of.map_or_else(|| "coverage\n".to_owned(), |path| format!("coverage of {}\n", path.display()));
    if report.counts.values().all(|(_, of)| *of == 0) {
        text += "  nothing to take: no block of the package can be tested by itself\n";
    }
    for (kind, (taken, of)) in report.counts.iter().filter(|(_, (_, of))| *of > 0) {
        let plural = format!("{}s", kind.word());
        text += &format!("  {plural:<10}  {taken} of {of} ({}%)\n", percentage(*taken, *of));
    }
    if !report.never.is_empty() {
        text += "never taken\n";
    }
    let line = |never: &Never| {
        let line = sources.line(never.at.file, never.at.span.start).trim();
        let what = if never.which.is_empty() { line.to_owned() } else { format!("{}  ({line})", never.which) };
        format!("  {}  {what}\n", sources.place(never.at))
    };
    text += &report.never.iter().take(MOST).map(line).collect::<String>();
    if report.never.len() > MOST {
        text += &format!("  … and {} more\n", report.never.len() - MOST);
    }
    text
}

/// Rounded down, so that 100 means all.
fn percentage(taken: usize, of: usize) -> usize {
    taken * 100 / of.max(1)
}
