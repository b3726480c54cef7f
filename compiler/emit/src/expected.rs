//! What a reader of the templates must find in them, said from the plan alone.

use crate::artifact::Artifact;
use crate::names::{existing_network, named, port_name};
use rdcl_plan::{Attachment, Cloud, Given, Plan, Port, Protocol, Rule, Said, Server};
use serde_json::{Value, json};

/// `expected.json`.
pub fn expected(plan: &Plan, paths: &[String]) -> Artifact {
    let clouds: Vec<Value> = plan.clouds.iter().zip(paths).map(|(cloud, path)| template(cloud, path)).collect();
    let object = json!({
        "format_version": "1.0",
        "deploy": plan.deploy,
        "service": plan.service,
        "counts": {"parts": plan.parts, "links": plan.links, "guests": plan.guests.len()},
        "templates": clouds,
    });
    let bytes = format!("{object:#}\n").into_bytes();
    Artifact { path: "expected.json".to_owned(), bytes, common: Vec::new(), lines: Vec::new() }
}

fn template(cloud: &Cloud, path: &str) -> Value {
    let network = |n: &rdcl_plan::Network| json!({"name": n.name, "cidr": n.subnet.cidr.to_string()});
    let ports = cloud.servers.iter().map(|s| s.ports.len()).sum::<usize>();
    json!({
        "path": path,
        "cloud": cloud.name,
        "counts": {"servers": cloud.servers.len(), "networks": cloud.networks.len(), "given": cloud.given.len(), "ports": ports},
        "given": cloud.given.iter().map(given).collect::<Vec<_>>(),
        "networks": cloud.networks.iter().map(network).collect::<Vec<_>>(),
        "servers": cloud.servers.iter().map(|s| server(cloud, s)).collect::<Vec<_>>(),
    })
}

fn given(given: &Given) -> Value {
    json!({"parameter": named(&given.name, "network"), "default": existing_network(given)})
}

fn server(cloud: &Cloud, server: &Server) -> Value {
    let value = |said: &Option<Said<String>>| said.as_ref().map(|said| said.value.clone());
    json!({
        "name": server.name,
        "image": value(&server.image),
        "flavor": value(&server.flavor),
        "ports": server.ports.iter().map(|p| port(cloud, server, p)).collect::<Vec<_>>(),
    })
}

fn port(cloud: &Cloud, server: &Server, port: &Port) -> Value {
    let (network, address) = match port.attachment {
        Attachment::Made(i, address) => (cloud.networks[i].name.clone(), Some(address.to_string())),
        Attachment::Given(i) => (named(&cloud.given[i].name, "network"), None),
    };
    let rules = port.group.as_ref().map(|group| group.rules.iter().map(|r| rule(&r.value)).collect::<Vec<_>>());
    json!({
        "name": port_name(&server.name, &port.name),
        "network": network,
        "address": address,
        "forwards": port.forwards,
        "rules": rules,
    })
}

fn rule(rule: &Rule) -> Value {
    let (protocol, min, max) = match rule.protocol {
        None => (None, None, None),
        Some(Protocol::Tcp(0, u16::MAX)) => (Some("tcp".to_owned()), None, None),
        Some(Protocol::Udp(0, u16::MAX)) => (Some("udp".to_owned()), None, None),
        Some(Protocol::Tcp(lo, hi)) => (Some("tcp".to_owned()), Some(lo), Some(hi)),
        Some(Protocol::Udp(lo, hi)) => (Some("udp".to_owned()), Some(lo), Some(hi)),
        Some(Protocol::Icmp(kind)) => {
            let (kind, code) = (kind.map(|k| u16::from(k.0)), kind.and_then(|k| k.1).map(u16::from));
            (Some("icmp".to_owned()), kind, code)
        }
        Some(Protocol::Other(number)) => (Some(number.to_string()), None, None),
    };
    json!({"protocol": protocol, "min": min, "max": max, "remote": rule.remote.to_string()})
}
