//! Explanation pages: the wrong example of a code shows that code and no other, the right one is clean.
//!
//! A section holds one `rdcl` or `nemo` block (or one `sefl` block, a program that is run), and `text,file=NAME` blocks
//! for tables and descriptors it reads. The input codes E0001 to E0005
//! are about files, which a block cannot be: their pages show a terminal or a manifest, and the conditions are made here.
//! Those about packages hold a block for each file of them.

use crate::binary;
use crate::markdown::{self, Block};
use crate::packages::World;
use crate::program::{self, Depth};
use libtest_mimic::{Failed, Trial};
use rdcl_base::{CODES, CodeInfo};
use std::fs;
use std::path::Path;

/// One trial for each code.
pub fn trials() -> Vec<Trial> {
    let trial = |info: &'static CodeInfo| {
        let run = move || match info.code.as_str() {
            code if ("E0006".."E0100").contains(&code) && !["E0013", "E0015"].contains(&code) => package_code(info),
            code if ("W0000".."W0100").contains(&code) => package_code(info),
            code if code < "E0100" => input_code(info),
            _ => program_code(info),
        };
        Trial::test(format!("page/{}", info.code), move || run().map_err(Failed::from))
    };
    // Those of fixtures have packets to send; tests of their own do.
    CODES.iter().filter(|info| !info.code.as_str().starts_with("E13")).map(trial).collect()
}

fn program_code(info: &CodeInfo) -> Result<(), String> {
    let wrong = codes_of(info, "Wrong")?;
    // What cannot boot is warned of before anybody wants to boot it.
    let expected = |c: &String| c == info.code.as_str() || (info.code.as_str() > "E1100" && c == "W0504");
    if !wrong.iter().any(|c| c == info.code.as_str()) || !wrong.iter().all(expected) {
        return Err(format!("the wrong example shows {wrong:?}"));
    }
    let right = codes_of(info, "Right")?;
    if right.is_empty() { Ok(()) } else { Err(format!("the right example shows {right:?}")) }
}

/// The codes that a program of SEFL shows: of what is wrong with it, and of its paths.
fn codes_of_sefl(text: &str) -> Vec<String> {
    let packet = rdcl_sefl::Packet::empty();
    let checked = rdcl_sefl::check(text, &packet);
    let paths = if checked.problems.is_empty() {
        rdcl_sefl::run(&checked.program, &packet, &rdcl_sefl::Options::default())
    } else {
        Vec::new()
    };
    let found = checked.problems.iter().map(|problem| problem.code);
    found.chain(paths.iter().filter_map(|path| path.code)).map(|code| code.to_string()).collect()
}

/// The codes that the example under a heading shows.
fn codes_of(info: &CodeInfo, heading: &str) -> Result<Vec<String>, String> {
    let blocks: Vec<Block> = markdown::blocks(info.page).into_iter().filter(|b| b.heading == heading).collect();
    if let [program] = &blocks[..]
        && program.is("sefl")
    {
        return Ok(codes_of_sefl(&program.text));
    }
    let [program] = &blocks.iter().filter(|b| b.is("rdcl") || b.is("nemo")).collect::<Vec<_>>()[..] else {
        return Err(format!("there is not exactly one rdcl or nemo block under `{heading}`"));
    };
    let main = if program.is("nemo") { "main.nemo" } else { "main.rdcl" };
    let folder = binary::scratch(&format!("page-{}-{heading}", info.code));
    write(&folder, main, &program.text)?;
    for block in &blocks {
        if let Some(name) = block.tag("file") {
            write(&folder, name, &block.text)?;
        }
    }
    let depth = match info.code.as_str() {
        code if code[1..].starts_with("06") => Depth::Verify,
        // Substrates and deployments by themselves are checked; the codes that follow are about placements.
        code if ("E0705".."E0720").contains(&code) || code.starts_with("W07") => Depth::Place,
        code if code[1..].starts_with("09") => Depth::Build,
        code if code[1..].starts_with("11") => Depth::Run,
        code if code.starts_with("W12") => Depth::Lint,
        _ => Depth::Check,
    };
    let outcome = program::run(rdclc::load(&folder.join(main)), depth);
    Ok(outcome.diagnostics.into_iter().map(|d| d.code).collect())
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    fs::write(folder.join(name), text).map_err(|e| e.to_string())
}

