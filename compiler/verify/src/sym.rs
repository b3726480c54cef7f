//! Symbolic values: expressions and conditions over the variables of a symbolic run.
//!
//! A variable is a field of the packet as it entered, a value chosen, a column of a stored entry, the time of a visit, or
//! one of the two booleans that say a map was full. Constructors fold what can be folded, so a constant expression is a constant.

mod cond;

pub use cond::SymCond;
use rdcl_core::{BinOp, Bv, ChoiceId, Field, HASH_WIDTH, MapId, TIME_WIDTH};
use std::num::NonZeroU32;
use std::sync::Arc;

/// What a variable stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VarKind {
    /// A field at entry.
    Field(Field),
    /// How many bytes follow the last header at entry.
    Body,
    /// A value picked by `choose`.
    Choice(ChoiceId),
    /// A column of the `ordinal`-th entry found during a visit.
    Cell {
        /// The map.
        map: MapId,
        /// Which entry found in the visit, counted over all maps.
        ordinal: u16,
        /// The column.
        column: u16,
    },
    /// Whether the map had no room for the `ordinal`-th insert of the visit.
    Full {
        /// The map.
        map: MapId,
        /// Which insert of the visit that did not clash, counted over all maps.
        ordinal: u16,
    },
    /// Whether no value was free for a choice.
    NoFree(ChoiceId),
    /// The time of the visit.
    Now,
    /// A symbolic value of a free-standing program: the one with this number on its path.
    Unknown(u32),
}

/// A variable. Its name says everything about it, so that equal runs have equal variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Var {
    /// 0 for the packet in question; others for packets of a history.
    pub packet: u16,
    /// 0 for the entry of the network; otherwise the visit. In a summary: how many forks came before, since each copy
    /// decides and looks up for itself from then on.
    pub visit: u32,
    /// What it stands for.
    pub kind: VarKind,
    /// Width in bits.
    pub width: u16,
}

impl Var {
    /// The entry field of packet 0.
    pub fn field(field: Field) -> Var {
        Var { packet: 0, visit: 0, kind: VarKind::Field(field), width: field.width() }
    }

    /// A symbolic value of a free-standing program.
    pub fn unknown(number: u32, width: u16) -> Var {
        Var::local(VarKind::Unknown(number), width)
    }

    /// The time of the visit under way in a summary. All its copies are made at that time.
    pub fn now() -> Var {
        Var::local(VarKind::Now, TIME_WIDTH)
    }

    /// A variable of the visit under way in a summary.
    pub fn local(kind: VarKind, width: u16) -> Var {
        Var { packet: 0, visit: 0, kind, width }
    }
}

/// A bit-vector value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sym {
    /// A constant.
    Const(Bv),
    /// A variable.
    Var(Var),
    /// Something computed.
    Node(Arc<SymNode>),
}

/// A computed value. Widths are as in [`rdcl_core::Expr`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum SymNode {
    Not(Sym),
    And(Sym, Sym),
    Or(Sym, Sym),
    Xor(Sym, Sym),
    Add(Sym, Sym),
    Sub(Sym, Sym),
    Shl(Sym, u16),
    Lshr(Sym, u16),
    Extract(Sym, u16, u16),
    Concat(Sym, Sym),
    Zext(u16, Sym),
    Ite(SymCond, Sym, Sym),
    Hash(Vec<Sym>, NonZeroU32),
}

impl Sym {
    /// A constant.
    pub fn constant(width: u16, value: u128) -> Sym {
        Sym::Const(Bv::new(width, value))
    }

    /// Width in bits.
    pub fn width(&self) -> u16 {
        match self {
            Sym::Const(c) => c.width,
            Sym::Var(v) => v.width,
            Sym::Node(node) => node.width(),
        }
    }

    /// The constant it is, if it is one.
    pub fn as_const(&self) -> Option<u128> {
        if let Sym::Const(c) = self { Some(c.value) } else { None }
    }

    fn node(node: SymNode) -> Sym {
        Sym::Node(Arc::new(node))
    }

    /// Bitwise complement.
    pub fn complement(a: Sym) -> Sym {
        match a {
            Sym::Const(c) => Sym::constant(c.width, !c.value),
            other => Sym::node(SymNode::Not(other)),
        }
    }

    /// A binary operator.
    pub fn bin(op: BinOp, a: Sym, b: Sym) -> Sym {
        let width = a.width();
        if let (Sym::Const(x), Sym::Const(y)) = (&a, &b) {
            return Sym::constant(width, fold(op, x.value, y.value));
        }
        let zero = |s: &Sym| s.as_const() == Some(0);
        match op {
            BinOp::And => Sym::node(SymNode::And(a, b)),
            BinOp::Or | BinOp::Xor if zero(&b) => a,
            BinOp::Or | BinOp::Xor if zero(&a) => b,
            BinOp::Or => Sym::node(SymNode::Or(a, b)),
            BinOp::Xor => Sym::node(SymNode::Xor(a, b)),
            BinOp::Add => Sym::sum(a, b),
            BinOp::Sub if a == b => Sym::constant(width, 0),
            BinOp::Sub => match b {
                Sym::Const(c) => Sym::sum(a, Sym::constant(width, c.value.wrapping_neg())),
                other => Sym::node(SymNode::Sub(a, other)),
            },
        }
    }

