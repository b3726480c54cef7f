//! Frames go in and come out.

use crate::images;
use crate::probe::hypervisor;
use rdcl_abi::{Frame, Guest, HostRings, RingShape};
use std::sync::atomic::Ordering;
use std::time::Duration;

const BUDGET: Duration = Duration::from_secs(10);

#[test]
fn an_echo_gives_back_every_frame_in_order() {
    let Some(hypervisor) = hypervisor() else { return };
    let shape = RingShape::new(4, 9).unwrap();
    let mut guest = hypervisor.boot(&images::echo(shape, 1)).unwrap();
    let mut rings = HostRings::new(shape, 2);
    let (mut got, mut sent) = (Vec::new(), 0u64);
    for round in 0u8..20 {
        let frames: Vec<Vec<u8>> = (0..=round % 16).map(|i| vec![round ^ i; 14 + 7 * usize::from(i + round)]).collect();
        for (time, frame) in frames.iter().enumerate() {
            rings.send(guest.fabric(), u32::from(round) % 2, time as u64, frame).unwrap();
        }
        rings.publish(guest.fabric());
        guest.enter(BUDGET).unwrap();
        rings.observe(guest.fabric()).unwrap();
        for (time, frame) in frames.iter().enumerate() {
            let expected = Frame { port: u32::from(round + 1) % 2, time: time as u64, length: frame.len() };
            assert_eq!(rings.take(guest.fabric(), &mut got), Ok(Some(expected)));
            assert_eq!(&got, frame);
            sent += 1;
        }
        assert_eq!(rings.take(guest.fabric(), &mut got), Ok(None));
        assert_eq!(guest.data()[0].load(Ordering::Relaxed), sent);
    }
}
