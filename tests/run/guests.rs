//! `rdclc run`: guests of `examples/branch` under the traffic beside it, whatever runs them; what it refuses; and that
//! nothing is left behind, however it ends.

use crate::binary::{self, Run, expect, expect_code};
use libtest_mimic::{Failed, Trial};
use rdcl_core::{BoundaryId, Injection, Interpreter, Outcome, Stores, Time};
use rdclc::{LinkType, capture, read_capture};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

type Check = (&'static str, fn() -> Result<(), String>);

const CHECKS: &[Check] = &[
    ("same-frames-on-every-backend", same_frames),
    ("every-packet-is-accounted-for", accounted),
    ("count", count),
    ("a-lone-block-has-its-name", lone_block),
    ("distributes", distributes),
    ("usage", usage),
    ("captures", captures),
    ("circles", circles),
    ("nothing-unproved-boots", unproved),
    ("no-kvm", no_kvm),
    ("nothing-is-left-behind", left_behind),
];

/// One trial for each check.
pub fn trials() -> Vec<Trial> {
    let trial = |(name, check): &Check| {
        let check = *check;
        Trial::test(format!("guests/{name}"), move || check().map_err(Failed::from))
    };
    CHECKS.iter().map(trial).collect()
}

const TRAFFIC: &str = "--pcap-in examples/branch/lan.pcap@lan --pcap-in examples/branch/wan.pcap@wan";

fn has_kvm() -> bool {
    fs::File::options().read(true).write(true).open("/dev/kvm").is_ok()
}

fn backends() -> Vec<&'static str> {
    if has_kvm() {
        return vec!["native", "kvm"];
    }
    println!("skipped: guests on KVM: /dev/kvm cannot be opened");
    vec!["native"]
}

