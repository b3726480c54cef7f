//! Plans of small services, with placements made by hand.

use crate::plan::{Attachment, Plan, Port, Server};
use crate::{Cloud, LossKind, heat_losses, plan};
use rdcl_base::FileId;
use rdcl_hir::{Database, Package, Problem, SourceFile, add_std, deployments, diagnostics, implementations, place};
use rdcl_hir::{structure, substrate};
use rdcl_place::{PlacedPart, Placement};
use std::collections::BTreeSet;

const LAB: &str = "substrate lab {
  ree host: kvm { cpu = 8core; memory = 16GiB; }
  ree dc: openstack { region = \"RegionOne\"; cpu = 256core; memory = 1TiB; }
  link host <-> dc { bandwidth = 10Gbps; delay = 2ms; }
}
deploy S on lab as all { } minimize cpu;
";

const BOX: &str = "use std::net::Ip4;
rfb Box(own: Ipv4 = 100.64.0.1) {
  port inout a: Ip4;
  port inout b: Ip4;
  behaviour sefl { on a { Forward(b); } on b { Forward(a); } }
  impl guest on kvm { cpu = 1core; memory = 8MiB; }
  impl vm on openstack { cpu = 1core; memory = 2GiB; image = \"box\"; flavor = \"m1.small\"; }
}
rfb Web {
  port inout net: Ip4;
  ensures web: reach net -> net when has tcp and tcp.dport in 80..81 and ip.src in 10.0.0.0/8;
  ensures all: can reach net -> net when has udp and udp.dport == 53;
  impl vm on openstack { cpu = 2core; memory = 1GiB; image = \"web\"; }
}
";

struct World {
    db: Database,
    package: Package,
}

fn world(text: &str) -> World {
    let mut db = Database::default();
    let std = add_std(&mut db, FileId(1000));
    let file = SourceFile::new(&db, "main".into(), "main".into(), text.into(), FileId(0));
    let package = Package::new(&db, vec![file], std, Vec::new());
    let complaints = diagnostics(&db, package);
    assert!(complaints.iter().all(|d| d.code.as_str().starts_with('W')), "{complaints:?}");
    World { db, package }
}

impl World {
    /// The plan of the first deployment, with all on `dc` but the parts of these paths, which are on `host`.
    fn plan(&self, on_host: &[&str]) -> (Plan, Vec<Problem>) {
        let db = &self.db;
        let deployment = *deployments(db, self.package).last().unwrap();
        let (structure, substrate) = (structure(db, deployment.instance), substrate(db, deployment.substrate));
        let part = |(path, leaf): &(String, rdcl_hir::Leaf<'_>)| {
            let ree = substrate.find(if on_host.contains(&path.as_str()) { "host" } else { "dc" }).unwrap();
            let fits = |i: &rdcl_hir::Implementation| i.ree == substrate.rees[ree].kind;
            let implementation = leaf.instance(db).and_then(|i| implementations(db, i).list.iter().position(fits));
            PlacedPart { ree, implementation }
        };
        let placement = Placement {
            deploy: deployment.name.clone(),
            objective: "cpu".into(),
            value: 0,
            bound: 0,
            parts: structure.parts.iter().map(part).collect(),
            boundary: Vec::new(),
            routes: Vec::new(),
        };
        plan(db, deployment, &placement)
    }

    fn cloud(&self) -> Cloud {
        self.plan(&[]).0.clouds.remove(0)
    }

    fn lines(&self, places: &[rdcl_hir::Loc]) -> Vec<usize> {
        let text = self.package.files(&self.db)[0].text(&self.db);
        let line = |at: &rdcl_hir::Loc| text[..place(&self.db, *at).span.start as usize].lines().count();
        places.iter().map(line).collect()
    }
}

fn server<'a>(cloud: &'a Cloud, name: &str) -> &'a Server {
    cloud.servers.iter().find(|s| s.name == name).unwrap()
}

fn rules(port: &Port) -> Vec<String> {
    port.group.iter().flat_map(|g| &g.rules).map(|r| format!("{:?} {}", r.value.protocol, r.value.remote)).collect()
}

fn codes(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|p| p.code.as_str()).collect()
}

const BRANCH: &str = include_str!("../../../examples/branch/main.rdcl");

