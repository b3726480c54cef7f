//! What running a service takes: implementations, service levels and life cycles, substrates, and deployments on them.
//!
//! All of it is read and checked here, and used by placement.

pub(crate) mod deploy;
pub(crate) mod environments;
pub(crate) mod features;
pub(crate) mod hosting;
pub(crate) mod impls;
pub(crate) mod lifecycles;
pub(crate) mod policy;
pub(crate) mod sla;
pub(crate) mod substrates;

pub use deploy::{Deployed, Deployment, OBJECTIVES, Pinned, deployed, deployments};
pub use environments::{Environment, ReeKind, environment};
pub use features::{Argument, FEATURES, Feature, FeatureRow, lacking};
pub use impls::{Implementation, Implementations, implementations};
pub use lifecycles::{
    Condition, EVENTS, Event, FACTS, Fact, LifeState, Lifecycle, Relation, Step, Term, TermKind, lifecycle,
};
pub use policy::{Policies, Rule as PolicyRule, RuleKind, SPARED, Scope as PlaceScope, Spare, policies};
pub use sla::{Bound, Comparison, Measure, ServiceLevels, service_levels};
pub use substrates::{Link, Ree, Substrate, substrate};
