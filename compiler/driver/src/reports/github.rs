//! Workflow commands of GitHub: a line for each annotation.
//!
//! Source: "Workflow commands for GitHub Actions", GitHub Docs.

use super::{Texts, advised, failure_words, list, standing, string, verdict_words};
use serde_json::Value;

pub fn text(objects: &[Value]) -> String {
    let texts = Texts::default();
    let mut out = String::new();
    for object in objects {
        match string(object, "type") {
            "diagnostic" => {
                let level = if string(object, "severity") == "note" { "notice" } else { string(object, "severity") };
                out += &command(&texts, level, (object, string(object, "code")), &advised(object));
            }
            "verdict" => {
                let level = match standing(object) {
                    "violated" | "refused" => "error",
                    "undecided" => "warning",
                    _ => continue,
                };
                out += &command(&texts, level, (object, string(object, "property")), &verdict_words(object));
            }
            "test" => {
                let name = string(object, "name");
                let failures = list(object, "failures").iter();
                out += &failures.map(|f| command(&texts, "error", (f, name), &failure_words(f))).collect::<String>();
            }
            _ => {}
        }
    }
    out
}

/// An annotation at the place of an object, with a title.
fn command(texts: &Texts, level: &str, about: (&Value, &str), message: &str) -> String {
    let (object, title) = about;
    let mut properties = Vec::new();
    if let Some(at) = texts.spot(&object["at"]) {
        let end = texts.spot(&object["end"]);
        properties.push(format!("file={}", property(&at.file)));
        properties.push(format!("line={}", at.line));
        properties.extend(end.as_ref().map(|end| format!("endLine={}", end.line)));
        properties.push(format!("col={}", at.column));
        properties.extend(end.map(|end| format!("endColumn={}", end.column)));
    }
    properties.push(format!("title={}", property(title)));
    format!("::{level} {}::{}\n", properties.join(","), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
