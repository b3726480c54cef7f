//! Measures guests on this host: how long until the first frame is out, what an entry costs, what a guest weighs.
//!
//!     cargo run --release -p rdcl-vmm --example first_frame

#[allow(dead_code, reason = "an echo needs half of it")]
#[path = "../tests/guests/assembler.rs"]
mod assembler;
#[path = "../tests/guests/images.rs"]
mod images;

use rdcl_abi::{Guest, HostRings, Image, RingShape};
use rdcl_vmm::{Hypervisor, KvmGuest};
use std::error::Error;
use std::time::{Duration, Instant};

const ROUNDS: usize = 200;
const BUDGET: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let hypervisor = Hypervisor::open()?;
    println!("{}", hypervisor.caps());
    println!("open, with probes            {:>10.1?}", start.elapsed());
    let image = images::echo(RingShape::default(), 1);
    let mut boots = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let times = boot_once(&hypervisor, &image)?;
        boots.iter_mut().zip(times).for_each(|(all, time)| all.push(time));
    }
    for (name, times) in ["boot", "boot to first frame out", "drop"].into_iter().zip(boots) {
        report(name, times);
    }
    entries(&hypervisor, &image)?;
    weight(&hypervisor, &image)
}

/// The times until it was booted, until its first frame was out, and for dropping it.
fn boot_once(hypervisor: &Hypervisor, image: &Image) -> Result<[Duration; 3], Box<dyn Error>> {
    let start = Instant::now();
    let mut guest = hypervisor.boot(image)?;
    let booted = start.elapsed();
    pass(&mut guest, &mut HostRings::new(image.rings, image.ports), 1)?;
    let passed = start.elapsed();
    drop(guest);
    Ok([booted, passed, start.elapsed() - passed])
}

/// Passes so many frames through an echo in one entry.
fn pass(guest: &mut KvmGuest, rings: &mut HostRings, frames: usize) -> Result<(), Box<dyn Error>> {
    let mut frame = Vec::new();
    for _ in 0..frames {
        rings.send(guest.fabric(), 0, 0, &[7; 60]).map_err(|refused| format!("{refused:?}"))?;
    }
    rings.publish(guest.fabric());
    guest.enter(BUDGET)?;
    rings.observe(guest.fabric()).map_err(|violation| violation.to_string())?;
    for _ in 0..frames {
        rings.take(guest.fabric(), &mut frame).map_err(|violation| violation.to_string())?.ok_or("no frame")?;
    }
    Ok(())
}

fn entries(hypervisor: &Hypervisor, image: &Image) -> Result<(), Box<dyn Error>> {
    let mut guest = hypervisor.boot(image)?;
    let mut rings = HostRings::new(image.rings, image.ports);
    for frames in [0, 1, 32, 256] {
        let mut times = Vec::new();
        for _ in 0..10 * ROUNDS {
            let start = Instant::now();
            pass(&mut guest, &mut rings, frames)?;
            times.push(start.elapsed());
        }
        report(&format!("entry with {frames} frames"), times);
    }
    Ok(())
}

fn weight(hypervisor: &Hypervisor, image: &Image) -> Result<(), Box<dyn Error>> {
    let before = resident()?;
    let mut guests = (0..ROUNDS).map(|_| hypervisor.boot(image)).collect::<Result<Vec<_>, _>>()?;
    for guest in &mut guests {
        pass(guest, &mut HostRings::new(image.rings, image.ports), 1)?;
    }
    println!("resident memory of a guest   {:>10} KiB", (resident()? - before) * 4 / ROUNDS);
    Ok(())
}

/// Pages of this process that are in memory.
fn resident() -> Result<usize, Box<dyn Error>> {
    let sizes = std::fs::read_to_string("/proc/self/statm")?;
    Ok(sizes.split(' ').nth(1).ok_or("no resident size")?.parse()?)
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    println!("{name:<28} {:>10.1?} min {:>10.1?} median", times[0], times[times.len() / 2]);
}
