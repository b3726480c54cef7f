//! What sources mean: inheritance, flattening, intents, contracts, subjects.

use super::world::World;
use crate::{Instance, LeafKind, Property, assumptions, full_name, properties, structure, subjects};
use expect_test::{Expect, expect};
use rdcl_core::Endpoint;

impl World {
    fn subject(&self, name: &str) -> Instance<'_> {
        let found = subjects(&self.db, self.package).iter().find(|s| full_name(&self.db, **s) == name);
        *found.unwrap_or_else(|| panic!("no {name} among {:?}", self.subject_names()))
    }

    fn subject_names(&self) -> Vec<String> {
        subjects(&self.db, self.package).iter().map(|s| full_name(&self.db, *s)).collect()
    }

    /// One line for each port of each leaf, and of the boundary: `fw.lan - nat.inside`.
    fn wiring(&self, name: &str) -> String {
        let structure = structure(&self.db, self.subject(name));
        let ports: Vec<Vec<String>> = structure
            .parts
            .iter()
            .map(|(path, leaf)| {
                let dot = if path.is_empty() { "" } else { "." };
                crate::leaf_ports(&self.db, *leaf).into_iter().map(|p| format!("{path}{dot}{}", p.name)).collect()
            })
            .collect();
        let end = |end: Option<Endpoint>| match end {
            None => "nothing".to_owned(),
            Some(Endpoint::Boundary(b)) => format!("[{}]", structure.boundary[b.0 as usize].name),
            Some(Endpoint::Part(p, port)) => ports[p.0 as usize][port.index()].clone(),
        };
        let inner = structure.wires.iter().zip(&ports).flat_map(|(wires, names)| {
            wires.iter().zip(names).map(|(to, name)| format!("{name} - {}\n", end(*to))).collect::<Vec<_>>()
        });
        let outer = structure.boundary.iter().map(|b| format!("[{}] - {}\n", b.name, end(b.to)));
        inner.chain(outer).collect()
    }

    fn contract(&self, name: &str) -> Vec<Property> {
        properties(&self.db, self.subject(name)).to_vec()
    }
}

/// Every wire of a structure has an origin, and every link is a wire.
fn assert_links_are_wires(world: &World) {
    for subject in subjects(&world.db, world.package) {
        let (structure, wiring) = (structure(&world.db, *subject), crate::wiring(&world.db, *subject));
        let part = |(i, wires): (u32, &Vec<Option<Endpoint>>)| {
            let end = |port: u32| Endpoint::Part(rdcl_core::PartId(i), rdcl_core::PortId(port));
            (0u32..).zip(wires.clone()).filter_map(|(port, to)| Some((end(port), to?))).collect::<Vec<_>>()
        };
        let boundary = (0u32..).zip(&structure.boundary);
        let boundary = boundary.filter_map(|(i, b)| Some((Endpoint::Boundary(rdcl_core::BoundaryId(i)), b.to?)));
        let mut wires: Vec<_> = (0u32..).zip(&structure.wires).flat_map(part).chain(boundary).collect();
        let mut links: Vec<_> = wiring.links.iter().flat_map(|l| [(l.a, l.b), (l.b, l.a)]).collect();
        wires.sort();
        links.sort();
        assert_eq!(links, wires, "{}", full_name(&world.db, *subject));
        assert_eq!(wiring.parts.len(), structure.parts.len());
    }
}

#[test]
fn links_are_the_wires_of_the_structure() {
    let world = World::new(NEST);
    assert_links_are_wires(&world);
    let wiring = crate::wiring(&world.db, world.subject("Top"));
    let counts: Vec<usize> = wiring.links.iter().map(|l| l.wires.len()).collect();
    assert_eq!(counts, [3, 1, 1, 5, 1, 3]);
    assert_eq!(wiring.parts.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3, 3, 1]);
    assert_links_are_wires(&World::new(FILTERED));
    assert_links_are_wires(&World::new(BALANCED));
}

