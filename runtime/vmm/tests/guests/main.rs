//! Guests on KVM, hand-assembled: what they may do, what they may not, and that nothing is left of them.

mod assembler;
mod frames;
mod images;
mod probe;
