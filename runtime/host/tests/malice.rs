//! A guest that does as it likes: the host neither panics nor hangs, every frame is accounted for, and the guests beside
//! it work on.

use rdcl_abi::{Death, Guest, RingShape, Violation, offset};
use rdcl_codegen::{Compiled, Counter};
use rdcl_core::{
    Block, BlockId, BoundaryId, BoundaryPort, End, Endpoint, HeaderKind, Network, Part, PartId, PortDecl, PortId,
    Program, Stack,
};
use rdcl_host::{Backend, InProcess, Report, Service, Unsent};
use std::cell::RefCell;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const SLOTS: u64 = 4;

fn rings() -> RingShape {
    RingShape::new(2, 9).unwrap()
}

fn ethernet() -> Stack {
    Stack::new(&[HeaderKind::Eth]).unwrap()
}

/// What comes in by `a` leaves by `b`, and the other way round.
fn wire() -> Program {
    let port = |name: &str| PortDecl { name: name.into(), stack: ethernet() };
    let forward = |to| Block { ops: vec![], end: End::Forward(PortId(to)) };
    Program {
        ports: vec![port("a"), port("b")],
        blocks: vec![forward(1), forward(0)],
        entry: vec![Some(BlockId(0)), Some(BlockId(1))],
        ..Program::default()
    }
}

/// So many wires in a row between the edges `left` and `right`; `x` leads straight to `y`, `z` nowhere.
fn row(parts: u32) -> Network {
    let program = Arc::new(wire());
    let part = |i: u32| Part { path: format!("w{i}"), program: Arc::clone(&program), tables: vec![] };
    let left = |i: u32| match i {
        0 => Endpoint::Boundary(BoundaryId(0)),
        _ => Endpoint::Part(PartId(i - 1), PortId(1)),
    };
    let right = |i: u32| match i + 1 {
        next if next == parts => Endpoint::Boundary(BoundaryId(1)),
        next => Endpoint::Part(PartId(next), PortId(0)),
    };
    let edge = |name: &str, stack, to| BoundaryPort { name: name.into(), stack, enters: true, leaves: true, to };
    let end = |part, port| Some(Endpoint::Part(PartId(part), PortId(port)));
    let ip = Stack::new(&[HeaderKind::Ip4]).unwrap();
    let boundary = vec![
        edge("left", ethernet(), end(0, 0)),
        edge("right", ethernet(), end(parts - 1, 1)),
        edge("x", ip, Some(Endpoint::Boundary(BoundaryId(3)))),
        edge("y", ip, Some(Endpoint::Boundary(BoundaryId(2)))),
        edge("z", ip, None),
    ];
    let wires = (0..parts).map(|i| vec![Some(left(i)), Some(right(i))]).collect();
    Network { parts: (0..parts).map(part).collect(), wires, boundary }
}

/// What a guest does when it is entered: it sees its fabric and its data, and which call this is.
type Deed = fn(&[AtomicU64], &[AtomicU64], u64) -> Result<(), Death>;

struct Rogue {
    fabric: Vec<AtomicU64>,
    data: Vec<AtomicU64>,
    deed: Deed,
    calls: u64,
}

impl Guest for Rogue {
    fn fabric(&self) -> &[AtomicU64] {
        &self.fabric
    }

    fn data(&self) -> &[AtomicU64] {
        &self.data
    }

    fn enter(&mut self, _: Duration) -> Result<(), Death> {
        self.calls += 1;
        (self.deed)(&self.fabric, &self.data, self.calls)
    }
}

/// Boots guests in this process, but for one.
struct Infiltrated {
    booted: RefCell<u32>,
    rogue: u32,
    deed: Deed,
}

impl Backend for Infiltrated {
    fn name(&self) -> &'static str {
        "infiltrated"
    }

    fn boot(&self, compiled: &Compiled) -> Result<Box<dyn Guest>, Box<dyn Error + Send + Sync>> {
        let number = self.booted.replace_with(|n| *n + 1);
        if number != self.rogue {
            return InProcess.boot(compiled);
        }
        let words = |bytes: usize| (0..bytes / 8).map(|_| AtomicU64::new(0)).collect();
        let image = compiled.image();
        let (fabric, data) = (words(image.rings.fabric_bytes()), words(image.data_bytes));
        Ok(Box::new(Rogue { fabric, data, deed: self.deed, calls: 0 }))
    }
}

