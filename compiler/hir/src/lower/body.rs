//! Statements in order, branches and the points where paths meet.

use super::field::Access;
use super::flow::Flow;
use super::instruction::vague;
use super::local::Target;
use super::{Here, Lower, problem};
use rdcl_base::NodeId;
use rdcl_core::{Cond, End, Field, HeaderKind, Op, Place};
use rdcl_syntax::ast::{Block, Call, CallArg, Expr, ExprKind, Stmt};

/// Whether a block has a `Flood` anywhere: it then depends on the port the packet entered by.
pub(super) fn floods(block: &Block) -> bool {
    any_stmt(block, &|s| matches!(s, Stmt::Call(c) if call_floods(c)))
}

/// Whether a call is a `Flood` or has one as an argument; blocks among its arguments are [`arms`].
fn call_floods(call: &Call) -> bool {
    call.name.text == "Flood" || inner_calls(call).any(call_floods)
}

/// Calls that are arguments of a call.
fn inner_calls(call: &Call) -> impl Iterator<Item = &Call> {
    call.args.iter().filter_map(|arg| match arg {
        CallArg::Expr(Expr { kind: ExprKind::Call(inner), .. }) => Some(&**inner),
        CallArg::Expr(_) | CallArg::Block(_) | CallArg::Named(..) | CallArg::Flow(_) => None,
    })
}

/// Blocks among the arguments of a call, and of calls among them.
fn call_blocks(call: &Call) -> Vec<&Block> {
    let own = call.args.iter().filter_map(|arg| if let CallArg::Block(block) = arg { Some(block) } else { None });
    own.chain(inner_calls(call).flat_map(call_blocks)).collect()
}

/// Whether some statement of a block, or of the arms of its statements, is so.
pub(super) fn any_stmt(block: &Block, is: &dyn Fn(&Stmt) -> bool) -> bool {
    block.stmts.iter().any(|stmt| is(stmt) || arms(stmt).into_iter().any(|arm| any_stmt(arm, is)))
}

fn arms(stmt: &Stmt) -> Vec<&Block> {
    match stmt {
        Stmt::Lookup { miss, .. } => vec![miss],
        Stmt::Choose { none, .. } => none.iter().collect(),
        Stmt::Insert { full, clash, .. } => full.iter().chain(clash).collect(),
        Stmt::Match { hit, miss, .. } => vec![hit, miss],
        Stmt::Call(call) => call_blocks(call),
        Stmt::Assign { .. } | Stmt::Remove { .. } | Stmt::Bad(_) => Vec::new(),
    }
}

fn node_of(stmt: &Stmt) -> NodeId {
    match stmt {
        Stmt::Call(call) => call.node,
        Stmt::Assign { node, .. }
        | Stmt::Lookup { node, .. }
        | Stmt::Choose { node, .. }
        | Stmt::Insert { node, .. }
        | Stmt::Remove { node, .. }
        | Stmt::Match { node, .. }
        | Stmt::Bad(node) => *node,
    }
}