/// Makes a package that is fine, then the fault of an input code in it.
fn input_code(info: &CodeInfo) -> Result<(), String> {
    let folder = binary::scratch(&format!("page-{}", info.code));
    write(&folder, "rdcl.toml", "name = \"service\"\nversion = \"0.1.0\"\nedition = \"2026\"\n")?;
    write(&folder, "main.rdcl", "rfb Nothing {}\n")?;
    expect_codes(&folder, &[])?;
    let main = folder.join("main.rdcl");
    let done = match info.code.as_str() {
        "E0001" => fs::remove_file(&main).and_then(|()| std::os::unix::fs::symlink("nowhere", &main)),
        "E0002" => fs::write(&main, b"rfb Caf\xe9 {}\n"),
        "E0003" => fs::remove_file(folder.join("rdcl.toml")),
        "E0004" => return manifests(info, &folder),
        "E0013" | "E0015" => return refusals(info),
        "E0005" => fs::File::create(&main).and_then(|f| f.set_len((64 << 20) + 1)),
        other => return Err(format!("{other} is about input, and its condition is not made here")),
    };
    done.map_err(|e| e.to_string())?;
    let result = expect_codes(&folder, &[info.code.as_str()]);
    fs::remove_dir_all(&folder).map_err(|e| e.to_string()).and(result)
}

/// The manifests on the page of E0004.
fn manifests(info: &CodeInfo, folder: &Path) -> Result<(), String> {
    for block in markdown::blocks(info.page) {
        write(folder, "rdcl.toml", &block.text)?;
        let outcome = program::run(rdclc::load(folder), Depth::Check);
        let codes: Vec<&str> = outcome.diagnostics.iter().map(|d| d.code.as_str()).collect();
        if codes.is_empty() != (block.heading == "Right") || codes.iter().any(|c| *c != "E0004") {
            return Err(format!("the manifest under `{}` shows {codes:?}", block.heading));
        }
    }
    Ok(())
}

/// The packages on the pages about manifests and dependencies: a block for each file, `toml,file=acl/rdcl.toml`.
fn package_code(info: &CodeInfo) -> Result<(), String> {
    for heading in ["Wrong", "Right"] {
        let world = World::new(&format!("page-{}-{heading}", info.code))?;
        world.commit("walls", "v1")?;
        world.commit("walls", "v2")?;
        for block in markdown::blocks(info.page).iter().filter(|b| b.heading == heading) {
            let name = block.tag("file").ok_or("a block names no file")?;
            let text = block.text.replace("https://example.org/walls", &world.address("walls"));
            world.write(&format!("service/{name}"), &text)?;
        }
        world.write("service/main.rdcl", "rfb Nothing {}\n")?;
        let ran = world.run("check --format json service");
        let found = crate::command_line::objects(&ran)?;
        let codes: Vec<&str> = found.iter().filter_map(|o| o["code"].as_str()).collect();
        let wanted: &[&str] = if heading == "Wrong" { &[info.code.as_str()] } else { &[] };
        if codes != wanted {
            return Err(format!("under `{heading}`: {ran:#?}"));
        }
    }
    Ok(())
}

/// What `--locked` and `--offline` refuse, and that they do not once the lock and the cache are there.
fn refusals(info: &CodeInfo) -> Result<(), String> {
    let world = World::new(&format!("page-{}", info.code))?;
    world.commit("acl", "v1")?;
    world.site("")?;
    let option = if info.code.as_str() == "E0013" { "--locked" } else { "--offline" };
    if !markdown::blocks(info.page).iter().any(|b| b.text.contains(option)) {
        return Err(format!("the page does not show `{option}`"));
    }
    world.refused(&format!("check {option} site"), info.code.as_str())?;
    world.fine("check site")?;
    world.fine(&format!("check {option} site")).map(|_| ())
}

fn expect_codes(folder: &Path, wanted: &[&str]) -> Result<(), String> {
    let outcome = program::run(rdclc::load(folder), Depth::Check);
    let found: Vec<&str> = outcome.diagnostics.iter().map(|d| d.code.as_str()).collect();
    if found == wanted { Ok(()) } else { Err(format!("found {found:?}, expected {wanted:?}")) }
}
