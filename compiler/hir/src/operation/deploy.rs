//! Deployments: which service, on which substrate, what is pinned where, and what is to be minimal.

use crate::bodies::body;
use crate::cx::{Cx, Params};
use crate::instance::{Instance, Written, instantiate, params};
use crate::lineage::abstraction::must_be_concrete;
use crate::operation::substrates::{find_ree, substrate};
use crate::part::parts;
use crate::port::ports;
use crate::source::db::{Db, Package};
use crate::source::item::{Item, is_read, items, parsed};
use crate::source::loc::{Loc, Problem};
use crate::source::names::{Kind, plain_name, resolve};
use crate::wire::ends::{Surroundings, offsets, report_unknown_part};
use crate::wire::wires;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_syntax::ast::{self, EndSegment, Expr, ExprKind, Pin};
use std::collections::BTreeMap;

/// What can be minimised.
pub const OBJECTIVES: [&str; 5] = ["cpu", "memory", "bandwidth", "delay", "cost"];

/// Something that is pinned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pinned {
    /// Paths of parts (`fw`, `site.nat`), or names of boundary ports.
    pub what: Vec<String>,
    /// Whether they are boundary ports.
    pub is_port: bool,
    /// The position of the execution environment.
    pub ree: usize,
    /// Where it is written.
    pub place: Loc,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Deployment<'db> {
    /// Its name; that of the RFB unless another is given.
    pub name: String,
    /// What is deployed.
    pub instance: Instance<'db>,
    /// Where.
    pub substrate: Item<'db>,
    /// What is pinned.
    pub pins: Vec<Pinned>,
    /// One of [`OBJECTIVES`].
    pub objective: String,
    /// Where it is written.
    pub place: Loc,
}

/// A deployment, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub struct Deployed<'db> {
    /// The deployment, when the service and the substrate are known.
    pub deployment: Option<Deployment<'db>>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// The deployment that an item declares.
#[salsa::tracked(returns(ref))]
pub fn deployed<'db>(db: &'db dyn Db, item: Item<'db>) -> Deployed<'db> {
    let ast::Item::Deploy(tree) = parsed(db, item).tree(db) else { return Deployed::default() };
    let mut cx = Cx::new(db, item);
    let deployment = read(&mut cx, tree);
    Deployed { deployment, problems: cx.problems }
}

/// The deployments of a package, in the order of the source.
pub fn deployments<'db>(db: &'db dyn Db, package: Package) -> Vec<&'db Deployment<'db>> {
    let all = package.files(db).iter().flat_map(|file| items(db, *file).iter().copied());
    all.filter_map(|item| deployed(db, item).deployment.as_ref()).collect()
}

fn read<'db>(cx: &mut Cx<'db>, tree: &ast::Deploy) -> Option<Deployment<'db>> {
    let objective = objective(cx, &tree.minimize);
    let rfb = resolve(cx, &tree.rfb, Kind::Block);
    let on = ast::Path { segments: vec![tree.substrate.clone()], node: tree.substrate.node };
    let on = resolve(cx, &on, Kind::Substrate);
    let (rfb, on) = (rfb?, on?);
    if !must_be_concrete(cx, rfb, tree.rfb.node, "deployed") {
        return None;
    }
    let written = Written {
        type_args: &tree.type_args,
        args: &tree.args,
        passed: Params::new(),
        path: &tree.rfb,
        at: tree.rfb.node,
    };
    let instance = instantiate(cx, rfb, &written, &Params::new()).unwrap_or_else(|with_defaults| with_defaults);
    let pins: Vec<Pinned> = tree.pins.iter().filter_map(|p| pinned(cx, instance, on, p)).collect();
    report_pinned_twice(cx, &pins);
    let name = tree.alias.as_ref().map_or_else(|| plain_name(cx.db, rfb).to_owned(), |alias| alias.text.clone());
    Some(Deployment { name, instance, substrate: on, pins, objective: objective?, place: cx.at(tree.rfb.node) })
}

fn objective(cx: &mut Cx<'_>, expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) if OBJECTIVES.contains(&name.text.as_str()) => Some(name.text.clone()),
        ExprKind::Name(name) => {
            cx.report(unknown_objective(cx, name.node, Some(&name.text)));
            None
        }
        ExprKind::Bad => None,
        _ => {
            cx.report(unknown_objective(cx, expr.node, None));
            None
        }
    }
}

fn pinned<'db>(cx: &mut Cx<'db>, instance: Instance<'db>, on: Item<'db>, pin: &Pin) -> Option<Pinned> {
    let places = substrate(cx.db, on);
    let is_lost = places.find(&pin.ree.text).is_none() && !is_read(cx.db, on);
    let ree = if is_lost { None } else { find_ree(cx, places, &pin.ree) };
    let (what, is_port) = target(cx, instance, pin)?;
    Some(Pinned { what, is_port, ree: ree?, place: cx.at(pin.node) })
}