fn objects(ran: &Run) -> Vec<Value> {
    ran.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Runs the branch, for a check of this name; gives the frames that left by `lan` and by `wan`, and what was counted.
fn branch(check: &str, backend: &str) -> Result<([Vec<u8>; 2], Vec<Value>), String> {
    let folder = binary::scratch(&format!("guests-{check}-{backend}"));
    let out = ["lan", "wan"].map(|port| folder.join(format!("{port}.pcap")));
    let kept = format!("--pcap-out {}@lan --pcap-out {}@wan", out[0].display(), out[1].display());
    let ran = expect_code(&format!("run examples/branch --format json --backend {backend} {TRAFFIC} {kept}"), 0)?;
    let [lan, wan] = out.map(|path| fs::read(path).map_err(|e| e.to_string()));
    Ok(([lan?, wan?], objects(&ran)))
}

fn same_frames() -> Result<(), String> {
    let native = branch("same", "native")?;
    for backend in backends() {
        let (frames, objects) = branch("same", backend)?;
        if frames != native.0 {
            return Err(format!("{backend} sends other frames than this process"));
        }
        let counted = |objects: &[Value]| objects.iter().filter(|o| o["type"] != "run").cloned().collect::<Vec<_>>();
        if counted(&objects) != counted(&native.1) {
            return Err(format!("{backend} counts otherwise: {objects:#?}"));
        }
    }
    let sent = native.0.map(|bytes| read_capture(&bytes).map(|capture| capture.packets.len()));
    match sent {
        [Ok(32), Ok(33)] => Ok(()),
        other => Err(format!("{other:?} packets left by lan and wan")),
    }
}

/// What enters a guest leaves it or is dropped; a firewall makes no copies.
fn accounted() -> Result<(), String> {
    let (_, objects) = branch("accounted", "native")?;
    let guests: Vec<&Value> = objects.iter().filter(|o| o["type"] == "guest").collect();
    for guest in &guests {
        let counts = guest["counts"].as_array().ok_or("a guest has counts")?;
        let sum = |what: &str| -> u64 {
            counts.iter().filter(|c| c["what"] == what).filter_map(|c| c["count"].as_u64()).sum()
        };
        if sum("received") == 0 || sum("received") != sum("forwarded") + sum("dropped") {
            return Err(format!("packets are lost in {guest:#}"));
        }
        let places = counts.iter().filter(|c| c["what"] == "dropped");
        if places.clone().any(|c| !c["at"].as_str().is_some_and(|at| at.contains(".rdcl:"))) {
            return Err(format!("a drop without its line in {guest:#}"));
        }
    }
    if guests.len() == 4 { Ok(()) } else { Err(format!("{} guests, expected 4", guests.len())) }
}

/// A service of one block has no path; its guest is called by the block.
fn lone_block() -> Result<(), String> {
    let path = binary::scratch("guests-lone").join("gate.rdcl");
    let text = "use std::net::Ip4;
rfb Gate {
  port inout lan: Ip4; port inout wan: Ip4;
  behaviour sefl { on lan { Forward(wan); } on wan { Forward(lan); } }
  impl guest on kvm { memory = 8MiB; }
}
substrate lab { ree edge: kvm {} }
deploy Gate on lab {} minimize cpu;
";
    fs::write(&path, text).map_err(|e| e.to_string())?;
    let ran = expect_code(&format!("run {} --backend native", path.display()), 0)?;
    expect(
        ran.stdout.contains("on native: Gate\n") && ran.stdout.contains("guest  Gate  0 in"),
        &ran,
        "it is called Gate",
    )
}

/// Every backend sends each packet to the element that the interpreter does, and each element gets some.
fn distributes() -> Result<(), String> {
    let folder = binary::scratch("guests-distributes");
    let path = folder.join("farm.rdcl");
    let text = "use std::net::Ip4;
rfb Pass {
  port inout a: Ip4; port inout b: Ip4;
  behaviour sefl { on a { Forward(b); } on b { Forward(a); } }
  impl guest on kvm { memory = 8MiB; }
}
rfb Farm {
  port inout lan: Ip4; port inout way[0..2]: Ip4;
  part x[0..2]: Pass;
  wire lan => x[*].a balance by flow;
  wire x[*].b <-> way[*];
}
substrate lab { ree edge: kvm { memory = 26MiB; } }
deploy Farm on lab {} minimize memory;
";
    fs::write(&path, text).map_err(|e| e.to_string())?;
    let sent = fs::read(binary::root().join("examples/branch/lan.pcap")).map_err(|e| e.to_string())?;
    let sent = read_capture(&sent).map_err(|e| format!("{e:?}"))?;
    let checked = rdclc::check(rdclc::load(&path));
    let all = rdcl_hir::subjects(&checked.db, checked.package);
    let farm = all.iter().find(|i| rdcl_hir::short_name(&checked.db, **i) == "Farm").ok_or("there is no Farm")?;
    let network = rdcl_hir::network(&checked.db, *farm);
    let (interpreter, mut stores) = (Interpreter::new(network), Stores::new(network));
    let mut expected: [Vec<Vec<u8>>; 3] = Default::default();
    for (_, bytes) in &sent.packets {
        let injection = Injection { at: BoundaryId(0), bytes, now: Time(0), tape: None, fuel: 100 };
        let run = interpreter.run(&mut stores, injection).map_err(|e| e.to_string())?;
        for copy in run.copies {
            let Outcome::Delivered { at, bytes, .. } = copy.outcome else { return Err("a packet is lost".into()) };
            expected[at.0 as usize - 1].push(bytes);
        }
    }
    if expected.iter().any(Vec::is_empty) {
        return Err(format!("an element gets nothing: {:?}", expected.map(|e| e.len())));
    }
    for backend in backends() {
        let out = [0, 1, 2].map(|i| folder.join(format!("{backend}-{i}.pcap")));
        let kept: String =
            (0..).zip(&out).map(|(i, file): (u32, _)| format!(" --pcap-out {}@way[{i}]", file.display())).collect();
        let lan = "--pcap-in examples/branch/lan.pcap@lan";
        expect_code(&format!("run {} --backend {backend} {lan}{kept}", path.display()), 0)?;
        for (file, expected) in out.iter().zip(&expected) {
            let bytes = fs::read(file).map_err(|e| e.to_string())?;
            let got = read_capture(&bytes).map_err(|e| format!("{e:?}"))?;
            let got: Vec<&[u8]> = got.packets.iter().map(|(_, bytes)| bytes.as_slice()).collect();
            if got != expected.iter().map(Vec::as_slice).collect::<Vec<_>>() {
                return Err(format!("{backend}: other packets leave than the interpreter says: {}", file.display()));
            }
        }
    }
    Ok(())
}

fn count() -> Result<(), String> {
    let ran = expect_code(&format!("run examples/branch --backend native --format json {TRAFFIC} --count 7"), 0)?;
    let entered: u64 = objects(&ran).iter().filter_map(|o| o["entered"].as_u64()).sum();
    expect(entered == 7, &ran, "seven packets are sent")
}

fn usage() -> Result<(), String> {
    for (line, words) in [
        ("run examples/branch --pcap-in examples/branch/lan.pcap@lam", "there is no port `lam`; there are lan, wan"),
        ("run examples/branch --pcap-in examples/branch/lan.pcap", "FILE@PORT"),
        ("run examples/branch --deploy cloud", "no part of `cloud` runs on kvm"),
        ("run examples/branch --deploy egde", "did you mean `edge`?"),
        ("run", "<PATH>"),
    ] {
        let ran = expect_code(&format!("{line} --backend native"), 2)?;
        expect(ran.stderr.contains(words), &ran, &format!("`{words}` is said"))?;
    }
    let ran = expect_code("run examples/router --backend native", 1)?;
    expect(ran.stderr.contains("no service is deployed here"), &ran, "there is nothing to run")?;
    let capture = "examples/branch/lan.pcap";
    let line = format!("run examples/branch --backend native --pcap-in {capture}@lan --pcap-out {capture}@lan");
    let before = fs::read(binary::root().join(capture)).map_err(|e| e.to_string())?;
    let ran = expect_code(&line, 2)?;
    let after = fs::read(binary::root().join(capture)).map_err(|e| e.to_string())?;
    expect(ran.stderr.contains("is sent, and would be written over") && before == after, &ran, "what is sent is kept")
}

fn captures() -> Result<(), String> {
    let folder = binary::scratch("guests-captures");
    let file = |name: &str, bytes: &[u8]| -> Result<PathBuf, String> {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|e| e.to_string()).map(|()| path)
    };
    let cut = file("cut.pcap", &capture(LinkType::Raw, [(1, &[0x45u8; 40][..])])[..50])?;
    let ethernet = file("ethernet.pcap", &capture(LinkType::Ethernet, [(1, &[0u8; 60][..])]))?;
    for (path, code, words) in [
        (cut, 1, "is not a capture that can be used"),
        (ethernet, 1, "begin with an Ethernet header, but port `lan` carries an IP header"),
        (folder.join("nowhere.pcap"), 4, "cannot read"),
    ] {
        let ran = expect_code(&format!("run examples/branch --backend native --pcap-in {}@lan", path.display()), code)?;
        expect(ran.stderr.contains(words) && ran.stdout.is_empty(), &ran, &format!("`{words}` is said"))?;
    }
    let nowhere = "run examples/branch --backend native --pcap-out /nowhere/out.pcap@lan";
    let ran = expect_code(nowhere, 4)?;
    let early = ran.stdout.is_empty() && ran.stderr.contains("cannot write `/nowhere/out.pcap`");
    expect(early, &ran, "what cannot be written is named, before anything runs")?;
    let file = folder.join("both.pcap");
    let both = format!("--pcap-out {}@lan --pcap-out {}@wan", file.display(), folder.join("./both.pcap").display());
    let ran = expect_code(&format!("run examples/branch --backend native {both}"), 2)?;
    expect(ran.stderr.contains("name two files"), &ran, "one file does not hold two ports")?;
    special_files(&folder)
}

