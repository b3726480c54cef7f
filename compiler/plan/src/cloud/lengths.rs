//! Names that a cloud does not take, since they are too long.

use crate::plan::{Network, Server};
use rdcl_base::{Code, Diagnostic};
use rdcl_hir::{Loc, Problem};

/// Names of Heat's resources, of networks, ports and servers have at most 255 characters; what kind of thing a resource is
/// stands at the end of its name.
const LONGEST: usize = 240;
/// As much of a name as tells which it is.
const SHOWN: usize = 40;

/// A complaint for each name that is too long; the ports of a server are called after it, and not complained of again.
pub fn too_long(networks: &[Network], servers: &[Server], otherwise: Loc) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut look = |kind: &str, name: &str, at: Option<&Loc>| {
        let long = name.len() > LONGEST;
        if long {
            found.push(problem(kind, name, at.copied().unwrap_or(otherwise)));
        }
        long
    };
    for server in servers {
        if !look("server", &server.name, server.declared.first()) {
            for port in &server.ports {
                look("port", &format!("{}.{}", server.name, port.name), port.because.first());
            }
        }
    }
    for network in networks {
        look("network", &network.name, network.wires.first());
    }
    found
}

fn problem(kind: &str, name: &str, at: Loc) -> Problem {
    let (shown, length): (String, usize) = (name.chars().take(SHOWN).collect(), name.len());
    Diagnostic::new(
        Code::E0902,
        at,
        format!("the name of the {kind} `{shown}…` has {length} characters, the most is {LONGEST}"),
    )
    .with_note("a server is called by its path, a network by the paths of the two ports that it joins")
    .with_help("give the parts shorter names, or nest them less deeply")
}
