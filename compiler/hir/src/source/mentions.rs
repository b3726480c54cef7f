//! Which names an item mentions that may have been imported; for finding imports that are never used.

use crate::headers::layouts::{headers_in_sight, name_in_sefl, paths_of};
use crate::headers::mentioned;
use crate::source::db::{Db, SourceFile};
use crate::source::item::{Item, is_read, items, parsed};
use crate::source::loc::Problem;
use crate::source::names::scope;
use rdcl_base::{Code, Diagnostic, nearest};
use rdcl_syntax::Keyword;
use rdcl_syntax::ast::{self, Arg, Expr, ExprKind, Member, Path, TypeArg, TypeExpr};
use std::collections::BTreeSet;

/// The first words of all paths of an item, and the names in its constant expressions.
#[salsa::tracked(returns(ref))]
fn mentions<'db>(db: &'db dyn Db, item: Item<'db>) -> BTreeSet<String> {
    let mut found = Mentions::default();
    match parsed(db, item).tree(db) {
        ast::Item::Rfb(rfb) => found.rfb(rfb),
        ast::Item::Deploy(deploy) => {
            found.path(&deploy.rfb);
            found.type_args(&deploy.type_args);
            found.args(&deploy.args);
            found.names.insert(deploy.substrate.text.clone());
        }
        ast::Item::Environment(kind) => kind.parent.iter().chain(&kind.hosts).for_each(|path| found.path(path)),
        ast::Item::Substrate(substrate) => {
            for member in &substrate.members {
                if let ast::SubstrateMember::Ree(ree) = member {
                    found.path(&ree.kind);
                }
            }
        }
        ast::Item::Stack(stack) => found.names.extend(stack.headers.iter().map(|name| name.text.clone())),
        ast::Item::Header(header) => paths_of(header).for_each(|path| found.path(path)),
        ast::Item::Use(_) | ast::Item::Nemo(_) | ast::Item::Bad(_) => {}
    }
    found.names
}

/// The imports of a file that nothing in it mentions. One that a misspelt name is nearest to was probably meant there.
pub(crate) fn unused_imports(db: &dyn Db, file: SourceFile) -> Vec<Problem> {
    if !items(db, file).iter().all(|item| is_read(db, *item)) {
        // What could not be read may mention them.
        return Vec::new();
    }
    let scope = scope(db, file);
    let mentioned = |name: &String| {
        let header = headers_in_sight(db, file)
            .get(&name_in_sefl(name))
            .filter(|_| scope.names.get(name).is_some_and(|item| item.keyword(db) == Keyword::Header));
        let by_header = |item: &Item<'_>| {
            let in_text = header.is_some_and(|header| mentioned(db, *item).has(*header));
            in_text || header.is_some() && mentions(db, *item).contains(&name_in_sefl(name))
        };
        items(db, file).iter().any(|item| mentions(db, *item).contains(name) || by_header(item))
    };
    let unused = scope.imports.iter().filter(|(name, _)| !mentioned(name));
    let misspelt = |name: &String| {
        let names = items(db, file).iter().flat_map(|item| mentions(db, *item));
        let items = names.filter(|mention| mention.starts_with(char::is_uppercase));
        let unknown = items.filter(|mention| !scope.names.contains_key(*mention));
        nearest(name, unknown.map(String::as_str)).is_some()
    };
    let unused = unused.filter(|(name, _)| !misspelt(name));
    unused.map(|(name, at)| Diagnostic::new(Code::W0201, *at, format!("`{name}` is imported and never used"))).collect()
}

#[derive(Default)]
struct Mentions {
    names: BTreeSet<String>,
}

impl Mentions {
    fn rfb(&mut self, rfb: &ast::Rfb) {
        for param in &rfb.type_params {
            param.bound.iter().chain(&param.default).for_each(|ty| self.ty(ty));
        }
        rfb.constraints.iter().for_each(|e| self.expr(e));
        for param in &rfb.params {
            self.ty(&param.ty);
            param.default.iter().for_each(|e| self.expr(e));
        }
        for parent in &rfb.parents {
            self.path(&parent.path);
            self.type_args(&parent.type_args);
            self.args(&parent.args);
        }
        let mut open: Vec<&Member> = rfb.members.iter().collect();
        while let Some(member) = open.pop() {
            match member {
                Member::If(c) => {
                    self.expr(&c.condition);
                    open.extend(c.then.iter().chain(&c.otherwise));
                }
                Member::Port(port) => self.ty(&port.ty),
                Member::Part(part) => {
                    self.path(&part.rfb);
                    self.type_args(&part.type_args);
                    self.args(&part.args);
                }
                Member::Impl(implementation) => self.path(&implementation.ree),
                Member::Wire(_)
                | Member::Behaviour(_)
                | Member::Ensures(_)
                | Member::Sla(_)
                | Member::Lifecycle(_)
                | Member::Intent(_)
                | Member::Policy(_)
                | Member::Bad(_) => {}
            }
        }
    }

    fn path(&mut self, path: &Path) {
        self.names.extend(path.segments.first().map(|s| s.text.clone()));
    }

    fn ty(&mut self, ty: &TypeExpr) {
        ty.parts.iter().for_each(|p| self.path(p));
    }

    fn type_args(&mut self, args: &[TypeArg]) {
        args.iter().for_each(|a| self.ty(&a.ty));
    }

    fn args(&mut self, args: &[Arg]) {
        args.iter().for_each(|a| self.expr(&a.value));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => _ = self.names.insert(name.text.clone()),
            ExprKind::Not(e) => self.expr(e),
            ExprKind::All(all) | ExprKind::Any(all) => all.iter().for_each(|e| self.expr(e)),
            ExprKind::Binary(_, a, b) | ExprKind::Range(a, b) | ExprKind::In(a, b) => {
                self.expr(a);
                self.expr(b);
            }
            _ => {}
        }
    }
}
