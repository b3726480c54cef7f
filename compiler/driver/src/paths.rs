//! Paths as they are kept in files and shown to people: where the one lies from the other, and from here.

use std::env;
use std::path::{Component, Path, PathBuf};

/// The whole path, with links followed as far as it leads to something; what is not there yet stays as it is given.
pub fn whole(path: &Path) -> PathBuf {
    let absolute = env::current_dir().unwrap_or_default().join(path);
    let known = absolute.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    let rest = known.as_ref().and_then(|(above, _)| absolute.strip_prefix(above).ok());
    match (&known, rest) {
        (Some((_, found)), Some(rest)) => straight(&found.join(rest)),
        _ => straight(&absolute),
    }
}

/// The path without `.` and `..`.
fn straight(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                found.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => found.push(component),
        }
    }
    found
}

/// How to get from a directory to a path, with `/` between names.
pub fn between(from: &Path, to: &Path) -> String {
    let (from, to) = (whole(from), whole(to));
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| "..".into());
    let down = to.components().skip(common).map(|name| name.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<String>>().join("/")
}

/// The path as seen from the working directory, if it lies below that; otherwise whole.
pub fn from_here(path: &Path) -> PathBuf {
    let (path, here) = (whole(path), whole(Path::new("")));
    path.strip_prefix(&here).map_or(path.clone(), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_leads_to_another() {
        let here = whole(Path::new(""));
        assert_eq!(between(Path::new("no/where"), Path::new("src/lib.rs")), "../../src/lib.rs");
        assert_eq!(between(Path::new(""), Path::new("./src/../src")), "src");
        assert_eq!(between(&here, &here), "");
        assert_eq!(from_here(&here.join("no/../where")), Path::new("where"));
        assert_eq!(from_here(Path::new("/no/where")), Path::new("/no/where"));
    }
}
