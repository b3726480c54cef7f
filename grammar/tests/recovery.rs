//! No text, however broken, loses more than the clause it breaks, and none makes the parser fail.

use proptest::prelude::*;
use rdcl_syntax::ast::{Item, Member};
use rdcl_syntax::{ParsedItem, parse_file, parse_item, split};

const BRANCH: &str = include_str!("data/branch.rdcl");
const LIBRARY: &str = include_str!("data/library.rdcl");
const NESTED: &str = include_str!("data/nested.rdcl");

fn errors(text: &str) -> Vec<String> {
    let of_item =
        |item: &ParsedItem| item.errors.iter().map(|e| format!("{} {}", e.code, e.message)).collect::<Vec<_>>();
    parse_file(text).items.iter().flat_map(|(_, item)| of_item(item)).collect()
}

/// The items that begin with `rfb` and a name.
fn named_rfbs(text: &str) -> impl Iterator<Item = &str> {
    let chunks = split(text).into_iter().map(|chunk| &text[chunk.start as usize..chunk.end as usize]);
    chunks.filter(|chunk| chunk.lines().any(|l| l.strip_prefix("rfb ").is_some_and(|rest| !rest.trim().is_empty())))
}

#[test]
fn every_prefix_keeps_its_tree() {
    for text in [BRANCH, LIBRARY, NESTED] {
        for end in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            let prefix = &text[..end];
            let errors = errors(prefix);
            assert!(errors.len() <= 2, "the first {end} bytes give {errors:#?}");
            for rfb in named_rfbs(prefix) {
                assert!(matches!(parse_item(rfb).item, Item::Rfb(_)), "no tree in the first {end} bytes");
            }
        }
    }
}

#[test]
fn a_missing_character_gives_few_errors() {
    for text in [BRANCH, LIBRARY, NESTED] {
        for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let broken = [&text[..at], &text[at + c.len_utf8()..]].concat();
            let errors = errors(&broken);
            assert!(errors.len() <= 3, "without {c:?} at {at}: {errors:#?}");
            assert!(
                named_rfbs(&broken).all(|rfb| matches!(parse_item(rfb).item, Item::Rfb(_))),
                "no tree without {c:?} at {at}"
            );
        }
    }
}

#[test]
fn a_doubled_character_gives_few_errors() {
    for text in [BRANCH, LIBRARY, NESTED] {
        for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let broken = [&text[..at], c.encode_utf8(&mut [0; 4]), &text[at..]].concat();
            let errors = errors(&broken);
            assert!(errors.len() <= 3, "with {c:?} twice at {at}: {errors:#?}");
        }
    }
}

#[test]
fn a_mistake_stays_in_its_item() {
    let text = "rfb A { port inout lan: Ip4 { ( [ \nrfb B { port inout lan: Ip4; }\nuse std::net::Ip4;";
    let file = parse_file(text);
    assert_eq!(file.items.len(), 3);
    assert!(!file.items[0].1.errors.is_empty());
    assert!(file.items[1].1.errors.is_empty() && file.items[2].1.errors.is_empty());
}

/// Each item with its name and its text, white space at its ends apart.
fn cut(text: &str) -> Vec<(String, String)> {
    let cut = |chunk: &rdcl_syntax::Chunk| {
        let words = chunk.text(text).split_whitespace().collect::<Vec<_>>().join(" ");
        (chunk.name.clone().unwrap_or_default(), words)
    };
    split(text).iter().map(cut).collect()
}

#[test]
fn nested_items_are_cut_out() {
    let text =
        "rfb A { stack S = ip; // s\n  rfb B {\n    // c\n    abstract rfb C {} } // b\n  port in a: S; }\n  rfb D {}";
    let wanted = [
        ("A", "rfb A { port in a: S; }"),
        ("A::S", "stack S = ip; // s"),
        ("A::B", "rfb B { } // b"),
        ("A::B::C", "// c abstract rfb C {}"),
        ("D", "rfb D {}"),
    ];
    let found = cut(text);
    let found: Vec<(&str, &str)> = found.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(found, wanted);
    for (chunk, (start, item)) in split(text).iter().zip(parse_file(text).items) {
        let kept = chunk.text(text);
        assert_eq!((kept.len() as u32, start), (chunk.end - chunk.start, chunk.start));
        assert!(item.errors.is_empty(), "{:?}", item.errors);
    }
}

#[test]
fn the_first_column_and_other_words_begin_items_of_their_own() {
    let names = |text: &str| cut(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names("rfb A {\n  rfb B {\nrfb C {}"), ["A", "A::B", "C"]);
    assert_eq!(names("rfb A {\n  deploy B on c;\n  rfb D {}\n"), ["A", "B", "D"]);
    assert_eq!(names("rfb A { part x rfb B {} }"), ["A", "B"]);
    assert_eq!(names("rfb A { part x\n rfb B {} }"), ["A", "A::B"]);
    assert_eq!(names("rfb A { stack S = ip\n port in a: S;\n stack T = ip }"), ["A", "A::S", "A::T"]);
}

