//! A solution in the making: what is placed and routed so far, and what that comes to at the least.
//!
//! What is open counts as little as it can, so every amount here is a lower limit, and exact once all is settled.

use crate::availability::Ratio;
use crate::model::{Ask, Bound, Candidate, End, Measured, Model, Objective, Passage, Resource, Rule, WHOLE, Way};
use rdcl_hir::Comparison;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What a wire between settled ends adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The delay of the links it goes over.
    pub delay: u64,
    /// Their number.
    pub links: u64,
}

/// A solution in the making.
#[derive(Clone, Debug)]
pub struct Partial<'m> {
    /// The problem.
    pub model: &'m Model,
    /// What each wire has to carry.
    pub demands: Vec<u64>,
    /// For each leaf the position of its candidate, if it is placed.
    pub choice: Vec<Option<usize>>,
    /// For each wire the links it goes over; none before it is routed, and within one execution environment.
    pub routes: Vec<Vec<usize>>,
    /// For each wire what it adds at least.
    stretches: Vec<Stretch>,
    /// For each leaf the least that any of its candidates needs and adds.
    floors: Vec<Floor>,
    hosted: Vec<usize>,
    loads: Vec<[u64; 3]>,
    wires_over: Vec<usize>,
    carried: Vec<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Floor {
    needs: [u64; 3],
    delay: u64,
}

impl<'m> Partial<'m> {
    /// With nothing placed.
    pub fn new(model: &'m Model) -> Partial<'m> {
        Partial {
            model,
            demands: model.demands(),
            choice: vec![None; model.leaves.len()],
            routes: vec![Vec::new(); model.wires.len()],
            stretches: vec![Stretch::default(); model.wires.len()],
            floors: model.leaves.iter().map(|leaf| floor(leaf.admitted().map(|(_, c)| c))).collect(),
            hosted: vec![0; model.rees.len()],
            loads: vec![[0; 3]; model.rees.len()],
            wires_over: vec![0; model.links.len()],
            carried: vec![0; model.links.len()],
        }
    }

    /// Whether there is room for a candidate.
    pub fn has_room(&self, candidate: &Candidate) -> bool {
        self.model.hosts(candidate.ree).all(|ree| {
            let (loads, offers) = (&self.loads[ree], &self.model.rees[ree].offers);
            let fits = |i: usize| offers[i].is_none_or(|offer| loads[i].saturating_add(candidate.needs[i]) <= offer);
            (0..Resource::ALL.len()).all(fits)
        })
    }

    /// Places a leaf.
    pub fn place(&mut self, leaf: usize, position: usize) {
        let candidate = &self.model.leaves[leaf].candidates[position];
        self.choice[leaf] = Some(position);
        self.hosted[candidate.ree] += 1;
        for ree in self.model.hosts(candidate.ree) {
            for (load, need) in self.loads[ree].iter_mut().zip(candidate.needs) {
                *load = load.saturating_add(need);
            }
        }
    }

    /// Takes it away again.
    pub fn unplace(&mut self, leaf: usize) {
        let Some(position) = self.choice[leaf].take() else { return };
        let ree = self.model.leaves[leaf].candidates[position].ree;
        self.hosted[ree] -= 1;
        // Not by subtraction: a sum that had reached the greatest number would come out wrong.
        for host in self.model.hosts(ree) {
            let within = |c: &&Candidate| self.model.hosts(c.ree).any(|at| at == host);
            let needs = self.placed().filter(within).map(|c| c.needs);
            let sum = |a: [u64; 3], b: [u64; 3]| [0, 1, 2].map(|i: usize| a[i].saturating_add(b[i]));
            self.loads[host] = needs.fold([0; 3], sum);
        }
    }

    /// The candidate of a leaf that is placed.
    pub fn candidate(&self, leaf: usize) -> Option<&'m Candidate> {
        self.choice[leaf].map(|position| &self.model.leaves[leaf].candidates[position])
    }

    fn placed(&self) -> impl Iterator<Item = &'m Candidate> + '_ {
        (0..self.choice.len()).filter_map(|leaf| self.candidate(leaf))
    }

