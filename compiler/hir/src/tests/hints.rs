//! Near names, corrected values, and other hints.

use super::world::World;

/// Checks the complaints about a package.
fn check(text: &str, expected: &[&str]) {
    assert_eq!(World::new(text).complaints(), expected, "in {text}");
}

/// Checks the complaints about the members of a block with two ports, `lan` and `wan`.
fn check_members(members: &str, expected: &[&str]) {
    let text = format!("use std::net::Ip4;\nrfb Site {{ port inout lan: Ip4; port inout wan: Ip4; {members} }}\n");
    check(&text, expected);
}

#[test]
fn a_block_of_the_library_is_to_be_imported() {
    check(
        "rfb Site { part fw: Firewall; }",
        &["E0201 at 'Firewall': there is no block `Firewall` here (`use std::nf::Firewall;` brings it in)"],
    );
    check("use std::nf::Firewal;", &["E0204 at 'Firewal': there is no item `Firewal` (did you mean `Firewall`?)"]);
    check("use std::nt::Ip4;", &["E0204 at 'nt': there is no module `std::nt` (did you mean `std::net`?)"]);
}

#[test]
fn modules_are_files() {
    check("//- main\nuse wall::Wall;\nrfb Site { part w: Wall; }\n//- wall\nrfb Wall {}\n", &[]);
    check("//- main\nrfb Site { part w: wall::Wall; }\n//- wall\nrfb Wall {}\n", &[]);
    check(
        "//- main\nuse wall::Wal as W;\nuse wall::Wall;\n//- wall\nrfb Wall {}\n",
        &[
            "E0204 at 'Wal': there is no item `Wal` (did you mean `Wall`?)",
            "W0201 at 'wall::Wall': `Wall` is imported and never used",
        ],
    );
}

#[test]
fn ports_and_parts_have_near_names() {
    check_members(
        "ensures a: isolated lna -> wan;",
        &["E0206 at 'lna': there is no port `lna` here (did you mean `lan`?)"],
    );
    let end = "}\nrfb End { port inout lan: Ip4; ";
    check_members(
        &format!("part host: End; wire lan <-> host.lna; {end}"),
        &["E0206 at 'lna': the part `host` has no port `lna` (did you mean `lan`?)"],
    );
    check_members(
        &format!("part host: End; wire lan <-> host; {end}"),
        &["E0206 at 'host': there is no port `host` here (`host` is a part; name one of its ports, as in `host.port`)"],
    );
    check_members(
        &format!("part host: End; wire lan <-> hots.lan; {end}"),
        &["E0207 at 'hots': there is no part `hots` here (did you mean `host`?)"],
    );
}

#[test]
fn a_chain_wires_its_middle_twice() {
    let end = "}\nrfb End { port inout lan: Ip4; ";
    let help = "a wire joins two ports; to join more, put a part such as `std::nf::Hub` between them";
    let expected = format!("E0401 at 'a.lan': `a.lan` is wired twice ({help})");
    check_members(&format!("part a: End; wire lan <-> a.lan <-> wan; {end}"), &[&expected]);
}

#[test]
fn values_are_corrected() {
    check(
        "rfb A(p: Prefix = 10.1.0.1) {}",
        &["E0301 at '10.1.0.1': expected a `Prefix`, found an IPv4 address (write `10.1.0.1/32`)"],
    );
    check(
        "rfb A(p: Prefix = 10.1.0.1/8) {}",
        &["E0303 at '10.1.0.1/8': `10.1.0.1/8` has bits set after its first 8 (write `10.0.0.0/8`)"],
    );
    check("rfb A(n: u8 = 255 + 1) {}", &["E0302 at '255 + 1': 256 does not fit `u8` (the greatest value is 255)"]);
    check("rfb A(n: u8 = 1 - 2) {}", &["E0302 at '1 - 2': the result is not a whole number of at most 128 bits"]);
    check("rfb A(n: u8 = 1 / 0) {}", &["E0302 at '1 / 0': the result is not a whole number of at most 128 bits"]);
    check("rfb A(n: u8 = 4, m: u8 = k) {}", &["E0211 at 'k': there is no parameter `k` here"]);
}

#[test]
fn arguments_are_matched() {
    let block = "rfb B(width: u8, height: u8 = 2) {}\n";
    let part = |args: &str| format!("{block}rfb A {{ part b: B({args}); }}");
    check(&part("1"), &[]);
    check(&part("height = 1, width = 2"), &[]);
    check(&part("wdth = 1, width = 3"), &["E0305 at 'wdth': `B` has no parameter `wdth` (did you mean `width`?)"]);
    check(&part("1, width = 2"), &["E0203 at 'width = 2': the argument `width` is given twice"]);
    check(&part("1, 2, 3"), &["E0305 at '3': `B` takes 2 arguments, not more"]);
    check(
        &part("height = 2"),
        &["E0304 at 'part b: B(height = 2);': `B` needs an argument for `width` (write `B(width = …)`, such as 1)"],
    );
}

