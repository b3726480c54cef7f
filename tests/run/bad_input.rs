//! Bad input of every kind gives diagnostics and an exit code: no panic, no hang, nothing written.

use crate::binary::{self, Run};
use crate::examples;
use crate::program::{self, Depth};
use libtest_mimic::{Failed, Trial};
use rdclc::Input;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A case: its name, the text of `main.rdcl`, and a code that must be among those shown (none for a clean one).
type Case = (&'static str, fn() -> Vec<u8>, Option<&'static str>);

const CASES: &[Case] = &[
    ("empty", Vec::new, None),
    ("blank", || b" \n\t\n// nothing\n".to_vec(), None),
    ("binary", || (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect(), Some("E0002")),
    ("nul-bytes", || vec![0; 4096], Some("E0102")),
    ("byte-order-mark-only", || "\u{feff}".into(), None),
    ("one-line-of-10-mb", || [b"rfb A { ", &[b'x'; 10 << 20][..], b" }"].concat(), Some("E0101")),
    ("16384-equal-blocks", || b"rfb A { } ".repeat(1 << 14), Some("E0203")),
    ("open-braces", || b"rfb A {\n  behaviour sefl { on lan {\n".to_vec(), Some("E0103")),
    ("closing-braces", || b"}}}\n".to_vec(), Some("E0103")),
    ("open-string", || b"rfb A { impl a on kvm { image = \"x".to_vec(), Some("E0102")),
    ("part-of-itself", || b"rfb A {\n  part a: A;\n}\n".to_vec(), Some("E0210")),
    ("parts-of-each-other", || b"rfb A { part b: B; }\nrfb B { part a: A; }\n".to_vec(), Some("E0210")),
    ("own-ancestor", || b"rfb A : A {}\n".to_vec(), Some("E0209")),
    ("missing-table", || ROUTER.into(), Some("E0801")),
    ("nested-50", || nested(50), None),
    ("nested-100000", || nested(100_000), Some("E0104")),
    ("nested-blocks-100000", || nested_blocks(100_000), Some("E0104")),
];

const ROUTER: &str = "use std::nf::Router;\nrfb Edge : Router(fib = \"absent.txt\") {}\n";

fn behaviour(body: &str) -> Vec<u8> {
    format!(
        "use std::net::Ip4;\nrfb A {{\n  port inout a: Ip4;\n  port inout b: Ip4;\n  \
         behaviour sefl {{ on a {{ {body} }} on b {{ Forward(a); }} }}\n}}\n"
    )
    .into_bytes()
}

/// A condition in this many parentheses.
fn nested(depth: usize) -> Vec<u8> {
    behaviour(&format!("Constrain({}ip.ttl > 0{}); Forward(b);", "(".repeat(depth), ")".repeat(depth)))
}

/// An `If` in an `If`, this deep.
fn nested_blocks(depth: usize) -> Vec<u8> {
    behaviour(&format!("{}Forward(b);{}", "If(ip.ttl > 0, { ".repeat(depth), " }, Forward(b));".repeat(depth)))
}

/// One trial for each case, and one for the prefixes of each example.
pub fn trials() -> Vec<Trial> {
    let cases =
        CASES.iter().map(|case| Trial::test(format!("bad-input/{}", case.0), || run(case).map_err(Failed::from)));
    let prefixes = examples::folders().into_iter().map(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(format!("bad-input/prefixes-of-{name}"), move || prefixes(&folder.join("main.rdcl")))
    });
    cases.chain(prefixes).collect()
}

fn run(case: &Case) -> Result<(), String> {
    let (name, text, code) = case;
    let folder = binary::scratch(&format!("bad-{name}"));
    let path = folder.join("main.rdcl");
    fs::write(&path, text()).map_err(|e| e.to_string())?;
    for verb in ["check", "verify"] {
        for format in ["human", "json"] {
            let arguments = [verb, "--format", format, "main.rdcl"].map(AsRef::as_ref);
            judge(&binary::run(&folder, &arguments), *code).map_err(|e| format!("{verb} --format {format}: {e}"))?;
        }
    }
    judge_formatter(&folder)?;
    only_file(&folder, "main.rdcl")?;
    fs::remove_dir_all(&folder).map_err(|e| e.to_string())
}

fn judge(ran: &Run, code: Option<&str>) -> Result<(), String> {
    let wanted = i32::from(code.is_some());
    let shown: String = ran.stderr.chars().chain(ran.stdout.chars()).take(2_000).collect();
    if ran.code != Some(wanted) {
        return Err(format!("exit code {:?}, expected {wanted}\n{shown}", ran.code));
    }
    if let Some(code) = code.filter(|c| !ran.stderr.contains(c) && !ran.stdout.contains(c)) {
        return Err(format!("{code} is not shown\n{shown}"));
    }
    let output = ran.stderr.len() + ran.stdout.len();
    if output > 1 << 20 {
        return Err(format!("{output} bytes of output"));
    }
    if ran.took > Duration::from_secs(120) {
        return Err(format!("it took {:?}", ran.took));
    }
    Ok(())
}

/// The formatter answers too, and leaves what it was given.
fn judge_formatter(folder: &Path) -> Result<(), String> {
    let path = folder.join("main.rdcl");
    let before = fs::read(&path).map_err(|e| e.to_string())?;
    let ran = binary::run(folder, &["fmt", "--check", "main.rdcl"].map(AsRef::as_ref));
    if !matches!(ran.code, Some(0 | 1)) || ran.took > Duration::from_secs(120) {
        return Err(format!("fmt --check: exit code {:?} after {:?}", ran.code, ran.took));
    }
    if fs::read(&path).is_ok_and(|after| after == before) { Ok(()) } else { Err("fmt --check writes".into()) }
}

fn only_file(folder: &Path, name: &str) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|e| e.to_string())?;
    let others: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| !p.ends_with(name)).collect();
    if others.is_empty() { Ok(()) } else { Err(format!("written: {others:?}")) }
}

/// Every prefix whose length is a multiple of 97 bytes: no panic, and a complaint wherever an item is cut.
fn prefixes(path: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(path)?;
    let cuts = (0..text.len()).step_by(97).filter(|cut| text.is_char_boundary(*cut));
    for cut in cuts {
        let mut input = Input::from_text("main.rdcl", &text[..cut]);
        input.root = path.parent().unwrap_or(Path::new("")).to_owned();
        let outcome = program::run(input, Depth::Check);
        let cut_in_item = text[..cut].matches('{').count() > text[..cut].matches('}').count();
        if cut_in_item && outcome.diagnostics.is_empty() {
            return Err(format!("the first {cut} bytes are clean").into());
        }
    }
    Ok(())
}
