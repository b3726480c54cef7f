//! The value of an expression, and whether a condition holds: exact, modular, total, stopping early.

use crate::field::Field;
use crate::header::HeaderKind;
use crate::program::{BinOp, Bv, CellId, CmpOp, Cond, Expr, HASH_WIDTH, MapDecl, RowId, SlotId, TIME_WIDTH};

/// What expressions speak of. Whatever an environment does not have is a zero of one bit.
pub trait Env {
    /// A header field.
    fn field(&self, _field: Field) -> Bv {
        NOTHING
    }
    /// A local variable.
    fn slot(&self, _slot: SlotId) -> Bv {
        NOTHING
    }
    /// A column of a bound entry.
    fn cell(&self, _cell: CellId, _column: u16) -> Bv {
        NOTHING
    }
    /// A data column of a bound row.
    fn row(&self, _row: RowId, _column: u16) -> Bv {
        NOTHING
    }
    /// A column of the entry an invariant speaks of.
    fn column(&self, _column: u16) -> u128 {
        0
    }
    /// The time in nanoseconds.
    fn now(&self) -> u64 {
        0
    }
    /// Whether a header is there.
    fn has(&self, _header: HeaderKind) -> bool {
        false
    }
}

const NOTHING: Bv = Bv { width: 1, value: 0 };

impl Expr {
    /// Its value.
    pub fn eval(&self, env: &impl Env) -> Bv {
        match self {
            Expr::Const(bv) => *bv,
            Expr::Field(field) => env.field(*field),
            Expr::Slot(slot) => env.slot(*slot),
            Expr::Cell(cell, column) => env.cell(*cell, *column),
            Expr::Row(row, column) => env.row(*row, *column),
            Expr::Now => Bv::new(TIME_WIDTH, env.now().into()),
            Expr::Column(column, width) => Bv::new(*width, env.column(*column)),
            Expr::Not(of) => map(of.eval(env), |v| !v),
            Expr::Bin(op, a, b) => binary(*op, a.eval(env), b.eval(env)),
            Expr::Shl(of, by) => map(of.eval(env), |v| v.checked_shl(u32::from(*by)).unwrap_or(0)),
            Expr::Lshr(of, by) => map(of.eval(env), |v| v.checked_shr(u32::from(*by)).unwrap_or(0)),
            Expr::Extract { hi, lo, of } => Bv::new(hi + 1 - lo, of.eval(env).value >> lo),
            Expr::Concat(a, b) => concat(a.eval(env), b.eval(env)),
            Expr::Zext(width, of) => Bv::new(*width, of.eval(env).value),
            Expr::Hash(of, size) => {
                let values = of.iter().map(|e| e.eval(env).value);
                Bv::new(HASH_WIDTH, u128::from(hash(values) % u64::from(size.get())))
            }
            Expr::Ite(cond, a, b) => {
                if cond.holds(env) {
                    a.eval(env)
                } else {
                    b.eval(env)
                }
            }
        }
    }
}

/// FNV-1a of 64 bits over the values, each as a word of 16 bytes, the most significant first.
pub fn hash(values: impl IntoIterator<Item = u128>) -> u64 {
    let step = |h: u64, byte: u8| (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    values.into_iter().flat_map(u128::to_be_bytes).fold(0xcbf2_9ce4_8422_2325, step)
}

fn map(of: Bv, with: impl FnOnce(u128) -> u128) -> Bv {
    Bv::new(of.width, with(of.value))
}

fn binary(op: BinOp, a: Bv, b: Bv) -> Bv {
    let value = match op {
        BinOp::And => a.value & b.value,
        BinOp::Or => a.value | b.value,
        BinOp::Xor => a.value ^ b.value,
        BinOp::Add => a.value.wrapping_add(b.value),
        BinOp::Sub => a.value.wrapping_sub(b.value),
    };
    Bv::new(a.width, value)
}

fn concat(a: Bv, b: Bv) -> Bv {
    let high = a.value.checked_shl(u32::from(b.width)).unwrap_or(0);
    Bv::new(a.width + b.width, high | b.value)
}

impl Cond {
    /// Whether it holds.
    pub fn holds(&self, env: &impl Env) -> bool {
        match self {
            Cond::True => true,
            Cond::False => false,
            Cond::Cmp(op, a, b) => compare(*op, a.eval(env).value, b.eval(env).value),
            Cond::In(of, set) => set.contains(of.eval(env).value),
            Cond::Has(header) => env.has(*header),
            Cond::All(all) => all.iter().all(|c| c.holds(env)),
            Cond::Any(any) => any.iter().any(|c| c.holds(env)),
            Cond::Not(not) => !not.holds(env),
        }
    }
}

fn compare(op: CmpOp, a: u128, b: u128) -> bool {
    match op {
        CmpOp::Eq => a == b,
        CmpOp::Ult => a < b,
        CmpOp::Ule => a <= b,
    }
}

struct Columns<'c>(&'c [u128]);

