//! The examples verify as their own text says, and the binary agrees.

use crate::binary;
use crate::expect::Expectations;
use crate::program::{self, Depth, Outcome};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};

/// Two trials for each example.
pub fn trials() -> Vec<Trial> {
    let trials = folders().into_iter().flat_map(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (in_process, exit) = (folder.clone(), folder);
        [
            Trial::test(format!("example/{name}"), move || says(&in_process).map_err(Failed::from)),
            Trial::test(format!("example/{name}/exit"), move || exits(&exit).map_err(Failed::from)),
        ]
    });
    trials.collect()
}

/// Every example package, sorted.
pub fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(binary::root().join("examples")).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    folders.retain(|f| f.join("rdcl.toml").exists());
    folders.sort();
    folders
}

fn verified(folder: &Path) -> Outcome {
    program::run(rdclc::load(folder), Depth::Verify)
}

fn says(folder: &Path) -> Result<(), String> {
    let outcome = verified(folder);
    let mut expectations = Expectations::default();
    for (file, text) in outcome.files.iter().filter(|f| !f.0.starts_with("std/")) {
        expectations.read(file, text)?;
    }
    if !expectations.has_verdicts() {
        return Err("the example does not say what its verdicts are".into());
    }
    expectations.compare(&outcome)
}

fn exits(folder: &Path) -> Result<(), String> {
    let violated = verified(folder).verdicts.iter().any(|v| v.1 == "violated");
    let ran = binary::run(folder, &["verify".as_ref(), ".".as_ref()]);
    let wanted = Some(i32::from(violated));
    if ran.code == wanted { Ok(()) } else { Err(format!("exit code {:?}, expected {wanted:?}", ran.code)) }
}
