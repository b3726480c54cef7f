//! The driver: all input and output of rdclc. Files, environment, clock, exit codes and progress are known here and
//! nowhere else.
//!
//! [`load`] reads, [`check`] and [`verify`] ask the compiler, `console` writes what they find. The binary is [`main`].

mod args;
mod ask;
mod boot;
mod build;
mod check;
mod commands;
mod console;
mod counts;
mod crash;
mod dependencies;
mod diff;
mod draw;
mod exit;
mod explain;
mod files;
mod fmt;
mod human;
mod input;
mod json;
mod levels;
mod lint;
mod manifest;
mod new;
mod outcome;
mod packet;
mod pages;
mod paths;
mod pcap;
mod place;
mod progress;
mod promises;
mod reports;
mod run;
mod sefl;
mod session;
mod templates;
mod testing;
mod trace;
mod traffic;
mod verify;
mod whence;
mod without;
mod witness;

pub use args::Access;
pub use boot::boot_findings;
pub use build::{Built, built};
pub use check::{Checked, check};
pub use dependencies::Dependency;
pub use exit::Exit;
pub use input::{Input, load, load_with};
pub use levels::Levels;
pub use lint::{Fixed, fixed, lint_findings};
pub use outcome::{Answer, Conclusion, Copy, Crossing, Entry, Hop, PropertyResult, Trace};
pub use pcap::{Capture, LinkType, PcapError, capture, read as read_capture};
pub use place::{NothingToPlace, Placed, Placements, placed};
pub use rdcl_verify::Options;
pub use run::{guarded, main, with_deep_stack};
pub use verify::{Verified, crossings, verify};
pub use whence::{Provenance, Statement};
