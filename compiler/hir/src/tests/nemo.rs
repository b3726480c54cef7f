//! NEMO texts: what they come to as blocks, and what near misses are not complained of.

use super::world::World;
use crate::{answers, default_instance, items, parts, structure};

fn complaints(text: &str) -> Vec<String> {
    meant(&World::new(&format!("//- main.nemo\n{text}")))
}

/// Complaints about what is meant; old words are another matter.
fn meant(world: &World) -> Vec<String> {
    world.complaints().into_iter().filter(|complaint| !complaint.starts_with("W01")).collect()
}

#[track_caller]
fn clean(text: &str) {
    assert_eq!(complaints(text), Vec::<String>::new(), "{text}");
}

#[track_caller]
fn one(text: &str, wanted: &str) {
    let found = complaints(text);
    assert!(found.len() == 1 && found[0].starts_with(wanted), "{text}\n{found:#?}");
}

const FLOW: &str = "CREATE Flow f Match src-ip: 10.0.0.0/8;\n";

fn when(condition: &str) -> String {
    format!("{FLOW}CREATE Operation o Target f Priority 1 Condition {condition} Action deny;\n")
}

#[test]
fn conditions_that_always_or_never_hold_are_told_from_those_that_do_at_times() {
    for fine in [
        "time > \"19:00\" && time < \"23:00\"",
        "time > 22:00:00 || time < 06:00:00",
        "time * (22:00, 06:00)",
        "!(time > \"19:00\")",
        "time >= 2026-01-01 && time < 2026-02-01",
        "time == 18:00",
        "time > 2026-01-01 || time < \"06:00\"",
    ] {
        clean(&when(fine));
    }
    one(&when("time > \"19:00\" || time < \"23:00\""), "W0404 at 'time > \"19:00\" || time < \"23:00\"'");
    one(&when("time > 23:00 && time < 19:00"), "W0405 at 'time > 23:00 && time < 19:00'");
    one(&when("time < 2026-01-01 && time > 2026-06-01"), "W0405");
    one(&when("time * (18:00, 18:00)"), "W0405");
    one(&when("time * (2026-06-01, 2026-01-01)"), "E0307");
    one(&when("time > \"2026-02-30\""), "E0435 at '\"2026-02-30\"': there is no February 30");
    one(&when("time > noon"), "E0435 at 'noon'");
    one(&when("tine > 18:00"), "E0436 at 'tine'");
    one(&when("load > 80"), "W0410 at 'load'");
    let declared = "CREATE ConditionModel state Property Integer: load;\n";
    clean(&(declared.to_owned() + &when("load > 80 && load < 90")));
    one(&(declared.to_owned() + &when("load > 90 && load < 80")), "W0405");
}

#[test]
fn operations_conflict_where_their_packets_and_their_times_meet() {
    let two = |a: &str, b: &str| {
        format!(
            "CREATE Flow f Match src-ip: 10.0.0.0/8;\nCREATE Flow g Match src-ip: 10.1.0.0/16, dst-port: 22;\n\
             CREATE Flow h Match src-ip: 11.0.0.0/8;\n\
             CREATE Operation a {a};\nCREATE Operation b {b};\nCREATE Operation c Target h Priority 9 Action allow;\n\
             CREATE Operation d Target g Priority 8 Action allow;\nCREATE Operation e Target f Priority 7 Action allow;\n"
        )
    };
    one(&two("Target f Priority 1 Action deny", "Target f Priority 1 Action allow"), "E0411 at 'b'");
    one(&two("Target f Priority 1 Action deny", "Target g Priority 1 Action allow"), "E0411 at 'b'");
    clean(&two("Target f Priority 1 Action deny", "Target g Priority 2 Action allow"));
    clean(&two("Target f Priority 1 Action deny", "Target h Priority 1 Action allow"));
    clean(&two("Target f Priority 1 Action deny", "Target g Priority 1 Action deny"));
    clean(&two(
        "Target f Priority 1 Condition time < 12:00 Action deny",
        "Target f Priority 1 Condition time >= 12:00 Action allow",
    ));
    clean(&two(
        "Target f Priority 1 Condition time * (22:00, 06:00) Action deny",
        "Target f Priority 1 Condition time * (06:00, 22:00) Action allow",
    ));
    one(
        &two(
            "Target f Priority 1 Condition time > 22:00 || time < 06:00 Action deny",
            "Target f Priority 1 Condition time > 05:00 && time < 07:00 Action allow",
        ),
        "E0411 at 'b'",
    );
    one(&two("Target f Priority 1 Action qos-bandwidth: 40", "Target f Priority 1 Action qos-bandwidth: 50"), "E0411");
    clean(&two("Target f Priority 1 Action qos-bandwidth: 1G", "Target f Priority 1 Action qos-bandwidth: 1000"));
}

