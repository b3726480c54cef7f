//! Types of blocks: abstract ones, header stacks as parameters, constraints, several parents.

use super::world::World;
use crate::{full_name, subjects};

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let mut found = World::new(text).complaints();
    found.retain(|complaint| !complaint.starts_with("W0201"));
    assert_eq!(found, expected, "in {text}");
}

const TAP: &str = "use std::net::{Eth, Ip4, Tcp};
rfb Tap<I: Ip4 = Ip4, O = I>(n: u8 = 2) {
  port in rx: I;
  port out tx: O;
  ensures gone: isolated rx -> tx when n == 3;
}
";

/// A block with `Tap` between ports of these stacks.
fn tapped(tap: &str, rx: &str, tx: &str) -> String {
    format!("{TAP}rfb A {{ port in a: {rx}; port out b: {tx}; part t: {tap}; wire a <-> t.rx; wire t.tx <-> b; }}")
}

#[test]
fn stacks_are_arguments() {
    check(&tapped("Tap", "Ip4", "Ip4"), &[]);
    check(&tapped("Tap<Ip4, Eth>", "Ip4", "Eth"), &[]);
    check(&tapped("Tap<Ip4/Tcp>(4)", "Ip4/Tcp", "Ip4/Tcp"), &[]);
    check(&tapped("Tap<O = Eth>(n = 4)", "Ip4", "Eth"), &[]);
    check(&tapped("Tap<Eth>", "Eth", "Eth"), &["E0321 at 'Eth': `eth` does not begin with `ip`, as `I` must"]);
    check(&tapped("Tap<Ip4, Eth, Eth>", "Ip4", "Eth"), &["E0305 at 'Eth': `Tap` takes 2 header stacks, not more"]);
    check(
        &tapped("Tap<U = Eth>", "Ip4", "Eth"),
        &[
            "E0305 at 'U': `Tap` has no type parameter `U`",
            "E0402 at 'b': this port carries `eth`, the other end `ip` (put a part between them that adds or removes the headers)",
        ],
    );
    check(
        &tapped("Tap(O = Eth)", "Ip4", "Ip4"),
        &["E0305 at 'O': `Tap` has no parameter `O` (`O` is a header stack: write `Tap<O = …>`)"],
    );
    check(&tapped("Tap<Eht>", "Ip4", "Ip4"), &["E0202 at 'Eht': there is no type `Eht` here (did you mean `Eth`?)"]);
}

#[test]
fn a_stack_may_be_mandatory() {
    let block = "use std::net::Ip4;\nrfb F<I>(n: u8) { port inout a: I; }\n";
    check(&format!("{block}rfb A {{ part f: F<Ip4>(1); }}"), &["W0401 at 'part f: F<Ip4>(1);': `f.a` is not wired"]);
    check(
        &format!("{block}rfb A {{ part f: F(1); }}"),
        &["E0304 at 'part f: F(1);': `F` needs a header stack for `I` (write `F<I = …>`)"],
    );
    check(&format!("{block}rfb A : F<Ip4>(1) {{}}"), &[]);
    check(
        "rfb F<I> { port inout a: I; }\nuse std::net::Eth;\nrfb G : F<Eth>(2) {}",
        &["E0305 at '2': `F` takes 0 arguments, not more"],
    );
}

#[test]
fn instances_differ_by_their_stacks() {
    let text =
        tapped("Tap<Ip4, Eth>", "Ip4", "Eth") + "substrate s { ree k: kvm; }\ndeploy Tap<Ip4/Tcp> on s minimize cpu;";
    let world = World::new(&text);
    let names: Vec<String> = subjects(&world.db, world.package).iter().map(|s| full_name(&world.db, *s)).collect();
    assert_eq!(names, ["Tap", "A", "Tap<I = ip/tcp>", "Tap<O = eth>"]);
}

