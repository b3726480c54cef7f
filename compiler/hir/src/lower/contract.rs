//! The conditions of contracts: `when`, the body of a promise with `old`, the fields of `except`.

use super::expr::Operand;
use super::flow::Flow;
use super::{Env, LostPorts, Lower, Setting, field, fold, problem};
use crate::headers::inner_header;
use crate::headers::layouts::HeaderNames;
use crate::headers::metadata::META;
use crate::property::Predicate;
use indexmap::IndexMap;
use rdcl_base::{Diagnostic, NodeId};
use rdcl_core::{CmpOp, Cond, Expr, Field, Shape, SlotId, Stack};
use rdcl_syntax::ast;

/// A condition on a packet that enters at a port of this stack.
pub fn lower_condition(env: &Env<'_>, entry: Stack, expr: &ast::Expr) -> (Cond, Vec<Diagnostic<NodeId>>) {
    let mut lower = Lower { setting: Setting::Promise, ..Lower::new(env) };
    let flow = Flow::of_shapes(Shape::of_stack(entry));
    let cond = lower.cond(&flow, expr).unwrap_or(Cond::True);
    (cond, lower.problems)
}

/// A condition on a packet as it leaves, which may speak of the packet as it entered with `old(…)`; `when` is known to
/// have held then. The expressions of the body must all hold.
pub fn lower_predicate(
    env: &Env<'_>,
    entry: Stack,
    exit: Stack,
    when: &Cond,
    body: &[ast::Expr],
) -> (Predicate, Vec<Diagnostic<NodeId>>) {
    let mut lower = Lower { setting: Setting::Promise, ..Lower::new(env) };
    let before = Flow::of_shapes(Shape::of_stack(entry)).assuming(when, true, &[]);
    let flow = Flow { entry: Some(before.shapes), ..Flow::of_shapes(Shape::of_stack(exit)) };
    let conds = body.iter().filter_map(|e| lower.cond(&flow, e)).collect();
    (Predicate { old: lower.olds, cond: fold::all(conds) }, lower.problems)
}

/// The fields of `except`, which packets of this stack must be able to have.
pub fn lower_fields(headers: &HeaderNames, entry: Stack, exprs: &[ast::Expr]) -> (Vec<Field>, Vec<Diagnostic<NodeId>>) {
    let params = IndexMap::new();
    let env = Env { ports: &[], lost: &LostPorts::default(), params: &params, headers };
    let mut lower = Lower { setting: Setting::Promise, ..Lower::new(&env) };
    let flow = Flow::of_shapes(Shape::of_stack(entry));
    let fields = exprs.iter().filter_map(|e| lower.excepted(&flow, e)).flatten().collect();
    (fields, lower.problems)
}

impl Lower<'_> {
    fn excepted(&mut self, flow: &Flow, e: &ast::Expr) -> Option<Vec<Field>> {
        let access = match &e.kind {
            ast::ExprKind::Bad => return self.broken(),
            ast::ExprKind::Name(name) if field::alias(&name.text).is_some() => field::alias(&name.text)?,
            ast::ExprKind::Member(of, name) if inner_header(of).is_some() => self.field(&inner_header(of)?, name)?,
            ast::ExprKind::Member(of, name) => match &of.kind {
                ast::ExprKind::Name(header) if header.text == META => self.metadata_field(flow, name)?,
                ast::ExprKind::Name(header) => self.field(header, name)?,
                _ => return self.fault(problem::wrong_kind("a field", "an expression", e.node)),
            },
            _ => return self.fault(problem::wrong_kind("a field", "an expression", e.node)),
        };
        if !flow.shapes.iter().any(|s| access.is_in(*s)) {
            return self.fault(problem::never_there(&access.name(), e.node));
        }
        Some(access.fields())
    }

    /// A call inside an expression.
    pub(super) fn function(&mut self, flow: &Flow, call: &ast::Call) -> Option<Operand> {
        match (call.name.text.as_str(), call.args.as_slice()) {
            ("old", [ast::CallArg::Expr(inner)]) => self.old(flow, inner, call.node),
            ("old", _) => self.fault(problem::wrong_arguments("old", "old(expression)", call.node)),
            ("widen", [ast::CallArg::Expr(of), ast::CallArg::Expr(width)]) => self.widen(flow, of, width, call.node),
            ("widen", _) => self.fault(problem::wrong_arguments("widen", "widen(value, width)", call.node)),
            _ => self.fault(problem::unknown_function(&call.name.text, call.name.node)),
        }
    }

    fn old(&mut self, flow: &Flow, inner: &ast::Expr, node: NodeId) -> Option<Operand> {
        let Some(shapes) = &flow.entry else {
            return self.fault(problem::misplaced_old(node));
        };
        let before = Flow::of_shapes(shapes.iter().copied());
        let around = std::mem::replace(&mut self.setting, Setting::Old);
        let found = self.operand(&before, inner);
        self.setting = around;
        match found? {
            number @ Operand::Int(_) => Some(number),
            Operand::Bits(value @ Expr::Const(_), width) => Some(Operand::Bits(value, width)),
            Operand::Bits(value, width) => Some(Operand::Bits(self.remembered(value), width)),
            Operand::Cond(constant @ (Cond::True | Cond::False)) => Some(Operand::Cond(constant)),
            Operand::Cond(cond) => {
                let bit = self.remembered(fold::ite(cond, fold::constant(1, 1), fold::constant(0, 1)));
                Some(Operand::Cond(Cond::Cmp(CmpOp::Eq, bit, fold::constant(1, 1))))
            }
            other => self.fault(problem::wrong_kind("a value or a condition", other.kind(), inner.node)),
        }
    }

    /// The slot of an expression over the entry.
    fn remembered(&mut self, value: Expr) -> Expr {
        let at = self.olds.iter().position(|e| *e == value).unwrap_or_else(|| {
            self.olds.push(value);
            self.olds.len() - 1
        });
        Expr::Slot(SlotId(at as u32))
    }
}
