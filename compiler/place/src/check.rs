//! Holds a solution against its model, on its own terms: nothing here is shared with what finds solutions.

use crate::model::{Ask, Bound, Candidate, End, Measured, Model, Objective, Resource, WHOLE};
use crate::solver::Solution;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a solution, a sentence each; empty if it is one.
pub fn check(model: &Model, solution: &Solution) -> Vec<String> {
    let mut faults = shape(model, solution);
    if faults.is_empty() {
        let view = View { model, solution };
        faults.extend(view.capacities());
        faults.extend(view.routes());
        faults.extend(view.bandwidths());
        faults.extend(view.bounds());
        faults.extend(view.rules());
        faults.extend(view.value());
    }
    faults
}

/// Whether every position is there and every pin kept; what follows may then index freely.
fn shape(model: &Model, solution: &Solution) -> Vec<String> {
    if solution.choice.len() != model.leaves.len() || solution.routes.len() != model.wires.len() {
        return vec!["not everything is placed and routed".into()];
    }
    let mut faults = Vec::new();
    for (i, (leaf, choice)) in model.leaves.iter().zip(&solution.choice).enumerate() {
        match leaf.candidates.get(*choice) {
            None => faults.push(format!("leaf {i} has no candidate {choice}")),
            Some(candidate) if leaf.pin.is_some_and(|pin| pin != candidate.ree) => {
                faults.push(format!("leaf {i} is not where it is pinned"));
            }
            Some(_) => {}
        }
    }
    let links = solution.routes.iter().flatten();
    faults.extend(links.filter(|l| **l >= model.links.len()).map(|l| format!("there is no link {l}")));
    faults
}

struct View<'a> {
    model: &'a Model,
    solution: &'a Solution,
}

