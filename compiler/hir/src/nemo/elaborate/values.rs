//! Names in the clauses of flows and operations that stand for something else: where a value is the name of a parameter, the
//! value given for it; where packets are to pass a chain, the nodes in it.

use super::body::Values;
use crate::nemo::scope::{Scope, Space};
use rdcl_syntax::nemo::{ClauseKind, Entry, Name, Ref, Value};

/// Puts values in place of the parameters of a clause.
pub(super) fn substitute(clause: &mut ClauseKind, values: &Values) {
    match clause {
        ClauseKind::Match(entries) | ClauseKind::Action(entries) | ClauseKind::Property(entries) => {
            entries.iter_mut().for_each(|entry| entry_in(entry, values));
        }
        ClauseKind::Target(target) => name_in(&mut target.first, values),
        _ => {}
    }
}

fn entry_in(entry: &mut Entry, values: &Values) {
    match entry {
        Entry::Pair(pair) => value_in(&mut pair.value, values),
        Entry::Word(name) => name_in(name, values),
        Entry::Value(value) => value_in(value, values),
        Entry::Group(inner, _) => inner.iter_mut().for_each(|entry| entry_in(entry, values)),
    }
}

fn value_in(value: &mut Value, values: &Values) {
    match value {
        // What is given is read as a text in quotes would be.
        Value::Ref(Ref { first, rest, node }) if rest.is_empty() => {
            if let Some(given) = values.get(&first.text) {
                *value = Value::Str(Name { text: given.clone(), quoted: true, node: *node });
            }
        }
        Value::List(all, _) => all.iter_mut().for_each(|value| value_in(value, values)),
        Value::Range(lo, hi, _) => {
            value_in(lo, values);
            value_in(hi, values);
        }
        _ => {}
    }
}

fn name_in(name: &mut Name, values: &Values) {
    if let Some(given) = values.get(&name.text) {
        name.text = given.clone();
    }
}

/// The deepest nesting of chains.
const DEEPEST: usize = 16;

/// Puts the nodes of chains in place of their names, in the values of actions.
pub(super) fn unchain(clause: &mut ClauseKind, scope: &Scope<'_>) {
    let ClauseKind::Action(entries) = clause else { return };
    for entry in entries {
        let Entry::Pair(pair) = entry else { continue };
        if matches!(pair.key.text.as_str(), "go-through" | "gothrough") {
            let (mut nodes, node) = (Vec::new(), pair.value.node());
            links(&pair.value, scope, DEEPEST, &mut nodes);
            if nodes.len() != 1 || matches!(pair.value, Value::List(..)) {
                pair.value = Value::List(nodes, node);
            } else if let Some(only) = nodes.pop() {
                pair.value = only;
            }
        }
    }
}

/// The nodes that a value names, in order.
fn links(value: &Value, scope: &Scope<'_>, depth: usize, into: &mut Vec<Value>) {
    let name = match value {
        Value::List(all, _) => return all.iter().for_each(|value| links(value, scope, depth, into)),
        Value::Ref(reference) if reference.rest.is_empty() => &reference.first,
        Value::Str(name) => name,
        _ => return into.push(value.clone()),
    };
    let chain = scope.get(Space::Node, &name.text).filter(|_| depth > 0);
    let chain = chain.filter(|thing| thing.type_name().is_some_and(|ty| ty.text == "chain-group"));
    match chain.map(|thing| thing.contained()) {
        Some(contained) if !contained.is_empty() => {
            // What is said about a node in a chain is said where the chain is named.
            let here = |reference: &Ref| Value::Ref(Ref { node: value.node(), ..reference.clone() });
            contained.iter().for_each(|reference| links(&here(reference), scope, depth - 1, into));
        }
        _ => into.push(value.clone()),
    }
}
