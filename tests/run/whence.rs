//! Where lines come from: whoever takes a statement out of the source loses exactly the lines that are said to be there
//! because of it.
//!
//! Each statement is blanked out, line breaks kept, and everything is built again, as far as it still checks and can be
//! placed. Two kinds of statement take something away, so that lines may come when they go: an operation that denies,
//! and a pin that keeps a part from a better place.

use crate::binary::{self, Run};
use crate::command_line::objects;
use libtest_mimic::{Failed, Trial};
use rdcl_hir::{Item, items, parsed};
use rdcl_syntax::ast::{Item as Tree, Member, SubstrateMember};
use rdcl_syntax::nemo::{EntityKind, Statement, StatementKind};
use rdclc::{Checked, Input, Provenance, with_deep_stack};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The trials.
pub fn trials() -> Vec<Trial> {
    let property = |name: &'static str, path: &'static str, deploy: &'static str| {
        let levels = !name.ends_with("without-its-levels");
        let run = move || {
            with_deep_stack(move || holds(path, deploy, levels)).map_err(|e| e.to_string())?.ok_or("panicked")?
        };
        Trial::test(format!("where/{name}"), move || run().map_err(Failed::from))
    };
    vec![
        property("branch", "examples/branch", "cloud"),
        // With a bound on a flow, no wire on its way can be taken out.
        property("branch-without-its-levels", "examples/branch", "cloud"),
        property("site", "tests/emit/site.rdcl", "site"),
        property("alone", "tests/emit/alone.rdcl", "resolver"),
        property("clouds", "tests/emit/clouds.rdcl", "chain"),
        property("straight", "tests/plan/filters.rdcl", "Straight"),
        property("losses", "tests/plan/losses.rdcl", "All"),
        property("nested", "tests/emit/nested.rdcl", "hall"),
        Trial::test("command-line/where", || command().map_err(Failed::from)),
        Trial::test("command-line/where/refusals", || refusals().map_err(Failed::from)),
        Trial::test("command-line/where/from-elsewhere", || from_elsewhere().map_err(Failed::from)),
        Trial::test("command-line/where/after-changes", || after_changes().map_err(Failed::from)),
        Trial::test("command-line/where/what-nobody-built", || what_nobody_built().map_err(Failed::from)),
    ]
}

/// A statement of a source file, with what cannot stay without it.
#[derive(Clone, Debug)]
struct Blank {
    kind: &'static str,
    /// The bytes of the file.
    bytes: Vec<Range<usize>>,
}

/// Templates by name, line by line, and what is said about them.
struct Build {
    templates: BTreeMap<String, Vec<String>>,
    provenance: Provenance,
}

/// What came of a blank.
enum Fate {
    Built(Build),
    Unchecked,
    Unplaced,
}

fn holds(path: &str, deploy: &str, levels: bool) -> Result<(), String> {
    let load = || {
        let mut input = rdclc::load(&binary::root().join(path));
        if !levels {
            let all = statements(&rdclc::check(rdclc::load(&binary::root().join(path))));
            let text = &mut input.files[main_file_of(path)].1;
            all.iter().filter(|b| b.kind == "sla").for_each(|b| *text = blanked(text, &b.bytes));
        }
        input
    };
    let (checked, file) = (rdclc::check(load()), main_file_of(path));
    let statements = statements(&checked);
    let Fate::Built(whole) = build(load(), deploy) else { return Err("it cannot be built".into()) };
    let mut seen: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut unchecked, mut unplaced) = (0, 0);
    for statement in &statements {
        let mut input = load();
        let excerpt = input.files[file].1[statement.bytes[0].clone()].to_owned();
        input.files[file].1 = blanked(&input.files[file].1, &statement.bytes);
        match build(input, deploy) {
            Fate::Unchecked => unchecked += 1,
            Fate::Unplaced => unplaced += 1,
            Fate::Built(rest) => {
                let named = named(&whole, &checked, file, statement);
                compare(&whole, &rest, &named, statement.kind).map_err(|e| format!("without `{excerpt}`: {e}"))?;
                let count = seen.entry(statement.kind).or_default();
                *count = (count.0 + 1, count.1 + named.len());
            }
        }
    }
    println!(
        "where {path}: {} statements, {unchecked} skipped that the rest does not check without, {unplaced} that it is not \
         placed without; tried and lines named: {seen:?}",
        statements.len()
    );
    let telling = seen.values().filter(|(_, lines)| *lines > 0).count();
    if telling >= 2 { Ok(()) } else { Err(format!("too little is named: {seen:?}")) }
}

