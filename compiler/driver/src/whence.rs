//! `rdclc where`: from a line of a built file to the statements it is there because of, and back.
//!
//! A build leaves `provenance.json` beside its files; nothing else is read, except to show the lines themselves. What it
//! says may be anybody's: only files are read, and what is shown drives no terminal.

use crate::args::{self, Format, Style};
use crate::console::Console;
use crate::exit::Exit;
use crate::input::read_text;
use crate::{json, paths};
use rdcl_emit::PROVENANCE;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// What a build left about its files.
#[derive(Debug)]
pub struct Provenance {
    /// The directory that the files of statements are named from.
    root: PathBuf,
    /// The SHA-256 of each of them, as it was then.
    sources: BTreeMap<String, String>,
    statements: Vec<Statement>,
    artifacts: Vec<Origins>,
}

/// A statement of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// `file:line:column` of its beginning.
    pub at: String,
    /// `line:column` after its end.
    pub end: String,
}

/// A built file: for each line the positions of its statements.
#[derive(Debug)]
struct Origins {
    path: PathBuf,
    sha256: String,
    /// Of all of it.
    common: Vec<usize>,
    lines: Vec<Vec<usize>>,
}

impl Provenance {
    /// What stands in a folder; none if no build has left anything there.
    ///
    /// # Errors
    /// What is there cannot be read, or was not left by a build.
    pub fn read(folder: &Path) -> Result<Option<Provenance>, String> {
        let path = folder.join(PROVENANCE);
        if !path.exists() {
            return Ok(None);
        }
        let found = text_of(&path).and_then(|text| Provenance::parse(folder, &text));
        found.map(Some).ok_or_else(|| format!("`{}` is not what a build leaves; build again", path.display()))
    }

    /// What the text of the file says.
    pub fn parse(folder: &Path, text: &str) -> Option<Provenance> {
        let object: Value = serde_json::from_str(text).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let statement = |s: &Value| Some(Statement { at: text(&s["at"])?, end: text(&s["end"])? });
        let statements: Option<Vec<Statement>> = object["statements"].as_array()?.iter().map(statement).collect();
        let origins = |a: &Value| {
            let (common, lines) = (numbers(&a["common"])?, a["lines"].as_array()?);
            let lines = lines.iter().map(numbers).collect::<Option<Vec<_>>>()?;
            Some(Origins { path: folder.join(text(&a["path"])?), sha256: text(&a["sha256"])?, common, lines })
        };
        let artifacts: Option<Vec<Origins>> = object["artifacts"].as_array()?.iter().map(origins).collect();
        let root = folder.join(text(&object["root"])?);
        let source = |s: &Value| Some((text(&s["file"])?, text(&s["sha256"])?));
        let sources: Option<BTreeMap<String, String>> = object["sources"].as_array()?.iter().map(source).collect();
        Some(Provenance { root, sources: sources?, statements: statements?, artifacts: artifacts? })
    }

    /// The statements that a line (from 1) of an artifact is there because of; none if it has no such line.
    pub fn of_line(&self, artifact: &Path, line: usize) -> Option<Vec<&Statement>> {
        let origins = self.artifacts.iter().find(|a| same_path(&a.path, artifact))?;
        let own = origins.lines.get(line.checked_sub(1)?)?;
        let common = origins.common.iter().filter(|n| !own.contains(n));
        Some(own.iter().chain(common).filter_map(|n| self.statements.get(*n)).collect())
    }

