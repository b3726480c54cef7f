//! SARIF: one log with one run, a result for each diagnostic, promise and test.
//!
//! Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0. A violated promise has its witness as
//! a code flow: the instructions that decided, hop by hop.

use super::{Spot, Texts, advised, failure_words, list, standing, string, verdict_words};
use rdcl_base::lints::Lint;
use rdcl_base::{CODES, Code, CodeInfo};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Rules besides the codes of diagnostics, and what they say.
const OTHER_RULES: [(&str, &str); 2] = [("promise", "a promise holds of every packet"), ("test", "a test passes")];

pub fn text(objects: &[Value]) -> String {
    let rules = rules(objects);
    let writer =
        Writer { texts: Texts::default(), ids: rules.iter().map(|rule| string(rule, "id").to_owned()).collect() };
    let results: Vec<Value> = objects.iter().flat_map(|object| writer.results(object)).collect();
    let driver = json!({"name": "rdclc", "version": env!("CARGO_PKG_VERSION"), "rules": rules});
    let run = json!({"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results});
    let log = json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]});
    format!("{log:#}\n")
}

/// The rules that results speak of.
fn rules(objects: &[Value]) -> Vec<Value> {
    let said: BTreeSet<&str> = objects.iter().map(|object| string(object, "code")).collect();
    let code = |info: &&CodeInfo| said.contains(info.code.as_str());
    let other = |(id, text): &(&str, &str)| json!({"id": id, "shortDescription": {"text": text}});
    CODES.iter().filter(code).map(rule).chain(OTHER_RULES.iter().map(other)).collect()
}

fn rule(info: &CodeInfo) -> Value {
    let level = level(info.code);
    let mut rule = json!({
        "id": info.code.as_str(),
        "shortDescription": {"text": info.title},
        "help": {"text": info.page, "markdown": info.page},
        "defaultConfiguration": {"level": level},
    });
    if let Some(lint) = Lint::of(info.code) {
        rule["name"] = json!(lint.name);
    }
    rule
}

fn level(code: Code) -> &'static str {
    code.severity().word()
}

struct Writer {
    texts: Texts,
    /// The rules, in order.
    ids: Vec<String>,
}

impl Writer {
    fn results(&self, object: &Value) -> Vec<Value> {
        match string(object, "type") {
            "diagnostic" => vec![self.diagnostic(object)],
            "verdict" => vec![self.verdict(object)],
            "test" => self.test(object),
            _ => Vec::new(),
        }
    }

    fn result(&self, rule: &str, outcome: (&str, &str), text: &str, at: &Value) -> Map<String, Value> {
        let (kind, level) = outcome;
        let mut result = Map::new();
        result.insert("ruleId".into(), json!(rule));
        if let Some(index) = self.ids.iter().position(|id| id == rule) {
            result.insert("ruleIndex".into(), json!(index));
        }
        result.insert("kind".into(), json!(kind));
        result.insert("level".into(), json!(level));
        result.insert("message".into(), json!({"text": text}));
        let locations: Vec<Value> = self.location(at).into_iter().collect();
        result.insert("locations".into(), json!(locations));
        result
    }

    fn diagnostic(&self, object: &Value) -> Value {
        let outcome = ("fail", string(object, "severity"));
        let mut result = self.result(string(object, "code"), outcome, &advised(object), object);
        let related = list(object, "related").iter().filter_map(|related| {
            let mut location = self.location(related)?;
            location["message"] = json!({"text": string(related, "message")});
            Some(location)
        });
        let related: Vec<Value> = related.collect();
        if !related.is_empty() {
            result.insert("relatedLocations".into(), json!(related));
        }
        if let Some((artifact, region)) = self.region(&object["fix"]) {
            let text = string(&object["fix"], "replacement");
            let replacement = json!({"deletedRegion": region, "insertedContent": {"text": text}});
            let change = json!({"artifactLocation": artifact, "replacements": [replacement]});
            result.insert("fixes".into(), json!([{"artifactChanges": [change]}]));
        }
        Value::Object(result)
    }

    fn verdict(&self, object: &Value) -> Value {
        let outcome = match standing(object) {
            "violated" | "refused" => ("fail", "error"),
            "undecided" => ("open", "none"),
            "assumed" => ("informational", "none"),
            _ => ("pass", "none"),
        };
        let mut result = self.result("promise", outcome, &verdict_words(object), object);
        let hops = list(&object["witness"], "path").iter().filter_map(|hop| {
            let mut location = self.location(hop)?;
            location["message"] = json!({"text": format!("at {}", string(hop, "port"))});
            Some(json!({"location": location}))
        });
        let hops: Vec<Value> = hops.collect();
        if !hops.is_empty() {
            result.insert("codeFlows".into(), json!([{"threadFlows": [{"locations": hops}]}]));
        }
        Value::Object(result)
    }

    fn test(&self, object: &Value) -> Vec<Value> {
        let name = string(object, "name");
        let failures = list(object, "failures");
        if failures.is_empty() {
            let text = format!("`{name}` passes");
            return vec![Value::Object(self.result("test", ("pass", "none"), &text, object))];
        }
        let failed = |failure: &Value| {
            let text = format!("`{name}` fails\n{}", failure_words(failure));
            Value::Object(self.result("test", ("fail", "error"), &text, failure))
        };
        failures.iter().map(failed).collect()
    }

    fn location(&self, object: &Value) -> Option<Value> {
        let (artifact, region) = self.region(object)?;
        Some(json!({"physicalLocation": {"artifactLocation": artifact, "region": region}}))
    }

    /// The file and the range of an object with `at`, and perhaps `end`.
    fn region(&self, object: &Value) -> Option<(Value, Value)> {
        let Spot { file, line, column } = self.texts.spot(&object["at"])?;
        let mut region = json!({"startLine": line, "startColumn": column});
        if let Some(end) = self.texts.spot(&object["end"]) {
            region["endLine"] = json!(end.line);
            region["endColumn"] = json!(end.column);
        }
        Some((json!({"uri": uri(&file)}), region))
    }
}

/// A path as a reference of RFC 3986: relative ones stay relative.
fn uri(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let text: String =
        path.bytes().map(|b| if is_plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    if Path::new(path).is_absolute() { format!("file://{text}") } else { text }
}
