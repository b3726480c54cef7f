//! What stands in the way of a placement, said at the lines that say so.

mod bounds;

use crate::amount::amount;
use crate::case::Case;
use crate::model::{Ask, Constraint, End, Model, Objective, Resource};
use crate::solver::{Answer, Conflict, Limit, Solution, Solver};
use rdcl_base::{Code, Diagnostic, Dimension};
use rdcl_hir::{Loc, Problem};

pub use bounds::contradictions;

/// A conflict, told at each bound, capacity, link and missing route in it; pins are pointed at.
pub fn impossible(case: &Case<'_>, conflict: &Conflict, solver: &dyn Solver) -> Vec<Problem> {
    let told = Told { case, conflict, solver };
    let problems: Vec<Problem> = conflict.constraints.iter().filter_map(|c| told.problem(*c)).collect();
    if problems.is_empty() { vec![told.pins_only()] } else { problems }
}

struct Told<'a, 'db> {
    case: &'a Case<'db>,
    conflict: &'a Conflict,
    solver: &'a dyn Solver,
}

impl Told<'_, '_> {
    fn problem(&self, constraint: Constraint) -> Option<Problem> {
        let problem = match constraint {
            Constraint::Capacity(ree, resource) => self.capacity(ree, resource),
            Constraint::Bandwidth(link) => self.link(link),
            Constraint::Joined => self.apart(),
            Constraint::Bound(bound) => self.bound(bound),
            Constraint::Rule(rule) => self.rule(rule),
            Constraint::Pin(_) | Constraint::Outside(_) => return None,
        };
        Some(self.with_others(problem, constraint))
    }

    /// Points at everything else in the conflict.
    fn with_others(&self, problem: Problem, constraint: Constraint) -> Problem {
        let mut labels: Vec<(Loc, String)> = Vec::new();
        for other in self.conflict.constraints.iter().filter(|other| **other != constraint) {
            let label = self.label(*other);
            labels.extend(label.filter(|new| !labels.iter().any(|known| known.0 == new.0)));
        }
        labels.into_iter().fold(problem, |problem, (at, text)| problem.with_label(at, text))
    }

    fn label(&self, constraint: Constraint) -> Option<(Loc, String)> {
        let (case, substrate) = (self.case, self.case.substrate);
        let pin = |pin: Option<usize>| {
            let pin = &case.deployment.pins[pin?];
            Some((pin.place, format!("pinned to `{}`", substrate.rees[pin.ree].name)))
        };
        match constraint {
            Constraint::Capacity(ree, resource) => {
                let offered = case.model.rees[ree].offers[resource as usize].unwrap_or(u64::MAX);
                Some((substrate.rees[ree].place, format!("has {}", resource_amount(offered, resource))))
            }
            Constraint::Bandwidth(link) => {
                let bandwidth = case.model.links[link].bandwidth.unwrap_or(u64::MAX);
                Some((substrate.links[link].place, format!("carries {}", amount(bandwidth, Dimension::Bandwidth))))
            }
            Constraint::Pin(leaf) => pin(case.pins[leaf]),
            Constraint::Outside(port) => pin(case.outsides[port]),
            Constraint::Joined => None,
            Constraint::Bound(i) => {
                let bound = &case.levels.bounds[i];
                Some((bound.place, format!("`{}` asks for {}", bound.sla, case.bound_text(i))))
            }
            Constraint::Rule(i) => {
                let asked = &case.asked[i];
                Some((asked.place, format!("the policy `{}` asks for `{}`", asked.policy, asked.text)))
            }
        }
    }

    /// A rule that cannot be kept.
    fn rule(&self, i: usize) -> Problem {
        let asked = &self.case.asked[i];
        let alone = if self.conflict.constraints.len() == 1 { " wherever the parts run" } else { "" };
        let message = format!("the policy `{}` cannot be kept{alone}: `{}`", asked.policy, asked.text);
        let help = match (&self.case.model.rules[i].ask, asked.by_zone) {
            (_, true) => "say of execution environments in which `zone` they are, or ask for less",
            (Ask::Apart(_), false) => "give the substrate more execution environments for these parts, or ask for less",
            (Ask::Together(_) | Ask::Somewhere(_), false) => "make room in one place, or ask for less",
        };
        Diagnostic::new(Code::E0711, asked.place, message).with_help(help)
    }

    fn capacity(&self, ree: usize, resource: Resource) -> Problem {
        let (written, offers) = (&self.case.substrate.rees[ree], &self.case.model.rees[ree].offers);
        let offered = resource_amount(offers[resource as usize].unwrap_or(u64::MAX), resource);
        let message = match self.least(Constraint::Capacity(ree, resource), Objective::Load(ree, resource)) {
            Some(best) => format!(
                "`{}` has {offered} of {}, and at least {} are needed there",
                written.name,
                resource.name(),
                resource_amount(best.value, resource)
            ),
            None => format!("{offered} of {} do not suffice on `{}`", resource.name(), written.name),
        };
        let problem = Diagnostic::new(Code::E0707, written.place, message)
            .with_help("give it more, let parts run elsewhere, or let implementations need less");
        match self.case.spared[resource as usize] {
            Some((share, place)) => {
                let share = amount(share, Dimension::Ratio);
                problem.with_label(place, format!("{share} of its {} has to stay free", resource.name()))
            }
            None => problem,
        }
    }

