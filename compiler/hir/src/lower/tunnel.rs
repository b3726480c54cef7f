//! Tunnels: `Encapsulate` puts headers around a packet, `Decapsulate` takes it out; and the tests `has tunnel` and
//! `has inner.tunnel`.

use super::flow::Flow;
use super::instruction::vague;
use super::{Here, Lower, fold, problem};
use rdcl_base::{IntervalSet, NodeId};
use rdcl_core::{Cond, Expr as Core, Field, HeaderKind, Op, Shape};
use rdcl_syntax::ast::{CallArg, ExprKind};
use std::collections::BTreeSet;

impl Lower<'_> {
    /// `Encapsulate(eth, ip, udp, vxlan)`: the packet becomes the one in a tunnel of these headers.
    pub(super) fn encapsulate(&mut self, mut here: Here, headers: &[CallArg], node: NodeId) -> Here {
        let Some(around) = self.outer_headers(headers) else { return here };
        let carried = |shape: &Shape| shape.nested().map(|inner| inner.union(around)).filter(|s| s.is_linked());
        if let Some(shape) = here.flow.shapes.iter().find(|s| carried(s).is_none()).filter(|_| !here.flow.vague) {
            self.report(problem::cannot_encapsulate(*shape, around, node));
            return vague(here);
        }
        self.op(&here, Op::Nest, node);
        let outermost_last: BTreeSet<HeaderKind> = around.headers().collect();
        for header in outermost_last.into_iter().rev() {
            self.op(&here, Op::Push(header), node);
        }
        let unset = |shape: &Shape| carried(shape).into_iter().flat_map(|whole| unset_in(whole, around)).collect();
        let own: Vec<Vec<Field>> = here.flow.shapes.iter().map(unset).collect();
        here.flow.unset = moved(&here.flow.unset, HeaderKind::inner);
        here.flow.unset.extend(own.into_iter().flatten());
        here.flow.reshape(|s| carried(&s).unwrap_or(s));
        here
    }

    fn outer_headers(&mut self, names: &[CallArg]) -> Option<Shape> {
        let mut shape = Shape::EMPTY;
        for arg in names {
            let CallArg::Expr(e) = arg else {
                return self.fault(problem::no_outer_header("this", super::instruction::arg_node(arg)));
            };
            let ExprKind::Name(name) = &e.kind else { return self.fault(problem::no_outer_header("this", e.node)) };
            match self.header_named(&name.text) {
                Some(header) if shape.last().is_none_or(|last| last < header) => shape = shape.with(header),
                Some(_) => return self.fault(problem::no_outer_header(&name.text, name.node)),
                None => return self.fault(self.unknown_header(name)),
            }
        }
        Some(shape)
    }

    /// `Decapsulate()`: the packet in the tunnel is the packet from here on.
    pub(super) fn decapsulate(&mut self, here: Here, node: NodeId) -> Option<Here> {
        if let Some(shape) = here.flow.shapes.iter().find(|s| !s.has_inner()).filter(|_| !here.flow.vague) {
            self.report(problem::cannot_decapsulate(*shape, node));
            return Some(vague(here));
        }
        let outer: BTreeSet<HeaderKind> = here.flow.shapes.iter().flat_map(|s| s.headers()).collect();
        let mut at = here;
        for header in outer.into_iter().rev().filter(|h| !h.is_inner()) {
            at = match at.flow.presence(header) {
                Some(true) => self.without(at, header, node),
                Some(false) => at,
                None => {
                    let (with, other) = self.branch(at, Cond::Has(header), node);
                    let with = self.without(with, header, node);
                    self.join(vec![Some(with), Some(other)], node)?
                }
            };
        }
        self.op(&at, Op::Unnest, node);
        at.flow.unset = moved(&at.flow.unset, HeaderKind::outer);
        at.flow.reshape(|s| s.unnested().unwrap_or(s));
        Some(at)
    }

    fn without(&mut self, mut here: Here, header: HeaderKind, node: NodeId) -> Here {
        self.op(&here, Op::Pop(header), node);
        here.flow.reshape(|s| s.without(header));
        here.flow.unset.retain(|f| f.header != header);
        here
    }

    /// `has tunnel`: the packet is in a tunnel, or has a header of one.
    pub(super) fn has_tunnel(&self, flow: &Flow) -> Cond {
        let known = self.known();
        let first = [HeaderKind::InnerEth, HeaderKind::InnerIp4, HeaderKind::InnerIp6];
        let declared = known.declared_headers().iter().filter(|h| h.is_tunnel()).map(|h| HeaderKind::User(*h));
        let tunnels = [HeaderKind::Gre, HeaderKind::Vxlan, HeaderKind::Gtpu].into_iter().chain(declared).chain(first);
        flow.decide(fold::any(tunnels.filter(|h| known.has(*h)).map(Cond::Has).collect()))
    }

    /// `has inner.tunnel`: the packet in the tunnel announces a tunnel of its own, which is payload.
    pub(super) fn has_inner_tunnel(&self, flow: &Flow) -> Cond {
        let announces = |inner: HeaderKind| {
            let outer = inner.outer()?;
            let selector = inner.field(outer.selector()?.decl().name)?;
            let deeper = self.known().links(outer).filter(|(next, _)| next.inner().is_none());
            let numbers = deeper.filter_map(|(next, _)| outer.number_of(next)).map(|n| (n, n));
            let set = IntervalSet::from_intervals(numbers);
            (!set.is_empty()).then(|| Cond::All(vec![Cond::Has(inner), Cond::In(Core::Field(selector), set)]))
        };
        let known = self.known().headers().filter(|h| h.is_inner());
        flow.decide(fold::any(known.filter_map(announces).collect()))
    }
}

/// Fields of added headers that are still to be written: not those that say what follows, nor those of no meaning.
fn unset_in(whole: Shape, added: Shape) -> Vec<Field> {
    let told = |field: &Field| whole.follower(field.header).is_some() && field.header.selector() == Some(*field);
    let meant = |field: &Field| field.is_writable() && !field.decl().name.starts_with("reserved");
    added.fields().filter(|field| meant(field) && !told(field)).collect()
}

fn moved(fields: &BTreeSet<Field>, to: impl Fn(HeaderKind) -> Option<HeaderKind>) -> BTreeSet<Field> {
    fields.iter().filter_map(|field| Some(Field { header: to(field.header)?, ..*field })).collect()
}