/// Filters at the boundary of a composite, of a composite in it, and of a leaf.
const FILTERED: &str = "
use std::net::Ip4;
rfb Leaf { port inout a: Ip4; port inout b: Ip4; behaviour sefl { on a { Forward(b); } on b { Forward(a); } }
           intent nemo {{ CREATE Flow f Match dst-ip: 10.0.0.1; CREATE Operation o Target f Action deny; }} }
rfb Pair { port inout a: Ip4; port inout b: Ip4; part x: Leaf; part y: Leaf;
           wire a <-> x.a; wire x.b <-> y.a; wire y.b <-> b;
           intent nemo {{ CREATE Flow f Match dst-ip: 10.0.0.2; CREATE Operation o Target f Action deny; }} }
rfb Top { port inout a: Ip4; port inout b: Ip4; part p: Pair; part q: Pair;
          wire a <-> p.a; wire p.b <-> q.b; wire q.a <-> b;
          intent nemo {{ CREATE Flow f Match dst-ip: 10.0.0.3; CREATE Operation o Target f Action deny; }} }
";

/// A distribution behind a filter, in a composite in another.
const BALANCED: &str = "
use std::net::Ip4;
rfb Leaf { port inout a: Ip4; port inout b: Ip4; behaviour sefl { on a { Forward(b); } on b { Forward(a); } } }
rfb Farm { port inout a: Ip4; port inout b: Ip4; part x[0..1]: Leaf;
           wire a => x[*].a balance by flow; wire b => x[*].b balance by source { delay = 1ms; }
           intent nemo {{ CREATE Flow f Match dst-ip: 10.0.0.2; CREATE Operation o Target f Action deny; }} }
rfb Top { port inout a: Ip4; port inout b: Ip4; part end: Leaf; part farm: Farm;
          wire a <-> end.a; wire end.b <-> farm.a; wire farm.b <-> b; }
";

