//! How long a guest in this process takes for a packet: `cargo run --release -p rdcl-codegen --example rate`.
//!
//! The frames stay in the receive ring and are offered again and again, so nothing but the guest is measured; the best
//! of many batches stands for a machine that does nothing else.

#[path = "../../core/tests/support/build.rs"]
mod build;
#[path = "../tests/support/firewall.rs"]
mod firewall;

use build::{TCP, UDP, flow, nat, route, router};
use rdcl_abi::{Guest, HostRings, RingShape, offset};
use rdcl_codegen::{Native, compile};
use rdcl_core::{Field, HeaderKind, Packet, Program, Resolver, TableData, deparse};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const FLOWS: u32 = 4096;
const BATCHES: usize = 400;

fn main() {
    let udp = |i: u32| flow(UDP, 0xc0a8_0000 + i, 1024 + (i % 60_000) as u16, 0x0808_0808, 53);
    let tcp = |i: u32| flow(TCP, 0xc0a8_0000 + i, 1024 + (i % 60_000) as u16, 0x0808_0808, 443);
    let routed = |i: u32| flow(UDP, 1, 2, i.wrapping_mul(0x9e37_79b9), 53);
    let rows =
        (0..50_000u32).map(|i| route(i.wrapping_mul(0x9e37_79b9), 12 + (i % 13) as u16, (i % 4).into())).collect();
    measure("16 rules, ttl, eth/ip/udp", firewall::rules(), None, |i| ethernet(udp(i)));
    measure("stateful firewall, eth/ip/tcp", firewall::firewall(65_536, 1 << 40), None, |i| ethernet(tcp(i)));
    measure("NAT, ip/udp", nat(build::Nat { idle: 1 << 40, ..Default::default() }), None, udp);
    let oldest = build::Nat { idle: 1 << 40, resolver: Some(Resolver::LeastRecentlyFreed), ..Default::default() };
    measure("NAT by age, ip/udp", nat(oldest), None, udp);
    measure("router, 50,000 prefixes, ip/udp", router(4), Some(TableData { rows }), routed);
}

/// The packet in an Ethernet frame.
fn ethernet(inner: Packet) -> Packet {
    let mut packet = inner;
    packet.push(HeaderKind::Eth);
    packet.set(Field { header: HeaderKind::Eth, index: 0 }, 0x0200_0000_0001);
    packet
}

fn measure(name: &str, program: Program, table: Option<TableData>, packet: impl Fn(u32) -> Packet) {
    let shape = RingShape::new(12, 11).expect("the rings are of a size that rings have");
    let tables: Vec<Arc<TableData>> = table.into_iter().map(Arc::new).collect();
    let start = Instant::now();
    let compiled = compile(&program, &tables, shape).expect("the program can become a guest");
    let compiling = start.elapsed();
    let mut native = Native::new(&compiled).expect("there is memory");
    let mut rings = HostRings::new(shape, compiled.image().ports);
    for i in 0..FLOWS {
        let mut bytes = deparse(&packet(i));
        bytes.resize(bytes.len().max(if bytes[0] == 0x45 { bytes.len() } else { 60 }), 0);
        rings.send(native.fabric(), 0, 1, &bytes).expect("there is room");
    }
    rings.publish(native.fabric());
    let mut best = Duration::MAX;
    for _ in 0..BATCHES {
        let start = Instant::now();
        native.enter(Duration::MAX).expect("a guest in this process does not die");
        best = best.min(start.elapsed());
        again(&native);
    }
    let sent = native.fabric()[offset::SEND_TAIL / 8].load(Ordering::Relaxed);
    let nanoseconds = best.as_nanos() as f64 / f64::from(FLOWS);
    let code = compiled.image().code.len();
    println!("{name:32} {nanoseconds:6.1} ns/packet, {sent} sent, {code} bytes of code in {compiling:.1?}");
}

/// Offers all frames again, and takes what was sent.
fn again(native: &Native) {
    let word = |at: usize| &native.fabric()[at / 8];
    word(offset::RECEIVE_TAIL).fetch_add(u64::from(FLOWS), Ordering::Relaxed);
    word(offset::SEND_HEAD).store(word(offset::SEND_TAIL).load(Ordering::Relaxed), Ordering::Relaxed);
}
