//! Complaints about names.

use super::Frame;
use crate::cx::{Cx, did_you_mean};
use crate::nemo::cond::empty_range;
use crate::nemo::kind::Unfit;
use crate::nemo::scope::Clash;
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, Fix, NodeId, nearest};

/// Names that exist already, and those that do not and should.
pub(super) fn clashes(cx: &mut Cx<'_>, frame: &Frame<'_, '_>) {
    let scope = frame.scope;
    for clash in &scope.clashes {
        let problem = match clash {
            Clash::Again { kind, name, first } if frame.block.is_some() => {
                let message = format!("the {} `{}` is declared twice", noun(*kind), name.text);
                Diagnostic::new(Code::E0203, cx.at(name.node), message).with_label(cx.at(*first), "first declared here")
            }
            Clash::Again { kind, name, first } => {
                let message = format!("the {} `{}` exists already", noun(*kind), name.text);
                Diagnostic::new(Code::E0425, cx.at(name.node), message)
                    .with_label(cx.at(*first), "created here")
                    .with_help("give it another name; `UPDATE` changes what exists")
            }
            Clash::Missing { kind, verb, name, at, gone: Some(gone) } => {
                let message = format!("the {} `{name}` is {verb} after it has been deleted", noun(*kind));
                Diagnostic::new(Code::E0427, cx.at(*at), message).with_label(cx.at(*gone), "deleted here")
            }
            Clash::Missing { kind, verb, name, at, gone: None } => {
                let known = scope.ever().filter(|thing| thing.kind == *kind).map(|thing| thing.name.text.as_str());
                let near = nearest(name, known);
                let message = format!("there is no {} `{name}` that could be {verb}", noun(*kind));
                let mut problem = Diagnostic::new(Code::E0426, cx.at(*at), message);
                if frame.model.is_none() && frame.block.is_none() && scope.ever().next().is_none() {
                    taken_to_exist(&mut problem);
                }
                meant(cx, problem, *at, near)
            }
        };
        cx.report(problem);
    }
}

pub(super) fn noun(kind: rdcl_syntax::nemo::EntityKind) -> String {
    match kind {
        rdcl_syntax::nemo::EntityKind::ConnectionPoint => "connection point".to_owned(),
        rdcl_syntax::nemo::EntityKind::TemplateDefinition => "NodeModel".to_owned(),
        rdcl_syntax::nemo::EntityKind::TemplateInstance => "node".to_owned(),
        kind if kind.is_model() => kind.word().to_owned(),
        kind => kind.word().to_lowercase(),
    }
}

/// Of a text that declares nothing that could be meant, what it names is taken to exist already.
pub(super) fn taken_to_exist(problem: &mut Problem) {
    if [Code::E0424, Code::E0426].contains(&problem.code) {
        soften(problem, "nothing of the kind is declared in this text, so it is taken to exist already");
    }
}

/// The first drafts have no vocabulary, and no closed world: what one of their statements names is not known to be wrong,
/// unless something declared has almost that name.
pub(super) fn of_a_draft(problem: &mut Problem) {
    let vocabulary = [Code::E0413, Code::E0415, Code::E0421, Code::E0434].contains(&problem.code);
    let name = [Code::E0420, Code::E0424].contains(&problem.code) && problem.fix.is_none();
    if vocabulary || name {
        soften(problem, "statements without a verb are of drafts that leave names open, so it is taken as it is");
    }
}

fn soften(problem: &mut Problem, why: &str) {
    problem.code = Code::W0411;
    problem.severity = Code::W0411.severity();
    problem.help = Some(why.to_owned());
}

/// Proposes the nearest name.
pub(crate) fn meant(cx: &Cx<'_>, problem: Problem, at: NodeId, near: Option<&str>) -> Problem {
    let Some(near) = near else { return problem };
    let mut problem = problem.with_help(format!("did you mean `{near}`?"));
    problem.fix = Some(Fix { at: cx.at(at), replacement: near.to_owned() });
    problem
}

/// A name that is nothing here.
pub(super) fn unknown<'a>(
    cx: &Cx<'_>,
    at: NodeId,
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Problem {
    meant(cx, no_such(cx, at, format!("there is no {what} `{name}`")), at, nearest(name, known))
}

pub(super) fn no_such(cx: &Cx<'_>, at: NodeId, message: String) -> Problem {
    Diagnostic::new(Code::E0424, cx.at(at), message)
}

/// A type that is none.
pub(super) fn unknown_type<'a>(
    cx: &Cx<'_>,
    at: NodeId,
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Problem {
    let problem = Diagnostic::new(Code::E0420, cx.at(at), format!("there is no {what} `{name}`"));
    meant(cx, problem, at, nearest(name, known))
}

/// A statement that says nothing about the flows of a block.
pub(super) fn not_in_a_block(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0108, cx.at(at), "the intent of a block consists of flows and operations")
        .with_help("what the block is made of is declared in RDCL; a NEMO text of its own is a file `….nemo`")
}

/// Something that was deleted before.
pub(super) fn gone(cx: &Cx<'_>, at: NodeId, name: &str, deleted: NodeId) -> Problem {
    Diagnostic::new(Code::E0427, cx.at(at), format!("`{name}` is used after it has been deleted"))
        .with_label(cx.at(deleted), "deleted here")
}

/// A connection point has nothing in it.
pub(super) fn no_parts(cx: &Cx<'_>, at: NodeId, name: &str) -> Problem {
    no_such(cx, at, format!("`{name}` is a connection point, in which there is nothing to name"))
}

/// A value that is not what its property is.
pub(super) fn unfit(cx: &Cx<'_>, property: &str, wanted: &str, unfit: Unfit) -> Problem {
    match unfit {
        Unfit::Kind(at) => Diagnostic::new(Code::E0422, cx.at(at), format!("this is no value of `{property}`"))
            .with_help(format!("expected {wanted}")),
        Unfit::Malformed(at, why) => malformed(cx, at, why),
        Unfit::Empty(at, lo, hi) => empty_range(cx, at, &lo, &hi),
    }
}

/// A text that should be a date, a time or an address, and cannot be.
pub(super) fn malformed(cx: &Cx<'_>, at: NodeId, why: String) -> Problem {
    Diagnostic::new(Code::E0435, cx.at(at), why)
}

/// A key that is given twice.
pub(super) fn twice(cx: &Cx<'_>, at: NodeId, first: NodeId, what: &str, name: &str) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(at), format!("the {what} `{name}` is given twice"))
        .with_label(cx.at(first), "first given here")
}

/// A property that the model does not have.
pub(super) fn unknown_property(cx: &Cx<'_>, at: NodeId, model: &str, name: &str, known: &[&str]) -> Problem {
    let problem = Diagnostic::new(Code::E0421, cx.at(at), format!("`{model}` has no property `{name}`"));
    let listed =
        if known.is_empty() { "it has none".to_owned() } else { format!("its properties are {}", known.join(", ")) };
    match did_you_mean(name, known.iter().copied()) {
        Some(_) => meant(cx, problem, at, nearest(name, known.iter().copied())),
        None => problem.with_help(listed),
    }
}
