//! What stands before every artifact and every guest: that the promises are kept.

use crate::args::Format;
use crate::check::Checked;
use crate::exit::Exit;
use crate::outcome::{Conclusion, PropertyResult};
use crate::session::Session;
use crate::{human, json};
use rdcl_base::Severity;
use rdcl_verify::Options;
use std::collections::BTreeSet;
use std::path::Path;

impl Session {
    /// Every promise with its result, if all of them hold or are allowed not to be decided; otherwise those that do not
    /// are shown, and the exit says so.
    pub fn proved(&mut self, path: &Path, checked: &Checked, may_be_undecided: bool) -> Option<Vec<PropertyResult>> {
        let verified = self.timed("verifying", path, |progress| {
            crate::verify(checked, &Options::default(), None, &mut |name| progress.say(format!("verifying {name}")))
        });
        self.report(&verified.findings, checked);
        self.promises(&verified.results);
        let exit = |result: &PropertyResult| match &result.result {
            Conclusion::Violated(_) => Exit::Findings,
            Conclusion::Undecided(_) if !may_be_undecided => Exit::Undecided,
            Conclusion::Undecided(_) | Conclusion::Proved | Conclusion::Assumed => Exit::Fine,
        };
        let found = verified.results.iter().map(exit).fold(Exit::Fine, Exit::and);
        self.exit = self.exit.and(found);
        let well = verified.findings.iter().all(|d| d.severity != Severity::Error);
        (found == Exit::Fine && well).then_some(verified.results)
    }

    /// For machines every verdict, for people those that stop the work.
    fn promises(&mut self, results: &[PropertyResult]) {
        self.progress.hide();
        if self.console.format == Format::Json {
            return results.iter().for_each(|result| self.console.object(&json::verdict(result)));
        }
        let is_open = |r: &&PropertyResult| matches!(r.result, Conclusion::Violated(_) | Conclusion::Undecided(_));
        let open: Vec<PropertyResult> = results.iter().filter(is_open).cloned().collect();
        if !open.is_empty() {
            let style = human::Style { color: false, short: self.console.format == Format::Short };
            self.console.note(human::verdicts(&open, style).trim_end());
        }
    }

    /// Says, to people, which images the promises rest on.
    pub fn assumptions(&mut self, results: &[PropertyResult]) {
        let assumed: BTreeSet<&String> =
            results.iter().flat_map(|r| &r.assumes).filter(|a| !a.starts_with("room(")).collect();
        if !assumed.is_empty() && self.console.format != Format::Json {
            let names: Vec<&str> = assumed.into_iter().map(String::as_str).collect();
            self.console.note(&format!("assumed: {}", names.join(", ")));
        }
    }
}
