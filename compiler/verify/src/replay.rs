//! Replay: a candidate as bytes, run by the interpreter from empty stores. Nothing is called violated that this does
//! not show.

use crate::entry::told;
use crate::explore::{Explorer, Facts};
use crate::minimise::Model;
use crate::sym::{Var, VarKind};
use crate::verdict::{CopyTrail, Hop, Step, Witness};
use rdcl_core::{
    BoundaryId, Bv, ChoiceId, Decision, Derivation, Env, Field, HeaderKind, Injection, Interpreter, Network, Outcome,
    Packet, PacketCopy, PartId, Reason, Role, Run, Shape, SlotId, Stores, Tape, Time, Took, deparse,
};
use rdcl_hir::{Claim, Predicate, Property, passed};
use std::collections::BTreeSet;

/// The most visits of a run that is not expected to make many.
pub const FUEL: u64 = 512;

/// One packet to send.
#[derive(Clone, Debug)]
pub struct Shot {
    /// Where it enters.
    pub from: BoundaryId,
    /// The packet.
    pub packet: Packet,
    /// The choices on its way, with the names of their parts.
    pub choices: Vec<(PartId, Var, u128)>,
    /// The same, by where they are made.
    pub decisions: Vec<Decision>,
    /// When it is sent; none while nothing depends on it: then it is sent as soon as the one before.
    pub now: Option<u64>,
}

impl Shot {
    /// The packet with this number of an assignment.
    pub fn new(from: BoundaryId, shape: Shape, facts: &Facts, number: u16, model: &Model) -> Shot {
        let mut packet = Packet::new(shape);
        let length = shape.ip().and_then(|ip| ip.field("len"));
        // What tells the header that follows is as the shape has it.
        for field in shape.fields().filter(|f| Some(*f) != length && told(shape, *f).is_none()) {
            packet.set(field, model.value(Var { packet: number, ..Var::field(field) }));
        }
        match length {
            Some(length) => {
                let value = model.value(Var { packet: number, ..Var::field(length) });
                if value > packet.get(length) {
                    packet.set(length, value);
                }
            }
            None => {
                let bytes = model.value(Var { packet: number, ..Var::local(VarKind::Body, 16) });
                packet.payload.resize(bytes as usize, 0);
            }
        }
        let value = |(part, var): &(PartId, Var)| {
            let var = Var { packet: number, ..*var };
            (*part, var, model.value(var))
        };
        Shot {
            from,
            packet,
            choices: facts.choices.iter().map(value).collect(),
            decisions: Vec::new(),
            now: model.time(number),
        }
    }

    /// The same packet, with its choices made where exploration met them.
    pub fn addressed(mut self, explorer: &Explorer<'_>) -> Shot {
        let decision = |(_, var, value): &(PartId, Var, u128)| {
            let (VarKind::Choice(choice), (path, hop)) = (var.kind, explorer.address(var.visit)?) else { return None };
            Some(Decision { path: path.clone(), hop: *hop, choice, value: *value })
        };
        self.decisions = self.choices.iter().filter_map(decision).collect();
        self
    }

    fn tape(&self) -> Tape {
        Tape::deciding(self.decisions.clone())
    }
}

/// What a replay gave.
pub struct Replay {
    /// The runs, in order.
    pub runs: Vec<Run>,
    /// The stores at the end.
    pub stores: Stores,
}

/// Runs packets one after the other from empty stores; none if the tape does not fit. A run makes at most
/// `fuel` visits.
pub fn replay(network: &Network, shots: &[Shot], fuel: u64) -> Option<Replay> {
    let interpreter = Interpreter::new(network);
    let mut stores = Stores::new(network);
    let mut runs = Vec::new();
    for (shot, now) in shots.iter().zip(times(shots)) {
        runs.push(replay_into(&interpreter, &mut stores, (shot, now), fuel)?);
    }
    Some(Replay { runs, stores })
}

/// When packets are sent, one after the other.
pub fn times(shots: &[Shot]) -> Vec<u64> {
    let mut last = 0;
    let mut time = |shot: &Shot| {
        last = last.max(shot.now.unwrap_or(0));
        last
    };
    shots.iter().map(&mut time).collect()
}

/// Sends one more packet, at a time; none if its tape does not fit, and the stores are worth nothing then.
pub fn replay_into(
    interpreter: &Interpreter<'_>,
    stores: &mut Stores,
    (shot, now): (&Shot, u64),
    fuel: u64,
) -> Option<Run> {
    let tape = shot.tape();
    let bytes = deparse(&shot.packet);
    let injection = Injection { at: shot.from, bytes: &bytes, now: Time(now), tape: Some(&tape), fuel };
    interpreter.run(stores, injection).ok()
}

