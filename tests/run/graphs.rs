//! Service graphs: the nested one dissolves to what the compiler runs, the command keeps its promises, and Graphviz, a
//! stranger, sees every node and edge.

use crate::binary::{self, expect};
use crate::command_line::objects;
use crate::{examples, fixtures};
use libtest_mimic::{Failed, Trial};
use rdcl_core::{BoundaryId, Endpoint, PartId, PortId};
use rdcl_graph::{Block, End, Graph, Kind};
use rdcl_hir::{Instance, structure, subjects, wiring};
use rdclc::Checked;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let missing = Command::new("dot").arg("-V").output().is_err();
    if missing {
        println!("skipped: judges: there is no `dot`; `make setup` installs Graphviz");
    }
    let mut trials = vec![
        Trial::test("command-line/graph", || command().map_err(Failed::from)),
        Trial::test("command-line/graph/refusals", || refusals().map_err(Failed::from)),
        Trial::test("judge/graphviz/bites", || bites().map_err(Failed::from)).with_ignored_flag(missing),
    ];
    for path in programs() {
        let name = path.strip_prefix(binary::root()).unwrap_or(&path).with_extension("").display().to_string();
        let judged = path.clone();
        trials.push(Trial::test(format!("graph/{name}"), move || dissolves(&path).map_err(Failed::from)));
        trials.push(
            Trial::test(format!("judge/graphviz/{name}"), move || accepted(&judged).map_err(Failed::from))
                .with_ignored_flag(missing),
        );
    }
    trials
}

/// Every example, and every fixture without errors.
fn programs() -> Vec<PathBuf> {
    let stages = ["check", "expand", "lower", "verify"];
    let fixtures = stages.into_iter().flat_map(fixtures::in_folder);
    let has_errors = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.contains("~ ERROR"));
    let clean = fixtures
        .filter(|path| !has_errors(path) && !has_errors(&path.with_extension("txt")))
        .map(|path| path.canonicalize().unwrap_or(path));
    examples::folders().into_iter().chain(clean).collect()
}

/// Each subject's graph, flat and dissolved here, is the structure that is verified, placed and run.
fn dissolves(path: &Path) -> Result<(), String> {
    let path = path.to_owned();
    let run = move || {
        let checked = rdclc::check(rdclc::load(&path));
        let subjects = subjects(&checked.db, checked.package);
        if checked.has_errors() || subjects.is_empty() {
            return Err("there is nothing to draw".into());
        }
        subjects.iter().try_for_each(|instance| compare(&checked, *instance))
    };
    rdclc::with_deep_stack(run).map_err(|e| e.to_string())?.ok_or("it panics")?
}

fn compare(checked: &Checked, instance: Instance<'_>) -> Result<(), String> {
    let (graph, structure) = (rdcl_graph::graph(&checked.db, instance), structure(&checked.db, instance));
    let (flat, dissolved) = (&graph.flat, Dissolved::of(&graph.service));
    let leaves: Vec<&String> = structure.parts.iter().map(|(path, _)| path).collect();
    equal("leaves", &flat.leaves.iter().map(|leaf| &leaf.path).collect(), &leaves)?;
    equal("leaves, dissolved", &dissolved.leaves.iter().collect(), &leaves)?;
    equal("kinds", &flat.leaves.iter().map(|leaf| leaf.block.kind).collect(), &dissolved.kinds)?;
    let links: BTreeSet<_> = wiring(&checked.db, instance).links.iter().map(|l| (l.a, l.b)).collect();
    equal("number of links", &flat.links.len(), &links.len())?;
    equal("links", &flat.links.iter().copied().collect(), &links)?;
    equal("links, dissolved", &dissolved.links(), &links)?;
    let boundary: Vec<&String> = structure.boundary.iter().map(|port| &port.name).collect();
    equal("boundary", &flat.boundary.iter().map(|port| &port.name).collect(), &boundary)
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?} is not {wanted:?}")) }
}

/// A nested service taken apart by hand: every port is a node, and a wire runs through those of composites.
#[derive(Default)]
struct Dissolved {
    leaves: Vec<String>,
    kinds: Vec<Kind>,
    /// What each port is, if a wire ends there.
    ends: Vec<Option<Endpoint>>,
    joined: Vec<Vec<usize>>,
}

