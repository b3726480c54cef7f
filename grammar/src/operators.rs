//! Precedence: `a + b * c` and `a and b or c` are read as flat chains of operands and put together here.

use crate::ast::{BinaryOp, Expr, ExprKind};
use crate::context::Context;

/// An operand and where it stands, parentheses included.
#[derive(Debug)]
pub(crate) struct Operand {
    /// The operand.
    pub(crate) expr: Expr,
    /// Its first byte.
    pub(crate) start: u32,
    /// One past its last byte.
    pub(crate) end: u32,
}

/// `and` or `or`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LogicOp {
    /// Binds tighter.
    And,
    /// Binds looser.
    Or,
}

/// A chain of conditions that is still being read: all terms of `or` but the last, which is a list of those of `and`.
#[derive(Debug)]
pub(crate) struct Logic {
    ors: Vec<Operand>,
    ands: Vec<Operand>,
}

impl Logic {
    /// `a op b`
    pub(crate) fn new(ctx: &mut Context<'_>, a: Operand, op: LogicOp, b: Operand) -> Logic {
        let mut chain = Logic { ors: Vec::new(), ands: vec![a] };
        chain.push(ctx, op, b);
        chain
    }

    /// Goes on with `op b`.
    pub(crate) fn push(&mut self, ctx: &mut Context<'_>, op: LogicOp, b: Operand) {
        if op == LogicOp::Or {
            let ands = std::mem::take(&mut self.ands);
            self.ors.extend(join(ctx, ands, ExprKind::All));
        }
        self.ands.push(b);
    }

    /// The whole chain.
    pub(crate) fn finish(mut self, ctx: &mut Context<'_>) -> Expr {
        self.ors.extend(join(ctx, self.ands, ExprKind::All));
        let whole = join(ctx, self.ors, ExprKind::Any).expect("a chain begins with a term and only grows");
        whole.expr
    }
}

/// One operand of all of these; one alone stays as it is.
fn join(ctx: &mut Context<'_>, mut terms: Vec<Operand>, kind: fn(Vec<Expr>) -> ExprKind) -> Option<Operand> {
    if terms.len() < 2 {
        return terms.pop();
    }
    let (start, end) = (terms.first()?.start, terms.last()?.end);
    let terms = terms.into_iter().map(|term| term.expr).collect();
    Some(Operand { expr: ctx.expr(start, kind(terms), end), start, end })
}

/// A chain of arithmetic that is still being read: operators of rising precedence, each waiting for its right side.
#[derive(Debug)]
pub(crate) struct Operators {
    waiting: Vec<(Operand, BinaryOp)>,
    last: Operand,
}

impl Operators {
    /// `a op b`
    pub(crate) fn new(a: Operand, op: BinaryOp, b: Operand) -> Operators {
        Operators { waiting: vec![(a, op)], last: b }
    }

    /// Goes on with `op b`.
    pub(crate) fn push(&mut self, ctx: &mut Context<'_>, op: BinaryOp, b: Operand) {
        self.reduce(ctx, precedence(op));
        let a = std::mem::replace(&mut self.last, b);
        self.waiting.push((a, op));
    }

    /// The whole chain.
    pub(crate) fn finish(mut self, ctx: &mut Context<'_>) -> Expr {
        self.reduce(ctx, 0);
        self.last.expr
    }

    /// Applies the operators that bind at least as tightly as `limit`, which the left one of two equals does.
    fn reduce(&mut self, ctx: &mut Context<'_>, limit: u8) {
        while let Some((a, op)) = self.waiting.pop_if(|(_, op)| precedence(*op) >= limit) {
            let (start, end) = (a.start, self.last.end);
            let bad = Expr { kind: ExprKind::Bad, node: self.last.expr.node };
            let b = std::mem::replace(&mut self.last.expr, bad);
            let kind = ExprKind::Binary(op, Box::new(a.expr), Box::new(b));
            self.last = Operand { expr: ctx.expr(start, kind, end), start, end };
        }
    }
}

/// How tightly an operator binds.
fn precedence(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => 0,
        BinaryOp::Or => 1,
        BinaryOp::Xor => 2,
        BinaryOp::And => 3,
        BinaryOp::Shl | BinaryOp::Shr => 4,
        BinaryOp::Add | BinaryOp::Sub => 5,
        BinaryOp::Mul | BinaryOp::Div => 6,
    }
}
