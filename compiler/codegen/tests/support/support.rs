//! What the tests share.
#![allow(dead_code)]

#[path = "../../../core/tests/support/declared.rs"]
pub mod declared;
pub mod frames;
pub mod lab;
pub mod random;
pub mod rng;
pub mod scope;
