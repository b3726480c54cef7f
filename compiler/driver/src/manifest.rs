//! The package manifest `rdcl.toml`: `name`, `version` and `edition`, nothing else.

use rdcl_base::{Code, Diagnostic, FileId, FileSpan, Span, nearest};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a manifest must look like; shown where one is missing.
pub const EXAMPLE: &str = "name = \"…\", version = \"0.1.0\" and edition = \"2026\", one per line";

/// What the name of a package is made of.
pub const NAME: &str = "letters, digits, `-` and `_`, beginning with a letter";

const KEYS: [&str; 3] = ["name", "version", "edition"];
const EDITIONS: [&str; 1] = ["2026"];

/// Everything wrong with a manifest.
pub fn check(file: FileId, text: &str) -> Vec<Diagnostic<FileSpan>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return errors.iter().map(|e| malformed(file, e.span(), e.message().to_owned())).collect();
    }
    let table = table.get_ref();
    let unknown = table.keys().filter(|k| !KEYS.contains(&&**k.get_ref())).map(|k| unknown_key(file, k));
    let known = KEYS.into_iter().filter_map(|key| match table.get(key) {
        Some(value) => check_value(file, key, value),
        None => Some(missing_key(file, key)),
    });
    unknown.chain(known).collect()
}

fn check_value(file: FileId, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Diagnostic<FileSpan>> {
    let at = Some(value.span());
    let Some(text) = value.get_ref().as_str() else {
        let found = value.get_ref().type_str();
        return Some(malformed(file, at, format!("`{key}` is a string, found {found}")));
    };
    let wanted = match key {
        "name" if !is_name(text) => NAME,
        "version" if !is_version(text) => "three numbers joined by dots, such as `0.1.0`",
        "edition" if !EDITIONS.contains(&text) => "`2026`",
        _ => return None,
    };
    Some(malformed(file, at, format!("`{text}` is not a package {key}, expected {wanted}")))
}

/// Whether a package can have this name.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

fn unknown_key(file: FileId, key: &Spanned<std::borrow::Cow<'_, str>>) -> Diagnostic<FileSpan> {
    let name = key.get_ref();
    let help = nearest(name, KEYS).map(|k| format!("did you mean `{k}`?"));
    malformed(file, Some(key.span()), format!("unknown key `{name}`, expected `name`, `version` or `edition`"))
        .with_optional_help(help)
}

fn missing_key(file: FileId, key: &str) -> Diagnostic<FileSpan> {
    malformed(file, None, format!("the key `{key}` is missing")).with_help(format!("a manifest has {EXAMPLE}"))
}

fn malformed(file: FileId, at: Option<Range<usize>>, message: String) -> Diagnostic<FileSpan> {
    let at = at.unwrap_or(0..0);
    let span = Span::new(at.start as u32, at.end as u32);
    Diagnostic::new(Code::E0004, FileSpan { file, span }, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        check(FileId(0), text).into_iter().map(|d| d.message).collect()
    }

    #[test]
    fn a_good_manifest_is_clean() {
        assert!(messages("name = \"a-b\"\nversion = \"0.1.0\"\nedition = \"2026\"\n").is_empty());
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(
            messages("name = 7\nverison = \"1\"\nedition = \"2015\"\n"),
            [
                "unknown key `verison`, expected `name`, `version` or `edition`",
                "`name` is a string, found integer",
                "the key `version` is missing",
                "`2015` is not a package edition, expected `2026`",
            ]
        );
        assert_eq!(messages("name = ").len(), 1);
    }
}
