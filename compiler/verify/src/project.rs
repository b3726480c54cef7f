//! Projection: what a guard says of some variables alone, when that can be told exactly.
//!
//! A variable outside the product's residue may have any of its values, so leaving it out is exact. One that a
//! condition equates with something else is replaced by it. Anything else is left to the caller.

use crate::guard::Guard;
use crate::sym::{Sym, SymCond, Var};
use std::sync::Arc;

/// The condition under which the guard holds for some values of the variables not `kept`; none if it cannot be told.
pub fn project(guard: &Guard, kept: &dyn Fn(Var) -> bool) -> Option<SymCond> {
    if guard.unknown {
        return None;
    }
    let mut conds = guard.residue.clone();
    let mut product = guard.product.clone();
    while let Some((at, var, value)) = definition(&conds, kept) {
        conds.remove(at);
        match (product.remove(&var), &value) {
            (None, _) => {}
            (Some(values), Sym::Var(other)) => {
                let both = product.get(other).map_or_else(|| (*values).clone(), |s| s.intersect(&values));
                product.insert(*other, Arc::new(both));
            }
            (Some(values), _) => conds.push(SymCond::is_in_shared(value.clone(), &values)),
        }
        let mut by = |v: Var| if v == var { value.clone() } else { Sym::Var(v) };
        conds = conds.iter().map(|c| c.substitute(&mut by)).collect();
    }
    let mut own = true;
    conds.iter().for_each(|c| c.variables(&mut |v| own &= kept(v)));
    if product.values().any(|set| set.is_empty()) {
        return Some(SymCond::False);
    }
    let bounds = product.iter().filter(|(var, _)| kept(**var));
    let bounds = bounds.map(|(var, set)| SymCond::is_in_shared(Sym::Var(*var), &Arc::clone(set)));
    own.then(|| SymCond::all(bounds.chain(conds).collect::<Vec<_>>()))
}

/// A condition that says what a variable to be left out is equal to.
fn definition(conds: &[SymCond], kept: &dyn Fn(Var) -> bool) -> Option<(usize, Var, Sym)> {
    conds.iter().enumerate().find_map(|(at, cond)| {
        let SymCond::Eq(a, b) = cond else { return None };
        let (var, value) = one_side(a, b, kept).or_else(|| one_side(b, a, kept))?;
        Some((at, var, value))
    })
}

fn one_side(side: &Sym, other: &Sym, kept: &dyn Fn(Var) -> bool) -> Option<(Var, Sym)> {
    let Sym::Var(var) = side else { return None };
    let mut mentioned = false;
    other.variables(&mut |v| mentioned |= v == *var);
    (!kept(*var) && !mentioned).then(|| (*var, other.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sym::VarKind;
    use rdcl_base::IntervalSet;
    use rdcl_core::{ChoiceId, HeaderKind};

    #[test]
    fn an_equated_variable_is_replaced() {
        let port = Var::field(HeaderKind::Tcp.field("dport").unwrap());
        let chosen = Var::local(VarKind::Choice(ChoiceId(0)), 16);
        let mut guard = Guard::default();
        guard.product.insert(chosen, Arc::new(IntervalSet::range(1024, 2047)));
        guard.residue.push(SymCond::eq(Sym::Var(port), Sym::Var(chosen)));
        let kept = |v: Var| v == port;
        assert_eq!(project(&guard, &kept), Some(SymCond::is_in(Sym::Var(port), IntervalSet::range(1024, 2047))));
        guard.residue.push(SymCond::Ult(Sym::Var(port), Sym::Var(Var { visit: 3, ..chosen })));
        assert_eq!(project(&guard, &kept), None);
    }
}
