//! `rdclc place`: from a checked package to the placements of its deployments, and their table.

use crate::args::{self, Format, Style};
use crate::check::Checked;
use crate::exit::Exit;
use crate::json;
use crate::session::Session;
use indexmap::IndexMap;
use rdcl_base::{Diagnostic, Dimension, FileSpan, nearest};
use rdcl_hir::{Deployment, Substrate, deployments, implementations, place, short_name, structure, substrate};
use rdcl_place::{Kpi, Level, PlacedPart, Placement, amount, end_name, kpis, leaf_name, levels};
use std::collections::BTreeSet;
use std::path::Path;

/// A deployment and where its parts run.
#[derive(Debug)]
pub struct Placed<'a> {
    /// What is deployed.
    pub deployment: &'a Deployment<'a>,
    /// Where everything of it runs.
    pub placement: Placement,
}

/// The placements of a package's deployments.
#[derive(Debug, Default)]
pub struct Placements<'a> {
    /// Those there are, in the order of the source.
    pub placed: Vec<Placed<'a>>,
    /// Why the others are not there, and warnings about those that are.
    pub findings: Vec<Diagnostic<FileSpan>>,
}

/// There is nothing to place.
#[derive(Debug, thiserror::Error)]
pub enum NothingToPlace {
    /// The package has no deployment.
    #[error("no service is deployed here; write `deploy … on … minimize cpu;`")]
    NoDeployment,
    /// It has none of this name.
    #[error("there is no deployment `{wanted}`{}", .near.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    Unknown {
        /// The name asked for.
        wanted: String,
        /// The nearest there is.
        near: Option<String>,
    },
}

impl NothingToPlace {
    /// How a run ends that can place nothing else.
    pub fn exit(&self) -> Exit {
        match self {
            NothingToPlace::NoDeployment => Exit::Findings,
            NothingToPlace::Unknown { .. } => Exit::Usage,
        }
    }
}

/// Places every deployment of a package without errors, or the one of this name.
///
/// # Errors
/// [`NothingToPlace`].
pub fn placed<'a>(checked: &'a Checked, deploy: Option<&str>) -> Result<Placements<'a>, NothingToPlace> {
    let db = &checked.db;
    let (mut placements, mut findings) = (Placements::default(), IndexMap::<_, Vec<&str>>::new());
    let wanted = wanted(checked, deploy)?;
    for deployment in &wanted {
        let problems = match rdcl_place::place(db, deployment) {
            Ok(placement) => {
                placements.placed.push(Placed { deployment, placement });
                rdcl_place::unasked(db, deployment)
            }
            Err(problems) => problems,
        };
        for problem in problems {
            findings.entry(problem.map(|loc| place(db, loc))).or_default().push(&deployment.name);
        }
    }
    placements.findings = findings.into_iter().map(|(finding, of)| said_of(finding, &of, wanted.len())).collect();
    Ok(placements)
}

/// A finding about some of so many deployments; it names them unless it is about all.
fn said_of(mut finding: Diagnostic<FileSpan>, names: &[&str], all: usize) -> Diagnostic<FileSpan> {
    let names: BTreeSet<&str> = names.iter().copied().collect();
    if names.len() < all {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        finding.message = format!("{}: {}", names.join(", "), finding.message);
    }
    finding
}

fn wanted<'a>(checked: &'a Checked, deploy: Option<&str>) -> Result<Vec<&'a Deployment<'a>>, NothingToPlace> {
    let all = deployments(&checked.db, checked.package);
    if all.is_empty() {
        return Err(NothingToPlace::NoDeployment);
    }
    let Some(wanted) = deploy else { return Ok(all) };
    let found: Vec<_> = all.iter().copied().filter(|deployment| deployment.name == wanted).collect();
    if found.is_empty() {
        let near = nearest(wanted, all.iter().map(|d| d.name.as_str())).map(str::to_owned);
        return Err(NothingToPlace::Unknown { wanted: wanted.to_owned(), near });
    }
    Ok(found)
}

/// The command.
pub fn command(arguments: &args::Place, style: Style) -> Exit {
    let mut session = Session::start(style);
    for path in &arguments.paths {
        let checked = session.checked(path);
        if !checked.has_errors() {
            session.placed(path, &checked, arguments);
        }
    }
    session.end()
}