/// Three in a row, the second of which is a rogue; ten frames from the left. Gives how many came out at the right, and
/// what was counted after two more from the right.
fn among_rogues(deed: Deed) -> (u64, Report) {
    let backend = Infiltrated { booted: RefCell::new(0), rogue: 1, deed };
    let mut service = boot(&row(3), &backend);
    (0..10).for_each(|time| service.send(0, time, &[7; 60]).unwrap());
    let mut left = 0;
    service.settle(1000, &mut |edge, _, _| left += u64::from(edge == 1)).unwrap();
    (0..2).for_each(|time| service.send(1, time, &[8; 60]).unwrap());
    service.settle(1000, &mut |_, _, _| {}).unwrap();
    let report = service.report();
    let received = |part: usize| {
        let counts = report.parts[part].counts.iter();
        counts.filter(|(c, _)| matches!(c, Counter::Received { .. })).map(|(_, count)| *count).sum::<u64>()
    };
    assert_eq!((received(0), received(2)), (10, 2 + left), "the neighbours work on");
    assert_eq!([0, 2].map(|part| (report.parts[part].lost, &report.parts[part].death)), [(0, &None); 2]);
    (left, report)
}

fn boot(network: &Network, backend: &dyn Backend) -> Service {
    let parts: Vec<PartId> = (0..network.parts.len() as u32).map(PartId).collect();
    Service::boot(network, &parts, backend, rings()).unwrap_or_else(|error| panic!("{error}"))
}

fn add(fabric: &[AtomicU64], at: usize, more: u64) {
    fabric[at / 8].fetch_add(more, Ordering::Relaxed);
}

/// Moves an index by more than there are slots.
fn lie(fabric: &[AtomicU64], at: usize) -> Result<(), Death> {
    add(fabric, at, SLOTS + 1);
    Ok(())
}

/// Takes all that waits.
fn take_all(fabric: &[AtomicU64]) {
    let tail = fabric[offset::RECEIVE_TAIL / 8].load(Ordering::Relaxed);
    fabric[offset::RECEIVE_HEAD / 8].store(tail, Ordering::Relaxed);
}

/// Fills every send slot with a frame for the right.
fn flood(fabric: &[AtomicU64]) {
    for slot in 0..SLOTS as usize {
        let at = rings().send_slots() + slot * rings().slot_bytes() as usize;
        fabric[at / 8].store(60 | 1 << 32, Ordering::Relaxed);
    }
    add(fabric, offset::SEND_TAIL, SLOTS);
}

#[test]
fn a_lie_is_the_end_of_its_teller_alone() {
    let lies: [(Deed, Violation); 4] = [
        (|fabric, _, _| lie(fabric, offset::RECEIVE_HEAD), Violation::ReceiveIndex(5)),
        (|fabric, _, _| lie(fabric, offset::SEND_TAIL), Violation::SendIndex(5)),
        (
            |fabric, _, _| {
                flood(fabric);
                fabric[rings().send_slots() / 8].store(497, Ordering::Relaxed);
                Ok(())
            },
            Violation::Length(497),
        ),
        (
            |fabric, _, _| {
                flood(fabric);
                fabric[rings().send_slots() / 8].store(60 | 2 << 32, Ordering::Relaxed);
                Ok(())
            },
            Violation::Port(2),
        ),
    ];
    for (deed, violation) in lies {
        let (left, report) = among_rogues(deed);
        assert_eq!((left, &report.parts[1].death), (0, &Some(Death::Rings(violation))));
    }
}

#[test]
fn every_frame_of_a_dead_guest_is_lost_by_name() {
    let (left, report) = among_rogues(|fabric, _, call| {
        take_all(fabric);
        if call == 2 { Err(Death::Runaway) } else { Ok(()) }
    });
    assert_eq!((left, &report.parts[1].death), (0, &Some(Death::Runaway)));
    assert_eq!(report.parts[1].lost, 10 - SLOTS + 2);
    // Of four frames that were taken, the second cannot be passed on; the two behind it are lost with it.
    let (left, report) = among_rogues(|fabric, _, _| {
        take_all(fabric);
        flood(fabric);
        fabric[(rings().send_slots() + rings().slot_bytes() as usize) / 8].store(u64::MAX, Ordering::Relaxed);
        Ok(())
    });
    assert_eq!((left, report.parts[1].lost), (1, 10 - SLOTS + 3 + 2));
}

