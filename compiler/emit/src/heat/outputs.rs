//! Outputs: for each server what it is, for each of its ports the address it got.

use super::resources::reasons;
use crate::names::{named, port_name};
use crate::yaml::{Entry, Node, call, entry, text};
use rdcl_plan::{Cloud, Port, Server};

pub fn outputs(cloud: &Cloud) -> Vec<Entry> {
    cloud
        .servers
        .iter()
        .flat_map(|server| [id(server)].into_iter().chain(server.ports.iter().map(|p| address(server, p))))
        .collect()
}

fn id(server: &Server) -> Entry {
    let name = named(&server.name, "server");
    let entries = vec![
        entry("description", text(&format!("The server of `{}`.", server.name))),
        entry("value", call("get_resource", &name)),
    ];
    entry(&name, Node::Map(entries)).because(&server.because)
}

fn address(server: &Server, port: &Port) -> Entry {
    let name = port_name(&server.name, &port.name);
    let value = format!("{{get_attr: [{}, fixed_ips, 0, ip_address]}}", named(&name, "port"));
    let entries =
        vec![entry("description", text(&format!("The address of `{name}`."))), entry("value", Node::Plain(value))];
    entry(&named(&name, "address"), Node::Map(entries)).because(&reasons(server, port))
}
