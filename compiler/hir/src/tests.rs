//! Tests over small worlds: one string is a package.

mod blame;
mod hints;
mod incremental;
mod meaning;
mod messages;
mod nemo;
mod pages;
mod robust;
mod tables;
mod typing;
mod world;
