//! Networks by hand whose verdicts are easily got wrong.

use crate::build::*;
use crate::shrink::network_listing;
use crate::sketch::*;
use crate::verdicts::verdicts;
use rdcl_base::IntervalSet;
use rdcl_core::*;
use rdcl_hir::{Claim, Predicate, Property};
use rdcl_verify::{Options, Outcome as Verdict};

fn claim(claim: Claim, from: u32, to: u32) -> Property {
    Property { name: "p".into(), claim, when: Cond::True, flows: vec![(BoundaryId(from), BoundaryId(to))] }
}

fn verdict(network: &Network, property: Property) -> Verdict {
    verdicts(network, &[property], Options::default()).remove(0)
}

fn says(network: &Network, property: Property, word: &str) {
    let verdict = verdict(network, property);
    assert_eq!(verdict.word(), word, "{verdict:#?}\n{}", network_listing(network));
}

fn reach() -> Claim {
    Claim::Reach { room: vec![] }
}

/// One copy always goes into a dead end, the other always arrives.
#[test]
fn a_copy_in_a_dead_end_does_not_lose_the_other() {
    let dead_end = leaf(&["in0"], vec![], vec![lost()]);
    let network = wired(vec![hub(&["a", "b", "c"], stack(&[IP])), dead_end], &[((0, 2), (1, 0))]);
    says(&network, claim(reach(), 0, 1), "proved");
}

/// Each copy chooses whether it is lost; the other copy's choice is none of its business.
#[test]
fn copies_are_lost_by_choices_of_their_own() {
    let x = |n| Op::Set(Place::Slot(SlotId(1)), bits(8, n));
    let network = wired(
        vec![leaf(
            &["in0", "out0"],
            vec![],
            vec![
                block(vec![], End::Fork(vec![to(1), to(2)])),
                block(vec![x(0)], End::Goto(to(3))),
                block(vec![x(1)], End::Goto(to(3))),
                block(vec![], choose(0, (0, 1), None, 4, 6)),
                branch(eq(Expr::Slot(SlotId(0)), Expr::Slot(SlotId(1))), 6, 5),
                out(1),
                lost(),
            ],
        )],
        &[],
    );
    says(&network, claim(reach(), 0, 1), "violated");
}

/// The same over wires, so that the choices fall due in another order than copy by copy.
#[test]
fn the_order_of_choices_is_that_of_visits() {
    let gate = |n| {
        let blocks = vec![
            block(vec![], choose(0, (0, 9), None, 1, 3)),
            branch(eq(Expr::Slot(SlotId(0)), bits(8, n)), 3, 2),
            out(1),
            lost(),
        ];
        leaf(&["in0", "out0"], vec![], blocks)
    };
    let programs = vec![hub(&["a", "b", "c"], stack(&[IP])), gate(1), gate(2), gate(3), gate(4)];
    let wires = [((0, 1), (1, 0)), ((1, 1), (2, 0)), ((0, 2), (3, 0)), ((3, 1), (4, 0))];
    let verdict = verdict(&wired(programs, &wires), claim(reach(), 0, 1));
    assert_ne!(verdict.word(), "proved");
}

/// Packets with TCP arrive by one copy, all others by the other.
#[test]
fn leaves_of_different_packets_are_no_joint_loss() {
    let network = wired(
        vec![leaf(
            &["in0", "out0"],
            vec![],
            vec![
                block(vec![], End::Fork(vec![to(1), to(2)])),
                branch(Cond::Has(TCP), 3, 4),
                branch(Cond::Has(TCP), 4, 3),
                out(1),
                lost(),
            ],
        )],
        &[],
    );
    says(&network, claim(reach(), 0, 1), "proved");
}

