//! What is declared and never used: parameters, state maps, columns, header stacks.

use crate::look::Look;
use crate::text::mentions;
use crate::walk::{Walk, states, walk};
use rdcl_base::Code;
use rdcl_hir::{Package, default_instance, params, parents};
use rdcl_syntax::ast::{ExprKind, Member, Name, Rfb, Stack, State, StateClause, Stmt};

pub fn of_block(look: &mut Look<'_>, rfb: &Rfb) {
    let walk = walk(rfb);
    parameters(look, rfb);
    for state in states(rfb) {
        if is_looked_into(state, &walk) {
            state_columns(look, state, &walk);
        } else {
            let message = format!("nothing is ever looked up in `{}`", state.name.text);
            look.report(
                Code::W1203,
                state.name.node,
                message,
                "leave the state map out, with what is inserted into it",
            );
        }
    }
    table_columns(look, rfb, &walk);
}

/// A block without a body may have parameters for those who fill it in.
fn parameters(look: &mut Look<'_>, rfb: &Rfb) {
    let has_body = |m: &Member| matches!(m, Member::Behaviour(_) | Member::Part(_) | Member::Wire(_) | Member::If(_));
    if !rfb.members.iter().any(has_body) {
        return;
    }
    let instance = default_instance(look.db, look.item);
    let passed_on = |name: &str| parents(look.db, instance).list.iter().any(|p| params(look.db, *p).contains_key(name));
    let unused = |name: &str| mentions(look.text, name) == 1 && !passed_on(name);
    let unused: Vec<&Name> = rfb.params.iter().map(|p| &p.name).filter(|name| unused(&name.text)).collect();
    for name in unused {
        let message = format!("the parameter `{}` is never used", name.text);
        look.report(Code::W1201, name.node, message, "leave it out, here and where it is given");
    }
}

/// An `insert` with an arm for the clash looks whether the entry is there.
fn is_looked_into(state: &State, walk: &Walk<'_>) -> bool {
    let name = &state.name.text;
    walk.stmts.iter().any(|stmt| match stmt {
        Stmt::Lookup { map, .. } => map.text == *name,
        Stmt::Choose { free: Some((map, _)), .. } => map.text == *name,
        Stmt::Insert { map, clash, .. } => map.text == *name && clash.is_some(),
        Stmt::Choose { .. }
        | Stmt::Call(_)
        | Stmt::Assign { .. }
        | Stmt::Remove { .. }
        | Stmt::Match { .. }
        | Stmt::Bad(_) => false,
    })
}

fn state_columns(look: &mut Look<'_>, state: &State, walk: &Walk<'_>) {
    let mut binds: Vec<&str> = Vec::new();
    for stmt in &walk.stmts {
        match stmt {
            Stmt::Lookup { bind, map, .. } | Stmt::Insert { bind, map, .. } if map.text == state.name.text => {
                binds.push(&bind.text);
            }
            _ => {}
        }
    }
    for clause in &state.clauses {
        let StateClause::Value(columns, _) = clause else { continue };
        for column in columns {
            let name = &column.name;
            // An invariant, or an index that is unique, reads it without a dot.
            let named = mentions(look.slice(look.span(state.node)), &name.text) > 1;
            if !named && !is_read(&binds, &name.text, walk) {
                let message = format!("the column `{}` of `{}` is never read", name.text, state.name.text);
                look.report(Code::W1204, name.node, message, "leave it out, here and where entries are inserted");
            }
        }
    }
}

/// The data columns of tables that the block itself looks rows up in, and hands to nobody.
fn table_columns(look: &mut Look<'_>, rfb: &Rfb, walk: &Walk<'_>) {
    for param in &rfb.params {
        let Some(columns) = &param.ty.columns else { continue };
        let matched = |stmt: &&&Stmt| matches!(stmt, Stmt::Match { table, .. } if table.text == param.name.text);
        let matches = walk.stmts.iter().filter(matched).count();
        if matches == 0 || mentions(look.text, &param.name.text) != matches + 1 {
            continue;
        }
        let row = |stmt: &&Stmt| match stmt {
            Stmt::Match { table, row, .. } if table.text == param.name.text => Some(row.text.clone()),
            _ => None,
        };
        let rows: Vec<String> = walk.stmts.iter().filter_map(row).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        for column in columns.iter().filter(|c| c.kind.is_none() && !is_read(&rows, &c.name.text, walk)) {
            let message = format!("the column `{}` of `{}` is never read", column.name.text, param.name.text);
            look.report(Code::W1204, column.name.node, message, "leave it out, here and in the table");
        }
    }
}

/// Whether `bind.column` stands somewhere.
fn is_read(binds: &[&str], column: &str, walk: &Walk<'_>) -> bool {
    walk.exprs.iter().any(|expr| {
        let ExprKind::Member(of, name) = &expr.kind else { return false };
        let ExprKind::Name(bind) = &of.kind else { return false };
        name.text == column && binds.contains(&bind.text.as_str())
    })
}

/// A header stack with documentation is meant for others.
pub fn stack(look: &mut Look<'_>, package: Package, stack: &Stack) {
    let name = &stack.name.text;
    let count: usize = package.files(look.db).iter().map(|file| mentions(file.text(look.db), name)).sum();
    if count <= 1 && !look.text.trim_start().starts_with("///") {
        let message = format!("the header stack `{name}` is never used");
        let help = "leave it out, or say with `///` what others may use it for";
        look.report(Code::W1205, stack.name.node, message, help);
    }
}