#[test]
fn attributes_have_dimensions() {
    check_members(
        "impl g on kvm { cpu = 1core; memory = 2core; }",
        &["E0301 at '2core': expected an amount of memory, found an amount of cpu"],
    );
    check_members(
        "impl g on kmv { cpu = 1core; }",
        &["E0208 at 'kmv': `kmv` is not a kind of execution environment (did you mean `kvm`?)"],
    );
    check_members(
        "sla fast: bandwidth(lan -> wan) >= 5ms;",
        &["E0301 at '5ms': expected an amount of bandwidth, found an amount of time"],
    );
    check_members("sla fast: delay(lan -> wan) <= 5ms and bandwidth(lan -> wan) >= 1Gbps;", &[]);
}

#[test]
fn deployments_are_checked() {
    let world = |deploy: &str| {
        format!(
            "use std::net::Ip4;\nrfb A {{ port inout lan: Ip4; part b: B; wire lan <-> b.lan; }}\n\
             rfb B {{ port inout lan: Ip4; }}\nsubstrate lab {{ ree edge: kvm {{ cpu = 1core; }} }}\n{deploy}"
        )
    };
    check(&world("deploy A on lab { lan at edge; b at edge; } minimize cpu;"), &[]);
    check(
        &world("deploy A on lab { b at egde; } minimize cpu;"),
        &["E0701 at 'egde': there is no execution environment `egde` (did you mean `edge`?)"],
    );
    check(&world("deploy A on lab { c at edge; } minimize cpu;"), &["E0207 at 'c': there is no port or part `c` here"]);
    check(
        &world("deploy A on lba { } minimize cpu;"),
        &["E0702 at 'lba': there is no substrate `lba` here (did you mean `lab`?)"],
    );
    check(
        &world("deploy A on lab { } minimize cpu;\ndeploy A on lab { } minimize cost;"),
        &["E0203 at 'A': there are two deployments called `A` (name one of them with `as`)"],
    );
}

#[test]
fn a_part_or_port_is_pinned_once() {
    let world = |pins: &str| {
        format!(
            "use std::net::Ip4;\nrfb A {{ port inout lan: Ip4; part b[0..1]: B; wire lan <-> b[0].lan; \
             ensures calm: no loop; }}\nrfb B {{ port inout lan: Ip4; }}\n\
             substrate lab {{ ree edge: kvm {{ cpu = 1core; }} ree core: kvm {{ cpu = 1core; }} }}\n\
             deploy A on lab {{ {pins} }} minimize cpu;"
        )
    };
    let unwired = "W0401 at 'part b[0..1]: B;': `b[1].lan` is not wired";
    let twice = |at: &str, name: &str| {
        format!("E0203 at '{at}': `{name}` is pinned twice (it is in one place only; leave out one of the two)")
    };
    check(&world("lan at edge; b[0] at edge; b[1] at core;"), &[unwired]);
    check(&world("b[0] at edge; b[0] at core;"), &[unwired, &twice("b[0] at core;", "b[0]")]);
    check(&world("b[1] at edge; b[*] at core;"), &[unwired, &twice("b[*] at core;", "b[1]")]);
    check(&world("lan at edge; lan at edge;"), &[unwired, &twice("lan at edge;", "lan")]);
}

#[test]
fn conditions_of_events_are_typed() {
    let known = "known are alive, count, host.alive, host.cpu, host.disk, host.memory, load, need.cpu, need.disk, \
                 need.memory, packet_rate, wires, and the parameters of the block";
    let unknown = |at: &str, help: &str| {
        format!("E0318 at '{at}': `{at}` is nothing that a condition of an event knows ({help})")
    };
    let life = |condition: &str| format!("lifecycle {{ on heal pre {condition} within 2s; }}");
    check_members(&life("lan == 3"), &[&unknown("lan", known)]);
    check_members(&life("alvie"), &[&unknown("alvie", "did you mean `alive`?")]);
    check_members(&life("host.memry >= 3MiB"), &[&unknown("host.memry", "did you mean `host.memory`?")]);
    check_members(&life("not alive and host.memory >= need.memory + 2 * 1GiB and count in 1..4"), &[]);
    let apart = "(add, subtract and compare only what measures the same)";
    let differ = |at: &str, what: &str| format!("E0340 at '{at}': this compares or adds {what} {apart}");
    let memory = differ("host.memory >= 3", "an amount of memory and a whole number");
    check_members(&life("host.memory >= 3"), &[&memory]);
    let load = differ("load > 5ms", "an amount of ratio and an amount of time");
    check_members(&life("load > 5ms"), &[&load]);
    let help = "(compare facts with amounts and numbers, as in `host.memory >= need.memory and alive`)";
    check_members(
        &life("count"),
        &[&format!("E0318 at 'count': a condition is a truth, this is a whole number {help}")],
    );
    let help = "(write a truth by itself, as in `alive` or `not alive`)";
    let found = format!("E0318 at 'alive': numbers and amounts are compared, this is a truth {help}");
    check_members(&life("alive == 3"), &[&found]);
}

