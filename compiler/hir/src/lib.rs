//! What the source means: names, types, sub-classing, expansion of composites to leaves, and lowering of behaviours.
//! Everything is a query over [`SourceFile`], [`TableFile`] and [`Package`], which the driver hands in. Trees carry no
//! spans, so an edit of white space re-runs [`items`] and [`parsed`] and nothing behind them.
//! * [`diagnostics`]: what is wrong with a package; [`place`]: where that is in the text
//! * [`subjects`]: the instances to verify; [`properties`]: what they promise; [`network`]: what they are made of

mod attrs;
mod blame;
mod bodies;
mod check;
mod click;
mod conditional;
mod contracts;
mod cx;
mod eval;
mod flatten;
mod headers;
mod instance;
mod leaf;
mod lineage;
mod lower;
mod nemo;
mod nested;
mod operation;
mod part;
mod port;
mod property;
mod shadow;
mod source;
mod subject;
#[cfg(test)]
mod tests;
mod types;
mod value;
mod wire;

pub use attrs::{Attribute, attribute};
pub use bodies::{Body, BodyKind, body};
pub use check::diagnostics;
pub use contracts::{properties, property_places};
pub use cx::Params;
pub use eval::value_text;
pub use flatten::{FlatLink, Structure, WireOrigin, Wiring, leaf_count, network, structure, wiring};
pub use headers::{headers_in_sight, known_headers, metadata, named_header};
pub use instance::{Instance, Param, Signature, default_instance, full_name, has_all_defaults, params};
pub use instance::{lone_leaf_name, short_name, signature};
pub use leaf::{Leaf, LeafKind, leaf_origins, leaf_ports, leaf_program, leaf_table_files, leaf_tables, table_rows};
pub use lineage::{Parents, instance_lineage, is_abstract, parents};
pub use lower::{Balance, PortGroup};
pub use nemo::{Answer, Rule, answers, descriptor_paths};
pub use operation::{Argument, Bound, Comparison, Deployed, Deployment, EVENTS, Environment, Event, FEATURES, Feature};
pub use operation::{Condition, FACTS, Fact, LifeState, Relation, Step, Term, TermKind, lifecycle, service_levels};
pub use operation::{FeatureRow, Implementation, Implementations, Lifecycle, Link, Measure, OBJECTIVES, Pinned, Ree};
pub use operation::{PlaceScope, Policies, PolicyRule, RuleKind, SPARED, Spare, policies, substrate};
pub use operation::{ReeKind, ServiceLevels, Substrate, deployed, deployments, environment, implementations, lacking};
pub use part::{PartGroup, Parts, parts};
pub use port::{FlatPort, Ports, ports};
pub use property::{Claim, Predicate, Property, passed};
pub use source::{Database, Db, Home, Item, ItemId, Loc, Package, Parsed, Problem, Scope, SourceFile, TableFile};
pub use source::{STD, add_std, is_nemo, item_with_id, items, parsed, place, scope, table_place};
pub use subject::{assumptions, checked, subjects, table_paths};
pub use types::{REE_KINDS, VALUE_TYPES, type_name};
pub use value::{TableType, Type, Value};
pub use wire::{Balancer, EndRef, Join, Wires, wires};