/// A link stays a link, and a pipe a pipe: what is written goes to where they lead.
fn special_files(folder: &Path) -> Result<(), String> {
    let (link, target, pipe) = (folder.join("link.pcap"), folder.join("target.pcap"), folder.join("pipe"));
    let system = |e: std::io::Error| e.to_string();
    fs::write(&target, "old").map_err(system)?;
    // Whatever an earlier run has left.
    for old in [&link, &pipe] {
        let _ = fs::remove_file(old);
    }
    std::os::unix::fs::symlink("target.pcap", &link).map_err(system)?;
    Command::new("mkfifo").arg(&pipe).status().map_err(system)?;
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe)
    });
    let kept = format!("--pcap-out {}@wan --pcap-out {}@wan", link.display(), pipe.display());
    let ran = expect_code(&format!("run examples/branch --backend native {TRAFFIC} {kept}"), 0)?;
    let is_link = fs::symlink_metadata(&link).map_err(system)?.is_symlink();
    expect(is_link && !fs::metadata(&pipe).map_err(system)?.is_file(), &ran, "nothing is replaced")?;
    let read = reader.join().map_err(|_| "the reader panics".to_owned())?.map_err(system)?;
    expect(read_capture(&read).is_ok() && fs::read(&target).map_err(system)? == read, &ran, "both get the packets")
}

