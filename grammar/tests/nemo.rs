//! NEMO: every published dialect parses, mistakes are told where they are, formatting keeps the meaning, and what is
//! made canonical means what it meant.

use proptest::prelude::*;
use rdcl_base::{Diagnostic, Span};
use rdcl_syntax::ast::Item;
use rdcl_syntax::nemo::{
    Clause, ClauseKind, End, Entity, EntityKind, Entry, Part, Ref, Statement, StatementKind, Step, Value, Verb, models,
    pairs,
};
use rdcl_syntax::{ParsedItem, canonical, canonical_nemo, format, format_nemo, parse_nemo};
use std::fs;
use std::path::{Path, PathBuf};

/// Codes of what has no canonical form, or nothing to do with it.
const LASTING: [&str; 3] = ["W0107", "W0108", "W0109"];

fn texts(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/nemo").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn statements(parsed: &ParsedItem) -> &[Statement] {
    let Item::Nemo(program) = &parsed.item else { panic!("{:?}", parsed.item) };
    &program.statements
}

/// Line and column of a complaint, from 1, in bytes.
fn place(text: &str, fault: &Diagnostic<Span>) -> (usize, usize) {
    let before = &text[..fault.primary.start as usize];
    (before.matches('\n').count() + 1, before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1)
}

#[test]
fn every_dialect_is_read() {
    let texts = texts("legal");
    assert_eq!(texts.len(), 9);
    for (name, text) in texts {
        let parsed = parse_nemo(&text);
        assert!(parsed.errors.is_empty(), "{name}: {:?}", parsed.errors);
        assert!(statements(&parsed).iter().all(|s| !s.broken && s.kind != StatementKind::Bad), "{name}");
    }
}

#[test]
fn canonical_text_gives_no_remark() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/nemo/legal/d3.nemo")).unwrap();
    assert_eq!(parse_nemo(&text).warnings, []);
}

/// `//~ CODE COLUMN` behind a line says the one mistake in it; other lines have none.
#[test]
fn mistakes_are_told_where_they_are() {
    for (name, text) in texts("wrong") {
        let parsed = parse_nemo(&text);
        let found: Vec<(usize, String, usize)> = parsed
            .errors
            .iter()
            .map(|fault| (place(&text, fault).0, fault.code.to_string(), place(&text, fault).1))
            .collect();
        let expected: Vec<(usize, String, usize)> = (1..)
            .zip(text.lines())
            .filter_map(|(number, line)| {
                let mut words = line.split_once("//~ ")?.1.split(' ');
                Some((number, words.next()?.to_owned(), words.next()?.parse().ok()?))
            })
            .collect();
        assert_eq!(found, expected, "{name}");
        let last = |s: &Statement| matches!(&s.kind, StatementKind::Entity(e) if e.name_text() == "last" && !s.broken);
        assert!(name == "wrong" || statements(&parsed).iter().any(last), "{name}: the last statement is read");
    }
}

#[test]
fn fixes_mend_what_they_are_about() {
    for (name, text) in texts("wrong") {
        for fault in parse_nemo(&text).errors {
            let Some(fix) = &fault.fix else { continue };
            let (from, to) = (fix.at.start as usize, fix.at.end as usize);
            let mended = [&text[..from], &fix.replacement, &text[to..]].concat();
            let left = parse_nemo(&mended).errors.len();
            assert_eq!(left + 1, parse_nemo(&text).errors.len(), "{name}: {}", fault.message);
        }
    }
}

#[test]
fn the_corpus_is_read() {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    let corpora = std::env::var_os("RDCL_CORPORA").map_or(default, PathBuf::from);
    if !corpora.exists() {
        println!("skipped: {} is not there", corpora.display());
        return;
    }
    let mut found = Vec::new();
    collect(&corpora.join("rdcl3d/NEMO"), &mut found);
    assert_eq!(found.len(), 9);
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(parse_nemo(&text).errors, [], "{}", path.display());
        holds(&text);
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "nemo") {
            found.push(path);
        }
    }
}

