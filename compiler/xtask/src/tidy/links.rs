//! Relative links in Markdown files lead somewhere.

use std::path::Path;
use std::{fs, io};

/// Links that lead nowhere.
pub fn complaints(root: &Path) -> io::Result<Vec<String>> {
    let mut complaints = Vec::new();
    for path in super::files(root, "md")? {
        let text = fs::read_to_string(&path)?;
        let folder = path.parent().unwrap_or(root);
        let dead = targets(&text).into_iter().filter(|target| !folder.join(target).exists());
        complaints.extend(dead.map(|t| format!("{}: the link to `{t}` leads nowhere", super::shown(root, &path))));
    }
    Ok(complaints)
}

/// The files that `[text](file#section)` names, outside code.
fn targets(text: &str) -> Vec<String> {
    let mut targets = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("_");
        targets.extend(prose.split("](").skip(1).filter_map(target));
    }
    targets
}

fn target(rest: &str) -> Option<String> {
    let target = rest.split_once(')')?.0;
    let file = target.split('#').next().unwrap_or_default();
    (!file.is_empty() && !target.contains("://")).then(|| file.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_relative_links_count() {
        let text = "[a](b.md#c) [x](https://d) [y](#e) `[z](f)` [`code`](g.md)\n```\n[h](i)\n```\n";
        assert_eq!(super::targets(text), ["b.md", "g.md"]);
    }
}