#[test]
fn published_texts_are_legal() {
    clean(
        "IMPORT Node server1 Type host;\nIMPORT Node vm1 Type host;\n\
         CREATE Node headquarter Type ext-group Property location: \"openflow:4:2\", ac-info-network: \"layer3\", \
         ac-info-protocol: \"static\", \"ip-prefix\": \"192.168.11.0/24\";\n\
         CREATE Node site Type ext-group Property location: openflow:3:4, ac-info-network: layer3, \
         ac-info-protocol: static, ip-prefix: 192.168.12.0/24;\n\
         CREATE Node fw1 Type fw Property location: openflow:1:1, operating-mode: layer3;\n\
         CREATE Node cache2 Type fw Property location: openflow:2:2, operating-mode: layer3;\n\
         CREATE Node chain1 Type chain-group Contain fw1, cache2;\n\
         CREATE Connection c1 Type p2p Endnodes headquarter, site;\n\
         CREATE Connection c2 Type p2p Endnodes headquarter, chain1;\n\
         CREATE Flow f1 Match src-ip: 192.168.12.0/24, dst-ip: 192.168.11.0/24;\n\
         CREATE Operation o1 Priority 0 Target f1 Action go-through: chain1;\n",
    );
    clean(
        "CREATE NodeModel sample_vnf VNFD https://example.org/dataplaneVNF1.yaml;\n\
         ConnectionPoint data_inside at VNFD:ge0;\nConnectionPoint data_outside at VNFD:ge1;\n\
         CREATE NodeModel shaper_vnf VNFD https://example.org/shaper.yaml;\n\
         ConnectionPoint lan at VNFD:ge0;\nConnectionPoint wan at VNFD:ge1;\n\
         CREATE NodeModel complex_vnf;\nNode input_vnf Type sample_vnf;\nNode output_vnf Type shaper_vnf;\n\
         ConnectionPoint input;\nConnectionPoint output;\n\
         Connection icon Type p2p Endnodes input, input_vnf:data_inside;\n\
         Connection ocon Type p2p Endnodes output, output_vnf:wan;\n\
         Connection intn Type p2p Endnodes input_vnf:data_outside, output_vnf:lan;\n",
    );
    // A parameter may stand for an interface.
    clean(
        "CREATE NodeModel vnf Property string: iface VNFD https://example.org/a.yaml;\n\
         ConnectionPoint inside at VNFD:iface;\nConnectionPoint outside at VNFD:ge1;\n\
         CREATE Node a Type vnf Property iface: ge0;\n",
    );
    clean("CREATE NodeModel chain-group;\nCREATE Node a Type host;\nCREATE Node c Type chain-group Contain a;\n");
}

#[test]
fn names_live_from_their_creation_to_their_deletion() {
    let two = "CREATE Node a Type host;\nCREATE Node b Type host;\n";
    one(&format!("{two}CREATE Node a Type host;"), "E0425 at 'a'");
    clean(&format!("{two}DELETE Node a;\nCREATE Node a Type fw Property location: x, operating-mode: y;"));
    clean(&format!("{two}CREATE Connection a Type p2p EndNodes a, b;\nCREATE Flow a Match dst-port: 1;"));
    one(&format!("{two}UPDATE Node c Property name: x;"), "E0426 at 'c'");
    one(&format!("{two}DELETE Node a;\nUPDATE Node a Property name: x;"), "E0427 at 'a'");
    one(&format!("{two}DELETE Connection a;"), "E0426 at 'a'");
    one(&format!("{two}Query Type From aa;"), "E0443 at 'aa'");
    one(&format!("{two}Query colour From a;"), "W0410 at 'colour'");
    one(&format!("{two}Query locaton From a;"), "E0443 at 'locaton'");
    clean(&format!("{two}Query Type, location From a, b;\nQuery nodes;"));
    clean("Transaction;\nCREATE Node a Type host;\nCommit;\nTransaction;\nCommit;");
    one("CREATE Node a Type host;\nCommit;", "E0429 at 'Commit'");
    one("Transaction;\nTransaction;\nCommit;", "E0429 at 'Transaction'");
}

#[test]
fn a_notification_may_speak_of_what_it_asks_for() {
    let node = "CREATE NodeModel vm Property Integer: load;\nCREATE Node v Type vm;\n";
    clean(&format!("{node}CREATE Notification n (Query load From v) Condition load > 80 Listener cb;"));
    one(&format!("{node}CREATE Notification n (Query load From w) Condition load > 80 Listener cb;"), "E0443 at 'w'");
    one(&format!("{node}CREATE Notification n (Query load From v) Condition lod > 80 Listener cb;"), "E0436 at 'lod'");
}

