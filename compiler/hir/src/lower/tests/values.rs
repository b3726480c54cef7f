//! Values, widths and conditions.

use super::fault;
use super::world::{core, on_lan};
use expect_test::expect;

#[test]
fn a_literal_takes_the_width_of_what_it_meets() {
    let core = on_lan("Constrain(ip.ttl > 1); ip.ttl = ip.ttl - 1; ip.dscp = 3; ip.src = 10.0.0.1; Forward(wan);");
    expect![[r#"
        lan -> 0
        0: if 1:8 < ip.ttl then 1 else 2
        1: ip.ttl := (ip.ttl - 1:8); ip.dscp := 3:6; ip.src := 167772161:32; forward wan
        2: drop Constrain
    "#]]
    .assert_eq(&core);
}

#[test]
fn a_parameter_is_what_it_stands_for() {
    let core = on_lan(
        "Constrain(ip.src in inside and ip.dst != public); If(has tcp and tcp.dport == web, Fail(who)); Forward(wan);",
    );
    expect![[r#"
        lan -> 0
        0: if (ip.src in 167772160..184549375 and not ip.dst == 3405803783:32) then 1 else 4
        1: if (has tcp and tcp.dport == 80:16) then 2 else 3
        2: drop Fail("nobody")
        3: forward wan
        4: drop Constrain
    "#]]
    .assert_eq(&core);
}

#[test]
fn sets_are_ranges_and_prefixes() {
    let core = on_lan(
        "If(has udp, { If(udp.dport in 1..9 and udp.sport in range, NoOp(), Fail(\"a\")); });
         If(ip.src in 10.0.0.0..10.0.0.9 or ip.dst in 192.0.2.0/24 or ip.dst in 192.0.2.7/32, Forward(wan), Fail(\"b\"));",
    );
    expect![[r#"
        lan -> 0
        0: if has udp then 1 else 3
        1: if (udp.dport in 1..9 and udp.sport in 1024..65535) then 3 else 2
        2: drop Fail("a")
        3: if (ip.src in 167772160..167772169 or ip.dst in 3221225984..3221226239 or ip.dst == 3221225991:32) then 4 else 5
        4: forward wan
        5: drop Fail("b")
    "#]]
    .assert_eq(&core);
}

#[test]
fn constants_are_folded() {
    let core = on_lan(
        "ip.id = ((1 << 4) + 2) | 1; If(strict and 3 < 4 and ip.dst in 0.0.0.0/0, Assign(ip.df, 1 & 1), Fail(\"never\"));
         ip.dst = ip.dst ^ 0; ip.src = (ip.src & 255.255.255.0) << 0; ip.ecn = ip.ecn >> 1; Forward(wan);",
    );
    expect![[r#"
        lan -> 0
        0: ip.id := 19:16; ip.df := 1:1; ip.dst := ip.dst; ip.src := (ip.src & 4294967040:32); ip.ecn := (ip.ecn >> 1); forward wan
    "#]]
    .assert_eq(&core);
}

#[test]
fn the_next_protocol_is_a_test_for_the_header() {
    let core = on_lan("Constrain(ip.proto == 6); tcp.dport = 80; Forward(wan);");
    expect![[r#"
        lan -> 0
        0: if has tcp then 1 else 2
        1: tcp.dport := 80:16; forward wan
        2: drop Constrain
    "#]]
    .assert_eq(&core);
}

#[test]
fn what_a_constant_condition_rules_out_is_not_lowered() {
    let core = on_lan("If(not strict, Fail(\"lax\"), Forward(wan));");
    expect![[r#"
        lan -> 0
        0: forward wan
    "#]]
    .assert_eq(&core);
    fault("W0501", "Fail(\"late\")", "If(strict, Forward(wan), Fail(\"lax\")); Fail(\"late\");");
    assert_eq!(on_lan("If(strict, Forward(wan)); Fail(\"lax\");"), "lan -> 0\n0: forward wan\n");
}

#[test]
fn constants_must_fit() {
    fault("E0509", "256", "ip.ttl = 256; Forward(wan);");
    fault("E0509", "70000", "If(has tcp and tcp.dport == 70000, Fail(\"x\")); Forward(wan);");
    fault("E0509", "1..70000", "Constrain(has tcp and tcp.dport in 1..70000); Forward(wan);");
    fault("E0509", "web", "ip.ecn = web; Forward(wan);");
    fault("E0509", "1 - 2", "ip.id = 1 - 2; Forward(wan);");
    fault("E0509", "1 << 128", "ip.id = 1 << 128; Forward(wan);");
    fault("E0509", "0", "Allocate(x, 0); x = 1; Forward(wan);");
}

#[test]
fn widths_are_never_adapted() {
    fault("E0508", "ip.src == ip.id", "Constrain(ip.src == ip.id); Forward(wan);");
    fault("E0508", "ip.ttl", "ip.id = ip.ttl; Forward(wan);");
    fault("E0508", "ip.id + ip.ttl", "ip.id = ip.id + ip.ttl; Forward(wan);");
    fault("E0508", "ip.id in inside", "Constrain(ip.id in inside); Forward(wan);");
    fault("E0508", "10.0.0.1", "ip.id = 10.0.0.1; Forward(wan);");
}

#[test]
fn kinds_are_told_apart() {
    fault("E0507", "ip.df", "Constrain(ip.df); Forward(wan);");
    fault("E0507", "has tcp", "ip.df = has tcp; Forward(wan);");
    fault("E0507", "10.0.0.1", "Constrain(ip.src in 10.0.0.1); Forward(wan);");
    fault("E0507", "inside", "Constrain(ip.src == inside); Forward(wan);");
    fault("E0507", "5s", "ip.id = 5s; Forward(wan);");
    fault("E0507", "80", "Fail(80);");
    fault("E0507", "lan", "ip.id = lan; Forward(wan);");
    fault("E0507", "public", "Constrain(public.src == 1); Forward(wan);");
}

#[test]
fn operators_that_core_lacks() {
    fault("E0510", "ip.id * ip.id", "ip.id = ip.id * ip.id; Forward(wan);");
    fault("E0510", "ip.id / 2", "ip.id = ip.id / 2; Forward(wan);");
    fault("E0511", "ip.id", "ip.id = ip.id << ip.id; Forward(wan);");
    fault("E0511", "ip.dst", "Constrain(ip.src in ip.dst..10.0.0.9); Forward(wan);");
    fault("E0303", "10.0.0.1/8", "Constrain(ip.src in 10.0.0.1/8); Forward(wan);");
    fault("E0512", "9..1", "Constrain(has tcp and tcp.dport in 9..1); Forward(wan);");
}

#[test]
fn products_are_sums() {
    let core = on_lan("ip.id = ip.id * 5; Forward(wan);");
    expect![[r#"
        lan -> 0
        0: ip.id := (ip.id + (ip.id << 2)); forward wan
    "#]]
    .assert_eq(&core);
    let core = on_lan("Allocate(x, 64); x = widen(ip.len, 64) * 3 * (7 / 2) * (200Mbps / 3kbps); Forward(wan);");
    assert!(core.contains("zext(64, ip.len)"), "{core}");
    fault("E0509", "7 / 0", "ip.id = 7 / 0; Forward(wan);");
    fault("E0508", "widen(ip.id, 8)", "ip.ttl = widen(ip.id, 8); Forward(wan);");
    let nested = "ip.id * 65535 * 65535 * 65535";
    fault("E0533", nested, &format!("ip.id = {nested}; Forward(wan);"));
}

#[test]
fn times_and_durations() {
    let state =
        "state seen { key ip: Ipv4; value first: Time, gap: Duration; capacity 9; idle 1s; invariant gap <= 5s; }";
    let ahead = "lookup f in seen by (ip.src) { else insert f in seen (ip.src, now, 0ns) { full Fail(\"full\"); } }";
    let program = |body: &str| format!("{state} on lan {{ {ahead} {body} Forward(wan); }} on wan {{ Forward(lan); }}");
    let core = core(&program(
        "If(now - f.first > 2s + 500ms, { f.gap = 3 * (now - f.first); });
         If(now >= f.first + f.gap, { f.first = now; });
         Allocate(n, 64); n = (now - f.first) / 1ns; f.gap = n * 1ns;",
    ));
    expect![[r#"
        lan -> 0
        wan -> 10
        0: lookup f in seen#0 (ip.src) hit 1 miss 2
        1: touch f; goto 3
        2: insert f in seen (ip.src, now, 0:64) ok 3 full 8 clash(to be proved never) 9
        3: if 2500000000:64 < (now - f.first) then 4 else 5
        4: f.gap := ((now - f.first) + ((now - f.first) << 1)); goto 5
        5: if (f.first + f.gap) <= now then 6 else 7
        6: f.first := now; goto 7
        7: n := (now - f.first); f.gap := n; forward wan
        8: drop Fail("full")
        9: drop Clash(MapId(0))
        10: forward lan
    "#]]
    .assert_eq(&core);
    for (at, body) in [
        ("now + f.first", "f.first = now + f.first;"),
        ("now", "Allocate(n, 64); n = now;"),
        ("now > 5", "Constrain(now > 5);"),
        ("f.gap + 1", "f.gap = f.gap + 1;"),
        ("5ms + 1bps", "f.gap = 5ms + 1bps;"),
        ("f.first", "f.gap = f.first;"),
        ("now * 2", "f.first = now * 2;"),
    ] {
        fault("E0507", at, &program(body));
    }
}

#[test]
fn names_are_looked_up() {
    fault("E0506", "publc", "ip.src = publc; Forward(wan);");
    fault("E0503", "sorc", "ip.sorc = public; Forward(wan);");
    fault("E0503", "tpc", "Constrain(has tpc); Forward(wan);");
    fault("E0503", "udpp", "Constrain(udpp.dport == 1); Forward(wan);");
    fault("E0503", "seq", "Constrain(has tcp and l4.seq == 1); Forward(wan);");
    fault("E0501", "hash", "ip.id = hash(ip.src); Forward(wan);");
}
