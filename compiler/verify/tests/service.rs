//! Verdicts on whole services, from source text.

#[path = "support/package.rs"]
mod support;

use rdcl_hir::{short_name, subjects};
use rdcl_verify::{Options, Outcome, Verdict, verdicts};
use std::collections::BTreeMap;
use support::package;

/// A firewall and a NAT of our own, so that these tests stand by themselves.
const BLOCKS: &str = r#"
use std::net::Ip4;

rfb Nat(public: Ipv4, ports: Range = 1024..65535, capacity: u32 = 65536, inside_net: Prefix = 0.0.0.0/0) {
  port inout inside: Ip4;
  port inout outside: Ip4;
  behaviour sefl {
    state flows { key proto: u8, ip: u32, port: u16;  value ext: u16;  unique proto, ext;
                  capacity capacity; idle 300s; invariant ext in ports and (proto == 6 or proto == 17); }
    on inside {
      Constrain(has tcp or has udp);
      lookup f in flows by (ip.proto, ip.src, l4.sport) {
        else choose x in ports free in flows.ext by hash { Fail("no free port"); }
             insert f in flows (ip.proto, ip.src, l4.sport, x) { full Fail("table full"); }
      }
      ip.src = public;  l4.sport = f.ext;  Forward(outside);
    }
    on outside {
      Constrain(ip.dst == public and (has tcp or has udp));
      lookup f in flows by unique (ip.proto, l4.dport) { else Fail("no mapping"); }
      ip.dst = f.ip;  l4.dport = f.port;  Forward(inside);
    }
  }
  ensures leaves: reach inside -> outside when has tcp or has udp given room(flows);
  ensures mapped: isolated outside -> inside when (has tcp or has udp) and not l4.dport in ports;
  ensures source: inside -> outside { ip.src == public; }
}

rfb Fw(inside: Prefix = 10.1.0.0/16) {
  port inout lan: Ip4;
  port inout wan: Ip4;
  behaviour sefl {
    on lan { Constrain(ip.src in inside); Forward(wan); }
    on wan { If(has tcp and tcp.dport == 22, Fail("ssh from outside"), Forward(lan)); }
  }
  ensures same:     unchanged lan -> wan;
  ensures ssh:      wan -> lan { not (has tcp and tcp.dport == 22); }
  ensures outbound: reach lan -> wan when ip.src in inside;
}
"#;

fn verify(text: &str) -> BTreeMap<String, Verdict> {
    verify_with(text, &[], Options::default())
}

fn verify_with(text: &str, tables: &[(&str, &str)], options: Options) -> BTreeMap<String, Verdict> {
    let (db, package) = package(text, tables);
    let mut all = BTreeMap::new();
    for instance in subjects(&db, package) {
        let name = short_name(&db, *instance);
        for verdict in verdicts(&db, *instance, options) {
            all.insert(format!("{name}.{}", verdict.property), verdict.clone());
        }
    }
    all
}

fn words(verdicts: &BTreeMap<String, Verdict>) -> Vec<String> {
    verdicts.iter().map(|(name, v)| format!("{name} {}", v.result.word())).collect()
}

fn branch(fw: &str, nat: &str, middle: &str) -> String {
    format!(
        "{BLOCKS}
rfb Branch {{
  port inout lan: Ip4;
  port inout wan: Ip4;
  part fw: {fw};
  part nat: {nat};
  wire lan <-> fw.lan;
  wire fw.wan <-> nat.inside;
  {middle}
  intent nemo {{{{ CREATE Flow guests Match src-ip: 10.1.9.0/24;
                 CREATE Operation o1 Target guests Priority 1 Action deny; }}}}
  ensures outbound: reach lan -> wan when ip.src in 10.1.0.0/16 and not ip.src in 10.1.9.0/24 and (has tcp or has udp) given room(nat.flows);
  ensures guests: isolated lan -> wan when ip.src in 10.1.9.0/24;
  ensures ssh:    wan -> lan {{ not (has tcp and tcp.dport == 22); }}
  ensures low:    isolated wan -> lan when has tcp and tcp.dport == 22;
  ensures loops:  no loop;
}}"
    )
}

#[test]
fn the_branch_is_proved() {
    let all = verify(&branch("Fw", "Nat(public = 203.0.113.7)", "wire nat.outside <-> wan;"));
    for (name, verdict) in &all {
        assert_eq!(verdict.result, Outcome::Proved, "{name}");
        assert_eq!(verdict.stats.solver_calls, 0, "{name}");
    }
    assert_eq!(all["Branch.outbound"].assumes, ["room(nat.flows)"]);
    assert_eq!(all.len(), 13, "{:?}", words(&all));
}