#[test]
fn an_abstract_block_is_a_parent() {
    let block = "use std::net::Ip4;\nabstract rfb Line { port inout a: Ip4; ensures alone: isolated a -> a; }\n";
    check(block, &[]);
    let world = World::new(block);
    assert!(subjects(&world.db, world.package).is_empty());
    check(&format!("{block}rfb L : Line {{ behaviour sefl {{ on a {{ Fail(\"no\"); }} }} }}"), &[]);
    check(&format!("{block}rfb L : Line {{ impl vm on openstack {{ image = \"x\"; }} }}"), &[]);
    check(&format!("{block}abstract rfb L : Line {{ }}"), &[]);
    check(
        &format!("{block}rfb L : Line {{ }}"),
        &[
            "E0320 at 'L': `L` is a `Line`, but nothing says how it works (give it a behaviour, parts or an implementation, or make it abstract, too)",
        ],
    );
    check(
        &format!("{block}substrate s {{ ree k: kvm; }}\ndeploy Line on s minimize cpu;"),
        &["E0214 at 'Line': `Line` is abstract and cannot be deployed (name a sub-class of it, `rfb … : Line { … }`)"],
    );
    check(
        &format!("{block}rfb A {{ part line: Line; }}"),
        &["E0214 at 'Line': `Line` is abstract and cannot be a part (name a sub-class of it, `rfb … : Line { … }`)"],
    );
}

#[test]
fn constraints_are_checked_at_the_argument() {
    let block = "rfb F(n: u8 = 4, m: u8 = 9) where n >= 1 and n <= 16, n < m {}\n";
    check(block, &[]);
    let part = |args: &str| format!("{block}rfb A {{ part f: F({args}); }}");
    check(&part("8"), &[]);
    check(&part("20, 30"), &["E0322 at '20': `n` is 20, which `F` does not allow"]);
    check(&part("m = 4"), &["E0322 at '4': `n` is 4 and `m` is 4, which `F` does not allow"]);
    check(&part("n = 0"), &["E0322 at '0': `n` is 0, which `F` does not allow"]);
    check(
        &format!("{block}rfb G(n: u8 = 30) : F {{}}"),
        &[
            "E0322 at 'F': `n` is 30 and `m` is 9, which `F` does not allow",
            "E0322 at 'F': `n` is 30, which `F` does not allow",
        ],
    );
    check(
        "rfb F(n: u8 = 4) where n > 4 {}",
        &[
            "E0322 at 'n > 4': the defaults do not satisfy this: `n` is 4 (give the parameter a default that is allowed, or none)",
        ],
    );
    check("rfb F(n: u8) where n + \"x\" == 4 {}", &["E0301 at '\"x\"': expected a whole number, found a text"]);
    check("rfb F(n: u8) where n {}", &["E0301 at 'n': expected a `bool`, found a whole number"]);
    check("rfb F(n: u8) where k > 4 {}", &["E0211 at 'k': there is no parameter `k` here"]);
    check(
        "rfb F(p: Prefix = 10.0.0.0/8, r: Range = 4..9) where p in 10.0.0.0/7, r in 1..9, not 10.0.0.1 in p {}",
        &[
            "E0322 at 'not 10.0.0.1 in p': the defaults do not satisfy this: `p` is 10.0.0.0/8 (give the parameter a default that is allowed, or none)",
        ],
    );
}

#[test]
fn a_block_is_checked_with_numbers_that_it_allows() {
    let text = "use std::net::Ip4;\nrfb F(n: u8) where n >= 2 { port inout p[1..n]: Ip4; behaviour sefl { on p { Flood(p); } } }";
    check(text, &[]);
}

