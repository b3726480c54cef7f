//! Places: metadata and addresses, in every way they are written.

use super::{Lower, problem, text};
use crate::layout::{self, Field};
use crate::program::{Address, Int, NameRef, Place};
use rdcl_base::NodeId;
use rdcl_syntax::ast::{BinaryOp, Call, CallArg, Expr, ExprKind, Name};

impl Lower {
    /// What is read or written.
    pub(super) fn place(&mut self, e: &Expr) -> Option<Place> {
        match &e.kind {
            ExprKind::Str(name) => Some(self.metadata(name, e.node)),
            ExprKind::Name(name) => Some(self.named_place(name)),
            ExprKind::Member(of, name) => self.member(of, name, e.node),
            ExprKind::Address(at, width) => {
                let (at, width) = (self.address(at), self.width(width));
                Some(Place::At(Address { node: e.node, ..at? }, Some(width?)))
            }
            ExprKind::Call(call) => self.called_place(call, e),
            ExprKind::Bad => None,
            _ => Some(Place::At(self.address(e)?, None)),
        }
    }

    /// `:@(x)`, or an address such as `Tag("L3")`.
    fn called_place(&mut self, call: &Call, e: &Expr) -> Option<Place> {
        match (call.name.text.as_str(), call.args.as_slice()) {
            (":@", [CallArg::Expr(of)]) => self.place(of),
            _ => Some(Place::At(self.address(e)?, None)),
        }
    }

    fn metadata(&self, name: &str, node: NodeId) -> Place {
        let bound = self.bound.iter().any(|b| b == name);
        Place::Name(NameRef { text: name.to_owned(), bound }, node)
    }

    /// A bare name: one that a `For` gives, a tag, a field, or a metadata, in this order.
    fn named_place(&mut self, name: &Name) -> Place {
        if !self.bound.contains(&name.text) {
            if self.names.is_tag(&name.text) {
                return Place::At(tag(&name.text, name.node), None);
            }
            if let Some(field) = layout::alias(&name.text) {
                return field_place(field, name.node);
            }
        }
        self.metadata(&name.text, name.node)
    }

    fn member(&mut self, of: &Expr, name: &Name, node: NodeId) -> Option<Place> {
        match &of.kind {
            ExprKind::Name(header) if layout::is_header(&header.text) => {
                match layout::native(&header.text, &name.text) {
                    Some(field) => Some(field_place(field, node)),
                    None => {
                        let known = layout::fields_of(&header.text);
                        self.fault(problem::unknown_field(&header.text, &name.text, name.node, known))
                    }
                }
            }
            ExprKind::Bad => None,
            _ => self.fault(problem::wrong_kind("a field such as `ip.src`", "something else", node)),
        }
    }

    /// An address: tags and numbers, added and subtracted.
    pub(super) fn address(&mut self, e: &Expr) -> Option<Address> {
        let mut address = Address { node: e.node, ..Address::default() };
        self.add_to(&mut address, true, e)?;
        Some(address)
    }

    fn add_to(&mut self, address: &mut Address, plus: bool, e: &Expr) -> Option<()> {
        match &e.kind {
            ExprKind::Int(n) => self.add_bits(address, plus, Int::new(*n), e.node),
            ExprKind::Name(name) => self.add_name(address, plus, &name.text, e.node),
            ExprKind::Binary(op @ (BinaryOp::Add | BinaryOp::Sub), a, b) => {
                self.add_to(address, plus, a)?;
                self.add_to(address, plus == (*op == BinaryOp::Add), b)
            }
            ExprKind::Call(call) => match (call.name.text.as_str(), call.args.as_slice()) {
                ("Tag", [CallArg::Expr(name)]) if text(name).is_some() => {
                    address.tags.push((plus, text(name)?.to_owned()));
                    Some(())
                }
                ("ConstantValue", [CallArg::Expr(inner)]) => self.add_to(address, plus, inner),
                _ => self.fault(no_address(e)),
            },
            ExprKind::Member(..) => match self.place(e)? {
                Place::At(field, _) => self.add_field(address, plus, &field),
                Place::Name(..) => self.fault(no_address(e)),
            },
            ExprKind::Bad => None,
            _ => self.fault(no_address(e)),
        }
    }

    fn add_name(&mut self, address: &mut Address, plus: bool, name: &str, node: NodeId) -> Option<()> {
        if let Some(field) = name.strip_suffix("Offset").and_then(layout::alias) {
            let bits = Int { negative: field.offset < 0, magnitude: u128::from(field.offset.unsigned_abs()) };
            return self.add_bits(address, plus, bits, node);
        }
        match layout::alias(name) {
            Some(field) if !self.names.is_tag(name) => {
                let field = Address { tags: vec![(true, field.tag.to_owned())], bits: field.offset.into(), node };
                self.add_field(address, plus, &field)
            }
            _ => {
                address.tags.push((plus, name.to_owned()));
                Some(())
            }
        }
    }

    fn add_field(&mut self, address: &mut Address, plus: bool, field: &Address) -> Option<()> {
        address.tags.extend(field.tags.iter().map(|(sign, tag)| (*sign == plus, tag.clone())));
        let bits = Int { negative: field.bits < 0, magnitude: field.bits.unsigned_abs() };
        self.add_bits(address, plus, bits, field.node)
    }

    fn add_bits(&mut self, address: &mut Address, plus: bool, n: Int, node: NodeId) -> Option<()> {
        let n = if plus { n } else { n.negated() };
        let signed = i64::try_from(n.magnitude).ok().map(i128::from);
        match signed.map(|s| if n.negative { -s } else { s }).and_then(|s| address.bits.checked_add(s)) {
            Some(bits) => address.bits = bits,
            None => return self.fault(problem::out_of_range(node)),
        }
        Some(())
    }

    /// The size of a header object, in bits.
    pub(super) fn size(&mut self, e: &Expr) -> Option<u32> {
        let n = self.constant(e, "a size")?;
        match u32::try_from(n) {
            Ok(size) => Some(size),
            Err(_) => self.fault(problem::out_of_range(e.node)),
        }
    }

    /// The width of a value, in bits.
    pub(super) fn width(&mut self, e: &Expr) -> Option<u16> {
        let n = self.constant(e, "a width")?;
        match u16::try_from(n) {
            Ok(width @ 1..=128) => Some(width),
            _ => self.fault(problem::no_width(e.node)),
        }
    }
}

fn tag(name: &str, node: NodeId) -> Address {
    Address { tags: vec![(true, name.to_owned())], bits: 0, node }
}

fn field_place(field: Field, node: NodeId) -> Place {
    Place::At(Address { bits: field.offset.into(), ..tag(field.tag, node) }, field.width)
}

fn no_address(e: &Expr) -> rdcl_base::Diagnostic<NodeId> {
    problem::wrong_kind("an address of tags and numbers, such as `L3+96`", "something else", e.node)
}
