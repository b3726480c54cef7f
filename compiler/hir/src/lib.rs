//! What the source means: names, types, expansion of composites, lowering of behaviours.

mod lower;
mod property;
mod value;

pub use lower::{
    Env, FilterRule, Lowered, PortGroup, lower_behaviour, lower_condition, lower_fields, lower_filter, lower_predicate,
};
pub use property::{Claim, Predicate, Property};
pub use value::{TableType, Type, Value};