    /// The lines (from 1) that are there because of a statement, with their artifacts.
    pub fn lines_of(&self, statement: &Statement) -> Vec<(&Path, usize)> {
        let Some(wanted) = self.statements.iter().position(|s| s == statement) else { return Vec::new() };
        let lines = |a: &'_ Origins| -> Vec<usize> {
            let all = (1usize..).zip(&a.lines);
            let whole = a.common.contains(&wanted);
            all.filter(|(_, numbers)| whole || numbers.contains(&wanted)).map(|(line, _)| line).collect()
        };
        let of = |a| lines(a).into_iter().map(move |line| (a, line));
        self.artifacts.iter().flat_map(of).map(|(a, line)| (a.path.as_path(), line)).collect()
    }

    /// Where a file that statements name is; a name without a file, as of the library, stays.
    fn source(&self, name: &str) -> PathBuf {
        let path = self.root.join(name);
        if path.is_file() { paths::from_here(&path) } else { name.into() }
    }

    /// Whether a file that statements name is no more what it was when they were looked up.
    fn has_changed(&self, name: &str) -> bool {
        let now = match rdcl_stdlib::SOURCES.iter().find(|source| source.name == name) {
            Some(source) => Some(sha256(source.text)),
            None => text_of(&self.source(name)).map(|text| sha256(&text)),
        };
        now.is_none() || now.as_ref() != self.sources.get(name)
    }

    /// Says of the files of some statements that they are not as they were.
    fn warn_of_sources<'s>(&self, console: &mut Console, statements: impl IntoIterator<Item = &'s Statement>) {
        let files = statements.into_iter().filter_map(Statement::place).map(|(file, ..)| file);
        let changed: BTreeSet<&str> = files.filter(|file| self.has_changed(file)).collect();
        for file in changed {
            let path = self.source(file);
            let what = if path.is_file() { "has changed since it was built" } else { "is not there any more" };
            console.note(&format!("warning: `{}` {what}; positions in it are those of then", path.display()));
        }
    }

    /// All statements that some line is there because of.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn numbers(value: &Value) -> Option<Vec<usize>> {
    value.as_array()?.iter().map(|n| usize::try_from(n.as_u64()?).ok()).collect()
}

fn same_path(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// What was asked for: a file, a line, and perhaps a column.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    file: PathBuf,
    line: usize,
    column: Option<usize>,
}

/// Reads `file:line` or `file:line:column`.
fn asked(text: &str) -> Option<Asked> {
    let (rest, last) = text.rsplit_once(':')?;
    let last: usize = last.parse().ok()?;
    if let Some((file, line)) = rest.rsplit_once(':')
        && let Ok(line) = line.parse()
    {
        return Some(Asked { file: file.into(), line, column: Some(last) });
    }
    Some(Asked { file: rest.into(), line: last, column: None })
}

/// The command.
pub fn command(arguments: &args::Where, style: Style) -> Exit {
    let mut console = Console::open(style);
    let answer = match asked(&arguments.place) {
        None => Err(format!("`{}` is not `FILE:LINE`", arguments.place)),
        Some(asked) => answer(&mut console, &asked, &arguments.output),
    };
    let exit = match answer {
        Ok(()) => Exit::Fine,
        Err(message) => {
            console.note(&format!("error: {message}"));
            Exit::Usage
        }
    };
    console.close().and(exit)
}

fn answer(console: &mut Console, asked: &Asked, output: &Path) -> Result<(), String> {
    if let Some(found) = asked.file.parent().map_or(Ok(None), Provenance::read)? {
        if found.artifacts.iter().any(|a| same_path(&a.path, &asked.file)) {
            return of_artifact(console, &found, asked);
        }
        if ABOUT.iter().any(|name| asked.file.ends_with(name)) {
            return Err(format!("`{}` is about other files: its lines come from no statement", asked.file.display()));
        }
    }
    let found = below(output)?;
    if found.is_empty() {
        let output = output.display();
        return Err(format!("nothing was built into `{output}`; build first, or name the directory with `-o`"));
    }
    of_source(console, &found, asked)
}

/// Files that a build leaves about the others.
const ABOUT: [&str; 2] = ["expected.json", PROVENANCE];

