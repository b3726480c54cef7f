//! From candidates to verdicts: realise them by a history from empty stores, minimise, replay, and only then call a
//! property violated.

mod fills;
mod obligations;
mod reasons;

use crate::bypass::{has_bypass, way_round};
use crate::claims::{Candidate, Doubt, Findings, candidates, is_satisfiable};
use crate::explore::{Explorer, Facts, Leaf, LeafEnd};
use crate::guard::{Context, Guard};
use crate::history::{MOST_TRIED, Plan, Planner, left_by};
use crate::minimise::{Model, Unfound, least_or_why};
use crate::net::Net;
use crate::replay::{Replay, Shot, replay, shows, witness};
use crate::sym::Var;
use crate::times::one_by_one;
use crate::verdict::{Options, Outcome, Reachability, Verdict, Witness};
use rdcl_core::{BoundaryId, MapId, Network, Outcome as RunOutcome, PartId, Run, Shape};
use rdcl_hir::{Claim, Property};
use reasons::Short;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// The most trials that are replayed for one property.
const MOST_ATTEMPTS: usize = 64;

/// The fewest and the most visits of a replay. A run keeps the trail of every copy, so a packet that multiplies on a
/// cycle must end soon.
const LEAST_FUEL: u64 = 512;
const MOST_FUEL: u64 = 1 << 16;

/// Verifies the properties of one network.
pub struct Prover<'n> {
    net: &'n Net,
    /// The same network with programs and tables, made when a candidate is to be replayed.
    network: &'n dyn Fn() -> Arc<Network>,
    explorer: Explorer<'n>,
    /// By where packets enter, and the waypoints that were looked at.
    leaves: BTreeMap<(BoundaryId, Waypoints), Arc<Vec<Leaf>>>,
    /// Those of the property at hand.
    through: Waypoints,
    pool: Option<Arc<Vec<Leaf>>>,
    /// How many more packets may be tried in histories for the property at hand.
    left: u32,
    /// How many more packets may be sent to fill maps for it.
    packets: u64,
    /// Why ways to bring its candidates about were given up.
    short: BTreeSet<Short>,
}

/// A candidate with a way to bring it about, ready to be ranked.
struct Trial {
    rank: (usize, u32, usize, BoundaryId, usize, Shape),
    guard: Guard,
    plan: Plan,
    facts: Facts,
    from: BoundaryId,
    to: Option<BoundaryId>,
    /// Whether the run must show what is claimed: one copy, whose fate depends on no earlier packet, no other copy and
    /// no order of its own visits.
    plain: bool,
}

/// A candidate of one flow.
type Claimed = (BoundaryId, Option<BoundaryId>, Candidate);

/// What came of a replay.
enum Attempt {
    /// It shows what is claimed.
    Shown(Box<Witness>),
    /// It does not, though it must: one side is wrong.
    Disagrees,
    /// There is no such run, or none that shows it: a history may leave more than was planned, and the choices of a
    /// sibling copy are not known.
    NoRun,
}

/// What packets are to pass, in order.
type Waypoints = Vec<BTreeSet<PartId>>;

/// What a replay is to show.
type Shows<'a> = &'a dyn Fn(&Trial, &[Shot], &Replay) -> Option<Vec<usize>>;

