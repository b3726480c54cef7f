//! What is legal in some dialect and has another canonical form: the words of draft-xia-sdnrg-nemo-language-03, the
//! bodies of `NodeModel`s of draft-aranda-nfvrg-recursive-vnf, a `;` behind each statement, names without quotes.
//!
//! Each finding is a warning at the word, and the edits that make it canonical; `rdclc fmt --canonical` makes them all.
//! A finding without edits has no canonical counterpart.

use crate::nemo::cut::Spanned;
use crate::nemo::tokens::Token;
use crate::nemo::words::{Keyword, keyword};
use crate::nemo::{
    Clause, ClauseKind, Delete, End, Entity, EntityKind, Entry, Name, Part, Query, Ref, Statement, StatementKind, Step,
    Uri, Value, Verb, Word, models,
};
use rdcl_base::{Code, Diagnostic, Fix, NodeId, Span};
use std::collections::BTreeMap;

mod lists;

/// Something that is not canonical.
#[derive(Debug)]
pub(crate) struct Finding {
    /// What is said about it.
    pub(crate) warning: Diagnostic<Span>,
    /// What makes it canonical.
    pub(crate) edits: Vec<Fix<Span>>,
}

/// Everything that is not canonical in statements that were parsed from these tokens, in the order of the text.
pub(crate) fn findings(text: &str, spans: &[Span], tokens: &[Spanned<'_>], statements: &[Statement]) -> Vec<Finding> {
    let mut finder = Finder { text, spans, tokens, closed: closed(statements), found: Vec::new() };
    for part in models(statements) {
        match part {
            Part::Statement(statement) => finder.statement(statement, Place::Outside),
            Part::Model(model) => {
                let imported = model.body.first().filter(|first| finder.merges(model.header, first)).copied();
                finder.statement(model.header, if imported.is_some() { Place::BeforeImport } else { Place::Outside });
                for member in model.body {
                    let place = if Some(member) == imported { Place::BehindHeader } else { Place::Body };
                    finder.statement(member, place);
                }
            }
        }
    }
    finder.found.sort_by_key(|finding| finding.warning.primary);
    finder.found
}

/// Where a statement stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Outside,
    Body,
    /// The header of a model, before an `IMPORT VNFD` that becomes part of it.
    BeforeImport,
    /// An `IMPORT VNFD` right behind the header of its model.
    BehindHeader,
}

struct Finder<'a> {
    text: &'a str,
    spans: &'a [Span],
    tokens: &'a [Spanned<'a>],
    /// The brace that closes each one that is closed.
    closed: BTreeMap<NodeId, NodeId>,
    found: Vec<Finding>,
}

/// Which brace among statements closes which.
fn closed(statements: &[Statement]) -> BTreeMap<NodeId, NodeId> {
    let (mut open, mut closed) = (Vec::new(), BTreeMap::new());
    for statement in statements {
        match statement.kind {
            StatementKind::Open => open.push(statement.node),
            StatementKind::Close => closed.extend(open.pop().map(|first| (first, statement.node))),
            _ => {}
        }
    }
    closed
}

