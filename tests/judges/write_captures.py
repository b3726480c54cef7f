"""Writes captures that are to be read: write_captures.py FOLDER prints a JSON line for each.

Every byte order, precision and link type; the packets and their times are what a packet library makes of them."""

import json
import os
import sys
from decimal import Decimal

from scapy.all import IP, TCP, UDP, Ether, PcapWriter, Raw, raw

layers = [
    IP(src="10.1.0.1", dst="192.0.2.1") / UDP(sport=5, dport=53) / Raw(b"question"),
    IP(src="10.1.0.2", dst="192.0.2.1", ttl=1) / TCP(dport=22, flags="S"),
    IP(src="10.1.0.3", dst="192.0.2.1") / UDP() / Raw(bytes(1400)),
]
times = [Decimal("0"), Decimal("1.000002"), Decimal("1700000000.123456")]
for link, name in [(1, "ethernet"), (12, "raw"), (101, "raw"), (228, "raw")]:
    for endianness in "<>":
        for nano in (False, True):
            path = os.path.join(sys.argv[1], f"{link}{'le' if endianness == '<' else 'be'}{'n' if nano else 'u'}.pcap")
            packets = []
            with PcapWriter(path, linktype=link, endianness=endianness, nano=nano) as writer:
                for layer, time in zip(layers, times):
                    packet = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / layer if link == 1 else layer
                    packet.time = time + (Decimal("0.000000789") if nano else 0)
                    writer.write(packet)
                    packets.append([int(packet.time * 10**9), raw(packet).hex()])
            print(json.dumps({"file": path, "link": name, "packets": packets}))
