//! Times of candidates: the visits of one packet are all made at one time, as the interpreter makes them, and packets
//! come one after the other.
//!
//! In a proof each visit has a time of its own, no earlier than that of the visit before, since packets wait between
//! parts. What only shows when time passes on the way is left undecided.

use crate::guard::{Context, Guard};
use crate::sym::{Sym, SymCond, Var, VarKind};
use std::collections::{BTreeMap, BTreeSet};

/// The parts of a guard in which this is so. Packets of a history have the greater numbers the earlier they are sent.
pub fn one_by_one(context: &mut Context, guard: &Guard) -> Vec<Guard> {
    let mut by_packet: BTreeMap<u16, BTreeSet<Var>> = BTreeMap::new();
    let mut note = |var: Var| {
        if var.kind == VarKind::Now {
            by_packet.entry(var.packet).or_default().insert(var);
        }
    };
    guard.product.keys().copied().for_each(&mut note);
    guard.residue.iter().for_each(|cond| cond.variables(&mut note));
    let mut conds = Vec::new();
    let mut after: Option<Var> = None;
    for vars in by_packet.into_values() {
        let Some(first) = vars.first().copied() else { continue };
        conds.extend(vars.into_iter().skip(1).map(|var| SymCond::eq(Sym::Var(first), Sym::Var(var))));
        conds.extend(after.map(|after| SymCond::Ule(Sym::Var(first), Sym::Var(after))));
        after = Some(first);
    }
    context.assume(guard, &SymCond::all(conds))
}
