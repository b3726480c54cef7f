//! The binary, as a user runs it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run of the binary did.
#[derive(Debug)]
pub struct Run {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// How long it took.
    pub took: Duration,
}

/// Runs it in a folder.
pub fn run(folder: &Path, arguments: &[&OsStr]) -> Run {
    run_with(folder, arguments, &[])
}

/// Runs it in a folder, with variables of its environment.
pub fn run_with(folder: &Path, arguments: &[&OsStr], environment: &[(&str, &Path)]) -> Run {
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_rdclc"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the binary can be started");
    Run {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
        took: start.elapsed(),
    }
}

/// Runs it in the root of the repository, on words.
pub fn run_here(line: &str) -> Run {
    run(&root(), &line.split_whitespace().map(OsStr::new).collect::<Vec<_>>())
}

/// Complains of a run, and shows it, unless something holds.
pub fn expect(holds: bool, ran: &Run, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{what}\n{ran:#?}")) }
}

/// Runs it in the root of the repository, on words, and complains of another exit code.
pub fn expect_code(line: &str, code: i32) -> Result<Run, String> {
    let ran = run_here(line);
    expect(ran.code == Some(code), &ran, &format!("`rdclc {line}` exits with {:?}, expected {code}", ran.code))?;
    Ok(ran)
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

/// An empty folder of this name for a test to write in.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the scratch folder can be made");
    folder
}