impl Dissolved {
    fn of(service: &Block) -> Dissolved {
        let mut dissolved = Dissolved::default();
        let boundary: Vec<usize> =
            (0u32..).zip(&service.ports).map(|(i, _)| dissolved.end(Some(Endpoint::Boundary(BoundaryId(i))))).collect();
        let inside = dissolved.block(service, "");
        boundary.into_iter().zip(inside).for_each(|(outer, inner)| dissolved.join(outer, inner));
        dissolved
    }

    fn end(&mut self, end: Option<Endpoint>) -> usize {
        self.ends.push(end);
        self.joined.push(Vec::new());
        self.ends.len() - 1
    }

    fn join(&mut self, a: usize, b: usize) {
        self.joined[a].push(b);
        self.joined[b].push(a);
    }

    /// The ports of a block, its inside done.
    fn block(&mut self, block: &Block, path: &str) -> Vec<usize> {
        if block.kind != Kind::Composite {
            let leaf = PartId(self.leaves.len() as u32);
            self.leaves.push(path.to_owned());
            self.kinds.push(block.kind);
            return (0..block.ports.len() as u32).map(|i| self.end(Some(Endpoint::Part(leaf, PortId(i))))).collect();
        }
        let own: Vec<usize> = block.ports.iter().map(|_| self.end(None)).collect();
        let parts: Vec<Vec<usize>> =
            block.parts.iter().map(|part| self.block(&part.block, &within(path, &part.name))).collect();
        for link in &block.links {
            let node = |end: End| end.part.map_or(&own, |part| &parts[part])[end.port];
            self.join(node(link.a), node(link.b));
        }
        own
    }

    fn links(&self) -> BTreeSet<(Endpoint, Endpoint)> {
        let starts = (0..self.ends.len()).filter_map(|node| Some((node, self.ends[node]?)));
        let links = starts.filter_map(|(node, end)| Some((end, self.other_end(node)?)));
        links.filter(|(a, b)| order(*a) < order(*b)).collect()
    }

    fn other_end(&self, start: usize) -> Option<Endpoint> {
        let (mut before, mut at) = (start, *self.joined[start].first()?);
        while self.ends[at].is_none() {
            let onward = self.joined[at].iter().copied().find(|node| *node != before)?;
            before = std::mem::replace(&mut at, onward);
        }
        self.ends[at]
    }
}

fn order(end: Endpoint) -> (u8, u32, u32) {
    match end {
        Endpoint::Boundary(port) => (0, port.0, 0),
        Endpoint::Part(part, port) => (1, part.0, port.0),
    }
}

fn within(path: &str, name: &str) -> String {
    [path, name].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(".")
}

/// Nodes, edges and clusters that a drawing must have.
fn size(block: &Block, root: bool) -> [usize; 3] {
    if block.kind != Kind::Composite {
        return [1, 0, usize::from(root)];
    }
    let own = [block.ports.len(), block.links.len(), 1];
    block.parts.iter().map(|part| size(&part.block, false)).fold(own, |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]])
}

/// Graphviz lays out the drawing without a word, and has as much in it as the graph.
fn accepted(path: &Path) -> Result<(), String> {
    let folder = binary::scratch(&format!("graphviz-{}", path.file_stem().unwrap_or_default().display()));
    let ran = binary::run_here(&format!("graph {} --draw dot", path.display()));
    if ran.code != Some(0) {
        return Err(format!("{ran:#?}"));
    }
    let seen: Value = serde_json::from_str(&graphviz(&folder, &ran.stdout)?).map_err(|e| e.to_string())?;
    let objects = seen["objects"].as_array().map_or(&[][..], Vec::as_slice);
    let edges = seen["edges"].as_array().map_or(0, Vec::len);
    let clusters = objects.iter().filter(|o| o["name"].as_str().is_some_and(|n| n.starts_with("cluster"))).count();
    let found = [objects.len() - clusters, edges, clusters];
    let wanted = sizes(path);
    equal("nodes, edges, clusters", &found, &wanted)
}