    /// Where an end is, as far as is known.
    pub fn ree_of(&self, end: End) -> Option<usize> {
        match end {
            End::Leaf(leaf) => self.candidate(leaf).map(|c| c.ree),
            End::Outside(port) => self.model.outsides[port],
        }
    }

    /// Where a wire leads from and to, if those are known to be two execution environments that run in none together.
    pub fn passage(&self, wire: usize) -> Option<(usize, usize)> {
        let (a, b) = self.crossing(wire)?;
        let (a, b) = (self.model.site(a), self.model.site(b));
        (a != b).then_some((a, b))
    }

    /// Where a wire leads from and to, if those are known to be two execution environments.
    fn crossing(&self, wire: usize) -> Option<(usize, usize)> {
        let wire = &self.model.wires[wire];
        let (a, b) = (self.ree_of(wire.a)?, self.ree_of(wire.b)?);
        (a != b).then_some((a, b))
    }

    /// The number of wires between different execution environments.
    pub fn crossings(&self) -> usize {
        (0..self.model.wires.len()).filter(|wire| self.crossing(*wire).is_some()).count()
    }

    /// The number of execution environments that host something.
    pub fn rees_used(&self) -> usize {
        self.hosted.iter().filter(|hosted| **hosted > 0).count()
    }

    /// Says what a wire adds at least.
    pub fn stretch(&mut self, wire: usize, stretch: Stretch) {
        self.stretches[wire] = stretch;
    }

    /// Whether a wire can go over these links.
    pub fn can_carry(&self, wire: usize, links: &[usize]) -> bool {
        let room = |link: &usize| {
            let total = self.carried[*link].saturating_add(self.demands[wire]);
            self.model.links[*link].bandwidth.is_none_or(|bandwidth| total <= bandwidth)
        };
        links.iter().all(room)
    }

    /// Leads a wire over links.
    pub fn route(&mut self, wire: usize, links: &[usize], delay: u64) {
        self.routes[wire] = links.to_vec();
        self.stretches[wire] = Stretch { delay, links: links.len() as u64 };
        for link in links {
            self.wires_over[*link] += 1;
            self.carried[*link] = self.carried[*link].saturating_add(self.demands[wire]);
        }
    }

    /// Leads it nowhere again.
    pub fn unroute(&mut self, wire: usize, stretch: Stretch) {
        self.stretches[wire] = stretch;
        for link in std::mem::take(&mut self.routes[wire]) {
            self.wires_over[link] -= 1;
            let over = (0..self.routes.len()).filter(|other| self.routes[*other].contains(&link));
            self.carried[link] = over.fold(0, |sum, other| sum.saturating_add(self.demands[other]));
        }
    }

    /// What the objective comes to at least.
    pub fn value(&self) -> u64 {
        match &self.model.objective {
            Objective::Need(resource) => total((0..self.choice.len()).map(|leaf| self.need(leaf, *resource))),
            Objective::Bandwidth => {
                total(self.stretches.iter().zip(&self.demands).map(|(s, demand)| s.links.saturating_mul(*demand)))
            }
            Objective::Delay(flows) => total(flows.iter().map(|flow| self.delay(*flow))),
            Objective::Cost => self.cost(),
            Objective::Load(ree, resource) => self.loads[*ree][*resource as usize],
            Objective::Carried(link) => self.carried[*link],
        }
    }

    fn need(&self, leaf: usize, resource: Resource) -> u64 {
        self.candidate(leaf).map_or(self.floors[leaf].needs, |c| c.needs)[resource as usize]
    }

    fn cost(&self) -> u64 {
        let hosting = (0..self.hosted.len()).filter(|ree| self.hosted[*ree] > 0);
        let used: BTreeSet<usize> = hosting.flat_map(|ree| self.model.hosts(ree)).collect();
        let rees = used.into_iter().map(|ree| self.model.rees[ree].cost);
        let links = self.model.links.iter().zip(&self.wires_over).filter(|(_, wires)| **wires > 0).map(|(l, _)| l.cost);
        total(rees.chain(links))
    }