/// Complains of every pin that speaks of something that is pinned already.
fn report_pinned_twice(cx: &mut Cx<'_>, pins: &[Pinned]) {
    let mut seen: BTreeMap<(bool, &str), Loc> = BTreeMap::new();
    for pin in pins {
        let first = pin.what.iter().find_map(|name| Some((name, *seen.get(&(pin.is_port, name.as_str()))?)));
        if let Some((name, first)) = first {
            cx.report(pinned_twice(pin, name, first));
        }
        seen.extend(pin.what.iter().map(|name| ((pin.is_port, name.as_str()), pin.place)));
    }
}

fn target<'db>(cx: &mut Cx<'db>, instance: Instance<'db>, pin: &Pin) -> Option<(Vec<String>, bool)> {
    let own = ports(cx.db, instance);
    if let [segment] = pin.what.segments.as_slice()
        && own.groups.iter().any(|g| g.name == segment.name.text)
    {
        let around = Surroundings { ports: own, parts: None, env: params(cx.db, instance) };
        let ends = around.resolve(cx, &pin.what)?;
        let flat = own.flat();
        let name = |end: &crate::wire::ends::EndRef| match end {
            crate::wire::ends::EndRef::Outer(i) | crate::wire::ends::EndRef::Inner(_, i) => {
                flat.get(*i as usize).map(|p| p.name.clone())
            }
        };
        return Some((ends.ports.iter().filter_map(name).collect(), true));
    }
    if let [segment] = pin.what.segments.as_slice()
        && let Some(owner) = body(cx.db, instance).owner()
        && let parts = parts(cx.db, owner)
        && !parts.groups.iter().any(|group| group.name == segment.name.text)
        && !is_balancer(cx, instance, segment)
    {
        if !parts.broken.contains(&segment.name.text) && !own.lost.may_be(&segment.name.text) {
            let known = own.groups.iter().map(|g| g.name.as_str());
            let known = known.chain(parts.groups.iter().map(|g| g.name.as_str()));
            cx.report(neither_port_nor_part(cx, &segment.name, known));
        }
        return None;
    }
    part_paths(cx, instance, &pin.what.segments).map(|paths| (paths, false))
}

fn neither_port_nor_part<'a>(cx: &Cx<'_>, name: &ast::Name, known: impl Iterator<Item = &'a str>) -> Problem {
    Diagnostic::new(Code::E0207, cx.at(name.node), format!("there is no port or part `{}` here", name.text))
        .misspelt(&name.text, known)
}

/// The paths that `site.cache[*]` stands for.
fn part_paths<'db>(cx: &mut Cx<'db>, instance: Instance<'db>, segments: &[EndSegment]) -> Option<Vec<String>> {
    let (mut at, mut paths) = (instance, vec![String::new()]);
    for segment in segments {
        let owner = body(cx.db, at).owner()?;
        let parts = parts(cx.db, owner);
        let groups = &parts.groups;
        let Some(group) = groups.iter().find(|g| g.name == segment.name.text) else {
            if std::ptr::eq(segment, segments.last()?) && is_balancer(cx, at, segment) {
                return Some(paths.iter().map(|path| extended(path, &segment.name.text)).collect());
            }
            report_unknown_part(cx, &segment.name, Some(parts));
            return None;
        };
        let (names, which) = (group.names().collect::<Vec<_>>(), offsets(cx, segment, group.array, &Params::new())?);
        let elements = |path: &String| which.iter().map(|i| extended(path, &names[*i as usize])).collect::<Vec<_>>();
        paths = paths.iter().flat_map(elements).collect();
        at = group.instance;
    }
    Some(paths)
}

/// `site.fw` for the part `fw` of `site`.
fn extended(path: &str, part: &str) -> String {
    if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") }
}

/// Whether a distribution of a block has made a part of this name.
fn is_balancer<'db>(cx: &Cx<'db>, instance: Instance<'db>, segment: &EndSegment) -> bool {
    let made = wires(cx.db, instance).balancers.iter();
    segment.index.is_none() && made.into_iter().any(|balancer| balancer.name == segment.name.text)
}

fn pinned_twice(pin: &Pinned, name: &str, first: Loc) -> Problem {
    Diagnostic::new(Code::E0203, pin.place, format!("`{name}` is pinned twice"))
        .with_label(first, "pinned here already")
        .with_help("it is in one place only; leave out one of the two")
}

fn unknown_objective(cx: &Cx<'_>, at: NodeId, name: Option<&str>) -> Problem {
    let message = match name {
        Some(name) => format!("`{name}` cannot be minimised"),
        None => "an objective is one word".into(),
    };
    Diagnostic::new(Code::E0703, cx.at(at), message)
        .with_help(format!("what can be minimised is {}", OBJECTIVES.join(", ")))
        .misspelt(name.unwrap_or_default(), OBJECTIVES)
}

/// A second deployment of the same name in one file.
pub(crate) fn deployed_twice(db: &dyn Db, item: Item<'_>, first: Item<'_>, name: &str) -> Problem {
    use crate::lineage::name_place;
    Diagnostic::new(Code::E0203, name_place(db, item), format!("there are two deployments called `{name}`"))
        .with_label(name_place(db, first), "the first")
        .with_help("name one of them with `as`")
}
