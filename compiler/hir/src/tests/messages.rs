//! What is said of mistakes that are often made, and that one mistake is said once.

use super::world::World;

fn check(text: &str, expected: &[&str]) {
    assert_eq!(World::new(text).complaints(), expected, "in {text}");
}

/// The complaints about the members of a block with `in a`, `in c` and `out b`.
fn check_members(members: &str, expected: &[&str]) {
    let ports =
        "port in a: Ip4; port in c: Ip4; port out b: Ip4; behaviour sefl { on a { Forward(b); } on c { Forward(b); } }";
    check(&format!("use std::net::Ip4;\nrfb Site {{ {ports} {members} }}\n"), expected);
}

/// The complaints about a behaviour from `a` to `b`.
fn check_behaviour(body: &str, expected: &[&str]) {
    let ports = "port in a: Ip4; port out b: Ip4;";
    check(&format!("use std::net::Ip4;\nrfb Site {{ {ports} behaviour sefl {{ on a {{ {body} }} }} }}\n"), expected);
}

#[test]
fn only_ports_of_the_right_direction_are_meant() {
    let text = |sent: &str| {
        format!(
            "use std::net::Ip4;\nrfb S {{ port in lan: Ip4; port out wan: Ip4; behaviour sefl {{ on lan {{ \
             Forward({sent}); }} }} }}\n"
        )
    };
    check(&text("lam"), &["E0515 at 'lam': no port is called `lam`"]);
    check(&text("wam"), &["E0515 at 'wam': no port is called `wam` (did you mean `wan`?)"]);
    check_members("ensures x: isolated a -> d;", &["E0206 at 'd': there is no port `d` here"]);
}

#[test]
fn old_is_tested_with_old() {
    check_members(
        "ensures y: a -> b { old(tcp.syn) == 1; }",
        &["E0504 at 'tcp.syn': `tcp.syn` is used where the packet may not have it (test for it first: \
           `old(has tcp) and …`, or promise it only `when has tcp`)"],
    );
    check_members("ensures y: a -> b { not old(has tcp) or old(tcp.syn) == 1; }", &[]);
    check_members("ensures y: a -> b when has tcp { old(tcp.syn) == 1; }", &[]);
}

#[test]
fn a_prefix_is_no_address() {
    check_behaviour(
        "ip.dst = 10.0.0.1/8; Forward(b);",
        &["E0507 at '10.0.0.1/8': expected a value, found a set of values (write one address, as in `10.0.0.1`; a \
           prefix stands behind `in`)"],
    );
}

#[test]
fn a_bit_is_compared() {
    check_behaviour(
        "If(ip.df, Forward(b), Fail(\"no\"));",
        &["E0507 at 'ip.df': expected a condition, found a value (compare it, as in `ip.df == 1`)"],
    );
}

#[test]
fn ranges_of_addresses_are_shown_as_addresses() {
    check_behaviour(
        "If(ip.src in 10.0.0.9..10.0.0.1, Forward(b), Fail(\"no\"));",
        &["E0512 at '10.0.0.9..10.0.0.1': no value is in `10.0.0.9..10.0.0.1` (write the smaller one first: \
           `10.0.0.1..10.0.0.9`)"],
    );
}

#[test]
fn a_tunnel_that_cannot_be_is_complained_of_once() {
    check_behaviour(
        "Encapsulate(ip, udp, vxlan); ip.src = 1.1.1.1; udp.sport = 3; vxlan.vni = 4; Forward(b);",
        &["E0534 at 'Encapsulate(ip, udp, vxlan)': a packet that is `ip` cannot be carried in `ip/udp/vxlan`"],
    );
}

#[test]
fn an_instruction_without_parentheses_is_no_op() {
    check_behaviour("NoOp; Forward(b);", &[]);
    check_behaviour(
        "Fork; Forward(b);",
        &["E0101 at ';': expected `(` or `=`, found `;` (an instruction is written `Fork(…);`, an assignment \
           `Fork = …;`)"],
    );
}

#[test]
fn every_missing_semicolon_is_told() {
    let missing = "E0101 at '': expected `;` before `port`";
    check(
        "use std::net::Ip4;\nrfb W { port inout a: Ip4;\n port inout b: Ip4\n port inout c: Ip4\n port inout d: Ip4; }",
        &[missing, missing],
    );
    check_members("ensures isolated a -> b ensures isolated c -> b;", &["E0101 at '': expected `;` before `ensures`"]);
    check("use std::net::Ip4\nrfb A { port inout a: Ip4; }", &["E0101 at '': expected `;` before the end of the item"]);
}