    /// The delay of a flow, at least.
    pub fn delay(&self, flow: usize) -> u64 {
        self.model.flows[flow].ways.iter().map(|way| self.way_delay(way)).max().unwrap_or(0)
    }

    fn way_delay(&self, way: &Way) -> u64 {
        let leaf = |leaf: &usize| self.candidate(*leaf).map_or(self.floors[*leaf].delay, |c| c.delay);
        let wire = |wire: &usize| self.model.wires[*wire].delay.saturating_add(self.stretches[*wire].delay);
        total(way.leaves.iter().map(leaf).chain(way.wires.iter().map(wire)))
    }

    /// The bandwidth of a flow.
    pub fn bandwidth(&self, flow: usize) -> u64 {
        let wires = self.model.flows[flow].ways.iter().flat_map(|way| &way.wires);
        wires.map(|wire| self.demands[*wire]).min().unwrap_or(0)
    }

    /// The availability of a flow, or of all, as settled so far.
    pub fn availability(&self, flow: Option<usize>) -> Ratio {
        let Some(flow) = flow else {
            return self.share((0..self.choice.len()).collect(), (0..self.routes.len()).collect());
        };
        let ways = self.model.flows[flow].ways.iter().map(|way| self.share(way.leaves.clone(), way.wires.clone()));
        ways.min().unwrap_or_default()
    }

    fn share(&self, leaves: Vec<usize>, wires: Vec<usize>) -> Ratio {
        let rees = leaves.into_iter().filter_map(|leaf| Some(self.candidate(leaf)?.ree));
        let rees: BTreeSet<usize> = rees.flat_map(|ree| self.model.hosts(ree)).collect();
        let links: BTreeSet<usize> = wires.into_iter().flat_map(|wire| self.routes[wire].iter().copied()).collect();
        let rees = rees.into_iter().map(|ree| self.model.rees[ree].availability);
        Ratio::product(rees.chain(links.into_iter().map(|link| self.model.links[link].availability)))
    }

    /// What is passed on a way, as far as it is settled, as often as it is passed.
    fn passages<'a>(&'a self, way: &'a Way) -> impl Iterator<Item = Passage> + 'a {
        let leaves = way.leaves.iter().filter_map(|leaf| Some(self.candidate(*leaf)?.passage));
        let wires = way.wires.iter().flat_map(|wire| self.model.wires[*wire].passages.iter().copied());
        let links = way.wires.iter().flat_map(|wire| &self.routes[*wire]).map(|link| self.model.links[*link].passage);
        leaves.chain(wires).chain(links)
    }

    /// The packet rate of a flow, at most; the greatest number there is where nothing limits it.
    pub fn packet_rate(&self, flow: usize) -> u64 {
        let hosts = |way: &Way| {
            let rees = way.leaves.iter().filter_map(|leaf| Some(self.candidate(*leaf)?.ree));
            rees.flat_map(|ree| self.model.hosts(ree)).filter_map(|ree| self.model.rees[ree].packet_rate).min()
        };
        let ways = self.model.flows[flow].ways.iter();
        let least = ways.filter_map(|way| self.passages(way).filter_map(|p| p.packet_rate).chain(hosts(way)).min());
        least.min().unwrap_or(u64::MAX)
    }

    /// The share of a flow's packets that get through, at most: that of its worst way.
    pub fn delivered(&self, flow: usize) -> Ratio {
        let ways = self.model.flows[flow].ways.iter();
        let share = |way| Ratio::product(self.passages(way).map(|p| WHOLE.saturating_sub(p.loss)));
        ways.map(share).min().unwrap_or_default()
    }

    /// How the loss of a flow, as far as it is settled, compares with a limit.
    fn loss_against(&self, flow: usize, limit: u64) -> Ordering {
        match WHOLE.checked_sub(limit) {
            Some(rest) => Ratio::of(rest).cmp(&self.delivered(flow)),
            None => Ordering::Less,
        }
    }

