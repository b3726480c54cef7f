//! Guests that came and went leave no descriptor and no memory. Alone in its process, since it counts both.

#[allow(dead_code, reason = "an echo needs half of it")]
#[path = "guests/assembler.rs"]
mod assembler;
#[path = "guests/images.rs"]
mod images;
#[path = "guests/probe.rs"]
mod probe;

use rdcl_abi::{Guest, HostRings, RingShape};
use rdcl_vmm::Hypervisor;
use std::fs;
use std::time::Duration;

const GUESTS: usize = 50;

/// Boots many guests that are all there at once, and passes a frame through each.
fn round(hypervisor: &Hypervisor) {
    let shape = RingShape::default();
    let mut guests: Vec<_> = (0..GUESTS).map(|_| hypervisor.boot(&images::echo(shape, 1)).unwrap()).collect();
    for (number, guest) in guests.iter_mut().enumerate() {
        let mut rings = HostRings::new(shape, 2);
        let mut frame = Vec::new();
        rings.send(guest.fabric(), 0, 0, &[number as u8; 60]).unwrap();
        rings.publish(guest.fabric());
        guest.enter(Duration::from_secs(10)).unwrap();
        rings.observe(guest.fabric()).unwrap();
        assert_eq!(rings.take(guest.fabric(), &mut frame).unwrap().map(|frame| frame.port), Some(1));
        assert_eq!(frame, [number as u8; 60]);
    }
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn mappings() -> usize {
    fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

/// In pages: all that is mapped, and what of it is there.
fn memory() -> [usize; 2] {
    let sizes = fs::read_to_string("/proc/self/statm").unwrap();
    let mut sizes = sizes.split(' ').map(|size| size.parse().unwrap());
    std::array::from_fn(|_| sizes.next().unwrap())
}

#[test]
fn nothing_is_left_of_guests_that_went() {
    let Some(hypervisor) = probe::hypervisor() else { return };
    round(hypervisor);
    let before = (descriptors(), mappings(), memory());
    for _ in 0..4 {
        round(hypervisor);
    }
    let after = (descriptors(), mappings(), memory());
    assert_eq!(after.0, before.0, "descriptors");
    assert!(after.1 < before.1 + GUESTS, "mappings: {before:?}, {after:?}");
    let fabric = RingShape::default().fabric_bytes() / 4096;
    assert!(after.2[0] < before.2[0] + 8 * fabric, "address space: {before:?}, {after:?}");
    assert!(after.2[1] < before.2[1] + GUESTS, "resident: {before:?}, {after:?}");
}
