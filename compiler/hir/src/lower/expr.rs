//! Expressions: what they denote, with widths checked and constants folded.
//!
//! An integer literal (or an integer parameter) has no width of its own and takes that of the other side; every other
//! value has one, and two values meet only when theirs are equal.

use super::flow::{Binding, CellState, Flow};
use super::{Lower, field, fold, problem};
use crate::eval::prefix6_text;
use crate::headers::inner_header;
use crate::headers::metadata::META;
use crate::value::Value;
use rdcl_base::{Dimension, IntervalSet, NodeId, Quantity};
use rdcl_core::{BinOp, CellId, Expr as Core, MapId, RowId, TIME_WIDTH, TableId, mask};
use rdcl_syntax::ast::{BinaryOp, Expr, ExprKind, Name};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What an expression denotes.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// A number that takes the width of what it meets.
    Int(u128),
    /// A value of a width.
    Bits(Core, u16),
    /// True or false.
    Cond(rdcl_core::Cond),
    /// A time.
    Time(Core),
    /// A duration.
    Span(Core),
    /// An amount of something else.
    Amount(Quantity),
    /// A set of values, and their width if it has one.
    Set(IntervalSet, Option<u16>),
    /// A text.
    Text(String),
    /// Something that is no value, in words.
    Other(&'static str),
}

impl Operand {
    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Operand::Int(_) => "a number",
            Operand::Bits(..) => "a value",
            Operand::Cond(_) => "a condition",
            Operand::Time(_) => "a time",
            Operand::Span(_) => "a duration",
            Operand::Amount(_) => "an amount with a unit",
            Operand::Set(..) => "a set of values",
            Operand::Text(_) => "a text",
            Operand::Other(words) => words,
        }
    }

    /// An amount.
    pub fn amount(quantity: Quantity) -> Operand {
        match quantity.dimension {
            Dimension::Time => Operand::Span(fold::constant(quantity.amount.into(), TIME_WIDTH)),
            _ => Operand::Amount(quantity),
        }
    }

    /// Whether it is more than a number.
    pub fn has_unit(&self) -> bool {
        matches!(self, Operand::Time(_) | Operand::Span(_) | Operand::Amount(_))
    }
}

/// Two operands that may meet.
pub(super) enum Pair {
    /// Two numbers.
    Ints(u128, u128),
    /// Two values of one width.
    Bits(Core, Core, u16),
}

