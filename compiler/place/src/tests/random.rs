//! The solver against plain enumeration, on random models: the same best value, the same tie rules, the same verdict that
//! nothing fits, conflicts of which nothing can be left out; and every answer passes the checker.

use crate::model::{
    Ask, Bound, Candidate, Constraint, End, Flow, Leaf, Link, Measured, Model, Objective, Passage, Ree, Resource, Rule,
    Way, Wire,
};
use crate::{Answer, Exhaustive, Solution, Solver, check};
use rdcl_hir::Comparison;
use std::collections::BTreeSet;

/// Models that are too much for enumeration are made anew.
const MOST_TRIES: usize = 5_000;

#[test]
fn the_solver_agrees_with_enumeration() {
    let (mut solved, mut infeasible) = (0, 0);
    for seed in 0..600 {
        let model = small_model(seed);
        match (Exhaustive::default().solve(&model), enumerated(&model)) {
            (Answer::Best(found), Some(best)) => {
                solved += 1;
                assert_eq!(check(&model, &found), Vec::<String>::new(), "seed {seed}: {model:#?} {found:?}");
                assert_eq!(rank(&model, &found), best, "seed {seed}: {model:#?} {found:?}");
                assert_eq!(found.value, found.bound, "seed {seed}");
            }
            (Answer::Infeasible(conflict), None) => {
                infeasible += 1;
                assert_conflict(&model, &conflict.constraints, seed);
            }
            (found, best) => panic!("seed {seed}: {found:?} is not {best:?} {model:#?}"),
        }
    }
    assert!(solved > 150 && infeasible > 100, "{solved} solved, {infeasible} infeasible");
}

/// The constraints of a conflict cannot hold together, and any of them can be left out.
fn assert_conflict(model: &Model, conflict: &[Constraint], seed: u64) {
    let others: Vec<Constraint> = model.constraints().into_iter().filter(|c| !conflict.contains(c)).collect();
    assert_eq!(enumerated(&model.without(&others)), None, "seed {seed}: {conflict:?} {model:#?}");
    for constraint in conflict {
        let fewer = [&others[..], &[*constraint]].concat();
        let found = enumerated(&model.without(&fewer));
        assert!(found.is_some(), "seed {seed}: {constraint:?} of {conflict:?} is not needed {model:#?}");
    }
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let mut caught = BTreeSet::new();
    for seed in 0..600 {
        let model = small_model(seed);
        let Answer::Best(found) = Exhaustive::default().solve(&model) else { continue };
        for (i, spoilt) in spoilt(&model, &found).into_iter().enumerate() {
            assert_ne!(check(&model, &spoilt), Vec::<String>::new(), "seed {seed}: {spoilt:?}");
            caught.insert(i);
        }
    }
    assert_eq!(caught.len(), 4, "each kind of fault is tried");
}

/// The solution with faults of four kinds, as far as it can have them.
fn spoilt(model: &Model, solution: &Solution) -> Vec<Solution> {
    let mut lower = solution.clone();
    lower.value += 1;
    let mut bolder = solution.clone();
    bolder.bound += 1;
    let mut longer = solution.clone();
    longer.routes.iter_mut().for_each(|route| route.push(model.links.len()));
    let mut elsewhere = solution.clone();
    elsewhere.choice.push(0);
    vec![lower, bolder, longer, elsewhere]
}

/// Value, wishes not met, execution environments, crossings, choice.
type Rank = (u64, usize, usize, usize, Vec<usize>);

/// The best rank of all solutions, by looking at every one.
fn enumerated(model: &Model) -> Option<Rank> {
    let mut best: Option<Rank> = None;
    for choice in choices(model) {
        for routes in routings(model, &choice) {
            let mut solution = Solution { choice: choice.clone(), routes, value: 0, bound: 0 };
            solution.value = value(model, &solution);
            if check(model, &solution).is_empty() {
                let rank = rank(model, &solution);
                best = Some(best.map_or(rank.clone(), |best| best.min(rank)));
            }
        }
    }
    best
}

/// The value that the checker wants to see.
fn value(model: &Model, solution: &Solution) -> u64 {
    let complaint = check(model, &Solution { value: u64::MAX, bound: 0, ..solution.clone() });
    let said = complaint.iter().find_map(|c| c.strip_prefix("the value is ")?.split(',').next()?.parse().ok());
    said.unwrap_or(0)
}

fn rank(model: &Model, solution: &Solution) -> Rank {
    let ree = |end: End| ree_of(model, &solution.choice, end);
    let apart = |wire: &&Wire| matches!((ree(wire.a), ree(wire.b)), (Some(a), Some(b)) if a != b);
    let rees: BTreeSet<Option<usize>> = (0..model.leaves.len()).map(|leaf| ree(End::Leaf(leaf))).collect();
    let wishes = (0..model.rules.len()).filter(|rule| model.rules[*rule].is_wish);
    let unmet = wishes.filter(|wish| {
        let mut asked = Model { bounds: Vec::new(), ..model.clone() };
        asked.rules = vec![Rule { is_wish: false, ..model.rules[*wish].clone() }];
        check(&asked, solution).contains(&"rule 0 is not kept".into())
    });
    (solution.value, unmet.count(), rees.len(), model.wires.iter().filter(apart).count(), solution.choice.clone())
}