#[test]
fn items_nested_too_deep_are_no_members() {
    let nested = |depth: usize| format!("{}{}", "rfb A { ".repeat(depth), "} ".repeat(depth));
    assert!(errors(&nested(17)).is_empty());
    let errors = errors(&nested(18));
    assert!(errors.len() == 1 && errors[0].starts_with("E0101"), "{errors:#?}");
}

#[test]
fn members_under_a_condition_stay_there() {
    let text = "rfb A(n: u8) { if n > 0 { part a: B; wire a.x <-> b } else { part c: D } port inout x: Ip4; on }";
    let parsed = parse_item(text);
    let Item::Rfb(rfb) = &parsed.item else { panic!("{parsed:?}") };
    let Member::If(condition) = &rfb.members[0] else { panic!("{rfb:?}") };
    assert_eq!((condition.then.len(), condition.otherwise.len()), (2, 1), "{condition:?}");
    assert!(matches!(rfb.members[1], Member::Port(_)));
    assert_eq!(parsed.errors.len(), 3, "{:?}", parsed.errors);
}

#[test]
fn at_most_fifty_errors_for_an_item() {
    let text = format!("rfb A {{ {} }}", "port inout § x; ".repeat(1000));
    assert!((1..=50).contains(&parse_item(&text).errors.len()));
}

/// Pieces of the language, and of what is not.
const SOUP: &[&str] = &[
    "use",
    "stack",
    "rfb",
    "substrate",
    "deploy",
    "environment",
    "header",
    "after",
    "offer",
    "policy",
    "post",
    "undo",
    "require",
    "port",
    "part",
    "wire",
    "behaviour",
    "sefl",
    "ensures",
    "impl",
    "sla",
    "lifecycle",
    "intent",
    "nemo",
    "in",
    "out",
    "inout",
    "on",
    "when",
    "given",
    "except",
    "and",
    "or",
    "not",
    "has",
    "lookup",
    "choose",
    "insert",
    "match",
    "remove",
    "else",
    "full",
    "clash",
    "row",
    "state",
    "key",
    "value",
    "unique",
    "free",
    "by",
    "if",
    "reach",
    "no",
    "a",
    "b",
    "lan",
    "Ip4",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    ":",
    "::",
    ".",
    "..",
    "=",
    "->",
    "<->",
    "=>",
    "==",
    "<",
    "+",
    "*",
    "/",
    "&",
    "{{",
    "}}",
    "{{ CREATE Flow f Match a: 1; }}",
    "22",
    "0xff",
    "5ms",
    "5msec",
    "10.0.0.1",
    "10.0.0.0/8",
    "300.1.1.1",
    "\"s\"",
    "\"",
    "§",
    "// c\n",
    "/// d\n",
    "\n",
    " ",
    "\\",
    "é",
    "CREATE",
    "Flow",
    "Operation",
    "Target",
    "Match",
    "minimize",
    "at",
    "ree",
    "link",
    "abstract",
    "where",
    "with",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec((prop::sample::select(SOUP), prop::bool::ANY), 0..120).prop_map(|pieces| {
        pieces.into_iter().map(|(piece, gap)| if gap { format!("{piece} ") } else { piece.to_owned() }).collect()
    })
}

/// An example with a stretch replaced by soup.
fn spoilt() -> impl Strategy<Value = String> {
    (prop::sample::select(&[BRANCH, LIBRARY, NESTED]), any::<prop::sample::Index>(), 0usize..40, soup()).prop_map(
        |(text, at, gap, soup)| {
            let from = text.floor_char_boundary(at.index(text.len()));
            let to = text.floor_char_boundary((from + gap).min(text.len()));
            [&text[..from], &soup, &text[to..]].concat()
        },
    )
}

/// Whatever the text: chunks are in order and nested ones in others, spans are in the text, and errors are few.
fn holds_together(text: &str) {
    let mut ends = vec![text.len() as u32];
    let mut end = 0;
    for chunk in split(text) {
        ends.retain(|around| *around > chunk.start);
        assert!(end <= chunk.start && chunk.start <= chunk.end && ends.iter().all(|around| chunk.end <= *around));
        assert_eq!(chunk.is_nested(), ends.len() > 1, "{chunk:?}");
        end = if chunk.nested.is_empty() { chunk.end } else { chunk.start };
        ends.push(chunk.end);
        let item_text = &*chunk.text(text);
        assert_eq!(item_text.len() as u32, chunk.end - chunk.start);
        let item = parse_item(item_text);
        let inside = |span: &rdcl_base::Span| {
            span.start <= span.end && item_text.get(span.start as usize..span.end as usize).is_some()
        };
        assert!(item.spans.iter().all(inside), "a span is outside of {item_text:?}");
        assert!(item.errors.iter().all(|e| inside(&e.primary)), "an error is outside of {item_text:?}");
        assert!(item.errors.len() <= 50);
        assert!(!item.errors.is_empty() || !matches!(item.item, Item::Bad(_)), "nothing is said about {item_text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_text_is_parsed(text in ".{0,200}") {
        holds_together(&text);
    }

    #[test]
    fn any_bytes_are_parsed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        holds_together(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_soup_is_parsed(text in soup()) {
        holds_together(&text);
    }

    #[test]
    fn any_spoilt_example_is_parsed(text in spoilt()) {
        holds_together(&text);
    }
}
