//! Programs of SEFL: `tests/sefl/NAME.sefl`, with what becomes of their paths inside.
//!
//! The first line is `// sefl` with arguments of the command. `//~ PATHS 1 delivered, 2 infeasible` counts ends,
//! `//~ SYMNET 1 ok, 2 failed` what `--symnet-compat` counts. About one path, by its number: `VALUE 1 x 5` and
//! `VALUE 1 [96] IPSrc` (metadata, header objects), `SAME 1 x [96]`, `ABSENT 1 x`, `TAG 1 L3 0`, `PORT 1 a`,
//! `MESSAGE 1 words`, `OUTCOME 1 dropped`, `MODEL 1 x 5`, `CONDITION 1 x == 5`, `SYMNET-VALUE 1 x 5`.
//! `//~ ERROR E0561 text` stands on the line of a diagnostic or of the instruction that ended a path; every code must be
//! expected. Every program is also formatted as `rdclc fmt` sets it.

use crate::binary;
use crate::command_line::objects;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// A check that is not about one program.
type Check = (&'static str, fn() -> Result<(), String>);

/// One trial for each program.
pub fn trials() -> Vec<Trial> {
    let trial = |path: PathBuf| {
        let name = format!("sefl/{}", path.file_stem().unwrap_or_default().to_string_lossy());
        Trial::test(name, move || check(&path).map_err(Failed::from))
    };
    let checks: [Check; 3] = [("prefixes", prefixes), ("commands", commands), ("packets", packets)];
    let checks =
        checks.map(|(name, check)| Trial::test(format!("sefl/-{name}"), move || check().map_err(Failed::from)));
    programs().into_iter().map(trial).chain(checks).collect()
}

/// Every prefix of every program is checked and formatted without a panic, and what ends with a statement is run.
fn prefixes() -> Result<(), String> {
    for path in programs() {
        let text = fs::read_to_string(&path).map_err(|e| e.to_string())?;
        for (end, _) in text.char_indices() {
            let prefix = &text[..end];
            let look = || {
                let packet = rdcl_sefl::Packet::pkt();
                let checked = rdcl_sefl::check(prefix, &packet);
                let once = rdcl_syntax::format_program(prefix);
                let options = rdcl_sefl::Options { steps: 200, ..rdcl_sefl::Options::default() };
                if prefix.ends_with(';') {
                    rdcl_sefl::run(&checked.program, &packet, &options);
                }
                rdcl_syntax::format_program(&once) == once
            };
            if !look() {
                return Err(format!("{} up to {end}: formatting twice differs", path.display()));
            }
        }
    }
    Ok(())
}

/// Exit codes, and what other commands do with a program.
fn commands() -> Result<(), String> {
    let folder = binary::scratch("sefl-commands");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).map_err(|e| e.to_string());
    write("drop.sefl", "Fail( \"no\" ) ;\n")?;
    write("wrong.sefl", "Allocat(x);\n")?;
    let at = |name: &str| folder.join(name).display().to_string();
    binary::expect_code(&format!("sefl {}", at("drop.sefl")), 0)?;
    binary::expect_code("sefl tests/sefl/D6.sefl", 1)?;
    binary::expect_code("sefl tests/sefl/recursion.sefl", 3)?;
    binary::expect_code("check tests/sefl/B12.sefl", 0)?;
    let ran = binary::expect_code(&format!("check --format json {}", at("wrong.sefl")), 1)?;
    let found = objects(&ran)?;
    let fix = found.iter().find(|o| o["code"] == "E0501").map(|o| plain(&o["fix"]["replacement"]));
    binary::expect(fix.as_deref() == Some("Allocate"), &ran, "the nearest instruction is proposed")?;
    let ran = binary::expect_code("verify tests/sefl/B12.sefl", 2)?;
    binary::expect(ran.stderr.contains("`rdclc sefl` runs it"), &ran, "it says what runs a program")?;
    binary::expect_code(&format!("fmt --check {}", at("drop.sefl")), 1)?;
    binary::expect_code(&format!("fmt {}", at("drop.sefl")), 0)?;
    equal(&fs::read_to_string(folder.join("drop.sefl")).map_err(|e| e.to_string())?, "Fail(\"no\");\n")
}