/// What enters by `lan` goes round between two guests for ever, with a copy to a port that leads nowhere at each turn of
/// one; what enters by `x` leaves by `y`.
pub const CIRCLE: &str = "
use std::net::Ip4;
rfb Turn {
  port inout l: Ip4; port inout r: Ip4; port inout spare: Ip4;
  behaviour sefl { on l { Forward(r); } on r { Fork(Forward(l), Forward(spare)); } on spare { Forward(l); } }
  impl guest on kvm {}
}
rfb Circle {
  port inout lan: Ip4; port inout x: Ip4; port inout y: Ip4;
  part a: Turn; part b: Turn;
  wire lan <-> a.spare; wire a.l <-> b.r; wire b.l <-> a.r; wire x <-> y;
}
substrate lab { ree edge: kvm {} }
deploy Circle on lab {} minimize cpu;
";

/// Packets that go round for ever are stopped and named; none is forgotten, and what is no packet is refused.
fn circles() -> Result<(), String> {
    let folder = binary::scratch("guests-circles");
    let source = folder.join("circle.rdcl");
    fs::write(&source, CIRCLE).map_err(|e| e.to_string())?;
    let lan = fs::read(binary::root().join("examples/branch/lan.pcap")).map_err(|e| e.to_string())?;
    let first = read_capture(&lan).map_err(|e| e.to_string())?.packets.remove(0).1;
    // Many at once, since they go round a million times together.
    let many = capture(LinkType::Raw, (1000..1250).map(|time| (time * 1000, &first[..])));
    let few = capture(LinkType::Raw, [(1, &first[..]), (2, &first[..1])]);
    let put = |name: &str, bytes| fs::write(folder.join(name), bytes).map_err(|e| e.to_string());
    put("many.pcap", many).and_then(|()| put("few.pcap", few))?;
    let sent = format!("--pcap-in {0}/few.pcap@x --pcap-in {0}/many.pcap@lan", folder.display());
    let ran = expect_code(&format!("run {} --format json --backend native {sent}", source.display()), 1)?;
    expect(ran.stderr.contains("go round in a circle"), &ran, "it says what happens")?;
    let all = objects(&ran);
    let of = |kind: &'static str| all.iter().filter(move |o| o["type"] == kind);
    let sum = |kind: &'static str, member: &str| of(kind).filter_map(|o| o[member].as_u64()).sum::<u64>();
    let counted = of("guest").flat_map(|guest| guest["counts"].as_array().cloned().unwrap_or_default());
    let copies: u64 =
        counted.filter(|c| c["what"] == "forwarded" && c["port"] == "spare").filter_map(|c| c["count"].as_u64()).sum();
    let left = sum("edge", "left") - 1 + sum("unwired", "count");
    expect(sum("guest", "waiting") > 0 && copies > 0 && left == copies, &ran, "every copy is somewhere")?;
    let x = of("edge").find(|edge| edge["port"] == "x").ok_or("`x` is an edge")?;
    let reasons = serde_json::json!([{"reason": "malformed", "count": 1}]);
    expect(x["refused"] == 1 && x["reasons"] == reasons, &ran, "what is no packet is refused")
}

/// The broken branch, given a place to run; and a block that says what is allowed, not what is done.
fn unproved() -> Result<(), String> {
    let folder = binary::scratch("guests-unproved");
    let broken = binary::root().join("examples/branch-broken/main.rdcl");
    let broken = fs::read_to_string(broken).map_err(|e| e.to_string())?;
    let path = folder.join("broken.rdcl");
    fs::write(&path, broken).map_err(|e| e.to_string())?;
    let ran = expect_code(&format!("run {} --backend native --deploy edge", path.display()), 1)?;
    expect(ran.stdout.is_empty() && ran.stderr.contains("nothing is booted"), &ran, "nothing is booted")
}

