//! Resources: networks with their subnets, then for each server its security groups, its ports and itself.

use super::{resource, source};
use crate::artifact::Places;
use crate::names::{named, port_name};
use crate::yaml::{Entry, Item, Node, call, entry, number, text};
use rdcl_hir::Loc;
use rdcl_plan::{Attachment, Cloud, Group, Loss, Network, Port, Protocol, Rule, Said, Server};
use std::collections::BTreeMap;

/// A cloud while its resources are written.
struct Writer<'a> {
    cloud: &'a Cloud,
    places: Places<'a>,
    /// What is lost, by the port that it is about.
    lost: BTreeMap<&'a str, Vec<&'a Loss>>,
}

pub fn resources(cloud: &Cloud, places: Places<'_>) -> Vec<Entry> {
    let mut lost: BTreeMap<&str, Vec<&Loss>> = BTreeMap::new();
    for loss in &cloud.losses {
        if let Some(port) = &loss.port {
            lost.entry(port).or_default().push(loss);
        }
    }
    let writer = Writer { cloud, places, lost };
    let networks = cloud.networks.iter().flat_map(|network| [net(&writer, network), subnet(&writer, network)]);
    networks.chain(cloud.servers.iter().flat_map(|server| around(&writer, server))).collect()
}

impl Writer<'_> {
    fn source(&self, statements: &[Loc]) -> (String, Vec<Loc>) {
        source(statements, self.cloud, self.places)
    }
}

fn net(writer: &Writer<'_>, network: &Network) -> Entry {
    let properties = vec![entry("name", text(&network.name))];
    resource(
        &named(&network.name, "network"),
        "OS::Neutron::Net",
        properties,
        &network.because,
        writer.source(&network.wires),
    )
}

fn subnet(writer: &Writer<'_>, network: &Network) -> Entry {
    let subnet = network.subnet;
    let pool = [("start", subnet.pool.0), ("end", subnet.pool.1)].map(|(key, at)| entry(key, text(&at.to_string())));
    let properties = vec![
        entry("name", text(&network.name)),
        entry("network", call("get_resource", &named(&network.name, "network"))),
        entry("ip_version", number(4)),
        entry("cidr", text(&subnet.cidr.to_string())),
        // The empty text says that there is none.
        entry("gateway_ip", text("")),
        entry("allocation_pools", list([Node::Map(pool.to_vec())])),
    ];
    resource(
        &named(&network.name, "subnet"),
        "OS::Neutron::Subnet",
        properties,
        &network.because,
        writer.source(&network.wires),
    )
}

/// A server, after what it needs.
fn around(writer: &Writer<'_>, server: &Server) -> Vec<Entry> {
    let groups = server.ports.iter().filter_map(|p| Some(self::group(writer, server, p, p.group.as_ref()?)));
    let ports = server.ports.iter().map(|p| self::port(writer, server, p));
    groups.chain(ports).chain([machine(writer, server)]).collect()
}

/// What a port of a server is there because of.
pub fn reasons(server: &Server, port: &Port) -> Vec<Loc> {
    let more = port.because.iter().filter(|at| !server.because.contains(at));
    server.because.iter().chain(more).copied().collect()
}

fn group(writer: &Writer<'_>, server: &Server, port: &Port, group: &Group) -> Entry {
    let name = port_name(&server.name, &port.name);
    let rule = |said: &Said<Rule>| Item { node: Node::Map(rule(&said.value)), because: said.because.clone() };
    let properties =
        vec![entry("name", text(&name)), entry("rules", Node::List(group.rules.iter().map(rule).collect()))];
    resource(
        &named(&name, "group"),
        "OS::Neutron::SecurityGroup",
        properties,
        &reasons(server, port),
        writer.source(&port.because),
    )
}

