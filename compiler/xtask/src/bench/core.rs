//! The group `core`: parsing, checking and verifying, cold.

use crate::bench::figure::Figure;
use crate::bench::{Error, Place, program, write};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
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
    let folder = place.root.join("target/bench/check-10k");
    fs::create_dir_all(&folder).map_err(|e| Error::Io(folder.display().to_string(), e))?;
    write(&folder.join("rdcl.toml"), "name = \"check-10k\"\nversion = \"0.1.0\"\nedition = \"2026\"\n")?;
    for (number, text) in files.iter().enumerate() {
        write(&folder.join(format!("part{number}.rdcl")), text)?;
    }
    let (times, outputs) = cold(place, &["check", "--format", "json"], &folder)?;
    for output in outputs {
        let objects = objects(&output);
        if output.status.code() != Some(0) || objects.len() != 1 {
            return Err(Error::Wrong(format!("core/check-10k: not clean: {objects:?}")));
        }
    }
    let lines: usize = files.iter().map(|f| f.lines().count()).sum();
    Ok(Figure::of("core/check-10k", "ms", times, vec![("lines".into(), lines as u64)]))
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

/// Runs the release binary, each time from nothing; times in milliseconds.
fn cold(place: &Place, arguments: &[&str], path: &Path) -> Result<(Vec<f64>, Vec<Output>), Error> {
    let binary: PathBuf = place.root.join("target/release/rdclc");
    let mut times = Vec::new();
    let mut outputs = Vec::new();
    for _ in 0..place.runs {
        let start = Instant::now();
        let output = Command::new(&binary).args(arguments).arg(path).output();
        let output = output.map_err(|e| Error::Io(binary.display().to_string(), e))?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        outputs.push(output);
    }
    Ok((times, outputs))
}

fn objects(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().filter_map(|l| serde_json::from_str(l).ok()).collect()
}