impl<'n> Prover<'n> {
    /// A prover for a network.
    pub fn new(net: &'n Net, network: &'n dyn Fn() -> Arc<Network>, options: Options) -> Prover<'n> {
        let explorer = Explorer::new(net, Context::new(options));
        Prover {
            net,
            network,
            explorer,
            leaves: BTreeMap::new(),
            through: Vec::new(),
            pool: None,
            left: 0,
            packets: 0,
            short: BTreeSet::new(),
        }
    }

    fn context(&mut self) -> &mut Context {
        &mut self.explorer.context
    }

    fn leaves_from(&mut self, from: BoundaryId) -> Arc<Vec<Leaf>> {
        let key = (from, self.through.clone());
        if let Some(leaves) = self.leaves.get(&key) {
            return Arc::clone(leaves);
        }
        let meter = self.context().pause();
        let leaves = Arc::new(self.explorer.explore_via(from, &self.through));
        self.context().resume(meter);
        self.leaves.insert(key, Arc::clone(&leaves));
        leaves
    }

    /// Begins the searches for another property.
    fn begin(&mut self) {
        self.left = MOST_TRIED;
        self.context().meter();
        self.packets = self.context().options.budget.packets();
        self.short.clear();
    }

    /// The verdict on one property.
    pub fn verdict(&mut self, index: usize, property: &Property) -> Verdict {
        let before = self.context().stats;
        self.begin();
        self.through = if let Claim::Via { through, .. } = &property.claim { through.clone() } else { Vec::new() };
        let (result, remarks) = self.decide(property);
        self.through.clear();
        let stats = self.context().stats - before;
        let assumes = self.rooms(property);
        Verdict { property: property.name.clone(), index: Some(index), result, assumes, remarks, stats }
    }

    fn rooms(&self, property: &Property) -> Vec<String> {
        let Claim::Reach { room } = &property.claim else { return Vec::new() };
        room.iter().map(|(part, map)| format!("room({})", map_name(self.net, *part, *map))).collect()
    }

    fn decide(&mut self, property: &Property) -> (Outcome, Vec<String>) {
        if let Claim::Intended(reason) = &property.claim {
            return (Outcome::Undecided(reason.clone()), Vec::new());
        }
        if let Claim::Via { through, between } = &property.claim
            && property.flows.is_empty()
        {
            return (self.pass_between(through, between), Vec::new());
        }
        let flows: Vec<(BoundaryId, Option<BoundaryId>)> = match property.claim {
            Claim::NoLoop => self.net.entries().map(|from| (from, None)).collect(),
            _ => property.flows.iter().map(|(from, to)| (*from, Some(*to))).collect(),
        };
        let mut findings: Vec<(BoundaryId, Option<BoundaryId>, Findings)> = Vec::new();
        let (mut vacuous, mut idle) = (!flows.is_empty(), !flows.is_empty());
        for (from, to) in flows {
            let found = self.findings(property, from, to);
            vacuous &= found.vacuous;
            idle &= found.idle;
            findings.push((from, to, found));
        }
        if vacuous {
            return (Outcome::Vacuous, Vec::new());
        }
        let mut outcome = self.conclude(property, findings);
        if matches!(outcome, Outcome::Undecided(_)) && self.has_no_bypass(property) {
            outcome = Outcome::Proved;
        }
        let is_hollow = idle && outcome == Outcome::Proved;
        let remark = is_hollow.then(|| "no packet of the premise is ever delivered there".to_owned());
        (outcome, remark.into_iter().collect())
    }

    /// Whether packets pass the waypoints of a property whatever becomes of them on the way.
    fn has_no_bypass(&self, property: &Property) -> bool {
        let Claim::Via { through, .. } = &property.claim else { return false };
        !property.flows.iter().any(|flow| has_bypass(self.net, through, *flow))
    }

    /// Whether packets pass the waypoints between parts that make them. It is not known which packets those are, so that wires
    /// alone tell.
    fn pass_between(&self, through: &[BTreeSet<PartId>], between: &[(BTreeSet<PartId>, BTreeSet<PartId>)]) -> Outcome {
        let path = |part: &PartId| format!("`{}`", self.net.part(*part).path);
        match between.iter().find_map(|ends| way_round(self.net, through, ends)).as_deref() {
            None => Outcome::Proved,
            Some([from, to]) => Outcome::Undecided(format!("there is a wire from {} to {}", path(from), path(to))),
            Some([from, by @ .., to]) => {
                let by: Vec<String> = by.iter().map(path).collect();
                let (from, by, to) = (path(from), by.join(", "), path(to));
                Outcome::Undecided(format!(
                    "there is a way from {from} to {to} by {by}; whether packets take it is not known"
                ))
            }
            Some(_) => Outcome::Undecided("a node is its own neighbour".to_owned()),
        }
    }

    fn findings(&mut self, property: &Property, from: BoundaryId, to: Option<BoundaryId>) -> Findings {
        let stack = self.net.boundary_port(from).stack;
        if !is_satisfiable(self.context(), &property.when, stack) {
            return Findings { vacuous: true, idle: true, ..Findings::default() };
        }
        let leaves = self.leaves_from(from);
        if matches!(property.claim, Claim::CanReach) {
            let (pool, longest) = (self.pool(), self.context().options.budget.history);
            let planner = Planner { net: self.net, pool: &pool, longest, exact: true, left: Cell::new(self.left) };
            let mut histories = |context: &mut Context, leaf: &Leaf| {
                let plans = planner.plans(context, &leaf.guard, &leaf.facts);
                plans.into_iter().map(|plan| plan.guard).collect()
            };
            let found = crate::can_reach::findings(self.context(), property, to, stack, &leaves, &mut histories);
            self.left = planner.left.get();
            return found;
        }
        candidates(self.context(), property, (from, to.unwrap_or(from)), &leaves)
    }

    fn conclude(&mut self, property: &Property, found: Vec<(BoundaryId, Option<BoundaryId>, Findings)>) -> Outcome {
        let doubts: Vec<Doubt> =
            found.iter().flat_map(|(_, _, f)| f.candidates.iter().filter_map(|c| c.doubt)).collect();
        let flat = found.into_iter().flat_map(|(from, to, f)| f.candidates.into_iter().map(move |c| (from, to, c)));
        let candidates: Vec<(BoundaryId, Option<BoundaryId>, Candidate)> = flat.collect();
        if candidates.is_empty() {
            return Outcome::Proved;
        }
        let certain: Vec<_> = candidates.into_iter().filter(|(_, _, c)| c.doubt.is_none()).collect();
        let (needing, plain): (Vec<_>, Vec<_>) =
            certain.iter().partition(|(from, _, candidate)| self.needs_history(*from, candidate));
        let shows_it = |trial: &Trial, shots: &[Shot], replay: &Replay| {
            shows(property, trial.to, &shots.last()?.packet, replay.runs.last()?)
        };
        // What needs no history ranks before the rest: histories are looked for when all else has failed.
        let mut shown = None;
        for candidates in [plain, needing] {
            if shown.is_none() {
                let trials = candidates.iter().flat_map(|(from, to, c)| self.trials(*from, *to, c)).collect();
                shown = self.first_shown(trials, &shows_it);
            }
        }
        if shown.is_none() {
            // Filling maps is another search: it is not to be cut short by the one before.
            self.context().meter();
            shown = self.first_filled(property, &certain);
        }
        match shown {
            Some(witness) => Outcome::Violated(Box::new(witness)),
            None => Outcome::Undecided(self.why_undecided(&doubts)),
        }
    }

    /// Whether the candidate rests on entries that packets before must have added.
    fn needs_history(&mut self, from: BoundaryId, candidate: &Candidate) -> bool {
        let leaves = self.leaves_from(from);
        candidate.leaves.iter().any(|leaf| !leaves[*leaf].facts.found.is_empty())
    }

    /// Ways to bring a candidate about.
    fn trials(&mut self, from: BoundaryId, to: Option<BoundaryId>, candidate: &Candidate) -> Vec<Trial> {
        let leaves = self.leaves_from(from);
        let mut facts = Facts::default();
        let mut hops = 0;
        for leaf in &candidate.leaves {
            unite(&mut facts, &leaves[*leaf].facts);
            hops += leaves[*leaf].hops;
        }
        let first = &leaves[candidate.leaves[0]];
        let shape = first.view.entry_shape;
        let alone = candidate.leaves.len() == 1 && first.copy.is_empty() && !first.facts.ordered;
        let plain = alone && first.facts.found.is_empty();
        if !facts.full.is_empty() {
            return Vec::new();
        }
        let mut plans = Vec::new();
        for plan in self.plans(&candidate.guard, &facts) {
            let guards = one_by_one(self.context(), &plan.guard);
            plans.extend(guards.into_iter().map(|guard| Plan { guard, ..plan.clone() }));
        }
        let trial = |plan: Plan| Trial {
            rank: (plan.packets.len(), hops, facts.found.len(), from, shape.headers().count(), shape),
            guard: plan.guard.clone(),
            plan,
            facts: facts.clone(),
            from,
            to,
            plain,
        };
        plans.into_iter().map(trial).collect()
    }

    fn plans(&mut self, guard: &Guard, facts: &Facts) -> Vec<Plan> {
        if facts.found.is_empty() {
            return vec![Plan { packets: Vec::new(), guard: guard.clone() }];
        }
        let pool = self.pool();
        let longest = self.context().options.budget.history;
        let planner = Planner { net: self.net, pool: &pool, longest, exact: false, left: Cell::new(self.left) };
        let plans = planner.plans(self.context(), guard, facts);
        self.left = planner.left.get();
        if self.left == 0 || self.context().is_spent() {
            self.short.insert(Short::Spent);
        }
        plans
    }

    /// Leaves that add entries or write to them, from every boundary port, in order; one for copies that add alike.
    fn pool(&mut self) -> Arc<Vec<Leaf>> {
        if let Some(pool) = &self.pool {
            return Arc::clone(pool);
        }
        let entries: Vec<BoundaryId> = self.net.entries().collect();
        let mut seen = HashSet::new();
        let mut pool = Vec::new();
        // What a history adds does not depend on what is to be shown by the packet after it.
        let through = std::mem::take(&mut self.through);
        for from in entries {
            let leaves = self.leaves_from(from);
            let new = |leaf: &&Leaf| {
                let key = (from, leaf.view.entry_shape, leaf.guard.clone(), Arc::clone(&leaf.facts));
                leaf.end != LeafEnd::Assumption && left_by(&leaf.facts).next().is_some() && seen.insert(key)
            };
            pool.extend(leaves.iter().filter(new).cloned());
        }
        self.through = through;
        let pool = Arc::new(pool);
        self.pool = Some(Arc::clone(&pool));
        pool
    }

    /// The first trial, by rank and then by its least assignment, whose replay shows what is claimed.
    fn first_shown(&mut self, mut trials: Vec<Trial>, shows: Shows<'_>) -> Option<Witness> {
        let mut seen = HashSet::new();
        trials.retain(|t| seen.insert((t.rank, t.guard.clone(), t.facts.clone())));
        trials.sort_by_key(|t| t.rank);
        let mut attempts = 0;
        let network = (!trials.is_empty()).then(|| (self.network)())?;
        while let Some(rank) = trials.first().map(|t| t.rank) {
            let group = trials.iter().take_while(|t| t.rank == rank).count();
            let guards: Vec<Guard> = trials[..group].iter().map(|t| t.guard.clone()).collect();
            let order = field_order(rank.5);
            let Some((at, _)) = self.least(&guards, &order) else {
                trials.drain(..group);
                continue;
            };
            let trial = trials.remove(at);
            attempts += 1;
            if attempts > MOST_ATTEMPTS {
                self.short.insert(Short::Spent);
                return None;
            }
            match self.attempt(&trial, &network, shows) {
                Attempt::Shown(witness) => return Some(*witness),
                Attempt::NoRun => {
                    self.short.insert(Short::Run);
                }
                Attempt::Disagrees => panic!("a candidate that needs no history does not replay: {:?}", trial.guard),
            }
        }
        None
    }

    /// The least assignment, or a note of why there is none.
    fn least(&mut self, guards: &[Guard], order: &[Var]) -> Option<(usize, Model)> {
        let short = match least_or_why(self.context(), guards, order) {
            Ok(found) => return Some(found),
            Err(Unfound::Empty) => return None,
            Err(Unfound::Hash) => Short::Hash,
            Err(Unfound::Spent) => Short::Spent,
        };
        self.short.insert(short);
        None
    }

    /// Visits enough for every copy that exploration found, and the loops among them.
    fn fuel(&mut self, trial: &Trial) -> u64 {
        let copies = self.leaves_from(trial.from).len() as u64;
        (4 * (copies + u64::from(trial.rank.1))).clamp(LEAST_FUEL, MOST_FUEL)
    }

    fn attempt(&mut self, trial: &Trial, network: &Network, shows: Shows<'_>) -> Attempt {
        let pool = if trial.plan.packets.is_empty() { Arc::default() } else { self.pool() };
        let order = full_order(trial, &pool);
        let Some((_, model)) = self.least(std::slice::from_ref(&trial.guard), &order) else {
            return Attempt::NoRun;
        };
        let sent = trial.plan.packets.iter().enumerate().map(|(at, leaf)| {
            let leaf = &pool[*leaf];
            let number = (trial.plan.packets.len() - at) as u16;
            Shot::new(leaf.from, leaf.view.entry_shape, &leaf.facts, number, &model).addressed(&self.explorer)
        });
        let target = Shot::new(trial.from, trial.rank.5, &trial.facts, 0, &model).addressed(&self.explorer);
        let shots: Vec<Shot> = sent.chain([target]).collect();
        let Some(replayed) = replay(network, &shots, self.fuel(trial)) else { return Attempt::NoRun };
        let Some(telling) = shows(trial, &shots, &replayed) else {
            let exhausted = |run: &Run| run.copies.iter().any(|c| c.outcome == RunOutcome::Exhausted);
            let decided = !trial.guard.unknown && model.minimal && !replayed.runs.iter().any(exhausted);
            return if decided && trial.plain { Attempt::Disagrees } else { Attempt::NoRun };
        };
        Attempt::Shown(Box::new(witness(network, &shots, &replayed, telling, model.minimal)))
    }

    /// Whether some packet that enters at one boundary port can leave at another.
    pub fn reachability(&mut self, from: BoundaryId, to: BoundaryId) -> Reachability {
        let (result, _) = self.decide(&isolation(from, to));
        let (witness, undecided) = match result {
            Outcome::Violated(witness) => (Some(witness), None),
            Outcome::Undecided(why) => (None, Some(why)),
            Outcome::Proved | Outcome::Vacuous | Outcome::Assumed => (None, None),
        };
        let name = |id| self.net.boundary_port(id).name.clone();
        Reachability { from: name(from), to: name(to), witness, undecided }
    }
}

