//! Strangers judge the interpreter: scapy its bytes, Open vSwitch its tables and rewrites.
//!
//! A judge that the machine lacks is reported as skipped; where it is there, it is also shown packets that are wrong.

#[path = "support/build.rs"]
mod build;
#[path = "support/declared.rs"]
mod declared;
#[path = "support/gateway.rs"]
mod gateway;
#[path = "support/packets.rs"]
mod packets;

use build::*;
use gateway::{Gateway, mac_text, prefix, priority};
use libtest_mimic::{Arguments, Failed, Trial};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rdcl_core::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

fn main() -> ExitCode {
    let scapy = works(Command::new(python()).args(["-c", "import scapy"]));
    let ovs = works(Command::new("ovs-vswitchd").arg("--version")) && works(Command::new(python()).arg("--version"));
    let mut trials = Vec::new();
    if scapy {
        trials.push(Trial::test("scapy_reads_back_the_same_bytes", scapy_bytes));
        trials.push(Trial::test("scapy_agrees_with_rewrites", scapy_rewrites));
        trials.push(Trial::test("scapy_sees_what_is_spoilt", scapy_bites));
        trials.push(Trial::test("scapy_reads_back_every_header", scapy_headers));
        trials.push(Trial::test("scapy_agrees_with_rewrites_of_every_header", scapy_header_rewrites));
        trials.push(Trial::test("scapy_sees_a_spoilt_header", scapy_header_bites));
    } else {
        println!("skipped: no scapy");
    }
    if ovs {
        trials.push(Trial::test("open_vswitch_agrees_with_a_gateway", ovs_gateway));
        trials.push(Trial::test("open_vswitch_agrees_with_a_router", ovs_router));
        trials.push(Trial::test("open_vswitch_sees_a_wrong_table", ovs_bites));
    } else {
        println!("skipped: no Open vSwitch");
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `$RDCL_PYTHON`, else the judges' environment, else what the machine has.
fn python() -> PathBuf {
    let own = root().join("target/venv/bin/python");
    let found = if own.exists() { own } else { "python3".into() };
    std::env::var_os("RDCL_PYTHON").map_or(found, PathBuf::from)
}

fn works(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|s| s.success())
}

/// What a judge's script prints.
fn ask(script: &str, args: &[&str], input: &str) -> Result<String, Failed> {
    let mut child = Command::new(python())
        .arg(root().join("tests/judges").join(script))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().ok_or("no input")?;
    let output = std::thread::scope(|scope| {
        // Beside the reading, so that neither side waits for the other; a script that ends early says why itself.
        scope.spawn(move || stdin.write_all(input.as_bytes()).ok());
        child.wait_with_output()
    })?;
    if !output.status.success() {
        return Err(format!("{script}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// A packet by scapy: the state of its checksum above IP, its bytes, and those without link padding.
struct Made {
    state: String,
    bytes: Vec<u8>,
    exact: Vec<u8>,
}

fn made(seed: &str) -> Result<Vec<Made>, Failed> {
    let read = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        Made { state: words[0].into(), bytes: unhex(words[1]), exact: unhex(words[2]) }
    };
    Ok(ask("scapy_packets.py", &["make", seed, "600"], "")?.lines().map(read).collect())
}

fn scapy_bytes() -> Result<(), Failed> {
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for made in made("1")? {
        let packet = parse(&made.bytes, stack(&[ETH])).map_err(|e| format!("{e:?}: {}", hex(&made.bytes)))?;
        expect(hex(&deparse(&packet)), hex(&made.exact))?;
        expect(state(&packet).to_string(), made.state.clone())?;
        *states.entry(made.state).or_default() += 1;
    }
    println!("scapy made {states:?}");
    expect(states.len(), 4)
}

fn state(packet: &Packet) -> &'static str {
    match packet.l4_error {
        L4Error::Absent => "absent",
        L4Error::Off(0) if [TCP, UDP, ICMP].iter().any(|h| packet.has(*h)) => "right",
        L4Error::Off(0) => "none",
        L4Error::Off(_) => "wrong",
    }
}

fn expect<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("found {found:?}\nexpected {expected:?}").into()) }
}

