"""Judges a capture by the witness it was written for: capture.py CAPTURE WITNESS.

Each packet is read, has the bytes the witness gives, and comes out equal when its checksums and lengths are computed
again."""

import json
import sys

from scapy.all import IP, TCP, UDP, ICMP, Ether, raw, rdpcap

packets = rdpcap(sys.argv[1])
witness = json.loads(sys.argv[2])
wanted = [entry["hex"] for entry in witness["history"]] + [witness["hex"]]
if [raw(packet).hex() for packet in packets] != wanted:
    sys.exit(f"{[raw(packet).hex() for packet in packets]} is not {wanted}")
for packet, entry in zip(packets, witness["history"] + [witness]):
    fresh = packet.copy()
    for layer in (IP, TCP, UDP, ICMP):
        if layer in fresh:
            for field in ("chksum", "len"):
                if hasattr(fresh[layer], field):
                    delattr(fresh[layer], field)
    kind = Ether if Ether in packet else IP
    again = kind(raw(fresh))
    if raw(again) != raw(packet):
        sys.exit(f"{raw(again).hex()} is not {raw(packet).hex()}")
    if IP in packet and "ip.src" in entry["packet"]:
        seen = (packet[IP].src, packet[IP].dst, packet[IP].ttl)
        said = tuple(entry["packet"][f"ip.{name}"] for name in ("src", "dst", "ttl"))
        if seen != said:
            sys.exit(f"{seen} is not {said}")
