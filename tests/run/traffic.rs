//! The captures beside `examples/branch`: what its hosts send and what the internet answers. The answers need to know
//! which ports the NAT picks; the interpreter says so. `BLESS=1` writes the captures anew.

use crate::binary;
use libtest_mimic::{Failed, Trial};
use rdcl_core::{
    BoundaryId, Field, HeaderKind, Injection, Interpreter, Network, Outcome, Packet, Shape, Stores, Time, deparse,
};
use rdcl_hir::{network, short_name, subjects};
use rdclc::{LinkType, capture};
use std::fs;
use std::sync::Arc;

/// One trial.
pub fn trials() -> Vec<Trial> {
    vec![Trial::test("traffic/branch", || branch().map_err(Failed::from))]
}

const LAN: BoundaryId = BoundaryId(0);
const MILLISECOND: u64 = 1_000_000;
const WEB: u32 = 0xc633_640a; // 198.51.100.10
const DNS: u32 = 0xc633_6435; // 198.51.100.53

fn branch() -> Result<(), String> {
    let checked = rdclc::check(rdclc::load(&binary::root().join("examples/branch")));
    let all = subjects(&checked.db, checked.package);
    let branch = all.iter().find(|i| short_name(&checked.db, **i) == "Branch").ok_or("there is no Branch")?;
    let network: Arc<Network> = Arc::clone(network(&checked.db, *branch));
    let lan: Vec<(u64, Vec<u8>)> = (0..).step_by(MILLISECOND as usize).zip(hosts()).collect();
    let wan = internet(&network, &lan)?;
    compare("lan.pcap", &lan)?;
    compare("wan.pcap", &wan)
}

/// What the hosts of the branch send, one packet each millisecond.
fn hosts() -> Vec<Vec<u8>> {
    let web = |host: u32, port: u16| packet(HeaderKind::Tcp, (0x0a01_0000 + host, port), (WEB, 443));
    let mut frames: Vec<Vec<u8>> = (0..24).map(|i| web(5 + i % 3, 40_000 + i as u16)).collect();
    frames.extend((0..8).map(|i| packet(HeaderKind::Udp, (0x0a01_0005, 50_000 + i), (DNS, 53))));
    // A host whose own port is 22: the answer to it looks like SSH from outside, and is stopped.
    frames.push(web(8, 22));
    // A guest, a source that is not ours, and a protocol that the NAT does not translate.
    frames.extend((0..4).map(|i| packet(HeaderKind::Tcp, (0x0a01_0907, 41_000 + i), (WEB, 443))));
    frames.extend((0..2).map(|i| packet(HeaderKind::Tcp, (0xc000_0209, 42_000 + i), (WEB, 443))));
    frames.push(packet(HeaderKind::Icmp, (0x0a01_0005, 0), (WEB, 0)));
    frames
}

/// What comes back: an answer to each packet that left, then strangers.
fn internet(network: &Network, lan: &[(u64, Vec<u8>)]) -> Result<Vec<(u64, Vec<u8>)>, String> {
    let (interpreter, mut stores) = (Interpreter::new(network), Stores::new(network));
    let mut frames = Vec::new();
    for (now, bytes) in lan {
        let injection = Injection { at: LAN, bytes, now: Time(*now), tape: None, fuel: 100 };
        let run = interpreter.run(&mut stores, injection).map_err(|e| e.to_string())?;
        for copy in run.copies {
            if let Outcome::Delivered { packet, .. } = copy.outcome {
                frames.push((now + MILLISECOND / 2, answer(packet)));
            }
        }
    }
    let public = 0xcb00_7107;
    let stranger = 0xc000_0201;
    let probes = [(HeaderKind::Tcp, 22), (HeaderKind::Tcp, 80), (HeaderKind::Udp, 53)];
    let last = lan.len() as u64 * MILLISECOND;
    frames.extend(
        (0..)
            .zip(probes)
            .map(|(i, (l4, port))| (last + i * MILLISECOND, packet(l4, (stranger, 55_555), (public, port)))),
    );
    Ok(frames)
}

fn field(header: HeaderKind, name: &str) -> Field {
    header.field(name).expect("the header has this field")
}

fn packet(l4: HeaderKind, source: (u32, u16), destination: (u32, u16)) -> Vec<u8> {
    let mut packet = Packet::new(Shape::of(&[HeaderKind::Ip4, l4]));
    packet.set(field(HeaderKind::Ip4, "ttl"), 64);
    packet.set(field(HeaderKind::Ip4, "src"), source.0.into());
    packet.set(field(HeaderKind::Ip4, "dst"), destination.0.into());
    if l4 == HeaderKind::Icmp {
        packet.set(field(l4, "type"), 8);
    } else {
        packet.set(field(l4, "sport"), source.1.into());
        packet.set(field(l4, "dport"), destination.1.into());
    }
    packet.payload = b"example!".to_vec();
    deparse(&packet)
}

/// Source and destination exchanged.
fn answer(mut packet: Packet) -> Vec<u8> {
    let l4 = if packet.has(HeaderKind::Tcp) { HeaderKind::Tcp } else { HeaderKind::Udp };
    for (header, a, b) in [(HeaderKind::Ip4, "src", "dst"), (l4, "sport", "dport")] {
        let (a, b) = (field(header, a), field(header, b));
        let (x, y) = (packet.get(a), packet.get(b));
        packet.set(a, y);
        packet.set(b, x);
    }
    deparse(&packet)
}

fn compare(name: &str, frames: &[(u64, Vec<u8>)]) -> Result<(), String> {
    let path = binary::root().join("examples/branch").join(name);
    let made = capture(LinkType::Raw, frames.iter().map(|(now, bytes)| (*now, bytes.as_slice())));
    if std::env::var_os("BLESS").is_some() {
        return fs::write(&path, made).map_err(|e| e.to_string());
    }
    let stands = fs::read(&path).unwrap_or_default();
    if stands == made {
        Ok(())
    } else {
        Err(format!("{} is not what is made now; BLESS=1 rewrites it", path.display()))
    }
}