/// `nat.flows`, or `flows` when the network is one leaf.
fn map_name(net: &Net, part: PartId, map: MapId) -> String {
    let path = &net.part(part).path;
    let dot = if path.is_empty() { "" } else { "." };
    format!("{path}{dot}{}", net.map(part, map).name)
}

fn unite(into: &mut Facts, more: &Facts) {
    fn add<T: PartialEq + Clone>(into: &mut Vec<T>, more: &[T]) {
        for item in more {
            if !into.contains(item) {
                into.push(item.clone());
            }
        }
    }
    add(&mut into.choices, &more.choices);
    add(&mut into.found, &more.found);
    add(&mut into.missed, &more.missed);
    add(&mut into.added, &more.added);
    add(&mut into.changed, &more.changed);
    add(&mut into.times, &more.times);
    into.full.extend(more.full.iter().copied());
    into.stateful.extend(more.stateful.iter().copied());
    into.ordered |= more.ordered;
}

/// The fields of the packet in question, in wire order.
fn field_order(shape: Shape) -> Vec<Var> {
    shape.fields().map(Var::field).collect()
}

/// Fields and choices of the packet in question, then those of the history, oldest packet first.
fn full_order(trial: &Trial, pool: &[Leaf]) -> Vec<Var> {
    let mut order = field_order(trial.rank.5);
    order.extend(trial.facts.choices.iter().map(|(_, var)| *var));
    for (at, leaf) in trial.plan.packets.iter().enumerate() {
        let packet = (trial.plan.packets.len() - at) as u16;
        let leaf = &pool[*leaf];
        let fields = leaf.view.entry_shape.fields().map(Var::field);
        let choices = leaf.facts.choices.iter().map(|(_, var)| *var);
        order.extend(fields.chain(choices).map(|var| Var { packet, ..var }));
    }
    order
}

/// That no packet of the flow arrives.
fn isolation(from: BoundaryId, to: BoundaryId) -> Property {
    Property { name: String::new(), claim: Claim::Isolated, when: rdcl_core::Cond::True, flows: vec![(from, to)] }
}
