//! Where blocks lead.

use crate::program::{BlockId, End};

impl End {
    /// The blocks it may lead to, in order of their appearance.
    pub fn targets(&self) -> Vec<BlockId> {
        match self {
            End::Goto(next) => vec![*next],
            End::If(_, yes, no) => vec![*yes, *no],
            End::Switch { arms, default, on: _ } => arms.iter().map(|arm| arm.1).chain([*default]).collect(),
            End::Match { hit, miss, .. } | End::Lookup { hit, miss, .. } => vec![*hit, *miss],
            End::Insert { ok, full, clash, .. } => vec![*ok, *full, *clash],
            End::Choose { ok, none, .. } => vec![*ok, *none],
            End::Fork(arms) => arms.clone(),
            End::Forward(_) | End::Drop(_) => Vec::new(),
            End::Check { ok, .. } => vec![*ok],
        }
    }
}
