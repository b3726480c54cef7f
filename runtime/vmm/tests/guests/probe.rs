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
            writeln!(std::io::stderr(), "\nskipped: guests on KVM: /dev/kvm cannot be opened: {error}").unwrap();
            None
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_host_says_what_it_does() {
    let Some(hypervisor) = hypervisor() else { return };
    let caps = hypervisor.caps();
    writeln!(std::io::stderr(), "\nthis host: {caps}").unwrap();
    assert!(!caps.exit.is_zero());
    assert_eq!(caps.to_string().contains("by map"), caps.io_bitmap);
    assert!(libc::SIGRTMIN() <= hypervisor.signal() && hypervisor.signal() <= libc::SIGRTMAX());
}
