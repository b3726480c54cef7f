//! Headers: where a field may be used, tags and addresses, adding and removing, leaving by a port.

use super::fault;
use super::world::{core, on_lan};
use expect_test::expect;

#[test]
fn a_test_proves_a_header() {
    let core = on_lan(
        "If(not has tcp, Fail(\"no tcp\"));
         If(tcp.syn == 1 and tcp.ack == 0, { tcp.window = 0; });
         Forward(wan);",
    );
    expect![[r#"
        lan -> 0
        0: if not has tcp then 1 else 2
        1: drop Fail("no tcp")
        2: if (tcp.syn == 1:1 and tcp.ack == 0:1) then 3 else 4
        3: tcp.window := 0:16; goto 4
        4: forward wan
    "#]]
    .assert_eq(&core);
}

#[test]
fn either_transport_may_be_meant() {
    let core =
        on_lan("Constrain(has tcp or has udp); l4.sport = l4.dport; If(has tcp, { l4.dport = 1; }); Forward(wan);");
    expect![[r#"
        lan -> 0
        0: if (has tcp or has udp) then 1 else 7
        1: if has tcp then 2 else 3
        2: tcp.sport := (has tcp ? tcp.dport : udp.dport); goto 4
        3: udp.sport := (has tcp ? tcp.dport : udp.dport); goto 4
        4: if has tcp then 5 else 6
        5: tcp.dport := 1:16; goto 6
        6: forward wan
        7: drop Constrain
    "#]]
    .assert_eq(&core);
}

#[test]
fn fields_have_published_names() {
    let core = on_lan("Constrain(IPSrc == public); Assign(TTL, TTL - 1); Forward(wan);");
    expect![[r#"
        lan -> 0
        0: if ip.src == 3405803783:32 then 1 else 2
        1: ip.ttl := (ip.ttl - 1:8); forward wan
        2: drop Constrain
    "#]]
    .assert_eq(&core);
}

#[test]
fn headers_must_be_proved() {
    fault("E0504", "tcp.dport", "Constrain(tcp.dport == 22); Forward(wan);");
    fault("E0504", "tcp.dport", "If(has udp or tcp.dport == 22, Fail(\"x\")); Forward(wan);");
    fault("E0504", "l4.dport", "If(has icmp, Fail(\"x\")); l4.dport = 1; Forward(wan);");
    fault("E0504", "eth.src", "Constrain(eth.src == router); Forward(wan);");
    fault("E0504", "udp.dport", "If(has tcp, NoOp(), { udp.dport = 1; }); Forward(wan);");
}

#[test]
fn fields_that_follow_from_the_rest() {
    fault("E0505", "ip.csum", "Constrain(ip.csum == 0); Forward(wan);");
    fault("E0505", "ip.proto", "ip.proto = 6; Forward(wan);");
    fault("E0505", "ip.len", "ip.len = 20; Forward(wan);");
    fault("E0505", "public", "public = 10.0.0.1; Forward(wan);");
    fault("E0505", "ip.src + 1", "Assign(ip.src + 1, 2); Forward(wan);");
}

#[test]
fn addresses_are_fields() {
    let core = core(
        "on ether {
           If(has ip, { [L3 + 96 : 32] = public; If(has tcp or has udp, { [L4 + 16 : 16] = web; }); });
           CreateTag(\"HERE\", L2 + 48); [HERE : 48] = router; Forward(q[0]); }",
    );
    expect![[r#"
        ether -> 0
        0: if has ip then 1 else 5
        1: ip.src := 3405803783:32; if (has tcp or has udp) then 2 else 5
        2: if has tcp then 3 else 4
        3: tcp.dport := 80:16; goto 5
        4: udp.dport := 80:16; goto 5
        5: eth.src := 2199023255553:48; forward q[0]
    "#]]
    .assert_eq(&core);
}

#[test]
fn addresses_that_are_no_field() {
    fault("E0529", "[L3 + 100 : 16]", "Constrain([L3 + 100 : 16] == 0); Forward(wan);");
    fault("E0529", "[L3 + 96 : 16]", "Constrain([L3 + 96 : 16] == 0); Forward(wan);");
    fault("E0529", "[L3 + 96 : 64]", "Constrain([L3 + 96 : 64] == 0); Forward(wan);");
    fault("E0529", "[L3 + 900 : 8]", "Constrain([L3 + 900 : 8] == 0); Forward(wan);");
    fault("E0529", "[L3 + 150 : 32]", "Constrain([L3 + 150 : 32] == 0); Forward(wan);");
    let widest = format!("[L3 + 97 : {}]", u128::MAX);
    fault("E0529", &widest, &format!("{widest} = 1; Forward(wan);"));
    fault("E0529", "[L4 : 8]", "Constrain(has tcp or has icmp); Constrain([L4 : 8] == 0); Forward(wan);");
}

#[test]
fn tags_that_point_nowhere() {
    fault("E0530", "L4", "Constrain([L4 : 16] == 0); Forward(wan);");
    fault("E0530", "L9", "Constrain([L9 : 16] == 0); Forward(wan);");
    fault("E0530", "L3", "DestroyTag(\"L3\"); [L3 + 96 : 32] = public; Forward(wan);");
    fault("E0530", "L3", "If(ip.ttl == 1, CreateTag(\"L3\", START + 32)); [L3 + 96 : 32] = public; Forward(wan);");
    fault("E0530", "\"NEW\"", "DestroyTag(\"NEW\"); Forward(wan);");
}

#[test]
fn a_tag_is_added_and_removed() {
    let core = core(
        "on ether { If(has vlan, { Deallocate(vlan); });
           Allocate(vlan); vlan.pcp = 0; vlan.dei = 0; vlan.id = 7; Forward(tag); }
         on tag { Constrain(vlan.id == 7); Deallocate(vlan); Forward(ether); }",
    );
    expect![[r#"
        ether -> 0
        tag -> 3
        0: if has vlan then 1 else 2
        1: pop vlan; goto 2
        2: push vlan; vlan.pcp := 0:3; vlan.dei := 0:1; vlan.id := 7:12; forward tag
        3: if vlan.id == 7:12 then 4 else 5
        4: pop vlan; forward ether
        5: drop Constrain
    "#]]
    .assert_eq(&core);
}

#[test]
fn headers_that_cannot_be_added_or_removed() {
    fault("E0518", "Allocate(vlan)", "on ether { Allocate(vlan); Forward(ether); }");
    fault("E0518", "Deallocate(vlan)", "on ether { Deallocate(vlan); Forward(ether); }");
    fault("E0518", "Allocate(tcp)", "Allocate(tcp); Forward(wan);");
    fault("E0518", "Allocate(vlan)", "Allocate(vlan); Forward(wan);");
    fault(
        "E0517",
        "Forward(tag)",
        "on ether { Constrain(not has vlan); Allocate(vlan); vlan.id = 7; vlan.pcp = 0; Forward(tag); }",
    );
    fault(
        "E0517",
        "vlan.pcp",
        "on ether { Constrain(not has vlan); Allocate(vlan); vlan.id = 7; vlan.dei = 0; vlan.pcp = vlan.pcp; Forward(tag); }",
    );
}

#[test]
fn packets_must_fit_the_port() {
    fault("E0516", "Forward(ether)", "Forward(ether);");
    fault("E0516", "Forward(tag)", "on ether { Forward(tag); }");
    fault("E0514", "from", "Forward(from);");
    fault("E0514", "p", "Forward(p);");
    fault("E0514", "wan", "Forward(wan[0]);");
    fault("E0514", "4", "Forward(p[4]);");
    fault("E0515", "wann", "Forward(wann);");
    fault("E0507", "\"wan\"", "Forward(\"wan\");");
}
