//! Witnesses as files: a capture for packet tools, and the run in words.

use crate::files::{self, WriteError};
use crate::human;
use crate::outcome::{Conclusion, Entry, PropertyResult, Trace};
use crate::pcap::{self, LinkType};
use std::path::Path;

/// Writes `PROPERTY.pcap` and `PROPERTY.txt` for each violated property.
///
/// # Errors
/// [`WriteError`]
pub fn write_all(directory: &Path, results: &[PropertyResult]) -> Result<(), WriteError> {
    files::make_directory(directory)?;
    for result in results {
        if let Conclusion::Violated(trace) = &result.result {
            write_one(directory, result, trace)?;
        }
    }
    Ok(())
}

fn write_one(directory: &Path, result: &PropertyResult, trace: &Trace) -> Result<(), WriteError> {
    let name = file_name(&result.property);
    for (ending, capture) in captures(trace) {
        files::write(&directory.join(format!("{name}{ending}")), &capture)?;
    }
    let text = format!(
        "{} is violated: {}\n{}\n\n{}",
        result.property,
        trace.outcome,
        result.at,
        human::trace(trace, human::Detail::Full, false)
    );
    files::write(&directory.join(format!("{name}.txt")), text.as_bytes())
}

/// The packets of a run, in order. A capture holds packets of one kind of link, so a run over two kinds makes two.
fn captures(trace: &Trace) -> Vec<(&'static str, Vec<u8>)> {
    let entries: Vec<&Entry> = trace.history.iter().chain([&trace.packet]).collect();
    let of = |link: LinkType| {
        pcap::capture(link, entries.iter().filter(|e| e.link == link).map(|e| (e.now, e.bytes.as_slice())))
    };
    let other = entries.iter().find(|e| e.link != trace.packet.link);
    let before = other.map(|e| (".before.pcap", of(e.link)));
    [(".pcap", of(trace.packet.link))].into_iter().chain(before).collect()
}

/// The name of a property, with what a file name had better not hold replaced.
fn file_name(property: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-=[]".contains(c) { c } else { '_' };
    property.chars().map(plain).collect()
}
