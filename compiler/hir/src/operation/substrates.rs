//! Substrates: execution environments and the links between them.

use crate::attrs::{Attribute, Want, attribute, attributes};
use crate::cx::{Cx, Params};
use crate::operation::environments::{ReeKind, inherited, ree_kind};
use crate::operation::features::{Feature, features};
use crate::source::db::Db;
use crate::source::item::{Item, parsed};
use crate::source::loc::{Loc, Problem};
use rdcl_base::{Code, Diagnostic, Dimension};
use rdcl_syntax::ast::{self, Name, SubstrateMember};

/// What an execution environment may say.
pub(crate) const REE_ATTRIBUTES: &[(&str, Want)] = &[
    ("cpu", Want::Amount(Dimension::Cpu)),
    ("memory", Want::Amount(Dimension::Memory)),
    ("disk", Want::Amount(Dimension::Memory)),
    ("packet_rate", Want::Amount(Dimension::PacketRate)),
    ("availability", Want::Amount(Dimension::Ratio)),
    ("cost", Want::Number),
    ("region", Want::Text),
    ("zone", Want::Text),
];

/// What a link may say.
const LINK_ATTRIBUTES: &[(&str, Want)] = &[
    ("bandwidth", Want::Amount(Dimension::Bandwidth)),
    ("delay", Want::Amount(Dimension::Time)),
    ("packet_rate", Want::Amount(Dimension::PacketRate)),
    ("loss", Want::Amount(Dimension::Ratio)),
    ("availability", Want::Amount(Dimension::Ratio)),
    ("cost", Want::Number),
];

/// An execution environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ree {
    /// Its name.
    pub name: String,
    /// Its most general kind, one of [`REE_KINDS`](crate::REE_KINDS) unless that was declared without a parent.
    pub kind: String,
    /// The kind that is written.
    pub named: ReeKind,
    /// The position of the execution environment that it runs in.
    pub host: Option<usize>,
    /// What it has, by itself or as one of its kind.
    pub attributes: Vec<Attribute>,
    /// What it offers besides.
    pub offers: Vec<Feature>,
    /// Where it is written.
    pub place: Loc,
}

/// A link between two execution environments, by their positions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// One end.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// What it offers.
    pub attributes: Vec<Attribute>,
    /// Where it is written.
    pub place: Loc,
}

/// A substrate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Substrate {
    /// Its execution environments, in order.
    pub rees: Vec<Ree>,
    /// Its links, in order.
    pub links: Vec<Link>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

impl Substrate {
    /// The position of an execution environment.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.rees.iter().position(|r| r.name == name)
    }

    /// What an execution environment runs in, from the nearest outwards.
    pub fn around(&self, ree: usize) -> impl Iterator<Item = usize> + '_ {
        let next = |at: &usize| self.rees[*at].host;
        std::iter::successors(next(&ree), next).take(self.rees.len())
    }

    /// The outermost of what an execution environment runs in; itself, if it runs in none. Links of one are there for all
    /// that have the same.
    pub fn site(&self, ree: usize) -> usize {
        self.around(ree).last().unwrap_or(ree)
    }
}

/// The substrate that an item declares; empty for another item.
#[salsa::tracked(returns(ref))]
pub fn substrate<'db>(db: &'db dyn Db, item: Item<'db>) -> Substrate {
    let ast::Item::Substrate(tree) = parsed(db, item).tree(db) else { return Substrate::default() };
    let (mut cx, mut substrate) = (Cx::new(db, item), Substrate::default());
    for member in &tree.members {
        if let SubstrateMember::Ree(ree) = member {
            add_ree(&mut cx, &mut substrate, ree);
        }
    }
    let rees = tree.members.iter().filter_map(|m| if let SubstrateMember::Ree(ree) = m { Some(ree) } else { None });
    for ree in rees.clone() {
        find_host(&mut cx, &mut substrate, ree);
    }
    report_circles(&mut cx, &mut substrate);
    rees.for_each(|ree| check_host(&mut cx, &substrate, ree));
    for member in &tree.members {
        if let SubstrateMember::Link(link) = member {
            add_link(&mut cx, &mut substrate, link);
        }
    }
    substrate.problems = cx.problems;
    substrate
}

fn add_ree(cx: &mut Cx<'_>, substrate: &mut Substrate, ree: &ast::Ree) {
    if let Some(first) = substrate.rees.iter().find(|r| r.name == ree.name.text) {
        return cx.report(ree_twice(cx, &ree.name, first.place));
    }
    let mut attributes = attributes(cx, &ree.attrs, REE_ATTRIBUTES, &Params::new());
    let mut offers = features(cx, &ree.features, "offer", &Params::new());
    let Some(named) = ree_kind(cx, &ree.kind) else { return };
    let inherited = inherited(cx, &ree.kind);
    let new = inherited.attributes.into_iter().filter(|a| attribute(&attributes, &a.name).is_none());
    attributes.extend(new.collect::<Vec<_>>());
    offers.extend(inherited.offers);
    let (name, kind, place) = (ree.name.text.clone(), named.base(), cx.at(ree.node));
    substrate.rees.push(Ree { name, kind, named, host: None, attributes, offers, place });
}

