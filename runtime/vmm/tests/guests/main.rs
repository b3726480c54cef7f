//! Guests on KVM, hand-assembled: what they may do, what they may not, and that nothing stops a host.

mod assembler;
mod frames;
mod images;
mod lifecycle;
mod matrix;
mod probe;
mod rings;
mod time;
