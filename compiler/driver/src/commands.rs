//! The commands that look at programs: `check` and `verify`.

use crate::args::{self, Format, Style};
use crate::check::Checked;
use crate::exit::Exit;
use crate::outcome::{Conclusion, Crossing, PropertyResult};
use crate::session::Session;
use crate::verify::{crossings, property_names};
use crate::{human, json, sefl, witness};
use rdcl_base::nearest;
use rdcl_sefl::Packet;
use rdcl_verify::{Budget, Options};
use std::path::Path;

/// `rdclc check`.
pub fn check(arguments: &args::Check, style: Style) -> Exit {
    let mut session = Session::start(style);
    for path in &arguments.paths {
        if sefl::is_program(path) {
            session.sefl_checked(path, &Packet::empty());
        } else {
            session.checked(path);
        }
    }
    session.end()
}

/// `rdclc verify`.
pub fn verify(arguments: &args::Verify, style: Style) -> Exit {
    let mut session = Session::start(style);
    let mut tally = Tally::default();
    let mut names = Vec::new();
    for path in &arguments.paths {
        let checked = session.checked(path);
        if !checked.has_errors() {
            if arguments.paths.len() > 1 && style.format == Format::Human {
                session.console.print(&format!("{}:\n", path.display()));
            }
            names.extend(property_names(&checked));
            session.verified(path, &checked, arguments, &mut tally);
        }
    }
    if let Some(wanted) = arguments.property.as_ref().filter(|_| tally.total() == 0 && session.exit == Exit::Fine) {
        session.unknown_property(wanted, &names);
    } else if session.console.format != Format::Json && tally.total() > 0 {
        session.console.print(&format!("{tally}\n"));
    }
    session.end()
}

impl Session {
    fn verified(&mut self, path: &Path, checked: &Checked, arguments: &args::Verify, tally: &mut Tally) {
        let options = options(arguments);
        let only = arguments.property.as_deref();
        let mut verified = self.timed("verifying", path, |progress| {
            crate::verify(checked, &options, only, &mut |name| progress.say(format!("verifying {name}")))
        });
        verified.results.iter_mut().for_each(|result| result.refused = arguments.strict && result.is_assumed());
        self.report(&verified.findings, checked);
        self.results(&verified.results);
        tally.count(&verified.results);
        self.exit = verified.results.iter().fold(self.exit, |exit, r| exit.and(exit_of(r)));
        if arguments.reachability {
            let crossings = self.timed("reaching", path, |progress| {
                crossings(checked, &options, &mut |name| progress.say(format!("reachability of {name}")))
            });
            self.crossings(&crossings);
        }
        if let Some(directory) = &arguments.witness {
            self.witnesses(directory, path, arguments, &verified.results);
        }
    }

    fn results(&mut self, results: &[PropertyResult]) {
        self.progress.hide();
        if self.console.format == Format::Json {
            results.iter().for_each(|result| self.console.object(&json::verdict(result)));
            return;
        }
        let style = human::Style { color: self.console.out_color, short: self.console.format == Format::Short };
        self.console.print(&human::verdicts(results, style));
    }

    fn crossings(&mut self, crossings: &[Crossing]) {
        self.progress.hide();
        match self.console.format {
            Format::Json => crossings.iter().for_each(|c| self.console.object(&json::crossing(c))),
            Format::Human | Format::Short => {
                let text = human::crossings(crossings, self.console.out_color);
                self.console.print(&text);
            }
        }
    }

    /// Witnesses of several packages go into a directory each.
    fn witnesses(&mut self, directory: &Path, path: &Path, arguments: &args::Verify, results: &[PropertyResult]) {
        let name = path.file_stem().filter(|_| arguments.paths.len() > 1);
        let directory = name.map_or_else(|| directory.to_owned(), |name| directory.join(name));
        if let Err(error) = witness::write_all(&directory, results) {
            self.console.note(&format!("error: {error}"));
            self.exit = self.exit.and(Exit::Environment);
        }
    }

    fn unknown_property(&mut self, wanted: &str, names: &[String]) {
        let near = nearest(wanted, names.iter().map(String::as_str));
        let help = near.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        self.console.note(&format!("error: there is no property `{wanted}`{help}"));
        self.exit = Exit::Usage;
    }
}

fn options(arguments: &args::Verify) -> Options {
    let default = Options::default();
    let states = arguments.budget.unwrap_or(default.budget.states);
    Options { budget: Budget { states, ..default.budget }, ..default }
}

fn exit_of(result: &PropertyResult) -> Exit {
    match &result.result {
        Conclusion::Violated(_) => Exit::Findings,
        Conclusion::Undecided(_) => Exit::Undecided,
        Conclusion::Proved | Conclusion::Assumed if result.refused => Exit::Findings,
        Conclusion::Proved | Conclusion::Assumed => Exit::Fine,
    }
}

/// How many properties came out how.
#[derive(Debug, Default)]
struct Tally {
    proved: usize,
    violated: usize,
    undecided: usize,
    assumed: usize,
    refused: usize,
}

impl Tally {
    fn count(&mut self, results: &[PropertyResult]) {
        self.refused += results.iter().filter(|result| result.refused).count();
        for result in results {
            match result.result {
                Conclusion::Proved => self.proved += 1,
                Conclusion::Violated(_) => self.violated += 1,
                Conclusion::Undecided(_) => self.undecided += 1,
                Conclusion::Assumed => self.assumed += 1,
            }
        }
    }

    fn total(&self) -> usize {
        self.proved + self.violated + self.undecided + self.assumed
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} proved, {} violated, {} undecided", self.proved, self.violated, self.undecided)?;
        if self.assumed > 0 {
            write!(f, ", {} assumed", self.assumed)?;
        }
        if self.refused > 0 { write!(f, "; --strict refuses {}", self.refused) } else { Ok(()) }
    }
}