#[test]
fn dialects_are_formatted_and_made_canonical() {
    texts("legal").iter().for_each(|(_, text)| holds(text));
}

/// What must hold of every text without errors.
fn holds(text: &str) {
    let parsed = parse_nemo(text);
    let formatted = format_nemo(text);
    assert_eq!(format_nemo(&formatted), formatted, "formatting twice changes\n{text}");
    assert_eq!(parse_nemo(&formatted).item, parsed.item, "formatting changes the tree of\n{text}");
    assert_eq!(comments(&formatted), comments(text), "formatting changes the comments of\n{text}");
    let canonical = canonical_nemo(text);
    assert_eq!(canonical_nemo(&canonical), canonical, "canonical is not final for\n{text}");
    let after = parse_nemo(&canonical);
    assert_eq!(after.errors, [], "{text}\n--\n{canonical}");
    let old = after.warnings.iter().find(|w| !LASTING.contains(&w.code.as_str()));
    assert!(old.is_none(), "{old:?}\n{text}\n--\n{canonical}");
    assert_eq!(meaning(statements(&after)), meaning(statements(&parsed)), "{text}\n--\n{canonical}");
    let kept = comments(&canonical);
    assert!(comments(text).iter().all(|comment| kept.contains(comment)), "{text}\n--\n{canonical}");
}

/// The comments that have lines of their own or end lines; good enough for texts without `//` in strings.
fn comments(text: &str) -> Vec<String> {
    let comment = |line: &str| {
        let at = line.match_indices("//").map(|(at, _)| at).find(|at| *at == 0 || !line[..*at].ends_with(':'))?;
        Some(line[at..].trim_end().to_owned())
    };
    text.lines().filter_map(comment).collect()
}