#[test]
fn the_branch_in_a_cloud() {
    let world = world(BRANCH);
    let (plan, _) = world.plan(&[]);
    assert_eq!((plan.deploy.as_str(), plan.service.as_str(), plan.parts, plan.links), ("cloud", "Branch", 2, 3));
    let branch = plan.clouds.into_iter().next().unwrap();
    assert_eq!(branch.servers.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["fw", "nat"]);
    assert_eq!(branch.networks.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["fw.wan--nat.inside"]);
    assert_eq!(branch.given.iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["lan", "wan"]);
    let nat = server(&branch, "nat");
    assert_eq!(nat.image.as_ref().map(|s| s.value.as_str()), Some("nat44"));
    assert!(nat.arguments.contains(&("public".into(), "203.0.113.7".into())));
    assert!(branch.servers.iter().flat_map(|s| &s.ports).all(|p| p.forwards && p.group.is_none()));
    let kinds: BTreeSet<LossKind> = branch.losses.iter().map(|l| l.kind).collect();
    let wanted = [LossKind::Operation, LossKind::Wire, LossKind::ServiceLevel, LossKind::Event];
    assert_eq!(kinds, BTreeSet::from(wanted));
}

#[test]
fn hosts_get_guests_and_what_leaves_gets_a_parameter() {
    let service = "rfb S { port inout l: Ip4; port inout w: Ip4; part x: Box; part y: Box; part z: Box;
  wire l <-> x.a; wire x.b <-> y.a; wire y.b <-> z.a; wire z.b <-> w; }\n";
    let world = world(&format!("{BOX}{service}{LAB}"));
    let (plan, problems) = world.plan(&["z"]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((plan.parts, plan.links), (3, 4));
    assert_eq!(plan.guests.iter().map(|g| g.path.as_str()).collect::<Vec<_>>(), ["z"]);
    let cloud = &plan.clouds[0];
    assert_eq!(cloud.networks.len(), 1);
    assert_eq!(cloud.given.iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["l", "y.b"]);
    let ends = cloud.networks[0].subnet.ends;
    assert_eq!(server(cloud, "x").ports[1].attachment, Attachment::Made(0, ends.0));
    assert_eq!(server(cloud, "y").ports[0].attachment, Attachment::Made(0, ends.1));
    assert!(world.plan(&["x", "y", "z"]).0.clouds.is_empty());
}

#[test]
fn a_port_that_forwards_has_no_group_and_one_that_answers_has() {
    let service = "rfb S { port inout l: Ip4; part x: Box; part web: Web; wire l <-> x.a; wire x.b <-> web.net; }\n";
    let cloud = world(&format!("{BOX}{service}{LAB}")).cloud();
    assert!(server(&cloud, "x").ports.iter().all(|p| p.forwards && p.group.is_none()));
    let port = &server(&cloud, "web").ports[0];
    assert!(!port.forwards);
    assert_eq!(rules(port), ["Some(Tcp(80, 81)) 10.0.0.0/8", "Some(Udp(53, 53)) 0.0.0.0/0"]);
}

#[test]
fn a_filter_before_a_port_that_answers_is_taken_off_its_rules() {
    let deny = |flow: &str| {
        format!(
            "rfb S {{ port inout l: Ip4; part web: Web; wire l <-> web.net;\n\
             intent nemo {{{{ CREATE Flow f Match {flow}; CREATE Operation o Target f Action deny; }}}} }}\n"
        )
    };
    let rules_of = |flow: &str| {
        let world = world(&format!("{BOX}{}{LAB}", deny(flow)));
        let (plan, problems) = world.plan(&[]);
        (rules(&server(&plan.clouds[0], "web").ports[0]), codes(&problems).join(" "))
    };
    let (rules, problems) = rules_of("src-ip: 10.128.0.0/9");
    assert_eq!(rules[0], "Some(Tcp(80, 81)) 10.0.0.0/9");
    assert!(problems.is_empty() && rules[1..].iter().all(|r| r.starts_with("Some(Udp(53, 53))")));
    assert_eq!(rules_of("proto: udp").0, ["Some(Tcp(80, 81)) 10.0.0.0/8"]);
    // Destinations are nothing that a rule speaks of: nothing is let in, and it is said of both promises.
    assert_eq!(rules_of("dst-ip: 10.0.0.1"), (Vec::new(), "W0901 W0901".into()));
}