    fn link(&self, link: usize) -> Problem {
        let bandwidth = self.case.model.links[link].bandwidth.unwrap_or(u64::MAX);
        let (name, carries) = (self.case.link_name(link), amount(bandwidth, Dimension::Bandwidth));
        let message = match self.least(Constraint::Bandwidth(link), Objective::Carried(link)) {
            Some(best) => {
                let needed = amount(best.value, Dimension::Bandwidth);
                format!("the link `{name}` carries {carries}, and at least {needed} have to go over it")
            }
            None => format!("the link `{name}` carries {carries}, which does not suffice"),
        };
        Diagnostic::new(Code::E0707, self.case.substrate.links[link].place, message)
            .with_help("give it more, add a link, or let the parts at its ends run together")
    }

    /// Nothing joins two execution environments that a wire has to lead between.
    fn apart(&self) -> Problem {
        let (case, place) = (self.case, self.case.deployment.place);
        let best = self.least(Constraint::Joined, case.model.objective.clone());
        let apart = best.and_then(|solution| self.torn_wire(&solution));
        let Some((wire, a, b)) = apart else {
            return Diagnostic::new(Code::E0709, place, "the substrate has no route for some wire of the service");
        };
        let name = |ree: usize| &case.substrate.rees[ree].name;
        let message = format!("no route leads from `{}` to `{}`", name(a), name(b));
        Diagnostic::new(Code::E0709, place, message)
            .with_note(format!("the wire `{}` would have to", case.wire_name(wire)))
            .with_help(format!("link them in the substrate, as in `link {} <-> {};`", name(a), name(b)))
    }

    /// A wire of a solution that goes over no link, though its ends are apart.
    fn torn_wire(&self, solution: &Solution) -> Option<(usize, usize, usize)> {
        let model = &self.case.model;
        let ree = |end: End| match end {
            End::Leaf(leaf) => Some(model.leaves[leaf].candidates[solution.choice[leaf]].ree),
            End::Outside(port) => model.outsides[port],
        };
        let ends = model.wires.iter().map(|wire| Some((ree(wire.a)?, ree(wire.b)?)));
        let torn = ends.zip(&solution.routes).enumerate().filter(|(_, (_, route))| route.is_empty());
        torn.filter_map(|(i, (ends, _))| ends.map(|(a, b)| (i, a, b)))
            .find(|(_, a, b)| model.site(*a) != model.site(*b))
    }

    /// The best there is by this objective, without one constraint of the conflict: under everything else that is asked
    /// or, where that is no help or too much, under the rest of the conflict.
    fn least(&self, but: Constraint, objective: Objective) -> Option<Solution> {
        let model = &self.case.model;
        let others: Vec<Constraint> =
            model.constraints().into_iter().filter(|c| !self.conflict.constraints.contains(c)).collect();
        let alone = self.conflict.constraints.len() == 1;
        let all = if alone { None } else { self.best(model.without(&[but]), &objective) };
        all.or_else(|| self.best(model.without(&[&others[..], &[but]].concat()), &objective))
    }

    fn best(&self, model: Model, objective: &Objective) -> Option<Solution> {
        match self.solver.solve(&Model { objective: objective.clone(), ..model }) {
            Answer::Best(solution) => Some(solution).filter(|s| s.value == s.bound),
            Answer::Infeasible(_) | Answer::TooLarge(_) => None,
        }
    }

    /// What cannot be said at any single line.
    fn pins_only(&self) -> Problem {
        let place = self.case.deployment.place;
        let problem = Diagnostic::new(Code::E0709, place, "the parts cannot run where they are pinned");
        let labels: Vec<(Loc, String)> = self.conflict.constraints.iter().filter_map(|c| self.label(*c)).collect();
        labels.into_iter().fold(problem, |problem, (at, text)| problem.with_label(at, text))
    }
}

/// An amount of a resource.
pub fn resource_amount(of: u64, resource: Resource) -> String {
    match resource {
        Resource::Cpu => amount(of, Dimension::Cpu),
        Resource::Memory | Resource::Disk => amount(of, Dimension::Memory),
    }
}

/// The solver gave up.
pub fn too_large(case: &Case<'_>, limit: Limit) -> Problem {
    let leaves = case.model.leaves.len();
    let (message, help) = match limit {
        Limit::Leaves(most) => (
            format!("`{}` has {leaves} leaves to place, the most is {most}", case.deployment.name),
            "deploy parts of the service by themselves; generated filters count, too",
        ),
        Limit::Steps(steps) => (
            format!("no placement of `{}` is found within {steps} steps", case.deployment.name),
            "pin some of the parts",
        ),
        Limit::Routes(most) => (
            format!(
                "no placement of `{}` is found on the {most} shortest routes between each two places",
                case.deployment.name
            ),
            "give links more bandwidth, or pin some of the parts",
        ),
    };
    Diagnostic::new(Code::E0705, case.deployment.place, message).with_help(help)
}

/// The amounts are beyond all measure.
pub fn too_great(case: &Case<'_>) -> Problem {
    let message = format!("what `{}` needs and uses may add up to more than can be counted", case.deployment.name);
    Diagnostic::new(Code::E0705, case.deployment.place, message)
        .with_note("sums of amounts have to stay below 2^64 of the smallest unit: bytes, bit/s, nanoseconds, thousandths of a core")
        .with_help("leave out a limit that is none, instead of giving a great number")
}

/// A flow may take too many ways; without a number, so many that they were not counted.
pub fn too_many_ways(case: &Case<'_>, flow: &str, most: Option<usize>) -> Problem {
    let message = match most {
        Some(most) => format!("what goes `{flow}` may take more than {most} ways through the service"),
        None => format!("the ways that what goes `{flow}` may take through the service are too many to look for"),
    };
    Diagnostic::new(Code::E0705, case.deployment.place, message)
        .with_help("give blocks a behaviour that says where packets go, or bound the flow within a part of the service")
}
