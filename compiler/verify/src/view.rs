//! A packet under way, in terms of the packet that entered.

use crate::carried::Carried;
use crate::entry::{body, entry_value, field_now};
use crate::row::Row;
use crate::sym::{Sym, SymCond, Var};
use rdcl_core::{Derivation, Field, Role, Shape};
use std::collections::BTreeMap;

/// A packet as it is at some point, in terms of the packet that entered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// Its headers when it entered.
    pub entry_shape: Shape,
    /// Its headers now.
    pub shape: Shape,
    /// Whose checksum errors it carries.
    pub carried: Carried,
    /// Fields whose value is not the entry's.
    pub theta: BTreeMap<Field, Sym>,
}

impl View {
    /// The packet as it enters.
    pub fn entry(shape: Shape) -> View {
        View { entry_shape: shape, shape, carried: Carried::entry(shape), theta: BTreeMap::new() }
    }

    /// The value of a field; zero when its header is not there.
    pub fn field(&self, field: Field) -> Sym {
        field_now(self.entry_shape, self.shape, &self.theta, field)
    }

    /// The bytes after the last header.
    pub(crate) fn body(&self) -> Sym {
        body(self.entry_shape)
    }

    /// Whether two packets are alike for forwarding: all but hop limits, and what follows from the rest.
    pub(crate) fn forwards_like(&self, other: &View) -> SymCond {
        if (self.shape, self.carried) != (other.shape, other.carried) {
            return SymCond::False;
        }
        self.agrees(other, |role| match role {
            Role::Plain | Role::Derived(Derivation::NextProtocol) => true,
            Role::HopLimit | Role::Derived(_) => false,
        })
    }

    /// Whether two packets of one shape have equal hop limits.
    pub(crate) fn has_hops_of(&self, other: &View) -> SymCond {
        self.agrees(other, |role| role == Role::HopLimit)
    }

    fn agrees(&self, other: &View, counts: impl Fn(Role) -> bool) -> SymCond {
        let fields = self.shape.fields().filter(|f| counts(f.decl().role));
        SymCond::all(fields.map(|f| SymCond::eq(self.field(f), other.field(f))).collect::<Vec<_>>())
    }

    pub(crate) fn after(&self, row: &Row, by: &mut dyn FnMut(Var) -> Sym) -> View {
        let carried = self.carried.after(row.carried);
        let mut view = View { shape: row.shape, carried, ..self.clone() };
        view.theta.retain(|field, _| row.shape.has(field.header));
        for (field, value) in &row.theta {
            let value = value.substitute(by);
            if self.entry_shape.has(field.header) && entry_value(self.entry_shape, *field) == value {
                view.theta.remove(field);
            } else {
                view.theta.insert(*field, value);
            }
        }
        view
    }
}