/// Rewrites source, ports and hop limit of all it can.
fn rewriter() -> Program {
    let less = Expr::Bin(BinOp::Sub, Box::new(get("ip.ttl")), Box::new(bits(8, 1)));
    let ip = vec![set("ip.src", bits(32, 0xc633_6401)), set("ip.ttl", less)];
    let ports_of =
        |l4: &str| vec![set(&format!("{l4}.sport"), bits(16, 4321)), set(&format!("{l4}.dport"), bits(16, 8))];
    Program {
        ports: ports(&["in0", "out0"], stack(&[ETH])),
        blocks: vec![
            block(vec![], End::If(Cond::Has(IP), to(1), to(5))),
            block(ip, End::If(Cond::Has(TCP), to(2), to(3))),
            block(ports_of("tcp"), End::Goto(to(5))),
            block(vec![], End::If(Cond::Has(UDP), to(4), to(5))),
            block(ports_of("udp"), End::Goto(to(5))),
            block(vec![], End::Forward(PortId(1))),
        ],
        entry: vec![Some(to(0)), None],
        ..Program::default()
    }
}

/// What scapy holds against rewritten packets, each changed once more on its way to the judge.
fn complaints(seed: &str, spoil: impl Fn(&mut Vec<u8>)) -> Result<(usize, String), Failed> {
    let network = alone(rewriter(), vec![]);
    let mut lab = Lab::new(&network);
    let mut lines = Vec::new();
    for made in made(seed)? {
        let packet = parse(&made.bytes, stack(&[ETH])).map_err(|e| format!("{e:?}"))?;
        let (_, sent) = lab.through(0, &packet);
        let mut bytes = deparse(&sent);
        spoil(&mut bytes);
        let ttl = sent.get(field("ip.ttl"));
        lines.push(format!("{} {} {} 198.51.100.1 4321 8 {ttl}", made.state, hex(&made.exact), hex(&bytes)));
    }
    Ok((lines.len(), ask("scapy_packets.py", &["judge"], &lines.join("\n"))?))
}

fn scapy_rewrites() -> Result<(), Failed> {
    let (judged, faults) = complaints("2", |_| {})?;
    println!("scapy judged {judged} rewritten packets");
    expect(faults, String::new())
}

/// The judge bites: one flipped bit near the end of each packet, which is under some checksum, is found.
fn scapy_bites() -> Result<(), Failed> {
    let network_layer = |bytes: &[u8]| bytes.len() >= 42 && bytes[12..14] == [8, 0] && bytes[23] == 6;
    let (_, faults) = complaints("3", |bytes| {
        if network_layer(bytes) {
            bytes[40] ^= 1;
        }
    })?;
    if faults.lines().count() > 50 { Ok(()) } else { Err(format!("few faults found: {faults}").into()) }
}

/// A packet by scapy: its headers, its bytes, those without padding.
type MadeWhole = (String, Vec<u8>, Vec<u8>);

/// Packets by scapy with all headers that a parser can know.
fn made_with_all(seed: &str) -> Result<Vec<MadeWhole>, Failed> {
    let text = ask("scapy_headers.py", &["make", seed, "800"], "")?;
    let read = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        (words[0].to_string(), unhex(words[1]), unhex(words[2]))
    };
    Ok(text.lines().map(read).collect())
}

fn knowing_all() -> Stack {
    stack(&[ETH]).knowing(Shape::ALL)
}

fn scapy_headers() -> Result<(), Failed> {
    let mut seen = Shape::EMPTY;
    for (headers, padded, exact) in made_with_all("1")? {
        let packet = parse(&padded, knowing_all()).map_err(|e| format!("{e:?}: {headers} {}", hex(&padded)))?;
        expect(format!("{:?}", packet.shape()), headers.clone())?;
        expect(hex(&deparse(&packet)), hex(&exact)).map_err(|e| format!("{headers}: {e:?}"))?;
        expect([packet.l4_error, packet.inner_error], [L4Error::default(); 2])
            .map_err(|e| format!("{headers}: {e:?}"))?;
        seen = seen.union(packet.shape());
    }
    let missing: Vec<HeaderKind> = HeaderKind::ALL.into_iter().filter(|h| !seen.has(*h)).collect();
    expect(missing, Vec::new())
}

