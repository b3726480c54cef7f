//! Conditions: boolean expressions, published constraints about a subject, and instructions that serve as tests.

use super::{Lower, arg_node, problem};
use crate::program::{Cond, Expr, ExprKind, Int, Place};
use rdcl_base::{IntervalSet, NodeId};
use rdcl_core::CmpOp;
use rdcl_syntax::ast::{self, BinaryOp, Call, CallArg, Stmt};

/// Constraints about a subject, for nearest names.
const CONSTRAINTS: [&str; 14] =
    ["AND", "E", "EQ_E", "GT", "GTE", "GTE_E", "GT_E", "LT", "LTE", "LTE_E", "LT_E", "NOT", "No", "Range"];

impl Lower {
    /// A boolean expression.
    pub(super) fn cond(&mut self, e: &ast::Expr) -> Option<Cond> {
        match &e.kind {
            ast::ExprKind::Binary(op, a, b) => self.comparison(*op, a, b, e.node),
            ast::ExprKind::In(of, set) => self.membership(of, set),
            ast::ExprKind::Not(inner) => Some(Cond::Not(Box::new(self.cond(inner)?))),
            ast::ExprKind::All(all) => Some(Cond::All(self.conds(all)?)),
            ast::ExprKind::Any(any) => Some(Cond::Any(self.conds(any)?)),
            ast::ExprKind::Has(name) => {
                let e = ast::Expr { kind: ast::ExprKind::Name(name.clone()), node: name.node };
                Some(Cond::Exists(self.place(&e)?))
            }
            ast::ExprKind::Name(name) if name.text == "true" => Some(Cond::Constant(true)),
            ast::ExprKind::Name(name) if name.text == "false" => Some(Cond::Constant(false)),
            ast::ExprKind::Call(call) if is_presence(&call.name.text) => self.presence(call),
            ast::ExprKind::Bad => None,
            _ => self.fault(problem::wrong_kind("a condition", "something else", e.node)),
        }
    }

    fn conds(&mut self, all: &[ast::Expr]) -> Option<Vec<Cond>> {
        let lowered: Vec<Option<Cond>> = all.iter().map(|e| self.cond(e)).collect();
        lowered.into_iter().collect()
    }

    fn comparison(&mut self, op: BinaryOp, a: &ast::Expr, b: &ast::Expr, node: NodeId) -> Option<Cond> {
        if !is_comparison(op) {
            return self.fault(problem::wrong_kind("a condition", "a value", node));
        }
        let (a, b) = (self.value(a), self.value(b));
        compare(op, a?, b?)
    }

    fn membership(&mut self, of: &ast::Expr, set: &ast::Expr) -> Option<Cond> {
        let of = self.value(of);
        match &set.kind {
            ast::ExprKind::Range(lo, hi) => {
                let (lo, hi) = (self.value(lo), self.value(hi));
                self.range(of?, lo?, hi?, set.node)
            }
            ast::ExprKind::Prefix(address, length) => {
                let set_of = IntervalSet::prefix((*address).into(), (*length).into(), 32);
                let (lo, hi) = set_of.least().zip(set_of.greatest())?;
                Some(Cond::In(of?, lo, hi, Some(32), set.node))
            }
            ast::ExprKind::Bad => None,
            _ => self.fault(problem::wrong_kind("a range `lo..hi` or a prefix", "something else", set.node)),
        }
    }

    fn range(&mut self, of: Expr, lo: Expr, hi: Expr, node: NodeId) -> Option<Cond> {
        let end = |e: &Expr| match e.kind {
            ExprKind::Int(Int { negative: false, magnitude }) => Some((magnitude, None)),
            ExprKind::Bits(bits) => Some((bits.value, Some(bits.width))),
            _ => None,
        };
        match (end(&lo), end(&hi)) {
            (Some((lo, _)), Some((hi, _))) if lo > hi => self.fault(problem::empty_range(node)),
            (Some((lo, left)), Some((hi, right))) => Some(Cond::In(of, lo, hi, left.or(right), node)),
            _ => self.fault(problem::not_constant("an end of a range", node)),
        }
    }

    fn presence(&mut self, call: &Call) -> Option<Cond> {
        let absent = call.name.text.starts_with("Not");
        let found = match (call.name.text.trim_start_matches("Not"), call.args.as_slice()) {
            ("Exists" | "ExistsNamedSymbol" | "ExistsRaw", [CallArg::Expr(place)]) => Cond::Exists(self.place(place)?),
            ("Free" | "Check", [CallArg::Expr(at), CallArg::Expr(size)]) => {
                let (at, size) = (self.place(at), self.size(size));
                match at? {
                    Place::At(at, _) => Cond::Free(at, size?),
                    Place::Name(..) => return self.fault(problem::wrong_kind("an address", "a name", call.node)),
                }
            }
            ("Free" | "Check", _) => {
                return self.fault(problem::wrong_arguments(&call.name.text, "Free(address, size)", call.node));
            }
            _ => return self.fault(problem::wrong_arguments(&call.name.text, "Exists(place)", call.node)),
        };
        Some(if absent { Cond::Not(Box::new(found)) } else { found })
    }

    /// `Constrain(condition)` or `Constrain(subject, constraint)`, and the like of `Assert`.
    pub(super) fn constraint_of(&mut self, call: &Call) -> Option<Cond> {
        match call.args.as_slice() {
            [CallArg::Expr(c)] => self.cond(c),
            [CallArg::Expr(subject), CallArg::Expr(c)] => {
                // A plain number is an address where an lvalue stands.
                let kind = ExprKind::Read(self.place(subject)?);
                self.constraint(&Expr { kind, node: subject.node }, c)
            }
            _ => {
                let written = format!("{0}(condition)` or `{0}(place, constraint)", call.name.text);
                self.fault(problem::wrong_arguments(&call.name.text, &written, call.node))
            }
        }
    }

