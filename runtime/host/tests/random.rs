//! Random programs do on KVM what they do in this process, counters included. That they do there what the interpreter
//! does is for the tests of the code generator.

#[path = "../../../compiler/codegen/tests/support/support.rs"]
mod support;

use rdcl_core::{Network, PartId};
use rdcl_host::{Backend, InProcess, Service};
use rdcl_vmm::Hypervisor;
use std::io::{Write, stdout};
use std::sync::Arc;
use support::frames::frame;
use support::lab::rings;
use support::random::{Style, program};
use support::rng::{Rng, seeds};

/// A frame that leaves: its edge, its time, its bytes.
type Left = Vec<(usize, u64, Vec<u8>)>;

/// Bursts of random frames through both; gives how many leave, or nothing if the program cannot be a guest.
fn agree(seed: u64, backend: &dyn Backend) -> Option<usize> {
    let mut rng = Rng::new(seed);
    let style = if rng.chance(40) { Style::stateful(&mut rng) } else { Style::any(&mut rng) };
    let (program, tables) = program(&mut rng, &style);
    let network = Network::of_leaf(Arc::new(program), tables.into_iter().map(Arc::new).collect());
    let boot = |backend: &dyn Backend| Service::boot(&network, &[PartId(0)], backend, rings());
    let mut here = boot(&InProcess).ok()?;
    let mut there = boot(backend).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let mut left = 0;
    for burst in 0..12 {
        for time in burst * 30..burst * 30 + 20 {
            let edge = rng.below(network.boundary.len());
            let bytes = frame(&mut rng, network.boundary[edge].stack);
            assert_eq!(here.send(edge, time, &bytes), there.send(edge, time, &bytes));
        }
        let [expected, got] = [&mut here, &mut there].map(settled);
        assert_eq!(got, expected, "seed {seed}");
        left += got.len();
    }
    assert_eq!(there.report(), here.report(), "seed {seed}");
    Some(left)
}

fn settled(service: &mut Service) -> Left {
    let mut left = Left::new();
    service.settle(1_000_000, &mut |edge, time, bytes| left.push((edge, time, bytes.to_vec()))).unwrap();
    left
}

#[test]
fn walls_change_nothing() {
    let hypervisor = match Hypervisor::open() {
        Ok(hypervisor) => hypervisor,
        // Past the capture of a test's output, to be seen and counted.
        Err(unavailable) => {
            return writeln!(stdout(), "skipped: guests on KVM: {unavailable}").expect("it can be said");
        }
    };
    let ran: Vec<usize> = seeds(100).filter_map(|seed| agree(seed, &hypervisor)).collect();
    assert!(ran.len() > 50 && ran.iter().sum::<usize>() > 5000, "{ran:?}");
}
