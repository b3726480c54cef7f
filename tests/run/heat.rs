//! Heat templates: the Heat engine, a stranger, accepts them; what it reads back is what the plan says; slips made in
//! them on purpose are found. Both judges start once for all templates.

use crate::binary::{self, Run};
use crate::command_line::objects;
use libtest_mimic::{Failed, Trial};
use rdcl_plan::heat_losses;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

/// What is built: a program, and one of its deployments.
const BUILT: [(&str, &str); 6] = [
    ("examples/branch", "cloud"),
    ("tests/emit/alone.rdcl", "resolver"),
    ("tests/emit/clouds.rdcl", "chain"),
    ("tests/emit/site.rdcl", "site"),
    ("tests/plan/losses.rdcl", "All"),
    ("tests/emit/nested.rdcl", "hall"),
];

/// The trials.
pub fn trials() -> Vec<Trial> {
    let missing = !installed();
    if missing {
        println!("skipped: judges: there is no Heat in target/venv; `make setup` installs it");
    }
    let judge = |name: &str, run: fn() -> Result<(), String>| {
        Trial::test(format!("judge/heat/{name}"), move || run().map_err(Failed::from)).with_ignored_flag(missing)
    };
    let plain = |name: &str, run: fn() -> Result<(), String>| {
        Trial::test(format!("build/{name}"), move || run().map_err(Failed::from))
    };
    vec![
        judge("accepts-ours-and-refuses-slips", accepts),
        judge("reads-back-what-was-planned", reads_back),
        plain("same-bytes", same_bytes),
        plain("counts-of-the-graph", counts_of_the_graph),
        plain("table-of-losses", table_of_losses),
    ]
}

fn venv() -> PathBuf {
    binary::root().join("target/venv")
}

fn installed() -> bool {
    let folders = fs::read_dir(venv().join("lib")).into_iter().flatten().flatten();
    folders.into_iter().any(|folder| folder.path().join("site-packages/heat").exists())
}

/// Runs a judge on a text; gives back what it says of each name.
fn judge(script: &str, arguments: &[&Path], input: &str) -> Result<BTreeMap<String, Option<String>>, String> {
    static COMPILED: Once = Once::new();
    COMPILED.call_once(compile);
    let mut child = Command::new(venv().join("bin/python"))
        .arg(binary::root().join("tests/judges").join(script))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let complained = String::from_utf8_lossy(&output.stderr);
    written.transpose().map_err(|e| format!("{e}\n{complained}"))?;
    serde_json::from_slice(&output.stdout).map_err(|e| format!("{e}\n{complained}"))
}

/// Compiles what is installed, once for each list of requirements: where Python may write no bytecode, an import of
/// Heat takes half a minute.
fn compile() {
    let wanted = fs::read(binary::root().join("tests/judges/requirements.txt")).unwrap_or_default();
    let mark = venv().join("compiled-requirements.txt");
    if fs::read(&mark).is_ok_and(|done| done == wanted) {
        return;
    }
    let compiled = Command::new(venv().join("bin/python"))
        .args(["-m", "compileall", "-q", "-j2"])
        .arg(venv().join("lib"))
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    // Some files of some packages are no Python of this version; it is only slower if nothing comes of it.
    if compiled.is_ok() {
        let _ = fs::write(&mark, wanted);
    }
}

/// Builds a deployment into a folder of this name.
fn build(name: &str, (path, deploy): (&str, &str)) -> Result<PathBuf, String> {
    let folder = binary::scratch(name);
    let line = format!("build {path} --deploy {deploy} -o {}", folder.display());
    let ran = binary::run_here(&line);
    if ran.code == Some(0) { Ok(folder) } else { Err(format!("`rdclc {line}`\n{ran:#?}")) }
}

