//! What is said about typical mistakes. `UPDATE_EXPECT=1` rewrites the expectations.

use expect_test::{Expect, expect};
use rdcl_base::{Diagnostic, Span};
use rdcl_syntax::parse_file;

/// A complaint as `CODE at `place`: message (help)`.
fn line(text: &str, start: u32, fault: &Diagnostic<Span>) -> String {
    let place = fault.primary.shifted(start);
    let place = &text[place.start as usize..place.end as usize];
    let help = fault.help.as_ref().map(|help| format!("\n  help: {help}")).unwrap_or_default();
    format!("{} at {place:?}: {}{help}\n", fault.code, fault.message)
}

fn check(text: &str, expected: Expect) {
    let file = parse_file(text);
    let lines = file.items.iter().flat_map(|(start, item)| item.errors.iter().map(|e| line(text, *start, e)));
    expected.assert_eq(&lines.collect::<String>());
}

/// The same inside `on lan { … }`.
fn check_stmt(stmt: &str, expected: Expect) {
    check(&format!("rfb A {{ behaviour sefl {{ on lan {{ {stmt} }} }} }}"), expected);
}

#[test]
fn a_missing_semicolon() {
    check(
        "rfb A {\n  port inout lan: Ip4\n  port inout wan: Ip4;\n}",
        expect![[r#"
        E0101 at "": expected `;` before `port`
    "#]],
    );
    check_stmt(
        "Constrain(x) Forward(lan);",
        expect![[r#"
        E0101 at "Forward": expected `;`, found `Forward`
    "#]],
    );
}

#[test]
fn misspelt_keywords() {
    check(
        "rbf A { }",
        expect![[r#"
        E0101 at "rbf": expected an item such as `use` or `rfb`, found `rbf`
          help: did you mean `rfb`?
    "#]],
    );
    check(
        "rfb A { wier lan <-> wan; prot inout lan: Ip4; }",
        expect![[r#"
        E0101 at "wier": expected `}` or a member such as `port` or `wire`, found `wier`
          help: did you mean `wire`?
        E0101 at "prot": expected `}` or a member such as `port` or `wire`, found `prot`
          help: did you mean `port`?
    "#]],
    );
    check_stmt(
        "lokup f in flows by (x) { else Fail(\"x\"); } Forward(lan);",
        expect![[r#"
            E0101 at "f": expected `;`, `(` or `=`, found `f`
              help: did you mean `lookup`?
        "#]],
    );
    check_stmt(
        "lookup f in flows by (x) { els Fail(\"x\"); } Forward(lan);",
        expect![[r#"
        E0101 at "els": expected `else`, found `els`
          help: did you mean `else`?
    "#]],
    );
}

#[test]
fn stray_characters() {
    check(
        "rfb A { port inout § lan: Ip4; }",
        expect![[r#"
        E0102 at "§": `§` is not part of the language
    "#]],
    );
    check_stmt(
        "x.y = !z;",
        expect![[r#"
        E0102 at "!": `!` is not part of the language
          help: negation is written `not`
    "#]],
    );
    check_stmt(
        "Constrain(a && b);",
        expect![[r#"
        E0101 at "&": expected an expression, found `&`
          help: write `and` between conditions
    "#]],
    );
    check_stmt(
        "Fail(\"no route);",
        expect![[r#"
        E0102 at "\"no route": a string is never closed
          help: end it with `"` on the same line
    "#]],
    );
}

#[test]
fn arrows() {
    check(
        "rfb A { wire a -> b; }",
        expect![[r#"
        E0101 at "->": `->` does not make a wire
          help: write `<->` (both ways) or `=>` (a distribution)
    "#]],
    );
    check(
        "rfb A { ensures reach a => b; }",
        expect![[r#"
        E0101 at "=>": expected `->`, found `=>`
          help: a flow is written `->`
    "#]],
    );
}

#[test]
fn reserved_words() {
    check(
        "rfb A { port inout in: Ip4; behaviour sefl { on in { Forward(in); } } }",
        expect![[r#"
        E0107 at "in": `in` is a reserved word and cannot be a name
          help: choose another name, such as `in0`
    "#]],
    );
    check(
        "rfb A { port lan: Ip4; }",
        expect![[r#"
        E0101 at "lan": expected `in`, `inout` or `out`, found `lan`
          help: say which way packets pass, such as `port inout lan`
    "#]],
    );
}

#[test]
fn brackets() {
    check(
        "rfb A { behaviour sefl { on lan { Forward(wan); on wan { Forward(lan); } } ensures no loop; }",
        expect![[r#"
        E0103 at "{": `{` is never closed
    "#]],
    );
    check(
        "rfb A { part p: B(x = 1; part q: C; }",
        expect![[r#"
        E0103 at "(": `(` is never closed
    "#]],
    );
    check(
        "rfb A { port in a: Ip4; } }",
        expect![[r#"
        E0103 at "}": `}` closes nothing
          help: remove it
    "#]],
    );
    check(
        "rfb A { port in a: Ip4;",
        expect![[r#"
        E0103 at "{": `{` is never closed
    "#]],
    );
    check(
        "rfb A { behaviour click {{ FromDevice(eth0) -> Discard; }",
        expect![[r#"
        E0103 at "{{": `{{` is never closed
          help: end the block with `}}`, and balance the braces inside
    "#]],
    );
}

#[test]
fn literals() {
    check(
        "rfb A { impl g on kvm { delay = 5msec; cpu = 1.5; memory = 8MB; } }",
        expect![[r#"
        E0106 at "5msec": `msec` is not a unit
          help: write `5ms`
        E0106 at "1.5": the fraction `1.5` has no unit
          help: write the unit behind the number, such as `0.5core`
        E0106 at "8MB": `MB` is not a unit
          help: write `8MiB`
    "#]],
    );
    check(
        "rfb A(a: Ipv4 = 300.1.1.1, b: Prefix = 10.0.0.0/40, c: u8 = 340282366920938463463374607431768211456) { }",
        expect![[r#"
        E0109 at "300.1.1.1": `300.1.1.1` is not an IPv4 address
        E0109 at "10.0.0.0/40": `10.0.0.0/40` is not an IPv4 prefix
        E0105 at "340282366920938463463374607431768211456": `34028236692093846346337460743176…` does not fit
    "#]],
    );
    check_stmt(
        "Fail(\"a\\qb\");",
        expect![[r#"
        E0102 at "\\q": `\q` is not an escape
    "#]],
    );
}

#[test]
fn conditions() {
    check_stmt(
        "if (x) { Forward(a); } else { Forward(b); } Forward(c);",
        expect![[r#"
        E0101 at "if": there is no `if` statement
          help: write `If(condition, then, otherwise);`, where `{ … }` may hold several instructions
    "#]],
    );
    check_stmt(
        "Constrain(ip.src = 5);",
        expect![[r#"
        E0101 at "=": expected `)`, `,` or `->`, found `=`
          help: a comparison is written `==`
    "#]],
    );
    check_stmt(
        "match t on ip.dst { row r: Forward(a); }",
        expect![[r#"
        E0101 at "}": this `match` has no `else` arm
          help: say what is done when no row matches, such as `else Fail("no row");`
    "#]],
    );
    check_stmt(
        "insert f in m (a) { full NoOp(); full NoOp(); }",
        expect![[r#"
        E0101 at "full": an `insert` has one `full` arm and one `clash` arm at most
    "#]],
    );
}

#[test]
fn several_mistakes() {
    check(
        "rfb A { port inout lan Ip4; part p B; wire lan <-> p.lan; behaviour sefl { on lan { Forward(; x = ; NoOp(); } } sla p: ; }",
        expect![[r#"
            E0101 at "Ip4": expected `:`, found `Ip4`
            E0101 at "B": expected `:`, found `B`
            E0103 at "(": `(` is never closed
            E0101 at ";": expected an expression, found `;`
            E0101 at ";": expected an expression, found `;`
        "#]],
    );
}

#[test]
fn nemo() {
    let check_nemo = |text: &str, expected| check(&format!("rfb A {{ intent nemo {{{{ {text} }}}} }}"), expected);
    check_nemo("CREATE Node n Type host; CREATE Flow f Match src-ip: 10.0.0.0/8;", expect![""]);
    check_nemo(
        "CREATE Flow f Mtch a: 1; CREATE Flow g;",
        expect![[r#"
            E0108 at "Mtch": expected `Type`, `Property`, `Match` or `;`, found `Mtch`
              help: did you mean `Match`?
            E0115 at "g": the flow `g` has no `Match`
              help: say what belongs to it, as in `Match src-ip: 10.1.9.0/24`
        "#]],
    );
    check_nemo(
        "CREATE Operation o Target f; CREATE Operation p Action deny;",
        expect![[r#"
            E0115 at "p": the operation `p` has no `Target`
              help: name what it acts on, as in `Target guests`
        "#]],
    );
    check_nemo(
        "CREATE Flow f Match src-ip: 10.0.0.0/40; CREATE Flow g Match proto: 6",
        expect![[r#"
            E0109 at "10.0.0.0/40": `10.0.0.0/40` is not an address or prefix
        "#]],
    );
    check_nemo(
        "CRATE Flow f Match a: 1;",
        expect![[r#"
            E0108 at "CRATE": expected a statement such as `CREATE Node a Type host`, found `CRATE`
              help: did you mean `CREATE`?
        "#]],
    );
}

#[test]
fn text_between_items() {
    check(
        "hello world\nuse std::net::Ip4;",
        expect![[r#"
        E0101 at "hello": expected an item such as `use` or `rfb`, found `hello`
    "#]],
    );
    check(
        "use std::net::Ip4; 5 rfb A { }",
        expect![[r#"
        E0101 at "5": expected an item such as `use` or `rfb`, found `5`
    "#]],
    );
    check(
        "use std::net:: ;\nstack Tagged = eth/;\nrfb",
        expect![[r#"
        E0101 at ";": expected `{` or a name, found `;`
        E0101 at ";": expected a name, found `;`
        E0101 at "": expected a name, found the end of the item
    "#]],
    );
}
