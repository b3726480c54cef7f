//! Choices: which values are legal, and who picks one.

use crate::eval::{Env, hash};
use crate::free::Values;
use crate::program::{ChoiceId, Expr, Free, Resolver};
use crate::store::{Store, open_position};
use crate::tape::{Decision, TapeError};
use crate::visit::Shared;

/// What came of a choice.
pub(crate) enum Choice {
    /// This value was picked.
    Value(u128),
    /// No value is legal.
    NoValue,
    /// Nobody picks.
    Undecided,
}

/// Picks a value for a copy that took these arms in this visit: the tape does, or else the resolver. Without a legal value nothing is taken from the tape.
pub(crate) fn choose(
    choice: ChoiceId,
    legal: &Legal<'_>,
    resolver: Option<&Resolver>,
    (env, arms): (&impl Env, &[u32]),
    shared: &mut Shared<'_>,
) -> Result<Choice, TapeError> {
    if legal.at_or_after(legal.lo).is_none() {
        return Ok(Choice::NoValue);
    }
    let picked = match shared.told(choice, arms)? {
        Some(value) if legal.at_or_after(value) == Some(value) => Some(value),
        Some(value) => return Err(TapeError::Illegal(choice, value)),
        None => resolver.and_then(|r| resolve(r, legal, env)),
    };
    shared.chosen.extend(picked);
    shared.chosen_by.extend(picked.map(|_| (shared.part, choice)));
    Ok(picked.map_or(Choice::Undecided, Choice::Value))
}

impl Shared<'_> {
    /// The value that the tape gives a choice, made after these arms of the visit; none to ask the resolver.
    fn told(&mut self, choice: ChoiceId, arms: &[u32]) -> Result<Option<u128>, TapeError> {
        if let Some(decisions) = self.decisions {
            let path = [&self.path, arms].concat();
            let here = |d: &&Decision| d.choice == choice && d.hop == self.hop && d.path == path;
            return Ok(decisions.iter().find(here).map(|d| d.value));
        }
        match &mut self.tape {
            Some(tape) => tape.next().copied().map(Some).ok_or(TapeError::Short(choice)),
            None => Ok(None),
        }
    }
}

fn resolve(resolver: &Resolver, legal: &Legal<'_>, env: &impl Env) -> Option<u128> {
    match resolver {
        Resolver::First => legal.at_or_after(legal.lo),
        Resolver::Hash(exprs) => {
            let start = hashed(exprs, env, legal.lo, legal.hi);
            legal.at_or_after(start).or_else(|| legal.at_or_after(legal.lo))
        }
        Resolver::LeastRecentlyFreed => legal.longest_free(),
    }
}

/// `lo + h mod (hi - lo + 1)`, where `h` is the [`hash`] of the values.
fn hashed(exprs: &[Expr], env: &impl Env, lo: u128, hi: u128) -> u128 {
    let hash = u128::from(hash(exprs.iter().map(|e| e.eval(env).value)));
    (hi - lo).checked_add(1).map_or(hash, |count| lo + hash % count)
}

/// The legal values of a choice: `lo..=hi` without those in use.
pub(crate) struct Legal<'s> {
    lo: u128,
    hi: u128,
    used: Option<&'s Values>,
}

impl<'s> Legal<'s> {
    pub(crate) fn new(lo: u128, hi: u128, free: Option<&Free>, store: &'s Store, env: &impl Env) -> Legal<'s> {
        Legal { lo, hi, used: free.and_then(|free| used(free, store, env)) }
    }

    /// The least legal value that is no less than this one.
    fn at_or_after(&self, value: u128) -> Option<u128> {
        if value < self.lo || value > self.hi {
            return None;
        }
        self.used.map_or(Some(value), |used| used.next_free(value, self.hi))
    }

    fn longest_free(&self) -> Option<u128> {
        self.used.map_or(Some(self.lo), |used| used.longest_free(self.lo, self.hi))
    }
}

fn used<'s>(free: &Free, store: &'s Store, env: &impl Env) -> Option<&'s Values> {
    let (index, position) = open_position(free)?;
    let rest: Vec<u128> = free.keys.iter().flatten().map(|k| k.eval(env).value).collect();
    store.map(free.map).values(index, position, &rest)
}
