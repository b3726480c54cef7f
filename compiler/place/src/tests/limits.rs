//! What is too large for the exhaustive solver, and the order of routes.

use super::World;
use crate::model::{Candidate, End, Leaf, Link, Model, Ree, WHOLE, Wire};
use crate::routes::{Atlas, MOST_ROUTES};
use crate::{Answer, Exhaustive, Limit, Solver, check, place_with};
use rdcl_hir::deployments;

fn ree(cost: u64) -> Ree {
    Ree { offers: [None; 3], availability: WHOLE, cost }
}

fn link(a: usize, b: usize, bandwidth: u64, delay: u64) -> Link {
    Link { a, b, bandwidth: Some(bandwidth), delay, availability: WHOLE, cost: 0 }
}

fn candidate(ree: usize) -> Candidate {
    Candidate { ree, implementation: Some(0), needs: [1, 0, 0], delay: 0 }
}

/// A leaf here, the outside there, and these links between.
fn across(links: Vec<Link>) -> Model {
    Model {
        rees: vec![ree(0), ree(0)],
        links,
        leaves: vec![Leaf { candidates: vec![candidate(0)], pin: None }],
        outsides: vec![Some(1)],
        wires: vec![Wire { a: End::Outside(0), b: End::Leaf(0), reserved: 2, delay: 0 }],
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
