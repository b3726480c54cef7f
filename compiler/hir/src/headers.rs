//! Which headers the parsers of an instance look for.
//!
//! Every parser knows the headers of [`Shape::BASE`]. Those of an instance know, besides, what the instance, its
//! ancestors and its parts mention: in behaviours, in promises, in the types of ports, in flows of intents. All leaves of an instance have
//! the same parser, since packets pass from one to the other; so what a leaf's program is depends on what is known
//! where it stands. Headers that nobody mentions are payload everywhere.

pub(crate) mod layouts;
pub(crate) mod metadata;

use crate::bodies::{BodyKind, body};
use crate::headers::layouts::HeaderNames;
use crate::instance::{Instance, members};
use crate::lineage::instance_lineage;
use crate::lower::PortGroup;
use crate::nemo::mentions_ip6;
use crate::part::{Nesting, nesting, parts};
use crate::port::{Ports, ports};
use crate::source::db::Db;
use crate::source::item::Item;
use rdcl_core::{HeaderKind, Shape};
use rdcl_syntax::ast::{
    BehaviourBody, Block, Call, CallArg, Clause, Expr, ExprKind, Member, Name, SeflMember, StateClause, Stmt,
};

pub use layouts::{headers_in_sight, named_header};
pub use metadata::metadata;

/// The headers that the parsers of an instance know besides those that all know; none if there are no others.
#[salsa::tracked(returns(copy))]
pub fn known_headers<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Shape {
    let mut known = Shape::EMPTY;
    for ancestor in instance_lineage(db, instance) {
        known = known.union(mentioned(db, ancestor.rfb(db)));
    }
    for group in &ports(db, instance).groups {
        known = known.union(group.stack.known);
    }
    let body = body(db, instance);
    if let (BodyKind::Composite, Some(owner)) = (body.kind, body.owner())
        && *nesting(db, instance.rfb(db)) == Nesting::Fine
    {
        for group in &parts(db, owner).groups {
            known = known.union(known_headers(db, group.instance));
        }
    }
    let closed = known.closed();
    if closed == Shape::BASE { Shape::EMPTY } else { closed }
}

/// The ports of an instance, with parsers that know what the instance mentions.
pub(crate) fn knowing_ports<'db>(db: &'db dyn Db, instance: Instance<'db>) -> &'db Ports {
    if known_headers(db, instance) == Shape::EMPTY { ports(db, instance) } else { widened_ports(db, instance) }
}

#[salsa::tracked(returns(ref))]
fn widened_ports<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Ports {
    let (ports, known) = (ports(db, instance), known_headers(db, instance));
    Ports { groups: groups_knowing(&ports.groups, known), ..ports.clone() }
}

/// Port groups with parsers that know more headers.
pub(crate) fn groups_knowing(groups: &[PortGroup], known: Shape) -> Vec<PortGroup> {
    groups.iter().map(|group| PortGroup { stack: group.stack.knowing(known), ..group.clone() }).collect()
}

/// The headers that the text of an item mentions, but for the types of its ports.
#[salsa::tracked(returns(copy))]
pub(crate) fn mentioned<'db>(db: &'db dyn Db, item: Item<'db>) -> Shape {
    let mut found = Mentions { known: Shape::EMPTY, names: headers_in_sight(db, item.file(db)) };
    for member in members(db, item) {
        match member {
            Member::Behaviour(behaviour) => match &behaviour.body {
                BehaviourBody::Sefl(members) => members.iter().for_each(|m| found.sefl(m)),
                BehaviourBody::Click(_) | BehaviourBody::Foreign(_) => {}
            },
            Member::Ensures(ensures) => found.clause(&ensures.clause),
            Member::Port(_) | Member::Part(_) | Member::Wire(_) | Member::If(_) | Member::Impl(_) | Member::Sla(_) => {}
            Member::Lifecycle(_) | Member::Intent(_) | Member::Policy(_) | Member::Bad(_) => {}
        }
    }
    if mentions_ip6(db, item) {
        found.known = found.known.with(HeaderKind::Ip6);
    }
    found.known
}