#[test]
fn amounts_are_values() {
    let block = "rfb F(rate: Bandwidth = 200Mbps, wait: Duration = 1s, room: Memory = 1GiB, load: Cpu = 0.5core, \
                 pace: PacketRate = 1Mpps, share: Ratio = 99.9%) where rate <= 10Gbps, room >= 1MiB {}\n";
    check(block, &[]);
    let part = |args: &str| format!("{block}rfb A {{ part f: F({args}); }}");
    check(&part("rate = 100Mbps * 3 + 1kbps, wait = 1min / 4"), &[]);
    check(&part("rate = 20Gbps"), &["E0322 at '20Gbps': `rate` is 20Gbps, which `F` does not allow"]);
    check(&part("rate = 1s"), &["E0301 at '1s': expected a `Bandwidth`, found an amount of time"]);
    check(
        &part("rate = 100"),
        &["E0301 at '100': expected a `Bandwidth`, found a whole number (write the unit, as in `100Mbps`)"],
    );
    check(
        &part("rate = 1Mbps + 1s"),
        &[
            "E0340 at '1Mbps + 1s': 1Mbps is an amount of bandwidth, but 1s is one of time (add, subtract and compare only what measures the same)",
        ],
    );
    check(
        &part("wait = 1s - 2s"),
        &["E0302 at '1s - 2s': the result is not a whole number of the smallest unit, of at most 64 bits"],
    );
    check(
        "use std::net::Ip4;\nrfb A(rate: Bandwidth = 1Gbps) { port inout a: Ip4; port inout b: Ip4; wire a <-> b { bandwidth = rate / 2; } }",
        &[],
    );
}

#[test]
fn a_child_may_take_more_than_its_parent() {
    let block = "rfb P(n: u8 = 1) {}\n";
    check(&format!("{block}rfb C(n: u16 = 2) : P {{}}"), &[]);
    check(
        &format!("{block}rfb C(n: u16 = 300) : P {{}}"),
        &["E0302 at 'P': 300 does not fit `u8` (the greatest value is 255)"],
    );
    check(
        "rfb P(n: u16 = 1) {}\nrfb C(n: u8 = 2) : P {}",
        &[
            "E0310 at 'P': `n` is a `u8` here, but a `u16` in `P` (give the parameter another name, or write `P(n = …)`)",
        ],
    );
}