/// What builds have left in a directory, and in those directly below it and below those.
fn below(output: &Path) -> Result<Vec<Provenance>, String> {
    let mut folders = vec![output.to_owned()];
    for _ in 0..2 {
        let inner = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
        let inner: Vec<PathBuf> = inner.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_dir()).collect();
        folders.extend(inner);
        folders.sort();
        folders.dedup();
    }
    folders.iter().filter_map(|folder| Provenance::read(folder).transpose()).collect()
}

fn of_artifact(console: &mut Console, provenance: &Provenance, asked: &Asked) -> Result<(), String> {
    provenance.warn_of_changes(console);
    let Some(statements) = provenance.of_line(&asked.file, asked.line) else {
        return Err(format!("`{}` has no line {}", asked.file.display(), asked.line));
    };
    provenance.warn_of_sources(console, statements.iter().copied());
    let artifact = format!("{}:{}", asked.file.display(), asked.line);
    for statement in statements {
        let (at, changed) = (provenance.at(statement), provenance.is_stale(statement));
        match console.format {
            Format::Json => console.object(&json::origin(&artifact, (&at, &statement.end), changed)),
            Format::Human | Format::Short => {
                let text = statement.place().filter(|_| !changed);
                let text = text.and_then(|(file, line, _)| source_line(provenance, file, line));
                show(console, &at, text.as_deref());
            }
        }
    }
    Ok(())
}

fn of_source(console: &mut Console, found: &[Provenance], asked: &Asked) -> Result<(), String> {
    expect_line(found, asked)?;
    let mut lines = 0;
    for provenance in found {
        provenance.warn_of_changes(console);
        let statements = provenance.statements_at(asked);
        provenance.warn_of_sources(console, provenance.statements_in(&asked.file));
        for statement in statements {
            let (at, changed) = (provenance.at(statement), provenance.is_stale(statement));
            for (path, line) in provenance.lines_of(statement) {
                lines += 1;
                let artifact = format!("{}:{line}", path.display());
                match console.format {
                    Format::Json => console.object(&json::origin(&artifact, (&at, &statement.end), changed)),
                    Format::Human | Format::Short => {
                        let text = line_of(path, line).filter(|_| !provenance.is_other(path));
                        show(console, &artifact, text.as_deref());
                    }
                }
            }
        }
    }
    if lines == 0 {
        console.note("no line is there because of what stands there alone");
    }
    Ok(())
}

/// Complains of a line that is nowhere.
fn expect_line(found: &[Provenance], asked: &Asked) -> Result<(), String> {
    let (file, line) = (asked.file.display(), asked.line);
    let stale = |provenance: &Provenance| provenance.statements_in(&asked.file).any(|s| provenance.is_stale(s));
    match text_of(&asked.file).map(|text| text.lines().count()) {
        // What stood there then is what is asked for.
        Some(_) if found.iter().any(stale) => Ok(()),
        Some(lines) if (1..=lines).contains(&line) => Ok(()),
        Some(_) => Err(format!("`{file}` has no line {line}")),
        None if found.iter().any(|provenance| provenance.statements_in(&asked.file).next().is_some()) => Ok(()),
        None => Err(format!("there is no file `{file}`")),
    }
}

/// A line of a source; the library is not on disk.
fn source_line(provenance: &Provenance, file: &str, line: usize) -> Option<String> {
    match rdcl_stdlib::SOURCES.iter().find(|source| source.name == file) {
        Some(source) => nth_line(source.text, line),
        None => line_of(&provenance.source(file), line),
    }
}

/// A place and what stands there.
fn show(console: &mut Console, place: &str, text: Option<&str>) {
    let line = format!("{place}  {}", text.unwrap_or_default());
    let line: String = line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
    console.print(&format!("{}\n", line.trim_end_matches(' ')));
}

fn line_of(path: &Path, line: usize) -> Option<String> {
    nth_line(&text_of(path)?, line)
}

fn nth_line(text: &str, line: usize) -> Option<String> {
    text.lines().nth(line.checked_sub(1)?).map(|line| line.trim_end().to_owned())
}

