//! Whether a program looks at the clock.

use crate::program::{Block, Cond, End, Expr, Op, Program, Resolver};

impl Program {
    /// Whether what it does with a packet may depend on the time of the visit otherwise than through expiry.
    pub fn reads_clock(&self) -> bool {
        self.blocks.iter().any(Block::reads_clock)
    }
}

impl Block {
    fn reads_clock(&self) -> bool {
        let op = |op: &Op| match op {
            Op::Set(_, value) | Op::Update(_, _, value) => value.reads_clock(),
            Op::Push(_) | Op::Pop(_) | Op::Nest | Op::Unnest | Op::Touch(_) | Op::Remove(_) => false,
        };
        self.ops.iter().any(op) || self.end.reads_clock()
    }
}

impl End {
    fn reads_clock(&self) -> bool {
        let any = |exprs: &[Expr]| exprs.iter().any(Expr::reads_clock);
        match self {
            End::Goto(_) | End::Fork(_) | End::Forward(_) | End::Drop(_) => false,
            End::If(cond, _, _) | End::Check { cond, .. } => cond.reads_clock(),
            End::Switch { on, .. } => on.reads_clock(),
            End::Match { keys, .. } | End::Lookup { keys, .. } => any(keys),
            End::Insert { values, .. } => any(values),
            End::Choose { free, resolver, .. } => {
                let free = free.iter().flat_map(|f| f.keys.iter().flatten()).any(Expr::reads_clock);
                free || matches!(resolver, Some(Resolver::Hash(of)) if any(of))
            }
        }
    }
}

impl Expr {
    fn reads_clock(&self) -> bool {
        match self {
            Expr::Now => true,
            Expr::Const(_) | Expr::Field(_) | Expr::Slot(_) => false,
            Expr::Cell(..) | Expr::Row(..) | Expr::Column(..) => false,
            Expr::Not(of) | Expr::Shl(of, _) | Expr::Lshr(of, _) | Expr::Zext(_, of) => of.reads_clock(),
            Expr::Extract { of, .. } => of.reads_clock(),
            Expr::Bin(_, a, b) | Expr::Concat(a, b) => a.reads_clock() || b.reads_clock(),
            Expr::Ite(cond, a, b) => cond.reads_clock() || a.reads_clock() || b.reads_clock(),
            Expr::Hash(of, _) => of.iter().any(Expr::reads_clock),
        }
    }
}

impl Cond {
    fn reads_clock(&self) -> bool {
        match self {
            Cond::True | Cond::False | Cond::Has(_) => false,
            Cond::Cmp(_, a, b) => a.reads_clock() || b.reads_clock(),
            Cond::In(of, _) => of.reads_clock(),
            Cond::All(conds) | Cond::Any(conds) => conds.iter().any(Cond::reads_clock),
            Cond::Not(cond) => cond.reads_clock(),
        }
    }
}
