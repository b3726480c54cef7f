//! The library's NAT, lowered and run: many flows, their replies, collisions, exhaustion, expiry.

#[path = "support/package.rs"]
mod support;

use rdcl_core::{
    BoundaryId, Field, HeaderKind, Injection, Interpreter, Network, Outcome, Packet, PartId, Reason, Shape, Stores,
    Time, deparse,
};
use rdcl_hir::network;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use support::{package, subject};

const FLOWS: u32 = 10_000;
const PUBLIC: u128 = 0xcb00_7107;
const SERVER: u128 = 0x0808_0808;
const INSIDE: BoundaryId = BoundaryId(0);
const OUTSIDE: BoundaryId = BoundaryId(1);

fn nat(args: &str) -> Arc<Network> {
    let text = format!(
        "use std::net::Ip4; use std::nf::Nat44;
         rfb Site {{ port inout a: Ip4; port inout b: Ip4; part nat: Nat44(public = 203.0.113.7{args});
                     wire a <-> nat.inside; wire nat.outside <-> b; }}"
    );
    let (db, package) = package(&text, &[]);
    Arc::clone(network(&db, subject(&db, package, "Site")))
}

fn field(header: HeaderKind, name: &str) -> Field {
    header.field(name).unwrap()
}

/// A packet; `l4` is TCP or UDP.
fn packet(l4: HeaderKind, src: (u128, u128), dst: (u128, u128)) -> Packet {
    let mut packet = Packet::new(Shape::of(&[HeaderKind::Ip4, l4]));
    packet.set(field(HeaderKind::Ip4, "ttl"), 64);
    packet.set(field(HeaderKind::Ip4, "src"), src.0);
    packet.set(field(HeaderKind::Ip4, "dst"), dst.0);
    packet.set(field(l4, "sport"), src.1);
    packet.set(field(l4, "dport"), dst.1);
    packet
}

struct Box<'n> {
    interpreter: Interpreter<'n>,
    stores: Stores,
    now: Time,
}

