//! Reasons that show only in what would be without them: lines that are not there when everything is built again without
//! a pin, or without an operation of an intent.
//!
//! A pin moves a part, an operation takes rules away; neither makes a line by itself. All other reasons the plan knows,
//! given where everything runs.

use crate::place::Placed;
use rdcl_emit::{Artifact, Places, heat};
use rdcl_hir::{Database, Loc, Pinned};
use rdcl_plan::{Plan, plan, plan_without};

/// The most statements of a deployment that are tried, and the most parts of one in which any is: each try is a placement.
const MOST_STATEMENTS: usize = 64;
const MOST_PARTS: usize = 32;

/// Adds pins and operations to the reasons of lines.
pub fn give_reasons(db: &Database, placed: &Placed<'_>, whole: &Plan, artifacts: &mut [Artifact], places: Places<'_>) {
    let pins = &placed.deployment.pins;
    let operations: Vec<Loc> = whole.clouds.iter().flat_map(|cloud| cloud.shaping.iter().copied()).collect();
    if pins.len() + operations.len() > MOST_STATEMENTS || whole.parts > MOST_PARTS {
        return;
    }
    for pin in pins {
        let without = without_pin(db, placed, pin).map(|plan| heat(&plan, places));
        without.iter().for_each(|without| blame(artifacts, without, pin.place));
    }
    for operation in operations {
        let without = heat(&plan_without(db, placed.deployment, &placed.placement, operation), places);
        blame(artifacts, &without, operation);
    }
}

/// The plan without a pin; none if everything stays where it is.
fn without_pin(db: &Database, placed: &Placed<'_>, pin: &Pinned) -> Option<Plan> {
    let mut deployment = placed.deployment.clone();
    deployment.pins.retain(|other| other != pin);
    let placement = rdcl_place::place(db, &deployment).ok()?;
    let moved = placement.parts != placed.placement.parts;
    moved.then(|| plan(db, &deployment, &placement).0)
}

/// Adds a statement to the reasons of every line that is gone without it.
fn blame(artifacts: &mut [Artifact], without: &[Artifact], statement: Loc) {
    for artifact in artifacts.iter_mut().filter(|a| !a.lines.is_empty()) {
        let other = without.iter().find(|a| a.path == artifact.path).map_or(&[][..], |a| &a.bytes);
        for line in gone(&artifact.bytes, other) {
            let reasons = &mut artifact.lines[line];
            if !reasons.contains(&statement) {
                reasons.push(statement);
            }
        }
    }
}

/// The lines of a text that are not in another, by a longest common subsequence.
fn gone(text: &[u8], other: &[u8]) -> Vec<usize> {
    let (a, b): (Vec<&[u8]>, Vec<&[u8]>) = (lines(text), lines(other));
    // How many lines are common from here on.
    let mut common = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut j, mut found) = (0, Vec::new());
    for i in 0..a.len() {
        while j < b.len() && a[i] != b[j] && common[i][j + 1] == common[i][j] {
            j += 1;
        }
        if j < b.len() && a[i] == b[j] { j += 1 } else { found.push(i) }
    }
    found
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_the_least_that_explains_the_difference() {
        assert_eq!(gone(b"a\nb\nc\nb\n", b"a\nx\nb\n"), [2, 3]);
        assert_eq!(gone(b"a\nb\n", b"a\nb\n"), Vec::<usize>::new());
        assert_eq!(gone(b"a\nb\n", b""), [0, 1]);
        assert_eq!(gone(b"x\na\ny\nb\n", b"z\na\nb\nx\n"), [0, 2]);
    }
}
