//! Parameters: networks that are there before, and for each server its image and flavor.

use super::source;
use crate::artifact::Places;
use crate::names::{existing_network, named};
use crate::yaml::{Entry, Item, Node, entry, text};
use rdcl_hir::Loc;
use rdcl_plan::{Cloud, Given, LeadsTo, Said, Server};

pub fn parameters<'a>(cloud: &'a Cloud, places: Places<'_>) -> Vec<Entry> {
    let networks = cloud.given.iter().map(|given| (network(given), given.wires.as_slice()));
    let of_server =
        |server: &'a Server| [image(server), flavor(server)].map(|entry| (entry, server.declared.as_slice()));
    let all = networks.chain(cloud.servers.iter().flat_map(of_server));
    all.map(|(entry, statements)| Entry { comments: vec![source(statements, cloud, places)], ..entry }).collect()
}

fn network(given: &Given) -> Entry {
    let about = match &given.leads_to {
        LeadsTo::Boundary(port) => format!("The network at the port `{port}` of the service."),
        LeadsTo::Elsewhere(port, ree) => format!("The network that leads to `{port}` in `{ree}`."),
    };
    let default = Said { value: existing_network(given), because: Vec::new() };
    let node = parameter(vec![(about, Vec::new())], Some(&default), "neutron.network");
    entry(&named(&given.name, "network"), node).because(&given.because)
}

fn image(server: &Server) -> Entry {
    let about = vec![(format!("The image of `{}`.", server.name), Vec::new())];
    let node = parameter(about, server.image.as_ref(), "glance.image");
    entry(&named(&server.name, "image"), node).because(&server.because)
}

fn flavor(server: &Server) -> Entry {
    let title = (format!("The flavor of `{}`.", server.name), Vec::new());
    let needs = server.needs.iter().map(|need| (format!("At least {}.", need.value), need.because.clone()));
    let node = parameter([title].into_iter().chain(needs).collect(), server.flavor.as_ref(), "nova.flavor");
    entry(&named(&server.name, "flavor"), node).because(&server.because)
}

fn parameter(about: Vec<(String, Vec<Loc>)>, default: Option<&Said<String>>, constraint: &str) -> Node {
    let constraint = Node::Map(vec![entry("custom_constraint", text(constraint))]);
    let mut entries = vec![entry("type", text("string")), entry("description", Node::Text(about))];
    entries.extend(default.map(|said| entry("default", text(&said.value)).because(&said.because)));
    entries.push(entry("constraints", Node::List(vec![Item { node: constraint, because: Vec::new() }])));
    Node::Map(entries)
}