/// The position of the first source file; before it stands the manifest of a package.
fn main_file_of(path: &str) -> usize {
    usize::from(!path.ends_with(".rdcl"))
}

fn build(input: Input, deploy: &str) -> Fate {
    let checked = rdclc::check(input);
    if checked.has_errors() {
        return Fate::Unchecked;
    }
    let Ok(placements) = rdclc::placed(&checked, Some(deploy)) else { return Fate::Unplaced };
    let [placed] = &placements.placed[..] else { return Fate::Unplaced };
    let built = rdclc::built(&checked, placed, "");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let find = |name: &str| built.artifacts.iter().find(|a| a.path == name).map(|a| text(&a.bytes));
    let Some(provenance) = find("provenance.json").and_then(|t| Provenance::parse(Path::new(""), &t)) else {
        return Fate::Unplaced;
    };
    let lines = |bytes: &[u8]| text(bytes).lines().map(str::to_owned).collect();
    let templates = built.artifacts.iter().filter(|a| a.path.ends_with(".yaml"));
    let templates = templates.map(|a| (a.path.clone(), lines(&a.bytes))).collect();
    Fate::Built(Build { templates, provenance })
}

fn blanked(text: &str, bytes: &[Range<usize>]) -> String {
    let is_out = |at: usize| bytes.iter().any(|range| range.contains(&at));
    text.char_indices().map(|(at, c)| if is_out(at) && c != '\n' { ' ' } else { c }).collect()
}

/// The lines (template, position from 0) that are there because of what begins in a statement.
fn named(whole: &Build, checked: &Checked, file: usize, statement: &Blank) -> BTreeSet<(String, usize)> {
    let sources = &checked.sources;
    let id = rdcl_base::FileId(file as u32);
    let at = |offset: usize| sources.line_column(id, offset as u32);
    let within =
        |place: (usize, usize)| statement.bytes.iter().any(|bytes| (at(bytes.start)..at(bytes.end)).contains(&place));
    let begins = |s: &&rdclc::Statement| {
        s.place()
            .is_some_and(|(name, line, column)| Path::new(sources.name(id)).ends_with(name) && within((line, column)))
    };
    let statements = whole.provenance.statements().iter().filter(begins);
    let lines = statements.flat_map(|s| whole.provenance.lines_of(s));
    lines.map(|(path, line)| (path.display().to_string(), line - 1)).collect()
}

fn compare(whole: &Build, rest: &Build, named: &BTreeSet<(String, usize)>, kind: &str) -> Result<(), String> {
    for (path, lines) in &whole.templates {
        let is_named = |i: &usize| named.contains(&(path.clone(), *i));
        let left: Vec<&String> = (0..lines.len()).filter(|i| !is_named(i)).map(|i| &lines[i]).collect();
        let found: Vec<&String> = rest.templates.get(path).into_iter().flatten().collect();
        let count = (0..lines.len()).filter(is_named).count();
        match kind {
            "operation" | "pin" => {
                let common = common(&lines.iter().collect::<Vec<_>>(), &found);
                if !is_within(&left, &found) || common != lines.len() - count {
                    return Err(format!("{count} lines are named, {} are gone", lines.len() - common));
                }
            }
            _ if left != found => {
                let differs = left.iter().zip(&found).find(|(a, b)| a != b);
                return Err(format!("{path}: {} lines should be left, {} are; {differs:?}", left.len(), found.len()));
            }
            _ => {}
        }
    }
    let new = rest.templates.keys().find(|path| !whole.templates.contains_key(*path) && kind != "pin");
    new.map_or(Ok(()), |path| Err(format!("{path} is new")))
}

/// Whether the lines of one text are all in another, in order.
fn is_within(some: &[&String], all: &[&String]) -> bool {
    let mut rest = all.iter();
    some.iter().all(|line| rest.any(|other| other == line))
}