    /// Addition with the constant last and constants gathered: a chain of decrements stays one node.
    fn sum(a: Sym, b: Sym) -> Sym {
        let (a, b) = if a.as_const().is_some() { (b, a) } else { (a, b) };
        let Sym::Const(c) = b else { return Sym::node(SymNode::Add(a, b)) };
        if c.value == 0 {
            return a;
        }
        if let Sym::Node(node) = &a
            && let SymNode::Add(x, Sym::Const(d)) = &**node
        {
            return Sym::sum(x.clone(), Sym::constant(c.width, c.value.wrapping_add(d.value)));
        }
        Sym::node(SymNode::Add(a, Sym::Const(c)))
    }

    /// A value with a constant added.
    pub fn offset(a: Sym, by: u128) -> Sym {
        let width = a.width();
        Sym::bin(BinOp::Add, a, Sym::constant(width, by))
    }

    /// Shift left by a constant.
    pub fn shift_left(a: Sym, by: u16) -> Sym {
        match a {
            other if by >= other.width() => Sym::constant(other.width(), 0),
            Sym::Const(c) => Sym::constant(c.width, c.value << by),
            other if by == 0 => other,
            other => Sym::node(SymNode::Shl(other, by)),
        }
    }

    /// Logical shift right by a constant.
    pub fn shift_right(a: Sym, by: u16) -> Sym {
        match a {
            other if by >= other.width() => Sym::constant(other.width(), 0),
            Sym::Const(c) => Sym::constant(c.width, c.value >> by),
            other if by == 0 => other,
            other => Sym::node(SymNode::Lshr(other, by)),
        }
    }

    /// Bits `hi..=lo`.
    pub fn extract(a: Sym, hi: u16, lo: u16) -> Sym {
        match a {
            Sym::Const(c) => Sym::constant(hi - lo + 1, c.value >> lo),
            other if lo == 0 && hi + 1 == other.width() => other,
            other => Sym::node(SymNode::Extract(other, hi, lo)),
        }
    }

    /// `a`'s bits above `b`'s.
    pub fn concat(a: Sym, b: Sym) -> Sym {
        if let (Sym::Const(x), Sym::Const(y)) = (&a, &b) {
            return Sym::constant(x.width + y.width, (x.value << y.width) | y.value);
        }
        Sym::node(SymNode::Concat(a, b))
    }

    /// Zero extension.
    pub fn zext(width: u16, a: Sym) -> Sym {
        match a {
            Sym::Const(c) => Sym::constant(width, c.value),
            other if other.width() == width => other,
            other => Sym::node(SymNode::Zext(width, other)),
        }
    }

    /// `if c then a else b`.
    pub fn ite(c: SymCond, a: Sym, b: Sym) -> Sym {
        match c {
            SymCond::True => a,
            SymCond::False => b,
            _ if a == b => a,
            c => Sym::node(SymNode::Ite(c, a, b)),
        }
    }

    /// A hash of values below a size. It is not folded, even of constants: what is found out by symbols holds for every
    /// function.
    pub fn hash(of: Vec<Sym>, size: NonZeroU32) -> Sym {
        Sym::node(SymNode::Hash(of, size))
    }

    /// What the real function gives for constants.
    fn hash_of_constants(of: &[Sym], size: NonZeroU32) -> Option<Sym> {
        let values = of.iter().map(Sym::as_const).collect::<Option<Vec<u128>>>()?;
        Some(Sym::constant(HASH_WIDTH, u128::from(rdcl_core::hash(values) % u64::from(size.get()))))
    }

    /// The value with each variable replaced.
    pub fn substitute(&self, by: &mut dyn FnMut(Var) -> Sym) -> Sym {
        self.rewrite(by, Hashes::Any)
    }

    fn rewrite(&self, by: &mut dyn FnMut(Var) -> Sym, hashes: Hashes) -> Sym {
        match self {
            Sym::Const(_) => self.clone(),
            Sym::Var(v) => by(*v),
            Sym::Node(node) => node.rewrite(by, hashes),
        }
    }

    /// Calls `visit` for every hash in it: its arguments and its size.
    pub fn hashes(&self, visit: &mut dyn FnMut(&[Sym], NonZeroU32)) {
        let Sym::Node(node) = self else { return };
        if let SymNode::Hash(of, size) = &**node {
            visit(of, *size);
        }
        if let SymNode::Ite(c, _, _) = &**node {
            c.hashes(visit);
        }
        node.parts().into_iter().for_each(|part| part.hashes(visit));
    }