/// What statements say, whatever the words.
fn meaning(statements: &[Statement]) -> Vec<String> {
    let mut said = Vec::new();
    for part in models(statements) {
        match part {
            Part::Model(model) => {
                let mut header = says(model.header, true);
                for member in model.body {
                    match &member.kind {
                        StatementKind::ImportVnfd { uri, .. } => header.push_str(&format!(" vnfd {}", uri.text)),
                        _ => said.push(format!("  {}", says(member, true))),
                    }
                }
                let at = said.len();
                said.insert(at, header);
            }
            Part::Statement(statement) => said.push(says(statement, false)),
        }
    }
    for line in &mut said {
        *line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    said.retain(|line| !line.is_empty());
    said.sort();
    said
}

fn says(statement: &Statement, member: bool) -> String {
    match &statement.kind {
        StatementKind::Entity(entity) => entity_says(entity, member),
        StatementKind::Delete(delete) => format!("delete {:?} {}", delete.kind, delete.target.text()),
        StatementKind::ImportVnfd { uri, .. } => format!("import {}", uri.text),
        StatementKind::Query(query) => {
            let word = |text: &str| match text {
                "TYPE" => "Type".to_owned(),
                "Properties" => "Property".to_owned(),
                "Endnodes" => "EndNodes".to_owned(),
                "ApplyTo" | "Appliesto" => "Target".to_owned(),
                other => other.to_owned(),
            };
            let items: Vec<String> = query.items.iter().map(|item| word(&item.text)).collect();
            format!("query {items:?} {:?} {:?}", query.value.as_ref().map(value), refs(&query.from))
        }
        StatementKind::Transaction(Step::Transaction | Step::Begin) => "begin".into(),
        StatementKind::Transaction(Step::Commit | Step::End) => "commit".into(),
        StatementKind::Transaction(Step::Withdraw) => "withdraw".into(),
        StatementKind::Label(_) | StatementKind::Ellipsis | StatementKind::Open | StatementKind::Close => String::new(),
        StatementKind::User { name, rest } => {
            format!("user {} {:?}", name.text, rest.iter().map(|r| &r.text).collect::<Vec<_>>())
        }
        StatementKind::Connect { name, address, port } => {
            format!("connect {} {} {}", name.text, value(address), port.0)
        }
        StatementKind::Disconnect(name) => format!("disconnect {}", name.text),
        StatementKind::Description(name) => format!("description {}", name.text),
        StatementKind::Engines(engines) => format!("engines {:?}", engines.iter().map(value).collect::<Vec<_>>()),
        StatementKind::Bad => "bad".into(),
    }
}

fn entity_says(entity: &Entity, member: bool) -> String {
    let verb = match entity.verb {
        Some((Verb::Update, _)) => "update",
        Some((Verb::Import, _)) => "import",
        None if !member && entity.kind == EntityKind::Node && entity.type_name().is_none() => "update",
        None if entity.kind.is_model() => "model",
        Some((Verb::Create | Verb::Define, _)) | None => "create",
    };
    let query = entity.query.as_ref().map(|q| refs(&q.from));
    let mut clauses: Vec<String> = entity.clauses.iter().map(clause_says).collect();
    let ends: Vec<String> = [true, false]
        .into_iter()
        .filter_map(|from| {
            entity.clauses.iter().find_map(|clause| match &clause.kind {
                ClauseKind::From(end) if from => Some(end.text()),
                ClauseKind::To(end) if !from => Some(end.text()),
                _ => None,
            })
        })
        .collect();
    if !ends.is_empty() {
        clauses.retain(|clause| !clause.starts_with("side"));
        clauses.push(format!("ends {ends:?}"));
    }
    clauses.sort();
    format!("{verb} {:?} {} {query:?} {}", entity.kind, entity.name_text(), clauses.join(" "))
}

fn clause_says(clause: &Clause) -> String {
    match &clause.kind {
        ClauseKind::Type(name) => format!("type {}", name.text),
        ClauseKind::Contain(all) => format!("contain {:?}", refs(all)),
        ClauseKind::Parent(one) => format!("parent {}", one.text()),
        ClauseKind::Property(entries) => format!("property {}", listed(entries)),
        ClauseKind::Sla(entries) => format!("sla {}", listed(entries)),
        ClauseKind::Match(entries) => format!("match {}", listed(entries)),
        ClauseKind::UnMatch(entries) => format!("unmatch {}", listed(entries)),
        ClauseKind::EndNodes(ends) => {
            let all: Vec<String> = match &ends[..] {
                [End::Set(all, _)] => refs(all),
                _ => ends
                    .iter()
                    .map(|end| match end {
                        End::One(one) => one.text(),
                        End::Set(all, _) => format!("{:?}", refs(all)),
                    })
                    .collect(),
            };
            format!("ends {all:?}")
        }
        ClauseKind::From(one) | ClauseKind::To(one) => format!("side {}", one.text()),
        ClauseKind::Target(one) => format!("target {}", one.text()),
        ClauseKind::Priority(number, _) => format!("priority {number}"),
        ClauseKind::Condition(cond) | ClauseKind::Constraint(cond) => format!("when {}", bare(&format!("{cond:?}"))),
        ClauseKind::Action(entries) => format!("action {}", entries.iter().map(entry).collect::<Vec<_>>().join(", ")),
        ClauseKind::Listener(one) => format!("listener {}", one.text()),
        ClauseKind::On(name) => format!("on {}", name.text),
        ClauseKind::Every(every) => format!("every {}", value(every)),
        ClauseKind::Vnfd(uri) => format!("vnfd {}", uri.text),
        ClauseKind::At(one) => format!("at {}", one.text()),
    }
}

fn listed(entries: &[Entry]) -> String {
    let pairs = pairs(entries);
    format!("{:?}", pairs.iter().map(|(key, v)| (&key.text, v.as_ref().map(value))).collect::<Vec<_>>())
}

fn entry(entry: &Entry) -> String {
    match entry {
        Entry::Pair(pair) => format!("{}: {}", pair.key.text, value(&pair.value)),
        Entry::Word(name) => name.text.clone(),
        Entry::Value(v) => value(v),
        Entry::Group(inner, _) => inner.iter().map(self::entry).collect::<Vec<_>>().join(", "),
    }
}

fn refs(all: &[Ref]) -> Vec<String> {
    all.iter().map(Ref::text).collect()
}

fn value(value: &Value) -> String {
    match value {
        Value::Str(name) => name.text.clone(),
        Value::Ref(one) => one.text(),
        Value::List(all, _) => format!("[{}]", all.iter().map(self::value).collect::<Vec<_>>().join(", ")),
        other => bare(&format!("{other:?}")),
    }
}

/// A debug text without the numbers of nodes.
fn bare(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("NodeId(") {
        kept.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    kept + rest
}

#[test]
fn blocks_are_set_in_their_items() {
    let text = "rfb A {\n  intent nemo {{ Link  c Endnodes (a,b) }}\n  intent nemo {{\nCREATE Flow f Match a:1 ; // why\n\n\n  CREATE Flow g Match a:2;}}\n}\n";
    let set = "rfb A {\n  intent nemo {{ Link c Endnodes (a, b) }}\n  intent nemo {{\n    CREATE Flow f Match a: 1; // why\n\n    CREATE Flow g Match a: 2;\n  }}\n}\n";
    assert_eq!(format(text), set);
    assert_eq!(format(set), set);
    let made = canonical(text);
    assert!(made.contains("intent nemo {{ CREATE Connection c EndNodes a, b; }}"), "{made}");
    assert_eq!(canonical(&made), made);
}

#[test]
fn nesting_is_bounded() {
    for open in ["(", "!", "!(", "["] {
        let text = format!("CREATE Operation o Target f Condition {}", open.repeat(100_000));
        let codes: Vec<String> = parse_nemo(&text).errors.iter().map(|e| e.code.to_string()).collect();
        assert_eq!(codes, ["E0104"], "{open}");
    }
    let fine = format!("CREATE Operation o Target f Condition {}a{} Action deny;", "(".repeat(50), ")".repeat(50));
    assert_eq!(parse_nemo(&fine).errors, []);
}

#[test]
fn one_mistake_in_many_is_one_complaint() {
    let good = "CREATE Node n Type host Property location: openflow:1:2;\n".repeat(2000);
    let text = format!("{good}CREATE Node x Typ host;\n{good}");
    let parsed = parse_nemo(&text);
    assert_eq!(parsed.errors.len(), 1);
    assert_eq!(place(&text, &parsed.errors[0]), (2001, 15));
    assert_eq!(statements(&parsed).len(), 4001);
}

// ------------------------------------------------------------------------------------------ generated texts

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b1", "src-ip", "x_y", "Fw", "\"n 1\"", "\"quoted\"", "nodes", "as", "string"])
        .prop_map(str::to_owned)
}