fn ree_of(model: &Model, choice: &[usize], end: End) -> Option<usize> {
    match end {
        End::Leaf(leaf) => Some(model.leaves[leaf].candidates[choice[leaf]].ree),
        End::Outside(port) => model.outsides[port],
    }
}

fn choices(model: &Model) -> Vec<Vec<usize>> {
    let all = model.leaves.iter().map(|leaf| (0..leaf.candidates.len()).collect());
    product(all.collect())
}

fn routings(model: &Model, choice: &[usize]) -> Vec<Vec<Vec<usize>>> {
    let of = |wire: &Wire| match (ree_of(model, choice, wire.a), ree_of(model, choice, wire.b)) {
        (Some(a), Some(b)) if outermost(model, a) != outermost(model, b) => {
            let (mut paths, b) = (Vec::new(), outermost(model, b));
            walk(model, &mut vec![outermost(model, a)], &mut Vec::new(), b, &mut paths);
            if model.joined && paths.is_empty() { vec![Vec::new()] } else { paths }
        }
        _ => vec![Vec::new()],
    };
    product(model.wires.iter().map(of).collect())
}

fn walk(model: &Model, seen: &mut Vec<usize>, links: &mut Vec<usize>, to: usize, paths: &mut Vec<Vec<usize>>) {
    let at = seen[seen.len() - 1];
    if at == to {
        return paths.push(links.clone());
    }
    for (i, link) in model.links.iter().enumerate() {
        let (one, other) = (outermost(model, link.a), outermost(model, link.b));
        let next = if one == at { other } else { one };
        if (one != at && other != at) || seen.contains(&next) {
            continue;
        }
        seen.push(next);
        links.push(i);
        walk(model, seen, links, to, paths);
        links.pop();
        seen.pop();
    }
}

fn outermost(model: &Model, ree: usize) -> usize {
    model.rees[ree].host.map_or(ree, |host| outermost(model, host))
}

fn product<T: Clone>(options: Vec<Vec<T>>) -> Vec<Vec<T>> {
    options.into_iter().fold(vec![Vec::new()], |found, options| {
        let longer = |chosen: &Vec<T>| {
            options.iter().map(|o| [&chosen[..], std::slice::from_ref(o)].concat()).collect::<Vec<_>>()
        };
        found.iter().flat_map(longer).collect()
    })
}

