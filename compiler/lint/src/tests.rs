//! What each lint finds, and what it leaves alone although it is near.

use crate::lints;
use rdcl_base::{FileId, FileSpan, Sources, edit};
use rdcl_hir::{Database, Package, SourceFile, add_std, diagnostics, place};

const USE: &str = "use std::net::{Ip4, Eth};\n\n";

struct World {
    db: Database,
    package: Package,
    sources: Sources,
}

impl World {
    fn new(text: &str) -> World {
        let mut db = Database::default();
        let std = add_std(&mut db, FileId(10));
        let main = SourceFile::new(&db, "main".into(), "main.rdcl".into(), text.to_owned(), FileId(0));
        let package = Package::new(&db, vec![main], std, Vec::new());
        let sources = Sources::new([("main.rdcl".to_owned(), text.to_owned())]);
        World { db, package, sources }
    }

    fn found(&self) -> Vec<rdcl_base::Diagnostic<FileSpan>> {
        lints(&self.db, self.package).into_iter().map(|p| p.map(|loc| place(&self.db, loc))).collect()
    }

    fn expect_sound(&self) {
        let errors: Vec<String> = diagnostics(&self.db, self.package)
            .into_iter()
            .filter(|p| p.code.as_str().starts_with('E'))
            .map(|p| format!("{} {}", p.code, p.message))
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

/// `W1201 mark`: the code and the text it is about; documentation aside.
fn found(body: &str) -> Vec<String> {
    let world = World::new(&format!("{USE}{body}"));
    world.expect_sound();
    let text = |at: FileSpan| world.sources.text(at.file)[at.span.start as usize..at.span.end as usize].to_owned();
    let found = world.found();
    let said = found.iter().filter(|d| d.code.as_str() != "W1212").map(|d| format!("{} {}", d.code, text(d.primary)));
    said.collect()
}

/// A block with two ports, and what is done to packets from `a` to `b`.
fn pipe(head: &str, state: &str, on_a: &str) -> String {
    format!(
        "rfb {head} {{\n  port inout a: Ip4;\n  port inout b: Ip4;\n  behaviour sefl {{ {state}\n    \
         on a {{ {on_a} }}\n    on b {{ Forward(a); }}\n  }}\n}}\n"
    )
}

fn on_a(body: &str) -> Vec<String> {
    found(&pipe("Pipe", "", body))
}

const NONE: [&str; 0] = [];

#[test]
fn parameters() {
    assert_eq!(found(&pipe("Pipe(mark: u8 = 1)", "", "Forward(b);")), ["W1201 mark"]);
    assert_eq!(found(&pipe("Pipe(mark: u8 = 1)", "", "ip.ttl = mark; Forward(b);")), NONE);
    assert_eq!(found("rfb Open(mark: u8 = 1) { port inout a: Ip4; }"), NONE);
    let child = pipe("Base(mark: u8 = 1)", "", "ip.ttl = mark; Forward(b);")
        + "rfb Child(mark: u8 = 2) : Base { behaviour sefl { on a { Forward(b); } on b { Forward(a); } } }";
    assert_eq!(found(&child), NONE);
    let outer = pipe("Inner(mark: u8 = 1)", "", "ip.ttl = mark; Forward(b);");
    let part = |args: &str| {
        format!(
            "{outer}rfb Outer(mark: u8 = 1) {{ port inout a: Ip4; port inout b: Ip4; part x: Inner{args}; wire a <-> x.a; wire x.b <-> b; }}"
        )
    };
    assert_eq!(found(&part("(mark = 3)")), ["W1201 mark"]);
    assert_eq!(found(&part("(mark = mark)")), NONE);
}

#[test]
fn state_maps_and_columns() {
    let state = "state seen { key ip: u32; value ttl: u8; capacity 16; idle 60s; }";
    let look = "lookup s in seen by (ip.src) { else insert s in seen (ip.src, ip.ttl) { full Fail(\"full\"); } }";
    assert_eq!(found(&pipe("Pipe", state, "Forward(b);")), ["W1203 seen"]);
    assert_eq!(found(&pipe("Pipe", state, &format!("{look} Forward(b);"))), ["W1204 ttl"]);
    assert_eq!(found(&pipe("Pipe", state, &format!("{look} ip.ttl = s.ttl; Forward(b);"))), NONE);
    let bound = state.replace("capacity", "invariant ttl > 0; capacity");
    let checked = format!("Constrain(ip.ttl > 0); {look} Forward(b);");
    assert_eq!(found(&pipe("Pipe", &bound, &checked)), NONE);
}

#[test]
fn table_columns() {
    let of = |row: &str| {
        let body = format!("match rules on ip.ttl {{ row r: {row} else Fail(\"no\"); }}");
        found(&pipe("Pipe(rules: Table(exact ttl: u8, new: u8, old: u8))", "", &body))
    };
    assert_eq!(of("{ ip.ttl = r.new; Forward(b); }"), ["W1204 old"]);
    assert_eq!(of("{ ip.ttl = r.new; If(r.old == 1, Forward(b), Fail(\"x\")); }"), NONE);
}

#[test]
fn header_stacks() {
    assert_eq!(found("stack Tagged = eth/vlan;"), ["W1205 Tagged"]);
    assert_eq!(found("/// For trunks.\nstack Tagged = eth/vlan;"), NONE);
    assert_eq!(found("stack Tagged = eth/vlan;\nrfb A { port inout a: Tagged; }"), NONE);
}

#[test]
fn constant_conditions() {
    assert_eq!(on_a("If(1 == 2, Fail(\"x\"), Forward(b));"), ["W1206 1 == 2"]);
    assert_eq!(on_a("If(ip.ttl == ip . ttl, Forward(b), Fail(\"x\"));"), ["W1206 ip.ttl == ip . ttl"]);
    assert_eq!(on_a("If(ip.ttl == 5 or 3 in 1..4, Forward(b), Fail(\"x\"));").len(), 1);
    assert_eq!(on_a("If(ip.ttl == 5 and 3 in 1..4, Forward(b), Fail(\"x\"));"), NONE);
    assert_eq!(on_a("If(ip.src == ip.dst, Fail(\"land\"), Forward(b));"), NONE);
    assert_eq!(found(&pipe("Pipe(strict: bool = true)", "", "If(strict, Forward(b), Fail(\"x\"));")), NONE);
}

#[test]
fn repeated_conditions() {
    assert_eq!(
        on_a("If(has tcp, Forward(b), If(has udp, Fail(\"u\"), If(has  tcp, Fail(\"t\"), Forward(b))));").len(),
        1
    );
    assert_eq!(on_a("If(has tcp, Forward(b), { If(has tcp, Fail(\"t\"), Forward(b)); });").len(), 1);
    assert_eq!(on_a("If(ip.ttl > 5, Forward(b), { ip.ttl = 9; If(ip.ttl > 5, Forward(b), Fail(\"t\")); });"), NONE);
    assert_eq!(on_a("If(has tcp, Forward(b), If(has udp, Forward(b), Fail(\"t\")));"), NONE);
}

#[test]
fn comparisons_by_width() {
    assert_eq!(on_a("Constrain(ip.ttl >= 0); Forward(b);"), ["W1208 ip.ttl >= 0"]);
    assert_eq!(on_a("Constrain(255 >= ip.ttl); Forward(b);"), ["W1208 255 >= ip.ttl"]);
    assert_eq!(on_a("Constrain(ip.ttl in 0..255); Forward(b);"), ["W1208 ip.ttl in 0..255"]);
    assert_eq!(on_a("If(ip.ttl < 0, Fail(\"x\"), Forward(b));"), ["W1208 ip.ttl < 0"]);
    assert_eq!(on_a("Constrain(ip.ttl > 0 and ip.ttl < 255 and ip.ttl in 1..255); Forward(b);"), NONE);
}

#[test]
fn inherited_promises() {
    let base =
        pipe("Base", "", "Forward(b);").replacen("  behaviour", "  ensures through: unchanged a -> b;\n  behaviour", 1);
    let child = |promise: &str| format!("{base}rfb Child : Base {{\n  ensures mine: {promise};\n}}\n");
    assert_eq!(found(&child("unchanged a -> b")), ["W1209 ensures mine: unchanged a -> b;"]);
    assert_eq!(found(&child("unchanged b -> a")), NONE);
    assert_eq!(found(&child("unchanged a -> b when ip.ttl > 1")), NONE);
}

#[test]
fn names() {
    assert_eq!(found(&pipe("slow_pipe", "", "Forward(b);")), ["W1210 slow_pipe"]);
    assert_eq!(found("rfb A { port inout toDmz: Ip4; }"), ["W1211 toDmz"]);
    assert_eq!(found("rfb HTTPProxy { port inout to_dmz2: Ip4; }"), NONE);
}

#[test]
fn parentheses() {
    assert_eq!(on_a("Constrain((has tcp or has udp)); Forward(b);"), ["W1213 has tcp or has udp"]);
    assert_eq!(on_a("ip.ttl = (ip.ttl - 1); Forward(b);"), ["W1213 ip.ttl - 1"]);
    assert_eq!(on_a("Constrain((ip.ttl) == 3 and has tcp); Forward(b);"), ["W1213 ip.ttl"]);
    assert_eq!(on_a("Constrain((has tcp or has udp) and not (has tcp and tcp.dport == 22)); Forward(b);"), NONE);
    assert_eq!(on_a("ip.ttl = ip.ttl - (1 + 2); Forward(b);"), NONE);
}

#[test]
fn arrays_of_one() {
    assert_eq!(found("rfb A { port inout p[0..0]: Ip4; }"), ["W1214 p"]);
    assert_eq!(found("rfb A(n: u8 = 0) { port inout p[0..n]: Ip4; port inout q[0..1]: Ip4; }"), NONE);
}

#[test]
fn elements() {
    let of = |wires: &str| {
        let pipe = pipe("Pipe", "", "Forward(b);");
        found(&format!(
            "{pipe}rfb Trunk {{ port inout l[0..1]: Ip4; port inout r[0..1]: Ip4; part x[0..1]: Pipe; {wires} }}"
        ))
    };
    assert_eq!(of("wire l[*] <-> x[*].a; wire x[*].b <-> r[*];"), NONE);
    assert_eq!(of("wire l[0] <-> x[0].a; wire x[0].b <-> r[0];"), ["W1202 x", "W1202 l", "W1202 r"]);
}

#[test]
fn documentation() {
    let codes = |text: &str| World::new(text).found().iter().filter(|d| d.code.as_str() == "W1212").count();
    assert_eq!(
        (codes("rfb A {}"), codes("/// Does nothing.\nrfb A {}"), codes("// Not for users.\nrfb A {}")),
        (1, 0, 1)
    );
}

/// Every fix that is offered makes what it was offered for go away, and breaks nothing.
#[test]
fn fixes_help() {
    let base = pipe("Base", "", "Constrain(((has tcp))); ip.ttl = (ip.ttl - 1); Forward(b);");
    let mut text =
        format!("{USE}{base}").replacen("  behaviour", "  ensures through: b -> a { (ip.ttl > 0); }\n  behaviour", 1)
            + "rfb Child : Base {\n  ensures mine: b -> a { ip.ttl > 0; }\n}\n";
    for round in 0..5 {
        let world = World::new(&text);
        world.expect_sound();
        let found = world.found();
        match edit::fixed(&world.sources, &found).remove(&FileId(0)) {
            Some(edited) => text = edited.text,
            None => {
                assert!(round > 1 && !text.contains("((") && !text.contains("mine"), "{text}");
                return;
            }
        }
    }
    panic!("fixes go on for ever: {text}");
}
