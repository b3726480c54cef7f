//! Interpreter, code in this process and guests on KVM agree byte for byte: on random traffic, on the verifier's
//! witnesses and on NAT flows with their answers, over every block of the library and chains of them.
//!
//! `RDCL_PACKETS` is the number of packets, shared out over the networks.

#[path = "support/judge.rs"]
mod judge;
#[path = "../../../compiler/verify/tests/support/package.rs"]
mod package;
#[path = "support/traffic.rs"]
mod traffic;

use judge::{Judge, boot, run, stacks};
use package::{Random, package, subject};
use rdcl_core::Network;
use rdcl_hir::{Database, Instance, network};
use rdcl_host::{Backend, InProcess, Service};
use rdcl_verify::{Options, reachability};
use rdcl_vmm::Hypervisor;
use std::io::{Write, stdout};
use std::sync::Arc;
use traffic::Traffic;

const SERVICES: &str = "
use std::net::{Eth, Ip4, Vlan};
use std::nf::{Firewall, Hub, LoadBalancer, Nat44, Router, StatefulFirewall, StaticSwitch, TrafficMirror, VlanTagger};
use std::nf::{GreTunnel, GtpuTunnel, RateMarker, Switch, VxlanTunnel};

rfb Gate : Firewall(inside = 10.1.0.0/16) {
  port inout lan: Ip4; port inout wan: Ip4;
  behaviour sefl {
    on lan { Constrain(ip.src in 10.1.0.0/16); Forward(wan); }
    on wan { If(has tcp and tcp.dport == 22, Fail(\"ssh\"), Forward(lan)); }
  }
}
rfb Wall { port inout lan: Ip4; port inout wan: Ip4; part fw: Firewall(inside = 10.1.0.0/16);
           wire lan <-> fw.lan; wire fw.wan <-> wan; }
rfb Bridge { port inout p[0..3]: Eth; part hub: Hub; wire p[*] <-> hub.p[*]; }
rfb Crossroads { port inout p[0..15]: Ip4; part r: Router(fib = \"fib.txt\"); wire p[*] <-> r.p[*]; }
rfb Site { port inout lan: Ip4; port inout wan: Ip4;
           part nat: Nat44(public = 203.0.113.7, ports = 1020..1150, capacity = 100, idle = 20us);
           wire lan <-> nat.inside; wire nat.outside <-> wan; }
rfb Chain { port inout lan: Ip4; port inout wan: Ip4; port inout spare: Ip4;
            part fw: Gate; part nat: Nat44(public = 203.0.113.7, idle = 1ms); part up: Router(fib = \"up.txt\");
            wire lan <-> fw.lan; wire fw.wan <-> nat.inside; wire nat.outside <-> up.p[1];
            wire up.p[0] <-> wan; wire up.p[2] <-> spare; }
rfb Branch { port inout lan: Ip4; port inout wan: Ip4;
             part fw: Gate; part nat: Nat44(public = 203.0.113.7);
             wire lan <-> fw.lan; wire fw.wan <-> nat.inside; wire nat.outside <-> wan;
             intent nemo {{ CREATE Flow guests Match src-ip: 10.1.9.0/24;
                            CREATE Operation o1 Target guests Priority 1 Action deny; }} }
rfb Door { port inout lan: Ip4; port inout wan: Ip4;
           part fw: StatefulFirewall(inside = 10.1.0.0/16, capacity = 100, idle = 200us);
           wire lan <-> fw.lan; wire fw.wan <-> wan; }
rfb Watched { port inout a: Eth; port inout b: Eth; port out tap: Eth; part mirror: TrafficMirror;
              wire a <-> mirror.a; wire b <-> mirror.b; wire mirror.tap <-> tap; }
rfb Tagged { port inout access: Eth; port inout trunk: Eth/Vlan; part tagger: VlanTagger(vid = 42, priority = 5);
             wire access <-> tagger.access; wire tagger.trunk <-> trunk; }
rfb Farm { port inout clients: Ip4; port inout servers: Ip4;
           part lb: LoadBalancer(virtual = 203.0.113.7, members = 10.1.0.4/30, capacity = 100, idle = 200us);
           wire clients <-> lb.clients; wire lb.servers <-> servers; }
rfb Rack { port inout p[0..3]: Eth; part switch: StaticSwitch(fdb = \"fdb.txt\"); wire p[*] <-> switch.p[*]; }
rfb Gre { port inout lan: Ip4; port inout wan: Ip4;
          part end: GreTunnel(local = 10.1.0.5, remote = 8.8.0.2);
          wire lan <-> end.inside; wire end.outside <-> wan; }
rfb Overlay { port inout lan: Eth; port inout wan: Ip4;
              part end: VxlanTunnel(vni = 7, local = 10.1.0.5, remote = 8.8.0.2, sport = 4789);
              wire lan <-> end.inside; wire end.outside <-> wan; }
rfb Bearer { port inout lan: Ip4; port inout wan: Ip4;
             part end: GtpuTunnel(local_teid = 7, remote_teid = 7, local = 10.1.0.5, remote = 8.8.0.2);
             wire lan <-> end.inside; wire end.outside <-> wan; }
rfb Floor { port inout p[0..3]: Eth; part switch: Switch(capacity = 100, idle = 200us);
            wire p[0] <-> switch.p0; wire p[1] <-> switch.p1; wire p[2] <-> switch.p2; wire p[3] <-> switch.p3; }
rfb Metered { port inout a: Ip4; port inout b: Ip4; part meter: RateMarker(rate = 50Mbps, burst = 2KiB, mark = 10);
              wire a <-> meter.a; wire meter.b <-> b; }
";

/// The networks under test; packets are shared out in these proportions.
const SUBJECTS: [(&str, u64); 17] = [
    ("Wall", 7),
    ("Gate", 7),
    ("Bridge", 7),
    ("Crossroads", 7),
    ("Site", 12),
    ("Chain", 12),
    ("Branch", 7),
    ("Door", 9),
    ("Watched", 4),
    ("Tagged", 4),
    ("Farm", 8),
    ("Rack", 4),
    ("Gre", 4),
    ("Overlay", 4),
    ("Bearer", 4),
    ("Floor", 4),
    ("Metered", 4),
];

const UP: &str = "0.0.0.0/0 0\n203.0.113.0/24 1\n8.8.0.0/16 2\n";

/// A known address, one at a port that is not there, and a group.
const FDB: &str = "00:00:00:00:00:00 1\n02:00:00:00:00:01 2\n02:00:00:00:00:09 9\n01:00:5e:00:00:01 3\n";

fn services() -> (Database, rdcl_hir::Package) {
    let fib = include_str!("../../../examples/router/fib.txt");
    package(SERVICES, &[("fib.txt", fib), ("up.txt", UP), ("fdb.txt", FDB)])
}

/// Frames that the verifier shows crossing from port to port, with their histories.
fn witnesses(db: &Database, instance: Instance<'_>) -> Vec<(String, Vec<u8>)> {
    let found = reachability(db, instance, Options::default()).iter().filter_map(|r| r.witness.as_ref());
    let steps = found.flat_map(|w| w.history.iter().chain([&w.packet]));
    steps.map(|step| (step.port.clone(), step.bytes.clone())).collect()
}

struct Arena<'n> {
    judge: Judge<'n>,
    services: Vec<(&'static str, Service)>,
    traffic: Traffic,
    now: u64,
}

impl Arena<'_> {
    /// One burst through all; the same must come of it everywhere.
    fn burst(&mut self, name: &str, port: usize, frames: &[Vec<u8>]) -> usize {
        self.now += self.traffic.random.below(30_000);
        let wanted = self.judge.burst(port, self.now, frames);
        for (backend, service) in &mut self.services {
            let found = run(service, port, self.now, frames);
            assert_eq!(found, wanted, "{name} on {backend}, entering at {port}");
        }
        self.now += frames.len() as u64;
        for (edge, frames) in &wanted {
            frames.iter().for_each(|frame| self.traffic.note(*edge, frame));
        }
        wanted.values().map(Vec::len).sum()
    }
}

/// Runs as many packets through a service and, as the judge says, through the service `as_judged`.
fn agree(name: &str, as_judged: &str, packets: u64, backends: &[&'static dyn Backend]) {
    let (db, package) = services();
    let instance = subject(&db, package, as_judged);
    let booted = Arc::clone(rdcl_hir::network(&db, subject(&db, package, name)));
    let network: Arc<Network> = Arc::clone(network(&db, instance));
    let services = backends.iter().map(|backend| (backend.name(), boot(&booted, *backend))).collect();
    let seed = name.bytes().fold(7, |seed, byte| seed * 31 + u64::from(byte));
    let mut arena = Arena { judge: Judge::new(&network), services, traffic: Traffic::new(seed), now: 1 };
    for (port, frame) in witnesses(&db, instance) {
        let port = network.find_boundary(&port).expect("witnesses enter by ports").0 as usize;
        arena.burst(name, port, &[frame]);
    }
    let (stacks, mut sent, mut delivered) = (stacks(&network), 0, 0);
    while sent < packets {
        let (port, frames) = arena.traffic.burst(&stacks, 256);
        if !network.boundary[port].enters {
            continue;
        }
        sent += frames.len() as u64;
        delivered += arena.burst(name, port, &frames);
    }
    for (_, service) in &arena.services {
        arena.judge.compare(&service.report().parts);
    }
    assert!(delivered as u64 > packets / 10, "{name}: only {delivered} of {sent} delivered");
}

/// KVM where there is one. The hypervisor lives as long as the test.
fn backends() -> Vec<&'static dyn Backend> {
    let mut backends: Vec<&'static dyn Backend> = vec![&InProcess];
    match Hypervisor::open() {
        Ok(hypervisor) => backends.push(Box::leak(Box::new(hypervisor))),
        // Past the capture of a test's output, to be seen and counted.
        Err(unavailable) => writeln!(stdout(), "skipped: guests on KVM: {unavailable}").expect("it can be said"),
    }
    backends
}

#[test]
fn all_three_agree_on_all_traffic() {
    let packets = std::env::var("RDCL_PACKETS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let backends = backends();
    for (name, percent) in SUBJECTS {
        agree(name, name, packets * percent / 100, &backends);
    }
}

#[test]
#[should_panic(expected = "Wall on native")]
fn a_difference_is_seen() {
    agree("Wall", "Gate", 2_000, &[&InProcess]);
}

#[test]
fn every_block_of_the_library_is_tried() {
    let library = include_str!("../../../stdlib/nf.rdcl");
    let blocks = library.lines().filter_map(|line| line.strip_prefix("rfb ")?.split(['(', ' ', ':']).next());
    let missing: Vec<&str> = blocks.filter(|block| !SERVICES.contains(&format!(": {block}"))).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
