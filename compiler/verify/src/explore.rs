//! Exploration of a network from one boundary port: every way a packet can take, by applying the rows of each part it
//! visits to an exact symbolic state.
//!
//! A state is a set over entry variables (the packet's fields, and for each visit its choices and the entries it
//! found) with a substitution for the current fields. Stores are arbitrary afresh at every visit. States that meet at
//! a port with equal substitutions and facts are united where the union is exact.

use crate::entry::boundary_guard;
use crate::execute::world;
pub use crate::facts::Facts;
use crate::guard::{Context, Guard};
use crate::net::{Ingress, Net, Order};
use crate::row::{Row, RowEnd};
use crate::sym::{Sym, SymCond, Var, VarKind};
use crate::view::View;
use rdcl_core::{BlockId, BoundaryId, Endpoint, InstrId, MapId, PartId, PortId, Reason, Shape};
use rdcl_hir::passed;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// How often a lineage may come back to one port before exploration gives up on it.
const MOST_ROUNDS: usize = 8;

/// An arm of a fork, at a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CopyArm {
    /// The visit.
    pub visit: u32,
    /// The block that ends with the fork.
    pub fork: BlockId,
    /// How many arms it has.
    pub of: u32,
    /// Which one.
    pub arm: u32,
    /// Tells forks apart that were reached with different facts: their copies are never siblings.
    pub world: u64,
}

/// How a lineage ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LeafEnd {
    /// Delivered at a boundary port.
    Delivered(BoundaryId),
    /// Dropped.
    Dropped,
    /// Met a port twice with an equal forwarding header. Not explored further.
    Loop {
        /// The part.
        part: PartId,
        /// The port.
        port: PortId,
        /// Whether the hop limits are equal, too: then the packet has, for some store, been explored from here on.
        exact: bool,
    },
    /// Exploration gave up.
    Exhausted,
    /// An assumption of a program is broken: no run of the real network.
    Assumption,
    /// Dropped, since an insert found its key or unique index taken and the source does not handle that.
    Clash(PartId, MapId),
    /// Dropped by an assertion that does not hold.
    Assertion(PartId, InstrId),
    /// An insert breaks the invariant of a map.
    Breaks(PartId, MapId),
    /// Enters something of which nothing is known.
    Opaque(PartId),
    /// The packet would be parsed anew into other headers: not modelled.
    Unmodelled,
}

/// One end of the exploration: the circumstances that lead there.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Where the packet entered.
    pub from: BoundaryId,
    /// When.
    pub guard: Guard,
    /// The packet then.
    pub view: Arc<View>,
    /// How it ended.
    pub end: LeafEnd,
    /// Which copy.
    pub copy: Vec<CopyArm>,
    /// What it met.
    pub facts: Arc<Facts>,
    /// Visits made.
    pub hops: u32,
    /// How many of the waypoints it has passed, in order, of those that are looked at.
    pub passed: usize,
}

/// A packet on its way to a part.
#[derive(Clone, Debug)]
struct Flight {
    guard: Guard,
    view: Arc<View>,
    copy: Vec<CopyArm>,
    facts: Arc<Facts>,
    hops: u32,
    passed: usize,
    trail: Option<Arc<Passed>>,
}

/// A port on a cycle by which a packet entered, what it was then, and what it passed before. Shared by all that passed
/// the same way.
#[derive(Debug, PartialEq, Eq)]
struct Passed {
    ingress: Ingress,
    view: Arc<View>,
    before: Option<Arc<Passed>>,
}

impl Flight {
    /// What the packet was when it entered by a port before, latest first.
    fn earlier(&self, ingress: Ingress) -> Vec<Arc<View>> {
        let mut views = Vec::new();
        let mut at = &self.trail;
        while let Some(passed) = at {
            if passed.ingress == ingress {
                views.push(Arc::clone(&passed.view));
            }
            at = &passed.before;
        }
        views
    }

    fn same_but_guard(&self, other: &Flight) -> bool {
        self.hops == other.hops
            && self.passed == other.passed
            && self.view == other.view
            && self.copy == other.copy
            && self.facts == other.facts
            && self.trail == other.trail
    }
}

/// Explores one network.
pub struct Explorer<'n> {
    net: &'n Net,
    order: Order,
    /// Splitting, and the counters of work.
    pub context: Context,
    /// The waypoints that are looked at.
    through: Vec<BTreeSet<PartId>>,
    visits: HashMap<(Vec<CopyArm>, u32, Ingress), u32>,
    addresses: Vec<(Vec<u32>, usize)>,
    waiting: BTreeMap<(usize, Ingress), Vec<Flight>>,
    leaves: Vec<Leaf>,
}

