//! Faults that are there for some arguments only are told where these were given.

use super::world::World;
use crate::diagnostics;

/// The complaints, each with its further places: `E0302 at '0': … [here: …]`.
fn told(text: &str) -> Vec<String> {
    let world = World::new(text);
    let problems = diagnostics(&world.db, world.package);
    let labels = problems.iter().map(|p| {
        let labels = p.secondary.iter().map(|l| format!(" [{}: {}]", world.text_at(l.at), l.message));
        labels.collect::<String>()
    });
    world.complaints().into_iter().zip(labels).map(|(said, labels)| said + &labels).collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(told(text), expected, "in {text}");
}

const SIZED: &str = "use std::net::Ip4;\nrfb P(n: u8 = 4) { port in a: Ip4; port out b[0..n-1]: Ip4; \
                     behaviour sefl { on a { Forward(b[MEMBER]); } } }\n";

fn sized(member: &str, rest: &str) -> String {
    SIZED.replace("MEMBER", member) + rest
}

#[test]
fn a_size_that_cannot_be_is_the_arguments_fault() {
    let here = "[n-1: this is wrong with it]";
    for (rest, more) in [("rfb C : P(n = 0) {}\n", ""), ("rfb C { part p: P(n = 0); }\n", "")] {
        let found = told(&sized("0", rest));
        let sizes: Vec<&String> = found.iter().filter(|f| f.starts_with("E03")).collect();
        assert_eq!(sizes.len(), 1, "{found:?}");
        assert!(
            sizes[0].starts_with("E0302 at '0'") && sizes[0].contains(here) && sizes[0].ends_with(more),
            "{found:?}"
        );
        assert!(!found.iter().any(|f| f.starts_with("E05")), "{found:?}");
    }
}

#[test]
fn a_use_that_does_not_fit_names_who_gave_the_arguments() {
    let found = |clause: &str| {
        format!("E0514 at '3': `b` has no member 3 (it has 0 to 1) [{clause}: with these arguments: `P(n = 2)`]")
    };
    check(&sized("3", "rfb C : P(n = 2) {}\n"), &[&found("P(n = 2)")]);
    let lab = "substrate s { ree k: kvm; }\n";
    check(&sized("3", &format!("{lab}deploy P(n = 2) on s minimize cpu;\n")), &[&found("P")]);
    check(&sized("3", ""), &[]);
    check(&sized("9", "rfb C : P(n = 12) {}\n"), &["E0514 at '9': `b` has no member 9 (it has 0 to 3)"]);
}

#[test]
fn arguments_are_followed_outwards() {
    let text = "use std::net::Ip4;\nrfb In(n: u8 = 4) where n >= 2 { port inout a: Ip4; }\n\
                rfb Mid(n: u8 = 4) { port inout a: Ip4; part i: In(n = n); wire a <-> i.a; }\n\
                rfb Top { port inout a: Ip4; part m: Mid(n = 1); wire a <-> m.a; }\n";
    let found = told(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("E0322 at 'n'"), "{found:?}");
    assert!(found[0].ends_with("[part m: Mid(n = 1);: with these arguments: `Mid(n = 1)`]"), "{found:?}");
}

#[test]
fn a_capacity_that_cannot_be_is_the_arguments_fault() {
    let text = "use std::net::Ip4;\nrfb M(n: u64 = 8) { port in a: Ip4; port out b: Ip4; behaviour sefl { \
                state m { key x: u32; capacity n; idle 10s; } \
                on a { lookup f in m by (ip.src) { else insert f in m (ip.src) { full Fail(\"f\"); } } Forward(b); } } }\n\
                rfb C : M(n = 0) {}\n";
    let found = told(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("E0521 at '0'") && found[0].contains("this is wrong with it"), "{found:?}");
}