#[test]
fn only_unchanged_takes_exceptions() {
    for mode in ["reach", "can reach", "isolated"] {
        let found = "E0315 at 'ip.ttl': only `unchanged` takes exceptions (leave out `except`)";
        check_members(&format!("ensures a: {mode} lan -> wan except ip.ttl;"), &[found]);
    }
    check_members("ensures a: unchanged lan -> wan except ip.ttl;", &[]);
}

#[test]
fn flows_have_packets() {
    let intent = |matches: &str| {
        format!(
            "intent nemo {{{{ CREATE Flow f Match {matches}; CREATE Operation o Target f Priority 1 Action deny; }}}}"
        )
    };
    let contradictory = "E0416 at 'f': no packet belongs to the flow `f` (make a flow of each of them)";
    check_members(&intent("src-ip: 10.0.0.0/8, src-ip: 11.0.0.0/8"), &[contradictory]);
    check_members(&intent("proto: icmp, src-port: 7"), &[contradictory]);
    check_members(&intent("proto: tcp, src-port: 7, src-ip: 10.0.0.0/8, src-ip: 10.1.0.0/16"), &[]);
    check_members(&intent("src-mac: 02:00:00:00:00:01"), &["E0416 at 'o': no packet of the flow `f` can enter `Site`"]);
    let link = "port inout link: Eth; ";
    let text = |matches| format!("use std::net::Eth;\nrfb Site {{ {link} {} }}\n", intent(matches));
    check(&text("src-mac: 02:00:00:00:00:01"), &[]);
    check(&text("eth-type: 2048, dst-port: 7"), &[]);
    check(&text("eth-type: 2054, dst-port: 7"), &[contradictory]);
}

#[test]
fn circles_are_found_whatever_the_way() {
    check(
        "rfb A { part b: B; }\nrfb B { part c: C; }\nrfb C { part a: A; }",
        &["E0210 at 'A': `A` is a part of itself, through `B` and `C`"],
    );
    check(
        "rfb A : B {}\nrfb B : A {}",
        &["E0209 at 'B': `A` is its own ancestor (leave out one of the `:` on the way round)"],
    );
    check("rfb Safe : Plain { part inner: Plain; }\nrfb Plain {}", &[]);
}

#[test]
fn size_is_limited() {
    let doubling: String =
        (0..40).map(|i| format!("rfb B{i} {{ part x: B{n}; part y: B{n}; }}\n", n = i + 1)).collect();
    let world = World::new(&format!("{doubling}rfb B40 {{}}\n"));
    assert!(world.codes().iter().all(|c| *c == "E0408") && !world.codes().is_empty(), "{:?}", world.codes());
    let deep: String = (0..200).map(|i| format!("rfb D{i} {{ part x: D{}; }}\n", i + 1)).collect();
    let world = World::new(&format!("{deep}rfb D200 {{}}\n"));
    assert_eq!(world.codes(), ["E0408"]);
    let classes: String = (0..300).map(|i| format!("rfb C{i} : C{} {{}}\n", i + 1)).collect();
    let world = World::new(&format!("{classes}rfb C300 {{}}\n"));
    assert_eq!(world.codes(), ["E0408"]);
}

#[test]
fn ancestors_with_different_arguments_are_limited() {
    let level = |i: u32, n: u32| format!("rfb C{i}(n: u64 = 0) : C{n}(n = n + n), C{n}(n = n + n + 1) {{}}\n");
    let classes = |depth: u32| (0..depth).map(|i| level(i, i + 1)).collect::<String>();
    let world = World::new(&format!("{}rfb C40(n: u64 = 0) {{}}\n", classes(40)));
    assert!(world.codes().iter().all(|c| *c == "E0408") && !world.codes().is_empty(), "{:?}", world.codes());
    check(&format!("{}rfb C6(n: u64 = 0) {{}}\n", classes(6)), &[]);
}

/// Otherwise any number of different blocks would stay below the most leaves there may be.
#[test]
fn a_block_without_a_leaf_counts_as_one() {
    let text = "use std::net::Ip4;\nrfb Cable { port inout a: Ip4; port inout b: Ip4; wire a <-> b; }";
    let world = World::new(text);
    let cable = crate::subjects(&world.db, world.package)[0];
    assert_eq!(crate::leaf_count(&world.db, cable), 1);
}

#[test]
fn what_cannot_be_read_hides_what_it_means() {
    let world = World::new("rfb Site { part a: Nowhere; wire a.b <-> ; }");
    assert!(!world.codes().is_empty() && world.codes().iter().all(|c| c.starts_with("E01")), "{:?}", world.codes());
}
