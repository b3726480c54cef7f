//! A small nested service with a filter, an opaque block, an array and a one-way port: drawn and written.

use crate::{Block, Graph, Kind, dot, graph, json};
use expect_test::{Expect, expect, expect_file};
use rdcl_base::FileId;
use rdcl_core::Endpoint;
use rdcl_hir::{Database, Loc, Package, SourceFile, add_std, default_instance, diagnostics, items, place};

const NESTED: &str = r#"
use std::net::Ip4;
rfb Box { port inout x: Ip4; port inout y: Ip4; }
rfb Step(note: String = "") {
  port inout a: Ip4;
  port inout b: Ip4;
  behaviour sefl { on a { Forward(b); } on b { Forward(a); } }
}
rfb Guarded : Step(note = "guard") {
  intent nemo {{ CREATE Flow guests Match src-ip: 10.1.9.0/24;
                 CREATE Operation o1 Target guests Priority 1 Action deny;
                 CREATE Operation o2 Target guests Priority 2 Action allow; }}
}
rfb Tap { port in t: Ip4; behaviour sefl { on t { Fail("seen"); } } }
rfb Pair {
  port inout a: Ip4;
  port inout b: Ip4;
  part s[0..1]: Step(note = "<é> & \"\\N\"");
  wire a <-> s[0].a;
  wire s[0].b <-> s[1].a { bandwidth = 200Mbps; delay = 2ms; }
  wire s[1].b <-> b;
}
rfb Whole {
  port inout lan: Ip4;
  port inout wan: Ip4;
  port in mirror: Ip4;
  part pair: Pair;
  part guard: Guarded;
  part box: Box;
  part tap: Tap;
  wire lan <-> pair.a;
  wire pair.b <-> guard.a;
  wire guard.b <-> box.x;
  wire box.y <-> wan;
  wire mirror <-> tap.t;
  intent nemo {{ CREATE Flow f Match src-ip: 10.0.0.0/8; CREATE Operation no Target f Priority 1 Action deny; }}
}
"#;