/// Builds a deployment into a folder of this name, from a working directory that nothing else is in.
fn build_from_afar(name: &str, (path, deploy): (&str, &str)) -> Result<PathBuf, String> {
    let (folder, path) = (binary::scratch(name), binary::root().join(path));
    let words: [&OsStr; 6] =
        ["build".as_ref(), path.as_ref(), "--deploy".as_ref(), deploy.as_ref(), "-o".as_ref(), folder.as_ref()];
    let ran = binary::run(&binary::scratch("afar"), &words);
    if ran.code == Some(0) { Ok(folder) } else { Err(format!("{path:?} {ran:#?}")) }
}

/// The templates in a folder, by name.
fn templates(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|e| e.to_string())? {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.extension() == Some(OsStr::new("yaml")) {
            let text = fs::read_to_string(&path).map_err(|e| e.to_string())?;
            found.insert(path.display().to_string(), text);
        }
    }
    Ok(found)
}

/// Slips: what is replaced by what, once.
const SLIPS: [(&str, &str); 20] = [
    ("port_security_enabled: false", "port_security_enabld: false"),
    ("port_security_enabled: false", "port_security_enabled: perhaps"),
    ("port: {get_resource: gate-outer_port}", "port: {get_resource: gate-inner_prt}"),
    ("/28'", "/99'"),
    ("OS::Neutron::Subnet", "OS::Neutron::Subnett"),
    ("name: gate.inner--shop.web.net\n", "name: {get_attr: [gate-inner_port, status]}\n"),
    ("2018-08-31", "2018-08-32"),
    ("{get_param: gate_image}", "{get_param: gate_imge}"),
    ("direction: ingress", "direction: inwards"),
    ("ethertype: IPv4", "ethertype: IPv5"),
    ("port_range_min: 80", "port_range_min: 80000"),
    ("protocol: tcp", "protocol: tpc"),
    ("ip_version: 4", "ip_version: four"),
    ("start: '100.", "start: '300."),
    ("outputs:", "output:"),
    ("get_attr:", "get_atr:"),
    ("_port, fixed_ips, 0", "_port, fixed_ipps, 0"),
    ("custom_constraint: nova.flavor", "custom_constraint: nova.flavour"),
    ("      network: {get_param: world_network}\n", ""),
    ("type: string", "type: sting"),
];

fn accepts() -> Result<(), String> {
    let mut all = BTreeMap::new();
    for built in BUILT {
        all.extend(templates(&build(&format!("heat-{}", built.1), built)?)?);
    }
    let ours = all.len();
    let site = all.values().find(|text| text.contains("gate-outer_port")).cloned().ok_or("no template has a gate")?;
    for (i, (from, to)) in SLIPS.iter().enumerate() {
        if !site.contains(from) {
            return Err(format!("the slip `{from}` has nothing to slip on"));
        }
        all.insert(format!("slip {i}: {to}"), site.replacen(from, to, 1));
    }
    let input = serde_json::to_string(&all).map_err(|e| e.to_string())?;
    let said = judge("heat_validate.py", &[], &input)?;
    let is_slip = |name: &str| name.starts_with("slip ");
    let wrong: Vec<_> = said.iter().filter(|(name, complaint)| is_slip(name) != complaint.is_some()).collect();
    let complete = ours == 7 && said.len() == ours + SLIPS.len();
    if wrong.is_empty() && complete { Ok(()) } else { Err(format!("of {}: {wrong:#?}", said.len())) }
}

/// Changes that Heat accepts, and that are not what was planned.
const CHANGES: [(&str, &str); 7] = [
    ("port_range_max: 443", "port_range_max: 444"),
    ("port_security_enabled: false", "port_security_enabled: true"),
    ("network: {get_param: office-0_network}", "network: {get_param: office-1_network}"),
    ("default: gate\n", "default: gates\n"),
    ("name: shop.web\n", "name: shop-web\n"),
    ("ip_address: '100.", "ip_address: '99."),
    ("allocation_pools:\n        - start: '", "allocation_pools:\n        - start: '1"),
];