/// The text of a file; none of what is no file.
fn text_of(path: &Path) -> Option<String> {
    path.is_file().then(|| read_text(path).ok())?
}

impl Provenance {
    /// The statements that begin on a line (at a column, if one is given); where none does, the shortest that goes on
    /// there.
    fn statements_at(&self, asked: &Asked) -> Vec<&Statement> {
        let places = self.statements.iter().filter_map(|s| Some((s, s.place()?, s.last_line()?)));
        let mut is_asked = HashMap::new();
        let is_file =
            |file: &str| [self.source(file), self.root.join(file)].iter().any(|path| same_path(path, &asked.file));
        let mut is_here = |file| *is_asked.entry(file).or_insert_with(|| is_file(file));
        let here: Vec<_> = places.filter(|(_, (file, ..), _)| is_here(*file)).collect();
        let begins = |(_, (_, line, column), _): &&(&Statement, (&str, usize, usize), usize)| {
            *line == asked.line && asked.column.is_none_or(|wanted| wanted == *column)
        };
        let found: Vec<&Statement> = here.iter().filter(begins).map(|(statement, ..)| *statement).collect();
        if !found.is_empty() || asked.column.is_some() {
            return found;
        }
        let goes_on = here.iter().filter(|(_, (_, first, _), last)| *first < asked.line && asked.line <= *last);
        goes_on
            .min_by_key(|(_, (_, first, _), last)| last - first)
            .map(|(statement, ..)| *statement)
            .into_iter()
            .collect()
    }

    /// The statements in a file, which may be gone.
    fn statements_in<'a>(&'a self, file: &'a Path) -> impl Iterator<Item = &'a Statement> {
        let is_there = |name: &str| same_path(&self.source(name), file) || same_path(&self.root.join(name), file);
        let named: BTreeSet<&str> = self.sources.keys().map(String::as_str).filter(|name| is_there(name)).collect();
        self.statements.iter().filter(move |s| s.place().is_some_and(|(name, ..)| named.contains(name)))
    }

    /// Whether a statement may stand elsewhere now.
    fn is_stale(&self, statement: &Statement) -> bool {
        statement.place().is_none_or(|(file, ..)| self.has_changed(file))
    }

    /// Whether a built file is not as it was built.
    fn is_other(&self, path: &Path) -> bool {
        let built = self.artifacts.iter().find(|artifact| artifact.path == path);
        built.is_none_or(|artifact| sha256(&text_of(path).unwrap_or_default()) != artifact.sha256)
    }

    /// Where a statement begins, as seen from here.
    fn at(&self, statement: &Statement) -> String {
        match statement.place() {
            Some((file, line, column)) => format!("{}:{line}:{column}", self.source(file).display()),
            None => statement.at.clone(),
        }
    }

    /// Says of artifacts that are not as they were built.
    fn warn_of_changes(&self, console: &mut Console) {
        for artifact in &self.artifacts {
            if self.is_other(&artifact.path) {
                console.note(&format!("warning: `{}` has changed since it was built", artifact.path.display()));
            }
        }
    }
}

impl Statement {
    /// File, line and column of its beginning.
    pub fn place(&self) -> Option<(&str, usize, usize)> {
        let (rest, column) = self.at.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some((file, line.parse().ok()?, column.parse().ok()?))
    }

    fn last_line(&self) -> Option<usize> {
        self.end.split_once(':')?.0.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_a_line_and_perhaps_a_column() {
        let file = |line, column| Some(Asked { file: "a:b.rdcl".into(), line, column });
        assert_eq!(asked("a:b.rdcl:7"), file(7, None));
        assert_eq!(asked("a:b.rdcl:7:3"), file(7, Some(3)));
        assert_eq!(asked("a.rdcl"), None);
        assert_eq!(asked("a.rdcl:x"), None);
    }
}