impl<'n> Box<'n> {
    fn new(network: &'n Network) -> Box<'n> {
        Box { interpreter: Interpreter::new(network), stores: Stores::new(network), now: Time(0) }
    }

    fn send(&mut self, at: BoundaryId, packet: &Packet) -> Outcome {
        let bytes = deparse(packet);
        let injection = Injection { at, bytes: &bytes, now: self.now, tape: None, fuel: 10 };
        let mut run = self.interpreter.run(&mut self.stores, injection).unwrap();
        assert_eq!(run.copies.len(), 1);
        run.copies.remove(0).outcome
    }

    fn delivered(&mut self, at: BoundaryId, packet: &Packet) -> Packet {
        match self.send(at, packet) {
            Outcome::Delivered { packet, .. } => packet,
            other => panic!("{other:?}"),
        }
    }

    fn refused(&mut self, at: BoundaryId, packet: &Packet) -> String {
        match self.send(at, packet) {
            Outcome::Dropped { reason: Reason::Fail(message), .. } => message,
            other => panic!("{other:?}"),
        }
    }
}

/// The i-th host and port; every other flow is UDP.
fn flow(i: u32) -> (HeaderKind, u128, u128) {
    let l4 = if i.is_multiple_of(2) { HeaderKind::Tcp } else { HeaderKind::Udp };
    (l4, u128::from(0x0a01_0000 + i / 7), u128::from(1000 + i % 7))
}

#[test]
fn ten_thousand_flows_and_their_replies() {
    let network = nat("");
    let mut nat = Box::new(&network);
    let mut mapped: BTreeMap<u32, u128> = BTreeMap::new();
    let mut taken: BTreeSet<(HeaderKind, u128)> = BTreeSet::new();
    for i in 0..FLOWS {
        let (l4, host, port) = flow(i);
        let out = nat.delivered(INSIDE, &packet(l4, (host, port), (SERVER, 443)));
        let ext = out.get(field(l4, "sport"));
        assert_eq!(out.get(field(HeaderKind::Ip4, "src")), PUBLIC);
        assert!((1024..=65535).contains(&ext));
        assert!(taken.insert((l4, ext)), "no two flows of a protocol share a port");
        mapped.insert(i, ext);
    }
    assert_eq!(nat.stores.part(PartId(0)).map(rdcl_core::MapId(0)).len(), FLOWS as usize);
    for (i, ext) in &mapped {
        let (l4, host, port) = flow(*i);
        let back = nat.delivered(OUTSIDE, &packet(l4, (SERVER, 443), (PUBLIC, *ext)));
        assert_eq!(back.get(field(HeaderKind::Ip4, "dst")), host);
        assert_eq!(back.get(field(l4, "dport")), port);
        let again = nat.delivered(INSIDE, &packet(l4, (host, port), (SERVER + 1, 80)));
        assert_eq!(again.get(field(l4, "sport")), *ext, "a flow keeps its port");
    }
    let strange = (1024..=65535).find(|p| !taken.contains(&(HeaderKind::Tcp, *p))).unwrap();
    assert_eq!(nat.refused(OUTSIDE, &packet(HeaderKind::Tcp, (SERVER, 443), (PUBLIC, strange))), "no mapping");
}

#[test]
fn hashes_collide_and_every_port_is_used_before_any_flow_is_refused() {
    let network = nat(", ports = 1024..1279");
    let mut nat = Box::new(&network);
    let mut taken = BTreeSet::new();
    for i in 0..256u128 {
        let out = nat.delivered(INSIDE, &packet(HeaderKind::Tcp, (0x0a01_0000 + i * 977, 5000 + i), (SERVER, 443)));
        taken.insert(out.get(field(HeaderKind::Tcp, "sport")));
    }
    assert_eq!(taken.len(), 256, "256 flows on 256 ports cannot but collide, and none is refused");
    let one_more = |l4| packet(l4, (0x0a02_0000, 1), (SERVER, 443));
    assert_eq!(nat.refused(INSIDE, &one_more(HeaderKind::Tcp)), "no free port");
    nat.delivered(INSIDE, &one_more(HeaderKind::Udp));
}

#[test]
fn the_table_may_be_full_before_the_ports_are() {
    let network = nat(", capacity = 10");
    let mut nat = Box::new(&network);
    for i in 0..10 {
        nat.delivered(INSIDE, &packet(HeaderKind::Udp, (0x0a01_0000 + i, 53), (SERVER, 53)));
    }
    assert_eq!(nat.refused(INSIDE, &packet(HeaderKind::Udp, (0x0a02_0000, 53), (SERVER, 53))), "table full");
}

#[test]
fn an_idle_mapping_expires_and_a_used_one_does_not() {
    let second = 1_000_000_000;
    let network = nat(", ports = 2000..2001");
    let mut nat = Box::new(&network);
    let (a, b) = ((0x0a01_0001, 7), (0x0a01_0002, 7));
    let ext = |p: &Packet| p.get(field(HeaderKind::Tcp, "sport"));
    let port_a = ext(&nat.delivered(INSIDE, &packet(HeaderKind::Tcp, a, (SERVER, 443))));
    let port_b = ext(&nat.delivered(INSIDE, &packet(HeaderKind::Tcp, b, (SERVER, 443))));
    nat.now = Time(200 * second);
    nat.delivered(OUTSIDE, &packet(HeaderKind::Tcp, (SERVER, 443), (PUBLIC, port_a)));
    nat.now = Time(299 * second);
    nat.delivered(OUTSIDE, &packet(HeaderKind::Tcp, (SERVER, 443), (PUBLIC, port_a)));
    nat.now = Time(301 * second);
    assert_eq!(nat.refused(OUTSIDE, &packet(HeaderKind::Tcp, (SERVER, 443), (PUBLIC, port_b))), "no mapping");
    nat.delivered(OUTSIDE, &packet(HeaderKind::Tcp, (SERVER, 443), (PUBLIC, port_a)));
    let c = (0x0a01_0003, 7);
    assert_eq!(
        ext(&nat.delivered(INSIDE, &packet(HeaderKind::Tcp, c, (SERVER, 443)))),
        port_b,
        "the port is free again"
    );
}