impl View<'_> {
    fn candidate(&self, leaf: usize) -> &Candidate {
        &self.model.leaves[leaf].candidates[self.solution.choice[leaf]]
    }

    fn capacities(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (i, ree) in self.model.rees.iter().enumerate() {
            for resource in Resource::ALL {
                let needed = self.load(i, resource);
                if ree.offers[resource as usize].is_some_and(|offer| needed > u128::from(offer)) {
                    faults.push(format!("{needed} of {} are needed on {i}", resource.name()));
                }
            }
        }
        faults
    }

    fn load(&self, ree: usize, resource: Resource) -> u128 {
        let all = (0..self.model.leaves.len()).map(|leaf| self.candidate(leaf));
        let here = all.filter(|c| self.enclosing(c.ree).contains(&ree));
        here.map(|c| u128::from(c.needs[resource as usize])).sum()
    }

    /// An execution environment and all that it runs in, the outermost last.
    fn enclosing(&self, ree: usize) -> Vec<usize> {
        let mut found = vec![ree];
        while let Some(host) = self.model.rees[found[found.len() - 1]].host {
            found.push(host);
        }
        found
    }

    fn outermost(&self, ree: usize) -> usize {
        let enclosing = self.enclosing(ree);
        enclosing[enclosing.len() - 1]
    }

    fn ree_of(&self, end: End) -> Option<usize> {
        match end {
            End::Leaf(leaf) => Some(self.candidate(leaf).ree),
            End::Outside(port) => self.model.outsides[port],
        }
    }

    /// Every route is a path of links between where its ends are.
    fn routes(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (i, (wire, route)) in self.model.wires.iter().zip(&self.solution.routes).enumerate() {
            let (a, b) = (self.ree_of(wire.a), self.ree_of(wire.b));
            let (Some(a), Some(b)) = (a, b) else {
                faults.extend((!route.is_empty()).then(|| format!("wire {i} goes over links without an end to go to")));
                continue;
            };
            if self.model.joined && route.is_empty() {
                continue;
            }
            let (a, b) = (self.outermost(a), self.outermost(b));
            let mut visited = vec![a];
            for link in route {
                let link = &self.model.links[*link];
                let (one, other) = (self.outermost(link.a), self.outermost(link.b));
                let at = visited[visited.len() - 1];
                visited.push(if one == at { other } else { one });
                if one != at && other != at {
                    faults.push(format!("the route of wire {i} is broken"));
                }
            }
            if visited[visited.len() - 1] != b {
                faults.push(format!("the route of wire {i} does not arrive"));
            }
            if BTreeSet::from_iter(&visited).len() != visited.len() {
                faults.push(format!("the route of wire {i} comes by somewhere twice"));
            }
        }
        faults
    }

    /// What a wire has to carry.
    fn demand(&self, wire: usize) -> u64 {
        let is_on = |flow: usize| self.model.flows[flow].ways.iter().any(|way| way.wires.contains(&wire));
        let asked = self.model.bounds.iter().filter_map(|bound| match bound.measured {
            Measured::Bandwidth(flow) if is_on(flow) => Some(match bound.op.symbol() {
                ">=" | "==" => bound.limit,
                ">" => bound.limit.saturating_add(1),
                _ => 0,
            }),
            Measured::Bandwidth(_)
            | Measured::Delay(_)
            | Measured::Availability(_)
            | Measured::PacketRate(_)
            | Measured::Loss(_) => None,
        });
        asked.chain([self.model.wires[wire].reserved]).max().unwrap_or(0)
    }

    fn carried(&self) -> BTreeMap<usize, u128> {
        let mut carried = BTreeMap::new();
        for (wire, route) in self.solution.routes.iter().enumerate() {
            for link in route {
                *carried.entry(*link).or_default() += u128::from(self.demand(wire));
            }
        }
        carried
    }

    fn bandwidths(&self) -> Vec<String> {
        let carried = self.carried().into_iter();
        let over =
            carried.filter(|(l, sum)| self.model.links[*l].bandwidth.is_some_and(|most| *sum > u128::from(most)));
        over.map(|(link, sum)| format!("{sum} bit/s go over link {link}")).collect()
    }

    /// Looks at every two leaves.
    fn rules(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (i, rule) in self.model.rules.iter().enumerate().filter(|(_, rule)| !rule.is_wish) {
            let area = |leaf: usize| rule.areas[self.candidate(leaf).ree];
            let kept = match &rule.ask {
                Ask::Somewhere(leaves) => leaves.iter().all(|leaf| area(*leaf).is_some()),
                Ask::Together(leaves) => {
                    let same = |a: usize, b: usize| a == b || (area(a).is_some() && area(a) == area(b));
                    leaves.iter().all(|a| leaves.iter().all(|b| same(*a, *b)))
                }
                Ask::Apart(groups) => {
                    let of = |leaf: usize| groups.iter().position(|group| group.contains(&leaf));
                    let all: Vec<usize> = groups.concat();
                    let fine = |a: usize, b: usize| of(a) == of(b) || area(a) != area(b);
                    all.iter().all(|a| area(*a).is_some() && all.iter().all(|b| fine(*a, *b)))
                }
            };
            if !kept {
                faults.push(format!("rule {i} is not kept"));
            }
        }
        faults
    }

    fn bounds(&self) -> Vec<String> {
        let broken = self.model.bounds.iter().filter(|bound| !self.holds(bound));
        broken.map(|bound| format!("{bound:?} does not hold")).collect()
    }

    fn holds(&self, bound: &Bound) -> bool {
        let limit = u128::from(bound.limit);
        bound.op.admits(match bound.measured {
            Measured::Delay(flow) => self.delay(flow).cmp(&limit),
            Measured::Bandwidth(flow) => self.bandwidth(flow).cmp(&limit),
            Measured::Availability(flow) => self.availability(flow, bound.limit),
            Measured::PacketRate(flow) => self.packet_rate(flow).cmp(&bound.limit),
            Measured::Loss(flow) => self.loss(flow, bound.limit),
        })
    }

    fn packet_rate(&self, flow: usize) -> u64 {
        let mut least = u64::MAX;
        let mut limit = |rate: Option<u64>| least = least.min(rate.unwrap_or(u64::MAX));
        for way in &self.model.flows[flow].ways {
            for leaf in &way.leaves {
                limit(self.candidate(*leaf).passage.packet_rate);
                let hosts = self.enclosing(self.candidate(*leaf).ree);
                hosts.into_iter().for_each(|ree| limit(self.model.rees[ree].packet_rate));
            }
            for wire in &way.wires {
                self.model.wires[*wire].passages.iter().for_each(|passage| limit(passage.packet_rate));
                self.solution.routes[*wire].iter().for_each(|link| limit(self.model.links[*link].passage.packet_rate));
            }
        }
        least
    }

    /// How the greatest loss compares with a limit: what gets through compares the other way round.
    fn loss(&self, flow: usize, limit: u64) -> Ordering {
        if limit > WHOLE {
            return Ordering::Less;
        }
        let ways = self.model.flows[flow].ways.iter().map(|way| {
            let leaves = way.leaves.iter().map(|leaf| self.candidate(*leaf).passage.loss);
            let wires = way.wires.iter().flat_map(|wire| &self.model.wires[*wire].passages).map(|p| p.loss);
            let links = way.wires.iter().flat_map(|wire| &self.solution.routes[*wire]);
            let links = links.map(|link| self.model.links[*link].passage.loss);
            against(leaves.chain(wires).chain(links).map(|loss| WHOLE.saturating_sub(loss)), WHOLE - limit)
        });
        ways.min().unwrap_or_else(|| WHOLE.cmp(&(WHOLE - limit))).reverse()
    }

    fn delay(&self, flow: usize) -> u128 {
        let over =
            |wire: usize| self.solution.routes[wire].iter().map(|link| u128::from(self.model.links[*link].delay));
        let wire = |wire: &usize| u128::from(self.model.wires[*wire].delay) + over(*wire).sum::<u128>();
        let ways = self.model.flows[flow].ways.iter().map(|way| {
            let leaves = way.leaves.iter().map(|leaf| u128::from(self.candidate(*leaf).delay));
            leaves.sum::<u128>() + way.wires.iter().map(wire).sum::<u128>()
        });
        ways.max().unwrap_or(0)
    }

    fn bandwidth(&self, flow: usize) -> u128 {
        let wires = self.model.flows[flow].ways.iter().flat_map(|way| &way.wires);
        wires.map(|wire| u128::from(self.demand(*wire))).min().unwrap_or(0)
    }

    /// How the least availability compares with a limit.
    fn availability(&self, flow: Option<usize>, limit: u64) -> Ordering {
        let whole = [((0..self.model.leaves.len()).collect(), (0..self.model.wires.len()).collect())];
        let ways: Vec<(Vec<usize>, Vec<usize>)> = match flow {
            None => whole.into(),
            Some(flow) => self.model.flows[flow].ways.iter().map(|w| (w.leaves.clone(), w.wires.clone())).collect(),
        };
        ways.iter().map(|(leaves, wires)| self.share(leaves, wires, limit)).min().unwrap_or(Ordering::Greater)
    }

    fn share(&self, leaves: &[usize], wires: &[usize], limit: u64) -> Ordering {
        let rees = BTreeSet::from_iter(leaves.iter().flat_map(|leaf| self.enclosing(self.candidate(*leaf).ree)));
        let links = BTreeSet::from_iter(wires.iter().flat_map(|wire| self.solution.routes[*wire].iter().copied()));
        let rees = rees.into_iter().map(|ree| self.model.rees[ree].availability);
        let shares = rees.chain(links.into_iter().map(|link| self.model.links[link].availability));
        against(shares, limit)
    }

    fn value(&self) -> Option<String> {
        let model = self.model;
        let all = || (0..model.leaves.len()).map(|leaf| self.candidate(leaf));
        let value: u128 = match &model.objective {
            Objective::Need(resource) => all().map(|c| u128::from(c.needs[*resource as usize])).sum(),
            Objective::Bandwidth => self.carried().values().sum(),
            Objective::Delay(flows) => flows.iter().map(|flow| self.delay(*flow)).sum(),
            Objective::Cost => {
                let rees = BTreeSet::from_iter(all().flat_map(|c| self.enclosing(c.ree)));
                let links = BTreeSet::from_iter(self.solution.routes.iter().flatten());
                let rees: u128 = rees.into_iter().map(|ree| u128::from(model.rees[ree].cost)).sum();
                rees + links.into_iter().map(|link| u128::from(model.links[*link].cost)).sum::<u128>()
            }
            Objective::Load(ree, resource) => self.load(*ree, *resource),
            Objective::Carried(link) => self.carried().get(link).copied().unwrap_or(0),
        };
        let claimed = u128::from(self.solution.value);
        if value != claimed {
            return Some(format!("the value is {value}, not {claimed}"));
        }
        (self.solution.bound > self.solution.value).then(|| "the bound is above the value".into())
    }
}

/// How a product of shares compares with a limit: both over the same power of the whole, in decimal digits.
fn against(shares: impl Iterator<Item = u64>, limit: u64) -> Ordering {
    let (mut product, mut wanted) = (digits(WHOLE), digits(limit));
    for share in shares {
        product = times(&product, share);
        wanted = times(&wanted, WHOLE);
    }
    product.len().cmp(&wanted.len()).then_with(|| product.iter().rev().cmp(wanted.iter().rev()))
}

/// The decimal digits of a number, the last first; none of zero.
fn digits(mut number: u64) -> Vec<u8> {
    let mut digits = Vec::new();
    while number > 0 {
        digits.push((number % 10) as u8);
        number /= 10;
    }
    digits
}

fn times(number: &[u8], by: u64) -> Vec<u8> {
    let (mut product, mut carry) = (Vec::new(), 0u128);
    for digit in number {
        carry += u128::from(*digit) * u128::from(by);
        product.push((carry % 10) as u8);
        carry /= 10;
    }
    while carry > 0 {
        product.push((carry % 10) as u8);
        carry /= 10;
    }
    while product.last() == Some(&0) {
        product.pop();
    }
    product
}
