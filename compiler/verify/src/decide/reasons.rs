//! Why a verdict is *undecided*, in words that are true.

use super::{Prover, map_name};
use crate::claims::Doubt;
use rdcl_core::PartId;

/// Why a way to bring a candidate about was given up. The first that applies is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Short {
    /// The work that a search may do was done.
    Spent,
    /// What a distribution's hash is decides, and the real one was not found to be so.
    Hash,
    /// Runs that might have shown it did not.
    Run,
}

impl Prover<'_> {
    /// Why there is no verdict, given what is doubted of candidates.
    pub(super) fn why_undecided(&self, doubts: &[Doubt]) -> String {
        match doubts.iter().min() {
            Some(Doubt::Exhausted) => "the budget of symbolic states was used up".to_owned(),
            Some(Doubt::Solver) => "the solver's work budget was used up".to_owned(),
            Some(Doubt::Opaque(part)) => format!("nothing is known of what `{}` does", self.net.part(*part).path),
            Some(Doubt::Unmodelled) => {
                "a packet may leave with a header that the next parser would see anew; this is not modelled".to_owned()
            }
            Some(Doubt::Checksum) => {
                "a tunnel is renewed on the way: a wrong checksum of its headers would not be carried along".to_owned()
            }
            Some(Doubt::Loop) => {
                "a packet may come back to a port with fewer hops left or to another state; how it goes on then is not \
                 explored"
                    .to_owned()
            }
            Some(Doubt::History) if self.is_stateless() => {
                "it could not be told for which packets there are choices that take them there".to_owned()
            }
            Some(Doubt::History) => {
                "it could not be told which packets have a history that takes them there".to_owned()
            }
            None => self.why_not_shown(),
        }
    }

    /// Why candidates that nothing is doubted of were not shown.
    pub(super) fn why_not_shown(&self) -> String {
        match self.short.first() {
            Some(Short::Spent) => "the work budget of the search for a run that shows it was used up".to_owned(),
            Some(Short::Hash) => {
                "it rests on what the hash of a distribution is: some function would break it, and no \
                                  packet was found for which the real one does"
                    .to_owned()
            }
            _ if !self.weak().is_empty() => {
                format!("it rests on the invariant of `{}`, which is not proved", self.weak().join("`, `"))
            }
            Some(Short::Run) | None if self.is_stateless() => {
                "no run was found that shows it, though no copy by itself excludes one".to_owned()
            }
            Some(Short::Run) | None => {
                "no history leads there from empty state: an invariant is too weak, or the history too long".to_owned()
            }
        }
    }

    /// Whether the search ended before it was exhausted.
    pub(super) fn is_cut_short(&self) -> bool {
        matches!(self.short.first(), Some(Short::Spent | Short::Hash))
    }

    /// Whether no part remembers anything.
    fn is_stateless(&self) -> bool {
        self.net.parts.iter().all(|part| part.maps.is_empty())
    }

    /// Maps whose invariant is not proved, and so is not assumed.
    fn weak(&self) -> Vec<String> {
        let parts = (0u32..).map(PartId).zip(&self.net.parts);
        let weak = parts.flat_map(|(id, part)| {
            let maps = part.summary.iter().flat_map(|s| &s.weak);
            maps.map(move |map| map_name(self.net, id, *map))
        });
        weak.collect()
    }
}