#[test]
fn a_wide_port_range_lets_port_22_in() {
    let all = verify(&branch("Fw", "Nat(public = 203.0.113.7, ports = 1..65535)", "wire nat.outside <-> wan;"));
    let Outcome::Violated(witness) = &all["Branch.low"].result else { panic!("{:?}", words(&all)) };
    assert_eq!(witness.history.len(), 1);
    assert_eq!(witness.history[0].choices, [("nat.x".to_owned(), 22)]);
    let field = |step: &rdcl_verify::Step, name: &str| step.fields.iter().find(|f| f.0 == name).map(|f| f.1);
    assert_eq!(field(&witness.history[0], "ip.src"), Some(0x0a01_0000));
    assert_eq!(field(&witness.packet, "ip.dst"), Some(0xcb00_7107));
    assert!(witness.minimal);
    let violated: Vec<&String> = all.iter().filter(|(_, v)| v.result != Outcome::Proved).map(|(n, _)| n).collect();
    assert_eq!(violated, ["Branch.low"]);
}

#[test]
fn what_only_a_full_map_loses_is_shown_by_filling_it() {
    let text = BLOCKS.replace("given room(flows)", "").replace("1024..65535", "1024..1031");
    let all = verify(&format!(
        "{text} rfb Main {{ port inout a: Ip4; port inout b: Ip4; part n: Nat(public = 1.2.3.4);
        wire a <-> n.inside; wire n.outside <-> b; }}"
    ));
    let Outcome::Violated(witness) = &all["Nat.leaves"].result else { panic!("{:?}", words(&all)) };
    assert_eq!(witness.history.len(), 8);
    assert_eq!(witness.outcome, "dropped: no free port");
}

/// The firewall with its rule under the wrong port.
fn misplaced() -> String {
    BLOCKS.replace(
        "on lan { Constrain(ip.src in inside); Forward(wan); }
    on wan { If(has tcp and tcp.dport == 22, Fail(\"ssh from outside\"), Forward(lan)); }",
        "on lan { Constrain(ip.src in inside); If(has tcp and tcp.dport == 22, Fail(\"ssh from outside\"), Forward(wan)); }
    on wan { Forward(lan); }",
    )
}

fn not_proved(all: &BTreeMap<String, Verdict>) -> Vec<String> {
    let open = all.iter().filter(|(_, v)| v.result != Outcome::Proved);
    open.map(|(name, v)| format!("{name} {}", v.result.word())).collect()
}

#[test]
fn a_misplaced_rule_breaks_what_rests_on_it() {
    let text = branch("Fw", "Nat(public = 203.0.113.7)", "wire nat.outside <-> wan;").replace(BLOCKS, &misplaced());
    let all = verify(&text);
    assert_eq!(
        not_proved(&all),
        ["Branch.outbound violated", "Branch.ssh violated", "Fw.outbound violated", "Fw.ssh violated",]
    );
    let Outcome::Violated(witness) = &all["Branch.ssh"].result else { panic!() };
    assert_eq!(witness.history.len(), 1, "a mapping must be made first");
    assert_eq!(witness.history[0].choices, [("nat.x".to_owned(), 1024)]);
    let Outcome::Violated(witness) = &all["Branch.outbound"].result else { panic!() };
    assert_eq!(witness.outcome, "dropped: ssh from outside");
}

#[test]
fn a_hub_wired_into_a_loop_breaks_only_no_loop() {
    let hub = "part hub: Repeat; wire nat.outside <-> hub.p[0]; wire hub.p[1] <-> hub.p[2]; wire hub.p[3] <-> wan;";
    let repeat = "rfb Repeat { port inout p[0..3]: Ip4; behaviour sefl { on p { Flood(p); } } }";
    let all = verify(&format!("{} {repeat}", branch("Fw", "Nat(public = 203.0.113.7)", hub)));
    assert_eq!(not_proved(&all), ["Branch.loops violated"]);
    let Outcome::Violated(witness) = &all["Branch.loops"].result else { panic!() };
    assert!(witness.history.is_empty(), "it needs no state");
    assert!(witness.outcome.contains("loops at hub.p"), "{}", witness.outcome);
}

#[test]
fn an_invariant_that_inserts_break_is_not_rested_on() {
    let text = BLOCKS.replace("invariant ext in ports", "invariant ext in 1024..65535");
    let text =
        branch("Fw", "Nat(public = 203.0.113.7, ports = 1..65535)", "wire nat.outside <-> wan;").replace(BLOCKS, &text);
    let all = verify(&text);
    assert_eq!(not_proved(&all), ["Branch.low violated", "Nat.flows.invariant violated", "Nat.mapped undecided"]);
    let Outcome::Undecided(why) = &all["Nat.mapped"].result else { panic!() };
    assert_eq!(why, "it rests on the invariant of `flows`, which is not proved");
    let Outcome::Violated(witness) = &all["Nat.flows.invariant"].result else { panic!() };
    assert_eq!(witness.packet.choices, [("x".to_owned(), 1)]);
}

#[test]
fn without_a_history_nothing_is_violated() {
    let text = branch("Fw", "Nat(public = 203.0.113.7)", "wire nat.outside <-> wan;")
        .replace("ensures loops:", "ensures home: wan -> lan { ip.dst in 10.1.0.0/16; } ensures loops:");
    let all = verify(&text);
    assert_eq!(not_proved(&all), ["Branch.home undecided"]);
}

#[test]
fn a_missing_free_test_lets_two_flows_share_a_port() {
    let text = BLOCKS.replace("free in flows.ext by hash { Fail(\"no free port\"); }", ";");
    let all = verify(&format!(
        "{text} rfb Main {{ port inout a: Ip4; port inout b: Ip4; part n: Nat(public = 1.2.3.4);
        wire a <-> n.inside; wire n.outside <-> b; }}"
    ));
    let Outcome::Violated(witness) = &all["Nat.flows.unique"].result else { panic!("{:?}", words(&all)) };
    assert_eq!(witness.history.len(), 1);
}

#[test]
fn the_slow_paths_agree() {
    let text = branch("Fw", "Nat(public = 203.0.113.7, ports = 1..65535)", "wire nat.outside <-> wan;");
    let fast = verify(&text);
    for options in [Options { domains: false, ..Options::default() }, Options { merge: false, ..Options::default() }] {
        let slow = verify_with(&text, &[], options);
        assert_eq!(words(&slow), words(&fast));
        let Outcome::Violated(a) = &slow["Branch.low"].result else { panic!() };
        let Outcome::Violated(b) = &fast["Branch.low"].result else { panic!() };
        assert_eq!(a, b, "the witness does not depend on the path");
    }
}

#[test]
fn every_port_of_the_range_can_be_a_mapping() {
    let text = BLOCKS.replace(
        "ensures source:",
        "ensures answers: can reach outside -> inside when (has tcp or has udp) and ip.dst == public and l4.dport in ports;
  ensures all: can reach outside -> inside when (has tcp or has udp) and ip.dst == public;
  ensures source:",
    );
    let all = verify(&format!(
        "{text} rfb Main {{ port inout a: Ip4; port inout b: Ip4; part n: Nat(public = 1.2.3.4);
        wire a <-> n.inside; wire n.outside <-> b; }}"
    ));
    assert_eq!(all["Nat.answers"].result, Outcome::Proved);
    let Outcome::Violated(witness) = &all["Nat.all"].result else { panic!("{:?}", all["Nat.all"]) };
    assert_eq!(witness.outcome, "dropped: no mapping");
}

