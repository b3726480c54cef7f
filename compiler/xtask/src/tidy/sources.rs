//! Rust files: none too long without a reason, no gaps left for later, crate roots that are tables of contents.

use std::path::Path;
use std::{fs, io};

const LONGEST: usize = 500;
const REASON: &str = "Longer than 500 lines because";
const LONGEST_ROOT: usize = 65;

/// What is wrong with the sources.
pub fn complaints(root: &Path) -> io::Result<Vec<String>> {
    let mut complaints = Vec::new();
    for path in super::files(root, "rs")? {
        let text = fs::read_to_string(&path)?;
        let name = super::shown(root, &path);
        complaints.extend(too_long(&text).map(|c| format!("{name}: {c}")));
        complaints.extend(gaps(&text).into_iter().map(|c| format!("{name}: {c}")));
        if name.ends_with("src/lib.rs") {
            complaints.extend(root_with_code(&text).map(|c| format!("{name}: {c}")));
        }
        if name.ends_with("/mod.rs") {
            complaints.push(format!("{name}: a module is named for its concept, not `mod`"));
        }
    }
    Ok(complaints)
}

fn too_long(text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > LONGEST && !text.contains(REASON)).then(|| format!("{lines} lines, and no comment `{REASON} …`"))
}

/// Words that stand for work not done; put together here, so that this file does not hold them.
fn gaps(text: &str) -> Vec<String> {
    let words = [["to", "do!("], ["unimple", "mented!("], ["#[ig", "nore"], ["dbg", "!("]].map(|w| w.concat());
    words.iter().filter(|w| text.contains(*w)).map(|w| format!("holds `{w}`")).collect()
}

fn root_with_code(text: &str) -> Option<String> {
    let lines = text.lines().count();
    let has_code = text.lines().any(|l| l.starts_with("fn ") || l.starts_with("pub fn ") || l.starts_with("impl"));
    (has_code || lines > LONGEST_ROOT).then(|| "a crate root is a table of contents".to_owned())
}