/// What `--packet` understands, and what it does not.
fn packets() -> Result<(), String> {
    for wrong in
        ["tcp/ip", "eth/tcp", "nowhere", "ip:45", "ip:4", "pkt,IPSrc", "pkt,TTL=256", "pkt,IPSrc=1.2.3", "pkt,x=1,x=2"]
    {
        let ran = binary::expect_code(&format!("sefl tests/sefl/A1.sefl --packet {wrong}"), 2)?;
        binary::expect(ran.stderr.contains("--packet"), &ran, "it says what is wrong")?;
    }
    binary::expect_code("sefl tests/sefl/A1.sefl --packet nowhere.pcap", 4)?;
    let ran = binary::expect_code("sefl tests/sefl/concrete.sefl --concrete --packet pkt,IPScr=1", 0)?;
    binary::expect(ran.stderr.contains("did you mean `IPSrc`?"), &ran, "a name that is nothing is warned of")?;
    let ran = binary::expect_code("sefl tests/sefl/A8-block.sefl --packet examples/branch/lan.pcap --format json", 0)?;
    let path = objects(&ran)?.into_iter().find(|o| o["type"] == "path").ok_or("there is no path")?;
    let version = path["fields"].as_array().into_iter().flatten().find(|f| f["name"] == "IPVersion");
    binary::expect(version.is_some_and(|f| f["number"] == 4), &ran, "the capture's packet is read")
}

fn programs() -> Vec<PathBuf> {
    let folder = binary::root().join("tests/sefl");
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension().is_some_and(|e| e == "sefl")).collect();
    found.sort();
    found
}

/// The objects that a run writes.
struct Ran {
    objects: Vec<Value>,
}

fn run(path: &Path, arguments: &str, compat: bool) -> Result<Ran, String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let file = path.file_name().unwrap_or_default();
    let mut line: Vec<&OsStr> = vec!["sefl".as_ref(), file, "--format".as_ref(), "json".as_ref()];
    line.extend(arguments.split_whitespace().map(OsStr::new));
    if compat {
        line.push("--symnet-compat".as_ref());
    }
    let ran = binary::run(folder, &line);
    let objects = objects(&ran)?;
    let ran_to_end = matches!(ran.code, Some(0 | 1 | 3));
    binary::expect(ran_to_end, &ran, "the program does not run")?;
    Ok(Ran { objects })
}

