//! The repository's rules about itself, as a test and as `cargo run -p xtask -- tidy`.

mod codes;
mod crates;
mod links;
mod sources;

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Every complaint about the repository, sorted.
///
/// # Errors
/// When the repository cannot be read.
pub fn complaints(root: &Path) -> io::Result<Vec<String>> {
    let mut complaints = crates::complaints(root)?;
    complaints.extend(codes::complaints(root)?);
    complaints.extend(links::complaints(root)?);
    complaints.extend(sources::complaints(root)?);
    complaints.sort();
    Ok(complaints)
}

/// Every file below a folder with this extension, sorted, not entering hidden folders, `target` and `node_modules`.
fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A path as seen from the root.
fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        let complaints = super::complaints(&crate::root()).unwrap();
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    }
}