/// In a name space of its own, where `/dev` is empty.
fn no_kvm() -> Result<(), String> {
    let hidden = |arguments: &str| -> Result<Run, String> {
        let line = format!("mount -t tmpfs none /dev && exec {} {arguments}", env!("CARGO_BIN_EXE_rdclc"));
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", &line]).current_dir(binary::root()).stdin(Stdio::null());
        let output = command.output().map_err(|e| e.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Ok(Run { stdout, stderr, code: output.status.code(), took: Duration::ZERO })
    };
    if hidden("--version").map_or(true, |ran| ran.code != Some(0)) {
        println!("skipped: hiding /dev/kvm takes a mount name space of one's own");
        return Ok(());
    }
    let ran = hidden(&format!("run examples/branch --backend kvm {TRAFFIC}"))?;
    expect(ran.code == Some(4) && ran.stdout.is_empty(), &ran, "no KVM is 4")?;
    expect(ran.stderr.contains("/dev/kvm cannot be opened"), &ran, "it says why")?;
    let ran = hidden(&format!("run examples/branch {TRAFFIC}"))?;
    let native = ran.stdout.contains("booted edge on native") && ran.stdout.contains("32 out");
    expect(
        ran.code == Some(0) && native && ran.stderr.contains("in this process"),
        &ran,
        "this process serves, and says so",
    )
}

/// Starts a run that takes a while, and waits until it has booted.
fn long_run(folder: &Path) -> Result<Child, String> {
    let lan = fs::read(binary::root().join("examples/branch/lan.pcap")).map_err(|e| e.to_string())?;
    let packets = read_capture(&lan).map_err(|e| e.to_string())?.packets;
    let frames = (0..300_000u64).map(|i| (i * 1_000, packets[i as usize % packets.len()].1.as_slice()));
    let long = folder.join("long.pcap");
    fs::write(&long, capture(LinkType::Raw, frames)).map_err(|e| e.to_string())?;
    let (sent, kept) = (format!("{}@lan", long.display()), format!("{}@wan", folder.join("out.pcap").display()));
    let arguments = ["run", "examples/branch", "--pcap-in", &sent, "--pcap-out", &kept].map(OsStr::new);
    let mut command = Command::new(env!("CARGO_BIN_EXE_rdclc"));
    command.args(arguments).current_dir(binary::root()).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().map_err(|e| e.to_string())?;
    // It says that guests are booted before it passes packets.
    let mut byte = [0];
    let mut out = child.stdout.take().ok_or("its output is ours")?;
    std::io::Read::read_exact(&mut out, &mut byte).map_err(|e| e.to_string())?;
    Ok(child)
}

/// Guests live in threads of the process: when it is gone, so are they; and no file is half there.
fn left_behind() -> Result<(), String> {
    for signal in ["-INT", "-KILL"] {
        let folder = binary::scratch(&format!("guests-left{signal}"));
        let mut child = long_run(&folder)?;
        sleep(Duration::from_millis(50));
        let id = child.id().to_string();
        let killed = Command::new("kill").args([signal, &id]).status().map_err(|e| e.to_string())?;
        let status = child.wait().map_err(|e| e.to_string())?;
        if !killed.success() || status.code().is_some() {
            return Err(format!("it ended by itself before the signal: {status}"));
        }
        let mut left: Vec<String> = fs::read_dir(&folder)
            .map_err(|e| e.to_string())?
            .filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()))
            .collect();
        left.retain(|name| name != "long.pcap");
        if !left.is_empty() {
            return Err(format!("after {signal} there is {left:?}"));
        }
        let children = fs::read_dir("/proc")
            .map_err(|e| e.to_string())?
            .filter_map(|e| fs::read_to_string(e.ok()?.path().join("status")).ok());
        if children.into_iter().any(|status| status.contains(&format!("PPid:\t{id}\n"))) {
            return Err(format!("after {signal} a child of it lives on"));
        }
    }
    Ok(())
}
