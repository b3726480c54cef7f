//! Service levels: bounds on delay, bandwidth, packet rate, loss and availability along flows, and on availability of all.

use crate::cx::Cx;
use crate::eval::{constant, mismatch};
use crate::flatten::boundary_of;
use crate::instance::{Instance, members, params};
use crate::lineage::instance_lineage;
use crate::port::ports;
use crate::source::db::Db;
use crate::source::loc::{Loc, Problem};
use crate::value::Value;
use crate::wire::ends::{EndRef, Surroundings};
use rdcl_base::{Code, Diagnostic, Dimension, NodeId, Quantity};
use rdcl_core::BoundaryId;
use rdcl_syntax::ast::{BinaryOp, Call, CallArg, Expr, ExprKind, Flow, Member, Name};
use std::cmp::Ordering;

/// What is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// Time from entering to leaving.
    Delay,
    /// Bits per second carried.
    Bandwidth,
    /// The share of time in which the service works.
    Availability,
    /// Packets per second that get through.
    PacketRate,
    /// The share of packets that get lost.
    Loss,
}

impl Measure {
    const ALL: [(&'static str, Measure, Dimension); 5] = [
        ("delay", Measure::Delay, Dimension::Time),
        ("bandwidth", Measure::Bandwidth, Dimension::Bandwidth),
        ("availability", Measure::Availability, Dimension::Ratio),
        ("packet_rate", Measure::PacketRate, Dimension::PacketRate),
        ("loss", Measure::Loss, Dimension::Ratio),
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Delay => "delay",
            Measure::Bandwidth => "bandwidth",
            Measure::Availability => "availability",
            Measure::PacketRate => "packet_rate",
            Measure::Loss => "loss",
        }
    }
}

/// How a measure is compared with its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `==`
    Exactly,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

impl Comparison {
    /// Whether it holds between two values of this order.
    pub fn admits(self, order: Ordering) -> bool {
        match self {
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Exactly => order.is_eq(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::More => order.is_gt(),
        }
    }

    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Exactly => "==",
            Comparison::AtLeast => ">=",
            Comparison::More => ">",
        }
    }

    /// With its sides exchanged.
    fn mirrored(self) -> Comparison {
        match self {
            Comparison::Less => Comparison::More,
            Comparison::AtMost => Comparison::AtLeast,
            Comparison::Exactly => Comparison::Exactly,
            Comparison::AtLeast => Comparison::AtMost,
            Comparison::More => Comparison::Less,
        }
    }

    fn of(op: BinaryOp) -> Option<Comparison> {
        match op {
            BinaryOp::Lt => Some(Comparison::Less),
            BinaryOp::Le => Some(Comparison::AtMost),
            BinaryOp::Eq => Some(Comparison::Exactly),
            BinaryOp::Ge => Some(Comparison::AtLeast),
            BinaryOp::Gt => Some(Comparison::More),
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Xor
            | BinaryOp::Shl
            | BinaryOp::Shr
            | BinaryOp::Ne => None,
        }
    }
}

/// One bound of a service level.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bound {
    /// The service level's name; an inherited one is `Parent.name`.
    pub sla: String,
    /// What is bounded.
    pub measure: Measure,
    /// Along which flow; none for availability of the whole.
    pub flow: Option<(BoundaryId, BoundaryId)>,
    /// How the measure compares with the limit.
    pub op: Comparison,
    /// The bound.
    pub limit: Quantity,
    /// Where it is written.
    pub place: Loc,
}

/// The service levels of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceLevels {
    /// Its own bounds, then inherited ones.
    pub bounds: Vec<Bound>,
    /// What is wrong with its own.
    pub problems: Vec<Problem>,
}

/// The service levels of an instance.
#[salsa::tracked(returns(ref))]
pub fn service_levels<'db>(db: &'db dyn Db, instance: Instance<'db>) -> ServiceLevels {
    let mut found = ServiceLevels::default();
    for ancestor in instance_lineage(db, instance) {
        let own = *ancestor == instance;
        let prefix = if own { String::new() } else { format!("{}.", ancestor.rfb(db).name(db)) };
        let mut reader =
            Reader { cx: Cx::new(db, ancestor.rfb(db)), instance, env: params(db, *ancestor), bounds: Vec::new() };
        let mut names: Vec<&Name> = Vec::new();
        for member in members(db, ancestor.rfb(db)) {
            let Member::Sla(sla) = member else { continue };
            if let Some(first) = names.iter().find(|n| n.text == sla.name.text) {
                reader.cx.report(level_twice(&reader.cx, &sla.name, first.node));
            }
            names.push(&sla.name);
            reader.condition(&format!("{prefix}{}", sla.name.text), &sla.condition);
        }
        found.bounds.append(&mut reader.bounds);
        if own {
            found.problems = reader.cx.problems;
        }
    }
    found
}

