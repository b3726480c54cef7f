//! Expectations that stand in the text they are about.
//!
//! `//~ ERROR E0503 optional text` on the line concerned, `//~^` on the line below it (one caret a line), `//~v` on the
//! line above it; `ERROR`, `WARNING` or `NOTE`. `//~ VERDICT Branch.ssh violated` anywhere. In tables `#~` does the same.
//! Every diagnostic must be expected and every expectation met; a verdict other than `proved` must be expected too.

use crate::program::{Found, Outcome};
use std::fmt;

/// What a text says about itself.
#[derive(Debug, Default)]
pub struct Expectations {
    diagnostics: Vec<Expected>,
    verdicts: Vec<(String, String)>,
}

#[derive(Debug)]
struct Expected {
    file: String,
    line: usize,
    severity: String,
    code: String,
    text: String,
}

impl Expectations {
    /// Adds those of a file.
    pub fn read(&mut self, file: &str, text: &str) -> Result<(), String> {
        for (number, line) in (1..).zip(text.lines()) {
            let Some((_, rest)) = line.split_once("//~").or_else(|| line.split_once("#~")) else { continue };
            self.read_one(file, number, rest).map_err(|e| format!("{file}:{number}: {e}"))?;
        }
        Ok(())
    }

    fn read_one(&mut self, file: &str, number: usize, rest: &str) -> Result<(), String> {
        let up = rest.len() - rest.trim_start_matches('^').len();
        let down = rest.len() - rest.trim_start_matches('v').len();
        let mut words = rest[up + down..].split_whitespace();
        let (Some(kind), Some(subject)) = (words.next(), words.next()) else {
            return Err(format!("`//~{rest}` expects nothing"));
        };
        let rest = words.collect::<Vec<_>>().join(" ");
        match kind {
            "VERDICT" => self.verdicts.push((subject.to_owned(), rest)),
            "ERROR" | "WARNING" | "NOTE" => self.diagnostics.push(Expected {
                file: file.to_owned(),
                line: number + down - up,
                severity: kind.to_lowercase(),
                code: subject.to_owned(),
                text: rest,
            }),
            _ => return Err(format!("`{kind}` is none of ERROR, WARNING, NOTE, VERDICT")),
        }
        Ok(())
    }

    /// Compares with what was found.
    pub fn compare(&self, outcome: &Outcome) -> Result<(), String> {
        let mut complaints = self.compare_diagnostics(&outcome.diagnostics);
        complaints.extend(self.compare_verdicts(&outcome.verdicts));
        if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
    }

    fn compare_diagnostics(&self, found: &[Found]) -> Vec<String> {
        let mut left: Vec<&Found> = found.iter().collect();
        let mut complaints = Vec::new();
        for expected in &self.diagnostics {
            match left.iter().position(|f| expected.is_met_by(f)) {
                Some(i) => drop(left.remove(i)),
                None => complaints.push(format!("expected, not found: {expected}")),
            }
        }
        complaints.extend(left.iter().map(|f| format!("found, not expected: {f}")));
        complaints
    }

    fn compare_verdicts(&self, found: &[(String, String)]) -> Vec<String> {
        let mut complaints = Vec::new();
        for (name, wanted) in &self.verdicts {
            match found.iter().find(|f| f.0 == *name) {
                Some((_, result)) if result == wanted => {}
                Some((_, result)) => complaints.push(format!("`{name}` is {result}, expected {wanted}")),
                None => complaints.push(format!("there is no verdict about `{name}`")),
            }
        }
        let surprising = found.iter().filter(|f| f.1 != "proved" && !self.verdicts.iter().any(|v| v.0 == f.0));
        complaints.extend(surprising.map(|(name, result)| format!("`{name}` is {result}, which is not expected")));
        complaints
    }

    /// Whether verification is expected to say something.
    pub fn has_verdicts(&self) -> bool {
        !self.verdicts.is_empty()
    }
}

impl Expected {
    fn is_met_by(&self, found: &Found) -> bool {
        found.file == self.file
            && found.line == self.line
            && found.severity == self.severity
            && found.code == self.code
            && found.message.contains(&self.text)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} {} {}", self.file, self.line, self.severity, self.code, self.text)
    }
}
