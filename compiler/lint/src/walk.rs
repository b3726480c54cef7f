//! Every statement and every expression of a block, from the outside in.

use rdcl_syntax::ast::{
    Arg, Attr, BehaviourBody, Block, Call, CallArg, Clause, Expr, ExprKind, Member, PolicyRule, Rfb, SeflMember,
    StateClause, Stmt,
};

/// What a block holds.
#[derive(Default)]
pub struct Walk<'a> {
    /// Statements, each before what is in it.
    pub stmts: Vec<&'a Stmt>,
    /// Expressions, each before what is in it.
    pub exprs: Vec<&'a Expr>,
    /// Calls, as statements and in expressions.
    pub calls: Vec<&'a Call>,
}

/// Walks through a block.
pub fn walk(rfb: &Rfb) -> Walk<'_> {
    let mut walk = Walk::default();
    rfb.params.iter().flat_map(|param| &param.default).for_each(|e| walk.expr(e));
    rfb.parents.iter().for_each(|parent| walk.args(&parent.args));
    rfb.constraints.iter().for_each(|e| walk.expr(e));
    rfb.members.iter().for_each(|member| walk.member(member));
    walk
}

impl<'a> Walk<'a> {
    fn member(&mut self, member: &'a Member) {
        match member {
            Member::Port(port) => self.bounds(port.array.as_ref()),
            Member::Part(part) => {
                self.bounds(part.array.as_ref());
                self.args(&part.args);
            }
            Member::Wire(wire) => self.attrs(&wire.attrs),
            Member::If(c) => {
                self.expr(&c.condition);
                c.then.iter().chain(&c.otherwise).for_each(|member| self.member(member));
            }
            Member::Behaviour(behaviour) => {
                if let BehaviourBody::Sefl(members) = &behaviour.body {
                    members.iter().for_each(|member| self.sefl(member));
                }
            }
            Member::Ensures(ensures) => self.clause(&ensures.clause),
            Member::Impl(implementation) => {
                self.attrs(&implementation.attrs);
                let features = implementation.features.iter().flat_map(|clause| &clause.list);
                features.filter_map(|feature| feature.argument.as_ref()).for_each(|e| self.expr(e));
            }
            Member::Sla(sla) => self.expr(&sla.condition),
            Member::Lifecycle(lifecycle) => {
                let exprs = lifecycle.transitions.iter().flat_map(|t| [&t.pre, &t.post, &t.within]);
                exprs.flatten().for_each(|e| self.expr(e));
            }
            Member::Policy(policy) => policy.rules.iter().for_each(|rule| match rule {
                PolicyRule::Share { value, .. } => self.expr(value),
                PolicyRule::Parts { .. } => {}
            }),
            Member::Intent(_) | Member::Bad(_) => {}
        }
    }

    fn bounds(&mut self, bounds: Option<&'a (Expr, Expr)>) {
        if let Some((lo, hi)) = bounds {
            self.expr(lo);
            self.expr(hi);
        }
    }

    fn args(&mut self, args: &'a [Arg]) {
        args.iter().for_each(|arg| self.expr(&arg.value));
    }

    fn attrs(&mut self, attrs: &'a [Attr]) {
        attrs.iter().for_each(|attr| self.expr(&attr.value));
    }

    fn clause(&mut self, clause: &'a Clause) {
        match clause {
            Clause::Holds { when, body, .. } => when.iter().chain(body).for_each(|e| self.expr(e)),
            Clause::Mode { when, given, except, .. } => {
                when.iter().chain(given).chain(except).for_each(|e| self.expr(e));
            }
            Clause::Via { when, .. } => when.iter().for_each(|e| self.expr(e)),
            Clause::No(_) => {}
        }
    }

    fn sefl(&mut self, member: &'a SeflMember) {
        match member {
            SeflMember::State(state) => state.clauses.iter().for_each(|clause| match clause {
                StateClause::Capacity(e, _) | StateClause::Idle(e, _) | StateClause::Invariant(e, _) => self.expr(e),
                StateClause::Key(..) | StateClause::Value(..) | StateClause::Unique(..) | StateClause::Bad(_) => {}
            }),
            SeflMember::On(on) => self.block(&on.body),
            SeflMember::Bad(_) => {}
        }
    }

    fn block(&mut self, block: &'a Block) {
        block.stmts.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        self.stmts.push(stmt);
        match stmt {
            Stmt::Call(call) => self.call(call),
            Stmt::Assign { place, value, .. } => {
                self.expr(place);
                self.expr(value);
            }
            Stmt::Lookup { keys, miss, .. } => {
                keys.iter().for_each(|e| self.expr(e));
                self.block(miss);
            }
            Stmt::Choose { range, none, .. } => {
                self.expr(range);
                none.iter().for_each(|block| self.block(block));
            }
            Stmt::Insert { values, full, clash, .. } => {
                values.iter().for_each(|e| self.expr(e));
                full.iter().chain(clash).for_each(|block| self.block(block));
            }
            Stmt::Match { keys, hit, miss, .. } => {
                keys.iter().for_each(|e| self.expr(e));
                self.block(hit);
                self.block(miss);
            }
            Stmt::Remove { .. } | Stmt::Bad(_) => {}
        }
    }

    fn call(&mut self, call: &'a Call) {
        self.calls.push(call);
        for arg in &call.args {
            match arg {
                CallArg::Expr(e) | CallArg::Named(_, e) => self.expr(e),
                CallArg::Block(block) => self.block(block),
                CallArg::Flow(_) => {}
            }
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        self.exprs.push(expr);
        match &expr.kind {
            ExprKind::Member(of, _) | ExprKind::Not(of) => self.expr(of),
            ExprKind::Index(a, b)
            | ExprKind::Binary(_, a, b)
            | ExprKind::In(a, b)
            | ExprKind::Range(a, b)
            | ExprKind::Address(a, b) => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Call(call) => self.call(call),
            ExprKind::All(all) | ExprKind::Any(all) => all.iter().for_each(|e| self.expr(e)),
            ExprKind::Int(_)
            | ExprKind::Quantity(_)
            | ExprKind::Str(_)
            | ExprKind::Ipv4(_)
            | ExprKind::Prefix(..)
            | ExprKind::Ipv6(_)
            | ExprKind::Prefix6(..)
            | ExprKind::Mac(_)
            | ExprKind::Name(_)
            | ExprKind::Has(_)
            | ExprKind::Bad => {}
        }
    }
}

/// The states that a block's behaviour declares.
pub fn states(rfb: &Rfb) -> impl Iterator<Item = &rdcl_syntax::ast::State> {
    let bodies = rfb.members.iter().filter_map(|m| if let Member::Behaviour(b) = m { Some(&b.body) } else { None });
    let members = bodies.filter_map(|b| if let BehaviourBody::Sefl(members) = b { Some(members) } else { None });
    members.flatten().filter_map(|m| if let SeflMember::State(state) = m { Some(state) } else { None })
}
