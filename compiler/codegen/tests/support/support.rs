//! What the tests share.
#![allow(dead_code)]

pub mod frames;
pub mod lab;
pub mod random;
pub mod rng;
pub mod scope;
