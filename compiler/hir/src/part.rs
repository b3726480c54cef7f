//! The parts a composite declares, and how deep parts nest.

use crate::bodies::part_items;
use crate::conditional::{DEEPEST_RECURSION, chosen_members, is_recursive, shrinking};
use crate::cx::{Cx, Params};
use crate::instance::param::signature;
use crate::instance::{Instance, Written, instantiate, params};
use crate::lineage::abstraction::must_be_concrete;
use crate::port::{array_bounds, group_names};
use crate::source::db::Db;
use crate::source::item::{Item, stands_before};
use crate::source::loc::{Loc, Problem};
use crate::source::names::{Kind, resolve};
use crate::value::{Type, Value};
use indexmap::{IndexMap, IndexSet};
use rdcl_base::{Code, Diagnostic};
use rdcl_syntax::ast;

/// The deepest nesting of parts; it bounds every walk over parts.
const DEEPEST: usize = 64;

/// A part, or an array of equal parts.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct PartGroup<'db> {
    /// Its name.
    pub name: String,
    /// Inclusive bounds of an array.
    pub array: Option<(u64, u64)>,
    /// What each is.
    pub instance: Instance<'db>,
    /// Where it is declared.
    pub place: Loc,
}

impl PartGroup<'_> {
    /// The number of its parts.
    pub fn size(&self) -> u64 {
        self.array.map_or(1, |(lo, hi)| hi - lo + 1)
    }

    /// The names of its parts.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        group_names(&self.name, self.array)
    }
}

/// The parts of an instance.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Parts<'db> {
    /// In order.
    pub groups: Vec<PartGroup<'db>>,
    /// The names of those of which nothing is known because their declaration is wrong.
    pub broken: Vec<String>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

/// The parts that the RFB of an instance declares itself.
#[salsa::tracked(returns(ref))]
pub fn parts<'db>(db: &'db dyn Db, owner: Instance<'db>) -> Parts<'db> {
    let item = owner.rfb(db);
    let (mut cx, mut groups, mut broken) = (Cx::new(db, item), Vec::<PartGroup<'db>>::new(), Vec::new());
    let env = params(db, owner);
    for member in chosen_members(&mut cx, env) {
        let ast::Member::Part(part) = member else { continue };
        let Some(group) = part_group(&mut cx, part, env) else {
            broken.push(part.name.text.clone());
            continue;
        };
        match groups.iter().find(|g| g.name == group.name) {
            Some(first) => cx.report(duplicate_part(&cx, part, first.place)),
            None => groups.push(group),
        }
    }
    Parts { groups, broken, problems: cx.problems }
}

fn part_group<'db>(cx: &mut Cx<'db>, part: &ast::Part, env: &Params) -> Option<PartGroup<'db>> {
    let target = resolve(cx, &part.rfb, Kind::Block)?;
    let smaller = shrinking(cx.db, cx.item, part).filter(|_| target == cx.item);
    if let Some((_, Value::Int(depth @ DEEPEST_RECURSION..))) = smaller.as_ref().and_then(|name| env.get(name)) {
        cx.report(too_deep_in_itself(cx, part, *depth));
        return None;
    }
    let concrete = must_be_concrete(cx, target, part.rfb.node, "a part");
    let array = array_bounds(cx, part.array.as_ref(), env).ok()?;
    let written =
        Written { type_args: &part.type_args, args: &part.args, passed: Params::new(), path: &part.rfb, at: part.node };
    let instance = match instantiate(cx, target, &written, env) {
        // Nothing is known of its ports.
        Err(_) if !part.type_args.is_empty() || smaller.is_some() => return None,
        Ok(instance) | Err(instance) => instance,
    };
    concrete.then(|| PartGroup { name: part.name.text.clone(), array, instance, place: cx.at(part.node) })
}

/// How an RFB's parts nest.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub enum Nesting<'db> {
    /// Well.
    Fine,
    /// The block is (a part of …) a part of itself; the blocks on the way, from and without itself.
    Recursive(Vec<Item<'db>>),
    /// A block it holds is a part of itself, or parts nest too deep.
    Broken,
}

/// How an RFB's parts nest.
#[salsa::tracked(returns(ref))]
pub fn nesting<'db>(db: &'db dyn Db, item: Item<'db>) -> Nesting<'db> {
    let mut came_from: IndexMap<Item<'db>, Item<'db>> = IndexMap::new();
    let mut open = vec![item];
    while let Some(current) = open.pop() {
        for part in part_items(db, current) {
            if *part == item {
                return Nesting::Recursive(way_back(&came_from, item, current));
            }
            if !came_from.contains_key(part) {
                came_from.insert(*part, current);
                open.push(*part);
            }
        }
    }
    let inner: IndexSet<Item<'db>> = std::iter::once(item).chain(came_from.into_keys()).collect();
    if is_shallow(db, &inner) { Nesting::Fine } else { Nesting::Broken }
}