impl Session {
    fn placed(&mut self, path: &Path, checked: &Checked, arguments: &args::Place) {
        match self.timed("placing", path, |_| placed(checked, arguments.deploy.as_deref())) {
            Ok(placements) => {
                self.report(&placements.findings, checked);
                let results = placements.placed.iter().map(|placed| result(checked, placed, arguments.flows));
                results.collect::<Vec<_>>().iter().for_each(|result| self.placement(result));
            }
            Err(nothing) => {
                self.progress.hide();
                self.console.note(&format!("error: {}: {nothing}", path.display()));
                self.exit = self.exit.and(nothing.exit());
            }
        }
    }

    fn placement(&mut self, result: &PlacementResult) {
        self.progress.hide();
        match self.console.format {
            Format::Json => self.console.object(&json::placement(result)),
            Format::Short => self.console.print(&line(result)),
            Format::Human => self.console.print(&table(result)),
        }
    }
}

/// A placement with every name resolved: plain data for the writers of the output formats.
#[derive(Clone, Debug)]
pub struct PlacementResult {
    /// The deployment's name.
    pub deploy: String,
    /// The RFB that is deployed.
    pub service: String,
    /// The substrate.
    pub substrate: String,
    /// What was minimised.
    pub objective: String,
    /// What it comes to, in the smallest unit.
    pub value: u64,
    /// It comes to no less anywhere.
    pub bound: u64,
    /// Leaves with their execution environments and implementations; generated ones have none of the latter.
    pub instances: Vec<(String, String, Option<String>)>,
    /// The wires that go over links, and for each of these its position and the ends on the way.
    pub routes: Vec<(String, Vec<Crossed>)>,
    /// The service levels and what is reached.
    pub levels: Vec<Level>,
    /// What flows come to, if that is asked for.
    pub flows: Vec<Kpi>,
}

/// A link on a route.
#[derive(Clone, Debug)]
pub struct Crossed {
    /// Its position in the substrate.
    pub link: usize,
    /// The execution environment it is crossed from.
    pub from: String,
    /// The other one.
    pub to: String,
}

impl PlacementResult {
    /// How far the value may be from the least, as a share of it.
    pub fn gap(&self) -> f64 {
        if self.value == self.bound { 0.0 } else { (self.value - self.bound) as f64 / self.value as f64 }
    }
}

fn result(checked: &Checked, placed: &Placed<'_>, flows: bool) -> PlacementResult {
    let (db, deployment, placement) = (&checked.db, placed.deployment, &placed.placement);
    let substrate = substrate(db, deployment.substrate);
    let end = |end| end_name(db, deployment, end);
    let routes = placement.routes.iter().map(|route| {
        let wire = format!("{} <-> {}", end(route.a), end(route.b));
        (wire, way(substrate, placement.ree_of(route.a), &route.links))
    });
    PlacementResult {
        deploy: placement.deploy.clone(),
        service: short_name(db, deployment.instance),
        substrate: deployment.substrate.name(db).to_owned(),
        objective: placement.objective.clone(),
        value: placement.value,
        bound: placement.bound,
        instances: instances(checked, placed, substrate),
        routes: routes.collect(),
        levels: levels(db, deployment, placement),
        flows: if flows { kpis(db, deployment, placement) } else { Vec::new() },
    }
}

fn instances(checked: &Checked, placed: &Placed<'_>, on: &Substrate) -> Vec<(String, String, Option<String>)> {
    let (db, deployment) = (&checked.db, placed.deployment);
    let leaves = &structure(db, deployment.instance).parts;
    let instance = |(i, part): (usize, &PlacedPart)| {
        let list = leaves[i].1.instance(db).map(|instance| &implementations(db, instance).list);
        let chosen = part.implementation.and_then(|i| Some(list?[i].name.clone()));
        (leaf_name(db, deployment, i), on.rees[part.ree].name.clone(), chosen)
    };
    placed.placement.parts.iter().enumerate().map(instance).collect()
}

