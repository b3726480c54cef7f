//! What will exist where: a placed service as guests of hosts, and as servers, networks and ports of clouds.
//!
//! [`plan`] is a function of the database and a placement. A plan says everything that an artifact says, with the
//! statements of the source that each thing is there because of; what the artifact cannot say is a [`Loss`].

mod addresses;
mod class;
mod cloud;
mod describe;
mod forwards;
mod group;
mod loss;
mod make;
mod plan;
mod prefixes;
mod ways;

#[cfg(test)]
mod tests;

pub use loss::{Loss, LossKind, LossRow, heat_losses};
pub use make::{plan, plan_without};
pub use plan::{
    Attachment, Cloud, Given, Group, GuestPlan, LeadsTo, Network, Plan, Port, Protocol, Rule, Said, Server, Subnet,
};
