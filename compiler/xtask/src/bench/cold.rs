//! Whole processes: the release binary, each time from nothing.

use crate::bench::{Error, Place, write};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

/// Writes a package of these files, and checks it; times in milliseconds.
///
/// # Errors
/// [`Error`]; also when the package is not clean.
pub fn cold_check(place: &Place, name: &str, files: &[String]) -> Result<Vec<f64>, Error> {
    let folder = place.root.join("target/bench").join(name);
    fs::create_dir_all(&folder).map_err(|e| Error::Io(folder.display().to_string(), e))?;
    write(&folder.join("rdcl.toml"), &format!("name = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2026\"\n"))?;
    for (number, text) in files.iter().enumerate() {
        write(&folder.join(format!("part{number}.rdcl")), text)?;
    }
    let (times, outputs) = cold(place, &["check", "--format", "json"], &folder)?;
    for output in outputs {
        let objects = objects(&output);
        if output.status.code() != Some(0) || objects.len() != 1 {
            return Err(Error::Wrong(format!("{name}: not clean: {objects:?}")));
        }
    }
    Ok(times)
}

/// Runs the release binary on a path, as often as is measured; times in milliseconds.
///
/// # Errors
/// [`Error`]
pub fn cold(place: &Place, arguments: &[&str], path: &Path) -> Result<(Vec<f64>, Vec<Output>), Error> {
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

/// The objects of an output in JSON lines.
pub fn objects(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().filter_map(|l| serde_json::from_str(l).ok()).collect()
}
