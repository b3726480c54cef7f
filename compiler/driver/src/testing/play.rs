//! Playing a test: its packets go through the interpreter, and what became of each is held against what is expected.

use super::fixture::{Expected, Step, Test};
use crate::check::Checked;
use crate::packet;
use rdcl_base::FileSpan;
use rdcl_core::{BoundaryId, Injection, Interpreter, Network, Outcome, Packet, PacketCopy, Run, Stores, Time};
use rdcl_hir::{leaf_origins, network, place, structure};
use rdcl_verify::reason_words;

/// The most visits of parts that one packet makes.
const FUEL: u64 = 100_000;

/// What came of a test.
pub struct Played {
    /// What is other than expected.
    pub failures: Vec<Failure>,
    /// Every run, for what it covers.
    pub runs: Vec<Run>,
}

/// Something that is other than expected.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where it is expected.
    pub at: FileSpan,
    /// The packet that was sent, in words.
    pub sent: String,
    /// What was expected.
    pub expected: String,
    /// What was found, a line each.
    pub found: Vec<String>,
}

/// Plays a test.
pub fn play(checked: &Checked, test: &Test<'_>) -> Played {
    let network = network(&checked.db, test.block);
    let interpreter = Interpreter::new(network);
    let mut played = Played { failures: Vec::new(), runs: Vec::new() };
    let (mut stores, mut now) = (Stores::new(network), 0u64);
    for step in &test.steps {
        now = now.saturating_add(step.after);
        let start = now;
        for (time, bytes) in &step.packets {
            now = start.saturating_add(*time);
            let injection = Injection { at: step.port, bytes, now: Time(now), tape: None, fuel: FUEL };
            // Without a tape and with time that only grows there always is a run.
            let Ok(run) = interpreter.run(&mut stores, injection) else { continue };
            let judge = Judge { checked, test, network, step, bytes };
            played.failures.extend(step.expected.as_ref().and_then(|expected| judge.failure(expected, &run)));
            played.runs.push(run);
        }
    }
    played
}

/// What is known when a packet is judged.
struct Judge<'a> {
    checked: &'a Checked,
    test: &'a Test<'a>,
    network: &'a Network,
    step: &'a Step,
    bytes: &'a [u8],
}

/// A copy that left.
struct Left<'r> {
    at: BoundaryId,
    packet: &'r Packet,
    bytes: &'r [u8],
}