/// Three copies, of which the first two may be lost in 70 ways each: the third is lost in the last of them only.
#[test]
fn too_many_ways_to_lose_copies_prove_nothing() {
    let ways = |field: &str, first: u32| {
        let arms = (0..70).map(|i| (u128::from(i), to(first + i))).collect();
        block(vec![], End::Switch { on: get(field), arms, default: to(3) })
    };
    let last = Cond::All(vec![eq(get("ip.ttl"), bits(8, 69)), eq(get("ip.id"), bits(16, 69))]);
    let mut blocks = vec![
        block(vec![], End::Fork(vec![to(1), to(2), to(4)])),
        ways("ip.ttl", 7),
        ways("ip.id", 77),
        block(vec![], End::Goto(to(5))),
        branch(last, 6, 5),
        out(1),
        lost(),
    ];
    blocks.extend((0..140).map(|i| block(vec![set("ip.src", bits(32, i))], fail("lost"))));
    let verdict = verdict(&wired(vec![leaf(&["in0", "out0"], vec![], blocks)], &[]), claim(reach(), 0, 1));
    assert_ne!(verdict.word(), "proved");
}

/// `ttl + c in lo..=hi` for every small case, against all 256 values.
#[test]
fn preimages_wrap_around() {
    let edges = [0u128, 1, 5, 127, 250, 255];
    for (i, c) in edges.iter().enumerate() {
        for (lo, hi) in [(0, 0), (3, 10), (250, 255), (255, 255), (edges[i], 255), (0, edges[i])] {
            for minus in [false, true] {
                let (ttl, c) = (Box::new(get("ip.ttl")), Box::new(bits(8, *c)));
                let sum = if minus { Expr::Bin(BinOp::Sub, c, ttl) } else { Expr::Bin(BinOp::Add, ttl, c) };
                let blocks = vec![branch(Cond::In(sum.clone(), IntervalSet::range(lo, hi)), 1, 2), out(1), lost()];
                let network = wired(vec![leaf(&["in0", "out0"], vec![], blocks)], &[]);
                let meant = |ttl: u128| {
                    let moved = if minus { edges[i].wrapping_sub(ttl) } else { ttl + edges[i] } & 255;
                    lo <= moved && moved <= hi
                };
                let passing = IntervalSet::from_intervals((0..256).filter(|t| meant(*t)).map(|t| (t, t)));
                let ttl = get("ip.ttl");
                let passes = Cond::In(ttl, passing.clone());
                let all = Property { when: passes.clone(), ..claim(reach(), 0, 1) };
                says(&network, all, if passing.is_empty() { "undecided" } else { "proved" });
                let none = Property { when: Cond::Not(Box::new(passes)), ..claim(Claim::Isolated, 0, 1) };
                says(&network, none, if passing.is_full(8) { "undecided" } else { "proved" });
            }
        }
    }
}

/// Only what entered inside is ever mapped, but the invariant does not say so.
#[test]
fn what_an_invariant_does_not_say_is_undecided() {
    let network = wired(vec![nat(Nat::default())], &[]);
    let low = Predicate { old: vec![], cond: Cond::In(l4("dport"), IntervalSet::range(0, 65535)) };
    says(&network, claim(Claim::Holds(low), 1, 0), "proved");
    let inside = IntervalSet::range(0x0a00_0000, 0x0aff_ffff);
    let guarded = leaf(
        &["in0", "out0"],
        vec![],
        vec![branch(Cond::In(get("ip.src"), inside.clone()), 1, 2), out(1), lost(), out(0)],
    );
    let guarded = Program { entry: vec![Some(to(0)), Some(to(3))], ..guarded };
    let network = wired(vec![guarded, nat(Nat::default())], &[((0, 1), (1, 0))]);
    let inside = Predicate { old: vec![], cond: Cond::In(get("ip.dst"), inside) };
    says(&network, claim(Claim::Holds(inside), 1, 0), "undecided");
}

#[test]
fn two_look_ups_of_one_key_find_one_entry() {
    let same = eq(Expr::Cell(CellId(0), 1), Expr::Cell(CellId(1), 1));
    for (key, word) in [(get("ip.ttl"), "proved"), (get("ip.proto"), "violated")] {
        let network = wired(
            vec![leaf(
                &["in0", "out0", "out1"],
                vec![pairs(9, Cond::True)],
                vec![
                    block(vec![], lookup(0, get("ip.ttl"), 0, 1, 4)),
                    block(vec![], lookup(0, key, 1, 2, 6)),
                    branch(same.clone(), 6, 3),
                    out(1),
                    block(vec![], insert(get("ip.ttl"), get("ip.ttl"), 2, [5, 6, 6])),
                    out(2),
                    out(2),
                ],
            )],
            &[],
        );
        says(&network, claim(Claim::Isolated, 0, 1), word);
    }
}

