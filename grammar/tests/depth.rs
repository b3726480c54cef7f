//! Nesting: what is deep is parsed, what is too deep is one error, and nothing overflows the stack.

use rdcl_base::Code;
use rdcl_syntax::{ParsedItem, parse_item};
use std::hash::{DefaultHasher, Hash, Hasher};

const ENDLESS: usize = 100_000;

/// An RFB whose contract claims this.
fn claim(expr: &str) -> String {
    format!("rfb A {{ port inout lan: Ip4; ensures lan -> lan {{ {expr}; }} }}")
}

/// An RFB whose behaviour is this statement.
fn behaviour(stmt: &str) -> String {
    format!("rfb A {{ port inout lan: Ip4; behaviour sefl {{ on lan {{ {stmt} }} }} }}")
}

fn nested(open: &str, core: &str, close: &str, depth: usize) -> String {
    [&open.repeat(depth), core, &close.repeat(depth)].concat()
}

/// Every shape that nests, at some depth.
fn shapes(depth: usize) -> Vec<String> {
    vec![
        claim(&nested("(", "x", ")", depth)),
        claim(&nested("not ", "x", "", depth)),
        claim(&nested("not (", "x", ")", depth)),
        claim(&nested("f(", "x", ")", depth)),
        claim(&nested("a[", "x", "]", depth)),
        claim(&nested("[", "x", ": 8]", depth)),
        claim(&nested("", "x", ".y", depth)),
        claim(&nested("", "x", "[0]", depth)),
        claim(&nested("", "1", " + 1", depth)),
        claim(&nested("", "1", " | 1", depth)),
        claim(&nested("(a or b and ", "x", ")", depth)),
        behaviour(&nested("If(c, { ", "NoOp();", " }, NoOp());", depth)),
        behaviour(&nested("choose x in s { ", "NoOp();", "}", depth)),
        behaviour(&nested("match t on e { row r: ", "NoOp();", " else NoOp(); }", depth)),
        behaviour(&nested("lookup f in m by (e) { else ", "NoOp();", " }", depth)),
        format!("use {};", nested("a::{", "b", "}", depth)),
        format!("rfb A(x: {}) {{ }}", nested("Table(a: ", "u8", ")", depth)),
        format!("rfb A {{ {} }}", nested("if x { ", "part a: B;", " }", depth)),
    ]
}

/// Does to the tree what later stages do.
fn handle(parsed: &ParsedItem) {
    let copy = parsed.clone();
    assert_eq!(copy, *parsed);
    let mut hasher = DefaultHasher::new();
    copy.hash(&mut hasher);
    let _ = hasher.finish();
    let _ = format!("{:?}", copy.item);
}

#[test]
fn fifty_levels_are_fine() {
    for text in shapes(50) {
        let parsed = parse_item(&text);
        assert_eq!(parsed.errors, [], "in {text}");
        handle(&parsed);
    }
}

#[test]
fn too_many_levels_are_one_error() {
    for text in shapes(ENDLESS) {
        let parsed = parse_item(&text);
        let codes: Vec<_> = parsed.errors.iter().map(|e| (e.code, &e.message)).collect();
        assert!(matches!(codes[..], [(Code::E0104, _)]), "{codes:?} in {}…", &text[..100]);
        handle(&parsed);
    }
}

#[test]
fn open_brackets_without_end_are_one_error() {
    for open in ["(", "[", "{ ", "f(", "not (", "If(c, {"] {
        for text in [claim(&open.repeat(ENDLESS)), behaviour(&open.repeat(ENDLESS)), open.repeat(ENDLESS)] {
            let parsed = parse_item(&text);
            let deep = parsed.errors.iter().filter(|e| e.code == Code::E0104).count();
            assert!(deep == 1 && parsed.errors.len() <= 3, "{:?} in {}…", parsed.errors, &text[..100]);
            handle(&parsed);
        }
    }
}

#[test]
fn long_classifiers_are_not_deep() {
    for (text, unit) in [("a == 1 or ", "b"), ("a == 1 and ", "b")] {
        let parsed = parse_item(&claim(&nested(text, unit, "", ENDLESS)));
        assert_eq!(parsed.errors, []);
        handle(&parsed);
    }
}

#[test]
fn long_texts_take_no_more_than_their_share_of_time() {
    let long = |piece: &str| piece.repeat(40_000 / piece.len());
    for piece in [
        "x ",
        "; ",
        "{{ ",
        "{{\nuse ",
        "\" ",
        "§ ",
        "x;",
        ") ",
        "a.",
        "port ",
        "/// c\n",
        "1+",
        "}} ",
        "rfb ",
        "300.1.1.1 ",
    ] {
        for text in [long(piece), claim(&long(piece)), behaviour(&long(piece))] {
            for (_, parsed) in rdcl_syntax::parse_file(&text).items {
                assert!(parsed.errors.len() <= 50);
            }
        }
    }
}
