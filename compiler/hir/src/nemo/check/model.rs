//! Models: their properties, their connection points, their bodies, and those that hold themselves.

use super::{Frame, check, faults, flow};
use crate::cx::{Cx, did_you_mean};
use crate::nemo::descriptor::{Place, descriptor, file_of, place_of};
use crate::nemo::kind::TYPE_WORDS;
use crate::nemo::library::{Model, program};
use crate::nemo::scope::{Scope, Space, Thing};
use crate::source::db::Package;
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, NodeId, nearest};
use rdcl_import::{Descriptor, Found};
use rdcl_syntax::nemo::{EntityKind, Name, Ref, Uri};
use std::collections::{BTreeMap, BTreeSet};

/// The spaces of models.
const SPACES: [Space; 5] =
    [Space::NodeModel, Space::ConnectionModel, Space::FlowModel, Space::ActionModel, Space::ConditionModel];

/// Checks the models of a text.
pub(super) fn all<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>) {
    let own = cx.item;
    for space in SPACES {
        for model in frame.library.all(space).filter(|model| model.item == own) {
            properties(cx, model);
            if space == Space::NodeModel {
                body(cx, frame, model);
            }
        }
    }
    recursion(cx, frame);
    unused(cx, frame);
}

fn properties(cx: &mut Cx<'_>, model: &Model<'_>) {
    let mut seen: BTreeMap<&str, NodeId> = BTreeMap::new();
    for property in &model.properties {
        if let Some(first) = seen.insert(property.name, property.node) {
            cx.report(faults::twice(cx, property.node, first, "property", property.name));
        }
        if let (Some(word), None) = (property.word, property.kind) {
            cx.report(unknown_kind(cx, word));
        }
    }
    for required in &model.required {
        if model.find(&required.text).is_none() {
            let known: Vec<&str> = model.properties.iter().map(|property| property.name).collect();
            cx.report(faults::unknown_property(cx, required.node, &model.thing.name.text, &required.text, &known));
        }
    }
}

fn body<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>, model: &Model<'db>) {
    let inner =
        Frame { library: frame.library, scope: &model.scope, model: Some(model), block: None, unread: frame.unread };
    check(cx, &inner);
    flow::unused(cx, &inner, &BTreeSet::new());
    let known = model.thing.descriptor().and_then(|uri| handed_in(cx, uri));
    let ends: BTreeSet<String> =
        model.scope.of_kind(EntityKind::Connection).flat_map(Thing::ends).map(|end| end.first.text.clone()).collect();
    for point in model.points() {
        match (point.interface(), model.thing.descriptor()) {
            (Some(interface), None) if !model.thing.broken => cx.report(no_descriptor(cx, interface, model)),
            (Some(interface), _) if model.find(&interface.text()).is_none() => {
                if let Some(descriptor) = known {
                    check_interface(cx, descriptor, &interface.text(), interface.node);
                }
            }
            (Some(_), _) => {}
            (None, _) if !ends.contains(&point.name.text) && !point.broken => cx.report(unconnected(cx, point, model)),
            (None, _) => {}
        }
    }
}

/// The descriptor behind a URI; complains of one that should be there.
fn handed_in<'db>(cx: &mut Cx<'db>, uri: &Uri) -> Option<&'db Descriptor> {
    let Place::File(path) = place_of(uri) else { return None };
    let Some(file) = file_of(cx.db, cx.item, &path) else {
        cx.report(missing_descriptor(cx, uri.node, &path));
        return None;
    };
    let (descriptor, problems) = descriptor(cx.db, file);
    for problem in problems {
        if !cx.problems.contains(problem) {
            cx.report(problem.clone());
        }
    }
    descriptor.as_ref()
}