#[test]
fn matches_are_of_the_right_kind() {
    let flow = |matched: &str| format!("CREATE Flow f Match {matched};\n");
    for fine in [
        "src-ip: 192.0.2.0/24, proto: tcp, dst-port: Range(1, 5)",
        "src_ip: 192.0.2.1, \"dst-ip\": \"192.0.2.0/24\"",
        "proto: 6, src-mac: 02:00:00:00:00:01, eth-type: \"0x0800\"",
        "dst-port: List(80, 443)",
        "src-ip: 2001:db8::/32",
    ] {
        clean(&flow(fine));
    }
    one(&flow("scr-ip: 192.0.2.1"), "E0413 at 'scr-ip'");
    one(&flow("dst-port: 70000"), "E0414 at '70000'");
    one(&flow("dst-port: Range(9, 1)"), "E0307 at 'Range(9, 1)'");
    one(&flow("src-ip: lab"), "E0414 at 'lab'");
    one(&flow("src-ip: \"10.0.0.0/33\""), "E0435 at '\"10.0.0.0/33\"'");
    one(&flow("proto: icmp, dst-port: 7"), "E0416 at 'f'");
    clean("CREATE FlowModel tagged Property Integer: vlan-id;\nCREATE Flow f Match vlan-id: 7;");
}

/// Three levels: what is connected stays connected at each of them, and two instances of a model stay apart.
const NESTED: &str = "
CREATE NodeModel probe VNFD https://example.org/probe.yaml;
  ConnectionPoint in at VNFD:ge0;
  ConnectionPoint out at VNFD:ge1;
  ConnectionPoint mgmt at VNFD:eth0;
CREATE NodeModel pair;
  ConnectionPoint in; ConnectionPoint out; ConnectionPoint mgmt;
  Node a Type probe;
  Node b Type probe;
  Connection i Type p2p Endnodes in, a.in;
  Connection ab Type p2p Endnodes a.out, b.in;
  Connection o Type p2p Endnodes b.out, out;
  Connection mgmt Type Lan Endnodes mgmt, a.mgmt, b.mgmt;
CREATE NodeModel quad;
  ConnectionPoint left; ConnectionPoint right; ConnectionPoint mgmt;
  Node one Type pair;
  Node two Type pair;
  Connection l Type p2p Endnodes left, one:in;
  Connection m Type p2p Endnodes one:out, two:in Property bandwidth: 100M;
  Connection r Type p2p Endnodes two:out, right;
  Connection mg Type Lan Endnodes mgmt, one:mgmt, two:mgmt;
CREATE Node north Type quad;
CREATE Node south Type quad;
CREATE Node web Type host;
CREATE Connection w Type p2p EndNodes north.right, south.left;
CREATE Connection x Type p2p EndNodes web, north.left;
CREATE Connection lan Type Lan EndNodes north.mgmt, south.mgmt, web;
";

#[test]
fn links_are_kept_at_every_level() {
    let world = World::new(&format!("//- plant.nemo\n{NESTED}"));
    assert_eq!(meant(&world), Vec::<String>::new());
    let db = &world.db;
    let found: Vec<_> = items(db, world.file(0)).iter().filter(|item| !item.name(db).is_empty()).copied().collect();
    let names: Vec<&str> = found.iter().map(|item| item.name(db)).collect();
    assert_eq!(names, ["probe", "pair", "quad", "plant"]);
    let count = |name: &str| {
        let item = found.iter().find(|item| item.name(db) == name).unwrap();
        let structure = structure(db, default_instance(db, *item));
        let ends = structure.wires.iter().flatten().flatten().count();
        let outside = structure.boundary.iter().filter(|port| port.to.is_some()).count();
        (structure.parts.len(), (ends + outside) / 2)
    };
    // A probe is one leaf behind three ports. A pair has two of them and a hub: three wires, and three of the hub.
    assert_eq!(count("probe"), (1, 3));
    assert_eq!(count("pair"), (3, 6));
    // A quad has two pairs and a hub: three wires in each pair, `m`, two of the hub, and three that lead outside.
    assert_eq!(count("quad"), (7, 12));
    // The service has two quads, a host and a hub: nine wires in each quad, `w`, `x`, and three of the hub.
    assert_eq!(count("plant"), (16, 23));
    let service = default_instance(db, *found.last().unwrap());
    let paths: Vec<&str> = structure(db, service).parts.iter().map(|(path, _)| path.as_str()).collect();
    assert!(paths.contains(&"north.one.a") && paths.contains(&"south.two.b") && paths.contains(&"lan"), "{paths:?}");
    let mut once = paths.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), paths.len());
    let groups = &parts(db, service).groups;
    assert_eq!(groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["north", "south", "web", "lan"]);
}

