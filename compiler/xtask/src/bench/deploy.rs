//! The group `deploy`: guests on KVM, from nothing to the first frame, and next to the same code in this process.

use crate::bench::figure::{Figure, Peer};
use crate::bench::{Error, Place};
use rdcl_abi::{Guest, HostRings, RingShape};
use rdcl_codegen::{Compiled, Native, compile};
use rdcl_core::{Field, HeaderKind, Packet, Shape, deparse};
use rdcl_hir::{network, short_name, subjects};
use rdcl_vmm::Hypervisor;
use std::time::{Duration, Instant};

/// How many guests are started, one after the other.
const STARTS: usize = 200;

/// How many frames a guest takes in one entry.
const FRAMES: u32 = 100_000;

const BUDGET: Duration = Duration::from_secs(10);

/// Measures the group; nothing where there is no KVM.
///
/// # Errors
/// [`Error`]
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let hypervisor = match Hypervisor::open() {
        Ok(hypervisor) => hypervisor,
        Err(unavailable) => {
            println!("skipped: deploy/guest-*: {unavailable}");
            return Ok(Vec::new());
        }
    };
    let small = firewall(place, RingShape::default())?;
    let rings = RingShape::new(17, 8).ok_or_else(|| wrong("no rings of that shape"))?;
    Ok(vec![first_packet(&hypervisor, &small)?, ratio(place, &hypervisor, &firewall(place, rings)?)?])
}

/// The firewall of `examples/branch`, compiled.
fn firewall(place: &Place, rings: RingShape) -> Result<Compiled, Error> {
    let checked = rdclc::check(rdclc::load(&place.root.join("examples/branch")));
    let all = subjects(&checked.db, checked.package);
    let firewall = all.iter().find(|i| short_name(&checked.db, **i) == "BranchFirewall");
    let network = network(&checked.db, *firewall.ok_or_else(|| wrong("there is no BranchFirewall"))?);
    let part = network.parts.first().ok_or_else(|| wrong("a firewall is a part"))?;
    compile(&part.program, &part.tables, rings).map_err(|e| wrong(&format!("{e:?}")))
}

/// From nothing to a frame that went through and is as it should be.
fn first_packet(hypervisor: &Hypervisor, compiled: &Compiled) -> Result<Figure, Error> {
    let (frame, image) = (frame(0), compiled.image());
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let start = Instant::now();
        let mut guest = hypervisor.boot(image).map_err(|e| wrong(&e.to_string()))?;
        let mut rings = HostRings::new(image.rings, image.ports);
        let out = pass(&mut guest, &mut rings, std::slice::from_ref(&frame))?.0;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if out != [frame.as_slice()] {
            return Err(wrong("deploy/guest-first-packet: the first frame came out changed, or not at all"));
        }
    }
    let mut figure = Figure::least("deploy/guest-first-packet", "ms", times);
    figure.peer = Some(Peer { name: "LightVM boot, published".into(), value: 2.3, same_run: false });
    Ok(figure)
}

/// Time per frame in a guest, over time per frame of the same code in this process, alternately.
fn ratio(place: &Place, hypervisor: &Hypervisor, compiled: &Compiled) -> Result<Figure, Error> {
    let image = compiled.image();
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(frame).collect();
    let mut native = Native::new(compiled).map_err(|e| wrong(&e.to_string()))?;
    let mut guest = hypervisor.boot(image).map_err(|e| wrong(&e.to_string()))?;
    let mut rings = [(); 2].map(|()| HostRings::new(image.rings, image.ports));
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    // The first two rounds touch every page.
    for round in 0..place.runs + 2 {
        let (a, beside) = pass(&mut native, &mut rings[0], &frames)?;
        let (b, within) = pass(&mut guest, &mut rings[1], &frames)?;
        if a != b || a.len() != frames.len() {
            return Err(wrong("deploy/guest-native-ratio: guest and process disagree"));
        }
        if round >= 2 {
            outside.push(beside.as_secs_f64() * 1e9 / f64::from(FRAMES));
            inside.push(within.as_secs_f64() * 1e9 / f64::from(FRAMES));
        }
    }
    let (guest, native) = (Figure::of("", "", inside.clone(), vec![]), Figure::of("", "", outside.clone(), vec![]));
    let ratios = inside.iter().zip(&outside).map(|(a, b)| a / b).collect();
    let picoseconds = |f: &Figure| (f.value * 1e3).round() as u64;
    let counters = vec![
        ("frames".to_owned(), u64::from(FRAMES)),
        ("guest_ps".to_owned(), picoseconds(&guest)),
        ("native_ps".to_owned(), picoseconds(&native)),
        ("code_bytes".to_owned(), image.code.len() as u64),
    ];
    let mut figure = Figure::of("deploy/guest-native-ratio", "ratio", ratios, counters);
    figure.peer = Some(Peer { name: "the same code in this process".into(), value: 1.0, same_run: true });
    Ok(figure)
}

/// Sends frames in by the first port and lets the guest work; what came out, and how long it took inside.
fn pass(guest: &mut dyn Guest, rings: &mut HostRings, frames: &[Vec<u8>]) -> Result<(Vec<Vec<u8>>, Duration), Error> {
    for frame in frames {
        rings.send(guest.fabric(), 0, 1, frame).map_err(|e| wrong(&format!("{e:?}")))?;
    }
    rings.publish(guest.fabric());
    let start = Instant::now();
    guest.enter(BUDGET).map_err(|death| wrong(&death.to_string()))?;
    let took = start.elapsed();
    let (mut out, mut bytes) = (Vec::with_capacity(frames.len()), Vec::new());
    rings.observe(guest.fabric()).map_err(|v| wrong(&v.to_string()))?;
    while rings.take(guest.fabric(), &mut bytes).map_err(|v| wrong(&v.to_string()))?.is_some() {
        out.push(bytes.clone());
    }
    Ok((out, took))
}

/// A TCP packet of 60 bytes from a host of the branch.
fn frame(number: u32) -> Vec<u8> {
    let mut packet = Packet::new(Shape::of(&[HeaderKind::Ip4, HeaderKind::Tcp]));
    let fields = [
        (HeaderKind::Ip4, "ttl", 64),
        (HeaderKind::Ip4, "src", 0x0a01_0000 + number % 4096),
        (HeaderKind::Ip4, "dst", 0xc633_6400 + number % 251),
        (HeaderKind::Tcp, "sport", 1024 + number % 60_000),
        (HeaderKind::Tcp, "dport", 443),
    ];
    let field = |header: HeaderKind, name| -> Option<Field> { header.field(name) };
    for (header, name, value) in fields {
        field(header, name).into_iter().for_each(|field| packet.set(field, u128::from(value)));
    }
    packet.payload = vec![0x5a; 20];
    deparse(&packet)
}

fn wrong(message: &str) -> Error {
    Error::Wrong(message.to_owned())
}
