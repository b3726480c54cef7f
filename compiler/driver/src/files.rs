//! Writing files whole or not at all.

use std::path::{Path, PathBuf};
use std::{fs, io, process};

/// A file or directory could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {source}", path.display())]
pub struct WriteError {
    path: PathBuf,
    source: io::Error,
}

/// Writes a file under a temporary name beside it, then renames it.
///
/// # Errors
/// [`WriteError`]; the temporary file is then removed.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        let _ = fs::remove_file(&temporary);
        WriteError { path: path.to_owned(), source }
    })
}

/// Writes files below a directory: all of them beside their places first, then each into its place.
///
/// # Errors
/// [`WriteError`]; unless it is the last step that fails, no file has changed.
pub fn write_all(directory: &Path, files: &[(&Path, &[u8])]) -> Result<(), WriteError> {
    if files.is_empty() {
        return Ok(());
    }
    make_directory(directory)?;
    let stage = directory.join(format!(".rdclc-{}.tmp", process::id()));
    let written = staged(&stage, directory, files);
    // What is left of it is of no use, and not in the way.
    let _ = fs::remove_dir_all(&stage);
    written
}

fn staged(stage: &Path, directory: &Path, files: &[(&Path, &[u8])]) -> Result<(), WriteError> {
    make_directory(stage)?;
    let from = |number: usize| stage.join(number.to_string());
    for (number, (_, bytes)) in files.iter().enumerate() {
        let path = from(number);
        fs::write(&path, bytes).map_err(|source| WriteError { path, source })?;
    }
    for (number, (path, _)) in files.iter().enumerate() {
        let to = directory.join(path);
        to.parent().map_or(Ok(()), make_directory)?;
        fs::rename(from(number), &to).map_err(|source| WriteError { path: to, source })?;
    }
    Ok(())
}

/// Makes a directory, with those above it, unless it is there.
///
/// # Errors
/// [`WriteError`].
pub fn make_directory(path: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(path).map_err(|source| WriteError { path: path.to_owned(), source })
}