    /// Whether a rule is broken by what is placed.
    fn breaks(&self, rule: &Rule) -> bool {
        let area = |leaf: &usize| self.candidate(*leaf).map(|c| rule.areas[c.ree]);
        match &rule.ask {
            Ask::Somewhere(leaves) => leaves.iter().filter_map(area).any(|area| area.is_none()),
            Ask::Together(leaves) => {
                let mut placed = leaves.iter().filter_map(area);
                let first = placed.next();
                placed.any(|area| area.is_none() || Some(area) != first)
            }
            Ask::Apart(groups) => {
                let areas: Vec<BTreeSet<Option<usize>>> =
                    groups.iter().map(|leaves| leaves.iter().filter_map(area).collect()).collect();
                let meet = |i: usize, a: &Option<usize>| areas[i + 1..].iter().any(|other| other.contains(a));
                let unknown = areas.iter().any(|areas| areas.contains(&None));
                unknown || areas.iter().enumerate().any(|(i, areas)| areas.iter().any(|a| meet(i, a)))
            }
        }
    }

    /// How many wishes are not met already.
    pub fn broken_wishes(&self) -> usize {
        self.model.rules.iter().filter(|rule| rule.is_wish && self.breaks(rule)).count()
    }

    /// Whether no rule and no bound is broken already that no settling of what is open can mend: delays and losses only grow,
    /// availabilities and packet rates only fall.
    pub fn is_hopeful(&self) -> bool {
        let kept = self.model.rules.iter().all(|rule| rule.is_wish || !self.breaks(rule));
        kept && self.model.bounds.iter().all(|bound| match (bound.measured, bound.op) {
            (Measured::Delay(flow), Comparison::Less) => self.delay(flow) < bound.limit,
            (Measured::Delay(flow), Comparison::AtMost | Comparison::Exactly) => self.delay(flow) <= bound.limit,
            (Measured::Delay(_), Comparison::AtLeast | Comparison::More) => true,
            (Measured::Bandwidth(_), _) => self.holds(bound),
            (Measured::Availability(_), Comparison::Less | Comparison::AtMost) => true,
            (Measured::Availability(_), Comparison::More) => self.holds(bound),
            (Measured::Availability(flow), Comparison::AtLeast | Comparison::Exactly) => {
                self.availability(flow) >= Ratio::of(bound.limit)
            }
            (Measured::PacketRate(_), Comparison::Less | Comparison::AtMost) => true,
            (Measured::PacketRate(_), Comparison::More) => self.holds(bound),
            (Measured::PacketRate(flow), Comparison::AtLeast | Comparison::Exactly) => {
                self.packet_rate(flow) >= bound.limit
            }
            (Measured::Loss(_), Comparison::AtLeast | Comparison::More) => true,
            (Measured::Loss(_), Comparison::Less) => self.holds(bound),
            (Measured::Loss(flow), Comparison::AtMost | Comparison::Exactly) => {
                self.loss_against(flow, bound.limit).is_le()
            }
        })
    }

    /// Whether a bound holds, when all is settled.
    pub fn holds(&self, bound: &Bound) -> bool {
        bound.op.admits(match bound.measured {
            Measured::Delay(flow) => self.delay(flow).cmp(&bound.limit),
            Measured::Bandwidth(flow) => self.bandwidth(flow).cmp(&bound.limit),
            Measured::Availability(flow) => self.availability(flow).cmp(&Ratio::of(bound.limit)),
            Measured::PacketRate(flow) => self.packet_rate(flow).cmp(&bound.limit),
            Measured::Loss(flow) => self.loss_against(flow, bound.limit),
        })
    }
}

fn floor<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> Floor {
    let least = |a: Floor, b: Floor| Floor {
        needs: [0, 1, 2].map(|i: usize| a.needs[i].min(b.needs[i])),
        delay: a.delay.min(b.delay),
    };
    candidates.map(|c| Floor { needs: c.needs, delay: c.delay }).reduce(least).unwrap_or_default()
}

/// The sum, or the greatest number there is.
fn total(amounts: impl Iterator<Item = u64>) -> u64 {
    amounts.fold(0, u64::saturating_add)
}