#[test]
fn clauses_have_an_order() {
    check_members(
        "ensures x: a -> b { ip.ttl == 3; } when ip.ttl > 3;",
        &[
            "E0101 at 'when': expected `}` or a member such as `port` or `wire`, found `when` (`when` stands before the \
           braces: `ensures a -> b when … { … }`)",
        ],
    );
    check_members(
        "ensures x: unchanged a -> b except ip.ttl when ip.ttl > 3;",
        &["E0101 at 'when': expected `;` or `,`, found `when` (`when` stands before `except`)"],
    );
    check_members(
        "lifecycle { on heal: within 2s; }",
        &["E0101 at 'within': expected a state behind `:`, found `within` (leave out the `:`, or write the states: \
           `on heal: a -> b …`)"],
    );
    check(
        "use std::net::Ip4;\nrfb Q(n: u8 = 2) { port inout a: Ip4; if n > 1 { } else if n > 0 { } }",
        &["E0101 at 'if': there is no `else if`, expected `{` (write `else { if … { … } }`)"],
    );
}

#[test]
fn addresses_and_units_are_put_right() {
    check(
        "rfb A(h: Ipv6 = fe80::1) {}",
        &["E0101 at '::': expected `)` or `,`, found `::` (write the address as `ip6\"fe80::1\"`)"],
    );
    check_members(
        "impl g on kvm { memory = 8 MiB; }",
        &["E0101 at 'MiB': expected `;`, found `MiB` (write the unit without a space: `8MiB`)"],
    );
    check_members(
        "sla l: loss(a -> b) <= 200%;",
        &["E0302 at '200%': a share cannot be more than 100% (write a share of 100% or less, such as `99.9%`)"],
    );
}

#[test]
fn a_module_is_no_item() {
    let found = World::new("use std::nf;").complaints();
    assert!(
        found[0].starts_with("E0204 at 'std::nf': there is no item `std::nf`: it is a module (name something"),
        "{found:?}"
    );
    let found = World::new("use std;").complaints();
    assert!(
        found[0].starts_with("E0204 at 'std': there is no item `std`: it is a module (name something"),
        "{found:?}"
    );
}

#[test]
fn what_follows_from_a_mistake_is_not_told() {
    check(
        "use std::net::Ip4;\nrfb P(t: Tabel) { port in a: Ip4; behaviour sefl { on a { match t on ip.dst { \
         row r: Fail(\"x\"); else Fail(\"y\"); } } } }",
        &["E0202 at 'Tabel': `Tabel` is not a type of values (did you mean `Table`?)"],
    );
    check(
        "use std::net::Ip4;\nrfb O { port inout a: Ip4; }\nsubstrate z { ree e kvm; }\n\
         deploy O on z { a at e; } minimize cpu;",
        &["E0101 at 'kvm': expected `:`, found `kvm`"],
    );
}

#[test]
fn a_port_may_have_the_name_of_a_header() {
    check(
        "use std::net::Ip4;\nrfb I { port in ip: Ip4; port out x: Ip4; behaviour sefl { on ip { Forward(x); } } \
         ensures t: ip -> x { ip.ttl >= 0; } }",
        &[],
    );
}

#[test]
fn deployments_take_arguments() {
    let text = |deployed: &str| {
        format!(
            "use std::net::Ip4;\nrfb P(n: u8) {{ port inout a: Ip4; }}\nsubstrate s {{ ree k: kvm; }}\n\
             deploy {deployed} on s minimize cpu;"
        )
    };
    check(&text("P(n = 1)"), &[]);
    check(&text("P(m = 1, n = 2)"), &["E0305 at 'm': `P` has no parameter `m`"]);
    check(&text("P"), &["E0304 at 'P': `P` needs an argument for `n` (write `P(n = …)`, such as 1)"]);
}

#[test]
fn a_balancer_may_be_pinned() {
    let text = |pin: &str| {
        format!(
            "use std::net::Ip4;\nrfb C {{ port inout a: Ip4; port inout b: Ip4; behaviour sefl {{ on a {{ Forward(b); }} \
             on b {{ Forward(a); }} }} }}\n\
             rfb S {{ port inout front: Ip4; port inout back[0..1]: Ip4; part way[0..1]: C; \
             wire front => way[*].a balance by flow; wire way[*].b <-> back[*]; }}\n\
             substrate s {{ ree k: kvm; }}\ndeploy S on s {{ {pin} at k; }} minimize cpu;"
        )
    };
    check(&text("balance_front"), &[]);
    check(&text("balance_frnt"), &["E0207 at 'balance_frnt': there is no port or part `balance_frnt` here"]);
}