/// Each link with the execution environments it is crossed from and to.
fn way(substrate: &Substrate, from: Option<usize>, links: &[usize]) -> Vec<Crossed> {
    let mut at = from.map(|ree| substrate.site(ree));
    let step = |i: &usize| {
        let link = &substrate.links[*i];
        let backwards = at == Some(substrate.site(link.b));
        let (here, there) = if backwards { (link.b, link.a) } else { (link.a, link.b) };
        at = Some(substrate.site(there));
        Crossed { link: *i, from: substrate.rees[here].name.clone(), to: substrate.rees[there].name.clone() }
    };
    links.iter().map(step).collect()
}

/// `edge: fw@edge1/guest nat@edge1/guest`, then a line for each flow that is asked for.
fn line(result: &PlacementResult) -> String {
    let part = |(name, ree, chosen): &(String, String, Option<String>)| match chosen {
        Some(chosen) => format!(" {name}@{ree}/{chosen}"),
        None => format!(" {name}@{ree}"),
    };
    let flows = result.flows.iter().map(|kpi| format!("{}:{}", result.deploy, flow(kpi).replacen("  ", " ", 1)));
    format!("{}:{}\n", result.deploy, result.instances.iter().map(part).collect::<String>())
        + &flows.collect::<String>()
}

/// What the objective comes to, then a line for each leaf, route and service level.
fn table(result: &PlacementResult) -> String {
    let mut rows: Vec<[String; 3]> = Vec::new();
    for (name, ree, chosen) in &result.instances {
        rows.push([name.clone(), ree.clone(), chosen.clone().unwrap_or_else(|| generated(name).into())]);
    }
    let routes = result.routes.iter().map(|(wire, way)| format!("  {wire} over {}\n", stops(way)));
    let level = |l: &Level| {
        let reached = l.reached.map_or_else(|| "without limit".into(), |reached| amount(reached, l.dimension));
        let limit = amount(l.limit, l.dimension);
        format!("  {}: {} = {reached}, asked {} {limit}\n", l.sla, l.measure, l.op)
    };
    let head = format!("{}: {} on {}, {}\n", result.deploy, result.service, result.substrate, objective(result));
    let rest: String = routes.chain(result.levels.iter().map(level)).chain(result.flows.iter().map(flow)).collect();
    head + &aligned(&rows) + &rest
}

/// What a leaf without an implementation is, by its name.
fn generated(path: &str) -> &'static str {
    let name = path.rsplit('.').next().unwrap_or(path);
    if name.starts_with("balance_") { "(generated balancer)" } else { "(generated filter)" }
}

/// `lan -> wan: delay 50us, bandwidth 200Mbps, packet rate 500kpps, loss 0%, availability 100%`
fn flow(kpi: &Kpi) -> String {
    let rate = kpi.packet_rate.map_or_else(|| "without limit".into(), |rate| amount(rate, Dimension::PacketRate));
    format!(
        "  {}: delay {}, bandwidth {}, packet rate {rate}, loss {}, availability {}\n",
        kpi.flow,
        amount(kpi.delay, Dimension::Time),
        amount(kpi.bandwidth, Dimension::Bandwidth),
        amount(kpi.loss, Dimension::Ratio),
        amount(kpi.availability, Dimension::Ratio),
    )
}

/// `edge1 - core - dc`
fn stops(way: &[Crossed]) -> String {
    let first = way.first().map(|crossed| crossed.from.as_str());
    first.into_iter().chain(way.iter().map(|crossed| crossed.to.as_str())).collect::<Vec<_>>().join(" - ")
}

/// `cpu 2core`; with what is proved, where that is less.
fn objective(result: &PlacementResult) -> String {
    let shown = |value: u64| match result.objective.as_str() {
        "memory" => amount(value, Dimension::Memory),
        "bandwidth" => amount(value, Dimension::Bandwidth),
        "delay" => amount(value, Dimension::Time),
        "cost" => value.to_string(),
        _ => amount(value, Dimension::Cpu),
    };
    let least =
        if result.bound < result.value { format!(" (no less than {})", shown(result.bound)) } else { String::new() };
    format!("{} {}{least}", result.objective, shown(result.value))
}

fn aligned(rows: &[[String; 3]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    rows.iter().map(|[a, b, c]| format!("  {a:<first$}  {b:<second$}  {c}\n")).collect()
}
