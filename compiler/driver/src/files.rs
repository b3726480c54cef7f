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

/// Writes a file under a temporary name beside it, then renames it. A device or a pipe is written to, not replaced; of a
/// link, the file it leads to is replaced. What is replaced hands its mode on.
///
/// # Errors
/// [`WriteError`]; the temporary file is then removed.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let written = if is_special(path) { fs::write(path, bytes) } else { replace(&resolved(path), bytes) };
    written.map_err(|source| WriteError { path: path.to_owned(), source })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = fs::metadata(path).ok();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::write(&temporary, bytes)
        .and_then(|()| old.map_or(Ok(()), |old| fs::set_permissions(&temporary, old.permissions())))
        .and_then(|()| fs::rename(&temporary, path));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

/// Whether something is there that is neither a file nor a directory.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Where a file is, or will be, without links; as it is given where there is no such directory.
pub fn resolved(path: &Path) -> PathBuf {
    let in_directory = || Some(fs::canonicalize(directory_of(path)).ok()?.join(path.file_name()?));
    fs::canonicalize(path).ok().or_else(in_directory).unwrap_or_else(|| path.to_owned())
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Finds out early what would keep a file from being written in the end: no directory for it, or one in its place.
///
/// # Errors
/// [`WriteError`].
pub fn expect_place(path: &Path) -> Result<(), WriteError> {
    let is_directory = |path: &Path| fs::metadata(path).map(|found| found.is_dir());
    let problem = match is_directory(directory_of(path)) {
        Ok(true) if is_directory(path).unwrap_or(false) => io::ErrorKind::IsADirectory.into(),
        Ok(true) => return Ok(()),
        Ok(false) => io::ErrorKind::NotADirectory.into(),
        Err(source) => source,
    };
    Err(WriteError { path: path.to_owned(), source: problem })
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
    clear(directory);
    let stage = directory.join(stage_of(&process::id().to_string()));
    let written = staged(&stage, directory, files);
    // What is left of it is of no use, and not in the way.
    let _ = fs::remove_dir_all(&stage);
    written
}

/// Makes a directory with files in it: they are written beside its place first, then moved there in one step. One that
/// is there already keeps its place.
///
/// # Errors
/// [`WriteError`]; there is then no such directory, or, if there was one, what [`write_all`] says.
pub fn make_with(directory: &Path, files: &[(&Path, &[u8])]) -> Result<(), WriteError> {
    if directory.exists() {
        return write_all(directory, files);
    }
    let above = directory_of(directory);
    make_directory(above)?;
    clear(above);
    let stage = above.join(stage_of(&process::id().to_string()));
    let made = filled(&stage, files).and_then(|()| fs::rename(&stage, directory));
    made.map_err(|source| {
        let _ = fs::remove_dir_all(&stage);
        WriteError { path: directory.to_owned(), source }
    })
}

fn filled(directory: &Path, files: &[(&Path, &[u8])]) -> io::Result<()> {
    for (path, bytes) in files {
        let path = directory.join(path);
        fs::create_dir_all(directory_of(&path))?;
        fs::write(path, bytes)?;
    }
    Ok(())
}

/// Where a process writes what it has not put into its place yet.
fn stage_of(process: &str) -> String {
    format!(".rdclc-{process}.tmp")
}

/// Removes what processes have left that were interrupted; those that still run need theirs.
fn clear(directory: &Path) {
    let processes = Path::new("/proc");
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(".rdclc-")?.strip_suffix(".tmp"));
        let is_gone = |process: &str| process.parse::<u32>().is_ok() && !processes.join(process).exists();
        if processes.join("self").exists() && process.is_some_and(is_gone) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn staged(stage: &Path, directory: &Path, files: &[(&Path, &[u8])]) -> Result<(), WriteError> {
    make_directory(stage)?;
    let from = |number: usize| stage.join(number.to_string());
    for (number, (_, bytes)) in files.iter().enumerate() {
        let path = from(number);
        fs::write(&path, bytes).map_err(|source| WriteError { path, source })?;
    }
    let places: Vec<PathBuf> = files.iter().map(|(path, _)| directory.join(path)).collect();
    for to in &places {
        to.parent().map_or(Ok(()), make_directory)?;
        expect_place(to)?;
    }
    for (number, to) in places.into_iter().enumerate() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_interrupted_processes_left_is_removed() {
        let folder = std::env::temp_dir().join(format!("rdclc-files-{}", process::id()));
        // No process has so great a number.
        let (left, running) = (folder.join(stage_of("4294967295")), folder.join(stage_of("1")));
        let strange = folder.join(stage_of("mine"));
        for path in [&left, &running, &strange] {
            fs::create_dir_all(path.join("0")).unwrap();
        }
        write_all(&folder, &[(Path::new("a/b"), b"text")]).unwrap();
        assert_eq!(fs::read(folder.join("a/b")).unwrap(), b"text");
        assert_eq!([left, running, strange].map(|path| path.exists()), [false, true, true]);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
        fs::remove_dir_all(&folder).unwrap();
    }
}
