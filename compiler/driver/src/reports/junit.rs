//! Test suites in XML: a case for each promise and each test, and one for each error of a source.
//!
//! There is no standard; written is what the common readers agree about: `testsuites`, `testsuite`, `testcase`, `failure`,
//! `error`, `system-out`.

use super::{advised, failure_words, list, standing, string, verdict_words};
use serde_json::Value;
use std::collections::HashMap;

/// A case, and what is wrong with it.
struct Case {
    name: String,
    fault: Option<Fault>,
}

/// What is wrong with a case.
struct Fault {
    /// `failure`: it is not so; `error`: it cannot be told.
    tag: &'static str,
    message: String,
    text: String,
}

pub fn text(objects: &[Value]) -> String {
    let of = |kind: &'static str| objects.iter().filter(move |object| string(object, "type") == kind);
    let is_error = |object: &&Value| string(object, "severity") == "error";
    let mut diagnostics: Vec<Case> = of("diagnostic").filter(is_error).map(diagnostic).collect();
    number_repeated(&mut diagnostics);
    if diagnostics.is_empty() {
        diagnostics.push(Case { name: "no errors".to_owned(), fault: None });
    }
    let warnings: String = of("diagnostic").filter(|object| !is_error(object)).map(warning).collect();
    let promises: Vec<Case> = of("verdict").map(verdict).collect();
    let tests: Vec<Case> = of("test").map(test).collect();
    let suites =
        [("sources", diagnostics, warnings), ("promises", promises, String::new()), ("tests", tests, String::new())];
    let suites = suites.into_iter().filter(|(_, cases, _)| !cases.is_empty());
    let (mut body, mut all) = (String::new(), [0; 3]);
    for (name, cases, said) in suites {
        let counts = counts(&cases);
        body += &format!("  <testsuite name=\"{name}\" {}>\n", attributes(counts));
        body += &cases.iter().map(|case| element(name, case)).collect::<String>();
        if !said.is_empty() {
            body += &format!("    <system-out>{}</system-out>\n", escaped(&said));
        }
        body += "  </testsuite>\n";
        all = [0, 1, 2].map(|i| all[i] + counts[i]);
    }
    let attributes = attributes(all);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rdclc\" {attributes}>\n{body}</testsuites>\n"
    )
}

fn diagnostic(object: &Value) -> Case {
    let name = format!("{} {}", string(object, "at"), string(object, "code"));
    let fault = Fault { tag: "error", message: string(object, "message").to_owned(), text: advised(object) };
    Case { name, fault: Some(fault) }
}

/// Gives the second case of a name, and further ones, names of their own.
fn number_repeated(cases: &mut [Case]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for case in cases {
        let times = seen.entry(case.name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            case.name = format!("{} ({times})", case.name);
        }
    }
}

fn warning(object: &Value) -> String {
    let (at, severity, code) = (string(object, "at"), string(object, "severity"), string(object, "code"));
    format!("{at}: {severity} {code}: {}\n", string(object, "message"))
}

fn verdict(object: &Value) -> Case {
    let words = verdict_words(object);
    let tag = match standing(object) {
        "violated" | "refused" => Some("failure"),
        "undecided" => Some("error"),
        _ => None,
    };
    let at = string(object, "at");
    let message = words.lines().next().unwrap_or_default().to_owned();
    let fault = tag.map(|tag| Fault { tag, message, text: format!("{at}\n{words}") });
    Case { name: string(object, "property").to_owned(), fault }
}

fn test(object: &Value) -> Case {
    let failures = list(object, "failures");
    let text: Vec<String> = failures.iter().map(|f| format!("{}\n{}", string(f, "at"), failure_words(f))).collect();
    let message = failures.first().map(|failure| format!("expected {}", string(failure, "expected")));
    let fault = message.map(|message| Fault { tag: "failure", message, text: text.join("\n") });
    Case { name: format!("{} ({})", string(object, "name"), string(object, "block")), fault }
}

/// Cases, failures, errors.
fn counts(cases: &[Case]) -> [usize; 3] {
    let with =
        |tag: &str| cases.iter().filter(|case| case.fault.as_ref().is_some_and(|fault| fault.tag == tag)).count();
    [cases.len(), with("failure"), with("error")]
}

fn attributes([tests, failures, errors]: [usize; 3]) -> String {
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\"")
}

fn element(suite: &str, case: &Case) -> String {
    let head = format!("    <testcase classname=\"{suite}\" name=\"{}\"", escaped(&case.name));
    match &case.fault {
        None => format!("{head}/>\n"),
        Some(Fault { tag, message, text }) => {
            let (message, text) = (escaped(message), escaped(text));
            format!("{head}>\n      <{tag} message=\"{message}\">{text}</{tag}>\n    </testcase>\n")
        }
    }
}

/// Text as XML holds it. Characters that XML has none for become a question mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('?'),
            c => out.push(c),
        }
    }
    out
}
