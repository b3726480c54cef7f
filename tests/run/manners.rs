//! What a run says, and how it ends, where options, names, bytes or files are not as usual: nothing fails without a word,
//! nothing is lost, and what is proposed can be right.

use crate::binary::{self, Run, expect};
use crate::command_line::objects;
use crate::packages::World;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// A check of what a few runs do, in a folder of its own.
type Check = (&'static str, fn(&World) -> Result<(), String>);

const CHECKS: &[Check] = &[
    ("strict-says-what-it-refuses", strict),
    ("modes-are-kept", modes),
    ("questions-need-no-semicolon", questions),
    ("nobody-is-its-own-neighbour", neighbours),
    ("braces-go-together", braces),
    ("a-byte-order-mark-is-no-column", byte_order_mark),
    ("the-byte-that-is-no-text", not_text),
    ("files-that-no-path-leads-to", unreachable),
    ("pipes-are-not-waited-for", pipes),
    ("manifests-are-no-programs", manifests),
    ("deployments-are-named", deployments),
    ("flows-in-short", flows),
    ("names-with-spaces-in-diffs", spaces),
    ("standard-input-of-any-notation", notations),
    ("texts-have-one-format", texts),
    ("comments-of-other-languages", comments),
    ("every-mistake-of-a-fixture", fixture_mistakes),
    ("rows-are-covered-at-their-lines", rows),
];

/// One trial for each check.
pub fn trials() -> Vec<Trial> {
    let trial = |(name, check): &Check| {
        let (name, check) = (*name, *check);
        Trial::test(format!("manners/{name}"), move || check(&World::new(name)?).map_err(Failed::from))
    };
    CHECKS.iter().map(trial).collect()
}

const OPAQUE: &str =
    "use std::net::Ip4;\n\nrfb O {\n  port inout a: Ip4;\n  port inout b: Ip4;\n\n  ensures t: reach a -> b;\n}\n";

/// A package with this manifest and a text.
fn package(world: &World, name: &str, main: &str) -> Result<(), String> {
    world.write(
        &format!("{name}/rdcl.toml"),
        &format!("name = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2026\"\n"),
    )?;
    world.write(&format!("{name}/main.rdcl"), main)
}

/// The machine format of a run.
fn findings(world: &World, line: &str) -> Result<Vec<Value>, String> {
    let found = objects(&world.run(&format!("{line} --format json")))?;
    Ok(found.into_iter().filter(|object| object["type"] == "diagnostic").collect())
}

fn strict(world: &World) -> Result<(), String> {
    world.write("o.rdcl", OPAQUE)?;
    world.fine("verify o.rdcl")?;
    for (format, words) in [
        ("human", "which --strict refuses"),
        ("short", "which --strict refuses"),
        ("json", "\"refused\":true"),
        ("sarif", "\"kind\": \"fail\""),
        ("github", "::error file=o.rdcl"),
        ("junit", "<failure "),
    ] {
        let ran = world.run(&format!("verify --strict o.rdcl --format {format}"));
        expect(ran.code == Some(1) && ran.stdout.contains(words), &ran, &format!("`{words}` is said"))?;
        let ran = world.run(&format!("verify o.rdcl --format {format}"));
        expect(ran.code == Some(0) && !ran.stdout.contains(words), &ran, "and only with --strict")?;
    }
    Ok(())
}

fn modes(world: &World) -> Result<(), String> {
    for mode in [0o600, 0o755, 0o640] {
        world.write("a.rdcl", "rfb   A{}\n")?;
        world.write("b.rdcl", "use std::net::Eth;\n\nrfb B {}\n")?;
        for (name, line) in [("a.rdcl", "fmt a.rdcl"), ("b.rdcl", "lint --fix b.rdcl")] {
            let path = world.path(name);
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(|e| e.to_string())?;
            let before = world.read(name)?;
            let ran = world.run(line);
            let now = fs::metadata(&path).map_err(|e| e.to_string())?.permissions().mode() & 0o7777;
            expect(now == mode && world.read(name)? != before, &ran, &format!("{mode:o} became {now:o}"))?;
        }
    }
    Ok(())
}

fn questions(world: &World) -> Result<(), String> {
    world.write("a.nemo", "CREATE Node n1 Type l2-group;\n")?;
    for question in ["Query nodes", "Query Type From n1", "Query Type From n1;"] {
        let words = ["query", "a.nemo", question];
        let ran = binary::run(&world.path(""), &words.map(AsRef::as_ref));
        expect(ran.code == Some(0) && ran.stderr.is_empty() && !ran.stdout.is_empty(), &ran, "an answer, and no more")?;
    }
    Ok(())
}

fn neighbours(world: &World) -> Result<(), String> {
    let pipe = |rest: &str| {
        format!("use std::net::Ip4;\n\nrfb Site {{\n  port inout west: Ip4;\n  port inout vest: Ip4;\n\n  {rest}\n}}\n")
    };
    for (text, fix) in [
        ("rfb Wall : Walls {}\n".to_owned(), Value::Null),
        ("rfb Walk {}\n\nrfb Wall : Walls {}\n".to_owned(), "Walk".into()),
        (pipe("part x: Sites;"), Value::Null),
        (pipe("wire west <-> wesst;"), "vest".into()),
    ] {
        world.write("a.rdcl", &text)?;
        let found = findings(world, "check a.rdcl")?;
        let fixes: Vec<&Value> = found.iter().map(|finding| &finding["fix"]).collect();
        let well = match &fix {
            Value::Null => fixes.iter().all(|fix| fix.is_null()) && !fixes.is_empty(),
            fix => fixes.iter().any(|found| found["replacement"] == *fix),
        };
        if !well {
            return Err(format!("{text}{found:#?}"));
        }
    }
    Ok(())
}

fn braces(world: &World) -> Result<(), String> {
    let text = "CREATE NodeModel m Property String: a;\n{\nCREATE Node n Type m Property a: x;\n}\n";
    world.write("a.nemo", text)?;
    let found = findings(world, "check a.nemo")?;
    let braces: Vec<&Value> = found.iter().filter(|finding| finding["code"] == "W0106").collect();
    let [one] = braces[..] else { return Err(format!("one complaint about both\n{found:#?}")) };
    if one["fix"]["replacement"] != "\nCREATE Node n Type m Property a: x;\n" || one["fix"]["end"] != "a.nemo:4:2" {
        return Err(format!("a fix that takes both away\n{one:#?}"));
    }
    let ran = world.run("lint --fix a.nemo");
    expect(!world.read("a.nemo")?.contains(['{', '}']) && !ran.stderr.contains("E0103"), &ran, "they are gone")
}

fn byte_order_mark(world: &World) -> Result<(), String> {
    let text = "rfb G { port inout a: Nope; }\n";
    world.write("bom.rdcl", &format!("\u{feff}{text}"))?;
    world.write("plain.rdcl", text)?;
    for format in ["human", "short", "json", "sarif", "github"] {
        let ran = |name: &str| world.run(&format!("check {name}.rdcl --format {format}"));
        let (bom, plain) = (ran("bom"), ran("plain"));
        let same = |a: &str, b: &str| a.replace("bom.rdcl", "plain.rdcl") == b;
        // The drawing has an edge as long as the name.
        let head = |text: &str| text.lines().take(2).collect::<String>();
        let (a, b) =
            if format == "human" { (head(&bom.stderr), head(&plain.stderr)) } else { (bom.stderr, plain.stderr) };
        if !same(&a, &b) || !same(&bom.stdout, &plain.stdout) {
            return Err(format!("{format}: {a}{}\n{b}{}", bom.stdout, plain.stdout));
        }
    }
    Ok(())
}

fn not_text(world: &World) -> Result<(), String> {
    world.write_bytes("a.rdcl", b"rfb A {}\nrfb Caf\xe9 {}\n")?;
    let found = findings(world, "check a.rdcl")?;
    let place = found.iter().any(|finding| finding["code"] == "E0002" && finding["at"] == "a.rdcl:2:8");
    if place { Ok(()) } else { Err(format!("{found:#?}")) }
}

fn unreachable(world: &World) -> Result<(), String> {
    package(world, "site", "use a_b::X1;\n\nrfb Site : X1 {}\n")?;
    world.write("site/a-b.rdcl", "rfb X1 {}\n")?;
    world.fine("check site")?;
    for name in ["my mod", "9a", "Ünï", "rfb", "sub.x/a", "a_b"] {
        world.write(&format!("site/{name}.rdcl"), "rfb Other {}\n")?;
        let ran = world.run("check site");
        expect(ran.stderr.matches("[W0003]").count() == 1, &ran, name)?;
        fs::remove_file(world.path(&format!("site/{name}.rdcl"))).map_err(|e| e.to_string())?;
    }
    package(world, "use", "rfb A {}\n")?;
    world.refused("check use", "`use` is not a package name")?;
    Ok(())
}

fn pipes(world: &World) -> Result<(), String> {
    package(world, "site", "rfb Site {}\n")?;
    let made = Command::new("mkfifo").arg(world.path("site/x.rdcl")).status().map_err(|e| e.to_string())?;
    let ran = world.refused("check site", "[E0001] Error: cannot be read: it is neither a file nor a directory")?;
    expect(made.success() && ran.stderr.contains("site/x.rdcl"), &ran, "which")
}

fn manifests(world: &World) -> Result<(), String> {
    package(world, "site", "rfb Site {}\n")?;
    for command in ["check", "test", "verify", "fmt"] {
        let ran = world.run(&format!("{command} site/rdcl.toml"));
        let said = ran.stderr.contains("is named by its directory, `site`");
        expect(ran.code == Some(2) && said, &ran, "the directory is meant")?;
    }
    Ok(())
}

fn service(world: &World, level: &str) -> Result<(), String> {
    let _ = fs::remove_dir_all(world.path("site"));
    world.run("new site --template service");
    let text = world.read("site/main.rdcl")?;
    world.write("site/main.rdcl", &text.replace("delay(lan -> wan) <= 5ms", level))
}

fn deployments(world: &World) -> Result<(), String> {
    service(world, "delay(lan -> wan) <= 5us")?;
    let ran = world.run("place site --format short");
    let lines: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("E0708")).collect();
    let mut distinct = lines.clone();
    distinct.sort_unstable();
    distinct.dedup();
    expect(ran.code == Some(1) && !lines.is_empty() && lines == distinct, &ran, "nothing is said twice")?;
    service(world, "delay(lan -> wan) <= 100us")?;
    let ran = world.run("place site --format short");
    expect(ran.code == Some(1) && ran.stderr.contains("`cloud`: "), &ran, "of two the one that is meant")?;
    let ran = world.run("place site --deploy cloud --format short");
    expect(ran.code == Some(1) && !ran.stderr.contains("`cloud`: "), &ran, "nobody asks twice")
}