/// The length of a longest common subsequence.
fn common(a: &[&String], b: &[&String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for line in a {
        let mut corner = 0;
        for (j, other) in b.iter().enumerate() {
            let up = row[j + 1];
            row[j + 1] = if line == other { corner + 1 } else { up.max(row[j]) };
            corner = up;
        }
    }
    row[b.len()]
}

/// Every statement of the package's first file that can be taken out by itself.
fn statements(checked: &Checked) -> Vec<Blank> {
    let db = &checked.db;
    let file = checked.package.files(db)[0];
    let mut found = Vec::new();
    for item in items(db, file) {
        for (kind, node) in nodes(parsed(db, *item).tree(db)) {
            found.push(Blank { kind, bytes: vec![range(checked, *item, node)] });
        }
    }
    let parts = parts_with_mentions(file.text(db), &found);
    found.extend(parts);
    found
}

/// Each part with every statement that mentions it, since the rest does not check without the part alone.
fn parts_with_mentions(text: &str, statements: &[Blank]) -> Vec<Blank> {
    let text_of = |blank: &Blank| &text[blank.bytes[0].clone()];
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
    };
    let with_mentions = |part: &Blank| {
        let name = words(text_of(part)).into_iter().filter(|word| !word.is_empty()).nth(1).unwrap_or_default();
        let mentions =
            |b: &&Blank| ["wire", "pin", "event", "ensures"].contains(&b.kind) && words(text_of(b)).contains(&name);
        let all = statements.iter().filter(mentions).map(|b| b.bytes[0].clone());
        Blank { kind: "part with its mentions", bytes: [part.bytes[0].clone()].into_iter().chain(all).collect() }
    };
    statements.iter().filter(|b| b.kind == "part").map(with_mentions).collect()
}

/// The bytes of a node, with the semicolon that ends it.
fn range(checked: &Checked, item: Item<'_>, node: rdcl_base::NodeId) -> Range<usize> {
    let db = &checked.db;
    let span = parsed(db, item).spans(db)[node.0 as usize].shifted(item.start(db));
    let text = item.file(db).text(db);
    let end = span.end as usize;
    let rest = text[end..].trim_start();
    let end = if rest.starts_with(';') { text.len() - rest.len() + 1 } else { end };
    span.start as usize..end
}

fn nodes(tree: &Tree) -> Vec<(&'static str, rdcl_base::NodeId)> {
    match tree {
        Tree::Rfb(rfb) => rfb.members.iter().flat_map(member_nodes).collect(),
        Tree::Substrate(substrate) => substrate.members.iter().flat_map(substrate_nodes).collect(),
        Tree::Deploy(deploy) => deploy.pins.iter().map(|pin| ("pin", pin.node)).collect(),
        Tree::Use(_) | Tree::Stack(_) | Tree::Header(_) | Tree::Environment(_) | Tree::Nemo(_) | Tree::Bad(_) => {
            Vec::new()
        }
    }
}

fn member_nodes(member: &Member) -> Vec<(&'static str, rdcl_base::NodeId)> {
    match member {
        Member::Port(port) => vec![("port", port.node)],
        Member::Part(part) => vec![("part", part.node)],
        Member::Wire(wire) => {
            wire.attrs.iter().map(|attr| ("attribute of a wire", attr.node)).chain([("wire", wire.node)]).collect()
        }
        Member::Ensures(ensures) => vec![("ensures", ensures.node)],
        Member::Impl(implementation) => {
            let attributes = implementation.attrs.iter().map(|attr| ("attribute of an impl", attr.node));
            attributes.chain([("impl", implementation.node)]).collect()
        }
        Member::If(c) => c.then.iter().chain(&c.otherwise).flat_map(member_nodes).collect(),
        Member::Sla(sla) => vec![("sla", sla.node)],
        Member::Lifecycle(lifecycle) => lifecycle.transitions.iter().map(|t| ("event", t.node)).collect(),
        Member::Intent(intent) => intent.nemo.iter().filter_map(operation_node).collect(),
        // What a block does is no single line's reason.
        Member::Behaviour(_) | Member::Policy(_) | Member::Bad(_) => Vec::new(),
    }
}

fn operation_node(statement: &Statement) -> Option<(&'static str, rdcl_base::NodeId)> {
    let StatementKind::Entity(entity) = &statement.kind else { return None };
    match entity.kind {
        EntityKind::Operation => Some(("operation", statement.node)),
        EntityKind::Flow => Some(("flow", statement.node)),
        _ => None,
    }
}

fn substrate_nodes(member: &SubstrateMember) -> Vec<(&'static str, rdcl_base::NodeId)> {
    match member {
        SubstrateMember::Ree(ree) => {
            let attributes = ree.attrs.iter().map(|attr| ("attribute of a ree", attr.node));
            attributes.chain([("ree", ree.node)]).collect()
        }
        SubstrateMember::Link(link) => {
            let attributes = link.attrs.iter().map(|attr| ("attribute of a link", attr.node));
            attributes.chain([("link", link.node)]).collect()
        }
        SubstrateMember::Bad(_) => Vec::new(),
    }
}