/// Complains of an interface that the descriptor does not offer.
pub(super) fn check_interface(cx: &mut Cx<'_>, descriptor: &Descriptor, name: &str, at: NodeId) {
    match descriptor.find(name) {
        Found::One(_) => {}
        Found::None => cx.report(no_interface(cx, descriptor, name, at)),
        Found::Internal(_) => {
            let message = format!("the interface `{name}` of the descriptor is for its inside only");
            let problem = Diagnostic::new(Code::E0439, cx.at(at), message);
            cx.report(problem.with_help(listed(descriptor)));
        }
        Found::Several(all) => {
            let units: Vec<String> =
                all.iter().filter_map(|i| Some(format!("`{}.{}`", i.name, i.unit.as_ref()?))).collect();
            let message = format!("several machines of the descriptor have an interface `{name}`");
            let problem = Diagnostic::new(Code::E0439, cx.at(at), message);
            cx.report(problem.with_help(format!("say which: {}", units.join(" or "))));
        }
    }
}

/// Complains of models that, somewhere inside, hold themselves.
fn recursion<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>) {
    let own: Vec<&Model<'db>> = frame.library.all(Space::NodeModel).filter(|model| model.item == cx.item).collect();
    let mut own = own;
    own.sort_by_key(|model| model.thing.name.node);
    let members = |name: &str| -> Vec<&Name> {
        frame.library.node(name).map_or_else(Vec::new, |model| {
            model.members().filter_map(Thing::type_name).filter(|ty| model.find(&ty.text).is_none()).collect()
        })
    };
    // A model is open (`true`) while its members are looked at.
    let mut state: BTreeMap<String, bool> = BTreeMap::new();
    for model in own {
        let name = &model.thing.name.text;
        if state.contains_key(name) {
            continue;
        }
        state.insert(name.clone(), true);
        let mut open = vec![(name.clone(), members(name), 0)];
        while let Some((name, types, next)) = open.pop() {
            let Some(ty) = types.get(next).copied() else {
                state.insert(name, false);
                continue;
            };
            let through: Vec<String> = open.iter().map(|(name, ..)| name.clone()).chain([name.clone()]).collect();
            open.push((name.clone(), types, next + 1));
            match state.get(&ty.text) {
                Some(true) if frame.library.node(&name).is_some_and(|model| model.item == cx.item) => {
                    let way = through.iter().skip_while(|name| **name != ty.text).skip(1);
                    cx.report(holds_itself(cx, ty, &way.map(|name| format!("`{name}`")).collect::<Vec<_>>()));
                }
                Some(_) => {}
                None => {
                    state.insert(ty.text.clone(), true);
                    open.push((ty.text.clone(), members(&ty.text), 0));
                }
            }
        }
    }
}

/// Warns of models that no node is an instance of, in a text that is more than a list of models.
fn unused<'db>(cx: &mut Cx<'db>, frame: &Frame<'_, 'db>) {
    let named = types_named(cx, frame);
    let models: Vec<&Thing<'db>> = frame.scope.of_kind(EntityKind::NodeModel).collect();
    let of = |thing: &Thing<'db>| frame.library.node(&thing.name.text);
    let has_nodes = frame.scope.of_kind(EntityKind::Node).next().is_some();
    let has_composites = models.iter().any(|thing| of(thing).is_some_and(Model::is_composite));
    for thing in models {
        let is_whole = of(thing).is_none_or(Model::is_composite);
        let expected = has_nodes || (has_composites && !is_whole);
        if expected && !thing.broken && !named.contains(&thing.name.text) && !is_mentioned(cx, &thing.name.text) {
            let message = format!("no node is of the model `{}`", thing.name.text);
            cx.report(Diagnostic::new(Code::W0409, cx.at(thing.name.node), message));
        }
    }
}

