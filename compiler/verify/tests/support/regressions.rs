//! Programs by hand for what summaries once got wrong.

use crate::build::*;
use crate::check_visits;
use crate::sketch::*;
use rdcl_base::IntervalSet;
use rdcl_core::*;
use rdcl_verify::{Budget, Context, Guard, Options, RowEnd, Summary, Sym, SymCond, Var, summarise};
use std::sync::Arc;

fn agree(program: &Program) {
    assert_eq!(program.check(), []);
    check_visits(program, &[], 200).unwrap_or_else(|why| panic!("{why}"));
}

fn summary(program: &Program) -> Summary {
    assert_eq!(program.check(), []);
    summarise(program, &[], Options::default())
}

#[test]
fn what_a_visit_adds_it_finds_later() {
    agree(&leaf(
        &["in0", "out0"],
        vec![pairs(2, Cond::True)],
        vec![
            block(vec![], lookup(0, get("ip.ttl"), 0, 4, 1)),
            block(vec![], insert(get("ip.ttl"), bits(8, 1), 1, [2, 5, 5])),
            block(vec![], lookup(0, get("ip.proto"), 0, 3, 5)),
            block(vec![set("ip.ttl", Expr::Cell(CellId(0), 1))], End::Goto(to(4))),
            out(1),
            block(vec![], fail("no")),
        ],
    ));
}

#[test]
fn an_entry_removed_by_one_name_is_gone_by_the_other() {
    agree(&leaf(
        &["in0", "out0"],
        vec![pairs(2, Cond::True)],
        vec![
            block(vec![], lookup(0, get("ip.ttl"), 0, 1, 5)),
            block(vec![], lookup(1, get("ip.proto"), 1, 2, 5)),
            block(vec![Op::Remove(CellId(0))], lookup(1, get("ip.proto"), 2, 4, 3)),
            block(vec![set("ip.ttl", Expr::Cell(CellId(0), 1))], End::Forward(PortId(1))),
            out(1),
            block(vec![], fail("no")),
        ],
    ));
}

#[test]
fn an_entry_removed_can_be_added_again_and_its_columns_read() {
    let (k, v) = (Expr::Cell(CellId(0), 0), Expr::Cell(CellId(0), 1));
    agree(&leaf(
        &["in0", "out0"],
        vec![pairs(1, Cond::True)],
        vec![
            block(vec![], lookup(0, get("ip.ttl"), 0, 1, 4)),
            block(vec![Op::Remove(CellId(0))], insert(k, v, 1, [2, 4, 4])),
            block(vec![Op::Remove(CellId(0))], lookup(0, get("ip.ttl"), 2, 3, 4)),
            out(1),
            block(vec![], fail("no")),
        ],
    ));
}

#[test]
fn an_insert_that_clashes_with_two_entries_clashes_once() {
    agree(&leaf(
        &["in0", "out0"],
        vec![pairs(3, Cond::True)],
        vec![block(vec![], insert(get("ip.ttl"), get("ip.proto"), 0, [1, 2, 2])), out(1), block(vec![], fail("no"))],
    ));
}

#[test]
fn copies_choose_for_themselves() {
    let x = |n| Op::Set(Place::Slot(SlotId(1)), bits(8, n));
    agree(&leaf(
        &["in0", "out0"],
        vec![],
        vec![
            block(vec![], End::Fork(vec![to(1), to(2)])),
            block(vec![x(0)], End::Goto(to(3))),
            block(vec![x(1)], End::Goto(to(3))),
            block(vec![], choose(0, (0, 1), None, 4, 6)),
            block(vec![], End::If(eq(Expr::Slot(SlotId(0)), Expr::Slot(SlotId(1))), to(5), to(6))),
            out(1),
            block(vec![], fail("no")),
        ],
    ));
}

#[test]
fn an_empty_range_leaves_nothing_to_choose() {
    let free = Free { map: MAP, index: 1, keys: vec![None] };
    for free in [None, Some(free)] {
        agree(&leaf(
            &["in0", "out0"],
            vec![pairs(300, Cond::True)],
            vec![block(vec![], choose(0, (5, 4), free, 1, 2)), out(1), block(vec![], fail("none"))],
        ));
    }
}

#[test]
fn a_shift_by_the_width_or_more_leaves_nothing() {
    for by in [7, 8, 127, 128, 256, 300] {
        let left = eq(Expr::Shl(Box::new(get("ip.ttl")), by), get("ip.proto"));
        let right = Cond::In(Expr::Lshr(Box::new(get("ip.ttl")), by), IntervalSet::range(0, 3));
        agree(&leaf(
            &["in0", "out0"],
            vec![],
            vec![
                block(vec![], End::If(left, to(2), to(1))),
                block(vec![], End::If(right, to(2), to(3))),
                out(1),
                block(vec![], fail("no")),
            ],
        ));
    }
}

/// The first map takes anything. Under its invariant, what is copied from it to the second keeps the second's.
#[test]
fn an_invariant_proved_from_a_broken_one_is_not_proved() {
    let small = || Cond::In(Expr::Column(1, 8), IntervalSet::range(0, 9));
    let copied = |c| Expr::Cell(CellId(0), c);
    let mut program = leaf(
        &["in0", "out0"],
        vec![pairs(8, small()), pairs(8, small())],
        vec![
            block(vec![], lookup(0, get("ip.ttl"), 0, 1, 2)),
            block(
                vec![],
                End::Insert {
                    map: MapId(1),
                    values: vec![copied(0), copied(1)],
                    cell: CellId(1),
                    ok: to(3),
                    full: to(4),
                    clash: to(4),
                    clash_handled: true,
                },
            ),
            block(vec![], insert(get("ip.ttl"), get("ip.proto"), 0, [3, 4, 4])),
            out(1),
            block(vec![], fail("no")),
        ],
    );
    program.cells[1].map = MapId(1);
    assert_eq!(summary(&program).weak.len(), 2);
    agree(&program);
}

#[test]
fn what_a_header_takes_along_is_not_guessed() {
    let renewed = |header| {
        let again = block(vec![Op::Pop(header), Op::Push(header)], End::Forward(PortId(1)));
        let mut program = leaf(&["in0", "out0"], vec![], vec![again]);
        program.ports = ports(&["in0", "out0"], stack(&[IP, header]));
        program
    };
    // What a checksum is off by is known to be gone, but nobody knows the options of TCP.
    agree(&renewed(UDP));
    let summary = summary(&renewed(HeaderKind::Tcp));
    assert!(summary.exhausted && summary.ingress.values().flatten().all(|row| row.end == RowEnd::Unmodelled));
}

/// The condition may hold and may fail. Asked for the second, a solver that gave up on the first said it cannot.
#[test]
fn a_solver_that_gave_up_calls_nothing_impossible() {
    let var = |name| Sym::Var(Var::field(field(name)));
    let low = Sym::concat(Sym::bin(BinOp::Xor, var("ip.dscp"), var("ip.dscp")), var("ip.ecn"));
    let cond = SymCond::eq(var("ip.ttl"), low);
    let mut guard = Guard::default();
    guard.product.insert(Var::field(field("ip.ttl")), Arc::new(IntervalSet::range(0, 173)));
    for solver in [1, 3, 10, 30, 100, 300, 1000] {
        let budget = Budget { solver, ..Budget::default() };
        let mut context = Context::new(Options { budget, ..Options::default() });
        for _ in 0..4 {
            let (holding, failing) = context.split(&guard, &cond);
            assert!(!holding.is_empty() && !failing.is_empty(), "with a limit of {solver}");
        }
    }
}