/// Builds the branch; gives back the folder.
fn branch(name: &str) -> Result<PathBuf, String> {
    let folder = binary::scratch(name);
    let ran = binary::run_here(&format!("build examples/branch --deploy cloud -o {}", folder.display()));
    if ran.code == Some(0) { Ok(folder) } else { Err(format!("{ran:#?}")) }
}

fn asked(question: &str) -> Result<Run, String> {
    let ran = binary::run_here(&format!("where {question}"));
    if ran.code == Some(0) { Ok(ran) } else { Err(format!("`rdclc where {question}`\n{ran:#?}")) }
}

/// There and back again: a line names its statement, and the statement names the line.
fn command() -> Result<(), String> {
    let folder = branch("where-command")?;
    let template = folder.join("heat.yaml");
    let text = fs::read_to_string(&template).map_err(|e| e.to_string())?;
    let line = text.lines().position(|l| l == "    default: m1.small").ok_or("no flavor")? + 1;
    let there = asked(&format!("{}:{line}", template.display()))?.stdout;
    let flavor = "examples/branch/main.rdcl:31:78  ";
    if !there.lines().any(|l| l.starts_with(flavor) && l.contains("flavor = \"m1.small\"")) {
        return Err(format!("the flavor is not named:\n{there}"));
    }
    let back = asked(&format!("examples/branch/main.rdcl:31:78 -o {}", folder.display()))?.stdout;
    if back != format!("{}:{line}      default: m1.small\n", template.display()) {
        return Err(format!("the line is not named:\n{back}"));
    }
    // Without a column, what begins on the line; where nothing begins, the statement that goes on there.
    let whole = asked(&format!("examples/branch/main.rdcl:31 -o {}", folder.display()))?.stdout;
    let ran = asked(&format!("examples/branch/main.rdcl:61 -o {} --format json", folder.display()))?;
    let objects = objects(&ran)?;
    let one =
        objects.len() == 2 && objects[1]["type"] == "origin" && objects[1]["at"] == "examples/branch/main.rdcl:61:5";
    if whole.contains(back.trim_end()) && whole.lines().count() > 10 && one { Ok(()) } else { Err(whole) }
}

fn refusals() -> Result<(), String> {
    let folder = branch("where-refusals")?;
    let out = folder.display();
    let lines = [
        format!("{out}/heat.yaml:0"),
        format!("{out}/heat.yaml:99999"),
        format!("{out}/heat.yaml"),
        format!("examples/branch/main.rdcl:41 -o {out}/nowhere"),
        format!("examples/branch/main.rdcl:99999 -o {out}"),
        format!("examples/branch/nowhere.rdcl:1 -o {out}"),
        format!("{out}/expected.json:1"),
    ];
    for line in &lines {
        let ran = binary::run_here(&format!("where {line}"));
        if ran.code != Some(2) || !ran.stdout.is_empty() || ran.stderr.is_empty() {
            return Err(format!("`rdclc where {line}`\n{ran:#?}"));
        }
    }
    let nothing = asked(&format!("examples/branch/main.rdcl:1 -o {out}"))?;
    if !nothing.stdout.is_empty() || !nothing.stderr.contains("no line") {
        return Err(format!("{nothing:#?}"));
    }
    fs::write(folder.join("heat.yaml"), "changed: yes\n").map_err(|e| e.to_string())?;
    let changed = asked(&format!("examples/branch/main.rdcl:41 -o {out}"))?;
    if changed.stderr.contains("has changed since it was built") { Ok(()) } else { Err(format!("{changed:#?}")) }
}

