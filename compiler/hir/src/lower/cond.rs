//! Conditions. `and` and `or` stop early, so what stands to the right may use what the left has proved.

use super::expr::{Operand, Pair};
use super::flow::Flow;
use super::{Lower, fold, problem};
use rdcl_base::{IntervalSet, NodeId};
use rdcl_core::{CmpOp, Cond};
use rdcl_syntax::ast::{BinaryOp, Expr, ExprKind, Name};

impl Lower<'_> {
    /// A condition, with the constants that the possible shapes make of its parts.
    pub(super) fn cond(&mut self, flow: &Flow, e: &Expr) -> Option<Cond> {
        self.nested(e.node, |this| this.cond_at(flow, e))
    }

    fn cond_at(&mut self, flow: &Flow, e: &Expr) -> Option<Cond> {
        match &e.kind {
            ExprKind::Not(inner) => self.cond(flow, inner).map(fold::not),
            ExprKind::All(parts) => self.sequence(flow, parts, true),
            ExprKind::Any(parts) => self.sequence(flow, parts, false),
            ExprKind::Has(name) => self.has(flow, name),
            ExprKind::In(value, set) => self.membership(flow, value, set, e.node),
            ExprKind::Binary(BinaryOp::Eq, a, b) => self.comparison(flow, CmpOp::Eq, a, b, e.node),
            ExprKind::Binary(BinaryOp::Ne, a, b) => self.comparison(flow, CmpOp::Eq, a, b, e.node).map(fold::not),
            ExprKind::Binary(BinaryOp::Lt, a, b) => self.comparison(flow, CmpOp::Ult, a, b, e.node),
            ExprKind::Binary(BinaryOp::Le, a, b) => self.comparison(flow, CmpOp::Ule, a, b, e.node),
            ExprKind::Binary(BinaryOp::Gt, a, b) => self.comparison(flow, CmpOp::Ult, b, a, e.node),
            ExprKind::Binary(BinaryOp::Ge, a, b) => self.comparison(flow, CmpOp::Ule, b, a, e.node),
            ExprKind::Bad => self.broken(),
            _ => match self.operand(flow, e)? {
                Operand::Cond(cond) => Some(cond),
                Operand::Bits(_, 1) => self.fault(problem::bit_for_condition(text(e), e.node)),
                other => self.fault(problem::wrong_kind("a condition", other.kind(), e.node)),
            },
        }
    }

    /// Parts in order, each under what the ones before have proved.
    fn sequence(&mut self, flow: &Flow, parts: &[Expr], all: bool) -> Option<Cond> {
        let mut known = flow.clone();
        let mut out = Some(Vec::with_capacity(parts.len()));
        for part in parts {
            let cond = self.cond(&known, part);
            match &cond {
                Some(cond) => known.refine(cond, all, &self.olds),
                None => known.vague = true,
            }
            out = out.zip(cond).map(|(mut conds, cond)| {
                conds.push(cond);
                conds
            });
        }
        let cond = if all { fold::all(out?) } else { fold::any(out?) };
        Some(flow.decide(cond))
    }

    fn has(&mut self, flow: &Flow, name: &Name) -> Option<Cond> {
        match name.text.as_str() {
            "tunnel" => return Some(self.has_tunnel(flow)),
            "inner.tunnel" => return Some(self.has_inner_tunnel(flow)),
            _ => {}
        }
        let Some(header) = self.header_named(&name.text) else {
            return self.fault(self.unknown_header(name));
        };
        Some(flow.presence(header).map_or(Cond::Has(header), fold::truth))
    }

    fn comparison(&mut self, flow: &Flow, op: CmpOp, a: &Expr, b: &Expr, node: NodeId) -> Option<Cond> {
        let (left, right) = (self.operand(flow, a), self.operand(flow, b));
        let (left, right) = (left?, right?);
        if let Some(cond) = self.amounts_compared(op, (&left, &right), node) {
            return cond.map(|cond| flow.decide(cond));
        }
        let cond = match self.pair_of((left, right), [a, b], node)? {
            Pair::Bits(x, y, _) => fold::cmp(op, x, y, self.known()),
            Pair::Ints(x, y) => fold::truth(match op {
                CmpOp::Eq => x == y,
                CmpOp::Ult => x < y,
                CmpOp::Ule => x <= y,
            }),
        };
        Some(flow.decide(cond))
    }

    fn membership(&mut self, flow: &Flow, value: &Expr, set: &Expr, node: NodeId) -> Option<Cond> {
        let (value, members) = (self.value(flow, value), self.set(flow, set));
        let (members, own) = members?;
        match value? {
            Operand::Int(n) => Some(fold::truth(members.contains(n))),
            Operand::Bits(_, width) if own.is_some_and(|own| own != width) => {
                self.fault(problem::widths_differ(width, own.unwrap_or(width), node))
            }
            Operand::Bits(value, width) => {
                let greatest = members.greatest().unwrap_or(0);
                self.fit(greatest, width, set.node)?;
                Some(flow.decide(fold::member(value, members, width, self.known())))
            }
            _ => None,
        }
    }

    /// A constant set of values, and their width if it has one.
    pub(super) fn set(&mut self, flow: &Flow, e: &Expr) -> Option<(IntervalSet, Option<u16>)> {
        match self.operand(flow, e)? {
            Operand::Set(members, width) => Some((members, width)),
            other => self.fault(problem::wrong_kind("a range or a prefix", other.kind(), e.node)),
        }
    }
}

/// A name or field as it is written.
fn text(e: &Expr) -> Option<String> {
    match &e.kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Member(of, name) => Some(format!("{}.{}", text(of)?, name.text)),
        _ => None,
    }
}