/// The types of all nodes of all texts.
fn types_named<'db>(cx: &Cx<'db>, frame: &Frame<'_, 'db>) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for model in frame.library.all(Space::NodeModel) {
        named.extend(model.members().filter_map(Thing::type_name).map(|ty| ty.text.clone()));
        // A parameter may stand for a model, whose name is then a value.
        let values = model.members().flat_map(Thing::properties).filter_map(|(_, value)| value);
        named.extend(values.map(|value| crate::nemo::kind::shown(&value)));
    }
    let package = Package::try_get(cx.db);
    for file in package.into_iter().flat_map(|package| package.files(cx.db)) {
        let Some(program) = crate::nemo::library::text_of(cx.db, *file).and_then(|item| program(cx.db, item)) else {
            continue;
        };
        let scope = Scope::of_text(&program.statements);
        for node in scope.ever().filter(|thing| thing.kind == EntityKind::Node) {
            named.extend(node.type_name().map(|ty| ty.text.clone()));
            named
                .extend(node.properties().into_iter().filter_map(|(_, value)| Some(crate::nemo::kind::shown(&value?))));
        }
    }
    named
}

/// Whether a file in RDCL has the word.
fn is_mentioned(cx: &Cx<'_>, name: &str) -> bool {
    let Some(package) = Package::try_get(cx.db) else { return false };
    let others = package.files(cx.db).iter().filter(|file| crate::nemo::library::text_of(cx.db, **file).is_none());
    let mut others = others.map(|file| file.text(cx.db));
    others.any(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name))
}

fn listed(descriptor: &Descriptor) -> String {
    match descriptor.names().as_slice() {
        [] => "the descriptor has no interface to the outside".to_owned(),
        names => format!("its interfaces are {}", names.join(", ")),
    }
}

fn unknown_kind(cx: &Cx<'_>, word: &Name) -> Problem {
    let problem = Diagnostic::new(Code::E0444, cx.at(word.node), format!("there is no type of values `{}`", word.text));
    let words = TYPE_WORDS.iter().map(|(word, _)| *word);
    match nearest(&word.text, words.clone()) {
        Some(near) => faults::meant(cx, problem, word.node, Some(near)),
        None => problem.with_help(format!("types are {}", words.take(8).collect::<Vec<_>>().join(", "))),
    }
}

fn no_descriptor(cx: &Cx<'_>, interface: &Ref, model: &Model<'_>) -> Problem {
    let message =
        format!("the model `{}` has no descriptor in which `{}` could be", model.thing.name.text, interface.text());
    Diagnostic::new(Code::E0439, cx.at(interface.node), message)
        .with_help(format!("say where it is: `CREATE NodeModel {} VNFD …`", model.thing.name.text))
}

fn no_interface(cx: &Cx<'_>, descriptor: &Descriptor, name: &str, at: NodeId) -> Problem {
    let problem = Diagnostic::new(Code::E0439, cx.at(at), format!("the descriptor has no interface `{name}`"));
    let names = descriptor.names();
    match did_you_mean(name, names.iter().copied()) {
        Some(_) => faults::meant(cx, problem, at, nearest(name, names)),
        None => problem.with_help(listed(descriptor)),
    }
}

fn missing_descriptor(cx: &Cx<'_>, at: NodeId, path: &str) -> Problem {
    Diagnostic::new(Code::E0441, cx.at(at), format!("there is no descriptor file `{path}` that can be read"))
        .with_help("a path is relative to the directory of the package; what begins with `http` is not looked at")
}

fn unconnected(cx: &Cx<'_>, point: &Thing<'_>, model: &Model<'_>) -> Problem {
    let message = format!("the connection point `{}` leads nowhere", point.name.text);
    let help = if model.thing.descriptor().is_some() {
        format!("say which interface it is: `ConnectionPoint {} at VNFD:…`", point.name.text)
    } else {
        "make it an end of a connection".to_owned()
    };
    Diagnostic::new(Code::W0406, cx.at(point.name.node), message).with_help(help)
}

fn holds_itself(cx: &Cx<'_>, ty: &Name, way: &[String]) -> Problem {
    let through = if way.is_empty() { String::new() } else { format!(", through {}", way.join(" and ")) };
    Diagnostic::new(Code::E0432, cx.at(ty.node), format!("the model `{}` holds itself{through}", ty.text))
        .with_note("a service of unlimited size cannot be built")
}
