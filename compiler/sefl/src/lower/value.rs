//! Values: operators and the published forms of them; plain numbers are folded exactly.

use super::{Lower, problem};
use crate::program::{Expr, ExprKind, Int};
use rdcl_base::NodeId;
use rdcl_core::{BinOp, Bv};
use rdcl_syntax::ast::{self, BinaryOp, Call, CallArg};

/// Functions of values, for nearest names.
pub(super) const FUNCTIONS: [&str; 10] = [
    "Concat",
    "ConstantBitVector",
    "ConstantValue",
    "Exists",
    "Extract",
    "Free",
    "NotExists",
    "SymbolicBitVector",
    "SymbolicValue",
    "ZeroExtend",
];

impl Lower {
    /// A value.
    pub(super) fn value(&mut self, e: &ast::Expr) -> Option<Expr> {
        let kind = match &e.kind {
            ast::ExprKind::Int(n) => ExprKind::Int(Int::new(*n)),
            ast::ExprKind::Ipv4(address) => ExprKind::Bits(Bv::new(32, u128::from(*address))),
            ast::ExprKind::Mac(address) => ExprKind::Bits(Bv::new(48, u128::from(*address))),
            ast::ExprKind::Binary(op, a, b) => return self.binary(*op, a, b, e.node),
            ast::ExprKind::Call(call) => return self.function(call, e),
            ast::ExprKind::Name(_) | ast::ExprKind::Member(..) | ast::ExprKind::Address(..) => {
                ExprKind::Read(self.place(e)?)
            }
            ast::ExprKind::Bad => return None,
            _ => return self.fault(problem::wrong_kind("a value", "something else", e.node)),
        };
        Some(Expr { kind, node: e.node })
    }