#[test]
fn assertions_are_proved_or_shown_to_fail() {
    let all = verify(
        "use std::net::Ip4;
         rfb Checked {
           port inout a: Ip4; port inout b: Ip4;
           behaviour sefl {
             on a { Constrain(ip.ttl > 1); ip.ttl = ip.ttl - 1; Assert(ip.ttl > 0); Assert(ip.ttl < 200); Forward(b); }
             on b { Assume(ip.src in 10.0.0.0/8); Forward(a); }
           }
           ensures inside: b -> a { ip.src in 10.0.0.0/8; }
         }",
    );
    assert_eq!(all["Checked.assert.1"].result, Outcome::Proved);
    let Outcome::Violated(witness) = &all["Checked.assert.2"].result else { panic!("{:?}", words(&all)) };
    assert_eq!(witness.outcome, "dropped: an assertion does not hold");
    assert_eq!(all["Checked.inside"].result, Outcome::Proved);
    assert_eq!(all["Checked.inside"].assumes, ["what Checked assumes"]);
}

/// A fork of three arms: each of the first two loses a packet in many ways, the third in the last two together.
fn many_ways(n: u32) -> String {
    let arm = |field: &str| (0..n).map(|k| format!("If({field} == {k}, Fail(\"{field} {k}\"));")).collect::<String>();
    let last = n - 1;
    format!(
        "use std::net::{{Ip4, Tcp}};
         rfb Many {{
           port inout a: Ip4/Tcp; port inout b: Ip4/Tcp;
           behaviour sefl {{
             on a {{ Fork({{ {} Forward(b); }}, {{ {} Forward(b); }},
                         If(ip.id == {last} and ip.ttl == {last}, Fail(\"both\"), Forward(b))); }}
             on b {{ Fail(\"x\"); }}
           }}
           ensures must: reach a -> b;
         }}",
        arm("ip.id"),
        arm("ip.ttl")
    )
}

#[test]
fn too_many_ways_to_lose_a_packet_are_not_taken_for_none() {
    assert_eq!(words(&verify(&many_ways(20))), ["Many.must violated"]);
    assert_eq!(words(&verify(&many_ways(66))), ["Many.must undecided"]);
}
