//! Contracts: what an instance promises, and what it inherits of promises.
//!
//! Each `ensures` becomes a [`Property`] over the boundary ports of the instance. An inherited one speaks with the
//! parameters of the parent that makes it, and is called `Parent.name`.

mod intended;
mod premise;
mod waypoint;

use crate::cx::{Cx, Params};
use crate::flatten::boundary_of;
use crate::headers::knowing_ports;
use crate::headers::layouts::headers_in_sight;
use crate::instance::{Instance, full_name, members, params};
use crate::lineage::instance_lineage;
use crate::lower::{Env, lower_condition, lower_fields, lower_predicate};
use crate::port::Ports;
use crate::property::{Claim, Predicate, Property};
use crate::source::db::Db;
use crate::source::loc::{Loc, Problem};
use crate::wire::ends::{EndRef, Resolved, Surroundings};
use premise::room;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_core::{BoundaryId, Cond, Stack};
use rdcl_syntax::ast::{Clause, Direction, End, Ensures, Expr, Flow, Member, Mode, Name};
use std::collections::BTreeMap;
use std::sync::Arc;
use waypoint::Ways;

/// The contract of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Contract {
    properties: Arc<Vec<Property>>,
    places: Vec<Loc>,
    problems: Vec<Problem>,
}

/// What an instance promises, its own promises first.
#[salsa::tracked(returns(ref))]
pub fn properties<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Arc<Vec<Property>> {
    Arc::clone(&contract(db, instance).properties)
}

/// Where each property is written.
#[salsa::tracked(returns(deref))]
pub fn property_places<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Loc> {
    contract(db, instance).places.clone()
}

/// What is wrong with an instance's contract.
pub(crate) fn contract_problems<'db>(db: &'db dyn Db, instance: Instance<'db>) -> &'db [Problem] {
    &contract(db, instance).problems
}

#[salsa::tracked(returns(ref))]
fn contract<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Contract {
    let (mut properties, mut places, mut problems) = (Vec::new(), Vec::new(), Vec::<Problem>::new());
    for ancestor in instance_lineage(db, instance) {
        let mut reader = Reader {
            cx: Cx::new(db, ancestor.rfb(db)),
            instance,
            ancestor: *ancestor,
            ports: knowing_ports(db, instance),
            env: params(db, *ancestor),
        };
        let prefix =
            if *ancestor == instance { String::new() } else { format!("{}.", ancestor_name(db, instance, *ancestor)) };
        let names = names(&mut reader.cx);
        for (ensures, name) in clauses(db, *ancestor).zip(names) {
            let Some((claim, when, flows)) = reader.clause(&ensures.clause) else { continue };
            properties.push(Property { name: format!("{prefix}{name}"), claim, when, flows });
            places.push(reader.cx.at(ensures.node));
        }
        // Several promises may miss the same part.
        for problem in reader.cx.problems {
            let same = |p: &Problem| (p.primary, &p.message) == (problem.primary, &problem.message);
            if !problems.iter().any(same) {
                problems.push(problem);
            }
        }
    }
    for intended in intended::intended(db, instance) {
        properties.push(intended.property);
        places.push(intended.place);
        problems.extend(intended.problems);
    }
    Contract { properties: Arc::new(properties), places, problems }
}

/// The name of an ancestor; with its arguments, if the block is an ancestor more than once.
fn ancestor_name<'db>(db: &'db dyn Db, instance: Instance<'db>, ancestor: Instance<'db>) -> String {
    let rfb = ancestor.rfb(db);
    let twice = instance_lineage(db, instance).iter().filter(|a| a.rfb(db) == rfb).nth(1).is_some();
    if twice { full_name(db, ancestor) } else { rfb.name(db).to_owned() }
}

fn clauses<'db>(db: &'db dyn Db, instance: Instance<'db>) -> impl Iterator<Item = &'db Ensures> {
    let members = members(db, instance.rfb(db)).iter();
    members.filter_map(|m| if let Member::Ensures(e) = m { Some(e) } else { None })
}

/// The names of the clauses of an RFB; unnamed ones are numbered.
fn names(cx: &mut Cx<'_>) -> Vec<String> {
    let mut taken: BTreeMap<String, NodeId> = BTreeMap::new();
    let (mut names, mut unnamed) = (Vec::new(), 0);
    for member in members(cx.db, cx.item) {
        let Member::Ensures(ensures) = member else { continue };
        let Some(name) = &ensures.name else {
            unnamed += 1;
            names.push(unnamed.to_string());
            continue;
        };
        match taken.get(&name.text) {
            Some(first) => cx.report(promise_twice(cx, name, *first)),
            None => _ = taken.insert(name.text.clone(), name.node),
        }
        names.push(name.text.clone());
    }
    names
}

/// Reads the clauses of one ancestor for one instance.
struct Reader<'db> {
    cx: Cx<'db>,
    instance: Instance<'db>,
    /// The one that makes the promises.
    ancestor: Instance<'db>,
    ports: &'db Ports,
    env: &'db Params,
}

type Flows = Vec<(BoundaryId, BoundaryId)>;

