//! Every diagnostic code has its page, every page its code, and all pages the same form.

use rdcl_base::{CODES, Code, CodeInfo};
use std::io;
use std::path::Path;

/// What is wrong with the pages.
pub fn complaints(root: &Path) -> io::Result<Vec<String>> {
    let mut complaints: Vec<String> = CODES.iter().flat_map(page).collect();
    for path in super::files(&root.join("docs/codes"), "md")? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if Code::find(&name).is_none() {
            complaints.push(format!("{}: there is no such code", super::shown(root, &path)));
        }
    }
    Ok(complaints)
}

fn page(info: &CodeInfo) -> Vec<String> {
    let title = format!("# {}: {}", info.code, info.title);
    let mut wanted = vec![title, "## Wrong".to_owned(), "## Right".to_owned()];
    for line in info.page.lines() {
        if wanted.first().is_some_and(|w| w == line) {
            wanted.remove(0);
        }
    }
    wanted.into_iter().map(|line| format!("docs/codes/{}.md: no line `{line}` in its place", info.code)).collect()
}