struct Reader<'db> {
    cx: Cx<'db>,
    instance: Instance<'db>,
    env: &'db crate::cx::Params,
    bounds: Vec<Bound>,
}

impl Reader<'_> {
    fn condition(&mut self, sla: &str, condition: &Expr) {
        match &condition.kind {
            ExprKind::All(all) => all.iter().for_each(|c| self.condition(sla, c)),
            ExprKind::Binary(op, a, b) => match Comparison::of(*op) {
                Some(op) => self.bound(sla, op, a, b, condition.node),
                None => self.cx.report(no_bound(&self.cx, condition.node)),
            },
            ExprKind::Bad => {}
            _ => self.cx.report(no_bound(&self.cx, condition.node)),
        }
    }

    fn bound(&mut self, sla: &str, op: Comparison, measured: &Expr, limit: &Expr, at: NodeId) {
        let (call, limit, op) = match (&measured.kind, &limit.kind) {
            (ExprKind::Call(call), _) => (call, limit, op),
            (_, ExprKind::Call(call)) => (call, measured, op.mirrored()),
            _ => return self.cx.report(no_bound(&self.cx, at)),
        };
        let Some((_, measure, dimension)) = Measure::ALL.iter().find(|m| m.0 == call.name.text) else {
            return self.cx.report(unknown_measure(&self.cx, &call.name));
        };
        let Some(flow) = self.flow(call, *measure) else { return };
        let Some(value) = constant(&mut self.cx, limit, self.env) else { return };
        match value {
            Value::Quantity(quantity) if quantity.dimension == *dimension => {
                if is_beyond_all(op, quantity) {
                    self.cx.report(beyond_all(&self.cx, limit.node));
                }
                let (sla, measure, place) = (sla.to_owned(), *measure, self.cx.at(at));
                self.bounds.push(Bound { sla, measure, flow, op, limit: quantity, place });
            }
            other => {
                let expected = format!("an amount of {}", dimension.name());
                self.cx.report(mismatch(&self.cx, limit.node, &expected, &other));
            }
        }
    }

    /// The flow a measure is taken along; availability may be of the whole.
    fn flow(&mut self, call: &Call, measure: Measure) -> Option<Option<(BoundaryId, BoundaryId)>> {
        match call.args.as_slice() {
            [CallArg::Flow(flow)] => self.ends(flow).map(Some),
            [] if measure == Measure::Availability => Some(None),
            _ => {
                self.cx.report(no_flow(&self.cx, call));
                None
            }
        }
    }

    fn ends(&mut self, flow: &Flow) -> Option<(BoundaryId, BoundaryId)> {
        let around = Surroundings { ports: ports(self.cx.db, self.instance), parts: None, env: self.env };
        let from = around.resolve(&mut self.cx, &flow.from);
        let to = around.resolve(&mut self.cx, &flow.to);
        match (from?.ports.as_slice(), to?.ports.as_slice()) {
            ([EndRef::Outer(a)], [EndRef::Outer(b)]) => Some((boundary_of(*a), boundary_of(*b))),
            _ => {
                self.cx.report(one_flow(&self.cx, flow.node));
                None
            }
        }
    }
}

/// Whether a share is compared with more than everything.
fn is_beyond_all(op: Comparison, limit: Quantity) -> bool {
    let all = 100 * 100;
    let is_more = limit.amount > all || limit.amount == all && op == Comparison::More;
    limit.dimension == Dimension::Ratio && is_more
}

fn beyond_all(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0302, cx.at(at), "a share cannot be more than 100%")
        .with_help("write a share of 100% or less, such as `99.9%`")
}

fn level_twice(cx: &Cx<'_>, name: &Name, first: NodeId) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the service level `{}` is declared twice", name.text))
        .with_label(cx.at(first), "first declared here")
}

fn no_bound(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0313, cx.at(at), "this is not a bound on a measure")
        .with_help("write `delay(a -> b) <= 5ms`, joined by `and`")
}

fn unknown_measure(cx: &Cx<'_>, name: &Name) -> Problem {
    let names = Measure::ALL.map(|m| m.0);
    Diagnostic::new(Code::E0313, cx.at(name.node), format!("`{}` is not a measure", name.text))
        .with_help(format!("measures are {}", names.join(", ")))
        .misspelt(&name.text, names)
}

fn no_flow(cx: &Cx<'_>, call: &Call) -> Problem {
    Diagnostic::new(Code::E0313, cx.at(call.node), format!("`{}` is measured along a flow", call.name.text))
        .with_help(format!("write `{}(a -> b)`", call.name.text))
}

fn one_flow(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0313, cx.at(at), "a service level is about one flow, this is several")
}
