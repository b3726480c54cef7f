//! What an edit re-runs, read off the event log of a package of 1,000 files.

use rdcl_base::FileId;
use rdcl_hir::{Database, Package, SourceFile, TableFile, add_std, diagnostics, subjects};
use rdcl_verify::{Options, Outcome, verdicts};
use salsa::Setter;

const FILES: usize = 1_000;

const EDGE: &str = "use std::net::Ip4;
rfb Exit(fib: Table) {
  port inout a: Ip4;
  port inout b: Ip4;
  behaviour sefl {
    on a { match fib on ip.dst { row r: Forward(b); else Fail(\"no route\"); } }
    on b { Forward(a); }
  }
  ensures back: unchanged b -> a;
}
rfb Edge {
  port inout a: Ip4;
  port inout b: Ip4;
  part exit: Exit(fib = \"fib.txt\");
  wire a <-> exit.a;
  wire exit.b <-> b;
  ensures same: unchanged a -> b;
}
";

fn block(i: usize) -> String {
    format!(
        "use std::net::Ip4;
rfb Block{i} {{
  port inout a: Ip4;
  port inout b: Ip4;
  behaviour sefl {{
    on a {{ Constrain(ip.ttl > {}); Forward(b); }}
    on b {{ Forward(a); }}
  }}
  ensures same: unchanged a -> b;
}}
",
        i % 200
    )
}

struct World {
    db: Database,
    files: Vec<SourceFile>,
    table: TableFile,
    package: Package,
}

fn world() -> World {
    let mut db = Database::with_log();
    let std = add_std(&mut db, FileId(0));
    let file = |db: &Database, i: usize| {
        let text = if i == 0 { EDGE.to_owned() } else { block(i) };
        let path = format!("m{i}");
        SourceFile::new(db, path.clone(), format!("{path}.rdcl"), text, FileId(100 + i as u32))
    };
    let files: Vec<SourceFile> = (0..FILES).map(|i| file(&db, i)).collect();
    let table = TableFile::new(&db, "fib.txt".into(), "10.0.0.0/8 1\n10.1.0.0/16 2\n".into(), FileId(99));
    let package = Package::new(&db, files.clone(), std, vec![table]);
    World { db, files, table, package }
}

fn verify_all(world: &World) -> usize {
    assert!(diagnostics(&world.db, world.package).is_empty());
    let mut proved = 0;
    for instance in subjects(&world.db, world.package) {
        let all = verdicts(&world.db, *instance, Options::default());
        proved += all.iter().filter(|v| v.result == Outcome::Proved).count();
    }
    proved
}

/// The names of the queries in a log, each once, in order of first appearance.
fn names(log: &[String]) -> Vec<&str> {
    let mut names: Vec<&str> = log.iter().map(|entry| entry.split('(').next().unwrap_or(entry)).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    names
}

#[test]
fn a_white_space_edit_re_runs_nothing_after_the_lowering_of_its_item() {
    let mut world = world();
    assert_eq!(verify_all(&world), FILES + 1);
    world.db.take_log();
    let text = block(7).replace("Constrain(ip.ttl", "Constrain(   ip.ttl").replace("rfb Block7 {", "\n\nrfb Block7\n{");
    world.files[7].set_text(&mut world.db).to(text);
    assert_eq!(verify_all(&world), FILES + 1);
    let log = world.db.take_log();
    assert_eq!(names(&log), ["items", "parsed"], "{log:#?}");
    assert!(log.len() <= 3, "{log:#?}");
}

#[test]
fn a_table_whose_summary_stays_equal_re_runs_nothing_above_it() {
    let mut world = world();
    assert_eq!(verify_all(&world), FILES + 1);
    world.db.take_log();
    // Another port, which the block never reads: the same packets go the same way.
    world.table.set_text(&mut world.db).to("10.0.0.0/8 3\n10.1.0.0/16 2\n".into());
    assert_eq!(verify_all(&world), FILES + 1);
    let log = world.db.take_log();
    assert!(log.iter().any(|e| e.starts_with("summary")), "the table is read: {log:#?}");
    assert!(!log.iter().any(|e| e.starts_with("verdicts")), "{log:#?}");

    // A change that matters re-runs the verdicts of what rests on it, and no others.
    world.table.set_text(&mut world.db).to("10.0.0.0/9 3\n".into());
    assert_eq!(verify_all(&world), FILES + 1);
    let log = world.db.take_log();
    assert_eq!(log.iter().filter(|e| e.starts_with("verdicts")).count(), 2, "{log:#?}");
}