#[test]
fn removed_entries_are_missed_afterwards() {
    for (removes, word) in [(vec![Op::Remove(CellId(0))], "proved"), (vec![], "violated")] {
        let network = wired(
            vec![leaf(
                &["in0", "out0", "out1"],
                vec![pairs(9, Cond::True)],
                vec![
                    block(vec![], insert(get("ip.ttl"), get("ip.proto"), 2, [4, 1, 1])),
                    block(vec![], lookup(0, get("ip.ttl"), 0, 2, 4)),
                    block(removes, lookup(0, get("ip.ttl"), 1, 3, 4)),
                    out(1),
                    out(2),
                ],
            )],
            &[],
        );
        says(&network, claim(Claim::Isolated, 0, 1), word);
    }
}

/// Four values are legal for the unique column. A map of four places never refuses one that is free.
#[test]
fn by_the_pigeonhole_principle_there_is_room() {
    let few = Cond::In(Expr::Column(1, 8), IntervalSet::range(0, 3));
    let free = || Some(Free { map: MAP, index: 1, keys: vec![None] });
    let program = |capacity, hi| {
        leaf(
            &["in0", "out0"],
            vec![pairs(capacity, few.clone())],
            vec![
                block(vec![], lookup(0, get("ip.ttl"), 0, 3, 1)),
                block(vec![], choose(0, (0, hi), free(), 2, 4)),
                block(vec![], insert(get("ip.ttl"), Expr::Slot(SlotId(0)), 2, [3, 5, 5])),
                out(1),
                block(vec![], fail("no value")),
                lost(),
            ],
        )
    };
    // No value may be free, but a free one has its place.
    let roomy = wired(vec![program(4, 3)], &[]);
    says(&roomy, claim(Claim::Reach { room: vec![(PartId(0), MAP)] }, 0, 1), "proved");
    assert_ne!(verdict(&roomy, claim(reach(), 0, 1)).word(), "proved");
    // With three places some value is free always, but its place may be missing.
    let tight = wired(vec![program(3, 3)], &[]);
    assert_ne!(verdict(&tight, claim(reach(), 0, 1)).word(), "proved");
}

#[test]
fn a_map_is_full_once_a_visit_has_filled_it() {
    let network = wired(
        vec![leaf(
            &["in0", "out0", "out1"],
            vec![pairs(1, Cond::True)],
            vec![
                block(vec![], insert(bits(8, 1), bits(8, 1), 2, [1, 3, 3])),
                block(vec![], insert(bits(8, 2), bits(8, 2), 2, [2, 3, 3])),
                out(1),
                out(2),
            ],
        )],
        &[],
    );
    says(&network, claim(Claim::Isolated, 0, 1), "proved");
    says(&network, claim(reach(), 0, 2), "proved");
}

fn changes(op: Op) -> Program {
    let program = leaf(
        &["a", "b"],
        vec![],
        vec![block(vec![op.clone()], End::Forward(PortId(1))), block(vec![op], End::Forward(PortId(0)))],
    );
    Program { entry: vec![Some(to(0)), Some(to(1))], ..program }
}

/// Two hubs joined twice, with something on one of the wires between them.
fn ring(op: Op) -> Network {
    let hub = || hub(&["a", "b", "c"], stack(&[IP]));
    wired(vec![hub(), hub(), changes(op)], &[((0, 1), (1, 1)), ((0, 2), (2, 0)), ((2, 1), (1, 2))])
}