/// What scapy holds against packets with rewritten fields, each changed once more on its way to the judge.
fn header_complaints(seed: &str, spoil: impl Fn(&mut Vec<u8>)) -> Result<(usize, String), Failed> {
    let mut lines = Vec::new();
    for (headers, padded, _) in made_with_all(seed)? {
        let mut packet = parse(&padded, knowing_all()).map_err(|e| format!("{e:?}: {headers}"))?;
        let rewritten = ["ip.src", "ip6.dst", "ip6.hops", "udp.sport", "vxlan.vni", "gtpu.teid", "inner.ip.ttl"];
        let inside = ["inner.ip6.src", "inner.ip.dst", "inner.tcp.dport", "inner.udp.sport", "tcp.seq", "arp.spa"];
        for name in rewritten.into_iter().chain(inside) {
            packet.set(field(name), 0x1234_5678_9abc_def0_1122_3344_5566_7788);
        }
        if packet.has(VLAN) {
            packet.pop(VLAN);
        }
        let mut bytes = deparse(&packet);
        spoil(&mut bytes);
        lines.push(hex(&bytes));
    }
    Ok((lines.len(), ask("scapy_headers.py", &["judge"], &lines.join("\n"))?))
}

fn scapy_header_rewrites() -> Result<(), Failed> {
    let (judged, faults) = header_complaints("2", |_| {})?;
    println!("scapy judged {judged} rewritten packets");
    expect(faults, String::new())
}

/// The judge bites: a changed byte near the end of each packet is under some checksum, most of the time.
fn scapy_header_bites() -> Result<(), Failed> {
    let (judged, faults) = header_complaints("3", |bytes| {
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
    })?;
    if faults.lines().count() > judged / 4 { Ok(()) } else { Err(format!("few faults found: {faults}").into()) }
}

/// The ports a packet leaves by under Open vSwitch, and the flow it has become.
struct Traced {
    ports: String,
    flow: BTreeMap<String, String>,
}

fn traced(line: &str) -> Traced {
    let (ports, flow) = line.split_once(' ').unwrap_or((line, ""));
    let pair =
        |word: &str| word.split_once('=').map_or((word.to_string(), String::new()), |(k, v)| (k.into(), v.into()));
    Traced { ports: ports.into(), flow: flow.split(',').map(pair).collect() }
}

/// A packet as Open vSwitch writes flows.
fn flow_text(packet: &Packet) -> BTreeMap<&'static str, String> {
    let get = |name: &str| packet.get(field(name));
    let ip = |name: &str| Ipv4Addr::from(get(name) as u32).to_string();
    let mut flow = BTreeMap::from([
        ("dl_src", mac_text(get("eth.src"))),
        ("dl_dst", mac_text(get("eth.dst"))),
        ("nw_src", ip("ip.src")),
        ("nw_dst", ip("ip.dst")),
        ("nw_tos", (get("ip.dscp") << 2).to_string()),
        ("nw_ecn", get("ip.ecn").to_string()),
        ("nw_ttl", get("ip.ttl").to_string()),
    ]);
    let mut add = |key, value: u128| flow.insert(key, value.to_string());
    if packet.has(VLAN) {
        add("dl_vlan", get("vlan.id"));
        add("dl_vlan_pcp", get("vlan.pcp"));
    }
    let names = [("tp_src", "sport"), ("tp_dst", "dport")];
    for (header, l4) in [(TCP, "tcp"), (UDP, "udp")] {
        if packet.has(header) {
            names.iter().for_each(|(key, name)| drop(add(key, get(&format!("{l4}.{name}")))));
        }
    }
    if packet.has(ICMP) {
        add("icmp_type", get("icmp.type"));
        add("icmp_code", get("icmp.code"));
    }
    if !packet.has(VLAN) {
        flow.insert("vlan_tci", "0x0000".into());
    }
    let protocol = [(TCP, "tcp"), (UDP, "udp"), (ICMP, "icmp")].into_iter().find(|(h, _)| packet.has(*h));
    protocol.into_iter().for_each(|(_, name)| drop(flow.insert(name, String::new())));
    flow
}

