//! Sending: `Forward`, `Flood`, `Fork`.

use super::expr::Operand;
use super::flow::Flow;
use super::{Here, Lower, PortGroup, problem};
use crate::headers::metadata::metadata;
use rdcl_base::NodeId;
use rdcl_core::{BlockId, End, Expr as Core, PortId, Reason, Shape, mask};
use rdcl_syntax::ast::{CallArg, Direction, Expr, ExprKind, Name};

impl<'a> Lower<'a> {
    /// `Forward(p)` or `Forward(p[index])`
    pub(super) fn forward(&mut self, here: Here, to: &Expr, node: NodeId) -> Option<Here> {
        let end = match &to.kind {
            ExprKind::Name(name) => self.forward_to(&here, name, node),
            ExprKind::Index(of, index) => match &of.kind {
                ExprKind::Name(name) => self.forward_to_member(&here, name, index, node),
                _ => self.fault(problem::wrong_kind("a port", "an expression", to.node)),
            },
            ExprKind::Bad => self.broken(),
            _ => self.fault(problem::wrong_kind("a port", "an expression", to.node)),
        };
        match end {
            Some(end) => {
                self.draft.close(here.block, end, node);
                None
            }
            None => self.stop(here, node),
        }
    }

    fn forward_to(&mut self, here: &Here, name: &Name, node: NodeId) -> Option<End> {
        let group = self.target_group(name)?;
        if group.array.is_some() {
            let message = format!("`{}` is an array of ports", name.text);
            let help = format!("name one, `{0}[0]`, or all but the one it came by: `Flood({0})`", name.text);
            return self.fault(problem::port_misused(message, &help, name.node));
        }
        self.may_leave(here, group, node)?;
        Some(End::Forward(group.first))
    }

    fn forward_to_member(&mut self, here: &Here, name: &Name, index: &Expr, node: NodeId) -> Option<End> {
        let group = self.target_group(name)?;
        if group.array.is_none() {
            let message = format!("`{}` is one port, not an array", name.text);
            return self.fault(problem::port_misused(message, "leave the index out", name.node));
        }
        self.may_leave(here, group, node)?;
        match self.value(&here.flow, index)? {
            Operand::Int(n) => self.constant_member(group, n, index.node),
            Operand::Bits(Core::Const(c), _) => self.constant_member(group, c.value, index.node),
            Operand::Bits(on, width) => Some(self.switch(group, on, width, node)),
            _ => None,
        }
    }

    fn constant_member(&mut self, group: &PortGroup, n: u128, node: NodeId) -> Option<End> {
        match group.members().find(|(i, _)| u128::from(*i) == n) {
            Some((_, port)) => Some(End::Forward(port)),
            None => {
                let (lo, hi) = group.array.unwrap_or((0, 0));
                let message = format!("`{}` has no member {n}", group.name);
                self.fault(problem::port_misused(message, &format!("it has {lo} to {hi}"), node))
            }
        }
    }

    /// A computed index: one way for each port of the array, and a drop for any other value.
    fn switch(&mut self, group: &PortGroup, on: Core, width: u16, node: NodeId) -> End {
        let members = group.members().map(|(i, port)| (u128::from(i), port)).filter(|(i, _)| *i <= mask(width));
        let arms = members.map(|(i, port)| (i, self.draft.ended(End::Forward(port), node))).collect();
        End::Switch { on, arms, default: self.draft.ended(End::Drop(Reason::NoPort), node) }
    }

    fn target_group(&mut self, name: &Name) -> Option<&'a PortGroup> {
        match self.group(&name.text) {
            Some(group) if group.direction == Direction::In => {
                let message = format!("packets never leave by `{}`, which is an `in` port", name.text);
                self.fault(problem::port_misused(message, "declare it `inout`, or take another", name.node))
            }
            Some(group) => Some(group),
            None if self.env.lost.may_be(&name.text) => self.broken(),
            None => {
                let known = self.env.ports.iter().filter(|g| g.direction != Direction::In).map(|g| g.name.as_str());
                self.fault(problem::unknown_port(&name.text, name.node, known))
            }
        }
    }

    /// Makes packets here ready for the port; complains of those that are not fit for it.
    fn may_leave(&mut self, here: &Here, group: &PortGroup, node: NodeId) -> Option<()> {
        let flow = &here.flow;
        let whole = |s: &Shape| metadata(group.stack).map_or(*s, |meta| s.with(meta));
        let fits = |s: &Shape| group.stack.admits(whole(s)) && whole(s).is_linked();
        let refused = flow.shapes.iter().find(|s| !fits(s)).filter(|_| !flow.vague);
        if let Some(shape) = refused {
            return self.fault(problem::shape_refused(&group.name, group.stack, *shape, node));
        }
        match flow.unset.first().filter(|_| !flow.vague) {
            Some(first) => self.fault(problem::fields_unset(*first, &flow.unset, node)),
            None => self.give_metadata(here, group, node),
        }
    }

    /// `Flood(p)`: a copy to every port of the array but the one the packet entered by.
    pub(super) fn flood(&mut self, here: Here, ports: &Name, node: NodeId) -> Option<Here> {
        let Some(others) = self.flooded(&here, ports, node) else {
            return self.stop(here, node);
        };
        let end = match others.as_slice() {
            [one] => End::Forward(*one),
            _ => End::Fork(others.iter().map(|port| self.draft.ended(End::Forward(*port), node)).collect()),
        };
        self.draft.close(here.block, end, node);
        None
    }

    fn flooded(&mut self, here: &Here, ports: &Name, node: NodeId) -> Option<Vec<PortId>> {
        let group = self.target_group(ports)?;
        self.may_leave(here, group, node)?;
        let others: Vec<PortId> = group.members().map(|m| m.1).filter(|port| *port != self.ingress).collect();
        if others.is_empty() {
            let message = format!("`{}` has no port but the one the packet came by", ports.text);
            return self.fault(problem::port_misused(message, "there must be another one", ports.node));
        }
        Some(others)
    }

    /// `Fork(a, b)`: copies, each going its own way.
    pub(super) fn fork(&mut self, here: Here, arms: &[CallArg], node: NodeId) -> Option<Here> {
        if arms.is_empty() {
            self.report(problem::wrong_arguments("Fork", "Fork(instruction, …)", node));
            return self.stop(here, node);
        }
        let flow = Flow { forked: true, ..here.flow };
        let starts: Vec<BlockId> = arms.iter().map(|_| self.draft.open()).collect();
        self.draft.close(here.block, End::Fork(starts.clone()), node);
        let ends = starts.into_iter().zip(arms).map(|(block, arm)| self.arm(Here { block, flow: flow.clone() }, arm));
        let ends = ends.collect();
        self.join(ends, node)
    }
}
