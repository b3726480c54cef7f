//! Real configurations, which another implementation has flattened, and single forms.

use super::{Flat, MistakeKind, flatten, parse};
use std::path::{Path, PathBuf};

fn flat(text: &str) -> Flat {
    let parsed = parse(text);
    assert!(parsed.errors.is_empty(), "{:?}\n{text}", parsed.errors);
    flatten(&parsed.configuration)
}

fn counts(text: &str) -> (usize, usize) {
    let flat = flat(text);
    assert!(flat.mistakes.is_empty(), "{:?}\n{text}", flat.mistakes);
    (flat.elements.len(), flat.connections.len())
}

fn mistakes(text: &str) -> Vec<MistakeKind> {
    flat(text).mistakes.into_iter().map(|mistake| mistake.kind).collect()
}

/// `a[0]->[1]b` for each connection.
fn joined(text: &str) -> Vec<String> {
    let flat = flat(text);
    let name = |end| match end {
        super::End::Element(number) => flat.elements[number as usize].name.as_str(),
        super::End::Outside => "outside",
    };
    let shown = |c: &super::Connection| format!("{}[{}]->[{}]{}", name(c.from.0), c.from.1, c.to.1, name(c.to.0));
    flat.connections.iter().map(shown).collect()
}

#[test]
fn configurations_flatten_as_they_do_elsewhere() {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    let directory = std::env::var_os("RDCL_CORPORA").map_or(default, PathBuf::from).join("click");
    if !directory.exists() {
        println!("skipped: {} is not there", directory.display());
        return;
    }
    let table = std::fs::read_to_string(directory.join("flatten-counts.txt")).expect("the corpus has a table");
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let row: Vec<&str> = line.split_whitespace().collect();
        let [name, elements, connections] = row.as_slice() else { panic!("a row of another form: {line}") };
        let expected: (usize, usize) = (elements.parse().expect("a number"), connections.parse().expect("a number"));
        if expected == (0, 0) {
            continue;
        }
        let text = std::fs::read_to_string(directory.join(name)).expect("the corpus has the files of its table");
        let parsed = parse(&text);
        let flat = flatten(&parsed.configuration);
        let found = (flat.elements.len(), flat.connections.len());
        if !parsed.errors.is_empty() || !flat.mistakes.is_empty() || found != expected {
            let at = |e: &rdcl_base::Diagnostic<rdcl_base::Span>| {
                format!("{} at {:?}", e.message, &text[e.primary.start as usize..].chars().take(30).collect::<String>())
            };
            let errors: Vec<String> = parsed.errors.iter().map(at).collect();
            wrong.push(format!("{name}: {found:?}, not {expected:?}; {errors:?} {:?}", flat.mistakes));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lists_and_groups_are_joined() {
    assert_eq!(joined("a, b :: C -> d :: D;"), ["a[0]->[0]d", "b[0]->[0]d"]);
    assert_eq!(joined("a :: A; a [1] -> [2] B -> C"), ["a[1]->[2]B@2", "B@2[0]->[0]C@3"]);
    assert_eq!(joined("a :: A; b :: B; a [0,1] => [1,0] b"), ["a[0]->[1]b", "a[1]->[0]b"]);
    assert_eq!(joined("a :: A; a => B, C"), ["a[0]->[0]B@2", "a[1]->[0]C@3"]);
    assert_eq!(joined("A -> (B -> output; input -> C) -> D").len(), 2);
    assert_eq!(joined("input -> C -> [1] output"), ["outside[0]->[0]C@1", "C@1[0]->[1]outside"]);
}

#[test]
fn compounds_are_opened() {
    let gate = "elementclass Gate { $n, RATE $r | input -> q :: Queue($n) -> s :: Shaper($r) -> output } ";
    let text = format!("{gate} Idle -> g :: Gate(7, RATE 5) -> Discard;");
    assert_eq!(joined(&text), ["Idle@1[0]->[0]g/q", "g/q[0]->[0]g/s", "g/s[0]->[0]Discard@3"]);
    let arguments: Vec<String> =
        flat(&text).elements.iter().flat_map(|e| e.arguments.iter().map(|a| a.text())).collect();
    assert_eq!(arguments, ["7", "5"]);
    assert_eq!(counts("Idle -> { -> Queue -> } -> Discard"), (3, 2));
    assert_eq!(counts("elementclass A { -> } Idle -> A -> A -> Discard"), (2, 1));
    let overloaded = "elementclass O { input -> Null -> output || $x | input -> Null -> Null -> output }";
    assert_eq!(counts(&format!("{overloaded} Idle -> O -> O(1) -> Discard")), (5, 4));
    let extended = format!("{overloaded} elementclass O {{ $a, $b | -> || ... }} Idle -> O(1, 2) -> O(1) -> Discard");
    assert_eq!(counts(&extended), (4, 3));
    assert_eq!(counts("define($x 3) Idle -> Queue($x) -> Discard"), (3, 2));
}

#[test]
fn mistakes_are_told_of() {
    assert!(matches!(mistakes("a -> Discard").as_slice(), [MistakeKind::Undeclared(name, _)] if name == "a"));
    assert!(matches!(mistakes("a :: A; a :: B").as_slice(), [MistakeKind::Redeclared(name, _)] if name == "a"));
    let through = "elementclass P { input -> output } Idle -> [1] p :: P -> Discard";
    let found = mistakes(through);
    assert!(found.iter().any(|m| matches!(m, MistakeKind::NoPort { port: 1, input: true, .. })), "{found:?}");
    assert!(matches!(mistakes("{ $a | -> } -> Discard").as_slice(), [MistakeKind::NoVariant { arguments: 0, .. }]));
    assert!(matches!(mistakes("a :: A; a [0,1] => [1,2,3] a").as_slice(), [MistakeKind::Unequal(2, 3)]));
}

#[test]
fn growth_is_bounded() {
    let mut text = "elementclass C0 { -> Null -> Null -> }\n".to_owned();
    for n in 1..60 {
        text.push_str(&format!("elementclass C{n} {{ -> C{0} -> C{0} -> }}\n", n - 1));
    }
    text.push_str("Idle -> C59 -> Discard");
    assert!(mistakes(&text).contains(&MistakeKind::TooLarge));
}

#[test]
fn any_text_is_read() {
    let text = "elementclass RÄted { $rate | input -> rs :: RatedSplitter($rate, \"a\\\"b\", 'c', \\<00 > ); } =>\n(a [1,2-3] , b) /* */ # x\n define($a 1) {{(";
    for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
        flatten(&parse(&text[..end]).configuration);
    }
    for start in (0..text.len()).filter(|start| text.is_char_boundary(*start)) {
        flatten(&parse(&text[start..]).configuration);
    }
    let deep = "{ -> ".repeat(5000);
    assert!(!parse(&deep).errors.is_empty());
    assert!(!parse(&"(".repeat(5000)).errors.is_empty());
}

#[test]
fn a_mistake_stays_in_its_statement() {
    let parsed = parse("a :: ;\nb :: Counter\nIdle -> b -> -> Discard;\nIdle -> b;\n}\n");
    let found: Vec<String> = parsed.errors.iter().map(|e| e.message.clone()).collect();
    assert_eq!(
        found,
        [
            "expected a class, or what it is made of in braces, found `;`",
            "expected an element, found `->`",
            "`}` closes nothing"
        ]
    );
    assert_eq!(flatten(&parsed.configuration).connections.len(), 1);
}