impl Lower<'_> {
    /// What an expression denotes.
    pub(super) fn operand(&mut self, flow: &Flow, e: &Expr) -> Option<Operand> {
        self.nested(e.node, |this| this.operand_at(flow, e))
    }

    fn operand_at(&mut self, flow: &Flow, e: &Expr) -> Option<Operand> {
        match &e.kind {
            ExprKind::Int(n) => Some(Operand::Int(*n)),
            ExprKind::Quantity(quantity) => Some(Operand::amount(*quantity)),
            ExprKind::Str(text) => Some(Operand::Text(text.clone())),
            ExprKind::Ipv4(address) => Some(Operand::Bits(fold::constant(u128::from(*address), 32), 32)),
            ExprKind::Ipv6(address) => Some(Operand::Bits(fold::constant(*address, 128), 128)),
            ExprKind::Mac(address) => Some(Operand::Bits(fold::constant(u128::from(*address), 48), 48)),
            ExprKind::Prefix(address, length) => self.prefix(*address, *length, e.node),
            ExprKind::Prefix6(address, length) => self.prefix6(*address, *length, e.node),
            ExprKind::Name(name) => self.name(flow, name),
            ExprKind::Member(of, name) => self.member(flow, of, name, e.node),
            ExprKind::Index(..) => Some(Operand::Other("a port")),
            ExprKind::Call(call) => self.function(flow, call),
            ExprKind::Binary(op, a, b) => self.binary(flow, *op, a, b, e),
            ExprKind::Range(lo, hi) => self.range(flow, lo, hi, e.node),
            ExprKind::Address(at, width) => {
                let access = self.address(flow, at, width, e.node)?;
                self.read_field(flow, access, e.node).map(|(value, width)| Operand::Bits(value, width))
            }
            ExprKind::Not(_) | ExprKind::All(_) | ExprKind::Any(_) | ExprKind::In(..) | ExprKind::Has(_) => {
                self.cond(flow, e).map(Operand::Cond)
            }
            ExprKind::Bad => self.broken(),
        }
    }

    fn binary(&mut self, flow: &Flow, op: BinaryOp, a: &Expr, b: &Expr, e: &Expr) -> Option<Operand> {
        match op {
            BinaryOp::Add => self.sum(flow, BinOp::Add, [a, b], e.node),
            BinaryOp::Sub => self.sum(flow, BinOp::Sub, [a, b], e.node),
            BinaryOp::And => self.bitwise(flow, BinOp::And, [a, b], e.node),
            BinaryOp::Or => self.bitwise(flow, BinOp::Or, [a, b], e.node),
            BinaryOp::Xor => self.bitwise(flow, BinOp::Xor, [a, b], e.node),
            BinaryOp::Shl => self.shift(flow, true, a, b, e.node),
            BinaryOp::Shr => self.shift(flow, false, a, b, e.node),
            BinaryOp::Mul => self.product(flow, [a, b], e.node),
            BinaryOp::Div => self.quotient(flow, [a, b], e.node),
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                self.cond(flow, e).map(Operand::Cond)
            }
        }
    }

    /// A value of any width.
    pub(super) fn value(&mut self, flow: &Flow, e: &Expr) -> Option<Operand> {
        match e.kind {
            ExprKind::Prefix(address, _) => {
                return self.fault(problem::prefix_for_address(&Ipv4Addr::from(address).to_string(), e.node));
            }
            ExprKind::Prefix6(address, _) => {
                let address = format!("ip6\"{}\"", Ipv6Addr::from(address));
                return self.fault(problem::prefix_for_address(&address, e.node));
            }
            _ => {}
        }
        let found = self.operand(flow, e)?;
        self.plain(found, e.node)
    }

    fn plain(&mut self, found: Operand, node: NodeId) -> Option<Operand> {
        match found {
            found @ (Operand::Int(_) | Operand::Bits(..)) => Some(found),
            found => self.fault(problem::wrong_kind("a value", found.kind(), node)),
        }
    }

    /// A value of this width.
    pub(super) fn bits(&mut self, flow: &Flow, e: &Expr, width: u16) -> Option<Core> {
        match self.value(flow, e)? {
            Operand::Int(n) => self.fit(n, width, e.node),
            Operand::Bits(_, found) if found != width => self.fault(problem::widths_differ(width, found, e.node)),
            Operand::Bits(value, _) => Some(value),
            _ => None,
        }
    }

    /// A number as a constant of this width.
    pub(super) fn fit(&mut self, n: u128, width: u16, node: NodeId) -> Option<Core> {
        if n > mask(width) {
            return self.fault(problem::does_not_fit(n, width, node));
        }
        Some(fold::constant(n, width))
    }

    /// A number known now.
    pub(super) fn constant(&mut self, flow: &Flow, e: &Expr, what: &str) -> Option<u128> {
        match self.value(flow, e)? {
            Operand::Int(n) => Some(n),
            Operand::Bits(Core::Const(c), _) => Some(c.value),
            _ => self.fault(problem::not_constant(what, e.node)),
        }
    }

    /// Two values that meet: of equal width, or numbers.
    pub(super) fn pair_of(
        &mut self,
        (left, right): (Operand, Operand),
        [a, b]: [&Expr; 2],
        node: NodeId,
    ) -> Option<Pair> {
        let (left, right) = (self.plain(left, a.node), self.plain(right, b.node));
        match (left?, right?) {
            (Operand::Int(x), Operand::Int(y)) => Some(Pair::Ints(x, y)),
            (Operand::Int(x), Operand::Bits(y, width)) => Some(Pair::Bits(self.fit(x, width, a.node)?, y, width)),
            (Operand::Bits(x, width), Operand::Int(y)) => Some(Pair::Bits(x, self.fit(y, width, b.node)?, width)),
            (Operand::Bits(x, width), Operand::Bits(y, other)) if width == other => Some(Pair::Bits(x, y, width)),
            (Operand::Bits(_, left), Operand::Bits(_, right)) => self.fault(problem::widths_differ(left, right, node)),
            _ => None,
        }
    }

    fn bitwise(&mut self, flow: &Flow, op: BinOp, [a, b]: [&Expr; 2], node: NodeId) -> Option<Operand> {
        let (left, right) = (self.operand(flow, a), self.operand(flow, b));
        self.arithmetic(op, (left?, right?), [a, b], node)
    }

    pub(super) fn arithmetic(
        &mut self,
        op: BinOp,
        operands: (Operand, Operand),
        sides: [&Expr; 2],
        node: NodeId,
    ) -> Option<Operand> {
        match self.pair_of(operands, sides, node)? {
            Pair::Bits(x, y, width) => Some(Operand::Bits(fold::bin(op, x, y, width), width)),
            Pair::Ints(x, y) => {
                let exact = match op {
                    BinOp::Add => x.checked_add(y),
                    BinOp::Sub => x.checked_sub(y),
                    BinOp::And => Some(x & y),
                    BinOp::Or => Some(x | y),
                    BinOp::Xor => Some(x ^ y),
                };
                exact.map(Operand::Int).or_else(|| self.fault(problem::no_value(node)))
            }
        }
    }

    fn shift(&mut self, flow: &Flow, left: bool, a: &Expr, by: &Expr, node: NodeId) -> Option<Operand> {
        let of = self.value(flow, a);
        let by = self.constant(flow, by, "the distance of a shift")?;
        match of? {
            Operand::Int(n) if left => {
                let by = u32::try_from(by).ok().filter(|by| *by <= n.leading_zeros());
                let exact = by.map(|by| n.checked_shl(by).unwrap_or(0));
                exact.map(Operand::Int).or_else(|| self.fault(problem::no_value(node)))
            }
            Operand::Int(n) => Some(Operand::Int(u32::try_from(by).ok().and_then(|by| n.checked_shr(by)).unwrap_or(0))),
            Operand::Bits(value, width) => Some(Operand::Bits(fold::shift(left, value, by, width), width)),
            _ => None,
        }
    }

    fn name(&mut self, flow: &Flow, name: &Name) -> Option<Operand> {
        if let Some(binding) = flow.binding(&name.text) {
            return self.bound(binding, name);
        }
        if let Some((_, value)) = self.env.params.get(&name.text) {
            return Some(parameter(value));
        }
        if let Some(access) = field::alias(&name.text) {
            return self.read_field(flow, access, name.node).map(|(value, width)| Operand::Bits(value, width));
        }
        if self.group(&name.text).is_some() {
            return Some(Operand::Other("a port"));
        }
        if self.is_header(&name.text) {
            return Some(Operand::Other("a header"));
        }
        if name.text == "now" && self.clock {
            return Some(Operand::Time(Core::Now));
        }
        let known: Vec<&str> = flow.names.keys().chain(self.env.params.keys()).map(String::as_str).collect();
        self.fault(problem::unknown_name(&name.text, name.node, known))
    }

    fn bound(&mut self, binding: &Binding, name: &Name) -> Option<Operand> {
        match binding {
            Binding::Local { set: false, .. } => self.fault(problem::read_before_write(&name.text, name.node)),
            Binding::Local { slot, width, set: true } | Binding::Choice { slot, width } => {
                Some(Operand::Bits(Core::Slot(*slot), *width))
            }
            Binding::Cell { .. } => Some(Operand::Other("an entry")),
            Binding::Row { .. } => Some(Operand::Other("a row")),
            Binding::Column { index, width, kind } => Some(kind.operand(Core::Column(*index, *width), *width)),
            Binding::Alias(_) => Some(Operand::Other("a name")),
            Binding::Unknown => None,
        }
    }

    fn member(&mut self, flow: &Flow, of: &Expr, name: &Name, node: NodeId) -> Option<Operand> {
        if let Some(header) = inner_header(of) {
            let access = self.field(&header, name)?;
            return self.read_field(flow, access, node).map(|(value, width)| Operand::Bits(value, width));
        }
        let ExprKind::Name(base) = &of.kind else {
            return self.fault(no_member("an expression", of.node));
        };
        if base.text == META {
            return self.metadata(flow, name, node);
        }
        match flow.binding(&base.text) {
            Some(Binding::Cell { cell, map, state }) => {
                self.entry_usable(*state, base)?;
                self.cell_column(*cell, *map, name)
            }
            Some(Binding::Row { row, table }) => self.row_column(*row, *table, name),
            Some(Binding::Unknown) => None,
            Some(Binding::Local { .. } | Binding::Choice { .. } | Binding::Column { .. } | Binding::Alias(_)) => {
                self.fault(no_member("a value", base.node))
            }
            None if self.env.params.contains_key(&base.text) => self.fault(no_member("a parameter", base.node)),
            // A port has no members: of a port with the name of a header, the header is meant.
            None if self.group(&base.text).is_some() && !self.is_header(&base.text) => {
                self.fault(no_member("a port", base.node))
            }
            None => {
                let access = self.field(base, name)?;
                self.read_field(flow, access, node).map(|(value, width)| Operand::Bits(value, width))
            }
        }
    }

    /// `meta.name`: a local name in a behaviour, a field in a promise.
    fn metadata(&mut self, flow: &Flow, name: &Name, node: NodeId) -> Option<Operand> {
        if let Some(binding) = self.metadata_binding(flow, name) {
            let whole = Name { text: format!("{META}.{}", name.text), node };
            return self.bound(binding, &whole);
        }
        let access = self.metadata_field(flow, name)?;
        self.read_field(flow, access, node).map(|(value, width)| Operand::Bits(value, width))
    }

    /// Complains unless an entry's name may be used.
    pub(super) fn entry_usable(&mut self, state: CellState, name: &Name) -> Option<()> {
        match state {
            CellState::Bound => Some(()),
            CellState::Missed => self.fault(problem::entry_unbound(&name.text, name.node)),
            CellState::Removed => self.fault(problem::entry_removed(&name.text, name.node)),
        }
    }

    fn cell_column(&mut self, cell: CellId, map: MapId, name: &Name) -> Option<Operand> {
        let decl = &self.program.maps[map.index()];
        let columns = decl.key.iter().chain(&decl.value).cloned().collect();
        let (at, width) = self.column(columns, "column", name)?;
        Some(self.column_kind(map, at).operand(Core::Cell(cell, at), width))
    }

    fn row_column(&mut self, row: RowId, table: TableId, name: &Name) -> Option<Operand> {
        let columns = self.program.tables[table.index()].data.clone();
        self.column(columns, "data column", name).map(|(at, width)| Operand::Bits(Core::Row(row, at), width))
    }

    fn column(&mut self, columns: Vec<(String, u16)>, what: &str, name: &Name) -> Option<(u16, u16)> {
        match columns.iter().position(|c| c.0 == name.text) {
            Some(at) => Some((at as u16, columns[at].1)),
            None => {
                let known = columns.iter().map(|c| c.0.as_str());
                self.fault(problem::unknown_thing(what, &name.text, name.node, known))
            }
        }
    }

    fn prefix(&mut self, address: u32, length: u8, node: NodeId) -> Option<Operand> {
        let kept = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0) & address;
        if kept != address {
            let texts = [address, kept].map(|a| format!("{}/{length}", Ipv4Addr::from(a)));
            return self.fault(problem::host_bits(texts, length, node));
        }
        Some(prefix(address, length))
    }

    fn prefix6(&mut self, address: u128, length: u8, node: NodeId) -> Option<Operand> {
        let kept = address & !mask(128 - u16::from(length.min(128)));
        if kept != address {
            return self.fault(problem::host_bits([address, kept].map(|a| prefix6_text(a, length)), length, node));
        }
        Some(prefix6(address, length))
    }

    fn range(&mut self, flow: &Flow, lo: &Expr, hi: &Expr, node: NodeId) -> Option<Operand> {
        let (from, to) = (self.constant(flow, lo, "a bound"), self.constant(flow, hi, "a bound"));
        let width = match (&lo.kind, &hi.kind) {
            (ExprKind::Ipv4(_), ExprKind::Ipv4(_)) => Some(32),
            (ExprKind::Ipv6(_), ExprKind::Ipv6(_)) => Some(128),
            _ => None,
        };
        match (from?, to?) {
            (from, to) if from > to => {
                let text = |n: u128| match width {
                    Some(32) => Ipv4Addr::from(n as u32).to_string(),
                    Some(_) => format!("ip6\"{}\"", Ipv6Addr::from(n)),
                    None => n.to_string(),
                };
                self.fault(problem::empty_range(&text(from), &text(to), node))
            }
            (from, to) => Some(Operand::Set(IntervalSet::range(from, to), width)),
        }
    }
}