impl Finder<'_> {
    fn at(&self, node: NodeId) -> Span {
        self.spans[node.0 as usize]
    }

    fn find(&mut self, code: Code, at: Span, message: impl Into<String>, help: &str, edits: Vec<Fix<Span>>) {
        let mut warning = Diagnostic::new(code, at, message).with_help(help);
        if let [edit] = &edits[..] {
            warning.fix = Some(edit.clone());
        }
        self.found.push(Finding { warning, edits });
    }

    /// A form without a canonical counterpart.
    fn odd(&mut self, at: Span, what: &str) {
        self.find(Code::W0107, at, format!("{what} has no canonical form"), "it stays as it is", Vec::new());
    }

    /// The index of the first token that does not begin before a place.
    fn index(&self, place: u32) -> usize {
        self.tokens.partition_point(|(_, at)| at.start < place)
    }

    /// The first token in a range that is this one.
    fn token_within(&self, from: u32, to: u32, wanted: Token<'_>) -> Option<Span> {
        let mut inside = self.tokens[self.index(from)..].iter().take_while(|(_, at)| at.start < to);
        inside.find(|(token, _)| *token == wanted).map(|(_, at)| *at)
    }

    /// Whether `IMPORT VNFD` says where the descriptor of the model before it is.
    fn merges(&self, header: &Statement, first: &Statement) -> bool {
        let StatementKind::Entity(model) = &header.kind else { return false };
        let has_vnfd = model.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Vnfd(_)));
        matches!(first.kind, StatementKind::ImportVnfd { .. }) && !has_vnfd
    }

    fn statement(&mut self, statement: &Statement, place: Place) {
        if statement.broken {
            return;
        }
        let whole = self.at(statement.node);
        match &statement.kind {
            StatementKind::Entity(entity) => self.entity(entity, place),
            StatementKind::ImportVnfd { from, uri } => self.import(whole, from, uri, place),
            StatementKind::Delete(delete) => self.delete(delete),
            StatementKind::User { .. } => self.odd(first_word(self.text, whole), "a user"),
            StatementKind::Query(query) => self.query(query),
            StatementKind::Transaction(step) => self.step(*step, whole),
            StatementKind::Connect { .. } | StatementKind::Disconnect(_) => {
                self.odd(first_word(self.text, whole), "a connection to the engine");
            }
            StatementKind::Engines(_) => self.odd(first_word(self.text, whole), "a list of engines"),
            StatementKind::Description(name) => self.quotes(name),
            StatementKind::Label(_) => {
                let colon = Span::new(whole.end, whole.end + 1);
                let edits = vec![edit(whole, &format!("/* {}: */", slice(self.text, whole))), edit(colon, "")];
                self.find(Code::W0106, whole, "a label means nothing", "make a comment of it", edits);
            }
            StatementKind::Ellipsis => {
                self.find(
                    Code::W0106,
                    whole,
                    "`...` means nothing",
                    "make a comment of it",
                    vec![edit(whole, "/* ... */")],
                );
            }
            StatementKind::Open => self.braces(statement.node, whole),
            // Said at the brace that it closes.
            StatementKind::Close => {}
            StatementKind::Bad => {}
        }
        self.end(statement, whole, place);
    }

    /// Braces go together: one alone would be a mistake.
    fn braces(&mut self, open: NodeId, whole: Span) {
        let Some(close) = self.closed.get(&open).map(|close| self.at(*close)) else { return };
        let message = "braces around statements mean nothing but the end of a body";
        let edits = vec![edit(whole, ""), edit(close, "")];
        self.find(Code::W0106, whole, message, "leave both out", edits);
        let inside = slice(self.text, Span::new(whole.end, close.start)).to_owned();
        if let Some(found) = self.found.last_mut() {
            found.warning.fix = Some(edit(Span::new(whole.start, close.end), &inside));
        }
    }

    /// A `;` ends each statement, unless the next one becomes part of it.
    fn end(&mut self, statement: &Statement, whole: Span, place: Place) {
        let apart = matches!(
            statement.kind,
            StatementKind::Label(_)
                | StatementKind::Ellipsis
                | StatementKind::Open
                | StatementKind::Close
                | StatementKind::Bad
        );
        if apart || statement.terminated || place == Place::BeforeImport {
            return;
        }
        let end = Span::new(whole.end, whole.end);
        self.find(Code::W0104, end, "a statement ends with `;`", "write `;`", vec![edit(end, ";")]);
    }

    fn entity(&mut self, entity: &Entity, place: Place) {
        let word = self.at(entity.word.node);
        match entity.verb {
            None if place == Place::Outside && !entity.kind.is_model() => {
                let message = format!("a `{}` without a verb is of an old draft", entity.word.text);
                // A node without a type is one that is there already.
                let updates = entity.kind == EntityKind::Node && entity.type_name().is_none();
                let verb = if updates { Verb::Update } else { Verb::Create };
                let new = format!("{} {}", verb.word(), entity.kind.word());
                let help = format!("write `{new}`");
                self.find(Code::W0102, word, message, &help, vec![edit(word, &new)]);
            }
            Some((Verb::Define, node)) => {
                let new = if place == Place::Outside { "CREATE" } else { "" };
                let help = if new.is_empty() { "leave it out" } else { "write `CREATE`" };
                let at = self.at(node);
                self.find(Code::W0102, at, "`DEFINE` is of an old draft", help, vec![edit(at, new)]);
                self.word(entity.word, entity.kind.word());
            }
            Some(_) | None => self.word(entity.word, entity.kind.word()),
        }
        if let Some(word) = entity.name_word {
            let at = self.at(word.node);
            self.find(Code::W0102, at, "`NAME` is of an old draft", "leave it out", vec![edit(at, "")]);
        }
        entity.name.iter().for_each(|name| self.quotes(name));
        entity.query.iter().for_each(|query| self.query(query));
        let ends: Vec<&Clause> =
            entity.clauses.iter().filter(|c| matches!(c.kind, ClauseKind::From(_) | ClauseKind::To(_))).collect();
        self.sides(&ends);
        for clause in &entity.clauses {
            self.clause(clause, entity.kind);
        }
        let acts = entity.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Action(_)));
        if entity.kind == EntityKind::Operation && !acts && !matches!(entity.verb, Some((Verb::Update, _))) {
            let name = entity.name.as_ref().map_or(word, |name| self.at(name.node));
            let message = format!("the operation `{}` has no `Action`", entity.name_text());
            self.find(Code::W0109, name, message, "say what is done, such as `Action deny`", Vec::new());
        }
    }

    /// A synonym of a canonical word.
    fn word(&mut self, word: Word, canonical: &str) {
        if word.text == canonical {
            return;
        }
        let at = self.at(word.node);
        let message = format!("`{}` is an old word for `{canonical}`", word.text);
        self.find(Code::W0101, at, message, &format!("write `{canonical}`"), vec![edit(at, canonical)]);
    }

    /// Quotes around what can be a name without them.
    fn quotes(&mut self, name: &Name) {
        let at = self.at(name.node);
        // Of quotes that are never closed something else is said.
        let is_closed = at.end - at.start == name.text.len() as u32 + 2;
        if name.quoted && is_closed && is_bare(&name.text) {
            let message = format!("the name `{}` needs no quotes", name.text);
            self.find(Code::W0103, at, message, "leave them out", vec![edit(at, &name.text)]);
        }
    }

    fn quotes_of(&mut self, reference: &Ref) {
        self.quotes(&reference.first);
        reference.rest.iter().for_each(|segment| self.quotes(&segment.name));
    }

    fn clause(&mut self, clause: &Clause, kind: EntityKind) {
        let at = self.at(clause.word.node);
        match &clause.kind {
            ClauseKind::Type(name) | ClauseKind::On(name) => self.quotes(name),
            ClauseKind::Contain(refs) => refs.iter().for_each(|one| self.quotes_of(one)),
            ClauseKind::Parent(one) | ClauseKind::Target(one) | ClauseKind::Listener(one) => self.quotes_of(one),
            ClauseKind::From(one) | ClauseKind::To(one) => self.quotes_of(one),
            ClauseKind::At(one) => {
                self.word(clause.word, "at");
                return self.quotes_of(one);
            }
            ClauseKind::EndNodes(ends) => self.ends(ends),
            ClauseKind::Property(entries)
            | ClauseKind::Sla(entries)
            | ClauseKind::Match(entries)
            | ClauseKind::UnMatch(entries) => {
                self.pairs(entries, self.at(clause.node).end, kind.is_model());
            }
            ClauseKind::Action(entries) => self.actions(entries),
            ClauseKind::Condition(_) | ClauseKind::Constraint(_) => self.condition(self.at(clause.node)),
            ClauseKind::Every(value) => self.value(value),
            ClauseKind::Vnfd(uri) => self.uri(uri),
            ClauseKind::Priority(..) => {}
        }
        match &clause.kind {
            ClauseKind::Parent(_) => self.odd(at, &format!("`{}`, the node around a node,", clause.word.text)),
            ClauseKind::On(_) | ClauseKind::Every(_) | ClauseKind::Sla(_) | ClauseKind::UnMatch(_) => {
                self.odd(at, &format!("`{}`", clause.word.text));
            }
            ClauseKind::Constraint(_) => self.odd(at, "`Constraint`"),
            ClauseKind::From(_) | ClauseKind::To(_) => {}
            _ if clause.word.text.is_empty() => {
                let message = "the ends of a connection stand behind `EndNodes`";
                self.find(Code::W0105, at, message, "write `EndNodes` before them", vec![edit(at, "EndNodes ")]);
            }
            _ => {
                let canonical = keyword(clause.word.text).map_or(clause.word.text, |(_, keyword)| keyword.canonical());
                self.word(clause.word, canonical);
            }
        }
    }

    /// `FROM a TO b:c`
    fn sides(&mut self, ends: &[&Clause]) {
        let Some(first) = ends.first() else { return };
        let at = self.at(first.word.node);
        let [one, other] = ends else {
            return self.odd(at, &format!("`{}` alone", first.word.text));
        };
        let (whole, other_whole) = (self.at(one.node), self.at(other.node));
        let other_word = self.at(other.word.node);
        let adjacent = self.index(whole.end) == self.index(other_whole.start);
        let mut edits = vec![edit(at, "EndNodes")];
        let same_order = matches!(one.kind, ClauseKind::From(_));
        let to = slice(self.text, Span::new(other_word.end, other_whole.end)).trim().to_owned();
        if adjacent && same_order {
            edits.push(edit(other_word, ","));
        } else if same_order {
            edits.extend([edit(Span::new(whole.end, whole.end), &format!(", {to}")), edit(other_whole, "")]);
        } else {
            edits = vec![edit(at, &format!("EndNodes {to},")), edit(other_whole, "")];
        }
        let message = format!("`{} … {} …` is of an old draft", one.word.text, other.word.text);
        self.find(Code::W0102, at, message, "write `EndNodes` and both ends", edits);
    }

    fn import(&mut self, whole: Span, from: &Word, uri: &Uri, place: Place) {
        self.uri(uri);
        let verb = first_word(self.text, whole);
        if place != Place::BehindHeader {
            return self.odd(verb, "`IMPORT VNFD` apart from a model");
        }
        let mut edits = vec![edit(verb, ""), edit(self.at(from.node), "")];
        let before = self.index(whole.start).checked_sub(1).map(|at| self.tokens[at]);
        edits.extend(before.filter(|(token, _)| *token == Token::Semicolon).map(|(_, at)| edit(at, "")));
        let message = "`IMPORT VNFD FROM` is of an old draft";
        self.find(Code::W0102, verb, message, "write `VNFD` and the address behind the name of the model", edits);
    }

    fn uri(&mut self, uri: &Uri) {
        if uri.text.contains(['<', '>']) {
            let message = format!("`{}` has a placeholder that is not filled in", crate::flaws::brief(&uri.text));
            self.find(Code::W0108, self.at(uri.node), message, "write the real address", Vec::new());
        }
    }

    fn delete(&mut self, delete: &Delete) {
        self.quotes_of(&delete.target);
        let at = self.at(delete.word.node);
        match (delete.word.text, delete.kind_word) {
            ("No", _) => {
                self.find(Code::W0102, at, "`No` is of an old draft", "write `DELETE`", vec![edit(at, "DELETE")])
            }
            (word, None) => {
                let new = format!("DELETE {}", delete.kind.word());
                let message = format!("`{word}` is of an old draft");
                self.find(Code::W0102, at, message, &format!("write `{new}`"), vec![edit(at, &new)]);
            }
            _ => {}
        }
        match delete.kind {
            EntityKind::User => self.odd(at, "a user"),
            EntityKind::TemplateDefinition | EntityKind::TemplateInstance => self.odd(at, "a template"),
            kind => delete.kind_word.into_iter().for_each(|word| self.word(word, kind.word())),
        }
    }

    fn query(&mut self, query: &Query) {
        for item in &query.items {
            self.quotes(item);
            if let Some((_, found)) = keyword(&item.text).filter(|_| !item.quoted) {
                let at = self.at(item.node);
                let canonical = found.canonical();
                if canonical != item.text
                    && matches!(found, Keyword::Type | Keyword::Property | Keyword::EndNodes | Keyword::Target)
                {
                    let message = format!("`{}` is an old word for `{canonical}`", item.text);
                    self.find(Code::W0101, at, message, &format!("write `{canonical}`"), vec![edit(at, canonical)]);
                }
            }
        }
        query.from_word.into_iter().for_each(|word| self.word(word, "From"));
        query.from.iter().for_each(|one| self.quotes_of(one));
        if let Some(value) = &query.value {
            self.odd(self.at(value.node()), "the value of a query");
        }
    }

    fn step(&mut self, step: Step, whole: Span) {
        let new = match step {
            Step::Begin => "Transaction",
            Step::End => "Commit",
            Step::Withdraw => return self.odd(whole, "`Withdraw`"),
            Step::Transaction | Step::Commit => return,
        };
        let message = format!("`{}` is not of the drafts", slice(self.text, whole));
        let first = first_word(self.text, whole);
        let edits = vec![edit(first, new), edit(last_word(self.text, whole), "")];
        self.find(Code::W0102, whole, message, &format!("write `{new}`"), edits);
    }
}

fn edit(at: Span, replacement: &str) -> Fix<Span> {
    Fix { at, replacement: replacement.to_owned() }
}

fn slice(text: &str, at: Span) -> &str {
    &text[at.start as usize..at.end as usize]
}

fn first_word(text: &str, at: Span) -> Span {
    let length = slice(text, at).find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or((at.end - at.start) as usize);
    Span::new(at.start, at.start + length as u32)
}

fn last_word(text: &str, at: Span) -> Span {
    let start = slice(text, at).rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |n| n + 1);
    Span::new(at.start + start as u32, at.end)
}

/// Whether a text is a name without quotes, wherever names may stand.
fn is_bare(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let ends = text.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    begins && ends && text.chars().all(inner) && keyword(text).is_none()
}
