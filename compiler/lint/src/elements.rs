//! Arrays: elements that no wire leads to, and arrays of one element.

use crate::look::Look;
use rdcl_base::Code;
use rdcl_hir::{BodyKind, EndRef, body, default_instance, parts, ports, wires};
use rdcl_syntax::ast::{Expr, ExprKind, Member, Name, Rfb};
use std::collections::BTreeSet;

pub fn of_block(look: &mut Look<'_>, rfb: &Rfb) {
    for member in &rfb.members {
        let (name, array) = match member {
            Member::Port(port) => (&port.name, &port.array),
            Member::Part(part) => (&part.name, &part.array),
            _ => continue,
        };
        if let Some((lo, hi)) = array
            && number(lo).is_some_and(|lo| number(hi) == Some(lo))
        {
            let message = format!("`{}` is an array of one element", name.text);
            look.report(Code::W1214, name.node, message, "without its brackets it has a plain name");
        }
    }
    unused_elements(look, rfb);
}

fn number(expr: &Expr) -> Option<u128> {
    if let ExprKind::Int(value) = expr.kind { Some(value) } else { None }
}

/// Of an array of which some elements are joined to something, those that are not.
fn unused_elements(look: &mut Look<'_>, rfb: &Rfb) {
    let instance = default_instance(look.db, look.item);
    let body = body(look.db, instance);
    let Some(owner) = body.owner().filter(|owner| body.kind == BodyKind::Composite && *owner == instance) else {
        return;
    };
    let joins = &wires(look.db, instance).joins;
    let ends: BTreeSet<EndRef> = joins.iter().flat_map(|join| [join.a, join.b]).collect();
    let joined_parts: BTreeSet<u32> =
        ends.iter().filter_map(|end| if let EndRef::Inner(part, _) = end { Some(*part) } else { None }).collect();
    let mut arrays: Vec<(String, Vec<String>)> = Vec::new();
    let mut first = 0;
    for group in &parts(look.db, owner).groups {
        let unused = |(i, _): &(u32, String)| !joined_parts.contains(&(first + i));
        let elements: Vec<(u32, String)> = (0..).zip(group.names()).collect();
        // Without ports there is nothing to join.
        if group.array.is_some() && ports(look.db, group.instance).count() > 0 {
            let idle: Vec<String> = elements.iter().filter(|e| unused(e)).map(|(_, name)| name.clone()).collect();
            arrays.extend((idle.len() < elements.len()).then(|| (group.name.clone(), idle)));
        }
        first += elements.len() as u32;
    }
    let all = ports(look.db, instance);
    for group in all.groups.iter().filter(|group| group.array.is_some()) {
        let (lo, hi) = group.array.unwrap_or_default();
        let is_idle = |offset: &u64| !ends.contains(&EndRef::Outer(group.first.0 + *offset as u32));
        let idle: Vec<String> = (0..=hi - lo).filter(is_idle).map(|o| format!("{}[{}]", group.name, lo + o)).collect();
        arrays.extend((idle.len() as u64 <= hi - lo).then(|| (group.name.clone(), idle)));
    }
    for (array, idle) in arrays.iter().filter(|(_, idle)| !idle.is_empty()) {
        let Some(name) = declared(rfb, array) else { continue };
        let verb = if idle.len() == 1 { "is" } else { "are" };
        let message = format!("{} {verb} joined to nothing", listed(idle));
        look.report(Code::W1202, name.node, message, "wire them, or make the array shorter");
    }
}

fn declared<'a>(rfb: &'a Rfb, array: &str) -> Option<&'a Name> {
    let names = rfb.members.iter().filter_map(|member| match member {
        Member::Port(port) => Some(&port.name),
        Member::Part(part) => Some(&part.name),
        _ => None,
    });
    names.into_iter().find(|name| name.text == array)
}

/// The most elements that a message names.
const MOST: usize = 4;

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