fn no_member(found: &str, at: NodeId) -> problem::Problem {
    problem::wrong_kind("a header, an entry or a row before the dot", found, at)
}

fn prefix(address: u32, length: u8) -> Operand {
    Operand::Set(IntervalSet::prefix(u128::from(address), u16::from(length), 32), Some(32))
}

fn prefix6(address: u128, length: u8) -> Operand {
    Operand::Set(IntervalSet::prefix(address, u16::from(length), 128), Some(128))
}

/// A parameter stands for its value.
fn parameter(value: &Value) -> Operand {
    match value {
        Value::Int(n) => Operand::Int(*n),
        Value::Bool(holds) => Operand::Cond(fold::truth(*holds)),
        Value::Str(text) => Operand::Text(text.clone()),
        Value::Ipv4(address) => Operand::Bits(fold::constant(u128::from(*address), 32), 32),
        Value::Ipv6(address) => Operand::Bits(fold::constant(*address, 128), 128),
        Value::Mac(address) => Operand::Bits(fold::constant(u128::from(*address), 48), 48),
        Value::Prefix(address, length) => prefix(*address, *length),
        Value::Prefix6(address, length) => prefix6(*address, *length),
        Value::Range(lo, hi) => Operand::Set(IntervalSet::range(*lo, *hi), None),
        Value::Quantity(quantity) => Operand::amount(*quantity),
        Value::Table(_) => Operand::Other("a table"),
        Value::Stack(_) => Operand::Other("a header stack"),
    }
}
