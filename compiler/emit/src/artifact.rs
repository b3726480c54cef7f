//! Artifacts: a file to be, and where each of its lines comes from.

use rdcl_hir::Loc;
use sha2::{Digest, Sha256};

/// A file to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Its name, relative to the directory of the deployment.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// The statements that all of it is there because of.
    pub common: Vec<Loc>,
    /// For each line the further statements without which it would not be there; empty for a file about the others.
    pub lines: Vec<Vec<Loc>>,
}

impl Artifact {
    /// The SHA-256 of its bytes, in hexadecimal.
    pub fn sha256(&self) -> String {
        sha256(&self.bytes)
    }
}

/// The SHA-256 of bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a statement stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name, as it is shown.
    pub file: String,
    /// Line and column of its beginning, from 1.
    pub start: (usize, usize),
    /// Line and column after its end.
    pub end: (usize, usize),
}

/// Finds places in the text.
pub type Places<'a> = &'a dyn Fn(Loc) -> Place;

impl Place {
    /// `file:line`
    pub fn line(&self) -> String {
        format!("{}:{}", self.file, self.start.0)
    }

    /// `file:line:column`
    pub fn at(&self) -> String {
        format!("{}:{}:{}", self.file, self.start.0, self.start.1)
    }
}