#[test]
fn blocks_use_models() {
    let world = World::new(
        "//- main\nuse models::pair;\nrfb Site { port inout l: std::net::Eth; part p: pair; wire l <-> p.in0; }\n\
         //- models.nemo\nCREATE NodeModel pair;\nConnectionPoint in0;\nNode a Type host;\n\
         Connection c Type p2p Endnodes in0, a;\n",
    );
    assert_eq!(meant(&world), Vec::<String>::new());
    let site = items(&world.db, world.file(0))[1];
    let structure = structure(&world.db, default_instance(&world.db, site));
    assert_eq!(structure.parts.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["p.a"]);
    assert!(structure.boundary[0].to.is_some());
}

#[test]
fn parameters_take_values() {
    let text = "CREATE NodeModel zone Property String: kind, String: place;\n\
                Node inner Type kind Property location: place;\n\
                CREATE Node z Type zone Property kind: host, place: lab;\n";
    let world = World::new(&format!("//- main.nemo\n{text}"));
    assert_eq!(meant(&world), Vec::<String>::new());
    let names: Vec<&str> = items(&world.db, world.file(0)).iter().map(|item| item.name(&world.db)).collect();
    assert_eq!(names, ["", "zone", "main", "zone(kind = host, place = lab)"]);
    one(
        "CREATE NodeModel zone Property String: kind;\nNode a Type host Property name: kind;\nCREATE Node z Type zone Property knid: x;\n",
        "E0421",
    );
}

#[test]
fn cycles_are_said_once_where_they_close() {
    one("CREATE NodeModel a;\nNode x Type a;\n", "E0432 at 'a': the model `a` holds itself");
    one(
        "CREATE NodeModel a;\nNode x Type b;\nCREATE NodeModel b;\nNode y Type c;\nCREATE NodeModel c;\nNode z Type a;\n",
        "E0432 at 'a': the model `a` holds itself, through `b` and `c`",
    );
    clean("CREATE NodeModel b;\nNode y Type host;\nCREATE NodeModel a;\nNode x Type b;\nNode w Type b;\n");
}

#[test]
fn queries_are_answered() {
    let world = World::new(&format!(
        "//- main.nemo\n{FLOW}CREATE Node a Type host Property location: \"openflow:1:2\";\n\
         CREATE Node b Type l2-group Contain a;\nCREATE Connection c Type p2p EndNodes a, b;\n\
         CREATE Operation o Target f Priority 3 Condition time > 18:00 Action deny;\n\
         Query Type, location, name From a;\nQuery Contain From b;\nQuery nodes;\nQuery Condition, Priority From o;\n\
         Query EndNodes From c;\n"
    ));
    assert_eq!(meant(&world), Vec::<String>::new());
    let found: Vec<String> = answers(&world.db, world.package)
        .iter()
        .map(|a| {
            format!(
                "{} {}: {}",
                a.from.as_deref().unwrap_or("-"),
                a.item,
                a.values.as_ref().map_or("?".into(), |v| v.join(","))
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "a Type: host",
            "a location: openflow:1:2",
            "a name: ?",
            "b Contain: a",
            "- nodes: a,b",
            "o Condition: time > 18:00",
            "o Priority: 3",
            "c EndNodes: a,b",
        ]
    );
}

const FW: &str = "//- fw.yaml\nvnf:\n  external-connections:\n  - {name: in, type: data, VNFC: vm1, local_iface_name: xe0}\n  \
                  - {name: ctl, type: mgmt, VNFC: vm1, local_iface_name: eth0}\n  \
                  - {name: ctl2, type: mgmt, VNFC: vm2, local_iface_name: eth0}\n  VNFC:\n  - {name: vm1}\n  - {name: vm2}\n";

#[test]
fn interfaces_are_looked_up_in_the_descriptor() {
    let world = |body: &str| {
        let text = format!("//- main.nemo\nCREATE NodeModel fw VNFD \"fw.yaml\";\n{body}{FW}");
        meant(&World::new(&text))
    };
    assert_eq!(world("ConnectionPoint a at VNFD:xe0;\nConnectionPoint b at VNFD:eth0.vm2;\n"), Vec::<String>::new());
    assert!(world("ConnectionPoint a at VNFD:xe1;\n")[0].contains("did you mean `xe0`"));
    assert!(world("ConnectionPoint a at VNFD:eth0;\n")[0].contains("`eth0.vm1` or `eth0.vm2`"));
    one("CREATE NodeModel fw VNFD \"fw.yaml\";\nConnectionPoint a at VNFD:xe0;", "E0441 at '\"fw.yaml\"'");
    one("CREATE NodeModel fw;\nConnectionPoint a at VNFD:xe0;", "E0439 at 'xe0'");
}
