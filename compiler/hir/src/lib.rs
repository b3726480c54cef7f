//! What the source means: names, types, sub-classing, expansion of composites to leaves, and lowering of behaviours.
//!
//! Everything is a query over three kinds of input ([`SourceFile`], [`TableFile`], [`Package`]); the driver does all
//! input. Trees carry no spans, so an edit of white space re-runs [`items`] and [`parsed`] and nothing behind them.
//!
//! * [`diagnostics`]: what is wrong with a package; [`place`]: where that is in the text
//! * [`subjects`]: the instances to verify; [`properties`]: what they promise; [`network`]: what they are made of

mod attrs;
mod bodies;
mod check;
mod contracts;
mod cx;
mod db;
mod deploy;
mod ends;
mod eval;
mod flatten;
mod impls;
mod instance;
mod item;
mod leaf;
mod lifecycles;
mod lineage;
mod loc;
mod lower;
mod mentions;
mod names;
mod nemo;
mod param;
mod part;
mod port;
mod property;
mod sla;
mod subject;
mod substrates;
mod types;
mod value;
mod wire;

#[cfg(test)]
mod tests;

pub use attrs::{Attribute, attribute};
pub use bodies::{Body, BodyKind, body};
pub use check::diagnostics;
pub use contracts::{properties, property_places};
pub use cx::Params;
pub use db::{Database, Db, Package, SourceFile, TableFile, add_std};
pub use deploy::{Deployed, Deployment, OBJECTIVES, Pinned, deployed};
pub use ends::EndRef;
pub use eval::value_text;
pub use flatten::{Structure, leaf_count, network, structure};
pub use impls::{Implementation, Implementations, implementations};
pub use instance::{Instance, default_instance, full_name, has_all_defaults, params, short_name};
pub use item::{Item, ItemId, Parsed, item_with_id, items, parsed};
pub use leaf::{Leaf, LeafKind, leaf_item, leaf_origins, leaf_ports, leaf_program, leaf_tables};
pub use lifecycles::{EVENTS, Event, Lifecycle, lifecycle};
pub use lineage::{Parents, instance_lineage, parents};
pub use loc::{Loc, Problem, place};
pub use lower::PortGroup;
pub use names::{Scope, scope};
pub use nemo::Rule;
pub use param::{Param, Signature, signature};
pub use part::{PartGroup, Parts, parts};
pub use port::{FlatPort, Ports, ports};
pub use property::{Claim, Predicate, Property};
pub use sla::{Bound, Measure, ServiceLevels, service_levels};
pub use subject::{assumptions, checked, subjects, table_paths};
pub use substrates::{Link, Ree, Substrate, substrate};
pub use types::{REE_KINDS, VALUE_TYPES, type_name};
pub use value::{TableType, Type, Value};
pub use wire::{Join, Wires, wires};
