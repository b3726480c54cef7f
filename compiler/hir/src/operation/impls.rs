//! Implementations: on which kinds of execution environment an instance can run, and what it needs there.

use crate::attrs::{Attribute, Want, attribute, attributes};
use crate::cx::{Cx, did_you_mean};
use crate::instance::{Instance, members, params};
use crate::lineage::instance_lineage;
use crate::source::db::Db;
use crate::source::loc::{Loc, Problem};
use crate::types::REE_KINDS;
use crate::value::Value;
use rdcl_base::{Code, Diagnostic, Dimension, NodeId};
use rdcl_syntax::ast::{Impl, Member, Path};

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
    /// The kind of execution environment, one of [`REE_KINDS`].
    pub ree: String,
    /// Its needs.
    pub attributes: Vec<Attribute>,
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
        if list.iter().any(|known| known.name == name.text) {
            cx.report(implementation_twice(cx, implementation));
            continue;
        }
        let attributes = attributes(cx, &implementation.attrs, IMPL_ATTRIBUTES, params(db, instance));
        let Some(ree) = ree_kind(cx, &implementation.ree) else { continue };
        let declared_by = instance.rfb(db).name(db).to_owned();
        let place = cx.at(implementation.node);
        list.push(Implementation { declared_by, name: name.text.clone(), ree, attributes, place });
    }
    list
}

/// A kind of execution environment; complains when it is none.
pub(crate) fn ree_kind(cx: &mut Cx<'_>, path: &Path) -> Option<String> {
    let name = path.segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("::");
    if REE_KINDS.contains(&name.as_str()) {
        return Some(name);
    }
    cx.report(unknown_kind(cx, &name, path.node));
    None
}

fn unknown_kind(cx: &Cx<'_>, name: &str, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0208, cx.at(at), format!("`{name}` is not a kind of execution environment"))
        .with_help(did_you_mean(name, REE_KINDS).unwrap_or_else(|| format!("the kinds are {}", REE_KINDS.join(", "))))
}

fn implementation_twice(cx: &Cx<'_>, implementation: &Impl) -> Problem {
    let name = &implementation.name;
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the implementation `{}` is declared twice", name.text))
}