/// The copies by which a run shows that a property fails for one flow; none if it does not.
pub fn shows(property: &Property, to: Option<BoundaryId>, packet: &Packet, run: &Run) -> Option<Vec<usize>> {
    if !property.when.holds(&EntryEnv { packet }) {
        return None;
    }
    match &property.claim {
        Claim::Isolated => copies(run, |c| delivered(c, to).is_some()),
        Claim::Holds(predicate) => {
            copies(run, |c| delivered(c, to).is_some_and(|exit| !holds(predicate, packet, exit)))
        }
        Claim::Unchanged { except } => {
            copies(run, |c| delivered(c, to).is_some_and(|exit| !is_unchanged(packet, exit, except)))
        }
        Claim::Via { through, .. } => copies(run, |c| delivered(c, to).is_some() && bypasses(c, through)),
        Claim::NoLoop => copies(run, |c| matches!(c.outcome, Outcome::Loop { .. })),
        Claim::Reach { room } => all_lost(run, to, |c| !c.full().any(|full| room.contains(&full))),
        Claim::CanReach => all_lost(run, to, |_| true),
        Claim::Intended(_) => None,
    }
}

/// The copies of which something is true; none if there is no such copy.
pub fn copies(run: &Run, is_such: impl Fn(&PacketCopy) -> bool) -> Option<Vec<usize>> {
    let found: Vec<usize> = (0..run.copies.len()).filter(|i| is_such(&run.copies[*i])).collect();
    (!found.is_empty()).then_some(found)
}

/// Whether a copy has not passed all waypoints in order.
fn bypasses(copy: &PacketCopy, through: &[BTreeSet<PartId>]) -> bool {
    copy.trail.iter().fold(0, |before, hop| passed(through, before, hop.part)) < through.len()
}

/// All copies, if none arrives, each is known to be lost, and each is within the premise.
fn all_lost(run: &Run, to: Option<BoundaryId>, counts: impl Fn(&PacketCopy) -> bool) -> Option<Vec<usize>> {
    let lost = |c: &PacketCopy| delivered(c, to).is_none() && !is_open(c) && counts(c);
    run.copies.iter().all(lost).then(|| (0..run.copies.len()).collect())
}

/// Whether it is not known what becomes of the copy in the real network. One that comes back bit for bit goes round for
/// ever, unless it meets other state than before, or looks at the clock.
fn is_open(copy: &PacketCopy) -> bool {
    match copy.outcome {
        Outcome::ModelError { .. } | Outcome::Exhausted => true,
        Outcome::Loop { exact, .. } => {
            !exact || copy.trail.iter().any(|hop| hop.clock || hop.steps.iter().any(meets_state))
        }
        Outcome::Delivered { .. } | Outcome::Dropped { .. } => false,
    }
}

fn meets_state(step: &rdcl_core::Step) -> bool {
    match step.took {
        Took::Found(_) | Took::Added | Took::Clashed | Took::Full(_) | Took::NoValue => true,
        Took::Went | Took::Held(_) | Took::Arm(_) | Took::Row(_) | Took::Chose(..) | Took::Copy(_) | Took::Ended => {
            false
        }
    }
}

fn delivered(copy: &PacketCopy, to: Option<BoundaryId>) -> Option<&Packet> {
    match &copy.outcome {
        Outcome::Delivered { at, packet, .. } if Some(*at) == to => Some(packet),
        Outcome::Delivered { .. } | Outcome::Dropped { .. } | Outcome::ModelError { .. } => None,
        Outcome::Loop { .. } | Outcome::Exhausted => None,
    }
}

struct EntryEnv<'p> {
    packet: &'p Packet,
}

impl Env for EntryEnv<'_> {
    fn field(&self, field: Field) -> Bv {
        Bv::new(field.width(), self.packet.get(field))
    }

    fn has(&self, header: HeaderKind) -> bool {
        self.packet.has(header)
    }
}

struct ExitEnv<'p> {
    packet: &'p Packet,
    old: Vec<Bv>,
}

impl Env for ExitEnv<'_> {
    fn field(&self, field: Field) -> Bv {
        Bv::new(field.width(), self.packet.get(field))
    }

    fn slot(&self, slot: SlotId) -> Bv {
        self.old[slot.index()]
    }

    fn has(&self, header: HeaderKind) -> bool {
        self.packet.has(header)
    }
}

/// Whether a predicate holds of a packet that entered and left.
pub fn holds(predicate: &Predicate, entered: &Packet, left: &Packet) -> bool {
    let entry = EntryEnv { packet: entered };
    let old = predicate.old.iter().map(|e| e.eval(&entry)).collect();
    predicate.cond.holds(&ExitEnv { packet: left, old })
}

/// Whether nothing but the listed fields, and what follows from the rest, differs.
pub fn is_unchanged(entered: &Packet, left: &Packet, except: &[Field]) -> bool {
    let counts = |f: &Field| match f.decl().role {
        Role::Plain | Role::HopLimit | Role::Derived(Derivation::NextProtocol) => !except.contains(f),
        Role::Derived(_) => false,
    };
    entered.shape() == left.shape()
        && entered.payload == left.payload
        && entered.options == left.options
        && entered.l4_error == left.l4_error
        && entered.shape().fields().filter(counts).all(|f| entered.get(f) == left.get(f))
}