#[test]
fn a_guest_that_only_sends_is_ended() {
    let (left, report) = among_rogues(|fabric, _, _| {
        flood(fabric);
        Ok(())
    });
    assert!(matches!(report.parts[1].death, Some(Death::Exit(_))), "{:?}", report.parts[1].death);
    assert_eq!((left, report.parts[1].lost), (SLOTS, 10 + 2));
}

#[test]
fn a_guest_that_does_nothing_is_ended() {
    let (left, report) = among_rogues(|_, _, _| Ok(()));
    assert!(matches!(report.parts[1].death, Some(Death::Exit(_))), "{:?}", report.parts[1].death);
    assert_eq!((left, report.parts[1].lost), (0, 10 + 2));
}

#[test]
fn counters_and_words_that_are_the_hosts_may_be_written_to() {
    let (left, report) = among_rogues(|fabric, data, _| {
        data.iter().for_each(|word| word.store(u64::MAX, Ordering::Relaxed));
        take_all(fabric);
        for at in [offset::RECEIVE_TAIL, offset::SEND_HEAD] {
            fabric[at / 8].store(u64::MAX, Ordering::Relaxed);
        }
        Ok(())
    });
    assert_eq!((left, report.parts[1].lost, &report.parts[1].death), (0, 0, &None));
    assert!(report.parts[1].counts.iter().all(|(_, count)| *count == u64::MAX));
}

#[test]
fn frames_that_go_round_are_stopped_by_their_number() {
    let mut network = row(2);
    network.wires[0][0] = Some(Endpoint::Part(PartId(1), PortId(1)));
    network.wires[1][1] = Some(Endpoint::Part(PartId(0), PortId(0)));
    let mut service = boot(&network, &InProcess);
    (0..10).for_each(|time| service.send(0, time, &[7; 60]).unwrap());
    assert!(service.settle(5000, &mut |_, _, _| {}).is_err());
    let received = |report: &Report| -> u64 {
        let counts = report.parts.iter().flat_map(|part| &part.counts);
        counts.filter(|(c, _)| matches!(c, Counter::Received { .. })).map(|(_, count)| count).sum()
    };
    let report = service.report();
    assert!((5000..5000 + SLOTS).contains(&received(&report)));
    assert_eq!(report.parts.iter().map(|part| part.waiting).sum::<u64>(), 10, "none of them is lost");
}

#[test]
fn what_an_edge_does_not_take_is_counted_by_why() {
    let mut service = Service::boot(&row(2), &[PartId(0)], &InProcess, rings()).unwrap_or_else(|e| panic!("{e}"));
    let packet = [&[0x45, 0, 0, 20, 0, 0, 0, 0, 64, 0, 0x7a, 0xeb][..], &[0; 8]].concat();
    let long = vec![1; rings().longest_received() + 1];
    let sent = [(0, &packet), (0, &long), (1, &packet), (2, &packet), (2, &long), (4, &packet), (9, &packet)];
    let sent = sent.map(|(edge, bytes)| service.send(edge, 0, bytes));
    let (elsewhere, closed) = (Err(Unsent::Elsewhere), Err(Unsent::Closed));
    assert_eq!(sent, [Ok(()), Err(Unsent::TooLong), elsewhere, Ok(()), Err(Unsent::Malformed), closed, closed]);
    let mut left = Vec::new();
    service.settle(1000, &mut |edge, _, bytes| left.push((edge, bytes.to_vec()))).unwrap();
    let cut = service.find_edge("w0.b").unwrap();
    assert_eq!(left, [(3, packet.clone()), (cut, packet)]);
    let report = service.report();
    let refused =
        |edge: usize| report.edges[edge].refused.iter().map(|(why, count)| (*why, *count)).collect::<Vec<_>>();
    let expected = [Unsent::TooLong, Unsent::Elsewhere, Unsent::Malformed].map(|why| vec![(why, 1)]);
    assert_eq!([0, 1, 2].map(refused), expected);
    assert_eq!((refused(3), refused(4)), (vec![], vec![(Unsent::Closed, 1)]));
}
