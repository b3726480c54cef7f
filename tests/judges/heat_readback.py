"""Reads templates back: what is in them, found with Heat's parser, is what expected.json says.

heat_readback.py DIR...: each holds templates and an expected.json; writes a JSON object that says of each what differs, or
null. A template that says nothing is valid, too; so it is not enough that Heat accepts it.
"""

import ipaddress
import json
import os
import sys

from heat.common import config  # noqa: F401  (the parser asks it how long a template may be)
from heat.common import template_format


def by_type(parsed, kind):
    return {name: r["properties"] for name, r in parsed["resources"].items() if r["type"] == kind}


def called(node, function):
    """What the function is called with, if the node is a call of it."""
    return node.get(function) if isinstance(node, dict) and list(node) == [function] else None


class Reader:
    def __init__(self, parsed):
        self.parameters = parsed.get("parameters", {})
        self.networks = by_type(parsed, "OS::Neutron::Net")
        self.subnets = by_type(parsed, "OS::Neutron::Subnet")
        self.ports = by_type(parsed, "OS::Neutron::Port")
        self.groups = by_type(parsed, "OS::Neutron::SecurityGroup")
        self.servers = by_type(parsed, "OS::Nova::Server")
        self.outputs = parsed.get("outputs", {})
        self.used = set()

    def found(self):
        servers = [self.server(server) for server in self.servers.values()]
        assert self.used == set(self.ports), "a port belongs to no server"
        named = [p for p, said in self.parameters.items() if self.constraint(said) == "neutron.network"]
        return {
            "counts": {
                "servers": len(self.servers),
                "networks": len(self.networks),
                "given": len(named),
                "ports": len(self.ports),
            },
            "given": [{"parameter": p, "default": self.parameters[p].get("default")} for p in named],
            "networks": [{"name": n["name"], "cidr": self.cidr(name)} for name, n in self.networks.items()],
            "servers": servers,
        }

    @staticmethod
    def constraint(said):
        [constraint] = said["constraints"]
        return constraint["custom_constraint"]

    def cidr(self, network):
        [subnet] = [s for s in self.subnets.values() if called(s["network"], "get_resource") == network]
        return str(ipaddress.ip_network(subnet["cidr"]))

    def default(self, node, constraint):
        said = self.parameters[called(node, "get_param")]
        assert self.constraint(said) == constraint
        return said.get("default")

    def server(self, server):
        ports = [called(nic["port"], "get_resource") for nic in server["networks"]]
        return {
            "name": server["name"],
            "image": self.default(server["image"], "glance.image"),
            "flavor": self.default(server["flavor"], "nova.flavor"),
            "ports": [self.port(port) for port in ports],
        }

    def port(self, name):
        assert name not in self.used, "a port belongs to two servers"
        self.used.add(name)
        port = self.ports[name]
        forwards = port.get("port_security_enabled", True) is False
        assert forwards != ("security_groups" in port), "a port is secured, or has no group"
        made = called(port["network"], "get_resource")
        return {
            "name": port["name"],
            "network": self.networks[made]["name"] if made else called(port["network"], "get_param"),
            "address": self.address(port, made),
            "forwards": forwards,
            "rules": None if forwards else self.rules(port),
        }

    def address(self, port, network):
        if not network:
            assert "fixed_ips" not in port
            return None
        [fixed] = port["fixed_ips"]
        subnet = self.subnets[called(fixed["subnet"], "get_resource")]
        assert called(subnet["network"], "get_resource") == network, "an address of another network"
        address = ipaddress.ip_address(fixed["ip_address"])
        assert address in ipaddress.ip_network(subnet["cidr"]), "an address outside of its network"
        for pool in subnet["allocation_pools"]:
            lo, hi = (ipaddress.ip_address(pool[end]) for end in ("start", "end"))
            assert lo <= hi and not lo <= address <= hi, "an address that the cloud may give away"
        return str(address)

    def rules(self, port):
        [group] = port["security_groups"]
        rules = self.groups[called(group, "get_resource")].get("rules", [])
        assert all(rule["direction"] == "ingress" and rule["ethertype"] == "IPv4" for rule in rules)
        assert not any(refused(rule) for rule in rules), "a rule that Neutron refuses, or takes for another"
        return [
            {
                "protocol": rule.get("protocol"),
                "min": rule.get("port_range_min"),
                "max": rule.get("port_range_max"),
                "remote": rule["remote_ip_prefix"],
            }
            for rule in rules
        ]


def refused(rule):
    """Whether Neutron does not take a rule for what it says: port 0, IPv6 alone, 0 for every protocol."""
    protocol = rule.get("protocol")
    if protocol in ("tcp", "udp"):
        return 0 in (rule.get("port_range_min"), rule.get("port_range_max"))
    return protocol in ("0", "41", "43", "44", "58", "59", "60")


def disjoint(found):
    networks = [ipaddress.ip_network(n["cidr"]) for n in found["networks"]]
    for i, a in enumerate(networks):
        assert not any(a.overlaps(b) for b in networks[:i]), f"{a} overlaps another network"


def difference(folder):
    with open(os.path.join(folder, "expected.json"), encoding="utf-8") as file:
        expected = json.load(file)
    for wanted in expected["templates"]:
        with open(os.path.join(folder, wanted["path"]), encoding="utf-8") as file:
            found = Reader(template_format.parse(file.read())).found()
        disjoint(found)
        for member, value in found.items():
            if value != wanted[member]:
                return f"{wanted['path']}: {member}: found {value}, expected {wanted[member]}"
    return None


def complaint(folder):
    try:
        return difference(folder)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def main():
    json.dump({folder: complaint(folder) for folder in sys.argv[1:]}, sys.stdout)


main()