/// The witness that a replay is. Packets before those that were replayed are shown without what became of them.
pub fn witness(network: &Network, shots: &[Shot], replay: &Replay, telling: Vec<usize>, minimal: bool) -> Witness {
    let shots: Vec<(&Shot, u64)> = shots.iter().zip(times(shots)).collect();
    let (before, replayed) = shots.split_at(shots.len() - replay.runs.len());
    let nothing = Run { copies: Vec::new(), chosen: Vec::new(), chosen_by: Vec::new() };
    let mut steps: Vec<Step> = before.iter().map(|s| step(network, *s, &nothing)).collect();
    steps.extend(replayed.iter().zip(&replay.runs).map(|(s, r)| step(network, *s, r)));
    let packet = steps.pop().expect("a witness has a packet");
    let mut outcomes: Vec<&str> = telling.iter().map(|i| packet.copies[*i].outcome.as_str()).collect();
    outcomes.dedup();
    Witness { history: steps, outcome: outcomes.join("; "), telling, packet, minimal }
}

fn step(network: &Network, (shot, now): (&Shot, u64), run: &Run) -> Step {
    let shown = |f: &Field| match f.decl().role {
        Role::Plain | Role::HopLimit | Role::Derived(Derivation::NextProtocol) => true,
        Role::Derived(Derivation::Length) => f.is_ip_length(),
        Role::Derived(Derivation::Checksum | Derivation::Fixed(_)) => false,
    };
    let fields = shot.packet.shape().fields().filter(shown);
    // A choice that was planned is not made when no value turns out to be legal; sibling copies make others.
    let planned = shot.choices.iter().filter_map(|(part, var, value)| match var.kind {
        VarKind::Choice(choice) => Some(((*part, choice), *value)),
        VarKind::Field(_) | VarKind::Body | VarKind::Cell { .. } | VarKind::Full { .. } => None,
        VarKind::NoFree(_) | VarKind::Now | VarKind::Unknown(_) => None,
    });
    let made = run.chosen_by.iter().copied().zip(run.chosen.iter().copied());
    let choices: Vec<((PartId, ChoiceId), u128)> =
        if run.copies.is_empty() { planned.collect() } else { made.collect() };
    Step {
        port: network.boundary_port(shot.from).name.clone(),
        bytes: deparse(&shot.packet),
        fields: fields.map(|f| (f.to_string(), shot.packet.get(f))).collect(),
        now,
        choices: choices.into_iter().map(|(by, value)| (choice_name(network, by), value)).collect(),
        copies: run.copies.iter().map(|c| trail(network, c)).collect(),
    }
}

/// `nat.x`, or `x` when the network is one leaf.
fn choice_name(network: &Network, (part, choice): (PartId, ChoiceId)) -> String {
    let part = network.part(part);
    let name = part.program.choices.get(choice.index()).map_or("", |c| &c.name);
    let dot = if part.path.is_empty() { "" } else { "." };
    format!("{}{dot}{name}", part.path)
}

fn trail(network: &Network, copy: &PacketCopy) -> CopyTrail {
    let hop = |hop: &rdcl_core::Hop| Hop {
        port: network.port_name(hop.part, hop.port),
        part: hop.part,
        ingress: hop.port,
        steps: hop.steps.iter().map(|s| s.at).collect(),
    };
    let delivered = match &copy.outcome {
        Outcome::Delivered { at, bytes, .. } => Some((network.boundary_port(*at).name.clone(), bytes.clone())),
        Outcome::Dropped { .. } | Outcome::ModelError { .. } | Outcome::Loop { .. } | Outcome::Exhausted => None,
    };
    CopyTrail { outcome: outcome_words(network, copy), delivered, hops: copy.trail.iter().map(hop).collect() }
}

fn outcome_words(network: &Network, copy: &PacketCopy) -> String {
    match &copy.outcome {
        Outcome::Delivered { at, .. } => format!("delivered at {}", network.boundary_port(*at).name),
        Outcome::Dropped { reason, .. } => format!("dropped: {}", reason_words(reason)),
        Outcome::ModelError { error, .. } => format!("model error: {error}"),
        Outcome::Loop { part, port, .. } => format!("loops at {}", network.port_name(*part, *port)),
        Outcome::Exhausted => "still under way after the most visits a run may take".to_owned(),
    }
}

/// Why a packet was dropped, in words.
pub fn reason_words(reason: &Reason) -> String {
    match reason {
        Reason::Constrain => "a constraint does not hold".to_owned(),
        Reason::Fail(message) => message.clone(),
        Reason::Assertion => "an assertion does not hold".to_owned(),
        Reason::Clash(_) => "the entry is there already".to_owned(),
        Reason::NoPort => "there is no such port".to_owned(),
        Reason::Unwired => "the port is not wired".to_owned(),
        Reason::Parse(error) => format!("malformed ({error:?})").to_lowercase(),
    }
}