/// Finds the execution environment that one runs in; it may stand behind it.
fn find_host(cx: &mut Cx<'_>, substrate: &mut Substrate, ree: &ast::Ree) {
    let Some(at) = substrate.find(&ree.name.text).filter(|at| substrate.rees[*at].place == cx.at(ree.node)) else {
        return;
    };
    let Some(host) = &ree.host else { return };
    substrate.rees[at].host = find_ree(cx, substrate, host);
}

/// Complains of what runs in itself, and takes it out of there.
fn report_circles(cx: &mut Cx<'_>, substrate: &mut Substrate) {
    for at in 0..substrate.rees.len() {
        if substrate.around(at).any(|host| host == at) {
            cx.report(in_itself(&substrate.rees[at]));
            substrate.rees[at].host = None;
        }
    }
}

/// Complains where the kind of one execution environment may not be hosted by the kind of another.
fn check_host(cx: &mut Cx<'_>, substrate: &Substrate, ree: &ast::Ree) {
    let Some(at) = substrate.find(&ree.name.text).filter(|at| substrate.rees[*at].place == cx.at(ree.node)) else {
        return;
    };
    let hosts = inherited(cx, &ree.kind).hosts;
    let named = substrate.rees[at].host.map(|host| &substrate.rees[host]);
    let fits = |host: &Ree| hosts.iter().any(|kind| host.named.is(kind));
    if hosts.is_empty() || named.is_some_and(fits) || (ree.host.is_some() && named.is_none()) {
        return;
    }
    let problem = wrong_host(cx, ree, named, &hosts);
    cx.report(problem);
}

fn add_link(cx: &mut Cx<'_>, substrate: &mut Substrate, link: &ast::Link) {
    let attributes = attributes(cx, &link.attrs, LINK_ATTRIBUTES, &Params::new());
    let (a, b) = (find_ree(cx, substrate, &link.a), find_ree(cx, substrate, &link.b));
    let (Some(a), Some(b)) = (a, b) else { return };
    if a == b {
        return cx.report(link_to_itself(cx, link));
    }
    if substrate.site(a) == substrate.site(b) {
        return cx.report(link_within(cx, link, &substrate.rees[substrate.site(a)].name));
    }
    substrate.links.push(Link { a, b, attributes, place: cx.at(link.node) });
}

/// The position of an execution environment; complains when there is none.
pub(crate) fn find_ree(cx: &mut Cx<'_>, substrate: &Substrate, name: &Name) -> Option<usize> {
    let found = substrate.find(&name.text);
    if found.is_none() {
        cx.report(unknown_ree(cx, substrate, name));
    }
    found
}

fn ree_twice(cx: &Cx<'_>, name: &Name, first: Loc) -> Problem {
    let message = format!("the execution environment `{}` is declared twice", name.text);
    Diagnostic::new(Code::E0203, cx.at(name.node), message).with_label(first, "first declared here")
}

fn unknown_ree(cx: &Cx<'_>, substrate: &Substrate, name: &Name) -> Problem {
    let known = substrate.rees.iter().map(|r| r.name.as_str());
    Diagnostic::new(Code::E0701, cx.at(name.node), format!("there is no execution environment `{}`", name.text))
        .misspelt(&name.text, known)
}

fn link_to_itself(cx: &Cx<'_>, link: &ast::Link) -> Problem {
    Diagnostic::new(Code::E0704, cx.at(link.node), format!("this links `{}` to itself", link.a.text))
        .with_note("traffic inside one execution environment needs no link")
}

fn link_within(cx: &Cx<'_>, link: &ast::Link, site: &str) -> Problem {
    let message = format!("`{}` and `{}` both run in `{site}`, or are it", link.a.text, link.b.text);
    Diagnostic::new(Code::E0704, cx.at(link.node), message)
        .with_note("traffic between what runs in one execution environment needs no link")
}

fn in_itself(ree: &Ree) -> Problem {
    Diagnostic::new(Code::E0343, ree.place, format!("`{}` runs in itself", ree.name))
        .with_help("leave out one of the `in` on the way round")
}

fn wrong_host(cx: &Cx<'_>, ree: &ast::Ree, host: Option<&Ree>, kinds: &[ReeKind]) -> Problem {
    let kinds = kinds.iter().map(|kind| format!("`{}`", kind.name)).collect::<Vec<_>>().join(" or ");
    let named = ree.kind.segments.last().map_or("", |s| s.text.as_str());
    match (host, &ree.host) {
        (Some(host), Some(written)) => {
            let message = format!("a `{named}` runs in a {kinds}, but `{}` is a `{}`", host.name, host.named.name);
            Diagnostic::new(Code::E0344, cx.at(written.node), message).with_label(host.place, "declared here")
        }
        _ => Diagnostic::new(Code::E0344, cx.at(ree.name.node), format!("a `{named}` runs in a {kinds}"))
            .with_help(format!("say in which, as in `ree {}: {named} in …`", ree.name.text)),
    }
}
