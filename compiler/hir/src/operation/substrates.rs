//! Substrates: execution environments and the links between them.

use crate::attrs::{Attribute, Want, attributes};
use crate::cx::{Cx, Params, did_you_mean};
use crate::operation::impls::ree_kind;
use crate::source::db::Db;
use crate::source::item::{Item, parsed};
use crate::source::loc::{Loc, Problem};
use rdcl_base::{Code, Diagnostic, Dimension};
use rdcl_syntax::ast::{self, Name, SubstrateMember};

/// What an execution environment may say.
const REE_ATTRIBUTES: &[(&str, Want)] = &[
    ("cpu", Want::Amount(Dimension::Cpu)),
    ("memory", Want::Amount(Dimension::Memory)),
    ("disk", Want::Amount(Dimension::Memory)),
    ("packet_rate", Want::Amount(Dimension::PacketRate)),
    ("availability", Want::Amount(Dimension::Ratio)),
    ("cost", Want::Number),
    ("region", Want::Text),
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
    /// Its kind, one of [`REE_KINDS`](crate::REE_KINDS).
    pub kind: String,
    /// What it offers.
    pub attributes: Vec<Attribute>,
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
    let attributes = attributes(cx, &ree.attrs, REE_ATTRIBUTES, &Params::new());
    let Some(kind) = ree_kind(cx, &ree.kind) else { return };
    substrate.rees.push(Ree { name: ree.name.text.clone(), kind, attributes, place: cx.at(ree.node) });
}

fn add_link(cx: &mut Cx<'_>, substrate: &mut Substrate, link: &ast::Link) {
    let attributes = attributes(cx, &link.attrs, LINK_ATTRIBUTES, &Params::new());
    let (a, b) = (find_ree(cx, substrate, &link.a), find_ree(cx, substrate, &link.b));
    let (Some(a), Some(b)) = (a, b) else { return };
    if a == b {
        return cx.report(link_to_itself(cx, link));
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
        .with_optional_help(did_you_mean(&name.text, known))
}

fn link_to_itself(cx: &Cx<'_>, link: &ast::Link) -> Problem {
    Diagnostic::new(Code::E0704, cx.at(link.node), format!("this links `{}` to itself", link.a.text))
        .with_note("traffic inside one execution environment needs no link")
}