struct Mentions<'db> {
    known: Shape,
    names: &'db HeaderNames,
}

impl Mentions<'_> {
    fn name(&mut self, name: &str) {
        if let Some(header) = named_header(self.names, name) {
            self.known = self.known.with(header);
        }
    }

    fn sefl(&mut self, member: &SeflMember) {
        match member {
            SeflMember::State(state) => state.clauses.iter().for_each(|clause| match clause {
                StateClause::Capacity(e, _) | StateClause::Idle(e, _) | StateClause::Invariant(e, _) => self.expr(e),
                StateClause::Key(..) | StateClause::Value(..) | StateClause::Unique(..) | StateClause::Bad(_) => {}
            }),
            SeflMember::On(on) => self.block(&on.body),
            SeflMember::Bad(_) => {}
        }
    }

    fn block(&mut self, block: &Block) {
        block.stmts.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Call(call) => self.call(call),
            Stmt::Assign { place, value, .. } => self.exprs([place, value]),
            Stmt::Lookup { keys, miss, .. } => {
                self.exprs(keys);
                self.block(miss);
            }
            Stmt::Choose { range, none, .. } => {
                self.expr(range);
                none.iter().for_each(|block| self.block(block));
            }
            Stmt::Insert { values, full, clash, .. } => {
                self.exprs(values);
                full.iter().chain(clash).for_each(|block| self.block(block));
            }
            Stmt::Match { keys, hit, miss, .. } => {
                self.exprs(keys);
                self.block(hit);
                self.block(miss);
            }
            Stmt::Remove { .. } | Stmt::Bad(_) => {}
        }
    }

    fn call(&mut self, call: &Call) {
        // What enters a tunnel, or comes out of one, has inner headers by whatever name it is called before.
        if matches!(call.name.text.as_str(), "Encapsulate" | "Decapsulate") {
            self.known = self.known.with(HeaderKind::InnerIp4);
        }
        for arg in &call.args {
            match arg {
                CallArg::Expr(e) | CallArg::Named(_, e) => self.expr(e),
                CallArg::Block(block) => self.block(block),
                CallArg::Flow(_) => {}
            }
        }
    }

    fn clause(&mut self, clause: &Clause) {
        match clause {
            Clause::Holds { when, body, .. } => self.exprs(when.iter().chain(body)),
            Clause::Mode { when, except, .. } => self.exprs(when.iter().chain(except)),
            Clause::Via { when, .. } => self.exprs(when),
            Clause::No(_) => {}
        }
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|e| self.expr(e));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) | ExprKind::Has(name) => self.name(&name.text),
            ExprKind::Member(of, _) => match inner_header(of) {
                Some(header) => self.name(&header.text),
                None => self.expr(of),
            },
            ExprKind::Not(e) => self.expr(e),
            ExprKind::All(all) | ExprKind::Any(all) => self.exprs(all),
            ExprKind::Binary(_, a, b) | ExprKind::Range(a, b) | ExprKind::In(a, b) => self.exprs([&**a, b]),
            ExprKind::Index(a, b) | ExprKind::Address(a, b) => self.exprs([&**a, b]),
            ExprKind::Call(call) => self.call(call),
            ExprKind::Int(_) | ExprKind::Quantity(_) | ExprKind::Str(_) | ExprKind::Mac(_) | ExprKind::Bad => {}
            ExprKind::Ipv4(_) | ExprKind::Prefix(..) | ExprKind::Ipv6(_) | ExprKind::Prefix6(..) => {}
        }
    }
}

/// `inner.ip` before a dot: the header of the packet in a tunnel, as one name.
pub(crate) fn inner_header(of: &Expr) -> Option<Name> {
    let ExprKind::Member(level, name) = &of.kind else { return None };
    let is_inner = matches!(&level.kind, ExprKind::Name(level) if level.text == "inner");
    is_inner.then(|| Name { text: format!("inner.{}", name.text), node: of.node })
}