impl Lower<'_> {
    /// Statements in order. None when every path has ended.
    pub(super) fn block(&mut self, here: Here, block: &Block) -> Option<Here> {
        let mut at = Some(here);
        for stmt in &block.stmts {
            let Some(here) = at else {
                self.report(problem::unreachable(node_of(stmt)));
                return None;
            };
            at = self.stmt(here, stmt);
        }
        at
    }

    fn stmt(&mut self, here: Here, stmt: &Stmt) -> Option<Here> {
        self.step(here, node_of(stmt), |this, here| this.stmt_at(here, stmt))
    }

    fn stmt_at(&mut self, here: Here, stmt: &Stmt) -> Option<Here> {
        match stmt {
            Stmt::Call(call) => self.instruction(here, call),
            Stmt::Assign { place, value, node } => self.assign(here, place, value, *node),
            Stmt::Lookup { bind, map, unique, keys, miss, node } => {
                self.lookup(here, bind, map, *unique, keys, miss, *node)
            }
            Stmt::Choose { bind, range, free, resolver, none, node } => {
                self.choose(here, bind, range, free.as_ref(), resolver.as_ref(), none.as_ref(), *node)
            }
            Stmt::Insert { bind, map, values, full, clash, node } => {
                self.insert(here, bind, map, values, full.as_ref(), clash.as_ref(), *node)
            }
            Stmt::Remove { entry, node } => self.remove(here, entry, *node),
            Stmt::Match { table, keys, row, hit, miss, node } => {
                self.match_table(here, table, keys, row, hit, miss, *node)
            }
            Stmt::Bad(_) => {
                _ = self.broken::<()>();
                Some(vague(here))
            }
        }
    }

    /// An operation at this point.
    pub(super) fn op(&mut self, here: &Here, op: Op, node: NodeId) {
        self.draft.push(here.block, op, node);
    }

    /// A fresh block that goes on from here, with this knowledge.
    pub(super) fn follow(&mut self, flow: Flow) -> Here {
        Here { block: self.draft.open(), flow }
    }

    /// Two ways on from here, by a condition.
    pub(super) fn branch(&mut self, here: Here, cond: Cond, node: NodeId) -> (Here, Here) {
        let yes = self.follow(here.flow.assuming(&cond, true, &[]));
        let no = self.follow(here.flow.assuming(&cond, false, &[]));
        let end = match cond {
            Cond::True => End::Goto(yes.block),
            Cond::False => End::Goto(no.block),
            cond => End::If(cond, yes.block, no.block),
        };
        self.draft.close(here.block, end, node);
        (yes, no)
    }

    /// The point where paths meet. A single one simply goes on; none means that all have ended.
    pub(super) fn join(&mut self, paths: Vec<Option<Here>>, node: NodeId) -> Option<Here> {
        let mut open: Vec<Here> = paths.into_iter().flatten().collect();
        if open.iter().any(|h| !h.flow.is_dead()) {
            open.retain(|h| !h.flow.is_dead());
        }
        let first = open.pop()?;
        if open.is_empty() {
            return Some(first);
        }
        let meet = self.draft.open();
        self.draft.close(first.block, End::Goto(meet), node);
        let mut flow = first.flow;
        for here in open.into_iter().rev() {
            self.draft.close(here.block, End::Goto(meet), node);
            flow = self.joined(flow, here.flow, node);
        }
        Some(Here { block: meet, flow })
    }

    fn joined(&mut self, a: Flow, b: Flow, node: NodeId) -> Flow {
        let fallback = a.clone();
        a.join(b).unwrap_or_else(|name| {
            self.report(problem::depth_differs(&name, node));
            fallback
        })
    }

    /// An arm that must not fall through.
    pub(super) fn ending_arm(&mut self, arm: Here, block: &Block, what: &str) {
        if let Some(end) = self.block(arm, block) {
            if !end.flow.is_dead() && self.steps < super::STEPS {
                self.report(problem::arm_falls_through(what, block.node));
            }
            self.draft.close(end.block, End::Drop(rdcl_core::Reason::Fail("end of block".into())), block.node);
        }
    }

    /// `place = value`
    pub(super) fn assign(&mut self, mut here: Here, place: &Expr, value: &Expr, node: NodeId) -> Option<Here> {
        let Some(target) = self.target(&here.flow, place) else {
            _ = self.operand(&here.flow, value);
            return Some(here);
        };
        let Some(value) = self.typed(&here.flow, value, target.kind(), target.width()) else {
            self.written(&mut here.flow, &target);
            return Some(here);
        };
        let here = self.store(here, &target, value, node);
        Some(here)
    }

    fn store(&mut self, mut here: Here, target: &Target, value: rdcl_core::Expr, node: NodeId) -> Here {
        self.written(&mut here.flow, target);
        match target {
            Target::Slot(_, slot, _) => self.op(&here, Op::Set(Place::Slot(*slot), value), node),
            Target::Field(Access::One(field)) => self.op(&here, Op::Set(Place::Field(*field), value), node),
            Target::Column(cell, column, _, _) => self.op(&here, Op::Update(*cell, *column, value), node),
            Target::Field(Access::L4(tcp, udp)) => return self.store_l4(here, [*tcp, *udp], value, node),
        }
        here
    }

    fn store_l4(&mut self, here: Here, [tcp, udp]: [Field; 2], value: rdcl_core::Expr, node: NodeId) -> Here {
        let known = here.flow.clone();
        let (yes, no) = self.branch(here, Cond::Has(HeaderKind::Tcp), node);
        self.op(&yes, Op::Set(Place::Field(tcp), value.clone()), node);
        self.op(&no, Op::Set(Place::Field(udp), value), node);
        let meet = self.follow(known);
        self.draft.close(yes.block, End::Goto(meet.block), node);
        self.draft.close(no.block, End::Goto(meet.block), node);
        meet
    }
}
