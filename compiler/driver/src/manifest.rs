//! The package manifest `rdcl.toml`: what a package is called, what it is built on, and what is warned of in it.

mod dependency;
mod lints;

pub use dependency::{Requirement, Selector, Source};

use rdcl_base::lints::{Level, Lint};
use rdcl_base::{Code, Diagnostic, FileId, FileSpan, Span, nearest};
use rdcl_hir::STD;
use rdcl_syntax::parse_file;
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a manifest must look like; shown where one is missing.
pub const EXAMPLE: &str = "name = \"…\", version = \"0.1.0\" and edition = \"2026\", one per line";

/// What the name of a package is made of.
pub const NAME: &str = "letters, digits, `-` and `_`, beginning with a letter, and no word of the language";

const MANDATORY: [&str; 3] = ["name", "version", "edition"];
const KEYS: [&str; 5] = ["name", "version", "edition", "dependencies", "lints"];
const EDITIONS: [&str; 1] = ["2026"];

/// What a manifest says.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// The package's name, if it has a good one.
    pub name: Option<String>,
    /// Its version, if it has a good one.
    pub version: Option<String>,
    /// The packages it is built on.
    pub dependencies: Vec<Requirement>,
    /// What it says about lints.
    pub lints: Vec<(&'static Lint, Level)>,
    /// Whether there may be dependencies that it does not say: some are described wrongly.
    pub incomplete: bool,
}

/// What a manifest says, and everything that is wrong with it.
pub fn read(file: FileId, text: &str) -> (Manifest, Vec<Diagnostic<FileSpan>>) {
    let mut reader = Reader { file, findings: Vec::new(), incomplete: false };
    let manifest = reader.manifest(text);
    (manifest, reader.findings)
}

type Key<'t> = Spanned<Cow<'t, str>>;
type Value<'t> = Spanned<DeValue<'t>>;

/// A reading under way.
struct Reader {
    file: FileId,
    findings: Vec<Diagnostic<FileSpan>>,
    /// Whether a dependency has been left out.
    incomplete: bool,
}

impl Reader {
    fn manifest(&mut self, text: &str) -> Manifest {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            errors.iter().for_each(|e| self.malformed(e.span(), e.message()));
            return Manifest { incomplete: true, ..Manifest::default() };
        }
        let table = table.get_ref();
        self.expect_keys(table, &KEYS, "");
        for key in MANDATORY.into_iter().filter(|key| !table.contains_key(*key)) {
            self.findings.push(missing_key(self.at(0..0), key));
        }
        let mut text = |key: &str| table.get(key).and_then(|value| self.text(key, value));
        let (name, version) = (text("name"), text("version"));
        text("edition");
        Manifest {
            name,
            version,
            dependencies: table.get("dependencies").map_or_else(Vec::new, |value| self.dependencies(value)),
            lints: table.get("lints").map_or_else(Vec::new, |value| self.lints(value)),
            incomplete: self.incomplete,
        }
    }

    /// A mandatory value, if it is a good one.
    fn text(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        let text = self.string(key, value)?;
        let wanted = match key {
            "name" if !is_name(text) => NAME,
            "version" if !is_version(text) => "three numbers joined by dots, such as `0.1.0`",
            "edition" if !EDITIONS.contains(&text) => "`2026`",
            _ => return Some(text.to_owned()),
        };
        let finding =
            self.finding(Code::E0004, value.span(), format!("`{text}` is not a package {key}, expected {wanted}"));
        let help = (key == "edition").then(|| "this rdclc knows one edition: `edition = \"2026\"`".to_owned());
        self.findings.push(finding.with_optional_help(help));
        None
    }

    fn string<'v>(&mut self, key: &str, value: &'v Value<'_>) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(key, "a string", value);
        }
        text
    }

    fn table<'v, 't>(&mut self, key: &str, value: &'v Value<'t>) -> Option<&'v DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(key, "a table", value);
        }
        table
    }

    fn wrong_type(&mut self, key: &str, wanted: &str, value: &Value<'_>) {
        let found = value.get_ref().type_str();
        self.malformed(Some(value.span()), &format!("`{key}` is {wanted}, found {found}"));
    }

    /// Warns of every key that is none of these.
    fn expect_keys(&mut self, table: &DeTable<'_>, known: &[&str], place: &str) {
        for key in table.keys().filter(|key| !known.contains(&&**key.get_ref())) {
            let at = self.at(key.span());
            self.findings.push(unknown_key(at, key.get_ref(), known, place));
        }
    }

    fn malformed(&mut self, at: Option<Range<usize>>, message: &str) {
        let finding = self.finding(Code::E0004, at.unwrap_or(0..0), message.to_owned());
        self.findings.push(finding);
    }

    fn finding(&self, code: Code, at: Range<usize>, message: String) -> Diagnostic<FileSpan> {
        Diagnostic::new(code, self.at(at), message)
    }

    fn at(&self, range: Range<usize>) -> FileSpan {
        FileSpan { file: self.file, span: Span::new(range.start as u32, range.end as u32) }
    }
}