#[test]
fn distributions_become_balancers() {
    let world = World::new(BALANCED);
    let farm = structure(&world.db, world.subject("Farm"));
    let names: Vec<&str> = farm.parts.iter().map(|p| p.0.as_str()).collect();
    assert_eq!(names, ["nemo_a", "nemo_b", "x[0]", "x[1]", "balance_a", "balance_b"]);
    wiring(
        BALANCED,
        "Top",
        expect![[r#"
        end.a - [a]
        end.b - farm.nemo_a.outer
        farm.nemo_a.outer - end.b
        farm.nemo_a.inner - farm.balance_a.front
        farm.nemo_b.outer - [b]
        farm.nemo_b.inner - farm.balance_b.front
        farm.x[0].a - farm.balance_a.back[0]
        farm.x[0].b - farm.balance_b.back[0]
        farm.x[1].a - farm.balance_a.back[1]
        farm.x[1].b - farm.balance_b.back[1]
        farm.balance_a.front - farm.nemo_a.inner
        farm.balance_a.back[0] - farm.x[0].a
        farm.balance_a.back[1] - farm.x[1].a
        farm.balance_b.front - farm.nemo_b.inner
        farm.balance_b.back[0] - farm.x[0].b
        farm.balance_b.back[1] - farm.x[1].b
        [a] - end.a
        [b] - farm.nemo_b.outer
    "#]],
    );
    let wiring = crate::wiring(&world.db, world.subject("Farm"));
    let delays = wiring.links.iter().flat_map(|l| &l.wires).filter(|wire| !wire.attributes.is_empty()).count();
    assert_eq!((delays, wiring.parts[4].len()), (2, 1));
}

fn wiring(text: &str, name: &str, expected: Expect) {
    expected.assert_eq(&World::new(text).wiring(name));
}

const NEST: &str = "
use std::net::Ip4;
rfb Leaf { port inout a: Ip4; port inout b: Ip4; behaviour sefl { on a { Forward(b); } on b { Forward(a); } } }
rfb Pair { port inout a: Ip4; port inout b: Ip4; part x: Leaf; part y: Leaf;
           wire a <-> x.a; wire x.b <-> y.a; wire y.b <-> b; }
rfb Cable { port inout a: Ip4; port inout b: Ip4; wire a <-> b; }
rfb Four { port inout a: Ip4; port inout b: Ip4; part p[0..1]: Pair; part c: Cable;
           wire a <-> p[0].a; wire p[0].b <-> c.a; wire c.b <-> p[1].a; wire p[1].b <-> b; }
rfb Top { port inout a: Ip4; port inout b: Ip4; part four: Four; part end: Leaf;
          wire a <-> four.a; wire four.b <-> end.b; wire end.a <-> b; }
";

#[test]
fn three_levels_become_one() {
    wiring(
        NEST,
        "Top",
        expect![[r#"
        four.p[0].x.a - [a]
        four.p[0].x.b - four.p[0].y.a
        four.p[0].y.a - four.p[0].x.b
        four.p[0].y.b - four.p[1].x.a
        four.p[1].x.a - four.p[0].y.b
        four.p[1].x.b - four.p[1].y.a
        four.p[1].y.a - four.p[1].x.b
        four.p[1].y.b - end.b
        end.a - [b]
        end.b - four.p[1].y.b
        [a] - four.p[0].x.a
        [b] - end.a
    "#]],
    );
    wiring(
        NEST,
        "Cable",
        expect![[r#"
        [a] - [b]
        [b] - [a]
    "#]],
    );
    assert_eq!(World::new(NEST).complaints(), [""; 0]);
}

#[test]
fn a_ring_of_cables_ends() {
    let ring = "use std::net::Ip4;
        rfb Cable { port inout a: Ip4; port inout b: Ip4; wire a <-> b; }
        rfb Ring { part x: Cable; part y: Cable; wire x.a <-> y.b; wire y.a <-> x.b; }";
    wiring(ring, "Ring", expect![""]);
}

#[test]
fn arrays_are_joined_element_by_element() {
    let hub = "use std::net::Eth;
        rfb Wide(n: u8 = 2) { port inout p[1..n]: Eth; part h: Narrow(n = n); wire p[*] <-> h.q[*]; }
        rfb Narrow(n: u8, link: Stack = Eth) { port inout q[0..n-1]: link; }";
    wiring(
        hub,
        "Wide",
        expect![[r#"
        h.q[0] - [p[1]]
        h.q[1] - [p[2]]
        [p[1]] - h.q[0]
        [p[2]] - h.q[1]
    "#]],
    );
    assert_eq!(World::new(hub).subject_names(), ["Wide", "Narrow(n = 2)"]);
}

const FAMILY: &str = "
use std::net::Ip4;
rfb Wall(inside: Prefix = 10.0.0.0/8) {
  port inout lan: Ip4; port inout wan: Ip4;
  behaviour sefl { on lan { Constrain(ip.src in inside); Forward(wan); } on wan { Forward(lan); } }
  ensures out0: reach lan -> wan when ip.src in inside;
  ensures lan -> wan { ip.src in inside; }
  impl guest on kvm { cpu = 1core; image = \"wall\"; }
}
rfb Brick(inside: Prefix = 10.1.0.0/16) : Wall {
  port inout dmz: Ip4;
  ensures calm: no loop;
}
rfb Glass : Wall(inside = 10.2.0.0/16) {
  port inout lan: Ip4; port inout wan: Ip4;
  behaviour sefl { on lan { Forward(wan); } on wan { Forward(lan); } }
}
";

#[test]
fn children_inherit_ports_bodies_and_promises() {
    let world = World::new(FAMILY);
    let names = |name: &str| world.contract(name).into_iter().map(|p| p.name).collect::<Vec<_>>();
    assert_eq!(names("Brick"), ["calm", "Wall.out0", "Wall.1"]);
    assert_eq!(names("Wall"), ["out0", "1"]);
    let when = |name: &str, i: usize| format!("{:?}", world.contract(name)[i].when);
    assert!(when("Brick", 1).contains(&format!("{}", 0x0a01_0000)), "{}", when("Brick", 1));
    assert!(when("Glass", 0).contains(&format!("{}", 0x0a02_0000)), "{}", when("Glass", 0));
    let kind = |name: &str| structure(&world.db, world.subject(name)).parts[0].1.kind(&world.db);
    assert!(matches!(kind("Brick"), LeafKind::Behaviour(_)));
    assert_eq!(structure(&world.db, world.subject("Brick")).boundary.len(), 3);
    assert_eq!(assumptions(&world.db, world.subject("Glass")), ["image wall of Wall.guest"]);
}

#[test]
fn children_keep_the_types_of_ports() {
    let world = |child: &str| {
        World::new(&format!(
            "use std::net::{{Eth, Ip4, Tcp}};\nrfb P {{ port in i: Ip4/Tcp; port out o: Ip4; port inout b: Eth; }}\nrfb C : P {{ {child} }}"
        ))
    };
    assert_eq!(world("port in i: Ip4; port out o: Ip4/Tcp; port inout b: Eth;").codes(), [""; 0]);
    assert_eq!(world("port in i: Ip4; port out o: Eth;").codes(), ["E0309"]);
    assert_eq!(world("port inout i: Ip4/Tcp;").codes(), ["E0309"]);
    assert_eq!(world("port inout b: Ip4;").codes(), ["E0309"]);
}

#[test]
fn several_parents_must_agree() {
    let text = |ty: &str| {
        format!(
            "use std::net::{{Eth, Ip4}};\nrfb A {{ port inout x: Ip4; port inout z: Eth; }}\nrfb B {{ port inout x: {ty}; }}\nrfb C : A, B {{}}"
        )
    };
    assert_eq!(World::new(&text("Ip4")).codes(), [""; 0]);
    assert_eq!(World::new(&text("Eth")).codes(), ["E0309"]);
}

const GUESTS: &str = "
use std::net::Ip4;
rfb Leaf { port inout a: Ip4; port in b: Ip4; port out c: Ip4;
  behaviour sefl { on a { Forward(c); } on b { Forward(a); } }
  intent nemo {{ CREATE Flow guests Match src-ip: 10.1.9.0/24, dst-port: (1, 1023);
                 CREATE Operation o1 Target guests Priority 2 Action deny;
                 CREATE Flow printer Match src-ip: 10.1.9.7;
                 CREATE Operation o2 Target printer Priority 1 Action allow; }}
}
rfb Site { port inout a: Ip4; part x: Leaf; wire a <-> x.a; }
";

#[test]
fn intents_become_filters_where_packets_enter() {
    wiring(
        GUESTS,
        "Leaf",
        expect![[r#"
        nemo_a.outer - [a]
        nemo_a.inner - a
        nemo_b.outer - [b]
        nemo_b.inner - b
        a - nemo_a.inner
        b - nemo_b.inner
        c - [c]
        [a] - nemo_a.outer
        [b] - nemo_b.outer
        [c] - c
    "#]],
    );
    let world = World::new(GUESTS);
    let inner = structure(&world.db, world.subject("Site"));
    assert_eq!(inner.parts.iter().map(|p| p.0.as_str()).collect::<Vec<_>>(), ["x.nemo_a", "x.nemo_b", "x"]);
    let LeafKind::Filter(_, rules) = inner.parts[0].1.kind(&world.db) else { panic!("no filter") };
    assert_eq!(rules.iter().map(|r| (r.name.as_str(), r.deny)).collect::<Vec<_>>(), [("o2", false), ("o1", true)]);
    expect![[r#"All([In(Field(ip.src), IntervalSet { intervals: [(167840000, 167840255)] }), Any([All([Has(Tcp), In(Field(tcp.dport), IntervalSet { intervals: [(1, 1023)] })]), All([Has(Udp), In(Field(udp.dport), IntervalSet { intervals: [(1, 1023)] })])])])"#]]
        .assert_eq(&format!("{:?}", rules[1].class));
}

#[test]
fn operations_on_disjoint_flows_do_not_contradict() {
    let text = |a: &str, b: &str| {
        format!(
            "use std::net::Ip4;\nrfb S {{ port inout a: Ip4; intent nemo {{{{ CREATE Flow f Match {a}; CREATE Flow g Match {b};
             CREATE Operation o1 Target f Priority 1 Action deny; CREATE Operation o2 Target g Priority 1 Action allow; }}}} }}"
        )
    };
    assert_eq!(World::new(&text("src-ip: 10.1.0.0/16", "src-ip: 10.2.0.0/16")).codes(), [""; 0]);
    assert_eq!(World::new(&text("src-ip: 10.1.0.0/16", "dst-ip: 10.2.0.0/16")).codes(), ["E0411"]);
    assert_eq!(World::new(&text("dst-port: 53", "proto: icmp")).codes(), [""; 0]);
    assert_eq!(World::new(&text("dst-port: 53", "proto: udp")).codes(), ["E0411"]);
}

#[test]
fn promises_about_arrays_are_about_all_pairs() {
    let world = World::new(
        "use std::net::Ip4;
         rfb S { port inout p[0..2]: Ip4; port inout q: Ip4;
                 ensures a: isolated p[*] -> p[*]; ensures b: isolated p[*] -> p[0]; ensures c: isolated q -> p[*]; }",
    );
    let flows: Vec<usize> = world.contract("S").iter().map(|p| p.flows.len()).collect();
    assert_eq!((world.codes(), flows), (vec![], vec![6, 2, 3]));
}

const NAT: &str = "
use std::net::Ip4;
rfb Nat { port inout a: Ip4; port inout b: Ip4;
  behaviour sefl {
    state flows { key ip: u32; value n: u8; capacity 4; idle 30s; }
    on a { lookup f in flows by (ip.src) { else insert f in flows (ip.src, 1) { full Fail(\"full\"); } } Forward(b); }
    on b { Forward(a); } }
  ensures own: reach a -> b given room(flows);
}
rfb Site { port inout a: Ip4; port inout b: Ip4; part nat: Nat; wire a <-> nat.a; wire nat.b <-> b;
  ensures inner: reach a -> b given room(nat.flows); }
rfb Town { port inout a: Ip4; port inout b: Ip4; part s[0..1]: Site; wire a <-> s[0].a; wire s[0].b <-> s[1].a; wire s[1].b <-> b;
  ensures inner: reach a -> b given room(s[0].nat.flows) and room(s[1].nat.flows); }
";

#[test]
fn premises_follow_paths() {
    let world = World::new(NAT);
    assert_eq!(world.complaints(), [""; 0]);
    let rooms = |name: &str| match &world.contract(name)[0].claim {
        crate::Claim::Reach { room } => room.iter().map(|(p, m)| (p.0, m.0)).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!((rooms("Nat"), rooms("Site"), rooms("Town")), (vec![(0, 0)], vec![(0, 0)], vec![(0, 0), (1, 0)]));
}

#[test]
fn blocks_with_mandatory_parameters_are_checked_with_samples() {
    let world =
        World::new("use std::net::Ip4;\nrfb S(n: u8) { port inout p[0..n]: Ip4; ensures a: isolated p[0] -> r; }");
    assert_eq!((world.subject_names(), world.codes()), (vec![], vec!["E0206"]));
}

#[test]
fn rows_of_tables_are_complained_about_in_the_table() {
    let world = World::new(
        "rfb R(fib: Table(exact mac: Mac, ports: u8) = \"macs.txt\") {}\nrfb S { part r: R(fib = \"other.txt\"); }\n//- macs.txt\n02:00:00:00:00:01 256\n",
    );
    assert_eq!(
        world.complaints(),
        [
            "E0801 at '\"other.txt\"': there is no table file `other.txt` (the path is relative to the directory of the package)",
            "E0804 at '256': `256` does not fit the 8 bits of column `ports`",
        ]
    );
    assert_eq!(crate::table_paths(&world.db, world.package), ["macs.txt", "other.txt"]);
}
