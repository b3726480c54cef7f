//! Tables: which columns a file is read with, and what is wrong with files and types.

use super::world::World;

const ROUTER: &str = "use std::net::Ip4;
rfb R(fib: Table) {
  port inout lan: Ip4;
  port inout wan: Ip4;
  behaviour sefl {
    on lan { match fib on ip.dst { row r: Forward(wan); else Fail(\"no route\"); } }
    on wan { Forward(lan); }
  }
}
";

/// Checks the complaints about a router and other blocks, with a table `t.txt`.
fn check(blocks: &str, table: &str, expected: &[&str]) {
    let text = format!("//- main\n{ROUTER}{blocks}\n//- t.txt\n{table}");
    assert_eq!(World::new(&text).complaints(), expected, "in {text}");
}

fn site(params: &str, argument: &str) -> String {
    format!(
        "rfb S({params}) {{ port inout lan: Ip4; port inout wan: Ip4; part r: R(fib = {argument}); \
         wire lan <-> r.lan; wire r.wan <-> wan; }}"
    )
}

#[test]
fn a_table_is_passed_on_with_its_own_columns_only() {
    let found = "E0301 at 't': expected a `Table`, found a `Table(exact k: u8, v: u8)`";
    check(&site("t: Table(exact k: u8, v: u8) = \"t.txt\"", "t"), "1 2\n", &[found]);
    let found = "E0301 at 't': expected a `Table`, found a `Table(lpm prefix: Ipv4, gate: u16)`";
    check(&site("t: Table(lpm prefix: Ipv4, gate: u16) = \"t.txt\"", "t"), "10.0.0.0/8 2\n", &[found]);
    check(&site("t: Table(lpm prefix: Ipv4, port: u16) = \"t.txt\"", "t"), "10.0.0.0/8 2\n", &[]);
    check(&site("t: Table = \"t.txt\"", "t"), "10.0.0.0/8 2\n", &[]);
}

#[test]
fn a_default_and_a_parent_take_no_table_of_other_columns() {
    let found = "E0301 at 't': expected a `Table`, found a `Table(exact k: u8, v: u8)`";
    check("rfb D(t: Table(exact k: u8, v: u8) = \"t.txt\", u: Table = t) {}", "1 2\n", &[found]);
    check("rfb C(t: Table(exact k: u8, v: u8) = \"t.txt\") : R(fib = t) {}", "1 2\n", &[found]);
    let differs = "E0310 at 'R': `fib` is a `Table(exact k: u8, v: u8)` here, but a `Table` in `R` \
                   (give the parameter another name, or write `R(fib = …)`)";
    let missing = "E0304 at 'R': `R` needs an argument for `fib` (write `R(fib = …)`)";
    check("rfb C(fib: Table(exact k: u8, v: u8) = \"t.txt\") : R {}", "1 2\n", &[missing, differs]);
}

#[test]
fn what_a_leaf_cannot_read_is_said_whatever_way_the_path_came() {
    let rows = "10.0.0.0/8 2\nten 1\n";
    let found = "E0803 at 'ten': ";
    for block in [site("", "\"t.txt\""), site("t: Table = \"t.txt\"", "t"), site("p: String = \"t.txt\"", "p")] {
        let text = format!("//- main\n{ROUTER}{block}\n//- t.txt\n{rows}");
        let complaints = World::new(&text).complaints();
        assert!(complaints.len() == 1 && complaints[0].starts_with(found), "{complaints:?} in {text}");
    }
}

#[test]
fn a_missing_table_is_said_once_whatever_way_the_path_came() {
    let found = |at: &str| {
        format!(
            "E0801 at '{at}': there is no table file `no.txt` (the path is relative to the directory of the package)"
        )
    };
    check(&site("", "\"no.txt\""), "", &[&found("\"no.txt\"")]);
    check(&site("t: Table = \"no.txt\"", "t"), "", &[&found("\"no.txt\"")]);
    check(&site("p: String = \"no.txt\"", "p"), "", &[&found("fib: Table")]);
}

#[test]
fn a_table_type_can_be_looked_up() {
    let check = |columns: &str, expected: &[&str]| check(&format!("rfb T(t: Table({columns})) {{}}"), "", expected);
    check("exact a: u8, b: u8", &[]);
    check("exact a: u8", &[]);
    check(
        "a: u8, b: u8",
        &["E0317 at 'Table(a: u8, b: u8)': this table has no key, so no row of it could be found \
           (write `exact`, `lpm` or `range` before the columns that are matched)"],
    );
    check(
        "lpm a: Ipv4, lpm b: Ipv4",
        &["E0317 at 'b': `b` is a second longest-prefix column (match it with `exact` or `range`)"],
    );
    check("exact a: u8, exact a: u16", &["E0203 at 'a': the column `a` is declared twice"]);
    check("exact a: u8, a: u16", &["E0203 at 'a': the column `a` is declared twice"]);
    let many: Vec<String> = (0..1025).map(|i| format!("exact c{i}: u8")).collect();
    let world = World::new(&format!("rfb T(t: Table({})) {{}}", many.join(", ")));
    assert_eq!(world.codes(), ["E0317"]);
}