/// Whether a package can have this name.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && text != STD
        && is_word(&text.replace('-', "_"))
}

/// Whether a text can be a word of a path; those of the language cannot.
pub fn is_word(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain && parse_file(&format!("use {text}::A;")).items.iter().all(|(_, item)| item.errors.is_empty())
}

fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

fn unknown_key(at: FileSpan, name: &str, known: &[&str], place: &str) -> Diagnostic<FileSpan> {
    let (last, others) = known.split_last().expect("every table has keys");
    let others: Vec<String> = others.iter().map(|key| format!("`{key}`")).collect();
    let message = format!("unknown key `{name}`{place}, expected {} or `{last}`", others.join(", "));
    let near = nearest(name, known.iter().copied());
    let mut finding =
        Diagnostic::new(Code::W0001, at, message).with_optional_help(near.map(|key| format!("did you mean `{key}`?")));
    finding.fix = near.map(|key| rdcl_base::Fix { at, replacement: key.to_owned() });
    finding
}

fn missing_key(at: FileSpan, key: &str) -> Diagnostic<FileSpan> {
    Diagnostic::new(Code::E0004, at, format!("the key `{key}` is missing"))
        .with_help(format!("a manifest has {EXAMPLE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"a-b\"\nversion = \"0.1.0\"\nedition = \"2026\"\n";

    fn messages(text: &str) -> Vec<String> {
        read(FileId(0), text).1.into_iter().map(|d| d.message).collect()
    }

    #[test]
    fn a_good_manifest_is_clean() {
        assert!(messages(GOOD).is_empty());
        let all = "[dependencies]\nacl = { path = \"../acl\" }\nu-1 = { git = \"https://h/u\", tag = \"v1\" }\n\
                   [lints]\nunused_import = \"deny\"\n";
        let (manifest, findings) = read(FileId(0), &format!("{GOOD}{all}"));
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(manifest.dependencies.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["acl", "u-1"]);
        assert_eq!(manifest.lints.len(), 1);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(
            messages("name = 7\nverison = \"1\"\nedition = \"2015\"\n"),
            [
                "unknown key `verison`, expected `name`, `version`, `edition`, `dependencies` or `lints`",
                "the key `version` is missing",
                "`name` is a string, found integer",
                "`2015` is not a package edition, expected `2026`",
            ]
        );
        assert_eq!(messages("name = ").len(), 1);
    }

    #[test]
    fn faults_of_dependencies_and_lints_are_named() {
        let messages = |rest: &str| messages(&format!("{GOOD}{rest}"));
        assert_eq!(messages("dependencies = 3\n"), ["`dependencies` is a table, found integer"]);
        let one = |value: &str| messages(&format!("[dependencies]\nacl = {value}\n"));
        assert_eq!(one("\"1.0\""), ["`acl` says where it is: `{ path = \"…\" }` or `{ git = \"…\" }`, found string"]);
        assert_eq!(one("{}"), ["`acl` says nowhere where it is"]);
        assert_eq!(one("{ path = \"a\", git = \"https://h/u\" }"), ["`acl` has both a `path` and a `git`"]);
        assert_eq!(
            one("{ path = \"a\", tag = \"v1\" }"),
            ["`tag` chooses among the versions of a `git`, and `acl` has none"]
        );
        let two = one("{ git = \"https://h/u\", tag = \"v1\", branch = \"b\" }");
        assert_eq!(two, ["`acl` has both a `tag` and a `branch`"]);
        assert_eq!(one("{ git = \"ext::sh\" }").len(), 1);
        assert_eq!(one("{ git = \"https://h/u\", rev = \"main\" }").len(), 1);
        assert_eq!(messages("[dependencies]\nstd = { path = \"a\" }\n"), ["`std` is the standard library"]);
        assert_eq!(messages("[lints]\nunused_inport = \"warn\"\n"), ["there is no lint `unused_inport`"]);
        assert_eq!(messages("[lints]\nunused_import = \"off\"\n").len(), 1);
        let (_, found) = read(FileId(0), &format!("{GOOD}[lints]\nW0201 = \"deny\"\n"));
        assert_eq!(found[0].fix.as_ref().map(|fix| fix.replacement.as_str()), Some("unused_import"));
    }
}
