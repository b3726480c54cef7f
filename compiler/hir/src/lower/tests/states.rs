//! Maps, choices and tables.

use super::fault;
use super::world::{core, lower};
use expect_test::expect;

const FLOWS: &str = "state flows { key proto: u8, ip: u32, port: u16; value ext: u16; unique proto, ext;
  capacity 100; idle pause; invariant ext in range and (proto == 6 or proto == 17); }";

#[test]
fn network_address_translation() {
    let core = core(&format!(
        "{FLOWS}
         on lan {{
           Constrain(has tcp or has udp);
           lookup f in flows by (ip.proto, ip.src, l4.sport) {{
             else choose x in range free in flows.ext by hash {{ Fail(\"no free port\"); }}
                  insert f in flows (ip.proto, ip.src, l4.sport, x) {{ full Fail(\"table full\"); }}
           }}
           ip.src = public;  l4.sport = f.ext;  Forward(wan);
         }}
         on wan {{
           Constrain(ip.dst == public and (has tcp or has udp));
           lookup f in flows by unique (ip.proto, l4.dport) {{ else Fail(\"no mapping\"); }}
           ip.dst = f.ip;  l4.dport = f.port;  Forward(lan);
         }}"
    ));
    expect![[r#"
        lan -> 0
        wan -> 13
        0: if (has tcp or has udp) then 1 else 12
        1: flows.proto := ip.proto; flows.ip := ip.src; flows.port := (has tcp ? tcp.sport : udp.sport); lookup f in flows#0 (flows.proto, flows.ip, flows.port) hit 2 miss 3
        2: touch f; goto 5
        3: choose x in 1024..65535 free in flows#1 (flows.proto, _) by hash (flows.proto, flows.ip, flows.port) ok 4 none 11
        4: insert f in flows (ip.proto, ip.src, (has tcp ? tcp.sport : udp.sport), x) ok 5 full 9 clash(to be proved never) 10
        5: ip.src := 3405803783:32; if has tcp then 6 else 7
        6: tcp.sport := f.ext; goto 8
        7: udp.sport := f.ext; goto 8
        8: forward wan
        9: drop Fail("table full")
        10: drop Clash(MapId(0))
        11: drop Fail("no free port")
        12: drop Constrain
        13: if (ip.dst == 3405803783:32 and (has tcp or has udp)) then 14 else 20
        14: lookup f in flows#1 (ip.proto, (has tcp ? tcp.dport : udp.dport)) hit 15 miss 19
        15: touch f; ip.dst := f.ip; if has tcp then 16 else 17
        16: tcp.dport := f.port; goto 18
        17: udp.dport := f.port; goto 18
        18: forward lan
        19: drop Fail("no mapping")
        20: drop Constrain
    "#]]
    .assert_eq(&core);
}

#[test]
fn entries_are_written_to() {
    let state = "state seen { key ip: Ipv4; value hits: u16, port: u16; unique port; capacity 9; idle 1s; }";
    let ahead = "lookup f in seen by (ip.src) { else insert f in seen (ip.src, 0, 1) { full Fail(\"full\"); } }";
    let program = |body: &str| format!("{state} on lan {{ {ahead} {body} Forward(wan); }} on wan {{ Forward(lan); }}");
    let core = core(&program("f.hits = f.hits + 1;"));
    expect![[r#"
        lan -> 0
        wan -> 6
        0: lookup f in seen#0 (ip.src) hit 1 miss 2
        1: touch f; goto 3
        2: insert f in seen (ip.src, 0:16, 1:16) ok 3 full 4 clash(to be proved never) 5
        3: f.hits := (f.hits + 1:16); forward wan
        4: drop Fail("full")
        5: drop Clash(MapId(0))
        6: forward lan
    "#]]
    .assert_eq(&core);
    fault("E0505", "f.port", &program("f.port = 2;"));
    fault("E0505", "f.ip", &program("f.ip = 10.0.0.1;"));
    fault("E0522", "hit", &program("f.hit = 2;"));
    fault("E0508", "ip.src", &program("f.hits = ip.src;"));
    fault("E0519", "f", &program("remove f; f.hits = 2;"));
    fault("E0528", "f.hits", &program("Fork({ NoOp(); }, { NoOp(); }); f.hits = 2;"));
}

#[test]
fn a_map_is_declared() {
    let (_, lowered) = lower(FLOWS);
    let map = &lowered.program.maps[0];
    assert_eq!((map.capacity, map.idle, map.unique.clone()), (100, 300_000_000_000, vec![vec![0, 3]]));
    expect!["(#3:16 in 1024..65535 and (#0:8 == 6:8 or #0:8 == 17:8))"]
        .assert_eq(&super::dump::dump_cond(&map.invariant));
}

#[test]
fn entries_are_removed_and_clashes_handled() {
    let core = core(
        "state seen { key host: Ipv4; capacity 10; idle 1s; }
         on lan { lookup s in seen by (ip.src) {
             else insert t in seen (ip.src) { full Forward(wan); clash Fail(\"twice\"); } Forward(p[0]); }
           remove s; Forward(p[1]); }",
    );
    expect![[r#"
        lan -> 0
        0: lookup s in seen#0 (ip.src) hit 1 miss 2
        1: touch s; remove s; forward p[1]
        2: insert t in seen (ip.src) ok 3 full 4 clash 5
        3: forward p[0]
        4: forward wan
        5: drop Fail("twice")
    "#]]
    .assert_eq(&core);
}

#[test]
fn a_free_choice_takes_the_least_width_that_fits() {
    let core = core("on lan { choose x in 1..300 by first; ip.id = x; Forward(wan); }");
    expect![[r#"
        lan -> 0
        0: choose x in 1..300 by first ok 1 none 2
        1: ip.id := x; forward wan
        2: drop Fail("no legal value")
    "#]]
    .assert_eq(&core);
}

#[test]
fn tables_with_several_keys() {
    let core = core(
        "on lan { Constrain(has tcp); match acl on tcp.dport, ip.proto {
           row r: ip.dscp = 0; ip.ttl = r.class; ip.dst = r.next; Forward(wan);
           else Fail(\"no rule\"); } }",
    );
    expect![[r#"
        lan -> 0
        0: if has tcp then 1 else 4
        1: match acl (tcp.dport, ip.proto) row r 2 else 3
        2: ip.dscp := 0:6; ip.ttl := r.class; ip.dst := r.next; forward wan
        3: drop Fail("no rule")
        4: drop Constrain
    "#]]
    .assert_eq(&core);
}

fn with_flows(code: &str, at: &str, body: &str) {
    fault(code, at, &format!("{FLOWS} on lan {{ Constrain(has tcp); {body} Forward(wan); }}"));
}

#[test]
fn maps_are_checked() {
    fault("E0521", "m", "state m { capacity 1; idle 1s; }");
    fault("E0521", "m", "state m { key a: u8; idle 1s; }");
    fault("E0521", "m", "state m { key a: u8; capacity 1; }");
    fault("E0521", "0", "state m { key a: u8; capacity 0; idle 1s; }");
    fault("E0521", "key b: u8;", "state m { key a: u8; key b: u8; capacity 1; idle 1s; }");
    fault("E0521", "Prefix", "state m { key a: Prefix; capacity 1; idle 1s; }");
    fault("E0507", "5", "state m { key a: u8; capacity 1; idle 5; }");
    fault("E0507", "1Gbps", "state m { key a: u8; capacity 1; idle 1Gbps; }");
    fault("E0507", "speed", "state m { key a: u8; capacity 1; idle speed; }");
    fault("E0513", "a", "state m { key a: u8; value a: u16; capacity 1; idle 1s; }");
    fault("E0513", "web", "state m { key web: u8; capacity 1; idle 1s; }");
    fault("E0513", "lan", "state lan { key a: u8; capacity 1; idle 1s; }");
    fault("E0522", "b", "state m { key a: u8; unique b; capacity 1; idle 1s; }");
    fault("E0506", "b", "state m { key a: u8; capacity 1; idle 1s; invariant b == 1; }");
    fault("E0504", "ip.ttl", "state m { key a: u8; capacity 1; idle 1s; invariant a == ip.ttl; }");
    fault("E0509", "256", "state m { key a: u8; capacity 1; idle 1s; invariant a == 256; }");
}

#[test]
fn a_column_stands_once_in_an_index() {
    let chosen = "on lan { lookup f in m by (1) { else choose x in 1..9 free in m.b by first { Fail(\"none\"); }
                  insert f in m (1, x) { full Fail(\"full\"); } } Forward(wan); }";
    for index in ["b, b", "b, a, b"] {
        fault(
            "E0521",
            "b",
            &format!("state m {{ key a: u8; value b: u8; unique {index}; capacity 1; idle 1s; }} {chosen}"),
        );
    }
    fault("E0513", "a", "state m { key a: u8, a: u8; capacity 1; idle 1s; }");
}

#[test]
fn a_map_is_of_limited_width() {
    let columns: Vec<String> = (0..70_000).map(|i| format!("c{i}: u8")).collect();
    fault("E0521", "c69999", &format!("state m {{ key {}; capacity 1; idle 1s; }}", columns.join(", ")));
    let indexes = "unique a; ".repeat(70_000);
    fault("E0521", "m", &format!("state m {{ key a: u8; {indexes} capacity 1; idle 1s; }}"));
}

#[test]
fn lookups_are_checked() {
    with_flows("E0522", "flow", "lookup f in flow by (ip.proto) { else Fail(\"x\"); } ip.src = f.ip;");
    with_flows(
        "E0523",
        "lookup f in flows by (ip.proto) { else Fail(\"x\"); }",
        "lookup f in flows by (ip.proto) { else Fail(\"x\"); }",
    );
    with_flows("E0508", "ip.ttl", "lookup f in flows by (ip.proto, ip.src, ip.ttl) { else Fail(\"x\"); }");
    with_flows(
        "E0522",
        "prt",
        "lookup f in flows by unique (ip.proto, tcp.sport) { else Fail(\"x\"); } tcp.sport = f.prt;",
    );
    with_flows("E0519", "f", "lookup f in flows by unique (ip.proto, tcp.sport) { else NoOp(); } tcp.sport = f.port;");
    with_flows("E0519", "f", "lookup f in flows by unique (ip.proto, tcp.sport) { else ip.src = f.ip; }");
    with_flows("E0519", "f", "lookup f in flows by unique (6, 1) { else Fail(\"x\"); } remove f; ip.src = f.ip;");
    with_flows(
        "E0513",
        "f",
        "lookup f in flows by unique (6, 1) { else Fail(\"x\"); } lookup f in flows by unique (6, 2) { else Fail(\"x\"); }",
    );
    with_flows("E0513", "wan", "lookup wan in flows by unique (6, 1) { else Fail(\"x\"); }");
    with_flows("E0505", "f.ip", "lookup f in flows by unique (6, 1) { else Fail(\"x\"); } f.ip = 10.0.0.1;");
    with_flows("E0507", "f", "lookup f in flows by unique (6, 1) { else Fail(\"x\"); } ip.id = f;");
    fault(
        "E0526",
        "m",
        "state m { key a: u8; capacity 1; idle 1s; } on lan { lookup f in m by unique (1) { else Fail(\"x\"); } Forward(wan); }",
    );
    fault(
        "E0526",
        "m",
        "state m { key a: u8, b: u8; unique a; unique b; capacity 1; idle 1s; }
         on lan { lookup f in m by unique (1) { else Fail(\"x\"); } Forward(wan); }",
    );
    with_flows("E0522", "g", "remove g;");
}

#[test]
fn inserts_are_checked() {
    with_flows("E0524", "insert f in flows (6, 10.0.0.1, 1, 2000);", "insert f in flows (6, 10.0.0.1, 1, 2000);");
    with_flows("E0525", "NoOp();", "insert f in flows (6, 10.0.0.1, 1, 2000) { full NoOp(); }");
    with_flows("E0525", "ip.ttl = 1;", "insert f in flows (6, 10.0.0.1, 1, 2) { full Fail(\"x\"); clash ip.ttl = 1; }");
    with_flows(
        "E0523",
        "insert f in flows (6, 1) { full Fail(\"x\"); }",
        "insert f in flows (6, 1) { full Fail(\"x\"); }",
    );
    with_flows("E0509", "70000", "insert f in flows (6, 10.0.0.1, 1, 70000) { full Fail(\"x\"); }");
    with_flows(
        "E0528",
        "insert f in flows (6, 10.0.0.1, 1, 2) { full Fail(\"x\"); }",
        "Fork(NoOp(), Forward(p[0])); insert f in flows (6, 10.0.0.1, 1, 2) { full Fail(\"x\"); }",
    );
    with_flows(
        "E0528",
        "lookup f in flows by unique (6, 1) { else Fail(\"x\"); }",
        "Fork({ lookup f in flows by unique (6, 1) { else Fail(\"x\"); } }, Forward(p[0]));",
    );
}

#[test]
fn choices_are_checked() {
    let inside = |code: &str, at: &str, choice: &str| {
        with_flows(
            code,
            at,
            &format!(
                "lookup f in flows by (ip.proto, ip.src, tcp.sport) {{ else {choice}
                   insert f in flows (ip.proto, ip.src, tcp.sport, x) {{ full Fail(\"full\"); }} }}"
            ),
        );
    };
    inside("E0524", "choose x in range free in flows.ext by hash;", "choose x in range free in flows.ext by hash;");
    inside("E0525", "NoOp();", "choose x in range free in flows.ext by hash { NoOp(); }");
    inside("E0526", "port", "choose x in range free in flows.port by hash { Fail(\"x\"); }");
    inside("E0522", "exit", "choose x in range free in flows.exit by hash { Fail(\"x\"); }");
    inside("E0527", "random", "choose x in range free in flows.ext by random { Fail(\"x\"); }");
    inside("E0509", "1..70000", "choose x in 1..70000 free in flows.ext by lru { Fail(\"x\"); }");
    inside(
        "W0504",
        "choose x in range free in flows.ext { Fail(\"x\"); }",
        "choose x in range free in flows.ext { Fail(\"x\"); }",
    );
    with_flows("E0526", "flows", "choose x in range free in flows.ext by first { Fail(\"x\"); }");
    with_flows("E0527", "hash", "choose x in range by hash;");
    with_flows("E0527", "lru", "choose x in range by lru;");
    with_flows("E0508", "x", "choose x in 1..200 by first; tcp.sport = x;");
    with_flows("E0512", "9..8", "choose x in 9..8 by first;");
    with_flows("W0504", "Assume(tcp.sport == 1)", "Assume(tcp.sport == 1);");
}

#[test]
fn tables_are_checked() {
    fault("E0522", "fibb", "match fibb on ip.dst { row r: Forward(p[r.port]); else Fail(\"x\"); }");
    fault("E0522", "prt", "match fib on ip.dst { row r: Forward(p[r.prt]); else Fail(\"x\"); }");
    fault(
        "E0523",
        "match fib on ip.dst, ip.src { row r: Forward(p[r.port]); else Fail(\"x\"); }",
        "match fib on ip.dst, ip.src { row r: Forward(p[r.port]); else Fail(\"x\"); }",
    );
    fault("E0506", "r", "match fib on ip.dst { row r: NoOp(); else Fail(\"x\"); } ip.id = r; Forward(wan);");
    fault("E0507", "r", "match fib on ip.dst { row r: ip.id = r; Forward(wan); else Fail(\"x\"); }");
    fault("E0505", "r.port", "match fib on ip.dst { row r: r.port = 1; Forward(wan); else Fail(\"x\"); }");
}