    /// Calls `visit` for every variable in it.
    pub fn variables(&self, visit: &mut dyn FnMut(Var)) {
        self.substitute(&mut |v| {
            visit(v);
            Sym::Var(v)
        });
    }

    /// Whether it is too large to work with, counted as a tree: shared parts are gone through as often as they occur.
    pub fn is_overgrown(&self) -> bool {
        let mut left = LARGEST;
        !self.is_within(&mut left)
    }

    fn is_within(&self, left: &mut usize) -> bool {
        let Sym::Node(node) = self else { return true };
        *left = left.saturating_sub(1);
        *left > 0 && node.parts().into_iter().all(|part| part.is_within(left))
    }

    /// Its value, given every variable's; hashes are the real ones.
    pub fn eval(&self, model: &dyn Fn(Var) -> u128) -> u128 {
        let constant = &mut |v: Var| Sym::constant(v.width, model(v));
        self.rewrite(constant, Hashes::Real).as_const().expect("no variable is left")
    }
}

fn fold(op: BinOp, a: u128, b: u128) -> u128 {
    match op {
        BinOp::And => a & b,
        BinOp::Or => a | b,
        BinOp::Xor => a ^ b,
        BinOp::Add => a.wrapping_add(b),
        BinOp::Sub => a.wrapping_sub(b),
    }
}

/// What hashes are taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hashes {
    /// Any function.
    Any,
    /// The real one, where its arguments are constant.
    Real,
}

/// The most nodes of a value that is worked with.
const LARGEST: usize = 4_096;

impl SymNode {
    /// The values it is computed from, conditions apart.
    fn parts(&self) -> Vec<&Sym> {
        match self {
            SymNode::Not(a) | SymNode::Shl(a, _) | SymNode::Lshr(a, _) => vec![a],
            SymNode::Extract(a, _, _) | SymNode::Zext(_, a) => vec![a],
            SymNode::And(a, b) | SymNode::Or(a, b) | SymNode::Xor(a, b) => vec![a, b],
            SymNode::Add(a, b) | SymNode::Sub(a, b) | SymNode::Concat(a, b) => vec![a, b],
            SymNode::Ite(_, a, b) => vec![a, b],
            SymNode::Hash(of, _) => of.iter().collect(),
        }
    }

    pub(crate) fn width(&self) -> u16 {
        match self {
            SymNode::Not(a) | SymNode::Shl(a, _) | SymNode::Lshr(a, _) => a.width(),
            SymNode::And(a, _) | SymNode::Or(a, _) | SymNode::Xor(a, _) => a.width(),
            SymNode::Add(a, _) | SymNode::Sub(a, _) | SymNode::Ite(_, a, _) => a.width(),
            SymNode::Extract(_, hi, lo) => hi - lo + 1,
            SymNode::Concat(a, b) => a.width() + b.width(),
            SymNode::Zext(width, _) => *width,
            SymNode::Hash(..) => HASH_WIDTH,
        }
    }

    fn rewrite(&self, by: &mut dyn FnMut(Var) -> Sym, hashes: Hashes) -> Sym {
        let bin = |op, a: &Sym, b: &Sym, by: &mut dyn FnMut(Var) -> Sym| {
            let a = a.rewrite(by, hashes);
            Sym::bin(op, a, b.rewrite(by, hashes))
        };
        match self {
            SymNode::Not(a) => Sym::complement(a.rewrite(by, hashes)),
            SymNode::And(a, b) => bin(BinOp::And, a, b, by),
            SymNode::Or(a, b) => bin(BinOp::Or, a, b, by),
            SymNode::Xor(a, b) => bin(BinOp::Xor, a, b, by),
            SymNode::Add(a, b) => bin(BinOp::Add, a, b, by),
            SymNode::Sub(a, b) => bin(BinOp::Sub, a, b, by),
            SymNode::Shl(a, n) => Sym::shift_left(a.rewrite(by, hashes), *n),
            SymNode::Lshr(a, n) => Sym::shift_right(a.rewrite(by, hashes), *n),
            SymNode::Extract(a, hi, lo) => Sym::extract(a.rewrite(by, hashes), *hi, *lo),
            SymNode::Concat(a, b) => {
                let a = a.rewrite(by, hashes);
                Sym::concat(a, b.rewrite(by, hashes))
            }
            SymNode::Zext(width, a) => Sym::zext(*width, a.rewrite(by, hashes)),
            SymNode::Hash(of, size) => {
                let of: Vec<Sym> = of.iter().map(|a| a.rewrite(by, hashes)).collect();
                let real = if hashes == Hashes::Real { Sym::hash_of_constants(&of, *size) } else { None };
                real.unwrap_or_else(|| Sym::hash(of, *size))
            }
            SymNode::Ite(c, a, b) => {
                let c = c.rewrite(by, hashes);
                let a = a.rewrite(by, hashes);
                Sym::ite(c, a, b.rewrite(by, hashes))
            }
        }
    }
}
