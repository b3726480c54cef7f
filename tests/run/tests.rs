//! `rdclc test`: fixtures, what they report, and what they cover.

use crate::binary::{Run, expect};
use crate::command_line::objects;
use crate::markdown;
use crate::packages::World;
use libtest_mimic::{Failed, Trial};
use rdcl_base::{CODES, CodeInfo};
use serde_json::Value;

/// A check of what a few runs do, in a folder of its own.
type Check = (&'static str, fn(&World) -> Result<(), String>);

const CHECKS: &[Check] = &[
    ("fields", fields),
    ("failures-are-shown", failures),
    ("sequences-with-state-and-time", sequences),
    ("copies-in-any-order", copies),
    ("bytes-and-captures", bytes),
    ("coverage-by-hand", coverage),
    ("rules-of-intents", rules),
    ("filter", filter),
    ("no-tests", nothing),
    ("a-lone-file", alone),
    ("mistakes-have-places", mistakes),
    ("the-page", page),
    ("a-switch-learns", switch),
    ("a-marker-marks", marker),
];

/// One trial for each check, and for each code of fixtures.
pub fn trials() -> Vec<Trial> {
    let trial = |(name, check): &Check| {
        let (name, check) = (*name, *check);
        Trial::test(format!("tests/{name}"), move || {
            check(&World::new(&format!("tests-{name}"))?).map_err(Failed::from)
        })
    };
    let code = |info: &'static CodeInfo| {
        Trial::test(format!("tests/{}", info.code), move || fixture_code(info).map_err(Failed::from))
    };
    let codes = CODES.iter().filter(|info| info.code.as_str().starts_with("E13"));
    CHECKS.iter().map(trial).chain(codes.map(code)).collect()
}

/// A program to test.
pub const PIPE: &str = "use std::net::Ip4;