/// From another working directory the same is said, with paths as they are seen from there.
fn from_elsewhere() -> Result<(), String> {
    let (folder, elsewhere) = (branch("where-elsewhere")?, binary::scratch("elsewhere"));
    let ask = |words: &[&str]| binary::run(&elsewhere, &words.iter().map(|w| w.as_ref()).collect::<Vec<_>>()).stdout;
    let source = binary::root().join("examples/branch/main.rdcl");
    let place = format!("{}:31:78", source.display());
    let lines = ask(&["where", &place, "-o", "../where-elsewhere"]);
    let line = lines.lines().find(|l| l.ends_with("  default: m1.small")).ok_or(format!("no flavor: {lines}"))?;
    let artifact = line.split("  ").next().unwrap_or_default();
    let there = ask(&["where", artifact]);
    let named = there.lines().any(|l| l.starts_with(&format!("{place}  ")) && l.contains("flavor = \"m1.small\""));
    let distinct: BTreeSet<&str> = there.lines().collect();
    let text = fs::read_to_string(folder.join("provenance.json")).map_err(|e| e.to_string())?;
    let here = binary::root().display().to_string();
    let all = named && distinct.len() == there.lines().count() && !text.contains(&here);
    if all { Ok(()) } else { Err(format!("{artifact}\n{there}")) }
}

/// When a source has changed, positions are those of then, and no text of now is shown as theirs.
fn after_changes() -> Result<(), String> {
    let folder = binary::scratch("where-changes");
    let run = |line: &str| binary::run(&folder, &line.split_whitespace().map(AsRef::as_ref).collect::<Vec<_>>());
    run("new mine --template service");
    let built = run("build mine --deploy cloud -o out");
    binary::expect(built.code == Some(0), &built, "it is built")?;
    let template = fs::read_to_string(folder.join("out/heat.yaml")).map_err(|e| e.to_string())?;
    let line = template.lines().position(|line| line == "    default: m1.small").ok_or("no flavor")? + 1;
    let there = format!("where out/heat.yaml:{line}");
    let before = run(&there);
    binary::expect(before.stderr.is_empty() && before.stdout.contains("flavor = "), &before, "the text is shown")?;
    let places = |ran: &Run| -> Vec<String> {
        ran.stdout.lines().map(|line| line.split("  ").next().unwrap_or_default().to_owned()).collect()
    };
    let source = folder.join("mine/main.rdcl");
    let text = fs::read_to_string(&source).map_err(|e| e.to_string())?;
    let own = places(&before).into_iter().find(|place| place.starts_with("mine/")).ok_or("no place")?;
    fs::write(&source, format!("// new\n{text}")).map_err(|e| e.to_string())?;
    let after = run(&there);
    let silent = after.code == Some(0) && !after.stdout.contains("flavor = ") && places(&after) == places(&before);
    binary::expect(silent && after.stderr.contains("`mine/main.rdcl` has changed since"), &after, "positions alone")?;
    let back = run(&format!("where {own}"));
    let warned = back.stderr.contains("`mine/main.rdcl` has changed since");
    binary::expect(warned && back.stdout.contains(&format!("heat.yaml:{line}  ")), &back, "and back")?;
    let ran = run(&format!("{there} --format json"));
    let changed = objects(&ran)?.iter().any(|o| o["type"] == "origin" && o["changed"] == true);
    binary::expect(changed, &ran, "machines are told")?;
    fs::remove_file(&source).map_err(|e| e.to_string())?;
    let gone = run(&there);
    let said = gone.stderr.contains("main.rdcl` is not there any more");
    binary::expect(said && !gone.stdout.contains("flavor = "), &gone, "the source is gone")
}

/// What is no origin file, or that of a stranger, is refused, or harmless.
fn what_nobody_built() -> Result<(), String> {
    let folder = branch("where-strange")?;
    let question = format!("where {0}/heat.yaml:3", folder.display());
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in ["", "{", "[]", r#"{"root":"","statements":{},"artifacts":[]}"#, &deep] {
        fs::write(folder.join("provenance.json"), text).map_err(|e| e.to_string())?;
        let ran = binary::run_here(&question);
        if ran.code != Some(2) || !ran.stderr.contains("is not what a build leaves") {
            return Err(format!("{text:.60}\n{ran:#?}"));
        }
    }
    let origins = |path: &str| format!(r#"{{"path":"{path}","sha256":"","common":[0,7],"lines":[[],[],[0]]}}"#);
    let strange = format!(
        r#"{{"root":"","sources":[],"statements":[{{"at":"\u001b[2J:1:1","end":"x"}}],"artifacts":[{},{}]}}"#,
        origins("heat.yaml"),
        origins("/dev/zero")
    );
    fs::write(folder.join("provenance.json"), strange).map_err(|e| e.to_string())?;
    let ran = binary::run_here(&question);
    if ran.code == Some(0) && ran.stdout == "\u{fffd}[2J:1:1\n" { Ok(()) } else { Err(format!("{ran:#?}")) }
}
