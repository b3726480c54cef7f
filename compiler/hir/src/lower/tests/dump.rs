//! Core in words, one line for each instruction.

use crate::lower::Lowered;
use rdcl_core::{BinOp, BlockId, CmpOp, Cond, End, Expr, Op, Place, Program, Resolver};

/// The program's entries and blocks.
pub fn dump(lowered: &Lowered) -> String {
    let d = Dump(&lowered.program);
    let mut out = String::new();
    for (port, entry) in d.0.ports.iter().zip(&d.0.entry) {
        if let Some(entry) = entry {
            out += &format!("{} -> {}\n", port.name, entry.0);
        }
    }
    for (i, block) in d.0.blocks.iter().enumerate() {
        let mut lines: Vec<String> = block.ops.iter().map(|op| d.op(op)).collect();
        lines.push(d.end(&block.end));
        out += &format!("{i}: {}\n", lines.join("; "));
    }
    out
}

struct Dump<'p>(&'p Program);

impl Dump<'_> {
    fn op(&self, op: &Op) -> String {
        match op {
            Op::Set(Place::Field(field), e) => format!("{field} := {}", self.expr(e)),
            Op::Set(Place::Slot(slot), e) => format!("{} := {}", self.0.slots[slot.index()].name, self.expr(e)),
            Op::Push(header) => format!("push {}", header.name()),
            Op::Pop(header) => format!("pop {}", header.name()),
            Op::Nest => "nest".into(),
            Op::Unnest => "unnest".into(),
            Op::Touch(cell) => format!("touch {}", self.0.cells[cell.index()].name),
            Op::Remove(cell) => format!("remove {}", self.0.cells[cell.index()].name),
            Op::Update(cell, column, e) => {
                let cell = &self.0.cells[cell.index()];
                format!("{}.{} := {}", cell.name, self.0.maps[cell.map.index()].column(*column).0, self.expr(e))
            }
        }
    }

    fn end(&self, end: &End) -> String {
        match end {
            End::Goto(b) => format!("goto {}", b.0),
            End::If(c, a, b) => format!("if {} then {} else {}", self.cond(c), a.0, b.0),
            End::Switch { on, arms, default } => {
                let arms: Vec<String> = arms.iter().map(|(v, b)| format!("{v} => {}", b.0)).collect();
                format!("switch {} {}, else {}", self.expr(on), arms.join(", "), default.0)
            }
            End::Match { table, keys, row, hit, miss } => {
                let (table, row) = (&self.0.tables[table.index()].name, &self.0.rows[row.index()].name);
                format!("match {table} {} row {row} {} else {}", self.exprs(keys), hit.0, miss.0)
            }
            End::Lookup { map, index, keys, cell, hit, miss } => {
                let (map, cell) = (&self.0.maps[map.index()].name, &self.0.cells[cell.index()].name);
                format!("lookup {cell} in {map}#{index} {} hit {} miss {}", self.exprs(keys), hit.0, miss.0)
            }
            End::Insert { map, values, cell, ok, full, clash, clash_handled } => {
                let (map, cell) = (&self.0.maps[map.index()].name, &self.0.cells[cell.index()].name);
                let mark = if *clash_handled { "" } else { "(to be proved never)" };
                let values = self.exprs(values);
                format!("insert {cell} in {map} {values} ok {} full {} clash{mark} {}", ok.0, full.0, clash.0)
            }
            End::Choose { slot, lo, hi, free, resolver, ok, none, choice: _ } => {
                let free = free.as_ref().map_or(String::new(), |f| {
                    let keys = f.keys.iter().map(|k| k.as_ref().map_or("_".into(), |k| self.expr(k)));
                    let keys = Vec::from_iter(keys).join(", ");
                    format!(" free in {}#{} ({keys})", self.0.maps[f.map.index()].name, f.index)
                });
                let by = match resolver {
                    None => String::new(),
                    Some(Resolver::First) => " by first".into(),
                    Some(Resolver::Hash(keys)) => format!(" by hash {}", self.exprs(keys)),
                    Some(Resolver::LeastRecentlyFreed) => " by lru".into(),
                };
                let name = &self.0.slots[slot.index()].name;
                format!("choose {name} in {lo}..{hi}{free}{by} ok {} none {}", ok.0, none.0)
            }
            End::Fork(arms) => format!("fork {}", self.blocks(arms)),
            End::Forward(port) => format!("forward {}", self.0.ports[port.index()].name),
            End::Drop(reason) => format!("drop {reason:?}"),
            End::Check { cond, kind, ok } => format!("{kind:?} {} ok {}", self.cond(cond), ok.0),
        }
    }

    fn blocks(&self, blocks: &[BlockId]) -> String {
        blocks.iter().map(|b| b.0.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn exprs(&self, exprs: &[Expr]) -> String {
        format!("({})", exprs.iter().map(|e| self.expr(e)).collect::<Vec<_>>().join(", "))
    }

    fn expr(&self, e: &Expr) -> String {
        match e {
            Expr::Const(c) => format!("{}:{}", c.value, c.width),
            Expr::Field(field) => field.to_string(),
            Expr::Slot(slot) => self.0.slots.get(slot.index()).map_or(format!("old#{}", slot.0), |s| s.name.clone()),
            Expr::Cell(cell, column) => {
                let cell = &self.0.cells[cell.index()];
                format!("{}.{}", cell.name, self.0.maps[cell.map.index()].column(*column).0)
            }
            Expr::Row(row, column) => {
                let row = &self.0.rows[row.index()];
                format!("{}.{}", row.name, self.0.tables[row.table.index()].data[usize::from(*column)].0)
            }
            Expr::Column(column, width) => format!("#{column}:{width}"),
            Expr::Not(of) => format!("~{}", self.expr(of)),
            Expr::Bin(op, a, b) => {
                let sign = match op {
                    BinOp::And => "&",
                    BinOp::Or => "|",
                    BinOp::Xor => "^",
                    BinOp::Add => "+",
                    BinOp::Sub => "-",
                };
                format!("({} {sign} {})", self.expr(a), self.expr(b))
            }
            Expr::Shl(of, by) => format!("({} << {by})", self.expr(of)),
            Expr::Lshr(of, by) => format!("({} >> {by})", self.expr(of)),
            Expr::Extract { hi, lo, of } => format!("{}[{hi}..{lo}]", self.expr(of)),
            Expr::Concat(a, b) => format!("({} ++ {})", self.expr(a), self.expr(b)),
            Expr::Zext(width, of) => format!("zext({width}, {})", self.expr(of)),
            Expr::Now => "now".into(),
            Expr::Hash(of, size) => format!("hash({}) % {size}", self.exprs(of)),
            Expr::Ite(c, a, b) => format!("({} ? {} : {})", self.cond(c), self.expr(a), self.expr(b)),
        }
    }

    fn cond(&self, c: &Cond) -> String {
        let list = |parts: &[Cond], word: &str| {
            format!("({})", parts.iter().map(|c| self.cond(c)).collect::<Vec<_>>().join(word))
        };
        match c {
            Cond::True => "true".into(),
            Cond::False => "false".into(),
            Cond::Cmp(op, a, b) => {
                let sign = match op {
                    CmpOp::Eq => "==",
                    CmpOp::Ult => "<",
                    CmpOp::Ule => "<=",
                };
                format!("{} {sign} {}", self.expr(a), self.expr(b))
            }
            Cond::In(e, set) => {
                let parts: Vec<String> = set.intervals().iter().map(|(lo, hi)| format!("{lo}..{hi}")).collect();
                format!("{} in {}", self.expr(e), parts.join("|"))
            }
            Cond::Has(header) => format!("has {}", header.name()),
            Cond::All(parts) => list(parts, " and "),
            Cond::Any(parts) => list(parts, " or "),
            Cond::Not(inner) => format!("not {}", self.cond(inner)),
        }
    }
}

/// A condition.
pub fn dump_cond(c: &Cond) -> String {
    Dump(&Program::default()).cond(c)
}

/// An expression.
pub fn dump_expr(e: &Expr) -> String {
    Dump(&Program::default()).expr(e)
}