fn literal() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "5",
        "40G",
        "128(kbps)",
        "10.0.0.1",
        "10.0.0.0/8",
        "2001:db8::1",
        "00:11:22:33:44:55",
        "18:00",
        "2016-01-02",
        "true",
        "\"text\"",
        "openflow:10:22",
        "n.cp",
        "2016-01-02 18:00:00",
        "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
    ])
    .prop_map(str::to_owned)
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => literal(),
        1 => (literal(), literal()).prop_map(|(a, b)| format!("[{a}, {b}]")),
        1 => (literal(), literal()).prop_map(|(a, b)| format!("List({a}, {b})")),
        1 => (literal(), literal()).prop_map(|(a, b)| format!("{{{a} ,{b}}}")),
        1 => Just("Range(1, 5)".to_owned()),
        1 => Just("( 1,5 )".to_owned()),
    ]
}

fn list() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec((name(), any_value()), 1..4).prop_map(|all| all
            .iter()
            .map(|(k, v)| format!("{k}: {v}"))
            .collect::<Vec<_>>()
            .join(", ")),
        prop::collection::vec((name(), literal()), 1..3).prop_map(|all| all
            .iter()
            .map(|(k, v)| format!("\"{}\",{v}", k.trim_matches('"')))
            .collect::<Vec<_>>()
            .join(",")),
    ]
    .prop_filter("a reference is no value of a comma list", |text| {
        text.contains(": ") || !text.contains("openflow") && !text.contains("n.cp")
    })
}