/// Compares what came of a packet with what the interpreter says; gives the ports.
fn compare(sent: &Packet, traced: &Traced, ours: Option<(u32, Packet)>) -> Result<String, Failed> {
    let Some((port, packet)) = ours else {
        expect(traced.ports.clone(), "drop".into()).map_err(|e| format!("{sent:?}: {e:?}"))?;
        return Ok("drop".into());
    };
    expect(traced.ports.clone(), port.to_string()).map_err(|e| format!("{sent:?}: {e:?}"))?;
    for (key, value) in flow_text(&packet) {
        if traced.flow.get(key) != Some(&value) {
            return Err(
                format!("{sent:?}\n{key} is {:?} for Open vSwitch, {value} for us", traced.flow.get(key)).into()
            );
        }
    }
    Ok(traced.ports.clone())
}

/// Open vSwitch's answers, one for each packet.
fn trace(rules: &str, packets: &[Vec<u8>]) -> Result<Vec<Traced>, Failed> {
    let packets: Vec<String> = packets.iter().map(|p| hex(p)).collect();
    let answer = ask("ovs_trace.py", &[], &format!("{rules}\n\n{}", packets.join("\n")))?;
    let traces: Vec<Traced> = answer.lines().map(traced).collect();
    expect(traces.len(), packets.len())?;
    Ok(traces)
}

/// Addresses in and around a few prefixes, so that matches of every length occur.
fn near() -> impl Strategy<Value = u32> {
    let base = prop::sample::select(vec![0x0a01_0203u32, 0x0a01_8000, 0xc0a8_0101, 0xac10_0000]);
    (base, any::<u32>(), 0u32..=32).prop_map(|(base, noise, kept)| {
        let mask = u32::MAX.checked_shr(kept).unwrap_or(0);
        (base & !mask) | (noise & mask)
    })
}

/// Overlapping prefixes.
fn prefixes(count: usize, shortest: u16) -> impl Strategy<Value = Vec<RowKey>> {
    prop::collection::vec((near(), shortest..=32).prop_map(|(v, length)| route(v, length, 0).keys[0]), count)
}

fn draw<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    strategy.new_tree(runner).map(|t| t.current()).unwrap()
}

fn gateway(runner: &mut TestRunner) -> Gateway {
    let fib = draw(runner, prefixes(40, 1)).into_iter().enumerate().map(|(i, key)| {
        let vlan = if i % 3 == 0 { 100 + i as u128 } else { 0 };
        Row { keys: vec![key], data: vec![1 + i as u128 % 4, vlan, 0x0200_0000_0000 + i as u128] }
    });
    let ranges = prop::collection::vec((0u128..2000, 0u128..2000, any::<bool>(), any::<bool>()), 20);
    let acl = draw(runner, prefixes(20, 0)).into_iter().zip(draw(runner, ranges)).map(|(src, (a, b, tcp, permit))| {
        let proto = RowKey::Exact(if tcp { 6 } else { 17 });
        Row { keys: vec![src, proto, RowKey::Range(a.min(b), a.max(b))], data: vec![permit.into()] }
    });
    Gateway { acl: TableData { rows: acl.collect() }, fib: TableData { rows: fib.collect() } }
}

/// Packets that meet the tables, with hop limits around the end.
fn traffic(on: Stack, count: usize) -> impl Strategy<Value = Vec<Packet>> {
    let ttl = prop::sample::select(vec![0u128, 1, 2, 3, 64, 128, 255]);
    let one = (packets::packet(on), near(), near(), 0u128..2200, ttl).prop_map(|(mut packet, src, dst, port, ttl)| {
        let fields = [("ip.src", src.into()), ("ip.dst", dst.into()), ("ip.ttl", ttl)];
        let ports = [("tcp.dport", port), ("udp.dport", port)];
        fields.iter().chain(&ports).for_each(|(name, value)| packet.set(field(name), *value));
        packet
    });
    prop::collection::vec(one, count)
}

/// What the interpreter says: port and packet, or nothing for a drop.
fn ours(lab: &mut Lab<'_>, packet: &Packet) -> Option<(u32, Packet)> {
    match lab.one(0, packet) {
        Outcome::Delivered { at, packet, .. } => Some((at.0, packet)),
        Outcome::Dropped { .. } => None,
        other => panic!("{other:?}"),
    }
}

