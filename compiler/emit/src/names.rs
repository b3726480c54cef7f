//! Names of resources: a path with its dots and brackets replaced, and what kind of thing it is.
//!
//! Identifiers hold no hyphen and do not begin with a digit, so that different paths stay different.

use rdcl_plan::{Given, LeadsTo};

/// `site.cache[3]` is `site-cache-3`.
pub fn id(path: &str) -> String {
    path.replace(['.', '['], "-").replace(']', "")
}

/// `fw_server`
pub fn named(path: &str, kind: &str) -> String {
    format!("{}_{kind}", id(path))
}

/// The name of a port among all: `fw.lan`.
pub fn port_name(server: &str, port: &str) -> String {
    format!("{server}.{port}")
}

/// What a network that is there before is called, unless somebody says otherwise: like the port of the service, or
/// like the wire that leaves.
pub fn existing_network(given: &Given) -> String {
    match &given.leads_to {
        LeadsTo::Boundary(_) => given.name.clone(),
        LeadsTo::Elsewhere(port, _) => format!("{}--{port}", given.name),
    }
}