impl<'n> Explorer<'n> {
    /// An explorer.
    pub fn new(net: &'n Net, context: Context) -> Explorer<'n> {
        let order = Order::new(net);
        Explorer {
            net,
            order,
            context,
            through: Vec::new(),
            visits: HashMap::new(),
            addresses: Vec::new(),
            waiting: BTreeMap::new(),
            leaves: Vec::new(),
        }
    }

    /// Every end of packets that enter at a boundary port, inserts that break invariants included.
    pub fn explore(&mut self, from: BoundaryId) -> Vec<Leaf> {
        self.explore_via(from, &[])
    }

    /// The same, with the number of waypoints that are passed on the way.
    pub fn explore_via(&mut self, from: BoundaryId, through: &[BTreeSet<PartId>]) -> Vec<Leaf> {
        self.through = through.to_vec();
        let port = self.net.boundary_port(from);
        for shape in Shape::of_stack(port.stack) {
            let flight = Flight {
                guard: boundary_guard(shape, port.stack),
                view: Arc::new(View::entry(shape)),
                copy: Vec::new(),
                facts: Arc::default(),
                hops: 0,
                passed: 0,
                trail: None,
            };
            self.arrive(from, flight, port.to);
        }
        while let Some(((_, ingress), flights)) = self.waiting.pop_first() {
            for flight in self.merge(flights) {
                self.visit(from, ingress, flight);
            }
        }
        std::mem::take(&mut self.leaves)
    }

    fn end(&mut self, from: BoundaryId, flight: Flight, end: LeafEnd) {
        let Flight { guard, view, copy, facts, hops, passed, trail: _ } = flight;
        self.leaves.push(Leaf { from, guard, view, end, copy, facts, hops, passed });
    }

    /// A packet at the far end of a wire.
    fn arrive(&mut self, from: BoundaryId, flight: Flight, to: Option<Endpoint>) {
        match to {
            None => self.end(from, flight, LeafEnd::Dropped),
            Some(Endpoint::Boundary(at)) if self.net.boundary_port(at).leaves => {
                self.end(from, flight, LeafEnd::Delivered(at));
            }
            Some(Endpoint::Boundary(_)) => self.end(from, flight, LeafEnd::Dropped),
            Some(Endpoint::Part(part, port)) => self.enter(from, flight, (part, port)),
        }
    }

    fn enter(&mut self, from: BoundaryId, mut flight: Flight, ingress: Ingress) {
        flight.passed = passed(&self.through, flight.passed, ingress.0);
        let mut open = vec![flight];
        if self.order.is_cyclic(ingress) {
            open = open.into_iter().flat_map(|f| self.without_loops(from, f, ingress)).collect();
        }
        self.context.stats.states += open.len() as u64;
        for mut flight in open {
            let rounds = flight.earlier(ingress).len();
            if self.context.stats.states > self.context.options.budget.states || rounds > MOST_ROUNDS {
                self.end(from, flight, LeafEnd::Exhausted);
                continue;
            }
            if self.order.is_cyclic(ingress) {
                let passed = Passed { ingress, view: Arc::clone(&flight.view), before: flight.trail.take() };
                flight.trail = Some(Arc::new(passed));
            }
            self.waiting.entry((self.order.rank(ingress), ingress)).or_default().push(flight);
        }
    }

    /// Ends what is a loop, and gives back what is not.
    fn without_loops(&mut self, from: BoundaryId, flight: Flight, ingress: Ingress) -> Vec<Flight> {
        let mut open = vec![flight];
        for view in open[0].earlier(ingress) {
            let mut next = Vec::new();
            for flight in open {
                let same = view.forwards_like(&flight.view);
                let (looping, free) = self.context.split(&flight.guard, &same);
                for guard in looping {
                    let hops = view.has_hops_of(&flight.view);
                    let (exact, fewer) = self.context.split(&guard, &hops);
                    self.end_loops(from, &flight, ingress, exact, true);
                    self.end_loops(from, &flight, ingress, fewer, false);
                }
                next.extend(free.into_iter().map(|guard| Flight { guard, ..flight.clone() }));
            }
            open = next;
        }
        open
    }

    fn end_loops(&mut self, from: BoundaryId, flight: &Flight, at: Ingress, guards: Vec<Guard>, exact: bool) {
        for guard in guards {
            let end = LeafEnd::Loop { part: at.0, port: at.1, exact };
            self.end(from, Flight { guard, ..flight.clone() }, end);
        }
    }

    fn merge(&self, flights: Vec<Flight>) -> Vec<Flight> {
        if !self.context.options.merge || flights.len() < 2 {
            return flights;
        }
        let mut groups: Vec<(Flight, Vec<Guard>)> = Vec::new();
        for flight in flights {
            match groups.iter_mut().find(|(first, _)| first.same_but_guard(&flight)) {
                Some((_, guards)) => guards.push(flight.guard),
                None => {
                    let guard = flight.guard.clone();
                    groups.push((flight, vec![guard]));
                }
            }
        }
        let unite = |(flight, guards): (Flight, Vec<Guard>)| {
            let guards = self.context.merge(guards);
            guards.into_iter().map(move |guard| Flight { guard, ..flight.clone() }).collect::<Vec<_>>()
        };
        groups.into_iter().flat_map(unite).collect()
    }

    fn visit(&mut self, from: BoundaryId, ingress: Ingress, flight: Flight) {
        let part = self.net.part(ingress.0);
        let Some(summary) = part.summary.clone() else {
            return self.end(from, flight, LeafEnd::Opaque(ingress.0));
        };
        let key = (ingress.1, flight.view.shape);
        let Some(rows) = summary.ingress.get(&key) else {
            return self.end(from, flight, LeafEnd::Dropped);
        };
        let visit = self.visit_id(&flight.copy, flight.hops, ingress);
        for row in rows.iter().chain(summary.breaks.get(&key).into_iter().flatten()) {
            self.apply(from, ingress, visit, row, &flight);
        }
        if summary.exhausted {
            self.end(from, flight, LeafEnd::Exhausted);
        }
    }

    /// The name of a visit: equal for equal histories, different for sibling copies.
    fn visit_id(&mut self, copy: &[CopyArm], hops: u32, ingress: Ingress) -> u32 {
        *self.visits.entry((copy.to_vec(), hops, ingress)).or_insert_with(|| {
            self.addresses.push((copy.iter().map(|arm| arm.arm).collect(), hops as usize));
            self.addresses.len() as u32
        })
    }

    /// Where a visit is made: the arms that the copy took before, and the visits that it made before.
    pub fn address(&self, visit: u32) -> Option<&(Vec<u32>, usize)> {
        self.addresses.get((visit as usize).checked_sub(1)?)
    }

    fn apply(&mut self, from: BoundaryId, ingress: Ingress, visit: u32, row: &Row, flight: &Flight) {
        let part = ingress.0;
        let view = Arc::clone(&flight.view);
        let before = if row.copy.is_empty() { 0 } else { world(&*flight.facts) };
        let arms = row.copy.iter().map(|a| at_visit(visit, a, before));
        let copy: Vec<CopyArm> = flight.copy.iter().copied().chain(arms).collect();
        // What a copy decides after a fork is its own: from there on the visit has another name.
        let forks = flight.copy.len()..=copy.len();
        let names: Vec<u32> = forks.map(|n| self.visit_id(&copy[..n], flight.hops, ingress)).collect();
        let mut rename = |var: Var| match var.kind {
            VarKind::Field(field) => view.field(field),
            VarKind::Body => view.body(),
            VarKind::Choice(_)
            | VarKind::Cell { .. }
            | VarKind::Full { .. }
            | VarKind::NoFree(_)
            | VarKind::Now
            | VarKind::Unknown(_) => Sym::Var(Var { visit: names[var.visit as usize], ..var }),
        };
        let mut guards = apply_guard(&mut self.context, &flight.guard, &row.guard, &mut rename);
        if let (true, Some(before)) = (row.facts.clock, flight.facts.times.last()) {
            let later = SymCond::Ule(Sym::Var(*before), rename(Var::now()));
            guards = guards.iter().flat_map(|guard| self.context.assume(guard, &later)).collect();
        }
        if guards.is_empty() {
            return;
        }
        let next = Flight {
            guard: Guard::default(),
            view: Arc::new(flight.view.after(row, &mut rename)),
            copy,
            facts: match row.facts.is_stateful() || row.facts.clock || !row.facts.choices.is_empty() {
                true => Arc::new(flight.facts.after(part, row, &mut rename)),
                false => Arc::clone(&flight.facts),
            },
            hops: flight.hops + 1,
            passed: flight.passed,
            trail: flight.trail.clone(),
        };
        let overgrown = next.view.theta.values().any(Sym::is_overgrown);
        for guard in guards {
            let next = Flight { guard, ..next.clone() };
            if overgrown {
                self.end(from, next, LeafEnd::Exhausted);
                continue;
            }
            match &row.end {
                RowEnd::Egress(port) => self.arrive(from, next, self.net.wired_to(part, *port)),
                RowEnd::Dropped(Reason::Clash(map), _) => self.end(from, next, LeafEnd::Clash(part, *map)),
                RowEnd::Dropped(Reason::Assertion, at) => self.end(from, next, LeafEnd::Assertion(part, *at)),
                RowEnd::Dropped(..) => self.end(from, next, LeafEnd::Dropped),
                RowEnd::Assumption => self.end(from, next, LeafEnd::Assumption),
                RowEnd::Breaks(map) => self.end(from, next, LeafEnd::Breaks(part, *map)),
                RowEnd::Unmodelled => self.end(from, next, LeafEnd::Unmodelled),
            }
        }
    }
}

fn at_visit(visit: u32, arm: &crate::row::Arm, before: u64) -> CopyArm {
    CopyArm { visit, fork: arm.fork, of: arm.of, arm: arm.arm, world: world(&(before, arm.world)) }
}

/// The pieces of a state's guard in which a row's guard holds.
fn apply_guard(context: &mut Context, guard: &Guard, row: &Guard, rename: &mut dyn FnMut(Var) -> Sym) -> Vec<Guard> {
    let mut guards = vec![guard.clone()];
    let product: Vec<SymCond> = row.product.iter().map(|(var, set)| SymCond::is_in_shared(rename(*var), set)).collect();
    let residue: Vec<SymCond> = row.residue.iter().map(|c| c.substitute(rename)).collect();
    for cond in product.iter().chain(&residue) {
        guards = guards.iter().flat_map(|g| context.assume(g, cond)).collect();
    }
    if row.unknown {
        guards.iter_mut().for_each(|g| g.unknown = true);
    }
    guards
}
