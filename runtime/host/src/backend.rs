//! What runs an image: a virtual machine, or this process.

use rdcl_abi::Guest;
use rdcl_codegen::{Compiled, Native};
use rdcl_vmm::Hypervisor;
use std::error::Error;

/// What runs images.
pub trait Backend {
    /// `kvm`, `native`.
    fn name(&self) -> &'static str;

    /// Loads a guest.
    ///
    /// # Errors
    /// Why it could not be loaded.
    fn boot(&self, compiled: &Compiled) -> Result<Box<dyn Guest>, Box<dyn Error + Send + Sync>>;
}

/// Guests as virtual machines.
impl Backend for Hypervisor {
    fn name(&self) -> &'static str {
        "kvm"
    }

    fn boot(&self, compiled: &Compiled) -> Result<Box<dyn Guest>, Box<dyn Error + Send + Sync>> {
        Ok(Box::new(Hypervisor::boot(self, compiled.image())?))
    }
}

/// Guests in this process: the same machine code without the walls. For tests, and where there is no KVM.
#[derive(Clone, Copy, Debug, Default)]
pub struct InProcess;

impl Backend for InProcess {
    fn name(&self) -> &'static str {
        "native"
    }

    fn boot(&self, compiled: &Compiled) -> Result<Box<dyn Guest>, Box<dyn Error + Send + Sync>> {
        Ok(Box::new(Native::new(compiled)?))
    }
}