fn reads_back() -> Result<(), String> {
    let mut folders = Vec::new();
    for built in BUILT {
        folders.push(build(&format!("heat-read-{}", built.1), built)?);
    }
    let right = folders.len();
    let site = fs::read_to_string(folders[3].join("heat.yaml")).map_err(|e| e.to_string())?;
    for (i, (from, to)) in CHANGES.iter().enumerate() {
        let folder = binary::scratch(&format!("heat-changed-{i}"));
        let changed = site.replacen(from, to, 1);
        if changed == site {
            return Err(format!("the change `{from}` has nothing to change"));
        }
        fs::write(folder.join("heat.yaml"), changed).map_err(|e| e.to_string())?;
        fs::copy(folders[3].join("expected.json"), folder.join("expected.json")).map_err(|e| e.to_string())?;
        folders.push(folder);
    }
    let paths: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let said = judge("heat_readback.py", &paths, "")?;
    for (i, folder) in paths.iter().enumerate() {
        let complaint = said.get(&folder.display().to_string()).ok_or("the judge is silent")?;
        if complaint.is_some() != (i >= right) {
            return Err(format!("{}: {complaint:?}", folder.display()));
        }
    }
    Ok(())
}

fn same_bytes() -> Result<(), String> {
    for built in BUILT {
        let (first, second) = (build("build-first", built)?, build_from_afar("build-second", built)?);
        for path in ["expected.json", "provenance.json"] {
            let same = fs::read(first.join(path)).ok() == fs::read(second.join(path)).ok();
            if !same || !first.join(path).exists() {
                return Err(format!("{}: {path} differs", built.0));
            }
        }
        let texts = |folder: &Path| templates(folder).map(|all| all.into_values().collect::<Vec<_>>());
        if texts(&first)? != texts(&second)? {
            return Err(format!("{}: the templates differ", built.0));
        }
    }
    Ok(())
}

/// The service graph, another reader of the source, counts as many leaves and wires.
fn counts_of_the_graph() -> Result<(), String> {
    for built in BUILT {
        let folder = build("build-counts", built)?;
        let text = fs::read_to_string(folder.join("expected.json")).map_err(|e| e.to_string())?;
        let expected: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        let ran = binary::run_here(&format!("graph {} --draw json", built.0));
        let (parts, links) = drawn(&ran, &expected["service"])?;
        let counts = &expected["counts"];
        if counts["parts"] != parts || counts["links"] != links {
            return Err(format!("{}: {counts}, drawn {parts} leaves and {links} links", built.0));
        }
    }
    Ok(())
}

/// Leaves and links of a drawn service; a filter is no leaf, and the two links at one are one.
fn drawn(ran: &Run, service: &Value) -> Result<(usize, usize), String> {
    let graphs = objects(ran)?;
    let graph = graphs.iter().find(|g| g["type"] == "graph" && g["rfb"] == *service).ok_or("no such graph")?;
    let flat = &graph["flat"];
    let (leaves, links) = (flat["leaves"].as_array().ok_or("leaves")?, flat["links"].as_array().ok_or("links")?);
    let filters: Vec<&Value> =
        leaves.iter().filter(|leaf| leaf["kind"] == "filter").map(|leaf| &leaf["path"]).collect();
    let at = |filter: &Value| links.iter().filter(|l| l["a"]["leaf"] == *filter || l["b"]["leaf"] == *filter).count();
    if filters.iter().any(|filter| at(filter) != 2) {
        return Err("a filter stands at the end of a wire".into());
    }
    Ok((leaves.len() - filters.len(), links.len() - filters.len()))
}

/// The page lists every loss, in the words of the compiler, and no other.
fn table_of_losses() -> Result<(), String> {
    let page = fs::read_to_string(binary::root().join("docs/heat.md")).map_err(|e| e.to_string())?;
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| [W09")).collect();
    let row = |row: &rdcl_plan::LossRow| format!("| [{0}](codes/{0}.md) | {1} | {2} |", row.code, row.what, row.why);
    let wanted: Vec<String> = heat_losses().iter().map(row).collect();
    if listed == wanted { Ok(()) } else { Err(format!("docs/heat.md should list\n{}", wanted.join("\n"))) }
}