    /// A published constraint, of this subject.
    fn constraint(&mut self, subject: &Expr, c: &ast::Expr) -> Option<Cond> {
        let ast::ExprKind::Call(call) = &c.kind else {
            let bad = matches!(c.kind, ast::ExprKind::Bad);
            return if bad { None } else { self.fault(problem::wrong_kind("a constraint", "something else", c.node)) };
        };
        let arguments: Option<Vec<&ast::Expr>> =
            call.args.iter().map(|arg| if let CallArg::Expr(e) = arg { Some(e) } else { None }).collect();
        let name = call.name.text.as_str();
        match (name, arguments.as_deref()) {
            (":&:" | "AND", Some(all)) => Some(Cond::All(self.constraints(subject, all)?)),
            (":|:" | "OR", Some(any)) => Some(Cond::Any(self.constraints(subject, any)?)),
            (":~:" | "NOT", Some([inner])) => Some(Cond::Not(Box::new(self.constraint(subject, inner)?))),
            ("No", Some([])) => Some(Cond::Constant(true)),
            ("Range", Some([lo, hi])) => {
                let (lo, hi) = (self.value(lo), self.value(hi));
                self.range(subject.clone(), lo?, hi?, c.node)
            }
            (_, Some([e])) if operator(name).is_some() => {
                let value = self.value(e)?;
                compare(operator(name)?, subject.clone(), value)
            }
            _ if operator(name).is_some() || CONSTRAINTS.contains(&name) || name.starts_with(':') => {
                let written = format!("{name}(…)");
                self.fault(problem::wrong_arguments(name, &written, call.node))
            }
            _ => self.fault(problem::unknown_call("constraint", name, call.name.node, CONSTRAINTS)),
        }
    }

    fn constraints(&mut self, subject: &Expr, all: &[&ast::Expr]) -> Option<Vec<Cond>> {
        let lowered: Vec<Option<Cond>> = all.iter().map(|e| self.constraint(subject, e)).collect();
        lowered.into_iter().collect()
    }

    /// What stands before the arms of an `If`: a condition, or instructions that test.
    pub(super) fn test(&mut self, arg: &CallArg) -> Option<Cond> {
        match arg {
            CallArg::Expr(e) => match &e.kind {
                ast::ExprKind::Call(call) => self.test_call(call),
                ast::ExprKind::Name(name) if name.text == "NoOp" => Some(Cond::NoTest(e.node)),
                _ => self.cond(e),
            },
            CallArg::Block(block) => {
                let all = block.stmts.iter().map(|stmt| match stmt {
                    Stmt::Call(call) => self.test_call(call),
                    Stmt::Bad(_) => None,
                    _ => Some(Cond::NoTest(block.node)),
                });
                let all: Vec<Option<Cond>> = all.collect();
                Some(Cond::All(all.into_iter().collect::<Option<_>>()?))
            }
            CallArg::Named(..) | CallArg::Flow(_) => Some(Cond::NoTest(arg_node(arg))),
        }
    }

    fn test_call(&mut self, call: &Call) -> Option<Cond> {
        match call.name.text.as_str() {
            "Constrain" => self.constraint_of(call),
            "InstructionBlock" if !call.args.is_empty() => Some(Cond::All(self.tests(&call.args)?)),
            "Fork" if !call.args.is_empty() => Some(Cond::Any(self.tests(&call.args)?)),
            name if is_presence(name) => self.presence(call),
            name if super::instruction::is_instruction(name) => Some(Cond::NoTest(call.node)),
            name => {
                let known = ["Constrain", "Exists", "NotExists", "Free", "InstructionBlock", "Fork"];
                self.fault(problem::unknown_call("test", name, call.name.node, known))
            }
        }
    }

    fn tests(&mut self, args: &[CallArg]) -> Option<Vec<Cond>> {
        let all: Vec<Option<Cond>> = args.iter().map(|arg| self.test(arg)).collect();
        all.into_iter().collect()
    }
}

/// Whether a call asks what is there.
pub(super) fn is_presence(name: &str) -> bool {
    let name = name.strip_prefix("Not").unwrap_or(name);
    matches!(name, "Exists" | "ExistsNamedSymbol" | "ExistsRaw" | "Free" | "Check")
}

/// The operator of a published constraint.
fn operator(name: &str) -> Option<BinaryOp> {
    Some(match name {
        ":==:" | "EQ_E" | "E" => BinaryOp::Eq,
        ":<:" | "LT_E" | "LT" => BinaryOp::Lt,
        ":<=:" | "LTE_E" | "LTE" => BinaryOp::Le,
        ":>:" | "GT_E" | "GT" => BinaryOp::Gt,
        ":>=:" | "GTE_E" | "GTE" => BinaryOp::Ge,
        _ => return None,
    })
}

fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
}

fn compare(op: BinaryOp, a: Expr, b: Expr) -> Option<Cond> {
    Some(match op {
        BinaryOp::Eq => Cond::Cmp(CmpOp::Eq, a, b),
        BinaryOp::Ne => Cond::Not(Box::new(Cond::Cmp(CmpOp::Eq, a, b))),
        BinaryOp::Lt => Cond::Cmp(CmpOp::Ult, a, b),
        BinaryOp::Le => Cond::Cmp(CmpOp::Ule, a, b),
        // Not by exchanging them: what stands on the left is read first.
        BinaryOp::Gt => Cond::Not(Box::new(Cond::Cmp(CmpOp::Ule, a, b))),
        BinaryOp::Ge => Cond::Not(Box::new(Cond::Cmp(CmpOp::Ult, a, b))),
        _ => return None,
    })
}
