//! The table `[dependencies]`: the packages that this one is built on, and where each is.

use super::{Key, NAME, Reader, Value, is_name};
use rdcl_base::{Code, FileSpan};
use rdcl_hir::STD;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A package that a manifest asks for.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Its name, as its own manifest has it.
    pub name: String,
    /// Where it is asked for.
    pub at: FileSpan,
    /// Where it is.
    pub source: Source,
    /// Where it is said which commit; where there is no choice, the same as `at`.
    pub chosen_at: FileSpan,
}

impl Requirement {
    /// Its name as the first word of a path: `-` stands in no word.
    pub fn word(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// Where a package is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a directory, relative to that of the manifest.
    Path(String),
    /// In the root of a repository.
    Git(String, Selector),
}

/// Which commit of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// What it offers without being asked.
    Head,
    /// This one, by its number or the beginning of it.
    Rev(String),
    /// The one of a tag.
    Tag(String),
    /// The last one of a branch.
    Branch(String),
}

impl Selector {
    /// As a key of a manifest and its value.
    pub fn key(&self) -> Option<(&'static str, &str)> {
        match self {
            Selector::Head => None,
            Selector::Rev(text) => Some(("rev", text)),
            Selector::Tag(text) => Some(("tag", text)),
            Selector::Branch(text) => Some(("branch", text)),
        }
    }

    /// The one of such a key.
    pub fn of(key: &str, value: String) -> Option<Selector> {
        match key {
            "rev" => Some(Selector::Rev(value)),
            "tag" => Some(Selector::Tag(value)),
            "branch" => Some(Selector::Branch(value)),
            _ => None,
        }
    }
}

/// What chooses among the commits of a repository; at most one of these.
const SELECTORS: [&str; 3] = ["rev", "tag", "branch"];

/// How an address of a repository may begin. Git knows further ones, of which some run programs.
const SCHEMES: [&str; 4] = ["https://", "ssh://", "http://", "file://"];

impl Reader {
    pub(super) fn dependencies(&mut self, value: &Value<'_>) -> Vec<Requirement> {
        let Some(table) = self.table("dependencies", value) else { return Vec::new() };
        let found: Vec<Requirement> = table.iter().filter_map(|(key, value)| self.dependency(key, value)).collect();
        self.incomplete |= found.len() < table.len();
        found
    }

    fn dependency(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Requirement> {
        let name: &str = key.get_ref();
        if name == STD || !is_name(name) {
            let is_std = format!("`{STD}` is the standard library");
            let message = if name == STD { is_std } else { format!("`{name}` is not a package name, expected {NAME}") };
            return self.refuse(key.span(), message, "");
        }
        let DeValue::Table(table) = value.get_ref() else {
            let found = value.get_ref().type_str();
            let message =
                format!("`{name}` says where it is: `{{ path = \"…\" }}` or `{{ git = \"…\" }}`, found {found}");
            return self.refuse(value.span(), message, "packages come from directories and repositories, by no number");
        };
        self.expect_keys(table, &["path", "git", "rev", "tag", "branch"], " of a dependency");
        let source = self.source(name, table, value)?;
        let chosen = SELECTORS.iter().find_map(|key| table.get(*key)).map_or(key.span(), Spanned::span);
        Some(Requirement { name: name.to_owned(), at: self.at(key.span()), source, chosen_at: self.at(chosen) })
    }

    fn source(&mut self, name: &str, table: &DeTable<'_>, value: &Value<'_>) -> Option<Source> {
        let selectors: Vec<(&Key<'_>, &Value<'_>)> =
            table.iter().filter(|(key, _)| SELECTORS.contains(&&**key.get_ref())).collect();
        match (table.get("path"), table.get("git")) {
            (None, None) => {
                let help = "give it a `path` or a `git`";
                self.refuse(value.span(), format!("`{name}` says nowhere where it is"), help)
            }
            (Some(_), Some(git)) => {
                self.refuse(git.span(), format!("`{name}` has both a `path` and a `git`"), "leave out one of them")
            }
            (Some(path), None) => match selectors.first() {
                Some((key, _)) => {
                    let key_name = key.get_ref();
                    let message = format!("`{key_name}` chooses among the versions of a `git`, and `{name}` has none");
                    self.refuse(key.span(), message, "leave it out")
                }
                None => Some(Source::Path(self.string("path", path)?.to_owned())),
            },
            (None, Some(git)) => self.repository(name, git, &selectors),
        }
    }

    fn repository(&mut self, name: &str, git: &Value<'_>, selectors: &[(&Key<'_>, &Value<'_>)]) -> Option<Source> {
        let address = self.string("git", git)?.to_owned();
        if !SCHEMES.iter().any(|scheme| address.starts_with(scheme)) {
            let help = format!("it begins with one of {}", SCHEMES.join(" "));
            return self.refuse(git.span(), format!("`{address}` is no address of a repository"), &help);
        }
        let mut selectors: Vec<_> = selectors.to_vec();
        selectors.sort_by_key(|(key, _)| SELECTORS.iter().position(|s| *s == &**key.get_ref()));
        match selectors[..] {
            [] => Some(Source::Git(address, Selector::Head)),
            [(key, value)] => Some(Source::Git(address, self.selector(key, value)?)),
            [(first, _), (second, _), ..] => {
                let message = format!("`{name}` has both a `{}` and a `{}`", first.get_ref(), second.get_ref());
                self.refuse(second.span(), message, "leave out one of them")
            }
        }
    }

    fn selector(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Selector> {
        let text = self.string(key.get_ref(), value)?;
        let is_commit = (7..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        if &**key.get_ref() == "rev" && !is_commit {
            let help = "a `rev` has 7 to 40 hexadecimal digits; a branch is chosen by `branch`, a tag by `tag`";
            return self.refuse(value.span(), format!("`{text}` is no number of a commit"), help);
        }
        if !is_reference(text) {
            return self.refuse(value.span(), format!("`{text}` is no name of a {}", key.get_ref()), "");
        }
        Selector::of(key.get_ref(), text.to_owned())
    }

    fn refuse<T>(&mut self, at: std::ops::Range<usize>, message: String, help: &str) -> Option<T> {
        let help = Some(help.to_owned()).filter(|text| !text.is_empty());
        let finding = self.finding(Code::E0006, at, message).with_optional_help(help);
        self.findings.push(finding);
        None
    }
}

/// Whether Git takes a text for the name of a branch or tag, a little stricter than `git check-ref-format`.
fn is_reference(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/+@".contains(c);
    let segments = || text.split('/');
    !text.starts_with('-')
        && text.chars().all(is_plain)
        && !text.contains("..")
        && !text.contains("@{")
        && segments().all(|s| !s.is_empty() && !s.starts_with('.') && !s.ends_with('.') && !s.ends_with(".lock"))
}
