"""Open vSwitch as a judge of tables and rewrites: what becomes of packets under OpenFlow rules.

Reads rules, an empty line, then packets as hexadecimal bytes, all of which enter by port 9. For each packet prints the
ports it leaves by, joined by commas (or `drop`), and the flow it has become. Needs no kernel module and no system
daemon: the switch lives in a directory of its own and is stopped at the end.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
PORTS = range(1, 10)


def call(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0 or "normalization changed" in done.stderr:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def start(home):
    socket = f"unix:{home}/db.sock"
    call("ovsdb-tool", "create", f"{home}/conf.db", SCHEMA)
    call("ovsdb-server", f"{home}/conf.db", f"--remote=p{socket}", "--pidfile", "--detach", "--log-file", "--no-chdir")
    control = ["ovs-vsctl", f"--db={socket}"]
    call(*control, "--no-wait", "init")
    call("ovs-vswitchd", socket, "--enable-dummy=override", "--disable-system", "--disable-system-route", "--pidfile",
         "--detach", "--log-file", "--no-chdir")
    # Without fail-mode=secure a miss floods.
    call(*control, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy", "protocols=OpenFlow13",
         "fail-mode=secure")
    for port in PORTS:
        call(*control, "add-port", "br0", f"p{port}", "--", "set", "interface", f"p{port}", "type=dummy",
             f"ofport_request={port}")


def pid(home, daemon):
    with open(f"{home}/{daemon}.pid", encoding="ascii") as file:
        return int(file.read())


def stop(home):
    for daemon in ("ovs-vswitchd", "ovsdb-server"):
        if os.path.exists(f"{home}/{daemon}.pid"):
            os.kill(pid(home, daemon), signal.SIGTERM)


def trace(target, packet):
    text = call("ovs-appctl", "-t", target, "ofproto/trace", "br0", "in_port=9", packet)
    ports = re.findall(r"^\s+output:(\d+)$", text, re.MULTILINE)
    before = re.search(r"^Flow: (.*)$", text, re.MULTILINE).group(1)
    after = re.search(r"^Final flow: (.*)$", text, re.MULTILINE).group(1)
    if "Datapath actions: drop" in text:
        ports = []
    return f"{','.join(ports) or 'drop'} {before if after == 'unchanged' else after}"


def main():
    rules, packets = sys.stdin.read().split("\n\n")
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        for name in ("RUNDIR", "LOGDIR", "DBDIR", "SYSCONFDIR"):
            os.environ[f"OVS_{name}"] = home
        try:
            start(home)
            call("ovs-ofctl", "-O", "OpenFlow13", "add-flows", "br0", "-", text=rules)
            target = f"{home}/ovs-vswitchd.{pid(home, 'ovs-vswitchd')}.ctl"
            for packet in packets.split():
                print(trace(target, packet))
        finally:
            stop(home)


main()