/// A random model that enumeration can cope with.
fn small_model(seed: u64) -> Model {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    loop {
        let model = random.model();
        let tries: usize = choices(&model)
            .iter()
            .take(MOST_TRIES)
            .map(|choice| {
                let crossing = routings(&model, choice);
                crossing.len().max(1)
            })
            .sum();
        if tries < MOST_TRIES {
            return model;
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % n
    }

    fn index(&mut self, n: usize) -> usize {
        self.below(n as u64) as usize
    }

    fn maybe(&mut self, most: u64) -> Option<u64> {
        (self.below(2) == 0).then(|| self.below(most))
    }

    fn model(&mut self) -> Model {
        let (rees, leaves) = (1 + self.index(4), 1 + self.index(5));
        let mut model = Model {
            rees: (0..rees).map(|i| self.ree(i)).collect(),
            links: Vec::new(),
            leaves: (0..leaves).map(|_| self.leaf(rees)).collect(),
            outsides: (0..2).map(|_| (self.below(3) > 0).then(|| self.index(rees))).collect(),
            ..Model::default()
        };
        if rees > 1 {
            model.links = (0..self.index(6)).map(|_| self.link(rees)).collect();
        }
        model.wires = self.chain(leaves);
        model.flows = (0..1 + self.index(2)).map(|_| self.flow(leaves, model.wires.len())).collect();
        model.bounds = (0..self.index(4)).map(|_| self.bound(model.flows.len())).collect();
        model.objective = self.objective(&model);
        model.rules = (0..self.index(3)).map(|_| self.rule(rees, leaves)).collect();
        model
    }

    fn rule(&mut self, rees: usize, leaves: usize) -> Rule {
        let few = |random: &mut Random| (0..leaves).filter(|_| random.below(2) == 0).collect::<Vec<usize>>();
        let ask = match self.below(3) {
            0 => Ask::Together(few(self)),
            1 => Ask::Somewhere(few(self)),
            _ => {
                let one = few(self);
                let rest: Vec<usize> = (0..leaves).filter(|leaf| !one.contains(leaf)).collect();
                let (other, third) = rest.split_at(self.index(rest.len() + 1));
                Ask::Apart(vec![one, other.to_vec(), third.to_vec()])
            }
        };
        let areas = (0..rees).map(|ree| match self.below(4) {
            0 => None,
            1 => Some(0),
            _ => Some(ree),
        });
        Rule { ask, areas: areas.collect(), is_wish: self.below(3) == 0 }
    }

    /// Perhaps one that runs in one before it.
    fn ree(&mut self, i: usize) -> Ree {
        let offers = [self.maybe(12), self.maybe(12), None];
        let (availability, cost) = (9_000 + self.below(1_001), self.below(5));
        let host = (i > 0 && self.below(3) == 0).then(|| self.index(i));
        Ree { offers, availability, cost, packet_rate: self.rarely(6), host }
    }

    fn leaf(&mut self, rees: usize) -> Leaf {
        let mut candidates: Vec<Candidate> = (0..1 + self.index(3))
            .map(|i| Candidate {
                ree: self.index(rees),
                implementation: Some(i),
                needs: [self.below(6), self.below(6), 0],
                delay: self.below(4),
                passage: self.passage(),
            })
            .collect();
        candidates.sort_by_key(|c| c.ree);
        let pin = (self.below(8) == 0).then(|| candidates[0].ree);
        Leaf { candidates, pin }
    }

    fn link(&mut self, rees: usize) -> Link {
        let a = self.index(rees);
        let b = (a + 1 + self.index(rees - 1)) % rees;
        let (bandwidth, delay) = (self.maybe(10), self.below(5));
        let (availability, cost) = (9_500 + self.below(501), self.below(4));
        Link { a, b, bandwidth, delay, availability, cost, passage: self.passage() }
    }

    /// From one boundary port through all leaves to the other, and perhaps a wire across.
    fn chain(&mut self, leaves: usize) -> Vec<Wire> {
        let ends: Vec<End> =
            [End::Outside(0)].into_iter().chain((0..leaves).map(End::Leaf)).chain([End::Outside(1)]).collect();
        let mut wires: Vec<Wire> = ends.windows(2).map(|pair| self.wire(pair[0], pair[1])).collect();
        if leaves > 2 && self.below(2) == 0 {
            wires.push(self.wire(End::Leaf(0), End::Leaf(leaves - 1)));
        }
        wires
    }

    fn wire(&mut self, a: End, b: End) -> Wire {
        let passages = (0..self.below(3)).map(|_| self.passage()).collect();
        Wire { a, b, reserved: self.below(5), delay: self.below(2), passages }
    }

    fn passage(&mut self) -> Passage {
        Passage { packet_rate: self.rarely(6), loss: if self.below(3) == 0 { self.below(400) } else { 0 } }
    }

    fn rarely(&mut self, most: u64) -> Option<u64> {
        (self.below(4) == 0).then(|| self.below(most))
    }

    /// All along the chain, or a few of it.
    fn flow(&mut self, leaves: usize, wires: usize) -> Flow {
        let long = Way { leaves: (0..leaves).collect(), wires: (0..=leaves).collect() };
        let few = |random: &mut Random, n: usize| (0..n).filter(|_| random.below(2) == 0).collect();
        let other = Way { leaves: few(self, leaves), wires: few(self, wires) };
        Flow { from: 0, to: 1, ways: if self.below(2) == 0 { vec![long] } else { vec![long, other] } }
    }

    fn bound(&mut self, flows: usize) -> Bound {
        let flow = self.index(flows);
        let (measured, most) = match self.below(6) {
            0 | 1 => (Measured::Delay(flow), 20),
            2 => (Measured::Bandwidth(flow), 8),
            3 => (Measured::PacketRate(flow), 6),
            4 => (Measured::Loss(flow), 900),
            _ => (Measured::Availability((self.below(2) == 0).then_some(flow)), 0),
        };
        let limit = if most == 0 { 7_000 + self.below(3_001) } else { self.below(most) };
        let at_most = matches!(measured, Measured::Delay(_) | Measured::Loss(_));
        let usual = if at_most { Comparison::AtMost } else { Comparison::AtLeast };
        let all = [Comparison::Less, Comparison::AtMost, Comparison::Exactly, Comparison::AtLeast, Comparison::More];
        let op = if self.below(3) > 0 { usual } else { all[self.index(5)] };
        Bound { measured, op, limit }
    }

    fn objective(&mut self, model: &Model) -> Objective {
        match self.below(7) {
            0 => Objective::Need(Resource::Cpu),
            1 => Objective::Need(Resource::Memory),
            2 => Objective::Bandwidth,
            3 => Objective::Delay((0..model.flows.len()).collect()),
            4 => Objective::Load(self.index(model.rees.len()), Resource::Cpu),
            5 if !model.links.is_empty() => Objective::Carried(self.index(model.links.len())),
            _ => Objective::Cost,
        }
    }
}
