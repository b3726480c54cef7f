//! The standard library: sources in the language itself, embedded when the compiler is built.
//!
//! `std::net` holds header stacks, `std::nf` network functions, `std::nemo` the vocabulary of NEMO, in NEMO, `std::click`
//! elements of Click. Nothing here is special to the compiler but the names of those elements.

/// A source of the library.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Its module path, `std::net`.
    pub module: &'static str,
    /// The name shown in messages, `std/net.rdcl`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// All sources, in order of module path.
pub static SOURCES: &[Source] = &[
    Source { module: "std::click", name: "std/click.rdcl", text: include_str!("../click.rdcl") },
    Source { module: "std::nemo", name: "std/nemo.nemo", text: include_str!("../nemo.nemo") },
    Source { module: "std::net", name: "std/net.rdcl", text: include_str!("../net.rdcl") },
    Source { module: "std::nf", name: "std/nf.rdcl", text: include_str!("../nf.rdcl") },
];