/// What the drawing of a program must have: its roots are what no other subject holds.
fn sizes(path: &Path) -> [usize; 3] {
    let checked = rdclc::check(rdclc::load(path));
    let graphs: Vec<Graph> =
        subjects(&checked.db, checked.package).iter().map(|i| rdcl_graph::graph(&checked.db, *i)).collect();
    // A leaf with filters before it has its own behaviour as a part.
    let holds = |holder: &Graph, g: &Graph| {
        holder.service.rfb != g.service.rfb && holder.service.parts.iter().any(|part| part.block.rfb == g.service.rfb)
    };
    let is_root = |g: &&Graph| !graphs.iter().any(|holder| holds(holder, g));
    let sizes = graphs.iter().filter(is_root).map(|g| size(&g.service, true));
    sizes.fold([0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]])
}

fn graphviz(folder: &Path, text: &str) -> Result<String, String> {
    let file = folder.join("graph.dot");
    fs::write(&file, text).map_err(|e| e.to_string())?;
    let output = Command::new("dot").arg("-Tjson").arg(&file).output().map_err(|e| e.to_string())?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    let well = output.status.success() && complaints.is_empty();
    if well { Ok(String::from_utf8_lossy(&output.stdout).into_owned()) } else { Err(complaints.into_owned()) }
}

/// The judge refuses what is broken: a label that is no XML, an edge to a port that is not there.
fn bites() -> Result<(), String> {
    let folder = binary::scratch("graphviz-bites");
    let text = binary::run_here("graph examples/branch --draw dot").stdout;
    graphviz(&folder, &text)?;
    for (from, to) in [("</b>", ""), ("n2:p1 ->", "n2:p7 ->"), ("subgraph cluster_0 {", "subgraph cluster_0 ")] {
        let broken = text.replacen(from, to, 1);
        if broken == text || graphviz(&folder, &broken).is_ok() {
            return Err(format!("accepted with `{from}` as `{to}`"));
        }
    }
    Ok(())
}

fn command() -> Result<(), String> {
    let ran = binary::run_here("graph examples/branch --draw json");
    let found = objects(&ran)?;
    expect(ran.code == Some(0) && found.len() == 2 && found[0]["type"] == "version", &ran, "a version and one graph")?;
    let sizes = ["leaves", "links", "boundary"].map(|what| found[1]["flat"][what].as_array().map_or(0, Vec::len));
    expect(sizes == [4, 5, 2], &ran, "four leaves, five wires, two ports")?;
    let filter = &found[1]["root"]["parts"][0];
    expect(filter["kind"] == "filter" && filter["rules"][0] == "deny o1", &ran, "the filter is a part")?;
    let ran = binary::run_here("graph examples/branch --draw json --rfb Nat44 --format json");
    let found = objects(&ran)?;
    expect(found.len() == 2 && found[1]["root"]["kind"] == "behaviour", &ran, "only what is asked for")?;
    let ran = binary::run_here("graph examples/branch examples/router --draw dot");
    expect(ran.stdout.matches("digraph").count() == 1, &ran, "one drawing")?;
    expect(ran.stdout.matches("subgraph").count() == 2 && ran.stderr.is_empty(), &ran, "a cluster for each service")
}

fn refusals() -> Result<(), String> {
    let folder = binary::scratch("graph");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).map_err(|e| e.to_string());
    write("broken.rdcl", "rfb A { part b: B; }\n")?;
    write("sound.rdcl", "rfb Sound {}\nrfb Needy(n: u8) {}\n")?;
    let run = |line: &str| binary::run(&folder, &line.split(' ').map(AsRef::as_ref).collect::<Vec<_>>());
    for (line, code, said) in [
        ("graph sound.rdcl broken.rdcl --draw dot", 1, "E0201"),
        ("graph broken.rdcl --draw json", 1, "E0201"),
        ("graph sound.rdcl --draw dot --rfb Sond", 2, "did you mean `Sound`?"),
        ("graph sound.rdcl --draw dot --rfb Needy", 2, "no part gives them"),
        ("graph sound.rdcl --draw dot --format json", 2, "--draw json"),
        ("graph sound.rdcl", 2, "--draw"),
        ("graph nowhere.rdcl --draw dot", 2, "nowhere.rdcl"),
    ] {
        let ran = run(line);
        expect(ran.code == Some(code) && ran.stderr.contains(said), &ran, &format!("`{line}` exits with {code}"))?;
        expect(ran.stdout.is_empty(), &ran, "nothing is drawn")?;
    }
    Ok(())
}
