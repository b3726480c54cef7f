//! Reports for machines that gather those of many tools: SARIF, JUnit, annotations of GitHub.
//!
//! They are made in the end, from the objects of the machine format; what that format says is all they know.

mod github;
mod junit;
mod sarif;

use rdcl_stdlib::SOURCES;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// SARIF 2.1.0, a standard of OASIS for static analysis.
    Sarif,
    /// Workflow commands that annotate lines of a change.
    Github,
    /// Test suites and cases in XML, as JUnit writes them and build servers read them.
    Junit,
}

impl Report {
    /// The report of these objects, in the order in which they were made.
    pub fn text(self, objects: &[Value]) -> String {
        match self {
            Report::Sarif => sarif::text(objects),
            Report::Github => github::text(objects),
            Report::Junit => junit::text(objects),
        }
    }
}

/// A place in a text, lines and columns from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spot {
    file: String,
    line: u64,
    /// In characters; the machine format counts bytes.
    column: u64,
}

/// The texts that places are in, as far as they can be read; needed to count characters.
#[derive(Default)]
struct Texts {
    read: RefCell<BTreeMap<String, Vec<String>>>,
}

impl Texts {
    /// The place that `file:line:column` says.
    fn spot(&self, place: &Value) -> Option<Spot> {
        let mut parts = place.as_str()?.rsplitn(3, ':');
        let (column, line, file) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        Some(Spot { file: file.to_owned(), line, column: self.characters(file, line, column) })
    }

    fn characters(&self, file: &str, line: u64, column: u64) -> u64 {
        let mut read = self.read.borrow_mut();
        let lines = read.entry(file.to_owned()).or_insert_with(|| lines_of(file));
        let text = line.checked_sub(1).and_then(|line| lines.get(line as usize));
        let before = text.and_then(|text| text.get(..column.saturating_sub(1) as usize));
        before.map_or(column, |before| before.chars().count() as u64 + 1)
    }
}

/// The lines of a file; none of one that cannot be read.
fn lines_of(file: &str) -> Vec<String> {
    let library = SOURCES.iter().find(|source| source.name == file).map(|source| source.text.to_owned());
    let text = library.or_else(|| fs::read_to_string(file).ok()).unwrap_or_default();
    text.trim_start_matches('\u{feff}').lines().map(str::to_owned).collect()
}

fn string<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap_or("")
}

fn list<'v>(object: &'v Value, key: &str) -> &'v [Value] {
    object[key].as_array().map_or(&[], Vec::as_slice)
}

/// The message of a diagnostic, with what is to be done about it.
fn advised(diagnostic: &Value) -> String {
    let notes = list(diagnostic, "notes").iter().filter_map(|note| note.as_str()).map(|note| format!("note: {note}"));
    let help = diagnostic["help"].as_str().map(|help| format!("help: {help}"));
    let lines = std::iter::once(string(diagnostic, "message").to_owned()).chain(notes).chain(help);
    lines.collect::<Vec<_>>().join("\n")
}

/// What a verdict says, in a sentence.
fn verdict_words(verdict: &Value) -> String {
    let (property, result) = (string(verdict, "property"), string(verdict, "result"));
    let reason = verdict["reason"].as_str().or_else(|| verdict["witness"]["outcome"].as_str());
    let because = reason.map_or_else(String::new, |reason| format!(": {reason}")) + &refusal(verdict);
    let packet = verdict["witness"].as_object().map(|witness| {
        let text = |key: &str| witness.get(key).and_then(Value::as_str).unwrap_or("");
        format!("\nthe packet {} that enters at {} shows it", text("hex"), text("port"))
    });
    format!("`{property}` is {result}{because}{}", packet.unwrap_or_default())
}

/// What to add where `--strict` refuses what is assumed.
fn refusal(verdict: &Value) -> String {
    if verdict["refused"] != true {
        return String::new();
    }
    let names: Vec<&str> = list(verdict, "assumes").iter().filter_map(Value::as_str).collect();
    if names.is_empty() {
        return ", which `--strict` refuses".to_owned();
    }
    format!(", but rests on {}, which is only assumed and which `--strict` refuses", names.join(", "))
}

/// How a verdict counts in a report: its result, or `refused`.
fn standing(verdict: &Value) -> &str {
    if verdict["refused"] == true { "refused" } else { string(verdict, "result") }
}

