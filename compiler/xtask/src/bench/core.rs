//! The group `core`: parsing, checking and verifying, cold.

use crate::bench::cold::{cold, cold_check, objects};
use crate::bench::figure::Figure;
use crate::bench::{Error, Place, program};
use serde_json::Value;
use std::fs;
use std::time::Instant;

/// Measures the group.
///
/// # Errors
/// [`Error`]
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let example = place.root.join("examples/branch/main.rdcl");
    let example = fs::read_to_string(&example).map_err(|e| Error::Io(example.display().to_string(), e))?;
    let files = program::files(&example, 10_000);
    Ok(vec![parse(place, &files)?, check(place, &files)?, verify(place)?])
}

fn parse(place: &Place, files: &[String]) -> Result<Figure, Error> {
    let bytes: usize = files.iter().map(String::len).sum();
    let mut speeds = Vec::new();
    for _ in 0..place.runs {
        let start = Instant::now();
        let errors: usize = files.iter().map(|text| errors(text)).sum();
        speeds.push(bytes as f64 / 1e6 / start.elapsed().as_secs_f64());
        if errors > 0 {
            return Err(Error::Wrong(format!("core/parse: {errors} errors in a text that has none")));
        }
    }
    Ok(Figure::of("core/parse", "MB/s (more)", speeds, vec![("bytes".into(), bytes as u64)]))
}

/// The number of errors in a text.
fn errors(text: &str) -> usize {
    rdcl_syntax::parse_file(text).items.iter().map(|(_, item)| item.errors.len()).sum()
}

fn check(place: &Place, files: &[String]) -> Result<Figure, Error> {
    let times = cold_check(place, "check-10k", files)?;
    Ok(Figure::of("core/check-10k", "ms", times, vec![("lines".into(), program::lines(files))]))
}

fn verify(place: &Place) -> Result<Figure, Error> {
    let (times, outputs) = cold(place, &["verify", "--format", "json"], &place.root.join("examples/branch"))?;
    let mut counters = Vec::new();
    for output in outputs {
        let verdicts: Vec<Value> = objects(&output).into_iter().filter(|o| o["type"] == "verdict").collect();
        if output.status.code() != Some(0) || verdicts.len() < 8 || verdicts.iter().any(|v| v["result"] != "proved") {
            return Err(Error::Wrong(format!("core/verify-branch: not proved: {verdicts:?}")));
        }
        let sum = |key: &str| verdicts.iter().filter_map(|v| v["stats"][key].as_u64()).sum();
        counters = ["states", "solver_calls"].map(|key| (key.to_owned(), sum(key))).to_vec();
        counters.push(("verdicts".to_owned(), verdicts.len() as u64));
    }
    Ok(Figure::of("core/verify-branch", "ms", times, counters))
}
