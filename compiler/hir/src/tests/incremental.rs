//! What runs again after an edit, by salsa's own record.

use super::world::World;
use crate::{diagnostics, leaf_program, leaf_tables, network, properties, structure, subjects};
use salsa::Setter;

/// A package of many files: each a firewall and a composite that uses the firewall of the file before.
fn many_files(count: usize) -> String {
    let file = |i: usize| {
        let before = if i == 0 { String::new() } else { format!("use f{}::Wall{};\n", i - 1, i - 1) };
        let inner = if i == 0 { "Wall0".to_owned() } else { format!("Wall{}", i - 1) };
        format!(
            "//- f{i}\nuse std::net::Ip4;\n{before}\
             rfb Wall{i} {{\n  port inout lan: Ip4;\n  port inout wan: Ip4;\n  \
             behaviour sefl {{ on lan {{ Constrain(ip.ttl > {t}); Forward(wan); }} on wan {{ Forward(lan); }} }}\n  \
             ensures same: unchanged lan -> wan;\n}}\n\
             rfb Site{i} {{\n  port inout lan: Ip4;\n  port inout wan: Ip4;\n  part fw: {inner};\n  \
             wire lan <-> fw.lan;\n  wire fw.wan <-> wan;\n  ensures calm: no loop;\n}}\n",
            t = i % 200
        )
    };
    (0..count).map(file).collect()
}

/// Asks for everything that a verification asks for.
fn ask(world: &World) {
    assert_eq!(diagnostics(&world.db, world.package), []);
    for subject in subjects(&world.db, world.package) {
        network(&world.db, *subject);
        properties(&world.db, *subject);
    }
}

/// The names of the queries run, without their keys.
fn queries(world: &World) -> Vec<String> {
    let name = |entry: String| entry.split('(').next().unwrap_or("").to_owned();
    world.db.take_log().into_iter().map(name).collect()
}

#[test]
fn white_space_re_runs_the_parser_and_nothing_else() {
    let mut world = World::logged(&many_files(1000));
    ask(&world);
    assert!(queries(&world).len() > 10_000);
    let file = world.file(500);
    let text = file.text(&world.db).replace("on lan { Constrain", "on lan {\n\n      Constrain");
    file.set_text(&mut world.db).to(text);
    ask(&world);
    assert_eq!(queries(&world), ["items", "parsed"]);
}

#[test]
fn white_space_between_items_re_runs_the_cut_alone() {
    let mut world = World::logged(&many_files(20));
    ask(&world);
    queries(&world);
    let file = world.file(7);
    let text = file.text(&world.db).replace("\nrfb ", "\n\n\nrfb ");
    file.set_text(&mut world.db).to(text);
    ask(&world);
    assert_eq!(queries(&world), ["items"]);
}

#[test]
fn an_edit_of_a_behaviour_leaves_structures_and_contracts_alone() {
    let mut world = World::logged(&many_files(20));
    ask(&world);
    queries(&world);
    let file = world.file(7);
    let text = file.text(&world.db).replace("ip.ttl > 7", "ip.ttl > 8");
    file.set_text(&mut world.db).to(text);
    ask(&world);
    let again = queries(&world);
    assert!(again.iter().any(|q| q == "leaf_program") && again.iter().all(|q| q != "structure"), "{again:?}");
    assert!(again.iter().filter(|q| *q == "network").count() == 2, "{again:?}");
}

#[test]
fn an_edit_of_a_nested_block_leaves_the_block_around_it_alone() {
    let mut world = World::logged(
        "//- a\nuse std::net::Ip4;\nrfb Outer {\n  rfb Inner {\n    port in x: Ip4;\n    port out y: Ip4;\n    \
         behaviour sefl { on x { Constrain(ip.ttl > 7); Forward(y); } }\n  }\n  port in a: Ip4;\n  port out b: Ip4;\n  \
         part one: Inner;\n  wire a <-> one.x;\n  wire one.y <-> b;\n}\n",
    );
    ask(&world);
    queries(&world);
    let file = world.file(0);
    let text = file.text(&world.db).replace("ip.ttl > 7", "ip.ttl > 200").replace("  port in x", "\n  port in x");
    file.set_text(&mut world.db).to(text);
    ask(&world);
    let again = queries(&world);
    let count = |name: &str| again.iter().filter(|q| *q == name).count();
    // The text around is read again, and comes to the same tree.
    assert_eq!((count("items"), count("parsed"), count("leaf_program")), (1, 2, 1), "{again:?}");
    assert_eq!((count("item_problems"), count("structure")), (1, 0), "{again:?}");
}

const ROUTER: &str = r#"
use std::net::Ip4;
rfb Hop(fib: Table = "fib.txt") {
  port inout p[0..1]: Ip4;
  behaviour sefl { on p { match fib on ip.dst { row r: Forward(p[r.port]); else Fail("no route"); } } }
}
rfb Line {
  port inout p[0..1]: Ip4;
  part a: Hop;
  wire p[*] <-> a.p[*];
  ensures calm: no loop;
}
//- fib.txt
10.0.0.0/8 1
0.0.0.0/0 0
"#;

#[test]
fn a_new_table_re_runs_nothing_but_what_reads_tables() {
    let mut world = World::logged(ROUTER);
    let ask_all = |world: &World| {
        for subject in subjects(&world.db, world.package) {
            properties(&world.db, *subject);
            for (_, leaf) in &structure(&world.db, *subject).parts {
                leaf_program(&world.db, *leaf);
                leaf_tables(&world.db, *leaf);
            }
        }
    };
    ask_all(&world);
    queries(&world);
    let table = world.package.tables(&world.db)[0];
    table.set_text(&mut world.db).to("10.0.0.0/8 0\n".into());
    ask_all(&world);
    assert_eq!(queries(&world), ["table", "leaf_tables"]);
    let rows = subjects(&world.db, world.package).iter().map(|s| network(&world.db, *s).parts[0].tables[0].rows.len());
    assert_eq!(rows.collect::<Vec<_>>(), [1, 1]);
}
