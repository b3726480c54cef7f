//! What is too large for the exhaustive solver, and the order of routes.

use super::World;
use crate::model::{
    Bound, Candidate, Constraint, End, Flow, Leaf, Link, Measured, Model, Passage, Ree, WHOLE, Way, Wire,
};
use crate::routes::{Atlas, MOST_ROUTES};
use crate::{Answer, Exhaustive, Limit, Solver, check, place_with};
use rdcl_hir::{Comparison, deployments};

fn ree(cost: u64) -> Ree {
    Ree { offers: [None; 3], availability: WHOLE, cost, packet_rate: None, host: None }
}

fn link(a: usize, b: usize, bandwidth: u64, delay: u64) -> Link {
    Link { a, b, bandwidth: Some(bandwidth), delay, availability: WHOLE, cost: 0, passage: Passage::default() }
}

fn candidate(ree: usize) -> Candidate {
    Candidate { ree, implementation: Some(0), needs: [1, 0, 0], delay: 0, passage: Passage::default() }
}

/// A leaf here, the outside there, and these links between.
fn across(links: Vec<Link>) -> Model {
    Model {
        rees: vec![ree(0), ree(0)],
        links,
        leaves: vec![Leaf { candidates: vec![candidate(0)], pin: None }],
        outsides: vec![Some(1)],
        wires: vec![Wire { a: End::Outside(0), b: End::Leaf(0), reserved: 2, delay: 0, passages: Vec::new() }],
        ..Model::default()
    }
}

#[test]
fn routes_beyond_those_looked_at_are_not_said_to_be_missing() {
    let narrow = |n: usize| (0..n).map(|_| link(0, 1, 1, 1));
    let few = across(narrow(3).chain([link(0, 1, 2, 9)]).collect());
    let Answer::Best(found) = Exhaustive::default().solve(&few) else { panic!("there is a route") };
    assert_eq!((check(&few, &found), found.routes), (vec![], vec![vec![3]]));
    let many = across(narrow(MOST_ROUTES).chain([link(0, 1, 2, 9)]).collect());
    assert_eq!(Exhaustive::default().solve(&many), Answer::TooLarge(Limit::Routes(MOST_ROUTES)));
    let none = across(narrow(3).collect());
    assert!(matches!(Exhaustive::default().solve(&none), Answer::Infeasible(_)));
}

#[test]
fn a_search_that_is_cut_short_says_how_far_it_may_be_off() {
    let mut model = across(vec![link(0, 1, 2, 0)]);
    model.leaves = (0..4).map(|_| Leaf { candidates: vec![candidate(0), candidate(1)], pin: None }).collect();
    model.leaves.iter_mut().for_each(|leaf| leaf.candidates[0].needs = [3, 0, 0]);
    let Answer::Best(found) = (Exhaustive { steps: 10 }).solve(&model) else { panic!("it finds something") };
    assert!(found.bound == 4 && found.value > 4, "{found:?}");
    let Answer::Best(best) = Exhaustive::default().solve(&model) else { panic!("it finds the best") };
    assert_eq!((best.value, best.bound, best.choice), (4, 4, vec![1; 4]));
    assert_eq!((Exhaustive { steps: 2 }).solve(&model), Answer::TooLarge(Limit::Steps(2)));
}

#[test]
fn a_search_without_an_end_is_said_at_the_deployment() {
    let world = World::new(include_str!("../../../../examples/branch/main.rdcl"));
    let deployment = deployments(&world.db, world.package)[0];
    let problems = place_with(&world.db, deployment, &Exhaustive { steps: 1 }).expect_err("one step is not enough");
    let said: Vec<String> = problems.iter().map(|p| format!("{} {}", p.code, p.message)).collect();
    assert_eq!(said, ["E0705 no placement of `edge` is found within 1 steps"]);
    assert_eq!(problems[0].primary, deployment.place);
}

#[test]
fn a_dead_end_full_of_links_keeps_nobody_from_the_only_route() {
    let inner = (2..16).flat_map(|a| (2..a).map(move |b| (a, b)));
    let links = [(0, 2), (2, 1)].into_iter().chain(inner).map(|(a, b)| link(a, b, 1, 1)).collect();
    let model = Model { rees: (0..16).map(|_| ree(0)).collect(), links, ..Model::default() };
    let mut atlas = Atlas::new(&model);
    let routes = atlas.routes(0, 1);
    assert!(routes.complete && routes.paths.len() == 1, "{routes:?}");
    assert_eq!(routes.paths[0].links, [0, 1]);
}

#[test]
fn too_low_an_availability_is_seen_before_all_is_placed() {
    let here = |ree| Candidate { ree, implementation: Some(0), needs: [0; 3], delay: 0, passage: Passage::default() };
    let leaf = Leaf { candidates: (0..6).map(here).collect(), pin: None };
    let bound = Bound { measured: Measured::Availability(None), op: Comparison::AtLeast, limit: 9_995 };
    let unsure = |i: u64| Ree { availability: 9_990 + i, ..ree(0) };
    let mut model =
        Model { rees: (0..6).map(unsure).collect(), leaves: vec![leaf; 8], bounds: vec![bound], ..Model::default() };
    let Answer::Best(found) = Exhaustive::default().solve(&model) else { panic!("all fit in the last") };
    assert_eq!((found.choice, found.value, found.bound), (vec![5; 8], 0, 0));
    model.bounds[0].limit = 9_996;
    let answer = Exhaustive::default().solve(&model);
    assert!(matches!(answer, Answer::Infeasible(conflict) if conflict.constraints == [Constraint::Bound(0)]));
}

#[test]
fn sums_that_64_bits_do_not_hold_are_seen() {
    let fitting = across(vec![link(0, 1, u64::MAX, u64::MAX)]);
    assert!(fitting.sums_fit());
    let spoil: [fn(&mut Model); 5] = [
        |m| m.leaves.push(Leaf { candidates: vec![Candidate { needs: [u64::MAX; 3], ..candidate(0) }], pin: None }),
        |m| (m.wires[0].reserved, m.links[0].delay) = (u64::MAX, 0),
        |m| m.rees.iter_mut().for_each(|ree| ree.cost = u64::MAX),
        |m| m.links[0].cost = u64::MAX,
        |m| m.flows[0].ways[0].leaves.push(0),
    ];
    for (i, spoil) in spoil.iter().enumerate() {
        let mut model = across(vec![link(0, 1, 1, 1), link(0, 1, 1, 1)]);
        model.rees[0].cost = 1;
        model.leaves[0].candidates[0].delay = u64::MAX - 2;
        model.flows = vec![Flow { from: 0, to: 1, ways: vec![Way { leaves: vec![0], wires: vec![0] }] }];
        assert!(model.sums_fit());
        spoil(&mut model);
        assert!(!model.sums_fit(), "{i}");
    }
}

#[test]
fn routes_come_by_delay_then_links_then_position() {
    let links = vec![link(0, 1, 1, 4), link(0, 2, 1, 1), link(2, 1, 1, 3), link(1, 0, 1, 4), link(2, 1, 1, 9)];
    let model = Model { rees: vec![ree(0), ree(0), ree(0), ree(0)], links, ..Model::default() };
    let mut atlas = Atlas::new(&model);
    let routes = atlas.routes(0, 1);
    let found: Vec<(u64, &[usize])> = routes.paths.iter().map(|path| (path.delay, &path.links[..])).collect();
    assert_eq!(found, [(4, &[0][..]), (4, &[3]), (4, &[1, 2]), (10, &[1, 4])]);
    assert!(routes.complete && routes.fewest == 1);
    assert!(atlas.routes(0, 3).paths.is_empty());
}
