//! `[L3+96 : 32]`: tags are constant bit offsets from the start of the packet, so an address is a field or a mistake.

use super::field::Access;
use super::flow::{Flow, TagAt};
use super::{Lower, problem};
use rdcl_base::NodeId;
use rdcl_core::{Field, HeaderKind, Shape};
use rdcl_syntax::ast::{BinaryOp, Expr, ExprKind, Name};
use std::collections::{BTreeMap, BTreeSet};

/// For each possible shape, a bit counted from the start of the packet.
pub(super) type Offsets = BTreeMap<Shape, i64>;

impl Lower<'_> {
    /// The field at an address, the same one whatever the packet's shape.
    pub(super) fn address(&mut self, flow: &Flow, at: &Expr, width: &Expr, node: NodeId) -> Option<Access> {
        let offsets = self.offsets(flow, at)?;
        let wanted = self.constant(flow, width, "a width")?;
        let mut found = BTreeSet::new();
        for (shape, offset) in offsets {
            match field_at(shape, offset, wanted) {
                Ok(field) => _ = found.insert(field),
                Err((message, help)) => return self.fault(problem::no_such_address(message, help, node)),
            }
        }
        match Vec::from_iter(found).as_slice() {
            [] => None,
            [field] => Some(Access::One(*field)),
            [tcp, udp] if tcp.header == HeaderKind::Tcp && udp.header == HeaderKind::Udp => {
                Some(Access::L4(*tcp, *udp))
            }
            [one, other, ..] => {
                let message = format!("this address is `{one}` in some packets and `{other}` in others");
                self.fault(problem::no_such_address(message, None, node))
            }
        }
    }

    /// Where an address expression points, for each possible shape.
    pub(super) fn offsets(&mut self, flow: &Flow, e: &Expr) -> Option<Offsets> {
        self.nested(e.node, |this| match &e.kind {
            ExprKind::Name(name) if this.env.params.get(&name.text).is_none() => this.tag_offsets(flow, name),
            ExprKind::Binary(BinaryOp::Add, a, b) => this.combined(flow, a, b, i64::checked_add),
            ExprKind::Binary(BinaryOp::Sub, a, b) => this.combined(flow, a, b, i64::checked_sub),
            _ => {
                let value = this.constant(flow, e, "an offset")?;
                let Ok(value) = i64::try_from(value) else {
                    return this.fault(problem::does_not_fit(value, 63, e.node));
                };
                Some(flow.shapes.iter().map(|s| (*s, value)).collect())
            }
        })
    }

    fn combined(&mut self, flow: &Flow, a: &Expr, b: &Expr, f: fn(i64, i64) -> Option<i64>) -> Option<Offsets> {
        let left = self.offsets(flow, a)?;
        let right = self.offsets(flow, b)?;
        let sums: Option<Offsets> =
            left.into_iter().map(|(shape, x)| Some((shape, f(x, *right.get(&shape)?)?))).collect();
        sums.or_else(|| self.fault(problem::no_value(b.node)))
    }

    fn tag_offsets(&mut self, flow: &Flow, name: &Name) -> Option<Offsets> {
        let mut out = Offsets::new();
        for shape in &flow.shapes {
            match flow.tag(&name.text, *shape) {
                TagAt::Bit(at) => _ = out.insert(*shape, at),
                TagAt::Undefined if flow.vague => return None,
                TagAt::Undefined => return self.fault(problem::tag_undefined(&name.text, *shape, name.node)),
                TagAt::Differs => return self.fault(problem::tag_differs(&name.text, name.node)),
            }
        }
        Some(out)
    }
}

/// The field that starts at this bit and has this width; otherwise what is there instead, and a hint.
fn field_at(shape: Shape, offset: i64, width: u128) -> Result<Field, (String, Option<String>)> {
    let mut start = 0;
    for field in shape.fields() {
        let end = start + i64::from(field.width());
        if (start..end).contains(&offset) {
            return exactly(field, offset - start, width);
        }
        start = end;
    }
    Err((format!("bit {offset} of a packet that is `{shape:?}` is in no header"), None))
}

fn exactly(field: Field, inside: i64, width: u128) -> Result<Field, (String, Option<String>)> {
    let own = u128::from(field.width());
    let help = Some(format!("`{field}` is {own} bits wide"));
    match (inside, width) {
        (0, w) if w == own => Ok(field),
        (0, w) if w < own => Err((format!("{w} bits are only a part of `{field}`"), help)),
        (0, w) => Err((format!("{w} bits from the start of `{field}` reach into the next field"), help)),
        (n, w) if u128::from(n.unsigned_abs()).saturating_add(w) > own => {
            Err((format!("the address begins {n} bits inside `{field}` and reaches into the next field"), help))
        }
        (n, _) => Err((format!("the address begins {n} bits inside `{field}`"), help)),
    }
}