    fn binary(&mut self, op: BinaryOp, a: &ast::Expr, b: &ast::Expr, node: NodeId) -> Option<Expr> {
        let op = match op {
            BinaryOp::Add => BinOp::Add,
            BinaryOp::Sub => BinOp::Sub,
            BinaryOp::And => BinOp::And,
            BinaryOp::Or => BinOp::Or,
            BinaryOp::Xor => BinOp::Xor,
            BinaryOp::Shl | BinaryOp::Shr => return self.shift(op == BinaryOp::Shl, a, b, node),
            BinaryOp::Mul => return self.fault(problem::unsupported("multiplication", node)),
            BinaryOp::Div => return self.fault(problem::unsupported("division", node)),
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                return self.fault(problem::wrong_kind("a value", "a condition", node));
            }
        };
        self.operation(op, a, b, node)
    }

    fn operation(&mut self, op: BinOp, a: &ast::Expr, b: &ast::Expr, node: NodeId) -> Option<Expr> {
        let (a, b) = (self.value(a), self.value(b));
        let (a, b) = (a?, b?);
        if let (ExprKind::Int(x), ExprKind::Int(y)) = (&a.kind, &b.kind) {
            let bitwise = !matches!(op, BinOp::Add | BinOp::Sub);
            return match fold(op, *x, *y) {
                Some(n) => Some(Expr { kind: ExprKind::Int(n), node }),
                None if bitwise => self.fault(problem::no_bits(node)),
                None => self.fault(problem::out_of_range(node)),
            };
        }
        Some(Expr { kind: ExprKind::Bin(op, Box::new(a), Box::new(b)), node })
    }

    fn shift(&mut self, left: bool, of: &ast::Expr, by: &ast::Expr, node: NodeId) -> Option<Expr> {
        let (of, by) = (self.value(of), self.constant(by, "the distance of a shift"));
        let (of, by) = (of?, by?.min(128) as u16);
        if let ExprKind::Int(Int { negative: true, .. }) = of.kind {
            return self.fault(problem::no_bits(node));
        }
        if let ExprKind::Int(Int { negative: false, magnitude }) = of.kind {
            let exact = left.then(|| magnitude.checked_shl(by.into()).filter(|n| n >> by == magnitude));
            let shifted = exact.unwrap_or(Some(magnitude.checked_shr(by.into()).unwrap_or(0)));
            return match shifted.or((magnitude == 0).then_some(0)) {
                Some(n) => Some(Expr { kind: ExprKind::Int(Int::new(n)), node }),
                None => self.fault(problem::out_of_range(node)),
            };
        }
        Some(Expr { kind: ExprKind::Shift(left, Box::new(of), by), node })
    }

    fn function(&mut self, call: &Call, e: &ast::Expr) -> Option<Expr> {
        let some = |kind| Some(Expr { kind, node: e.node });
        let arguments: Option<Vec<&ast::Expr>> =
            call.args.iter().map(|arg| if let CallArg::Expr(e) = arg { Some(e) } else { None }).collect();
        match (call.name.text.as_str(), arguments.as_deref()) {
            ("ConstantValue", Some([n])) => self.value(n),
            ("ConstantBitVector", Some([n])) => {
                let n = self.constant(n, "a constant")?;
                match u32::try_from(n) {
                    Ok(n) => some(ExprKind::Bits(Bv::new(32, n.into()))),
                    Err(_) => self.fault(problem::out_of_range(e.node)),
                }
            }
            ("SymbolicValue" | "Havoc", Some([])) => some(ExprKind::Unknown(None)),
            ("SymbolicValue", Some([width])) => some(ExprKind::Unknown(Some(self.width(width)?))),
            ("SymbolicBitVector", Some([])) => some(ExprKind::Unknown(Some(32))),
            (":@", Some([of])) => some(ExprKind::Read(self.place(of)?)),
            (":+:", Some([a, b])) => self.operation(BinOp::Add, a, b, e.node),
            (":-:", Some([a, b])) => self.operation(BinOp::Sub, a, b, e.node),
            ("<&>" | ":&&:", Some([a, b])) => self.operation(BinOp::And, a, b, e.node),
            ("<|>" | ":||:", Some([a, b])) => self.operation(BinOp::Or, a, b, e.node),
            ("<^>" | ":^:", Some([a, b])) => self.operation(BinOp::Xor, a, b, e.node),
            (":<<:", Some([a, b])) => self.shift(true, a, b, e.node),
            (":!:", Some([of])) => some(ExprKind::Complement(Box::new(self.value(of)?))),
            ("Concat", Some([high, low])) => {
                let (high, low) = (self.value(high), self.value(low));
                some(ExprKind::Concat(Box::new(high?), Box::new(low?)))
            }
            ("Extract", Some([of, high, low])) => {
                let of = self.value(of);
                let (high, low) = (self.constant(high, "a bit"), self.constant(low, "a bit"));
                match (high?, low?) {
                    (high @ 0..=127, low) if low <= high => {
                        some(ExprKind::Extract(Box::new(of?), high as u16, low as u16))
                    }
                    _ => self.fault(problem::no_width(e.node)),
                }
            }
            ("ZeroExtend", Some([of, width])) => {
                let (of, width) = (self.value(of), self.width(width));
                some(ExprKind::Extend(Box::new(of?), width?))
            }
            (name, _) => match written(name) {
                Some(written) => self.fault(problem::wrong_arguments(name, written, call.node)),
                None => self.fault(problem::unknown_call("function", name, call.name.node, FUNCTIONS)),
            },
        }
    }

    /// A number that is known now.
    pub(super) fn constant(&mut self, e: &ast::Expr, what: &str) -> Option<u128> {
        match self.value(e)?.kind {
            ExprKind::Int(Int { negative: false, magnitude }) => Some(magnitude),
            ExprKind::Bits(bits) => Some(bits.value),
            _ => self.fault(problem::not_constant(what, e.node)),
        }
    }
}

fn fold(op: BinOp, a: Int, b: Int) -> Option<Int> {
    let bits = |f: fn(u128, u128) -> u128| (!a.negative && !b.negative).then(|| Int::new(f(a.magnitude, b.magnitude)));
    match op {
        BinOp::Add => a.plus(b),
        BinOp::Sub => a.plus(b.negated()),
        BinOp::And => bits(|x, y| x & y),
        BinOp::Or => bits(|x, y| x | y),
        BinOp::Xor => bits(|x, y| x ^ y),
    }
}

/// How a function is written.
fn written(name: &str) -> Option<&'static str> {
    Some(match name {
        "ConstantValue" => "ConstantValue(number)",
        "ConstantBitVector" => "ConstantBitVector(number)",
        "SymbolicValue" | "Havoc" => "SymbolicValue()` or `SymbolicValue(width)",
        "SymbolicBitVector" => "SymbolicBitVector()",
        ":@" => ":@(place)",
        ":+:" => ":+:(value, value)",
        ":-:" => ":-:(value, value)",
        "<&>" => "<&>(value, value)",
        "<|>" => "<|>(value, value)",
        "<^>" => "<^>(value, value)",
        ":&&:" => ":&&:(value, value)",
        ":||:" => ":||:(value, value)",
        ":^:" => ":^:(value, value)",
        ":<<:" => ":<<:(value, distance)",
        ":!:" => ":!:(value)",
        "Concat" => "Concat(high, low)",
        "Extract" => "Extract(value, high, low)",
        "ZeroExtend" => "ZeroExtend(value, width)",
        _ => return None,
    })
}
