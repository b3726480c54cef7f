//! Every search counts against the budget of its promise, whatever was asked for others.

#[path = "support/package.rs"]
mod support;

use rdcl_verify::{Budget, Options, Outcome, Verdict, verdicts, verdicts_on};
use support::{package, subject};

const TEXT: &str = r#"
use std::net::Ip4;

rfb Both {
  port in a: Ip4;
  port in c: Ip4;
  port out b: Ip4;
  behaviour sefl {
    state m { key ip: Ipv4; capacity 300; idle 10s; }
    on a { lookup x in m by (ip.src) { else insert x in m (ip.src) { full Fail("full"); } } Forward(b); }
    on c { Constrain(ip.src < ip.dst); Forward(b); }
  }
  ensures filled:   reach a -> b;
  ensures compared: reach c -> b;
}
"#;

fn options(states: u64) -> Options {
    Options { budget: Budget { states, ..Budget::default() }, ..Options::default() }
}

fn verify(states: u64) -> Vec<Verdict> {
    let (db, package) = package(TEXT, &[]);
    verdicts(&db, subject(&db, package, "Both"), options(states)).clone()
}

fn result<'v>(verdicts: &'v [Verdict], property: &str) -> &'v Outcome {
    &verdicts.iter().find(|v| v.property == property).expect("the block promises it").result
}

#[test]
fn searches_end_by_the_budget() {
    let enough = verify(1_000);
    for property in ["filled", "compared"] {
        assert!(matches!(result(&enough, property), Outcome::Violated(_)), "{property}: {enough:#?}");
    }
    // Enough to explore, but neither for so many packets nor for so many questions.
    let little = verify(20);
    for property in ["filled", "compared"] {
        let Outcome::Undecided(why) = result(&little, property) else { panic!("{property}: {little:#?}") };
        assert!(why.contains("work budget"), "{property}: {why}");
    }
    assert_eq!(little, verify(20));
}

#[test]
fn one_verdict_does_not_depend_on_the_others() {
    let (db, package) = package(TEXT, &[]);
    let instance = subject(&db, package, "Both");
    for verdict in verdicts(&db, instance, options(1_000)) {
        let alone = verdicts_on(&db, instance, options(1_000), verdict.property.clone());
        assert_eq!(alone.iter().map(|v| &v.result).collect::<Vec<_>>(), [&verdict.result], "{}", verdict.property);
    }
}
