//! Promises: `when`, bodies with `old`, `except`; and filters.

use super::dump::{dump, dump_cond, dump_expr};
use super::world::{Parsed, params, ports};
use crate::lower::{Env, FilterRule, LostPorts, Lowered, lower_condition, lower_fields, lower_filter, lower_predicate};
use expect_test::expect;
use rdcl_base::IntervalSet;
use rdcl_core::{Cond, Expr, HeaderKind, Origins, Stack};
use rdcl_syntax::ast::Clause;

const IP: &[HeaderKind] = &[HeaderKind::Ip4];
const ETH: &[HeaderKind] = &[HeaderKind::Eth];

fn stack(headers: &[HeaderKind]) -> Stack {
    Stack::new(headers).unwrap()
}

/// What becomes of `lan -> wan when … { … }`, or what is wrong with it.
fn promise(entry: &[HeaderKind], exit: &[HeaderKind], text: &str) -> Result<String, Vec<(String, String)>> {
    let parsed = Parsed::new(&format!("ensures lan -> wan {text}"));
    let Clause::Holds { when, body, .. } = parsed.clause() else { panic!("not a body: {text}") };
    let (ports, params) = (ports(), params());
    let env = Env {
        ports: &ports,
        lost: &LostPorts::default(),
        params: &params,
        headers: &crate::headers::layouts::NO_HEADERS,
    };
    let (when, mut problems) = match when {
        Some(when) => lower_condition(&env, stack(entry), when),
        None => (Cond::True, Vec::new()),
    };
    let (predicate, more) = lower_predicate(&env, stack(entry), stack(exit), &when, body);
    problems.extend(more);
    if !problems.is_empty() {
        return Err(parsed.shown(&problems));
    }
    let old: Vec<String> = predicate.old.iter().map(dump_expr).collect();
    Ok(format!("when {} old [{}] {}", dump_cond(&when), old.join(", "), dump_cond(&predicate.cond)))
}

fn says(text: &str) -> String {
    promise(IP, IP, text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

#[track_caller]
fn fault(code: &str, at: &str, text: &str) {
    assert_eq!(promise(IP, IP, text), Err(vec![(code.to_owned(), at.to_owned())]), "{text}");
}

#[test]
fn old_speaks_of_the_entry() {
    expect!["when true old [ip.ttl] ip.ttl == (old#0 - 1:8)"].assert_eq(&says("{ ip.ttl == old(ip.ttl) - 1; }"));
    expect!["when ip.src in 167772160..184549375 old [ip.dst] (ip.src == 3405803783:32 and ip.dst == old#0)"]
        .assert_eq(&says("when ip.src in inside { ip.src == public; ip.dst == old(ip.dst); }"));
}

#[test]
fn old_headers_are_proved_by_when_and_by_short_circuit() {
    expect!["when has tcp old [tcp.dport] (has tcp and tcp.dport == old#0)"]
        .assert_eq(&says("when has tcp { has tcp and tcp.dport == old(tcp.dport); }"));
    expect!["when true old [(has tcp ? 1:1 : 0:1), tcp.dport] (has tcp and old#0 == 1:1 and tcp.dport == old#1)"]
        .assert_eq(&says("{ has tcp and old(has tcp) and tcp.dport == old(tcp.dport); }"));
    fault("E0504", "tcp.dport", "when has tcp { tcp.dport == 1; }");
    fault("E0504", "tcp.dport", "{ has tcp and 22 == old(tcp.dport); }");
}

#[test]
fn stacks_may_differ() {
    assert!(promise(ETH, IP, "when has ip { ip.src == old(ip.src); }").is_ok());
    let problems = promise(ETH, IP, "{ ip.src == old(ip.src); }");
    assert_eq!(problems, Err(vec![("E0504".to_owned(), "ip.src".to_owned())]));
}

#[test]
fn promises_are_checked() {
    fault("E0532", "old(ip.src)", "when old(ip.src) == 1 { ip.src == 1; }");
    fault("E0532", "old(ip.src)", "{ ip.src == old(old(ip.src)); }");
    fault("E0502", "old()", "{ ip.src == old(); }");
    fault("E0506", "x", "{ ip.src == x; }");
    fault("E0507", "ip.src", "{ ip.src; }");
    fault("E0507", "inside", "{ ip.src == old(inside); }");
    fault("E0505", "ip.csum", "{ ip.csum == 0; }");
}

fn except(text: &str) -> Result<String, Vec<(String, String)>> {
    let parsed = Parsed::new(&format!("ensures unchanged lan -> wan except {text};"));
    let Clause::Mode { except, .. } = parsed.clause() else { panic!("no exceptions: {text}") };
    let (fields, problems) = lower_fields(&crate::headers::layouts::NO_HEADERS, stack(IP), except);
    if problems.is_empty() { Ok(format!("{fields:?}")) } else { Err(parsed.shown(&problems)) }
}

#[test]
fn exceptions_are_fields() {
    assert_eq!(except("ip.src, l4.sport, TTL"), Ok("[ip.src, tcp.sport, udp.sport, ip.ttl]".to_owned()));
    assert_eq!(except("eth.src"), Err(vec![("E0504".to_owned(), "eth.src".to_owned())]));
    assert_eq!(except("ip.sorce"), Err(vec![("E0503".to_owned(), "sorce".to_owned())]));
    assert_eq!(except("5"), Err(vec![("E0507".to_owned(), "5".to_owned())]));
}

#[test]
fn a_filter_decides_by_the_first_rule_that_fits() {
    let source = |lo, hi| Cond::In(Expr::Field(HeaderKind::Ip4.field("src").unwrap()), IntervalSet::range(lo, hi));
    let rule = |name: &str, class, deny| FilterRule { name: name.into(), class, deny };
    let rules = [
        rule("o1", source(1, 9), true),
        rule("o2", source(1, 99), false),
        rule("o3", Cond::Has(HeaderKind::Tcp), true),
    ];
    let program = lower_filter(stack(IP), &rules);
    assert_eq!(program.check(), []);
    expect![[r#"
        outer -> 0
        inner -> 6
        0: if ip.src in 1..9 then 1 else 2
        1: drop Fail("nemo o1")
        2: if ip.src in 1..99 then 5 else 3
        3: if has tcp then 4 else 5
        4: drop Fail("nemo o3")
        5: forward inner
        6: forward outer
    "#]]
    .assert_eq(&dump(&Lowered { program, origins: Origins::default(), problems: Vec::new() }));
}
