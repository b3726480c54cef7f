//! Control: branches, ends, forks, floods, entries of ports.

use super::fault;
use super::world::{core, lower, on_lan};
use expect_test::expect;

#[test]
fn arms_meet() {
    let core = on_lan(
        "If(ip.ttl < 2, { ip.ttl = 64; }, If(ip.df == 1, InstructionBlock(NoOp(), Fail(\"df\")))); Forward(wan);",
    );
    expect![[r#"
        lan -> 0
        0: if ip.ttl < 2:8 then 1 else 2
        1: ip.ttl := 64:8; goto 4
        2: if ip.df == 1:1 then 3 else 4
        3: drop Fail("df")
        4: forward wan
    "#]]
    .assert_eq(&core);
}

#[test]
fn an_array_shares_its_blocks() {
    let core = core("on p { match fib on ip.dst { row r: Forward(p[r.port]); else Fail(\"no route\"); } }");
    expect![[r#"
        p[0] -> 0
        p[1] -> 0
        p[2] -> 0
        p[3] -> 0
        0: match fib (ip.dst) row r 1 else 7
        1: switch r.port 0 => 2, 1 => 3, 2 => 4, 3 => 5, else 6
        2: forward p[0]
        3: forward p[1]
        4: forward p[2]
        5: forward p[3]
        6: drop NoPort
        7: drop Fail("no route")
    "#]]
    .assert_eq(&core);
}

#[test]
fn a_flood_leaves_out_the_port_it_came_by() {
    let core = core("on p { Flood(p); } on q { Flood(q); } on lan { Constrain(ip.ttl > 1); Flood(p); }");
    expect![[r#"
        lan -> 0
        p[0] -> 7
        p[1] -> 8
        p[2] -> 9
        p[3] -> 11
        q[0] -> 15
        q[1] -> 16
        0: if 1:8 < ip.ttl then 1 else 6
        1: fork 2 3 4 5
        2: forward p[0]
        3: forward p[1]
        4: forward p[2]
        5: forward p[3]
        6: drop Constrain
        7: fork 13 14 10
        8: fork 12 14 10
        9: fork 12 13 10
        10: forward p[3]
        11: fork 12 13 14
        12: forward p[0]
        13: forward p[1]
        14: forward p[2]
        15: forward q[1]
        16: forward q[0]
    "#]]
    .assert_eq(&core);
}

#[test]
fn copies_go_their_own_ways() {
    let core = on_lan("Fork({ ip.dscp = 1; Forward(wan); }, Forward(p[1]), { ip.dscp = 2; }); Forward(p[2]);");
    expect![[r#"
        lan -> 0
        0: fork 1 2 3
        1: ip.dscp := 1:6; forward wan
        2: forward p[1]
        3: ip.dscp := 2:6; forward p[2]
    "#]]
    .assert_eq(&core);
}

#[test]
fn assertions_are_checks() {
    let core = on_lan("Assert(ip.ttl > 0); Forward(wan);");
    expect![[r#"
        lan -> 0
        0: Assert 0:8 < ip.ttl ok 1
        1: forward wan
    "#]]
    .assert_eq(&core);
}

#[test]
fn origins_are_the_statements() {
    let (parsed, lowered) = lower("on lan { If(has tcp, Fail(\"tcp\")); ip.ttl = 1; Forward(wan); }");
    let text = |node: &rdcl_base::NodeId| {
        let span = parsed.spans[node.0 as usize];
        parsed.text[span.start as usize..span.end as usize].to_owned()
    };
    let shown: Vec<Vec<String>> = lowered.origins.blocks.iter().map(|b| b.iter().map(text).collect()).collect();
    assert_eq!(shown[..3], [vec!["has tcp"], vec!["Fail(\"tcp\")"], vec!["ip.ttl = 1;", "Forward(wan)"]]);
}

#[test]
fn instructions_are_checked() {
    fault("E0501", "Constrian", "Constrian(has tcp); Forward(wan);");
    fault("E0501", "Drop", "Drop();");
    fault("E0502", "Constrain()", "Constrain(); Forward(wan);");
    fault("E0502", "Forward(wan, lan)", "Forward(wan, lan);");
    fault("E0502", "Fork()", "Fork();");
    fault("E0502", "Allocate(x)", "Allocate(x); Forward(wan);");
    fault("E0507", "ip.ttl", "If(has tcp, ip.ttl); Forward(wan);");
}

#[test]
fn ends_are_checked() {
    fault("W0501", "Fail(\"late\")", "Forward(wan); Fail(\"late\");");
    fault("W0501", "NoOp()", "If(has tcp, Forward(wan), Fail(\"x\")); NoOp();");
    fault("W0501", "ip.ttl = 1;", "If(has tcp, { Forward(wan); ip.ttl = 1; }); Forward(wan);");
    fault("W0502", "{ ip.ttl = 3; }", "ip.ttl = 3;");
    fault("W0502", "{ If(has tcp, Forward(wan)); }", "If(has tcp, Forward(wan));");
}

#[test]
fn ports_are_checked() {
    fault("E0515", "lann", "on lann { Forward(wan); }");
    fault("E0514", "to", "on to { Forward(wan); }");
    fault("E0531", "lan", "on lan { Forward(wan); } on lan { Forward(wan); }");
    fault("E0514", "one", "on one { Flood(one); }");
    fault("E0514", "wan", "on wan { Flood(wan); }");
}

#[test]
fn a_port_without_behaviour_drops() {
    let parsed = super::world::Parsed::new("behaviour sefl { on wan { Forward(lan); } }");
    let ports = &super::world::ports()[..2];
    let params = super::world::params();
    let env = crate::lower::Env {
        ports,
        lost: &Default::default(),
        params: &params,
        headers: &crate::headers::layouts::NO_HEADERS,
    };
    let lowered = crate::lower::lower_behaviour(&env, parsed.sefl(), parsed.rfb.name.node);
    assert_eq!(parsed.shown(&lowered.problems), [("W0503".to_owned(), "T".to_owned())]);
    expect![[r#"
        lan -> 0
        wan -> 1
        0: drop Fail("no behaviour for this port")
        1: forward lan
    "#]]
    .assert_eq(&super::dump::dump(&lowered));
}

#[test]
fn depth_is_bounded() {
    let nested = |n: usize| {
        let mut body = "Forward(wan)".to_owned();
        for _ in 0..n {
            body = format!("If(ip.ttl == 1, Fail(\"x\"), {body})");
        }
        super::world::problems(&format!("on lan {{ {body}; }}"))
    };
    assert_eq!(nested(140), []);
    assert_eq!(nested(190)[0].0, "E0533");
    let sum = |n: usize| {
        super::world::problems(&format!("on lan {{ ip.id = {}; Forward(wan); }}", vec!["ip.id"; n].join(" + ")))
    };
    assert_eq!(sum(140), []);
    assert_eq!(sum(190)[0].0, "E0533");
}

#[test]
fn copies_are_bounded() {
    let names: String = (0..9).map(|i| format!("Allocate(n{i}, 8); n{i} = 0;")).collect();
    fault(
        "E0533",
        "{ n0 = 1; }",
        &format!(
            "{names} For(a in \"n*\", For(b in \"n*\", For(c in \"n*\", For(d in \"n*\",
               For(e in \"n*\", {{ n0 = 1; }}))))); Forward(wan);"
        ),
    );
}

/// Texts with holes: no panic, whatever is cut out.
#[test]
fn anything_that_parses_is_survived() {
    let nf = include_str!("../../../../../stdlib/nf.rdcl");
    let (ports, params) = (super::world::ports(), super::world::params());
    let env = crate::lower::Env {
        ports: &ports,
        lost: &Default::default(),
        params: &params,
        headers: &crate::headers::layouts::NO_HEADERS,
    };
    for item in rdcl_syntax::split(nf).into_iter().map(|c| &nf[c.start as usize..c.end as usize]) {
        for from in (0..item.len()).step_by(9) {
            for length in [1, 25] {
                let to = (from + length).min(item.len());
                let text =
                    format!("{}{}", &item[..from], &item[to..]).replace("inside", "lan").replace("outside", "wan");
                let rdcl_syntax::ast::Item::Rfb(rfb) = rdcl_syntax::parse_item(&text).item else { continue };
                for member in &rfb.members {
                    survive(&env, member);
                }
            }
        }
    }
}

fn survive(env: &crate::lower::Env<'_>, member: &rdcl_syntax::ast::Member) {
    use crate::lower::{lower_behaviour, lower_fields, lower_predicate};
    use rdcl_syntax::ast::{BehaviourBody, Clause, Member};
    let stack = env.ports[0].stack;
    match member {
        Member::Behaviour(behaviour) => {
            if let BehaviourBody::Sefl(members) = &behaviour.body {
                _ = lower_behaviour(env, members, behaviour.node);
            }
        }
        Member::Ensures(ensures) => match &ensures.clause {
            Clause::Holds { body, .. } => _ = lower_predicate(env, stack, stack, &rdcl_core::Cond::True, body),
            Clause::Mode { except, .. } => _ = lower_fields(&crate::headers::layouts::NO_HEADERS, stack, except),
            Clause::Via { .. } | Clause::No(_) => {}
        },
        _ => {}
    }
}

#[test]
#[should_panic(expected = "a lowered behaviour is not well-formed")]
fn a_faulty_program_goes_no_further() {
    let program = rdcl_core::Program { entry: vec![Some(rdcl_core::BlockId(7))], ..Default::default() };
    crate::lower::assert_well_formed(&program);
}