#[test]
fn parents_go_together() {
    let parents = "use std::net::Ip4;
rfb P(n: u8 = 1) { port inout a: Ip4; ensures one: isolated a -> a when n == 1; }
rfb L : P(n = 2) { behaviour sefl { on a { Fail(\"no\"); } } }
rfb R : P(n = 2) {}
";
    check(&format!("{parents}rfb C : L, R {{}}"), &[]);
    check(&format!("{parents}rfb C : L, P {{}}"), &[]);
    let world = World::new(&format!("{parents}rfb C : L, P {{}}"));
    let child = *subjects(&world.db, world.package).iter().find(|s| full_name(&world.db, **s) == "C").unwrap();
    let names: Vec<_> = crate::properties(&world.db, child).iter().map(|p| p.name.clone()).collect();
    assert_eq!(names, ["P(n = 2).one", "P.one"]);
    check(
        "use std::net::{Eth, Ip4};\nrfb P { port inout a: Ip4; }\nrfb Q { port inout a: Eth; }\nrfb C : P, Q {}",
        &["E0309 at 'C': the parents of `C` declare the port `a` differently"],
    );
}

/// What a complaint proposes: the text it replaces, and what by.
#[track_caller]
fn mended(text: &str, expected: &str) {
    let world = World::new(text);
    let found = crate::diagnostics(&world.db, world.package);
    let fix = found.iter().find_map(|p| p.fix.clone()).unwrap_or_else(|| panic!("no fix in {:?}", world.complaints()));
    assert_eq!(format!("{} -> {}", world.text_at(fix.at), fix.replacement), expected, "in {text}");
}

#[test]
fn slips_of_the_hand_are_mended() {
    mended("rfb A { part f: std::nf::Firewal; }", "Firewal -> Firewall");
    mended("rfb A { port inout lan: Ip4; }", " -> use std::net::Ip4;\n");
    mended("rfb A { part f: std::nf::Firewall(insid = 10.0.0.0/8); }", "insid -> inside");
    mended("rfb A { part f: std::nf::Firewall(inside = 10.0.0.1); }", "10.0.0.1 -> 10.0.0.1/32");
    mended("rfb A { part f: std::nf::Firewall(inside = 10.0.0.1/8); }", "10.0.0.1/8 -> 10.0.0.0/8");
    mended("rfb A { part f: std::nf::Firewall; wire f.lan <-> f.wam; }", "wam -> wan");
    mended("rfb A(n: u9 = 1) { }", "u9 -> u8");
    mended("rfb A { impl g on kvm { memroy = 8MiB; } }", "memroy -> memory");
    mended("rfb A { impl g on kvm { memory = 8MB; } }", "8MB -> 8MiB");
    mended("rfb A { port lan: std::net::Ip4; }", " -> inout ");
    mended("rfb A { port inout in: std::net::Ip4; }", "in -> in0");
    mended("rfb A { prot inout lan: std::net::Ip4; }", "prot -> port");
    mended("rfb A { port inout a: std::net::Ip4\n}", " -> ;");
    mended("rfb B(n: u8, r: Bandwidth) {}\nrfb A { part b: B; }", "B -> B(n = 1, r = 1Mbps)");
    mended("rfb A { port inout p[0..1]: std::net::Ip4; ensures no_turn: isolated p -> p; }", "p -> p[*]");
    mended(
        "rfb A { port inout a: std::net::Ip4; behaviour sefl { on a { Constrain(ip.ttll > 1); Fail(\"x\"); } } }",
        "ttll -> ttl",
    );
}

const CHAIN: &str = "use std::net::Ip4;
rfb Chain(n: u8 = 3) {
  port inout a: Ip4;
  port inout b: Ip4;
  if n > 0 { part next: Chain(n - 1); wire a <-> next.a; wire next.b <-> b; } else { part end: Line; wire a <-> end.a; wire end.b <-> b; }
}
rfb Line { port inout a: Ip4; port inout b: Ip4; behaviour sefl { on a { Forward(b); } on b { Forward(a); } } }
";

#[test]
fn a_block_may_hold_smaller_ones_of_itself() {
    check(CHAIN, &[]);
    let world = World::new(CHAIN);
    let names: Vec<String> = subjects(&world.db, world.package).iter().map(|s| full_name(&world.db, *s)).collect();
    assert_eq!(names, ["Chain", "Line", "Chain(n = 2)", "Chain(n = 1)", "Chain(n = 0)"]);
    let chain = subjects(&world.db, world.package)[0];
    let paths: Vec<&str> = crate::structure(&world.db, chain).parts.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["next.next.next.end"]);
    check(&CHAIN.replace("n: u8 = 3", "n: u8 = 31"), &[]);
    check(
        &CHAIN.replace("n: u8 = 3", "n: u8 = 32"),
        &["E0408 at 'part next: Chain(n - 1);': `Chain` would hold itself 32 deep"],
    );
    check(
        &CHAIN.replace("n > 0", "n < 9"),
        &["E0302 at 'n - 1': the result is not a whole number of at most 128 bits"],
    );
    let endless = "E0210 at 'Chain': `Chain` is a part of itself (let it shrink, under a condition: \
                   `if n > 0 { part …: Chain(n = n - 1); … }`)";
    for args in ["n", "n + 1", "n - 0", "1"] {
        check(&CHAIN.replace("n - 1", args), &[endless]);
    }
    check("rfb Chain(n: u8 = 1) { part next: Chain(n - 1); }", &[endless]);
}

#[test]
fn what_depends_on_a_condition_is_read_either_way() {
    let text = "rfb A(n: u8 = 1) { if n > 1 { part f: Firewal; } else { port inout a: std::net::Ip4; } if m { } }";
    check(
        text,
        &[
            "E0201 at 'Firewal': there is no block `Firewal` here",
            "E0325 at 'a': a port cannot depend on a condition (move it out of the `if`)",
            "E0211 at 'm': there is no parameter `m` here",
        ],
    );
    check(
        "rfb A { port out b: std::net::Ip4 with { c: u8, c: u9 }; port out d: std::net::Ip4 with { e: Range }; }",
        &[
            "E0203 at 'c': the metadata `c` is declared twice",
            "E0202 at 'u9': `u9` is not a type of values (did you mean `u8`?)",
            "E0202 at 'Range': metadata cannot be of type `Range` (it is `u8`, `u16`, `u32`, `u64`, `bool`, `Ipv4` or `Mac`)",
        ],
    );
}