fn cond() -> impl Strategy<Value = String> {
    let comparison = (name(), prop::sample::select(vec!["==", "!=", "<", ">="]), literal())
        .prop_map(|(a, op, b)| format!("{a} {op} {b}"));
    comparison.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["&&", "||", "and", "or"]), inner.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

fn statement() -> impl Strategy<Value = String> {
    let verb = || prop::sample::select(vec!["CREATE ", "UPDATE ", "IMPORT ", ""]);
    prop_oneof![
        (verb(), prop::sample::select(vec!["Node", "CFN"]), name(), name(), list())
            .prop_map(|(v, k, n, t, p)| format!("{v}{k} {n} Type {t} Property {p}")),
        (verb(), prop::sample::select(vec!["Connection", "Link"]), name(), name(), name())
            .prop_map(|(v, k, n, a, b)| format!("{v}{k} {n} Type p2p Endnodes ({a}, {b})")),
        (verb(), name(), name(), name())
            .prop_map(|(v, n, a, b)| format!("{v}CONNECTION {n} FROM {a} TYPE p2p TO {b}:cp")),
        (verb(), prop::sample::select(vec!["Flow", "ServiceFlow"]), name(), list())
            .prop_map(|(v, k, n, m)| format!("{v}{k} {n} Match {m}")),
        (verb(), name(), name(), cond(), any::<bool>()).prop_map(|(v, n, t, c, braces)| {
            let cond = if braces { format!("{{{c}}}") } else { c };
            format!("{v}Policy {n} ApplyTo {t} Priority 1 Condition {cond} Action {{deny, go: {t}}}")
        }),
        (name(), name()).prop_map(|(m, p)| format!(
            "CREATE NodeModel NAME {m} IMPORT VNFD FROM https://a.b/c.yaml DEFINE ConnectionPoint {p} FROM VNFD:ge0"
        )),
        (name(), name()).prop_map(|(n, t)| format!("Node {n} TYPE {t}")),
        name().prop_map(|n| format!("No Link {n}")),
        name().prop_map(|n| format!("UnNode {n}")),
        name().prop_map(|n| format!("Query Type, {n} from {n}")),
        Just("Transaction Begin".to_owned()),
    ]
}

fn program() -> impl Strategy<Value = String> {
    let end =
        || prop::sample::select(vec![";", ";\n", "\n", " ; // said\n", ";\n\n\n", " // said\n", "\n/* kept */\n"]);
    prop::collection::vec((statement(), end()), 1..8)
        .prop_map(|all| all.into_iter().map(|(statement, end)| statement + end).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn generated_programs_hold(text in program()) {
        let errors = parse_nemo(&text).errors;
        prop_assert!(errors.is_empty(), "{text}\n{errors:?}");
        holds(&text);
    }

    #[test]
    fn spoilt_programs_are_parsed(text in program(), at in any::<prop::sample::Index>(), byte in any::<char>()) {
        let at = at.index(text.len());
        let spoilt: String = text.char_indices().map(|(n, c)| if n == at { byte } else { c }).collect();
        let parsed = parse_nemo(&spoilt);
        prop_assert!(parsed.errors.iter().all(|e| e.primary.end as usize <= spoilt.len()));
        if parsed.errors.is_empty() {
            _ = (format_nemo(&spoilt), canonical_nemo(&spoilt));
        } else {
            prop_assert_eq!(format_nemo(&spoilt), spoilt);
        }
    }

    #[test]
    fn any_soup_is_parsed(words in prop::collection::vec(prop_oneof![literal(), name(), statement(),
        prop::sample::select(vec!["{", "}", "(", ")", "[", "]", ":", ",", ";", "!", "CREATE", "Type", "Property", "\"", "/*", "“", "<", ">", "Query", "at", "VNFD", "..."]).prop_map(str::to_owned)], 0..30)) {
        let text = words.join(" ");
        let errors = parse_nemo(&text).errors;
        if errors.is_empty() {
            _ = format_nemo(&text);
        }
    }
}
