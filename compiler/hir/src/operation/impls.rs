//! Implementations: on which kinds of execution environment an instance can run, and what it needs there.

use crate::attrs::{Attribute, Want, attribute, attributes};
use crate::cx::Cx;
use crate::instance::{Instance, members, params};
use crate::lineage::instance_lineage;
use crate::operation::environments::{ReeKind, ree_kind};
use crate::operation::features::{Feature, features};
use crate::source::db::Db;
use crate::source::loc::{Loc, Problem};
use crate::value::Value;
use rdcl_base::{Code, Diagnostic, Dimension};
use rdcl_syntax::ast::{Impl, Member};

/// What an implementation may say.
const IMPL_ATTRIBUTES: &[(&str, Want)] = &[
    ("cpu", Want::Amount(Dimension::Cpu)),
    ("memory", Want::Amount(Dimension::Memory)),
    ("disk", Want::Amount(Dimension::Memory)),
    ("packet_rate", Want::Amount(Dimension::PacketRate)),
    ("delay", Want::Amount(Dimension::Time)),
    ("loss", Want::Amount(Dimension::Ratio)),
    ("image", Want::Text),
    ("flavor", Want::Text),
];

/// An implementation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Implementation {
    /// The RFB that declares it.
    pub declared_by: String,
    /// Its name.
    pub name: String,
    /// The most general kind of the execution environment it is for, one of [`REE_KINDS`](crate::REE_KINDS) unless that
    /// was declared without a parent.
    pub ree: String,
    /// The kind of execution environment that is written.
    pub kind: ReeKind,
    /// Its needs.
    pub attributes: Vec<Attribute>,
    /// What its execution environment has to offer.
    pub requires: Vec<Feature>,
    /// Where it is written.
    pub place: Loc,
}

impl Implementation {
    /// The image it runs, if it runs one.
    pub fn image(&self) -> Option<&str> {
        match attribute(&self.attributes, "image")? {
            Value::Str(image) if !image.is_empty() => Some(image),
            _ => None,
        }
    }
}

/// The implementations of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Implementations {
    /// Its own, then inherited ones whose name it does not use.
    pub list: Vec<Implementation>,
    /// What is wrong with its own.
    pub problems: Vec<Problem>,
}

/// The implementations of an instance.
#[salsa::tracked(returns(ref))]
pub fn implementations<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Implementations {
    let mut found = Implementations::default();
    for ancestor in instance_lineage(db, instance) {
        let mut cx = Cx::new(db, ancestor.rfb(db));
        let declared = own(&mut cx, *ancestor);
        let new: Vec<Implementation> =
            declared.into_iter().filter(|i| !found.list.iter().any(|known| known.name == i.name)).collect();
        found.list.extend(new);
        if *ancestor == instance {
            found.problems = cx.problems;
        }
    }
    found
}

fn own<'db>(cx: &mut Cx<'db>, instance: Instance<'db>) -> Vec<Implementation> {
    let (db, mut list) = (cx.db, Vec::<Implementation>::new());
    for member in members(db, instance.rfb(db)) {
        let Member::Impl(implementation) = member else { continue };
        let name = &implementation.name;
        if let Some(first) = list.iter().find(|known| known.name == name.text) {
            cx.report(implementation_twice(cx, implementation, first.place));
            continue;
        }
        let attributes = attributes(cx, &implementation.attrs, IMPL_ATTRIBUTES, params(db, instance));
        let requires = features(cx, &implementation.features, "require", params(db, instance));
        let Some(kind) = ree_kind(cx, &implementation.ree) else { continue };
        let declared_by = instance.rfb(db).name(db).to_owned();
        let place = cx.at(implementation.node);
        let (name, ree) = (name.text.clone(), kind.base());
        list.push(Implementation { declared_by, name, ree, kind, attributes, requires, place });
    }
    list
}

fn implementation_twice(cx: &Cx<'_>, implementation: &Impl, first: Loc) -> Problem {
    let name = &implementation.name;
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the implementation `{}` is declared twice", name.text))
        .with_label(first, "first declared here")
}
