//! The hypervisor that all tests share, or the reason why they are skipped.

use rdcl_vmm::{Hypervisor, Unavailable};
use std::io::Write;
use std::sync::OnceLock;

/// The hypervisor. Where there is none this says so, past the capture of output, and the test is to return.
pub fn hypervisor() -> Option<&'static Hypervisor> {
    static HYPERVISOR: OnceLock<Result<Hypervisor, Unavailable>> = OnceLock::new();
    match HYPERVISOR.get_or_init(Hypervisor::open) {
        Ok(hypervisor) => Some(hypervisor),
        Err(Unavailable::Device(error)) => {
            say(&format!("skipped: guests on KVM: /dev/kvm cannot be opened: {error}"));
            None
        }
        Err(other) => panic!("{other}"),
    }
}

/// Prints a line of its own, past the capture of output.
pub fn say(line: &str) {
    std::io::stderr().write_all(format!("\n{line}\n").as_bytes()).unwrap();
}
