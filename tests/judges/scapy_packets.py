"""Scapy as a judge of the wire format.

    scapy_packets.py make SEED COUNT    prints packets, one a line: l4 state, the packet, the packet without link padding
    scapy_packets.py judge              reads lines of l4 state, the packet before and the packet after a rewrite, and
                                        the rewritten fields (src sport dport ttl); prints one line for each fault

The l4 state is `right`, `wrong` (the checksum above IP is off), `absent` (UDP without one) or `none` (no such header).
"""

import random
import sys

from scapy.all import ICMP, IP, TCP, UDP, Dot1Q, Ether, Raw, raw

OPTIONS = [
    [],
    [("MSS", 1460)],
    [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (7, 9)), ("NOP", None), ("WScale", 7)],
    [("NOP", None), ("NOP", None), ("Timestamp", (123456, 654321))],
]


def address(rng):
    return ".".join(str(rng.randrange(256)) for _ in range(4))


def mac(rng):
    return ":".join(f"{rng.randrange(256):02x}" for _ in range(6))


def transport(rng, kind):
    ports = {"sport": rng.randrange(65536), "dport": rng.randrange(65536)}
    if kind == "tcp":
        return TCP(seq=rng.getrandbits(32), ack=rng.getrandbits(32), flags=rng.randrange(512), window=rng.randrange(65536),
                   urgptr=rng.randrange(65536), reserved=rng.randrange(8), options=rng.choice(OPTIONS), **ports)
    if kind == "udp":
        return UDP(**ports)
    return ICMP(type=rng.choice([0, 8]), code=rng.randrange(4), id=rng.randrange(65536), seq=rng.randrange(65536))


def make(rng):
    """One packet: its l4 state, its bytes, its bytes without padding."""
    packet = Ether(src=mac(rng), dst=mac(rng))
    if rng.random() < 0.4:
        packet /= Dot1Q(vlan=rng.randrange(4096), prio=rng.randrange(8), dei=rng.randrange(2))
    kind = rng.choice(["tcp", "tcp", "udp", "udp", "icmp", "other", "not ip"])
    payload = Raw(rng.randbytes(rng.choice([0, 1, 2, 7, 20, 63, 200, 1400])))
    if kind == "not ip":
        packet.lastlayer().type = rng.choice([0x86DD, 0x88CC, 0x0806, 0x1234])
        exact = raw(packet / payload)
        return "none", exact, exact
    packet /= IP(src=address(rng), dst=address(rng), ttl=rng.randrange(2, 256), tos=rng.randrange(256), id=rng.randrange(65536),
                 flags=rng.choice(["", "DF"]), proto=rng.choice([47, 50, 89, 132]))
    if kind == "other":
        return padded(rng, "none", raw(packet / payload))
    packet[IP].proto = {"tcp": 6, "udp": 17, "icmp": 1}[kind]
    state, whole = "right", Ether(raw(packet / transport(rng, kind) / payload))
    layer = whole[{"tcp": TCP, "udp": UDP, "icmp": ICMP}[kind]]
    if kind == "udp" and rng.random() < 0.25:
        state, layer.chksum = "absent", 0
    elif rng.random() < 0.4:
        state, layer.chksum = "wrong", (layer.chksum + rng.randrange(1, 0xFFFE)) % 0xFFFF or 1
        if layer.chksum == Ether(rebuilt(whole))[type(layer)].chksum:
            state = "right"
    return padded(rng, state, raw(whole))


def padded(rng, state, exact):
    short = max(0, 60 - len(exact))
    extra = rng.choice([0, short, short + rng.randrange(20)])
    return state, exact + rng.randbytes(extra), exact


def layers(packet):
    return [packet[layer] for layer in (IP, TCP, UDP, ICMP) if layer in packet]


def rebuilt(packet):
    """The bytes scapy makes when lengths and checksums are its own."""
    packet = packet.copy()
    for layer in layers(packet):
        for field in ("chksum", "len", "ihl", "dataofs"):
            if field in layer.fields:
                delattr(layer, field)
    return raw(packet)


def l4(packet):
    return next((layer for layer in layers(packet) if not isinstance(layer, IP)), None)


def error(packet):
    """Checksum on the wire minus the right one, in one's complement."""
    right = l4(Ether(rebuilt(packet))).chksum
    return (l4(packet).chksum - right) % 0xFFFF


def faults(state, before, after, src, sport, dport, ttl):
    if IP not in after:
        return [] if raw(before) == raw(after) else ["a packet that is not ip was changed"]
    own, found = Ether(rebuilt(after)), []
    upper = l4(after)
    if state == "absent" and upper.chksum != 0:
        found.append("an absent checksum appeared")
    if state in ("wrong", "absent"):
        if state == "wrong" and (error(before) == 0 or error(before) != error(after)):
            found.append(f"the checksum was off by {error(before)} and is by {error(after)}")
        l4(own).chksum = upper.chksum
    if raw(own) != raw(after):
        found.append(f"scapy would send {raw(own).hex()[:120]}")
    if after[IP].src != src or after[IP].ttl != int(ttl):
        found.append("source or hop limit is not what was written")
    if isinstance(upper, (TCP, UDP)) and (upper.sport, upper.dport) != (int(sport), int(dport)):
        found.append("ports are not what was written")
    return found


def judge(lines):
    for line in lines:
        state, before, after, *fields = line.split()
        for fault in faults(state, Ether(bytes.fromhex(before)), Ether(bytes.fromhex(after)), *fields):
            print(f"{after[:120]}: {fault}")


if sys.argv[1] == "make":
    source = random.Random(int(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        print(*(part if isinstance(part, str) else part.hex() for part in make(source)))
else:
    judge(sys.stdin)
