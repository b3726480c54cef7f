//! `rdclc lint`: levels decide the exit, fixes are made until none is left, and break nothing.

use crate::binary::{self, expect};
use crate::command_line::objects;
use crate::packages::World;
use libtest_mimic::{Failed, Trial};
use std::fs;

/// A check of what a few runs do, in a folder of its own.
type Check = (&'static str, fn(&World) -> Result<(), String>);

const CHECKS: &[Check] = &[
    ("check-honours-levels", honoured),
    ("fixes-are-made-once-and-for-all", fixed),
    ("fixes-that-break-are-not-made", breaking),
    ("json-of-fixes", json),
    ("explained-by-name", explained),
    ("dependencies-are-left-alone", dependencies),
];

/// One trial for each check, and one for each of our own programs.
pub fn trials() -> Vec<Trial> {
    let trial = |(name, check): &Check| {
        let (name, check) = (*name, *check);
        Trial::test(format!("lint/{name}"), move || check(&World::new(&format!("lint-{name}"))?).map_err(Failed::from))
    };
    let ours = Trial::test("lint/our-own-programs", || examples().map_err(Failed::from));
    CHECKS.iter().map(trial).chain([ours]).collect()
}

const UNUSED: &str = "use std::net::{Eth, Ip4};\n\nrfb Site {\n  port inout a: Ip4;\n}\n";

fn package(world: &World, lints: &str, main: &str) -> Result<(), String> {
    let manifest = format!("name = \"site\"\nversion = \"0.1.0\"\nedition = \"2026\"\n\n[lints]\n{lints}");
    world.write("site/rdcl.toml", &manifest)?;
    world.write("site/main.rdcl", main)
}

fn honoured(world: &World) -> Result<(), String> {
    for (level, code, what) in [("allow", 0, ""), ("warn", 0, "Warning: `Eth`"), ("deny", 1, "Error: `Eth`")] {
        package(world, &format!("unused_import = \"{level}\"\n"), UNUSED)?;
        for verb in ["check", "lint", "verify"] {
            let ran = world.run(&format!("{verb} site"));
            expect(ran.code == Some(code), &ran, &format!("`{level}` makes {verb} exit with {code}"))?;
            expect(ran.stderr.contains(what) && (level != "allow" || ran.stderr.is_empty()), &ran, "and says so")?;
        }
    }
    Ok(())
}

fn fixed(world: &World) -> Result<(), String> {
    let body = "rfb Site {\n  port inout a: Ip4;\n  port inout b: Ip4;\n  behaviour sefl {\n    \
                on a { Constrain(((ip.ttl > 1))); ip.ttl = (ip.ttl - 1); Forward(b); }\n    on b { Forward(a); }\n  }\n}\n";
    package(world, "", &format!("use std::net::{{Eth, Ip4, Vlan}};\nuse std::nf::Hub;\n\n{body}"))?;
    let ran = world.run("lint --fix site");
    expect(
        ran.code == Some(0) && ran.stdout.starts_with("site/main.rdcl: ") && ran.stderr.is_empty(),
        &ran,
        "all fixed",
    )?;
    let text = world.read("site/main.rdcl")?;
    let wanted = body.replace("((ip.ttl > 1))", "ip.ttl > 1").replace("(ip.ttl - 1)", "ip.ttl - 1");
    expect(text == format!("use std::net::Ip4;\n\n{wanted}"), &ran, &format!("what is left is\n{text}"))?;
    let ran = world.run("lint --fix site");
    expect(ran.code == Some(0) && ran.stdout.is_empty(), &ran, "a second time changes nothing")
}

fn breaking(world: &World) -> Result<(), String> {
    // A denied warning is an error, but no reason not to mend it.
    package(world, "unused_import = \"deny\"\n", UNUSED)?;
    let ran = world.run("lint --fix site");
    expect(ran.code == Some(0) && !world.read("site/main.rdcl")?.contains("Eth"), &ran, "it is mended")?;
    // With an error, nothing but what is sure is changed.
    package(world, "", &format!("{UNUSED}\nrfb Other : Nothing {{}}\n"))?;
    let ran = world.run("lint --fix site");
    expect(ran.code == Some(1) && ran.stderr.contains("E0201"), &ran, "the error stays")
}

fn json(world: &World) -> Result<(), String> {
    package(world, "", UNUSED)?;
    let ran = world.run("lint --fix --format json site");
    let found = objects(&ran)?;
    let well = found.len() == 2 && found[1]["type"] == "fixed" && found[1]["fixes"] == 1;
    expect(ran.code == Some(0) && well, &ran, "an object for each file")
}

fn explained(_: &World) -> Result<(), String> {
    let ran = binary::expect_code("explain unused_import", 0)?;
    expect(ran.stdout.starts_with("# W0201"), &ran, "its page")?;
    let ran = binary::expect_code("explain unused_imprt", 2)?;
    expect(ran.stderr.contains("did you mean `unused_import`?"), &ran, "the nearest name")?;
    let ran = binary::expect_code("explain --list", 0)?;
    expect(ran.stdout.contains("W1212  a block without documentation (missing_documentation)\n"), &ran, "with names")
}

fn dependencies(world: &World) -> Result<(), String> {
    package(world, "", UNUSED)?;
    world.write(
        "user/rdcl.toml",
        "name = \"user\"\nversion = \"0.1.0\"\nedition = \"2026\"\n\n[dependencies]\nsite = { path = \"../site\" }\n",
    )?;
    world.write("user/main.rdcl", "use site::main::Site;\n\nrfb User : Site {}\n")?;
    let ran = world.fine("lint --fix user")?;
    expect(world.read("site/main.rdcl")? == UNUSED, &ran, "and changes nothing there")
}

/// Lints find nothing in what we show to others.
fn examples() -> Result<(), String> {
    let entries = fs::read_dir(binary::root().join("examples")).map_err(|e| e.to_string())?;
    let mut folders: Vec<_> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.join("rdcl.toml").exists()).collect();
    folders.sort();
    for folder in folders {
        let line = format!("lint {}", folder.display());
        let ran = binary::run_here(&line);
        expect(ran.code == Some(0) && ran.stderr.is_empty(), &ran, &format!("`rdclc {line}` has nothing to say"))?;
    }
    Ok(())
}