fn flows(world: &World) -> Result<(), String> {
    service(world, "delay(lan -> wan) <= 5ms")?;
    let ran = world.run("place site --deploy edge --flows --format short");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let well = lines.len() == 3 && lines[1].starts_with("edge: lan -> wan: delay ");
    expect(ran.code == Some(0) && well, &ran, "a line for each")
}

fn spaces(world: &World) -> Result<(), String> {
    world.write("a b.rdcl", "rfb   A{}\n")?;
    let words = ["fmt", "--diff", "a b.rdcl"];
    let ran = binary::run(&world.path(""), &words.map(AsRef::as_ref));
    expect(ran.stdout.starts_with("--- a b.rdcl\t\n+++ a b.rdcl\t\n"), &ran, "the name ends where it ends")
}

/// A run with a text on its standard input.
fn filtered(line: &str, text: &str) -> Result<Run, String> {
    use std::io::Write;
    let mut command = Command::new(env!("CARGO_BIN_EXE_rdclc"));
    command.args(line.split_whitespace()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    child.stdin.take().ok_or("standard input")?.write_all(text.as_bytes()).map_err(|e| e.to_string())?;
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    Ok(Run { stdout, stderr, code: output.status.code(), took: std::time::Duration::ZERO })
}

fn notations(_: &World) -> Result<(), String> {
    let ran = filtered("fmt - --stdin-filename x.nemo", "CREATE   Flow f Match src-ip: 1.1.1.1;\n")?;
    expect(ran.code == Some(0) && ran.stdout.starts_with("CREATE Flow f"), &ran, "NEMO")?;
    let ran = filtered("fmt - --stdin-filename x.sefl", "Allocate( \"x\" ,8);\n")?;
    expect(ran.code == Some(0) && ran.stdout.contains("Allocate(\"x\", 8)"), &ran, "SEFL")?;
    let ran = filtered("fmt -", "rfb   A{}\n")?;
    expect(ran.code == Some(0) && ran.stdout == "rfb A {}\n", &ran, "RDCL where nothing is said")?;
    let ran = filtered("fmt - --stdin-filename x.c", "")?;
    expect(ran.code == Some(2) && ran.stderr.contains("it ends with `.rdcl`"), &ran, "no other")
}

fn texts(world: &World) -> Result<(), String> {
    for line in ["explain E0101", "explain --list", "completions bash", "man"] {
        let ran = world.run(&format!("{line} --format json"));
        let said = ran.stderr.contains("has no other format");
        expect(ran.code == Some(2) && said && ran.stdout.is_empty(), &ran, "a text is no object")?;
        world.fine(line)?;
    }
    let ran = world.run("check --nonsense --color always");
    expect(ran.code == Some(2) && ran.stderr.contains('\u{1b}'), &ran, "usage errors are coloured when asked for")?;
    let ran = world.run("check --nonsense --color never");
    expect(ran.code == Some(2) && !ran.stderr.contains('\u{1b}'), &ran, "and never when not")
}

fn fixture_mistakes(world: &World) -> Result<(), String> {
    world.run("new gate");
    let head = "block = \"Gate\"\n\n[[test]]\nname = \"t\"\n";
    let step = "send = { port = \"wan\", tcp.foo = 3, udp.bar = 4 }\nexpect = { port = \"lan\", icmp.x = 4 }\n";
    world.write("gate/tests/gate.toml", &format!("{head}{step}"))?;
    let ran = world.run("test gate");
    let all = ["no field `foo`", "no field `bar`", "no field `x`"].iter().all(|words| ran.stderr.contains(words));
    expect(ran.code == Some(1) && all, &ran, "all three")?;
    world
        .write("gate/tests/gate.toml", &format!("{head}send = {{ port = \"wan\" }}\nexpect = {{ prt = \"lan\" }}\n"))?;
    let ran = world.run("test gate");
    let well = ran.stderr.contains("gate/tests/gate.toml:6:12") && ran.stderr.contains("did you mean `port` by `prt`?");
    expect(ran.code == Some(1) && well, &ran, "at the key")
}

fn rows(world: &World) -> Result<(), String> {
    world.run("new mine --template router");
    world.run("new gate");
    let ran = world.fine("test --coverage mine")?;
    let at = "mine/routes.txt:3:1  row 2  (10.0.0.0/8      1)";
    let well = ran.stdout.contains("rows        2 of 5 (40%)") && ran.stdout.contains(at);
    expect(well && ran.stdout.contains("coverage\n"), &ran, "rows at their lines")?;
    let ran = world.fine("test --coverage mine gate")?;
    expect(ran.stdout.contains("coverage of mine\n") && ran.stdout.contains("coverage of gate\n"), &ran, "of which")?;
    let found = objects(&world.fine("test --coverage mine gate --format json")?)?;
    let of: Vec<&Value> = found.iter().filter(|o| o["type"] == "coverage").map(|o| &o["package"]).collect();
    if of == ["mine", "gate"] { Ok(()) } else { Err(format!("{of:?}")) }
}

fn comments(world: &World) -> Result<(), String> {
    for text in ["/* x */\nrfb A {}\n", "# x\nrfb A {}\n", "rfb A { # x\n}\n", "rfb A {\n  /* x */\n}\n"] {
        world.write("a.rdcl", text)?;
        let found = findings(world, "check a.rdcl")?;
        let helped =
            found.iter().any(|finding| finding["help"].as_str().is_some_and(|help| help.contains("begins with `//`")));
        if !helped {
            return Err(format!("{text}{found:#?}"));
        }
    }
    Ok(())
}
