//! Heat templates: one for each cloud of a plan.
//!
//! The version is 2018-08-31: every property that is used is older, and later versions only add functions that are not
//! used, so that a template runs on clouds from Rocky on. Flavors, images and networks that exist before are parameters.

use crate::artifact::{Artifact, Places};
use crate::expected::expected;
use crate::yaml::{Entry, Lines, Node, entry};
use rdcl_hir::Loc;
use rdcl_plan::{Cloud, LossKind, Plan};

mod outputs;
mod parameters;
mod resources;

/// The version of the language of the templates.
const VERSION: &str = "2018-08-31";

/// The templates of a plan, and what a reader must find in them; nothing if no server is planned.
pub fn heat(plan: &Plan, places: Places<'_>) -> Vec<Artifact> {
    if plan.clouds.is_empty() {
        return Vec::new();
    }
    let paths: Vec<String> = plan.clouds.iter().map(|cloud| path(plan, cloud)).collect();
    let templates = plan.clouds.iter().zip(&paths).map(|(cloud, path)| template(plan, cloud, path, places));
    templates.chain([expected(plan, &paths)]).collect()
}

/// `heat.yaml`; `heat-dc.yaml` where the substrate has several clouds, though only one may be used.
fn path(plan: &Plan, cloud: &Cloud) -> String {
    if plan.offered == 1 { "heat.yaml".to_owned() } else { format!("heat-{}.yaml", cloud.name) }
}

fn template(plan: &Plan, cloud: &Cloud, path: &str, places: Places<'_>) -> Artifact {
    let mut lines = Lines::default();
    lines.comment(0, "Made by rdclc; what is changed here is lost when it is built again.", &[]);
    let sections = [
        entry("heat_template_version", Node::Plain(VERSION.to_owned())),
        entry("description", description(plan, cloud, places)),
        entry("parameters", Node::Map(parameters::parameters(cloud, places))),
        entry("resources", Node::Map(resources::resources(cloud, places))),
        entry("outputs", Node::Map(outputs::outputs(cloud))),
    ];
    lines.map(0, &sections, &[]);
    let bytes = lines.lines.iter().flat_map(|(line, _)| [line.as_bytes(), b"\n"].concat()).collect();
    let lines = lines.lines.into_iter().map(|(_, because)| because).collect();
    Artifact { path: path.to_owned(), bytes, common: cloud.because.clone(), lines }
}

/// What the template is, what it rests on, and what it does not say.
fn description(plan: &Plan, cloud: &Cloud, places: Places<'_>) -> Node {
    let title = format!("The deployment `{}` of `{}`: what runs in `{}`.", plan.deploy, plan.service, cloud.name);
    let mut lines = vec![(title, Vec::new())];
    lines.extend(cloud.region.iter().map(|region| (format!("Region: {}.", region.value), region.because.clone())));
    lines.extend(cloud.assumed.iter().map(|a| (format!("Assumed: {}.", a.value), a.because.clone())));
    // What is left out altogether would be a line that appears when a wire goes.
    let lost = cloud.losses.iter().filter(|loss| loss.kind != LossKind::Unwired);
    lines.extend(lost.map(|loss| {
        let (code, at) = (loss.kind.row().code, places(loss.at).line());
        (format!("Not said here: {} ({code}, {at}).", loss.message), loss.because.clone())
    }));
    Node::Text(lines)
}

/// A resource, below a comment that says where it comes from.
fn resource(name: &str, kind: &str, properties: Vec<Entry>, because: &[Loc], source: (String, Vec<Loc>)) -> Entry {
    let node = Node::Map(vec![entry("type", Node::Plain(kind.to_owned())), entry("properties", Node::Map(properties))]);
    Entry { comments: vec![source], ..entry(name, node).because(because) }
}

/// A line of comment that names the statements, or where there are none the deployment.
fn source(statements: &[Loc], cloud: &Cloud, places: Places<'_>) -> (String, Vec<Loc>) {
    let first = if statements.is_empty() { &cloud.because[..1] } else { statements };
    let mut lines: Vec<String> = first.iter().map(|at| places(*at).line()).collect();
    lines.dedup();
    (lines.join(", "), Vec::new())
}
