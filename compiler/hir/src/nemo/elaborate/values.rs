//! Parameters in the clauses of flows and operations: where a value is the name of one, the value given for it stands.

use super::body::Values;
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
