//! A router with a real table: interpreter, verifier and a plain longest-prefix search agree.

#[path = "support/package.rs"]
mod support;

use rdcl_core::{BoundaryId, Field, HeaderKind, Injection, Interpreter, Outcome, Packet, Shape, Stores, Time, deparse};
use rdcl_hir::network;
use rdcl_verify::{Context, Explorer, LeafEnd, Net, NetPart, Options, Var, VarKind, reachability, summarise};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::{Random, package, subject};

const ADDRESSES: usize = 10_000;

/// A prefix and the port it leads to.
struct Route {
    address: u32,
    length: u32,
    port: u64,
}

impl Route {
    fn matches(&self, address: u32) -> bool {
        self.length == 0 || (address ^ self.address) >> (32 - self.length) == 0
    }
}

/// Looks at every prefix: the oracle.
fn plain_search(routes: &[Route], address: u32) -> Option<u64> {
    routes.iter().filter(|r| r.matches(address)).max_by_key(|r| r.length).map(|r| r.port)
}

/// Reads `10.0.0.0/8  3` lines, without the compiler's help.
fn routes(text: &str) -> Vec<Route> {
    let lines = text.lines().map(|l| l.split('#').next().unwrap_or("")).filter(|l| !l.trim().is_empty());
    let route = |line: &str| {
        let mut words = line.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty());
        let (address, length) = words.next().unwrap().split_once('/').unwrap();
        let address: std::net::Ipv4Addr = address.parse().unwrap();
        Route { address: address.into(), length: length.parse().unwrap(), port: words.next().unwrap().parse().unwrap() }
    };
    lines.map(route).collect()
}

/// Half anywhere, half at the edges of prefixes, where mistakes live.
fn addresses(routes: &[Route]) -> Vec<u32> {
    let mut random = Random(11);
    let edge = |random: &mut Random| {
        let route = &routes[random.below(routes.len() as u64) as usize];
        let span = if route.length == 0 { u32::MAX } else { (1u64 << (32 - route.length)) as u32 };
        let offset = [0, 1, span.wrapping_sub(1), span, u32::MAX][random.below(5) as usize];
        route.address.wrapping_add(offset)
    };
    (0..ADDRESSES).map(|i| if i % 2 == 0 { random.next() as u32 } else { edge(&mut random) }).collect()
}

fn ip(name: &str) -> Field {
    HeaderKind::Ip4.field(name).unwrap()
}

fn check_router(main: &str, name: &str, fib: &str) {
    let routes = routes(fib);
    let (db, package) = package(main, &[("fib.txt", fib)]);
    let instance = subject(&db, package, name);
    let network = network(&db, instance);
    let interpreter = Interpreter::new(network);
    let part = &network.parts[0];
    let summary = Arc::new(summarise(&part.program, &part.tables, Options::default()));
    assert_eq!(summary.stats.solver_calls, 0);
    let net = Net {
        parts: vec![NetPart { path: String::new(), summary: Some(summary), maps: Arc::default() }],
        wires: network.wires.clone(),
        boundary: network.boundary.clone(),
    };
    let leaves = Explorer::new(&net, Context::new(Options::default())).explore(BoundaryId(0));
    let shape = Shape::of(&[HeaderKind::Ip4]);
    for address in addresses(&routes) {
        let expected = plain_search(&routes, address);
        let mut packet = Packet::new(shape);
        packet.set(ip("dst"), address.into());
        packet.set(ip("ttl"), 64);
        let bytes = deparse(&packet);
        let injection = Injection { at: BoundaryId(0), bytes: &bytes, now: Time(0), tape: None, fuel: 10 };
        let run = interpreter.run(&mut Stores::new(network), injection).unwrap();
        let taken = match &run.copies[0].outcome {
            Outcome::Delivered { at, .. } => Some(u64::from(at.0)),
            _ => None,
        };
        assert_eq!(taken, expected, "interpreter, {address:#x}");
        let value = |var: Var| if let VarKind::Field(f) = var.kind { packet.get(f) } else { 0 };
        let admitting: Vec<_> =
            leaves.iter().filter(|l| l.view.entry_shape == shape && l.guard.admits(&value)).collect();
        assert_eq!(admitting.len(), 1, "the leaves partition, {address:#x}");
        let proved = if let LeafEnd::Delivered(at) = admitting[0].end { Some(u64::from(at.0)) } else { None };
        assert_eq!(proved, expected, "verifier, {address:#x}");
    }
    let used: BTreeSet<String> = routes.iter().map(|r| format!("p[{}]", r.port)).collect();
    let report = reachability(&db, instance, Options::default());
    let from_first = report.iter().filter(|r| r.from == "p[0]");
    for pair in from_first {
        assert!(pair.undecided.is_none());
        assert_eq!(pair.witness.is_some(), used.contains(&pair.to), "{} -> {}", pair.from, pair.to);
        if let Some(witness) = &pair.witness {
            assert_eq!(witness.outcome, format!("delivered at {}", pair.to));
        }
    }
}

#[test]
fn the_example_router_agrees_with_a_plain_search() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/router");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).expect("the example is there");
    check_router(&read("main.rdcl"), "EdgeRouter", &read("fib.txt"));
}

fn corpora() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    std::env::var_os("RDCL_CORPORA").map_or(default, PathBuf::from)
}

/// The rules of one device of a forwarding snapshot: `+ fwd DEVICE ADDRESS LENGTH INTERFACE PRIORITY NEXTHOP`.
fn device_table(snapshot: &str, device: &str) -> String {
    let mut interfaces: Vec<&str> = Vec::new();
    let mut table = String::new();
    for line in snapshot.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["+", "fwd", d, address, length, interface, ..] = words.as_slice() else { continue };
        if *d != device {
            continue;
        }
        let port = interfaces.iter().position(|i| i == interface).unwrap_or_else(|| {
            interfaces.push(interface);
            interfaces.len() - 1
        });
        let address = std::net::Ipv4Addr::from(address.parse::<u32>().unwrap());
        table.push_str(&format!("{address}/{length} {port}\n"));
    }
    table
}

#[test]
fn a_real_forwarding_table_agrees_with_a_plain_search() {
    let archive = corpora().join("dpv/uscarrier/fib-and-link-failures-1-102.tar.xz");
    let unpacked = std::process::Command::new("tar").arg("-xJOf").arg(&archive).arg("change_base").output();
    let snapshot = match unpacked {
        Ok(output) if archive.exists() && output.status.success() => output.stdout,
        _ => {
            println!("skipped: no corpora");
            return;
        }
    };
    let table = device_table(&String::from_utf8(snapshot).unwrap(), "atlanta");
    assert!(table.lines().count() > 150, "the device has a real table");
    check_router("use std::nf::Router; rfb Device : Router(fib = \"fib.txt\") {}", "Device", &table);
}