#[test]
fn loops_are_told_by_the_header_without_its_hop_limit() {
    let more = |field: &str, width| set(field, Expr::Bin(BinOp::Add, Box::new(get(field)), Box::new(bits(width, 1))));
    let no_loop = || Property { flows: vec![], ..claim(Claim::NoLoop, 0, 0) };
    says(&ring(more("ip.ttl", 8)), no_loop(), "violated");
    assert_ne!(verdict(&ring(more("ip.id", 16)), no_loop()).word(), "proved");
    // It comes back once, marked, and then goes on.
    let marked = eq(get("ip.dscp"), bits(6, 1));
    let once = leaf(
        &["in0", "again", "out0", "back"],
        vec![],
        vec![
            branch(marked, 1, 2),
            out(2),
            block(vec![set("ip.dscp", bits(6, 1))], End::Forward(PortId(1))),
            block(vec![], End::Goto(to(4))),
            out(3),
        ],
    );
    let once = Program { entry: vec![Some(to(0)), Some(to(3)), None, Some(to(0))], ..once };
    says(&wired(vec![once], &[((0, 1), (0, 3))]), no_loop(), "proved");
}

/// Sends everything back.
fn mirror(ops: Vec<Op>, slots: Vec<SlotDecl>) -> Program {
    Program { slots, ..leaf(&["a"], vec![], vec![block(ops, End::Forward(PortId(0)))]) }
}

/// The first visit remembers the packet, which comes back at once: that the second finds it is not seen, as other
/// packets and time may come between, but nor is it denied.
#[test]
fn state_met_twice_on_one_way_makes_no_false_claim() {
    let program = leaf(
        &["in0", "again", "known", "unknown"],
        vec![pairs(9, Cond::True)],
        vec![
            block(vec![], lookup(0, get("ip.ttl"), 0, 2, 1)),
            block(vec![], insert(get("ip.ttl"), get("ip.ttl"), 2, [2, 3, 3])),
            out(1),
            lost(),
            block(vec![], lookup(0, get("ip.ttl"), 1, 5, 6)),
            out(2),
            out(3),
        ],
    );
    let program = Program { entry: vec![Some(to(0)), Some(to(4)), None, None], ..program };
    let network = wired(vec![program, mirror(vec![], vec![])], &[((0, 1), (1, 0))]);
    let room = Claim::Reach { room: vec![(PartId(0), MAP)] };
    let undecided = [room, Claim::CanReach, Claim::Isolated].map(|c| claim(c, 0, 1));
    let undecided = undecided.into_iter().chain([Claim::CanReach, Claim::Isolated].map(|c| claim(c, 0, 2)));
    let words: Vec<String> = undecided.map(|p| verdict(&network, p).word().to_owned()).collect();
    assert_eq!(words, ["undecided", "undecided", "violated", "undecided", "undecided"]);
    says(&network, Property { flows: vec![], ..claim(Claim::NoLoop, 0, 0) }, "proved");
}

/// What leaves the NAT outside comes back outside with its addresses and ports swapped, and is let in again.
#[test]
fn a_packet_meets_one_nat_twice() {
    let swapped = |a: &str, b: &str, slot: u32| {
        let kept = Place::Slot(SlotId(slot));
        [Op::Set(kept, get(a)), set(a, get(b)), set(b, Expr::Slot(SlotId(slot)))]
    };
    let ops = [swapped("ip.src", "ip.dst", 0), swapped("udp.sport", "udp.dport", 1)].concat();
    let mut nat = nat(Nat { capacity: 4, ..Nat::default() });
    let mut mirror = mirror(ops, vec![slot("a", 32), slot("p", 16)]);
    [&mut nat, &mut mirror].into_iter().flat_map(|p| &mut p.ports).for_each(|p| p.stack = stack(&[IP, UDP]));
    let network = wired(vec![nat, mirror], &[((0, 1), (1, 0))]);
    let whole = Predicate { old: vec![get("ip.src")], cond: eq(get("ip.dst"), Expr::Slot(SlotId(0))) };
    let claims = [reach(), Claim::CanReach, Claim::Isolated, Claim::Holds(whole)];
    let words: Vec<String> = claims.map(|c| verdict(&network, claim(c, 0, 0)).word().to_owned()).to_vec();
    assert_eq!(words, ["violated", "undecided", "violated", "undecided"]);
    says(&network, Property { flows: vec![], ..claim(Claim::NoLoop, 0, 0) }, "proved");
}
