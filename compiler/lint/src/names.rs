//! How things are called, and whether somebody says what they are for.

use crate::look::Look;
use rdcl_base::Code;
use rdcl_hir::parsed;
use rdcl_syntax::ast::{Member, Name, Rfb, Stack};

pub fn of_block(look: &mut Look<'_>, rfb: &Rfb) {
    capital(look, "block", &rfb.name);
    rfb.params.iter().for_each(|param| small(look, "parameter", &param.name));
    let mut open: Vec<&Member> = rfb.members.iter().rev().collect();
    while let Some(member) = open.pop() {
        match member {
            Member::If(c) => open.extend(c.then.iter().chain(&c.otherwise).rev()),
            Member::Port(port) => small(look, "port", &port.name),
            Member::Part(part) => small(look, "part", &part.name),
            Member::Ensures(ensures) => ensures.name.iter().for_each(|name| small(look, "promise", name)),
            Member::Impl(implementation) => small(look, "implementation", &implementation.name),
            Member::Sla(sla) => small(look, "service level", &sla.name),
            Member::Policy(policy) => small(look, "policy", &policy.name),
            Member::Wire(_) | Member::Behaviour(_) | Member::Lifecycle(_) | Member::Intent(_) | Member::Bad(_) => {}
        }
    }
    crate::walk::states(rfb).for_each(|state| small(look, "state map", &state.name));
    documented(look, &rfb.name);
}

pub fn of_stack(look: &mut Look<'_>, stack: &Stack) {
    capital(look, "header stack", &stack.name);
}

fn capital(look: &mut Look<'_>, what: &str, name: &Name) {
    let text = &name.text;
    if !text.starts_with(|c: char| c.is_ascii_uppercase()) || text.contains('_') {
        let message = format!("the {what} `{text}` is not called in capitals");
        look.report(Code::W1210, name.node, message, &format!("call it `{}`", camel(text)));
    }
}

fn small(look: &mut Look<'_>, what: &str, name: &Name) {
    if name.text.contains(|c: char| c.is_ascii_uppercase()) {
        let message = format!("the {what} `{}` is not called in small letters", name.text);
        look.report(Code::W1211, name.node, message, &format!("call it `{}`", snake(&name.text)));
    }
}

fn documented(look: &mut Look<'_>, name: &Name) {
    let start = look.span(name.node).start as usize;
    let before = look.text.get(..start).unwrap_or("");
    if parsed(look.db, look.item).errors(look.db).is_empty()
        && !before.lines().any(|l| l.trim_start().starts_with("///"))
    {
        let message = format!("nothing says what `{}` is for", name.text);
        look.report(Code::W1212, name.node, message, "say it in a comment `///` before the block");
    }
}

/// `branch_pipe` as `BranchPipe`.
fn camel(text: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        characters.next().map_or_else(String::new, |c| c.to_ascii_uppercase().to_string() + characters.as_str())
    };
    text.split('_').map(word).collect()
}

/// `toDmz` as `to_dmz`, `DMZ` as `dmz`.
fn snake(text: &str) -> String {
    let mut out = String::new();
    let mut was_small = false;
    for c in text.chars() {
        if c.is_ascii_uppercase() && was_small {
            out.push('_');
        }
        was_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(c.to_ascii_lowercase());
    }
    out
}
