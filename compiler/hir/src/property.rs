//! Contracts, resolved against an instance: what the verifier proves.
//!
//! A property speaks of a leaf or a flattened service through its boundary ports. Quantifiers are fixed by the kind of
//! claim; the exact definitions stand in `docs/semantics.md`.

use rdcl_core::{BoundaryId, Cond, Expr, Field, MapId, PartId};
use std::collections::BTreeSet;

/// One promise of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Property {
    /// `outbound`; unnamed ones are numbered in source order: `1`, `2`…. An inherited one is `Parent.name`.
    pub name: String,
    /// What is promised.
    pub claim: Claim,
    /// Of which packets, as they enter; speaks of entry fields and constants only.
    pub when: Cond,
    /// From where to where; every pair must hold. Empty for [`Claim::NoLoop`] and [`Claim::Intended`].
    pub flows: Vec<(BoundaryId, BoundaryId)>,
}

/// What is promised.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// Every copy that arrives satisfies the predicate.
    Holds(Predicate),
    /// Some copy arrives, whatever the history, choices and times, as long as these maps have room.
    Reach {
        /// Maps whose room is a premise.
        room: Vec<(PartId, MapId)>,
    },
    /// For some history, choices and times some copy arrives.
    CanReach,
    /// No copy arrives.
    Isolated,
    /// Every copy that arrives is what entered, in shape, payload and all fields that are neither derived nor listed.
    Unchanged {
        /// Fields that may differ.
        except: Vec<Field>,
    },
    /// Every copy that arrives has passed these waypoints, in this order.
    Via {
        /// Each is passed by entering one of its leaves. No two have a leaf in common, so that to visit a leaf of one
        /// after a leaf of another is to have entered it in between.
        through: Vec<BTreeSet<PartId>>,
        /// Where packets come from parts, not from ports: from which leaves to which. Then there are no flows.
        between: Vec<(BTreeSet<PartId>, BTreeSet<PartId>)>,
    },
    /// Something is intended that is neither compiled nor decided; why not.
    Intended(String),
    /// No packet meets a port twice with an equal forwarding header, and none goes on for ever.
    NoLoop,
}

/// A condition on a packet as it leaves that may also speak of the packet as it entered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Predicate {
    /// `old(e)`: expressions over the entry. In `cond`, slot *i* stands for the *i*-th.
    pub old: Vec<Expr>,
    /// Over the fields at exit and those slots.
    pub cond: Cond,
}

/// How many waypoints a packet that has passed some of them has passed once it enters a part.
pub fn passed(through: &[BTreeSet<PartId>], before: usize, part: PartId) -> usize {
    before + usize::from(through.get(before).is_some_and(|next| next.contains(&part)))
}
