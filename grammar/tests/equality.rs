//! White space and comments change nothing but spans; everything else is seen.

use proptest::prelude::*;
use rdcl_syntax::{ParsedItem, parse_file};

const EXAMPLES: [&str; 2] = [include_str!("data/branch.rdcl"), include_str!("data/library.rdcl")];

/// Cuts a text at its spaces, those in strings excepted, and leaves out its comments.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for line in text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code)) {
        let mut quoted = false;
        for c in line.chars().chain(['\n']) {
            quoted ^= c == '"';
            if c.is_whitespace() && !quoted {
                pieces.push(String::new());
            }
            pieces.last_mut().expect("there is one").push(c);
        }
    }
    pieces
}

fn trees(text: &str) -> Vec<rdcl_syntax::ast::Item> {
    parse_file(text).items.into_iter().map(|(_, ParsedItem { item, .. })| item).collect()
}

/// What may stand between two tokens.
fn gap() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["", " ", "\n", "\t\n  ", "// a comment { ( \"\n", "\n/// documentation\n"])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn gaps_do_not_matter(which in 0usize..2, gaps in prop::collection::vec(gap(), 600)) {
        // The text of a foreign block is its own, white space included.
        let text = EXAMPLES[which];
        let text = text.find("{{").zip(text.find("}}")).map_or(text.to_owned(), |(from, to)| [&text[..from + 2], &text[to..]].concat());
        let spaced: String = pieces(&text).iter().zip(gaps.iter().cycle()).map(|(piece, gap)| format!("{piece}{gap}")).collect();
        prop_assert_eq!(trees(&text), trees(&spaced));
    }
}

#[test]
fn a_different_token_is_a_different_tree() {
    assert_ne!(trees("rfb A { port in a: Ip4; }"), trees("rfb A { port in b: Ip4; }"));
    assert_ne!(trees("rfb A { ensures a -> b { x == 1; } }"), trees("rfb A { ensures a -> b { x == 2; } }"));
}

#[test]
fn comments_are_kept_aside() {
    let file = parse_file(
        "// licence\n\n/// Doc.\nrfb A { // here\n  port in a: Ip4; /// there\n} // end\n\n// of B\nstack B = eth;\n// last",
    );
    let comments =
        |at: usize| file.items[at].1.comments.iter().map(|c| (c.text.as_str(), c.span.start)).collect::<Vec<_>>();
    assert_eq!(comments(0), [("// licence", 0), ("/// Doc.", 12), ("// here", 29), ("/// there", 55), ("// end", 67)]);
    assert_eq!(comments(1), [("// of B", 0), ("// last", 23)]);
    assert_eq!(file.items[1].0, 75);
}