/// A graph, and the line each of its places is on.
fn drawn(text: &str, rfb: &str, then: impl FnOnce(&Graph, &dyn Fn(Loc) -> String)) {
    let mut db = Database::default();
    let std = add_std(&mut db, FileId(1));
    let main = SourceFile::new(&db, "main".into(), "main.rdcl".into(), text.into(), FileId(0));
    let package = Package::new(&db, vec![main], std, vec![]);
    let errors: Vec<String> = diagnostics(&db, package).iter().map(|d| d.message.clone()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let item = items(&db, main).iter().find(|item| item.name(&db) == rfb).expect("the block is there");
    let line = |loc| format!("line {}", text[..place(&db, loc).span.start as usize].lines().count());
    then(&graph(&db, default_instance(&db, *item)), &line);
}

/// The tree of a block, with what is joined at each level.
fn outline(block: &Block, name: &str, level: usize, out: &mut String) {
    let about = block.rfb.clone().unwrap_or_else(|| block.rules.join(", "));
    *out += &format!("{:1$}{2} {name}: {about}\n", "", 2 * level, block.kind.word());
    for link in &block.links {
        let end = |end: crate::End| match end.part {
            Some(part) => format!("{}.{}", block.parts[part].name, block.parts[part].block.ports[end.port].name),
            None => block.ports[end.port].name.clone(),
        };
        let promises: String = link.attributes.iter().map(|a| format!(", {a}")).collect();
        *out += &format!("{:1$}  {2} - {3}{promises}\n", "", 2 * level, end(link.a), end(link.b));
    }
    for part in &block.parts {
        outline(&part.block, &part.name, level + 1, out);
    }
}

fn check_outline(rfb: &str, expected: Expect) {
    drawn(NESTED, rfb, |graph, _| {
        let mut text = String::new();
        outline(&graph.service, "", 0, &mut text);
        expected.assert_eq(&text);
    });
}

#[test]
fn blocks_nest_as_in_the_source_and_filters_stand_before_ports() {
    check_outline(
        "Whole",
        expect![[r#"
        composite : Whole
          lan - nemo_lan.outer
          nemo_wan.outer - wan
          mirror - nemo_mirror.outer
          nemo_lan.inner - pair.a
          pair.b - guard.a
          guard.b - box.x
          box.y - nemo_wan.inner
          nemo_mirror.inner - tap.t
          filter nemo_lan: deny no
          filter nemo_wan: deny no
          filter nemo_mirror: deny no
          composite pair: Pair
            a - s[0].a
            s[0].b - s[1].a, bandwidth = 200Mbps, delay = 2ms
            s[1].b - b
            behaviour s[0]: Step(note = "<é> & \"\\N\"")
            behaviour s[1]: Step(note = "<é> & \"\\N\"")
          composite guard: Guarded
            a - nemo_a.outer
            nemo_b.outer - b
            nemo_a.inner - .a
            .b - nemo_b.inner
            filter nemo_a: deny o1, allow o2
            filter nemo_b: deny o1, allow o2
            behaviour : Guarded
          opaque box: Box
          behaviour tap: Tap
    "#]],
    );
}

#[test]
fn a_behaviour_with_an_intent_stands_behind_its_filters() {
    check_outline(
        "Guarded",
        expect![[r#"
        composite : Guarded
          a - nemo_a.outer
          nemo_b.outer - b
          nemo_a.inner - .a
          .b - nemo_b.inner
          filter nemo_a: deny o1, allow o2
          filter nemo_b: deny o1, allow o2
          behaviour : Guarded
    "#]],
    );
}

#[test]
fn a_behaviour_is_a_graph_by_itself() {
    check_outline(
        "Tap",
        expect![[r#"
        behaviour : Tap
    "#]],
    );
}

#[test]
fn the_flat_section_has_leaves_and_whole_wires() {
    drawn(NESTED, "Whole", |graph, _| {
        let flat = &graph.flat;
        let end = |end: Endpoint| match end {
            Endpoint::Boundary(port) => flat.boundary[port.0 as usize].name.clone(),
            Endpoint::Part(part, port) => {
                let leaf = &flat.leaves[part.0 as usize];
                format!("{}.{}", leaf.path, leaf.block.ports[port.index()].name)
            }
        };
        let links: String = flat.links.iter().map(|(a, b)| format!("{} - {}\n", end(*a), end(*b))).collect();
        let leaves: String = flat.leaves.iter().map(|l| format!("{} {}\n", l.block.kind.word(), l.path)).collect();
        expect![[r#"
            filter nemo_lan
            filter nemo_wan
            filter nemo_mirror
            behaviour pair.s[0]
            behaviour pair.s[1]
            filter guard.nemo_a
            filter guard.nemo_b
            behaviour guard
            opaque box
            behaviour tap

            lan - nemo_lan.outer
            wan - nemo_wan.outer
            mirror - nemo_mirror.outer
            nemo_lan.inner - pair.s[0].a
            nemo_wan.inner - box.y
            nemo_mirror.inner - tap.t
            pair.s[0].b - pair.s[1].a
            pair.s[1].b - guard.nemo_a.outer
            guard.nemo_a.inner - guard.a
            guard.nemo_b.outer - box.x
            guard.nemo_b.inner - guard.b
        "#]]
        .assert_eq(&format!("{leaves}\n{links}"));
    });
}

#[test]
fn equal_parts_are_one_block() {
    drawn(NESTED, "Pair", |graph, _| {
        let [first, second] = &graph.service.parts[..] else { panic!("two parts") };
        assert!(std::sync::Arc::ptr_eq(&first.block, &second.block));
        assert_eq!((first.name.as_str(), second.name.as_str()), ("s[0]", "s[1]"));
        assert_eq!(first.block.kind, Kind::Behaviour);
    });
}

#[test]
fn a_drawing_has_clusters_tables_and_arrows() {
    drawn(NESTED, "Whole", |graph, _| expect_file!["tests/nested.dot"].assert_eq(&dot([graph])));
}

#[test]
fn an_object_has_the_nested_and_the_flat_service() {
    drawn(NESTED, "Whole", |graph, place| {
        let value: serde_json::Value = serde_json::from_str(&json(graph, place)).expect("it is JSON");
        let pretty = serde_json::to_string_pretty(&value).expect("it is a value");
        expect_file!["tests/nested.json"].assert_eq(&format!("{pretty}\n"));
    });
}

#[test]
fn several_services_are_one_drawing() {
    drawn(NESTED, "Pair", |pair, _| {
        let text = dot([pair, pair]);
        assert_eq!(text.matches("digraph").count(), 1);
        assert_eq!(text.matches("subgraph cluster_").count(), 2);
        assert!(text.contains("subgraph cluster_1 {") && text.ends_with("}\n}\n"), "{text}");
        assert_eq!(dot([]).matches("cluster").count(), 0);
    });
}

#[test]
fn the_deepest_nesting_is_drawn_and_written() {
    let mut text =
        String::from("use std::net::Ip4;\nrfb B0 { port in a: Ip4; behaviour sefl { on a { Fail(\"\"); } } }\n");
    for i in 1..64 {
        text += &format!("rfb B{i} {{ port in a: Ip4; part p: B{}; wire a <-> p.a; }}\n", i - 1);
    }
    drawn(&text, "B63", |graph, place| {
        assert_eq!(dot([graph]).matches("subgraph").count(), 63);
        let text = json(graph, place);
        assert_eq!(text.matches("\"kind\":\"composite\"").count(), 63);
        let depth = text.chars().scan(0, |depth, c| {
            *depth += i32::from("[{".contains(c)) - i32::from("]}".contains(c));
            Some(*depth)
        });
        assert_eq!(depth.max(), Some(130));
    });
}
