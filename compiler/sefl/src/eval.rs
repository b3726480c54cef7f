//! Expressions and conditions in a state: widths are checked, numbers get theirs.

use crate::machine::Machine;
use crate::outcome::{Fault, Outcome};
use crate::program::{Cond, Expr, ExprKind, Int, Place};
use crate::state::{State, Unknown};
use rdcl_base::{Code, IntervalSet, NodeId};
use rdcl_core::{Bv, CmpOp, mask};
use rdcl_verify::{Sym, SymCond, Var};
use std::cmp::Ordering;

/// What an expression comes to.
pub enum Value {
    /// A number without a width.
    Int(Int),
    /// A value.
    Bits(Sym),
}

/// The width of a symbolic value, or of a number that stands alone.
pub const DEFAULT_WIDTH: u16 = 64;

impl Machine<'_> {
    /// What an expression comes to, where a value of the expected width is wanted, if that is known.
    pub fn value(&self, state: &mut State, e: &Expr, expected: Option<u16>, label: &str) -> Result<Value, Fault> {
        Ok(Value::Bits(match &e.kind {
            ExprKind::Int(n) => return Ok(Value::Int(*n)),
            ExprKind::Bits(bits) => Sym::Const(*bits),
            ExprKind::Unknown(width) => {
                let width = width.or(expected).unwrap_or(DEFAULT_WIDTH);
                self.fresh(state, label, width)
            }
            ExprKind::Read(Place::At(_, Some(width))) if self.is_shape() => Sym::Var(Var::unknown(0, *width)),
            ExprKind::Read(place) => state.read(place)?,
            ExprKind::Bin(op, a, b) => {
                let (a, b) = self.pair(state, a, b, expected, e.node)?;
                self.opaque(Sym::bin(*op, a, b))
            }
            ExprKind::Shift(left, of, by) => {
                let of = self.bits(state, of, expected)?;
                self.opaque(if *left { Sym::shift_left(of, *by) } else { Sym::shift_right(of, *by) })
            }
            ExprKind::Complement(of) => {
                let of = self.bits(state, of, expected)?;
                self.opaque(Sym::complement(of))
            }
            ExprKind::Concat(high, low) => {
                let (high, low) = (self.bits(state, high, None)?, self.bits(state, low, None)?);
                match high.width() + low.width() {
                    1..=128 => self.opaque(Sym::concat(high, low)),
                    wide => return Err(too_wide(wide, e.node)),
                }
            }
            ExprKind::Extract(of, high, low) => {
                let of = self.bits(state, of, None)?;
                if *high >= of.width() {
                    let message = format!("there is no bit {high} in a value of {} bits", of.width());
                    return Err(static_fault(Code::E0508, message, e.node));
                }
                self.opaque(Sym::extract(of, *high, *low))
            }
            ExprKind::Extend(of, width) => {
                let of = self.bits(state, of, None)?;
                if of.width() > *width {
                    let message = format!("a value of {} bits does not fit in {width}", of.width());
                    return Err(static_fault(Code::E0508, message, e.node));
                }
                self.opaque(Sym::zext(*width, of))
            }
        }))
    }

    /// A value, a number with the expected width or that of one that stands alone.
    fn bits(&self, state: &mut State, e: &Expr, expected: Option<u16>) -> Result<Sym, Fault> {
        match self.value(state, e, expected, "any")? {
            Value::Bits(sym) => Ok(sym),
            Value::Int(n) => fit(n, expected.unwrap_or_else(|| alone(n)), e.node),
        }
    }

    /// A value of this width.
    pub fn of_width(&self, state: &mut State, e: &Expr, width: u16, label: &str) -> Result<Sym, Fault> {
        match self.value(state, e, Some(width), label)? {
            Value::Int(n) => fit(n, width, e.node),
            Value::Bits(sym) if sym.width() == width => Ok(sym),
            Value::Bits(sym) => Err(widths_differ(width, sym.width(), e.node)),
        }
    }

    /// Two values of one width; numbers take that of the other one.
    fn pair(
        &self,
        state: &mut State,
        a: &Expr,
        b: &Expr,
        expected: Option<u16>,
        node: NodeId,
    ) -> Result<(Sym, Sym), Fault> {
        let late = matches!(a.kind, ExprKind::Int(_) | ExprKind::Unknown(None));
        let (first, second) = if late { (b, a) } else { (a, b) };
        let one = self.value(state, first, expected, "any")?;
        let width = if let Value::Bits(sym) = &one { Some(sym.width()) } else { expected };
        let two = self.value(state, second, width, "any")?;
        let (one, two) = match (one, two) {
            (Value::Bits(x), Value::Bits(y)) if x.width() == y.width() => (x, y),
            (Value::Bits(x), Value::Bits(y)) => return Err(widths_differ(x.width(), y.width(), node)),
            (Value::Bits(x), Value::Int(n)) => {
                let y = fit(n, x.width(), second.node)?;
                (x, y)
            }
            (Value::Int(n), Value::Bits(y)) => (fit(n, y.width(), first.node)?, y),
            (Value::Int(x), Value::Int(y)) => {
                let width = expected.unwrap_or_else(|| alone(x).max(alone(y)));
                (fit(x, width, first.node)?, fit(y, width, second.node)?)
            }
        };
        Ok(if late { (two, one) } else { (one, two) })
    }

    /// A new symbolic value, or what is given for it.
    pub fn fresh(&self, state: &mut State, label: &str, width: u16) -> Sym {
        if self.is_shape() {
            return Sym::Var(Var::unknown(0, width));
        }
        let taken = |label: &str| state.unknowns.iter().any(|u| u.label == label);
        let label = match taken(label) {
            false => label.to_owned(),
            true => (2..).map(|n| format!("{label}.{n}")).find(|l| !taken(l)).unwrap_or_default(),
        };
        let number = state.unknowns.len() as u32;
        let given = self.given(&label);
        state.unknowns.push(Unknown { label, width });
        match given {
            Some(value) => Sym::Const(Bv::new(width, value & mask(width))),
            None => Sym::Var(Var::unknown(number, width)),
        }
    }

    // --------------------------------------------------------------------------------------------- conditions

    /// What a condition comes to.
    pub fn cond(&self, state: &mut State, c: &Cond) -> Result<SymCond, Fault> {
        match c {
            Cond::Constant(holds) => Ok(SymCond::from(*holds)),
            Cond::Cmp(op, a, b) => self.comparison(state, *op, a, b),
            Cond::In(of, lo, hi, width, node) => self.membership(state, of, (*lo, *hi), *width, *node),
            Cond::Not(inner) => Ok(self.cond(state, inner)?.negate()),
            Cond::All(all) => {
                let mut found = Vec::with_capacity(all.len());
                for c in all {
                    match self.cond(state, c)? {
                        SymCond::False => return Ok(SymCond::False),
                        cond => found.push(cond),
                    }
                }
                Ok(SymCond::all(found))
            }
            Cond::Any(any) => {
                let mut found = Vec::with_capacity(any.len());
                for c in any {
                    match self.cond(state, c)? {
                        SymCond::True => return Ok(SymCond::True),
                        cond => found.push(cond),
                    }
                }
                Ok(SymCond::any(found))
            }
            Cond::Exists(_) | Cond::Free(..) if self.is_shape() => Ok(either(&Sym::constant(1, 0))),
            Cond::Exists(place) => Ok(SymCond::from(state.exists(place))),
            Cond::Free(address, size) => {
                let at = state.address(address)?;
                Ok(SymCond::from(state.memory.overlapping(at, *size).is_none()))
            }
            Cond::NoTest(node) => {
                let message = "this is no test: it neither holds nor fails to hold".to_owned();
                let help = Some("a test is a condition, a `Constrain`, or several of them in a block".to_owned());
                Err(Fault::new(Outcome::ModelError, Code::E0564, message, *node).with_help(help))
            }
        }
    }

    fn comparison(&self, state: &mut State, op: CmpOp, a: &Expr, b: &Expr) -> Result<SymCond, Fault> {
        if let (ExprKind::Int(x), ExprKind::Int(y)) = (&a.kind, &b.kind) {
            let order = x.plus(y.negated()).map_or(Ordering::Equal, |d| match (d.negative, d.magnitude) {
                (true, _) => Ordering::Less,
                (false, 0) => Ordering::Equal,
                (false, _) => Ordering::Greater,
            });
            return Ok(SymCond::from(match op {
                CmpOp::Eq => order.is_eq(),
                CmpOp::Ult => order.is_lt(),
                CmpOp::Ule => order.is_le(),
            }));
        }
        let (x, y) = self.pair(state, a, b, None, b.node)?;
        Ok(if self.is_shape() { either(&x) } else { SymCond::cmp(op, x, y) })
    }

    fn membership(
        &self,
        state: &mut State,
        of: &Expr,
        (lo, hi): (u128, u128),
        width: Option<u16>,
        node: NodeId,
    ) -> Result<SymCond, Fault> {
        let sym = self.bits(state, of, width)?;
        if let Some(width) = width.filter(|width| *width != sym.width()) {
            return Err(widths_differ(sym.width(), width, node));
        }
        fit(Int::new(hi), sym.width(), node)?;
        Ok(if self.is_shape() { either(&sym) } else { SymCond::is_in(sym, IntervalSet::range(lo, hi)) })
    }

    /// In a run that looks at widths alone, a value is nothing but its width.
    pub fn opaque(&self, sym: Sym) -> Sym {
        if self.is_shape() { Sym::Var(Var::unknown(0, sym.width())) } else { sym }
    }
}

