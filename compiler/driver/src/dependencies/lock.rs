//! The lock file `rdcl.lock`: which commit each repository came to, so that everybody builds the same.
//!
//! It is a function of the packages in it: sorted by name, the same bytes everywhere.

use crate::files;
use crate::input::{Input, read_text};
use crate::manifest::Selector;
use rdcl_base::{Code, Diagnostic, FileSpan, Span};
use serde::Deserialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const NAME: &str = "rdcl.lock";

const HEADER: &str =
    "# What the dependencies in rdcl.toml have come to. Written by rdclc; not to be edited.\nversion = 1\n";

/// A commit of a repository, and what selected it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    pub url: String,
    pub selector: Selector,
    pub commit: String,
}

/// A package of a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    pub name: String,
    /// Relative to the package that is compiled, or to the root of the repository.
    pub path: String,
    pub git: Option<Pinned>,
}

/// A lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    packages: Vec<Locked>,
}

impl Lock {
    pub fn new(mut packages: Vec<Locked>) -> Lock {
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Lock { packages }
    }

    /// The commit that a requirement came to before, if it asks for the same as then.
    pub fn pinned(&self, name: &str, url: &str, selector: &Selector) -> Option<&str> {
        let pinned = self.packages.iter().find(|p| p.name == name)?.git.as_ref()?;
        (pinned.url == url && pinned.selector == *selector).then_some(&pinned.commit)
    }

    fn text(&self) -> String {
        let mut text = HEADER.to_owned();
        for package in &self.packages {
            text += &package.text();
        }
        text
    }
}

impl Locked {
    fn text(&self) -> String {
        let mut text = String::from("\n[[package]]\n");
        let mut line = |key: &str, value: &str| {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{key} = {}", toml::Value::from(value));
        };
        line("name", &self.name);
        if let Some(git) = &self.git {
            line("git", &git.url);
            if let Some((key, value)) = git.selector.key() {
                line(key, value);
            }
            line("commit", &git.commit);
        }
        if !self.path.is_empty() {
            line("path", &self.path);
        }
        text
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    #[serde(default)]
    package: Vec<WrittenPackage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPackage {
    name: String,
    path: Option<String>,
    git: Option<String>,
    rev: Option<String>,
    tag: Option<String>,
    branch: Option<String>,
    commit: Option<String>,
}

impl WrittenPackage {
    fn locked(self) -> Option<Locked> {
        let key = [("rev", self.rev), ("tag", self.tag), ("branch", self.branch)];
        let selector = key.into_iter().find_map(|(key, value)| Selector::of(key, value?)).unwrap_or(Selector::Head);
        let git = match (self.git, self.commit) {
            (Some(url), Some(commit)) if is_commit(&commit) => Some(Pinned { url, selector, commit }),
            (None, None) => None,
            (Some(_), _) | (None, Some(_)) => return None,
        };
        Some(Locked { name: self.name, path: self.path.unwrap_or_default(), git })
    }
}

/// A number that no path and no option can be mistaken for.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Why a lock file is of no use.
pub struct Malformed {
    path: PathBuf,
    text: String,
    at: Span,
    reason: String,
}

impl Malformed {
    pub fn report(self, input: &mut Input) {
        let file = input.add(self.path.to_string_lossy().into_owned(), self.text);
        let message = format!("the lock file is malformed: {}", self.reason);
        let finding = Diagnostic::new(Code::E0014, FileSpan { file, span: self.at }, message)
            .with_help("delete it; it is written again from `rdcl.toml`");
        input.findings.push(finding);
    }
}

/// The lock file of a package; an empty one where there is none.
pub fn read(root: &Path) -> Result<Lock, Malformed> {
    let path = root.join(NAME);
    if !path.exists() {
        return Ok(Lock::default());
    }
    match read_text(&path) {
        Ok(text) => parse(&text).map_err(|(at, reason)| Malformed { path, text, at, reason }),
        Err(_) => {
            let reason = "it cannot be read as text".to_owned();
            Err(Malformed { path, text: String::new(), at: Span::default(), reason })
        }
    }
}

fn parse(text: &str) -> Result<Lock, (Span, String)> {
    let written: Written = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(Span::default(), |s| Span::new(s.start as u32, s.end as u32));
        (at, error.message().to_owned())
    })?;
    if written.version != 1 {
        return Err((Span::default(), format!("its version is {}, expected 1", written.version)));
    }
    let packages: Option<Vec<Locked>> = written.package.into_iter().map(WrittenPackage::locked).collect();
    let packages = packages.ok_or_else(|| (Span::default(), "a `git` has no good `commit`".to_owned()))?;
    Ok(Lock { packages })
}

/// Where the lock file of the package says this.
pub fn place_of(input: &mut Input, said: &str) -> Option<FileSpan> {
    let path = input.root.join(NAME);
    let text = read_text(&path).ok()?;
    let start = text.find(said)? as u32;
    let file = input.add(path.to_string_lossy().into_owned(), text);
    Some(FileSpan { file, span: Span::new(start, start + said.len() as u32) })
}

/// Writes the lock file if it is to change. A package without dependencies needs none. Where nothing in it chooses among
/// commits, nothing is lost if it cannot be written.
pub fn update(input: &mut Input, root: &Path, old: &Lock, new: &Lock, locked: bool) {
    if old == new {
        return;
    }
    let path = root.join(NAME);
    if locked {
        let help = "run `rdclc check` without `--locked`, and keep the file that it writes";
        let at = input.manifest_place();
        let what = if path.exists() { "is not up to date" } else { "is missing" };
        let finding = Diagnostic::new(Code::E0013, at, format!("`{NAME}` {what}, and `--locked` forbids writing it"));
        input.findings.push(finding.with_help(help));
        return;
    }
    let chooses = new.packages.iter().any(|package| package.git.is_some());
    match files::write(&path, new.text().as_bytes()) {
        Err(error) if chooses => input.faults.push(error.to_string()),
        Ok(()) | Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_written_as_it_is_read() {
        let git = Pinned { url: "https://h/\"u".into(), selector: Selector::Tag("v1".into()), commit: "a".repeat(40) };
        let lock = Lock::new(vec![
            Locked { name: "util".into(), path: String::new(), git: Some(git) },
            Locked { name: "acl".into(), path: "../acl".into(), git: None },
        ]);
        assert_eq!(parse(&lock.text()), Ok(lock.clone()));
        assert!(lock.text().starts_with(HEADER));
        assert_eq!(lock.pinned("util", "https://h/\"u", &Selector::Tag("v1".into())), Some(&*"a".repeat(40)));
        assert_eq!(lock.pinned("util", "https://h/\"u", &Selector::Head), None);
    }
}