impl Env for Columns<'_> {
    fn column(&self, column: u16) -> u128 {
        self.0.get(usize::from(column)).copied().unwrap_or(0)
    }
}

impl MapDecl {
    /// Whether the invariant holds for an entry with these columns.
    pub fn admits(&self, columns: &[u128]) -> bool {
        self.invariant.holds(&Columns(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Nothing;
    impl Env for Nothing {}

    fn constant(width: u16, value: u128) -> Box<Expr> {
        Box::new(Expr::Const(Bv::new(width, value)))
    }

    fn value(expr: Expr) -> (u16, u128) {
        let bv = expr.eval(&Nothing);
        (bv.width, bv.value)
    }

    #[test]
    fn shifts_by_the_width_or_more_give_zero() {
        for by in [128, 200, u16::MAX] {
            assert_eq!(value(Expr::Shl(constant(128, 5), by)), (128, 0));
            assert_eq!(value(Expr::Lshr(constant(128, 5), by)), (128, 0));
        }
        assert_eq!(value(Expr::Shl(constant(8, 5), 8)), (8, 0));
        assert_eq!(value(Expr::Lshr(constant(8, 0x85), 7)), (8, 1));
    }

    #[test]
    fn the_widest_values_fit() {
        assert_eq!(value(Expr::Concat(constant(64, 1), constant(64, 2))), (128, (1 << 64) + 2));
        assert_eq!(value(Expr::Extract { hi: 127, lo: 127, of: constant(128, u128::MAX) }), (1, 1));
        assert_eq!(value(Expr::Not(constant(128, 0))), (128, u128::MAX));
    }

    #[test]
    fn conditions_stop_early() {
        struct Strict;
        impl Env for Strict {
            fn field(&self, field: Field) -> Bv {
                panic!("{field} is not there")
            }
        }
        let dport = Expr::Field(HeaderKind::Tcp.field("dport").unwrap());
        let ssh = Cond::Cmp(CmpOp::Eq, dport, *constant(16, 22));
        assert!(!Cond::All(vec![Cond::Has(HeaderKind::Tcp), ssh.clone()]).holds(&Strict));
        assert!(Cond::Any(vec![Cond::Not(Box::new(Cond::Has(HeaderKind::Tcp))), ssh]).holds(&Strict));
    }

    proptest! {
        #[test]
        fn bytes_compute_as_bytes(a: u8, b: u8, by in 0u16..8) {
            let (x, y) = (|| constant(8, a.into()), || constant(8, b.into()));
            let byte = |e: Expr| value(e).1 as u8;
            prop_assert_eq!(byte(Expr::Bin(BinOp::Add, x(), y())), a.wrapping_add(b));
            prop_assert_eq!(byte(Expr::Bin(BinOp::Sub, x(), y())), a.wrapping_sub(b));
            prop_assert_eq!(byte(Expr::Bin(BinOp::Xor, x(), y())), a ^ b);
            prop_assert_eq!(byte(Expr::Bin(BinOp::And, x(), y())), a & b);
            prop_assert_eq!(byte(Expr::Bin(BinOp::Or, x(), y())), a | b);
            prop_assert_eq!(byte(Expr::Not(x())), !a);
            prop_assert_eq!(byte(Expr::Shl(x(), by)), a << by);
            prop_assert_eq!(byte(Expr::Lshr(x(), by)), a >> by);
            prop_assert_eq!(byte(Expr::Extract { hi: 7, lo: by, of: x() }), a >> by);
            prop_assert_eq!(value(Expr::Concat(x(), y())), (16, u128::from(a) << 8 | u128::from(b)));
            prop_assert_eq!(Cond::Cmp(CmpOp::Ult, *x(), *y()).holds(&Nothing), a < b);
            prop_assert_eq!(Cond::Cmp(CmpOp::Ule, *x(), *y()).holds(&Nothing), a <= b);
        }
    }
}
