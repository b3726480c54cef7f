//! What running a service takes: implementations, service levels and life cycles, substrates, and deployments on them.
//!
//! All of it is read and checked here, and used by placement.

pub(crate) mod deploy;
pub(crate) mod environments;
pub(crate) mod features;
pub(crate) mod hosting;
pub(crate) mod impls;
pub(crate) mod lifecycles;
pub(crate) mod sla;
pub(crate) mod substrates;

pub use deploy::{Deployed, Deployment, OBJECTIVES, Pinned, deployed, deployments};
pub use environments::{Environment, ReeKind, environment};
pub use features::{Argument, FEATURES, Feature, FeatureRow, lacking};
pub use impls::{Implementation, Implementations, implementations};
pub use lifecycles::{EVENTS, Event, Lifecycle, lifecycle};
pub use sla::{Bound, Comparison, Measure, ServiceLevels, service_levels};
pub use substrates::{Link, Ree, Substrate, substrate};