fn way_back<'db>(came_from: &IndexMap<Item<'db>, Item<'db>>, item: Item<'db>, mut at: Item<'db>) -> Vec<Item<'db>> {
    let mut way = Vec::new();
    while at != item {
        way.push(at);
        let Some(before) = came_from.get(&at) else { break };
        at = *before;
    }
    way.reverse();
    way
}

/// Peels off blocks whose parts are all peeled off, and counts levels; a circle is never peeled.
fn is_shallow<'db>(db: &'db dyn Db, blocks: &IndexSet<Item<'db>>) -> bool {
    let mut users: IndexMap<Item<'db>, Vec<Item<'db>>> = IndexMap::new();
    let mut waits_for: IndexMap<Item<'db>, usize> = IndexMap::new();
    for block in blocks {
        let parts = part_items(db, *block);
        waits_for.insert(*block, parts.len());
        parts.iter().for_each(|part| users.entry(*part).or_default().push(*block));
    }
    let mut ready: Vec<Item<'db>> = blocks.iter().copied().filter(|b| waits_for.get(b) == Some(&0)).collect();
    let mut below: IndexMap<Item<'db>, usize> = IndexMap::new();
    let mut peeled = 0;
    while let Some(block) = ready.pop() {
        let own = if is_recursive(db, block) { DEEPEST_RECURSION as usize } else { 1 };
        let depth = below.get(&block).copied().unwrap_or(0) + own;
        if depth > DEEPEST {
            return false;
        }
        peeled += 1;
        for user in users.get(&block).into_iter().flatten() {
            let deepest = below.entry(*user).or_default();
            *deepest = depth.max(*deepest);
            if one_less(&mut waits_for, user) {
                ready.push(*user);
            }
        }
    }
    peeled == blocks.len()
}

/// Counts down; true when nothing is left to wait for.
fn one_less<'db>(waits_for: &mut IndexMap<Item<'db>, usize>, block: &Item<'db>) -> bool {
    let Some(count) = waits_for.get_mut(block) else { return false };
    *count -= 1;
    *count == 0
}

/// What is wrong with how an RFB's parts nest.
pub(crate) fn nesting_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Problem> {
    let at = crate::lineage::name_place(db, item);
    match nesting(db, item) {
        Nesting::Fine => Vec::new(),
        // Of a way round, the block that stands first is complained of.
        Nesting::Recursive(way) if way.iter().any(|other| stands_before(db, *other, item)) => Vec::new(),
        Nesting::Recursive(way) => vec![part_of_itself(db, item, way, at)],
        Nesting::Broken => {
            let cause = part_items(db, item).iter().any(|part| *nesting(db, *part) != Nesting::Fine);
            if cause { Vec::new() } else { vec![too_deep(db, item, at)] }
        }
    }
}

fn duplicate_part(cx: &Cx<'_>, part: &ast::Part, first: Loc) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(part.name.node), format!("the part `{}` is declared twice", part.name.text))
        .with_label(first, "first declared here")
}

fn part_of_itself(db: &dyn Db, item: Item<'_>, way: &[Item<'_>], at: Loc) -> Problem {
    let name = item.name(db);
    let through: Vec<String> = way.iter().map(|i| format!("`{}`", i.name(db))).collect();
    let message = if through.is_empty() {
        format!("`{name}` is a part of itself")
    } else {
        format!("`{name}` is a part of itself, through {}", through.join(" and "))
    };
    let problem = Diagnostic::new(Code::E0210, at, message).with_note("a service of unlimited size cannot be built");
    match signature(db, item).params.iter().find(|p| matches!(p.ty, Type::Uint(_))).filter(|_| through.is_empty()) {
        Some(param) => problem.with_help(format!(
            "let it shrink, under a condition: `if {0} > 0 {{ part …: {name}({0} = {0} - 1); … }}`",
            param.name
        )),
        None => problem,
    }
}

fn too_deep_in_itself(cx: &Cx<'_>, part: &ast::Part, depth: u128) -> Problem {
    let message = format!("`{}` would hold itself {depth} deep", cx.item.name(cx.db));
    Diagnostic::new(Code::E0408, cx.at(part.node), message)
        .with_note(format!("a block holds itself less than {DEEPEST_RECURSION} deep"))
}

fn too_deep(db: &dyn Db, item: Item<'_>, at: Loc) -> Problem {
    Diagnostic::new(Code::E0408, at, format!("the parts of `{}` nest more than {DEEPEST} deep", item.name(db)))
}