#[test]
fn a_class_that_rules_cannot_say_is_lost_and_not_widened() {
    let web = "rfb W { port inout net: Ip4; ensures odd: reach net -> net when has tcp and tcp.sport == 1;
  impl vm on openstack { cpu = 1core; memory = 1GiB; } }
rfb S { port inout l: Ip4; part web: W; wire l <-> web.net; }\n";
    let world = world(&format!("use std::net::Ip4;\n{web}{LAB}"));
    let (plan, problems) = world.plan(&[]);
    assert_eq!(codes(&problems), ["W0902"]);
    assert!(rules(&server(&plan.clouds[0], "web").ports[0]).is_empty());
}

#[test]
fn two_promises_that_ask_for_one_rule_are_no_reason_for_it_alone() {
    let web = "rfb W { port inout net: Ip4;
  ensures one: reach net -> net when has icmp;
  ensures two: can reach net -> net when has icmp;
  ensures old: reach net -> net when has tcp;
  impl vm on openstack { cpu = 1core; memory = 1GiB; } }
rfb S { port inout l: Ip4; part web: W; wire l <-> web.net; }\n";
    let world = world(&format!("use std::net::Ip4;\n{web}{LAB}"));
    let cloud = world.cloud();
    let group = server(&cloud, "web").ports[0].group.as_ref().unwrap();
    let reasons: Vec<Vec<usize>> = group.rules.iter().map(|r| world.lines(&r.because)).collect();
    assert_eq!(reasons, [vec![5], vec![]]);
}

#[test]
fn an_opaque_block_with_several_ports_is_taken_to_forward() {
    let service = "rfb O { port inout a: Ip4; port inout b: Ip4; impl vm on openstack { cpu = 1core; memory = 1GiB; } }
rfb S { port inout l: Ip4; port inout w: Ip4; part o: O; wire l <-> o.a; wire o.b <-> w; }\n";
    let cloud = world(&format!("use std::net::Ip4;\n{service}{LAB}")).cloud();
    assert!(server(&cloud, "o").ports.iter().all(|p| p.forwards));
}

#[test]
fn subnets_stay_when_a_wire_goes_and_avoid_what_parameters_name() {
    let parts: String = (0..40).map(|i| format!("part x{i}: Box(own = 100.64.{i}.9);\n")).collect();
    let wire = |i: usize| format!("wire x{i}.b <-> x{}.a;\n", i + 1);
    let service = |skip: usize| {
        let wires: String = (0..39).filter(|i| *i != skip).map(wire).collect();
        world(&format!("{BOX}rfb S {{\n{parts}{wires}}}\n{LAB}")).cloud()
    };
    let (all, fewer) = (service(99), service(7));
    let cidrs: BTreeSet<_> = all.networks.iter().map(|n| n.subnet.cidr).collect();
    assert_eq!((all.networks.len(), cidrs.len(), fewer.networks.len()), (39, 39, 38));
    let left: Vec<_> = all.networks.iter().filter(|n| n.name != "x7.b--x8.a").collect();
    assert!(left.iter().zip(&fewer.networks).all(|(a, b)| a.name == b.name && a.subnet == b.subnet));
    let named = (0..40).map(|i| std::net::Ipv4Addr::new(100, 64, i, 9));
    assert!(named.into_iter().all(|address| cidrs.iter().all(|cidr| !cidr.contains(&address))));
}

#[test]
fn a_part_without_a_wire_is_said_to_be_left_out() {
    let service = "rfb S { port inout l: Ip4; part x: Box; part y: Box; wire l <-> x.a; }\n";
    let (plan, problems) = world(&format!("{BOX}{service}{LAB}")).plan(&[]);
    assert_eq!(codes(&problems), ["W0906"]);
    assert_eq!(plan.clouds[0].servers.len(), 1);
}

#[test]
fn every_loss_has_its_row() {
    for row in heat_losses() {
        assert!(std::ptr::eq(row.kind.row(), row), "{:?}", row.kind);
    }
    let codes: BTreeSet<&str> = heat_losses().iter().map(|row| row.code.as_str()).collect();
    assert_eq!(codes.len(), heat_losses().len());
}