fn check(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let first = text.lines().next().unwrap_or("");
    let arguments = first.strip_prefix("// sefl").ok_or("the first line is not `// sefl`")?;
    let ran = run(path, arguments, false)?;
    let as_symnet = run(path, arguments, true)?;
    let (mut complaints, mut errors) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let Some((_, expected)) = line.split_once("//~ ") else { continue };
        if let Some(rest) = expected.strip_prefix("ERROR ") {
            errors.push((number, rest.to_owned()));
        } else {
            let of = if expected.starts_with("SYMNET") { &as_symnet } else { &ran };
            complaints.extend(of.meets(expected).err().map(|e| format!("line {number}: `{expected}`: {e}")));
        }
    }
    complaints.extend(ran.codes(errors));
    if rdcl_syntax::format_program(&text) != text && rdcl_syntax::parse_program(&text).errors.is_empty() {
        complaints.push(format!("is not formatted; it should be\n{}", rdcl_syntax::format_program(&text)));
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

impl Ran {
    fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |o| o["type"] == kind)
    }

    fn path(&self, number: &str) -> Result<&Value, String> {
        let number: u64 = number.parse().map_err(|_| format!("`{number}` is no path"))?;
        self.of_type("path").find(|o| o["path"] == number).ok_or_else(|| "there is no such path".to_owned())
    }

    /// Compares what is expected with what was found.
    fn meets(&self, expected: &str) -> Result<(), String> {
        let (kind, rest) = expected.split_once(' ').unwrap_or((expected, ""));
        if kind == "PATHS" || kind == "SYMNET" {
            let found = self.counts(if kind == "PATHS" { &OUTCOMES } else { &["ok", "failed"] }, kind == "SYMNET")?;
            return if found == rest { Ok(()) } else { Err(format!("found `{found}`")) };
        }
        let mut words = rest.splitn(3, ' ');
        let path = self.path(words.next().unwrap_or(""))?;
        let (subject, wanted) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let all = rest.split_once(' ').map_or("", |(_, all)| all);
        let found = match kind {
            "VALUE" | "SYMNET-VALUE" => value(path, subject).ok_or("has no value")?,
            "SAME" => return same(path, subject, wanted),
            "ABSENT" if value(path, subject).is_none() => return Ok(()),
            "ABSENT" => return Err("is there".into()),
            "TAG" => path["tags"][subject].to_string(),
            "MODEL" => plain(&path["model"][subject]),
            "PORT" => return equal(&plain(&path["ports"][0]), all),
            "MESSAGE" => return equal(&plain(&path["message"]), all),
            "OUTCOME" => return equal(&plain(&path["outcome"]), all),
            "CONDITION" => {
                let found: Vec<String> = path["condition"].as_array().into_iter().flatten().map(plain).collect();
                return if found.iter().any(|c| c == all) { Ok(()) } else { Err(format!("found {found:?}")) };
            }
            _ => return Err("is no expectation".into()),
        };
        equal(&found, wanted)
    }

    fn counts(&self, names: &[&str], zero_too: bool) -> Result<String, String> {
        let summary = self.of_type("summary").next().ok_or("it was not run")?;
        let counted = names.iter().filter(|name| zero_too || summary[**name] != 0);
        Ok(counted.map(|name| format!("{} {name}", summary[*name])).collect::<Vec<_>>().join(", "))
    }

    /// Codes of diagnostics and of paths against those that are expected.
    fn codes(&self, mut expected: Vec<(u64, String)>) -> Vec<String> {
        let mut complaints = Vec::new();
        let coded = self.of_type("diagnostic").chain(self.of_type("path").filter(|p| !p["code"].is_null()));
        for object in coded {
            let line: u64 = plain(&object["at"]).rsplit(':').nth(1).and_then(|l| l.parse().ok()).unwrap_or(0);
            let (code, message) = (plain(&object["code"]), plain(&object["message"]));
            let meets = |e: &(u64, String)| {
                let (wanted, text) = e.1.split_once(' ').unwrap_or((&e.1, ""));
                e.0 == line && wanted == code && message.contains(text)
            };
            match expected.iter().position(meets) {
                Some(at) => drop(expected.remove(at)),
                None => complaints.push(format!("line {line}: not expected: {code} {message}")),
            }
        }
        complaints.extend(expected.into_iter().map(|(line, text)| format!("line {line}: not found: {text}")));
        complaints
    }
}

const OUTCOMES: [&str; 6] = ["delivered", "dropped", "infeasible", "memory_error", "model_error", "undecided"];

/// What a metadata, or the header object at `[address]`, holds.
fn value(path: &Value, subject: &str) -> Option<String> {
    let (list, key) = match subject.strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
        Some(at) => ("fields", ("at", at)),
        None => ("metadata", ("name", subject)),
    };
    let found = path[list].as_array()?.iter().find(|o| plain(&o[key.0]) == key.1)?;
    Some(plain(&found["value"]))
}

fn same(path: &Value, a: &str, b: &str) -> Result<(), String> {
    let (a, b) = (value(path, a), value(path, b));
    if a.is_some() && a == b { Ok(()) } else { Err(format!("found {a:?} and {b:?}")) }
}

fn equal(found: &str, wanted: &str) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("found `{found}`")) }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
