//! `rdclc query`: what NEMO texts say, asked in NEMO.
//!
//! A question on the command line is read as one more text of the package, so that it sees all that the others declare
//! and is complained of as they are.

use crate::args::{self, Format, Style};
use crate::check::Checked;
use crate::exit::Exit;
use crate::session::Session;
use crate::{input, json};
use rdcl_hir::{Answer, answers, place};
use rdcl_syntax::ast::Item;
use rdcl_syntax::nemo::StatementKind;

/// The name by which a question on the command line goes in messages.
const QUESTION: &str = "<question>.nemo";

/// Runs the command.
pub fn ask(arguments: &args::Query, style: Style) -> Exit {
    if let Some(question) = arguments.question.as_deref().filter(|question| !is_question(question)) {
        eprintln!("error: `{question}` is not a question; ask `Query Type From site`, or `Query nodes`");
        return Exit::Usage;
    }
    let mut session = Session::start(style);
    let access = session.access;
    let mut input = session.timed("reading", &arguments.path, |_| input::load_with(&arguments.path, access));
    if let Some(question) = &arguments.question {
        input.add_text(QUESTION, &ended(question), "<question>");
    }
    let checked = session.timed("checking", &arguments.path, |_| crate::check(input));
    session.found(&checked);
    if !checked.has_errors() {
        let found = answers(&checked.db, checked.package).iter();
        let is_asked = |answer: &&Answer| (answer.file.name(&checked.db) == QUESTION) == arguments.question.is_some();
        let found: Vec<&Answer> = found.filter(is_asked).collect();
        session.answers(&found, &checked);
    }
    session.end()
}

/// A question with the `;` that nobody types.
fn ended(question: &str) -> String {
    let Item::Nemo(program) = rdcl_syntax::parse_nemo(question).item else { return question.to_owned() };
    let is_ended = program.statements.last().is_none_or(|last| last.terminated);
    if is_ended { question.to_owned() } else { format!("{};", question.trim_end()) }
}

/// Whether a text consists of queries.
fn is_question(text: &str) -> bool {
    let Item::Nemo(program) = rdcl_syntax::parse_nemo(text).item else { return false };
    let all = program.statements.iter().map(|statement| &statement.kind);
    let mut all = all.filter(|kind| !matches!(kind, StatementKind::Bad)).peekable();
    all.peek().is_some() && all.all(|kind| matches!(kind, StatementKind::Query(_)))
}

impl Session {
    fn answers(&mut self, answers: &[&Answer], checked: &Checked) {
        self.progress.hide();
        for answer in answers {
            if self.console.format == Format::Json {
                let at = checked.sources.place(place(&checked.db, answer.place));
                self.console.object(&json::answer(answer, &at));
            } else {
                let values = answer.values.as_ref().map_or_else(|| "not said".to_owned(), |values| values.join(", "));
                let of = answer.from.as_ref().map_or_else(String::new, |from| format!("{from} "));
                self.console.print(&format!("{of}{}: {values}\n", answer.item));
            }
        }
        if answers.is_empty() && self.console.format == Format::Human {
            self.console.note("nothing is asked: no file has a `Query`, and none is given");
        }
    }
}