fn rule(rule: &Rule) -> Vec<Entry> {
    let mut entries = vec![entry("direction", text("ingress")), entry("ethertype", text("IPv4"))];
    let (protocol, range) = match rule.protocol {
        None => (None, None),
        // Every port is no range: 0 would be refused.
        Some(Protocol::Tcp(0, u16::MAX)) => (Some(text("tcp")), None),
        Some(Protocol::Udp(0, u16::MAX)) => (Some(text("udp")), None),
        Some(Protocol::Tcp(lo, hi)) => (Some(text("tcp")), Some((lo, Some(hi)))),
        Some(Protocol::Udp(lo, hi)) => (Some(text("udp")), Some((lo, Some(hi)))),
        Some(Protocol::Icmp(None)) => (Some(text("icmp")), None),
        // Type and code stand where the ports do.
        Some(Protocol::Icmp(Some((kind, code)))) => (Some(text("icmp")), Some((kind.into(), code.map(u16::from)))),
        Some(Protocol::Other(number)) => (Some(text(&number.to_string())), None),
    };
    entries.extend(protocol.map(|node| entry("protocol", node)));
    if let Some((lo, hi)) = range {
        entries.push(entry("port_range_min", number(lo.into())));
        entries.extend(hi.map(|hi| entry("port_range_max", number(hi.into()))));
    }
    entries.push(entry("remote_ip_prefix", text(&rule.remote.to_string())));
    entries
}

fn port(writer: &Writer<'_>, server: &Server, port: &Port) -> Entry {
    let name = port_name(&server.name, &port.name);
    let mut properties = vec![entry("name", text(&name))];
    match port.attachment {
        Attachment::Given(i) => {
            properties.push(entry("network", call("get_param", &named(&writer.cloud.given[i].name, "network"))));
        }
        Attachment::Made(i, address) => {
            let network = &writer.cloud.networks[i].name;
            let fixed = vec![
                entry("subnet", call("get_resource", &named(network, "subnet"))),
                entry("ip_address", text(&address.to_string())),
            ];
            properties.push(entry("network", call("get_resource", &named(network, "network"))));
            properties.push(entry("fixed_ips", list([Node::Map(fixed)])));
        }
    }
    properties.push(match port.group {
        None => entry("port_security_enabled", Node::Plain("false".to_owned())),
        Some(_) => entry("security_groups", list([call("get_resource", &named(&name, "group"))])),
    });
    let mut port = resource(
        &named(&name, "port"),
        "OS::Neutron::Port",
        properties,
        &reasons(server, port),
        writer.source(&port.because),
    );
    let near = writer.lost.get(name.as_str()).into_iter().flatten();
    port.comments.extend(near.map(|loss| lost(loss, writer.places)));
    port
}

/// What is missing here.
fn lost(loss: &Loss, places: Places<'_>) -> (String, Vec<Loc>) {
    (format!("{}: {} ({})", loss.kind.row().code, loss.message, places(loss.at).line()), loss.because.clone())
}

fn machine(writer: &Writer<'_>, server: &Server) -> Entry {
    let nic = |port: &Port| {
        let name = named(&port_name(&server.name, &port.name), "port");
        Item { node: Node::Map(vec![entry("port", call("get_resource", &name))]), because: port.because.clone() }
    };
    let properties = vec![
        entry("name", text(&server.name)),
        entry("image", call("get_param", &named(&server.name, "image"))),
        entry("flavor", call("get_param", &named(&server.name, "flavor"))),
        // No network between servers has a metadata service.
        entry("config_drive", Node::Plain("true".to_owned())),
        entry("user_data_format", text("RAW")),
        entry("user_data", Node::Text(user_data(server))),
        entry("networks", Node::List(server.ports.iter().map(nic).collect())),
    ];
    resource(
        &named(&server.name, "server"),
        "OS::Nova::Server",
        properties,
        &server.because,
        writer.source(&server.declared),
    )
}

/// The arguments of the block as a file of the server, in the words of cloud-init.
fn user_data(server: &Server) -> Vec<(String, Vec<Loc>)> {
    let head = ["#cloud-config", "write_files:", "  - path: /etc/rdcl/arguments", "    content: |"];
    let arguments = server.arguments.iter().map(|(name, value)| format!("      {name} = {value}"));
    let lines = head.map(str::to_owned).into_iter().chain(arguments);
    if server.arguments.is_empty() { Vec::new() } else { lines.map(|line| (line, Vec::new())).collect() }
}

fn list(nodes: impl IntoIterator<Item = Node>) -> Node {
    Node::List(nodes.into_iter().map(|node| Item { node, because: Vec::new() }).collect())
}