impl<'db> Reader<'db> {
    fn clause(&mut self, clause: &Clause) -> Option<(Claim, Cond, Flows)> {
        match clause {
            Clause::No(what) if what.text == "loop" => Some((Claim::NoLoop, Cond::True, Vec::new())),
            Clause::No(what) => {
                self.cx.report(no_what(&self.cx, what));
                None
            }
            Clause::Via { flow, through, when } => {
                let (flows, entry, _) = self.flow(flow)?;
                let when = self.when(entry, when.as_ref());
                let ways = Ways { instance: self.instance, ancestor: self.ancestor, env: self.env };
                let through = ways.waypoints(&mut self.cx, through)?;
                Some((Claim::Via { through, between: Vec::new() }, when, flows))
            }
            Clause::Holds { flow, when, body } => {
                let (flows, entry, exit) = self.flow(flow)?;
                let when = self.when(entry, when.as_ref());
                let predicate = self.predicate(entry, exit, &when, body);
                Some((Claim::Holds(predicate), when, flows))
            }
            Clause::Mode { mode, flow, when, given, except } => {
                let (flows, entry, _) = self.flow(flow)?;
                let when = self.when(entry, when.as_ref());
                let claim = self.claim(*mode, entry, given.as_ref(), except);
                Some((claim, when, flows))
            }
        }
    }

    fn claim(&mut self, mode: Mode, entry: Stack, given: Option<&Expr>, except: &[Expr]) -> Claim {
        let room = given.map_or(Vec::new(), |given| room(&mut self.cx, self.instance, given));
        if let Some(given) = given.filter(|_| mode != Mode::Reach) {
            self.cx.report(premise_without_reach(&self.cx, given));
        }
        if let Some(first) = except.first().filter(|_| mode != Mode::Unchanged) {
            self.cx.report(except_without_unchanged(&self.cx, first));
        }
        match mode {
            Mode::Reach => Claim::Reach { room },
            Mode::CanReach => Claim::CanReach,
            Mode::Isolated => Claim::Isolated,
            Mode::Unchanged => {
                let (except, problems) = lower_fields(self.env().headers, entry, except);
                self.cx.report_all(problems);
                Claim::Unchanged { except }
            }
        }
    }

    fn env(&self) -> Env<'db> {
        Env {
            ports: &self.ports.groups,
            lost: &self.ports.lost,
            params: self.env,
            headers: headers_in_sight(self.cx.db, self.cx.file()),
        }
    }

    fn when(&mut self, entry: Stack, when: Option<&Expr>) -> Cond {
        let Some(when) = when else { return Cond::True };
        let (condition, problems) = lower_condition(&self.env(), entry, when);
        self.cx.report_all(problems);
        condition
    }

    fn predicate(&mut self, entry: Stack, exit: Stack, when: &Cond, body: &[Expr]) -> Predicate {
        let (predicate, problems) = lower_predicate(&self.env(), entry, exit, when, body);
        self.cx.report_all(problems);
        predicate
    }

    /// Every pair of different ports of a flow, and the stacks at its ends.
    fn flow(&mut self, flow: &Flow) -> Option<(Flows, Stack, Stack)> {
        let from = self.end(&flow.from, Direction::Out);
        let to = self.end(&flow.to, Direction::In);
        let (from, to) = (from?, to?);
        if from.group.direction == Direction::Out {
            self.cx.report(against(&self.cx, flow.from.node, &from, "enter"));
            return None;
        }
        if to.group.direction == Direction::In {
            self.cx.report(against(&self.cx, flow.to.node, &to, "leave"));
            return None;
        }
        Some((self.pairs(flow, &from, &to), from.group.stack, to.group.stack))
    }

    /// The ports at an end of a flow; one that faces the other way is not what a misspelt name was meant to be.
    fn end(&mut self, end: &End, never: Direction) -> Option<Resolved> {
        let named = end.segments.first().map(|segment| segment.name.text.as_str());
        let mut ports = self.ports.clone();
        ports.groups.retain(|group| group.direction != never || Some(group.name.as_str()) == named);
        Surroundings { ports: &ports, parts: None, env: self.env }.resolve(&mut self.cx, end)
    }

    /// All pairs; of different ports only, unless both ends are the same single port.
    fn pairs(&mut self, flow: &Flow, from: &Resolved, to: &Resolved) -> Flows {
        let port = |end: &EndRef| match end {
            EndRef::Outer(port) | EndRef::Inner(_, port) => boundary_of(*port),
        };
        if from.ports.len() == 1 && from.ports == to.ports {
            return vec![(port(&from.ports[0]), port(&to.ports[0]))];
        }
        let pairs = from.ports.iter().flat_map(|a| to.ports.iter().map(move |b| (a, b)));
        let pairs: Flows = pairs.filter(|(a, b)| a != b).map(|(a, b)| (port(a), port(b))).collect();
        if pairs.is_empty() {
            self.cx.report(no_pair(&self.cx, flow.node));
        }
        pairs
    }
}

fn promise_twice(cx: &Cx<'_>, name: &Name, first: NodeId) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the promise `{}` is made twice", name.text))
        .with_label(cx.at(first), "first made here")
}

fn no_what(cx: &Cx<'_>, what: &Name) -> Problem {
    Diagnostic::new(Code::E0315, cx.at(what.node), format!("`no {}` cannot be promised", what.text))
        .with_help("what can be promised is `no loop`")
        .misspelt(&what.text, ["loop"])
}

fn premise_without_reach(cx: &Cx<'_>, given: &Expr) -> Problem {
    Diagnostic::new(Code::E0315, cx.at(given.node), "only `reach` takes a premise about the state")
        .with_help("leave out `given`")
}

fn except_without_unchanged(cx: &Cx<'_>, except: &Expr) -> Problem {
    Diagnostic::new(Code::E0315, cx.at(except.node), "only `unchanged` takes exceptions")
        .with_help("leave out `except`")
}

fn against(cx: &Cx<'_>, at: NodeId, end: &Resolved, verb: &str) -> Problem {
    let message = format!("packets never {verb} through `{}`", end.group.name);
    let word = if end.group.direction == Direction::In { "in" } else { "out" };
    Diagnostic::new(Code::E0316, cx.at(at), message).with_note(format!("it is an `{word}` port"))
}

fn no_pair(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0315, cx.at(at), "this flow has no two different ports")
}
