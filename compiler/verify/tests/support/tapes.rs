//! Runs under random tapes of legal choices.

use crate::rng::Rng;
use rdcl_core::*;

/// The most visits of a run here.
pub const FUEL: u64 = 200;

/// Runs a packet; choices are random legal ones, and entries expire as `expiry` says. None if none was found.
pub fn run_legally(
    rng: &mut Rng,
    network: &Network,
    stores: &mut Stores,
    (at, packet): (BoundaryId, &Packet),
    now: Time,
    expiry: Expiry,
) -> Option<(Run, Tape)> {
    let interpreter = Interpreter::new(network);
    let bytes = deparse(packet);
    let mut tape = Tape { expiry, ..Tape::default() };
    for _ in 0..400 {
        match interpreter.run(stores, Injection { at, bytes: &bytes, now, tape: Some(&tape), fuel: FUEL }) {
            Ok(run) => return Some((run, tape)),
            Err(RunError::Tape(TapeError::Short(choice))) => {
                let value = some_value(rng, network, choice);
                tape.choices.push(value);
            }
            Err(RunError::Tape(TapeError::Illegal(choice, _))) => {
                tape.choices.pop();
                let value = some_value(rng, network, choice);
                tape.choices.push(value);
            }
            Err(RunError::Tape(TapeError::Fresh(..)) | RunError::Time { .. }) => return None,
        }
    }
    None
}

/// A value in the range of some choice with this number in the network.
fn some_value(rng: &mut Rng, network: &Network, choice: ChoiceId) -> u128 {
    let ends = network.parts.iter().flat_map(|p| &p.program.blocks).map(|b| &b.end);
    let ranges: Vec<(u128, u128)> = ends
        .filter_map(|end| match end {
            End::Choose { choice: c, lo, hi, .. } if *c == choice && lo <= hi => Some((*lo, *hi)),
            _ => None,
        })
        .collect();
    let (lo, hi) = rng.pick(&ranges);
    if hi - lo < 16 || rng.chance(20) {
        lo + rng.below((hi - lo + 1).min(1 << 16) as usize) as u128
    } else {
        rng.value(128).clamp(lo, hi)
    }
}
