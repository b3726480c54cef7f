"""Scapy as a judge of the headers that a parser knows only where they are mentioned.

    scapy_headers.py make SEED COUNT    prints packets, one a line: the headers, the packet, the packet without padding
    scapy_headers.py judge              reads packets, one a line; prints one line for each whose lengths or checksums
                                        scapy would make otherwise
"""

import random
import sys

from scapy.all import ARP, ICMP, IP, TCP, UDP, Dot1AD, Dot1Q, Ether, Raw, raw
from scapy.contrib.gtp import GTP_U_Header
from scapy.contrib.mpls import MPLS
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import GRE
from scapy.layers.vxlan import VXLAN

DERIVED = ("chksum", "cksum", "len", "plen", "length", "ihl", "dataofs")


def address(rng):
    return ".".join(str(rng.randrange(256)) for _ in range(4))


def address6(rng):
    return ":".join(f"{rng.randrange(65536):x}" for _ in range(8))


def mac(rng):
    return ":".join(f"{rng.randrange(256):02x}" for _ in range(6))


def ip(rng, proto):
    return IP(src=address(rng), dst=address(rng), ttl=rng.randrange(2, 256), id=rng.randrange(65536), proto=proto)


def ip6(rng, nh):
    return IPv6(src=address6(rng), dst=address6(rng), hlim=rng.randrange(2, 256), fl=rng.randrange(1 << 20), tc=rng.randrange(256), nh=nh)


def ports(rng):
    return {"sport": rng.randrange(1024, 2000), "dport": rng.randrange(1024, 2000)}


def messages(rng, level):
    """An IP packet of one of many kinds: its headers' names, and the packet."""
    payload = Raw(rng.randbytes(rng.choice([0, 1, 2, 7, 20, 63, 200])))
    kind = rng.choice(["tcp", "udp", "icmp", "icmp6", "tcp6", "udp6", "frag", "other", "esp"])
    if kind == "tcp":
        return ["ip", "tcp"], ip(rng, 6) / TCP(seq=rng.getrandbits(32), options=[("MSS", 1460)], **ports(rng)) / payload
    if kind == "udp":
        return ["ip", "udp"], ip(rng, 17) / UDP(**ports(rng)) / payload
    if kind == "icmp":
        return ["ip", "icmp"], ip(rng, 1) / ICMP(type=8, id=rng.randrange(65536), seq=3) / payload
    if kind == "icmp6":
        return ["ip6", "icmp6"], ip6(rng, 58) / ICMPv6EchoRequest(id=rng.randrange(65536), seq=3, data=bytes(payload))
    if kind == "tcp6":
        return ["ip6", "tcp"], ip6(rng, 6) / TCP(seq=rng.getrandbits(32), **ports(rng)) / payload
    if kind == "udp6":
        return ["ip6", "udp"], ip6(rng, 17) / UDP(**ports(rng)) / payload
    if kind == "frag":
        return ["ip6", "frag"], ip6(rng, 44) / IPv6ExtHdrFragment(nh=17, offset=9, m=1, id=rng.getrandbits(32)) / payload
    if kind == "esp":
        return ["ip", "esp"], ip(rng, 50) / Raw(rng.randbytes(8) + bytes(payload))
    return ["ip6"], ip6(rng, 59) / payload


def frame(rng, level):
    """An Ethernet frame."""
    eth, names = Ether(src=mac(rng), dst=mac(rng)), ["eth"]
    if rng.random() < 0.3:
        eth, names = eth / Dot1AD(vlan=rng.randrange(4096)), names + ["svlan"]
    if rng.random() < 0.3:
        eth, names = eth / Dot1Q(vlan=rng.randrange(4096), prio=rng.randrange(8)), names + ["vlan"]
    kind = rng.random()
    if kind < 0.1:
        arp = ARP(hwsrc=mac(rng), psrc=address(rng), hwdst=mac(rng), pdst=address(rng), op=rng.choice([1, 2]))
        return names + ["arp"], eth / arp
    if kind < 0.2:
        payload = Raw(b"\x00" + rng.randbytes(30))
        return names + ["mpls"], eth / MPLS(label=rng.randrange(1 << 20), cos=rng.randrange(8), s=1, ttl=9) / payload
    above, packet = tunnel(rng) if level == 0 and rng.random() < 0.6 else messages(rng, level)
    eth.lastlayer().type = 0x86DD if above[0] == "ip6" else 0x0800
    return names + above, eth / packet


def inner(names):
    return [f"inner.{name}" for name in names]


def tunnel(rng):
    outer = rng.choice(["ip", "ip6"])
    under = (lambda proto: ip(rng, proto)) if outer == "ip" else (lambda proto: ip6(rng, proto))
    kind = rng.choice(["gre ip", "gre eth", "vxlan", "gtpu", "ip"])
    if kind in ("gre eth", "vxlan"):
        names, packet = frame(rng, 1)
    else:
        names, packet = messages(rng, 1)
    is6 = names[0] == "ip6"
    if kind.startswith("gre"):
        proto = 0x6558 if kind == "gre eth" else 0x86DD if is6 else 0x0800
        return [outer, "gre"] + inner(names), under(47) / GRE(proto=proto) / packet
    if kind == "vxlan":
        head = UDP(sport=rng.randrange(65536), dport=4789) / VXLAN(flags=8, vni=rng.getrandbits(24))
        return [outer, "udp", "vxlan"] + inner(names), under(17) / head / packet
    if kind == "gtpu":
        head = UDP(sport=2152, dport=2152) / GTP_U_Header(gtp_type=255, teid=rng.getrandbits(32), E=0, S=0, PN=0)
        return [outer, "udp", "gtpu"] + inner(names), under(17) / head / packet
    return [outer] + inner(names), under(41 if is6 else 4) / packet


def make(rng):
    names, packet = frame(rng, 0)
    exact = raw(packet)
    plain = "mpls" in names
    extra = 0 if plain else rng.choice([0, 0, max(0, 60 - len(exact)), 13])
    return "/".join(names), exact + rng.randbytes(extra), exact


def rebuilt(packet):
    """The bytes scapy makes when lengths and checksums are its own."""
    packet, layer = packet.copy(), None
    layer = packet
    while layer:
        for field in DERIVED:
            if field in layer.fields and not isinstance(layer, ARP):
                delattr(layer, field)
        layer = layer.payload
    return raw(packet)


if sys.argv[1] == "make":
    source = random.Random(int(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        names, padded, exact = make(source)
        print(names, padded.hex(), exact.hex())
else:
    for line in sys.stdin:
        found = bytes.fromhex(line.strip())
        if rebuilt(Ether(found)) != found:
            print(f"{line[:160].strip()}: scapy would send {rebuilt(Ether(found)).hex()[:160]}")