fn ovs_gateway() -> Result<(), Failed> {
    let (ends, complaints) = judged_gateway(150, |_| {})?;
    expect(complaints, vec![])?;
    varied(&ends)
}

/// The judge bites: routes that lead elsewhere in our table only are found.
fn ovs_bites() -> Result<(), Failed> {
    let (_, complaints) =
        judged_gateway(60, |fib| fib.rows.iter_mut().for_each(|row| row.data[0] = 1 + row.data[0] % 4))?;
    if complaints.len() > 10 { Ok(()) } else { Err(format!("few faults found: {complaints:?}").into()) }
}

/// How packets end, and where Open vSwitch differs from a gateway whose own routes are changed first.
fn judged_gateway(count: usize, change: impl Fn(&mut TableData)) -> Result<(Vec<String>, Vec<String>), Failed> {
    let runner = &mut TestRunner::deterministic();
    let mut gateway = gateway(runner);
    let packets = draw(runner, traffic(stack(&[ETH, IP]), count));
    let bytes: Vec<Vec<u8>> = packets.iter().map(deparse).collect();
    let traces = trace(&gateway.rules(), &bytes)?;
    change(&mut gateway.fib);
    let network = alone(gateway::program(), vec![gateway.acl, gateway.fib]);
    let mut lab = Lab::new(&network);
    let (mut ends, mut complaints) = (Vec::new(), Vec::new());
    for (packet, trace) in packets.iter().zip(traces) {
        match compare(packet, &trace, ours(&mut lab, packet)) {
            Ok(end) => ends.push(end),
            Err(complaint) => complaints.push(complaint.message().unwrap_or_default().to_string()),
        }
    }
    Ok((ends, complaints))
}

fn ovs_router() -> Result<(), Failed> {
    let runner = &mut TestRunner::deterministic();
    let rows = draw(runner, prefixes(60, 0)).into_iter().enumerate();
    let rows: Vec<Row> = rows.map(|(i, key)| Row { keys: vec![key], data: vec![1 + i as u128 % 5] }).collect();
    let rule = |(i, row): (usize, &Row)| {
        let (priority, dst) = (priority(i, row), prefix(row.keys[0]));
        format!("priority={priority},ip,nw_dst={dst},actions=dec_ttl,output:{}", row.data[0])
    };
    let rules: Vec<String> = rows.iter().enumerate().map(rule).collect();
    let packets = draw(runner, traffic(stack(&[IP]), 100));
    let wrapped: Vec<Packet> = packets.iter().map(on_ethernet).collect();
    let bytes: Vec<Vec<u8>> = wrapped.iter().map(deparse).collect();
    let network = alone(strict_router(), vec![TableData { rows }]);
    let mut lab = Lab::new(&network);
    let mut ends = Vec::new();
    for (packet, trace) in packets.iter().zip(trace(&rules.join("\n"), &bytes)?) {
        let ours = ours(&mut lab, packet).map(|(port, packet)| (port, on_ethernet(&packet)));
        ends.push(compare(packet, &trace, ours)?);
    }
    varied(&ends)
}

/// The router, which like Open vSwitch also drops what arrives with hop limit 0.
fn strict_router() -> Program {
    let mut router = router(6);
    let End::If(cond, ..) = &mut router.blocks[0].end else { panic!("not a router") };
    let gone = |left| eq(get("ip.ttl"), bits(8, left));
    *cond = Cond::Any(vec![gone(0), gone(255)]);
    router
}

/// An Ethernet header around an IP packet.
fn on_ethernet(packet: &Packet) -> Packet {
    let bytes = [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0], deparse(packet).as_slice()].concat();
    parse(&bytes, stack(&[ETH, IP])).unwrap()
}

/// The packets ended in many ways, or the comparison says little.
fn varied(ends: &[String]) -> Result<(), Failed> {
    let kinds: BTreeSet<&String> = ends.iter().collect();
    let dropped = ends.iter().filter(|e| *e == "drop").count();
    println!("Open vSwitch traced {} packets: {dropped} dropped, ends {kinds:?}", ends.len());
    if kinds.len() >= 5 && ends.len() - dropped >= 60 { Ok(()) } else { Err("all packets went one way".into()) }
}