rfb Pipe {
  port inout a: Ip4;
  port inout b: Ip4;
  behaviour sefl {
    on a { ip.ttl = ip.ttl - 1; Constrain(ip.ttl > 0); Forward(b); }
    on b { If(has tcp and tcp.dport == 22, Fail(\"ssh\"), Forward(a)); }
  }
}
";

/// A test of it that fails, and one that passes.
pub const FAILING: &str = "block = \"Pipe\"
[[test]]
name = \"fails\"
send = { port = \"a\", ip.src = \"10.1.0.1\" }
expect = { port = \"b\", ip.ttl = 64 }
[[test]]
name = \"passes\"
send = { port = \"a\" }
expect = { port = \"b\" }
";

/// A package with this program and these tests.
fn package(world: &World, main: &str, tests: &str) -> Result<(), String> {
    world.write("site/rdcl.toml", "name = \"site\"\nversion = \"0.1.0\"\nedition = \"2026\"\n")?;
    world.write("site/main.rdcl", main)?;
    world.write("site/tests/all.toml", tests)
}

/// A run in which so many tests pass and fail.
fn counted(world: &World, line: &str, passed: usize, failed: usize) -> Result<Run, String> {
    let ran = world.run(line);
    let last = format!("{passed} passed, {failed} failed");
    let code = i32::from(failed > 0);
    expect(ran.code == Some(code) && ran.stdout.lines().last().is_some_and(|l| l.starts_with(&last)), &ran, &last)?;
    Ok(ran)
}

fn fields(world: &World) -> Result<(), String> {
    let tests = r#"
block = "Pipe"
[[test]]
name = "hop limit"
send = { port = "a", ip.src = "10.1.0.1", udp.dport = 53, payload = "0102" }
expect = { port = "b", ip.ttl = 63, ip.src = "10.1.0.1", udp.dport = 53, payload = "0102" }
[[test]]
name = "expired"
send = { port = "a", ip.ttl = 1 }
drop = "a constraint does not hold"
[[test]]
name = "ssh"
send = { port = "b", tcp.dport = 22 }
drop = "ssh"
[[test]]
name = "not ssh"
block = "main::Pipe"
send = { port = "b", udp.dport = 22 }
expect = [{ port = "a", udp = {} }]
[[test]]
name = "nothing arrives"
send = { port = "b", tcp.dport = 22, tcp.syn = true, ip.proto = 6 }
expect = []
"#;
    package(world, PIPE, tests)?;
    counted(world, "test site", 5, 0).map(|_| ())
}

fn failures(world: &World) -> Result<(), String> {
    let tests = r#"
block = "Pipe"
[[test]]
name = "wrong field"
send = { port = "a", ip.src = "10.1.0.1" }
expect = { port = "b", ip.ttl = 64 }
[[test]]
name = "wrong reason"
send = { port = "b", tcp.dport = 22 }
drop = "telnet"
[[test]]
name = "dropped"
send = { port = "b", tcp.dport = 22 }
expect = { port = "a", tcp = {} }
[[test]]
name = "not dropped"
send = { port = "b", udp.dport = 22 }
drop = true
[[test]]
name = "wrong port"
send = { port = "a" }
expect = { port = "a" }
"#;
    package(world, PIPE, tests)?;
    let ran = counted(world, "test site", 0, 5)?;
    for part in [
        "failed  wrong field  (site/tests/all.toml:4:8)\n        at        site/tests/all.toml:6:10\n",
        "sent      at a: ip 10.1.0.1 -> ",
        "ip.ttl is 63, expected 64\n",
        "expected  dropped: telnet\n        found     dropped: ssh (site/main.rdcl:8:",
        "expected  at a with tcp\n        found     dropped: ssh",
    ] {
        expect(ran.stdout.contains(part), &ran, &format!("it says `{part}`"))?;
    }
    let ran = world.run("test --format json site");
    let found = objects(&ran)?;
    let failed = found.iter().filter(|o| o["type"] == "test" && o["result"] == "failed").count();
    let well = failed == 5 && found[1]["failures"][0]["at"] == "site/tests/all.toml:6:10";
    let summary = found.last().is_some_and(|o| o["type"] == "test_summary" && o["failed"] == 5);
    expect(ran.code == Some(1) && well && summary && ran.stderr.is_empty(), &ran, "an object for each test")
}

const STATEFUL: &str = "use std::net::Ip4;

rfb Door {
  port inout lan: Ip4;
  port inout wan: Ip4;
  behaviour sefl {
    state open { key ip: u32; capacity 1; idle 60s; }
    on lan {
      lookup o in open by (ip.src) { else insert o in open (ip.src) { full Fail(\"full\"); } }
      Forward(wan);
    }
    on wan { lookup o in open by (ip.dst) { else Fail(\"closed\"); } Forward(lan); }
  }
}
";

fn sequences(world: &World) -> Result<(), String> {
    let step = |after: &str, port: &str, what: &str, then: &str| {
        format!("[[test.step]]\nafter = \"{after}\"\nsend = {{ port = \"{port}\", {what} }}\n{then}\n")
    };
    let answer = "ip.dst = \"10.1.0.1\"";
    let tests = "block = \"Door\"\n[[test]]\nname = \"closed\"\nsend = { port = \"wan\", ip.dst = \"10.1.0.1\" }\ndrop = \"closed\"\n".to_owned()
        + "[[test]]\nname = \"an answer\"\n"
        + &step("0s", "lan", "ip.src = \"10.1.0.1\"", "")
        + &step("59s", "wan", answer, "expect = { port = \"lan\" }")
        + &step("59s", "wan", answer, "expect = { port = \"lan\" }")
        + &step("2min", "wan", answer, "drop = \"closed\"")
        + "[[test]]\nname = \"full\"\n"
        + &step("0s", "lan", "ip.src = \"10.1.0.1\"", "expect = { port = \"wan\" }")
        + &step("1s", "lan", "ip.src = \"10.1.0.2\"", "drop = \"full\"");
    package(world, STATEFUL, &tests)?;
    counted(world, "test site", 3, 0).map(|_| ())
}

fn copies(world: &World) -> Result<(), String> {
    let main = "use std::net::Ip4;

rfb Twice {
  port in a: Ip4;
  port out b: Ip4;
  behaviour sefl { on a { Fork({ ip.ttl = 1; Forward(b); }, { ip.ttl = 2; Forward(b); }); } }
}
";
    let test = |name: &str, expected: &str| {
        format!("[[test]]\nname = \"{name}\"\nblock = \"Twice\"\nsend = {{ port = \"a\" }}\nexpect = {expected}\n")
    };
    let tests = test("any order", "[{ port = \"b\" }, { port = \"b\", ip.ttl = 1 }]")
        + &test("the other way", "[{ port = \"b\", ip.ttl = 2 }, { port = \"b\" }]")
        + &test("one too few", "{ port = \"b\" }")
        + &test("one too many", "[{ port = \"b\" }, { port = \"b\" }, { port = \"b\" }]");
    package(world, main, &tests)?;
    counted(world, "test site", 2, 2).map(|_| ())
}

fn bytes(world: &World) -> Result<(), String> {
    let packet = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 0, 0x66, 0xe8, 10, 0, 0, 1, 10, 1, 0, 1];
    let hex: String = packet.iter().map(|b| format!("{b:02x}")).collect();
    let capture = rdclc::capture(rdclc::LinkType::Raw, [(5_000_000, &packet[..]), (7_000_000, &packet[..])]);
    let tests = format!(
        "block = \"Pipe\"\n[[test]]\nname = \"bytes\"\nsend = {{ port = \"b\", hex = \"{hex}\" }}\n\
         expect = {{ port = \"a\", hex = \"{hex}\" }}\n[[test]]\nname = \"capture\"\n\
         send = {{ port = \"b\", pcap = \"two.pcap\" }}\nexpect = {{ port = \"a\", ip.dst = \"10.1.0.1\" }}\n\
         [[test]]\nname = \"malformed\"\nsend = {{ port = \"b\", hex = \"4500\" }}\ndrop = true\n"
    );
    package(world, PIPE, &tests)?;
    world.write_bytes("site/tests/two.pcap", &capture)?;
    counted(world, "test site", 3, 0).map(|_| ())
}

/// The numbers are counted by hand from the program.
fn coverage(world: &World) -> Result<(), String> {
    let test =
        |name: &str, send: &str, then: &str| format!("[[test]]\nname = \"{name}\"\nsend = {{ {send} }}\n{then}\n");
    let one = test("one", "port = \"a\"", "expect = { port = \"b\" }");
    package(world, PIPE, &format!("block = \"Pipe\"\n{one}"))?;
    let ran = counted(world, "test --coverage site", 1, 0)?;
    // Taken: the three statements of `a`, and that its condition holds. Not: `If`, `Fail`, `Forward` of `b`.
    let found = coverage_of(world)?;
    let never: Vec<String> = found["never"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|n| format!("{} {} {}", n["kind"], n["at"], n["which"]).replace('"', ""))
        .collect();
    expect(
        never.iter().any(|n| n.starts_with("arm site/main.rdcl:7:") && n.ends_with("does not hold")),
        &ran,
        "an arm",
    )?;
    expect(
        never.iter().filter(|n| n.starts_with("statement site/main.rdcl:8:")).count() >= 3,
        &ran,
        &format!("{never:?}"),
    )?;
    expect(!never.iter().any(|n| n.starts_with("statement site/main.rdcl:7:")), &ran, "what was taken is not listed")?;
    let all = one
        + &test("two", "port = \"a\", ip.ttl = 1", "drop = true")
        + &test("three", "port = \"b\", tcp.dport = 22", "drop = true")
        + &test("four", "port = \"b\", tcp.dport = 23", "expect = { port = \"a\" }")
        + &test("five", "port = \"b\", udp.dport = 23", "expect = { port = \"a\" }");
    package(world, PIPE, &format!("block = \"Pipe\"\n{all}"))?;
    let ran = counted(world, "test site", 5, 0)?;
    let found = coverage_of(world)?;
    expect(found["never"] == Value::Array(Vec::new()), &ran, &format!("all is taken: {found}"))
}

fn coverage_of(world: &World) -> Result<Value, String> {
    let ran = world.run("test --coverage --format json site");
    objects(&ran)?.into_iter().find(|o| o["type"] == "coverage").ok_or_else(|| format!("no coverage in {ran:#?}"))
}

fn rules(world: &World) -> Result<(), String> {
    let main = "use std::net::Ip4;

rfb Site(table: Table(exact ttl: u8, new: u8) = \"marks.txt\") {
  port inout lan: Ip4;
  port inout wan: Ip4;
  behaviour sefl {
    on lan { match table on ip.ttl { row r: ip.ttl = r.new; else Fail(\"no mark\"); } Forward(wan); }
    on wan { Forward(lan); }
  }

  intent nemo {{
    CREATE Flow guests Match src-ip: 10.1.9.0/24;
    CREATE Operation keep_out Target guests Priority 1 Action deny;
  }}
}
";
    let pass = "[[test]]\nname = \"pass\"\nblock = \"Site\"\nsend = { port = \"lan\", ip.src = \"10.1.1.1\" }\nexpect = { port = \"wan\", ip.ttl = 9 }\n";
    package(world, main, pass)?;
    world.write("site/marks.txt", "64 9\n63 8\n")?;
    let ran = counted(world, "test site", 1, 0)?;
    let found = coverage_of(world)?;
    let well = found["rules"] == serde_json::json!({"taken": 0, "of": 1})
        && found["rows"] == serde_json::json!({"taken": 1, "of": 2});
    expect(well, &ran, &format!("one of two rows, and no rule: {found}"))?;
    let deny = "[[test]]\nname = \"deny\"\nblock = \"Site\"\nsend = { port = \"lan\", ip.src = \"10.1.9.1\" }\ndrop = \"nemo keep_out\"\n";
    package(world, main, &format!("{pass}{deny}"))?;
    let ran = counted(world, "test site", 2, 0)?;
    let found = coverage_of(world)?;
    expect(found["rules"] == serde_json::json!({"taken": 1, "of": 1}), &ran, &format!("the rule is taken: {found}"))
}

fn filter(world: &World) -> Result<(), String> {
    let test =
        |name: &str| format!("[[test]]\nname = \"{name}\"\nblock = \"Pipe\"\nsend = {{ port = \"a\" }}\nexpect = []\n");
    package(world, PIPE, &(test("one") + &test("two") + &test("twofold")))?;
    let ran = counted(world, "test --filter two site", 0, 2)?;
    expect(ran.stdout.ends_with("0 passed, 2 failed, 1 left out\n"), &ran, "one is left out")
}

fn nothing(world: &World) -> Result<(), String> {
    world.write("site/rdcl.toml", "name = \"site\"\nversion = \"0.1.0\"\nedition = \"2026\"\n")?;
    world.write("site/main.rdcl", "rfb Nothing {}\n")?;
    counted(world, "test site", 0, 0).map(|_| ())
}

fn alone(world: &World) -> Result<(), String> {
    world.write("fw.rdcl", PIPE)?;
    let test = "[[test]]\nname = \"out\"\nblock = \"Pipe\"\nsend = { port = \"a\" }\nexpect = { port = \"b\" }\n";
    world.write("fw.test.toml", test)?;
    counted(world, "test fw.rdcl", 1, 0).map(|_| ())
}

fn mistakes(world: &World) -> Result<(), String> {
    let test = "[[test]]\nname = \"out\"\nblock = \"Pipe\"\nsend = { port = \"a\", tcp.dprt = 22 }\nexpect = { port = \"b\" }\n";
    package(world, PIPE, test)?;
    let ran = world.run("test --format json site");
    let found = objects(&ran)?;
    let well = found[1]["code"] == "E1304" && found[1]["at"] == "site/tests/all.toml:4:26";
    expect(ran.code == Some(1) && well && found[1]["help"] == "did you mean `dport`?", &ran, "where, and what instead")
}

/// The tests on the page pass, and the failure it shows is what a failure looks like.
fn page(world: &World) -> Result<(), String> {
    let text = std::fs::read_to_string(crate::binary::root().join("docs/test.md")).map_err(|e| e.to_string())?;
    let blocks = markdown::blocks(&text);
    let tests = blocks.iter().find(|b| b.is("toml")).ok_or("no tests on the page")?;
    let main = "use std::net::Ip4;

rfb Gate {
  port inout lan: Ip4;
  port inout wan: Ip4;
  behaviour sefl {
    on lan { Forward(wan); }
    on wan {
      If(has tcp and tcp.dport == 22, Fail(\"ssh\"), Forward(lan));
    }
  }
}
";
    package(world, main, &tests.text)?;
    counted(world, "test site", 3, 0)?;
    let shown = blocks.iter().find(|b| b.is("text")).ok_or("no failure on the page")?;
    world.write("site/tests/all.toml", "")?;
    std::fs::remove_file(world.path("site/tests/all.toml")).map_err(|e| e.to_string())?;
    world.write("site/tests/gate.toml", &tests.text)?;
    package_main(
        world,
        &main.replace(
            "If(has tcp and tcp.dport == 22, Fail(\"ssh\"), Forward(lan));",
            "If(has tcp, Fail(\"ssh\"), Forward(lan));",
        ),
    )?;
    let ran = counted(world, "test site", 2, 1)?;
    let failure: String = ran
        .stdout
        .lines()
        .skip_while(|l| !l.starts_with("failed"))
        .filter(|l| !l.starts_with("ok"))
        .map(|l| format!("{l}\n"))
        .collect();
    if failure == shown.text { Ok(()) } else { Err(format!("the page shows\n{}but it is\n{failure}", shown.text)) }
}

fn package_main(world: &World, main: &str) -> Result<(), String> {
    world.write("site/main.rdcl", main)
}

/// A page's wrong fixture shows its code and no other, its right one passes.
fn fixture_code(info: &CodeInfo) -> Result<(), String> {
    for heading in ["Wrong", "Right"] {
        let world = World::new(&format!("tests-{}-{heading}", info.code))?;
        let blocks = markdown::blocks(info.page);
        let block = blocks.iter().find(|b| b.heading == heading && b.is("toml")).ok_or("no fixture")?;
        package(&world, PIPE, &block.text)?;
        let ran = world.run("test --format json site");
        let found = objects(&ran)?;
        let codes: Vec<&str> = found.iter().filter_map(|o| o["code"].as_str()).collect();
        let failed = found.iter().filter(|o| o["result"] == "failed").count();
        let wanted: &[&str] = if heading == "Wrong" { &[info.code.as_str()] } else { &[] };
        expect(codes == wanted && failed == 0, &ran, &format!("under `{heading}`"))?;
    }
    Ok(())
}

/// What a contract cannot say of the library's switch, since it takes several frames: what it learns, and forgets.
fn switch(world: &World) -> Result<(), String> {
    let tests = r#"
block = "Floor"

[[test]]
name = "a host that was heard of gets its frames alone"
[[test.step]]
send = { port = "p2", eth.src = "02:00:00:00:00:02", eth.dst = "ff:ff:ff:ff:ff:ff" }
expect = [{ port = "p0" }, { port = "p1" }, { port = "p3" }]
[[test.step]]
send = { port = "p0", eth.src = "02:00:00:00:00:01", eth.dst = "02:00:00:00:00:02" }
expect = { port = "p2" }
[[test.step]]
send = { port = "p2", eth.src = "02:00:00:00:00:02", eth.dst = "02:00:00:00:00:01" }
expect = { port = "p0" }

[[test]]
name = "a host that moves is found behind its new port"
[[test.step]]
send = { port = "p2", eth.src = "02:00:00:00:00:02", eth.dst = "ff:ff:ff:ff:ff:ff" }
[[test.step]]
send = { port = "p1", eth.src = "02:00:00:00:00:02", eth.dst = "02:00:00:00:00:09" }
expect = [{ port = "p0" }, { port = "p2" }, { port = "p3" }]
[[test.step]]
send = { port = "p0", eth.src = "02:00:00:00:00:01", eth.dst = "02:00:00:00:00:02" }
expect = { port = "p1" }

[[test]]
name = "a host that is silent for longer than the ageing time is forgotten"
[[test.step]]
send = { port = "p2", eth.src = "02:00:00:00:00:02", eth.dst = "ff:ff:ff:ff:ff:ff" }
[[test.step]]
after = "301s"
send = { port = "p0", eth.src = "02:00:00:00:00:01", eth.dst = "02:00:00:00:00:02" }
expect = [{ port = "p1" }, { port = "p2" }, { port = "p3" }]

[[test]]
name = "two hosts behind one port are left to themselves"
[[test.step]]
send = { port = "p2", eth.src = "02:00:00:00:00:02", eth.dst = "ff:ff:ff:ff:ff:ff" }
[[test.step]]
send = { port = "p2", eth.src = "02:00:00:00:00:01", eth.dst = "02:00:00:00:00:02" }
drop = "already there"
"#;
    package(world, "use std::nf::Switch;\n\nrfb Floor : Switch {}\n", tests)?;
    counted(world, "test site", 4, 0).map(|_| ())
}

/// At 8 kbps a byte comes in a millisecond.
fn marker(world: &World) -> Result<(), String> {
    let packet = format!("send = {{ port = \"a\", ip.dscp = 46, udp = {{}}, payload = \"{}\" }}\n", "00".repeat(22));
    let step = |after: &str, dscp: u8| {
        let after = if after.is_empty() { String::new() } else { format!("after = \"{after}\"\n") };
        format!("[[test.step]]\n{after}{packet}expect = {{ port = \"b\", ip.dscp = {dscp} }}\n")
    };
    let steps = [step("", 46), step("", 46), step("", 10), step("49ms", 10), step("1ms", 46), step("1h", 46)];
    let steps = [steps.concat(), step("", 46), step("", 10)].concat();
    let tests = format!("block = \"Metered\"\n\n[[test]]\nname = \"a burst of 100 bytes passes\"\n{steps}");
    package(
        world,
        "use std::nf::RateMarker;\n\nrfb Metered : RateMarker(rate = 8kbps, burst = 100B, mark = 10) {}\n",
        &tests,
    )?;
    counted(world, "test site", 1, 0).map(|_| ())
}
