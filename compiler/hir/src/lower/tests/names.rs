//! Local names: the stack of `Allocate`, definite assignment, `For`.

use super::fault;
use super::world::on_lan;
use expect_test::expect;

#[test]
fn locals_stack() {
    let core = on_lan(
        "Allocate(x, 8); x = 1; Allocate(x, 16); x = ip.id; ip.id = x; Deallocate(x); ip.ttl = x; Forward(wan);",
    );
    expect![[r#"
        lan -> 0
        0: x := 1:8; x := ip.id; ip.id := x; ip.ttl := x; forward wan
    "#]]
    .assert_eq(&core);
}

#[test]
fn for_unfolds_over_the_names_that_match() {
    let core = on_lan(
        "Allocate(OPT5, 8); Allocate(OPT30, 8); Allocate(other, 8); OPT5 = 5; OPT30 = 30;
         For(x in \"OPT*\", { x = x + 1; If(x == 31, { ip.ttl = x; }); });
         For(x in \"OPT?\", Deallocate(x));
         Forward(wan);",
    );
    expect![[r#"
        lan -> 0
        0: OPT5 := 5:8; OPT30 := 30:8; OPT30 := (OPT30 + 1:8); if OPT30 == 31:8 then 1 else 2
        1: ip.ttl := OPT30; goto 2
        2: OPT5 := (OPT5 + 1:8); if OPT5 == 31:8 then 3 else 4
        3: ip.ttl := OPT5; goto 4
        4: forward wan
    "#]]
    .assert_eq(&core);
}

#[test]
fn locals_are_checked() {
    fault("E0506", "x", "x = 1; Forward(wan);");
    fault("E0506", "x", "Deallocate(x); Forward(wan);");
    fault("E0519", "x", "Allocate(x, 8); ip.ttl = x; Forward(wan);");
    fault("E0519", "x", "Allocate(x, 8); x = 1; Allocate(x, 8); ip.ttl = x; Forward(wan);");
    fault("E0519", "x", "Allocate(x, 8); If(has tcp, { x = 1; }); ip.ttl = x; Forward(wan);");
    fault("E0520", "If(has tcp, Allocate(x, 8))", "If(has tcp, Allocate(x, 8)); Forward(wan);");
    fault("E0520", "If(has tcp, Deallocate(x))", "Allocate(x, 8); If(has tcp, Deallocate(x)); Forward(wan);");
    fault("E0513", "public", "Allocate(public, 8); Forward(wan);");
    fault("E0513", "lan", "Allocate(lan, 8); Forward(wan);");
    fault("E0511", "ip.ttl", "Allocate(x, ip.ttl); Forward(wan);");
    fault("W0505", "\"OPT*\"", "For(x in \"OPT*\", { x = 1; }); Forward(wan);");
    fault("E0513", "y", "Allocate(y, 8); For(y in \"y\", { y = 1; }); Forward(wan);");
    fault("E0502", "ip.dst", "For(x in ip.dst, { NoOp(); }); Forward(wan);");
}