/// A condition that may hold or not.
fn either(sym: &Sym) -> SymCond {
    SymCond::is_in(Sym::Var(Var::unknown(0, sym.width())), IntervalSet::single(0))
}

/// The width of a number that nothing gives a width.
pub fn alone(n: Int) -> u16 {
    if n.magnitude > mask(DEFAULT_WIDTH) { 128 } else { DEFAULT_WIDTH }
}

/// A number as a value of this width.
pub fn fit(n: Int, width: u16, node: NodeId) -> Result<Sym, Fault> {
    if n.negative || n.magnitude > mask(width) {
        let bits = if width == 1 { "1 bit".to_owned() } else { format!("{width} bits") };
        let help = if n.negative {
            "values are unsigned; `0 - x` is the difference modulo the width".to_owned()
        } else {
            format!("the largest value of {bits} is {}", mask(width))
        };
        return Err(static_fault(Code::E0509, format!("{n} does not fit in {bits}"), node).with_help(Some(help)));
    }
    Ok(Sym::constant(width, n.magnitude))
}

fn widths_differ(wanted: u16, found: u16, node: NodeId) -> Fault {
    let message = format!("values of {wanted} and of {found} bits cannot meet");
    let help = "`ZeroExtend(value, width)` and `Extract(value, high, low)` change a width".to_owned();
    static_fault(Code::E0508, message, node).with_help(Some(help))
}

fn too_wide(width: u16, node: NodeId) -> Fault {
    static_fault(Code::E0569, format!("a value of {width} bits: values are 1 to 128 bits wide"), node)
}

fn static_fault(code: Code, message: String, node: NodeId) -> Fault {
    Fault::new(Outcome::ModelError, code, message, node).known_before()
}

/// How a symbolic value made for a place is called.
pub fn label(state: &State, place: &Place) -> String {
    match place {
        Place::Name(name, _) => state.name(name),
        Place::At(address, _) => state.address(address).map_or_else(|_| "any".to_owned(), |at| state.memory.place(at)),
    }
}