/// What is other than expected in a test, in a few lines.
fn failure_words(failure: &Value) -> String {
    let found: Vec<&str> = list(failure, "found").iter().filter_map(Value::as_str).collect();
    let (sent, expected) = (string(failure, "sent"), string(failure, "expected"));
    format!("sent {sent}\nexpected {expected}\nfound {}", found.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// One of each that a report speaks of.
    fn objects() -> Vec<Value> {
        vec![
            json!({"type": "version", "format_version": "1.0"}),
            json!({"type": "diagnostic", "code": "W0201", "severity": "warning", "message": "`A` <is> & never, used: 5%",
                "at": "src/ä b.rdcl:1:3", "end": "src/ä b.rdcl:1:4", "help": "x", "related": [], "notes": [],
                "fix": {"at": "src/ä b.rdcl:1:3", "end": "src/ä b.rdcl:1:4", "replacement": ""}}),
            json!({"type": "verdict", "property": "A.p", "at": "a.rdcl:2:1", "result": "violated", "assumes": [], "reason": null,
                "witness": {"port": "a", "hex": "45", "outcome": "dropped: x", "path": [{"port": "a", "at": "a.rdcl:3:1"}]},
                "stats": {"states": 1, "solver_calls": 0}}),
            json!({"type": "verdict", "property": "A.q", "at": "a.rdcl:2:9", "result": "proved", "assumes": [], "reason": null,
                "witness": null, "stats": {"states": 1, "solver_calls": 0}}),
            json!({"type": "verdict", "property": "A.r", "at": "a.rdcl:2:9", "result": "proved", "assumes": ["N"], "refused": true,
                "reason": null, "witness": null, "stats": {"states": 1, "solver_calls": 0}}),
            json!({"type": "test", "name": "t", "block": "A", "at": "t.toml:1:1", "result": "failed",
                "failures": [{"at": "t.toml:2:1", "sent": "s", "expected": "e", "found": ["f", "g"]}]}),
        ]
    }

    #[test]
    fn annotations_are_one_line_each() {
        assert_eq!(
            Report::Github.text(&objects()),
            "::warning file=src/ä b.rdcl,line=1,endLine=1,col=3,endColumn=4,title=W0201::`A` <is> & never, used: 5%25%0Ahelp: x\n\
             ::error file=a.rdcl,line=2,col=1,title=A.p::`A.p` is violated: dropped: x%0Athe packet 45 that enters at a shows it\n\
             ::error file=a.rdcl,line=2,col=9,title=A.r::`A.r` is proved, but rests on N, which is only assumed and which `--strict` refuses\n\
             ::error file=t.toml,line=2,col=1,title=t::sent s%0Aexpected e%0Afound f%0Ag\n"
        );
    }

    #[test]
    fn suites_count_their_cases() {
        let text = Report::Junit.text(&objects());
        assert!(
            text.contains("<testsuites name=\"rdclc\" tests=\"5\" failures=\"3\" errors=\"0\" skipped=\"0\">"),
            "{text}"
        );
        assert!(text.contains("<testcase classname=\"promises\" name=\"A.q\"/>"), "{text}");
        assert!(text.contains("W0201: `A` &lt;is&gt; &amp; never, used: 5%"), "{text}");
    }

    #[test]
    fn results_point_into_texts() {
        let log: Value = serde_json::from_str(&Report::Sarif.text(&objects())).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        let kinds: Vec<_> =
            results.iter().map(|r| (string(r, "ruleId"), string(r, "level"), string(r, "kind"))).collect();
        let expected = [
            ("W0201", "warning", "fail"),
            ("promise", "error", "fail"),
            ("promise", "none", "pass"),
            ("promise", "error", "fail"),
            ("test", "error", "fail"),
        ];
        assert_eq!(kinds, expected);
        let location = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], "src/%C3%A4%20b.rdcl");
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        for result in results {
            assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], result["ruleId"]);
        }
    }

    #[test]
    fn columns_count_characters() {
        let texts = Texts::default();
        texts.read.borrow_mut().insert("f".into(), vec!["äb c".into()]);
        let column = |place: &str| texts.spot(&json!(place)).unwrap().column;
        assert_eq!(["f:1:1", "f:1:3", "f:1:4", "g:1:4", "f:9:2"].map(column), [1, 2, 3, 4, 2]);
    }
}