impl Judge<'_> {
    fn failure(&self, expected: &Expected, run: &Run) -> Option<Failure> {
        if let Some(copy) = run.copies.iter().find(|copy| is_open(copy)) {
            return Some(self.failed(self.step.at, "a packet that comes to an end".to_owned(), vec![self.copy(copy)]));
        }
        let left: Vec<Left<'_>> = run.copies.iter().filter_map(left).collect();
        let dropped: Vec<&PacketCopy> = run.copies.iter().filter(|copy| reason(copy).is_some()).collect();
        if !is_matched(expected, &left) {
            return Some(self.unmatched(expected, &left, run));
        }
        let (at, wanted) = expected.drop.as_ref()?;
        let is_wanted =
            |copy: &&&PacketCopy| wanted.as_ref().is_none_or(|wanted| reason(copy).as_ref() == Some(wanted));
        let others: Vec<String> = dropped.iter().filter(|copy| !is_wanted(copy)).map(|copy| self.copy(copy)).collect();
        if !dropped.is_empty() && others.is_empty() {
            return None;
        }
        let expectation = wanted.as_ref().map_or("dropped".to_owned(), |reason| format!("dropped: {reason}"));
        let found = if others.is_empty() { vec!["no copy is dropped".to_owned()] } else { others };
        Some(self.failed(*at, expectation, found))
    }

    /// Copies that left other than expected.
    fn unmatched(&self, expected: &Expected, left: &[Left<'_>], run: &Run) -> Failure {
        let name = |port: BoundaryId| self.network.boundary_port(port).name.as_str();
        let missed = expected.arrivals.iter().find(|arrival| !left.iter().any(|copy| fits(arrival, copy)));
        let at = missed.or(expected.arrivals.first()).map_or(self.step.at, |arrival| arrival.at);
        let texts: Vec<String> = expected.arrivals.iter().map(|arrival| arrival.text(name(arrival.port))).collect();
        let expectation = if texts.is_empty() { "nothing arrives".to_owned() } else { texts.join("; ") };
        let mut found: Vec<String> = run.copies.iter().map(|copy| self.copy(copy)).collect();
        // Of one copy that left by the right port it can be said what is wrong with it.
        if let (Some(arrival), [copy]) = (missed, left)
            && copy.at == arrival.port
        {
            found.extend(arrival.differences(copy.packet, copy.bytes));
        }
        self.failed(at, expectation, found)
    }

    fn failed(&self, at: FileSpan, expected: String, found: Vec<String>) -> Failure {
        let port = self.network.boundary_port(self.step.port);
        let words = match rdcl_core::parse(self.bytes, port.stack) {
            Ok(packet) => summary(&packet),
            Err(_) => packet::hex(self.bytes),
        };
        Failure { at, sent: format!("at {}: {words}", port.name), expected, found }
    }

    /// What became of a copy, and the line that decided.
    fn copy(&self, copy: &PacketCopy) -> String {
        let port = |at: &BoundaryId| &self.network.boundary_port(*at).name;
        let (words, decided) = match &copy.outcome {
            Outcome::Delivered { at, packet, .. } => return format!("at {}: {}", port(at), summary(packet)),
            Outcome::Dropped { reason, by } => (format!("dropped: {}", reason_words(reason)), *by),
            Outcome::ModelError { error, by } => (format!("no run of a guest: {error}"), Some(*by)),
            Outcome::Loop { part, port, .. } => {
                (format!("goes round in a circle at {}", self.network.port_name(*part, *port)), None)
            }
            Outcome::Exhausted => (format!("still under way after {FUEL} visits"), None),
        };
        let db = &self.checked.db;
        let line = decided.and_then(|(part, instruction)| {
            let (_, leaf) = structure(db, self.test.block).parts.get(part.0 as usize)?;
            Some(self.checked.sources.place(place(db, leaf_origins(db, *leaf).get(instruction)?)))
        });
        line.map_or(words.clone(), |line| format!("{words} ({line})"))
    }
}

fn summary(packet: &Packet) -> String {
    let fields: Vec<_> = packet.shape().fields().map(|field| (field, packet.get(field))).collect();
    packet::summary(&fields)
}

fn left(copy: &PacketCopy) -> Option<Left<'_>> {
    match &copy.outcome {
        Outcome::Delivered { at, bytes, packet } => Some(Left { at: *at, packet, bytes }),
        Outcome::Dropped { .. } | Outcome::ModelError { .. } | Outcome::Loop { .. } | Outcome::Exhausted => None,
    }
}

fn reason(copy: &PacketCopy) -> Option<String> {
    match &copy.outcome {
        Outcome::Dropped { reason, .. } => Some(reason_words(reason)),
        Outcome::Delivered { .. } | Outcome::ModelError { .. } | Outcome::Loop { .. } | Outcome::Exhausted => None,
    }
}

/// Whether it is not known what becomes of the copy in the end.
fn is_open(copy: &PacketCopy) -> bool {
    left(copy).is_none() && reason(copy).is_none()
}

fn fits(arrival: &super::fixture::Arrival, copy: &Left<'_>) -> bool {
    arrival.port == copy.at && arrival.differences(copy.packet, copy.bytes).is_empty()
}

/// Whether copies and expectations can be paired without a rest.
fn is_matched(expected: &Expected, left: &[Left<'_>]) -> bool {
    if expected.arrivals.len() != left.len() {
        return false;
    }
    let mut taken: Vec<Option<usize>> = vec![None; left.len()];
    (0..expected.arrivals.len()).all(|arrival| {
        let mut tried = vec![false; left.len()];
        pair(expected, left, arrival, &mut taken, &mut tried)
    })
}

/// Finds a copy for an expectation, moving others where that helps (augmenting paths).
fn pair(
    expected: &Expected,
    left: &[Left<'_>],
    arrival: usize,
    taken: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for copy in 0..left.len() {
        if tried[copy] || !fits(&expected.arrivals[arrival], &left[copy]) {
            continue;
        }
        tried[copy] = true;
        if taken[copy].is_none_or(|other| pair(expected, left, other, taken, tried)) {
            taken[copy] = Some(arrival);
            return true;
        }
    }
    false
}
